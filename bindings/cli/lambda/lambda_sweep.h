/* cli/lambda/lambda_sweep.h - the sweep that a schedule without clusters asks
 * for, in an invocation. */
#ifndef CLI_LAMBDA_LAMBDA_SWEEP_H
#define CLI_LAMBDA_LAMBDA_SWEEP_H

#include "cluster_tags.h"
#include "policy_option.h"

struct lambda_sweep {
    bool is_said;                       /* one is configured                 */
    struct headcount_reconcile each;
    struct headcount_sweep sweep;
    struct cluster_tags tags;
};

/* The outcome of one sweep. */
struct lambda_swept {
    headcount_op *op;                   /* done, or NULL: no memory          */
    char first[700];                    /* the first that failed, a sentence */
    int64_t unplaced, braked, placeable;     /* of emf.h                     */
    bool interrupted;
};

/* As `like` has it, of the clusters that the options say.  0, or the exit code
 * with the complaint on stderr.  Always close. */
int lambda_sweep_open(struct lambda_sweep *s, const struct options *o,
                      const struct headcount_reconcile *like);
/* It can be begun; 0, or the exit code with the complaint on stderr. */
int lambda_sweep_check(const struct lambda_sweep *s, headcount *h);
void lambda_sweep_close(struct lambda_sweep *s);

/* Does the event (or a record of it) ask for the sweep?  *wrapped: there are
 * records. */
bool lambda_sweep_is_asked(const void *event, size_t n, bool *wrapped);
/* The reports of clusters where something was not as it should be are lines of
 * the log.  End swept->op. */
void lambda_sweep_run(const struct lambda_sweep *s, headcount *h,
                      struct policy_option *decide, int64_t timeout,
                      struct lambda_swept *swept);

/* "web of prod: reason" of the first target that failed, if one did. */
void lambda_first_failure(const struct headcount_outcome *o, char *out,
                          size_t size);

#endif
