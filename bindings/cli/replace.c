/* cli/replace.c - see replace.h. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define LINKS_MAX 40                    /* as the kernel's */

static bool fail(char *why, const char *path, int number)
{
    snprintf(why, REPLACE_WHY, "cannot write %.400s: %s", path,
             strerror(number));
    return false;
}

static bool fail_kind(char *why, const char *path)
{
    snprintf(why, REPLACE_WHY, "cannot write %.400s: it is there, and is no "
             "regular file that could be replaced", path);
    return false;
}

/* ---- where ---- */

/* Follows one link: `at` becomes the path that it names, which is relative to
 * the folder of the link.  0 or the error's number. */
static int follow(char at[static PATH_BYTES])
{
    char to[PATH_BYTES];
    ssize_t n = readlink(at, to, sizeof to);
    char *slash = strrchr(at, '/');
    size_t folder = slash ? (size_t)(slash + 1 - at) : 0;

    if (n < 0)
        return errno;
    if (n > 0 && to[0] == '/')
        folder = 0;
    if (folder + (size_t)n >= PATH_BYTES)
        return ENAMETOOLONG;
    memcpy(at + folder, to, (size_t)n);
    at[folder + (size_t)n] = '\0';
    return 0;
}

/* True for /dev/stdout of `headcount watch > file`: to replace that file would
 * leave this program writing into one without a name. */
static bool is_open_here(const struct stat *there)
{
    struct stat open;
    bool is = false;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        is |= fstat(fd, &open) == 0 && open.st_ino == there->st_ino &&
              open.st_dev == there->st_dev;
    return is;
}

/* The path behind all links into `at`: of a regular file, or of none yet. */
static bool find_target(const char *path, char at[static PATH_BYTES], char *why)
{
    struct stat whole, here;
    bool is_there = stat(path, &whole) == 0;

    if (!is_there && (errno != ENOENT || *path == '\0'))
        return fail(why, path, errno);
    if (is_there && !S_ISREG(whole.st_mode))
        return fail_kind(why, path);
    if (is_there && is_open_here(&whole)) {
        snprintf(why, REPLACE_WHY, "cannot write %.400s: standard input, "
                 "output or error of this program is that file", path);
        return false;
    }
    if ((size_t)snprintf(at, PATH_BYTES, "%s", path) >= PATH_BYTES)
        return fail(why, path, ENAMETOOLONG);
    for (int links = 0; links < LINKS_MAX; links++) {
        if (lstat(at, &here) != 0)
            return (errno == ENOENT && !is_there) || fail(why, path, errno);
        if (!S_ISLNK(here.st_mode))
            /* In /proc a link's text need not be where it leads. */
            return (S_ISREG(here.st_mode) && is_there &&
                    here.st_ino == whole.st_ino &&
                    here.st_dev == whole.st_dev) || fail_kind(why, path);
        int number = follow(at);

        if (number != 0)
            return fail(why, path, number);
    }
    return fail(why, path, ELOOP);
}

/* ---- what ---- */

struct text {
    const char *p;
    size_t n;
};

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, text, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        n -= (size_t)put;
    }
    return true;
}

/* Others may write into the folder, too: what they left there is no file of
 * ours, but a link, or a pipe that would be waited for. */
static int open_beside(const char *path, char beside[static PATH_BYTES],
                       mode_t mode)
{
    if ((size_t)snprintf(beside, PATH_BYTES, "%s.new", path) >= PATH_BYTES) {
        errno = ENAMETOOLONG;
        return -1;
    }
    unlink(beside);
    return open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static bool replace(const char *path, struct text text, mode_t mode, char *why)
{
    char target[PATH_BYTES], beside[PATH_BYTES];
    int number = 0;

    if (!find_target(path, target, why))
        return false;
    int fd = open_beside(target, beside, mode);

    if (fd < 0)
        return fail(why, path, errno);
    if (!write_all(fd, text.p, text.n))
        number = errno;
    if (close(fd) != 0 && number == 0)
        number = errno;
    if (number == 0 && rename(beside, target) == 0)
        return true;
    if (number == 0)
        number = errno;
    unlink(beside);
    return fail(why, path, number);
}

bool replace_file(const char *path, const char *text, size_t n,
                  char why[static REPLACE_WHY])
{
    return replace(path, (struct text){ text, n }, 0644, why);
}

bool replace_private(const char *path, const char *text, size_t n,
                     char why[static REPLACE_WHY])
{
    return replace(path, (struct text){ text, n }, 0600, why);
}

bool replace_try(const char *path, char why[static REPLACE_WHY])
{
    char target[PATH_BYTES], beside[PATH_BYTES];

    if (!find_target(path, target, why))
        return false;
    int fd = open_beside(target, beside, 0600);

    if (fd < 0) {
        snprintf(why, REPLACE_WHY, "cannot write %.200s by way of %.200s.new: "
                 "%s", path, target, strerror(errno));
        return false;
    }
    close(fd);
    unlink(beside);
    return true;
}

/* Where the name of the file in `path` begins, and what its folder is. */
static const char *split(const char *path, struct stat *folder)
{
    const char *slash = strrchr(path, '/');
    char name[PATH_BYTES] = ".";

    if (slash)
        snprintf(name, sizeof name, "%.*s", (int)(slash - path + 1), path);
    memset(folder, 0, sizeof *folder);
    if (stat(name, folder) != 0)
        return path;
    return slash ? slash + 1 : path;
}

/* FILE and FILE.new, or the same. */
static bool is_same_or_new(const char *a, const char *b)
{
    size_t n = strlen(a);

    return strncmp(a, b, n) == 0 &&
           (b[n] == '\0' || strcmp(b + n, ".new") == 0);
}

bool replace_would_clash(const char *one, const char *two)
{
    char a[PATH_BYTES], b[PATH_BYTES], why[REPLACE_WHY];
    struct stat a_folder, b_folder;

    if (!find_target(one, a, why) || !find_target(two, b, why))
        return false;
    const char *a_name = split(a, &a_folder), *b_name = split(b, &b_folder);

    return a_folder.st_ino == b_folder.st_ino &&
           a_folder.st_dev == b_folder.st_dev &&
           (is_same_or_new(a_name, b_name) || is_same_or_new(b_name, a_name));
}
