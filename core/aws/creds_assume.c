/* aws/creds_assume.c - credentials of a role (contract: aws/creds_assume.h).
 *
 *   IDLE    -> BASE           [assume_start]
 *   BASE    -> REQUEST        [assume_base]
 *   REQUEST -> BACKOFF        [assume_again]     as aws/retry.h has it
 *   BACKOFF -> BASE           [assume_backoff]
 *   any     -> IDLE           the answer, whatever it is
 *
 * Assuming a role twice does no harm, so every attempt may be repeated.  The
 * base may be asked for other credentials in between.
 */
#include "aws/creds_assume.h"

#include <string.h>

#include "aws/xml.h"
#include "base/text.h"

#define ASSUME_GO_ON 3                   /* beside 1 and HC_CREDS_WAIT       */
#define ASSUME_BODY 8192
#define ASSUME_TEXTS ((size_t)8 << 10)

struct assume_step {
    struct hc_creds_assume *c;
    struct hc_job *job;
    int64_t now;
    struct hc_credentials *out;
    struct headcount_error *e;
};

/* ---- BASE ---- */

static int assume_start(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    struct hc_net *net = c->shared.net;

    c->attempts = c->paid = 0;
    c->was_expired = c->was_skewed = false;
    c->deadline = hc_time_add(s->now, HC_ASSUME_TIMEOUT);
    hc_credentials_init(&c->creds, &net->sys.alloc);
    hc_buf_init(&c->body, &net->sys.alloc, ASSUME_BODY);
    hc_buf_init_secret(&c->answer, &net->sys.alloc, HC_XML_TEXT);
    hc_buf_fmt(&c->body, "Action=AssumeRole&Version=%s&RoleArn=",
               c->endpoint.service->target);
    hc_text_percent(&c->body, c->role.arn, "");
    hc_buf_lit(&c->body, "&RoleSessionName=");
    hc_text_percent(&c->body, c->role.session, "");
    if (c->role.external_id.n > 0) {
        hc_buf_lit(&c->body, "&ExternalId=");
        hc_text_percent(&c->body, c->role.external_id, "");
    }
    if (c->role.duration > 0)
        hc_buf_fmt(&c->body, "&DurationSeconds=%lld",
                   (long long)(c->role.duration / HC_SECOND));
    int err = hc_buf_error(&c->body);

    if (err < 0)
        return hc_error_set(s->e, err, "no memory to assume a role");
    err = hc_request_name(c->invocation, &net->sys, s->e);
    c->state = ASSUME_BASE;
    return err < 0 ? err : ASSUME_GO_ON;
}

static int assume_request(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    const struct hc_assume_shared *with = &c->shared;
    const struct hc_request_config config = {
        .endpoint = &c->endpoint, .operation = HC_STR("AssumeRole"),
        .body = hc_buf_view(&c->body), .who = &c->who, .key = &c->key,
        .work = with->work, .user_agent = hc_buf_view(with->user_agent),
        .invocation = c->invocation, .attempt = ++c->attempts,
        .max_attempts = with->retry.attempts, .skew = *with->skew,
        .anchors = hc_endpoint_anchors(&c->endpoint, with->bundle,
                                       with->others),
        .replay_after_flush_ok = true, .deadline = c->deadline,
    };

    hc_buf_reset(&c->answer);
    c->state = ASSUME_REQUEST;
    hc_request_start(&c->request, with->net, s->job, &config);
    return ASSUME_GO_ON;
}

static int assume_base(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    const struct hc_creds_ask ask = { .waiter = &c->waiter, .job = s->job };
    struct headcount_error why = { .code = 0 };

    if (s->now >= c->deadline)
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "%s: nobody gave "
                            "credentials to assume it with in time",
                            c->role.arn.p);
    hc_credentials_fini(&c->creds);
    int got = hc_creds_get(c->shared.base, &ask, s->now, &c->creds, &why);

    if (got < 0)
        return hc_error_set(s->e, got, "to assume %s: %s", c->role.arn.p,
                            why.what);
    if (got == 0) {
        hc_job_at(s->job, c->deadline);
        return HC_CREDS_WAIT;
    }
    c->who = hc_credentials_view(&c->creds);
    return assume_request(s);
}

/* ---- REQUEST: the verdict ---- */

static enum hc_retry assume_class(const struct hc_creds_assume *c)
{
    const struct hc_request *r = &c->request;

    if (r->state == REQUEST_DONE)
        return hc_retry_of_answer(hc_str(r->answer.code), r->answer.status);
    return hc_retry_of_error(r->error.code);
}

/* Expired credentials and a wrong clock are mended once each. */
static bool assume_mends(struct hc_creds_assume *c, enum hc_retry why)
{
    bool *was = why == RETRY_EXPIRED ? &c->was_expired : &c->was_skewed;

    if (*was || (why == RETRY_SKEW && !hc_request_is_off(&c->request)))
        return false;
    *was = true;
    if (why == RETRY_EXPIRED)
        hc_creds_invalidate(c->shared.base, c->who.key_id);
    return true;
}

static bool assume_may_again(struct hc_creds_assume *c, enum hc_retry why)
{
    if (c->attempts >= c->shared.retry.attempts)
        return false;
    switch (why) {
    case RETRY_NO:
        return false;
    case RETRY_EXPIRED:
    case RETRY_SKEW:
        return assume_mends(c, why);
    case RETRY_TRANSIENT:
    case RETRY_THROTTLED:
        c->paid = hc_quota_take(c->shared.quota, why);
        return c->paid > 0;
    }
    return false;
}

/* True: after a wait there is another attempt. */
static bool assume_again(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    struct hc_net *net = c->shared.net;
    struct hc_retry_ask ask = {
        .why = assume_class(c), .failed = c->attempts,
        .base_ms = c->shared.retry.base_ms,
        .after = c->request.retry_after,
    };

    if (!assume_may_again(c, ask.why) ||
        hc_random(&net->sys, &ask.random, sizeof ask.random, NULL) < 0)
        return false;
    c->wake_at = hc_time_add(s->now, hc_retry_delay(&ask));
    if (c->wake_at >= c->deadline)
        return false;
    hc_request_fini(&c->request);
    c->state = ASSUME_BACKOFF;
    return true;
}

static int assume_refused(const struct assume_step *s)
{
    const struct hc_service_error *a = &s->c->request.answer;
    const char *role = s->c->role.arn.p;
    const char *id = a->request_id[0] != '\0' ? a->request_id : "none";

    if (hc_str_starts(hc_str(a->code), HC_STR("AccessDenied")))
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS,
                            "%s may not be assumed: the role's trust policy "
                            "has to name who calls, and who calls needs "
                            "{\"Effect\":\"Allow\","
                            "\"Action\":\"sts:AssumeRole\","
                            "\"Resource\":\"%s\"}: %s (request id %s)",
                            role, role, a->message, id);
    return hc_error_set(
        s->e, HEADCOUNT_ECREDENTIALS,
        "%s: AssumeRole of %s: %s%s%s "
        "(HTTP %d, request id %s, attempt %d of %d)",
        s->c->endpoint.host, role, a->code, a->message[0] != '\0' ? ": " : "",
        a->message, a->status, id, s->c->attempts, s->c->shared.retry.attempts);
}

static int assume_broken(const struct assume_step *s)
{
    const struct headcount_error *why = &s->c->request.error;
    /* The deadline was that of this refresh, not that of the call that
     * waits. */
    int code =
        why->code == HEADCOUNT_EDEADLINE ? HEADCOUNT_ETIMEDOUT : why->code;

    return hc_error_set(s->e, code, "to assume %s: %s", s->c->role.arn.p,
                        why->what);
}

/* ---- REQUEST: the answer ---- */

enum { ASSUME_KEY_ID, ASSUME_SECRET, ASSUME_TOKEN, ASSUME_EXPIRES,
       ASSUME_TAGS };

static int assume_wrong(const struct assume_step *s, const char *what)
{
    return hc_error_set(s->e, HEADCOUNT_EANSWER,
                        "%s: AssumeRole of %s: the answer %s",
                        s->c->endpoint.host, s->c->role.arn.p, what);
}

static int assume_take(const struct assume_step *s, const struct hc_buf *text)
{
    const struct hc_identity who = {
        hc_buf_view(&text[ASSUME_KEY_ID]), hc_buf_view(&text[ASSUME_SECRET]),
        hc_buf_view(&text[ASSUME_TOKEN])
    };

    if (who.key_id.n == 0 || who.secret.n == 0 || who.token.n == 0)
        return assume_wrong(s, "has no credentials");
    if (!hc_time_get_rfc3339(hc_buf_view(&text[ASSUME_EXPIRES]),
                             &s->out->expires))
        return assume_wrong(s, "does not say when they expire");
    int err = hc_credentials_put(s->out, &who, s->e);

    return err < 0 ? err : 1;
}

static int assume_read(const struct assume_step *s)
{
    struct hc_buf text[ASSUME_TAGS];
    struct hc_xml_tag tags[ASSUME_TAGS] = {
        { "AccessKeyId", &text[ASSUME_KEY_ID], false },
        { "SecretAccessKey", &text[ASSUME_SECRET], false },
        { "SessionToken", &text[ASSUME_TOKEN], false },
        { "Expiration", &text[ASSUME_EXPIRES], false },
    };
    int err = hc_buf_error(&s->c->answer);

    for (size_t i = 0; i < ASSUME_TAGS; i++)
        hc_buf_init_secret(&text[i], &s->c->shared.net->sys.alloc,
                           HC_XML_TEXT);
    if (err == 0)
        err = hc_xml_get(hc_buf_view(&s->c->answer), tags, ASSUME_TAGS);
    if (err == HEADCOUNT_ENOMEM)
        hc_error_set(s->e, err, "no memory for the credentials");
    else if (err < 0)
        err = assume_wrong(s, "is no XML that can be read");
    else
        err = assume_take(s, text);
    for (size_t i = 0; i < ASSUME_TAGS; i++)
        hc_buf_fini(&text[i]);
    return err;
}

static void assume_log(const struct hc_creds_assume *c, int64_t now)
{
    const struct hc_request *r = &c->request;

    hc_log_line(&c->shared.net->log, HEADCOUNT_LOG_DEBUG,
                "assume host=%s role=%s "
                "session=%s attempt=%d status=%d us=%lld id=%s",
                c->endpoint.host, c->role.arn.p, c->role.session.p, c->attempts,
                r->answer.status, (long long)(now - r->fetch.marks.start),
                r->answer.request_id);
}

static int assume_ended(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;
    const struct hc_request *r = &c->request;

    assume_log(c, s->now);
    if (r->has_skew)
        *c->shared.skew = hc_request_is_off(r) ? r->skew : 0;
    if (r->state == REQUEST_DONE && r->ok) {
        hc_quota_give(c->shared.quota, c->paid);
        return assume_read(s);
    }
    if (assume_again(s))
        return ASSUME_GO_ON;
    return r->state == REQUEST_DONE ? assume_refused(s) : assume_broken(s);
}

/* ---- the machine ---- */

static int assume_step_request(const struct assume_step *s)
{
    struct hc_creds_assume *c = s->c;

    for (;;) {
        switch (hc_request_step(&c->request, s->now)) {
        case REQUEST_WAIT:
            return HC_CREDS_WAIT;
        case REQUEST_BODY:
            hc_buf_str(&c->answer, c->request.span);
            break;
        case REQUEST_DONE:
        case REQUEST_FAILED:
            return assume_ended(s);
        }
    }
}

static int assume_backoff(const struct assume_step *s)
{
    if (s->now < s->c->wake_at) {
        hc_job_at(s->job, s->c->wake_at);
        return HC_CREDS_WAIT;
    }
    s->c->state = ASSUME_BASE;
    return ASSUME_GO_ON;
}

static int assume_once(const struct assume_step *s)
{
    switch (s->c->state) {
    case ASSUME_IDLE:    return assume_start(s);
    case ASSUME_BASE:    return assume_base(s);
    case ASSUME_REQUEST: return assume_step_request(s);
    case ASSUME_BACKOFF: return assume_backoff(s);
    }
    return HEADCOUNT_ESTATE;
}

static void assume_end(struct hc_creds_assume *c)
{
    hc_waiter_leave(&c->waiter);
    hc_request_fini(&c->request);
    hc_credentials_fini(&c->creds);
    hc_buf_fini(&c->body);
    hc_buf_fini(&c->answer);
    c->state = ASSUME_IDLE;
}

static int creds_assume_ask(void *ud, struct hc_job *job, int64_t now,
                            struct hc_credentials *out,
                            struct headcount_error *e)
{
    const struct assume_step s = { ud, job, now, out, e };
    int got = ASSUME_GO_ON;

    while (got == ASSUME_GO_ON)
        got = assume_once(&s);
    if (got != HC_CREDS_WAIT)
        assume_end(s.c);
    return got;
}

/* ---- birth and death ---- */

/* The session has the same name at each refresh, so CloudTrail shows all of
 * them as one. */
static void assume_put_session(struct hc_buf *out, struct hc_str label)
{
    hc_buf_lit(out, "headcount-");
    for (size_t i = 0; i < label.n && i < HC_ROLE_SESSION - 10; i++)
        hc_buf_chr(out, hc_role_is_char(label.p[i]) ? label.p[i] : '-');
}

static struct hc_str assume_kept(const struct hc_buf *from, size_t *at)
{
    struct hc_str text = hc_str(from->p + *at);

    *at += text.n + 1;
    return text;
}

int hc_creds_assume_init(struct hc_creds_assume *c,
                         const struct hc_assume_shared *shared,
                         const struct hc_endpoint *endpoint,
                         const struct hc_role *role, struct hc_str label)
{
    size_t at = 0;

    memset(c, 0, sizeof(*c));
    c->shared = *shared;
    c->endpoint = *endpoint;
    hc_buf_init(&c->texts, &shared->net->sys.alloc, ASSUME_TEXTS);
    hc_buf_str(&c->texts, role->arn);
    hc_buf_chr(&c->texts, '\0');
    if (role->session.n > 0)
        hc_buf_str(&c->texts, role->session);
    else
        assume_put_session(&c->texts, label);
    hc_buf_chr(&c->texts, '\0');
    hc_buf_str(&c->texts, role->external_id);
    hc_buf_chr(&c->texts, '\0');
    hc_buf_str(&c->texts, role->token_file);
    hc_buf_chr(&c->texts, '\0');
    if (hc_buf_error(&c->texts) < 0)
        return HEADCOUNT_ENOMEM;
    c->role.arn = assume_kept(&c->texts, &at);
    c->role.session = assume_kept(&c->texts, &at);
    c->role.external_id = assume_kept(&c->texts, &at);
    c->role.token_file = assume_kept(&c->texts, &at);
    c->role.duration = role->duration;
    return 0;
}

void hc_creds_assume_fini(struct hc_creds_assume *c)
{
    if (c->shared.net == NULL)
        return;
    assume_end(c);
    hc_sigv4_key_wipe(&c->key);
    hc_buf_fini(&c->texts);
    c->shared.net = NULL;
}

struct hc_creds_provider hc_creds_assume(struct hc_creds_assume *c)
{
    return (struct hc_creds_provider){ "assumed role", creds_assume_ask, c,
                                       true };
}
