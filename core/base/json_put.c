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
    return c >= ' ' && c != '"' && c != '\\';
}

static bool json_put_is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

static void json_put_escape(struct hc_buf *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c != '\0' ? strchr(from, c) : NULL;

    if (at != NULL) {
        char two[2] = { '\\', to[at - from] };

        hc_buf_put(out, two, sizeof(two));
    } else {
        hc_buf_fmt(out, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

/* Beyond ASCII; above U+FFFF as two halves. */
static void json_put_unseen(struct hc_buf *out, uint32_t c)
{
    if (c > 0xFFFF)
        hc_buf_fmt(out, "\\u%04x\\u%04x",
                   (unsigned)(0xD800 + ((c - 0x10000) >> 10)),
                   (unsigned)(0xDC00 + (c & 0x3FF)));
    else
        hc_buf_fmt(out, "\\u%04x", (unsigned)c);
}

/* Length of the run at the front of s that needs no change. */
static size_t json_put_run(struct hc_str s)
{
    size_t n = 0, sequence = 1;

    while (n < s.n && sequence > 0) {
        if (json_put_is_ascii(s.p[n]))
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
    hc_buf_chr(out, '"');
    while (s.n > 0) {
        size_t n = json_put_run(s);

        hc_buf_put(out, s.p, n);
        s = hc_str_from(s, n);
        if (s.n == 0)
            break;
        n = hc_text_utf8_length(s);
        if (json_put_is_ascii(s.p[0]))
            json_put_escape(out, s.p[0]);
        else if (n > 0)
            json_put_unseen(out, hc_text_code(s));
        else
            hc_buf_lit(out, "\xEF\xBF\xBD");
        s = hc_str_from(s, n > 0 ? n : 1);
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
