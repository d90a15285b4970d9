/* wire/hosts.h - the texts of /etc/hosts and /etc/resolv.conf. */
#ifndef HC_WIRE_HOSTS_H
#define HC_WIRE_HOSTS_H

#include "base/buf.h"
#include "wire/addr.h"

/* A larger file counts as absent, and net/dns_files warns of it. */
#define HC_HOSTS_MAX ((size_t)16 << 20)
#define HC_RESOLV_CONF_MAX ((size_t)64 << 10)

/* Every address that the text of a hosts file gives the name, in the order of
 * the lines; lines that make no sense are passed over.  False: the name is not
 * there.  Case does not count. */
bool hc_hosts_find(struct hc_str text, struct hc_str name,
                   struct hc_addrs *out);
/* Appends the addresses of one name as lines of a hosts file; a name without
 * addresses gets a line without one. */
void hc_hosts_note(struct hc_buf *to, struct hc_str name,
                   const struct hc_addrs *addrs);
/* A line has the name, with an address or without. */
bool hc_hosts_has(struct hc_str text, struct hc_str name);

#define HC_ZONE 16                   /* of an interface's name, with the NUL */
struct hc_dns_server {
    struct hc_addr addr;             /* its scope is the zone's number       */
    uint16_t port;
    char zone[HC_ZONE];              /* "eth0" of "fe80::1%eth0"; "": none   */
};

/* "IP", "IP:port", "[IPv6]:port" or "[IPv6]", an IPv6 perhaps with "%zone";
 * false if it is none.  The scope is 0: only the kernel knows it. */
bool hc_dns_server_get(struct hc_dns_server *out, struct hc_str text);
#define HC_DNS_SERVER_TEXT 70        /* "[IPv6%zone]:port" with the NUL      */
void hc_dns_server_put(char out[HC_DNS_SERVER_TEXT],
                       const struct hc_dns_server *server);
bool hc_dns_server_eq(const struct hc_dns_server *a,
                      const struct hc_dns_server *b);

#define HC_DNS_SERVERS 3
#define HC_DNS_SEARCH 512
#define HC_DNS_DROPPED 4
struct hc_resolv_conf {
    struct hc_dns_server servers[HC_DNS_SERVERS];
    size_t servers_n;
    unsigned timeout;                /* s, of one try; 0: not set            */
    unsigned attempts;               /* with each server                     */
    unsigned ndots;
    char search[HC_DNS_SEARCH];      /* domains, a blank after each          */
    /* Lines that are not used, the first of them, and why. */
    struct { unsigned line; const char *why; } dropped[HC_DNS_DROPPED];
    size_t dropped_n;
};

/* The defaults of a file that sets nothing: no servers, 2 tries, 1 dot. */
void hc_resolv_conf_init(struct hc_resolv_conf *conf);
/* Lines "nameserver IP[%zone]" (the first three count), "search" and "domain"
 * (the last of them counts), "options timeout:N attempts:N ndots:N"; without a
 * server it is 127.0.0.1 (resolv.conf(5)). */
void hc_resolv_conf_get(struct hc_resolv_conf *conf, struct hc_str text);
/* The variables LOCALDOMAIN and RES_OPTIONS, each empty if it is not set: they
 * win over the file. */
void hc_resolv_conf_env(struct hc_resolv_conf *conf, struct hc_str localdomain,
                        struct hc_str res_options);

#endif
