/* tests/net/resolve_test.c - names against files of the test's own and a peer
 * on loopback, with a clock that stands still until a test moves it. */
#include "t.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/lookup.h"
#include "net/resolve.h"
#include "peers/dns_peer.h"

struct asker {
    struct hc_job job;                   /* first */
    struct hc_waiter waiter;
    struct headcount_stats stats;
    struct hc_resolver *r;
    const char *name;
    bool again, gone;
    int got, asks, *done;
    struct hc_addrs addrs;
    struct headcount_error e;
};

struct rig {
    struct hc_resolver r;
    struct hc_system sys;
    struct hc_log log;
    struct hc_jobs jobs;
    struct headcount_stats stats;
    struct dns_peer peer;
    const char *hosts, *resolv_conf;     /* NULL: there is no such file      */
    int read_error, reads;
    unsigned char random;
    int done;                            /* askers who have their answer     */
    int never;
    const char *localdomain;
    char said[512];                      /* the last line of the log         */
};

static void listen_to(void *ud, int level, const char *line, size_t n)
{
    struct rig *rig = ud;

    CHECK_INT(level, HEADCOUNT_LOG_WARN);
    hc_str_copy(rig->said, sizeof rig->said, hc_str_n(line, n));
}

static const char *fake_getenv(void *ud, const char *name)
{
    const struct rig *rig = ud;

    return strcmp(name, "LOCALDOMAIN") == 0 ? rig->localdomain : NULL;
}

static int fake_random(void *ud, void *p, size_t n)
{
    struct rig *rig = ud;

    memset(p, ++rig->random, n);
    return 0;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    struct rig *rig = ud;
    const char *text = NULL;

    rig->reads++;
    if (strcmp(path, "/etc/hosts") == 0)
        text = rig->hosts;
    else if (strcmp(path, "/etc/resolv.conf") == 0)
        text = rig->resolv_conf;
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "no %s", path);
    hc_buf_text(out, text);
    if (rig->read_error < 0)
        return hc_error_set(e, rig->read_error, "%s", path);
    return hc_buf_error(out);
}

static bool no_ipv6(void)
{
    return false;
}

static bool ipv6(void)
{
    return true;
}

typedef bool answer(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply);

static void rig_open_with(struct rig *rig, answer *how, struct hc_str server)
{
    const struct hc_resolver_config config = {
        .sys = &rig->sys, .log = &rig->log, .jobs = &rig->jobs,
        .stats = &rig->stats, .dns_server = server,
    };

    *rig = (struct rig){ .never = 0 };
    rig->log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN, .fn = listen_to,
                                .ud = rig };
    rig->sys = (struct hc_system){ .alloc = *t_alloc(), .random = fake_random,
                                   .getenv = fake_getenv,
                                   .read_file = fake_read, .ud = rig };
    hc_jobs_init(&rig->jobs);
    dns_peer_open(&rig->peer);
    rig->peer.answer = how;
    CHECK_INT(hc_resolver_init(&rig->r, &config, NULL), 0);
    rig->r.has_ipv6_route = no_ipv6;
}

/* The peer is the only server; resolv.conf cannot say so, its port is 53. */
static void rig_open(struct rig *rig, answer *how)
{
    rig_open_with(rig, how, HC_STR("127.0.0.1:1"));
    rig->r.files.conf.servers[0].port = rig->peer.port;
}

static void rig_close(struct rig *rig)
{
    hc_resolver_fini(&rig->r);
    dns_peer_close(&rig->peer);
    CHECK(rig->jobs.heap == NULL && rig->jobs.ready == NULL);
    CHECK_INT(rig->jobs.watches_n, 0);
}

static int ask_now(struct asker *a, int64_t now)
{
    const struct hc_resolve_ask ask = {
        .name = hc_str(a->name), .waiter = &a->waiter, .job = &a->job,
        .stats = &a->stats, .again = a->again,
    };

    a->asks++;
    a->got = hc_resolve(a->r, &ask, now, &a->addrs, &a->e);
    a->again = a->got == 0;
    return a->got;
}

static void asker_run(struct hc_job *job, int64_t now)
{
    struct asker *a = (struct asker *)job;

    if (a->gone || a->got != 0)
        return;
    if (ask_now(a, now) != 0)
        *a->done += 1;
}

/* Its job asks in the next turn. */
static void asker_begin(struct asker *a, struct rig *rig, const char *name)
{
    *a = (struct asker){ .r = &rig->r, .name = name, .done = &rig->done };
    hc_job_init(&a->job, &rig->jobs, asker_run);
}

static void asker_end(struct asker *a)
{
    hc_waiter_leave(&a->waiter);
    hc_job_fini(&a->job);
}

static void turn(struct rig *rig, int64_t now)
{
    dns_peer_turn(&rig->peer, 1, &rig->jobs, now, &rig->never);
}

/* One who asks until there is an answer; its code. */
static int resolve(struct rig *rig, struct asker *a, const char *name,
                   int64_t now)
{
    asker_begin(a, rig, name);
    turn(rig, now);
    asker_end(a);
    return a->got;
}

static const char *text_of(const struct hc_addrs *addrs)
{
    static char all[HC_ADDRS_MAX * HC_ADDR_TEXT];

    all[0] = '\0';
    for (size_t i = 0; i < addrs->n; i++) {
        if (i > 0)
            strcat(all, " ");
        hc_addr_put(all + strlen(all), &addrs->a[i]);
    }
    return all;
}

/* ---- how the peer answers ---- */

static uint32_t ttl_of(const char *name)
{
    return strcmp(name, "zero.test") == 0 ? 0 : 60;
}

static bool knows(struct dns_peer *peer, const struct dns_asked *asked,
                  struct dns_text *reply)
{
    bool none = strcmp(asked->name, "none.test") == 0;

    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n,
                 none ? 0x8183 : 0x8180);
    if (none)
        dns_put_soa(reply, "test", 30, 30);
    else if (asked->type == HC_DNS_AAAA)
        dns_put_aaaa(reply, NULL, ttl_of(asked->name), "2001:db8::1");
    else if (asked->type == HC_DNS_A) {
        dns_put_a(reply, NULL, ttl_of(asked->name), "192.0.2.1");
        dns_put_a(reply, NULL, ttl_of(asked->name), "192.0.2.2");
    }
    return true;
}

static bool silent(struct dns_peer *peer, const struct dns_asked *asked,
                   struct dns_text *reply)
{
    (void)peer;
    (void)asked;
    (void)reply;
    return false;
}

static bool refuses(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8185);
    return true;
}

static bool gone(struct dns_peer *peer, const struct dns_asked *asked,
                 struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8183);
    dns_put_soa(reply, "test", 60, 60);
    return true;
}

static bool second_time(struct dns_peer *peer, const struct dns_asked *asked,
                        struct dns_text *reply)
{
    return peer->udp_n > 1 && knows(peer, asked, reply);
}

/* ---- without asking ---- */

TEST(resolve, a_literal_is_its_own_address)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "192.0.2.7", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.7");
    CHECK_INT(resolve(&rig, &a, "2001:db8::7", 0), 1);
    CHECK_Z(text_of(&a.addrs), "2001:db8::7");
    CHECK_INT(rig.reads, 0);
    CHECK_INT(rig.stats.dns_hits, 0);
    rig_close(&rig);
}

TEST(resolve, localhost_is_this_machine_whatever_the_files_say)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    rig.hosts = "192.0.2.9 localhost a.localhost\n";
    CHECK_INT(resolve(&rig, &a, "localhost", 0), 1);
    CHECK_Z(text_of(&a.addrs), "127.0.0.1 ::1");
    CHECK_INT(resolve(&rig, &a, "localhost.", 0), 1);
    CHECK_INT(resolve(&rig, &a, "a.localhost", 0), 1);
    CHECK_Z(text_of(&a.addrs), "127.0.0.1 ::1");
    CHECK_INT(rig.peer.udp_n, 0);
    CHECK_INT(resolve(&rig, &a, "notlocalhost", 0), 1);
    CHECK_INT(rig.peer.udp_n, 1);
    rig_close(&rig);
}

TEST(resolve, the_hosts_file_comes_before_the_servers)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    rig.hosts = "192.0.2.9 ecs.test\n";
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.9");
    CHECK_INT(rig.peer.udp_n, 0);
    CHECK_INT(rig.stats.dns_lookups, 0);
    rig_close(&rig);
}

TEST(resolve, the_files_are_read_again_after_five_seconds)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    rig.hosts = "192.0.2.9 ecs.test\n";
    CHECK_INT(resolve(&rig, &a, "ecs.test", 7), 1);
    rig.hosts = "192.0.2.10 ecs.test\n";
    CHECK_INT(resolve(&rig, &a, "ecs.test", 6 + 5 * HC_SECOND), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.9");
    CHECK_INT(rig.reads, 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 7 + 5 * HC_SECOND), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.10");
    rig.hosts = NULL;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 10 * HC_SECOND + 8), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.1 192.0.2.2");
    CHECK_INT(rig.reads, 3);
    rig_close(&rig);
}

TEST(resolve, a_file_that_cannot_be_read_to_its_end_counts_as_none)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    rig.hosts = "192.0.2.9 ecs.test\n";
    rig.read_error = HEADCOUNT_ELIMIT;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.1 192.0.2.2");
    rig_close(&rig);
}

/* ---- which servers ---- */

static void check_server(struct rig *rig, const char *want)
{
    char text[HC_DNS_SERVER_TEXT];

    CHECK_INT(rig->r.files.conf.servers_n, 1);
    hc_dns_server_put(text, &rig->r.files.conf.servers[0]);
    CHECK_Z(text, want);
}

TEST(resolve, the_servers_are_those_of_resolv_conf)
{
    struct rig rig;
    struct asker a;

    rig_open_with(&rig, knows, (struct hc_str){ NULL, 0 });
    rig.hosts = "192.0.2.9 ecs.test\n";
    rig.resolv_conf = "nameserver 10.0.0.2\noptions timeout:1\n";
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    check_server(&rig, "10.0.0.2:53");
    CHECK_INT(rig.r.files.conf.timeout, 1);
    rig.resolv_conf = NULL;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 5 * HC_SECOND), 1);
    check_server(&rig, "127.0.0.1:53");
    CHECK_INT(rig.r.files.conf.timeout, 0);
    rig_close(&rig);
}

TEST(resolve, a_server_that_was_named_is_the_only_one)
{
    static const struct { const char *text, *want; } table[] = {
        { "10.0.0.3", "10.0.0.3:53" },
        { "127.0.0.1:5353", "127.0.0.1:5353" },
        { "[::1]:54", "[::1]:54" },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct rig rig;
        struct asker a;

        rig_open_with(&rig, knows, hc_str(table[i].text));
        rig.hosts = "192.0.2.9 ecs.test\n";
        rig.resolv_conf = "nameserver 10.0.0.2\n";
        CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
        check_server(&rig, table[i].want);
        CHECK_Z(rig.r.dns_server, table[i].want);
        rig_close(&rig);
    }
}

TEST(resolve, what_is_no_server_is_refused)
{
    struct hc_resolver r;
    struct headcount_error e = { .code = 0 };
    const struct hc_resolver_config config = {
        .dns_server = HC_STR("dns.example")
    };

    CHECK_INT(hc_resolver_init(&r, &config, &e), HEADCOUNT_ECONFIG);
    CHECK_Z(e.what, "the DNS server \"dns.example\" is no IP, IP:port or "
                    "[IPv6]:port");
}

TEST(resolve, a_resolver_that_never_was_can_be_ended)
{
    struct hc_resolver r;

    memset(&r, 0, sizeof r);
    hc_resolver_fini(&r);
    CHECK(r.lookups == NULL);
}

/* ---- cache ---- */

TEST(resolve, an_answer_is_asked_for_once_until_its_ttl_is_over)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(a.asks, 2);
    CHECK_Z(text_of(&a.addrs), "192.0.2.1 192.0.2.2");
    CHECK_INT(a.stats.dns_lookups, 1);
    CHECK_INT(a.stats.dns_datagrams, 1);
    CHECK_INT(a.stats.dns_hits, 0);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 54 * HC_SECOND - 1), 1);
    CHECK_INT(a.asks, 1);
    CHECK_INT(a.stats.dns_lookups, 0);
    CHECK_INT(a.stats.dns_hits, 1);
    CHECK_INT(rig.stats.dns_lookups, 1);
    CHECK_INT(rig.stats.dns_hits, 1);
    CHECK_INT(rig.peer.udp_n, 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 60 * HC_SECOND), 1);
    CHECK_INT(rig.stats.dns_lookups, 2);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    CHECK_INT(rig.peer.udp_n, 2);
    rig_close(&rig);
}

TEST(resolve, each_asker_begins_with_the_next_address)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.1 192.0.2.2");
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.2 192.0.2.1");
    rig_close(&rig);
}

TEST(resolve, a_name_that_does_not_exist_is_asked_for_once)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "none.test", 0), HEADCOUNT_EDNS);
    CHECK(strstr(a.e.what, "none.test has no address (NXDOMAIN from "
                           "127.0.0.1:") != NULL);
    CHECK_INT(resolve(&rig, &b, "none.test", 29 * HC_SECOND), HEADCOUNT_EDNS);
    CHECK_Z(b.e.what, a.e.what);
    CHECK_INT(b.stats.dns_hits, 1);
    CHECK_INT(rig.peer.udp_n, 1);
    CHECK_INT(resolve(&rig, &a, "none.test", 30 * HC_SECOND), HEADCOUNT_EDNS);
    CHECK_INT(rig.peer.udp_n, 2);
    rig_close(&rig);
}

/* Like resolve; the time goes on by `wait` while it waits. */
static int resolve_slowly(struct rig *rig, struct asker *a, const char *name,
                          int64_t now, int64_t wait)
{
    asker_begin(a, rig, name);
    turn(rig, now);
    turn(rig, now + wait);
    asker_end(a);
    return a->got;
}

TEST(resolve, a_failure_is_remembered_for_five_seconds)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, refuses);
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 0, HC_DNS_PAUSE),
              HEADCOUNT_EDNSFAIL);
    CHECK(strstr(a.e.what, "answered REFUSED") != NULL);
    CHECK_INT(a.stats.dns_datagrams, 3);
    CHECK_INT(resolve(&rig, &b, "ecs.test", HC_DNS_PAUSE + 5 * HC_SECOND - 1),
              HEADCOUNT_EDNSFAIL);
    CHECK_Z(b.e.what, a.e.what);
    CHECK_INT(rig.peer.udp_n, 3);
    CHECK_INT(resolve_slowly(&rig, &b, "ecs.test", 6 * HC_SECOND, HC_DNS_PAUSE),
              HEADCOUNT_EDNSFAIL);
    CHECK_INT(rig.peer.udp_n, 6);
    CHECK_INT(rig.stats.dns_datagrams, 6);
    rig_close(&rig);
}

/* An op that tries again says so; another op gets the failure meanwhile. */
TEST(resolve, a_failure_is_not_remembered_for_the_op_that_met_it)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, refuses);
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 0, HC_DNS_PAUSE),
              HEADCOUNT_EDNSFAIL);
    CHECK_INT(resolve(&rig, &a, "ecs.test", HC_SECOND), HEADCOUNT_EDNSFAIL);
    rig.peer.answer = knows;
    hc_resolve_expire(&rig.r, HC_STR("ecs.test"));
    CHECK_INT(resolve(&rig, &a, "ecs.test", HC_SECOND), 1);
    rig_close(&rig);
}

TEST(resolve, without_a_cache_each_asker_has_a_lookup)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    rig.r.no_cache = true;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 1), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.1 192.0.2.2");
    CHECK_INT(a.stats.dns_lookups, 1);
    CHECK_INT(a.stats.dns_hits, 0);
    CHECK_INT(rig.peer.udp_n, 2);
    asker_begin(&a, &rig, "ecs.test");       /* at the same time: one */
    asker_begin(&b, &rig, "ecs.test");
    turn(&rig, 0);
    CHECK_INT(a.got, 1);
    CHECK_INT(b.got, 1);
    CHECK_INT(rig.peer.udp_n, 3);
    asker_end(&a);
    asker_end(&b);
    rig.peer.answer = refuses;               /* expired ones are not used */
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", HC_SECOND, HC_DNS_PAUSE),
              HEADCOUNT_EDNSFAIL);
    rig_close(&rig);
}

/* ---- expired answers ---- */

TEST(resolve, expired_addresses_are_used_where_the_servers_refuse)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = refuses;
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 70 * HC_SECOND,
                             HC_DNS_PAUSE), 1);
    CHECK_INT(a.addrs.n, 2);
    CHECK_INT(a.e.code, 0);
    CHECK_INT(a.stats.dns_lookups, 1);
    CHECK_INT(a.stats.dns_datagrams, 3);
    CHECK_INT(rig.peer.udp_n, 4);
    /* For 30 s after the failure, without a query. */
    CHECK_INT(resolve(&rig, &a, "ecs.test", 100 * HC_SECOND), 1);
    CHECK_INT(a.stats.dns_hits, 1);
    CHECK_INT(rig.peer.udp_n, 4);
    rig.peer.answer = knows;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 101 * HC_SECOND), 1);
    CHECK_INT(rig.peer.udp_n, 5);
    CHECK_INT(rig.stats.dns_datagrams, 5);
    CHECK(strstr(rig.said, "no DNS server could look up ecs.test (127.0.0.1:")
          != NULL);
    CHECK(strstr(rig.said, "; the addresses of before are used on, and the "
                           "servers asked again in 30 s") != NULL);
    rig_close(&rig);
}

TEST(resolve, expired_addresses_are_used_where_the_servers_are_silent)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = silent;
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 70 * HC_SECOND);
    turn(&rig, 70 * HC_SECOND + 1800 * HC_MS - 1);
    CHECK_INT(a.got, 0);
    turn(&rig, 70 * HC_SECOND + 1800 * HC_MS);
    CHECK_INT(a.got, 1);
    CHECK_INT(a.addrs.n, 2);
    asker_end(&a);
    /* The lookup goes on; others do not wait for it. */
    CHECK(rig.r.lookups != NULL);
    CHECK_INT(resolve(&rig, &b, "ecs.test", 71900 * HC_MS), 1);
    CHECK_INT(b.asks, 1);
    CHECK_INT(b.stats.dns_hits, 1);
    turn(&rig, 72 * HC_SECOND);
    turn(&rig, 74 * HC_SECOND);
    CHECK(rig.r.lookups == NULL);
    CHECK_INT(rig.peer.udp_n, 3);
    CHECK_INT(resolve(&rig, &b, "ecs.test", 104 * HC_SECOND - 1), 1);
    CHECK_INT(rig.peer.udp_n, 3);
    CHECK_INT(rig.stats.dns_datagrams, 3);
    CHECK_INT(resolve_slowly(&rig, &b, "ecs.test", 104 * HC_SECOND,
                             1800 * HC_MS), 1);
    CHECK_INT(rig.peer.udp_n, 4);
    rig_close(&rig);
}

TEST(resolve, expired_addresses_are_not_used_where_the_name_is_gone)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = gone;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 70 * HC_SECOND), HEADCOUNT_EDNS);
    rig.peer.answer = refuses;
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 200 * HC_SECOND,
                             HC_DNS_PAUSE), HEADCOUNT_EDNSFAIL);
    rig_close(&rig);
}

TEST(resolve, expired_addresses_are_used_for_a_day)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = refuses;
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 86459 * HC_SECOND,
                             HC_DNS_PAUSE), 1);
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 86490 * HC_SECOND,
                             HC_DNS_PAUSE), HEADCOUNT_EDNSFAIL);
    rig_close(&rig);
}

TEST(resolve, addresses_of_no_use_are_used_where_no_server_answers)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = refuses;
    hc_resolve_expire(&rig.r, HC_STR("ecs.test"));
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", HC_SECOND, HC_DNS_PAUSE), 1);
    CHECK_INT(rig.peer.udp_n, 4);
    hc_resolve_expire(&rig.r, HC_STR("ecs.test"));
    CHECK_INT(resolve(&rig, &a, "ecs.test", 6 * HC_SECOND), 1);
    CHECK_INT(rig.peer.udp_n, 4);
    rig_close(&rig);
}

/* ---- prefetch ---- */

TEST(resolve, near_its_end_an_answer_is_asked_for_in_the_background)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 54 * HC_SECOND), 1);
    CHECK_INT(a.asks, 1);
    CHECK_INT(a.stats.dns_hits, 1);
    CHECK_INT(a.stats.dns_lookups, 0);
    CHECK_INT(a.stats.dns_datagrams, 0);
    CHECK_INT(rig.peer.udp_n, 2);
    CHECK_INT(rig.stats.dns_lookups, 2);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    CHECK(rig.r.lookups == NULL);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 107 * HC_SECOND), 1);
    CHECK_INT(a.asks, 1);
    CHECK_INT(rig.peer.udp_n, 2);
    rig_close(&rig);
}

TEST(resolve, what_is_asked_for_in_the_background_is_asked_for_once)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = silent;
    CHECK_INT(resolve(&rig, &a, "ecs.test", 55 * HC_SECOND), 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 56 * HC_SECOND), 1);
    CHECK_INT(rig.peer.udp_n, 2);
    turn(&rig, 57 * HC_SECOND);
    turn(&rig, 59 * HC_SECOND);
    CHECK(rig.r.lookups == NULL);
    CHECK_INT(rig.peer.udp_n, 3);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 59 * HC_SECOND), 1);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 89 * HC_SECOND - 1), 1);
    CHECK_INT(rig.peer.udp_n, 3);
    CHECK_INT(rig.stats.dns_datagrams, 3);
    rig_close(&rig);
}

static int refresh_without_memory(void)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    int got = resolve(&rig, &a, "ecs.test", 0);

    if (got == 1)
        got = resolve(&rig, &a, "ecs.test", 55 * HC_SECOND);
    turn(&rig, 56 * HC_SECOND);
    rig_close(&rig);
    if (got == 1)                        /* what is known may stay cold */
        got = t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
    return got;
}

TEST(resolve, memory_may_run_out_in_the_background)
{
    t_fails_every_allocation(refresh_without_memory);
}

/* ---- search, files ---- */

static bool below_corp(struct dns_peer *peer, const struct dns_asked *asked,
                       struct dns_text *reply)
{
    return strcmp(asked->name, "box.corp.test") == 0
               ? knows(peer, asked, reply) : gone(peer, asked, reply);
}

TEST(resolve, a_name_with_a_dot_at_its_end_is_another_one)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, below_corp);
    rig.localdomain = "corp.test";
    CHECK_INT(resolve(&rig, &a, "box", 0), 1);
    CHECK_INT(a.stats.dns_lookups, 2);
    CHECK_INT(a.stats.dns_datagrams, 2);
    CHECK_INT(resolve(&rig, &a, "box.", 0), HEADCOUNT_EDNS);
    CHECK_INT(resolve(&rig, &a, "box", 0), 1);
    CHECK_INT(a.stats.dns_hits, 1);
    rig.hosts = "192.0.2.9 box\n";
    rig.r.files.due = 0;
    CHECK_INT(resolve(&rig, &a, "box.", 0), 1);
    CHECK_Z(text_of(&a.addrs), "192.0.2.9");
    rig_close(&rig);
}

TEST(resolve, a_line_that_is_not_used_stands_in_the_error)
{
    struct rig rig;
    struct asker a;

    rig_open_with(&rig, refuses, (struct hc_str){ NULL, 0 });
    rig.resolv_conf = "nameserver dns.test\nnameserver 127.0.0.1\n";
    CHECK_INT(resolve(&rig, &a, "127.0.0.1", 0), 1);
    struct headcount_error e = { .code = 0 };

    CHECK_INT(hc_dns_files_look(&rig.r.files, 0, &e), 1);
    rig.r.files.conf.servers[0].port = rig.peer.port;
    CHECK_INT(resolve_slowly(&rig, &a, "ecs.test", 0, HC_DNS_PAUSE),
              HEADCOUNT_EDNSFAIL);
    CHECK(strstr(a.e.what, "dns_server (/etc/resolv.conf, line 1: a part is "
                           "not used: no IP address)") != NULL);
    rig_close(&rig);
}

TEST(resolve, a_name_whose_addresses_are_of_no_use_is_asked_for_again)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    hc_resolve_expire(&rig.r, HC_STR("ecs.test"));
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(a.stats.dns_hits, 0);
    CHECK_INT(rig.peer.udp_n, 2);
    rig_close(&rig);
}

/* ---- single flight ---- */

TEST(resolve, all_who_ask_meanwhile_share_one_lookup)
{
    struct rig rig;
    struct asker a[4];

    rig_open(&rig, knows);
    rig.r.has_ipv6_route = ipv6;
    for (size_t i = 0; i < 4; i++)
        asker_begin(&a[i], &rig, "ecs.test");
    turn(&rig, 0);
    CHECK_INT(rig.done, 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(a[i].got, 1);
        CHECK_INT(a[i].addrs.n, 3);
        CHECK_INT(a[i].stats.dns_hits, 0);
        CHECK_INT(a[i].asks, 2);
        asker_end(&a[i]);
    }
    CHECK_INT(rig.peer.a_n, 1);
    CHECK_INT(rig.peer.aaaa_n, 1);
    CHECK_INT(rig.stats.dns_lookups, 1);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    CHECK(rig.r.lookups == NULL);
    rig_close(&rig);
}

TEST(resolve, different_names_are_different_lookups)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    asker_begin(&a, &rig, "a.test");
    asker_begin(&b, &rig, "b.test");
    turn(&rig, 0);
    CHECK_INT(rig.done, 2);
    CHECK_INT(rig.stats.dns_lookups, 2);
    asker_end(&a);
    asker_end(&b);
    rig_close(&rig);
}

TEST(resolve, an_answer_with_a_ttl_of_0_is_shared_and_used_once)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    asker_begin(&a, &rig, "zero.test");
    asker_begin(&b, &rig, "zero.test");
    turn(&rig, 0);
    CHECK_INT(a.got, 1);
    CHECK_INT(b.got, 1);
    CHECK_INT(rig.peer.udp_n, 1);
    CHECK(rig.r.lookups == NULL);
    asker_end(&a);
    asker_end(&b);
    CHECK_INT(resolve(&rig, &a, "zero.test", 0), 1);
    CHECK_INT(rig.peer.udp_n, 2);
    rig_close(&rig);
}

TEST(resolve, an_outcome_is_only_for_those_who_waited_for_it)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, knows);
    asker_begin(&a, &rig, "zero.test");
    a.gone = true;                       /* will be woken, but never asks */
    ask_now(&a, 0);
    turn(&rig, 0);
    CHECK(rig.r.lookups != NULL);
    CHECK_INT(resolve(&rig, &b, "zero.test", 0), 1);
    CHECK_INT(rig.peer.udp_n, 2);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, an_outcome_that_nobody_fetches_goes_after_a_second)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    asker_begin(&a, &rig, "zero.test");
    a.gone = true;
    ask_now(&a, 0);
    turn(&rig, 0);
    CHECK(rig.r.lookups != NULL);
    turn(&rig, HC_SECOND - 1);
    CHECK(rig.r.lookups != NULL);
    hc_job_wake(&rig.r.lookups->job);
    turn(&rig, HC_SECOND - 1);
    CHECK(rig.r.lookups != NULL);
    turn(&rig, HC_SECOND);
    CHECK(rig.r.lookups == NULL);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, a_lookup_goes_on_when_nobody_waits_any_more)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, second_time);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    CHECK_INT(a.got, 0);
    asker_end(&a);
    turn(&rig, 2 * HC_SECOND);
    CHECK(rig.r.lookups == NULL);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 2 * HC_SECOND), 1);
    CHECK_INT(a.stats.dns_hits, 1);
    rig_close(&rig);
}

TEST(resolve, queries_sent_later_count_for_the_first_asker_too)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, second_time);
    asker_begin(&a, &rig, "ecs.test");
    asker_begin(&b, &rig, "ecs.test");
    turn(&rig, 0);
    CHECK_INT(a.stats.dns_datagrams, 1);
    turn(&rig, 2 * HC_SECOND);
    CHECK_INT(rig.done, 2);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    CHECK_INT(a.stats.dns_datagrams, 2);
    CHECK_INT(b.stats.dns_datagrams, 0);
    CHECK_INT(a.stats.dns_lookups, 1);
    CHECK_INT(b.stats.dns_lookups, 0);
    asker_end(&a);
    asker_end(&b);
    rig_close(&rig);
}

TEST(resolve, nobody_answers_and_all_who_wait_are_told)
{
    struct rig rig;
    struct asker a, b;

    rig_open(&rig, silent);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    asker_begin(&b, &rig, "ecs.test");
    turn(&rig, HC_SECOND);
    CHECK_INT(rig.peer.udp_n, 1);
    turn(&rig, 2 * HC_SECOND);
    turn(&rig, 4 * HC_SECOND);
    CHECK_INT(a.got, HEADCOUNT_EDNSFAIL);
    CHECK_INT(b.got, HEADCOUNT_EDNSFAIL);
    CHECK_Z(a.e.what, b.e.what);
    CHECK(strstr(a.e.what, "no DNS server answered for ecs.test within 4 s "
                           "(asked 127.0.0.1:") != NULL);
    asker_end(&a);
    asker_end(&b);
    rig_close(&rig);
}

TEST(resolve, one_who_waits_may_ask_in_vain)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, silent);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    hc_job_wake(&a.job);
    turn(&rig, 1);
    CHECK_INT(a.asks, 2);
    CHECK_INT(rig.stats.dns_lookups, 1);
    CHECK(a.waiter.line != NULL);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, one_who_waited_and_comes_late_is_no_hit)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    asker_begin(&a, &rig, "ecs.test");
    a.gone = true;
    ask_now(&a, 0);
    turn(&rig, 0);
    turn(&rig, HC_SECOND);
    CHECK(rig.r.lookups == NULL);
    CHECK_INT(ask_now(&a, HC_SECOND), 1);
    CHECK_INT(a.stats.dns_hits, 0);
    CHECK_INT(rig.stats.dns_hits, 0);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, one_who_has_an_answer_does_not_wait_any_more)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, silent);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    CHECK(a.waiter.line != NULL);
    rig.hosts = "192.0.2.9 ecs.test\n";
    rig.r.files.due = 0;
    CHECK_INT(ask_now(&a, 1), 1);
    CHECK(a.waiter.line == NULL);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, the_end_of_the_resolver_ends_what_is_under_way)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, silent);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    hc_resolver_fini(&rig.r);
    CHECK(a.waiter.line == NULL);
    CHECK_INT(rig.jobs.watches_n, 0);
    a.gone = true;
    asker_end(&a);
    rig_close(&rig);
}

/* ---- the network may be another one ---- */

TEST(resolve, all_is_asked_for_again_after_a_change_of_the_network)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    CHECK_INT(resolve(&rig, &a, "sqs.test", 0), 1);
    CHECK_INT(resolve(&rig, &a, "none.test", 0), HEADCOUNT_EDNS);
    CHECK_INT(rig.r.answers, 2);
    hc_resolver_forget(&rig.r);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 1), 1);
    CHECK_INT(resolve(&rig, &a, "sqs.test", 1), 1);
    CHECK_INT(resolve(&rig, &a, "none.test", 1), HEADCOUNT_EDNS);
    CHECK_INT(rig.stats.dns_lookups, 6);
    CHECK_INT(rig.r.answers, 4);
    rig_close(&rig);
}

/* Addresses whose servers failed are used on for 30 s, but not now. */
TEST(resolve, what_was_known_stays_for_need_after_a_change_of_the_network)
{
    struct rig rig;
    struct asker a;
    const int64_t late = 70 * HC_SECOND;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
    rig.peer.answer = refuses;
    asker_begin(&a, &rig, "ecs.test");
    for (int i = 0; i < 12; i++)
        turn(&rig, late + i * HC_SECOND / 2);
    CHECK_INT(a.got, 1);
    asker_end(&a);
    hc_resolver_forget(&rig.r);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, late + 6 * HC_SECOND);
    CHECK_INT(a.got, 0);                 /* the servers are asked */
    for (int i = 0; i < 12; i++)
        turn(&rig, late + 6 * HC_SECOND + i * HC_SECOND / 2);
    CHECK_INT(a.got, 1);                 /* and refuse again */
    CHECK(strstr(text_of(&a.addrs), "192.0.2.1") != NULL);
    asker_end(&a);
    rig_close(&rig);
}

TEST(resolve, an_answer_of_the_network_before_is_not_kept)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, silent);
    asker_begin(&a, &rig, "ecs.test");
    turn(&rig, 0);
    CHECK_INT(a.got, 0);
    hc_resolver_forget(&rig.r);
    rig.peer.answer = knows;
    for (int i = 0; i < 6; i++)
        turn(&rig, i * HC_SECOND / 2);
    CHECK_INT(a.got, 1);                 /* who waits for it gets it */
    CHECK_INT(rig.r.answers, 0);
    asker_end(&a);
    CHECK_INT(resolve(&rig, &a, "ecs.test", 3 * HC_SECOND), 1);
    CHECK_INT(rig.stats.dns_lookups, 2);
    CHECK_INT(rig.r.answers, 1);
    rig_close(&rig);
}

TEST(resolve, what_was_learned_about_servers_is_dropped)
{
    struct rig rig;
    const struct hc_dns_server *server;

    rig_open(&rig, knows);
    server = &rig.r.files.conf.servers[0];
    hc_dns_servers_set(&rig.r.servers, &rig.r.files.conf);
    hc_dns_servers_silent(&rig.r.servers, server, 0);
    hc_dns_servers_answered(&rig.r.servers, server, DNS_FORM_PLAIN, 0);
    hc_dns_servers_silent(&rig.r.servers, server, 0);
    CHECK(hc_dns_servers_is_plain(&rig.r.servers, server, 1));
    hc_resolver_forget(&rig.r);
    CHECK(!hc_dns_servers_is_plain(&rig.r.servers, server, 1));
    CHECK_INT(rig.r.servers.n, 1);
    CHECK(!rig.r.servers.of[0].silent);
    rig_close(&rig);
}

/* ---- without a descriptor ---- */

/* The caller waits for one and asks again, as for a connection: nothing is
 * noted that would keep it from the servers then. */
TEST(resolve, without_a_descriptor_nothing_is_learned)
{
    struct rlimit before, none;
    struct rig rig;
    struct asker a;

    for (int expired = 0; expired < 2; expired++) {
        int64_t now = expired * 70 * HC_SECOND;

        rig_open(&rig, knows);
        if (expired == 1)
            CHECK_INT(resolve(&rig, &a, "ecs.test", 0), 1);
        int next = dup(0);

        CHECK(next > 0);
        close(next);
        CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = (struct rlimit){ (rlim_t)next, before.rlim_max };
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
        int got = resolve(&rig, &a, "ecs.test", now);

        CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
        CHECK_INT(got, HEADCOUNT_EIO);
        CHECK_INT(a.e.sys, EMFILE);
        CHECK(strstr(a.e.what, "ecs.test") != NULL);
        CHECK_INT(resolve(&rig, &a, "ecs.test", now), 1);
        CHECK_INT(rig.peer.udp_n, expired + 1);
        rig_close(&rig);
    }
}

/* ---- what fails at once ---- */

TEST(resolve, what_cannot_be_sent_fails_without_a_wait)
{
    struct rig rig;
    struct asker a;

    rig_open_with(&rig, knows, HC_STR("255.255.255.255"));
    CHECK_INT(resolve(&rig, &a, "ecs.test", 0), HEADCOUNT_EDNSFAIL);
    CHECK_INT(a.asks, 1);
    CHECK_INT(a.stats.dns_lookups, 1);
    CHECK_INT(a.stats.dns_datagrams, 0);
    CHECK(rig.r.lookups == NULL);
    rig_close(&rig);
}

TEST(resolve, what_is_no_name_is_not_asked_for)
{
    struct rig rig;
    struct asker a;

    rig_open(&rig, knows);
    CHECK_INT(resolve(&rig, &a, "a..b", 0), HEADCOUNT_EDNS);
    CHECK_INT(rig.stats.dns_lookups, 0);
    rig_close(&rig);
}

static int without_memory(void)
{
    struct rig rig;
    struct asker a;

    rig_open_with(&rig, knows, (struct hc_str){ NULL, 0 });
    rig.hosts = "192.0.2.9 other.test\n";
    rig.resolv_conf = "nameserver 255.255.255.255\n";
    int code = resolve(&rig, &a, "ecs.test", 0);

    /* The cache may stay cold. */
    if (code == HEADCOUNT_EDNSFAIL)
        code = t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
    rig_close(&rig);
    return code;
}

TEST(resolve, memory_may_run_out)
{
    t_fails_every_allocation(without_memory);
}
