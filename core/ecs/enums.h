/* ecs/enums.h - the closed lists of words in an answer, both ways.
 *
 * A word that is not of its list is ..._OTHER, and OTHER's name is "OTHER",
 * which is of no list.
 */
#ifndef HC_ECS_ENUMS_H
#define HC_ECS_ENUMS_H

#include "base/str.h"

enum hc_ecs_status { STATUS_OTHER, STATUS_ACTIVE, STATUS_DRAINING,
                     STATUS_INACTIVE };
enum hc_ecs_launch { LAUNCH_NONE, LAUNCH_EC2, LAUNCH_FARGATE, LAUNCH_EXTERNAL,
                     LAUNCH_MANAGED, LAUNCH_OTHER };
enum hc_ecs_scheduling { SCHEDULING_REPLICA, SCHEDULING_DAEMON,
                         SCHEDULING_OTHER };
enum hc_ecs_controller { CONTROLLER_ECS, CONTROLLER_CODE_DEPLOY,
                         CONTROLLER_EXTERNAL, CONTROLLER_OTHER };
enum hc_ecs_rollout { ROLLOUT_ROLLING, ROLLOUT_BLUE_GREEN, ROLLOUT_LINEAR,
                      ROLLOUT_CANARY, ROLLOUT_OTHER };

enum hc_ecs_status hc_ecs_status(struct hc_str s);
enum hc_ecs_launch hc_ecs_launch(struct hc_str s);
enum hc_ecs_scheduling hc_ecs_scheduling(struct hc_str s);
enum hc_ecs_controller hc_ecs_controller(struct hc_str s);
enum hc_ecs_rollout hc_ecs_rollout(struct hc_str s);

/* Static text. */
const char *hc_ecs_launch_name(enum hc_ecs_launch v);
const char *hc_ecs_scheduling_name(enum hc_ecs_scheduling v);
const char *hc_ecs_controller_name(enum hc_ecs_controller v);
const char *hc_ecs_rollout_name(enum hc_ecs_rollout v);

#endif
