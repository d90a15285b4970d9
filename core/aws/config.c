/* aws/config.c - settings out of options, environment and the selected profile
 * (contract: aws/config.h).
 *
 * Each setting is found where it is, checked, and copied, so that no later
 * change of the environment changes it.
 */
#include "aws/config.h"

#include <string.h>

#include "aws/config_files.h"
#include "aws/endpoint.h"
#include "base/text.h"

#define CONFIG_ATTEMPTS_MAX 100
#define CONFIG_TEXT ((size_t)32 << 10)    /* one value                       */
#define CONFIG_APP_ID 50
#define CONFIG_NAME 96                    /* of a variable                   */
#define CONFIG_SHOWN 160                  /* bytes of a path in a sentence   */

struct hc_config_url {
    struct hc_config_url *next;
    const struct hc_service *service;
    struct hc_str url;
};

/* One reading of the configuration: options are given, the rest is found. */
struct config_reader {
    struct hc_config *c;
    const struct hc_config_options *options;
    struct headcount_error *e;
};

/* ---- one setting ---- */

static struct hc_str config_env(const struct hc_config *c, const char *name)
{
    return hc_getenv(c->sys, name);
}

static int config_item(const struct hc_config *c,
                       const struct hc_ini_item *item, struct hc_setting *out,
                       struct headcount_error *e)
{
    struct hc_str path = hc_str(c->ini.source[item->file].path);

    *out = (struct hc_setting){ .is_shared = true };
    hc_fmt(out->from, sizeof out->from, "%.*s:%zu",
           (int)(path.n > CONFIG_SHOWN ? CONFIG_SHOWN : path.n), path.p,
           item->line);
    return hc_ini_text(&c->ini, item, &out->value, e);
}

/* Finds a key of the selected profile; an empty value, if it is not there. */
static int config_shared(const struct hc_config *c, const char *key,
                         struct hc_setting *out, struct headcount_error *e)
{
    const struct hc_ini_item *item =
        c->has_profile ? hc_ini_find(&c->view, hc_str(key)) : NULL;

    *out = (struct hc_setting){ .is_shared = true };
    return item == NULL ? 0 : config_item(c, item, out, e);
}

static void config_variable(char out[CONFIG_NAME], const char *key)
{
    size_t n = hc_fmt(out, CONFIG_NAME, "AWS_%s", key);

    for (size_t i = 0; i < n; i++)
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
}

int hc_config_setting(const struct hc_config *c, const char *key,
                      struct hc_setting *out, struct headcount_error *e)
{
    char name[CONFIG_NAME];

    config_variable(name, key);
    *out = (struct hc_setting){ .is_shared = false };
    hc_setting_from(out, config_env(c, name), name);
    return out->value.n > 0 ? 0 : config_shared(c, key, out, e);
}

/* The same, if no option gives it. */
static int config_pick(const struct config_reader *r, const char *option,
                       const char *key, struct hc_setting *out)
{
    char name[CONFIG_NAME];

    if (option == NULL || *option == '\0')
        return hc_config_setting(r->c, key, out, r->e);
    hc_fmt(name, sizeof name, "config.%s", key);
    *out = (struct hc_setting){ .is_shared = false };
    hc_setting_from(out, hc_str(option), name);
    return 0;
}

/* Copies a value into the config, with a NUL behind it. */
static int config_keep(struct hc_config *c, struct hc_str value,
                       struct hc_str *out, struct headcount_error *e)
{
    if (value.n > CONFIG_TEXT)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "a setting is longer than %zu bytes", CONFIG_TEXT);
    *out = hc_arena_str(&c->arena, value);
    if (hc_arena_error(&c->arena) == 0)
        return 0;
    return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for the settings");
}

static int config_keep_from(const struct config_reader *r,
                            const struct hc_setting *s, struct hc_str *out,
                            const char **from)
{
    struct hc_str text = { NULL, 0 };
    int err = config_keep(r->c, s->value, out, r->e);

    if (err == 0)
        err = config_keep(r->c, hc_str(s->from), &text, r->e);
    *from = err == 0 && s->value.n > 0 ? text.p : "";
    return err;
}

/* ---- the profile ---- */

/* Selects one.  The SDKs do not agree which of the two variables is first, so
 * two names are refused. */
static int config_name_profile(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    struct hc_str option = hc_str(r->options->profile);
    struct hc_str name = config_env(c, "AWS_PROFILE");
    struct hc_str other = config_env(c, "AWS_DEFAULT_PROFILE");

    c->profile_given = option.n > 0;
    c->profile_from = "config.profile";
    if (c->profile_given)
        return config_keep(c, option, &c->profile, r->e);
    if (name.n > 0 && other.n > 0 && !hc_str_eq(name, other))
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "AWS_PROFILE is `%.*s` and AWS_DEFAULT_PROFILE is "
                            "`%.*s`: AWS's tools do not agree which of them "
                            "counts, so unset one",
                            HC_STR_ARG(name), HC_STR_ARG(other));
    c->profile_from = name.n > 0    ? "AWS_PROFILE"
                      : other.n > 0 ? "AWS_DEFAULT_PROFILE"
                                    : "";
    if (name.n == 0)
        name = other.n > 0 ? other : HC_STR("default");
    return config_keep(c, name, &c->profile, r->e);
}

/* A named profile has keys, a role or a region.  Without them headcount could
 * write to the wrong account, so it stops, also beside other keys. */
static int config_open_profile(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    struct headcount_error why = { .code = 0 };
    int got = hc_ini_open(&c->ini, INI_PROFILE, c->profile, &c->view,
                          &c->fault);

    c->has_profile = got == 1;
    if (got == 1)
        return 0;
    c->view = (struct hc_ini_view){ .ini = NULL };
    if (got < 0 || *c->profile_from == '\0')
        return 0;
    hc_ini_missing(&c->ini, INI_PROFILE, c->profile, &why);
    return hc_error_set(r->e, HEADCOUNT_ECONFIG, "%s: %s", c->profile_from,
                        why.what);
}

static int config_profile(const struct config_reader *r)
{
    int err = config_name_profile(r);

    if (err == 0)
        err = hc_config_files_read(&r->c->ini, r->c->sys, &r->c->home,
                                   r->e);
    return err == 0 ? config_open_profile(r) : err;
}

/* ---- the settings ---- */

static int config_region(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    const char *other = "AWS_DEFAULT_REGION";
    struct hc_setting s;
    int err = config_pick(r, r->options->region, "region", &s);

    /* A second variable stands between the first and the profile. */
    if ((s.is_shared || err < 0) && config_env(c, other).n > 0) {
        err = 0;
        s.is_shared = false;
        hc_setting_from(&s, config_env(c, other), other);
    }
    if (err == 0 && s.value.n > 0 && !hc_endpoint_is_region(s.value))
        err = hc_setting_wrong(&s, "region",
                               "look like eu-west-1", r->e);
    return err < 0 ? err : config_keep_from(r, &s, &c->region,
                                            &c->region_from);
}

int hc_config_no_region(const struct hc_config *c, struct headcount_error *e)
{
    if (c->fault.code == 0)
        return 0;
    return hc_error_set(e, c->fault.code, "no AWS region is known, because %s",
                        c->fault.what);
}

static int config_bool(const struct config_reader *r, const char *key,
                       bool *out)
{
    struct hc_setting s;
    int err = hc_config_setting(r->c, key, &s, r->e);

    return err < 0 ? err : hc_setting_bool(&s, key, out, r->e);
}

static int config_attempts(const struct config_reader *r)
{
    static const struct hc_range range = { 1, CONFIG_ATTEMPTS_MAX };
    int given = r->options->max_attempts;
    int64_t n = given;
    struct hc_setting s;
    int err = 0;

    if (given != 0 && (n < range.least || n > range.most))
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "max_attempts is %d: it has to be a number from "
                            "1 to %d",
                            given, CONFIG_ATTEMPTS_MAX);
    if (given == 0)
        err = hc_config_setting(r->c, "max_attempts", &s, r->e);
    if (given == 0 && err == 0)
        err = hc_setting_number(&s, "max_attempts", range, &n, r->e);
    r->c->max_attempts = (int)n;
    return err;
}

/* A setting that is one of a few words, in any case. */
struct config_choice {
    char key[32], words[60];       /* the words, with a comma behind each    */
    char rule[72];
};

static const struct config_choice config_choices[] = {
    /* Only `standard` is there; the others count as it. */
    { "retry_mode", "standard,adaptive,legacy,",
      "be standard, adaptive or legacy" },
    { "defaults_mode", "standard,legacy,cross-region,auto,in-region,mobile,",
      "be standard, legacy, in-region, cross-region, mobile or auto" },
    /* DynamoDB is called by the endpoint of its region. */
    { "account_id_endpoint_mode", "preferred,disabled,",
      "be preferred or disabled: there is no endpoint of an account here" },
};

enum { CHOICE_RETRY, CHOICE_DEFAULTS, CHOICE_ACCOUNT, CHOICES };
enum { CHOICE_IN_REGION = 4, CHOICE_MOBILE = 5 };

/* *out: the number of the word, -1 if nobody gives one. */
static int config_choose(const struct hc_config *c, size_t which, int *out,
                         struct headcount_error *e)
{
    const struct config_choice *choice = &config_choices[which];
    struct hc_str words = hc_str(choice->words);
    struct hc_setting s;
    int err = hc_config_setting(c, choice->key, &s, e);

    *out = -1;
    if (err < 0 || s.value.n == 0)
        return err;
    for (int i = 0; words.n > 0; i++)
        if (hc_str_eqi(hc_str_cut(&words, ','), s.value)) {
            *out = i;
            return 0;
        }
    return hc_setting_wrong(&s, choice->key, choice->rule, e);
}

/* The times are those of botocore's sdk-default-configuration.json. */
static int config_modes(const struct config_reader *r)
{
    int chosen[CHOICES], err = 0;

    for (size_t i = 0; err == 0 && i < CHOICES; i++)
        err = config_choose(r->c, i, &chosen[i], r->e);
    if (err == 0 && chosen[CHOICE_DEFAULTS] == CHOICE_IN_REGION)
        r->c->connect_timeout = 1100 * HC_MS;
    if (err == 0 && chosen[CHOICE_DEFAULTS] == CHOICE_MOBILE)
        r->c->connect_timeout = 30 * HC_SECOND;
    return err;
}

static int config_keepalive(const struct config_reader *r)
{
    static const char variable[] = "BOTOCORE_TCP_KEEPALIVE";
    struct hc_setting s = { .value = config_env(r->c, variable) };
    bool on = true;
    int err = 0;

    if (s.value.n > 0)
        hc_setting_from(&s, s.value, variable);
    else
        err = config_shared(r->c, "tcp_keepalive", &s, r->e);
    if (err == 0)
        err = hc_setting_bool(&s, "tcp_keepalive", &on, r->e);
    r->c->no_tcp_keepalive = !on;
    return err;
}

/* ---- what has no effect ---- */

/* Settings of the SDKs that headcount has no use for: it speaks the regional
 * STS, sends no body that is compressed or has a checksum, and knows only one
 * way to sign. */
static const char config_inert[] =
    "output sts_regional_endpoints request_checksum_calculation "
    "response_checksum_validation sigv4a_signing_region_set "
    "auth_scheme_preference disable_request_compression "
    "request_min_compression_size_bytes s3 parameter_validation "
    "ec2_metadata_v1_disabled";

static bool config_is_inert(struct hc_str key)
{
    return hc_str_is_word(key, config_inert) ||
           hc_str_starts(key, HC_STR("cli_"));
}

void hc_config_note(const struct hc_config *c, const struct hc_log *log)
{
    char keys[400];
    size_t n = 0;
    int mode;

    if (!hc_log_wants(log, HEADCOUNT_LOG_DEBUG))
        return;
    if (c->fault.code != 0)
        hc_log_line(log, HEADCOUNT_LOG_DEBUG,
                    "nothing is used of the files of ~/.aws: %s",
                    c->fault.what);
    if (config_choose(c, CHOICE_RETRY, &mode, NULL) == 0 && mode > 0)
        hc_log_line(log, HEADCOUNT_LOG_DEBUG,
                    "the retry mode %s runs as standard",
                    mode == 1 ? "adaptive" : "legacy");
    for (const struct hc_ini_section *s = c->ini.sections;
         s != NULL && c->has_profile; s = s->next)
        for (const struct hc_ini_item *i = s->items; i != NULL; i = i->next)
            if (s->kind == INI_PROFILE && hc_str_eq(s->name, c->profile) &&
                config_is_inert(i->key))
                n += hc_fmt(keys + n, sizeof keys - n, " %.*s",
                            HC_STR_ARG(i->key));
    if (n > 0)
        hc_log_line(log, HEADCOUNT_LOG_DEBUG,
                    "these settings of the profile have no effect here:%s",
                    keys);
}

/* ---- URLs ---- */

/* An environment's URL is shown, without what may be a password. */
static int config_check_url(const struct hc_setting *s,
                            struct headcount_error *e)
{
    struct hc_url parsed;
    struct headcount_error why = { .code = 0 };
    const char *wrong;

    if (s->value.n == 0)
        return 0;
    if (s->value.n > HC_ENDPOINT_PATH)
        return hc_setting_long(s, "endpoint_url", HC_ENDPOINT_PATH, e);
    wrong = hc_url_wrong(&parsed, s->value);
    if (wrong == NULL)
        return 0;
    if (s->is_shared)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%s: endpoint_url is no URL of an endpoint: %s",
                            s->from, wrong);
    hc_url_get(&parsed, s->value, &why);
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%s: %s", s->from, why.what);
}

static int config_keep_url(struct hc_config *c, const struct hc_setting *s,
                           struct hc_str *out, struct headcount_error *e)
{
    int err = config_check_url(s, e);

    return err < 0 ? err : config_keep(c, s->value, out, e);
}

/* Reads the URLs that are for all services. */
static int config_urls(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    struct hc_setting s = { .from = "config.endpoint_url" };
    int err;

    s.value = hc_str(r->options->endpoint_url);
    err = config_keep_url(c, &s, &c->endpoint_url, r->e);
    if (err == 0)
        err = config_bool(r, "ignore_configured_endpoint_urls",
                          &c->ignore_urls);
    if (err < 0 || c->ignore_urls)
        return err;
    hc_setting_from(&s, config_env(c, "AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL");
    err = config_keep_url(c, &s, &c->env_url, r->e);
    if (err == 0)
        err = config_shared(c, "endpoint_url", &s, r->e);
    return err < 0 ? err : config_keep_url(c, &s, &c->profile_url, r->e);
}

/* Looks for this service in the services section that the profile names. */
static int config_section_url(const struct hc_config *c, const char *env,
                              struct hc_setting *out,
                              struct headcount_error *e)
{
    struct hc_setting name;
    struct hc_ini_view view;
    const struct hc_ini_item *item;
    char key[CONFIG_NAME];
    int got = config_shared(c, "services", &name, e);

    if (got < 0 || name.value.n == 0)
        return got;
    got = hc_ini_open(&c->ini, INI_SERVICES, name.value, &view, e);
    if (got == 0)
        got = hc_ini_missing(&c->ini, INI_SERVICES, name.value, e);
    if (got < 0)
        return got;
    for (size_t n = hc_fmt(key, sizeof key, "%s", env), i = 0; i < n; i++)
        key[i] = hc_lower(key[i]);
    item = hc_ini_find_nested(hc_ini_find(&view, hc_str(key)),
                              HC_STR("endpoint_url"));
    return item == NULL ? 0 : config_item(c, item, out, e);
}

static int config_find_url(struct hc_config *c, const char *env,
                           struct hc_str *out, struct headcount_error *e)
{
    char name[CONFIG_NAME];
    struct hc_setting s = { .is_shared = false };
    int err = 0;

    hc_fmt(name, sizeof name, "AWS_ENDPOINT_URL_%s", env);
    hc_setting_from(&s, config_env(c, name), name);
    if (s.value.n == 0) {
        *out = c->env_url;
        if (out->n > 0)
            return 0;
        err = config_section_url(c, env, &s, e);
    }
    if (err == 0 && s.value.n == 0) {
        *out = c->profile_url;
        return 0;
    }
    return err < 0 ? err : config_keep_url(c, &s, out, e);
}

int hc_config_service_url(struct hc_config *c, const struct hc_service *service,
                          struct hc_str *out, struct headcount_error *e)
{
    struct hc_config_url *u = c->urls;
    struct hc_str url = { NULL, 0 };
    int err = 0;

    *out = url;
    if (c->ignore_urls)
        return 0;
    while (u != NULL && u->service != service)
        u = u->next;
    if (u != NULL) {
        *out = u->url;
        return 0;
    }
    err = config_find_url(c, service->env, &url, e);
    if (err < 0)
        return err;
    u = hc_arena_zero(&c->arena, sizeof *u);
    if (u == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a URL");
    *u = (struct hc_config_url){ c->urls, service, url };
    c->urls = u;
    *out = url;
    return 0;
}

int hc_config_url(struct hc_config *c, const struct hc_service *service,
                  struct hc_str *out, struct headcount_error *e)
{
    if (c->endpoint_url.n == 0)
        return hc_config_service_url(c, service, out, e);
    *out = c->endpoint_url;
    return 0;
}

/* ---- all of it ---- */

static int config_text(const struct config_reader *r, const char *name,
                       const char *other, struct hc_str *out)
{
    struct hc_str value = config_env(r->c, name);

    if (value.n == 0 && other != NULL)
        value = config_env(r->c, other);
    return config_keep(r->c, value, out, r->e);
}

static int config_texts(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    struct hc_setting s;
    int err = config_pick(r, r->options->ca_bundle, "ca_bundle", &s);

    if (err == 0)
        err = config_keep_from(r, &s, &c->ca_bundle, &c->ca_bundle_from);
    if (err == 0)
        err = config_text(r, "SSL_CERT_FILE", NULL, &c->cert_file);
    if (err == 0)
        err = config_text(r, "https_proxy", "HTTPS_PROXY", &c->https_proxy);
    /* HTTP_PROXY in capitals can be a header of a CGI request (httpoxy). */
    if (err == 0)
        err = config_text(r, "http_proxy", NULL, &c->http_proxy);
    if (err == 0)
        err = config_text(r, "no_proxy", "NO_PROXY", &c->no_proxy);
    if (err == 0)
        err = config_text(r, "AWS_EXECUTION_ENV", NULL, &c->exec_env);
    if (err == 0)
        err = hc_config_setting(c, "sdk_ua_app_id", &s, r->e);
    if (err == 0 && s.value.n > CONFIG_APP_ID)
        return hc_setting_long(&s, "sdk_ua_app_id", CONFIG_APP_ID, r->e);
    return err < 0 ? err : config_keep(c, s.value, &c->app_id, r->e);
}

static int config_read(const struct config_reader *r)
{
    int err = config_profile(r);

    if (err == 0)
        err = config_region(r);
    if (err == 0)
        err = config_urls(r);
    if (err == 0)
        err = config_texts(r);
    if (err == 0)
        err = config_bool(r, "use_fips_endpoint", &r->c->use_fips);
    if (err == 0)
        err = config_bool(r, "use_dualstack_endpoint", &r->c->use_dualstack);
    if (err == 0)
        err = config_bool(r, "disable_clock_skew_correction", &r->c->no_skew);
    if (err == 0)
        err = config_modes(r);
    if (err == 0)
        err = config_keepalive(r);
    return err == 0 ? config_attempts(r) : err;
}

int hc_config_init(struct hc_config *c, const struct hc_system *sys,
                   const struct hc_config_options *options,
                   struct headcount_error *e)
{
    struct config_reader r = { c, options, e };

    *c = (struct hc_config){ .sys = sys };
    hc_ini_init(&c->ini, &sys->alloc);
    hc_arena_init(&c->arena, &sys->alloc, SIZE_MAX);

    int err = config_read(&r);

    if (err < 0)
        hc_config_fini(c);
    return err;
}

void hc_config_fini(struct hc_config *c)
{
    hc_ini_fini(&c->ini);
    hc_arena_fini(&c->arena);
    memset(c, 0, sizeof *c);
}
