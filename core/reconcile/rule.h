/* reconcile/rule.h - how a count follows from hosts: arithmetic, nothing else.
 */
#ifndef HC_RECONCILE_RULE_H
#define HC_RECONCILE_RULE_H

#include "base/err.h"
#include "base/str.h"

#define HC_UNKNOWN INT64_MIN           /* a number that was not learned */
#define HC_RULE_TASKS_MAX 1000000      /* of any number in a rule       */

enum hc_rule_kind { RULE_PER_HOST, RULE_FIXED };

/* All zero but has_min and has_max is "one task per host". */
struct hc_rule {
    enum hc_rule_kind kind;
    int64_t tasks;            /* PER_HOST: tasks a host, 0 = 1; FIXED: count */
    int64_t min, max;         /* where has_... says so                       */
    int64_t max_tasks;        /* 0: AWS's own quota (hc_plan)                */
    int64_t max_step_down, max_step_up;   /* more is read twice; 0: the
                                             defaults (hold.c)               */
    bool has_min, has_max;
};

/* 0, or HC_ECONFIG: what is wrong with it. */
int hc_rule_check(const struct hc_rule *r, struct hc_error *e);
bool hc_rule_needs_hosts(const struct hc_rule *r);
/* The count before min and max; never negative, never overflows. */
int64_t hc_rule_count(const struct hc_rule *r, int64_t hosts);
/* The count cut to min and max. */
int64_t hc_rule_bound(const struct hc_rule *r, int64_t count);
const char *hc_rule_name(const struct hc_rule *r);     /* "per_host" */

#endif
