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
/* Moves the view's arena to the facts: what was read lives as long as they do.
 * 0, or a code with x->error set. */
int hc_check_keep(struct hc_run *r, struct hc_exchange *x);
/* x->ids has this name. */
bool hc_check_was_asked(const struct hc_exchange *x, struct hc_str name);
/* hc_run_is_here of an ARN in an answer, whose account is noted. */
bool hc_check_is_here(struct hc_run *r, const struct hc_arn *arn);
/* False: the text is no such ARN, or it is of another place than our cluster.
 * An empty text is ours: some answers leave it out. */
bool hc_check_is_our_cluster(struct hc_run *r, struct hc_str text);
bool hc_check_is_our_service(struct hc_run *r, struct hc_str text);
/* True: the service's ARN, if the answer has one, is that of a service of this
 * name. */
bool hc_check_is_named(const struct hc_ecs_service *s, struct hc_str name);
/* A text of the answer that a sentence will quote, NUL-terminated.  Secrets
 * with which the call was signed are struck out of it: an endpoint may quote
 * its request anywhere. */
struct hc_str hc_check_said(struct hc_run *r, const struct hc_exchange *x,
                            struct hc_str text);
/* The same for a text that is used, too, so it is never cut.  One that held a
 * secret then is another text: a filter that ECS refuses, a provider or a zone
 * that no host has. */
struct hc_str hc_check_used(struct hc_run *r, const struct hc_exchange *x,
                            struct hc_str text);
/* The same for the values of headcount's own tags: sentences quote them. */
void hc_check_tags(struct hc_run *r, const struct hc_exchange *x,
                   struct hc_ecs_tag *tags);
/* Ends a page of the list. 1: it was the last one; 0: another is to be read;
 * or a code with x->error set: the list does not come to an end. */
int hc_check_page(const struct hc_run *r, struct hc_exchange *x,
                  const struct hc_ecs_arns *v);
/* Gives the run's cluster this ARN, if only its name is known so far. */
void hc_check_learn_cluster(struct hc_run *r, struct hc_str text);

#endif
