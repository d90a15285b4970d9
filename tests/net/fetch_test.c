/* net/fetch - one exchange against a server on loopback, the clock in hand. */
#include "net/fetch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "peers/net_peer.h"
#include "t.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static struct net_world world;           /* too large for a stack */

struct fetcher {
    struct hc_job job;
    struct hc_fetch f;
    struct headcount_stats stats;
    const char *request;
    int needed, heads;
    char body[100000];
    size_t body_n;
    bool done, failed, ended;
    bool arena_still;                 /* leaves the request unmade */
};

static struct fetcher one, two;

static void fetcher_run(struct hc_job *job, int64_t now)
{
    struct fetcher *t = (struct fetcher *)job;

    while (!t->ended) {
        switch (hc_fetch_step(&t->f, now)) {
        case FETCH_WAIT:
            return;
        case FETCH_NEED_REQUEST:
            t->needed++;
            if (t->arena_still)
                return;
            CHECK_INT(t->f.out.n, 0);
            hc_buf_text(&t->f.out, t->request);
            hc_fetch_request(&t->f);
            break;
        case FETCH_HEAD:
            t->heads++;
            break;
        case FETCH_BODY:
            CHECK(t->body_n + t->f.span.n <= sizeof t->body);
            memcpy(t->body + t->body_n, t->f.span.p, t->f.span.n);
            t->body_n += t->f.span.n;
            break;
        case FETCH_DONE:
            t->done = t->ended = true;
            break;
        case FETCH_FAILED:
            t->failed = t->ended = true;
            break;
        }
    }
}

static struct hc_origin origin;

static int fetcher_start(struct fetcher *t, struct hc_fetch_config config)
{
    memset(t, 0, sizeof *t);
    t->request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    origin = net_world_origin(&world);
    config.origin = &origin;
    config.anchors = &world.anchors;
    config.stats = &t->stats;
    hc_job_init(&t->job, &world.net.jobs, fetcher_run);
    return hc_fetch_start(&t->f, &world.net, &t->job, &config, world.now);
}

static void fetcher_begin(struct fetcher *t)
{
    CHECK_INT(fetcher_start(t, (struct hc_fetch_config){ .deadline = 0 }), 0);
}

static void fetcher_end(struct fetcher *t)
{
    hc_fetch_fini(&t->f);
    hc_job_fini(&t->job);
}

static void world_open(const char *certificate)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, certificate);
}

static size_t got_by_all(void)
{
    size_t n = 0;

    for (size_t i = 0; i < world.peer.n; i++)
        n += world.peer.conns[i].got_n;
    return n;
}

/* One whole exchange on the given connection of the server. */
static void exchange(struct fetcher *t, size_t conn, const char *answer)
{
    fetcher_begin(t);
    size_t before = conn < world.peer.n ? world.peer.conns[conn].got_n : 0;
    size_t all = got_by_all();

    for (int i = 0; i < 5000 && !t->ended && got_by_all() == all; i++)
        net_world_round(&world);
    CHECK(conn < world.peer.n && world.peer.conns[conn].got_n > before);
    net_peer_say(&world.peer, conn, answer);
    net_world_until(&world, &t->ended);
}

TEST(fetch, an_exchange_brings_status_body_and_marks)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    CHECK(one.done);
    CHECK_INT(one.f.http.status, 200);
    CHECK_INT(one.heads, 1);
    CHECK_STR(hc_str_n(one.body, one.body_n), "{}");
    CHECK_STR(hc_str_n(world.peer.conns[0].got, world.peer.conns[0].got_n),
              one.request);
    CHECK_INT(one.stats.connections_opened, 1);
    CHECK_INT(one.stats.connections_reused, 0);
    CHECK(!one.f.marks.reused);
    CHECK_INT(one.f.marks.connect_end, world.now);
    CHECK_INT(one.f.marks.end, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, the_connection_is_kept_and_used_again)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    exchange(&two, 0, OK_EMPTY);
    CHECK(two.done);
    CHECK(two.f.marks.reused);
    CHECK_INT(two.f.marks.connect_start, 0);
    CHECK_INT(two.stats.connections_opened, 0);
    CHECK_INT(two.stats.connections_reused, 1);
    CHECK_INT(world.peer.n, 1);
    fetcher_end(&two);
    net_world_close(&world);
}

TEST(fetch, tls_is_one_handshake_and_a_request_is_one_record)
{
    world_open("ec");
    exchange(&one, 0, OK_EMPTY);
    CHECK(one.done);
    CHECK_INT(one.stats.tls_handshakes, 1);
    CHECK_INT(one.stats.tls_resumed, 0);
    fetcher_end(&one);
    unsigned flights = world.peer.conns[0].flights;

    exchange(&two, 0, OK_EMPTY);
    CHECK(two.done);
    CHECK_INT(two.stats.tls_handshakes, 0);
    CHECK_INT(world.peer.conns[0].flights, flights + 1);
    fetcher_end(&two);
    net_world_pass(&world, 21 * HC_SECOND);  /* idle for too long */
    net_world_settle(&world);
    CHECK(world.peer.conns[0].ended);
    CHECK(world.peer.conns[0].clean);
    exchange(&one, 1, OK_EMPTY);
    CHECK_INT(one.stats.tls_handshakes, 1);
    CHECK_INT(one.stats.tls_resumed, 1);
    CHECK(one.f.marks.resumed);
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, resumption_can_be_off)
{
    world_open("ec");
    world.net.config.no_tls_resumption = true;
    world.net.config.no_keep_alive = true;
    for (size_t i = 0; i < 2; i++) {
        exchange(&one, i, OK_EMPTY);
        CHECK(one.done);
        CHECK_INT(one.stats.tls_handshakes, 1);
        CHECK_INT(one.stats.tls_resumed, 0);
        CHECK(!one.f.marks.resumed);
        fetcher_end(&one);
    }
    net_world_close(&world);
}

TEST(fetch, a_session_of_the_network_before_is_not_resumed)
{
    for (int forgets = 0; forgets < 2; forgets++) {
        world_open("ec");
        world.net.config.no_keep_alive = true;
        exchange(&one, 0, OK_EMPTY);
        fetcher_end(&one);
        if (forgets)
            hc_pool_forget(&world.net.pool);
        exchange(&one, 1, OK_EMPTY);
        CHECK(one.done);
        CHECK_INT(one.stats.tls_resumed, !forgets);
        fetcher_end(&one);
        net_world_close(&world);
    }
}

/* ---- bodies ---- */

static void check_body(const char *answer, const char *body, bool kept)
{
    world_open(NULL);
    exchange(&one, 0, answer);
    CHECK(one.done);
    CHECK_STR(hc_str_n(one.body, one.body_n), body);
    CHECK_INT(hc_pool_idle(&world.net.pool), kept ? 1 : 0);
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, bodies_of_each_kind_and_the_verdict_on_reuse)
{
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true);
    check_body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc", true);
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true);
    check_body("HTTP/1.1 204 No Content\r\n\r\n", "", true);
    check_body("HTTP/1.1 100 Continue\r\n\r\n" OK_EMPTY, "{}", true);
    check_body("HTTP/1.1 200 OK\r\nConnection: close\r\n"
               "Content-Length: 1\r\n\r\na", "a", false);
    check_body("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "a", false);
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200",
               "a", false);
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nleft", "", false);
}

static void begin_and_answer(const char *certificate, const char *answer)
{
    world_open(certificate);
    fetcher_begin(&one);
    for (int i = 0; i < 5000 && !(world.peer.n > 0 &&
                                  world.peer.conns[0].got_n > 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, answer);
    net_world_settle(&world);
}

static void end_with(int code, const char *what)
{
    net_world_until(&world, &one.ended);
    if (code == 0) {
        CHECK(one.done);
    } else {
        CHECK(one.failed);
        CHECK_INT(one.f.error.code, code);
        if (strstr(one.f.error.what, what) == NULL)
            fail_msg("no \"%s\" in \"%s\"", what, one.f.error.what);
        CHECK(strstr(one.f.error.what, "ecs.test.internal:") != NULL);
    }
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, a_body_without_a_length_ends_with_the_connection)
{
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\n\r\nabc");
    net_peer_hang_up(&world.peer, 0);
    net_world_settle(&world);
    CHECK_STR(hc_str_n(one.body, one.body_n), "abc");
    end_with(0, NULL);
    begin_and_answer("ec", "HTTP/1.1 200 OK\r\n\r\nabc");
    net_peer_say_goodbye(&world.peer, 0);
    end_with(0, NULL);
}

TEST(fetch, over_tls_a_body_without_a_length_needs_close_notify)
{
    begin_and_answer("ec", "HTTP/1.1 200 OK\r\n\r\nabc");
    net_peer_hang_up(&world.peer, 0);
    end_with(HEADCOUNT_ETRUNCATED, " (127.0.0.1): the connection ended "
             "without TLS's close_notify, so that more may have been to come");
}

TEST(fetch, what_is_cut_short_is_an_error)
{
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    net_peer_hang_up(&world.peer, 0);
    end_with(HEADCOUNT_ETRUNCATED, "6 of its 9 bytes");
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\nContent-");
    net_peer_hang_up(&world.peer, 0);
    end_with(HEADCOUNT_ETRUNCATED, "within its head");
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                           "\r\n3\r\nabc\r\n");
    net_peer_hang_up(&world.peer, 0);
    end_with(HEADCOUNT_ETRUNCATED, "within its body");
}

TEST(fetch, what_is_no_http_is_an_error)
{
    begin_and_answer(NULL, "SSH-2.0-OpenSSH_9.2\r\n");
    end_with(HEADCOUNT_EPROTOCOL, "SSH-2.0");
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    end_with(HEADCOUNT_EPROTOCOL, "Content-Length");
}

TEST(fetch, an_answer_that_is_too_large_is_refused)
{
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){ .max_body = 5 }),
              0);
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0,
                 "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
    end_with(HEADCOUNT_ELIMIT, "larger than 5 bytes");
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){ .max_body = 5 }),
              0);
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\n\r\nabcdef");
    end_with(HEADCOUNT_ELIMIT, "larger than 5 bytes");
}

/* ---- the stale connection ---- */

TEST(fetch, a_kept_connection_that_the_server_closed_is_not_lent)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    net_peer_hang_up(&world.peer, 0);
    exchange(&two, 1, OK_EMPTY);
    CHECK(two.done);
    CHECK_INT(two.stats.replays, 0);
    CHECK_INT(two.needed, 1);
    fetcher_end(&two);
    net_world_close(&world);
}

/* The server closes as the request leaves: nothing was answered. */
static void stale(bool reset, bool after_flush_ok)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){
                  .replay_after_flush_ok = after_flush_ok }), 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(two.needed, 1);
    CHECK(two.f.flushed);
    if (reset)
        net_peer_reset(&world.peer, 0);
    else
        net_peer_hang_up(&world.peer, 0);
}

TEST(fetch, a_request_on_a_stale_connection_is_sent_once_more_on_a_new_one)
{
    for (int reset = 0; reset < 2; reset++) {
        stale(reset == 1, true);
        for (int i = 0; i < 5000 && !(world.peer.n > 1 &&
                                      world.peer.conns[1].got_n > 0); i++)
            net_world_round(&world);
        net_peer_say(&world.peer, 1, OK_EMPTY);
        net_world_until(&world, &two.ended);
        CHECK(two.done);
        CHECK_INT(two.needed, 2);
        CHECK_INT(two.stats.replays, 1);
        CHECK(two.f.flushed_before);     /* the first sending may be done */
        CHECK_INT(two.stats.connections_opened, 1);
        CHECK_INT(world.peer.n, 2);
        fetcher_end(&two);
        net_world_close(&world);
    }
}

TEST(fetch, a_request_that_must_not_be_repeated_is_not)
{
    stale(false, false);
    net_world_until(&world, &two.ended);
    CHECK(two.failed);
    CHECK_INT(two.f.error.code, HEADCOUNT_ECLOSED);
    CHECK_INT(two.needed, 1);
    CHECK_INT(two.stats.replays, 0);
    CHECK(!two.f.flushed_before);
    fetcher_end(&two);
    net_world_close(&world);
}

TEST(fetch, once_is_all_and_a_new_connection_is_never_replayed)
{
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                  .replay_after_flush_ok = true }), 0);
    for (int i = 0; i < 1000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    net_peer_hang_up(&world.peer, 0);
    net_world_until(&world, &one.ended);
    CHECK(one.failed);
    CHECK_INT(one.f.error.code, HEADCOUNT_ECLOSED);
    CHECK_INT(one.needed, 1);
    CHECK_INT(world.peer.n, 1);
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, a_byte_of_an_answer_forbids_the_replay)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){
                  .replay_after_flush_ok = true }), 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    net_peer_say(&world.peer, 0, "H");
    net_world_settle(&world);
    net_peer_hang_up(&world.peer, 0);
    net_world_until(&world, &two.ended);
    CHECK(two.failed);
    CHECK_INT(two.f.error.code, HEADCOUNT_ETRUNCATED);
    CHECK_INT(two.stats.replays, 0);
    fetcher_end(&two);
    net_world_close(&world);
}

static void keep(size_t n)
{
    origin = net_world_origin(&world);
    net_world_keep(&world, &origin, n);
}

/* The server's side of the first connection, taken from the peer, which does
 * not read it any more. */
static int server_side(void)
{
    int fd = world.peer.conns[0].fd;

    world.peer.conns[0].fd = -1;
    return fd;
}

/* What comes on it until it ends: 0 with a FIN, else errno; -1 where nothing
 * comes. */
static int read_to_the_end(int fd, size_t *came)
{
    static char bytes[65536];
    struct pollfd p = { .fd = fd, .events = POLLIN };
    ssize_t n = 1;

    *came = 0;
    while (poll(&p, 1, 5000) == 1 &&
           (n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        *came += (size_t)n;
    int why = n == 0 ? 0 : n < 0 ? errno : -1;

    close(fd);
    return why;
}

/* The path was dead for a while: the kernel goes on sending what it has of a
 * request that was reported as lost, unless it is told to drop that. */
TEST(fetch, a_request_that_is_given_up_is_not_delivered_later)
{
    static char large[6 << 20];
    size_t came;

    for (int late = 0; late < 2; late++) {
        world_open(NULL);
        keep(1);
        memset(large, 'x', sizeof large - 1);
        int fd = server_side();

        CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                      .deadline = world.now + HC_SECOND }), 0);
        one.request = large;
        net_world_settle(&world);
        size_t taken = sizeof large - 1 - one.f.left.n;

        CHECK(taken > 0);
        if (late == 1)
            net_world_pass(&world, HC_SECOND);
        CHECK_INT(one.failed, late);
        fetcher_end(&one);               /* its op was freed */
        CHECK_INT(read_to_the_end(fd, &came), ECONNRESET);
        CHECK(came < taken);
        net_world_close(&world);
    }
}

TEST(fetch, an_answer_that_is_not_read_to_its_end_is_given_up)
{
    size_t came;

    world_open(NULL);
    fetcher_begin(&one);
    for (int i = 0; i < 5000 && got_by_all() == 0; i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0,
                 "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    net_world_settle(&world);
    fetcher_end(&one);
    CHECK_INT(read_to_the_end(server_side(), &came), ECONNRESET);
    net_world_close(&world);
}

TEST(fetch, a_connection_without_an_exchange_ends_cleanly)
{
    for (int lent = 0; lent < 2; lent++) {
        size_t came;

        world_open("ec");
        keep(1);
        if (lent == 1) {                 /* and no request is made */
            fetcher_begin(&one);
            one.arena_still = true;
            net_world_settle(&world);
            CHECK_INT(hc_pool_idle(&world.net.pool), 0);
            fetcher_end(&one);
        } else {
            hc_pool_forget(&world.net.pool);
        }
        net_world_settle(&world);
        CHECK(world.peer.conns[0].ended && world.peer.conns[0].clean);
        CHECK_INT(read_to_the_end(server_side(), &came), 0);
        net_world_close(&world);
    }
}

TEST(fetch, a_connection_that_is_used_again_says_how_long_it_was_idle)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    CHECK_INT(one.f.marks.idle, 0);
    fetcher_end(&one);
    net_world_pass(&world, 7 * HC_SECOND);
    exchange(&two, 0, OK_EMPTY);
    CHECK(two.f.marks.reused);
    CHECK_INT(two.f.marks.idle, 7 * HC_SECOND);
    fetcher_end(&two);
    net_world_close(&world);
}

/* The kernel ends a connection in use whose peer does not answer its probes. */
TEST(fetch, one_that_the_kernel_found_dead_in_use_is_counted)
{
    world_open(NULL);
    fetcher_begin(&one);
    for (int i = 0; i < 5000 && got_by_all() == 0; i++)
        net_world_round(&world);
    CHECK(one.f.waiter.conn != NULL);
    int dead = net_peer_dead_socket();

    CHECK(dup2(dead, one.f.waiter.conn->watch.fd) >= 0);
    close(dead);
    net_world_until(&world, &one.ended);
    CHECK_INT(one.f.error.code, HEADCOUNT_ETIMEDOUT);
    CHECK_INT(one.stats.connections_dead, 1);
    CHECK_INT(world.net.stats.connections_dead, 1);
    fetcher_end(&one);
    net_world_close(&world);
}

/* The peer's connection on which a request has come that was not there. */
static size_t asked_on(size_t but)
{
    for (int i = 0; i < 5000; i++) {
        for (size_t c = 0; c < world.peer.n; c++)
            if (c != but && world.peer.conns[c].got_n > 0)
                return c;
        net_world_round(&world);
    }
    fail_msg("no request came");
    return 0;
}

/* A NAT gateway was replaced: what was kept is dead, each new one works. */
TEST(fetch, a_kept_connection_that_went_silent_takes_the_older_ones_along)
{
    world_open(NULL);
    world.net.config.idle = HC_NEVER;
    keep(4);
    fetcher_begin(&one);
    size_t silent = asked_on(NET_PEER_CONNS);

    net_world_pass(&world, 10 * HC_SECOND);
    fetcher_begin(&two);             /* lives after one's request has left */
    net_peer_say(&world.peer, asked_on(silent), OK_EMPTY);
    net_world_until(&world, &two.ended);
    fetcher_end(&two);
    CHECK_INT(hc_pool_idle(&world.net.pool), 3);
    net_world_pass(&world, 20 * HC_SECOND);
    CHECK(one.failed && one.f.suspect);
    CHECK_INT(one.f.error.code, HEADCOUNT_ETIMEDOUT);
    CHECK_INT(one.stats.connections_purged, 2);
    CHECK_INT(world.net.stats.connections_purged, 2);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    fetcher_end(&one);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){ .fresh = true }),
              0);
    for (int i = 0; i < 5000 && world.peer.n < 5; i++)
        net_world_round(&world);
    CHECK_INT(world.peer.n, 5);      /* the kept one will not do */
    fetcher_end(&one);
    net_world_close(&world);
}

TEST(fetch, a_reset_or_a_deadline_on_a_kept_connection_is_suspect_too)
{
    for (int reset = 0; reset < 2; reset++) {
        world_open(NULL);
        keep(4);
        CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                      .deadline = world.now + HC_SECOND }), 0);
        net_world_settle(&world);
        if (reset == 1)
            net_peer_reset(&world.peer, asked_on(NET_PEER_CONNS));
        else
            net_world_pass(&world, HC_SECOND);
        net_world_until(&world, &one.ended);
        CHECK(one.f.suspect);
        CHECK_INT(one.stats.connections_purged, 3);
        CHECK_INT(hc_pool_idle(&world.net.pool), 0);
        fetcher_end(&one);
        net_world_close(&world);
    }
}

TEST(fetch, a_new_connection_that_goes_silent_says_nothing_of_the_kept_ones)
{
    world_open(NULL);
    keep(2);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                  .fresh = true, .deadline = world.now + HC_SECOND }), 0);
    net_world_settle(&world);
    net_world_pass(&world, HC_SECOND);
    CHECK(one.failed && !one.f.suspect);
    CHECK_INT(hc_pool_idle(&world.net.pool), 2);
    fetcher_end(&one);
    net_world_close(&world);
}

/* The process was frozen, or the machine slept, while an answer was due. */
TEST(fetch, an_address_is_not_blamed_for_a_freeze)
{
    for (int hangs_up = 0; hangs_up < 2; hangs_up++) {
        for (int frozen = 0; frozen < 2; frozen++) {
            world_open(NULL);
            fetcher_begin(&one);
            net_world_settle(&world);
            CHECK_INT(world.peer.n, 1);
            if (hangs_up)
                net_peer_hang_up(&world.peer, 0);
            world.now += (frozen ? 60 : 30) * HC_SECOND;
            net_world_until(&world, &one.ended);
            CHECK(one.failed);
            CHECK_INT(hc_health_when(&world.net.health, &one.f.addr,
                                     world.peer.port, world.now) > 0, !frozen);
            fetcher_end(&one);
            net_world_close(&world);
        }
    }
}

/* ---- time ---- */

TEST(fetch, no_first_byte_in_time)
{
    begin_and_answer(NULL, "");
    net_world_pass(&world, 29 * HC_SECOND);
    CHECK(!one.ended);
    net_world_pass(&world, 1 * HC_SECOND);
    end_with(HEADCOUNT_ETIMEDOUT, "first byte");
}

/* Who waits for work may wait without an end, and is no less strict after. */
TEST(fetch, the_first_byte_may_have_a_time_of_its_own)
{
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                  .first_byte_timeout = 2 * HC_SECOND }), 0);
    net_world_settle(&world);
    net_world_pass(&world, 1 * HC_SECOND);
    CHECK(!one.ended);
    net_world_pass(&world, 1 * HC_SECOND);
    end_with(HEADCOUNT_ETIMEDOUT, "first byte");
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                  .first_byte_timeout = -1 }), 0);
    net_world_settle(&world);
    net_world_pass(&world, 100000 * HC_SECOND);
    CHECK(!one.ended);
    net_peer_say(&world.peer, 0, "HTTP");
    net_world_settle(&world);
    net_world_pass(&world, 30 * HC_SECOND);
    end_with(HEADCOUNT_ETIMEDOUT, "rest of the answer's head");
}

TEST(fetch, no_next_byte_in_time)
{
    begin_and_answer(NULL, "HTTP/1.1 200 OK\r\nContent-");
    net_world_pass(&world, 29 * HC_SECOND);
    net_peer_say(&world.peer, 0, "Length: 9\r\n\r\nabc");
    net_world_settle(&world);
    net_world_pass(&world, 29 * HC_SECOND);
    CHECK(!one.ended);
    net_world_pass(&world, 1 * HC_SECOND);
    end_with(HEADCOUNT_ETIMEDOUT, "rest of the answer's body");
    begin_and_answer(NULL, "HTTP");
    net_world_pass(&world, 30 * HC_SECOND);
    end_with(HEADCOUNT_ETIMEDOUT, "rest of the answer's head");
}

TEST(fetch, the_deadline_is_over_everything)
{
    world_open(NULL);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                  .deadline = world.now + HC_SECOND }), 0);
    net_world_settle(&world);
    CHECK(!one.ended);
    net_world_pass(&world, HC_SECOND);
    end_with(HEADCOUNT_EDEADLINE, "deadline");
}

TEST(fetch, a_large_request_goes_through_in_pieces)
{
    static char big[60001];

    for (int tls = 0; tls < 2; tls++) {
        world_open(tls ? "ec" : NULL);
        memset(big, 'x', sizeof big - 1);
        CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){
                      .deadline = 0 }), 0);
        one.request = big;
        for (int i = 0; i < 5000 && !(world.peer.n > 0 &&
                                      world.peer.conns[0].got_n == 60000); i++)
            net_world_round(&world);
        CHECK_INT(world.peer.conns[0].got_n, 60000);
        net_peer_say(&world.peer, 0, OK_EMPTY);
        net_world_until(&world, &one.ended);
        CHECK(one.done);
        fetcher_end(&one);
        net_world_close(&world);
    }
}

TEST(fetch, a_large_answer_over_tls_comes_whole)
{
    static char answer[90000];
    const char *head = "HTTP/1.1 200 OK\r\nContent-Length: 80000\r\n\r\n";

    memset(answer, 0, sizeof answer);
    memcpy(answer, head, strlen(head));
    memset(answer + strlen(head), 'y', 80000);
    world_open("ec");
    fetcher_begin(&one);
    for (int i = 0; i < 5000 && !(world.peer.n > 0 &&
                                  world.peer.conns[0].got_n > 0); i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, answer);
    net_world_until(&world, &one.ended);
    CHECK(one.done);
    CHECK_INT(one.body_n, 80000);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    fetcher_end(&one);
    net_world_close(&world);
}

/* ---- leaving ---- */

TEST(fetch, who_leaves_early_takes_his_connection_with_him)
{
    world_open(NULL);
    fetcher_begin(&one);
    fetcher_end(&one);               /* while it dials */
    net_world_settle(&world);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);    /* the dial is kept */
    fetcher_begin(&one);
    net_world_settle(&world);
    fetcher_end(&one);               /* while it waits for an answer */
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    net_world_settle(&world);
    CHECK(world.peer.conns[0].ended);
    net_world_close(&world);
}

static int fetch_once_over_tls(void)
{
    const struct hc_fetch_config config = {
        .origin = &origin, .anchors = &world.anchors,
    };

    origin = net_world_origin(&world);

    memset(&one, 0, sizeof one);
    one.request = "GET / HTTP/1.1\r\n\r\n";
    hc_job_init(&one.job, &world.net.jobs, fetcher_run);
    size_t conn = world.peer.n;
    int err = hc_fetch_start(&one.f, &world.net, &one.job, &config, world.now);

    for (int i = 0; err == 0 && i < 5000 && !one.ended; i++) {
        net_world_round(&world);
        if (conn < world.peer.n && world.peer.conns[conn].got_n > 0) {
            net_peer_say(&world.peer, conn, OK_EMPTY);
            world.peer.conns[conn].got_n = 0;
        }
    }
    if (err == 0 && one.failed)
        err = one.f.error.code;
    fetcher_end(&one);
    return err;
}

static int fetch_in_a_new_world(void)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, NULL);
    int err = fetch_once_over_tls();

    net_world_close(&world);
    /* Without memory for it a name is not remembered: that is forgiven. */
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

TEST(fetch, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(fetch_in_a_new_world);
}

TEST(fetch, who_waits_for_a_free_connection_waits_ten_seconds)
{
    const struct hc_net_config one_each = { .per_host = 1 };

    memset(&world, 0, sizeof world);
    net_world_open(&world, &one_each, NULL);
    fetcher_begin(&one);
    net_world_settle(&world);
    fetcher_begin(&two);
    net_world_settle(&world);
    net_world_pass(&world, 9 * HC_SECOND);
    CHECK(!two.ended);
    net_world_pass(&world, 1 * HC_SECOND);
    CHECK(two.failed);
    CHECK_INT(two.f.error.code, HEADCOUNT_ELIMIT);
    CHECK(strstr(two.f.error.what, ": no connection was free within 10000 "
                 "ms (config.acquire_timeout); ahead in the line: 0; open to "
                 "this host: 1 of 1 (config.max_connections_per_host raises "
                 "the limit)") != NULL);
    fetcher_end(&two);
    fetcher_end(&one);
    net_world_close(&world);
}

/* Its wait begins anew whenever one ahead is served. */
TEST(fetch, a_line_that_moves_is_waited_in)
{
    static struct fetcher three;

    memset(&world, 0, sizeof world);
    net_world_open(&world, &(struct hc_net_config){ .per_host = 1 }, NULL);
    fetcher_begin(&one);
    net_world_settle(&world);
    fetcher_begin(&two);
    fetcher_begin(&three);
    net_world_pass(&world, 9 * HC_SECOND);
    net_peer_say(&world.peer, 0, OK_EMPTY);
    net_world_until(&world, &one.ended);
    net_world_settle(&world);
    CHECK(two.f.waiter.conn != NULL);
    net_world_pass(&world, 9 * HC_SECOND);
    CHECK(!three.ended);
    net_world_pass(&world, 1 * HC_SECOND);
    CHECK(three.failed);
    CHECK_INT(three.f.error.code, HEADCOUNT_ELIMIT);
    fetcher_end(&three);
    fetcher_end(&two);
    fetcher_end(&one);
    net_world_close(&world);
}

/* ---- where the time went ---- */

TEST(fetch, the_time_in_the_line_is_told_and_connections_have_numbers)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, &(struct hc_net_config){ .per_host = 1 }, NULL);
    fetcher_begin(&one);
    net_world_settle(&world);
    fetcher_begin(&two);
    int64_t asked = world.now;

    net_world_pass(&world, 3 * HC_SECOND);
    net_peer_say(&world.peer, 0, OK_EMPTY);
    net_world_until(&world, &one.ended);
    net_world_settle(&world);
    CHECK_INT(one.f.marks.connection, 1);
    CHECK_INT(one.f.marks.waited, 0);
    CHECK(two.f.marks.reused);
    CHECK_INT(two.f.marks.connection, 1);
    CHECK_INT(two.f.marks.start, asked);
    CHECK_INT(two.f.marks.asked, asked);
    CHECK_INT(two.f.marks.waited, 3 * HC_SECOND);
    CHECK_INT(two.f.marks.send_start, asked + 3 * HC_SECOND);
    fetcher_end(&two);
    fetcher_end(&one);
    fetcher_begin(&one);                 /* the second one was given up */
    net_world_settle(&world);
    CHECK_INT(one.f.marks.connection, 2);
    fetcher_end(&one);
    net_world_close(&world);
}

/* A replay asks again: its line and its dial are those of the second try. */
TEST(fetch, a_replay_has_the_times_of_its_own_connection)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){
        .replay_after_flush_ok = true }), 0);
    int64_t start = world.now;

    net_world_settle(&world);
    net_world_pass(&world, 2 * HC_SECOND);
    net_peer_hang_up(&world.peer, 0);
    net_world_settle(&world);
    CHECK(two.f.replayed);
    CHECK(!two.f.marks.reused);
    CHECK_INT(two.f.marks.start, start);
    CHECK_INT(two.f.marks.asked, start + 2 * HC_SECOND);
    CHECK(two.f.marks.dns_start >= two.f.marks.asked);
    CHECK_INT(two.f.marks.connection, 2);
    fetcher_end(&two);
    net_world_close(&world);
}

/* ---- kept connections that end, early answers, dials taken over ---- */

/* R1: of TLS, FIN without close_notify as the request leaves. */
TEST(fetch, a_kept_tls_connection_that_ends_bare_is_stale_too)
{
    world_open("ec");
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){
                  .replay_after_flush_ok = true }), 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK(two.f.flushed);
    shutdown(world.peer.conns[0].fd, SHUT_WR);
    for (int i = 0; i < 500 && !two.ended && world.peer.n < 2; i++)
        net_world_round(&world);
    if (two.failed)
        fail_msg("not replayed: %s", two.f.error.what);
    CHECK_INT(two.stats.replays, 1);
    fetcher_end(&two);
    net_world_close(&world);
}

TEST(fetch, a_tls_connection_that_ends_before_an_answer_is_closed)
{
    world_open("ec");
    fetcher_begin(&one);
    for (int i = 0; i < 5000 && !one.f.flushed; i++)
        net_world_round(&world);
    shutdown(world.peer.conns[0].fd, SHUT_WR);
    net_world_until(&world, &one.ended);
    end_with(HEADCOUNT_ECLOSED, "(127.0.0.1): the connection was closed before "
             "any byte of an answer");
}

/* A dial whose request gave up: its connection is kept, without an exchange. */
static void kept_but_unused(void)
{
    world_open(NULL);
    fetcher_begin(&one);
    fetcher_end(&one);
    net_world_settle(&world);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    net_world_pass(&world, 15 * HC_SECOND);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){
                  .replay_after_flush_ok = true }), 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK(two.f.flushed);
}

TEST(fetch, a_kept_connection_without_an_exchange_is_stale_too)
{
    kept_but_unused();
    net_peer_hang_up(&world.peer, 0);
    for (int i = 0; i < 500 && !two.ended && world.peer.n < 2; i++)
        net_world_round(&world);
    if (two.failed)
        fail_msg("not replayed: %s", two.f.error.what);
    CHECK_INT(two.stats.replays, 1);
    fetcher_end(&two);
    net_world_close(&world);
}

TEST(fetch, a_kept_connection_without_an_exchange_counts_as_kept)
{
    kept_but_unused();
    CHECK_INT(two.stats.connections_opened, 0);
    CHECK_INT(two.stats.connections_reused, 1);
    CHECK_INT(two.f.marks.connect_start, 0);     /* 15 s before it began */
    fetcher_end(&two);
    net_world_close(&world);
}

#define EARLY "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n"               \
              "Connection: close\r\n\r\n"

static char big_request[(8 << 20) - 1];

/* The server answers after the head and reads no further. */
static void early_answer(void)
{
    for (int i = 0; i < 50; i++)
        hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    net_peer_say(&world.peer, 0, EARLY);
}

static void early_begin(void)
{
    world_open(NULL);
    memset(big_request, 'x', sizeof big_request - 1);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){ .deadline = 0 }),
              0);
    one.request = big_request;
    for (int i = 0; i < 5000 && world.peer.n == 0; i++)
        net_world_round(&world);
    early_answer();
}

TEST(fetch, an_early_answer_does_not_spin_the_poll)
{
    struct hc_want wants[HC_LOOP_MAX];
    int64_t deadline;
    int woken = 0;

    early_begin();
    for (int i = 0; i < 200 && !one.ended; i++) {
        size_t n = hc_jobs_wants(&world.net.jobs, wants, HC_LOOP_MAX,
                                 &deadline);

        woken += hc_loop_poll(wants, n, 2 * HC_MS) > 0;
        hc_jobs_step(&world.net.jobs, world.now, wants, n);
    }
    bool ended = one.ended;

    fetcher_end(&one);
    net_world_close(&world);
    if (!ended && woken > 20)
        fail_msg("poll returned at once %d times out of 200", woken);
}

TEST(fetch, an_early_answer_is_read)
{
    early_begin();
    shutdown(world.peer.conns[0].fd, SHUT_WR);
    for (int i = 0; i < 50 && !one.ended; i++) {
        struct hc_want wants[HC_LOOP_MAX];
        int64_t deadline;
        size_t n = hc_jobs_wants(&world.net.jobs, wants, HC_LOOP_MAX,
                                 &deadline);

        hc_loop_poll(wants, n, 2 * HC_MS);
        hc_jobs_step(&world.net.jobs, world.now, wants, n);
    }
    bool ended = one.ended;
    int status = one.f.http.status;

    fetcher_end(&one);
    net_world_close(&world);
    CHECK(ended);
    CHECK_INT(status, 413);
}

TEST(fetch, an_answer_that_was_not_read_forbids_the_replay)
{
    world_open(NULL);
    exchange(&one, 0, OK_EMPTY);
    fetcher_end(&one);
    memset(big_request, 'x', sizeof big_request - 1);
    CHECK_INT(fetcher_start(&two, (struct hc_fetch_config){ .deadline = 0 }),
              0);
    two.request = big_request;
    early_answer();
    net_peer_reset(&world.peer, 0);
    for (int i = 0; i < 500 && !two.ended && world.peer.n < 2; i++)
        net_world_round(&world);
    CHECK_INT(two.stats.replays, 0);
    fetcher_end(&two);
    net_world_close(&world);
}

/* The client alone, with what has come. */
static void client_rounds(int n)
{
    for (int i = 0; i < n && !one.ended; i++) {
        struct hc_want wants[HC_LOOP_MAX];
        int64_t deadline;
        size_t open = hc_jobs_wants(&world.net.jobs, wants, HC_LOOP_MAX,
                                    &deadline);

        hc_loop_poll(wants, open, 2 * HC_MS);
        hc_jobs_step(&world.net.jobs, world.now, wants, open);
    }
}

/* A request that the peer does not take, begun by the client. */
static void blocked_begin(const char *certificate)
{
    world_open(certificate);
    memset(big_request, 'x', sizeof big_request - 1);
    CHECK_INT(fetcher_start(&one, (struct hc_fetch_config){ .deadline = 0 }),
              0);
    one.request = big_request;
    for (int i = 0; i < 5000 && one.needed == 0; i++)
        net_world_round(&world);
    client_rounds(50);
    if (one.ended)
        print_message("%s\n", one.f.error.what);
    CHECK_INT(one.f.state, FETCH_AT_SEND);
}

TEST(fetch, a_request_that_nobody_takes_is_given_up)
{
    blocked_begin(NULL);
    for (int i = 0; i < 2 && !one.ended; i++) {
        world.now += 30 * HC_SECOND;
        hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    }
    end_with(HEADCOUNT_ETIMEDOUT, "taken");  /* not, or too slowly */
}

TEST(fetch, an_interim_answer_does_not_end_the_sending)
{
    static char sink[1 << 20];
    ssize_t n;

    for (int split = 0; split < 2; split++) {
        size_t taken = 0;

        blocked_begin(NULL);
        if (split == 1) {
            net_peer_say(&world.peer, 0, "HTTP/1.1 10");
            client_rounds(5);
        }
        net_peer_say(&world.peer, 0, split == 1
                         ? "0 Go on\r\n\r\n"
                         : "HTTP/1.1 102 A\r\n\r\nHTTP/1.1 100 B\r\n\r\n");
        for (int i = 0; i < 5000 && taken < sizeof big_request - 1; i++) {
            client_rounds(1);
            while ((n = recv(world.peer.conns[0].fd, sink, sizeof sink,
                             MSG_DONTWAIT)) > 0)
                taken += (size_t)n;
        }
        taken += world.peer.conns[0].got_n;
        CHECK_INT(taken, sizeof big_request - 1);
        net_peer_say(&world.peer, 0, OK_EMPTY);
        client_rounds(50);
        CHECK(one.done && one.f.flushed);
        CHECK_INT(one.f.http.status, 200);
        CHECK_INT(hc_pool_idle(&world.net.pool), 1);
        fetcher_end(&one);
        net_world_close(&world);
    }
}

/* The peer breaks TLS and then neither reads nor closes. */
TEST(fetch, a_request_that_waits_to_be_taken_ends_with_its_tls)
{
    blocked_begin("ec");
    CHECK(send(world.peer.conns[0].fd, "\x15\x03\x03\0\2\2\x50", 7, 0) == 7);
    client_rounds(20);
    bool failed = one.failed, flushed = one.f.flushed;
    int code = one.f.error.code;

    fetcher_end(&one);
    net_world_close(&world);
    CHECK(failed && !flushed);
    CHECK_INT(code, HEADCOUNT_ETLS);
}

/* A dial that another request began and left 100 ms before its end. */
TEST(fetch, a_dial_taken_over_has_the_whole_time_to_connect)
{
    world_open(NULL);
    fetcher_begin(&one);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    world.now += 3000 * HC_MS;
    fetcher_end(&one);
    fetcher_begin(&two);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK(!two.ended);
    world.now += 100 * HC_MS;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    bool failed = two.failed;

    if (failed)
        print_message("after 100 ms: %s\n", two.f.error.what);
    fetcher_end(&two);
    net_world_close(&world);
    CHECK(!failed);
}

/* ---- through a proxy ---- */

static struct hc_proxy proxy;

/* The peer is the proxy; the origin is nowhere. */
static void begin_plain(void)
{
    static const struct hc_origin nowhere = { .host = "a.test", .port = 80 };

    proxy = (struct hc_proxy){ .origin = net_world_origin(&world),
                               .setting = "http_proxy",
                               .name = "http://***@proxy" };
    hc_buf_init_secret(&proxy.authorization, t_alloc(), 100);
    hc_buf_lit(&proxy.authorization, "Basic dTpw");
    CHECK_INT(hc_buf_error(&proxy.authorization), 0);
    memset(&one, 0, sizeof one);
    one.request = "GET /b HTTP/1.1\r\nHost: a.test\r\n\r\n";
    const struct hc_fetch_config config = {
        .origin = &nowhere, .proxy = &proxy,
        .stats = &one.stats,
    };

    hc_job_init(&one.job, &world.net.jobs, fetcher_run);
    CHECK_INT(hc_fetch_start(&one.f, &world.net, &one.job, &config, world.now),
              0);
    for (int i = 0; i < 1000 && got_by_all() == 0; i++)
        net_world_round(&world);
}

static void end_plain(void)
{
    fetcher_end(&one);
    net_world_close(&world);
    hc_buf_fini(&proxy.authorization);
}

TEST(fetch, a_plain_request_to_a_proxy_is_in_absolute_form)
{
    world_open(NULL);
    begin_plain();
    CHECK_STR(hc_str_n(world.peer.conns[0].got, world.peer.conns[0].got_n),
              "GET http://a.test/b HTTP/1.1\r\n"
              "Proxy-Authorization: Basic dTpw\r\nHost: a.test\r\n\r\n");
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                 "\r\nhi");
    net_world_until(&world, &one.ended);
    CHECK(one.done);
    CHECK_STR(hc_str_n(one.body, one.body_n), "hi");
    CHECK_INT(one.stats.dns_lookups, 0);
    end_plain();
}

TEST(fetch, a_proxy_that_wants_other_credentials_did_nothing)
{
    world_open(NULL);
    begin_plain();
    CHECK(one.f.flushed);
    net_peer_say(&world.peer, 0, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n"
                                 "\r\n");
    net_world_until(&world, &one.ended);
    CHECK(one.failed && !one.f.flushed);
    CHECK_INT(one.heads, 0);
    CHECK_INT(one.f.error.code, HEADCOUNT_EPROXY);
    CHECK_INT(one.f.error.permanent, 1);
    CHECK(strstr(one.f.error.what, "a.test:80 through the proxy "
                                   "http://***@proxy: it answered 407: it "
                                   "does not accept") != NULL);
    end_plain();
}
