/* bench/bench.h - what the floor, the driver and the peers in C share: the call
 * that they make, and how its cost is told. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* The static program's allocator, for what is linked as it is. */
#ifdef BENCH_BLOCKS
#include "blocks.h"
#define BENCH_ALLOC .alloc = blocks_alloc
#else
#define BENCH_ALLOC .alloc = NULL
#endif

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

#define BENCH_TARGET "AmazonEC2ContainerServiceV20141113.DescribeServices"

/* What the answer says of the service. */
struct bench_web { char name[32]; long long desired; };

struct bench_time { double wall, cpu; };

/* Microseconds, without the system call that bench_now makes. */
static inline double bench_wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline struct bench_time bench_now(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (struct bench_time){
        .wall = bench_wall(),
        .cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
               (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec),
    };
}

/* "CPU WALL": microseconds a call; nothing of none. */
static inline void bench_tell(struct bench_time from, long calls)
{
    struct bench_time to = bench_now();

    if (calls == 0)
        return;
    printf("%.2f %.2f\n", (to.cpu - from.cpu) / (double)calls,
           (to.wall - from.wall) / (double)calls);
}

static inline void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static inline const char *bench_find(const char *text, const char *end,
                                     const char *word)
{
    size_t n = strlen(word);

    while (text != NULL && (size_t)(end - text) >= n &&
           memcmp(text, word, n) != 0)
        text = memchr(text + 1, word[0], (size_t)(end - text) - 1);
    return text != NULL && (size_t)(end - text) >= n ? text + n : NULL;
}

/* Looks for both members in the bytes. */
static inline void bench_search(const char *text, size_t n,
                                struct bench_web *web)
{
    const char *end = text + n;
    const char *name = bench_find(text, end, "\"serviceName\":\"");
    const char *stop = name != NULL ? bench_find(name, end, "\"") : NULL;
    const char *desired = bench_find(stop, end, "\"desiredCount\":");

    if (desired == NULL || (size_t)(stop - name) > sizeof web->name)
        bench_fail("the answer has no service");
    memcpy(web->name, name, (size_t)(stop - name));
    web->name[stop - name - 1] = '\0';
    web->desired = strtoll(desired, NULL, 10);
}

static inline void bench_tell_web(const struct bench_web *web)
{
    printf("%s %lld\n", web->name, web->desired);
}

static inline int bench_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* "P50 P90 P99": of n times, which it sorts. */
static inline void bench_tell_times(double *times, long n)
{
    qsort(times, (size_t)n, sizeof *times, bench_by_size);
    printf("%.2f %.2f %.2f\n", times[n / 2], times[n * 9 / 10],
           times[n * 99 / 100]);
}

static inline void bench_pause(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000,
                          .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

#endif
