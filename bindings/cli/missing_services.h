/* cli/missing_services.h - services that are in none of a sweep's clusters:
 * one that is in some of them is missing in the others on purpose. */
#ifndef CLI_MISSING_SERVICES_H
#define CLI_MISSING_SERVICES_H

#include <stdbool.h>
#include <stdio.h>

#include "headcount.h"

struct missing_name {
    char *name;
    size_t clusters;               /* in which it is missing */
    bool found;                    /* in another one         */
};

struct missing_services {                   /* all zero: empty */
    struct missing_name *names;
    size_t n;
};

/* Some cluster has a service of this name (n bytes). */
void missing_services_found(struct missing_services *m, const char *name,
                            size_t n);
/* Each service that no cluster has is near to one that was found. */
bool missing_services_has_nearest(const struct missing_services *m,
                         const struct headcount_outcome *o);
void missing_services_note(struct missing_services *m,
                           const struct headcount_cluster *cluster);
/* The run's own failure, on stderr: a line for each service that none of its
 * clusters has, with the nearest name that was noted; m may be all zero. */
void missing_services_complain(const struct missing_services *m,
                      const struct headcount_outcome *o);
/* A line each for the others that were found nowhere, with the nearest name
 * that was: a policy asked for them, or a cluster was not looked at. */
void missing_services_render(const struct missing_services *m,
                             const struct headcount_outcome *o, FILE *out);
void missing_services_fini(struct missing_services *m);

#endif
