/* cli/next_step.h - the command that does what a plan shows. */
#ifndef CLI_NEXT_STEP_H
#define CLI_NEXT_STEP_H

#include <stdio.h>

#include "options.h"

/* "Next: headcount apply ..." with the words that were typed for the plan; or
 * nothing, where no apply takes them. */
void next_step_put(FILE *out, const struct options *o);

#endif
