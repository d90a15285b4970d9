/* base/log.h - one line of key=value to a sink its owner gave. */
#ifndef HC_BASE_LOG_H
#define HC_BASE_LOG_H

#include "base/str.h"
#include "headcount.h"

/* A line has no newline, no control character and no secret.  fn NULL = off. */
struct hc_log {
    enum headcount_log level;     /* lines above it are not made */
    void (*fn)(void *ud, int level, const char *line, size_t n);
    void *ud;
    void (*trace)(void *ud, const struct headcount_trace *trace);  /* or NULL */
};

bool hc_log_wants(const struct hc_log *log, enum headcount_log level);
/* fmt as hc_fmt; cut at 1 KiB. */
void hc_log_line(const struct hc_log *log, enum headcount_log level,
                 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
