/* wire/dns_servers.h - what was learned about the DNS servers: which one is
 * silent, so that it is asked last, and which one fails with EDNS.
 *
 * One for all lookups of a handle.  Nothing here makes a lookup fail: it
 * changes an order and a form.  Pure: it is told the time.
 */
#ifndef HC_WIRE_DNS_SERVERS_H
#define HC_WIRE_DNS_SERVERS_H

#include "base/clock.h"
#include "wire/hosts.h"

/* A silent server is last for this long; then one query probes it, beside
 * those to the others. */
#define HC_DNS_SILENT_TIME (30 * HC_SECOND)
/* How long a server that answered only without EDNS is asked without it. */
#define HC_DNS_PLAIN_TIME (3600 * HC_SECOND)

struct hc_dns_learned {              /* all zero: nothing is known           */
    struct hc_dns_server server;
    bool silent;
    int64_t probe_at;                /* of a silent one                      */
    int64_t plain_until;
};

struct hc_dns_servers {              /* all zero: no server                  */
    struct hc_dns_learned of[HC_DNS_SERVERS];
    size_t n;
};

/* These are the servers from now on; what is known about those that were there
 * before stays. */
void hc_dns_servers_set(struct hc_dns_servers *s,
                        const struct hc_resolv_conf *conf);
/* In which order to ask them: numbers in conf.  True: the first one was silent,
 * and is only probed: the second one is to be asked at once, too. */
bool hc_dns_servers_order(struct hc_dns_servers *s,
                          const struct hc_resolv_conf *conf, int64_t now,
                          unsigned char order[HC_DNS_SERVERS]);
void hc_dns_servers_silent(struct hc_dns_servers *s,
                           const struct hc_dns_server *server, int64_t now);
/* It answered, whatever it said.  edns: the query had an OPT; plain: it had
 * none, after one with an OPT had been in vain. */
enum hc_dns_form { DNS_FORM_EDNS, DNS_FORM_PLAIN, DNS_FORM_OTHER };
void hc_dns_servers_answered(struct hc_dns_servers *s,
                             const struct hc_dns_server *server,
                             enum hc_dns_form form, int64_t now);
bool hc_dns_servers_is_plain(const struct hc_dns_servers *s,
                             const struct hc_dns_server *server, int64_t now);

#endif
