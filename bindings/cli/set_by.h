/* cli/set_by.h - explain --who: the last UpdateService call that set the count
 * of a service, as CloudTrail tells of it.
 *
 * CloudTrail keeps 90 days and is some minutes late.  At most two pages of 50
 * calls of the region are read.  No other member of a record is kept: some hold
 * ids of access keys.
 */
#ifndef CLI_SET_BY_H
#define CLI_SET_BY_H

#include <stdio.h>

#include "options.h"

struct set_by {
    char time[40];                   /* "2026-11-30T14:02:11Z"; "": nobody    */
    char user[160], arn[400], source[100], agent[100];
    long long count;
    char why[400];                   /* then: why nobody is known            */
};

/* Asks for the service (a name or an ARN) in this cluster (an ARN). */
void set_by_find(struct set_by *by, headcount *h, const struct options *o,
                 const char *cluster, const char *service);
void set_by_put(FILE *out, const struct set_by *by);
/* ,"set_by":{...},"set_by_unknown":null */
void set_by_put_json(FILE *out, const struct set_by *by);

#endif
