/* aws/config_files.c - where the files of ~/.aws are (contract:
 * aws/config_files.h). */
#include "aws/config_files.h"

#include <errno.h>

#include "base/text.h"

#define SHARED_PATH 4096
#define SHARED_PASSWD ((size_t)256 << 10)
#define SHARED_PASSWD_PATH "/etc/passwd"

static const struct shared_kind {
    char variable[28], path[18];         /* the path under the home          */
} shared_kinds[HC_INI_FILES] = {
    [INI_CONFIG] = { "AWS_CONFIG_FILE", "/.aws/config" },
    [INI_CREDENTIALS] = { "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials" },
};

struct shared_reader {
    const struct hc_system *sys;
    struct hc_ini *ini;
    struct hc_buf passwd, path;
    struct hc_str home;                  /* empty: there is none             */
};

/* ---- the home ---- */

/* name:password:UID:GID:words:HOME:shell */
static struct hc_str shared_home_of(struct hc_str passwd, long user)
{
    while (passwd.n > 0) {
        struct hc_str line = hc_str_cut(&passwd, '\n'), field[6];
        uint64_t id;

        for (size_t i = 0; i < 6; i++)
            field[i] = hc_str_cut(&line, ':');
        if (hc_str_u64(field[2], &id) && id == (uint64_t)user)
            return field[5];
    }
    return (struct hc_str){ NULL, 0 };
}

/* A system service may have no HOME.  botocore then looks up the home of its
 * user, so the same files count here. */
static int shared_find_home(struct shared_reader *r)
{
    const struct hc_system *sys = r->sys;
    int err;

    r->home = hc_getenv(sys, "HOME");
    if (r->home.n > 0 || sys->user == NULL)
        return 0;
    err = sys->read_file(sys->ud, SHARED_PASSWD_PATH, &r->passwd, NULL);
    if (err == 0)
        r->home = shared_home_of(hc_buf_view(&r->passwd), sys->user(sys->ud));
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

/* ---- one path ---- */

/* Puts the path of this file into r->path; nothing, if there is no such file.
 * Returns what is wrong with a path that a variable gives, or NULL. */
static const char *shared_put_path(struct shared_reader *r,
                                   const struct shared_kind *kind)
{
    struct hc_str given = hc_getenv(r->sys, kind->variable);
    bool tilde = given.n > 0 && given.p[0] == '~';

    hc_buf_reset(&r->path);
    if (hc_str_find(given, '$') < given.n)
        return "has a $ in it, which only some of AWS's tools replace: write "
               "the whole path";
    if (tilde && (!hc_str_starts(given, HC_STR("~/")) || r->home.n == 0))
        return "begins with a ~ that has no meaning here: write the whole path";
    if (given.n == 0 && r->home.n == 0)
        return NULL;
    if (given.n == 0 || tilde)
        hc_buf_str(&r->path, r->home);
    if (given.n == 0)
        hc_buf_text(&r->path, kind->path);
    else
        hc_buf_str(&r->path, hc_str_from(given, tilde ? 1 : 0));
    return hc_buf_error(&r->path) == HEADCOUNT_ELIMIT
               ? "makes a path of more than 4096 bytes"
               : NULL;
}

/* ---- one file ---- */

/* The home is closed to this user, who therefore has no files: so do the SDKs
 * see it, in a container that runs as another user than its image was made
 * for.  A file that is closed in a home that is open is a fault. */
static bool shared_is_closed(struct shared_reader *r)
{
    struct headcount_error why = { .code = 0 };
    struct hc_buf none;

    hc_buf_init(&none, &r->sys->alloc, 1);
    hc_buf_reset(&r->path);
    hc_buf_str(&r->path, r->home);
    hc_buf_lit(&r->path, "/.aws");
    r->sys->read_file(r->sys->ud, hc_buf_z(&r->path), &none, &why);
    hc_buf_fini(&none);
    return why.sys == EACCES;
}

static bool shared_is_hidden(struct shared_reader *r,
                             const struct shared_kind *kind,
                             const struct headcount_error *why)
{
    return why->code == HEADCOUNT_EIO && why->sys == EACCES &&
           hc_getenv(r->sys, kind->variable).n == 0 && shared_is_closed(r);
}

static bool shared_is_missing(const struct headcount_error *why)
{
    return why->code == HEADCOUNT_EIO &&
           (why->sys == ENOENT || why->sys == ENOTDIR);
}

static int shared_read(struct shared_reader *r, enum hc_ini_file file)
{
    const struct shared_kind *kind = &shared_kinds[file];
    struct headcount_error why = { .code = 0 };
    struct hc_buf text;
    const char *wrong = shared_put_path(r, kind), *path;

    if (wrong != NULL)
        return hc_ini_refuse(
            r->ini, file, kind->variable,
            hc_str(hc_arena_fmt(&r->ini->arena, "%s %s", kind->variable,
                                wrong)));
    path = hc_buf_z(&r->path);
    if (hc_buf_error(&r->path) < 0)
        return hc_buf_error(&r->path);
    if (*path == '\0' || hc_str_eqz(HC_STR("/dev/null"), path))
        return 0;
    hc_buf_init_secret(&text, &r->sys->alloc, HC_INI_MAX);
    int err = r->sys->read_file(r->sys->ud, path, &text, &why);

    if (err == 0)
        err = hc_ini_read(r->ini, file, path, hc_buf_view(&text));
    else if (err != HEADCOUNT_ENOMEM && shared_is_missing(&why))
        err = hc_ini_lacks(r->ini, file, path);
    else if (err != HEADCOUNT_ENOMEM)
        err = shared_is_hidden(r, kind, &why)
                  ? 0
                  : hc_ini_refuse(r->ini, file, path, hc_str(why.what));
    hc_buf_fini(&text);
    return err;
}

int hc_config_files_read(struct hc_ini *ini, const struct hc_system *sys,
                         struct hc_str *home, struct headcount_error *e)
{
    struct shared_reader r = { .sys = sys, .ini = ini };
    int err;

    if (sys->read_file == NULL)
        return 0;
    hc_buf_init(&r.passwd, &sys->alloc, SHARED_PASSWD);
    hc_buf_init(&r.path, &sys->alloc, SHARED_PATH);
    err = shared_find_home(&r);
    *home = hc_arena_str(&ini->arena, r.home);
    if (err == 0)
        err = hc_arena_error(&ini->arena);
    if (err == 0)
        err = shared_read(&r, INI_CONFIG);
    if (err == 0)
        err = shared_read(&r, INI_CREDENTIALS);
    hc_buf_fini(&r.path);
    hc_buf_fini(&r.passwd);
    return err < 0 ? hc_error_set(e, HEADCOUNT_ENOMEM,
                                  "no memory to read the files of ~/.aws")
                   : 0;
}
