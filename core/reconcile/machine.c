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

/* Nothing waits beyond the deadline: the job is woken by then, and the next
 * exchange says that it was stopped. */
int hc_machine_wait(struct hc_run *r, int64_t until)
{
    hc_job_at(r->job, until);
    if (r->config.call.deadline > 0)
        hc_job_at(r->job, r->config.call.deadline);
    return 1;
}

/* ---- an exchange that failed ---- */

/* The cluster is not there.  A person who named it is told which clusters
 * there are.  For an event, the list of clusters shows to which account the
 * credentials belong: an event of another account is not done, and its message
 * must not be deleted.  If the list is refused, nothing else changes. */
static void machine_is_gone(struct hc_run *r, const char *code,
                            const char *what)
{
    /* The list would tell nothing new: ECS answered for the cluster a moment
     * ago, the account of the credentials is known, or neither an ARN nor an
     * event says whose the cluster is. */
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

    if (err != HEADCOUNT_EACCOUNT && x->class->mend != NULL &&
        x->class->mend(r, x, err))
        return;
    what = hc_failure_sentence(r, x, err);
    /* All answers come from the same account. */
    if (err == HEADCOUNT_EACCOUNT)
        hc_outcome_fail_cluster(r, hc_failure_code(x, err), what);
    else if (r->gone)
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

/* No exchange can be made for the policy, or for the wish at hand: it fails. */
static void machine_give_up(struct hc_run *r, const char *code,
                            const char *what)
{
    if (r->policy.open)
        hc_policy_fail(r, code, what);
    else
        hc_outcome_fail(r, code, what);
}

void hc_machine_settle_plan(struct hc_run *r)
{
    hc_run_row(r)->switch_text = r->plan.switch_text;
    hc_outcome_settle(r, r->plan.outcome, r->plan.code, r->plan.reason);
}

/* The order matters.  A write that is held comes first, so that a dry run past
 * its deadline still reports it as pending.  A snapshot comes before the
 * deadline: it makes no call, so nothing has to be stopped. */
int hc_machine_begin(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    const char *stopped = hc_machine_stopped(r, now);
    const char *code = stopped, *what = NULL;
    int err;

    if (hc_exchange_held(&m->exchange, r)) {
        hc_machine_settle_plan(r);     /* "pending" */
        return 0;
    }
    if (r->taken != 0) {
        err = hc_exchange_read_snapshot(&m->exchange, r, &code, &what);
        if (err == 0)
            machine_give_up(r, code, what);
        hc_machine_go_on(m);
        return err < 0 ? err : 0;
    }
    if (stopped != NULL) {
        what = r->cancelled ? "cancelled before it was settled"
                            : "the deadline passed before it was settled";
        if (!r->policy.open && !r->read)
            hc_outcome_fail_cluster(r, stopped, what);
        else
            machine_give_up(r, stopped, what);
        hc_machine_go_on(m);
        return 0;
    }
    err = hc_exchange_start(&m->exchange, r);
    if (err < 0)
        return hc_machine_failed(m, err);
    m->state = RECONCILE_EXCHANGE;
    return 0;
}
