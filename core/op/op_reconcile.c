/* op/op_reconcile.c - HEADCOUNT_RECONCILE: an event or names become clusters,
 * and those are reconciled one after another.
 *
 *   start   the event is read, names and wishes are checked, nothing is sent
 *   step    credentials once, then cluster by cluster
 *   report  when the last is done
 */
#include "op/op.h"

#include <string.h>

#include "aws/endpoint.h"
#include "base/text.h"
#include "reconcile/snapshot.h"

#define OP_LISTS 10                   /* so many ask which clusters there are */

/* ---- start: the endpoint ---- */

int hc_op_check_endpoint(headcount_op *op, struct hc_str region)
{
    const struct hc_config *config = &op->h->config;
    const struct hc_service *ecs = hc_service_at(HC_SERVICE_ECS);
    const struct hc_endpoint_ask ask = {
        .service = ecs, .region = region,
        .url = op->request.endpoint_url != NULL
                   ? hc_str(op->request.endpoint_url)
                   : hc_config_url(config, ecs),
        .use_fips = config->use_fips, .use_dualstack = config->use_dualstack,
    };
    struct hc_endpoint_slot *place = NULL;
    int err =
        hc_client_acquire_endpoint(&op->h->client, &ask, &place, &op->error);

    hc_client_release_endpoint(place);
    return err;
}

/* An endpoint that somebody named for ECS is no AWS: Auto Scaling is only asked
 * where it was named too. */
static bool op_has_scaling(const headcount_op *op)
{
    const struct hc_config *config = &op->h->config;
    const struct hc_service *ecs = hc_service_at(HC_SERVICE_ECS);
    const struct hc_service *scaling = hc_service_at(HC_SERVICE_SCALING);

    return op->request.endpoint_url != NULL ||
           hc_config_url(config, scaling).n > 0 ||
           hc_config_url(config, ecs).n == 0;
}

static bool op_heeds_all(const struct headcount_request *request)
{
    if (request->constraints == HEADCOUNT_CONSTRAINTS_DEFAULT)
        return request->policy;
    return request->constraints == HEADCOUNT_CONSTRAINTS_ALL;
}

/* ---- start: one reconcile a cluster ---- */

static const struct hc_event *op_event_of(const struct op_reconcile *r,
                                          size_t at)
{
    return r->has_event ? &r->records.clusters[r->causes[at]].newest->event
                        : NULL;
}

/* Among its sweep's clusters: it is the one that is being begun. */
static size_t op_turn(const headcount_op *op)
{
    return op->parent != NULL ? op->parent->as.sweep.begun - 1 : 0;
}

/* AWS told of it: by an event of its own, or to the sweep that listed it. */
static bool op_was_found(const headcount_op *op, size_t at)
{
    const struct op_reconcile *r = &op->as.reconcile;

    if (op->parent != NULL)
        return op->parent->as.sweep.lists;
    return r->has_event && !hc_op_is_named(r, at);
}

/* A person who misspells names reads a few sentences.  A sweep lists in any
 * case. */
static bool op_lists(const headcount_op *op, size_t at)
{
    return op->parent != NULL ? !op->parent->as.sweep.lists &&
                                op->parent->as.sweep.targets_n <= OP_LISTS
                              : at < OP_LISTS;
}

/* "arn:aws:iam::111122223333:role/NAME", or what ECS said before; n == 0: it is
 * not known. */
static struct hc_str op_account_called(const headcount_op *op)
{
    struct hc_str rest, part = HC_STR("");

    if (op->request.assume_role == NULL)
        return hc_str(op->h->account);
    rest = hc_str(op->request.assume_role);
    for (int i = 0; i < 5; i++)
        part = hc_str_cut(&rest, ':');
    return part;
}

/* A cluster that ECS answered for is of the credentials' account; what a
 * snapshot says, and a role's clusters, tell nothing of the handle's. */
static void op_learn_account(headcount_op *op)
{
    const struct op_reconcile *r = &op->as.reconcile;
    bool ours = op->request.assume_role == NULL && op->request.snapshot == NULL;
    struct hc_arn arn;

    for (size_t i = 0; ours && i < r->begun && op->h->account[0] == '\0';
         i++) {
        const struct hc_reconcile *one = r->clusters[i];
        struct hc_str account = one->account;

        if (account.n == 0 && one->known && one->result.error_code == NULL &&
            hc_arn_cluster(&arn, hc_str(one->result.arn), NULL) == 0)
            account = arn.account;
        if (account.n > 0 && account.n < sizeof op->h->account)
            hc_fmt(op->h->account, sizeof op->h->account, "%.*s",
                   HC_STR_ARG(account));
    }
}

static int op_begin_cluster(headcount_op *op, size_t at)
{
    struct op_reconcile *r = &op->as.reconcile;
    bool live = op->request.snapshot == NULL;
    const char *foreign = live ? hc_op_foreign(r, at) : NULL;
    const struct hc_reconcile_config config = {
        .cluster = r->names[at].text,
        .foreign = foreign,
        .foreign_why = foreign != NULL ? hc_op_foreign_why(op, at) : NULL,
        .found = live && op_was_found(op, at), .lists = op_lists(op, at),
        .account = op_account_called(op),
        .wishes = r->wishes, .wishes_n = r->wishes_n,
        .asks = op->request.policy,
        .policy_sha256 = hc_str(op->request.policy_sha256),
        .verify = op->request.verify,
        .dry_run = op->request.dry_run || (live && hc_op_is_dry(r, at)),
        .paused = op->request.paused,
        .event = live ? op_event_of(r, at) : NULL,
        .call = hc_op_call_config(op),
        .memory = live ? &op->h->memory : NULL,
        .brake = hc_op_brake(op), .brake_at = op_turn(op),
        .snapshot = hc_str_n(op->request.snapshot, op->request.snapshot_size),
        .ask_definitions = op_heeds_all(&op->request),
        .ask_targets = op->request.ask_targets && op_has_scaling(op),
        .audit = live ? op->h->audit : (struct hc_audit_to){ NULL, NULL, NULL },
    };
    struct hc_reconcile *one = hc_alloc(&op->h->net.sys.alloc, sizeof *one);

    if (one == NULL)
        return HEADCOUNT_ENOMEM;
    r->clusters[at] = one;
    r->begun = at + 1;
    return hc_reconcile_start(one, &op->h->net, &op->job, &config, &op->error);
}

static int op_begin_clusters(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    int err = 0;

    r->clusters = hc_arena_zero(&op->arena,
                               r->clusters_n * sizeof *r->clusters);
    if (r->clusters == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; err == 0 && i < r->clusters_n; i++)
        err = op_begin_cluster(op, i);
    return err;
}

/* ---- report ---- */

/* What the rows point to lives as long as the reconciles. */
static int op_put_clusters(headcount_op *op,
                           const struct headcount_cluster *const *from,
                           size_t n)
{
    struct headcount_cluster *to = hc_arena_zero(&op->arena, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = *from[i];
    op->outcome.clusters = to;
    op->outcome.clusters_n = to != NULL ? n : 0;
    return to == NULL && n > 0 ? HEADCOUNT_ENOMEM : 0;
}

/* A snapshot of what nothing is known of would be of no use. */
static int op_put_snapshot(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    if (!op->request.record || r->begun != 1 ||
        r->clusters[0]->result.error_code != NULL)
        return 0;
    hc_reconcile_put_snapshot(r->clusters[0], &r->snapshot);
    op->outcome.snapshot = hc_buf_z(&r->snapshot);
    op->outcome.snapshot_size = r->snapshot.n;
    return hc_buf_error(&r->snapshot);
}

/* Services that a person named and that none of these clusters has.  An event
 * of a cluster without the service is no typo: one name may be meant for every
 * cluster of an account.  A sweep asks this of all its parts together, and a
 * snapshot records what is there. */
static int op_put_missing(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    bool named = op->request.event == NULL && op->parent == NULL &&
                 !op->request.record;
    struct hc_missing missing;
    int err = hc_missing_init(&missing, &op->arena, r->wishes,
                              named ? r->wishes_n : 0);

    for (size_t i = 0; err == 0 && i < r->begun; i++)
        hc_missing_note(&missing, &r->clusters[i]->result);
    if (err == 0)
        op->outcome.missing_services =
            hc_missing_list(&missing, &op->arena,
                            &op->outcome.missing_services_n);
    return err == 0 ? hc_arena_error(&op->arena) : err;
}

/* Where it says so in the end nothing was written, whoever forbade it. */
static bool op_was_dry(const headcount_op *op)
{
    const struct op_reconcile *r = &op->as.reconcile;
    bool dry = op->request.dry_run || r->begun > 0;

    for (size_t i = 0; i < r->begun && !op->request.dry_run; i++)
        dry = dry && r->clusters[i]->config.dry_run;
    return dry;
}

static int op_report(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    const size_t n = r->begun;
    const struct headcount_cluster **all =
        hc_arena_zero(&op->arena, n * sizeof *all);

    if (all == NULL && n > 0)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < n; i++)
        all[i] = &r->clusters[i]->result;
    int err = op_put_missing(op);
    const struct hc_report report = {
        .dry_run = op_was_dry(op),
        .skipped_event = op->outcome.skipped_event,
        .skipped_because = op->outcome.skipped_because,
        .clusters = all, .clusters_n = n, .stats = op->stats,
        .missing_services = op->outcome.missing_services,
        .missing_services_n = op->outcome.missing_services_n,
        .records = r->records.wrapped ? &r->records : NULL,
        .elapsed_us = hc_now(&op->h->net.sys) - op->started,
    };

    if (err == 0)
        err = op_put_clusters(op, all, n);
    if (err == 0)
        err = op_put_snapshot(op);
    if (err == 0)
        err = hc_op_settle_event(op);
    op->outcome.dry_run = report.dry_run;
    hc_report_sum(&report, op->outcome.summary);
    hc_report_put(&r->json, &report);
    if (err == 0)
        err = hc_buf_error(&r->json);
    if (err < 0)
        return hc_error_set(&op->error, err, "the report could not be written: "
                            "%s", hc_error_sentence(err));
    op->outcome.json = hc_buf_z(&r->json);
    op->outcome.json_size = r->json.n;
    return 1;
}

/* ---- start and step ---- */

int hc_op_check_reconcile(headcount_op *op)
{
    int hosts = (int)op->request.hosts, whose = (int)op->request.constraints;

    if (hosts < HEADCOUNT_ACTIVE || hosts > HEADCOUNT_CONNECTED)
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "hosts %d is none of enum "
                            "headcount_hosts",
                            hosts);
    if (whose < HEADCOUNT_CONSTRAINTS_DEFAULT ||
        whose > HEADCOUNT_CONSTRAINTS_ALL)
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "constraints %d is none of "
                            "enum headcount_constraints",
                            whose);
    return 0;
}

/* A sweep has checked and kept them for all its parts. */
static int op_take_wishes(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    if (op->parent == NULL)
        return hc_op_put_wishes(op, &r->wishes, &r->wishes_n);
    r->wishes = op->parent->as.sweep.wishes;
    r->wishes_n = op->parent->as.sweep.wishes_n;
    return 0;
}

static int op_prepare(headcount_op *op)
{
    int err = hc_op_check_reconcile(op);

    if (err == 0)
        err = op_take_wishes(op);
    if (err == 0)
        err = hc_op_clusters(op);
    if (err == 0 && op->request.snapshot == NULL)
        err = hc_op_check_endpoint(op, hc_op_call_config(op).region);
    return err == 0 ? op_begin_clusters(op) : err;
}

int hc_op_reconcile_start(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    hc_credentials_init(&r->creds, &op->h->net.sys.alloc);
    hc_buf_init(&r->json, &op->h->net.sys.alloc, HC_OP_JSON);
    hc_buf_init(&r->snapshot, &op->h->net.sys.alloc, HC_SNAPSHOT_BYTES);
    hc_buf_init(&r->failures, &op->h->net.sys.alloc, HC_EVENT_BYTES);
    int err = op_prepare(op);

    return err == 1 ? op_report(op) : err;
}

static int op_check_creds(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    const struct hc_creds_ask ask = { .waiter = &r->waiter, .job = &op->job };
    int got = 1;

    if (r->checked || op->h->no_sign || op->request.snapshot != NULL ||
        r->cancelled || now >= op->deadline)   /* nothing is begun then */
        return 1;
    got = hc_creds_get(op->creds, &ask, now, &r->creds, &op->error);
    hc_credentials_fini(&r->creds);
    r->checked = got == 1;
    hc_job_at(&op->job, op->deadline);
    return got;
}

/* ---- one reconcile a cluster at a time, whoever asks for it ---- */

static bool op_lock_is(const headcount_op *op, const headcount_op *other)
{
    const struct op_reconcile *mine = &op->as.reconcile;
    const struct op_reconcile *theirs = &other->as.reconcile;

    return other != op && other->request.kind == HEADCOUNT_RECONCILE &&
           theirs->inside && hc_str_eq(mine->region, theirs->region) &&
           hc_str_eq(mine->names[mine->at].name,
                     theirs->names[theirs->at].name) &&
           hc_arn_same_place(&mine->names[mine->at],
                             &theirs->names[theirs->at]);
}

/* Past its deadline it goes on: it then starts nothing. */
static bool op_lock_cluster(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    bool room = op->h->inside < op->h->concurrency;
    const headcount_op *other = room ? op->h->ops : NULL;

    if (r->inside)
        return true;
    while (other != NULL && !op_lock_is(op, other))
        other = other->next;
    r->inside = room && other == NULL;
    op->h->inside += r->inside;
    if (r->inside || r->cancelled || now >= op->deadline)
        return true;
    hc_waiter_join(&op->h->cluster_locks, &r->cluster_lock, &op->job);
    hc_job_at(&op->job, op->deadline);
    return false;
}

/* True: somebody waited, and runs next. */
static bool op_unlock_cluster(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    bool waited = false;

    hc_waiter_leave(&r->cluster_lock);
    if (r->inside) {
        op->h->inside--;
        waited = hc_wait_queue_wake_one(&op->h->cluster_locks);
        hc_wait_queue_wake(&op->h->cluster_locks);
    }
    r->inside = false;
    return waited;
}

/* Its owner is not asked any more when nothing may begin any more. */
static int op_step_cluster(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    struct hc_reconcile *one = r->clusters[r->at];
    int got = hc_reconcile_step(one, now);

    if (got != HC_RECONCILE_ASKS)
        return got;
    if (!r->cancelled && now < op->deadline) {
        hc_op_ask(op);
        return HC_OP_ASKS;
    }
    hc_reconcile_refuse(one, r->cancelled ? "cancelled" : "deadline",
                        r->cancelled ? "cancelled before its policy decided"
                                     : "the deadline passed before its policy "
                                       "decided");
    return hc_reconcile_step(one, now);
}

int hc_op_reconcile_step(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    int got = op_check_creds(op, now);
    bool waited = false;

    while (got == 1 && r->at < r->clusters_n) {
        if (waited)                    /* this op's next cluster comes after */
            hc_job_wake(&op->job);
        if (!r->inside && hc_op_drop_twin(op))
            continue;
        if (waited || !op_lock_cluster(op, now))
            return 0;
        got = op_step_cluster(op, now);
        if (got == HC_OP_ASKS)
            return got;
        waited = got != 0 && op_unlock_cluster(op);
        if (got == 1)
            r->at++;
    }
    if (got == HEADCOUNT_ENOMEM)
        hc_error_set(&op->error, HEADCOUNT_ENOMEM,
                     "out of memory in a reconcile");
    if (got != 1)
        return got;
    op_learn_account(op);
    return op_report(op);
}

void hc_op_reconcile_cancel(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    r->cancelled = true;
    for (size_t i = r->at; i < r->begun; i++)
        hc_reconcile_cancel(r->clusters[i], hc_now(&op->h->net.sys));
}

void hc_op_reconcile_fini(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    hc_waiter_leave(&r->waiter);
    op_unlock_cluster(op);
    for (size_t i = 0; i < r->begun; i++) {
        hc_reconcile_fini(r->clusters[i]);
        hc_free(&op->h->net.sys.alloc, r->clusters[i], sizeof **r->clusters);
    }
    hc_op_ask_fini(op);
    hc_records_fini(&r->records);
    hc_buf_fini(&r->failures);
    hc_credentials_fini(&r->creds);
    hc_buf_fini(&r->json);
    hc_buf_fini(&r->snapshot);
}
