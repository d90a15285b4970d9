/* reconcile/facts.h - what was read from AWS for one reconcile, by key.
 *
 *   service NAME            -> the service, or that there is none
 *   hosts (status, filter)  -> the set of hosts, and each one's provider
 *   cluster                 -> DescribeClusters' answer
 *   capacity PROVIDER       -> whether it starts hosts by itself
 *   instances PROVIDER      -> whether it is of Managed Instances
 *   target SERVICE          -> whether Auto Scaling sets its count too
 *   definition ARN          -> a task definition's constraints, and whether it
 *                              takes a port of the host
 *   tasks SERVICE           -> the hosts that run a task of the service
 *   placed SERVICE          -> which hosts can take a task of it, for a policy
 *   names (launch, tags)    -> the services that ListServices or GetResources
 *                              tell of
 *
 * The lists and the cluster may be read twice, in two readings that know
 * nothing of each other: the second confirms a big step.
 *
 * Each fact is UNKNOWN until it is read as a whole, then VALUE or FAILED for
 * good: there is no such thing as half a list.
 */
#ifndef HC_RECONCILE_FACTS_H
#define HC_RECONCILE_FACTS_H

#include "base/index.h"
#include "ecs/ops.h"
#include "plan/host_list.h"
#include "plan/measure.h"

#define HC_FACTS_KEPT ((size_t)256 << 20)    /* and wishes of a policy       */

/* Filters for the hosts of ECS Anywhere, and for those of EC2. */
#define HC_FACTS_ANYWHERE HC_STR("attribute:" HC_MEASURE_ANYWHERE " exists")
#define HC_FACTS_EC2 HC_STR("attribute:" HC_MEASURE_ANYWHERE " !exists")

enum hc_fact_state { FACT_UNKNOWN, FACT_VALUE, FACT_FAILED };

struct hc_fact {
    enum hc_fact_state state;
    const char *code, *what;          /* of FAILED */
    int64_t at;                       /* when a call brought it              */
};

enum hc_reading { READING_FIRST, READING_CONFIRMING, HC_READINGS };

enum hc_fact_kind { FACTS_SERVICE, FACTS_HOSTS, FACTS_CAPACITY,
                    FACTS_INSTANCES, FACTS_TARGET, FACTS_DEFINITION,
                    FACTS_TASKS, FACTS_PLACED, HC_FACT_KINDS };

/* A fact's key, and its place among the facts of its kind. */
struct hc_fact_key {
    struct hc_index_node node;        /* first member                        */
    struct hc_str name;
    unsigned kind, part;              /* part: what the name does not say    */
    void *next;                       /* the one that was asked for before   */
};

struct hc_fact_service {
    struct hc_fact_key key;           /* first member, as of each kind       */
    struct hc_fact fact;
    const struct hc_ecs_service *value;         /* NULL: no such service */
    size_t wish;                      /* place + 1 of its wish; 0: none      */
    size_t again;                     /* likewise, of the first in the second
                                         answer of a policy                  */
};

struct hc_fact_hosts {                /* key.name: the filter                */
    struct hc_fact_key key;
    struct hc_fact fact;              /* of the list                         */
    struct hc_fact details;           /* of the description of all in it     */
    struct hc_fact providers;         /* of the provider of all in it: of their
                                         description, or of memory           */
    const char *status;               /* "ACTIVE"; static                    */
    enum hc_reading reading;
    struct hc_host_list list;
    bool relisted;                    /* read again: it contradicted the event
                                         that caused the run                 */
    bool asked;                       /* a policy asked for it               */
    bool by_launch;                   /* its filter has the term that tells
                                         hosts of EC2 and of ECS Anywhere
                                         apart, and the run can do without
                                         that term                           */
    bool by_group;                    /* its filter names a task group       */
    bool new_question;                /* no older version had the question that
                                         it answers: a snapshot has to have it
                                         */
};

struct hc_fact_cluster {
    struct hc_fact fact;
    struct hc_ecs_cluster value;
};

struct hc_fact_bool {               /* yes or no                           */
    struct hc_fact_key key;
    struct hc_fact fact;
    bool yes;
};

struct hc_fact_definition {           /* a revision: it never changes        */
    struct hc_fact_key key;           /* name: the ARN                       */
    struct hc_fact fact;
    const struct hc_ecs_text *constraints;
    bool unclear, fixed_port;         /* as hc_ecs_definition                */
    struct hc_str needs_text;         /* hc_ecs_put_needs; n == 0: not known */
    const struct hc_ecs_needs *needs; /* read from it, once it is asked for  */
};

struct hc_fact_tasks {                /* those of a service that are to run  */
    struct hc_fact_key key;
    struct hc_fact fact;              /* of the list                         */
    struct hc_fact details;           /* of the description of all in it     */
    struct hc_host_list all;          /* their ARNs                          */
    struct hc_host_list hosts;        /* that have one of them               */
};

struct hc_fact_placed {               /* made of other facts                 */
    struct hc_fact_key key;           /* name: of the service                */
    struct hc_fact fact;
    const struct headcount_placement *value;    /* NULL: it has no hosts     */
};

struct hc_fact_names {
    struct hc_fact fact;
    struct hc_str launch_type;        /* n == 0: any                         */
    struct hc_str tag_filters;        /* JSON; n == 0: not by tags           */
    struct hc_host_list all;          /* their ARNs, each service once       */
    struct hc_fact_names *next;
};

struct hc_facts {
    const struct hc_alloc *alloc;
    struct hc_fact elsewhere;         /* a VALUE: it is in another place, so
                                         there is no such thing here         */
    struct hc_arena arena;
    struct hc_index index;            /* of all that have a key              */
    void *first[HC_FACT_KINDS];       /* the newest of each kind             */
    struct hc_fact_cluster cluster[HC_READINGS];
    struct hc_fact_names *names;
};

void hc_facts_init(struct hc_facts *f, const struct hc_alloc *a);
void hc_facts_fini(struct hc_facts *f);
/* The fact of this key, UNKNOWN if it is new; NULL without memory.  `status`
 * is static: "ACTIVE" or "DRAINING". */
struct hc_fact_service *hc_facts_service(struct hc_facts *f,
                                         struct hc_str name);
struct hc_fact_hosts *hc_facts_hosts(struct hc_facts *f, const char *status,
                                     struct hc_str filter,
                                     enum hc_reading reading);
/* `kind` is FACTS_CAPACITY, FACTS_INSTANCES or FACTS_TARGET. */
struct hc_fact_bool *hc_facts_bool(struct hc_facts *f, enum hc_fact_kind kind,
                                   struct hc_str name);
struct hc_fact_definition *hc_facts_definition(struct hc_facts *f,
                                               struct hc_str arn);
struct hc_fact_tasks *hc_facts_tasks(struct hc_facts *f,
                                     struct hc_str service);
struct hc_fact_placed *hc_facts_placed(struct hc_facts *f,
                                       struct hc_str service,
                                       enum hc_reading reading);
/* Sets d->needs, if the definition tells them.  0 or HEADCOUNT_ENOMEM. */
int hc_facts_read_needs(struct hc_facts *f, struct hc_fact_definition *d);
struct hc_fact_names *hc_facts_names(struct hc_facts *f,
                                     struct hc_str launch_type,
                                     struct hc_str tag_filters);
void hc_facts_fail(struct hc_facts *f, struct hc_fact *fact, const char *code,
                   const char *what);

/* Empties the list, so that it is read from its first page. */
void hc_fact_hosts_reset(struct hc_fact_hosts *h);
/* Every host of EC2 is in the list: no filter leaves one out. */
bool hc_fact_hosts_is_whole(const struct hc_fact_hosts *h);
/* All lists of hosts and of tasks, what is made of them, and both readings of
 * the cluster become UNKNOWN. */
void hc_facts_forget_hosts(struct hc_facts *f);
/* All hosts of the list are described or recalled now: their providers are
 * known, and if none of them is recalled, all of their details.  0 or
 * HEADCOUNT_ENOMEM. */
int hc_fact_hosts_described(struct hc_facts *f, struct hc_fact_hosts *h);

#endif
