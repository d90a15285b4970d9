/* tests/fuzz/answer_fuzz.c - an answer that is no 2xx, in JSON, XML, HTML or
 * nothing: it always has a code and a sentence, all printable and terminated.
 *
 * The input: a byte of the status, then lines: X-Amzn-ErrorType,
 * x-amzn-query-error, request id, Content-Encoding; the rest is the body.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_text(const char *text, size_t cap)
{
    size_t n = strnlen(text, cap);

    must(n < cap);
    for (size_t i = 0; i < n; i++)
        must((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_service_error s;
    char sentence[HC_ANSWER_SENTENCE];
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    struct hc_str rest = hc_str_n(copy, size);
    struct hc_answer_parts parts = { .status = size > 0 ? 300 + data[0] : 500 };

    rest = hc_str_from(rest, size > 0);
    parts.type = hc_str_cut(&rest, '\n');
    parts.query_error = hc_str_cut(&rest, '\n');
    parts.request_id = hc_str_cut(&rest, '\n');
    parts.encoding = hc_str_cut(&rest, '\n');
    parts.body = rest;
    must(hc_service_error_get(&s, &hc_alloc_libc, &parts) == 0);
    must(s.status == parts.status && s.code[0] != '\0');
    must_be_text(s.code, sizeof s.code);
    must_be_text(s.message, sizeof s.message);
    must_be_text(s.request_id, sizeof s.request_id);
    hc_service_error_put(sentence, &s);
    must_be_text(sentence, sizeof sentence);
    must(sentence[0] != '\0');
    free(copy);
    return 0;
}
