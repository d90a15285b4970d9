/* peers/witness.h - what one headcount was told by the ECS in memory, and the
 * plain model of what it may write.
 *
 * The model knows no facts, plans or readings: it knows lists, descriptions
 * and numbers that were told by whole answers, and says which counts follow
 * from each.  A write is wrong if its count follows from none of them, and a
 * big one if it does not follow from two that agree.
 *
 * Used by: worlds_test.c, placement_worlds_test.c and schedules_test.c.
 * Instead of moto: this is the second opinion about a write; moto answers and
 * judges nothing.
 */
#ifndef PEERS_WITNESS_H
#define PEERS_WITNESS_H

#include "peers/world.h"

#define WITNESS_LISTS 64
#define WITNESS_DETAILS 24
#define WITNESS_UNDONE 8

/* How a policy comes to the count of a service. */
enum witness_policy {
    POLICY_NONE,           /* the wish says it                              */
    POLICY_COUNT,          /* fixed: cluster:count with the wish's `where`  */
    POLICY_REGISTERED,     /* fixed: cluster.registered                     */
    POLICY_MAX,            /* the wish, max = cluster.registered            */
    POLICY_HOSTS,          /* fixed: its hosts of two CPUs and more         */
    WITNESS_POLICIES
};
#define WITNESS_POLICY_CPU 2048

/* One list of hosts from its first page to its last. */
struct witness_list {
    char status;
    unsigned filter;                 /* enum world_filter, or-ed             */
    bool complete, broken;
    uint64_t hosts;
};

/* The hosts whose provider a process knows. */
struct witness_known {
    struct { bool told; int provider; } hosts[WORLD_HOSTS];
};

/* One answer of DescribeContainerInstances, and what was known before it. */
struct witness_details {
    uint64_t asked;
    struct witness_known before;
    struct world_host hosts[WORLD_HOSTS];     /* status 0: MISSING           */
};

/* The last write that was answered, and those before it that were undone. */
struct witness_own {
    bool written, shown;
    bool again;                      /* the one before it was not shown      */
    int64_t before, count, at;
    int64_t undone[WITNESS_UNDONE];
    unsigned undone_n;
};

struct witness {
    struct world *w;
    const struct hc_wish *wishes;              /* of each service            */
    enum witness_policy policies[WORLD_SERVICES];
    /* what this reconcile was told, by answers that were whole */
    int64_t began;                             /* wall time                  */
    struct world_service services[WORLD_SERVICES];
    int64_t shown[WORLD_SERVICES];             /* desired, as it was read;
                                                  there it is our write's    */
    int64_t read_at[WORLD_SERVICES];
    bool knows[WORLD_SERVICES];
    struct witness_list lists[WITNESS_LISTS];
    size_t lists_n;
    struct witness_details details[WITNESS_DETAILS];
    size_t details_n;
    int registered[WITNESS_LISTS];
    size_t registered_n;
    bool gone;                                 /* the cluster is             */
    uint64_t writes;                           /* that it sent               */
    bool remembers;                            /* hosts that were passed over */
    /* and what it knows from those before it */
    struct witness_known known, knew;          /* now; as this one began     */
    bool managed[WORLD_PROVIDERS];
    struct { bool told, yes; } coming[WORLD_PROVIDERS];   /* more pages      */
    struct witness_own own[WORLD_SERVICES], sent[WORLD_SERVICES];
};

void witness_init(struct witness *x, struct world *w,
                  const struct hc_wish *wishes);
/* A reconcile begins: what the one before it was told does not count. */
void witness_begin(struct witness *x);
/* For the world's asked and told; a wrong write ends the test. */
void witness_asked(struct witness *x, const struct world_call *c);
void witness_told(struct witness *x, const struct world_call *c, bool ok);
/* The reconcile has ended, and this came of the service. */
void witness_end(struct witness *x, int service,
                 const struct headcount_service *s);
/* The hosts of a service by one reading: as tasks leave them (world_left),
 * those that are listed, those of them without a task, and those with one that
 * came after the count had changed. */
struct witness_seen {
    const struct world_host *hosts;
    uint64_t listed, lacking, younger;
    int64_t count;                   /* hosts that the wanted count is of    */
    const bool *managed;             /* of each provider                     */
};

/* The highest count up to `wanted`, and not under the present one, that starts
 * no host whichever provider gets the tasks that weights do not divide.  A host
 * takes as many tasks as `wanted` puts on each of all hosts, and what the rule
 * asks for without any host is no reason to wait for one. */
int64_t witness_placeable(const struct witness *x, const struct hc_wish *wish,
                          const struct world_service *s,
                          const struct witness_seen *seen, int64_t wanted);
/* Whether the younger hosts decide about some host. */
bool witness_needs_younger(const struct witness *x, const struct hc_wish *wish,
                           const struct world_service *s,
                           const struct witness_seen *seen);
/* WORLD_PLACES: what this reconcile was told makes `wanted` of a count of `n`.
 * `filter` is that of the service's hosts. */
bool witness_places(const struct witness *x, int service, unsigned filter,
                    int64_t n, int64_t wanted);
/* The hosts of the list, as this process knew their providers, and as an answer
 * about the others of them (or NULL) told.  False: it knew too few, or the wish
 * asks for more than providers. */
bool witness_recalls(const struct witness *x, int service,
                     const struct witness_list *l,
                     const struct witness_known *known,
                     const struct witness_details *d,
                     struct world_host hosts[WORLD_HOSTS]);
/* The count that is right for the world as it is; the present one, where none
 * is to be written. */
int64_t witness_right(const struct witness *x, int service);
bool witness_is_forbidden(const struct world_service *s);
/* Some answer says this count for the service; two that agree do. */
bool witness_follows(const struct witness *x, int service, int64_t wanted);
bool witness_follows_twice(const struct witness *x, int service,
                           int64_t wanted);

#endif
