/* system/bare/t.c - runs the tests of tests/base/sha256_test.c and the like
 * without cmocka, without failing allocations and without guard pages:
 * test_static.py builds it for the other architecture and runs it under qemu.
 */
#include "t.h"

#include <string.h>

static struct t_test *tests;
static const char *running = "";

void t_register(struct t_test *test)
{
    test->next = tests;
    tests = test;
}

void t_check(bool ok, const char *expr, const char *file, int line)
{
    if (ok)
        return;
    printf("not ok %s\n%s:%d: %s\n", running, file, line, expr);
    exit(1);
}

void t_check_int(long long got, long long want, const char *expr,
                 const char *file, int line)
{
    t_check(got == want, expr, file, line);
}

void t_check_mem(const void *got, size_t n, const void *want,
                 const char *expr, const char *file, int line)
{
    t_check(n == 0 || memcmp(got, want, n) == 0, expr, file, line);
}

char *t_guard(const void *p, size_t n)
{
    char *copy = malloc(n + 1);

    t_check(copy != NULL, "memory", __FILE__, __LINE__);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

int main(void)
{
    for (struct t_test *test = tests; test != NULL; test = test->next) {
        running = test->name;
        test->fn();
        printf("ok %s\n", test->name);
    }
    return 0;
}
