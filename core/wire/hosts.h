/* wire/hosts.h - the texts of /etc/hosts and /etc/resolv.conf. */
#ifndef HC_WIRE_HOSTS_H
#define HC_WIRE_HOSTS_H

#include "base/buf.h"
#include "wire/addr.h"

/* A larger file counts as absent. */
#define HC_HOSTS_MAX ((size_t)1 << 20)
#define HC_RESOLV_CONF_MAX ((size_t)64 << 10)

/* The text as it was read; lines that make no sense are passed over when a
 * name is sought. */
struct hc_hosts { struct hc_buf text; };

/* Every address of the name, in the order of the lines; false: it is not
 * there.  Case does not count. */
bool hc_hosts_find(const struct hc_hosts *h, struct hc_str name,
                   struct hc_addrs *out);

struct hc_dns_server { struct hc_addr addr; uint16_t port; };

/* "IP", "IP:port", "[IPv6]:port" or "[IPv6]"; false if it is none. */
bool hc_dns_server_get(struct hc_dns_server *out, struct hc_str text);
#define HC_DNS_SERVER_TEXT 54        /* "[IPv6]:port" with the NUL           */
void hc_dns_server_put(char out[HC_DNS_SERVER_TEXT],
                       const struct hc_dns_server *server);

#define HC_DNS_SERVERS 3
struct hc_resolv_conf {
    struct hc_dns_server servers[HC_DNS_SERVERS];
    size_t servers_n;
    unsigned timeout;                /* s, of one try                        */
    unsigned attempts;               /* with each server                     */
};

/* The defaults of a file that sets nothing: no servers, 2 s, 2 tries. */
void hc_resolv_conf_init(struct hc_resolv_conf *conf);
/* Lines "nameserver IP" (the first three count) and "options timeout:N
 * attempts:N"; without a server it is 127.0.0.1 (resolv.conf(5)). */
void hc_resolv_conf_get(struct hc_resolv_conf *conf, struct hc_str text);

#endif
