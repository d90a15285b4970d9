/* tests/cli/watch/messages_test.c - messages as SQS hands them out: which
 * clusters they wait for in the inbox, and which are left alone. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ops.h"
#include "watch/watch.h"

/* A cluster by its name, with the region and account around it. */
#define ENVELOPE(name)                                                        \
    "{\"region\":\"eu-west-1\",\"account\":\"123456789012\","                 \
    "\"detail-type\":\"ECS Container Instance State Change\","                \
    "\"source\":\"aws.ecs\",\"detail\":{\"clusterArn\":\"" name "\"}}"
#define SCHEDULED(detail)                                                     \
    "{\"region\":\"eu-west-1\",\"account\":\"123456789012\","                 \
    "\"detail-type\":\"Scheduled Event\",\"source\":\"aws.scheduler\","       \
    "\"detail\":" detail "}"
#define ARN "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"

struct scene {
    struct metrics metrics;
    struct queue queue;
    struct inbox *inbox;
};

static void open_scene(struct scene *s, bool sweeps)
{
    const struct inbox_config config = {
        .visibility = 60 * HC_SECOND, .at_once = 100, .messages_max = 1000,
        .bytes_max = 1 << 20, .claims_max = 1000,
    };

    fake_ops_reset();
    memset(s, 0, sizeof *s);
    s->inbox = inbox_new(&config);
    CHECK(s->inbox != NULL);
    s->queue = (struct queue){ .inbox = s->inbox, .metrics = &s->metrics,
                               .sweeps = sweeps };
}

static void close_scene(struct scene *s)
{
    inbox_free(s->inbox);
}

static size_t take(struct scene *s, const char *body)
{
    const struct headcount_outcome o = { .body = body,
                                         .body_size = strlen(body) };

    return queue_take_messages(&s->queue, &o, 0);
}

/* One message with this text, as a string of JSON. */
static void take_text(struct scene *s, const char *id, const char *text)
{
    char *body = malloc(2 * strlen(text) + 200);
    char *at = body + sprintf(body, "{\"Messages\":[{\"MessageId\":\"%s\","
                              "\"ReceiptHandle\":\"r%s\",\"Body\":\"", id, id);

    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    strcpy(at, "\"}]}");
    CHECK_INT(take(s, body), 1);
    free(body);
}

/* The clusters that wait, in order; all are at work then. */
static const char *keys(struct scene *s)
{
    static char text[1000];
    struct inbox_begun begun;

    text[0] = '\0';
    while (inbox_begin(s->inbox, &begun)) {
        size_t n = strlen(text);

        snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? ", " : "",
                 begun.key);
    }
    return text;
}

static size_t to_delete(struct scene *s)
{
    struct inbox_item items[10];

    return inbox_take_done(s->inbox, items, 10, INT64_MAX);
}

static struct inbox_counts counts(const struct scene *s)
{
    struct inbox_counts c;

    inbox_count(s->inbox, &c);
    return c;
}

/* ---- clusters ---- */

TEST(messages, an_arn_is_waited_for_by_region_account_and_name)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", ENVELOPE(ARN));
    CHECK_Z(keys(&s), "eu-west-1/123456789012/prod");
    CHECK_INT(s.metrics.received, 1);
    close_scene(&s);
}

TEST(messages, an_arn_and_a_name_of_one_cluster_are_one_wait)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", ENVELOPE(ARN));
    take_text(&s, "2", "{\"region\":\"eu-west-1\",\"account\":"
              "\"123456789012\",\"cluster\":\"prod\"}");
    CHECK_Z(keys(&s), "eu-west-1/123456789012/prod");
    close_scene(&s);
}

TEST(messages, where_arn_and_envelope_differ_the_arn_is_the_clusters)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", SCHEDULED("{\"cluster\":\"arn:aws:ecs:us-east-1:"
                                 "999999999999:cluster/other\"}"));
    CHECK_Z(keys(&s), "us-east-1/999999999999/other");
    close_scene(&s);
}

TEST(messages, a_name_alone_has_no_region_and_no_account)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", "{\"cluster\":\"prod\"}");
    CHECK_Z(keys(&s), "//prod");
    close_scene(&s);
}

TEST(messages, a_dry_run_settles_no_message_that_asks_for_a_write)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", "{\"cluster\":\"prod\",\"dry_run\":true}");
    take_text(&s, "2", "{\"cluster\":\"prod\"}");
    CHECK_Z(keys(&s), "//prod dry_run, //prod");
    close_scene(&s);
}

TEST(messages, all_clusters_of_a_message_are_waited_for)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", "{\"clusters\":[\"a\",\"b\",\"c\"]}");
    CHECK_Z(keys(&s), "//a, //b, //c");
    close_scene(&s);
}

TEST(messages, an_event_that_changes_no_count_is_deleted)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task "
              "State Change\",\"detail\":{}}");
    CHECK_Z(keys(&s), "");
    CHECK_Z(fake_ops_told(), "");
    CHECK_INT(to_delete(&s), 1);
    close_scene(&s);
}

/* ---- what an answer holds ---- */

TEST(messages, a_row_that_lacks_a_member_is_passed_over_and_counted)
{
    struct scene s;

    open_scene(&s, false);
    CHECK_INT(take(&s, "{\"Messages\":["
                   "{\"ReceiptHandle\":\"r\",\"Body\":\"{}\"},"
                   "{\"MessageId\":\"1\",\"Body\":\"{}\"},"
                   "{\"MessageId\":\"1\",\"ReceiptHandle\":\"r\"},"
                   "{\"MessageId\":\"2\",\"ReceiptHandle\":\"r\","
                   "\"Body\":\"{\\\"cluster\\\":\\\"a\\\"}\"}]}"), 4);
    CHECK_INT(s.metrics.received, 1);
    CHECK_Z(keys(&s), "//a");
    close_scene(&s);
}

TEST(messages, rows_of_another_list_are_no_messages)
{
    struct scene s;

    open_scene(&s, false);
    take(&s, "{\"Others\":[{\"MessageId\":\"1\",\"ReceiptHandle\":\"r\","
         "\"Body\":\"{\\\"cluster\\\":\\\"a\\\"}\"}]}");
    CHECK_INT(s.metrics.received, 0);
    CHECK_INT(counts(&s).messages, 0);
    close_scene(&s);
}

TEST(messages, an_answer_that_is_no_json_has_none)
{
    struct scene s;

    open_scene(&s, false);
    CHECK_INT(take(&s, "<html>"), 0);
    CHECK_INT(take(&s, ""), 0);
    close_scene(&s);
}

/* ---- poison ---- */

TEST(messages, poison_is_left_alone_and_told_of_once)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", "no event");
    CHECK(strstr(fake_ops_told(), "message 1 ") != NULL);
    take_text(&s, "1", "no event");
    CHECK_Z(fake_ops_told(), "");
    take_text(&s, "2", "no event");
    CHECK(strstr(fake_ops_told(), "message 2 ") != NULL);
    CHECK_INT(s.metrics.poison, 3);
    CHECK_INT(counts(&s).messages, 0);
    close_scene(&s);
}

TEST(messages, the_last_64_that_were_told_of_are_remembered)
{
    struct scene s;
    char id[16];

    open_scene(&s, false);
    for (int i = 0; i < QUEUE_POISON; i++) {
        snprintf(id, sizeof id, "p%d", i);
        take_text(&s, id, "no event");
        fake_ops_told();
    }
    take_text(&s, "p0", "no event");
    CHECK_Z(fake_ops_told(), "");
    take_text(&s, "one more", "no event");
    fake_ops_told();
    take_text(&s, "p1", "no event");
    CHECK_Z(fake_ops_told(), "");
    take_text(&s, "p0", "no event");
    CHECK(strstr(fake_ops_told(), "message p0 ") != NULL);
    close_scene(&s);
}

/* What a pipe from another queue sends: a body is a text once more. */
static const char records[] =
    "{\"Records\":[{\"messageId\":\"x\",\"receiptHandle\":\"r\","
    "\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"cluster\\\":\\\"a\\\"}\"},"
    "{\"messageId\":\"y\",\"receiptHandle\":\"r\","
    "\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"cluster\\\":7}\"}]}";

/* Each record is done or not for itself, but one message holds them all. */
TEST(messages, beside_a_broken_record_the_rest_is_done_and_nothing_deleted)
{
    struct inbox_begun begun;
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", records);
    CHECK(strstr(fake_ops_told(), "message 1 ") != NULL);
    CHECK(inbox_begin(s.inbox, &begun));
    CHECK_Z(begun.key, "//a");
    inbox_end(s.inbox, begun.cluster, INBOX_WELL);
    CHECK_INT(to_delete(&s), 0);
    CHECK_INT(counts(&s).messages, 0);
    CHECK_INT(counts(&s).failed, 1);
    close_scene(&s);
}

/* ---- sweeps ---- */

TEST(messages, a_message_that_names_no_cluster_waits_for_a_sweep)
{
    struct scene s;

    open_scene(&s, true);
    take_text(&s, "1", SCHEDULED("{}"));
    CHECK(inbox_sweep_is_wanted(s.inbox));
    CHECK_Z(keys(&s), "");
    CHECK_Z(fake_ops_told(), "");
    close_scene(&s);
}

TEST(messages, without_a_sweep_such_a_message_is_poison)
{
    struct scene s;

    open_scene(&s, false);
    take_text(&s, "1", SCHEDULED("{}"));
    CHECK(!inbox_sweep_is_wanted(s.inbox));
    CHECK(strstr(fake_ops_told(), "sweep") != NULL);
    CHECK_INT(counts(&s).messages, 0);
    CHECK_INT(s.metrics.poison, 1);
    close_scene(&s);
}
