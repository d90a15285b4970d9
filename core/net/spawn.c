/* net/spawn.c - another program is started (contract: net/sys.h).
 *
 * The program that uses the library may have threads, and one of them may hold
 * any lock while this one forks.  So the child calls only functions that are
 * safe in a signal's handler, all memory is taken before the fork, and the
 * child's environment is changed in its own copy of the memory.
 */
#include "net/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPAWN_FAILED 3                   /* the child's end of that pipe     */
#define SPAWN_HIGH 16                    /* above all that is put in place   */
#define SPAWN_MANY 65536                 /* closed one by one, where the
                                            kernel cannot close a range      */
#define SPAWN_OURS "HEADCOUNT_"
#ifndef _NSIG
#define _NSIG 65
#endif

extern char **environ;
/* For calls that POSIX does not have; the C library may be older than the
 * kernel. */
long syscall(long number, ...);

/* All descriptors of one start; -1: closed.  [0] is read, [1] written. */
struct spawn_pipes {
    int out[2], err[2], failed[2], null;
};

/* ---- in the child, until exec ---- */

static void spawn_reset_signals(void)
{
    struct sigaction usual;
    sigset_t none;

    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    for (int i = 1; i < _NSIG; i++)
        sigaction(i, &usual, NULL);      /* some cannot be, which is fine    */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void spawn_strip_environment(void)
{
    char **to = environ;

    if (to == NULL)
        return;
    for (char **from = environ; *from != NULL; from++)
        if (strncmp(*from, SPAWN_OURS, sizeof SPAWN_OURS - 1) != 0)
            *to++ = *from;
    *to = NULL;
}

static void spawn_close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
#endif
    for (int fd = first; fd < SPAWN_MANY; fd++)
        close(fd);
}

/* The descriptors may lie where others are to be put: all of them are moved
 * out of the way first. */
static bool spawn_place(const struct spawn_pipes *p)
{
    const int ends[] = { p->null, p->out[1], p->err[1], p->failed[1] };
    int high[4];

    for (int i = 0; i < 4; i++) {
        high[i] = fcntl(ends[i], F_DUPFD, SPAWN_HIGH);
        if (high[i] < 0)
            return false;
    }
    for (int i = 0; i < 4; i++)
        if (dup2(high[i], i) < 0)
            return false;
    if (fcntl(SPAWN_FAILED, F_SETFD, FD_CLOEXEC) < 0)
        return false;
    spawn_close_from(SPAWN_FAILED + 1);
    return true;
}

__attribute__((noreturn))
static void spawn_child(const struct spawn_pipes *p, const char *path,
                        const char *const *argv)
{
    /* execve takes pointers to what it does not change as if it would. */
    union { const char *const *ours; char *const *theirs; } args = { argv };
    int to = p->failed[1];

    setpgid(0, 0);
    if (spawn_place(p)) {
        to = SPAWN_FAILED;
        spawn_strip_environment();
        spawn_reset_signals();
        execve(path, args.theirs, environ);
    }
    const int why = errno;
    const ssize_t n = write(to, &why, sizeof why);

    _exit(n == (ssize_t)sizeof why ? 127 : 126);
}

/* ---- in the parent ---- */

static void spawn_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void spawn_close_all(struct spawn_pipes *p)
{
    for (int i = 0; i < 2; i++) {
        spawn_close(&p->out[i]);
        spawn_close(&p->err[i]);
        spawn_close(&p->failed[i]);
    }
    spawn_close(&p->null);
}

/* Close-on-exec from the first moment: another thread may start a program at
 * any time, which would hold the pipe open. */
static bool spawn_pipe(int pair[2])
{
    return syscall(SYS_pipe2, pair, O_CLOEXEC) == 0 &&
           fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool spawn_open(struct spawn_pipes *p)
{
    return spawn_pipe(p->out) && spawn_pipe(p->err) && spawn_pipe(p->failed) &&
           (p->null = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;
}

static int spawn_ended(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0U);    /* closed on exec       */
#else
    (void)pid;
    return -1;
#endif
}

/* No handler of this program may run in the child, so no signal comes in until
 * the child has set them all back. */
static pid_t spawn_fork(const struct spawn_pipes *p, const char *path,
                        const char *const *argv)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();

    if (pid == 0)
        spawn_child(p, path, argv);
    const int why = errno;

    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return pid;
}

int hc_spawn(void *ud, const char *path, const char *const *argv,
             struct hc_child *out, struct headcount_error *e)
{
    struct spawn_pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, -1 };
    pid_t pid = spawn_open(&p) ? spawn_fork(&p, path, argv) : -1;

    (void)ud;
    if (pid < 0) {
        int why = errno;

        spawn_close_all(&p);
        return hc_error_sys(e, HEADCOUNT_EIO, why, "%s cannot be started",
                            path);
    }
    setpgid(pid, pid);       /* as in the child: one of both comes first      */
    *out = (struct hc_child){ .pid = pid, .out = p.out[0], .err = p.err[0],
                              .failed = p.failed[0],
                              .ended = spawn_ended(pid) };
    p.out[0] = p.err[0] = p.failed[0] = -1;
    spawn_close_all(&p);
    return 0;
}
