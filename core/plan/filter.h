/* plan/filter.h - the filter that selects the hosts of a count: the service's
 * own memberOf expressions and the rule's `where`, in the text of the cluster
 * query language.
 *
 * One term is kept verbatim; several become "(a) and (b)", deduplicated and
 * sorted, so that equal filters are equal text and share one call.
 */
#ifndef HC_PLAN_FILTER_H
#define HC_PLAN_FILTER_H

#include "base/buf.h"
#include "base/err.h"

#define HC_FILTER_TERMS 16
#define HC_FILTER_BYTES 32768

struct hc_filter {
    size_t n;
    struct hc_str terms[HC_FILTER_TERMS];      /* borrowed, sorted */
};

/* 0, or HEADCOUNT_ESYNTAX (quotes or brackets that do not match, a control
 * character, empty) or HEADCOUNT_ELIMIT. */
int hc_filter_check(struct hc_str term, struct headcount_error *e);
/* Checks the term and adds it, unless the filter has it or it is blank. */
int hc_filter_add(struct hc_filter *f, struct hc_str term,
                  struct headcount_error *e);
void hc_filter_put(struct hc_buf *out, const struct hc_filter *f);
/* True if the hosts that match change with tasks or agents: the term names
 * task:group, runningTasksCount or agentConnected outside of quotes, in any
 * case. */
bool hc_filter_moves(struct hc_str term);

#endif
