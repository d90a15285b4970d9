/* op/op_sweep_find.c - the clusters of a sweep: listed page by page in each of
 * its places, while those that were found are reconciled already.
 *
 *   ListClusters --> (tags are asked for: DescribeClusters) --> targets
 *        ^                                                         |
 *        +--------- another page, or the next place <--------------+
 *
 * A place that cannot be listed is a target that failed, and no other.
 */
#include "op/op_sweep_find.h"

#include "op/op_call.h"

#define FIND_BODY ((size_t)512 << 10)
#define FIND_SHOWN 10                     /* names in a sentence */

/* ---- targets ---- */

/* Clusters, and targets that failed: names that no cluster has, places that
 * could not be listed. */
#define FIND_TARGETS ((size_t)2 * HC_SWEEP_CLUSTERS)

/* Adds a target and copies the texts of `like`, but for `code`, which is
 * static. */
static int find_put(struct op_sweep *s, const struct op_target *like)
{
    int err = hc_grow(&s->op.h->net.sys.alloc, &s->targets, &s->targets_cap,
                      s->targets_n + 1, FIND_TARGETS, sizeof *s->targets);

    if (err < 0)
        return err;
    s->targets[s->targets_n++] = (struct op_target){
        .name = hc_arena_str(&s->op.arena, like->name), .scope = like->scope,
        .code = like->code,
        .what = like->what != NULL
                    ? hc_arena_str(&s->op.arena, hc_str(like->what)).p : NULL,
    };
    hc_buf_init(&s->targets[s->targets_n - 1].json, &s->op.h->net.sys.alloc,
                HC_OP_JSON);
    return hc_arena_error(&s->op.arena);
}

/* ---- each cluster once ---- */

/* True: the target is this cluster.  Pages may name a cluster twice while
 * clusters come and go, and two roles may belong to one account: it is
 * reconciled and reported once all the same, by its name or by its ARN. */
static bool find_is_same(const struct op_sweep *s, const struct op_target *t,
                         size_t scope, const struct hc_arn *cluster)
{
    const struct hc_sweep_scope *a = &s->scopes[t->scope];
    const struct hc_sweep_scope *b = &s->scopes[scope];
    struct hc_arn other;

    return hc_arn_cluster(&other, t->name, NULL) == 0 &&
           hc_str_eq(other.name, cluster->name) &&
           hc_arn_same_place(&other, cluster) &&
           hc_str_eq(a->region, b->region) &&
           hc_str_eq(hc_role_account(a->role), hc_role_account(b->role));
}

/* The slot that holds the cluster, or the one that would hold it.  Most
 * accounts have clusters of the same few names.  Region and account are those
 * of the scope: a cluster that has only its name does not say them, and one
 * that says them is in no other scope. */
static size_t *find_slot(const struct op_sweep *s, size_t scope,
                         const struct hc_arn *cluster)
{
    const struct hc_sweep_scope *place = &s->scopes[scope];
    uint64_t hash = hc_str_hash(
        hc_str_hash(hc_str_hash(HC_STR_HASH, cluster->name), place->region),
        hc_role_account(place->role));
    size_t at = (size_t)hash & (s->slots_n - 1);

    while (s->slots[at] != 0 &&
           !find_is_same(s, &s->targets[s->slots[at] - 1], scope, cluster))
        at = (at + 1) & (s->slots_n - 1);
    return &s->slots[at];
}

/* Doubles the table, if the next target would fill more than half of it: a
 * search stays short.  The number of slots is a power of two. */
static int find_make_room(struct op_sweep *s)
{
    const struct hc_alloc *alloc = &s->op.h->net.sys.alloc;
    size_t n = s->slots_n > 0 ? 2 * s->slots_n : 64;
    struct hc_arn cluster;

    if (2 * (s->targets_n + 1) <= s->slots_n)
        return 0;
    size_t *slots = hc_alloc_array(alloc, n, sizeof *slots);

    if (slots == NULL)
        return HEADCOUNT_ENOMEM;
    hc_free(alloc, s->slots, s->slots_n * sizeof *slots);
    s->slots = slots;
    s->slots_n = n;
    for (size_t i = 0; i < s->targets_n; i++)
        if (s->targets[i].code == NULL &&
            hc_arn_cluster(&cluster, s->targets[i].name, NULL) == 0)
            *find_slot(s, s->targets[i].scope, &cluster) = i + 1;
    return 0;
}

int hc_op_sweep_add(struct op_sweep *s, size_t scope,
                    const struct hc_arn *cluster, struct headcount_error *e)
{
    struct hc_arn known;
    int err = find_make_room(s);

    if (err < 0)
        return err;
    size_t *slot = find_slot(s, scope, cluster);

    /* The cluster is a target already.  If that has only its name, it gets the
     * ARN: an ARN of another account then fails and says so, where the name
     * alone would succeed and the ARN would seem to be done. */
    if (*slot != 0) {
        struct op_target *t = &s->targets[*slot - 1];

        if (hc_arn_cluster(&known, t->name, NULL) == 0 &&
            !hc_arn_is_full(&known) && hc_arn_is_full(cluster))
            t->name = hc_arena_str(&s->op.arena, cluster->text);
        return hc_arena_error(&s->op.arena);
    }
    if (s->targets_n >= HC_SWEEP_CLUSTERS)
        return hc_error_set(e, HEADCOUNT_ELIMIT, "the sweep found more than %d "
                            "clusters", HC_SWEEP_CLUSTERS);
    err = find_put(s, &(struct op_target){ .name = cluster->text,
                                            .scope = scope });
    if (err == 0)
        *slot = s->targets_n;
    return err;
}

/* ---- which clusters are wanted ---- */

/* Keeps the first names: a name that no cluster has is told of them. */
static void find_note(struct op_sweep *s, const struct hc_arn *cluster)
{
    if (s->request.clusters_n > 0 && s->there_n++ < FIND_SHOWN)
        s->there = hc_arena_fmt(&s->op.arena, "%s, %.*s",
                                s->there != NULL ? s->there : "",
                                HC_STR_ARG(cluster->name));
}

/* Notes in `matched` which names have a cluster: the others are reported. */
static bool find_wants(struct op_sweep *s, const struct hc_arn *cluster)
{
    const struct headcount_sweep *r = &s->request;
    bool wanted = r->clusters_n == 0;

    for (size_t i = 0; i < r->clusters_n; i++)
        if (hc_sweep_matches(hc_str(r->clusters[i]), cluster))
            wanted = s->matched[i] = true;
    return wanted;
}

static bool find_is_tagged(const struct op_sweep *s,
                           const struct hc_ecs_tag *tags)
{
    const struct headcount_sweep *r = &s->request;

    for (size_t i = 0; i < r->tags_n; i++) {
        struct hc_str value = { NULL, 0 };

        if (r->tags[i].value != NULL)
            value = hc_str(r->tags[i].value);
        if (!hc_sweep_has_tag(tags, hc_str(r->tags[i].key), value))
            return false;
    }
    return true;
}

/* ---- one answer ---- */

/* An answer with a cluster of another region or account is not trusted: a count
 * would be written where nobody asked for it. */
static int find_check(struct op_sweep *s, struct hc_str text,
                      struct hc_arn *arn, struct headcount_error *e)
{
    int err = hc_arn_cluster(arn, text, e);

    if (err == 0 && hc_arn_is_full(arn) && s->each.expect_account != NULL &&
        !hc_str_eqz(arn->account, s->each.expect_account))
        return hc_creds_wrong_account(
            s->lister->creds, hc_arena_str(&s->op.arena, arn->account).p,
            hc_str(s->each.expect_account), e);
    if (err == 0 && (!hc_arn_is_full(arn) ||
                     !hc_sweep_is_there(&s->scopes[s->scope], arn)))
        err = hc_error_set(e, HEADCOUNT_EANSWER,
                           "ECS answers with a cluster `%.*s`, "
                           "which is none of this region, or of another "
                           "account than the role",
                           HC_STR_ARG(text));
    return err;
}

/* False: it was not asked for, or was answered already. */
static bool find_was_asked(struct op_sweep *s, struct hc_str arn)
{
    for (size_t i = 0; i < s->page_n; i++)
        if (hc_str_eq(s->page[i], arn)) {
            s->page[i] = s->page[--s->page_n];
            return true;
        }
    return false;
}

/* Clusters that match become targets, or are described for their tags first. */
static int find_page(struct op_sweep *s, const struct hc_ecs_arns *v,
                     struct headcount_error *e)
{
    const char *why = NULL;
    int err = 0;

    s->page_n = 0;
    if (v->arns_n > HC_ECS_BATCH)
        return hc_error_set(e, HEADCOUNT_EANSWER,
                            "ListClusters answers with more "
                            "than the %d clusters that were asked for",
                            HC_ECS_BATCH);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++) {
        struct hc_arn arn;

        err = find_check(s, v->arns[i], &arn, e);
        if (err == 0)
            err = hc_pages_saw(&s->pages, v->arns[i]);
        if (err == 0)
            find_note(s, &arn);
        if (err < 0 || !find_wants(s, &arn))
            continue;
        if (s->request.tags_n == 0)
            err = hc_op_sweep_add(s, s->scope, &arn, e);
        else
            s->page[s->page_n++] = hc_arena_str(&s->op.arena, arn.text);
    }
    if (err < 0)
        return err;
    err = hc_pages_turn(&s->pages, v->arns_n == 0, v->next, &why);
    if (why != NULL)
        return hc_error_set(e, err, "ListClusters %s", why);
    return err < 0 ? err : 0;
}

static int find_take_list(struct op_sweep *s, struct hc_str body,
                          struct headcount_error *e)
{
    struct hc_ecs_arns v;
    int err;

    hc_ecs_clusters_init(&v, &s->op.h->net.sys.alloc);
    err = hc_ecs_answer_feed(&v.answer, body, e);
    if (err == 0)
        err = hc_ecs_answer_end(&v.answer, e);
    if (err == 0)
        err = find_page(s, &v, e);
    hc_ecs_arns_fini(&v);
    return err;
}

/* Each cluster that was asked for has to be answered, or to be MISSING: it was
 * deleted since it was listed.  A cluster whose tags are not known may be one
 * that the sweep is for, so its place is not done. */
static int find_take_tags(struct op_sweep *s, struct hc_str body,
                          struct headcount_error *e)
{
    struct hc_ecs_cluster_list v;
    int err;

    hc_ecs_cluster_list_init(&v, &s->op.h->net.sys.alloc);
    err = hc_ecs_answer_feed(&v.answer, body, e);
    if (err == 0)
        err = hc_ecs_answer_end(&v.answer, e);
    for (size_t i = 0; err == 0 && i < v.n; i++) {
        struct hc_arn arn;

        err = find_check(s, v.clusters[i].arn, &arn, e);
        if (err == 0 && !find_was_asked(s, arn.text))
            err = hc_error_set(e, HEADCOUNT_EANSWER,
                               "DescribeClusters answers with a "
                               "cluster `%.*s`, which it was not asked for or "
                               "has answered already", HC_STR_ARG(arn.text));
        if (err == 0 && v.clusters[i].failed &&
            !hc_str_eqz(v.clusters[i].reason, "MISSING"))
            err = hc_error_set(e, HEADCOUNT_EANSWER,
                               "DescribeClusters says %.*s of `%.*s`",
                               HC_STR_ARG(v.clusters[i].reason),
                               HC_STR_ARG(arn.text));
        if (err == 0 && !v.clusters[i].failed &&
            find_is_tagged(s, v.clusters[i].tags))
            err = hc_op_sweep_add(s, s->scope, &arn, e);
    }
    if (err == 0 && s->page_n > 0)
        err = hc_error_set(e, HEADCOUNT_EANSWER,
                           "DescribeClusters leaves out `%.*s`, which it was "
                           "asked for", HC_STR_ARG(s->page[0]));
    hc_ecs_answer_fini(&v.answer);
    s->page_n = 0;
    return err;
}

/* ---- a place ---- */

static void find_next_place(struct op_sweep *s)
{
    hc_pages_reset(&s->pages);
    s->page_n = 0;
    s->scope++;
}

/* A place that cannot be listed becomes a target that failed, and the other
 * places are listed.  If it is the only place and no cluster is known yet,
 * nothing can be done at all: then the whole sweep fails. */
static int find_failed(struct op_sweep *s, int code, const char *what)
{
    const struct hc_sweep_scope *at = &s->scopes[s->scope];
    const char *said = hc_arena_fmt(
        &s->op.arena, "the clusters of %.*s%s%.*s could not be listed: %s",
        HC_STR_ARG(at->region), at->role.n > 0 ? " as " : "",
        HC_STR_ARG(at->role), what);

    if (code == HEADCOUNT_ENOMEM)
        return code;
    if (s->scopes_n == 1 && s->targets_n == 0)
        return hc_error_set(&s->op.error, code, "%s", said);
    int err = find_put(s, &(struct op_target){
        .scope = s->scope, .code = hc_error_name(code), .what = said });

    find_next_place(s);
    return err;
}

#define FIND_ALLOW "; to allow it: {\"Effect\": \"Allow\", \"Action\": "      \
    "[\"ecs:ListClusters\", \"ecs:DescribeClusters\"], \"Resource\": \"*\"}"

static const char *find_operation(const struct op_sweep *s)
{
    return s->describes ? "DescribeClusters" : "ListClusters";
}

/* ---- the call ---- */

static int find_ask(struct op_sweep *s)
{
    const struct hc_sweep_scope *at = &s->scopes[s->scope];

    hc_buf_reset(&s->body);
    s->describes = s->page_n > 0;
    if (s->describes)
        hc_ecs_put_describe_clusters(&s->body, s->page, s->page_n);
    else
        hc_ecs_put_list_clusters(&s->body, hc_pages_token(&s->pages));
    if (hc_buf_error(&s->body) < 0)
        return HEADCOUNT_ENOMEM;
    const struct headcount_call r = {
        .size = sizeof r, .service = "ecs",
        .operation = find_operation(s),
        .region = at->region.p,
        .assume_role = at->role.n > 0 ? at->role.p : NULL,
        .external_id = s->each.external_id,
        .role_session_name = s->each.role_session_name,
        .role_duration = s->each.role_duration,
        .endpoint_url = s->each.endpoint_url,
        .body = s->body.p, .body_size = s->body.n,
    };

    s->lister = hc_op_call_begin_child(&s->op, &r);
    return s->lister != NULL ? 0 : HEADCOUNT_ENOMEM;
}

static int find_answered(struct op_sweep *s)
{
    headcount_op *lister = s->lister;
    const struct headcount_outcome *o = &lister->outcome;
    struct hc_str body = hc_str_n(o->body, o->body_size);
    struct headcount_error why = { .code = 0 };
    int err;

    if (o->code != 0) {
        /* AWS's own message does not name the operation. */
        bool service = o->code == HEADCOUNT_ESERVICE;
        bool denied = hc_str_starts(hc_str(o->service_code),
                                    HC_STR("AccessDenied"));

        err = find_failed(s, o->code,
                          hc_arena_fmt(&s->op.arena, "%s%s%s%s",
                                       service ? find_operation(s) : "",
                                       service ? ": " : "", o->message,
                                       denied ? FIND_ALLOW : ""));
    } else {
        err = s->describes ? find_take_tags(s, body, &why)
                           : find_take_list(s, body, &why);
        /* `why` quotes the answer, which may repeat a secret. */
        hc_op_call_strike(lister, why.what);
        if (err < 0)
            err = find_failed(s, err, why.code != 0 ? why.what
                                                    : hc_error_sentence(err));
        else if (s->page_n == 0 && hc_pages_token(&s->pages).n == 0)
            find_next_place(s);        /* no page and no tags are left */
    }
    hc_op_end_child(&s->op, lister);
    s->lister = NULL;
    return err;
}

/* A name that no cluster has becomes a target that failed: a typo must not look
 * like a sweep that found nothing to do. */
static int find_unmatched(struct op_sweep *s)
{
    const struct headcount_sweep *r = &s->request;
    const char *what = hc_arena_fmt(
        &s->op.arena, "no cluster is named so in the regions and accounts that "
        "were looked at; %s%s%s",
        s->there != NULL ? "clusters there: " : "there is no cluster",
        s->there != NULL ? s->there + 2 : "",
        s->there_n > FIND_SHOWN ? " and more" : "");
    int err = hc_arena_error(&s->op.arena);

    s->all_found = true;
    for (size_t i = 0; err == 0 && s->lists && i < r->clusters_n; i++)
        if (!s->matched[i])
            err = find_put(s, &(struct op_target){
                .name = hc_str(r->clusters[i]), .code = "no_cluster",
                .what = what });
    return err;
}

static int find_stopped(struct op_sweep *s)
{
    int err = find_put(s, &(struct op_target){
        .scope = s->scope, .code = "cancelled",
        .what = "cancelled before all clusters were found" });

    s->scope = s->scopes_n;
    s->all_found = true;
    return err;
}

int hc_op_sweep_find(struct op_sweep *s)
{
    int err = 0;

    while (err == 0 && s->lists && s->scope < s->scopes_n) {
        if (s->lister == NULL && s->cancelled)
            return find_stopped(s);
        if (s->lister == NULL)
            err = find_ask(s);
        if (err == 0 && s->lister->state != HEADCOUNT_DONE)
            return 0;
        if (err == 0)
            err = find_answered(s);
    }
    return err == 0 && !s->all_found ? find_unmatched(s) : err;
}

int hc_op_sweep_find_init(struct op_sweep *s)
{
    hc_buf_init(&s->body, &s->op.h->net.sys.alloc, FIND_BODY);
    hc_pages_init(&s->pages, &s->op.h->net.sys.alloc);
    s->page = hc_arena_zero(&s->op.arena, HC_ECS_BATCH * sizeof *s->page);
    s->matched = hc_arena_zero(&s->op.arena, s->request.clusters_n + 1);
    return hc_arena_error(&s->op.arena);
}

void hc_op_sweep_find_fini(struct op_sweep *s)
{
    headcount_op_free(s->lister);
    s->lister = NULL;
    hc_buf_fini(&s->body);
    hc_pages_fini(&s->pages);
    hc_free(&s->op.h->net.sys.alloc, s->slots, s->slots_n * sizeof *s->slots);
    s->slots = NULL;
    s->slots_n = 0;
}
