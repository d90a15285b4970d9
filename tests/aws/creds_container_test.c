/* tests/aws/creds_container_test.c - credentials of an ECS task or an EKS pod,
 * through the chain that a client has. */
#include "t.h"

#include <string.h>

#include "aws/creds_container.h"
#include "base/text.h"
#include "peers/creds_peer.h"

#define URL "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/get?a=b"
#define TEXT_TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN=hush text"
#define FILE_TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/etc/hosts"
#define NO_IMDS "AWS_EC2_METADATA_DISABLED=true"

static struct creds_peer p;

/* A set that lives for so many seconds, "expires" later than 0 or not. */
static const char *set(const char *id, int64_t seconds)
{
    static char text[4][512];
    static unsigned turn;
    char *out = text[turn++ % 4];
    char when[HC_RFC3339 + 1];

    hc_time_rfc3339(when, p.aws.world.wall + seconds * HC_SECOND);
    hc_fmt(out, sizeof text[0], "{\"RoleArn\":\"r\",\"AccessKeyId\":\"%s\","
           "\"SecretAccessKey\":\"hush\",\"Token\":\"hush\","
           "\"Expiration\":\"%s\"}", id, when);
    return aws_answer(200, "Content-Type: application/json\r\n", out);
}

static void open_with(const char *const *env)
{
    if (creds_peer_open(&p, env, NULL) < 0)
        fail_msg("%s", p.error.what);
}

static int ask(const char *const *answers)
{
    p.aws.script.answers = answers;
    return creds_peer_ask(&p, &p.aws.client.creds);
}

TEST(creds_container, a_set_comes_from_the_url_with_the_token)
{
    static const char *const env[] = { URL, TEXT_TOKEN, NULL };

    open_with(env);
    const char *const answers[] = { set("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    CHECK_Z(p.out.source, "container");
    CHECK(strncmp(p.aws.script.request[0], "GET /get?a=b HTTP/1.1\r\n", 23)
          == 0);
    CHECK_Z(aws_world_header(&p.aws, 0, "Authorization"), "hush text");
    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.script.requests, 1);
    creds_peer_close(&p);
}

TEST(creds_container, without_a_token_none_is_sent)
{
    static const char *const env[] = { URL, NULL };

    open_with(env);
    const char *const answers[] = { set("ONE", 3600), NULL };

    CHECK_INT(ask(answers), 1);
    CHECK(strstr(p.aws.script.request[0], "Authorization") == NULL);
    creds_peer_close(&p);
}

/* Whoever wrote the token replaces it while the process runs. */
TEST(creds_container, the_tokens_file_is_read_for_each_fetch)
{
    static const char *const env[] = { URL, TEXT_TOKEN, FILE_TOKEN, NULL };

    open_with(env);
    p.aws.world.hosts = "first";
    const char *const answers[] = { set("ONE", 400), set("TWO", 4000), NULL };

    CHECK_INT(ask(answers), 1);
    p.aws.world.hosts = "second";
    creds_peer_pass(&p, 200 * HC_SECOND);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");           /* lent while the other one comes   */
    creds_peer_pass(&p, 0);
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    CHECK_Z(aws_world_header(&p.aws, 0, "Authorization"), "first");
    CHECK_Z(aws_world_header(&p.aws, 1, "Authorization"), "second");
    CHECK_INT(p.aws.script.requests, 2);
    creds_peer_close(&p);
}

static void refused(const char *const *env, const char *hosts, int code,
                    const char *words)
{
    open_with(env);
    p.aws.world.hosts = hosts;
    p.aws.world.resolv_conf = NULL;
    ask(NULL);
    creds_peer_failed(&p, code, words);
    CHECK_INT(p.aws.script.requests, 0);
    creds_peer_close(&p);
}

TEST(creds_container, a_token_that_cannot_be_sent_is_not)
{
    static const char *const lines[] = {
        URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN=hush\r\nevil: yes", NULL };
    static const char *const file[] = { URL, FILE_TOKEN, NULL };
    static const char *const gone[] = {
        URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/etc/resolv.conf",
        TEXT_TOKEN, NULL };

    refused(lines, "", HEADCOUNT_ECREDENTIALS,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN: "
            "the token holds a line break");
    refused(file, "hush\n", HEADCOUNT_ECREDENTIALS,
            "TOKEN_FILE: the token holds a "
            "line break");
    refused(file, "hush\xC3\xA4", HEADCOUNT_ECREDENTIALS, "TOKEN_FILE");
    refused(file, "", HEADCOUNT_ECREDENTIALS, "is empty");
    refused(gone, "", HEADCOUNT_ECREDENTIALS, "/etc/resolv.conf (AWS_CONTAINER_"
            "AUTHORIZATION_TOKEN_FILE)");
}

#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI="
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="

TEST(creds_container, who_is_not_local_is_not_asked_over_http)
{
    static const char *const bad[] = {
        FULL "http://10.0.0.1/hush", FULL "http://example.test/hush",
        FULL "http://169.254.170.3/hush", FULL "http://169.254.169.254/hush",
        FULL "http://[fd00:ec2::24]/hush", FULL "http://128.0.0.1/hush",
        FULL "http://localhost.example.test/hush",
        FULL "ftp://127.0.0.1/hush", FULL "hush", FULL "http://",
        FULL "http://u:hush@127.0.0.1/", FULL "http://127.0.0.1/hu sh",
        RELATIVE "hush", RELATIVE "@evil.test/hush", RELATIVE "//a b/hush",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const char *const env[] = { bad[i], NULL };

        refused(env, "", HEADCOUNT_ECONFIG, "AWS_CONTAINER_CREDENTIALS_");
    }
}

/* Where the request would go to is told without sending it: a connection is
 * begun by the next step of the jobs, which does not come. */
static void goes_to(const char *variable, const char *host, bool tls)
{
    const char *const env[] = { variable, NULL };
    struct hc_creds_container *c = &p.aws.client.container;
    struct hc_creds_provider of = hc_creds_container(c);

    open_with(env);
    CHECK_INT(of.get(of.ud, &p.job, p.aws.world.now, &p.out, &p.error),
              HC_CREDS_WAIT);
    CHECK_Z(c->fetch.config.origin.host, host);
    CHECK_INT(c->fetch.config.origin.tls, tls);
    CHECK_INT(c->fetch.config.anchors != NULL, tls);
    creds_peer_close(&p);
}

TEST(creds_container, these_are_local_and_https_may_be_anywhere)
{
    goes_to(RELATIVE "/v2/credentials/id", "169.254.170.2", false);
    goes_to(FULL "http://169.254.170.2/a", "169.254.170.2", false);
    goes_to(FULL "http://169.254.170.23/v1", "169.254.170.23", false);
    goes_to(FULL "http://[fd00:ec2::23]/v1", "fd00:ec2::23", false);
    goes_to(FULL "http://127.9.9.9:1/a", "127.9.9.9", false);
    goes_to(FULL "http://[::1]:1/a", "::1", false);
    goes_to(FULL "https://example.test/a", "example.test", true);
}

TEST(creds_container, what_passes_is_tried_three_times_a_second_apart)
{
    static const char *const env[] = { URL, NULL };

    open_with(env);
    const char *const answers[] = { AWS_PEER_CLOSE, aws_answer(500, "", ""),
                                    set("ONE", 3600), NULL };
    int64_t before = p.aws.world.now;

    CHECK_INT(ask(answers), 1);
    CHECK_INT(p.aws.world.now - before, 2 * HC_CREDS_CONTAINER_PAUSE);
    creds_peer_close(&p);
}

TEST(creds_container, who_is_silent_fails_after_eight_seconds)
{
    static const char *const env[] = { URL, NO_IMDS, NULL };
    const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                    AWS_PEER_SILENT, NULL };

    open_with(env);
    int64_t before = p.aws.world.now;

    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "container: 127.0.0.1:");
    CHECK(strstr(p.error.what, "(tried 3 times)") != NULL);
    CHECK_INT(p.aws.world.now - before, 8 * HC_SECOND);
    CHECK_INT(p.aws.script.requests, 3);
    creds_peer_close(&p);
}

/* It is configured, so nobody else is asked. */
TEST(creds_container, a_broken_answer_ends_the_chain)
{
    static const char *const env[] = { URL, NULL };
    const char *const rows[][2] = {
        { aws_answer(403, "", ""), "gives no credentials, HTTP 403" },
        { aws_answer(400, "", "{\"code\":\"NoCredentials\",\"message\":\"the "
                     "task has no role\",\"HTTPErrorCode\":400}"),
          "gives no credentials, HTTP 400: NoCredentials: the task has no "
          "role" },
        { aws_answer(404, "", "404 page not found\n"),
          "gives no credentials, HTTP 404: page not found" },
        { aws_answer(403, "", "Service account a/b is not allowed\nto"),
          "HTTP 403: Service account a/b is not allowed" },
        { aws_answer(403, "", "<html><h1>403 Forbidden</h1></html>"),
          "gives no credentials, HTTP 403" },
        { aws_answer(200, "", "{\"message\":\"not yet\"}"),
          "container: not yet" },
        { aws_answer(200, "", "hush"), "no JSON" },
        { aws_answer(200, "", "{\"AccessKeyId\":[\"hush\"]}"),
          "AccessKeyId is no text" },
        { NULL, "have expired already" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        open_with(env);
        const char *const answers[] = {
            rows[i][0] != NULL ? rows[i][0] : set("OLD", -1), NULL };

        ask(answers);
        creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, rows[i][1]);
        CHECK_INT(p.aws.script.requests, 1);
        creds_peer_close(&p);
    }
}

/* A gateway in between may repeat what it was asked with. */
TEST(creds_container, a_refusal_repeats_neither_token_nor_path)
{
    static const char *const env[] = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/hush-of-path",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN=hush/of/the/token", NULL };
    const char *const answers[] = {
        aws_answer(200, "", "{\"Code\":\"No\",\"Message\":\"GET /hush-of-path "
                   "Authorization: hush\\/of\\/the\\/token Token: hush of its "
                   "own\",\"Token\":\"hush of its own\"}"), NULL };

    open_with(env);
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS, "container: No: GET *** "
                      "Authorization: *** Token: ***");
    creds_peer_close(&p);
}

TEST(creds_container, a_page_repeats_neither_token_nor_path)
{
    static const char *const env[] = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u/hush-of-path",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN=hush/of/the/token", NULL };
    const char *const answers[] = {
        aws_answer(403, "", "<h1>403</h1><p>Token: hush&#47;of&#x2F;the/token, "
                   "/hush-of-<b>path</b> is not here"), NULL };

    open_with(env);
    ask(answers);
    creds_peer_failed(&p, HEADCOUNT_ECREDENTIALS,
                      "HTTP 403: Token: ***, *** is not here");
    creds_peer_close(&p);
}

TEST(creds_container, past_its_end_a_set_is_used_on)
{
    static const char *const env[] = { URL, NULL };

    open_with(env);
    const char *const answers[] = { set("ONE", 400), aws_answer(403, "", ""),
                                    set("TWO", 20000), NULL };

    CHECK_INT(ask(answers), 1);
    p.aws.world.wall += 400 * HC_SECOND;
    p.aws.world.now += 400 * HC_SECOND;
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "ONE");
        CHECK_INT(p.aws.script.requests, 2);
    }
    hc_creds_invalidate(&p.aws.client.creds, HC_STR("ONE"));
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "ONE");
    p.aws.world.now += 2 * HC_CREDS_PAST;
    CHECK_INT(ask(answers), 1);
    creds_peer_has(&p, "TWO");
    creds_peer_close(&p);
}

/* Fifteen minutes, from its now and not from ours. */
TEST(creds_container, a_set_without_an_end_lives_by_their_clock)
{
    static const char *const env[] = { URL, NULL };
    static const int64_t skews[] = { -7200, 7200, 0 };
    const char *const answers[] = {
        aws_answer(200, "", "{\"AccessKeyId\":\"ONE\",\"SecretAccessKey\":"
                   "\"hush\",\"Token\":\"hush\"}"), NULL };

    for (size_t i = 0; i < 3; i++) {
        open_with(env);
        p.aws.client.skew = skews[i] * HC_SECOND;
        CHECK_INT(ask(answers), 1);
        creds_peer_has(&p, "ONE");
        CHECK_INT(p.out.expires, p.aws.world.wall +
                  (skews[i] + 900) * HC_SECOND);
        creds_peer_close(&p);
    }
}

TEST(creds_container, what_ends_half_way_leaves_nothing)
{
    static const char *const env[] = { URL, TEXT_TOKEN, NULL };
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    open_with(env);
    p.aws.script.answers = answers;
    p.from = &p.aws.client.creds;
    hc_job_wake(&p.job);
    creds_peer_pass(&p, 0);
    CHECK_INT(p.aws.script.requests, 1);
    CHECK(!p.ended);
    creds_peer_close(&p);
}

static int ask_one(void)
{
    static const char *const env[] = { URL, FILE_TOKEN, NULL };
    int err = creds_peer_open(&p, env, NULL);

    if (err == 0) {
        const char *const answers[] = { set("ONE", 3600), NULL };

        p.aws.world.hosts = "token";
        err = ask(answers);
    }
    creds_peer_close(&p);
    return err == 1 ? 0 : err;
}

TEST(creds_container, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
}
