/* reconcile/exchange/task_definition.c - DescribeTaskDefinition of one
 * revision, which never changes: its answer is remembered for good. */
#include "ecs/service_json.h"
#include "ecs/shapes.h"
#include "reconcile/exchange/check.h"

#define DEFINITION_FIXED_PORT "fixed host port"

static void definition_put(struct hc_run *r, struct hc_exchange *x,
                           struct hc_buf *out)
{
    const struct hc_fact_definition *d = x->into;

    (void)r;
    hc_ecs_put_describe_definition(out, d->key.name);
}

static void definition_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_definition_init(&v->definition, r->facts.alloc);
}

/* The needs of a task are kept as a text, as memory and snapshots hold them. */
static bool definition_keep_needs(struct hc_run *r,
                                  const struct hc_exchange *x,
                                  struct hc_fact_definition *d,
                                  const struct hc_ecs_needs *needs)
{
    struct hc_buf text;
    bool kept;

    hc_buf_init(&text, r->facts.alloc, HC_ECS_SERVICE);
    hc_ecs_put_needs(&text, needs);
    kept = hc_buf_error(&text) == 0;
    if (kept)
        d->needs_text = hc_check_used(
            r, x, hc_arena_str(&r->facts.arena, hc_buf_view(&text)));
    hc_buf_fini(&text);
    return kept && hc_arena_error(&r->facts.arena) == 0;
}

static int definition_learn(struct hc_run *r, struct hc_exchange *x,
                            int64_t now)
{
    struct hc_ecs_definition *v = &x->view.definition;
    struct hc_fact_definition *d = x->into;
    int err;

    (void)now;
    if (!hc_str_eq(v->arn, d->key.name))
        return hc_check_refuse(r, x, "ECS answered about a task definition "
                               "that was not asked for,", v->arn);
    err = hc_check_keep(r, x);
    if (err < 0)
        return err;
    for (struct hc_ecs_text *t = v->constraints; t != NULL; t = t->next)
        t->s = hc_check_used(r, x, t->s);
    d->constraints = v->constraints;
    d->unclear = v->unclear;
    d->fixed_port = v->fixed_port;
    if (!definition_keep_needs(r, x, d, &v->needs))
        return hc_check_no_memory(x, "facts");
    d->fact.state = FACT_VALUE;
    return 1;
}

/* ---- memory ---- */

/* Puts the definition into the handle's memory as lines: the first one says
 * whether it has a fixed host port, the second one what a task needs, and each
 * line after them is an expression.  An expression with a line break cannot be
 * a line, so such a definition is read from AWS each time. */
static void definition_remember(struct hc_run *r, struct hc_exchange *x,
                                int64_t now)
{
    const struct hc_fact_definition *d = x->into;
    struct hc_memory_key key = { .kind = MEMORY_DEFINITION,
                                 .name = d->key.name };
    bool is_lines = !d->unclear;
    struct hc_buf lines;

    hc_buf_init(&lines, r->facts.alloc, HC_ECS_SERVICE);
    if (d->fixed_port)
        hc_buf_lit(&lines, DEFINITION_FIXED_PORT);
    hc_buf_chr(&lines, '\n');
    hc_buf_str(&lines, d->needs_text);
    hc_buf_chr(&lines, '\n');
    for (const struct hc_ecs_text *t = d->constraints; t != NULL;
         t = t->next) {
        is_lines = is_lines && hc_str_find(t->s, '\n') == t->s.n;
        hc_buf_str(&lines, t->s);
        hc_buf_chr(&lines, '\n');
    }
    if (is_lines && hc_buf_error(&lines) == 0)
        hc_memory_put_text(r->config.memory, &key, now, hc_buf_view(&lines));
    hc_buf_fini(&lines);
}

static void definition_recall(struct hc_run *r, void *into)
{
    struct hc_fact_definition *d = into;
    struct hc_memory_key key = { .kind = MEMORY_DEFINITION,
                                 .name = d->key.name };
    struct hc_arena *arena = &r->facts.arena;
    struct hc_ecs_text *constraints = NULL;
    struct hc_str text, needs;
    bool fixed_port;

    if (d->fact.state != FACT_UNKNOWN || r->config.memory == NULL ||
        !hc_memory_text(r->config.memory, &key, INT64_MIN, &text))
        return;
    fixed_port = hc_str_eqz(hc_str_cut(&text, '\n'), DEFINITION_FIXED_PORT);
    needs = hc_arena_str(arena, hc_str_cut(&text, '\n'));
    while (text.n > 0)
        hc_ecs_shape_text(&constraints, arena,
                          hc_arena_str(arena, hc_str_cut(&text, '\n')));
    if (hc_arena_error(arena) < 0)
        return;                       /* it is not whole: AWS is asked */
    d->constraints = constraints;
    d->fixed_port = fixed_port;
    d->needs_text = needs;
    d->fact.state = FACT_VALUE;
}

/* ---- of a snapshot ---- */

/* A definition that is not in a complete snapshot has no constraints. */
static int definition_offline(struct hc_run *r, struct hc_exchange *x,
                              struct headcount_error *e)
{
    (void)e;
    if (r->complete)
        x->fact->state = FACT_VALUE;
    return r->complete;
}

const struct hc_exchange_class hc_exchange_task_definition = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeTaskDefinition",
    .action = "ecs:DescribeTaskDefinition",
    .fact = "the task definition",
    .put = definition_put,
    .open = definition_open,
    .learn = definition_learn,
    .remember = definition_remember,
    .recall = definition_recall,
    .offline = definition_offline
};
