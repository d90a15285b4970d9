/* aws/creds_files.c - what is configured and cannot be used yet (contract:
 * aws/creds_files.h).
 *
 * Where several sources are configured, the error names the one that the SDKs
 * would take.  botocore looks in this order: a role to assume, a web identity
 * (of the environment before that of the profile), single sign-on, the keys of
 * the credentials file, a login session, a process, the keys of the config
 * file, and last a file that AWS_CREDENTIAL_FILE names, which only botocore
 * still reads.
 */
#include "aws/creds_files.h"

#include <errno.h>

#include "aws/profile.h"

#define FILES_PATH 4096
#define FILES_SHOWN 160                  /* bytes of a path in a sentence    */
#define FILES_TOKEN "AWS_WEB_IDENTITY_TOKEN_FILE"
#define FILES_OLD "AWS_CREDENTIAL_FILE"

/* In the order in which the SDKs look. */
enum files_rank { FILES_ROLE, FILES_WEB_IDENTITY, FILES_SSO, FILES_KEYS,
                  FILES_LOGIN, FILES_PROCESS, FILES_CONFIG_KEYS, FILES_REST,
                  FILES_NONE };

static const struct files_key {
    const char *name;
    enum files_rank rank;
} files_keys[] = {
    { "role_arn", FILES_ROLE },
    { "web_identity_token_file", FILES_WEB_IDENTITY },
    { "sso_account_id", FILES_SSO }, { "sso_role_name", FILES_SSO },
    { "sso_session", FILES_SSO }, { "sso_start_url", FILES_SSO },
    { "aws_access_key_id", FILES_KEYS },
    { "aws_secret_access_key", FILES_KEYS },
    { "login_session", FILES_LOGIN },
    { "credential_process", FILES_PROCESS },
    { "source_profile", FILES_REST }, { "credential_source", FILES_REST },
};

static const struct files_kind {
    enum hc_profile_file file;
    const char *variable, *path;         /* the path under HOME              */
} files_kinds[] = {
    { PROFILE_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials" },
    { PROFILE_CONFIG, "AWS_CONFIG_FILE", "/.aws/config" },
};

#define FILES_N (sizeof files_kinds / sizeof *files_kinds)

/* One look at all of it. */
struct files_look {
    const struct hc_system *sys;
    struct hc_buf path[FILES_N], passwd;
    struct hc_str home;                  /* empty: there is none             */
    enum files_rank rank;                /* of what was found                */
    const char *key;
    size_t file, line;
    bool has_token;                      /* a profile's web identity         */
    struct headcount_error *e;
};

/* ---- where the files are ---- */

/* name:password:UID:GID:words:HOME:shell */
static struct hc_str files_home_of(struct hc_str passwd, long user)
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

/* A system service may have no HOME.  The SDKs then look up the home of its
 * user, so the same files count here. */
static int files_find_home(struct files_look *l)
{
    const struct hc_system *sys = l->sys;
    int err;

    l->home = hc_getenv(sys, "HOME");
    if (l->home.n > 0 || sys->user == NULL)
        return 0;
    err = sys->read_file(sys->ud, "/etc/passwd", &l->passwd, NULL);
    if (err == 0)
        l->home = files_home_of(hc_buf_view(&l->passwd), sys->user(sys->ud));
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

static int files_put_path(struct files_look *l, const struct files_kind *kind,
                          struct hc_buf *out)
{
    struct hc_str given = hc_getenv(l->sys, kind->variable);
    struct hc_str home = l->home;
    struct hc_str tilde = HC_STR("~/");

    if (hc_str_find(given, '$') < given.n)
        return hc_error_set(l->e, HEADCOUNT_ECONFIG,
                            "%s has a $ in it, which only some of AWS's tools "
                            "replace: write the whole path",
                            kind->variable);
    if (given.n > 0 && given.p[0] == '~' &&
        (!hc_str_starts(given, tilde) || home.n == 0))
        return hc_error_set(l->e, HEADCOUNT_ECONFIG,
                            "%s begins with a ~ that has no "
                            "meaning here: write the whole path",
                            kind->variable);
    if (given.n == 0 && home.n == 0)
        return 0;
    if (given.n == 0 || given.p[0] == '~')
        hc_buf_str(out, home);
    if (given.n == 0)
        hc_buf_text(out, kind->path);
    else
        hc_buf_str(out, hc_str_from(given, given.p[0] == '~' ? 1 : 0));
    if (hc_buf_error(out) == HEADCOUNT_ELIMIT)
        return hc_error_set(l->e, HEADCOUNT_ECONFIG,
                            "%s is longer than %d bytes",
                            given.n > 0 ? kind->variable : "HOME", FILES_PATH);
    return hc_buf_error(out);
}

static struct hc_str files_shown(const struct files_look *l, size_t i)
{
    struct hc_str path = hc_buf_view(&l->path[i]);

    return hc_str_n(path.p, path.n > FILES_SHOWN ? FILES_SHOWN : path.n);
}

/* ---- what stands in one ---- */

/* If two rank the same, the first that was found stays. */
static void files_note(struct files_look *l, size_t i,
                       const struct hc_profile_setting *s)
{
    for (size_t k = 0; k < sizeof files_keys / sizeof *files_keys; k++) {
        enum files_rank rank = files_keys[k].rank;

        if (s->value.n == 0 || !hc_str_eqi(s->key, hc_str(files_keys[k].name)))
            continue;
        if (rank == FILES_KEYS && files_kinds[i].file == PROFILE_CONFIG)
            rank = FILES_CONFIG_KEYS;
        l->has_token = l->has_token || rank == FILES_WEB_IDENTITY;
        if (rank < l->rank) {
            l->rank = rank;
            l->key = files_keys[k].name;
            l->file = i;
            l->line = s->line;
        }
    }
}

static int files_read(struct files_look *l, size_t i, struct hc_str text)
{
    struct hc_profile p;
    struct hc_profile_setting s;
    int got;

    hc_profile_init(&p, text, files_kinds[i].file);
    while ((got = hc_profile_next(&p, &s)) == 1)
        files_note(l, i, &s);
    if (got == 0)
        return 0;
    return hc_error_set(l->e, HEADCOUNT_ECONFIG,
                        "%.*s:%zu: %s; AWS's tools read credentials from this "
                        "file, so it has to be mended or moved",
                        HC_STR_ARG(files_shown(l, i)), p.line, p.wrong);
}

/* A file that does not exist counts as empty, and so does one in a home that
 * this user may not read: no SDK sees it either.  It is an error if a
 * variable names a file that this user may not read: somebody wants it to be
 * used. */
static bool files_is_missing(const struct files_look *l, size_t i,
                             const struct headcount_error *why)
{
    bool meant = hc_getenv(l->sys, files_kinds[i].variable).n > 0;

    return why->code == HEADCOUNT_EIO &&
           (why->sys == ENOENT || why->sys == ENOTDIR ||
            (why->sys == EACCES && !meant));
}

static int files_open(struct files_look *l, size_t i)
{
    struct headcount_error why = { .code = 0 };
    struct hc_buf text;
    int err = files_put_path(l, &files_kinds[i], &l->path[i]);
    const char *path = hc_buf_z(&l->path[i]);

    if (err == 0)
        err = hc_buf_error(&l->path[i]);
    if (err < 0 || *path == '\0' || hc_str_eqz(HC_STR("/dev/null"), path))
        return err;
    hc_buf_init_secret(&text, &l->sys->alloc, HC_CREDS_FILES_MAX);
    err = l->sys->read_file(l->sys->ud, path, &text, &why);
    if (err == 0)
        err = files_read(l, i, hc_buf_view(&text));
    else if (files_is_missing(l, i, &why))
        err = 0;
    else if (err != HEADCOUNT_ENOMEM)
        err = hc_error_set(l->e, HEADCOUNT_ECONFIG, "whether credentials are "
                           "configured cannot be read: %s", why.what);
    hc_buf_fini(&text);
    return err;
}

/* ---- what the SDKs would take ---- */

#define FILES_HELP                                                          \
    "headcount cannot use that yet, and signs as nobody else. To give it "  \
    "those credentials, run: "                                              \
    "eval \"$(aws configure export-credentials --format env)\""

static int files_verdict(struct files_look *l)
{
    /* A role that has a web identity of its own is assumed with that. */
    if (l->rank == FILES_ROLE && l->has_token)
        l->rank = FILES_WEB_IDENTITY;
    if (hc_getenv(l->sys, FILES_TOKEN).n > 0 && l->rank >= FILES_WEB_IDENTITY)
        return hc_error_set(l->e, HEADCOUNT_ECREDENTIALS,
                            "%s says that credentials "
                            "come from a web identity; " FILES_HELP,
                            FILES_TOKEN);
    if (l->rank == FILES_NONE && hc_getenv(l->sys, FILES_OLD).n > 0)
        return hc_error_set(l->e, HEADCOUNT_ECREDENTIALS, "%s names a file of "
                            "credentials, as the first tools of EC2 had them; "
                            FILES_HELP, FILES_OLD);
    if (l->rank == FILES_NONE)
        return 0;
    return hc_error_set(
        l->e, HEADCOUNT_ECREDENTIALS,
        "%.*s:%zu: %s says where the "
        "credentials of the profile `default` come from; " FILES_HELP,
        HC_STR_ARG(files_shown(l, l->file)), l->line, l->key);
}

static int files_look(const struct hc_system *sys, struct headcount_error *e)
{
    struct files_look l = { .sys = sys, .rank = FILES_NONE, .e = e };
    int err;

    hc_buf_init(&l.passwd, &sys->alloc, HC_CREDS_FILES_MAX);
    for (size_t i = 0; i < FILES_N; i++)
        hc_buf_init(&l.path[i], &sys->alloc, FILES_PATH);
    err = files_find_home(&l);
    for (size_t i = 0; err == 0 && i < FILES_N; i++)
        err = files_open(&l, i);
    if (err == 0)
        err = files_verdict(&l);
    for (size_t i = 0; i < FILES_N; i++)
        hc_buf_fini(&l.path[i]);
    hc_buf_fini(&l.passwd);
    return err == HEADCOUNT_ENOMEM ? hc_error_set(e, err,
                                                  "no memory to read the "
                                                  "files of ~/.aws")
                                   : err;
}

/* ---- the provider ---- */

static int creds_files_ask(void *ud, struct hc_job *job, int64_t now,
                           struct hc_credentials *out,
                           struct headcount_error *e)
{
    struct hc_creds_files *c = ud;
    int err = c->clear ? 0 : files_look(c->sys, e);

    (void)job;
    (void)now;
    (void)out;
    c->clear = err == 0;
    return err;
}

void hc_creds_files_init(struct hc_creds_files *c, struct hc_system *sys)
{
    *c = (struct hc_creds_files){ .sys = sys };
}

/* This provider only stops the others, so its name is empty: it is not listed
 * among the places that had no credentials. */
struct hc_creds_provider hc_creds_files(struct hc_creds_files *c)
{
    return (struct hc_creds_provider){ "", creds_files_ask, c, false };
}
