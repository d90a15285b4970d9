/* aws/creds_fetch.c - one document from an endpoint of this host.
 *
 *   TRY   -> DONE            [fetch_creds_answered]   any status but those
 *   TRY   -> PAUSE, FAILED   [fetch_creds_again]      that are tried again
 *   PAUSE -> TRY             [fetch_creds_begin]
 *
 * On a host without such a service a caller must not wait long: a try has one
 * deadline for its connection and another for its answer.  Both count from the
 * time when it has left the pool's line: a process whose connections are all in
 * use must not take its own line for a service that is not there.
 */
#include "aws/creds_fetch.h"

#include <string.h>

#include "aws/answer.h"
#include "aws/page.h"
#include "aws/strike.h"
#include "aws/timings.h"
#include "base/text.h"

#define FETCH_CREDS_REQUEST ((size_t)80 << 10)

static int fetch_creds_put(struct hc_creds_fetch *f)
{
    const struct hc_creds_fetch_config *c = &f->config;
    struct hc_buf *out = &f->request;

    if (!hc_http1_is_value(c->value))
        return hc_error_set(&f->error, HEADCOUNT_EARG,
                            "%.*s holds what cannot stand in a header",
                            HC_STR_ARG(c->header));
    hc_buf_str(out, c->method);
    hc_buf_chr(out, ' ');
    f->target_n = c->target.n;
    f->target_at = out->n;
    hc_buf_str(out, c->target);
    hc_buf_lit(out, " HTTP/1.1\r\nHost: ");
    hc_origin_host_header(out, &c->origin);
    hc_buf_lit(out, "\r\nUser-Agent: headcount\r\nAccept: */*\r\n"
                    "Accept-Encoding: identity\r\n");
    if (c->header.n > 0) {
        hc_buf_str(out, c->header);
        hc_buf_lit(out, ": ");
        f->value_n = c->value.n;
        f->value_at = out->n;
        hc_buf_str(out, c->value);
        hc_buf_lit(out, "\r\n");
    }
    if (c->type.n > 0) {
        hc_buf_lit(out, "Content-Type: ");
        hc_buf_str(out, c->type);
        hc_buf_lit(out, "\r\n");
    }
    if (!hc_str_eqz(c->method, "GET"))
        hc_buf_fmt(out, "Content-Length: %zu\r\n", c->body.n);
    hc_buf_lit(out, "\r\n");
    hc_buf_str(out, c->body);
    int err = hc_buf_error(out);

    return err < 0 ? hc_error_set(&f->error, err, "the request for "
                                  "credentials cannot be made: %s",
                                  hc_error_sentence(err)) : 0;
}

static int fetch_creds_begin(struct hc_creds_fetch *f, int64_t now)
{
    const struct hc_fetch_config config = {
        .origin = &f->config.origin, .anchors = f->config.anchors,
        .proxy = f->config.proxy,
        .replay_after_flush_ok = true, .is_secret = true,
        .max_body = HC_CREDS_FETCH_BODY,
        .fresh = f->fresh,
    };

    if (f->error.code == HEADCOUNT_EDNSFAIL)
        hc_dial_expire(f->config.net, config.origin, config.proxy);
    hc_error_reset(&f->error);
    hc_buf_reset(&f->body);
    f->status = 0;
    f->tried++;
    f->until = HC_NEVER;
    f->state = CREDS_FETCH_AT_TRY;
    return hc_fetch_start(&f->fetch, f->config.net, f->config.job, &config,
                          now);
}

/* Such a request is no call of an op: only the hook `trace` learns of it. */
static void fetch_creds_end(struct hc_creds_fetch *f)
{
    const struct hc_timing_note note = {
        .fetch = &f->fetch, .method = "GET", .host = f->config.origin.host,
        .operation = "credentials", .attempt = f->tried,
        .status = f->status,
    };

    if (f->fetch.net != NULL && f->fetch.net->log.trace != NULL)
        hc_timings_note(NULL, &note);
    hc_fetch_fini(&f->fetch);
}

static void fetch_creds_fail(struct hc_creds_fetch *f)
{
    fetch_creds_end(f);
    f->state = CREDS_FETCH_AT_FAILED;
}

/* Another try after a pause, or none: where the tries are used up, or where the
 * next one would end the same way. */
static void fetch_creds_again(struct hc_creds_fetch *f, int64_t now)
{
    f->fresh = f->fresh || f->fetch.suspect;
    fetch_creds_end(f);
    f->state = CREDS_FETCH_AT_FAILED;
    if (f->tried >= f->config.tries || f->error.permanent ||
        f->error.code == HEADCOUNT_ENOMEM ||
        f->error.code == HEADCOUNT_ECERT || f->error.code == HEADCOUNT_ELIMIT)
        return;
    f->until = hc_time_add(now, f->config.pause);
    f->state = CREDS_FETCH_AT_PAUSE;
}

static void fetch_creds_answered(struct hc_creds_fetch *f, int64_t now)
{
    int err = hc_buf_error(&f->body);

    if (err < 0) {
        hc_error_set(&f->error, err, "no memory for an answer with "
                     "credentials");
        fetch_creds_fail(f);
        return;
    }
    if (f->status != 429 && f->status / 100 != 5) {
        fetch_creds_end(f);
        f->state = CREDS_FETCH_AT_DONE;
        return;
    }
    fetch_creds_again(f, now);
    if (f->state == CREDS_FETCH_AT_FAILED)
        f->state = CREDS_FETCH_AT_DONE;
}

static void fetch_creds_starts_clock(struct hc_creds_fetch *f, int64_t now)
{
    if (f->until != HC_NEVER)
        return;
    f->until = hc_time_add(now, f->config.connect_timeout);
    f->deadline = hc_time_add(now, f->config.timeout);
}

/* hc_fetch_step asks for the request once there is a connection: until then
 * f->until is the deadline of the connection. */
static bool fetch_creds_waits(struct hc_creds_fetch *f, int64_t now)
{
    if (hc_fetch_is_in_line(&f->fetch)) {
        f->until = HC_NEVER;         /* the pool has a limit for its line */
        return true;
    }
    fetch_creds_starts_clock(f, now);
    if (now < f->until) {
        hc_job_at(f->config.job, f->until);
        return true;
    }
    hc_error_set(&f->error, HEADCOUNT_ETIMEDOUT, "%s:%u: no connection in time",
                 f->config.origin.host, (unsigned)f->config.origin.port);
    fetch_creds_again(f, now);
    return false;
}

static void fetch_creds_type(struct hc_creds_fetch *f)
{
    struct hc_str type = { NULL, 0 };

    hc_http1_header(&f->fetch.http, "x-amzn-errortype", &type);
    hc_fmt(f->type, sizeof f->type, "%.*s", HC_STR_ARG(type));
}

/* The local clock is corrected only if it is minutes off. */
static void fetch_creds_skew(struct hc_creds_fetch *f)
{
    struct hc_skew_ask ask = {
        .sent = f->sent, .received = hc_wall(&f->config.net->sys),
    };

    hc_http1_header(&f->fetch.http, "date", &ask.date);
    hc_http1_header(&f->fetch.http, "age", &ask.age);
    f->skew = 0;
    if (hc_skew_get(&ask, &f->skew) && !hc_skew_matters(f->skew))
        f->skew = 0;
}

/* True: nothing more can be done now. */
static bool fetch_creds_try(struct hc_creds_fetch *f, int64_t now)
{
    switch (hc_fetch_step(&f->fetch, now)) {
    case FETCH_WAIT:
        return fetch_creds_waits(f, now);
    case FETCH_NEED_REQUEST:
        f->sent = hc_wall(&f->config.net->sys);
        hc_buf_str(&f->fetch.out, hc_buf_view(&f->request));
        hc_fetch_request(&f->fetch);
        fetch_creds_starts_clock(f, now);
        hc_fetch_until(&f->fetch, f->deadline);
        f->until = f->deadline;
        break;
    case FETCH_HEAD:
        f->status = f->fetch.http.status;
        fetch_creds_type(f);
        fetch_creds_skew(f);
        break;
    case FETCH_BODY:
        hc_buf_str(&f->body, f->fetch.span);
        break;
    case FETCH_DONE:
        fetch_creds_answered(f, now);
        break;
    case FETCH_FAILED:
        hc_error_pass(&f->error, &f->fetch.error);
        fetch_creds_again(f, now);
        break;
    }
    return false;
}

static bool fetch_creds_once(struct hc_creds_fetch *f, int64_t now)
{
    switch (f->state) {
    case CREDS_FETCH_AT_TRY:
        return fetch_creds_try(f, now);
    case CREDS_FETCH_AT_PAUSE:
        if (now < f->until) {
            hc_job_at(f->config.job, f->until);
            return true;
        }
        if (fetch_creds_begin(f, now) < 0) {
            hc_error_pass(&f->error, &f->fetch.error);
            fetch_creds_fail(f);
        }
        return false;
    case CREDS_FETCH_AT_DONE:
    case CREDS_FETCH_AT_FAILED:
        break;
    }
    return true;
}

enum hc_creds_fetch_answer hc_creds_fetch_step(struct hc_creds_fetch *f,
                                               int64_t now)
{
    while (!fetch_creds_once(f, now))
        continue;
    if (f->state == CREDS_FETCH_AT_DONE)
        return CREDS_FETCH_DONE;
    return f->state == CREDS_FETCH_AT_FAILED ? CREDS_FETCH_FAILED
                                             : CREDS_FETCH_WAIT;
}

void hc_creds_fetch_start(struct hc_creds_fetch *f,
                          const struct hc_creds_fetch_config *config,
                          int64_t now)
{
    const struct hc_alloc *alloc = &config->net->sys.alloc;

    memset(f, 0, sizeof(*f));
    f->config = *config;
    hc_buf_init_secret(&f->body, alloc, HC_CREDS_FETCH_BODY);
    hc_buf_init_secret(&f->request, alloc, FETCH_CREDS_REQUEST);
    int err = fetch_creds_put(f);

    f->config.method = f->config.target = f->config.header =
        f->config.value = f->config.body = f->config.type =
            (struct hc_str){ NULL, 0 };
    if (err == 0)
        err = fetch_creds_begin(f, now);
    if (err < 0) {
        hc_error_pass(&f->error, &f->fetch.error);
        f->state = CREDS_FETCH_AT_FAILED;
    }
}

void hc_creds_fetch_strike(const struct hc_creds_fetch *f, char *text)
{
    struct hc_str all = hc_buf_view(&f->request);

    if (hc_buf_error(&f->request) < 0)
        return;
    hc_strike(text, hc_str_n(hc_str_from(all, f->value_at).p, f->value_n));
    hc_strike(text, hc_str_n(hc_str_from(all, f->target_at).p, f->target_n));
}

void hc_creds_fetch_said(const struct hc_creds_fetch *f,
                         char out[HC_CREDS_FETCH_SAID])
{
    const struct hc_answer_parts parts = {
        .status = f->status, .type = hc_str(f->type),
        .body = hc_buf_view(&f->body),
    };
    struct hc_service_error said;

    out[0] = '\0';
    if (hc_service_error_get(&said, &f->config.net->sys.alloc, &parts) < 0)
        return;
    if (said.named)
        hc_fmt(out, HC_CREDS_FETCH_SAID, ": %s%s%s", said.code,
               said.message[0] != '\0' ? ": " : "", said.message);
    else if (strcmp(said.message, hc_status_text(f->status)) != 0)
        hc_fmt(out, HC_CREDS_FETCH_SAID, ": %s", said.message);
    hc_creds_fetch_strike(f, out);
}

int64_t hc_creds_fetch_wall(const struct hc_creds_fetch *f, int64_t *skew)
{
    if (skew != NULL && *skew == 0)
        *skew = f->skew;
    return hc_time_add(hc_wall(&f->config.net->sys),
                       skew != NULL ? *skew : f->skew);
}

void hc_creds_fetch_fini(struct hc_creds_fetch *f)
{
    if (f->config.net == NULL)
        return;
    hc_fetch_fini(&f->fetch);
    hc_buf_fini(&f->body);
    hc_buf_fini(&f->request);
    f->config.net = NULL;
}
