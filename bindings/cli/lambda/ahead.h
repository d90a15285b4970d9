/* cli/lambda/ahead.h - what the init phase of a function does for its first
 * invocation, and what a restored process has to forget. */
#ifndef CLI_LAMBDA_AHEAD_H
#define CLI_LAMBDA_AHEAD_H

#include "lambda/lambda_sweep.h"

/* Connects, for at most a second, to the endpoints that the reconcile of an
 * event, or the sweep, calls first.  Dials that are not done by then go on
 * while the first event is waited for.  No failure is reported. */
void ahead_connect(headcount *h, const struct headcount_reconcile *one,
                   const struct lambda_sweep *sweep);

/* The clock of the day less the one that only runs: it grows where the first
 * one went on and the process, with its whole machine, did not. */
int64_t ahead_clock(void);
/* The machine was restored from a snapshot, or slept, since then: nothing that
 * is known about the network counts. */
bool ahead_slept(int64_t clock);

#endif
