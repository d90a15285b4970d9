/* tests/fuzz/profile_fuzz.c - whatever a shared file holds, each setting lies
 * in it and is of a later line, and a reading that stopped goes no further. */
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_lie_in(struct hc_str s, const char *text, size_t n)
{
    must(s.n == 0 || (s.p >= text && s.p + s.n <= text + n));
}

static void read_as(const char *text, size_t n, enum hc_profile_file file)
{
    struct hc_profile p;
    struct hc_profile_setting s;
    size_t line = 0;
    int got;

    hc_profile_init(&p, hc_str_n(text, n), file);
    while ((got = hc_profile_next(&p, &s)) == 1) {
        must(s.key.n > 0 && s.line > line && s.line == p.line);
        must_lie_in(s.key, text, n);
        must_lie_in(s.value, text, n);
        must(memchr(s.key.p, '\n', s.key.n) == NULL);
        line = s.line;
    }
    must(got == 0 ||
         (got == HEADCOUNT_ECONFIG && p.wrong != NULL && p.line > line));
    must(hc_profile_next(&p, &s) == got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    read_as(copy, size, PROFILE_CONFIG);
    read_as(copy, size, PROFILE_CREDENTIALS);
    free(copy);
    return 0;
}
