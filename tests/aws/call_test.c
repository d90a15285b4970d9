/* aws/call - one operation against a service on loopback. */
#include "aws/call.h"
#include "aws/creds_given.h"

#include <string.h>

#include "base/text.h"
#include "peers/aws_peer.h"
#include "t.h"

static struct aws_world w;

struct caller {
    struct hc_job job;
    struct hc_call call;
    struct headcount_stats stats;
    struct hc_arena texts;
    struct hc_timings timings;
    char body[4096];
    size_t body_n;
    int restarts;
    bool done, failed, ended;
};

static struct caller me;

static void caller_run(struct hc_job *job, int64_t now)
{
    struct caller *c = (struct caller *)job;

    while (!c->ended) {
        switch ((enum hc_call_answer)hc_call_step(&c->call, now)) {
        case CALL_WAIT:
            return;
        case CALL_BODY:
            CHECK(c->body_n + c->call.span.n < sizeof c->body);
            memcpy(c->body + c->body_n, c->call.span.p, c->call.span.n);
            c->body_n += c->call.span.n;
            break;
        case CALL_RESTART:
            c->body_n = 0;
            c->restarts++;
            break;
        case CALL_DONE:
            c->done = c->ended = true;
            break;
        case CALL_FAILED:
            c->failed = c->ended = true;
            break;
        }
    }
}

static int caller_start(struct hc_call_config config)
{
    memset(&me, 0, sizeof me);
    hc_arena_init(&me.texts, t_alloc(), 1 << 16);
    me.timings.alloc = t_alloc();
    me.timings.texts = &me.texts;
    config.client = &w.client;
    if (config.operation.n == 0)
        config.operation = HC_STR("DescribeServices");
    config.stats = &me.stats;
    config.timings = &me.timings;
    hc_job_init(&me.job, &w.world.net.jobs, caller_run);
    return hc_call_start(&me.call, &w.world.net, &me.job, &config);
}

static void caller_end(void)
{
    hc_call_fini(&me.call);
    hc_job_fini(&me.job);
    hc_timings_fini(&me.timings);
    hc_arena_fini(&me.texts);
    aws_world_close(&w);
}

static void run(const char *const *answers, struct hc_call_config config)
{
    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(config), 0);
    aws_world_until(&w, &me.ended);
}

static const struct hc_call_config plain = { .deadline = 0 };

static void failed_with(int code, const char *what)
{
    CHECK(me.failed);
    CHECK_INT(me.call.error.code, code);
    if (strstr(me.call.error.what, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, me.call.error.what);
    caller_end();
}

TEST(call, brings_the_answer_of_a_signed_request)
{
    const char *const answers[] = { aws_answer(200, "", "{\"a\":1}"), NULL };

    run(answers, (struct hc_call_config){ .body = HC_STR("{\"x\":2}") });
    CHECK(me.done);
    CHECK_STR(hc_str_n(me.body, me.body_n), "{\"a\":1}");
    CHECK_INT(me.call.service_error.status, 200);
    CHECK_Z(me.call.service_error.request_id, "req-200");
    CHECK_Z(aws_world_header(&w, 0, "X-Amz-Target"),
            "AmazonEC2ContainerServiceV20141113.DescribeServices");
    CHECK_Z(aws_world_header(&w, 0, "Content-Type"),
            "application/x-amz-json-1.1");
    CHECK_Z(aws_world_header(&w, 0, "X-Amz-Security-Token"), "token");
    CHECK_Z(aws_world_header(&w, 0, "amz-sdk-request"), "attempt=1; max=3");
    CHECK_INT(strlen(aws_world_header(&w, 0, "amz-sdk-invocation-id")), 36);
    CHECK_Z(aws_world_header(&w, 0, "User-Agent"),
            "headcount/0.0.0 ua/2.1 os/other lang/c#11 m/E,N,g "
            "cfg/retry-mode#standard");
    CHECK(strstr(aws_world_header(&w, 0, "Authorization"),
                 "Credential=AKIDEXAMPLE/") != NULL);
    CHECK(strstr(aws_world_header(&w, 0, "Authorization"),
                 "/eu-west-1/ecs/aws4_request") != NULL);
    CHECK(strstr(w.script.request[0], "\r\n\r\n{\"x\":2}") != NULL);
    CHECK_INT(me.stats.api_calls, 1);
    CHECK_INT(me.stats.retries, 0);
    CHECK_INT(me.timings.n, 1);
    CHECK_Z(me.timings.a[0].operation, "DescribeServices");
    CHECK_Z(me.timings.a[0].address, "127.0.0.1");
    CHECK_INT(me.timings.a[0].status, 200);
    caller_end();
}

/* Its owner compared the account of one key. */
TEST(call, another_key_than_the_given_one_does_not_sign)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start((struct hc_call_config){
                  .key_id = HC_STR("AKIDOTHER") }), 0);
    for (int i = 0; i < 30; i++)
        aws_world_round(&w);
    CHECK(!me.ended && me.call.other_key);
    CHECK_INT(w.script.requests, 0);
    me.call.other_key = false;
    me.call.config.key_id = HC_STR("AKIDEXAMPLE");
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
    CHECK(me.done && !me.call.other_key);
    CHECK_INT(w.script.requests, 1);
    caller_end();
}

TEST(call, an_empty_body_is_sent_as_an_empty_object)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };

    run(answers, plain);
    CHECK(me.done);
    CHECK(strstr(w.script.request[0], "\r\n\r\n{}") != NULL);
    caller_end();
}

/* ---- what is tried again ---- */

static void retried(const char *first, struct hc_call_config config, bool again)
{
    const char *const answers[] = { first, aws_answer(200, "", "{\"b\":2}"),
                                    NULL };

    run(answers, config);
    CHECK_INT(me.done, again);
    CHECK_INT(w.script.requests, again ? 2 : 1);
    CHECK_INT(me.stats.retries, again ? 1 : 0);
    CHECK_INT(me.stats.api_calls, 1);
    CHECK_INT(me.timings.n, again ? 2 : 1);
    if (again) {
        CHECK_STR(hc_str_n(me.body, me.body_n), "{\"b\":2}");
        CHECK_Z(aws_world_header(&w, 1, "amz-sdk-request"),
                "attempt=2; max=3");
        CHECK_Z(aws_world_header(&w, 1, "amz-sdk-invocation-id"),
                aws_world_header(&w, 0, "amz-sdk-invocation-id"));
    }
    caller_end();
}

TEST(call, throttling_and_server_errors_are_tried_again)
{
    const struct hc_call_config update = {
        .operation = HC_STR("UpdateService") };

    retried(aws_answer(400, "", "{\"__type\":\"ThrottlingException\"}"), plain,
            true);
    retried(aws_answer(500, "", "{\"__type\":\"ServerException\"}"), plain,
            true);
    retried(aws_answer(503, "", "<html>busy</html>"), plain, true);
    retried(aws_answer(503, "", ""), plain, true);
    retried(aws_answer(500, "", "{\"__type\":\"ServerException\"}"), update,
            true);
    retried(aws_answer(400, "", "{\"__type\":\"ClientException\"}"), plain,
            false);
    retried(aws_answer(301, "Location: http://127.0.0.1/\r\n", ""), plain,
            false);
}

TEST(call, half_a_server_error_is_still_a_server_error)
{
    retried("HTTP/1.1 503 Busy\r\nConnection: close\r\n"
            "Content-Length: 0\r\n\r\n", plain, true);
}

TEST(call, a_read_without_an_answer_is_tried_again_and_a_write_is_not)
{
    const struct hc_call_config put = { .operation = HC_STR("PutItem") };
    const struct hc_call_config sure = { .operation = HC_STR("UpdateService"),
                                         .replay_ok = true };
    const struct hc_call_config reads = { .operation = HC_STR("PutItem"),
                                          .read_only = true };

    retried(AWS_PEER_CLOSE, plain, true);
    retried(AWS_PEER_CLOSE, put, false);
    retried(AWS_PEER_CLOSE, sure, true);
    retried(AWS_PEER_CLOSE, reads, true);
    retried(AWS_PEER_SILENT, plain, true);
    retried(AWS_PEER_SILENT, put, false);
}

TEST(call, a_wait_in_line_that_ends_is_final_and_costs_no_quota)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    struct hc_pool_waiter busy;
    struct hc_job job = { .jobs = NULL };

    aws_world_open(&w, NULL, answers);
    struct hc_origin origin = net_world_origin(&w.world);
    const struct hc_pool_ask ask = { .origin = &origin, .job = &job };

    hc_str_copy(origin.host, sizeof origin.host, HC_STR("127.0.0.1"));
    w.world.net.config.per_host = 1;
    hc_pool_ask(&w.world.net.pool, &busy, &ask, w.world.now);
    for (int i = 0; i < 5000 && busy.conn == NULL; i++)
        aws_world_round(&w);
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.stats.retries, 0);
    CHECK_INT(w.client.quota.left, HC_RETRY_QUOTA);
    CHECK_INT(w.script.requests, 0);
    hc_pool_waiter_drop(&w.world.net.pool, &busy, w.world.now);
    failed_with(HEADCOUNT_ELIMIT, "ahead in the line: 0;");
}

/* A NAT gateway was replaced: what was kept is dead, each new one works. */
TEST(call, after_a_silent_kept_connection_an_attempt_has_a_new_one)
{
    const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                    aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    struct hc_origin origin = net_world_origin(&w.world);

    hc_str_copy(origin.host, sizeof origin.host, HC_STR("127.0.0.1"));
    w.world.net.config.idle = HC_NEVER;
    net_world_keep(&w.world, &origin, 4);
    CHECK_INT(caller_start(plain), 0);
    for (int i = 0; i < 5000 && w.script.requests == 0; i++)
        aws_world_round(&w);
    net_world_pass(&w.world, 31 * HC_SECOND);
    net_world_keep(&w.world, &origin, 1);     /* another call's, new */
    aws_world_until(&w, &me.ended);
    CHECK(me.done);
    CHECK_INT(me.timings.n, 3);
    CHECK(me.timings.a[0].reused);
    CHECK(!me.timings.a[1].reused && !me.timings.a[2].reused);
    CHECK_INT(me.stats.connections_purged, 3);
    caller_end();
}

TEST(call, a_write_without_an_answer_may_have_been_done_and_says_so)
{
    const char *const answers[] = { AWS_PEER_CLOSE, NULL };

    run(answers, (struct hc_call_config){ .operation = HC_STR("PutItem") });
    failed_with(HEADCOUNT_ECLOSED, "may have been done");
}

/* ---- the word of a gateway ---- */

TEST(call, a_gateway_says_as_little_about_a_write_as_silence)
{
    const struct hc_call_config put = { .operation = HC_STR("PutItem") };
    const struct hc_call_config sure = { .operation = HC_STR("UpdateService"),
                                         .replay_ok = true };
    const char *coded = "{\"__type\":\"ServerException\"}";
    const char *throttled = "{\"__type\":\"ThrottlingException\"}";
    static const int statuses[] = { 500, 502, 503, 504 };

    for (size_t i = 0; i < 4; i++) {
        int status = statuses[i];

        retried(aws_answer(status, "", "<html>oops</html>"), put, false);
        retried(aws_answer(status, "", "<html>oops</html>"), sure, true);
        retried(aws_answer(status, "", "<html>oops</html>"), plain, true);
        retried(aws_answer(status, "", throttled), put, true);
        /* The service's own word; 502 and 504 are no service's. */
        retried(aws_answer(status, "", coded), put,
                status == 500 || status == 503);
    }
}

TEST(call, a_write_that_a_gateway_lost_may_have_been_done_and_says_so)
{
    const char *const answers[] = { aws_answer(504, "", "<html>oops</html>"),
                                    NULL };

    run(answers, (struct hc_call_config){ .operation = HC_STR("PutItem") });
    CHECK(me.call.outcome_unknown);
    CHECK(strstr(me.call.error.what, "HTTP 504") != NULL);
    failed_with(HEADCOUNT_ESERVICE, "may have been done");
    run(answers, (struct hc_call_config){ .max_attempts = 1 });
    CHECK(strstr(me.call.error.what, "may have") == NULL);
    caller_end();
}

TEST(call, spans_of_an_attempt_that_failed_are_to_be_forgotten)
{
    retried("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n"
            "Connection: close\r\n\r\n{\"b\":", plain, true);
}

TEST(call, three_attempts_are_all)
{
    const char *const answers[] = { aws_answer(500, "", "{}"),
                                    aws_answer(500, "", "{}"),
                                    aws_answer(500, "", "{}"), NULL };

    run(answers, plain);
    CHECK_INT(w.script.requests, 3);
    CHECK_INT(me.stats.retries, 2);
    failed_with(HEADCOUNT_ESERVICE, "attempt 3 of 3");
}

/* Of the endpoint's name, or of its proxy's. */
static void asks_again(const char *const *env, const char *url)
{
    struct hc_dns_files *files = &w.world.net.resolver.files;

    aws_world_open(&w, env, NULL);
    files->own_server = true;            /* where nobody listens */
    files->conf.servers_n = 1;
    CHECK(hc_dns_server_get(&files->conf.servers[0], HC_STR("127.0.0.1:1")));
    CHECK_INT(caller_start((struct hc_call_config){
                  .endpoint_url = hc_str(url) }), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.stats.retries, 2);
    CHECK_INT(me.stats.dns_lookups, 3);
    CHECK_INT(w.world.net.stats.dns_lookups, 3);
    CHECK_INT(w.world.net.stats.dns_hits, 0);
    failed_with(HEADCOUNT_EDNSFAIL, "no DNS server could look up nobody.test");
}

TEST(call, each_attempt_asks_the_dns_servers_again)
{
    static const char *const env[] = {
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
        "AWS_REGION=eu-west-1", "http_proxy=http://nobody.test:3128", NULL
    };

    asks_again(NULL, "http://nobody.test");
    asks_again(env, "http://a.test");
}

TEST(call, max_attempts_counts_the_first)
{
    const char *const answers[] = { aws_answer(500, "", "{}"), NULL };

    run(answers, (struct hc_call_config){ .max_attempts = 1 });
    failed_with(HEADCOUNT_ESERVICE, "attempt 1 of 1");
}

TEST(call, without_quota_nothing_is_tried_again)
{
    const char *const answers[] = { aws_answer(500, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    w.client.quota.left = HC_RETRY_COST - 1;
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 1);
    failed_with(HEADCOUNT_ESERVICE, "HTTP 500");
}

static const char *const busy[] = {
    "HTTP/1.1 500 Internal Server Error\r\nx-amz-retry-after: 4000\r\n"
    "Content-Length: 2\r\n\r\n{}", NULL
};

static int64_t poll_without_quota(const char *operation, int64_t limit)
{
    aws_world_open(&w, NULL, busy);
    w.client.quota.left = 0;
    CHECK_INT(caller_start((struct hc_call_config){
                  .own = HC_SERVICE_SQS,
                  .operation = hc_str(operation),
                  .deadline = w.world.now + limit }), 0);
    int64_t began = w.world.now;

    aws_world_until(&w, &me.ended);
    int64_t waited = w.world.now - began;

    CHECK_INT(w.script.requests, 1);
    CHECK_INT(me.stats.retries, 0);
    CHECK_INT(w.client.quota.left, 0);
    failed_with(HEADCOUNT_ESERVICE, "attempt 1 of 3");
    return waited;
}

TEST(call, a_long_poll_without_quota_waits_before_its_error)
{
    CHECK(poll_without_quota("ReceiveMessage", 60 * HC_SECOND) >=
          4 * HC_SECOND);
    CHECK(poll_without_quota("DeleteMessage", 60 * HC_SECOND) < HC_SECOND);
    /* nor past its deadline */
    CHECK(poll_without_quota("ReceiveMessage", 3 * HC_SECOND) < HC_SECOND);
}

TEST(call, the_last_attempt_of_a_long_poll_waits_for_nothing)
{
    aws_world_open(&w, NULL, busy);
    w.client.quota.left = 0;
    CHECK_INT(caller_start((struct hc_call_config){
                  .own = HC_SERVICE_SQS,
                  .operation = HC_STR("ReceiveMessage"),
                  .max_attempts = 1 }), 0);
    int64_t began = w.world.now;

    aws_world_until(&w, &me.ended);
    CHECK(w.world.now - began < HC_SECOND);
    failed_with(HEADCOUNT_ESERVICE, "attempt 1 of 1");
}

TEST(call, dynamodb_is_asked_four_times)
{
    const char *const answers[] = {
        aws_answer(500, "", "{}"), aws_answer(500, "", "{}"),
        aws_answer(500, "", "{}"), aws_answer(200, "", "{}"), NULL
    };

    run(answers, (struct hc_call_config){
        .own = HC_SERVICE_DYNAMODB,
        .operation = HC_STR("GetItem") });
    CHECK(me.done);
    CHECK_INT(w.script.requests, 4);
    CHECK_Z(aws_world_header(&w, 0, "amz-sdk-request"), "attempt=1; max=4");
    caller_end();
}

TEST(call, a_wait_that_would_miss_the_deadline_is_not_begun)
{
    const char *const answers[] = {
        aws_answer(500, "x-amz-retry-after: 4000\r\n", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start((struct hc_call_config){
                  .deadline = w.world.now + 3 * HC_SECOND }), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 1);
    CHECK(w.world.now < 1000 * HC_SECOND + 3 * HC_SECOND);
    failed_with(HEADCOUNT_ESERVICE, "HTTP 500");
}

TEST(call, the_deadline_ends_it)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start((struct hc_call_config){
                  .deadline = w.world.now + HC_SECOND }), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 1);
    failed_with(HEADCOUNT_EDEADLINE, "deadline");
}

TEST(call, a_deadline_that_is_past_sends_nothing)
{
    aws_world_open(&w, NULL, NULL);
    CHECK_INT(caller_start((struct hc_call_config){
                  .deadline = w.world.now - 1 }), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 0);
    failed_with(HEADCOUNT_EDEADLINE, "waiting for credentials");
}

/* A reconcile makes one call after the other in one struct.  A write that
 * waited in vain was not sent, whatever the read before it did. */
TEST(call, a_new_one_knows_nothing_of_the_request_before)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    const struct hc_call_config write = {
        .client = &w.client, .operation = HC_STR("UpdateService"),
        .deadline = 1,
    };

    run(answers, plain);
    CHECK(me.done && me.call.request.sent && me.call.request.ok);
    hc_call_fini(&me.call);
    me.done = me.ended = false;
    CHECK_INT(hc_call_start(&me.call, &w.world.net, &me.job, &write), 0);
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
    CHECK(!me.call.request.sent && !me.call.request.ok);
    failed_with(HEADCOUNT_EDEADLINE, "waiting for credentials");
}

/* ---- credentials and clock ---- */

/* ---- its turn ---- */

static void drain(void)
{
    const struct hc_buckets_key key = { &w.client.creds,
                                        HC_STR("eu-west-1") };

    struct hc_bucket *b = hc_buckets_get(&w.client.buckets, &key,
                                         HC_STR("DescribeServices"));

    CHECK(b != NULL);                    /* memory may have ended            */
    hc_bucket_drain(b, w.world.now);
}

TEST(call, one_that_is_paced_waits_for_its_turn)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    struct hc_call_config config = { .paced = true };
    int64_t began;

    aws_world_open(&w, NULL, answers);
    drain();
    began = w.world.now;
    CHECK_INT(caller_start(config), 0);
    aws_world_until(&w, &me.ended);
    CHECK(me.done);
    CHECK_INT(w.world.now - began, 100 * 1000);    /* half of 20 a second */
    caller_end();
}

TEST(call, one_that_is_not_paced_does_not_wait)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    int64_t began;

    aws_world_open(&w, NULL, answers);
    drain();
    began = w.world.now;
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK(me.done && w.world.now < began + 100 * 1000);
    caller_end();
}

TEST(call, a_turn_that_does_not_come_in_time_sends_nothing)
{
    struct hc_call_config config = { .paced = true };

    aws_world_open(&w, NULL, NULL);
    drain();
    config.deadline = w.world.now + 50 * 1000;
    CHECK_INT(caller_start(config), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 0);
    failed_with(HEADCOUNT_EDEADLINE, "its turn");
}

TEST(call, who_is_throttled_leaves_the_bucket_empty)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"ThrottlingException\"}"), NULL };
    const struct hc_buckets_key key = { &w.client.creds,
                                        HC_STR("eu-west-1") };
    struct hc_call_config config = { .paced = true, .max_attempts = 1 };
    struct hc_bucket_turn turn = { .job = NULL };
    struct hc_bucket *b;

    run(answers, config);
    b = hc_buckets_get(&w.client.buckets, &key, HC_STR("ListServices"));
    CHECK_INT(hc_bucket_take(b, &turn, w.world.now), 0);
    hc_bucket_leave(b, &turn);
    failed_with(HEADCOUNT_ESERVICE, "Throttling");
}

TEST(call, expired_credentials_are_fetched_again_once)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"ExpiredTokenException\"}"),
        aws_answer(400, "", "{\"__type\":\"ExpiredTokenException\"}"), NULL };

    run(answers, plain);
    CHECK_INT(w.script.requests, 2);
    failed_with(HEADCOUNT_ESERVICE, "ExpiredTokenException");
}

TEST(call, a_clock_that_is_off_is_corrected_once)
{
    const char *const wrong[] = {
        aws_answer(400, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                   "{\"__type\":\"InvalidSignatureException\"}"),
        aws_answer(200, "", "{}"), NULL };

    run(wrong, plain);
    CHECK(me.done);
    CHECK(strncmp(aws_world_header(&w, 1, "X-Amz-Date"), "19941106T0849",
                  13) == 0);
    caller_end();
}

/* Else its wrong clock would make credentials expire that are good, and who
 * has none makes no call that could tell the time. */
TEST(call, a_gateways_clock_is_not_the_services)
{
    const char *const answers[] = {
        aws_answer(502, "Date: Thu, 06 Nov 2036 08:49:37 GMT\r\n",
                   "<html>Bad Gateway</html>"),
        NULL };
    const struct hc_call_config once = { .max_attempts = 1 };

    run(answers, once);
    CHECK_INT(w.script.requests, 1);
    CHECK_INT(w.client.skew, 0);
    failed_with(HEADCOUNT_ESERVICE, "502");
}

TEST(call, a_date_that_the_service_calls_wrong_is_one_of_a_clock)
{
    static const char *const bodies[] = {
        "{\"__type\":\"RequestExpired\"}",
        "{\"__type\":\"RequestInTheFuture\"}",
    };

    for (size_t i = 0; i < 2; i++) {
        const char *const wrong[] = {
            aws_answer(400, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                       bodies[i]),
            aws_answer(200, "", "{}"), NULL };
        const char *const right[] = { aws_answer(400, "", bodies[i]), NULL };

        run(wrong, plain);
        CHECK(me.done);
        CHECK_INT(w.script.requests, 2);
        caller_end();
        run(right, plain);
        CHECK_INT(w.script.requests, 1);
        failed_with(HEADCOUNT_ESERVICE, "Request");
    }
}

/* What was signed before a freeze and left after it is too old when it comes:
 * no clock is off. */
TEST(call, a_request_that_slept_is_signed_anew_once)
{
    const char *const answers[] = {
        aws_answer(400, "Date: Thu, 01 Jan 2026 00:10:00 GMT\r\n",
                   "{\"__type\":\"InvalidSignatureException\"}"),
        aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    w.world.wall = (int64_t)1767225600 * HC_SECOND;
    CHECK_INT(caller_start(plain), 0);
    for (int i = 0; i < 2000 && w.script.requests < 1; i++)
        aws_world_round(&w);
    CHECK_INT(w.script.requests, 1);
    w.world.now += 600 * HC_SECOND;
    w.world.wall += 600 * HC_SECOND;
    aws_world_until(&w, &me.ended);
    CHECK(me.done);
    CHECK_Z(aws_world_header(&w, 0, "X-Amz-Date"), "20260101T000000Z");
    CHECK(strncmp(aws_world_header(&w, 1, "X-Amz-Date"), "20260101T0010",
                  13) == 0);
    CHECK_INT(w.client.skew, 0);
    caller_end();
}

TEST(call, with_the_correction_disabled_no_date_moves_the_clock)
{
    const char *const wrong[] = {
        aws_answer(400, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                   "{\"__type\":\"RequestExpired\"}"), NULL };

    aws_world_open(&w, NULL, wrong);
    w.config.no_skew = true;
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 1);
    CHECK_INT(w.client.skew, 0);
    failed_with(HEADCOUNT_ESERVICE, "RequestExpired");
}

TEST(call, a_wrong_signature_under_a_right_clock_is_final)
{
    const char *const answers[] = {
        aws_answer(403, "", "{\"__type\":\"SignatureDoesNotMatch\"}"), NULL };

    run(answers, plain);
    failed_with(HEADCOUNT_ESERVICE, "SignatureDoesNotMatch");
}

TEST(call, without_credentials_nothing_is_sent)
{
    static const char *const env[] = {
        "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", NULL };

    aws_world_open(&w, env, NULL);
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 0);
    CHECK_INT(w.world.peer.n, 0);
    failed_with(HEADCOUNT_ECREDENTIALS, "AWS_ACCESS_KEY_ID");
}

TEST(call, unsigned_requests_have_no_authorization)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    static const char *const env[] = {
        "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", NULL };

    aws_world_open(&w, env, answers);
    w.client.no_sign = true;
    CHECK_INT(caller_start(plain), 0);
    aws_world_until(&w, &me.ended);
    CHECK(me.done);
    CHECK_Z(aws_world_header(&w, 0, "Authorization"), "");
    caller_end();
}

/* ---- answers that are none ---- */

static void no_answer(const char *answer, const char *what)
{
    const char *const answers[] = { answer, NULL };

    run(answers, plain);
    failed_with(HEADCOUNT_EANSWER, what);
}

TEST(call, a_2xx_that_is_no_json_object_is_an_error)
{
    no_answer(aws_answer(200, "", "<html><body>hello</body></html>"),
              "begins with \"<h");
    no_answer(aws_answer(200, "", "<?xml version=\"1.0\"?><ListBuckets/>"),
              "begins with \"<?");
    no_answer(aws_answer(200, "", " \r\n[1]"), "[1]");
    no_answer(aws_answer(201, "", ""), "empty body");
    no_answer(aws_answer(200, "", "  "), "empty body");
    no_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "empty body");
}

TEST(call, an_empty_200_with_a_request_id_is_an_answer)
{
    const char *const answers[] = { aws_answer(200, "", ""), NULL };

    run(answers, plain);
    CHECK(me.done);
    CHECK_INT(me.body_n, 0);
    caller_end();
}

TEST(call, an_answer_that_was_damaged_is_tried_again)
{
    retried(aws_answer(200, "x-amz-crc32: 1\r\n", "{}"), plain, true);
}

TEST(call, a_checksum_that_fits_is_fine)
{
    const char *const answers[] = {
        aws_answer(200, "x-amz-crc32: 2745614147\r\n", "{}"), NULL };

    run(answers, plain);
    CHECK(me.done);
    caller_end();
}

/* ---- what never starts ---- */

TEST(call, wrong_operations_and_regions_start_nothing)
{
    static const char *const nowhere[] = { "AWS_ACCESS_KEY_ID=a",
                                           "AWS_SECRET_ACCESS_KEY=b", NULL };

    aws_world_open(&w, NULL, NULL);
    CHECK_INT(caller_start((struct hc_call_config){
                  .operation = HC_STR("Describe/Services") }), HEADCOUNT_EARG);
    caller_end();
    aws_world_open(&w, nowhere, NULL);
    CHECK_INT(caller_start(plain), HEADCOUNT_EREGION);
    caller_end();
    aws_world_open(&w, NULL, NULL);
    w.world.no_random = true;
    CHECK_INT(caller_start(plain), HEADCOUNT_EIO);
    caller_end();
}

/* Its owner need not end it: a place of an endpoint that nobody uses must not
 * count as used for ever. */
TEST(call, one_that_could_not_start_has_no_endpoint)
{
    static const char *const files[] = { "roots.pem", "no certificate", NULL };

    aws_world_open(&w, NULL, NULL);
    w.world.files = files;
    w.client.trust.all = (struct hc_trust_file){
        .path = HC_STR("roots.pem"), .from = "AWS_CA_BUNDLE"
    };
    CHECK_INT(caller_start((struct hc_call_config){
                  .endpoint_url = HC_STR("https://127.0.0.1:1") }),
              HEADCOUNT_ECONFIG);
    CHECK(strstr(me.call.error.what, "roots.pem (AWS_CA_BUNDLE)") != NULL);
    for (size_t i = 0; i < HC_CLIENT_ENDPOINTS; i++)
        CHECK_INT(w.client.places[i] == NULL ? 0
                  : w.client.places[i]->users, 0);
    caller_end();
}

TEST(call, one_that_is_left_in_the_middle_leaves_nothing)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(plain), 0);
    for (int i = 0; i < 50; i++)
        aws_world_round(&w);
    CHECK_INT(w.script.requests, 1);
    caller_end();
    hc_call_fini(&me.call);
}

/* ---- cancel ---- */

static void cancel_when_sent(const char *const *answers,
                             struct hc_call_config config, int64_t until)
{
    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(config), 0);
    for (int i = 0; i < 50 && !me.call.request.sent; i++)
        aws_world_round(&w);
    CHECK(me.call.request.sent);
    hc_call_cancel(&me.call, w.world.now + until);
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
}

TEST(call, what_was_sent_is_awaited_after_a_cancel)
{
    const char *const answers[] = { aws_answer(200, "", "{\"b\":2}"), NULL };

    cancel_when_sent(answers, plain, HC_CALL_GRACE);
    CHECK(me.done);
    CHECK_STR(hc_str_n(me.body, me.body_n), "{\"b\":2}");
    hc_call_cancel(&me.call, w.world.now);
    CHECK_INT(hc_call_step(&me.call, w.world.now), CALL_DONE);
    caller_end();
}

TEST(call, a_cancel_awaits_no_longer_than_it_was_told)
{
    const struct hc_call_config put = { .operation = HC_STR("PutItem") };
    const char *const answers[] = { AWS_PEER_SILENT, NULL };
    int64_t began;

    cancel_when_sent(answers, plain, HC_CALL_GRACE);
    CHECK_INT(me.timings.n, 1);
    began = me.timings.a[0].start;
    CHECK_INT(w.world.now, began + HC_CALL_GRACE);
    CHECK(strstr(me.call.error.what, "may have been") == NULL);
    failed_with(HEADCOUNT_ECANCELLED, "cancelled before it was answered");
    cancel_when_sent(answers, put, HC_CALL_GRACE);
    failed_with(HEADCOUNT_ECANCELLED, "may have been done");
    cancel_when_sent(answers, plain, 0);
    CHECK_INT(me.timings.n, 1);
    CHECK_INT(w.world.now, me.timings.a[0].start);
    failed_with(HEADCOUNT_ECANCELLED, "cancelled");
}

TEST(call, after_a_cancel_nothing_is_tried_again)
{
    const char *const refused[] = { aws_answer(500, "", "{}"), NULL };
    const char *const closed[] = { AWS_PEER_CLOSE, NULL };

    cancel_when_sent(refused, plain, HC_CALL_GRACE);
    CHECK_INT(w.script.requests, 1);
    failed_with(HEADCOUNT_ESERVICE, "HTTP 500");
    cancel_when_sent(closed, plain, HC_CALL_GRACE);
    CHECK_INT(w.script.requests, 1);
    CHECK(me.call.outcome_unknown);
    failed_with(HEADCOUNT_ECLOSED, "");
}

/* The refusal is one of the second attempt: the first may have been done. */
TEST(call, what_an_earlier_attempt_may_have_done_is_not_forgotten)
{
    const char *const inside[] = {
        aws_answer(500, "", "{\"__type\":\"ServerException\"}"),
        aws_answer(400, "", "{\"__type\":\"AccessDeniedException\"}"), NULL };
    const char *const throttled[] = {
        aws_answer(400, "", "{\"__type\":\"ThrottlingException\"}"),
        aws_answer(400, "", "{\"__type\":\"AccessDeniedException\"}"), NULL };

    run(inside, plain);
    CHECK_INT(w.script.requests, 2);
    CHECK(me.call.outcome_unknown);
    failed_with(HEADCOUNT_ESERVICE, "AccessDenied");
    run(throttled, plain);
    CHECK_INT(w.script.requests, 2);
    CHECK(!me.call.outcome_unknown);
    failed_with(HEADCOUNT_ESERVICE, "AccessDenied");
}

/* A program may cancel in each round of its loop until all has ended. */
TEST(call, a_second_cancel_awaits_no_longer)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(plain), 0);
    for (int i = 0; i < 50 && !me.call.request.sent; i++)
        aws_world_round(&w);
    int64_t began = w.world.now;

    for (int i = 1; i < 3; i++)
        hc_call_cancel(&me.call, began + i * HC_CALL_GRACE);
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.world.now, began + HC_CALL_GRACE);
    failed_with(HEADCOUNT_ECANCELLED, "before it was answered");
}

TEST(call, a_cancel_ends_what_was_not_sent)
{
    const char *const answers[] = { aws_answer(500, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(plain), 0);
    hc_call_cancel(&me.call, HC_NEVER);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 0);
    failed_with(HEADCOUNT_ECANCELLED, "before it was sent");
    aws_world_open(&w, NULL, answers);
    CHECK_INT(caller_start(plain), 0);
    for (int i = 0; i < 50; i++)
        aws_world_round(&w);
    CHECK_INT(me.stats.retries, 1);
    hc_call_cancel(&me.call, HC_NEVER);
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
    CHECK_INT(w.script.requests, 1);
    failed_with(HEADCOUNT_ECANCELLED, "before it was sent");
}

/* A read is being replayed: its first sending was lost with its connection. */
TEST(call, a_cancel_ends_a_replay_before_it_is_sent)
{
    const struct hc_call_config sure = { .operation = HC_STR("UpdateService"),
                                         .replay_ok = true };
    const char *const answers[] = { aws_answer(200, "", "{}"), AWS_PEER_CLOSE,
                                    aws_answer(200, "", "{}"), NULL };

    for (int write = 0; write < 2; write++) {
        aws_world_open(&w, NULL, answers);
        CHECK_INT(caller_start(plain), 0);
        aws_world_until(&w, &me.ended);
        hc_call_fini(&me.call);
        hc_job_fini(&me.job);
        hc_timings_fini(&me.timings);
        hc_arena_fini(&me.texts);
        CHECK_INT(caller_start(write == 1 ? sure : plain), 0);
        for (int i = 0; i < 50 && me.stats.replays == 0; i++)
            aws_world_round(&w);
        CHECK_INT(me.call.request.fetch.state, FETCH_AT_CONN);
        hc_call_cancel(&me.call, HC_NEVER);
        hc_job_wake(&me.job);
        aws_world_until(&w, &me.ended);
        for (int i = 0; i < 20; i++)
            aws_world_round(&w);
        CHECK_INT(w.script.requests, 2);
        CHECK(me.call.outcome_unknown);
        failed_with(HEADCOUNT_ECANCELLED, write == 1
                        ? "before it was sent again, so it may have been done"
                        : "before it was sent");
    }
}

TEST(call, a_cancel_ends_the_last_wait_of_a_long_poll_with_its_error)
{
    aws_world_open(&w, NULL, busy);
    w.client.quota.left = 0;
    CHECK_INT(caller_start((struct hc_call_config){
                  .own = HC_SERVICE_SQS,
                  .operation = HC_STR("ReceiveMessage") }), 0);
    for (int i = 0; i < 50; i++)
        aws_world_round(&w);
    CHECK_INT(me.call.state, CALL_AT_LAST_WAIT);
    hc_call_cancel(&me.call, HC_NEVER);
    hc_job_wake(&me.job);
    aws_world_until(&w, &me.ended);
    failed_with(HEADCOUNT_ESERVICE, "HTTP 500");
}

/* ---- other credentials than the client's ---- */

static struct other {
    struct hc_credentials given;
    struct hc_creds creds;
} others[2];

static void open_others(void)
{
    static const struct hc_identity who[] = {
        { { "ONE", 3 }, { "secret-one", 10 }, { NULL, 0 } },
        { { "TWO", 3 }, { "secret-two", 10 }, { NULL, 0 } },
    };

    for (size_t i = 0; i < 2; i++) {
        const struct hc_creds_provider p = hc_creds_given(&others[i].given);

        CHECK_INT(hc_creds_given_init(&others[i].given, t_alloc(), &who[i],
                                      NULL), 0);
        hc_creds_init(&others[i].creds, &w.world.net.sys, &w.world.net.jobs);
        hc_creds_add(&others[i].creds, &p);
    }
}

static void close_others(void)
{
    for (size_t i = 0; i < 2; i++) {
        hc_creds_fini(&others[i].creds);
        hc_credentials_fini(&others[i].given);
    }
}

/* The call is made; its place is looked at before it is left. */
static void call_as(struct hc_creds *creds, size_t request, const char *id,
                    const char *secret)
{
    char credential[64];

    hc_fmt(credential, sizeof credential, "Credential=%s/", id);
    CHECK_INT(caller_start((struct hc_call_config){ .creds = creds }), 0);
    aws_world_until(&w, &me.ended);
    CHECK(me.done);
    CHECK(strstr(aws_world_header(&w, request, "Authorization"), credential)
          != NULL);
    const struct hc_sigv4_key *key = &me.call.slot->key;

    CHECK_STR(hc_str_n(key->secret, key->secret_n), secret);
    hc_call_fini(&me.call);
    hc_job_fini(&me.job);
    hc_timings_fini(&me.timings);
    hc_arena_fini(&me.texts);
}

/* One place, one day key: it follows the secret. */
TEST(call, two_who_take_turns_sign_with_their_own_keys)
{
    const char *const answers[] = {
        aws_answer(200, "", "{}"), aws_answer(200, "", "{}"),
        aws_answer(200, "", "{}"), aws_answer(200, "", "{}"), NULL };
    static const char own[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    aws_world_open(&w, NULL, answers);
    open_others();
    call_as(&others[0].creds, 0, "ONE", "secret-one");
    call_as(&others[1].creds, 1, "TWO", "secret-two");
    call_as(NULL, 2, "AKIDEXAMPLE", own);
    call_as(&others[0].creds, 3, "ONE", "secret-one");
    CHECK_INT(w.world.peer.n, 1);        /* and one connection               */
    close_others();
    aws_world_close(&w);
}

static struct hc_bucket *bucket_of(struct hc_creds *creds)
{
    CHECK_INT(caller_start((struct hc_call_config){ .creds = creds,
                                                    .paced = true }), 0);
    struct hc_bucket *b = me.call.bucket;

    hc_call_fini(&me.call);
    hc_job_fini(&me.job);
    hc_timings_fini(&me.timings);
    hc_arena_fini(&me.texts);
    return b;
}

/* Another role may be another account's, which has buckets of its own. */
TEST(call, each_source_of_credentials_has_its_own_buckets)
{
    aws_world_open(&w, NULL, NULL);
    open_others();
    struct hc_bucket *one = bucket_of(&others[0].creds);

    CHECK(one != NULL);
    CHECK(bucket_of(&others[0].creds) == one);
    CHECK(bucket_of(&others[1].creds) != one);
    CHECK(bucket_of(NULL) != one);
    CHECK(bucket_of(NULL) == bucket_of(&w.client.creds));
    close_others();
    aws_world_close(&w);
}

TEST(call, what_a_service_calls_expired_is_dropped_where_it_came_from)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"ExpiredTokenException\"}"),
        aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    open_others();
    call_as(&others[0].creds, 1, "ONE", "secret-one");
    CHECK_INT(others[0].creds.refreshes, 2);
    CHECK_INT(w.client.creds.refreshes, 0);
    close_others();
    aws_world_close(&w);
}

static int call_once(void)
{
    static const char *const env[] = {
        "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=a",
        "AWS_SECRET_ACCESS_KEY=b", NULL };
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    struct hc_config_options options = { .region = NULL };
    struct hc_client_config client = { .config = &w.config,
                                       .net = &w.world.net, .version = "0" };

    memset(&w, 0, sizeof w);
    memset(&me, 0, sizeof me);
    w.world.env = env;
    w.script.answers = answers;
    net_world_open(&w.world, NULL, NULL);
    options.endpoint_url = "http://127.0.0.1:1";
    int err = hc_config_init(&w.config, &w.world.net.sys, &options, NULL);

    if (err == 0)
        err = hc_client_init(&w.client, &client, NULL);
    if (err == 0) {
        char url[64];

        hc_fmt(url, sizeof url, "http://127.0.0.1:%u", w.world.peer.port);
        err = caller_start((struct hc_call_config){
            .endpoint_url = hc_str(url), .max_attempts = 1 });
        if (err == 0) {
            aws_world_until(&w, &me.ended);
            err = me.call.error.code;
        }
        hc_call_fini(&me.call);
        hc_job_fini(&me.job);
        hc_timings_fini(&me.timings);
        hc_arena_fini(&me.texts);
    }
    aws_world_close(&w);
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

TEST(call, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(call_once);
}
