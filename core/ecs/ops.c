/* ecs/ops.c - what the views of all operations share. */
#include "ecs/ops.h"

#define OPS_TEXT ((size_t)64 << 10)           /* bytes of one string */

/* 0, or the sticky error of the arena with its sentence. */
static int answer_kept(const struct hc_ecs_answer *a, struct headcount_error *e)
{
    int err = hc_arena_error(&a->arena);

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EANSWER, "%s holds more than is kept "
                            "of one answer (%zu bytes)", a->view.what,
                            a->arena.max);
    return err == 0 ? 0
                    : hc_error_set(e, err, "no memory for %s", a->view.what);
}

static int answer_sink(void *ud, const struct hc_view_item *item,
                       struct headcount_error *e)
{
    struct hc_ecs_answer *a = ud;
    int err = answer_kept(a, e);

    return err < 0 ? err : a->sink(a->ud, item, e);
}

void hc_ecs_answer_init(struct hc_ecs_answer *a,
                        const struct hc_view_config *config, size_t kept)
{
    struct hc_view_config view = *config;

    a->needs_list = false;
    a->sink = config->sink;
    a->ud = config->ud;
    view.sink = answer_sink;
    view.ud = a;
    if (view.code == 0)
        view.code = HEADCOUNT_EANSWER;
    if (view.max_bytes == 0)
        view.max_bytes = HC_ECS_ANSWER;
    if (view.max_text == 0)
        view.max_text = OPS_TEXT;
    hc_view_init(&a->view, &view);
    hc_arena_init(&a->arena, config->alloc, kept);
}

int hc_ecs_answer_feed(struct hc_ecs_answer *a, struct hc_str span,
                       struct headcount_error *e)
{
    return hc_view_feed(&a->view, span, e);
}

int hc_ecs_answer_end(struct hc_ecs_answer *a, struct headcount_error *e)
{
    int err = hc_view_end(&a->view, e);

    if (err == 0)
        err = answer_kept(a, e);
    if (err == 0 && a->needs_list && !a->view.list_seen)
        return hc_error_set(e, HEADCOUNT_EANSWER, "%s has no list in it",
                            a->view.what);
    return err;
}

void hc_ecs_answer_fini(struct hc_ecs_answer *a)
{
    hc_view_fini(&a->view);
    hc_arena_fini(&a->arena);
}
