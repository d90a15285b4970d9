/* peers/net_peer.h - a TCP server on loopback inside the test's own thread,
 * and a net whose clock stands still until the test moves it.
 *
 * Used by: net/ and peers/aws_peer.h.
 * Instead of moto: moto speaks HTTP; these tests need single bytes, closes and
 * handshakes at a chosen time.
 */
#ifndef PEERS_NET_PEER_H
#define PEERS_NET_PEER_H

#include "net/net.h"
#include "peers/tls_server.h"
#include "t.h"

#define NET_PEER_CONNS 16
#define NET_PEER_GOT 65536

struct net_peer_conn {
    int fd;                              /* -1: closed by us                 */
    char got[NET_PEER_GOT];              /* decrypted                        */
    size_t got_n;
    bool ended;                          /* the client closed it             */
    bool clean;                          /* with close_notify                */
    struct tls_server *tls;
    unsigned flights;                    /* reads that brought bytes         */
};

struct net_peer {
    int listener;
    uint16_t port;
    struct net_peer_conn *conns;         /* NET_PEER_CONNS                   */
    size_t n;                            /* accepted so far                  */
    const char *certificate;             /* NULL: no TLS                     */
    br_ssl_session_cache_lru cache;      /* shared by its connections        */
    unsigned char cache_store[4096];
    size_t handshakes;
};

struct net_world {
    struct hc_net net;
    struct hc_system sys;
    int64_t now, wall;
    const char *hosts;                   /* /etc/hosts                       */
    const char *resolv_conf;
    const char *const *files;            /* PATH, TEXT, ..., NULL: all there
                                            are; NULL: those of this host    */
    const char *const *env;              /* NAME=VALUE..., NULL              */
    bool no_random;
    struct net_peer peer;
    struct hc_anchors anchors;           /* of the certificates' CA          */
};

/* certificate: NULL, or a case of tests/peers/certs.sh. */
void net_world_open(struct net_world *w, const struct hc_net_config *config,
                    const char *certificate);
/* Closes both; everything asked of the net must have been ended. */
void net_world_close(struct net_world *w);
/* The server does what it can, then the client, once. */
void net_world_round(struct net_world *w);
/* Rounds until *flag, or the test fails. */
void net_world_until(struct net_world *w, const bool *flag);
/* Enough rounds for all that can happen without the clock. */
void net_world_settle(struct net_world *w);
/* Moves the clock. */
void net_world_pass(struct net_world *w, int64_t us);

struct hc_origin net_world_origin(const struct net_world *w);
/* Opens `n` more connections to `origin`, which is the peer by one of its
 * names, and leaves all of them idle in the pool. */
void net_world_keep(struct net_world *w, const struct hc_origin *origin,
                    size_t n);

/* The server alone, for who drives a client of his own. */
void net_peer_open(struct net_peer *p, const char *certificate);
void net_peer_pump(struct net_peer *p);
void net_peer_close(struct net_peer *p);

void net_peer_say(struct net_peer *p, size_t conn, const char *text);
void net_peer_say_n(struct net_peer *p, size_t conn, const void *bytes,
                    size_t n);
/* FIN; of TLS without close_notify. */
void net_peer_hang_up(struct net_peer *p, size_t conn);
void net_peer_say_goodbye(struct net_peer *p, size_t conn);  /* close_notify */
void net_peer_reset(struct net_peer *p, size_t conn);        /* RST          */
/* A socket whose error is ETIMEDOUT, as if the kernel had given up its peer.
 * Its SYN has no answer, because the queue of a listener is full, and the
 * kernel looks at the limit after a second, when the first repetition is
 * due. */
int net_peer_dead_socket(void);
/* No more connections: the port refuses. */
void net_peer_refuse(struct net_peer *p);

#endif
