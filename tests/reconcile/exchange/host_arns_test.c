/* tests/reconcile/exchange/host_arns_test.c - lists of hosts that are not
 * believed.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define WEB SCRIPT_SERVICE("web", 1, "")

TEST(host_arns, a_list_that_is_not_the_clusters_is_not_counted)
{
    static const struct script_answer answers[] = {
        { "{}", "no list" }, { "{\"nextToken\":null}", "no list" },
        { "{\"containerInstanceArns\":null}", "no list" },
        { "{\"containerInstanceArns\":[\"a\"]}", "no host of the cluster" },
        { "{\"containerInstanceArns\":[\"" SCRIPT_AT
          "container-instance/stage/a\"]}", "no host of the cluster" },
        { "{\"containerInstanceArns\":[\"arn:aws:ecs:eu-west-1:999988887777:"
          "container-instance/a\"]}", "no host of the cluster" },
        { SCRIPT_HOSTS("\"" SCRIPT_AT "cluster/prod\""), "no host" },
        { "{\"containerInstanceArns\":[null]}", "array of strings" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS },
    };

    script_disbelieve(rows, 2, answers, sizeof(answers) / sizeof(*answers));
}

TEST(host_arns, a_page_that_names_itself_as_the_next_is_not_believed)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS, .answer = "{\"containerInstanceArns\":[],"
          "\"nextToken\":\"t\"}" },
        { .operation = HOSTS },
    };

    script_disbelieve(rows, 3, &(struct script_answer){ rows[1].answer,
                                                        "its own next" }, 1);
}

/* Two or five tokens that take turns, and the same hosts on each page. */
TEST(host_arns, pages_in_a_ring_are_not_believed)
{
    static const char *const pages[] = {
        "{\"containerInstanceArns\":[" SCRIPT_HOST("a") "],"
            "\"nextToken\":\"p\"}",
        "{\"containerInstanceArns\":[" SCRIPT_HOST("b") "],"
            "\"nextToken\":\"q\"}",
        "{\"containerInstanceArns\":[" SCRIPT_HOST("c") "],"
            "\"nextToken\":\"r\"}",
        "{\"containerInstanceArns\":[" SCRIPT_HOST("d") "],"
            "\"nextToken\":\"s\"}",
        "{\"containerInstanceArns\":[],\"nextToken\":\"t\"}",
    };
    struct script_row rows[1 + 5 + 3];

    rows[0] = (struct script_row){ .operation = SERVICES,
                                   .answer = SCRIPT_SERVICES(WEB) };
    for (size_t ring = 2; ring <= 5; ring += 3) {
        size_t n = 1 + ring + 3;

        for (size_t i = 1; i < n; i++)
            rows[i] = (struct script_row){ .operation = HOSTS,
                                           .answer = pages[(i - 1) % ring] };
        script_disbelieve(rows, n,
                          &(struct script_answer){ rows[n - 1].answer,
                                                   "to an end" }, 1);
    }
}

TEST(host_arns, more_hosts_than_can_be_are_not_believed)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS }, { .operation = HOSTS },
    };
    struct hc_buf page[2];

    for (size_t k = 0; k < 2; k++) {
        hc_buf_init(&page[k], t_alloc(), (size_t)8 << 20);
        hc_buf_text(&page[k], "{\"containerInstanceArns\":[");
        for (size_t i = 0; i < 25001; i++)
            hc_buf_fmt(&page[k], "%s\"" SCRIPT_AT "container-instance/%zu\"",
                       i > 0 ? "," : "", k * 100000 + i);
        hc_buf_text(&page[k], k == 0 ? "],\"nextToken\":\"t\"}" : "]}");
    }
    rows[1].answer = hc_buf_z(&page[0]);
    script_disbelieve(rows, 3,
                      &(struct script_answer){ hc_buf_z(&page[1]),
                                               "more than 50000 hosts" }, 1);
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}
