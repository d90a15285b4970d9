/* wire/chunked - RFC 9112, 7.1, whole and in pieces. */
#include "wire/chunked.h"

#include <string.h>

#include "t.h"

struct answer { int err; char body[64]; size_t n, left; bool done; };

/* Fed in pieces of at most `piece`, the first one `first` long. */
static struct answer replay(struct hc_str text, size_t first, size_t piece)
{
    struct hc_chunked c = { .state = CHUNK_SIZE };
    struct answer a = { .err = 0 };
    size_t take = first;

    while (a.err == 0 && text.n > 0 && c.state != CHUNK_DONE) {
        size_t n = take < text.n ? take : text.n;
        struct hc_str in = hc_str_n(t_guard(text.p, n), n), span;
        size_t had = in.n;

        while (a.err == 0 && in.n > 0 && c.state != CHUNK_DONE) {
            a.err = hc_chunked_feed(&c, &in, &span, NULL);
            CHECK(a.n + span.n <= sizeof a.body);
            if (span.n > 0)
                memcpy(a.body + a.n, span.p, span.n);
            a.n += span.n;
        }
        text = hc_str_from(text, had - in.n);
        take = piece;
    }
    a.done = c.state == CHUNK_DONE;
    a.left = text.n;
    return a;
}

static const struct { const char *text, *body; size_t left; } good[] = {
    { "0\r\n\r\n", "", 0 },
    { "3\r\nabc\r\n0\r\n\r\n", "abc", 0 },
    { "A\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n", "0123456789x", 0 },
    { "00000003\r\nabc\r\n0\r\n\r\nmore", "abc", 4 },
    { "3;name=value\r\nabc\r\n0;x\r\n\r\n", "abc", 0 },
    { "3 ;x\r\nabc\r\n0\t ; y\r\n\r\n", "abc", 0 },
    { "3; a = b ;c=d\t;e\r\nabc\r\n0;x=y\r\n\r\n", "abc", 0 },
    { "3;a=\"\"\r\nabc\r\n0;x=\"y;\\\"\t\xc3\xa9\" ;z\r\n\r\n", "abc",
      0 },
    { "1;a=\"b\"\r\nx\r\n0\r\n\r\n", "x", 0 },
    { "1\r\na\r\n0\r\nA:\r\nB:\t\xc3\xa9 : \r\n!#$%&'*+-.^_`|~9: x\r\n\r\n",
      "a", 0 },
    { "1\r\na\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "a", 0 },
    { "2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0 },
    { "b\r\nhello world\r\n0\r\n\r\n", "hello world", 0 },
};

TEST(chunked, good_ones_are_the_same_at_every_split)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct hc_str text = hc_str(good[i].text);

        for (size_t cut = 1; cut <= text.n; cut++) {
            struct answer whole = replay(text, cut, text.n);
            struct answer bytes = replay(text, 1, 1);

            CHECK_INT(whole.err, 0);
            CHECK(whole.done);
            CHECK_STR(hc_str_n(whole.body, whole.n), good[i].body);
            CHECK_INT(whole.left, good[i].left);
            CHECK(bytes.done);
            CHECK_STR(hc_str_n(bytes.body, bytes.n), good[i].body);
        }
    }
}

static const char *const bad[] = {
    "\r\n", "x\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "0x1\r\n", "1\na\r\n",
    "1\r\nab\r\n", "1\r\na\n", "1\r\na\rb", "1\ra", "1;x\n", "1;x\ry",
    "0\r\n\n", "0\r\n\rx", "0\r\nA: b\n\r\n", "0\r\nA: b\rx", "g",
    "11111111111111111\r\n",
    /* Blanks where the grammar has none. */
    "1 \r\n", "1\t\r\n", "0 \r\n", "1  1\r\n", "1 x\r\n", "1;a \r\n",
    "1;a=b \r\n", "1;a=\"b\" \r\n", "1\v;a\r\n",
    /* Extensions without a semicolon, a name or a value. */
    "1a=b;c\r\n1", "1 a\r\n", "1,a\r\n", "1;\r\n", "1; \r\n", "1;;a\r\n",
    "1;=b\r\n", "1;a;\r\n", "1;a=\r\n", "1;a=;b\r\n", "1;a b\r\n",
    "1;a==b\r\n", "1;a=b=c\r\n", "1;a=b c\r\n", "1;a=b\"c\"\r\n",
    "1;a=\"b\r\n", "1;a=\"b\"c\r\n", "1;a=\"b\\\r\n", "1;\"a\"\r\n",
    "1;a:b\r\n", "1;a/b\r\n", "1;\xc3\xa9\r\n", "1;a=\xc3\xa9\r\n",
    /* Control characters. */
    "1;a\x01\r\n", "1;a\x7f\r\n", "1;a=\"\x01\"\r\n", "1;a=\"\x7f\"\r\n",
    "1;a=\"\\\x1f\"\r\n", "0\r\nA: \x01\r\n\r\n", "0\r\nA: \x7f\r\n\r\n",
    "0\r\nA\x01: b\r\n\r\n", "0\r\nA: b\v\r\n\r\n",
    /* Trailers without a colon or a proper name, and folded ones. */
    "0\r\nA\r\n\r\n", "0\r\n: b\r\n\r\n", "0\r\nA b: c\r\n\r\n",
    "0\r\nA : b\r\n\r\n", "0\r\n A: b\r\n\r\n",
    "0\r\nA: b\r\n c\r\n\r\n", "0\r\nA\xc3: b\r\n\r\n",
    "0\r\n\tA: b\r\n\r\n",
    "1;a\0b",
};

TEST(chunked, bad_ones_are_refused_at_every_split)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hc_str text = hc_str(bad[i]);

        if (i == sizeof bad / sizeof *bad - 1)
            text.n = 5;                  /* the only one with a NUL */
        for (size_t cut = 1; cut <= text.n; cut++)
            if (replay(text, cut, text.n).err != HEADCOUNT_EPROTOCOL)
                fail_msg("row %zu at %zu", i, cut);
    }
}

TEST(chunked, every_prefix_of_a_good_one_is_only_unfinished)
{
    struct hc_str text = HC_STR("3;a\r\nabc\r\n0\r\nT: x\r\n\r\n");

    for (size_t n = 1; n < text.n; n++) {
        struct answer a = replay(hc_str_n(text.p, n), n, n);

        CHECK_INT(a.err, 0);
        CHECK(!a.done);
    }
}

static int feed_all(struct hc_chunked *c, const char *text, size_t n)
{
    struct hc_str in = hc_str_n(text, n), span;
    int err = 0;

    while (err == 0 && in.n > 0 && c->state != CHUNK_DONE)
        err = hc_chunked_feed(c, &in, &span, NULL);
    return err;
}

TEST(chunked, the_largest_size_is_taken_and_no_larger)
{
    struct hc_chunked c = { .state = CHUNK_SIZE };

    CHECK_INT(feed_all(&c, "ffffffffffffffff\r\n", 18), 0);
    CHECK(c.left == UINT64_MAX);
}

static int endless(const char *begin, const char *again, size_t times)
{
    struct hc_chunked c = { .state = CHUNK_SIZE };
    int err = feed_all(&c, begin, strlen(begin));

    for (size_t i = 0; err == 0 && i < times; i++)
        err = feed_all(&c, again, strlen(again));
    if (err < 0) {
        CHECK_INT(c.state, CHUNK_FAILED);
        CHECK_INT(feed_all(&c, "0", 1), HEADCOUNT_EPROTOCOL);   /* stays */
    }
    return err;
}

TEST(chunked, lines_and_trailers_have_their_lengths)
{
    CHECK_INT(endless("1;", "x", HC_CHUNK_LINE - 2), 0);
    CHECK_INT(endless("1;", "x", HC_CHUNK_LINE), HEADCOUNT_ELIMIT);
    CHECK_INT(endless("0\r\n", "A: b\r\n", HC_CHUNK_TRAILERS / 6), 0);
    CHECK_INT(endless("0\r\n", "A: b\r\n", HC_CHUNK_TRAILERS / 6 + 1),
              HEADCOUNT_ELIMIT);
}

TEST(chunked, what_is_nearly_all_framing_is_refused)
{
    CHECK_INT(endless("", "1;0123456789abcdef0123456789\r\nx\r\n", 100000),
              HEADCOUNT_ELIMIT);
    CHECK_INT(endless("", "10\r\n0123456789abcdef\r\n", 100000), 0);
    CHECK_INT(endless("", "1\r\nx\r\n", 100000), 0);
}
