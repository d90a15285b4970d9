/* reconcile/exchange/yes_or_no.h - what the classes share whose facts are yes
 * or no: capacity providers and scalable targets.  x->ids are the names. */
#ifndef HC_RECONCILE_EXCHANGE_YES_OR_NO_H
#define HC_RECONCILE_EXCHANGE_YES_OR_NO_H

#include "reconcile/exchange/exchange.h"

/* Each name of x->ids that is not known yet fails.  `of` as for
 * hc_facts_bool. */
void hc_yes_or_no_fail(struct hc_run *r, const struct hc_exchange *x,
                       enum hc_fact_kind of, const char *code,
                       const char *what);
void hc_yes_or_no_remember(struct hc_run *r, const struct hc_exchange *x,
                           enum hc_memory_kind kind,
                           enum hc_fact_kind of, int64_t now);
/* Reuses an answer younger than HC_MEMORY_ANSWER. */
void hc_yes_or_no_recall(struct hc_run *r, enum hc_memory_kind kind,
                         struct hc_fact_bool *a);

#endif
