/* lua/policy/printed.h - what a policy printed in one run, until it is known
 * that the run was the last one: a fact that is not known yet ends a run, and
 * the next run prints the same lines again. */
#ifndef LUA_POLICY_PRINTED_H
#define LUA_POLICY_PRINTED_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/sandbox.h"

#define PRINTED_MAX 4096            /* bytes of one run */

struct printed {
    char text[PRINTED_MAX];         /* lines, each with its line break       */
    size_t n;
    bool cut;                       /* the policy printed more than that     */
};

/* A line without its line break, and without control characters. */
typedef void printed_line(void *ud, const char *line, size_t n);

/* Gives the sandbox its `print`.  0, or -1: no memory. */
int printed_give(struct sandbox *s);
void printed_begin(struct printed *p);
/* Hands out each line, and a last one if the policy printed too much. */
void printed_end(const struct printed *p, printed_line *line, void *ud);

#endif
