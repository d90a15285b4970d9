/* wire/http1 - answers, whole and in pieces. */
#include "wire/http1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t.h"

struct answer {
    int err, status;
    enum hc_http1_state state;
    char body[256];
    size_t n;
    bool reusable, leftover;
    struct headcount_error why;
};

enum ending { STAYS, ENDS, ENDS_RUDELY };

/* What fed and what was left, as its owner would do it. */
static void feed(struct hc_http1 *x, struct answer *a, struct hc_str in)
{
    while (a->err == 0 && in.n > 0 && x->state < HTTP1_DONE) {
        a->err = hc_http1_feed(x, &in, &a->why);
        struct hc_str span = hc_http1_take_body(x);

        CHECK(a->n + span.n <= sizeof a->body);
        if (span.n > 0)
            memcpy(a->body + a->n, span.p, span.n);
        a->n += span.n;
        CHECK(hc_http1_take_body(x).n == 0);
    }
    if (a->err == 0 && in.n > 0)
        hc_http1_feed(x, &in, NULL);         /* a look at what is left */
}

static struct answer replay(struct hc_str text, size_t first, size_t piece,
                            enum ending ending)
{
    struct hc_http1 x;
    struct answer a = { .err = 0 };
    size_t take = first;

    hc_http1_init(&x, t_alloc(), false);
    while (a.err == 0 && text.n > 0) {
        size_t n = take < text.n ? take : text.n;

        feed(&x, &a, hc_str_n(t_guard(text.p, n), n));
        text = hc_str_from(text, n);
        take = piece;
    }
    if (a.err == 0 && ending != STAYS)
        a.err = hc_http1_eof(&x, ending == ENDS, &a.why);
    a.status = x.status;
    a.state = x.state;
    a.reusable = hc_http1_is_reusable(&x);
    a.leftover = x.leftover;
    hc_http1_fini(&x);
    return a;
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *text;
    int status;
    const char *body;
    bool reusable;
    enum ending ending;
} good[] = {
    { OK "Content-Length: 3\r\n\r\nabc", 200, "abc", true, STAYS },
    { OK "content-length:3\r\n\r\nabc", 200, "abc", true, STAYS },
    { OK "Content-Length: \t 3 \r\n\r\nabc", 200, "abc", true, STAYS },
    { OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", true,
      STAYS },
    { OK "Content-Length: 3, 3\r\n\r\nabc", 200, "abc", true, STAYS },
    { OK "Content-Length: 0\r\n\r\n", 200, "", true, STAYS },
    { OK "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "abc",
      true, STAYS },
    { OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nT: x\r\n"
      "\r\n", 200, "abc", true, STAYS },
    { "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", true,
      STAYS },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true,
      STAYS },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true, STAYS },
    { "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", true, STAYS },
    { "HTTP/1.1 599 Caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n", 599, "", true,
      STAYS },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
      OK "Content-Length: 1\r\n\r\na", 200, "a", true, STAYS },
    { OK "Connection: close\r\nContent-Length: 1\r\n\r\na", 200, "a", false,
      STAYS },
    { OK "Connection: x, CLOSE\r\nContent-Length: 1\r\n\r\na", 200, "a", false,
      STAYS },
    { OK "Connection: keep-alive\r\nContent-Length: 1\r\n\r\na", 200, "a",
      true, STAYS },
    { "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", false,
      STAYS },
    { OK "Content-Length: 1\r\n\r\naX", 200, "a", false, STAYS },
    { OK "Content-Length: 0\r\n\r\nX", 200, "", false, STAYS },
    { OK "\r\nabc", 200, "abc", false, ENDS },
    { OK "\r\n", 200, "", false, ENDS },
    { OK "Content-Length: 1\r\n\r\na", 200, "a", false, ENDS },
    { OK "Empty:\r\nContent-Length: 0\r\n\r\n", 200, "", true, STAYS },
};

TEST(http1, answers_are_the_same_at_every_split)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct hc_str text = hc_str(good[i].text);

        for (size_t cut = 0; cut <= text.n; cut++) {
            struct answer a = cut == 0
                ? replay(text, 1, 1, good[i].ending)
                : replay(text, cut, text.n, good[i].ending);

            if (a.err != 0 || a.state != HTTP1_DONE)
                fail_msg("row %zu at %zu: %s", i, cut, a.why.what);
            CHECK_INT(a.status, good[i].status);
            CHECK_STR(hc_str_n(a.body, a.n), good[i].body);
            if (a.reusable != good[i].reusable)
                fail_msg("row %zu at %zu: reusable %d", i, cut, a.reusable);
        }
    }
}

static const struct { const char *text; int err; const char *why;
} bad[] = {
    { "SSH-2.0-OpenSSH\r\n", HEADCOUNT_EPROTOCOL, "SSH-2.0" },
    { "<html>", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/2 200 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, "HTTP/2" },
    { "HTTP/1.2 200 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "http/1.1 200 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1  200 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 20 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 2000 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 099 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 600 OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 200OK\r\n\r\n", HEADCOUNT_EPROTOCOL, NULL },
    { "HTTP/1.1 200 O\tK\x01\r\n\r\n", HEADCOUNT_EPROTOCOL, "control" },
    { "HTTP/1.1 101 Switching\r\n\r\n", HEADCOUNT_EPROTOCOL, "switches" },
    { "\r\n" OK, HEADCOUNT_EPROTOCOL, "empty line" },
    { "HTTP/1.1 200 OK\n\r\n", HEADCOUNT_EPROTOCOL, "CRLF" },
    { OK "A: b\n\r\n", HEADCOUNT_EPROTOCOL, "CRLF" },
    { OK "A: b\r\n c\r\n\r\n", HEADCOUNT_EPROTOCOL, "folded" },
    { OK "A : b\r\n\r\n", HEADCOUNT_EPROTOCOL, "name" },
    { OK ": b\r\n\r\n", HEADCOUNT_EPROTOCOL, "name" },
    { OK "A\r\n\r\n", HEADCOUNT_EPROTOCOL, "name" },
    { OK "A\x80: b\r\n\r\n", HEADCOUNT_EPROTOCOL, "name" },
    { OK "A: b\rc\r\n\r\n", HEADCOUNT_EPROTOCOL, "control" },
    { OK "A: \x7f\r\n\r\n", HEADCOUNT_EPROTOCOL, "control" },
    { OK "Content-Length: -1\r\n\r\n", HEADCOUNT_EPROTOCOL, "no number" },
    { OK "Content-Length: +1\r\n\r\n", HEADCOUNT_EPROTOCOL, "no number" },
    { OK "Content-Length: 1x\r\n\r\n", HEADCOUNT_EPROTOCOL, "no number" },
    { OK "Content-Length:\r\n\r\n", HEADCOUNT_EPROTOCOL, "no number" },
    { OK "Content-Length: 1,\r\n\r\n", HEADCOUNT_EPROTOCOL, "no number" },
    { OK "Content-Length: 18446744073709551616\r\n\r\n", HEADCOUNT_EPROTOCOL,
      "no number" },
    { OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", HEADCOUNT_EPROTOCOL,
      "differ" },
    { OK "Content-Length: 1, 2\r\n\r\n", HEADCOUNT_EPROTOCOL, "differ" },
    { OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      HEADCOUNT_EPROTOCOL, "at once" },
    { OK "Transfer-Encoding: gzip\r\n\r\n", HEADCOUNT_EPROTOCOL,
      "Transfer-Encoding" },
    { OK "Transfer-Encoding: gzip, chunked\r\n\r\n", HEADCOUNT_EPROTOCOL,
      "Transfer-Encoding" },
    { OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      HEADCOUNT_EPROTOCOL, "Transfer-Encoding" },
    { OK "Transfer-Encoding:\r\n\r\n", HEADCOUNT_EPROTOCOL,
      "Transfer-Encoding" },
    { "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      HEADCOUNT_EPROTOCOL, "Transfer-Encoding" },
    { OK "Transfer-Encoding: chunked\r\n\r\nx\r\n", HEADCOUNT_EPROTOCOL,
      "chunked" },
};

TEST(http1, what_is_no_answer_is_refused_at_every_split)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hc_str text = hc_str(bad[i].text);

        for (size_t cut = 0; cut <= text.n; cut++) {
            struct answer a = cut == 0 ? replay(text, 1, 1, ENDS)
                                       : replay(text, cut, text.n, ENDS);

            /* What has not seven bytes yet is only cut short. */
            if (a.err != bad[i].err &&
                !(text.n < 7 && a.err == HEADCOUNT_ETRUNCATED))
                fail_msg("row %zu at %zu: %d %s", i, cut, a.err, a.why.what);
            CHECK(!a.reusable);
            if (cut == text.n && bad[i].why != NULL &&
                strstr(a.why.what, bad[i].why) == NULL)
                fail_msg("row %zu: %s", i, a.why.what);
        }
    }
}

/* The table of what is taken and what is refused, a row or more for each of its
 * lines; RFC 9112 and RFC 9110 behind each. */
static const struct {
    const char *rule, *text;
    int err, status;                     /* 0: it is an answer             */
    const char *body;
    bool reusable;
} rows[] = {
#define GOOD(status, body, reusable) 0, status, body, reusable
#define WRONG HEADCOUNT_EPROTOCOL, 0, "", false
#define CUT HEADCOUNT_ETRUNCATED, 0, "", false
#define SIZE0 "Content-Length: 0\r\n\r\n"
#define CHUNKS "Transfer-Encoding: chunked\r\n\r\n"
    { "status line", "HTTP/1.1 200 OK\r\n" SIZE0, GOOD(200, "", true) },
    { "status line", "HTTP/1.0 200 OK\r\n" SIZE0, GOOD(200, "", false) },
    { "status line", "HTTP/1.1 200\r\n" SIZE0, GOOD(200, "", true) },
    { "status line", "HTTP/1.1 599 \r\n" SIZE0, GOOD(599, "", true) },
    { "status line", "HTTP/1.1 2x0 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/1.1 +20 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/1.1\t200 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/1.1 200\tOK\r\n" SIZE0, WRONG },
    { "status line", " HTTP/1.1 200 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/01.1 200 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/1.10 200 OK\r\n" SIZE0, WRONG },
    { "status line", "HTTP/1.1 000 OK\r\n" SIZE0, WRONG },
    { "line end", "HTTP/1.1 200 OK\n" SIZE0, WRONG },
    { "line end", "HTTP/1.1 200 OK\r\r\n" SIZE0, WRONG },
    { "line end", OK "A: b\r\nContent-Length: 0\n\r\n", WRONG },
    { "line end", OK "A: b\r\r\n" SIZE0, WRONG },
    { "line end", OK "A: b\rB: c\r\n" SIZE0, WRONG },
    { "line end", OK CHUNKS "1\na\r\n0\r\n\r\n", WRONG },
    { "line end", OK CHUNKS "1\r\na\n0\r\n\r\n", WRONG },
    { "line end", OK CHUNKS "1\r\na\r\n0\r\n\n", WRONG },
    { "header name", OK "A\t: b\r\n" SIZE0, WRONG },
    { "header name", OK "A(: b\r\n" SIZE0, WRONG },
    { "header name", OK "\"A\": b\r\n" SIZE0, WRONG },
    { "header value", OK "A: \tb\xc3\xa9\t\r\n" SIZE0, GOOD(200, "", true) },
    { "header value", OK "A: \v\r\n" SIZE0, WRONG },
    { "header value", OK "A: b\x1b\r\n" SIZE0, WRONG },
    { "folded line", OK "A: b\r\n\tc\r\n" SIZE0, WRONG },
    { "folded line", "HTTP/1.1 200 OK\r\n A: b\r\n" SIZE0, WRONG },
    { "Content-Length", OK "Content-Length: 03\r\n\r\nabc",
      GOOD(200, "abc", true) },
    { "Content-Length", OK "Content-Length: 1 1\r\n\r\na", WRONG },
    { "Content-Length", OK "Content-Length: 0x1\r\n\r\na", WRONG },
    { "Content-Length", OK "Content-Length: 1.0\r\n\r\na", WRONG },
    { "Content-Length", OK "Content-Length: 1,,1\r\n\r\na", WRONG },
    { "Content-Length", OK "Content-Length: ,1\r\n\r\na", WRONG },
    { "Content-Length", OK "Content-Length: 1\r\nContent-Length: 1, 2\r\n"
      "\r\na", WRONG },
    { "Content-Length and Transfer-Encoding", OK "Content-Length: 3\r\n"
      CHUNKS "0\r\n\r\n", WRONG },
    { "Content-Length and Transfer-Encoding", OK "Transfer-Encoding: chunked"
      "\r\n" SIZE0, WRONG },
    { "Transfer-Encoding", OK "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
      GOOD(200, "", true) },
    { "Transfer-Encoding", OK "Transfer-Encoding: identity\r\n\r\n", WRONG },
    { "Transfer-Encoding", OK "Transfer-Encoding: chunked, chunked\r\n\r\n",
      WRONG },
    { "Transfer-Encoding", OK "Transfer-Encoding: chunked;q=1\r\n\r\n", WRONG },
    { "Transfer-Encoding", OK "Transfer-Encoding: \"chunked\"\r\n\r\n", WRONG },
    { "Transfer-Encoding", OK "Transfer-Encoding: chunked,\r\n\r\n", WRONG },
    { "Transfer-Encoding", "HTTP/1.0 200 OK\r\n" CHUNKS "0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS "0000000000000001\r\na\r\n0\r\n\r\n",
      GOOD(200, "a", true) },
    { "chunk size", OK CHUNKS "00000000000000001\r\na\r\n0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS "0x1\r\na\r\n0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS "+1\r\na\r\n0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS " 1\r\na\r\n0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS "1 \r\na\r\n0\r\n\r\n", WRONG },
    { "chunk size", OK CHUNKS "\r\n", WRONG },
    { "chunk extension", OK CHUNKS "1;a=b\r\nx\r\n0\r\n\r\n",
      GOOD(200, "x", true) },
    { "chunk extension", OK CHUNKS "1;\r\na\r\n0\r\n\r\n", WRONG },
    { "chunk extension", OK CHUNKS "1;a\x01\r\na\r\n0\r\n\r\n", WRONG },
    { "trailers", OK CHUNKS "0\r\nA: b\r\n\r\n", GOOD(200, "", true) },
    { "trailers", OK CHUNKS "0\r\nContent-Length: 9\r\n\r\n",
      GOOD(200, "", true) },
    { "trailers", OK CHUNKS "0\r\nA b\r\n\r\n", WRONG },
    { "interim", "HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\n" OK SIZE0,
      GOOD(200, "", true) },
    { "interim", "HTTP/1.1 101 No\r\n\r\n", WRONG },
    { "no body", "HTTP/1.1 204 No\r\n" CHUNKS, GOOD(204, "", true) },
    { "no body", "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n",
      GOOD(304, "", true) },
    { "no body", "HTTP/1.1 204 No\r\nContent-Length: 1\r\n" CHUNKS, WRONG },
    { "to the close", OK "A: b\r\n\r\nabc", GOOD(200, "abc", false) },
    { "to the close", "HTTP/1.0 200 OK\r\n\r\n", GOOD(200, "", false) },
    { "cut", OK "Content-Length: 4\r\n\r\nabc", CUT },
    { "cut", OK CHUNKS "3\r\nabc\r\n", CUT },
    { "cut", OK CHUNKS "3\r\nabc\r\n0\r\n", CUT },
    { "cut", OK CHUNKS "3\r\nabc\r\n0\r\nA: b\r\n", CUT },
    { "cut", OK "A: b\r\n", CUT },
    { "bytes behind the end", OK SIZE0 "H", GOOD(200, "", false) },
    { "bytes behind the end", OK CHUNKS "0\r\n\r\nH", GOOD(200, "", false) },
    { "bytes behind the end", "HTTP/1.1 304 No\r\nContent-Length: 1\r\n\r\na",
      GOOD(304, "", false) },
};

TEST(http1, each_row_of_the_table_is_minded_at_every_split)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_str text = hc_str(rows[i].text);
        bool leaves = rows[i].reusable;

        for (size_t cut = 0; cut <= text.n; cut++) {
            struct answer a = replay(text, cut > 0 ? cut : 1,
                                     cut > 0 ? text.n : 1,
                                     leaves ? STAYS : ENDS);

            if (a.err != rows[i].err)
                fail_msg("%s, row %zu at %zu: %d %s", rows[i].rule, i, cut,
                         a.err, a.why.what);
            if (a.reusable != rows[i].reusable)
                fail_msg("%s, row %zu at %zu: reusable %d", rows[i].rule, i,
                         cut, a.reusable);
            if (a.err == 0) {
                CHECK_INT(a.status, rows[i].status);
                CHECK_STR(hc_str_n(a.body, a.n), rows[i].body);
            }
        }
    }
}

TEST(http1, every_prefix_that_ends_is_cut_short)
{
    static const char *const texts[] = {
        OK "Content-Length: 3\r\n\r\nabc",
        OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na",
    };

    for (size_t i = 0; i < 3; i++) {
        struct hc_str text = hc_str(texts[i]);

        for (size_t n = 1; n < text.n; n++) {
            struct answer a = replay(hc_str_n(text.p, n), n, n, ENDS);

            CHECK_INT(a.err, HEADCOUNT_ETRUNCATED);
            CHECK_INT(a.state, HTTP1_FAILED);
        }
    }
}

TEST(http1, nothing_at_all_is_a_closed_connection)
{
    struct answer a = replay(HC_STR(""), 1, 1, ENDS);

    CHECK_INT(a.err, HEADCOUNT_ECLOSED);
}

TEST(http1, a_body_to_the_end_needs_a_clean_end)
{
    struct answer a = replay(HC_STR(OK "\r\nabc"), 5, 100, ENDS_RUDELY);

    CHECK_INT(a.err, HEADCOUNT_ETRUNCATED);
    CHECK_STR(hc_str_n(a.body, a.n), "abc");
}

TEST(http1, the_answer_of_head_has_no_body)
{
    struct hc_http1 x;
    struct hc_str in = HC_STR(OK "Content-Length: 10\r\n\r\n");

    hc_http1_init(&x, t_alloc(), true);
    CHECK_INT(hc_http1_feed(&x, &in, NULL), 0);
    CHECK_INT(x.state, HTTP1_DONE);
    CHECK_INT(hc_http1_length(&x), 10);
    CHECK(hc_http1_is_reusable(&x));
    hc_http1_fini(&x);
    hc_http1_fini(&x);
}

TEST(http1, headers_are_found_by_name_the_first_of_equals)
{
    struct hc_http1 x;
    struct hc_str v, in = HC_STR(OK "X-A: 1\r\nx-a: 2\r\nB:\r\n"
                                 "Content-Length: 0\r\n\r\n");

    hc_http1_init(&x, t_alloc(), false);
    CHECK(!hc_http1_has_head(&x));
    CHECK_INT(hc_http1_feed(&x, &in, NULL), 0);
    CHECK(hc_http1_has_head(&x));
    CHECK(hc_http1_header(&x, "x-A", &v));
    CHECK_STR(v, "1");
    CHECK(hc_http1_header(&x, "b", &v));
    CHECK_STR(v, "");
    CHECK(!hc_http1_header(&x, "c", &v));
    hc_http1_fini(&x);
}

/* ---- limits ---- */

static int grow(const char *begin, const char *again, size_t times)
{
    struct hc_http1 x;
    struct hc_str in = hc_str(begin);

    hc_http1_init(&x, t_alloc(), false);
    int err = hc_http1_feed(&x, &in, NULL);

    for (size_t i = 0; err == 0 && i < times; i++) {
        in = hc_str(again);
        err = hc_http1_feed(&x, &in, NULL);
    }
    if (err < 0) {
        in = HC_STR("x");
        CHECK_INT(hc_http1_feed(&x, &in, NULL), HEADCOUNT_EPROTOCOL);
        CHECK_INT(hc_http1_eof(&x, true, NULL), HEADCOUNT_EPROTOCOL);
    }
    hc_http1_fini(&x);
    return err;
}

TEST(http1, heads_have_their_limits)
{
    CHECK_INT(grow(OK, "A: b\r\n", 128), 0);
    CHECK_INT(grow(OK "X: ", "0123456789", 6600), HEADCOUNT_ELIMIT);
    CHECK_INT(grow("", "HTTP/1.1 100 Continue\r\n\r\n", 16), 0);
    CHECK_INT(grow("", "HTTP/1.1 100 Continue\r\n\r\n", 17), HEADCOUNT_ELIMIT);
}

static int many_headers(size_t n)
{
    static char text[64 << 10];
    size_t at = (size_t)snprintf(text, sizeof text, OK);

    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "A: b\r\n");
    snprintf(text + at, sizeof text - at, "\r\n");
    return replay(hc_str(text), at, at + 2, ENDS).err;
}

TEST(http1, one_hundred_and_twenty_eight_headers_are_all)
{
    CHECK_INT(many_headers(128), 0);
    CHECK_INT(many_headers(129), HEADCOUNT_ELIMIT);
}

TEST(http1, a_status_line_has_its_length)
{
    static char text[16 << 10];
    size_t n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 ");

    memset(text + n, 'x', 9000);
    memcpy(text + n + 9000, "\r\n\r\n", 4);
    CHECK_INT(replay(hc_str_n(text, n + 9004), 9999, 1, ENDS).err,
              HEADCOUNT_ELIMIT);
}

static int parse_once(void)
{
    struct hc_http1 x;
    struct hc_str in = HC_STR(OK "A: b\r\nContent-Length: 0\r\n\r\n");

    hc_http1_init(&x, t_alloc(), false);
    int err = hc_http1_feed(&x, &in, NULL);

    hc_http1_fini(&x);
    return err;
}

TEST(http1, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(parse_once);
}
