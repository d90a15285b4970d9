/* reconcile/learn.h - what ECS answered: checked against what was asked, then
 * a fact; what does not fit is HEADCOUNT_EANSWER and no fact. */
#ifndef HC_RECONCILE_LEARN_H
#define HC_RECONCILE_LEARN_H

#include "reconcile/reconcile.h"

/* r->call.span into the view. */
int hc_learn_feed(struct hc_reconcile *r);
/* The answer is whole: 1 and the facts that were asked for are there; 0 and
 * r->pages or r->host_at say where to go on; HEADCOUNT_EANSWER or
 * HEADCOUNT_ENOMEM with r->error set. */
int hc_learn_take(struct hc_reconcile *r);
/* The facts that were asked for cannot be had. */
void hc_learn_fail(struct hc_reconcile *r, const char *code,
                    const char *what);

/* ---- for its own files: one for each answer, as hc_learn_take ---- */

int hc_learn_services(struct hc_reconcile *r);
int hc_learn_update(struct hc_reconcile *r);
int hc_learn_hosts(struct hc_reconcile *r);
int hc_learn_details(struct hc_reconcile *r);
int hc_learn_names(struct hc_reconcile *r);
/* HEADCOUNT_EANSWER: "<what> "<which>" in cluster ...: nothing is made of
 * it". */
int hc_learn_refuse(struct hc_reconcile *r, const char *what,
                    struct hc_str which);
/* The page of this list is over: 1 it was the last, 0 another is asked for, or
 * a code with r->error set: the list does not come to an end. */
int hc_learn_page(struct hc_reconcile *r, const char *operation,
                  const struct hc_ecs_arns *v);
/* What is read lives as long as the facts from now on. */
int hc_learn_keep(struct hc_reconcile *r, struct hc_arena *arena);
bool hc_learn_was_asked(const struct hc_reconcile *r, struct hc_str name);
/* False if the ARN (text.n > 0) is none, or of another place than ours. */
bool hc_learn_is_ours(const struct hc_reconcile *r, struct hc_str text,
                      bool of_service);
/* Text that lives as long as the facts; a mere name becomes an ARN by it. */
void hc_learn_cluster_arn(struct hc_reconcile *r, struct hc_str text);

#endif
