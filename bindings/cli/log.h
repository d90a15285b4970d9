/* cli/log.h - what the process says while it works: a line each on stderr, as
 * text or as one JSON object.
 *
 *     {"timestamp":"2026-11-28T15:00:00.123Z","level":"INFO",
 *      "requestId":"...","message":"..."}        of a sentence
 *     {"timestamp":...,"level":...,"requestId":..., members}   of an object
 *
 * Until log_begin everything is said, as text.
 *
 * Nothing here waits for the reader of stderr (see lines.h): what does not fit
 * leaves with log_turn, and lines that are lost are counted and said.
 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum log_format { LOG_TEXT, LOG_JSON };
enum log_level { LOG_ALL, LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR,
                 LOG_FATAL };

/* Nothing below `least` is said from now on. */
void log_begin(enum log_format format, enum log_level least);
/* Lines from now on belong to this request (Lambda's invocation, a message of a
 * queue); borrowed until the next call; NULL: to none. */
void log_request(const char *id);

/* "warn", in any case; LOG_ALL for NULL and "", LOG_INFO for what is none. */
enum log_level log_level_of(const char *name);
/* The level of the library's lines (enum headcount_log) that `least` lets
 * through. */
int log_library_level(void);

/* As text: `before` and then the text. */
void log_sentence(enum log_level level, const char *before, const char *text,
                  size_t n);
/* A whole JSON object, which has none of the members above. */
void log_object(enum log_level level, const char *json, size_t n);
/* For struct headcount_system: a write is INFO, a hold WARN. */
void log_library_line(void *ud, int level, const char *line, size_t n);
void log_audit_line(void *ud, const char *line, size_t n);
/* The output of a script, unchanged, at level INFO. */
void log_print(const char *text, size_t n);
/* Lines of a report, as they stand. */
void log_text(const char *text, size_t n);
/* To print such lines to; NULL: no memory, they are lost. */
struct log_page { char *text; size_t n; };
FILE *log_page_open(struct log_page *page);
void log_page_close(struct log_page *page, FILE *out);
/* Progress on a terminal, now or never: it stands in the last line until the
 * next one, or a line of the log, takes its place; "" erases it. */
void log_draw(const char *text);

/* Writes what waits, as far as there is room; true if nothing waits. */
bool log_turn(void);
/* The same after waiting for room; a signal ends the wait. */
bool log_wait(int milliseconds);
/* Nothing is written any more: gives back what the log has opened. */
void log_end(void);
/* Lines that were lost since the program began. */
uint64_t log_lost(void);

#endif
