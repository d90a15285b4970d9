/* net/net - defaults and the order of birth and death. */
#include "net/net.h"

#include <string.h>

#include "t.h"

static struct hc_net net;

static int open_with(struct hc_net_config config, struct headcount_error *e)
{
    struct hc_system sys;
    const struct hc_log log = { .level = HEADCOUNT_LOG_ERROR };

    hc_system_real(&sys);
    sys.alloc = *t_alloc();
    return hc_net_init(&net, &sys, &log, &config, e);
}

TEST(net, what_is_not_said_has_a_finite_default)
{
    CHECK_INT(open_with((struct hc_net_config){ .idle = 0 }, NULL), 0);
    CHECK_INT(net.config.connect_timeout, 3100 * HC_MS);
    CHECK_INT(net.config.tls_timeout, 3100 * HC_MS);
    CHECK_INT(net.config.acquire_timeout, 10 * HC_SECOND);
    CHECK_INT(net.config.send_timeout, 30 * HC_SECOND);
    CHECK_INT(net.config.first_byte_timeout, 30 * HC_SECOND);
    CHECK_INT(net.config.between_timeout, 30 * HC_SECOND);
    CHECK_INT(net.config.idle, 20 * HC_SECOND);
    CHECK_INT(net.config.age, 300 * HC_SECOND);
    CHECK_INT(net.config.per_host, 10);
    CHECK_INT(net.config.total, 200);
    CHECK_INT(net.config.attempt_timeout, 300 * HC_SECOND);
    CHECK_INT(net.config.user_timeout, 30 * HC_SECOND);
    CHECK_INT(net.config.min_speed, 1024);
    hc_net_fini(&net);
}

TEST(net, a_negative_limit_is_none)
{
    CHECK_INT(open_with((struct hc_net_config){ .connect_timeout = -1,
                                                .attempt_timeout = -1,
                                                .user_timeout = -1,
                                                .min_speed = -1,
                                                .idle = 5 }, NULL), 0);
    CHECK_INT(net.config.attempt_timeout, HC_NEVER);
    CHECK_INT(net.config.user_timeout, HC_NEVER);
    CHECK_INT(net.config.min_speed, 0);
    CHECK_INT(net.config.connect_timeout, HC_NEVER);
    CHECK_INT(net.config.idle, 5);
    hc_net_fini(&net);
}

TEST(net, a_dns_server_that_is_none_is_refused)
{
    struct headcount_error e = { 0 };

    CHECK_INT(
        open_with((struct hc_net_config){ .dns_server = HC_STR("dns.example") },
                  &e),
        HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "dns.example") != NULL);
}

TEST(net, what_was_learned_about_the_network_is_dropped)
{
    const struct hc_addr addr = { .family = 4, .ip = { 192, 0, 2, 1 } };

    CHECK_INT(open_with((struct hc_net_config){ .idle = 0 }, NULL), 0);
    hc_health_failed(&net.health, &addr, 443, HC_SECOND);
    CHECK_INT(hc_health_when(&net.health, &addr, 443, HC_SECOND), HC_SECOND);
    net.random_n = 16;
    hc_net_forget(&net);
    CHECK_INT(net.random_n, 0);
    CHECK_INT(hc_health_when(&net.health, &addr, 443, HC_SECOND), 0);
    CHECK_INT(net.pool.epoch, 1);
    hc_net_fini(&net);
}

static int drawn;

static int draw(void *ud, void *p, size_t n)
{
    (void)ud;
    memset(p, ++drawn, n);
    return drawn > 2 ? HEADCOUNT_EIO : 0;
}

TEST(net, random_bytes_for_names_come_many_at_once_and_each_is_used_once)
{
    unsigned char id[16], most[HC_NET_RANDOM];

    memset(&net, 0, sizeof net);
    net.sys.random = draw;
    drawn = 0;
    for (int i = 0; i < 16; i++) {
        CHECK_INT(hc_net_random(&net, id, sizeof id, NULL), 0);
        CHECK_INT(drawn, 1);
    }
    CHECK_INT(net.random_n, 0);
    CHECK_INT(hc_net_random(&net, id, 3, NULL), 0);
    CHECK_INT(drawn, 2);
    CHECK_INT(id[2], 2);
    CHECK_INT(hc_net_random(&net, most, sizeof most, NULL), HEADCOUNT_EIO);
    CHECK_INT(net.random_n, HC_NET_RANDOM - 3);
}
