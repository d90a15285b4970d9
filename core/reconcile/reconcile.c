/* reconcile/reconcile.c - the machine: it takes one cluster from its wishes to
 * their outcomes.
 *
 *   QUESTION -> NEEDS    the policy's turn is over, and it noted facts
 *   NEEDS -> EXCHANGE    one of them is read
 *   NEEDS -> QUESTION    all are known: its turn again
 *   QUESTION -> PLAN     it made its wishes
 *   PLAN  -> PLAN        the wish at hand is settled, or its count is to fall
 *                        and is left for the second pass: the next one
 *   PLAN  -> EXCHANGE    its plan needs a fact, or it is to be written
 *   PLAN  -> NEEDS       a big step of a policy that looked at hosts: it runs
 *                        once more, on second readings
 *   PLAN  -> TURN        it is to be written, and the run has a limit: clusters
 *                        before this one take their places first
 *   TURN  -> PLAN        they are done, or it waited long enough
 *   PLAN  -> PLAN, NEEDS    both passes are over, and what was written is
 *                        looked at once more (verify.c)
 *   PLAN  -> DONE        both passes are over
 *   EXCHANGE -> EXCHANGE another page, another hundred hosts
 *   EXCHANGE -> PLAN     the fact is there (or failed), the write is settled
 *   EXCHANGE -> NEEDS    the fact is there
 *   EXCHANGE -> AGAIN    a list contradicts the event that caused the run
 *   AGAIN -> EXCHANGE    a second later, once
 *   EXCHANGE -> GONE     the cluster is not there, and a person named it or it
 *                        may be in another account
 *   GONE  -> EXCHANGE    which clusters are there?
 *   GONE  -> DONE        there is no time left to ask
 *   EXCHANGE -> DONE     they are listed, or the list is refused; or an event
 *                        or a sweep named the cluster, and it is deleted
 *
 * A plan is made from the top each time a fact was learned: it is arithmetic,
 * a call costs ten thousand times as much.  One exchange at a time; a wish is
 * settled exactly once; what fails settles its own wish and no other, but for
 * the first exchange and what a policy asks, which speak for the cluster.
 */
#include "reconcile/reconcile.h"

#include "reconcile/next_exchange.h"
#include "reconcile/outcome.h"
#include "reconcile/passes.h"
#include "reconcile/snapshot.h"
#include "reconcile/wishes.h"

#define RECONCILE_LIST_WITHIN (5 * HC_SECOND)

static int reconcile_step_needs(struct hc_reconcile *m, int64_t now)
{
    struct hc_run *r = &m->run;
    const struct hc_fact *fact = NULL;
    int got = hc_next_for_policy(r, &m->exchange, &fact);

    if (got < 0)
        return got;
    if (got == 0) {
        r->policy.began = now;
        m->state = RECONCILE_QUESTION;
        return 0;
    }
    if (fact->state != FACT_FAILED)
        return hc_machine_begin(m, now);
    hc_policy_fail(r, fact->code, fact->what);
    hc_machine_go_on(m);
    return 0;
}

/* 1: the exchange waits.
 *
 * A list is stopped between two pages too: half a list is no fact, so what was
 * read so far is dropped. */
static int reconcile_step_exchange(struct hc_reconcile *m, int64_t now)
{
    int got = hc_exchange_step(&m->exchange, &m->run, now);
    const char *stopped;

    if (got < 0)
        return hc_machine_failed(m, got);
    switch ((enum hc_exchange_answer)got) {
    case EXCHANGE_WAITS:
        return 1;
    case EXCHANGE_READS:
        break;
    case EXCHANGE_PAGE:
        stopped = hc_machine_stopped(&m->run, now);
        if (stopped == NULL)
            return hc_machine_begin(m, now);
        hc_machine_lacks(m, stopped,
                         "it was stopped between two pages of hosts");
        hc_machine_go_on(m);
        break;
    case EXCHANGE_DOUBTFUL:
        m->again_at = hc_time_add(now, HC_RECONCILE_AGAIN);
        m->state = RECONCILE_AGAIN;
        break;
    case EXCHANGE_LEARNED:
        hc_machine_go_on(m);
        break;
    }
    return 0;
}

/* A list that contradicts the event is read again a second later.  Past the
 * deadline it is begun at once: hc_machine_begin then says that it stopped. */
static int reconcile_step_again(struct hc_reconcile *m, int64_t now)
{
    if (now < m->again_at && hc_machine_stopped(&m->run, now) == NULL)
        return hc_machine_wait(&m->run, m->again_at);
    return hc_machine_begin(m, now);
}

/* The list of clusters is for a sentence and for the account, and not needed
 * for any count: it is read only within the deadline, and awaited for at most
 * RECONCILE_LIST_WITHIN. */
static int reconcile_step_gone(struct hc_reconcile *m, int64_t now)
{
    if (hc_machine_stopped(&m->run, now) == NULL) {
        hc_next_clusters(&m->exchange,
                         hc_time_add(now, RECONCILE_LIST_WITHIN));
        return hc_machine_begin(m, now);
    }
    hc_outcome_gone(&m->run, "");
    hc_machine_go_on(m);
    return 0;
}

static int reconcile_done(struct hc_run *r)
{
    int err;

    r->result.arn = hc_arn_is_full(&r->cluster)
        ? hc_arena_str(&r->facts.arena, r->cluster.text).p : "";
    err = hc_arena_error(&r->facts.arena);
    return err == 0 ? 1 : HEADCOUNT_ENOMEM;
}

int hc_reconcile_step(struct hc_reconcile *m, int64_t now)
{
    int err = 0;

    while (err == 0) {
        switch (m->state) {
        case RECONCILE_QUESTION: return HC_RECONCILE_ASKS;
        case RECONCILE_NEEDS:    err = reconcile_step_needs(m, now);    break;
        case RECONCILE_PLAN:     err = hc_passes_step(m, now);     break;
        case RECONCILE_TURN:     err = hc_passes_step_turn(m, now);     break;
        case RECONCILE_EXCHANGE: err = reconcile_step_exchange(m, now); break;
        case RECONCILE_AGAIN:    err = reconcile_step_again(m, now);    break;
        case RECONCILE_GONE:     err = reconcile_step_gone(m, now);     break;
        case RECONCILE_DONE:     return reconcile_done(&m->run);
        }
    }
    return err < 0 ? err : 0;
}

/* ---- the end of a policy's turn ---- */

void hc_reconcile_refuse(struct hc_reconcile *m, const char *code,
                         const char *what)
{
    if (m->state != RECONCILE_QUESTION)
        return;
    hc_policy_fail(&m->run, code, what);
    hc_machine_go_on(m);
}

void hc_reconcile_resume(struct hc_reconcile *m, const struct hc_wish *wishes,
                         size_t n)
{
    struct headcount_error e = { .code = 0 };
    struct hc_run *r = &m->run;

    if (m->state != RECONCILE_QUESTION)
        return;
    /* The policy may expect an account, after answers of another one. */
    if (hc_run_check_account(r, &e) < 0)
        hc_policy_fail(r, hc_error_name(e.code), e.what);
    else if (hc_policy_is_late(r))
        hc_policy_fail(r, "EPOLICY", "the policy took more than a minute "
                       "to decide: what it was told may not be true any "
                       "more, the next run asks again");
    else if (r->policy.needs_n == 0)
        hc_policy_end(r, wishes, n);
    else if (++r->policy.rounds > HC_POLICY_ROUNDS)
        hc_policy_fail(r, "EPOLICY", "the policy asked for more facts "
                       "after each of 32 rounds: let it ask for what it "
                       "needs earlier");
    hc_machine_go_on(m);
}

/* ---- beginning and end ---- */

/* The cluster of a snapshot is the one that it was taken of.  Facts of a file
 * may be old or edited, so nothing is ever written by them. */
static int reconcile_load(struct hc_run *r, struct headcount_error *e)
{
    struct hc_snapshot s;
    int err;

    if (!r->config.dry_run)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "a snapshot can be planned, not "
                            "applied");
    err = hc_snapshot_get(&s, &r->facts, r->config.snapshot, e);
    if (err < 0)
        return err;
    r->taken = s.taken;
    r->complete = s.complete;
    return hc_arn_cluster(&r->cluster, s.cluster, e);
}

int hc_reconcile_start(struct hc_reconcile *m, struct hc_net *net,
                       struct hc_job *job, const struct hc_run_config *config,
                       struct headcount_error *e)
{
    const struct hc_alloc *a = &net->sys.alloc;
    struct hc_run *r = &m->run;
    int err;

    *r = (struct hc_run){ .config = *config, .net = net, .job = job,
                          .account = config->account };
    m->again_at = m->turn_by = 0;
    hc_facts_init(&r->facts, a);
    hc_exchange_init(&m->exchange, a);
    hc_buf_init(&r->filter, a, HC_FILTER_BYTES);
    hc_buf_init(&r->sent, a, HC_FILTER_BYTES);
    hc_buf_init(&r->narrowed, a, HC_FILTER_BYTES);
    err = config->snapshot.n > 0
              ? reconcile_load(r, e)
              : hc_arn_cluster(&r->cluster, config->cluster, e);
    if (config->event != NULL)
        hc_arn_instance(&r->event_host, config->event->instance_arn, NULL);
    r->result.arn = "";
    r->result.name = hc_arena_str(&r->facts.arena, r->cluster.name).p;
    if (err == 0 && hc_arena_error(&r->facts.arena) < 0)
        err = hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a reconcile");

    /* A policy is not asked about a cluster of another region or account:
     * nothing would be made of its wishes. */
    r->policy.open = r->full = config->asks && config->foreign == NULL;
    r->policy.reading = READING_FIRST;
    if (err == 0 && !r->policy.open)
        err = hc_wishes_take(r, e);
    m->state = r->policy.open ? RECONCILE_QUESTION : RECONCILE_PLAN;
    if (err < 0)
        hc_reconcile_fini(m);
    return err;
}

void hc_reconcile_cancel(struct hc_reconcile *m, int64_t now)
{
    if (m->run.cancelled)
        return;
    m->run.cancelled = true;
    hc_exchange_cancel(&m->exchange, &m->run, now);
}

void hc_reconcile_put_snapshot(const struct hc_reconcile *m,
                               struct hc_buf *out)
{
    const struct hc_run *r = &m->run;

    hc_snapshot_put(out, &r->cluster, &r->facts, hc_run_wall(r));
}

void hc_reconcile_fini(struct hc_reconcile *m)
{
    struct hc_run *r = &m->run;

    if (r->facts.alloc == NULL)
        return;
    hc_exchange_fini(&m->exchange, r);
    hc_outcome_end_place(r, true);    /* it may have been written */
    hc_policy_fini(r);
    hc_buf_fini(&r->filter);
    hc_buf_fini(&r->sent);
    hc_buf_fini(&r->narrowed);
    hc_facts_fini(&r->facts);
    r->result = (struct headcount_cluster){ .arn = "" };
}
