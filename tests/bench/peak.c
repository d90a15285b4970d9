/* bench/peak.c - runs a command and prints "WALL_MS CPU_MS PEAK_KIB STATUS" to
 * stderr: started from a small process, whose own memory does not count as the
 * command's (exec keeps the highest mark of who forked).
 *
 *   peak COMMAND...
 *   peak -f COMMAND...       PEAK_KIB is of pages of files alone, at its end
 *
 * The kernel maps a file's pages around those that are used, as large as they
 * are in its cache: that part of a peak is not the command's doing.
 */
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static long read_file_pages(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "RssFile:", 8) == 0)
            kib = strtol(line + 8, NULL, 10);
    if (f != NULL)
        fclose(f);
    return kib;
}

/* It stops at its exec, and at its end, when its memory is still there. */
static long watch(pid_t pid, int *status)
{
    long kib = 0, signal;

    if (waitpid(pid, status, 0) < 0 || !WIFSTOPPED(*status) ||
        ptrace(PTRACE_SETOPTIONS, pid, 0L, (long)PTRACE_O_TRACEEXIT) < 0)
        bench_fail("peak: the command cannot be watched");
    for (signal = 0; ptrace(PTRACE_CONT, pid, 0L, signal) == 0;) {
        if (waitpid(pid, status, 0) < 0 || !WIFSTOPPED(*status))
            break;
        signal = WSTOPSIG(*status);
        if (*status >> 16 == PTRACE_EVENT_EXIT) {
            kib = read_file_pages(pid);
            signal = 0;
        }
    }
    return kib;
}

int main(int argc, char **argv)
{
    struct bench_time begun = bench_now();
    bool files = argc > 1 && strcmp(argv[1], "-f") == 0;
    struct rusage r;
    int status = 0;

    argv += files;
    argc -= files;
    pid_t pid = argc > 1 ? fork() : -1;

    if (pid == 0) {
        if (files)
            ptrace(PTRACE_TRACEME, 0, 0L, 0L);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0)
        bench_fail("peak [-f] COMMAND...");
    long of_files = files ? watch(pid, &status) : 0;

    if (!files && waitpid(pid, &status, 0) < 0)
        bench_fail("waitpid");
    getrusage(RUSAGE_CHILDREN, &r);
    double cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
                 (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;

    fprintf(stderr, "%.3f %.3f %ld %d\n", (bench_wall() - begun.wall) / 1e3,
            cpu, files ? of_files : r.ru_maxrss, status);
    return 0;
}
