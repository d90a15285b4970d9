/* aws/answer.h - the error in an AWS service's answer, and how far the
 * service's clock is from ours.  Pure. */
#ifndef HC_AWS_ANSWER_H
#define HC_AWS_ANSWER_H

#include "aws/service.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define HC_ERROR_BODY ((size_t)64 << 10)  /* of an error answer that is read */

/* Printable text, cut to what fits. */
struct hc_service_error {
    int status;                    /* HTTP; 0: nothing was answered          */
    char code[128];                /* "ClusterNotFoundException"; if !named
                                      the status: "503"                      */
    char message[512];             /* the service's, up to where it repeats
                                      the request; if !named what the page of
                                      a gateway says, else the status' text:
                                      "Service Unavailable"                  */
    char request_id[128];
    bool named;                    /* an AWS code came in header or body     */
};

/* The parts of an answer that is no 2xx; the body may be cut short, and is
 * JSON, XML or a text whatever the service speaks. */
struct hc_answer_parts {
    int status;
    struct hc_str type;            /* X-Amzn-ErrorType                       */
    struct hc_str query_error;     /* x-amzn-query-error                     */
    struct hc_str request_id;
    struct hc_str encoding;        /* Content-Encoding                       */
    struct hc_str body;
};

/* How an answer is compressed, by its Content-Encoding or its first bytes:
 * "gzip"; n == 0: not at all.  headcount never asks for compression. */
struct hc_str hc_answer_coding(struct hc_str encoding, struct hc_str body);

/* 0; HEADCOUNT_ENOMEM.  A body that is no error of AWS is no failure. */
int hc_service_error_get(struct hc_service_error *out,
                         const struct hc_alloc *alloc,
                         const struct hc_answer_parts *parts);

void hc_service_error_reset(struct hc_service_error *out);

/* "Code: message (HTTP 400, request id ID", or without a code of AWS
 * "HTTP 503: message (request id none": the status stands there once.  The
 * caller adds what it knows, and the ")". */
#define HC_ANSWER_SENTENCE 900
void hc_service_error_put(char out[HC_ANSWER_SENTENCE],
                          const struct hc_service_error *s);

#define HC_SKEW_MAX_ELAPSED (900 * HC_SECOND)
#define HC_SKEW_MATTERS (240 * HC_SECOND)

/* The service's clock minus ours: its Date against the middle of send and
 * receive (both by our wall clock).  false: it cannot be known, because
 * there is no good Date, or an Age (the answer came out of a cache), or
 * because the answer took more than 15 minutes. */
struct hc_skew_ask {
    struct hc_str date, age;
    int64_t sent, received;
};
bool hc_skew_get(const struct hc_skew_ask *ask, int64_t *skew);
/* It is nearly as much as AWS allows in a signature, or more. */
bool hc_skew_matters(int64_t skew);

#endif
