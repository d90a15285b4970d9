/* tests/ecs/records_test.c - which clusters a batch asks for, and which of its
 * records may be deleted after what came of them. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "ecs/records.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"

static struct hc_records b;
static struct headcount_error error;
static char text[20000];

/* ---- making one ---- */

static void add(const char *more)
{
    size_t n = strlen(text);

    CHECK(n + strlen(more) + 3 < sizeof text);
    snprintf(text + n, sizeof text - n, "%s", more);
}

/* `body` with quotes escaped, as SQS has it. */
static void add_record(const char *id, const char *queue, const char *body)
{
    char part[3000];
    size_t n = (size_t)snprintf(part, sizeof part, "%s{\"eventSource\":"
                                "\"aws:sqs\",\"eventSourceARN\":\"%s\",%s%s%s"
                                "\"body\":\"", text[0] != '\0' ? "," : "",
                                queue, id != NULL ? "\"messageId\":\"" : "",
                                id != NULL ? id : "", id != NULL ? "\"," : "");

    for (; *body != '\0'; body++) {
        if (*body == '"')
            part[n++] = '\\';
        part[n++] = *body;
        CHECK(n + 4 < sizeof part);
    }
    snprintf(part + n, sizeof part - n, "\"}");
    add(part);
}

static int get(const char *document)
{
    size_t n = strlen(document);

    hc_error_reset(&error);
    return hc_records_get(&b, t_alloc(), hc_str_n(t_guard(document, n), n),
                        &error);
}

static void get_records(void)
{
    char document[sizeof text + 20];

    snprintf(document, sizeof document, "{\"Records\":[%s]}", text);
    CHECK_INT(get(document), 0);
}

#define HOST(cluster, host, version, time)                                    \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Container Instance State " \
    "Change\",\"region\":\"eu-west-1\",\"account\":\"111122223333\","         \
    "\"time\":\"2026-01-01T00:00:" time "Z\",\"detail\":{\"clusterArn\":\"" AT \
    "cluster/" cluster "\",\"containerInstanceArn\":\"" AT                    \
    "container-instance/" cluster "/" host "\",\"status\":\"ACTIVE\","        \
    "\"version\":" version "}}"
#define TASK "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State "     \
    "Change\"}"
#define SCHEDULE "{\"source\":\"aws.events\",\"detail-type\":"                \
    "\"Scheduled Event\",\"detail\":{}}"
#define QUEUE "arn:aws:sqs:eu-west-1:1:q"

/* "01-" a character a record: done or not. */
static void check_done(const char *done)
{
    CHECK_INT(b.records_n, strlen(done));
    hc_records_judge(&b);
    for (size_t i = 0; i < b.records_n; i++)
        if (b.records[i].done != (done[i] == '1'))
            fail_msg("record %zu, of %s", i, done);
}

static void check_failures(bool named, const char *json)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 10000);
    hc_records_judge(&b);
    CHECK_INT(hc_records_put_failures(&b, &out), named);
    CHECK_STR(hc_buf_view(&out), json);
    hc_buf_fini(&out);
}

static void end(void)
{
    hc_records_fini(&b);
    text[0] = '\0';
}

/* ---- what it asks for ---- */

TEST(batch, an_event_alone_is_a_batch_of_one)
{
    CHECK_INT(get("{\"clusters\":[\"prod\",\"test\"]}"), 0);
    CHECK(!b.wrapped && !b.sweeps);
    CHECK_INT(b.clusters_n, 2);
    CHECK_STR(b.clusters[1].arn.name, "test");
    CHECK(b.clusters[0].newest == b.clusters[1].newest);
    CHECK_INT(b.clusters[0].newest->event.clusters_n, 2);
    check_done("0");
    hc_records_settle(&b, 0, true);
    check_done("0");
    hc_records_settle(&b, 1, true);
    check_done("1");
    check_failures(true, "{\"batchItemFailures\":[]}");
    end();
}

TEST(batch, each_cluster_is_asked_for_once_with_its_newest_event)
{
    add_record("1", QUEUE, HOST("prod", "a", "5", "02"));
    add_record("2", QUEUE, HOST("prod", "a", "6", "03"));
    add_record("3", QUEUE, HOST("test", "c", "1", "00"));
    add_record("4", QUEUE, HOST("prod", "b", "7", "01"));
    add_record("5", QUEUE, "{\"clusters\":[\"" AT "cluster/test\",\"dev\"]}");
    get_records();
    CHECK(b.wrapped);
    CHECK_INT(b.clusters_n, 3);
    CHECK_STR(b.clusters[0].arn.text, AT "cluster/prod");
    CHECK_INT(b.clusters[0].newest->event.version, 6);
    CHECK_STR(b.clusters[0].newest->event.instance_arn,
              AT "container-instance/prod/a");
    CHECK_STR(b.clusters[0].region, "eu-west-1");
    CHECK_STR(b.clusters[0].account, "111122223333");
    CHECK_INT(b.clusters[0].causes, 3);
    CHECK_INT(b.clusters[1].causes, 2);
    CHECK_INT(b.clusters[1].newest->event.version, 1);
    CHECK_INT(b.clusters[2].newest->event.version, -1);
    CHECK_INT(b.versions_n, 4);
    CHECK_INT(b.versions[1].version, 6);
    CHECK_INT(b.versions[2].cluster, 1);
    end();
}

/* Else one of another region would settle ours without a look at it. */
TEST(batch, one_name_in_two_regions_is_two_clusters)
{
    add_record("1", QUEUE, "{\"source\":\"aws.events\",\"detail-type\":"
               "\"Scheduled Event\",\"region\":\"us-east-1\",\"detail\":"
               "{\"cluster\":\"prod\"}}");
    add_record("2", QUEUE, "{\"cluster\":\"prod\"}");
    add_record("3", QUEUE, "{\"source\":\"aws.events\",\"detail-type\":"
               "\"Scheduled Event\",\"region\":\"us-east-1\",\"account\":"
               "\"1\",\"detail\":{\"cluster\":\"prod\"}}");
    get_records();
    CHECK_INT(b.clusters_n, 3);
    CHECK_STR(b.clusters[0].region, "us-east-1");
    CHECK_STR(b.clusters[1].region, "");
    hc_records_settle(&b, 0, true);
    check_done("100");
    end();
}

TEST(batch, what_is_not_ours_is_done)
{
    add_record("1", QUEUE, TASK);
    add_record("2", QUEUE, TASK);
    get_records();
    CHECK_INT(b.clusters_n, 0);
    CHECK_INT(b.skipped_n, 2);
    CHECK_STR(b.skipped, "detail_type: ECS Task State Change");
    check_done("11");
    end();
}

TEST(batch, what_was_reconciled_already_is_dropped)
{
    add_record("1", QUEUE, HOST("prod", "a", "5", "02"));
    add_record("2", QUEUE, HOST("prod", "b", "7", "01"));
    get_records();
    CHECK(!hc_records_drop(&b, b.versions[0].cluster));
    check_done("00");
    CHECK(hc_records_drop(&b, b.versions[1].cluster));
    CHECK(b.clusters[0].settled);
    check_done("11");
    end();
}

/* It stops no write that another event asks for. */
TEST(batch, a_cluster_is_written_unless_all_its_events_say_dry_run)
{
    add_record("1", QUEUE, "{\"clusters\":[\"dry\",\"both\"],"
               "\"dry_run\":true}");
    add_record("2", QUEUE, "{\"cluster\":\"both\",\"dry_run\":false}");
    add_record("3", QUEUE, "{\"cluster\":\"dry\",\"dry_run\":true}");
    add_record("4", QUEUE, HOST("prod", "a", "5", "02"));
    get_records();
    CHECK_INT(b.clusters_n, 3);
    CHECK_INT(b.clusters[0].writers, 0);
    CHECK_INT(b.clusters[1].writers, 1);
    CHECK_INT(b.clusters[2].writers, 1);
    CHECK(b.clusters[0].named && b.clusters[1].named && !b.clusters[2].named);
    end();
}

/* What asked for the write was done already. */
TEST(batch, a_duplicate_writes_nothing_for_a_dry_run)
{
    add_record("1", QUEUE, HOST("prod", "a", "5", "02"));
    add_record("2", QUEUE, "{\"source\":\"aws.events\",\"detail-type\":"
               "\"Scheduled Event\",\"region\":\"eu-west-1\",\"account\":"
               "\"111122223333\",\"detail\":{\"cluster\":\"" AT
               "cluster/prod\",\"dry_run\":true}}");
    get_records();
    CHECK_INT(b.clusters_n, 1);
    CHECK_INT(b.clusters[0].writers, 1);
    CHECK(!hc_records_drop(&b, b.versions[0].cluster));
    CHECK_INT(b.clusters[0].writers, 0);
    end();
}

/* ---- and back ---- */

TEST(batch, a_record_is_done_when_all_its_clusters_are)
{
    add_record("1", QUEUE, "{\"cluster\":\"prod\"}");
    add_record("2", QUEUE, "{\"clusters\":[\"prod\",\"test\"]}");
    add_record("3", QUEUE, "{\"cluster\":\"test\"}");
    add_record("4", QUEUE, "nonsense");
    get_records();
    check_done("0000");
    hc_records_settle(&b, 0, true);
    check_done("1000");
    hc_records_settle(&b, 1, false);
    check_done("1000");
    CHECK(strstr(b.records[3].why.p, "JSON") != NULL);
    check_failures(true, "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"},"
                   "{\"itemIdentifier\":\"3\"},{\"itemIdentifier\":\"4\"}]}");
    hc_records_settle(&b, 1, true);
    check_done("1110");
    end();
}

TEST(batch, of_a_fifo_queue_nothing_is_done_after_what_is_not)
{
    add_record("1", QUEUE ".fifo", "{\"cluster\":\"prod\"}");
    add_record("2", QUEUE ".fifo", "{\"cluster\":\"test\"}");
    add_record("3", QUEUE ".fifo", "{\"cluster\":\"prod\"}");
    get_records();
    hc_records_settle(&b, 0, true);
    hc_records_settle(&b, 1, false);
    check_done("100");
    hc_records_settle(&b, 1, true);
    check_done("111");
    end();
}

TEST(batch, a_sweep_is_a_target_of_its_own)
{
    add_record("1", QUEUE, SCHEDULE);
    add_record("2", QUEUE, "{\"cluster\":\"prod\"}");
    get_records();
    CHECK(b.sweeps && b.records[0].sweeps && !b.records[1].sweeps);
    hc_records_settle(&b, 0, true);
    check_done("01");
    hc_records_settle_sweep(&b, false);
    check_done("01");
    hc_records_settle_sweep(&b, true);
    check_done("11");
    end();
}

/* SNS delivers all or nothing, and so does SQS what it gave no id. */
TEST(batch, what_cannot_be_named_cannot_be_failed_alone)
{
    add_record(NULL, QUEUE, "{\"cluster\":\"prod\"}");
    get_records();
    check_failures(false, "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]"
                          "}");
    hc_records_settle(&b, 0, true);
    check_failures(true, "{\"batchItemFailures\":[]}");
    end();
    CHECK_INT(get("{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{"
                  "\"Message\":\"{\\\"cluster\\\":\\\"prod\\\"}\"}}]}"), 0);
    hc_records_settle(&b, 0, false);
    check_failures(false, "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]"
                          "}");
    end();
}

TEST(batch, what_is_no_event_is_told)
{
    static const char *const texts[] = {
        "", "{}", "[]", "{\"Records\":[]}", "{\"cluster\":\"a/b\"}",
        "{\"source\":\"aws.s3\",\"detail-type\":\"x\"}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK_INT(get(texts[i]), HEADCOUNT_EEVENT);
        CHECK(error.what[0] != '\0');
        end();
    }
}

TEST(batch, clusters_are_bounded)
{
    static char many[60000];
    size_t n = 0;

    for (int record = 0; record < 2; record++) {
        n += (size_t)snprintf(many + n, sizeof many - n, "%s{\"eventSource\":"
                              "\"aws:sqs\",\"body\":\"{\\\"clusters\\\":[",
                              record == 0 ? "{\"Records\":[" : ",");
        for (int i = 0; i < 1001; i++)
            n += (size_t)snprintf(many + n, sizeof many - n, "%s\\\"c%d-%d\\\"",
                                  i > 0 ? "," : "", record, i);
        n += (size_t)snprintf(many + n, sizeof many - n, "]}\"}");
    }
    snprintf(many + n, sizeof many - n, "]}");
    CHECK_INT(get(many), 0);
    CHECK_INT(b.clusters_n, HC_BATCH_CLUSTERS);
    CHECK(b.records[0].why.n == 0);
    CHECK(strstr(b.records[1].why.p, "more than 2000 clusters") != NULL);
    end();
}

static int reads(void)
{
    int err = get("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":"
                  "\"1\",\"body\":\"{\\\"clusters\\\":[\\\"a\\\","
                  "\\\"b\\\"]}\"},"
                  "{\"eventSource\":\"aws:sqs\",\"body\":\"nonsense\"}]}");

    hc_records_fini(&b);
    return err;
}

TEST(batch, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads);
}
