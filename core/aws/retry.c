/* aws/retry.c - classes of failures, the backoff and the quota.
 *
 * The lists are those of the SDKs' retry specification 2.1.  500, 502, 503 and
 * 504 are tried again whatever the code of the answer is.
 */
#include "aws/retry.h"

#define RETRY_CAP (20 * HC_SECOND)
#define RETRY_THROTTLED_MS 1000
#define RETRY_AFTER_SLACK (5 * HC_SECOND)
#define RETRY_AFTER_MAX_MS 1000000000    /* far more than is ever waited     */

/* Codes with a blank between them: one text instead of a table of pointers,
 * each of which would cost a relocation. */
#define RETRY_CODES_THROTTLED                                               \
    "Throttling ThrottlingException ThrottledException "                    \
    "RequestThrottledException RequestThrottled TooManyRequestsException "  \
    "ProvisionedThroughputExceededException "                               \
    "TransactionInProgressException RequestLimitExceeded "                  \
    "BandwidthLimitExceeded LimitExceededException SlowDown "               \
    "PriorRequestNotComplete EC2ThrottledException"
/* IDPCommunicationError and InvalidIdentityToken are STS's: it could not
 * reach an OIDC provider, or does not have that one's new key yet.
 * InsufficientCapacityException and ReplicatedWriteConflictException are
 * retryable in the models of Redshift Serverless and DynamoDB. */
#define RETRY_CODES_TRANSIENT                                               \
    "RequestTimeout RequestTimeoutException IDPCommunicationError "         \
    "InvalidIdentityToken InternalServerError "                             \
    "InsufficientCapacityException ReplicatedWriteConflictException"
#define RETRY_CODES_EXPIRED "ExpiredToken ExpiredTokenException"
#define RETRY_CODES_SKEW                                                    \
    "InvalidSignatureException SignatureDoesNotMatch AuthFailure "          \
    "RequestTimeTooSkewed RequestExpired RequestInTheFuture "               \
    "AccessDeniedException"

static enum hc_retry retry_of_code(struct hc_str code)
{
    if (hc_str_is_word(code, RETRY_CODES_THROTTLED))
        return RETRY_THROTTLED;
    if (hc_str_is_word(code, RETRY_CODES_TRANSIENT))
        return RETRY_TRANSIENT;
    if (hc_str_is_word(code, RETRY_CODES_EXPIRED))
        return RETRY_EXPIRED;
    return hc_str_is_word(code, RETRY_CODES_SKEW) ? RETRY_SKEW : RETRY_NO;
}

enum hc_retry hc_retry_of_answer(struct hc_str code, int status)
{
    enum hc_retry why = retry_of_code(code);

    switch (status) {
    case 429:
        /* CloudWatch's is the one error that a model gives this status and
         * that is no throttling. */
        return why == RETRY_NO &&
               !hc_str_eqz(code, "ConcurrentModificationException")
                   ? RETRY_THROTTLED : why;
    case 500:
    case 502:
    case 503:
    case 504:
        return why == RETRY_NO || why == RETRY_SKEW ? RETRY_TRANSIENT : why;
    default:
        return why;
    }
}

enum hc_retry hc_retry_of_error(int code)
{
    switch (code) {
    case HEADCOUNT_EDNSFAIL:
    case HEADCOUNT_ECONNECT:
    case HEADCOUNT_ETLS:
    case HEADCOUNT_ETIMEDOUT:
    case HEADCOUNT_ECLOSED:
    case HEADCOUNT_ETRUNCATED:
    case HEADCOUNT_EPROXY:
        return RETRY_TRANSIENT;
    default:
        return RETRY_NO;
    }
}

bool hc_retry_is_read(struct hc_str operation)
{
    struct hc_str reads = HC_STR("Describe List Get BatchGet Query Scan Head");

    while (reads.n > 0)
        if (hc_str_starts(operation, hc_str_cut(&reads, ' ')))
            return true;
    return false;
}

struct hc_retry_rules hc_retry_rules(struct hc_str service)
{
    bool quick = hc_str_is_word(service, "dynamodb dynamodbstreams");

    return (struct hc_retry_rules){ quick ? 4 : 3, quick ? 25 : 50 };
}

bool hc_retry_is_long_poll(struct hc_str service, struct hc_str operation)
{
    const char *operations =
        hc_str_eqz(service, "sqs") ? "ReceiveMessage"
        : hc_str_eqz(service, "stepfunctions") ? "GetActivityTask"
        : hc_str_eqz(service, "swf")
            ? "PollForActivityTask PollForDecisionTask"
        : hc_str_eqz(service, "kinesis")
            ? "ReceiveQueueRecords ReceiveDeadLetterQueueRecords"
            : "";

    return hc_str_is_word(operation, operations);
}

void hc_quota_init(struct hc_quota *q)
{
    q->left = HC_RETRY_QUOTA;
}

int hc_quota_take(struct hc_quota *q, enum hc_retry why)
{
    int cost = why == RETRY_THROTTLED ? HC_RETRY_COST_THROTTLED
                                      : HC_RETRY_COST;

    if (cost > q->left)
        return 0;
    q->left -= cost;
    return cost;
}

void hc_quota_give(struct hc_quota *q, int cost)
{
    q->left += cost > 0 ? cost : 1;
    if (q->left > HC_RETRY_QUOTA)
        q->left = HC_RETRY_QUOTA;
}

/* rand(0,1) * min(base * 2^i, 20 s): 2^i is built by doubling up to the cap,
 * so that no number of attempts overflows. */
static int64_t retry_backoff(const struct hc_retry_ask *ask)
{
    int64_t top = HC_MS * (ask->why == RETRY_THROTTLED ? RETRY_THROTTLED_MS
                                                       : ask->base_ms);

    for (int i = 1; i < ask->failed && top < RETRY_CAP; i++)
        top *= 2;
    if (top > RETRY_CAP)
        top = RETRY_CAP;
    return (int64_t)(((uint64_t)top * ask->random) >> 32);
}

int64_t hc_retry_delay(const struct hc_retry_ask *ask)
{
    if (ask->why == RETRY_EXPIRED || ask->why == RETRY_SKEW)
        return 0;

    int64_t backoff = retry_backoff(ask);

    if (ask->after <= backoff)
        return backoff;
    if (ask->after > backoff + RETRY_AFTER_SLACK)
        return backoff + RETRY_AFTER_SLACK;
    return ask->after;
}

int64_t hc_retry_after(struct hc_str value)
{
    int64_t ms = 0;

    value = hc_str_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return -1;
        ms = 10 * ms + (value.p[i] - '0');
        if (ms > RETRY_AFTER_MAX_MS)
            ms = RETRY_AFTER_MAX_MS;
    }
    return value.n > 0 ? ms * HC_MS : -1;
}
