/* tests/fuzz/json_fuzz.c - the reader gives the same events and the same error
 * whole, byte by byte and in pieces; a skip and a take accept what a plain
 * read accepts; the doc agrees with the reader; what is written is read back.
 *
 * The first byte of an input chooses the size of the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1 << 16)

struct outcome {
    struct hc_buf events;
    struct headcount_error e;
    int code;
    uint64_t at, tokens;
};

enum how { PLAIN, SKIP, TAKE };

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void note(struct outcome *o, const struct hc_json *j, int event)
{
    struct hc_str text = hc_json_text(j);

    hc_buf_chr(&o->events, (char)event);
    if (event == JSON_KEY || event == JSON_STRING || event == JSON_NUMBER) {
        hc_buf_u64(&o->events, text.n);
        hc_buf_chr(&o->events, ' ');
        hc_buf_str(&o->events, text);
    }
}

static void feed(struct outcome *o, struct hc_json *j, struct hc_str piece)
{
    while (o->code >= 0) {
        o->code = hc_json_next(j, &piece, &o->e);
        if (o->code == JSON_MORE) {
            must(piece.n == 0);
            return;
        }
        if (o->code > 0)
            note(o, j, o->code);
    }
}

/* Reads all of text in pieces of `step` bytes. */
static void read_all(struct outcome *o, struct hc_str text, size_t step,
                     enum how how, struct hc_buf *taken)
{
    struct hc_json j;

    memset(o, 0, sizeof(*o));
    hc_buf_init(&o->events, &hc_alloc_libc, 64 * MOST);
    hc_json_init(&j, &hc_alloc_libc, MOST, 32, 1000);
    if (how == SKIP)
        hc_json_skip(&j);
    else if (how == TAKE)
        hc_json_take(&j, taken);
    for (size_t i = 0; i < text.n && o->code >= 0; i += step)
        feed(o, &j, hc_str_n(text.p + i,
                             text.n - i < step ? text.n - i : step));
    if (o->code >= 0)
        o->code = hc_json_end(&j, &o->e);
    o->at = j.at;
    o->tokens = j.keys + j.values;
    must(hc_buf_error(&o->events) == 0);
    must(j.depth <= 32);
    hc_json_fini(&j);
}

static void end(struct outcome *o)
{
    hc_buf_fini(&o->events);
}

static void same_in_pieces(const struct outcome *whole, struct hc_str text,
                           size_t step)
{
    struct outcome o;

    read_all(&o, text, step, PLAIN, NULL);
    must(o.code == whole->code && o.at == whole->at);
    must(strcmp(o.e.what, whole->e.what) == 0);
    must(hc_str_eq(hc_buf_view(&o.events), hc_buf_view(&whole->events)));
    end(&o);
}

/* No text is kept by a skip, so only the bounds on texts do not show. */
static void same_when_quiet(const struct outcome *whole, struct hc_str text,
                            size_t step)
{
    struct outcome skip, take;
    struct hc_buf taken;

    hc_buf_init(&taken, &hc_alloc_libc, MOST);
    read_all(&skip, text, step, SKIP, NULL);
    read_all(&take, text, step, TAKE, &taken);
    must(skip.code == take.code && skip.at == take.at);
    if (whole->code != HEADCOUNT_ELIMIT)
        must(skip.code == whole->code && skip.at == whole->at &&
             skip.tokens == whole->tokens);
    if (take.code == 0) {
        struct outcome again;

        read_all(&again, hc_buf_view(&taken), step, PLAIN, NULL);
        must(whole->code == HEADCOUNT_ELIMIT || again.code == 0);
        end(&again);
    }
    hc_buf_fini(&taken);
    end(&skip);
    end(&take);
}

static void write_string(const struct hc_json_doc *d, int v)
{
    struct hc_buf decoded, written, back;
    struct hc_json_doc again;

    hc_buf_init(&decoded, &hc_alloc_libc, MOST);
    hc_buf_init(&written, &hc_alloc_libc, 6 * MOST + 2);
    hc_buf_init(&back, &hc_alloc_libc, MOST);
    must(hc_json_string(d, v, &decoded) == 0);
    hc_json_put_str(&written, hc_buf_view(&decoded));
    must(hc_json_doc_init(&again, &hc_alloc_libc, hc_buf_view(&written), 1,
                          NULL) == 0);
    must(hc_json_string(&again, 0, &back) == 0);
    must(hc_str_eq(hc_buf_view(&decoded), hc_buf_view(&back)));
    if (hc_str_find(hc_buf_view(&decoded), '\0') == decoded.n)
        must(hc_json_is(d, v, hc_buf_z(&decoded)));
    hc_json_doc_fini(&again);
    hc_buf_fini(&decoded);
    hc_buf_fini(&written);
    hc_buf_fini(&back);
}

/* Steps over all that hangs under v; how many tokens that was. */
static size_t walk(const struct hc_json_doc *d, int v)
{
    enum hc_json_kind kind = hc_json_kind(d, v);
    size_t n = 1, children = 0;
    int64_t number;

    must(kind != KIND_NONE);
    (void)hc_json_int(d, v, &number);
    if (kind == KIND_STRING)
        write_string(d, v);
    for (int c = hc_json_first(d, v); c >= 0; c = hc_json_after(d, v, c)) {
        n += walk(d, c);
        if (kind == KIND_OBJECT)
            n += walk(d, hc_json_value(d, c));
        children++;
    }
    must(children == hc_json_count(d, v));
    return n;
}

static void same_as_doc(const struct outcome *whole, struct hc_str text)
{
    struct hc_json_doc d;
    int code = hc_json_doc_init(&d, &hc_alloc_libc, text, MOST, NULL);

    if (whole->code != HEADCOUNT_ELIMIT)
        must(code == whole->code);
    if (code == 0)
        must(walk(&d, 0) == d.n);
    hc_json_doc_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;

    if (size == 0 || size > MOST)
        return 0;

    size_t step = data[0] % 16 + 2U;
    struct hc_str text = hc_str_n(data + 1, size - 1);
    int64_t number;

    read_all(&whole, text, text.n + 1, PLAIN, NULL);
    same_in_pieces(&whole, text, 1);
    same_in_pieces(&whole, text, step);
    same_when_quiet(&whole, text, text.n + 1);
    same_when_quiet(&whole, text, step);
    same_as_doc(&whole, text);
    (void)hc_json_number_int(text, &number);
    end(&whole);
    return 0;
}
