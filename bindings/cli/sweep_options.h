/* cli/sweep_options.h - the sweep that options and environment configure: of
 * which clusters, where, as whom. */
#ifndef CLI_SWEEP_OPTIONS_H
#define CLI_SWEEP_OPTIONS_H

#include "cluster_tags.h"

/* Something says which clusters: names, --all or --tag. */
bool sweep_options_is_said(const struct options *o);
/* `s` becomes a sweep that does `each` to its clusters, from which the members
 * for events and for one role are taken.  It borrows from all three. */
void sweep_options_put(struct headcount_sweep *s,
                       struct headcount_reconcile *each,
                       const struct options *o,
                       const struct cluster_tags *tags);

#endif
