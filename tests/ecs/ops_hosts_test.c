/* tests/ecs/ops_hosts_test.c - ListContainerInstances and ListClusters. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"

static struct hc_ecs_arns arns;
static struct headcount_error error;

/* Whole (cut 0), in two pieces, or byte by byte (cut -1). */
static size_t step_of(size_t at, size_t n, int cut)
{
    return cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;
}

static int read_arns(const char *text, int cut)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    while (err == 0 && at < n) {
        size_t step = step_of(at, n, cut);

        err = hc_ecs_answer_feed(&arns.answer, hc_str_n(p + at, step), &error);
        at += step;
    }
    return err == 0 ? hc_ecs_answer_end(&arns.answer, &error) : err;
}

static int get_hosts(const char *text, int cut)
{
    hc_error_reset(&error);
    hc_ecs_hosts_init(&arns, t_alloc());
    return read_arns(text, cut);
}

static void check_put(struct hc_buf *out, const char *want)
{
    CHECK_STR(hc_buf_view(out), want);
    hc_buf_reset(out);
}

TEST(ops_hosts, requests)
{
    struct hc_str c = HC_STR("prod"), no = HC_STR(""), t = HC_STR("t");
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_list_hosts(&out, c, "ACTIVE", no, no);
    check_put(&out, "{\"cluster\":\"prod\",\"status\":\"ACTIVE\","
              "\"maxResults\":100}");
    hc_ecs_put_list_hosts(&out, c, "DRAINING", HC_STR("a == \"b\""), t);
    check_put(&out, "{\"cluster\":\"prod\",\"filter\":\"a == \\\"b\\\"\","
              "\"status\":\"DRAINING\",\"maxResults\":100,"
              "\"nextToken\":\"t\"}");
    hc_ecs_put_list_clusters(&out, no);
    check_put(&out, "{\"maxResults\":100}");
    hc_ecs_put_list_clusters(&out, t);
    check_put(&out, "{\"maxResults\":100,\"nextToken\":\"t\"}");
    hc_buf_fini(&out);
}

static const char page[] =
    "{\"containerInstanceArns\": [\"" AT "container-instance/prod/a\", \""
    AT "container-instance/prod/b\"], \"x\": [1], \"nextToken\": \"t\\n\"}";

TEST(ops_hosts, a_page_is_the_same_at_every_split)
{
    for (int cut = -1; cut < (int)sizeof(page) - 1; cut++) {
        CHECK_INT(get_hosts(page, cut), 0);
        CHECK_INT(arns.arns_n, 2);
        CHECK_STR(arns.arns[0], AT "container-instance/prod/a");
        CHECK_STR(arns.arns[1], AT "container-instance/prod/b");
        CHECK_STR(arns.next, "t\n");
        CHECK_INT(arns.next.p[arns.next.n], '\0');
        hc_ecs_arns_fini(&arns);
    }
}

TEST(ops_hosts, no_part_of_a_page_is_one)
{
    char text[sizeof(page)];

    for (size_t n = 0; n < sizeof(page) - 1; n++) {
        memcpy(text, page, n);
        text[n] = '\0';
        CHECK_INT(get_hosts(text, 0), HEADCOUNT_EANSWER);
        hc_ecs_arns_fini(&arns);
    }
}

TEST(ops_hosts, only_the_absence_of_a_token_is_an_end)
{
    static const struct { const char *text; size_t n, next; } rows[] = {
        { "{\"containerInstanceArns\":[]}", 0, 0 },
        { "{\"containerInstanceArns\":[],\"nextToken\":null}", 0, 0 },
        { "{\"containerInstanceArns\":[],\"nextToken\":\"\"}", 0, 0 },
        { "{\"containerInstanceArns\":[],\"nextToken\":\"t\"}", 0, 1 },
        { "{\"nextToken\":\"t\",\"containerInstanceArns\":[\"a\"]}", 1, 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get_hosts(rows[i].text, 0), 0);
        CHECK_INT(arns.arns_n, rows[i].n);
        CHECK_INT(arns.next.n, rows[i].next);
        hc_ecs_arns_fini(&arns);
    }
}

/* A count of nothing comes only from an answer that says so. */
TEST(ops_hosts, an_answer_without_a_list_is_no_empty_list)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{}", "no list" }, { "{\"nextToken\":\"t\"}", "no list" },
        { "{\"containerInstanceArns\":null}", "no list" },
        { "{\"clusterArns\":[]}", "no list" },
        { "{\"containerInstanceArns\":\"a\"}", "array of strings" },
        { "{\"containerInstanceArns\":[7]}", "array of strings" },
        { "{\"containerInstanceArns\":[],\"containerInstanceArns\":[]}",
          "twice" },
        { "7", "no JSON object" }, { "", "ListContainerInstances" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get_hosts(rows[i].text, 0), HEADCOUNT_EANSWER);
        CHECK(strstr(error.what, rows[i].says) != NULL);
        CHECK(strstr(error.what, "ListContainerInstances") != NULL);
        hc_ecs_arns_fini(&arns);
    }
}

TEST(ops_hosts, clusters_are_listed_the_same_way)
{
    hc_error_reset(&error);
    hc_ecs_clusters_init(&arns, t_alloc());
    CHECK_INT(read_arns("{\"clusterArns\":[\"c\"],\"nextToken\":\"t\"}", 0),
              0);
    CHECK_STR(arns.arns[0], "c");
    hc_ecs_arns_fini(&arns);
    hc_ecs_clusters_init(&arns, t_alloc());
    CHECK_INT(read_arns("{\"containerInstanceArns\":[]}", 0),
              HEADCOUNT_EANSWER);
    CHECK(strstr(error.what, "ListClusters") != NULL);
    hc_ecs_arns_fini(&arns);
}

TEST(ops_hosts, a_page_is_bounded)
{
    for (size_t n = 50000; n <= 50001; n++) {
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), (size_t)1 << 20);
        hc_buf_text(&text, "{\"containerInstanceArns\":[");
        for (size_t i = 0; i < n; i++)
            hc_buf_fmt(&text, "%s\"%zu\"", i > 0 ? "," : "", i);
        hc_buf_text(&text, "]}");
        CHECK_INT(get_hosts(hc_buf_z(&text), 0),
                  n == 50000 ? 0 : HEADCOUNT_EANSWER);
        if (n == 50001)
            CHECK(strstr(error.what, "more than 50000") != NULL);
        hc_ecs_arns_fini(&arns);
        hc_buf_fini(&text);
    }
}

static int read_page(void)
{
    int err = get_hosts(page, 0);

    CHECK(err == 0 || error.what[0] != '\0');
    hc_ecs_arns_fini(&arns);
    return err;
}

TEST(ops_hosts, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_page);
}
