/* net/proc.c - one program is run for what it prints (contract: net/proc.h).
 *
 *   NONE   -> RUNS            [hc_proc_start]
 *   RUNS   -> DRAINS          [proc_runs]      the kernel says that it ended
 *   RUNS   -> KILLED          [proc_kill]      time is over, too much output
 *   DRAINS -> DONE, FAILED    [proc_drains]    its pipes end, or HC_PROC_DRAIN
 *   DRAINS -> KILLED          [proc_kill]      too much output
 *   KILLED -> FAILED          [proc_killed]
 *
 * It is reaped last.  Until then the kernel gives its number, which is that of
 * its group, to nobody else, so a kill reaches nobody else.
 */
#include "net/proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/loop.h"

#define PROC_LOOK (20 * HC_MS)           /* where the kernel does not tell   */
#define PROC_KILLED (2 * HC_SECOND)      /* till the killed one is gone      */
#define PROC_BRIEF (100 * HC_MS)         /* the same, in hc_proc_fini        */
#define PROC_READS 16                    /* of one pipe in one run           */
#define PROC_CHUNK ((size_t)4096)
#define PROC_PATH 4096
#define PROC_NO_PATH "/bin:/usr/bin"     /* PATH is not set                  */

/* ---- which file ---- */

static bool proc_is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

/* An entry of PATH that is empty or relative means the current folder, where
 * anybody may have left a program of this name. */
static bool proc_find(const struct hc_system *sys, struct hc_str name,
                      struct hc_buf *out)
{
    struct hc_str path = hc_getenv(sys, "PATH");

    if (path.n == 0)
        path = HC_STR(PROC_NO_PATH);
    while (path.n > 0) {
        struct hc_str folder = hc_str_cut(&path, ':');

        if (folder.n == 0 || folder.p[0] != '/')
            continue;
        hc_buf_reset(out);
        hc_buf_str(out, folder);
        hc_buf_chr(out, '/');
        hc_buf_str(out, name);
        if (proc_is_program(hc_buf_z(out)) ||
            hc_buf_error(out) == HEADCOUNT_ENOMEM)
            return true;
    }
    return false;
}

static int proc_path(const struct hc_proc_config *c, struct hc_buf *out,
                     struct headcount_error *e)
{
    struct hc_str name = hc_str(c->argv[0]);

    if (name.n == 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "it names no program");
    if (hc_str_find(name, '/') < name.n) {
        hc_buf_str(out, name);
        hc_buf_z(out);
        if (hc_buf_error(out) == HEADCOUNT_ELIMIT)
            return hc_error_set(e, HEADCOUNT_ECONFIG, "the path of its program "
                                "is longer than %d bytes", PROC_PATH);
    } else if (!proc_find(c->sys, name, out)) {
        return hc_error_set(e, HEADCOUNT_ECONFIG, "no folder of PATH has a "
                            "program %.*s", (int)(name.n < 200 ? name.n : 200),
                            name.p);
    }
    if (hc_buf_error(out) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory to start a "
                            "program");
    return 0;
}

/* ---- its end ---- */

static void proc_close(struct hc_watch *watch, int *fd)
{
    hc_watch_close(watch);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void proc_close_all(struct hc_proc *p)
{
    struct hc_watch none = { .id = 0 };

    proc_close(&p->watch_out, &p->child.out);
    proc_close(&p->watch_err, &p->child.err);
    proc_close(&p->watch_end, &p->child.ended);
    proc_close(&none, &p->child.failed);
}

/* Somebody else reaped it, or nobody has to, because the program that uses the
 * library ignores SIGCHLD.  Then how it ended cannot be known, and its output
 * has to do. */
static bool proc_is_gone(int got)
{
    return got < 0 && errno == ECHILD;
}

/* It ended; it is not reaped by this. */
static bool proc_ended(const struct hc_proc *p)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    int got = waitid(P_PID, (id_t)p->child.pid, &info,
                     WEXITED | WNOHANG | WNOWAIT);

    return proc_is_gone(got) || (got == 0 && info.si_pid != 0);
}

/* True once nothing is left of it. */
static bool proc_reap(struct hc_proc *p)
{
    int status = 0;
    pid_t got = waitpid((pid_t)p->child.pid, &status, WNOHANG);

    if (got == 0 || (got < 0 && errno != ECHILD))
        return false;
    if (got > 0 && WIFEXITED(status))
        p->exit = WEXITSTATUS(status);
    if (got > 0 && WIFSIGNALED(status))
        p->signal = WTERMSIG(status);
    return true;
}

/* p->error says why. */
static void proc_kill(struct hc_proc *p, int64_t now)
{
    kill(-(pid_t)p->child.pid, SIGKILL);
    hc_buf_fini(&p->out);
    p->state = PROC_AT_KILLED;
    p->until = hc_time_add(now, PROC_KILLED);
}

/* ---- its output ---- */

/* Into the buf while there is room, then into nothing: a full pipe would hold
 * the program up. */
static ssize_t proc_read_some(int fd, struct hc_buf *to, bool *over)
{
    char scrap[PROC_CHUNK];
    size_t left = to->max - to->n;
    size_t n = left > 0 && left < PROC_CHUNK ? left : PROC_CHUNK;
    char *at = left > 0 ? hc_buf_room(to, n) : scrap;

    if (at == NULL)
        return 0;
    ssize_t got = read(fd, at, n);

    if (got > 0 && left > 0)
        hc_buf_added(to, (size_t)got);
    if (got > 0 && left == 0)
        *over = true;
    if (left == 0)
        hc_wipe(scrap, sizeof scrap);
    return got;
}

/* True: there was more than the buf takes.  One that prints faster than it is
 * read does not keep the other jobs from running. */
static bool proc_read(struct hc_proc *p, struct hc_watch *watch, int *fd,
                      struct hc_buf *to, int64_t now)
{
    bool over = false;

    watch->got = 0;
    for (int i = 0; *fd >= 0 && i < PROC_READS; i++) {
        ssize_t got = proc_read_some(*fd, to, &over);

        if (got < 0 && errno == EAGAIN)
            return over;
        if (got == 0 || (got < 0 && errno != EINTR))
            proc_close(watch, fd);
    }
    if (*fd >= 0)
        hc_job_at(p->config.job, now);
    return over;
}

/* False: it is killed for what it printed, or for want of memory. */
static bool proc_takes(struct hc_proc *p, int64_t now)
{
    bool over = proc_read(p, &p->watch_out, &p->child.out, &p->out, now);

    proc_read(p, &p->watch_err, &p->child.err, &p->err, now);
    if (hc_buf_error(&p->out) < 0 || hc_buf_error(&p->err) < 0)
        hc_error_set(&p->error, HEADCOUNT_ENOMEM, "no memory for what a "
                     "program prints");
    else if (over)
        hc_error_set(&p->error, HEADCOUNT_ELIMIT, "%s printed more than %zu "
                     "bytes and was killed", hc_buf_z(&p->path), HC_PROC_OUT);
    else
        return true;
    proc_kill(p, now);
    return false;
}

/* ---- the machine ---- */

/* Wakes the job at the deadline, and now and then where the kernel does not
 * tell that a process ended. */
static bool proc_waits(const struct hc_proc *p, int64_t now)
{
    hc_job_at(p->config.job, p->child.ended >= 0 || p->state == PROC_AT_DRAINS
              ? p->until : hc_time_min(p->until, hc_time_add(now, PROC_LOOK)));
    return true;
}

static bool proc_runs(struct hc_proc *p, int64_t now)
{
    bool ended = proc_ended(p);          /* before its last bytes are read   */

    if (!proc_takes(p, now))
        return false;
    if (ended) {
        proc_close(&p->watch_end, &p->child.ended);
        p->state = PROC_AT_DRAINS;
        p->until = hc_time_add(now, HC_PROC_DRAIN);
        return false;
    }
    if (now < p->until)
        return proc_waits(p, now);
    hc_error_set(&p->error, HEADCOUNT_ETIMEDOUT, "%s did not end within "
                 "%lld s and was killed", hc_buf_z(&p->path),
                 (long long)(p->config.time / HC_SECOND));
    proc_kill(p, now);
    return false;
}

/* The child writes errno to the pipe when it cannot become the program. */
static bool proc_started(struct hc_proc *p)
{
    int why = 0;

    if (read(p->child.failed, &why, sizeof why) != (ssize_t)sizeof why)
        return true;
    hc_error_sys(&p->error, HEADCOUNT_ECONFIG, why, "%s cannot be started",
                 hc_buf_z(&p->path));
    return false;
}

static bool proc_drains(struct hc_proc *p, int64_t now)
{
    if (!proc_takes(p, now))
        return false;
    if ((p->child.out >= 0 || p->child.err >= 0) && now < p->until)
        return proc_waits(p, now);
    proc_reap(p);
    p->state = proc_started(p) ? PROC_AT_DONE : PROC_AT_FAILED;
    proc_close_all(p);
    return true;
}

static bool proc_killed(struct hc_proc *p, int64_t now)
{
    if (!proc_reap(p) && now < p->until)
        return proc_waits(p, now);
    p->state = PROC_AT_FAILED;
    proc_close_all(p);
    return true;
}

/* True: nothing more can be done now. */
static bool proc_once(struct hc_proc *p, int64_t now)
{
    switch (p->state) {
    case PROC_AT_RUNS:   return proc_runs(p, now);
    case PROC_AT_DRAINS: return proc_drains(p, now);
    case PROC_AT_KILLED: return proc_killed(p, now);
    case PROC_AT_NONE:
    case PROC_AT_DONE:
    case PROC_AT_FAILED: break;
    }
    return true;
}

enum hc_proc_answer hc_proc_step(struct hc_proc *p, int64_t now)
{
    while (!proc_once(p, now))
        continue;
    if (p->state == PROC_AT_DONE)
        return PROC_DONE;
    return p->state == PROC_AT_FAILED ? PROC_FAILED : PROC_WAIT;
}

/* ---- birth and death ---- */

static void proc_watch(struct hc_proc *p, struct hc_watch *watch, int fd)
{
    if (fd < 0)
        return;
    hc_watch_open(p->config.jobs, watch, fd, p->config.job);
    hc_watch_want(watch, HC_WATCH_READ);
}

int hc_proc_start(struct hc_proc *p, const struct hc_proc_config *config,
                  int64_t now, struct headcount_error *e)
{
    const struct hc_system *sys = config->sys;

    memset(p, 0, sizeof *p);
    if (sys->spawn == NULL)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "no program is started "
                            "here: config.run_processes has to allow it");
    hc_buf_init_secret(&p->out, &sys->alloc, HC_PROC_OUT);
    hc_buf_init_secret(&p->err, &sys->alloc, HC_PROC_ERR);
    hc_buf_init(&p->path, &sys->alloc, PROC_PATH);
    int err = proc_path(config, &p->path, e);

    if (err == 0)
        err = sys->spawn(sys->ud, hc_buf_z(&p->path), config->argv, &p->child,
                         e);
    if (err < 0) {
        hc_buf_fini(&p->path);
        return err;
    }
    p->config = *config;
    p->config.argv = NULL;
    p->config.time = config->time > 0 ? config->time : HC_PROC_TIME;
    p->until = hc_time_add(now, p->config.time);
    p->state = PROC_AT_RUNS;
    proc_watch(p, &p->watch_out, p->child.out);
    proc_watch(p, &p->watch_err, p->child.err);
    proc_watch(p, &p->watch_end, p->child.ended);
    return 0;
}

/* In the child of a fork of the program that uses the library, the process is
 * nobody's, which counts as ended: nothing is killed.
 *
 * A killed process is gone within a millisecond, and one that is not reaped
 * stays as a zombie until this process ends.  So this waits, but not long. */
static void proc_end(struct hc_proc *p)
{
    struct hc_want ended = { .fd = p->child.ended, .events = HC_WATCH_READ };

    if (p->state == PROC_AT_RUNS && !proc_ended(p))
        kill(-(pid_t)p->child.pid, SIGKILL);
    for (int64_t us = 0; !proc_reap(p) && us < PROC_BRIEF; us += HC_MS)
        hc_loop_poll(&ended, ended.fd >= 0 ? 1 : 0, HC_MS);
}

void hc_proc_fini(struct hc_proc *p)
{
    bool alive = p->state == PROC_AT_RUNS || p->state == PROC_AT_DRAINS ||
                 p->state == PROC_AT_KILLED;

    if (alive) {
        proc_end(p);
        proc_close_all(p);
    }
    hc_buf_fini(&p->out);
    hc_buf_fini(&p->err);
    hc_buf_fini(&p->path);
    p->state = PROC_AT_NONE;
}
