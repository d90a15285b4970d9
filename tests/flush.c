/* tests/flush.c - part of the program in builds for coverage only: what SIGTERM
 * ends writes down which lines ran.  A verb with a handler of its own replaces
 * this one. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stddef.h>

void __gcov_dump(void);

static void flush(int number)
{
    __gcov_dump();
    signal(number, SIG_DFL);
    raise(number);
}

__attribute__((constructor)) static void flush_at_end(void)
{
    struct sigaction action = { .sa_handler = flush,
                                .sa_flags = (int)SA_RESETHAND };

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
}
