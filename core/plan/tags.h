/* plan/tags.h - a service that says its own rule, in its tags.
 *
 *   headcount:rule    per-host, hosts-minus, percent, linear, ladder, fixed
 *   headcount:tasks   per-host: on each host (1); fixed: how many
 *   headcount:spare   hosts-minus
 *   headcount:percent percent
 *   headcount:hosts-per-task, cpu-per-task, memory-per-task, base, step
 *                     linear
 *   headcount:ladder  ladder: "0:1 4:2 64:5"
 *   headcount:where   only hosts that match
 *   headcount:min, max
 *
 * Tags are written by who owns the service, so they set a count and no switch;
 * headcount:pause is a hold's (reconcile/hold).  What does not parse is never
 * guessed.
 */
#ifndef HC_PLAN_TAGS_H
#define HC_PLAN_TAGS_H

#include "plan/plan.h"

#define HC_TAGS_RULE "headcount:rule"

/* It says that it wants to be counted. */
bool hc_tags_have_rule(const struct hc_ecs_tag *tags);

/* Fills in rule and where of a wish that is else zero; rungs are kept in
 * `keep`.  0; HEADCOUNT_ECONFIG: which tag cannot be meant, and why;
 * HEADCOUNT_ENOMEM. */
int hc_tags_wish(struct hc_wish *to, const struct hc_ecs_tag *tags,
                 struct hc_arena *arena, struct headcount_error *e);

#endif
