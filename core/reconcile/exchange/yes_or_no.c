/* reconcile/exchange/yes_or_no.c - what classes of facts that are yes or no
 * share. */
#include "reconcile/exchange/yes_or_no.h"

void hc_yes_or_no_fail(struct hc_run *r, const struct hc_exchange *x,
                       enum hc_fact_kind of, const char *code,
                       const char *what)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_fact_bool *a = hc_facts_bool(&r->facts, of, x->ids[i]);

        if (a != NULL && a->fact.state != FACT_VALUE)
            hc_facts_fail(&r->facts, &a->fact, code, what);
    }
}

void hc_yes_or_no_remember(struct hc_run *r, const struct hc_exchange *x,
                           enum hc_memory_kind kind,
                           enum hc_fact_kind of, int64_t now)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_memory_key key = hc_run_key(r, kind, x->ids[i]);
        const struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, of, x->ids[i]);

        if (a != NULL)
            hc_memory_put_answer(r->config.memory, &key, now, a->yes);
    }
}

void hc_yes_or_no_recall(struct hc_run *r, enum hc_memory_kind kind,
                         struct hc_fact_bool *a)
{
    if (a == NULL || a->fact.state != FACT_UNKNOWN || r->config.memory == NULL)
        return;

    struct hc_memory_key key = hc_run_key(r, kind, a->key.name);

    if (hc_memory_answer(r->config.memory, &key, hc_now(&r->net->sys),
                         &a->yes))
        a->fact.state = FACT_VALUE;
}
