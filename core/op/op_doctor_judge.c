/* op/op_doctor_judge.c - what the reads of a cluster, and its plan, say.
 *
 * The plan says which services the rule owns and why a count is held.  This
 * file judges what no plan looks at: kinds of hosts, deployments that can never
 * end, and services that the rule does not name.
 */
#include "op/op_doctor.h"

#include "op/op_cluster.h"

#define JUDGE_ROWS 50                /* findings about services of a cluster */

static const char *judge_cluster(struct op_doctor *d)
{
    return hc_doctor_fmt(d, "cluster %.*s", HC_STR_ARG(d->c.at.name));
}

/* "a, b and 3 more" of a list that grows. */
struct judge_list {
    const char *names;
    size_t n;
};

static void judge_list_add(struct op_doctor *d, struct judge_list *list,
                           struct hc_str name)
{
    if (list->n++ < HC_DOCTOR_NAMES)
        list->names = hc_doctor_fmt(d, "%s%s%.*s",
                                    list->n > 1 ? list->names : "",
                                    list->n > 1 ? ", " : "", HC_STR_ARG(name));
}

static const char *judge_list_end(struct op_doctor *d,
                                  const struct judge_list *list)
{
    return list->n > HC_DOCTOR_NAMES
               ? hc_doctor_fmt(d, "%s and %zu more", list->names,
                               list->n - HC_DOCTOR_NAMES)
               : list->names;
}

/* ---- hosts ---- */

static void judge_hosts(struct op_doctor *d)
{
    const struct doctor_hosts *h = &d->c.hosts;
    size_t read = h->active + h->draining;

    if (h->n == 0) {
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "hosts",
            .what = judge_cluster(d), .text = "it has no host",
            .advice = "a count by hosts is 0 here, and held" });
        return;
    }
    hc_doctor_add(d, (struct headcount_finding){
        .code = "hosts", .what = judge_cluster(d),
        .text = hc_doctor_fmt(d, "%zu%s host%s: %zu ACTIVE, %zu DRAINING, %zu "
                              "of another status or not described", h->n,
                              d->c.next.n > 0 ? " or more" : "",
                              h->n == 1 ? "" : "s", h->active, h->draining,
                              h->n - read) });
    if (h->lost > 0)
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "disconnected",
            .what = judge_cluster(d),
            .text = hc_doctor_fmt(d, "the agent of %zu host%s is disconnected "
                                  "(%s%s): such a host takes no task, and it "
                                  "is counted", h->lost,
                                  h->lost == 1 ? "" : "s", h->lost_ids,
                                  h->lost > HC_DOCTOR_NAMES ? ", ..." : ""),
            .advice = "restart the agent, deregister hosts that are gone, or "
                      "count connected hosts only" });
}

/* ---- kinds of hosts and services ---- */

static void judge_kinds(struct op_doctor *d)
{
    const struct doctor_cluster *c = &d->c;
    const struct doctor_hosts *h = &c->hosts;
    size_t kinds[LAUNCH_OTHER + 1] = { 0 }, by = 0;
    const size_t read = h->active + h->draining;
    const char *text = "";
    bool mixed = (h->outside > 0 && h->outside < read) ||
                 (h->provided > 0 && h->provided < read) || c->providers_n > 1;

    for (size_t i = 0; i < c->services_n; i++)
        if (c->services[i]->providers != NULL)
            by++;
        else
            kinds[c->services[i]->launch]++;
    for (size_t i = 0; i <= LAUNCH_OTHER; i++)
        if (kinds[i] > 0)
            text = hc_doctor_fmt(d, "%s, %zu by %s", text, kinds[i],
                                 hc_ecs_launch_name((enum hc_ecs_launch)i));
    if (by > 0)
        text = hc_doctor_fmt(d, "%s, %zu by capacity provider", text, by);
    hc_doctor_add(d, (struct headcount_finding){
        .level = mixed ? HEADCOUNT_WARNING : HEADCOUNT_FINE, .code = "kinds",
        .what = judge_cluster(d),
        .text = hc_doctor_fmt(d, "%zu service%s%s; hosts: %zu of %zu by one of "
                              "%zu capacity providers, %zu of ECS Anywhere",
                              c->names_all, c->names_all == 1 ? "" : "s", text,
                              h->provided, read, c->providers_n, h->outside),
        .advice = mixed ? "not every host takes every task: let constraints, "
                          "or `where` of the rule, say which count" : "" });
}

/* ---- services ---- */

static void judge_services(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct judge_list stuck = { "", 0 };

    for (size_t i = 0; i < c->services_n; i++)
        if (c->services[i]->distinct && c->services[i]->least_percent == 100 &&
            c->services[i]->most_percent == 100)
            judge_list_add(d, &stuck, c->services[i]->name);
    if (stuck.n > 0)
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "deployment_stuck",
            .what = judge_cluster(d),
            .text = hc_doctor_fmt(d, "minimumHealthyPercent and maximumPercent "
                                  "are both 100 beside distinctInstance in %s: "
                                  "no task can be replaced, neither by a "
                                  "deployment nor on a host that drains",
                                  judge_list_end(d, &stuck)),
            .advice = "set minimumHealthyPercent below 100" });
    if (c->targets != NULL)
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "scalable_target",
            .what = judge_cluster(d),
            .text = hc_doctor_fmt(d, "Application Auto Scaling sets the count "
                                  "of %s, too: with headcount that is two "
                                  "writers", c->targets),
            .advice = "deregister the scalable target, or leave the service "
                      "out of the rule" });
}

void hc_doctor_judge(struct op_doctor *d)
{
    judge_hosts(d);
    judge_kinds(d);
    judge_services(d);
    if (!d->has_each && d->name == 0)
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "rule", .what = "rule",
            .text = "none was given, so no service is owned",
            .advice = "give the services or the policy of apply" });
}

/* ---- the plan ---- */

static void judge_row(struct op_doctor *d, const struct headcount_service *s)
{
    bool failed = s->outcome == HEADCOUNT_FAILED;
    bool two = hc_str_eqz(hc_str(s->code), "contested");

    hc_doctor_add(d, (struct headcount_finding){
        .level = failed ? HEADCOUNT_ERROR : HEADCOUNT_WARNING,
        .code = two ? "two_writers" : failed ? "service_failed"
                : s->outcome == HEADCOUNT_HELD ? "service_held"
                                               : "service_skipped",
        .what = hc_doctor_fmt(d, "service %s in %.*s", s->service,
                              HC_STR_ARG(d->c.at.name)),
        .text = hc_doctor_fmt(d, "%s: %s", s->code, s->reason),
        .advice = s->switch_text != NULL
                      ? hc_doctor_fmt(d, "if that is meant: %s",
                                      s->switch_text) : "" });
}

static bool judge_has_row(const struct headcount_cluster *plan,
                          struct hc_str name)
{
    struct hc_arn arn;

    for (size_t i = 0; i < plan->services_n; i++)
        if (hc_arn_service(&arn, hc_str(plan->services[i].service),
                           NULL) == 0 && hc_str_eq(arn.name, name))
            return true;
    return false;
}

static void judge_owned(struct op_doctor *d,
                        const struct headcount_cluster *plan)
{
    struct judge_list right = { "none", 0 }, off = right, others = right;

    for (size_t i = 0; i < plan->services_n; i++) {
        const struct headcount_service *s = &plan->services[i];

        if (s->outcome == HEADCOUNT_UNCHANGED)
            judge_list_add(d, &right, hc_str(s->service));
        else if (s->outcome == HEADCOUNT_PENDING)
            judge_list_add(d, &off, hc_str(
                hc_doctor_fmt(d, "%s (%lld -> %lld)", s->service,
                              (long long)s->desired_before,
                              (long long)s->wanted)));
        else if (i < JUDGE_ROWS)
            judge_row(d, s);
    }
    for (size_t i = 0; i < d->c.names_n; i++)
        if (!judge_has_row(plan, d->c.names[i]))
            judge_list_add(d, &others, d->c.names[i]);
    hc_doctor_add(d, (struct headcount_finding){
        .level = plan->services_n == 0 ? HEADCOUNT_WARNING : HEADCOUNT_FINE,
        .code = "owned", .what = judge_cluster(d),
        .text = hc_doctor_fmt(d, "the rule owns %zu service%s here; right: %s; "
                              "to be changed: %s; not owned, because the rule "
                              "does not name them: %s", plan->services_n,
                              plan->services_n == 1 ? "" : "s",
                              judge_list_end(d, &right),
                              judge_list_end(d, &off),
                              judge_list_end(d, &others)),
        .advice = plan->services_n == 0 ? "check the rule: nothing is done "
                                          "here" : "" });
}

void hc_doctor_judge_plan(struct op_doctor *d)
{
    const struct headcount_outcome *o = &d->c.plan->outcome;
    const char *code = NULL, *why = NULL;

    if (o->code != 0) {
        code = hc_error_name(o->code);
        why = o->message;
    } else {
        code = hc_op_cluster_result(d->c.plan)->error_code;
        why = hc_op_cluster_result(d->c.plan)->error;
    }
    if (why != NULL)
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_ERROR, .code = "plan", .what = judge_cluster(d),
            .text = hc_doctor_fmt(d, "it cannot be planned: %s: %s", code,
                                  why) });
    else
        judge_owned(d, hc_op_cluster_result(d->c.plan));
}
