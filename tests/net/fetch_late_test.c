/* net/fetch_late - exchanges that take too long, the clock in hand. */
#include "net/fetch_late.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;           /* too large for a stack */

struct waiter {
    struct hc_job job;
    struct hc_fetch f;
    const char *request;
    uint64_t body_n;
    bool done, ended;
};

static struct waiter it;
static struct hc_origin origin;

static void waiter_run(struct hc_job *job, int64_t now)
{
    struct waiter *t = (struct waiter *)job;

    while (!t->ended) {
        switch (hc_fetch_step(&t->f, now)) {
        case FETCH_WAIT:
            return;
        case FETCH_NEED_REQUEST:
            hc_buf_text(&t->f.out, t->request);
            hc_fetch_request(&t->f);
            break;
        case FETCH_HEAD:
            break;
        case FETCH_BODY:
            t->body_n += t->f.span.n;
            break;
        case FETCH_DONE:
            t->done = true;
            t->ended = true;
            break;
        case FETCH_FAILED:
            t->ended = true;
            break;
        }
    }
}

static void begin(const struct hc_net_config *net,
                  struct hc_fetch_config config, const char *request)
{
    const int small = 65536;             /* of accepted sockets, too */

    memset(&world, 0, sizeof world);
    net_world_open(&world, net, NULL);
    setsockopt(world.peer.listener, SOL_SOCKET, SO_RCVBUF, &small,
               sizeof small);
    memset(&it, 0, sizeof it);
    it.request = request;
    origin = net_world_origin(&world);
    config.origin = &origin;
    hc_job_init(&it.job, &world.net.jobs, waiter_run);
    CHECK_INT(hc_fetch_start(&it.f, &world.net, &it.job, &config, world.now),
              0);
    for (int i = 0; i < 5000 && (world.peer.n == 0 ||
                                 world.peer.conns[0].got_n == 0); i++)
        net_world_round(&world);
    CHECK_INT(world.peer.n, 1);
}

static void end(int code, const char *what)
{
    CHECK(it.ended);
    if (code == 0)
        CHECK(it.done);
    CHECK_INT(it.f.error.code, code);
    if (code != 0 && strstr(it.f.error.what, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, it.f.error.what);
    hc_fetch_fini(&it.f);
    hc_job_fini(&it.job);
    net_world_close(&world);
}

/* The server says `text` once a second, for as long as anybody listens.  The
 * time that it took, at most `most` seconds. */
static int64_t drip(const char *text, int most)
{
    int64_t began = world.now;

    for (int i = 0; i < most && !it.ended; i++) {
        net_peer_say(&world.peer, 0, text);
        net_world_settle(&world);
        if (!it.ended)
            net_world_pass(&world, HC_SECOND);
    }
    return (world.now - began) / HC_SECOND;
}

#define PLAIN "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
#define SIZED "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct hc_fetch_config none = { .deadline = 0 };

TEST(late, a_body_that_drips_is_given_up)
{
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, SIZED);
    CHECK_INT(drip("x", 1000), 30);
    end(HEADCOUNT_ETIMEDOUT, "the answer's body came too slowly: 30 bytes in "
        "30 s, and config.min_speed is 1024");
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, CHUNKED);
    CHECK_INT(drip("1;a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\nx\r\n", 1000),
              30);
    end(HEADCOUNT_ETIMEDOUT, "too slowly: 30 bytes");
}

/* 40 bytes a second: 1200 in a window. */
#define FORTY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

TEST(late, a_body_that_is_fast_enough_comes_whole)
{
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, SIZED);
    CHECK_INT(drip(FORTY, 1000), 124);
    CHECK_INT(it.body_n, 5000);
    end(0, NULL);
}

TEST(late, the_end_of_a_body_may_be_slow)
{
    static char most[4001];

    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, SIZED);
    memset(most, 'x', sizeof most - 1);
    net_peer_say(&world.peer, 0, most);
    net_world_settle(&world);
    drip("xxxx", 1000);                  /* 1000 are left, 4 a second */
    CHECK_INT(it.body_n, 5000);
    end(0, NULL);
}

TEST(late, a_short_body_has_only_the_limit_of_a_pause)
{
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0,
                 "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n");
    CHECK_INT(drip("x", 1000), 199);
    end(0, NULL);
}

TEST(late, the_least_speed_is_a_setting)
{
    const struct hc_net_config no_limit = { .min_speed = -1 };
    const struct hc_net_config slow = { .min_speed = 20 };

    begin(&no_limit, none, PLAIN);
    net_peer_say(&world.peer, 0, SIZED);
    CHECK_INT(drip("x", 1000), 300);
    end(HEADCOUNT_ETIMEDOUT, "one attempt may take 300 s "
        "(config.attempt_timeout), and this one still waits for the rest of "
        "the answer's body");
    begin(&slow, none, PLAIN);
    net_peer_say(&world.peer, 0, SIZED);
    CHECK_INT(drip("x", 100), 100);
    CHECK(!it.ended);
    hc_fetch_fini(&it.f);
    hc_job_fini(&it.job);
    net_world_close(&world);
}

/* ---- one attempt ---- */

TEST(late, a_head_that_drips_ends_with_the_attempt)
{
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\nA: ");
    CHECK_INT(drip("x", 1000), 300);
    end(HEADCOUNT_ETIMEDOUT, "still waits for the rest of the answer's head");
}

TEST(late, the_time_of_an_attempt_is_a_setting)
{
    const struct hc_net_config minute = { .attempt_timeout = 60 * HC_SECOND };
    const struct hc_net_config patient = {
        .first_byte_timeout = 600 * HC_SECOND };

    begin(&minute, none, PLAIN);
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\nA: ");
    CHECK_INT(drip("x", 1000), 60);
    end(HEADCOUNT_ETIMEDOUT, "one attempt may take 60 s");
    /* Who waits longer for a first byte by default waits that long. */
    begin(&patient, none, PLAIN);
    net_world_pass(&world, 599 * HC_SECOND);
    CHECK(!it.ended);
    net_world_pass(&world, HC_SECOND);
    end(HEADCOUNT_ETIMEDOUT, "waited 600 s for the answer's first byte");
}

TEST(late, a_deadline_before_the_end_of_the_attempt_is_the_end)
{
    const struct hc_fetch_config soon = { .deadline = 1040 * HC_SECOND };

    begin(NULL, soon, PLAIN);
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\nA: ");
    CHECK_INT(drip("x", 1000), 40);
    end(HEADCOUNT_EDEADLINE, "waited 1 s for the rest of the answer's head, "
        "until the deadline");
}

/* What a long poll waits for its first byte is no part of the attempt. */
TEST(late, a_long_poll_may_wait_and_its_answer_may_not_drip)
{
    const struct hc_fetch_config poll = { .first_byte_timeout = -1 };

    begin(NULL, poll, PLAIN);
    net_world_pass(&world, 100000 * HC_SECOND);
    CHECK(!it.ended);
    net_peer_say(&world.peer, 0, "HTTP/1.1 200 OK\r\nA: ");
    CHECK_INT(drip("x", 1000), 300);
    end(HEADCOUNT_ETIMEDOUT, "config.attempt_timeout");
}

/* ---- the request ---- */

static const char *big_request(void)
{
    static char big[(8 << 20) - 1];

    memset(big, 'x', sizeof big - 1);
    return big;
}

/* The server takes n bytes a second of the request. */
static int64_t sip(size_t n, int most)
{
    static char sink[1 << 20];
    int64_t began = world.now;

    for (int i = 0; i < most && !it.ended; i++) {
        recv(world.peer.conns[0].fd, sink, n, 0);
        for (int j = 0; j < 20; j++) {
            struct hc_want wants[4];
            int64_t deadline;
            size_t w = hc_jobs_wants(&world.net.jobs, wants, 4, &deadline);

            hc_loop_poll(wants, w, 0);
            hc_jobs_step(&world.net.jobs, world.now, wants, w);
        }
        world.now += HC_SECOND;
        hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    }
    return (world.now - began) / HC_SECOND;
}

TEST(late, a_request_that_is_taken_by_drips_is_given_up)
{
    begin(NULL, none, big_request());
    int64_t took = sip(10, 1000);

    CHECK(took <= 90);
    end(HEADCOUNT_ETIMEDOUT, "");
}

TEST(late, a_request_that_is_taken_steadily_has_the_attempts_time)
{
    begin(NULL, none, big_request());
    CHECK_INT(sip(6000, 1000), 300);
    end(HEADCOUNT_ETIMEDOUT, "config.attempt_timeout");
}

/* ---- the sentences ---- */

TEST(late, what_was_waited_for_is_said_with_its_limit)
{
    begin(NULL, none, PLAIN);
    net_world_pass(&world, 30 * HC_SECOND);
    end(HEADCOUNT_ETIMEDOUT, "(127.0.0.1): waited 30 s for the answer's first "
        "byte (the limit is 30 s)");
    /* the process was frozen */
    begin(NULL, none, PLAIN);
    net_world_pass(&world, 95 * HC_SECOND);
    end(HEADCOUNT_ETIMEDOUT, "waited 95 s for the answer's first byte (the "
        "limit is 30 s)");
}

/* ---- the address ---- */

static int64_t blamed(void)
{
    return hc_health_when(&world.net.health, &it.f.addr, world.peer.port,
                          world.now);
}

TEST(late, an_address_that_stays_silent_comes_last)
{
    begin(NULL, none, PLAIN);
    net_world_pass(&world, 29 * HC_SECOND);
    CHECK_INT(blamed(), 0);
    net_world_pass(&world, HC_SECOND);
    CHECK_INT(blamed(), world.now);
    end(HEADCOUNT_ETIMEDOUT, "first byte");
    begin(NULL, none, PLAIN);
    net_peer_reset(&world.peer, 0);
    net_world_until(&world, &it.ended);
    CHECK_INT(blamed(), world.now);
    end(HEADCOUNT_ECLOSED, "reset");
    /* One byte of an answer, and it is no fault of the address. */
    begin(NULL, none, PLAIN);
    net_peer_say(&world.peer, 0, "H");
    net_world_settle(&world);
    net_world_pass(&world, 30 * HC_SECOND);
    CHECK_INT(blamed(), 0);
    end(HEADCOUNT_ETIMEDOUT, "head");
}
