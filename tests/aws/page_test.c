/* tests/aws/page_test.c - the line of a page that says something. */
#include "t.h"

#include <string.h>

#include "aws/page.h"

static char line[HC_PAGE_LINE + 1];

static const char *said(const char *body, size_t n, int status)
{
    hc_page_line(line, hc_str_n(t_guard(body, n), n), status);
    return line;
}

/* The pages of a load balancer, of nginx, HAProxy, Varnish, Envoy, Squid,
 * CloudFront, IIS and S3's website, and what is none. */
TEST(page, the_first_line_that_says_something)
{
    static const struct { int status; const char *body, *want; } rows[] = {
        { 503, "<html>\r\n<head><title>503 Service Temporarily Unavailable"
          "</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily "
          "Unavailable</h1></center>\r\n</body>\r\n</html>\r\n",
          "Service Temporarily Unavailable" },
        { 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>"
          "\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx"
          "</center>\r\n", "nginx" },
        { 503, "<html><body><h1>503 Service Unavailable</h1>\nNo server is "
          "available to handle\n  this request.\n</body></html>",
          "No server is available to handle this request." },
        { 503, "<!DOCTYPE html>\n<html>\n <head>\n  <title>503 Backend fetch "
          "failed</title>", "Backend fetch failed" },
        { 503, "upstream connect error or disconnect/reset before headers\n",
          "upstream connect error or disconnect/reset before headers" },
        { 503, "<style type=\"text/css\"><!--\nbody { a: b }\n--></style>"
          "<title>ERROR: The requested URL could not be retrieved</title>",
          "ERROR: The requested URL could not be retrieved" },
        { 403, "<HTML><HEAD><META HTTP-EQUIV=\"a\" CONTENT=\"b\">\n<TITLE>ERROR"
          ": The request could not be satisfied</TITLE>",
          "ERROR: The request could not be satisfied" },
        { 500, "<h2>500 - Internal server error.</h2><h3>There is a problem "
          "with it.</h3>", "There is a problem with it." },
        { 404, "<h1>404 Not Found</h1><ul><li>Code: NoSuchKey</li>",
          "Code: NoSuchKey" },
        { 404, "<?xml version=\"1.0\"?><!DOCTYPE html><title>404 - Not Found"
          "</title><h1>404 - Not Found</h1>", "" },
        { 400, "<!-- 1 --><script>var a = '<b>';</script><p>a <b>bold</b> word"
          "<br>two", "a bold word" },
        { 400, "<p>a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#x27; &nbsp;e &no; "
          "&#0; &;&", "a <b> & \"c\" 'd' e &no; &#0; &;&" },
        { 400, "a &lt; <b>", "a &lt; <b>" },
        { 400, "\n \r\n\tone\t two \r\nthree", "one two" },
        { 400, "\xEF\xBB\xBFone", "one" },
        { 400, "a\x1B[31mb\x01\xFF\xC3\xA4", "a?[31mb??\xC3\xA4" },
        { 400, "a\xE2\x80\xAE" "b", "a?b" },
        { 400, "", "" }, { 400, "<", "" }, { 400, "<a", "" }, { 400, "<>", "" },
        { 400, "<!--", "" }, { 400, "<script>x", "" }, { 400, "<p>", "" },
        { 400, "   ", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_Z(said(rows[i].body, strlen(rows[i].body), rows[i].status),
                rows[i].want);
}

TEST(page, what_is_no_text_says_nothing)
{
    CHECK_Z(said("ab\0cd", 5, 400), "");
    CHECK_Z(said("\0", 1, 400), "");
}

TEST(page, a_line_is_cut_between_characters)
{
    static char body[500];

    for (size_t lead = 0; lead < 2; lead++) {
        memset(body, 'a', lead);
        for (size_t i = lead; i + 2 < sizeof body; i += 2)
            memcpy(body + i, "\xC3\xA4", 2);
        CHECK_INT(strlen(said(body, sizeof body - 3, 400)),
                  HC_PAGE_LINE - lead);
        CHECK_INT((unsigned char)line[HC_PAGE_LINE - lead - 1], 0xA4);
    }
    memset(body, 'a', sizeof body);
    CHECK_INT(strlen(said(body, sizeof body, 400)), HC_PAGE_LINE);
    /* words after the cut are not glued to it */
    memcpy(body + 198, "\xE2\x82\xAC b", 5);
    CHECK_INT(strlen(said(body, sizeof body, 400)), 198);
}

TEST(page, the_status_is_taken_off_a_line)
{
    static const struct { int status; const char *line, *want; } rows[] = {
        { 503, "503 Service Unavailable", "" }, { 503, "503", "" },
        { 503, "Service Unavailable", "" }, { 503, "service unavailable.", "" },
        { 503, "HTTP/1.1 503 Service Unavailable", "" },
        { 503, "HTTP Error 503. The service is unavailable.",
          "The service is unavailable." },
        { 503, "Error 503: busy", "busy" }, { 503, "503 - busy", "busy" },
        { 503, "status code: 503, busy", "busy" },
        { 503, "HTTP (503) busy", "busy" }, { 403, "403 ERROR", "" },
        { 503, " busy ", "busy" }, { 503, "502 busy", "502 busy" },
        { 503, "5030 busy", "5030 busy" }, { 503, "Error", "" },
        { 503, "Error: busy", "Error: busy" },
        { 503, "HTTP error", "HTTP error" }, { 503, "", "" },
        { 503, "- busy", "- busy" }, { 599, "unknown status", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_STR(hc_page_without_status(
                      hc_str_n(t_guard(rows[i].line, strlen(rows[i].line)),
                               strlen(rows[i].line)), rows[i].status),
                  rows[i].want);
}

TEST(page, statuses_have_their_words)
{
    static const struct { int status; const char *text; } words[] = {
        { 301, "Moved Permanently" }, { 400, "Bad Request" },
        { 403, "Forbidden" }, { 407, "Proxy Authentication Required" },
        { 413, "Content Too Large" }, { 429, "Too Many Requests" },
        { 500, "Internal Server Error" }, { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" }, { 0, "unknown status" },
        { 200, "unknown status" }, { 999, "unknown status" },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        CHECK_Z(hc_status_text(words[i].status), words[i].text);
}
