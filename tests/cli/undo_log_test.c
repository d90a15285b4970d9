/* tests/cli/undo_log_test.c - what a log says of the writes in it. */
#include "undo_log.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

#define ARN(name) "arn:aws:ecs:eu-west-1:123456789012:cluster/" name
#define WRITE(minute, cluster, service, before, after)                     \
    "{\"time\":\"2026-11-30T02:" minute ":00.000Z\",\"cluster\":\""          \
    ARN(cluster) "\",\"event\":\"write\",\"service\":\"" service           \
    "\",\"before\":" #before ",\"after\":" #after ",\"by\":[{\"after\":9}]}"
#define MINUTE ((int64_t)60000000)
#define AT_TWO ((int64_t)1796004000000000)   /* 2026-11-30T02:00:00Z */

static struct headcount_system memory;

static int read_since(struct undo_log *l, const char *text, int64_t since)
{
    size_t n = strlen(text);

    memory = (struct headcount_system){ .size = sizeof memory,
                                        .ud = t_alloc()->ud,
                                        .alloc = t_alloc()->fn };
    return undo_log_read(l, t_guard(text, n), n, since, &memory);
}

/* "prod/web 1<-3, " of each row, and what was not read. */
static const char *rows(const char *text, int64_t since)
{
    static char said[1024];
    struct undo_log l;
    size_t at = 0;

    CHECK_INT(read_since(&l, text, since), 0);
    for (size_t i = 0; i < l.n; i++) {
        const struct undo_row *row = &l.rows[i];

        CHECK_INT(row->found, HEADCOUNT_UNKNOWN);
        at += (size_t)snprintf(said + at, sizeof said - at,
                               "%s/%s %lld<-%lld, ",
                               strrchr(row->cluster, '/') + 1, row->service,
                               (long long)row->before, (long long)row->after);
    }
    snprintf(said + at, sizeof said - at, "%zu, bad %zu at %zu", l.writes,
             l.bad, l.bad_line);
    undo_log_fini(&l);
    return said;
}

TEST(undo_log, a_service_goes_back_to_the_first_count)
{
    CHECK_Z(rows(WRITE("10", "prod", "web", 1, 3) "\n"
                 WRITE("11", "prod", "agent", 2, 4) "\n"
                 WRITE("12", "test", "web", 5, 6) "\n"
                 WRITE("13", "prod", "web", 3, 8) "\n", INT64_MIN),
            "prod/agent 2<-4, prod/web 1<-8, test/web 5<-6, 4, bad 0 at 0");
}

TEST(undo_log, lines_may_stand_in_any_order)
{
    CHECK_Z(rows(WRITE("13", "prod", "web", 3, 8) "\n"
                 WRITE("10", "prod", "web", 1, 3), INT64_MIN),
            "prod/web 1<-8, 2, bad 0 at 0");
    CHECK_Z(rows(WRITE("10", "prod", "web", 1, 3) "\n"     /* of one time */
                 WRITE("10", "prod", "web", 3, 8), INT64_MIN),
            "prod/web 1<-8, 2, bad 0 at 0");
}

TEST(undo_log, writes_before_since_make_no_row)
{
    const char *text = WRITE("10", "prod", "web", 1, 3) "\n"
                       WRITE("20", "prod", "web", 3, 8) "\n";
    struct undo_log l;

    CHECK_Z(rows(text, AT_TWO + 10 * MINUTE), "prod/web 1<-8, 2, bad 0 at 0");
    CHECK_Z(rows(text, AT_TWO + 10 * MINUTE + 1),
            "prod/web 3<-8, 2, bad 0 at 0");
    CHECK_Z(rows(text, AT_TWO + 21 * MINUTE), "2, bad 0 at 0");
    CHECK_INT(read_since(&l, text, INT64_MIN), 0);
    CHECK_INT(l.rows->time, AT_TWO + 10 * MINUTE);
    CHECK_INT(l.rows->last, AT_TWO + 20 * MINUTE);
    undo_log_fini(&l);
}

TEST(undo_log, a_service_has_one_row_by_name_and_by_arn)
{
    CHECK_Z(rows(WRITE("10", "prod", "arn:aws:ecs:e:1:service/prod/web", 1, 3)
                 "\n" WRITE("11", "prod", "web", 3, 4), INT64_MIN),
            "prod/web 1<-4, 2, bad 0 at 0");
}

TEST(undo_log, other_lines_and_text_before_the_object_are_passed_over)
{
    CHECK_Z(rows("headcount: {not ours}\n\n"
                 "{\"event\":\"hold_started\",\"before\":1,\"after\":9}\n"
                 "{\"message\":\"\\\"event\\\":\\\"write\\\"\"}\n"
                 "START RequestId: 1\r\n"
                 "2026-11-30T02:10:00.123Z 2026/11/30/[$LATEST]5f "
                 WRITE("10", "prod", "web", 1, 3) "\r\n", INT64_MIN),
            "prod/web 1<-3, 1, bad 0 at 0");
    CHECK_Z(rows("", INT64_MIN), "0, bad 0 at 0");
    CHECK_Z(rows("\n", INT64_MIN), "0, bad 0 at 0");
}

TEST(undo_log, bad_lines_of_writes_are_counted)
{
    static const char good[] = WRITE("11", "prod", "web", 3, 8);
    static const char *const bad[] = {
        WRITE("10", "prod", "web", 1, null), WRITE("10", "prod", "web", -1, 3),
        WRITE("10", "prod", "web", 1.5, 3), WRITE("10", "prod", "web", 1, 1e1),
        WRITE("10", "prod", "web", 99999999999, 1),
        WRITE("10", "prod", "web", "1", 3), WRITE("10", "prod", "", 1, 3),
        WRITE("10", "prod", "we\\u0000b", 1, 3), WRITE("1x", "prod", "w", 1, 3),
        WRITE("10", "prod", "arn:aws:ecs:e:1:service/", 1, 3),
        "{\"event\":\"write\"}", "{\"event\":\"write\"",
        "{\"event\":\"write\"}}",
        "{\"time\":\"2026-11-30T02:10:00Z\",\"cluster\":\"prod\",\"event\":"
        "\"write\",\"service\":\"web\",\"before\":1,\"after\":2}",
        "{\"event\":\"write\",\"of\":" WRITE("10", "prod", "web", 1, 3) "}",
    };
    char text[2048];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "x\n%s\n%s\n%s", bad[i], good, bad[i]);
        CHECK_Z(rows(text, INT64_MIN), "prod/web 3<-8, 1, bad 2 at 2");
    }
}

TEST(undo_log, a_line_that_is_cut_anywhere_is_no_write)
{
    static const char good[] = WRITE("10", "prod", "web", 1, 3);
    char text[sizeof good];

    for (size_t n = 0; n < sizeof good - 1; n++) {
        memcpy(text, good, n);
        text[n] = '\0';
        CHECK(strncmp(rows(text, INT64_MIN), "0, bad ", 7) == 0);
    }
}

TEST(undo_log, a_name_that_is_too_long_is_none)
{
    char name[600], text[1024];

    for (size_t n = 500; n < sizeof name; n++) {
        memset(name, 'x', n);
        name[n] = '\0';
        snprintf(text, sizeof text, "{\"time\":\"2026-11-30T02:10:00Z\","
                 "\"cluster\":\"" ARN("a") "\",\"event\":\"write\","
                 "\"service\":\"%s\",\"before\":1,\"after\":2}", name);
        struct undo_log l;

        CHECK_INT(read_since(&l, text, INT64_MIN), 0);
        CHECK_INT(l.bad, n > 512);
        CHECK_INT(l.n, n <= 512);
        undo_log_fini(&l);
    }
}

static int many(void)
{
    char text[40000];
    size_t at = 0;
    struct undo_log l;

    for (int i = 0; i < 150; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, i % 3 == 0
                               ? WRITE("10", "prod", "s%d", 1, 3) "\n"
                               : WRITE("11", "test", "s%d", 3, 4) "\n", i % 70);
    int err = read_since(&l, text, INT64_MIN);

    if (err == 0)
        CHECK_INT(l.writes, 150);
    undo_log_fini(&l);
    return err;
}

TEST(undo_log, survives_every_allocation_failure)
{
    CHECK(t_fails_every_allocation(many) > 100);
}
