/* own_loop.c - headcount in the loop that a program has already: poll, epoll or
 * libuv.
 *
 *   own_loop poll|epoll|uv SERVICE CLUSTER...
 *
 * One handle brings SERVICE to one task on each host, in all clusters side by
 * side, and the report of each is printed when it is done.  All three loops do
 * the same:
 *
 *   begin --> wants --> (the loop waits) --> step --> next --> op_free
 *               ^                                       |
 *               +---------------------------------------+
 *
 * Build: cc own_loop.c $(pkg-config --cflags --libs headcount)
 * with libuv: cc -DWITH_UV own_loop.c $(pkg-config --cflags --libs headcount
 * libuv)
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <headcount.h>
#ifdef WITH_UV
#include <uv.h>
#endif

struct program {
    headcount *h;
    size_t left;                    /* ops that are not done                 */
    bool failed;
    struct headcount_want *wants;   /* as headcount_wants wrote them last    */
    size_t room;                    /* of that array                         */
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "own_loop: %s: %s\n", what, why);
    exit(1);
}

static void *grown(void *p, size_t n, size_t size)
{
    p = realloc(p, n * size);
    if (p == NULL)
        die("realloc", strerror(errno));
    return p;
}

/* Milliseconds to a deadline on the monotonic clock; -1: there is none.  They
 * are rounded up: a loop that wakes too early has nothing to do, and spins. */
static int milliseconds(int64_t deadline)
{
    struct timespec t;

    if (deadline == INT64_MAX)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t us = deadline - (int64_t)t.tv_sec * 1000000 - t.tv_nsec / 1000;

    return us <= 0 ? 0 : us > 60000000 ? 60000 : (int)((us + 999) / 1000);
}

/* Asks for all descriptors.  They are few: those of one connection for each
 * cluster, and while names are looked up those of DNS. */
static size_t ask(struct program *p, int64_t *deadline)
{
    size_t n = headcount_wants(p->h, p->wants, p->room, deadline);

    if (n > p->room) {
        p->wants = grown(p->wants, n, sizeof *p->wants);
        p->room = n;
        headcount_wants(p->h, p->wants, n, deadline);
    }
    return n;
}

/* A reconcile with wishes asks nothing: the ops that come here are done. */
static void take_ops(struct program *p)
{
    headcount_op *op;

    while ((op = headcount_next(p->h)) != NULL) {
        const struct headcount_outcome *outcome = headcount_outcome(op);

        if (outcome->code != 0)
            fprintf(stderr, "own_loop: %s: %s\n",
                    (const char *)headcount_op_user(op), outcome->message);
        else
            puts(outcome->json);
        if (outcome->code != 0 || outcome->summary[HEADCOUNT_FAILED] > 0)
            p->failed = true;
        headcount_op_free(op);
        p->left--;
    }
}

/* ---- poll: all descriptors, each time ---- */

static void run_poll(struct program *p)
{
    struct pollfd *fds = NULL;
    size_t room = 0;

    while (p->left > 0) {
        int64_t deadline;
        size_t n = ask(p, &deadline);

        if (n > room)
            fds = grown(fds, room = n, sizeof *fds);
        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){ .fd = p->wants[i].fd,
                                      .events = p->wants[i].events };
        if (poll(fds, (nfds_t)n, milliseconds(deadline)) < 0) {
            if (errno != EINTR)
                die("poll", strerror(errno));
            n = 0;                   /* a signal came in: nothing is known   */
        }
        for (size_t i = 0; i < n; i++)
            p->wants[i].events = fds[i].revents;
        headcount_step(p->h, p->wants, n);
        take_ops(p);
    }
    free(fds);
}

/* ---- epoll: only what changed ---- */

struct known {                       /* what epoll knows of a descriptor     */
    uint64_t id;                     /* 0: nothing                           */
    short events;
};

struct known_fds {
    int epoll;
    struct known *at;                /* by the number of the descriptor      */
    size_t n;
};

/* A known descriptor whose id is not listed any more was closed, and the kernel
 * has dropped it: nothing is done for it.  Another id with its number is a new
 * descriptor. */
static void sync_epoll(struct known_fds *k, const struct headcount_want *w)
{
    size_t fd = (size_t)w->fd;

    if (fd >= k->n) {
        k->at = grown(k->at, fd + 1, sizeof *k->at);
        memset(k->at + k->n, 0, (fd + 1 - k->n) * sizeof *k->at);
        k->n = fd + 1;
    }
    bool is_new = k->at[fd].id != w->id;
    struct epoll_event event = {
        .events = (w->events & POLLIN ? EPOLLIN : 0U) |
                  (w->events & POLLOUT ? EPOLLOUT : 0U),
        .data.u64 = w->id,
    };

    if (!is_new && k->at[fd].events == w->events)
        return;
    if (epoll_ctl(k->epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, w->fd,
                  &event) < 0)
        die("epoll_ctl", strerror(errno));
    k->at[fd] = (struct known){ .id = w->id, .events = w->events };
}

#define EVENTS 64

static void run_epoll(struct program *p)
{
    struct known_fds known = { .epoll = epoll_create1(EPOLL_CLOEXEC) };

    if (known.epoll < 0)
        die("epoll_create1", strerror(errno));
    while (p->left > 0) {
        struct epoll_event events[EVENTS];
        struct headcount_want ready[EVENTS];
        int64_t deadline;
        size_t n = ask(p, &deadline);

        for (size_t i = 0; i < n; i++)
            sync_epoll(&known, &p->wants[i]);
        int got = epoll_wait(known.epoll, events, EVENTS,
                             milliseconds(deadline));

        if (got < 0 && errno != EINTR)
            die("epoll_wait", strerror(errno));
        /* EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP are the numbers of poll. */
        for (int i = 0; i < got; i++)
            ready[i] = (struct headcount_want){
                .id = events[i].data.u64, .events = (short)events[i].events,
            };
        headcount_step(p->h, ready, got > 0 ? (size_t)got : 0);
        take_ops(p);
    }
    close(known.epoll);
    free(known.at);
}

/* ---- libuv: a uv_poll_t for each descriptor ---- */

#ifdef WITH_UV

struct watch {
    uv_poll_t poll;
    struct uv_program *owner;
    uint64_t id;
    int events;                      /* UV_... that it was started with      */
    bool listed;
};

struct uv_program {
    struct program *p;
    uv_loop_t loop;
    uv_timer_t timer;
    struct watch **at;               /* by the number of the descriptor      */
    size_t n;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* libuv keeps its own table by number: a descriptor that headcount closed has
 * to leave it before anything else is opened. */
static size_t drop_closed(struct uv_program *u, int64_t *deadline)
{
    size_t n = ask(u->p, deadline);

    for (size_t fd = 0; fd < u->n; fd++)
        if (u->at[fd] != NULL)
            u->at[fd]->listed = false;
    for (size_t i = 0; i < n; i++) {
        size_t fd = (size_t)u->p->wants[i].fd;

        if (fd < u->n && u->at[fd] != NULL &&
            u->at[fd]->id == u->p->wants[i].id)
            u->at[fd]->listed = true;
    }
    for (size_t fd = 0; fd < u->n; fd++)
        if (u->at[fd] != NULL && !u->at[fd]->listed) {
            uv_close((uv_handle_t *)&u->at[fd]->poll, on_closed);
            u->at[fd] = NULL;
        }
    return n;
}

static void turn(struct uv_program *u, const struct headcount_want *ready,
                 size_t n);

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct headcount_want ready = { .id = w->id };

    if (status < 0) {
        ready.events = POLLERR;
        w->events = 0;               /* libuv has stopped it                 */
    } else {
        ready.events = (short)((events & UV_READABLE ? POLLIN : 0) |
                               (events & UV_WRITABLE ? POLLOUT : 0));
    }
    turn(w->owner, &ready, 1);
}

static void on_time(uv_timer_t *timer)
{
    turn(timer->data, NULL, 0);
}

static void uv_check(const char *what, int status)
{
    if (status < 0)
        die(what, uv_strerror(status));
}

static struct watch *new_watch(struct uv_program *u,
                               const struct headcount_want *want)
{
    struct watch *w = grown(NULL, 1, sizeof *w);

    *w = (struct watch){ .owner = u, .id = want->id };
    uv_check("uv_poll_init", uv_poll_init(&u->loop, &w->poll, want->fd));
    w->poll.data = w;
    return w;
}

static void take_up(struct uv_program *u, const struct headcount_want *want)
{
    size_t fd = (size_t)want->fd;
    int events = (want->events & POLLIN ? UV_READABLE : 0) |
                 (want->events & POLLOUT ? UV_WRITABLE : 0);

    if (fd >= u->n) {
        u->at = grown(u->at, fd + 1, sizeof *u->at);
        for (; u->n <= fd; u->n++)
            u->at[u->n] = NULL;
    }
    if (u->at[fd] == NULL)
        u->at[fd] = new_watch(u, want);
    struct watch *w = u->at[fd];

    if (w->events != events)
        uv_check("uv_poll_start", uv_poll_start(&w->poll, events, on_ready));
    w->events = events;
}

/* Without a handle that is open uv_run returns.  The descriptors are still
 * those of headcount, which closes them. */
static void end_loop(struct uv_program *u)
{
    for (size_t fd = 0; fd < u->n; fd++)
        if (u->at[fd] != NULL)
            uv_close((uv_handle_t *)&u->at[fd]->poll, on_closed);
    u->n = 0;
    uv_close((uv_handle_t *)&u->timer, NULL);
}

static void turn(struct uv_program *u, const struct headcount_want *ready,
                 size_t n)
{
    int64_t deadline;

    headcount_step(u->p->h, ready, n);
    drop_closed(u, &deadline);
    take_ops(u->p);
    size_t listed = drop_closed(u, &deadline);

    if (u->p->left == 0) {
        end_loop(u);
        return;
    }
    for (size_t i = 0; i < listed; i++)
        take_up(u, &u->p->wants[i]);
    int wait = milliseconds(deadline);

    uv_update_time(&u->loop);
    uv_check("uv_timer_start",
             uv_timer_start(&u->timer, on_time,
                            wait < 0 ? 60000 : (uint64_t)wait, 0));
}

static void run_uv(struct program *p)
{
    struct uv_program u = { .p = p };

    uv_check("uv_loop_init", uv_loop_init(&u.loop));
    uv_check("uv_timer_init", uv_timer_init(&u.loop, &u.timer));
    u.timer.data = &u;
    turn(&u, NULL, 0);
    uv_run(&u.loop, UV_RUN_DEFAULT);
    uv_check("uv_loop_close", uv_loop_close(&u.loop));
    free(u.at);
}

#else

static void run_uv(struct program *p)
{
    (void)p;
    die("uv", "this program was built without -DWITH_UV");
}

#endif

/* ---- the program ---- */

static void begin(struct program *p, const char *service, char *cluster)
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

    if (headcount_begin_reconcile(p->h, &op, &reconcile, &error) != 0)
        die(cluster, error.what);
    p->left++;
}

int main(int argc, char **argv)
{
    void (*run)(struct program *p) =
        argc < 4                         ? NULL
        : strcmp(argv[1], "poll") == 0   ? run_poll
        : strcmp(argv[1], "epoll") == 0  ? run_epoll
        : strcmp(argv[1], "uv") == 0     ? run_uv : NULL;
    struct program p = { .left = 0 };
    struct headcount_error error;

    if (run == NULL) {
        fputs("usage: own_loop poll|epoll|uv SERVICE CLUSTER...\n", stderr);
        return 2;
    }
    if (headcount_new(&p.h, NULL, &error) != 0)
        die("headcount_new", error.what);
    for (int i = 3; i < argc; i++)
        begin(&p, argv[2], argv[i]);
    run(&p);
    headcount_free(p.h);
    free(p.wants);
    return p.failed;
}
