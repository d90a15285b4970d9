/* net/tunnel.c - CONNECT, and the sentences about a proxy that makes no
 * tunnel.
 *
 * RFC 9110, 9.3.6: any 2xx makes the tunnel, and its first byte follows the
 * head.  The target's server does not speak before our ClientHello, so a byte
 * that came with the head is none of a tunnel's. */
#include "net/tunnel.h"

#include "base/text.h"

#define TUNNEL_REQUEST ((size_t)8192)
#define TUNNEL_SAID 60               /* bytes of a reason that are shown     */

void hc_tunnel_init(struct hc_tunnel *t, const struct hc_alloc *alloc,
                    const struct hc_proxy *proxy,
                    const struct hc_origin *target)
{
    *t = (struct hc_tunnel){ .proxy = proxy, .target = target };
    hc_buf_init_secret(&t->out, alloc, TUNNEL_REQUEST);
    hc_http1_init_connect(&t->http, alloc);
    hc_proxy_put_connect(proxy, &t->out, target);
    t->left = hc_buf_view(&t->out);
}

void hc_tunnel_fini(struct hc_tunnel *t)
{
    hc_http1_fini(&t->http);
    hc_buf_fini(&t->out);
}

static const char *tunnel_where(char out[HC_CONN_WHERE],
                                const struct hc_tunnel *t)
{
    const struct hc_addr none = { .family = 0 };

    hc_conn_where(out, t->target, &none, t->proxy);
    return out;
}

/* ---- what is wrong ---- */

/* "407 Proxy Authentication Required"; "407" of a proxy that knows a secret. */
static struct hc_str tunnel_status(const struct hc_proxy *proxy,
                                   const struct hc_http1 *http)
{
    struct hc_str line = hc_buf_view(&http->head);

    hc_str_cut(&line, ' ');
    line = hc_str_cut(&line, '\r');
    if (hc_proxy_is_secret(proxy))
        line = hc_str_cut(&line, ' ');
    line.n = line.n < TUNNEL_SAID ? line.n : TUNNEL_SAID;
    return hc_str_trim(line);
}

/* The scheme that the proxy asks for, if it asks for Basic nowhere. */
static struct hc_str tunnel_scheme(const struct hc_proxy *proxy,
                                   const struct hc_http1 *http)
{
    struct hc_str name, value, first = { NULL, 0 };

    for (size_t i = 0; hc_http1_nth(http, i, &name, &value); i++) {
        struct hc_str scheme = hc_str_cut(&value, ' ');

        if (!hc_str_eqi(name, HC_STR("proxy-authenticate")))
            continue;
        if (hc_str_eqi(scheme, HC_STR("basic")))
            return (struct hc_str){ NULL, 0 };
        if (first.n == 0)
            first = scheme;
    }
    if (first.n > 0 && hc_proxy_is_secret(proxy) &&
        !hc_str_eqi(first, HC_STR("negotiate")) &&
        !hc_str_eqi(first, HC_STR("ntlm")) &&
        !hc_str_eqi(first, HC_STR("digest")))
        return HC_STR("another scheme");
    first.n = first.n < TUNNEL_SAID ? first.n : TUNNEL_SAID;
    return first;
}

int hc_tunnel_unauthorized(const struct hc_proxy *proxy,
                           const struct hc_origin *target,
                           const struct hc_http1 *http,
                           struct headcount_error *e)
{
    const struct hc_addr none = { .family = 0 };
    char where[HC_CONN_WHERE];
    struct hc_str said = tunnel_status(proxy, http);
    struct hc_str scheme = tunnel_scheme(proxy, http);

    hc_conn_where(where, target, &none, proxy);
    if (scheme.n > 0)
        hc_error_set(e, HEADCOUNT_EPROXY, "%s: it answered %.*s and asks for "
                     "%.*s: headcount has Basic alone", where,
                     HC_STR_ARG(said), HC_STR_ARG(scheme));
    else
        hc_error_set(e, HEADCOUNT_EPROXY, "%s: it answered %.*s: %s %s", where,
                     HC_STR_ARG(said), proxy->authorization.n > 0
                         ? "it does not accept the user and password of"
                         : "put its user and password into", proxy->setting);
    hc_error_permanent(e);
    return HEADCOUNT_EPROXY;
}

/* The next attempt may be answered otherwise. */
static bool tunnel_passes(int status)
{
    return status >= 500 || status == 408 || status == 429;
}

static int tunnel_refused(const struct hc_tunnel *t, struct headcount_error *e)
{
    struct hc_str said = tunnel_status(t->proxy, &t->http);
    int status = t->http.status;
    char where[HC_CONN_WHERE];

    if (status == 407)
        return hc_tunnel_unauthorized(t->proxy, t->target, &t->http, e);
    tunnel_where(where, t);
    hc_error_set(e, HEADCOUNT_EPROXY, "%s: it answered %.*s: %s", where,
                 HC_STR_ARG(said),
                 status >= 500 ? "it does not reach this host"
                 : tunnel_passes(status) ? "it makes no tunnel now"
                 : status == 403 ? "its rules have to allow CONNECT to this "
                                   "host and port"
                                 : "is it a proxy that knows CONNECT?");
    if (!tunnel_passes(status))
        hc_error_permanent(e);
    return HEADCOUNT_EPROXY;
}

static int tunnel_answered(const struct hc_tunnel *t, size_t more,
                           struct headcount_error *e)
{
    char where[HC_CONN_WHERE];

    if (t->http.status / 100 != 2)
        return tunnel_refused(t, e);
    if (more == 0 && t->sent)
        return 1;
    hc_error_set(e, HEADCOUNT_EPROXY, "%s: it sent a page, as a web server "
                 "does, and made no tunnel: check %s", tunnel_where(where, t),
                 t->proxy->setting);
    hc_error_permanent(e);
    return HEADCOUNT_EPROXY;
}

/* The connection broke off: its sentence names the proxy already. */
static int tunnel_lost(const struct headcount_error *why,
                       struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_EPROXY, "%s, before it answered CONNECT",
                        why->what);
}

/* It ended, or it brought what is no answer. */
static int tunnel_broken(const struct hc_tunnel *t,
                         const struct headcount_error *why,
                         struct headcount_error *e)
{
    char where[HC_CONN_WHERE];
    bool quotes = why->code == HEADCOUNT_EPROTOCOL;
    bool lasts = quotes || why->code == HEADCOUNT_ELIMIT;

    if (why->code == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, why);
    hc_error_set(e, HEADCOUNT_EPROXY, "%s: %s%s%s", tunnel_where(where, t),
                 quotes && hc_proxy_is_secret(t->proxy)
                     ? "the answer is no HTTP/1.1 that can be read"
                     : why->what,
                 lasts ? "; check "
                            : why->code == HEADCOUNT_ECLOSED ? " to CONNECT"
                                                             : "",
                 lasts ? t->proxy->setting : "");
    if (lasts)
        hc_error_permanent(e);
    return HEADCOUNT_EPROXY;
}

/* ---- the exchange ---- */

static int tunnel_recv(struct hc_tunnel *t, struct hc_conn *c,
                       struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    struct hc_str in;

    for (;;) {
        int got = hc_conn_recv(c, &in, &why);

        if (got == CONN_WAIT)
            return 0;
        if (got < 0)
            return tunnel_lost(&why, e);
        if (got == CONN_EOF) {
            hc_http1_eof(&t->http, true, &why);
            return tunnel_broken(t, &why, e);
        }
        size_t lent = in.n;

        got = hc_http1_feed(&t->http, &in, &why);
        if (got < 0)
            return tunnel_broken(t, &why, e);
        if (hc_http1_has_head(&t->http))
            got = tunnel_answered(t, in.n, e);
        hc_conn_used(c, lent);
        if (got != 0)
            return got;
    }
}

int hc_tunnel_step(struct hc_tunnel *t, struct hc_conn *c,
                   struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    int sent = 1;

    if (hc_buf_error(&t->out) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a tunnel");
    if (!t->sent)
        sent = hc_conn_send(c, &t->left, &why);
    if (sent < 0)
        return tunnel_lost(&why, e);
    t->sent = sent == 1;
    /* A socket that nobody reads while the proxy refuses or ends would be ready
     * in each round of the owner's loop. */
    return tunnel_recv(t, c, e);
}
