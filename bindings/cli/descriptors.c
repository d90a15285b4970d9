/* cli/descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
    return true;
}
