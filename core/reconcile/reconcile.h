/* reconcile/reconcile.h - one cluster: wishes, the facts they lack, plans,
 * writes.  Embedded in its owner's job and advanced by it.
 *
 *     hc_reconcile_start(&r, net, job, &config, e);
 *     each run of the job:  err = hc_reconcile_step(&r, now);
 *     at 1:                 r.result (const, good until fini)
 *     always:               hc_reconcile_fini(&r);
 */
#ifndef HC_RECONCILE_RECONCILE_H
#define HC_RECONCILE_RECONCILE_H

#include "aws/call.h"
#include "base/pages.h"
#include "ecs/arn.h"
#include "ecs/event.h"
#include "ecs/ops.h"
#include "reconcile/brake.h"
#include "reconcile/facts.h"
#include "plan/filter.h"
#include "reconcile/memory.h"
#include "plan/plan.h"
#include "reconcile/question.h"
#include "reconcile/report.h"

#define HC_RECONCILE_AGAIN HC_SECOND      /* before a list is read again      */
/* A cluster of a sweep that has a limit waits so long for those before it. */
#define HC_RECONCILE_TURN (5 * HC_SECOND)

/* How a call is made; NULL in the config is hc_call.  Tests replay scripts
 * through their own. */
struct hc_call_vtable {
    int (*start)(struct hc_call *c, struct hc_net *net, struct hc_job *job,
                 const struct hc_call_config *config);
    int (*step)(struct hc_call *c, int64_t now);
    void (*cancel)(struct hc_call *c, int64_t until);
    void (*fini)(struct hc_call *c);
};

/* One JSON object a line, no newline; fn NULL: no audit. */
struct hc_audit_to {
    void (*fn)(void *ud, const char *line, size_t n);
    void *ud;
    const char *version;              /* headcount's                         */
};

struct hc_reconcile_config {
    struct hc_str cluster;            /* name or ARN                         */
    const char *foreign;              /* the code why it is not ours to look
                                         at, static; NULL: it is             */
    const char *foreign_why;          /* then: which region or account it is
                                         in, and which is called; lives on   */
    bool found;                       /* AWS named it, not a person: that it is
                                         deleted is no failure               */
    bool lists;                       /* where it is one, the clusters that
                                         there are may be asked for          */
    struct hc_str account;            /* of the credentials; n == 0: unknown */
    const struct hc_wish *wishes;
    size_t wishes_n;
    struct hc_str policy_sha256;      /* for the audit; n == 0: none         */
    bool asks;                        /* its owner is asked for the wishes,
                                         which are none until then           */
    bool dry_run;                     /* what would be written is `pending`  */
    bool paused;                      /* what would be written is `held`     */
    bool ask_targets;                 /* is Auto Scaling asked               */
    bool ask_definitions;             /* constraints of a task definition join
                                         those of its service                */
    bool verify;                      /* hosts are listed again after a
                                         write, and it goes on if they call
                                         for another count                   */
    struct hc_memory *memory;         /* NULL: nothing is remembered         */
    struct hc_brake *brake;           /* of the run; NULL: none              */
    size_t brake_at;                  /* its turn among the run's clusters   */
    /* A snapshot's text: its facts and no others, its time and its cluster; no
     * call is made.  n == 0: AWS is asked.  Needs dry_run. */
    struct hc_str snapshot;
    struct hc_audit_to audit;
    /* The event that caused it or NULL: its own host may cause one list to be
     * read again. */
    const struct hc_event *event;
    /* Every call is made with this; service, operation, body and replay_ok
     * are filled in here.  Its deadline is the reconcile's. */
    struct hc_call_config call;
    const struct hc_call_vtable *vtable;
};

enum hc_reconcile_state {
    RECONCILE_QUESTION, RECONCILE_NEEDS, RECONCILE_PLAN, RECONCILE_TURN,
    RECONCILE_CALL, RECONCILE_AGAIN, RECONCILE_GONE, RECONCILE_DONE
};

enum hc_reconcile_ask {               /* what the call in flight is          */
    ASK_SERVICES, ASK_HOSTS, ASK_DETAILS, ASK_CLUSTER, ASK_CAPACITY,
    ASK_TARGET, ASK_DEFINITION, ASK_NAMES, ASK_TAGGED, ASK_UPDATE,
    ASK_CLUSTERS
};

/* The lists of hosts that the wish at hand is counted by, by their filters. */
struct hc_need_lists {
    struct hc_str active;             /* those that count, but for           */
    struct hc_str without;            /* these; n == 0: all of them count,   */
    bool described;                   /* or of each is said which it is      */
    struct hc_str others;             /* of the cluster's number and in no
                                         list of ours; n == 0: there are none
                                         or the filter leaves out others too */
    struct hc_str draining;           /* those that drain                    */
    bool whole;                       /* these are all hosts of the cluster  */
    bool falls_back;                  /* to the filter without the launch
                                         type's term, if ECS refuses it      */
};

/* The wishes of a policy that looked at hosts, on second readings of them. */
struct hc_again {
    struct hc_fact fact;
    const struct hc_wish *wishes;
    size_t n;
};

/* The looks after writes; its arrays have a member for each wish. */
struct hc_verify {
    int round;                        /* looks so far                        */
    bool *wrote;                      /* since the last look; NULL: never    */
    bool *open;                       /* it is being looked at               */
    struct headcount_service *before; /* what it came to then                */
};

struct hc_reconcile {
    struct headcount_cluster result;

    enum hc_reconcile_state state;    /* private from here                   */
    enum hc_reconcile_ask ask;
    struct hc_reconcile_config config;   /* everything in it is borrowed     */
    struct hc_net *net;
    struct hc_job *job;
    struct hc_facts facts;
    int64_t taken;                    /* the snapshot's time; 0: none        */
    bool complete;                    /* what is not in it is not anywhere   */
    struct hc_arn cluster;            /* as known best: an ARN once learned  */
    struct hc_arn event_host;
    struct hc_question question;
    struct headcount_service *services;
    struct hc_arn *names;             /* of the wishes                       */
    size_t at;                        /* the wish that is being settled      */
    struct hc_plan plan;
    struct hc_call call;
    bool in_call;
    bool in_write;                    /* it is UpdateService, and began      */
    struct hc_buf body;
    struct hc_buf filter;             /* of the wish at hand, as it is shown */
    struct hc_buf sent;               /* and as it is sent                   */
    struct hc_need_lists lists;       /* of the wish at hand                 */
    enum hc_by_launch by_launch;
    bool launch_taken;                /* ECS took a list with its term       */
    uint64_t print;                   /* of the hosts that count for it      */
    union {
        struct hc_ecs_services services;
        struct hc_ecs_arns arns;
        struct hc_ecs_cluster cluster;
        struct hc_ecs_host_details details;
        struct hc_ecs_providers providers;
        struct hc_ecs_definition definition;
    } view;
    bool in_view;
    struct headcount_error error; /* of the view or the check after it   */
    struct hc_str batch[HC_ECS_BATCH];   /* what was asked for               */
    size_t batch_n;
    size_t host_at;                   /* the next host to describe           */
    struct hc_fact_hosts *hosts;      /* the list that is being read         */
    struct hc_fact_definition *definition;   /* that is being read           */
    bool full;                        /* attributes and tags of hosts too    */
    struct hc_fact_names *names_list; /* likewise                            */
    struct hc_pages pages;            /* of the list that is being read      */
    enum hc_reading reading;        /* of the cluster that is being read   */
    struct hc_plan_second second;     /* of the wish at hand                 */
    struct hc_again again;
    struct hc_verify verify;
    int64_t again_at;
    bool read;                        /* something was learned for it        */
    bool known;                       /* ECS answered for it: it is of the
                                         credentials' account                */
    bool falls, falling;              /* a count is to fall: after all that
                                         rise; and now is their turn         */
    int64_t write_by;                 /* the wish at hand, or not at all     */
    int64_t turn_by;                  /* it waits no longer for its turn     */
    struct hc_brake_write write;      /* of the wish at hand                 */
    bool placed;                      /* it has its place in the run         */
    bool cancelled;
    bool gone;                        /* the cluster is deleted              */
    const char *gone_code, *gone_what;
    struct hc_str account;            /* of the credentials, as far as known */
    int64_t list_by;                  /* when ListClusters is given up       */
};

/* 0, or HEADCOUNT_ECONFIG, HEADCOUNT_ESYNTAX (cluster, wish, rule, where),
 * HEADCOUNT_ENOMEM. */
int hc_reconcile_start(struct hc_reconcile *r, struct hc_net *net,
                       struct hc_job *job,
                       const struct hc_reconcile_config *config,
                       struct headcount_error *e);
/* 1 done, 0 waiting (the job is woken), HC_RECONCILE_ASKS: it is the owner's
 * turn, or HEADCOUNT_ENOMEM: no result. */
#define HC_RECONCILE_ASKS 2
int hc_reconcile_step(struct hc_reconcile *r, int64_t now);
/* The end of the owner's turn: what was noted is read, and the turn comes
 * again; or, nothing being noted, `wishes` are what it wants (borrowed until
 * fini; their strings too).  A wish that cannot be meant fails the cluster. */
void hc_reconcile_resume(struct hc_reconcile *r, const struct hc_wish *wishes,
                         size_t n);
/* The same, but the cluster fails: nothing of it is written. */
void hc_reconcile_refuse(struct hc_reconcile *r, const char *code,
                         const char *what);
/* Starts nothing new: a write that left is awaited for HC_CALL_GRACE, a
 * read is not, and what is not settled then is `failed`.  Its owner steps on.
 */
void hc_reconcile_cancel(struct hc_reconcile *r, int64_t now);
void hc_reconcile_fini(struct hc_reconcile *r);     /* r may be all zero */

/* What was learned, as a snapshot; good at any time before fini. */
void hc_reconcile_put_snapshot(const struct hc_reconcile *r,
                               struct hc_buf *out);

/* For reconcile's own files. */
int64_t hc_reconcile_wall(const struct hc_reconcile *r);   /* of the facts */
struct hc_str hc_reconcile_region(const struct hc_reconcile *r);   /* called */
/* False: the ARN names another cluster or account than ours, or (ours being a
 * mere name) another region than the one that is called. */
bool hc_reconcile_is_here(const struct hc_reconcile *r,
                          const struct hc_arn *arn);
const struct hc_call_vtable *hc_reconcile_vtable(const struct hc_reconcile *r);

#endif
