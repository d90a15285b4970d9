/* net/outer - TLS to a proxy, below the bytes of a connection. */
#include "net/outer.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/attempt.h"
#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;
static struct hc_job job;
static struct hc_proxy proxy;
static struct hc_attempt attempt;
static struct hc_attempt_shared shared;
static struct hc_origin origin;
static struct headcount_stats stats;
static struct headcount_error error;

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
    proxy = (struct hc_proxy){ .name = "https://proxy" };
    proxy.origin = net_world_origin(&world);
    proxy.origin.tls = true;
    proxy.anchors = &world.anchors;
    origin = (struct hc_origin){ .host = "a.test", .port = 80 };
    hc_job_init(&job, &world.net.jobs, job_run);
    shared = (struct hc_attempt_shared){
        .net = &world.net, .job = &job, .stats = &stats, .origin = &origin,
        .proxy = &proxy,
    };
}

static void close_world(void)
{
    hc_attempt_fini(&attempt);
    CHECK_INT(shared.engines, 0);
    hc_job_fini(&job);
    net_world_close(&world);
}

/* 1: the connection to the proxy stands. */
static int connect_to_it(void)
{
    const struct hc_addr here = { .family = 4, .ip = { 127, 0, 0, 1 } };
    int got = hc_attempt_start(&attempt, &shared, &here, world.now, &error);

    for (int i = 0; i < 1000 && got == 0; i++) {
        net_world_round(&world);
        got = hc_attempt_step(&attempt, world.now, &error);
    }
    return got;
}

/* All that came until nothing more comes, or the end. */
static int read_all(char *to, size_t cap, size_t *n)
{
    struct hc_str in;
    int got = CONN_WAIT;

    *n = 0;
    for (int i = 0; i < 3000 && got >= 0 && got != CONN_EOF; i++) {
        net_world_round(&world);
        while ((got = hc_conn_recv(attempt.conn, &in, &error)) == CONN_BYTES) {
            CHECK(*n + in.n <= cap);
            memcpy(to + *n, in.p, in.n);
            *n += in.n;
            hc_conn_used(attempt.conn, in.n);
        }
    }
    return got;
}

TEST(outer, carries_bytes_both_ways)
{
    static char big[60000], got[sizeof big];
    struct hc_str out = hc_str_n(big, sizeof big);
    size_t n;

    memset(big, 'x', sizeof big);
    open_world("ec");
    CHECK_INT(connect_to_it(), 1);
    CHECK(attempt.conn->outer != NULL && !attempt.conn->tls);
    CHECK_INT(stats.tls_handshakes, 1);
    CHECK(hc_conn_is_quiet(attempt.conn));
    int done = 0;

    for (int i = 0; i < 3000 && done == 0; i++) {
        done = hc_conn_send(attempt.conn, &out, &error);
        net_world_round(&world);
    }
    CHECK_INT(done, 1);
    for (int i = 0; i < 3000 && world.peer.conns[0].got_n < sizeof big; i++)
        net_world_round(&world);
    CHECK_INT(world.peer.conns[0].got_n, sizeof big);
    CHECK_MEM(world.peer.conns[0].got, sizeof big, big);
    net_peer_say_n(&world.peer, 0, big, sizeof big);
    CHECK_INT(read_all(got, sizeof got, &n), CONN_WAIT);
    CHECK_INT(n, sizeof big);
    CHECK_MEM(got, n, big);
    CHECK(hc_conn_is_quiet(attempt.conn));
    net_peer_say(&world.peer, 0, "unasked");
    for (int i = 0; i < 10; i++)
        net_world_round(&world);
    CHECK(!hc_conn_is_quiet(attempt.conn));
    close_world();
}

TEST(outer, a_record_that_began_is_not_quiet)
{
    struct hc_str in;

    open_world("ec");
    CHECK_INT(connect_to_it(), 1);
    CHECK(write(world.peer.conns[0].fd, "\x17\x03\x03", 3) == 3);
    for (int i = 0; i < 10; i++) {
        net_world_round(&world);
        CHECK_INT(hc_conn_recv(attempt.conn, &in, &error), CONN_WAIT);
    }
    CHECK_INT(hc_sock_peek(attempt.conn->watch.fd), HC_SOCK_AGAIN);
    CHECK(!hc_conn_is_quiet(attempt.conn));
    close_world();
}

TEST(outer, an_end_is_clean_only_with_close_notify)
{
    char got[10];
    size_t n;

    for (int cut = 0; cut <= 1; cut++) {
        open_world("ec");
        CHECK_INT(connect_to_it(), 1);
        net_peer_say(&world.peer, 0, "bye");
        if (cut)
            net_peer_hang_up(&world.peer, 0);
        else
            net_peer_say_goodbye(&world.peer, 0);
        CHECK_INT(read_all(got, sizeof got, &n),
                  cut ? HEADCOUNT_ECLOSED : CONN_EOF);
        CHECK_STR(hc_str_n(got, n), "bye");
        CHECK(!hc_conn_is_quiet(attempt.conn));
        close_world();
    }
}

TEST(outer, says_goodbye_to_the_proxy)
{
    open_world("ec");
    CHECK_INT(connect_to_it(), 1);
    hc_attempt_fini(&attempt);
    for (int i = 0; i < 100 && !world.peer.conns[0].ended; i++)
        net_peer_pump(&world.peer);
    CHECK(world.peer.conns[0].clean);
    close_world();
}

TEST(outer, a_certificate_for_another_host_is_refused)
{
    open_world("wrong-name");
    CHECK_INT(connect_to_it(), HEADCOUNT_ECERT);
    CHECK_INT(attempt.reached, ATTEMPT_OUTER);
    close_world();
}

TEST(outer, a_proxy_that_does_not_speak_tls_is_refused)
{
    open_world("ec");
    world.peer.certificate = NULL;
    const struct hc_addr here = { .family = 4, .ip = { 127, 0, 0, 1 } };

    CHECK_INT(hc_attempt_start(&attempt, &shared, &here, world.now, &error), 0);
    int got = 0;

    for (int i = 0; i < 1000 && got == 0; i++) {
        net_world_round(&world);
        if (world.peer.n == 1 && world.peer.conns[0].got_n > 0 &&
            attempt.state == ATTEMPT_OUTER && i % 50 == 49)
            net_peer_say(&world.peer, 0, "HTTP/1.1 400 Bad Request\r\n\r\n");
        got = hc_attempt_step(&attempt, world.now, &error);
    }
    CHECK_INT(got, HEADCOUNT_ETLS);
    close_world();
}

/* Warnings, which TLS passes over: less than those that end it. */
TEST(outer, a_proxy_that_always_has_more_lets_others_run)
{
    static const char warning[7] = "\x15\x03\x03\0\2\1\x5a";
    static char flood[1024 * sizeof warning];
    struct hc_tls_config tls = { .alloc = t_alloc() };
    struct hc_watch watch;
    int fd[2], left = 0, room = 1 << 20;
    size_t sent = 0;
    ssize_t n;

    open_world("ec");
    tls.anchors = &world.anchors;
    tls.host = HC_STR("a.test");
    for (size_t i = 0; i < sizeof flood; i++)
        flood[i] = warning[i % sizeof warning];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
    setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    while (sent < (512 << 10) &&
           (n = write(fd[1], flood + sent % sizeof warning, 7000)) > 0)
        sent += (size_t)n;
    hc_watch_open(&world.net.jobs, &watch, fd[0], &job);
    struct hc_outer *o = hc_outer_new(&tls, &error);

    CHECK(o != NULL);
    CHECK_INT(hc_outer_handshake(o, &watch, &error), 0);
    CHECK(ioctl(fd[0], FIONREAD, &left) == 0);
    CHECK(left > 0 || sent < HC_SOCK_IN_A_ROW);
    for (int i = 0; i < 10; i++)
        CHECK_INT(hc_outer_handshake(o, &watch, &error), 0);
    CHECK(ioctl(fd[0], FIONREAD, &left) == 0);
    CHECK_INT(left, 0);
    hc_outer_free(o, fd[0]);
    hc_watch_close(&watch);
    close(fd[0]);
    close(fd[1]);
    memset(&attempt, 0, sizeof attempt);
    close_world();
}

TEST(outer, its_handshake_has_its_time)
{
    open_world("ec");
    world.peer.certificate = NULL;
    const struct hc_addr here = { .family = 4, .ip = { 127, 0, 0, 1 } };

    CHECK_INT(hc_attempt_start(&attempt, &shared, &here, world.now, &error), 0);
    for (int i = 0; i < 1000 && attempt.state != ATTEMPT_OUTER; i++) {
        net_world_round(&world);
        hc_attempt_step(&attempt, world.now, &error);
    }
    world.now += 3100 * HC_MS;
    CHECK_INT(hc_attempt_step(&attempt, world.now, &error),
              HEADCOUNT_ETIMEDOUT);
    CHECK(strstr(error.what, "ecs.test.internal:") == error.what);
    close_world();
}
