/* tests/reconcile/exchange/task_details_test.c - descriptions of tasks that are
 * not believed. */
#include "t.h"

#include <string.h>

#include "reconcile/placed_rows.h"

#define RUNS STATUS("RUNNING", "RUNNING")
#define TASK_2 A_TASK("2", RUNS ",\"containerInstanceArn\":" B)

static void disbelieve(const char *answer, const char *says)
{
    struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES, TASKS(TASK("1") "," TASK("2")),
        { .operation = "DescribeTasks", .answer = answer }
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    if (strstr(script_service(0)->reason, says) == NULL)
        CHECK_Z(script_service(0)->reason, says);
    script_end();
}

/* A task that is left out would make its host one that lacks a task. */
TEST(task_details, a_description_of_other_tasks_is_not_believed)
{
    disbelieve("{}", "left out tasks");
    disbelieve("{\"tasks\":[" TASK_2 "]}", "left out tasks");
    disbelieve("{\"tasks\":[" TASK_2 "," TASK_2 "]}", "twice");
    disbelieve("{\"tasks\":[" TASK_2 "," ON("3", "a") "]}", "not asked for");
    disbelieve("{\"tasks\":[" TASK_2 ",{}]}", "not asked for");
    disbelieve("{\"tasks\":[" TASK_2 "],\"failures\":[{\"arn\":" TASK("1")
               ",\"reason\":\"INTERNAL\"}]}", "could not read");
    disbelieve("{\"tasks\":[" TASK_2 "],\"failures\":[{\"arn\":" TASK("2")
               ",\"reason\":\"MISSING\"}]}", "twice");
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", ",\"desiredStatus\":"
               "\"RUNNING\",\"containerInstanceArn\":" A) "]}",
               "left out the status of");
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", ",\"lastStatus\":"
               "\"RUNNING\",\"containerInstanceArn\":" A) "]}",
               "left out the status of");
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", RUNS
               ",\"containerInstanceArn\":\"a\"") "]}",
               "no host of the cluster");
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", RUNS
               ",\"containerInstanceArn\":\"" SCRIPT_AT
               "container-instance/test/a\"") "]}", "no host of the cluster");
    /* a list that does not heed the service, and one that does */
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", RUNS ",\"group\":"
               "\"service:weber\"") "]}", "of the group \"service:weber\"");
    disbelieve("{\"tasks\":[" TASK_2 "," A_TASK("1", RUNS ",\"group\":"
               "\"family:web\"") "]}", "of the group \"family:web\"");
    disbelieve("{\"tasks\":[" A_TASK("1", RUNS ",\"group\":\"service:web\"")
               "]}", "left out tasks");
    disbelieve("{\"tasks\":0}", "array of objects");
}

static void put_tasks(struct hc_buf *out, const char *key, size_t from,
                      size_t n, bool described)
{
    hc_buf_fmt(out, "{\"%s\":[", key);
    for (size_t i = from; i < from + n; i++) {
        if (i > from)
            hc_buf_chr(out, ',');
        if (described)
            hc_buf_text(out, "{\"taskArn\":");
        hc_buf_fmt(out, "\"" SCRIPT_AT "task/prod/%zu\"", i);
        if (described)
            hc_buf_fmt(out, STATUS("RUNNING", "RUNNING")
                       ",\"containerInstanceArn\":%s}", i == 100 ? B : A);
    }
    hc_buf_text(out, "]}");
}

TEST(task_details, tasks_are_described_a_hundred_at_a_time)
{
    struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES, { .operation = "ListTasks" },
        { .operation = "DescribeTasks" }, { .operation = "DescribeTasks" },
        DESCRIBE(ROOM("c", "1", "")), DEFINITION, WRITE
    };
    struct hc_buf text[3];

    for (size_t i = 0; i < 3; i++) {
        hc_buf_init(&text[i], t_alloc(), (size_t)1 << 20);
        put_tasks(&text[i], i == 0 ? "taskArns" : "tasks", i == 2 ? 100 : 0,
                  i == 0 ? 101 : i == 1 ? 100 : 1, i > 0);
        rows[5 + i].answer = hc_buf_z(&text[i]);
    }
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    for (size_t i = 0; i < 3; i++)
        hc_buf_fini(&text[i]);
}
