/* tests/reconcile/ask_test.c - what is asked of ECS, word for word; and that
 * nothing is left of a call whatever becomes of it. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"
#include "reconcile/ask.h"

static struct hc_wish wishes[14];
static char names[14][8];

/* Wishes s0, s1, ...; the calls are made by hand. */
static struct script *set(const struct script_row *rows, size_t n,
                          size_t wishes_n)
{
    struct script *s = script_set(rows, n);

    memset(wishes, 0, sizeof(wishes));
    for (size_t i = 0; i < wishes_n; i++) {
        hc_fmt(names[i], sizeof(names[i]), "s%zu", i);
        wishes[i].service = hc_str(names[i]);
    }
    s->config.wishes = wishes;
    s->config.wishes_n = wishes_n;
    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config,
                                 &s->error), 0);
    return s;
}

static void end(struct script *s)
{
    CHECK(s->r.in_call && s->r.in_view);
    hc_ask_end(&s->r);
    CHECK(!s->r.in_call && !s->r.in_view);
    hc_ask_end(&s->r);
    hc_reconcile_fini(&s->r);
    CHECK(!s->open);
    CHECK_INT(s->at, s->n);
}

TEST(ask, up_to_ten_services_at_once)
{
    static const struct { size_t wishes, from; const char *body; } cases[] = {
        { 1, 0, "{\"cluster\":\"prod\",\"services\":[\"s0\"],"
          "\"include\":[\"TAGS\"]}" },
        { 10, 0, "{\"cluster\":\"prod\",\"services\":[\"s0\",\"s1\",\"s2\","
          "\"s3\",\"s4\",\"s5\",\"s6\",\"s7\",\"s8\",\"s9\"],"
          "\"include\":[\"TAGS\"]}" },
        { 11, 0, "{\"cluster\":\"prod\",\"services\":[\"s0\",\"s1\",\"s2\","
          "\"s3\",\"s4\",\"s5\",\"s6\",\"s7\",\"s8\",\"s9\"],"
          "\"include\":[\"TAGS\"]}" },
        { 11, 10, "{\"cluster\":\"prod\",\"services\":[\"s10\"],"
          "\"include\":[\"TAGS\"]}" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct script_row row = { .operation = "DescribeServices",
                                  .body = cases[i].body };
        struct script *s = set(&row, 1, cases[i].wishes);

        s->r.at = cases[i].from;
        CHECK_INT(hc_ask_services(&s->r), 0);
        CHECK_INT(s->r.ask, ASK_SERVICES);
        end(s);
    }
}

/* Settled ones and known ones are not asked about. */
TEST(ask, only_services_that_are_not_known)
{
    static const struct script_row row = {
        .operation = "DescribeServices", .body = "{\"cluster\":\"prod\","
        "\"services\":[\"s0\",\"s3\"],\"include\":[\"TAGS\"]}"
    };
    struct script *s = set(&row, 1, 4);
    struct hc_fact_service *known = hc_facts_service(&s->r.facts,
                                                     HC_STR("s2"));

    s->r.services[1].reason = "settled";
    known->fact.state = FACT_VALUE;
    CHECK_INT(hc_ask_services(&s->r), 0);
    CHECK_INT(s->r.batch_n, 2);
    end(s);
}

TEST(ask, hosts_page_by_page)
{
    static const struct script_row rows[] = {
        { .operation = "ListContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
        { .operation = "ListContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"filter\":\"a == \\\"b\\\"\",\"status\":\"ACTIVE\","
          "\"maxResults\":100,\"nextToken\":\"page/2\"}" },
    };
    struct script *s = set(rows, 2, 1);
    const char *why;

    s->r.hosts = hc_facts_hosts(&s->r.facts, "ACTIVE", HC_STR(""),
                                READING_FIRST);
    CHECK_INT(hc_ask_hosts(&s->r), 0);
    CHECK_INT(s->r.ask, ASK_HOSTS);
    hc_ask_end(&s->r);
    s->r.hosts = hc_facts_hosts(&s->r.facts, "ACTIVE", HC_STR("a == \"b\""),
                                READING_FIRST);
    CHECK_INT(hc_pages_turn(&s->r.pages, true, HC_STR("page/2"), &why), 0);
    CHECK_INT(hc_ask_hosts(&s->r), 0);
    end(s);
}

/* 250 hosts: a hundred, a hundred, fifty, each once. */
TEST(ask, a_hundred_hosts_are_described_at_once)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"containerInstances\":[\"h249\"]}" },
    };
    static const size_t from[] = { 0, 100, 249 }, want[] = { 100, 100, 1 };
    struct script *s = set(rows, 3, 1);

    s->r.hosts = hc_facts_hosts(&s->r.facts, "ACTIVE", HC_STR(""),
                                READING_FIRST);
    for (size_t i = 0; i < 250; i++)
        hc_host_list_add(&s->r.hosts->list, s->r.facts.alloc,
                          hc_str(hc_arena_fmt(&s->r.facts.arena, "h%zu", i)));
    for (size_t i = 0; i < 3; i++) {
        s->r.host_at = from[i];
        CHECK_INT(hc_ask_details(&s->r), 0);
        CHECK_INT(s->r.ask, ASK_DETAILS);
        CHECK_INT(s->r.batch_n, want[i]);
        CHECK(hc_str_eq(s->r.batch[0], s->r.hosts->list.hosts[from[i]].arn));
        if (i < 2)
            hc_ask_end(&s->r);
    }
    end(s);
}

TEST(ask, the_cluster_and_the_write)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters",
          .body = "{\"clusters\":[\"prod\"],\"include\":[\"TAGS\"]}" },
        { .operation = "UpdateService", .body = "{\"cluster\":\"prod\","
          "\"service\":\"s1\",\"desiredCount\":12}" },
    };
    struct script *s = set(rows, 2, 2);

    CHECK_INT(hc_ask_cluster(&s->r), 0);
    CHECK_INT(s->r.ask, ASK_CLUSTER);
    hc_ask_end(&s->r);
    s->r.at = 1;
    s->r.plan.wanted = 12;
    s->r.write_by = s->now + 60 * HC_SECOND;
    CHECK_INT(hc_ask_update(&s->r), 0);
    CHECK_INT(s->r.ask, ASK_UPDATE);
    end(s);
}

TEST(ask, a_view_is_opened_anew_for_each_attempt)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters" }
    };
    struct script *s = set(rows, 1, 1);

    CHECK_INT(hc_ask_cluster(&s->r), 0);
    CHECK_INT(hc_ecs_cluster_feed(&s->r.view.cluster,
                                  HC_STR("{\"clusters\":[{\"status\":\"X\"}"),
                                  NULL), 0);
    CHECK_INT(s->r.view.cluster.clusters_n, 1);
    hc_ask_view(&s->r);
    CHECK_INT(s->r.view.cluster.clusters_n, 0);
    end(s);
}

TEST(ask, a_call_that_does_not_begin_leaves_its_reason)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters", .refuse = true,
          .fail = HEADCOUNT_EREGION },
    };
    struct script *s = set(rows, 1, 1);

    CHECK_INT(hc_ask_cluster(&s->r), HEADCOUNT_EREGION);
    CHECK_Z(s->r.error.what, "it did not begin");
    CHECK(!s->r.in_call && !s->r.in_view);
    hc_reconcile_fini(&s->r);
}

TEST(ask, a_request_that_would_be_too_long_is_not_made)
{
    static char filter[300000];
    struct script *s = set(NULL, 0, 1);

    memset(filter, 'a', sizeof(filter));
    s->r.hosts = hc_facts_hosts(&s->r.facts, "ACTIVE",
                                hc_str_n(filter, sizeof(filter)),
                                READING_FIRST);
    CHECK(s->r.hosts != NULL);
    CHECK_INT(hc_ask_hosts(&s->r), HEADCOUNT_ELIMIT);
    CHECK(strstr(s->r.error.what, "too long") != NULL);
    CHECK(!s->r.in_call && !s->r.in_view);
    hc_reconcile_fini(&s->r);
}

TEST(ask, without_ways_the_real_call_is_made)
{
    struct script *s = set(NULL, 0, 1);

    CHECK(hc_reconcile_vtable(&s->r)->start != hc_call_start);
    s->r.config.vtable = NULL;
    CHECK(hc_reconcile_vtable(&s->r)->start == hc_call_start);
    CHECK(hc_reconcile_vtable(&s->r)->step == hc_call_step);
    CHECK(hc_reconcile_vtable(&s->r)->cancel == hc_call_cancel);
    CHECK(hc_reconcile_vtable(&s->r)->fini == hc_call_fini);
    hc_reconcile_fini(&s->r);
}

static int ask_for_services(void)
{
    static const struct script_row row = { .operation = "DescribeServices" };
    struct script *s = script_set(&row, 1);

    s->config.wishes = wishes;
    s->config.wishes_n = 14;

    int err = hc_reconcile_start(&s->r, &s->net, &s->job, &s->config,
                                 &s->error);

    if (err == 0)
        err = hc_ask_services(&s->r);
    if (err == 0)
        err = hc_ecs_services_feed(&s->r.view.services,
                                   HC_STR("{\"services\":[{\"status\":"),
                                   &s->r.error);
    CHECK(err == 0 || s->error.what[0] != '\0' ||
          s->r.error.what[0] != '\0');
    hc_reconcile_fini(&s->r);
    return err;
}

TEST(ask, memory_may_end_anywhere)
{
    struct script *s = set(NULL, 0, 14);

    hc_reconcile_fini(&s->r);
    t_fails_every_allocation(ask_for_services);
}
