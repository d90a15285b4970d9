/* cli/verbs.c - what the verbs share: a handle out of the options, an op run to
 * its end or to an interrupt, input, exit codes. */
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "decide.h"
#include "log.h"

/* An op that was cancelled ends by itself after two seconds. */
#define INTERRUPT_GRACE ((int64_t)3000000)
#define TICK ((int64_t)200000)
/* A signal that comes just before the wait does not end it: look for one now
 * and then. */
#define LOOK_AGAIN ((int64_t)1000000)

/* The one thing a signal handler may touch. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    if (interrupted < 2)
        interrupted++;
}

void verbs_catch_interrupts(void)
{
    struct sigaction act;

    memset(&act, 0, sizeof act);
    act.sa_handler = on_interrupt;
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
}

bool verbs_interrupted(void)
{
    return interrupted > 0;
}

static int wait_for(headcount_op *op, bool cancelled,
                    const struct verbs_parts *parts)
{
    int got;

    if (cancelled)
        return headcount_wait(op, INTERRUPT_GRACE);
    if (parts->tick)
        return headcount_wait(op, TICK);
    got = headcount_wait(op, LOOK_AGAIN);
    return got == HEADCOUNT_ETIMEDOUT ? HEADCOUNT_RUNNING : got;
}

bool verbs_run_parts(headcount_op *op, struct decide *decide,
                     const struct verbs_parts *parts)
{
    bool cancelled = false, late = false;

    /* Whoever interrupts twice does not want to wait. */
    while (headcount_op_state(op) != HEADCOUNT_DONE && interrupted < 2 &&
           !late) {
        if (interrupted && !cancelled)
            headcount_cancel(op);
        cancelled = interrupted;
        int got = wait_for(op, cancelled, parts);

        if (got == HEADCOUNT_ASKS) {
            decide_op(decide, op);
        } else if (got == HEADCOUNT_PART) {
            parts->part(parts->ud, op);
            headcount_resume(op);
        } else if (got == HEADCOUNT_ETIMEDOUT && !cancelled) {
            parts->tick(parts->ud, op);
        } else {
            late = got == HEADCOUNT_ETIMEDOUT;
        }
    }
    return interrupted;
}

bool verbs_are_interrupted(void)
{
    return interrupted > 0;
}

bool verbs_run(headcount_op *op, struct decide *decide)
{
    static const struct verbs_parts none;    /* only a sweep has parts */

    return verbs_run_parts(op, decide, &none);
}

size_t verbs_targets_failed(const struct headcount_outcome *outcome)
{
    return outcome->summary[HEADCOUNT_FAILED] - outcome->missing_services_n;
}

bool verbs_has_no_event(const struct headcount_outcome *outcome)
{
    return outcome->records_failed > 0 && outcome->clusters_n == 0 &&
           outcome->foreign == 0;
}

int verbs_outcome_code(const struct options *o,
                       const struct headcount_outcome *outcome)
{
    if (outcome->code != 0)
        return verbs_exit_code(outcome->code);
    if (verbs_has_no_event(outcome))
        return EXIT_USAGE;
    if (outcome->summary[HEADCOUNT_FAILED] > 0 || outcome->records_failed > 0)
        return EXIT_TARGET_FAILED;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_PENDING] > 0)
        return EXIT_CHANGES;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_HELD] > 0)
        return EXIT_HELD;
    return EXIT_DONE;
}

int verbs_exit_code(int code)
{
    switch (code) {
    case HEADCOUNT_OK:
        return EXIT_DONE;
    case HEADCOUNT_EEVENT:
    case HEADCOUNT_EARG:
    case HEADCOUNT_ESYNTAX:
        return EXIT_USAGE;
    case HEADCOUNT_ECONFIG:
    case HEADCOUNT_EREGION:
    case HEADCOUNT_ECREDENTIALS:
    case HEADCOUNT_EPOLICY:
        return EXIT_CONFIG;
    case HEADCOUNT_ESERVICE:
        return EXIT_SERVICE;
    default:
        return EXIT_OTHER;
    }
}

int verbs_open(headcount **h, const struct options *o)
{
    struct headcount_system system = { .size = sizeof system,
                                       .log = log_library_line };

    /* A person there has the report, but of the worker. */
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
        .no_tcp_keepalive = o->tcp_keepalive != NULL,
        .no_sign_request = o->no_sign_request,
        .concurrency = o->concurrency,
        .api_share = o->api_share,
    };
    struct headcount_error error;
    int err = headcount_new(h, &config, &error);

    if (err == 0)
        return 0;
    complain("%s", error.what);
    return verbs_exit_code(err);
}

static int read_all(int fd, const char *name, size_t max,
                    char **out, size_t *n)
{
    size_t cap = 65536;
    char *bytes = malloc(cap);

    *n = 0;
    while (bytes) {
        ssize_t got = read(fd, bytes + *n, cap - *n);

        if (got < 0 && errno == EINTR && !interrupted)
            continue;
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
            complain("%s is longer than %zu bytes, the most that is taken",
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
    return EXIT_USAGE;
}

int verbs_read_input(const char *path, size_t max, char **out, size_t *n)
{
    if (!path || strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", max, out, n);

    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        complain("cannot open %s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    int err = read_all(fd, path, max, out, n);

    close(fd);
    return err;
}
