/* c_policy.c - a policy in C: the op asks, the program looks at facts and
 * answers with wishes.
 *
 *   c_policy CLUSTER
 *
 * One datadog-agent on each host, two in clusters with the tag tier=gold; web
 * on all hosts except one, and at least two.  Build:
 * cc c_policy.c $(pkg-config --cflags --libs headcount)
 */
#include <stdio.h>
#include <string.h>

#include <headcount.h>

/* The op ASKS: look at facts, add wishes, resume.  The op reads a fact that is
 * not known yet, and ASKS again. */
static void decide(headcount_op *op)
{
    const struct headcount_query about = {
        .size = sizeof about, .kind = HEADCOUNT_FACT_CLUSTER,
    };
    struct headcount_wish agent = {
        .size = sizeof agent, .service = "datadog-agent",
        .rule = HEADCOUNT_PER_HOST, .tasks = 1, .at = "c_policy.c:agent",
    };
    const struct headcount_wish web = {
        .size = sizeof web, .service = "web", .rule = HEADCOUNT_HOSTS_MINUS,
        .spare = 1, .min = 2, .at = "c_policy.c:web",
    };
    struct headcount_fact cluster;
    struct headcount_error error;
    int known = headcount_fact(op, &about, &cluster, &error);

    if (known < 0) {
        headcount_refuse(op, error.what);
        return;
    }
    if (known == 1) {
        const char *tier = headcount_pair_find(cluster.tags, "tier");

        if (tier != NULL && strcmp(tier, "gold") == 0)
            agent.tasks = 2;
        if (headcount_wish(op, &agent) < 0 || headcount_wish(op, &web) < 0) {
            headcount_refuse(op, "no memory for a wish");
            return;
        }
    }
    headcount_resume(op);
}

static int run(headcount *h, const char *cluster)
{
    const struct headcount_reconcile reconcile = {
        .size = sizeof reconcile,
        .clusters = &cluster, .clusters_n = 1, .policy = true,
    };
    struct headcount_error error;
    headcount_op *op;
    int state;

    if (headcount_begin_reconcile(h, &op, &reconcile, &error) != 0) {
        fprintf(stderr, "c_policy: %s\n", error.what);
        return 1;
    }
    while ((state = headcount_wait(op, -1)) != HEADCOUNT_DONE)
        if (state == HEADCOUNT_ASKS)
            decide(op);
    const struct headcount_outcome *outcome = headcount_outcome(op);

    if (outcome->code != 0)
        fprintf(stderr, "c_policy: %s\n", outcome->message);
    else
        puts(outcome->json);
    int code = outcome->code != 0 || outcome->summary[HEADCOUNT_FAILED] > 0;

    headcount_op_free(op);
    return code;
}

int main(int argc, char **argv)
{
    headcount *h;
    struct headcount_error error;

    if (argc != 2) {
        fputs("usage: c_policy CLUSTER\n", stderr);
        return 2;
    }
    if (headcount_new(&h, NULL, &error) != 0) {
        fprintf(stderr, "c_policy: %s\n", error.what);
        return 1;
    }
    int code = run(h, argv[1]);

    headcount_free(h);
    return code;
}
