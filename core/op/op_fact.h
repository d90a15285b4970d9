/* op/op_fact.h - a service as headcount.h shows it to the owner of an op. */
#ifndef HC_OP_FACT_H
#define HC_OP_FACT_H

#include "ecs/ops.h"
#include "headcount.h"

/* headcount.h shows tags and attributes as an opaque list of pairs. */
const struct headcount_pairs *hc_fact_pairs(const struct hc_ecs_tag *tags);
/* A negative number of an answer is none. */
int64_t hc_fact_known(int64_t n);
const char *hc_fact_text(struct hc_str s);      /* never NULL */
/* In the arena.  NULL: there is no such service, or no memory for it. */
const struct headcount_service_fact *
hc_fact_service(struct hc_arena *arena, const struct hc_ecs_service *s);

#endif
