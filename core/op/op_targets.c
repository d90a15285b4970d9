/* op/op_targets.c - which clusters a reconcile is about: those that are named,
 * the event's, or a snapshot's own; and whether they are ours to look at.
 */
#include "op/op_targets.h"

#include "reconcile/snapshot.h"

/* ---- region ---- */

/* The envelope of the events that named the cluster. */
static const struct hc_records_cluster *
op_envelope(const struct op_reconcile *r, size_t at)
{
    return &r->records.clusters[r->causes[at]];
}

/* The region to call: an option beats the handle's setting, and that beats what
 * an event or an ARN says.  An event must never move the calls to a region that
 * nobody set up. */
static struct hc_str op_region(const struct op_reconcile *r)
{
    if (r->request.region != NULL)
        return hc_str(r->request.region);
    if (r->op.h->config.region.n > 0)
        return r->op.h->config.region;
    for (size_t i = 0; r->has_event && i < r->clusters_n; i++)
        if (op_envelope(r, i)->region.n > 0)
            return op_envelope(r, i)->region;
    for (size_t i = 0; i < r->clusters_n; i++)
        if (r->names[i].region.n > 0)
            return r->names[i].region;
    return (struct hc_str){ NULL, 0 };
}

static bool op_is_foreign(const struct op_reconcile *r, struct hc_str region)
{
    return region.n > 0 && r->region.n > 0 && !hc_str_eq(region, r->region);
}

/* The account of this cluster, as its event or its ARN says.  n == 0: neither
 * does, so it is the account of our credentials, whichever that is. */
static struct hc_str op_account(const struct op_reconcile *r, size_t at)
{
    if (r->has_event && op_envelope(r, at)->account.n > 0)
        return op_envelope(r, at)->account;
    return r->names[at].account;
}

/* True: it is known to be in another account than the expected one. */
static bool op_is_unexpected(const struct op_reconcile *r, size_t at)
{
    struct hc_str account = op_account(r, at);

    return r->request.expect_account != NULL && account.n > 0 &&
           !hc_str_eqz(account, r->request.expect_account);
}

const char *hc_op_targets_foreign(const struct op_reconcile *r, size_t at)
{
    const struct hc_arn *arn = &r->names[at];
    const struct hc_records_cluster *c = r->has_event ? op_envelope(r, at)
                                                    : NULL;

    if (c != NULL && op_is_foreign(r, c->region))
        return "foreign_region";
    if (c != NULL && c->account.n > 0 && arn->account.n > 0 &&
        !hc_str_eq(arn->account, c->account))
        return "foreign_account";
    if (op_is_unexpected(r, at))
        return "foreign_account";
    return op_is_foreign(r, arn->region) ? "foreign_region" : NULL;
}

const char *hc_op_targets_foreign_why(struct op_reconcile *r, size_t at)
{
    const struct hc_arn *arn = &r->names[at];
    const struct hc_records_cluster *c;

    if (op_is_unexpected(r, at))
        return hc_arena_fmt(&r->op.arena, "cluster %.*s is in account %.*s, "
                            "and account %s is expected "
                            "(request.expect_account)", HC_STR_ARG(arn->name),
                            HC_STR_ARG(op_account(r, at)),
                            r->request.expect_account);
    c = op_envelope(r, at);
    if (hc_str_eqz(hc_str(hc_op_targets_foreign(r, at)), "foreign_account"))
        return hc_arena_fmt(&r->op.arena,
                            "cluster %.*s is in account %.*s, and "
                            "its event in account %.*s",
                            HC_STR_ARG(arn->name), HC_STR_ARG(arn->account),
                            HC_STR_ARG(c->account));
    return hc_arena_fmt(
        &r->op.arena,
        "cluster %.*s is in region %.*s%s%.*s, and "
        "the region here is %.*s",
        HC_STR_ARG(arn->name),
        HC_STR_ARG(op_is_foreign(r, c->region) ? c->region : arn->region),
        c->account.n > 0 ? ", account " : "", HC_STR_ARG(c->account),
        HC_STR_ARG(r->region));
}

/* Logs each region and account once: a queue that is drained by mistake holds
 * many of their events.  The last line says that further ones are not logged.
 */
static void op_tell_foreign(struct op_reconcile *r, size_t at)
{
    const struct hc_records_cluster *c = op_envelope(r, at);
    const struct hc_str place[] = { c->region, HC_STR("\n"), c->account,
                                    HC_STR("\n"), r->names[at].account };
    uint64_t hash = HC_STR_HASH;
    headcount *h = r->op.h;

    for (size_t i = 0; i < sizeof place / sizeof *place; i++)
        hash = hc_str_hash(hash, place[i]);
    for (size_t i = 0; i < h->foreign_n; i++)
        if (h->foreign[i] == hash)
            return;
    if (h->foreign_n == HC_OP_FOREIGN)
        return;
    h->foreign[h->foreign_n++] = hash;
    hc_log_line(&h->net.log, HEADCOUNT_LOG_WARN,
                "an event is not for us: %s%s%s",
                hc_op_targets_foreign_why(r, at),
                r->request.drop_foreign
                    ? "; it is dropped"
                    : "; nothing is done, and a record or message that holds "
                      "it is left to its queue's redrive policy "
                      "(request.drop_foreign drops such)",
                h->foreign_n == HC_OP_FOREIGN
                    ? "; further regions and accounts are not logged"
                    : "");
}

/* An event that is about clusters of other places alone is skipped as foreign;
 * a person who names such a cluster gets an error. */
static int op_check_places(struct op_reconcile *r)
{
    const char *why = NULL;
    size_t foreign = 0;

    for (size_t i = 0; i < r->clusters_n; i++) {
        const struct hc_arn *arn = &r->names[i];

        if (hc_op_targets_foreign(r, i) == NULL)
            continue;
        if (!r->has_event && op_is_unexpected(r, i))
            return hc_op_check_account(&r->op, arn->text, arn->account);
        if (!r->has_event)
            return hc_error_set(&r->op.error, HEADCOUNT_ECONFIG,
                                "cluster %.*s is in "
                                "region %.*s, and the region is set to %.*s",
                                HC_STR_ARG(arn->text), HC_STR_ARG(arn->region),
                                HC_STR_ARG(r->region));
        why = hc_op_targets_foreign(r, i);
        op_tell_foreign(r, i);
        foreign++;
    }
    if (foreign == 0 || foreign < r->clusters_n)
        return 0;
    r->op.outcome.skipped_because = hc_op_targets_foreign_why(r, 0);
    r->op.outcome.skipped_event = why;
    return 1;
}

static void op_move(struct op_reconcile *r, size_t to, size_t from)
{
    r->names[to] = r->names[from];
    if (r->has_event)
        r->causes[to] = r->causes[from];
}

/* ---- one cluster under two names ---- */

/* True if the two may be one cluster: their names are equal, and both are in
 * the region that is called.  Each is compared with each, up to 2,000 of them,
 * so the name, which nearly all differ in, comes first. */
static bool op_are_alike(const struct op_reconcile *r, size_t a, size_t b)
{
    return hc_arn_same_place(&r->names[a], &r->names[b]) &&
           hc_op_targets_foreign(r, a) == NULL &&
           hc_op_targets_foreign(r, b) == NULL;
}

/* An ARN of another account may have the name of one of our clusters.  So a
 * name without an account equals only another name without an account. */
static bool op_is_twin(const struct op_reconcile *r, size_t a, size_t b)
{
    return op_are_alike(r, a, b) &&
           hc_str_eq(op_account(r, a), op_account(r, b));
}

/* A cluster that stands there by its name and by its ARN, in one account, gets
 * one reconcile and one row in the report. */
static void op_drop_twins(struct op_reconcile *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->clusters_n; i++) {
        size_t at = 0;

        while (at < n && !op_is_twin(r, at, i))
            at++;
        if (r->has_event)
            r->names_of[r->causes[i]] = at;
        if (at == n || !hc_arn_is_full(&r->names[at]))
            op_move(r, at, i);
        n += at == n;
    }
    r->clusters_n = n;
}

static void op_swap(struct op_reconcile *r, size_t a, size_t b)
{
    struct hc_arn name = r->names[a];
    size_t cause = r->has_event ? r->causes[a] : 0;

    op_move(r, a, b);
    r->names[b] = name;
    if (!r->has_event)
        return;
    r->causes[b] = cause;
    for (size_t i = 0; i < r->records.clusters_n; i++)
        if (!r->records.clusters[i].settled &&
            (r->names_of[i] == a || r->names_of[i] == b))
            r->names_of[i] = r->names_of[i] == a ? b : a;
}

/* A cluster's ARN comes before its name: the event that has the ARN may know
 * more, and when ECS has answered for the ARN, the name's account is known. */
static void op_sort_twins(struct op_reconcile *r)
{
    for (size_t i = 0; i < r->clusters_n; i++)
        for (size_t k = i + 1; k < r->clusters_n &&
                               !hc_arn_is_full(&r->names[i]); k++)
            if (hc_arn_is_full(&r->names[k]) && op_are_alike(r, i, k))
                op_swap(r, i, k);
}

/* True: the reconcile of `done` also did what is to be done for `at`.  It read
 * the same cluster, as ECS's own ARN in the answer says, and it could write if
 * `at` may write. */
static bool op_was_read(const struct op_reconcile *r, size_t done, size_t at,
                        bool dry)
{
    const struct headcount_cluster *c = &r->results[done];
    struct hc_str account = op_account(r, at);
    struct hc_arn read;

    return r->ran[done].known && c->error_code == NULL &&
           op_are_alike(r, done, at) && (!r->ran[done].dry || dry) &&
           hc_arn_cluster(&read, hc_str(c->arn), NULL) == 0 &&
           hc_arn_is_full(&read) &&
           hc_arn_same_place(&read, &r->names[at]) &&
           (account.n == 0 || hc_str_eq(account, read.account));
}

bool hc_op_targets_drop_twin(struct op_reconcile *r, bool dry)
{
    size_t at = r->at, done = 0;

    while (done < at && !op_was_read(r, done, at, dry))
        done++;
    if (done == at)
        return false;
    for (size_t i = at + 1; i < r->clusters_n; i++)
        op_move(r, i - 1, i);
    r->clusters_n--;
    for (size_t i = 0; r->has_event && i < r->records.clusters_n; i++) {
        if (r->names_of[i] == at)
            r->names_of[i] = done;
        else if (r->names_of[i] > at)
            r->names_of[i]--;
    }
    return true;
}

/* ---- names ---- */

static int op_event_names(struct op_reconcile *r)
{
    size_t n = r->records.clusters_n;

    r->names = hc_arena_zero(&r->op.arena, n * sizeof *r->names);
    r->causes = hc_arena_zero(&r->op.arena, n * sizeof *r->causes);
    r->names_of = hc_arena_zero(&r->op.arena, n * sizeof *r->names_of);
    if (r->names == NULL || r->causes == NULL || r->names_of == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (!r->records.clusters[i].settled) {
            r->names[r->clusters_n] = r->records.clusters[i].arn;
            r->causes[r->clusters_n++] = i;
        }
    return 0;
}

static int op_take_names(struct op_reconcile *r)
{
    size_t n = r->request.clusters_n;
    int err = 0;

    if (r->has_event)
        return op_event_names(r);
    r->names = hc_arena_zero(&r->op.arena, n * sizeof *r->names);
    if (r->names == NULL)
        return HEADCOUNT_ENOMEM;
    r->clusters_n = n;
    for (size_t i = 0; err == 0 && i < n; i++)
        err = hc_arn_cluster(&r->names[i], hc_str(r->request.clusters[i]),
                             &r->op.error);
    return err;
}

/* ---- the snapshot ---- */

/* A cluster that is named beside a snapshot has to be the snapshot's, by name:
 * the account in a snapshot is zeros. */
static int op_take_snapshot(struct op_reconcile *r)
{
    struct hc_str text = hc_str_n(r->request.snapshot,
                                  r->request.snapshot_size);
    struct hc_facts facts;
    struct hc_snapshot s;
    struct hc_arn own;
    int err;

    hc_facts_init(&facts, &r->op.h->net.sys.alloc);
    err = hc_snapshot_get(&s, &facts, text, &r->op.error);
    if (err == 0)
        err = hc_arn_cluster(&own, hc_arena_str(&r->op.arena, s.cluster),
                             &r->op.error);
    hc_facts_fini(&facts);
    for (size_t i = 0; err == 0 && i < r->clusters_n; i++)
        if (!hc_str_eq(r->names[i].name, own.name))
            err = hc_error_set(&r->op.error, HEADCOUNT_ECONFIG,
                               "the snapshot is of "
                               "cluster %.*s, not of %.*s",
                               HC_STR_ARG(own.name),
                               HC_STR_ARG(r->names[i].name));
    if (err < 0)
        return err;
    r->names = hc_arena_zero(&r->op.arena, sizeof *r->names);
    if (r->names == NULL)
        return HEADCOUNT_ENOMEM;
    r->names[0] = own;
    r->clusters_n = 1;
    return 0;
}

/* ---- all of it ---- */

int hc_op_targets(struct op_reconcile *r)
{
    int err = op_take_names(r);

    if (err == 0 && r->request.snapshot != NULL)
        return op_take_snapshot(r);
    if (err != 0)
        return err;
    r->region = op_region(r);
    err = op_check_places(r);
    op_drop_twins(r);
    op_sort_twins(r);
    if (err == 0 && r->request.record && r->clusters_n != 1)
        err = hc_error_set(&r->op.error, HEADCOUNT_ECONFIG,
                           "a snapshot is taken of one "
                           "cluster, not of %zu",
                           r->clusters_n);
    return err;
}
