/* reconcile/learn.h - what ECS answered: checked against what was asked, then
 * a fact; what does not fit is HC_EANSWER and no fact. */
#ifndef HC_RECONCILE_LEARN_H
#define HC_RECONCILE_LEARN_H

#include "reconcile/reconcile.h"

/* r->call.span into the view. */
int hc_learn_feed(struct hc_reconcile *r);
/* The answer is whole: 1 and the facts that were asked for are there; 0 and
 * r->next or r->host_at say where to go on; HC_EANSWER or HC_ENOMEM with
 * r->error set. */
int hc_learn_take(struct hc_reconcile *r);
/* The facts that were asked for cannot be had. */
void hc_learn_fail(struct hc_reconcile *r, const char *code,
                    const char *what);

#endif
