/* wire/proxy.c - *_proxy and no_proxy as curl and the AWS SDKs read them. */
#include "wire/proxy.h"

/* "host:port" -> host; false if the port is another one. */
static bool proxy_take_port(struct hc_str *item, uint16_t port)
{
    size_t colon = hc_str_find(*item, ':');
    uint64_t said;

    if (colon == item->n ||
        hc_str_find(hc_str_from(*item, colon + 1), ':') + colon + 1 < item->n)
        return true;                 /* none, or an IPv6 address */
    if (!hc_str_u64(hc_str_from(*item, colon + 1), &said) || said != port)
        return false;
    item->n = colon;
    return true;
}

static bool proxy_matches(struct hc_str item, const struct hc_origin *origin)
{
    struct hc_str host = hc_str(origin->host);

    if (hc_str_eqz(item, "*"))
        return true;
    if (!proxy_take_port(&item, origin->port))
        return false;
    if (item.n > 0 && item.p[0] == '.')
        item = hc_str_from(item, 1);
    if (item.n == 0 || item.n > host.n)
        return false;
    if (item.n == host.n)
        return hc_str_eqi(item, host);
    return host.p[host.n - item.n - 1] == '.' &&
           hc_str_eqi(item, hc_str_from(host, host.n - item.n));
}

struct hc_str hc_proxy_for(const struct hc_proxy_env *env,
                           const struct hc_origin *origin)
{
    const struct hc_str none = { NULL, 0 };
    struct hc_str list = env->no_proxy;

    if (hc_origin_is_loopback(origin))
        return none;
    while (list.n > 0)
        if (proxy_matches(hc_str_trim(hc_str_cut(&list, ',')), origin))
            return none;
    return origin->tls ? env->https_proxy : env->http_proxy;
}
