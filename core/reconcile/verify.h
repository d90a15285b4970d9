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

#include "reconcile/reconcile.h"

/* The write of the wish at hand was answered well. */
void hc_verify_wrote(struct hc_reconcile *r, int64_t now);
/* All wishes are settled.  1: those that were written are looked at again;
 * 0: there are none; HEADCOUNT_ENOMEM. */
int hc_verify_begin(struct hc_reconcile *r, int64_t now);
/* The policy's wishes for that look; hc_verify_unanswered: it has none. */
void hc_verify_wishes(struct hc_reconcile *r, const struct hc_wish *wishes,
                      size_t n);
void hc_verify_unanswered(struct hc_reconcile *r, const char *code,
                          const char *what);
/* The wish at hand was written in this run already: another write of it puts
 * right a count of ours, and changes no further service. */
bool hc_verify_corrects(const struct hc_reconcile *r);
/* The wish at hand was looked at again and is as it was written: it is settled
 * as it was.  False: it is no such wish. */
bool hc_verify_agrees(struct hc_reconcile *r);

#endif
