/* reconcile/brake.h - the brake on a whole run: how many services it may write
 * and how many tasks it may take away.  Arithmetic, nothing else.
 *
 * Every other safety rule looks at one service.  This one looks at the run, so
 * that one bad policy cannot change every service of an account.
 *
 *   hc_brake_take   a write takes its place before it is sent: false, held
 *   hc_brake_end    its answer is there: the place stays, or is given back
 *
 * A limit holds for each run, and for all runs of a handle within ten minutes:
 * in a process that lives on each event is a run of its own.  A dry run counts
 * what it would write, for itself alone.
 *
 * A fall that would pass the limit is held, and so is every later fall of that
 * run, even one that is small enough: what is held does not hang on the order
 * of sizes.
 */
#ifndef HC_RECONCILE_BRAKE_H
#define HC_RECONCILE_BRAKE_H

#include "base/clock.h"

#define HC_BRAKE_WINDOW (600 * HC_SECOND)
#define HC_BRAKE_WHY 300

/* Writes of ten seconds, forgotten ten minutes after the newest of them: a
 * window of ten minutes never has more than 61. */
#define HC_BRAKE_SLICE (10 * HC_SECOND)
#define HC_BRAKE_SLICES 64

struct hc_brake_slice {
    bool used;
    int64_t begin, newest;
    int64_t changes, falls;
};

/* A handle has one; all zero: nothing was written. */
struct hc_brake_window {
    struct hc_brake_slice slices[HC_BRAKE_SLICES];   /* a ring               */
    size_t last;
    int64_t open_changes, open_falls; /* of writes without an answer so far  */
};

struct hc_brake_limit {
    int64_t most;                     /* 0: none                             */
    bool by_policy;                   /* a policy set it, not a person       */
};

/* A run has one; all zero but the window: no limit. */
struct hc_brake {
    struct hc_brake_window *window;
    struct hc_brake_limit max_changes, max_falls;
    int64_t changes, falls;           /* so far, places in flight among them */
    bool falls_over;                  /* one was held: so are all that follow */
    size_t turn;                      /* of a sweep's clusters the first that
                                         is not done                         */
};

struct hc_brake_write {
    int64_t fall;                     /* tasks that it takes away, or 0      */
    bool again;                       /* the service has its place already   */
    bool dry_run;
    bool allowed;                     /* it passes, and is counted           */
};

/* 0 says nothing; of two limits the smaller one holds. */
void hc_brake_limit(struct hc_brake *b, int64_t changes, int64_t falls,
                    bool by_policy);
bool hc_brake_is_set(const struct hc_brake *b);
/* False: it is held, and `why` says by which numbers. */
bool hc_brake_take(struct hc_brake *b, const struct hc_brake_write *w,
                   int64_t now, char why[HC_BRAKE_WHY]);
/* Ends a write that took a place and is no dry run.  `sent` is false only if
 * the write surely was not carried out. */
void hc_brake_end(struct hc_brake *b, const struct hc_brake_write *w,
                  bool sent, int64_t now);

#endif
