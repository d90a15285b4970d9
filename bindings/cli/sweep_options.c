/* cli/sweep_options.c - see sweep_options.h. */
#include "sweep_options.h"

bool sweep_options_is_said(const struct options *o)
{
    return o->all || o->args.n > 0 || o->cluster_tags.n > 0;
}

void sweep_options_put(struct headcount_sweep *s,
                       struct headcount_reconcile *each,
                       const struct options *o,
                       const struct cluster_tags *tags)
{
    HEADCOUNT_INIT(s);
    each->assume_role = NULL;                  /* it is one of the roles */
    each->drop_duplicates = each->drop_foreign = false;
    s->each = each;
    s->clusters = o->args.item;
    s->clusters_n = o->args.n;
    s->regions = o->regions.item;
    s->regions_n = o->regions.n;
    s->roles = o->roles;
    s->roles_n = o->roles_n;
    s->tags = tags->tags;
    s->tags_n = tags->n;
    s->at_once = o->concurrency;
}
