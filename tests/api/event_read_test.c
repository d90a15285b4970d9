/* tests/api/event_read_test.c - what an event is about, as an owner of a queue
 * asks for it. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

#define ARN "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"

static struct headcount_event *event;
static struct headcount_error error;

static int get(const char *text)
{
    const struct headcount_system system = {
        .size = sizeof system, .alloc = t_alloc()->fn, .ud = t_alloc()->ud,
    };

    return headcount_event_read(&event, text, strlen(text), &system, &error);
}

static void put(void)
{
    headcount_event_free(event);
    event = NULL;
}

TEST(event_read, the_clusters_that_it_names_each_once)
{
    CHECK_INT(get("{\"clusters\":[\"a\",\"" ARN "\",\"a\"]}"), 0);
    CHECK_INT(event->clusters_n, 2);
    CHECK_Z(event->clusters[0].name, "a");
    CHECK_Z(event->clusters[0].region, "");
    CHECK_Z(event->clusters[1].name, ARN);
    CHECK_Z(event->clusters[1].region, "eu-west-1");
    CHECK_Z(event->clusters[1].account, "123456789012");
    CHECK(!event->wrapped && !event->sweep && event->skipped == NULL);
    put();
}

TEST(event_read, clusters_for_which_nothing_is_to_be_written)
{
    CHECK_INT(get("{\"clusters\":[\"a\",\"b\"],\"dry_run\":true}"), 0);
    CHECK(event->clusters[0].dry_run && event->clusters[1].dry_run);
    put();
    CHECK_INT(get("[{\"clusters\":[\"a\",\"b\"],\"dry_run\":true},"
                  "{\"cluster\":\"b\"}]"), 0);
    CHECK(event->wrapped);
    CHECK(event->clusters[0].dry_run && !event->clusters[1].dry_run);
    put();
}

TEST(event_read, a_message_that_a_topic_sent_to_a_queue)
{
    CHECK_INT(get("{\"Type\":\"Notification\",\"Message\":\"{\\\"cluster\\\":"
                  "\\\"prod\\\"}\"}"), 0);
    CHECK_INT(event->clusters_n, 1);
    CHECK_Z(event->clusters[0].name, "prod");
    CHECK(!event->wrapped);
    put();
}

TEST(event_read, records_of_events)
{
    CHECK_INT(get("{\"Records\":[{\"messageId\":\"1\",\"eventSource\":"
                  "\"aws:sqs\",\"body\":\"{\\\"cluster\\\":\\\"a\\\"}\"},"
                  "{\"messageId\":\"2\",\"eventSource\":\"aws:sqs\",\"body\":"
                  "\"{\\\"source\\\":\\\"aws.events\\\",\\\"detail-type\\\":"
                  "\\\"Scheduled Event\\\",\\\"detail\\\":{}}\"}]}"), 0);
    CHECK_INT(event->clusters_n, 1);
    CHECK(event->wrapped && event->sweep);
    CHECK(event->skipped == NULL);
    put();
}

TEST(event_read, a_schedule_without_clusters_asks_for_the_sweep)
{
    CHECK_INT(get("{\"source\":\"aws.scheduler\",\"detail-type\":"
                  "\"Scheduled Event\",\"detail\":\"{}\"}"), 0);
    CHECK(event->sweep && !event->wrapped);
    CHECK_INT(event->clusters_n, 0);
    put();
}

TEST(event_read, an_event_that_is_none_of_ours_says_why)
{
    CHECK_INT(get("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State "
                  "Change\",\"detail\":{}}"), 0);
    CHECK_Z(event->skipped, "detail_type: ECS Task State Change");
    CHECK_INT(event->clusters_n, 0);
    put();
}

TEST(event_read, a_record_that_is_no_event_hides_no_other)
{
    CHECK_INT(get("{\"Records\":[{\"messageId\":\"1\",\"eventSource\":"
                  "\"aws:sqs\",\"body\":\"x\"},{\"messageId\":\"2\","
                  "\"eventSource\":\"aws:sqs\",\"body\":"
                  "\"{\\\"cluster\\\":\\\"a\\\"}\"}]}"), 0);
    CHECK_INT(event->clusters_n, 1);
    CHECK(event->broken != NULL && event->skipped == NULL);
    put();
}

TEST(event_read, what_is_no_event_is_an_error)
{
    static const char *const rows[] = {
        "", "{}", "[]", "no JSON", "{\"cluster\":7}", "{\"Records\":[]}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&error, 0, sizeof error);
        CHECK_INT(get(rows[i]), HEADCOUNT_EEVENT);
        CHECK(event == NULL);
        CHECK(error.what[0] != '\0');
        CHECK_INT(error.code, HEADCOUNT_EEVENT);
    }
    headcount_event_free(NULL);
}

TEST(event_read, an_event_that_is_not_there_is_refused)
{
    struct headcount_event *none;
    struct headcount_error e;

    CHECK_INT(headcount_event_read(&none, NULL, 3, NULL, &e), HEADCOUNT_EARG);
    CHECK(none == NULL);
    CHECK_Z(e.what, "event is NULL, and n 3");
}

TEST(event_read, every_failed_allocation_is_survived)
{
    for (long at = 1;; at++) {
        t_alloc_state()->fail_at = t_alloc_state()->count + at;
        int err = get("{\"clusters\":[\"a\",\"" ARN "\"]}");
        bool failed = t_alloc_state()->failed;

        t_alloc_state()->fail_at = 0;
        t_alloc_state()->failed = false;
        if (err == 0)
            put();
        else
            CHECK_INT(err, HEADCOUNT_ENOMEM);
        if (!failed)
            return;
    }
}
