/* cli/watch/watch.h - the parts of the worker that reads a queue and sweeps.
 *
 *   watch.c      the loop, signals, the order of ending
 *   work.c       reconciles of clusters, sweeps, the rules that they go by
 *   queue.c      SQS: receive, delete, extend, give back
 *   messages.c   what a message asks for: clusters, a sweep, or it is poison
 *   metrics.c    metrics in Prometheus' text format, the heartbeat
 *   inbox.c      which messages wait for which clusters
 *   systemd.c    notifications to systemd
 *
 * The loop hands each op that needs its owner to the parts, one after the
 * other; the part that began it returns true.  No part waits.
 */
#ifndef CLI_WATCH_WATCH_H
#define CLI_WATCH_WATCH_H

#include "base/clock.h"
#include "watch/inbox.h"
#include "watch/systemd.h"
#include "sweep_options.h"
#include "request_options.h"

#define WATCH_AT_ONCE 64             /* reconciles, at most                  */

/* ---- metrics ---- */

enum metrics_reconcile { METRICS_OK, METRICS_FAILED, METRICS_SKIPPED,
                         METRICS_DUPLICATE, METRICS_RECONCILES };

/* Messages about another region or account, counted for each pair. */
enum { METRICS_PLACES = 32 };
struct metrics_place {
    char region[40], account[16];    /* only letters, digits and -           */
    uint64_t messages;
};

/* One cluster, as its last reconcile left it. */
struct metrics_cluster {
    char *name;                      /* its ARN, where that is known         */
    uint64_t services[6];            /* by enum headcount_result             */
    uint64_t braked;                 /* of those that are held               */
    int64_t unplaced;
    int64_t placeable;               /* hosts; -1: no service's were read    */
    int64_t at;
};

struct metrics_file {
    const char *path;                /* NULL: none                           */
    bool told;                       /* a failed write was logged            */
};

struct metrics {
    struct metrics_file file, heartbeat;
    int64_t written, beat;           /* when                                 */
    bool changed;
    uint64_t reconciles[METRICS_RECONCILES], updates;
    uint64_t received, deleted, poison;
    struct metrics_place foreign[METRICS_PLACES];    /* the last: all others */
    size_t foreign_n;
    uint64_t sweeps_ok, sweeps_failed, reloads_ok, reloads_failed;
    int64_t sweep_us, last_success;  /* of the last sweep; wall clock        */
    uint64_t missing;                /* services, of the last whole sweep    */
    struct metrics_cluster *clusters;
    size_t clusters_n;
};

/* Tries both paths: 0, or the exit code with the complaint on stderr. */
int metrics_open(struct metrics *m, const struct options *o);
void metrics_close(struct metrics *m);
/* One cluster was reconciled: by an event, or as part of a sweep. */
void metrics_reconciled(struct metrics *m, enum metrics_reconcile how,
                        const struct headcount_outcome *o);
/* One message is about this cluster of another region or account, given as
 * "REGION/ACCOUNT/NAME". */
void metrics_foreign(struct metrics *m, const char *place);
/* Drops the clusters that no reconcile has reported since `before`. */
void metrics_forget(struct metrics *m, int64_t before);
struct metrics_now {
    const headcount *h;
    const struct inbox *inbox;
    int64_t now;
};
/* Writes the files that are due; `always`: the metrics at any time. */
void metrics_turn(struct metrics *m, const struct metrics_now *n, bool always);
int64_t metrics_due(const struct metrics *m);

/* ---- the queue ---- */

enum { QUEUE_BATCHES = 6, QUEUE_BATCH = 10, QUEUE_POISON = 64 };

enum queue_batch_kind { QUEUE_DELETE, QUEUE_EXTEND, QUEUE_RELEASE,
                        QUEUE_SHELVE };
enum { QUEUE_RECEIVE = QUEUE_SHELVE + 1, QUEUE_KINDS };

struct queue_batch {
    headcount_op *op;                /* NULL: free                           */
    enum queue_batch_kind kind;
    uint64_t numbers[QUEUE_BATCH];
    size_t n;
};

struct queue {
    const char *url;                 /* NULL: there is none                  */
    char region[40];                 /* "" where the URL has none            */
    int wait, visibility;            /* seconds                              */
    bool sweeps;                     /* a message may ask for a sweep        */
    bool debug, stopped;
    bool reached;                    /* it answered once                     */
    bool lost;                       /* a delete or release failed for good  */
    int fatal;                       /* the exit code, at the first answer   */
    headcount *h;
    struct inbox *inbox;
    struct metrics *metrics;
    headcount_op *receive;
    headcount_op *attributes;        /* reads its redrive policy             */
    bool asked;                      /* attributes was begun                 */
    int64_t began, next, backoff;    /* of receives                          */
    char trouble[QUEUE_KINDS][80];   /* the error that was logged last       */
    struct queue_batch batches[QUEUE_BATCHES];
    uint64_t poison[QUEUE_POISON];   /* hashes of ids that were logged       */
    size_t poison_n;
};

void queue_init(struct queue *q, const struct options *o);
/* Begins what can be begun. */
void queue_turn(struct queue *q, int64_t now);
/* True: the queue began this op; it is handled and freed. */
bool queue_took(struct queue *q, headcount_op *op, int64_t now);
/* Ends the receive and begins no other; batches go on. */
void queue_stop(struct queue *q);
bool queue_is_idle(const struct queue *q);
/* Puts the messages of a receive into the inbox; returns how many there
 * were. */
size_t queue_take_messages(struct queue *q, const struct headcount_outcome *o,
                           int64_t now);
int64_t queue_due(const struct queue *q);

/* ---- work ---- */

/* The rules of one reading of the policy.  A reload makes new ones; these live
 * until the last op that began with them has ended. */
struct work_rules {
    struct request_options target;
    struct headcount_reconcile request;
    size_t users;
};

struct work_job {
    headcount_op *op;                /* NULL: free                           */
    struct work_rules *rules;
    struct inbox_cluster *cluster;   /* NULL: a sweep                        */
    char place[80];                  /* "REGION/ACCOUNT/..." of the cluster  */
    char name[300];                  /* of the cluster, for a person         */
};

struct work {
    const struct options *options;
    headcount *h;
    struct inbox *inbox;
    struct metrics *metrics;
    struct work_rules *rules;        /* the newest                           */
    struct work_job jobs[WATCH_AT_ONCE], sweep;
    struct cluster_tags tags;        /* of clusters to sweep                 */
    bool sweeps;                     /* one is configured                    */
    int64_t every, next;             /* of sweeps                            */
    int64_t sweep_began;
    size_t sweep_clusters;           /* reconciled so far                    */
    int fatal;                       /* the first sweep cannot be begun      */
    bool cut;                        /* a stop cut work short, or it failed  */
    bool stopped;
};

/* 0, or the exit code with the complaint on stderr.  Always close. */
int work_open(struct work *w, const struct options *o, int64_t now);
void work_close(struct work *w);
/* Reads the policy again.  False: it is bad, and the old rules stay. */
bool work_reload(struct work *w);
void work_turn(struct work *w, int64_t now);
bool work_took(struct work *w, headcount_op *op, int64_t now);
void work_stop(struct work *w);
void work_cancel(struct work *w);
bool work_is_idle(const struct work *w);
int64_t work_due(const struct work *w);
/* The fault of the queue's URL, as it follows the option's name; or NULL. */
const char *watch_queue_fault(const struct options *o);

#endif
