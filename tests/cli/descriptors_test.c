/* tests/cli/descriptors_test.c - closed descriptors, in a child. */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"

static bool is_null(int fd, int way)
{
    struct stat here, null;

    return fstat(fd, &here) == 0 && stat("/dev/null", &null) == 0 &&
           here.st_rdev == null.st_rdev &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) == way &&
           (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

/* Bits of what went wrong. */
static int open_without(unsigned closed)
{
    static const int vtable[] = { O_WRONLY, O_RDONLY, O_RDONLY };
    int wrong = 0, file = open("/dev/zero", O_RDWR);

    for (int fd = 0; fd < 3; fd++) {
        dup2(file, fd);
        if (closed & 1u << fd)
            close(fd);
    }
    wrong |= !descriptors_open();
    for (int fd = 0; fd < 3; fd++)
        wrong |= (closed & 1u << fd ? is_null(fd, vtable[fd])
                                    : fcntl(fd, F_GETFL) >= 0 &&
                                      !is_null(fd, vtable[fd])) ? 0 : 2;
    wrong |= open("/", O_RDONLY) < 3 ? 8 : 0;
    return wrong | (write(1, "x", 1) == 1 ? 4 : 0);
}

static int cannot_open(unsigned closed)
{
    const struct rlimit none = { 0, 0 };

    close((int)closed);
    close(2);
    setrlimit(RLIMIT_NOFILE, &none);
    return descriptors_open();
}

/* Bits of what went wrong: a pipe that is read, or that nobody reads. */
static int open_with_a_pipe(unsigned is_read)
{
    int ends[2], wrong = pipe(ends) == 0 ? 0 : 1;

    fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK);
    dup2(ends[1], 1);
    if (!is_read)
        close(ends[0]);
    wrong |= descriptors_open() ? 0 : 2;
    wrong |= (fcntl(1, F_GETFL) & O_NONBLOCK) == 0 ? 0 : 4;
    wrong |= (fcntl(ends[1], F_GETFL) & O_NONBLOCK) == O_NONBLOCK ? 0 : 8;
    wrong |= (fcntl(1, F_GETFD) & FD_CLOEXEC) == 0 ? 0 : 16;
    return wrong | (open("/", O_RDONLY) > ends[1] + 1 ? 32 : 0);
}

static int in_child(int (*body)(unsigned), unsigned arg)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0)
        _exit(body(arg));
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(descriptors, what_is_closed_is_the_null_device)
{
    for (unsigned closed = 0; closed < 8; closed++)
        CHECK_INT(in_child(open_without, closed), closed & 2 ? 0 : 4);
}

TEST(descriptors, without_the_null_device_it_says_no)
{
    const char *preloaded = getenv("LD_PRELOAD");

    /* Valgrind itself needs /dev and /proc, which the child has not got. */
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
        skip();
    for (unsigned closed = 0; closed < 3; closed++)
        CHECK_INT(in_child(cannot_open, closed), 0);
}

/* It waits for the reader, and for nobody where there is none. */
TEST(descriptors, an_output_waits_for_its_reader_for_us_alone)
{
    CHECK_INT(in_child(open_with_a_pipe, true), 0);
    CHECK_INT(in_child(open_with_a_pipe, false), 0);
}
