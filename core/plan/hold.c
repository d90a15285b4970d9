/* plan/hold.c - why a count that is right is not written now.
 *
 * The table of holds is at the end: one row per code, in order of precedence,
 * with the function that checks it and the switch that lets it pass.  A
 * function returns
 *
 *   HOLD_PASS    this row has nothing to hold: the next row is checked
 *   HOLD_HELD    the row holds, and the sentence says why
 *   HOLD_NEEDS   a fact is missing that costs a call: p->needs names it
 */
#include "plan/hold.h"

#include "base/clock.h"
#include "base/text.h"
#include "plan/hold_parts.h"

enum hc_hold_verdict hc_hold_needs(struct hc_plan *p,
                                   enum hc_plan_need fact)
{
    p->needs = fact;
    return HOLD_NEEDS;
}

/* "3 is right (1 task on each of 3 active hosts); held: ..." */
enum hc_hold_verdict hc_hold_because(struct hc_plan *p, const char *why)
{
    char counted[sizeof(p->reason)];

    hc_fmt(counted, sizeof(counted), "%s", p->reason);
    if (counted[0] == '\0')
        hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    else
        hc_fmt(p->reason, sizeof(p->reason), "%s; held: %s", counted, why);
    return HOLD_HELD;
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

int64_t hc_hold_least(const struct hc_plan_input *in)
{
    int64_t desired = in->service->desired;

    return in->awaits && in->own_write < desired ? in->own_write : desired;
}

bool hc_hold_falls(const struct hc_plan *p, const struct hc_plan_input *in)
{
    return p->wanted < hc_hold_from(in);
}

/* ---- holds that need no call ---- */

/* A value that is neither true, false nor a time counts as true: somebody set
 * the tag to pause the service. */
static enum hc_hold_verdict hold_paused_by(struct hc_plan *p,
                                           const struct hc_plan_input *in,
                                           const struct hc_ecs_tag *tags,
                                           const char *whose)
{
    struct hc_str tag = HC_STR("");
    char why[200];
    int64_t until;

    for (; tags != NULL; tags = tags->next)
        if (hc_str_eqz(tags->key, "headcount:pause"))
            tag = hc_str_trim(tags->value);
    if (tag.n == 0 || hc_str_eqi(tag, HC_STR("false")))
        return HOLD_PASS;
    if (hc_time_get_rfc3339(tag, &until)) {
        if (until <= in->wall)
            return HOLD_PASS;
        hc_fmt(why, sizeof(why), "tag headcount:pause%s lasts until %.*s",
               whose, HC_STR_ARG(tag));
    } else if (hc_str_eqi(tag, HC_STR("true"))) {
        hc_fmt(why, sizeof(why), "tag headcount:pause%s is true", whose);
    } else {
        hc_fmt(why, sizeof(why), "tag headcount:pause%s is \"%.*s\", neither "
               "true, false nor a time", whose, HC_STR_ARG(tag));
    }
    return hc_hold_because(p, why);
}

bool hc_hold_is_paused(const struct hc_ecs_tag *tags, int64_t wall)
{
    struct hc_plan scratch = { .code = "" };
    const struct hc_plan_input in = { .wall = wall };

    return hold_paused_by(&scratch, &in, tags, "") == HOLD_HELD;
}

static enum hc_hold_verdict hold_paused(struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    enum hc_hold_verdict verdict;

    if (in->paused)
        return hc_hold_because(p, "every write is paused (HEADCOUNT_DRY_RUN)");
    verdict = hold_paused_by(p, in, in->service->tags, "");
    if (verdict == HOLD_PASS)
        verdict = hold_paused_by(p, in, in->cluster_tags, " of the cluster");
    return verdict;
}

/* A task set has a count of its own: its share of desiredCount, rounded up.  So
 * with two sets of 50 % a count of 3 makes 4 tasks, and one task per host
 * cannot be kept.  A controller that is new to this version may have such rules
 * too. */
static enum hc_hold_verdict hold_external(struct hc_plan *p,
                                          const struct hc_plan_input *in)
{
    switch (in->service->controller) {
    case CONTROLLER_EXTERNAL:
        return hc_hold_because(p, "its deployment controller is EXTERNAL: "
                               "counts of task sets belong to whoever runs "
                               "it");
    case CONTROLLER_OTHER:
        return hc_hold_because(p, "its deployment controller is none of ECS, "
                               "CODE_DEPLOY and EXTERNAL");
    case CONTROLLER_ECS:
    case CONTROLLER_CODE_DEPLOY:
        break;
    }
    return HOLD_PASS;
}

/* A service has more than one task set only while CODE_DEPLOY deploys.  A count
 * that changes meanwhile has five minutes to settle, or the deployment
 * fails. */
static enum hc_hold_verdict hold_code_deploy(struct hc_plan *p,
                                             const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[160];

    if (s->controller != CONTROLLER_CODE_DEPLOY)
        return HOLD_PASS;
    if (s->task_sets < 0)
        return hc_hold_because(p, "DescribeServices does not say its task "
                               "sets, so CODE_DEPLOY may be deploying");
    if (s->task_sets <= 1)
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "CODE_DEPLOY is deploying (%lld task sets), and "
           "a scaling event can fail it", (long long)s->task_sets);
    return hc_hold_because(p, why);
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

/* BLUE_GREEN, LINEAR and CANARY run two whole revisions side by side, so one
 * task per host cannot be kept meanwhile, whatever the count.  ROLLING is never
 * held.  stabilityStatus is not consulted: our own writes set it. */
static enum hc_hold_verdict hold_deployment(struct hc_plan *p,
                                            const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[160];

    if (s->rollout == ROLLOUT_ROLLING ||
        (s->in_progress == 0 && (s->deployments == 0 || s->deployments == 1)))
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "a %s deployment %s in progress",
           hold_rollout_name(s->rollout),
           s->deployments < 0 ? "may be" : "is");
    return hc_hold_because(p, why);
}

/* A template that sets DesiredCount writes its own number at every update.
 * Writing ours each time again would not end that, and each change starts or
 * stops tasks: after the third time a person has to decide. */
static enum hc_hold_verdict hold_contested(struct hc_plan *p,
                                           const struct hc_plan_input *in)
{
    /* ECS shows another count than our last write.  That counts as undone only
     * while the rule still wants the count that we wrote. */
    if (in->undone + (in->replaced == p->wanted) < HC_PLAN_UNDONE)
        return HOLD_PASS;
    return hc_hold_because(p, "our writes were undone three times within ten "
                           "minutes: somebody else sets this count, a person "
                           "or a template (Terraform: lifecycle { "
                           "ignore_changes = [desired_count] }; "
                           "CloudFormation: leave DesiredCount out)");
}

/* AWS documents that an agent may disconnect several times per hour, so one
 * reading with fewer connected hosts takes no tasks away.  More connected hosts
 * raise a count at once: that harms nothing. */
static enum hc_hold_verdict hold_disconnected(struct hc_plan *p,
                                              const struct hc_plan_input *in)
{
    if (in->by != HEADCOUNT_CONNECTED || !hc_hold_falls(p, in) ||
        in->low_long)
        return HOLD_PASS;
    return hc_hold_because(p, "fewer connected hosts lower a count only when "
                           "they are seen twice, five minutes apart, by one "
                           "process");
}

/* ---- holds that may need a call: a count of 0 ----
 *
 * A count of 0 stops the service, and it is what every reading that went wrong
 * looks like: the wrong cluster, a filter with a typo, an ECS that has a bad
 * hour.  So the plan has to know which 0 it is.
 */

enum hold_zero_why {
    ZERO_NOT,               /* the count is not 0                            */
    ZERO_BY_RULE,           /* the rule says 0, and there may be hosts       */
    ZERO_BY_FILTER,         /* there are hosts, and none of them counts      */
    ZERO_BY_EMPTY,          /* the cluster looks empty                       */
    ZERO_OPEN               /* one of the last two: needs all hosts          */
};

/* The list of hosts may leave some out, so an empty list is no empty cluster.
 * Where it does so by launch type only, the whole list is read only if a switch
 * allows 0: otherwise the service is held whatever that list says, and the call
 * would tell nothing. */
static bool hold_is_narrowed(const struct hc_plan_input *in)
{
    bool by_launch =
        in->by != HEADCOUNT_REGISTERED && in->by_launch == BY_LAUNCH &&
        (in->service->launch == LAUNCH_EC2 ||
         in->service->launch == LAUNCH_EXTERNAL);
    bool matters =
        in->all_hosts != HEADCOUNT_UNKNOWN ||
        (in->wish->allow & (ALLOW_ZERO | ALLOW_EMPTY_FILTER)) != 0;

    return in->filter.n > 0 || in->by_provider ||
           in->by == HEADCOUNT_CONNECTED || in->wish->rule.min_age > 0 ||
           (by_launch && matters);
}

static enum hold_zero_why hold_why_zero(const struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    if (p->wanted != 0)
        return ZERO_NOT;
    if (in->hosts != 0 || !hc_rule_needs_hosts(&in->wish->rule))
        return ZERO_BY_RULE;
    if (!hold_is_narrowed(in))
        return ZERO_BY_EMPTY;
    if (in->all_hosts == HEADCOUNT_UNKNOWN)
        return ZERO_OPEN;
    return in->all_hosts > 0 ? ZERO_BY_FILTER : ZERO_BY_EMPTY;
}

static enum hc_hold_verdict hold_empty_filter(struct hc_plan *p,
                                              const struct hc_plan_input *in)
{
    enum hold_zero_why zero = hold_why_zero(p, in);
    char why[160];

    if (zero == ZERO_OPEN)
        return hc_hold_needs(p, PLAN_NEEDS_ALL_HOSTS);
    if (zero != ZERO_BY_FILTER)
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "0 only because none of the cluster's %lld "
           "active host%s is counted", (long long)in->all_hosts,
           hold_s(in->all_hosts));
    return hc_hold_because(p, why);
}

static enum hc_hold_verdict hold_zero(struct hc_plan *p,
                                      const struct hc_plan_input *in)
{
    switch (hold_why_zero(p, in)) {
    case ZERO_OPEN:
        return hc_hold_needs(p, PLAN_NEEDS_ALL_HOSTS);
    case ZERO_BY_EMPTY:
        return hc_hold_because(p, "the cluster looks empty, and 0 tasks is "
                               "only written where it is allowed");
    case ZERO_BY_RULE:
        return hc_hold_because(p, hc_rule_needs_hosts(&in->wish->rule)
                               ? "the rule leaves no task for the hosts there "
                                 "are, and 0 tasks is only written where it is "
                                 "allowed"
                               : "the rule asks for 0 tasks, and 0 is only "
                                 "written where it is allowed");
    case ZERO_NOT:
    case ZERO_BY_FILTER:
        break;
    }
    return HOLD_PASS;
}

/* An empty cluster's 0 that a switch allows is written only if the whole list
 * is empty and DescribeClusters says ACTIVE.  This row has no switch: `zero`
 * allows an empty cluster, not a cluster that ECS is deleting or a list that
 * contradicts itself. */
static enum hc_hold_verdict hold_doubtful_zero(struct hc_plan *p,
                                               const struct hc_plan_input *in)
{
    enum hold_zero_why zero = hold_why_zero(p, in);
    char why[160];

    if (zero != ZERO_OPEN && zero != ZERO_BY_EMPTY)
        return HOLD_PASS;
    if (in->all_hosts == HEADCOUNT_UNKNOWN)
        return hc_hold_needs(p, PLAN_NEEDS_ALL_HOSTS);
    if (in->cluster == NULL)
        return hc_hold_needs(p, PLAN_NEEDS_CLUSTER);
    if (in->all_hosts == 0 && hc_str_eqz(in->cluster->status, "ACTIVE"))
        return HOLD_PASS;
    hc_fmt(why, sizeof(why), "the cluster is %.*s and lists %lld active "
           "host%s: not an empty cluster that is ACTIVE",
           HC_STR_ARG(in->cluster->status), (long long)in->all_hosts,
           hold_s(in->all_hosts));
    return hc_hold_because(p, why);
}

/* Two writers of one count undo each other's writes.  Application Auto Scaling
 * moves a count into its bounds when the target is registered again, and an
 * alarm that scales out lifts it to the minimum at least. */
static enum hc_hold_verdict hold_target(struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    if (!in->ask_target)
        return HOLD_PASS;
    if (in->target == KNOWN_NOT_YET)
        return hc_hold_needs(p, PLAN_NEEDS_TARGET);
    if (in->target != KNOWN_YES)
        return HOLD_PASS;
    return hc_hold_because(p, "Application Auto Scaling sets this count too "
                           "(scalable target ecs:service:DesiredCount)");
}

/* ---- big steps: a mistake would hit many tasks at once ----
 *
 * A list of hosts that is too short and still looks whole cannot be told from
 * hosts that are gone.  But it is not likely to be wrong in the same way a
 * second time, from calls of its own: so a big step is written when a second
 * reading gives the same hosts, and held when it differs.
 */

/* True: more than half of the tasks and more than 2 would go; or more than
 * max_step_down. */
static bool hold_is_step_down(const struct hc_plan *p,
                              const struct hc_plan_input *in)
{
    int64_t limit = in->wish->rule.max_step_down;
    int64_t less = hc_hold_from(in) - p->wanted;

    if (limit > 0)
        return less > limit;
    return less > 2 && less > p->wanted;
}

/* True: the count would more than double, by more than 20 tasks; or
 * more than max_step_up. */
static bool hold_is_step_up(const struct hc_plan *p,
                            const struct hc_plan_input *in)
{
    int64_t limit = in->wish->rule.max_step_up;
    int64_t from = hc_hold_least(in), more = p->wanted - from;

    if (limit > 0)
        return more > limit;
    return more > 20 && more > from;
}

static enum hc_hold_verdict hold_second(struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    const struct hc_plan_second *second = in->second;
    char others[80] = "", why[300];

    if (!hc_rule_needs_hosts(&in->wish->rule))
        return HOLD_PASS;
    if (second == NULL)
        return hc_hold_needs(p, PLAN_NEEDS_SECOND);
    if (second->others > 0)
        hc_fmt(others, sizeof(others), "%lld of the other launch type, ",
               (long long)second->others);
    hc_fmt(why, sizeof(why), "a second reading %s: %lld active, %s%lld "
           "draining, %lld registered, cluster %.*s",
           second->agrees ? "agrees" : "differs", (long long)second->active,
           others, (long long)second->draining, (long long)second->registered,
           HC_STR_ARG(second->status));
    if (!second->agrees)
        return hc_hold_because(p, why);
    hc_plan_say_more(p, why);
    return HOLD_PASS;
}

/* A policy that counted hosts itself runs again on the second reading. */
static enum hc_hold_verdict hold_again(struct hc_plan *p,
                                       const struct hc_plan_input *in)
{
    char why[200];

    if (!in->asked)
        return HOLD_PASS;
    if (in->again == HEADCOUNT_UNKNOWN)
        return hc_hold_needs(p, PLAN_NEEDS_AGAIN);
    /* The lists of a cluster that ECS deletes grow shorter: a count that
     * follows from them is no count to keep. */
    if (in->confirmed.n > 0 && !hc_str_eqz(in->confirmed, "ACTIVE")) {
        hc_fmt(why, sizeof(why), "on a second reading the cluster is %.*s",
               HC_STR_ARG(in->confirmed));
        return hc_hold_because(p, why);
    }
    if (in->again == p->counted) {
        hc_plan_say_more(p, "the policy, run again on a second reading, "
                         "agrees");
        return HOLD_PASS;
    }
    if (in->again == HC_PLAN_NO_WISH)
        hc_fmt(why, sizeof(why), "the policy, run again on a second reading, "
               "does not wish this any more");
    else
        hc_fmt(why, sizeof(why), "the policy, run again on a second reading, "
               "wants %lld", (long long)in->again);
    return hc_hold_because(p, why);
}

static enum hc_hold_verdict hold_read_twice(struct hc_plan *p,
                                            const struct hc_plan_input *in)
{
    enum hc_hold_verdict verdict = hold_second(p, in);

    return verdict == HOLD_PASS ? hold_again(p, in) : verdict;
}

static enum hc_hold_verdict hold_step_down(struct hc_plan *p,
                                           const struct hc_plan_input *in)
{
    return hold_is_step_down(p, in) ? hold_read_twice(p, in) : HOLD_PASS;
}

/* While ECS does not show our last write, one count may be a step down from it
 * and a step up from the count that ECS shows: then it is a step down. */
static enum hc_hold_verdict hold_step_up(struct hc_plan *p,
                                         const struct hc_plan_input *in)
{
    return !hold_is_step_down(p, in) && hold_is_step_up(p, in)
               ? hold_read_twice(p, in) : HOLD_PASS;
}

/* ---- the table ---- */

/* `allow` is the switch; a row without one cannot be allowed.  Rules set it by
 * a boolean `field`; where a rule has none, reports name it by `other`.  Rows
 * without a function are found elsewhere and use only the switch. */
static const struct hold {
    const char *code;
    enum hc_hold_verdict (*check)(struct hc_plan *p,
                                  const struct hc_plan_input *in);
    unsigned allow;                 /* enum hc_allow, or 0                   */
    const char *field, *other;
} holds[] = {
    /* before the count: plan.c */
    { "moving_constraint", NULL, ALLOW_MOVING, "ignore_constraints", NULL },
    /* without a call */
    { "paused", hold_paused, 0, NULL, NULL },
    { "external", hold_external, ALLOW_EXTERNAL, "allow_external", NULL },
    { "code_deploy", hold_code_deploy, ALLOW_DURING_DEPLOYMENT,
      "during_deployment", NULL },
    { "deployment", hold_deployment, ALLOW_DURING_DEPLOYMENT,
      "during_deployment", NULL },
    { "contested", hold_contested, 0, NULL, NULL },
    { "disconnected", hold_disconnected, ALLOW_DISCONNECTED,
      "allow_disconnected", NULL },
    /* with a call, the cheapest first */
    { "filter_matches_nothing", hold_empty_filter, ALLOW_EMPTY_FILTER,
      "allow_empty_filter", NULL },
    { "zero", hold_zero, ALLOW_ZERO, "allow_zero", NULL },
    { "zero", hold_doubtful_zero, 0, NULL, NULL },
    { "unplaced_on_managed_scaling", hc_hold_unplaced, 0, NULL, NULL },
    { "growth_on_managed_scaling", hc_hold_growth, ALLOW_GROWTH, "allow_growth",
      NULL },
    { "unknown_placement", hc_hold_unknown_placement, ALLOW_UNKNOWN_PLACEMENT,
      "allow_unknown_placement", NULL },
    { "passed_over", hc_hold_passed_over, ALLOW_PASSED_OVER,
      "allow_passed_over", NULL },
    { "unplaceable", hc_hold_unplaceable, 0, NULL, NULL },
    { "scalable_target", hold_target, ALLOW_TARGET, "allow_scalable_target",
      NULL },
    { "step_down", hold_step_down, ALLOW_STEP_DOWN, NULL, "max_step_down" },
    { "step_up", hold_step_up, ALLOW_STEP_UP, NULL, "max_step_up" },
    /* after the plan: the limits of a whole run (reconcile/brake) */
    { "too_many_changes", NULL, ALLOW_TOO_MANY, NULL,
      "request.allow too_many_changes" },
};

#define HOLDS (sizeof(holds) / sizeof(holds[0]))

static const struct hold *hold_find(struct hc_str code)
{
    size_t i = 0;

    while (i < HOLDS && !hc_str_eqz(code, holds[i].code))
        i++;
    return i < HOLDS ? &holds[i] : NULL;
}

static const char *hold_switch_text(const struct hold *row)
{
    return row->field != NULL ? row->field : row->other;
}

bool hc_hold_allow(struct hc_str code, unsigned *allow)
{
    const struct hold *row = hold_find(code);

    if (row == NULL || row->allow == 0)
        return false;
    *allow |= row->allow;
    return true;
}

const char *headcount_hold_switch(size_t i, const char **field)
{
    *field = NULL;
    for (size_t k = 0; k < HOLDS; k++) {
        if (holds[k].allow == 0 || i-- > 0)
            continue;
        *field = holds[k].field;
        return holds[k].code;
    }
    return NULL;
}

void hc_hold(struct hc_plan *p, const char *code, const char *why)
{
    const struct hold *row = hold_find(hc_str(code));

    p->outcome = HEADCOUNT_HELD;
    p->code = code;
    p->switch_text = row != NULL ? hold_switch_text(row) : NULL;
    hc_hold_because(p, why);
}

enum hc_hold_verdict hc_hold_check(struct hc_plan *p,
                                   const struct hc_plan_input *in)
{
    enum hc_hold_verdict verdict = HOLD_PASS;

    for (size_t i = 0; verdict == HOLD_PASS && i < HOLDS; i++) {
        if (holds[i].check == NULL ||
            (in->wish->allow & holds[i].allow) != 0)
            continue;
        verdict = holds[i].check(p, in);
        if (verdict != HOLD_HELD)
            continue;
        p->outcome = HEADCOUNT_HELD;
        p->code = holds[i].code;
        p->switch_text = hold_switch_text(&holds[i]);
    }
    return verdict;
}
