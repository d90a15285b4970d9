/* tests/fuzz/url_fuzz.c - a URL that is taken names a host that can stand in a
 * Host header, and names it again when it is written and read once more. */
#include <stdlib.h>
#include <string.h>

#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_url url, again;
    struct headcount_error e = { .code = 0 };
    struct hc_buf text;
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    int err = hc_url_get(&url, hc_str_n(copy, size), &e);

    must(err == 0 || (err == HEADCOUNT_ECONFIG && e.what[0] != '\0'));
    if (err == 0) {
        must(url.origin.port != 0 && url.origin.host[0] != '\0');
        must(url.path.n == 0 || url.path.p[0] == '/');
        hc_buf_init(&text, &hc_alloc_libc, 1000);
        hc_buf_text(&text, url.origin.tls ? "https://" : "http://");
        hc_origin_host_header(&text, &url.origin);
        must(hc_url_get(&again, hc_buf_view(&text), &e) == 0);
        must(hc_origin_eq(&url.origin, &again.origin));
        hc_buf_fini(&text);
    }
    free(copy);
    return 0;
}
