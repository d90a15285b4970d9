/* peers/fleet.h - clusters in regions, behind one port on loopback: ECS as far
 * as a sweep asks it, with random faults.  What it does follows from its seed
 * and the order of requests.
 *
 * Used by: op/op_sweep_find_test.c.
 * Instead of moto: moto has no pages that lie, no lists of other regions and
 * no faults that follow from a seed.
 */
#ifndef PEERS_FLEET_H
#define PEERS_FLEET_H

#include "base/str.h"

#define FLEET_REGIONS 3
#define FLEET_CLUSTERS 12
#define FLEET_CONNS 1024

struct fleet_cluster {
    bool gold;                           /* tagged tier=gold                 */
    int hosts, desired;
    unsigned writes;
};

struct fleet_conn {
    int fd;                              /* -1: closed                       */
    size_t n;
    char got[8192];
};

struct fleet {
    uint64_t random;
    unsigned faults;                     /* percent of answers               */
    bool lists_well;                     /* no fault in what finds clusters  */
    bool repeats;                        /* pages name clusters again        */
    size_t page;                         /* clusters on one                  */
    struct fleet_cluster clusters[FLEET_REGIONS][FLEET_CLUSTERS];
    size_t clusters_n[FLEET_REGIONS];
    int listener;
    uint16_t port;
    struct fleet_conn *conns;            /* FLEET_CONNS, accepted so far     */
    size_t conns_n;
    size_t requests;
};

extern const char *const fleet_regions[FLEET_REGIONS];

void fleet_open(struct fleet *f, uint64_t seed);
void fleet_close(struct fleet *f);
/* 0 to n - 1. */
unsigned fleet_random(struct fleet *f, unsigned n);
bool fleet_chance(struct fleet *f, unsigned percent);
/* Reads and answers what there is; false: nothing. */
bool fleet_serve(struct fleet *f);

#endif
