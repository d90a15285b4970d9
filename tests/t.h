/* tests/t.h - a thin layer over cmocka, so that tests read as claims.
 *
 *   TEST(http1, bytes_after_the_end_forbid_reuse)
 *   {
 *       CHECK_INT(answer.status, 200);
 *       CHECK_STR(answer.body, "{}");
 *   }
 *
 * A test registers itself; tests/t.c has the one main().  Programs run from
 * the top of the tree: "build/tests/wire/http1_test [FILTER...]", "-l" lists,
 * "--allocations N [FILTER...]" fails up to N requests for memory of each.
 * Every test must give back what it took from t_alloc(): a leak fails it.
 */
#ifndef T_H
#define T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

struct t_test {
    const char *name;
    void (*fn)(void);
    struct t_test *next;
};

void t_register(struct t_test *test);

#define TEST(module, claim)                                                 \
    static void t_##module##_##claim(void);                                 \
    __attribute__((constructor)) static void t_reg_##module##_##claim(void) \
    {                                                                       \
        static struct t_test test = {                                       \
            #module ": " #claim, t_##module##_##claim, NULL                 \
        };                                                                  \
        t_register(&test);                                                  \
    }                                                                       \
    static void t_##module##_##claim(void)

/* Each prints what it got and what it wanted, and ends the test. */
#define CHECK(cond) t_check((cond) ? true : false, #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want)                                                \
    t_check_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want)                                                \
    t_check_str((got), hc_str(want), #got, __FILE__, __LINE__)
#define CHECK_Z(got, want)                                                  \
    t_check_z((got), (want), #got, __FILE__, __LINE__)
#define CHECK_MEM(p, n, want)                                               \
    t_check_mem((p), (n), (want), #p, __FILE__, __LINE__)

void t_check(bool ok, const char *expr, const char *file, int line);
void t_check_int(long long got, long long want, const char *expr,
                 const char *file, int line);
void t_check_str(struct hc_str got, struct hc_str want, const char *expr,
                 const char *file, int line);
void t_check_z(const char *got, const char *want, const char *expr,
               const char *file, int line);
void t_check_mem(const void *got, size_t n, const void *want,
                 const char *expr, const char *file, int line);

/* The allocator of the running test.  New memory is filled with 0xA5, every
 * change of size moves the block, and a free or a change that names another
 * size than the block has ends the program. */
struct t_alloc {
    long count;     /* requests for memory so far, failed ones too          */
    long fail_at;   /* the request that fails, counted from 1; 0 = none     */
    long live;      /* blocks that are out                                  */
    long total;     /* bytes asked for so far                               */
    long held;      /* bytes that are out                                   */
    bool failed;    /* request fail_at came                                 */
    const char *secret;   /* no block may be given back with this in it     */
    bool unwiped;         /* one was                                        */
};

const struct hc_alloc *t_alloc(void);
struct t_alloc *t_alloc_state(void);

/* Runs body with the first, second, ... request for memory failing, until it
 * returns 0 with nothing failed.  Each run in which one failed must return
 * HEADCOUNT_ENOMEM, and no run may leave anything allocated.  A body that
 * has to forgive a failure (a cache that stays cold) tells by
 * t_alloc_state().  How many requests there were. */
long t_fails_every_allocation(int (*body)(void));

/* True while a request for memory of this test is made to fail: what it waits
 * for may never come. */
bool t_is_doomed(void);

/* The bytes again, so that the byte after the last is not readable.  Freed
 * when the test ends. */
char *t_guard(const void *p, size_t n);

/* A whole file (relative to the top of the tree), NUL-terminated, freed when
 * the test ends; *n may be NULL.  The test fails if it cannot be read. */
char *t_file(const char *path, size_t *n);

/* The directory that tests/peers/certs.sh filled ("build/certs"), made when
 * it is not there yet. */
const char *t_certs(void);

#endif
