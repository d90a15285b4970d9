/* cli/verbs/verbs.h - a function for each verb, which returns the exit code. */
#ifndef CLI_VERBS_VERBS_H
#define CLI_VERBS_VERBS_H

#include "options.h"

struct policy_option;

#define VERB_FUNCTION(NAME, name, function, ...) \
    int function(const struct options *o);
VERBS(VERB_FUNCTION)
#undef VERB_FUNCTION
/* How Lambda wants its log; `debug` as the option. */
void lambda_begin_log(bool debug);
/* Tells Lambda that no invocation can be taken. */
void lambda_cannot(void);

/* SIGINT and SIGTERM end verbs_run, and reads, writes and opens that wait.  The
 * process is over a second later, whatever it does; while calls are in flight,
 * ten seconds later.  A second signal ends it at once.  A closed pipe is an
 * error of writing. */
void verbs_catch_interrupts(void);
/* Has SIGINT and SIGTERM wait until the handler of this signal is over. */
void verbs_catch(int sig, void (*handler)(int));
/* From now on calls are in flight, or not; verbs_run says it by itself. */
void verbs_calls(bool in_flight);
/* For a verb's own handler of these signals: it may be called there, and does
 * not return from the second one. */
void verbs_note_interrupt(void);
/* At the end: what is left of the log, as far as somebody reads it.  A person
 * who looks at it page by page is waited for, until a signal; a worker's log
 * for two seconds. */
void verbs_tell(bool patient);
bool verbs_interrupted(void);
/* The handle that these options describe; 0, or the exit code with the
 * complaint on stderr. */
int verbs_open(headcount **h, const struct options *o);
/* The same without the complaint: 0, or the library's code with *error. */
int verbs_try(headcount **h, const struct options *o,
              struct headcount_error *error);
/* The same as verbs_open for a handle that lacks these. */
enum { VERBS_NO_KEEP_ALIVE = 1, VERBS_NO_RESUMPTION = 2,
       VERBS_NO_DNS_CACHE = 4, VERBS_NO_RETRY = 8 };
int verbs_open_without(headcount **h, const struct options *o,
                       unsigned without);
/* None of the records is an event. */
bool verbs_has_no_event(const struct headcount_outcome *outcome);
/* Runs the op to its end, or until SIGINT: then no new write, two seconds for
 * what is in flight.  `decide` answers the op's questions; NULL for an op that
 * asks none.  True if it was interrupted. */
bool verbs_run(headcount_op *op, struct policy_option *decide);
/* The same for a sweep, or any op: what is told of it meanwhile. */
struct verbs_parts {
    void *ud;
    void (*part)(void *ud,
                 headcount_op *op); /* headcount_sweep_cluster, const */
    void (*tick)(void *ud, headcount_op *op);   /* NULL, or a few times a
                                                   second */
};
bool verbs_run_parts(headcount_op *op, struct policy_option *decide,
                     const struct verbs_parts *parts);
/* Targets that failed: a service that no cluster of a sweep has is none. */
size_t verbs_targets_failed(const struct headcount_outcome *outcome);
/* The exit code for what came of clusters. */
int verbs_outcome_code(const struct options *o,
                       const struct headcount_outcome *outcome);
/* The exit code for a library code (call, discovery, configuration). */
int verbs_exit_code(int code);

/* A file, "-" or NULL for standard input, at most `max` bytes; the caller
 * frees *out.  0, or the exit code with the complaint on stderr.  A pipe is
 * waited for until a signal comes: EXIT_INTERRUPTED, without a complaint. */
int verbs_read_input(const char *path, size_t max, char **out, size_t *n);
/* A JSON argument of a verb: @FILE and - become what they hold, which the
 * caller frees (*owned).  0, or as verbs_read_input. */
int verbs_read_body(const char **body, size_t *n, char **owned);
/* A line of standard input without its end, cut to fit.  False: there is none,
 * or a signal came. */
bool verbs_read_line(char *to, size_t size);

#endif
