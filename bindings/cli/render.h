/* cli/render.h - the only printing of reports: plan text and waterfall. */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdio.h>

#include "headcount.h"

/* One line a service, clusters as headings, the summary last. */
void render_plan(FILE *out, const struct headcount_outcome *outcome,
                 bool dry_run);
/* The calls of the op as a waterfall by phase. */
void render_timings(FILE *out, const struct headcount_outcome *outcome);

#endif
