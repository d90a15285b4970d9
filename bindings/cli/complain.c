/* cli/complain.c - see complain.h. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "plain.h"

static char line[2048];

const char *complaint(void)
{
    return line;
}

static void say_line(enum log_level level, char *text)
{
    size_t n = plain_copy(text, sizeof line - 1, text, strlen(text));

    text[n] = '\0';
    log_sentence(level, "headcount: ", text, n);
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
