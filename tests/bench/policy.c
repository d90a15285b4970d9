/* bench/policy.c - what one run of a policy costs where all facts are known:
 * on a snapshot, so that nothing but the policy and the facts' lookup is timed.
 *
 *   policy POLICY.lua SNAPSHOT.json ROUNDS
 *
 * Prints "MEDIAN_US MIN_US RUNS SERVICES".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "headcount.h"
#include "policy/policy.h"

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc((size_t)64 << 20);

    if (f == NULL || text == NULL)
        bench_fail(path);
    *n = fread(text, 1, (size_t)64 << 20, f);
    fclose(f);
    return text;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The last turn of an op is the one that wishes: its time. */
static double last_turn(headcount *h, struct policy *p,
                        const struct headcount_reconcile *request, size_t *n)
{
    headcount_op *op;
    double took = 0;

    if (headcount_begin_reconcile(h, &op, request, NULL) != 0)
        bench_fail("begin");
    while (headcount_wait(op, -1) == HEADCOUNT_ASKS) {
        struct bench_time begun = bench_now();

        policy_decide(p, op);
        took = bench_wall() - begun.wall;
    }
    const struct headcount_outcome *o = headcount_outcome(op);

    if (o->code != 0 || o->clusters[0].error != NULL)
        bench_fail(o->code != 0 ? o->message : o->clusters[0].error);
    *n = o->clusters[0].services_n;
    headcount_op_free(op);
    return took;
}

int main(int argc, char **argv)
{
    struct headcount_config config = { .size = sizeof config,
                                       .region = "eu-west-1",
                                       .no_sign_request = true };
    struct headcount_reconcile request = {
        .size = sizeof request, .policy = true,
        .dry_run = true,
    };
    struct policy_config text = { .name = "policy.lua" };
    struct sandbox_error why = { "" };
    headcount *h;
    size_t services = 0;

    if (argc != 4)
        bench_fail("policy POLICY.lua SNAPSHOT.json ROUNDS");
    int runs = atoi(argv[3]);
    double *times = calloc((size_t)runs, sizeof *times);

    text.text = read_file(argv[1], &text.n);
    request.snapshot = read_file(argv[2], &request.snapshot_size);
    struct policy *p = policy_new(&text, &why);

    if (p == NULL || headcount_new(&h, &config, NULL) != 0 || times == NULL)
        bench_fail(p == NULL ? why.what : "headcount_new");
    for (int i = 0; i < runs; i++)
        times[i] = last_turn(h, p, &request, &services);
    qsort(times, (size_t)runs, sizeof *times, by_size);
    printf("%.1f %.1f %d %zu\n", times[runs / 2], times[0], runs, services);
    policy_free(p);
    headcount_free(h);
    return 0;
}
