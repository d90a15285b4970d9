/* op/op_sweep.c - clusters are found and reconciled side by side; each is an op
 * of its own, whose parent the sweep is.
 *
 *   start   places are made out of regions and roles, names are checked
 *   step    op_sweep_find adds targets; parts are begun, up to at_once
 *   ASKS    a part's owner is the sweep's
 *   PART    a part is done: it is shown, and ended when its owner resumes
 *
 * A part that fails or ends early ends no other part.
 */
#include "op/op_sweep.h"

#include "op/op_cluster.h"
#include "op/op_request.h"
#include "op/op_sweep_find.h"
#include "op/op_wishes.h"

#define SWEEP_AT_ONCE 10

static const struct op_class op_sweep_class;

static struct op_sweep *sweep_of(headcount_op *op)
{
    return (struct op_sweep *)op;
}

/* ---- start ---- */

/* The region of a sweep that names none: that of `each`, the handle's, or that
 * of a cluster's ARN. */
static struct hc_str sweep_region(struct op_sweep *s)
{
    const struct headcount_sweep *r = &s->request;
    struct hc_arn arn;

    if (s->each.region != NULL)
        return hc_str(s->each.region);
    if (s->op.h->config.region.n > 0)
        return hc_arena_str(&s->op.arena, s->op.h->config.region);
    for (size_t i = 0; i < r->clusters_n; i++)
        if (!hc_sweep_is_glob(hc_str(r->clusters[i])) &&
            hc_arn_cluster(&arn, hc_str(r->clusters[i]), NULL) == 0 &&
            hc_arn_is_full(&arn))
            return hc_arena_str(&s->op.arena, arn.region);
    return HC_STR("");
}

struct sweep_text {
    struct hc_index_node node;           /* first member                     */
    struct hc_str s;
};

/* Each text once: a region or a role that is named twice is looked at once.
 * NULL: no memory. */
static struct sweep_text *sweep_each_once(struct op_sweep *s,
                                          const char *const *from, size_t *n)
{
    struct sweep_text *to = hc_arena_zero(&s->op.arena, (*n + 1) * sizeof *to);
    struct hc_index index = { NULL };
    size_t kept = 0;

    for (size_t i = 0; to != NULL && i < *n; i++) {
        const struct hc_str text = hc_str(from[i]);
        uint64_t key = hc_index_key(hc_str_hash(HC_STR_HASH, text));
        struct hc_index_node *at = hc_index_find(&index, key, NULL);

        while (at != NULL && !hc_str_eq(((struct sweep_text *)at)->s, text))
            at = hc_index_find(&index, key, at);
        if (at != NULL)
            continue;
        to[kept].s = text;
        hc_index_put(&index, &to[kept++].node, key);
    }
    *n = kept;
    return to;
}

static int sweep_check_role(struct op_sweep *s, struct hc_str arn)
{
    const struct hc_role role = hc_op_role(&s->op, arn);

    if (arn.n == 0)              /* it would be our own account a second time */
        return hc_role_check(&role, &s->op.error);
    if (hc_client_creds(&s->op.h->client, &role, &s->op.error) == NULL)
        return s->op.error.code;
    return hc_op_check_account(&s->op, arn, hc_role_account(arn));
}

/* An ARN, or a glob of ARNs, says one account, unless a glob is in that. */
static int sweep_check_account(struct op_sweep *s, struct hc_str name)
{
    struct hc_str account = hc_role_account(name);

    return account.n > 0 && !hc_sweep_is_glob(account)
               ? hc_op_check_account(&s->op, name, account) : 0;
}

/* The places are each region with each role. */
static int sweep_put_places(struct op_sweep *s)
{
    const struct headcount_sweep *r = &s->request;
    size_t regions_n = r->regions_n, roles_n = r->roles_n;
    struct sweep_text *regions, *roles;
    int err = hc_op_check_params(&s->op, roles_n > 0);

    if (regions_n > HC_SWEEP_SCOPES ||
        roles_n > HC_SWEEP_SCOPES / (regions_n > 0 ? regions_n : 1))
        return hc_error_set(&s->op.error, HEADCOUNT_EARG,
                            "%zu regions and %zu roles "
                            "are more than %d places to look for clusters in",
                            regions_n, roles_n, HC_SWEEP_SCOPES);
    regions = sweep_each_once(s, r->regions, &regions_n);
    roles = sweep_each_once(s, r->roles, &roles_n);
    if (regions == NULL || roles == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; err == 0 && i < roles_n; i++)
        err = sweep_check_role(s, roles[i].s);
    if (regions_n == 0)
        regions[regions_n++].s = sweep_region(s);
    if (roles_n == 0)
        roles[roles_n++].s = HC_STR("");
    for (size_t i = 0; err == 0 && i < regions_n; i++)
        err = hc_op_check_endpoint(&s->op, regions[i].s);
    if (err < 0)
        return err;
    s->scopes = hc_arena_zero(&s->op.arena,
                              regions_n * roles_n * sizeof *s->scopes);
    for (size_t i = 0; s->scopes != NULL && i < roles_n; i++)
        for (size_t k = 0; k < regions_n; k++)
            s->scopes[s->scopes_n++] = (struct hc_sweep_scope){
                .region = regions[k].s, .role = roles[i].s,
            };
    return s->scopes != NULL ? 0 : HEADCOUNT_ENOMEM;
}

static int sweep_check(struct op_sweep *s)
{
    const struct headcount_sweep *r = &s->request;
    int err = 0;

    s->lists = r->clusters_n == 0 || r->tags_n > 0;
    for (size_t i = 0; err == 0 && i < r->clusters_n; i++) {
        err = hc_sweep_check(hc_str(r->clusters[i]), &s->op.error);
        s->lists = s->lists || hc_sweep_is_glob(hc_str(r->clusters[i]));
        if (err == 0)
            err = sweep_check_account(s, hc_str(r->clusters[i]));
    }
    if (r->at_once < 0 || r->at_once > HC_SWEEP_AT_ONCE)
        return hc_error_set(&s->op.error, HEADCOUNT_EARG,
                            "at_once %d: up to %d "
                            "clusters are reconciled side by side",
                            r->at_once, HC_SWEEP_AT_ONCE);
    s->at_once = r->at_once > 0 ? (size_t)r->at_once : SWEEP_AT_ONCE;
    return err;
}

/* Adds a cluster that the request names, in each place where it can be.  A
 * bare name may be in any region and account; an ARN is in one. */
static int sweep_put_name(struct op_sweep *s, const char *name)
{
    struct hc_arn cluster;
    bool somewhere = false;
    int err = hc_arn_cluster(&cluster, hc_str(name), &s->op.error);

    for (size_t i = 0; err == 0 && i < s->scopes_n; i++) {
        if (!hc_sweep_is_there(&s->scopes[i], &cluster))
            continue;
        somewhere = true;
        err = hc_op_sweep_add(s, i, &cluster, &s->op.error);
    }
    if (err == 0 && !somewhere)
        return hc_error_set(&s->op.error, HEADCOUNT_ECONFIG,
                            "cluster %s is in none of "
                            "the regions, or in no role's account",
                            name);
    return err;
}

static bool op_sweep_lacks_region(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);

    return s->request.regions_n == 0 && sweep_region(s).n == 0;
}

static int op_sweep_prepare(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);
    int err = hc_op_sweep_find_init(s);

    hc_buf_init(&s->json, &op->h->net.sys.alloc, HC_OP_JSON);
    if (err == 0)
        err = hc_op_request_check(op, &s->each);
    if (err == 0)
        err = hc_op_put_wishes(op, &s->each, &s->wishes, &s->wishes_n);
    if (err == 0)
        err = hc_missing_init(&s->missing, &op->arena, s->wishes, s->wishes_n);
    return err;
}

static int op_sweep_start(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);
    int err = sweep_put_places(s);

    if (err == 0)
        err = sweep_check(s);
    for (size_t i = 0; err == 0 && !s->lists && i < s->request.clusters_n; i++)
        err = sweep_put_name(s, s->request.clusters[i]);
    return err;
}

/* ---- parts ---- */

static headcount_op *sweep_begin_part(struct op_sweep *s, size_t at)
{
    const struct op_target *t = &s->targets[at];
    const struct hc_sweep_scope *scope = &s->scopes[t->scope];
    const struct hc_op_cluster_params params = {
        .each = &s->each, .cluster = t->name.p, .region = scope->region.p,
        .role = scope->role.n > 0 ? scope->role.p : NULL,
        .wishes = s->wishes, .wishes_n = s->wishes_n, .at = at,
        .found = s->lists,
        .lists = !s->lists && s->targets_n <= HC_OP_LISTS,
    };

    return hc_op_cluster_begin(&s->op, &params);
}

/* A target that cannot be begun (a place that was not listed, a cluster without
 * memory for it) takes a slot, too, and is shown to the owner. */
static void sweep_begin(struct op_sweep *s)
{
    for (size_t i = 0; i < s->at_once && s->begun < s->targets_n; i++) {
        struct op_part *p = &s->parts[i];
        struct op_target *t = &s->targets[s->begun];

        if (p->used)
            continue;
        *p = (struct op_part){ .used = true, .at = s->begun++ };
        if (t->code != NULL)
            continue;
        p->op = sweep_begin_part(s, p->at);
        if (p->op == NULL) {
            t->code = hc_error_name(HEADCOUNT_ENOMEM);
            t->what = hc_error_sentence(HEADCOUNT_ENOMEM);
        } else if (s->cancelled) {
            headcount_cancel(p->op);
        }
    }
}

/* HC_OP_ASKS, HC_OP_PART, or 0: nobody's turn. */
static int sweep_turn(struct op_sweep *s)
{
    for (size_t i = 0; i < s->at_once; i++) {
        struct op_part *p = &s->parts[i];

        if (!p->used || (p->op != NULL && p->op->state == HEADCOUNT_RUNNING))
            continue;
        s->turn = p;
        if (p->op == NULL || p->op->state != HEADCOUNT_ASKS)
            return HC_OP_PART;
        s->op.asking = p->op;
        return HC_OP_ASKS;
    }
    s->turn = NULL;
    return 0;
}

/* ---- a part that is done ---- */

/* The row of a part that failed before it had a result. */
static struct headcount_cluster sweep_failure(const struct op_sweep *s)
{
    const struct op_target *t = &s->targets[s->turn->at];
    const headcount_op *part = s->turn->op;
    struct hc_arn arn;
    bool known = t->name.n > 0 && hc_arn_cluster(&arn, t->name, NULL) == 0;

    return (struct headcount_cluster){
        .arn = known && hc_arn_is_full(&arn) ? t->name.p : "",
        .name = known ? arn.name.p : t->name.n > 0 ? t->name.p : "",
        .error_code = part != NULL ? hc_error_name(part->outcome.code)
                                   : t->code,
        .error = part != NULL ? part->outcome.message : t->what,
    };
}

static bool sweep_part_failed(const struct op_sweep *s)
{
    return s->turn->op == NULL || s->turn->op->outcome.code != 0;
}

static const struct headcount_outcome *sweep_show(struct op_sweep *s)
{
    if (!sweep_part_failed(s))
        return &s->turn->op->outcome;
    s->shown_cluster = sweep_failure(s);
    s->shown = (struct headcount_outcome){
        .message = "", .service_code = "", .request_id = "", .body = "",
        .json = "", .clusters = &s->shown_cluster, .clusters_n = 1,
        .summary = { [HEADCOUNT_FAILED] = 1 },
    };
    return &s->shown;
}

const struct headcount_outcome *headcount_sweep_cluster(const headcount_op *op)
{
    return op->state == HEADCOUNT_PART
               ? ((const struct op_sweep *)op)->showing : NULL;
}

void headcount_sweep_progress(const headcount_op *op,
                              struct headcount_progress *out)
{
    const struct op_sweep *s = (const struct op_sweep *)op;

    *out = (struct headcount_progress){ .at = 0 };
    if (op->class != &op_sweep_class)
        return;
    *out = (struct headcount_progress){
        .at = op->state == HEADCOUNT_PART ? s->turn->at : 0,
        .found = s->targets_n, .done = s->done, .all_found = s->all_found,
    };
}

static void sweep_keep_json(struct op_sweep *s)
{
    struct hc_buf *out = &s->targets[s->turn->at].json;
    struct headcount_cluster why;

    if (!s->request.report)
        return;
    if (sweep_part_failed(s)) {
        why = sweep_failure(s);
        hc_report_put_cluster(out, &why);
    } else {
        hc_report_put_cluster(out, hc_op_cluster_result(s->turn->op));
    }
    s->kept += out->n;
    /* The report is too large by now and will not be written.  The sweep goes
     * on: its writes matter more than its report. */
    if (s->kept > HC_OP_JSON)
        hc_buf_fini(out);
}

/* Where a limit on changes is set, parts write in the order in which they were
 * found, so that the same sweep always writes the same services.  Parts that
 * wait for those before them are woken. */
static void sweep_next_turn(struct op_sweep *s)
{
    size_t before = s->op.brake.turn;

    while (s->op.brake.turn < s->targets_n && s->targets[s->op.brake.turn].done)
        s->op.brake.turn++;
    for (size_t i = 0; s->op.brake.turn > before && i < s->at_once; i++)
        if (s->parts[i].op != NULL)
            hc_job_wake(&s->parts[i].op->job);
}

static void op_sweep_resume(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);
    const struct headcount_outcome *o = s->showing;

    for (int i = 0; i < HC_RESULTS; i++)
        s->op.outcome.summary[i] += o->summary[i];
    /* The services of a cluster that failed are not known, so from then on no
     * name can be called missing everywhere. */
    if (sweep_part_failed(s))
        s->missing.partial = true;
    else
        hc_missing_note(&s->missing, hc_op_cluster_result(s->turn->op));
    sweep_keep_json(s);
    hc_op_end_child(&s->op, s->turn->op);
    s->targets[s->turn->at].done = true;
    *s->turn = (struct op_part){ .used = false };
    s->turn = NULL;
    s->showing = NULL;
    s->done++;
    sweep_next_turn(s);
}

/* ---- the report ---- */

static int sweep_report(struct op_sweep *s)
{
    struct headcount_outcome *o = &s->op.outcome;

    o->missing_services = hc_missing_list(&s->missing, &s->op.arena,
                                          &o->missing_services_n);
    o->summary[HEADCOUNT_FAILED] += o->missing_services_n;
    int err = hc_arena_error(&s->op.arena);
    const struct hc_report report = {
        .dry_run = s->each.dry_run, .stats = s->op.stats,
        .missing_services = o->missing_services,
        .missing_services_n = o->missing_services_n,
        .elapsed_us = hc_now(&s->op.h->net.sys) - s->op.started,
    };

    if (err < 0 || !s->request.report)
        return err < 0 ? err : 1;
    if (s->kept > HC_OP_JSON)
        return hc_error_set(&s->op.error, HEADCOUNT_ELIMIT,
                            "all clusters were seen to, "
                            "but the report would be longer than %zu bytes: "
                            "sweep fewer of them at once",
                            HC_OP_JSON);
    hc_report_put_head(&s->json, &report);
    for (size_t i = 0; i < s->targets_n; i++) {
        hc_json_put_comma(&s->json);
        hc_buf_str(&s->json, hc_buf_view(&s->targets[i].json));
        if (hc_buf_error(&s->targets[i].json) < 0)
            return HEADCOUNT_ENOMEM;
        hc_buf_fini(&s->targets[i].json);
    }
    hc_report_put_tail(&s->json, &report, s->op.outcome.summary);
    s->op.outcome.json = hc_buf_z(&s->json);
    s->op.outcome.json_size = s->json.n;
    err = hc_buf_error(&s->json);
    return err < 0 ? hc_error_set(&s->op.error, err, "the report could not be "
                                  "written: %s", hc_error_sentence(err)) : 1;
}

/* ---- step, cancel, end ---- */

/* Frees all children: a sweep that is over has none. */
static void sweep_end_all(struct op_sweep *s)
{
    for (size_t i = 0; i < HC_SWEEP_AT_ONCE; i++) {
        hc_op_end_child(&s->op, s->parts[i].op);
        s->parts[i] = (struct op_part){ .used = false };
    }
    hc_op_sweep_find_fini(s);
}

static int op_sweep_step(headcount_op *op, int64_t now)
{
    struct op_sweep *s = sweep_of(op);
    int got = hc_op_sweep_find(s);

    (void)now;
    if (got < 0) {
        sweep_end_all(s);
        return got;
    }
    sweep_begin(s);
    got = sweep_turn(s);
    if (got == HC_OP_PART)
        s->showing = sweep_show(s);
    if (got != 0)
        return got;
    return s->all_found && s->done == s->targets_n ? sweep_report(s) : 0;
}

/* Parts that were begun run to their end.  A target that was not begun counts
 * as never found. */
void headcount_drain(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);

    if (op->class != &op_sweep_class || op->state == HEADCOUNT_DONE)
        return;
    hc_op_end_child(op, s->lister);
    s->lister = NULL;
    s->missing.partial |= !s->all_found || s->targets_n > s->begun;
    s->scope = s->scopes_n;
    s->all_found = true;
    while (s->targets_n > s->begun)
        hc_buf_fini(&s->targets[--s->targets_n].json);
    hc_job_wake(&op->job);
}

static void op_sweep_cancel(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);

    s->cancelled = true;
    if (s->lister != NULL)
        headcount_cancel(s->lister);
    for (size_t i = 0; i < s->at_once; i++)
        if (s->parts[i].op != NULL)
            headcount_cancel(s->parts[i].op);
}

static void op_sweep_free(headcount_op *op)
{
    struct op_sweep *s = sweep_of(op);

    sweep_end_all(s);
    for (size_t i = 0; i < s->targets_n; i++)
        hc_buf_fini(&s->targets[i].json);
    hc_free(&op->h->net.sys.alloc, s->targets,
            s->targets_cap * sizeof *s->targets);
    hc_buf_fini(&s->json);
}

static const struct op_class op_sweep_class = {
    .size = sizeof(struct op_sweep), .start = op_sweep_start,
    .prepare = op_sweep_prepare, .lacks_region = op_sweep_lacks_region,
    .step = op_sweep_step, .resume = op_sweep_resume,
    .cancel = op_sweep_cancel, .free = op_sweep_free,
};

/* ---- begin ---- */

static int op_sweep_check(struct headcount_sweep *s,
                          struct headcount_reconcile *each,
                          const struct headcount_sweep *sweep,
                          struct headcount_error *e)
{
    int err = hc_take_struct(s, &hc_form_sweep, sweep, e);

    if (err == 0 && s->each == NULL)
        err = hc_error_set(e, HEADCOUNT_EARG, "each is NULL: it says what is "
                           "done to each cluster");
    if (err == 0)
        err = hc_op_request_take_each(each, s->each, "sweep", e);
    if (err == 0)
        err = hc_check_texts("clusters", s->clusters, s->clusters_n, e);
    if (err == 0)
        err = hc_check_texts("regions", s->regions, s->regions_n, e);
    if (err == 0)
        err = hc_check_texts("roles", s->roles, s->roles_n, e);
    for (size_t i = 0; err == 0 && i < s->tags_n; i++)
        if (s->tags == NULL || s->tags[i].key == NULL)
            err = hc_error_set(e, HEADCOUNT_EARG, "tags[%zu] has no key", i);
    return err;
}

static void op_sweep_fill(headcount_op *op, const struct headcount_sweep *sweep,
                          const struct headcount_reconcile *each)
{
    struct op_sweep *s = sweep_of(op);
    struct headcount_tag *tags =
        hc_arena_zero(&op->arena, sweep->tags_n * sizeof *tags);

    for (size_t i = 0; tags != NULL && i < sweep->tags_n; i++)
        tags[i] = (struct headcount_tag){
            hc_op_text(op, sweep->tags[i].key),
            hc_op_text(op, sweep->tags[i].value),
        };
    s->each = *each;
    hc_op_request_copy(op, &s->each);
    s->request = *sweep;
    s->request.each = NULL;
    s->request.clusters = hc_op_texts(op, sweep->clusters, sweep->clusters_n);
    s->request.regions = hc_op_texts(op, sweep->regions, sweep->regions_n);
    s->request.roles = hc_op_texts(op, sweep->roles, sweep->roles_n);
    s->request.tags = tags;
    hc_brake_limit(&op->brake, each->max_changes, each->max_falls, false);
}

int headcount_begin_sweep(headcount *h, headcount_op **out,
                          const struct headcount_sweep *sweep,
                          struct headcount_error *error)
{
    struct headcount_sweep s = { .size = 0 };
    struct headcount_reconcile each = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    int err = op_sweep_check(&s, &each, sweep, &e);

    *out = NULL;
    if (err == 0) {
        struct hc_op_params params = hc_op_request_params(&each);

        params.user = s.user;
        headcount_op *op = hc_op_new(h, &op_sweep_class, &params);

        if (op != NULL)
            op_sweep_fill(op, &s, &each);
        err = hc_op_begin(op, out, &e);
        if (err == 0)
            sweep_of(op)->each.wishes = NULL;          /* the caller's */
    }
    hc_give_error(error, &e);
    return err;
}
