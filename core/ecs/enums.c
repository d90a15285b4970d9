/* ecs/enums.c - the closed lists of words in an answer, both ways. */
#include "ecs/enums.h"

#include <stddef.h>

/* In the order of their enums; NULL has no word. */
static const char *const words_status[] = { NULL, "ACTIVE", "DRAINING",
                                            "INACTIVE" };
static const char *const words_launch[] = { NULL, "EC2", "FARGATE", "EXTERNAL",
                                            "MANAGED_INSTANCES" };
static const char *const words_scheduling[] = { "REPLICA", "DAEMON" };
static const char *const words_controller[] = { "ECS", "CODE_DEPLOY",
                                                "EXTERNAL" };
static const char *const words_rollout[] = { "ROLLING", "BLUE_GREEN", "LINEAR",
                                             "CANARY" };

#define WORDS(list) (list), (int)(sizeof(list) / sizeof(*(list)))

/* The place of s, or `other`. */
static int words_find(const char *const *words, int n, struct hc_str s,
                      int other)
{
    for (int i = 0; i < n; i++)
        if (words[i] != NULL && hc_str_eqz(s, words[i]))
            return i;
    return other;
}

static const char *words_name(const char *const *words, int n, int v)
{
    return v >= 0 && v < n && words[v] != NULL ? words[v] : "OTHER";
}

enum hc_ecs_status hc_ecs_status(struct hc_str s)
{
    return (enum hc_ecs_status)words_find(WORDS(words_status), s,
                                          STATUS_OTHER);
}

enum hc_ecs_launch hc_ecs_launch(struct hc_str s)
{
    return (enum hc_ecs_launch)words_find(WORDS(words_launch), s,
                                          LAUNCH_OTHER);
}

enum hc_ecs_scheduling hc_ecs_scheduling(struct hc_str s)
{
    return (enum hc_ecs_scheduling)words_find(WORDS(words_scheduling), s,
                                              SCHEDULING_OTHER);
}

enum hc_ecs_controller hc_ecs_controller(struct hc_str s)
{
    return (enum hc_ecs_controller)words_find(WORDS(words_controller), s,
                                              CONTROLLER_OTHER);
}

enum hc_ecs_rollout hc_ecs_rollout(struct hc_str s)
{
    return (enum hc_ecs_rollout)words_find(WORDS(words_rollout), s,
                                           ROLLOUT_OTHER);
}

const char *hc_ecs_launch_name(enum hc_ecs_launch v)
{
    return words_name(WORDS(words_launch), (int)v);
}

const char *hc_ecs_scheduling_name(enum hc_ecs_scheduling v)
{
    return words_name(WORDS(words_scheduling), (int)v);
}

const char *hc_ecs_controller_name(enum hc_ecs_controller v)
{
    return words_name(WORDS(words_controller), (int)v);
}

const char *hc_ecs_rollout_name(enum hc_ecs_rollout v)
{
    return words_name(WORDS(words_rollout), (int)v);
}
