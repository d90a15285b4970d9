/* tests/fuzz/xml_fuzz.c - an XML text is taken or refused; what was taken out
 * of it is no longer than the text, and the same when it is read once more. */
#include <stdlib.h>
#include <string.h>

#include "aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Code",
    "Message", "RequestId"
};
#define NAMES (sizeof(names) / sizeof(*names))

static void must(bool ok)
{
    if (!ok)
        abort();
}

static int read_all(struct hc_str text, struct hc_buf out[NAMES])
{
    struct hc_xml_tag tags[NAMES];

    for (size_t i = 0; i < NAMES; i++) {
        hc_buf_init(&out[i], &hc_alloc_libc, 1000);
        tags[i] = (struct hc_xml_tag){ names[i], &out[i], false };
    }
    int err = hc_xml_get(text, tags, NAMES);

    must(err == 0 || err == HEADCOUNT_ESYNTAX || err == HEADCOUNT_ELIMIT);
    for (size_t i = 0; err == 0 && i < NAMES; i++)
        must(tags[i].found || out[i].n == 0);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_buf one[NAMES], two[NAMES];
    char *copy = malloc(size + 1);
    size_t all = 0;

    must(copy != NULL);
    memcpy(copy, data, size);
    int err = read_all(hc_str_n(copy, size), one);

    must(err == read_all(hc_str_n(copy, size), two));
    for (size_t i = 0; i < NAMES; i++) {
        all += one[i].n;
        must(err < 0 || hc_str_eq(hc_buf_view(&one[i]),
                                  hc_buf_view(&two[i])));
        hc_buf_fini(&one[i]);
        hc_buf_fini(&two[i]);
    }
    must(all <= size);
    free(copy);
    return 0;
}
