/* bench/bench.h - what the floor and the driver share: the call that both
 * make, and how its cost is told. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define BENCH_HOST "ecs.test.internal"
#define BENCH_REGION "us-east-1"
#define BENCH_KEY_ID "AKIDEXAMPLEEXAMPLE12"
#define BENCH_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
/* 356 bytes, as STS makes them for a role of a function. */
#define BENCH_TOKEN_89 "IQoJb3JpZ2luX2VjEFAaCXVzLWVhc3QtMSJHMEUCIQDhXb2"      \
    "Vk9vZ5m1n0q3rT7sYwLxA8cPzGfKjNhRtUvWdEe4IQ"
#define BENCH_TOKEN BENCH_TOKEN_89 BENCH_TOKEN_89 BENCH_TOKEN_89 BENCH_TOKEN_89
#define BENCH_BODY "{\"cluster\":\"prod\",\"services\":[\"web\"],"          \
                   "\"include\":[\"TAGS\"]}"

struct bench_time { double wall, cpu; };

static inline struct bench_time bench_now(void)
{
    struct timespec t;
    struct rusage r;

    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &r);
    return (struct bench_time){
        .wall = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3,
        .cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
               (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec),
    };
}

/* "CPU WALL": microseconds a call. */
static inline void bench_tell(struct bench_time from, long calls)
{
    struct bench_time to = bench_now();

    printf("%.2f %.2f\n", (to.cpu - from.cpu) / (double)calls,
           (to.wall - from.wall) / (double)calls);
}

static inline void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

#endif
