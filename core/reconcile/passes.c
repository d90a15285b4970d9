/* reconcile/passes.c - each wish is planned and written, in two passes.
 *
 * The first pass writes the counts that rise, the second one those that fall,
 * so that hosts gain tasks before they lose any.
 */
#include "reconcile/passes.h"

#include "plan/hold.h"
#include "reconcile/explain.h"
#include "reconcile/next_exchange.h"
#include "reconcile/outcome.h"
#include "reconcile/placed.h"
#include "reconcile/plan_input.h"
#include "reconcile/policy_facts.h"
#include "reconcile/verify.h"
#include "reconcile/wishes.h"

#define PASSES_WRITE_WITHIN (60 * HC_SECOND)

/* ---- a write ---- */

/* A write goes out within a minute of its plan.  A write that lowers a count
 * goes out within a minute of the reading that it follows from: all counts
 * that rise are written first, and calls may have waited for the rate limit
 * meanwhile, so its hosts may have come back since. */
static bool passes_is_late(struct hc_run *r, const struct hc_plan_input *in,
                           int64_t now)
{
    bool falls = hc_hold_falls(&r->plan, in);

    r->write_by = hc_time_add(falls ? hc_plan_input_read_at(r, in) : now,
                              PASSES_WRITE_WITHIN);
    if (now < r->write_by)
        return false;
    hc_outcome_fail(r, "deadline", "what says that it is to fall was read "
                    "more than a minute ago, and calls have waited since: "
                    "the next run asks again");
    return true;
}

/* The clusters of a sweep are read side by side, but they take their places in
 * its limits in the order in which they were found.  Otherwise the cluster
 * that ECS happens to answer first would decide which services are written and
 * which are held.  A cluster that is slow holds up those after it for
 * HC_RECONCILE_TURN at most. */
static bool passes_awaits_turn(const struct hc_reconcile *m, int64_t now)
{
    const struct hc_run *r = &m->run;
    const struct hc_brake *b = r->config.brake;

    return hc_brake_is_set(b) && !r->write.allowed &&
           b->turn < r->config.brake_at && now < m->turn_by &&
           hc_machine_stopped(r, now) == NULL;
}

/* False: the wish waits until clusters before it have their places, or it is
 * held. */
static bool passes_has_place(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    char why[HC_BRAKE_WHY];

    if (r->config.brake == NULL)
        return true;
    if (m->turn_by == 0)
        m->turn_by = hc_time_add(now, HC_RECONCILE_TURN);
    if (passes_awaits_turn(m, now)) {
        m->state = RECONCILE_TURN;
        return false;
    }
    if (!hc_brake_take(r->config.brake, &r->write, now, why)) {
        hc_hold(&r->plan, "too_many_changes", why);
        hc_machine_settle_plan(r);
        return false;
    }
    r->placed = !r->write.dry_run;
    return true;
}

/* Tasks that the write takes away.  A second write of this run is measured
 * from the lower of two counts: the one that ECS shows and the one before the
 * first write.  Otherwise tasks that the run itself added and takes away again
 * would count as falls. */
static int64_t passes_fall(const struct hc_run *r,
                           const struct hc_plan_input *in)
{
    int64_t from = in->service->desired;

    if (!hc_run_corrects(r))
        from = hc_hold_from(in);
    else if (r->verify.before[r->at].desired_before < from)
        from = r->verify.before[r->at].desired_before;
    return from > r->plan.wanted ? from - r->plan.wanted : 0;
}

/* A dry run counts against the limits too: it shows what the real run would
 * hold. */
static int passes_write(struct hc_reconcile *m,
                        const struct hc_plan_input *in, int64_t now)
{
    struct hc_run *r = &m->run;
    int err;

    r->write = (struct hc_brake_write){
        .fall = passes_fall(r, in), .again = hc_run_corrects(r),
        .dry_run = r->config.dry_run,
        .allowed = (in->wish->allow & ALLOW_TOO_MANY) != 0,
    };
    if ((!r->config.dry_run && passes_is_late(r, in, now)) ||
        !passes_has_place(m, now))
        return 0;
    if (r->plan.wanted > in->service->desired && hc_placed_claim(r, in) < 0)
        return HEADCOUNT_ENOMEM;
    hc_next_write(r, &m->exchange);
    err = hc_machine_begin(m, now);
    if (!m->exchange.in_call)
        hc_outcome_end_place(r, false);
    return err;
}

/* ---- one wish ---- */

static int64_t passes_known(int64_t n)
{
    return n < 0 ? HEADCOUNT_UNKNOWN : n;
}

/* Fills the row of the report, whatever the outcome will be. */
static void passes_tell(struct hc_run *r, const struct hc_ecs_service *s,
                        const struct hc_plan_input *in)
{
    struct headcount_service *to = hc_run_row(r);

    if (s != NULL) {
        to->desired_before = s->desired;
        to->running = passes_known(s->running);
        to->pending = passes_known(s->pending);
    }
    if (in == NULL)
        return;
    to->wanted = r->plan.wanted;
    to->hosts_counted = in->hosts;
    to->hosts_filter = hc_arena_str(&r->facts.arena, in->filter).p;
}

/* ECS shows another count than our last write.  If this plan still wants the
 * count that we wrote, somebody undid it; if not, a newer count replaced it,
 * for example that of another headcount.  Only the plan can tell, so it is
 * noted here. */
static void passes_remember(struct hc_run *r,
                            const struct hc_plan_input *in)
{
    struct hc_memory *memory = r->config.memory;
    struct hc_memory_key key;
    int64_t now;

    if (memory == NULL || in->service == NULL ||
        r->plan.wanted == HEADCOUNT_UNKNOWN)
        return;
    key = hc_run_key(r, MEMORY_SERVICE, in->service->name);
    now = hc_now(&r->net->sys);
    if (in->by == HEADCOUNT_CONNECTED)
        hc_memory_saw_low(memory, &key,
                          r->plan.wanted < in->service->desired, now);
    hc_memory_planned(memory, &key, r->plan.wanted, r->print, now);
}

/* 1: the wish is left for the second pass. */
static int passes_decided(struct hc_reconcile *m,
                          const struct hc_plan_input *in, int64_t now)
{
    struct hc_run *r = &m->run;

    passes_tell(r, in->service, in);
    hc_explain_tell(r, in);
    passes_remember(r, in);
    if (r->plan.outcome != HEADCOUNT_UPDATED &&
        r->plan.outcome != HEADCOUNT_PENDING) {
        hc_machine_settle_plan(r);
        return 0;
    }
    if (r->pass == PASS_RISES && hc_hold_falls(&r->plan, in))
        return 1;
    return passes_write(m, in, now);
}

static int passes_plan(struct hc_reconcile *m,
                       const struct hc_ecs_service *service, int64_t now)
{
    struct hc_run *r = &m->run;
    struct headcount_error error = { 0 };
    struct hc_plan_input in;
    int err = hc_plan_input_fill(r, &in, service, &error);
    enum hc_plan_need need;
    struct hc_fact *fact;
    bool decided;

    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0) {
        hc_outcome_fail(r, "filter", error.what);
        return 0;
    }
    need = hc_plan_make(&r->plan, &in);
    if (hc_verify_agrees(r)) {
        if (r->plan.outcome == HEADCOUNT_UNCHANGED)
            passes_remember(r, &in);
        return 0;
    }
    decided = need == PLAN_DECIDED;
    if (decided)
        need = hc_explain_needs(r, &in);
    if (need == PLAN_DECIDED)
        return passes_decided(m, &in, now);
    fact = need == PLAN_NEEDS_AGAIN
               ? &r->again.fact : hc_next_for_plan(r, &m->exchange, &in, need);
    if (fact == NULL)
        return HEADCOUNT_ENOMEM;
    /* A fact that only the report lacks fails no wish. */
    if (decided && fact->state == FACT_FAILED) {
        in.placed_why = fact->what;
        return passes_decided(m, &in, now);
    }
    passes_tell(r, service, &in);
    if (fact->state == FACT_FAILED) {
        hc_outcome_fail(r, fact->code, fact->what);
    } else if (need == PLAN_NEEDS_AGAIN) {
        hc_policy_ask_again(r, READING_CONFIRMING);
        hc_machine_go_on(m);
    } else {
        return hc_machine_begin(m, now);
    }
    return 0;
}

/* Goes on with the wish at hand.  1: it is left for the second pass; 0: it is
 * settled, or m->state says what it waits for, or it is planned once more. */
static int passes_wish(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    struct hc_str broken = r->config.wishes[r->at].broken;
    struct hc_fact_service *fact;

    hc_wishes_elsewhere(r);
    if (hc_run_row(r)->reason != NULL)
        return 0;
    fact = hc_facts_service(&r->facts, r->names[r->at].name);
    if (fact == NULL)
        return HEADCOUNT_ENOMEM;
    switch (fact->fact.state) {
    case FACT_UNKNOWN:
        return hc_next_for_wish(r, &m->exchange) < 0 ? HEADCOUNT_ENOMEM
                                                     : hc_machine_begin(m, now);
    case FACT_FAILED:
        hc_outcome_fail(r, fact->fact.code, fact->fact.what);
        return 0;
    case FACT_VALUE:
        break;
    }
    if (fact->value == NULL || broken.n == 0)
        return passes_plan(m, fact->value, now);
    /* The tags of the service hold no rule that can be read.  A guess could be
     * a wrong count, so the count stays as it is. */
    passes_tell(r, fact->value, NULL);
    hc_outcome_settle(r, HEADCOUNT_HELD, "bad_tags", broken.p);
    return 0;
}

/* ---- all wishes ---- */

/* Both passes are over.  Ends the run, or opens wishes that were written for a
 * look at their hosts (verify.c). */
static int passes_look(struct hc_reconcile *m)
{
    struct hc_run *r = &m->run;
    int looks = hc_verify_begin(r);

    if (looks < 0)
        return looks;
    if (looks > 0 && r->policy.counted)
        hc_policy_ask_again(r, READING_FIRST);
    hc_machine_go_on(m);
    if (looks == 0)
        m->state = RECONCILE_DONE;
    return 0;
}

/* All counts that rise are written before the first one that falls.  Both
 * loops are left where a wish waits for AWS, and begin there again when the
 * job runs next: r->pass and r->at are their counters. */
int hc_passes_step(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    int got;

    for (; r->pass < HC_PASSES; r->pass++, r->at = 0) {
        for (; r->at < r->config.wishes_n; r->at++) {
            got = 0;
            while (got == 0 && hc_run_row(r)->reason == NULL) {
                got = passes_wish(m, now);
                if (got < 0 || m->state != RECONCILE_PLAN)
                    return got < 0 ? got : 0;
            }
        }
    }
    return passes_look(m);
}

/* The sweep wakes the job when a cluster before this one is done. */
int hc_passes_step_turn(struct hc_reconcile *m, int64_t now)
{
    if (passes_awaits_turn(m, now))
        return hc_machine_wait(&m->run, m->turn_by);
    m->state = RECONCILE_PLAN;
    return 0;
}
