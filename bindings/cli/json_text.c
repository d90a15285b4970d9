/* cli/json_text.c - any bytes as the inside of a JSON text. */
#include "json_text.h"

#include <stdbool.h>
#include <string.h>

#include "headcount.h"

/* Beyond ASCII; above U+FFFF as two halves. */
static void put_unseen(FILE *out, const unsigned char *p, size_t length)
{
    unsigned long c = p[0] & (0x7fu >> length);

    for (size_t i = 1; i < length; i++)
        c = c << 6 | (p[i] & 0x3fu);
    if (c > 0xffff)
        fprintf(out, "\\u%04lx\\u%04lx", 0xd800 + ((c - 0x10000) >> 10),
                0xdc00 + (c & 0x3ff));
    else
        fprintf(out, "\\u%04lx", c);
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
    bool seen;

    for (size_t length; n > 0; p += length, n -= length) {
        length = headcount_text_next(p, n, &seen);
        if (*p < 0x80)
            put_ascii(out, *p);
        else if (seen)
            fwrite(p, 1, length, out);
        else if (length > 1)
            put_unseen(out, p, length);
        else
            fputs("\\ufffd", out);
    }
}

void json_text_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\":\"", name);
    json_text_put(out, text, strlen(text));
    fputc('"', out);
}
