/* plan/tags.h - reads the rule that a service has in its own tags.
 *
 *   headcount:rule    per-host, hosts-minus, percent, linear, ladder, fixed
 *   headcount:tasks   per-host: tasks on each host (1); fixed: the count
 *   headcount:spare   hosts-minus
 *   headcount:percent percent
 *   headcount:hosts-per-task, cpu-per-task, memory-per-task, base, step
 *                     linear
 *   headcount:ladder  ladder: "0:1 4:2 64:5"
 *   headcount:where   only hosts that match
 *   headcount:min, max
 *
 * The owner of a service writes its tags, so they set a count and none of the
 * switches that let a hold pass.  headcount:pause belongs to plan/hold.  A
 * value that does not parse is refused, never guessed.
 */
#ifndef HC_PLAN_TAGS_H
#define HC_PLAN_TAGS_H

#include "plan/plan.h"

#define HC_TAGS_RULE "headcount:rule"

/* True if the tags have a headcount:rule. */
bool hc_tags_have_rule(const struct hc_ecs_tag *tags);

/* Sets `rule` and `where` of a wish that is otherwise zero; rungs are allocated
 * in the arena.  0; HEADCOUNT_ECONFIG: a sentence in e says which tag is wrong
 * and why; HEADCOUNT_ENOMEM. */
int hc_tags_wish(struct hc_wish *to, const struct hc_ecs_tag *tags,
                 struct hc_arena *arena, struct headcount_error *e);

#endif
