/* cli/verbs.h - one function a verb: the exit code is what it returns. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "options.h"

struct decide;

int verb_call(const struct options *o);
int verb_run(const struct options *o);
int verb_test(const struct options *o);
int verb_lambda(const struct options *o);
/* Tells Lambda that no invocation can be taken. */
void lambda_cannot(void);
/* plan, apply, handle, snapshot */
int verb_reconcile(const struct options *o);

/* SIGINT and SIGTERM end verbs_run; a closed pipe is an error of writing. */
void verbs_catch_interrupts(void);
/* The handle that these options describe; 0, or the exit code with the
 * complaint on stderr. */
int verbs_open(headcount **h, const struct options *o);
/* Runs the op to its end, or until SIGINT: then no new write, two seconds for
 * what is in flight.  What the op asks `decide` answers; NULL for an op that
 * asks nothing.  True if it was interrupted. */
bool verbs_run(headcount_op *op, struct decide *decide);
/* The exit code for a library code (call, discovery, configuration). */
int verbs_exit_code(int code);

/* A file, "-" or NULL for standard input, at most `max` bytes; the caller
 * frees *out.  0, or the exit code with the complaint on stderr. */
int verbs_read_input(const char *path, size_t max, char **out, size_t *n);

#endif
