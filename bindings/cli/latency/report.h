/* cli/latency/report.h - what `latency` prints. */
#ifndef CLI_LATENCY_REPORT_H
#define CLI_LATENCY_REPORT_H

#include <stdio.h>

#include "latency/series.h"

/* As text, or as a page of HTML. */
void report_put(FILE *out, const struct latency *l, bool html);
/* headcount-latency(1) documents its form. */
void report_json(FILE *out, const struct latency *l);

#endif
