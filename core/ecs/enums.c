/* ecs/enums.c - the closed lists of words in an answer, both ways. */
#include "ecs/enums.h"

#include <stddef.h>

/* In the order of their enums; NULL has no word. */
static const char *const enums_status[] = { NULL, "ACTIVE", "DRAINING",
                                            "INACTIVE" };
static const char *const enums_launch[] = { NULL, "EC2", "FARGATE", "EXTERNAL",
                                            "MANAGED_INSTANCES" };
static const char *const enums_scheduling[] = { "REPLICA", "DAEMON" };
static const char *const enums_controller[] = { "ECS", "CODE_DEPLOY",
                                                "EXTERNAL" };
static const char *const enums_rollout[] = { "ROLLING", "BLUE_GREEN", "LINEAR",
                                             "CANARY" };

#define WORDS(list) (list), (int)(sizeof(list) / sizeof(*(list)))

/* The place of s, or `other`. */
static int enums_find(const char *const *words, int n, struct hc_str s,
                      int other)
{
    for (int i = 0; i < n; i++)
        if (words[i] != NULL && hc_str_eqz(s, words[i]))
            return i;
    return other;
}

static const char *enums_name(const char *const *words, int n, int v)
{
    return v >= 0 && v < n && words[v] != NULL ? words[v] : "OTHER";
}

enum hc_ecs_status hc_ecs_status(struct hc_str s)
{
    return (enum hc_ecs_status)enums_find(WORDS(enums_status), s,
                                          STATUS_OTHER);
}

enum hc_ecs_launch hc_ecs_launch(struct hc_str s)
{
    return (enum hc_ecs_launch)enums_find(WORDS(enums_launch), s,
                                          LAUNCH_OTHER);
}

enum hc_ecs_scheduling hc_ecs_scheduling(struct hc_str s)
{
    return (enum hc_ecs_scheduling)enums_find(WORDS(enums_scheduling), s,
                                              SCHEDULING_OTHER);
}

enum hc_ecs_controller hc_ecs_controller(struct hc_str s)
{
    return (enum hc_ecs_controller)enums_find(WORDS(enums_controller), s,
                                              CONTROLLER_OTHER);
}

enum hc_ecs_rollout hc_ecs_rollout(struct hc_str s)
{
    return (enum hc_ecs_rollout)enums_find(WORDS(enums_rollout), s,
                                           ROLLOUT_OTHER);
}

const char *hc_ecs_launch_name(enum hc_ecs_launch v)
{
    return enums_name(WORDS(enums_launch), (int)v);
}

const char *hc_ecs_scheduling_name(enum hc_ecs_scheduling v)
{
    return enums_name(WORDS(enums_scheduling), (int)v);
}

const char *hc_ecs_controller_name(enum hc_ecs_controller v)
{
    return enums_name(WORDS(enums_controller), (int)v);
}

const char *hc_ecs_rollout_name(enum hc_ecs_rollout v)
{
    return enums_name(WORDS(enums_rollout), (int)v);
}
