/* net/proc - a program is run for what it prints: real ones, by real clocks,
 * but for the time limit, which the test's clock makes short. */
#include "net/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/loop.h"
#include "t.h"

static struct {
    struct hc_system sys;
    struct hc_jobs jobs;
    struct hc_job job;
    struct hc_proc proc;
    struct headcount_error error;
    enum hc_proc_answer answer;
    bool ended, no_end;
    int64_t ahead;                       /* of the real clock                */
} me;

static int64_t me_now(void *ud)
{
    (void)ud;
    return hc_clock_monotonic() + me.ahead;
}

/* As on a kernel without pidfd_open. */
static int spawn_untold(void *ud, const char *path, const char *const *argv,
                        struct hc_child *out, struct headcount_error *e)
{
    struct hc_system real;

    hc_system_real(&real);
    int err = real.spawn(ud, path, argv, out, e);

    if (err == 0 && out->ended >= 0)
        close(out->ended);
    out->ended = -1;
    return err;
}

static void run(struct hc_job *job, int64_t now)
{
    (void)job;
    if (me.ended || me.proc.state == PROC_AT_NONE)
        return;
    me.answer = hc_proc_step(&me.proc, now);
    me.ended = me.answer != PROC_WAIT;
}

static int begin(const char *const *argv)
{
    const struct hc_proc_config config = { .sys = &me.sys, .jobs = &me.jobs,
                                           .job = &me.job, .argv = argv };

    return hc_proc_start(&me.proc, &config, me_now(NULL), &me.error);
}

static void turn(void)
{
    struct hc_want wants[8];
    int64_t deadline;
    size_t n = hc_jobs_wants(&me.jobs, wants, 8, &deadline);

    CHECK(deadline < HC_NEVER);          /* no wait without an end           */
    hc_loop_poll(wants, n, hc_time_min(deadline - me_now(NULL), HC_SECOND));
    hc_jobs_step(&me.jobs, me_now(NULL), wants, n);
}

static void until_ended(void)
{
    while (!me.ended)
        turn();
}

static void open_me(void)
{
    bool no_end = me.no_end;

    memset(&me, 0, sizeof me);
    me.no_end = no_end;
    hc_system_real(&me.sys);
    me.sys.alloc = *t_alloc();
    me.sys.now = me_now;
    if (no_end)
        me.sys.spawn = spawn_untold;
    hc_jobs_init(&me.jobs);
    hc_job_init(&me.job, &me.jobs, run);
}

static void close_me(void)
{
    hc_proc_fini(&me.proc);
    hc_proc_fini(&me.proc);
    hc_job_fini(&me.job);
    CHECK(me.jobs.watches == NULL);
}

static void sh(const char *script)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };

    open_me();
    CHECK_INT(begin(argv), 0);
    until_ended();
}

static void gives(const char *script, const char *out, int exit)
{
    sh(script);
    if (me.answer != PROC_DONE)
        fail_msg("%s: %s", script, me.proc.error.what);
    CHECK_STR(hc_buf_view(&me.proc.out), out);
    CHECK_INT(me.proc.exit, exit);
    CHECK_INT(me.proc.signal, 0);
    close_me();
}

static void failed(int code, const char *words)
{
    CHECK_INT(me.answer, PROC_FAILED);
    CHECK_INT(me.proc.error.code, code);
    if (strstr(me.proc.error.what, words) == NULL)
        fail_msg("no \"%s\" in \"%s\"", words, me.proc.error.what);
    CHECK_INT(me.proc.out.n, 0);
}

TEST(proc, what_it_prints_and_how_it_ended_are_kept)
{
    gives("echo hello", "hello\n", 0);
    gives("printf a; printf b >&2; exit 7", "a", 7);
    gives("exec true", "", 0);
    sh("echo why >&2; exit 255");
    CHECK_INT(me.proc.exit, 255);
    CHECK_STR(hc_buf_view(&me.proc.err), "why\n");
    CHECK(me.proc.out.secret);
    CHECK(me.proc.err.secret);
    close_me();
}

/* The same where the kernel does not tell that a process ended. */
TEST(proc, an_end_that_nobody_tells_is_looked_for)
{
    me.no_end = true;
    gives("echo hello", "hello\n", 0);
    gives("exec >&- 2>&-; exit 3", "", 3);
    sh("kill -9 $$");
    CHECK_INT(me.proc.signal, SIGKILL);
    close_me();
    me.no_end = false;
}

TEST(proc, a_signal_that_ended_it_is_told)
{
    sh("echo part; kill -TERM $$");
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_INT(me.proc.signal, SIGTERM);
    CHECK_INT(me.proc.exit, 0);
    close_me();
}

TEST(proc, its_input_is_empty)
{
    gives("cat; read x || echo end", "end\n", 0);
}

TEST(proc, it_begins_with_signals_as_a_new_program_has_them)
{
    sigset_t usr1, before;
    struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_INT(sigprocmask(SIG_BLOCK, &usr1, &before), 0);
    CHECK_INT(sigaction(SIGTERM, &ignore, &old), 0);
    sh("kill -USR1 $$; echo on");
    CHECK_INT(me.proc.signal, SIGUSR1);
    close_me();
    sh("kill -TERM $$; echo on");
    CHECK_INT(me.proc.signal, SIGTERM);
    close_me();
    CHECK_INT(sigaction(SIGTERM, &old, NULL), 0);
    CHECK_INT(sigprocmask(SIG_SETMASK, &before, &usr1), 0);
    CHECK(sigismember(&usr1, SIGUSR1));  /* ours stayed as they were         */
}

TEST(proc, it_is_the_leader_of_its_group)
{
    char want[32];

    sh("ps -o pgid= -p $$ 2>/dev/null | tr -d ' ' || true");
    snprintf(want, sizeof want, "%ld\n", me.proc.child.pid);
    if (me.proc.out.n > 0)               /* there is a ps                    */
        CHECK_STR(hc_buf_view(&me.proc.out), want);
    close_me();
}

TEST(proc, no_descriptor_of_ours_is_open_in_it)
{
    int low = open("/dev/null", O_RDONLY);
    int high = fcntl(low, F_DUPFD, 300);

    gives("ls /proc/self/fd | wc -l | tr -d ' '", "4\n", 0);
    CHECK(low >= 0 && high >= 300);
    close(low);
    close(high);
}

/* A program may have closed its standard descriptors: then the pipes get their
 * numbers. */
TEST(proc, closed_standard_descriptors_do_no_harm)
{
    int kept[3];

    for (int i = 0; i < 3; i++)
        kept[i] = fcntl(i, F_DUPFD, 100);
    for (int i = 0; i < 3; i++)
        close(i);
    sh("cat; echo out; echo err >&2");
    for (int i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_STR(hc_buf_view(&me.proc.out), "out\n");
    CHECK_STR(hc_buf_view(&me.proc.err), "err\n");
    close_me();
}

TEST(proc, it_inherits_the_environment_but_for_ours)
{
    setenv("HEADCOUNT_WEBHOOK", "hush", 1);
    setenv("PROC_TEST", "seen", 1);
    gives("echo \"$PROC_TEST ${HEADCOUNT_WEBHOOK-none}\"", "seen none\n", 0);
    CHECK_Z(getenv("HEADCOUNT_WEBHOOK"), "hush");
    unsetenv("HEADCOUNT_WEBHOOK");
    unsetenv("PROC_TEST");
}

/* ---- which program ---- */

static const char *fake_path;

static const char *fake_getenv(void *ud, const char *name)
{
    (void)ud;
    return strcmp(name, "PATH") == 0 ? fake_path : NULL;
}

static int named(const char *path, const char *name)
{
    const char *const argv[] = { name, NULL };

    open_me();
    me.sys.getenv = fake_getenv;
    fake_path = path;
    int err = begin(argv);

    if (err == 0)
        until_ended();
    return err;
}

TEST(proc, a_name_is_looked_for_in_path)
{
    CHECK_INT(named("/nonexistent:/etc:/bin:/usr/bin", "true"), 0);
    CHECK_INT(me.answer, PROC_DONE);
    close_me();
    CHECK_INT(named(NULL, "true"), 0);
    close_me();
    CHECK_INT(named("/nonexistent", "true"), HEADCOUNT_ECONFIG);
    CHECK(strstr(me.error.what, "no folder of PATH has a program true"));
    close_me();
    CHECK_INT(named("/", "etc"), HEADCOUNT_ECONFIG);     /* a folder         */
    close_me();
    CHECK_INT(named("/etc", "passwd"), HEADCOUNT_ECONFIG);
    close_me();
    CHECK_INT(named("/bin", ""), HEADCOUNT_ECONFIG);
    close_me();
}

TEST(proc, the_current_folder_is_not_searched)
{
    static const char *const paths[] = { "", ":", ".", "build", "build:", "::",
                                         "./build", "/nonexistent:" };
    const char *const file = "build/proc_test_program";
    char text[] = "#!/bin/sh\n";
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    CHECK_INT(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    CHECK_INT(chdir("build"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int err = named(paths[i], "proc_test_program");

        close_me();
        if (err != HEADCOUNT_ECONFIG)
            break;
        if (i + 1 == sizeof paths / sizeof *paths)
            fake_path = NULL;
    }
    CHECK_INT(chdir(".."), 0);
    CHECK(fake_path == NULL);            /* all of them were refused         */
    CHECK_INT(named("", file), 0);       /* by its path it is found          */
    CHECK_INT(me.answer, PROC_DONE);
    close_me();
    unlink(file);
}

TEST(proc, what_cannot_be_started_is_told)
{
    const char *const file = "build/proc_test_text";
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    CHECK_INT(write(fd, "text\n", 5), 5);
    close(fd);
    CHECK_INT(named("", file), 0);
    failed(HEADCOUNT_ECONFIG, "proc_test_text cannot be started");
    CHECK_INT(me.proc.error.sys, ENOEXEC);
    close_me();
    unlink(file);
    CHECK_INT(named("", "/nonexistent/program"), 0);
    failed(HEADCOUNT_ECONFIG, "/nonexistent/program cannot be started");
    CHECK_INT(me.proc.error.sys, ENOENT);
    close_me();
    static char path[6000];              /* more than fits                   */

    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    CHECK_INT(named("", path), HEADCOUNT_ECONFIG);
    close_me();
}

TEST(proc, where_no_program_may_run_none_does)
{
    const char *const argv[] = { "true", NULL };

    open_me();
    me.sys.spawn = NULL;
    CHECK_INT(begin(argv), HEADCOUNT_ECONFIG);
    CHECK(strstr(me.error.what, "config.run_processes") != NULL);
    close_me();
}

/* ---- ends ---- */

/* Init reaps it, where there is one: a zombie is gone, too. */
static bool is_zombie(long pid)
{
    char path[64], text[256] = "";
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strstr(text, ") Z ") != NULL;
}

static bool is_gone(long pid)
{
    for (int i = 0; i < 20000; i++) {
        if (kill((pid_t)pid, 0) < 0 || is_zombie(pid))
            return true;
        hc_loop_poll(NULL, 0, HC_MS);
    }
    return false;
}

/* Its first line is the number of a process of its own. */
static long its_child(void)
{
    while (me.proc.out.n == 0 ||
           me.proc.out.p[me.proc.out.n - 1] != '\n')
        turn();
    return strtol(hc_buf_z(&me.proc.out), NULL, 10);
}

static void starts(const char *script)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };

    open_me();
    CHECK_INT(begin(argv), 0);
}

TEST(proc, who_hangs_is_killed_with_all_of_its_group)
{
    for (int i = 0; i < 2; i++) {
        me.no_end = i == 1;
        starts("sleep 1000 & echo $!; trap '' TERM INT; wait; sleep 1000");
        long pid = me.proc.child.pid, child = its_child();

        me.ahead = HC_PROC_TIME / 2;
        hc_job_wake(&me.job);
        hc_jobs_step(&me.jobs, me_now(NULL), NULL, 0);
        CHECK(!me.ended);
        me.ahead = HC_PROC_TIME;
        until_ended();
        failed(HEADCOUNT_ETIMEDOUT, "/bin/sh did not end within 60 s and was "
               "killed");
        CHECK(is_gone(child));
        CHECK(is_gone(pid));
        close_me();
    }
    me.no_end = false;
}

/* Both are true when this process was stopped for minutes: the program ended,
 * and its time is over. */
TEST(proc, one_that_ended_in_time_counts_although_we_look_late)
{
    starts("echo early");
    siginfo_t info;

    CHECK_INT(waitid(P_PID, (id_t)me.proc.child.pid, &info,
                     WEXITED | WNOWAIT), 0);
    me.ahead = 10 * HC_PROC_TIME;
    until_ended();
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_STR(hc_buf_view(&me.proc.out), "early\n");
    close_me();
}

TEST(proc, who_leaves_a_child_with_the_pipes_ends_a_second_later)
{
    starts("sleep 1000 & echo $!; exit 0");
    long child = its_child();

    while (me.proc.state == PROC_AT_RUNS)
        turn();
    CHECK_INT(me.proc.state, PROC_AT_DRAINS);
    me.ahead = HC_PROC_DRAIN;
    until_ended();
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_INT(me.proc.exit, 0);
    CHECK_INT(kill((pid_t)child, 0), 0);   /* it was meant to go on          */
    CHECK_INT(kill((pid_t)child, SIGKILL), 0);
    close_me();
}

TEST(proc, who_prints_too_much_is_killed)
{
    sh("exec cat /dev/zero");
    failed(HEADCOUNT_ELIMIT, "printed more than 65536 bytes and was killed");
    close_me();
    gives("head -c 65535 /dev/zero | tr '\\0' a | wc -c | tr -d ' '",
          "65535\n", 0);
    sh("head -c 65536 /dev/zero");
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_INT(me.proc.out.n, 65536);
    close_me();
    sh("head -c 65537 /dev/zero");
    failed(HEADCOUNT_ELIMIT, "printed more");
    close_me();
}

TEST(proc, errors_without_end_hold_nobody_up)
{
    sh("head -c 3000000 /dev/zero | tr '\\0' e >&2; echo out");
    CHECK_INT(me.answer, PROC_DONE);
    CHECK_STR(hc_buf_view(&me.proc.out), "out\n");
    CHECK_INT(me.proc.err.n, HC_PROC_ERR);
    close_me();
}

static bool other_ran;

static void run_other(struct hc_job *job, int64_t now)
{
    (void)job;
    (void)now;
    other_ran = true;
}

/* One run of the job reads a part, however much there is. */
TEST(proc, others_run_while_one_prints_without_end)
{
    struct hc_job other;

    starts("exec cat /dev/zero >&2");
    hc_job_init(&other, &me.jobs, run_other);
    while (me.proc.err.n < HC_PROC_ERR)
        turn();
    for (int i = 0; i < 50; i++) {
        other_ran = false;
        hc_job_wake(&other);
        turn();
        CHECK(other_ran);
    }
    hc_job_fini(&other);
    close_me();
}

TEST(proc, one_that_is_given_up_is_killed_and_reaped)
{
    for (int i = 0; i < 2; i++) {
        me.no_end = i == 1;
        starts("sleep 1000 & echo $!; wait");
        long pid = me.proc.child.pid, child = its_child();

        close_me();
        CHECK(kill((pid_t)pid, 0) < 0);
        CHECK(is_gone(child));
        CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    }
    me.no_end = false;
}

/* The child of a fork frees its copy, and kills nobody. */
TEST(proc, after_a_fork_the_child_ends_only_its_own)
{
    int status = 1;

    starts("trap 'echo alive' USR1; echo $$; sleep 1000 & while :; do wait; "
           "done");
    long pid = me.proc.child.pid;

    its_child();
    fflush(NULL);
    pid_t fork_pid = fork();

    if (fork_pid == 0) {
        hc_proc_fini(&me.proc);
        _exit(0);
    }
    CHECK(fork_pid > 0);
    CHECK_INT(waitpid(fork_pid, &status, 0), fork_pid);
    CHECK_INT(status, 0);
    CHECK_INT(kill((pid_t)pid, SIGUSR1), 0);
    while (!me.ended && strstr(hc_buf_z(&me.proc.out), "alive") == NULL)
        turn();
    CHECK(!me.ended);
    close_me();
}

/* Then the kernel keeps no exit status for anybody. */
TEST(proc, where_sigchld_is_ignored_the_output_counts)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

    CHECK_INT(sigaction(SIGCHLD, &ignore, &old), 0);
    for (int i = 0; i < 2; i++) {
        me.no_end = i == 1;
        sh("echo out; exit 3");
        CHECK_INT(me.answer, PROC_DONE);
        CHECK_STR(hc_buf_view(&me.proc.out), "out\n");
        CHECK_INT(me.proc.exit, 0);
        close_me();
    }
    me.no_end = false;
    CHECK_INT(sigaction(SIGCHLD, &old, NULL), 0);
}

static size_t open_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    size_t n = 0;

    CHECK(all != NULL);
    while (readdir(all) != NULL)
        n++;
    closedir(all);
    return n;
}

TEST(proc, no_descriptor_stays_behind)
{
    const char *const none[] = { "/nonexistent", NULL };
    size_t before = open_descriptors();

    for (int i = 0; i < 3; i++) {
        gives("echo a", "a\n", 0);
        sh("exec cat /dev/zero");
        close_me();
        starts("sleep 1000");
        close_me();
        open_me();
        CHECK_INT(begin(none), 0);
        until_ended();
        close_me();
    }
    CHECK_INT(open_descriptors(), before);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* ---- memory ---- */

static int run_one(void)
{
    const char *const argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };

    open_me();
    int err = begin(argv);

    if (err == 0) {
        until_ended();
        err = me.answer == PROC_DONE ? 0 : me.proc.error.code;
    }
    close_me();
    return err;
}

TEST(proc, memory_may_end_anywhere)
{
    t_fails_every_allocation(run_one);
}
