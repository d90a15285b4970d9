/* tests/peers/dns_peer.h - DNS messages made by hand, and a server on loopback
 * (UDP and TCP, one port) that a test turns itself.
 *
 * Used by: net/, wire/dns_*_test.c, peers/scene.h and peers/demo_ecs_main.c.
 * Instead of moto: moto speaks no DNS, and a real server sends no broken
 * message.
 */
#ifndef DNS_PEER_H
#define DNS_PEER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/job.h"

struct dns_text { unsigned char p[4096]; size_t n; };

#define DNS_ANSWER 1                     /* sections */
#define DNS_AUTHORITY 2
#define DNS_ADDITIONAL 3

/* The id and the question of `query`, with other flags: 0x8180 is a plain
 * reply, 0x8183 NXDOMAIN, 0x8380 a cut one. */
void dns_reply_to(struct dns_text *m, const void *query, size_t n,
                  unsigned flags);
void dns_put_name(struct dns_text *m, const char *name);
void dns_put16(struct dns_text *m, unsigned v);
void dns_put32(struct dns_text *m, uint32_t v);
/* owner NULL: a pointer to the name of the question. */
void dns_put_record(struct dns_text *m, int section, const char *owner,
                    unsigned type, uint32_t ttl);
void dns_put_data(struct dns_text *m, const void *p, size_t n);
void dns_put_a(struct dns_text *m, const char *owner, uint32_t ttl,
               const char *ip);
void dns_put_aaaa(struct dns_text *m, const char *owner, uint32_t ttl,
                  const char *ip);
void dns_put_cname(struct dns_text *m, const char *owner, uint32_t ttl,
                   const char *target);
void dns_put_soa(struct dns_text *m, const char *owner, uint32_t ttl,
                 uint32_t minimum);

/* An OPT whose upper eight bits of the rcode are these. */
void dns_put_opt(struct dns_text *m, unsigned upper);

struct dns_asked {
    char name[256];
    int type;
    bool tcp, edns;
    struct dns_text query;
};

struct dns_peer {
    /* False: nothing is said. */
    bool (*answer)(struct dns_peer *peer, const struct dns_asked *asked,
                   struct dns_text *reply);
    uint16_t port;
    unsigned udp_n, tcp_n, a_n, aaaa_n;  /* what was asked                   */
    bool hang_up;                        /* TCP: closed after half a reply   */
    int udp, listener, conn;
    struct dns_text in;
    unsigned char from[64];
    unsigned from_n;
};

void dns_peer_open(struct dns_peer *peer);
void dns_peer_close(struct dns_peer *peer);
/* No TCP here from now on. */
void dns_peer_close_tcp(struct dns_peer *peer);
/* To whoever asked last over UDP. */
void dns_peer_send(struct dns_peer *peer, const struct dns_text *m);

/* Answers what has come, for who drives a client of his own. */
void dns_peer_serve(struct dns_peer *peer);

/* Turns peers and jobs until *done is not 0 or all is quiet; the clock of the
 * jobs stands at now. */
void dns_peer_turn(struct dns_peer *peers, size_t n, struct hc_jobs *jobs,
                   int64_t now, const int *done);

#endif
