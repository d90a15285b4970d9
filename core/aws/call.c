/* aws/call.c - one operation of one service, until it is done or hopeless.
 *
 *   TURN    -> CREDS              [call_turn]
 *   CREDS   -> REQUEST            [call_creds]
 *   REQUEST -> DONE, FAILED       [call_request]
 *   REQUEST -> BACKOFF            [call_again]    retryable, and allowed
 *   BACKOFF -> TURN               [call_backoff]
 *   REQUEST -> LAST_WAIT          [call_polls]    no quota is left
 *   LAST_WAIT -> FAILED           [call_last_wait]
 *
 * A write that left whole and got no answer, or that of a gateway that got
 * none, may have been done.  It is not sent again, unless its owner said that
 * doing it twice does the same as once.
 */
#include "aws/call.h"

#include <stddef.h>
#include <string.h>

#include "aws/strike.h"
#include "base/text.h"

#define CALL_GO_ON (-1)

static bool call_is_signed(const struct hc_call *c)
{
    return !c->config.client->no_sign && !c->config.no_sign;
}

static int call_failed(struct hc_call *c)
{
    hc_waiter_leave(&c->waiter);
    hc_bucket_leave(c->bucket, &c->turn);
    c->state = CALL_AT_FAILED;
    return CALL_FAILED;
}

static bool call_only_reads(const struct hc_call *c)
{
    return c->config.read_only || hc_retry_is_read(c->config.operation);
}

static bool call_is_repeatable(const struct hc_call *c)
{
    return c->config.replay_ok || call_only_reads(c);
}

/* ---- notes ---- */

static void call_note_timing(struct hc_call *c)
{
    const struct hc_timing_note note = {
        .fetch = &c->request.fetch, .method = "POST",
        .who = call_is_signed(c) ? &c->who : NULL,
        .host = c->slot->endpoint.host, .region = c->slot->endpoint.region,
        .operation = c->config.operation.p, .cluster = c->config.cluster,
        .attempt = c->attempts, .status = c->service_error.status,
    };

    hc_timings_note(c->config.timings, &note);
}

static void call_log(const struct hc_call *c, const char *end)
{
    const struct hc_marks *m = &c->request.fetch.marks;

    hc_log_line(&c->net->log, HEADCOUNT_LOG_DEBUG,
                "call host=%s operation=%.*s attempt=%d status=%d "
                "connection=%s us=%lld id=%s end=\"%s\"",
                c->slot->endpoint.host, HC_STR_ARG(c->config.operation),
                c->attempts, c->service_error.status,
                m->reused ? "reused" : m->resumed ? "resumed" : "new",
                (long long)(hc_now(&c->net->sys) - m->start),
                c->service_error.request_id, end);
}

const char *hc_call_name(const struct hc_call *c, char name[HC_CALL_NAME])
{
    hc_fmt(name, HC_CALL_NAME, "%.*s in %s", HC_STR_ARG(c->config.operation),
           c->slot->endpoint.region);
    return name;
}

/* ---- TURN ---- */

static int call_overdue(struct hc_call *c, const char *what)
{
    char name[HC_CALL_NAME];

    hc_error_set(&c->error, HEADCOUNT_EDEADLINE,
                 "%s: %s: the deadline has passed while waiting for %s",
                 hc_call_name(c, name), c->slot->endpoint.host, what);
    return call_failed(c);
}

static int call_turn(struct hc_call *c, int64_t now)
{
    if (c->bucket != NULL && now >= c->config.deadline)
        return call_overdue(c, "its turn (ECS allows so many calls a second)");
    if (c->bucket == NULL || hc_bucket_take(c->bucket, &c->turn, now) == 1) {
        c->state = CALL_AT_CREDS;
        return CALL_GO_ON;
    }
    hc_job_at(c->job, c->config.deadline);
    return CALL_WAIT;
}

/* ---- CREDS ---- */

static int call_begin_request(struct hc_call *c)
{
    struct hc_client *k = c->config.client;
    const uint32_t features =
        c->creds.features |
        (c->slot->endpoint.custom ? HC_FEATURE_ENDPOINT : HC_FEATURE_NONE);
    const struct hc_str agent = hc_user_agent_get(&k->agent, features);
    char name[HC_CALL_NAME];

    if (agent.n == 0) {
        hc_error_set(&c->error, HEADCOUNT_ENOMEM, "%s: out of memory for a "
                     "request", hc_call_name(c, name));
        return call_failed(c);
    }
    if (c->attempts > 0 && c->request.fetch.error.code == HEADCOUNT_EDNSFAIL)
        hc_dial_expire(c->net, &c->slot->endpoint.origin,
                       c->slot->endpoint.proxy);
    const struct hc_request_config config = {
        .endpoint = &c->slot->endpoint,
        .operation = c->config.operation,
        .body = c->config.body.n > 0 ? c->config.body : HC_STR("{}"),
        .who = call_is_signed(c) ? &c->who : NULL,
        .key = c->config.creds->role.n > 0
                   ? hc_client_key(k, c->slot, c->config.creds->role)
                   : &c->slot->key,
        .templates = &k->templates,
        .user_agent = agent,
        .trace_id = hc_client_trace(k),
        .invocation = c->invocation,
        .attempt = ++c->attempts, .max_attempts = c->config.max_attempts,
        .skew = k->skew, .no_skew = k->config->no_skew,
        .anchors = c->anchors,
        .replay_after_flush_ok = call_is_repeatable(c),
        .deadline = c->config.deadline, .stats = c->config.stats,
        .answer = &c->service_error,
        .fresh = c->fresh,
    };

    c->has_spans = false;
    c->state = CALL_AT_REQUEST;
    hc_request_start(&c->request, c->net, c->job, &config);
    return CALL_GO_ON;
}

static int call_creds(struct hc_call *c, int64_t now)
{
    const struct hc_creds_ask ask = {
        .waiter = &c->waiter, .job = c->job,
        .stats = c->config.stats, .timings = c->config.timings,
    };

    if (now >= c->config.deadline)
        return call_overdue(c, "credentials");
    if (!call_is_signed(c))
        return call_begin_request(c);
    hc_credentials_fini(&c->creds);
    c->who = (struct hc_identity){ .secret = { NULL, 0 } };  /* pointed there */
    int got = hc_creds_get(c->config.creds, &ask, now, &c->creds, &c->error);

    if (got < 0)
        return call_failed(c);
    if (got == 0) {
        hc_job_at(c->job, c->config.deadline);
        return CALL_WAIT;
    }
    c->who = hc_credentials_view(&c->creds);
    if (c->config.key_id.n > 0 &&
        !hc_str_eq(c->config.key_id, c->who.key_id)) {
        c->other_key = true;
        return CALL_WAIT;
    }
    return call_begin_request(c);
}

/* ---- REQUEST: the verdict ---- */

/* The request left whole, and nobody who knows said what became of it.  502 and
 * 504 are a gateway's words, and so are 500 and 503 without a code of AWS: they
 * say as little about what happened behind the gateway as silence does. */
static bool call_is_unanswered(const struct hc_call *c)
{
    const struct hc_service_error *e = &c->service_error;

    if (c->request.state == REQUEST_FAILED)
        return c->request.sent;
    return c->request.sent && !c->request.ok &&
           (e->status == 502 || e->status == 504 ||
            (e->status >= 500 && !e->named));
}

static bool call_may_be_done(const struct hc_call *c)
{
    return call_is_unanswered(c) && !call_is_repeatable(c);
}

static bool call_is_long_poll(const struct hc_call *c)
{
    return hc_retry_is_long_poll(hc_str(c->config.service->id),
                                 c->config.operation);
}

static enum hc_retry call_class(const struct hc_call *c)
{
    const struct hc_request *r = &c->request;
    const struct headcount_error *e = &r->fetch.error;
    enum hc_retry why = RETRY_NO;

    if (r->state == REQUEST_DONE)
        why = hc_retry_of_answer(hc_str(c->service_error.code),
                                 c->service_error.status);
    else if (!e->permanent)
        why = hc_retry_of_error(e->code);
    /* Throttling and the like are refusals, whoever passes them on.  A long
     * poll is repeated by its program anyway, which would spin. */
    if (why != RETRY_TRANSIENT || !call_may_be_done(c) ||
        (r->state == REQUEST_DONE && call_is_long_poll(c)))
        return why;
    return RETRY_NO;
}

/* Expired credentials and a wrong clock are mended once each.  The retry costs
 * no quota: it is another request, with other credentials or another date. */
static bool call_may_mend(struct hc_call *c, enum hc_retry why)
{
    bool *was = why == RETRY_EXPIRED ? &c->was_expired : &c->was_skewed;

    if (*was || !call_is_signed(c))
        return false;
    if (why == RETRY_SKEW && !hc_request_is_off(&c->request))
        return false;
    *was = true;
    if (why == RETRY_EXPIRED)
        hc_creds_invalidate(c->config.creds, c->who.key_id);
    return true;
}

static bool call_may_retry(struct hc_call *c, enum hc_retry why)
{
    int cost = 0;

    if (c->attempts >= c->config.max_attempts)
        return false;
    switch (why) {
    case RETRY_NO:
        return false;
    case RETRY_EXPIRED:
    case RETRY_SKEW:
        return call_may_mend(c, why);
    case RETRY_TRANSIENT:
    case RETRY_THROTTLED:
        cost = hc_quota_take(&c->config.client->quota, why);
        if (cost > 0)
            c->paid = cost;
        return cost > 0;
    }
    return false;
}

/* Only the quota forbids another attempt of a long poll. */
static bool call_polls(const struct hc_call *c, enum hc_retry why)
{
    return (why == RETRY_TRANSIENT || why == RETRY_THROTTLED) &&
           c->attempts < c->config.max_attempts && call_is_long_poll(c);
}

/* CALL_GO_ON or CALL_RESTART: there is another attempt, or a wait before the
 * error; 0: there is none.  A wait that would end after the deadline is not
 * begun. */
static int call_again(struct hc_call *c, int64_t now)
{
    enum hc_retry why = call_class(c);
    bool may = call_may_retry(c, why);
    struct hc_retry_ask ask = {
        .why = why, .failed = c->attempts,
        .base_ms = c->slot->retry.base_ms,
        .after = c->request.retry_after,
    };

    if ((!may && !call_polls(c, why)) ||
        hc_net_random(c->net, &ask.random, sizeof ask.random, NULL) < 0)
        return 0;
    int64_t at = hc_time_add(now, hc_retry_delay(&ask));

    if (at >= c->config.deadline)
        return 0;
    c->wake_at = at;
    if (!may) {
        c->state = CALL_AT_LAST_WAIT;
        return CALL_GO_ON;
    }
    /* An error inside the service, or a proxy's, says nothing about what was
     * done before it.  The next answer may be a clear refusal: that is one of
     * the next attempt alone. */
    if (c->service_error.status >= 500 || !c->service_error.named)
        c->outcome_unknown = c->outcome_unknown || c->request.sent;
    call_log(c, "retry");
    hc_stats_count(&c->net->stats, c->config.stats, retries);
    c->fresh = c->fresh || c->request.fetch.suspect;
    hc_request_fini(&c->request);
    c->state = CALL_AT_BACKOFF;
    return c->has_spans ? CALL_RESTART : CALL_GO_ON;
}

const char *hc_call_failure(const struct hc_call *c,
                            char out[HC_CALL_FAILURE])
{
    char name[HC_CALL_NAME];

    hc_fmt(out, HC_CALL_FAILURE, "%s%s", hc_call_name(c, name),
           call_may_be_done(c) ? " was sent and got no usable answer, so it "
                                 "may have been done" : "");
    return out;
}

static int call_refused(struct hc_call *c)
{
    char failure[HC_CALL_FAILURE], said[HC_ANSWER_SENTENCE];

    hc_service_error_put(said, &c->service_error);
    hc_error_set(&c->error, HEADCOUNT_ESERVICE,
                 "%s: %s: %s, attempt %d of %d)", hc_call_failure(c, failure),
                 c->slot->endpoint.host, said, c->attempts,
                 c->config.max_attempts);
    return call_failed(c);
}

static int call_broken(struct hc_call *c)
{
    const struct headcount_error *e = &c->request.fetch.error;
    char failure[HC_CALL_FAILURE];

    /* hc_error_set and not hc_error_sys: e->what already names e->sys. */
    hc_error_set(&c->error, e->code, "%s: %s", hc_call_failure(c, failure),
                 e->what);
    c->error.sys = e->sys;
    c->error.permanent = e->permanent;
    return call_failed(c);
}

static int call_gives_up(struct hc_call *c)
{
    call_log(c, "failed");
    return c->request.state == REQUEST_DONE ? call_refused(c) : call_broken(c);
}

static int call_ended(struct hc_call *c, int64_t now)
{
    struct hc_request *r = &c->request;
    struct hc_client *k = c->config.client;

    call_note_timing(c);
    /* A proxy or gateway may have another clock than AWS.  A Date counts only
     * if the service did what was asked, or refused it with an AWS error
     * code. */
    if (r->has_skew && (r->ok || c->service_error.named))
        k->skew = hc_request_is_off(r) ? r->skew : 0;
    if (c->bucket != NULL && !r->ok && call_class(c) == RETRY_THROTTLED)
        hc_bucket_drain(c->bucket, now);
    c->outcome_unknown = c->outcome_unknown || r->fetch.flushed_before ||
                         call_is_unanswered(c);
    if (r->state == REQUEST_DONE && r->ok) {
        hc_quota_give(&k->quota, c->paid);
        call_log(c, "done");
        c->state = CALL_AT_DONE;
        return CALL_DONE;
    }
    int again = call_again(c, now);

    return again != 0 ? again : call_gives_up(c);
}

static int call_cancelled(struct hc_call *c, const char *when)
{
    char name[HC_CALL_NAME];

    if (c->state == CALL_AT_REQUEST)
        call_note_timing(c);
    hc_request_fini(&c->request);
    hc_error_set(&c->error, HEADCOUNT_ECANCELLED, "%s: %s: cancelled %s",
                 hc_call_name(c, name), c->slot->endpoint.host, when);
    return call_failed(c);
}

static int call_wait(struct hc_call *c, int64_t now)
{
    if (c->cancelled && now >= c->until) {
        c->outcome_unknown = true;
        return call_cancelled(c, call_only_reads(c)
                                     ? "before it was answered"
                                     : "before it was answered, so it may have "
                                       "been done");
    }
    if (c->cancelled)
        hc_job_at(c->job, c->until);
    return CALL_WAIT;
}

static int call_request(struct hc_call *c, int64_t now)
{
    switch (hc_request_step(&c->request, now)) {
    case REQUEST_WAIT:
        return call_wait(c, now);
    case REQUEST_BODY:
        c->span = c->request.span;
        c->has_spans = true;
        return CALL_BODY;
    case REQUEST_DONE:
    case REQUEST_FAILED:
        break;
    }
    return call_ended(c, now);
}

/* ---- BACKOFF ---- */

static int call_backoff(struct hc_call *c, int64_t now)
{
    if (now < c->wake_at) {
        hc_job_at(c->job, c->wake_at);
        return CALL_WAIT;
    }
    c->state = CALL_AT_TURN;
    return CALL_GO_ON;
}

static int call_last_wait(struct hc_call *c, int64_t now)
{
    if (now >= c->wake_at)
        return call_gives_up(c);
    hc_job_at(c->job, c->wake_at);
    return CALL_WAIT;
}

/* ---- the machine ---- */

static int call_once(struct hc_call *c, int64_t now)
{
    switch (c->state) {
    case CALL_AT_TURN:    return call_turn(c, now);
    case CALL_AT_CREDS:   return call_creds(c, now);
    case CALL_AT_REQUEST: return call_request(c, now);
    case CALL_AT_BACKOFF: return call_backoff(c, now);
    case CALL_AT_LAST_WAIT: return call_last_wait(c, now);
    case CALL_AT_DONE:    return CALL_DONE;
    case CALL_AT_FAILED:  break;
    }
    return CALL_FAILED;
}

int hc_call_step(struct hc_call *c, int64_t now)
{
    int answer = CALL_GO_ON;

    while (answer == CALL_GO_ON)
        answer = call_once(c, now);
    return answer;
}

int hc_call_gather(struct hc_call *c, struct hc_buf *answer, int64_t now)
{
    for (;;) {
        int got = hc_call_step(c, now);

        if (got == CALL_BODY)
            hc_buf_str(answer, c->span);
        else if (got == CALL_RESTART)
            hc_buf_reset(answer);
        else
            return got;
    }
}

/* ---- start and end ---- */

static int call_find_endpoint(struct hc_call *c)
{
    struct hc_client *k = c->config.client;
    struct hc_endpoint_ask ask = {
        .service = c->config.service, .url = c->config.endpoint_url,
        .region = c->config.region.n > 0 ? c->config.region
                                         : k->config->region,
    };
    int err = hc_client_fill_ask(k, &ask, c->config.for_credentials,
                                 &c->error);

    if (err == 0)
        err = hc_client_acquire_endpoint(k, &ask, &c->slot, &c->error);
    if (err < 0)
        return err;
    err = hc_trust_get(&k->trust, &c->slot->endpoint, &c->anchors, &c->error);
    if (err < 0)
        return err;
    if (c->config.max_attempts <= 0)
        c->config.max_attempts = c->slot->retry.attempts;
    if (c->config.paced && c->config.service->index == HC_SERVICE_ECS)
        c->bucket = hc_buckets_get(&k->buckets,
                                   &(struct hc_buckets_key){
                                       c->config.creds,
                                       hc_str(c->slot->endpoint.region),
                                   }, c->config.operation);
    return 0;
}

int hc_call_start(struct hc_call *c, struct hc_net *net, struct hc_job *job,
                  const struct hc_call_config *config)
{
    memset(c, 0, HC_CALL_ZERO);
    hc_error_reset(&c->request.fetch.error);
    hc_error_reset(&c->error);
    hc_service_error_reset(&c->service_error);
    c->config = *config;
    c->net = net;
    c->job = job;
    c->turn = (struct hc_bucket_turn){ .job = job, .yields = config->yields };
    hc_credentials_init(&c->creds, &net->sys.alloc);
    if (c->config.service == NULL)
        c->config.service = hc_service_set_own(&config->client->services,
                                            config->own);
    if (c->config.creds == NULL)
        c->config.creds = &config->client->creds;
    if (c->config.deadline == 0)
        c->config.deadline = HC_NEVER;
    int err = hc_service_check_operation(config->operation, &c->error);

    if (err == 0)
        err = call_find_endpoint(c);
    if (err == 0)
        err = hc_request_name(c->invocation, net, &c->error);
    if (err < 0) {
        call_failed(c);
        hc_client_release_endpoint(c->slot);
        c->slot = NULL;
        return err;
    }
    hc_stats_count(&net->stats, c->config.stats, api_calls);
    return 0;
}

/* An attempt that left before may have been done. */
static void call_cancel_unsent(struct hc_call *c)
{
    if (c->state == CALL_AT_REQUEST && c->request.fetch.flushed_before)
        c->outcome_unknown = true;
    call_cancelled(c, c->outcome_unknown && !call_only_reads(c)
                          ? "before it was sent again, so it may have been done"
                          : "before it was sent");
}

void hc_call_cancel(struct hc_call *c, int64_t until)
{
    if (c->state == CALL_AT_DONE || c->state == CALL_AT_FAILED)
        return;
    /* A request that left whole may be done already: its answer is awaited, so
     * that the owner learns what became of it. */
    c->until = c->cancelled ? hc_time_min(c->until, until) : until;
    c->cancelled = true;
    c->config.max_attempts = c->attempts;
    if (c->state == CALL_AT_REQUEST && hc_fetch_is_last(&c->request.fetch))
        return;
    if (c->state == CALL_AT_LAST_WAIT)
        call_gives_up(c);
    else
        call_cancel_unsent(c);
}

void hc_call_drop(struct hc_call *c)
{
    hc_request_fini(&c->request);
    call_failed(c);
}

void hc_call_strike(const struct hc_call *c, char *text)
{
    hc_strike_identity(text, &c->who);
}

void hc_call_fini(struct hc_call *c)
{
    if (c->net == NULL)
        return;
    hc_waiter_leave(&c->waiter);
    hc_bucket_leave(c->bucket, &c->turn);
    hc_request_fini(&c->request);
    hc_credentials_fini(&c->creds);
    c->who = (struct hc_identity){ .secret = { NULL, 0 } };
    hc_client_release_endpoint(c->slot);
    c->slot = NULL;
    c->net = NULL;
}
