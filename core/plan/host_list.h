/* plan/host_list.h - hosts (or services) by ARN: each id once, in the order of
 * arrival, found by hash.
 *
 * AWS has an old and a new form of the same ARN.  Two ARNs are one host if the
 * part after the last slash, the id, is equal.
 */
#ifndef HC_PLAN_HOST_LIST_H
#define HC_PLAN_HOST_LIST_H

#include "ecs/ops.h"

#define HC_HOST_LIST_MAX 50000        /* of one list; AWS allows 5000        */

struct hc_host {
    struct hc_str arn;
    bool described;
    bool recalled;                    /* its details are of memory: provider
                                         and machine, and nothing else       */
    const struct hc_ecs_host *details;    /* NULL: gone after it was listed  */
    bool active;                      /* ACTIVE, and the first of its machine */
    bool takes;                       /* it may get a task of the service that
                                         the list is of                      */
};

/* All zero is an empty list. */
struct hc_host_list {
    struct hc_host *hosts;
    size_t n, cap;
    size_t *slots;                    /* hash table: index + 1, or 0: empty */
    size_t slots_n;
};

/* The id: what follows the last slash of a host's or a service's ARN. */
struct hc_str hc_host_id(struct hc_str arn);
/* A hash of that id. */
uint64_t hc_host_hash(struct hc_str arn);

/* Adds an ARN, which must outlive the list.  1: it is new; 0: the list has it
 * already; HEADCOUNT_ENOMEM or HEADCOUNT_ELIMIT. */
int hc_host_list_add(struct hc_host_list *l, const struct hc_alloc *a,
                     struct hc_str arn);
struct hc_host *hc_host_list_find(const struct hc_host_list *l,
                                  struct hc_str arn);
/* Empties the list and keeps its memory. */
void hc_host_list_reset(struct hc_host_list *l);
void hc_host_list_free(struct hc_host_list *l, const struct hc_alloc *a);
/* After all hosts are described: marks each host that is ACTIVE, but only one
 * per machine.  RegisterContainerInstance is not idempotent, so one machine may
 * be listed under several ARNs.  0 or HEADCOUNT_ENOMEM. */
int hc_host_list_mark_active(struct hc_host_list *l, const struct hc_alloc *a);

#endif
