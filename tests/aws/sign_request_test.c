/* tests/aws/sign_request_test.c - presigned URLs against known answers, and
 * which headers of a request are signed. */
#include "aws/sign_request.h"

#include <stdio.h>
#include <string.h>

#include "aws/sigv4_known.h"
#include "base/text.h"
#include "t.h"

/* The rows that begin with "suite" are of AWS's published suite of signatures
 * (version 4, the form in the query); "docs" is the example of the Amazon S3
 * API Reference; the others were made with botocore's SigV4QueryAuth and
 * S3SigV4QueryAuth.  tests/system/test_signatures.py compares thousands. */
static const struct presigned {
    const char *name, *method, *url;
    struct headcount_header headers[4];
    const char *service, *region;
    int64_t expires;
    const char *token;
    int path;                       /* -1: as it is sent */
    const char *names, *signature;
} presigned[] = {
    { "suite get-vanilla", "GET", "https://example.amazonaws.com/", { { 0 } },
      "service", "us-east-1", 3600, "", 0, "host",
      "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d" },
    { "suite get-vanilla-with-session-token", "GET",
      "https://example.amazonaws.com/", { { 0 } }, "service", "us-east-1",
      3600, "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
      0, "host",
      "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c" },
    { "suite get-header-key-duplicate", "GET",
      "https://example.amazonaws.com/", { { "My-Header1", "value2" },
                                          { "My-Header1", "value2" },
                                          { "My-Header1", "value1" } },
      "service", "us-east-1", 3600, "", 0, "host%3Bmy-header1",
      "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97" },
    { "suite get-slashes-normalized", "GET",
      "https://example.amazonaws.com//example//", { { 0 } }, "service",
      "us-east-1", 3600, "", 0, "host",
      "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082" },
    { "suite get-slashes-unnormalized", "GET",
      "https://example.amazonaws.com//example//", { { 0 } }, "service",
      "us-east-1", 3600, "", -1, "host",
      "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2" },
    { "suite get-vanilla-query-order-encoded", "GET",
      "https://example.amazonaws.com/?Param-3=Value3&Param=Value2&"
      "%E1%88%B4=Value1", { { 0 } }, "service", "us-east-1", 3600, "", 0,
      "host",
      "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787" },
    { "suite get-vanilla-query-unreserved", "GET",
      "https://example.amazonaws.com/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "abcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "abcdefghijklmnopqrstuvwxyz", { { 0 } }, "service", "us-east-1", 3600,
      "", 0, "host",
      "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf" },
    { "EKS", "GET", "https://sts.eu-west-1.amazonaws.com/?Action="
      "GetCallerIdentity&Version=2011-06-15", { { "x-k8s-aws-id", "prod" } },
      "sts", "eu-west-1", 60, "", 0, "host%3Bx-k8s-aws-id",
      "4504883f0ba0cefa3efa8f8d4f69e19a7d816cc94637ca8d5ff009879df5530d" },
    { "S3's path", "GET", "https://examplebucket.s3.amazonaws.com/a//b/../"
      "c%20d", { { 0 } }, "s3", "us-east-1", 604800, "", 0, "host",
      "9bcd771ff5376d617acbcb882c980dbed88198bcc2e548d9099530d96c9222d0" },
    { "S3's body", "PUT", "https://examplebucket.s3.amazonaws.com/test.txt",
      { { "Content-Type", "text/plain" } }, "s3", "us-east-1", 1, "a+b/c=", 0,
      "content-type%3Bhost",
      "7e12af22ab449a80ae8b39a2490647c75db7ab57fbc993ebe2dbeadb266a99ba" },
};

#define ROWS (sizeof presigned / sizeof *presigned)

static struct headcount_sign_request request_of(const struct presigned *p)
{
    struct headcount_sign_request r = {
        .size = sizeof r, .method = p->method, .url = p->url,
        .headers = p->headers, .service = p->service, .region = p->region,
        .double_encode = p->path, .normalize_path = p->path,
        .expires = p->expires * HC_SECOND,
    };

    if (p->path < 0)
        r.double_encode = 1;
    while (r.headers_n < 4 && p->headers[r.headers_n].name != NULL)
        r.headers_n++;
    return r;
}

static int sign(struct headcount_signed **s,
                const struct headcount_sign_request *r, const char *token,
                struct headcount_error *e)
{
    const struct hc_sign_ask ask = {
        .request = r, .who = { HC_STR(KEY_ID), HC_STR(SECRET), hc_str(token) },
        .wall = WALL,
    };

    return hc_sign_new(s, t_alloc(), &ask, e);
}

TEST(aws_sign, presigned_urls_are_the_known_ones)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct presigned *p = &presigned[i];
        const struct headcount_sign_request r = request_of(p);
        struct headcount_signed *s;
        char end[100], names[80];

        CHECK_INT(sign(&s, &r, p->token, NULL), 0);
        CHECK_Z(s->signature, p->signature);
        snprintf(end, sizeof end, "&X-Amz-Signature=%s", p->signature);
        snprintf(names, sizeof names, "&X-Amz-SignedHeaders=%s", p->names);
        CHECK(hc_str_ends(hc_str(s->url), hc_str(end)));
        CHECK(strncmp(s->url, p->url, strlen(p->url)) == 0);
        CHECK(strstr(s->url, names) != NULL);
        CHECK((strstr(s->url, "X-Amz-Security-Token=") != NULL) ==
              (*p->token != '\0'));
        CHECK_INT(s->headers_n, r.headers_n);
        hc_sign_free(s);
    }
}

TEST(aws_sign, the_example_of_amazon_s3)
{
    const struct headcount_sign_request r = {
        .size = sizeof r, .method = "GET", .service = "s3",
        .url = "https://examplebucket.s3.amazonaws.com/test.txt",
        .region = "us-east-1", .expires = 86400 * HC_SECOND,
    };
    const struct hc_sign_ask ask = {
        .request = &r,
        .who = { HC_STR("AKIAIOSFODNN7EXAMPLE"),
                 HC_STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                 { NULL, 0 } },
        .wall = INT64_C(1369353600) * HC_SECOND,
    };
    struct headcount_signed *s;

    CHECK_INT(hc_sign_new(&s, t_alloc(), &ask, NULL), 0);
    CHECK_Z(s->url,
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm="
            "AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
            "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
            "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    CHECK_Z(strrchr(s->canonical_request, '\n'), "\nUNSIGNED-PAYLOAD");
    hc_sign_free(s);
}

TEST(aws_sign, a_url_is_whole_wherever_it_ends)
{
    static const char *const rows[][2] = {
        { "http://a.example:8080", "http://a.example:8080/?X-Amz-Algorithm=" },
        { "http://A.example?q", "http://a.example/?q&X-Amz-Algorithm=" },
        { "https://a.example:443/b?", "https://a.example/b?X-Amz-Algorithm=" },
        { "https://[::1]:1/?a=b&", "https://[::1]:1/?a=b&&X-Amz-Algorithm=" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_sign_request r = request_of(&presigned[0]);
        struct headcount_signed *s;

        r.url = rows[i][0];
        CHECK_INT(sign(&s, &r, "", NULL), 0);
        CHECK(strncmp(s->url, rows[i][1], strlen(rows[i][1])) == 0);
        hc_sign_free(s);
    }
}

TEST(aws_sign, headers_that_others_change_are_signed_only_when_asked_for)
{
    static const struct headcount_header headers[] = {
        { "User-Agent", "u" }, { "Connection", "c" }, { "Expect", "e" },
        { "Keep-Alive", "k" }, { "Proxy-Authenticate", "p" },
        { "Proxy-Authorization", "p" }, { "TE", "t" }, { "Trailer", "t" },
        { "Transfer-Encoding", "t" }, { "Upgrade", "u" },
        { "X-Amzn-Trace-Id", "x" }, { "baggage", "b" }, { "traceparent", "t" },
        { "TraceState", "t" }, { "X-Mine", "m" },
    };
    const size_t n = sizeof headers / sizeof *headers;

    for (int i = 0; i < 3; i++) {
        struct headcount_sign_request r = request_of(&presigned[0]);
        struct headcount_signed *s;

        r.headers = headers;
        r.headers_n = n;
        r.sign_all = i == 1;
        if (i == 2)
            r.expires = 0;
        CHECK_INT(sign(&s, &r, "", NULL), 0);
        CHECK(strstr(s->canonical_request, i == 0 ? "\nhost;x-mine\n"
                     : i == 2 ? "\nhost;x-amz-date;x-mine\n"
                              : "\nbaggage;connection;expect;host;keep-alive;"
                                "proxy-authenticate;proxy-authorization;te;"
                                "traceparent;tracestate;trailer;"
                                "transfer-encoding;upgrade;user-agent;x-amzn-"
                                "trace-id;x-mine\n") != NULL);
        /* They are sent all the same. */
        CHECK_INT(s->headers_n, i == 2 ? n + 3 : n);
        CHECK_Z(s->headers[0].name, "User-Agent");
        hc_sign_free(s);
    }
}

TEST(aws_sign, two_spellings_of_a_name_are_one_header)
{
    static const struct headcount_header headers[] = {
        { "X-List", " b  c " }, { "other", "o" }, { "x-list", "a\t\t d" },
    };
    struct headcount_sign_request r = request_of(&presigned[0]);
    struct headcount_signed *s;

    r.headers = headers;
    r.headers_n = 3;
    r.expires = 0;
    CHECK_INT(sign(&s, &r, "", NULL), 0);
    CHECK(strstr(s->canonical_request, "\nx-list:b c,a d\n") != NULL);
    CHECK(strstr(s->canonical_request, ";x-amz-date;x-list\n") != NULL);
    CHECK_Z(s->headers[2].name, "x-list");
    CHECK_Z(s->headers[0].value, "b  c");
    CHECK(s->url == NULL);
    hc_sign_free(s);
}

static void refused(const struct headcount_sign_request *r, const char *says)
{
    struct headcount_error e = { .code = 0 };
    struct headcount_signed *s;

    CHECK_INT(sign(&s, r, "the-secret-token", &e), HEADCOUNT_EARG);
    CHECK(s == NULL);
    if (strstr(e.what, says) == NULL)
        fail_msg("no \"%s\" in \"%s\"", says, e.what);
    CHECK(strstr(e.what, "secret") == NULL && strstr(e.what, SECRET) == NULL);
}

TEST(aws_sign, what_cannot_be_presigned_is_refused_unseen)
{
    static const int64_t lives[] = { -1, 1, HC_SECOND - 1, 604801 * HC_SECOND,
                                     HC_SECOND + 1, INT64_MIN, INT64_MAX };
    static const char *const taken[] = {
        "X-Amz-Algorithm", "x-amz-credential", "X-Amz-Date", "X-AMZ-EXPIRES",
        "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token",
    };
    static const struct headcount_header ours[] = {
        { "X-Amz-Date", "20150830T123600Z" }, { "authorization", "secret" },
        { "x-amz-security-token", "secret" },
    };
    struct headcount_sign_request r = request_of(&presigned[0]);
    char url[120];

    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        r.expires = lives[i];
        refused(&r, "from 1 to 604800");
    }
    r = request_of(&presigned[0]);
    r.url = url;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        snprintf(url, sizeof url, "https://a/?b=c&%s=secret", taken[i]);
        refused(&r, taken[i]);
    }
    r = request_of(&presigned[0]);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        r.headers = &ours[i];
        r.headers_n = 1;
        refused(&r, ours[i].name);
    }
}

TEST(aws_sign, headers_with_one_value_are_not_given_twice)
{
    static const char *const rows[] = {
        "Host", "Content-Length", "content-type", "X-Amz-Date",
        "X-Amz-Content-Sha256", "X-Amz-Security-Token",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_header headers[] = {
            { rows[i], "20150830T123600Z" }, { "Accept", "a" },
            { rows[i], "20150830T123600Z" },
        };
        struct headcount_sign_request r = request_of(&presigned[0]);

        r.expires = 0;
        r.headers = headers;
        r.headers_n = 3;
        refused(&r, "is given twice");
    }
}

static int sign_once(void)
{
    const struct headcount_sign_request r = request_of(&presigned[2]);
    struct headcount_signed *s;
    struct headcount_error e = { .code = 0 };
    int err = sign(&s, &r, "token", &e);

    CHECK(err == 0 || e.what[0] != '\0');
    hc_sign_free(s);
    return err;
}

TEST(aws_sign, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(sign_once);
}
