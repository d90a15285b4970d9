/* net/sys - the real system behind the table of functions. */
#include "net/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "t.h"

static struct hc_system real(void)
{
    struct hc_system sys;

    hc_system_real(&sys);
    sys.alloc = *t_alloc();
    return sys;
}

TEST(sys, the_process_is_somebody_s)
{
    struct hc_system sys = real();

    CHECK_INT(sys.user(sys.ud), getuid());
}

TEST(sys, the_machine_is_that_of_uname)
{
    struct hc_system sys = real();
    struct hc_machine m;
    struct utsname u;

    CHECK_INT(uname(&u), 0);
    sys.machine(sys.ud, &m);
    CHECK_Z(m.os, u.sysname);
    CHECK_Z(m.release, u.release);
    CHECK_Z(m.arch, u.machine);
}

TEST(sys, the_clocks_go_forward)
{
    struct hc_system sys = real();
    int64_t now = hc_now(&sys), wall = hc_wall(&sys);

    CHECK(now > 0);
    CHECK(hc_now(&sys) >= now);
    CHECK(wall > (int64_t)1700000000 * HC_SECOND);
    CHECK(hc_wall(&sys) - wall < 10 * HC_SECOND);
}

TEST(sys, randomness_differs)
{
    struct hc_system sys = real();
    unsigned char a[32] = { 0 }, b[32] = { 0 };

    CHECK_INT(hc_random(&sys, a, sizeof a, NULL), 0);
    CHECK_INT(hc_random(&sys, b, sizeof b, NULL), 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

static int no_random(void *ud, void *p, size_t n)
{
    (void)ud;
    (void)p;
    (void)n;
    return HEADCOUNT_EIO;
}

TEST(sys, no_randomness_is_an_error)
{
    struct hc_system sys = real();
    struct headcount_error e = { 0 };
    char byte;

    sys.random = no_random;
    CHECK_INT(hc_random(&sys, &byte, 1, &e), HEADCOUNT_EIO);
    CHECK(strstr(e.what, "randomness") != NULL);
}

TEST(sys, an_empty_variable_is_none)
{
    struct hc_system sys = real();

    setenv("T_SYS_ONE", "value", 1);
    setenv("T_SYS_EMPTY", "", 1);
    unsetenv("T_SYS_NONE");
    CHECK_STR(hc_getenv(&sys, "T_SYS_ONE"), "value");
    CHECK(hc_getenv(&sys, "T_SYS_EMPTY").p == NULL);
    CHECK(hc_getenv(&sys, "T_SYS_NONE").p == NULL);
}

/* ---- files ---- */

static const char *file_with(const char *name, size_t n)
{
    static char path[256];
    FILE *f;

    snprintf(path, sizeof path, "build/sys_test.%s.%d", name, (int)getpid());
    f = fopen(path, "w");
    CHECK(f != NULL);
    for (size_t i = 0; i < n; i++)
        fputc('a' + (int)(i % 26), f);
    fclose(f);
    return path;
}

static int read_into(const char *path, size_t max, size_t *n,
                     struct headcount_error *e)
{
    struct hc_system sys = real();
    struct hc_buf out;

    hc_buf_init(&out, &sys.alloc, max);
    int err = sys.read_file(sys.ud, path, &out, e);

    *n = out.n;
    for (size_t i = 0; err == 0 && i < out.n; i++)
        CHECK(out.p[i] == 'a' + (char)(i % 26));
    hc_buf_fini(&out);
    return err;
}

TEST(file, is_read_whole_or_not_at_all)
{
    static const struct { size_t size, max; int err;
    } rows[] = {
        { 0, 10, 0 },
        { 1, 10, 0 },
        { 10, 10, 0 },
        { 11, 10, HEADCOUNT_ELIMIT },
        { 4096, 8192, 0 },
        { 10000, 10000, 0 },
        { 10001, 10000, HEADCOUNT_ELIMIT },
        { 70000, 100000, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *path = file_with("f", rows[i].size);
        struct headcount_error e = { 0 };
        size_t n;

        CHECK_INT(read_into(path, rows[i].max, &n, &e), rows[i].err);
        if (rows[i].err == 0)
            CHECK_INT(n, rows[i].size);
        else
            CHECK(strstr(e.what, path) != NULL);
        unlink(path);
    }
}

TEST(file, what_is_no_file_is_an_error_at_once)
{
    struct headcount_error e = { 0 };
    char fifo[64];
    size_t n;

    CHECK_INT(read_into("build/there-is-no-such-file", 10, &n, &e),
              HEADCOUNT_EIO);
    CHECK_INT(e.sys, ENOENT);
    hc_error_reset(&e);
    CHECK_INT(read_into("build", 10, &n, &e), HEADCOUNT_EIO);
    hc_error_reset(&e);
    snprintf(fifo, sizeof fifo, "build/sys_test.fifo.%d", (int)getpid());
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK_INT(read_into(fifo, 10, &n, &e), HEADCOUNT_EIO);
    CHECK(strstr(e.what, "no regular file") != NULL);
    unlink(fifo);
}

static const char *big_path;

static int read_big(void)
{
    size_t n;

    return read_into(big_path, 100000, &n, NULL);
}

TEST(file, every_failed_allocation_is_survived)
{
    big_path = file_with("big", 30000);
    t_fails_every_allocation(read_big);
    unlink(big_path);
}

TEST(file, one_that_changes_has_another_stamp)
{
    struct hc_system sys = real();
    const char *path = file_with("stamp", 9);
    struct hc_file_stamp before, same, after, none = { .size = 1 };

    sys.stamp_file(sys.ud, path, &before);
    sys.stamp_file(sys.ud, path, &same);
    CHECK_MEM(&same, sizeof same, &before);
    CHECK_INT(before.size, 9);
    CHECK_INT(sys.write_file(sys.ud, path, HC_STR("123456789"), NULL), 0);
    sys.stamp_file(sys.ud, path, &after);
    CHECK(after.inode != before.inode);
    unlink(path);
    sys.stamp_file(sys.ud, path, &none);
    CHECK_INT(none.size + none.inode, 0);
}

/* ---- a file that is replaced ---- */

static void holds(const char *path, const char *text)
{
    char got[64] = "";
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    CHECK(fd >= 0);
    CHECK_INT(read(fd, got, sizeof got - 1), strlen(text));
    CHECK_INT(fstat(fd, &st), 0);
    close(fd);
    CHECK_Z(got, text);
    CHECK_INT(st.st_mode & 07777, 0600);
}

TEST(file, is_replaced_whole_and_for_its_owner_alone)
{
    struct hc_system sys = real();
    const char *path = file_with("w", 9);
    mode_t old = umask(0);

    CHECK_INT(chmod(path, 0644), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    CHECK_INT(sys.write_file(sys.ud, path, HC_STR("new"), NULL), 0);
    holds(path, "new");
    CHECK_INT(lseek(fd, 0, SEEK_END), 9);    /* who reads has the old one    */
    close(fd);
    CHECK_INT(sys.write_file(sys.ud, path, HC_STR(""), NULL), 0);
    holds(path, "");
    umask(old);
    unlink(path);
}

/* The number of files in build/ whose names begin so. */
static int left_over(const char *name)
{
    DIR *folder = opendir("build");
    struct dirent *d;
    int n = 0;

    CHECK(folder != NULL);
    while ((d = readdir(folder)) != NULL)
        n += strncmp(d->d_name, name, strlen(name)) == 0;
    closedir(folder);
    return n;
}

TEST(file, one_that_cannot_be_written_leaves_nothing)
{
    struct hc_system sys = real();
    struct headcount_error e = { 0 };
    char folder[64];
    static char path[6000];

    CHECK_INT(sys.write_file(sys.ud, "build/none/file", HC_STR("hush"), &e),
              HEADCOUNT_EIO);
    CHECK_INT(e.sys, ENOENT);
    CHECK(strstr(e.what, "hush") == NULL);
    hc_error_reset(&e);
    snprintf(folder, sizeof folder, "build/sys_test.d.%d", (int)getpid());
    CHECK_INT(mkdir(folder, 0700), 0);
    CHECK_INT(sys.write_file(sys.ud, folder, HC_STR("hush"), &e),
              HEADCOUNT_EIO);
    CHECK_INT(e.sys, EISDIR);
    CHECK_INT(left_over(folder + strlen("build/")), 1);
    rmdir(folder);
    memset(path, 'a', sizeof path - 1);
    CHECK_INT(sys.write_file(sys.ud, path, HC_STR("a"), NULL), HEADCOUNT_EIO);
    CHECK_INT(sys.write_file(sys.ud, "", HC_STR("a"), NULL), HEADCOUNT_EIO);
}
