/* tests/fuzz/proxy_fuzz.c - NO_PROXY and a proxy's URL: addresses of this
 * machine and of metadata are never reached through a proxy, "*" frees every
 * host, an entry more never takes a host's freedom; a URL that is refused is
 * not repeated.
 *
 * The input: a line with the host, a line with the proxy's URL, the rest is
 * NO_PROXY.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "wire/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool is_free(struct hc_str no_proxy, const struct hc_origin *origin)
{
    const struct hc_proxy_env env = {
        .https_proxy = HC_STR("http://proxy.test:3128"),
        .http_proxy = HC_STR("http://proxy.test:3128"), .no_proxy = no_proxy
    };
    struct hc_str proxy = hc_proxy_for(&env, origin);

    must(proxy.n == 0 || hc_str_eq(proxy, env.https_proxy));
    return proxy.n == 0;
}

static void look(struct hc_str no_proxy, const struct hc_origin *origin)
{
    bool freed = is_free(no_proxy, origin);
    struct hc_buf more;

    must(freed || !hc_origin_is_loopback(origin));
    hc_buf_init(&more, &hc_alloc_libc, (size_t)1 << 20);
    hc_buf_str(&more, no_proxy);
    hc_buf_lit(&more, ",other.test");
    must(!freed || is_free(hc_buf_view(&more), origin));
    hc_buf_lit(&more, ", *");
    must(is_free(hc_buf_view(&more), origin));
    hc_buf_fini(&more);
}

static void look_at_url(struct hc_str url)
{
    struct hc_proxy p;
    struct headcount_error e = { .code = 0 };
    int err = hc_proxy_init(&p, &hc_alloc_libc, "HTTPS_PROXY", url, &e);

    must(err == 0 || (err == HEADCOUNT_ECONFIG && e.what[0] != '\0'));
    if (err < 0)
        return;
    must(p.origin.host[0] != '\0' && p.origin.port != 0);
    for (size_t i = 0; i < p.authorization.n; i++)
        must((unsigned char)p.authorization.p[i] >= ' ');
    must(p.authorization.n == 0 || strstr(p.name, "***") != NULL);
    hc_proxy_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    struct hc_url url;
    struct hc_buf text;

    must(copy != NULL);
    memcpy(copy, data, size);
    struct hc_str rest = hc_str_n(copy, size);
    struct hc_str host = hc_str_cut(&rest, '\n');

    look_at_url(hc_str_cut(&rest, '\n'));
    hc_buf_init(&text, &hc_alloc_libc, 1000);
    hc_buf_lit(&text, "https://");
    hc_buf_str(&text, host);
    if (hc_buf_error(&text) == 0 &&
        hc_url_get(&url, hc_buf_view(&text), NULL) == 0)
        look(rest, &url.origin);
    hc_buf_fini(&text);
    free(copy);
    return 0;
}
