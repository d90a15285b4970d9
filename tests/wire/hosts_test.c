/* tests/wire/hosts_test.c */
#include "t.h"

#include <string.h>

#include "wire/hosts.h"

/* The addresses as "a b c", "" if there is none. */
static const char *found(const char *text, const char *name)
{
    static char all[HC_ADDRS_MAX * HC_ADDR_TEXT];
    struct hc_addrs addrs;
    size_t n = strlen(text);
    bool there = hc_hosts_find(hc_str_n(t_guard(text, n), n), hc_str(name),
                               &addrs);

    all[0] = '\0';
    CHECK_INT(there, addrs.n > 0);
    for (size_t i = 0; i < addrs.n; i++) {
        if (i > 0)
            strcat(all, " ");
        hc_addr_put(all + strlen(all), &addrs.a[i]);
    }
    return all;
}

TEST(hosts, a_name_is_found_in_any_place_of_a_line)
{
    const char *text = "127.0.0.1 localhost\n"
                       "10.0.0.1\tone one.example\tuno\n"
                       "  10.0.0.2   two  \n"
                       "10.0.0.3 three";

    CHECK_Z(found(text, "one"), "10.0.0.1");
    CHECK_Z(found(text, "one.example"), "10.0.0.1");
    CHECK_Z(found(text, "uno"), "10.0.0.1");
    CHECK_Z(found(text, "two"), "10.0.0.2");
    CHECK_Z(found(text, "three"), "10.0.0.3");
    CHECK_Z(found(text, "four"), "");
    CHECK_Z(found(text, "on"), "");
    CHECK_Z(found(text, "10.0.0.1"), "");
    CHECK_Z(found("", "one"), "");
}

TEST(hosts, every_line_with_the_name_counts)
{
    const char *text = "10.0.0.1 a\n2001:db8::1 a b\n10.0.0.2 b\n10.0.0.1 a\n"
                       "10.0.0.9 a\n";

    CHECK_Z(found(text, "a"), "10.0.0.1 2001:db8::1 10.0.0.9");
    CHECK_Z(found(text, "b"), "2001:db8::1 10.0.0.2");
}

TEST(hosts, case_does_not_count)
{
    CHECK_Z(found("10.0.0.1 Some.Host\n", "some.host"), "10.0.0.1");
}

TEST(hosts, comments_and_carriage_returns_are_no_names)
{
    CHECK_Z(found("10.0.0.1 a # b\r\n#10.0.0.2 a\n10.0.0.3 c#d\r\n", "a"),
            "10.0.0.1");
    CHECK_Z(found("10.0.0.1 a # b\n", "b"), "");
    CHECK_Z(found("10.0.0.3 c#d\n", "c"), "10.0.0.3");
    CHECK_Z(found("10.0.0.3 c#d\n", "d"), "");
    CHECK_Z(found("10.0.0.1 a\r\n", "a"), "10.0.0.1");
}

TEST(hosts, lines_that_make_no_sense_are_passed_over)
{
    CHECK_Z(found("nonsense a\n1.2.3 a\nfe80::1%eth0 a\n\n \n256.1.1.1 a\n"
                  "a 10.0.0.1\n10.0.0.1\n10.0.0.7 a", "a"), "10.0.0.7");
}

TEST(hosts, addresses_are_bounded)
{
    char text[40 * 20] = "";

    for (int i = 0; i < 20; i++) {
        char line[] = "10.0.0.xx a\n";

        line[7] = (char)('1' + i / 10);
        line[8] = (char)('0' + i % 10);
        strcat(text, line);
    }
    struct hc_addrs addrs;

    CHECK(hc_hosts_find(hc_str(text), hc_str("a"), &addrs));
    CHECK_INT(addrs.n, HC_ADDRS_MAX);
}

TEST(hosts, what_is_noted_is_found)
{
    const char *text = "10.0.0.1 a\n2001:db8::1 b A\n10.0.0.9 b\n";
    static const char *const names[] = { "a", "b", "c" };
    struct hc_buf kept;
    struct hc_addrs addrs;

    hc_buf_init(&kept, t_alloc(), 1000);
    for (size_t i = 0; i < 3; i++) {
        CHECK(!hc_hosts_has(hc_buf_view(&kept), hc_str(names[i])));
        hc_hosts_find(hc_str(text), hc_str(names[i]), &addrs);
        hc_hosts_note(&kept, hc_str(names[i]), &addrs);
        CHECK(hc_hosts_has(hc_buf_view(&kept), hc_str(names[i])));
    }
    CHECK_Z(hc_buf_z(&kept), "10.0.0.1 a\n2001:db8::1 a\n2001:db8::1 b\n"
                             "10.0.0.9 b\n- c\n");
    CHECK(hc_hosts_find(hc_buf_view(&kept), HC_STR("A"), &addrs));
    CHECK_INT(addrs.n, 2);
    CHECK(!hc_hosts_find(hc_buf_view(&kept), HC_STR("c"), &addrs));
    hc_buf_fini(&kept);
}

/* ---- a server ---- */

TEST(hosts, a_server_is_an_address_with_a_port_or_without)
{
    static const struct { const char *text, *want; } table[] = {
        { "127.0.0.1", "127.0.0.1:53" },
        { "127.0.0.1:5353", "127.0.0.1:5353" },
        { "10.0.0.2:65535", "10.0.0.2:65535" },
        { "::1", "[::1]:53" },
        { "[::1]", "[::1]:53" },
        { "[::1]:5353", "[::1]:5353" },
        { "2001:db8::2", "[2001:db8::2]:53" },
        { "fe80::1%eth0", "[fe80::1%eth0]:53" },
        { "[fe80::1%2]:54", "[fe80::1%2]:54" },
        { "fe80::1%interface_of_15", "[fe80::1%interface_of_15]:53" },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hc_dns_server server;
        char text[HC_DNS_SERVER_TEXT];

        CHECK(hc_dns_server_get(&server, hc_str(table[i].text)));
        hc_dns_server_put(text, &server);
        CHECK_Z(text, table[i].want);
    }
}

TEST(hosts, what_is_no_server_is_refused)
{
    static const char *const table[] = {
        "", ":", ":53", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1 ", "localhost",
        "localhost:53", "[", "[]", "[::1", "[::1]:", "[::1]x", "[::1]:0",
        "[::1]53", "[127.0.0.1]:53", "1.2.3:53", "[::1]]", "::1]:53",
        "[::1]:53:54", "fe80::1%", "127.0.0.1%eth0", "[fe80::1%]:53",
        "fe80::1%interface_with_16", "%eth0", "[fe80::1]%eth0",
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hc_dns_server server;

        if (hc_dns_server_get(&server, hc_str(table[i])))
            CHECK_Z(table[i], "refused");
    }
}

/* ---- resolv.conf ---- */

static void check_conf(const char *text, const char *servers,
                       unsigned timeout, unsigned attempts)
{
    struct hc_resolv_conf conf;
    char all[HC_DNS_SERVERS * HC_DNS_SERVER_TEXT] = "";

    hc_resolv_conf_get(&conf, hc_str_n(t_guard(text, strlen(text)),
                                       strlen(text)));
    for (size_t i = 0; i < conf.servers_n; i++) {
        if (i > 0)
            strcat(all, " ");
        hc_dns_server_put(all + strlen(all), &conf.servers[i]);
    }
    CHECK_Z(all, servers);
    CHECK_INT(conf.timeout, timeout);
    CHECK_INT(conf.attempts, attempts);
}

TEST(hosts, resolv_conf_names_up_to_three_servers)
{
    check_conf("nameserver 10.0.0.2\n", "10.0.0.2:53", 0, 2);
    check_conf("; x\n# y\nsearch a b\ndomain c\nnameserver\t10.0.0.2 # dns\r\n"
               "nameserver ::1\nnameserver 10.0.0.4\nnameserver 10.0.0.5",
               "10.0.0.2:53 [::1]:53 10.0.0.4:53", 0, 2);
}

TEST(hosts, resolv_conf_without_a_server_means_this_machine)
{
    check_conf("", "127.0.0.1:53", 0, 2);
    check_conf("nameserver\nnameserver x\nnameserver fe80::1%\n"
               "nameservers 10.0.0.2\n#nameserver 10.0.0.3\n",
               "127.0.0.1:53", 0, 2);
}

TEST(hosts, resolv_conf_may_name_an_interface)
{
    check_conf("nameserver fe80::1%eth0\n", "[fe80::1%eth0]:53", 0, 2);
}

TEST(hosts, resolv_conf_options_are_bounded)
{
    check_conf("options timeout:1 attempts:3\n", "127.0.0.1:53", 1, 3);
    check_conf("options ndots:5\toptions timeout:99 attempts:99",
               "127.0.0.1:53", 30, 5);
    check_conf("options timeout:0 attempts:0 timeout: timeout attempts:x "
               "timeout:-1 edns0 :\n", "127.0.0.1:53", 0, 2);
    check_conf("options attempts:4\noptions timeout:3\n", "127.0.0.1:53", 3,
               4);
}

static struct hc_resolv_conf conf_of(const char *text)
{
    struct hc_resolv_conf conf;

    hc_resolv_conf_get(&conf, hc_str(text));
    return conf;
}

TEST(hosts, the_last_search_list_counts)
{
    static const struct { const char *text, *want; } table[] = {
        { "", "" },
        { "search\tCorp.Example  b.\t\n", "Corp.Example b " },
        { "search a b\ndomain c\n", "c " },
        { "domain c\nsearch a b # d\n", "a b " },
        { "search a\nsearch\n", "" },
        { "search . a..b c\n", "c " },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hc_resolv_conf conf = conf_of(table[i].text);

        CHECK_Z(conf.search, table[i].want);
    }
}

TEST(hosts, ndots_may_be_0)
{
    CHECK_INT(conf_of("").ndots, 1);
    CHECK_INT(conf_of("options ndots:0\n").ndots, 0);
    CHECK_INT(conf_of("options ndots:99\n").ndots, 15);
}

TEST(hosts, a_search_list_is_bounded)
{
    char text[700] = "search";

    for (int i = 0; i < 60; i++)
        strcat(text, " abcdefghi");
    struct hc_resolv_conf conf = conf_of(text);

    CHECK_INT(strlen(conf.search), 510);
    CHECK_INT(conf.dropped_n, 1);
    CHECK_Z(conf.dropped[0].why, "the search list is too long");
}

TEST(hosts, each_line_that_is_not_used_is_told)
{
    static const struct { const char *text; unsigned line; const char *why; }
    table[] = {
        { "nameserver x\n", 1, "no IP address" },
        { "\n# x\nnameserver 10.0.0.2:53\n", 3, "no IP address" },
        { "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
          "nameserver 1.1.1.4\n", 4, "three servers are used at most" },
        { "options edns0 timeout:x rotate\n", 1,
          "an option has no number, or one that is too small" },
        { "options attempts:0\n", 1,
          "an option has no number, or one that is too small" },
        { "search a..b\n", 1, "no domain" },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hc_resolv_conf conf = conf_of(table[i].text);

        CHECK_INT(conf.dropped_n, 1);
        CHECK_INT(conf.dropped[0].line, table[i].line);
        CHECK_Z(conf.dropped[0].why, table[i].why);
    }
    CHECK_INT(conf_of("nameserver 1.1.1.1\noptions edns0 trust-ad\nx y\n"
                      "sortlist 1.2.3.4\n").dropped_n, 0);
    CHECK_INT(conf_of("nameserver\nnameserver\nnameserver\nnameserver\n"
                      "nameserver\n").dropped_n, HC_DNS_DROPPED);
}

TEST(hosts, the_variables_win_over_the_file)
{
    struct hc_resolv_conf conf = conf_of("search a\noptions timeout:3\n");

    hc_resolv_conf_env(&conf, hc_str(NULL), hc_str(NULL));
    CHECK_Z(conf.search, "a ");
    CHECK_INT(conf.timeout, 3);
    hc_resolv_conf_env(&conf, HC_STR("b c"), HC_STR("timeout:4 ndots:0"));
    CHECK_Z(conf.search, "b c ");
    CHECK_INT(conf.timeout, 4);
    CHECK_INT(conf.ndots, 0);
    CHECK_INT(conf.attempts, 2);
}

TEST(hosts, servers_are_equal_with_their_port_and_their_interface)
{
    static const char *const table[] = { "fe80::1", "fe80::1%eth0",
                                         "fe80::1%eth1", "[fe80::1]:54",
                                         "fe80::2" };
    struct hc_dns_server a, b;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
            CHECK(hc_dns_server_get(&a, hc_str(table[i])));
            CHECK(hc_dns_server_get(&b, hc_str(table[k])));
            CHECK_INT(hc_dns_server_eq(&a, &b), i == k);
        }
}
