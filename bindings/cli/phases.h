/* cli/phases.h - the times of one attempt as spans, for pictures and sums. */
#ifndef CLI_PHASES_H
#define CLI_PHASES_H

#include "headcount.h"

enum phase { PHASE_LINE, PHASE_DNS, PHASE_CONNECT, PHASE_TLS, PHASE_SEND,
             PHASE_WAIT, PHASE_RECEIVE, PHASES };

/* "line", "dns", ...; static text. */
const char *phase_name(enum phase phase);

/* Monotonic us; both 0: it did not happen. */
struct phase_span {
    int64_t from, to;
};

/* One after the other, within `start` and `end`.  A phase in which the attempt
 * failed goes on to its end.  A tunnel of a proxy is part of PHASE_CONNECT. */
void phases_get(struct phase_span to[static PHASES],
                const struct headcount_timing *timing);

#endif
