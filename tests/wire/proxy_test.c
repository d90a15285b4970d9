/* wire/proxy - *_proxy and no_proxy. */
#include "wire/proxy.h"

#include <string.h>

#include "t.h"

static struct hc_origin origin_of(const char *url)
{
    struct hc_url u;

    CHECK_INT(hc_url_get(&u, hc_str(url), NULL), 0);
    return u.origin;
}

TEST(proxy, no_proxy_names_hosts_suffixes_and_ports)
{
    static const struct { const char *url, *no_proxy; bool proxied; } rows[] = {
        { "https://ecs.aws.com", "", true },
        { "https://ecs.aws.com", "*", false },
        { "https://ecs.aws.com", "ecs.aws.com", false },
        { "https://ecs.aws.com", "ECS.AWS.COM", false },
        { "https://ecs.aws.com", "aws.com", false },
        { "https://ecs.aws.com", ".aws.com", false },
        { "https://ecs.aws.com", "ws.com", true },
        { "https://ecs.aws.com", "x.ecs.aws.com", true },
        { "https://ecs.aws.com", " a.b , aws.com ", false },
        { "https://ecs.aws.com", "aws.com:443", false },
        { "https://ecs.aws.com", "aws.com:444", true },
        { "https://ecs.aws.com", ",,.,", true },
        { "https://[2001:db8::1]", "2001:db8::1", false },
        { "https://127.0.0.1:8443", "", false },
        { "http://localhost", "", false },
        { "http://a.localhost", "", false },
        { "https://[::1]:1", "", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hc_origin o = origin_of(rows[i].url);
        const struct hc_proxy_env env = {
            .https_proxy = HC_STR("http://proxy:3128"),
            .http_proxy = HC_STR("http://proxy:3129"),
            .no_proxy = hc_str(rows[i].no_proxy),
        };

        if ((hc_proxy_for(&env, &o).n > 0) != rows[i].proxied)
            fail_msg("%s with no_proxy=%s", rows[i].url, rows[i].no_proxy);
    }
}

TEST(proxy, each_scheme_has_its_own)
{
    const struct hc_proxy_env env = { .https_proxy = HC_STR("http://s"),
                                      .http_proxy = HC_STR("http://p") };
    const struct hc_proxy_env none = { .no_proxy = HC_STR("x") };
    const struct hc_origin plain = origin_of("http://a.b");
    const struct hc_origin tls = origin_of("https://a.b");

    CHECK_STR(hc_proxy_for(&env, &plain), "http://p");
    CHECK_STR(hc_proxy_for(&env, &tls), "http://s");
    CHECK_INT(hc_proxy_for(&none, &tls).n, 0);
}
