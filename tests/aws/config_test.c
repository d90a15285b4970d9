/* tests/aws/config_test.c - options beat the environment; what cannot be used
 * names its variable. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "aws/config.h"
#include "base/clock.h"
#include "base/text.h"
#include "own.h"

/* NAME=VALUE pairs of the test at hand. */
static const char *env[20];
static struct hc_system sys;
static struct hc_config config;
static struct hc_config_options options;
static struct headcount_error error;
/* What the two files hold; NULL: there is none. */
static const char *config_file, *credentials_file;

static const char *fake_getenv(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (size_t i = 0; env[i] != NULL; i++)
        if (strncmp(env[i], name, n) == 0 && env[i][n] == '=')
            return env[i] + n + 1;
    return NULL;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    bool is_config = strcmp(path, "/h/.aws/config") == 0;
    const char *text = is_config ? config_file : credentials_file;

    (void)ud;
    CHECK(is_config || strcmp(path, "/h/.aws/credentials") == 0);
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s", path);
    hc_buf_text(out, text);
    return hc_buf_error(out);
}

/* The URL of a service, or what is wrong with it. */
static struct hc_str url_of(enum hc_service_id id)
{
    struct hc_str url = { NULL, 0 };

    hc_error_reset(&error);
    if (hc_config_url(&config, service_own(id), &url, &error) < 0)
        return hc_str(error.what);
    return url;
}

static void set_up(void)
{
    config_file = credentials_file = NULL;
    memset(env, 0, sizeof(env));
    memset(&options, 0, sizeof(options));
    sys = (struct hc_system){ .alloc = *t_alloc(), .getenv = fake_getenv,
                              .read_file = fake_read };
}

static int init(void)
{
    hc_error_reset(&error);
    return hc_config_init(&config, &sys, &options, &error);
}

TEST(config, of_nothing_is_all_defaults)
{
    set_up();
    CHECK_INT(init(), 0);
    CHECK_STR(config.region, "");
    CHECK_STR(config.endpoint_url, "");
    CHECK_STR(config.ca_bundle, "");
    CHECK_INT(config.max_attempts, 0);
    CHECK(!config.use_fips && !config.use_dualstack);
    CHECK_STR(url_of(HC_SERVICE_ECS), "");
    hc_config_fini(&config);
    hc_config_fini(&config);
}

TEST(config, the_environment_is_read_whole_and_copied)
{
    char region[] = "AWS_REGION=eu-west-1";

    set_up();
    env[0] = region;
    env[1] = "AWS_CA_BUNDLE=/ca.pem";
    env[2] = "SSL_CERT_FILE=/certs.pem";
    env[3] = "HTTPS_PROXY=http://p:1";
    env[4] = "http_proxy=http://p:2";
    env[5] = "NO_PROXY=localhost";
    env[6] = "AWS_SDK_UA_APP_ID=app";
    env[7] = "AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023";
    env[8] = "AWS_USE_FIPS_ENDPOINT=TRUE";
    env[9] = "AWS_USE_DUALSTACK_ENDPOINT=false";
    env[10] = "AWS_MAX_ATTEMPTS=7";
    env[11] = "AWS_RETRY_MODE=standard";
    CHECK_INT(init(), 0);
    region[11] = 'X';
    CHECK_STR(config.region, "eu-west-1");
    CHECK_INT(config.region.p[config.region.n], '\0');
    CHECK_STR(config.ca_bundle, "/ca.pem");
    CHECK_STR(config.cert_file, "/certs.pem");
    CHECK_STR(config.https_proxy, "http://p:1");
    CHECK_STR(config.http_proxy, "http://p:2");
    CHECK_STR(config.no_proxy, "localhost");
    CHECK_STR(config.app_id, "app");
    CHECK_STR(config.exec_env, "AWS_Lambda_provided.al2023");
    CHECK(config.use_fips && !config.use_dualstack);
    CHECK_INT(config.max_attempts, 7);
    hc_config_fini(&config);
}

TEST(config, the_first_that_is_set_wins)
{
    static const struct {
        const char *option, *env[3], *want;
    } rows[] = {
        { "us-east-1", { "AWS_REGION=eu-west-1" }, "us-east-1" },
        { "", { "AWS_REGION=eu-west-1" }, "eu-west-1" },
        { NULL, { "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-2" },
          "eu-west-1" },
        { NULL, { "AWS_REGION=", "AWS_DEFAULT_REGION=eu-west-2" },
          "eu-west-2" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        set_up();
        memcpy(env, rows[i].env, sizeof(rows[i].env));
        options.region = rows[i].option;
        CHECK_INT(init(), 0);
        CHECK_STR(config.region, rows[i].want);
        hc_config_fini(&config);
    }
    set_up();
    env[0] = "https_proxy=http://small:1";
    env[1] = "HTTPS_PROXY=http://large:1";
    env[2] = "HTTP_PROXY=http://httpoxy:1";
    env[3] = "AWS_CA_BUNDLE=/env";
    env[4] = "AWS_MAX_ATTEMPTS=junk";
    options.ca_bundle = "/option";
    options.max_attempts = 1;
    CHECK_INT(init(), 0);
    CHECK_STR(config.https_proxy, "http://small:1");
    CHECK_STR(config.http_proxy, "");
    CHECK_STR(config.ca_bundle, "/option");
    CHECK_INT(config.max_attempts, 1);
    hc_config_fini(&config);
}

TEST(config, an_endpoint_is_the_options_the_services_or_everybodys)
{
    set_up();
    env[0] = "AWS_ENDPOINT_URL=http://all";
    env[1] = "AWS_ENDPOINT_URL_ECS=http://ecs";
    CHECK_INT(init(), 0);
    CHECK_STR(url_of(HC_SERVICE_ECS), "http://ecs");
    CHECK_STR(url_of(HC_SERVICE_SQS), "http://all");
    hc_config_fini(&config);
    options.endpoint_url = "http://option";
    CHECK_INT(init(), 0);
    CHECK_STR(url_of(HC_SERVICE_ECS), "http://option");
    hc_config_fini(&config);
    env[2] = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true";
    CHECK_INT(init(), 0);
    CHECK_STR(url_of(HC_SERVICE_SQS), "http://option");
    hc_config_fini(&config);
    options.endpoint_url = NULL;
    CHECK_INT(init(), 0);
    CHECK_STR(url_of(HC_SERVICE_ECS), "");
    hc_config_fini(&config);
}

#define APP_ID_50 "AWS_SDK_UA_APP_ID="                                      \
    "a2345678901234567890123456789012345678901234567890"

TEST(config, what_cannot_be_used_names_its_variable)
{
    static const struct { const char *env, *says; } rows[] = {
        { "AWS_REGION=EU West", "AWS_REGION is `EU West`" },
        { "AWS_DEFAULT_REGION=a/b", "AWS_DEFAULT_REGION is `a/b`" },
        { "AWS_PROFILE=work", "AWS_PROFILE: the files of ~/.aws have no "
          "profile `work`; they have none" },
        { "AWS_DEFAULT_PROFILE=work", "AWS_DEFAULT_PROFILE: the files" },
        { "AWS_ENDPOINT_URL=junk", "AWS_ENDPOINT_URL: " },
        { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=1",
          "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is `1`" },
        { "AWS_USE_FIPS_ENDPOINT=yes", "AWS_USE_FIPS_ENDPOINT is `yes`" },
        { "AWS_USE_DUALSTACK_ENDPOINT=on", "AWS_USE_DUALSTACK_ENDPOINT" },
        { "AWS_MAX_ATTEMPTS=0", "AWS_MAX_ATTEMPTS is `0`" },
        { "AWS_MAX_ATTEMPTS=101", "from 1 to 100" },
        { "AWS_MAX_ATTEMPTS=-1", "AWS_MAX_ATTEMPTS" },
        { "AWS_MAX_ATTEMPTS=3x", "AWS_MAX_ATTEMPTS" },
        { "AWS_RETRY_MODE=fast", "AWS_RETRY_MODE is `fast`" },
        { APP_ID_50 "1", "AWS_SDK_UA_APP_ID has more than 50 bytes" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        set_up();
        env[0] = rows[i].env;
        CHECK_INT(init(), HEADCOUNT_ECONFIG);
        CHECK_INT(error.code, HEADCOUNT_ECONFIG);
        if (strstr(error.what, rows[i].says) == NULL)
            CHECK_Z(error.what, rows[i].says);
        CHECK(config.arena.pieces == NULL && config.max_attempts == 0);
        hc_config_fini(&config);
    }
}

TEST(config, options_that_cannot_be_used_are_named_too)
{
    for (int i = 0; i < 5; i++) {
        static const char *const says[] = {
            "config.region is", "config.profile: the files",
            "config.endpoint_url: ",
            "max_attempts is -1", "max_attempts is 101"
        };

        set_up();
        env[0] = "AWS_REGION=eu-west-1";
        switch (i) {
        case 0: options.region = "no region";    break;
        case 1: options.profile = "work";        break;
        case 2: options.endpoint_url = "h";      break;
        case 3: options.max_attempts = -1;       break;
        case 4: options.max_attempts = 101;      break;
        }
        CHECK_INT(init(), HEADCOUNT_ECONFIG);
        CHECK(strstr(error.what, says[i]) != NULL);
    }
}

TEST(config, harmless_spellings_are_taken)
{
    static const char *const good[] = {
        "AWS_RETRY_MODE=legacy", "AWS_RETRY_MODE=ADAPTIVE",
        "AWS_RETRY_MODE=Standard",
        "AWS_USE_FIPS_ENDPOINT=False", "AWS_MAX_ATTEMPTS=100",
        "AWS_MAX_ATTEMPTS=", "AWS_PROFILE=", "AWS_ENDPOINT_URL=",
        APP_ID_50,
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        set_up();
        env[0] = good[i];
        CHECK_INT(init(), 0);
        hc_config_fini(&config);
    }
}

TEST(config, texts_are_bounded)
{
    static char big[33000], url[1200];

    memset(big, 'a', sizeof(big) - 1);
    memcpy(big, "NO_PROXY=", 9);
    set_up();
    env[0] = big;
    CHECK_INT(init(), HEADCOUNT_ECONFIG);
    CHECK(strstr(error.what, "longer than 32768") != NULL);
    big[9 + 32768] = '\0';
    CHECK_INT(init(), 0);
    CHECK_INT(config.no_proxy.n, 32768);
    hc_config_fini(&config);

    memset(url, 'a', sizeof(url) - 1);
    memcpy(url, "AWS_ENDPOINT_URL=http://h/", 26);
    env[0] = url;
    CHECK_INT(init(), HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "AWS_ENDPOINT_URL has more than 1024 bytes");
}

static int read_some(void)
{
    set_up();
    env[0] = "AWS_REGION=eu-west-1";

    int err = init();

    CHECK(err == 0 || error.what[0] != '\0');
    hc_config_fini(&config);
    return err;
}

TEST(config, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_some);
}

/* ---- the profile ---- */

#define TWO_PROFILES "[default]\nregion = eu-west-1\n"                      \
    "[profile dev]\nregion = eu-west-2\n"

TEST(config, the_selected_profile_is_the_first_that_is_named)
{
    static const struct {
        const char *option, *env[3], *profile, *from, *region;
    } rows[] = {
        { NULL, { NULL }, "default", "", "eu-west-1" },
        { "dev", { NULL }, "dev", "config.profile", "eu-west-2" },
        { "dev", { "AWS_PROFILE=other" }, "dev", "config.profile",
          "eu-west-2" },
        { "", { "AWS_PROFILE=dev" }, "dev", "AWS_PROFILE", "eu-west-2" },
        { NULL, { "AWS_DEFAULT_PROFILE=dev" }, "dev", "AWS_DEFAULT_PROFILE",
          "eu-west-2" },
        { NULL, { "AWS_PROFILE=dev", "AWS_DEFAULT_PROFILE=dev" }, "dev",
          "AWS_PROFILE", "eu-west-2" },
        { NULL, { "AWS_PROFILE=", "AWS_DEFAULT_PROFILE=" }, "default", "",
          "eu-west-1" },
        { NULL, { "AWS_PROFILE=default" }, "default", "AWS_PROFILE",
          "eu-west-1" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        env[0] = "HOME=/h";
        memcpy(env + 1, rows[i].env, sizeof rows[i].env);
        config_file = TWO_PROFILES;
        options.profile = rows[i].option;
        CHECK_INT(init(), 0);
        CHECK_STR(config.profile, rows[i].profile);
        CHECK_Z(config.profile_from, rows[i].from);
        CHECK_STR(config.region, rows[i].region);
        CHECK_Z(config.region_from, rows[i].profile[1] == 'e' &&
                                    rows[i].profile[2] == 'f'
                                        ? "/h/.aws/config:2"
                                        : "/h/.aws/config:4");
        CHECK_INT(config.profile_given, rows[i].from[0] == 'c');
        CHECK(config.has_profile && config.fault.code == 0);
        hc_config_fini(&config);
    }
}

TEST(config, without_a_default_profile_nothing_is_wrong)
{
    set_up();
    env[0] = "HOME=/h";
    CHECK_INT(init(), 0);
    CHECK(!config.has_profile && config.view.ini == NULL);
    CHECK_STR(config.profile, "default");
    hc_config_fini(&config);
}

/* Keys beside it change nothing: its region or its account may be meant. */
TEST(config, a_named_profile_that_is_in_neither_file_is_an_error)
{
    set_up();
    env[0] = "HOME=/h";
    env[1] = "AWS_PROFILE=prod";
    env[2] = "AWS_ACCESS_KEY_ID=a";
    env[3] = "AWS_SECRET_ACCESS_KEY=s";
    env[4] = "AWS_REGION=eu-west-1";
    config_file = TWO_PROFILES;
    CHECK_INT(init(), HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "AWS_PROFILE: the files of ~/.aws have no profile "
                        "`prod`; there are: default, dev (there is no "
                        "/h/.aws/credentials)");
    env[1] = "AWS_PROFILE=dev";
    env[5] = "AWS_DEFAULT_PROFILE=default";
    CHECK_INT(init(), HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "AWS_PROFILE is `dev` and AWS_DEFAULT_PROFILE is "
                        "`default`: AWS's tools do not agree which of them "
                        "counts, so unset one");
}

TEST(config, a_broken_file_is_kept_until_something_is_needed_from_it)
{
    struct headcount_error why = { .code = 0 };

    set_up();
    env[0] = "HOME=/h";
    env[1] = "AWS_REGION=eu-west-1";
    config_file = "region = hush\n";
    CHECK_INT(init(), 0);
    CHECK_STR(config.region, "eu-west-1");
    CHECK(!config.has_profile);
    CHECK_INT(config.fault.code, HEADCOUNT_ECONFIG);
    CHECK_Z(config.fault.what,
            "/h/.aws/config:1: this line stands before the first section");
    hc_config_fini(&config);
    env[1] = NULL;
    CHECK_INT(init(), 0);
    CHECK_INT(hc_config_no_region(&config, &why), HEADCOUNT_ECONFIG);
    CHECK_Z(why.what, "no AWS region is known, because /h/.aws/config:1: this "
                      "line stands before the first section");
    hc_config_fini(&config);
}

/* ---- each setting of a profile ---- */

static char shown[600];

static const char *yes_or_no(bool is)
{
    return is ? "yes" : "no";
}

/* What the config has become of this key. */
static const char *show(const char *key)
{
    struct hc_str text = { NULL, 0 };
    bool as_text = true;

    if (strcmp(key, "region") == 0)
        text = config.region;
    else if (strcmp(key, "ca_bundle") == 0)
        text = config.ca_bundle;
    else if (strcmp(key, "sdk_ua_app_id") == 0)
        text = config.app_id;
    else if (strcmp(key, "sqs") == 0)
        text = url_of(HC_SERVICE_SQS);
    else if (strcmp(key, "scaling") == 0)
        text = url_of(HC_SERVICE_SCALING);
    else
        as_text = false;
    if (as_text) {
        hc_fmt(shown, sizeof shown, "%.*s", HC_STR_ARG(text));
        return shown;
    }
    if (strcmp(key, "max_attempts") == 0)
        hc_fmt(shown, sizeof shown, "%d", config.max_attempts);
    else if (strcmp(key, "connect") == 0)
        hc_fmt(shown, sizeof shown, "%lld",
               (long long)(config.connect_timeout / HC_MS));
    else if (strcmp(key, "fips") == 0)
        return yes_or_no(config.use_fips);
    else if (strcmp(key, "dualstack") == 0)
        return yes_or_no(config.use_dualstack);
    else if (strcmp(key, "keepalive") == 0)
        return yes_or_no(!config.no_tcp_keepalive);
    else if (strcmp(key, "skew") == 0)
        return yes_or_no(!config.no_skew);
    else
        fail_msg("%s", key);
    return shown;
}

/* `key`, and what it is with these two settings of the environment and these
 * lines of the profile. */
static const struct {
    const char *key, *want, *env[2], *profile;
} setting_rows[] = {
    { "region", "eu-west-1", { NULL }, "region = eu-west-1" },
    { "region", "eu-west-2", { "AWS_DEFAULT_REGION=eu-west-2" },
      "region = eu-west-1" },
    { "region", "eu-west-3", { "AWS_DEFAULT_REGION=eu-west-2",
      "AWS_REGION=eu-west-3" }, "region = eu-west-1" },
    { "region", "eu-west-2", { "AWS_DEFAULT_REGION=eu-west-2" },
      "region = no region" },
    { "region", "", { NULL }, "region =" },
    { "ca_bundle", "/ca", { NULL }, "ca_bundle = /ca" },
    { "ca_bundle", "/env", { "AWS_CA_BUNDLE=/env" }, "ca_bundle = /ca" },
    { "sdk_ua_app_id", "app", { NULL }, "sdk_ua_app_id = app" },
    { "sdk_ua_app_id", "env", { "AWS_SDK_UA_APP_ID=env" },
      "sdk_ua_app_id = app" },
    { "max_attempts", "0", { NULL }, "retry_mode = adaptive" },
    { "max_attempts", "7", { NULL }, "max_attempts = 7" },
    { "max_attempts", "8", { "AWS_MAX_ATTEMPTS=8" }, "max_attempts = x" },
    { "fips", "yes", { NULL }, "use_fips_endpoint = True" },
    { "fips", "no", { "AWS_USE_FIPS_ENDPOINT=false" },
      "use_fips_endpoint = true" },
    { "dualstack", "yes", { NULL }, "use_dualstack_endpoint = true" },
    { "keepalive", "yes", { NULL }, "" },
    { "keepalive", "no", { NULL }, "tcp_keepalive = FALSE" },
    { "keepalive", "yes", { "BOTOCORE_TCP_KEEPALIVE=true" },
      "tcp_keepalive = false" },
    { "keepalive", "no", { "BOTOCORE_TCP_KEEPALIVE=false" },
      "tcp_keepalive = true" },
    { "connect", "0", { NULL }, "defaults_mode = auto" },
    { "connect", "0", { NULL }, "defaults_mode = cross-region" },
    { "connect", "1100", { NULL }, "defaults_mode = In-Region" },
    { "connect", "30000", { "AWS_DEFAULTS_MODE=mobile" },
      "defaults_mode = in-region" },
    { "skew", "yes", { NULL }, "" },
    { "skew", "no", { NULL }, "disable_clock_skew_correction = true" },
    { "skew", "no", { "AWS_DISABLE_CLOCK_SKEW_CORRECTION=TRUE" }, "" },
    { "skew", "yes", { NULL }, "account_id_endpoint_mode = preferred" },
    /* URLs: the variable of the service, that of all, the services section,
     * the profile's */
    { "sqs", "http://all", { NULL }, "endpoint_url = http://all" },
    { "sqs", "http://env", { "AWS_ENDPOINT_URL=http://env" },
      "services = s\nendpoint_url = http://all\n"
      "[services s]\nsqs =\n  endpoint_url = http://sqs" },
    { "sqs", "http://sqs", { NULL },
      "services = s\nendpoint_url = http://all\n"
      "[services s]\nsqs =\n  endpoint_url = http://sqs" },
    { "sqs", "http://own", { "AWS_ENDPOINT_URL=http://env",
      "AWS_ENDPOINT_URL_SQS=http://own" },
      "services = s\n[services s]\nsqs =\n  endpoint_url = http://sqs" },
    { "scaling", "http://all", { NULL },
      "services = s\nendpoint_url = http://all\n"
      "[services s]\nsqs =\n  endpoint_url = http://sqs" },
    { "scaling", "http://scaling", { NULL },
      "services = s\n[services s]\napplication_auto_scaling =\n"
      "  endpoint_url = http://scaling" },
    { "sqs", "", { NULL }, "services = s\n[services s]\nsqs = http://sqs" },
    { "sqs", "", { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
      "AWS_ENDPOINT_URL_SQS=http://own" }, "endpoint_url = junk" },
    { "sqs", "", { NULL }, "ignore_configured_endpoint_urls = true\n"
      "endpoint_url = http://all\nservices = none" },
    { "sqs", "http://all", { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false" },
      "ignore_configured_endpoint_urls = true\nendpoint_url = http://all" },
    { "sqs", "http://own", { "AWS_ENDPOINT_URL_SQS=http://own" },
      "services = none" },
};

static void set_up_profile(const char *const given[2], const char *lines)
{
    static char text[600];

    set_up();
    memcpy(text, "[default]\n", sizeof "[default]\n");
    strncat(text, lines, sizeof text - strlen(text) - 1);
    config_file = text;
    env[0] = "HOME=/h";
    env[1] = given[0];
    env[2] = given[1];
}

TEST(config, the_environment_beats_the_profile)
{
    for (size_t i = 0; i < sizeof setting_rows / sizeof *setting_rows; i++) {
        set_up_profile(setting_rows[i].env, setting_rows[i].profile);
        if (init() < 0)
            fail_msg("%s: %s", setting_rows[i].profile, error.what);
        if (strcmp(show(setting_rows[i].key), setting_rows[i].want) != 0)
            fail_msg("row %zu, %s, %s: %s is %s", i, setting_rows[i].key,
                     setting_rows[i].profile, setting_rows[i].want, shown);
        hc_config_fini(&config);
    }
}

TEST(config, the_credentials_file_beats_the_config_file)
{
    static const char *const none[2] = { NULL, NULL };

    set_up_profile(none, "region = eu-west-1\nca_bundle = /ca");
    credentials_file = "[default]\nregion = eu-west-2\n";
    CHECK_INT(init(), 0);
    CHECK_STR(config.region, "eu-west-2");
    CHECK_Z(config.region_from, "/h/.aws/credentials:2");
    CHECK_Z(config.ca_bundle_from, "/h/.aws/config:3");
    hc_config_fini(&config);
}

/* Each ends with 253; `hush` stands for a secret on the wrong line. */
static const struct {
    const char *profile, *says;
} wrong_rows[] = {
    { "region = hush hush", "/h/.aws/config:2: region has to look like" },
    { "region = r\n  hush = 1", "/h/.aws/config:2: region goes on" },
    { "region =\n  hush = 1", "/h/.aws/config:2: region has a block" },
    { "use_fips_endpoint = hush",
      "/h/.aws/config:2: use_fips_endpoint has to be true or false" },
    { "use_dualstack_endpoint = 1",
      "/h/.aws/config:2: use_dualstack_endpoint has to be true or false" },
    { "ignore_configured_endpoint_urls = hush",
      "ignore_configured_endpoint_urls has to be true or false" },
    { "endpoint_url = hush",
      "/h/.aws/config:2: endpoint_url is no URL of an endpoint: it does not" },
    { "endpoint_url = http://u:hush@h", "endpoint_url is no URL" },
    { "max_attempts = hush",
      "/h/.aws/config:2: max_attempts has to be a number from 1 to 100" },
    { "max_attempts = 0", "max_attempts has to be a number from 1 to 100" },
    { "max_attempts = 4294967297", "max_attempts has to be a number" },
    { "retry_mode = hush", "retry_mode has to be standard, adaptive or" },
    { "defaults_mode = hush", "defaults_mode has to be standard, legacy" },
    { "tcp_keepalive = hush", "tcp_keepalive has to be true or false" },
    { "account_id_endpoint_mode = required",
      "account_id_endpoint_mode has to be preferred or disabled" },
    { "disable_clock_skew_correction = hush", "has to be true or false" },
    { "sdk_ua_app_id = a2345678901234567890123456789012345678901234567890hush",
      "/h/.aws/config:2: sdk_ua_app_id has more than 50 bytes" },
};

TEST(config, what_cannot_be_used_of_a_file_names_the_line_and_no_value)
{
    static const char *const none[2] = { NULL, NULL };

    for (size_t i = 0; i < sizeof wrong_rows / sizeof *wrong_rows; i++) {
        set_up_profile(none, wrong_rows[i].profile);
        CHECK_INT(init(), HEADCOUNT_ECONFIG);
        if (strstr(error.what, wrong_rows[i].says) == NULL ||
            strstr(error.what, "hush") != NULL)
            fail_msg("%s: %s", wrong_rows[i].profile, error.what);
    }
}

TEST(config, a_url_of_one_service_is_checked_when_it_is_used)
{
    static const char *const bad[2] = { "AWS_ENDPOINT_URL_SQS=ftp://h", NULL };
    static const char *const none[2] = { NULL, NULL };

    set_up_profile(bad, "");
    CHECK_INT(init(), 0);
    CHECK_STR(url_of(HC_SERVICE_ECS), "");
    CHECK(strncmp(show("sqs"), "AWS_ENDPOINT_URL_SQS: ", 22) == 0);
    hc_config_fini(&config);
    set_up_profile(none, "services = missing");
    CHECK_INT(init(), 0);
    CHECK_Z(show("sqs"), "the files of ~/.aws have no services `missing`; "
                         "they have none");
    hc_config_fini(&config);
    set_up_profile(none, "services = s\n[services s]\nsqs =\n"
                         "  endpoint_url = hush");
    CHECK_INT(init(), 0);
    CHECK_Z(show("sqs"), "/h/.aws/config:5: endpoint_url is no URL of an "
                         "endpoint: it does not begin with https:// or "
                         "http://");
    hc_config_fini(&config);
}

/* Also where the environment has changed since: a handle has one URL. */
TEST(config, a_url_is_looked_up_once)
{
    static const char *const given[2] = { "AWS_ENDPOINT_URL_SQS=http://a",
                                          NULL };
    set_up_profile(given, "");
    CHECK_INT(init(), 0);
    CHECK_Z(show("sqs"), "http://a");
    env[1] = "AWS_ENDPOINT_URL_SQS=http://b";
    CHECK_Z(show("sqs"), "http://a");
    CHECK_STR(url_of(HC_SERVICE_ECS), "");
    hc_config_fini(&config);
}

/* ---- what is said at level DEBUG ---- */

static void keep_line(void *ud, int level, const char *line, size_t n)
{
    (void)ud;
    CHECK_INT(level, HEADCOUNT_LOG_DEBUG);
    strncat(shown, line, n);
    strncat(shown, "|", 2);
}

static const char *notes(const char *lines)
{
    static const char *const none[2] = { NULL, NULL };
    const struct hc_log log = { .level = HEADCOUNT_LOG_DEBUG,
                                .fn = keep_line };

    set_up_profile(none, lines);
    CHECK_INT(init(), 0);
    shown[0] = '\0';
    hc_config_note(&config, &log);
    hc_config_fini(&config);
    return shown;
}

TEST(config, settings_without_effect_are_one_line_for_debugging)
{
    CHECK_Z(notes("region = eu-west-1\noutput = json\ncli_pager =\ns3 =\n"
                  "  x = hush\nsts_regional_endpoints = legacy\n"
                  "unknown = hush\n[profile other]\nparameter_validation = 1"),
            "these settings of the profile have no effect here: output "
            "cli_pager s3 sts_regional_endpoints|");
    CHECK_Z(notes("retry_mode = adaptive"),
            "the retry mode adaptive runs as standard|");
    CHECK_Z(notes("retry_mode = standard"), "");
    CHECK_Z(notes("hush"), "nothing is used of the files of ~/.aws: "
                           "/h/.aws/config:2: this line is no setting such as "
                           "region = eu-west-1|");
}

static int read_all(void)
{
    static const char *const none[2] = { NULL, NULL };

    set_up_profile(none, "region = eu-west-1\nservices = s\n"
                         "[services s]\nsqs =\n  endpoint_url = http://sqs");
    int err = init();
    struct hc_str url;

    if (err == 0)
        err = hc_config_url(&config, service_own(HC_SERVICE_SQS), &url,
                            &error);
    hc_config_fini(&config);
    return err;
}

TEST(config, memory_may_end_anywhere_in_the_files_too)
{
    t_fails_every_allocation(read_all);
}
