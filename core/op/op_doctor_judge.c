/* op/op_doctor_judge.c - what the reads of a cluster, and its plan, say.
 *
 * The plan says which services the rule owns and why a count is held.  This
 * file judges what no plan looks at: kinds of hosts, deployments that can never
 * end, and services that the rule does not name.
 */
#include "op/op_doctor.h"

#include "op/op_cluster.h"

#define JUDGE_ROWS 50                /* findings about services of a cluster */

/* ---- hosts ---- */

static void judge_hosts(struct op_doctor *d)
{
    const struct doctor_hosts *h = &d->c.hosts;

    if (h->n == 0)
        hc_doctor_say(d, "whosts||a count by hosts is 0 here, and held",
                      "it has no host");
    else
        hc_doctor_say(d, "ohosts||", "%zu%s host%s: %zu ACTIVE, %zu DRAINING, "
                      "%zu of another status or not described", h->n,
                      d->c.next.n > 0 ? " or more" : "", h->n == 1 ? "" : "s",
                      h->active, h->draining, h->n - h->active - h->draining);
    if (h->lost.n > 0)
        hc_doctor_say(d, "wdisconnected||restart the agent, deregister hosts "
                      "that are gone, or count connected hosts only",
                      "the agent of %zu host%s is disconnected (%s): such a "
                      "host takes no task, and it is counted", h->lost.n,
                      h->lost.n == 1 ? "" : "s", hc_doctor_names(d, &h->lost));
}

/* ---- kinds of hosts and services ---- */

static void judge_kinds(struct op_doctor *d)
{
    const struct doctor_cluster *c = &d->c;
    const struct doctor_hosts *h = &c->hosts;
    size_t kinds[LAUNCH_OTHER + 1] = { 0 }, by = 0;
    const size_t read = h->active + h->draining;
    struct doctor_list all = { NULL, 0 };
    bool mixed = (h->outside > 0 && h->outside < read) ||
                 (h->provided > 0 && h->provided < read) || c->providers_n > 1;

    for (size_t i = 0; i < c->services_n; i++)
        if (c->services[i]->providers != NULL)
            by++;
        else
            kinds[c->services[i]->launch]++;
    for (size_t i = 0; i <= LAUNCH_OTHER; i++)
        if (kinds[i] > 0)
            hc_doctor_list(d, &all, hc_str(hc_doctor_fmt(
                d, "%zu by %s", kinds[i],
                hc_ecs_launch_name((enum hc_ecs_launch)i))));
    if (by > 0)
        hc_doctor_list(d, &all, hc_str(hc_doctor_fmt(
            d, "%zu by capacity provider", by)));
    hc_doctor_say(d, mixed ? "wkinds||not every host takes every task: let "
                             "constraints, or `where` of the rule, say which "
                             "count" : "okinds||",
                  "services: %zu (%s); hosts: %zu of %zu by one of %zu "
                  "capacity providers, %zu of ECS Anywhere", c->names_all,
                  hc_doctor_names(d, &all), h->provided, read, c->providers_n,
                  h->outside);
}

/* ---- services ---- */

static void judge_services(struct op_doctor *d)
{
    struct doctor_cluster *c = &d->c;
    struct doctor_list stuck = { NULL, 0 };

    for (size_t i = 0; i < c->services_n; i++)
        if (c->services[i]->distinct && c->services[i]->least_percent == 100 &&
            c->services[i]->most_percent == 100)
            hc_doctor_list(d, &stuck, c->services[i]->name);
    if (stuck.n > 0)
        hc_doctor_say(d, "wdeployment_stuck||set minimumHealthyPercent below "
                      "100", "minimumHealthyPercent and maximumPercent are "
                      "both 100 beside distinctInstance in %s: no task can be "
                      "replaced, neither by a deployment nor on a host that "
                      "drains", hc_doctor_names(d, &stuck));
    if (c->targets.n > 0)
        hc_doctor_say(d, "wscalable_target||deregister the scalable target, or "
                      "leave the service out of the rule",
                      "Application Auto Scaling sets the count of %s, too: "
                      "with headcount that is two writers",
                      hc_doctor_names(d, &c->targets));
}

void hc_doctor_judge(struct op_doctor *d)
{
    judge_hosts(d);
    judge_kinds(d);
    judge_services(d);
    if (!d->has_each && d->name == 0)
        hc_doctor_say(d, "wrule|rule|give the services or the policy of apply",
                      "none was given, so no service is owned");
}

/* ---- the plan ---- */

static bool judge_is_missing(const struct headcount_service *s)
{
    return hc_str_eqz(hc_str(s->code), "missing");
}

/* True: the service was named for this one cluster. */
static bool judge_is_wanted(const struct op_doctor *d)
{
    return d->names_n == 1 && !d->each.policy;
}

static void judge_row(struct op_doctor *d, const struct headcount_service *s)
{
    const char *cluster = d->subject;
    bool two = hc_str_eqz(hc_str(s->code), "contested");
    bool missing = judge_is_missing(s);

    d->subject = hc_doctor_fmt(d, "service %s in %s", s->service,
                               d->c.at.name.p);
    if (s->switch_text != NULL)
        d->advice = hc_doctor_fmt(d, "if that is meant: %s", s->switch_text);
    else if (missing)
        d->advice = "check its name, the cluster and the region";
    bool failed = s->outcome == HEADCOUNT_FAILED ||
                  (missing && judge_is_wanted(d));

    hc_doctor_say(d, two                               ? "wtwo_writers||"
                     : failed                          ? "eservice_failed||"
                     : s->outcome == HEADCOUNT_HELD   ? "wservice_held||"
                                                       : "wservice_skipped||",
                  "%s: %s", s->code, s->reason);
    d->subject = cluster;
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
    struct doctor_list right = { NULL, 0 }, off = right, others = right;
    size_t owned = plan->services_n;

    for (size_t i = 0; i < plan->services_n; i++) {
        const struct headcount_service *s = &plan->services[i];

        owned -= judge_is_missing(s);
        if (s->outcome == HEADCOUNT_UNCHANGED)
            hc_doctor_list(d, &right, hc_str(s->service));
        else if (s->outcome == HEADCOUNT_PENDING)
            hc_doctor_list(d, &off, hc_str(
                hc_doctor_fmt(d, "%s (%lld -> %lld)", s->service,
                              (long long)s->desired_before,
                              (long long)s->wanted)));
        else if (i < JUDGE_ROWS)
            judge_row(d, s);
    }
    for (size_t i = 0; i < d->c.names_n; i++)
        if (!judge_has_row(plan, d->c.names[i]))
            hc_doctor_list(d, &others, d->c.names[i]);
    hc_doctor_say(d, owned == 0 ? "wowned||check the rule: nothing "
                                             "is done here" : "oowned||",
                  "the rule owns %zu service%s here; right: %s; to be changed: "
                  "%s; not owned, because the rule does not name them: %s",
                  owned, owned == 1 ? "" : "s",
                  hc_doctor_names(d, &right), hc_doctor_names(d, &off),
                  hc_doctor_names(d, &others));
}

void hc_doctor_judge_plan(struct op_doctor *d)
{
    const struct headcount_outcome *o = &d->c.plan->outcome;
    const struct headcount_cluster *c =
        o->code == 0 ? hc_op_cluster_result(d->c.plan) : NULL;

    if (c == NULL || c->error != NULL)
        hc_doctor_say(d, "eplan||", "it cannot be planned: %s: %s",
                      c == NULL ? hc_error_name(o->code) : c->error_code,
                      c == NULL ? o->message : c->error);
    else
        judge_owned(d, c);
}
