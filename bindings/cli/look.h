/* cli/look.h - how a report looks on standard output: on a terminal, of what
 * width, in colour, in full. */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>

struct options;

struct look {                     /* all zero: for a pipe                    */
    bool terminal, colour, verbose;
    size_t columns;               /* of a terminal                           */
};

/* --color beats NO_COLOR, and COLUMNS the width that the terminal has. */
struct look look_at_stdout(const struct options *o);

#endif
