/* plan/plan.c - makes outcome, code and reason of a wish, a service, counts and
 * limits.
 *
 * In order of precedence a service is skipped, counted, unchanged, held (holds
 * that need no call come first) and updated.  It is failed if a fact could not
 * be read: then no plan is made.
 */
#include "plan/plan.h"

#include "base/text.h"
#include "plan/first_look.h"
#include "plan/hold.h"

static enum hc_plan_need plan_say(struct hc_plan *p,
                                  enum headcount_result outcome,
                                  const char *code, const char *why)
{
    p->outcome = outcome;
    p->code = code;
    hc_fmt(p->reason, sizeof(p->reason), "%s", why);
    return PLAN_DECIDED;
}

/* ---- skipped ---- */

/* A provider with weight 0 and no base is not used.  If the strategy uses none
 * at all, every provider that it names must be Fargate's. */
bool hc_plan_is_fargate(const struct hc_ecs_service *s)
{
    const struct hc_ecs_share *all = s->providers, *t = all;
    bool none = all != NULL && hc_ecs_share_used(all, all) == NULL;

    while (t != NULL && (hc_str_eqz(t->provider, "FARGATE") ||
                         hc_str_eqz(t->provider, "FARGATE_SPOT") ||
                         (!none && hc_ecs_share_most(all, t) == 0)))
        t = t->next;
    return s->launch == LAUNCH_FARGATE || (all != NULL && t == NULL);
}

static bool plan_skip(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;

    if (s == NULL)
        plan_say(p, in->wish->required ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED,
                 "missing", "no service of this name is in the cluster");
    else if (s->express)
        plan_say(p, HEADCOUNT_SKIPPED, "express", "ECS manages this service "
                 "itself (resourceManagementType ECS)");
    else if (s->scheduling != SCHEDULING_REPLICA)
        plan_say(p, HEADCOUNT_SKIPPED, "daemon",
                 s->scheduling == SCHEDULING_DAEMON
                     ? "the DAEMON strategy: ECS itself runs one task on each "
                       "host"
                     : "its scheduling strategy is not REPLICA");
    else if (s->status != STATUS_ACTIVE) {
        plan_say(p, HEADCOUNT_SKIPPED, "inactive", "");
        hc_fmt(p->reason, sizeof(p->reason), "the service's status is %.*s",
               HC_STR_ARG(s->status_text));
    } else if (hc_plan_is_fargate(s) && hc_rule_needs_hosts(&in->wish->rule))
        plan_say(p, HEADCOUNT_SKIPPED, "fargate", "it runs on Fargate, which "
                 "has no hosts to count");
    else
        return false;
    return true;
}

static bool plan_lacks(struct hc_plan *p, const struct hc_plan_input *in)
{
    if (in->lacks == NULL)
        return false;
    plan_say(p, HEADCOUNT_FAILED, "EANSWER", "");
    hc_fmt(p->reason, sizeof(p->reason), "DescribeContainerInstances says no "
           "%s of host %.*s, which the count needs", in->lacks,
           HC_STR_ARG(in->lacks_of));
    return true;
}

/* Fails a service whose hosts are unknown: an answer lacks a member that says
 * where its tasks run, or has a value that is new. */
static bool plan_is_unclear(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    const char *what = s->unclear != NULL ? s->unclear : in->unclear;
    const char *operation = s->unclear != NULL ? "DescribeServices"
                                               : in->unclear_in;

    /* An EXTERNAL service without a PRIMARY task set: nothing says where its
     * tasks run.  It matters only if the hold `external` is allowed. */
    if (what == NULL && s->controller == CONTROLLER_EXTERNAL &&
        s->providers == NULL && s->launch == LAUNCH_NONE &&
        (in->wish->allow & ALLOW_EXTERNAL) != 0) {
        operation = "DescribeServices";
        what = "PRIMARY task set with a launchType or a strategy";
    }
    if (what == NULL || !hc_rule_needs_hosts(&in->wish->rule))
        return false;
    plan_say(p, HEADCOUNT_FAILED, "EANSWER", "");
    hc_fmt(p->reason, sizeof(p->reason), "%s says no %s that this version of "
           "headcount understands: which hosts are its own cannot be told",
           operation, what);
    return true;
}

bool hc_plan_is_hostless(const struct hc_plan_input *in)
{
    struct hc_plan ignored = { .code = "" };

    return plan_skip(&ignored, in) || !hc_rule_needs_hosts(&in->wish->rule);
}

bool hc_plan_has_hosts(const struct hc_plan_input *in)
{
    struct hc_plan ignored = { .code = "" };

    return !plan_skip(&ignored, in) && !hc_plan_is_fargate(in->service);
}

/* ---- the count ---- */

static void plan_reason_count(struct hc_plan *p,
                              const struct hc_plan_input *in,
                              const struct hc_measure *m)
{
    static const char *const modes[] = {
        [HEADCOUNT_ACTIVE] = "active", [HEADCOUNT_REGISTERED] = "registered",
        [HEADCOUNT_CONNECTED] = "connected",
    };
    const char *which = in->by_provider ? " of its capacity providers" : "";
    const char *match = in->filter.n > 0 ? " that match the filter" : "";
    char words[HC_RULE_WORDS];

    hc_rule_words(&in->wish->rule, m, words);
    if (!hc_rule_needs_hosts(&in->wish->rule))
        hc_fmt(p->reason, sizeof(p->reason), "%s", words);
    else if (in->hosts == 0)
        hc_fmt(p->reason, sizeof(p->reason), "there are no %s hosts%s%s",
               modes[in->by], which, match);
    else
        hc_fmt(p->reason, sizeof(p->reason), "%s %lld %s host%s%s%s", words,
               (long long)in->hosts, modes[in->by], in->hosts == 1 ? "" : "s",
               which, match);
}

void hc_plan_say_more(struct hc_plan *p, const char *what)
{
    char so_far[sizeof(p->reason)];

    hc_fmt(so_far, sizeof(so_far), "%s", p->reason);
    hc_fmt(p->reason, sizeof(p->reason), "%s, %s", so_far, what);
}

static void plan_reason_more(struct hc_plan *p, const char *what, int64_t n)
{
    char text[160];

    hc_fmt(text, sizeof(text), "%s %lld", what, (long long)n);
    hc_plan_say_more(p, text);
}

/* Hosts of ECS Anywhere run no task of launch type EC2. */
static void plan_reason_anywhere(struct hc_plan *p,
                                 const struct hc_plan_input *in)
{
    char text[160];

    if (in->by == HEADCOUNT_REGISTERED || in->service->launch != LAUNCH_EC2)
        return;
    if (in->by_launch == BY_LAUNCH_REFUSED)
        hc_plan_say_more(p, "those of ECS Anywhere included: ECS refused the "
                         "filter that leaves them out");
    if (in->by_launch != BY_LAUNCH || in->anywhere == 0)
        return;
    hc_fmt(text, sizeof(text), "the cluster's %lld host%s of ECS Anywhere "
           "left out", (long long)in->anywhere, in->anywhere == 1 ? "" : "s");
    hc_plan_say_more(p, text);
}

/* ECS would refuse a count above its quota, or never reach it. */
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

/* Names the providers whose hosts do not count, or only up to their base. */
static void plan_reason_weights(struct hc_plan *p,
                                const struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *some = NULL;
    int64_t n = 0;
    char text[300];

    for (const struct hc_ecs_share *t = all; t != NULL; t = t->next) {
        if (hc_ecs_share_most(all, t) == INT64_MAX)
            continue;
        some = t;
        n++;
    }
    if (n == 0 || !in->by_provider)
        return;
    if (n > 1)
        hc_fmt(text, sizeof(text), "%lld other providers have weight 0",
               (long long)n);
    else if (some->base > 0)
        hc_fmt(text, sizeof(text), "provider %.*s has weight 0 and counts at "
               "most its base of %lld", HC_STR_ARG(some->provider),
               (long long)some->base);
    else
        hc_fmt(text, sizeof(text), "provider %.*s has weight 0 and does not "
               "count", HC_STR_ARG(some->provider));
    hc_plan_say_more(p, text);
}

/* True if ECS may place tasks on hosts that do not count: the wish leaves hosts
 * out, or a capacity provider starts new ones. */
static bool plan_has_other_hosts(const struct hc_plan_input *in)
{
    const struct hc_wish *w = in->wish;

    return w->where.n > 0 || w->no_external || w->rule.min_age > 0 ||
           in->by == HEADCOUNT_CONNECTED || in->by_provider;
}

/* Cuts the count to one task on each host that counts, if a host takes only one
 * task of this service.  ECS would try for ever to place the rest, and on
 * managed scaling those waiting tasks would start hosts.  A greater min
 * stays if other hosts may have room, and a count for no hosts at all is not
 * cut. */
static void plan_cut_to_hosts(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    const char *why =
        in->service->distinct ? "distinctInstance places one task on a host"
        : in->fixed_port      ? "the fixed host port of its task definition "
                                "takes one task on a host"
                              : NULL;
    int64_t most = in->hosts;
    char text[160];

    if (why == NULL || !hc_rule_needs_hosts(rule) || in->hosts <= 0)
        return;
    if (rule->has_min && rule->min > most && plan_has_other_hosts(in))
        most = rule->min;
    if (p->wanted <= most)
        return;
    p->wanted = most;
    hc_fmt(text, sizeof(text), "cut to %lld: %s", (long long)most, why);
    hc_plan_say_more(p, text);
}

static void plan_count(struct hc_plan *p, const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    const struct hc_measure measure = { in->hosts, in->cpu, in->memory };
    int64_t count = hc_rule_count(rule, &measure);
    int64_t bounded = hc_rule_bound(rule, count);
    const char *what;
    int64_t quota = plan_quota(in, &what);
    char text[160];

    plan_reason_count(p, in, &measure);
    if (hc_rule_needs_hosts(rule))
        plan_reason_anywhere(p, in);
    plan_reason_weights(p, in);
    if (in->ignored.n > 0) {
        hc_fmt(text, sizeof(text), "whatever its constraint \"%.*s\" says",
               HC_STR_ARG(in->ignored));
        hc_plan_say_more(p, text);
    }
    if (bounded > count)
        plan_reason_more(p, "raised to min", bounded);
    else if (bounded < count)
        plan_reason_more(p, "cut to max", bounded);
    p->wanted = bounded;
    /* The quota comes after min and max: no setting of a person lifts it. */
    if (bounded > quota) {
        plan_reason_more(p, what, quota);
        p->wanted = quota;
    }
    plan_cut_to_hosts(p, in);
    p->counted = p->wanted;
    p->code = bounded != count || p->wanted != bounded ? "clamped" : "";
}

int64_t hc_plan_wanted(const struct hc_plan_input *in)
{
    struct hc_plan p = { .code = "" };

    if (hc_rule_needs_hosts(&in->wish->rule) && in->hosts == HEADCOUNT_UNKNOWN)
        return HC_PLAN_NO_WISH;
    plan_count(&p, in);
    return p.wanted;
}

/* ---- all of it ---- */

/* DescribeServices may show the old count for some seconds after a write.
 * Without this the same write would be repeated at each event meanwhile.  With
 * other writers, what ECS shows may be newer than our write. */
static bool plan_is_written(struct hc_plan *p, const struct hc_plan_input *in)
{
    if (!in->awaits || in->own_write != p->wanted || in->verify)
        return false;
    p->outcome = HEADCOUNT_UNCHANGED;
    p->code = "awaiting_own_write";
    hc_plan_say_more(p, "written a moment ago: ECS does not show it yet");
    return true;
}

static enum hc_plan_need plan_write(struct hc_plan *p,
                                    const struct hc_plan_input *in)
{
    enum hc_hold_verdict verdict;
    char text[sizeof(p->reason)];

    if (plan_is_written(p, in))
        return PLAN_DECIDED;
    verdict = hc_hold_check(p, in);
    if (verdict == HOLD_NEEDS)
        return p->needs;
    /* A row may have lowered the count to one that was written already. */
    if (verdict == HOLD_PASS && plan_is_written(p, in))
        return PLAN_DECIDED;
    if (verdict == HOLD_PASS)
        p->outcome = in->dry_run ? HEADCOUNT_PENDING : HEADCOUNT_UPDATED;
    if (in->ask_target && in->target == KNOWN_NEVER) {
        hc_fmt(text, sizeof(text), "(whether Application Auto Scaling sets it "
               "too could not be read: %s)", in->target_why);
        hc_plan_say_more(p, text);
    }
    return PLAN_DECIDED;
}

/* An expression such as task:group or runningTasksCount selects other hosts as
 * soon as ECS starts or stops a task.  A count that follows it changes the
 * tasks, which changes the hosts that match, which changes the count.
 *
 * A switch lets a rule ignore the service's own expression; nothing lets it
 * ignore its own `where`. */
static enum hc_plan_need plan_moving(struct hc_plan *p,
                                     const struct hc_plan_input *in)
{
    hc_hold(p, "moving_constraint", in->where_moves
                ? "its own `where` moves with tasks or agents, so a count by "
                  "it would chase itself: take that term out"
                : "an expression in its filter moves with tasks or agents, so "
                  "a count by it would chase itself");
    if (in->where_moves)
        p->switch_text = NULL;
    return PLAN_DECIDED;
}

/* The order saves calls: a service that is skipped or that moves needs no list
 * of hosts, and the task definition comes before that list because its own
 * constraints are part of the list's filter.  A count is compared with what ECS
 * shows only after the whole count is known. */
enum hc_plan_need hc_plan_make(struct hc_plan *p,
                               const struct hc_plan_input *in)
{
    bool counts = hc_rule_needs_hosts(&in->wish->rule);

    *p = (struct hc_plan){ .code = "", .wanted = HEADCOUNT_UNKNOWN };
    if (in->wish->looks)
        return hc_first_look_make(p, in);
    if (plan_skip(p, in) || plan_is_unclear(p, in))
        return PLAN_DECIDED;
    if (counts && (in->moving || in->where_moves))
        return plan_moving(p, in);
    if (counts && in->lacks_definition)
        return PLAN_NEEDS_DEFINITION;
    if (counts && plan_lacks(p, in))
        return PLAN_DECIDED;
    if (counts && in->hosts == HEADCOUNT_UNKNOWN)
        return PLAN_NEEDS_HOSTS;
    plan_count(p, in);
    if (in->awaits && in->own_write != p->wanted)
        hc_plan_say_more(p, "our last write is not shown by ECS yet and was "
                         "another count");
    if (p->wanted != in->service->desired ||
        (in->awaits && in->own_write != p->wanted))
        return plan_write(p, in);
    p->outcome = HEADCOUNT_UNCHANGED;
    p->code = "";
    return PLAN_DECIDED;
}
