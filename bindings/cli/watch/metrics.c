/* cli/watch/metrics.c - Prometheus' text format 0.0.4 in a file that is
 * replaced as a whole, for the node exporter's textfile collector or anybody
 * who can serve a file; and a heartbeat.
 *
 * A file that cannot be written is logged once, and the worker goes on.
 */
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "log.h"
#include "render.h"
#include "replace.h"

#define METRICS_OFTEN (1 * HC_SECOND)
#define METRICS_SELDOM (15 * HC_SECOND)
#define METRICS_BEAT (10 * HC_SECOND)
#define METRICS_CLUSTERS 4096

/* ---- the heartbeat ---- */

static void put_file(struct metrics_file *f, const char *text, size_t n)
{
    char why[REPLACE_WHY];
    bool good = replace_file(f->path, text, n, why);

    if (good && f->told)
        complain("%s is written again", f->path);
    if (!good && !f->told)
        complain("%s; the worker goes on without this file", why);
    f->told = !good;
}

static void put_beat(struct metrics *m, int64_t now)
{
    static const char end[] = "Z\n";         /* instead of ".mmmZ" */
    char line[HC_RFC3339 + 1];
    char *seconds_end = line + strlen("2026-01-02T03:04:05");

    hc_time_rfc3339(line, hc_clock_wall());
    memcpy(seconds_end, end, sizeof end);
    m->beat = now;
    put_file(&m->heartbeat, line, strlen(line));
}

/* ---- clusters ---- */

static void drop_cluster(struct metrics *m, size_t at)
{
    free(m->clusters[at].name);
    m->clusters[at] = m->clusters[--m->clusters_n];
}

static void drop_oldest(struct metrics *m)
{
    size_t oldest = 0;

    for (size_t i = 1; i < m->clusters_n; i++)
        if (m->clusters[i].at < m->clusters[oldest].at)
            oldest = i;
    drop_cluster(m, oldest);
}

/* NULL: no memory, and it is not counted. */
static struct metrics_cluster *cluster_for(struct metrics *m, const char *name)
{
    struct metrics_cluster *c;

    for (size_t i = 0; i < m->clusters_n; i++)
        if (strcmp(m->clusters[i].name, name) == 0)
            return &m->clusters[i];
    if (!m->clusters)
        m->clusters = calloc(METRICS_CLUSTERS, sizeof *m->clusters);
    if (!m->clusters)
        return NULL;
    if (m->clusters_n == METRICS_CLUSTERS)
        drop_oldest(m);
    c = &m->clusters[m->clusters_n];
    *c = (struct metrics_cluster){ .name = strdup(name) };
    if (!c->name)
        return NULL;
    m->clusters_n++;
    return c;
}

/* Tasks that are asked for and do not run. */
static int64_t unplaced(const struct headcount_service *s)
{
    int64_t asked = s->outcome == HEADCOUNT_UPDATED ? s->wanted
                                                    : s->desired_before;

    if (asked == HEADCOUNT_UNKNOWN || s->running == HEADCOUNT_UNKNOWN ||
        asked <= s->running)
        return 0;
    return asked - s->running;
}

static void note_cluster(struct metrics *m, const struct headcount_cluster *c)
{
    struct metrics_cluster *to =
        cluster_for(m, *c->arn != '\0' ? c->arn : c->name);

    if (!to)
        return;
    memset(to->services, 0, sizeof to->services);
    to->services[HEADCOUNT_FAILED] = c->error && c->services_n == 0;
    to->unplaced = 0;
    to->placeable = -1;
    to->braked = 0;
    to->at = hc_clock_monotonic();
    for (size_t i = 0; i < c->services_n; i++) {
        to->services[c->services[i].outcome]++;
        to->unplaced += unplaced(&c->services[i]);
        if (c->services[i].placeable != HEADCOUNT_UNKNOWN)
            to->placeable = (to->placeable < 0 ? 0 : to->placeable) +
                            c->services[i].placeable;
        to->braked += render_is_braked(&c->services[i]);
    }
    m->updates += to->services[HEADCOUNT_UPDATED];
}

void metrics_reconciled(struct metrics *m, enum metrics_reconcile how,
                        const struct headcount_outcome *o)
{
    m->changed = true;
    m->reconciles[how]++;
    if (how == METRICS_OK)
        m->last_success = hc_clock_wall();
    for (size_t i = 0; i < o->clusters_n; i++)
        note_cluster(m, &o->clusters[i]);
}

/* The text comes out of a message, from anybody: it must not break the lines of
 * the metrics file. */
static size_t take_word(char *to, size_t size, const char *from)
{
    size_t n = strcspn(from, "/");

    for (size_t i = 0; i < n && i + 1 < size; i++) {
        bool good = (from[i] >= 'a' && from[i] <= 'z') ||
                    (from[i] >= 'A' && from[i] <= 'Z') ||
                    (from[i] >= '0' && from[i] <= '9') || from[i] == '-';

        to[i] = good ? from[i] : '_';
    }
    return n;
}

void metrics_foreign(struct metrics *m, const char *place)
{
    struct metrics_place p = { .messages = 1 };
    size_t n = take_word(p.region, sizeof p.region, place);

    if (place[n] == '/')
        take_word(p.account, sizeof p.account, place + n + 1);
    m->changed = true;
    for (size_t i = 0; i < m->foreign_n; i++)
        if (strcmp(m->foreign[i].region, p.region) == 0 &&
            strcmp(m->foreign[i].account, p.account) == 0) {
            m->foreign[i].messages++;
            return;
        }
    if (m->foreign_n + 1 < METRICS_PLACES) {
        m->foreign[m->foreign_n++] = p;
        return;
    }
    m->foreign_n = METRICS_PLACES;
    m->foreign[METRICS_PLACES - 1].messages++;
}

void metrics_forget(struct metrics *m, int64_t before)
{
    m->changed = true;
    for (size_t i = m->clusters_n; i-- > 0;)
        if (m->clusters[i].at < before)
            drop_cluster(m, i);
}

/* ---- the text ---- */

static void put_head(FILE *out, const char *name, const char *type,
                     const char *help)
{
    fprintf(out, "# HELP headcount_%s %s\n# TYPE headcount_%s %s\n", name,
            help, name, type);
}

static void put_one(FILE *out, const char *name, const char *type,
                    const char *help, uint64_t value)
{
    put_head(out, name, type, help);
    fprintf(out, "headcount_%s %" PRIu64 "\n", name, value);
}

static void put_seconds(FILE *out, const char *name, const char *help,
                        int64_t us)
{
    put_head(out, name, "gauge", help);
    fprintf(out, "headcount_%s %" PRId64 ".%06d\n", name, us / HC_SECOND,
            (int)(us % HC_SECOND));
}

static void put_row(FILE *out, const char *name, const char *label,
                    const char *word, uint64_t value)
{
    fprintf(out, "headcount_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, word,
            value);
}

static void put_reconciles(FILE *out, const struct metrics *m)
{
    static const char *const words[METRICS_RECONCILES] = {
        "ok", "failed", "skipped", "duplicate" };

    put_head(out, "reconciles_total", "counter",
             "Clusters reconciled, for an event or in a sweep.");
    for (size_t i = 0; i < METRICS_RECONCILES; i++)
        put_row(out, "reconciles_total", "outcome", words[i],
                m->reconciles[i]);
    put_one(out, "updates_total", "counter", "Desired counts written.",
            m->updates);
}

static void put_services(FILE *out, const struct metrics *m)
{
    static const char *const words[6] = { "updated", "pending", "unchanged",
                                          "held", "skipped", "failed" };
    uint64_t sum[6] = { 0 }, braked = 0;
    int64_t waiting = 0, placeable = -1;

    for (size_t i = 0; i < m->clusters_n; i++) {
        waiting += m->clusters[i].unplaced;
        if (m->clusters[i].placeable >= 0)
            placeable = (placeable < 0 ? 0 : placeable) +
                        m->clusters[i].placeable;
        braked += m->clusters[i].braked;
        for (size_t k = 0; k < 6; k++)
            sum[k] += m->clusters[i].services[k];
    }
    put_head(out, "services", "gauge",
             "Services as the last reconcile of each cluster left them.");
    for (size_t k = 0; k < 6; k++)
        put_row(out, "services", "outcome", words[k], sum[k]);
    put_one(out, "held", "gauge", "Services whose write a safety rule holds.",
            sum[HEADCOUNT_HELD]);
    put_one(out, "too_many_changes", "gauge", "Services of headcount_held "
            "that the limits of the run hold.", braked);
    put_one(out, "failed", "gauge", "Services, and clusters that could not be "
            "read, that failed.", sum[HEADCOUNT_FAILED]);
    put_one(out, "unplaced", "gauge",
            "Tasks that are wanted and do not run.", (uint64_t)waiting);
    /* No 0 stands for what no reconcile has read. */
    if (placeable >= 0)
        put_one(out, "placeable", "gauge", "Hosts that run a task of a service "
                "or can take one, for the services of which that was read.",
                (uint64_t)placeable);
}

static void put_messages(FILE *out, const struct metrics *m,
                         const struct inbox *inbox)
{
    struct inbox_counts counts;

    inbox_count(inbox, &counts);
    put_one(out, "messages_received_total", "counter",
            "Messages that the queue handed out.", m->received);
    put_one(out, "messages_deleted_total", "counter",
            "Messages that were done and deleted.", m->deleted);
    put_one(out, "messages_failed_total", "counter",
            "Messages that SQS "
            "delivers again because one of their clusters failed.",
            counts.failed);
    put_one(out, "messages_poison_total", "counter", "Messages left in the "
            "queue because they are no event.", m->poison);
    put_one(out, "queue_messages_held", "gauge",
            "Messages that wait, are worked on or are to be deleted.",
            counts.messages);
}

static void put_foreign(FILE *out, const struct metrics *m)
{
    put_head(out, "foreign_messages_total", "counter", "Deliveries of "
             "messages about clusters of another region or account.");
    for (size_t i = 0; i < m->foreign_n; i++) {
        const struct metrics_place *p = &m->foreign[i];
        bool others = i == METRICS_PLACES - 1;

        fprintf(out, "headcount_foreign_messages_total{region=\"%s\","
                "account=\"%s\"} %" PRIu64 "\n",
                others ? "other" : p->region, others ? "other" : p->account,
                p->messages);
    }
}

static void put_sweeps(FILE *out, const struct metrics *m)
{
    put_head(out, "sweeps_total", "counter", "Sweeps that ended.");
    put_row(out, "sweeps_total", "result", "ok", m->sweeps_ok);
    put_row(out, "sweeps_total", "result", "failed", m->sweeps_failed);
    put_seconds(out, "sweep_duration_seconds", "How long the last sweep took.",
                m->sweep_us);
    put_one(out, "missing_services", "gauge", "Services named by option or "
            "ECS_SERVICE_ARN that no cluster of the last whole sweep has.",
            m->missing);
    put_seconds(out, "last_success_timestamp_seconds",
                "When a reconcile last succeeded.", m->last_success);
    put_head(out, "policy_reloads_total", "counter",
             "Times that the policy was read again.");
    put_row(out, "policy_reloads_total", "result", "ok", m->reloads_ok);
    put_row(out, "policy_reloads_total", "result", "failed",
            m->reloads_failed);
}

static void put_stats(FILE *out, const headcount *h)
{
    struct headcount_stats s;

    headcount_stats(h, &s);
    put_one(out, "api_calls_total", "counter",
            "Calls of AWS's APIs; a retry is no call.", s.api_calls);
    put_one(out, "retries_total", "counter", "Attempts after the first one.",
            s.retries);
    put_one(out, "connections_opened_total", "counter",
            "Connections that were opened.", s.connections_opened);
    put_one(out, "connections_purged_total", "counter",
            "Connections not kept: their host may be gone or elsewhere.",
            s.connections_purged);
    put_one(out, "connections_dead_total", "counter",
            "Connections that TCP keep-alive or the user timeout ended.",
            s.connections_dead);
    put_one(out, "dns_lookups_total", "counter",
            "Names that were looked up on the network.", s.dns_lookups);
    put_one(out, "tls_handshakes_total", "counter", "TLS handshakes.",
            s.tls_handshakes);
}

static void put_metrics(struct metrics *m, const struct metrics_now *n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    m->written = n->now;
    m->changed = false;
    if (!out)
        return;
    put_reconciles(out, m);
    put_services(out, m);
    put_messages(out, m, n->inbox);
    put_foreign(out, m);
    put_sweeps(out, m);
    put_stats(out, n->h);
    put_one(out, "log_lines_lost_total", "counter",
            "Lines of the log that were lost because stderr was full.",
            log_lost());
    put_head(out, "build_info", "gauge", "What runs.");
    put_row(out, "build_info", "version", headcount_version(), 1);
    if (fclose(out) == 0)
        put_file(&m->file, text, size);
    free(text);
}

/* ---- when ---- */

int64_t metrics_due(const struct metrics *m)
{
    int64_t due = HC_NEVER;

    if (m->file.path)
        due = m->written + (m->changed ? METRICS_OFTEN : METRICS_SELDOM);
    if (m->heartbeat.path)
        due = hc_time_min(due, m->beat + METRICS_BEAT);
    return due;
}

void metrics_turn(struct metrics *m, const struct metrics_now *n, bool always)
{
    if (m->file.path &&
        (always || n->now >= m->written + (m->changed ? METRICS_OFTEN
                                                      : METRICS_SELDOM)))
        put_metrics(m, n);
    if (m->heartbeat.path && n->now >= m->beat + METRICS_BEAT)
        put_beat(m, n->now);
}

static bool try_file(const char *path)
{
    char why[REPLACE_WHY];

    if (!path || replace_try(path, why))
        return true;
    complain("%s", why);
    return false;
}

static bool are_apart(const struct options *o)
{
    char metrics[OPTIONS_NAME], heartbeat[OPTIONS_NAME];

    if (!o->metrics || !o->heartbeat ||
        !replace_would_clash(o->metrics, o->heartbeat))
        return true;
    complain("%s and %s take two files, and neither may be the other's "
             "FILE.new: %s, %s", options_said(o, "metrics", metrics),
             options_said(o, "heartbeat", heartbeat), o->metrics,
             o->heartbeat);
    return false;
}

int metrics_open(struct metrics *m, const struct options *o)
{
    memset(m, 0, sizeof *m);
    m->file.path = o->metrics;
    m->heartbeat.path = o->heartbeat;
    m->changed = true;
    m->written = hc_clock_monotonic() - METRICS_SELDOM;
    m->beat = hc_clock_monotonic() - METRICS_BEAT;
    return try_file(m->file.path) && try_file(m->heartbeat.path) &&
           are_apart(o) ? 0 : EXIT_CONFIG;
}

void metrics_close(struct metrics *m)
{
    while (m->clusters_n > 0)
        drop_cluster(m, m->clusters_n - 1);
    free(m->clusters);
    m->clusters = NULL;
}
