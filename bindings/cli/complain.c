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

static void say_line(enum log_level level, char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    log_sentence(level, "headcount: ", text, strlen(text));
}

void complain(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    say_line(LOG_ERROR, line);
}

void warn(const char *fmt, ...)
{
    char text[sizeof line];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say_line(LOG_WARN, text);
}
