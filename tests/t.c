/* tests/t.c - main() of every unit test program, and what t.h promises. */
#define _DEFAULT_SOURCE     /* MAP_ANONYMOUS, alarm */

#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Padding is looked at too, which valgrind would complain of. */
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define may_be_read(p, n) (void)VALGRIND_MAKE_MEM_DEFINED((p), (n))
#else
#define may_be_read(p, n) (void)0
#endif

/* ---- checks ---- */

void t_check(bool ok, const char *expr, const char *file, int line)
{
    if (ok)
        return;
    print_error("%s is false\n", expr);
    _fail(file, line);
}

void t_check_int(long long got, long long want, const char *expr,
                 const char *file, int line)
{
    if (got == want)
        return;
    print_error("%s is %lld, not %lld\n", expr, got, want);
    _fail(file, line);
}

static void print_bytes(const char *what, const void *p, size_t n)
{
    const unsigned char *b = p;

    print_error("  %s %zu bytes: \"", what, n);
    for (size_t i = 0; i < n && i < 2000; i++)
        if (b[i] >= ' ' && b[i] < 127 && b[i] != '\\')
            print_error("%c", b[i]);
        else
            print_error("\\x%02x", b[i]);
    print_error(n > 2000 ? "\"...\n" : "\"\n");
}

void t_check_str(struct hc_str got, struct hc_str want, const char *expr,
                 const char *file, int line)
{
    if (got.n == want.n && (got.n == 0 || memcmp(got.p, want.p, got.n) == 0))
        return;
    print_error("%s differs\n", expr);
    print_bytes("got ", got.p, got.n);
    print_bytes("want", want.p, want.n);
    _fail(file, line);
}

void t_check_z(const char *got, const char *want, const char *expr,
               const char *file, int line)
{
    if (got == NULL && want == NULL)
        return;
    if (got == NULL || want == NULL) {
        print_error("%s is %s\n", expr, got ? "not NULL" : "NULL");
        _fail(file, line);
        return;
    }
    t_check_str(hc_str(got), hc_str(want), expr, file, line);
}

void t_check_mem(const void *got, size_t n, const void *want,
                 const char *expr, const char *file, int line)
{
    if (n == 0)
        return;
    if (got == NULL) {
        print_error("%s is NULL\n", expr);
        _fail(file, line);
    }
    t_check_str(hc_str_n(got, n), hc_str_n(want, n), expr, file, line);
}

/* ---- the counting allocator ---- */

/* Stands before each block; as large as any alignment asks. */
union head {
    struct {
        size_t n;
        size_t mark;
    } is;
    max_align_t align;
};

#define MARK ((size_t)0x68656164)

static struct t_alloc counts;
/* Of all requests of a test, whatever it does with `counts`. */
static long requests, doomed;

bool t_is_doomed(void)
{
    return doomed != 0;
}

static union head *head_of(void *p, size_t old)
{
    union head *h = (union head *)p - 1;

    if (h->is.mark != MARK || h->is.n != old) {
        fprintf(stderr, "t_alloc: a block of %zu bytes (mark %zx) came back "
                "as one of %zu\n", h->is.n, h->is.mark, old);
        abort();
    }
    return h;
}

static void look_for_secret(const union head *h)
{
    const char *at = (const char *)(h + 1);
    size_t n = counts.secret != NULL ? strlen(counts.secret) : 0;

    may_be_read(at, n > 0 ? h->is.n : 0);
    for (size_t i = 0; n > 0 && i + n <= h->is.n; i++)
        counts.unwiped = counts.unwiped ||
                         memcmp(at + i, counts.secret, n) == 0;
}

static void give_back(union head *h)
{
    look_for_secret(h);
    counts.held -= (long)h->is.n;
    memset(h, 0x5A, sizeof(*h) + h->is.n);
    free(h);
    counts.live--;
}

static void *take_new(size_t n)
{
    union head *h;

    if (++requests == doomed)
        return NULL;
    counts.count++;
    counts.total += (long)n;
    if (counts.count == counts.fail_at) {
        counts.failed = true;
        return NULL;
    }
    if (n > SIZE_MAX - sizeof(*h))
        return NULL;
    h = malloc(sizeof(*h) + n);
    if (h == NULL)
        return NULL;
    h->is.n = n;
    h->is.mark = MARK;
    memset(h + 1, 0xA5, n);
    counts.live++;
    counts.held += (long)n;
    return h + 1;
}

static void *counting(void *ud, void *p, size_t old, size_t n)
{
    union head *h = p != NULL ? head_of(p, old) : NULL;
    void *moved;

    (void)ud;
    if (n == 0) {
        if (h != NULL)
            give_back(h);
        return NULL;
    }
    moved = take_new(n);
    if (moved != NULL && h != NULL) {
        memcpy(moved, p, old < n ? old : n);
        give_back(h);
    }
    return moved;
}

const struct hc_alloc *t_alloc(void)
{
    static const struct hc_alloc a = { counting, NULL };

    return &a;
}

struct t_alloc *t_alloc_state(void)
{
    return &counts;
}

long t_fails_every_allocation(int (*body)(void))
{
    long live = counts.live;

    for (long nth = 1; nth < 1000000; nth++) {
        int code;
        bool failed;

        counts.count = 0;
        counts.failed = false;
        counts.fail_at = nth;
        code = body();
        failed = counts.failed;
        counts.fail_at = 0;
        counts.failed = false;
        if (counts.live != live)
            print_error("with request %ld for memory failing:\n", nth);
        CHECK_INT(counts.live, live);
        if (!failed) {
            CHECK_INT(code, 0);
            return nth - 1;
        }
        if (code != HEADCOUNT_ENOMEM)
            print_error("with request %ld for memory failing:\n", nth);
        CHECK_INT(code, HEADCOUNT_ENOMEM);
    }
    fail_msg("the body never ran without a failed request");
    return 0;
}

/* ---- what goes when the test ends ---- */

struct borrowed {
    void *p;
    size_t n;               /* of a mapping; 0 = from malloc */
    struct borrowed *next;
};

static struct borrowed *borrowed;

static void borrow(void *p, size_t n)
{
    struct borrowed *b = malloc(sizeof(*b));

    if (b == NULL)
        abort();
    *b = (struct borrowed){ p, n, borrowed };
    borrowed = b;
}

static int release(void **state)
{
    (void)state;
    while (borrowed != NULL) {
        struct borrowed *b = borrowed;

        borrowed = b->next;
        if (b->n > 0)
            munmap(b->p, b->n);
        else
            free(b->p);
        free(b);
    }
    return 0;
}

char *t_guard(const void *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (n + page - 1) / page * page;
    char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0)
        fail_msg("no memory for a guard page");
    borrow(map, room + page);
    if (n > 0)
        memcpy(map + room - n, p, n);
    return map + room - n;
}

char *t_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *p = NULL;
    size_t len = 0, cap = 0;

    if (f == NULL)
        fail_msg("%s cannot be read (tests run from the top of the tree)",
                 path);
    do {
        len += p != NULL ? fread(p + len, 1, cap - len, f) : 0;
        if (len < cap)
            break;
        cap = cap > 0 ? 2 * cap : 4096;
        p = realloc(p, cap + 1);
    } while (p != NULL);
    fclose(f);
    if (p == NULL)
        fail_msg("no memory for %s", path);
    borrow(p, 0);
    p[len] = '\0';
    if (n != NULL)
        *n = len;
    return p;
}

const char *t_certs(void)
{
    if (access("build/certs/done", R_OK) != 0 &&
        system("sh tests/peers/certs.sh build/certs") != 0)
        fail_msg("tests/peers/certs.sh failed");
    return "build/certs";
}

/* ---- every request for memory of every test, failed in turn ---- */

static struct t_test *first, **last = &first;
static size_t tests;

/* Each run is a child of its own: a test that misses its memory may fail as it
 * likes, but neither crash nor hang.  The number of its requests comes back
 * through memory that is shared. */
static int child(const struct t_test *test, long nth, bool quiet, long *count)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (quiet && (freopen("/dev/null", "w", stdout) == NULL ||
                      freopen("/dev/null", "w", stderr) == NULL))
            _exit(2);
        alarm(60);
        requests = 0;
        doomed = nth;
        test->fn();
        *count = requests;
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return status;
}

static bool is_survived(int status)
{
    /* 255: a check failed.  99: a sanitizer had something to say. */
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
                                 WEXITSTATUS(status) == 255);
}

static void tell_death(const struct t_test *test, long nth, long n, int status)
{
    bool killed = WIFSIGNALED(status);
    long ignored;

    printf("not ok %s: request %ld of %ld for memory (%s %d)\n", test->name,
           nth, n, killed ? "signal" : "exit status",
           killed ? WTERMSIG(status) : WEXITSTATUS(status));
    child(test, nth, false, &ignored);
}

/* The first request that is not survived ends it. */
static bool fail_each(const struct t_test *test, long most, long *count,
                      long *runs)
{
    *count = 0;
    if (!is_survived(child(test, 0, true, count))) {
        printf("not ok %s: not even with all its memory\n", test->name);
        return false;
    }

    long n = *count, step = n > most ? (n + most - 1) / most : 1;
    int status = 0;

    for (long nth = 1; nth <= n && is_survived(status); nth += step) {
        status = child(test, nth, true, count);
        (*runs)++;
        if (!is_survived(status))
            tell_death(test, nth, n, status);
    }
    *count = n;
    return is_survived(status);
}

static bool is_wanted(const struct t_test *test, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(test->name, argv[i]) != NULL)
            return true;
    return argc <= 1;
}

/* At most `most` requests of each test are failed, spread over all of them. */
static int fail_all(long most, int argc, char **argv)
{
    long *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long total = 0, runs = 0, n = 0, bad = 0;

    if (count == MAP_FAILED || most <= 0)
        return 1;
    for (struct t_test *t = first; t != NULL; t = t->next) {
        if (!is_wanted(t, argc, argv))
            continue;
        n++;
        bad += !fail_each(t, most, count, &runs);
        total += *count;
    }
    printf("# %ld tests, %ld requests for memory, %ld failed in turn, %ld not "
           "survived\n", n, total, runs, bad);
    munmap(count, sizeof(*count));
    return bad > 0;
}

/* ---- main ---- */

void t_register(struct t_test *test)
{
    *last = test;
    last = &test->next;
    tests++;
}

static void run_one(void **state)
{
    const struct t_test *test = *state;

    counts = (struct t_alloc){ 0 };
    test->fn();
    if (counts.live != 0)
        fail_msg("%ld blocks were not given back", counts.live);
}

int main(int argc, char **argv)
{
    bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
    struct CMUnitTest *run = calloc(tests + 1, sizeof(*run));
    size_t n = 0;
    int failed;

    if (run == NULL)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc >= 3 && strcmp(argv[1], "--allocations") == 0) {
        free(run);
        return fail_all(atol(argv[2]), argc - 2, argv + 2);
    }
    for (struct t_test *t = first; t != NULL; t = t->next) {
        if (list)
            puts(t->name);
        else if (is_wanted(t, argc, argv))
            run[n++] = (struct CMUnitTest){ t->name, run_one, NULL, release,
                                            t };
    }
    failed = list ? 0 : _cmocka_run_group_tests(argv[0], run, n, NULL, NULL);
    free(run);
    return failed != 0;
}
