/* tests/fuzz/json_put_fuzz.c - whatever is written is JSON that the reader
 * takes, in ASCII but for what a terminal shows; a text that was UTF-8 is read
 * back as it was, and any other is read back the same a second time.
 *
 * The input: a number of eight bytes, then texts, each ended by 0xFF.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST ((size_t)1 << 20)

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void put_all(struct hc_buf *out, struct hc_str rest, int64_t number)
{
    hc_buf_chr(out, '{');
    hc_json_put_member_int(out, "number", number);
    hc_json_put_comma(out);
    hc_json_put_key(out, "texts");
    hc_buf_chr(out, '[');
    while (rest.n > 0) {
        hc_json_put_comma(out);
        hc_json_put_str(out, hc_str_cut(&rest, '\xFF'));
    }
    hc_buf_lit(out, "]}");
}

/* Each text of the document, with its 0xFF; false: one was changed. */
static bool read_all(const struct hc_json_doc *d, struct hc_buf *out,
                     struct hc_str rest)
{
    int texts = hc_json_find(d, 0, "texts");
    bool same = true;

    for (int v = hc_json_first(d, texts); v >= 0;
         v = hc_json_after(d, texts, v)) {
        size_t at = out->n;

        must(hc_json_string(d, v, out) == 0);
        must(hc_buf_error(out) == 0);
        same = same && hc_str_eq(hc_str_from(hc_buf_view(out), at),
                                 hc_str_cut(&rest, '\xFF'));
        hc_buf_chr(out, '\xFF');
    }
    must(rest.n == 0 || !same);
    return same;
}

static bool once(struct hc_buf *back, struct hc_str texts, int64_t number)
{
    struct hc_buf json;
    struct hc_json_doc d;
    int64_t again = 0;

    hc_buf_init(&json, &hc_alloc_libc, 16 * MOST);
    hc_buf_init(back, &hc_alloc_libc, 16 * MOST);
    put_all(&json, texts, number);
    must(hc_buf_error(&json) == 0);
    for (size_t i = 0; i < json.n; i++)
        must((unsigned char)json.p[i] >= ' ' && json.p[i] != 0x7f);
    must(hc_json_doc_init(&d, &hc_alloc_libc, hc_buf_view(&json), MOST,
                          NULL) == 0);
    must(hc_json_int(&d, hc_json_find(&d, 0, "number"), &again));
    must(again == number);
    bool same = read_all(&d, back, texts);

    hc_json_doc_fini(&d);
    hc_buf_fini(&json);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_buf one, two;
    int64_t number = 0;

    if (size < sizeof number || size > (1 << 16))
        return 0;
    memcpy(&number, data, sizeof number);
    bool same = once(&one, hc_str_n(data + sizeof number,
                                    size - sizeof number), number);

    if (!same)
        must(once(&two, hc_buf_view(&one), number));
    else
        hc_buf_init(&two, &hc_alloc_libc, 0);
    hc_buf_fini(&one);
    hc_buf_fini(&two);
    return 0;
}
