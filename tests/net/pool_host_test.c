/* net/pool_host - the hosts of a pool, and what is idle there. */
#include "net/pool_host.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "peers/net_peer.h"
#include "t.h"

static struct net_world world;
static struct hc_job nobody;
static struct hc_pool_waiter waiters[1000];

static void open_with(struct hc_net_config config)
{
    memset(&world, 0, sizeof world);
    memset(waiters, 0, sizeof waiters);
    net_world_open(&world, &config, NULL);
}

static void ask(size_t i, const struct hc_origin *origin,
                const struct hc_anchors *anchors)
{
    const struct hc_pool_ask ask = { .origin = origin, .job = &nobody,
                                     .anchors = anchors };

    hc_pool_ask(&world.net.pool, &waiters[i], &ask, world.now);
}

static void keep(size_t n)
{
    const struct hc_origin origin = net_world_origin(&world);

    net_world_keep(&world, &origin, n);
}

/* The connection is open to the origin itself.  A waiter that has to go through
 * a proxy waits for another one, and so does one with another proxy. */
TEST(pool_host, each_proxy_has_connections_of_its_own)
{
    static const struct hc_proxy proxies[2];
    struct hc_origin origin;

    open_with((struct hc_net_config){ .total = 1 });
    origin = net_world_origin(&world);
    keep(1);
    for (size_t i = 0; i < 2; i++) {
        const struct hc_pool_ask ask = { .origin = &origin, .job = &nobody,
                                         .proxy = &proxies[i] };
        struct hc_pool_host *h = hc_pool_host(&world.net.pool, &ask, NULL);

        CHECK(h != NULL);
        CHECK(h->proxy == &proxies[i]);
        CHECK(hc_pool_host(&world.net.pool, &ask, NULL) == h);
        CHECK(hc_pool_idle_take(h, world.now) == NULL);
    }
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn != NULL);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    net_world_close(&world);
}

TEST(pool_host, a_thousand_come_and_go)
{
    struct hc_origin origin;

    open_with((struct hc_net_config){ .total = 1 });
    origin = net_world_origin(&world);
    keep(1);
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn != NULL);
    for (size_t i = 1; i < 1000; i++) {
        hc_fmt(origin.host, sizeof origin.host, "h%zu.test.internal", i / 2);
        ask(i, &origin, i % 2 == 0 ? NULL : &world.anchors);
    }
    net_world_settle(&world);
    CHECK_INT(world.net.pool.hosts, 1000);
    CHECK_INT(world.net.pool.conns, 1);
    for (size_t i = 1; i < 1000; i++)
        hc_pool_waiter_drop(&world.net.pool, &waiters[i], world.now);
    net_world_settle(&world);
    CHECK_INT(world.net.pool.hosts, 1);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    net_world_close(&world);
}

/* The job of a connection wakes at the time that it once was idle until. */
TEST(pool_host, one_that_is_lent_is_not_closed_for_having_been_idle)
{
    struct hc_origin origin;

    open_with((struct hc_net_config){ .idle = 0 });
    origin = net_world_origin(&world);
    keep(1);
    net_world_pass(&world, 15 * HC_SECOND);
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn != NULL);
    net_world_pass(&world, 10 * HC_SECOND);
    CHECK_INT(world.net.pool.conns, 1);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    net_world_pass(&world, 19 * HC_SECOND);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    net_world_pass(&world, 1 * HC_SECOND);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK_INT(world.net.pool.hosts, 0);
    net_world_close(&world);
}

TEST(pool_host, the_oldest_idle_one_goes_first)
{
    struct hc_origin origin;

    open_with((struct hc_net_config){ .idle = 0 });
    origin = net_world_origin(&world);
    keep(1);
    net_world_pass(&world, HC_SECOND);
    keep(2);
    ask(0, &origin, NULL);
    struct hc_pool_host *h = waiters[0].conn->host;

    CHECK(hc_pool_idle_evict(&world.net.pool, h));
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    net_world_pass(&world, 19 * HC_SECOND);      /* the first would be over */
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    CHECK(hc_pool_idle_evict(&world.net.pool, NULL));
    CHECK(!hc_pool_idle_evict(&world.net.pool, NULL));
    CHECK(!hc_pool_idle_evict(&world.net.pool, h));
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    net_world_close(&world);
}

TEST(pool_host, only_those_without_life_since_are_purged)
{
    struct hc_origin origin;

    open_with((struct hc_net_config){ .idle = 0 });
    origin = net_world_origin(&world);
    keep(3);
    int64_t since = world.now;

    net_world_pass(&world, HC_SECOND);
    keep(2);
    ask(0, &origin, NULL);
    hc_pool_suspect(&waiters[0], since);
    CHECK_INT(world.net.stats.connections_purged, 3);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    hc_pool_give(&world.net.pool, &waiters[0], false, world.now);
    net_world_close(&world);
}

/* ---- the name's addresses are others now ---- */

static void answer(const char *name, uint32_t ttl, const char *ip)
{
    struct hc_dns_known known = { .ttl = ttl };
    struct hc_addr addr;

    CHECK(hc_addr_get(&addr, hc_str(ip)));
    hc_addrs_add(&known.addrs, &addr);
    hc_dns_cache_put(&world.net.resolver.cache, hc_str(name), &known,
                     world.now);
    world.net.resolver.answers++;
}

static void open_named(struct hc_origin *origin)
{
    open_with((struct hc_net_config){ .idle = -1 });
    *origin = net_world_origin(&world);
    keep(2);
    ask(0, origin, NULL);
    CHECK(waiters[0].conn != NULL);
}

/* It comes back, and goes out once more. */
static void lent_again(const struct hc_origin *origin)
{
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 2);
    ask(0, origin, NULL);
    CHECK(waiters[0].conn != NULL);
    CHECK_INT(world.net.stats.connections_purged, 0);
}

/* Each answer of many names has one address, and another one than the answer
 * before: what is gone for a moment is none of a host that is gone. */
TEST(pool_host, one_whose_address_comes_back_stays)
{
    struct hc_origin origin;

    open_named(&origin);
    answer(origin.host, 5, "127.0.0.9");
    lent_again(&origin);
    world.now += HC_POOL_LEFT - 1;
    answer(origin.host, 5, "127.0.0.1");
    lent_again(&origin);
    world.now++;
    answer(origin.host, 5, "127.0.0.9");
    lent_again(&origin);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(world.net.stats.connections_purged, 0);
    net_world_close(&world);
}

TEST(pool_host, one_whose_address_the_name_has_no_more_is_not_used_again)
{
    struct hc_origin origin;

    open_named(&origin);
    answer(origin.host, 0, "127.0.0.9");
    lent_again(&origin);
    world.now += HC_POOL_LEFT - 1;
    lent_again(&origin);
    world.now++;
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    CHECK_INT(world.net.stats.connections_purged, 1);
    /* The other one is looked at for the first time. */
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn != NULL);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    world.now += HC_POOL_LEFT;
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn == NULL);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK_INT(world.net.stats.connections_purged, 2);
    net_world_settle(&world);
    CHECK(world.peer.conns[0].ended && world.peer.conns[1].ended);
    CHECK_INT(world.net.stats.connections_opened, world.peer.n);
    hc_pool_waiter_drop(&world.net.pool, &waiters[0], world.now);
    net_world_close(&world);
}

TEST(pool_host, one_whose_address_is_still_the_name_s_stays)
{
    struct hc_origin origin;

    open_named(&origin);
    answer(origin.host, 300, "127.0.0.1");
    answer("another.test.internal", 300, "127.0.0.9");
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 2);
    answer(origin.host, 300, "::9");     /* of another family: A was cut off */
    ask(0, &origin, NULL);
    CHECK(waiters[0].conn != NULL);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(world.net.stats.connections_purged, 0);
    net_world_close(&world);
}

TEST(pool_host, with_a_proxy_the_proxy_s_name_counts)
{
    struct hc_origin origin;
    static struct hc_proxy proxy = { .origin.host = "proxy.test.internal" };

    open_named(&origin);
    waiters[0].conn->host->proxy = &proxy;
    answer(origin.host, 300, "127.0.0.9");
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 2);
    CHECK_INT(world.net.stats.connections_purged, 0);
    answer("proxy.test.internal", 300, "127.0.0.9");
    const struct hc_pool_ask through = { .origin = &origin, .job = &nobody,
                                         .proxy = &proxy };

    hc_pool_ask(&world.net.pool, &waiters[0], &through, world.now);
    CHECK(waiters[0].conn != NULL);
    world.now += HC_POOL_LEFT;
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(world.net.stats.connections_purged, 1);
    net_world_close(&world);
}

/* ---- the network is another one ---- */

TEST(pool_host, what_was_connected_before_is_not_kept)
{
    struct hc_origin origin;

    open_named(&origin);
    hc_pool_forget(&world.net.pool);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK(waiters[0].conn != NULL);      /* its exchange goes on */
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK_INT(world.net.stats.connections_purged, 2);

    ask(0, &origin, NULL);               /* a dial is under way meanwhile */
    hc_pool_forget(&world.net.pool);
    net_world_settle(&world);
    CHECK(waiters[0].conn != NULL);
    hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK_INT(world.net.stats.connections_purged, 3);

    keep(1);                             /* that is of the new network */
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    CHECK_INT(world.net.stats.connections_opened, world.peer.n);
    net_world_close(&world);
}

TEST(pool_host, a_dial_whose_waiter_left_is_not_kept_either)
{
    struct hc_origin origin;

    open_with((struct hc_net_config){ .idle = 0 });
    origin = net_world_origin(&world);
    ask(0, &origin, NULL);
    hc_pool_waiter_drop(&world.net.pool, &waiters[0], world.now);
    hc_pool_forget(&world.net.pool);
    net_world_settle(&world);
    CHECK_INT(world.peer.n, 1);
    CHECK_INT(hc_pool_idle(&world.net.pool), 0);
    CHECK_INT(world.net.stats.connections_purged, 1);
    net_world_close(&world);
}

/* ---- the kernel has given up the peer ---- */

TEST(pool_host, one_that_the_kernel_found_dead_is_counted_and_not_lent)
{
    struct hc_origin origin;

    for (int told = 0; told < 2; told++) {
        open_with((struct hc_net_config){ .idle = 0 });
        origin = net_world_origin(&world);
        keep(1);
        int dead = net_peer_dead_socket();
        const struct hc_watch *watch = world.net.jobs.watches;

        CHECK(watch != NULL && watch->next == NULL);
        CHECK(dup2(dead, watch->fd) == watch->fd);
        close(dead);
        if (told == 1)                   /* poll says so before it is asked */
            net_world_settle(&world);
        else
            ask(0, &origin, NULL);
        CHECK_INT(world.net.stats.connections_dead, 1);
        CHECK_INT(world.net.stats.connections_purged, 0);
        CHECK_INT(hc_pool_idle(&world.net.pool), 0);
        if (told == 0) {
            net_world_settle(&world);
            CHECK(waiters[0].conn != NULL && !waiters[0].conn->kept);
            hc_pool_give(&world.net.pool, &waiters[0], true, world.now);
        }
        net_world_close(&world);
    }
}

TEST(pool_host, one_that_its_peer_ended_is_not_dead)
{
    for (int reset = 0; reset < 2; reset++) {
        open_with((struct hc_net_config){ .idle = 0 });
        keep(1);
        if (reset == 1)
            net_peer_reset(&world.peer, 0);
        else
            net_peer_hang_up(&world.peer, 0);
        net_world_settle(&world);
        CHECK_INT(hc_pool_idle(&world.net.pool), 0);
        CHECK_INT(world.net.stats.connections_dead, 0);
        net_world_close(&world);
    }
}
