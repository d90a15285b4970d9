/* wire/url.c - the part of RFC 3986 that an endpoint may use. */
#include "wire/url.h"

#include <string.h>

#include "base/text.h"
#include "wire/addr.h"

/* ---- the host ---- */

static bool url_is_label(struct hc_str label)
{
    if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
        label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = hc_lower(label.p[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '_'))
            return false;
    }
    return true;
}

/* A name whose last label is a number is refused: some programs would read
 * it as an IPv4 address. */
static bool url_is_name(struct hc_str host)
{
    struct hc_str label = { NULL, 0 };
    uint64_t number;

    if (host.n > HC_HOST_MAX || host.p[host.n - 1] == '.')
        return false;
    while (host.n > 0) {
        label = hc_str_cut(&host, '.');
        if (!url_is_label(label))
            return false;
    }
    return !hc_str_u64(label, &number);
}

static const char *url_get_host(struct hc_origin *o, struct hc_str host)
{
    struct hc_addr addr;
    bool bracketed = host.n > 1 && host.p[0] == '[' &&
                     host.p[host.n - 1] == ']';

    if (bracketed) {
        host = hc_str_n(host.p + 1, host.n - 2);
        if (!hc_addr_get(&addr, host) || addr.family != 6)
            return "what stands in brackets is no IPv6 address";
        hc_addr_put(o->host, &addr);
        return NULL;
    }
    if (host.n > 1 && host.p[host.n - 1] == '.') {
        host.n--;
        o->absolute = hc_str_find(host, '.') == host.n;
    }
    if (host.n == 0)
        return "it has no host";
    if (!(hc_addr_get(&addr, host) && addr.family == 4) && !url_is_name(host))
        return "its host is neither a DNS name nor an address";
    for (size_t i = 0; i < host.n; i++)
        o->host[i] = hc_lower(host.p[i]);
    o->host[host.n] = '\0';
    return NULL;
}

/* ---- the authority ---- */

/* "host:port" -> host, and the port where one is said. */
static const char *url_take_port(struct hc_str *host, uint16_t *port)
{
    size_t at = host->n;
    uint64_t said;

    while (at > 0 && host->p[at - 1] != ':' && host->p[at - 1] != ']')
        at--;
    if (at == 0 || host->p[at - 1] == ']')
        return NULL;
    if (!hc_str_u64(hc_str_from(*host, at), &said) || said == 0 ||
        said > 65535)
        return "its port is none of 1 to 65535";
    host->n = at - 1;
    *port = (uint16_t)said;
    return NULL;
}

static const char *url_get_authority(struct hc_origin *o, struct hc_str s)
{
    if (hc_str_find(s, '@') < s.n)
        return "user and password do not belong there";
    o->port = o->tls ? 443 : 80;
    const char *why = url_take_port(&s, &o->port);

    return why != NULL ? why : url_get_host(o, s);
}

static bool url_take_scheme(struct hc_origin *o, struct hc_str *rest)
{
    size_t colon = hc_str_find(*rest, ':');
    struct hc_str scheme = hc_str_n(rest->p, colon);

    o->tls = hc_str_eqi(scheme, HC_STR("https"));
    if (!o->tls && !hc_str_eqi(scheme, HC_STR("http")))
        return false;
    *rest = hc_str_from(*rest, colon);
    if (!hc_str_starts(*rest, HC_STR("://")))
        return false;
    *rest = hc_str_from(*rest, 3);
    return true;
}

static bool url_is_printable(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

const char *hc_url_wrong(struct hc_url *out, struct hc_str text)
{
    struct hc_url url = { .path = { "", 0 } };
    struct hc_str rest = text;

    if (text.n == 0 || !url_is_printable(text))
        return "it is empty, or holds a blank or what is no printable ASCII";
    if (!url_take_scheme(&url.origin, &rest))
        return "it does not begin with https:// or http://";
    if (hc_str_find(rest, '#') < rest.n)
        return "it has a fragment (#)";
    size_t end = 0;

    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
        end++;
    const char *why = url_get_authority(&url.origin, hc_str_n(rest.p, end));

    if (why != NULL)
        return why;
    rest = hc_str_from(rest, end);
    url.path = hc_str_cut(&rest, '?');
    url.query = rest;
    *out = url;
    return NULL;
}

int hc_url_get(struct hc_url *out, struct hc_str text,
               struct headcount_error *e)
{
    const char *why = hc_url_wrong(out, text);
    size_t at = text.n;

    if (why == NULL)
        return 0;
    /* The text before an '@' may be a password, and a query may have a token,
     * so the message leaves them out. */
    while (at > 0 && text.p[at - 1] != '@')
        at--;
    struct hc_str rest = hc_str_from(text, at);
    struct hc_str shown = hc_str_cut(&rest, '#');

    shown.n = hc_str_find(shown, '?');
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "\"%s%.*s\" is no URL of an endpoint: %s",
                        at > 0 ? "***@" : "", HC_STR_ARG(shown), why);
}

/* ---- origins ---- */

bool hc_origin_eq(const struct hc_origin *a, const struct hc_origin *b)
{
    return a->tls == b->tls && a->port == b->port &&
           a->absolute == b->absolute &&
           strcmp(a->host, b->host) == 0;
}

struct hc_str hc_origin_name(char out[HC_ORIGIN_NAME],
                             const struct hc_origin *o)
{
    return hc_str_n(out, hc_fmt(out, HC_ORIGIN_NAME, "%s%s", o->host,
                                o->absolute ? "." : ""));
}

void hc_origin_host_header(struct hc_buf *out, const struct hc_origin *o)
{
    struct hc_str host = hc_str(o->host);
    bool v6 = hc_str_find(host, ':') < host.n;

    if (v6)
        hc_buf_chr(out, '[');
    hc_buf_str(out, host);
    if (v6)
        hc_buf_chr(out, ']');
    if (o->port != (o->tls ? 443 : 80)) {
        hc_buf_chr(out, ':');
        hc_buf_u64(out, o->port);
    }
}

bool hc_origin_is_loopback(const struct hc_origin *o)
{
    struct hc_str host = hc_str(o->host);
    struct hc_addr addr;

    if (hc_addr_get(&addr, host))
        return hc_addr_is_loopback(&addr);
    return hc_str_eqz(host, "localhost") ||
           hc_str_ends(host, HC_STR(".localhost"));
}
