/* reconcile/measure.h - what there is of hosts, CPU and memory over the hosts
 * of a list that count for one wish. */
#ifndef HC_RECONCILE_MEASURE_H
#define HC_RECONCILE_MEASURE_H

#include "reconcile/facts.h"
#include "reconcile/rule.h"

/* Which hosts count; all zero: every one that is listed. */
struct hc_measure_of {
    const struct hc_ecs_share *providers;    /* a strategy; NULL: of any    */
    bool connected;                          /* only while the agent is     */
    int64_t before;        /* registered by then (wall); 0: whenever        */
    bool resources;                          /* CPU and memory are asked    */
};

/* True: only a description of the hosts can tell. */
bool hc_measure_needs_details(const struct hc_measure_of *of);
/* The list (and its description, where one is needed) is a value.  False: a
 * host's description lacks what is asked; *lacks (static) says what, *who.
 * Of a provider with weight 0 and a base at most `base` hosts count.  None of
 * its hosts is preferred: its CPU and memory are as many of them on average,
 * rounded down, so neither the order of a list nor an id decides anything. */
bool hc_measure(struct hc_measure *m, const struct hc_fact_hosts *list,
                const struct hc_measure_of *of, const char **lacks,
                struct hc_str *who);

/* A host that is described: whether it counts, where a base does not limit how
 * many of its provider do. */
bool hc_measure_counts(const struct hc_host *host,
                       const struct hc_measure_of *of);

#endif
