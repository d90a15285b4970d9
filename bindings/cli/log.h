/* cli/log.h - what the process says while it works: a line each on stderr, as
 * text or as one JSON object.
 *
 *     {"timestamp":"2026-11-28T15:00:00.123Z","level":"INFO",
 *      "requestId":"...","message":"..."}        of a sentence
 *     {"timestamp":...,"level":...,"requestId":..., members}   of an object
 *
 * Until log_begin everything is said, as text.
 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stddef.h>

enum log_format { LOG_TEXT, LOG_JSON };
enum log_level { LOG_ALL, LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR,
                 LOG_FATAL };

/* Nothing below `least` is said from now on. */
void log_begin(enum log_format format, enum log_level least);
/* What is said from now on is said of this request (of Lambda's invocation, of
 * a queue's message); borrowed until the next; NULL: of none. */
void log_request(const char *id);

/* "warn", in any case; LOG_ALL for NULL and "", LOG_INFO for what is none. */
enum log_level log_level_of(const char *name);
/* Of the library's lines (enum headcount_log): what `least` lets through. */
int log_library_level(void);

/* As text: `before` and then the text. */
void log_sentence(enum log_level level, const char *before, const char *text,
                  size_t n);
/* A whole JSON object, which has none of the members above. */
void log_object(enum log_level level, const char *json, size_t n);
/* For struct headcount_system: a write is INFO, a hold WARN. */
void log_library_line(void *ud, int level, const char *line, size_t n);
void log_audit_line(void *ud, const char *line, size_t n);

#endif
