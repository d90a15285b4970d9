/* tests/ecs/ops_tasks_test.c - ListTasks and DescribeTasks. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"

static struct hc_ecs_tasks v;
static struct headcount_error error;

static int feed(struct hc_ecs_answer *a, const char *text, size_t step)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    for (; err == 0 && at < n; at += step)
        err = hc_ecs_answer_feed(
            a, hc_str_n(p + at, n - at < step ? n - at : step), &error);
    return err == 0 ? hc_ecs_answer_end(a, &error) : err;
}

static int get(const char *text, size_t step)
{
    hc_ecs_tasks_init(&v, t_alloc());
    return feed(&v.answer, text, step);
}

TEST(ops_tasks, the_requests)
{
    const struct hc_str arns[] = { HC_STR("a"), HC_STR("b\"") };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_list_tasks(&out, HC_STR("prod"), HC_STR("web"), HC_STR(""));
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"serviceName\":"
              "\"web\",\"desiredStatus\":\"RUNNING\",\"maxResults\":100}");
    hc_buf_reset(&out);
    hc_ecs_put_list_tasks(&out, HC_STR("prod"), HC_STR("web"), HC_STR("t"));
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"serviceName\":"
              "\"web\",\"desiredStatus\":\"RUNNING\",\"maxResults\":100,"
              "\"nextToken\":\"t\"}");
    hc_buf_reset(&out);
    hc_ecs_put_describe_tasks(&out, HC_STR("prod"), arns, 2);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"tasks\":[\"a\","
              "\"b\\\"\"]}");
    hc_buf_fini(&out);
}

TEST(ops_tasks, a_page_of_tasks)
{
    struct hc_ecs_arns arns;

    hc_ecs_task_arns_init(&arns, t_alloc());
    CHECK_INT(feed(&arns.answer, "{\"taskArns\":[\"" AT "task/prod/t1\"],"
                   "\"nextToken\":\"n\"}", 5), 0);
    CHECK_INT(arns.arns_n, 1);
    CHECK_STR(arns.arns[0], AT "task/prod/t1");
    CHECK_STR(arns.next, "n");
    hc_ecs_arns_fini(&arns);
    hc_ecs_task_arns_init(&arns, t_alloc());
    CHECK_INT(feed(&arns.answer, "{}", 5), HEADCOUNT_EANSWER);
    hc_ecs_arns_fini(&arns);
}

static const char answer[] =
    "{\"tasks\":[{\"taskArn\":\"t1\",\"containerInstanceArn\":\"h1\","
    "\"lastStatus\":\"RUNNING\",\"desiredStatus\":\"RUNNING\",\"containers\":"
    "[{\"taskArn\":\"x\",\"lastStatus\":\"STOPPED\"}]},{\"lastStatus\":"
    "\"PROVISIONING\",\"taskArn\":\"t2\",\"desiredStatus\":\"RUNNING\","
    "\"containerInstanceArn\":null}],\"failures\":[{\"arn\":\"t3\","
    "\"reason\":\"MISSING\"}]}";

TEST(ops_tasks, an_answer_is_the_same_at_every_step)
{
    for (size_t step = 1; step < sizeof(answer); step += 3) {
        CHECK_INT(get(answer, step), 0);
        CHECK_INT(v.tasks_n, 2);
        CHECK_STR(v.tasks[0].arn, "t1");
        CHECK_STR(v.tasks[0].host, "h1");
        CHECK_STR(v.tasks[0].last, "RUNNING");
        CHECK_STR(v.tasks[0].desired, "RUNNING");
        CHECK_STR(v.tasks[1].arn, "t2");
        CHECK_STR(v.tasks[1].host, "");
        CHECK_STR(v.tasks[1].last, "PROVISIONING");
        CHECK_INT(v.failures_n, 1);
        CHECK_STR(v.failures[0].arn, "t3");
        CHECK_STR(v.failures[0].reason, "MISSING");
        hc_ecs_answer_fini(&v.answer);
    }
}

TEST(ops_tasks, what_is_no_answer_is_refused)
{
    static const char *const texts[] = {
        "[]", "{\"tasks\":1}", "{\"tasks\":[1]}", "{\"tasks\":[],\"tasks\":[]}",
        "{\"tasks\":[{\"taskArn\":1}]}", "{\"failures\":[\"x\"]}",
        "{\"tasks\":[{\"taskArn\":\"a\",\"taskArn\":\"b\"}]}", "{\"tasks\":[",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK_INT(get(texts[i], 4), HEADCOUNT_EANSWER);
        CHECK(error.what[0] != '\0');
        hc_ecs_answer_fini(&v.answer);
    }
}

static int get_many(const char *list, const char *element, size_t n)
{
    struct hc_buf text;
    int err;

    hc_buf_init(&text, t_alloc(), 10000);
    hc_buf_fmt(&text, "{\"%s\":[", list);
    for (size_t i = 0; i < n; i++)
        hc_buf_fmt(&text, "%s%s", i > 0 ? "," : "", element);
    hc_buf_text(&text, "]}");
    err = get(hc_buf_z(&text), 1000);
    hc_buf_fini(&text);
    hc_ecs_answer_fini(&v.answer);
    return err;
}

TEST(ops_tasks, an_answer_has_at_most_a_hundred)
{
    CHECK_INT(get_many("tasks", "{}", 100), 0);
    CHECK_INT(get_many("tasks", "{}", 101), HEADCOUNT_EANSWER);
    CHECK_INT(get_many("failures", "{\"arn\":\"x\"}", 100), 0);
    CHECK_INT(get_many("failures", "{\"arn\":\"x\"}", 101), HEADCOUNT_EANSWER);
}

static int get_once(void)
{
    int err = get(answer, 7);

    hc_ecs_answer_fini(&v.answer);
    return err;
}

TEST(ops_tasks, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_once);
}
