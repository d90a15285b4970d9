/* cli/reason.h - the reason of a service beside its counts: what another
 * column says is left out. */
#ifndef CLI_REASON_H
#define CLI_REASON_H

#include <stdio.h>

#include "headcount.h"

/* "1 task on each host where attribute:tier == web" for "1 task on each of 9
 * active hosts that match the filter"; of a hold, why it is held. */
void reason_put(FILE *out, const struct headcount_service *service);

#endif
