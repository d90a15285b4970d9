/* tests/reconcile/next_exchange_test.c - which exchange comes next, and its
 * request word for word. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"
#include "reconcile/next_exchange.h"

static struct hc_wish wishes[14];
static char names[14][8];

/* Wishes s0, s1, ...; the exchanges are made by hand. */
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

static void send(struct script *s)
{
    CHECK_INT(hc_exchange_start(&s->r.exchange, &s->r.run), 0);
    hc_exchange_end(&s->r.exchange, &s->r.run);
}

static void end(struct script *s)
{
    hc_reconcile_fini(&s->r);
    CHECK_INT(s->at, s->n);
}

TEST(next_exchange, up_to_ten_services_at_once)
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

        s->r.run.at = cases[i].from;
        CHECK_INT(hc_next_for_wish(&s->r.run, &s->r.exchange), 0);
        CHECK(s->r.exchange.class == &hc_exchange_services);
        send(s);
        end(s);
    }
}

/* Settled ones and known ones are left out. */
TEST(next_exchange, only_services_that_are_not_known)
{
    static const struct script_row row = {
        .operation = "DescribeServices", .body = "{\"cluster\":\"prod\","
        "\"services\":[\"s0\",\"s3\"],\"include\":[\"TAGS\"]}"
    };
    struct script *s = set(&row, 1, 4);
    struct hc_fact_service *known = hc_facts_service(&s->r.run.facts,
                                                     HC_STR("s2"));

    s->r.run.services[1].reason = "settled";
    known->fact.state = FACT_VALUE;
    CHECK_INT(hc_next_for_wish(&s->r.run, &s->r.exchange), 0);
    CHECK_INT(s->r.exchange.ids_n, 2);
    send(s);
    end(s);
}

/* A policy that asks for eleven, the last one twice. */
TEST(next_exchange, a_policys_services_ten_at_a_time_and_each_once)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .body = "{\"cluster\":\"prod\",\"services\":"
          "[\"s0\",\"s1\",\"s2\",\"s3\",\"s4\",\"s5\",\"s6\",\"s7\",\"s8\","
          "\"s9\"],\"include\":[\"TAGS\"]}" },
        { .operation = SERVICES, .body = "{\"cluster\":\"prod\",\"services\":"
          "[\"s10\"],\"include\":[\"TAGS\"]}" },
    };
    struct script *s = set(rows, 2, 11);
    struct hc_run *r = &s->r.run;
    const struct hc_fact *fact;

    for (size_t i = 0; i < 12; i++) {
        const struct hc_query q = { .kind = QUERY_SERVICE,
                                    .service = i < 11 ? wishes[i].service
                                        : HC_STR(SCRIPT_AT
                                                 "service/prod/s10") };
        struct hc_known known;

        CHECK_INT(hc_policy_fact(r, &q, &known, NULL), 0);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_INT(hc_next_for_policy(r, &s->r.exchange, &fact), 1);
        send(s);
        for (size_t k = 0; k < s->r.exchange.ids_n; k++)
            hc_facts_service(&r->facts, s->r.exchange.ids[k])->fact.state =
                FACT_VALUE;
    }
    CHECK_INT(hc_next_for_policy(r, &s->r.exchange, &fact), 0);
    end(s);
}

/* The policy's memory is its own; the question is asked after its turn. */
TEST(next_exchange, a_policys_question_is_copied)
{
    char tags[] = "[{\"Key\":\"k\"}]";
    const struct hc_query q = { .kind = QUERY_SERVICES,
                                .tag_filters = hc_str(tags) };
    struct script *s = set(NULL, 0, 1);
    struct hc_known known;
    const struct hc_fact *fact;

    CHECK_INT(hc_policy_fact(&s->r.run, &q, &known, NULL), 0);
    memset(tags, 'x', sizeof(tags) - 1);
    CHECK_INT(hc_next_for_policy(&s->r.run, &s->r.exchange, &fact), 1);
    CHECK(s->r.exchange.class == &hc_exchange_tagged);
    CHECK_STR(((const struct hc_fact_names *)s->r.exchange.into)->tag_filters,
              "[{\"Key\":\"k\"}]");
    end(s);
}

TEST(next_exchange, hosts_page_by_page)
{
    static const struct script_row rows[] = {
        { .operation = "ListContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
        { .operation = "ListContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"status\":\"ACTIVE\","
          "\"maxResults\":100,\"nextToken\":\"page/2\"}" },
    };
    struct script *s = set(rows, 2, 1);
    struct hc_plan_input in = { .wish = &wishes[0] };
    struct hc_exchange *x = &s->r.exchange;
    const char *why;

    CHECK(hc_next_for_plan(&s->r.run, x, &in, PLAN_NEEDS_ALL_HOSTS) ==
          x->fact);
    CHECK(x->class == &hc_exchange_host_arns);
    send(s);
    CHECK_INT(hc_pages_turn(&x->pages, true, HC_STR("page/2"), &why), 0);
    send(s);
    end(s);
}

/* 250 hosts: a hundred, a hundred, fifty, each once. */
TEST(next_exchange, a_hundred_hosts_are_described_at_once)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances", .body = "{\"cluster\":"
          "\"prod\",\"containerInstances\":[\"h249\"]}" },
    };
    static const size_t from[] = { 0, 100, 249 }, want[] = { 100, 100, 1 };
    struct script *s = set(rows, 3, 1);
    struct hc_exchange *x = &s->r.exchange;
    struct hc_run *r = &s->r.run;
    struct hc_fact_hosts *list = hc_facts_hosts(&r->facts, "ACTIVE",
                                                HC_STR(""), READING_FIRST);

    for (size_t i = 0; i < 250; i++)
        hc_host_list_add(&list->list, r->facts.alloc,
                         hc_str(hc_arena_fmt(&r->facts.arena, "h%zu", i)));
    hc_exchange_set(x, &hc_exchange_host_details, &list->details, list);
    for (size_t i = 0; i < 3; i++) {
        x->at = from[i];
        send(s);
        CHECK_INT(x->ids_n, want[i]);
        CHECK(hc_str_eq(x->ids[0], list->list.hosts[from[i]].arn));
    }
    end(s);
}

TEST(next_exchange, the_cluster_and_the_write)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters",
          .body = "{\"clusters\":[\"prod\"],\"include\":[\"TAGS\"]}" },
        { .operation = "UpdateService", .body = "{\"cluster\":\"prod\","
          "\"service\":\"s1\",\"desiredCount\":12}" },
    };
    struct script *s = set(rows, 2, 2);
    struct hc_plan_input in = { .wish = &wishes[0] };
    struct hc_run *r = &s->r.run;

    CHECK(hc_next_for_plan(r, &s->r.exchange, &in, PLAN_NEEDS_CLUSTER) ==
          &r->facts.cluster[READING_FIRST].fact);
    send(s);
    r->at = 1;
    r->plan.wanted = 12;
    r->write_by = s->now + 60 * HC_SECOND;
    hc_next_write(r, &s->r.exchange);
    CHECK(s->r.exchange.class->writes);
    send(s);
    end(s);
}
