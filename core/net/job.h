/* net/job.h - who runs next: jobs, deadlines, waiting lines, watched sockets.
 *
 * A job is one thing that goes on (an op, a lookup, a dial).  It runs when a
 * socket it watches is ready, when its deadline has come, when a line it waits
 * in is woken, or when it is woken by hand; it may run in vain, and must bear
 * that.  Nothing here blocks and nothing here makes a system call.
 *
 *   owner's loop:  hc_jobs_wants --> poll --> hc_jobs_step
 */
#ifndef HC_NET_JOB_H
#define HC_NET_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hc_jobs;

/* First member of what it is the job of.  Must not move. */
struct hc_job {
    void (*run)(struct hc_job *job, int64_t now);
    int64_t deadline;                /* HC_NEVER: none; reset before a run   */
    struct hc_jobs *jobs;            /* private from here                    */
    struct hc_job *prev, *next;      /* all jobs                             */
    struct hc_job *ready_next;
    bool ready;
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

/* A socket somebody wants to hear of.  All zero: closed. */
struct hc_watch {
    int fd;
    int want;                        /* HC_WATCH_..., or-ed; 0: nothing now  */
    uint64_t id;                     /* never given twice; 0: closed         */
    struct hc_job *job;              /* woken; NULL: nobody, only `got`      */
    int got;                         /* what was ready; cleared by who reads */
    struct hc_jobs *jobs;
    struct hc_watch *prev, *next;
};

struct hc_want {
    int fd;
    int events;                      /* HC_WATCH_...                         */
    uint64_t id;
};

struct hc_jobs {                     /* all zero but next_id: empty          */
    struct hc_job *all;
    struct hc_job *ready, *ready_last;
    struct hc_watch *watches;
    size_t watches_n;
    uint64_t next_id;
};

void hc_jobs_init(struct hc_jobs *q);

/* A new job is ready: it runs in the next step. */
void hc_job_init(struct hc_job *job, struct hc_jobs *q,
                 void (*run)(struct hc_job *job, int64_t now));
/* It runs no more; its links and watches are their owner's to drop.  May be
 * called within its own run and twice; job may be all zero. */
void hc_job_fini(struct hc_job *job);
/* Runs once more, within this step if one is under way.  NULL is fine. */
void hc_job_wake(struct hc_job *job);
/* Run again at `at` at the latest: the earliest of all that were said since
 * the last run began counts. */
void hc_job_at(struct hc_job *job, int64_t at);

/* At the end of the line; again while it stands there: nothing new. */
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
void hc_watch_close(struct hc_watch *w);     /* the fd stays open */

/* How many sockets are wanted (perhaps more than `max`, as many were written),
 * and the earliest deadline: 0 if a job is ready, HC_NEVER if there is none. */
size_t hc_jobs_wants(const struct hc_jobs *q, struct hc_want *out, size_t max,
                     int64_t *deadline);
/* This one is ready: its owner runs with the next step. */
void hc_jobs_tell(struct hc_jobs *q, const struct hc_want *ready);
/* Tells who is ready (ids that are gone are ignored), then runs what is ready
 * or due until nothing is. */
void hc_jobs_step(struct hc_jobs *q, int64_t now, const struct hc_want *ready,
                  size_t n);

#endif
