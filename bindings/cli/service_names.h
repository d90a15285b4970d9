/* cli/service_names.h - the services that a cluster has, for a better message:
 * one page of ListServices, at best effort. */
#ifndef CLI_SERVICE_NAMES_H
#define CLI_SERVICE_NAMES_H

#include "missing_services.h"
#include "options.h"

/* Notes the names of at most 100 services of this cluster (a name or an ARN) as
 * found, so that a mistyped name has a nearest one.  `role` may be NULL.  A
 * call that fails, is denied or takes more than 5 seconds notes nothing. */
void service_names_note(headcount *h, const char *cluster,
                        const struct options *options,
                        struct missing_services *m);
/* The region of arn:PARTITION:ecs:REGION:..., or "" of a name. */
void service_names_region(const char *cluster, char region[64]);
/* Says on stderr which named services none of the run's clusters has, each with
 * the nearest name. */
void service_names_complain(headcount *h, const struct options *o,
                            const struct headcount_outcome *outcome);

#endif
