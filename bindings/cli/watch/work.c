/* cli/watch/work.c - reconciles of clusters that events are about, one sweep
 * after the other, and the rules that both go by.
 *
 * The library never reconciles one cluster twice at once, paces a sweep, and
 * lets at most --concurrency reconciles of both kinds work side by side.
 */
#include "watch/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "render.h"
#include "missing_services.h"
#include "verbs/verbs.h"

/* Workers that start together do not all sweep at once. */
#define WORK_JITTER (30 * HC_SECOND)

/* ---- rules ---- */

static int rules_open(struct work_rules **out, const struct options *o)
{
    struct work_rules *r = calloc(1, sizeof *r);

    *out = NULL;
    if (!r)
        return EXIT_OTHER;
    r->request = (struct headcount_reconcile){
        .size = sizeof r->request, .timeout = o->timeout_us,
        .dry_run = o->dry_run,
    };
    r->users = 1;                    /* struct work itself                */
    int code = request_options_open(&r->target, o, &r->request);

    if (code == 0) {
        *out = r;
        return 0;
    }
    request_options_close(&r->target);
    free(r);
    return code;
}

static void rules_leave(struct work_rules *r)
{
    if (!r || --r->users > 0)
        return;
    request_options_close(&r->target);
    free(r);
}

static struct work_rules *rules_join(struct work_rules *r)
{
    r->users++;
    return r;
}

/* To open a pipe again would wait for somebody to write into it, and the worker
 * would stand still. */
static bool is_read_once(const char *path)
{
    struct stat there;

    return strcmp(path, "-") == 0 ||
           (stat(path, &there) == 0 && !S_ISREG(there.st_mode));
}

bool work_reload(struct work *w)
{
    const struct options *o = w->options;
    struct work_rules *rules;
    const char *path = o->policy ? o->policy : o->autoscaler;

    if (path && !w->rules->target.decide.tags && is_read_once(path)) {
        complain("%s is no regular file and cannot be read again: the "
                 "policy stays as it was",
                 strcmp(path, "-") == 0 ? "standard input" : path);
        return false;
    }
    if (rules_open(&rules, o) != 0) {
        complain("the new policy is not used: the policy stays as it was");
        return false;
    }
    rules_leave(w->rules);
    w->rules = rules;
    complain("the policy was read again");
    return true;
}

/* ---- open, close ---- */

/* Uniform in [0, span].  Without /dev/urandom the clock's last digits do: this
 * spreads load, and protects nothing. */
static int64_t random_part(int64_t span)
{
    uint64_t dice = (uint64_t)hc_clock_wall();
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        uint64_t read_in;

        if (read(fd, &read_in, sizeof read_in) == sizeof read_in)
            dice = read_in;
        close(fd);
    }
    return (int64_t)(dice % ((uint64_t)span + 1));
}

int work_open(struct work *w, const struct options *o, int64_t now)
{
    memset(w, 0, sizeof *w);
    w->options = o;
    w->sweeps = sweep_options_is_said(o);
    w->every = w->sweeps ? o->every_us : 0;
    w->next = HC_NEVER;
    int64_t first_in = random_part(hc_time_min(w->every, WORK_JITTER));

    if (w->every > 0)
        w->next = now + first_in;
    int code = cluster_tags_open(&w->tags, o);

    if (code == 0)
        code = rules_open(&w->rules, o);
    if (code == 0 && w->every > 0)
        complain("a sweep every %g s, the first one in %.1f s",
                 (double)w->every / 1e6, (double)first_in / 1e6);
    return code;
}

static void end_job(struct work_job *job)
{
    if (!job->op)
        return;
    headcount_op_free(job->op);
    job->op = NULL;
    rules_leave(job->rules);
}

void work_close(struct work *w)
{
    for (size_t i = 0; i < WATCH_AT_ONCE; i++)
        end_job(&w->jobs[i]);
    end_job(&w->sweep);
    rules_leave(w->rules);
    cluster_tags_close(&w->tags);
}

/* ---- one cluster ---- */

static struct work_job *free_job(struct work *w)
{
    for (size_t i = 0; i < WATCH_AT_ONCE; i++)
        if (!w->jobs[i].op)
            return &w->jobs[i];
    return NULL;
}

static bool part_is(const char *part, size_t n, const char *text)
{
    return strlen(text) == n && memcmp(part, text, n) == 0;
}

/* "arn:aws:iam::123456789012:role/NAME" */
static bool role_is_of(const char *role, const char *account, size_t n)
{
    for (int colons = 0; *role != '\0' && colons < 4; role++)
        colons += *role == ':';
    return n > 0 && strncmp(role, account, n) == 0 && role[n] == ':';
}

/* Chooses the cluster's region and role of several.  A region that is none of
 * them is foreign to the first one. */
static void set_place(const struct options *o, const char *key,
                      struct headcount_reconcile *r)
{
    size_t region_n = strcspn(key, "/");
    const char *account = key + region_n + (key[region_n] == '/');

    if (o->regions.n > 1)
        r->region = o->regions.item[0];
    for (size_t i = 0; i < o->regions.n && o->regions.n > 1; i++)
        if (part_is(key, region_n, o->regions.item[i]))
            r->region = o->regions.item[i];
    if (o->roles_n == 1)
        r->assume_role = o->roles[0];
    for (size_t i = 0; i < o->roles_n && o->roles_n > 1; i++)
        if (role_is_of(o->roles[i], account, strcspn(account, "/")))
            r->assume_role = o->roles[i];
    if (!r->assume_role) {
        r->external_id = r->role_session_name = NULL;
        r->role_duration = 0;
    }
}

static void begin_job(struct work *w, struct work_job *job,
                      const struct inbox_begun *begun)
{
    struct headcount_reconcile r = w->rules->request;
    struct headcount_error error;

    r.event = begun->body;
    r.event_size = begun->body_n;
    r.clusters = &begun->name;
    r.clusters_n = 1;
    r.drop_duplicates = true;
    set_place(w->options, begun->key, &r);
    *job = (struct work_job){ .cluster = begun->cluster };
    snprintf(job->place, sizeof job->place, "%s", begun->key);
    snprintf(job->name, sizeof job->name, "%s", begun->name);
    if (headcount_begin_reconcile(w->h, &job->op, &r, &error) != 0) {
        complain("cluster %s: %s", job->name, error.what);
        job->op = NULL;
        inbox_end(w->inbox, begun->cluster, INBOX_FAILED);
        return;
    }
    job->rules = rules_join(w->rules);
}

/* Failures only: audit lines tell the writes and the holds. */
static void tell_failures(const struct headcount_outcome *o)
{
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];

        if (c->error)
            complain("cluster %s: %s", c->name, c->error);
        for (size_t k = 0; k < c->services_n && !c->error; k++) {
            const struct headcount_service *service = &c->services[k];
            const char *as = render_said_of(c, service);

            if (service->outcome == HEADCOUNT_FAILED)
                complain("service %s of cluster %s: %s%s", service->service,
                         c->name, as ? "as service " : "",
                         as ? as : service->reason);
        }
    }
}

static enum metrics_reconcile judge_job(const struct work_job *job,
                                        const struct headcount_outcome *o)
{
    if (o->code != 0) {
        complain("cluster %s: %s", job->name, o->message);
        return METRICS_FAILED;
    }
    if (o->skipped_event && strcmp(o->skipped_event, "duplicate") == 0)
        return METRICS_DUPLICATE;
    if (o->skipped_event)
        return METRICS_SKIPPED;
    if (o->clusters_n == 0)          /* beside a record that is broken */
        return METRICS_DUPLICATE;
    tell_failures(o);
    return o->summary[HEADCOUNT_FAILED] > 0 ? METRICS_FAILED : METRICS_OK;
}

static void job_ended(struct work *w, struct work_job *job)
{
    static const enum inbox_how hows[METRICS_RECONCILES] = {
        [METRICS_OK] = INBOX_WELL, [METRICS_SKIPPED] = INBOX_IDLE,
        [METRICS_FAILED] = INBOX_FAILED, [METRICS_DUPLICATE] = INBOX_IDLE,
    };
    const struct headcount_outcome *o = headcount_outcome(job->op);
    enum metrics_reconcile came = judge_job(job, o);
    enum inbox_how how = hows[came];

    metrics_reconciled(w->metrics, came, o);
    if (came == METRICS_SKIPPED && o->foreign > 0) {
        metrics_foreign(w->metrics, job->place);
        how = w->options->drop_foreign ? INBOX_IDLE : INBOX_FOREIGN;
    }
    inbox_end(w->inbox, job->cluster, how);
    w->cut |= w->stopped && came == METRICS_FAILED;
    end_job(job);
}

/* ---- the sweep ---- */

static void begin_sweep(struct work *w, int64_t now)
{
    struct headcount_reconcile each = w->rules->request;
    struct headcount_sweep sweep;
    struct headcount_error error;

    sweep_options_put(&sweep, &each, w->options, &w->tags);
    w->sweep_began = now;
    w->sweep_clusters = 0;
    if (w->every > 0)
        w->next = now + w->every;
    w->sweep = (struct work_job){ .name = "sweep" };
    /* Claimed first: a message whose sweep cannot begin is left to its queue,
     * as after a sweep that failed.  Unclaimed, it would ask at each turn. */
    inbox_sweep_begin(w->inbox);
    if (headcount_begin_sweep(w->h, &w->sweep.op, &sweep, &error) != 0) {
        complain("sweep: %s", error.what);
        w->sweep.op = NULL;
        inbox_sweep_end(w->inbox, INBOX_FAILED);
        return;
    }
    w->sweep.rules = rules_join(w->rules);
}

static void sweep_part(struct work *w)
{
    const struct headcount_outcome *part = headcount_sweep_cluster(w->sweep.op);
    bool failed = part->summary[HEADCOUNT_FAILED] > 0;

    w->sweep_clusters++;
    tell_failures(part);
    metrics_reconciled(w->metrics, failed ? METRICS_FAILED : METRICS_OK, part);
    headcount_resume(w->sweep.op);
}

/* The exit code for a setting that is wrong, which no time mends.  Only the
 * first sweep can say so: after one that worked, credentials that fail are
 * an outage, and the worker outlives it. */
static int sweep_fatal(const struct work *w, const struct headcount_outcome *o)
{
    if (w->metrics->sweeps_ok + w->metrics->sweeps_failed > 0)
        return 0;
    switch (o->code) {
    case HEADCOUNT_EARG:
        return EXIT_USAGE;
    case HEADCOUNT_ECONFIG:
    case HEADCOUNT_EREGION:
    case HEADCOUNT_ECREDENTIALS:
        return EXIT_CONFIG;
    default:
        return 0;
    }
}

static void sweep_ended(struct work *w, int64_t now)
{
    static const struct missing_services no_names;
    const struct headcount_outcome *o = headcount_outcome(w->sweep.op);
    bool well = o->code == 0 && verbs_targets_failed(o) == 0;
    int64_t us = now - w->sweep_began;

    missing_services_complain(&no_names, o);
    if (o->code != 0)
        complain("sweep: %s", o->message);
    else
        complain("sweep: %zu clusters in %d.%03d s: %zu %s, %zu held, "
                 "%zu unchanged, %zu failed", w->sweep_clusters,
                 (int)(us / HC_SECOND), (int)(us % HC_SECOND / 1000),
                 o->summary[HEADCOUNT_UPDATED] +
                     o->summary[HEADCOUNT_PENDING],
                 w->options->dry_run ? "to update" : "updated",
                 o->summary[HEADCOUNT_HELD],
                 o->summary[HEADCOUNT_UNCHANGED], verbs_targets_failed(o));
    w->fatal = sweep_fatal(w, o);
    w->metrics->sweeps_ok += well && !w->stopped;
    w->metrics->sweeps_failed += !well;
    w->metrics->sweep_us = us;
    /* A stop drained this sweep: the clusters that it did not reach are neither
     * gone nor done. */
    if (well && !w->stopped)
        w->metrics->missing = o->missing_services_n;
    if (o->code == 0 && !w->stopped)
        metrics_forget(w->metrics, w->sweep_began);
    w->metrics->changed = true;
    w->cut |= w->stopped && !well;
    inbox_sweep_end(w->inbox, well && !w->stopped ? INBOX_WELL : INBOX_FAILED);
    end_job(&w->sweep);
}

/* ---- all of it ---- */

void work_turn(struct work *w, int64_t now)
{
    struct inbox_begun begun;

    if (w->stopped)
        return;
    if (!w->sweep.op && w->sweeps &&
        (now >= w->next || inbox_sweep_is_wanted(w->inbox)))
        begin_sweep(w, now);
    for (struct work_job *job; (job = free_job(w)) &&
                               inbox_begin(w->inbox, &begun);)
        begin_job(w, job, &begun);
}

static void work_asked(struct work_job *job)
{
    policy_option_op(&job->rules->target.decide, job->op);
}

static bool sweep_took(struct work *w, int64_t now)
{
    switch (headcount_op_state(w->sweep.op)) {
    case HEADCOUNT_ASKS:
        work_asked(&w->sweep);
        break;
    case HEADCOUNT_PART:
        sweep_part(w);
        break;
    case HEADCOUNT_DONE:
        sweep_ended(w, now);
        break;
    case HEADCOUNT_RUNNING:
        break;
    }
    return true;
}

bool work_took(struct work *w, headcount_op *op, int64_t now)
{
    if (op == w->sweep.op)
        return sweep_took(w, now);
    for (size_t i = 0; i < WATCH_AT_ONCE; i++) {
        struct work_job *job = &w->jobs[i];

        if (job->op != op)
            continue;
        if (headcount_op_state(op) == HEADCOUNT_ASKS)
            work_asked(job);
        else if (headcount_op_state(op) == HEADCOUNT_DONE)
            job_ended(w, job);
        return true;
    }
    return false;
}

/* Clusters at work are finished; of a sweep the others are not begun. */
void work_stop(struct work *w)
{
    w->stopped = true;
    if (w->sweep.op)
        headcount_drain(w->sweep.op);
}

void work_cancel(struct work *w)
{
    for (size_t i = 0; i < WATCH_AT_ONCE; i++)
        if (w->jobs[i].op)
            headcount_cancel(w->jobs[i].op);
    if (w->sweep.op)
        headcount_cancel(w->sweep.op);
}

bool work_is_idle(const struct work *w)
{
    for (size_t i = 0; i < WATCH_AT_ONCE; i++)
        if (w->jobs[i].op)
            return false;
    return !w->sweep.op;
}

int64_t work_due(const struct work *w)
{
    return w->stopped || w->sweep.op ? HC_NEVER : w->next;
}
