/* cli/json_text.c - any bytes as the inside of a JSON text. */
#include "json_text.h"

#include <stdbool.h>
#include <string.h>

/* Bytes after this first one (RFC 3629, 4), and the range of the second; 0 for
 * a byte that begins nothing. */
static size_t utf8_more(unsigned char c, unsigned char *low,
                        unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (c >= 0xc2 && c <= 0xdf)
        return 1;
    if (c == 0xe0)
        *low = 0xa0;
    if (c == 0xed)
        *high = 0x9f;                       /* no surrogates */
    if (c >= 0xe0 && c <= 0xef)
        return 2;
    if (c == 0xf0)
        *low = 0x90;
    if (c == 0xf4)
        *high = 0x8f;
    return c >= 0xf0 && c <= 0xf4 ? 3 : 0;
}

/* Length of the well-formed sequence at the front, 0 if there is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char low, high;
    size_t more = utf8_more(p[0], &low, &high);

    if (more == 0 || more >= n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return more + 1;
}

static void put_ascii(FILE *out, unsigned char c)
{
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *at = c != '\0' ? strchr(from, c) : NULL;

    if (at)
        fprintf(out, "\\%c", to[at - from]);
    else if (c < ' ' || c == 0x7f)
        fprintf(out, "\\u%04x", c);
    else
        fputc(c, out);
}

void json_text_put(FILE *out, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;

    while (n > 0) {
        size_t length = *p < 0x80 ? 1 : utf8_length(p, n);

        if (*p < 0x80)
            put_ascii(out, *p);
        else if (length > 0)
            fwrite(p, 1, length, out);
        else
            fputs("\\ufffd", out);
        length += length == 0;
        p += length;
        n -= length;
    }
}

void json_text_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\":\"", name);
    json_text_put(out, text, strlen(text));
    fputc('"', out);
}
