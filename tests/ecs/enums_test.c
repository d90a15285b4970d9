/* tests/ecs/enums_test.c - the closed lists of words, both ways. */
#include "t.h"

#include "ecs/enums.h"

TEST(words, each_word_is_its_value_and_back)
{
    static const char *const launch[] = { "EC2", "FARGATE", "EXTERNAL",
                                          "MANAGED_INSTANCES" };
    static const char *const scheduling[] = { "REPLICA", "DAEMON" };
    static const char *const controller[] = { "ECS", "CODE_DEPLOY",
                                              "EXTERNAL" };
    static const char *const rollout[] = { "ROLLING", "BLUE_GREEN", "LINEAR",
                                           "CANARY" };

    for (int i = 0; i < 4; i++) {
        CHECK_INT(hc_ecs_launch(hc_str(launch[i])), LAUNCH_EC2 + i);
        CHECK_Z(hc_ecs_launch_name((enum hc_ecs_launch)(LAUNCH_EC2 + i)),
                launch[i]);
        CHECK_INT(hc_ecs_rollout(hc_str(rollout[i])), ROLLOUT_ROLLING + i);
        CHECK_Z(hc_ecs_rollout_name((enum hc_ecs_rollout)i), rollout[i]);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_INT(hc_ecs_controller(hc_str(controller[i])), i);
        CHECK_Z(hc_ecs_controller_name((enum hc_ecs_controller)i),
                controller[i]);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_INT(hc_ecs_scheduling(hc_str(scheduling[i])), i);
        CHECK_Z(hc_ecs_scheduling_name((enum hc_ecs_scheduling)i),
                scheduling[i]);
    }
    CHECK_INT(hc_ecs_status(HC_STR("ACTIVE")), STATUS_ACTIVE);
    CHECK_INT(hc_ecs_status(HC_STR("DRAINING")), STATUS_DRAINING);
    CHECK_INT(hc_ecs_status(HC_STR("INACTIVE")), STATUS_INACTIVE);
}

TEST(words, what_is_of_no_list_is_other_and_its_name_is_of_none)
{
    static const char *const strange[] = { "", "ec2", "EC", "EC22", "OTHER",
                                           "rolling", "ACTIVE " };

    for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
        struct hc_str s = hc_str(strange[i]);

        CHECK_INT(hc_ecs_status(s), STATUS_OTHER);
        CHECK_INT(hc_ecs_launch(s), LAUNCH_OTHER);
        CHECK_INT(hc_ecs_scheduling(s), SCHEDULING_OTHER);
        CHECK_INT(hc_ecs_controller(s), CONTROLLER_OTHER);
        CHECK_INT(hc_ecs_rollout(s), ROLLOUT_OTHER);
    }
    CHECK_Z(hc_ecs_launch_name(LAUNCH_NONE), "OTHER");
    CHECK_Z(hc_ecs_launch_name(LAUNCH_OTHER), "OTHER");
    CHECK_Z(hc_ecs_scheduling_name(SCHEDULING_OTHER), "OTHER");
    CHECK_Z(hc_ecs_controller_name(CONTROLLER_OTHER), "OTHER");
    CHECK_Z(hc_ecs_rollout_name(ROLLOUT_OTHER), "OTHER");
}
