/* reconcile/exchange/clusters.c - ListClusters, for a cluster that is not
 * there: the sentence names those that are, the nearest name first, and any of
 * them tells the account of the credentials.
 *
 * It is no part of the work: one page says enough, and without an answer the
 * sentence is shorter. */
#include "base/text.h"
#include "reconcile/exchange/check.h"
#include "reconcile/outcome.h"

#define CLUSTERS_SHOWN 10                 /* in a sentence */

static void clusters_put(struct hc_run *r, struct hc_exchange *x,
                         struct hc_buf *out)
{
    (void)r;
    (void)x;
    hc_ecs_put_list_clusters(out, HC_STR(""));
}

static void clusters_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_clusters_init(&v->arns, r->facts.alloc);
}

/* The next cluster to show: the one whose name is nearest to the name that was
 * not found. */
static size_t clusters_nearest(const struct hc_run *r,
                               const struct hc_ecs_arns *v, const bool *shown)
{
    size_t best = v->arns_n, least = SIZE_MAX;
    struct hc_arn arn;

    for (size_t i = 0; i < v->arns_n && i < HC_ECS_BATCH; i++) {
        if (shown[i] || hc_arn_cluster(&arn, v->arns[i], NULL) < 0)
            continue;
        size_t distance = hc_text_distance(arn.name, r->cluster.name);

        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

static const char *clusters_sentence(struct hc_run *r,
                                     const struct hc_ecs_arns *v)
{
    struct hc_arena *arena = &r->facts.arena;
    struct hc_str region = hc_run_region(r);
    bool shown[HC_ECS_BATCH] = { false };
    const char *list = "";
    size_t n = 0, at;
    struct hc_arn arn;

    if (v->arns_n == 0)
        return hc_arena_fmt(arena, "; there is no cluster in %.*s",
                            HC_STR_ARG(region));
    while (n < CLUSTERS_SHOWN &&
           (at = clusters_nearest(r, v, shown)) < v->arns_n) {
        hc_arn_cluster(&arn, v->arns[at], NULL);
        list = hc_arena_fmt(arena, "%s%s%.*s", list, n > 0 ? ", " : "",
                            HC_STR_ARG(arn.name));
        shown[at] = true;
        n++;
    }
    return hc_arena_fmt(arena, "; clusters in %.*s: %s%s", HC_STR_ARG(region),
                        list, n < v->arns_n || v->next.n > 0 ? " and more"
                                                             : "");
}

static int clusters_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    const struct hc_ecs_arns *v = &x->view.arns;
    const char *sentence =
        hc_check_said(r, x, hc_str(clusters_sentence(r, v))).p;
    struct hc_arn arn;

    (void)now;
    if (v->arns_n > 0 && hc_arn_cluster(&arn, v->arns[0], NULL) == 0) {
        hc_run_note_account(r, &arn);
        if (r->account.n == 0)
            r->account = hc_arena_str(&r->facts.arena, arn.account);
    }
    if (hc_run_check_account(r, NULL) == 0)
        hc_outcome_gone(r, sentence);
    return 1;
}

static bool clusters_mend(struct hc_run *r, struct hc_exchange *x, int err)
{
    (void)x;
    (void)err;
    hc_outcome_gone(r, "");
    return true;
}

const struct hc_exchange_class hc_exchange_clusters = {
    .service = HC_SERVICE_ECS,
    .operation = "ListClusters",
    .action = "ecs:ListClusters",
    .fact = "a list of clusters",
    .put = clusters_put,
    .open = clusters_open,
    .close = hc_exchange_close_arns,
    .learn = clusters_learn,
    .mend = clusters_mend
};
