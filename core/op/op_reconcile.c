/* op/op_reconcile.c - an event or names become clusters, and those are
 * reconciled one after another.
 *
 *   start   the event is read, names and wishes are checked, nothing is sent
 *   step    credentials once, then cluster by cluster: each one's run begins
 *           when its turn comes, and only its result stays
 *   report  when the last is done
 */
#include "op/op_reconcile.h"

#include <string.h>

#include "aws/endpoint.h"
#include "base/text.h"
#include "op/op_event.h"
#include "op/op_lock.h"
#include "op/op_policy.h"
#include "op/op_request.h"
#include "op/op_targets.h"
#include "op/op_wishes.h"
#include "reconcile/missing.h"
#include "reconcile/snapshot.h"
#include "reconcile/sweep.h"

static const struct op_class op_reconcile_class;

static struct op_reconcile *reconcile_of(headcount_op *op)
{
    return (struct op_reconcile *)op;
}

/* An endpoint that somebody set for ECS is no AWS but a test peer or a proxy.
 * Application Auto Scaling is only asked if an endpoint was set for it too:
 * otherwise a test would call the real AWS. */
static bool op_has_scaling(const struct op_reconcile *r)
{
    struct hc_service_set *s = &r->op.h->client.services;
    struct hc_config *config = &r->op.h->config;
    const struct hc_service *ecs = hc_service_set_own(s, HC_SERVICE_ECS);
    const struct hc_service *scaling =
        hc_service_set_own(s, HC_SERVICE_SCALING);
    struct hc_str its, ecss;

    /* A URL that cannot be used is the failure of the call that needs it. */
    return r->request.endpoint_url != NULL ||
           hc_config_url(config, scaling, &its, NULL) < 0 || its.n > 0 ||
           hc_config_url(config, ecs, &ecss, NULL) < 0 || ecss.n == 0;
}

/* ECS allows an account so many calls: reconciles keep to a share of them. */
static struct hc_call_config op_calls(struct op_reconcile *r)
{
    struct hc_call_config config = hc_op_call_config(&r->op);

    if (config.region.n == 0)
        config.region = r->region;
    config.paced = true;
    return config;
}

static bool op_is_dry(const struct op_reconcile *r, size_t at)
{
    return r->request.dry_run ||
           (r->request.snapshot == NULL && hc_op_event_is_dry(r, at));
}

/* ---- the run of one cluster ---- */

static int op_begin_run(struct op_reconcile *r, size_t at)
{
    const struct hc_alloc *alloc = &r->op.h->net.sys.alloc;
    const struct headcount_reconcile *request = &r->request;
    const bool live = request->snapshot == NULL;
    const bool child = r->op.parent != NULL;
    const char *foreign = live ? hc_op_targets_foreign(r, at) : NULL;
    const struct hc_run_config config = {
        .cluster = r->names[at].text,
        .foreign = foreign,
        .foreign_why =
            foreign != NULL ? hc_op_targets_foreign_why(r, at) : NULL,
        /* AWS named the cluster, in the list of a sweep or in an event of ECS,
         * and no person: one that is gone meanwhile is no typo. */
        .found = live && (child ? r->sweep.found
                                : r->has_event && !hc_op_event_names(r, at)),
        .lists = child ? r->sweep.lists : at < HC_OP_LISTS,
        /* The ARN of a role says its account.  The account of the handle's own
         * credentials is known only after ECS has answered once. */
        .account = request->assume_role != NULL
                       ? hc_role_account(hc_str(request->assume_role))
                       : hc_str(r->op.h->account),
        .expect_account = !live ? HC_STR("")
                          : request->expect_account != NULL
                              ? hc_str(request->expect_account)
                              : hc_role_account(hc_str(request->assume_role)),
        .wishes = r->wishes,
        .wishes_n = r->wishes_n,
        .asks = request->policy,
        .policy_sha256 = hc_str(request->policy_sha256),
        .verify = request->verify,
        .record = request->record,
        .explain = request->explain,
        .only = hc_str(request->only),
        .dry_run = op_is_dry(r, at),
        .paused = request->paused,
        .event = live && r->has_event
                     ? &r->records.clusters[r->causes[at]].newest->event
                     : NULL,
        .call = op_calls(r),
        .memory = live ? &r->op.h->memory : NULL,
        .brake = hc_op_brake(&r->op),
        .brake_at = r->sweep.at,
        .snapshot = hc_str_n(request->snapshot, request->snapshot_size),
        .ask_definitions =
            request->constraints == HEADCOUNT_CONSTRAINTS_DEFAULT
                ? request->policy
                : request->constraints == HEADCOUNT_CONSTRAINTS_ALL,
        .ask_targets = request->ask_targets && op_has_scaling(r),
        .audit =
            live ? r->op.h->audit : (struct hc_audit_to){ NULL, NULL, NULL },
    };

    r->current = hc_alloc(alloc, sizeof *r->current);
    if (r->current == NULL)
        return HEADCOUNT_ENOMEM;
    int err = hc_reconcile_start(r->current, &r->op.h->net, &r->op.job,
                                 &config, &r->op.error);

    if (err == 0 && r->cancelled)
        hc_reconcile_cancel(r->current, hc_now(&r->op.h->net.sys));
    return err;
}

static void op_end_run(struct op_reconcile *r)
{
    if (r->current == NULL)
        return;
    hc_reconcile_fini(r->current);
    hc_free(&r->op.h->net.sys.alloc, r->current, sizeof *r->current);
    r->current = NULL;
}

/* Begins a run for each cluster and ends it again.  That checks each wish
 * against each cluster before anything is sent: otherwise a mistake that shows
 * at the tenth cluster would come after nine clusters were written.  A run
 * takes 16 KiB, so with several clusters only one exists at a time, and each
 * begins anew when its turn comes. */
static int op_check_clusters(struct op_reconcile *r)
{
    int err;

    r->results = hc_arena_zero(&r->op.arena,
                               r->clusters_n * sizeof *r->results);
    r->ran = hc_arena_zero(&r->op.arena, r->clusters_n * sizeof *r->ran);
    err = hc_arena_error(&r->op.arena);
    for (size_t i = 0; err == 0 && i < r->clusters_n; i++) {
        op_end_run(r);
        err = op_begin_run(r, i);
    }
    if (r->clusters_n > 1)
        op_end_run(r);
    return err;
}

/* A cluster for which ECS answered belongs to the account of the credentials.
 * Clusters of a role or of a snapshot say nothing about the account of the
 * handle's own credentials. */
static void op_keep_account(struct op_reconcile *r)
{
    struct hc_str account = r->current->run.account;
    struct hc_arn arn;

    if (r->account[0] != '\0' || r->request.assume_role != NULL ||
        r->request.snapshot != NULL)
        return;
    if (account.n == 0 && r->current->run.known &&
        r->current->run.result.error_code == NULL &&
        hc_arn_cluster(&arn, hc_str(r->current->run.result.arn), NULL) == 0)
        account = arn.account;
    if (account.n < sizeof r->account)
        hc_fmt(r->account, sizeof r->account, "%.*s", HC_STR_ARG(account));
}

/* The run of names[at] is over: its result is copied, and what it read is
 * freed. */
static int op_keep_run(struct op_reconcile *r)
{
    const struct hc_run *run = &r->current->run;

    r->ran[r->at] = (struct op_ran){ .dry = run->config.dry_run,
                                     .known = run->known };
    hc_report_copy(&r->results[r->at], &run->result, &r->op.arena);
    op_keep_account(r);
    /* A run that failed has read only some facts: a plan on those would be
     * another plan. */
    if (r->request.record && run->result.error_code == NULL)
        hc_reconcile_put_snapshot(r->current, &r->snapshot);
    op_end_run(r);
    return hc_arena_error(&r->op.arena);
}

/* ---- report ---- */

/* Services that a person named and that none of these clusters has.  An event
 * of a cluster without the service is no typo: one name may be meant for every
 * cluster of an account.  A sweep asks this of all its parts together, and a
 * snapshot records what is there. */
static int op_put_missing(struct op_reconcile *r)
{
    bool named = r->request.event == NULL && r->op.parent == NULL &&
                 !r->request.record;
    struct hc_missing missing;
    int err = hc_missing_init(&missing, &r->op.arena, r->wishes,
                              named ? r->wishes_n : 0);

    for (size_t i = 0; err == 0 && i < r->at; i++)
        hc_missing_note(&missing, &r->results[i]);
    if (err == 0)
        r->op.outcome.missing_services =
            hc_missing_list(&missing, &r->op.arena,
                            &r->op.outcome.missing_services_n);
    return err == 0 ? hc_arena_error(&r->op.arena) : err;
}

/* True: the request or each event asked for no write. */
static bool op_was_dry(const struct op_reconcile *r)
{
    bool dry = r->request.dry_run || r->at > 0;

    for (size_t i = 0; i < r->at && !r->request.dry_run; i++)
        dry = dry && r->ran[i].dry;
    return dry;
}

static int op_report(struct op_reconcile *r)
{
    const size_t n = r->at;
    const struct headcount_cluster **all =
        hc_arena_zero(&r->op.arena, n * sizeof *all);

    if (all == NULL && n > 0)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < n; i++)
        all[i] = &r->results[i];
    int err = op_put_missing(r);
    const struct hc_report report = {
        .dry_run = op_was_dry(r),
        .skipped_event = r->op.outcome.skipped_event,
        .skipped_because = r->op.outcome.skipped_because,
        .clusters = all, .clusters_n = n, .stats = r->op.stats,
        .missing_services = r->op.outcome.missing_services,
        .missing_services_n = r->op.outcome.missing_services_n,
        .records = r->records.wrapped ? &r->records : NULL,
        .elapsed_us = hc_now(&r->op.h->net.sys) - r->op.started,
    };

    r->op.outcome.clusters = r->results;
    r->op.outcome.clusters_n = n;
    if (r->snapshot.n > 0) {
        r->op.outcome.snapshot = hc_buf_z(&r->snapshot);
        r->op.outcome.snapshot_size = r->snapshot.n;
    }
    if (err == 0)
        err = hc_buf_error(&r->snapshot);
    if (err == 0)
        err = hc_op_event_settle(r);
    r->op.outcome.dry_run = report.dry_run;
    hc_report_sum(&report, r->op.outcome.summary);
    hc_report_put(&r->json, &report);
    if (err == 0)
        err = hc_buf_error(&r->json);
    if (err < 0)
        return hc_error_set(&r->op.error, err,
                            "the report could not be written: "
                            "%s",
                            hc_error_sentence(err));
    r->op.outcome.json = hc_buf_z(&r->json);
    r->op.outcome.json_size = r->json.n;
    return 1;
}

/* ---- start and step ---- */

/* Checks all that can be checked without a call and without a region: a request
 * that is wrong fails before anything is sent. */
static int op_reconcile_prepare(headcount_op *op)
{
    struct op_reconcile *r = reconcile_of(op);
    const struct headcount_reconcile *request = &r->request;

    hc_credentials_init(&r->creds, &op->h->net.sys.alloc);
    hc_buf_init(&r->json, &op->h->net.sys.alloc, HC_OP_JSON);
    hc_buf_init(&r->snapshot, &op->h->net.sys.alloc, HC_SNAPSHOT_BYTES);
    hc_buf_init(&r->failures, &op->h->net.sys.alloc, HC_EVENT_BYTES);
    int err = hc_op_request_check(op, request);

    /* A sweep has checked the wishes, and keeps them for all its parts. */
    if (op->parent != NULL) {
        r->wishes = r->sweep.wishes;
        r->wishes_n = r->sweep.wishes_n;
    } else if (err == 0) {
        err = hc_op_put_wishes(op, request, &r->wishes, &r->wishes_n);
    }
    if (err == 0 && request->event != NULL)
        err = hc_op_event_read(r);
    if (err == 0)
        err = hc_op_targets(r);
    return err == 1 ? op_report(r) : err;
}

static bool op_reconcile_lacks_region(headcount_op *op)
{
    const struct op_reconcile *r = reconcile_of(op);

    return r->request.snapshot == NULL && r->region.n == 0;
}

static int op_reconcile_start(headcount_op *op)
{
    struct op_reconcile *r = reconcile_of(op);
    const bool live = r->request.snapshot == NULL;   /* else none is signed */
    int err = hc_op_find_creds(op, live);

    if (r->region.n == 0 && live)
        r->region = op->h->config.region;          /* it was located */
    if (err == 0 && live)
        err = hc_op_check_endpoint(op, op_calls(r).region);
    if (err == 0)
        err = op_check_clusters(r);
    return err == 1 ? op_report(r) : err;
}

/* Gets the credentials once, before any cluster.  Without them every cluster
 * would fail with the same sentence; like this the op fails with it once,
 * before any target was tried. */
static int op_check_creds(struct op_reconcile *r, int64_t now)
{
    int got = 1;

    if (r->checked || r->op.h->no_sign || r->request.snapshot != NULL ||
        r->cancelled || now >= r->op.deadline)   /* nothing is begun then */
        return 1;
    const struct hc_call_config config = hc_op_call_config(&r->op);
    const struct hc_creds_ask ask = {
        .waiter = &r->waiter, .job = &r->op.job,
        .stats = config.stats, .timings = config.timings,
    };

    got = hc_creds_get(r->op.creds, &ask, now, &r->creds, &r->op.error);
    hc_credentials_fini(&r->creds);
    r->checked = got == 1;
    hc_job_at(&r->op.job, r->op.deadline);
    return got;
}

/* After a cancel or the deadline the owner is not asked: nothing may begin. */
static int op_step_cluster(struct op_reconcile *r, int64_t now)
{
    int got = r->current == NULL ? op_begin_run(r, r->at) : 0;

    if (got == 0)
        got = hc_reconcile_step(r->current, now);
    if (got != HC_RECONCILE_ASKS)
        return got;
    if (!r->cancelled && now < r->op.deadline) {
        hc_op_policy_ask(r);
        return HC_OP_ASKS;
    }
    hc_reconcile_refuse(r->current, r->cancelled ? "cancelled" : "deadline",
                        r->cancelled ? "cancelled before its policy decided"
                                     : "the deadline passed before its policy "
                                       "decided");
    return hc_reconcile_step(r->current, now);
}

static int op_reconcile_step(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = reconcile_of(op);
    int got = op_check_creds(r, now);
    bool waited = false;

    while (got == 1 && r->at < r->clusters_n) {
        if (waited)                    /* this op's next cluster comes after */
            hc_job_wake(&op->job);
        if (!r->inside && hc_op_targets_drop_twin(r, op_is_dry(r, r->at)))
            continue;
        if (waited || !hc_op_lock(r, now)) {
            op_end_run(r);               /* a run that waits is large */
            return 0;
        }
        got = op_step_cluster(r, now);
        if (got == HC_OP_ASKS)
            return got;
        waited = got != 0 && hc_op_unlock(r);
        if (got == 1 && op_keep_run(r) < 0)
            got = HEADCOUNT_ENOMEM;
        if (got == 1)
            r->at++;
    }
    if (got == HEADCOUNT_ENOMEM)
        hc_error_set(&op->error, HEADCOUNT_ENOMEM,
                     "out of memory in a reconcile");
    if (got != 1)
        return got;
    if (op->h->account[0] == '\0')
        memcpy(op->h->account, r->account, sizeof r->account);
    return op_report(r);
}

static void op_reconcile_resume(headcount_op *op)
{
    hc_op_policy_resume(reconcile_of(op));
}

static void op_reconcile_cancel(headcount_op *op)
{
    struct op_reconcile *r = reconcile_of(op);

    r->cancelled = true;
    if (r->current != NULL)
        hc_reconcile_cancel(r->current, hc_now(&op->h->net.sys));
}

static void op_reconcile_free(headcount_op *op)
{
    struct op_reconcile *r = reconcile_of(op);

    hc_waiter_leave(&r->waiter);
    hc_op_unlock(r);
    op_end_run(r);
    hc_op_policy_fini(r);
    hc_records_fini(&r->records);
    hc_buf_fini(&r->failures);
    hc_credentials_fini(&r->creds);
    hc_buf_fini(&r->json);
    hc_buf_fini(&r->snapshot);
}

static const struct op_class op_reconcile_class = {
    .size = sizeof(struct op_reconcile), .start = op_reconcile_start,
    .prepare = op_reconcile_prepare,
    .lacks_region = op_reconcile_lacks_region,
    .step = op_reconcile_step, .resume = op_reconcile_resume,
    .cancel = op_reconcile_cancel, .free = op_reconcile_free,
};

/* ---- begin ---- */

int headcount_begin_reconcile(headcount *h, headcount_op **out,
                              const struct headcount_reconcile *reconcile,
                              struct headcount_error *error)
{
    struct headcount_reconcile r = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    int err = hc_op_request_take(&r, reconcile, &e);

    *out = NULL;
    if (err == 0 && r.event == NULL && r.clusters_n == 0 && r.snapshot == NULL)
        err = hc_error_set(&e, HEADCOUNT_EARG, "none of clusters, event and "
                           "snapshot says which cluster");
    if (err == 0) {
        const struct hc_op_params params = hc_op_request_params(&r);
        headcount_op *op = hc_op_new(h, &op_reconcile_class, &params);

        if (op != NULL) {
            hc_op_request_copy(op, &r);
            hc_brake_limit(&op->brake, r.max_changes, r.max_falls, false);
            reconcile_of(op)->request = r;
        }
        err = hc_op_begin(op, out, &e);
        if (err == 0)
            reconcile_of(op)->request.wishes = NULL;   /* the caller's */
    }
    hc_give_error(error, &e);
    return err;
}

headcount_op *hc_op_cluster_begin(headcount_op *sweep,
                                  const struct hc_op_cluster_params *params)
{
    const char *const clusters[] = { params->cluster };
    struct hc_op_params ours = hc_op_request_params(params->each);

    ours.user = NULL;
    ours.timeout = 0;
    ours.region = params->region;
    ours.assume_role = params->role;
    headcount_op *op = hc_op_new_child(sweep, &op_reconcile_class, &ours);
    struct op_reconcile *r = reconcile_of(op);

    if (op == NULL)
        return NULL;
    r->sweep = *params;
    r->request = *params->each;
    r->request.region = op->params.region;
    r->request.assume_role = op->params.assume_role;
    r->request.clusters = clusters;
    r->request.clusters_n = 1;
    hc_op_start(op);
    r->request.clusters = NULL;
    r->sweep.cluster = NULL;
    return op;
}

const struct headcount_cluster *hc_op_cluster_result(const headcount_op *op)
{
    return &((const struct op_reconcile *)op)->results[0];
}
