/* wire/dns_query.h - one lookup of one type, without a socket: which server to
 * ask next, how long to wait, and what a reply means.
 *
 *   while the state is DNS_ASK: hc_dns_query_ask gives a slot and the bytes to
 *       send: open a socket to the slot's server (TCP if it says so) for it
 *   while it is DNS_WAIT: hand in what came in any slot (datagram, feed), what
 *       failed (failed), and that time goes by (tick)
 *   DNS_DONE: q.reply is ADDRS, NO_NAME or NO_DATA
 *   DNS_FAILED: hc_dns_query_error says why
 *
 * A slot is one question with its own socket and id.  It stays open while the
 * next server is asked: a late answer is as good as any.  The socket of a slot
 * that is not hc_dns_query_is_open is of no use: close it.
 */
#ifndef HC_WIRE_DNS_QUERY_H
#define HC_WIRE_DNS_QUERY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "wire/dns_msg.h"
#include "wire/dns_servers.h"

#define HC_DNS_OVERALL (5 * HC_SECOND)
/* After a round in which a server refused: it is not asked again at once. */
#define HC_DNS_PAUSE (500 * HC_MS)

enum hc_dns_state { DNS_ASK, DNS_WAIT, DNS_DONE, DNS_FAILED };

enum hc_dns_trouble { DNS_SILENT, DNS_REFUSES, DNS_BROKEN, DNS_UNREACHABLE };

enum hc_dns_slot_state { DNS_SLOT_FREE, DNS_SLOT_DUE, DNS_SLOT_OPEN };

struct hc_dns_slot {
    enum hc_dns_slot_state state;
    bool tcp, edns;
    unsigned char server;                /* its number in the conf           */
    uint16_t id;
    int64_t until;                       /* worth waiting for at the end     */
    struct hc_buf in;                    /* of TCP                           */
};

/* Silence costs a second at least, and all ends after five: five questions are
 * open at most, and one that probes a server. */
#define HC_DNS_SLOTS 6

struct hc_dns_query {
    enum hc_dns_state state;
    bool probes;                         /* private, to `of`: the first turn
                                            does not wait                    */
    bool last;                           /* no turn is left                  */
    bool refused;                        /* in this round                    */
    bool out_of_memory;
    unsigned char answered;              /* the server of `reply`            */
    unsigned char order[HC_DNS_SERVERS];
    unsigned turn;                       /* servers times attempts           */
    size_t current;                      /* slot of this turn; HC_DNS_SLOTS:
                                            a pause, or the last wait        */
    struct hc_str name;
    const struct hc_resolv_conf *conf;
    struct hc_dns_servers *servers;
    int64_t start, until;                /* of all                           */
    int64_t patience;                    /* before the next server           */
    int64_t longest;                     /* for one reply                    */
    int64_t reply_until;
    struct {
        unsigned asked;
        enum hc_dns_trouble trouble;     /* the last                         */
        int rcode, sys;
        bool plain;                      /* EDNS was in vain                 */
    } of[HC_DNS_SERVERS];
    struct hc_dns_question question;

    struct hc_dns_slot slots[HC_DNS_SLOTS];
    struct hc_dns_reply reply;           /* DNS_DONE                         */
};

struct hc_dns_query_config {
    struct hc_str name;                  /* these three outlive it           */
    const struct hc_resolv_conf *conf;   /* a server at least                */
    struct hc_dns_servers *servers;
    int type;                            /* HC_DNS_A, HC_DNS_AAAA            */
    const struct hc_alloc *alloc;
};
/* False if the name cannot be asked for; there is nothing to fini then. */
bool hc_dns_query_init(struct hc_dns_query *q,
                       const struct hc_dns_query_config *config, int64_t now);
void hc_dns_query_fini(struct hc_dns_query *q);      /* q may be all zero */

#define HC_DNS_ASK_MAX (2 + HC_DNS_QUERY_MAX)
/* DNS_ASK: the number of the slot that is due, whose socket, if it has one, is
 * to be closed first.  The bytes to send are in out (over TCP with their length
 * before them), *n of them.  `id` is random, and new each time. */
size_t hc_dns_query_ask(struct hc_dns_query *q, uint16_t id, int64_t now,
                        unsigned char out[HC_DNS_ASK_MAX], size_t *n);
const struct hc_dns_server *hc_dns_query_server(const struct hc_dns_query *q,
                                                size_t slot);
bool hc_dns_query_is_open(const struct hc_dns_query *q, size_t slot);

/* These three do nothing unless the slot is open. */
void hc_dns_query_datagram(struct hc_dns_query *q, size_t slot,
                           struct hc_str datagram, int64_t now);
/* Bytes of the TCP connection, in pieces of any size. */
void hc_dns_query_feed(struct hc_dns_query *q, size_t slot, struct hc_str bytes,
                       int64_t now);
/* There was no socket or no connection, sending failed, or the connection
 * ended: sys is the errno, 0 for an end. */
void hc_dns_query_failed(struct hc_dns_query *q, size_t slot, int sys,
                         int64_t now);
void hc_dns_query_tick(struct hc_dns_query *q, int64_t now);
/* When to call tick; HC_NEVER when it is over. */
int64_t hc_dns_query_at(const struct hc_dns_query *q);

/* DNS_DONE with NO_NAME or NO_DATA: HEADCOUNT_EDNS.  DNS_FAILED:
 * HEADCOUNT_EDNSFAIL or HEADCOUNT_ENOMEM.  With the sentence. */
int hc_dns_query_error(const struct hc_dns_query *q, int64_t now,
                       struct headcount_error *e);
/* DNS_FAILED, and a server refused: it was reached, and answered. */
bool hc_dns_query_was_refused(const struct hc_dns_query *q);

#endif
