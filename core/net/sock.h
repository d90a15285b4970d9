/* net/sock.h - the only socket calls of headcount.
 *
 * Every socket is close-on-exec.  No call blocks but hc_sock_await, and no call
 * raises SIGPIPE.
 * errno is read here and goes up as a negative number (-ECONNREFUSED); it is
 * no HEADCOUNT_E... code.
 */
#ifndef HC_NET_SOCK_H
#define HC_NET_SOCK_H

#include "base/clock.h"
#include "wire/addr.h"

#define HC_SOCK_AGAIN (-1000000)     /* nothing now: wait for the socket     */
/* Bytes read from one TCP socket in a row: a peer that sends without an end
 * must not keep the other jobs, and every deadline, waiting. */
#define HC_SOCK_IN_A_ROW ((size_t)256 << 10)

/* A socket never gets descriptor 0, 1 or 2, even where these are closed. */

/* These end a connection whose other side is gone. */
struct hc_sock_limits {
    bool keepalive;                  /* while nothing comes: a probe after
                                        60 s, then every 15 s                */
    int64_t user_timeout;            /* us of bytes without acknowledgement.
                                        Linux ends a connection at its first
                                        probe without an answer if no packet
                                        came for so long, and does not count
                                        probes.  HC_NEVER: the system's own,
                                        and the fourth probe                 */
};

/* fd of a TCP socket that is connecting (with TCP_NODELAY), or a negative
 * errno. */
int hc_sock_tcp(const struct hc_addr *addr, uint16_t port,
                const struct hc_sock_limits *limits);
/* Once writable: 0, HC_SOCK_AGAIN or the negative errno of the connect. */
int hc_sock_connected(int fd);
/* A UDP socket connected to (addr, port): the kernel picks a fresh port and
 * drops datagrams of strangers. */
int hc_sock_udp(const struct hc_addr *addr, uint16_t port);
/* Bytes taken (>= 0), HC_SOCK_AGAIN or a negative errno. */
long hc_sock_send(int fd, const void *p, size_t n);
/* 0: the other side has ended it (of TCP). */
long hc_sock_recv(int fd, void *p, size_t n);
/* From now on hc_sock_await may be called on this TCP socket: 0 or a negative
 * errno. */
int hc_sock_may_await(int fd);
/* As hc_sock_recv, but it waits: HC_SOCK_AGAIN after HC_SOCK_AWAIT, -EINTR if a
 * signal came in. */
#define HC_SOCK_AWAIT (50 * HC_MS)
long hc_sock_await(int fd, void *p, size_t n);
/* As hc_sock_recv of one byte, but the byte stays: HC_SOCK_AGAIN while nothing
 * can be read, neither bytes nor an end. */
long hc_sock_peek(int fd);
/* The kernel ended the connection because its peer was silent: keep-alive
 * probes had no answer, or bytes no acknowledgement within user_timeout. */
bool hc_sock_is_dead(long err);
/* The close will be an RST, and what the kernel still has to send is
 * dropped. */
void hc_sock_end_by_reset(int fd);
/* The error that came in since it was last asked for, as a negative errno; 0:
 * none.  After a FIN an RST is -EPIPE. */
int hc_sock_error(int fd);

/* The kernel's word on a TCP connection. */
struct hc_sock_told {
    uint64_t acked;                      /* bytes of ours that the peer's kernel
                                            has acknowledged                 */
    int64_t rtt;                         /* us                               */
};
/* False: the kernel does not tell (Linux before 4.1, other systems). */
bool hc_sock_told(int fd, struct hc_sock_told *out);
void hc_sock_close(int fd);
/* The number of the network interface with this name or number, for
 * hc_addr.scope; 0: there is none. */
uint32_t hc_sock_scope(const char *zone);
/* Is there a route for IPv6?  No packet is sent. */
bool hc_sock_has_ipv6_route(void);

#endif
