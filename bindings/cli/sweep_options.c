/* cli/sweep_options.c - see sweep_options.h. */
#include "sweep_options.h"

bool sweep_options_is_said(const struct options *o)
{
    return o->all || o->args.n > 0 || o->cluster_tags.n > 0;
}

void sweep_options_put(struct headcount_request *r, const struct options *o,
                  const struct cluster_tags *tags)
{
    r->kind = HEADCOUNT_SWEEP;
    r->clusters = o->args.item;
    r->clusters_n = o->args.n;
    r->regions = o->regions.item;
    r->regions_n = o->regions.n;
    r->roles = o->roles.item;
    r->roles_n = o->roles.n;
    r->tags = tags->tags;
    r->tags_n = tags->n;
    r->at_once = o->concurrency;
}
