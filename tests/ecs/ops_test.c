/* tests/ecs/ops_test.c - what the views of all operations share. */
#include "t.h"

#include "ecs/ops.h"

static struct hc_ecs_answer answer;
static struct headcount_error error;
static int taken;

static int take(void *ud, const struct hc_view_item *item,
                struct headcount_error *e)
{
    struct hc_ecs_answer *a = ud;

    (void)e;
    taken++;
    hc_arena_str(&a->arena, item->text);
    return 0;
}

static int read_text(const char *text, size_t kept, bool needs_list)
{
    static const struct hc_view_member shape[] = {
        { "a", VIEW_TEXT, 1, NULL }, { "b", VIEW_TEXT, 2, NULL },
        { "list", VIEW_TEXTS, 3, NULL },
        HC_VIEW_LAST
    };
    int err;

    hc_error_reset(&error);
    taken = 0;
    hc_ecs_answer_init(&answer, &(struct hc_view_config){
        .alloc = t_alloc(), .root = shape, .sink = take, .ud = &answer,
        .what = "the answer"
    }, kept);
    answer.needs_list = needs_list;
    err = hc_ecs_answer_feed(&answer, hc_str(text), &error);
    if (err == 0)
        err = hc_ecs_answer_end(&answer, &error);
    hc_ecs_answer_fini(&answer);
    return err;
}

TEST(ops, an_answer_that_holds_more_than_is_kept_is_refused)
{
    CHECK_INT(read_text("{\"a\":\"12345\"}", 6, false), 0);
    CHECK_INT(read_text("{\"a\":\"123456\"}", 6, false), HEADCOUNT_EANSWER);
    CHECK_STR(hc_str(error.what), "the answer holds more than is kept of one "
              "answer (6 bytes)");
    CHECK_INT(read_text("{\"a\":\"123456\",\"b\":\"1\",\"list\":[\"2\"]}", 6,
                        false), HEADCOUNT_EANSWER);
    CHECK_INT(taken, 1);
}

TEST(ops, an_answer_without_its_list_is_refused)
{
    CHECK_INT(read_text("{\"list\":[]}", 6, true), 0);
    CHECK_INT(read_text("{\"a\":\"1\"}", 6, false), 0);
    CHECK_INT(read_text("{\"a\":\"1\"}", 6, true), HEADCOUNT_EANSWER);
    CHECK_STR(hc_str(error.what), "the answer has no list in it");
    CHECK_INT(read_text("{\"list\":null}", 6, true), HEADCOUNT_EANSWER);
}

TEST(ops, an_answer_is_bounded_and_whole)
{
    struct hc_buf text;

    CHECK_INT(read_text("{\"a\":\"1\"", 6, false), HEADCOUNT_EANSWER);
    hc_buf_init(&text, t_alloc(), 1000000);
    hc_buf_lit(&text, "{\"a\":\"");
    for (size_t i = 0; i < 65536; i++)
        hc_buf_chr(&text, 'x');
    hc_buf_put(&text, "\"}", 3);
    CHECK_INT(read_text(text.p, 1000000, false), 0);
    text.p[text.n - 3] = 'x';
    text.p[text.n - 2] = '"';
    text.p[text.n - 1] = '}';
    hc_buf_chr(&text, '\0');
    CHECK_INT(read_text(text.p, 1000000, false), HEADCOUNT_EANSWER);
    hc_buf_fini(&text);
}

static int read_once(void)
{
    return read_text("{\"a\":\"1\",\"list\":[]}", 1000, true);
}

TEST(ops, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_once);
}
