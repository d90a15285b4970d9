/* reconcile/machine.c - how an exchange begins, and what a failed one makes of
 * the run. */
#include "reconcile/machine.h"

#include "reconcile/exchange/failure.h"
#include "reconcile/outcome.h"
#include "reconcile/policy_facts.h"

void hc_machine_go_on(struct hc_reconcile *m)
{
    const struct hc_run *r = &m->run;

    m->state = r->over          ? RECONCILE_DONE
               : r->gone        ? RECONCILE_GONE
               : r->policy.open ? RECONCILE_NEEDS : RECONCILE_PLAN;
}

const char *hc_machine_stopped(const struct hc_run *r, int64_t now)
{
    int64_t deadline = r->config.call.deadline;

    if (r->cancelled)
        return "cancelled";
    return deadline != 0 && deadline != HC_NEVER && now >= deadline
               ? "deadline" : NULL;
}

/* There is no point in waiting beyond the deadline: the next exchange says so.
 */
int hc_machine_wait(struct hc_run *r, int64_t until)
{
    hc_job_at(r->job, until);
    if (r->config.call.deadline > 0)
        hc_job_at(r->job, r->config.call.deadline);
    return 1;
}

/* ---- an exchange that failed ---- */

/* The error tells a person which clusters there are; for an event, the list
 * tells whether the credentials are of its account.  If the list is refused,
 * nothing else changes. */
static void machine_is_gone(struct hc_run *r, const char *code,
                            const char *what)
{
    /* It was read a moment ago, or its account is known, or nobody said it. */
    bool known = r->known || r->account.n > 0 || hc_outcome_owner(r).n == 0;

    r->gone = true;
    r->gone_code = hc_arena_fmt(&r->facts.arena, "%s", code);
    r->gone_what = what;
    if (!r->config.lists || (r->config.found && known))
        hc_outcome_gone(r, "");
}

void hc_machine_lacks(struct hc_reconcile *m, const char *code,
                      const char *what)
{
    struct hc_run *r = &m->run;

    if (!r->policy.open && !r->read) {
        hc_outcome_fail_cluster(r, code, what);
        return;
    }
    hc_exchange_fail(&m->exchange, r, code, what);
    if (r->policy.open)
        hc_policy_fail(r, code, what);
}

static void machine_settle_failure(struct hc_reconcile *m, int err)
{
    struct hc_exchange *x = &m->exchange;
    struct hc_run *r = &m->run;
    const char *what;

    if (x->class->mend != NULL && x->class->mend(r, x, err))
        return;
    what = hc_failure_sentence(r, x, err);
    if (r->gone)
        machine_is_gone(r, "cluster_gone", what);
    else if (hc_failure_is(x, err, "ClusterNotFoundException"))
        machine_is_gone(r, hc_failure_code(x, err), what);
    else
        hc_machine_lacks(m, hc_failure_is_unknown(x, err)
                               ? "unknown" : hc_failure_code(x, err), what);
}

int hc_machine_failed(struct hc_reconcile *m, int err)
{
    struct hc_exchange *x = &m->exchange;
    struct hc_run *r = &m->run;

    hc_call_strike(&x->call, x->error.what);
    if (x->class->writes)
        hc_outcome_end_place(r, hc_failure_may_be_written(x, err));
    if (err != HEADCOUNT_ENOMEM)
        machine_settle_failure(m, err);
    hc_exchange_end(x, r);
    hc_machine_go_on(m);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

/* ---- beginning an exchange ---- */

/* No exchange will tell what is at hand. */
static void machine_give_up(struct hc_run *r, const char *code,
                            const char *what)
{
    if (r->policy.open)
        hc_policy_fail(r, code, what);
    else
        hc_outcome_fail(r, code, what);
}

static int machine_read_snapshot(struct hc_reconcile *m)
{
    const char *code = NULL, *what = NULL;
    int got = hc_exchange_read_snapshot(&m->exchange, &m->run, &code, &what);

    if (got == 0)
        machine_give_up(&m->run, code, what);
    hc_machine_go_on(m);
    return got < 0 ? got : 0;
}

static void machine_stop(struct hc_run *r, const char *stopped)
{
    const char *what = r->cancelled
                           ? "cancelled before it was settled"
                           : "the deadline passed before it was settled";

    if (!r->policy.open && !r->read)
        hc_outcome_fail_cluster(r, stopped, what);
    else
        machine_give_up(r, stopped, what);
}

void hc_machine_settle_plan(struct hc_run *r)
{
    hc_run_row(r)->switch_text = r->plan.switch_text;
    hc_outcome_settle(r, r->plan.outcome, r->plan.code, r->plan.reason);
}

int hc_machine_begin(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    const char *stopped = hc_machine_stopped(r, now);
    int err;

    if (hc_exchange_held(&m->exchange, r)) {
        hc_machine_settle_plan(r);     /* "pending" */
        return 0;
    }
    if (r->taken != 0)
        return machine_read_snapshot(m);
    if (stopped != NULL) {
        machine_stop(r, stopped);
        hc_machine_go_on(m);
        return 0;
    }
    err = hc_exchange_start(&m->exchange, r);
    if (err < 0)
        return hc_machine_failed(m, err);
    m->state = RECONCILE_EXCHANGE;
    return 0;
}
