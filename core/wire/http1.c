/* wire/http1.c - one HTTP/1.1 exchange, without a socket.
 *
 * The caller moves bytes; this file decides what they mean.  Bytes may come in
 * pieces of any size, down to one, and the outcome is the same.
 *
 *   HEAD --> SIZED | CHUNKED | TO_CLOSE --> DONE        any --> FAILED
 *
 *   HEAD     -> SIZED, CHUNKED, TO_CLOSE, DONE   [http1_head]  RFC 9112, 6.3
 *   HEAD     -> HEAD                             an interim answer (1xx)
 *   SIZED    -> DONE                             [http1_sized]
 *   CHUNKED  -> DONE                             [http1_chunked]
 *   TO_CLOSE -> DONE                             [hc_http1_eof]
 *
 * Reuse is decided once, from what was seen: never after TO_CLOSE, never with
 * bytes left over, never after "connection: close" or HTTP/1.0.
 *
 * An answer that RFC 9112 calls invalid is refused.  If we and something
 * between us and the server (a proxy, a load balancer) disagreed about where an
 * answer ends, the next answer on the connection could be somebody else's.
 */
#include "wire/http1.h"

#include <string.h>

#include "base/text.h"

/* ---- birth and death ---- */

void hc_http1_init(struct hc_http1 *x, const struct hc_alloc *a, bool is_head)
{
    *x = (struct hc_http1){ .alloc = a, .is_head = is_head };
    hc_buf_init_secret(&x->head, a, HC_HTTP1_HEAD);
}

void hc_http1_reset(struct hc_http1 *x, const struct hc_alloc *a, bool is_head)
{
    const struct hc_http1 was = *x;

    hc_http1_init(x, a, is_head);
    if (was.alloc == NULL)
        return;
    x->head = was.head;
    hc_buf_reset(&x->head);
    x->fields = was.fields;
    x->fields_cap = was.fields_cap;
}

void hc_http1_init_connect(struct hc_http1 *x, const struct hc_alloc *a)
{
    hc_http1_init(x, a, false);
    x->is_connect = true;
}

void hc_http1_fini(struct hc_http1 *x)
{
    if (x->alloc == NULL)
        return;
    hc_buf_fini(&x->head);
    hc_free(x->alloc, x->fields, x->fields_cap * sizeof *x->fields);
    x->fields = NULL;
    x->fields_n = x->fields_cap = 0;
}

static int http1_wrong(struct headcount_error *e, const char *why)
{
    return hc_error_set(e, HEADCOUNT_EPROTOCOL,
                        "the answer is not HTTP/1.1: %s", why);
}

/* ---- the head's lines ---- */

bool hc_http1_is_token(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!hc_chunked_is_tchar(s.p[i]))
            return false;
    return s.n > 0;
}

/* Eight bytes at once: false if one of them may be a control character, and
 * they have to be looked at one by one. */
static bool http1_are_text(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w;

    memcpy(&w, p, sizeof w);
    uint64_t del = w ^ 0x7f * ones;

    return (((w - 0x20 * ones) | (del - ones)) & 0x80 * ones & ~w) == 0;
}

bool hc_http1_is_value(struct hc_str s)
{
    size_t at = 0;

    while (s.n - at >= 8 && http1_are_text(s.p + at))
        at += 8;
    for (size_t i = at; i < s.n; i++)
        if (!hc_chunked_is_text(s.p[i]))
            return false;
    return true;
}

/* HTTP/1.x SP 3DIGIT [SP reason] */
static int http1_status_line(struct hc_http1 *x, struct hc_str line,
                             struct headcount_error *e)
{
    struct hc_str begin = hc_str_n(line.p, line.n < 40 ? line.n : 40);
    uint64_t status;

    if (line.n < 12 || !hc_str_starts(line, HC_STR("HTTP/1.")) ||
        (line.p[7] != '0' && line.p[7] != '1') || line.p[8] != ' ' ||
        !hc_str_u64(hc_str_n(line.p + 9, 3), &status) || status < 100 ||
        status > 599 || (line.n > 12 && line.p[12] != ' '))
        return hc_error_set(e, HEADCOUNT_EPROTOCOL,
                            "the answer is not HTTP/1.1: it "
                            "begins with \"%.*s\"",
                            HC_STR_ARG(begin));
    if (!hc_http1_is_value(line))
        return http1_wrong(e, "a control character in the status line");
    x->minor = line.p[7] - '0';
    x->status = (int)status;
    return 0;
}

/* RFC 9112, 5: no folded lines (5.2), no blank before the colon (5.1: a name is
 * a token). */
static int http1_field(struct hc_http1 *x, struct hc_str line,
                       struct headcount_error *e)
{
    size_t colon = hc_str_find(line, ':');
    struct hc_str value;

    if (line.p[0] == ' ' || line.p[0] == '\t')
        return http1_wrong(e, "a folded header line");
    if (colon == line.n || !hc_http1_is_token(hc_str_n(line.p, colon)))
        return http1_wrong(e, "a header line without a proper name");
    value = hc_str_trim(hc_str_from(line, colon + 1));
    if (!hc_http1_is_value(value))
        return http1_wrong(e, "a control character in a header");
    int err = hc_grow(x->alloc, &x->fields, &x->fields_cap, x->fields_n + 1,
                      HC_HTTP1_HEADERS, sizeof *x->fields);

    if (err < 0)
        return hc_error_set(e, err, err == HEADCOUNT_ENOMEM ? "out of memory"
                            : "the answer has too many headers");
    x->fields[x->fields_n++] = (struct hc_http1_field){
        .name_at = (size_t)(line.p - x->head.p), .name_n = colon,
        .value_at = value.n > 0 ? (size_t)(value.p - x->head.p) : 0,
        .value_n = value.n,
    };
    return 0;
}

/* The whole head stands in x->head, with its last empty line. */
static int http1_lines(struct hc_http1 *x, struct headcount_error *e)
{
    struct hc_str rest = hc_buf_view(&x->head);
    struct hc_str line = hc_str_cut(&rest, '\n');
    int err = 0;

    if (line.n > HC_HTTP1_STATUS_LINE)
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "the answer's status line is too long");
    line.n--;                        /* the CR */
    x->fields_n = 0;
    err = http1_status_line(x, line, e);
    while (err == 0 && rest.n > 2) {
        line = hc_str_cut(&rest, '\n');
        line.n--;
        err = http1_field(x, line, e);
    }
    return err;
}

/* ---- what the head says of the body ---- */

static struct hc_str http1_name(const struct hc_http1 *x, size_t i)
{
    return hc_str_n(x->head.p + x->fields[i].name_at, x->fields[i].name_n);
}

static struct hc_str http1_value(const struct hc_http1 *x, size_t i)
{
    return hc_str_n(x->head.p + x->fields[i].value_at, x->fields[i].value_n);
}

/* Each Content-Length, and each member of a list in one, has to be the same
 * number. */
static int http1_sizes(struct hc_http1 *x, bool *said,
                       struct headcount_error *e)
{
    *said = false;
    for (size_t i = 0; i < x->fields_n; i++) {
        struct hc_str list = http1_value(x, i);
        bool more = hc_str_eqi(http1_name(x, i), HC_STR("content-length"));

        while (more) {
            uint64_t size;

            more = hc_str_find(list, ',') < list.n;
            if (!hc_str_u64(hc_str_trim(hc_str_cut(&list, ',')), &size))
                return http1_wrong(e, "a Content-Length that is no number");
            if (*said && size != x->size)
                return http1_wrong(e, "two Content-Lengths that differ");
            x->size = size;
            *said = true;
        }
    }
    return 0;
}

/* HTTP/1.0 has no Transfer-Encoding: such an answer is faulty (6.1). */
static int http1_codings(const struct hc_http1 *x, bool *chunked,
                         struct headcount_error *e)
{
    *chunked = false;
    for (size_t i = 0; i < x->fields_n; i++) {
        if (!hc_str_eqi(http1_name(x, i), HC_STR("transfer-encoding")))
            continue;
        if (*chunked || x->minor == 0 ||
            !hc_str_eqi(http1_value(x, i), HC_STR("chunked")))
            return http1_wrong(e, "a Transfer-Encoding other than chunked");
        *chunked = true;
    }
    return 0;
}

static void http1_keep_alive(struct hc_http1 *x)
{
    x->keep_alive = x->minor == 1;
    for (size_t i = 0; i < x->fields_n; i++) {
        struct hc_str list = http1_value(x, i);

        if (!hc_str_eqi(http1_name(x, i), HC_STR("connection")))
            continue;
        while (list.n > 0)
            if (hc_str_eqi(hc_str_trim(hc_str_cut(&list, ',')),
                           HC_STR("close")))
                x->keep_alive = false;
    }
}

/* RFC 9112, 6.3, in its order: answers without a body whatever the headers say,
 * then chunked, then Content-Length, then everything up to the close.  An
 * answer with both headers may be an attempt at response splitting and is
 * refused. */
static int http1_framing(struct hc_http1 *x, struct headcount_error *e)
{
    bool sized, chunked = false;
    bool bodiless = x->is_head || x->status == 204 || x->status == 304;

    if (x->is_connect) {
        x->state = HTTP1_DONE;
        return 0;
    }
    int err = http1_sizes(x, &sized, e);

    if (err == 0)
        err = http1_codings(x, &chunked, e);
    if (err < 0)
        return err;
    if (sized && chunked)
        return http1_wrong(e, "Content-Length and Transfer-Encoding at once");
    http1_keep_alive(x);
    x->left = x->size;
    if (!sized)
        x->size = UINT64_MAX;
    if (bodiless || (sized && x->left == 0))
        x->state = HTTP1_DONE;
    else if (chunked)
        x->state = HTTP1_CHUNKED;
    else if (sized)
        x->state = HTTP1_SIZED;
    else
        x->state = HTTP1_TO_CLOSE;
    return 0;
}

/* ---- HEAD ---- */

static int http1_interim(struct hc_http1 *x, struct headcount_error *e)
{
    if (x->status == 101)
        return http1_wrong(e, "it switches to a protocol nobody asked for");
    if (++x->interim > HC_HTTP1_INTERIM)
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "the answer never comes: %u interim ones did",
                            x->interim);
    hc_buf_reset(&x->head);
    x->fields_n = 0;
    x->status = 0;
    return 0;
}

/* A line of the head is complete.  The empty one ends the head. */
static int http1_line_end(struct hc_http1 *x, struct headcount_error *e)
{
    const struct hc_buf *b = &x->head;

    if (b->n < 2 || b->p[b->n - 2] != '\r')
        return http1_wrong(e, "a line that does not end in CRLF");
    if (b->n == 2)
        return http1_wrong(e, "it begins with an empty line");
    if (b->n < 4 || memcmp(b->p + b->n - 4, "\r\n\r\n", 4) != 0)
        return 0;
    int err = http1_lines(x, e);

    if (err == 0 && x->status < 200)
        return http1_interim(x, e);
    return err == 0 ? http1_framing(x, e) : err;
}

/* Takes up to the end of a line. */
static int http1_head(struct hc_http1 *x, struct hc_str *in,
                      struct headcount_error *e)
{
    size_t at = hc_str_find(*in, '\n');
    bool line = at < in->n;
    size_t n = line ? at + 1 : in->n;
    /* The first bytes show that a peer does not speak HTTP: no need to wait for
     * 64 KiB of it, or for a line end that never comes. */
    bool first = x->head.n < 7;

    x->any = true;
    hc_buf_put(&x->head, in->p, n);
    *in = hc_str_from(*in, n);
    int err = hc_buf_error(&x->head);

    if (err < 0)
        return hc_error_set(e, err, err == HEADCOUNT_ENOMEM ? "out of memory"
                            : "the answer's head is larger than 64 KiB");
    if (first && x->head.n >= 7 && memcmp(x->head.p, "HTTP/1.", 7) != 0)
        return http1_status_line(x, hc_str_n(x->head.p,
                                             line ? x->head.n - 1 : x->head.n),
                                 e);
    return line ? http1_line_end(x, e) : 0;
}

/* ---- bodies ---- */

static void http1_span(struct hc_http1 *x, struct hc_str *in, size_t n)
{
    x->span = hc_str_n(in->p, n);
    *in = hc_str_from(*in, n);
}

static void http1_sized(struct hc_http1 *x, struct hc_str *in)
{
    size_t n = x->left < in->n ? (size_t)x->left : in->n;

    http1_span(x, in, n);
    x->left -= n;
    if (x->left == 0)
        x->state = HTTP1_DONE;
}

static int http1_chunked(struct hc_http1 *x, struct hc_str *in,
                         struct headcount_error *e)
{
    int err = hc_chunked_feed(&x->chunked, in, &x->span, e);

    if (err == 0 && x->chunked.state == CHUNK_DONE)
        x->state = HTTP1_DONE;
    return err;
}

int hc_http1_feed(struct hc_http1 *x, struct hc_str *in,
                  struct headcount_error *e)
{
    int err = 0;
    bool again = true;

    x->span = (struct hc_str){ NULL, 0 };
    while (err == 0 && again && in->n > 0) {
        switch (x->state) {
        case HTTP1_HEAD:
            err = http1_head(x, in, e);
            again = x->state == HTTP1_HEAD;
            break;
        case HTTP1_SIZED:
            http1_sized(x, in);
            again = false;
            break;
        case HTTP1_CHUNKED:
            err = http1_chunked(x, in, e);
            again = false;
            break;
        case HTTP1_TO_CLOSE:
            http1_span(x, in, in->n);
            again = false;
            break;
        case HTTP1_DONE:
            x->leftover = true;
            again = false;
            break;
        case HTTP1_FAILED:
            err = http1_wrong(e, "it failed before");
            break;
        }
    }
    if (err < 0)
        x->state = HTTP1_FAILED;
    else if (x->state == HTTP1_DONE && in->n > 0)
        x->leftover = true;
    return err;
}

struct hc_str hc_http1_take_body(struct hc_http1 *x)
{
    struct hc_str span = x->span;

    x->span = (struct hc_str){ NULL, 0 };
    return span;
}

static int http1_cut(struct hc_http1 *x, struct headcount_error *e)
{
    unsigned long long left = x->left;

    x->state = HTTP1_FAILED;
    if (x->size != UINT64_MAX && x->status != 0 && left > 0)
        return hc_error_set(e, HEADCOUNT_ETRUNCATED,
                            "the answer was cut short: %llu "
                            "of its %llu bytes are missing",
                            left, (unsigned long long)x->size);
    return hc_error_set(e, HEADCOUNT_ETRUNCATED,
                        "the answer was cut short: the "
                        "connection ended within %s",
                        x->status == 0 ? "its head" : "its body");
}

int hc_http1_eof(struct hc_http1 *x, bool clean, struct headcount_error *e)
{
    switch (x->state) {
    case HTTP1_HEAD:
        if (x->any)
            return http1_cut(x, e);
        x->state = HTTP1_FAILED;
        return hc_error_set(e, HEADCOUNT_ECLOSED,
                            "the connection was closed before "
                            "any byte of an answer");
    case HTTP1_TO_CLOSE:
        if (!clean)
            return http1_cut(x, e);
        x->state = HTTP1_DONE;
        x->keep_alive = false;
        return 0;
    case HTTP1_SIZED:
    case HTTP1_CHUNKED:
        return http1_cut(x, e);
    case HTTP1_DONE:
        x->keep_alive = false;
        return 0;
    case HTTP1_FAILED:
        break;
    }
    return http1_wrong(e, "it failed before");
}

/* ---- what was said ---- */

bool hc_http1_is_between(const struct hc_http1 *x)
{
    return x->state == HTTP1_HEAD && x->interim > 0 && x->head.n == 0;
}

bool hc_http1_has_head(const struct hc_http1 *x)
{
    return x->state != HTTP1_HEAD && x->state != HTTP1_FAILED;
}

bool hc_http1_header(const struct hc_http1 *x, const char *name,
                     struct hc_str *value)
{
    const struct hc_str wanted = hc_str(name);

    for (size_t i = 0; i < x->fields_n; i++)
        if (x->fields[i].name_n == wanted.n &&
            hc_str_eqi(http1_name(x, i), wanted)) {
            *value = http1_value(x, i);
            return true;
        }
    return false;
}

bool hc_http1_nth(const struct hc_http1 *x, size_t i, struct hc_str *name,
                  struct hc_str *value)
{
    if (i >= x->fields_n)
        return false;
    *name = http1_name(x, i);
    *value = http1_value(x, i);
    return true;
}

bool hc_http1_is_reusable(const struct hc_http1 *x)
{
    return x->state == HTTP1_DONE && x->keep_alive && !x->leftover;
}

uint64_t hc_http1_length(const struct hc_http1 *x)
{
    return x->size;
}
