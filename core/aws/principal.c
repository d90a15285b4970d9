/* aws/principal.c - whose credentials sign (contract: aws/principal.h).
 *
 * The order is botocore's, so that `aws sts get-caller-identity` shows the
 * principal that signs here.  Where it guesses, this file refuses.
 */
#include "aws/principal.h"

#include "aws/creds.h"
#include "base/text.h"

#define WHO_SHOWN 80                     /* bytes of a name in a sentence    */
#define WHO_ARN_RULE "has to look like arn:aws:iam::123456789012:role/NAME"

struct who_search {
    struct hc_principal *c;
    const struct hc_principal_ask *ask;
    struct hc_ini_view view;             /* of the profile under way         */
    struct hc_str seen[HC_PRINCIPAL_HOPS];   /* with a role, in order        */
    struct headcount_error *e;
};

/* ---- what is there ---- */

static struct hc_str who_env(const struct who_search *s, const char *name)
{
    return hc_getenv(s->ask->sys, name);
}

static const struct hc_ini_item *who_item(const struct who_search *s,
                                          const char *key)
{
    return s->view.ini != NULL ? hc_ini_find(&s->view, hc_str(key)) : NULL;
}

static const struct hc_ini_item *who_keys(const struct who_search *s,
                                          enum hc_ini_file file)
{
    const struct hc_ini_item *item = NULL;

    if (s->view.ini != NULL)
        item = hc_ini_find_in(&s->view, file, HC_STR("aws_access_key_id"));
    if (s->view.ini != NULL && item == NULL)
        item = hc_ini_find_in(&s->view, file, HC_STR("aws_secret_access_key"));
    return item;
}

/* The setting that makes this profile use a place. */
static const struct hc_ini_item *who_setting(const struct who_search *s,
                                             enum hc_place place)
{
    const struct hc_ini_item *item;

    switch (place) {
    case PLACE_ROLE:
        item = who_item(s, "web_identity_token_file");
        return item == NULL ? who_item(s, "role_arn") : NULL;
    case PLACE_TOKEN:
        return who_item(s, "web_identity_token_file");
    case PLACE_SSO:
        item = who_item(s, "sso_account_id");
        return item != NULL ? item : who_item(s, "sso_role_name");
    case PLACE_KEYS:
        return who_keys(s, INI_CREDENTIALS);
    case PLACE_LOGIN:
        return who_item(s, "login_session");
    case PLACE_PROCESS:
        return who_item(s, "credential_process");
    case PLACE_CONFIG_KEYS:
        return who_keys(s, INI_CONFIG);
    case PLACE_PROGRAM:
    case PLACE_ENVIRONMENT:
    case PLACE_ENV_TOKEN:
    case PLACE_OLD_FILE:
    case PLACE_CONTAINER:
    case PLACE_INSTANCE:
    case PLACE_NOWHERE:
        break;
    }
    return NULL;
}

/* The same of the places that are in no profile. */
static bool who_is_there(const struct who_search *s,
                         enum hc_place place)
{
    switch (place) {
    case PLACE_PROGRAM:
        return s->ask->given;
    case PLACE_CONTAINER:
        return who_env(s, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").n > 0 ||
               who_env(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI").n > 0;
    case PLACE_INSTANCE:
        return !hc_str_eqi(who_env(s, "AWS_EC2_METADATA_DISABLED"),
                           HC_STR("true"));
    case PLACE_ENVIRONMENT:
    case PLACE_ENV_TOKEN:
    case PLACE_OLD_FILE:
        return who_env(s, hc_place_name(place).p).n > 0;
    case PLACE_ROLE:
    case PLACE_TOKEN:
    case PLACE_SSO:
    case PLACE_KEYS:
    case PLACE_LOGIN:
    case PLACE_PROCESS:
    case PLACE_CONFIG_KEYS:
    case PLACE_NOWHERE:
        break;
    }
    return false;
}

static void who_look(const struct who_search *s)
{
    struct hc_principal *c = s->c;

    c->place = c->source = PLACE_NOWHERE;
    for (enum hc_place p = PLACE_PROGRAM; p < PLACE_NOWHERE; p++) {
        c->item[p] = who_setting(s, p);
        if (c->item[p] == NULL && !who_is_there(s, p))
            continue;
        if (s->ask->config->profile_given &&
            (p == PLACE_ENVIRONMENT || p == PLACE_ENV_TOKEN)) {
            c->use[p] = PLACE_IGNORED;
            continue;
        }
        c->use[p] = c->place == PLACE_NOWHERE ? PLACE_USED : PLACE_LATER;
        if (c->place == PLACE_NOWHERE)
            c->place = p;
    }
}

/* ---- values, and what is wrong with them ---- */

static int who_text(const struct who_search *s, const char *key,
                    struct hc_str *out)
{
    return hc_ini_text(s->view.ini, who_item(s, key), out, s->e);
}

static int who_says(const struct who_search *s, const char *what,
                    const char *more)
{
    struct hc_str name = s->view.name;

    return hc_error_set(s->e, HEADCOUNT_ECONFIG, "profile `%.*s`: %s%s",
                        (int)(name.n > WHO_SHOWN ? WHO_SHOWN : name.n),
                        name.n > 0 ? name.p : "", what, more);
}

static int who_wrong(const struct who_search *s, const char *key,
                     const char *what)
{
    return hc_ini_wrong(s->view.ini, who_item(s, key), what, s->e);
}

/* As hc_role_check says it, whose sentences begin with the key; the value of
 * role_arn stays in the file. */
static int who_check_role(const struct who_search *s,
                          const struct hc_role *role)
{
    struct headcount_error why = { .code = 0 };
    char key[32];

    if (!hc_role_is_arn(role->arn))
        return who_wrong(s, "role_arn", WHO_ARN_RULE);
    if (hc_role_check(role, &why) == 0)
        return 0;
    struct hc_str rule = hc_str(why.what), first = hc_str_cut(&rule, ' ');

    hc_fmt(key, sizeof key, "%.*s", HC_STR_ARG(first));
    return who_wrong(s, key, rule.p);
}

/* ---- the source ---- */

static int who_in(const struct who_search *s, enum hc_ini_file file,
                  const char *key, struct hc_str *out)
{
    return hc_ini_text(s->view.ini,
                       hc_ini_find_in(&s->view, file, hc_str(key)), out, s->e);
}

/* A part of a key set; a wrong one is told by its line. */
static int who_key(const struct who_search *s, enum hc_ini_file file,
                   const char *key, struct hc_str *out)
{
    int err = who_in(s, file, key, out);
    bool good = true;

    for (size_t i = 0; err == 0 && i < out->n; i++)
        good &= out->p[i] > ' ' && out->p[i] < 0x7f;
    return good ? err : hc_ini_wrong(
        s->view.ini, hc_ini_find_in(&s->view, file, hc_str(key)),
        "holds a blank or a byte that is not ASCII", s->e);
}

/* The triple comes from one file: a token of the other belongs to another
 * key. */
static int who_take_keys(const struct who_search *s, enum hc_ini_file file)
{
    struct hc_identity *keys = &s->c->keys;
    int err = who_key(s, file, "aws_access_key_id", &keys->key_id);

    if (err == 0)
        err = who_key(s, file, "aws_secret_access_key", &keys->secret);
    if (err == 0)
        err = who_key(s, file, "aws_session_token", &keys->token);
    if (err == 0 && keys->token.n == 0)
        err = who_key(s, file, "aws_security_token", &keys->token);
    if (err == 0 && (keys->key_id.n == 0 || keys->secret.n == 0))
        return hc_ini_wrong(s->view.ini, who_keys(s, file),
                            keys->key_id.n == 0
                                ? "stands without aws_access_key_id"
                                : "stands without aws_secret_access_key",
                            s->e);
    return err;
}

static int who_take_token(const struct who_search *s)
{
    struct hc_role *web = &s->c->web;
    int err = who_text(s, "web_identity_token_file", &web->token_file);

    if (err == 0)
        err = who_text(s, "role_arn", &web->arn);
    if (err == 0)
        err = who_text(s, "role_session_name", &web->session);
    if (err == 0 && web->arn.n == 0)
        return who_wrong(s, "web_identity_token_file",
                           "stands without role_arn");
    if (err == 0 && (who_item(s, "source_profile") != NULL ||
                     who_item(s, "credential_source") != NULL))
        return who_wrong(s, "web_identity_token_file",
                           "stands beside source_profile or "
                           "credential_source: AWS's tools do not agree whose "
                           "credentials assume the role, so remove one");
    return err;
}

static int who_check_env_role(const struct who_search *s,
                              const struct hc_role *role)
{
    struct headcount_error why = { .code = 0 };

    if (!hc_role_is_arn(role->arn))
        return hc_error_set(s->e, HEADCOUNT_ECONFIG,
                            "AWS_ROLE_ARN " WHO_ARN_RULE);
    if (hc_role_check(role, &why) == 0)
        return 0;
    struct hc_str rule = hc_str(why.what);
    bool session = hc_str_eqz(hc_str_cut(&rule, ' '), "role_session_name");

    return hc_error_set(s->e, HEADCOUNT_ECONFIG, "%s %s",
                        session ? "AWS_ROLE_SESSION_NAME"
                                : "AWS_WEB_IDENTITY_TOKEN_FILE", rule.p);
}

/* All three from the environment: a role of the profile may trust somebody
 * else. */
static int who_take_env_token(const struct who_search *s)
{
    struct hc_role *web = &s->c->web;

    web->token_file = who_env(s, "AWS_WEB_IDENTITY_TOKEN_FILE");
    web->arn = who_env(s, "AWS_ROLE_ARN");
    web->session = who_env(s, "AWS_ROLE_SESSION_NAME");
    if (web->arn.n == 0)
        return hc_error_set(s->e, HEADCOUNT_ECONFIG,
                            "AWS_WEB_IDENTITY_TOKEN_FILE is set and "
                            "AWS_ROLE_ARN is not: set both or neither");
    return who_check_env_role(s, web);
}

/* The sso-session counts.  A profile that says something else is a mistake. */
static int who_sso_text(const struct who_search *s,
                        const struct hc_ini_view *section, const char *key,
                        struct hc_str *out)
{
    struct hc_str own;
    int err = who_text(s, key, &own);

    *out = own;
    if (err == 0 && section->ini != NULL)
        err = hc_ini_text(section->ini, hc_ini_find(section, hc_str(key)), out,
                          s->e);
    if (err == 0 && own.n > 0 && !hc_str_eq(own, *out))
        return who_wrong(s, key, "differs from that of the sso-session");
    return err < 0 || out->n > 0 ? err : who_says(
        s, section->ini != NULL ? "its sso-session has no " : "it has no ",
        key);
}

static int who_take_sso(const struct who_search *s)
{
    struct hc_principal_sso *sso = &s->c->sso;
    struct hc_ini_view section = { .ini = NULL };
    int err = who_text(s, "sso_session", &sso->session);

    if (err == 0 && sso->session.n > 0) {
        int got = hc_ini_open(s->view.ini, INI_SSO_SESSION, sso->session,
                              &section, s->e);

        err = got == 0 ? hc_ini_missing(s->view.ini, INI_SSO_SESSION,
                                        sso->session, s->e)
                       : got < 0 ? got : 0;
    }
    if (err == 0)
        err = who_sso_text(s, &section, "sso_region", &sso->region);
    if (err == 0)
        err = who_sso_text(s, &section, "sso_start_url", &sso->start_url);
    if (err == 0)
        err = who_text(s, "sso_account_id", &sso->account);
    if (err == 0)
        err = who_text(s, "sso_role_name", &sso->role);
    if (err == 0 && (sso->account.n == 0 || sso->role.n == 0))
        return who_says(s, "it has no ",
                          sso->role.n == 0 ? "sso_role_name"
                                           : "sso_account_id");
    return err;
}

static int who_take(const struct who_search *s, enum hc_place place)
{
    struct hc_principal *c = s->c;
    int err = 0;

    c->source = place;
    switch (place) {
    case PLACE_TOKEN:
        err = who_take_token(s);
        break;
    case PLACE_ENV_TOKEN:
        err = who_take_env_token(s);
        break;
    case PLACE_SSO:
        err = who_take_sso(s);
        break;
    case PLACE_KEYS:
        err = who_take_keys(s, INI_CREDENTIALS);
        break;
    case PLACE_CONFIG_KEYS:
        err = who_take_keys(s, INI_CONFIG);
        break;
    case PLACE_LOGIN:
        err = who_text(s, "login_session", &c->text);
        break;
    case PLACE_PROCESS:
        err = hc_ini_lines(s->view.ini, who_item(s, "credential_process"),
                           &c->text, s->e);
        break;
    case PLACE_OLD_FILE:
        return hc_error_set(s->e, HEADCOUNT_ECONFIG, "AWS_CREDENTIAL_FILE "
                            "names a file of the first tools of EC2, which "
                            "only some of AWS's tools still read: move its "
                            "keys to ~/.aws/credentials, and unset it");
    case PLACE_PROGRAM:
    case PLACE_ENVIRONMENT:
    case PLACE_ROLE:
    case PLACE_CONTAINER:
    case PLACE_INSTANCE:
    case PLACE_NOWHERE:
        return 0;
    }
    if (place != PLACE_ENV_TOKEN)
        c->profile = s->view.name;
    if (err == 0 && place == PLACE_TOKEN)
        err = who_check_role(s, &c->web);
    return err;
}

/* ---- roles ---- */

/* The first place of a profile that is the source of a role, without the role
 * that it may have itself. */
static enum hc_place who_inner(const struct who_search *s)
{
    enum hc_place p = PLACE_TOKEN;

    while (p < PLACE_OLD_FILE && who_setting(s, p) == NULL)
        p++;
    return p < PLACE_OLD_FILE ? p : PLACE_NOWHERE;
}

static int who_duration(const struct who_search *s, int64_t *out)
{
    struct hc_str text;
    uint64_t seconds = 0;
    int err = who_text(s, "duration_seconds", &text);

    if (err < 0 || text.n == 0)
        return err;
    if (!hc_str_u64(text, &seconds) || seconds == 0 || seconds > 100000)
        return who_wrong(s, "duration_seconds",
                           "has to be a whole number from 900 to 43200");
    *out = (int64_t)seconds * HC_SECOND;
    return 0;
}

static int who_mfa(const struct who_search *s)
{
    char why[300], option[HC_PROFILE_OPTION];

    hc_credentials_profile_option(option, s->view.name);
    hc_fmt(why, sizeof why, "wants a code that a person types, which headcount "
           "never asks for: use another profile, with credential_process = "
           "aws configure export-credentials %s --format process", option);
    return who_wrong(s, "mfa_serial", why);
}

/* The next hop, with all that is sent for it. */
static int who_put_hop(struct who_search *s)
{
    struct hc_principal *c = s->c;
    struct hc_role role = { .duration = 0 };

    if (c->hops_n == HC_PRINCIPAL_HOPS)
        return who_says(s, "more than 8 roles lead to it", "");
    if (who_item(s, "mfa_serial") != NULL)
        return who_mfa(s);
    int err = who_text(s, "role_arn", &role.arn);

    if (err == 0)
        err = who_text(s, "role_session_name", &role.session);
    if (err == 0)
        err = who_text(s, "external_id", &role.external_id);
    if (err == 0)
        err = who_duration(s, &role.duration);
    if (err == 0)
        err = who_check_role(s, &role);
    if (err < 0)
        return err;
    s->seen[c->hops_n] = s->view.name;
    c->hop[c->hops_n++] = role;
    return 0;
}

/* credential_source never looks at a file. */
static int who_credential_source(const struct who_search *s,
                                 enum hc_place *place)
{
    struct hc_str name;
    int err = who_text(s, "credential_source", &name);

    if (err < 0)
        return err;
    *place = hc_str_eqz(name, "Environment")           ? PLACE_ENVIRONMENT
             : hc_str_eqz(name, "EcsContainer")        ? PLACE_CONTAINER
             : hc_str_eqz(name, "Ec2InstanceMetadata") ? PLACE_INSTANCE
                                                       : PLACE_NOWHERE;
    if (*place == PLACE_NOWHERE)
        return who_wrong(s, "credential_source",
                           "has to be Environment, EcsContainer or "
                           "Ec2InstanceMetadata");
    if (who_is_there(s, *place))
        return 0;
    return who_wrong(s, "credential_source",
                       *place == PLACE_ENVIRONMENT
                           ? "is Environment, and AWS_ACCESS_KEY_ID is not set"
                       : *place == PLACE_CONTAINER
                           ? "is EcsContainer, and no variable "
                             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
                             "_FULL_URI is set"
                           : "is Ec2InstanceMetadata, which "
                             "AWS_EC2_METADATA_DISABLED switches off");
}

/* Moves on to the profile that source_profile names.  A profile that names
 * itself means its own credentials without the role. */
static int who_source_profile(struct who_search *s,
                              enum hc_place *place)
{
    struct hc_str name;
    struct hc_ini_view next;
    struct headcount_error why = { .code = 0 };
    int err = who_text(s, "source_profile", &name);
    bool itself = hc_str_eq(name, s->view.name);

    for (size_t i = 0; err == 0 && !itself && i < s->c->hops_n; i++)
        if (hc_str_eq(name, s->seen[i]))
            return who_wrong(s, "source_profile", "leads back to a profile "
                               "that assumes its role with this one");
    if (err == 0)
        err = hc_ini_open(s->view.ini, INI_PROFILE, name, &next, s->e);
    if (err == 0) {
        hc_ini_missing(s->view.ini, INI_PROFILE, name, &why);
        return who_says(s, "source_profile: ", why.what);
    }
    if (err < 0)
        return err;
    s->view = next;
    /* Its keys count more than its role, as with AWS's own tools. */
    bool has_keys = who_keys(s, INI_CREDENTIALS) != NULL ||
                    who_keys(s, INI_CONFIG) != NULL;

    *place = !itself && !has_keys && who_setting(s, PLACE_ROLE) != NULL
                 ? PLACE_ROLE : who_inner(s);
    return *place != PLACE_NOWHERE ? 0 : who_says(
        s, itself ? "its source_profile is itself, and it has no credentials "
                    "beside the role"
                  : "it is the source_profile of a role, and has no "
                    "credentials", "");
}

static int who_hop(struct who_search *s, enum hc_place *place)
{
    const bool from_profile = who_item(s, "source_profile") != NULL;
    const bool from_place = who_item(s, "credential_source") != NULL;

    if (from_profile && from_place)
        return who_wrong(s, "credential_source", "stands beside "
                           "source_profile: remove one of them");
    if (!from_profile && !from_place)
        return who_wrong(s, "role_arn", "stands without source_profile or "
                           "credential_source, so it is unknown whose "
                           "credentials assume the role");
    int err = who_put_hop(s);

    if (err < 0)
        return err;
    return from_profile ? who_source_profile(s, place)
                        : who_credential_source(s, place);
}

/* ---- all of it ---- */

/* botocore gives the settings of [DEFAULT] to every profile, and the other SDKs
 * to none. */
static int who_check_default(const struct hc_ini *ini,
                             struct headcount_error *e)
{
    const struct hc_ini_section *s = ini->sections;

    while (s != NULL && !(hc_str_eqz(s->name, "DEFAULT") &&
                          (s->kind == INI_OTHER || s->file == INI_CREDENTIALS)))
        s = s->next;
    return s == NULL ? 0 : hc_error_set(
        e, HEADCOUNT_ECONFIG,
        "%s:%zu: [DEFAULT] counts for every profile in some of AWS's tools, "
        "and is ignored by others: write [default], or remove it",
        ini->source[s->file].path, s->line);
}

int hc_principal_find(struct hc_principal *c,
                      const struct hc_principal_ask *ask,
                      struct headcount_error *e)
{
    struct who_search s = { .c = c, .ask = ask, .view = ask->config->view,
                              .e = e };
    int err = 0;

    *c = (struct hc_principal){ .hops_n = 0 };
    who_look(&s);
    /* A fault of the files counts once something is needed from them. */
    if (c->place > PLACE_ENVIRONMENT && ask->config->fault.code != 0)
        return hc_error_pass(e, &ask->config->fault);
    if (c->place > PLACE_ENVIRONMENT)
        err = who_check_default(&ask->config->ini, e);
    enum hc_place place = c->place;

    while (err == 0 && place == PLACE_ROLE)
        err = who_hop(&s, &place);
    return err == 0 ? who_take(&s, place) : err;
}

/* ---- in words ---- */

struct hc_str hc_place_name(enum hc_place place)
{
#define PLACE_TEXT(name, text) text "\0"
    static const char names[] = HC_PLACES(PLACE_TEXT);
#undef PLACE_TEXT
    const char *at = names;

    for (unsigned i = 0; i < (unsigned)place; i++)
        at += hc_str(at).n + 1;
    return hc_str(at);
}

void hc_place_put(const struct hc_principal *c, const struct hc_config *config,
                  enum hc_place place, struct hc_buf *out)
{
    const struct hc_ini_item *item = c->item[place];

    hc_buf_str(out, hc_place_name(place));
    if (item != NULL)
        hc_buf_fmt(out, " (%s:%zu)", config->ini.source[item->file].path,
                   item->line);
    switch (c->use[place]) {
    case PLACE_ABSENT:
        hc_buf_lit(out, ": not configured");
        break;
    case PLACE_USED:
        hc_buf_lit(out, ": is used");
        break;
    case PLACE_LATER:
        hc_buf_fmt(out, ": is configured, but %s comes first",
                   hc_place_name(c->place).p);
        break;
    case PLACE_IGNORED:
        hc_buf_lit(out, ": is not looked at, because the program names a "
                        "profile");
        break;
    }
}
