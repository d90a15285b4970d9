/* op/op_sweep.h - the struct that the files of a sweep share, and no others.
 *
 *   op_sweep_find   finds clusters: targets
 *   op_sweep        reconciles targets side by side, shows and reports them
 */
#ifndef HC_OP_OP_SWEEP_H
#define HC_OP_OP_SWEEP_H

#include "base/pages.h"
#include "op/op.h"
#include "plan/plan.h"
#include "reconcile/missing.h"
#include "reconcile/sweep.h"

/* A cluster that a sweep found, or the reason why a name or a place has none.
 */
struct op_target {
    struct hc_str name;                  /* or ARN; in op.arena              */
    size_t scope;
    const char *code, *what;             /* static, arena; NULL: a cluster   */
    bool done;
    struct hc_buf json;                  /* of the report                    */
};

struct op_part {
    bool used;
    headcount_op *op;                    /* NULL: its target has a code      */
    size_t at;                           /* of the targets                   */
};

struct op_sweep {
    headcount_op op;
    struct headcount_sweep request;      /* its texts are in op.arena        */
    struct headcount_reconcile each;     /* request.each, likewise           */
    const struct hc_wish *wishes;        /* of every part; in op.arena, as   */
    size_t wishes_n;                     /* all of these                     */
    struct hc_sweep_scope *scopes;
    size_t scopes_n;
    bool *matched;                       /* for each of request.clusters: a
                                            cluster has this name            */
    struct hc_str *page;                 /* ARNs of clusters that are described
                                            next, for their tags             */
    size_t page_n;
    const char *there;                   /* ", a, b": the first names that
                                            were listed; NULL: none          */
    size_t there_n;                      /* clusters that were listed        */
    bool lists;                          /* clusters are to be found         */
    bool all_found;
    size_t scope;                        /* the one that is being listed     */
    struct hc_pages pages;               /* of its list                      */
    headcount_op *lister;                /* the call that finds more         */
    bool describes;                      /* that call is DescribeClusters    */
    struct hc_buf body;                  /* of that call                     */
    struct op_target *targets;
    size_t targets_n, targets_cap, begun, done;
    size_t *slots;                       /* of a hash table of the clusters:
                                            place in targets + 1, 0 empty    */
    size_t slots_n;
    struct op_part parts[HC_SWEEP_AT_ONCE];
    size_t at_once;
    struct op_part *turn;                /* the part that ASKS, or is shown  */
    const struct headcount_outcome *showing;     /* in PART                  */
    struct headcount_outcome shown;      /* of a part that has none          */
    struct headcount_cluster shown_cluster;
    bool cancelled;
    size_t kept;                         /* bytes of all targets' json       */
    struct hc_missing missing;
    struct hc_buf json;
};

#endif
