/* base/err.h - every way a call can fail: a code, a name, a sentence.
 *
 * Functions return 0 or a positive answer, or a negative HC_E... code.  The
 * layer that sees a failure writes one sentence into the struct headcount_error
 * it was handed; those above only pass the code on.  The first one wins.
 */
#ifndef HC_BASE_ERR_H
#define HC_BASE_ERR_H

#include "headcount.h"

/* Notes the failure unless one is noted already; returns `code` always.
 * `e` may be NULL.  Conversions are those of hc_fmt (base/text.h). */
int hc_error_set(struct headcount_error *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with errno; ": strerror-like name (errno)" is appended. */
int hc_error_sys(struct headcount_error *e, int code, int sys, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
/* Notes that another attempt would fail in the same way. */
void hc_error_permanent(struct headcount_error *e);
void hc_error_reset(struct headcount_error *e);
/* Copies `from` into an empty `to` (first one wins); returns from->code. */
int hc_error_pass(struct headcount_error *to,
                  const struct headcount_error *from);

const char *hc_error_name(int code);      /* "ETIMEDOUT"; "OK" for 0 */
const char *hc_error_sentence(int code);

#endif
