/* plan/placement.h - which hosts can take a task of a service.
 *
 * ECS alone places tasks.  This file reads what ECS reads and answers one of
 * three things for a host: yes, no with the reason, or unknown.  A reason for
 * no outweighs one for unknown, and unknown outweighs yes.  A host that runs a
 * task of the service can take one: that is evidence, and no reading of ours
 * is better.  Pure.
 */
#ifndef HC_PLAN_PLACEMENT_H
#define HC_PLAN_PLACEMENT_H

#include "plan/host_list.h"

/* ---- one host ---- */

enum hc_take { TAKE_NO, TAKE_UNKNOWN, TAKE_YES };

/* Why a host cannot take the task, or why it is not known. */
enum hc_take_code {
    TAKE_STATUS, TAKE_EXTERNAL, TAKE_PROVIDER, TAKE_AGENT, TAKE_ATTRIBUTE,
    TAKE_OS, TAKE_ARCHITECTURE, TAKE_CPU, TAKE_MEMORY, TAKE_PORT_TCP,
    TAKE_PORT_UDP, TAKE_PORTS_100, TAKE_GPU, TAKE_ENI, TAKE_ZONE, TAKE_EBS,
    TAKE_DEFINITION, TAKE_CONSTRAINT, TAKE_PASSED_OVER, HC_TAKE_CODES
};

/* "port_udp", "passed_over", ... */
const char *hc_take_name(enum hc_take_code code);

#define HC_TAKE_TEXT 320           /* each reason fits alone                */
#define HC_TAKE_LABEL 48

struct hc_take_why {
    enum hc_take_code code;       /* of the first reason; not set for yes    */
    char label[HC_TAKE_LABEL];    /* it in a few words: "port 8125/udp"      */
    char text[HC_TAKE_TEXT];      /* all reasons, first that one; for yes,
                                     what the task needs of what is free     */
};

#define HC_PLACEMENT_ZONES 16     /* a service names at most 16 subnets      */

enum hc_placement_seen { SEEN_NONE, SEEN_OTHER, SEEN_SAME };

/* A task that is to be placed, and what the described hosts told about it. */
struct hc_placement_task {
    const struct hc_ecs_service *service;
    const struct hc_ecs_needs *needs;     /* NULL: the definition is unknown */
    struct hc_str zones[HC_PLACEMENT_ZONES];
    size_t zones_n;                       /* of hosts in its subnets         */
    struct hc_str unheeded;               /* a placement constraint by which
                                             the hosts were not listed; n == 0:
                                             there is none                   */
    bool runs_elsewhere;    /* a host of another architecture than its
                               definition names runs it                      */
};

/* Learns from a described host, whether or not it counts: call it for all of
 * them before the first hc_placement_take. */
void hc_placement_learn(struct hc_placement_task *t,
                        const struct hc_ecs_host *host, bool runs);
/* Whether this host can take one more task of the service, or (`runs`: it has
 * one) has shown that it can.  *why is set for each answer. */
enum hc_take hc_placement_take(const struct hc_placement_task *t,
                               const struct hc_ecs_host *host, bool runs,
                               struct hc_take_why *why);

/* The answer for a host that looks free and that ECS has passed over: it chose
 * a host that came later.  Some limit keeps the task off that this table does
 * not know. */
enum hc_take hc_placement_pass(struct hc_take_why *why);

/* ---- all hosts ---- */

/* The hosts of one capacity provider, or of a service without a strategy. */
struct hc_placement_share {
    const struct hc_ecs_share *share;     /* NULL: there is no strategy      */
    bool managed;                         /* its hosts limit the count: it
                                             starts hosts for tasks, or the rule
                                             is `placeable`                  */
    int64_t run;                          /* hosts that run the task         */
    int64_t can, unknown, passed;         /* hosts that lack it, by answer   */
};

/* Hosts that lack the task for the same first reason. */
struct hc_placement_lack {
    enum hc_take take;                    /* no or unknown                   */
    bool passed;                          /* by hc_placement_pass            */
    char label[HC_TAKE_LABEL];            /* "": of several reasons          */
    int64_t n;
};

#define HC_PLACEMENT_LACKS 6

/* The hosts that count for one wish, by what they can take. */
struct hc_placement {
    struct hc_placement_share *shares;    /* HC_ECS_SHARES of them fit       */
    size_t shares_n;
    int64_t run, can, unknown, passed, cannot;    /* sums over the shares    */
    int64_t listed;      /* hosts that a list says run the task; `run` may be
                            lower, where fewer tasks run                     */
    struct hc_placement_lack lacks[HC_PLACEMENT_LACKS];
    size_t lacks_n;                       /* the last one may be of several  */
};

/* Adds a host that lacks the task. `at` is its share. */
void hc_placement_add(struct hc_placement *p, size_t at, enum hc_take take,
                      const struct hc_take_why *why);

/* Hosts that are counted as if they could take the task. */
enum hc_placement_trust { TRUST_UNKNOWN = 1, TRUST_PASSED = 2 };

/* The highest count, at most `wanted`, whose share of every `managed` provider
 * finds room on hosts that are there: `each` tasks on each host that runs the
 * task or can take it.  Other providers limit nothing.  AWS does not say which
 * providers get the tasks that weights do not divide: each may, unless the
 * `running` tasks, dealt by the weights, show which do.  `trust` is of enum
 * hc_placement_trust, or-ed. */
int64_t hc_placement_most(const struct hc_placement *p, int64_t running,
                          int64_t wanted, int64_t each, unsigned trust);

#define HC_PLACEMENT_WORDS 400
#define HC_PLACEMENT_NAME 255     /* bytes of a capacity provider's name      */

/* "6 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an attribute, 1 not known (a
 * network interface)" */
void hc_placement_words(const struct hc_placement *p, int64_t wanted,
                        int64_t most, char words[HC_PLACEMENT_WORDS]);

#endif
