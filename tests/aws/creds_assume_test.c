/* tests/aws/creds_assume_test.c - credentials of a role, from an STS on
 * loopback. */
#include "t.h"

#include <string.h>

#include "aws/creds_assume.h"
#include "base/text.h"
#include "peers/creds_peer.h"

#define ROLE "arn:aws:iam::123456789012:role/ops/deploy"
#define STS "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%u"
#define KEYS "AWS_ACCESS_KEY_ID=BASE", "AWS_SECRET_ACCESS_KEY=hush-base"
#define DENIED "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User:" \
    " u is not authorized</Message></Error></ErrorResponse>"

static struct creds_peer p;

static const char *set(const char *id, int64_t seconds)
{
    static char text[4][1024];
    static unsigned turn;
    char *out = text[turn++ % 4];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "<AssumeRoleResponse xmlns=\"https://sts."
           "amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>"
           "<Arn>a</Arn></AssumedRoleUser><Credentials><AccessKeyId>%s"
           "</AccessKeyId><SecretAccessKey>hush/role</SecretAccessKey>"
           "<SessionToken>hush+token==</SessionToken><Expiration>%s"
           "</Expiration></Credentials></AssumeRoleResult>"
           "</AssumeRoleResponse>", id, when);
    return aws_answer(200, "", out);
}

static const char *error(int status, const char *code)
{
    static char text[8][256];
    static unsigned turn;
    char *out = text[turn++ % 8];

    hc_fmt(out, sizeof text[0], "<ErrorResponse><Error><Code>%s</Code>"
           "<Message>m</Message></Error></ErrorResponse>", code);
    return aws_answer(status, "", out);
}

static const struct hc_role *the_role(void)
{
    static struct hc_role role;

    role.arn = HC_STR(ROLE);
    return &role;
}

static void open_here(void)
{
    static const char *const env[] = { STS, KEYS, NULL };

    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
}

static int ask(const char *const *answers)
{
    struct hc_creds *c = hc_client_creds(&p.aws.client, the_role(),
                                         &p.error);

    CHECK(c != NULL);
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, c);
}

TEST(creds_assume, a_role_is_asked_for_by_a_signed_form)
{
    open_here();
    const char *const answers[] = { set("ROLE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ROLE");
    struct hc_identity who = hc_credentials_view(&p.out);

    CHECK_STR(who.secret, "hush/role");
    CHECK_STR(who.token, "hush+token==");
    CHECK_Z(p.out.source, "assumed role");
    CHECK_INT(p.out.features, HC_FEATURE_ENV | HC_FEATURE_ROLE);
    CHECK(strstr(p.aws.script.request[0], "\r\n\r\nAction=AssumeRole&Version="
                 "2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
                 "%2Fops%2Fdeploy&RoleSessionName=headcount-eu-west-1")
          != NULL);
    CHECK(strstr(aws_world_header(&p.aws, 0, "Authorization"),
                 "Credential=BASE/") != NULL);
    CHECK(strstr(aws_world_header(&p.aws, 0, "Authorization"),
                 "/eu-west-1/sts/aws4_request") != NULL);
    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 1);
    creds_peer_close(&p);
}

TEST(creds_assume, the_option_is_no_endpoint_of_sts)
{
    open_here();
    const char *const answers[] = { set("ROLE", 3600), NULL };

    /* It is for the service that is called: nobody is there. */
    p.aws.config.endpoint_url = HC_STR("http://127.0.0.1:1");
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ROLE");
    creds_peer_close(&p);
}

TEST(creds_assume, what_belongs_to_the_role_goes_with_it)
{
    const struct hc_role role = {
        .arn = HC_STR(ROLE), .session = HC_STR("night,shift"),
        .external_id = HC_STR("a:b/c"), .duration = 900 * HC_SECOND,
    };

    open_here();
    const char *const answers[] = { set("ROLE", 3600), NULL };
    struct hc_creds *c = hc_client_creds(&p.aws.client, &role, &p.error);

    CHECK(c != NULL);
    p.aws.script.answers = answers;
    CHECK_INT(creds_peer_ask(&p, c), 1);
    CHECK(strstr(p.aws.script.request[0], "&RoleSessionName=night%2Cshift"
                 "&ExternalId=a%3Ab%2Fc&DurationSeconds=900") != NULL);
    creds_peer_close(&p);
}

static void session_is(const char *const *env, const char *want)
{
    char text[128];

    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
    const char *const answers[] = { set("ROLE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    hc_fmt(text, sizeof text, "&RoleSessionName=%s", want);
    const char *at = strstr(p.aws.script.request[0], text);

    if (at == NULL || at[strlen(text)] != '\0')
        fail_msg("%s is not in %s", text, p.aws.script.request[0]);
    creds_peer_close(&p);
}

/* [\w+=,.@-]{2,64}, the same in every run. */
TEST(creds_assume, a_session_is_named_after_who_runs)
{
    static const char *const function[] = {
        STS, KEYS, "AWS_LAMBDA_FUNCTION_NAME=my_scaler", NULL };
    static const char *const app[] = { STS, KEYS, "AWS_SDK_UA_APP_ID=a b/\xC3",
                                       NULL };
    static const char *const endless[] = {
        STS, KEYS, "AWS_LAMBDA_FUNCTION_NAME=a234567890123456789012345678901234"
        "567890123456789012345678901234567890", NULL };

    session_is(function, "headcount-my_scaler");
    session_is(app, "headcount-a-b--");
    session_is(endless, "headcount-"
               "a23456789012345678901234567890123456789012345678901234");
}

TEST(creds_assume, it_is_replaced_before_it_expires_by_one_request)
{
    open_here();
    const char *const answers[] = { set("ONE", 400), set("TWO", 4000), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_pass(&p, 99 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 1);
    creds_peer_pass(&p, HC_SECOND);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "ONE");
    }
    creds_peer_pass(&p, 0);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    CHECK_INT(p.aws.script.requests, 2);
    creds_peer_close(&p);
}

TEST(creds_assume, while_nobody_lets_it_a_role_is_used_on_past_its_end)
{
    open_here();
    const char *const answers[] = { set("ONE", 400), error(403, "AccessDenied"),
                                    set("TWO", 20000), NULL };

    CHECK_INT(ask(answers), 1);
    p.aws.world.wall += 400 * HC_SECOND;
    p.aws.world.now += 400 * HC_SECOND;
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "ONE");
        CHECK_INT(p.aws.script.requests, 2);
    }
    p.aws.world.now += 2 * HC_CREDS_PAST;
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    creds_peer_close(&p);
}

/* ---- what is tried again ---- */

static void tried(const char *first, size_t requests, const char *says)
{
    const char *const answers[] = { first, set("ROLE", 3600), NULL };

    ask(answers);
    if (says == NULL)
        creds_peer_has(&p, "ROLE");
    else
        creds_peer_failed(&p, p.got, says);
    CHECK_INT(p.aws.script.requests, requests);
    creds_peer_close(&p);
}

TEST(creds_assume, what_passes_is_tried_again)
{
    static const char *const codes[] = { "Throttling", "RequestTimeout",
                                         "InternalServerError",
                                         "ExpiredToken" };

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        open_here();
        tried(error(400, codes[i]), 2, NULL);
    }
    open_here();
    tried(aws_answer(503, "", "<html>busy</html>"), 2, NULL);
    open_here();
    tried(AWS_PEER_CLOSE, 2, NULL);
    open_here();
    tried(error(400, "ValidationError"), 1, "ValidationError: m (HTTP 400");
    open_here();
    tried(error(403, "SignatureDoesNotMatch"), 1, "SignatureDoesNotMatch");
}

TEST(creds_assume, it_is_not_tried_for_ever)
{
    const char *const answers[] = { error(500, "Oops"), error(500, "Oops"),
                                    error(500, "Oops"), NULL };

    open_here();
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "attempt 3 of 3");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, ROLE);
    CHECK_INT(p.aws.script.requests, 3);
    CHECK_INT(p.aws.client.quota.left, HC_RETRY_QUOTA - 2 * HC_RETRY_COST);
    creds_peer_close(&p);
}

TEST(creds_assume, a_clock_that_is_off_is_mended_once)
{
    char date[64] = "Date: Tue, 01 Jan 2030 12:00:00 GMT\r\n";

    open_here();
    const char *const answers[] = {
        aws_answer(403, date, "<ErrorResponse><Error><Code>SignatureDoesNot"
                   "Match</Code></Error></ErrorResponse>"),
        set("ROLE", 200000000), NULL };

    CHECK_INT(ask(answers), 1);
    CHECK(strncmp(aws_world_header(&p.aws, 1, "X-Amz-Date"), "20300101T12",
                  11) == 0);
    creds_peer_close(&p);
}

TEST(creds_assume, who_is_silent_is_given_up)
{
    const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                    AWS_PEER_SILENT, NULL };
    int64_t before;

    open_here();
    before = p.aws.world.now;
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ETIMEDOUT, "to assume " ROLE);
    CHECK(p.aws.world.now - before <= HC_ASSUME_TIMEOUT);
    creds_peer_close(&p);
}

/* ---- what is refused ---- */

TEST(creds_assume, who_may_not_is_told_what_is_missing)
{
    const char *const answers[] = { aws_answer(403, "", DENIED), NULL };

    open_here();
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, ROLE " may not be assumed");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "trust policy has to name who");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "\"Action\":\"sts:AssumeRole\","
                      "\"Resource\":\"" ROLE "\"}");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "User: u is not authorized "
                      "(request id req-403)");
    CHECK_INT(p.aws.script.requests, 1);
    creds_peer_close(&p);
}

/* As a gateway before STS may: what the base signed with is repeated. */
TEST(creds_assume, a_refusal_repeats_nothing_of_who_assumes)
{
    static const char *const env[] = {
        "AWS_ENDPOINT_URL=http://127.0.0.1:%u", "AWS_ACCESS_KEY_ID=BASE",
        "AWS_SECRET_ACCESS_KEY=hush/of/the/base",
        "AWS_SESSION_TOKEN=hush/of/the/session", NULL };
    const char *const answers[] = {
        aws_answer(403, "", "<E><Error><Code>AccessDenied</Code><Message>for "
                   "hush/of/the/session</Message></Error><RequestId>hush/of/"
                   "the/base</RequestId></E>"),
        aws_answer(403, "", "<E><Error><Code>No-hush/of/the/session</Code>"
                   "<Message>X-Amz-Security-Token=hush/of/the/session"
                   "</Message></Error></E>"), NULL };

    for (size_t i = 0; i < 2; i++) {
        if (creds_peer_open(&p, env, NULL) < 0)
            fail_msg("%s", p.error.what);
        const char *const one[] = { answers[i], NULL };

        ask(one);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                          i == 0 ? "for ***" : "No-***");
        creds_peer_close(&p);
    }
}

TEST(creds_assume, an_answer_that_holds_no_set_is_none)
{
    static const struct { const char *body, *says; } rows[] = {
        { "", "empty body" },
        { "{\"hush\":1}", "no XML" },
        { "<a>hush", "is no XML that can be read" },
        { "<a/>", "has no credentials" },
        { "<a><AccessKeyId>a</AccessKeyId><SecretAccessKey>hush"
          "</SecretAccessKey></a>", "has no credentials" },
        { "<a><AccessKeyId>a</AccessKeyId><SecretAccessKey>hush"
          "</SecretAccessKey><SessionToken>hush</SessionToken></a>",
          "does not say when they expire" },
        { "<a><AccessKeyId>a</AccessKeyId><SecretAccessKey>hu&#10;sh"
          "</SecretAccessKey><SessionToken>hush</SessionToken><Expiration>"
          "2099-01-01T00:00:00Z</Expiration></a>", "secret access key" },
        { "<a><AccessKeyId>a</AccessKeyId><SecretAccessKey>hush"
          "</SecretAccessKey><SessionToken>hush</SessionToken><Expiration>"
          "2019-01-01T00:00:00Z</Expiration></a>", "have expired already" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *const answers[] = {
            i == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                   : aws_answer(200, "", rows[i].body), NULL };

        open_here();
        ask(answers);
        CHECK(p.got == HEADCOUNT_EANSWER || p.got == HEADCOUNT_ECREDENTIALS);
        creds_peer_failed(&p, p.got, rows[i].says);
        creds_peer_close(&p);
    }
}

/* What comes without a head may be the credentials themselves. */
TEST(creds_assume, an_answer_that_is_no_http_is_not_shown)
{
    const char *const answers[] = {
        "<SecretAccessKey>hush</SecretAccessKey>\r\n\r\n", NULL };

    open_here();
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_EPROTOCOL, "to assume " ROLE);
    creds_peer_failed(&p, HEADCOUNT_EPROTOCOL, "no HTTP/1.1");
    creds_peer_close(&p);
}

TEST(creds_assume, without_credentials_of_its_own_it_says_so)
{
    static const char *const env[] = { STS, "AWS_EC2_METADATA_DISABLED=true",
                                       NULL };

    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "to assume " ROLE ": no AWS "
                      "credentials (looked in:");
    creds_peer_close(&p);
}

#define TASK(id) aws_answer(200, "", "{\"AccessKeyId\":\"" id "\","          \
    "\"SecretAccessKey\":\"hush\",\"Token\":\"hush\"}")

static void open_in_task(void)
{
    static const char *const env[] = {
        STS, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/creds",
        NULL };

    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
}

TEST(creds_assume, who_assumes_it_with_expired_keys_gets_new_ones)
{
    open_in_task();
    const char *const answers[] = { TASK("OLD"), error(400, "ExpiredToken"),
                                    TASK("NEW"), set("ROLE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ROLE");
    CHECK(strstr(aws_world_header(&p.aws, 1, "Authorization"),
                 "Credential=OLD/") != NULL);
    CHECK(strstr(aws_world_header(&p.aws, 3, "Authorization"),
                 "Credential=NEW/") != NULL);
    creds_peer_close(&p);
    open_in_task();
    const char *const twice[] = { TASK("OLD"), error(400, "ExpiredToken"),
                                  TASK("NEW"), error(400, "ExpiredToken"),
                                  NULL };

    ask(twice);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "ExpiredToken");
    CHECK_INT(p.aws.script.requests, 4);
    creds_peer_close(&p);
}

/* Credentials that have to be waited for are waited for. */
TEST(creds_assume, a_containers_credentials_may_assume_it)
{
    open_in_task();
    const char *const answers[] = { TASK("TASK"), set("ROLE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ROLE");
    CHECK(strstr(aws_world_header(&p.aws, 1, "Authorization"),
                 "Credential=TASK/") != NULL);
    CHECK_Z(aws_world_header(&p.aws, 1, "X-Amz-Security-Token"), "hush");
    creds_peer_close(&p);
}

/* ---- ends ---- */

TEST(creds_assume, what_ends_half_way_leaves_nothing)
{
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    open_here();
    p.aws.script.answers = answers;
    p.from = hc_client_creds(&p.aws.client, the_role(), NULL);
    hc_job_wake(&p.job);
    creds_peer_pass(&p, 0);
    CHECK_INT(p.aws.script.requests, 1);
    CHECK(!p.ended);
    creds_peer_close(&p);
}

/* ---- a web identity ---- */

static const char *web_set(const char *id, int64_t seconds)
{
    static char text[2][1024];
    static unsigned turn;
    char *out = text[turn++ % 2];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "<AssumeRoleWithWebIdentityResponse>"
           "<AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>"
           "system:serviceaccount:a:b</SubjectFromWebIdentityToken>"
           "<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>"
           "arn:aws:sts::012345678901:assumed-role/deploy/s</Arn>"
           "</AssumedRoleUser><Provider>arn:aws:iam::999999999999:oidc"
           "</Provider><Credentials><SessionToken>hush+token==</SessionToken>"
           "<SecretAccessKey>hush/role</SecretAccessKey><Expiration>%s"
           "</Expiration><AccessKeyId>%s</AccessKeyId></Credentials>"
           "</AssumeRoleWithWebIdentityResult>"
           "</AssumeRoleWithWebIdentityResponse>", when, id);
    return aws_answer(200, "", out);
}

static struct hc_creds_assume web;
static struct hc_creds web_creds;
static const char *web_files[] = { "/run/token", "hush.of.the.token\n", NULL };

static void web_open(void)
{
    static const char *const env[] = { STS, NULL };
    const struct hc_role role = { .arn = HC_STR(ROLE),
                                  .token_file = HC_STR("/run/token") };

    web_files[1] = "hush.of.the.token \r\n";
    if (creds_peer_open_files(&p, env, web_files, NULL) < 0 ||
        hc_creds_assume_init(&web, &p.aws.client, NULL, &role, &p.error) < 0)
        fail_msg("%s", p.error.what);
    hc_creds_init(&web_creds, &p.aws.world.sys, &p.aws.world.net.jobs);
    const struct hc_creds_provider provider = hc_creds_assume(&web);

    hc_creds_add(&web_creds, &provider);
}

static int web_ask(const char *const *answers)
{
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, &web_creds);
}

static void web_close(void)
{
    hc_creds_fini(&web_creds);
    hc_creds_assume_fini(&web);
    creds_peer_close(&p);
}

TEST(creds_assume, a_web_identity_sends_its_token_and_no_signature)
{
    web_open();
    const char *const answers[] = { web_set("WEB", 3600), NULL };

    CHECK_INT(web_ask(answers), 1);
    creds_peer_has(&p, "WEB");
    CHECK_Z(p.out.source, "web identity");
    CHECK(strstr(p.aws.script.request[0], "\r\n\r\nAction="
                 "AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3A"
                 "aws%3Aiam%3A%3A123456789012%3Arole%2Fops%2Fdeploy&"
                 "RoleSessionName=headcount-eu-west-1&WebIdentityToken="
                 "hush.of.the.token") != NULL);
    CHECK(strstr(p.aws.script.request[0], "token%") == NULL);
    CHECK(strstr(p.aws.script.request[0], "uthorization") == NULL);
    CHECK(strstr(p.aws.script.request[0], "Security-Token") == NULL);
    web_close();
}

TEST(creds_assume, the_tokens_file_is_read_at_each_refresh)
{
    web_open();
    const char *const answers[] = { web_set("ONE", 400), web_set("TWO", 4000),
                                    NULL };

    CHECK_INT(web_ask(answers), 1);
    web_files[1] = "another.token";
    creds_peer_pass(&p, 350 * HC_SECOND);
    CHECK_INT(web_ask(answers), 1);
    creds_peer_has(&p, "TWO");
    CHECK(strstr(p.aws.script.request[1], "Token=another.token") != NULL);
    web_close();
}

/* STS may not have the new key of the issuer yet, or not reach it. */
TEST(creds_assume, a_token_that_is_not_known_yet_is_tried_again)
{
    web_open();
    const char *const answers[] = { error(400, "InvalidIdentityToken"),
                                    error(400, "IDPCommunicationError"),
                                    web_set("WEB", 3600), NULL };

    CHECK_INT(web_ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 3);
    web_close();
}

TEST(creds_assume, an_expired_token_is_read_again_once)
{
    web_open();
    const char *const answers[] = { error(400, "ExpiredTokenException"),
                                    web_set("WEB", 3600), NULL };

    CHECK_INT(web_ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 2);
    web_close();
    web_open();
    const char *const never[] = { error(400, "ExpiredTokenException"),
                                  error(400, "ExpiredTokenException"),
                                  web_set("WEB", 3600), NULL };

    web_ask(never);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "ExpiredTokenException");
    CHECK_INT(p.aws.script.requests, 2);
    web_close();
}

TEST(creds_assume, a_claim_that_is_refused_is_final)
{
    static const char *const codes[] = { "IDPRejectedClaim", "AccessDenied",
                                         "RegionDisabledException" };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        web_open();
        const char *const answers[] = { error(403, codes[i]), NULL };

        web_ask(answers);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                          i == 1 ? "sts:AssumeRoleWithWebIdentity" : codes[i]);
        CHECK_INT(p.aws.script.requests, 1);
        web_close();
    }
}

TEST(creds_assume, a_token_that_is_none_is_not_sent)
{
    static char big[HC_ASSUME_TOKEN + 2], huge[40000];
    const struct { const char *text, *words; } rows[] = {
        { "", "is empty" }, { " \n", "is empty" },
        { big, "more than 20000 bytes" }, { huge, "more than 20000 bytes" },
        { NULL, "cannot be read" },
    };

    memset(big, 'a', HC_ASSUME_TOKEN + 1);
    memset(huge, 'a', sizeof huge - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        web_open();
        web_files[1] = rows[i].text;
        web_ask(NULL);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, rows[i].words);
        CHECK_INT(p.aws.script.requests, 0);
        web_close();
    }
}

TEST(creds_assume, a_refusal_repeats_nothing_of_the_token)
{
    web_open();
    const char *const answers[] = {
        aws_answer(400, "", "<ErrorResponse><Error><Code>Blocked</Code>"
                   "<Message>WebIdentityToken=hush.of.the.token</Message>"
                   "</Error></ErrorResponse>"), NULL };

    web_ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "Blocked");
    web_close();
}

/* A timing for which there is no memory is left out: nothing fails. */
static int ended(int err)
{
    return err != 1 ? err : t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
}

static int ask_one(void)
{
    static const char *const env[] = { STS, KEYS, "AWS_MAX_ATTEMPTS=1", NULL };
    int err = creds_peer_open(&p, env, NULL);

    if (err == 0) {
        const char *const answers[] = { set("ROLE", 3600), NULL };
        struct hc_creds *c = hc_client_creds(&p.aws.client, the_role(),
                                             &p.error);

        p.aws.script.answers = answers;
        err = c != NULL ? creds_peer_ask(&p, c) : p.error.code;
    }
    creds_peer_close(&p);
    return ended(err);
}

static int ask_one_by_token(void)
{
    static const char *const env[] = { STS, "AWS_MAX_ATTEMPTS=1", NULL };
    const struct hc_role role = { .arn = HC_STR(ROLE),
                                  .token_file = HC_STR("/run/token") };

    web_files[1] = "hush.of.the.token";
    int err = creds_peer_open_files(&p, env, web_files, NULL);

    memset(&web_creds, 0, sizeof web_creds);
    memset(&web, 0, sizeof web);
    if (err == 0)
        err = hc_creds_assume_init(&web, &p.aws.client, NULL, &role, &p.error);
    if (err == 0) {
        const char *const answers[] = { web_set("WEB", 3600), NULL };
        const struct hc_creds_provider provider = hc_creds_assume(&web);

        hc_creds_init(&web_creds, &p.aws.world.sys, &p.aws.world.net.jobs);
        hc_creds_add(&web_creds, &provider);
        err = web_ask(answers);
    }
    web_close();
    return ended(err);
}

TEST(creds_assume, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
    t_fails_every_allocation(ask_one_by_token);
}

/* ---- its calls are counted ---- */

static struct headcount_stats stats[2];
static struct hc_arena texts;
static struct hc_timings timings;

static int get_counted(int who, struct hc_creds *c)
{
    const struct hc_creds_ask ask = { .waiter = &p.link, .job = &p.job,
                                      .stats = &stats[who],
                                      .timings = &timings };
    struct hc_credentials out;

    hc_credentials_init(&out, t_alloc());
    int got = hc_creds_get(c, &ask, p.aws.world.now, &out, NULL);

    hc_credentials_fini(&out);
    return got;
}

/* Whoever gets the credentials first, and nobody else. */
TEST(creds_assume, one_of_those_who_ask_counts_its_calls)
{
    open_here();
    const char *const answers[] = { error(503, "ServiceUnavailable"),
                                    set("ROLE", 3600), NULL };
    struct hc_creds *c = hc_client_creds(&p.aws.client, the_role(), NULL);

    memset(stats, 0, sizeof stats);
    hc_arena_init(&texts, t_alloc(), 1 << 16);
    timings = (struct hc_timings){ .alloc = t_alloc(), .texts = &texts };
    CHECK(c != NULL);
    CHECK_INT(ask(answers), 1);              /* it counts nothing itself */
    CHECK_INT(get_counted(0, c), 1);
    CHECK_INT(get_counted(1, c), 1);
    CHECK_INT(stats[0].api_calls, 1);
    CHECK_INT(stats[0].retries, 1);
    CHECK_INT(stats[0].connections_opened + stats[0].connections_reused, 2);
    CHECK_INT(timings.n, 2);
    CHECK_Z(timings.a[0].operation, "AssumeRole");
    CHECK_Z(timings.a[0].region, "eu-west-1");
    CHECK_INT(timings.a[0].status, 503);
    CHECK_INT(timings.a[1].attempt, 2);
    CHECK_INT(stats[1].api_calls, 0);
    CHECK_INT(p.aws.world.net.stats.api_calls, 1);
    CHECK_INT(p.aws.world.net.stats.retries, 1);
    hc_timings_fini(&timings);
    hc_arena_fini(&texts);
    creds_peer_close(&p);
}

/* A failure is counted as well; the request never left where nobody could sign
 * it. */
TEST(creds_assume, a_refusal_is_a_call_and_no_signer_is_none)
{
    static const char *const nobody[] = { STS, NULL };
    const char *const answers[] = { aws_answer(403, "", DENIED), NULL };

    for (int signer = 0; signer < 2; signer++) {
        if (signer)
            open_here();
        else
            CHECK_INT(creds_peer_open(&p, nobody, NULL), 0);
        struct hc_creds *c = hc_client_creds(&p.aws.client, the_role(), NULL);

        CHECK(c != NULL);
        memset(stats, 0, sizeof stats);
        hc_arena_init(&texts, t_alloc(), 1 << 16);
        timings = (struct hc_timings){ .alloc = t_alloc(), .texts = &texts };
        CHECK(ask(answers) < 0);
        CHECK(get_counted(0, c) < 0);
        CHECK_INT(stats[0].api_calls, signer);
        CHECK_INT(timings.n, signer);
        hc_timings_fini(&timings);
        hc_arena_fini(&texts);
        creds_peer_close(&p);
    }
}
