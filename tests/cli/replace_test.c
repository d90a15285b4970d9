/* tests/cli/replace_test.c - what a path may be, and what becomes of it. */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"

static char folder[64];
static char why[REPLACE_WHY];

static void enter(void)
{
    snprintf(folder, sizeof folder, "/tmp/replace_test.XXXXXX");
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    CHECK(mkdir("sub", 0755) == 0 && mkdir("other", 0755) == 0);
}

static void leave(const char *top)
{
    char line[100];

    CHECK(chdir(top) == 0);
    snprintf(line, sizeof line, "rm -r %s", folder);
    CHECK_INT(system(line), 0);
}

static void make(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static const char *text_of(const char *path)
{
    static char text[100];
    FILE *f = fopen(path, "r");

    text[0] = '\0';
    if (!f || !fgets(text, sizeof text, f))
        text[0] = '\0';
    if (f)
        fclose(f);
    return text;
}

static bool is_link(const char *path)
{
    struct stat here;

    return lstat(path, &here) == 0 && S_ISLNK(here.st_mode);
}

static bool replace(const char *path)
{
    return replace_try(path, why) && replace_file(path, "new", 3, why);
}

TEST(replace, a_file_or_none_becomes_the_new_one)
{
    char top[4096];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    make("there", "old");
    CHECK(replace("there") && replace("none") && replace("sub/none"));
    CHECK_Z(text_of("there"), "new");
    CHECK_Z(text_of("none"), "new");
    CHECK_Z(text_of("sub/none"), "new");
    CHECK(access("there.new", F_OK) != 0);
    leave(top);
}

/* Others may write into the folder: their link beside the file is not
 * followed, and their pipe not waited for. */
TEST(replace, what_others_left_beside_it_is_removed)
{
    char top[4096];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    make("victim", "theirs");
    for (int i = 0; i < 2; i++) {
        make("there", "old");
        CHECK((i == 0 ? symlink("victim", "there.new")
                      : mkfifo("there.new", 0600)) == 0);
        CHECK(replace_file("there", "new", 3, why));
        CHECK_Z(text_of("there"), "new");
        CHECK_Z(text_of("victim"), "theirs");
    }
    leave(top);
}

TEST(replace, a_link_stays_and_what_it_points_to_is_replaced)
{
    static const struct { const char *link, *to, *file; } rows[] = {
        { "a", "file", "file" },
        { "b", "sub/file", "sub/file" },
        { "sub/c", "file", "sub/file" },
        { "sub/d", "../other/file", "other/file" },
        { "e", "sub/d", "other/file" },
        { "f", "none", "none" },                    /* not there yet */
        { "sub/g", "../sub/none", "sub/none" },
        { "h", "f", "none" },
    };
    char top[4096], to[200];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK(symlink(rows[i].to, rows[i].link) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int again = 0; again < 2; again++) {
            CHECK(replace(rows[i].link));
            CHECK(is_link(rows[i].link) && !is_link(rows[i].file));
            CHECK_Z(text_of(rows[i].file), "new");
            make(rows[i].file, "old");
        }
        CHECK(unlink(rows[i].file) == 0);
    }
    snprintf(to, sizeof to, "%s/sub/whole", folder);
    CHECK(symlink(to, "other/whole") == 0 && replace("other/whole"));
    CHECK_Z(text_of("sub/whole"), "new");
    CHECK(is_link("other/whole"));
    leave(top);
}

TEST(replace, nothing_else_is_touched)
{
    static const char *const rows[] = {
        "/dev/null", "/dev/stdout", "/dev/full", "pipe", "to_null", "to_pipe",
        "to_folder", "sub", "sub/", "ring", "", "gone/file", "to_gone",
        "to_fd", "file/x",
    };
    char top[4096];
    int ends[2], kept = dup(1);
    struct stat before, after;

    CHECK(getcwd(top, sizeof top) != NULL && pipe(ends) == 0);
    enter();
    make("file", "old");
    CHECK(mkfifo("pipe", 0600) == 0 && symlink("/dev/null", "to_null") == 0);
    CHECK(symlink("pipe", "to_pipe") == 0 && symlink("sub", "to_folder") == 0);
    CHECK(symlink("ring", "ring") == 0 && symlink("gone/x", "to_gone") == 0);
    CHECK(symlink("/dev/fd/1", "to_fd") == 0);
    fflush(stdout);
    dup2(ends[1], 1);
    bool bad[sizeof rows / sizeof *rows];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int was = lstat(rows[i], &before);

        memset(why, 0, sizeof why);
        bad[i] = replace_try(rows[i], why) || why[0] == '\0' ||
                 replace_file(rows[i], "new", 3, why) || why[0] == '\0' ||
                 lstat(rows[i], &after) != was ||
                 (was == 0 && before.st_ino != after.st_ino);
    }
    dup2(kept, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_Z(bad[i] ? rows[i] : "none", "none");
    close(kept);
    close(ends[0]);
    close(ends[1]);
    leave(top);
}

/* As "/dev/stdout" is, of a program whose output was moved away. */
TEST(replace, a_link_whose_text_is_not_where_it_leads_is_refused)
{
    char top[4096], path[40];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    make("file", "old");
    int fd = open("file", O_RDONLY);

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(unlink("file") == 0);
    CHECK(!replace(path));
    make("file (deleted)", "other");
    CHECK(!replace(path));
    CHECK_Z(text_of("file (deleted)"), "other");
    close(fd);
    leave(top);
}

/* "/dev/stdout" of a program whose output goes to a file. */
TEST(replace, a_file_that_is_standard_output_is_refused)
{
    char top[4096];
    int kept = dup(1), good = 0;

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    make("file", "old");
    CHECK(symlink("file", "link") == 0);
    fflush(stdout);
    int fd = open("file", O_WRONLY);

    dup2(fd, 1);
    good = replace("file") + replace("link") + replace("/dev/stdout");
    dup2(kept, 1);
    CHECK_INT(good, 0);
    CHECK(strstr(why, "standard input, output or error") != NULL);
    CHECK_Z(text_of("file"), "old");
    CHECK(replace("file"));
    close(fd);
    close(kept);
    leave(top);
}

TEST(replace, files_that_would_take_each_other_away)
{
    static const struct { const char *one, *two; bool clash; } rows[] = {
        { "a", "a", true }, { "a", "./a", true }, { "a", "sub/../a", true },
        { "a", "a.new", true }, { "a.new", "a", true }, { "a", "to_a", true },
        { "to_a.new", "a", false }, { "a.new", "to_a", true },
        { "a", "b", false }, { "a", "sub/a", false }, { "a", "a.newer", false },
        { "a", "a.new.new", false }, { "ab", "a", false },
        { "a", "sub", false },                       /* cannot be replaced */
    };
    char top[4096];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    CHECK(symlink("a", "to_a") == 0);
    for (int there = 0; there < 2; there++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (replace_would_clash(rows[i].one, rows[i].two) != rows[i].clash)
                printf("row %zu\n", i);
            CHECK(replace_would_clash(rows[i].one, rows[i].two) ==
                  rows[i].clash);
        }
        make("a", "old");
    }
    leave(top);
}

TEST(replace, a_link_that_changes_is_followed_where_it_leads_then)
{
    char top[4096];

    CHECK(getcwd(top, sizeof top) != NULL);
    enter();
    CHECK(symlink("one", "link") == 0 && replace("link"));
    CHECK(unlink("link") == 0 && symlink("sub/two", "link") == 0);
    CHECK(replace_file("link", "later", 5, why));
    CHECK_Z(text_of("one"), "new");
    CHECK_Z(text_of("sub/two"), "later");
    CHECK(unlink("link") == 0 && symlink("/dev/null", "link") == 0);
    CHECK(!replace_file("link", "x", 1, why));
    CHECK(is_link("link"));
    leave(top);
}
