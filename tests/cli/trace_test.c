/* tests/cli/trace_test.c - a HAR file to the byte, and what becomes of it. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "trace.h"

#define WALL INT64_C(1796040000123456)   /* 2026-11-30T12:00:00.123456Z */

static const struct headcount_header sent[] = {
    { "Host", "ecs.eu-west-1.amazonaws.com" },
    { "X-Amz-Target", "Ecs.\"List\"\x1b[0m" },
};
static const struct headcount_header came[] = {
    { "content-type", "application/x-amz-json-1.1" },
};

static const struct headcount_timing timing = {
    .operation = "ListClusters", .host = "ecs.eu-west-1.amazonaws.com",
    .address = "fe80::1%eth0", .cluster = "prod", .region = "eu-west-1",
    .attempt = 2, .status = 200, .connection = 7, .resumed = true,
    .start = 1000, .asked = 1000, .waited = 500, .dns_start = 1500,
    .dns_end = 3000, .connect_start = 3000, .connect_end = 5001,
    .tls_start = 5001, .tls_end = 9000, .send_start = 9010, .send_end = 9020,
    .first_byte = 11000, .end = 11002,
};

static const struct headcount_trace attempt = {
    .timing = &timing, .method = "POST",
    .url = "https://ecs.eu-west-1.amazonaws.com/", .request_headers = sent,
    .request_headers_n = 2, .headers = came, .headers_n = 1,
    .request_head = 300, .request_body = 2, .body = 18,
};

static char *text_of(const struct headcount_trace *a, struct trace *t)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    CHECK(out != NULL);
    if (out != NULL && a != NULL)
        trace_put_entry(out, a, WALL, 0);
    else if (out != NULL)
        trace_put(out, t);
    if (out != NULL)
        fclose(out);
    return text;
}

TEST(trace, an_entry_to_the_byte)
{
    char *text = text_of(&attempt, NULL);

    CHECK_Z(text,
    "{\"startedDateTime\":\"2026-11-30T12:00:00.123456Z\",\"time\":10.002,"
    "\"request\":{\"method\":\"POST\",\"url\":\"https://ecs.eu-west-1."
    "amazonaws.com/\",\"httpVersion\":\"HTTP/1.1\",\"cookies\":[],\"headers\":"
    "[{\"name\":\"Host\",\"value\":\"ecs.eu-west-1.amazonaws.com\"},{\"name\":"
    "\"X-Amz-Target\",\"value\":\"Ecs.\\\"List\\\"\\u001b[0m\"}],"
    "\"queryString\":[],\"headersSize\":300,\"bodySize\":2},"
    "\"response\":{\"status\":200,\"statusText\":\"\",\"httpVersion\":"
    "\"HTTP/1.1\",\"cookies\":[],\"headers\":[{\"name\":\"content-type\","
    "\"value\":\"application/x-amz-json-1.1\"}],\"content\":{\"size\":18,"
    "\"mimeType\":\"application/x-amz-json-1.1\"},\"redirectURL\":\"\","
    "\"headersSize\":-1,\"bodySize\":18},\"cache\":{},\"timings\":{"
    "\"blocked\":0.510,\"dns\":1.500,\"connect\":6.000,\"send\":0.010,"
    "\"wait\":1.980,\"receive\":0.002,\"ssl\":3.999},"
    "\"serverIPAddress\":\"fe80::1\",\"connection\":\"7\","
    "\"_operation\":\"ListClusters\",\"_attempt\":2,\"_waited\":0.500,"
    "\"_reused\":false,\"_resumed\":true,\"_cluster\":\"prod\","
    "\"_region\":\"eu-west-1\"}");
    free(text);
}

TEST(trace, connections_of_two_clients_are_two)
{
    struct headcount_trace other = attempt;
    struct trace t = { .path = NULL };

    other.opened = 120;
    trace_note(&t, &other);
    trace_note(&t, &other);
    other.opened = 125;
    trace_note(&t, &other);
    CHECK_INT(t.n, 3);
    for (size_t i = 0; i < t.n; i++) {
        const char *want = i < 2 ? "\"connection\":\"7\""
                                 : "\"connection\":\"7@5\"";

        CHECK(strstr(t.entries[i].text, want) != NULL);
    }
    trace_end(&t);
}

/* Servers choose the length of their headers: it takes no memory for good. */
TEST(trace, an_attempt_with_long_headers_has_none)
{
    static char value[TRACE_ENTRY];
    struct headcount_header header = { "via", value };
    struct headcount_trace a = attempt;
    struct trace t = { .path = NULL };

    memset(value, 'v', sizeof value - 1);
    a.headers = &header;
    trace_note(&t, &a);
    CHECK_INT(t.n, 1);
    if (t.n == 1) {
        CHECK(strlen(t.entries[0].text) < 2000);
        CHECK(strstr(t.entries[0].text, "\"bodySize\":18}") != NULL);
    }
    a.url = value;
    trace_note(&t, &a);
    CHECK_INT(t.n, 1);
    trace_end(&t);
}

/* What did not happen is -1, and the rest still adds up. */
TEST(trace, an_attempt_without_a_connection)
{
    const struct headcount_timing failed = {
        .operation = "ListClusters", .host = "", .address = "", .cluster = "",
        .region = "", .attempt = 1, .start = 1000, .asked = 1200,
        .waited = 800, .end = 2000,
    };
    const struct headcount_trace a = { .timing = &failed, .method = "POST",
                                       .url = "http://x/",
                                       .code = HEADCOUNT_ELIMIT };
    char *text = text_of(&a, NULL);

    CHECK(strstr(text, "\"time\":1.000,") != NULL);
    CHECK(strstr(text, "\"status\":0,") != NULL);
    CHECK(strstr(text, "{\"blocked\":1.000,\"dns\":-1,\"connect\":-1,\"send\":"
                 "0.000,\"wait\":0.000,\"receive\":0.000,\"ssl\":-1}") != NULL);
    CHECK(strstr(text, "serverIPAddress") == NULL);
    CHECK(strstr(text, "\"connection\":") == NULL);
    CHECK(strstr(text, "\"_error\":\"ELIMIT\"}") != NULL);
    free(text);
}

static void note(struct trace *t, int64_t start, int number)
{
    struct headcount_timing made = timing;
    const struct headcount_trace a = { .timing = &made, .method = "POST",
                                       .url = "http://x/" };

    made.start = start;
    made.end = start + 1;
    made.attempt = number;
    trace_note(t, &a);
}

static void forget(struct trace *t)
{
    t->path = NULL;
    CHECK(trace_end(t));
}

TEST(trace, entries_stand_in_the_order_of_start)
{
    struct trace t = { .path = "x" };

    note(&t, 300, 3);
    note(&t, 100, 1);
    note(&t, 200, 2);
    note(&t, 100, 9);
    char *text = text_of(NULL, &t), *at = text;

    static const char front[] =
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"headcount\","
        "\"version\":\"" HEADCOUNT_VERSION "\"},\"entries\":[\n{";

    CHECK(strncmp(text, front, sizeof front - 1) == 0);
    for (size_t i = 0; i < 4 && at != NULL; i++) {
        char wanted[32];

        snprintf(wanted, sizeof wanted, "\"_attempt\":%d,",
                 (const int[]){ 1, 9, 2, 3 }[i]);
        at = strstr(at, wanted);
        CHECK(at != NULL);
    }
    CHECK(strcmp(text + strlen(text) - 6, "}\n]}}\n") == 0);
    free(text);
    forget(&t);
}

TEST(trace, without_an_attempt_it_is_a_whole_file)
{
    struct trace t = { .path = "x" };
    char *text = text_of(NULL, &t);

    CHECK(strstr(text, "\"entries\":[\n]}}\n") != NULL);
    free(text);
}

TEST(trace, the_newest_attempts_are_kept_and_the_number_is_said)
{
    struct trace t = { .path = "x" };

    for (int i = 0; i < (int)TRACE_MOST + 3; i++)
        note(&t, i + 1, i);
    CHECK_INT(t.n, TRACE_MOST);
    char *text = text_of(NULL, &t);

    CHECK(strstr(text, "\"comment\":\"the newest 4096 of 4099 attempts\",")
          != NULL);
    CHECK(strstr(text, "\"_attempt\":2,") == NULL);
    CHECK(strstr(text, "\"_attempt\":3,") != NULL);
    CHECK(strstr(text, "\"_attempt\":4098,") != NULL);
    free(text);
    forget(&t);
}

TEST(trace, only_its_owner_may_read_the_file)
{
    char path[] = "/tmp/trace_test.XXXXXX";
    int fd = mkstemp(path);
    struct trace t = { .path = path };
    struct stat there = { .st_mode = 0 };

    CHECK(fd >= 0 && fchmod(fd, 0644) == 0);
    close(fd);
    CHECK(trace_try(&t));
    note(&t, 1, 1);
    CHECK(trace_end(&t));
    CHECK_INT(t.n, 0);
    CHECK(stat(path, &there) == 0);
    CHECK_INT(there.st_mode & 0777, 0600);
    CHECK(there.st_size > 500);
    unlink(path);
}

TEST(trace, a_file_that_cannot_be_written_is_said)
{
    struct trace t = { .path = "/nowhere/x.har" };

    CHECK(!trace_try(&t));
    CHECK(!trace_end(&t));
    t.path = NULL;
    CHECK(trace_try(&t));
    CHECK(trace_end(&t));
}
