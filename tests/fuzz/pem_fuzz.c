/* tests/fuzz/pem_fuzz.c - a bundle of certificates, whatever it holds: what is
 * taken has a name, a key and an end; nothing is leaked. */
#include <stdlib.h>
#include <string.h>

#include "wire/anchors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_anchors a;
    struct headcount_error e = { .code = 0 };
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    int err = hc_anchors_load_pem(&a, &hc_alloc_libc, hc_str_n(copy, size),
                                  &e);

    free(copy);
    must(err == 0 || e.what[0] != '\0');
    must(err < 0 ? a.n == 0 : a.n > 0);
    for (size_t i = 0; i < a.n; i++)
        must(a.ta[i].dn.len > 0 && a.ta[i].pkey.key_type != 0);
    hc_anchors_fini(&a);
    return 0;
}
