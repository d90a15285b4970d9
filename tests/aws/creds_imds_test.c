/* tests/aws/creds_imds_test.c - credentials of an instance's role, through the
 * chain that a client has. */
#include "t.h"

#include <string.h>

#include "aws/creds_imds.h"
#include "base/text.h"
#include "peers/creds_peer.h"

#define AT "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:%u"
#define TOKEN "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhush-token=="
#define ROLE "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nmy-role"
#define LIST "/latest/meta-data/iam/security-credentials/"

static struct creds_peer p;

static const char *set(const char *id, int64_t seconds)
{
    static char text[4][512];
    static unsigned turn;
    char *out = text[turn++ % 4];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "{\"Code\":\"Success\",\"AccessKeyId\":"
           "\"%s\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\","
           "\"Expiration\":\"%s\"}", id, when);
    return aws_answer(200, "", out);
}

static void open_with(const char *const *env)
{
    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
}

static void open_here(void)
{
    static const char *const env[] = { AT, NULL };

    open_with(env);
}

static int ask(const char *const *answers)
{
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, &p.aws.client.creds);
}

static void was_asked(size_t i, const char *line)
{
    if (strncmp(p.aws.script.request[i], line, strlen(line)) != 0)
        fail_msg("request %zu: %s", i, p.aws.script.request[i]);
}

TEST(creds_imds, a_token_a_role_and_its_credentials)
{
    open_here();
    const char *const answers[] = { TOKEN, aws_answer(200, "", "my-role\r\nx"),
                                    set("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    CHECK_Z(p.out.source, "instance metadata");
    was_asked(0, "PUT /latest/api/token HTTP/1.1\r\n");
    was_asked(1, "GET " LIST " HTTP/1.1\r\n");
    was_asked(2, "GET " LIST "my-role HTTP/1.1\r\n");
    CHECK_Z(aws_world_header(&p.aws, 0,
                             "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
    for (size_t i = 1; i < 3; i++)
        CHECK_Z(aws_world_header(&p.aws, i, "X-aws-ec2-metadata-token"),
                "hush-token==");
    CHECK_INT(p.aws.world.peer.n, 1);    /* one connection                   */
    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 3);
    creds_peer_close(&p);
}

TEST(creds_imds, a_token_that_is_refused_is_replaced_once)
{
    open_here();
    const char *const answers[] = {
        TOKEN, ROLE, aws_answer(401, "", ""), aws_answer(200, "", "hush-two"),
        ROLE, set("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    CHECK_Z(aws_world_header(&p.aws, 5, "X-aws-ec2-metadata-token"),
            "hush-two");
    creds_peer_close(&p);
    open_here();
    const char *const twice[] = { TOKEN, aws_answer(401, "", ""), TOKEN,
                                  aws_answer(401, "", ""), NULL };

    ask(twice);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "does not name the role, HTTP 401");
    creds_peer_close(&p);
}

/* What says that there are none leaves the chain's own words. */
static void has_none(const char *const *env, const char *const *answers,
                     const char *words)
{
    open_with(env);
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "no AWS credentials (looked in: the program, "
                      "environment (AWS_ACCESS_KEY_ID is not set), profile "
                      "(`default` is in no file of ~/.aws), container "
                      "(AWS_CONTAINER_CREDENTIALS_... is not set), instance "
                      "metadata (");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, words);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "set AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY");
    creds_peer_close(&p);
}

TEST(creds_imds, where_there_are_none_the_chain_says_so)
{
    static const char *const here[] = { AT, NULL };
    static const char *const off[] = { AT, "AWS_EC2_METADATA_DISABLED=TRUE",
                                       NULL };
    static const char *const lambda[] = { AT, "AWS_LAMBDA_FUNCTION_NAME=f",
                                          NULL };
    const char *const no_role[] = { TOKEN, aws_answer(404, "", ""), NULL };
    const char *const no_token[] = { aws_answer(403, "", "turned off\nhush"),
                                     NULL };
    const char *const old[] = { aws_answer(404, "", ""), NULL };

    has_none(here, no_role, "has no role for this instance, HTTP 404");
    has_none(here, no_token, "gives no token, HTTP 403: turned off)");
    has_none(here, old, "gives no token, HTTP 404");
    has_none(off, NULL, "AWS_EC2_METADATA_DISABLED");
    has_none(lambda, NULL, "not in Lambda");
}

TEST(creds_imds, who_does_not_answer_is_no_metadata_service)
{
    const char *const silent[] = { AWS_PEER_SILENT, AWS_PEER_SILENT, NULL };

    open_here();
    int64_t before = p.aws.world.now;

    ask(silent);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "instance metadata (127.0.0.1");
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "hop limit");
    CHECK_INT(p.aws.world.now - before, 2 * HC_CREDS_IMDS_TOKEN);
    CHECK(p.aws.world.now - before <= 5 * HC_SECOND);
    CHECK_INT(p.aws.script.requests, 2);
    creds_peer_close(&p);
    open_here();
    const char *const ill[] = { TOKEN, AWS_PEER_SILENT, AWS_PEER_SILENT,
                                NULL };

    before = p.aws.world.now;
    ask(ill);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "(tried 2 times)");
    CHECK_INT(p.aws.world.now - before, 2 * HC_CREDS_IMDS_TIMEOUT);
    creds_peer_close(&p);
    open_here();
    net_peer_refuse(&p.aws.world.peer);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "instance metadata (");
    creds_peer_close(&p);
}

TEST(creds_imds, who_answers_and_breaks_is_an_error)
{
    static const struct {
        size_t before;                   /* of TOKEN, ROLE                   */
        int status;
        const char *body, *words;
    } rows[] = {
        { 0, 400, "", "gives no token, HTTP 400" },
        { 0, 200, "", "gives no token" },
        { 0, 200, "hu\r\nsh: a", "cannot stand in a header" },
        { 1, 200, "", "names a role that is none" },
        { 1, 200, "../hush", "names a role that is none" },
        { 1, 200, "<html>", "names a role that is none" },
        { 2, 404, "<html><title>404 - Not Found</title><h1>404 - Not Found"
          "</h1>", "gives no credentials, HTTP 404" },
        { 2, 403, "<p>you sent hush-token==", "HTTP 403: you sent ***" },
        { 2, 200, "{\"Code\":\"Failed\",\"Message\":\"m\"}",
          "instance metadata: Failed: m" },
        { 2, 200, "{\"Code\":\"Failed\",\"SecretAccessKey\":\"hush of its "
          "own\",\"Message\":\"a hush of its own b\"}", "Failed: a *** b" },
        { 2, 200, "{\"Code\":\"you sent hush-token==\",\"Message\":\"m\"}",
          "instance metadata: you sent ***: m" },
        { 2, 200, "[]", "no JSON object" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *answers[] = { TOKEN, ROLE, NULL, NULL };

        answers[rows[i].before] = aws_answer(rows[i].status, "",
                                             rows[i].body);
        open_here();
        ask(answers);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, rows[i].words);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "instance metadata: ");
        CHECK_INT(p.aws.script.requests, rows[i].before + 1);
        creds_peer_close(&p);
    }
    open_here();
    const char *const expired[] = { TOKEN, ROLE, set("OLD", -1), NULL };

    ask(expired);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "have expired already");
    creds_peer_close(&p);
}

static void wrong_setting(const char *setting, const char *words)
{
    const char *const env[] = { setting, NULL };

    open_with(env);
    ask(NULL);
    creds_peer_failed(&p, HEADCOUNT_ECONFIG, words);
    creds_peer_close(&p);
}

TEST(creds_imds, a_setting_that_cannot_be_used_is_an_error)
{
    wrong_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT=https://127.0.0.1:1",
                  "over http");
    wrong_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1/a",
                  "scheme, host and port only");
    wrong_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT=127.0.0.1",
                  "no URL of a metadata service");
    wrong_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv5",
                  "has to be IPv4 or IPv6");
    wrong_setting("AWS_METADATA_SERVICE_TIMEOUT=0",
                  "AWS_METADATA_SERVICE_TIMEOUT is `0`: it has to be a number "
                  "from 1 to 600");
    wrong_setting("AWS_METADATA_SERVICE_NUM_ATTEMPTS=x",
                  "has to be a number from 1 to 100");
}

/* Nobody is asked: a connection is begun by the next step of the jobs, which
 * does not come. */
static void goes_to(const char *setting, const char *host)
{
    const char *const env[] = { setting, NULL };
    struct hc_creds_provider of = hc_creds_imds(&p.aws.client.imds);

    open_with(env);
    CHECK_INT(of.get(of.ud, &p.job, p.aws.world.now, &p.out, &p.error),
              HC_CREDS_WAIT);
    CHECK_Z(p.aws.client.imds.origin.host, host);
    creds_peer_close(&p);
}

TEST(creds_imds, its_address_is_the_mode_s_or_one_that_is_named)
{
    goes_to("A=b", "169.254.169.254");
    goes_to("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv4", "169.254.169.254");
    goes_to("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6", "fd00:ec2::254");
    goes_to("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.9:1/",
            "127.0.0.9");
}

/* One attempt of seven seconds, as botocore's own settings have it. */
TEST(creds_imds, its_patience_can_be_set)
{
    static const char *const env[] = {
        AT, "AWS_METADATA_SERVICE_TIMEOUT=7",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS=1", NULL };
    struct hc_creds_provider of = hc_creds_imds(&p.aws.client.imds);

    open_with(env);
    CHECK_INT(of.get(of.ud, &p.job, p.aws.world.now, &p.out, &p.error),
              HC_CREDS_WAIT);
    CHECK_INT(p.aws.client.imds.fetch.config.tries, 1);
    CHECK_INT(p.aws.client.imds.fetch.config.timeout, 7 * HC_SECOND);
    CHECK_INT(p.aws.client.imds.fetch.config.connect_timeout, 7 * HC_SECOND);
    creds_peer_close(&p);
}

TEST(creds_imds, a_set_is_replaced_while_it_still_serves)
{
    open_here();
    const char *const answers[] = { TOKEN, ROLE, set("ONE", 400), TOKEN, ROLE,
                                    set("TWO", 4000), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_pass(&p, 200 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    creds_peer_pass(&p, 0);
    CHECK_INT(p.aws.script.requests, 6);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    creds_peer_close(&p);
}

/* It gives no token, and nobody has to be refused for that. */
TEST(creds_imds, while_it_is_ill_a_set_is_used_on_past_its_end)
{
    open_here();
    const char *const answers[] = {
        TOKEN, ROLE, set("ONE", 400), aws_answer(500, "", ""),
        aws_answer(500, "", ""), aws_answer(403, "", ""), TOKEN, ROLE,
        set("OLD", -1), TOKEN, ROLE, set("TWO", 20000), NULL };

    CHECK_INT(ask(answers), 1);
    p.aws.world.wall += 400 * HC_SECOND;
    p.aws.world.now += 400 * HC_SECOND;
    for (size_t at = 5; at < 12; at = at == 5 ? 6 : at + 3) {
        for (int i = 0; i < 3; i++) {
            CHECK_INT(ask(answers), 1);
            creds_peer_has(&p, "ONE");
            CHECK_INT(p.aws.script.requests, at);
        }
        p.aws.world.now += 2 * HC_CREDS_PAST;
        p.aws.world.wall += 2 * HC_CREDS_PAST;
    }
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    creds_peer_close(&p);
}

#define NEW_YEAR ((int64_t)1767225600 * HC_SECOND)   /* 2026                 */
#define BEFORE "Date: Wed, 31 Dec 2025 22:00:00 GMT\r\n"
#define UNTIL_23 "{\"AccessKeyId\":\"ONE\",\"SecretAccessKey\":\"hush\","      \
    "\"Token\":\"hush\",\"Expiration\":\"2025-12-31T23:00:00Z\"}"

/* A clock that is two hours ahead does not make them old. */
TEST(creds_imds, its_date_says_how_old_they_are)
{
    open_here();
    p.aws.world.wall = NEW_YEAR;
    const char *const answers[] = {
        TOKEN, ROLE, aws_answer(200, BEFORE, UNTIL_23), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    CHECK_INT(p.aws.client.skew, -7200 * HC_SECOND);
    creds_peer_close(&p);
}

/* What a service said of its clock is not forgotten for that. */
TEST(creds_imds, a_skew_that_is_known_stays)
{
    open_here();
    p.aws.world.wall = NEW_YEAR;
    p.aws.client.skew = -3600 * HC_SECOND;
    const char *const answers[] = {
        TOKEN, ROLE, aws_answer(200, BEFORE, UNTIL_23), NULL };

    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "have expired already");
    CHECK_INT(p.aws.client.skew, -3600 * HC_SECOND);
    creds_peer_close(&p);
}

static int ask_one(void)
{
    static const char *const env[] = { AT, NULL };
    int err = creds_peer_open(&p, env, NULL);

    if (err == 0) {
        const char *const answers[] = { TOKEN, ROLE, set("ONE", 3600), NULL };

        err = ask(answers);
    }
    creds_peer_close(&p);
    return err == 1 ? 0 : err;
}

TEST(creds_imds, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
}
