/* cli/sweep_options.h - the sweep that options and environment configure: of
 * which clusters, where, as whom. */
#ifndef CLI_SWEEP_OPTIONS_H
#define CLI_SWEEP_OPTIONS_H

#include "cluster_tags.h"

/* Something says which clusters: names, --all or --tag. */
bool sweep_options_is_said(const struct options *o);
/* `r` becomes a sweep; what RECONCILE has of it stays.  It borrows from both.
 */
void sweep_options_put(struct headcount_request *r, const struct options *o,
                  const struct cluster_tags *tags);

#endif
