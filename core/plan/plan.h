/* plan/plan.h - makes outcome, code and reason of a wish, a service, counts and
 * limits.  Pure: everything that decides is in struct hc_plan_input.
 *
 * A plan may lack a fact: it then says which one, and the caller makes the plan
 * again when it has read the fact.  The plan first asks for facts that cost
 * least, so a service that is skipped or held anyway costs no further call.
 */
#ifndef HC_PLAN_PLAN_H
#define HC_PLAN_PLAN_H

#include "ecs/ops.h"
#include "plan/placement.h"
#include "plan/rule.h"

#define HC_PLAN_UNDONE 3                /* writes undone: contested        */
#define HC_PLAN_NO_WISH (-1)
#define HC_PLAN_QUOTA 5000              /* tasks per service               */
#define HC_PLAN_QUOTA_DISCOVERY 1000    /* with discovery, Service Connect */

/* Switches that let a hold pass; the table in hold.c has their names. */
enum hc_allow {
    ALLOW_ZERO = 1, ALLOW_EMPTY_FILTER = 2, ALLOW_DURING_DEPLOYMENT = 4,
    ALLOW_EXTERNAL = 8, ALLOW_MOVING = 16, ALLOW_STEP_DOWN = 32,
    ALLOW_STEP_UP = 64, ALLOW_TARGET = 128, ALLOW_GROWTH = 256,
    ALLOW_DISCONNECTED = 512, ALLOW_TOO_MANY = 1024,
    ALLOW_UNKNOWN_PLACEMENT = 2048, ALLOW_PASSED_OVER = 4096
};

struct hc_wish {
    struct hc_str service;              /* name or ARN, as the wish has it   */
    struct hc_str where;                /* a filter; n == 0: none            */
    enum headcount_hosts by;
    bool no_external;                   /* hosts of ECS Anywhere do not count */
    unsigned allow;                     /* enum hc_allow, or-ed              */
    struct hc_str at;                   /* "file:line" that has the wish     */
    bool required;                      /* a missing service is a failure    */
    struct hc_str broken;               /* held always: why it has no rule   */
    bool looks;                         /* a first look: never written       */
    struct hc_rule rule;
};

/* The second reading that a big step needs, from calls of its own:
 * DescribeClusters, the list of hosts, and the hosts that drain. */
struct hc_plan_second {
    struct hc_str status;                      /* the cluster's              */
    int64_t registered, active, draining;
    int64_t others;      /* ACTIVE, but of the other launch type             */
    bool agrees;         /* with the first reading                           */
};

/* NOT_YET: a call can tell; NEVER: no call can. */
enum hc_plan_known { KNOWN_NOT_YET, KNOWN_NO, KNOWN_YES, KNOWN_NEVER };

/* Hosts of ECS Anywhere run no task of launch type EC2, so a filter leaves them
 * out - unless ECS refuses that filter, or the snapshot of an older version has
 * no such list. */
enum hc_by_launch { BY_LAUNCH, BY_LAUNCH_REFUSED, BY_LAUNCH_NOT_SAVED };

/* A fact that costs a call is HEADCOUNT_UNKNOWN, NULL or KNOWN_NOT_YET until it
 * is read. */
struct hc_plan_input {
    const struct hc_wish *wish;

    /* ---- the service, and how ECS places its tasks ---- */
    const struct hc_ecs_service *service;      /* NULL: no such service      */
    bool fixed_port;           /* its task definition takes a port of a host */
    const char *unclear;       /* a member that leaves open where tasks run, */
    const char *unclear_in;    /* in the answer of this operation; or NULL   */

    /* ---- the filter of its hosts ---- */
    enum headcount_hosts by;
    struct hc_str filter;
    struct hc_str ignored;     /* an expression that a switch left out       */
    bool lacks_definition;     /* the task definition is to be read first    */
    bool moving;               /* its own expression changes with tasks      */
    bool where_moves;          /* the `where` of the wish does               */
    bool by_provider;          /* only hosts of its capacity providers count */
    enum hc_by_launch by_launch;

    /* ---- counts ---- */
    int64_t hosts;             /* that count                                 */
    int64_t cpu, memory;       /* of those, if the rule needs them           */
    const char *lacks;         /* a member that the count needs and that     */
    struct hc_str lacks_of;    /* this host's description lacks; or NULL     */
    int64_t all_hosts;         /* ACTIVE hosts without a filter              */
    int64_t anywhere;          /* hosts of ECS Anywhere, for launch type EC2 */

    /* ---- other facts ---- */
    const struct hc_ecs_cluster *cluster;      /* DescribeClusters           */
    const struct hc_ecs_tag *cluster_tags;     /* of its newest reading      */
    const struct hc_plan_second *second;
    enum hc_plan_known scaled;     /* a provider adds hosts for its tasks:   */
    struct hc_str scaled_by;       /* this one                               */
    const struct hc_placement *placement; /* which hosts can take its tasks  */
    bool placed_not_saved;     /* the snapshot does not tell it              */
    const char *placed_why;    /* it was to be read for the report alone, and
                                  this is why it could not be; or NULL       */
    enum hc_plan_known instances;  /* a provider is of Managed Instances     */
    enum hc_plan_known lacks_task; /* the hosts that have no task of it are  */
    const struct hc_host_list *lacking;   /* these; NULL: not known          */
    enum hc_plan_known target;     /* Application Auto Scaling sets its      */
    const char *target_why;        /* count; NEVER: why that is not readable */

    /* ---- memory of earlier runs ---- */
    bool awaits;               /* ECS does not show our last write yet,      */
    int64_t own_write;         /* which was this count                       */
    int undone;                /* of our writes, by others, in ten minutes   */
    int64_t replaced;          /* our last write, if ECS shows another count
                                  now for the same hosts, or UNKNOWN         */
    bool low_long;             /* fewer connected hosts, now and five
                                  minutes ago                                */

    /* ---- a policy that counted hosts itself ---- */
    bool asked;
    struct hc_str confirmed;   /* the cluster's status, where the second reading
                                  has it; n == 0: it has not                 */
    int64_t again;             /* the count it wants on a second reading;
                                  HC_PLAN_NO_WISH: none that can be compared */

    /* ---- switches of the run ---- */
    int64_t wall;              /* the wall time, for pause tags              */
    bool dry_run;
    bool paused;               /* HEADCOUNT_DRY_RUN: all writes are          */
    bool verify;               /* there may be other writers                 */
    bool ask_target;           /* read whether there is a scalable target    */
};

/* The fact that a plan lacks; PLAN_DECIDED: none. */
enum hc_plan_need { PLAN_DECIDED, PLAN_NEEDS_DEFINITION, PLAN_NEEDS_HOSTS,
                    PLAN_NEEDS_ALL_HOSTS, PLAN_NEEDS_CLUSTER,
                    PLAN_NEEDS_SCALED, PLAN_NEEDS_TARGET, PLAN_NEEDS_SECOND,
                    PLAN_NEEDS_AGAIN, PLAN_NEEDS_PLACED,
                    PLAN_NEEDS_INSTANCES, PLAN_NEEDS_LACKING };

struct hc_plan {
    enum headcount_result outcome;      /* HEADCOUNT_UPDATED: to be written  */
    const char *code;                   /* "" or static text                 */
    const char *switch_text;            /* static text or NULL               */
    int64_t wanted;                     /* or HEADCOUNT_UNKNOWN              */
    int64_t counted;                    /* that count, before hosts that cannot
                                           take a task lowered it            */
    enum hc_plan_need needs;            /* the fact that a hold lacks        */
    bool says_placeable;                /* the reason has how many tasks find a
                                           host                              */
    char reason[800];
};

enum hc_plan_need hc_plan_make(struct hc_plan *p,
                               const struct hc_plan_input *in);
/* The count that the wish calls for, before any hold; HC_PLAN_NO_WISH: it needs
 * hosts, and they are not known yet. */
int64_t hc_plan_wanted(const struct hc_plan_input *in);
/* Appends ", what" to the reason. */
void hc_plan_say_more(struct hc_plan *p, const char *what);
/* True if no host and no filter matters: the service is skipped, or its rule is
 * a plain number. */
bool hc_plan_is_hostless(const struct hc_plan_input *in);
/* True if its tasks run on hosts of the cluster, whatever its rule asks. */
bool hc_plan_has_hosts(const struct hc_plan_input *in);
/* True for launch type FARGATE and for a strategy of Fargate's providers. */
bool hc_plan_is_fargate(const struct hc_ecs_service *s);

#endif
