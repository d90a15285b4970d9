/* tests/base/log_test.c - levels, and lines that stay one line. */
#include "t.h"

#include <string.h>

#include "base/log.h"

struct sink {
    int lines, level;
    size_t n;
    char line[2000];
};

static void keep(void *ud, int level, const char *line, size_t n)
{
    struct sink *s = ud;

    s->lines++;
    s->level = level;
    s->n = n;
    memcpy(s->line, line, n);
    s->line[n] = '\0';
}

TEST(log, lines_above_the_level_are_not_made)
{
    struct sink s = { 0 };
    struct hc_log log = { .level = HEADCOUNT_LOG_WARN, .fn = keep, .ud = &s };

    CHECK(hc_log_wants(&log, HEADCOUNT_LOG_ERROR));
    CHECK(hc_log_wants(&log, HEADCOUNT_LOG_WARN));
    CHECK(!hc_log_wants(&log, HEADCOUNT_LOG_INFO));
    hc_log_line(&log, HEADCOUNT_LOG_INFO, "no");
    CHECK_INT(s.lines, 0);
    hc_log_line(&log, HEADCOUNT_LOG_WARN, "cluster=%s hosts=%d", "prod", 3);
    CHECK_INT(s.lines, 1);
    CHECK_INT(s.level, HEADCOUNT_LOG_WARN);
    CHECK_Z(s.line, "cluster=prod hosts=3");
    CHECK_INT(s.n, strlen(s.line));
}

TEST(log, no_sink_is_off)
{
    struct hc_log off = { .level = HEADCOUNT_LOG_DEBUG };

    CHECK(!hc_log_wants(NULL, HEADCOUNT_LOG_ERROR));
    CHECK(!hc_log_wants(&off, HEADCOUNT_LOG_ERROR));
    hc_log_line(NULL, HEADCOUNT_LOG_ERROR, "x");
    hc_log_line(&off, HEADCOUNT_LOG_ERROR, "x");
}

TEST(log, a_line_is_one_line)
{
    struct sink s = { 0 };
    struct hc_log log = { .level = HEADCOUNT_LOG_DEBUG, .fn = keep,
                          .ud = &s };

    hc_log_line(&log, HEADCOUNT_LOG_DEBUG, "a\nb=%s\t", "c\r\nd\x1b[0m\x7f");
    CHECK_Z(s.line, "a?b=c??d?[0m??");
}

TEST(log, a_long_line_is_cut_at_one_kib)
{
    struct sink s = { 0 };
    struct hc_log log = { .level = HEADCOUNT_LOG_DEBUG, .fn = keep,
                          .ud = &s };
    char big[3000];

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    hc_log_line(&log, HEADCOUNT_LOG_INFO, "%s", big);
    CHECK_INT(s.n, 1024);
}
