/* tests/aws/config_test.c - options beat the environment; what cannot be used
 * names its variable. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "aws/config.h"
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
        { APP_ID_50 "1", "51 bytes" },
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
    CHECK(strstr(error.what, "AWS_ENDPOINT_URL is longer") != NULL);
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
                        "`prod`; there are: default, dev");
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
            "/h/.aws/config:1: it stands before the first section");
    hc_config_fini(&config);
    env[1] = NULL;
    CHECK_INT(init(), 0);
    CHECK_INT(hc_config_no_region(&config, &why), HEADCOUNT_ECONFIG);
    CHECK_Z(why.what, "no AWS region is known, for: /h/.aws/config:1: it "
                      "stands before the first section");
    hc_config_fini(&config);
}
