/* op/op.h - the two handles as they are inside: what headcount.c and one file
 * per kind of op share. */
#ifndef HC_OP_OP_H
#define HC_OP_OP_H

#include "aws/call.h"
#include "ecs/records.h"
#include "headcount.h"
#include "reconcile/missing.h"
#include "reconcile/reconcile.h"
#include "reconcile/sweep.h"

#define HC_OP_FOREIGN 64 /* of others, that were told of         */

struct headcount {
    struct hc_net net;
    struct hc_config config;
    struct hc_client client;
    headcount_op *ops;                   /* all                              */
    headcount_op *changed, *changed_last;    /* for headcount_next           */
    struct hc_memory memory;
    struct hc_brake_window written;      /* in the last ten minutes          */
    struct hc_audit_to audit;
    struct hc_wait_queue cluster_locks; /* who waits for another's cluster  */
    bool no_sign;
    char account[13];                    /* of the handle's credentials, as ECS
                                            said; "" unknown                 */
    uint64_t foreign[HC_OP_FOREIGN];      /* whose events were told of, by
                                            hash                             */
    size_t foreign_n;
    size_t concurrency;                  /* reconciles inside, at most       */
    size_t inside;
};

struct op_reconcile {
    struct hc_records records; /* of the event                     */
    bool has_event;
    size_t *causes;                      /* of names: places in the batch    */
    size_t *names_of;                    /* of the batch's clusters, settled
                                            ones excepted: places in names   */
    struct hc_credentials creds;         /* asked for once, before any target */
    struct hc_waiter waiter;
    bool checked;
    struct hc_wish *wishes;              /* these three in op->arena, or the
                                            wishes in its parent's           */
    size_t wishes_n;
    struct hc_reconcile **clusters;
    struct hc_arn *names;                /* of the clusters, each one once   */
    size_t clusters_n, begun, at;
    struct hc_str region;
    struct hc_waiter cluster_lock;
    bool inside;                         /* at work on names[at]             */
    bool cancelled;
    struct hc_buf json, snapshot;
    struct hc_buf failures;              /* records to be delivered again    */
    struct headcount_question question;  /* while the op ASKS                */
    struct hc_wish *new_wishes;          /* in this round                    */
    size_t new_wishes_n, new_wishes_cap;
    bool by_tags;                        /* the owner is op_tags             */
};

struct op_call {
    struct hc_call call;
    struct hc_json json;                 /* judges the answer as it comes    */
    struct hc_buf body;
    bool judging;
};

struct op_fetch {
    struct hc_fetch fetch;
    struct hc_endpoint at;
    struct hc_buf request;               /* head and body; secret            */
    struct hc_buf body;                  /* of the answer                    */
    char method[HC_OPERATION_MAX + 1];
    bool cancelled;
    int64_t until;                       /* once cancelled: awaited so long  */
};

/* One cluster that a sweep found, or why there is none. */
struct op_target {
    struct hc_str name;                  /* or ARN; in the sweep's keep      */
    size_t scope;
    const char *code, *what;             /* static, kept; NULL: it is one    */
    bool done;
    struct hc_buf json;                  /* of the report                    */
};

struct op_part {
    bool used;
    headcount_op *op;                    /* NULL: its target has a code      */
    size_t at;                           /* of the targets                   */
};

struct op_sweep {
    struct hc_wish *wishes;              /* of every part; in op->arena, as   */
    size_t wishes_n;                     /* all of these                     */
    struct hc_sweep_scope *scopes;
    size_t scopes_n;
    bool *matched;                       /* of request.clusters              */
    struct hc_str *page;                 /* ARNs whose tags are asked for    */
    size_t page_n;
    bool lists;                          /* clusters are to be found         */
    bool all_found;
    size_t scope;                        /* that is being listed             */
    struct hc_pages pages;               /* of it                            */
    headcount_op *lister;                /* the call that finds more         */
    bool describes;                      /* it is DescribeClusters           */
    struct hc_buf body;                  /* of it                            */
    struct op_target *targets;
    size_t targets_n, targets_cap, begun, done;
    size_t *slots;                       /* of a hash table of the clusters:
                                            place in targets + 1, 0 empty    */
    size_t slots_n;
    struct op_part parts[HC_SWEEP_AT_ONCE];
    size_t at_once;
    struct op_part *turn;                /* whom ASKS or PART is about       */
    const struct headcount_outcome *showing;     /* in PART                  */
    struct headcount_outcome shown;      /* of a part that has none          */
    struct headcount_cluster shown_cluster;
    bool cancelled;
    size_t kept;                         /* bytes of all targets' json       */
    struct hc_missing missing;
    struct hc_buf json;
};

struct headcount_op {
    struct hc_job job;                   /* first member                     */
    headcount *h;
    struct headcount_request request;    /* its texts are in keep            */
    enum headcount_state state;
    struct headcount_outcome outcome;
    struct hc_arena arena;
    struct headcount_stats stats;
    struct hc_timings timings;
    struct headcount_error error;
    struct hc_creds *creds;              /* its calls are signed with        */
    int64_t started, deadline;
    struct hc_brake brake;               /* of its run; a part's is its
                                            parent's                         */
    headcount_op *prev, *next;           /* all ops                          */
    headcount_op *changed_next;
    bool is_changed;
    headcount_op *parent;                /* the sweep that it is a part of;
                                            its request's texts are that
                                            one's                            */
    union {
        struct op_reconcile reconcile;
        struct op_call call;
        struct op_fetch fetch;
        struct op_sweep sweep;
    } as;
};

/* A struct of headcount.h that the caller fills: the size of its first release,
 * and the size that it has here. */
struct hc_form {
    const char *name;
    size_t least, size;
};

extern const struct hc_form hc_form_system, hc_form_config, hc_form_request,
    hc_form_wish, hc_form_query, hc_form_sign;

/* What the caller's struct, which begins with its size, has of ours; the rest
 * of `to` stays as it is, as all of it does if `from` is NULL.  0, or
 * HEADCOUNT_EARG (its size is none, or it has more than is known here) with
 * *e (may be NULL) set. */
int hc_take_struct(void *to, const struct hc_form *form, const void *from,
                   struct headcount_error *e);
/* The real world but for what `from` has of its own.  As hc_take_struct; *sys
 * is the real one then. */
int hc_take_system(struct hc_system *sys, struct hc_log *log,
                   const struct headcount_system *from, int level,
                   struct headcount_error *e);
void hc_give_error(struct headcount_error *to,
                   const struct headcount_error *from);
/* Out of the list for headcount_next. */
void hc_op_unqueue_changed(headcount_op *op);

/* What every call of this op is made with. */
struct hc_call_config hc_op_call_config(headcount_op *op);

#define HC_OP_WISHES 10000
bool hc_op_wish_is_sound(const struct headcount_wish *w);
/* Returns the error's code, EARG if there is none.  The caller of `call` is
 * handed no sentence: the log has it. */
int hc_op_refused(headcount *h, const char *call,
                  const struct headcount_error *e);
/* Copied into op->arena.  0, HEADCOUNT_ENOMEM, or HEADCOUNT_EARG with
 * op->error set. */
int hc_op_take_wish(headcount_op *op, const struct headcount_wish *w,
                    struct hc_wish *to);
/* The request's, while the caller's memory is still there. */
int hc_op_put_wishes(headcount_op *op, struct hc_wish **wishes, size_t *n);
/* Where the calls will go to has to be known before any target is tried; and
 * what a request says of hosts and constraints. */
int hc_op_check_endpoint(headcount_op *op, struct hc_str region);
int hc_op_check_reconcile(headcount_op *op);
#define HC_OP_JSON ((size_t)64 << 20)

/* The limits of the run that this op is, or is a part of. */
struct hc_brake *hc_op_brake(headcount_op *op);

/* ---- a sweep and its parts ---- */

/* An op that tells its parent instead of its owner; NULL without memory. */
headcount_op *hc_op_begin_part(headcount_op *parent,
                               const struct headcount_request *request);
/* The op that ASKS: of a sweep one of its parts. */
headcount_op *hc_op_turn(headcount_op *op);
bool hc_op_asks_in_sweep(const headcount_op *op);
/* A cluster that was named, or found there; that it is a target already, as it
 * is by name and by ARN and for each role of its account, is fine.  0,
 * HEADCOUNT_ENOMEM, HEADCOUNT_ELIMIT. */
int hc_op_sweep_add(headcount_op *op, size_t scope,
                    const struct hc_arn *cluster, struct headcount_error *e);
/* Adds what can be added now. */
int hc_op_sweep_find(headcount_op *op);
int hc_op_sweep_find_init(headcount_op *op);
void hc_op_sweep_find_fini(headcount_op *op);
/* Its counters are the sweep's. */
void hc_op_sweep_end_child(headcount_op *op, headcount_op *child);
/* The part that is shown was seen. */
void hc_op_sweep_end_part(headcount_op *op);

/* What a step returns while it is the owner's turn. */
#define HC_OP_ASKS 2
#define HC_OP_PART 3
/* It is the owner's turn: fills in the question. */
void hc_op_ask(headcount_op *op);
void hc_op_ask_fini(headcount_op *op);
/* Runs again, after its owner's turn. */
void hc_op_run_again(headcount_op *op);

/* Reads it into r->batch; 1: there is nothing in it for us to do. */
int hc_op_read_event(headcount_op *op);
/* Fills in names, clusters_n and region; 1: the event is none of ours. */
int hc_op_clusters(headcount_op *op);
/* Drops r->names[r->at], which was not begun, where one that was read turned
 * out to be the same cluster: that one settles it.  True: there is another one
 * at r->at now, or none. */
bool hc_op_drop_twin(headcount_op *op);
/* Why this one of r->names is somebody else's, or NULL. */
const char *hc_op_foreign(const struct op_reconcile *r, size_t at);
/* Why, as a sentence in op->arena; NULL: no memory. */
const char *hc_op_foreign_why(headcount_op *op, size_t at);
/* A person wrote this one of r->names into the event. */
bool hc_op_is_named(const struct op_reconcile *r, size_t at);
/* The event asks for no write to this one of r->names. */
bool hc_op_is_dry(const struct op_reconcile *r, size_t at);
/* What came of it: of the event's clusters, records and versions.  0 or
 * HEADCOUNT_ENOMEM. */
int hc_op_settle_event(headcount_op *op);

/* 0: under way; 1: done at once; < 0: op->error.  Texts are in op->arena. */
int hc_op_call_start(headcount_op *op);
/* Takes url, headers and body where the caller has them: they may be secret,
 * and op->arena is not wiped. */
int hc_op_fetch_start(headcount_op *op);
int hc_op_reconcile_start(headcount_op *op);
int hc_op_sweep_start(headcount_op *op);
/* 1: done, the outcome is filled in; 0: waits; < 0: op->error. */
int hc_op_call_step(headcount_op *op, int64_t now);
int hc_op_fetch_step(headcount_op *op, int64_t now);
int hc_op_reconcile_step(headcount_op *op, int64_t now);
int hc_op_sweep_step(headcount_op *op);
void hc_op_call_cancel(headcount_op *op);
void hc_op_fetch_cancel(headcount_op *op);
void hc_op_reconcile_cancel(headcount_op *op);
void hc_op_sweep_cancel(headcount_op *op);
void hc_op_call_fini(headcount_op *op);
void hc_op_fetch_fini(headcount_op *op);
void hc_op_reconcile_fini(headcount_op *op);
void hc_op_sweep_fini(headcount_op *op);

#endif
