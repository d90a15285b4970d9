/* reconcile/exchange/failure.h - why an exchange failed, as code and sentence.
 *
 * `err` is what hc_exchange_start or hc_exchange_step answered; x->error says
 * why.
 */
#ifndef HC_RECONCILE_EXCHANGE_FAILURE_H
#define HC_RECONCILE_EXCHANGE_FAILURE_H

#include "reconcile/exchange/exchange.h"

/* For the report: "unknown", the service's own code, "deadline", ... */
const char *hc_failure_code(const struct hc_exchange *x, int err);
/* A sentence for the report, in the facts' arena: what failed, and what to do.
 */
const char *hc_failure_sentence(struct hc_run *r, const struct hc_exchange *x,
                                int err);
/* The IAM statement that allows `action`, on a resource of ECS in the region
 * (and account, if `at` is an ARN) of `at`; `resource` is the part of its ARN
 * after the account, NULL: no resource can be named for this action. */
const char *hc_failure_allow(struct hc_arena *arena, const char *action,
                             const struct hc_arn *at, const char *resource);
/* True: the service itself refused the request with this code.  A gateway's
 * 502 is not the service's word. */
bool hc_failure_is(const struct hc_exchange *x, int err, const char *code);
/* True: a write was sent whole, and no answer says whether it was carried
 * out.  The next run reads what came of it. */
bool hc_failure_is_unknown(const struct hc_exchange *x, int err);
/* The write may have been carried out. */
bool hc_failure_may_be_written(const struct hc_exchange *x, int err);

#endif
