/* two_threads.c - headcount in a program with threads.
 *
 *   two_threads own|shared SERVICE CLUSTER...
 *
 * own:     each cluster has a thread, and each thread has a handle.  Handles
 *          share nothing, so there is no lock.
 * shared:  a thread drives one handle, and another one begins ops on it.  The
 *          handle and its ops have a lock.  The driver waits without it, so a
 *          thread that began an op wakes the driver, which asks for the wants
 *          again.
 *
 *      driver                               another thread
 *      lock, wants, unlock                  lock, begin, unlock
 *      poll (descriptors and a pipe)   <--  a byte into the pipe
 *      lock, step, next, ...
 *
 * Build: cc -pthread two_threads.c $(pkg-config --cflags --libs headcount)
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <headcount.h>

static void die(const char *what, const char *why)
{
    fprintf(stderr, "two_threads: %s: %s\n", what, why);
    exit(1);
}

static headcount *new_handle(void)
{
    struct headcount_error error;
    headcount *h;

    if (headcount_new(&h, NULL, &error) != 0)
        die("headcount_new", error.what);
    return h;
}

/* The texts are copied: none has to outlive this call but that of `user`. */
static headcount_op *begin(headcount *h, const char *service, char *cluster)
{
    const char *const clusters[] = { cluster };
    const struct headcount_wish wish = {
        .size = sizeof wish, .service = service, .rule = HEADCOUNT_PER_HOST,
    };
    const struct headcount_reconcile reconcile = {
        .size = sizeof reconcile, .user = cluster,
        .clusters = clusters, .clusters_n = 1,
        .wishes = &wish, .wishes_n = 1,
    };
    struct headcount_error error;
    headcount_op *op;

    if (headcount_begin_reconcile(h, &op, &reconcile, &error) != 0)
        die(cluster, error.what);
    return op;
}

/* Prints the outcome, which belongs to the op, and frees it.  False: one of
 * them failed. */
static bool end(headcount_op *op)
{
    const struct headcount_outcome *outcome = headcount_outcome(op);
    bool good = outcome->code == 0 && outcome->summary[HEADCOUNT_FAILED] == 0;

    if (outcome->code != 0)
        fprintf(stderr, "two_threads: %s: %s\n",
                (const char *)headcount_op_user(op), outcome->message);
    else
        puts(outcome->json);
    headcount_op_free(op);
    return good;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    int err = pthread_create(&thread, NULL, run, arg);

    if (err != 0)
        die("pthread_create", strerror(err));
    return thread;
}

/* ---- own: a handle for each thread ---- */

struct worker {
    pthread_t thread;
    const char *service;
    char *cluster;
    bool good;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    headcount *h = new_handle();
    headcount_op *op = begin(h, w->service, w->cluster);
    int state;

    while ((state = headcount_wait(op, -1)) == HEADCOUNT_RUNNING)
        continue;                    /* a signal came in                     */
    if (state < 0)
        die("headcount_wait", headcount_code_name(state));
    w->good = end(op);
    headcount_free(h);
    return NULL;
}

static bool run_own(const char *service, char **clusters, size_t n)
{
    struct worker *workers = calloc(n, sizeof *workers);
    bool good = true;

    if (workers == NULL)
        die("calloc", strerror(errno));
    for (size_t i = 0; i < n; i++) {
        workers[i].service = service;
        workers[i].cluster = clusters[i];
        workers[i].thread = start(work, &workers[i]);
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(workers[i].thread, NULL);
        good = good && workers[i].good;
    }
    free(workers);
    return good;
}

/* ---- shared: a handle with a lock ---- */

struct shared {
    pthread_mutex_t lock;            /* of all members but wake              */
    headcount *h;
    size_t left;                     /* ops that are not done                */
    bool closed, failed;             /* closed: no other op comes            */
    int wake[2];
};

struct waits {                       /* the driver's own                     */
    struct headcount_want *wants;
    struct pollfd *fds;              /* the pipe, then those of the wants    */
    size_t room;
};

static size_t ask(struct shared *s, struct waits *w, int64_t *deadline)
{
    size_t n = headcount_wants(s->h, w->wants, w->room, deadline);

    if (n > w->room || w->fds == NULL) {
        w->wants = realloc(w->wants, (n + 1) * sizeof *w->wants);
        w->fds = realloc(w->fds, (n + 1) * sizeof *w->fds);
        if (w->wants == NULL || w->fds == NULL)
            die("realloc", strerror(errno));
        w->room = n;
        headcount_wants(s->h, w->wants, n, deadline);
    }
    w->fds[0] = (struct pollfd){ .fd = s->wake[0], .events = POLLIN };
    for (size_t i = 0; i < n; i++)
        w->fds[i + 1] = (struct pollfd){ .fd = w->wants[i].fd,
                                         .events = w->wants[i].events };
    return n;
}

static int milliseconds(int64_t deadline)
{
    struct timespec t;

    if (deadline == INT64_MAX)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t us = deadline - (int64_t)t.tv_sec * 1000000 - t.tv_nsec / 1000;

    return us <= 0 ? 0 : us > 60000000 ? 60000 : (int)((us + 999) / 1000);
}

static void wait_for(struct waits *w, size_t n, int64_t deadline)
{
    char bytes[64];

    if (poll(w->fds, (nfds_t)n + 1, milliseconds(deadline)) < 0) {
        if (errno != EINTR)
            die("poll", strerror(errno));
        for (size_t i = 0; i <= n; i++)
            w->fds[i].revents = 0;
    }
    if (w->fds[0].revents != 0 &&
        read(w->fds[0].fd, bytes, sizeof bytes) < 0 && errno != EINTR)
        die("read", strerror(errno));
    for (size_t i = 0; i < n; i++)
        w->wants[i].events = w->fds[i + 1].revents;
}

/* While the driver waits without the lock, another thread may close descriptors
 * that poll looks at (op_free) and open others with their numbers.  What poll
 * says of them has an id that is not used again, and step ignores it. */
static void *drive(void *arg)
{
    struct shared *s = arg;
    struct waits waits = { .room = 0 };

    pthread_mutex_lock(&s->lock);
    while (s->left > 0 || !s->closed) {
        int64_t deadline;
        headcount_op *op;
        size_t n = ask(s, &waits, &deadline);

        pthread_mutex_unlock(&s->lock);
        wait_for(&waits, n, deadline);
        pthread_mutex_lock(&s->lock);
        headcount_step(s->h, waits.wants, n);
        while ((op = headcount_next(s->h)) != NULL) {
            s->failed = !end(op) || s->failed;
            s->left--;
        }
    }
    pthread_mutex_unlock(&s->lock);
    free(waits.wants);
    free(waits.fds);
    return NULL;
}

static void wake(struct shared *s)
{
    while (write(s->wake[1], "", 1) < 0)
        if (errno != EINTR)
            die("write", strerror(errno));
}

static bool run_shared(const char *service, char **clusters, size_t n)
{
    struct shared s = { .lock = PTHREAD_MUTEX_INITIALIZER, .h = new_handle() };

    if (pipe(s.wake) < 0)
        die("pipe", strerror(errno));
    pthread_t driver = start(drive, &s);

    for (size_t i = 0; i < n; i++) {
        pthread_mutex_lock(&s.lock);
        begin(s.h, service, clusters[i]);
        s.left++;
        pthread_mutex_unlock(&s.lock);
        wake(&s);
    }
    pthread_mutex_lock(&s.lock);
    s.closed = true;
    pthread_mutex_unlock(&s.lock);
    wake(&s);
    pthread_join(driver, NULL);
    headcount_free(s.h);
    close(s.wake[0]);
    close(s.wake[1]);
    pthread_mutex_destroy(&s.lock);
    return !s.failed;
}

int main(int argc, char **argv)
{
    bool own = argc >= 4 && strcmp(argv[1], "own") == 0;

    if (!own && (argc < 4 || strcmp(argv[1], "shared") != 0)) {
        fputs("usage: two_threads own|shared SERVICE CLUSTER...\n", stderr);
        return 2;
    }
    size_t n = (size_t)argc - 3;
    bool good = own ? run_own(argv[2], argv + 3, n)
                    : run_shared(argv[2], argv + 3, n);

    return good ? 0 : 1;
}
