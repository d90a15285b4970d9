/* reconcile/outcome.c - what becomes of a wish, and of all wishes of a cluster
 * that cannot be read. */
#include "reconcile/outcome.h"

#include "reconcile/audit.h"

void hc_outcome_settle(struct hc_run *r, enum headcount_result outcome,
                       const char *code, const char *reason)
{
    struct headcount_service *s = hc_run_row(r);

    /* In the look after a write the wish was written already, whatever is held
     * or skipped now: the report has to say both. */
    if (hc_run_corrects(r) &&
        (outcome == HEADCOUNT_HELD || outcome == HEADCOUNT_SKIPPED))
        reason = hc_arena_fmt(&r->facts.arena, "this run wrote %lld; the look "
                              "after it: %s",
                              (long long)r->verify.before[r->at].wanted,
                              reason);
    s->outcome = outcome;
    s->code = hc_arena_fmt(&r->facts.arena, "%s", code);
    s->reason = hc_arena_fmt(&r->facts.arena, "%s", reason);
    hc_audit(r);
}

void hc_outcome_fail(struct hc_run *r, const char *code, const char *reason)
{
    if (hc_run_corrects(r) && r->write_id == NULL)
        reason = hc_arena_fmt(&r->facts.arena, "it was written, but the look "
                              "after the write failed: %s", reason);
    hc_outcome_settle(r, HEADCOUNT_FAILED, code, reason);
}

void hc_outcome_end_place(struct hc_run *r, bool sent)
{
    if (r->placed)
        hc_brake_end(r->config.brake, &r->write, sent,
                     hc_now(&r->net->sys));
    r->placed = false;
}

/* ---- all wishes that are open ---- */

void hc_outcome_fail_cluster(struct hc_run *r, const char *code,
                             const char *what)
{
    r->result.error_code = hc_arena_fmt(&r->facts.arena, "%s", code);
    r->result.error = hc_arena_fmt(&r->facts.arena, "%s", what);
    for (r->at = 0; r->at < r->config.wishes_n; r->at++)
        if (hc_run_row(r)->reason == NULL)
            hc_outcome_fail(r, code, what);
    r->over = true;
}

/* AWS named the cluster, so it was there: when a cluster is deleted, events of
 * its last hosts still arrive after it.  That is no failure, and no message
 * has to come again. */
static void outcome_gone_found(struct hc_run *r)
{
    const char *what = hc_arena_fmt(&r->facts.arena,
                                    "the cluster is deleted: %s", r->gone_what);

    r->result.skipped = "cluster_gone";
    for (r->at = 0; r->at < r->config.wishes_n; r->at++)
        if (hc_run_row(r)->reason == NULL)
            hc_outcome_settle(r, r->config.wishes[r->at].required
                                     ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED,
                              "cluster_gone", what);
    r->over = true;
}

struct hc_str hc_outcome_owner(const struct hc_run *r)
{
    const struct hc_event *event = r->config.event;

    if (hc_arn_is_full(&r->cluster))
        return r->cluster.account;
    return event != NULL && event->account.n > 0 ? event->account
                                                 : r->config.expect_account;
}

/* Credentials of another account do not see this cluster: it only looks
 * deleted to them.  So its event is not done, and its message is left in the
 * queue. */
static bool outcome_gone_foreign(struct hc_run *r)
{
    struct hc_str owner = hc_outcome_owner(r);

    if (owner.n == 0 || r->account.n == 0 || hc_str_eq(owner, r->account))
        return false;
    hc_outcome_fail_cluster(r, "foreign_account", hc_arena_fmt(
        &r->facts.arena, "the cluster is in account %.*s, and the credentials "
        "are of account %.*s: %s", HC_STR_ARG(owner), HC_STR_ARG(r->account),
        r->gone_what));
    return true;
}

/* Says that the ARN is of another account than the credentials: then a list of
 * clusters does not help the reader. */
static const char *outcome_whose(struct hc_run *r)
{
    if (!hc_arn_is_full(&r->cluster) || r->account.n == 0 ||
        hc_str_eq(r->cluster.account, r->account))
        return "";
    return hc_arena_fmt(&r->facts.arena,
                        "; its ARN is of account %.*s, and the "
                        "credentials are of account %.*s",
                        HC_STR_ARG(r->cluster.account), HC_STR_ARG(r->account));
}

void hc_outcome_gone(struct hc_run *r, const char *clusters)
{
    if (!r->config.found)
        hc_outcome_fail_cluster(r, r->gone_code,
                                hc_arena_fmt(&r->facts.arena, "%s%s%s",
                                             r->gone_what, outcome_whose(r),
                                             clusters));
    else if (!outcome_gone_foreign(r))
        outcome_gone_found(r);
}
