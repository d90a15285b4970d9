/* aws/call.h - one operation of one service: credentials, signature, retries.
 *
 *     hc_call_start(&c, net, job, &config);
 *     each run of the job:  switch (hc_call_step(&c, now)) ...
 *     always:               hc_call_fini(&c);
 *
 *   TURN --> CREDS --> REQUEST --> DONE | FAILED
 *     ^                   |
 *     +------ BACKOFF <---+  (retryable, allowed by attempts, quota, deadline)
 *              LAST_WAIT --> FAILED    a long poll without quota: aws/retry.h
 *
 * struct hc_client, one per handle, has all that its calls share: credentials,
 * quota, clock skew, signing keys, endpoints.
 */
#ifndef HC_AWS_CALL_H
#define HC_AWS_CALL_H

#include "aws/client.h"
#include "aws/request.h"
#include "aws/timings.h"

/* ---- one call ---- */

/* How long the answer to a cancelled call that may have changed something is
 * awaited. */
#define HC_CALL_GRACE (2 * HC_SECOND)

/* Texts are borrowed and must outlive the call. */
struct hc_call_config {
    struct hc_client *client;
    struct hc_creds *creds;              /* NULL: the client's own           */
    const struct hc_service *service;    /* NULL: the client's own `own`     */
    enum hc_service_id own;
    struct hc_str operation;             /* with a NUL behind it             */
    struct hc_str body;                  /* empty: {}                        */
    struct hc_str region;                /* empty: the config's              */
    struct hc_str endpoint_url;          /* empty: the config's              */
    int max_attempts;                    /* 0: the config's, or the
                                            service's own                    */
    int64_t deadline;                    /* absolute; 0 or HC_NEVER: none    */
    /* A request that left whole and got no answer is sent again if the name of
     * its operation says that it only reads, or if one of these is set. */
    bool read_only;                      /* changes nothing                  */
    bool replay_ok;                      /* twice does what once does        */
    bool paced;                          /* waits for its turn: aws/bucket.h */
    bool yields;                         /* to those who wait and do not     */
    bool for_credentials;                /* its answer signs other calls:
                                            its endpoint is that of
                                            hc_client_acquire_own            */
    bool no_sign;                        /* goes out without a signature     */
    struct hc_str key_id;                /* that alone may sign; empty: any  */
    struct headcount_stats *stats;       /* of the op, or NULL               */
    struct hc_timings *timings;          /* of the op, or NULL               */
    struct hc_str cluster;               /* that it is for; empty: none      */
};

enum hc_call_answer {
    CALL_WAIT,    /* the job is woken when there is more to do           */
    CALL_BODY,    /* c->span: bytes of a 2xx, good until the next step   */
    CALL_RESTART, /* forget every span so far: another attempt begins    */
    CALL_DONE,    /* a whole 2xx, checked; now the spans may be believed */
    CALL_FAILED /* c->error, and c->service_error if it is HEADCOUNT_ESERVICE */
};

enum hc_call_state {
    CALL_AT_TURN, CALL_AT_CREDS, CALL_AT_REQUEST, CALL_AT_BACKOFF,
    CALL_AT_LAST_WAIT, CALL_AT_DONE, CALL_AT_FAILED
};

struct hc_call {
    enum hc_call_state state;                /* private, to `fresh`          */
    int paid;                                /* quota of the last retry      */
    struct hc_net *net;
    struct hc_job *job;
    struct hc_endpoint_slot *slot;
    int64_t wake_at;
    int64_t until;                           /* once cancelled: awaited so
                                                long                         */
    bool cancelled;
    bool has_spans;                          /* given out in this attempt    */
    bool was_expired, was_skewed;            /* each is retried once         */
    bool fresh;                              /* a kept connection failed     */

    bool outcome_unknown; /* an attempt left whole and was never answered    */
    bool other_key;       /* it WAITs with credentials of another key than
                             config.key_id; its owner clears this            */
    int attempts;                            /* begun so far                 */
    struct hc_str span;

    struct hc_bucket_turn turn;              /* private from here            */
    struct hc_credentials creds;
    struct hc_identity who;
    struct hc_waiter waiter;
    struct hc_bucket *bucket;                /* NULL: not paced              */
    const struct hc_anchors *anchors;
    struct hc_call_config config;
    char invocation[HC_REQUEST_NAME];
    struct hc_request request;

    struct headcount_error error;            /* private no more              */
    struct hc_service_error service_error;   /* of the newest attempt; of a 2xx
                                                status and request id        */
};
/* So many bytes at the front of a new one have to be zero, or of one whose
 * fini was called, for a fini without a start.  Start makes them zero itself:
 * what became of the request of an earlier call is not said of this one, which
 * may end before it has a request. */
#define HC_CALL_ZERO                                                        \
    (offsetof(struct hc_call, request) + offsetof(struct hc_request, fetch))

/* 0, or < 0 with c->error set (wrong operation, no region, endpoint, trust):
 * fini may but need not be called then.  Counts one api_call. */
int hc_call_start(struct hc_call *c, struct hc_net *net, struct hc_job *job,
                  const struct hc_call_config *config);
/* enum hc_call_answer.  Once DONE or FAILED it answers that again. */
int hc_call_step(struct hc_call *c, int64_t now);
/* Steps, for a caller that wants the whole answer: CALL_WAIT, CALL_DONE or
 * CALL_FAILED.  After CALL_DONE the buf may have an error of its own. */
int hc_call_gather(struct hc_call *c, struct hc_buf *answer, int64_t now);
/* Nothing more is sent: no attempt, no replay.  The answer to a request that
 * left whole is awaited until `until`; one that did not leave whole is ended
 * with HEADCOUNT_ECANCELLED.  A second cancel waits no longer than the first.
 * The owner goes on stepping. */
void hc_call_cancel(struct hc_call *c, int64_t until);
/* The owner has seen enough: the attempt in flight ends, and its connection. */
void hc_call_drop(struct hc_call *c);
/* Strikes the credentials that signed the call out of a text that is made of
 * its answer.  Before hc_call_fini only. */
void hc_call_strike(const struct hc_call *c, char *text);
/* "DescribeServices in eu-west-1": every failure of the call begins so.  After
 * hc_call_start only. */
#define HC_CALL_NAME (HC_OPERATION_MAX + HC_REGION_MAX + 8)
const char *hc_call_name(const struct hc_call *c, char name[HC_CALL_NAME]);
/* The same, and that the call may have been done, if its last attempt left that
 * open. */
#define HC_CALL_FAILURE (HC_CALL_NAME + 80)
const char *hc_call_failure(const struct hc_call *c,
                            char out[HC_CALL_FAILURE]);
/* Ends the attempt in flight.  c may be all zero. */
void hc_call_fini(struct hc_call *c);

#endif
