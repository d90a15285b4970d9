/* op/op_policy.c - an op that ASKS: its owner looks at facts and wishes.
 *
 * A policy asks for facts in any order, and one that is not known yet ends its
 * round.  The reconcile then reads all facts that the round asked for, and asks
 * its owner again, from the start.  So no state of a policy lives while the
 * network is waited for, and the same facts give the same wishes.
 */
#include "op/op_policy.h"

#include <string.h>

#include "base/json.h"
#include "op/op_fact.h"
#include "op/op_wishes.h"
#include "plan/measure.h"

#define QUESTION_FILTERS ((size_t)64 << 10)

/* fact.list: of HOSTS or of SERVICES, and the other one is NULL. */
struct asks_list {
    const struct hc_ecs_host **hosts;
    const struct hc_host_list *names;
};

/* op->asking is always a reconcile: `op` itself, or a child of the sweep `op`.
 */
struct op_reconcile *hc_op_policy_turn(headcount_op *op)
{
    return op->state == HEADCOUNT_ASKS ? (struct op_reconcile *)op->asking
                                       : NULL;
}

/* ---- the question ---- */

void hc_op_policy_ask(struct op_reconcile *r)
{
    struct hc_run *one = &r->current->run;
    const struct hc_arn *c = &one->cluster;
    struct hc_arena *arena = &one->facts.arena;

    r->op.asking = &r->op;
    r->new_wishes_n = 0;
    r->question = (struct headcount_question){
        .name = hc_arena_str(arena, c->name).p,
        .arn = hc_arena_str(arena, hc_arn_is_full(c) ? c->text : HC_STR("")).p,
        .account = hc_arena_str(arena, c->account).p,
        .region = hc_arena_str(arena, hc_run_region(one)).p,
        .partition = hc_arena_str(arena, c->partition).p,
        .round = one->policy.rounds + 1,
        .time = hc_run_wall(one),
        .event = r->request.event,
        .event_size = r->request.event_size,
        .confirming = one->policy.again,
    };
}

const struct headcount_question *headcount_question(const headcount_op *op)
{
    return op->state == HEADCOUNT_ASKS
               ? &((const struct op_reconcile *)op->asking)->question : NULL;
}

/* ---- facts ---- */

/* JSON as GetResources takes it: sorted, so that two queries for the same tags
 * are one text and share one call. */
static int asks_filters(struct hc_buf *out, const struct headcount_tag *t,
                        size_t n)
{
    const struct headcount_tag *last = NULL;

    hc_buf_chr(out, '[');
    for (size_t i = 0; i < n; i++) {
        const struct headcount_tag *least = NULL;

        for (size_t k = 0; k < n; k++)
            if ((last == NULL || strcmp(t[k].key, last->key) > 0) &&
                (least == NULL || strcmp(t[k].key, least->key) < 0))
                least = &t[k];
        if (least == NULL)
            return HEADCOUNT_EARG; /* a key stands there twice */
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "Key", hc_str(least->key));
        if (least->value != NULL) {
            hc_buf_lit(out, ",\"Values\":[");
            hc_json_put_str(out, hc_str(least->value));
            hc_buf_chr(out, ']');
        }
        hc_buf_chr(out, '}');
        last = least;
    }
    hc_buf_chr(out, ']');
    return hc_buf_error(out);
}

static bool asks_kind(enum headcount_fact_kind from, enum hc_query_kind *to)
{
    switch (from) {
    case HEADCOUNT_FACT_CLUSTER:
        *to = QUERY_CLUSTER;
        return true;
    case HEADCOUNT_FACT_COUNT:
        *to = QUERY_COUNT;
        return true;
    case HEADCOUNT_FACT_HOSTS:
        *to = QUERY_HOSTS;
        return true;
    case HEADCOUNT_FACT_SERVICES:
        *to = QUERY_SERVICES;
        return true;
    case HEADCOUNT_FACT_SERVICE:
        *to = QUERY_SERVICE;
        return true;
    case HEADCOUNT_FACT_PLACEMENT:
        *to = QUERY_PLACEMENT;
        return true;
    }
    return false;
}

static bool asks_take(const struct headcount_query *from, struct hc_query *q)
{
    for (size_t i = 0; i < from->tags_n; i++)
        if (from->tags == NULL || from->tags[i].key == NULL)
            return false;
    *q = (struct hc_query){
        .where = hc_str(from->where),
        .min_age = from->min_age,
        .by = from->hosts,
        .launch_type = hc_str(from->launch_type),
        .service = hc_str(from->service),
    };
    return asks_kind(from->kind, &q->kind) &&
           ((q->kind != QUERY_SERVICE && q->kind != QUERY_PLACEMENT) ||
            from->service != NULL);
}

/* The hosts that count, as one array: the list among the facts also holds
 * hosts that are gone, second registrations of one machine, and hosts that the
 * query leaves out. */
static int asks_hosts(struct hc_run *r, const struct hc_query *q,
                      const struct hc_known *known, struct headcount_fact *fact)
{
    const struct hc_measure_of of = hc_policy_measure(r, q);
    size_t n = known->hosts->list.n;
    struct asks_list *list = hc_arena_zero(&r->facts.arena, sizeof *list);

    if (list != NULL)
        list->hosts = hc_arena_zero(&r->facts.arena,
                                    (n + 1) * sizeof *list->hosts);
    if (list == NULL || list->hosts == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (hc_measure_counts(&known->hosts->list.hosts[i], &of))
            list->hosts[fact->count++] =
                known->hosts->list.hosts[i].details;
    fact->list = list;
    return 1;
}

static int asks_fill(struct hc_run *r, const struct hc_query *q,
                     const struct hc_known *known, struct headcount_fact *fact)
{
    struct hc_arena *arena = &r->facts.arena;
    struct asks_list *list;

    switch (q->kind) {
    case QUERY_CLUSTER:
        fact->status = hc_arena_str(arena, known->cluster->status).p;
        fact->registered = known->cluster->registered;
        fact->tags = hc_fact_pairs(known->cluster->tags);
        break;
    case QUERY_COUNT:
        fact->count = known->count;
        break;
    case QUERY_HOSTS:
        return asks_hosts(r, q, known, fact);
    case QUERY_SERVICES:
        fact->count = (int64_t)known->names->all.n;
        fact->list = list = hc_arena_zero(arena, sizeof *list);
        if (list != NULL)
            list->names = &known->names->all;
        break;
    case QUERY_SERVICE:
        fact->service = hc_fact_service(arena, known->service);
        break;
    case QUERY_PLACEMENT:
        fact->placement = known->placed != NULL ? known->placed->value : NULL;
        break;
    }
    return hc_arena_error(arena) < 0 ? HEADCOUNT_ENOMEM : 1;
}

int headcount_fact(headcount_op *op, const struct headcount_query *query,
                   struct headcount_fact *fact, struct headcount_error *error)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    struct headcount_query from = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    struct hc_known known = { .count = 0 };
    struct hc_query q;
    struct hc_buf filters;

    *fact = (struct headcount_fact){ .registered = HEADCOUNT_UNKNOWN };
    int got = hc_take_struct(&from, &hc_form_query, query, &e);

    if (got == 0 && r == NULL)
        got = hc_error_set(&e, HEADCOUNT_ESTATE, "this op asks nothing now");
    if (got == 0 && !asks_take(&from, &q))
        got = hc_error_set(&e, HEADCOUNT_EARG,
                           "this is no query: its kind, a tag's "
                           "key or the service's name is missing");
    if (got == 0)
        got = hc_op_check_hosts(from.hosts, &e);
    if (got < 0 || r == NULL) {
        hc_give_error(error, &e);
        return got;
    }
    hc_buf_init(&filters, &r->op.h->net.sys.alloc, QUESTION_FILTERS);
    if (from.tags_n > 0)
        got = asks_filters(&filters, from.tags, from.tags_n);
    if (got == HEADCOUNT_EARG)
        hc_error_set(&e, got, "one tag key stands twice in a query");
    q.tag_filters = hc_buf_view(&filters);
    q.recent = r->by_tags;
    if (got == 0) {
        got = hc_policy_fact(&r->current->run, &q, &known, &e);
        if (got == 1)
            got = asks_fill(&r->current->run, &q, &known, fact);
    }
    hc_buf_fini(&filters);
    if (got < 0)
        hc_error_set(&e, got, "%s", hc_error_sentence(got));
    hc_give_error(error, &e);
    return got;
}

int hc_op_policy_ask_services(headcount_op *op,
                              const struct headcount_fact *list)
{
    struct headcount_query q = { .size = sizeof q,
                                 .kind = HEADCOUNT_FACT_SERVICE };
    struct headcount_fact fact;
    int all = 1;

    for (size_t i = 0; all >= 0 && i < (size_t)list->count; i++) {
        q.service = headcount_fact_name(list, i);
        int got = headcount_fact(op, &q, &fact, NULL);

        all = got < 1 ? got : all;
    }
    return all;
}

/* ---- members of facts ---- */

bool headcount_fact_host(const struct headcount_fact *fact, size_t i,
                         struct headcount_host *host)
{
    const struct asks_list *list = fact->list;
    const struct hc_ecs_host *h;

    if (list == NULL || list->hosts == NULL || i >= (size_t)fact->count)
        return false;
    h = list->hosts[i];
    *host = (struct headcount_host){
        .arn = h->arn.p,
        .id = hc_host_id(h->arn).p,
        .ec2_id = hc_fact_text(h->ec2_id),
        .provider = hc_fact_text(h->provider),
        .agent_version = hc_fact_text(h->agent_version),
        .connected = h->connected,
        .registered_at = hc_fact_known(h->registered_at),
        .running_tasks = hc_fact_known(h->running),
        .cpu = hc_fact_known(h->cpu),
        .memory = hc_fact_known(h->memory),
        .cpu_remaining = hc_fact_known(h->cpu_free),
        .memory_remaining = hc_fact_known(h->memory_free),
        .attributes = hc_fact_pairs(h->attributes),
        .tags = hc_fact_pairs(h->tags),
    };
    return true;
}

const char *headcount_fact_name(const struct headcount_fact *fact, size_t i)
{
    const struct asks_list *list = fact->list;

    if (list == NULL || list->names == NULL || i >= list->names->n)
        return NULL;
    return hc_host_id(list->names->hosts[i].arn).p;
}

static struct headcount_tag asks_pair(const struct hc_ecs_tag *t)
{
    return (struct headcount_tag){ hc_fact_text(t->key),
                                   hc_fact_text(t->value) };
}

bool headcount_pair(const struct headcount_pairs *pairs, size_t i,
                    struct headcount_tag *pair)
{
    const struct hc_ecs_tag *t = (const struct hc_ecs_tag *)pairs;

    while (t != NULL && i-- > 0)
        t = t->next;
    if (t != NULL)
        *pair = asks_pair(t);
    return t != NULL;
}

const char *headcount_pair_find(const struct headcount_pairs *pairs,
                                const char *key)
{
    const struct hc_ecs_tag *t = (const struct hc_ecs_tag *)pairs;

    while (t != NULL && !hc_str_eqz(t->key, key))
        t = t->next;
    return t != NULL ? asks_pair(t).value : NULL;
}

/* ---- the owner's answer ---- */

int hc_op_policy_add(struct op_reconcile *r, const struct hc_wish *wish)
{
    int err = hc_grow(&r->op.h->net.sys.alloc, &r->new_wishes,
                      &r->new_wishes_cap, r->new_wishes_n + 1, HC_OP_WISHES,
                      sizeof *r->new_wishes);

    if (err == 0)
        r->new_wishes[r->new_wishes_n++] = *wish;
    return err;
}

int headcount_wish(headcount_op *op, const struct headcount_wish *wish)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    struct headcount_wish w = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    struct hc_wish taken;
    int err;

    if (r == NULL)
        return HEADCOUNT_ESTATE;
    if (hc_take_struct(&w, &hc_form_wish, wish, &e) < 0 ||
        hc_op_check_wish(&w, &e) < 0)
        return hc_op_refused(r->op.h, "headcount_wish", &e);
    err = hc_op_take_wish(&r->op, &r->request, &r->current->run.facts.arena, &w,
                          &taken);
    if (err == 0)
        err = hc_op_policy_add(r, &taken);
    if (err < 0)
        hc_op_refused(r->op.h, "headcount_wish", &r->op.error);
    hc_error_reset(&r->op.error);
    return err;
}

/* A policy can only tighten a limit: hc_brake_limit keeps the smaller one. */
int headcount_limits(headcount_op *op, int64_t max_changes, int64_t max_falls)
{
    if (op->state != HEADCOUNT_ASKS)
        return HEADCOUNT_ESTATE;
    if (max_changes < 0 || max_falls < 0)
        return HEADCOUNT_EARG;
    hc_brake_limit(hc_op_brake(op), max_changes, max_falls, true);
    return 0;
}

/* Answers that came already are compared when the policy's turn ends. */
int headcount_expect_account(headcount_op *op, const char *account)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    struct hc_run *one;

    if (r == NULL)
        return HEADCOUNT_ESTATE;
    if (!hc_op_is_account(account))
        return HEADCOUNT_EARG;
    one = &r->current->run;
    if (one->config.expect_account.n > 0 || r->request.snapshot != NULL)
        return one->config.expect_account.n == 0 ||
                       hc_str_eqz(one->config.expect_account, account)
                   ? 0 : HEADCOUNT_EACCOUNT;
    one->config.expect_account =
        hc_arena_str(&one->facts.arena, hc_str(account));
    return hc_arena_error(&one->facts.arena);
}

/* The cluster fails, and nothing of it is written.  If `op` is a sweep, its
 * other clusters go on. */
void headcount_refuse(headcount_op *op, const char *why)
{
    struct op_reconcile *r = hc_op_policy_turn(op);

    if (r == NULL)
        return;
    hc_reconcile_refuse(r->current, "EPOLICY", why);
    hc_op_run_again(&r->op);
    if (op != &r->op)
        hc_op_run_again(op);
}

/* If the policy noted no fact, its wishes are final: they move to the memory
 * of the run that they are for. */
void hc_op_policy_resume(struct op_reconcile *r)
{
    struct hc_reconcile *one = r->current;
    struct hc_wish *wishes = NULL;
    size_t n = r->new_wishes_n;

    if (one->run.policy.needs_n == 0 && n > 0) {
        wishes = hc_arena_zero(&one->run.facts.arena, n * sizeof *wishes);
        if (wishes != NULL)
            memcpy(wishes, r->new_wishes, n * sizeof *wishes);
    }
    if (wishes == NULL && one->run.policy.needs_n == 0 && n > 0)
        hc_reconcile_refuse(one, "ENOMEM", "no memory for wishes");
    else
        hc_reconcile_resume(one, wishes, n);
}

void hc_op_policy_fini(struct op_reconcile *r)
{
    hc_free(&r->op.h->net.sys.alloc, r->new_wishes,
            r->new_wishes_cap * sizeof *r->new_wishes);
    r->new_wishes = NULL;
}
