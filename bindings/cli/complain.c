/* cli/complain.c - see complain.h. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

static char line[2048];

const char *complaint(void)
{
    return line;
}

void complain(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    log_sentence(LOG_ERROR, "headcount: ", line, strlen(line));
}
