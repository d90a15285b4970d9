/* cli/table.h - the rows of a report: a line each for a pipe, and for a
 * terminal one aligned table with a head.
 *
 *     CLUSTER  SERVICE  NOW -> WANT  DELTA  HOSTS  WHY
 *   ~ prod     web        1 -> 3        +2      3  1 task on each host
 *   ! edge     agent      4 -> 0        -4      0  held zero: the cluster looks
 *       empty, ...; to let it pass: --allow zero --service agent
 *   ~ change  ! held
 *
 *   ~ prod  web  1 -> 3  +2  3 active hosts  pending: 1 task on each host
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdio.h>

#include "look.h"

/* `rows` are lines of TABLE_CELLS cells with a tab between two: sign, cluster,
 * service, count now, count wanted ("" if it is the same), delta, hosts, the
 * outcome and its code, the reason, and the way out, which continues the
 * reason.  Their texts cannot steer a terminal.  On a terminal a failure that
 * was said before is "as" in the cluster that said it. */
#define TABLE_CELLS 10
void table_put(FILE *out, const char *rows, const struct look *look);

#endif
