/* aws/retry.c - classes of failures, the backoff and the quota.
 *
 * The lists are those of the SDKs' retry specification 2.1.  The code of an
 * answer counts before its status, because a proxy may change the status.
 */
#include "aws/retry.h"

#define RETRY_CAP (20 * HC_SECOND)
#define RETRY_THROTTLED_MS 1000
#define RETRY_AFTER_SLACK (5 * HC_SECOND)

static const struct {
    const char *code;
    enum hc_retry class;
} retry_codes[] = {
    { "RequestTimeout",                         RETRY_TRANSIENT },
    { "RequestTimeoutException",                RETRY_TRANSIENT },
    { "PriorRequestNotComplete",                RETRY_THROTTLED },
    { "IDPCommunicationError",                  RETRY_TRANSIENT },
    { "InternalServerError",                    RETRY_TRANSIENT },
    { "ReplicatedWriteConflictException",       RETRY_TRANSIENT },
    { "Throttling",                             RETRY_THROTTLED },
    { "ThrottlingException",                    RETRY_THROTTLED },
    { "ThrottledException",                     RETRY_THROTTLED },
    { "RequestThrottledException",              RETRY_THROTTLED },
    { "RequestThrottled",                       RETRY_THROTTLED },
    { "TooManyRequestsException",               RETRY_THROTTLED },
    { "ProvisionedThroughputExceededException", RETRY_THROTTLED },
    { "TransactionInProgressException",         RETRY_THROTTLED },
    { "RequestLimitExceeded",                   RETRY_THROTTLED },
    { "BandwidthLimitExceeded",                 RETRY_THROTTLED },
    { "LimitExceededException",                 RETRY_THROTTLED },
    { "SlowDown",                               RETRY_THROTTLED },
    { "EC2ThrottledException",                  RETRY_THROTTLED },
    { "ExpiredToken",                           RETRY_EXPIRED },
    { "ExpiredTokenException",                  RETRY_EXPIRED },
    { "InvalidSignatureException",              RETRY_SKEW },
    { "SignatureDoesNotMatch",                  RETRY_SKEW },
    { "AuthFailure",                            RETRY_SKEW },
    { "RequestTimeTooSkewed",                   RETRY_SKEW },
    { "RequestExpired",                         RETRY_SKEW },
    { "RequestInTheFuture",                     RETRY_SKEW },
    { "AccessDeniedException",                  RETRY_SKEW },
};

static enum hc_retry retry_of_status(int status)
{
    switch (status) {
    case 429:
        return RETRY_THROTTLED;
    case 500:
    case 502:
    case 503:
    case 504:
    case 509:
        return RETRY_TRANSIENT;
    default:
        return RETRY_NO;
    }
}

enum hc_retry hc_retry_of_answer(struct hc_str code, int status)
{
    for (size_t i = 0; i < sizeof(retry_codes) / sizeof(*retry_codes); i++)
        if (hc_str_eqz(code, retry_codes[i].code))
            return retry_codes[i].class;
    return retry_of_status(status);
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
        return RETRY_TRANSIENT;
    default:
        return RETRY_NO;
    }
}

bool hc_retry_is_read(struct hc_str operation)
{
    static const char *const reads[] = {
        "Describe", "List", "Get", "BatchGet", "Query", "Scan", "Head"
    };

    for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
        if (hc_str_starts(operation, hc_str(reads[i])))
            return true;
    return false;
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
    uint64_t ms;

    if (!hc_str_u64(hc_str_trim(value), &ms) || ms > 1000000000)
        return -1;
    return (int64_t)ms * HC_MS;
}
