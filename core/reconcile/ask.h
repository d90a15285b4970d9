/* reconcile/ask.h - what a reconcile asks of ECS: one call at a time.
 *
 * Each writes the request body, opens the view that will read the answer and
 * starts the call; r->ask says which it is.  0, or a negative code with
 * r->error set and nothing in flight.
 */
#ifndef HC_RECONCILE_ASK_H
#define HC_RECONCILE_ASK_H

#include "reconcile/reconcile.h"

/* The wish at hand and up to nine more whose services are not known yet; while
 * a policy asks, r->batch as it is. */
int hc_ask_services(struct hc_reconcile *r);
/* r->hosts from its first page or from the page that r->pages
 * names. */
int hc_ask_hosts(struct hc_reconcile *r);
/* Up to a hundred of r->hosts, from r->host_at on. */
int hc_ask_details(struct hc_reconcile *r);
int hc_ask_cluster(struct hc_reconcile *r);
/* The providers of the wish at hand's service; whether Auto Scaling has it. */
int hc_ask_capacity(struct hc_reconcile *r);
int hc_ask_target(struct hc_reconcile *r);
/* A page of r->names_list, of the cluster or by tags. */
int hc_ask_definition(struct hc_reconcile *r);
int hc_ask_names(struct hc_reconcile *r);
int hc_ask_tagged(struct hc_reconcile *r);
/* The first page of the clusters that there are, until r->list_by. */
int hc_ask_clusters(struct hc_reconcile *r);
/* The wish at hand, to r->plan.wanted. */
int hc_ask_update(struct hc_reconcile *r);
/* The IAM statement that would allow what was asked last; lives in the facts'
 * keep. */
const char *hc_ask_statement(struct hc_reconcile *r);
/* Opens the view anew (an attempt began again), closes it, ends the call. */
void hc_ask_view(struct hc_reconcile *r);
void hc_ask_close_view(struct hc_reconcile *r);
void hc_ask_end(struct hc_reconcile *r);

#endif
