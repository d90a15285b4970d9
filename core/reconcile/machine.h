/* reconcile/machine.h - what each state of the machine uses: how an exchange
 * begins, and what a failed one makes of the run.
 *
 * reconcile.h is for its owner, and reconcile.c has the drawing of its states.
 */
#ifndef HC_RECONCILE_MACHINE_H
#define HC_RECONCILE_MACHINE_H

#include "reconcile/exchange/exchange.h"

#define HC_RECONCILE_AGAIN HC_SECOND      /* before a list is read again      */
/* A cluster of a sweep that has a limit waits so long for those before it. */
#define HC_RECONCILE_TURN (5 * HC_SECOND)

enum hc_reconcile_state {
    RECONCILE_QUESTION, RECONCILE_NEEDS, RECONCILE_PLAN, RECONCILE_TURN,
    RECONCILE_EXCHANGE, RECONCILE_AGAIN, RECONCILE_GONE, RECONCILE_DONE
};

struct hc_reconcile {
    struct hc_run run;                /* what is known                       */
    struct hc_exchange exchange;      /* in flight, or the last one          */
    enum hc_reconcile_state state;    /* private from here                   */
    int64_t again_at;                 /* a doubtful list is read again       */
    int64_t turn_by;                  /* it waits no longer for its turn     */
};

/* Sets the state in which the run goes on, as far as r says. */
void hc_machine_go_on(struct hc_reconcile *m);
/* Why no exchange may begin any more, or NULL. */
const char *hc_machine_stopped(const struct hc_run *r, int64_t now);
/* Wakes the job at `until`. Always 1: the machine waits. */
int hc_machine_wait(struct hc_run *r, int64_t until);
/* Starts m->exchange, or settles what follows where it cannot.  Every exchange
 * begins here, and every write is held here.  0 or HEADCOUNT_ENOMEM. */
int hc_machine_begin(struct hc_reconcile *m, int64_t now);
/* m->exchange failed with this code.  0, or HEADCOUNT_ENOMEM: no report. */
int hc_machine_failed(struct hc_reconcile *m, int err);
/* The facts of m->exchange cannot be read, or its write failed: settles what
 * follows. */
void hc_machine_lacks(struct hc_reconcile *m, const char *code,
                      const char *what);
/* Settles the wish at hand with the outcome of its plan. */
void hc_machine_settle_plan(struct hc_run *r);

#endif
