/* plan/plan.h - (wish, service, counts, limits) to outcome, code, reason:
 * pure, and readable beside the table of holds and skips.
 *
 * A plan may lack a fact: it then says which, and is made again when the fact
 * is there.  The cheapest facts are asked for first, so that what can be said
 * without a call is said without one.
 */
#ifndef HC_PLAN_PLAN_H
#define HC_PLAN_PLAN_H

#include "ecs/ops.h"
#include "plan/rule.h"

#define HC_PLAN_UNDONE 3                /* writes undone: contested         */
#define HC_PLAN_NO_WISH (-1)
#define HC_PLAN_QUOTA 5000              /* tasks of a service               */
#define HC_PLAN_QUOTA_DISCOVERY 1000    /* with discovery, Service Connect  */

/* Switches: fields of a rule, or --allow CODE. */
enum hc_allow {
    ALLOW_ZERO = 1, ALLOW_EMPTY_FILTER = 2, ALLOW_DURING_DEPLOYMENT = 4,
    ALLOW_EXTERNAL = 8, ALLOW_MOVING = 16, ALLOW_STEP_DOWN = 32,
    ALLOW_STEP_UP = 64, ALLOW_TARGET = 128, ALLOW_GROWTH = 256,
    ALLOW_DISCONNECTED = 512, ALLOW_TOO_MANY = 1024
};

struct hc_wish {
    struct hc_str service;              /* name or ARN, as asked for         */
    struct hc_rule rule;
    struct hc_str where;                /* n == 0: none                      */
    enum headcount_hosts by;
    bool no_external;                   /* hosts of ECS Anywhere do not count */
    unsigned allow;                     /* enum hc_allow, or-ed              */
    struct hc_str at;                   /* where it was written, "file:line" */
    bool required;                      /* a missing service is a failure    */
    struct hc_str broken;               /* why it has no rule: held, always  */
};

/* The second, independent reading of a big step: DescribeClusters, the list
 * again, and the hosts that drain. */
struct hc_plan_second {
    struct hc_str status;                      /* the cluster's              */
    int64_t registered, active, draining;
    int64_t others;      /* ACTIVE, and left out of the list by launch type  */
    bool agrees;
};

enum hc_plan_known { KNOWN_NOT_YET, KNOWN_NO, KNOWN_YES, KNOWN_NEVER };

/* Whether services of EC2 leave out hosts of ECS Anywhere: unless ECS refuses
 * that filter, or a snapshot of an older version has no such list. */
enum hc_by_launch { BY_LAUNCH, BY_LAUNCH_REFUSED, BY_LAUNCH_NOT_SAVED };

struct hc_plan_input {
    const struct hc_wish *wish;
    const struct hc_ecs_service *service;      /* NULL: no such service      */
    enum headcount_hosts by;
    int64_t wall;                              /* for pause tags             */
    bool dry_run, paused;                      /* paused: all of headcount is */
    bool verify;             /* there are other writers                      */
    struct hc_str filter;                      /* what hosts were counted by */
    bool by_provider;                          /* its own providers' only    */
    bool moving;                               /* the filter would move      */
    bool lacks_definition;      /* the filter lacks its task definition's    */
    bool fixed_port;            /* its task definition takes a host's port   */
    const char *unclear;        /* or this member leaves it open, of the     */
    const char *unclear_in;     /* answer to this operation; NULL: none does */
    bool where_moves;                          /* by the wish's own `where`  */
    struct hc_str ignored;   /* the service's expression that was left out   */
    bool awaits;             /* ECS does not show our last write yet,        */
    int64_t own_write;       /* which was this count                         */
    int undone;              /* of our writes, by others, in ten minutes     */
    int64_t replaced;        /* our last write, which ECS does not show any
                                more though the hosts are the same; or
                                HEADCOUNT_UNKNOWN                            */
    enum hc_by_launch by_launch;               /* see there                  */
    bool asked;              /* its policy looked at hosts itself            */
    int64_t again;           /* what that policy wants on a second reading,
                                HC_PLAN_NO_WISH: nothing that can be
                                compared; HEADCOUNT_UNKNOWN: it was not asked
                                yet                                          */
    bool low_long;           /* fewer connected hosts, and five minutes ago  */
    bool ask_target;         /* whether Auto Scaling owns it is asked for    */
    /* facts that cost a call: HEADCOUNT_UNKNOWN, NULL = not read yet */
    int64_t hosts;                             /* under filter (and provider) */
    int64_t cpu, memory;                       /* of those, if the rule asks */
    const char *lacks;       /* the description of a host does not say this, */
    struct hc_str lacks_of;  /* which the count needs; NULL: all is said     */
    int64_t all_hosts;                         /* ACTIVE, unfiltered, whole  */
    int64_t anywhere;        /* hosts of ECS Anywhere, for a service of EC2;
                                0 where nobody asked                         */
    const struct hc_ecs_cluster *cluster;      /* DescribeClusters           */
    const struct hc_ecs_tag *cluster_tags;     /* of any reading of it       */
    const struct hc_plan_second *second;
    enum hc_plan_known scaled;   /* a provider of its own scales by its tasks */
    struct hc_str scaled_by;                   /* that provider              */
    enum hc_plan_known target;   /* a scalable target; NEVER: not readable,  */
    const char *target_why;      /* and this is why                          */
};

enum hc_plan_need { PLAN_DECIDED, PLAN_NEEDS_DEFINITION, PLAN_NEEDS_HOSTS,
                    PLAN_NEEDS_ALL_HOSTS,
                    PLAN_NEEDS_CLUSTER, PLAN_NEEDS_SCALED, PLAN_NEEDS_TARGET,
                    PLAN_NEEDS_SECOND, PLAN_NEEDS_AGAIN };

struct hc_plan {
    enum headcount_result outcome;      /* HEADCOUNT_UPDATED: to be written  */
    const char *code;                   /* "" or static text                 */
    const char *switch_text;            /* static text or NULL               */
    int64_t wanted;                     /* or HEADCOUNT_UNKNOWN              */
    enum hc_plan_need needs;            /* a hold lacks it                   */
    char reason[800];
};

enum hc_plan_need hc_plan_make(struct hc_plan *p,
                               const struct hc_plan_input *in);
/* The count that the wish calls for, before all holds; HC_PLAN_NO_WISH: its
 * hosts are not known. */
int64_t hc_plan_wanted(const struct hc_plan_input *in);
/* ", and this" after the reason so far. */
void hc_plan_say_more(struct hc_plan *p, const char *what);
/* True if this service's count needs no host and no filter: it is skipped, or
 * the wish is a plain number. */
bool hc_plan_is_hostless(const struct hc_plan_input *in);
/* Strategy of Fargate's own providers, or launch type FARGATE. */
bool hc_plan_is_fargate(const struct hc_ecs_service *s);

#endif
