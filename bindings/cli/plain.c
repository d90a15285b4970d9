/* cli/plain.c - text that came from elsewhere, for a terminal. */
#include "plain.h"

#include <stdbool.h>
#include <string.h>

#include "headcount.h"
#include "json_text.h"

void plain_put(FILE *out, const char *text, size_t n)
{
    bool seen;

    for (size_t length; n > 0; text += length, n -= length) {
        length = headcount_text_next(text, n, &seen);
        if (seen)
            fwrite(text, 1, length, out);
        else
            fputc('?', out);
    }
}

size_t plain_copy(char *to, size_t size, const char *text, size_t n)
{
    size_t put = 0;
    bool seen;

    for (size_t length; n > 0; text += length, n -= length) {
        length = headcount_text_next(text, n, &seen);
        if (put + (seen ? length : 1) > size)
            break;
        if (seen)
            memmove(to + put, text, length);
        else
            to[put] = '?';
        put += seen ? length : 1;
    }
    return put;
}

void plain_put_json(FILE *out, const char *json, size_t n)
{
    bool seen;

    for (size_t length; n > 0; json += length, n -= length) {
        length = headcount_text_next(json, n, &seen);
        if (seen || (unsigned char)*json < ' ')      /* between its members */
            fwrite(json, 1, length, out);
        else
            json_text_put(out, json, length);
    }
}
