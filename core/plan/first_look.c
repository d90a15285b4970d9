/* plan/first_look.c - a first look at a service with distinctInstance. */
#include "plan/first_look.h"

#include "base/text.h"
#include "plan/hold.h"
#include "plan/measure.h"

const char *hc_first_look_name(enum hc_first_look look)
{
    static const char *const names[] = {
        [LOOK_OVER] = "over", [LOOK_RIGHT] = "right", [LOOK_NEAR] = "near",
        [LOOK_LOW] = "low", [LOOK_ALONE] = "alone"
    };

    return names[look];
}

enum hc_first_look hc_first_look_class(int64_t desired, int64_t hosts,
                                       bool starts)
{
    int64_t few = hosts / 10 > 1 ? hosts / 10 : 1;

    if (desired > hosts)
        return starts ? LOOK_ALONE : LOOK_OVER;
    if (desired == hosts)
        return LOOK_RIGHT;
    return hosts - desired <= few ? LOOK_NEAR : LOOK_LOW;
}

/* ---- left alone ---- */

/* The controllers whose counts are not one number of one service. */
static const char *look_controller(const struct hc_ecs_service *s)
{
    switch (s->controller) {
    case CONTROLLER_EXTERNAL:
        return "deployment controller EXTERNAL";
    case CONTROLLER_OTHER:
        return "a deployment controller that headcount does not know";
    case CONTROLLER_CODE_DEPLOY:
        return s->task_sets < 0 ? "CODE_DEPLOY, task sets are not known" : NULL;
    case CONTROLLER_ECS:
        break;
    }
    return NULL;
}

/* A service behind a load balancer, or one that is found by a name, has
 * replicas: its count follows from requests, whatever the hosts are. */
static const char *look_found_by(const struct hc_ecs_service *s)
{
    if (s->balanced)
        return "load balancer";
    if (!s->discovery)
        return NULL;
    return s->connects ? "Service Connect" : "service registries";
}

bool hc_first_look_is_alone(const struct hc_ecs_service *s, int64_t wall,
                            char why[HC_FIRST_LOOK_WHY])
{
    const char *word = NULL;

    *why = '\0';
    if (s->express)
        word = "Express";
    else if (s->scheduling == SCHEDULING_DAEMON)
        word = "DAEMON";
    else if (s->scheduling != SCHEDULING_REPLICA)
        word = "its scheduling strategy is not REPLICA";
    else if (s->status != STATUS_ACTIVE)
        hc_fmt(why, HC_FIRST_LOOK_WHY, "status %.*s",
               HC_STR_ARG(s->status_text));
    else if (hc_plan_is_fargate(s))
        word = "FARGATE";
    else if (s->launch == LAUNCH_MANAGED)
        word = "Managed Instances";
    else if (look_found_by(s) != NULL)
        word = look_found_by(s);
    else if (look_controller(s) != NULL)
        word = look_controller(s);
    else if (s->controller == CONTROLLER_CODE_DEPLOY && s->task_sets > 1)
        hc_fmt(why, HC_FIRST_LOOK_WHY, "CODE_DEPLOY with %lld task sets",
               (long long)s->task_sets);
    else if (s->desired == 0)
        word = "desired 0";
    else if (hc_hold_is_paused(s->tags, wall))
        word = "headcount:pause";
    else if (s->unclear != NULL)
        hc_fmt(why, HC_FIRST_LOOK_WHY, "DescribeServices says no %s that "
               "headcount understands", s->unclear);
    if (word != NULL)
        hc_fmt(why, HC_FIRST_LOOK_WHY, "%s", word);
    return *why != '\0';
}

static enum hc_plan_need look_say(struct hc_plan *p, enum hc_first_look look,
                                  const char *why)
{
    p->outcome = HEADCOUNT_SKIPPED;
    p->code = hc_first_look_name(look);
    hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    return PLAN_DECIDED;
}

/* ---- near: which hosts have none ---- */

static struct hc_str look_host(const struct hc_host *h)
{
    return h->details != NULL && h->details->ec2_id.n > 0 ? h->details->ec2_id
                                                          : hc_host_id(h->arn);
}

/* "i-0d4, i-0e5 and 7 more have none".  A host that is not described counts
 * only if no provider decides about it. */
static void look_lacking(const struct hc_plan_input *in, char *to, size_t size)
{
    const struct hc_measure_of of = { .providers = in->service->providers };
    size_t n = 0;

    *to = '\0';
    for (size_t i = 0; i < in->lacking->n; i++) {
        const struct hc_host *h = &in->lacking->hosts[i];
        struct hc_str name = look_host(h);
        size_t at = hc_str(to).n;

        if (of.providers != NULL && !hc_measure_counts(h, &of))
            continue;
        if (n++ < HC_FIRST_LOOK_NAMES)
            hc_fmt(to + at, size - at, "%s%.*s", at > 0 ? ", " : "",
                   HC_STR_ARG(name));
    }

    size_t at = hc_str(to).n;

    if (n > HC_FIRST_LOOK_NAMES)
        hc_fmt(to + at, size - at, " and %zu more have none",
               n - HC_FIRST_LOOK_NAMES);
    else
        hc_fmt(to + at, size - at, "%s", n == 0 ? "each host has one now"
                                         : n == 1 ? " has none" : " have none");
}

static enum hc_plan_need look_near(struct hc_plan *p,
                                   const struct hc_plan_input *in,
                                   const char *before)
{
    char which[HC_FIRST_LOOK_NAMES * 64 + 40], why[sizeof(p->reason)];

    if (in->lacks_task == KNOWN_NOT_YET)
        return PLAN_NEEDS_LACKING;
    if (in->lacking != NULL)
        look_lacking(in, which, sizeof(which));
    else
        hc_fmt(which, sizeof(which), "which hosts have none is not known");
    hc_fmt(why, sizeof(why), "%s%s%s", before, *before != '\0' ? ": " : "",
           which);
    return look_say(p, LOOK_NEAR, why);
}

/* ---- all of it ---- */

static enum hc_plan_need look_sort(struct hc_plan *p,
                                   const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    const char *anywhere = s->launch == LAUNCH_EXTERNAL
                               ? "ECS Anywhere, no DAEMON there" : "";
    int64_t more = s->desired - in->hosts;
    const char *ending = more == 1 ? "" : "s";
    char why[200];

    switch (hc_first_look_class(s->desired, in->hosts, s->providers != NULL)) {
    case LOOK_OVER:
        hc_fmt(why, sizeof(why), "%lld task%s can never run: distinctInstance, "
               "%lld host%s", (long long)more, ending, (long long)in->hosts,
               in->hosts == 1 ? "" : "s");
        return look_say(p, LOOK_OVER, why);
    case LOOK_RIGHT:
        return look_say(p, LOOK_RIGHT, anywhere);
    case LOOK_NEAR:
        return look_near(p, in, anywhere);
    case LOOK_LOW:
        hc_fmt(why, sizeof(why), "%lld of %lld: looks like spread replicas",
               (long long)s->desired, (long long)in->hosts);
        return look_say(p, LOOK_LOW, why);
    case LOOK_ALONE:
        break;
    }
    hc_fmt(why, sizeof(why), "%lld task%s more than hosts: a capacity provider "
           "may start hosts for %s", (long long)more, ending,
           more == 1 ? "it" : "them");
    return look_say(p, LOOK_ALONE, why);
}

/* The answers about providers and scalable targets only sort services out.
 * Where they cannot be read the class is said all the same. */
enum hc_plan_need hc_first_look_make(struct hc_plan *p,
                                     const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[HC_FIRST_LOOK_WHY];

    if (s == NULL)
        return look_say(p, LOOK_ALONE, "it is gone since it was listed");
    if (hc_first_look_is_alone(s, in->wall, why))
        return look_say(p, LOOK_ALONE, why);
    if (in->moving)
        return look_say(p, LOOK_ALONE, "its constraint moves with tasks");
    if (in->unclear != NULL)
        return look_say(p, LOOK_ALONE, "its placement constraints are not "
                        "understood");
    if (in->ask_target && in->target == KNOWN_NOT_YET)
        return PLAN_NEEDS_TARGET;
    if (in->target == KNOWN_YES)
        return look_say(p, LOOK_ALONE, "scalable target");
    if (s->providers != NULL && in->instances == KNOWN_NOT_YET)
        return PLAN_NEEDS_INSTANCES;
    if (in->instances == KNOWN_YES)
        return look_say(p, LOOK_ALONE, "Managed Instances");
    if (in->lacks_definition)
        return PLAN_NEEDS_DEFINITION;
    if (in->hosts == HEADCOUNT_UNKNOWN)
        return PLAN_NEEDS_HOSTS;
    return look_sort(p, in);
}
