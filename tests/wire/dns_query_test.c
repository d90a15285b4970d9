/* tests/wire/dns_query_test.c */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "peers/dns_peer.h"
#include "wire/dns_query.h"

#define NAME "ecs.test"
#define SECOND HC_SECOND

static struct hc_resolv_conf conf_of(size_t servers)
{
    struct hc_resolv_conf conf;
    static const char *const texts[] = { "10.0.0.2", "10.0.0.3:5353",
                                         "[::1]:54" };

    hc_resolv_conf_init(&conf);
    for (size_t i = 0; i < servers; i++)
        CHECK(hc_dns_server_get(&conf.servers[i], hc_str(texts[i])));
    conf.servers_n = servers;
    return conf;
}

/* What was learned about the servers in the test so far. */
static struct hc_dns_servers learned;

static void begin_at(struct hc_dns_query *q, const struct hc_resolv_conf *conf,
                     int64_t now)
{
    const struct hc_dns_query_config config = {
        .name = HC_STR(NAME), .type = HC_DNS_A, .conf = conf,
        .servers = &learned, .alloc = t_alloc(),
    };

    hc_dns_servers_set(&learned, conf);
    CHECK(hc_dns_query_init(q, &config, now));
    CHECK_INT(q->state, DNS_ASK);
}

static void begin(struct hc_dns_query *q, const struct hc_resolv_conf *conf)
{
    learned.n = 0;
    begin_at(q, conf, 0);
}

/* The last query, as it was sent, its slot and its time. */
static struct dns_text asked;
static size_t slot;
static int64_t asked_at;

static void ask(struct hc_dns_query *q, int64_t now)
{
    static unsigned char id = 0xcc;
    const char want[] = { '\xab', (char)++id };

    CHECK_INT(q->state, DNS_ASK);
    asked_at = now;
    slot = hc_dns_query_ask(q, (uint16_t)(0xab00 | id), now, asked.p, &asked.n);
    CHECK_INT(q->state, DNS_WAIT);
    CHECK(hc_dns_query_is_open(q, slot));
    if (q->slots[slot].tcp) {
        CHECK_INT(asked.p[0] << 8 | asked.p[1], asked.n - 2);
        asked.n -= 2;
        memmove(asked.p, asked.p + 2, asked.n);
    }
    CHECK_MEM(asked.p, 2, want);
}

static struct dns_text reply_with(unsigned flags)
{
    struct dns_text m;

    dns_reply_to(&m, asked.p, asked.n, flags);
    return m;
}

static void hand_in(struct hc_dns_query *q, const struct dns_text *m)
{
    hc_dns_query_datagram(q, slot, hc_str_n(t_guard(m->p, m->n), m->n),
                          asked_at);
}

static void say(struct hc_dns_query *q, unsigned flags)
{
    struct dns_text m = reply_with(flags);

    hand_in(q, &m);
}

/* The server of the query that is due, or was sent last. */
static void check_server(const struct hc_dns_query *q, const char *want)
{
    char text[HC_DNS_SERVER_TEXT];
    size_t at = q->current < HC_DNS_SLOTS ? q->current : slot;

    hc_dns_server_put(text, hc_dns_query_server(q, at));
    CHECK_Z(text, want);
}

static void check_error(const struct hc_dns_query *q, int64_t now, int code,
                        const char *want)
{
    struct headcount_error e = { .code = 0 };

    CHECK_INT(hc_dns_query_error(q, now, &e), code);
    CHECK_INT(e.code, code);
    CHECK_Z(e.what, want);
}

TEST(dns_query, an_answer_ends_it)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    check_server(&q, "10.0.0.2:53");
    CHECK(hc_dns_query_at(&q) <= 0);
    ask(&q, 0);
    CHECK_INT(hc_dns_query_at(&q), 2 * SECOND);
    struct dns_text m = reply_with(0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    hand_in(&q, &m);
    CHECK_INT(q.state, DNS_DONE);
    CHECK_INT(q.reply.kind, DNS_REPLY_ADDRS);
    CHECK_INT(q.reply.addrs.n, 1);
    CHECK_INT(hc_dns_query_at(&q), HC_NEVER);
    hc_dns_query_failed(&q, slot, ECONNREFUSED, asked_at);
    hc_dns_query_tick(&q, 9 * SECOND);
    say(&q, 0x8182);
    CHECK_INT(q.state, DNS_DONE);
    hc_dns_query_fini(&q);
}

TEST(dns_query, a_name_that_is_none_is_not_asked_for)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;
    const struct hc_dns_query_config config = {
        .name = HC_STR("a..b"), .type = HC_DNS_A, .conf = &conf,
        .servers = &learned, .alloc = t_alloc(),
    };

    CHECK(!hc_dns_query_init(&q, &config, 0));
}

TEST(dns_query, strangers_are_not_heard)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    struct dns_text m = reply_with(0x8182);

    m.p[0] ^= 1;
    hand_in(&q, &m);
    CHECK_INT(q.state, DNS_WAIT);
    m.n = 0;
    hand_in(&q, &m);
    CHECK_INT(q.state, DNS_WAIT);
    CHECK_INT(hc_dns_query_at(&q), 2 * SECOND);
    hc_dns_query_fini(&q);
}

TEST(dns_query, a_no_ends_it_with_a_sentence)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    say(&q, 0x8183);
    CHECK_INT(q.state, DNS_DONE);
    check_error(&q, 0, HEADCOUNT_EDNS, NAME " has no address (NXDOMAIN from "
                "10.0.0.2:53): check the region and the VPC's DNS settings");
    hc_dns_query_fini(&q);
    begin(&q, &conf);
    ask(&q, 0);
    say(&q, 0x8180);
    CHECK_INT(q.state, DNS_DONE);
    check_error(&q, 0, HEADCOUNT_EDNS, NAME " has no address (no A record from "
                "10.0.0.2:53): check the region and the VPC's DNS settings");
    q.question.type = HC_DNS_AAAA;
    check_error(&q, 0, HEADCOUNT_EDNS,
                NAME " has no address (no A or AAAA record "
                     "from 10.0.0.2:53): check the region and the VPC's DNS "
                     "settings");
    hc_dns_query_fini(&q);
}

TEST(dns_query, silence_of_one_server_is_two_tries)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    hc_dns_query_tick(&q, 2 * SECOND - 1);
    CHECK_INT(q.state, DNS_WAIT);
    hc_dns_query_tick(&q, 2 * SECOND);
    ask(&q, 2 * SECOND);
    CHECK_INT(hc_dns_query_at(&q), 4 * SECOND);
    hc_dns_query_tick(&q, 4 * SECOND);
    CHECK_INT(q.state, DNS_FAILED);
    check_error(&q, 4 * SECOND, HEADCOUNT_EDNSFAIL,
                "no DNS server answered for " NAME " within 4 s (asked "
                "10.0.0.2:53 twice): does it run, and does a security group "
                "or firewall let DNS through?");
    hc_dns_query_fini(&q);
}

TEST(dns_query, all_ends_after_five_seconds)
{
    struct hc_resolv_conf conf = conf_of(3);
    struct hc_dns_query q;
    int64_t now = 0;

    conf.timeout = 1;
    conf.attempts = 5;
    begin(&q, &conf);
    for (int i = 0; i < 5; i++) {
        ask(&q, now);
        now += SECOND;
        CHECK_INT(hc_dns_query_at(&q), now);
        hc_dns_query_tick(&q, now);
    }
    CHECK_INT(q.state, DNS_FAILED);
    check_error(&q, now, HEADCOUNT_EDNSFAIL,
                "no DNS server answered for " NAME " within 5 s (asked "
                "10.0.0.2:53 twice, 10.0.0.3:5353 twice, [::1]:54 once): does "
                "it run, and does a security group or firewall let DNS "
                "through?");
    hc_dns_query_fini(&q);
}

TEST(dns_query, a_long_timeout_leaves_time_for_every_server)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    conf.timeout = 30;
    begin(&q, &conf);
    ask(&q, 0);
    CHECK_INT(hc_dns_query_at(&q), 5 * SECOND / 2);
    hc_dns_query_tick(&q, 5 * SECOND / 2);
    check_server(&q, "10.0.0.3:5353");
    ask(&q, 5 * SECOND / 2);
    hc_dns_query_tick(&q, 5 * SECOND);
    CHECK_INT(q.state, DNS_FAILED);
    hc_dns_query_fini(&q);
}

TEST(dns_query, one_server_is_asked_as_often_as_the_attempts_say)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;
    int64_t now = 0;

    conf.timeout = 1;
    conf.attempts = 3;
    begin(&q, &conf);
    for (; q.state == DNS_ASK; now += SECOND, hc_dns_query_tick(&q, now))
        ask(&q, now);
    CHECK_INT(now, 3 * SECOND);
    check_error(&q, now, HEADCOUNT_EDNSFAIL,
                "no DNS server answered for " NAME " within 3 s (asked "
                "10.0.0.2:53 3 times): does it run, and does a security "
                "group or firewall let DNS through?");
    hc_dns_query_fini(&q);
}

/* The refusal of a query with EDNS, and of the one without. */
static void refuse(struct hc_dns_query *q, unsigned flags, int64_t now)
{
    ask(q, now);
    say(q, flags);
    ask(q, now);
    CHECK_INT(asked.p[11], 0);
    say(q, flags);
}

static void say_addr(struct hc_dns_query *q)
{
    struct dns_text m = reply_with(0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    hand_in(q, &m);
}

TEST(dns_query, a_refusal_means_no_edns_and_then_the_next_server)
{
    static const unsigned refusals[] = { 0x8181, 0x8182, 0x8184, 0x8185,
                                         0x818f };

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct hc_resolv_conf conf = conf_of(2);
        struct hc_dns_query q;

        begin(&q, &conf);
        ask(&q, 0);
        CHECK_INT(asked.p[11], 1);
        say(&q, refusals[i]);
        check_server(&q, "10.0.0.2:53");
        ask(&q, 0);
        CHECK_INT(asked.p[11], 0);
        say(&q, refusals[i]);
        CHECK_INT(q.state, DNS_ASK);
        check_server(&q, "10.0.0.3:5353");
        ask(&q, 0);
        CHECK_INT(asked.p[11], 1);
        say_addr(&q);
        CHECK_INT(q.state, DNS_DONE);
        hc_dns_query_fini(&q);
    }
}

TEST(dns_query, after_a_round_of_refusals_there_is_a_pause)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    refuse(&q, 0x8182, 0);
    refuse(&q, 0x8185, 1);
    CHECK_INT(q.state, DNS_WAIT);
    CHECK_INT(hc_dns_query_at(&q), 1 + SECOND / 2);
    hc_dns_query_tick(&q, SECOND / 2);
    CHECK_INT(q.state, DNS_WAIT);
    hc_dns_query_tick(&q, 1 + SECOND / 2);
    check_server(&q, "10.0.0.2:53");
    ask(&q, 1 + SECOND / 2);
    CHECK_INT(asked.p[11], 0);           /* with EDNS it failed already */
    say(&q, 0x8182);
    ask(&q, 1 + SECOND / 2);
    say(&q, 0x8185);
    CHECK_INT(q.state, DNS_FAILED);
    CHECK(hc_dns_query_was_refused(&q));
    hc_dns_query_fini(&q);
}

TEST(dns_query, badvers_is_read_out_of_the_opt)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    conf.attempts = 1;
    begin(&q, &conf);
    ask(&q, 0);
    struct dns_text m = reply_with(0x8180);

    dns_put_opt(&m, 1);
    hand_in(&q, &m);
    CHECK_INT(q.state, DNS_ASK);
    ask(&q, 0);
    CHECK_INT(asked.p[11], 0);
    m = reply_with(0x8180);
    dns_put_opt(&m, 2);
    hand_in(&q, &m);
    check_error(&q, 0, HEADCOUNT_EDNSFAIL, "no DNS server could look up " NAME
                " (10.0.0.2:53 answered rcode 32): check resolv.conf or "
                "config.dns_server");
    hc_dns_query_fini(&q);
}

/* ---- late answers ---- */

TEST(dns_query, an_answer_is_believed_after_the_next_question)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    const struct dns_text first = asked;
    const size_t old = slot;

    hc_dns_query_tick(&q, 2 * SECOND);
    ask(&q, 2 * SECOND);
    CHECK(slot != old);
    CHECK(hc_dns_query_is_open(&q, old));
    asked = first;
    say_addr(&q);                        /* its id, in the slot of the other */
    CHECK_INT(q.state, DNS_WAIT);
    slot = old;
    asked_at = 5 * SECOND / 2;
    say_addr(&q);
    CHECK_INT(q.state, DNS_DONE);
    CHECK_INT(q.reply.addrs.n, 1);
    CHECK(!hc_dns_query_is_open(&q, old));
    CHECK(!learned.of[0].silent);
    hc_dns_query_fini(&q);
}

TEST(dns_query, an_old_question_that_is_cut_is_asked_again_over_tcp)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    const struct dns_text first = asked;
    const size_t old = slot;

    hc_dns_query_tick(&q, SECOND);
    ask(&q, SECOND);
    asked = first;
    slot = old;
    say(&q, 0x8380);
    ask(&q, SECOND);
    CHECK_INT(slot, old);
    CHECK(q.slots[slot].tcp);
    CHECK(!q.slots[q.current].tcp);
    hc_dns_query_fini(&q);
}

TEST(dns_query, an_old_question_that_fails_changes_nothing)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    const size_t old = slot;

    hc_dns_query_tick(&q, SECOND);
    ask(&q, SECOND);
    hc_dns_query_failed(&q, old, ECONNREFUSED, SECOND);
    CHECK_INT(q.state, DNS_WAIT);
    CHECK(!hc_dns_query_is_open(&q, old));
    CHECK(hc_dns_query_is_open(&q, slot));
    CHECK_INT(hc_dns_query_at(&q), 2 * SECOND);
    hc_dns_query_fini(&q);
}

TEST(dns_query, at_the_end_the_open_questions_have_their_time)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    conf.attempts = 1;
    begin(&q, &conf);
    ask(&q, 0);
    const struct dns_text first = asked;
    const size_t old = slot;

    hc_dns_query_tick(&q, SECOND);
    refuse(&q, 0x8182, SECOND);
    CHECK_INT(q.state, DNS_WAIT);
    CHECK_INT(hc_dns_query_at(&q), 2 * SECOND);
    slot = old;
    asked = first;
    say_addr(&q);
    CHECK_INT(q.state, DNS_DONE);
    hc_dns_query_fini(&q);
    begin(&q, &conf);
    ask(&q, 0);
    slot = old;
    hc_dns_query_tick(&q, SECOND);
    refuse(&q, 0x8182, SECOND);
    hc_dns_query_tick(&q, 2 * SECOND);
    CHECK_INT(q.state, DNS_FAILED);
    hc_dns_query_fini(&q);
}

TEST(dns_query, questions_never_run_out_of_slots)
{
    struct hc_resolv_conf conf = conf_of(3);
    struct hc_dns_query q;

    conf.timeout = 1;
    conf.attempts = 5;
    begin(&q, &conf);
    learned.of[0].silent = true;
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, 0);
    CHECK(q.probes);
    for (int64_t now = 0; q.state == DNS_ASK; now = hc_dns_query_at(&q)) {
        ask(&q, now);
        hc_dns_query_tick(&q, hc_dns_query_at(&q));
    }
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        CHECK_INT(q.slots[i].state, DNS_SLOT_OPEN);
    hc_dns_query_fini(&q);
}

/* ---- what is learned ---- */

TEST(dns_query, a_silent_server_is_the_last_of_the_next_name)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    CHECK_INT(hc_dns_query_at(&q), SECOND);
    hc_dns_query_tick(&q, SECOND);
    check_server(&q, "10.0.0.3:5353");
    ask(&q, SECOND);
    say_addr(&q);
    CHECK_INT(q.state, DNS_DONE);
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, SECOND);
    check_server(&q, "10.0.0.3:5353");
    hc_dns_query_fini(&q);
}

TEST(dns_query, a_silent_server_is_probed_beside_the_next_one)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    hc_dns_query_tick(&q, SECOND);
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, 31 * SECOND);
    check_server(&q, "10.0.0.2:53");
    ask(&q, 31 * SECOND);
    const struct dns_text first = asked;
    const size_t old = slot;

    CHECK_INT(hc_dns_query_at(&q), 31 * SECOND);
    hc_dns_query_tick(&q, 31 * SECOND);
    check_server(&q, "10.0.0.3:5353");
    ask(&q, 31 * SECOND);
    CHECK_INT(hc_dns_query_at(&q), 32 * SECOND);
    CHECK(learned.of[0].silent);
    slot = old;
    asked = first;
    say_addr(&q);
    CHECK(!learned.of[0].silent);
    hc_dns_query_fini(&q);
}

TEST(dns_query, silence_means_no_edns_next_and_that_is_remembered)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    CHECK_INT(asked.p[11], 1);
    hc_dns_query_tick(&q, 2 * SECOND);
    ask(&q, 2 * SECOND);
    CHECK_INT(asked.p[11], 0);
    say_addr(&q);
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, 3 * SECOND);
    ask(&q, 3 * SECOND);
    CHECK_INT(asked.p[11], 0);
    say_addr(&q);
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, 3602 * SECOND);
    ask(&q, 3602 * SECOND);
    CHECK_INT(asked.p[11], 1);
    hc_dns_query_fini(&q);
}

TEST(dns_query, a_refusal_without_edns_too_is_not_the_fault_of_edns)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin(&q, &conf);
    refuse(&q, 0x8182, 0);
    hc_dns_query_fini(&q);
    begin_at(&q, &conf, SECOND);
    ask(&q, SECOND);
    CHECK_INT(asked.p[11], 1);
    hc_dns_query_fini(&q);
}

TEST(dns_query, each_server_s_trouble_is_told)
{
    struct hc_resolv_conf conf = conf_of(3);
    struct hc_dns_query q;

    conf.attempts = 1;
    begin(&q, &conf);
    refuse(&q, 0x8182, 0);
    ask(&q, 0);
    struct dns_text m = reply_with(0x8180);

    m.p[7] = 1;                          /* an answer that is not there */
    hand_in(&q, &m);
    ask(&q, 0);
    hc_dns_query_tick(&q, 2 * SECOND);
    CHECK_INT(q.state, DNS_FAILED);
    check_error(&q, 2 * SECOND, HEADCOUNT_EDNSFAIL,
                "no DNS server could look up " NAME " (10.0.0.2:53 answered "
                "SERVFAIL, 10.0.0.3:5353 sent a broken answer, [::1]:54 did "
                "not answer): check resolv.conf or "
                "config.dns_server");
    hc_dns_query_fini(&q);
}

TEST(dns_query, what_cannot_be_reached_is_told_with_its_errno)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct headcount_error e = { .code = 0 };
    struct hc_dns_query q;

    conf.attempts = 1;
    begin(&q, &conf);
    ask(&q, 0);
    hc_dns_query_failed(&q, slot, ECONNREFUSED, asked_at);
    ask(&q, 0);
    hc_dns_query_failed(&q, slot, 0, asked_at);
    CHECK_INT(q.state, DNS_FAILED);
    CHECK_INT(hc_dns_query_error(&q, 0, &e), HEADCOUNT_EDNSFAIL);
    CHECK_INT(e.sys, ECONNREFUSED);
    CHECK(strstr(e.what, "(10.0.0.2:53 cannot be reached, 10.0.0.3:5353 "
                         "closed the connection)") != NULL);
    hc_dns_query_fini(&q);
}

TEST(dns_query, formerr_is_asked_again_without_edns_once)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin(&q, &conf);
    ask(&q, 0);
    CHECK_INT(asked.p[11], 1);
    say(&q, 0x8181);
    check_server(&q, "10.0.0.2:53");
    ask(&q, 0);
    CHECK_INT(asked.p[11], 0);
    say(&q, 0x8181);
    check_server(&q, "10.0.0.3:5353");
    ask(&q, 0);
    CHECK_INT(asked.p[11], 1);
    hc_dns_query_fini(&q);
}

static void begin_tcp(struct hc_dns_query *q,
                      const struct hc_resolv_conf *conf)
{
    begin(q, conf);
    ask(q, 0);
    say(q, 0x8380);
    CHECK(q->slots[slot].tcp);
    check_server(q, "10.0.0.2:53");
    ask(q, SECOND);
    CHECK_INT(hc_dns_query_at(q), SECOND + q->patience);
}

/* A stranger's message, an empty one, and the answer, each with its length
 * before it. */
static struct dns_text tcp_bytes(void)
{
    struct dns_text all = { .n = 0 }, m = reply_with(0x8182);

    m.p[0] ^= 1;
    dns_put16(&all, (unsigned)m.n);
    dns_put_data(&all, m.p, m.n);
    dns_put16(&all, 0);
    m = reply_with(0x8180);
    dns_put_a(&m, NULL, 60, "192.0.2.1");
    dns_put16(&all, (unsigned)m.n);
    dns_put_data(&all, m.p, m.n);
    return all;
}

static void check_fed(size_t cut, size_t step)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    struct dns_text all = tcp_bytes();

    hc_dns_query_feed(&q, slot, hc_str_n(t_guard(all.p, cut), cut), asked_at);
    CHECK_INT(q.state, cut < all.n ? DNS_WAIT : DNS_DONE);
    for (size_t at = cut; at < all.n; at += step) {
        size_t n = all.n - at < step ? all.n - at : step;

        hc_dns_query_feed(&q, slot, hc_str_n(t_guard(all.p + at, n), n),
                          asked_at);
    }
    CHECK_INT(q.state, DNS_DONE);
    CHECK_INT(q.reply.addrs.n, 1);
    hc_dns_query_fini(&q);
}

TEST(dns_query, tcp_is_the_same_at_every_split)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    size_t n = tcp_bytes().n;

    hc_dns_query_fini(&q);
    for (size_t cut = 0; cut <= n; cut++)
        check_fed(cut, n);
    check_fed(0, 1);
}

TEST(dns_query, a_datagram_is_not_heard_while_tcp_is_awaited)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    say(&q, 0x8182);
    CHECK_INT(q.state, DNS_WAIT);
    hc_dns_query_fini(&q);
    begin(&q, &conf);
    ask(&q, 0);
    struct dns_text all = tcp_bytes();

    hc_dns_query_feed(&q, slot, hc_str_n(all.p, all.n), asked_at);
    CHECK_INT(q.state, DNS_WAIT);
    hc_dns_query_fini(&q);
}

static void feed(struct hc_dns_query *q, const struct dns_text *m)
{
    struct dns_text framed = { .n = 0 };

    dns_put16(&framed, (unsigned)m->n);
    dns_put_data(&framed, m->p, m->n);
    hc_dns_query_feed(q, slot, hc_str_n(framed.p, framed.n), asked_at);
}

TEST(dns_query, cut_over_tcp_means_the_next_server_over_udp)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    struct dns_text m = reply_with(0x8380);

    feed(&q, &m);
    CHECK_INT(q.state, DNS_ASK);
    CHECK(!q.slots[q.current].tcp);
    check_server(&q, "10.0.0.3:5353");
    hc_dns_query_fini(&q);
}

TEST(dns_query, formerr_over_tcp_stays_with_tcp)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    struct dns_text m = reply_with(0x8181);

    feed(&q, &m);
    CHECK(q.slots[slot].tcp);
    check_server(&q, "10.0.0.2:53");
    ask(&q, SECOND);
    CHECK_INT(asked.p[11], 0);
    m = reply_with(0x8181);
    feed(&q, &m);
    check_server(&q, "10.0.0.3:5353");
    CHECK(!q.slots[q.current].tcp);
    hc_dns_query_fini(&q);
}

TEST(dns_query, the_longest_tcp_message_fits)
{
    static char big[2 + 65535];
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    struct dns_text m = reply_with(0x8180);

    memset(big, 0, sizeof big);
    big[0] = big[1] = (char)0xff;
    memcpy(big + 2, m.p, m.n);
    for (size_t at = 0; at < sizeof big; at += 4000)
        hc_dns_query_feed(&q, slot,
                          hc_str_n(big + at, sizeof big - at < 4000
                                                 ? sizeof big - at : 4000),
                          asked_at);
    CHECK_INT(q.state, DNS_DONE);
    CHECK_INT(q.reply.kind, DNS_REPLY_NO_DATA);
    hc_dns_query_fini(&q);
}

TEST(dns_query, half_a_message_does_not_spoil_the_next_connection)
{
    struct hc_resolv_conf conf = conf_of(2);
    struct hc_dns_query q;

    begin_tcp(&q, &conf);
    struct dns_text all = tcp_bytes();

    hc_dns_query_feed(&q, slot, hc_str_n(all.p, all.n / 2), asked_at);
    hc_dns_query_failed(&q, slot, 0, asked_at);
    ask(&q, SECOND);
    say(&q, 0x8380);
    ask(&q, SECOND);
    all = tcp_bytes();
    hc_dns_query_feed(&q, slot, hc_str_n(all.p, all.n), asked_at);
    CHECK_INT(q.state, DNS_DONE);
    CHECK_INT(q.reply.addrs.n, 1);
    hc_dns_query_fini(&q);
}

static int feed_without_memory(void)
{
    struct hc_resolv_conf conf = conf_of(1);
    struct hc_dns_query q;
    struct headcount_error e = { .code = 0 };

    begin_tcp(&q, &conf);
    struct dns_text all = tcp_bytes();

    for (size_t i = 0; i < all.n; i++)
        hc_dns_query_feed(&q, slot, hc_str_n(all.p + i, 1), asked_at);
    int code = q.state == DNS_DONE ? 0 : hc_dns_query_error(&q, 0, &e);

    hc_dns_query_fini(&q);
    return code;
}

TEST(dns_query, memory_may_run_out)
{
    t_fails_every_allocation(feed_without_memory);
}
