/* cli/render.h - the only printing of reports: plan text. */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdio.h>

#include "headcount.h"

/* One line a service, clusters as headings, then the summary, and what the
 * brake holds. */
void render_plan(FILE *out, const struct headcount_outcome *outcome,
                 bool dry_run);
/* One cluster of a sweep: what is not as it should be, under its name (and
 * where it is), or nothing. */
void render_part(FILE *out, const struct headcount_outcome *part, bool where);
void render_summary(FILE *out, const struct headcount_outcome *outcome,
                    bool dry_run);
/* How many services were written and how many wait for another run, where the
 * brake holds some (render_braked counts them); else nothing. */
void render_brake(FILE *out, const struct headcount_outcome *outcome,
                  size_t braked, bool dry_run);
/* "; to let it pass: ..." of a hold that can pass: the words to type, or the
 * field for the rule of a policy, since --allow goes with --service and would
 * run another rule. */
void render_switch(FILE *out, const struct headcount_service *service);
/* Services whose write the brake on the run holds. */
bool render_is_braked(const struct headcount_service *service);
size_t render_braked(const struct headcount_outcome *outcome);
/* The service of this cluster above it that failed for the same reason, so that
 * the reason is said once; or NULL. */
const char *render_said_of(const struct headcount_cluster *cluster,
                           const struct headcount_service *service);
const char *render_word_of(enum headcount_result outcome);
/* "CODE: text", and the text does not say the code again. */
void render_why(FILE *out, const char *code, const char *text);
/* "prod", or, where a name may stand for several, with region and account:
 * "prod (eu-west-1, 123456789012)". */
void render_place(FILE *out, const struct headcount_cluster *cluster,
                  bool where);
/* Text that came from elsewhere: it cannot steer a terminal. */
void render_text(FILE *out, const char *text);
/* "3 calls, 1 connection, ..., 20.12 ms" and a line break. */
void render_stats(FILE *out, const struct headcount_outcome *outcome);
/* A plan that is no data, into the log. */
void render_plan_log(const struct headcount_outcome *outcome);

#endif
