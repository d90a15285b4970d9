/* op/op_event.c - an event, or a queue's records of them: which clusters it
 * calls for, and after the run which of its records are done.
 *
 * A record that is done is deleted from its queue, so the rule is: done only if
 * each of its clusters was reconciled without a failure.  A record that is left
 * comes again, which is harmless, because counts are read afresh each time.
 */
#include "op/op_event.h"

#include "op/op_targets.h"

/* ---- which clusters ---- */

static struct hc_memory_key event_key(const struct hc_event_version *seen)
{
    return (struct hc_memory_key){ .kind = MEMORY_VERSION,
                                   .scope = seen->instance_arn };
}

/* True: one of its clusters needs no reconcile any more.  EventBridge delivers
 * at least once and in any order.  An event whose version is not newer than one
 * that was reconciled says nothing that this reconcile has not seen. */
static bool event_drop_known(struct op_reconcile *r)
{
    bool dropped = false;

    for (size_t i = 0; r->request.drop_duplicates &&
                       i < r->records.versions_n; i++) {
        const struct hc_event_version *seen = &r->records.versions[i];
        struct hc_memory_key key = event_key(seen);

        if (!hc_memory_has_version(&r->op.h->memory, &key, seen->version))
            continue;
        if (hc_records_drop(&r->records, seen->cluster))
            dropped = true;
        r->op.outcome.skipped_because = hc_arena_fmt(
            &r->op.arena,
            "version %lld of %.*s, or a newer one, was reconciled "
            "here already; a test event of Lambda's console needs another "
            "detail.version each time, or none",
            (long long)seen->version, HC_STR_ARG(seen->instance_arn));
    }
    return dropped;
}

static bool event_is_settled(const struct hc_records *b)
{
    for (size_t i = 0; i < b->clusters_n; i++)
        if (!b->clusters[i].settled)
            return false;
    return true;
}

#define EVENT_NO_CLUSTER "the scheduled event names no cluster: give the " \
    "rule an input such as {\"cluster\": \"NAME\"}, or say of which clusters " \
    "the sweep is (lambda and watch: HEADCOUNT_CLUSTERS or HEADCOUNT_ALL)"

static bool event_is_named(const struct headcount_reconcile *r, struct hc_str c)
{
    for (size_t i = 0; i < r->clusters_n; i++)
        if (hc_str_eqz(c, r->clusters[i]))
            return true;
    return r->clusters_n == 0;
}

bool hc_op_event_is_dry(const struct op_reconcile *r, size_t at)
{
    const struct hc_records *b = &r->records;

    for (size_t i = 0; i < b->clusters_n; i++)
        if (!b->clusters[i].settled && r->names_of[i] == at &&
            b->clusters[i].writers > 0)
            return false;
    return r->has_event;
}

bool hc_op_event_names(const struct op_reconcile *r, size_t at)
{
    const struct hc_records *b = &r->records;

    for (size_t i = 0; i < b->clusters_n; i++)
        if (!b->clusters[i].settled && r->names_of[i] == at &&
            b->clusters[i].named)
            return true;
    return false;
}

int hc_op_event_read(struct op_reconcile *r)
{
    enum headcount_sweep_state swept = r->request.swept;
    struct hc_records *b = &r->records;
    int err = hc_records_get(
        b, &r->op.h->net.sys.alloc,
        hc_str_n(r->request.event, r->request.event_size), &r->op.error);
    bool dropped, sound = true;

    r->has_event = true;
    if (err < 0)
        return err;
    if (b->sweeps && !b->wrapped && swept == HEADCOUNT_SWEPT_NOT)
        return hc_error_set(&r->op.error, HEADCOUNT_ECONFIG, "%s",
                            EVENT_NO_CLUSTER);
    /* Clusters that the request does not name are left for a later call. */
    for (size_t i = 0; i < b->clusters_n; i++)
        if (!event_is_named(&r->request, b->clusters[i].arn.text))
            hc_records_settle(b, i, false);
    dropped = event_drop_known(r);

    /* One record that cannot be understood does not stop the others: it is left
     * in its queue and says why. */
    hc_records_settle_sweep(b, swept == HEADCOUNT_SWEPT_WELL);
    for (size_t i = 0; i < b->records_n; i++) {
        struct hc_record *record = &b->records[i];

        if (record->sweeps && swept == HEADCOUNT_SWEPT_NOT)
            record->why = HC_STR(EVENT_NO_CLUSTER);
        sound = sound && record->why.n == 0;
    }
    if (!event_is_settled(b)) {
        r->op.outcome.skipped_because = NULL;
        return hc_arena_error(&r->op.arena);
    }
    if (!sound || !dropped)
        r->op.outcome.skipped_because = NULL;
    if (sound)
        r->op.outcome.skipped_event = dropped ? "duplicate" : b->skipped.p;
    return 1;
}

/* ---- what came of it ---- */

static bool event_went_well(const struct headcount_cluster *c)
{
    bool well = c->error_code == NULL;

    for (size_t i = 0; well && i < c->services_n; i++)
        well = c->services[i].outcome != HEADCOUNT_FAILED;
    return well;
}

/* A cluster of another region or account is done only with drop_foreign: with a
 * region that is set wrongly, all events would be foreign and the queue
 * would be emptied. */
static void event_settle_clusters(struct op_reconcile *r)
{
    for (size_t i = 0; i < r->records.clusters_n; i++) {
        if (r->records.clusters[i].settled)
            continue;
        size_t at = r->names_of[i];
        bool foreign = hc_op_targets_foreign(r, at) != NULL;

        r->records.clusters[i].foreign = foreign;
        hc_records_settle(&r->records, i, foreign
                            ? r->request.drop_foreign
                            : event_went_well(&r->results[at]));
    }
}

/* A record with a cluster of another region or account is left for that reason,
 * and says it. */
static int event_settle_foreign(struct op_reconcile *r)
{
    struct hc_records *b = &r->records;

    for (size_t i = 0; i < b->records_n; i++) {
        struct hc_record *record = &b->records[i];
        size_t at = record->link, end = at + record->links_n;

        while (at < end && !b->clusters[b->links[at]].foreign)
            at++;
        if (at == end)
            continue;
        r->op.outcome.foreign++;
        record->foreign = true;
        if (!r->request.drop_foreign && record->why.n == 0)
            record->why = hc_str(
                hc_op_targets_foreign_why(r, r->names_of[b->links[at]]));
    }
    return hc_arena_error(&r->op.arena);
}

/* Only an event whose cluster was reconciled without a failure may be dropped
 * next time: after a failure the same event, delivered again, is the retry.  A
 * dry run has written nothing, so it settles no event. */
static void event_note_versions(struct op_reconcile *r)
{
    for (size_t i = 0; r->at > 0 && !r->request.dry_run &&
                       i < r->records.versions_n; i++) {
        const struct hc_event_version *seen = &r->records.versions[i];
        struct hc_memory_key key = event_key(seen);

        if (r->records.clusters[seen->cluster].done)
            hc_memory_put_version(&r->op.h->memory, &key, seen->version);
    }
}

static int event_put_records(struct op_reconcile *r)
{
    const struct hc_records *b = &r->records;
    struct headcount_record *to = hc_arena_zero(&r->op.arena,
                                               b->records_n * sizeof *to);

    if (to == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < b->records_n; i++) {
        to[i] = (struct headcount_record){
            .id = b->records[i].id.p,
            .error = b->records[i].why.n > 0 ? b->records[i].why.p : NULL,
            .done = b->records[i].done, .foreign = b->records[i].foreign,
        };
        r->op.outcome.records_failed += !to[i].done;
    }
    r->op.outcome.records = to;
    r->op.outcome.records_n = b->records_n;
    return 0;
}

int hc_op_event_settle(struct op_reconcile *r)
{
    int err;

    if (!r->has_event)
        return 0;
    event_settle_clusters(r);
    event_note_versions(r);
    err = event_settle_foreign(r);
    if (err < 0 || !r->records.wrapped)
        return err;
    hc_records_judge(&r->records);
    err = event_put_records(r);
    if (err < 0)
        return err;
    if (hc_records_put_failures(&r->records, &r->failures)) {
        r->op.outcome.failures = hc_buf_z(&r->failures);
        r->op.outcome.failures_size = r->failures.n;
    }
    return hc_buf_error(&r->failures);
}
