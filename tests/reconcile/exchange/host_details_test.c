/* tests/reconcile/exchange/host_details_test.c - descriptions of hosts that
 * are not believed.
 */
#include "t.h"

#include "peers/ecs_script.h"

#define STRATEGY_WEB SCRIPT_BARE("web", 150,                                \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")
#define HOST(id, more) "{\"containerInstanceArn\":" SCRIPT_HOST(id)         \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\"" more "}"

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

TEST(host_details, a_description_of_other_hosts_is_not_believed)
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

TEST(host_details, hosts_are_described_a_hundred_at_a_time)
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
    script_wishes(rows, 5, "web");
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "updated");
    CHECK_INT(script_service(0)->hosts_counted, 101);
    script_end();
    hc_buf_fini(&list);
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}
