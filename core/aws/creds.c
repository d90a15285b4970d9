/* aws/creds.c - the chain of providers and its one refresh (contract and
 * drawing: aws/creds.h).
 *
 *   EMPTY   -> REFRESH        [hc_creds_get]       nothing is kept
 *   FRESH   -> REFRESH        [hc_creds_get]       it expires soon, or the
 *                                                  service says it did
 *   FRESH   -> EMPTY          [hc_creds_invalidate]  what does not outlast it
 *   REFRESH -> FRESH          [creds_succeed]
 *   REFRESH -> FRESH, EMPTY   [creds_fail]         the old set still holds or
 *                                                  outlasts, or there is none
 *   REFRESH -> REFRESH        [creds_slept]        the process was frozen
 *
 * A good set is replaced only by another good one: a refresh that fails leaves
 * it, and is not tried again for a while.  During a refresh the old set is lent
 * until its last minute.
 */
#include "aws/creds.h"

#include <string.h>

#include "base/text.h"

/* ---- a set as a value ---- */

struct hc_credentials_texts {
    size_t users, n;
    char p[];                      /* key id, secret, token in a row         */
};

void hc_credentials_init(struct hc_credentials *c, const struct hc_alloc *a)
{
    *c = (struct hc_credentials){ .alloc = a, .expires = HC_NEVER,
                                  .source = "" };
}

void hc_credentials_fini(struct hc_credentials *c)
{
    struct hc_credentials_texts *t = c->texts;

    c->texts = NULL;
    c->key_id_n = c->secret_n = 0;
    if (t == NULL || --t->users > 0)
        return;
    hc_wipe(t->p, t->n);
    hc_free(c->alloc, t, sizeof *t + t->n);
}

static bool creds_is_clean(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* Key id and token become texts of headers, where such a byte would break the
 * request.  Mostly it is the line break at the end of a key that was pasted. */
static int creds_check(const struct hc_credentials *c,
                       const struct hc_identity *who, struct headcount_error *e)
{
    const char *wrong = !creds_is_clean(who->key_id) ? "access key id"
                      : !creds_is_clean(who->secret) ? "secret access key"
                      : !creds_is_clean(who->token)  ? "session token"
                      : NULL;

    if (wrong != NULL)
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                            "%s: the %s holds a blank, a "
                            "line break or a byte that is not ASCII",
                            c->source, wrong);
    if (who->key_id.n + who->secret.n + who->token.n > HC_CREDENTIALS_MAX)
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                            "%s: the credentials have more than %zu bytes",
                            c->source, HC_CREDENTIALS_MAX);
    return 0;
}

int hc_credentials_put(struct hc_credentials *c, const struct hc_identity *who,
                       struct headcount_error *e)
{
    int err = creds_check(c, who, e);

    if (err < 0)
        return err;
    const struct hc_str parts[] = { who->key_id, who->secret, who->token };
    const size_t n = who->key_id.n + who->secret.n + who->token.n;
    struct hc_credentials_texts *t =
        hc_realloc(c->alloc, NULL, 0, sizeof *t + n);

    hc_credentials_fini(c);
    if (t == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "no memory for the credentials");
    t->users = 1;
    t->n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; t->n += parts[i++].n)
        if (parts[i].n > 0)
            memcpy(t->p + t->n, parts[i].p, parts[i].n);
    c->texts = t;
    c->key_id_n = who->key_id.n;
    c->secret_n = who->secret.n;
    return 0;
}

void hc_credentials_profile_option(char out[HC_PROFILE_OPTION],
                                   struct hc_str profile)
{
    bool plain = profile.n > 0;
    size_t n = 0;

    for (size_t i = 0; i < profile.n; i++) {
        char c = hc_lower(profile.p[i]);

        plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                          (c != '\0' && strchr("-_./+@:,", c) != NULL));
    }
    n = hc_fmt(out, HC_PROFILE_OPTION, "--profile %s", plain ? "" : "'");
    for (size_t i = 0; i < profile.n && n + 6 < HC_PROFILE_OPTION; i++)
        n += hc_fmt(out + n, HC_PROFILE_OPTION - n, "%s%.*s",
                    profile.p[i] == '\'' ? "'\\'" : "", 1, profile.p + i);
    hc_fmt(out + n, HC_PROFILE_OPTION - n, "%s", plain ? "" : "'");
}

void hc_credentials_copy(struct hc_credentials *to,
                         const struct hc_credentials *from)
{
    hc_credentials_fini(to);
    *to = *from;
    if (to->texts != NULL)
        to->texts->users++;
}

struct hc_identity hc_credentials_view(const struct hc_credentials *c)
{
    const struct hc_str all = c->texts != NULL
                                  ? hc_str_n(c->texts->p, c->texts->n)
                                  : HC_STR("");

    return (struct hc_identity){
        hc_str_n(all.p, c->key_id_n),
        hc_str_n(hc_str_from(all, c->key_id_n).p, c->secret_n),
        hc_str_from(all, c->key_id_n + c->secret_n)
    };
}

/* ---- the one refresh ---- */

/* Measured by the clock of AWS, which set the expiry, as far as its difference
 * to ours is known. */
static bool creds_is_within(const struct hc_creds *c, int64_t margin,
                            int64_t expires)
{
    int64_t wall = hc_time_add(hc_wall(c->sys), c->skew != NULL ? *c->skew : 0);

    return expires != HC_NEVER && wall >= expires - margin;
}

static bool creds_expires_in(const struct hc_creds *c, int64_t margin)
{
    return creds_is_within(c, margin, c->now_good.expires);
}

/* There is a set that has not expired, neither by its date nor in the eyes of a
 * service. */
static bool creds_has_one(const struct hc_creds *c)
{
    return c->now_good.key_id_n > 0 && !c->refused && !creds_expires_in(c, 0);
}

/* There is a set that is used on past its end where no other can be had: its
 * source may be down, and AWS may still accept it. */
static bool creds_outlasts(const struct hc_creds *c)
{
    return c->now_good.key_id_n > 0 && c->outlasts;
}

static void creds_succeed(struct hc_creds *c, int64_t now)
{
    struct hc_credentials old = c->now_good;

    c->now_good = c->coming;
    c->coming = old;
    hc_credentials_fini(&c->coming);
    hc_error_reset(&c->error);
    c->outlasts = c->providers[c->at].outlasts;
    c->refused = false;
    c->failed_until = 0;
    c->rest_until = hc_time_add(now, HC_CREDS_REST);
    c->state = CREDS_FRESH;
    c->refreshes++;
}

/* The old set is past its end and no provider gives another one.  The pause is
 * random, because all clients of a source that was down would else come back to
 * it at once. */
static void creds_go_on(struct hc_creds *c, int64_t now)
{
    uint32_t random = 0;

    if (hc_random(c->sys, &random, sizeof random, NULL) < 0)
        random = 0;
    int64_t pause = HC_CREDS_PAST +
                    (int64_t)(((uint64_t)HC_CREDS_PAST * random) >> 32);

    c->failed_until = hc_time_add(now, pause);
    if (c->log != NULL)
        hc_log_line(c->log, HEADCOUNT_LOG_WARN,
                    "the credentials have expired and could not be replaced: "
                    "they are used on, and others are asked for in %lld s: %s",
                    (long long)(pause / HC_SECOND), c->error.what);
}

static void creds_fail(struct hc_creds *c, int64_t now)
{
    bool past = !creds_has_one(c) && creds_outlasts(c);

    hc_credentials_fini(&c->coming);
    c->failed_until = hc_time_add(now, HC_CREDS_AGAIN);
    c->rest_until = hc_time_add(now, HC_CREDS_REST);
    if (past)
        creds_go_on(c, now);
    c->state = past || creds_has_one(c) ? CREDS_FRESH : CREDS_EMPTY;
}

/* Notes for the error that this provider has none, and what it said about
 * it. */
static void creds_note(struct hc_creds *c, const struct hc_creds_provider *p)
{
    bool says = c->error.code != 0;

    c->tried_n += hc_fmt(c->tried + c->tried_n, sizeof(c->tried) - c->tried_n,
                         "%s%s%s%s%s", c->tried_n > 0 ? ", " : "", p->name,
                         says ? " (" : "", says ? c->error.what : "",
                         says ? ")" : "");
    hc_error_reset(&c->error);
}

/* The providers that were asked before belong to the error, if it has room: who
 * reads it may have meant one of those. */
static void creds_note_tried(struct hc_creds *c)
{
    char *what = c->error.what;
    size_t n = strlen(what);

    if (c->tried_n > 0 && n + c->tried_n + 32 < sizeof c->error.what)
        hc_fmt(what + n, sizeof c->error.what - n, " (looked in before: %s)",
               c->tried);
}

/* Asks one provider after the other until one has an answer or has to wait.
 * One that is configured but broken ends the chain: the next one might give
 * the credentials of somebody else. */
static void creds_refresh(struct hc_creds *c, int64_t now)
{
    while (c->at < c->n) {
        const struct hc_creds_provider *p = &c->providers[c->at];

        c->coming.source = p->name;

        int got = p->get(p->ud, &c->job, now, &c->coming, &c->error);

        if (got == HC_CREDS_WAIT)
            return;
        if (got == 1 && creds_is_within(c, 0, c->coming.expires))
            got = hc_error_set(&c->error, HEADCOUNT_ECREDENTIALS, "%s: the "
                               "credentials it gave have expired already",
                               p->name);
        if (got == 1) {
            creds_succeed(c, now);
            return;
        }
        if (got < 0) {
            hc_error_set(&c->error, got, "no credentials from: %s", p->name);
            creds_note_tried(c);
            creds_fail(c, now);
            return;
        }
        creds_note(c, p);
        c->at++;
    }
    hc_error_set(&c->error, HEADCOUNT_ECREDENTIALS,
                 "no AWS credentials (looked in: %s): run `aws configure` or "
                 "`aws sso login`, or set AWS_ACCESS_KEY_ID and "
                 "AWS_SECRET_ACCESS_KEY",
                 c->tried);
    creds_fail(c, now);
}

static void creds_start(struct hc_creds *c, int64_t now)
{
    c->state = CREDS_REFRESH;
    c->at = 0;
    c->started = now;
    c->tried[0] = '\0';
    c->tried_n = 0;
    hc_error_reset(&c->error);
    hc_credentials_fini(&c->coming);
    hc_credentials_init(&c->coming, &c->sys->alloc);
    creds_refresh(c, now);
}

/* When a process was frozen during a refresh (Lambda, SIGSTOP), all
 * deadlines of the refresh are past as it wakes.  Such a failure says
 * nothing about the providers, so they are asked again at once. */
static bool creds_slept(const struct hc_creds *c, int64_t now)
{
    return c->state != CREDS_REFRESH && c->failed_until > 0 &&
           now >= hc_time_add(c->started, c->longest > 0 ? c->longest
                                                         : HC_CREDS_SLEPT);
}

static void creds_run(struct hc_job *job, int64_t now)
{
    struct hc_creds *c = (struct hc_creds *)(void *)job;

    if (c->state == CREDS_REFRESH) {
        creds_refresh(c, now);
        if (creds_slept(c, now))
            creds_start(c, now);
    }
    if (c->state != CREDS_REFRESH)
        hc_wait_queue_wake(&c->waiting);
}

/* ---- what others see ---- */

void hc_creds_init(struct hc_creds *c, const struct hc_system *sys,
                   struct hc_jobs *jobs)
{
    memset(c, 0, sizeof(*c));
    c->sys = sys;
    hc_job_init(&c->job, jobs, creds_run);
    hc_credentials_init(&c->now_good, &sys->alloc);
    hc_credentials_init(&c->coming, &sys->alloc);
}

void hc_creds_fini(struct hc_creds *c)
{
    if (c->sys == NULL)
        return;
    hc_job_fini(&c->job);
    hc_credentials_fini(&c->now_good);
    hc_credentials_fini(&c->coming);
    memset(c, 0, sizeof(*c));
}

void hc_creds_add(struct hc_creds *c, const struct hc_creds_provider *p)
{
    if (c->n < HC_CREDS_PROVIDERS)
        c->providers[c->n++] = *p;
}

/* Is it time to ask the providers?  After a failure they rest for a while, and
 * longer while the present set is still good.  A set that has just come is lent
 * however soon it expires: where no set lives longer, a waiter would wait for
 * ever. */
static bool creds_is_due(const struct hc_creds *c, int64_t now)
{
    if (c->state == CREDS_REFRESH)
        return false;
    if (!creds_has_one(c))
        return now >= c->failed_until;
    if (creds_expires_in(c, HC_CREDS_NEAR))
        return now >= (c->failed_until > 0 ? c->failed_until : c->rest_until);
    return creds_expires_in(c, HC_CREDS_SOON) && now >= c->rest_until;
}

static bool creds_lends(const struct hc_creds *c)
{
    if (c->state == CREDS_REFRESH)
        return creds_has_one(c) && !creds_expires_in(c, HC_CREDS_NEAR);
    return creds_has_one(c) || creds_outlasts(c);
}

int hc_creds_get(struct hc_creds *c, const struct hc_creds_ask *ask,
                 int64_t now, struct hc_credentials *out,
                 struct headcount_error *e)
{
    if (creds_is_due(c, now))
        creds_start(c, now);
    bool lends = creds_lends(c);

    if (!lends && c->state == CREDS_REFRESH) {
        hc_waiter_join(&c->waiting, ask->waiter, ask->job);
        return 0;
    }
    if (c->tally != NULL && ask->stats != NULL)
        hc_tally_move(ask->stats, ask->timings, c->tally);
    if (!lends) {
        /* Only a wall clock that jumps leads here without an error. */
        hc_error_set(&c->error, HEADCOUNT_ECREDENTIALS,
                     "the credentials expired as they were fetched");
        return hc_error_pass(e, &c->error);
    }
    hc_credentials_copy(out, &c->now_good);
    return 1;
}

int hc_creds_wrong_account(const struct hc_creds *c, const char *answered,
                           struct hc_str expected, struct headcount_error *e)
{
    const char *from = c == NULL       ? ""
                       : c->role.n > 0 ? c->role.p : c->now_good.source;

    return hc_error_set(e, HEADCOUNT_EACCOUNT,
                        "AWS answers for account %s, and account %.*s is "
                        "expected (request.expect_account), so nothing is "
                        "written: use credentials of the expected account, or "
                        "correct its number; these are from: %s", answered,
                        HC_STR_ARG(expected), from);
}

void hc_creds_invalidate(struct hc_creds *c, struct hc_str key_id)
{
    if (!hc_str_eq(hc_credentials_view(&c->now_good).key_id, key_id))
        return;
    /* Without a good set a refresh has just failed: its pause goes on. */
    if (creds_has_one(c))
        c->failed_until = 0;
    c->refused = true;
    if (creds_outlasts(c))
        return;
    hc_credentials_fini(&c->now_good);
    hc_credentials_init(&c->now_good, &c->sys->alloc);
    if (c->state == CREDS_FRESH)
        c->state = CREDS_EMPTY;
}
