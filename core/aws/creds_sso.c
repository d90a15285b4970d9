/* aws/creds_sso.c - credentials of a role in IAM Identity Center (contract:
 * aws/creds_sso.h).
 *
 *   IDLE  -> TOKEN            [sso_start]     the token is near its end
 *   IDLE  -> ROLE             [sso_start]     it lives
 *   TOKEN -> ROLE             [sso_renewed], [sso_goes_on]
 *   TOKEN -> LOOK             [sso_not_renewed]   it was refused
 *   LOOK  -> ROLE             [sso_goes_on]
 *   ROLE  -> IDLE             [sso_role]      with credentials or an error
 *   any   -> IDLE             an error
 *
 * Other tools refresh the same token.  When the exchange is refused, the file
 * is read again for a second: a tool that was faster leaves its new token
 * there, but may still be writing it.
 */
#include "aws/creds_sso.h"

#include <errno.h>
#include <string.h>

#include "aws/creds_json.h"
#include "aws/strike.h"
#include "aws/user_agent.h"
#include "base/text.h"

#define SSO_GO_ON 3                      /* beside 1 and HC_CREDS_WAIT       */
#define SSO_TEXTS ((size_t)32 << 10)
#define SSO_PATH 4096
#define SSO_TARGET 4096
#define SSO_BODY ((size_t)256 << 10)
#define SSO_ANSWER_TOKENS 256
#define SSO_SHOWN 200                    /* bytes of a path or of an answer  */
#define SSO_WHY 300                      /* with what stands around them     */

struct sso_step {
    struct hc_creds_sso *c;
    struct hc_job *job;
    int64_t now;
    struct hc_credentials *out;
    struct headcount_error *e;
};

/* ---- errors ---- */

/* A person has to act. */
static int sso_login(const struct sso_step *s, const char *why)
{
    char option[HC_PROFILE_OPTION];

    hc_credentials_profile_option(option, s->c->config.profile);
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "single sign-on: %s: run "
                        "aws sso login %s", why, option);
}

/* `why` of the token's file. */
static int sso_file(const struct sso_step *s, const char *why)
{
    char what[2 * SSO_SHOWN], path[SSO_SHOWN];

    hc_fmt(path, sizeof path, "%s", hc_buf_z(&s->c->path));
    hc_fmt(what, sizeof what, "%s: %s", path, why);
    return sso_login(s, what);
}

static int sso_no_memory(const struct sso_step *s)
{
    return hc_error_set(s->e, HEADCOUNT_ENOMEM, "no memory for the credentials "
                        "of single sign-on");
}

/* ---- the token's file ---- */

static int64_t sso_wall(const struct hc_creds_sso *c)
{
    return hc_time_add(hc_wall(&c->config.net->sys),
                       c->config.skew != NULL ? *c->config.skew : 0);
}

static bool sso_lives(const struct hc_creds_sso *c, int64_t margin)
{
    return c->token.expires > hc_time_add(sso_wall(c), margin);
}

static int sso_take(const struct sso_step *s, struct hc_str text)
{
    struct hc_creds_sso *c = s->c;
    unsigned char file[HC_SHA256];
    const char *wrong = NULL;

    hc_sha256_of(file, 0, text);
    if (c->has_token && memcmp(file, c->file, sizeof file) == 0)
        return 0;
    int err = hc_sso_token_get(&c->token, text, &wrong);

    if (err < 0)
        return wrong != NULL ? sso_file(s, wrong) : err;
    memcpy(c->file, file, sizeof file);
    c->has_token = true;
    c->rest_until = 0;
    struct hc_str url = hc_buf_view(&c->token.text[SSO_START_URL]);

    if (url.n > 0 && !hc_str_eq(url, c->config.start_url))
        c->has_token = false;
    return c->has_token ? 0 : sso_file(s, "its token is one of another "
                                          "sso_start_url");
}

static int sso_read(const struct sso_step *s)
{
    const struct hc_system *sys = &s->c->config.net->sys;
    struct headcount_error why = { .code = 0 };
    struct hc_buf text;

    hc_buf_init_secret(&text, &sys->alloc, HC_SSO_TOKEN_FILE);
    int err = sys->read_file(sys->ud, hc_buf_z(&s->c->path), &text, &why);

    if (err == 0)
        err = sso_take(s, hc_buf_view(&text));
    else if (why.sys == ENOENT || why.sys == ENOTDIR)
        err = sso_login(s, "nobody has logged in");
    else if (err != HEADCOUNT_ENOMEM)
        err = sso_login(s, why.what);
    hc_buf_fini(&text);
    return err;
}

/* Other tools read the file.  Without the new refresh token they would use one
 * that the service no longer knows. */
static void sso_write(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    const struct hc_system *sys = &c->config.net->sys;
    struct hc_str text = hc_buf_view(&c->token.file);
    struct headcount_error why = { .code = 0 };

    if (sys->write_file == NULL)
        hc_error_set(&why, HEADCOUNT_EIO, "nothing is written here");
    else
        sys->write_file(sys->ud, hc_buf_z(&c->path), text, &why);
    if (why.code == 0)
        hc_sha256_of(c->file, 0, text);
    else
        hc_log_line(&c->config.net->log, HEADCOUNT_LOG_WARN,
                    "the token of single sign-on was refreshed and cannot be "
                    "written back, so other tools have to log in again: %s",
                    why.what);
}

/* ---- requests ---- */

/* The portal's answer for the role, or another token: each request is a target,
 * and the portal's has a header, the other one a body. */
static int sso_send(const struct sso_step *s, struct hc_buf *target,
                    struct hc_buf *body)
{
    struct hc_creds_sso *c = s->c;
    bool role = c->state == CREDS_SSO_ROLE;
    const struct hc_endpoint *at = role ? &c->portal : &c->oidc;

    hc_buf_str(target, hc_str(at->path));
    if (!hc_str_ends(hc_buf_view(target), HC_STR("/")))
        hc_buf_chr(target, '/');
    if (role) {
        hc_buf_lit(target, "federation/credentials?role_name=");
        hc_text_percent(target, c->config.role, "");
        hc_buf_lit(target, "&account_id=");
        hc_text_percent(target, c->config.account, "");
        hc_buf_str(body, hc_buf_view(&c->token.text[SSO_ACCESS]));
    } else {
        hc_buf_lit(target, "token");
        hc_sso_token_ask(&c->token, body);
    }
    if (hc_buf_error(target) < 0 || hc_buf_error(body) < 0)
        return hc_buf_error(target) < 0 ? hc_buf_error(target)
                                        : hc_buf_error(body);
    struct hc_creds_fetch_config config = {
        .net = c->config.net, .job = s->job, .origin = at->origin,
        .proxy = at->proxy,
        .method = HC_STR("POST"), .target = hc_buf_view(target),
        .type = HC_STR("application/json"), .body = hc_buf_view(body),
        .tries = HC_CREDS_SSO_TRIES, .connect_timeout = HC_CREDS_SSO_TIMEOUT,
        .timeout = HC_CREDS_SSO_TIMEOUT, .pause = HC_CREDS_SSO_PAUSE,
    };

    int err = hc_trust_get(c->config.trust, at, &config.anchors, s->e);

    if (err < 0)
        return err;
    if (role) {
        config.method = HC_STR("GET");
        config.header = HC_STR("x-amz-sso_bearer_token");
        config.value = config.body;
        config.body = config.type = (struct hc_str){ NULL, 0 };
    }
    hc_creds_fetch_start(&c->fetch, &config, s->now);
    return SSO_GO_ON;
}

static int sso_ask(const struct sso_step *s, enum hc_creds_sso_state what)
{
    const struct hc_alloc *alloc = &s->c->config.net->sys.alloc;
    struct hc_buf target, body;

    hc_buf_init(&target, alloc, SSO_TARGET);
    hc_buf_init_secret(&body, alloc, SSO_BODY);
    s->c->state = what;
    int err = sso_send(s, &target, &body);

    hc_buf_fini(&target);
    hc_buf_fini(&body);
    return err == HEADCOUNT_ELIMIT
               ? hc_error_set(s->e, HEADCOUNT_ECONFIG, "single sign-on: "
                              "sso_role_name or the token is too long")
               : err;
}

/* ---- IDLE ---- */

static int sso_path(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    const struct hc_creds_sso_config *with = &c->config;
    int err = hc_arena_error(&c->texts);

    if (err == 0 && with->cache.n == 0)
        return sso_login(s, "HOME is not set, so its token cannot be found");
    if (err == 0) {
        hc_buf_reset(&c->path);
        hc_sso_token_path(&c->path, with->cache, with->session,
                          with->start_url);
        hc_buf_z(&c->path);
        err = hc_buf_error(&c->path);
    }
    return err == HEADCOUNT_ELIMIT
               ? hc_error_set(s->e, HEADCOUNT_ECONFIG, "single sign-on: its "
                              "settings are too long") : err;
}

/* With the token that there is, if it lives; else `failed`, or why it cannot be
 * refreshed. */
static int sso_goes_on(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;

    if (sso_lives(c, 0))
        return sso_ask(s, CREDS_SSO_ROLE);
    if (c->failed.code != 0)
        return hc_error_pass(s->e, &c->failed);
    return sso_file(s, c->config.session.n == 0
                           ? "its token has expired"
                           : "its token has expired and cannot be refreshed");
}

static int sso_start(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    int err = sso_path(s);

    if (err == 0)
        err = sso_read(s);
    if (err < 0)
        return err;
    if (c->config.session.n > 0 && !sso_lives(c, HC_CREDS_SSO_SOON) &&
        hc_sso_token_refreshes(&c->token, sso_wall(c)) &&
        s->now >= c->rest_until) {
        hc_error_reset(&c->failed);
        return sso_ask(s, CREDS_SSO_TOKEN);
    }
    return sso_goes_on(s);
}

/* ---- TOKEN ---- */

/* {"error": "invalid_grant", "error_description": "..."}. */
static void sso_oidc_said(const struct hc_creds_sso *c, char out[SSO_SHOWN])
{
    struct hc_json_doc doc;

    if (hc_json_doc_init(&doc, &c->config.net->sys.alloc,
                         hc_buf_view(&c->fetch.body), SSO_ANSWER_TOKENS,
                         NULL) < 0)
        return;
    int code = hc_json_find(&doc, 0, "error");
    int why = hc_json_find(&doc, 0, "error_description");

    if (hc_json_kind(&doc, code) == KIND_STRING)
        hc_fmt(out, SSO_SHOWN, ": %.*s%s%.*s",
               HC_STR_ARG(hc_json_raw(&doc, code)), why < 0 ? "" : ": ",
               HC_STR_ARG(hc_json_raw(&doc, why)));
    hc_json_doc_fini(&doc);
}

/* In that form, or as other services have it.  The secrets of the request do
 * not come back in it. */
static void sso_said(const struct hc_creds_sso *c, char out[SSO_SHOWN])
{
    char other[HC_CREDS_FETCH_SAID];

    hc_creds_fetch_said(&c->fetch, other);
    hc_fmt(out, SSO_SHOWN, "%s", other);
    sso_oidc_said(c, out);
    for (size_t i = SSO_ACCESS; i <= SSO_CLIENT_SECRET; i++)
        if (i != SSO_CLIENT_ID)
            hc_strike(out, hc_buf_view(&c->token.text[i]));
}

/* With a token that still lives, though the exchange failed. */
static int sso_goes_on_old(const struct sso_step *s)
{
    if (sso_lives(s->c, 0))
        hc_log_line(&s->c->config.net->log, HEADCOUNT_LOG_WARN, "%s",
                    s->c->failed.what);
    return sso_goes_on(s);
}

static int sso_look(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    unsigned char before[HC_SHA256];

    if (s->now < c->look_at) {
        hc_job_at(s->job, c->look_at);
        return HC_CREDS_WAIT;
    }
    memcpy(before, c->file, sizeof before);
    int err = sso_read(s);

    if (err < 0)
        return err;
    if (memcmp(before, c->file, sizeof before) != 0)
        return sso_goes_on(s);
    if (sso_lives(c, 0) || ++c->looks == HC_CREDS_SSO_LOOKS)
        return sso_goes_on_old(s);
    c->look_at = hc_time_add(s->now, HC_CREDS_SSO_LOOK);
    return SSO_GO_ON;
}

/* The exchange failed; c->failed gets the sentence. */
static int sso_not_renewed(const struct sso_step *s, const char *why,
                           bool refused)
{
    struct hc_creds_sso *c = s->c;
    const struct sso_step note = { c, s->job, s->now, s->out, &c->failed };

    if (refused)
        sso_login(&note, why);
    else
        hc_error_set(&c->failed, HEADCOUNT_ECREDENTIALS, "single sign-on: %s",
                     why);
    c->rest_until = hc_time_add(s->now, HC_CREDS_SSO_REST);
    hc_creds_fetch_fini(&c->fetch);
    if (!refused)
        return sso_goes_on_old(s);
    c->state = CREDS_SSO_LOOK;
    c->looks = 0;
    c->look_at = s->now;
    return SSO_GO_ON;
}

static int sso_renewed(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    const struct hc_creds_fetch *f = &c->fetch;
    char said[SSO_SHOWN], why[SSO_WHY];
    const char *wrong = NULL;

    if (f->status == 200) {
        int err = hc_sso_token_renew(&c->token, hc_buf_view(&f->body),
                                     hc_creds_fetch_wall(f, c->config.skew),
                                     &wrong);

        if (err == HEADCOUNT_ENOMEM)
            return err;
        if (err == 0) {
            c->rest_until = hc_time_add(s->now, HC_CREDS_SSO_REST);
            hc_creds_fetch_fini(&c->fetch);
            sso_write(s);
            return sso_ask(s, CREDS_SSO_ROLE);
        }
        hc_fmt(why, sizeof why, "the answer of %s is no token: %s",
               f->config.origin.host, wrong);
        return sso_not_renewed(s, why, false);
    }
    sso_said(c, said);
    hc_fmt(why, sizeof why, "%s does not refresh the token, HTTP %d%s",
           f->config.origin.host, f->status, said);
    return sso_not_renewed(s, why, f->status / 100 == 4 && f->status != 429);
}

/* ---- ROLE ---- */

static int sso_refused(const struct sso_step *s)
{
    const struct hc_creds_sso *c = s->c;
    const struct hc_creds_fetch *f = &c->fetch;
    char said[HC_CREDS_FETCH_SAID], why[SSO_WHY];
    bool unknown = f->status == 403 || f->status == 404;

    hc_creds_fetch_said(f, said);
    hc_fmt(why, sizeof why, "%s gives no credentials, HTTP %d%s",
           f->config.origin.host, f->status, said);
    if (f->status == 401)
        return sso_login(s, why);
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "single sign-on: %s%s",
                        why, unknown ? ": sso_account_id or sso_role_name is "
                        "wrong, or the user may not have this role" : "");
}

static int sso_set(const struct sso_step *s)
{
    const struct hc_creds_sso *c = s->c;
    const struct hc_creds_json_form form = {
        .token = "sessionToken", .expires = "expiration", .unit = HC_MS,
    };
    struct hc_json_doc doc;
    int err = hc_json_doc_init(&doc, &c->config.net->sys.alloc,
                               hc_buf_view(&c->fetch.body), SSO_ANSWER_TOKENS,
                               NULL);

    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0)
        return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "single sign-on: the "
                            "answer of %s is no JSON", c->portal.host);
    err = hc_creds_json_set(s->out, &doc,
                            hc_json_find(&doc, 0, "roleCredentials"), &form,
                            s->e);
    hc_json_doc_fini(&doc);
    if (err < 0)
        return err;
    hc_creds_fetch_wall(&c->fetch, c->config.skew);
    s->out->features = c->config.session.n > 0
                           ? HC_FEATURE_PROFILE_SSO | HC_FEATURE_SSO
                           : HC_FEATURE_PROFILE_OLD_SSO | HC_FEATURE_OLD_SSO;
    return 1;
}

static int sso_role(const struct sso_step *s)
{
    return s->c->fetch.status == 200 ? sso_set(s) : sso_refused(s);
}

/* ---- the machine ---- */

static int sso_unanswered(const struct sso_step *s)
{
    struct hc_creds_sso *c = s->c;
    const struct headcount_error *why = &c->fetch.error;

    if (why->code == HEADCOUNT_ENOMEM)
        return why->code;
    if (c->state == CREDS_SSO_TOKEN) {
        char what[SSO_WHY];

        hc_fmt(what, sizeof what, "the token cannot be refreshed: %s",
               why->what);
        return sso_not_renewed(s, what, false);
    }
    return hc_error_set(s->e, HEADCOUNT_ECREDENTIALS, "single sign-on: %s "
                        "(tried %d times)", why->what, c->fetch.tried);
}

static int sso_once(const struct sso_step *s)
{
    if (s->c->state == CREDS_SSO_IDLE)
        return sso_start(s);
    if (s->c->state == CREDS_SSO_LOOK)
        return sso_look(s);
    switch (hc_creds_fetch_step(&s->c->fetch, s->now)) {
    case CREDS_FETCH_WAIT:
        return HC_CREDS_WAIT;
    case CREDS_FETCH_DONE:
        return s->c->state == CREDS_SSO_TOKEN ? sso_renewed(s) : sso_role(s);
    case CREDS_FETCH_FAILED:
        break;
    }
    return sso_unanswered(s);
}

static int creds_sso_ask(void *ud, struct hc_job *job, int64_t now,
                         struct hc_credentials *out, struct headcount_error *e)
{
    const struct sso_step s = { ud, job, now, out, e };
    int got = SSO_GO_ON;

    while (got == SSO_GO_ON)
        got = sso_once(&s);
    if (got == HC_CREDS_WAIT)
        return got;
    hc_creds_fetch_fini(&s.c->fetch);
    s.c->state = CREDS_SSO_IDLE;
    return got == HEADCOUNT_ENOMEM ? sso_no_memory(&s) : got;
}

/* ---- birth and death ---- */

void hc_creds_sso_init(struct hc_creds_sso *c,
                       const struct hc_creds_sso_config *config)
{
    const struct hc_alloc *alloc = &config->net->sys.alloc;

    memset(c, 0, sizeof *c);
    c->config = *config;
    c->portal = *config->portal;
    c->oidc = *config->oidc;
    c->config.portal = c->config.oidc = NULL;
    hc_arena_init(&c->texts, alloc, SSO_TEXTS);
    c->config.profile = hc_arena_str(&c->texts, config->profile);
    c->config.session = hc_arena_str(&c->texts, config->session);
    c->config.start_url = hc_arena_str(&c->texts, config->start_url);
    c->config.account = hc_arena_str(&c->texts, config->account);
    c->config.role = hc_arena_str(&c->texts, config->role);
    c->config.cache = hc_arena_str(&c->texts, config->cache);
    hc_buf_init(&c->path, alloc, SSO_PATH);
    hc_sso_token_init(&c->token, alloc);
}

void hc_creds_sso_fini(struct hc_creds_sso *c)
{
    if (c->config.net == NULL)
        return;
    hc_creds_fetch_fini(&c->fetch);
    hc_sso_token_fini(&c->token);
    hc_buf_fini(&c->path);
    hc_arena_fini(&c->texts);
    c->config.net = NULL;
}

struct hc_creds_provider hc_creds_sso(struct hc_creds_sso *c)
{
    return (struct hc_creds_provider){ "single sign-on", creds_sso_ask, c,
                                       true };
}
