/* reconcile/recall.h - between one reconcile and what its handle remembers.
 * Without a memory nothing is known and nothing kept. */
#ifndef HC_RECONCILE_RECALL_H
#define HC_RECONCILE_RECALL_H

#include "reconcile/reconcile.h"

struct hc_memory_key hc_recall_key(const struct hc_reconcile *r,
                                   enum hc_memory_kind kind,
                                   struct hc_str name);
/* What we wrote to the service and what became of it, for its plan. */
void hc_recall_writes(struct hc_reconcile *r, struct hc_plan_input *in);
/* Whether what was planned by connected hosts is less than there is. */
void hc_recall_low(struct hc_reconcile *r, const struct hc_plan_input *in);
/* The wish at hand was planned: a write of ours that ECS does not show any more
 * was undone, or followed by a newer count. */
void hc_recall_planned(struct hc_reconcile *r, const struct hc_plan_input *in);
/* An UNKNOWN fact becomes the answer of the last minutes (of a definition: of
 * any time), if there is one. */
void hc_recall_answer(struct hc_reconcile *r, enum hc_memory_kind kind,
                      struct hc_fact_bool *a);
/* The same of services that were listed by tags; only of the last minute, and
 * of none that were listed already. */
void hc_recall_tagged(struct hc_reconcile *r, struct hc_fact_names *l);
void hc_recall_definition(struct hc_reconcile *r,
                          struct hc_fact_definition *d);
/* r->ask was answered: what of it is worth keeping. */
void hc_recall_keep(struct hc_reconcile *r, int64_t now);

#endif
