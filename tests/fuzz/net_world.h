/* tests/fuzz/net_world.h - the world of net_fuzz.c: sockets of memory, peers
 * that a script moves, and a clock that stands still until the script moves it.
 *
 *   net_fuzz.c   the script, and what has to be true after each of its lines
 *   net_sock.c   net/sock.h and net/sys.h on this world, instead of a kernel
 *   net_peers.c  the other side of the sockets: DNS, HTTP, their programs
 */
#ifndef FUZZ_NET_WORLD_H
#define FUZZ_NET_WORLD_H

#include "base/clock.h"
#include "headcount.h"
#include "wire/addr.h"

#define NET_SOCKS 200
#define NET_OPS 48

/* The bytes of one direction. */
struct net_bytes {
    char *p;
    size_t n, cap;
};

enum net_state { NET_CONNECTING, NET_UP, NET_GONE };

struct net_sock {
    bool open;                       /* the client has it                    */
    bool udp;
    struct hc_addr addr;
    uint16_t port;
    enum net_state state;
    bool was_up;                     /* and the client knows                 */
    int error;                       /* SO_ERROR                             */
    bool hole;                       /* no packet passes any more            */

    struct net_bytes out;            /* from the client                      */
    size_t room;                     /* that its kernel takes ahead          */
    size_t arrived, read;            /* at the peer's kernel, program        */
    size_t acked;                    /* as the client's kernel knows         */

    struct net_bytes in;             /* from the peer; of UDP each datagram
                                        begins with its length               */
    size_t here, taken;              /* at the client's kernel, program      */
    size_t in_ack, fin_ack;          /* that the peer's last bytes and its
                                        FIN tell                             */
    bool fin, fin_here;
    bool closed;                     /* the peer's program is gone           */

    bool tunnel;                     /* TLS follows CONNECT                  */
    size_t begin;                    /* of the request that is being sent    */
    bool begun;
    size_t parsed;                   /* of `out` by the peer's program       */
    bool asked;                      /* it owes an answer to this op         */
    size_t op;
    bool reusable;
    size_t answer_end;
};

enum net_kind { NET_READ, NET_WRITE, NET_WRITE_SAFE, NET_WRITE_BIG, NET_GET,
                NET_POST, NET_POST_SAFE, NET_POLL, NET_KINDS };

struct net_op {
    headcount_op *op;                /* NULL: freed                          */
    enum net_kind kind;
    size_t id;
    int64_t until;                   /* it has ended then                    */
    bool cancelled, ended;
    bool unsent;                     /* its error says that it was not sent  */
    unsigned whole;                  /* times that a program read all of it  */
    unsigned oks;                    /* good answers that were written       */
    size_t sock, end;                /* of the answer to the last one        */
    bool refused;                    /* that answer was a clear no           */
};

struct net_world {
    headcount *h;
    bool traced;
    int64_t now, tick;
    bool ipv6, silent_kernel;        /* a route; no TCP_INFO                 */
    const char *proxy;
    int64_t rtt;
    uint32_t random;

    struct net_sock socks[NET_SOCKS];
    size_t socks_n, open_n;
    int shortage;                    /* sockets that fail from now on        */
    int shortage_errno;
    size_t memory, fails_in;         /* bytes lent; 0: none fails            */
    bool failed;                     /* an allocation did                    */

    struct net_op ops[NET_OPS];
    size_t ops_n;

    uint64_t moves;                  /* anything that the client achieved    */
    uint64_t opened, datagrams, begun, again;
};

/* The one that the fake kernel serves. */
extern struct net_world *net_world;

/* Says what is false, and aborts. */
void net_must(bool ok, const char *claim);

void net_bytes_put(struct net_bytes *to, const void *p, size_t n);
bool net_is_dns(const struct net_sock *s);
bool net_is_tls(const struct net_sock *s);
/* What poll says of it, as POLLIN and the like. */
short net_poll(const struct net_sock *s, short events);

/* ---- packets: each does nothing where it cannot happen ---- */

void net_connect(struct net_sock *s);
void net_refuse(struct net_sock *s, int error);
/* n bytes of the client arrive; at a program that is gone: an RST. */
void net_deliver(struct net_sock *s, size_t n);
void net_ack(struct net_sock *s);
/* n bytes of the peer arrive, and its FIN after the last. */
void net_arrive(struct net_sock *s, size_t n);
void net_write(struct net_sock *s, const void *p, size_t n);
/* The program closes it whole; its half; by force. */
void net_close(struct net_sock *s);
void net_shut(struct net_sock *s);
void net_reset(struct net_sock *s);
/* Nobody acknowledges: the client's kernel gives up. */
void net_give_up(struct net_sock *s);

/* ---- programs ---- */

/* The length of the request that begins at `at`, if it has come before `end`;
 * 0: not whole. */
size_t net_request_length(const struct net_bytes *b, size_t at, size_t end);
/* Reads n bytes at most, and notes the requests that are whole then. */
void net_read(struct net_world *w, struct net_sock *s, size_t n);
/* Answers what was asked, in a way of many. */
void net_answer(struct net_world *w, struct net_sock *s, unsigned how);
/* An answer that nobody asked for. */
void net_stray(struct net_sock *s);
void net_dns(struct net_sock *s, unsigned how);
/* All that good peers would do now. */
void net_serve(struct net_world *w);
/* The op may be done twice. */
bool net_is_safe(const struct net_op *op);

#endif
