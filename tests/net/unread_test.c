/* net/unread - peers that end a kept connection as a request reaches it. */
#include "net/unread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/fetch.h"
#include "net/loop.h"
#include "peers/net_peer.h"
#include "t.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define REQUEST "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

static struct net_world world;           /* too large for a stack */

struct writer {
    struct hc_job job;
    struct hc_fetch f;
    struct headcount_stats stats;
    bool held;                           /* its request is not made yet */
    bool done, ended;
    int made;
};

static struct writer it;

static void writer_run(struct hc_job *job, int64_t now)
{
    struct writer *t = (struct writer *)job;

    while (!t->ended) {
        switch (hc_fetch_step(&t->f, now)) {
        case FETCH_WAIT:
            return;
        case FETCH_NEED_REQUEST:
            if (t->held)
                return;
            t->made++;
            hc_buf_lit(&t->f.out, REQUEST);
            hc_fetch_request(&t->f);
            break;
        case FETCH_HEAD:
        case FETCH_BODY:
            break;
        case FETCH_DONE:
            t->done = true;
            /* fall through */
        case FETCH_FAILED:
            t->ended = true;
            break;
        }
    }
}

static void writer_begin(int64_t deadline)
{
    static struct hc_origin origin;
    const struct hc_fetch_config config = {
        .origin = &origin, .anchors = &world.anchors,
        .stats = &it.stats, .deadline = deadline,
    };

    origin = net_world_origin(&world);
    memset(&it, 0, sizeof it);
    hc_job_init(&it.job, &world.net.jobs, writer_run);
    CHECK_INT(hc_fetch_start(&it.f, &world.net, &it.job, &config, world.now),
              0);
}

static void writer_end(void)
{
    hc_fetch_fini(&it.f);
    hc_job_fini(&it.job);
}

static void answer(size_t conn)
{
    for (int i = 0; i < 5000 && !(conn < world.peer.n &&
                                  world.peer.conns[conn].got_n > 0); i++)
        net_world_round(&world);
    CHECK(conn < world.peer.n);
    net_peer_say(&world.peer, conn, OK_EMPTY);
    net_world_until(&world, &it.ended);
    CHECK(it.done);
}

static int peer_fd(void)
{
    return world.peer.conns[0].fd;
}

/* A connection is kept, lent again, and waits for a request. */
static void lend(const char *certificate, int64_t deadline)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, certificate);
    writer_begin(0);
    answer(0);
    writer_end();
    writer_begin(deadline);
    it.held = true;
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK_INT(it.f.state, FETCH_AT_REQUEST);
    CHECK(it.f.marks.reused);
}

/* The request leaves, and the client learns no more in this step. */
static void send_it(void)
{
    it.held = false;
    hc_job_wake(&it.job);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK(it.f.flushed);
}

static void fin(bool goodbye)
{
    if (goodbye)
        net_peer_say_goodbye(&world.peer, 0);
    else
        shutdown(peer_fd(), SHUT_WR);
}

/* Exactly one request is there; `n` bytes of it are left unread. */
static void take_but(size_t n)
{
    char raw[1000];
    ssize_t there = recv(peer_fd(), raw, sizeof raw, MSG_PEEK);

    CHECK(there > (ssize_t)n);
    CHECK(recv(peer_fd(), raw, (size_t)there - n, 0) == there - (ssize_t)n);
}

/* The peer's kernel acknowledges what is read, at once. */
static void acknowledge(void)
{
    const int now = 1;

    setsockopt(peer_fd(), IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
}

/* The peer reads nothing meanwhile. */
static void client_round(void)
{
    struct hc_want wants[4];
    int64_t deadline;
    size_t n = hc_jobs_wants(&world.net.jobs, wants, 4, &deadline);

    hc_loop_poll(wants, n, 0);
    hc_jobs_step(&world.net.jobs, world.now, wants, n);
}

/* Half a second passes, in steps of a millisecond. */
static void half_a_second(void)
{
    for (int i = 0; i < 500 && !it.ended && world.peer.n < 2; i++) {
        client_round();
        if (world.peer.conns[0].fd < 0)
            net_peer_pump(&world.peer);
        world.now += HC_MS;
    }
}

static void is_replayed(void)
{
    half_a_second();
    if (it.ended)
        fail_msg("not replayed: %s", it.f.error.what);
    CHECK(!it.f.flushed && !it.f.flushed_before);
    CHECK_INT(it.stats.replays, 1);
    answer(1);
    CHECK_INT(it.made, 2);
    writer_end();
    net_world_close(&world);
}

static void is_not_replayed(void)
{
    half_a_second();
    CHECK(it.ended && !it.done);
    CHECK_INT(it.f.error.code, HEADCOUNT_ECLOSED);
    CHECK(it.f.flushed);
    CHECK_INT(it.made, 1);
    CHECK_INT(it.stats.replays, 0);
    writer_end();
    net_world_close(&world);
}

/* Plain, TLS, and TLS with close_notify before the FIN. */
static void each(void (*peer)(bool goodbye))
{
    static const struct {
        const char *certificate;
        bool goodbye;
    } ways[] = { { NULL, false }, { "ec", false }, { "ec", true } };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        lend(ways[i].certificate, 0);
        peer(ways[i].goodbye);
    }
}

static void closes_before(bool goodbye)
{
    fin(goodbye);
    net_peer_hang_up(&world.peer, 0);
    send_it();
    is_replayed();
}

TEST(unread, a_request_that_met_a_closed_connection_is_sent_again)
{
    each(closes_before);
}

static void half_closes_and_reads(bool goodbye)
{
    fin(goodbye);
    send_it();
    take_but(0);
    is_not_replayed();
}

TEST(unread, a_peer_that_half_closed_and_read_it_may_have_done_it)
{
    each(half_closes_and_reads);
}

static void half_closes_reads_and_closes(bool goodbye)
{
    fin(goodbye);
    send_it();
    take_but(0);
    net_peer_hang_up(&world.peer, 0);
    is_not_replayed();
}

TEST(unread, a_peer_that_half_closed_read_it_and_closed_may_have_done_it)
{
    each(half_closes_reads_and_closes);
}

static void reads_half_and_closes(bool goodbye)
{
    fin(goodbye);
    send_it();
    take_but(10);
    net_peer_hang_up(&world.peer, 0);
    is_replayed();
}

TEST(unread, half_a_request_that_was_read_is_none)
{
    each(reads_half_and_closes);
}

static void reads_and_resets(bool goodbye)
{
    if (goodbye) {
        br_ssl_engine_close(&world.peer.conns[0].tls->ssl.eng);
        net_peer_pump(&world.peer);
    }
    send_it();
    take_but(0);
    net_peer_reset(&world.peer, 0);
    is_not_replayed();
}

TEST(unread, a_reset_without_a_fin_proves_nothing)
{
    each(reads_and_resets);
}

static void reads_acknowledges_and_resets(bool goodbye)
{
    fin(goodbye);
    acknowledge();
    send_it();
    take_but(0);
    net_peer_reset(&world.peer, 0);
    is_not_replayed();
}

TEST(unread, what_was_acknowledged_may_have_been_read)
{
    each(reads_acknowledges_and_resets);
}

/* ---- the wait ---- */

TEST(unread, the_wait_has_an_end_and_does_not_spin)
{
    struct hc_want wants[4];
    int64_t deadline, began;
    int looks = 0;

    lend(NULL, 0);
    fin(false);
    send_it();
    began = world.now;
    net_world_settle(&world);
    CHECK_INT(it.f.state, FETCH_AT_ENDED);
    while (!it.ended && looks < 100) {
        CHECK_INT(hc_jobs_wants(&world.net.jobs, wants, 4, &deadline), 0);
        CHECK(deadline > world.now);
        world.now = deadline;
        hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
        looks++;
    }
    CHECK_INT(world.now - began, 50 * HC_MS);
    CHECK(looks <= 6);
    is_not_replayed();
}

TEST(unread, the_wait_is_never_past_the_deadline)
{
    int64_t began = 1000 * HC_SECOND;

    lend(NULL, began + 10 * HC_MS);
    fin(false);
    send_it();
    net_world_settle(&world);
    CHECK_INT(it.f.state, FETCH_AT_ENDED);
    net_world_pass(&world, 10 * HC_MS);
    CHECK(it.ended);
    is_not_replayed();
}

/* close_notify alone is no FIN, and a FIN of now says what has come. */
TEST(unread, a_fin_that_acknowledges_the_request_proves_nothing)
{
    lend("ec", 0);
    br_ssl_engine_close(&world.peer.conns[0].tls->ssl.eng);
    net_peer_pump(&world.peer);
    send_it();
    client_round();
    CHECK_INT(it.f.state, FETCH_AT_ENDED);
    CHECK(!it.f.unread.fin);
    shutdown(peer_fd(), SHUT_WR);
    take_but(1);
    world.now += HC_MS;
    client_round();
    CHECK(it.f.unread.fin);
    net_peer_hang_up(&world.peer, 0);
    is_not_replayed();
}

TEST(unread, who_was_cancelled_meanwhile_sends_nothing_and_did_nothing)
{
    lend(NULL, 0);
    fin(false);
    send_it();
    client_round();
    CHECK_INT(it.f.state, FETCH_AT_ENDED);
    CHECK(hc_fetch_is_last(&it.f));
    net_peer_hang_up(&world.peer, 0);
    half_a_second();
    CHECK(it.ended && !it.done && !it.f.flushed);
    CHECK_INT(it.f.error.code, HEADCOUNT_ECLOSED);
    CHECK_INT(it.made, 1);
    CHECK_INT(it.stats.replays, 0);
    writer_end();
    net_world_close(&world);
}

TEST(unread, without_the_kernels_word_nothing_is_proved)
{
    lend(NULL, 0);
    fin(false);
    net_peer_hang_up(&world.peer, 0);
    send_it();
    it.f.unread.acked = 0;
    is_not_replayed();
}

TEST(unread, a_read_is_sent_again_without_any_proof)
{
    lend(NULL, 0);
    it.f.config.replay_after_flush_ok = true;
    fin(false);
    send_it();
    CHECK_INT(it.f.unread.acked, 0);     /* nobody asked the kernel */
    net_world_settle(&world);
    CHECK_INT(it.stats.replays, 1);
    CHECK(it.f.flushed && it.f.flushed_before);
    writer_end();
    net_world_close(&world);
}
