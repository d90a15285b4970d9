/* ecs/shapes.c - what the answers of several operations hold. */
#include "ecs/shapes.h"

const struct hc_view_member hc_ecs_failure_shape[] = {
    { "arn", VIEW_TEXT, PART_FAILURE_ARN, NULL },
    { "reason", VIEW_TEXT, PART_FAILURE_REASON, NULL },
    { "detail", VIEW_TEXT, PART_FAILURE_DETAIL, NULL },
    HC_VIEW_LAST
};

const struct hc_view_member hc_ecs_tag_shape[] = {
    { "key", VIEW_TEXT, PART_TAG_KEY, NULL },
    { "value", VIEW_TEXT, PART_TAG_VALUE, NULL },
    HC_VIEW_LAST
};

const struct hc_view_member hc_ecs_constraint_shape[] = {
    { "type", VIEW_TEXT, PART_CONSTRAINT_TYPE, NULL },
    { "expression", VIEW_TEXT, PART_CONSTRAINT_TEXT, NULL },
    HC_VIEW_LAST
};

void hc_ecs_shape_failure(struct hc_ecs_failure *f, struct hc_arena *arena,
                         const struct hc_view_item *item)
{
    if (item->id == PART_FAILURE_ARN)
        f->arn = hc_arena_str(arena, item->text);
    else if (item->id == PART_FAILURE_REASON)
        f->reason = hc_arena_str(arena, item->text);
    else if (item->id == PART_FAILURE_DETAIL)
        f->detail = hc_arena_str(arena, item->text);
}

void hc_ecs_shape_tag(struct hc_ecs_tag **tags, struct hc_arena *arena,
                     const struct hc_view_item *item)
{
    struct hc_ecs_tag *tag = *tags;

    if (item->mark == VIEW_BEGIN) {
        tag = hc_arena_zero(arena, sizeof(*tag));
        if (tag == NULL)
            return;
        tag->next = *tags;
        *tags = tag;
    } else if (tag != NULL && item->id == PART_TAG_KEY) {
        tag->key = hc_arena_str(arena, item->text);
    } else if (tag != NULL && item->id == PART_TAG_VALUE) {
        tag->value = hc_arena_str(arena, item->text);
    }
}

void hc_ecs_shape_text(struct hc_ecs_text **list, struct hc_arena *arena,
                      struct hc_str s)
{
    struct hc_ecs_text *text = hc_arena_zero(arena, sizeof(*text));

    if (text == NULL)
        return;
    text->s = s;
    text->next = *list;
    *list = text;
}

void hc_ecs_shape_share(struct hc_ecs_share **list, struct hc_arena *arena,
                       const struct hc_ecs_share *share)
{
    struct hc_ecs_share *to = hc_arena_zero(arena, sizeof(*to));

    if (to == NULL)
        return;
    *to = *share;
    to->next = NULL;
    while (*list != NULL)
        list = &(*list)->next;
    *list = to;
}

void hc_ecs_shape_constraint(struct hc_ecs_constraint *c,
                             struct hc_arena *arena,
                             const struct hc_view_item *item)
{
    if (item->id == PART_CONSTRAINT_TYPE)
        c->type = hc_arena_str(arena, item->text);
    else if (item->id == PART_CONSTRAINT_TEXT)
        c->expression = hc_arena_str(arena, item->text);
}

bool hc_ecs_shape_constraint_end(const struct hc_ecs_constraint *c,
                                struct hc_arena *arena,
                                struct hc_ecs_text **list)
{
    if (!hc_str_eqz(c->type, "memberOf") || c->expression.n == 0)
        return hc_str_eqz(c->type, "distinctInstance");
    hc_ecs_shape_text(list, arena, c->expression);
    return true;
}

void hc_ecs_put_cluster(struct hc_buf *out, struct hc_str cluster)
{
    hc_buf_lit(out, "{\"cluster\":");
    hc_json_put_str(out, cluster);
}

void hc_ecs_put_list(struct hc_buf *out, const char *key,
                     const struct hc_str *items, size_t n)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_chr(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hc_buf_chr(out, ',');
        hc_json_put_str(out, items[i]);
    }
    hc_buf_chr(out, ']');
}
