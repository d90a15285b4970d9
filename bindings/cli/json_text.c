/* cli/json_text.c - any bytes as the inside of a JSON text. */
#include "json_text.h"

#include "base/json.h"

void json_text_put(FILE *out, const char *text, size_t n)
{
    char escape[HC_JSON_ESCAPE];

    for (struct hc_str s = hc_str_n(text, n); s.n > 0;) {
        size_t length = hc_json_escape(escape, &s);

        fwrite(escape, 1, length, out);
    }
}

void json_text_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\":\"", name);
    json_text_put(out, text, hc_str(text).n);
    fputc('"', out);
}
