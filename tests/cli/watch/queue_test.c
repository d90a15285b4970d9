/* tests/cli/watch/queue_test.c - what is asked of SQS and when, and what its
 * answers change.  The library's calls are played (fake_ops.h), the inbox is
 * the real one, and the test says what time it is. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ops.h"
#include "watch/watch.h"

#define URL "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
#define VISIBILITY 120               /* seconds */
#define ROOM 200                     /* messages that the inbox takes */

struct scene {
    struct options options;
    struct metrics metrics;
    struct queue queue;
    struct inbox *inbox;
    int64_t now;
};

static void open_at(struct scene *s, const char *url, int64_t read_us)
{
    const struct inbox_config config = {
        .visibility = VISIBILITY * HC_SECOND, .at_once = 100,
        .messages_max = ROOM, .bytes_max = 1 << 20, .claims_max = 1000,
    };

    fake_ops_reset();
    memset(s, 0, sizeof *s);
    s->options.queue = url;
    s->options.read_us = read_us;
    s->options.visibility_us = VISIBILITY * HC_SECOND;
    s->inbox = inbox_new(&config);
    CHECK(s->inbox != NULL);
    memset(&s->queue, 0xA5, sizeof s->queue);
    queue_init(&s->queue, &s->options);
    s->queue.inbox = s->inbox;
    s->queue.metrics = &s->metrics;
    s->now = 1000 * HC_SECOND;
}

static void open_scene(struct scene *s)
{
    open_at(s, URL, 60 * HC_SECOND);
}

static void close_scene(struct scene *s)
{
    inbox_free(s->inbox);
}

static void turn(struct scene *s)
{
    queue_turn(&s->queue, s->now);
}

/* The newest open op of this operation ends so. */
static void answer(struct scene *s, const char *operation,
                   const struct headcount_outcome *outcome)
{
    headcount_op *op = fake_ops_call(operation);

    fake_ops_end(op, outcome);
    CHECK(queue_took(&s->queue, op, s->now));
    CHECK(op->freed);
}

static void answer_body(struct scene *s, const char *operation,
                        const char *body)
{
    answer(s, operation, &(struct headcount_outcome){
                             .body = body, .body_size = strlen(body) });
}

static void end_badly(struct scene *s, const char *operation, int code,
                 const char *service_code)
{
    answer(s, operation, &(struct headcount_outcome){
                             .code = code, .service_code = service_code,
                             .message = "it says no" });
}

static bool asks(const char *operation, const char *part)
{
    bool found = strstr(fake_ops_call(operation)->body, part) != NULL;

    if (!found)
        print_error("%s\n", fake_ops_call(operation)->body);
    return found;
}

/* The queue answered once, with nothing: it is there. */
static void reach(struct scene *s)
{
    turn(s);
    answer_body(s, "ReceiveMessage", "{}");
    turn(s);
    answer_body(s, "GetQueueAttributes",
                "{\"Attributes\":{\"RedrivePolicy\":\"x\"}}");
}

/* The messages FIRST to LAST, each about nothing, so that it is done. */
static void put_done(struct scene *s, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char id[16];

        snprintf(id, sizeof id, "m%d", i);
        const struct inbox_given given = { .id = id, .receipt = id,
                                           .body = "{}", .body_n = 2 };

        CHECK_INT(inbox_put(s->inbox, &given, s->now), INBOX_TAKEN);
    }
}

/* A message that waits for the cluster of its own name. */
static void put_waiting(struct scene *s, const char *id)
{
    const struct inbox_want want = { id, id };
    const struct inbox_given given = { .id = id, .receipt = id, .body = "{}",
                                       .body_n = 2, .wants = &want,
                                       .wants_n = 1 };

    CHECK_INT(inbox_put(s->inbox, &given, s->now), INBOX_TAKEN);
}

static void end_waiting(struct scene *s, enum inbox_how how)
{
    struct inbox_begun next;

    CHECK(inbox_begin(s->inbox, &next));
    inbox_end(s->inbox, next.cluster, how);
}

static size_t held(const struct scene *s)
{
    struct inbox_counts counts;

    inbox_count(s->inbox, &counts);
    return counts.messages;
}

/* ---- its URL ---- */

static void goes_to(const char *url, const char *region)
{
    struct scene s;

    open_at(&s, url, 60 * HC_SECOND);
    turn(&s);
    CHECK_Z(fake_ops_call("ReceiveMessage")->region, region);
    close_scene(&s);
}

TEST(queue, the_region_is_that_of_the_url)
{
    goes_to(URL, "eu-west-1");
    goes_to("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q",
            "cn-north-1");
    goes_to("http://127.0.0.1:4566/000000000000/q", "");
    goes_to("https://queue.example.com/123456789012/q", "");
    goes_to("https://sqs.example.com/123456789012/q", "");
    goes_to("https://sqs.amazonaws.com/123456789012/q", "");
    goes_to("http://sqs/123456789012/q", "");
    goes_to("https://sqs.a-name-that-is-longer-than-any-region-has-ever-been."
            "amazonaws.com/123456789012/q", "");
}

TEST(queue, a_url_without_a_region_takes_the_one_of_the_options)
{
    struct scene s;

    open_scene(&s);
    s.options.queue = "http://127.0.0.1:4566/000000000000/q";
    s.options.regions.item[s.options.regions.n++] = "us-east-2";
    queue_init(&s.queue, &s.options);
    CHECK_Z(s.queue.region, "us-east-2");
    close_scene(&s);
}

TEST(queue, without_a_url_nothing_is_asked)
{
    struct scene s;

    open_at(&s, NULL, 60 * HC_SECOND);
    put_done(&s, 1, 1);
    turn(&s);
    CHECK_INT(fake_ops.n, 0);
    CHECK(queue_due(&s.queue) == HC_NEVER);
    close_scene(&s);
}

/* ---- receive ---- */

TEST(queue, only_the_first_receive_does_not_wait)
{
    struct scene s;

    open_scene(&s);
    turn(&s);
    CHECK(asks("ReceiveMessage", "\"QueueUrl\":\"" URL "\""));
    CHECK(asks("ReceiveMessage", "\"WaitTimeSeconds\":0,"));
    CHECK(asks("ReceiveMessage", "\"VisibilityTimeout\":120,"));
    answer_body(&s, "ReceiveMessage", "{}");
    turn(&s);
    CHECK(asks("ReceiveMessage", "\"WaitTimeSeconds\":20,"));
    close_scene(&s);
}

static void waits(int64_t read_us, const char *seconds)
{
    struct scene s;

    open_at(&s, URL, read_us);
    reach(&s);
    CHECK(asks("ReceiveMessage", seconds));
    close_scene(&s);
}

TEST(queue, a_receive_waits_for_less_than_the_read_timeout)
{
    waits(0, "\"WaitTimeSeconds\":20,");
    waits(21 * HC_SECOND, "\"WaitTimeSeconds\":20,");
    waits(20 * HC_SECOND, "\"WaitTimeSeconds\":19,");
    waits(2 * HC_SECOND, "\"WaitTimeSeconds\":1,");
    waits(1 * HC_SECOND, "\"WaitTimeSeconds\":0,");
    waits(HC_SECOND / 2, "\"WaitTimeSeconds\":0,");
}

TEST(queue, one_receive_is_in_flight)
{
    struct scene s;

    open_scene(&s);
    turn(&s);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);
    CHECK(queue_due(&s.queue) == HC_NEVER);
    close_scene(&s);
}

TEST(queue, nothing_is_received_while_the_inbox_is_full)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    answer_body(&s, "ReceiveMessage", "{}");
    s.now += HC_SECOND;
    for (int i = 0; i < ROOM; i++) {
        char id[16];

        snprintf(id, sizeof id, "m%d", i);
        put_waiting(&s, id);
    }
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    CHECK(queue_due(&s.queue) == inbox_extensions_due(s.inbox));
    end_waiting(&s, INBOX_FAILED);
    CHECK(queue_due(&s.queue) <= s.now);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);
    close_scene(&s);
}

TEST(queue, an_empty_answer_that_came_at_once_is_asked_for_a_second_later)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    int64_t began = s.now;

    s.now += HC_SECOND / 10;
    answer_body(&s, "ReceiveMessage", "{\"Messages\":[]}");
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    CHECK_INT(queue_due(&s.queue), began + HC_SECOND);
    s.now = began + HC_SECOND;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);
    close_scene(&s);
}

TEST(queue, behind_messages_the_next_receive_begins_at_once)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    answer_body(&s, "ReceiveMessage",
                "{\"Messages\":[{\"MessageId\":\"1\",\"ReceiptHandle\":\"r\","
                "\"Body\":\"{\\\"cluster\\\":\\\"a\\\"}\"}]}");
    CHECK_INT(s.metrics.received, 1);
    CHECK_INT(queue_due(&s.queue), s.now);
    close_scene(&s);
}

TEST(queue, a_failing_receive_is_tried_after_one_second_and_up_to_a_minute)
{
    static const int seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    struct scene s;

    open_scene(&s);
    reach(&s);
    for (size_t i = 0; i < 8; i++) {
        end_badly(&s, "ReceiveMessage", HEADCOUNT_ETIMEDOUT, "");
        CHECK_INT(queue_due(&s.queue) - s.now, seconds[i] * HC_SECOND);
        s.now += seconds[i] * HC_SECOND - 1;
        turn(&s);
        CHECK_INT(fake_ops_live(FAKE_CALL), 0);
        s.now++;
        turn(&s);
    }
    answer_body(&s, "ReceiveMessage", "{}");
    s.now += HC_SECOND;
    turn(&s);
    end_badly(&s, "ReceiveMessage", HEADCOUNT_ETIMEDOUT, "");
    CHECK_INT(queue_due(&s.queue) - s.now, HC_SECOND);
    close_scene(&s);
}

static void ends_with(int code, const char *service_code, int exit_code)
{
    struct scene s;

    open_scene(&s);
    turn(&s);
    end_badly(&s, "ReceiveMessage", code, service_code);
    CHECK_INT(s.queue.fatal, exit_code);
    reach(&s);
    end_badly(&s, "ReceiveMessage", code, service_code);
    CHECK_INT(s.queue.fatal, exit_code);
    close_scene(&s);
}

static void goes_on(bool reached, int code, const char *service_code)
{
    struct scene s;

    open_scene(&s);
    if (reached)
        reach(&s);
    else
        turn(&s);
    end_badly(&s, "ReceiveMessage", code, service_code);
    CHECK_INT(s.queue.fatal, 0);
    CHECK(queue_due(&s.queue) > s.now);
    close_scene(&s);
}

TEST(queue, what_waiting_does_not_mend_is_fatal_before_the_first_answer)
{
    ends_with(HEADCOUNT_ESERVICE, "AWS.SimpleQueueService.NonExistentQueue",
              EXIT_SERVICE);
    ends_with(HEADCOUNT_ESERVICE, "QueueDoesNotExist", EXIT_SERVICE);
    ends_with(HEADCOUNT_ESERVICE, "InvalidAddress", EXIT_SERVICE);
    ends_with(HEADCOUNT_ESERVICE, "AccessDeniedException", EXIT_SERVICE);
    ends_with(HEADCOUNT_ECREDENTIALS, "", EXIT_CONFIG);
    goes_on(false, HEADCOUNT_ETIMEDOUT, "");
    goes_on(false, HEADCOUNT_ESERVICE, "ThrottlingException");
    goes_on(true, HEADCOUNT_ESERVICE, "AccessDeniedException");
    goes_on(true, HEADCOUNT_ECREDENTIALS, "");
}

/* What a first receive that is denied has told. */
static const char *told_of_denial(const char *url)
{
    struct scene s;

    open_at(&s, url, 0);
    turn(&s);
    end_badly(&s, "ReceiveMessage", HEADCOUNT_ESERVICE, "AccessDenied");
    close_scene(&s);
    return fake_ops_told();
}

static void says(const char *url, const char *arn)
{
    const char *told = told_of_denial(url);
    char resource[200];

    snprintf(resource, sizeof resource, "\"Resource\": \"%s\"}", arn);
    CHECK(strstr(told, "it says no") != NULL);
    CHECK(strstr(told, resource) != NULL);
}

TEST(queue, a_denied_receive_says_the_statement_for_its_queue)
{
    says(URL, "arn:aws:sqs:eu-west-1:123456789012:orders");
    says("https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders",
         "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:orders");
    says("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders",
         "arn:aws-cn:sqs:cn-north-1:123456789012:orders");
    says("http://127.0.0.1:4566/000000000000/orders",
         "arn:aws:sqs:*:000000000000:orders");
}

TEST(queue, a_url_without_an_account_or_a_name_gets_no_statement)
{
    CHECK(strstr(told_of_denial("http://x//orders"), "Resource") == NULL);
    CHECK(strstr(told_of_denial("orders"), "Resource") == NULL);
    CHECK(strstr(told_of_denial("/orders"), "Resource") == NULL);
}

TEST(queue, a_trouble_is_told_when_it_changes_and_when_it_ends)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    fake_ops_told();
    end_badly(&s, "ReceiveMessage", HEADCOUNT_ESERVICE, "ThrottlingException");
    CHECK(strstr(fake_ops_told(), "it says no") != NULL);
    for (int i = 0; i < 2; i++) {
        s.now += 60 * HC_SECOND;
        turn(&s);
        end_badly(&s, "ReceiveMessage", HEADCOUNT_ESERVICE,
             i == 0 ? "ThrottlingException" : "ServiceUnavailable");
        CHECK((*fake_ops_told() != '\0') == (i == 1));
    }
    s.now += 60 * HC_SECOND;
    turn(&s);
    answer_body(&s, "ReceiveMessage", "{}");
    CHECK(strstr(fake_ops_told(), "answers again") != NULL);
    s.now += 60 * HC_SECOND;
    turn(&s);
    answer_body(&s, "ReceiveMessage", "{}");
    CHECK_Z(fake_ops_told(), "");
    close_scene(&s);
}

TEST(queue, a_receive_that_cannot_begin_is_tried_a_second_later)
{
    struct scene s;

    open_scene(&s);
    fake_ops.refuses = true;
    turn(&s);
    CHECK_INT(queue_due(&s.queue), s.now + HC_SECOND);
    fake_ops.refuses = false;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    s.now += HC_SECOND;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);
    close_scene(&s);
}

/* ---- delete ---- */

TEST(queue, messages_that_are_done_are_deleted_ten_by_ten)
{
    struct scene s;

    open_scene(&s);
    put_done(&s, 1, 12);
    turn(&s);
    CHECK(asks("DeleteMessageBatch", "\"Entries\":[{\"Id\":\"0\",\"Receipt"
               "Handle\":\"m11\"},{\"Id\":\"1\",\"ReceiptHandle\":\"m12\"}]"));
    answer_body(&s, "DeleteMessageBatch",
                "{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}");
    CHECK_INT(held(&s), 10);
    CHECK_INT(s.metrics.deleted, 2);
    CHECK(asks("DeleteMessageBatch", "{\"Id\":\"9\",\"ReceiptHandle\":"
               "\"m10\"}]"));
    CHECK(!queue_is_idle(&s.queue));
    answer_body(&s, "DeleteMessageBatch",
                "{\"Successful\":[{\"Id\":\"9\"},{\"Id\":\"0\"},{\"Id\":"
                "\"1\"},{\"Id\":\"2\"},{\"Id\":\"3\"},{\"Id\":\"4\"},{\"Id\":"
                "\"5\"},{\"Id\":\"6\"},{\"Id\":\"7\"},{\"Id\":\"8\"}]}");
    CHECK_INT(held(&s), 0);
    close_scene(&s);
}

/* Two deletes are answered so: how many messages are held then, to be tried
 * again later, and how many count as deleted. */
static void deletes(const char *body, size_t still_held, size_t deleted)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_done(&s, 1, 2);
    turn(&s);
    answer_body(&s, "DeleteMessageBatch", body);
    CHECK_INT(held(&s), still_held);
    CHECK_INT(s.metrics.deleted, deleted);
    if (still_held > 0)
        CHECK_INT(queue_due(&s.queue), s.now + HC_SECOND);
    else
        CHECK(queue_due(&s.queue) == HC_NEVER);   /* receives wait */
    close_scene(&s);
}

TEST(queue, an_entry_that_is_not_answered_is_deleted_again)
{
    deletes("{\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"1\"}]}", 0, 2);
    deletes("{\"Successful\":[{\"Id\":\"1\"}]}", 1, 1);
    deletes("{\"Successful\":[{\"Id\":\"1\"},{\"Id\":\"1\"}]}", 1, 1);
    deletes("{}", 2, 0);
    deletes("no JSON", 2, 0);
    /* All but the last name none of its entries. */
    deletes("{\"Successful\":[{\"Id\":\"2\"},{\"Id\":\"10\"},{\"Id\":\"x\"},"
            "{\"Id\":\"\"},{},{\"Id\":\"0\"}]}", 1, 1);
}

TEST(queue, a_refused_entry_is_deleted_again_unless_its_receipt_expired)
{
    deletes("{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\","
            "\"Code\":\"InternalError\"}]}", 1, 1);
    deletes("{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\"}]}",
            1, 1);
    deletes("{\"Failed\":[{\"Id\":\"0\",\"Code\":\"ReceiptHandleIsInvalid\"},"
            "{\"Id\":\"1\",\"Code\":\"InvalidParameterValue\"}]}", 0, 0);
}

TEST(queue, a_batch_that_fails_is_tried_again_and_not_for_ever)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_done(&s, 1, 1);
    for (int tries = 0; tries < 5; tries++) {
        CHECK(!s.queue.lost);
        CHECK_INT(held(&s), 1);
        turn(&s);
        end_badly(&s, "DeleteMessageBatch", HEADCOUNT_ETIMEDOUT, "");
        s.now += 60 * HC_SECOND;
    }
    CHECK(s.queue.lost);
    CHECK_INT(held(&s), 0);
    CHECK_INT(s.metrics.deleted, 0);
    close_scene(&s);
}

TEST(queue, a_batch_that_cannot_begin_is_tried_again)
{
    struct scene s;

    open_scene(&s);
    put_done(&s, 1, 12);
    fake_ops.refuses = true;
    turn(&s);
    CHECK_INT(held(&s), 12);
    fake_ops.refuses = false;
    s.now += HC_SECOND;
    turn(&s);
    CHECK(strstr(fake_ops.ops[0].body, "\"m1\"") != NULL);
    CHECK(strstr(fake_ops.ops[1].body, "\"m12\"") != NULL);
    close_scene(&s);
}

TEST(queue, a_refused_batch_is_told_once_and_when_it_works_again)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_done(&s, 1, 1);
    for (int i = 0; i < 3; i++) {
        fake_ops_told();
        turn(&s);
        if (i < 2)
            end_badly(&s, "DeleteMessageBatch", HEADCOUNT_ESERVICE, "No");
        else
            answer_body(&s, "DeleteMessageBatch", "{}");
        const char *told = fake_ops_told();

        CHECK((*told == '\0') == (i == 1));
        CHECK((strstr(told, "cannot delete messages") != NULL) == (i == 0));
        CHECK((strstr(told, "answers again") != NULL) == (i == 2));
        s.now += 60 * HC_SECOND;
    }
    close_scene(&s);
}

/* What an expired receipt tells. */
static const char *told_of_expiry(bool debug)
{
    struct scene s;

    open_scene(&s);
    s.queue.debug = debug;
    put_done(&s, 1, 1);
    turn(&s);
    answer_body(&s, "DeleteMessageBatch", "{\"Failed\":[{\"Id\":\"0\","
                "\"Code\":\"ReceiptHandleIsInvalid\"}]}");
    close_scene(&s);
    return fake_ops_told();
}

TEST(queue, an_expired_receipt_is_told_only_to_who_debugs)
{
    struct scene s;

    CHECK_Z(told_of_expiry(false), "");
    CHECK(strstr(told_of_expiry(true), "ReceiptHandleIsInvalid") != NULL);
    open_scene(&s);
    s.options.debug = true;
    queue_init(&s.queue, &s.options);
    CHECK(s.queue.debug);
    close_scene(&s);
}

/* ---- extend, give back, shelve ---- */

TEST(queue, what_is_at_work_is_extended_at_half_its_visibility)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_waiting(&s, "a");
    int64_t due = s.now + VISIBILITY * HC_SECOND / 2;

    CHECK_INT(queue_due(&s.queue), due);
    s.now = due - 1;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);           /* the receive */
    s.now = due;
    turn(&s);
    CHECK(asks("ChangeMessageVisibilityBatch",
               "\"ReceiptHandle\":\"a\",\"VisibilityTimeout\":120}"));
    answer_body(&s, "ChangeMessageVisibilityBatch",
                "{\"Successful\":[{\"Id\":\"0\"}]}");
    CHECK_INT(held(&s), 1);
    CHECK_INT(queue_due(&s.queue), due + VISIBILITY * HC_SECOND / 2);
    close_scene(&s);
}

TEST(queue, an_extension_that_failed_is_tried_again_while_there_is_time)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_waiting(&s, "a");
    s.now += VISIBILITY * HC_SECOND / 2;
    turn(&s);
    end_badly(&s, "ChangeMessageVisibilityBatch", HEADCOUNT_ETIMEDOUT, "");
    CHECK_INT(held(&s), 1);
    CHECK_INT(queue_due(&s.queue), s.now + VISIBILITY * HC_SECOND / 8);
    close_scene(&s);
}

TEST(queue, an_expired_extension_leaves_the_message_in_the_inbox)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_waiting(&s, "a");
    s.now += VISIBILITY * HC_SECOND / 2;
    turn(&s);
    answer_body(&s, "ChangeMessageVisibilityBatch",
                "{\"Failed\":[{\"Id\":\"0\","
                "\"Code\":\"MessageNotInflight\"}]}");
    CHECK_INT(held(&s), 1);
    close_scene(&s);
}

TEST(queue, extensions_leave_one_batch_for_what_is_done_once)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    for (int i = 0; i < 60; i++) {
        char id[16];

        snprintf(id, sizeof id, "w%d", i);
        put_waiting(&s, id);
    }
    s.now += VISIBILITY * HC_SECOND / 2;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1 + QUEUE_BATCHES - 1);
    put_done(&s, 1, 1);
    turn(&s);
    CHECK(asks("DeleteMessageBatch", "\"m1\""));
    CHECK_INT(fake_ops_live(FAKE_CALL), 1 + QUEUE_BATCHES);
    put_done(&s, 2, 2);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1 + QUEUE_BATCHES);
    CHECK(queue_due(&s.queue) == HC_NEVER);
    close_scene(&s);
}

TEST(queue, a_message_of_others_comes_back_after_five_minutes_or_later)
{
    struct scene s;

    open_scene(&s);
    put_waiting(&s, "a");
    end_waiting(&s, INBOX_FOREIGN);
    turn(&s);
    CHECK(asks("ChangeMessageVisibilityBatch", "\"VisibilityTimeout\":300}"));
    end_badly(&s, "ChangeMessageVisibilityBatch", HEADCOUNT_ETIMEDOUT, "");
    CHECK_INT(held(&s), 0);          /* it comes back sooner: no harm */
    CHECK(!s.queue.lost);
    s.queue.visibility = 400;
    put_waiting(&s, "b");
    end_waiting(&s, INBOX_FOREIGN);
    turn(&s);
    CHECK(asks("ChangeMessageVisibilityBatch", "\"VisibilityTimeout\":400}"));
    close_scene(&s);
}

/* ---- the end ---- */

TEST(queue, a_stop_ends_receives_and_gives_back_what_waits)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_waiting(&s, "a");
    queue_stop(&s.queue);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    CHECK(queue_due(&s.queue) == inbox_extensions_due(s.inbox));
    inbox_stop(s.inbox);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 1);
    CHECK(asks("ChangeMessageVisibilityBatch",
               "\"ReceiptHandle\":\"a\",\"VisibilityTimeout\":0}"));
    CHECK(!queue_is_idle(&s.queue));
    answer_body(&s, "ChangeMessageVisibilityBatch",
                "{\"Successful\":[{\"Id\":\"0\"}]}");
    CHECK(queue_is_idle(&s.queue));
    CHECK(!s.queue.lost);
    CHECK_INT(held(&s), 0);
    close_scene(&s);
}

TEST(queue, a_stop_ends_the_question_for_the_redrive_policy)
{
    struct scene s;

    open_scene(&s);
    turn(&s);
    answer_body(&s, "ReceiveMessage", "{}");
    turn(&s);
    headcount_op *attributes = fake_ops_call("GetQueueAttributes");

    queue_stop(&s.queue);
    CHECK(attributes->freed);
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_CALL), 0);
    close_scene(&s);
}

TEST(queue, a_message_that_could_not_be_given_back_is_lost_to_the_exit_code)
{
    struct scene s;

    open_scene(&s);
    reach(&s);
    put_waiting(&s, "a");
    s.queue.lost = true;             /* before the stop: told long ago */
    inbox_stop(s.inbox);
    queue_stop(&s.queue);
    CHECK(!s.queue.lost);
    turn(&s);
    end_badly(&s, "ChangeMessageVisibilityBatch", HEADCOUNT_ETIMEDOUT, "");
    CHECK(s.queue.lost);
    CHECK_INT(held(&s), 0);
    close_scene(&s);
}

/* ---- its redrive policy ---- */

static const char *told_of_attributes(const char *body)
{
    struct scene s;

    open_scene(&s);
    turn(&s);
    CHECK_INT(fake_ops.n, 1);        /* not before the queue has answered */
    answer_body(&s, "ReceiveMessage", "{}");
    turn(&s);
    CHECK(asks("GetQueueAttributes", "[\"RedrivePolicy\"]"));
    answer_body(&s, "GetQueueAttributes", body);
    turn(&s);
    CHECK_INT(fake_ops.n, 3);        /* once: two receives and this */
    close_scene(&s);
    return fake_ops_told();
}

TEST(queue, a_queue_without_a_redrive_policy_is_told_of_once)
{
    CHECK_Z(told_of_attributes("{\"Attributes\":{\"RedrivePolicy\":\"{}\"}}"),
            "");
    CHECK(strstr(told_of_attributes("{\"Attributes\":{}}"),
                 "no redrive policy") != NULL);
    CHECK(strstr(told_of_attributes("{}"), "no redrive policy") != NULL);
}

/* Nothing depends on it: the permission to ask may lack. */
TEST(queue, a_redrive_policy_that_cannot_be_read_is_told_only_to_who_debugs)
{
    for (int debug = 0; debug < 2; debug++) {
        struct scene s;

        open_scene(&s);
        s.queue.debug = debug;
        turn(&s);
        answer_body(&s, "ReceiveMessage", "{}");
        turn(&s);
        end_badly(&s, "GetQueueAttributes", HEADCOUNT_ESERVICE, "No");
        CHECK((*fake_ops_told() != '\0') == debug);
        CHECK_INT(s.queue.fatal, 0);
        close_scene(&s);
    }
}

TEST(queue, an_op_of_somebody_else_is_not_taken)
{
    struct headcount_op other = { .state = HEADCOUNT_DONE };
    struct scene s;

    open_scene(&s);
    reach(&s);
    CHECK(!queue_took(&s.queue, &other, s.now));
    CHECK(!other.freed);
    close_scene(&s);
}
