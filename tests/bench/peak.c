/* bench/peak.c - runs a command and prints "WALL_MS CPU_MS PEAK_KIB STATUS" to
 * stderr: started from a small process, whose own memory does not count as the
 * command's (exec keeps the highest mark of who forked). */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
    struct bench_time begun = bench_now();
    struct rusage r;
    int status = 0;
    pid_t pid = argc > 1 ? fork() : -1;

    if (pid == 0) {
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        bench_fail("peak COMMAND...");
    getrusage(RUSAGE_CHILDREN, &r);
    double cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
                 (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;

    fprintf(stderr, "%.3f %.3f %ld %d\n", (bench_now().wall - begun.wall) / 1e3,
            cpu, r.ru_maxrss, status);
    return 0;
}
