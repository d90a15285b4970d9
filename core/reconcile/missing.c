/* reconcile/missing.c - services that none of a run's clusters has. */
#include "reconcile/missing.h"

int hc_missing_init(struct hc_missing *m, struct hc_arena *arena,
                    const struct hc_wish *wishes, size_t n)
{
    *m = (struct hc_missing){ .n = n };
    m->names = hc_arena_zero(arena, n * sizeof *m->names);
    for (size_t i = 0; m->names != NULL && i < n; i++)
        m->names[i].name = wishes[i].service.p;
    return hc_arena_error(arena);
}

void hc_missing_note(struct hc_missing *m, const struct headcount_cluster *c)
{
    m->partial |= c->error_code != NULL;
    for (size_t i = 0; i < c->services_n && i < m->n; i++) {
        struct hc_str code = hc_str(c->services[i].code);
        bool skipped = c->services[i].outcome == HEADCOUNT_SKIPPED;

        /* A cluster that is deleted says nothing about the service.  A service
         * that failed may be there. */
        if (skipped && hc_str_eqz(code, "missing"))
            m->names[i].lacks = true;
        else if (!skipped || !hc_str_eqz(code, "cluster_gone"))
            m->names[i].has = true;
    }
}

const char *const *hc_missing_list(const struct hc_missing *m,
                                   struct hc_arena *arena, size_t *n)
{
    const char **to = hc_arena_zero(arena, m->n * sizeof *to);

    *n = 0;
    for (size_t i = 0; to != NULL && !m->partial && i < m->n; i++)
        if (m->names[i].lacks && !m->names[i].has)
            to[(*n)++] = m->names[i].name;
    return to;
}
