/* reconcile/audit.h - one JSON line for each write, and for each hold when it
 * starts, changes or ends:
 *
 *   {"time":"...","event":"write","outcome":"updated","code":"", ...}
 *   {"time":"...","event":"hold_started","outcome":"held","code":"zero", ...}
 */
#ifndef HC_RECONCILE_AUDIT_H
#define HC_RECONCILE_AUDIT_H

#include "reconcile/run.h"

/* Writes the lines of the wish at hand, which was just settled. */
void hc_audit(struct hc_run *r);

#endif
