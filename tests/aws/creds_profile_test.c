/* tests/aws/creds_profile_test.c - credentials that the files of ~/.aws name,
 * from the files to the requests, against STS, a container's endpoint and a
 * metadata service on loopback. */
#include "t.h"

#include <string.h>

#include "aws/creds_profile.h"
#include "base/text.h"
#include "peers/creds_peer.h"

#define ARN "arn:aws:iam::123456789012:role/"
#define STS "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%u"
#define TASK "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/task"
#define IMDS "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:%u"
#define NO_IMDS "AWS_EC2_METADATA_DISABLED=true"
#define PORTAL "AWS_ENDPOINT_URL_SSO=http://127.0.0.1:%u"
#define OIDC "AWS_ENDPOINT_URL_SSO_OIDC=http://127.0.0.1:%u"
#define LOGIN_NAME \
    "096a9ed17bc213ff49f4a3bb906248fdc062cd40e4dfe2948906b3407b40b877"
#define KEYS(n) "aws_access_key_id = K" n "\n" \
    "aws_secret_access_key = hush" n "\n"
#define ROLE(n, from) "role_arn = " ARN n "\nsource_profile = " from "\n"

static struct creds_peer p;
/* The token's file has the SHA-1 of the session's name, the login's the SHA-256
 * of the ARN. */
static const char *files[] = {
    "/h/.aws/config", NULL, "/h/.aws/credentials", NULL,
    "/run/token", "hush.token",
    "/h/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
    "{\"accessToken\":\"hush-sso\",\"expiresAt\":\"2999-01-01T00:00:00Z\"}",
    "/c/" LOGIN_NAME ".json", "{\"accessToken\":{\"accessKeyId\":\"LOGIN\","
    "\"secretAccessKey\":\"hush\",\"sessionToken\":\"hush\",\"accountId\":"
    "\"111122223333\",\"expiresAt\":\"2999-01-01T00:00:00Z\"}}", NULL };
static char lines[8192];

static void note(void *ud, int level, const char *line, size_t n)
{
    (void)ud;
    (void)level;
    hc_fmt(lines + strlen(lines), sizeof lines - strlen(lines), "%.*s;", (int)n,
           line);
}

/* Texts of the two files; "" is an empty one. */
static void open_with(const char *const *env, const char *config,
                      const char *credentials, const char *profile)
{
    static const char *const usual[] = { "HOME=/h", STS, TASK, IMDS };
    const char *all[CREDS_PEER_ENV] = { NULL };
    size_t n = 0;

    for (; env != NULL && *env != NULL; env++)       /* these come first */
        all[n++] = *env;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        all[n++] = usual[i];
    files[1] = config;
    files[3] = credentials;
    if (creds_peer_open_files(&p, all, files, profile) < 0)
        fail_msg("%s", p.error.what);
    lines[0] = '\0';
}

static int ask(const char *const *answers)
{
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, &p.aws.client.creds);
}

static const char *role_set(const char *id, int64_t seconds)
{
    static char text[6][1024];
    static unsigned turn;
    char *out = text[turn++ % 6];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "<R><AssumedRoleUser><Arn>arn:aws:sts::"
           "210987654321:assumed-role/a/s</Arn></AssumedRoleUser><Credentials>"
           "<AccessKeyId>%s</AccessKeyId><SecretAccessKey>hush/%s"
           "</SecretAccessKey><SessionToken>hush</SessionToken><Expiration>%s"
           "</Expiration></Credentials></R>", id, id, when);
    return aws_answer(200, "", out);
}

static const char *task_set(const char *id, int64_t seconds)
{
    static char text[2][512];
    static unsigned turn;
    char *out = text[turn++ % 2];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "{\"AccessKeyId\":\"%s\","
           "\"SecretAccessKey\":\"hush\",\"Token\":\"hush\","
           "\"Expiration\":\"%s\"}", id, when);
    return aws_answer(200, "Content-Type: application/json\r\n", out);
}

/* The request with this number assumes a role with that key. */
static void assumes(size_t i, const char *role, const char *key_id)
{
    char want[128];

    hc_fmt(want, sizeof want, "role%%2F%s&", role);
    if (strstr(p.aws.script.request[i], want) == NULL)
        fail_msg("no %s in %s", want, p.aws.script.request[i]);
    hc_fmt(want, sizeof want, "Credential=%s/", key_id);
    if (strstr(aws_world_header(&p.aws, i, "Authorization"), want) == NULL)
        fail_msg("no %s in %s", want, p.aws.script.request[i]);
}

/* ---- what signs ---- */

TEST(creds_profile, keys_of_a_file_sign_and_nobody_is_asked)
{
    open_with(NULL, "[default]\nregion = r\n",
              "[default]\n" KEYS("1"), NULL);
    CHECK_INT(ask(NULL), 1);
    creds_peer_has(&p, "K1");
    CHECK_Z(p.out.source, "credentials file");
    CHECK(p.out.expires == HC_NEVER);
    CHECK_INT(p.aws.script.requests, 0);
    creds_peer_close(&p);
    open_with(NULL, "[default]\n" KEYS("2"), "", NULL);
    CHECK_INT(ask(NULL), 1);
    creds_peer_has(&p, "K2");
    CHECK_Z(p.out.source, "config file");
    creds_peer_close(&p);
}

TEST(creds_profile, a_role_is_assumed_with_the_keys_of_another_profile)
{
    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\n" KEYS("1"), "",
              NULL);
    const char *const answers[] = { role_set("A", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "A");
    CHECK_Z(p.out.source, "assumed role");
    CHECK_INT(p.out.features, HC_FEATURE_PROFILE | HC_FEATURE_SOURCE_PROFILE |
                                  HC_FEATURE_ROLE);
    assumes(0, "a", "K1");
    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 1);
    creds_peer_close(&p);
}

/* Each hop has an expiry of its own: the inner one is not assumed again while
 * it lives. */
TEST(creds_profile, the_last_of_two_roles_is_refreshed_from_the_first)
{
    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\n" ROLE("b", "c")
              "[profile c]\n" KEYS("1"), "", NULL);
    const char *const answers[] = { role_set("B", 4000), role_set("A", 900),
                                    role_set("A2", 9000), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "A");
    assumes(0, "b", "K1");
    assumes(1, "a", "B");
    creds_peer_pass(&p, 850 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "A2");
    assumes(2, "a", "B");
    CHECK_INT(p.aws.script.requests, 3);
    creds_peer_close(&p);
}

TEST(creds_profile, a_first_role_that_is_refused_as_expired_is_assumed_again)
{
    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\n" ROLE("b", "c")
              "[profile c]\n" KEYS("1"), "", NULL);
    const char *const answers[] = {
        role_set("B", 4000), aws_answer(403, "", "<E><Error><Code>ExpiredToken"
                                        "</Code></Error></E>"),
        role_set("B2", 4000), role_set("A", 900), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "A");
    assumes(1, "a", "B");
    assumes(3, "a", "B2");
    creds_peer_close(&p);
}

TEST(creds_profile, a_web_identity_needs_no_keys_and_may_assume_a_role)
{
    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\nrole_arn = " ARN
              "b\nweb_identity_token_file = /run/token\n", "", NULL);
    const char *const answers[] = { role_set("B", 3600), role_set("A", 3600),
                                    NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "A");
    CHECK(strstr(p.aws.script.request[0], "AssumeRoleWithWebIdentity") != NULL);
    CHECK(strstr(p.aws.script.request[0], "Authorization") == NULL);
    assumes(1, "a", "B");
    creds_peer_close(&p);
}

TEST(creds_profile, a_pods_environment_is_enough)
{
    static const char *const env[] = {
        "AWS_WEB_IDENTITY_TOKEN_FILE=/run/token",
        "AWS_ROLE_ARN=" ARN "pod", "AWS_ROLE_SESSION_NAME=me", NULL };

    open_with(env, NULL, NULL, NULL);
    const char *const answers[] = { role_set("POD", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "POD");
    CHECK_Z(p.out.source, "web identity");
    CHECK_INT(p.out.features, HC_FEATURE_ENV_TOKEN | HC_FEATURE_WEB_ROLE);
    CHECK(strstr(p.aws.script.request[0], "RoleSessionName=me&"
                 "WebIdentityToken=hush.token") != NULL);
    creds_peer_close(&p);
}

#define SSO "sso_session = corp\nsso_account_id = 111122223333\n" \
    "sso_role_name = admin\n[sso-session corp]\nsso_region = eu-west-1\n" \
    "sso_start_url = https://corp\n"
#define SSO_SET "{\"roleCredentials\":{\"accessKeyId\":\"SSO\"," \
    "\"secretAccessKey\":\"hush\",\"sessionToken\":\"hush\"," \
    "\"expiration\":32472144000000}}"

TEST(creds_profile, single_sign_on_signs_and_may_assume_a_role)
{
    static const char *const env[] = { PORTAL, OIDC, NULL };

    open_with(env, "[default]\n" SSO, "", NULL);
    const char *const answers[] = { aws_answer(200, "", SSO_SET), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "SSO");
    CHECK(strncmp(p.aws.script.request[0], "GET /federation/credentials?", 28)
          == 0);
    CHECK_Z(aws_world_header(&p.aws, 0, "x-amz-sso_bearer_token"), "hush-sso");
    CHECK_INT(p.out.features, HC_FEATURE_PROFILE_SSO | HC_FEATURE_SSO);
    creds_peer_close(&p);

    open_with(env, "[default]\n" ROLE("a", "b") "[profile b]\n" SSO, "", NULL);
    const char *const two[] = { aws_answer(200, "", SSO_SET),
                                role_set("A", 3600), NULL };

    CHECK_INT(ask(two), 1);
    creds_peer_has(&p, "A");
    assumes(1, "a", "SSO");
    creds_peer_close(&p);
}

TEST(creds_profile, a_login_session_signs_while_its_set_lives)
{
    static const char *const env[] = { "AWS_LOGIN_CACHE_DIRECTORY=/c", NULL };
    static const char config[] = "[default]\nlogin_session = "
                                 "arn:aws:iam::1:user/a\n";

    open_with(env, config, "", NULL);
    CHECK_INT(ask(NULL), 1);
    creds_peer_has(&p, "LOGIN");
    CHECK_INT(p.out.features, HC_FEATURE_PROFILE_LOGIN | HC_FEATURE_LOGIN);
    creds_peer_close(&p);
    open_with(NULL, config, "", NULL);           /* no such file at home */
    ask(NULL);
    CHECK(p.got < 0);
    creds_peer_failed(&p, p.got, "aws login --profile default");
    creds_peer_close(&p);
}

TEST(creds_profile, a_process_is_started_only_where_the_program_allows_it)
{
    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\n"
              "credential_process = /bin/hush\n", "", NULL);
    ask(NULL);
    CHECK(p.got < 0);
    creds_peer_failed(&p, p.got, "to assume " ARN "a: ");
    creds_peer_failed(&p, p.got, "run_processes");
    CHECK_INT(p.aws.script.requests, 0);
    creds_peer_close(&p);
}

TEST(creds_profile, a_role_may_have_a_source_outside_of_the_files)
{
    static const char *const keys[] = { "AWS_ACCESS_KEY_ID=ENV",
                                        "AWS_SECRET_ACCESS_KEY=hush", NULL };
#define SOURCE(x) "[profile x]\nrole_arn = " ARN "a\n" \
    "credential_source = " x "\n"

    open_with(keys, SOURCE("Environment"), "", "x");
    const char *const one[] = { role_set("A", 3600), NULL };

    CHECK_INT(ask(one), 1);
    assumes(0, "a", "ENV");
    creds_peer_close(&p);

    open_with(NULL, SOURCE("EcsContainer"), "", "x");
    const char *const two[] = { task_set("TASK", 3600), role_set("A", 3600),
                                NULL };

    CHECK_INT(ask(two), 1);
    CHECK_INT(p.out.features, HC_FEATURE_CREDENTIAL_SOURCE |
                                  HC_FEATURE_CONTAINER | HC_FEATURE_ROLE);
    assumes(1, "a", "TASK");
    creds_peer_close(&p);

    open_with(NULL, SOURCE("Ec2InstanceMetadata"), "", "x");
    const char *const three[] = {
        aws_answer(200, "", "hush"), aws_answer(200, "", "role"),
        task_set("HOST", 3600), role_set("A", 3600), NULL };

    CHECK_INT(ask(three), 1);
    assumes(3, "a", "HOST");
    creds_peer_close(&p);
}

TEST(creds_profile, keys_of_the_environment_win_unless_a_profile_is_given)
{
    static const char *const keys[] = { "AWS_ACCESS_KEY_ID=ENV",
                                        "AWS_SECRET_ACCESS_KEY=hush",
                                        "AWS_PROFILE=x", NULL };

    open_with(keys, "[profile x]\n" KEYS("1"), "", NULL);
    CHECK_INT(ask(NULL), 1);
    creds_peer_has(&p, "ENV");
    creds_peer_close(&p);
    open_with(keys, "[profile x]\n" KEYS("1"), "", "x");
    CHECK_INT(ask(NULL), 1);
    creds_peer_has(&p, "K1");
    creds_peer_close(&p);
}

/* ---- nothing falls through to somebody else ---- */

static void stops(const char *config, const char *const *answers,
                  size_t requests, const char *words)
{
    open_with(NULL, config, "", NULL);
    ask(answers);
    CHECK(p.got < 0);
    creds_peer_failed(&p, p.got, words);
    CHECK_INT(p.aws.script.requests, requests);
    creds_peer_close(&p);
}

TEST(creds_profile, what_is_configured_and_broken_stops)
{
    const char *const denied[] = {
        aws_answer(403, "", "<E><Error><Code>AccessDenied</Code></Error></E>"),
        task_set("TASK", 3600), NULL };

    stops("[default]\naws_access_key_id = K1\n", NULL, 0,
          "stands without aws_secret_access_key");
    stops("[default]\n" ROLE("a", "b"), NULL, 0, "no profile `b`");
    stops("[default]\nregion\n", NULL, 0, "/h/.aws/config:2");
    stops("[default]\n" ROLE("a", "b") "[profile b]\n" KEYS("1"), denied, 1,
          "may not be assumed");
    stops("[default]\n" ROLE("a", "b") "[profile b]\n" ROLE("b", "c")
          "[profile c]\n" KEYS("1"), denied, 1,
          "to assume " ARN "a: " ARN "b may not be assumed");
    stops("[default]\naws_access_key_id = K 1\naws_secret_access_key = hush\n",
          NULL, 0, "holds a blank");
}

TEST(creds_profile, a_profile_without_credentials_goes_on_to_the_container)
{
    open_with(NULL, "[default]\nregion = r\n", "", NULL);
    const char *const answers[] = { task_set("TASK", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TASK");
    creds_peer_close(&p);
}

/* ---- in words ---- */

TEST(creds_profile, a_failure_tells_each_place_that_was_looked_at)
{
    static const char *const env[] = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=", NO_IMDS, NULL };

    open_with(env, "[default]\nregion = r\n", "", NULL);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "no AWS credentials (looked "
                      "in: the program, environment (AWS_ACCESS_KEY_ID is not "
                      "set), profile (`default` has no credentials), container "
                      "(AWS_CONTAINER_CREDENTIALS_... is not set), instance "
                      "metadata (AWS_EC2_METADATA_DISABLED)): run `aws "
                      "configure` or `aws sso login`, or set AWS_ACCESS_KEY_ID "
                      "and AWS_SECRET_ACCESS_KEY");
    creds_peer_close(&p);

    open_with(NULL, "[default]\nrole_arn = " ARN "a\n", "", NULL);
    p.aws.world.net.log = (struct hc_log){ .level = HEADCOUNT_LOG_DEBUG,
                                            .fn = note };
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, "/h/.aws/config:2: role_arn "
                      "stands without source_profile or credential_source");
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, "(looked in before: the program, "
                      "environment (AWS_ACCESS_KEY_ID is not set))");
    CHECK(strstr(lines, "credentials: AWS_ACCESS_KEY_ID: not configured;")
          != NULL);
    CHECK(strstr(lines, "credentials: role_arn (/h/.aws/config:2): is used;")
          != NULL);
    CHECK(strstr(lines, "_FULL_URI: is configured, but role_arn comes first;")
          != NULL);
    creds_peer_close(&p);
}

/* ---- ends ---- */

TEST(creds_profile, what_ends_half_way_leaves_nothing)
{
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    open_with(NULL, "[default]\n" ROLE("a", "b") "[profile b]\n" ROLE("b", "c")
              "[profile c]\n" KEYS("1"), "", NULL);
    p.aws.script.answers = answers;
    p.from = &p.aws.client.creds;
    hc_job_wake(&p.job);
    creds_peer_pass(&p, 0);
    CHECK_INT(p.aws.script.requests, 1);
    CHECK(!p.ended);
    creds_peer_close(&p);
}

static int ask_sso(void)
{
    static const char *const env[] = { "HOME=/h", PORTAL, OIDC, NULL };

    files[1] = "[default]\n" SSO;
    files[3] = "";
    int err = creds_peer_open_files(&p, env, files, NULL);

    if (err == 0) {
        const char *const answers[] = { aws_answer(200, "", SSO_SET), NULL };

        err = ask(answers);
    }
    creds_peer_close(&p);
    return err == 1 ? 0 : err;
}

static int ask_login(void)
{
    static const char *const env[] = { "AWS_LOGIN_CACHE_DIRECTORY=/c",
                                       "HOME=/h", NULL };

    files[1] = "[default]\nlogin_session = arn:aws:iam::1:user/a\n";
    files[3] = "";
    int err = creds_peer_open_files(&p, env, files, NULL);

    if (err == 0)
        err = ask(NULL);
    creds_peer_close(&p);
    return err == 1 ? 0 : err;
}

static int ask_once(void)
{
    static const char *const env[] = { "HOME=/h", STS, "AWS_MAX_ATTEMPTS=1",
                                       NULL };

    files[1] = "[default]\n" ROLE("a", "b") "[profile b]\n" ROLE("b", "c")
               "[profile c]\n" KEYS("1");
    files[3] = "";
    int err = creds_peer_open_files(&p, env, files, NULL);

    if (err == 0) {
        const char *const answers[] = { role_set("B", 3600),
                                        role_set("A", 3600), NULL };

        err = ask(answers);
    }
    creds_peer_close(&p);
    /* A timing for which there is no memory is left out: nothing fails. */
    return err != 1 ? err : t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
}

TEST(creds_profile, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_once);
    t_fails_every_allocation(ask_sso);
    t_fails_every_allocation(ask_login);
}

/* ---- a client ends while its credentials are refreshed ---- */

static void *kept[HC_CLIENT_ENDPOINTS];
static size_t kept_n;

/* Endpoints are overwritten and kept, so that a late change is seen. */
static void *keeping(void *ud, void *block, size_t old, size_t n)
{
    (void)ud;
    if (n > 0 || block == NULL || old != sizeof(struct hc_endpoint_slot))
        return t_alloc()->fn(t_alloc()->ud, block, old, n);
    memset(block, 0xA5, old);
    kept[kept_n++] = block;
    return NULL;
}

static void ends_within(struct hc_creds *c)
{
    static const char *const silent[] = { AWS_PEER_SILENT, NULL };

    kept_n = 0;
    p.aws.world.net.sys.alloc.fn = keeping;
    p.aws.script.answers = silent;
    p.from = c;
    hc_job_wake(&p.job);
    for (int i = 0; i < 20; i++)
        aws_world_round(&p.aws);
    CHECK_INT(p.aws.script.requests, 1);
    CHECK(!p.ended);
    hc_waiter_leave(&p.link);
    hc_client_fini(&p.aws.client);
    CHECK(kept_n > 0);
    for (size_t i = 0; i < kept_n; i++) {
        const unsigned char *at = kept[i];

        for (size_t k = 0; k < sizeof(struct hc_endpoint_slot); k++)
            CHECK_INT(at[k], 0xA5);
        t_alloc()->fn(t_alloc()->ud, kept[i], sizeof(struct hc_endpoint_slot),
                      0);
    }
    p.aws.world.net.sys.alloc = *t_alloc();
    creds_peer_close(&p);
}

TEST(creds_profile, a_client_may_end_while_a_role_is_assumed)
{
    static const char *const keys[] = { "AWS_ACCESS_KEY_ID=ENV",
                                        "AWS_SECRET_ACCESS_KEY=hush", NULL };
    static const char *const web[] = {
        "AWS_WEB_IDENTITY_TOKEN_FILE=/run/token", "AWS_ROLE_ARN=" ARN "a",
        NULL };
    const struct hc_role role = { .arn = HC_STR(ARN "a") };

    open_with(web, "", "", NULL);
    ends_within(&p.aws.client.creds);
    open_with(NULL, "[profile a]\n" ROLE("a", "b") "[profile b]\n"
              ROLE("b", "c") "[profile c]\n" KEYS("C"), "", "a");
    ends_within(&p.aws.client.creds);
    open_with(keys, "", "", NULL);
    ends_within(hc_client_creds(&p.aws.client, &role, &p.error));
}
