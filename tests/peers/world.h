/* peers/world.h - an ECS in memory whose state changes while it is asked: hosts
 * come, drain and go, services change, calls fail in every way, answers are
 * old, cut, foreign or late.  Everything follows from one seed.
 *
 * It answers a reconcile through struct hc_call_ways, and hands each request
 * and what was told of it to its watcher.
 */
#ifndef PEERS_WORLD_H
#define PEERS_WORLD_H

#include "reconcile/reconcile.h"

#define WORLD_HOSTS 64
#define WORLD_SERVICES 4
#define WORLD_ACTORS 2
#define WORLD_AT "arn:aws:ecs:eu-west-1:111122223333:"
#define WORLD_CLUSTER WORLD_AT "cluster/prod"

struct world_host {
    char status;                     /* A, D, or 0: gone                     */
    bool attr;                       /* attribute:a == 1                     */
    bool asg;                        /* of capacity provider asg             */
};

struct world_service {
    int64_t desired, running;
    bool daemon, inactive, external, code_deploy, deploying, paused;
    bool constrained;                /* memberOf attribute:a == 1            */
    bool strategy;                   /* capacity provider asg                */
    int revision;                    /* of its task definition: an odd one is
                                        constrained likewise                 */
};

struct world_state {
    struct world_host hosts[WORLD_HOSTS];
    struct world_service services[WORLD_SERVICES];
    bool managed;                    /* asg starts hosts by itself           */
};

enum world_fault { FAULT_NONE, FAULT_REFUSED, FAULT_LOST, FAULT_UNSENT,
                   FAULT_CUT, FAULT_FOREIGN, FAULT_BARE, FAULT_RESTART,
                   FAULT_OLD, FAULT_PARTIAL, WORLD_FAULTS };

/* What a partial answer leaves out, where it would say it. */
enum world_left { LEFT_LAUNCH, LEFT_PLACE, LEFT_EXPRESSION, LEFT_DEPLOYMENTS,
                  WORLD_LEFT };

/* One request, as it was sent, and what is answered. */
struct world_call {
    bool open;
    const char *operation;
    char body[4096];
    enum world_fault fault;
    enum world_left left;            /* of FAULT_PARTIAL                     */
    bool useless;                    /* without what it leaves out           */
    struct world_state told;         /* the state that the answer is made of */
    char answer[32768];
    size_t answer_n, given;
    int phase;
};

struct world_late {                  /* a write that arrives after its call  */
    int service, steps;
    int64_t desired;
};

struct world {
    uint64_t random;
    bool storm;                      /* faults happen                        */
    bool foreign;                    /* so do answers of another account,
                                        which a bare name could not tell     */
    struct world_state state, old;
    bool definitions;                /* those of task definitions are heeded */
    size_t page;                     /* hosts on a page                      */
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

/* The one world: calls know no other. */
struct world *world_new(uint64_t seed);
/* 0 to n - 1. */
unsigned world_random(struct world *w, unsigned n);
bool world_chance(struct world *w, unsigned percent);
/* A little of what happens in a cluster. */
void world_change(struct world *w);
/* Late writes of `steps` ago arrive; all of them with `all`. */
void world_arrive(struct world *w, bool all);
/* The way to the world for this actor. */
const struct hc_call_ways *world_ways(int actor);
/* The service that a body names, -1 if none; "service":"sN". */
/* Whether only hosts with the attribute are this service's. */
bool world_is_constrained(const struct world *w, const struct world_service *s);
int world_service_of(const char *body);
/* The number after key":, or -1. */
int64_t world_number(const char *body, const char *key);

#endif
