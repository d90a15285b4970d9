/* bench/reconcile.c - one handle that reconciles one service again and again.
 *
 *   reconcile PORT TIMES     cluster prod, service web, http://127.0.0.1:PORT
 *
 * The first one writes, each later one makes two calls and changes nothing.
 */
#include "bench.h"
#include "headcount.h"

int main(int argc, char **argv)
{
    if (argc != 3)
        bench_fail("reconcile PORT TIMES");
    char url[64];
    headcount *h = NULL;
    struct headcount_error error;

    snprintf(url, sizeof url, "http://127.0.0.1:%s", argv[1]);
    setenv("AWS_ACCESS_KEY_ID", BENCH_KEY_ID, 1);
    setenv("AWS_SECRET_ACCESS_KEY", BENCH_SECRET, 1);
    setenv("AWS_SESSION_TOKEN", BENCH_TOKEN, 1);
    unsetenv("AWS_PROFILE");
    const struct headcount_config config = {
        .size = sizeof config, .region = BENCH_REGION, .endpoint_url = url,
    };
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web" };
    const char *cluster = "prod";
    const struct headcount_reconcile request = {
        .size = sizeof request, .clusters = &cluster, .clusters_n = 1,
        .wishes = &wish, .wishes_n = 1,
    };

    if (headcount_new(&h, &config, &error) != 0)
        bench_fail(error.what);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        headcount_op *op;

        if (headcount_begin_reconcile(h, &op, &request, NULL) != 0)
            bench_fail("begin");
        headcount_wait(op, -1);
        const struct headcount_outcome *o = headcount_outcome(op);

        if (o->code != 0 || o->clusters_n != 1 ||
            o->summary[HEADCOUNT_UPDATED] + o->summary[HEADCOUNT_UNCHANGED] !=
                1)
            bench_fail(o->code != 0 ? o->message : o->json);
        headcount_op_free(op);
    }
    headcount_free(h);
    return 0;
}
