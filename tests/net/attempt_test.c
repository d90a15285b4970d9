/* net/attempt - one address: connect, shake hands. */
#include "net/attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/sock.h"
#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;
static struct hc_job job;
static struct headcount_stats stats;
static struct hc_origin origin;
static struct hc_attempt_shared shared;
static struct headcount_error error;

static const struct hc_addr here = { .family = 4, .ip = { 127, 0, 0, 1 } };

static void job_run(struct hc_job *j, int64_t now)
{
    (void)j;
    (void)now;
}

static void open_world(const char *certificate)
{
    memset(&world, 0, sizeof world);
    memset(&stats, 0, sizeof stats);
    memset(&error, 0, sizeof error);
    net_world_open(&world, NULL, certificate);
    origin = net_world_origin(&world);
    hc_job_init(&job, &world.net.jobs, job_run);
    shared = (struct hc_attempt_shared){
        .net = &world.net, .job = &job, .stats = &stats, .origin = &origin,
        .anchors = &world.anchors,
    };
}

static void close_world(void)
{
    CHECK_INT(shared.engines, 0);
    hc_job_fini(&job);
    net_world_close(&world);
}

static int start(struct hc_attempt *a)
{
    return hc_attempt_start(a, &shared, &here, world.now, &error);
}

/* Rounds until the attempt is in that state. */
static void drive(struct hc_attempt *a, enum hc_attempt_state state)
{
    for (int i = 0; i < 1000 && a->state != state; i++) {
        net_world_round(&world);
        hc_attempt_step(a, world.now, &error);
    }
    CHECK_INT(a->state, state);
}

TEST(attempt, connects_and_is_done_without_tls)
{
    struct hc_attempt a;

    open_world(NULL);
    CHECK_INT(start(&a), 0);
    CHECK_INT(a.state, ATTEMPT_CONNECT);
    CHECK(hc_attempt_is_open(&a));
    world.now += 7;
    drive(&a, ATTEMPT_DONE);
    CHECK(a.conn != NULL && !a.conn->tls);
    CHECK_INT(a.heard_at, world.now);
    CHECK_INT(a.marks.connect_end - a.marks.connect_start, 7);
    CHECK_INT(stats.connections_opened, 1);
    CHECK_INT(stats.tls_handshakes, 0);
    hc_attempt_fini(&a);
    CHECK(!hc_attempt_is_open(&a));
    close_world();
}

TEST(attempt, is_done_with_tls_after_the_handshake)
{
    struct hc_attempt a;

    open_world("ec");
    CHECK_INT(start(&a), 0);
    drive(&a, ATTEMPT_HANDSHAKE);
    CHECK_INT(shared.engines, 1);
    int64_t connected_at = world.now;

    world.now += 7;
    drive(&a, ATTEMPT_DONE);
    CHECK(a.conn != NULL && a.conn->tls);
    CHECK_INT(a.heard_at, connected_at + 7);
    CHECK_INT(a.marks.tls_end - a.marks.tls_start, 7);
    CHECK_INT(stats.connections_opened, 1);
    CHECK_INT(stats.tls_handshakes, 1);
    hc_attempt_fini(&a);
    close_world();
}

TEST(attempt, says_where_nobody_listens)
{
    struct hc_attempt a;

    open_world(NULL);
    net_peer_refuse(&world.peer);
    CHECK_INT(start(&a), 0);
    drive(&a, ATTEMPT_FAILED);
    CHECK_INT(error.code, HEADCOUNT_ECONNECT);
    CHECK_INT(error.sys, ECONNREFUSED);
    CHECK_INT(a.reached, ATTEMPT_CONNECT);
    CHECK_INT(stats.connections_opened, 0);
    hc_attempt_fini(&a);
    close_world();
}

/* TCP is accepted by the kernel, and nobody answers in TLS. */
TEST(attempt, a_handshake_has_its_time)
{
    struct hc_attempt a;

    open_world("ec");
    world.peer.certificate = NULL;
    CHECK_INT(start(&a), 0);
    drive(&a, ATTEMPT_HANDSHAKE);
    world.now += 3100 * HC_MS - 1;
    CHECK_INT(hc_attempt_step(&a, world.now, &error), 0);
    world.now += 1;
    CHECK_INT(hc_attempt_step(&a, world.now, &error), HEADCOUNT_ETIMEDOUT);
    CHECK_INT(a.state, ATTEMPT_FAILED);
    CHECK_INT(a.reached, ATTEMPT_HANDSHAKE);
    CHECK(strstr(error.what, "(127.0.0.1)") != NULL);
    CHECK(strstr(error.what, "TLS handshake was not over within 3100 ms") !=
          NULL);
    hc_attempt_fini(&a);
    close_world();
}

TEST(attempt, waits_for_an_engine_after_the_third)
{
    struct hc_attempt a[HC_ATTEMPT_ENGINES + 1];
    struct hc_attempt *last = &a[HC_ATTEMPT_ENGINES];

    open_world("ec");
    world.peer.certificate = NULL;
    for (size_t i = 0; i < HC_ATTEMPT_ENGINES; i++) {
        CHECK_INT(start(&a[i]), 0);
        drive(&a[i], ATTEMPT_HANDSHAKE);
    }
    CHECK_INT(start(last), 0);
    drive(last, ATTEMPT_CONNECTED);
    CHECK_INT(hc_attempt_step(last, world.now, &error), 0);
    CHECK(last->conn == NULL);
    hc_attempt_fini(&a[1]);
    CHECK_INT(hc_attempt_step(last, world.now, &error), 0);
    CHECK_INT(last->state, ATTEMPT_HANDSHAKE);
    CHECK_INT(stats.connections_opened, HC_ATTEMPT_ENGINES + 1);
    for (size_t i = 0; i <= HC_ATTEMPT_ENGINES; i++)
        hc_attempt_fini(&a[i]);
    close_world();
}

/* Else a loop that polls the socket would see the hangup for ever. */
TEST(attempt, fails_if_its_peer_resets_while_it_waits_for_an_engine)
{
    struct hc_attempt a;

    open_world("ec");
    world.peer.certificate = NULL;
    shared.engines = HC_ATTEMPT_ENGINES;
    CHECK_INT(start(&a), 0);
    drive(&a, ATTEMPT_CONNECTED);
    net_world_round(&world);
    net_peer_reset(&world.peer, 0);
    a.watch.got = HC_WATCH_READ;
    CHECK_INT(hc_attempt_step(&a, world.now, &error), HEADCOUNT_ECONNECT);
    CHECK_INT(error.sys, ECONNRESET);
    CHECK_INT(a.state, ATTEMPT_FAILED);
    hc_attempt_fini(&a);
    shared.engines = 0;
    close_world();
}

/* The server has accepted it, and nobody has looked at the socket since. */
TEST(attempt, a_connection_that_stands_is_counted_when_it_is_closed)
{
    struct hc_attempt a;

    open_world(NULL);
    CHECK_INT(start(&a), 0);
    for (int i = 0; i < 1000 && world.peer.n == 0; i++)
        net_peer_pump(&world.peer);
    CHECK_INT(world.peer.n, 1);
    CHECK_INT(a.state, ATTEMPT_CONNECT);
    hc_attempt_fini(&a);
    CHECK_INT(stats.connections_opened, 1);
    CHECK_INT(world.net.stats.connections_opened, 1);
    hc_attempt_fini(&a);
    CHECK_INT(stats.connections_opened, 1);
    close_world();
}

/* ---- through a proxy ---- */

static struct hc_proxy proxy;

/* The peer is the proxy, and the target too, once there is a tunnel. */
static void open_proxy(void)
{
    open_world("ec");
    world.peer.certificate = NULL;
    origin.tls = false;
    proxy = (struct hc_proxy){ .origin = origin, .name = "http://proxy" };
    origin = (struct hc_origin){ .tls = true, .host = "ecs.test.internal",
                                 .port = 443 };
    shared.proxy = &proxy;
}

static void asked_for_a_tunnel(struct hc_attempt *a)
{
    CHECK_INT(start(a), 0);
    drive(a, ATTEMPT_TUNNEL);
    for (int i = 0; i < 1000 && world.peer.conns[0].got_n == 0; i++)
        net_world_round(&world);
    CHECK_INT(shared.engines, 1);
    CHECK(memcmp(world.peer.conns[0].got, "CONNECT ecs.test.internal:443 ",
                 30) == 0);
}

TEST(attempt, a_tunnel_comes_before_the_handshake)
{
    struct hc_attempt a;
    struct net_peer_conn *c;

    open_proxy();
    asked_for_a_tunnel(&a);
    c = &world.peer.conns[0];
    world.now += 7;
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\n\r\n");
    c->tls = calloc(1, sizeof *c->tls);
    CHECK(c->tls != NULL);
    tls_server_init(c->tls, "ec");
    tls_server_start(c->tls);
    drive(&a, ATTEMPT_DONE);
    CHECK(a.conn->tls && a.conn->proxy == &proxy && a.answered);
    CHECK_INT(a.marks.tls_start - a.marks.connect_end, 7);
    CHECK_INT(stats.connections_opened, 1);
    CHECK_INT(stats.tls_handshakes, 1);
    hc_attempt_fini(&a);
    close_world();
}

TEST(attempt, a_tunnel_has_its_time)
{
    struct hc_attempt a;

    open_proxy();
    asked_for_a_tunnel(&a);
    world.now += 3100 * HC_MS - 1;
    CHECK_INT(hc_attempt_step(&a, world.now, &error), 0);
    world.now += 1;
    CHECK_INT(hc_attempt_step(&a, world.now, &error), HEADCOUNT_EPROXY);
    CHECK(strstr(error.what, "ecs.test.internal:443 through the proxy "
                             "http://proxy: no answer to CONNECT within 3100 "
                             "ms") == error.what);
    CHECK_INT(error.permanent, 0);
    CHECK(!a.answered);
    hc_attempt_fini(&a);
    close_world();
}

/* What follows is not the fault of the proxy's address. */
TEST(attempt, a_refusal_is_an_answer)
{
    struct hc_attempt a;

    open_proxy();
    asked_for_a_tunnel(&a);
    net_peer_say(&world.peer, 0, "HTTP/1.1 502 Bad\r\n\r\n");
    drive(&a, ATTEMPT_FAILED);
    CHECK_INT(error.code, HEADCOUNT_EPROXY);
    CHECK_INT(a.reached, ATTEMPT_TUNNEL);
    CHECK(a.answered);
    hc_attempt_fini(&a);
    close_world();
}

static int connects(void)
{
    struct hc_attempt a;
    int err;

    open_world(NULL);
    err = start(&a);
    for (int i = 0; i < 1000 && err == 0 && a.state != ATTEMPT_DONE; i++) {
        net_world_round(&world);
        err = hc_attempt_step(&a, world.now, &error);
        err = err > 0 ? 0 : err;
    }
    hc_attempt_fini(&a);
    close_world();
    return err;
}

TEST(attempt, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(connects);
}
