/* embed.c - headcount inside another program: one cluster, one service.
 *
 *   embed CLUSTER SERVICE
 *
 * Region, credentials and the rest come from the environment, as with the AWS
 * SDKs.  Build: cc embed.c $(pkg-config --cflags --libs headcount)
 */
#include <stdio.h>

#include <headcount.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: embed CLUSTER SERVICE\n", stderr);
        return 2;
    }
    headcount *h;
    headcount_op *op;
    struct headcount_error error;
    const char *const clusters[] = { argv[1] };
    const struct headcount_wish wish = {
        .size = sizeof wish, .service = argv[2],
        .rule = HEADCOUNT_PER_HOST, .tasks = 1,
    };
    const struct headcount_reconcile reconcile = {
        .size = sizeof reconcile,
        .clusters = clusters, .clusters_n = 1,
        .wishes = &wish, .wishes_n = 1,
    };

    if (headcount_new(&h, NULL, &error) != 0) {
        fprintf(stderr, "embed: %s\n", error.what);
        return 1;
    }
    if (headcount_begin_reconcile(h, &op, &reconcile, &error) != 0) {
        fprintf(stderr, "embed: %s\n", error.what);
        headcount_free(h);
        return 1;
    }
    while (headcount_wait(op, -1) == HEADCOUNT_RUNNING)
        continue;                    /* a signal came in */
    const struct headcount_outcome *outcome = headcount_outcome(op);

    if (outcome->code != 0)
        fprintf(stderr, "embed: %s\n", outcome->message);
    else
        puts(outcome->json);
    int code = outcome->code != 0 || outcome->summary[HEADCOUNT_FAILED] > 0;

    headcount_op_free(op);
    headcount_free(h);
    return code;
}
