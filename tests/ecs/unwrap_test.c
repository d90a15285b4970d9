/* tests/ecs/unwrap_test.c - what is around events, as AWS sends it. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "ecs/event.h"
#include "ecs/unwrap.h"

static char told[2000];
static struct headcount_error error;

static void tell(const char *kind, struct hc_str text)
{
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%s%s(%.*s)", n > 0 ? " " : "", kind,
             (int)text.n, text.p);
}

static int record(void *ud, const struct hc_unwrap_record *r,
                  struct headcount_error *e)
{
    (void)e;
    CHECK(ud == told);
    tell(r->fifo ? "fifo" : r->sqs ? "sqs" : "record", r->id);
    return 0;
}

/* "bad" is an event that nobody understands. */
static int event(void *ud, struct hc_str text, struct headcount_error *e)
{
    CHECK(ud == told);
    tell("event", text);
    return hc_str_eqz(text, "bad")
               ? hc_error_set(e, HEADCOUNT_EEVENT, "it is bad")
               : 0;
}

static int broken(void *ud, const char *why, struct headcount_error *e)
{
    (void)e;
    CHECK(ud == told);
    tell("broken", hc_str(why));
    return 0;
}

static int unwrap(const char *text)
{
    const struct hc_unwrap_to to = { t_alloc(), told, record, event, broken };
    size_t n = strlen(text);

    told[0] = '\0';
    hc_error_reset(&error);
    return hc_unwrap(&to, hc_str_n(t_guard(text, n), n), &error);
}

#define SQS(id, body) "{\"messageId\":\"" id "\",\"receiptHandle\":\"h\","     \
    "\"body\":\"" body "\",\"attributes\":{\"SentTimestamp\":\"1\"},"         \
    "\"messageAttributes\":{},\"md5OfBody\":\"x\",\"eventSource\":"           \
    "\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:eu-west-1:1:q\","           \
    "\"awsRegion\":\"eu-west-1\"}"
#define SNS(message) "{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\"," \
    "\"Sns\":{\"Type\":\"Notification\",\"MessageId\":\"9\",\"Message\":\""   \
    message "\"}}"
#define DESTINATION(payload) "{\"version\":\"1.0\",\"requestContext\":{"      \
    "\"condition\":\"RetriesExhausted\"},\"requestPayload\":" payload          \
    ",\"responsePayload\":{\"errorType\":\"x\"}}"
#define RECORDS(list) "{\"Records\":[" list "]}"

TEST(unwrap, wrappings_are_taken_off)
{
    static const struct { const char *text, *told; } rows[] = {
        { "{\"cluster\":\"a\"}", "event({\"cluster\":\"a\"})" },
        { "no json", "event(no json)" }, { "", "event()" },
        { "\xef\xbb\xbf{}", "event({})" },
        { "\xef\xbb\xbf[{\"a\":1}]", "record() event({\"a\":1})" },
        { "{\"Type\":\"Notification\",\"Message\":\"\xef\xbb\xbfx\"}",
          "event(x)" },
        { "{\"Records\":5}", "event({\"Records\":5})" },
        { "{\"Type\":\"Notification\"}",
          "event({\"Type\":\"Notification\"})" },
        { "{\"Type\":\"Other\",\"Message\":\"x\"}",
          "event({\"Type\":\"Other\",\"Message\":\"x\"})" },
        { "{\"Type\":\"Notification\",\"Message\":\"x\"}", "event(x)" },
        { RECORDS(SQS("1", "x")), "sqs(1) event(x)" },
        { RECORDS(SQS("1", "") "," SQS("2", "y")),
          "sqs(1) event() sqs(2) event(y)" },
        { RECORDS(SNS("x")), "record() event(x)" },
        { RECORDS(SQS("1", "{\\\"Type\\\":\\\"Notification\\\",\\\"Message\\\":"
                      "\\\"{\\\\\\\"a\\\\\\\":1}\\\"}")),
          "sqs(1) event({\"a\":1})" },
        /* Records within a body are its events. */
        { RECORDS(SQS("1", "{\\\"Records\\\":[{\\\"body\\\":\\\"x\\\","
                      "\\\"eventSource\\\":\\\"aws:sqs\\\"},{\\\"eventSource"
                      "\\\":\\\"aws:sqs\\\",\\\"body\\\":\\\"y\\\"}]}")),
          "sqs(1) event(x) event(y)" },
        /* EventBridge Pipes: an array of records, or of events. */
        { "[" SQS("1", "x") "," SQS("2", "y") "]",
          "sqs(1) event(x) sqs(2) event(y)" },
        { " \n[{\"a\": 1}, " SQS("2", "y") " ] ",
          "record() event({\"a\": 1}) sqs(2) event(y)" },
        { "[{\"body\":\"x\",\"eventSource\":\"ecs.amazonaws.com\"}]",
          "record() event({\"body\":\"x\",\"eventSource\":"
          "\"ecs.amazonaws.com\"})" },
        { "[{\"Type\":\"Notification\",\"Message\":\"x\"}]",
          "record() event(x)" },
        { "[7,\"x\"]", "record() event(7) record() event(\"x\")" },
        { RECORDS(SQS("1", "[{\\\"a\\\":1},{\\\"b\\\":2}]")),
          "sqs(1) event({\"a\":1}) event({\"b\":2})" },
        /* The destination of an invocation that failed. */
        { DESTINATION("{\"a\": [1]}"), "event({\"a\": [1]})" },
        { "{\"source\":\"lambda\",\"detail-type\":\"Lambda Function "
          "Invocation Result - Failure\",\"detail\":" DESTINATION("{\"a\":1}")
          "}", "event({\"a\":1})" },
        { DESTINATION("{\"Type\":\"Notification\",\"Message\":\"x\"}"),
          "event(x)" },
        { DESTINATION(RECORDS(SQS("1", "x"))), "event(x)" },
        { "{\"requestPayload\":null,\"a\":1}",
          "event({\"requestPayload\":null,\"a\":1})" },
        { "{\"cluster\":\"a\",\"requestPayload\":{}}",
          "event({\"cluster\":\"a\",\"requestPayload\":{}})" },
        { "{\"source\":\"aws.ecs\",\"detail\":{\"requestPayload\":{}}}",
          "event({\"source\":\"aws.ecs\",\"detail\":{\"requestPayload\":{}}"
          "})" },
        { "{\"source\":\"aws.scheduler\",\"detail\":\"{}\"}",
          "event({\"source\":\"aws.scheduler\",\"detail\":\"{}\"})" },
        { RECORDS("{\"body\":\"x\",\"messageId\":\"7\",\"eventSourceARN\":"
                  "\"arn:aws:sqs:eu-west-1:1:q.fifo\",\"eventSource\":"
                  "\"aws:sqs\"}"), "fifo(7) event(x)" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(unwrap(rows[i].text), 0);
        CHECK_Z(told, rows[i].told);
    }
}

/* The others go on; the id of one is not the next one's. */
TEST(unwrap, a_record_that_is_broken_harms_no_other)
{
    static const struct { const char *first, *says; } rows[] = {
        { SQS("1", "bad"), "it is bad" },
        { "{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\"}",
          "\"aws:sqs\" holds no event" },
        { "{\"messageId\":\"1\",\"eventSource\":\"aws:s3\",\"body\":\"x\"}",
          "\"aws:s3\" holds no event" },
        { "{\"messageId\":\"1\",\"body\":\"x\"}", "holds no event" },
        { SQS("1", "{\\\"Records\\\":[]}"), "is empty" },
        { SQS("1", "[]"), "array of no records" },
        { SQS("1", "[1,]"), "(byte 3)" },
        { SQS("1", "{\\\"Records\\\":[{}]}"), "holds no event" },
        { SQS("1", "{\\\"Records\\\":[{\\\"body\\\":\\\"bad\\\","
                   "\\\"eventSource\\\":\\\"aws:sqs\\\"}]}"), "it is bad" },
    };
    char text[2000];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(text, sizeof text, "{\"Records\":[%s,{\"body\":\"y\","
                 "\"eventSource\":\"aws:sqs\"}]}", rows[i].first);
        CHECK_INT(unwrap(text), 0);
        if (strstr(told, rows[i].says) == NULL ||
            strstr(told, ") sqs() event(y)") == NULL)
            fail_msg("%s", told);
    }
}

TEST(unwrap, what_one_record_lacks_is_not_taken_from_another)
{
    CHECK_INT(unwrap(RECORDS(SQS("1", "x") ",{\"eventSource\":\"aws:sqs\"},"
                             "{\"body\":\"y\"}")), 0);
    CHECK(strstr(told, "sqs(1) event(x) sqs() broken(a record of \"aws:sqs\" "
                       "holds no event") == told);
    CHECK(strstr(told, "record() broken(a record of \"\" holds no") != NULL);
}

/* Its records are none of ours: it says so, as Records do. */
TEST(unwrap, an_array_of_another_service_holds_no_event)
{
    CHECK_INT(unwrap("[{\"eventSource\":\"aws:kinesis\",\"data\":\"eA==\"},"
                     "{\"eventSource\":\"aws:sqs\",\"body\":7}]"), 0);
    CHECK(strstr(told, "\"aws:kinesis\" holds no event") != NULL);
    CHECK(strstr(told, "\"aws:sqs\" holds no event") != NULL);
}

TEST(unwrap, what_is_broken_as_a_whole_is_refused)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{\"Records\":[]}", "is empty" },
        { "{\"Records\":[" SQS("1", "x") "]", "JSON" },
        { "{\"Records\":[" SQS("1", "x") "],\"Records\":[]}", "twice" },
        { "{\"Records\":[{\"body\":5}]}", "\"body\" is not a string" },
        { "bad", "it is bad" },
        { "[]", "array of no records" }, { "[ \n]", "array of no records" },
        { "[", "no end" }, { "[" SQS("1", "x"), "no end" },
        { "[" SQS("1", "x") ",", "no end" },
        { "[" SQS("1", "x") ",]", "the event" },
        { "[" SQS("1", "x") "] x", "the event" }, { "[\"x]", "no end" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(unwrap(rows[i].text), HEADCOUNT_EEVENT);
        if (strstr(error.what, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].text, error.what);
    }
}

/* A string that holds `inner`: its quotes and backslashes escaped. */
static void wrap(char *to, size_t size, const char *inner)
{
    size_t n = (size_t)snprintf(to, size, "{\"Type\":\"Notification\","
                                "\"Message\":\"");

    for (; *inner != '\0'; inner++) {
        if (*inner == '"' || *inner == '\\')
            to[n++] = '\\';
        to[n++] = *inner;
        CHECK(n + 4 < size);
    }
    snprintf(to + n, size - n, "\"}");
}

TEST(unwrap, three_wrappings_are_taken_off_and_not_four)
{
    char text[4000] = "x", outer[4000];

    for (int wraps = 1; wraps <= 4; wraps++) {
        wrap(outer, sizeof outer, text);
        memcpy(text, outer, sizeof text);
        CHECK_INT(unwrap(text), wraps <= 3 ? 0 : HEADCOUNT_EEVENT);
        CHECK_Z(told, wraps <= 3 ? "event(x)" : "");
    }
    CHECK(strstr(error.what, "more than 3 times") != NULL);
}

static int reads(void)
{
    return unwrap(RECORDS(SQS("1", "{\\\"Type\\\":\\\"Notification\\\","
                              "\\\"Message\\\":\\\"x\\\"}") "," SNS("bad")));
}

static int reads_arrays(void)
{
    return unwrap("[" SQS("1", "[1]") ",{\"requestPayload\":{\"a\":[1]}}]");
}

TEST(unwrap, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads);
    t_fails_every_allocation(reads_arrays);
}
