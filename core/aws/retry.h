/* aws/retry.h - which failures are tried again, when, and at what cost.  Pure.
 *
 * The AWS SDKs' "standard" mode, specification 2.1: three attempts (DynamoDB
 * four), backoff rand(0,1) * min(base * 2^i, 20 s), and a quota that all calls
 * of one handle share, so that an outage does not meet a storm of retries.
 */
#ifndef HC_AWS_RETRY_H
#define HC_AWS_RETRY_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum hc_retry {
    RETRY_NO,
    RETRY_TRANSIENT,        /* again after the service's base_ms and up      */
    RETRY_THROTTLED,        /* again after 1 s and up                        */
    RETRY_EXPIRED,          /* again at once, once, with other credentials   */
    RETRY_SKEW              /* perhaps the clock: only if it is off          */
};

/* The kind of retry after an answer that is no 2xx. */
enum hc_retry hc_retry_of_answer(struct hc_str code, int status);
/* The kind of retry after an exchange that failed with HEADCOUNT_E... */
enum hc_retry hc_retry_of_error(int code);
/* Describe, List, Get, BatchGet, Query, Scan, Head: twice is harmless. */
bool hc_retry_is_read(struct hc_str operation);

/* These differ by service, named as the AWS CLI names it. */
struct hc_retry_rules {
    int attempts;           /* where nobody says how many                    */
    int base_ms;            /* first backoff of what is no throttling        */
};
struct hc_retry_rules hc_retry_rules(struct hc_str service);
/* The service holds such a request until there is work, and programs repeat it
 * in a loop.  With an empty quota such a loop would spin, so the wait of a
 * retry comes before the error. */
bool hc_retry_is_long_poll(struct hc_str service, struct hc_str operation);

#define HC_RETRY_QUOTA 500
#define HC_RETRY_COST 14
#define HC_RETRY_COST_THROTTLED 5

struct hc_quota { int left; };
void hc_quota_init(struct hc_quota *q);
/* The cost of the retry, which hc_quota_give gives back if it succeeds; 0: the
 * retry is not allowed. */
int hc_quota_take(struct hc_quota *q, enum hc_retry why);
/* After a success: `cost` of the last retry, or 0 if there was none. */
void hc_quota_give(struct hc_quota *q, int cost);

struct hc_retry_ask {
    enum hc_retry why;
    int failed;             /* attempts so far, >= 1                         */
    int base_ms;            /* of the service; 1 s instead when throttled    */
    int64_t after;          /* x-amz-retry-after in us; < 0: none            */
    uint32_t random;        /* of 2^32                                       */
};
/* Microseconds to wait. */
int64_t hc_retry_delay(const struct hc_retry_ask *ask);
/* The header, whole milliseconds, in microseconds; -1: absent, or no such
 * number. */
int64_t hc_retry_after(struct hc_str value);

#endif
