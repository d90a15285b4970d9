/* aws/sigv4.h - AWS Signature Version 4, pure, in three visible steps:
 *
 *     canonical request --> string to sign --> signature
 *
 * Nothing here knows the clock, the network or where a credential came from.
 */
#ifndef HC_AWS_SIGV4_H
#define HC_AWS_SIGV4_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

#define HC_SIGV4_HEADERS 64         /* that one request may sign              */
#define HC_SIGV4_QUERY 256          /* parameters that one request may carry  */
#define HC_SIGV4_HEX 64             /* digits of a hash and of a signature    */

/* The credentials that sign; borrowed.  token may be empty. */
struct hc_identity {
    struct hc_str key_id, secret, token;
};

struct hc_sigv4_header {
    struct hc_str name;             /* any case; sent in any order            */
    struct hc_str value;
};

struct hc_sigv4_request {
    struct hc_str method;
    struct hc_str path;             /* as it is sent; empty = "/"             */
    struct hc_str query;            /* without '?', as it is sent             */
    const struct hc_sigv4_header *headers;    /* all of these are signed      */
    size_t headers_n;
    struct hc_str payload;          /* hash in hex, or UNSIGNED-PAYLOAD       */
    bool double_encode;             /* every service but S3                   */
    bool normalize_path;            /* every service but S3                   */
};

/* Day, region and service that a signature holds for; borrowed texts. */
struct hc_sigv4_scope {
    char date[HC_AMZ_DATE + 1];     /* the x-amz-date of the request          */
    struct hc_str region, service;
    unsigned cpu;                   /* for the hashes: base/digest.h; init
                                       makes it 0                             */
};
void hc_sigv4_scope_init(struct hc_sigv4_scope *s, int64_t wall,
                         struct hc_str region, struct hc_str service);

/* 1: appended to `out`.  HEADCOUNT_EARG: more headers than HC_SIGV4_HEADERS,
 * a name or value that cannot stand in a header, a bad %XX.
 * HEADCOUNT_ELIMIT: parameters, or out->max.  HEADCOUNT_ENOMEM. */
int hc_sigv4_canonical(struct hc_buf *out, const struct hc_sigv4_request *r,
                       struct headcount_error *e);
/* "host;x-amz-date": the names of the signed headers.  Errors as above. */
int hc_sigv4_signed_headers(struct hc_buf *out,
                            const struct hc_sigv4_request *r,
                            struct headcount_error *e);
/* 2: AWS4-HMAC-SHA256, date, scope, hash of the canonical request. */
void hc_sigv4_string_to_sign(struct hc_buf *out, const struct hc_sigv4_scope *s,
                             const unsigned char hash[HC_SHA256]);
void hc_sigv4_put_scope(struct hc_buf *out, const struct hc_sigv4_scope *s);

/* A day's key with its pads hashed; kept until secret, day, region or service
 * are others.  Zero it before the first use, wipe it after the last. */
struct hc_sigv4_key {
    struct hc_hmac_key key;
    char secret[128];                   /* a longer one is not kept           */
    size_t secret_n;                    /* 0: nothing is kept                 */
    char date[8];
    char region[64], service[64];
    size_t region_n, service_n;
    uint64_t derived;                   /* times the key was derived          */
};
void hc_sigv4_key_for(struct hc_sigv4_key *k, const struct hc_sigv4_scope *s,
                      struct hc_str secret);
void hc_sigv4_key_wipe(struct hc_sigv4_key *k);

/* 3: lower-case hex, not terminated. */
void hc_sigv4_signature(char out[HC_SIGV4_HEX], const struct hc_sigv4_key *k,
                        struct hc_str string_to_sign);

/* The value of the Authorization header; `names` are those of
 * hc_sigv4_signed_headers. */
void hc_sigv4_put_authorization(struct hc_buf *out,
                                const struct hc_sigv4_scope *s,
                                struct hc_str key_id, struct hc_str names,
                                const char signature[HC_SIGV4_HEX]);

#endif
