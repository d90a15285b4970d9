/* cli/verbs/verb_undo.c - undo: sets counts back to what they were before the
 * writes of a log.
 *
 *   read the log: the first count before, the last count after
 *   --> ECS shows another count than the last one: somebody changed it since,
 *       and it is left alone
 *   --> else a plan with the first count, under the holds of every plan
 *   --> --yes writes it
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "blocks.h"
#include "complain.h"
#include "json_text.h"
#include "plain.h"
#include "render.h"
#include "request_options.h"
#include "service_names.h"
#include "undo_log.h"
#include "verbs/verbs.h"
#include "waterfall.h"

#define LOG_MAX ((size_t)64 << 20)

struct undo {
    const struct options *o;
    const char *path;
    int64_t since;
    struct undo_log log;
    const char **clusters;         /* of the rows that are meant             */
    size_t clusters_n;
    char region[64];
};

/* ---- which writes ---- */

/* A span before now, as 90s, 30m, 2h or 3d, or a time of RFC 3339. */
static int read_since(struct undo *u)
{
    static const char units[] = "smhd";
    static const int64_t seconds[] = { 1, 60, 3600, 86400 };
    const char *text = u->o->since, *unit;
    char *end = NULL;

    u->since = INT64_MIN;
    if (!text || hc_time_get_rfc3339(hc_str(text), &u->since))
        return 0;
    long n = strtol(text, &end, 10);

    unit = *end != '\0' && end[1] == '\0' ? strchr(units, *end) : NULL;
    if (unit && end > text && n > 0 && n <= 1000000) {
        u->since = hc_clock_wall() - n * seconds[unit - units] * HC_SECOND;
        return 0;
    }
    complain("--since takes a span before now, such as 30m or 2h, or a time "
             "such as 2026-11-30T02:10:00Z, not \"%.80s\"", text);
    return EXIT_USAGE;
}

/* The name at the end of an ARN, or the text itself. */
static const char *name_of(const char *text)
{
    const char *slash = strrchr(text, '/');

    return slash ? slash + 1 : text;
}

static bool is_meant(const struct undo *u, const struct undo_row *row)
{
    const struct options_list *named = &u->o->services;
    char region[64];
    size_t i = 0;

    service_names_region(row->cluster, region);
    if (options_is_typed(u->o, "region") && strcmp(u->o->region, region) != 0)
        return false;
    while (i < named->n && strcmp(name_of(named->item[i]), row->service) != 0)
        i++;
    return named->n == 0 || i < named->n;
}

/* The clusters of the rows that are meant: all are in one region. */
static int find_clusters(struct undo *u)
{
    const char *last = "";
    char region[64];

    u->clusters = calloc(u->log.n + 1, sizeof *u->clusters);
    if (!u->clusters)
        return EXIT_OTHER;
    for (size_t i = 0; i < u->log.n; i++) {
        const struct undo_row *row = &u->log.rows[i];

        if (!is_meant(u, row) || strcmp(row->cluster, last) == 0)
            continue;
        last = u->clusters[u->clusters_n++] = row->cluster;
        service_names_region(last, region);
        if (u->clusters_n == 1)
            memcpy(u->region, region, sizeof region);
        if (strcmp(region, u->region) == 0)
            continue;
        complain("%s has writes in %s and in %s: choose one of them with "
                 "--region", u->path, u->region, region);
        return EXIT_USAGE;
    }
    return 0;
}

static int read_log(struct undo *u)
{
    static const struct headcount_system system = {
        .size = sizeof system, .alloc = blocks_alloc,
    };
    char *text = NULL;
    size_t n = 0;
    int code = verbs_read_input(u->o->args.item[0], LOG_MAX, &text, &n);

    if (code != 0)
        return code;
    if (n > 1 && memcmp(text, "\x1f\x8b", 2) == 0) {
        complain("%s is compressed: zcat %s | headcount undo -", u->path,
                 u->path);
        code = EXIT_USAGE;
    } else if (undo_log_read(&u->log, text, n, u->since, &system) != 0) {
        complain("out of memory: nothing was undone");
        code = EXIT_OTHER;
    } else if (u->log.bad > 0) {
        warn("%s: %zu line%s of a write cannot be read, the first is line "
             "%zu: what such a line says is not undone", u->path, u->log.bad,
             u->log.bad == 1 ? "" : "s", u->log.bad_line);
    }
    free(text);
    if (code == 0 && u->log.writes == 0) {
        complain("%s has no write of headcount: undo takes its log, in which "
                 "a write is a line with \"event\":\"write\"", u->path);
        code = EXIT_USAGE;
    }
    return code;
}

/* ---- the plan ---- */

/* Its turn as a policy: a count that is not our last one has no wish. */
static void decide(void *ud, headcount_op *op)
{
    struct undo *u = ud;
    const char *arn = headcount_question(op)->arn;

    for (size_t i = 0; i < u->log.n; i++) {
        struct undo_row *row = &u->log.rows[i];
        const struct headcount_query q = {
            .size = sizeof q, .kind = HEADCOUNT_FACT_SERVICE,
            .service = row->service,
        };
        const struct headcount_wish wish = {
            .size = sizeof wish, .service = row->service,
            .rule = HEADCOUNT_FIXED, .tasks = row->before,
        };
        struct headcount_fact fact;

        if (strcmp(row->cluster, arn) != 0 || !is_meant(u, row) ||
            headcount_fact(op, &q, &fact, NULL) != 1)
            continue;
        row->found = fact.service ? fact.service->desired : row->after;
        if (row->found != row->after && row->found != row->before)
            continue;
        row->found = HEADCOUNT_UNKNOWN;
        if (headcount_wish(op, &wish) != 0) {
            headcount_refuse(op, "a count of the log cannot be set");
            return;
        }
    }
    headcount_resume(op);
}

/* A row that somebody changed since, from *at on; NULL: no more. */
static const struct undo_row *next_left(const struct undo *u, size_t *at)
{
    while (*at < u->log.n) {
        const struct undo_row *row = &u->log.rows[(*at)++];

        if (row->found != HEADCOUNT_UNKNOWN)
            return row;
    }
    return NULL;
}

static void put_left(const struct undo *u, FILE *out)
{
    const struct undo_row *row;
    char time[HC_RFC3339 + 1];

    for (size_t at = 0; (row = next_left(u, &at)) != NULL;) {
        hc_time_rfc3339(time, row->last);
        fputs("Left alone: ", out);
        render_text(out, name_of(row->cluster));
        fputc(' ', out);
        render_text(out, row->service);
        fprintf(out, " has %" PRId64 ", and headcount had set %" PRId64
                " at %s: somebody changed it since\n", row->found, row->after,
                time);
    }
}

/* The report with its last member: the rows that are left alone. */
static void put_json(const struct undo *u, const struct headcount_outcome *o)
{
    const struct undo_row *row;
    const char *comma = "";

    plain_put_report(stdout, o->json, o->json_size - 1);
    fputs(",\"left_alone\":[", stdout);
    for (size_t at = 0; (row = next_left(u, &at)) != NULL; comma = ",") {
        printf("%s{", comma);
        json_text_member(stdout, "cluster", row->cluster);
        putchar(',');
        json_text_member(stdout, "service", row->service);
        printf(",\"found\":%" PRId64 ",\"set\":%" PRId64 "}", row->found,
               row->after);
    }
    puts("]}");
}

static int print_outcome(const struct undo *u,
                         const struct headcount_outcome *outcome)
{
    if (outcome->code != 0) {
        complain("%s", outcome->message);
    } else if (u->o->json) {
        put_json(u, outcome);
    } else {
        put_left(u, stdout);
        render_plan(stdout, u->o, outcome, outcome->dry_run);
    }
    if (outcome->summary[HEADCOUNT_PENDING] > 0 && !u->o->yes)
        warn("nothing was written: --yes writes it.  A headcount that still "
             "runs sets its own counts again: stop it first");
    if (u->o->timings)
        waterfall_log(outcome, false);
    return verbs_outcome_code(u->o, outcome);
}

static int run(struct undo *u)
{
    const struct options *o = u->o;
    struct headcount_reconcile r = {
        .size = sizeof r, .timeout = o->timeout_us, .region = u->region,
        .clusters = u->clusters, .clusters_n = u->clusters_n, .policy = true,
        .dry_run = o->dry_run || !o->yes, .paused = o->paused,
        .ask_targets = true, .allow = o->allow.item, .allow_n = o->allow.n,
        .max_changes = o->max_changes, .max_falls = o->max_falls,
    };
    struct policy_option own = { .decide = decide, .ud = u };
    struct headcount_error error;
    headcount_op *op = NULL;
    headcount *h = NULL;
    bool interrupted = false;

    request_options_role(&r, o);
    int code = verbs_open(&h, o);

    if (code != 0)
        return code;
    int err = headcount_begin_reconcile(h, &op, &r, &error);

    if (err != 0) {
        complain("%s", error.what);
        code = verbs_exit_code(err);
    } else {
        interrupted = verbs_run(op, &own);
        const struct headcount_outcome *outcome = headcount_outcome(op);

        code = outcome ? print_outcome(u, outcome) : EXIT_INTERRUPTED;
    }
    headcount_op_free(op);
    headcount_free(h);
    return interrupted ? EXIT_INTERRUPTED : code;
}

int verb_undo(const struct options *o)
{
    struct undo u = { .o = o };
    int code = read_since(&u);

    if (code == 0 && o->args.n != 1) {
        complain("undo takes one file, the log of headcount, or - for "
                 "standard input: headcount undo audit.log --since 2h");
        code = EXIT_USAGE;
    }
    u.path = o->args.n == 1 && strcmp(o->args.item[0], "-") != 0
                 ? o->args.item[0] : "standard input";
    if (code == 0)
        code = read_log(&u);
    if (code == 0)
        code = find_clusters(&u);
    if (code == 0 && u.clusters_n == 0) {
        warn("%s has no such write: there is nothing to undo", u.path);
        fputs(o->json ? "{}\n" : "", stdout);
    } else if (code == 0) {
        code = run(&u);
    }
    free(u.clusters);
    undo_log_fini(&u.log);
    return code;
}
