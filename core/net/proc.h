/* net/proc.h - one program is run for what it prints: without blocking, with
 * bounded output, and with an end.
 *
 *     err = hc_proc_start(&p, &config, now, e);
 *     each run of the job:  switch (hc_proc_step(&p, now)) ...
 *     always:               hc_proc_fini(&p);
 *
 *   RUNS --> DRAINS --> DONE          it ended; what is left in its pipes is
 *    |                                read
 *    +--> KILLED --> FAILED           too late, or too much output: its whole
 *                                     process group is killed
 *
 * Its standard input is empty.  It has a process group of its own, the signals
 * of a new program, no descriptor of ours, and our environment but for
 * variables whose names begin with HEADCOUNT_.  A process of its own that goes
 * on after it and keeps the pipes open is left alone after HC_PROC_DRAIN.
 */
#ifndef HC_NET_PROC_H
#define HC_NET_PROC_H

#include "base/buf.h"
#include "net/job.h"
#include "net/sys.h"

#define HC_PROC_OUT ((size_t)64 << 10)   /* bytes of standard output; more is
                                            an error                         */
#define HC_PROC_ERR ((size_t)1 << 10)    /* of standard error; more is read
                                            and dropped                      */
#define HC_PROC_TIME (60 * HC_SECOND)    /* then it is killed                */
#define HC_PROC_DRAIN HC_SECOND          /* from its end to that of its pipes */

enum hc_proc_answer {
    PROC_WAIT,                           /* the job is woken                 */
    PROC_DONE,                           /* it ended: p->exit, p->out        */
    PROC_FAILED                          /* p->error                         */
};

enum hc_proc_state { PROC_AT_NONE, PROC_AT_RUNS, PROC_AT_DRAINS,
                     PROC_AT_KILLED, PROC_AT_DONE, PROC_AT_FAILED };

/* `sys`, `jobs` and `job` outlive the process. */
struct hc_proc_config {
    const struct hc_system *sys;
    struct hc_jobs *jobs;
    struct hc_job *job;
    const char *const *argv;             /* NULL at the end; not kept        */
    int64_t time;                        /* us; 0: HC_PROC_TIME              */
};

struct hc_proc {                         /* must not move while it runs      */
    int exit;                            /* 0..255                           */
    int signal;                          /* that ended it; 0: none           */
    struct hc_buf out;                   /* secret; standard output          */
    struct hc_buf err;                   /* secret; the start of its
                                            standard error                   */
    struct headcount_error error;

    enum hc_proc_state state;            /* private from here                */
    struct hc_proc_config config;
    struct hc_buf path;                  /* of the program                   */
    struct hc_child child;
    struct hc_watch watch_out, watch_err, watch_end;
    int64_t until;
};

/* 0; HEADCOUNT_ECONFIG (no such program; this process may start none),
 * HEADCOUNT_EIO, HEADCOUNT_ENOMEM.  A step, too, may find out that the program
 * cannot be started.  A name without a slash is looked for in PATH, never in
 * the current folder. */
int hc_proc_start(struct hc_proc *p, const struct hc_proc_config *config,
                  int64_t now, struct headcount_error *e);
enum hc_proc_answer hc_proc_step(struct hc_proc *p, int64_t now);
/* Kills it if it still runs.  p may be all zero. */
void hc_proc_fini(struct hc_proc *p);

#endif
