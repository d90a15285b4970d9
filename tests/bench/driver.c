/* bench/driver.c - the same call through headcount.h: begin, wait, end, on one
 * handle and one kept connection.
 *
 *   driver PORT CALLS CA.pem     (or "" for plain HTTP)
 */
#include <string.h>

#include "bench.h"
#include "headcount.h"

static headcount *open_handle(const char *port, const char *ca)
{
    char url[64];
    headcount *h = NULL;
    struct headcount_error error;

    snprintf(url, sizeof url, "%s://127.0.0.1:%s",
             *ca != '\0' ? "https" : "http", port);
    const struct headcount_config config = {
        .size = sizeof config, .region = BENCH_REGION, .endpoint_url = url,
        .ca_bundle = *ca != '\0' ? ca : NULL,
    };

    if (headcount_new(&h, &config, &error) != 0)
        bench_fail(error.what);
    return h;
}

static void call(headcount *h)
{
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "DescribeServices", .body = BENCH_BODY,
        .body_size = sizeof BENCH_BODY - 1,
    };
    headcount_op *op;

    if (headcount_begin_call(h, &op, &request, NULL) != 0)
        bench_fail("begin");
    headcount_wait(op, -1);
    const struct headcount_outcome *outcome = headcount_outcome(op);

    if (outcome == NULL || outcome->code != 0 || outcome->body_size < 1000)
        bench_fail(outcome != NULL ? outcome->message : "no outcome");
    headcount_op_free(op);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        bench_fail("driver PORT CALLS CA.pem");
    setenv("AWS_ACCESS_KEY_ID", BENCH_KEY_ID, 1);
    setenv("AWS_SECRET_ACCESS_KEY", BENCH_SECRET, 1);
    setenv("AWS_SESSION_TOKEN", BENCH_TOKEN, 1);
    unsetenv("AWS_PROFILE");
    headcount *h = open_handle(argv[1], argv[3]);
    long calls = strtol(argv[2], NULL, 10);

    call(h);
    struct bench_time begun = bench_now();

    for (long i = 0; i < calls; i++)
        call(h);
    bench_tell(begun, calls);
    struct headcount_stats stats;

    headcount_stats(h, &stats);
    if (stats.connections_opened != 1)
        bench_fail("more than one connection");
    headcount_free(h);
    return 0;
}
