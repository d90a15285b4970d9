/* lua/policy/facts.h - what a policy sees of its cluster.
 *
 *     cluster.name arn account region partition        known at once
 *     cluster:matches(glob)
 *     cluster.status registered tags                    facts: what is not
 *     cluster:count{} cluster:hosts{} cluster:services{}   known yet ends the
 *                                                       run, and is read
 *
 * A host is { id, arn, attributes, ... }, a service { name, tags, desired,
 * ... }: small handles, so that 5,000 of them cost next to nothing; a service
 * is described when something but its name is asked for, and then all of its
 * list are.
 */
#ifndef LUA_POLICY_FACTS_H
#define LUA_POLICY_FACTS_H

#include <lua.h>

#include "headcount.h"
#include "policy/printed.h"

#define FACTS_LISTS 1024            /* of hosts and services in one run */

struct facts_list {
    struct headcount_fact fact;
    const struct headcount_service_fact **services;   /* as they are asked for;
                                                         NULL: not yet        */
    unsigned char *left_out;     /* services that the list does not have; NULL:
                                    it has all                               */
    size_t placed;               /* services of which `placeable` was told   */
};

/* One run: all zero but op before the first. */
struct facts {
    headcount_op *op;
    const struct headcount_question *question;
    bool asked;                  /* something is not known: the run is over */
    struct facts_list *lists;
    size_t n, cap;
    struct printed printed;
};

/* At the start of a run, before the policy's text runs. */
void facts_begin(lua_State *L, struct facts *f);
/* Pushes the cluster. */
void facts_push_cluster(lua_State *L);
/* After it; what was pushed is dead. */
void facts_end(struct facts *f);

/* ---- for facts' own files ---- */

struct facts *facts_of(lua_State *L);
/* 1, or raises; a fact that is not known ends the run. */
void facts_get(lua_State *L, struct headcount_query query,
               struct headcount_fact *fact);
/* Raises: `what` ("a host") has no such field; the nearest of these. */
int facts_unknown(lua_State *L, const char *what, const char *const *names);
void facts_push_pairs(lua_State *L, const struct headcount_pairs *pairs);
/* HEADCOUNT_UNKNOWN is nil. */
void facts_push_number(lua_State *L, int64_t n);
bool facts_glob(lua_State *L, const char *glob, const char *name);

/* Once a state: what hosts and services are. */
void facts_open_items(lua_State *L);
/* A list of all hosts, or of the services that `glob` (NULL: any) and
 * `launch_type` (likewise) leave, that can stand in a `for` itself. */
void facts_push_hosts(lua_State *L, const struct headcount_fact *fact);
void facts_push_services(lua_State *L, const struct headcount_fact *fact,
                         const char *glob, const char *launch_type);

/* Hosts that run a task of the service or can take one: pushes a number, and
 * returns how many results there are. */
int facts_push_placeable(lua_State *L, const char *service);
/* Asks for the same without an answer.  True: it is to be read. */
bool facts_note_placement(lua_State *L, const char *service);
/* Whether the host of this id can: true, false or nil, and the reason. */
int facts_push_can_take(lua_State *L, const char *service, const char *id);

/* The event of the question as a table, or nil. */
void facts_push_event(lua_State *L);

#endif
