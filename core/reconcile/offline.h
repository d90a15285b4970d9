/* reconcile/offline.h - lists of hosts of a snapshot that follow from other
 * lists of it.
 *
 *   a filtered list   from the whole list, if its hosts are described in full
 *   a description     of hosts that another list of the snapshot describes
 *
 * A list that the snapshot has itself, by exactly that filter, is not derived.
 * Each of these answers 1 (the list is a value now), 0 (it does not follow) or
 * a code.
 */
#ifndef HC_RECONCILE_OFFLINE_H
#define HC_RECONCILE_OFFLINE_H

#include "reconcile/facts.h"

/* The whole list of the same status and reading, described, or NULL. */
const struct hc_fact_hosts *hc_offline_all(const struct hc_facts *f,
                                           const struct hc_fact_hosts *of);
/* True: its hosts have attributes.  A host without any was described only for
 * its provider. */
bool hc_offline_is_full(const struct hc_fact_hosts *all);
/* The hosts of `all` that the list's own filter matches. */
int hc_offline_by_filter(struct hc_facts *f, struct hc_fact_hosts *list,
                         const struct hc_fact_hosts *all,
                         struct headcount_error *e);
/* The hosts of `shown` that `all` does not describe as ECS Anywhere. */
int hc_offline_by_launch(struct hc_facts *f, struct hc_fact_hosts *list,
                         const struct hc_fact_hosts *shown,
                         const struct hc_fact_hosts *all);
/* Each host of the list as it is described in `all`, if all of them are. */
int hc_offline_describe(struct hc_facts *f, struct hc_fact_hosts *list,
                        const struct hc_fact_hosts *all);

#endif
