/* cli/render.h - reports for people: their rows and the lines below. */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdio.h>

#include "options.h"

/* A row a service (table.h), then the end.  `o` says how it looks; NULL: as for
 * a pipe. */
void render_plan(FILE *out, const struct options *o,
                 const struct headcount_outcome *outcome, bool dry_run);
/* The rows of one cluster of a sweep, for table_put: what is not as it should
 * be, or `all`.  `where`: with region and account. */
void render_rows(FILE *out, const struct headcount_outcome *part, bool where,
                 bool all);
/* The summary, what the brake holds and, on a terminal, the command that comes
 * next. */
void render_end(FILE *out, const struct options *o,
                const struct headcount_outcome *outcome, bool dry_run,
                size_t braked);
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
