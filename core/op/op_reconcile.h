/* op/op_reconcile.h - the struct that the files of a reconcile share, and no
 * other file.
 *
 *   op_lock         whether a cluster's run may begin
 *   op_targets      which clusters: those named, the event's, a snapshot's
 *   op_event        what the event asks for, and what came of its records
 *   op_policy       the owner's turn
 *   op_policy_tags  the owner's turn, decided by tags of services
 *   op_reconcile    cluster after cluster, and the report
 */
#ifndef HC_OP_OP_RECONCILE_H
#define HC_OP_OP_RECONCILE_H

#include "ecs/records.h"
#include "op/op_cluster.h"
#include "reconcile/reconcile.h"

/* Kept, beside its result, of a cluster whose run is over. */
struct op_ran {
    bool dry;                            /* nothing was to be written        */
    bool known;                          /* ECS answered for it              */
};

struct op_reconcile;

/* Its place in the line of a cluster; all zero: in none.  Private to
 * op_lock.c. */
struct op_lock {
    struct hc_index_node node;           /* of the first: in h->locks        */
    bool held;                           /* it is the first                  */
    struct op_reconcile *prev, *next;
    struct op_reconcile *last;           /* of the first: the line's last    */
    struct hc_waiter room;               /* of the first, until it is inside */
};

struct op_reconcile {
    headcount_op op;
    struct headcount_reconcile request;  /* its texts are in op.arena, or the
                                            sweep's                          */
    struct hc_op_cluster_params sweep;   /* of its parent, where it has one  */
    struct hc_records records;           /* of the event                     */
    bool has_event;
    size_t *causes;                      /* of names: places in the records  */
    size_t *names_of;                    /* for each cluster of the records that
                                            is not settled: its place in
                                            names                            */
    struct hc_credentials creds;         /* fetched once, before any cluster */
    struct hc_waiter waiter;
    bool checked;
    const struct hc_wish *wishes;        /* in op.arena, or the sweep's      */
    size_t wishes_n;
    struct hc_arn *names;                /* of the clusters, each one once   */
    size_t clusters_n;
    size_t at;                           /* the cluster whose turn it is     */
    struct hc_reconcile *current;        /* of names[at]; NULL: not begun    */
    struct headcount_cluster *results;   /* of the clusters before `at`; in
                                            op.arena                         */
    struct op_ran *ran;                  /* likewise                         */
    char account[13];                    /* of the credentials, as ECS said;
                                            "" unknown                       */
    struct hc_str region;
    struct op_lock lock;                 /* of names[at]                     */
    bool inside;                         /* names[at] is being reconciled    */
    bool cancelled;
    struct hc_buf json, snapshot;
    struct hc_buf failures;              /* records to be delivered again    */
    struct headcount_question question;  /* in ASKS                          */
    struct hc_wish *new_wishes;          /* in this round                    */
    size_t new_wishes_n, new_wishes_cap;
    bool by_tags;                        /* op_policy_tags decides           */
};

#endif
