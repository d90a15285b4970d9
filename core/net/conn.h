/* net/conn.h - one established connection: a byte stream, with TLS or not.
 *
 *   HANDSHAKE --> EXCHANGE <--> IDLE --> CLOSED        (its owner knows which)
 *
 * It belongs to a dial, then to the fetch that uses it, then to the pool.
 * Nothing here waits: `0` means "when the watch is ready".
 */
#ifndef HC_NET_CONN_H
#define HC_NET_CONN_H

#include "net/job.h"
#include "net/list.h"
#include "net/outer.h"
#include "net/sock.h"
#include "net/sys.h"
#include "wire/proxy.h"
#include "wire/tls.h"

#ifdef HC_TINY
#define HC_CONN_IN ((size_t)7)
#else
#define HC_CONN_IN ((size_t)16384 + 512)     /* a TLS record and its frame   */
#endif

/* Monotonic us; 0: did not happen. */
struct hc_marks {
    int64_t start, dns_start, dns_end, connect_start, connect_end;
    int64_t tls_start, tls_end, send_start, send_end, first_byte, end;
    int64_t idle;                    /* us that a kept one had been idle     */
    int64_t asked;                   /* the pool, for the newest connection  */
    int64_t waited;                  /* us in its line                       */
    uint64_t connection;             /* its number; 0: none                  */
    bool reused, resumed;
};

/* The marks of a dial, for an exchange that has `start` and `asked`.  Another
 * one may have begun the dial: what was before `asked` is cut off. */
void hc_marks_take(struct hc_marks *to, const struct hc_marks *dial);

struct hc_conn {
    struct hc_watch watch;
    const struct hc_system *sys;
    const struct hc_proxy *proxy;    /* or NULL                              */
    struct hc_outer *outer;          /* TLS to a proxy below it, or NULL     */
    bool tls;
    bool ended;                      /* the peer closed it: a FIN            */
    bool cut;                        /* an RST came without a FIN            */
    bool kept;                       /* was idle in the pool                 */
    bool has_others;                 /* its host had other addresses, too    */
    bool given_up;                   /* its end is an RST                    */
    bool may_await;                  /* hc_sock_may_await                    */
    bool awaited;                    /* in vain since the last send: that is
                                        for poll                             */
    bool has_ahead;                  /* `ahead` is what the next recv of its
                                        socket has brought                   */
    bool dead;                       /* while idle: the kernel has given up
                                        its peer                             */
    size_t in_at, in_n;              /* raw bytes not used yet               */
    size_t in_a_row;                 /* bytes read without a pause           */
    long ahead;
    struct hc_addr addr;             /* of the proxy, if there is one        */
    int64_t born, idle_since;
    uint64_t sent;                   /* bytes that the kernel took           */
    long pid;                        /* of the process that opened it        */
    uint64_t exchanges;              /* that were begun on it                */
    uint64_t number;                 /* in the order in which they opened    */
    uint64_t epoch;                  /* of the pool, when its dial began     */
    uint64_t answers;                /* of the resolver, when its address was
                                        last looked for in them              */
    int64_t left_until;              /* the name has not its address any more,
                                        and it is used until then; 0: it has */
    struct hc_pool_host *host;       /* the pool's, to `idle_all`: it counts
                                        there                                */
    struct hc_job job;               /* closes it when it is idle            */
    struct hc_link idle, idle_all;   /* in the list of its host and of all   */
    struct hc_origin origin;
    struct hc_marks marks;           /* of the dial                          */
    struct hc_tls engine;
    unsigned char in[HC_CONN_IN];
};

/* Takes over a connected fd together with its watch, which then wants READ.
 * NULL without memory (then both are still the caller's). */
struct hc_conn *hc_conn_new(const struct hc_system *sys,
                            struct hc_watch *watch);
/* close_notify once, if TLS is up; closes and frees.  NULL is fine. */
void hc_conn_free(struct hc_conn *c);
/* From now on its end is an RST: an exchange is given up, and what the kernel
 * still has of the request must not be delivered later, when the path is back
 * and the request was reported as lost. */
void hc_conn_give_up(struct hc_conn *c);

/* Begins TLS: before the first handshake step. */
int hc_conn_start_tls(struct hc_conn *c, const struct hc_tls_config *config,
                      struct headcount_error *e);
/* The same for TLS to a proxy, below all other bytes of the connection. */
int hc_conn_start_outer(struct hc_conn *c, const struct hc_tls_config *config,
                        struct headcount_error *e);
/* 1 open, 0 waits, or HEADCOUNT_ETLS, HEADCOUNT_ECERT, HEADCOUNT_ECLOSED,
 * HEADCOUNT_ENOMEM. */
int hc_conn_handshake(struct hc_conn *c, struct headcount_error *e);

/* Sends from the front of `from`: 1 all of it is with the kernel, 0 waits, or
 * HEADCOUNT_ECLOSED (reset, broken pipe), HEADCOUNT_EIO, HEADCOUNT_ETLS.
 * Bytes that fit one TLS record leave as one, in one send. */
int hc_conn_send(struct hc_conn *c, struct hc_str *from,
                 struct headcount_error *e);

enum { CONN_WAIT = 0, CONN_BYTES = 1, CONN_EOF = 2 };
/* BYTES: *in lends plain bytes until hc_conn_used.  EOF: a clean end (of TLS:
 * close_notify).  HEADCOUNT_ECLOSED: reset; HEADCOUNT_ETRUNCATED: TLS
 * without close_notify; HEADCOUNT_ETLS, HEADCOUNT_EIO. */
int hc_conn_recv(struct hc_conn *c, struct hc_str *in,
                 struct headcount_error *e);
void hc_conn_used(struct hc_conn *c, size_t n);
/* After CONN_EOF, which over TLS may be close_notify alone: CONN_EOF if the FIN
 * has come, CONN_WAIT if nothing has; anything else is no clean end.  Sends
 * nothing. */
int hc_conn_fin(struct hc_conn *c);

/* The code of a connection that ended with that negative errno. */
int hc_conn_code(long err);
/* Nothing has come since it became idle, neither bytes nor an end.  Else
 * c->dead may be set. */
bool hc_conn_is_quiet(struct hc_conn *c);
/* "HOST:PORT (ADDRESS)", or "HOST:PORT through the proxy URL": the peer, for an
 * error. */
#define HC_CONN_WHERE (320 + HC_PROXY_NAME)
void hc_conn_where(char out[HC_CONN_WHERE], const struct hc_origin *origin,
                   const struct hc_addr *addr, const struct hc_proxy *proxy);
/* wire/tls begins its sentences with the host alone: puts `where` there. */
void hc_conn_place(struct headcount_error *e, const char *host,
                   const char *where);

#endif
