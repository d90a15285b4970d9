/* net/pool_host - the hosts of a pool, and what is idle there. */
#include "net/pool_host.h"

#include <string.h>

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
    hc_pool_suspect(&world.net.pool, &waiters[0], since);
    CHECK_INT(world.net.stats.connections_purged, 3);
    CHECK_INT(hc_pool_idle(&world.net.pool), 1);
    hc_pool_give(&world.net.pool, &waiters[0], false, world.now);
    net_world_close(&world);
}
