/* wire/tls.h - TLS 1.2 as a client, without a socket: four ports.
 *
 *              in (records)              read (plain text)
 *   network  -------------->  hc_tls  ------------------->  caller
 *            <--------------          <-------------------
 *              out (records)             write, flush
 *
 * Each port is a pair: the call that lends room or bytes (NULL and n = 0 when
 * there is none now) and the call that acknowledges how many of them were
 * used.  A lent pointer is good until the next call on the same struct.  All
 * that is put with write before one flush and fits HC_TLS_RECORD leaves as ONE
 * record, and hc_tls_out lends that record whole.  Records of the handshake
 * that follow each other without an answer between them are lent together.
 *
 *   HANDSHAKE --> OPEN --> CLOSED        any --> FAILED
 *
 * Nothing here can be turned off: the chain, the name and the time are checked
 * for every full handshake (wire/chain.h), and an abbreviated one is offered
 * only for a session that passed those checks, for this host and these
 * anchors, at most an hour ago.
 */
#ifndef HC_WIRE_TLS_H
#define HC_WIRE_TLS_H

#include "wire/chain.h"

#define HC_TLS_RECORD ((size_t)16384)    /* plain bytes of the largest record */
#define HC_TLS_SEED 32
/* The client's last flight at its longest: an empty Certificate and a point of
 * P-384, ChangeCipherSpec, Finished. */
#define HC_TLS_FLIGHT 192

enum hc_tls_state {
    TLS_HANDSHAKE,   /* read and write lend nothing                       */
    TLS_OPEN,
    TLS_CLOSED,      /* close_notify came: a clean end; unread bytes of
                        earlier records were all read before it was seen  */
    TLS_FAILED       /* hc_tls_error knows why; no port lends anything    */
};

/* A session that a later handshake with the same server may resume: a plain
 * value, which net/sessions copies, and wipes at its end. */
struct hc_tls_session {
    br_ssl_session_parameters params;
    const struct hc_anchors *anchors;
    int64_t from, until;             /* wall; nothing is offered outside  */
    char host[HC_CHAIN_HOST + 1];
};

struct hc_tls_config {
    const struct hc_anchors *anchors;      /* must outlive the connection  */
    struct hc_str host;                    /* DNS name or IP literal without
                                              brackets; copied; mandatory  */
    int64_t wall;                          /* now, for the certificates    */
    unsigned char seed[HC_TLS_SEED];       /* fresh randomness, all of it;
                                              the only source              */
    const struct hc_tls_session *session;  /* NULL = none; one that does not
                                              fit is not offered           */
    const struct hc_alloc *alloc;
    unsigned cpu;                          /* base/cpu.h                   */
};

/* Must not move between init and fini. */
struct hc_tls {                      /* private to tls.c                     */
    enum hc_tls_state state;
    unsigned char *buffer;
    const struct hc_alloc *alloc;
    const struct hc_anchors *anchors;
    br_ec_impl curves;
    int64_t from, until;             /* what a full handshake earns */
    int64_t offered_from, offered_until;
    bool offered;
    unsigned char record[5];         /* head of the record coming in */
    size_t record_n, record_left;
    unsigned char message[4];        /* head of the handshake message in it  */
    size_t message_n, message_left;
    bool answered;                   /* with at least one record             */
    bool opened;                     /* was OPEN                             */
    bool renegotiated;
    bool asked;                      /* for a client certificate             */
    size_t barren;                   /* bytes of records that came since the
                                        handshake began, or since plain text */
    unsigned char flight_at, flight_n;
    unsigned char flight[HC_TLS_FLIGHT];     /* records for one send        */
    struct hc_chain chain;
    br_ssl_client_context client;
};

/* 0; HEADCOUNT_EARG (no host, no anchors), HEADCOUNT_ENOMEM: then there is
 * nothing to fini (fini does no harm).  The ClientHello is in `out` at once. */
int hc_tls_init(struct hc_tls *tls, const struct hc_tls_config *c,
                struct headcount_error *e);
/* Wipes and frees; `tls` may be all zero. */
void hc_tls_fini(struct hc_tls *tls);

enum hc_tls_state hc_tls_state(const struct hc_tls *tls);
/* The server has sent at least one byte. */
bool hc_tls_has_heard(const struct hc_tls *tls);

/* Every record that began to come in has come whole. */
bool hc_tls_is_whole(const struct hc_tls *tls);

/* Network to us.  No room means: take what `read` lends first (or the state is
 * CLOSED or FAILED).  The room is often 5 bytes, the head of a record: a caller
 * that wants fewer system calls receives into a buffer of its own and feeds. */
unsigned char *hc_tls_in_room(struct hc_tls *tls, size_t *n);
void hc_tls_in_ack(struct hc_tls *tls, size_t n);
/* Takes bytes off the front of `in` until it is empty or there is no room. */
void hc_tls_feed(struct hc_tls *tls, struct hc_str *in);

/* Us to network: whole records. */
const unsigned char *hc_tls_out(struct hc_tls *tls, size_t *n);
void hc_tls_out_ack(struct hc_tls *tls, size_t n);

/* Decrypted and authenticated bytes. */
const unsigned char *hc_tls_read(struct hc_tls *tls, size_t *n);
void hc_tls_read_ack(struct hc_tls *tls, size_t n);

/* Room in the record being filled; none while `out` still holds bytes of an
 * earlier one.  A record that is full is sent without flush. */
unsigned char *hc_tls_write_room(struct hc_tls *tls, size_t *n);
void hc_tls_write_ack(struct hc_tls *tls, size_t n);
/* Copies from the front of `from` into the room; what did not fit remains. */
void hc_tls_write(struct hc_tls *tls, struct hc_str *from);
/* The bytes written so far become a record in `out`. */
void hc_tls_flush(struct hc_tls *tls);

/* Queues close_notify (after what was written); one try at sending `out` is
 * enough.  Harmless in every state. */
void hc_tls_close(struct hc_tls *tls);

/* The network ended here: 0 if the server had said close_notify, else
 * HEADCOUNT_ETRUNCATED (OPEN), HEADCOUNT_ETLS (within the handshake), or as
 * hc_tls_error. */
int hc_tls_eof(const struct hc_tls *tls, struct headcount_error *e);
/* FAILED: writes the sentence (host, what, what to do) and returns
 * HEADCOUNT_ECERT or HEADCOUNT_ETLS (HEADCOUNT_ENOMEM when the certificate
 * could not be kept).  A refusal that the next handshake would meet again is
 * `permanent`.  Else 0. */
int hc_tls_error(const struct hc_tls *tls, struct headcount_error *e);

/* True from OPEN on, if the abbreviated handshake was taken. */
bool hc_tls_was_resumed(const struct hc_tls *tls);
/* From OPEN on: "ECDHE_RSA_WITH_AES_128_GCM_SHA256"; static text. */
const char *hc_tls_suite(const struct hc_tls *tls);
/* The chain of a full handshake: its path and leaf_until.  After an abbreviated
 * one leaf_until is 0. */
const struct hc_chain *hc_tls_chain(const struct hc_tls *tls);
/* Fills `out` and returns true if the session of this OPEN connection may be
 * resumed later.  `until` is an hour after the full handshake (a resumption
 * does not prolong it) or the end of its certificates' validity. */
bool hc_tls_session_get(const struct hc_tls *tls, struct hc_tls_session *out);

#endif
