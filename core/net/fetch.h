/* net/fetch.h - one exchange: a connection first, then the request, then the
 * answer in spans.
 *
 *   CONN --> NEED_REQUEST --> SEND <-> HEAD --> BODY --> DONE
 *    ^                          |        |
 *    +---- replay, once --------+--------+        any --> FAILED
 *    +---- replay, once ---- ENDED <-----+
 *
 * The server may close a kept connection just as our request leaves.  If it
 * ends before any byte of an answer, the request is made anew and sent once
 * more, on a new connection: if it did not leave whole, or reading it twice
 * does no harm, or the server is proved not to have read it whole
 * (net/unread.h).
 */
#ifndef HC_NET_FETCH_H
#define HC_NET_FETCH_H

#include "net/net.h"
#include "net/pace.h"
#include "net/unread.h"
#include "wire/http1.h"

#define HC_FETCH_REQUEST ((size_t)8 << 20)   /* bytes of a request           */
#define HC_FETCH_BODY ((uint64_t)32 << 20)   /* bytes of an answer           */

struct hc_fetch_config {
    const struct hc_origin *origin;      /* borrowed, as all of these        */
    const struct hc_anchors *anchors;    /* of a tls origin                  */
    const struct hc_proxy *proxy;        /* NULL: none; its owner keeps it
                                            longer than the net              */
    bool replay_after_flush_ok;      /* twice does what once does            */
    bool is_head;                    /* the method is HEAD                   */
    bool is_secret;                  /* the answer: no error shows any of it */
    int64_t deadline;                /* absolute; HC_NEVER: none             */
    int64_t first_byte_timeout;      /* 0: the net's; < 0: none              */
    uint64_t max_body;               /* 0: HC_FETCH_BODY                     */
    struct headcount_stats *stats;   /* of the op, or NULL                   */
    bool fresh;                      /* no kept connection: the exchange
                                        before this one was `suspect`        */
};

enum hc_fetch_answer {
    FETCH_WAIT,            /* the job is woken                               */
    FETCH_NEED_REQUEST,    /* put the request into f->out (it is empty), then
                              hc_fetch_request; again after a replay         */
    FETCH_HEAD,            /* once: f->http.status and headers are there     */
    FETCH_BODY,            /* f->span, good until the next step              */
    FETCH_DONE,            /* the answer was whole                           */
    FETCH_FAILED           /* f->error                                       */
};

enum hc_fetch_state { FETCH_AT_CONN, FETCH_AT_REQUEST, FETCH_AT_SEND,
                      FETCH_AT_HEAD, FETCH_AT_BODY, FETCH_AT_ENDED,
                      FETCH_AT_DONE, FETCH_AT_FAILED };

struct hc_fetch {
    enum hc_fetch_state state;       /* private, to `replayed`               */
    struct hc_net *net;
    struct hc_job *job;
    struct hc_str left;              /* of `out`: not sent yet               */
    struct hc_str in;                /* lent by the connection, not used yet */
    size_t lent;
    uint64_t body_n;
    int64_t since, until;            /* of the phase                         */
    int64_t attempt_until;           /* 0: not begun; HC_NEVER: begins anew
                                        with the first byte                  */
    bool early;                      /* answered before it was sent whole    */
    bool full;
    bool replayed;

    bool flushed;                    /* sent whole, at least once, and
                                        perhaps read                         */
    bool flushed_before;             /* and was then replayed                */
    bool suspect;                    /* a kept connection went silent or was
                                        reset: the next attempt asks for a
                                        fresh one                            */
    struct hc_buf out;               /* secret                               */
    struct hc_str span;
    struct hc_addr addr;             /* of the peer; family 0: none yet      */
    struct hc_http1 http;
    struct hc_marks marks;

    struct hc_pace pace;             /* private from here: of the request,
                                        then of the body                     */
    uint64_t taken;                  /* of the request, once the kernel's
                                        buffer is                            */
    struct hc_unread unread;
    struct hc_pool_waiter waiter;
    struct hc_fetch_config config;

    struct headcount_error error;    /* private no more                      */
};

/* 0; < 0 with f->error: step is not called then, fini is. */
int hc_fetch_start(struct hc_fetch *f, struct hc_net *net, struct hc_job *job,
                   const struct hc_fetch_config *config, int64_t now);
/* f->out holds the request: send it with the next step.  A buf with an error is
 * a failed exchange. */
void hc_fetch_request(struct hc_fetch *f);
enum hc_fetch_answer hc_fetch_step(struct hc_fetch *f, int64_t now);
/* It waits in the pool's line for a connection that others have. */
bool hc_fetch_is_in_line(const struct hc_fetch *f);
/* Another deadline than that of its config. */
void hc_fetch_until(struct hc_fetch *f, int64_t deadline);
/* From now on the request is not replayed if its connection is lost.  True: it
 * is out, and its answer may still come.  False: stepping would send it, or
 * the rest of it. */
bool hc_fetch_is_last(struct hc_fetch *f);
/* If an exchange is under way its connection is closed. */
void hc_fetch_fini(struct hc_fetch *f);              /* f may be all zero */

#endif
