/* reconcile/exchange/check.h - what every answer is checked for: the run asked
 * for it, it is about our cluster, and a list comes to an end.
 *
 * An answer about another cluster, about a service that the request did not
 * name, an answer that leaves one out, a page that names itself as the next:
 * none of them becomes a fact.
 */
#ifndef HC_RECONCILE_EXCHANGE_CHECK_H
#define HC_RECONCILE_EXCHANGE_CHECK_H

#include "reconcile/exchange/exchange.h"

/* HEADCOUNT_EANSWER: "<what> "<which>" in cluster ...: nothing is made of
 * this answer". */
int hc_check_refuse(const struct hc_run *r, struct hc_exchange *x,
                    const char *what, struct hc_str which);
/* HEADCOUNT_ENOMEM: "no memory for <what>". */
int hc_check_no_memory(struct hc_exchange *x, const char *what);
/* The view's arena joins the facts': what it read lives as long as they. */
int hc_check_keep(struct hc_run *r, struct hc_exchange *x);
/* x->ids has this name. */
bool hc_check_was_asked(const struct hc_exchange *x, struct hc_str name);
/* False if the ARN (text.n > 0) is none, or of another place than ours. */
bool hc_check_is_our_cluster(const struct hc_run *r, struct hc_str text);
bool hc_check_is_our_service(const struct hc_run *r, struct hc_str text);
/* This page of x's list is over.  1: it was the last; 0: another is to be read;
 * or a code with x->error set: the list does not come to an end. */
int hc_check_page(const struct hc_run *r, struct hc_exchange *x,
                  const struct hc_ecs_arns *v);
/* The run's cluster becomes this ARN where it is only a name so far. */
void hc_check_learn_cluster(struct hc_run *r, struct hc_str text);

#endif
