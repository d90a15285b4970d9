/* aws/timings.h - what calls took: the marks of each attempt, and the counters
 * of calls that belong to no op yet. */
#ifndef HC_AWS_TIMINGS_H
#define HC_AWS_TIMINGS_H

#include "aws/service.h"
#include "net/fetch.h"

#define HC_TIMINGS_MAX 4096              /* attempts of one op that are kept */

struct hc_timing {
    char operation[HC_OPERATION_MAX + 1];
    const char *service;                 /* its id; static                   */
    char host[264];
    char address[48];                    /* IP it went to, "" if unknown     */
    int attempt, status;                 /* status 0: no answer              */
    struct hc_marks marks;
};

struct hc_timings {                      /* all zero but alloc: empty        */
    struct hc_timing *a;
    size_t n, cap;
    const struct hc_alloc *alloc;
};
void hc_timings_fini(struct hc_timings *t);
/* `timing` with host, address and marks of its exchange.  A timing that does
 * not fit is dropped: the call matters more. */
void hc_timings_note(struct hc_timings *t, struct hc_timing *timing,
                     const struct hc_fetch *fetch, const char *host);

/* Calls of a refresh of credentials.  Several ops may wait for it, and exactly
 * one of them counts these calls. */
struct hc_tally {                        /* all zero but timings.alloc: empty */
    struct headcount_stats stats;
    struct hc_timings timings;
};
/* Moves all of it to an op's stats and timings; either may be NULL. */
void hc_tally_move(struct headcount_stats *stats, struct hc_timings *timings,
                   struct hc_tally *from);

#endif
