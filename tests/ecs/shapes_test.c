/* tests/ecs/shapes_test.c - what the answers of several operations hold. */
#include "t.h"

#include <string.h>

#include "ecs/shapes.h"

static void member(struct hc_ecs_failure *f, struct hc_arena *arena, int id,
                   const char *text)
{
    hc_ecs_shape_failure(f, arena, &(struct hc_view_item){
                                     .id = id, .text = hc_str(text) });
}

TEST(parts, a_failure_takes_its_members_and_no_others)
{
    struct hc_ecs_failure f = { .arn = { NULL, 0 } };
    struct hc_arena arena;

    hc_arena_init(&arena, t_alloc(), 1000);
    member(&f, &arena, PART_FAILURE_ARN, "a");
    member(&f, &arena, PART_FAILURE_REASON, "MISSING");
    member(&f, &arena, PART_FAILURE_DETAIL, "d");
    member(&f, &arena, PART_TAG_KEY, "other");
    CHECK_STR(f.arn, "a");
    CHECK_STR(f.reason, "MISSING");
    CHECK_STR(f.detail, "d");
    hc_arena_fini(&arena);
}

TEST(parts, tags_are_a_list)
{
    static const struct hc_view_item items[] = {
        /* before the first one there is nothing to put them in */
        { .id = PART_TAG_KEY, .text = { "x", 1 } },
        { .id = PART_TAG_VALUE, .text = { "x", 1 } },
        { .id = 9, .mark = VIEW_BEGIN },
        { .id = PART_TAG_KEY, .text = { "k1", 2 } },
        { .id = PART_TAG_VALUE, .text = { "v1", 2 } },
        { .id = 9, .mark = VIEW_END },
        { .id = 9, .mark = VIEW_BEGIN },
        { .id = PART_TAG_VALUE, .text = { "v2", 2 } },
        { .id = 50, .text = { "other", 5 } },
    };
    struct hc_ecs_tag *tags = NULL;
    struct hc_arena arena;

    hc_arena_init(&arena, t_alloc(), 1000);
    for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
        hc_ecs_shape_tag(&tags, &arena, &items[i]);
    CHECK(tags != NULL && tags->next != NULL);
    CHECK_STR(tags->key, "");
    CHECK_STR(tags->value, "v2");
    CHECK_STR(tags->next->key, "k1");
    CHECK_STR(tags->next->value, "v1");
    CHECK(tags->next->next == NULL);
    hc_arena_fini(&arena);

    hc_arena_init(&arena, t_alloc(), 10);      /* no room for one */
    tags = NULL;
    hc_ecs_shape_tag(&tags, &arena, &items[2]);
    CHECK(tags == NULL);
    hc_arena_fini(&arena);
}

TEST(parts, requests_begin_with_the_cluster_and_hold_lists)
{
    static const struct hc_str items[] = { { "a", 1 }, { "b\"", 2 } };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_cluster(&out, HC_STR("pr\"od"));
    hc_ecs_put_list(&out, "x", items, 2);
    hc_ecs_put_list(&out, "y", items, 1);
    hc_ecs_put_list(&out, "z", items, 0);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"pr\\\"od\","
              "\"x\":[\"a\",\"b\\\"\"],\"y\":[\"a\"],\"z\":[]");
    hc_buf_fini(&out);
}
