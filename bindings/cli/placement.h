/* cli/placement.h - the text of `explain`: a service's hosts, and which of them
 * can take a task of it.
 *
 *   agent in prod: 3 hosts, 2 can have it, 1 runs it.  desired 1 -> 2
 *     rule         per_host, policy.lua:12: 1 task on each of 3 active hosts
 *     has it       i-0a1
 *     cannot       i-0d4  port 8125/udp is taken
 *     can          i-0b2  256 of 412 CPU units
 *     ECS said     2026-11-30T14:02:11Z "(service agent) was unable to ..."
 *     3 wanted, 2 placeable: 1 lacks port 8125/udp. A count above 2 would ...
 */
#ifndef CLI_PLACEMENT_H
#define CLI_PLACEMENT_H

#include <stdio.h>

#include "headcount.h"

/* All but the last line. */
void placement_put(FILE *out, const struct headcount_cluster *cluster,
                   const struct headcount_service *service);
/* A line of it: "  label        ", which the text follows. */
void placement_label(FILE *out, const char *label);
/* "can", "cannot", "runs", "not known" or "passed over". */
const char *placement_word(const struct headcount_placed_host *host);
/* The last line. */
void placement_sum(FILE *out, const struct headcount_service *service);

#endif
