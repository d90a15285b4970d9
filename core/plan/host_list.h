/* plan/host_list.h - hosts (or services) by ARN: each id once, in the order of
 * arrival, found by hash.
 *
 * An ARN may be written in an old and in a new form: the part after its last
 * slash, the id, tells two hosts apart.
 */
#ifndef HC_PLAN_HOST_LIST_H
#define HC_PLAN_HOST_LIST_H

#include "ecs/ops.h"

#define HC_HOST_LIST_MAX 50000        /* of one list; AWS allows 5000        */

struct hc_host {
    struct hc_str arn;
    bool described;
    const struct hc_ecs_host *details;    /* NULL: gone since it was listed  */
    bool active;                      /* still, and the first of its machine */
};

/* All zero is an empty list. */
struct hc_host_list {
    struct hc_host *hosts;
    size_t n, cap;
    size_t *slots;                    /* of a hash table: index + 1, 0 empty */
    size_t slots_n;
};

/* The part after the last slash of an ARN: of a host or of a service. */
struct hc_str hc_host_id(struct hc_str arn);
/* A hash of that id. */
uint64_t hc_host_hash(struct hc_str arn);

/* Adds an ARN, which outlives the list: 1 new, 0 there already,
 * HEADCOUNT_ENOMEM, or HEADCOUNT_ELIMIT. */
int hc_host_list_add(struct hc_host_list *l, const struct hc_alloc *a,
                     struct hc_str arn);
struct hc_host *hc_host_list_find(const struct hc_host_list *l,
                                  struct hc_str arn);
/* Empties the list and keeps its memory. */
void hc_host_list_reset(struct hc_host_list *l);
void hc_host_list_free(struct hc_host_list *l, const struct hc_alloc *a);
/* The same hosts, in whatever order. */
bool hc_host_list_eq(const struct hc_host_list *a,
                     const struct hc_host_list *b);
/* Marks the hosts that are ACTIVE and the first of their machine, once all are
 * described.  RegisterContainerInstance is not idempotent, so one machine may
 * be listed under several ARNs.  0 or HEADCOUNT_ENOMEM. */
int hc_host_list_mark_active(struct hc_host_list *l, const struct hc_alloc *a);

#endif
