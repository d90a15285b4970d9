/* tests/system/calls.c - for test_faults.py, test_soak.py and test_paths.py:
 * many calls side by side, each on a handle of its own.  Lines in, lines out
 * (numbers and times in milliseconds; "-" is nothing):
 *
 *   cell ID URL KIND KEPT READ CONNECT ATTEMPT CA DNS PROXY BYTES
 *       a handle and its call: KIND is read (DescribeServices), write (RunTask,
 *       never sent again after it was sent whole) or safe (UpdateService with
 *       retry_writes).  KEPT: so many reads come first, side by side, and leave
 *       their connections.
 *       BYTES makes the body that large.
 *   warm ID CODE                        the reads of KEPT are over
 *   go ID                               begin the call itself, once or again
 *   done ID CODE STATUS RETRIES REPLAYS OPENED REUSED RIGHT SENTENCE
 *       RIGHT: 1 if the body of the answer names this very request
 *   end ID                              the handle is freed
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "headcount.h"

#define CELLS 4096
#define WANTS 16                     /* of one handle                        */
#define GUARD ((int64_t)45000000)    /* ends what no other limit ended       */
#define FIELDS 12

struct cell {
    headcount *h;
    struct headcount_system system;
    char proxy[128];                 /* HTTPS_PROXY of this handle           */
    headcount_op *op;
    char kind[8], marker[32];
    size_t bytes;
    int calls;                       /* that this handle began               */
    long warming;                    /* reads that are still to end          */
    struct headcount_want wants[WANTS];
    size_t wants_n;
    int64_t deadline;
    bool stale;                      /* the wants                            */
};

static struct cell cells[CELLS];
static size_t cells_n;               /* the highest number so far, plus 1    */
static struct pollfd polls[CELLS * 2];
static size_t poll_cell[CELLS * 2], poll_want[CELLS * 2];

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "calls: %s\n", what);
    exit(2);
}

static struct cell *cell_at(const char *number)
{
    unsigned long at = strtoul(number, NULL, 10);

    if (at >= CELLS)
        fail("an ID is too high");
    if (at >= cells_n)
        cells_n = at + 1;
    return &cells[at];
}

static const char *given(const char *text)
{
    return strcmp(text, "-") == 0 ? NULL : text;
}

static int64_t milliseconds(const char *text)
{
    return given(text) == NULL ? 0 : strtoll(text, NULL, 10) * 1000;
}

/* ---- one call ---- */

static const char *operation_of(const char *kind)
{
    return strcmp(kind, "read") == 0 ? "DescribeServices"
           : strcmp(kind, "write") == 0 ? "RunTask" : "UpdateService";
}

static headcount_op *begin(struct cell *c, const char *kind, size_t bytes)
{
    headcount_op *op;
    size_t room = bytes + 128;
    char *body = malloc(room);
    struct headcount_error error;
    struct headcount_call call;

    if (body == NULL)
        fail("out of memory");
    snprintf(c->marker, sizeof c->marker, "c%zux%d", (size_t)(c - cells),
             c->calls++);
    int n = snprintf(body, room, "{\"cluster\":\"%s\",\"pad\":\"", c->marker);
    memset(body + n, 'x', bytes);
    memcpy(body + n + bytes, "\"}", 2);
    HEADCOUNT_INIT(&call);
    call.service = "ecs";
    call.operation = operation_of(kind);
    call.body = body;
    call.body_size = (size_t)n + bytes + 2;
    call.retry_writes = strcmp(kind, "safe") == 0;
    call.timeout = GUARD;
    if (headcount_begin_call(c->h, &op, &call, &error) != 0)
        fail(error.what);
    free(body);
    c->stale = true;
    return op;
}

static const char *cell_env(void *ud, const char *name)
{
    const struct cell *c = ud;

    if (strcmp(name, "HTTPS_PROXY") == 0)
        return *c->proxy == '\0' ? NULL : c->proxy;
    return strcmp(name, "AWS_EC2_METADATA_DISABLED") == 0 ? "true" : NULL;
}

static void open_cell(char *field[FIELDS])
{
    struct cell *c = cell_at(field[1]);
    struct headcount_error error;
    struct headcount_config config;

    if (c->h != NULL)
        fail("an ID is in use");
    HEADCOUNT_INIT(&config);
    HEADCOUNT_INIT(&c->system);
    c->system.ud = c;
    c->system.env = cell_env;
    config.system = &c->system;
    snprintf(c->proxy, sizeof c->proxy, "%s",
             given(field[10]) == NULL ? "" : field[10]);
    config.region = "eu-west-1";
    config.access_key_id = "AKIDEXAMPLE";
    config.secret_access_key = "secret";
    config.endpoint_url = field[2];
    config.read_timeout = milliseconds(field[5]);
    config.connect_timeout = milliseconds(field[6]);
    config.attempt_timeout = milliseconds(field[7]);
    config.ca_bundle = given(field[8]);
    config.dns_server = given(field[9]);
    snprintf(c->kind, sizeof c->kind, "%s", field[3]);
    c->bytes = strtoul(field[11], NULL, 10);
    c->calls = 0;
    if (headcount_new(&c->h, &config, &error) != 0)
        fail(error.what);
    c->warming = strtol(field[4], NULL, 10);
    for (long i = 0; i < c->warming; i++)
        begin(c, "read", 0);
    if (c->warming == 0)
        c->op = begin(c, c->kind, c->bytes);
}

static bool names(const struct headcount_outcome *o, const char *marker)
{
    size_t n = strlen(marker);
    const char *body = o->body;

    for (size_t i = 0; body != NULL && i + n <= o->body_size; i++)
        if (memcmp(body + i, marker, n) == 0)
            return true;
    return false;
}

static void close_warm(struct cell *c, headcount_op *op)
{
    int code = headcount_outcome(op)->code;

    headcount_op_free(op);
    if (--c->warming > 0 && code == 0)
        return;
    printf("warm %d %s\n", (int)(c - cells), headcount_code_name(code));
    fflush(stdout);
}

static void close_call(struct cell *c)
{
    const struct headcount_outcome *o = headcount_outcome(c->op);

    printf("done %d %s %d %llu %llu %llu %llu %d %s\n", (int)(c - cells),
           headcount_code_name(o->code), o->status,
           (unsigned long long)o->stats.retries,
           (unsigned long long)o->stats.replays,
           (unsigned long long)o->stats.connections_opened,
           (unsigned long long)o->stats.connections_reused,
           names(o, c->marker), o->message);
    fflush(stdout);
    headcount_op_free(c->op);
    c->op = NULL;
}

/* ---- the loop ---- */

static void on_line(char *line)
{
    char *field[FIELDS] = { 0 };
    int n = 0;

    for (char *word = strtok(line, " "); word != NULL && n < FIELDS;
         word = strtok(NULL, " "))
        field[n++] = word;
    if (n == FIELDS && strcmp(field[0], "cell") == 0) {
        open_cell(field);
        return;
    }
    if (n != 2)
        fail("a line that is no command");
    struct cell *c = cell_at(field[1]);

    if (strcmp(field[0], "go") == 0) {
        c->op = begin(c, c->kind, c->bytes);
        return;
    }
    headcount_op_free(c->op);
    headcount_free(c->h);
    *c = (struct cell){ 0 };
}

/* False: the input has ended. */
static bool on_input(void)
{
    static char text[65536];
    static size_t n;
    ssize_t got = read(STDIN_FILENO, text + n, sizeof text - 1 - n);

    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    n += (size_t)got;
    for (char *end; (end = memchr(text, '\n', n)) != NULL;) {
        size_t used = (size_t)(end - text) + 1;

        *end = '\0';
        on_line(text);
        n -= used;
        memmove(text, text + used, n);
    }
    return true;
}

static size_t collect(int64_t *deadline)
{
    size_t n = 1;

    polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    for (size_t i = 0; i < cells_n; i++) {
        struct cell *c = &cells[i];

        if (c->h == NULL)
            continue;
        if (c->stale) {
            c->wants_n = headcount_wants(c->h, c->wants, WANTS, &c->deadline);
            if (c->wants_n > WANTS)
                fail("a handle has more descriptors than expected");
            c->stale = false;
        }
        if (c->deadline < *deadline)
            *deadline = c->deadline;
        for (size_t k = 0; k < c->wants_n; k++, n++) {
            polls[n] = (struct pollfd){ .fd = c->wants[k].fd,
                                        .events = c->wants[k].events };
            poll_cell[n] = i;
            poll_want[n] = k;
        }
    }
    return n;
}

static void step(struct cell *c, struct headcount_want *ready, size_t n)
{
    headcount_step(c->h, ready, n);
    for (headcount_op *op; (op = headcount_next(c->h)) != NULL;)
        if (op == c->op)
            close_call(c);
        else
            close_warm(c, op);
    c->stale = true;
}

static void step_all(size_t n)
{
    int64_t now = now_us();

    for (size_t i = 0, p = 1; i < cells_n; i++) {
        struct headcount_want ready[WANTS];
        size_t ready_n = 0;

        for (; p < n && poll_cell[p] == i; p++)
            if (polls[p].revents != 0) {
                ready[ready_n] = cells[i].wants[poll_want[p]];
                ready[ready_n++].events = polls[p].revents;
            }
        if (cells[i].h != NULL && (ready_n > 0 || cells[i].deadline <= now))
            step(&cells[i], ready, ready_n);
    }
}

int main(void)
{
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    for (;;) {
        int64_t deadline = INT64_MAX, wait = -1;
        size_t n = collect(&deadline);

        if (deadline != INT64_MAX) {
            wait = (deadline - now_us() + 999) / 1000;
            wait = wait < 0 ? 0 : wait > 60000 ? 60000 : wait;
        }
        if (poll(polls, (nfds_t)n, (int)wait) < 0 && errno != EINTR)
            fail("poll");
        step_all(n);
        if (polls[0].revents != 0 && !on_input())
            return 0;
    }
}
