/* reconcile/recall.c - between one reconcile and what its handle remembers. */
#include "reconcile/recall.h"

#include "ecs/shapes.h"
#include "reconcile/settle.h"

#define RECALL_FIXED_PORT "fixed host port"

/* Who asks, where a cluster is only a name: another role may see another
 * account's cluster of that name. */
static struct hc_str recall_role(const struct hc_reconcile *r)
{
    const struct hc_creds *creds = r->config.call.creds;

    return hc_arn_is_full(&r->cluster) || creds == NULL
               ? (struct hc_str){ NULL, 0 } : creds->role;
}

/* Capacity providers are an account's, the rest is a cluster's. */
struct hc_memory_key hc_recall_key(const struct hc_reconcile *r,
                                   enum hc_memory_kind kind,
                                   struct hc_str name)
{
    struct hc_memory_key key = { .kind = kind, .scope = r->cluster.text,
                                 .name = name, .role = recall_role(r) };

    if (!hc_arn_is_full(&r->cluster))
        return key;
    if (kind == MEMORY_CAPACITY)
        key.scope.n -= r->cluster.name.n;
    return key;
}

/* An answer of the last minutes is one of now. */
void hc_recall_answer(struct hc_reconcile *r, enum hc_memory_kind kind,
                      struct hc_fact_bool *a)
{
    if (a == NULL || a->fact.state != FACT_UNKNOWN || r->config.memory == NULL)
        return;

    struct hc_memory_key key = hc_recall_key(r, kind, a->name);

    if (hc_memory_answer(r->config.memory, &key, hc_now(&r->net->sys),
                         &a->yes))
        a->fact.state = FACT_VALUE;
}

/* Its first line is whether it has a fixed host port, each one after that an
 * expression. */
void hc_recall_definition(struct hc_reconcile *r, struct hc_fact_definition *d)
{
    struct hc_memory_key key = { .kind = MEMORY_DEFINITION, .name = d->arn };
    struct hc_ecs_text *constraints = NULL;
    struct hc_str text;
    bool fixed_port;

    if (d->fact.state != FACT_UNKNOWN || r->config.memory == NULL ||
        !hc_memory_text(r->config.memory, &key, INT64_MIN, &text))
        return;
    fixed_port = hc_str_eqz(hc_str_cut(&text, '\n'), RECALL_FIXED_PORT);
    while (text.n > 0)
        hc_ecs_shape_text(&constraints, &r->facts.arena,
                         hc_arena_str(&r->facts.arena,
                                     hc_str_cut(&text, '\n')));
    if (hc_arena_error(&r->facts.arena) < 0)
        return;                       /* it is not whole: asked for again */
    d->constraints = constraints;
    d->fixed_port = fixed_port;
    d->fact.state = FACT_VALUE;
}

/* A bare name may be that of a cluster in any region. */
static struct hc_memory_key recall_tagged_key(struct hc_reconcile *r,
                                              const struct hc_fact_names *l)
{
    struct hc_str region = hc_reconcile_region(r);

    return (struct hc_memory_key){
        .kind = MEMORY_TAGGED, .scope = r->cluster.text,
        .role = recall_role(r),
        .name = hc_str(hc_arena_fmt(&r->facts.arena, "%.*s %.*s",
                                   HC_STR_ARG(region),
                                   HC_STR_ARG(l->tag_filters))),
    };
}

void hc_recall_tagged(struct hc_reconcile *r, struct hc_fact_names *l)
{
    struct hc_memory_key key;
    struct hc_str text;
    int err = 0;

    if (l->fact.state != FACT_UNKNOWN || l->all.n > 0 ||
        r->config.memory == NULL)
        return;
    key = recall_tagged_key(r, l);
    if (!hc_memory_text(r->config.memory, &key,
                        hc_now(&r->net->sys) - HC_MEMORY_TAGGED, &text))
        return;
    while (err >= 0 && text.n > 0)
        err = hc_host_list_add(&l->all, r->facts.alloc,
                                hc_arena_str(&r->facts.arena,
                                            hc_str_cut(&text, '\n')));
    if (err >= 0 && hc_arena_error(&r->facts.arena) == 0)
        l->fact.state = FACT_VALUE;
    else
        hc_host_list_reset(&l->all);
}

void hc_recall_writes(struct hc_reconcile *r, struct hc_plan_input *in)
{
    if (r->config.memory == NULL)
        return;

    struct hc_memory_key key = hc_recall_key(r, MEMORY_SERVICE,
                                                in->service->name);
    int64_t now = hc_now(&r->net->sys);

    in->awaits = hc_memory_awaits(r->config.memory, &key, in->service->desired,
                                  now, &in->own_write);
    in->undone = hc_memory_undone(r->config.memory, &key, now);
    if (!hc_memory_replaced(r->config.memory, &key, r->print, &in->replaced))
        in->replaced = HEADCOUNT_UNKNOWN;
    in->low_long = hc_memory_is_low(r->config.memory, &key, now);
}

void hc_recall_low(struct hc_reconcile *r, const struct hc_plan_input *in)
{
    struct hc_memory_key key;

    if (r->config.memory == NULL || in->by != HEADCOUNT_CONNECTED ||
        in->service == NULL || r->plan.wanted == HEADCOUNT_UNKNOWN)
        return;
    key = hc_recall_key(r, MEMORY_SERVICE, in->service->name);
    hc_memory_saw_low(r->config.memory, &key,
                      r->plan.wanted < in->service->desired,
                      hc_now(&r->net->sys));
}

void hc_recall_planned(struct hc_reconcile *r, const struct hc_plan_input *in)
{
    struct hc_memory_key key;

    if (r->config.memory == NULL || in->service == NULL ||
        r->plan.wanted == HEADCOUNT_UNKNOWN)
        return;
    key = hc_recall_key(r, MEMORY_SERVICE, in->service->name);
    hc_memory_planned(r->config.memory, &key, r->plan.wanted, r->print,
                      hc_now(&r->net->sys));
}

/* ---- keeping ---- */

static void recall_keep_answers(struct hc_reconcile *r,
                                       enum hc_memory_kind kind,
                                       struct hc_fact_bool **list,
                                       int64_t now)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_memory_key key = hc_recall_key(r, kind, r->batch[i]);
        const struct hc_fact_bool *a = hc_facts_bool(&r->facts, list,
                                                         r->batch[i]);

        if (a != NULL)
            hc_memory_put_answer(r->config.memory, &key, now, a->yes);
    }
}

static void recall_keep_tagged(struct hc_reconcile *r, int64_t now)
{
    struct hc_memory_key key = recall_tagged_key(r, r->names_list);
    struct hc_buf lines;

    hc_buf_init(&lines, r->facts.alloc, HC_MEMORY_TEXTS);
    for (size_t i = 0; i < r->names_list->all.n; i++) {
        hc_buf_str(&lines, r->names_list->all.hosts[i].arn);
        hc_buf_chr(&lines, '\n');
    }
    if (hc_buf_error(&lines) == 0)
        hc_memory_put_text(r->config.memory, &key, now, hc_buf_view(&lines));
    hc_buf_fini(&lines);
}

static void recall_keep_services(struct hc_reconcile *r, int64_t now)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_memory_key key = hc_recall_key(r, MEMORY_SERVICE,
                                                    r->batch[i]);
        const struct hc_fact_service *s = hc_facts_service(&r->facts,
                                                           r->batch[i]);

        if (s != NULL && s->value != NULL)
            hc_memory_saw(r->config.memory, &key, s->value->desired, now);
    }
}

static void recall_keep_definition(struct hc_reconcile *r, int64_t now)
{
    struct hc_memory_key key = { .kind = MEMORY_DEFINITION,
                                 .name = r->definition->arn };
    struct hc_buf lines;
    bool is_lines = !r->definition->unclear;

    hc_buf_init(&lines, r->facts.alloc, HC_ECS_SERVICE);
    if (r->definition->fixed_port)
        hc_buf_lit(&lines, RECALL_FIXED_PORT);
    hc_buf_chr(&lines, '\n');
    for (const struct hc_ecs_text *t = r->definition->constraints; t != NULL;
         t = t->next) {
        is_lines = is_lines && hc_str_find(t->s, '\n') == t->s.n;
        hc_buf_str(&lines, t->s);
        hc_buf_chr(&lines, '\n');
    }
    if (is_lines && hc_buf_error(&lines) == 0)
        hc_memory_put_text(r->config.memory, &key, now, hc_buf_view(&lines));
    hc_buf_fini(&lines);
}

void hc_recall_keep(struct hc_reconcile *r, int64_t now)
{
    struct hc_memory_write write;
    struct hc_memory_key key;

    if (r->config.memory == NULL)
        return;
    switch (r->ask) {
    case ASK_SERVICES:
        recall_keep_services(r, now);
        break;
    case ASK_CAPACITY:
        recall_keep_answers(r, MEMORY_CAPACITY, &r->facts.capacity,
                                   now);
        break;
    case ASK_TARGET:
        recall_keep_answers(r, MEMORY_TARGET, &r->facts.targets, now);
        break;
    case ASK_DEFINITION:
        recall_keep_definition(r, now);
        break;
    case ASK_UPDATE:
        key = hc_recall_key(r, MEMORY_SERVICE, r->names[r->at].name);
        write = (struct hc_memory_write){ hc_settle_at(r)->desired_before,
                                          r->plan.wanted, r->print };
        hc_memory_wrote(r->config.memory, &key, &write, now);
        break;
    case ASK_TAGGED:
        recall_keep_tagged(r, now);
        break;
    case ASK_HOSTS:
    case ASK_DETAILS:
    case ASK_CLUSTER:
    case ASK_NAMES:
    case ASK_CLUSTERS:
        break;
    }
}
