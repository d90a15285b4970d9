/* tests/op/op_connect_test.c - connections that stand before a call: to which
 * hosts, and that nothing else follows from them. */
#include "op/op_call.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "peers/scene.h"
#include "t.h"

#define OK aws_answer(200, "", "{}")
#define KEYS "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrX"
#define ROLE "arn:aws:iam::123456789012:role/r"

static struct headcount_call call;

static int begin(void)
{
    call.size = sizeof call;
    call.service = "ecs";
    return headcount_begin_connect(scene.h, &scene.op, &call, &scene.error);
}

/* Runs the op to its end; its code, and *stats. */
static int end(struct headcount_stats *stats)
{
    scene_drive();
    const struct headcount_outcome *o = headcount_outcome(scene.op);
    int code = o->code;

    if (stats != NULL)
        *stats = o->stats;
    CHECK_INT(o->stats.api_calls, 0);
    CHECK_INT(o->stats.retries, 0);
    headcount_op_free(scene.op);
    scene.op = NULL;
    return code;
}

static int connect_now(struct headcount_stats *stats)
{
    CHECK_INT(begin(), 0);
    return end(stats);
}

static int call_now(struct headcount_stats *stats)
{
    const struct headcount_call list = {
        .size = sizeof list, .service = "ecs", .operation = "ListClusters",
    };

    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &list, NULL), 0);
    scene_drive();
    int code = headcount_outcome(scene.op)->code;

    *stats = headcount_outcome(scene.op)->stats;
    headcount_op_free(scene.op);
    return code;
}

static void open_scene(bool tls, const char *const *answers)
{
    memset(&call, 0, sizeof call);
    scene_open(tls, answers);
}

TEST(op_connect, the_call_that_follows_needs_no_handshake)
{
    const char *const answers[] = { OK, NULL };
    struct headcount_stats stats;

    open_scene(true, answers);
    CHECK_INT(connect_now(&stats), 0);
    CHECK_INT(stats.connections_opened, 1);
    CHECK_INT(stats.tls_handshakes, 1);
    CHECK_INT(stats.dns_lookups, 1);
    CHECK_INT(scene.script.requests, 0);
    CHECK_INT(hc_pool_idle(&scene.h->net.pool), 1);
    CHECK_INT(call_now(&stats), 0);
    CHECK_INT(stats.connections_opened + stats.dns_lookups, 0);
    CHECK_INT(stats.connections_reused, 1);
    CHECK_INT(scene.peer.n, 1);
    scene_close();
}

/* Otherwise a connection that is never used could be kept without an end. */
TEST(op_connect, one_that_was_kept_before_stays_as_old_as_it_is)
{
    const char *const answers[] = { NULL };
    struct headcount_stats stats;

    open_scene(false, answers);
    CHECK_INT(connect_now(NULL), 0);
    const struct hc_conn *c = hc_list_of(
        hc_list_first(&scene.h->net.pool.idle),
        offsetof(struct hc_conn, idle_all));
    int64_t since = c->idle_since;

    CHECK_INT(connect_now(&stats), 0);
    CHECK_INT(stats.connections_opened, 0);
    CHECK_INT(scene.peer.n, 1);
    CHECK_INT(hc_pool_idle(&scene.h->net.pool), 1);
    CHECK_INT(c->idle_since, since);
    scene_close();
}

/* STS has another origin than ECS here, so it gets a connection of its own
 * where the credentials, or their account, come from it. */
static size_t connections_with(const char *const *env, const char *role,
                               const char *account)
{
    const char *const answers[] = { NULL };
    char sts[64];
    const char *all[8] = { sts, "AWS_REGION=eu-west-1" };
    size_t n = 2;

    open_scene(false, answers);
    hc_fmt(sts, sizeof sts, "AWS_ENDPOINT_URL_STS=http://127.0.0.2:%u",
           scene.peer.port);
    while (*env != NULL)
        all[n++] = *env++;
    scene.env = all;
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url }), 0);
    call.assume_role = role;
    call.expect_account = account;
    /* Nobody listens for STS at 127.0.0.2. */
    n = connect_now(NULL) == HEADCOUNT_ECONNECT ? 2 : 1;
    CHECK_INT(scene.script.requests, 0);
    scene_close();
    return n;
}

TEST(op_connect, sts_gets_one_where_credentials_come_from_it)
{
    static const char *const keys[] = { KEYS, NULL };
    static const char *const token[] = {
        "AWS_ROLE_ARN=" ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE=/t", NULL
    };
    static const char *const none[] = { NULL };

    CHECK_INT(connections_with(keys, NULL, NULL), 1);
    CHECK_INT(connections_with(keys, ROLE, NULL), 2);
    CHECK_INT(connections_with(keys, NULL, "123456789012"), 2);
    CHECK_INT(connections_with(token, NULL, NULL), 2);
    CHECK_INT(connections_with(none, NULL, NULL), 1);
}

TEST(op_connect, one_connection_is_enough_where_sts_has_the_same_origin)
{
    const char *const answers[] = { NULL };

    open_scene(false, answers);
    call.assume_role = ROLE;
    CHECK_INT(connect_now(NULL), 0);
    CHECK_INT(scene.peer.n, 1);
    scene_close();
}

/* ---- what fails, and what does not follow ---- */

static unsigned refused;                 /* questions that get NXDOMAIN      */

static bool answer_later(struct dns_peer *peer, const struct dns_asked *asked,
                         struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n,
                 refused > 0 ? 0x8183 : 0x8180);
    if (refused > 0)
        dns_put_soa(reply, "test.internal", 300, 300);
    else if (asked->type == 1)
        dns_put_a(reply, NULL, 60, "127.0.0.1");
    return true;
}

TEST(op_connect, a_name_that_was_not_found_is_looked_up_again)
{
    /* 1: the op has ended before the answer comes, and nobody is told. */
    for (int gone = 0; gone < 2; gone++) {
        const char *const answers[] = { OK, NULL };
        struct headcount_stats stats;

        open_scene(true, answers);
        scene.dns.answer = answer_later;
        refused = 1;
        CHECK_INT(begin(), 0);
        if (gone) {
            headcount_op_free(scene.op);
            while (scene.h->net.pool.conns > 0)
                scene_round();
        } else {
            CHECK_INT(end(NULL), HEADCOUNT_EDNS);
        }
        refused = 0;
        CHECK_INT(call_now(&stats), 0);  /* max_attempts is 1 */
        CHECK_INT(stats.retries, 0);
        CHECK_INT(stats.dns_lookups, 1);
        scene_close();
    }
}

/* A call has joined the dial, and did not have its whole time. */
TEST(op_connect, a_call_that_joined_a_dial_that_fails_has_its_own)
{
    const char *const answers[] = { OK, NULL };
    struct headcount_stats stats;

    open_scene(true, answers);
    scene.dns.answer = answer_later;
    refused = 1;
    CHECK_INT(begin(), 0);
    headcount_step(scene.h, NULL, 0);
    headcount_op_free(scene.op);
    const struct headcount_call list = {
        .size = sizeof list, .service = "ecs", .operation = "ListClusters",
    };

    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &list, NULL), 0);
    headcount_step(scene.h, NULL, 0);
    dns_peer_serve(&scene.dns);
    refused = 0;
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    headcount_stats(scene.h, &stats);
    CHECK_INT(stats.retries, 0);
    scene_close();
}

/* The roots for STS are damaged, which is seen after the dial to the service
 * has begun.  An op that is done runs no more: nobody would take what comes
 * over its connection, and poll would say without an end that it is ready. */
TEST(op_connect, one_that_could_not_start_keeps_no_connection)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\n";
    const char *const answers[] = { NULL };
    char path[] = "/tmp/op_connect_test.XXXXXX", sts[64];
    const char *const env[] = { sts, "AWS_REGION=eu-west-1", KEYS, NULL };
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, pem, sizeof pem - 1) > 0 && close(fd) == 0);
    open_scene(false, answers);
    hc_fmt(sts, sizeof sts, "AWS_ENDPOINT_URL_STS=https://127.0.0.2:%u",
           scene.peer.port);
    scene.env = env;
    headcount_free(scene.h);
    int err = scene_new((struct headcount_config){
        .endpoint_url = scene.url, .ca_bundle = path });

    call.assume_role = ROLE;
    if (err == 0)
        err = begin();
    unlink(path);
    CHECK_INT(err, 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECONFIG);
    for (int i = 0; i < 1000 && hc_pool_idle(&scene.h->net.pool) == 0; i++)
        scene_round();
    CHECK_INT(hc_pool_idle(&scene.h->net.pool), 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_connect, a_dial_outlives_the_op)
{
    const char *const answers[] = { OK, NULL };
    struct headcount_stats stats;

    open_scene(true, answers);
    CHECK_INT(begin(), 0);
    headcount_step(scene.h, NULL, 0);
    headcount_op_free(scene.op);
    CHECK_INT(call_now(&stats), 0);
    CHECK_INT(scene.peer.n, 1);
    scene_close();
}

TEST(op_connect, its_time_is_limited)
{
    const char *const answers[] = { NULL };

    open_scene(true, answers);
    scene.dns.answer = NULL;
    call.timeout = 1;
    CHECK_INT(begin(), 0);
    while (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
        headcount_step(scene.h, NULL, 0);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EDEADLINE);
    CHECK_Z(headcount_outcome(scene.op)->message,
            "ecs: the deadline has passed before a connection stood");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_connect, nothing_is_done_where_nothing_is_kept)
{
    const char *const answers[] = { NULL };

    open_scene(false, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .no_keep_alive = true }), 0);
    CHECK_INT(connect_now(NULL), 0);
    net_peer_pump(&scene.peer);
    CHECK_INT(scene.peer.n, 0);
    scene_close();
}

TEST(op_connect, mistakes_are_those_of_a_call)
{
    const char *const answers[] = { NULL };
    struct headcount_call none = { .size = sizeof none };

    open_scene(false, answers);
    CHECK_INT(headcount_begin_connect(scene.h, &scene.op, &none,
                                      &scene.error), HEADCOUNT_EARG);
    CHECK(scene.op == NULL);
    none.service = "nosuch";
    CHECK_INT(headcount_begin_connect(scene.h, &scene.op, &none, NULL), 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECONFIG);
    headcount_op_free(scene.op);
    call.assume_role = "no-arn";
    CHECK_INT(connect_now(NULL), HEADCOUNT_ECONFIG);
    scene_close();
}

/* ---- cut off anywhere, and without memory ---- */

static const char *const nothing[] = { NULL };
static const struct scene_run one = { .answers = nothing, .begin = begin };

TEST(op_connect, it_ends_wherever_it_is_cut_off)
{
    memset(&call, 0, sizeof call);
    call.assume_role = ROLE;
    scene_run_cut(&one);
}

static int run_once(void)
{
    return scene_run_once(&one);
}

TEST(op_connect, every_failed_allocation_is_survived)
{
    memset(&call, 0, sizeof call);
    t_fails_every_allocation(run_once);
}
