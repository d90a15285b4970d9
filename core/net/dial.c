/* net/dial.c - resolve, then race the addresses.
 *
 *   RESOLVE -> RACE              [dial_resolve]
 *   RACE    -> DONE              [dial_race]      the first that is done wins
 *   any     -> FAILED            an error, or no address is left
 */
#include "net/dial.h"

#include <errno.h>

#include "base/text.h"
#include "net/net.h"

#define DIAL_AGAIN 1                 /* the state changed: go on             */

static void dial_close_attempts(struct hc_dial *d)
{
    for (size_t i = 0; i < d->attempts_n; i++)
        hc_attempt_fini(&d->attempts[i]);
}

static int dial_fail(struct hc_dial *d, int code)
{
    dial_close_attempts(d);
    d->state = DIAL_FAILED;
    hc_job_wake(d->config.owner);
    return code;
}

/* The addresses are those of the proxy, if there is one: the proxy looks up the
 * name of the origin. */
static const struct hc_origin *dial_looks_up(const struct hc_origin *origin,
                                             const struct hc_proxy *proxy)
{
    return proxy != NULL ? &proxy->origin : origin;
}

static const struct hc_origin *dial_peer(const struct hc_dial *d)
{
    return dial_looks_up(&d->config.origin, d->config.proxy);
}

void hc_dial_expire(struct hc_net *net, const struct hc_origin *origin,
                    const struct hc_proxy *proxy)
{
    char name[HC_ORIGIN_NAME];

    hc_resolve_expire(&net->resolver,
                      hc_origin_name(name, dial_looks_up(origin, proxy)));
}

static void dial_log(const struct hc_dial *d)
{
    char ip[HC_ADDR_TEXT];
    const struct hc_marks *m = &d->conn->marks;

    if (!hc_log_wants(&d->net->log, HEADCOUNT_LOG_DEBUG))
        return;
    hc_addr_put(ip, &d->conn->addr);
    hc_log_line(&d->net->log, HEADCOUNT_LOG_DEBUG,
                "connection host=%s address=%s port=%u%s%s dns_us=%lld "
                "connect_us=%lld tls_us=%lld resumed=%d",
                d->config.origin.host, ip, (unsigned)dial_peer(d)->port,
                d->config.proxy != NULL ? " proxy=" : "",
                d->config.proxy != NULL ? d->config.proxy->name : "",
                (long long)(m->dns_end - m->dns_start),
                (long long)(m->connect_end - m->connect_start),
                (long long)(m->tls_end - m->tls_start), m->resumed);
}

/* Before there is a tunnel the sentences are about the proxy's host: says what
 * it is needed for. */
static int dial_say(const struct hc_dial *d, struct headcount_error *to,
                    const struct headcount_error *why)
{
    const struct hc_addr none = { .family = 0 };
    char where[HC_CONN_WHERE];

    if (d->config.proxy == NULL)
        return hc_error_pass(to, why);
    hc_conn_where(where, &d->config.origin, &none, d->config.proxy);
    hc_error_set(to, why->code, "%s: %s", where, why->what);
    to->sys = why->sys;
    to->permanent = why->permanent;
    return why->code;
}

/* ---- RESOLVE ---- */

/* `now` is the time at which the loop's round began, and the dial may have
 * been asked for later in the round: no phase ends before it began. */
static int64_t dial_now(const struct hc_dial *d, int64_t now)
{
    return now > d->marks.dns_start ? now : d->marks.dns_start;
}

static int dial_resolve(struct hc_dial *d, int64_t now)
{
    struct hc_addrs addrs = { .n = 0 };
    struct headcount_error why = { .code = 0 };
    char name[HC_ORIGIN_NAME];
    const struct hc_resolve_ask ask = {
        .name = hc_origin_name(name, dial_peer(d)),
        .waiter = &d->waiter, .job = &d->job, .stats = &d->stats,
        .again = d->asked,
    };
    int got = hc_resolve(&d->net->resolver, &ask, now, &addrs, &why);

    d->asked = true;
    if (got < 0)
        return dial_fail(d, dial_say(d, &d->error, &why));
    if (got == 0)
        return 0;
    d->marks.dns_end = dial_now(d, now);
    d->until = hc_time_add(now, d->net->config.connect_timeout);
    hc_eyeballs_init(&d->eyeballs, &addrs, &d->net->health,
                     dial_peer(d)->port, now);
    d->state = DIAL_RACE;
    return DIAL_AGAIN;
}

/* ---- RACE: addresses that fail ---- */

static void dial_mark(struct hc_dial *d, const struct hc_addr *addr,
                      const char *why, int64_t now)
{
    char ip[HC_ADDR_TEXT];
    const struct hc_origin *origin = dial_peer(d);

    hc_health_failed(&d->net->health, addr, origin->port, now);
    if (!hc_log_wants(&d->net->log, HEADCOUNT_LOG_DEBUG))
        return;
    hc_addr_put(ip, addr);
    hc_log_line(&d->net->log, HEADCOUNT_LOG_DEBUG,
                "address_failed host=%s address=%s port=%u last_for_s=%d "
                "reason=\"%s\"", origin->host, ip, (unsigned)origin->port,
                (int)(HC_HEALTH_TIME / HC_SECOND), why);
}

/* This machine, and not the address, is the cause. */
static bool dial_is_local(const struct headcount_error *e)
{
    return e->code == HEADCOUNT_ENOMEM || e->code == HEADCOUNT_EIO ||
           e->sys == EMFILE || e->sys == ENFILE || e->sys == ENOBUFS ||
           e->sys == ENOMEM;
}

static bool dial_was_frozen(const struct hc_dial *d,
                            const struct hc_attempt *a, int64_t now)
{
    return hc_health_is_late(a->until > 0 ? a->until : d->until, now);
}

static bool dial_is_open(const struct hc_dial *d)
{
    for (size_t i = 0; i < d->attempts_n; i++)
        if (hc_attempt_is_open(&d->attempts[i]))
            return true;
    return false;
}

static void dial_failed(struct hc_dial *d, const struct hc_attempt *a,
                        const struct headcount_error *why, int64_t now)
{
    if (!dial_is_local(why) && !a->answered && !dial_was_frozen(d, a, now))
        dial_mark(d, &a->addr, why->what, now);
    d->may_pass = d->may_pass || !why->permanent;
    if (a->reached >= d->reached) {
        hc_error_reset(&d->worst);
        if (a->reached < ATTEMPT_TUNNEL)
            dial_say(d, &d->worst, why);
        else
            d->worst = *why;
        d->reached = a->reached;
    }
    hc_eyeballs_failed(&d->eyeballs, dial_is_open(d), now);
    /* Its other addresses have the same rules. */
    if (why->code == HEADCOUNT_EPROXY && why->permanent)
        hc_eyeballs_end(&d->eyeballs);
}

/* The time for connects is over, and no address is begun after it.  Handshakes
 * that are under way have their own time. */
static void dial_end_connects(struct hc_dial *d, int64_t now)
{
    struct headcount_error e = { .code = 0 };
    char where[HC_CONN_WHERE];
    const struct hc_addr none = { 0 };

    hc_conn_where(where, dial_peer(d),
                  d->attempts_n == 1 ? &d->attempts[0].addr : &none, NULL);
    hc_error_set(&e, HEADCOUNT_ETIMEDOUT, "%s: no connection within %lld ms: "
                 "is there a route, and does a security group or firewall let "
                 "it through?", where,
                 (long long)(d->net->config.connect_timeout / HC_MS));
    for (size_t i = 0; i < d->attempts_n; i++) {
        struct hc_attempt *a = &d->attempts[i];

        if (a->state != ATTEMPT_CONNECT && a->state != ATTEMPT_CONNECTED)
            continue;
        hc_attempt_fini(a);
        if (a->reached == ATTEMPT_CONNECT)
            dial_failed(d, a, &e, now);
    }
    hc_eyeballs_end(&d->eyeballs);
}

/* ---- RACE: one round ---- */

static void dial_start_due(struct hc_dial *d, int64_t now)
{
    struct hc_addr addr;

    while (d->attempts_n < HC_ADDRS_MAX &&
           hc_eyeballs_next(&d->eyeballs, now, &addr)) {
        struct headcount_error e = { .code = 0 };
        struct hc_attempt *a = &d->attempts[d->attempts_n++];

        if (hc_attempt_start(a, &d->shared, &addr, dial_now(d, now), &e) < 0)
            dial_failed(d, a, &e, now);
    }
}

/* The first that is done; all go as far as they can.  One that failed may have
 * freed an engine for another: *again. */
static struct hc_attempt *dial_winner(struct hc_dial *d, int64_t now,
                                      bool *again)
{
    struct hc_attempt *winner = NULL;

    for (size_t i = 0; i < d->attempts_n; i++) {
        struct headcount_error e = { .code = 0 };
        struct hc_attempt *a = &d->attempts[i];
        int64_t heard_at = a->heard_at;
        int done = hc_attempt_step(a, now, &e);

        if (a->heard_at != heard_at)
            hc_eyeballs_wait(&d->eyeballs, now);
        if (done > 0 && winner == NULL)
            winner = a;
        *again = *again || done < 0;
        if (done < 0)
            dial_failed(d, a, &e, now);
    }
    return winner;
}

/* Its own marks, and those of one of its attempts; NULL: none began. */
static struct hc_marks dial_marks(const struct hc_dial *d,
                                  const struct hc_attempt *a)
{
    struct hc_marks m = { .start = 0 };

    if (a != NULL)
        m = a->marks;
    m.start = d->marks.start;
    m.dns_start = d->marks.dns_start;
    m.dns_end = d->marks.dns_end;
    return m;
}

void hc_dial_marks(const struct hc_dial *d, struct hc_marks *to)
{
    const struct hc_attempt *best = d->attempts_n > 0 ? d->attempts : NULL;

    for (size_t i = 1; i < d->attempts_n; i++)
        if (d->attempts[i].reached > best->reached)
            best = &d->attempts[i];
    const struct hc_marks m = dial_marks(d, best);

    hc_marks_take(to, &m);
}

static int dial_won(struct hc_dial *d, struct hc_attempt *winner, int64_t now)
{
    for (struct hc_attempt *a = d->attempts; a != winner; a++)
        if (hc_attempt_is_open(a) && !a->answered &&
            now - a->heard_at >= HC_EYEBALLS_DELAY)
            dial_mark(d, &a->addr, "silent, and another address answered",
                      now);
    d->conn = winner->conn;
    winner->conn = NULL;
    dial_close_attempts(d);
    d->conn->marks = dial_marks(d, winner);
    d->conn->born = now;
    d->conn->has_others = d->eyeballs.addrs.n > 1;
    d->state = DIAL_DONE;
    dial_log(d);
    hc_job_wake(d->config.owner);
    return 0;
}

static int dial_race(struct hc_dial *d, int64_t now)
{
    bool again = false;

    dial_start_due(d, now);
    struct hc_attempt *winner = dial_winner(d, now, &again);

    if (winner != NULL)
        return dial_won(d, winner, now);
    if (now >= d->until)
        dial_end_connects(d, now);
    else
        hc_job_at(&d->job, d->until);
    if (again || hc_eyeballs_at(&d->eyeballs) <= now)
        return DIAL_AGAIN;
    hc_job_at(&d->job, hc_eyeballs_at(&d->eyeballs));
    if (dial_is_open(d) || hc_eyeballs_at(&d->eyeballs) != HC_NEVER)
        return 0;
    /* None of the addresses answers: the name may have new ones. */
    if (!dial_is_local(&d->worst))
        hc_dial_expire(d->net, &d->config.origin, d->config.proxy);
    d->worst.permanent = d->worst.permanent && !d->may_pass;
    return dial_fail(d, hc_error_pass(&d->error, &d->worst));
}

/* ---- the job ---- */

static int dial_step(struct hc_dial *d, int64_t now)
{
    switch (d->state) {
    case DIAL_RESOLVE: return dial_resolve(d, now);
    case DIAL_RACE:    return dial_race(d, now);
    case DIAL_DONE:
    case DIAL_FAILED:  break;
    }
    return 0;
}

static void dial_run(struct hc_job *job, int64_t now)
{
    struct hc_dial *d = (struct hc_dial *)job;

    while (dial_step(d, now) == DIAL_AGAIN)
        continue;
}

struct hc_dial *hc_dial_new(struct hc_net *net,
                            const struct hc_dial_config *config, int64_t now)
{
    struct hc_dial *d = hc_alloc(&net->sys.alloc, sizeof *d);

    if (d == NULL)
        return NULL;
    d->net = net;
    d->config = *config;
    d->shared = (struct hc_attempt_shared){
        .net = net, .job = &d->job, .stats = &d->stats,
        .origin = &d->config.origin, .anchors = config->anchors,
        .session = config->session, .proxy = config->proxy,
    };
    d->marks.start = d->marks.dns_start = now;
    hc_job_init(&d->job, &net->jobs, dial_run);
    return d;
}

void hc_dial_free(struct hc_dial *d)
{
    if (d == NULL)
        return;
    const struct hc_alloc *alloc = &d->net->sys.alloc;

    hc_waiter_leave(&d->waiter);
    dial_close_attempts(d);
    hc_conn_free(d->conn);
    hc_job_fini(&d->job);
    hc_free(alloc, d, sizeof *d);
}
