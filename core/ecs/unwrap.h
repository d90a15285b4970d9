/* ecs/unwrap.h - what queues and topics put around an event: Records of SQS,
 * Records of SNS, an array of records or of events (EventBridge Pipes), a
 * notification of SNS as the body of a message, what Lambda sends to the
 * destination of an invocation that failed; up to three of them nested.
 *
 *     {"Records": [{"messageId": "1", "body": "{\"Type\": \"Notification\",
 *                   \"Message\": \"{...the event...}\"}"}]}
 *     [{"messageId": "1", "body": "...", "eventSource": "aws:sqs"}]
 *     [{...the event...}, {...the event...}]
 *     {"requestContext": {...}, "requestPayload": {...the event...}}
 *
 * `record` is called once for each record of the outermost Records or array,
 * when it is whole, and `event` for each event in it.  For an event without
 * anything around it only `event` is called.
 */
#ifndef HC_ECS_UNWRAP_H
#define HC_ECS_UNWRAP_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

#define HC_UNWRAP_WRAPS 3
#define HC_UNWRAP_RECORDS 10000       /* SQS's largest batch */

struct hc_unwrap_record {
    struct hc_str id;                 /* messageId; n == 0: it has none      */
    bool sqs;                         /* its queue can deliver it alone      */
    bool fifo;                        /* of a FIFO queue: see ecs/records.h  */
};

/* Texts are good until the function returns; each returns 0 or a code. */
struct hc_unwrap_to {
    const struct hc_alloc *alloc;
    void *ud;
    int (*record)(void *ud, const struct hc_unwrap_record *record,
                  struct headcount_error *e);
    /* HEADCOUNT_EEVENT: neither the event nor its record can be understood. */
    int (*event)(void *ud, struct hc_str text, struct headcount_error *e);
    /* The last record cannot be understood; others may be. */
    int (*broken)(void *ud, const char *why, struct headcount_error *e);
};

/* 0; HEADCOUNT_EEVENT (what is around the events is broken, or the one event
 * is); HEADCOUNT_ENOMEM, or what a function returned. */
int hc_unwrap(const struct hc_unwrap_to *to, struct hc_str text,
              struct headcount_error *e);

#endif
