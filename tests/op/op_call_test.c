/* tests/op/op_call_test.c - one operation of one AWS service: what is copied,
 * what is sent twice, what is left when it is cut off. */
#include "op/op_call.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

static struct headcount_call call_of(const char *operation)
{
    return (struct headcount_call){ .size = sizeof(struct headcount_call),
                                    .service = "ecs", .operation = operation };
}

static int begin_list(void)
{
    const struct headcount_call call = call_of("ListClusters");

    return headcount_begin_call(scene.h, &scene.op, &call, NULL);
}

TEST(op_call, the_request_is_copied)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    char service[] = "ecs", operation[] = "ListClusters", body[] = "{\"a\":1}";
    char region[] = "eu-west-2";
    struct headcount_call call = call_of(operation);

    scene_open(false, answers);
    call.service = service;
    call.body = body;
    call.body_size = sizeof body - 1;
    call.region = region;
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    memset(service, 'x', 3);
    memset(operation, 'x', sizeof operation - 1);
    memset(body, 'x', sizeof body - 1);
    memset(region, 'x', sizeof region - 1);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK(strstr(scene.script.request[0], ".ListClusters\r\n") != NULL);
    CHECK(strstr(scene.script.request[0], "/eu-west-2/ecs/") != NULL);
    CHECK(strstr(scene.script.request[0], "\r\n\r\n{\"a\":1}") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* The library does not know which operations change something. */
TEST(op_call, a_request_without_an_answer_is_sent_again_if_the_caller_says_so)
{
    for (int retries = 0; retries < 2; retries++) {
        const char *const answers[] = { AWS_PEER_CLOSE,
                                        aws_answer(200, "", "{}"), NULL };
        struct headcount_call call = call_of("UpdateService");

        scene_open(false, answers);
        headcount_free(scene.h);
        CHECK_INT(scene_new((struct headcount_config){
                      .endpoint_url = scene.url, .max_attempts = 2 }), 0);
        call.retry_writes = retries;
        CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
        scene_drive();
        CHECK_INT(headcount_outcome(scene.op)->code,
                  retries ? 0 : HEADCOUNT_ECLOSED);
        CHECK_INT(scene.script.requests, retries ? 2 : 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* The half that came is no part of the answer. */
TEST(op_call, an_answer_that_broke_off_is_read_from_its_start_again)
{
    const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":[",
        aws_answer(200, "", "{\"b\":2}"), NULL };
    struct headcount_call call = call_of("ListClusters");

    scene_open(false, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .max_attempts = 2 }), 0);
    call.retry_writes = true;
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_until(1);
    for (int i = 0; i < 5; i++)
        scene_round();
    net_peer_hang_up(&scene.peer, 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK_MEM(headcount_outcome(scene.op)->body,
              headcount_outcome(scene.op)->body_size, "{\"b\":2}");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_call, an_outcome_stays_until_its_op_is_freed)
{
    const char *const answers[] = {
        aws_answer(200, "", "{\"first\":1}"),
        aws_answer(404, "", "{\"__type\":\"x#GoneException\"}"), NULL };
    const struct headcount_outcome *o;
    headcount_op *first;

    scene_open(false, answers);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    first = scene.op;
    o = headcount_outcome(first);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    headcount_op_free(scene.op);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->status, 200);
    CHECK_Z(o->request_id, "req-200");
    CHECK_Z(o->service_code, "");
    CHECK_MEM(o->body, o->body_size, "{\"first\":1}");
    CHECK_INT(o->timings_n, 1);
    CHECK_Z(o->timings[0].operation, "ListClusters");
    headcount_op_free(first);
    scene_close();
}

/* Its owner may keep the op for long, and the rest of the answer still comes: a
 * socket that nobody reads would be ready in each round of the owner's loop. */
TEST(op_call, an_answer_that_is_refused_early_ends_its_connection)
{
    static const char *const early[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"a\":x",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<html>",
    };

    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        const char *const answers[] = { early[i], NULL };

        scene_open(false, answers);
        CHECK_INT(begin_list(), 0);
        scene_drive();
        CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EANSWER);
        CHECK_INT(scene.h->net.pool.conns, 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* A proxy or a load balancer: AWS names its errors. */
TEST(op_call, an_error_that_names_no_code_is_not_the_services)
{
    const char *const answers[] = { aws_answer(403, "", "<html>"), NULL };

    scene_open(false, answers);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EANSWER);
    CHECK_INT(headcount_outcome(scene.op)->status, 403);
    CHECK_Z(headcount_outcome(scene.op)->service_code, "");
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- which service, which operation ---- */

static void call_and_see(struct headcount_call call, int code,
                         const char *sent)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };

    scene_open(false, answers);
    call.size = sizeof call;
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, code);
    if (code == 0)
        CHECK(strstr(scene.script.request[0], sent) != NULL);
    else
        CHECK(strstr(headcount_outcome(scene.op)->message, sent) != NULL);
    CHECK_INT(scene.script.requests, code == 0 ? 1 : 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_call, services_and_operations_have_the_names_of_sdks_and_cli)
{
    static const struct { const char *service, *operation, *sent; } rows[] = {
        { "ECS", "list-clusters",
          "AmazonEC2ContainerServiceV20141113.ListClusters\r\n" },
        { "codedeploy", "ListApplications",
          "CodeDeploy_20141006.ListApplications\r\n" },
        { "deploy", "list-applications", "/codedeploy/aws4_request" },
        { "wafv2", "list-web-acls", "AWSWAF_20190729.ListWebACLs\r\n" },
        { "CloudWatch", "list-metrics", "x-amzn-query-mode: true\r\n" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        call_and_see((struct headcount_call){ .service = rows[i].service,
                                              .operation = rows[i].operation },
                     0, rows[i].sent);
}

TEST(op_call, an_operation_whose_answer_is_a_stream_is_not_sent)
{
    call_and_see((struct headcount_call){ .service = "logs",
                                          .operation = "start-live-tail" },
                 HEADCOUNT_EARG, "StartLiveTail of logs answers with a stream");
    call_and_see((struct headcount_call){ .service = "s3",
                                          .operation = "list-buckets" },
                 HEADCOUNT_ECONFIG, "request.sign s3");
}

TEST(op_call, an_operation_without_a_signature_goes_out_without_one)
{
    const char *const answers[] = { aws_answer(200, "", "{}"),
                                    aws_answer(200, "", "{}"), NULL };
    struct headcount_call call = call_of("initiate-auth");

    scene_open(false, answers);
    call.service = "cognito-idp";
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK(strstr(scene.script.request[0], "Authorization:") == NULL);
    headcount_op_free(scene.op);
    call.operation = "list-users";
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK(strstr(scene.script.request[1], "Authorization:") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_call, a_service_may_be_described)
{
    struct headcount_call call = {
        .service = "mine", .operation = "do-this", .target_prefix = "Target",
    };
    struct headcount_error e = { .code = 0 };

    call_and_see(call, 0, "Target.DoThis\r\n");
    call_and_see(call, 0, "/mine/aws4_request");
    call_and_see(call, 0, "application/x-amz-json-1.0\r\n");
    call.json_version = "1.1";
    call.signing_name = "sign";
    call_and_see(call, 0, "/sign/aws4_request");
    call_and_see(call, 0, "application/x-amz-json-1.1\r\n");
    call.endpoint_prefix = "/";
    call_and_see(call, HEADCOUNT_EARG, "request.endpoint_prefix is `/`");
    scene_open(false, NULL);
    call.size = sizeof call;
    call.target_prefix = NULL;
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, &e),
              HEADCOUNT_EARG);
    CHECK(strstr(e.what, "together with request.target_prefix") != NULL);
    scene_close();
}

TEST(op_call, an_unknown_operation_is_said_as_that)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"x#UnknownOperationException\"}"),
        NULL
    };

    scene_open(false, answers);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ESERVICE);
    CHECK_Z(headcount_outcome(scene.op)->service_code,
            "UnknownOperationException");
    CHECK(strstr(headcount_outcome(scene.op)->message,
                 "the service has no operation of this name") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_call, a_write_that_a_gateway_lost_under_a_code_may_have_been_done)
{
    const char *const answers[] = {
        aws_answer(504, "", "{\"__type\":\"x#Late\",\"message\":\"late\"}"),
        NULL
    };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "RunTask",
    };

    scene_open(false, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_Z(headcount_outcome(scene.op)->message,
            "Late: RunTask in eu-west-1 was sent and got no usable answer, so "
            "it may have been done: late (HTTP 504, request id req-504)");
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- cut off ---- */

static void is_done_or_cancelled(void)
{
    int code = headcount_outcome(scene.op)->code;

    CHECK(code == 0 || code == HEADCOUNT_ECANCELLED);
    CHECK_INT(headcount_outcome(scene.op)->body_size, code == 0 ? 2 : 0);
}

TEST(op_call, a_cancel_in_any_round_ends_it)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_list,
                                   .done = is_done_or_cancelled };

    scene_run_cut(&run);
}

static int begin_with_body(void)
{
    struct headcount_call call = call_of("ListClusters");

    call.body = "{\"a\":[1,{\"b\":\"c\"}]}";
    call.body_size = strlen(call.body);
    return headcount_begin_call(scene.h, &scene.op, &call, NULL);
}

static int once(void)
{
    const char *const answers[] = { aws_answer(200, "", "{\"x\":[]}"), NULL };
    const struct scene_run run = { .answers = answers,
                                   .begin = begin_with_body };

    return scene_run_once(&run);
}

TEST(op_call, memory_may_end_anywhere)
{
    t_fails_every_allocation(once);
}

/* ---- a role, and the account ---- */

#define ROLE "arn:aws:iam::123456789012:role/deploy"
#define ASSUMED AS("ROLE1", "s")
#define AS(id, secret) "<AssumeRoleResponse><AssumeRoleResult>"             \
    "<Credentials><AccessKeyId>" id "</AccessKeyId>"                        \
    "<SecretAccessKey>" secret "</SecretAccessKey>"                         \
    "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z"        \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

/* It is a call of the op that waits for it. */
TEST(op_call, a_role_is_assumed_with_what_the_caller_gives_for_it)
{
    const char *const answers[] = { aws_answer(200, "", ASSUMED),
                                    aws_answer(200, "", "{}"),
                                    aws_answer(200, "", "{}"), NULL };
    char id[] = "a:b", name[] = "night", role[] = ROLE;
    struct headcount_call call = call_of("ListClusters");

    call.assume_role = role;
    call.external_id = id;
    call.role_session_name = name;
    call.role_duration = 900000000;
    scene_open(false, answers);
    for (uint64_t first = 1; first <= 1; first--) {
        CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
        if (first) {
            memset(id, 'x', 3);
            memset(name, 'x', 5);
            memset(role, 'x', sizeof role - 1);
        }
        scene_drive();
        const struct headcount_outcome *o = headcount_outcome(scene.op);

        CHECK_INT(o->code, 0);
        CHECK_INT(o->stats.api_calls, 1 + first);
        CHECK_INT(o->timings_n, 1 + first);
        CHECK_Z(o->timings[0].operation, first ? "AssumeRole"
                                               : "ListClusters");
        headcount_op_free(scene.op);
        memcpy(id, "a:b", 3);
        memcpy(name, "night", 5);
        memcpy(role, ROLE, sizeof role);
    }
    CHECK_INT(scene.script.requests, 3);
    CHECK(strstr(scene.script.request[0], "&RoleSessionName=night&ExternalId="
                 "a%3Ab&DurationSeconds=900") != NULL);
    scene_close();
}

/* A day key has the secret that it was made of. */
TEST(op_call, the_day_key_of_expired_credentials_is_not_kept)
{
    const char *const answers[] = {
        aws_answer(200, "", ASSUMED), aws_answer(200, "", "{}"),
        aws_answer(200, "", AS("ROLE2", "s2")), aws_answer(200, "", "{}"),
        NULL };
    const struct hc_role role = { .arn = HC_STR(ROLE) };
    struct headcount_call call = call_of("ListClusters");
    size_t keys = 0;

    call.assume_role = ROLE;
    scene_open(false, answers);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
        scene_drive();
        CHECK_INT(headcount_outcome(scene.op)->code, 0);
        headcount_op_free(scene.op);
        struct hc_creds *c = hc_client_creds(&scene.h->client, &role, NULL);

        hc_credentials_fini(&c->now_good);
        hc_credentials_init(&c->now_good, t_alloc());
        c->state = CREDS_EMPTY;
    }
    CHECK_INT(scene.script.requests, 4);
    for (size_t i = 0; scene.h->client.keys && i < HC_CLIENT_KEYS; i++)
        keys += scene.h->client.keys[i] != NULL;
    CHECK_INT(keys, 1);
    scene_close();
}

TEST(op_call, a_name_says_whether_it_only_reads)
{
    static const char *const reads[] = {
        "ListClusters", "list-clusters", "describe-services", "GetItem",
        "batch-get-item", "BatchGetItem", "query", "Scan", "HeadObject",
        "get-x", "List",
    };
    static const char *const writes[] = {
        "UpdateService", "update-service", "PutItem", "batch-write-item",
        "Nothing", "nobody-knows", "", "b-a-t-c-h", "receive-message",
        "-", "BatchPut", "Lis",
    };

    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        CHECK(headcount_only_reads(reads[i]));
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        CHECK(!headcount_only_reads(writes[i]));
    CHECK(!headcount_only_reads(NULL));
}

TEST(op_call, what_cannot_be_for_a_role_or_an_account_is_refused)
{
    static const struct {
        struct headcount_call call;
        int code;
        const char *says;
    } rows[] = {
        { { .external_id = "abc" }, HEADCOUNT_EARG, "request.external_id" },
        { { .role_session_name = "abc" }, HEADCOUNT_EARG,
          "request.role_session_name" },
        { { .role_duration = 900000000 }, HEADCOUNT_EARG,
          "request.role_duration" },
        { { .assume_role = ROLE, .external_id = "a" }, HEADCOUNT_ECONFIG,
          "external_id" },
        { { .assume_role = ROLE, .role_session_name = "a b" },
          HEADCOUNT_ECONFIG, "role_session_name" },
        { { .assume_role = ROLE, .role_duration = 899000000 },
          HEADCOUNT_ECONFIG, "duration" },
        { { .assume_role = ROLE, .role_duration = -1 }, HEADCOUNT_ECONFIG,
          "duration" },
        { { .expect_account = "" }, HEADCOUNT_EARG, "12 digits" },
        { { .expect_account = "12345678901" }, HEADCOUNT_EARG, "12 digits" },
        { { .expect_account = "1234567890123" }, HEADCOUNT_EARG, "12 digits" },
        { { .expect_account = "12345678901x" }, HEADCOUNT_EARG, "12 digits" },
        { { .assume_role = ROLE, .expect_account = "210987654321" },
          HEADCOUNT_EACCOUNT, ROLE " is of account 123456789012" },
        { { .service = "cognito-idp", .operation = "InitiateAuth",
            .expect_account = "123456789012" },
          HEADCOUNT_EARG, "InitiateAuth of cognito-idp is not signed" },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_call call = rows[i].call;

        call.size = sizeof call;
        if (call.service == NULL) {
            call.service = "ecs";
            call.operation = "ListClusters";
        }
        CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
        const struct headcount_outcome *o = headcount_outcome(scene.op);

        CHECK(o != NULL);
        CHECK_INT(o->code, rows[i].code);
        if (strstr(o->message, rows[i].says) == NULL)
            fail_msg("no \"%s\" in \"%s\"", rows[i].says, o->message);
        headcount_op_free(scene.op);
    }
    CHECK_INT(scene.script.requests, 0);
    scene_close();
}

/* ---- memory ---- */

#define ANSWER "{\"clusterArns\":[]}"

static headcount_op *ended(void)
{
    static const char body[] = "{\"maxResults\":10}";
    struct headcount_call call = call_of("ListClusters");

    call.body = body;
    call.body_size = sizeof body - 1;
    if (headcount_begin_call(scene.h, &scene.op, &call, NULL) != 0)
        return NULL;
    scene_drive();
    return scene.op;
}

static void open_many(bool tls)
{
    static const char *answers[7];

    for (size_t i = 0; i < 6; i++)
        answers[i] = aws_answer(200, "", ANSWER);
    scene_open(tls, answers);
}

/* Its op, its request and the head of its answer are where those of the call
 * before it were. */
TEST(op_call, a_warm_call_asks_for_the_memory_of_its_answer_and_no_other)
{
    for (int tls = 0; tls < 2; tls++) {
        open_many(tls);
        for (int i = 0; i < 4; i++) {
            const struct t_alloc before = *t_alloc_state();
            const headcount_op *op = ended();

            CHECK(op != NULL && headcount_outcome(op)->code == 0);
            size_t n = headcount_outcome(op)->body_size;

            CHECK_INT(n, sizeof ANSWER - 1);
            if (i > 0 && !t_is_doomed()) {
                CHECK_INT(t_alloc_state()->count - before.count, 1);
                CHECK(t_alloc_state()->total - before.total <= 65);
            }
            headcount_op_free(scene.op);
        }
        scene_close();
    }
}

/* Two ops that were freed leave the memory of one. */
TEST(op_call, the_memory_that_is_kept_does_not_grow)
{
    headcount_op *ops[3];

    open_many(false);
    CHECK(ended() != NULL);
    headcount_op_free(scene.op);
    const long held = t_alloc_state()->held;

    for (size_t i = 0; i < 3; i++) {
        ops[i] = ended();
        CHECK(ops[i] != NULL && headcount_outcome(ops[i])->code == 0);
    }
    for (size_t i = 0; i < 3; i++)
        headcount_op_free(ops[i]);
    CHECK_INT(t_alloc_state()->held, held);
    scene_close();
}

/* What is in an op that was freed is not in the next one. */
TEST(op_call, an_op_in_used_memory_is_a_new_one)
{
    const char *const answers[] = {
        aws_answer(404, "", "{\"__type\":\"x#GoneException\",\"message\":"
                            "\"gone\"}"),
        aws_answer(200, "", "{}"), NULL };
    struct headcount_call wrong = call_of("ListClusters");

    scene_open(false, answers);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    CHECK_Z(headcount_outcome(scene.op)->service_code, "GoneException");
    headcount_op_free(scene.op);
    CHECK_INT(begin_list(), 0);
    scene_drive();
    const struct headcount_outcome *o = headcount_outcome(scene.op);

    CHECK_INT(o->code, 0);
    CHECK_Z(o->message, "");
    CHECK_Z(o->service_code, "");
    CHECK_INT(o->timings_n, 1);
    CHECK_INT(o->stats.api_calls, 1);
    headcount_op_free(scene.op);
    wrong.body = "[";
    wrong.body_size = 1;
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &wrong, NULL), 0);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ESYNTAX);
    CHECK_Z(headcount_outcome(scene.op)->request_id, "");
    CHECK_INT(headcount_outcome(scene.op)->timings_n, 0);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- what waits and what is idle, in bytes ---- */

static long held_by_ops(size_t n)
{
    headcount_op *ops[32];
    const long before = t_alloc_state()->held;

    for (size_t i = 0; i < n; i++) {
        CHECK_INT(begin_list(), 0);
        ops[i] = scene.op;
    }
    const long held = t_alloc_state()->held - before;

    while (n > 0)
        headcount_op_free(ops[--n]);
    return held;
}

/* Measured, and rounded up to half a KiB.  Whoever makes one of them larger
 * says why, and raises the number. */
#define KIB(n) ((long)((n) * 1024))

/* From the eleventh on they stand in the line for a connection. */
TEST(op_call, an_op_that_waits_takes_at_most_6_kib)
{
    scene_open(false, NULL);
    held_by_ops(12);
    long few = held_by_ops(12), more = held_by_ops(32);

    if (!t_is_doomed())
        CHECK(more - few <= 20 * KIB(6));
    scene_close();
}

TEST(op_call, a_handle_takes_at_most_32_kib)
{
    const long before = t_alloc_state()->held;

    scene_open(false, NULL);
    if (!t_is_doomed())
        CHECK(t_alloc_state()->held - before <= KIB(32));
    scene_close();
}

/* With its host, and over TLS with its engine's buffer and the session.  A
 * handle keeps the rest: an endpoint, a template, the memory of a call, and the
 * CAs that it has read for TLS. */
TEST(op_call, an_idle_connection_takes_at_most_26_kib_and_over_tls_60)
{
    static const long most[] = { KIB(26), KIB(58.5) };
    static const long kept[] = { KIB(18.5), KIB(26) };

    for (int tls = 0; tls < 2; tls++) {
        open_many(tls);
        const long new = t_alloc_state()->held;

        CHECK(ended() != NULL);
        headcount_op_free(scene.op);
        const long warm = t_alloc_state()->held;

        headcount_forget(scene.h);
        const long idle = warm - t_alloc_state()->held;

        if (!t_is_doomed()) {
            CHECK(idle <= most[tls]);
            CHECK(warm - idle - new <= kept[tls]);
        }
        scene_close();
    }
}
