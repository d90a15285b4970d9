/* bench/many.c - many calls at once on one handle, in a loop of the program's
 * own: as each ends, the next begins.
 *
 *   many PORT OPS CALLS CA.pem     (or "" for plain HTTP)
 *
 * Prints "CPU BYTES": microseconds a call, and the heap that an op takes while
 * it waits for a connection.
 */
#include <poll.h>
#include <string.h>

#include "bench.h"
#include "headcount.h"

#define SOCKETS 256

struct run {
    headcount *h;
    size_t live;                     /* bytes of the heap, as the hook counts */
    long left, begun, ended;
};

static void *count(void *ud, void *p, size_t old, size_t new)
{
    struct run *r = ud;
    void *to = NULL;

    if (new == 0)
        free(p);
    else if ((to = realloc(p, new)) == NULL)
        return NULL;
    r->live += new - (p != NULL ? old : 0);
    return to;
}

static void open_handle(struct run *r, const char *port, const char *ca)
{
    char url[64];
    struct headcount_error error;
    const struct headcount_system system = {
        .size = sizeof system, .ud = r, .alloc = count,
    };

    snprintf(url, sizeof url, "%s://127.0.0.1:%s",
             *ca != '\0' ? "https" : "http", port);
    const struct headcount_config config = {
        .size = sizeof config, .region = BENCH_REGION, .endpoint_url = url,
        .ca_bundle = *ca != '\0' ? ca : NULL, .system = &system,
    };

    if (headcount_new(&r->h, &config, &error) != 0)
        bench_fail(error.what);
}

static void begin(struct run *r)
{
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "DescribeServices", .body = BENCH_BODY,
        .body_size = sizeof BENCH_BODY - 1,
    };
    headcount_op *op;

    if (headcount_begin_call(r->h, &op, &request, NULL) != 0)
        bench_fail("begin");
    r->begun++;
    r->left--;
}

static void end(struct run *r, headcount_op *op)
{
    const struct headcount_outcome *outcome = headcount_outcome(op);

    if (outcome == NULL || outcome->code != 0 || outcome->body_size < 1000)
        bench_fail(outcome != NULL ? outcome->message : "no outcome");
    headcount_op_free(op);
    r->ended++;
}

static int wait_ms(int64_t deadline)
{
    struct timespec t;

    if (deadline == INT64_MAX)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t us = deadline - ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);

    return us <= 0 ? 0 : us > 60000000 ? 60000 : (int)((us + 999) / 1000);
}

static void step(struct run *r)
{
    struct headcount_want wants[SOCKETS];
    struct pollfd fds[SOCKETS];
    int64_t deadline;
    size_t n = headcount_wants(r->h, wants, SOCKETS, &deadline);

    if (n > SOCKETS)
        bench_fail("more sockets than the pool may open");
    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = wants[i].fd,
                                  .events = wants[i].events };
    if (poll(fds, n, wait_ms(deadline)) < 0)
        bench_fail("poll");
    for (size_t i = 0; i < n; i++)
        wants[i].events = fds[i].revents;
    headcount_step(r->h, wants, n);
}

static void drive(struct run *r)
{
    headcount_op *op;

    while (r->ended < r->begun) {
        step(r);
        while ((op = headcount_next(r->h)) != NULL) {
            end(r, op);
            if (r->left > 0)
                begin(r);
        }
    }
}

int main(int argc, char **argv)
{
    struct run r = { .left = 1 };

    if (argc != 5)
        bench_fail("many PORT OPS CALLS CA.pem");
    setenv("AWS_ACCESS_KEY_ID", BENCH_KEY_ID, 1);
    setenv("AWS_SECRET_ACCESS_KEY", BENCH_SECRET, 1);
    setenv("AWS_SESSION_TOKEN", BENCH_TOKEN, 1);
    unsetenv("AWS_PROFILE");
    open_handle(&r, argv[1], argv[4]);
    begin(&r);
    drive(&r);

    long ops = strtol(argv[2], NULL, 10), calls = strtol(argv[3], NULL, 10);
    struct bench_time from = bench_now();
    size_t before = r.live;

    r.left = calls;
    while (r.begun <= ops)
        begin(&r);
    step(&r);
    size_t bytes = (r.live - before) / (size_t)ops;

    drive(&r);
    printf("%.2f %zu\n", (bench_now().cpu - from.cpu) / (double)calls, bytes);
    headcount_free(r.h);
    return 0;
}
