/* plan/rule.h - how a count follows from hosts: arithmetic, nothing else.
 *
 *   per_host      tasks on each host
 *   hosts_minus   every host but `spare`
 *   percent       a share of the hosts, rounded up
 *   linear        base + step * the greatest of hosts, CPU and memory, each
 *                 divided by the share of one task and rounded up
 *   ladder        the tasks of the highest rung that hosts (or CPU) reach; with
 *                 two ladders the greater of both
 *   fixed         a plain number
 *
 * Shares are whole millionths, so no count depends on how a binary fraction was
 * rounded.
 */
#ifndef HC_PLAN_RULE_H
#define HC_PLAN_RULE_H

#include "base/arena.h"
#include "base/err.h"

#define HC_RULE_TASKS_MAX 1000000      /* limit of every number of tasks */
#define HC_RULE_ONE 1000000            /* millionths                    */
#define HC_RULE_SHARE_MAX ((int64_t)HC_RULE_ONE * 1000000000)
#define HC_RULE_RUNGS 64               /* of one ladder                 */
#define HC_RULE_WORDS 200

/* The sums over all hosts that count. */
struct hc_measure {
    int64_t hosts;
    int64_t cpu, memory;      /* registered CPU units and MiB; HEADCOUNT_UNKNOWN
                                 unless the rule asks for them */
};

struct hc_ladder {
    const struct headcount_rung *rungs;      /* rising; the first is from 0 */
    size_t n;
};

/* All zero but has_min and has_max is "one task per host". */
struct hc_rule {
    enum headcount_rule kind;
    int64_t tasks;            /* PER_HOST: tasks a host, 0 = 1; FIXED: count */
    int64_t spare;            /* HOSTS_MINUS: hosts without a task           */
    int64_t percent;          /* PERCENT, in millionths of a percent         */
    int64_t per_hosts, per_cpu, per_memory;   /* LINEAR: the share of one
                                                 task in millionths; 0: this
                                                 does not count              */
    int64_t base, step;       /* LINEAR; step 0 = 1                          */
    struct hc_ladder by_hosts, by_cpu;        /* LADDER; n 0: no such ladder;
                                                 CPU in units                */
    int64_t min, max;         /* valid if has_min, has_max                   */
    int64_t max_tasks;        /* 0: AWS's own quota (hc_plan)                */
    int64_t max_step_down, max_step_up;   /* a bigger step is read
                                             twice; 0: the defaults (hold.c) */
    int64_t min_age;          /* of hosts that count, in microseconds        */
    bool has_min, has_max;
    bool placeable;           /* it rises only to hosts that have its task or
                                 can take it                                */
    bool spread;              /* two hosts or more get at least two tasks: no
                                 single point of failure                     */
};

/* The rule of a wish; its ladders are copied to the arena.  A share that no
 * rule takes becomes -1, which hc_rule_check refuses. */
void hc_rule_from_wish(struct hc_rule *to, struct hc_arena *arena,
                       const struct headcount_wish *w);
/* 0, or HEADCOUNT_ECONFIG with a sentence in e. */
int hc_rule_check(const struct hc_rule *r, struct headcount_error *e);
bool hc_rule_needs_hosts(const struct hc_rule *r);
/* True if the count needs CPU or memory of hosts, not just their number. */
bool hc_rule_needs_resources(const struct hc_rule *r);
/* True if the rule wants more tasks than hosts, and each further host would
 * make it want still more. */
bool hc_rule_outgrows(const struct hc_rule *r, const struct hc_measure *m);
/* The count before min and max; never negative, never overflows. */
int64_t hc_rule_count(const struct hc_rule *r, const struct hc_measure *m);
/* The count cut to min and max. */
int64_t hc_rule_bound(const struct hc_rule *r, int64_t count);
const char *hc_rule_name(const struct hc_rule *r);     /* "per_host" */
/* Finds the kind of this name; false: there is none. */
bool hc_rule_find(struct hc_str name, enum headcount_rule *kind);
/* Writes "1 task on each of", which "7 active hosts" follows; for FIXED the
 * whole reason.  `to` has HC_RULE_WORDS bytes. */
const char *hc_rule_words(const struct hc_rule *r, const struct hc_measure *m,
                          char *to);

#endif
