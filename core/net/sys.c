/* net/sys.c - the operating system behind struct hc_system: the only
 * randomness, environment and file calls of the core, and the only place in it
 * that reads the clocks of base/clock.h. */
#include "net/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "net/spawn.h"

/* POSIX has it in stdio.h, which no file of the core includes. */
int rename(const char *from, const char *to);

#define SYS_PATH 4096
#define SYS_MARK 16                      /* ".1a2b3c4d.tmp" and more         */

static int64_t sys_now(void *ud)
{
    (void)ud;
    return hc_clock_monotonic();
}

static int64_t sys_wall(void *ud)
{
    (void)ud;
    return hc_clock_wall();
}

static int sys_random(void *ud, void *p, size_t n)
{
    unsigned char *at = p;

    (void)ud;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return HEADCOUNT_EIO;
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

static const char *sys_getenv(void *ud, const char *name)
{
    (void)ud;
    return getenv(name);
}

static int sys_read_all(int fd, const char *path, struct hc_buf *out,
                        struct headcount_error *e)
{
    for (;;) {
        size_t room = out->max - out->n < 4096 ? out->max - out->n : 4096;
        char extra = 0;
        char *p = room > 0 ? hc_buf_room(out, room) : &extra;

        if (p == NULL)
            return hc_error_set(e, HEADCOUNT_ENOMEM, "%s: out of memory", path);
        ssize_t got = read(fd, p, room > 0 ? room : 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hc_error_sys(e, HEADCOUNT_EIO, errno, "%s cannot be read",
                                path);
        if (got == 0)
            return 0;
        if (room == 0)
            return hc_error_set(e, HEADCOUNT_ELIMIT,
                                "%s is larger than %zu bytes: not read", path,
                                out->max);
        hc_buf_added(out, (size_t)got);
    }
}

static int sys_read_file(void *ud, const char *path, struct hc_buf *out,
                         struct headcount_error *e)
{
    (void)ud;
    /* O_NONBLOCK: a FIFO without a writer must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return hc_error_sys(e, HEADCOUNT_EIO, errno, "%s cannot be opened",
                            path);
    struct stat st;
    int err = 0;

    if (fstat(fd, &st) < 0)
        err = hc_error_sys(e, HEADCOUNT_EIO, errno, "%s cannot be read", path);
    else if (!S_ISREG(st.st_mode))
        err = hc_error_set(e, HEADCOUNT_EIO, "%s is no regular file", path);
    else
        err = sys_read_all(fd, path, out, e);
    close(fd);
    return err;
}

static void sys_stamp_file(void *ud, const char *path,
                           struct hc_file_stamp *out)
{
    struct stat st;

    (void)ud;
    *out = (struct hc_file_stamp){ .size = 0 };
    if (stat(path, &st) < 0)
        return;
    out->device = (uint64_t)st.st_dev;
    out->inode = (uint64_t)st.st_ino;
    out->size = (uint64_t)st.st_size;
    out->modified = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    out->changed = st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
}

/* ---- a file that is replaced ---- */

static bool sys_write_all(int fd, struct hc_str text)
{
    while (text.n > 0) {
        ssize_t put = write(fd, text.p, text.n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text = hc_str_from(text, (size_t)put);
    }
    return true;
}

/* On the disk before its name is: after a crash there is the old file or the
 * new one. */
static int sys_replace(const char *path, const char *next, struct hc_str text,
                       struct headcount_error *e)
{
    int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  0600);

    if (fd < 0)
        return hc_error_sys(e, HEADCOUNT_EIO, errno, "%s cannot be made",
                            next);
    bool good = sys_write_all(fd, text) && fsync(fd) == 0;
    int why = errno;

    if (close(fd) < 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(next, path) < 0) {
        good = false;
        why = errno;
    }
    if (good)
        return 0;
    unlink(next);
    return hc_error_sys(e, HEADCOUNT_EIO, why, "%s cannot be written", path);
}

static int sys_write_file(void *ud, const char *path, struct hc_str text,
                          struct headcount_error *e)
{
    char next[SYS_PATH + SYS_MARK];
    uint32_t random = 0;
    struct hc_str name = hc_str(path);

    if (name.n == 0 || name.n >= SYS_PATH)
        return hc_error_set(e, HEADCOUNT_EIO, "the path of a file is empty or "
                            "longer than %d bytes", SYS_PATH);
    if (sys_random(ud, &random, sizeof random) < 0)
        return hc_error_set(e, HEADCOUNT_EIO, "%s cannot be written without "
                            "randomness", path);
    hc_fmt(next, sizeof next, "%s.%08x.tmp", path, (unsigned)random);
    return sys_replace(path, next, text, e);
}

static long sys_user(void *ud)
{
    (void)ud;
    return (long)getuid();
}

static void sys_machine(void *ud, struct hc_machine *out)
{
    struct utsname u;

    (void)ud;
    *out = (struct hc_machine){ .os = "" };
    if (uname(&u) < 0)
        return;
    hc_fmt(out->os, sizeof out->os, "%s", u.sysname);
    hc_fmt(out->release, sizeof out->release, "%s", u.release);
    hc_fmt(out->arch, sizeof out->arch, "%s", u.machine);
}

void hc_system_real(struct hc_system *sys)
{
    *sys = (struct hc_system){
        .alloc = hc_alloc_libc,
        .now = sys_now,
        .wall = sys_wall,
        .random = sys_random,
        .getenv = sys_getenv,
        .read_file = sys_read_file,
        .stamp_file = sys_stamp_file,
        .user = sys_user,
        .machine = sys_machine,
        .write_file = sys_write_file,
        .spawn = hc_spawn,
    };
}

long hc_process(void)
{
    return getpid();
}

int64_t hc_now(const struct hc_system *sys)
{
    return sys->now(sys->ud);
}

int64_t hc_wall(const struct hc_system *sys)
{
    return sys->wall(sys->ud);
}

int hc_random(const struct hc_system *sys, void *p, size_t n,
              struct headcount_error *e)
{
    if (sys->random(sys->ud, p, n) == 0)
        return 0;
    return hc_error_set(e, HEADCOUNT_EIO,
                        "the operating system gave no randomness: "
                        "nothing can be signed or encrypted without it");
}

struct hc_str hc_getenv(const struct hc_system *sys, const char *name)
{
    const char *value = sys->getenv(sys->ud, name);

    if (value == NULL || *value == '\0')
        return (struct hc_str){ NULL, 0 };
    return hc_str(value);
}
