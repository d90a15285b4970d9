/* reconcile/rule.c - how a count follows from hosts. */
#include "reconcile/rule.h"

static bool rule_fits(int64_t v)
{
    return v >= 0 && v <= HC_RULE_TASKS_MAX;
}

int hc_rule_check(const struct hc_rule *r, struct hc_error *e)
{
    const char *what = NULL;

    if (!rule_fits(r->tasks))
        what = "tasks";
    else if (r->has_min && !rule_fits(r->min))
        what = "min";
    else if (r->has_max && !rule_fits(r->max))
        what = "max";
    else if (!rule_fits(r->max_tasks))
        what = "max_tasks";
    else if (!rule_fits(r->max_step_down))
        what = "max_step_down";
    else if (!rule_fits(r->max_step_up))
        what = "max_step_up";
    if (what != NULL)
        return hc_error_set(e, HC_ECONFIG, "%s: %s must be 0 to %d",
                            hc_rule_name(r), what, HC_RULE_TASKS_MAX);
    if (r->has_min && r->has_max && r->min > r->max)
        return hc_error_set(e, HC_ECONFIG, "%s: min %lld is more than max "
                            "%lld", hc_rule_name(r), (long long)r->min,
                            (long long)r->max);
    return 0;
}

bool hc_rule_needs_hosts(const struct hc_rule *r)
{
    return r->kind == RULE_PER_HOST;
}

int64_t hc_rule_count(const struct hc_rule *r, int64_t hosts)
{
    int64_t tasks = r->tasks;

    switch (r->kind) {
    case RULE_FIXED:
        return tasks;
    case RULE_PER_HOST:
        if (tasks == 0)
            tasks = 1;
        if (hosts <= 0)
            return 0;
        return hosts > INT64_MAX / tasks ? INT64_MAX : hosts * tasks;
    }
    return 0;
}

int64_t hc_rule_bound(const struct hc_rule *r, int64_t count)
{
    if (r->has_min && count < r->min)
        return r->min;
    return r->has_max && count > r->max ? r->max : count;
}

const char *hc_rule_name(const struct hc_rule *r)
{
    switch (r->kind) {
    case RULE_PER_HOST: return "per_host";
    case RULE_FIXED:    return "fixed";
    }
    return "";
}
