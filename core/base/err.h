/* base/err.h - every way a call can fail: a code, a name, a sentence.
 *
 * Functions return 0 or a positive answer, or a negative HC_E... code.  The
 * layer that sees a failure writes one sentence into the struct hc_error it
 * was handed; those above only pass the code on.  The first one wins.
 */
#ifndef HC_BASE_ERR_H
#define HC_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* The order is public (enum headcount_code): append, never insert. */
#define HC_ERRORS(X)                                                        \
    X(NOMEM,       "out of memory")                                         \
    X(ARG,         "a wrong argument")                                      \
    X(LIMIT,       "a bound was exceeded")                                  \
    X(SYNTAX,      "text that does not parse")                              \
    X(CONFIG,      "a setting cannot be used")                              \
    X(REGION,      "no region is known")                                    \
    X(CREDENTIALS, "no usable credentials")                                 \
    X(IO,          "the operating system refused")                          \
    X(DNS,         "the name has no address")                               \
    X(DNSFAIL,     "the name could not be looked up")                       \
    X(CONNECT,     "no connection")                                         \
    X(PROXY,       "the proxy refused")                                     \
    X(TLS,         "the TLS handshake or a record failed")                  \
    X(CERT,        "the server's certificate is not acceptable")            \
    X(TIMEDOUT,    "no answer in time")                                     \
    X(CLOSED,      "the connection was closed")                             \
    X(PROTOCOL,    "the answer is not HTTP/1.1")                            \
    X(TRUNCATED,   "the answer was cut short")                              \
    X(ANSWER,      "the answer is not what the service promises")           \
    X(SERVICE,     "the service refused")                                   \
    X(DEADLINE,    "the deadline has passed")                               \
    X(EVENT,       "not an event that headcount understands")               \
    X(CANCELLED,   "cancelled by its owner")                                \
    X(STATE,       "called in a state that does not allow it")              \
    X(POLICY,      "the policy refused or failed")

enum hc_code {
    HC_OK = 0,
#define HC_ERRORS_ORDINAL(name, sentence) HC_ORD_##name,
    HC_ORD_none = 0,
    HC_ERRORS(HC_ERRORS_ORDINAL)
#undef HC_ERRORS_ORDINAL
    HC_ORD_END
};

enum hc_error_code {
#define HC_ERRORS_CODE(name, sentence) HC_E##name = -HC_ORD_##name,
    HC_ERRORS(HC_ERRORS_CODE)
#undef HC_ERRORS_CODE
    HC_E_LAST = -HC_ORD_END
};

struct hc_error {
    int code;        /* HC_E..., 0 while nothing failed                     */
    int sys;         /* errno as the failing call left it, else 0           */
    char what[480];  /* one line: what failed, where, what to do; no secret */
};

/* Notes the failure unless one is noted already; returns `code` always.
 * `e` may be NULL.  Conversions are those of hc_fmt (base/text.h). */
int hc_error_set(struct hc_error *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with errno; ": strerror-like name (errno)" is appended. */
int hc_error_sys(struct hc_error *e, int code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void hc_error_reset(struct hc_error *e);
/* Copies `from` into an empty `to` (first one wins); returns from->code. */
int hc_error_pass(struct hc_error *to, const struct hc_error *from);

const char *hc_error_name(int code);      /* "ETIMEDOUT"; "OK" for 0 */
const char *hc_error_sentence(int code);

#endif
