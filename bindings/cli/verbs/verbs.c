/* cli/verbs/verbs.c - what the verbs share: a handle out of the options, an op
 * run to its end or to an interrupt, input. */
#include "verbs/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "blocks.h"
#include "complain.h"
#include "policy_option.h"
#include "log.h"
#include "progress.h"
#include "trace.h"

/* An op that was cancelled ends by itself after two seconds. */
#define INTERRUPT_GRACE ((int64_t)3000000)
#define TICK ((int64_t)200000)
/* A signal that comes just before a wait does not end it: `interrupted` is
 * looked at this often. */
#define LOOK_AGAIN ((int64_t)1000000)
/* The first signal ends the process after so many seconds, even if it waits for
 * a reader, a writer or a disk: LAST_OF_CALLS while calls are in flight, else
 * LAST.  The second one ends it at once. */
#define LAST_OF_CALLS 10
#define LAST 1
/* How long a worker, or a program that was interrupted, waits at its end for
 * the reader of its log. */
#define TELL_MS 2000

/* Signal handlers write `interrupted` and read `calls_in_flight`. */
static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t calls_in_flight;

void verbs_calls(bool in_flight)
{
    calls_in_flight = in_flight;
    if (in_flight && interrupted)           /* the signal was early */
        alarm(LAST_OF_CALLS);
}

/* A second signal ends the process wherever it is.  That cuts nothing that
 * matters: files are replaced as a whole, a count that was sent is set or not,
 * and a queue hands out again what was not deleted. */
void verbs_note_interrupt(void)
{
    if (interrupted)
        _exit(EXIT_INTERRUPTED);
    interrupted = 1;
    alarm(calls_in_flight ? LAST_OF_CALLS : LAST);
}

static void on_interrupt(int sig)
{
    (void)sig;
    verbs_note_interrupt();
}

static void on_last(int sig)
{
    (void)sig;
    _exit(EXIT_INTERRUPTED);
}

void verbs_catch(int sig, void (*handler)(int))
{
    struct sigaction act;

    /* No SA_RESTART: a read, a write or an open that waits ends. */
    memset(&act, 0, sizeof act);
    act.sa_handler = handler;
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGINT);    /* each finds what the other noted */
    sigaddset(&act.sa_mask, SIGTERM);
    sigaction(sig, &act, NULL);
}

void verbs_catch_interrupts(void)
{
    sigset_t last;

    verbs_catch(SIGINT, on_interrupt);
    verbs_catch(SIGTERM, on_interrupt);
    verbs_catch(SIGALRM, on_last);
    verbs_catch(SIGPIPE, SIG_IGN);
    sigemptyset(&last);
    sigaddset(&last, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &last, NULL);
}

bool verbs_interrupted(void)
{
    return interrupted > 0;
}

static int wait_for(headcount_op *op, bool cancelled,
                    const struct verbs_parts *parts)
{
    bool waits = !log_turn();
    int got;

    if (cancelled)
        return headcount_wait(op, INTERRUPT_GRACE);
    if (parts->tick)
        return headcount_wait(op, TICK);
    got = headcount_wait(op, waits ? TICK : LOOK_AGAIN);
    return got == HEADCOUNT_ETIMEDOUT ? HEADCOUNT_RUNNING : got;
}

bool verbs_run_parts(headcount_op *op, struct policy_option *decide,
                     const struct verbs_parts *parts)
{
    bool cancelled = false, late = false;

    verbs_calls(true);
    while (headcount_op_state(op) != HEADCOUNT_DONE && !late) {
        if (interrupted && !cancelled)
            headcount_cancel(op);
        cancelled = interrupted;
        int got = wait_for(op, cancelled, parts);

        if (got == HEADCOUNT_ASKS) {
            policy_option_op(decide, op);
        } else if (got == HEADCOUNT_PART) {
            parts->part(parts->ud, op);
            headcount_resume(op);
        } else if (got == HEADCOUNT_ETIMEDOUT && !cancelled) {
            parts->tick(parts->ud, op);
        } else {
            late = got == HEADCOUNT_ETIMEDOUT;
        }
    }
    verbs_calls(false);
    return interrupted;
}

static void on_wait(void *ud, headcount_op *op)
{
    struct progress *p = ud;
    int64_t now = hc_clock_monotonic();
    char text[80];

    (void)op;
    if (!progress_is_due(p, now))
        return;
    snprintf(text, sizeof text, "%d s, waiting for an answer",
             (int)((now - p->began) / HC_SECOND));
    log_draw(text);
}

bool verbs_run(headcount_op *op, struct policy_option *decide)
{
    struct progress progress = { .began = hc_clock_monotonic() };
    const struct verbs_parts waits = {    /* only a sweep has parts */
        &progress, NULL, isatty(STDERR_FILENO) ? on_wait : NULL
    };
    bool ended = verbs_run_parts(op, decide, &waits);

    if (progress.drawn != 0)
        log_draw("");
    return ended;
}

static int try_without(headcount **h, const struct options *o,
                       unsigned without, struct headcount_error *error)
{
    struct headcount_system system = {
        .size = sizeof system, .ud = o->tracing, .alloc = blocks_alloc,
        .log = log_library_line, .trace = o->tracing ? trace_note : NULL,
    };

    /* A person at a terminal reads the report; the audit lines would repeat it.
     * The worker prints none. */
    if (!isatty(STDERR_FILENO) || o->verb == VERB_WATCH)
        system.audit = log_audit_line;
    struct headcount_config config = {
        .size = sizeof config,
        .system = &system,
        .log_level = o->debug ? HEADCOUNT_LOG_DEBUG : log_library_level(),
        .region = o->region,
        .profile = o->profile,
        .endpoint_url = o->endpoint_url,
        .ca_bundle = o->ca_bundle,
        .dns_server = o->dns_server,
        .connect_timeout = o->connect_us,
        .read_timeout = o->read_us,
        .acquire_timeout = o->acquire_us,
        .attempt_timeout = o->attempt_us,
        .tcp_user_timeout = o->user_us,
        .min_speed = o->min_speed_n,
        .max_connections = (int)o->max_connections,
        .max_connections_per_host = (int)o->max_per_host,
        .no_tcp_keepalive = o->tcp_keepalive != NULL && !o->probes,
        .tcp_keepalive = o->probes,
        .no_sign_request = o->no_sign_request,
        .concurrency = o->concurrency,
        .api_share = o->api_share,
        .run_processes = o->verb != VERB_LAMBDA,
        .no_keep_alive = (without & VERBS_NO_KEEP_ALIVE) != 0,
        .no_tls_resumption = (without & VERBS_NO_RESUMPTION) != 0,
        .no_dns_cache = (without & VERBS_NO_DNS_CACHE) != 0,
        .max_attempts = without & VERBS_NO_RETRY ? 1 : 0,
    };

    return headcount_new(h, &config, error);
}

int verbs_try(headcount **h, const struct options *o,
              struct headcount_error *error)
{
    return try_without(h, o, 0, error);
}

int verbs_open(headcount **h, const struct options *o)
{
    return verbs_open_without(h, o, 0);
}

int verbs_open_without(headcount **h, const struct options *o,
                       unsigned without)
{
    struct headcount_error error;
    int err = try_without(h, o, without, &error);

    if (err == 0)
        return 0;
    complain("%s", error.what);
    return verbs_exit_code(err);
}

/* Bytes, 0 at the end; -1 with errno. */
static ssize_t read_some(int fd, char *to, size_t n)
{
    struct pollfd in = { .fd = fd, .events = POLLIN };
    ssize_t got;

    do {
        /* Not in read(): a pipe may have no writer yet, and a signal that
         * comes just before a read would not end it. */
        while (!interrupted && poll(&in, 1, (int)(LOOK_AGAIN / 1000)) <= 0)
            log_turn();
        got = interrupted ? 0 : read(fd, to, n);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    return got;
}

static int read_all(int fd, const char *name, size_t max,
                    char **out, size_t *n)
{
    size_t cap = 65536;
    char *bytes = malloc(cap);

    *n = 0;
    while (bytes) {
        ssize_t got = read_some(fd, bytes + *n, cap - *n);

        if (interrupted)
            break;
        if (got < 0) {
            complain("cannot read %s: %s", name, strerror(errno));
            break;
        }
        if (got == 0) {
            *out = bytes;
            return 0;
        }
        *n += (size_t)got;
        if (*n > max) {
            complain(
                "%s is longer than %zu bytes, the most that headcount reads",
                name, max);
            break;
        }
        if (*n == cap) {
            char *more = realloc(bytes, cap * 2);

            if (!more)
                break;
            bytes = more;
            cap *= 2;
        }
    }
    free(bytes);
    return interrupted ? EXIT_INTERRUPTED : EXIT_USAGE;
}

int verbs_read_input(const char *path, size_t max, char **out, size_t *n)
{
    if (!path || strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", max, out, n);

    /* To open a pipe without a writer would wait where no signal is seen. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        complain("cannot open %s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    int err = read_all(fd, path, max, out, n);

    close(fd);
    return err;
}

#define BODY_MAX ((size_t)16 << 20)

int verbs_read_body(const char **body, size_t *n, char **owned)
{
    const char *at = *body;

    *n = at ? strlen(at) : 0;
    if (!at || (*at != '@' && strcmp(at, "-") != 0))
        return 0;
    int code = verbs_read_input(*at == '@' ? at + 1 : at, BODY_MAX, owned, n);

    *body = *owned;
    return code;
}

bool verbs_read_line(char *to, size_t size)
{
    size_t n = 0;
    ssize_t got;
    char c;

    while ((got = read_some(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
        if (n + 1 < size)
            to[n++] = c;
    to[n] = '\0';
    return got == 1 && !interrupted;
}

void verbs_tell(bool patient)
{
    bool before = interrupted;
    int64_t end = hc_clock_monotonic() + TELL_MS * HC_MS;
    bool told = log_turn();

    while (!told && interrupted == before &&
           ((patient && !before) || hc_clock_monotonic() < end))
        told = log_wait(TELL_MS / 10);
}
