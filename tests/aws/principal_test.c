/* tests/aws/principal_test.c - whose credentials sign, for what stands in the
 * environment and in the files of ~/.aws. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "aws/principal.h"
#include "base/text.h"

#define ARN "arn:aws:iam::123456789012:role/"
#define KEYS(n) "aws_access_key_id = K" n "\n" \
    "aws_secret_access_key = hush" n "\n"
#define HALF(n) "aws_access_key_id = K" n "\n"
#define ROLE(n) "role_arn = " ARN n "\n"
#define FROM(n) "source_profile = " n "\n"
#define WEB(n) ROLE(n) "web_identity_token_file = /t\n"
#define SSO "sso_session = corp\nsso_account_id = 111122223333\n" \
    "sso_role_name = admin\n"
#define CORP "[sso-session corp]\nsso_region = us-east-1\n" \
    "sso_start_url = https://corp.awsapps.com/start\n"
#define LEGACY "sso_account_id = 111122223333\nsso_role_name = admin\n" \
    "sso_region = us-east-1\nsso_start_url = https://a/start\n"
#define PROCESS "credential_process = /bin/give me\n"
#define LOGIN "login_session = arn:aws:iam::1:user/a\n"
#define ENV_KEYS "AWS_ACCESS_KEY_ID=E AWS_SECRET_ACCESS_KEY=hush "
#define ENV_WEB "AWS_WEB_IDENTITY_TOKEN_FILE=/et AWS_ROLE_ARN=" ARN "env "
#define TASK "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x "
#define NO_IMDS "AWS_EC2_METADATA_DISABLED=true "

/* What signs: the roles from the last to the first, then the source. */
struct row {
    const char *env;               /* NAME=VALUE, each with a blank behind   */
    const char *config, *credentials;
    const char *want;              /* "!": an error with these words         */
    const char *option;            /* the program names this profile         */
};

static const struct row *row;

static const char *fake_env(void *ud, const char *name)
{
    static char value[8][256];
    static unsigned turn;
    struct hc_str rest = hc_str(row->env), text;
    char *out = value[turn++ % 8];

    (void)ud;
    if (strcmp(name, "HOME") == 0)
        return "/h";
    while (rest.n > 0) {
        text = hc_str_cut(&rest, ' ');
        if (hc_str_eqz(hc_str_cut(&text, '='), name)) {
            /* The same name has one place, as in a process. */
            hc_fmt(out, sizeof value[0], "%.*s", HC_STR_ARG(text));
            return out;
        }
    }
    return NULL;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    const char *text = strcmp(path, "/h/.aws/config") == 0 ? row->config
        : strcmp(path, "/h/.aws/credentials") == 0 ? row->credentials : NULL;

    (void)ud;
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s cannot be opened",
                            path);
    hc_buf_text(out, text);
    return hc_buf_error(out);
}

static struct hc_system sys;
static struct hc_config config;
static struct hc_principal principal;

static struct hc_str last_part(struct hc_str arn)
{
    size_t n = sizeof ARN - 1;

    return arn.n > n ? hc_str_from(arn, n) : arn;
}

static void put_source(struct hc_buf *out)
{
    const struct hc_principal_sso *sso = &principal.sso;

    switch (principal.source) {
    case PLACE_PROGRAM:
        hc_buf_lit(out, "program");
        break;
    case PLACE_ENVIRONMENT:
        hc_buf_lit(out, "environment");
        break;
    case PLACE_TOKEN:
    case PLACE_ENV_TOKEN:
        hc_buf_fmt(out, "web %.*s %.*s %.*s",
                   HC_STR_ARG(last_part(principal.web.arn)),
                   HC_STR_ARG(principal.web.token_file),
                   HC_STR_ARG(principal.web.session));
        break;
    case PLACE_SSO:
        hc_buf_fmt(out, "sso %.*s %.*s %.*s %.*s", HC_STR_ARG(sso->session),
                   HC_STR_ARG(sso->account), HC_STR_ARG(sso->role),
                   HC_STR_ARG(sso->region));
        break;
    case PLACE_KEYS:
    case PLACE_CONFIG_KEYS:
        hc_buf_fmt(out, "keys %.*s %.*s", HC_STR_ARG(principal.keys.key_id),
                   HC_STR_ARG(principal.keys.token));
        break;
    case PLACE_LOGIN:
        hc_buf_fmt(out, "login %.*s", HC_STR_ARG(principal.text));
        break;
    case PLACE_PROCESS:
        hc_buf_fmt(out, "process %.*s", HC_STR_ARG(principal.text));
        break;
    case PLACE_CONTAINER:
        hc_buf_lit(out, "container");
        break;
    case PLACE_INSTANCE:
        hc_buf_lit(out, "instance");
        break;
    case PLACE_ROLE:
    case PLACE_OLD_FILE:
    case PLACE_NOWHERE:
        hc_buf_lit(out, "nothing");
        break;
    }
    while (out->n > 0 && out->p[out->n - 1] == ' ')
        out->n--;
}

static int find(const struct row *r, bool given, struct headcount_error *e)
{
    const struct hc_config_options options = { .profile = r->option };
    const struct hc_principal_ask ask = { &config, &sys, given };

    row = r;
    sys = (struct hc_system){ .alloc = *t_alloc(), .getenv = fake_env,
                              .read_file = fake_read };
    memset(&config, 0, sizeof config);
    int err = hc_config_init(&config, &sys, &options, e);

    return err == 0 ? hc_principal_find(&principal, &ask, e) : err;
}

static void check_row(const struct row *r, size_t number)
{
    struct headcount_error e = { 0 };
    struct hc_buf out;
    int err = find(r, false, &e);

    if (*r->want == '!') {
        if (err != HEADCOUNT_ECONFIG || strstr(e.what, r->want + 1) == NULL)
            fail_msg("row %zu: %d, no \"%s\" in \"%s\"", number, err,
                     r->want + 1, e.what);
        if (strstr(e.what, "hush") != NULL)
            fail_msg("row %zu: a secret in \"%s\"", number, e.what);
        hc_config_fini(&config);
        return;
    }
    if (err < 0)
        fail_msg("row %zu: %s", number, e.what);
    hc_buf_init(&out, t_alloc(), 4096);
    for (size_t i = 0; i < principal.hops_n; i++)
        hc_buf_fmt(&out, "%.*s < ",
                   HC_STR_ARG(last_part(principal.hop[i].arn)));
    put_source(&out);
    if (strcmp(hc_buf_z(&out), r->want) != 0)
        fail_msg("row %zu: %s, not %s", number, hc_buf_z(&out), r->want);
    hc_buf_fini(&out);
    hc_config_fini(&config);
}

#define CHECK_ROWS(rows)                                                    \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)              \
    check_row(&(rows)[i], i)

/* ---- the order ---- */

static const struct row order[] = {
    { "", NULL, NULL, "instance", NULL },
    { NO_IMDS, NULL, NULL, "nothing", NULL },
    { "AWS_EC2_METADATA_DISABLED=TRUE ", NULL, NULL, "nothing", NULL },
    { "AWS_EC2_METADATA_DISABLED=1 ", NULL, NULL, "instance", NULL },
    { TASK, NULL, NULL, "container", NULL },
    { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/ ", NULL, NULL,
      "container", NULL },
    { ENV_KEYS TASK, NULL, NULL, "environment", NULL },
    /* a secret alone is no set, a key alone is a broken one */
    { "AWS_SECRET_ACCESS_KEY=hush " TASK, NULL, NULL, "container", NULL },
    { "AWS_ACCESS_KEY_ID=E " TASK, NULL, NULL, "environment", NULL },
    /* the profile of a variable loses against keys of the environment ... */
    { "AWS_PROFILE=x " ENV_KEYS, "[profile x]\n" KEYS("1"), NULL,
      "environment", NULL },
    { "AWS_DEFAULT_PROFILE=x ", "[profile x]\n" KEYS("1"), NULL, "keys K1",
      NULL },
    { "AWS_PROFILE=x AWS_DEFAULT_PROFILE=y ",
      "[profile x]\n" KEYS("1") "[profile y]\n" KEYS("2"), NULL, "!AWS_PROFILE",
      NULL },
    { "AWS_PROFILE=x AWS_DEFAULT_PROFILE=x ", "[profile x]\n" KEYS("1"), NULL,
      "keys K1", NULL },
    { "AWS_PROFILE= ", "[default]\n" KEYS("1"), NULL, "keys K1", NULL },
    /* ... and one that the program names wins, also against a web identity */
    { ENV_KEYS ENV_WEB, "[profile x]\n" KEYS("1"), NULL, "keys K1", "x" },
    { ENV_KEYS ENV_WEB TASK, "[profile x]\nregion = r\n", NULL, "container",
      "x" },
    { "AWS_PROFILE=y " ENV_KEYS, "[profile x]\n" KEYS("1"), NULL, "keys K1",
      "x" },
    /* a profile that is missing is an error whatever else there is */
    { "AWS_PROFILE=y " ENV_KEYS, "[profile x]\n" KEYS("1"), NULL, "!x", NULL },
    { ENV_KEYS, "[profile x]\n" KEYS("1"), NULL, "!no profile `y`", "y" },
    { "", "[profile x]\n" KEYS("1"), NULL, "instance", NULL },
    /* web identities */
    { ENV_WEB, "[default]\n" KEYS("1"), NULL, "web env /et", NULL },
    { ENV_WEB "AWS_PROFILE=x ", "[profile x]\n" KEYS("1"), NULL,
      "web env /et", NULL },
    { ENV_WEB "AWS_ROLE_SESSION_NAME=me ", NULL, NULL, "web env /et me",
      NULL },
    { ENV_WEB, "[default]\n" ROLE("a") FROM("b") "[profile b]\n" KEYS("1"),
      NULL, "a < keys K1", NULL },
    { ENV_WEB, "[default]\n" WEB("a"), NULL, "web env /et", NULL },
    { ENV_KEYS ENV_WEB, NULL, NULL, "environment", NULL },
    { ENV_WEB "AWS_ROLE_SESSION_NAME=a:b ", NULL, NULL,
      "!AWS_ROLE_SESSION_NAME has to be 2 to 64", NULL },
    { "AWS_WEB_IDENTITY_TOKEN_FILE=/et AWS_ROLE_ARN=nonsense ", NULL, NULL,
      "!AWS_ROLE_ARN has to look like arn:aws:iam::", NULL },
    { "AWS_ROLE_ARN=" ARN "env AWS_ROLE_SESSION_NAME=me ",
      "[default]\n" WEB("a"), NULL, "web a /t", NULL },
    { "AWS_WEB_IDENTITY_TOKEN_FILE=/et " TASK, NULL, NULL, "!AWS_ROLE_ARN",
      NULL },
    { "AWS_WEB_IDENTITY_TOKEN_FILE=/et " TASK, "[default]\n" ROLE("a"), NULL,
      "!role_arn stands without source_profile", NULL },
    { "AWS_WEB_IDENTITY_TOKEN_FILE= " TASK, NULL, NULL, "container", NULL },
    { TASK, "[default]\n" WEB("a") "role_session_name = me\n", NULL,
      "web a /t me", NULL },
    { TASK, "[default]\nweb_identity_token_file = /t\n", NULL,
      "!.aws/config:2: web_identity_token_file stands without role_arn",
      NULL },
    { TASK, "[default]\n" WEB("a") FROM("b") "[profile b]\n" KEYS("1"), NULL,
      "!stands beside source_profile", NULL },
    /* within a profile */
    { TASK, "[default]\n" SSO KEYS("1") CORP, NULL,
      "sso corp 111122223333 admin us-east-1", NULL },
    { TASK, "[default]\n" SSO CORP, "[default]\n" KEYS("2"),
      "sso corp 111122223333 admin us-east-1", NULL },
    { TASK, "[default]\n" WEB("a") SSO CORP, "[default]\n" KEYS("2"),
      "web a /t", NULL },
    { TASK, "[default]\n" PROCESS KEYS("1"), NULL, "process /bin/give me",
      NULL },
    { TASK, "[default]\n" PROCESS, "[default]\n" KEYS("2"), "keys K2", NULL },
    { TASK, "[default]\n" LOGIN PROCESS KEYS("1"), NULL,
      "login arn:aws:iam::1:user/a", NULL },
    { TASK, "[default]\n" LOGIN, "[default]\n" KEYS("2"), "keys K2", NULL },
    { TASK, "[default]\n" KEYS("1"), NULL, "keys K1", NULL },
    { TASK, "[default]\nregion = r\n", NULL, "container", NULL },
    { TASK, "[default]\ncredential_process =\nrole_arn =\n", NULL,
      "container", NULL },
    { TASK, "[default]\ncredential_process = give\n  me\n", NULL,
      "process give?me", NULL },
    { TASK "AWS_CREDENTIAL_FILE=/f ", "[default]\nregion = r\n", NULL,
      "!AWS_CREDENTIAL_FILE", NULL },
    { "AWS_CREDENTIAL_FILE=/f ", "[default]\n" KEYS("1"), NULL, "keys K1",
      NULL },
};

TEST(principal, the_first_place_that_is_configured_is_the_one)
{
    CHECK_ROWS(order);
}

/* ---- one place ---- */

static const struct row places[] = {
    /* a triple comes from one file */
    { "", "[default]\n" KEYS("1") "aws_session_token = T1\n",
      "[default]\n" KEYS("2"), "keys K2", NULL },
    { "", "[default]\n" KEYS("1"),
      "[default]\n" KEYS("2") "aws_session_token = T2\n", "keys K2 T2", NULL },
    { "", NULL, "[default]\n" KEYS("2") "aws_security_token = T2\n",
      "keys K2 T2", NULL },
    { "", NULL, "[default]\n" KEYS("2") "aws_security_token = T2\n"
      "aws_session_token = T3\n", "keys K2 T3", NULL },
    /* half a pair is an error, also beside a whole one */
    { TASK, "[default]\n" KEYS("1"), "[default]\n" HALF("2"),
      "!.aws/credentials:2: aws_access_key_id stands without "
      "aws_secret_access_key", NULL },
    { TASK, NULL, "[default]\naws_secret_access_key = hush\n",
      "!stands without aws_access_key_id", NULL },
    { TASK, "[default]\n" HALF("1"), NULL, "!stands without", NULL },
    { TASK, NULL, "[default]\n" HALF("2") "aws_secret_access_key =\n",
      "!stands without", NULL },
    /* SSO, both forms */
    { TASK, "[default]\nsso_session = corp\n" CORP, NULL, "container", NULL },
    { TASK, "[default]\n" LEGACY, NULL, "sso  111122223333 admin us-east-1",
      NULL },
    { TASK, "[default]\n" SSO, NULL, "!no sso-session `corp`", NULL },
    { TASK, "[default]\n" SSO "[sso-session corp]\nsso_region = r\n", NULL,
      "!its sso-session has no sso_start_url", NULL },
    { TASK, "[default]\n" SSO "[sso-session corp]\nsso_start_url = u\n", NULL,
      "!its sso-session has no sso_region", NULL },
    { TASK, "[default]\n" SSO "sso_region = eu-west-1\n" CORP, NULL,
      "!.aws/config:5: sso_region differs", NULL },
    { TASK, "[default]\n" SSO "sso_region = us-east-1\n" CORP, NULL,
      "sso corp 111122223333 admin us-east-1", NULL },
    { TASK, "[default]\nsso_session = corp\nsso_role_name = a\n" CORP, NULL,
      "!it has no sso_account_id", NULL },
    { TASK, "[default]\nsso_session = corp\nsso_account_id = 1\n" CORP, NULL,
      "!it has no sso_role_name", NULL },
    { TASK, "[default]\nsso_role_name = a\nsso_account_id = 1\n", NULL,
      "!profile `default`: it has no sso_region", NULL },
    /* faults of the files count once something is needed from them */
    { ENV_KEYS, "region = r\n", NULL, "environment", NULL },
    { TASK, "region = r\n", NULL, "!.aws/config:1", NULL },
    { TASK, "[default]\nnonsense\n", NULL, "!.aws/config:2", NULL },
    { TASK, "[default]\n" KEYS("1"), "[d]\n[DEFAULT]\n" KEYS("2"),
      "!.aws/credentials:2: [DEFAULT]", NULL },
    { TASK, "[DEFAULT]\n" KEYS("2"), NULL, "!.aws/config:1: [DEFAULT]",
      NULL },
    { ENV_KEYS, "[DEFAULT]\n" KEYS("2"), NULL, "environment", NULL },
    { "", "[profile DEFAULT]\n" KEYS("2"), NULL, "keys K2", "DEFAULT" },
    { TASK, "[default]\n[profile x]\nnonsense\n", NULL, "container", NULL },
    { TASK, "[default]\n" ROLE("a") FROM("x") "[profile x]\nnonsense\n", NULL,
      "!.aws/config:5", NULL },
    { TASK, "[default]\nrole_arn = " ARN "a\n  b\n" FROM("x"), NULL,
      "!.aws/config:2: role_arn goes on in the next line", NULL },
};

TEST(principal, what_is_configured_is_whole_or_an_error)
{
    CHECK_ROWS(places);
}

/* ---- roles ---- */

#define A(more) "[default]\n" ROLE("a") more
#define B(more) "[profile b]\n" more
#define C(more) "[profile c]\n" more
#define HOP(n, next) "[profile h" n "]\n" ROLE("r" n) FROM("h" next)
#define HOPS HOP("1", "2") HOP("2", "3") HOP("3", "4") HOP("4", "5") \
    HOP("5", "6") HOP("6", "7") HOP("7", "8")

static const struct row hops[] = {
    { "", A(FROM("b")) B(KEYS("1")), NULL, "a < keys K1", NULL },
    { "", A(FROM("b")), "[b]\n" KEYS("2"), "a < keys K2", NULL },
    { "", A(FROM("b")) B(ROLE("b") FROM("c")) C(KEYS("1")), NULL,
      "a < b < keys K1", NULL },
    { "", A(FROM("b")) B(SSO) CORP, NULL,
      "a < sso corp 111122223333 admin us-east-1", NULL },
    { "", A(FROM("b")) B(PROCESS), NULL, "a < process /bin/give me", NULL },
    { "", A(FROM("b")) B(LOGIN), NULL, "a < login arn:aws:iam::1:user/a",
      NULL },
    { "", A(FROM("b")) B(WEB("b")), NULL, "a < web b /t", NULL },
    /* from the second profile on, keys win over the role */
    { "", A(FROM("b")) B(ROLE("b") FROM("c") KEYS("1")) C(KEYS("2")), NULL,
      "a < keys K1", NULL },
    { "", A(KEYS("1") FROM("b")) B(KEYS("2")), NULL, "a < keys K2", NULL },
    { "", A(FROM("b")) B(ROLE("b") FROM("c") KEYS("1") PROCESS) C(KEYS("2")),
      NULL, "a < process /bin/give me", NULL },
    /* a profile that names itself means its own keys */
    { "", A(FROM("default") KEYS("1")), NULL, "a < keys K1", NULL },
    { "", A(FROM("default") PROCESS), NULL, "a < process /bin/give me", NULL },
    { "", A(FROM("default")), NULL, "!its source_profile is itself", NULL },
    { TASK, A(FROM("default")), NULL, "!its source_profile is itself", NULL },
    { "", A(FROM("b")) B(ROLE("b") FROM("b") PROCESS), NULL,
      "a < b < process /bin/give me", NULL },
    /* the environment is not looked at on the way */
    { ENV_WEB, A(FROM("b")) B("region = r\n"), NULL,
      "!profile `b`: it is the source_profile of a role, and has no "
      "credentials", NULL },
    { ENV_KEYS, "[profile x]\n" ROLE("a") FROM("b") B("region = r\n"), NULL,
      "!profile `b`", "x" },
    /* loops, and profiles that are missing */
    { TASK, A(FROM("b")) B(ROLE("b") FROM("default")), NULL,
      "!.aws/config:6: source_profile leads back", NULL },
    { TASK, A(FROM("b")) B(ROLE("b") FROM("c")) C(ROLE("c") FROM("b")), NULL,
      "!source_profile leads back", NULL },
    { TASK, A(FROM("z")) B(KEYS("1")), NULL,
      "!profile `default`: source_profile: the files of ~/.aws have no "
      "profile `z`", NULL },
    { TASK, A(FROM("b")) "[b]\n" KEYS("1"), NULL, "![profile b]", NULL },
    { "", HOPS "[profile h8]\n" KEYS("1"), NULL,
      "r1 < r2 < r3 < r4 < r5 < r6 < r7 < keys K1", "h1" },
    { "", HOPS HOP("8", "9") "[profile h9]\n" KEYS("1"), NULL,
      "r1 < r2 < r3 < r4 < r5 < r6 < r7 < r8 < keys K1", "h1" },
    { "", HOPS HOP("8", "9") HOP("9", "10") "[profile h10]\n" KEYS("1"), NULL,
      "!more than 8 roles", "h1" },
    /* a source, and only one */
    { TASK, A(""), NULL, "!.aws/config:2: role_arn stands without", NULL },
    { TASK, A(KEYS("1")), NULL, "!role_arn stands without", NULL },
    { TASK, A(FROM("b") "credential_source = EcsContainer\n") B(KEYS("1")),
      NULL, "!.aws/config:4: credential_source stands beside", NULL },
    { ENV_KEYS, "[profile x]\n" ROLE("a") "credential_source = Environment\n",
      NULL, "a < environment", "x" },
    { TASK, A("credential_source = EcsContainer\n"), NULL, "a < container",
      NULL },
    { "", A("credential_source = Ec2InstanceMetadata\n"), NULL,
      "a < instance", NULL },
    { TASK, A("credential_source = Environment\n") KEYS("1"), NULL,
      "!is Environment, and AWS_ACCESS_KEY_ID is not set", NULL },
    { "", A("credential_source = EcsContainer\n"), NULL, "!is EcsContainer",
      NULL },
    { NO_IMDS, A("credential_source = Ec2InstanceMetadata\n"), NULL,
      "!is Ec2InstanceMetadata", NULL },
    { TASK, A("credential_source = ecscontainer\n"), NULL,
      "!has to be Environment, EcsContainer or", NULL },
    /* what no key set has in it */
    { "", "[default]\naws_access_key_id = A B\n"
          "aws_secret_access_key = s\n", NULL,
      "!.aws/config:2: aws_access_key_id holds a blank", NULL },
    { "", "[default]\naws_access_key_id = A\n"
          "aws_secret_access_key = \xc3\xa4\n", NULL,
      "!.aws/config:3: aws_secret_access_key holds a blank or", NULL },
    /* what is sent with it */
    { TASK, A(FROM("b") "mfa_serial = arn:m\n") B(KEYS("1")), NULL,
      "!aws configure export-credentials --profile default --format process",
      NULL },
    { TASK, "[profile \"a b\"]\nrole_arn = " ARN "a\n" FROM("b")
      "mfa_serial = arn:m\n" B(KEYS("1")), NULL,
      "!aws configure export-credentials --profile 'a b' --format", "a b" },
    { TASK, A(FROM("b") "duration_seconds = 1h\n") B(KEYS("1")), NULL,
      "!.aws/config:4: duration_seconds has to be", NULL },
    { TASK, A(FROM("b") "duration_seconds = 899\n") B(KEYS("1")), NULL,
      "!.aws/config:4: duration_seconds has to be a whole", NULL },
    { TASK, A(FROM("b") "external_id = a b\n") B(KEYS("1")), NULL,
      "!.aws/config:4: external_id has to be 2", NULL },
    { TASK, A(FROM("b") "role_session_name = a b\n") B(KEYS("1")), NULL,
      "!.aws/config:4: role_session_name has to be 2", NULL },
    { TASK, "[default]\nrole_arn = nonsense\n" FROM("b") B(KEYS("1")), NULL,
      "!.aws/config:2: role_arn has to look like arn:aws:iam::", NULL },
    { TASK, A(FROM("b")) B(ROLE("b") FROM("c") "mfa_serial = m\n")
      C(KEYS("1")), NULL, "!.aws/config:7: mfa_serial", NULL },
};

TEST(principal, roles_lead_to_one_source_or_to_an_error)
{
    CHECK_ROWS(hops);
}

TEST(principal, a_hop_has_all_that_its_profile_says)
{
    static const struct row r = {
        "", A(FROM("b") "role_session_name = me\nexternal_id = x:y\n"
              "duration_seconds = 900\n")
            B(KEYS("1")), NULL, "", NULL };

    CHECK_INT(find(&r, false, NULL), 0);
    CHECK_INT(principal.hops_n, 1);
    CHECK_STR(principal.hop[0].arn, ARN "a");
    CHECK_STR(principal.hop[0].session, "me");
    CHECK_STR(principal.hop[0].external_id, "x:y");
    CHECK_INT(principal.hop[0].duration, 900 * HC_SECOND);
    CHECK_STR(principal.profile, "b");
    CHECK_STR(principal.keys.secret, "hush1");
    hc_config_fini(&config);
}

/* ---- in words ---- */

static void place_is(enum hc_place place, const char *want)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 4096);
    hc_place_put(&principal, &config, place, &out);
    CHECK_Z(hc_buf_z(&out), want);
    hc_buf_fini(&out);
}

TEST(principal, each_place_says_what_was_found_and_why_it_is_used)
{
    static const struct row r = {
        TASK ENV_KEYS, "[profile x]\n" PROCESS KEYS("1"), NULL, "", "x" };
    static const struct row none = { TASK, NULL, NULL, "", NULL };

    CHECK_INT(find(&r, false, NULL), 0);
    place_is(PLACE_PROGRAM, "keys given by the program: not configured");
    place_is(PLACE_ENVIRONMENT, "AWS_ACCESS_KEY_ID: is not looked at, because "
             "the program names a profile");
    place_is(PLACE_ENV_TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE: not configured");
    place_is(PLACE_PROCESS, "credential_process (/h/.aws/config:2): is used");
    place_is(PLACE_CONFIG_KEYS, "aws_access_key_id in the config file "
             "(/h/.aws/config:3): is configured, but credential_process comes "
             "first");
    place_is(PLACE_INSTANCE, "the metadata of the instance: is configured, "
             "but credential_process comes first");
    hc_config_fini(&config);
    CHECK_INT(find(&none, true, NULL), 0);
    CHECK(principal.source == PLACE_PROGRAM);
    place_is(PLACE_PROGRAM, "keys given by the program: is used");
    hc_config_fini(&config);
}
