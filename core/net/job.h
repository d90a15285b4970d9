/* net/job.h - which job runs next: jobs, deadlines, waiting lines, watched
 * sockets.
 *
 * A job is one activity (an op, a lookup, a dial).  It runs when a socket that
 * it watches is ready, when its deadline has come, when a line that it waits in
 * is woken, or when it is woken by hand.  It may also run when there is nothing
 * to do, and has to allow for that.  Nothing here blocks or makes a system
 * call.
 *
 *   owner's loop:  hc_jobs_wants --> poll --> hc_jobs_step
 */
#ifndef HC_NET_JOB_H
#define HC_NET_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index.h"

struct hc_jobs;

/* The first member of the struct whose job it is.  Must not move. */
struct hc_job {
    void (*run)(struct hc_job *job, int64_t now);
    int64_t deadline;                /* HC_NEVER: none; reset before a run   */
    struct hc_jobs *jobs;            /* private from here                    */
    struct hc_job *ready_prev, *ready_next;
    struct hc_job *kid, *prev, *next;    /* in the heap of deadlines         */
    int64_t heap_at;                 /* its key there: never above `deadline` */
    bool ready, in_heap;
};

/* A place in a waiting line.  All zero: in no line. */
struct hc_waiter {
    struct hc_job *job;
    struct hc_wait_queue *line;
    struct hc_waiter *prev, *next;
};
struct hc_wait_queue {
    struct hc_waiter *first, *last;
}; /* all zero: empty */

#define HC_WATCH_READ 1
#define HC_WATCH_WRITE 2

/* A socket that a job waits for.  All zero: closed. */
struct hc_watch {
    int fd;
    int want;                        /* HC_WATCH_..., or-ed; 0: nothing now  */
    uint64_t id;                     /* never given twice; 0: closed         */
    struct hc_job *job;              /* woken; NULL: nobody, only `got`      */
    int got;                         /* what was ready; the reader clears it */
    /* Waits for bytes up to HC_SOCK_AWAIT (net/sock.h) and takes them in one
     * system call, which poll and a read are two of.  1: they came, or an end;
     * 0: it does not wait, poll does; -EAGAIN: nothing came; -EINTR.  NULL: as
     * 0. */
    int (*await)(struct hc_watch *w);
    struct hc_jobs *jobs;
    struct hc_watch *prev, *next;
    struct hc_index_node by_id;
};

struct hc_want {
    int fd;
    int events;                      /* HC_WATCH_...                         */
    uint64_t id;
};

struct hc_jobs {                     /* all zero but next_id: empty          */
    struct hc_job *heap;             /* jobs with a deadline: the earliest   */
    struct hc_job *ready, *ready_last;
    struct hc_watch *watches;
    struct hc_index by_id;           /* of the watches                       */
    size_t watches_n;
    uint64_t next_id;
};

void hc_jobs_init(struct hc_jobs *q);

/* A new job is ready: it runs in the next step. */
void hc_job_init(struct hc_job *job, struct hc_jobs *q,
                 void (*run)(struct hc_job *job, int64_t now));
/* It does not run again.  Its owner drops its waiters and watches.  May be
 * called within its own run, and twice; job may be all zero. */
void hc_job_fini(struct hc_job *job);
/* Runs once more, within this step if one is under way.  NULL is fine. */
void hc_job_wake(struct hc_job *job);
/* Run again at `at` at the latest.  The earliest time of several calls since
 * the last run began counts. */
void hc_job_at(struct hc_job *job, int64_t at);

/* Joins the end of the line; nothing happens if it stands there already. */
void hc_waiter_join(struct hc_wait_queue *line, struct hc_waiter *waiter,
                  struct hc_job *job);
void hc_waiter_leave(struct hc_waiter *waiter);
/* Empties the line and wakes all, in order. */
void hc_wait_queue_wake(struct hc_wait_queue *line);
/* Takes the first out of the line and wakes it; false: nobody waits. */
bool hc_wait_queue_wake_one(struct hc_wait_queue *line);

void hc_watch_open(struct hc_jobs *q, struct hc_watch *w, int fd,
                   struct hc_job *job);
void hc_watch_want(struct hc_watch *w, int events);
void hc_watch_owner(struct hc_watch *w, struct hc_job *job);
/* `from`, which is open, becomes closed.  The id stays: an event loop knows the
 * descriptor by it for as long as the descriptor is open. */
void hc_watch_move(struct hc_watch *to, struct hc_watch *from);
/* Before the fd is closed, never while it stays open. */
void hc_watch_close(struct hc_watch *w);

/* The earliest deadline: 0 if a job is ready, HC_NEVER if there is none. */
int64_t hc_jobs_deadline(const struct hc_jobs *q);
/* How many sockets are wanted (perhaps more than `max`, as many were written),
 * and hc_jobs_deadline. */
size_t hc_jobs_wants(const struct hc_jobs *q, struct hc_want *out, size_t max,
                     int64_t *deadline);
/* The only socket that is wanted, if it is to be read and can be awaited; or
 * NULL. */
struct hc_watch *hc_jobs_only(const struct hc_jobs *q);
/* This one is ready: its owner runs with the next step. */
void hc_jobs_tell(struct hc_jobs *q, const struct hc_want *ready);
/* Wakes the jobs of sockets that are ready (unknown ids are ignored), then runs
 * all jobs that are ready or due until there is none. */
void hc_jobs_step(struct hc_jobs *q, int64_t now, const struct hc_want *ready,
                  size_t n);

#endif
