/* cli/watch/watch.c - the long-running worker: one loop over poll.
 *
 *   RUNS --signal--> STOPS --7.5 s--> CANCELS --10 s--> OVER
 *                      |  all settled    |                ^
 *                      +-----------------+----------------+
 *
 * STOPS: no message is received and no reconcile begins; those in flight go
 * on, and waiting messages are given back to the queue.  CANCELS: writes that
 * were sent have two seconds to be answered.  OVER: the queue delivers again
 * what was not settled.  A second signal ends the process wherever it is
 * (verbs_note_interrupt).  All that takes less than ten seconds: examples/ecs
 * and examples/systemd count on it.
 */
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "log.h"
#include "verbs/verbs.h"

#define WATCH_CANCEL (15 * HC_SECOND / 2)
#define WATCH_END (99 * HC_SECOND / 10)
#define WATCH_CLUSTERS 10            /* at work, if nothing is said          */
#define WATCH_MESSAGES 1000
#define WATCH_BYTES ((size_t)64 << 20)
/* A message may name 2000 clusters, and each is looked for among all. */
#define WATCH_CLAIMS 8000
#define WATCH_LOG (HC_SECOND / 10)
/* The loop runs at least this often, whatever wake-up was missed. */
#define WATCH_LONGEST (60 * HC_SECOND)

enum watch_phase { WATCH_RUNS, WATCH_STOPS, WATCH_CANCELS, WATCH_OVER };

struct watch {
    struct options options;
    enum watch_phase phase;
    int64_t stopped;                 /* when the signal came                 */
    int code;                        /* what ended it, if no signal did      */
    headcount *h;
    struct inbox *inbox;
    struct metrics metrics;
    struct queue queue;
    struct work work;
    struct systemd notify;
    bool ready;
    int64_t status_next;
    int64_t log_next;                /* when to try stderr again, if lines
                                        wait for room in it                  */
    int signals[2];                  /* a pipe: 'T' stops, 'H' reloads       */
    struct headcount_want *wants;
    struct pollfd *polls;
    size_t wants_n;
};

/* ---- signals ---- */

/* The one thing that the handler may touch. */
static volatile sig_atomic_t signal_pipe = -1;

static void on_signal(int sig)
{
    int kept = errno;
    char c = sig == SIGHUP ? 'H' : 'T';

    if (c == 'T')
        verbs_note_interrupt();
    if (write(signal_pipe, &c, 1) < 0)
        errno = 0;      /* the pipe is full: read_signals has enough to do */
    errno = kept;
}

static int catch_signals(struct watch *w)
{
    if (pipe(w->signals) != 0) {
        complain("cannot make a pipe for signals: %s", strerror(errno));
        return EXIT_OTHER;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(w->signals[i], F_SETFD, FD_CLOEXEC);
        fcntl(w->signals[i], F_SETFL, O_NONBLOCK);
    }
    signal_pipe = w->signals[1];
    verbs_calls(true);
    verbs_catch(SIGINT, on_signal);
    verbs_catch(SIGTERM, on_signal);
    verbs_catch(SIGHUP, on_signal);
    if (verbs_interrupted() &&   /* the signal met the handler before this */
        write(w->signals[1], "T", 1) != 1)
        return EXIT_INTERRUPTED;
    return 0;
}

static void stop(struct watch *w, int64_t now)
{
    systemd_send(&w->notify, "STOPPING=1\nSTATUS=ends what is at work");
    w->phase = WATCH_STOPS;
    w->stopped = now;
    work_stop(&w->work);
    queue_stop(&w->queue);
    inbox_stop(w->inbox);
}

static void reload(struct watch *w, int64_t now)
{
    systemd_reloading(&w->notify, now);
    if (work_reload(&w->work))
        w->metrics.reloads_ok++;
    else
        w->metrics.reloads_failed++;
    w->metrics.changed = true;
    systemd_send(&w->notify, "READY=1");
}

static void read_signals(struct watch *w, int64_t now)
{
    char c;

    while (read(w->signals[0], &c, 1) == 1) {
        if (c == 'H' && w->phase == WATCH_RUNS)
            reload(w, now);
        else if (c == 'T' && w->phase == WATCH_RUNS)
            stop(w, now);
    }
}

/* ---- one turn ---- */

static bool is_settled(const struct watch *w)
{
    struct inbox_counts counts;

    inbox_count(w->inbox, &counts);
    return work_is_idle(&w->work) && queue_is_idle(&w->queue) &&
           counts.deleting == 0 && counts.released == 0;
}

static void turn_to_end(struct watch *w, int64_t now)
{
    if (w->phase == WATCH_STOPS && now >= w->stopped + WATCH_CANCEL) {
        w->phase = WATCH_CANCELS;
        w->work.cut |= !work_is_idle(&w->work);
        work_cancel(&w->work);
    }
    if (w->phase != WATCH_RUNS &&
        (is_settled(w) || now >= w->stopped + WATCH_END))
        w->phase = WATCH_OVER;
}

static void tell_systemd(struct watch *w, int64_t now)
{
    struct inbox_counts counts;
    char text[160];

    if (w->phase != WATCH_RUNS ||
        (!w->ready && w->queue.url && !w->queue.reached))
        return;
    if (!w->ready || now >= w->status_next) {
        inbox_count(w->inbox, &counts);
        snprintf(text, sizeof text, "%sSTATUS=%zu messages held, %zu clusters "
                 "at work, %zu wait", w->ready ? "" : "READY=1\n",
                 counts.messages, counts.at_work, counts.waiting);
        systemd_send(&w->notify, text);
        w->status_next = now + 5 * HC_SECOND;
    }
    w->ready = true;
}

static void turn(struct watch *w, int64_t now)
{
    const struct metrics_now at = { w->h, w->inbox, now };

    work_turn(&w->work, now);
    queue_turn(&w->queue, now);
    metrics_turn(&w->metrics, &at, false);
    tell_systemd(w, now);
    systemd_turn(&w->notify, now);
    w->log_next = log_turn() ? HC_NEVER : now + WATCH_LOG;
    turn_to_end(w, now);
    w->code = w->queue.fatal != 0 ? w->queue.fatal : w->work.fatal;
    if (w->code != 0)
        w->phase = WATCH_OVER;
}

/* ---- waiting ---- */

static int64_t next_due(const struct watch *w, int64_t due)
{
    due = hc_time_min(due, queue_due(&w->queue));
    due = hc_time_min(due, work_due(&w->work));
    due = hc_time_min(due, metrics_due(&w->metrics));
    due = hc_time_min(due, w->log_next);
    if (w->notify.every > 0)
        due = hc_time_min(due, w->notify.next);
    if (w->phase == WATCH_STOPS)
        due = hc_time_min(due, w->stopped + WATCH_CANCEL);
    if (w->phase == WATCH_CANCELS)
        due = hc_time_min(due, w->stopped + WATCH_END);
    return due;
}

static int milliseconds(int64_t due)
{
    int64_t left = due - hc_clock_monotonic();

    if (left <= 0)
        return 0;
    return (int)((hc_time_min(left, WATCH_LONGEST) + 999) / 1000);
}

/* Grows the arrays until all descriptors fit.  Without memory the rest is not
 * polled this time; WATCH_LONGEST is then the longest delay. */
static size_t all_wants(struct watch *w, int64_t *due)
{
    size_t n = headcount_wants(w->h, w->wants, w->wants_n, due);

    if (n > w->wants_n) {
        struct headcount_want *wants = realloc(w->wants, 2 * n *
                                               sizeof *wants);

        if (wants)
            w->wants = wants;
        struct pollfd *polls = realloc(w->polls, (2 * n + 1) * sizeof *polls);

        if (polls)
            w->polls = polls;
        if (wants && polls)
            w->wants_n = 2 * n;
        n = headcount_wants(w->h, w->wants, w->wants_n, due);
    }
    return n < w->wants_n ? n : w->wants_n;
}

static void wait_and_step(struct watch *w)
{
    int64_t due;
    size_t n = all_wants(w, &due);

    w->polls[0] = (struct pollfd){ .fd = w->signals[0], .events = POLLIN };
    for (size_t i = 0; i < n; i++)
        w->polls[i + 1] = (struct pollfd){ .fd = w->wants[i].fd,
                                           .events = w->wants[i].events };
    int got = poll(w->polls, (nfds_t)n + 1, milliseconds(next_due(w, due)));

    for (size_t i = 0; i < n; i++)
        w->wants[i].events = got > 0 ? w->polls[i + 1].revents : 0;
    read_signals(w, hc_clock_monotonic());
    headcount_step(w->h, w->wants, n);
}

static void take_ops(struct watch *w)
{
    headcount_op *op;
    int64_t now = hc_clock_monotonic();

    while ((op = headcount_next(w->h)))
        if (!queue_took(&w->queue, op, now) && work_took(&w->work, op, now))
            w->metrics.changed = true;
}

static int run(struct watch *w)
{
    while (w->phase != WATCH_OVER) {
        turn(w, hc_clock_monotonic());
        if (w->phase == WATCH_OVER)
            break;
        wait_and_step(w);
        take_ops(w);
    }
    const struct metrics_now at = { w->h, w->inbox, hc_clock_monotonic() };

    metrics_turn(&w->metrics, &at, true);
    if (w->code != 0)
        return w->code;
    return w->work.cut || w->queue.lost || !is_settled(w) ? EXIT_INTERRUPTED
                                                           : EXIT_DONE;
}

/* ---- open, close ---- */

/* The URL stands in every message about the queue: a password in it would,
 * too. */
static bool has_user(const char *url)
{
    const char *host = strstr(url, "://");
    size_t n = host ? strcspn(host + 3, "/?#") : 0;

    return host && memchr(host + 3, '@', n);
}

const char *watch_queue_fault(const struct options *o)
{
    if (strncmp(o->queue, "https://", 8) != 0 &&
        strncmp(o->queue, "http://", 7) != 0)
        return "takes the queue's URL, https://sqs.REGION.amazonaws.com/"
               "ACCOUNT/NAME";
    if (has_user(o->queue))
        return "takes a URL that has no user in it: credentials are found "
               "where the AWS CLI finds them";
    return NULL;
}

static int check_words(const struct options *o)
{
    bool sweeps = sweep_options_is_said(o);
    const char *queue = o->queue ? watch_queue_fault(o) : NULL;
    char who[OPTIONS_NAME];

    if (!sweeps && options_is_typed(o, "every"))
        complain("--every is for sweeps: name the clusters, or give --all");
    else if (!sweeps && !o->queue)
        complain("watch what? Give --queue URL, clusters to sweep, or --all");
    else if (o->queue && o->dry_run)
        complain("--dry-run does not go with %s: messages would be deleted, "
                 "and nothing done (HEADCOUNT_DRY_RUN=1 holds every write)",
                 options_said(o, "queue", who));
    else if (queue)
        complain("%s %s", options_said(o, "queue", who), queue);
    else if (sweeps)
        return 0;
    else {
        complain("no sweep is configured, so a lost event is never repaired: "
                 "give --all, or name clusters");
        return 0;
    }
    return EXIT_USAGE;
}

static int open_all(struct watch *w, const struct options *o)
{
    const struct inbox_config config = {
        .visibility = o->visibility_us, .at_once = (size_t)o->concurrency,
        .messages_max = WATCH_MESSAGES, .bytes_max = WATCH_BYTES,
        .claims_max = WATCH_CLAIMS,
    };
    /* Before the policy is read: a pipe may have no writer yet, and a signal
     * has to end that wait. */
    int code = catch_signals(w);

    queue_init(&w->queue, o);
    systemd_open(&w->notify);
    if (code == 0)
        code = work_open(&w->work, o, hc_clock_monotonic());
    if (code == 0)
        code = metrics_open(&w->metrics, o);
    if (code != 0)
        return code;
    w->inbox = inbox_new(&config);
    w->wants_n = 64;
    w->wants = calloc(w->wants_n, sizeof *w->wants);
    w->polls = calloc(w->wants_n + 1, sizeof *w->polls);
    if (!w->inbox || !w->wants || !w->polls) {
        complain("out of memory");
        return EXIT_OTHER;
    }
    code = verbs_open(&w->h, o);
    w->queue.h = w->work.h = w->h;
    w->queue.inbox = w->work.inbox = w->inbox;
    w->queue.metrics = w->work.metrics = &w->metrics;
    w->queue.sweeps = w->work.sweeps;
    return code;
}

/* work_close frees its ops before the rules that they go by; headcount_free
 * ends those of the queue. */
static void close_all(struct watch *w)
{
    work_close(&w->work);
    headcount_free(w->h);
    metrics_close(&w->metrics);
    systemd_close(&w->notify);
    inbox_free(w->inbox);
    free(w->wants);
    free(w->polls);
}

int verb_watch(const struct options *o)
{
    struct watch *w = calloc(1, sizeof *w);
    int code = w ? check_words(o) : EXIT_OTHER;

    if (code == 0) {
        w->options = *o;
        if (o->concurrency == 0)
            w->options.concurrency = WATCH_CLUSTERS;
        code = open_all(w, &w->options);
        if (code == 0)
            code = run(w);
        close_all(w);
    }
    free(w);
    return code;
}
