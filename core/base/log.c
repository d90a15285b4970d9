/* base/log.c - one clean line to a sink; nothing is made that nobody wants. */
#include "base/log.h"

#include "base/text.h"

#define LOG_LINE 1024

bool hc_log_wants(const struct hc_log *log, enum headcount_log level)
{
    return log != NULL && log->fn != NULL && level <= log->level;
}

void hc_log_line(const struct hc_log *log, enum headcount_log level,
                 const char *fmt, ...)
{
    char line[LOG_LINE + 1];
    va_list ap;

    if (!hc_log_wants(log, level))
        return;
    va_start(ap, fmt);

    size_t n = hc_vfmt(line, sizeof(line), fmt, ap);

    va_end(ap);
    /* The arguments are clean already; this is for a format with "\n". */
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = '?';
    log->fn(log->ud, (int)level, line, n);
}
