/* peers/tally.h - how many tasks follow from hosts: the plain model of a rule.
 *
 * Used by: peers/witness*.c and placement_worlds_test.c.
 * Instead of moto: this is the second opinion about a count; moto knows no
 * rules.
 */
#ifndef PEERS_TALLY_H
#define PEERS_TALLY_H

#include "peers/world.h"

/* What there is over the hosts that count. */
struct tally {
    int64_t hosts, cpu, memory;
};

bool tally_needs_details(const struct hc_wish *wish,
                         const struct world_service *s);
/* Of the hosts that are listed: with what they are like, or (hosts NULL)
 * whatever they are like. */
struct tally tally_of(const struct hc_wish *wish,
                      const struct world_service *s,
                      const struct world_host *hosts, uint64_t listed,
                      int64_t wall);
int64_t tally_count(const struct world *w, const struct hc_wish *wish,
                    const struct world_service *s, struct tally t);
/* The filter (enum world_filter) of the hosts on which it is placed. */
unsigned tally_filter(const struct world *w, const struct hc_wish *wish,
                      const struct world_service *s);
/* The hosts that there are now. */
uint64_t tally_listed(const struct world *w, char status, unsigned filter);
int tally_hosts(uint64_t hosts);

#endif
