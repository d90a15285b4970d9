/* op/op.h - the two handles of headcount.h from inside: what a handle shares
 * among its ops, and what every op has whatever its kind.
 *
 * A kind of op is an op_class.  Its struct begins with a headcount_op, is
 * private to the files of that kind, and is `size` bytes large:
 *
 *     struct op_call {
 *         headcount_op op;
 *         struct hc_call call;
 *     };
 */
#ifndef HC_OP_OP_H
#define HC_OP_OP_H

#include "aws/call.h"
#include "base/arena.h"
#include "base/digest.h"
#include "net/fork_mark.h"
#include "op/public.h"
#include "reconcile/brake.h"
#include "reconcile/memory.h"
#include "reconcile/reconcile.h"

#define HC_OP_FOREIGN 64 /* log lines about events of other accounts */
#define HC_OP_ACCOUNTS 64 /* access keys whose account is kept */

/* An access key, and the account that it is of, as STS says. */
struct hc_op_key {
    unsigned char key[HC_SHA256];        /* of its id                        */
    char account[13];                    /* "": this place is free           */
};

struct headcount {
    headcount_op *ops;                   /* all                              */
    headcount_op *spare;                 /* one that was freed: the memory of
                                            the next one; or NULL            */
    headcount_op *changed, *changed_last;    /* for headcount_next           */
    size_t concurrency;                  /* reconciles inside, at most       */
    size_t inside;
    bool no_sign;
    char account[13];                    /* of the handle's credentials, as ECS
                                            said; "" unknown                 */
    bool asks_account;                   /* an op asks STS for one           */
    size_t foreign_n;
    size_t accounts_next;                /* the place that is filled next    */
    struct hc_wait_queue account_turns;  /* ops that wait for its answer     */
    struct hc_wait_queue room;           /* until fewer are inside           */
    struct hc_fork_mark mark;
    struct hc_audit_to audit;
    struct hc_index locks;               /* reconciles, by their cluster, as
                                            all these: op/op_lock.h          */
    struct hc_memory memory;
    struct hc_brake_window written;      /* in the last ten minutes          */
    uint64_t foreign[HC_OP_FOREIGN];     /* hashes of the regions and accounts
                                            that were logged                 */
    struct hc_op_key accounts[HC_OP_ACCOUNTS];
    struct hc_config config;
    struct hc_net net;
    struct hc_client client;
};

/* The members that the caller sets for every kind of op. */
struct hc_op_params {
    void *user;
    const char *region, *endpoint_url;                   /* or NULL */
    const char *assume_role, *external_id, *role_session_name;   /* or NULL */
    const char *expect_account;                          /* or NULL */
    int64_t role_duration, timeout;
};

struct op_class {
    size_t size;
    /* The memory of one that was freed serves the next one, for which so many
     * bytes at its front are made zero.  0: that of this kind does not. */
    size_t zero;
    /* Copies and checks what is still the caller's, before start: that may come
     * later.  As start; NULL: nothing is left. */
    int (*prepare)(headcount_op *op);
    /* True: the request does not say which region to call.  NULL: this kind
     * needs none. */
    bool (*lacks_region)(headcount_op *op);
    /* 0: under way; 1: done at once; < 0: failed, with op->error set, or with a
     * code whose own sentence says enough. */
    int (*start)(headcount_op *op);
    /* 0: it waits; 1: done, and the outcome is filled in; HC_OP_ASKS or
     * HC_OP_PART: its owner's turn; < 0: as start. */
    int (*step)(headcount_op *op, int64_t now);
    /* The owner has done its turn.  NULL: this kind has none. */
    void (*resume)(headcount_op *op);
    void (*cancel)(headcount_op *op);
    /* Frees what the kind's struct holds, also when start failed or was never
     * called. */
    void (*free)(headcount_op *op);
};

#define HC_OP_ASKS 2
#define HC_OP_PART 3

struct headcount_op {
    struct hc_job job;                   /* first member                     */
    const struct op_class *class;
    headcount *h;
    enum headcount_state state;
    bool locating;                       /* start waits for the region       */
    bool is_changed;
    struct hc_creds *creds;              /* that sign its calls              */
    int64_t started, deadline;
    headcount_op *prev, *next;           /* all ops                          */
    headcount_op *parent;                /* NULL, or the op that owns this   */
    struct hc_op_params params;          /* its texts are in the arena       */
    struct headcount_stats stats;
    struct hc_timings timings;
    struct hc_waiter waiter;             /* for the region                   */
    struct hc_brake brake;               /* of its run; see hc_op_brake      */
    headcount_op *changed_prev, *changed_next;
    headcount_op *asking;                /* in ASKS: the op that asks, itself
                                            or a child                       */
    struct hc_arena arena;
    struct headcount_outcome outcome;
    struct headcount_error error;
};

/* Frees the op that the handle keeps. */
void hc_op_free_spare(headcount *h);
/* Removes the op from the list for headcount_next. */
void hc_op_unqueue_changed(headcount_op *op);

/* A new op of this class, zero beyond headcount_op; NULL: no memory. */
headcount_op *hc_op_new(headcount *h, const struct op_class *class,
                        const struct hc_op_params *params);
/* An op that wakes its parent where another one is given to headcount_next: its
 * deadline, brake and timings are the parent's. */
headcount_op *hc_op_new_child(headcount_op *parent,
                              const struct op_class *class,
                              const struct hc_op_params *params);
/* Copies into op->arena; NULL stays NULL.  hc_arena_error says whether memory
 * was there. */
const char *hc_op_text(headcount_op *op, const char *text);
const char *const *hc_op_texts(headcount_op *op, const char *const *texts,
                               size_t n);
const void *hc_op_bytes(headcount_op *op, const void *bytes, size_t n);
/* Starts an op that has what its kind needs, and gives it to the caller; NULL,
 * or one whose arena had no memory, is HEADCOUNT_ENOMEM with *e set. */
int hc_op_begin(headcount_op *op, headcount_op **out,
                struct headcount_error *e);
/* 0; HEADCOUNT_ESTATE with *e set in a child, by fork, of the process that
 * opened the handle: its connections and random numbers are the parent's. */
int hc_op_check_process(const headcount *h, struct headcount_error *e);
/* In such a child every op ends with that error; true: it is one. */
bool hc_op_end_in_child(headcount *h);
/* Starts the op; it is RUNNING after this, or DONE. */
void hc_op_start(headcount_op *op);
/* Frees a child, whose counters become the parent's.  NULL is fine. */
void hc_op_end_child(headcount_op *op, headcount_op *child);
/* Lets the op run again, after its owner's turn. */
void hc_op_run_again(headcount_op *op);

/* Logs why a public call refused what it was given, if that call has no
 * parameter for an error.  Returns the error's code, or HEADCOUNT_EARG if it
 * has none. */
int hc_op_refused(headcount *h, const char *call,
                  const struct headcount_error *e);

/* Finds the credentials of op->params.assume_role (`live` is false, or there is
 * none: the handle's): op->creds.  0, or a code with op->error set: the
 * parameters of the role, or expect_account, are wrong. */
int hc_op_find_creds(headcount_op *op, bool live);
/* This role, and what op->params say of all roles. */
struct hc_role hc_op_role(const headcount_op *op, struct hc_str arn);
bool hc_op_is_account(const char *text);             /* 12 digits */
/* 0, or HEADCOUNT_EARG with op->error set: expect_account is no account, or a
 * parameter of a role is given, and `has_role` is false. */
int hc_op_check_params(headcount_op *op, bool has_role);
/* 0, or HEADCOUNT_EACCOUNT with op->error set: the ARN, which is of this
 * account, is not of the expected one. */
int hc_op_check_account(headcount_op *op, struct hc_str arn,
                        struct hc_str account);
/* The members that every call of this op has in common. */
struct hc_call_config hc_op_call_config(headcount_op *op);
/* Checks that calls of this op have an endpoint in this region: a setting that
 * is wrong fails the op before its first call. */
int hc_op_check_endpoint(headcount_op *op, struct hc_str region);
/* The limits of the run that this op is, or that its parent is. */
struct hc_brake *hc_op_brake(headcount_op *op);

#define HC_OP_JSON ((size_t)64 << 20)    /* a report, at most */

#endif
