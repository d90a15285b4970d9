/* plan/measure.h - hosts, CPU and memory: the sums over those hosts of a list
 * that count for one wish. */
#ifndef HC_PLAN_MEASURE_H
#define HC_PLAN_MEASURE_H

#include "plan/host_list.h"
#include "plan/rule.h"

/* The attribute that hosts of ECS Anywhere have, and no other host. */
#define HC_MEASURE_ANYWHERE "ecs.capability.external"

/* Conditions for a host to count; all zero: every host of the list counts. */
struct hc_measure_of {
    const struct hc_ecs_share *providers;    /* its strategy; NULL: any     */
    bool connected;                          /* its agent is connected      */
    int64_t before;        /* registered by this wall time; 0: at any time  */
    bool resources;                          /* CPU and memory are summed   */
    bool ec2;              /* its attributes do not say ECS Anywhere        */
    const struct hc_host_list *without;     /* it is not in this list; may
                                                be NULL                       */
};

/* True: the ARNs alone do not tell, the hosts must be described. */
bool hc_measure_needs_details(const struct hc_measure_of *of);
/* True: of those, the provider tells. */
bool hc_measure_needs_providers(const struct hc_measure_of *of);
/* Sums up a list that is whole, and described where hc_measure_needs_details.
 * False: the description of host *who lacks the member *lacks (static text),
 * which the sum needs.
 *
 * A provider with weight 0 and a base counts with at most `base` hosts.  Their
 * CPU and memory are the average of all its hosts, rounded down: so the sum
 * does not depend on the order of the list. */
bool hc_measure(struct hc_measure *m, const struct hc_host_list *list,
                const struct hc_measure_of *of, const char **lacks,
                struct hc_str *who);

/* True if two readings agree: both list the same hosts, and each host has the
 * same values in what `of` looks at.  A host that is listed but not described
 * (MISSING) in one of them differs.  `of` belongs to the first reading;
 * `without` is the second reading's list of hosts that do not count. */
bool hc_measure_agrees(const struct hc_host_list *first,
                       const struct hc_measure_of *of,
                       const struct hc_host_list *second,
                       const struct hc_host_list *without);
/* A hash of the set of hosts that count: equal for the same set in any order,
 * and different for another set (but for a collision of 64 bits). */
uint64_t hc_measure_print(const struct hc_host_list *list,
                          const struct hc_host_list *without);

bool hc_measure_is_anywhere(const struct hc_ecs_host *host);
/* True if a described host meets the conditions; the limit that a base puts on
 * its provider is not looked at. */
bool hc_measure_counts(const struct hc_host *host,
                       const struct hc_measure_of *of);

#endif
