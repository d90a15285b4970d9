/* reconcile/wishes.c - checks each wish before anything is planned: can it be
 * planned, and is it for this cluster? */
#include "reconcile/wishes.h"

#include "reconcile/outcome.h"

/* A service's ARN that names another cluster, account or region is not this
 * cluster's service.  It is checked before any call is made, and again when an
 * answer had the cluster's own ARN: a name without one says no account. */
void hc_wishes_elsewhere(struct hc_run *r)
{
    const struct hc_wish *w = &r->config.wishes[r->at];

    if (hc_run_is_here(r, &r->names[r->at]))
        return;
    hc_outcome_settle(r, w->required ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED,
                     "missing", "its ARN names another cluster, account or "
                     "region than this one");
}

static int wishes_check_twice(struct hc_run *r, struct headcount_error *e)
{
    const struct hc_str name = r->names[r->at].name;
    struct hc_fact_service *fact = hc_facts_service(&r->facts, name);

    if (fact == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for facts");
    if (fact->wish > 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "two wishes are for one "
                            "service, \"%.*s\": name it once",
                            HC_STR_ARG(name));
    fact->wish = r->at + 1;
    return 0;
}

/* True: the wish counts only some hosts, or their CPU or memory.
 * DescribeClusters gives one number for the whole cluster, which says nothing
 * about those. */
static bool wishes_narrow(const struct hc_wish *w)
{
    return w->where.n > 0 || w->no_external || w->rule.min_age > 0 ||
           hc_rule_needs_resources(&w->rule);
}

static int wishes_take_one(struct hc_run *r, struct headcount_error *e)
{
    static const char *const modes[] = {
        [HEADCOUNT_ACTIVE] = "active", [HEADCOUNT_REGISTERED] = "registered",
        [HEADCOUNT_CONNECTED] = "connected",
    };
    const struct hc_wish *w = &r->config.wishes[r->at];
    struct headcount_service *s = hc_run_row(r);
    int err = hc_arn_service(&r->names[r->at], w->service, e);

    /* A snapshot has zeros for its account, so a wish's own account is taken
     * for it. */
    if (r->taken != 0 && hc_arn_is_full(&r->names[r->at]))
        r->names[r->at].account = r->cluster.account;
    if (err == 0)
        err = hc_rule_check(&w->rule, e);
    if (err == 0 && w->where.n > 0)
        err = hc_filter_check(w->where, e);
    if (err == 0 && w->by == HEADCOUNT_REGISTERED && wishes_narrow(w))
        err = hc_error_set(e, HEADCOUNT_ECONFIG,
                           "%s: registered counts every host of "
                           "the cluster: where, min_age, external, cpu and "
                           "memory need active",
                           hc_rule_name(&w->rule));
    if (err < 0)
        return err;
    *s = (struct headcount_service){
        .service = hc_arena_str(&r->facts.arena, w->service).p, .code = "",
        .desired_before = HEADCOUNT_UNKNOWN, .wanted = HEADCOUNT_UNKNOWN,
        .running = HEADCOUNT_UNKNOWN, .pending = HEADCOUNT_UNKNOWN,
        .rule = hc_rule_name(&w->rule), .hosts_counted = HEADCOUNT_UNKNOWN,
        .placeable = HEADCOUNT_UNKNOWN,
        .hosts_by = modes[w->by],
        .hosts_filter = "", .at = hc_arena_str(&r->facts.arena, w->at).p
    };
    if (r->config.foreign != NULL)
        hc_outcome_settle(r, HEADCOUNT_SKIPPED, r->config.foreign,
                  r->config.foreign_why);
    else
        hc_wishes_elsewhere(r);
    return s->reason == NULL ? wishes_check_twice(r, e) : 0;
}

/* Leaves the wishes for the service `only`.  A wish whose service has no proper
 * name stays, and fails as ever. */
static int wishes_keep_only(struct hc_run *r, struct headcount_error *e)
{
    struct hc_run_config *c = &r->config;
    struct hc_arn only, arn;
    struct hc_wish *kept;
    size_t n = 0;
    int err = hc_arn_service(&only, c->only, e);

    if (err < 0)
        return err;
    kept = hc_arena_zero(&r->facts.arena, c->wishes_n * sizeof(*kept));
    for (size_t i = 0; kept != NULL && i < c->wishes_n; i++)
        if (hc_arn_service(&arn, c->wishes[i].service, NULL) < 0 ||
            hc_str_eq(arn.name, only.name))
            kept[n++] = c->wishes[i];
    c->wishes = kept;
    c->wishes_n = n;
    return 0;
}

int hc_wishes_take(struct hc_run *r, struct headcount_error *e)
{
    const struct hc_run_config *c = &r->config;
    int err = c->only.n > 0 ? wishes_keep_only(r, e) : 0;

    if (err < 0)
        return err;
    r->services = hc_arena_zero(&r->facts.arena,
                               c->wishes_n * sizeof(*r->services));
    r->names = hc_arena_zero(&r->facts.arena, c->wishes_n * sizeof(*r->names));
    r->result.services = r->services;
    r->result.services_n = c->wishes_n;
    if (hc_arena_error(&r->facts.arena) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for %zu wishes",
                            c->wishes_n);
    for (r->at = 0; err == 0 && r->at < c->wishes_n; r->at++) {
        struct headcount_error why = { .code = 0 };
        struct hc_str at = c->wishes[r->at].at;
        struct hc_str service = c->wishes[r->at].service;

        err = wishes_take_one(r, &why);
        /* The line of the policy first, else the service; then the fault. */
        if (err < 0 && at.n > 0)
            hc_error_set(e, err, "%.*s: %s", HC_STR_ARG(at), why.what);
        else if (err < 0)
            hc_error_set(e, err, "the wish for %.*s: %s", HC_STR_ARG(service),
                         why.what);
    }
    r->at = 0;
    return err;
}
