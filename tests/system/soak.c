/* tests/system/soak.c - for test_soak.py and test_paths.py: a flood of calls on
 * one handle.
 *
 *   soak URL CA.pem|- DNS CALLS AT_ONCE ROUND PAUSE SEED
 *
 * Every fourth call is a write that must not be done twice (RunTask), the
 * others are reads.  After each ROUND of calls comes a pause of about PAUSE
 * milliseconds (0: none), in which a server may close what is idle.  It prints
 * lines "NAME VALUE":  `half` when half of the calls are done (the flood goes
 * on), `failed SENTENCE` for each call that failed, and at the end counters,
 * those of headcount_stats, and kilobytes and descriptors after the first 1000
 * calls and at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "headcount.h"

#define WANTS 1100
#define BODY "{\"cluster\":\"prod\"}"
#define MEASURED 1000                /* calls before memory is measured first */

static struct {
    const char *url, *ca, *dns;
    long calls, at_once, round, pause;
    unsigned long seed;
} given;

static struct { long begun, ended, reads, writes, wrong; } did;
static struct { long kilobytes, descriptors, held; } first, last;
static long held, peak;              /* bytes that the library has           */
static headcount *h;
static char lines[4096];             /* of stdout: no memory is taken later  */

static void fail(const char *what)
{
    fprintf(stderr, "soak: %s\n", what);
    exit(2);
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Resident memory, without the pages of the program itself: those of code that
 * runs for the first time would count. */
static long kilobytes(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long found = -1;

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            found = strtol(line + 8, NULL, 10);
    if (found < 0)
        fail("/proc/self/status");
    fclose(f);
    return found;
}

static long descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    long n = 0;

    if (d == NULL)
        fail("/proc/self/fd");
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 3;                    /* ".", ".." and the folder itself      */
}

static void *count_alloc(void *ud, void *p, size_t old, size_t n)
{
    void *got = NULL;

    (void)ud;
    if (n == 0)
        free(p);
    else if ((got = realloc(p, n)) == NULL)
        return NULL;
    held += (long)n - (p == NULL ? 0 : (long)old);
    peak = held > peak ? held : peak;
    return got;
}

/* ---- one call ---- */

static bool is_write(long number)
{
    return number % 4 == 3;
}

static void begin(void)
{
    long number = did.begun++;
    struct headcount_error error;
    struct headcount_call call;
    headcount_op *op;

    HEADCOUNT_INIT(&call);
    call.user = is_write(number) ? h : NULL;
    call.service = "ecs";
    call.operation = is_write(number) ? "RunTask" : "DescribeServices";
    call.body = BODY;
    call.body_size = sizeof BODY - 1;
    if (headcount_begin_call(h, &op, &call, &error) != 0)
        fail(error.what);
}

/* The answer names its operation. */
static bool is_right(const struct headcount_outcome *o, bool write)
{
    const char *wanted = write ? "RunTask" : "DescribeServices";
    char text[256];

    if (o->body_size >= sizeof text)
        return false;
    memcpy(text, o->body, o->body_size);
    text[o->body_size] = '\0';
    return strstr(text, wanted) != NULL;
}

static void end(headcount_op *op)
{
    const struct headcount_outcome *o = headcount_outcome(op);
    bool write = headcount_op_user(op) != NULL;

    if (o->code != 0)
        printf("failed %s\n", o->message);
    else if (!is_right(o, write))
        did.wrong++;
    else if (write)
        did.writes++;
    else
        did.reads++;
    headcount_op_free(op);
    did.ended++;
    if (did.ended == MEASURED) {
        first.kilobytes = kilobytes();
        first.descriptors = descriptors();
        first.held = held;
    }
    if (did.ended == given.calls / 2) {
        puts("half 1");
    }
}

/* ---- the flood ---- */

static void turn(void)
{
    static struct headcount_want wants[WANTS];
    static struct pollfd polls[WANTS];
    int64_t deadline;
    size_t n = headcount_wants(h, wants, WANTS, &deadline), ready = 0;
    int wait = -1;

    if (n > WANTS)
        fail("more descriptors than expected");
    for (size_t i = 0; i < n; i++)
        polls[i] = (struct pollfd){ wants[i].fd, wants[i].events, 0 };
    if (deadline != INT64_MAX) {
        int64_t left = deadline - now_us();

        wait = left <= 0 ? 0 : left > 60000000 ? 60000
               : (int)(left / 1000) + 1;
    }
    if (poll(polls, n, wait) < 0 && errno != EINTR)
        fail("poll");
    for (size_t i = 0; i < n; i++)
        if (polls[i].revents != 0) {
            wants[ready] = wants[i];
            wants[ready++].events = polls[i].revents;
        }
    headcount_step(h, wants, ready);
    for (headcount_op *op; (op = headcount_next(h)) != NULL;)
        end(op);
}

/* Between half of PAUSE and one and a half, other ones for each seed. */
static void rest(void)
{
    given.seed = given.seed * 6364136223846793005u + 1442695040888963407u;
    long us = given.pause * 500 +
              (long)((given.seed >> 33) % (unsigned long)(given.pause * 1000));
    struct timespec t = { us / 1000000, us % 1000000 * 1000 };

    nanosleep(&t, NULL);
}

static void flood(void)
{
    while (did.ended < given.calls) {
        /* The faults come before memory is measured first, too. */
        long until = did.ended + (did.ended < MEASURED && given.round > 100
                                      ? 100 : given.round);

        if (given.pause == 0 || until > given.calls)
            until = given.calls;
        while (did.ended < until) {
            while (did.begun < until && did.begun - did.ended < given.at_once)
                begin();
            turn();
        }
        if (given.pause > 0)
            rest();
    }
}

static void open_handle(void)
{
    static struct headcount_system system;
    struct headcount_error error;
    struct headcount_config config;

    HEADCOUNT_INIT(&system);
    HEADCOUNT_INIT(&config);
    system.alloc = count_alloc;
    config.system = &system;
    config.region = "eu-west-1";
    config.access_key_id = "AKIDEXAMPLE";
    config.secret_access_key = "secret";
    config.endpoint_url = given.url;
    config.dns_server = given.dns;
    config.ca_bundle = strcmp(given.ca, "-") == 0 ? NULL : given.ca;
    if (headcount_new(&h, &config, &error) != 0)
        fail(error.what);
}

int main(int argc, char **argv)
{
    struct headcount_stats s;

    if (argc != 9)
        fail("soak URL CA DNS CALLS AT_ONCE ROUND PAUSE SEED");
    given.url = argv[1];
    given.ca = argv[2];
    given.dns = argv[3];
    given.calls = strtol(argv[4], NULL, 10);
    given.at_once = strtol(argv[5], NULL, 10);
    given.round = strtol(argv[6], NULL, 10);
    given.pause = strtol(argv[7], NULL, 10);
    given.seed = strtoul(argv[8], NULL, 10);
    setvbuf(stdout, lines, _IOLBF, sizeof lines);
    open_handle();
    flood();
    last.kilobytes = kilobytes();
    last.descriptors = descriptors();
    last.held = held;
    headcount_stats(h, &s);
    printf("reads %ld\nwrites %ld\nwrong %ld\n", did.reads, did.writes,
           did.wrong);
    printf("first_kilobytes %ld\nlast_kilobytes %ld\n", first.kilobytes,
           last.kilobytes);
    printf("first_held %ld\nlast_held %ld\npeak %ld\n", first.held, last.held,
           peak);
    printf("first_descriptors %ld\nlast_descriptors %ld\n", first.descriptors,
           last.descriptors);
#define PUT(name) printf(#name " %llu\n", (unsigned long long)s.name)
    PUT(api_calls);
    PUT(connections_opened);
    PUT(connections_reused);
    PUT(tls_handshakes);
    PUT(tls_resumed);
    PUT(retries);
    PUT(replays);
    headcount_free(h);
    printf("descriptors_after %ld\nheld_after %ld\n", descriptors(), held);
    return 0;
}
