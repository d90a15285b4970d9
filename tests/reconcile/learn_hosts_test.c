/* tests/reconcile/learn_hosts_test.c - lists and descriptions of hosts that are
 * not believed.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define WEB SCRIPT_SERVICE("web", 1, "")
#define STRATEGY_WEB SCRIPT_BARE("web", 150,                                \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")
#define HOST(id, more) "{\"containerInstanceArn\":" SCRIPT_HOST(id)         \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\"" more "}"

static struct hc_wish wishes[2];

static struct script *set(const struct script_row *rows, size_t n,
                          size_t wishes_n)
{
    struct script *s = script_set(rows, n);

    wishes[0] = (struct hc_wish){ .service = HC_STR("web") };
    wishes[1] = (struct hc_wish){ .service = HC_STR("log") };
    s->config.wishes = wishes;
    s->config.wishes_n = wishes_n;
    return s;
}

/* ---- ListContainerInstances ---- */

TEST(learn_hosts, a_list_that_is_not_the_clusters_is_not_counted)
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

TEST(learn_hosts, a_page_that_names_itself_as_the_next_is_not_believed)
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
TEST(learn_hosts, pages_in_a_ring_are_not_believed)
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

TEST(learn_hosts, more_hosts_than_can_be_are_not_believed)
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

/* ---- DescribeContainerInstances ---- */

TEST(learn_hosts, a_description_of_other_hosts_is_not_believed)
{
    static const struct script_answer answers[] = {
        { "{}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "]}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("a", "") "]}",
          "twice" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("c", "") "]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") ",{}]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("b") ",\"reason\":\"INTERNAL\"}]}",
          "could not read" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("a") ",\"reason\":\"MISSING\"}]}", "twice" },
        { "{\"failures\":[{\"arn\":\"x\",\"reason\":\"MISSING\"}]}",
          "not asked for" },
        { "{\"containerInstances\":0}", "array of objects" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "DescribeContainerInstances" },
    };

    script_disbelieve(rows, 3, answers, sizeof(answers) / sizeof(*answers));
}

static void describe_page(struct hc_buf *out, size_t from, size_t n)
{
    hc_buf_text(out, "{\"containerInstances\":[");
    for (size_t i = from; i < from + n; i++)
        hc_buf_fmt(out, "%s{\"containerInstanceArn\":\"" SCRIPT_AT
                   "container-instance/%zu\",\"status\":\"ACTIVE\","
                   "\"capacityProviderName\":\"asg\"}", i > from ? "," : "",
                   i);
    hc_buf_text(out, "]}");
}

TEST(learn_hosts, hosts_are_described_a_hundred_at_a_time)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS }, { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances" },
        { .operation = "UpdateService", .answer = SCRIPT_TAKEN, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
          "\"desiredCount\":101}" },
    };
    struct hc_buf list, page[2];

    hc_buf_init(&list, t_alloc(), (size_t)1 << 20);
    hc_buf_text(&list, "{\"containerInstanceArns\":[");
    for (size_t i = 0; i < 101; i++)
        hc_buf_fmt(&list, "%s\"" SCRIPT_AT "container-instance/%zu\"",
                   i > 0 ? "," : "", i);
    hc_buf_text(&list, "]}");
    rows[1].answer = hc_buf_z(&list);
    for (size_t k = 0; k < 2; k++) {
        hc_buf_init(&page[k], t_alloc(), (size_t)1 << 20);
        describe_page(&page[k], k * 100, k == 0 ? 100 : 1);
        rows[2 + k].answer = hc_buf_z(&page[k]);
    }
    set(rows, 5, 1);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "updated");
    CHECK_INT(script_service(0)->hosts_counted, 101);
    script_end();
    hc_buf_fini(&list);
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}
