/* cli/look.c - see look.h. */
#include "look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"

#define COLUMNS 80                /* of a terminal that does not say it */
#define COLUMNS_MOST 10000

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value != '\0';
}

static size_t columns_of(int fd)
{
    const char *said = getenv("COLUMNS");
    long columns = said ? strtol(said, NULL, 10) : 0;
    struct winsize size = { .ws_col = 0 };

    if (columns <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    return columns > 0 && columns < COLUMNS_MOST ? (size_t)columns : COLUMNS;
}

struct look look_at_stdout(const struct options *o)
{
    struct look l = { .terminal = isatty(STDOUT_FILENO),
                      .verbose = o->verbose };
    const char *kind = getenv("TERM");

    l.colour = o->colours == OPTIONS_AUTO
                   ? l.terminal && !is_set("NO_COLOR") &&
                         !(kind && strcmp(kind, "dumb") == 0)
                   : o->colours == OPTIONS_ALWAYS;
    if (l.terminal)
        l.columns = columns_of(STDOUT_FILENO);
    return l;
}
