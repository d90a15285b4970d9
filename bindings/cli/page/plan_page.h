/* cli/page/plan_page.h - a plan, or what was done, as one page: its sum, a row
 * for each service, the hosts of an explanation, and the calls.
 *
 *     plan_page_begin(out, &page, outcome);
 *     plan_page_rows(out, outcome, false);   of a sweep: each part's
 *     plan_page_rows_end(out, outcome);
 *     plan_page_hosts(out, service);         of an explanation
 *     plan_page_end(out, outcome);
 */
#ifndef CLI_PAGE_PLAN_PAGE_H
#define CLI_PAGE_PLAN_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "headcount.h"

struct plan_page {
    const char *title;
    int64_t now;                     /* microseconds since 1970              */
    size_t braked;                   /* services that wait for another run   */
    bool dry_run;
};

void plan_page_begin(FILE *out, const struct plan_page *page,
                     const struct headcount_outcome *outcome);
/* `where`: region and account stand behind the cluster's name. */
void plan_page_rows(FILE *out, const struct headcount_outcome *part,
                    bool where);
/* Services that no cluster has get the last rows. */
void plan_page_rows_end(FILE *out, const struct headcount_outcome *outcome);
void plan_page_hosts(FILE *out, const struct headcount_service *service);
void plan_page_end(FILE *out, const struct headcount_outcome *outcome);

#endif
