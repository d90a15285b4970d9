/* tests/wire/dns_servers_test.c */
#include "t.h"

#include <string.h>

#include "wire/dns_servers.h"

static struct hc_resolv_conf conf_of(const char *text)
{
    struct hc_resolv_conf conf;

    hc_resolv_conf_get(&conf, hc_str(text));
    return conf;
}

#define THREE "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n"

/* The order as "201", with a '!' before it if the first is only probed. */
static const char *order(struct hc_dns_servers *s,
                         const struct hc_resolv_conf *conf, int64_t now)
{
    static char text[HC_DNS_SERVERS + 2];
    unsigned char numbers[HC_DNS_SERVERS];
    size_t n = 0;

    if (hc_dns_servers_order(s, conf, now, numbers))
        text[n++] = '!';
    for (size_t i = 0; i < conf->servers_n; i++)
        text[n++] = (char)('0' + numbers[i]);
    text[n] = '\0';
    return text;
}

TEST(dns_servers, a_silent_server_is_last_for_30_seconds_and_then_probed)
{
    const struct hc_resolv_conf conf = conf_of(THREE);
    struct hc_dns_servers s = { .n = 0 };

    hc_dns_servers_set(&s, &conf);
    CHECK_Z(order(&s, &conf, 0), "012");
    hc_dns_servers_silent(&s, &conf.servers[0], HC_SECOND);
    CHECK_Z(order(&s, &conf, HC_SECOND), "120");
    CHECK_Z(order(&s, &conf, 31 * HC_SECOND - 1), "120");
    CHECK_Z(order(&s, &conf, 31 * HC_SECOND), "!012");
    CHECK_Z(order(&s, &conf, 31 * HC_SECOND), "120");    /* one probe each */
    CHECK_Z(order(&s, &conf, 61 * HC_SECOND), "!012");
    hc_dns_servers_answered(&s, &conf.servers[0], DNS_FORM_EDNS, 0);
    CHECK_Z(order(&s, &conf, 61 * HC_SECOND), "012");
}

TEST(dns_servers, only_one_is_probed_at_a_time)
{
    const struct hc_resolv_conf conf = conf_of(THREE);
    struct hc_dns_servers s = { .n = 0 };

    hc_dns_servers_set(&s, &conf);
    for (size_t i = 0; i < 3; i++)
        hc_dns_servers_silent(&s, &conf.servers[i], 0);
    CHECK_Z(order(&s, &conf, 0), "012");
    CHECK_Z(order(&s, &conf, 30 * HC_SECOND), "!012");
    CHECK_Z(order(&s, &conf, 30 * HC_SECOND), "!102");
}

TEST(dns_servers, the_only_server_is_never_only_probed)
{
    const struct hc_resolv_conf conf = conf_of("nameserver 10.0.0.1\n");
    struct hc_dns_servers s = { .n = 0 };

    hc_dns_servers_set(&s, &conf);
    hc_dns_servers_silent(&s, &conf.servers[0], 0);
    CHECK_Z(order(&s, &conf, 40 * HC_SECOND), "0");
}

TEST(dns_servers, edns_is_left_out_for_an_hour)
{
    const struct hc_resolv_conf conf = conf_of(THREE);
    const struct hc_dns_server *one = &conf.servers[1];
    struct hc_dns_servers s = { .n = 0 };

    hc_dns_servers_set(&s, &conf);
    CHECK(!hc_dns_servers_is_plain(&s, one, 0));
    hc_dns_servers_answered(&s, one, DNS_FORM_PLAIN, 5);
    CHECK(hc_dns_servers_is_plain(&s, one, 5));
    CHECK(!hc_dns_servers_is_plain(&s, &conf.servers[0], 5));
    hc_dns_servers_answered(&s, one, DNS_FORM_OTHER, 6);
    CHECK(hc_dns_servers_is_plain(&s, one, 4 + 3600 * HC_SECOND));
    CHECK(!hc_dns_servers_is_plain(&s, one, 5 + 3600 * HC_SECOND));
    hc_dns_servers_answered(&s, one, DNS_FORM_PLAIN, 5);
    hc_dns_servers_answered(&s, one, DNS_FORM_EDNS, 6);
    CHECK(!hc_dns_servers_is_plain(&s, one, 6));
}

TEST(dns_servers, another_resolv_conf_keeps_what_is_known_of_the_servers)
{
    const struct hc_resolv_conf before = conf_of(THREE);
    const struct hc_resolv_conf after = conf_of("nameserver 10.0.0.9\n"
                                                "nameserver 10.0.0.1\n"
                                                "nameserver 10.0.0.2\n");
    struct hc_dns_servers s = { .n = 0 };

    hc_dns_servers_set(&s, &before);
    hc_dns_servers_silent(&s, &before.servers[0], 0);
    hc_dns_servers_silent(&s, &before.servers[2], 0);
    hc_dns_servers_set(&s, &after);
    CHECK_Z(order(&s, &after, 0), "021");
    /* A lookup that began before still has the old ones. */
    hc_dns_servers_silent(&s, &before.servers[2], 0);
    hc_dns_servers_answered(&s, &before.servers[2], DNS_FORM_PLAIN, 0);
    CHECK(!hc_dns_servers_is_plain(&s, &before.servers[2], 0));
    CHECK_Z(order(&s, &before, 0), "120");
}
