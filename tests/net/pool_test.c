/* net/pool - who gets which connection. */
#include "net/pool.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "peers/dns_peer.h"
#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;

struct taker {
    struct hc_job job;
    struct hc_pool_waiter waiter;
    struct headcount_stats stats;
    struct headcount_error error;
    bool has;
};

static struct taker takers[20];

static void taker_run(struct hc_job *job, int64_t now)
{
    struct taker *t = (struct taker *)job;

    (void)now;
    t->has = t->waiter.conn != NULL || t->waiter.failed;
}

static void take(struct taker *t, bool fresh)
{
    const struct hc_origin origin = net_world_origin(&world);
    const struct hc_pool_ask ask = {
        .origin = &origin, .job = &t->job, .stats = &t->stats, .fresh = fresh,
        .error = &t->error,
        .anchors = origin.tls ? &world.anchors : NULL,
    };

    memset(t, 0, sizeof *t);
    hc_job_init(&t->job, &world.net.jobs, taker_run);
    hc_pool_ask(&world.net.pool, &t->waiter, &ask, world.now);
}

static void get(struct taker *t)
{
    take(t, false);
    net_world_until(&world, &t->has);
    CHECK(t->waiter.conn != NULL);
}

static void give(struct taker *t, bool reusable)
{
    /* As a fetch does: one that was used is no new one any more. */
    if (t->waiter.conn != NULL)
        t->waiter.conn->exchanges++;
    hc_pool_give(&world.net.pool, &t->waiter, reusable, world.now);
    hc_pool_waiter_drop(&world.net.pool, &t->waiter, world.now);
    hc_job_fini(&t->job);
}

static void open_with(struct hc_net_config config)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, &config, NULL);
}

static size_t idle(void)
{
    return hc_pool_idle(&world.net.pool);
}

TEST(pool, the_newest_idle_connection_is_lent_first)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    get(&takers[1]);
    struct hc_conn *a = takers[0].waiter.conn, *b = takers[1].waiter.conn;

    CHECK(a != b);
    give(&takers[0], true);
    give(&takers[1], true);
    net_world_settle(&world);
    CHECK_INT(idle(), 2);
    get(&takers[0]);
    CHECK(takers[0].waiter.conn == b);
    get(&takers[1]);
    CHECK(takers[1].waiter.conn == a);
    CHECK_INT(world.peer.n, 2);
    give(&takers[0], false);
    give(&takers[1], true);
    net_world_settle(&world);
    CHECK_INT(idle(), 1);
    CHECK_INT(world.net.pool.conns, 1);
    net_world_close(&world);
}

TEST(pool, ten_a_host_and_who_waits_is_served_in_order)
{
    open_with((struct hc_net_config){ .idle = 0 });
    for (int i = 0; i < 13; i++)
        take(&takers[i], false);
    net_world_settle(&world);
    CHECK_INT(world.peer.n, 10);
    for (int i = 0; i < 13; i++)
        CHECK_INT(takers[i].waiter.conn != NULL, i < 10);
    give(&takers[4], true);
    net_world_settle(&world);
    CHECK(takers[10].waiter.conn != NULL);
    CHECK(takers[11].waiter.conn == NULL);
    hc_pool_waiter_drop(&world.net.pool, &takers[11].waiter, world.now);
    give(&takers[5], false);         /* its place is dialled anew */
    net_world_settle(&world);
    CHECK(takers[12].waiter.conn != NULL);
    CHECK_INT(world.peer.n, 11);
    hc_job_fini(&takers[11].job);
    for (int i = 0; i < 13; i++)
        if (i != 4 && i != 5 && i != 11)
            give(&takers[i], true);
    net_world_settle(&world);
    CHECK_INT(idle(), 10);
    net_world_close(&world);
}

TEST(pool, idle_ones_are_closed_after_twenty_seconds)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    give(&takers[0], true);
    net_world_settle(&world);
    net_world_pass(&world, 19 * HC_SECOND);
    CHECK_INT(idle(), 1);
    net_world_pass(&world, 1 * HC_SECOND);
    CHECK_INT(idle(), 0);
    CHECK_INT(world.net.pool.conns, 0);
    CHECK_INT(world.net.pool.hosts, 0);
    net_world_close(&world);
}

TEST(pool, none_is_older_than_five_minutes)
{
    open_with((struct hc_net_config){ .idle = -1 });
    get(&takers[0]);
    give(&takers[0], true);
    net_world_pass(&world, 299 * HC_SECOND);
    CHECK_INT(idle(), 1);
    get(&takers[0]);
    net_world_pass(&world, 1 * HC_SECOND);
    give(&takers[0], true);
    CHECK_INT(idle(), 0);
    net_world_close(&world);
}

TEST(pool, one_that_speaks_or_ends_while_idle_is_closed)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    get(&takers[1]);
    give(&takers[0], true);
    give(&takers[1], true);
    net_world_settle(&world);
    net_peer_say(&world.peer, 0, "unasked");
    net_peer_hang_up(&world.peer, 1);
    net_world_settle(&world);
    CHECK_INT(idle(), 0);
    net_world_close(&world);
}

TEST(pool, it_is_looked_at_before_it_is_lent)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    give(&takers[0], true);
    net_world_settle(&world);
    net_peer_hang_up(&world.peer, 0);
    take(&takers[1], false);         /* before any poll could tell */
    CHECK(takers[1].waiter.conn == NULL);
    net_world_until(&world, &takers[1].has);
    CHECK_INT(world.peer.n, 2);
    give(&takers[1], true);
    net_world_close(&world);
}

/* An address that failed is left for another one, where there is one. */
TEST(pool, one_to_an_address_that_failed_is_not_lent)
{
    static const char *const hosts[] = {
        "127.0.0.1 ecs.test.internal\n",
        "127.0.0.1 ecs.test.internal\n127.0.0.2 ecs.test.internal\n",
    };

    for (size_t i = 0; i < 2; i++) {
        memset(&world, 0, sizeof world);
        world.hosts = hosts[i];
        net_world_open(&world, NULL, NULL);
        get(&takers[0]);
        const struct hc_addr addr = takers[0].waiter.conn->addr;

        CHECK_INT(takers[0].waiter.conn->has_others, i == 1);
        hc_health_failed(&world.net.health, &addr, world.peer.port, world.now);
        world.now++;
        give(&takers[0], true);          /* it worked after that */
        get(&takers[0]);
        CHECK(takers[0].waiter.conn->kept);
        give(&takers[0], true);
        world.now++;
        hc_health_failed(&world.net.health, &addr, world.peer.port, world.now);
        get(&takers[0]);
        CHECK_INT(takers[0].waiter.conn->kept, i == 0);
        CHECK_INT(world.peer.n, i + 1);
        give(&takers[0], true);
        net_world_close(&world);
    }
}

TEST(pool, who_needs_a_new_one_gets_a_new_one)
{
    open_with((struct hc_net_config){ .per_host = 1 });
    get(&takers[0]);
    struct hc_conn *old = takers[0].waiter.conn;
    uint64_t id = old->watch.id;

    give(&takers[0], true);
    take(&takers[1], true);
    net_world_until(&world, &takers[1].has);
    CHECK(takers[1].waiter.conn != NULL);
    CHECK(takers[1].waiter.conn->watch.id != id);
    CHECK_INT(world.net.pool.conns, 1);      /* the idle one made room */
    give(&takers[1], true);
    net_world_close(&world);
}

TEST(pool, keep_alive_can_be_off)
{
    open_with((struct hc_net_config){ .no_keep_alive = true });
    get(&takers[0]);
    give(&takers[0], true);
    CHECK_INT(idle(), 0);
    net_world_close(&world);
}

TEST(pool, hosts_and_trust_are_kept_apart)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    give(&takers[0], true);
    struct hc_origin other = net_world_origin(&world);
    const struct hc_anchors whom = { .n = 0 };
    const struct hc_pool_ask asks[] = {
        { .origin = &other, .job = &takers[1].job, .anchors = &whom },
        { .origin = &other, .job = &takers[1].job },
    };

    for (size_t i = 0; i < 2; i++) {
        if (i == 1)
            other.port++;
        memset(&takers[1], 0, sizeof takers[1]);
        hc_job_init(&takers[1].job, &world.net.jobs, taker_run);
        hc_pool_ask(&world.net.pool, &takers[1].waiter, &asks[i], world.now);
        CHECK(takers[1].waiter.conn == NULL);
        give(&takers[1], false);
    }
    CHECK_INT(idle(), 1);
    net_world_close(&world);
}

TEST(pool, a_dial_that_fails_fails_its_turn)
{
    open_with((struct hc_net_config){ .idle = 0 });
    net_peer_refuse(&world.peer);
    take(&takers[0], false);
    take(&takers[1], false);
    net_world_until(&world, &takers[0].has);
    net_world_until(&world, &takers[1].has);
    for (int i = 0; i < 2; i++) {
        CHECK(takers[i].waiter.failed);
        CHECK_INT(takers[i].error.code, HEADCOUNT_ECONNECT);
        give(&takers[i], false);
    }
    net_world_settle(&world);
    CHECK_INT(world.net.pool.conns, 0);
    net_world_close(&world);
}

TEST(pool, a_dial_serves_the_next_when_its_own_turn_was_served)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    take(&takers[1], false);         /* dials */
    CHECK(takers[1].waiter.dial != NULL);
    give(&takers[0], true);          /* and is served by this one */
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    CHECK(takers[1].waiter.conn != NULL);
    take(&takers[2], false);
    net_world_until(&world, &takers[2].has);
    net_world_settle(&world);
    CHECK_INT(world.peer.n, 2);      /* no third was dialled */
    CHECK_INT(takers[1].stats.connections_opened +
              takers[2].stats.connections_opened, 1);
    give(&takers[1], true);
    give(&takers[2], true);
    net_world_close(&world);
}

TEST(pool, what_a_dial_did_is_counted_to_its_op_and_to_the_net)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, "ec");
    get(&takers[0]);
    CHECK_INT(takers[0].stats.connections_opened, 1);
    CHECK_INT(takers[0].stats.tls_handshakes, 1);
    CHECK_INT(world.net.stats.connections_opened, 1);
    CHECK_INT(world.net.stats.tls_handshakes, 1);
    give(&takers[0], true);
    net_world_close(&world);
}

TEST(pool, everything_is_closed_at_the_end)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    give(&takers[0], true);
    take(&takers[1], true);          /* a dial under way */
    hc_pool_waiter_drop(&world.net.pool, &takers[1].waiter, world.now);
    hc_job_fini(&takers[1].job);
    net_world_close(&world);
    CHECK_INT(t_alloc_state()->live, 0);
}

TEST(pool, one_whose_close_notify_came_with_the_answer_is_not_lent)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, "ec");
    get(&takers[0]);
    struct hc_conn *c = takers[0].waiter.conn;
    struct hc_str in, out = HC_STR("x");

    CHECK_INT(hc_conn_send(c, &out, NULL), 1);
    for (int i = 0; i < 5000 && world.peer.conns[0].got_n == 0; i++)
        net_world_round(&world);
    net_peer_say(&world.peer, 0, "y");
    br_ssl_engine_close(&world.peer.conns[0].tls->ssl.eng);
    for (int i = 0; i < 5000 && hc_conn_recv(c, &in, NULL) != CONN_BYTES; i++)
        net_world_round(&world);
    hc_conn_used(c, in.n);
    for (int i = 0; i < 5000 && hc_tls_state(&c->engine) == TLS_OPEN; i++) {
        net_world_round(&world);
        hc_conn_recv(c, &in, NULL);
    }
    CHECK(!c->ended);                /* no FIN: only close_notify came */
    give(&takers[0], true);
    take(&takers[1], false);
    CHECK(takers[1].waiter.conn == NULL);
    give(&takers[1], false);
    net_world_close(&world);
}

/* The rest of the record could come after the next request, as its answer. */
TEST(pool, one_that_began_to_say_more_is_not_lent)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, "ec");
    get(&takers[0]);
    struct hc_conn *c = takers[0].waiter.conn;
    struct hc_str in;

    for (int i = 0; i < 10; i++)
        net_world_round(&world);
    CHECK(write(world.peer.conns[0].fd, "\x17\x03\x03", 3) == 3);
    for (int i = 0; i < 10; i++) {
        net_world_round(&world);
        CHECK_INT(hc_conn_recv(c, &in, NULL), CONN_WAIT);
    }
    CHECK(hc_sock_peek(c->watch.fd) == HC_SOCK_AGAIN && c->in_n == 0);
    give(&takers[0], true);
    take(&takers[1], false);
    CHECK(takers[1].waiter.conn == NULL);
    give(&takers[1], false);
    net_world_close(&world);
}

/* ---- a fork ---- */

/* headcount.h: after a fork headcount_free "just closes descriptors". */
TEST(pool, a_child_that_ends_does_not_end_its_parents_connections)
{
    memset(&world, 0, sizeof world);
    net_world_open(&world, NULL, "ec");
    get(&takers[0]);
    give(&takers[0], true);
    net_world_settle(&world);
    CHECK_INT(idle(), 1);
    pid_t child = fork();

    if (child == 0) {
        hc_net_fini(&world.net);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, NULL, 0) == child);
    net_world_settle(&world);
    bool told = world.peer.conns[0].clean;
    size_t left = idle();

    net_world_close(&world);
    CHECK(!told);
    CHECK_INT(left, 1);
}

/* ---- the line ---- */

static struct taker many[1000];

static size_t held(struct taker *of, size_t n, struct taker **who)
{
    size_t held = 0;

    for (size_t i = 0; i < n; i++)
        if (of[i].waiter.conn != NULL)
            who[held++] = &of[i];
    return held;
}

/* 1,000 at once, each answer after 120 ms, ten connections: 12 s. */
TEST(pool, a_line_that_moves_is_never_over)
{
    const size_t n = sizeof many / sizeof *many;
    struct taker *who[10];
    size_t served = 0;

    open_with((struct hc_net_config){ .idle = 0 });
    for (size_t i = 0; i < n; i++)
        take(&many[i], false);
    net_world_settle(&world);
    while (served < n) {
        size_t now = held(many, n, who);

        CHECK_INT(now, 10);
        CHECK(who[0] == &many[served]);      /* in order */
        net_world_pass(&world, 120 * HC_MS);
        for (size_t i = served + now; i < n; i++)
            CHECK(hc_pool_until(&world.net.pool, &many[i].waiter) > world.now);
        for (size_t i = 0; i < now; i++)
            give(who[i], true);
        served += now;
        hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    }
    CHECK_INT(world.peer.n, 10);
    net_world_close(&world);
}

/* ---- the total ---- */

static struct hc_anchors trusts[3];

/* The peer's port by another trust: another host to the pool. */
static void take_of(struct taker *t, size_t host)
{
    const struct hc_origin origin = net_world_origin(&world);
    const struct hc_pool_ask ask = {
        .origin = &origin, .job = &t->job, .stats = &t->stats,
        .error = &t->error, .anchors = &trusts[host],
    };

    memset(t, 0, sizeof *t);
    hc_job_init(&t->job, &world.net.jobs, taker_run);
    hc_pool_ask(&world.net.pool, &t->waiter, &ask, world.now);
}

TEST(pool, at_the_total_another_hosts_idle_connection_makes_room)
{
    open_with((struct hc_net_config){ .total = 2 });
    get(&takers[0]);
    give(&takers[0], true);
    get(&takers[0]);
    get(&takers[1]);
    give(&takers[0], true);
    take_of(&takers[2], 0);
    net_world_until(&world, &takers[2].has);
    CHECK(takers[2].waiter.conn != NULL);
    CHECK_INT(world.net.pool.conns, 2);
    give(&takers[1], true);
    give(&takers[2], true);
    net_world_close(&world);
}

TEST(pool, at_the_total_a_host_without_a_connection_gets_the_next_one)
{
    open_with((struct hc_net_config){ .total = 2 });
    for (int i = 0; i < 6; i++)
        take_of(&takers[i], 0);
    net_world_settle(&world);
    CHECK(takers[1].waiter.conn != NULL);
    take_of(&takers[6], 1);
    take_of(&takers[7], 2);
    net_world_pass(&world, 9 * HC_SECOND);
    CHECK(!takers[6].has && !takers[7].has);
    give(&takers[0], true);          /* four wait ahead, but for another host */
    net_world_settle(&world);
    CHECK(takers[6].waiter.conn != NULL);
    CHECK(takers[2].waiter.conn == NULL);
    /* The line for the total moved: the wait of the next in it is a new one. */
    CHECK_INT(hc_pool_until(&world.net.pool, &takers[7].waiter),
              world.now + 10 * HC_SECOND);
    give(&takers[1], true);
    net_world_settle(&world);
    CHECK(takers[7].waiter.conn != NULL);
    CHECK_INT(world.net.pool.conns, 2);
    give(&takers[6], true);          /* nobody else wants it there */
    net_world_settle(&world);
    for (int i = 2; i < 6; i++) {    /* and all are served in the end */
        CHECK(takers[i].waiter.conn != NULL);
        give(&takers[i], true);
        net_world_settle(&world);
    }
    give(&takers[7], true);
    net_world_settle(&world);
    net_world_close(&world);
}

TEST(pool, a_host_that_has_its_share_does_not_close_connections_for_more)
{
    open_with((struct hc_net_config){ .total = 2 });
    take_of(&takers[0], 0);
    take_of(&takers[1], 1);
    net_world_settle(&world);
    for (int i = 2; i < 8; i++)
        take_of(&takers[i], (size_t)i % 2);
    for (int i = 0; i < 8; i++) {
        net_world_settle(&world);
        CHECK(takers[i].waiter.conn != NULL);
        give(&takers[i], true);
    }
    CHECK_INT(world.peer.n, 2);
    net_world_close(&world);
}

TEST(pool, who_gives_up_at_the_total_hears_which_limit_it_was)
{
    open_with((struct hc_net_config){ .total = 1 });
    get(&takers[0]);
    take_of(&takers[1], 0);
    take_of(&takers[2], 0);
    CHECK_INT(hc_pool_overdue(&world.net.pool, &takers[2].waiter),
              HEADCOUNT_ELIMIT);
    CHECK(strstr(takers[2].error.what, "ahead in the line: 1; open in all: 1 "
                 "of 1 (config.max_connections raises the limit)") != NULL);
    for (int i = 2; i >= 0; i--)
        give(&takers[i], true);
    net_world_settle(&world);
    CHECK_INT(world.net.pool.hosts, 1);
    net_world_close(&world);
}

/* ---- descriptors ---- */

static struct hc_alloc memory;

static void *no_memory(void *ud, void *p, size_t old, size_t n)
{
    (void)ud;
    return n > old ? NULL : memory.fn(memory.ud, p, old, n);
}

TEST(pool, a_host_whose_last_waiter_has_failed_is_forgotten)
{
    open_with((struct hc_net_config){ .total = 1 });
    get(&takers[0]);
    take_of(&takers[1], 1);
    net_world_settle(&world);
    memory = world.net.sys.alloc;
    world.net.sys.alloc.fn = no_memory;
    give(&takers[0], false);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    size_t hosts = world.net.pool.hosts;

    world.net.sys.alloc = memory;
    CHECK(takers[1].waiter.failed);
    CHECK_INT(hosts, 0);
    give(&takers[1], false);
    net_world_close(&world);
}

static struct rlimit descriptors;

/* From now on no descriptor is left. */
static void use_up_descriptors(void)
{
    int next = dup(0);
    struct rlimit none;

    CHECK(next > 0);
    close(next);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    none = (struct rlimit){ (rlim_t)next, descriptors.rlim_max };
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_descriptors_back(void)
{
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
}

TEST(pool, without_a_descriptor_the_turn_waits)
{
    open_with((struct hc_net_config){ .idle = 0 });
    use_up_descriptors();
    for (int i = 0; i < 3; i++)
        take(&takers[i], false);
    net_world_settle(&world);
    for (int i = 0; i < 20; i++)
        net_world_pass(&world, 100 * HC_MS);
    bool failed = takers[0].waiter.failed;
    int64_t until = hc_pool_until(&world.net.pool, &takers[0].waiter);

    if (!takers[2].waiter.failed)    /* for want of memory */
        hc_pool_overdue(&world.net.pool, &takers[2].waiter);
    give_descriptors_back();
    CHECK(!failed);
    CHECK_INT(until, world.now + 8 * HC_SECOND);
    CHECK_INT(takers[2].error.code, HEADCOUNT_ELIMIT);
    CHECK(strstr(takers[2].error.what, "(ulimit -n raises") != NULL);
    net_world_pass(&world, 100 * HC_MS);
    net_world_settle(&world);
    for (int i = 0; i < 3; i++) {
        CHECK(takers[i].waiter.conn != NULL);
        give(&takers[i], true);
    }
    net_world_close(&world);
}

TEST(pool, a_connection_that_is_given_back_ends_the_want_of_descriptors)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    use_up_descriptors();
    take_of(&takers[1], 0);
    net_world_settle(&world);
    bool early = takers[1].waiter.conn != NULL || takers[1].waiter.failed;

    give(&takers[0], true);          /* closed at once, without any pause */
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    size_t left = idle();
    bool dials = takers[1].waiter.dial != NULL;

    give_descriptors_back();
    CHECK(!early);
    CHECK_INT(left, 0);
    CHECK(dials);
    net_world_until(&world, &takers[1].has);
    CHECK(takers[1].waiter.conn != NULL);
    give(&takers[1], true);
    net_world_close(&world);
}

TEST(pool, an_idle_connection_makes_room_for_a_descriptor)
{
    open_with((struct hc_net_config){ .idle = 0 });
    get(&takers[0]);
    give(&takers[0], true);
    use_up_descriptors();
    take_of(&takers[1], 0);
    hc_jobs_step(&world.net.jobs, world.now, NULL, 0);
    size_t left = idle();
    bool dials = takers[1].waiter.dial != NULL;

    give_descriptors_back();
    CHECK_INT(left, 0);
    CHECK(dials);
    net_world_until(&world, &takers[1].has);
    CHECK(takers[1].waiter.conn != NULL);
    give(&takers[1], true);
    net_world_close(&world);
}

static bool answers_a(struct dns_peer *peer, const struct dns_asked *asked,
                      struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8180);
    dns_put_a(reply, NULL, 60, "127.0.0.1");
    return true;
}

static struct dns_peer names;

/* Idle connections to `n` names of the hosts file; other names are asked of
 * the server above. */
static void open_named(size_t n)
{
    char server[32];

    memset(&names, 0, sizeof names);
    names.answer = answers_a;
    dns_peer_open(&names);
    hc_fmt(server, sizeof server, "127.0.0.1:%u", (unsigned)names.port);
    memset(&world, 0, sizeof world);
    world.hosts = "127.0.0.1 kept.test\n";
    net_world_open(&world, &(struct hc_net_config){
                       .dns_server = hc_str(server) }, NULL);
    struct hc_origin kept = net_world_origin(&world);

    hc_str_copy(kept.host, sizeof kept.host, HC_STR("kept.test"));
    net_world_keep(&world, &kept, n);
}

/* One of the idle connections makes room for it, and a lookup that had no
 * descriptor says nothing about the next one. */
TEST(pool, a_lookup_without_a_descriptor_closes_one_idle_connection)
{
    open_named(3);
    CHECK_INT(idle(), 3);
    use_up_descriptors();
    take(&takers[0], false);
    for (int i = 0; i < 20 && names.udp_n == 0; i++) {
        net_world_round(&world);
        dns_peer_serve(&names);
    }
    size_t left = idle(), asked = names.udp_n;

    give_descriptors_back();
    if (!takers[0].waiter.failed) {          /* else for want of memory */
        CHECK_INT(left, 2);
        CHECK(asked > 0);
        for (int i = 0; i < 200 && !takers[0].has; i++) {
            net_world_round(&world);
            dns_peer_serve(&names);
        }
        CHECK(takers[0].waiter.conn != NULL);
    }
    give(&takers[0], true);
    net_world_close(&world);
    dns_peer_close(&names);
}

/* The lookup of its name needs one, too. */
TEST(pool, without_a_descriptor_for_a_lookup_the_turn_waits)
{
    static struct dns_peer dns = { .answer = answers_a };
    char server[32];

    dns_peer_open(&dns);
    hc_fmt(server, sizeof server, "127.0.0.1:%u", (unsigned)dns.port);
    memset(&world, 0, sizeof world);
    world.hosts = "";
    net_world_open(&world, &(struct hc_net_config){
                       .dns_server = hc_str(server) }, NULL);
    use_up_descriptors();
    take(&takers[0], false);
    for (int i = 0; i < 30; i++) {
        net_world_pass(&world, 100 * HC_MS);
        dns_peer_serve(&dns);
    }
    bool failed = takers[0].waiter.failed;

    give_descriptors_back();
    CHECK(!failed);
    for (int i = 0; i < 60 && !takers[0].has; i++) {
        net_world_pass(&world, 100 * HC_MS);
        dns_peer_serve(&dns);
    }
    CHECK(takers[0].waiter.conn != NULL);
    give(&takers[0], true);
    net_world_close(&world);
    dns_peer_close(&dns);
}
