/* peers/world.h - an ECS in memory whose state changes while it is asked: hosts
 * come, drain and go, services change, calls fail in every way, answers are
 * old, cut, foreign or late.  Everything follows from one seed.
 *
 * It answers a reconcile through struct hc_call_vtable, and hands each request
 * and what was told of it to its watcher.
 *
 *   world.c           the state, its changes, its birth
 *   world_answers.c   what each operation answers
 *   world_calls.c     calls, and the faults of calls
 *   world_places.c    where ECS puts tasks, and which hosts it starts for them
 *
 * Used by: peers/witness.h and peers/tally.h.
 * Instead of moto: in moto nothing changes by itself, nothing is stale and no
 * call fails; a world does all of that from one seed, thousands of times in a
 * second.
 */
#ifndef PEERS_WORLD_H
#define PEERS_WORLD_H

#include "reconcile/reconcile.h"

#define WORLD_HOSTS 64               /* a set of them is a uint64_t          */
#define WORLD_SERVICES 4
#define WORLD_ACTORS 2
#define WORLD_PROVIDERS 13           /* an answer tells ten of them at most  */
#define WORLD_LAG (20 * HC_SECOND)   /* ECS shows a write within this time   */
#define WORLD_GONE_CODE "ClusterNotFoundException"
#define WORLD_AT "arn:aws:ecs:eu-west-1:111122223333:"
#define WORLD_CLUSTER WORLD_AT "cluster/prod"

/* What a world may have beside hosts, services and faults of calls.  A world
 * draws its own set of them. */
enum world_kind {
    WORLD_DETAILS = 1,     /* wishes by CPU, memory, age and connection; and
                              descriptions of hosts that lie                 */
    WORLD_WEIGHTS = 2,     /* strategies of several providers                */
    WORLD_ANYWHERE = 4,    /* hosts and services of ECS Anywhere             */
    WORLD_GONE = 8,        /* the cluster may be deleted                     */
    WORLD_POLICY = 16,     /* wishes come from a policy that counts          */
    WORLD_LAG_SHOWN = 32,  /* a write is shown later                         */
    WORLD_ZERO = 64,       /* wishes for no task at all                      */
    WORLD_DISTINCT = 128,  /* distinctInstance, and fixed ports of hosts     */
    WORLD_WRITER = 256,    /* a foreign writer sets counts, too              */
    WORLD_PLACES = 512,    /* ECS places tasks by what hosts have left, and
                              managed scaling starts hosts.  No world draws it:
                              a test sets it, and fills the world itself     */
};

struct world_host {
    char status;                     /* A, D, or 0: gone                     */
    bool attr;                       /* attribute:a == 1                     */
    bool external;                   /* of ECS Anywhere                      */
    bool connected;
    int provider;                    /* -1: registered by itself             */
    int cpu, memory;
    int64_t registered_at;           /* wall time                            */

    /* WORLD_PLACES: what tasks of others leave */
    int cpu_free, memory_free;
    unsigned ports;                  /* taken: enum world_port, or-ed        */
    int tasks;                       /* of others; each has an interface     */
    bool arm;                        /* another architecture                 */
    bool bare;                       /* without the attribute of a driver    */
    bool trunk;                      /* has room for four interfaces         */
    int interfaces;                  /* all of them; no answer tells it      */
    bool hidden;                     /* takes no task, and no answer says why */
};

enum world_port { PORT_TCP = 1, PORT_UDP = 2 };      /* 8125                 */

struct world_needs {                 /* of a task (WORLD_PLACES)             */
    int cpu, memory;
    unsigned ports;                  /* enum world_port, or-ed               */
    bool arm, x86;                   /* neither: any architecture            */
    bool driver;                     /* an attribute                         */
    bool awsvpc;                     /* an interface of its own              */
};

struct world_item {                  /* of a strategy                        */
    bool named;
    int weight, base;                /* weight -1: not said                  */
};

struct world_service {
    int64_t desired, running;
    int64_t before, shown_at;        /* until then `before` is shown         */
    bool daemon, inactive, external, code_deploy, deploying, paused;
    bool constrained;                /* memberOf attribute:a == 1            */
    bool distinct;                   /* distinctInstance                     */
    bool anywhere;                   /* launch type EXTERNAL                 */
    bool strategy;                   /* the items, and no launch type        */
    struct world_item items[WORLD_PROVIDERS];
    int revision;                    /* of its task definition: an odd one is
                                        constrained likewise, two of four have
                                        a fixed port (WORLD_DISTINCT)        */
    bool unclear;                    /* told without its launch type         */

    /* WORLD_PLACES */
    struct world_needs needs;
    unsigned char on[WORLD_HOSTS];   /* its tasks on each host               */
    int64_t changed;                 /* wall time of its last change         */
};

struct world_state {
    struct world_host hosts[WORLD_HOSTS];
    struct world_service services[WORLD_SERVICES];
    bool managed[WORLD_PROVIDERS];   /* it starts hosts by itself            */
    bool gone;                       /* the cluster is deleted               */
    /* WORLD_PLACES: the hosts that each provider starts, and how many it may
     * have */
    struct world_host kinds[WORLD_PROVIDERS];
    int limits[WORLD_PROVIDERS];
};

/* Which providers of a strategy get the tasks that weights do not divide: AWS
 * does not say. */
enum world_rest { REST_FIRST, REST_LAST, REST_LARGEST, WORLD_RESTS };

enum world_fault { FAULT_NONE, FAULT_REFUSED, FAULT_LOST, FAULT_UNSENT,
                   FAULT_CUT, FAULT_FOREIGN, FAULT_BARE, FAULT_RESTART,
                   FAULT_OLD, FAULT_PARTIAL, FAULT_LIE, WORLD_FAULTS };

/* What a partial answer leaves out, where it would say it. */
enum world_left { LEFT_LAUNCH, LEFT_PLACE, LEFT_EXPRESSION, LEFT_DEPLOYMENTS,
                  WORLD_LEFT };

/* One request, as it was sent, and what is answered. */
struct world_call {
    bool open;
    const char *operation;
    char body[8192];
    enum world_fault fault;
    enum world_left left;            /* of FAULT_PARTIAL                     */
    bool useless;                    /* without what it leaves out           */
    const char *error;               /* it is answered by, or NULL           */
    struct world_state told;         /* the state that the answer is made of */
    char answer[65536];
    size_t answer_n, given;
    int phase;
};

struct world_late {                  /* a write that arrives after its call  */
    int service, steps;
    int64_t desired;
};

struct world {
    uint64_t seed, random;
    unsigned kinds;                  /* enum world_kind, or-ed               */
    bool storm;                      /* faults happen                        */
    bool foreign;                    /* so do answers of another account,
                                        which a bare name could not tell     */
    struct world_state state, old;
    bool definitions;                /* those of task definitions are heeded */
    bool refuses;                    /* ECS takes no filter by the attribute of
                                        ECS Anywhere                         */
    bool tells_changes;              /* deployments[].updatedAt moves        */
    bool heeds_architecture;         /* ECS places by it: AWS does not say   */
    enum world_rest rest;
    size_t page;                     /* hosts on a page                      */
    int page_providers;              /* likewise                             */
    int64_t now, wall;
    struct hc_net net;
    struct world_call calls[WORLD_ACTORS];
    struct world_late late[16];
    size_t late_n;
    /* Each request as it is made; each answer once it is known to be whole
     * (or not: ok is false). */
    void (*asked)(struct world *w, int actor, const struct world_call *c);
    void (*told)(struct world *w, int actor, const struct world_call *c,
                 bool ok);
};

/* The one world: calls know no other.  Of its kinds it keeps those in `of`. */
struct world *world_new(uint64_t seed, unsigned of);
struct world *world_the(void);
/* 0 to n - 1. */
unsigned world_random(struct world *w, unsigned n);
bool world_chance(struct world *w, unsigned percent);
static inline bool world_has(const struct world *w, enum world_kind kind)
{
    return (w->kinds & kind) != 0;
}
/* A host that registers now. */
struct world_host world_host_new(struct world *w);
/* A host joins in this place.  Its ARN is that of the host which was there
 * before, and a host keeps its provider, if it had one. */
bool world_host_had_provider(const struct world_host *h);
void world_host_join(struct world_host *h, struct world_host joins);
/* A little of what happens in a cluster. */
void world_change(struct world *w);
/* Late writes of `steps` ago arrive; all of them with `all`. */
void world_arrive(struct world *w, bool all);
/* Sets a count, and (WORLD_LAG_SHOWN) shows it later. */
void world_set_desired(struct world *w, int service, int64_t desired);
int64_t world_wall_now(const struct world *w);

/* The way to the world for this actor. */
const struct hc_call_vtable *world_ways(int actor);

/* ---- what follows from a state ---- */

/* Whether only hosts with the attribute are this service's. */
bool world_is_constrained(const struct world *w, const struct world_service *s);
/* Whether a host has room for one task of this service. */
bool world_is_alone(const struct world *w, const struct world_service *s);
/* Whether tasks of this service are placed on hosts of the provider, and on
 * how many of them at most. */
bool world_uses(const struct world_service *s, int provider, int *most);

/* ---- placement (WORLD_PLACES) ---- */

/* A host as tasks of all services leave it. */
struct world_host world_left(const struct world_state *state, int host);
/* Whether ECS puts one more task of the service on the host. */
bool world_fits(const struct world *w, int service, int host);
/* The tasks of `count` that each provider gets. */
void world_split(const struct world *w, const struct world_service *s,
                 int64_t count, int64_t give[WORLD_PROVIDERS]);
/* The tasks of a service that wait for a host of the provider. */
int64_t world_waiting(const struct world *w, const struct world_service *s,
                      int provider);
/* ECS stops what is too much and what no host runs any more, and places what is
 * missing where it finds a host. */
void world_place(struct world *w);
/* A minute of managed scaling: each provider starts a host, if a task waits for
 * one.  How many were started. */
int world_scale(struct world *w);
/* Of one provider, or (-1) of all. */
int world_hosts(const struct world *w, int provider);

/* ---- requests and answers ---- */

void world_answer(struct world *w, struct world_call *c);
/* The service that a body names, -1 if none; "service":"sN". */
int world_service_of(const char *body);
/* The number after key":, or -1. */
int64_t world_number(const char *body, const char *key);
/* The hosts whose ARNs stand in it, whosever account they are of. */
uint64_t world_hosts_in(const char *text);

/* Of a list of hosts, read off its filter.
 * LACKING: hosts without a task of a service, which is the number above it;
 * YOUNGER: with one, and registered after a time. */
enum world_filter { FILTER_ATTR = 1, FILTER_INSIDE = 2, FILTER_OUTSIDE = 4,
                    FILTER_LACKING = 8, FILTER_YOUNGER = 16,
                    FILTER_SERVICE = 32 };
#define FILTER_GROUP (FILTER_LACKING | FILTER_YOUNGER)
unsigned world_filter_of(const char *body);
/* The hosts that run a task of this service.  Without WORLD_PLACES: the first
 * of those on which ECS places it, one task on each. */
uint64_t world_runs(const struct world *w, const struct world_state *state,
                    int service);
bool world_is_listed(const struct world_host *h, char status, unsigned filter);

#endif
