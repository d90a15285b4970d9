/* wire/dns_servers.c - what was learned about the DNS servers.
 *
 *   good   -> silent                  [hc_dns_servers_silent]
 *   silent -> good                    [hc_dns_servers_answered]
 *   silent -> silent, and probed      [hc_dns_servers_order] every 30 s
 */
#include "wire/dns_servers.h"

/* s->n: resolv.conf has changed, and the server is no longer there. */
static size_t dnssrv_find(const struct hc_dns_servers *s,
                          const struct hc_dns_server *server)
{
    size_t i = 0;

    while (i < s->n && !hc_dns_server_eq(&s->of[i].server, server))
        i++;
    return i;
}

void hc_dns_servers_set(struct hc_dns_servers *s,
                        const struct hc_resolv_conf *conf)
{
    const struct hc_dns_servers before = *s;

    s->n = conf->servers_n;
    for (size_t i = 0; i < s->n; i++) {
        size_t was = dnssrv_find(&before, &conf->servers[i]);

        s->of[i] = was < before.n ? before.of[was] : (struct hc_dns_learned){
            .server = conf->servers[i]
        };
    }
}

enum { SERVER_PROBED, SERVER_GOOD, SERVER_SILENT, SERVER_RANKS };

bool hc_dns_servers_order(struct hc_dns_servers *s,
                          const struct hc_resolv_conf *conf, int64_t now,
                          unsigned char order[HC_DNS_SERVERS])
{
    int ranks[HC_DNS_SERVERS];
    bool probed = false;
    size_t n = 0;

    for (size_t i = 0; i < conf->servers_n; i++) {
        size_t at = dnssrv_find(s, &conf->servers[i]);

        ranks[i] = at < s->n && s->of[at].silent ? SERVER_SILENT : SERVER_GOOD;
        if (ranks[i] == SERVER_GOOD || now < s->of[at].probe_at || probed ||
            conf->servers_n == 1)
            continue;
        ranks[i] = SERVER_PROBED;
        probed = true;
        s->of[at].probe_at = hc_time_add(now, HC_DNS_SILENT_TIME);
    }
    for (int rank = 0; rank < SERVER_RANKS; rank++)
        for (size_t i = 0; i < conf->servers_n; i++)
            if (ranks[i] == rank)
                order[n++] = (unsigned char)i;
    return probed;
}

void hc_dns_servers_silent(struct hc_dns_servers *s,
                           const struct hc_dns_server *server, int64_t now)
{
    size_t i = dnssrv_find(s, server);

    if (i == s->n)
        return;
    s->of[i].silent = true;
    s->of[i].probe_at = hc_time_add(now, HC_DNS_SILENT_TIME);
}

void hc_dns_servers_answered(struct hc_dns_servers *s,
                             const struct hc_dns_server *server,
                             enum hc_dns_form form, int64_t now)
{
    size_t i = dnssrv_find(s, server);

    if (i == s->n)
        return;
    s->of[i].silent = false;
    if (form != DNS_FORM_OTHER)
        s->of[i].plain_until = form == DNS_FORM_PLAIN
                                   ? hc_time_add(now, HC_DNS_PLAIN_TIME) : 0;
}

bool hc_dns_servers_is_plain(const struct hc_dns_servers *s,
                             const struct hc_dns_server *server, int64_t now)
{
    size_t i = dnssrv_find(s, server);

    return i < s->n && now < s->of[i].plain_until;
}
