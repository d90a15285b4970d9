/* ecs/query.h - the cluster query language: does a host match an expression,
 * as ListContainerInstances (`filter`) and memberOf would say.
 *
 * Three things only ECS can tell: what text a pattern takes (=~ matches, !~
 * not_matches: its regular expressions are Java's), which tasks run on a host
 * (task:group), and how it orders an agent whose version is no numbers.  An
 * expression with such a term has no answer here, whatever stands around it.
 */
#ifndef HC_ECS_QUERY_H
#define HC_ECS_QUERY_H

#include "ecs/ops.h"

#define HC_QUERY_NESTED 64            /* brackets in brackets */

/* 0, or HEADCOUNT_ESYNTAX (what is wrong at which byte, the first being 0),
 * HEADCOUNT_ELIMIT (nested too deep) or HEADCOUNT_ECONFIG: it cannot be
 * answered here; which term. */
int hc_query_check(struct hc_str expr, struct headcount_error *e);
/* 1: the host matches, 0: it does not, or the same errors.  The host has to
 * have been read in full: its attributes are asked.  An attribute that it
 * does not have matches the opposites (!= !in !exists) and nothing else. */
int hc_query_matches(struct hc_str expr, const struct hc_ecs_host *host,
                     struct headcount_error *e);

#endif
