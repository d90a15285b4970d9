/* tests/ecs/ops_clusters_test.c - DescribeClusters of one cluster, and of many
 * for their tags. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"

static struct hc_ecs_cluster cluster;
static struct headcount_error error;

static int get(const char *text, int cut)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    hc_ecs_cluster_init(&cluster, t_alloc());
    while (err == 0 && at < n) {
        size_t step = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;

        err = hc_ecs_answer_feed(&cluster.answer, hc_str_n(p + at, step),
                                 &error);
        at += step;
    }
    return err == 0 ? hc_ecs_answer_end(&cluster.answer, &error) : err;
}

TEST(ops_clusters, the_request)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_describe_cluster(&out, HC_STR(AT "cluster/prod"));
    CHECK_STR(hc_buf_view(&out), "{\"clusters\":[\"" AT "cluster/prod\"],"
              "\"include\":[\"TAGS\"]}");
    hc_buf_fini(&out);
}

static const char whole[] =
    "{\"clusters\":[{\"clusterArn\":\"" AT "cluster/prod\",\"clusterName\":"
    "\"prod\",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":7,"
    "\"runningTasksCount\":3,\"statistics\":[],\"tags\":[{\"key\":\"tier\","
    "\"value\":\"gold\"}],\"settings\":[{\"name\":\"x\"}]}],\"failures\":[]}";

TEST(ops_clusters, an_answer_is_the_same_at_every_split)
{
    for (int cut = -1; cut < (int)sizeof(whole) - 1; cut++) {
        CHECK_INT(get(whole, cut), 0);
        CHECK_INT(cluster.clusters_n, 1);
        CHECK_STR(cluster.arn, AT "cluster/prod");
        CHECK_STR(cluster.name, "prod");
        CHECK_STR(cluster.status, "ACTIVE");
        CHECK_INT(cluster.registered, 7);
        CHECK_STR(cluster.tags->key, "tier");
        CHECK_STR(cluster.tags->value, "gold");
        CHECK(cluster.tags->next == NULL);
        hc_ecs_answer_fini(&cluster.answer);
    }
}

TEST(ops_clusters, what_is_not_said_is_not_known)
{
    CHECK_INT(get("{}", 0), 0);
    CHECK_INT(cluster.clusters_n, 0);
    CHECK_INT(cluster.registered, -1);
    hc_ecs_answer_fini(&cluster.answer);
    CHECK_INT(get("{\"clusters\":[],\"failures\":[{\"arn\":\"a\",\"reason\":"
                  "\"MISSING\",\"detail\":\"d\"}]}", 0), 0);
    CHECK_INT(cluster.clusters_n, 0);
    CHECK_STR(cluster.failure.arn, "a");
    CHECK_STR(cluster.failure.reason, "MISSING");
    CHECK_STR(cluster.failure.detail, "d");
    hc_ecs_answer_fini(&cluster.answer);
}

TEST(ops_clusters, more_than_one_or_another_type_is_refused)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{\"clusters\":[{},{}]}", "more than the cluster" },
        { "{\"clusters\":{}}", "array of objects" },
        { "{\"clusters\":[{\"registeredContainerInstancesCount\":\"7\"}]}",
          "integer" },
        { "{\"clusters\":[{\"status\":\"A\",\"status\":\"B\"}]}", "twice" },
        { "7", "no JSON object" }, { "", "DescribeClusters" },
        { "{\"clusters\":[", "DescribeClusters" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text, 0), HEADCOUNT_EANSWER);
        CHECK(strstr(error.what, rows[i].says) != NULL);
        CHECK(strstr(error.what, "DescribeClusters") != NULL);
        hc_ecs_answer_fini(&cluster.answer);
    }
}

TEST(ops_clusters, what_is_kept_is_bounded)
{
    static char big[60001];
    struct hc_buf text;

    memset(big, 'v', sizeof(big) - 1);
    hc_buf_init(&text, t_alloc(), (size_t)8 << 20);
    hc_buf_text(&text, "{\"clusters\":[{\"tags\":[");
    for (size_t i = 0; i < 80; i++)
        hc_buf_fmt(&text, "%s{\"value\":\"%s\"}", i > 0 ? "," : "", big);
    hc_buf_text(&text, "]}]}");
    CHECK_INT(get(hc_buf_z(&text), 0), HEADCOUNT_EANSWER);
    CHECK(strstr(error.what, "more than is kept") != NULL);
    hc_ecs_answer_fini(&cluster.answer);
    hc_buf_fini(&text);
}

static int read_whole(void)
{
    int err = get(whole, 0);

    CHECK(err == 0 || error.what[0] != '\0');
    hc_ecs_answer_fini(&cluster.answer);
    return err;
}

TEST(ops_clusters, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_whole);
}

/* ---- of many ---- */

static struct hc_ecs_cluster_list many;

static int get_many(const char *text, int cut)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    hc_ecs_cluster_list_init(&many, t_alloc());
    while (err == 0 && at < n) {
        size_t step = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;

        err = hc_ecs_answer_feed(&many.answer, hc_str_n(p + at, step), &error);
        at += step;
    }
    return err == 0 ? hc_ecs_answer_end(&many.answer, &error) : err;
}

static const char two[] =
    "{\"clusters\":[{\"clusterArn\":\"" AT "cluster/a\",\"tags\":[{\"key\":"
    "\"tier\",\"value\":\"gold\"}]},{\"tags\":[],\"clusterArn\":\"" AT
    "cluster/b\",\"status\":\"ACTIVE\"}],\"failures\":[{\"arn\":\"" AT
    "cluster/c\",\"reason\":\"MISSING\"}]}";

TEST(ops_clusters, the_tags_of_many_are_the_same_at_every_split)
{
    for (int cut = -1; cut < (int)sizeof(two) - 1; cut++) {
        CHECK_INT(get_many(two, cut), 0);
        CHECK_INT(many.n, 3);
        CHECK_STR(many.clusters[0].arn, AT "cluster/a");
        CHECK_STR(many.clusters[0].tags->value, "gold");
        CHECK_STR(many.clusters[1].arn, AT "cluster/b");
        CHECK(many.clusters[1].tags == NULL && !many.clusters[1].failed);
        CHECK_STR(many.clusters[2].arn, AT "cluster/c");
        CHECK_STR(many.clusters[2].reason, "MISSING");
        CHECK(many.clusters[2].failed);
        hc_ecs_answer_fini(&many.answer);
    }
}

TEST(ops_clusters, more_than_were_asked_for_or_no_list_is_no_answer)
{
    char text[4000] = "{\"clusters\":[{}";

    for (int i = 0; i < HC_ECS_BATCH; i++)
        strcat(text, ",{}");
    strcat(text, "]}");
    CHECK_INT(get_many(text, 0), HEADCOUNT_EANSWER);
    hc_ecs_answer_fini(&many.answer);
    CHECK_INT(get_many("{}", 0), HEADCOUNT_EANSWER);
    hc_ecs_answer_fini(&many.answer);
    CHECK_INT(get_many("{\"clusters\":[7]}", 0), HEADCOUNT_EANSWER);
    hc_ecs_answer_fini(&many.answer);
}
