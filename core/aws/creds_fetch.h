/* aws/creds_fetch.h - one document from an endpoint of this host: a bounded
 * body, a few tries.
 *
 *     hc_creds_fetch_start(&f, &config, now);
 *     each run of the job:  switch (hc_creds_fetch_step(&f, now)) ...
 *     always:               hc_creds_fetch_fini(&f);
 *
 *   TRY --> DONE | FAILED       a connection that does not come, no answer in
 *    ^  |                       time, 429 and 5xx are tried again
 *    +--+ PAUSE
 */
#ifndef HC_AWS_CREDS_FETCH_H
#define HC_AWS_CREDS_FETCH_H

#include "net/fetch.h"

#define HC_CREDS_FETCH_BODY ((size_t)64 << 10)

/* `net` and `job` outlive the fetch; the texts are copied. */
struct hc_creds_fetch_config {
    struct hc_net *net;
    struct hc_job *job;
    const struct hc_anchors *anchors;    /* NULL for http                    */
    const struct hc_proxy *proxy;        /* NULL: none; outlives the net     */
    struct hc_str method;                /* GET, PUT, POST                   */
    struct hc_str target;                /* "/path?query"                    */
    struct hc_str header, value;         /* one more header; empty: none     */
    struct hc_str body, type;            /* of a POST, and its Content-Type  */
    int tries;
    int64_t connect_timeout, timeout;    /* of a try; all of the answer      */
    int64_t pause;                       /* between two tries                */
    struct hc_origin origin;
};

enum hc_creds_fetch_answer {
    CREDS_FETCH_WAIT,                    /* the job is woken                 */
    CREDS_FETCH_DONE,                    /* f->status, f->body               */
    CREDS_FETCH_FAILED                   /* f->error: nobody answered        */
};

enum hc_creds_fetch_state { CREDS_FETCH_AT_TRY, CREDS_FETCH_AT_PAUSE,
                            CREDS_FETCH_AT_DONE, CREDS_FETCH_AT_FAILED };

struct hc_creds_fetch {
    int status;
    int tried;                           /* begun so far                     */
    enum hc_creds_fetch_state state;     /* private                          */
    bool fresh;                          /* likewise: a kept connection broke */
    int64_t skew;                        /* theirs minus ours; 0: unknown    */
    struct hc_buf body;                  /* secret                           */
    size_t target_at, target_n, value_at, value_n;     /* private: in the
                                            request                          */
    int64_t until, deadline;             /* of what is under way; of the try */
    int64_t sent;                        /* wall                             */
    struct hc_buf request;               /* secret                           */
    char type[128];                      /* X-Amzn-ErrorType                 */
    struct headcount_error error;
    struct hc_creds_fetch_config config;
    struct hc_fetch fetch;
};

/* The first step reports a request that cannot be sent. */
void hc_creds_fetch_start(struct hc_creds_fetch *f,
                          const struct hc_creds_fetch_config *config,
                          int64_t now);
enum hc_creds_fetch_answer hc_creds_fetch_step(struct hc_creds_fetch *f,
                                               int64_t now);
/* The words of an answer that refuses, for the end of a sentence: ": CODE:
 * TEXT", ": TEXT" of a page, or "".  Struck as by hc_creds_fetch_strike. */
#define HC_CREDS_FETCH_SAID 700
void hc_creds_fetch_said(const struct hc_creds_fetch *f,
                         char out[HC_CREDS_FETCH_SAID]);
/* Strikes the value of the request's header and its path, which may be secrets,
 * out of a text that is made of the answer. */
void hc_creds_fetch_strike(const struct hc_creds_fetch *f, char *text);
/* The time by the clock of the service that gives the credentials: our clock
 * plus *skew, or, if *skew is 0, plus the difference that the answer's Date
 * shows, which *skew then becomes.  skew may be NULL. */
int64_t hc_creds_fetch_wall(const struct hc_creds_fetch *f, int64_t *skew);
void hc_creds_fetch_fini(struct hc_creds_fetch *f);    /* f may be all zero */

#endif
