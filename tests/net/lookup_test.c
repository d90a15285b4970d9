/* tests/net/lookup_test.c - against peers on loopback, with a clock that
 * stands still until a test moves it. */
#include "t.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/lookup.h"
#include "peers/dns_peer.h"

#define NAME "ecs.test"

struct rig {
    struct hc_lookup l;                  /* first: a job becomes its rig     */
    struct hc_system sys;
    struct hc_jobs jobs;
    struct headcount_stats stats;
    struct hc_resolv_conf conf;
    struct hc_dns_servers learned;
    struct dns_peer peers[3];
    size_t peers_n;
    const char *name;                    /* NULL: NAME                       */
    int64_t now;
    int done, fd, random;
};

static int count_up(void *ud, void *p, size_t n)
{
    int *at = ud;

    if (*at < 0)
        return HEADCOUNT_EIO;
    memset(p, ++*at, n);
    return 0;
}

static void run(struct hc_job *job, int64_t now)
{
    struct rig *rig = (struct rig *)job;

    if (rig->done != 0)
        return;
    hc_lookup_step(&rig->l, now);
    rig->done = rig->l.over;
}

typedef bool answer(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply);

static int lowest_fd(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

static void rig_open(struct rig *rig, answer *first, answer *second)
{
    answer *const answers[] = { first, second };

    *rig = (struct rig){ .fd = lowest_fd() };
    rig->sys = (struct hc_system){ .alloc = *t_alloc(), .random = count_up,
                                   .ud = &rig->random };
    hc_jobs_init(&rig->jobs);
    hc_resolv_conf_init(&rig->conf);
    for (size_t i = 0; i < 2 && answers[i] != NULL; i++) {
        struct dns_peer *peer = &rig->peers[rig->peers_n++];

        dns_peer_open(peer);
        peer->answer = answers[i];
        rig->conf.servers[rig->conf.servers_n++] = (struct hc_dns_server){
            .addr = { .family = 4, .ip = { 127, 0, 0, 1 } },
            .port = peer->port,
        };
    }
}

static void rig_turn(struct rig *rig, int64_t now)
{
    rig->now = now;
    dns_peer_turn(rig->peers, rig->peers_n, &rig->jobs, now, &rig->done);
}

static void rig_begin_at(struct rig *rig, bool ipv6, int64_t now)
{
    const struct hc_lookup_config config = {
        .name = hc_str(rig->name != NULL ? rig->name : NAME),
        .conf = &rig->conf, .ipv6 = ipv6, .servers = &rig->learned,
        .sys = &rig->sys, .jobs = &rig->jobs, .stats = &rig->stats,
    };

    hc_dns_servers_set(&rig->learned, &rig->conf);
    CHECK_INT(hc_lookup_init(&rig->l, &config, now, NULL), 0);
    hc_job_init(&rig->l.job, &rig->jobs, run);
    rig_turn(rig, now);
}

static void rig_begin(struct rig *rig, bool ipv6)
{
    rig_begin_at(rig, ipv6, 0);
}

static void rig_close(struct rig *rig)
{
    hc_lookup_fini(&rig->l);
    hc_job_fini(&rig->l.job);
    CHECK_INT(rig->jobs.watches_n, 0);
    for (size_t i = 0; i < rig->peers_n; i++)
        dns_peer_close(&rig->peers[i]);
    CHECK_INT(lowest_fd(), rig->fd);
}

/* When the jobs want to run again. */
static int64_t rig_at(struct rig *rig)
{
    struct hc_want wants[4];
    int64_t deadline;

    hc_jobs_wants(&rig->jobs, wants, 4, &deadline);
    return deadline;
}

static void check_addrs(struct rig *rig, const char *want)
{
    char all[HC_ADDRS_MAX * HC_ADDR_TEXT] = "";

    CHECK_INT(rig->done, 1);
    for (size_t i = 0; i < rig->l.known.addrs.n; i++) {
        if (i > 0)
            strcat(all, " ");
        hc_addr_put(all + strlen(all), &rig->l.known.addrs.a[i]);
    }
    CHECK_Z(all, want);
    CHECK(rig->l.known.why == NULL);
}

static void check_why(struct rig *rig, int code, const char *part)
{
    CHECK_INT(rig->done, 1);
    CHECK_INT(rig->l.known.addrs.n, 0);
    CHECK(rig->l.known.why == &rig->l.why);
    CHECK_INT(rig->l.why.code, code);
    if (strstr(rig->l.why.what, part) == NULL)
        CHECK_Z(rig->l.why.what, part);
}

/* ---- how a peer answers ---- */

static void plain(const struct dns_asked *asked, struct dns_text *reply)
{
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8180);
}

static bool both(struct dns_peer *peer, const struct dns_asked *asked,
                 struct dns_text *reply)
{
    (void)peer;
    CHECK_Z(asked->name, NAME);
    plain(asked, reply);
    if (asked->type == HC_DNS_A)
        dns_put_a(reply, NULL, 60, "192.0.2.1");
    else
        dns_put_aaaa(reply, NULL, 30, "2001:db8::1");
    return true;
}

static bool a_only(struct dns_peer *peer, const struct dns_asked *asked,
                   struct dns_text *reply)
{
    return asked->type == HC_DNS_A && both(peer, asked, reply);
}

static bool silent(struct dns_peer *peer, const struct dns_asked *asked,
                   struct dns_text *reply)
{
    (void)peer;
    (void)asked;
    (void)reply;
    return false;
}

static bool no_data(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    (void)peer;
    plain(asked, reply);
    dns_put_soa(reply, "test", 60, asked->type == HC_DNS_A ? 20 : 40);
    return true;
}

static bool aaaa_has(struct dns_peer *peer, const struct dns_asked *asked,
                     struct dns_text *reply)
{
    return asked->type == HC_DNS_A ? no_data(peer, asked, reply)
                                   : both(peer, asked, reply);
}

static bool no_name(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    (void)peer;
    if (asked->type != HC_DNS_A)
        return false;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8183);
    dns_put_soa(reply, "test", 60, 20);
    return true;
}

static bool servfail(struct dns_peer *peer, const struct dns_asked *asked,
                     struct dns_text *reply)
{
    (void)peer;
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8182);
    return true;
}

static bool cut(struct dns_peer *peer, const struct dns_asked *asked,
                struct dns_text *reply)
{
    if (asked->tcp)
        return both(peer, asked, reply);
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8380);
    return true;
}

/* ---- two answers become one ---- */

TEST(lookup, without_an_ipv6_route_only_a_is_asked_for)
{
    struct rig rig;

    rig_open(&rig, both, NULL);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.l.known.ttl, 60);
    CHECK_INT(rig.peers[0].a_n, 1);
    CHECK_INT(rig.peers[0].aaaa_n, 0);
    CHECK_INT(rig.stats.dns_datagrams, 1);
    CHECK_INT(rig.l.sent, 1);
    rig_close(&rig);
}

TEST(lookup, a_and_aaaa_are_asked_side_by_side)
{
    struct rig rig;

    rig_open(&rig, both, NULL);
    rig_begin(&rig, true);
    check_addrs(&rig, "192.0.2.1 2001:db8::1");
    CHECK_INT(rig.l.known.ttl, 30);
    CHECK_INT(rig.peers[0].a_n, 1);
    CHECK_INT(rig.peers[0].aaaa_n, 1);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    rig_close(&rig);
}

TEST(lookup, a_waits_fifty_milliseconds_for_aaaa)
{
    struct rig rig;

    rig_open(&rig, a_only, NULL);
    rig_begin(&rig, true);
    CHECK_INT(rig.done, 0);
    CHECK_INT(rig_at(&rig), 50 * HC_MS);
    CHECK_INT(rig.jobs.watches_n, 1);
    rig_turn(&rig, 50 * HC_MS - 1);
    CHECK_INT(rig.done, 0);
    rig_turn(&rig, 50 * HC_MS);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.l.known.ttl, 60);
    rig_close(&rig);
}

TEST(lookup, aaaa_may_come_within_the_fifty_milliseconds)
{
    struct rig rig;
    struct dns_text late;

    rig_open(&rig, a_only, NULL);
    rig_begin(&rig, true);
    CHECK_INT(rig.done, 0);
    /* The question of AAAA, which was the last, as it was asked. */
    unsigned char query[HC_DNS_QUERY_MAX];
    size_t n = hc_dns_question_put(query, &rig.l.sides[1].query.question);

    dns_reply_to(&late, query, n, 0x8180);
    dns_put_aaaa(&late, NULL, 30, "2001:db8::1");
    dns_peer_send(&rig.peers[0], &late);
    rig_turn(&rig, 49 * HC_MS);
    check_addrs(&rig, "192.0.2.1 2001:db8::1");
    rig_close(&rig);
}

TEST(lookup, aaaa_alone_will_do)
{
    struct rig rig;

    rig_open(&rig, aaaa_has, NULL);
    rig_begin(&rig, true);
    check_addrs(&rig, "2001:db8::1");
    CHECK_INT(rig.l.known.ttl, 30);
    rig_close(&rig);
}

static bool aaaa_only(struct dns_peer *peer, const struct dns_asked *asked,
                      struct dns_text *reply)
{
    return asked->type == HC_DNS_AAAA && both(peer, asked, reply);
}

TEST(lookup, when_a_is_never_answered_aaaa_will_do_in_the_end)
{
    struct rig rig;

    rig_open(&rig, aaaa_only, NULL);
    rig_begin(&rig, true);
    rig_turn(&rig, 2 * HC_SECOND);
    CHECK_INT(rig.done, 0);
    rig_turn(&rig, 4 * HC_SECOND);
    check_addrs(&rig, "2001:db8::1");
    rig_close(&rig);
}

TEST(lookup, nxdomain_for_a_does_not_wait_for_aaaa)
{
    struct rig rig;

    rig_open(&rig, no_name, NULL);
    rig_begin(&rig, true);
    check_why(&rig, HEADCOUNT_EDNS,
              NAME " has no address (NXDOMAIN from 127.0.0.1:");
    CHECK_INT(rig.l.known.ttl, 20);
    rig_close(&rig);
}

TEST(lookup, no_data_twice_is_a_no_for_the_shorter_time)
{
    struct rig rig;

    rig_open(&rig, no_data, NULL);
    rig_begin(&rig, true);
    check_why(&rig, HEADCOUNT_EDNS, "no A or AAAA record from 127.0.0.1:");
    CHECK_INT(rig.l.known.ttl, 20);
    rig_close(&rig);
    rig_open(&rig, no_data, NULL);
    rig_begin(&rig, false);
    check_why(&rig, HEADCOUNT_EDNS, "no A record from 127.0.0.1:");
    rig_close(&rig);
}

static bool a_fails(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    return asked->type == HC_DNS_A ? servfail(peer, asked, reply)
                                   : no_data(peer, asked, reply);
}

static bool aaaa_fails(struct dns_peer *peer, const struct dns_asked *asked,
                       struct dns_text *reply)
{
    return asked->type == HC_DNS_A ? no_data(peer, asked, reply)
                                   : servfail(peer, asked, reply);
}

TEST(lookup, a_failure_beside_a_no_is_a_failure)
{
    answer *const table[] = { a_fails, aaaa_fails };

    for (size_t i = 0; i < 2; i++) {
        struct rig rig;

        rig_open(&rig, table[i], NULL);
        rig_begin(&rig, true);
        CHECK_INT(rig.done, 0);
        rig_turn(&rig, HC_DNS_PAUSE);
        check_why(&rig, HEADCOUNT_EDNSFAIL, "answered SERVFAIL");
        CHECK_INT(rig.l.known.ttl, 5);
        rig_close(&rig);
    }
}

/* ---- servers ---- */

TEST(lookup, servfail_means_the_next_server)
{
    struct rig rig;

    rig_open(&rig, servfail, both);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[0].udp_n, 2);    /* with EDNS and without */
    CHECK_INT(rig.peers[1].udp_n, 1);
    CHECK_INT(rig.stats.dns_datagrams, 3);
    rig_close(&rig);
}

TEST(lookup, a_closed_port_means_the_next_server)
{
    struct rig rig;

    rig_open(&rig, both, both);
    dns_peer_close(&rig.peers[0]);
    rig.peers[0] = rig.peers[1];
    rig.peers_n = 1;
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    rig_close(&rig);
}

TEST(lookup, where_nobody_listens_it_fails_at_once)
{
    struct rig rig;

    rig_open(&rig, both, NULL);
    dns_peer_close(&rig.peers[0]);
    rig.peers_n = 0;
    rig_begin(&rig, false);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "cannot be reached");
    CHECK_INT(rig.l.why.sys, ECONNREFUSED);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    rig_close(&rig);
}

TEST(lookup, an_address_that_cannot_be_sent_to_fails_at_once)
{
    struct rig rig;

    rig_open(&rig, both, NULL);
    memset(rig.conf.servers[0].addr.ip, 255, 4);     /* broadcast: EACCES */
    rig_begin(&rig, true);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "255.255.255.255");
    CHECK_INT(rig.l.why.sys, EACCES);
    CHECK_INT(rig.stats.dns_datagrams, 0);
    rig_close(&rig);
}

TEST(lookup, nobody_answers)
{
    struct rig rig;

    rig_open(&rig, silent, NULL);
    rig_begin(&rig, true);
    CHECK_INT(rig_at(&rig), 2 * HC_SECOND);
    rig_turn(&rig, 2 * HC_SECOND);
    CHECK_INT(rig_at(&rig), 4 * HC_SECOND);
    rig_turn(&rig, 4 * HC_SECOND);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "no DNS server answered for " NAME
              " within 4 s (asked 127.0.0.1:");
    check_why(&rig, HEADCOUNT_EDNSFAIL, " twice)");
    CHECK_INT(rig.peers[0].a_n, 2);
    CHECK_INT(rig.peers[0].aaaa_n, 2);
    rig_close(&rig);
}

TEST(lookup, a_silent_server_means_the_next_after_a_second)
{
    struct rig rig;

    rig_open(&rig, silent, both);
    rig_begin(&rig, false);
    CHECK_INT(rig_at(&rig), HC_SECOND);
    CHECK_INT(rig.done, 0);
    rig_turn(&rig, HC_SECOND);
    check_addrs(&rig, "192.0.2.1");
    rig_close(&rig);
}

/* Another name, with what was learned from those before. */
static void rig_again(struct rig *rig, int64_t now)
{
    hc_lookup_fini(&rig->l);
    hc_job_fini(&rig->l.job);
    rig->l = (struct hc_lookup){ .over = false };
    rig->done = 0;
    rig_begin_at(rig, false, now);
}

TEST(lookup, four_names_with_a_dead_first_server_take_a_second_in_all)
{
    struct rig rig;

    rig_open(&rig, silent, both);
    rig_begin(&rig, false);
    rig_turn(&rig, HC_SECOND);
    check_addrs(&rig, "192.0.2.1");
    for (int i = 0; i < 3; i++) {
        rig_again(&rig, HC_SECOND);
        check_addrs(&rig, "192.0.2.1");
    }
    CHECK_INT(rig.peers[0].udp_n, 1);
    rig_again(&rig, 31 * HC_SECOND);             /* it is probed meanwhile */
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[0].udp_n, 2);
    CHECK_INT(rig.stats.dns_datagrams, 7);
    CHECK_INT(rig.stats.dns_lookups, 5);
    rig_close(&rig);
}

/* The reply to the first question over UDP that the peer got. */
static struct dns_text first_reply;
static unsigned char first_from[64];

static bool later(struct dns_peer *peer, const struct dns_asked *asked,
                  struct dns_text *reply)
{
    if (peer->udp_n == 1) {
        both(peer, asked, &first_reply);
        memcpy(first_from, peer->from, sizeof first_from);
    }
    (void)reply;
    return false;
}

static void send_first(struct rig *rig)
{
    memcpy(rig->peers[0].from, first_from, sizeof first_from);
    dns_peer_send(&rig->peers[0], &first_reply);
}

TEST(lookup, an_answer_after_two_and_a_half_seconds_is_believed)
{
    struct rig rig;

    rig_open(&rig, later, NULL);
    rig_begin(&rig, false);
    rig_turn(&rig, 2 * HC_SECOND);
    CHECK_INT(rig.peers[0].udp_n, 2);
    CHECK_INT(rig.jobs.watches_n, 2);
    send_first(&rig);
    rig_turn(&rig, 5 * HC_SECOND / 2);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.stats.dns_datagrams, 2);
    rig_close(&rig);
}

TEST(lookup, an_old_answer_to_the_new_socket_is_not_believed)
{
    struct rig rig;

    rig_open(&rig, later, NULL);
    rig_begin(&rig, false);
    rig_turn(&rig, 2 * HC_SECOND);
    dns_peer_send(&rig.peers[0], &first_reply);
    rig_turn(&rig, 5 * HC_SECOND / 2);
    CHECK_INT(rig.done, 0);
    rig_close(&rig);
}

TEST(lookup, an_answer_counts_although_nobody_drove_the_handle)
{
    struct rig rig;

    rig_open(&rig, later, NULL);
    rig_begin(&rig, false);
    send_first(&rig);
    hc_jobs_step(&rig.jobs, 60 * HC_SECOND, NULL, 0);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[0].udp_n, 1);
    rig_close(&rig);
}

/* ---- the search list ---- */

static char searched[256];

/* Only x.b.test and full.test have an address. */
static bool below_b(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    bool there = strcmp(asked->name, "x.b.test") == 0 ||
                 strcmp(asked->name, "full.test") == 0;

    (void)peer;
    strcat(strcat(searched, asked->name), " ");
    dns_reply_to(reply, asked->query.p, asked->query.n,
                 there ? 0x8180 : 0x8183);
    if (there)
        dns_put_a(reply, NULL, 60, "192.0.2.1");
    else
        dns_put_soa(reply, "test", 60, 20);
    return true;
}

static void search_for(struct rig *rig, answer *how, const char *name,
                       const char *conf)
{
    struct hc_dns_server peer;

    searched[0] = '\0';
    rig_open(rig, how, NULL);
    peer = rig->conf.servers[0];
    hc_resolv_conf_get(&rig->conf, hc_str(conf));
    rig->conf.servers[0] = peer;
    rig->name = name;
    rig_begin(rig, false);
}

TEST(lookup, a_single_label_is_searched_for_after_it_was_asked_as_it_is)
{
    static const struct { const char *name, *conf, *asked; bool there; }
    table[] = {
        { "x", "search a.test b.test c.test\n", "x x.a.test x.b.test ", true },
        { "x", "search a.test\n", "x x.a.test ", false },
        { "x", "domain b.test\n", "x x.b.test ", true },
        { "x", "", "x ", false },
        { "x", "search b.test\noptions ndots:5\n", "x x.b.test ", true },
        { "x", "search b.test\noptions ndots:0\n", "x ", false },
        { "x.", "search b.test\n", "x ", false },
        { "full.test", "search b.test\n", "full.test ", true },
        { "x.y", "search b.test\noptions ndots:5\n", "x.y ", false },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct rig rig;

        search_for(&rig, below_b, table[i].name, table[i].conf);
        CHECK_Z(searched, table[i].asked);
        if (table[i].there)
            check_addrs(&rig, "192.0.2.1");
        else
            check_why(&rig, HEADCOUNT_EDNS, " has no address (NXDOMAIN from ");
        CHECK_INT(rig.stats.dns_lookups, rig.peers[0].udp_n);
        CHECK_INT(rig.stats.dns_datagrams, rig.peers[0].udp_n);
        CHECK_Z(hc_str_eqz(hc_lookup_name(&rig.l), table[i].name)
                    ? "same" : "other", "same");
        rig_close(&rig);
    }
}

TEST(lookup, a_domain_that_makes_no_name_is_passed_over)
{
    char name[64] = "", conf[300] = "search ";
    struct rig rig;

    memset(name, 'n', 63);
    for (int i = 0; i < 40; i++)
        strcat(conf, "12345.");
    strcat(conf, "x b.test\n");
    search_for(&rig, below_b, name, conf);
    CHECK_INT(rig.peers[0].udp_n, 2);
    rig_close(&rig);
}

/* Refuses names of one label. */
static bool refuses_short(struct dns_peer *peer, const struct dns_asked *asked,
                          struct dns_text *reply)
{
    return strchr(asked->name, '.') == NULL ? servfail(peer, asked, reply)
                                            : below_b(peer, asked, reply);
}

TEST(lookup, a_single_label_that_is_refused_is_searched_for)
{
    struct rig rig;

    search_for(&rig, refuses_short, "x", "search b.test\n");
    rig_turn(&rig, HC_DNS_PAUSE);
    check_addrs(&rig, "192.0.2.1");
    rig_close(&rig);
    search_for(&rig, refuses_short, "x", "search a.test\n");
    rig_turn(&rig, HC_DNS_PAUSE);
    check_why(&rig, HEADCOUNT_EDNSFAIL, " answered SERVFAIL)");
    rig_close(&rig);
}

static bool silent_below(struct dns_peer *peer, const struct dns_asked *asked,
                         struct dns_text *reply)
{
    return strchr(asked->name, '.') == NULL && below_b(peer, asked, reply);
}

TEST(lookup, silence_ends_the_search_with_a_failure)
{
    struct rig rig;

    search_for(&rig, silent_below, "x", "search a.test b.test\n");
    rig_turn(&rig, 2 * HC_SECOND);
    rig_turn(&rig, 4 * HC_SECOND);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "no DNS server answered for x.a.test ");
    CHECK_INT(rig.l.known.ttl, 5);
    rig_close(&rig);
    search_for(&rig, silent, "x", "search a.test b.test\n");
    rig_turn(&rig, 2 * HC_SECOND);
    rig_turn(&rig, 4 * HC_SECOND);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "no DNS server answered for x ");
    rig_close(&rig);
}

/* ---- strangers ---- */

static bool strangers_first(struct dns_peer *peer,
                            const struct dns_asked *asked,
                            struct dns_text *reply)
{
    struct dns_text m;

    dns_reply_to(&m, asked->query.p, asked->query.n, 0x8180);
    dns_put_a(&m, NULL, 60, "192.0.2.99");
    m.p[0] ^= 0x40;
    for (int i = 0; i < 40; i++)
        dns_peer_send(peer, &m);
    m.n = 0;
    dns_peer_send(peer, &m);
    return both(peer, asked, reply);
}

TEST(lookup, replies_to_others_are_passed_over)
{
    struct rig rig;

    rig_open(&rig, strangers_first, NULL);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    rig_close(&rig);
}

TEST(lookup, another_sender_is_not_heard)
{
    struct rig rig;
    struct dns_text forged;
    unsigned char query[HC_DNS_QUERY_MAX];

    rig_open(&rig, silent, silent);
    rig_begin(&rig, false);
    size_t n = hc_dns_question_put(query, &rig.l.sides[0].query.question);

    dns_reply_to(&forged, query, n, 0x8180);
    dns_put_a(&forged, NULL, 60, "192.0.2.99");
    memcpy(rig.peers[1].from, rig.peers[0].from, sizeof rig.peers[0].from);
    dns_peer_send(&rig.peers[1], &forged);
    rig_turn(&rig, 1);
    CHECK_INT(rig.done, 0);
    dns_peer_send(&rig.peers[0], &forged);
    rig_turn(&rig, 2);
    check_addrs(&rig, "192.0.2.99");
    rig_close(&rig);
}

static uint16_t ids[4];

static bool note_id(struct dns_peer *peer, const struct dns_asked *asked,
                    struct dns_text *reply)
{
    ids[(peer->udp_n - 1) % 4] = (uint16_t)(asked->query.p[0] << 8 |
                                            asked->query.p[1]);
    return servfail(peer, asked, reply);
}

TEST(lookup, every_query_has_an_id_of_its_own)
{
    struct rig rig;

    rig_open(&rig, note_id, NULL);
    rig_begin(&rig, true);
    CHECK_INT(rig.peers[0].udp_n, 4);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(ids[i] != ids[k]);
    rig_close(&rig);
}

/* ---- TCP ---- */

TEST(lookup, a_cut_answer_is_asked_for_over_tcp)
{
    struct rig rig;

    rig_open(&rig, cut, NULL);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[0].udp_n, 1);
    CHECK_INT(rig.peers[0].tcp_n, 1);
    CHECK_INT(rig.stats.dns_datagrams, 2);
    rig_close(&rig);
}

TEST(lookup, a_connection_that_ends_early_means_the_next_server)
{
    struct rig rig;

    rig_open(&rig, cut, both);
    rig.peers[0].hang_up = true;
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[1].udp_n, 1);
    rig_close(&rig);
    rig_open(&rig, cut, NULL);
    rig.peers[0].hang_up = true;
    rig_begin(&rig, false);
    check_why(&rig, HEADCOUNT_EDNSFAIL, " closed the connection)");
    rig_close(&rig);
}

TEST(lookup, no_tcp_means_the_next_server)
{
    struct rig rig;

    rig_open(&rig, cut, both);
    dns_peer_close_tcp(&rig.peers[0]);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    rig_close(&rig);
}

static bool cut_then_silent(struct dns_peer *peer,
                            const struct dns_asked *asked,
                            struct dns_text *reply)
{
    return !asked->tcp && cut(peer, asked, reply);
}

TEST(lookup, tcp_has_a_deadline_too)
{
    struct rig rig;

    rig_open(&rig, cut_then_silent, NULL);
    rig_begin(&rig, false);
    CHECK_INT(rig_at(&rig), 2 * HC_SECOND);
    rig_turn(&rig, 2 * HC_SECOND);
    rig_turn(&rig, 4 * HC_SECOND);
    check_why(&rig, HEADCOUNT_EDNSFAIL, "no DNS server answered");
    rig_close(&rig);
}

static bool formerr_with_edns(struct dns_peer *peer,
                              const struct dns_asked *asked,
                              struct dns_text *reply)
{
    if (!asked->edns)
        return both(peer, asked, reply);
    dns_reply_to(reply, asked->query.p, asked->query.n, 0x8181);
    return true;
}

TEST(lookup, a_server_without_edns_is_asked_without)
{
    struct rig rig;

    rig_open(&rig, formerr_with_edns, NULL);
    rig_begin(&rig, false);
    check_addrs(&rig, "192.0.2.1");
    CHECK_INT(rig.peers[0].udp_n, 2);
    rig_close(&rig);
}

/* ---- what else may fail ---- */

TEST(lookup, without_randomness_nothing_is_asked)
{
    struct rig rig;

    rig_open(&rig, both, NULL);
    rig.random = -1;
    rig_begin(&rig, true);
    CHECK_INT(rig.done, 1);
    CHECK_INT(rig.l.why.code, HEADCOUNT_EIO);
    CHECK_INT(rig.l.known.ttl, 0);
    CHECK_INT(rig.peers[0].udp_n, 0);
    rig_close(&rig);
}

static int begin_with(struct rig *rig, struct hc_str name,
                      struct headcount_error *e)
{
    const struct hc_lookup_config config = {
        .name = name, .conf = &rig->conf, .ipv6 = true,
        .servers = &rig->learned, .sys = &rig->sys, .jobs = &rig->jobs,
        .stats = &rig->stats,
    };

    hc_error_reset(e);
    rig->l = (struct hc_lookup){ .over = false };
    return hc_lookup_init(&rig->l, &config, 0, e);
}

TEST(lookup, what_is_no_name_is_told)
{
    char long_name[2 * HC_DNS_NAME_TEXT];
    struct rig rig;
    struct headcount_error e;

    for (size_t i = 0; i < sizeof long_name; i++)
        long_name[i] = i % 2 == 0 ? 'a' : '.';
    rig_open(&rig, both, NULL);
    CHECK_INT(begin_with(&rig, HC_STR("a..b"), &e), HEADCOUNT_EDNS);
    CHECK_Z(e.what, "\"a..b\" is no host name");
    CHECK_INT(begin_with(&rig, hc_str_n(long_name, HC_DNS_NAME_TEXT), &e), 0);
    CHECK_INT(begin_with(&rig, hc_str_n(long_name, HC_DNS_NAME_TEXT + 2), &e),
              HEADCOUNT_EDNS);
    rig_close(&rig);
}

TEST(lookup, it_can_be_ended_at_any_time)
{
    struct rig rig;

    rig_open(&rig, silent, NULL);
    rig_begin(&rig, true);
    CHECK_INT(rig.jobs.watches_n, 2);
    rig_close(&rig);
}

static int without_memory(void)
{
    struct rig rig;

    rig_open(&rig, cut, NULL);
    rig_begin(&rig, false);
    int code = rig.l.why.code;

    CHECK_INT(rig.l.known.ttl, code == 0 ? 60 : 0);
    rig_close(&rig);
    return code;
}

TEST(lookup, memory_may_run_out)
{
    t_fails_every_allocation(without_memory);
}
