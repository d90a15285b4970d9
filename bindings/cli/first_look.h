/* cli/first_look.h - the report of `plan --policy distinct` for people: one
 * aligned table per account and region, and what adopts the services that were
 * found.
 */
#ifndef CLI_FIRST_LOOK_H
#define CLI_FIRST_LOOK_H

#include <stdbool.h>
#include <stdio.h>

#include "headcount.h"

struct first_look_row {
    char *service, *class, *why;
    int64_t desired, hosts;       /* or HEADCOUNT_UNKNOWN                     */
    bool adopted;
};

struct first_look_cluster {
    char *name, *arn, *error;     /* name NULL: not looked at; error may be
                                     NULL                                     */
    struct first_look_row *rows;
    size_t rows_n, listed;
};

struct first_look {               /* all zero: empty                          */
    struct first_look_cluster *clusters;      /* by the place where they were
                                                 found                        */
    size_t n;
    bool lost;                    /* memory ran out: rows are missing         */
};

void first_look_note(struct first_look *l, size_t at,
                     const struct headcount_cluster *cluster);
/* `where`: clusters are in several regions or accounts, so tables have a
 * heading, and commands name ARNs. */
void first_look_render(FILE *out, const struct first_look *l, bool where);
void first_look_fini(struct first_look *l);

#endif
