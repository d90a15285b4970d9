/* tests/aws/creds_files_test.c - what is configured and cannot be used stops
 * the chain and is named; what it says is never shown. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "aws/creds_files.h"

#define HELP "eval \"$(aws configure export-credentials --format env)\""

static struct {
    const char *env[4];
    const char *config, *credentials;    /* NULL: ENOENT                     */
    const char *passwd;
    const char *config_path, *credentials_path;
    int sys;                             /* what opening them ends with      */
    size_t reads;
    struct headcount_error error;
} s;

static const char *fake_getenv(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (size_t i = 0; i < 4 && s.env[i] != NULL; i++)
        if (strncmp(s.env[i], name, n) == 0 && s.env[i][n] == '=')
            return s.env[i] + n + 1;
    return NULL;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    const char *text = strcmp(path, s.config_path) == 0 ? s.config
                     : strcmp(path, s.credentials_path) == 0 ? s.credentials
                     : strcmp(path, "/etc/passwd") == 0 ? s.passwd : NULL;

    (void)ud;
    s.reads++;
    CHECK(out->secret || strcmp(path, "/etc/passwd") == 0);
    CHECK_INT(out->max, HC_CREDS_FILES_MAX);
    if (s.sys != 0)
        return hc_error_sys(e, HEADCOUNT_EIO, s.sys, "%s cannot be opened",
                            path);
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s cannot be opened",
                            path);
    if (strcmp(text, "LARGE") == 0)
        return hc_error_set(e, HEADCOUNT_ELIMIT, "%s is larger", path);
    if (strcmp(text, "FOLDER") == 0)
        return hc_error_set(e, HEADCOUNT_EIO, "%s is no regular file", path);
    hc_buf_text(out, text);
    return hc_buf_error(out);
}

static struct hc_system sys;
static struct hc_creds_files files;

static void set_up(void)
{
    memset(&s, 0, sizeof s);
    s.env[0] = "HOME=/h";
    s.config_path = "/h/.aws/config";
    s.credentials_path = "/h/.aws/credentials";
    sys = (struct hc_system){ .alloc = *t_alloc(), .getenv = fake_getenv,
                              .read_file = fake_read };
    hc_creds_files_init(&files, &sys);
}

static int ask(void)
{
    struct hc_creds_provider p = hc_creds_files(&files);
    struct hc_credentials out;
    int got;

    hc_error_reset(&s.error);
    hc_credentials_init(&out, t_alloc());
    got = p.get(p.ud, NULL, 0, &out, &s.error);
    CHECK_INT(hc_credentials_view(&out).key_id.n, 0);
    CHECK_INT(s.error.code, got);
    CHECK_Z(p.name, "");
    hc_credentials_fini(&out);
    return got;
}

static void says(const char *words)
{
    if (strstr(s.error.what, words) == NULL)
        fail_msg("no \"%s\" in \"%s\"", words, s.error.what);
    CHECK(strstr(s.error.what, "hush") == NULL);
}

#define D "[default]\n"

TEST(creds_files, each_kind_is_configured_and_named)
{
    static const struct { const char *config, *credentials, *says; } rows[] = {
        { NULL, D "aws_access_key_id = hush\naws_secret_access_key = hush\n",
          "/h/.aws/credentials:2: aws_access_key_id" },
        { NULL, D "aws_secret_access_key = hush", "aws_secret_access_key" },
        { D "aws_access_key_id = hush", NULL, "/h/.aws/config:2: aws_acc" },
        { D "region = eu-west-1\nrole_arn = hush\ncredential_source = "
          "Ec2InstanceMetadata", NULL, "/h/.aws/config:3: role_arn says" },
        { D "source_profile = hush", NULL, "source_profile" },
        { D "credential_source = hush", NULL, "credential_source" },
        { D "credential_process = hush", NULL, "credential_process" },
        { D "web_identity_token_file = hush", NULL, "web_identity_token" },
        { D "sso_session = hush", NULL, "sso_session" },
        { D "sso_start_url = hush", NULL, "sso_start_url" },
        { D "sso_account_id = hush", NULL, "sso_account_id" },
        { D "sso_role_name = hush", NULL, "sso_role_name" },
        { D "login_session = hush", NULL, "login_session" },
        { "[profile default]\nROLE_ARN = hush", NULL, "config:2: role_arn" },
        { NULL, D "role_arn = hush", "/h/.aws/credentials:2: role_arn" },
        /* several: as the SDKs look */
        { D "credential_process = x", D "aws_access_key_id = x",
          "credentials:2: aws_access_key_id" },
        { D "credential_process = x\naws_access_key_id = x", NULL,
          "credential_process" },
        { D "login_session = x", D "aws_access_key_id = x", "aws_access" },
        { D "sso_start_url = x", D "aws_access_key_id = x", "sso_start" },
        { D "role_arn = x", D "aws_access_key_id = x", "role_arn" },
        { D "role_arn = x", D "role_arn = y", "/h/.aws/credentials:2: role" },
        { D "credential_source = x", D "aws_access_key_id = x", "aws_acc" },
        { D "sso_start_url=x\nweb_identity_token_file=x", NULL, "web_id" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.config = rows[i].config;
        s.credentials = rows[i].credentials;
        CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS);
        says(rows[i].says);
        says(HELP);
        CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS); /* it is looked for again */
        s.config = s.credentials = NULL;
        CHECK_INT(ask(), 0);
    }
}

TEST(creds_files, nothing_is_configured_by_a_region_or_another_profile)
{
    static const struct { const char *config, *credentials; } rows[] = {
        { NULL, NULL }, { "", "" },
        { D "region = eu-west-1\noutput = json\ncli_pager =\n", NULL },
        { D "aws_access_key_id =\nrole_arn = # none\n", D },
        { "[profile dev]\nrole_arn = hush\nnonsense", "[dev]\naws_access_key_"
          "id = hush" },
        { "[dev]\nrole_arn = x", "[profile default]\nrole_arn = x" },
        { "[sso-session s]\nsso_start_url = hush", NULL },
        { D "s3 =\n  role_arn = x", NULL },
        { D "sso_region = eu-west-1\nmfa_serial = x\naws_session_token = x\n"
          "role_session_name = x\nservices = x", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.config = rows[i].config;
        s.credentials = rows[i].credentials;
        CHECK_INT(ask(), 0);
        CHECK_INT(s.reads, 2);
        s.config = D "role_arn = x";           /* too late for an SDK, too */
        CHECK_INT(ask(), 0);
        CHECK_INT(s.reads, 2);
    }
}

TEST(creds_files, a_web_identity_stands_where_the_sdks_look_for_it)
{
    static const struct { const char *config, *says; } rows[] = {
        { NULL, "AWS_WEB_IDENTITY_TOKEN_FILE says" },
        { D "aws_access_key_id = x", "AWS_WEB_IDENTITY_TOKEN_FILE says" },
        { D "sso_start_url = x", "AWS_WEB_IDENTITY_TOKEN_FILE says" },
        { D "web_identity_token_file = x", "AWS_WEB_IDENTITY_TOKEN_FILE says" },
        { D "role_arn = x\nweb_identity_token_file = x",
          "AWS_WEB_IDENTITY_TOKEN_FILE says" },
        { D "role_arn = x", "config:2: role_arn" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.env[1] = "AWS_WEB_IDENTITY_TOKEN_FILE=/hush";
        s.env[2] = i > 0 ? "AWS_ROLE_ARN=hush" : NULL;
        s.config = rows[i].config;
        CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS);
        says(rows[i].says);
        says(HELP);
    }
    set_up();
    s.env[1] = "AWS_WEB_IDENTITY_TOKEN_FILE=";
    s.env[2] = "AWS_ROLE_ARN=hush";
    CHECK_INT(ask(), 0);
}

TEST(creds_files, a_file_of_the_first_tools_comes_last)
{
    static const struct { const char *config, *says; } rows[] = {
        { NULL, "AWS_CREDENTIAL_FILE names" },
        { D "region = x", "AWS_CREDENTIAL_FILE names" },
        { D "aws_access_key_id = x", "config:2: aws_access_key_id" },
        { D "source_profile = x", "config:2: source_profile" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.env[1] = "AWS_CREDENTIAL_FILE=/hush";
        s.config = rows[i].config;
        CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS);
        says(rows[i].says);
        says(HELP);
    }
}

TEST(creds_files, variables_say_where_the_files_are)
{
    static const struct { const char *env[3], *path; } rows[] = {
        { { "HOME=/h", "AWS_CONFIG_FILE=/etc/aws" }, "/etc/aws" },
        { { "HOME=/h", "AWS_CONFIG_FILE=~/c" }, "/h/c" },
        { { "HOME=/h", "AWS_CONFIG_FILE=c" }, "c" },
        { { "HOME=/h", "AWS_CONFIG_FILE=" }, "/h/.aws/config" },
        { { "HOME=", "AWS_CONFIG_FILE=/etc/aws" }, "/etc/aws" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        memcpy(s.env, rows[i].env, sizeof rows[i].env);
        s.config_path = rows[i].path;
        s.config = D "role_arn = x";
        CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS);
        says(rows[i].path);
    }
    set_up();
    s.env[0] = NULL;
    CHECK_INT(ask(), 0);
    CHECK_INT(s.reads, 0);
    set_up();
    s.env[1] = "AWS_CONFIG_FILE=/dev/null";
    s.env[2] = "AWS_SHARED_CREDENTIALS_FILE=/dev/null";
    CHECK_INT(ask(), 0);
    CHECK_INT(s.reads, 0);
}

static long user(void *ud)
{
    (void)ud;
    return 12;
}

/* As a service that root starts may be. */
TEST(creds_files, without_a_home_the_users_own_is_looked_up)
{
    static const struct { const char *passwd; bool found; } rows[] = {
        { "root:x:0:0:root:/r:/bin/sh\nown:x:12:1:O W N:/own:/bin/sh\n", true },
        { "own:x:12:1::/own", true }, { "a\n\n:\nown:x:12:1::/own:", true },
        { "root:x:0:0:root:/own:/bin/sh\n", false }, { "", false },
        { "own:x:12:1:O W N::/bin/sh\n", false }, { NULL, false },
        { "own:x:12\n", false }, { "own:x:+12:1::/own:\n", false },
        { "LARGE", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.env[0] = "HOME=";
        sys.user = user;
        s.passwd = rows[i].passwd;
        s.credentials_path = "/own/.aws/credentials";
        s.credentials = D "aws_access_key_id = hush";
        CHECK_INT(ask(), rows[i].found ? HEADCOUNT_ECREDENTIALS : 0);
        if (rows[i].found)
            says("/own/.aws/credentials:2: aws_access_key_id");
        s.env[0] = "HOME=/h";            /* beats it                         */
        CHECK_INT(ask(), 0);
    }
}

TEST(creds_files, a_path_that_not_all_tools_read_alike_is_refused)
{
    static const struct { const char *env[3], *says; } rows[] = {
        { { "HOME=/h", "AWS_CONFIG_FILE=$HOME/c" }, "AWS_CONFIG_FILE has a $" },
        { { "HOME=/h", "AWS_SHARED_CREDENTIALS_FILE=/a/${X}" },
          "AWS_SHARED_CREDENTIALS_FILE has a $" },
        { { "HOME=/h", "AWS_CONFIG_FILE=~root/c" }, "begins with a ~" },
        { { "HOME=", "AWS_CONFIG_FILE=~/c" }, "begins with a ~" },
    };
    static char longest[4200];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        memcpy(s.env, rows[i].env, sizeof rows[i].env);
        CHECK_INT(ask(), HEADCOUNT_ECONFIG);
        says(rows[i].says);
    }
    set_up();
    memset(longest, 'a', sizeof longest - 1);
    memcpy(longest, "HOME=", 5);
    s.env[0] = longest;
    CHECK_INT(ask(), HEADCOUNT_ECONFIG);
    says("HOME is longer than 4096 bytes");
}

TEST(creds_files, a_file_that_is_there_and_cannot_be_read_is_named)
{
    static const struct { const char *config, *says; } rows[] = {
        { "LARGE", "/h/.aws/config is larger" },
        { "FOLDER", "/h/.aws/config is no regular file" },
        { D "hush", "/h/.aws/config:2: it is no section" },
        { "[hush\n" D, "/h/.aws/config:1: the name of a section has no ]" },
        { "hush = 1", "/h/.aws/config:1: it stands before" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_up();
        s.config = rows[i].config;
        CHECK_INT(ask(), HEADCOUNT_ECONFIG);
        says(rows[i].says);
    }
}

/* Whoever runs as somebody else than the home's owner does not see what is in
 * it; a file that a variable names is meant. */
TEST(creds_files, a_home_of_somebody_else_has_no_files)
{
    static const int none[] = { ENOENT, ENOTDIR, EACCES };
    static const int ill[] = { EIO, ELOOP, EMFILE };

    for (size_t i = 0; i < 3; i++) {
        set_up();
        s.sys = none[i];
        CHECK_INT(ask(), 0);
        set_up();
        s.sys = ill[i];
        CHECK_INT(ask(), HEADCOUNT_ECONFIG);
        says("cannot be opened");
    }
    set_up();
    s.sys = EACCES;
    s.env[1] = "AWS_CONFIG_FILE=/etc/aws";
    CHECK_INT(ask(), HEADCOUNT_ECONFIG);
    says("/etc/aws cannot be opened");
    set_up();
    s.sys = ENOENT;
    s.env[1] = "AWS_CONFIG_FILE=/etc/aws";
    CHECK_INT(ask(), 0);
}

static int ask_once(void)
{
    set_up();
    s.env[0] = "HOME=";
    sys.user = user;
    s.passwd = "own:x:12:1::/h:\n";
    s.config = D "region = x";
    s.credentials = D "region = x";
    return ask();
}

TEST(creds_files, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_once);
}
