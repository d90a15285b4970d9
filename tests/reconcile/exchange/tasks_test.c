/* tests/reconcile/exchange/tasks_test.c - lists of tasks that are not believed,
 * and their pages. */
#include "t.h"

#include <string.h>

#include "reconcile/placed_rows.h"

static void disbelieve(struct script_row tasks, const char *says)
{
    struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES, tasks
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    CHECK(strstr(script_service(0)->reason, says) != NULL);
    script_end();
}

TEST(tasks, a_list_of_what_is_no_task_is_not_believed)
{
    disbelieve((struct script_row){ .operation = "ListTasks", .answer = "{}" },
               "no list in it");
    disbelieve((struct script_row)TASKS("\"t1\""), "no task of the cluster");
    disbelieve((struct script_row)TASKS(A), "no task of the cluster");
    disbelieve((struct script_row)TASKS("\"" SCRIPT_AT "task/test/t1\""),
               "no task of the cluster");
    disbelieve((struct script_row)TASKS("\"arn:aws:ecs:eu-west-2:111122223333:"
                                        "task/prod/t1\""),
               "no task of the cluster");
}

TEST(tasks, a_list_goes_on_until_its_last_page)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES,
        { .operation = "ListTasks", .body = TASKS_BODY(""),
          .answer = "{\"taskArns\":[" TASK("1") "],\"nextToken\":\"n\"}" },
        { .operation = "ListTasks", .body = TASKS_BODY(",\"nextToken\":\"n\""),
          .answer = "{\"taskArns\":[" TASK("2") "]}" },
        DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")),
        DESCRIBE(ROOM("c", "1", "")), DEFINITION, WRITE
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(tasks, a_page_that_fails_fails_the_service)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES,
        { .operation = "ListTasks",
          .answer = "{\"taskArns\":[" TASK("1") "],\"nextToken\":\"n\"}" },
        { .operation = "ListTasks", .fail = HEADCOUNT_ESERVICE,
          .code = "AccessDeniedException" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK(strstr(script_service(0)->reason, "\"ecs:ListTasks\", \"Resource\": "
                 "\"" SCRIPT_AT "container-instance/prod/*\"") != NULL);
    script_end();
}
