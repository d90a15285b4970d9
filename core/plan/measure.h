/* plan/measure.h - what there is of hosts, CPU and memory over the hosts
 * of a list that count for one wish. */
#ifndef HC_PLAN_MEASURE_H
#define HC_PLAN_MEASURE_H

#include "plan/host_list.h"
#include "plan/rule.h"

/* The attribute that hosts of ECS Anywhere have, and no other host. */
#define HC_MEASURE_ANYWHERE "ecs.capability.external"

/* Which hosts count; all zero: every one that is listed. */
struct hc_measure_of {
    const struct hc_ecs_share *providers;    /* a strategy; NULL: of any    */
    bool connected;                          /* only while the agent is     */
    int64_t before;        /* registered by then (wall); 0: whenever        */
    bool resources;                          /* CPU and memory are asked    */
    bool ec2;              /* hosts of ECS Anywhere do not count, as their
                              attributes say                                */
    const struct hc_host_list *without;     /* hosts of this list do not
                                                count; NULL: none is left out */
};

/* True: only a description of the hosts can tell. */
bool hc_measure_needs_details(const struct hc_measure_of *of);
/* The list (and its description, where one is needed) is a value.  False: a
 * host's description lacks what is asked; *lacks (static) says what, *who.  A
 * provider with weight 0 and a base has at most `base` hosts that count.  None
 * of its hosts is preferred: its CPU and memory are as many of them on average,
 * rounded down, so neither the order of a list nor an id decides anything. */
bool hc_measure(struct hc_measure *m, const struct hc_host_list *list,
                const struct hc_measure_of *of, const char **lacks,
                struct hc_str *who);

/* Two readings tell the same: the same hosts are listed, and of each the same
 * is said of what `of` looks at.  A host that is listed and was not described
 * in one of them (MISSING) differs.  `of` is the first reading's, `without` is
 * the second's list of hosts that do not count. */
bool hc_measure_agrees(const struct hc_host_list *first,
                       const struct hc_measure_of *of,
                       const struct hc_host_list *second,
                       const struct hc_host_list *without);
/* Names the hosts that count, whatever their order; another set has, but for
 * chance, another print. */
uint64_t hc_measure_print(const struct hc_host_list *list,
                          const struct hc_host_list *without);

bool hc_measure_is_anywhere(const struct hc_ecs_host *host);
/* A host that is described: whether it counts, where a base does not limit how
 * many of its provider do. */
bool hc_measure_counts(const struct hc_host *host,
                       const struct hc_measure_of *of);

#endif
