/* cli/help.h - what `help` prints. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "options.h"

/* The short usage of `headcount` alone, on stderr: how to begin. */
void help_print_short(void);

#endif
