/* aws/request.h - one signed exchange with one service: no retry, no
 * credentials chain.
 *
 *   WAIT --> (NEED_REQUEST: head, signature and body are written now) --> WAIT
 *        --> BODY* --> DONE            any --> FAILED
 *
 * The request is signed once there is a connection, and again for a replay, so
 * the signature is never older than the request that carries it.
 */
#ifndef HC_AWS_REQUEST_H
#define HC_AWS_REQUEST_H

#include "aws/retry.h"
#include "aws/template.h"
#include "net/fetch.h"

enum hc_request_state {
    REQUEST_WAIT, REQUEST_BODY, REQUEST_DONE, REQUEST_FAILED
};

struct hc_request {
    enum hc_request_state state;          /* private, to `body_n`        */
    uint32_t crc;
    uint32_t crc_wanted;
    bool has_crc;
    bool has_head;
    bool has_fetch;
    char first;                    /* the body's first byte that is no blank */
    struct hc_service_error *answer;
    struct hc_net *net;
    struct hc_buf error_body;      /* secret                                 */
    int64_t sent_wall;             /* when the request was written           */
    uint64_t body_n;
    struct hc_str span;            /* REQUEST_BODY: of a 2xx, until next step */
    bool ok;                       /* DONE: a 2xx that holds what it promises */
    bool sent;                     /* flushed whole at least once            */
    int64_t retry_after;           /* us; < 0: not said                      */
    int64_t skew;                  /* measured; valid if has_skew            */
    bool has_skew;
    bool slept;                    /* its date was old when it was answered  */

    struct hc_request_config config;      /* private                         */
    struct hc_fetch fetch;         /* fetch.error: of an exchange that failed */
};

/* A UUID for hc_request_config.invocation. */
int hc_request_name(char out[HC_REQUEST_NAME], struct hc_net *net,
                    struct headcount_error *e);
/* 0, or < 0 with r->fetch.error set: then step is not called, fini is. */
int hc_request_start(struct hc_request *r, struct hc_net *net,
                     struct hc_job *job,
                     const struct hc_request_config *config);
/* DONE with !ok: the service refused (config.answer).  FAILED:
 * r->fetch.error. */
enum hc_request_state hc_request_step(struct hc_request *r, int64_t now);
/* The date of the request was not that of the service: a clock is off, or the
 * process was frozen after it had signed.  A new request has a new date. */
bool hc_request_is_off(const struct hc_request *r);
void hc_request_fini(struct hc_request *r);        /* r may be all zero */

#endif
