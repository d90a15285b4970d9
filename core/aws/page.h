/* aws/page.h - what a plain text or a page in HTML says, as one line.  Pure.
 *
 * A proxy, a load balancer or a container's agent answers these where a service
 * would answer JSON.
 */
#ifndef HC_AWS_PAGE_H
#define HC_AWS_PAGE_H

#include "base/str.h"

#define HC_PAGE_LINE 200           /* bytes of the line that are kept        */

/* The first line that says more than its HTTP status: without tags, entities
 * as the characters that they name, runs of blanks as one, a byte that a
 * terminal would not show as '?'.  "" if there is none, or if the body is no
 * text. */
void hc_page_line(char out[HC_PAGE_LINE + 1], struct hc_str body, int status);
/* "Error 503: no backend" to "no backend", "503 Service Unavailable" to "".
 * Borrowed from `line`. */
struct hc_str hc_page_without_status(struct hc_str line, int status);
/* "Service Unavailable"; "unknown status" for a number that HTTP does not
 * define. */
const char *hc_status_text(int status);

#endif
