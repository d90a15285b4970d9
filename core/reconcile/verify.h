/* reconcile/verify.h - a look at the hosts after a write (config.verify).
 *
 * Two headcounts may act on one cluster at once: the one with the newer facts
 * finds nothing to write and is done, and the older count of the other lands
 * after it.  So a run that wrote lists the hosts once more, and goes on if
 * another count follows.  The run that writes last then looks last, and no
 * count stays that is not the hosts'.
 */
#ifndef HC_RECONCILE_VERIFY_H
#define HC_RECONCILE_VERIFY_H

#include "reconcile/run.h"

/* The write of the wish at hand was answered well. */
void hc_verify_wrote(struct hc_run *r, int64_t now);
/* All wishes are settled.  1: those that were written are open again, from the
 * first pass on, and no host is known; 0: none was; HEADCOUNT_ENOMEM. */
int hc_verify_begin(struct hc_run *r);
/* The policy's wishes for that look, which the facts of their services find
 * (`again`); hc_verify_unanswered: the policy gave none, and every wish that is
 * open fails. */
void hc_verify_wishes(struct hc_run *r, const struct hc_wish *wishes);
void hc_verify_unanswered(struct hc_run *r, const char *code,
                          const char *what);
/* The wish at hand was looked at again, and its hosts call for the count that
 * they called for when it was written: it is settled as it was.  False: it is
 * no such wish, or they call for another count. */
bool hc_verify_agrees(struct hc_run *r);

#endif
