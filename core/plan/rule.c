/* plan/rule.c - how a count follows from hosts.
 *
 * All numbers are integers, and a sum or product that would overflow is
 * INT64_MAX: the quota of the plan then cuts it.  A wrap to a small or negative
 * number would stop tasks.
 */
#include "plan/rule.h"

#include "base/text.h"

#define RULE_SHARE_MAX 1e9

/* ---- names ---- */

static const char *const rule_names[] = {
    [HEADCOUNT_PER_HOST] = "per_host", [HEADCOUNT_FIXED] = "fixed",
    [HEADCOUNT_HOSTS_MINUS] = "hosts_minus", [HEADCOUNT_PERCENT] = "percent",
    [HEADCOUNT_LINEAR] = "linear", [HEADCOUNT_LADDER] = "ladder",
};

const char *headcount_rule_name(enum headcount_rule rule)
{
    size_t i = (size_t)rule;

    return i < sizeof(rule_names) / sizeof(*rule_names) ? rule_names[i] : NULL;
}

const char *hc_rule_name(const struct hc_rule *r)
{
    return headcount_rule_name(r->kind);
}

bool hc_rule_find(struct hc_str name, enum headcount_rule *kind)
{
    for (size_t i = 0; i < sizeof(rule_names) / sizeof(*rule_names); i++) {
        if (!hc_str_eqz(name, rule_names[i]))
            continue;
        *kind = (enum headcount_rule)i;
        return true;
    }
    return false;
}

/* ---- from a wish ---- */

/* A share of a wish in millionths; -1 for NaN, a negative one, or one that
 * is too large or so small that it would become 0. */
static int64_t rule_share(double share)
{
    int64_t n;

    if (!(share >= 0) || share > RULE_SHARE_MAX)
        return -1;
    n = (int64_t)(share * HC_RULE_ONE + 0.5);
    return share > 0 && n == 0 ? -1 : n;
}

static struct hc_ladder rule_ladder(struct hc_arena *arena,
                                    const struct headcount_rung *from,
                                    size_t n)
{
    size_t kept = n > HC_RULE_RUNGS ? 0 : n;
    struct headcount_rung *to = hc_arena_zero(arena, kept * sizeof *to);

    for (size_t i = 0; to != NULL && i < kept; i++)
        to[i] = from[i];
    return (struct hc_ladder){ to, n };
}

void hc_rule_from_wish(struct hc_rule *to, struct hc_arena *arena,
                       const struct headcount_wish *w)
{
    *to = (struct hc_rule){
        .kind = w->rule, .tasks = w->tasks, .spare = w->spare,
        .percent = rule_share(w->percent),
        .per_hosts = rule_share(w->hosts_per_task),
        .per_cpu = rule_share(w->cpu_per_task),
        .per_memory = rule_share(w->memory_per_task),
        .base = w->base, .step = w->step,
        .by_hosts = rule_ladder(arena, w->rungs, w->rungs_n),
        .by_cpu = rule_ladder(arena, w->cpu_rungs, w->cpu_rungs_n),
        .min = w->min, .has_min = w->min != 0,
        .max = w->max, .has_max = w->has_max || w->max != 0,
        .max_tasks = w->max_tasks,
        .max_step_down = w->max_step_down, .max_step_up = w->max_step_up,
        .min_age = w->min_age, .placeable = w->placeable,
        .spread = w->prevent_single_point_of_failure,
    };
}

/* ---- is it a rule ---- */

struct rule_number {
    const char *name;
    int64_t value;
    bool given;
};

static int rule_refuse(const struct hc_rule *r, const char *why,
                       struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%s: %s", hc_rule_name(r), why);
}

static int rule_check_numbers(const struct hc_rule *r,
                              struct headcount_error *e)
{
    const struct rule_number all[] = {
        { "tasks", r->tasks, true }, { "spare", r->spare, true },
        { "base", r->base, true }, { "step", r->step, true },
        { "min", r->min, r->has_min }, { "max", r->max, r->has_max },
        { "max_tasks", r->max_tasks, true },
        { "max_step_down", r->max_step_down, true },
        { "max_step_up", r->max_step_up, true },
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i].given &&
            (all[i].value < 0 || all[i].value > HC_RULE_TASKS_MAX))
            return hc_error_set(e, HEADCOUNT_ECONFIG, "%s: %s must be 0 to %d",
                                hc_rule_name(r), all[i].name,
                                HC_RULE_TASKS_MAX);
    if (r->has_min && r->has_max && r->min > r->max)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%s: min %lld is more than max "
                            "%lld",
                            hc_rule_name(r), (long long)r->min,
                            (long long)r->max);
    if (r->spread && r->has_max && r->max < 2)
        return rule_refuse(r, "a max under 2 and "
                           "prevent_single_point_of_failure, which takes two "
                           "tasks, contradict each other", e);
    return r->min_age < 0 ? rule_refuse(r, "min_age is negative", e) : 0;
}

static int rule_check_linear(const struct hc_rule *r, struct headcount_error *e)
{
    const int64_t shares[] = { r->per_hosts, r->per_cpu, r->per_memory };

    for (size_t i = 0; i < 3; i++)
        if (shares[i] < 0 || shares[i] > HC_RULE_SHARE_MAX)
            return rule_refuse(r, "what a task answers for must be more than 0 "
                               "and at most 1000000000", e);
    if (r->per_hosts == 0 && r->per_cpu == 0 && r->per_memory == 0)
        return rule_refuse(r, "it takes hosts_per_task, cpu_per_task or "
                           "memory_per_task", e);
    return 0;
}

static int rule_check_ladder(const struct hc_rule *r, const struct hc_ladder *l,
                             struct headcount_error *e)
{
    if (l->n > HC_RULE_RUNGS)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%s: it has %zu rungs, at most %d "
                            "are taken",
                            hc_rule_name(r), l->n, HC_RULE_RUNGS);
    if (l->n > 0 && l->rungs[0].from != 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%s: the first rung is from %lld "
                            "on: say what holds below it, with a rung from 0",
                            hc_rule_name(r), (long long)l->rungs[0].from);
    for (size_t i = 0; i < l->n; i++) {
        if (l->rungs[i].tasks < 0 || l->rungs[i].tasks > HC_RULE_TASKS_MAX)
            return hc_error_set(e, HEADCOUNT_ECONFIG,
                                "%s: tasks of a rung must be 0 "
                                "to %d",
                                hc_rule_name(r), HC_RULE_TASKS_MAX);
        if (i > 0 && l->rungs[i].from <= l->rungs[i - 1].from)
            return hc_error_set(e, HEADCOUNT_ECONFIG,
                                "%s: rungs must rise, and %lld "
                                "follows %lld",
                                hc_rule_name(r), (long long)l->rungs[i].from,
                                (long long)l->rungs[i - 1].from);
    }
    return 0;
}

int hc_rule_check(const struct hc_rule *r, struct headcount_error *e)
{
    int err = rule_check_numbers(r, e);

    if (err < 0)
        return err;
    switch (r->kind) {
    case HEADCOUNT_PER_HOST:
    case HEADCOUNT_FIXED:
    case HEADCOUNT_HOSTS_MINUS:
        return 0;
    case HEADCOUNT_PERCENT:
        if (r->percent <= 0 || r->percent > (int64_t)1000 * HC_RULE_ONE)
            return rule_refuse(r, "it takes more than 0 and at most 1000 "
                               "percent", e);
        return 0;
    case HEADCOUNT_LINEAR:
        return rule_check_linear(r, e);
    case HEADCOUNT_LADDER:
        break;
    }
    if (r->by_hosts.n == 0 && r->by_cpu.n == 0)
        return rule_refuse(r, "it has no rung", e);
    err = rule_check_ladder(r, &r->by_hosts, e);
    return err == 0 ? rule_check_ladder(r, &r->by_cpu, e) : err;
}

bool hc_rule_needs_hosts(const struct hc_rule *r)
{
    return r->kind != HEADCOUNT_FIXED;
}

bool hc_rule_needs_resources(const struct hc_rule *r)
{
    return (r->kind == HEADCOUNT_LINEAR &&
            (r->per_cpu > 0 || r->per_memory > 0)) ||
           (r->kind == HEADCOUNT_LADDER && r->by_cpu.n > 0);
}

/* ---- the arithmetic ---- */

/* HEADCOUNT_UNKNOWN is negative: CPU and memory that the rule did not ask for
 * count as 0. */
static int64_t rule_positive(int64_t n)
{
    return n > 0 ? n : 0;
}

/* a * b of numbers that are not negative; INT64_MAX instead of an overflow. */
static int64_t rule_times(int64_t a, int64_t b)
{
    return a != 0 && b > INT64_MAX / a ? INT64_MAX : a * b;
}

static int64_t rule_plus(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

/* n divided by `share` (millionths), rounded up; 0 without a share. */
static int64_t rule_shares(int64_t n, int64_t share)
{
    n = rule_times(rule_positive(n), HC_RULE_ONE);
    return share <= 0 ? 0 : n / share + (n % share > 0);
}

static int64_t rule_more(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t rule_linear(const struct hc_rule *r, const struct hc_measure *m)
{
    int64_t most = rule_more(rule_shares(m->hosts, r->per_hosts),
                             rule_more(rule_shares(m->cpu, r->per_cpu),
                                       rule_shares(m->memory, r->per_memory)));

    return rule_plus(r->base, rule_times(r->step > 0 ? r->step : 1, most));
}

static int64_t rule_rung(const struct hc_ladder *l, int64_t n)
{
    int64_t tasks = 0;

    for (size_t i = 0; i < l->n && l->rungs[i].from <= rule_positive(n); i++)
        tasks = l->rungs[i].tasks;
    return tasks;
}

static int64_t rule_percent(const struct hc_rule *r, int64_t hosts)
{
    const int64_t all = (int64_t)100 * HC_RULE_ONE;
    int64_t n = rule_times(hosts, r->percent);

    return n / all + (n % all > 0);
}

static int64_t rule_count(const struct hc_rule *r, const struct hc_measure *m)
{
    int64_t hosts = rule_positive(m->hosts);

    switch (r->kind) {
    case HEADCOUNT_FIXED:       return r->tasks;
    case HEADCOUNT_PER_HOST:    return rule_times(r->tasks > 0 ? r->tasks : 1,
                                             hosts);
    case HEADCOUNT_HOSTS_MINUS: return rule_positive(hosts - r->spare);
    case HEADCOUNT_PERCENT:     return rule_percent(r, hosts);
    case HEADCOUNT_LINEAR:      return rule_linear(r, m);
    case HEADCOUNT_LADDER:      break;
    }
    return rule_more(rule_rung(&r->by_hosts, m->hosts),
                     rule_rung(&r->by_cpu, m->cpu));
}

int64_t hc_rule_count(const struct hc_rule *r, const struct hc_measure *m)
{
    int64_t count = rule_count(r, m);

    return r->spread && m->hosts > 1 ? rule_more(count, 2) : count;
}

bool hc_rule_outgrows(const struct hc_rule *r, const struct hc_measure *m)
{
    bool unending = r->kind == HEADCOUNT_PER_HOST ||
                    r->kind == HEADCOUNT_PERCENT || r->kind == HEADCOUNT_LINEAR;

    return unending && rule_count(r, m) > rule_positive(m->hosts);
}

int64_t hc_rule_bound(const struct hc_rule *r, int64_t count)
{
    if (r->has_min && count < r->min)
        return r->min;
    return r->has_max && count > r->max ? r->max : count;
}

/* ---- in words ---- */

/* Writes 2500000 millionths as "2.5". */
static const char *rule_decimal(char *to, size_t cap, int64_t n)
{
    size_t len = hc_fmt(to, cap, "%lld.%06lld",
                        (long long)(n / HC_RULE_ONE),
                        (long long)(n % HC_RULE_ONE));

    while (to[len - 1] == '0')
        to[--len] = '\0';
    if (to[len - 1] == '.')
        to[--len] = '\0';
    return to;
}

/* "1 task for every 4 hosts, 2048 CPU units or 512 MiB of" */
static void rule_linear_words(const struct hc_rule *r, char *to)
{
    const struct { int64_t share; const char *of; } parts[] = {
        { r->per_hosts, "hosts" }, { r->per_cpu, "CPU units" },
        { r->per_memory, "MiB" },
    };
    int64_t step = r->step > 0 ? r->step : 1;
    size_t n = 0;
    const char *before = " for every ";
    char share[40];

    if (r->base > 0)
        n = hc_fmt(to, HC_RULE_WORDS, "%lld and ", (long long)r->base);
    n += hc_fmt(to + n, HC_RULE_WORDS - n, "%lld task%s", (long long)step,
                step == 1 ? "" : "s");
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].share == 0)
            continue;
        n += hc_fmt(to + n, HC_RULE_WORDS - n, "%s%s %s", before,
                    rule_decimal(share, sizeof(share), parts[i].share),
                    parts[i].of);
        before = " or ";
    }
    hc_fmt(to + n, HC_RULE_WORDS - n, " of");
}

const char *hc_rule_words(const struct hc_rule *r, const struct hc_measure *m,
                          char *to)
{
    int64_t tasks =
        r->kind == HEADCOUNT_PER_HOST && r->tasks == 0 ? 1 : r->tasks;
    char share[40];

    switch (r->kind) {
    case HEADCOUNT_FIXED:
        hc_fmt(to, HC_RULE_WORDS, "a fixed count of %lld", (long long)tasks);
        break;
    case HEADCOUNT_PER_HOST:
        hc_fmt(to, HC_RULE_WORDS, "%lld task%s on each of", (long long)tasks,
               tasks == 1 ? "" : "s");
        break;
    case HEADCOUNT_HOSTS_MINUS:
        hc_fmt(to, HC_RULE_WORDS, "all but %lld of", (long long)r->spare);
        break;
    case HEADCOUNT_PERCENT:
        hc_fmt(to, HC_RULE_WORDS, "%s percent of",
               rule_decimal(share, sizeof(share), r->percent));
        break;
    case HEADCOUNT_LINEAR:
        rule_linear_words(r, to);
        break;
    case HEADCOUNT_LADDER:
        hc_fmt(to, HC_RULE_WORDS, "the ladder's %lld for",
               (long long)rule_count(r, m));
        break;
    }
    return to;
}
