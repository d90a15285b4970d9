/* tests/aws/retry_test.c - which failures are tried again, when, at what
 * cost. */
#include "t.h"

#include "aws/retry.h"

TEST(retry, answers_fall_into_classes)
{
    static const struct { const char *code; int status; enum hc_retry want; }
    rows[] = {
        { "ThrottlingException", 400, RETRY_THROTTLED },
        { "TooManyRequestsException", 400, RETRY_THROTTLED },
        { "ProvisionedThroughputExceededException", 400, RETRY_THROTTLED },
        { "LimitExceededException", 400, RETRY_THROTTLED },
        { "SlowDown", 503, RETRY_THROTTLED },
        { "RequestTimeout", 400, RETRY_TRANSIENT },
        { "RequestTimeoutException", 408, RETRY_TRANSIENT },
        { "IDPCommunicationError", 400, RETRY_TRANSIENT },
        { "InvalidIdentityToken", 400, RETRY_TRANSIENT },
        { "InsufficientCapacityException", 400, RETRY_TRANSIENT },
        { "PriorRequestNotComplete", 400, RETRY_THROTTLED },
        { "InternalServerError", 400, RETRY_TRANSIENT },
        { "ReplicatedWriteConflictException", 400, RETRY_TRANSIENT },
        { "ExpiredTokenException", 400, RETRY_EXPIRED },
        { "ExpiredToken", 403, RETRY_EXPIRED },
        { "InvalidSignatureException", 400, RETRY_SKEW },
        { "RequestTimeTooSkewed", 403, RETRY_SKEW },
        { "RequestExpired", 400, RETRY_SKEW },
        { "RequestInTheFuture", 400, RETRY_SKEW },
        { "SignatureDoesNotMatch", 403, RETRY_SKEW },
        { "AuthFailure", 401, RETRY_SKEW },
        { "AccessDeniedException", 400, RETRY_SKEW },
        { "ThrottlingException", 500, RETRY_THROTTLED },
        { "ExpiredToken", 500, RETRY_EXPIRED },
        { "ClusterNotFoundException", 400, RETRY_NO },
        /* whatever the code says */
        { "ClusterNotFoundException", 500, RETRY_TRANSIENT },
        { "ClusterNotFoundException", 502, RETRY_TRANSIENT },
        { "AccessDeniedException", 503, RETRY_TRANSIENT },
        { "SignatureDoesNotMatch", 504, RETRY_TRANSIENT },
        { "ClusterNotFoundException", 501, RETRY_NO },
        /* 429 is throttling, but where the service says another thing */
        { "ClusterNotFoundException", 429, RETRY_THROTTLED },
        { "RequestTimeout", 429, RETRY_TRANSIENT },
        { "AccessDeniedException", 429, RETRY_SKEW },
        { "ConcurrentModificationException", 429, RETRY_NO },
        { "ConcurrentModificationException", 500, RETRY_TRANSIENT },
        { "Throttling ThrottlingException", 400, RETRY_NO },
        { "ServerException", 500, RETRY_TRANSIENT },
        { "throttlingexception", 400, RETRY_NO },
        { "ThrottlingExceptionX", 400, RETRY_NO },
        { "500", 500, RETRY_TRANSIENT }, { "502", 502, RETRY_TRANSIENT },
        { "503", 503, RETRY_TRANSIENT }, { "504", 504, RETRY_TRANSIENT },
        { "509", 509, RETRY_NO }, { "429", 429, RETRY_THROTTLED },
        { "501", 501, RETRY_NO }, { "505", 505, RETRY_NO },
        { "400", 400, RETRY_NO }, { "403", 403, RETRY_NO },
        { "301", 301, RETRY_NO }, { "", 0, RETRY_NO },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_retry_of_answer(hc_str(rows[i].code), rows[i].status),
                  rows[i].want);
}

TEST(retry, only_what_may_pass_by_itself_is_tried_again)
{
    static const int passing[] = { HEADCOUNT_EDNSFAIL, HEADCOUNT_ECONNECT,
                                   HEADCOUNT_ETLS,     HEADCOUNT_ETIMEDOUT,
                                   HEADCOUNT_ECLOSED,  HEADCOUNT_ETRUNCATED,
                                   HEADCOUNT_EPROXY };

    for (int code = 0; code >= HEADCOUNT_EPROXY; code--) {
        enum hc_retry want = RETRY_NO;

        for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
            if (code == passing[i])
                want = RETRY_TRANSIENT;
        CHECK_INT(hc_retry_of_error(code), want);
    }
}

TEST(retry, reads_are_known_by_their_names)
{
    static const struct { const char *operation; bool read; } rows[] = {
        { "DescribeServices", true }, { "ListClusters", true },
        { "GetItem", true }, { "BatchGetItem", true }, { "Query", true },
        { "Scan", true }, { "HeadObject", true },
        { "UpdateService", false }, { "PutItem", false },
        { "BatchWriteItem", false }, { "ReceiveMessage", false },
        { "describeServices", false }, { "Describ", false }, { "", false },
        { "ForgetItem", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_retry_is_read(hc_str(rows[i].operation)), rows[i].read);
}

TEST(retry, dynamodb_has_rules_of_its_own)
{
    static const struct { const char *service; int attempts, base_ms; }
    rows[] = {
        { "dynamodb", 4, 25 }, { "dynamodbstreams", 4, 25 },
        { "ecs", 3, 50 }, { "sts", 3, 50 }, { "sqs", 3, 50 }, { "", 3, 50 },
        { "dynamo", 3, 50 }, { "DynamoDB", 3, 50 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_retry_rules rules = hc_retry_rules(hc_str(rows[i].service));

        CHECK_INT(rules.attempts, rows[i].attempts);
        CHECK_INT(rules.base_ms, rows[i].base_ms);
    }
}

TEST(retry, long_polls_are_known_by_service_and_operation)
{
    static const struct { const char *service, *operation; bool polls; }
    rows[] = {
        { "sqs", "ReceiveMessage", true },
        { "stepfunctions", "GetActivityTask", true },
        { "swf", "PollForActivityTask", true },
        { "swf", "PollForDecisionTask", true },
        { "kinesis", "ReceiveQueueRecords", true },
        { "kinesis", "ReceiveDeadLetterQueueRecords", true },
        { "sqs", "DeleteMessage", false }, { "sqs", "", false },
        { "kinesis", "GetRecords", false },
        { "swf", "ReceiveMessage", false },
        { "ecs", "ReceiveMessage", false }, { "", "", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_retry_is_long_poll(hc_str(rows[i].service),
                                        hc_str(rows[i].operation)),
                  rows[i].polls);
}

TEST(retry, a_quota_ends_a_storm_and_refills)
{
    struct hc_quota q;
    int taken = 0;

    hc_quota_init(&q);
    CHECK_INT(q.left, 500);
    while (hc_quota_take(&q, RETRY_TRANSIENT) > 0)
        taken++;
    CHECK_INT(taken, 35);                   /* 35 * 14 = 490 */
    CHECK_INT(q.left, 10);
    CHECK_INT(hc_quota_take(&q, RETRY_TRANSIENT), 0);
    CHECK_INT(hc_quota_take(&q, RETRY_THROTTLED), 5);
    CHECK_INT(hc_quota_take(&q, RETRY_THROTTLED), 5);
    CHECK_INT(hc_quota_take(&q, RETRY_THROTTLED), 0);
    CHECK_INT(q.left, 0);
    hc_quota_give(&q, 14);
    CHECK_INT(q.left, 14);
    hc_quota_give(&q, 0);                   /* a first attempt gives one */
    CHECK_INT(q.left, 15);
    q.left = 499;
    hc_quota_give(&q, 14);
    CHECK_INT(q.left, 500);
}

#define HALF ((uint32_t)1 << 31)
#define ALL UINT32_MAX

TEST(retry, delays_grow_to_a_cap_and_are_spread)
{
    static const struct {
        enum hc_retry why;
        int failed, base_ms;
        int64_t after;
        uint32_t random;
        int64_t want;
    } rows[] = {
        { RETRY_TRANSIENT, 1, 50, -1, 0, 0 },
        { RETRY_TRANSIENT, 1, 50, -1, HALF, 25000 },
        { RETRY_TRANSIENT, 1, 50, -1, ALL, 49999 },
        { RETRY_TRANSIENT, 2, 50, -1, HALF, 50000 },
        { RETRY_TRANSIENT, 5, 50, -1, HALF, 400000 },
        { RETRY_TRANSIENT, 1, 25, -1, HALF, 12500 },
        { RETRY_THROTTLED, 1, 50, -1, HALF, 500000 },
        { RETRY_THROTTLED, 2, 25, -1, HALF, 1000000 },
        { RETRY_THROTTLED, 99, 50, -1, HALF, 10 * HC_SECOND },
        { RETRY_TRANSIENT, INT32_MAX, 50, -1, HALF, 10 * HC_SECOND },
        /* the service's word: at least the backoff, at most 5 s more */
        { RETRY_THROTTLED, 1, 50, 700000, HALF, 700000 },
        { RETRY_THROTTLED, 1, 50, 400000, HALF, 500000 },
        { RETRY_THROTTLED, 1, 50, 5500000, HALF, 5500000 },
        { RETRY_THROTTLED, 1, 50, 5500001, HALF, 5500000 },
        { RETRY_TRANSIENT, 1, 50, INT64_MAX, 0, 5 * HC_SECOND },
        { RETRY_EXPIRED, 1, 50, 700000, ALL, 0 },
        { RETRY_SKEW, 3, 50, -1, ALL, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_retry_ask ask = { rows[i].why, rows[i].failed,
                                    rows[i].base_ms, rows[i].after,
                                    rows[i].random };

        CHECK_INT(hc_retry_delay(&ask), rows[i].want);
    }
}

TEST(retry, the_header_says_milliseconds)
{
    static const struct { const char *text; int64_t want; } rows[] = {
        { "0", 0 }, { "1500", 1500000 }, { " 20 ", 20000 },
        { "1000000000", 1000000000000 }, { "1000000001", 1000000000000 },
        { NULL, -1 }, { "", -1 }, { "-1", -1 }, { "1.5", -1 }, { "x", -1 },
        { "99999999999999999999", 1000000000000 }, { "1 0", -1 },
        { "+1", -1 }, { "1:", -1 }, { "1/", -1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_retry_after(hc_str(rows[i].text)), rows[i].want);
}
