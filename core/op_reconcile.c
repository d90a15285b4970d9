/* op_reconcile.c - HEADCOUNT_RECONCILE: an event or names become clusters, and
 * those are reconciled one after another.
 *
 *   start   the event is read, names and wishes are checked, nothing is sent
 *   step    credentials once, then cluster by cluster
 *   report  when the last is done
 */
#include "op.h"

#include <string.h>

#include "aws/endpoint.h"
#include "reconcile/hold.h"

#define RECONCILE_JSON ((size_t)64 << 20)
#define RECONCILE_WISHES 10000

/* ---- start: wishes ---- */

static int op_put_allow(headcount_op *op, unsigned *allow)
{
    *allow = 0;
    for (size_t i = 0; i < op->request.allow_n; i++)
        if (!hc_hold_allow(hc_str(op->request.allow[i]), allow))
            return hc_error_set(&op->error, HC_ECONFIG, "no hold \"%s\" can be "
                                "allowed: see the holds in headcount(1)",
                                op->request.allow[i]);
    return 0;
}

static int op_put_wishes(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    unsigned allow;
    int err = op_put_allow(op, &allow);

    if (err < 0)
        return err;
    if (op->request.wishes_n == 0 || op->request.wishes_n > RECONCILE_WISHES)
        return hc_error_set(&op->error, HC_ECONFIG, "%zu services are named: "
                            "it takes 1 to %d", op->request.wishes_n,
                            RECONCILE_WISHES);
    r->wishes = hc_keep_zero(&op->keep,
                             op->request.wishes_n * sizeof *r->wishes);
    if (r->wishes == NULL)
        return HC_ENOMEM;
    for (size_t i = 0; i < op->request.wishes_n; i++) {
        const struct headcount_wish *w = &op->request.wishes[i];

        r->wishes[i] = (struct hc_wish){
            .service = hc_str(w->service), .where = hc_str(w->where),
            .rule = { .kind = w->rule == HEADCOUNT_FIXED ? RULE_FIXED
                                                         : RULE_PER_HOST,
                      .tasks = w->tasks, .max_step_down = w->max_step_down,
                      .max_step_up = w->max_step_up },
            .allow = allow,
        };
    }
    return 0;
}

/* ---- start: clusters and region ---- */

static int op_skip(headcount_op *op, const char *why)
{
    op->outcome.skipped_event = why;
    return 1;
}

static struct hc_str op_region(const headcount_op *op)
{
    const struct op_reconcile *r = &op->as.reconcile;

    if (op->request.region != NULL)
        return hc_str(op->request.region);
    if (op->h->config.region.n > 0)
        return op->h->config.region;
    if (r->has_event && r->event.region.n > 0)
        return r->event.region;
    for (size_t i = 0; i < r->clusters_n; i++)
        if (r->names[i].region.n > 0)
            return r->names[i].region;
    return (struct hc_str){ NULL, 0 };
}

static bool op_is_foreign(const struct op_reconcile *r, struct hc_str region)
{
    return region.n > 0 && r->region.n > 0 && !hc_str_eq(region, r->region);
}

/* Why this cluster of an event is somebody else's, or NULL. */
static const char *op_foreign(const struct op_reconcile *r,
                              const struct hc_arn *arn)
{
    if (r->has_event && r->event.account.n > 0 && arn->account.n > 0 &&
        !hc_str_eq(arn->account, r->event.account))
        return "foreign_account";
    return op_is_foreign(r, arn->region) ? "foreign_region" : NULL;
}

/* A cluster of another region than the one we may speak to: an event about
 * such alone is somebody else's; who names one himself is told. */
static int op_check_region(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    const char *why = NULL;
    size_t foreign = 0;

    if (r->has_event && op_is_foreign(r, r->event.region))
        return op_skip(op, "foreign_region");
    for (size_t i = 0; i < r->clusters_n; i++) {
        const struct hc_arn *arn = &r->names[i];

        if (op_foreign(r, arn) == NULL)
            continue;
        if (!r->has_event)
            return hc_error_set(&op->error, HC_ECONFIG, "cluster %.*s is in "
                                "region %.*s, and the region is set to %.*s",
                                HC_STR_ARG(arn->text), HC_STR_ARG(arn->region),
                                HC_STR_ARG(r->region));
        why = op_foreign(r, arn);
        foreign++;
    }
    return foreign > 0 && foreign == r->clusters_n ? op_skip(op, why) : 0;
}

/* By its name and by its ARN it is one cluster, and gets one reconcile. */
static void op_drop_twins(struct op_reconcile *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->clusters_n; i++) {
        size_t at = 0;

        while (at < n && (!hc_arn_same_place(&r->names[at], &r->names[i]) ||
                          op_foreign(r, &r->names[at]) != NULL ||
                          op_foreign(r, &r->names[i]) != NULL))
            at++;
        if (at == n)
            r->names[n++] = r->names[i];
        else if (!hc_arn_is_full(&r->names[at]))
            r->names[at] = r->names[i];
    }
    r->clusters_n = n;
}

/* ---- start: the event ---- */

static struct hc_memory_key op_version_key(const struct op_reconcile *r)
{
    return (struct hc_memory_key){ .kind = MEMORY_VERSION,
                                   .place = r->event.instance_arn };
}

static bool op_is_duplicate(headcount_op *op)
{
    const struct op_reconcile *r = &op->as.reconcile;
    struct hc_memory_key key = op_version_key(r);

    return op->request.drop_duplicates && r->event.version >= 0 &&
           r->event.instance_arn.n > 0 &&
           hc_memory_has_version(&op->h->memory, &key, r->event.version);
}

/* Only what was reconciled without a failure may be dropped next time. */
static void op_note_version(headcount_op *op)
{
    const struct op_reconcile *r = &op->as.reconcile;
    struct hc_memory_key key = op_version_key(r);

    if (r->has_event && r->event.version >= 0 && r->event.instance_arn.n > 0 &&
        op->outcome.summary[HEADCOUNT_FAILED] == 0 &&
        op->outcome.skipped_event == NULL && !op->request.dry_run)
        hc_memory_put_version(&op->h->memory, &key, r->event.version);
}

static int op_read_event(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    int err = hc_event_get(&r->event, &op->h->net.sys.alloc,
                           hc_str_n(op->request.event, op->request.event_size),
                           &op->error);

    r->has_event = true;
    if (err < 0)
        return err;
    switch (r->event.kind) {
    case EVENT_SKIPPED:
        return op_skip(op, r->event.skipped.p);
    case EVENT_NONE:
    case EVENT_SWEEP:
        return hc_error_set(&op->error, HC_ECONFIG, "the scheduled event names "
                            "no cluster: give the rule an input such as "
                            "{\"cluster\": \"NAME\"}");
    case EVENT_CLUSTERS:
        break;
    }
    if (op_is_duplicate(op))
        return op_skip(op, "duplicate");
    return 0;
}

static int op_take_names(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    size_t n = r->has_event ? r->event.clusters_n : op->request.clusters_n;
    int err = 0;

    r->names = hc_keep_zero(&op->keep, n * sizeof *r->names);
    if (r->names == NULL)
        return HC_ENOMEM;
    r->clusters_n = n;
    for (size_t i = 0; err == 0 && i < n; i++)
        err = hc_arn_cluster(&r->names[i],
                             r->has_event ? r->event.clusters[i]
                                          : hc_str(op->request.clusters[i]),
                             &op->error);
    return err;
}

/* Where the calls will go to has to be known before any target is tried. */
static int op_check_endpoint(headcount_op *op)
{
    struct hc_call_config call = hc_op_call_config(op);
    const struct hc_config *config = &op->h->config;
    const struct hc_service *ecs = hc_service_at(HC_SERVICE_ECS);
    const struct hc_endpoint_ask ask = {
        .service = ecs, .region = call.region,
        .url = call.endpoint_url.n > 0 ? call.endpoint_url
                                       : hc_config_url(config, ecs),
        .use_fips = config->use_fips, .use_dualstack = config->use_dualstack,
    };
    struct hc_place *place = NULL;
    int err = hc_client_place(&op->h->client, &ask, &place, &op->error);

    hc_client_leave(place);
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

/* ---- start: one reconcile a cluster ---- */

static int op_begin_cluster(headcount_op *op, size_t at)
{
    struct op_reconcile *r = &op->as.reconcile;
    const struct hc_reconcile_config config = {
        .cluster = r->names[at].text, .foreign = op_foreign(r, &r->names[at]),
        .wishes = r->wishes, .wishes_n = op->request.wishes_n,
        .by = op->request.hosts == HEADCOUNT_REGISTERED ? HOSTS_REGISTERED
                                                        : HOSTS_ACTIVE,
        .dry_run = op->request.dry_run, .paused = op->request.paused,
        .event = r->has_event ? &r->event : NULL,
        .call = hc_op_call_config(op), .memory = &op->h->memory,
        .ask_targets = op->request.ask_targets && op_has_scaling(op),
        .audit = op->h->audit,
    };
    struct hc_reconcile *one = hc_alloc(&op->h->net.sys.alloc, sizeof *one);

    if (one == NULL)
        return HC_ENOMEM;
    r->clusters[at] = one;
    r->begun = at + 1;
    return hc_reconcile_start(one, &op->h->net, &op->job, &config, &op->error);
}

static int op_begin_clusters(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    int err = 0;

    r->clusters = hc_keep_zero(&op->keep,
                               r->clusters_n * sizeof *r->clusters);
    if (r->clusters == NULL)
        return HC_ENOMEM;
    for (size_t i = 0; err == 0 && i < r->clusters_n; i++)
        err = op_begin_cluster(op, i);
    return err;
}

/* ---- report ---- */

static void op_put_services(struct headcount_service *to,
                            const struct hc_report_cluster *from)
{
    for (size_t i = 0; i < from->services_n; i++) {
        const struct hc_report_service *s = &from->services[i];

        to[i] = (struct headcount_service){
            .service = s->service,
            .outcome = (enum headcount_result)s->outcome,
            .code = s->code, .reason = s->reason,
            .desired_before = s->desired_before, .wanted = s->wanted,
            .running = s->running, .pending = s->pending, .rule = s->rule,
            .way_out = s->way_out, .hosts_counted = s->hosts_counted,
            .hosts_by = s->hosts_by, .hosts_filter = s->hosts_filter,
        };
    }
}

static int op_put_clusters(headcount_op *op,
                           const struct hc_report_cluster *const *from,
                           size_t n)
{
    struct headcount_cluster *to = hc_keep_zero(&op->keep, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++) {
        struct headcount_service *services =
            hc_keep_zero(&op->keep, from[i]->services_n * sizeof *services);

        if (services == NULL && from[i]->services_n > 0)
            return HC_ENOMEM;
        op_put_services(services, from[i]);
        to[i] = (struct headcount_cluster){
            .arn = from[i]->arn, .name = from[i]->name,
            .error_code = from[i]->error_code, .error = from[i]->error,
            .services = services, .services_n = from[i]->services_n,
        };
    }
    op->outcome.clusters = to;
    op->outcome.clusters_n = to != NULL ? n : 0;
    return to == NULL && n > 0 ? HC_ENOMEM : 0;
}

static int op_report(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    const struct hc_report_cluster **all =
        hc_keep_zero(&op->keep, r->begun * sizeof *all);

    if (all == NULL && r->begun > 0)
        return HC_ENOMEM;
    for (size_t i = 0; i < r->begun; i++)
        all[i] = &r->clusters[i]->result;
    const struct hc_report report = {
        .dry_run = op->request.dry_run,
        .skipped_event = op->outcome.skipped_event,
        .clusters = all, .clusters_n = r->begun, .stats = op->stats,
        .elapsed_us = hc_now(&op->h->net.sys) - op->started,
    };
    int err = op_put_clusters(op, all, r->begun);

    hc_report_sum(&report, op->outcome.summary);
    op_note_version(op);
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

static int op_prepare(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;
    int err = op_put_wishes(op);

    if (err == 0 && op->request.event != NULL)
        err = op_read_event(op);
    if (err == 0)
        err = op_take_names(op);
    if (err != 0)
        return err;
    r->region = op_region(op);
    err = op_check_region(op);
    op_drop_twins(r);
    if (err == 0)
        err = op_check_endpoint(op);
    return err == 0 ? op_begin_clusters(op) : err;
}

int hc_op_reconcile_start(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    hc_credentials_init(&r->creds, &op->h->net.sys.alloc);
    hc_buf_init(&r->json, &op->h->net.sys.alloc, RECONCILE_JSON);
    int err = op_prepare(op);

    return err == 1 ? op_report(op) : err;
}

static int op_check_creds(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    const struct hc_creds_ask ask = { .link = &r->link, .job = &op->job };
    int got = 1;

    if (r->checked || op->h->no_sign)
        return 1;
    got = hc_creds_get(&op->h->client.creds, &ask, now, &r->creds, &op->error);
    hc_credentials_fini(&r->creds);
    r->checked = got == 1;
    return got;
}

/* ---- one reconcile a cluster at a time, whoever asks for it ---- */

static bool op_lane_is(const headcount_op *op, const headcount_op *other)
{
    const struct op_reconcile *mine = &op->as.reconcile;
    const struct op_reconcile *theirs = &other->as.reconcile;

    return other != op && other->request.kind == HEADCOUNT_RECONCILE &&
           theirs->inside && hc_str_eq(mine->region, theirs->region) &&
           hc_str_eq(mine->names[mine->at].name,
                     theirs->names[theirs->at].name);
}

/* Past its deadline it goes on: it then starts nothing. */
static bool op_enter(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    const headcount_op *other = op->h->ops;

    if (r->inside)
        return true;
    while (other != NULL && !op_lane_is(op, other))
        other = other->next;
    r->inside = other == NULL;
    if (r->inside || r->cancelled || now >= op->deadline)
        return true;
    hc_link_wait(&op->h->lanes, &r->lane, &op->job);
    hc_job_at(&op->job, op->deadline);
    return false;
}

static void op_leave(headcount_op *op)
{
    struct op_reconcile *r = &op->as.reconcile;

    hc_link_drop(&r->lane);
    if (r->inside)
        hc_links_wake(&op->h->lanes);
    r->inside = false;
}

int hc_op_reconcile_step(headcount_op *op, int64_t now)
{
    struct op_reconcile *r = &op->as.reconcile;
    int got = op_check_creds(op, now);

    while (got == 1 && r->at < r->clusters_n) {
        if (!op_enter(op, now))
            return 0;
        got = hc_reconcile_step(r->clusters[r->at], now);
        if (got != 0)
            op_leave(op);
        if (got == 1)
            r->at++;
    }
    if (got == HC_ENOMEM)
        hc_error_set(&op->error, HC_ENOMEM, "out of memory in a reconcile");
    return got == 1 ? op_report(op) : got;
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

    hc_link_drop(&r->link);
    op_leave(op);
    for (size_t i = 0; i < r->begun; i++) {
        hc_reconcile_fini(r->clusters[i]);
        hc_free(&op->h->net.sys.alloc, r->clusters[i], sizeof **r->clusters);
    }
    hc_event_fini(&r->event);
    hc_credentials_fini(&r->creds);
    hc_buf_fini(&r->json);
}
