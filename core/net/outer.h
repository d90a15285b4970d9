/* net/outer.h - TLS to a proxy, below the bytes of a connection.
 *
 *   bytes of the connection (TLS to the origin, requests) --> outer --> socket
 *
 * It takes the place of the socket: the same answers as of hc_sock_send and
 * hc_sock_recv, where a connection that was cut off inside TLS is -ECONNRESET
 * and a record that is none is -EPROTO.
 */
#ifndef HC_NET_OUTER_H
#define HC_NET_OUTER_H

#include "net/job.h"
#include "wire/tls.h"

struct hc_outer;

/* NULL: HEADCOUNT_ENOMEM, HEADCOUNT_EARG with *e set. */
struct hc_outer *hc_outer_new(const struct hc_tls_config *config,
                              struct headcount_error *e);
/* close_notify once, if `fd` is not negative.  NULL is fine. */
void hc_outer_free(struct hc_outer *o, int fd);

/* 1 open, 0 waits, or HEADCOUNT_ETLS, HEADCOUNT_ECERT, HEADCOUNT_ECLOSED. */
int hc_outer_handshake(struct hc_outer *o, struct hc_watch *watch,
                       struct headcount_error *e);

/* At most one record at a time. */
long hc_outer_send(struct hc_outer *o, int fd, const void *p, size_t n);
/* 0: all that was taken is with the kernel. */
long hc_outer_flush(struct hc_outer *o, int fd);
/* Less than n bytes: the socket has no more, as far as hc_outer_is_open. */
long hc_outer_recv(struct hc_outer *o, int fd, void *p, size_t n);
bool hc_outer_is_open(const struct hc_outer *o);
/* Nothing that was received waits to be read, and it is open. */
bool hc_outer_is_quiet(struct hc_outer *o);

#endif
