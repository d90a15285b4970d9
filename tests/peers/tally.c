/* peers/tally.c - how many tasks follow from hosts: the plain model of a rule.
 */
#include "peers/tally.h"

static bool needs_cpu(const struct hc_rule *rule)
{
    return rule->per_cpu > 0 || rule->per_memory > 0 || rule->by_cpu.n > 0;
}

bool tally_needs_details(const struct hc_wish *wish,
                         const struct world_service *s)
{
    return s->strategy || wish->by == HEADCOUNT_CONNECTED ||
           wish->rule.min_age > 0 || needs_cpu(&wish->rule);
}

struct tally tally_of(const struct hc_wish *wish,
                      const struct world_service *s,
                      const struct world_host *hosts, uint64_t listed,
                      int64_t wall)
{
    struct tally t = { 0, 0, 0 };
    int of[WORLD_PROVIDERS] = { 0 }, most;

    for (int i = 0; i < WORLD_HOSTS; i++) {
        const struct world_host *h = hosts != NULL ? &hosts[i] : NULL;

        if ((listed >> i & 1) == 0)
            continue;
        if (h != NULL && (h->status != 'A' ||
                          (wish->by == HEADCOUNT_CONNECTED && !h->connected) ||
                          (wish->rule.min_age > 0 &&
                           h->registered_at > wall - wish->rule.min_age)))
            continue;
        if (h != NULL && s->strategy &&
            (!world_uses(s, h->provider, &most) ||
             of[h->provider]++ >= most))
            continue;
        t.hosts++;
        t.cpu += h != NULL ? h->cpu : 0;
        t.memory += h != NULL ? h->memory : 0;
    }
    return t;
}

static int64_t shares(int64_t n, int64_t millionths)
{
    int64_t one = millionths / HC_RULE_ONE;

    return one > 0 ? (n + one - 1) / one : 0;
}

static int64_t rung(const struct hc_ladder *l, int64_t n)
{
    int64_t tasks = 0;

    for (size_t i = 0; i < l->n; i++)
        if (l->rungs[i].from <= n)
            tasks = l->rungs[i].tasks;
    return tasks;
}

int64_t tally_count(const struct world *w, const struct hc_wish *wish,
                    const struct world_service *s, struct tally t)
{
    const struct hc_rule *rule = &wish->rule;
    int64_t n = t.hosts * (rule->tasks > 0 ? rule->tasks : 1);

    if (rule->kind == HEADCOUNT_FIXED)
        n = rule->tasks;
    if (rule->kind == HEADCOUNT_LINEAR)
        n = rule->base + (rule->per_cpu > 0 ? shares(t.cpu, rule->per_cpu)
                                            : shares(t.memory,
                                                     rule->per_memory));
    if (rule->kind == HEADCOUNT_LADDER)
        n = rung(&rule->by_cpu, t.cpu);
    /* No host at all is no reason for no task. */
    if (world_is_alone(w, s) && rule->kind != HEADCOUNT_FIXED && t.hosts > 0 &&
        n > t.hosts)
        n = t.hosts;
    return rule->has_max && n > rule->max ? rule->max : n;
}

unsigned tally_filter(const struct world *w, const struct hc_wish *wish,
                      const struct world_service *s)
{
    unsigned filter = 0;

    if (world_is_constrained(w, s) || wish->where.n > 0)
        filter |= FILTER_ATTR;
    if (!s->strategy && s->anywhere)
        filter |= FILTER_OUTSIDE;
    else if (!s->strategy && !w->refuses)
        filter |= FILTER_INSIDE;
    return filter;
}

uint64_t tally_listed(const struct world *w, char status, unsigned filter)
{
    uint64_t listed = 0;

    for (int i = 0; i < WORLD_HOSTS; i++)
        if (world_is_listed(&w->state.hosts[i], status, filter))
            listed |= (uint64_t)1 << i;
    return listed;
}

int tally_hosts(uint64_t hosts)
{
    int n = 0;

    for (; hosts != 0; hosts &= hosts - 1)
        n++;
    return n;
}
