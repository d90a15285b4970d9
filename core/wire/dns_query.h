/* wire/dns_query.h - one lookup of one type, without a socket: which server to
 * ask next, how long to wait, and what a reply means.
 *
 *   while the state is DNS_ASK: open a socket to hc_dns_query_server (TCP if
 *       q.tcp) and send what hc_dns_query_ask gives
 *   while it is DNS_WAIT: hand in what came (datagram, feed), what failed
 *       (failed), and that time goes by (tick)
 *   DNS_DONE: q.reply is ADDRS, NO_NAME or NO_DATA
 *   DNS_FAILED: hc_dns_query_error says why
 *
 * Whenever it is no longer DNS_WAIT the socket is of no use: close it.
 */
#ifndef HC_WIRE_DNS_QUERY_H
#define HC_WIRE_DNS_QUERY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "wire/dns_msg.h"
#include "wire/hosts.h"

#define HC_DNS_OVERALL (5 * HC_SECOND)

enum hc_dns_state { DNS_ASK, DNS_WAIT, DNS_DONE, DNS_FAILED };

enum hc_dns_trouble { DNS_SILENT, DNS_REFUSES, DNS_BROKEN, DNS_UNREACHABLE };

struct hc_dns_query {
    enum hc_dns_state state;
    bool tcp;
    struct hc_dns_reply reply;
    struct hc_str name;                  /* private from here                */
    struct hc_dns_question question;
    struct hc_resolv_conf conf;
    unsigned turn;                       /* servers times attempts           */
    int64_t start, until;                /* of all                           */
    int64_t patience;                    /* for one reply                    */
    int64_t reply_until;
    struct hc_buf in;                    /* of TCP                           */
    struct {
        unsigned asked;
        enum hc_dns_trouble trouble;     /* the last                         */
        int rcode, sys;
    } of[HC_DNS_SERVERS];
    bool out_of_memory;
};

struct hc_dns_query_config {
    struct hc_str name;                  /* outlives it                      */
    int type;                            /* HC_DNS_A, HC_DNS_AAAA            */
    const struct hc_resolv_conf *conf;   /* a server at least; copied        */
    const struct hc_alloc *alloc;
};
/* False if the name cannot be asked for; there is nothing to fini then. */
bool hc_dns_query_init(struct hc_dns_query *q,
                       const struct hc_dns_query_config *config, int64_t now);
void hc_dns_query_fini(struct hc_dns_query *q);      /* q may be all zero */

/* The server that is asked, or was asked last. */
const struct hc_dns_server *hc_dns_query_server(const struct hc_dns_query *q);

#define HC_DNS_ASK_MAX (2 + HC_DNS_QUERY_MAX)
/* DNS_ASK -> DNS_WAIT: the bytes to send (over TCP with their length before
 * them).  `id` is random, and new each time. */
size_t hc_dns_query_ask(struct hc_dns_query *q, uint16_t id, int64_t now,
                        unsigned char out[HC_DNS_ASK_MAX]);

/* This one and the next do nothing unless the state is DNS_WAIT. */
void hc_dns_query_datagram(struct hc_dns_query *q, struct hc_str datagram);
/* Bytes of the TCP connection, in pieces of any size. */
void hc_dns_query_feed(struct hc_dns_query *q, struct hc_str bytes);
/* There was no socket or no connection, sending failed, or the connection
 * ended: sys is the errno, 0 for an end.  In DNS_ASK too. */
void hc_dns_query_failed(struct hc_dns_query *q, int sys);
/* In DNS_ASK too. */
void hc_dns_query_tick(struct hc_dns_query *q, int64_t now);
/* When to call tick; HC_NEVER when it is over. */
int64_t hc_dns_query_at(const struct hc_dns_query *q);

/* DNS_DONE with NO_NAME or NO_DATA: HEADCOUNT_EDNS.  DNS_FAILED:
 * HEADCOUNT_EDNSFAIL or HEADCOUNT_ENOMEM.  With the sentence. */
int hc_dns_query_error(const struct hc_dns_query *q, int64_t now,
                       struct headcount_error *e);

#endif
