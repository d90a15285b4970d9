/* cli/meant.h - `plan prod web`: a name that is no cluster may be meant as a
 * service's. */
#ifndef CLI_MEANT_H
#define CLI_MEANT_H

#include <stdbool.h>

#include "headcount.h"
#include "options.h"

/* The typed names that were found, in all regions and accounts. */
struct meant {                     /* all zero: nothing is known yet */
    bool any;                      /* some cluster was read          */
    bool found[OPTIONS_LIST_MAX];  /* by place in options.args       */
    bool lost[OPTIONS_LIST_MAX];
};

void meant_note(struct meant *m, const struct options *o,
                const struct headcount_cluster *cluster);
/* Where a cluster was read: a line for each name that no place has as a
 * cluster. */
void meant_complain(const struct meant *m, const struct options *o);
/* No service is named at all: the exit code. */
int meant_no_service(const struct options *o);

#endif
