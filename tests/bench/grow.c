/* bench/grow.c - one op over N things of a kind, in an event loop of its own.
 *
 *   grow PORT KIND N       an ECS at http://127.0.0.1:PORT
 *
 *   hosts      one cluster with N hosts; each is looked at for the report
 *   services   N wishes in one cluster, a dry run
 *   clusters   a sweep over the N clusters that the server has; each is written
 *   places     a dry sweep of N accounts x regions, with a cluster each
 *   events     N records that name a hundred clusters; each is written
 *   wide       one event that names N clusters; each is written
 *
 * Prints "CPU CALLS": microseconds of the op, and how many calls it made.  The
 * clock jumps over the waits that keep calls within the rates that ECS allows.
 */
#include <poll.h>
#include <stdbool.h>

#include "bench.h"
#include "headcount.h"

#define EACH 100                     /* clusters of one record, at most */
#define REGIONS 10
#define WANTS 256
#define QUIET 2                      /* ms without an answer */
#define JUMP 5000000                 /* us; what waits longer is a timeout */

struct job {
    headcount *h;
    headcount_op *op;
    long n;
    enum headcount_result due;       /* of each service */
};

static int64_t skipped;

static int64_t jumping_now(void *ud)
{
    (void)ud;
    return (int64_t)bench_wall() + skipped;
}

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL)
        bench_fail("no memory");
    return p;
}

static void open_handle(struct job *j, const char *port)
{
    char url[64];
    struct headcount_error error;
    const struct headcount_system system = {
        .size = sizeof system, .now = jumping_now,
    };

    snprintf(url, sizeof url, "http://127.0.0.1:%s", port);
    const struct headcount_config config = {
        .size = sizeof config, .system = &system, .endpoint_url = url,
    };

    if (headcount_new(&j->h, &config, &error) != 0)
        bench_fail(error.what);
}

/* ---- texts ---- */

/* An SQS batch, each message of which names up to `each` of the clusters. */
static char *write_event(long n, long each, long clusters)
{
    size_t room = (size_t)n * (each == 1 ? 120 : 16) +
                  (size_t)(n / each) * 96 + 256, at = 0;
    char *text = take(room, 1);

    at += (size_t)snprintf(text, room, "{\"Records\":[");
    for (long i = 0; i < n; i++) {
        if (i % each == 0)
            at += (size_t)snprintf(
                text + at, room - at, "%s{\"messageId\":\"%ld\","
                "\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"clusters\\\":[",
                i > 0 ? "," : "", i);
        bool last = i % each == each - 1 || i + 1 == n;

        at += (size_t)snprintf(text + at, room - at, "\\\"c%04ld\\\"%s",
                               i % clusters, last ? "]}\"}" : ",");
    }
    snprintf(text + at, room - at, "]}");
    return text;
}

static const char **write_names(long n, const char *before, const char *after)
{
    const char **names = take((size_t)n + 1, sizeof *names);

    for (long i = 0; i < n; i++) {
        char *text = take(1, 80);

        snprintf(text, 80, "%s%012ld%s", before, i, after);
        names[i] = text;
    }
    return names;
}

/* ---- ops ---- */

static const char *const home = "prod";

static void begin(struct job *j, const struct headcount_reconcile *r)
{
    struct headcount_error error;

    if (headcount_begin_reconcile(j->h, &j->op, r, &error) != 0)
        bench_fail(error.what);
}

static void begin_hosts(struct job *j)
{
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web",
                                         .max_step_up = 100000 };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = &home, .clusters_n = 1, .wishes = &wish,
        .wishes_n = 1, .dry_run = true, .explain = HEADCOUNT_EXPLAIN_ALL,
    };

    j->n = 1;
    begin(j, &r);
}

static void begin_services(struct job *j)
{
    const char **names = write_names(j->n, "s", "");
    struct headcount_wish *wishes = take((size_t)j->n, sizeof *wishes);

    for (long i = 0; i < j->n; i++)
        wishes[i] = (struct headcount_wish){ .size = sizeof *wishes,
                                             .service = names[i] };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = &home, .clusters_n = 1,
        .wishes = wishes, .wishes_n = (size_t)j->n, .dry_run = true,
    };

    begin(j, &r);
}

static void begin_event(struct job *j, long each, long clusters)
{
    char *text = write_event(j->n, each, clusters);
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web" };
    const struct headcount_reconcile r = {
        .size = sizeof r, .event = text, .event_size = strlen(text),
        .wishes = &wish, .wishes_n = 1,
    };

    j->n = j->n < clusters ? j->n : clusters;
    begin(j, &r);
}

static void begin_sweep(struct job *j, bool places)
{
    static const char *const regions[REGIONS] = {
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1",
        "eu-west-2", "eu-central-1", "eu-north-1", "ap-south-1", "sa-east-1" };
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web" };
    const struct headcount_reconcile each = {
        .size = sizeof each, .wishes = &wish, .wishes_n = 1,
        .dry_run = places,
    };
    size_t many = j->n < REGIONS ? (size_t)j->n : REGIONS;
    size_t roles = places ? (size_t)j->n / many : 0;
    const struct headcount_sweep sweep = {
        .size = sizeof sweep, .each = &each,
        .regions = places ? regions : NULL, .regions_n = places ? many : 0,
        .roles = places ? write_names((long)roles, "arn:aws:iam::",
                                      ":role/scaler") : NULL,
        .roles_n = roles,
    };
    struct headcount_error error;

    if (headcount_begin_sweep(j->h, &j->op, &sweep, &error) != 0)
        bench_fail(error.what);
}

/* ---- the loop ---- */

static void drive(struct job *j)
{
    headcount_op *op = j->op;

    while (headcount_op_state(op) != HEADCOUNT_DONE) {
        struct headcount_want wants[WANTS];
        struct pollfd fds[WANTS];
        int64_t deadline;

        if (headcount_op_state(op) == HEADCOUNT_PART) {
            headcount_resume(op);
            continue;
        }
        size_t n = headcount_wants(j->h, wants, WANTS, &deadline);
        int64_t wait = deadline - jumping_now(NULL);

        n = n < WANTS ? n : WANTS;
        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){ .fd = wants[i].fd,
                                      .events = wants[i].events };
        if (poll(fds, n, wait > 0 ? QUIET : 0) == 0 && wait > 0 && wait < JUMP)
            skipped += wait;
        for (size_t i = 0; i < n; i++)
            wants[i].events = fds[i].revents;
        headcount_step(j->h, wants, n);
    }
}

int main(int argc, char **argv)
{
    struct job j = { .due = HEADCOUNT_UPDATED };

    if (argc != 4)
        bench_fail("grow PORT KIND N");
    const char *kind = argv[2];

    j.n = strtol(argv[3], NULL, 10);
    open_handle(&j, argv[1]);
    struct bench_time from = bench_now();

    if (strcmp(kind, "hosts") == 0)
        begin_hosts(&j);
    else if (strcmp(kind, "services") == 0)
        begin_services(&j);
    else if (strcmp(kind, "events") == 0)
        begin_event(&j, 1, EACH);
    else if (strcmp(kind, "wide") == 0)
        begin_event(&j, EACH, j.n);
    else
        begin_sweep(&j, strcmp(kind, "places") == 0);
    if (strcmp(kind, "hosts") == 0 || strcmp(kind, "services") == 0 ||
        strcmp(kind, "places") == 0)
        j.due = HEADCOUNT_PENDING;
    drive(&j);
    const struct headcount_outcome *o = headcount_outcome(j.op);

    if (o->code != 0 || o->summary[j.due] != (size_t)j.n)
        bench_fail(o->code != 0 ? o->message : o->json != NULL ? o->json
                                             : "not all were done");
    printf("%.0f %llu\n", bench_now().cpu - from.cpu,
           (unsigned long long)o->stats.api_calls);
    headcount_op_free(j.op);
    headcount_free(j.h);
    return 0;
}
