/* cli/waterfall.h - the attempts of an op, a row each, as bars on one scale. */
#ifndef CLI_WATERFALL_H
#define CLI_WATERFALL_H

#include <stdio.h>

#include "headcount.h"

/* For a terminal of so many columns; 0: for none, with the milliseconds of
 * each phase behind each row.  Rows name cluster and region if `places`, or if
 * not all of them have the same. */
void waterfall_put(FILE *out, const struct headcount_outcome *outcome,
                   bool places, size_t columns);
/* The same into the log, behind what stdout has. */
void waterfall_log(const struct headcount_outcome *outcome, bool places);

#endif
