/* tests/aws/config_files_test.c - which two files are read, and what becomes of
 * those that cannot be. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "aws/config_files.h"

#define USERS "boss:x:0:0::/home/boss:/bin/sh\n"                          \
    "app:x:1000:1000::/srv/app:/bin/false\n"

static const char *env[4];
static char paths[400];                  /* those asked for, with blanks     */
static int closed;                       /* errno of these files             */
static const char *closed_prefix;
static struct hc_system sys;
static struct hc_ini ini;

static const char *fake_getenv(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (size_t i = 0; i < 4 && env[i] != NULL; i++)
        if (strncmp(env[i], name, n) == 0 && env[i][n] == '=')
            return env[i] + n + 1;
    return NULL;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    (void)ud;
    if (strcmp(path, "/etc/passwd") == 0) {
        hc_buf_text(out, USERS);
        return hc_buf_error(out);
    }
    strncat(paths, path, sizeof paths - strlen(paths) - 1);
    strncat(paths, " ", sizeof paths - strlen(paths) - 1);
    if (closed_prefix != NULL &&
        strncmp(path, closed_prefix, strlen(closed_prefix)) == 0)
        return hc_error_sys(e, HEADCOUNT_EIO, closed, "%s cannot be opened",
                            path);
    hc_buf_text(out, strstr(path, "onfig") != NULL ? "[profile a]\nk=config\n"
                                                   : "[b]\nk=credentials\n");
    return hc_buf_error(out);
}

static long fake_user(void *ud)
{
    (void)ud;
    return 1000;
}

static struct hc_str home;

static int read_them(void)
{
    struct headcount_error e = { .code = 0 };

    sys = (struct hc_system){ .alloc = *t_alloc(), .getenv = fake_getenv,
                              .read_file = fake_read, .user = fake_user };
    paths[0] = '\0';
    hc_ini_init(&ini, &sys.alloc);
    int err = hc_config_files_read(&ini, &sys, &home, &e);

    CHECK_INT(err, e.code);
    return err;
}

static void set_up(const char *one, const char *two, const char *three)
{
    env[0] = one;
    env[1] = two;
    env[2] = three;
    closed_prefix = NULL;
}

TEST(config_files, variables_home_and_passwd_say_where_they_are)
{
    static const struct { const char *env[3], *want; } rows[] = {
        { { "HOME=/h" }, "/h/.aws/config /h/.aws/credentials " },
        { { "HOME=" }, "/srv/app/.aws/config /srv/app/.aws/credentials " },
        { { "HOME=/h", "AWS_CONFIG_FILE=/etc/config" },
          "/etc/config /h/.aws/credentials " },
        { { "HOME=/h", "AWS_CONFIG_FILE=",
            "AWS_SHARED_CREDENTIALS_FILE=keys" }, "/h/.aws/config keys " },
        { { "HOME=/h", "AWS_CONFIG_FILE=~/config" },
          "/h/config /h/.aws/credentials " },
        { { "HOME=/h", "AWS_CONFIG_FILE=/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE=/dev/null" }, "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up(rows[i].env[0], rows[i].env[1], rows[i].env[2]);
        CHECK_INT(read_them(), 0);
        CHECK_Z(paths, rows[i].want);
        CHECK_INT(hc_ini_check(&ini, NULL), 0);
        hc_ini_fini(&ini);
    }
}

TEST(config_files, what_they_hold_is_read_as_what_they_are)
{
    struct hc_ini_view v;

    set_up("HOME=/h", NULL, NULL);
    CHECK_INT(read_them(), 0);
    CHECK_INT(hc_ini_open(&ini, INI_PROFILE, HC_STR("a"), &v, NULL), 1);
    CHECK_INT(hc_ini_open(&ini, INI_PROFILE, HC_STR("b"), &v, NULL), 1);
    hc_ini_fini(&ini);
}

TEST(config_files, a_path_that_not_all_tools_understand_is_a_fault)
{
    static const struct { const char *env, *says; } rows[] = {
        { "AWS_CONFIG_FILE=$HOME/x", "AWS_CONFIG_FILE has a $ in it" },
        { "AWS_SHARED_CREDENTIALS_FILE=~bob/x",
          "AWS_SHARED_CREDENTIALS_FILE begins with a ~" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_error e = { .code = 0 };

        set_up("HOME=/h", rows[i].env, NULL);
        CHECK_INT(read_them(), 0);
        CHECK_INT(hc_ini_check(&ini, &e), HEADCOUNT_ECONFIG);
        CHECK(strncmp(e.what, rows[i].says, strlen(rows[i].says)) == 0);
        hc_ini_fini(&ini);
    }
}

TEST(config_files, a_path_is_bounded)
{
    static char path[5000];
    struct headcount_error e = { .code = 0 };

    memset(path, 'a', sizeof path - 1);
    memcpy(path, "AWS_CONFIG_FILE=", 16);
    set_up("HOME=/h", path, NULL);
    CHECK_INT(read_them(), 0);
    CHECK_INT(hc_ini_check(&ini, &e), HEADCOUNT_ECONFIG);
    CHECK_Z(e.what, "AWS_CONFIG_FILE makes a path of more than 4096 bytes");
    hc_ini_fini(&ini);
}

/* A home that is closed to this user is one without files; a file that is
 * closed is not. */
TEST(config_files, a_file_that_is_missing_is_empty_and_one_that_is_closed_not)
{
    static const struct {
        int closed;
        const char *prefix, *env, *says;             /* NULL: as if empty    */
    } rows[] = {
        { ENOENT, "/h/.aws/", NULL, NULL },
        { ENOTDIR, "/h/.aws/", NULL, NULL },
        { ENOENT, "/x", "AWS_CONFIG_FILE=/x", NULL },
        { EACCES, "/h/", NULL, NULL },
        { EACCES, "/h/.aws/config", NULL, "/h/.aws/config cannot be opened" },
        { EACCES, "/h/", "AWS_CONFIG_FILE=/h/x", "/h/x cannot be opened" },
        { EIO, "/h/", NULL, "/h/.aws/config cannot be opened" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_error e = { .code = 0 };

        set_up("HOME=/h", rows[i].env, NULL);
        closed = rows[i].closed;
        closed_prefix = rows[i].prefix;
        CHECK_INT(read_them(), 0);
        CHECK_INT(hc_ini_check(&ini, &e),
                  rows[i].says != NULL ? HEADCOUNT_ECONFIG : 0);
        if (rows[i].says != NULL)
            CHECK(strncmp(e.what, rows[i].says, strlen(rows[i].says)) == 0);
        hc_ini_fini(&ini);
    }
}

static int read_some(void)
{
    set_up("HOME=", NULL, NULL);

    int err = read_them();

    hc_ini_fini(&ini);
    return err;
}

TEST(config_files, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_some);
}
