/* aws/timings.h - what calls took: each attempt as an outcome has it, and the
 * counters of calls that belong to no op yet. */
#ifndef HC_AWS_TIMINGS_H
#define HC_AWS_TIMINGS_H

#include "aws/trace.h"
#include "base/arena.h"

#define HC_TIMINGS_MAX 4096              /* attempts of one op that are kept */

struct hc_timings {                      /* all zero but the last two: empty */
    struct headcount_timing *a;
    size_t n, cap;
    const struct hc_alloc *alloc;
    struct hc_arena *texts;              /* of them; outlives the list       */
};
void hc_timings_fini(struct hc_timings *t);

/* Gives it to the log, to the hook `trace`, and to the list; t may be NULL.  A
 * timing that does not fit is dropped: the call matters more. */
void hc_timings_note(struct hc_timings *t, const struct hc_timing_note *note);

/* Calls of a refresh of credentials.  Several ops may wait for it, and exactly
 * one of them counts these calls. */
struct hc_tally {                        /* must not move                    */
    struct headcount_stats stats;
    struct hc_timings timings;
    struct hc_arena texts;
};
void hc_tally_init(struct hc_tally *tally, const struct hc_alloc *alloc);
void hc_tally_fini(struct hc_tally *tally);
/* Moves all of it to an op's stats and timings; either may be NULL. */
void hc_tally_move(struct headcount_stats *stats, struct hc_timings *timings,
                   struct hc_tally *from);

#endif
