/* reconcile/second.c - the second reading that a big step needs.
 *
 *   DescribeClusters                the cluster is ACTIVE, and its own number
 *                                   of hosts fits what is listed
 *   the list of ACTIVE hosts        the same hosts
 *   what they are like              where the count follows from it: the same
 *   the hosts of the other kind     (EC2, ECS Anywhere), where the list left
 *                                   them out: the cluster's number has them
 *   the hosts that drain            likewise
 *
 * Each answer of it is of the second reading alone.
 */
#include "reconcile/second.h"

#include "plan/measure.h"
#include "reconcile/plan_input.h"

enum { SECOND_CLUSTER, SECOND_ACTIVE, SECOND_WITHOUT, SECOND_DETAILS,
       SECOND_OTHERS, SECOND_DRAINING, SECOND_PARTS };

static bool second_has(const struct hc_fact *fact)
{
    return fact != NULL && fact->state == FACT_VALUE;
}

static struct hc_fact_hosts *second_list(struct hc_run *r,
                                         const char *status,
                                         struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, status, filter, READING_CONFIRMING);
}

/* The list that this part reads. *needed is false if the count of this wish
 * does not follow from that part. */
static struct hc_fact_hosts *second_part(struct hc_run *r,
                                         const struct hc_plan_input *in,
                                         int part, bool *needed)
{
    const struct hc_measure_of of = hc_plan_input_measure(r, in);
    struct hc_fact_hosts *active = second_list(r, "ACTIVE", r->lists.active);

    *needed = true;
    switch (part) {
    case SECOND_WITHOUT:
        *needed = r->lists.without.n > 0;
        return second_list(r, "ACTIVE", r->lists.without);
    case SECOND_OTHERS:
        *needed = r->lists.others.n > 0;
        return second_list(r, "ACTIVE", r->lists.others);
    case SECOND_DETAILS:
        *needed = in->by != HEADCOUNT_REGISTERED &&
                  hc_measure_needs_details(&of) && active != NULL &&
                  active->list.n > 0;
        return active;
    case SECOND_DRAINING:
        return second_list(r, "DRAINING", r->lists.draining);
    default:
        return active;
    }
}

/* The first part that is not read yet, in the order of the enum, or
 * SECOND_PARTS. *list is NULL for the cluster, or without memory.  The cluster
 * comes first: if it is not ACTIVE any more, the lists would tell nothing. */
static int second_next(struct hc_run *r, const struct hc_plan_input *in,
                       struct hc_fact_hosts **list)
{
    bool needed;

    *list = NULL;
    if (!second_has(&r->facts.cluster[READING_CONFIRMING].fact))
        return SECOND_CLUSTER;
    for (int part = SECOND_ACTIVE; part < SECOND_PARTS; part++) {
        *list = second_part(r, in, part, &needed);
        if (needed && (*list == NULL ||
                       !second_has(part == SECOND_DETAILS ? &(*list)->details
                                                          : &(*list)->fact)))
            return part;
    }
    *list = NULL;
    return SECOND_PARTS;
}

struct hc_fact_hosts *hc_second_list(struct hc_run *r,
                                     const struct hc_plan_input *in,
                                     bool *details)
{
    struct hc_fact_hosts *list;
    int part = second_next(r, in, &list);

    *details = part == SECOND_DETAILS;
    if (list != NULL)
        list->by_launch = (part == SECOND_ACTIVE && r->lists.falls_back) ||
                          part == SECOND_WITHOUT || part == SECOND_OTHERS ||
                          (part == SECOND_DRAINING && r->lists.others.n > 0);
    return list;
}

/* True if the second reading confirms the first one.  Both list the same
 * hosts, with the same values where the count follows from them.  Then a third
 * witness is asked: the number of registered hosts that DescribeClusters gives
 * must be the sum of all lists, of ACTIVE and DRAINING hosts of both kinds.
 * If two lists lost the same page, that number would show it.  Under a filter,
 * hosts are missing from the lists on purpose, so there the number may be
 * larger, and never smaller. */
static bool second_agrees(struct hc_run *r,
                          const struct hc_plan_input *in,
                          const struct hc_plan_second *second)
{
    const struct hc_measure_of of = hc_plan_input_measure(r, in);
    int64_t seen = second->active + second->others + second->draining;
    const struct hc_fact_hosts *first = hc_facts_hosts(
        &r->facts, "ACTIVE", r->lists.active, READING_FIRST);
    const struct hc_fact_hosts *active =
        second_list(r, "ACTIVE", r->lists.active);
    const struct hc_fact_hosts *without =
        r->lists.without.n > 0 ? second_list(r, "ACTIVE", r->lists.without)
                               : NULL;

    if (!hc_str_eqz(second->status, "ACTIVE"))
        return false;
    if (in->by == HEADCOUNT_REGISTERED)
        return second->registered == in->hosts && second->registered == seen;
    if (first == NULL || active == NULL ||
        !hc_measure_agrees(&first->list, &of, &active->list,
                           without != NULL ? &without->list : NULL))
        return false;
    return r->lists.whole ? second->registered == seen
                          : second->registered >= seen;
}

void hc_second_input(struct hc_run *r, struct hc_plan_input *in)
{
    const struct hc_fact_cluster *cluster =
        &r->facts.cluster[READING_CONFIRMING];
    struct hc_fact_hosts *list;

    if (second_next(r, in, &list) < SECOND_PARTS)
        return;
    r->second = (struct hc_plan_second){
        .status = cluster->value.status,
        .registered = cluster->value.registered,
    };
    list = second_list(r, "ACTIVE", r->lists.active);
    r->second.active = list != NULL ? (int64_t)list->list.n : 0;
    list = second_list(r, "DRAINING", r->lists.draining);
    r->second.draining = list != NULL ? (int64_t)list->list.n : 0;
    list = second_list(r, "ACTIVE", r->lists.others);
    if (r->lists.others.n > 0 && list != NULL)
        r->second.others = (int64_t)list->list.n;
    r->second.agrees = second_agrees(r, in, &r->second);
    in->second = &r->second;
}

/* ---- the policy's second answer ---- */

/* Two counts can be compared only where both are made over the same hosts, with
 * the same switches. */
static bool second_counts_alike(const struct hc_wish *a,
                                const struct hc_wish *b)
{
    return a->by == b->by && hc_str_eq(a->where, b->where) &&
           a->no_external == b->no_external &&
           a->rule.min_age == b->rule.min_age && b->broken.n == 0 &&
           (a->allow & ~b->allow) == 0;
}

void hc_second_again(struct hc_run *r, struct hc_plan_input *in)
{
    const struct hc_again *again = &r->again;
    struct hc_plan_input other = *in;
    const struct hc_fact_service *fact;

    in->asked = r->policy.counted;
    if (r->facts.cluster[READING_CONFIRMING].fact.state == FACT_VALUE)
        in->confirmed = r->facts.cluster[READING_CONFIRMING].value.status;
    if (again->fact.state != FACT_VALUE)
        return;
    in->again = HC_PLAN_NO_WISH;
    fact = hc_facts_service(&r->facts, r->names[r->at].name);
    for (size_t i = fact != NULL ? fact->again : 0; i > 0;
         i = again->next[i - 1]) {
        const struct hc_wish *w = &again->wishes[i - 1];

        if (!second_counts_alike(in->wish, w))
            continue;
        other.wish = w;
        in->again = hc_plan_wanted(&other);
    }
}
