/* cli/page/plan_page.h - a plan, or what was done, as one page: its sum, a row
 * for each service, the hosts of an explanation, and the calls.
 */
#ifndef CLI_PAGE_PLAN_PAGE_H
#define CLI_PAGE_PLAN_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "headcount.h"

/* The whole page of a run; `who` set the count, or NULL. */
void plan_page_put(FILE *out, const char *title,
                   const struct headcount_outcome *outcome, const char *who);

/* That of a sweep: its head, the rows of each part, in the order of the parts,
 * and what stands below them.  `where`: region and account stand behind the
 * name of a cluster. */
void plan_page_begin(FILE *out, const char *title,
                     const struct headcount_outcome *outcome, bool dry_run,
                     size_t braked);
void plan_page_rows(FILE *out, const struct headcount_outcome *part,
                    bool where);
void plan_page_end(FILE *out, const struct headcount_outcome *outcome,
                   const char *who);

#endif
