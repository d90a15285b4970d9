/* net/spawn - the start of a program; net/proc_test.c has what comes of it. */
#include "net/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string.h>

#include "t.h"

static struct hc_child child;
static struct headcount_error error;

static int spawn(const char *path)
{
    const char *const argv[] = { "other name", "-c", "echo \"$0\"; exit 5",
                                 NULL };

    memset(&error, 0, sizeof error);
    return hc_spawn(NULL, path, argv, &child, &error);
}

static void end(int exit)
{
    int status = 0;

    CHECK_INT(waitpid((pid_t)child.pid, &status, 0), child.pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), exit);
    close(child.out);
    close(child.err);
    close(child.failed);
    if (child.ended >= 0)
        close(child.ended);
}

TEST(spawn, its_descriptors_do_not_block_and_are_not_inherited)
{
    CHECK_INT(spawn("/bin/sh"), 0);
    const int fds[] = { child.out, child.err, child.failed };

    for (int i = 0; i < 3; i++) {
        CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
        CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    }
    if (child.ended >= 0)
        CHECK(fcntl(child.ended, F_GETFD) & FD_CLOEXEC);
    end(5);
}

TEST(spawn, the_program_gets_its_words_as_they_are)
{
    char text[32] = "";
    struct pollfd out;

    CHECK_INT(spawn("/bin/sh"), 0);
    out = (struct pollfd){ .fd = child.out, .events = POLLIN };
    CHECK_INT(poll(&out, 1, 20000), 1);
    CHECK_INT(read(child.out, text, sizeof text - 1), 11);
    CHECK_Z(text, "other name\n");
    end(5);
}

TEST(spawn, why_it_did_not_start_comes_through_a_pipe)
{
    int why = 0;

    CHECK_INT(spawn("/nonexistent"), 0);
    end(127);
    CHECK_INT(spawn("/etc"), 0);
    struct pollfd failed = { .fd = child.failed, .events = POLLIN };

    CHECK_INT(poll(&failed, 1, 20000), 1);
    CHECK_INT(read(child.failed, &why, sizeof why), sizeof why);
    CHECK_INT(why, EACCES);
    end(127);
}

TEST(spawn, without_descriptors_nothing_starts_and_none_is_lost)
{
    struct rlimit old, few;
    int low = dup(0);

    CHECK(low >= 0);
    close(low);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &old), 0);
    for (int more = 0; more < 6; more++) {
        few = old;
        few.rlim_cur = (rlim_t)(low + more);
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
        int err = spawn("/bin/sh");

        setrlimit(RLIMIT_NOFILE, &old);
        CHECK_INT(err, HEADCOUNT_EIO);
        CHECK_INT(error.sys, EMFILE);
        CHECK(strstr(error.what, "/bin/sh cannot be started") != NULL);
        int now = dup(0);

        close(now);
        CHECK_INT(now, low);
    }
}
