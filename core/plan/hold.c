/* plan/hold.c - why a count that is right is not written now: a function a
 * row of the table of holds. */
#include "plan/hold.h"

#include "base/clock.h"
#include "base/text.h"

/* ---- the switches ---- */

struct hold_switch_text {
    const char *code, *name;
    unsigned bit;
};

static const struct hold_switch_text hold_switches[] = {
    { "zero", "allow_zero", ALLOW_ZERO },
    { "filter_matches_nothing", "allow_empty_filter", ALLOW_EMPTY_FILTER },
    { "code_deploy", "during_deployment", ALLOW_DURING_DEPLOYMENT },
    { "deployment", "during_deployment", ALLOW_DURING_DEPLOYMENT },
    { "external", "allow_external", ALLOW_EXTERNAL },
    { "moving_constraint", "ignore_constraints", ALLOW_MOVING },
    { "step_down", "max_step_down", ALLOW_STEP_DOWN },
    { "step_up", "max_step_up", ALLOW_STEP_UP },
    { "scalable_target", "allow_scalable_target", ALLOW_TARGET },
    { "growth_on_managed_scaling", "allow_growth", ALLOW_GROWTH },
    { "disconnected", "allow_disconnected", ALLOW_DISCONNECTED },
    /* No rule's field: for one run, by who starts it. */
    { "too_many_changes", "request.allow too_many_changes", ALLOW_TOO_MANY }
};

#define HOLD_SWITCHES (sizeof(hold_switches) / sizeof(hold_switches[0]))

static const struct hold_switch_text *hold_switch_find(struct hc_str code)
{
    for (size_t i = 0; i < HOLD_SWITCHES; i++)
        if (hc_str_eqz(code, hold_switches[i].code))
            return &hold_switches[i];
    return NULL;
}

bool hc_hold_allow(struct hc_str code, unsigned *allow)
{
    const struct hold_switch_text *s = hold_switch_find(code);

    if (s == NULL)
        return false;
    *allow |= s->bit;
    return true;
}

/* "3 is right (1 task on each of 3 active hosts), but ..." */
enum hc_plan_need hc_hold(struct hc_plan *p, const char *code,
                          const char *why)
{
    const struct hold_switch_text *s = hold_switch_find(hc_str(code));
    char counted[sizeof(p->reason)];

    hc_fmt(counted, sizeof(counted), "%s", p->reason);
    p->outcome = HEADCOUNT_HELD;
    p->code = code;
    p->switch_text = s != NULL ? s->name : NULL;
    if (counted[0] == '\0')
        hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    else
        hc_fmt(p->reason, sizeof(p->reason), "%s; held: %s", counted, why);
    return PLAN_DECIDED;
}

static const char *hold_s(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* ECS may not show our last write yet, so the count may be either of the two: a
 * write is a drop if it is less than the higher one, a rise if it is more than
 * the lower one. */
int64_t hc_hold_from(const struct hc_plan_input *in)
{
    int64_t desired = in->service->desired;

    return in->awaits && in->own_write > desired ? in->own_write : desired;
}

static int64_t hold_least(const struct hc_plan_input *in)
{
    int64_t desired = in->service->desired;

    return in->awaits && in->own_write < desired ? in->own_write : desired;
}

bool hc_hold_falls(const struct hc_plan *p, const struct hc_plan_input *in)
{
    return p->wanted < hc_hold_from(in);
}

/* ---- those that cost nothing ---- */

/* A value that says neither is taken as "pause": whoever set it meant to. */
static bool hold_paused_by(struct hc_plan *p, const struct hc_plan_input *in,
                           const struct hc_ecs_tag *tags, const char *whose)
{
    struct hc_str tag = HC_STR("");
    char why[200];
    int64_t until;

    for (; tags != NULL; tags = tags->next)
        if (hc_str_eqz(tags->key, "headcount:pause"))
            tag = hc_str_trim(tags->value);
    if (tag.n == 0 || hc_str_eqi(tag, HC_STR("false")))
        return false;
    if (hc_time_get_rfc3339(tag, &until)) {
        if (until <= in->wall)
            return false;
        hc_fmt(why, sizeof(why), "tag headcount:pause%s lasts until %.*s",
               whose, HC_STR_ARG(tag));
    } else if (hc_str_eqi(tag, HC_STR("true"))) {
        hc_fmt(why, sizeof(why), "tag headcount:pause%s is true", whose);
    } else {
        hc_fmt(why, sizeof(why), "tag headcount:pause%s is \"%.*s\", neither "
               "true, false nor a time", whose, HC_STR_ARG(tag));
    }
    hc_hold(p, "paused", why);
    return true;
}

static bool hold_paused(struct hc_plan *p, const struct hc_plan_input *in)
{
    if (!in->paused)
        return hold_paused_by(p, in, in->service->tags, "") ||
               hold_paused_by(p, in, in->cluster_tags, " of the cluster");
    hc_hold(p, "paused", "every write is paused (HEADCOUNT_DRY_RUN)");
    return true;
}

static const char *hold_rollout_name(enum hc_ecs_rollout r)
{
    switch (r) {
    case ROLLOUT_BLUE_GREEN: return "BLUE_GREEN";
    case ROLLOUT_LINEAR:     return "LINEAR";
    case ROLLOUT_CANARY:     return "CANARY";
    case ROLLOUT_ROLLING:    return "ROLLING";
    case ROLLOUT_OTHER:      break;
    }
    return "new kind of";
}

static bool hold_deployment(struct hc_plan *p,
                                 const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[160];

    if ((in->wish->allow & ALLOW_DURING_DEPLOYMENT) != 0)
        return false;
    if (s->controller == CONTROLLER_CODE_DEPLOY && s->task_sets < 0) {
        hc_hold(p, "code_deploy", "DescribeServices does not say its task "
                "sets, so CODE_DEPLOY may be deploying");
        return true;
    }
    if (s->controller == CONTROLLER_CODE_DEPLOY && s->task_sets > 1) {
        hc_fmt(why, sizeof(why), "CODE_DEPLOY is deploying (%lld task sets), "
               "and a scaling event can fail it", (long long)s->task_sets);
        hc_hold(p, "code_deploy", why);
        return true;
    }
    if (s->rollout == ROLLOUT_ROLLING ||
        (s->in_progress == 0 && (s->deployments == 0 || s->deployments == 1)))
        return false;
    hc_fmt(why, sizeof(why), "a %s deployment %s in progress",
           hold_rollout_name(s->rollout),
           s->deployments < 0 ? "may be" : "is");
    hc_hold(p, "deployment", why);
    return true;
}

static bool hold_contested(struct hc_plan *p, const struct hc_plan_input *in)
{
    /* A count that we do not want any more was not undone but followed. */
    if (in->undone + (in->replaced == p->wanted) < HC_PLAN_UNDONE)
        return false;
    hc_hold(p, "contested", "our writes were undone three times within ten "
            "minutes: somebody else sets this count, a person or a template "
            "(Terraform: lifecycle { ignore_changes = [desired_count] }; "
            "CloudFormation: leave DesiredCount out)");
    return true;
}

/* An agent that is away for a moment is away "several times per hour": fewer of
 * them are believed at the second look. */
static bool hold_disconnected(struct hc_plan *p,
                              const struct hc_plan_input *in)
{
    if (in->by != HEADCOUNT_CONNECTED || !hc_hold_falls(p, in) ||
        in->low_long || (in->wish->allow & ALLOW_DISCONNECTED) != 0)
        return false;
    hc_hold(p, "disconnected", "fewer connected hosts lower a count only when "
            "they are seen twice, five minutes apart, by one process");
    return true;
}

bool hc_hold_without_call(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;

    if (hold_paused(p, in))
        return true;
    if ((s->controller == CONTROLLER_EXTERNAL ||
         s->controller == CONTROLLER_OTHER) &&
        (in->wish->allow & ALLOW_EXTERNAL) == 0) {
        hc_hold(p, "external", s->controller == CONTROLLER_EXTERNAL
                      ? "its deployment controller is EXTERNAL: counts of task "
                        "sets belong to whoever runs it"
                      : "its deployment controller is none of ECS, CODE_DEPLOY "
                        "and EXTERNAL");
        return true;
    }
    return hold_deployment(p, in) || hold_contested(p, in) ||
           hold_disconnected(p, in);
}

/* ---- those that cost a call ---- */

/* The rule says 0, whatever the hosts are or though there are some. */
static enum hc_plan_need hold_zero_by_rule(struct hc_plan *p,
                                           const struct hc_plan_input *in)
{
    if ((in->wish->allow & ALLOW_ZERO) != 0)
        return PLAN_DECIDED;
    return hc_hold(p, "zero", hc_rule_needs_hosts(&in->wish->rule)
                       ? "the rule leaves no task for the hosts there are, and "
                         "0 tasks is only written where it is allowed"
                       : "the rule asks for 0 tasks, and 0 is only written "
                         "where it is allowed");
}

static bool hold_is_by_launch(const struct hc_plan_input *in)
{
    return in->by != HEADCOUNT_REGISTERED && in->by_launch == BY_LAUNCH &&
           (in->service->launch == LAUNCH_EC2 ||
            in->service->launch == LAUNCH_EXTERNAL);
}

/* 0 hosts, and they would make it 0 tasks.  Why are there none? */
static enum hc_plan_need hold_zero(struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    unsigned allow = in->wish->allow;
    /* Whether others are left out by launch type only is read where it makes
     * a difference. */
    bool narrowed = in->filter.n > 0 || in->by_provider ||
                    in->by == HEADCOUNT_CONNECTED ||
                    in->wish->rule.min_age > 0 ||
                    (hold_is_by_launch(in) &&
                     (in->all_hosts != HEADCOUNT_UNKNOWN ||
                      (allow & (ALLOW_ZERO | ALLOW_EMPTY_FILTER)) != 0));
    char why[160];

    if (p->wanted != 0)
        return PLAN_DECIDED;
    if (in->hosts != 0 || !hc_rule_needs_hosts(&in->wish->rule))
        return hold_zero_by_rule(p, in);
    if (narrowed && in->all_hosts == HEADCOUNT_UNKNOWN)
        return PLAN_NEEDS_ALL_HOSTS;
    if (narrowed && in->all_hosts > 0) {
        if ((allow & ALLOW_EMPTY_FILTER) != 0)
            return PLAN_DECIDED;
        hc_fmt(why, sizeof(why), "0 only because none of the cluster's %lld "
               "active host%s is counted", (long long)in->all_hosts,
               hold_s(in->all_hosts));
        return hc_hold(p, "filter_matches_nothing", why);
    }
    if ((allow & ALLOW_ZERO) == 0)
        return hc_hold(p, "zero", "the cluster looks empty, and 0 tasks is "
                         "only written where it is allowed");
    if (in->all_hosts == HEADCOUNT_UNKNOWN)
        return PLAN_NEEDS_ALL_HOSTS;
    if (in->cluster == NULL)
        return PLAN_NEEDS_CLUSTER;
    if (in->all_hosts == 0 && hc_str_eqz(in->cluster->status, "ACTIVE"))
        return PLAN_DECIDED;
    hc_fmt(why, sizeof(why), "the cluster is %.*s and lists %lld active "
           "host%s: not an empty cluster that is ACTIVE",
           HC_STR_ARG(in->cluster->status), (long long)in->all_hosts,
           hold_s(in->all_hosts));
    hc_hold(p, "zero", why);
    p->switch_text = NULL;
    return PLAN_DECIDED;
}

/* More than a task a host, and a provider that makes hosts for tasks. */
static enum hc_plan_need hold_growth(struct hc_plan *p,
                                     const struct hc_plan_input *in)
{
    const struct hc_measure m = { in->hosts, in->cpu, in->memory };
    char why[300];

    if (in->service->providers == NULL || p->wanted <= hold_least(in) ||
        (in->wish->allow & ALLOW_GROWTH) != 0 || p->wanted <= in->hosts ||
        !hc_rule_outgrows(&in->wish->rule, &m))
        return PLAN_DECIDED;
    if (in->scaled == KNOWN_NOT_YET)
        return PLAN_NEEDS_SCALED;
    if (in->scaled != KNOWN_YES)
        return PLAN_DECIDED;
    hc_fmt(why, sizeof(why), "it asks for more tasks than there are hosts, and "
           "capacity provider %.*s adds hosts for tasks: unless a host has "
           "room for all of its share they would raise each other",
           HC_STR_ARG(in->scaled_by));
    return hc_hold(p, "growth_on_managed_scaling", why);
}

/* The runaway: tasks that find no host make the provider start hosts, and those
 * make more tasks. */
static enum hc_plan_need hold_unplaced(struct hc_plan *p,
                                       const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[300];

    if (s->providers == NULL || p->wanted <= hold_least(in) ||
        (s->running >= 0 && s->running >= s->desired))
        return PLAN_DECIDED;
    if (in->scaled == KNOWN_NOT_YET)
        return PLAN_NEEDS_SCALED;
    if (in->scaled != KNOWN_YES)
        return PLAN_DECIDED;
    hc_fmt(why, sizeof(why), "%lld of %lld tasks run, and capacity provider "
           "%.*s adds hosts for tasks that wait: more tasks would start more "
           "hosts, and those more tasks", (long long)s->running,
           (long long)s->desired, HC_STR_ARG(in->scaled_by));
    return hc_hold(p, "unplaced_on_managed_scaling", why);
}

static enum hc_plan_need hold_target(struct hc_plan *p,
                                     const struct hc_plan_input *in)
{
    if (!in->ask_target || (in->wish->allow & ALLOW_TARGET) != 0)
        return PLAN_DECIDED;
    if (in->target == KNOWN_NOT_YET)
        return PLAN_NEEDS_TARGET;
    if (in->target != KNOWN_YES)
        return PLAN_DECIDED;
    return hc_hold(p, "scalable_target", "Application Auto Scaling sets this "
                   "count too (scalable target ecs:service:DesiredCount)");
}

/* More than half and more than 2 tasks less, or max_step_down less. */
static bool hold_is_step_down(const struct hc_rule *rule, int64_t from,
                              int64_t to)
{
    int64_t less = from - to;

    if (rule->max_step_down > 0)
        return less > rule->max_step_down;
    return less > 2 && less > to;
}

/* More than double and more than 20 tasks more, or max_step_up more. */
static bool hold_is_step_up(const struct hc_rule *rule, int64_t from,
                            int64_t to)
{
    int64_t more = to - from;

    if (rule->max_step_up > 0)
        return more > rule->max_step_up;
    return more > 20 && more > from;
}

static enum hc_plan_need hold_second(struct hc_plan *p,
                                     const struct hc_plan_input *in,
                                     const char *code)
{
    const struct hc_plan_second *second = in->second;
    char others[80] = "", why[300];

    if (!hc_rule_needs_hosts(&in->wish->rule))
        return PLAN_DECIDED;
    if (second == NULL)
        return PLAN_NEEDS_SECOND;
    if (second->others > 0)
        hc_fmt(others, sizeof(others), "%lld of the other launch type, ",
               (long long)second->others);
    hc_fmt(why, sizeof(why), "a second reading %s: %lld active, %s%lld "
           "draining, %lld registered, cluster %.*s",
           second->agrees ? "agrees" : "differs", (long long)second->active,
           others, (long long)second->draining, (long long)second->registered,
           HC_STR_ARG(second->status));
    if (!second->agrees)
        return hc_hold(p, code, why);
    hc_plan_say_more(p, why);
    return PLAN_DECIDED;
}

/* A policy's count is as right as the hosts that the policy was told of. */
static enum hc_plan_need hold_again(struct hc_plan *p,
                                    const struct hc_plan_input *in,
                                    const char *code)
{
    char why[200];

    if (!in->asked)
        return PLAN_DECIDED;
    if (in->again == HEADCOUNT_UNKNOWN)
        return PLAN_NEEDS_AGAIN;
    if (in->again == p->wanted) {
        hc_plan_say_more(p, "the policy, run again on a second reading, "
                         "agrees");
        return PLAN_DECIDED;
    }
    if (in->again == HC_PLAN_NO_WISH)
        hc_fmt(why, sizeof(why), "the policy, run again on a second reading, "
               "does not wish this any more");
    else
        hc_fmt(why, sizeof(why), "the policy, run again on a second reading, "
               "wants %lld", (long long)in->again);
    return hc_hold(p, code, why);
}

/* A big step is right or wrong for many tasks at once: it is read twice. */
static enum hc_plan_need hold_step(struct hc_plan *p,
                                   const struct hc_plan_input *in)
{
    enum headcount_result before = p->outcome;
    const struct hc_rule *rule = &in->wish->rule;
    bool down = hold_is_step_down(rule, hc_hold_from(in), p->wanted);
    const char *code = down ? "step_down" : "step_up";
    enum hc_plan_need need;

    if ((!down && !hold_is_step_up(rule, hold_least(in), p->wanted)) ||
        (in->wish->allow & (down ? ALLOW_STEP_DOWN : ALLOW_STEP_UP)) != 0)
        return PLAN_DECIDED;
    need = hold_second(p, in, code);
    if (need != PLAN_DECIDED || p->outcome != before)
        return need;
    return hold_again(p, in, code);
}

enum hc_plan_need hc_hold_with_call(struct hc_plan *p,
                               const struct hc_plan_input *in)
{
    static enum hc_plan_need (*const holds[])(
        struct hc_plan *, const struct hc_plan_input *) = {
        hold_zero, hold_unplaced, hold_growth, hold_target, hold_step
    };
    enum headcount_result before = p->outcome;
    enum hc_plan_need need = PLAN_DECIDED;

    for (size_t i = 0; need == PLAN_DECIDED && p->outcome == before &&
                       i < sizeof(holds) / sizeof(*holds); i++)
        need = holds[i](p, in);
    return need;
}
