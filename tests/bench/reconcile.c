/* bench/reconcile.c - one handle that reconciles one service again and again.
 *
 *   reconcile PORT TIMES            by plain HTTP
 *   reconcile PORT TIMES CA.pem     by TLS
 *
 * By plain HTTP the first run writes, each later one makes two calls and
 * changes nothing.  By TLS each run wants another count than the one before and
 * makes three calls; "CPU WALL" is printed, microseconds a run after the first.
 * The clock jumps between them, so that no call waits for its share of ECS's
 * rates, and no connection is too old after 600 of them.
 */
#include "bench.h"
#include "headcount.h"

#define JUMP 450000                  /* us */

static int64_t skipped;

static int64_t jumping_now(void *ud)
{
    (void)ud;
    return (int64_t)bench_wall() + skipped;
}

static headcount *open_handle(const char *port, const char *ca)
{
    char url[64];
    headcount *h = NULL;
    struct headcount_error error;
    const struct headcount_system system = { .size = sizeof system,
                                             .now = jumping_now,
                                             BENCH_ALLOC };

    snprintf(url, sizeof url, "%s://127.0.0.1:%s", ca ? "https" : "http", port);
    setenv("AWS_ACCESS_KEY_ID", BENCH_KEY_ID, 1);
    setenv("AWS_SECRET_ACCESS_KEY", BENCH_SECRET, 1);
    setenv("AWS_SESSION_TOKEN", BENCH_TOKEN, 1);
    unsetenv("AWS_PROFILE");
    const struct headcount_config config = {
        .size = sizeof config, .region = BENCH_REGION, .endpoint_url = url,
        .ca_bundle = ca, .system = ca != NULL ? &system : NULL,
    };

    if (headcount_new(&h, &config, &error) != 0)
        bench_fail(error.what);
    return h;
}

static void reconcile(headcount *h, int64_t tasks, bool writes)
{
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web", .tasks = tasks,
                                         .max_step_down = 100 };
    const char *cluster = "prod";
    const struct headcount_reconcile request = {
        .size = sizeof request, .clusters = &cluster, .clusters_n = 1,
        .wishes = &wish, .wishes_n = 1,
    };
    headcount_op *op;

    if (headcount_begin_reconcile(h, &op, &request, NULL) != 0)
        bench_fail("begin");
    headcount_wait(op, -1);
    const struct headcount_outcome *o = headcount_outcome(op);
    size_t updated = o->summary[HEADCOUNT_UPDATED];

    if (o->code != 0 || o->clusters_n != 1 ||
        updated + (writes ? 0 : o->summary[HEADCOUNT_UNCHANGED]) != 1)
        bench_fail(o->code != 0 ? o->message : o->json);
    headcount_op_free(op);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        bench_fail("reconcile PORT TIMES [CA.pem]");
    bool writes = argc > 3;
    headcount *h = open_handle(argv[1], writes ? argv[3] : NULL);
    long times = strtol(argv[2], NULL, 10);
    struct bench_time begun = bench_now();
    struct headcount_stats stats;

    for (long i = 0; i < times; i++) {
        reconcile(h, writes ? 1 + i % 2 : 1, writes);
        skipped += JUMP;
        if (i == 0)
            begun = bench_now();
    }
    headcount_stats(h, &stats);
    if (stats.connections_opened != 1)
        bench_fail("more than one connection");
    if (writes)
        bench_tell(begun, times - 1);
    headcount_free(h);
    return 0;
}
