/* tests/cli/watch/fake_ops.h - the calls of the library that begin, ask and end
 * ops, as a list that the test reads and answers; and complain(), as a text.
 *
 * A program that links this never opens a socket and never looks at a clock.
 */
#ifndef TESTS_CLI_WATCH_FAKE_OPS_H
#define TESTS_CLI_WATCH_FAKE_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "headcount.h"

enum fake_kind { FAKE_CALL, FAKE_RECONCILE, FAKE_SWEEP };

/* What the request held when the op began, and what was done to the op. */
struct headcount_op {
    enum fake_kind kind;
    enum headcount_state state;
    struct headcount_outcome outcome;    /* the test's to fill               */
    const struct headcount_outcome *part;      /* of a sweep                 */
    char operation[40], region[40], role[80], cluster[80];
    char body[4096];                     /* of a call; the event             */
    bool drop_duplicates;
    int cancelled, drained, resumed;
    bool freed;
};

enum { FAKE_OPS = 200 };

struct fake_ops {
    struct headcount_op ops[FAKE_OPS];   /* in the order that they began     */
    size_t n;
    bool refuses;                        /* no op begins                     */
    char told[8192];                     /* complaints, each ends a line     */
};

/* The one that the calls use; empty again after fake_ops_reset. */
extern struct fake_ops fake_ops;
void fake_ops_reset(void);

/* The newest op that is not freed and has this operation; the test fails if
 * there is none. */
headcount_op *fake_ops_call(const char *operation);
/* The same by the cluster's name. */
headcount_op *fake_ops_reconcile(const char *cluster);
size_t fake_ops_live(enum fake_kind kind);
/* The op is over, and this is its outcome. */
void fake_ops_end(headcount_op *op, const struct headcount_outcome *outcome);
/* What was complained of since the last call of this. */
const char *fake_ops_told(void);

#endif
