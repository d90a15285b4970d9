/* reconcile/settle.c - how a wish ends, and what a call that failed makes of
 * the wishes that needed it. */
#include "reconcile/settle.h"

#include "base/text.h"
#include "reconcile/ask.h"
#include "reconcile/audit.h"
#include "reconcile/learn.h"
#include "reconcile/verify.h"

/* ---- settling a wish ---- */

struct headcount_service *hc_settle_at(struct hc_reconcile *r)
{
    return &r->services[r->at];
}

void hc_settle(struct hc_reconcile *r, enum headcount_result outcome,
               const char *code, const char *reason)
{
    struct headcount_service *s = hc_settle_at(r);

    /* In the look after a write, what is held or skipped was written. */
    if (hc_verify_corrects(r) &&
        (outcome == HEADCOUNT_HELD || outcome == HEADCOUNT_SKIPPED))
        reason = hc_arena_fmt(&r->facts.arena, "this run wrote %lld; the look "
                             "after it: %s",
                             (long long)r->verify.before[r->at].wanted,
                             reason);
    s->outcome = outcome;
    s->code = hc_arena_fmt(&r->facts.arena, "%s", code);
    s->reason = hc_arena_fmt(&r->facts.arena, "%s", reason);
    r->state = RECONCILE_PLAN;
    hc_audit(r);
}

void hc_settle_failed(struct hc_reconcile *r, const char *code,
                      const char *reason)
{
    bool writes = r->in_call && r->ask == ASK_UPDATE;

    if (hc_verify_corrects(r) && !writes)
        reason = hc_arena_fmt(&r->facts.arena, "it was written, but the look "
                             "after the write failed: %s", reason);
    hc_settle(r, HEADCOUNT_FAILED, code, reason);
}

/* ---- a call that failed ---- */

static const char *settle_code(const struct hc_reconcile *r, int err)
{
    switch (err) {
    case HEADCOUNT_ESERVICE:   return r->call.service_error.code;
    case HEADCOUNT_EDEADLINE:  return "deadline";
    case HEADCOUNT_ECANCELLED: return "cancelled";
    default:            return hc_error_name(err);
    }
}

/* The write may have been read by ECS: sent whole at least once, and nothing
 * came back that settles it.  The next reconcile reads what came of it. */
static bool settle_is_unknown(const struct hc_reconcile *r, int err)
{
    if (r->ask != ASK_UPDATE || !r->in_call)
        return false;
    return err == HEADCOUNT_EANSWER || r->call.outcome_unknown ||
           (err != HEADCOUNT_ESERVICE && r->call.request.sent);
}

/* A refusal by the service's own name is an answer; what broke inside of it, or
 * stands between, is none. */
static bool settle_may_be_written(const struct hc_reconcile *r, int err)
{
    const struct hc_service_error *e = &r->call.service_error;

    return settle_is_unknown(r, err) ||
           (r->in_call && err == HEADCOUNT_ESERVICE &&
            !(e->named && e->status >= 400 && e->status < 500));
}

void hc_settle_place(struct hc_reconcile *r, bool sent)
{
    if (r->placed)
        hc_brake_end(r->config.brake, &r->write, sent,
                     hc_now(&r->net->sys));
    r->placed = false;
}

void hc_settle_cluster(struct hc_reconcile *r, const char *code,
                       const char *what)
{
    r->result.error_code = hc_arena_fmt(&r->facts.arena, "%s", code);
    r->result.error = hc_arena_fmt(&r->facts.arena, "%s", what);
    for (r->at = 0; r->at < r->config.wishes_n; r->at++)
        if (hc_settle_at(r)->reason == NULL)
            hc_settle_failed(r, code, what);
    r->state = RECONCILE_DONE;
}

void hc_settle_no_fact(struct hc_reconcile *r, const char *code,
                       const char *what)
{
    if (r->question.open) {
        hc_learn_fail(r, code, what);
        hc_question_fail(r, code, what);
        return;
    }
    if (r->ask == ASK_SERVICES && !r->read) {
        hc_settle_cluster(r, code, what);
        return;
    }
    hc_learn_fail(r, code, what);
    if (r->ask == ASK_UPDATE)
        hc_settle_failed(r, code, what);
    r->state = RECONCILE_PLAN;
}

/* ---- a cluster, a service that is not there any more ---- */

#define SETTLE_SHOWN 10                   /* clusters in a sentence */

/* The next cluster to show, of those that ListClusters named. */
static size_t settle_nearest(const struct hc_reconcile *r, const bool *shown)
{
    const struct hc_ecs_arns *v = &r->view.arns;
    size_t best = v->arns_n, least = SIZE_MAX;
    struct hc_arn arn;

    for (size_t i = 0; i < v->arns_n && i < HC_ECS_BATCH; i++) {
        if (shown[i] || hc_arn_cluster(&arn, v->arns[i], NULL) < 0)
            continue;
        size_t distance = hc_text_distance(arn.name, r->cluster.name);

        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

/* What ListClusters answered, the nearest name first. */
static const char *settle_clusters(struct hc_reconcile *r)
{
    const struct hc_ecs_arns *v = &r->view.arns;
    struct hc_arena *arena = &r->facts.arena;
    struct hc_str region = hc_reconcile_region(r);
    bool shown[HC_ECS_BATCH] = { false };
    const char *list = "";
    size_t n = 0, at;
    struct hc_arn arn;

    if (v->arns_n == 0)
        return hc_arena_fmt(arena, "; there is no cluster in %.*s",
                           HC_STR_ARG(region));
    while (n < SETTLE_SHOWN && (at = settle_nearest(r, shown)) < v->arns_n) {
        hc_arn_cluster(&arn, v->arns[at], NULL);
        list = hc_arena_fmt(arena, "%s%s%.*s", list, n > 0 ? ", " : "",
                           HC_STR_ARG(arn.name));
        shown[at] = true;
        n++;
    }
    return hc_arena_fmt(arena, "; clusters in %.*s: %s%s", HC_STR_ARG(region),
                       list, n < v->arns_n || v->next.n > 0 ? " and more"
                                                            : "");
}

/* The last events of a cluster that is taken down come after it. */
static void settle_gone_found(struct hc_reconcile *r)
{
    const char *what = hc_arena_fmt(&r->facts.arena,
                                    "the cluster is deleted: %s", r->gone_what);

    r->result.skipped = "cluster_gone";
    for (r->at = 0; r->at < r->config.wishes_n; r->at++)
        if (hc_settle_at(r)->reason == NULL)
            hc_settle(r, r->config.wishes[r->at].required ? HEADCOUNT_FAILED
                                                          : HEADCOUNT_SKIPPED,
                      "cluster_gone", what);
    r->state = RECONCILE_DONE;
}

/* The cluster's account, as its ARN or its event says; n == 0: neither does. */
static struct hc_str settle_owner(const struct hc_reconcile *r)
{
    const struct hc_event *event = r->config.event;

    if (hc_arn_is_full(&r->cluster))
        return r->cluster.account;
    return event != NULL ? event->account : HC_STR("");
}

/* Any cluster that ECS lists is of the account of the credentials. */
static void settle_learn_account(struct hc_reconcile *r)
{
    struct hc_arn arn;

    if (r->account.n == 0 && r->view.arns.arns_n > 0 &&
        hc_arn_cluster(&arn, r->view.arns.arns[0], NULL) == 0)
        r->account = hc_arena_str(&r->facts.arena, arn.account);
}

/* To credentials of another account each cluster is one that is not there: its
 * event is not done. */
static bool settle_gone_foreign(struct hc_reconcile *r)
{
    struct hc_str owner = settle_owner(r);

    if (owner.n == 0 || r->account.n == 0 || hc_str_eq(owner, r->account))
        return false;
    hc_settle_cluster(r, "foreign_account", hc_arena_fmt(
        &r->facts.arena, "the cluster is in account %.*s, and the credentials "
        "are of account %.*s: %s", HC_STR_ARG(owner), HC_STR_ARG(r->account),
        r->gone_what));
    return true;
}

/* An ARN of another account: those that there are do not help. */
static const char *settle_whose(struct hc_reconcile *r)
{
    if (!hc_arn_is_full(&r->cluster) || r->account.n == 0 ||
        hc_str_eq(r->cluster.account, r->account))
        return "";
    return hc_arena_fmt(&r->facts.arena,
                        "; its ARN is of account %.*s, and the "
                        "credentials are of account %.*s",
                        HC_STR_ARG(r->cluster.account), HC_STR_ARG(r->account));
}

void hc_settle_gone(struct hc_reconcile *r)
{
    const char *clusters = "";

    if (r->ask == ASK_CLUSTERS && r->in_view) {
        clusters = settle_clusters(r);
        settle_learn_account(r);
    }
    if (!r->config.found)
        hc_settle_cluster(r, r->gone_code,
                          hc_arena_fmt(&r->facts.arena, "%s%s%s", r->gone_what,
                                      settle_whose(r), clusters));
    else if (!settle_gone_foreign(r))
        settle_gone_found(r);
}

/* The error tells a person which clusters there are; for an event, the list
 * tells whether the credentials are of its account.  If the list is refused,
 * nothing else changes. */
static void settle_gone(struct hc_reconcile *r, const char *code,
                        const char *what)
{
    /* It was read a moment ago, or its account is known, or nobody said it. */
    bool known = r->known || r->account.n > 0 || settle_owner(r).n == 0;

    r->gone = true;
    r->gone_code = hc_arena_fmt(&r->facts.arena, "%s", code);
    r->gone_what = what;
    if (!r->config.lists || (r->config.found && known))
        hc_settle_gone(r);
    else
        r->state = RECONCILE_GONE;
}

/* As a refusal of the request: a gateway's 502 is no word of the service. */
static bool settle_says(const struct hc_reconcile *r, int err, const char *code)
{
    const struct hc_service_error *e = &r->call.service_error;

    return err == HEADCOUNT_ESERVICE && e->status >= 400 && e->status < 500 &&
           hc_str_eqz(hc_str(e->code), code);
}

/* The service was there when it was read.  True: it is settled. */
static bool settle_service(struct hc_reconcile *r, int err, const char *what)
{
    bool missing = settle_says(r, err, "ServiceNotFoundException");

    if (r->ask != ASK_UPDATE ||
        (!missing && !settle_says(r, err, "ServiceNotActiveException")))
        return false;
    hc_settle(r, r->config.wishes[r->at].required ? HEADCOUNT_FAILED
                                                  : HEADCOUNT_SKIPPED,
              missing ? "missing" : "inactive", what);
    return true;
}

static bool settle_is_denied(const struct hc_reconcile *r, int err)
{
    struct hc_str code = hc_str(r->call.service_error.code);

    return err == HEADCOUNT_ESERVICE &&
           (hc_str_eqz(code, "AccessDeniedException") ||
            hc_str_eqz(code, "AccessDenied"));
}

/* What to do about it: of others the sentence says it itself. */
static const char *settle_advice(const struct hc_reconcile *r, int err)
{
    /* A proxy, or what a load balancer says: not the service. */
    if (err == HEADCOUNT_ESERVICE && !r->call.service_error.named)
        err = HEADCOUNT_EANSWER;
    switch (err) {
    case HEADCOUNT_ECONNECT:
    case HEADCOUNT_ETIMEDOUT:
    case HEADCOUNT_ECLOSED:
    case HEADCOUNT_ETRUNCATED:
    case HEADCOUNT_EPROTOCOL:
    case HEADCOUNT_EANSWER:
        return "; check the endpoint and the way to it, the next run asks "
               "again";
    default:
        return "";
    }
}

/* What the call itself did not complain of is the answer's fault: the sentence
 * lacks who gave it, and where; it has the operation. */
static const char *settle_sentence(struct hc_reconcile *r, int err)
{
    struct hc_arena *arena = &r->facts.arena;
    bool was_answered = r->call.error.code == 0 && r->call.slot != NULL;
    const char *what = was_answered
                           ? hc_arena_fmt(arena, "%s: %s: %s",
                                         r->call.slot->endpoint.region,
                                         r->call.slot->endpoint.host,
                                         r->error.what)
                           : r->error.what;

    if (settle_is_unknown(r, err))
        return hc_arena_fmt(arena, "the write was sent and %s, the next run "
                           "reads what came of it: %s",
                           r->call.error.code == 0
                               ? "its answer is not to be believed"
                               : "got no usable answer", what);
    if (settle_is_denied(r, err))
        return hc_arena_fmt(arena, "%s; to allow it: %s", what,
                           hc_ask_statement(r));
    return hc_arena_fmt(arena, "%s%s", what, settle_advice(r, err));
}

/* ECS does not take the term that tells hosts of EC2 and of ECS Anywhere apart:
 * the list is asked without it, and the plan says so.  Where a list was taken
 * with it, it is something else that is refused. */
static bool settle_falls_back(struct hc_reconcile *r, int err)
{
    if (r->ask != ASK_HOSTS || !r->hosts->by_launch || r->launch_taken ||
        r->by_launch != BY_LAUNCH ||
        !(settle_says(r, err, "InvalidParameterException") ||
          settle_says(r, err, "ClientException")))
        return false;
    r->by_launch = BY_LAUNCH_REFUSED;
    r->state = RECONCILE_PLAN;
    hc_ask_end(r);
    return true;
}

static void settle_call(struct hc_reconcile *r, int err)
{
    if (r->gone) {
        settle_gone(r, "cluster_gone", settle_sentence(r, err));
    } else if (settle_says(r, err, "ClusterNotFoundException")) {
        settle_gone(r, settle_code(r, err), settle_sentence(r, err));
    } else if (!settle_service(r, err, settle_sentence(r, err))) {
        hc_settle_no_fact(r, settle_is_unknown(r, err) ? "unknown"
                                                       : settle_code(r, err),
                          settle_sentence(r, err));
    }
}

int hc_settle_call(struct hc_reconcile *r, int err)
{
    if (r->ask == ASK_CLUSTERS) {
        hc_ask_end(r);
        hc_settle_gone(r);
        return err == HEADCOUNT_ENOMEM ? err : 0;
    }
    if (settle_falls_back(r, err))
        return 0;
    hc_call_strike(&r->call, r->error.what);
    if (r->ask == ASK_UPDATE)
        hc_settle_place(r, settle_may_be_written(r, err));
    if (err != HEADCOUNT_ENOMEM)
        settle_call(r, err);
    hc_ask_end(r);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}
