/* reconcile/run.h - what the run of one cluster knows: its wishes, its facts,
 * and what has become of each wish so far.
 *
 * The exchanges read and fill it, outcome.c settles its wishes, and the machine
 * (reconcile.c) alone decides what comes next.
 */
#ifndef HC_RECONCILE_RUN_H
#define HC_RECONCILE_RUN_H

#include "aws/call.h"
#include "ecs/arn.h"
#include "ecs/event.h"
#include "plan/filter.h"
#include "plan/plan.h"
#include "reconcile/brake.h"
#include "reconcile/facts.h"
#include "reconcile/memory.h"
#include "reconcile/report.h"

/* How a call is made; NULL in the config is hc_call.  Tests replay scripts
 * through their own. */
struct hc_call_vtable {
    int (*start)(struct hc_call *c, struct hc_net *net, struct hc_job *job,
                 const struct hc_call_config *config);
    int (*step)(struct hc_call *c, int64_t now);
    void (*cancel)(struct hc_call *c, int64_t until);
    void (*fini)(struct hc_call *c);
};

/* Gets the lines of the audit: each is one JSON object without a newline. fn
 * NULL: there is no audit. */
struct hc_audit_to {
    void (*fn)(void *ud, const char *line, size_t n);
    void *ud;
    const char *version;              /* headcount's                         */
};

struct hc_run_config {
    struct hc_str cluster;            /* name or ARN                         */
    const char *foreign;              /* "foreign_region", "foreign_account",
                                         or NULL: it is ours                 */
    const char *foreign_why;          /* then: which region or account it is
                                         in, and which is called; outlives
                                         the run                             */
    bool found;                       /* AWS named it, and no person: if it is
                                         deleted, that is no failure         */
    bool lists;                       /* if it does not exist, the run may list
                                         the clusters that do                */
    struct hc_str account;            /* of the credentials; n == 0: unknown */
    struct hc_str expect_account;     /* nothing is written in another one;
                                         n == 0: in any                      */
    const struct hc_wish *wishes;
    size_t wishes_n;
    struct hc_str policy_sha256;      /* for the audit; n == 0: none         */
    bool asks;                        /* a policy makes the wishes: there are
                                         none before its turn                */
    bool record;                      /* a snapshot is made of its facts: AWS
                                         tells them, memory does not         */
    enum headcount_explain explain;   /* which wishes the report explains    */
    struct hc_str only;               /* the service whose wish alone is made;
                                         n == 0: all are                     */
    bool dry_run;                     /* what would be written is `pending`  */
    bool paused;                      /* what would be written is `held`     */
    bool ask_targets;                 /* Application Auto Scaling is asked
                                         whether it sets a count too         */
    bool ask_definitions;             /* constraints of a task definition join
                                         those of its service                */
    bool verify;                      /* hosts are listed again after a
                                         write, and it goes on if they call
                                         for another count                   */
    struct hc_memory *memory;         /* NULL: nothing is remembered         */
    struct hc_brake *brake;           /* of all clusters; NULL: none         */
    size_t brake_at;                  /* its place among those clusters      */
    /* A snapshot's text: its facts and no others, its time and its cluster; no
     * call is made.  n == 0: AWS is asked.  Needs dry_run. */
    struct hc_str snapshot;
    struct hc_audit_to audit;
    /* The event that caused it or NULL: its own host may cause one list to be
     * read again. */
    const struct hc_event *event;
    /* Every call is made with this; service, operation, body and replay_ok
     * are filled in by the exchange.  Its deadline is the run's. */
    struct hc_call_config call;
    const struct hc_call_vtable *vtable;
};

/* ---- a policy's turn ---- */

enum hc_query_kind {
    QUERY_CLUSTER,        /* DescribeClusters, with tags                   */
    QUERY_COUNT,          /* of hosts                                      */
    QUERY_HOSTS,          /* and what they are like                        */
    QUERY_SERVICES,       /* names, by launch type or by tags              */
    QUERY_SERVICE,        /* DescribeServices of one                       */
    QUERY_PLACEMENT       /* which hosts can take a task of it             */
};

struct hc_query {
    enum hc_query_kind kind;
    struct hc_str where;              /* COUNT, HOSTS                      */
    enum headcount_hosts by;          /* likewise                          */
    int64_t min_age;                  /* likewise, microseconds            */
    struct hc_str launch_type;        /* SERVICES; n == 0: any             */
    struct hc_str tag_filters;        /* SERVICES, JSON; n == 0: not by tags */
    struct hc_str service;            /* SERVICE, PLACEMENT                */
    bool recent;                      /* SERVICES: a minute old is enough  */
};

struct hc_policy_turn {
    struct hc_query *needs;           /* what it asked and is not known yet,
                                         in the facts' memory                */
    size_t needs_n, needs_cap, at;
    int rounds;
    int64_t began;
    bool open;                        /* it has made no wishes yet           */
    bool counted;                     /* it looked at hosts or the cluster   */
    bool again;                       /* it runs once more, and only to confirm
                                         what it wished                      */
    enum hc_reading reading;          /* of the hosts that it sees           */
};

/* The wishes of a policy that looked at hosts, on second readings of them. */
struct hc_again {
    struct hc_fact fact;
    const struct hc_wish *wishes;
    const size_t *next;               /* of each wish: place + 1 of the next one
                                         for its service; 0: none            */
};

/* ---- the wish at hand ---- */

/* The lists of hosts that the count is made of; each text is a filter. */
struct hc_run_lists {
    struct hc_str active;             /* ACTIVE hosts that count ...         */
    struct hc_str without;            /* ... unless they are in this list;
                                         n == 0: there is no such list       */
    bool described;                   /* their attributes tell which of them
                                         are of ECS Anywhere                 */
    struct hc_str others;             /* hosts of the other kind: the number of
                                         DescribeClusters has them, and no
                                         list above; n == 0: not read        */
    struct hc_str draining;           /* those that drain                    */
    bool whole;                       /* all lists together are all hosts of
                                         the cluster                         */
    bool falls_back;                  /* if ECS refuses `active`, the list is
                                         read without the launch type's term */
};

/* The looks after writes; its arrays have a member for each wish. */
struct hc_verify {
    int round;                        /* looks so far                        */
    bool *wrote;                      /* since the last look; NULL: never    */
    bool *open;                       /* it is being looked at               */
    int64_t *counted;                 /* the count that its hosts called for,
                                         which may be more than was written  */
    struct headcount_service *before; /* its row in the report before the
                                         look                                */
};

/* Wishes are settled in two passes over all of them, so that hosts gain tasks
 * before they lose any. */
enum hc_pass { PASS_RISES, PASS_FALLS, HC_PASSES };

struct hc_run {
    struct hc_net *net;
    struct hc_job *job;
    struct headcount_service *services;
    struct hc_arn *names;             /* of the wishes                       */
    size_t at;                        /* the wish at hand                    */
    enum hc_pass pass;
    enum hc_by_launch by_launch;
    bool complete;                    /* the snapshot has everything: what is
                                         not in it does not exist            */
    bool full;                        /* attributes and tags of hosts are read
                                         too                                 */
    bool rooms;                       /* of the hosts that are described now,
                                         attributes and ports are kept       */
    bool launch_taken;                /* ECS accepted a filter that has the
                                         launch type's term                  */
    bool group_refused;               /* ECS takes no filter that names a task
                                         group                               */
    bool read;                        /* an exchange of this run has learned
                                         something                           */
    bool known;                       /* ECS answered for the cluster, so it is
                                         in the account of the credentials   */
    bool cancelled;
    bool gone;                        /* the cluster is deleted              */
    bool over;                        /* the cluster failed or is gone, and all
                                         its wishes are settled              */
    int64_t taken;                    /* the snapshot's time; 0: none        */
    struct headcount_cluster result;
    struct hc_arn cluster;            /* its name, until an answer has its
                                         ARN                                 */
    struct hc_arn event_host;
    struct hc_str account;            /* of the credentials, as far as known */
    char answered[64];                /* the account of AWS's answers; of two,
                                         the one that is not expected; "" if no
                                         answer named any                    */
    struct hc_policy_turn policy;
    struct hc_again again;
    struct hc_verify verify;
    bool placed_not_saved;            /* the snapshot has no list of hosts that
                                         lack a task                         */
    bool placing;                     /* some wish asked which hosts can take
                                         its tasks                           */
    struct hc_claim *claims;          /* what rises of this run take of hosts */
    const char *gone_code, *gone_what;

    bool placed;                      /* it has its place in the limits; of
                                         the wish at hand, as all members to
                                         `plan`                              */
    int64_t write_by;                 /* a later write is not sent           */
    struct hc_brake_write write;
    const char *write_id;             /* the request id of the write that
                                         began; NULL: none, or it is audited */
    struct hc_buf filter;             /* as the report shows it              */
    struct hc_buf sent;               /* and as it is sent to ECS            */
    struct hc_run_lists lists;
    struct hc_buf narrowed;           /* that filter and one more term       */
    struct hc_placement placement;
    enum hc_reading placed_reading;   /* of the lists that it is made of     */
    uint64_t print;                   /* of the hosts that count for it      */
    struct hc_plan_second second;
    struct hc_plan plan;

    struct hc_run_config config;      /* everything in it is borrowed        */
    struct hc_facts facts;
};

int64_t hc_run_wall(const struct hc_run *r);          /* of the facts */
struct hc_str hc_run_region(const struct hc_run *r);  /* that is called */
/* False: the ARN names another cluster or account than ours, or (ours being a
 * mere name) another region than the one that is called. */
bool hc_run_is_here(const struct hc_run *r, const struct hc_arn *arn);
/* Notes the account of an ARN that AWS answered with. */
void hc_run_note_account(struct hc_run *r, const struct hc_arn *arn);
/* 0, or HEADCOUNT_EACCOUNT: AWS answered with another account than the expected
 * one. */
int hc_run_check_account(const struct hc_run *r, struct headcount_error *e);
/* Before a write, 0 or HEADCOUNT_EACCOUNT: no answer named the cluster by an
 * ARN of the expected account.  A write to a mere name would reach the cluster
 * of whichever account the credentials are of by then. */
int hc_run_prove_account(const struct hc_run *r, struct headcount_error *e);
/* The row of the wish at hand in the report. */
struct headcount_service *hc_run_row(struct hc_run *r);
/* True: the wish at hand was written in this run already.  Another write of it
 * corrects our own count, and changes no further service. */
bool hc_run_corrects(const struct hc_run *r);
/* The key of this kind and name in the handle's memory. */
struct hc_memory_key hc_run_key(const struct hc_run *r,
                                enum hc_memory_kind kind, struct hc_str name);

#endif
