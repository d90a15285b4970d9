/* plan/first_look.h - a first look at a service with distinctInstance: is it
 * likely that it runs one task on each host?
 *
 *   over    launch types only: more tasks than hosts, the surplus can never run
 *   right   as many tasks as hosts
 *   near    a few less: at most one host, or a tenth of them, has none
 *   low     fewer still: spread replicas look like this
 *   alone   no count by hosts, and a reason why
 *
 * The API does not tell an agent that runs on each of three hosts from three
 * replicas that are spread over three hosts.  So a look only finds services and
 * never writes: a person decides, with the tag headcount:rule.  Pure.
 */
#ifndef HC_PLAN_FIRST_LOOK_H
#define HC_PLAN_FIRST_LOOK_H

#include "plan/plan.h"

#define HC_FIRST_LOOK_WHY 160
#define HC_FIRST_LOOK_NAMES 5         /* hosts that a reason names          */

enum hc_first_look { LOOK_OVER, LOOK_RIGHT, LOOK_NEAR, LOOK_LOW, LOOK_ALONE };

const char *hc_first_look_name(enum hc_first_look look);     /* "over" */
/* Sorts a count of tasks by the number of hosts.  `starts`: a capacity provider
 * may start hosts for the surplus, so that is not `over`, but `alone`. */
enum hc_first_look hc_first_look_class(int64_t desired, int64_t hosts,
                                       bool starts);
/* True if DescribeServices alone says that the service is left alone; `why` has
 * the reason. */
bool hc_first_look_is_alone(const struct hc_ecs_service *s, int64_t wall,
                            char why[HC_FIRST_LOOK_WHY]);
/* Makes the plan of a wish that looks: it is skipped, and its code is the name
 * of the class. */
enum hc_plan_need hc_first_look_make(struct hc_plan *p,
                                     const struct hc_plan_input *in);

#endif
