/* aws/page.c - the line of a page that says something (contract: aws/page.h).
 *
 *   <html><head><title>503 Service Unavailable</title></head>   (the status)
 *   <body><h1>503 Service Unavailable</h1>                      (again)
 *   No server is available to handle this request.              this line
 *
 * It is no parser of HTML: tags end a line, or count for nothing in a list of
 * those that stand within a sentence, and the rest is text.
 */
#include "aws/page.h"

#include <string.h>

#include "base/text.h"

#define PAGE_STATUS(X)                                                      \
    X(400, "Bad Request") X(401, "Unauthorized") X(403, "Forbidden")        \
    X(404, "Not Found") X(405, "Method Not Allowed")                        \
    X(406, "Not Acceptable") X(407, "Proxy Authentication Required")        \
    X(408, "Request Timeout") X(409, "Conflict") X(410, "Gone")             \
    X(411, "Length Required") X(413, "Content Too Large")                   \
    X(414, "URI Too Long") X(415, "Unsupported Media Type")                 \
    X(421, "Misdirected Request") X(429, "Too Many Requests")               \
    X(431, "Request Header Fields Too Large")                               \
    X(500, "Internal Server Error") X(501, "Not Implemented")               \
    X(502, "Bad Gateway") X(503, "Service Unavailable")                     \
    X(504, "Gateway Timeout") X(505, "HTTP Version Not Supported")          \
    X(301, "Moved Permanently") X(302, "Found") X(303, "See Other")         \
    X(304, "Not Modified") X(307, "Temporary Redirect")                     \
    X(308, "Permanent Redirect")

const char *hc_status_text(int status)
{
    switch (status) {
#define PAGE_STATUS_CASE(number, text) case number: return text;
    PAGE_STATUS(PAGE_STATUS_CASE)
#undef PAGE_STATUS_CASE
    default:
        return "unknown status";
    }
}

/* ---- the status in a line ---- */

static bool page_is_mark(char c)
{
    return c != '\0' && strchr(" :.-,()", c) != NULL;
}

/* The text after the words that may stand before the number, and the number. */
static struct hc_str page_after_status(struct hc_str line, int status)
{
    struct hc_str rest = line;
    char number[16];

    hc_fmt(number, sizeof number, "%d", status);
    while (rest.n > 0) {
        size_t n = 0;

        while (n < rest.n && !(page_is_mark(rest.p[n]) && rest.p[n] != '.'))
            n++;
        struct hc_str word = hc_str_n(rest.p, n);

        while (word.n > 0 && page_is_mark(word.p[word.n - 1]))
            word.n--;
        while (n < rest.n && page_is_mark(rest.p[n]))
            n++;
        rest = hc_str_from(rest, n);
        if (hc_str_eqz(word, number))
            return rest;
        if (!hc_str_is_wordi(word, "http http/1.0 http/1.1 error status code"))
            return line;
    }
    return line;
}

struct hc_str hc_page_without_status(struct hc_str line, int status)
{
    struct hc_str rest = page_after_status(hc_str_trim(line), status);
    struct hc_str bare = rest;

    while (bare.n > 0 && page_is_mark(bare.p[bare.n - 1]))
        bare.n--;
    if (hc_str_eqi(bare, hc_str(hc_status_text(status))) ||
        hc_str_eqi(bare, HC_STR("error")))
        return hc_str_n(NULL, 0);
    return rest;
}

/* ---- lines ---- */

struct page {
    struct hc_str rest;            /* of the body                            */
    char *line;
    size_t n;                      /* bytes in it                            */
    bool is_html;
    bool blank;                    /* a blank is due before the next byte    */
    bool full;                     /* the rest of the line is dropped        */
};

static void page_put(struct page *g, struct hc_str s)
{
    size_t blank = g->blank && g->n > 0 ? 1 : 0;

    g->full = g->full || g->n + blank + s.n > HC_PAGE_LINE;
    if (g->full)
        return;
    if (blank)
        g->line[g->n++] = ' ';
    g->blank = false;
    memcpy(g->line + g->n, s.p, s.n);
    g->n += s.n;
}

/* Up to and with the next `end`, or everything. */
static void page_skip(struct page *g, struct hc_str end)
{
    while (g->rest.n > 0 && !(g->rest.n >= end.n &&
                              hc_str_eqi(hc_str_n(g->rest.p, end.n), end)))
        g->rest = hc_str_from(g->rest, 1);
    g->rest = hc_str_from(g->rest, g->rest.n < end.n ? g->rest.n : end.n);
}

/* True: the line ends here. */
static bool page_tag(struct page *g)
{
    bool ends = hc_str_starts(g->rest, HC_STR("</"));
    struct hc_str name = hc_str_from(g->rest, ends ? 2 : 1);
    size_t n = 0;

    if (hc_str_starts(g->rest, HC_STR("<!--"))) {
        page_skip(g, HC_STR("-->"));
        return false;
    }
    while (n < name.n && hc_lower(name.p[n]) >= 'a' &&
           hc_lower(name.p[n]) <= 'z')
        n++;
    name.n = n;
    if (!ends && hc_str_eqi(name, HC_STR("script")))
        page_skip(g, HC_STR("</script"));
    else if (!ends && hc_str_eqi(name, HC_STR("style")))
        page_skip(g, HC_STR("</style"));
    page_skip(g, HC_STR(">"));
    return !hc_str_is_wordi(name, "a b i u em strong span code tt font small");
}

/* The character that the entity at the front of the rest names; 0: none. */
static uint32_t page_entity(struct hc_str rest, size_t *used)
{
    static const char named[] = "amp&lt<gt>quot\"apos'nbsp ";
    struct hc_str name = hc_str_from(rest, 1);
    struct hc_str all = HC_STR(named);
    uint64_t code = 0;

    name.n = hc_str_find(hc_str_n(name.p, name.n > 10 ? 10 : name.n), ';');
    *used = name.n + 2;
    if (*used > rest.n || rest.p[*used - 1] != ';' || name.n < 2)
        return 0;
    if (name.p[0] == '#') {
        bool hex = hc_lower(name.p[1]) == 'x';

        name = hc_str_from(name, hex ? 2 : 1);
        if (!(hex ? hc_str_hex_u64(name, &code) : hc_str_u64(name, &code)))
            return 0;
        return code >= ' ' && code <= 0x10FFFF ? (uint32_t)code : 0;
    }
    while (all.n > name.n) {
        if (hc_str_starts(all, name) &&
            !(all.p[name.n] >= 'a' && all.p[name.n] <= 'z'))
            return (unsigned char)all.p[name.n];
        all = hc_str_from(all, 1);
    }
    return 0;
}

static void page_character(struct page *g)
{
    struct hc_str rest = g->rest;
    size_t n = hc_text_utf8_length(rest), used = 0;
    uint32_t code = n > 0 ? hc_text_code(rest) : HC_TEXT_NONE;
    uint32_t entity = g->is_html && code == '&' ? page_entity(rest, &used) : 0;
    char text[4];

    if (entity != 0) {
        code = entity;
        n = used;
    }
    g->rest = hc_str_from(rest, n > 0 ? n : 1);
    if (code == ' ' || code == '\t' || code == '\r' || code == '\n' ||
        code == 0xA0)
        g->blank = true;
    else if (code != HC_TEXT_NONE && hc_text_is_seen(code))
        page_put(g, hc_str_n(text, hc_text_utf8(text, code)));
    else
        page_put(g, HC_STR("?"));
}

/* The next line of the body, which may be empty. */
static struct hc_str page_next(struct page *g)
{
    g->n = 0;
    g->blank = g->full = false;
    while (g->rest.n > 0) {
        char c = g->rest.p[0];

        if (g->is_html && c == '<') {
            if (page_tag(g))
                break;
        } else if (!g->is_html && c == '\n') {
            g->rest = hc_str_from(g->rest, 1);
            break;
        } else {
            page_character(g);
        }
    }
    return hc_str_n(g->line, g->n);
}

void hc_page_line(char out[HC_PAGE_LINE + 1], struct hc_str body, int status)
{
    char line[HC_PAGE_LINE];
    struct page g = { .rest = hc_str_unmarked(body), .line = line };
    struct hc_str said = { NULL, 0 };

    if (hc_str_find(body, '\0') < body.n)
        g.rest.n = 0;
    while (g.rest.n > 0 && (g.rest.p[0] == ' ' || g.rest.p[0] == '\n' ||
                            g.rest.p[0] == '\r' || g.rest.p[0] == '\t'))
        g.rest = hc_str_from(g.rest, 1);
    g.is_html = hc_str_starts(g.rest, HC_STR("<"));
    while (g.rest.n > 0 && said.n == 0)
        said = hc_page_without_status(page_next(&g), status);
    hc_fmt(out, HC_PAGE_LINE + 1, "%.*s", HC_STR_ARG(said));
}
