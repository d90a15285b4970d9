/* aws/config.c - settings out of options and the environment (contract:
 * aws/config.h).
 *
 * Texts are first found where they are (option or environment), then checked,
 * then copied together into one block, so that no error leaves half a config.
 */
#include "aws/config.h"

#include <string.h>

#include "aws/endpoint.h"
#include "base/text.h"

#define CONFIG_ATTEMPTS_MAX 100
#define CONFIG_TEXT ((size_t)32 << 10)    /* one value                       */
#define CONFIG_APP_ID 50

/* One reading of the configuration: sys and options are given, the rest is
 * found. */
struct config_reader {
    const struct hc_system *sys;
    const struct hc_config_options *options;
    struct hc_config *c;
    struct headcount_error *e;
};

static struct hc_str config_env(const struct config_reader *r,
                                const char *name)
{
    return hc_str(r->sys->getenv(r->sys->ud, name));
}

/* The first of two variables that is set and not empty. */
static struct hc_str config_env2(const struct config_reader *r,
                                 const char *one, const char *other)
{
    struct hc_str value = config_env(r, one);

    return value.n > 0 ? value : config_env(r, other);
}

static struct hc_str config_pick(const struct config_reader *r,
                                 const char *option, const char *variable)
{
    return option != NULL && *option != '\0' ? hc_str(option)
                                             : config_env(r, variable);
}

/* ---- one value ---- */

/* "true" and "false" in any case; absent is false. */
static int config_bool(const struct config_reader *r, const char *name,
                       bool *out)
{
    struct hc_str value = config_env(r, name);

    *out = hc_str_eqi(value, HC_STR("true"));
    if (value.n == 0 || *out || hc_str_eqi(value, HC_STR("false")))
        return 0;
    return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                        "%s is `%.*s`: it has to be true or false",
                        name, HC_STR_ARG(value));
}

static int config_attempts(const struct config_reader *r)
{
    struct hc_str value = config_env(r, "AWS_MAX_ATTEMPTS");
    uint64_t n = 0;

    if (r->options->max_attempts != 0) {
        if (r->options->max_attempts < 1 ||
            r->options->max_attempts > CONFIG_ATTEMPTS_MAX)
            return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                                "max_attempts is %d: it has to be from 1 to %d",
                                r->options->max_attempts, CONFIG_ATTEMPTS_MAX);
        r->c->max_attempts = r->options->max_attempts;
        return 0;
    }
    if (value.n > 0 &&
        (!hc_str_u64(value, &n) || n < 1 || n > CONFIG_ATTEMPTS_MAX))
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "AWS_MAX_ATTEMPTS is `%.*s`: it "
                            "has to be a number from 1 to %d",
                            HC_STR_ARG(value), CONFIG_ATTEMPTS_MAX);
    r->c->max_attempts = (int)n;
    return 0;
}

/* Only the mode `standard` is there; `legacy`, its predecessor, counts as
 * it. */
static int config_retry_mode(const struct config_reader *r)
{
    struct hc_str value = config_env(r, "AWS_RETRY_MODE");

    if (value.n == 0 || hc_str_eqi(value, HC_STR("standard")) ||
        hc_str_eqi(value, HC_STR("legacy")))
        return 0;
    return hc_error_set(r->e, HEADCOUNT_ECONFIG, "AWS_RETRY_MODE is `%.*s`: "
                        "headcount has the mode `standard` only",
                        HC_STR_ARG(value));
}

static int config_region(const struct config_reader *r)
{
    bool option = r->options->region != NULL && *r->options->region != '\0';
    const char *from = option ? "config.region" : "AWS_REGION";
    struct hc_str region = config_pick(r, r->options->region, from);

    if (region.n == 0) {
        from = "AWS_DEFAULT_REGION";
        region = config_env(r, from);
    }
    if (region.n > 0 && !hc_endpoint_is_region(region))
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "%s is `%.*s`: that is no AWS "
                            "region, it has to look like eu-west-1",
                            from, HC_STR_ARG(region));
    r->c->region = region;
    return 0;
}

/* These keys sign, whatever a profile says: AWS's own SDKs take them first. */
static bool config_has_keys(const struct config_reader *r)
{
    return r->options->has_keys ||
           (config_env(r, "AWS_ACCESS_KEY_ID").n > 0 &&
            config_env(r, "AWS_SECRET_ACCESS_KEY").n > 0);
}

/* A profile that somebody names has keys, a role or a region.  Without them
 * headcount could write to the wrong account, so it stops. */
static int config_profile(const struct config_reader *r)
{
    bool option = r->options->profile != NULL && *r->options->profile != '\0';
    const char *from = option ? "config.profile" : "AWS_PROFILE";
    struct hc_str profile = config_pick(r, r->options->profile, from);

    if (profile.n == 0) {
        from = "AWS_DEFAULT_PROFILE";
        profile = config_env(r, from);
    }
    if (profile.n == 0)
        return 0;
    if (!option && config_has_keys(r)) {
        r->c->profile = profile;
        r->c->profile_from = from;
        return 0;
    }
    return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                        "%s names the profile `%.*s`, and headcount does not "
                        "read profile files yet: unset it and set "
                        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                        "AWS_REGION; eval \"$(aws configure "
                        "export-credentials --profile NAME --format env)\" "
                        "sets the keys",
                        from, HC_STR_ARG(profile));
}

/* ---- URLs ---- */

static int config_check_url(const struct config_reader *r, const char *from,
                            struct hc_str url)
{
    struct hc_url parsed;
    struct headcount_error why = { 0 };

    if (url.n == 0)
        return 0;
    if (url.n > HC_ENDPOINT_PATH)
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "%s is longer than %d bytes", from,
                            HC_ENDPOINT_PATH);
    if (hc_url_get(&parsed, url, &why) == 0)
        return 0;
    return hc_error_set(r->e, HEADCOUNT_ECONFIG, "%s: %s", from, why.what);
}

static int config_urls(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    bool ignore = false;

    c->endpoint_url = hc_str(r->options->endpoint_url);

    int err = config_check_url(r, "config.endpoint_url", c->endpoint_url);

    if (err == 0)
        err = config_bool(r, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &ignore);
    if (err < 0 || ignore)
        return err;
    c->env_url = config_env(r, "AWS_ENDPOINT_URL");
    err = config_check_url(r, "AWS_ENDPOINT_URL", c->env_url);
    for (size_t i = 0; err == 0 && i < HC_SERVICE_COUNT; i++) {
        struct hc_service own;
        char name[96];

        hc_service_own(&own, (enum hc_service_id)i);
        hc_fmt(name, sizeof(name), "AWS_ENDPOINT_URL_%s", own.env);
        c->service_url[i] = config_env(r, name);
        err = config_check_url(r, name, c->service_url[i]);
    }
    return err;
}

/* ---- all of it ---- */

static int config_texts(const struct config_reader *r)
{
    struct hc_config *c = r->c;

    c->ca_bundle = config_pick(r, r->options->ca_bundle, "AWS_CA_BUNDLE");
    c->cert_file = config_env(r, "SSL_CERT_FILE");
    c->https_proxy = config_env2(r, "https_proxy", "HTTPS_PROXY");
    /* HTTP_PROXY in capitals can be a header of a CGI request (httpoxy). */
    c->http_proxy = config_env(r, "http_proxy");
    c->no_proxy = config_env2(r, "no_proxy", "NO_PROXY");
    c->exec_env = config_env(r, "AWS_EXECUTION_ENV");
    c->app_id = config_env(r, "AWS_SDK_UA_APP_ID");
    if (c->app_id.n > CONFIG_APP_ID)
        return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                            "AWS_SDK_UA_APP_ID has %zu "
                            "bytes: at most %d are allowed",
                            c->app_id.n, CONFIG_APP_ID);
    return 0;
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
        err = config_bool(r, "AWS_USE_FIPS_ENDPOINT", &r->c->use_fips);
    if (err == 0)
        err = config_bool(r, "AWS_USE_DUALSTACK_ENDPOINT",
                          &r->c->use_dualstack);
    if (err == 0)
        err = config_retry_mode(r);
    return err == 0 ? config_attempts(r) : err;
}

#define CONFIG_TEXTS (11 + HC_SERVICE_COUNT)

/* So far the texts point into options and environment, which may change.  They
 * are copied into one block of ours, each with a NUL behind it. */
static int config_own(const struct config_reader *r)
{
    struct hc_config *c = r->c;
    struct hc_str *list[CONFIG_TEXTS] = {
        &c->region, &c->endpoint_url, &c->env_url, &c->ca_bundle,
        &c->cert_file, &c->https_proxy, &c->http_proxy, &c->no_proxy,
        &c->app_id, &c->exec_env, &c->profile
    };

    for (size_t i = 0; i < HC_SERVICE_COUNT; i++)
        list[CONFIG_TEXTS - HC_SERVICE_COUNT + i] = &c->service_url[i];
    for (size_t i = 0; i < CONFIG_TEXTS; i++) {
        if (list[i]->n > CONFIG_TEXT)
            return hc_error_set(r->e, HEADCOUNT_ECONFIG,
                                "a setting is longer than %zu bytes",
                                CONFIG_TEXT);
        c->block_n += list[i]->n + 1;
    }
    c->block = hc_alloc(c->alloc, c->block_n);
    if (c->block == NULL)
        return hc_error_set(r->e, HEADCOUNT_ENOMEM,
                            "no memory for the settings");

    char *at = c->block;

    for (size_t i = 0; i < CONFIG_TEXTS; i++) {
        if (list[i]->n > 0)
            memcpy(at, list[i]->p, list[i]->n);
        list[i]->p = at;
        at += list[i]->n + 1;
    }
    return 0;
}

int hc_config_init(struct hc_config *c, const struct hc_system *sys,
                   const struct hc_config_options *options,
                   struct headcount_error *e)
{
    struct config_reader r = { sys, options, c, e };

    memset(c, 0, sizeof(*c));
    c->alloc = &sys->alloc;

    int err = config_read(&r);

    if (err == 0)
        err = config_own(&r);
    if (err < 0)
        memset(c, 0, sizeof(*c));
    return err;
}

void hc_config_fini(struct hc_config *c)
{
    if (c->alloc != NULL)
        hc_free(c->alloc, c->block, c->block_n);
    memset(c, 0, sizeof(*c));
}

struct hc_str hc_config_url(const struct hc_config *c,
                            const struct hc_service *service)
{
    if (c->endpoint_url.n > 0)
        return c->endpoint_url;
    if (service->index != HC_SERVICE_OTHER &&
        c->service_url[service->index].n > 0)
        return c->service_url[service->index];
    return c->env_url;
}
