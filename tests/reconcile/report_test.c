/* tests/reconcile/report_test.c - the JSON report, format 1.0. */
#include "t.h"

#include <string.h>

#include "base/json.h"
#include "reconcile/report.h"
#include "plan/rule.h"

static const struct headcount_placed_host hosts[] = {
    { "arn:x/d", "d", "i-0d4", "cannot", "port_udp",
      "port 1/udp is \"taken\"" },
    { "arn:x/a", "a", "", "runs", "", "it runs a task of the service" },
};
static const struct headcount_placement placement = {
    .running = 1, .can = 0, .unknown = 2, .passed_over = 3, .cannot = 4,
    .summary = "3 wanted, 2 placeable.", .scaled_by = "blue", .hosts = hosts,
    .hosts_n = 2, .said = "unable", .said_at = 7000000
};
static const struct headcount_placement unread = {
    .summary = "0 wanted, 0 placeable.", .scaled_by = "", .said = "unable too",
    .said_at = HEADCOUNT_UNKNOWN
};

static const struct headcount_service services[] = {
    { .service = "web",
      .outcome = HEADCOUNT_UPDATED,
      .code = "",
      .reason = "1 task on each of 3 active hosts",
      .desired_before = 1,
      .wanted = 3,
      .running = 1,
      .pending = 0,
      .rule = "per_host",
      .switch_text = NULL,
      .hosts_counted = 3,
      .hosts_by = "active",
      .hosts_filter = "",
      .placeable = 2,
      .placement = &placement },
    { .service = "lo\"g",
      .outcome = HEADCOUNT_HELD,
      .code = "zero",
      .reason = "none",
      .desired_before = 4,
      .wanted = 0,
      .running = 4,
      .pending = HEADCOUNT_UNKNOWN,
      .rule = "per_host",
      .switch_text = "allow_zero",
      .hosts_counted = 0,
      .hosts_by = "registered",
      .hosts_filter = "a == \"b\"",
      .placeable = 0,
      .placement = &unread },
    { .service = "gone",
      .outcome = HEADCOUNT_SKIPPED,
      .code = "missing",
      .reason = "no",
      .desired_before = HEADCOUNT_UNKNOWN,
      .wanted = HEADCOUNT_UNKNOWN,
      .running = HEADCOUNT_UNKNOWN,
      .pending = HEADCOUNT_UNKNOWN,
      .rule = "fixed",
      .hosts_counted = HEADCOUNT_UNKNOWN,
      .hosts_by = "active",
      .hosts_filter = "x",
      .placeable = HEADCOUNT_UNKNOWN },
};
static const struct headcount_cluster good = {
    "arn:aws:ecs:eu-west-1:1:cluster/prod", "prod", NULL, NULL, services, 3,
    NULL, 0
};
static const struct headcount_cluster bad = {
    "", "stage", "EDNS", "no address", NULL, 0, NULL, 0
};
static const struct headcount_cluster *const both[] = { &good, &bad };

static const struct hc_report report = {
    .dry_run = false, .skipped_event = NULL, .clusters = both,
    .clusters_n = 2, .elapsed_us = 41000,
    .stats = { .api_calls = 3, .connections_opened = 1,
               .connections_reused = 2, .dns_lookups = 4, .dns_datagrams = 5,
               .dns_hits = 6, .tls_handshakes = 7, .tls_resumed = 8,
               .retries = 9, .replays = 10, .connections_purged = 11,
               .connections_dead = 12 }
};

#define ZERO_STATS "\"stats\":{\"api_calls\":0,\"connections_opened\":0,"   \
    "\"connections_reused\":0,\"dns_lookups\":0,\"dns_datagrams\":0,"       \
    "\"dns_hits\":0,\"tls_handshakes\":0,\"tls_resumed\":0,\"retries\":0,"  \
    "\"replays\":0,\"connections_purged\":0,\"connections_dead\":0,"      \
    "\"elapsed_us\":0}"

static void check(const struct hc_report *r, const char *want)
{
    struct hc_json_doc doc;
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1 << 20);
    hc_report_put(&out, r);
    CHECK_INT(hc_buf_error(&out), 0);
    CHECK_STR(hc_buf_view(&out), want);
    CHECK_INT(hc_json_doc_init(&doc, t_alloc(), hc_buf_view(&out), 1000,
                               NULL), 0);
    hc_json_doc_fini(&doc);
    hc_buf_fini(&out);
}

TEST(report, is_the_documented_document)
{
    check(&report,
          "{\"format_version\":\"1.0\",\"dry_run\":false,"
          "\"skipped_event\":null,\"clusters\":[{\"arn\":"
          "\"arn:aws:ecs:eu-west-1:1:cluster/prod\",\"name\":\"prod\","
          "\"error\":null,\"services\":[{\"service\":\"web\","
          "\"outcome\":\"updated\",\"code\":\"\",\"reason\":"
          "\"1 task on each of 3 active hosts\",\"desired_before\":1,"
          "\"wanted\":3,\"running\":1,\"pending\":0,\"rule\":\"per_host\","
          "\"switch\":null,\"hosts\":{\"counted\":3,\"by\":\"active\","
          "\"filter\":\"\"},\"placeable\":2,\"placement\":{\"running\":1,"
          "\"can\":0,\"unknown\":2,\"passed_over\":3,\"cannot\":4,"
          "\"summary\":\"3 wanted, 2 placeable.\",\"scaled_by\":\"blue\","
          "\"said\":{\"at\":\"1970-01-01T00:00:07.000Z\",\"message\":"
          "\"unable\"},\"hosts\":[{\"id\":\"d\",\"arn\":\"arn:x/d\","
          "\"ec2_instance_id\":\"i-0d4\",\"answer\":\"cannot\",\"code\":"
          "\"port_udp\",\"reason\":\"port 1/udp is \\\"taken\\\"\"},"
          "{\"id\":\"a\",\"arn\":\"arn:x/a\",\"ec2_instance_id\":null,"
          "\"answer\":\"runs\",\"code\":\"\",\"reason\":\"it runs a task of "
          "the service\"}]}},"
          "{\"service\":\"lo\\\"g\",\"outcome\":\"held\","
          "\"code\":\"zero\",\"reason\":\"none\",\"desired_before\":4,"
          "\"wanted\":0,\"running\":4,\"pending\":null,\"rule\":"
          "\"per_host\",\"switch\":\"allow_zero\",\"hosts\":{\"counted\":0,"
          "\"by\":\"registered\",\"filter\":\"a == \\\"b\\\"\"},"
          "\"placeable\":0,"
          "\"placement\":{\"running\":0,\"can\":0,\"unknown\":0,"
          "\"passed_over\":0,\"cannot\":0,\"summary\":\"0 wanted, 0 "
          "placeable.\",\"scaled_by\":null,\"said\":{\"at\":null,\"message\":"
          "\"unable too\"},\"hosts\":[]}},"
          "{\"service\":\"gone\",\"outcome\":\"skipped\",\"code\":"
          "\"missing\",\"reason\":\"no\",\"desired_before\":null,"
          "\"wanted\":null,\"running\":null,\"pending\":null,\"rule\":"
          "\"fixed\",\"switch\":null,\"hosts\":null,\"placeable\":null}]},"
          "{\"arn\":\"\","
          "\"name\":\"stage\",\"error\":{\"code\":\"EDNS\",\"message\":"
          "\"no address\"},\"services\":[]}],\"summary\":{\"updated\":1,"
          "\"pending\":0,\"unchanged\":0,\"held\":1,\"skipped\":1,"
          "\"failed\":1},\"stats\":{\"api_calls\":3,"
          "\"connections_opened\":1,\"connections_reused\":2,"
          "\"dns_lookups\":4,\"dns_datagrams\":5,\"dns_hits\":6,"
          "\"tls_handshakes\":7,\"tls_resumed\":8,\"retries\":9,"
          "\"replays\":10,\"connections_purged\":11,"
          "\"connections_dead\":12,\"elapsed_us\":41000}}");
}

TEST(report, of_a_skipped_event_has_no_clusters)
{
    struct hc_report r = { .dry_run = true,
                           .skipped_event = "detail_type: ECS Task" };

    check(&r, "{\"format_version\":\"1.0\",\"dry_run\":true,"
          "\"skipped_event\":\"detail_type: ECS Task\",\"clusters\":[],"
          "\"summary\":{\"updated\":0,\"pending\":0,\"unchanged\":0,"
          "\"held\":0,\"skipped\":0,\"failed\":0}," ZERO_STATS "}");
}

TEST(report, a_counter_beyond_what_json_readers_hold_is_cut)
{
    struct hc_report r = { .stats = { .replays = UINT64_MAX } };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1 << 20);
    hc_report_put(&out, &r);
    CHECK(strstr(hc_buf_z(&out), "\"replays\":9223372036854775807,") != NULL);
    hc_buf_fini(&out);
}

TEST(report, outcomes_have_their_public_names)
{
    static const char *const names[HC_RESULTS] = {
        "updated", "pending", "unchanged", "held", "skipped", "failed"
    };

    for (int o = 0; o < HC_RESULTS; o++)
        CHECK_Z(hc_result_name((enum headcount_result)o), names[o]);
}

/* A cluster that failed with its services known counts by them alone. */
TEST(report, a_cluster_counts_once_or_by_its_services)
{
    struct headcount_service failed[2] = {
        { .outcome = HEADCOUNT_FAILED }, { .outcome = HEADCOUNT_FAILED }
    };
    struct headcount_cluster known = { "", "a", "EDNS", "x", failed, 2,
                                      NULL, 0 };
    struct headcount_cluster empty = { "", "b", NULL, NULL, NULL, 0,
                                       "cluster_gone", 0 };
    const struct headcount_cluster *list[] = { &known, &empty, &bad, &good };
    struct hc_report r = { .clusters = list, .clusters_n = 4 };
    size_t sum[HC_RESULTS] = { 9, 9, 9, 9, 9, 9 };
    static const size_t want[HC_RESULTS] = { 1, 0, 0, 1, 1, 3 };

    hc_report_sum(&r, sum);
    for (int o = 0; o < HC_RESULTS; o++)
        CHECK_INT(sum[o], want[o]);
}

TEST(report, a_service_that_no_cluster_has_is_one_failure_of_the_run)
{
    static const char *const names[] = { "wbe", "lo\"g" };
    const struct hc_report r = { .missing_services = names,
                                 .missing_services_n = 2 };

    check(&r, "{\"format_version\":\"1.0\",\"dry_run\":false,"
          "\"skipped_event\":null,\"clusters\":[],"
          "\"missing_services\":[\"wbe\",\"lo\\\"g\"],"
          "\"summary\":{\"updated\":0,\"pending\":0,\"unchanged\":0,"
          "\"held\":0,\"skipped\":0,\"failed\":2}," ZERO_STATS "}");
}

static int put(void)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1 << 20);
    hc_report_put(&out, &report);

    int err = hc_buf_error(&out);

    hc_buf_fini(&out);
    return err;
}

TEST(report, memory_may_end_anywhere)
{
    t_fails_every_allocation(put);
}

/* A text of the row that still is the run's would be read after its end. */
static void check_is_copied(const struct headcount_service *copy,
                            const struct headcount_service *row)
{
    for (size_t at = 0; at < sizeof *row; at += sizeof(uintptr_t)) {
        uintptr_t was, is;

        memcpy(&was, (const char *)row + at, sizeof was);
        memcpy(&is, (const char *)copy + at, sizeof is);
        if (was > 4096 && was < (uintptr_t)INT64_MIN &&
            *(const char *)was != '\0')
            CHECK(is != was);
    }
}

TEST(report, a_copy_says_the_same_with_texts_of_its_own)
{
    struct headcount_cluster copies[2];
    const struct headcount_cluster *const all[] = { &copies[0], &copies[1] };
    struct hc_report of_copies = report;
    struct hc_buf one, other;
    struct hc_arena arena;

    hc_arena_init(&arena, t_alloc(), 1 << 20);
    hc_report_copy(&copies[0], &good, &arena);
    hc_report_copy(&copies[1], &bad, &arena);
    CHECK_INT(hc_arena_error(&arena), 0);
    for (size_t i = 0; i < good.services_n; i++)
        check_is_copied(&copies[0].services[i], &services[i]);
    of_copies.clusters = all;
    hc_buf_init(&one, t_alloc(), 1 << 20);
    hc_buf_init(&other, t_alloc(), 1 << 20);
    hc_report_put(&one, &report);
    hc_report_put(&other, &of_copies);
    CHECK_STR(hc_buf_view(&other), hc_buf_z(&one));
    hc_buf_fini(&one);
    hc_buf_fini(&other);
    hc_arena_fini(&arena);
}

static int copy_both(void)
{
    struct headcount_cluster copy;
    struct hc_arena arena;
    int err;

    hc_arena_init(&arena, t_alloc(), 1 << 20);
    hc_report_copy(&copy, &good, &arena);
    hc_report_copy(&copy, &bad, &arena);
    err = hc_arena_error(&arena);
    hc_arena_fini(&arena);
    return err;
}

TEST(report, a_copy_may_end_for_want_of_memory)
{
    t_fails_every_allocation(copy_both);
}
