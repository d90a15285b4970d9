/* reconcile/exchange/exchange.h - one exchange with AWS: a request, its answer,
 * and what the run learns from it.
 *
 * A class is one const struct in one file of this folder.  exchange.c runs the
 * exchange in flight and names no class; next_exchange.c chooses them.
 *
 *     hc_exchange_set(x, &hc_exchange_host_arns, &list->fact, list);
 *     err = hc_exchange_start(x, r);              the first page, or the next
 *     each run of the job:  hc_exchange_step(x, r, now)
 *     always:               hc_exchange_end(x, r)
 */
#ifndef HC_RECONCILE_EXCHANGE_EXCHANGE_H
#define HC_RECONCILE_EXCHANGE_EXCHANGE_H

#include "base/pages.h"
#include "reconcile/run.h"

struct hc_exchange;

union hc_exchange_view {
    struct hc_ecs_answer answer;      /* each view begins with it            */
    struct hc_ecs_services services;
    struct hc_ecs_arns arns;
    struct hc_ecs_cluster cluster;
    struct hc_ecs_host_details details;
    struct hc_ecs_providers providers;
    struct hc_ecs_definition definition;
    struct hc_ecs_tasks tasks;
};

/* A function that is NULL does nothing, unless its line says otherwise. */
struct hc_exchange_class {
    enum hc_service_id service;
    const char *operation;            /* of the API: "DescribeServices"      */
    const char *action;               /* of IAM: "ecs:DescribeServices"      */
    const char *fact;                 /* in words: "the service"             */
    bool writes;                      /* see hc_exchange_held                */
    bool of_cluster;                  /* the request names the cluster, so an
                                         answer shows that ECS knows it      */
    /* The part of the resource's ARN after the account, for an IAM statement;
     * NULL: no resource can be named for this action. */
    const char *(*resource)(struct hc_run *r, const struct hc_exchange *x);
    /* The request's body; x->ids are set by next_exchange.c, or here. */
    void (*put)(struct hc_run *r, struct hc_exchange *x, struct hc_buf *out);
    void (*open)(struct hc_run *r, union hc_exchange_view *v);
    /* NULL: hc_ecs_answer_fini. */
    void (*close)(union hc_exchange_view *v);
    /* The answer is whole: hc_ecs_answer_end said so.  1: the facts are there
     * (a write: its wish is settled); 0: x->pages or x->at say where to go on;
     * HEADCOUNT_EANSWER or HEADCOUNT_ENOMEM with x->error set. */
    int (*learn)(struct hc_run *r, struct hc_exchange *x, int64_t now);
    /* Learned, but to be read once more a moment later. */
    bool (*is_doubtful)(struct hc_run *r, struct hc_exchange *x);
    /* The answer to the handle's memory; and from there into the fact that
     * x->into would be, if that is UNKNOWN. */
    void (*remember)(struct hc_run *r, struct hc_exchange *x, int64_t now);
    void (*recall)(struct hc_run *r, void *into);
    /* The exchange failed with this code.  True: the class has settled what
     * follows, and the run goes on. */
    bool (*mend)(struct hc_run *r, struct hc_exchange *x, int err);
    /* The facts cannot be had.  NULL: x->fact fails, if there is one. */
    void (*fail)(struct hc_run *r, struct hc_exchange *x, const char *code,
                 const char *what);
    /* offline: the fact follows from other facts of the snapshot.  older: the
     * snapshot is of a version that did not save it, and is planned as that
     * version planned.  1: learned; 0: no; or a code with e set. */
    int (*offline)(struct hc_run *r, struct hc_exchange *x,
                   struct headcount_error *e);
    int (*older)(struct hc_run *r, struct hc_exchange *x);
};

struct hc_exchange {
    const struct hc_exchange_class *class;
    struct hc_fact *fact;             /* that is to be known; NULL: several,
                                         or a write                          */
    void *into;                       /* what holds it, of the class's kind  */
    size_t at;                        /* the next item, where a list is read
                                         item by item                        */
    size_t ids_n;
    int64_t until;                    /* it is given up then; 0: at the run's
                                         deadline                            */
    struct hc_pages pages;            /* of the list that is being read      */
    bool in_call, in_view;
    struct hc_buf body;
    struct headcount_error error;     /* of the view or the check after it   */
    struct hc_str ids[HC_ECS_BATCH];  /* what is asked about                 */

    struct hc_call call;              /* private from here                   */
    union hc_exchange_view view;
};

void hc_exchange_init(struct hc_exchange *x, const struct hc_alloc *a);
void hc_exchange_fini(struct hc_exchange *x, const struct hc_run *r);
/* x is this exchange, from its first page.  `fact` and `into` may be NULL. */
void hc_exchange_set(struct hc_exchange *x,
                     const struct hc_exchange_class *class,
                     struct hc_fact *fact, void *into);

/* ---- on the wire ---- */

/* 0, or a negative code with x->error set and nothing in flight. */
int hc_exchange_start(struct hc_exchange *x, struct hc_run *r);

enum hc_exchange_answer {
    EXCHANGE_WAITS,       /* the job is woken when there is more to do      */
    EXCHANGE_READS,       /* step again                                     */
    EXCHANGE_PAGE,        /* ended; the next page is to be started          */
    EXCHANGE_LEARNED,     /* ended; the facts are there                     */
    EXCHANGE_DOUBTFUL     /* likewise, but read again a moment later        */
};
/* enum hc_exchange_answer, or a negative code: the exchange failed and is not
 * ended yet. */
int hc_exchange_step(struct hc_exchange *x, struct hc_run *r, int64_t now);
/* A write that left is awaited for HC_CALL_GRACE, a read is not. */
void hc_exchange_cancel(struct hc_exchange *x, const struct hc_run *r,
                        int64_t now);
/* Ends what is in flight.  Done twice it does nothing. */
void hc_exchange_end(struct hc_exchange *x, const struct hc_run *r);

/* ---- not on the wire ---- */

/* Writes alone can be held: true if this one must not be sent by this run,
 * whatever was planned. */
bool hc_exchange_held(const struct hc_exchange *x, const struct hc_run *r);
void hc_exchange_fail(struct hc_exchange *x, struct hc_run *r,
                      const char *code, const char *what);
/* Learns the fact from the snapshot.  1: it is there; 0: it does not follow,
 * and *code and *what (in the facts' arena) say why; or HEADCOUNT_ENOMEM. */
int hc_exchange_read_snapshot(struct hc_exchange *x, struct hc_run *r,
                              const char **code, const char **what);

/* ---- for the classes ---- */

/* "cluster/CLUSTER"; "service/CLUSTER/SERVICE". */
const char *hc_exchange_cluster_resource(struct hc_run *r,
                                         const struct hc_exchange *x);
const char *hc_exchange_service_resource(struct hc_run *r,
                                         const struct hc_exchange *x);
/* Closes a view that is hc_ecs_arns. */
void hc_exchange_close_arns(union hc_exchange_view *v);

extern const struct hc_exchange_class
    hc_exchange_services,        /* no fact: those of x->ids               */
    hc_exchange_host_arns,       /* into: struct hc_fact_hosts             */
    hc_exchange_host_details,    /* likewise                               */
    hc_exchange_host_providers,  /* likewise                               */
    hc_exchange_cluster,         /* struct hc_fact_cluster                 */
    hc_exchange_providers,       /* struct hc_fact_bool *, all of x->ids   */
    hc_exchange_scalable_target, /* likewise                               */
    hc_exchange_task_definition, /* struct hc_fact_definition              */
    hc_exchange_tasks,           /* struct hc_fact_tasks                   */
    hc_exchange_task_details,    /* likewise                               */
    hc_exchange_service_names,   /* struct hc_fact_names                   */
    hc_exchange_tagged,          /* likewise                               */
    hc_exchange_clusters,        /* nothing: for a sentence                */
    hc_exchange_update_service;  /* nothing: the wish at hand              */

#endif
