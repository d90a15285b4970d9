/* wire/proxy.c - *_proxy and no_proxy, and what a proxy is sent.
 *
 * no_proxy is the union of what curl, botocore and Go understand: an item that
 * one of them takes for this host is taken, one that all of them pass over
 * (a*, ..a.com, https://a.com, 10.1) is passed over. */
#include "wire/proxy.h"

#include <string.h>

#include "base/text.h"
#include "wire/addr.h"

#define PROXY_SECRET 4096                /* of "Basic ..."                   */

/* ---- no_proxy ---- */

/* "host:port" -> host; false if the port is another one. */
static bool proxy_take_port(struct hc_str *item, uint16_t port)
{
    size_t at = item->n;
    uint64_t said;

    while (at > 0 && item->p[at - 1] != ':' && item->p[at - 1] != ']')
        at--;
    if (at == 0 || item->p[at - 1] == ']' ||
        (item->p[0] != '[' && hc_str_find(*item, ':') != at - 1))
        return true;                 /* none, or an IPv6 address */
    if (!hc_str_u64(hc_str_from(*item, at), &said) || said != port)
        return false;
    item->n = at - 1;
    return true;
}

static bool proxy_get_addr(struct hc_addr *addr, struct hc_str s)
{
    if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = hc_str_n(s.p + 1, s.n - 2);
    return hc_addr_get(addr, s);
}

static bool proxy_is_in(const struct hc_addr *addr, struct hc_addr net,
                        uint64_t bits)
{
    uint64_t left = bits;

    if (net.family != addr->family || bits > (net.family == 4 ? 32 : 128))
        return false;
    for (size_t i = 0; left > 0; i++) {
        unsigned n = left < 8 ? (unsigned)left : 8;

        if ((net.ip[i] ^ addr->ip[i]) >> (8 - n) != 0)
            return false;
        left -= n;
    }
    return true;
}

/* "10.1.0.0/16" */
static bool proxy_is_network(struct hc_str item, const struct hc_addr *addr)
{
    struct hc_str net = hc_str_cut(&item, '/');
    struct hc_addr of;
    uint64_t bits;

    return hc_addr_get(&of, net) && hc_str_u64(item, &bits) &&
           proxy_is_in(addr, of, bits);
}

static bool proxy_is_name(struct hc_str item, struct hc_str host)
{
    bool below = hc_str_starts(item, HC_STR("*."));

    if (below)
        item = hc_str_from(item, 1);
    if (hc_str_starts(item, HC_STR(".")))
        item = hc_str_from(item, 1);
    if (hc_str_ends(item, HC_STR(".")))
        item.n--;
    if (item.n == 0 || item.n > host.n)
        return false;
    if (item.n == host.n)
        return !below && hc_str_eqi(item, host);
    return host.p[host.n - item.n - 1] == '.' &&
           hc_str_eqi(item, hc_str_from(host, host.n - item.n));
}

static bool proxy_matches(struct hc_str item, const struct hc_origin *origin)
{
    struct hc_addr addr, other;
    bool is_addr = hc_addr_get(&addr, hc_str(origin->host));

    if (hc_str_eqz(item, "*"))
        return true;
    if (is_addr && hc_str_find(item, '/') < item.n)
        return proxy_is_network(item, &addr);
    if (!proxy_take_port(&item, origin->port))
        return false;
    if (is_addr)
        return proxy_get_addr(&other, item) && hc_addr_eq(&other, &addr);
    return proxy_is_name(item, hc_str(origin->host));
}

/* fd00:ec2::/32, 169.254.0.0/16 and fe80::/10: the metadata of EC2 and of
 * containers, and link-local hosts, which no proxy reaches. */
static bool proxy_is_local(const struct hc_origin *origin)
{
    struct hc_addr addr;

    return hc_origin_is_loopback(origin) ||
           (hc_addr_get(&addr, hc_str(origin->host)) &&
            (proxy_is_network(HC_STR("169.254.0.0/16"), &addr) ||
             proxy_is_network(HC_STR("fe80::/10"), &addr) ||
             proxy_is_network(HC_STR("fd00:ec2::/32"), &addr)));
}

struct hc_str hc_proxy_for(const struct hc_proxy_env *env,
                           const struct hc_origin *origin)
{
    const struct hc_str none = { NULL, 0 };
    struct hc_str list = env->no_proxy;

    if (proxy_is_local(origin) ||
        (env->runtime_api.n > 0 && proxy_matches(env->runtime_api, origin)))
        return none;
    while (list.n > 0) {
        size_t n = 0;

        while (n < list.n && list.p[n] != ',' && list.p[n] != ' ' &&
               list.p[n] != '\t')
            n++;
        if (n > 0 && proxy_matches(hc_str_n(list.p, n), origin))
            return none;
        list = hc_str_from(list, n < list.n ? n + 1 : n);
    }
    return origin->tls ? env->https_proxy : env->http_proxy;
}

/* ---- a proxy's URL ---- */

static void proxy_put_base64(struct hc_buf *out, struct hc_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < s.n; i += 3) {
        size_t n = s.n - i < 3 ? s.n - i : 3;
        uint32_t v = 0;

        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            hc_buf_chr(out, k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
    }
}

static const char *proxy_authorize(struct hc_proxy *p, struct hc_str user)
{
    struct hc_buf plain;
    bool has_password = hc_str_find(user, ':') < user.n;
    const char *why = NULL;

    hc_buf_init_secret(&plain, p->authorization.alloc, PROXY_SECRET / 2);
    int err = hc_text_unpercent(&plain, user);

    if (!has_password)
        hc_buf_chr(&plain, ':');
    if (err == HEADCOUNT_ESYNTAX)
        why = "a % in its user or password has to be %25";
    hc_buf_lit(&p->authorization, "Basic ");
    proxy_put_base64(&p->authorization, hc_buf_view(&plain));
    if (hc_buf_error(&plain) < 0)
        p->authorization.err = hc_buf_error(&plain);
    hc_buf_fini(&plain);
    return why;
}

/* The scheme off the front of *url; NULL, or what is wrong. */
static const char *proxy_take_scheme(struct hc_str *url, bool *tls)
{
    size_t n = 0;

    while (n + 2 < url->n && memcmp(url->p + n, "://", 3) != 0 &&
           url->p[n] != '@' && url->p[n] != '/')
        n++;
    struct hc_str scheme = hc_str_n(url->p, n);

    *tls = false;
    if (hc_str_starts(*url, HC_STR("//"))) {
        *url = hc_str_from(*url, 2);
        return NULL;
    }
    if (!hc_str_starts(hc_str_from(*url, n), HC_STR("://")))
        return NULL;
    *url = hc_str_from(*url, n + 3);
    *tls = hc_str_eqi(scheme, HC_STR("https"));
    if (*tls || hc_str_eqi(scheme, HC_STR("http")))
        return NULL;
    return scheme.n >= 5 && hc_str_eqi(hc_str_n(scheme.p, 5), HC_STR("socks"))
               ? "SOCKS proxies are not supported: it takes an http:// or "
                 "https:// proxy"
               : "its scheme is neither http nor https";
}

/* "host:port" by the rules of other URLs. */
static const char *proxy_get_origin(struct hc_proxy *p, struct hc_str host,
                                    bool tls)
{
    char text[HC_HOST_MAX + 32];
    struct hc_url url;

    if (host.n > HC_HOST_MAX + 16)
        return "its host is too long";
    hc_fmt(text, sizeof text, "%s%.*s", tls ? "https://" : "http://",
           HC_STR_ARG(host));
    const char *why = hc_url_wrong(&url, hc_str(text));

    p->origin = url.origin;
    return why;
}

static const char *proxy_get(struct hc_proxy *p, struct hc_str url)
{
    struct hc_str user = { NULL, 0 };
    size_t at, end = 0;
    bool tls;
    const char *why = proxy_take_scheme(&url, &tls);

    if (why != NULL)
        return why;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?' &&
           url.p[end] != '#')
        end++;
    if (hc_str_find(hc_str_from(url, end), '@') < url.n - end)
        return "a / in its user or password has to be %2F, a ? %3F, a # %23";
    url.n = at = end;
    while (at > 0 && url.p[at - 1] != '@')
        at--;
    if (at > 0)
        user = hc_str_n(url.p, at - 1);
    why = proxy_get_origin(p, hc_str_from(url, at), tls);
    if (why == NULL && at > 0)
        why = proxy_authorize(p, user);
    return why;
}

static void proxy_name(struct hc_proxy *p)
{
    bool v6 = hc_str_find(hc_str(p->origin.host), ':') <
              hc_str(p->origin.host).n;

    hc_fmt(p->name, sizeof p->name, "http%s://%s%s%s%s:%u",
           p->origin.tls ? "s" : "", p->authorization.n > 0 ? "***@" : "",
           v6 ? "[" : "", p->origin.host, v6 ? "]" : "",
           (unsigned)p->origin.port);
}

int hc_proxy_init(struct hc_proxy *p, const struct hc_alloc *alloc,
                  const char *setting, struct hc_str url,
                  struct headcount_error *e)
{
    *p = (struct hc_proxy){ .anchors = NULL };
    hc_buf_init_secret(&p->authorization, alloc, PROXY_SECRET);
    hc_fmt(p->setting, sizeof p->setting, "%s", setting);
    const char *why = proxy_get(p, hc_str_trim(url));
    int err = hc_buf_error(&p->authorization);

    if (err == HEADCOUNT_ELIMIT)
        why = "its user and password are too long";
    if (why == NULL && err == 0) {
        proxy_name(p);
        return 0;
    }
    hc_proxy_fini(p);
    return why == NULL
               ? hc_error_set(e, err, "out of memory for a proxy")
               : hc_error_set(e, HEADCOUNT_ECONFIG,
                              "%s is no URL of a proxy "
                              "(http://USER:PASSWORD@HOST:PORT): %s",
                              setting, why);
}

void hc_proxy_fini(struct hc_proxy *p)
{
    hc_buf_fini(&p->authorization);
    *p = (struct hc_proxy){ .anchors = NULL };
}

bool hc_proxy_is_secret(const struct hc_proxy *p)
{
    return p != NULL && p->authorization.n > 0;
}

/* ---- what is sent ---- */

static void proxy_put_credentials(const struct hc_proxy *p, struct hc_buf *out)
{
    if (p->authorization.n == 0)
        return;
    hc_buf_lit(out, "Proxy-Authorization: ");
    hc_buf_str(out, hc_buf_view(&p->authorization));
    hc_buf_lit(out, "\r\n");
}

/* "host:port", where the port is always said (RFC 9110, 9.3.6). */
static void proxy_put_authority(struct hc_buf *out, const struct hc_origin *o)
{
    bool standard = o->port == (o->tls ? 443 : 80);

    hc_origin_host_header(out, o);
    if (standard) {
        hc_buf_chr(out, ':');
        hc_buf_u64(out, o->port);
    }
}

void hc_proxy_put_connect(const struct hc_proxy *p, struct hc_buf *out,
                          const struct hc_origin *target)
{
    hc_buf_lit(out, "CONNECT ");
    proxy_put_authority(out, target);
    hc_buf_lit(out, " HTTP/1.1\r\nHost: ");
    proxy_put_authority(out, target);
    hc_buf_lit(out, "\r\nUser-Agent: headcount/" HEADCOUNT_VERSION "\r\n");
    proxy_put_credentials(p, out);
    hc_buf_lit(out, "\r\n");
}

/* `text` goes into `to` at `at`. */
static void proxy_insert(struct hc_buf *to, size_t at, struct hc_str text)
{
    char *room = hc_buf_room(to, text.n);

    if (room == NULL || text.n == 0)
        return;
    memmove(to->p + at + text.n, to->p + at, to->n - at);
    memcpy(to->p + at, text.p, text.n);
    hc_buf_added(to, text.n);
}

void hc_proxy_put_absolute(const struct hc_proxy *p, struct hc_buf *request,
                           const struct hc_origin *target)
{
    struct hc_str all = hc_buf_view(request);
    size_t path = hc_str_find(all, ' '), line = hc_str_find(all, '\n');
    struct hc_buf more;

    if (hc_buf_error(request) < 0 || path >= line || line >= all.n)
        return;
    hc_buf_init_secret(&more, request->alloc, PROXY_SECRET + 64);
    proxy_put_credentials(p, &more);
    proxy_insert(request, line + 1, hc_buf_view(&more));
    int err = hc_buf_error(&more);

    hc_buf_reset(&more);
    hc_buf_lit(&more, "http://");
    hc_origin_host_header(&more, target);
    proxy_insert(request, path + 1, hc_buf_view(&more));
    if (err == 0)
        err = hc_buf_error(&more);
    if (err < 0)                     /* half a request is never sent */
        request->err = err;
    hc_buf_fini(&more);
}
