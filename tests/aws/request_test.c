/* aws/request - one exchange: what goes out, byte by byte. */
#include "aws/request.h"
#include "own.h"

#include <string.h>

#include "base/text.h"
#include "peers/aws_peer.h"
#include "t.h"

#define AN_ID "8b0e4a0c-2f1d-4c3e-9a57-6d5f00c1ab42"

static struct aws_world w;

struct asker {
    struct hc_job job;
    struct hc_request request;
    struct hc_service_error answer;
    struct hc_endpoint endpoint;
    struct hc_sigv4_key key;
    bool ended;
};

static struct asker me;

static void asker_run(struct hc_job *job, int64_t now)
{
    struct asker *a = (struct asker *)job;

    while (!a->ended) {
        switch (hc_request_step(&a->request, now)) {
        case REQUEST_WAIT:
            return;
        case REQUEST_BODY:
            break;
        case REQUEST_DONE:
        case REQUEST_FAILED:
            a->ended = true;
            break;
        }
    }
}

static const struct hc_identity someone = {
    .key_id = { "AKIDEXAMPLE", 11 }, .secret = { "secret", 6 },
};

static void start_with(enum hc_service_id service,
                       const struct hc_identity *who, const char *body)
{
    const struct hc_endpoint_ask ask = {
        .service = service_own(service), .region = HC_STR("eu-west-1"),
        .url = hc_str(w.url),
    };

    memset(&me, 0, sizeof me);
    hc_buf_reset(&w.client.trace_id);
    hc_buf_lit(&w.client.trace_id, "Root=1");
    CHECK_INT(hc_endpoint_get(&me.endpoint, &ask, NULL), 0);
    const struct hc_request_config config = {
        .endpoint = &me.endpoint, .operation = HC_STR("DoThis"),
        .body = hc_str(body), .who = who, .key = &me.key,
        .templates = &w.client.templates, .user_agent = HC_STR("agent"),
        .trace_id = &w.client.trace_id, .invocation = AN_ID, .attempt = 2,
        .max_attempts = 5, .replay_after_flush_ok = true,
        .answer = &me.answer,
    };

    hc_job_init(&me.job, &w.world.net.jobs, asker_run);
    CHECK_INT(hc_request_start(&me.request, &w.world.net, &me.job, &config),
              0);
}

static void start(enum hc_service_id service, const struct hc_identity *who)
{
    start_with(service, who, "{}");
}

static void end(void)
{
    hc_request_fini(&me.request);
    hc_request_fini(&me.request);
    hc_job_fini(&me.job);
    hc_sigv4_key_wipe(&me.key);
    aws_world_close(&w);
}

TEST(request, is_written_in_one_piece_and_this_order)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    char want[1024], date[HC_AMZ_DATE + 1];

    aws_world_open(&w, NULL, answers);
    hc_time_amz(date, w.world.wall);
    start(HC_SERVICE_SQS, NULL);
    aws_world_until(&w, &me.ended);
    CHECK(me.request.ok);
    hc_fmt(want, sizeof want,
           "POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
           "Content-Type: application/x-amz-json-1.0\r\n"
           "X-Amz-Target: AmazonSQS.DoThis\r\nX-Amz-Date: %s\r\n"
           "amz-sdk-invocation-id: " AN_ID "\r\n"
           "amz-sdk-request: attempt=2; max=5\r\n"
           "x-amzn-query-mode: true\r\nUser-Agent: agent\r\n"
           "X-Amzn-Trace-Id: Root=1\r\nAccept-Encoding: identity\r\n"
           "Content-Length: 2\r\n\r\n{}", w.world.peer.port, date);
    CHECK_Z(w.script.request[0], want);
    CHECK_INT(w.world.peer.conns[0].flights, 1);
    end();
}

TEST(request, of_a_query_service_is_a_form_and_has_no_target)
{
    const char *const answers[] = { aws_answer(200, "", " <A/>"), NULL };
    char want[1024], date[HC_AMZ_DATE + 1];

    aws_world_open(&w, NULL, answers);
    hc_time_amz(date, w.world.wall);
    start_with(HC_SERVICE_STS, NULL, "Action=DoThis");
    aws_world_until(&w, &me.ended);
    CHECK(me.request.ok);
    hc_fmt(want, sizeof want,
           "POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
           "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
           "\r\nX-Amz-Date: %s\r\n"
           "amz-sdk-invocation-id: " AN_ID "\r\n"
           "amz-sdk-request: attempt=2; max=5\r\nUser-Agent: agent\r\n"
           "X-Amzn-Trace-Id: Root=1\r\nAccept-Encoding: identity\r\n"
           "Content-Length: 13\r\n\r\nAction=DoThis", w.world.peer.port, date);
    CHECK_Z(w.script.request[0], want);
    end();
}

static void answered(enum hc_service_id service, const char *body, bool ok)
{
    const char *const answers[] = { aws_answer(200, "", body), NULL };

    aws_world_open(&w, NULL, answers);
    start(service, NULL);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.request.state, ok ? REQUEST_DONE : REQUEST_FAILED);
    if (!ok)
        CHECK_INT(me.request.fetch.error.code, HEADCOUNT_EANSWER);
    end();
}

TEST(request, an_answer_of_the_other_protocol_is_none)
{
    answered(HC_SERVICE_ECS, "{}", true);
    answered(HC_SERVICE_ECS, "<A/>", false);
    answered(HC_SERVICE_STS, "<A/>", true);
    answered(HC_SERVICE_STS, "{}", false);
}

/* Of what is no answer a text is shown, whole characters of it. */
TEST(request, bytes_that_are_no_text_are_not_shown)
{
    static const struct { const char *body, *shown; } rows[] = {
        { "a\xc3\xa9 page", "a\xc3\xa9 page" },
        { "a\x80\xfe\xff and more bytes", NULL },
        { "<html>\x80\xfe\xff and more bytes", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = { aws_answer(200, "", rows[i].body),
                                        NULL };

        aws_world_open(&w, NULL, answers);
        start(HC_SERVICE_ECS, NULL);
        aws_world_until(&w, &me.ended);
        CHECK_INT(me.request.fetch.error.code, HEADCOUNT_EANSWER);
        CHECK(hc_text_is_utf8(hc_str(me.request.fetch.error.what)));
        /* The call names the operation, once. */
        CHECK(strstr(me.request.fetch.error.what, "DoThis") == NULL);
#ifndef HC_TINY                       /* which reads a few bytes at a time */
        CHECK((strstr(me.request.fetch.error.what, "\"a") != NULL ||
               strstr(me.request.fetch.error.what, "<html>") != NULL) ==
              (rows[i].shown != NULL));
        if (rows[i].shown != NULL)
            CHECK(strstr(me.request.fetch.error.what, rows[i].shown) != NULL);
#endif
        end();
    }
}

TEST(request, what_a_query_service_says_of_an_error)
{
    const char *const answers[] = {
        aws_answer(403, "", "<ErrorResponse><Error><Code>AccessDenied</Code>"
                   "<Message>no</Message></Error></ErrorResponse>"), NULL };

    aws_world_open(&w, NULL, answers);
    start(HC_SERVICE_STS, &someone);
    aws_world_until(&w, &me.ended);
    CHECK(!me.request.ok);
    CHECK_Z(me.answer.code, "AccessDenied");
    CHECK_Z(me.answer.message, "no");
    CHECK(strstr(aws_world_header(&w, 0, "Authorization"),
                 "/eu-west-1/sts/aws4_request") != NULL);
    end();
}

TEST(request, the_day_key_is_derived_once)
{
    const char *const answers[] = { aws_answer(200, "", "{}"),
                                    aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    start(HC_SERVICE_ECS, &someone);
    aws_world_until(&w, &me.ended);
    struct hc_sigv4_key key = me.key;

    CHECK_INT(key.derived, 1);
    hc_request_fini(&me.request);
    hc_job_fini(&me.job);
    start(HC_SERVICE_ECS, &someone);
    me.key = key;
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.key.derived, 1);
    CHECK(strstr(aws_world_header(&w, 1, "Authorization"), "Signature=") !=
          NULL);
    end();
}

/* The first connection is idle when its server closes it; the second send is
 * signed for its own time. */
TEST(request, a_replay_is_signed_anew)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), AWS_PEER_CLOSE,
                                    aws_answer(200, "", "{}"), NULL };

    aws_world_open(&w, NULL, answers);
    start(HC_SERVICE_ECS, &someone);
    aws_world_until(&w, &me.ended);
    hc_request_fini(&me.request);
    hc_job_fini(&me.job);
    start(HC_SERVICE_ECS, &someone);
    hc_jobs_step(&w.world.net.jobs, w.world.now, NULL, 0);
    w.world.wall += 2 * HC_SECOND;
    aws_world_until(&w, &me.ended);
    CHECK(me.request.ok);
    CHECK_INT(w.script.requests, 3);
    CHECK_INT(w.world.net.stats.replays, 1);
    CHECK(strcmp(aws_world_header(&w, 1, "X-Amz-Date"),
                 aws_world_header(&w, 2, "X-Amz-Date")) != 0);
    CHECK(strcmp(aws_world_header(&w, 1, "Authorization"),
                 aws_world_header(&w, 2, "Authorization")) != 0);
    end();
}

TEST(request, what_the_service_says_of_an_error)
{
    const char *const answers[] = {
        aws_answer(400, "x-amz-retry-after: 1500\r\n"
                        "x-amzn-errortype: ClusterNotFoundException:http\r\n",
                   "{\"message\":\"no such cluster\"}"), NULL };

    aws_world_open(&w, NULL, answers);
    start(HC_SERVICE_ECS, &someone);
    aws_world_until(&w, &me.ended);
    CHECK(!me.request.ok);
    CHECK_Z(me.answer.code, "ClusterNotFoundException");
    CHECK_Z(me.answer.message, "no such cluster");
    CHECK_Z(me.answer.request_id, "req-400");
    CHECK_INT(me.request.retry_after, 1500 * HC_MS);
    CHECK(!me.request.has_skew);
    end();
}

TEST(request, an_error_that_was_cut_short_keeps_its_status)
{
    const char *const answers[] = {
        "HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\n<html>", NULL };

    aws_world_open(&w, NULL, answers);
    start(HC_SERVICE_ECS, &someone);
    for (int i = 0; i < 100; i++)
        aws_world_round(&w);
    net_peer_hang_up(&w.world.peer, 0);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.request.state, REQUEST_DONE);
    CHECK(!me.request.ok);
    CHECK_Z(me.answer.code, "503");
    CHECK_Z(me.answer.message, "Service Unavailable");
    end();
}

TEST(request, the_skew_is_theirs_minus_ours)
{
    const char *const answers[] = {
        aws_answer(200, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "{}"),
        NULL };
    int64_t theirs;

    aws_world_open(&w, NULL, answers);
    CHECK(hc_time_get_http(HC_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &theirs));
    start(HC_SERVICE_ECS, &someone);
    aws_world_until(&w, &me.ended);
    CHECK(me.request.has_skew);
    CHECK_INT(me.request.skew, theirs - w.world.wall);
    end();
}

/* ---- who repeats the request ---- */

#define SECRET "the-secret/of+this"
#define TOKEN "the-token/of+this=="

static const struct hc_identity secretive = {
    .key_id = { "AKIDEXAMPLE", 11 },
    .secret = { SECRET, sizeof SECRET - 1 },
    .token = { TOKEN, sizeof TOKEN - 1 },
};

static void check_unsaid(const char *text)
{
    if (strstr(text, "the-sec") != NULL || strstr(text, "the-tok") != NULL ||
        strstr(text, "of+this") != NULL)
        fail_msg("a secret in \"%s\"", text);
}

/* Whichever text of an answer has it, it is not kept. */
TEST(request, what_it_was_signed_with_is_in_no_text_of_its_answer)
{
    static const struct {
        enum hc_service_id service;
        int status;
        const char *headers, *body, *code, *message, *what;
    } rows[] = {
        { HC_SERVICE_ECS, 400, "", "{\"__type\":\"A\",\"message\":\"you sent "
          TOKEN " and " SECRET "!\"}", "A", "you sent *** and ***!", "" },
        { HC_SERVICE_ECS, 400, "", "{\"__type\":\"A\",\"message\":\"no. "
          "X-Amz-Security-Token: " TOKEN "\"}", "A", "no. ", "" },
        { HC_SERVICE_ECS, 400, "", "{\"__type\":\"A\",\"message\":\"t=the-token"
          "\\/of+this%3D%3D\"}", "A", "t=***", "" },
        { HC_SERVICE_ECS, 400, "", "{\"__type\":\"" TOKEN "\"}", "***", "",
          "" },
        { HC_SERVICE_ECS, 400, "X-Amzn-ErrorType: " SECRET "\r\n", "{}", "***",
          "", "" },
        { HC_SERVICE_ECS, 400, "x-amzn-query-error: " SECRET ";Sender\r\n",
          "{}", "***", "", "" },
        { HC_SERVICE_STS, 403, "", "<E><Error><Code>" SECRET "</Code><Message>"
          "a " TOKEN "</Message></Error></E>", "***", "a ***", "" },
        { HC_SERVICE_ECS, 200, "", TOKEN " is no JSON", "", "", "no JSON " },
        { HC_SERVICE_ECS, 200, TOKEN "\r\n", "{}", "", "", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = {
            aws_answer(rows[i].status, rows[i].headers, rows[i].body), NULL };

        aws_world_open(&w, NULL, answers);
        start(rows[i].service, &secretive);
        aws_world_until(&w, &me.ended);
        CHECK(strstr(w.script.request[0], TOKEN) != NULL);
        CHECK_Z(me.answer.code, rows[i].code);
        CHECK_Z(me.answer.message, rows[i].message);
        CHECK(strstr(me.request.fetch.error.what, rows[i].what) != NULL);
        check_unsaid(me.request.fetch.error.what);
        end();
    }
}

TEST(request, nor_is_it_in_a_request_id)
{
    static const char *const rows[][2] = {
        { "HTTP/1.1 200 OK\r\nx-amzn-RequestId: id " TOKEN "\r\n"
          "Content-Length: 2\r\n\r\n{}", "id ***" },
        { "HTTP/1.1 400 Bad\r\nx-amz-request-id: " SECRET "\r\n"
          "Content-Length: 2\r\n\r\n{}", "***" },
        { "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 5a1f7c2e-0b7d-4f59-9D3A-"
          "0123456789ab\r\nContent-Length: 2\r\n\r\n{}",
          "5a1f7c2e-0b7d-4f59-9D3A-0123456789ab" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = { rows[i][0], NULL };

        aws_world_open(&w, NULL, answers);
        start(HC_SERVICE_ECS, &secretive);
        aws_world_until(&w, &me.ended);
        CHECK_Z(me.answer.request_id, rows[i][1]);
        end();
    }
}

TEST(request, a_token_that_cannot_stand_in_a_header_is_not_sent)
{
    const struct hc_identity bad = { .key_id = HC_STR("A"),
                                     .secret = HC_STR("b"),
                                     .token = HC_STR("a\r\nb: c") };

    aws_world_open(&w, NULL, NULL);
    start(HC_SERVICE_ECS, &bad);
    aws_world_until(&w, &me.ended);
    CHECK_INT(me.request.state, REQUEST_FAILED);
    CHECK_INT(w.script.requests, 0);
    CHECK(strstr(me.request.fetch.error.what, "b: c") == NULL);
    end();
}
