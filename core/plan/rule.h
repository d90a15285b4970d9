/* plan/rule.h - how a count follows from hosts: arithmetic, nothing else.
 *
 *   per_host      tasks on each host
 *   hosts_minus   every host but `spare`
 *   percent       a share of the hosts, rounded up
 *   linear        base + step * the most that hosts, CPU or memory call for,
 *                 each divided by what one task answers for and rounded up
 *   ladder        the rung at or below the hosts (or CPU), the higher of both
 *   fixed         a plain number
 *
 * Shares are kept in millionths, so that no count hangs on how a fraction was
 * rounded.
 */
#ifndef HC_PLAN_RULE_H
#define HC_PLAN_RULE_H

#include "base/err.h"
#include "base/str.h"

#define HC_RULE_TASKS_MAX 1000000      /* of any number in a rule       */
#define HC_RULE_ONE 1000000            /* millionths                    */
#define HC_RULE_SHARE_MAX ((int64_t)HC_RULE_ONE * 1000000000)
#define HC_RULE_RUNGS 64               /* of one ladder                 */
#define HC_RULE_WORDS 200

/* What there is of each, over the hosts that are counted. */
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
    int64_t spare;            /* HOSTS_MINUS                                 */
    int64_t percent;          /* PERCENT, in millionths of a percent         */
    int64_t per_hosts, per_cpu, per_memory;   /* LINEAR: millionths a task
                                                 answers for; 0: not by it   */
    int64_t base, step;       /* LINEAR; step 0 = 1                          */
    struct hc_ladder by_hosts, by_cpu;        /* LADDER; n 0: not by it; CPU
                                                 in units                    */
    int64_t min, max;         /* where has_... says so                       */
    int64_t max_tasks;        /* 0: AWS's own quota (hc_plan)                */
    int64_t max_step_down, max_step_up;   /* more is read twice; 0: the
                                             defaults (hold.c)               */
    int64_t min_age;          /* of a host that counts, microseconds         */
    bool has_min, has_max;
    bool spread;              /* with two hosts or more at least two tasks:
                                 no single point of failure */
};

/* 0, or HEADCOUNT_ECONFIG: what is wrong with it. */
int hc_rule_check(const struct hc_rule *r, struct headcount_error *e);
bool hc_rule_needs_hosts(const struct hc_rule *r);
/* The hosts' resources, not just their number. */
bool hc_rule_needs_resources(const struct hc_rule *r);
/* More hosts would ask for yet more tasks than there are hosts, without end. */
bool hc_rule_outgrows(const struct hc_rule *r, const struct hc_measure *m);
/* The count before min and max; never negative, never overflows. */
int64_t hc_rule_count(const struct hc_rule *r, const struct hc_measure *m);
/* The count cut to min and max. */
int64_t hc_rule_bound(const struct hc_rule *r, int64_t count);
const char *hc_rule_name(const struct hc_rule *r);     /* "per_host" */
/* Which kind is spelled so; false: none. */
bool hc_rule_find(struct hc_str name, enum headcount_rule *kind);
/* "1 task on each of" - what stands before "7 active hosts"; for FIXED the
 * whole reason.  `to` has HC_RULE_WORDS bytes. */
const char *hc_rule_words(const struct hc_rule *r, const struct hc_measure *m,
                          char *to);

#endif
