/* cli/log.c - what the process says while it works. */
#include "log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "headcount.h"
#include "json_text.h"
#include "lines.h"
#include "plain.h"

#define LOG_PLAIN 8192                 /* bytes of a line of text */

/* There is one stderr: how it is written is the process's, as it is. */
static enum log_format log_format;
static enum log_level log_least;
static const char *log_request_id;
static bool log_drawn;                 /* progress stands on the terminal */

static const char *const names[] = { "ALL", "TRACE", "DEBUG", "INFO", "WARN",
                                     "ERROR", "FATAL" };

void log_begin(enum log_format format, enum log_level least)
{
    log_format = format;
    log_least = least;
}

void log_request(const char *id)
{
    log_request_id = id;
}

enum log_level log_level_of(const char *name)
{
    if (!name || *name == '\0')
        return LOG_ALL;
    for (int i = LOG_TRACE; i <= LOG_FATAL; i++)
        if (strcasecmp(name, names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

int log_library_level(void)
{
    switch (log_least) {
    case LOG_TRACE:
    case LOG_DEBUG:
        return HEADCOUNT_LOG_DEBUG;
    case LOG_INFO:
        return HEADCOUNT_LOG_INFO;
    case LOG_ALL:
    case LOG_WARN:
        return HEADCOUNT_LOG_WARN;
    case LOG_ERROR:
    case LOG_FATAL:
        break;
    }
    return HEADCOUNT_LOG_ERROR;
}

static void put_head(FILE *out, enum log_level level)
{
    char now[HC_RFC3339 + 1];

    hc_time_rfc3339(now, hc_clock_wall());
    fprintf(out, "{\"timestamp\":\"%s\",\"level\":\"%s\"", now,
            names[level]);
    if (log_request_id) {
        fputc(',', out);
        json_text_member(out, "requestId", log_request_id);
    }
}

static void put_sentence(FILE *out, enum log_level level, const char *text,
                         size_t n)
{
    put_head(out, level);
    fputs(",\"message\":\"", out);
    json_text_put(out, text, n);
    fputs("\"}", out);
}

static void put_object(FILE *out, enum log_level level, const char *json,
                       size_t n)
{
    put_head(out, level);
    if (n > 2) {                            /* not {} */
        fputc(',', out);
        fwrite(json + 1, 1, n - 1, out);
    } else {
        fputc('}', out);
    }
}

typedef void put_line(FILE *out, enum log_level level, const char *text,
                      size_t n);

static struct lines *all_lines(void)
{
    static struct lines lines;

    if (!lines.bytes)
        lines_init(&lines, STDERR_FILENO);
    return &lines;
}

/* Without memory for its head a line is better than nothing. */
static void say(put_line *put, enum lines_kind kind, enum log_level level,
                const char *text, size_t n)
{
    char *line = NULL;
    size_t line_n = 0;
    FILE *out = open_memstream(&line, &line_n);

    if (out)
        put(out, level, text, n);
    if (out && fclose(out) == 0)
        lines_put(all_lines(), kind, "", line, line_n);
    else
        lines_put(all_lines(), kind, "", text, n);
    free(line);
}

void log_draw(const char *text)
{
    static const char erase[] = "\r\033[K";

    if (!log_drawn && *text == '\0')
        return;
    lines_draw(all_lines(), erase, sizeof erase - 1);
    lines_draw(all_lines(), text, strlen(text));
    log_drawn = *text != '\0';
}

/* Says how many lines were lost, once there is room again.  If this sentence is
 * lost too, it is not counted: the next one says the same number.  Lines that
 * waited before it, and are lost meanwhile, are counted. */
static void say_lost(void)
{
    struct lines *l = all_lines();
    uint64_t *lost = l->lost, ever;
    char text[160];
    int n;

    if (lost[LINES_AUDIT] + lost[LINES_TEXT] == 0)
        return;
    lines_flush(l);
    if (l->n - l->at > LINES_MAX_TEXT / 2)  /* one sentence for many */
        return;
    n = snprintf(text, sizeof text, "%" PRIu64 " lines of this log were lost, "
                 "%" PRIu64 " of them of the audit: standard error was full",
                 lost[LINES_AUDIT] + lost[LINES_TEXT], lost[LINES_AUDIT]);
    ever = l->lost_ever;
    if (log_format == LOG_JSON)
        say(put_sentence, LINES_AUDIT, LOG_ERROR, text, (size_t)n);
    else
        lines_put(l, LINES_AUDIT, "headcount: ", text, (size_t)n);
    if (l->lost_ever == ever) {
        lost[LINES_AUDIT] = lost[LINES_TEXT] = 0;
    } else {
        lost[LINES_AUDIT]--;
        l->lost_ever--;
    }
}

/* The library names its own members, config.region: a copy with the options of
 * the command line, or NULL without memory. */
static char *copy_with_options(const char *text, size_t *n)
{
    char *copy = malloc(*n + 1);

    if (copy)
        *n = plain_report(copy, text, *n);
    return copy;
}

static void say_json(put_line *put, enum lines_kind kind, enum log_level level,
                     const char *text, size_t n)
{
    char *copy = copy_with_options(text, &n);

    say(put, kind, level, copy ? copy : text, n);
    free(copy);
}

void log_sentence(enum log_level level, const char *before, const char *text,
                  size_t n)
{
    char plain[LOG_PLAIN];

    if (level < log_least)
        return;
    log_draw("");
    say_lost();
    if (log_format != LOG_JSON) {
        n = plain_copy(plain, sizeof plain, text, n);
        text = plain;
    }
    if (log_format == LOG_JSON)
        say_json(put_sentence, LINES_TEXT, level, text, n);
    else
        lines_put(all_lines(), LINES_TEXT, before, text, n);
}

void log_print(const char *text, size_t n)
{
    if (LOG_INFO < log_least)
        return;
    if (log_format == LOG_JSON)
        say(put_sentence, LINES_TEXT, LOG_INFO, text, n);
    else
        log_text(n > 0 ? text : "\n", n > 0 ? n : 1);
}

static void put_in(enum lines_kind kind, enum log_level level,
                   const char *json, size_t n)
{
    if (level < log_least)
        return;
    log_draw("");
    say_lost();
    if (log_format == LOG_JSON) {
        say_json(put_object, kind, level, json, n);
        return;
    }
    char *copy = copy_with_options(json, &n);

    lines_put(all_lines(), kind, "", copy ? copy : json, n);
    free(copy);
}

void log_object(enum log_level level, const char *json, size_t n)
{
    put_in(LINES_TEXT, level, json, n);
}

void log_text(const char *text, size_t n)
{
    log_draw("");
    say_lost();
    for (size_t at = 0, end; at < n; at = end + 1) {
        const char *stop = memchr(text + at, '\n', n - at);

        end = stop ? (size_t)(stop - text) : n;
        lines_put(all_lines(), LINES_TEXT, "", text + at, end - at);
    }
}

FILE *log_page_open(struct log_page *page)
{
    page->text = NULL;
    return open_memstream(&page->text, &page->n);
}

void log_page_close(struct log_page *page, FILE *out)
{
    if (out && fclose(out) == 0)
        log_text(page->text, page->n);
    free(page->text);
}

bool log_turn(void)
{
    say_lost();
    return lines_flush(all_lines());
}

bool log_wait(int milliseconds)
{
    if (!lines_wait(all_lines(), milliseconds))
        return false;
    return log_turn();
}

uint64_t log_lost(void)
{
    return all_lines()->lost_ever;
}

void log_library_line(void *ud, int level, const char *line, size_t n)
{
    static const struct { enum log_level level; const char *before; } as[] = {
        [HEADCOUNT_LOG_ERROR] = { LOG_ERROR, "level=error " },
        [HEADCOUNT_LOG_WARN] = { LOG_WARN, "level=warn " },
        [HEADCOUNT_LOG_INFO] = { LOG_INFO, "level=info " },
        [HEADCOUNT_LOG_DEBUG] = { LOG_DEBUG, "level=debug " },
    };
    int at = level >= 0 && level <= HEADCOUNT_LOG_DEBUG ? level
                                                        : HEADCOUNT_LOG_DEBUG;

    (void)ud;
    log_sentence(as[at].level, as[at].before, line, n);
}

/* As the bytes stand only outside of a text: there its quotes are escaped. */
static bool is_write(const char *line, size_t n)
{
    static const char write[] = "\"event\":\"write\"";

    for (size_t i = 0; i + sizeof write - 1 <= n; i++)
        if (memcmp(line + i, write, sizeof write - 1) == 0)
            return true;
    return false;
}

void log_audit_line(void *ud, const char *line, size_t n)
{
    (void)ud;
    put_in(LINES_AUDIT, is_write(line, n) ? LOG_INFO : LOG_WARN, line, n);
}

void log_end(void)
{
    lines_fini(all_lines());
}
