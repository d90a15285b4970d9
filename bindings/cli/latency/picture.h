/* cli/latency/picture.h - the run as SVG: a mark for each call, its second on
 * the x axis and its milliseconds on the y axis; beside it, on the same y axis,
 * the same calls as a histogram of each series.
 *
 * A series has its colour and its form of mark, which are told apart without
 * colours, too.  The phases of a mark show while it has the pointer or the
 * focus, by CSS alone.  A call that failed is a cross; where it took longer
 * than all that succeeded it stands at the upper edge.
 */
#ifndef CLI_LATENCY_PICTURE_H
#define CLI_LATENCY_PICTURE_H

#include <stdio.h>

#include "latency/series.h"

/* CSS for both panels, for a page (page.h) that has them. */
extern const char picture_style[];
/* Two SVG elements for such a page. */
void picture_panels(FILE *out, const struct latency *l);
/* A file of its own. */
void picture_file(FILE *out, const struct latency *l);

#endif
