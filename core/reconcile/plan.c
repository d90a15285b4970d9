/* reconcile/plan.c - (wish, service, counts, limits) to outcome, code, reason.
 *
 * In the order of precedence: skipped, then the count, then unchanged, then
 * the holds, those that cost nothing first, then updated.  (Failed comes from
 * facts that could not be read, before there is anything to plan.)
 */
#include "reconcile/plan.h"

#include "base/clock.h"
#include "base/text.h"

/* ---- the switches ---- */

struct plan_switch {
    const char *code, *name;
    unsigned bit;
};

static const struct plan_switch plan_switches[] = {
    { "zero", "allow_zero", ALLOW_ZERO },
    { "filter_matches_nothing", "allow_empty_filter", ALLOW_EMPTY_FILTER },
    { "code_deploy", "during_deployment", ALLOW_DURING_DEPLOYMENT },
    { "deployment", "during_deployment", ALLOW_DURING_DEPLOYMENT },
    { "external", "allow_external", ALLOW_EXTERNAL },
    { "moving_constraint", "ignore_constraints", ALLOW_MOVING }
};

#define PLAN_SWITCHES (sizeof(plan_switches) / sizeof(plan_switches[0]))

static const struct plan_switch *plan_switch_find(struct hc_str code)
{
    for (size_t i = 0; i < PLAN_SWITCHES; i++)
        if (hc_str_eqz(code, plan_switches[i].code))
            return &plan_switches[i];
    return NULL;
}

bool hc_plan_allow(struct hc_str code, unsigned *allow)
{
    const struct plan_switch *s = plan_switch_find(code);

    if (s == NULL)
        return false;
    *allow |= s->bit;
    return true;
}

static enum hc_plan_need plan_say(struct hc_plan *p, enum hc_outcome outcome,
                                  const char *code, const char *why)
{
    p->outcome = outcome;
    p->code = code;
    hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    return PLAN_DECIDED;
}

/* "3 is right (1 task on each of 3 active hosts), but ..." */
static enum hc_plan_need plan_hold(struct hc_plan *p, const char *code,
                                   const char *why)
{
    const struct plan_switch *s = plan_switch_find(hc_str(code));
    char counted[sizeof(p->reason)];

    hc_fmt(counted, sizeof(counted), "%s", p->reason);
    p->outcome = OUTCOME_HELD;
    p->code = code;
    p->way_out = s != NULL ? s->name : NULL;
    if (counted[0] == '\0')
        hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    else
        hc_fmt(p->reason, sizeof(p->reason), "%s; held: %s", counted, why);
    return PLAN_DECIDED;
}

/* ---- skipped ---- */

bool hc_plan_is_fargate(const struct hc_ecs_service *s)
{
    const struct hc_ecs_text *t = s->providers;

    while (t != NULL && (hc_str_eqz(t->s, "FARGATE") ||
                         hc_str_eqz(t->s, "FARGATE_SPOT")))
        t = t->next;
    return s->launch == LAUNCH_FARGATE || (s->providers != NULL && t == NULL);
}

static bool plan_skip(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;

    if (s == NULL)
        plan_say(p, in->wish->required ? OUTCOME_FAILED : OUTCOME_SKIPPED,
                 "missing", "no service of this name is in the cluster");
    else if (s->express)
        plan_say(p, OUTCOME_SKIPPED, "express", "ECS manages this service "
                 "itself (resourceManagementType ECS)");
    else if (s->scheduling != SCHEDULING_REPLICA)
        plan_say(p, OUTCOME_SKIPPED, "daemon",
                 s->scheduling == SCHEDULING_DAEMON
                     ? "the DAEMON strategy: ECS itself runs one task on each "
                       "host"
                     : "its scheduling strategy is not REPLICA");
    else if (s->status != STATUS_ACTIVE) {
        plan_say(p, OUTCOME_SKIPPED, "inactive", "");
        hc_fmt(p->reason, sizeof(p->reason), "the service's status is %.*s",
               HC_STR_ARG(s->status_text));
    } else if (hc_plan_is_fargate(s) && hc_rule_needs_hosts(&in->wish->rule))
        plan_say(p, OUTCOME_SKIPPED, "fargate", "it runs on Fargate, which "
                 "has no hosts to count");
    else
        return false;
    return true;
}

bool hc_plan_is_hostless(const struct hc_plan_input *in)
{
    struct hc_plan ignored = { .code = "" };

    return plan_skip(&ignored, in) || !hc_rule_needs_hosts(&in->wish->rule);
}

/* ---- the count ---- */

static const char *plan_s(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void plan_reason_hosts(struct hc_plan *p,
                              const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    int64_t tasks = rule->tasks > 0 ? rule->tasks : 1;
    const char *by = in->by == HOSTS_REGISTERED ? "registered" : "active";
    const char *which = in->by_provider ? " of its capacity providers" : "";
    const char *match = in->filter.n > 0 ? " that match the filter" : "";

    if (in->hosts == 0)
        hc_fmt(p->reason, sizeof(p->reason), "there are no %s hosts%s%s", by,
               which, match);
    else
        hc_fmt(p->reason, sizeof(p->reason),
               "%lld task%s on each of %lld %s host%s%s%s", (long long)tasks,
               plan_s(tasks), (long long)in->hosts, by, plan_s(in->hosts),
               which, match);
}

static void plan_reason_more(struct hc_plan *p, const char *what, int64_t n)
{
    char so_far[sizeof(p->reason)];

    hc_fmt(so_far, sizeof(so_far), "%s", p->reason);
    hc_fmt(p->reason, sizeof(p->reason), "%s, %s %lld", so_far, what,
           (long long)n);
}

/* The quota is AWS's: a count above it would be refused, or never reached. */
static int64_t plan_quota(const struct hc_plan_input *in, const char **what)
{
    int64_t quota = in->service->discovery ? HC_PLAN_QUOTA_DISCOVERY
                                           : HC_PLAN_QUOTA;
    int64_t own = in->wish->rule.max_tasks;

    *what = in->service->discovery
                ? "cut to the quota of a service with service discovery or "
                  "Service Connect:"
                : "cut to the quota of a service:";
    if (own > 0 && own < quota) {
        *what = "cut to max_tasks";
        quota = own;
    }
    return quota;
}

static void plan_count(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    int64_t count = hc_rule_count(rule, in->hosts);
    int64_t bounded = hc_rule_bound(rule, count);
    const char *what;
    int64_t quota = plan_quota(in, &what);

    if (hc_rule_needs_hosts(rule))
        plan_reason_hosts(p, in);
    else
        hc_fmt(p->reason, sizeof(p->reason), "a fixed count of %lld",
               (long long)rule->tasks);
    if (bounded > count)
        plan_reason_more(p, "raised to min", bounded);
    else if (bounded < count)
        plan_reason_more(p, "cut to max", bounded);
    p->wanted = bounded;
    if (bounded > quota) {
        plan_reason_more(p, what, quota);
        p->wanted = quota;
    }
    p->code = p->wanted != count ? "clamped" : "";
}

/* ---- held ---- */

static struct hc_str plan_pause_tag(const struct hc_ecs_service *s)
{
    for (const struct hc_ecs_tag *t = s->tags; t != NULL; t = t->next)
        if (hc_str_eqz(t->key, "headcount:pause"))
            return hc_str_trim(t->value);
    return HC_STR("");
}

/* A value that says neither is taken as "pause": whoever set it meant to. */
static bool plan_hold_paused(struct hc_plan *p,
                             const struct hc_plan_input *in)
{
    struct hc_str tag = plan_pause_tag(in->service);
    char why[200];
    int64_t until;

    if (in->paused) {
        plan_hold(p, "paused", "every write is paused (HEADCOUNT_DRY_RUN)");
        return true;
    }
    if (tag.n == 0 || hc_str_eqi(tag, HC_STR("false")))
        return false;
    if (hc_time_get_rfc3339(tag, &until)) {
        if (until <= in->wall)
            return false;
        hc_fmt(why, sizeof(why), "tag headcount:pause lasts until %.*s",
               HC_STR_ARG(tag));
    } else if (hc_str_eqi(tag, HC_STR("true"))) {
        hc_fmt(why, sizeof(why), "tag headcount:pause is true");
    } else {
        hc_fmt(why, sizeof(why), "tag headcount:pause is \"%.*s\", neither "
               "true, false nor a time", HC_STR_ARG(tag));
    }
    plan_hold(p, "paused", why);
    return true;
}

static const char *plan_rollout_name(enum hc_ecs_rollout r)
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

static bool plan_hold_deployment(struct hc_plan *p,
                                 const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    char why[160];

    if ((in->wish->allow & ALLOW_DURING_DEPLOYMENT) != 0)
        return false;
    if (s->controller == CONTROLLER_CODE_DEPLOY && s->task_sets > 1) {
        hc_fmt(why, sizeof(why), "CODE_DEPLOY is deploying (%lld task sets), "
               "and a scaling event can fail it", (long long)s->task_sets);
        plan_hold(p, "code_deploy", why);
        return true;
    }
    if (s->rollout == ROLLOUT_ROLLING ||
        (s->in_progress == 0 && s->deployments <= 1))
        return false;
    hc_fmt(why, sizeof(why), "a %s deployment is in progress",
           plan_rollout_name(s->rollout));
    plan_hold(p, "deployment", why);
    return true;
}

static bool plan_hold_free(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;

    if (plan_hold_paused(p, in))
        return true;
    if ((s->controller == CONTROLLER_EXTERNAL ||
         s->controller == CONTROLLER_OTHER) &&
        (in->wish->allow & ALLOW_EXTERNAL) == 0) {
        plan_hold(p, "external", s->controller == CONTROLLER_EXTERNAL
                      ? "its deployment controller is EXTERNAL: counts of task "
                        "sets belong to whoever runs it"
                      : "its deployment controller is none of ECS, CODE_DEPLOY "
                        "and EXTERNAL");
        return true;
    }
    return plan_hold_deployment(p, in);
}

/* 0 hosts, and they would make it 0 tasks.  Why are there none? */
static enum hc_plan_need plan_hold_zero(struct hc_plan *p,
                                        const struct hc_plan_input *in)
{
    bool narrowed = in->filter.n > 0 || in->by_provider;
    unsigned allow = in->wish->allow;
    char why[160];

    if (narrowed && in->all_hosts == HC_UNKNOWN)
        return PLAN_NEEDS_ALL_HOSTS;
    if (narrowed && in->all_hosts > 0) {
        if ((allow & ALLOW_EMPTY_FILTER) != 0)
            return PLAN_DECIDED;
        hc_fmt(why, sizeof(why), "0 only because none of the cluster's %lld "
               "active host%s is counted", (long long)in->all_hosts,
               plan_s(in->all_hosts));
        return plan_hold(p, "filter_matches_nothing", why);
    }
    if ((allow & ALLOW_ZERO) == 0)
        return plan_hold(p, "zero", "the cluster looks empty, and 0 tasks is "
                         "only written where it is allowed");
    if (in->all_hosts == HC_UNKNOWN)
        return PLAN_NEEDS_ALL_HOSTS;
    if (in->cluster == NULL)
        return PLAN_NEEDS_CLUSTER;
    if (in->all_hosts == 0 && hc_str_eqz(in->cluster->status, "ACTIVE"))
        return PLAN_DECIDED;
    hc_fmt(why, sizeof(why), "the cluster is %.*s and lists %lld active "
           "host%s: not an empty cluster that is ACTIVE",
           HC_STR_ARG(in->cluster->status), (long long)in->all_hosts,
           plan_s(in->all_hosts));
    plan_hold(p, "zero", why);
    p->way_out = NULL;
    return PLAN_DECIDED;
}

/* ---- all of it ---- */

static enum hc_plan_need plan_write(struct hc_plan *p,
                                    const struct hc_plan_input *in)
{
    enum hc_plan_need need = PLAN_DECIDED;

    if (plan_hold_free(p, in))
        return PLAN_DECIDED;
    p->outcome = in->dry_run ? OUTCOME_PENDING : OUTCOME_UPDATED;
    if (p->wanted == 0 && hc_rule_needs_hosts(&in->wish->rule) &&
        in->hosts == 0)
        need = plan_hold_zero(p, in);
    return need;
}

enum hc_plan_need hc_plan_make(struct hc_plan *p,
                               const struct hc_plan_input *in)
{
    bool counts = hc_rule_needs_hosts(&in->wish->rule);

    *p = (struct hc_plan){ .code = "", .wanted = HC_UNKNOWN };
    if (plan_skip(p, in))
        return PLAN_DECIDED;
    if (counts && in->moving)
        return plan_hold(p, "moving_constraint", "an expression in its filter "
                         "moves with tasks or agents, so a count by it would "
                         "chase itself");
    if (counts && in->hosts == HC_UNKNOWN)
        return PLAN_NEEDS_HOSTS;
    plan_count(p, in);
    if (p->wanted != in->service->desired)
        return plan_write(p, in);
    p->outcome = OUTCOME_UNCHANGED;
    p->code = "";
    return PLAN_DECIDED;
}
