/* base/json_put.c - JSON onto a buf.
 *
 * The output is valid JSON for any bytes.  Characters that a terminal does not
 * show are escaped; bytes that are no UTF-8 become U+FFFD.
 */
#include "base/json.h"

#include <string.h>

#include "base/text.h"

static bool json_put_is_plain(char c)
{
    return c >= ' ' && c != '"' && c != '\\' && c != 0x7F;
}

static size_t json_put_ascii(char out[HC_JSON_ESCAPE], char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c != '\0' ? strchr(from, c) : NULL;

    if (json_put_is_plain(c)) {
        out[0] = c;
        return 1;
    }
    if (at != NULL)
        return hc_fmt(out, HC_JSON_ESCAPE, "\\%c", to[at - from]);
    return hc_fmt(out, HC_JSON_ESCAPE, "\\u%04x", (unsigned)(unsigned char)c);
}

/* A character beyond ASCII; above U+FFFF as a surrogate pair. */
static size_t json_put_unseen(char out[HC_JSON_ESCAPE], uint32_t c)
{
    if (c <= 0xFFFF)
        return hc_fmt(out, HC_JSON_ESCAPE, "\\u%04x", (unsigned)c);
    return hc_fmt(out, HC_JSON_ESCAPE, "\\u%04x\\u%04x",
                  (unsigned)(0xD800 + ((c - 0x10000) >> 10)),
                  (unsigned)(0xDC00 + (c & 0x3FF)));
}

size_t hc_json_escape(char out[HC_JSON_ESCAPE], struct hc_str *s)
{
    const struct hc_str front = *s;
    size_t n = hc_text_utf8_length(front);
    uint32_t c = hc_text_code(front);

    *s = hc_str_from(front, n > 0 ? n : 1);
    if (n == 1)
        return json_put_ascii(out, front.p[0]);
    if (n > 0 && !hc_text_is_seen(c))
        return json_put_unseen(out, c);
    const struct hc_str shown = n > 0 ? hc_str_n(front.p, n)
                                      : HC_STR("\xEF\xBF\xBD");

    memcpy(out, shown.p, shown.n);
    return shown.n;
}

/* Length of the run at the front of s that needs no change. */
static size_t json_put_run(struct hc_str s)
{
    size_t n = 0, sequence = 1;

    while (n < s.n && sequence > 0) {
        if ((unsigned char)s.p[n] < 0x80)
            sequence = json_put_is_plain(s.p[n]) ? 1 : 0;
        else
            sequence = hc_text_is_seen(hc_text_code(hc_str_from(s, n)))
                           ? hc_text_utf8_length(hc_str_from(s, n)) : 0;
        n += sequence;
    }
    return n;
}

void hc_json_put_str(struct hc_buf *out, struct hc_str s)
{
    char escape[HC_JSON_ESCAPE];

    hc_buf_chr(out, '"');
    while (s.n > 0) {
        size_t n = json_put_run(s);

        hc_buf_put(out, s.p, n);
        s = hc_str_from(s, n);
        if (s.n > 0)
            hc_buf_put(out, escape, hc_json_escape(escape, &s));
    }
    hc_buf_chr(out, '"');
}

void hc_json_put_key(struct hc_buf *out, const char *key)
{
    hc_json_put_str(out, hc_str(key));
    hc_buf_chr(out, ':');
}

void hc_json_put_comma(struct hc_buf *out)
{
    if (out->n > 0 && strchr("{[:", out->p[out->n - 1]) == NULL)
        hc_buf_chr(out, ',');
}

void hc_json_put_member(struct hc_buf *out, const char *key,
                        struct hc_str value)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_json_put_str(out, value);
}

void hc_json_put_member_int(struct hc_buf *out, const char *key, int64_t value)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_i64(out, value);
}
