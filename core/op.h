/* op.h - the two handles as they are inside: what headcount.c and one file per
 * kind of op share. */
#ifndef HC_OP_H
#define HC_OP_H

#include "aws/call.h"
#include "ecs/batch.h"
#include "headcount.h"
#include "reconcile/reconcile.h"

struct headcount {
    struct hc_net net;
    struct hc_config config;
    struct hc_client client;
    headcount_op *ops;                   /* all                              */
    headcount_op *changed, *changed_last;    /* for headcount_next           */
    struct hc_memory memory;
    struct hc_audit_to audit;
    struct hc_links lanes;               /* who waits for another's cluster  */
    bool no_sign;
};

struct op_reconcile {
    struct hc_batch batch;               /* of the event                     */
    bool has_event;
    size_t *causes;                      /* of names: places in the batch    */
    size_t *names_of;                    /* of the batch's clusters, settled
                                            ones excepted: places in names   */
    struct hc_credentials creds;         /* asked for once, before any target */
    struct hc_link link;
    bool checked;
    struct hc_wish *wishes;              /* these three in op->keep          */
    size_t wishes_n;
    struct hc_reconcile **clusters;
    struct hc_arn *names;                /* of the clusters, each one once   */
    size_t clusters_n, begun, at;
    struct hc_str region;
    struct hc_link lane;
    bool inside;                         /* at work on names[at]             */
    bool cancelled;
    struct hc_buf json, snapshot;
    struct hc_buf failures;              /* records to be delivered again    */
    struct headcount_question question;  /* while the op ASKS                */
    struct hc_wish *told;                /* in this round                    */
    size_t told_n, told_cap;
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

struct headcount_op {
    struct hc_job job;                   /* first member                     */
    headcount *h;
    struct headcount_request request;    /* its texts are in keep            */
    enum headcount_state state;
    struct headcount_outcome outcome;
    struct hc_keep keep;
    struct hc_stats stats;
    struct hc_timings timings;
    struct hc_error error;
    int64_t started, deadline;
    headcount_op *prev, *next;           /* all ops                          */
    headcount_op *changed_next;
    bool is_changed;
    union {
        struct op_reconcile reconcile;
        struct op_call call;
        struct op_fetch fetch;
    } as;
};

/* What the caller's struct, which begins with its size, has of ours; the rest
 * of `to` stays as it is. */
void hc_take_struct(void *to, size_t size, const void *from);
/* The real world but for what `from` has of its own. */
void hc_take_system(struct hc_system *sys, struct hc_log *log,
                    const struct headcount_system *from, int level);
void hc_give_error(struct headcount_error *to, const struct hc_error *from);
/* Out of the list for headcount_next. */
void hc_op_told(headcount_op *op);
struct headcount_stats hc_op_stats(const struct hc_stats *from,
                                   int64_t elapsed);

/* What every call of this op is made with. */
struct hc_call_config hc_op_call_config(headcount_op *op);

#define HC_OP_WISHES 10000
bool hc_op_wish_is_sound(const struct headcount_wish *w);
/* Copied into op->keep.  0, HC_ENOMEM, or HC_EARG with op->error set. */
int hc_op_take_wish(headcount_op *op, const struct headcount_wish *w,
                    struct hc_wish *to);
/* The request's, while the caller's memory is still there. */
int hc_op_put_wishes(headcount_op *op);

/* What hc_op_reconcile_step returns while its owner has to decide. */
#define HC_OP_ASKS 2
/* It is the owner's turn: fills in the question. */
void hc_op_ask(headcount_op *op);
void hc_op_ask_fini(headcount_op *op);
/* Runs again, after its owner's turn. */
void hc_op_goes_on(headcount_op *op);

/* Reads it into r->batch; 1: there is nothing in it for us to do. */
int hc_op_read_event(headcount_op *op);
/* Fills in names, clusters_n and region; 1: the event is none of ours. */
int hc_op_clusters(headcount_op *op);
/* Why this one of r->names is somebody else's, or NULL. */
const char *hc_op_foreign(const struct op_reconcile *r, size_t at);
/* What came of it: of the event's clusters, records and versions.  0 or
 * HC_ENOMEM. */
int hc_op_settle_event(headcount_op *op);

/* 0: under way; 1: done at once; < 0: op->error.  Texts are in op->keep. */
int hc_op_call_start(headcount_op *op);
/* Takes url, headers and body where the caller has them: they may be secret,
 * and op->keep is not wiped. */
int hc_op_fetch_start(headcount_op *op);
int hc_op_reconcile_start(headcount_op *op);
/* 1: done, the outcome is filled in; 0: waits; < 0: op->error. */
int hc_op_call_step(headcount_op *op, int64_t now);
int hc_op_fetch_step(headcount_op *op, int64_t now);
int hc_op_reconcile_step(headcount_op *op, int64_t now);
void hc_op_call_cancel(headcount_op *op);
void hc_op_fetch_cancel(headcount_op *op);
void hc_op_reconcile_cancel(headcount_op *op);
void hc_op_call_fini(headcount_op *op);
void hc_op_fetch_fini(headcount_op *op);
void hc_op_reconcile_fini(headcount_op *op);

#endif
