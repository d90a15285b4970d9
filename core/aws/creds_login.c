/* aws/creds_login.c - credentials of `aws login` (contract:
 * aws/creds_login.h).
 *
 *     { "accessToken": { "accessKeyId": "...", "secretAccessKey": "...",
 *         "sessionToken": "...", "accountId": "123456789012",
 *         "expiresAt": "2030-01-31T12:00:00Z" },
 *       "tokenType": "aws_sigv4", "refreshToken": "...", "dpopKey": "..." }
 *
 * accessToken is a set of keys for 15 minutes.  The file's name is the SHA-256
 * of login_session.
 */
#include "aws/creds_login.h"

#include <errno.h>
#include <string.h>

#include "aws/creds_json.h"
#include "aws/user_agent.h"
#include "base/digest.h"
#include "base/text.h"

#define LOGIN_TEXTS ((size_t)16 << 10)
#define LOGIN_PATH 4096
#define LOGIN_TOKENS 512
#define LOGIN_SHOWN 200                  /* bytes of `why` in a sentence     */

/* One reading of the file. */
struct login_look {
    const struct hc_creds_login *c;
    struct hc_buf path, text;            /* text is secret                   */
    struct hc_credentials *out;
    struct headcount_error *e;
};

static int login_wrong(const struct login_look *l, const char *why)
{
    char option[HC_PROFILE_OPTION], shown[LOGIN_SHOWN];

    hc_fmt(shown, sizeof shown, "%s", why);
    hc_credentials_profile_option(option, l->c->config.profile);
    return hc_error_set(
        l->e, HEADCOUNT_ECREDENTIALS,
        "login_session: %s: run aws login %s, or use a profile with "
        "credential_process = aws configure export-credentials %s --format "
        "process",
        shown, option, option);
}

static int login_path(struct login_look *l)
{
    const struct hc_creds_login_config *c = &l->c->config;
    struct hc_str session = hc_str_trim(c->session);
    unsigned char hash[HC_SHA256];

    if (c->cache.n == 0)
        return login_wrong(l, "neither AWS_LOGIN_CACHE_DIRECTORY nor HOME is "
                           "set");
    hc_sha256_of(hash, 0, session);
    hc_buf_str(&l->path, c->cache);
    hc_buf_chr(&l->path, '/');
    hc_text_hex(&l->path, hash, sizeof hash);
    hc_buf_lit(&l->path, ".json");
    hc_buf_z(&l->path);
    return hc_buf_error(&l->path) == HEADCOUNT_ELIMIT
               ? login_wrong(l, "the path of its file is too long")
               : hc_buf_error(&l->path);
}

static int login_read(struct login_look *l)
{
    const struct hc_system *sys = l->c->config.sys;
    struct headcount_error why = { .code = 0 };
    int err = sys->read_file(sys->ud, hc_buf_z(&l->path), &l->text, &why);

    if (err == 0 || err == HEADCOUNT_ENOMEM)
        return err;
    return login_wrong(l, why.sys == ENOENT || why.sys == ENOTDIR
                              ? "nobody has logged in" : why.what);
}

static int64_t login_wall(const struct hc_creds_login_config *c)
{
    return hc_time_add(hc_wall(c->sys), c->skew != NULL ? *c->skew : 0);
}

static int login_take(struct login_look *l, const struct hc_json_doc *doc)
{
    const struct hc_creds_json_form form = { .token = "sessionToken",
                                             .expires = "expiresAt" };
    int set = hc_json_find(doc, 0, "accessToken");
    int err = hc_json_kind(doc, set) == KIND_OBJECT
                  ? hc_creds_json_set(l->out, doc, set, &form, NULL)
                  : HEADCOUNT_ECREDENTIALS;

    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0)
        return login_wrong(l, "its file holds no set of credentials");
    if (l->out->expires <= hc_time_add(login_wall(&l->c->config),
                                       HC_CREDS_LOGIN_LEAST))
        return login_wrong(l, "its credentials have expired");
    l->out->features = HC_FEATURE_PROFILE_LOGIN | HC_FEATURE_LOGIN;
    return 1;
}

static int login_parse(struct login_look *l)
{
    struct hc_json_doc doc;
    int err = hc_json_doc_init(&doc, &l->c->config.sys->alloc,
                               hc_buf_view(&l->text), LOGIN_TOKENS, NULL);

    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0)
        return login_wrong(l, "its file is no JSON");
    err = login_take(l, &doc);
    hc_json_doc_fini(&doc);
    return err;
}

static int creds_login_ask(void *ud, struct hc_job *job, int64_t now,
                           struct hc_credentials *out,
                           struct headcount_error *e)
{
    const struct hc_creds_login *c = ud;
    const struct hc_alloc *alloc = &c->config.sys->alloc;
    struct login_look l = { .c = c, .out = out, .e = e };
    int got = hc_arena_error(&c->texts);

    (void)job;
    (void)now;
    hc_buf_init(&l.path, alloc, LOGIN_PATH);
    hc_buf_init_secret(&l.text, alloc, HC_CREDS_LOGIN_FILE);
    if (got == HEADCOUNT_ELIMIT)
        got = login_wrong(&l, "its texts are too long");
    if (got == 0)
        got = login_path(&l);
    if (got == 0)
        got = login_read(&l);
    if (got == 0)
        got = login_parse(&l);
    hc_buf_fini(&l.path);
    hc_buf_fini(&l.text);
    return got == HEADCOUNT_ENOMEM
               ? hc_error_set(e, got, "no memory for the credentials") : got;
}

void hc_creds_login_init(struct hc_creds_login *c,
                         const struct hc_creds_login_config *config)
{
    memset(c, 0, sizeof *c);
    c->config = *config;
    hc_arena_init(&c->texts, &config->sys->alloc, LOGIN_TEXTS);
    c->config.session = hc_arena_str(&c->texts, config->session);
    c->config.cache = hc_arena_str(&c->texts, config->cache);
    c->config.profile = hc_arena_str(&c->texts, config->profile);
}

void hc_creds_login_fini(struct hc_creds_login *c)
{
    if (c->config.sys == NULL)
        return;
    hc_arena_fini(&c->texts);
    c->config.sys = NULL;
}

struct hc_creds_provider hc_creds_login(struct hc_creds_login *c)
{
    return (struct hc_creds_provider){ "login session", creds_login_ask, c,
                                       false };
}
