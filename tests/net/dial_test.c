/* net/dial - from a name to a connection. */
#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;

struct owner {
    struct hc_job job;
    struct hc_dial *dial;
    bool ended;
};

static struct owner owner;

static void owner_run(struct hc_job *job, int64_t now)
{
    struct owner *o = (struct owner *)job;

    (void)now;
    if (o->dial != NULL)
        o->ended = o->dial->state == DIAL_DONE ||
                   o->dial->state == DIAL_FAILED;
}

static void dial_to(struct hc_origin origin, const struct hc_anchors *anchors)
{
    const struct hc_dial_config config = {
        .origin = origin, .anchors = anchors, .owner = &owner.job,
    };

    memset(&owner, 0, sizeof owner);
    hc_job_init(&owner.job, &world.net.jobs, owner_run);
    owner.dial = hc_dial_new(&world.net, &config, world.now);
    CHECK(owner.dial != NULL);
}

static void hang_up(void)
{
    hc_dial_free(owner.dial);
    hc_job_fini(&owner.job);
    net_world_close(&world);
}

static void open_world(const char *hosts, const char *certificate)
{
    memset(&world, 0, sizeof world);
    world.hosts = hosts;
    net_world_open(&world, NULL, certificate);
}

static void failed_with(int code, const char *what)
{
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_FAILED);
    CHECK_INT(owner.dial->error.code, code);
    if (strstr(owner.dial->error.what, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, owner.dial->error.what);
    CHECK(owner.dial->conn == NULL);
    hang_up();
}

TEST(dial, finds_the_address_and_connects)
{
    open_world("127.0.0.1 ecs.test.internal\n", NULL);
    dial_to(net_world_origin(&world), NULL);
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_DONE);
    CHECK_INT(owner.dial->conn->addr.ip[0], 127);
    CHECK_INT(owner.dial->stats.connections_opened, 1);
    CHECK_INT(owner.dial->conn->born, world.now);
    hang_up();
}

/* An event loop knows a descriptor by its id, so an open one must not get
 * another: the try's watch moves into the connection. */
TEST(dial, a_socket_keeps_its_id_when_it_becomes_a_connection)
{
    static const char *const certificates[] = { NULL, "ec" };

    for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++) {
        struct hc_want wants[16], tried = { .id = 0 };
        int64_t deadline;

        open_world(NULL, certificates[i]);
        dial_to(net_world_origin(&world),
                certificates[i] != NULL ? &world.anchors : NULL);
        while (!owner.ended) {
            size_t n = hc_jobs_wants(&world.net.jobs, wants, 16, &deadline);

            for (size_t k = 0; owner.dial->conn == NULL && k < n; k++)
                if (owner.dial->attempts_n > 0 &&
                    wants[k].fd == owner.dial->attempts[0].watch.fd)
                    tried = wants[k];
            net_world_round(&world);
        }
        CHECK_INT(owner.dial->state, DIAL_DONE);
        CHECK(tried.id != 0);
        CHECK_INT(owner.dial->conn->watch.fd, tried.fd);
        CHECK_INT(owner.dial->conn->watch.id, tried.id);
        CHECK_INT(owner.dial->conn->watch.want, HC_WATCH_READ);
        hang_up();
    }
}

/* A loop may hand over the time at which it woke, which is before the dial was
 * asked for: no phase is shorter than nothing. */
TEST(dial, a_phase_never_ends_before_it_began)
{
    open_world(NULL, "ec");
    dial_to(net_world_origin(&world), &world.anchors);
    world.now -= 5000;
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_DONE);
    const struct hc_marks *m = &owner.dial->conn->marks;

    CHECK(m->dns_end >= m->dns_start);
    CHECK(m->connect_start >= m->dns_end);
    CHECK(m->connect_end >= m->connect_start);
    CHECK(m->tls_start >= m->connect_end);
    CHECK(m->tls_end >= m->tls_start);
    world.now += 5000;
    hang_up();
}

TEST(dial, tries_every_address_until_one_answers)
{
    /* Nobody listens on the first two at this port. */
    open_world("127.0.0.3 ecs.test.internal\n127.0.0.2 ecs.test.internal\n"
               "127.0.0.1 ecs.test.internal\n", NULL);
    dial_to(net_world_origin(&world), NULL);
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_DONE);
    CHECK_INT(owner.dial->conn->addr.ip[3], 1);
    CHECK_INT(world.peer.n, 1);
    hang_up();
}

TEST(dial, says_where_nobody_listens)
{
    open_world(NULL, NULL);
    net_peer_refuse(&world.peer);
    dial_to(net_world_origin(&world), NULL);
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->error.sys, ECONNREFUSED);
    failed_with(HEADCOUNT_ECONNECT, "(127.0.0.1)");
}

TEST(dial, a_name_without_an_address_is_the_resolvers_error)
{
    open_world("# nothing\n", NULL);
    struct hc_origin origin = net_world_origin(&world);

    memcpy(origin.host, "no..name", 9);
    dial_to(origin, NULL);
    net_world_settle(&world);
    CHECK_INT(world.peer.n, 0);
    failed_with(HEADCOUNT_EDNS, "no..name");
}

TEST(dial, tls_ends_with_an_open_connection)
{
    open_world(NULL, "ec");
    dial_to(net_world_origin(&world), &world.anchors);
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_DONE);
    CHECK(owner.dial->conn->tls);
    CHECK_INT(owner.dial->stats.tls_handshakes, 1);
    CHECK(owner.dial->conn->marks.tls_end >= owner.dial->conn->marks.tls_start);
    hang_up();
}

TEST(dial, certificates_that_do_not_fit_are_refused)
{
    static const struct { const char *certificate, *what; } rows[] = {
        { "expired", "expired" },
        { "other-root", "" },
        { "wrong-name", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_world(NULL, rows[i].certificate);
        dial_to(net_world_origin(&world), &world.anchors);
        failed_with(HEADCOUNT_ECERT, rows[i].what);
    }
}

TEST(dial, a_server_that_ends_the_handshake)
{
    open_world(NULL, "ec");
    world.peer.certificate = NULL;           /* it is deaf to TLS */
    struct hc_origin origin = net_world_origin(&world);

    origin.tls = true;
    dial_to(origin, &world.anchors);
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    CHECK(world.peer.n > 0 && world.peer.conns[0].got_n > 0);
    net_peer_hang_up(&world.peer, 0);
    failed_with(HEADCOUNT_ETLS, "ecs.test.internal");
}

TEST(dial, a_server_that_speaks_no_tls)
{
    open_world(NULL, "ec");
    world.peer.certificate = NULL;
    struct hc_origin origin = net_world_origin(&world);

    origin.tls = true;
    dial_to(origin, &world.anchors);
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    CHECK(world.peer.n > 0 && world.peer.conns[0].got_n > 0);
    net_peer_say(&world.peer, 0, "HTTP/1.1 400 Bad Request\r\n\r\n");
    failed_with(HEADCOUNT_ETLS, "ecs.test.internal");
}

TEST(dial, a_handshake_has_its_time)
{
    open_world(NULL, "ec");
    world.peer.certificate = NULL;           /* it never says a word */
    struct hc_origin origin = net_world_origin(&world);

    origin.tls = true;
    dial_to(origin, &world.anchors);
    net_world_settle(&world);
    net_world_pass(&world, 3000 * HC_MS);
    CHECK(!owner.ended);
    net_world_pass(&world, 100 * HC_MS);
    failed_with(HEADCOUNT_ETIMEDOUT,
                "TLS handshake was not over within 3100 ms");
}

TEST(dial, a_connect_has_its_time)
{
    /* Loopback answers at once, so the clock is moved before the kernel is
     * asked what became of the connect. */
    open_world("127.0.0.1 ecs.test.internal\n", NULL);
    dial_to(net_world_origin(&world), NULL);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->state, DIAL_RACE);
    world.now += 3100 * HC_MS;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    failed_with(HEADCOUNT_ETIMEDOUT, "no connection within 3100 ms");
}

TEST(dial, the_next_address_is_tried_after_a_quarter_of_a_second)
{
    open_world("127.0.0.1 ecs.test.internal\n127.0.0.2 ecs.test.internal\n",
               NULL);
    dial_to(net_world_origin(&world), NULL);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->attempts_n, 1);
    world.now += 249 * HC_MS;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->attempts_n, 1);
    world.now += 1 * HC_MS;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->attempts_n, 2);
    hang_up();
}

TEST(dial, without_randomness_there_is_no_tls)
{
    open_world(NULL, "ec");
    dial_to(net_world_origin(&world), &world.anchors);
    world.no_random = true;
    failed_with(HEADCOUNT_EIO, "randomness");
}

static int dial_over_tls(void)
{
    struct hc_dial_config config = { .owner = &owner.job };
    int err = HEADCOUNT_ENOMEM;

    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, NULL);
    config.origin = net_world_origin(&world);
    memset(&owner, 0, sizeof owner);
    hc_job_init(&owner.job, &world.net.jobs, owner_run);
    owner.dial = hc_dial_new(&world.net, &config, world.now);
    if (owner.dial != NULL) {
        net_world_until(&world, &owner.ended);
        err = owner.dial->error.code;
    }
    hang_up();
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

TEST(dial, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(dial_over_tls);
}

/* ---- what did not answer ---- */

TEST(dial, addresses_that_never_answer_are_forgotten)
{
    struct hc_addrs out;
    struct headcount_error e = { 0 };
    struct hc_dns_known known = {
        .addrs = { .a = { { .family = 4, .ip = { 127, 0, 0, 1 } } }, .n = 1 },
        .ttl = 300,
    };

    open_world("", NULL);
    hc_dns_cache_put(&world.net.resolver.cache, HC_STR("ecs.test.internal"),
                     &known, world.now);
    dial_to(net_world_origin(&world), NULL);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->state, DIAL_RACE);
    world.now += 3100 * HC_MS;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(owner.dial->state, DIAL_FAILED);
    CHECK_INT(owner.dial->error.code, HEADCOUNT_ETIMEDOUT);
    int still = hc_dns_cache_find(&world.net.resolver.cache,
                                  HC_STR("ecs.test.internal"), world.now,
                                  &out, &e);
    hang_up();
    CHECK_INT(still, 0);
}

/* ---- half-dead addresses ---- */

#define SILENT_THEN_GOOD                                                    \
    "127.0.0.2 ecs.test.internal\n127.0.0.1 ecs.test.internal\n"

static struct hc_addr loopback(unsigned char last)
{
    return (struct hc_addr){ .family = 4, .ip = { 127, 0, 0, last } };
}

/* The kernel accepts connections there, and nobody says a word. */
static int silent_at(const char *ip)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_port = htons(world.peer.port) };
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    CHECK_INT(inet_pton(AF_INET, ip, &name.sin_addr), 1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    CHECK_INT(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    CHECK_INT(listen(fd, 8), 0);
    return fd;
}

static bool failed_lately(unsigned char last)
{
    const struct hc_addr addr = loopback(last);

    return hc_health_when(&world.net.health, &addr, world.peer.port,
                          world.now) > 0;
}

static void check_won_by(unsigned char last, size_t attempts)
{
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->state, DIAL_DONE);
    CHECK(owner.dial->conn != NULL);
    CHECK_INT(owner.dial->conn->addr.ip[3], last);
    CHECK_INT(owner.dial->attempts_n, attempts);
}

static void end_dial(void)
{
    hc_dial_free(owner.dial);
    hc_job_fini(&owner.job);
}

/* The first address accepts TCP and is silent in TLS: after 250 ms the second
 * one gets its turn, and the next dial begins with it. */
TEST(dial, an_address_that_is_silent_in_tls_gets_company)
{
    open_world(SILENT_THEN_GOOD, "ec");
    int fd = silent_at("127.0.0.2");

    dial_to(net_world_origin(&world), &world.anchors);
    net_world_settle(&world);
    net_world_pass(&world, 249 * HC_MS);
    CHECK_INT(owner.dial->attempts_n, 1);
    CHECK_INT(owner.dial->attempts[0].state, ATTEMPT_HANDSHAKE);
    net_world_pass(&world, 1 * HC_MS);
    check_won_by(1, 2);
    /* Both servers have accepted a connection, and one shook hands. */
    CHECK_INT(owner.dial->stats.connections_opened, 2);
    CHECK_INT(owner.dial->stats.tls_handshakes, 1);
    CHECK_INT(world.net.stats.connections_opened, 2);
    CHECK_INT(owner.dial->conn->marks.connect_start, world.now);
    CHECK(failed_lately(2) && !failed_lately(1));
    end_dial();

    dial_to(net_world_origin(&world), &world.anchors);
    check_won_by(1, 1);
    hang_up();
    close(fd);
}

/* A server may be slow, as long as it gets further within 250 ms each time: the
 * other addresses wait. */
TEST(dial, an_address_that_gets_further_is_not_raced)
{
    open_world("127.0.0.1 ecs.test.internal\n127.0.0.2 ecs.test.internal\n",
               "ec");
    dial_to(net_world_origin(&world), &world.anchors);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    world.now += 200 * HC_MS;
    while (owner.dial->attempts[0].state == ATTEMPT_CONNECT)
        net_world_round(&world);
    CHECK_INT(hc_eyeballs_at(&owner.dial->eyeballs),
              world.now + 250 * HC_MS);
    world.now += 200 * HC_MS;
    check_won_by(1, 1);
    CHECK(!failed_lately(1));
    hang_up();
}

TEST(dial, an_address_that_refuses_is_last_for_30_s)
{
    open_world(SILENT_THEN_GOOD, NULL);
    dial_to(net_world_origin(&world), NULL);
    check_won_by(1, 2);
    CHECK(failed_lately(2) && !failed_lately(1));
    end_dial();
    dial_to(net_world_origin(&world), NULL);
    check_won_by(1, 1);
    end_dial();
    world.now += 30 * HC_SECOND;
    dial_to(net_world_origin(&world), NULL);
    check_won_by(1, 2);
    hang_up();
}

/* In a freeze the server's patience ends, and so does our own time: neither is
 * the address's fault.  Without a freeze both are. */
TEST(dial, an_address_is_not_blamed_for_a_freeze)
{
    for (int hangs_up = 0; hangs_up < 2; hangs_up++) {
        for (int frozen = 0; frozen < 2; frozen++) {
            open_world("127.0.0.1 ecs.test.internal\n", "ec");
            world.peer.certificate = NULL;   /* it never says a word */
            struct hc_origin origin = net_world_origin(&world);

            origin.tls = true;
            dial_to(origin, &world.anchors);
            net_world_settle(&world);
            CHECK_INT(world.peer.n, 1);
            if (hangs_up)
                net_peer_hang_up(&world.peer, 0);
            world.now += frozen ? 60 * HC_SECOND : 3200 * HC_MS;
            net_world_until(&world, &owner.ended);
            CHECK_INT(owner.dial->state, DIAL_FAILED);
            CHECK_INT(failed_lately(1), !frozen);
            hang_up();
        }
    }
}

static void know(uint32_t ttl)
{
    struct hc_dns_known known = {
        .addrs = { .a = { loopback(2), loopback(1) }, .n = 2 }, .ttl = ttl,
    };

    hc_dns_cache_put(&world.net.resolver.cache, HC_STR("ecs.test.internal"),
                     &known, world.now);
}

/* The cache begins each time with another address of the name. */
TEST(dial, a_cached_pair_whose_first_is_dead)
{
    open_world("", NULL);
    know(300);
    for (size_t i = 0; i < 4; i++) {
        dial_to(net_world_origin(&world), NULL);
        net_world_until(&world, &owner.ended);
        CHECK_INT(owner.dial->state, DIAL_DONE);
        if (failed_lately(2) && i >= 2)
            CHECK_INT(owner.dial->attempts_n, 1);
        end_dial();
    }
    CHECK(failed_lately(2) && !failed_lately(1));
    net_world_close(&world);
}

/* All are dead: each is tried, and the error is that of the address that got
 * furthest.  The next dial tries all again, oldest failure first. */
TEST(dial, where_all_are_dead_all_are_tried)
{
    open_world("127.0.0.2 ecs.test.internal\n127.0.0.3 ecs.test.internal\n",
               "ec");
    int fd = silent_at("127.0.0.2");

    for (size_t i = 0; i < 2; i++) {
        dial_to(net_world_origin(&world), &world.anchors);
        net_world_settle(&world);
        net_world_pass(&world, 250 * HC_MS);
        net_world_settle(&world);
        CHECK(!owner.ended);
        CHECK_INT(owner.dial->attempts_n, 2);
        CHECK_INT(owner.dial->attempts[0].addr.ip[3], i == 0 ? 2 : 3);
        net_world_pass(&world, 3100 * HC_MS);
        CHECK(owner.ended);
        CHECK_INT(owner.dial->error.code, HEADCOUNT_ETIMEDOUT);
        CHECK(strstr(owner.dial->error.what, "TLS handshake") != NULL);
        CHECK(failed_lately(2) && failed_lately(3));
        end_dial();
    }
    net_world_close(&world);
    close(fd);
}

/* The server at the other address may be back for the next attempt. */
TEST(dial, a_failure_lasts_if_it_does_so_at_each_address)
{
    static const char *const hosts[] = { NULL, SILENT_THEN_GOOD };

    for (size_t i = 0; i < 2; i++) {
        open_world(hosts[i], "ec");
        world.peer.certificate = NULL;
        struct hc_origin origin = net_world_origin(&world);

        origin.tls = true;
        dial_to(origin, &world.anchors);
        for (int k = 0; k < 1000 && (world.peer.n == 0 ||
                                     world.peer.conns[0].got_n == 0); k++)
            net_world_round(&world);
        net_peer_say(&world.peer, 0, "HTTP/1.1 400 Bad Request\r\n\r\n");
        net_world_until(&world, &owner.ended);
        CHECK_INT(owner.dial->error.permanent, i == 0);
        CHECK(strstr(owner.dial->error.what, "(127.0.0.1): the server does "
                                             "not answer in TLS") != NULL);
        hang_up();
    }
}

/* A descriptor that this process lacks is no failure of the address. */
TEST(dial, what_fails_here_is_no_mark_on_an_address)
{
    open_world(NULL, "ec");
    world.no_random = true;
    dial_to(net_world_origin(&world), &world.anchors);
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->error.code, HEADCOUNT_EIO);
    CHECK(!failed_lately(1));
    hang_up();
}

/* connect_timeout is one time over all addresses; a handshake that began before
 * its end has tls_timeout. */
TEST(dial, every_limit_stays)
{
    open_world(SILENT_THEN_GOOD, "ec");
    int fd = silent_at("127.0.0.2");

    world.peer.certificate = NULL;           /* it is silent, too */
    struct hc_origin origin = net_world_origin(&world);

    origin.tls = true;
    dial_to(origin, &world.anchors);
    net_world_settle(&world);
    net_world_pass(&world, 250 * HC_MS);
    net_world_settle(&world);
    net_world_pass(&world, 2850 * HC_MS);
    CHECK(!owner.ended);
    CHECK_INT(owner.dial->attempts[0].state, ATTEMPT_FAILED);
    CHECK_INT(owner.dial->attempts[1].state, ATTEMPT_HANDSHAKE);
    net_world_pass(&world, 249 * HC_MS);
    CHECK(!owner.ended);
    net_world_pass(&world, 1 * HC_MS);
    CHECK(owner.ended);
    failed_with(HEADCOUNT_ETIMEDOUT,
                "TLS handshake was not over within 3100 ms");
    close(fd);
}

/* ---- through a proxy ---- */

static struct hc_proxy proxy;

/* The peer is the proxy, under a name; the origin's is in no hosts file. */
static void dial_through(const char *name)
{
    const struct hc_dial_config config = {
        .origin = { .tls = true, .host = "ecs.elsewhere", .port = 443 },
        .anchors = &world.anchors, .owner = &owner.job, .proxy = &proxy,
    };

    proxy = (struct hc_proxy){ .origin = net_world_origin(&world),
                               .name = "http://***@proxy" };
    hc_str_copy(proxy.origin.host, sizeof proxy.origin.host, hc_str(name));
    memset(&owner, 0, sizeof owner);
    hc_job_init(&owner.job, &world.net.jobs, owner_run);
    owner.dial = hc_dial_new(&world.net, &config, world.now);
    CHECK(owner.dial != NULL);
}

static int64_t failed_at(unsigned char last)
{
    const struct hc_addr addr = { .family = 4, .ip = { 127, 0, 0, last } };

    return hc_health_when(&world.net.health, &addr, world.peer.port, world.now);
}

#define THROUGH "ecs.elsewhere:443 through the proxy http://***@proxy: "

TEST(dial, a_proxys_name_is_looked_up_and_an_answer_marks_nothing)
{
    open_world("127.0.0.1 proxy.test\n", NULL);
    dial_through("proxy.test");
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, "HTTP/1.1 502 Bad\r\n\r\n");
    net_world_until(&world, &owner.ended);
    CHECK_INT(failed_at(1), 0);
    failed_with(HEADCOUNT_EPROXY, THROUGH "it answered 502 Bad: ");
}

TEST(dial, a_proxy_that_refuses_for_good_is_asked_once)
{
    open_world("127.0.0.1 proxy.test\n127.0.0.2 proxy.test\n", NULL);
    dial_through("proxy.test");
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, "HTTP/1.1 407 No\r\n\r\n");
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->error.permanent, 1);
    CHECK_INT(world.peer.n, 1);
    failed_with(HEADCOUNT_EPROXY, "it answered 407 No");
}

TEST(dial, what_fails_before_a_tunnel_is_said_of_the_proxy)
{
    open_world("127.0.0.1 proxy.test\n", NULL);
    net_peer_refuse(&world.peer);
    dial_through("proxy.test");
    net_world_until(&world, &owner.ended);
    CHECK_INT(owner.dial->error.sys, ECONNREFUSED);
    CHECK(failed_at(1) != 0);
    failed_with(HEADCOUNT_ECONNECT, THROUGH "no connection to proxy.test:");
    open_world("127.0.0.1 a.test\n", NULL);
    dial_through("bad..name");
    failed_with(HEADCOUNT_EDNS, THROUGH);
}
