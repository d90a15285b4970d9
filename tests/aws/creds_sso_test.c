/* tests/aws/creds_sso_test.c - credentials of a role in IAM Identity Center:
 * the token's file, its refresh, and what the portal answers. */
#include "aws/creds_sso.h"

#include <errno.h>
#include <string.h>

#include "aws/user_agent.h"
#include "base/text.h"
#include "peers/creds_peer.h"

#define CACHE "/home/me/.aws/sso/cache"
#define PATH CACHE "/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define URL "https://d-1.awsapps.com/start"

static struct creds_peer p;
static struct {
    struct hc_creds creds;
    struct hc_creds_sso sso;
    char text[2048];                     /* of the token's file              */
    const char *files[5];
    struct headcount_error unreadable, unwritable;
    int writes, reads;
    bool other_login;                    /* before the second reading        */
    char log[1024];
} me;

static int (*world_read)(void *ud, const char *path, struct hc_buf *out,
                         struct headcount_error *e);

static int read_file(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    if (strncmp(path, CACHE, strlen(CACHE)) != 0)
        return world_read(ud, path, out, e);
    CHECK(out->secret);
    me.reads++;
    if (me.unreadable.code != 0)
        return hc_error_pass(e, &me.unreadable);
    return world_read(ud, path, out, e);
}

static int write_file(void *ud, const char *path, struct hc_str text,
                      struct headcount_error *e)
{
    (void)ud;
    CHECK_Z(path, PATH);
    if (me.unwritable.code != 0)
        return hc_error_pass(e, &me.unwritable);
    me.writes++;
    CHECK(text.n < sizeof me.text);
    memcpy(me.text, text.p, text.n);
    me.text[text.n] = '\0';
    return 0;
}

static void log_line(void *ud, int level, const char *line, size_t n)
{
    (void)ud;
    (void)level;
    hc_fmt(me.log, sizeof me.log, "%.*s", (int)n, line);
}

static void when(char out[HC_RFC3339 + 1], int64_t seconds)
{
    hc_time_rfc3339(out, p.aws.world.wall + seconds * HC_SECOND);
}

/* A file whose token lives for so many seconds. */
static void login(const char *token, int64_t seconds, bool refreshes)
{
    char expires[HC_RFC3339 + 1], registered[HC_RFC3339 + 1];

    when(expires, seconds);
    when(registered, 86400);
    hc_fmt(me.text, sizeof me.text, "{\"startUrl\":\"" URL "\",\"accessToken\":"
           "\"%s\",\"expiresAt\":\"%s\",\"x\":[1]%s%s%s}", token, expires,
           refreshes ? ",\"refreshToken\":\"hush/refresh\",\"clientId\":\"id\","
                       "\"clientSecret\":\"hush/client\","
                       "\"registrationExpiresAt\":\"" : "",
           refreshes ? registered : "", refreshes ? "\"" : "");
}

static struct hc_trust trust = { .all = { .path = { "ca.pem", 6 } } };

static int open_as(const struct hc_creds_sso_config *like)
{
    static const char *const none[] = { "AWS_EC2_METADATA_DISABLED=true",
                                        NULL };

    memset(&me, 0, sizeof me);
    int err = creds_peer_open(&p, none, NULL);

    if (err < 0)
        return err;
    struct hc_net *net = &p.aws.world.net;
    const struct hc_origin origin = net_world_origin(&p.aws.world);
    struct hc_creds_sso_config config = *like;
    struct hc_endpoint at;

    me.files[0] = PATH;
    me.files[1] = me.text;
    p.aws.world.files = me.files;
    world_read = net->sys.read_file;
    net->sys.read_file = read_file;
    net->sys.write_file = write_file;
    net->log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN,
                                .fn = log_line };
    hc_endpoint_of(&at, &origin);
    hc_fmt(at.path, sizeof at.path, "%s", config.portal == NULL ? "/" : "/b/c");
    config.net = net;
    config.portal = config.oidc = &at;
    trust.all.anchors = p.aws.world.anchors;
    config.trust = &trust;
    config.skew = &p.aws.client.skew;
    hc_creds_sso_init(&me.sso, &config);
    hc_creds_init(&me.creds, &net->sys, &net->jobs);
    me.creds.log = &net->log;
    me.creds.skew = &p.aws.client.skew;
    const struct hc_creds_provider of = hc_creds_sso(&me.sso);

    hc_creds_add(&me.creds, &of);
    return 0;
}

static struct hc_creds_sso_config usual(void)
{
    return (struct hc_creds_sso_config){
        .profile = HC_STR("dev"), .session = HC_STR("corp"),
        .start_url = HC_STR(URL), .account = HC_STR("011122223333"),
        .role = HC_STR("Read Only/x"), .cache = HC_STR(CACHE),
    };
}

static void open_me(void)
{
    const struct hc_creds_sso_config config = usual();

    if (open_as(&config) < 0)
        fail_msg("%s", p.error.what);
}

static void close_me(void)
{
    CHECK(strstr(me.log, "hush") == NULL);
    hc_waiter_leave(&p.link);
    hc_creds_fini(&me.creds);
    if (me.sso.config.net != NULL)
        hc_creds_sso_fini(&me.sso);
    hc_creds_sso_fini(&me.sso);
    creds_peer_close(&p);
}

static int ask(const char *const *answers)
{
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, &me.creds);
}

/* What the portal answers. */
static const char *role(const char *id, int64_t seconds)
{
    char body[512];

    hc_fmt(body, sizeof body, "{\"roleCredentials\":{\"accessKeyId\":\"%s\","
           "\"secretAccessKey\":\"hush\",\"sessionToken\":\"hush/session\","
           "\"expiration\":%lld}}", id, (long long)
           (p.aws.world.wall / HC_MS + seconds * 1000));
    return aws_answer(200, "Content-Type: application/json\r\n", body);
}

static const char *renewed(const char *more)
{
    char body[512];

    hc_fmt(body, sizeof body, "{\"accessToken\":\"hush/new\","
           "\"expiresIn\":3600,\"tokenType\":\"Bearer\"%s}", more);
    return aws_answer(200, "", body);
}

static bool begins(size_t i, const char *text)
{
    return strncmp(p.aws.script.request[i], text, strlen(text)) == 0;
}

static const char *body_of(size_t i)
{
    return strstr(p.aws.script.request[i], "\r\n\r\n") + 4;
}

/* ---- a token that lives ---- */

TEST(creds_sso, a_set_comes_for_the_token_of_the_file)
{
    open_me();
    login("hush/token", 301, true);
    const char *const answers[] = { role("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    CHECK_STR(hc_credentials_view(&p.out).token, "hush/session");
    CHECK_INT(p.out.expires, p.aws.world.wall / HC_MS * HC_MS +
                                 3600 * HC_SECOND);
    CHECK_Z(p.out.source, "single sign-on");
    CHECK_INT(p.out.features, HC_FEATURE_PROFILE_SSO | HC_FEATURE_SSO);
    CHECK(begins(0, "GET /federation/credentials?role_name=Read%20Only%2Fx&"
                    "account_id=011122223333 HTTP/1.1\r\n"));
    CHECK_Z(aws_world_header(&p.aws, 0, "x-amz-sso_bearer_token"),
            "hush/token");
    CHECK_Z(aws_world_header(&p.aws, 0, "Authorization"), "");
    CHECK_INT(p.aws.script.requests, 1);
    CHECK_INT(me.writes, 0);
    close_me();
}

TEST(creds_sso, an_endpoint_may_have_a_path)
{
    struct hc_creds_sso_config config = usual();
    struct hc_endpoint any;

    config.portal = &any;
    CHECK_INT(open_as(&config), 0);
    login("hush/token", 60, true);
    const char *const answers[] = { renewed(""), role("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    CHECK(begins(0, "POST /b/c/token HTTP/1.1\r\n"));
    CHECK(begins(1, "GET /b/c/federation/credentials?role_name="));
    close_me();
}

/* Another login puts another token there. */
TEST(creds_sso, the_file_is_read_at_each_refresh)
{
    open_me();
    login("hush/1", 7200, true);
    const char *const answers[] = { role("ONE", 400), role("TWO", 4000),
                                    NULL };

    CHECK_INT(ask(answers), 1);
    login("hush/2", 7200, true);
    creds_peer_pass(&p, 200 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_pass(&p, 0);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    CHECK_Z(aws_world_header(&p.aws, 1, "x-amz-sso_bearer_token"), "hush/2");
    close_me();
}

/* ---- a token that is near its end ---- */

TEST(creds_sso, a_token_in_its_last_minutes_is_refreshed_and_written_back)
{
    open_me();
    login("hush/token", 300, true);
    const char *const answers[] = {
        renewed(",\"refreshToken\":\"hush/refresh2\""), role("ONE", 3600),
        NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    CHECK(begins(0, "POST /token HTTP/1.1\r\n"));
    CHECK_Z(aws_world_header(&p.aws, 0, "Content-Type"), "application/json");
    CHECK_Z(aws_world_header(&p.aws, 0, "Authorization"), "");
    CHECK(strncmp(body_of(0), "{\"clientId\":\"id\",\"clientSecret\":"
                  "\"hush/client\",\"grantType\":\"refresh_token\","
                  "\"refreshToken\":\"hush/refresh\"}", 93) == 0);
    CHECK_Z(aws_world_header(&p.aws, 1, "x-amz-sso_bearer_token"), "hush/new");
    CHECK_INT(me.writes, 1);
    CHECK(strstr(me.text, "\"accessToken\":\"hush/new\"") != NULL);
    CHECK(strstr(me.text, "\"refreshToken\":\"hush/refresh2\"") != NULL);
    CHECK(strstr(me.text, "\"x\":[1]") != NULL);
    CHECK(strstr(me.text, "\"startUrl\":\"" URL "\"") != NULL);
    CHECK_Z(me.log, "");
    close_me();
}

/* Its new token is used for as long as nobody else writes the file. */
TEST(creds_sso, where_the_file_cannot_be_written_the_token_is_kept)
{
    for (int i = 0; i < 2; i++) {
        open_me();
        login("hush/token", 100, true);
        if (i == 0)
            hc_error_sys(&me.unwritable, HEADCOUNT_EIO, EROFS, PATH
                         " cannot be written");
        else
            p.aws.world.net.sys.write_file = NULL;
        const char *const answers[] = {
            renewed(",\"refreshToken\":\"hush/refresh2\""), role("ONE", 400),
            role("TWO", 900), role("THREE", 4000), NULL };

        CHECK_INT(ask(answers), 1);
        CHECK(strstr(me.log, "cannot be written back") != NULL);
        creds_peer_pass(&p, 401 * HC_SECOND);
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "TWO");
        CHECK_Z(aws_world_header(&p.aws, 2, "x-amz-sso_bearer_token"),
                "hush/new");
        login("hush/other", 3600, true);
        creds_peer_pass(&p, 600 * HC_SECOND);
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "THREE");
        CHECK_Z(aws_world_header(&p.aws, 3, "x-amz-sso_bearer_token"),
                "hush/other");
        CHECK_INT(p.aws.script.requests, 4);
        close_me();
    }
}

TEST(creds_sso, a_token_that_lives_is_used_where_the_exchange_fails)
{
    const char *const refusals[] = {
        aws_answer(500, "", "{\"error\":\"server_error\"}"),
        aws_answer(400, "", "{\"error\":\"invalid_grant\"}"),
        aws_answer(200, "", "{\"hush\":1}"), AWS_PEER_CLOSE };

    for (size_t i = 0; i < 4; i++) {
        bool again = i == 0 || i == 3;
        const char *answers[6] = { NULL };

        open_me();
        login("hush/token", 60, true);
        for (size_t k = 0; k < (again ? 3 : 1); k++)
            answers[k] = refusals[i];
        answers[again ? 3 : 1] = role("ONE", 3600);
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "ONE");
        CHECK(strstr(me.log, "single sign-on: ") != NULL);
        CHECK_INT(me.writes, 0);
        close_me();
    }
}

TEST(creds_sso, two_exchanges_are_half_a_minute_apart)
{
    open_me();
    login("hush/token", 200, true);
    const char *const refused = aws_answer(400, "", "{}");
    const char *const answers[] = { refused, role("ONE", 20),
                                    role("TWO", 31), refused,
                                    role("THREE", 4000), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_pass(&p, 21 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    CHECK_INT(p.aws.script.requests, 3);
    creds_peer_pass(&p, 32 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "THREE");
    CHECK(begins(3, "POST /token"));
    close_me();
}

/* ---- a person has to act ---- */

static void failed(const char *words)
{
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, words);
    close_me();
}

static void failed_login(const char *words)
{
    CHECK(strstr(p.error.what, ": run aws sso login --profile dev") != NULL);
    failed(words);
}

TEST(creds_sso, a_dead_token_that_cannot_be_refreshed_is_told)
{
    open_me();
    login("hush/token", 0, false);
    ask(NULL);
    CHECK_INT(p.aws.script.requests, 0);
    failed_login(PATH ": its token has expired and cannot be refreshed");
    struct hc_creds_sso_config old = usual();

    old.session = HC_STR("");            /* the form without a session       */
    CHECK_INT(open_as(&old), 0);
    me.files[0] = CACHE "/" "fc0f2f4cb7b0d0b6d5f0f0cf7d3a0a3d0a0a0a0a.json";
    ask(NULL);
    failed_login("nobody has logged in");
}

/* The form without a session is never refreshed. */
TEST(creds_sso, the_old_form_uses_its_token_to_the_end)
{
    struct hc_creds_sso_config old = usual();
    struct hc_buf path;

    old.session = HC_STR("");
    for (int i = 0; i < 2; i++) {
        CHECK_INT(open_as(&old), 0);
        hc_buf_init(&path, t_alloc(), 4096);
        hc_sso_token_path(&path, old.cache, old.session, old.start_url);
        me.files[0] = hc_buf_z(&path);
        login("hush/token", i == 0 ? 1 : 0, true);
        const char *const answers[] = { role("ONE", 3600), NULL };

        ask(answers);
        CHECK_INT(p.aws.script.requests, i == 0 ? 1 : 0);
        if (i == 0)
            CHECK_INT(p.out.features, HC_FEATURE_PROFILE_OLD_SSO |
                      HC_FEATURE_OLD_SSO);
        else
            creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "its token has "
                              "expired: run aws sso login --profile dev");
        hc_buf_fini(&path);
        close_me();
    }
}

TEST(creds_sso, who_has_to_log_in_again_is_told_why)
{
    static const struct { int status; const char *body, *says; } rows[] = {
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":"
          "\"Invalid token hush/refresh provided\"}",
          "ecs.test.internal does not refresh the token, HTTP 400: "
          "invalid_grant: Invalid token *** provided: run" },
        { 401, "{\"error\":\"invalid_client\"}", "HTTP 401: invalid_client" },
        { 400, "{\"__type\":\"ExpiredTokenException\",\"message\":"
          "\"hush/client\"}", "HTTP 400: ExpiredTokenException" },
        { 403, "<html><title>no hush/client</title></html>", "HTTP 403" },
        { 400, "", "HTTP 400: run" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_me();
        login("hush/token", 0, true);
        const char *const answers[] = {
            aws_answer(rows[i].status, "", rows[i].body), NULL };

        ask(answers);
        CHECK_INT(p.aws.script.requests, 1);
        failed_login(rows[i].says);
    }
}

/* Nobody has to log in because a service is down. */
TEST(creds_sso, a_service_that_is_down_is_told_as_such)
{
    static const char *const rows[][2] = {
        { NULL, "does not refresh the token, HTTP 503" },
        { AWS_PEER_SILENT, "the token cannot be refreshed: " },
    };

    for (size_t i = 0; i < 2; i++) {
        open_me();
        login("hush/token", 0, true);
        const char *down = rows[i][0] != NULL ? rows[i][0]
                                              : aws_answer(503, "", "");
        const char *const answers[] = { down, down, down, NULL };
        int64_t before = p.aws.world.now;

        ask(answers);
        CHECK_INT(p.aws.script.requests, 3);
        CHECK(p.aws.world.now - before <= 32 * HC_SECOND);
        CHECK(strstr(p.error.what, "sso login") == NULL);
        /* The next half a minute has the same answer, without a request. */
        me.creds.failed_until = 0;
        ask(answers);
        CHECK_INT(p.aws.script.requests, 3);
        failed(rows[i][1]);
    }
}

static int newer;                        /* reads before another tool's     */

static int read_newer(void *ud, const char *path, struct hc_buf *out,
                      struct headcount_error *e)
{
    if (strcmp(path, PATH) == 0 && me.reads == newer)
        login("hush/faster", 3600, true);
    return read_file(ud, path, out, e);
}

/* It may still be writing it when our exchange is refused. */
TEST(creds_sso, a_tool_that_refreshed_faster_left_its_token)
{
    for (newer = 1; newer <= HC_CREDS_SSO_LOOKS + 1; newer++) {
        open_me();
        login("hush/token", 0, true);
        p.aws.world.net.sys.read_file = read_newer;
        const char *const answers[] = {
            aws_answer(400, "", "{\"error\":\"invalid_grant\"}"),
            role("ONE", 3600), NULL };
        int64_t began = p.aws.world.now;

        ask(answers);
        CHECK(p.aws.world.now - began <= 2 * HC_SECOND);
        CHECK_INT(me.writes, 0);
        if (newer > HC_CREDS_SSO_LOOKS) {
            failed("run aws sso login");
            continue;
        }
        CHECK_INT(p.got, 1);
        CHECK_Z(aws_world_header(&p.aws, 1, "x-amz-sso_bearer_token"),
                "hush/faster");
        close_me();
    }
}

TEST(creds_sso, a_file_that_is_no_token_is_told)
{
    static const char *const rows[][2] = {
        { "", "no JSON object" }, { "hush", "no JSON object" },
        { "{\"accessToken\":\"hush\"}", "expiresAt is no time" },
        { "{\"expiresAt\":\"2099-01-01T00:00:00Z\"}", "no accessToken" },
        { "{\"accessToken\":\"hush\",\"expiresAt\":\"2099-01-01T00:00:00Z\","
          "\"startUrl\":\"https://hush.awsapps.com/start\"}",
          "its token is one of another sso_start_url" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_me();
        hc_fmt(me.text, sizeof me.text, "%s", rows[i][0]);
        for (int k = 0; k < 2; k++) {    /* it stays wrong                   */
            me.creds.failed_until = 0;
            ask(NULL);
        }
        CHECK(strstr(p.error.what, PATH) != NULL);
        CHECK_INT(p.aws.script.requests, 0);
        failed_login(rows[i][1]);
    }
    open_me();
    me.files[0] = "/nowhere";
    ask(NULL);
    failed_login("single sign-on: nobody has logged in");
    open_me();
    hc_error_sys(&me.unreadable, HEADCOUNT_EIO, EACCES, PATH " cannot be "
                 "opened");
    ask(NULL);
    failed_login(PATH " cannot be opened: ");
    struct hc_creds_sso_config lost = usual();

    lost.cache = HC_STR("");
    CHECK_INT(open_as(&lost), 0);
    ask(NULL);
    failed_login("HOME is not set");
}

TEST(creds_sso, a_file_that_is_mended_is_used)
{
    open_me();
    hc_fmt(me.text, sizeof me.text, "{");
    ask(NULL);
    login("hush/token", 3600, true);
    me.creds.failed_until = 0;
    const char *const answers[] = { role("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    close_me();
}

/* ---- the portal ---- */

TEST(creds_sso, what_the_portal_refuses_is_told)
{
    static const struct {
        int status;
        const char *headers, *body, *says;
        bool login;
    } rows[] = {
        { 401, "x-amzn-ErrorType: UnauthorizedException:http://x\r\n",
          "{\"message\":\"Session token hush/token not found or invalid\"}",
          "ecs.test.internal gives no credentials, HTTP 401: "
          "UnauthorizedException: Session token ***", true },
        { 404, "", "{\"__type\":\"ResourceNotFoundException\",\"message\":"
          "\"No such role\"}", "HTTP 404: ResourceNotFoundException: No such "
          "role: sso_account_id or sso_role_name is wrong", false },
        { 403, "", "{\"__type\":\"ForbiddenException\",\"message\":\"No "
          "access\"}", "ForbiddenException: No access: sso_account_id", false },
        { 400, "", "{\"__type\":\"InvalidRequestException\"}",
          "HTTP 400: InvalidRequestException", false },
        { 418, "", "hush/token", "HTTP 418", false },
        { 200, "", "hush", "is no JSON", false },
        { 200, "", "{\"hush\":1}", "no JSON object", false },
        { 200, "", "{\"roleCredentials\":{\"accessKeyId\":\"A\","
          "\"secretAccessKey\":\"hush\",\"sessionToken\":\"hush\"}}",
          "its expiration is no time", false },
        { 200, "", "{\"roleCredentials\":{\"accessKeyId\":\"A\","
          "\"secretAccessKey\":\"hush\",\"expiration\":1}}",
          "its sessionToken is no text", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_me();
        login("hush/token", 3600, true);
        const char *const answers[] = {
            aws_answer(rows[i].status, rows[i].headers, rows[i].body), NULL };

        ask(answers);
        CHECK_INT(p.aws.script.requests, 1);
        CHECK_INT(strstr(p.error.what, "sso login") != NULL, rows[i].login);
        failed(rows[i].says);
    }
}

TEST(creds_sso, a_set_that_has_ended_is_none)
{
    open_me();
    login("hush/token", 3600, true);
    const char *const answers[] = { role("OLD", -1), NULL };

    ask(answers);
    failed("have expired already");
}

TEST(creds_sso, what_passes_is_tried_again)
{
    open_me();
    login("hush/token", 3600, true);
    const char *const answers[] = { aws_answer(429, "", ""),
                                    aws_answer(500, "", ""),
                                    role("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    close_me();
}

TEST(creds_sso, past_its_end_a_set_is_used_on)
{
    open_me();
    login("hush/token", 3600, true);
    const char *const answers[] = { role("ONE", 400),
                                    aws_answer(404, "", ""), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_pass(&p, 401 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    close_me();
}

/* The clock of this host is far off: what the service says counts. */
TEST(creds_sso, times_are_those_of_the_service)
{
    open_me();
    login("hush/token", 100, true);
    p.aws.client.skew = 1800 * HC_SECOND;
    const char *const answers[] = { renewed(""), role("ONE", 5400), NULL };

    CHECK_INT(ask(answers), 1);
    CHECK(begins(0, "POST /token"));
    char expires[HC_RFC3339 + 1];

    when(expires, 1800 + 3600);
    expires[19] = '\0';
    CHECK(strstr(me.text, expires) != NULL);
    close_me();
}

/* ---- bounds ---- */

TEST(creds_sso, texts_are_bounded)
{
    static char text[40000];
    struct hc_creds_sso_config config = usual();

    memset(text, 'a', sizeof text - 1);
    config.role = hc_str(text);
    CHECK_INT(open_as(&config), 0);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, "too long");
    close_me();
    text[5000] = '\0';
    config.role = hc_str(text);
    CHECK_INT(open_as(&config), 0);
    login("hush/token", 3600, true);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, "sso_role_name");
    close_me();
    config = usual();
    config.cache = hc_str(text);
    CHECK_INT(open_as(&config), 0);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, "too long");
    close_me();
}

TEST(creds_sso, a_token_that_cannot_stand_in_a_header_is_not_sent)
{
    open_me();
    login("hush\\r\\nevil: yes", 3600, true);
    ask(NULL);
    CHECK_INT(p.aws.script.requests, 0);
    failed("x-amz-sso_bearer_token holds what cannot stand in a header");
}

TEST(creds_sso, what_ends_half_way_leaves_nothing)
{
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    open_me();
    login("hush/token", 100, true);
    p.aws.script.answers = answers;
    p.from = &me.creds;
    hc_job_wake(&p.job);
    creds_peer_pass(&p, 0);
    CHECK_INT(p.aws.script.requests, 1);
    close_me();
}

static int ask_one(void)
{
    const struct hc_creds_sso_config config = usual();
    int err = open_as(&config);

    if (err == 0) {
        login("hush/token", 100, true);
        const char *const answers[] = {
            renewed(",\"refreshToken\":\"hush/r\""), role("ONE", 3600), NULL };

        err = ask(answers);
    }
    close_me();
    return err == 1 ? 0 : err;
}

TEST(creds_sso, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
}
