/* tests/cli/lines_test.c - lines into pipes, sockets and files that have no
 * room, or break. */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lines.h"

enum { OWN, SEND, POLLED, WAYS };

struct stage {
    struct lines lines;
    int reader, writer;
    size_t filler, drawn;
    char *read;
    size_t read_n;
};

static void fill(struct stage *s)
{
    static const char dots[4096] = ".";
    int flags = fcntl(s->writer, F_GETFL);

    fcntl(s->writer, F_SETFL, flags | O_NONBLOCK);
    for (size_t n = sizeof dots; n > 0; n /= 2)
        for (ssize_t put; (put = write(s->writer, dots, n)) > 0;)
            s->filler += (size_t)put;
    fcntl(s->writer, F_SETFL, flags);
}

static void open_stage(struct stage *s, int way)
{
    int ends[2];

    memset(s, 0, sizeof *s);
    signal(SIGPIPE, SIG_IGN);
    CHECK((way == SEND ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends)
                       : pipe(ends)) == 0);
    s->reader = ends[0];
    s->writer = ends[1];
    lines_init(&s->lines, s->writer);
    if (way == POLLED)
        s->lines.way = LINES_POLLED;
    fcntl(s->reader, F_SETFL, O_NONBLOCK);
    s->read = malloc(4 * LINES_MAX);
    CHECK(s->read != NULL);
}

static void close_stage(struct stage *s)
{
    /* What others share is as it was. */
    CHECK_INT(fcntl(s->writer, F_GETFL) & O_NONBLOCK, 0);
    lines_fini(&s->lines);
    close(s->reader);
    close(s->writer);
    free(s->read);
}

static void put(struct stage *s, enum lines_kind kind, const char *text)
{
    lines_put(&s->lines, kind, "> ", text, strlen(text));
}

/* All that there is, without what filled it. */
static const char *drain(struct stage *s)
{
    bool all;

    do {
        all = lines_flush(&s->lines);
        for (ssize_t got; (got = read(s->reader, s->read + s->read_n,
                                      3 * LINES_MAX - s->read_n)) > 0;)
            s->read_n += (size_t)got;
    } while (!all);
    s->read[s->read_n] = '\0';
    return s->read + s->filler;
}

static size_t count(const char *text, const char *line)
{
    size_t n = 0;

    while ((text = strstr(text, line)) != NULL) {
        text++;
        n++;
    }
    return n;
}

TEST(lines, leave_at_once_where_there_is_room)
{
    for (int way = 0; way < WAYS; way++) {
        struct stage s;

        open_stage(&s, way);
        put(&s, LINES_TEXT, "one");
        lines_put(&s.lines, LINES_AUDIT, "", "{\"two\":\n2}", 10);
        CHECK_Z(drain(&s), "> one\n{\"two\": 2}\n");
        CHECK_INT(s.lines.lost_ever, 0);
        CHECK_INT(s.lines.way, way == OWN ? LINES_OWN : way == SEND
                                   ? LINES_SEND : LINES_POLLED);
        close_stage(&s);
    }
}

TEST(lines, wait_in_order_where_there_is_none)
{
    for (int way = 0; way < WAYS; way++) {
        struct stage s;
        char line[40], wanted[50 * 200] = "";

        open_stage(&s, way);
        fill(&s);
        for (int i = 0; i < 200; i++) {
            snprintf(line, sizeof line, "the line %d", i);
            put(&s, i % 3 ? LINES_TEXT : LINES_AUDIT, line);
            snprintf(wanted + strlen(wanted), 50, "> %s\n", line);
        }
        CHECK(!lines_flush(&s.lines));
        CHECK(!lines_wait(&s.lines, 1));
        CHECK_Z(drain(&s), wanted);
        CHECK_INT(s.lines.lost_ever, 0);
        close_stage(&s);
    }
}

/* 64 bytes each, as they wait. */
#define LONG "an.audit.line.that.is.just.as.long.as.it.has.to.be.for.this."

TEST(lines, that_are_too_many_are_lost_and_those_of_the_audit_last)
{
    struct stage s;

    open_stage(&s, OWN);
    fill(&s);
    for (size_t i = 0; i < LINES_MAX / 64; i++)
        put(&s, LINES_TEXT, LONG);
    CHECK_INT(s.lines.lost[LINES_TEXT], LINES_MAX_TEXT / 64);
    for (size_t i = 0; i < LINES_MAX / 64; i++)
        put(&s, LINES_AUDIT, LONG "A");
    size_t kept = (LINES_MAX - LINES_MAX_TEXT) / 65;

    CHECK_INT(s.lines.lost[LINES_AUDIT], LINES_MAX / 64 - kept);
    CHECK_INT(s.lines.lost_ever, s.lines.lost[0] + s.lines.lost[1]);
    const char *got = drain(&s);

    CHECK_INT(count(got, LONG "\n"), LINES_MAX_TEXT / 64);
    CHECK_INT(count(got, LONG "A\n"), kept);
    put(&s, LINES_TEXT, "room again");
    CHECK_INT(count(drain(&s), "> room again\n"), 1);
    close_stage(&s);
}

TEST(lines, that_are_longer_than_the_pipe_leave_in_parts)
{
    for (int way = 0; way < WAYS; way++) {
        struct stage s;
        size_t n = LINES_MAX + 7;
        char *text = malloc(n);

        CHECK(text != NULL);
        memset(text, 'x', n);
        open_stage(&s, way);
        lines_put(&s.lines, LINES_TEXT, "<", text, n);
        put(&s, LINES_TEXT, "too many");        /* behind so much */
        put(&s, LINES_AUDIT, "taken");
        const char *got = drain(&s);

        CHECK(got[0] == '<' && got[1] == 'x' && got[n] == 'x');
        CHECK_Z(got + n + 1, "\n> taken\n");
        CHECK_INT(s.lines.lost[LINES_TEXT], 1);
        CHECK_INT(s.lines.lost_ever, 1);
        close_stage(&s);
        free(text);
    }
}

TEST(lines, without_a_reader_are_lost)
{
    for (int way = 0; way < WAYS; way++) {
        struct stage s;

        open_stage(&s, way);
        put(&s, LINES_TEXT, "read");
        CHECK_Z(drain(&s), "> read\n");
        fill(&s);
        put(&s, LINES_AUDIT, "waits");
        close(s.reader);
        put(&s, LINES_TEXT, "comes later");
        CHECK(lines_flush(&s.lines));
        CHECK_INT(s.lines.lost[LINES_AUDIT], 1);
        CHECK_INT(s.lines.lost[LINES_TEXT], 1);
        s.reader = dup(s.writer);
        close_stage(&s);
    }
}

/* The kind of a line is known as long as some of it is left. */
TEST(lines, that_broke_off_are_lost_as_what_they_were)
{
    for (int kind = LINES_AUDIT; kind <= LINES_TEXT; kind++) {
        struct stage s;
        size_t n = LINES_MAX;
        char *text = malloc(n);

        CHECK(text != NULL);
        memset(text, kind == LINES_AUDIT ? 'T' : 'A', n);
        open_stage(&s, OWN);
        lines_put(&s.lines, (enum lines_kind)kind, "", text, n);
        CHECK(s.lines.begun);
        close(s.reader);
        CHECK(lines_flush(&s.lines));
        CHECK_INT(s.lines.lost[kind], 1);
        CHECK_INT(s.lines.lost_ever, 1);
        s.reader = dup(s.writer);
        close_stage(&s);
        free(text);
    }
}

/* A pipe with a name may get another reader. */
TEST(lines, what_follows_a_line_that_broke_off_is_a_line)
{
    char folder[] = "/tmp/lines_test.XXXXXX", path[64];
    struct stage s = { .reader = -1 };
    char *text = malloc(LINES_MAX);

    CHECK(text != NULL && mkdtemp(folder) != NULL);
    memset(text, 'x', LINES_MAX);
    snprintf(path, sizeof path, "%s/pipe", folder);
    CHECK(mkfifo(path, 0600) == 0);
    signal(SIGPIPE, SIG_IGN);
    s.reader = open(path, O_RDONLY | O_NONBLOCK);
    s.writer = open(path, O_WRONLY);
    s.read = malloc(4 * LINES_MAX);
    CHECK(s.reader >= 0 && s.writer >= 0 && s.read != NULL);
    lines_init(&s.lines, s.writer);
    lines_put(&s.lines, LINES_TEXT, "", text, LINES_MAX);
    close(s.reader);
    CHECK(lines_flush(&s.lines));
    s.reader = open(path, O_RDONLY | O_NONBLOCK);
    put(&s, LINES_TEXT, "next");
    put(&s, LINES_TEXT, "last");
    CHECK_Z(drain(&s) + strspn(s.read, "x"), "\n> next\n> last\n");
    close_stage(&s);
    free(text);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
}

TEST(lines, into_a_file_go_behind_what_others_wrote)
{
    FILE *file = tmpfile();
    struct lines lines;
    char text[64] = "";

    CHECK(file != NULL);
    lines_init(&lines, fileno(file));
    lines_put(&lines, LINES_TEXT, "", "one", 3);
    CHECK(write(fileno(file), "other\n", 6) == 6);
    lines_put(&lines, LINES_TEXT, "", "two", 3);
    CHECK(pread(fileno(file), text, sizeof text - 1, 0) > 0);
    CHECK_Z(text, "one\nother\ntwo\n");
    CHECK_INT(lines.way, LINES_DIRECT);
    lines_fini(&lines);
    fclose(file);
}

TEST(lines, of_a_full_disk_are_lost_and_counted)
{
    int full = open("/dev/full", O_WRONLY);
    struct lines lines;

    CHECK(full >= 0);
    lines_init(&lines, full);
    for (int i = 0; i < 3; i++)
        lines_put(&lines, LINES_AUDIT, "", "{}", 2);
    CHECK(lines_flush(&lines));
    CHECK_INT(lines.lost[LINES_AUDIT], 3);
    lines_fini(&lines);
    close(full);
}

TEST(lines, progress_is_drawn_now_or_never)
{
    struct stage s;

    open_stage(&s, OWN);
    lines_draw(&s.lines, "\r1 of 2", 7);
    CHECK_Z(drain(&s), "\r1 of 2");
    s.drawn = strlen("\r1 of 2");
    fill(&s);
    put(&s, LINES_TEXT, "waits");
    lines_draw(&s.lines, "\r2 of 2", 7);
    CHECK_Z(drain(&s) + s.drawn, "> waits\n");
    close_stage(&s);
}
