/* reconcile/verify.c - a look at the hosts after a write. */
#include "reconcile/verify.h"

#include "reconcile/outcome.h"

/* A run looks at most so many times.  Hosts that still change then are left
 * for the next run: a run must end. */
#define VERIFY_ROUNDS 3

/* ---- after a write ---- */

static void verify_settle(struct hc_run *r)
{
    const char *what;

    if (r->verify.round < VERIFY_ROUNDS) {
        hc_outcome_settle(r, HEADCOUNT_UPDATED, r->plan.code, r->plan.reason);
        return;
    }
    what = hc_arena_fmt(&r->facts.arena, "%lld was written, but the hosts "
                       "changed at each of %d looks after a write: the next "
                       "run looks again", (long long)r->plan.wanted,
                       VERIFY_ROUNDS);
    hc_outcome_fail(r, "unsettled", what);
}

/* DescribeServices may show the old count for some seconds, so the look does
 * not read the service again: from now on our write is its count. */
static void verify_desired(struct hc_run *r, int64_t now)
{
    struct hc_fact_service *fact =
        hc_facts_service(&r->facts, r->names[r->at].name);
    struct hc_ecs_service *value =
        hc_arena_zero(&r->facts.arena, sizeof(*value));

    if (fact == NULL || fact->value == NULL || value == NULL)
        return;
    *value = *fact->value;
    value->desired = r->plan.wanted;
    fact->value = value;
    fact->fact.at = now;
}

void hc_verify_wrote(struct hc_run *r, int64_t now)
{
    struct hc_verify *v = &r->verify;
    struct hc_arena *arena = &r->facts.arena;
    size_t n = r->config.wishes_n;

    /* A number that follows from no host cannot change with the hosts. */
    if (!r->config.verify ||
        (!r->policy.counted &&
         !hc_rule_needs_hosts(&r->config.wishes[r->at].rule))) {
        hc_outcome_settle(r, HEADCOUNT_UPDATED, r->plan.code, r->plan.reason);
        return;
    }
    if (v->wrote == NULL) {
        v->wrote = hc_arena_zero(arena, n * sizeof(*v->wrote));
        v->before = hc_arena_zero(arena, n * sizeof(*v->before));
        v->counted = hc_arena_zero(arena, n * sizeof(*v->counted));
    }
    if (v->open != NULL)
        v->open[r->at] = false;
    verify_settle(r);
    if (hc_arena_error(arena) < 0)
        return;                       /* which ends the reconcile */
    if (v->before[r->at].reason != NULL)
        hc_run_row(r)->desired_before = v->before[r->at].desired_before;
    v->wrote[r->at] = v->round < VERIFY_ROUNDS;
    v->counted[r->at] = r->plan.counted;
    verify_desired(r, now);
}

/* ---- the look ---- */

int hc_verify_begin(struct hc_run *r)
{
    struct hc_verify *v = &r->verify;
    size_t n = r->config.wishes_n;
    bool any = false;

    if (v->wrote == NULL)
        return 0;
    if (v->open == NULL)
        v->open = hc_arena_zero(&r->facts.arena, n * sizeof(*v->open));
    if (v->open == NULL)
        return HEADCOUNT_ENOMEM;
    /* Each wish that was written in this round is open: it is planned once
     * more.  A wish without a reason is one that is not settled. */
    for (size_t i = 0; i < n; i++) {
        v->open[i] = v->wrote[i];
        if (!v->wrote[i])
            continue;
        v->wrote[i] = false;
        v->before[i] = r->services[i];
        r->services[i].reason = NULL;
        any = true;
    }
    if (!any)
        return 0;
    v->round++;
    hc_facts_forget_hosts(&r->facts);
    r->claims = NULL;                 /* ECS shows those tasks now            */
    r->again = (struct hc_again){ .wishes = NULL };
    r->at = 0;
    r->pass = PASS_RISES;
    return 1;
}

bool hc_verify_agrees(struct hc_run *r)
{
    struct hc_verify *v = &r->verify;

    /* Only part of a count is written where hosts cannot take all of it: then
     * the hosts agree if they call for the same count as before. */
    if (!hc_run_corrects(r) || r->plan.wanted == HEADCOUNT_UNKNOWN ||
        (r->plan.outcome != HEADCOUNT_UNCHANGED &&
         r->plan.counted != v->counted[r->at]))
        return false;
    v->open[r->at] = false;
    r->services[r->at] = v->before[r->at];
    r->services[r->at].reason =
        hc_arena_fmt(&r->facts.arena,
                     "%s, and the hosts that were listed after "
                     "the write agree",
                     v->before[r->at].reason);
    return true;
}

/* ---- the policy's part in it ---- */

/* A wish that the policy does not repeat has no other count to compare with,
 * so its write stands. */
void hc_verify_wishes(struct hc_run *r, const struct hc_wish *wishes)
{
    size_t all = r->config.wishes_n;
    struct hc_wish *copy = hc_arena_zero(&r->facts.arena, all * sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < all; i++) {
        const struct hc_fact_service *fact =
            r->verify.open[i] ? hc_facts_service(&r->facts, r->names[i].name)
                              : NULL;
        size_t again = fact != NULL ? fact->again : 0;

        copy[i] = again > 0 ? wishes[again - 1] : r->config.wishes[i];
        if (r->verify.open[i] && again == 0)
            r->services[i] = r->verify.before[i];
    }
    if (copy != NULL)
        r->config.wishes = copy;
}

void hc_verify_unanswered(struct hc_run *r, const char *code,
                          const char *what)
{
    for (r->at = 0; r->at < r->config.wishes_n; r->at++)
        if (r->services[r->at].reason == NULL)
            hc_outcome_fail(r, code, what);
    r->at = 0;
}
