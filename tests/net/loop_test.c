/* net/loop - poll. */
#include "net/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/sock.h"
#include "t.h"

TEST(loop, says_which_are_ready_and_for_what)
{
    int a[2], b[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, a) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, b) == 0);
    CHECK(write(a[1], "x", 1) == 1);
    struct hc_want wants[] = {
        { .fd = a[0], .events = HC_WATCH_READ },
        { .fd = b[0], .events = HC_WATCH_READ },
        { .fd = b[1], .events = HC_WATCH_READ | HC_WATCH_WRITE },
    };

    CHECK_INT(hc_loop_poll(wants, 3, HC_SECOND), 2);
    CHECK_INT(wants[0].events, HC_WATCH_READ);
    CHECK_INT(wants[1].events, 0);
    CHECK_INT(wants[2].events, HC_WATCH_WRITE);
    close(a[0]);
    close(a[1]);
    close(b[0]);
    close(b[1]);
}

TEST(loop, nothing_in_time_is_none)
{
    int a[2];

    CHECK(pipe(a) == 0);
    struct hc_want want = { .fd = a[0], .events = HC_WATCH_READ };

    CHECK_INT(hc_loop_poll(&want, 1, 1), 0);
    CHECK_INT(want.events, 0);
    CHECK_INT(hc_loop_poll(&want, 1, -5), 0);
    CHECK_INT(hc_loop_poll(NULL, 0, 0), 0);
    close(a[0]);
    close(a[1]);
}

TEST(loop, a_hang_up_is_told_to_whoever_waits)
{
    int a[2];

    CHECK(pipe(a) == 0);
    close(a[1]);
    struct hc_want want = { .fd = a[0], .events = HC_WATCH_READ };

    CHECK_INT(hc_loop_poll(&want, 1, HC_SECOND), 1);
    CHECK_INT(want.events, HC_WATCH_READ);
    close(a[0]);
    want = (struct hc_want){ .fd = a[0], .events = HC_WATCH_WRITE };
    CHECK_INT(hc_loop_poll(&want, 1, HC_SECOND), 1);
    CHECK_INT(want.events, HC_WATCH_WRITE);
}

static void on_alarm(int sig)
{
    (void)sig;
}

TEST(loop, a_signal_ends_the_wait)
{
    int a[2];
    struct sigaction act, old;
    const struct itimerval soon = { .it_value = { .tv_usec = 1000 },
                                    .it_interval = { .tv_usec = 1000 } };
    const struct itimerval off = { .it_value = { .tv_usec = 0 } };

    memset(&act, 0, sizeof act);
    act.sa_handler = on_alarm;
    CHECK(sigaction(SIGALRM, &act, &old) == 0);
    CHECK(pipe(a) == 0);
    struct hc_want want = { .fd = a[0], .events = HC_WATCH_READ };

    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_INT(hc_loop_poll(&want, 1, 30 * HC_SECOND), -EINTR);
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK_INT(want.events, 0);
    sigaction(SIGALRM, &old, NULL);
    close(a[0]);
    close(a[1]);
}

/* Every socket of a handle is looked at, however many it has: here the one that
 * was opened first is ready. */
static int wait_for_the_first_of(size_t n, int64_t us)
{
    static struct hc_watch watches[HC_LOOP_MAX + 50];
    struct hc_jobs q;
    int ready[2], quiet[2];

    CHECK(pipe(ready) == 0 && pipe(quiet) == 0);
    CHECK(write(ready[1], "x", 1) == 1);
    hc_jobs_init(&q);
    for (size_t i = 0; i < n; i++) {
        hc_watch_open(&q, &watches[i], i == 0 ? ready[0] : quiet[0], NULL);
        hc_watch_want(&watches[i], HC_WATCH_READ);
    }
    int got = hc_loop_wait(&q, t_alloc(), us);

    for (size_t i = 0; i < n; i++) {
        CHECK_INT(watches[i].got, i == 0 && got > 0 ? HC_WATCH_READ : 0);
        hc_watch_close(&watches[i]);
    }
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(quiet[i]);
    }
    return got;
}

TEST(loop, every_socket_is_waited_for_however_many_there_are)
{
    CHECK_INT(wait_for_the_first_of(1, HC_SECOND), 1);
    CHECK_INT(wait_for_the_first_of(HC_LOOP_MAX, HC_SECOND), 1);
    CHECK_INT(t_alloc_state()->count, 0);
    CHECK_INT(wait_for_the_first_of(HC_LOOP_MAX + 50, HC_SECOND), 1);
}

TEST(loop, without_memory_for_many_sockets_it_says_so)
{
    for (int fails = 1; fails <= 2; fails++) {
        t_alloc_state()->count = 0;
        t_alloc_state()->fail_at = fails;
        CHECK_INT(wait_for_the_first_of(HC_LOOP_MAX + 50, HC_SECOND), -ENOMEM);
        t_alloc_state()->fail_at = 0;
    }
}

static int awaits;

static int await_in_vain(struct hc_watch *w)
{
    (void)w;
    awaits++;
    return -EAGAIN;
}

/* Poll waits for two, and for a time that is shorter than the wait. */
TEST(loop, one_socket_that_is_alone_is_awaited)
{
    struct hc_watch one, two;
    struct hc_jobs q;
    int a[2];

    CHECK(pipe(a) == 0);
    CHECK(write(a[1], "x", 1) == 1);
    hc_jobs_init(&q);
    hc_watch_open(&q, &one, a[0], NULL);
    hc_watch_want(&one, HC_WATCH_READ);
    one.await = await_in_vain;
    awaits = 0;
    CHECK_INT(hc_loop_wait(&q, t_alloc(), HC_SECOND), 0);
    CHECK_INT(awaits, 1);
    CHECK_INT(one.got, 0);
    CHECK_INT(hc_loop_wait(&q, t_alloc(), 2 * HC_SOCK_AWAIT - 1), 1);
    CHECK_INT(one.got, HC_WATCH_READ);
    hc_watch_open(&q, &two, a[0], NULL);
    CHECK(hc_jobs_only(&q) == &one);
    hc_watch_want(&two, HC_WATCH_READ);
    CHECK_INT(hc_loop_wait(&q, t_alloc(), HC_SECOND), 2);
    hc_watch_close(&two);
    hc_watch_want(&one, HC_WATCH_READ | HC_WATCH_WRITE);
    CHECK(hc_jobs_only(&q) == NULL);
    CHECK_INT(awaits, 1);
    hc_watch_close(&one);
    close(a[0]);
    close(a[1]);
}
