/* cli/descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* /dev/null is opened the wrong way round: to write to a closed output, or to
 * read from a closed input, stays the error that it was (EBADF). */
static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDONLY };

/* Nothing else of the program may be used yet. */
static void say_why(int why)
{
    static const char before[] = "headcount: cannot open /dev/null: ";
    const char *text = strerror(why);

    if (fcntl(STDERR_FILENO, F_GETFD) >= 0 &&
        write(STDERR_FILENO, before, sizeof before - 1) > 0 &&
        write(STDERR_FILENO, text, strlen(text)) > 0 &&
        write(STDERR_FILENO, "\n", 1) > 0)
        return;
}

/* O_NONBLOCK belongs to the open file, which others have, too: one of our own
 * is opened.  A socket cannot be opened again, and stays as it is; so does a
 * FIFO without a reader. */
static void wait_for_readers(int fd)
{
    char path[40];
    struct stat there;
    int own, flags = fcntl(fd, F_GETFL);

    if (flags < 0 || (flags & O_NONBLOCK) == 0 || fstat(fd, &there) != 0 ||
        (!S_ISFIFO(there.st_mode) && !isatty(fd)))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return;
    flags = fcntl(own, F_GETFL);
    if (flags >= 0 && fcntl(own, F_SETFL, flags & ~O_NONBLOCK) == 0)
        dup2(own, fd);
    close(own);
}

bool descriptors_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest that is free: those below it are open. */
        if (open("/dev/null", wrong_way[fd]) != fd) {
            say_why(errno);
            return false;
        }
    }
    wait_for_readers(STDOUT_FILENO);
    return true;
}
