/* cli/lambda/emf.h - CloudWatch's embedded metric format: a line of the log
 * that becomes metrics. */
#ifndef CLI_LAMBDA_EMF_H
#define CLI_LAMBDA_EMF_H

#include <stdio.h>

#include "headcount.h"

struct emf {
    const char *function;               /* the one dimension; NULL: none     */
    const char *level;                  /* what the log lets through, or NULL */
    int64_t now_ms;                     /* since 1970                        */
    int64_t duration_ms;
    const struct headcount_outcome *sweep;   /* that was made too, or NULL   */
    bool is_sweep;                      /* the outcome is a sweep's itself   */
    int64_t unplaced, braked;           /* in it                             */
    int64_t placeable;                  /* likewise; -1: it was not read     */
};

/* Tasks that are asked for and do not run. */
int64_t emf_unplaced(const struct headcount_outcome *o);
/* Hosts that run a task or can take one, of all services of which that was
 * read; -1: of none. */
int64_t emf_placeable(const struct headcount_outcome *o);
/* The sum of two such numbers. */
int64_t emf_add(int64_t a, int64_t b);
/* Updated, Held, TooManyChanges (held by the brake on the run), Failed,
 * ForeignEvents, Unplaced, Calls, Duration, ConnectionsOpened; LastSuccess
 * (seconds since 1970) where nothing failed; Placeable where it was read;
 * MissingServices of a sweep that looked at every cluster: one line. */
void emf_put(FILE *out, const struct emf *emf,
             const struct headcount_outcome *o);

#endif
