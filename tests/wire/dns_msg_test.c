/* tests/wire/dns_msg_test.c */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers/dns_peer.h"
#include "wire/dns_msg.h"

#define NAME "ecs.eu-central-1.amazonaws.com"

static struct hc_dns_question question_of(const char *name, int type)
{
    struct hc_dns_question q = { .type = type, .id = 0x1234, .edns = true };

    CHECK(hc_dns_name_get(&q.name, hc_str(name)));
    return q;
}

/* What a plain reply to (NAME, type) begins with. */
static struct dns_text reply_of(int type, unsigned flags)
{
    struct hc_dns_question q = question_of(NAME, type);
    unsigned char query[HC_DNS_QUERY_MAX];
    struct dns_text m;

    dns_reply_to(&m, query, hc_dns_question_put(query, &q), flags);
    return m;
}

static struct hc_dns_reply read_as(const struct dns_text *m, int type)
{
    struct hc_dns_question q = question_of(NAME, type);
    struct hc_dns_reply r;

    hc_dns_reply_get(&r, &q, hc_str_n(t_guard(m->p, m->n), m->n));
    return r;
}

static struct hc_dns_reply read_a(const struct dns_text *m)
{
    return read_as(m, HC_DNS_A);
}

static void check_addr(const struct hc_dns_reply *r, size_t i,
                       const char *want)
{
    char text[HC_ADDR_TEXT];

    CHECK(i < r->addrs.n);
    hc_addr_put(text, &r->addrs.a[i]);
    CHECK_Z(text, want);
}

/* ---- out ---- */

TEST(dns_msg, a_query_is_these_bytes)
{
    static const unsigned char want[] =
        "\x12\x34" "\x01\x00" "\0\1" "\0\0" "\0\0" "\0\1"
        "\3ecs\4test\0" "\0\x1c" "\0\1"
        "\0" "\0\x29" "\x04\xd0" "\0\0\0\0" "\0";
    struct hc_dns_question q = question_of("EcS.test", HC_DNS_AAAA);
    unsigned char out[HC_DNS_QUERY_MAX];
    size_t n = hc_dns_question_put(out, &q);

    CHECK_INT(n, sizeof want);
    CHECK_MEM(out, n, want);
    q.edns = false;
    CHECK_INT(hc_dns_question_put(out, &q), sizeof want - 11);
    CHECK_INT(out[11], 0);
}

TEST(dns_msg, what_is_no_name_is_refused)
{
    char label64[65], name254[256];
    static const char *const table[] = { "", ".", "a.", ".a", "a..b", "a.b.." };
    struct hc_dns_name name;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        CHECK(!hc_dns_name_get(&name, hc_str(table[i])));
    memset(label64, 'a', 64);
    label64[64] = '\0';
    CHECK(!hc_dns_name_get(&name, hc_str(label64)));
    CHECK(hc_dns_name_get(&name, hc_str(label64 + 1)));
    for (size_t i = 0; i < 254; i++)
        name254[i] = i % 2 == 0 ? 'a' : '.';
    name254[253] = 'a';
    name254[254] = '\0';
    CHECK(!hc_dns_name_get(&name, hc_str(name254)));
    CHECK(hc_dns_name_get(&name, hc_str_n(name254, 253)));
    CHECK_INT(name.n, 255);
}

/* ---- in ---- */

TEST(dns_msg, addresses_come_with_the_least_ttl)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    dns_put_a(&m, NULL, 20, "192.0.2.2");
    dns_put_a(&m, NAME, 40, "192.0.2.3");
    struct hc_dns_reply r = read_a(&m);

    CHECK_INT(r.kind, DNS_REPLY_ADDRS);
    CHECK_INT(r.rcode, HC_DNS_NOERROR);
    CHECK_INT(r.addrs.n, 3);
    CHECK_INT(r.ttl, 20);
    check_addr(&r, 0, "192.0.2.1");
    check_addr(&r, 2, "192.0.2.3");
}

TEST(dns_msg, aaaa_has_sixteen_bytes)
{
    struct dns_text m = reply_of(HC_DNS_AAAA, 0x8180);

    dns_put_aaaa(&m, NULL, 60, "2001:db8::1");
    dns_put_a(&m, NULL, 1, "192.0.2.1");
    struct hc_dns_reply r = read_as(&m, HC_DNS_AAAA);

    CHECK_INT(r.kind, DNS_REPLY_ADDRS);
    CHECK_INT(r.addrs.n, 1);
    CHECK_INT(r.ttl, 60);
    check_addr(&r, 0, "2001:db8::1");
}

TEST(dns_msg, a_chain_of_names_is_followed_in_any_order)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, "c.test", 60, "192.0.2.1");
    dns_put_a(&m, "stranger.test", 1, "192.0.2.99");
    dns_put_cname(&m, "b.test", 5, "c.test");
    dns_put_cname(&m, NULL, 255, "B.TEST");
    dns_put_a(&m, "C.test", 70, "192.0.2.2");
    struct hc_dns_reply r = read_a(&m);

    CHECK_INT(r.kind, DNS_REPLY_ADDRS);
    CHECK_INT(r.addrs.n, 2);
    CHECK_INT(r.ttl, 5);
    check_addr(&r, 0, "192.0.2.1");
    check_addr(&r, 1, "192.0.2.2");
}

static struct dns_text chain_of(int hops)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);
    char from[] = "a.test", to[] = "b.test";

    dns_put_cname(&m, NULL, 60, from);
    for (int i = 1; i < hops; i++) {
        dns_put_cname(&m, from, 60, to);
        from[0]++;
        to[0]++;
    }
    dns_put_a(&m, from, 60, "192.0.2.1");
    return m;
}

TEST(dns_msg, a_chain_has_sixteen_hops_at_most)
{
    struct dns_text m = chain_of(16);

    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
    m = chain_of(17);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_BROKEN);
}

TEST(dns_msg, a_loop_of_names_comes_to_an_end)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_cname(&m, NULL, 60, "b.test");
    dns_put_cname(&m, "b.test", 60, NAME);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_BROKEN);
    m = reply_of(HC_DNS_A, 0x8180);
    dns_put_cname(&m, NULL, 60, NAME);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_BROKEN);
}

TEST(dns_msg, a_chain_without_an_address_is_no_data)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_cname(&m, NULL, 9, "b.test");
    dns_put_aaaa(&m, "b.test", 60, "2001:db8::1");
    dns_put_soa(&m, "test", 50, 40);
    struct hc_dns_reply r = read_a(&m);

    CHECK_INT(r.kind, DNS_REPLY_NO_DATA);
    CHECK_INT(r.addrs.n, 0);
    CHECK_INT(r.ttl, 9);
}

TEST(dns_msg, a_no_lasts_as_long_as_the_soa_says_but_a_minute)
{
    static const struct { uint32_t ttl, minimum, want; } table[] = {
        { 30, 900, 30 }, { 900, 20, 20 }, { 900, 900, 60 }, { 60, 60, 60 },
        { 0, 900, 0 }, { 900, 0, 0 }, { 0x80000000, 60, 0 },
        { 60, 0xffffffff, 0 },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dns_text m = reply_of(HC_DNS_A, 0x8183);

        dns_put_record(&m, DNS_AUTHORITY, "x", 2, 1);
        dns_put16(&m, 1);
        dns_put_data(&m, "", 1);
        dns_put_soa(&m, "com", table[i].ttl, table[i].minimum);
        struct hc_dns_reply r = read_a(&m);

        CHECK_INT(r.kind, DNS_REPLY_NO_NAME);
        CHECK_INT(r.rcode, HC_DNS_NXDOMAIN);
        CHECK_INT(r.ttl, table[i].want);
    }
}

TEST(dns_msg, a_no_without_a_soa_is_not_kept)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8183);
    struct hc_dns_reply r = read_a(&m);

    CHECK_INT(r.kind, DNS_REPLY_NO_NAME);
    CHECK_INT(r.ttl, 0);
    m = reply_of(HC_DNS_A, 0x8180);
    r = read_a(&m);
    CHECK_INT(r.kind, DNS_REPLY_NO_DATA);
    CHECK_INT(r.ttl, 0);
}

TEST(dns_msg, nxdomain_with_an_address_is_still_a_no)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8183);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    CHECK_INT(read_a(&m).kind, DNS_REPLY_NO_NAME);
    CHECK_INT(read_a(&m).addrs.n, 0);
}

TEST(dns_msg, a_cut_reply_is_not_read)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8380);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    CHECK_INT(read_a(&m).kind, DNS_REPLY_CUT);
    CHECK_INT(read_a(&m).addrs.n, 0);
}

TEST(dns_msg, refusals_carry_their_rcode)
{
    static const struct { unsigned flags; int rcode; const char *name; }
    table[] = {
        { 0x8181, HC_DNS_FORMERR, "FORMERR" },
        { 0x8182, HC_DNS_SERVFAIL, "SERVFAIL" },
        { 0x8384, HC_DNS_NOTIMP, "NOTIMP" },
        { 0x8185, HC_DNS_REFUSED, "REFUSED" },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dns_text m = reply_of(HC_DNS_A, table[i].flags);
        struct hc_dns_reply r = read_a(&m);

        CHECK_INT(r.kind, DNS_REPLY_REFUSAL);
        CHECK_INT(r.rcode, table[i].rcode);
        CHECK_Z(hc_dns_rcode_name(r.rcode), table[i].name);
    }
    CHECK(hc_dns_rcode_name(-1) == NULL);
    CHECK(hc_dns_rcode_name(9) == NULL);
    CHECK_Z(hc_dns_rcode_name(HC_DNS_BADVERS), "BADVERS");
    CHECK_Z(hc_dns_rcode_name(HC_DNS_NXDOMAIN), "NXDOMAIN");
}

TEST(dns_msg, the_opt_has_the_upper_bits_of_the_rcode)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    dns_put_opt(&m, 0);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
    m = reply_of(HC_DNS_A, 0x8180);
    dns_put_a(&m, NULL, 60, "192.0.2.1");
    dns_put_soa(&m, NULL, 60, 60);
    dns_put_opt(&m, 1);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_REFUSAL);
    CHECK_INT(read_a(&m).rcode, HC_DNS_BADVERS);
    m = reply_of(HC_DNS_A, 0x8183);
    dns_put_opt(&m, 0xff);
    CHECK_INT(read_a(&m).kind, DNS_REPLY_REFUSAL);
    CHECK_INT(read_a(&m).rcode, 0xff3);
}

TEST(dns_msg, an_opt_among_the_answers_is_none)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_record(&m, DNS_ANSWER, "", 41, 1U << 24);
    dns_put16(&m, 0);
    dns_put_a(&m, NULL, 60, "192.0.2.1");
    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
}

TEST(dns_msg, a_server_without_edns_may_complain_with_the_header_alone)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8181);

    m.n = 12;
    m.p[5] = 0;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_REFUSAL);
    m.p[3] = 0x84;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_REFUSAL);
    m.p[3] = 0x82;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_STRANGER);
    m.p[3] = 0x81;
    m.n = 13;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_STRANGER);
}

TEST(dns_msg, the_question_is_matched_whatever_its_case)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    for (size_t i = 13; i < m.n - 4; i++)
        if (m.p[i] >= 'a' && m.p[i] <= 'z')
            m.p[i] = (unsigned char)(m.p[i] - 'a' + 'A');
    dns_put_a(&m, NULL, 60, "192.0.2.1");
    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
}

static void check_stranger(size_t at, unsigned char flip)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    m.p[at] ^= flip;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_STRANGER);
    CHECK_INT(read_a(&m).addrs.n, 0);
}

TEST(dns_msg, what_answers_another_question_is_a_stranger)
{
    size_t question = 12 + sizeof NAME + 1;

    check_stranger(0, 1);                        /* id      */
    check_stranger(1, 0x80);
    check_stranger(2, 0x80);                     /* QR      */
    check_stranger(2, 0x10);                     /* opcode  */
    check_stranger(5, 1);                        /* none    */
    check_stranger(5, 3);                        /* two     */
    check_stranger(4, 1);                        /* 257     */
    check_stranger(13, 2);                       /* name    */
    check_stranger(question + 1, 28 ^ 1);        /* type    */
    check_stranger(question + 3, 2);             /* class   */
}

/* A message with everything in it, cut anywhere or with any byte changed, is
 * read within its bytes. */
static struct dns_text rich(void)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_cname(&m, NULL, 60, "b.test");
    dns_put_record(&m, DNS_ANSWER, "b.test", 5, 30);
    dns_put16(&m, 2);
    dns_put16(&m, 0xc010);
    dns_put_a(&m, "eu-central-1.amazonaws.com", 60, "192.0.2.1");
    dns_put_soa(&m, "test", 60, 60);
    return m;
}

TEST(dns_msg, names_are_compressed_to_what_stands_before)
{
    struct dns_text m = rich();

    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
    CHECK_INT(read_a(&m).ttl, 30);
}

TEST(dns_msg, a_reply_that_ends_early_is_broken)
{
    struct dns_text m = rich();
    size_t question = 12 + sizeof NAME + 1 + 4;
    size_t answers = 0;

    for (size_t n = m.n; n-- > 0;) {
        struct dns_text cut = m;

        cut.n = n;
        enum hc_dns_kind kind = read_a(&cut).kind;

        if (n < question)
            CHECK_INT(kind, DNS_REPLY_STRANGER);
        else if (kind == DNS_REPLY_ADDRS && answers == 0)
            CHECK(n > question);     /* the authority is not needed */
        else
            CHECK_INT(kind, DNS_REPLY_BROKEN);
        if (kind == DNS_REPLY_BROKEN)
            answers = n;
    }
}

TEST(dns_msg, a_no_that_ends_early_is_broken)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8183);
    size_t question = m.n;

    dns_put_soa(&m, "test", 60, 60);
    for (size_t n = m.n; n-- > question;) {
        struct dns_text cut = m;

        cut.n = n;
        CHECK_INT(read_a(&cut).kind, DNS_REPLY_BROKEN);
    }
}

TEST(dns_msg, any_byte_may_be_any_other)
{
    struct dns_text m = rich();

    for (size_t i = 0; i < m.n; i++) {
        for (int v = 0; v < 256; v++) {
            struct hc_dns_question q = question_of(NAME, HC_DNS_A);
            struct dns_text odd = m;
            struct hc_dns_reply r;

            odd.p[i] = (unsigned char)v;
            hc_dns_reply_get(&r, &q, hc_str_n(odd.p, odd.n));
            CHECK(r.addrs.n <= 1);
            CHECK(r.addrs.n == 0 || r.kind == DNS_REPLY_ADDRS);
        }
    }
}

static enum hc_dns_kind kind_of_data(unsigned type, const void *data,
                                     unsigned n)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_record(&m, DNS_ANSWER, NULL, type, 60);
    dns_put16(&m, n);
    dns_put_data(&m, data, n);
    return read_a(&m).kind;
}

TEST(dns_msg, data_has_exactly_its_length)
{
    CHECK_INT(kind_of_data(1, "abcd", 4), DNS_REPLY_ADDRS);
    CHECK_INT(kind_of_data(1, "abc", 3), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_data(1, "abcde", 5), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_data(1, "", 0), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_data(5, "\1a\0", 3), DNS_REPLY_NO_DATA);
    CHECK_INT(kind_of_data(5, "\1a\0x", 4), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_data(5, "\1a", 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_data(5, "", 0), DNS_REPLY_BROKEN);
}

static enum hc_dns_kind kind_of_soa(const void *data, unsigned n)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_record(&m, DNS_AUTHORITY, NULL, 6, 60);
    dns_put16(&m, n);
    dns_put_data(&m, data, n);
    return read_a(&m).kind;
}

TEST(dns_msg, a_soa_has_exactly_its_length)
{
    static const char soa[24] = { 0 };

    CHECK_INT(kind_of_soa(soa, 22), DNS_REPLY_NO_DATA);
    CHECK_INT(kind_of_soa(soa, 21), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_soa(soa, 23), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_soa(soa, 1), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_soa(soa, 0), DNS_REPLY_BROKEN);
}

TEST(dns_msg, only_the_internet_class_counts)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);
    size_t at = m.n;

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    m.p[at + 5] = 3;                             /* CHAOS */
    CHECK_INT(read_a(&m).kind, DNS_REPLY_NO_DATA);
    m = reply_of(HC_DNS_A, 0x8183);
    at = m.n;
    dns_put_soa(&m, NULL, 60, 60);
    m.p[at + 5] = 3;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_NO_NAME);
    CHECK_INT(read_a(&m).ttl, 0);
}

TEST(dns_msg, a_ttl_with_its_high_bit_set_is_0)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, NULL, 0x80000001, "192.0.2.1");
    CHECK_INT(read_a(&m).kind, DNS_REPLY_ADDRS);
    CHECK_INT(read_a(&m).ttl, 0);
}

/* A record whose owner is these bytes. */
static enum hc_dns_kind kind_of_owner(const void *owner, size_t n)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    m.p[7] = 1;
    dns_put_data(&m, owner, n);
    dns_put16(&m, 1);
    dns_put16(&m, 1);
    dns_put32(&m, 60);
    dns_put16(&m, 4);
    dns_put32(&m, 0);
    return read_a(&m).kind;
}

TEST(dns_msg, pointers_lead_strictly_backwards)
{
    /* The first record's name begins here. */
    unsigned char here = (unsigned char)(12 + sizeof NAME + 1 + 4);
    const unsigned char itself[] = { 0xc0, here };
    const unsigned char behind[] = { 0xc0, (unsigned char)(here + 2) };
    const unsigned char around[] = { 1, 'a', 0xc0, here };
    const unsigned char far[] = { 0xff, 0xff };
    const unsigned char reserved[] = { 0x40, 0 };
    const unsigned char reserved2[] = { 0x80, 0x0c };
    const unsigned char question[] = { 0xc0, 12 };

    CHECK_INT(kind_of_owner(itself, 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(behind, 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(around, 4), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(far, 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(reserved, 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(reserved2, 2), DNS_REPLY_BROKEN);
    CHECK_INT(kind_of_owner(question, 2), DNS_REPLY_ADDRS);
}

/* An owner that reaches the question over this many pointers. */
static enum hc_dns_kind kind_of_jumps(unsigned jumps)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_record(&m, DNS_ANSWER, "x", 16, 60);
    dns_put16(&m, 2 * (jumps - 1));
    dns_put16(&m, 0xc00c);
    for (unsigned i = 1; i < jumps - 1; i++)
        dns_put16(&m, 0xc000 | (unsigned)(m.n - 2));
    unsigned last = (unsigned)(m.n - 2);

    m.p[7] = 2;
    dns_put16(&m, 0xc000 | last);
    dns_put16(&m, 1);
    dns_put16(&m, 1);
    dns_put32(&m, 60);
    dns_put16(&m, 4);
    dns_put32(&m, 0);
    return read_a(&m).kind;
}

TEST(dns_msg, a_name_has_128_jumps_at_most)
{
    CHECK_INT(kind_of_jumps(2), DNS_REPLY_ADDRS);
    CHECK_INT(kind_of_jumps(128), DNS_REPLY_ADDRS);
    CHECK_INT(kind_of_jumps(129), DNS_REPLY_BROKEN);
}

TEST(dns_msg, a_name_has_255_bytes_at_most)
{
    unsigned char owner[300] = { 0 };

    for (size_t at = 0; at < 252; at += 2) {     /* 126 labels, 252 bytes */
        owner[at] = 1;
        owner[at + 1] = 'a';
    }
    owner[252] = 1;
    owner[253] = 'a';                            /* 254 with this, and a 0 */
    CHECK_INT(kind_of_owner(owner, 255), DNS_REPLY_NO_DATA);
    owner[252] = 2;
    owner[254] = 'a';
    CHECK_INT(kind_of_owner(owner, 256), DNS_REPLY_BROKEN);
}

TEST(dns_msg, counts_are_bounded_by_the_bytes)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    dns_put_a(&m, NULL, 60, "192.0.2.1");
    m.p[6] = m.p[7] = 0xff;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_BROKEN);
    m = reply_of(HC_DNS_A, 0x8183);
    m.p[8] = m.p[9] = 0xff;
    CHECK_INT(read_a(&m).kind, DNS_REPLY_BROKEN);
}

TEST(dns_msg, addresses_are_bounded)
{
    struct dns_text m = reply_of(HC_DNS_A, 0x8180);

    for (int i = 0; i < 40; i++) {
        char ip[] = "192.0.2.1x";

        ip[8] = (char)('1' + i / 10);
        ip[9] = (char)('0' + i % 10);
        dns_put_a(&m, NULL, 60, ip);
    }
    CHECK_INT(read_a(&m).addrs.n, HC_ADDRS_MAX);
}

TEST(dns_msg, nothing_is_a_stranger)
{
    struct hc_dns_question q = question_of(NAME, HC_DNS_A);
    struct hc_dns_reply r;

    hc_dns_reply_get(&r, &q, (struct hc_str){ NULL, 0 });
    CHECK_INT(r.kind, DNS_REPLY_STRANGER);
}

/* ---- a table of answers ---- */

/* The text up to `end`, cut off the front; NULL: there is none. */
static char *cut_off(char **rest, char end)
{
    char *first = *rest;
    char *at = first != NULL ? strchr(first, end) : NULL;

    if (at != NULL)
        *at = '\0';
    *rest = at != NULL ? at + 1 : NULL;
    return first;
}

/* One part of an answer: a word and what stands behind its slashes. */
static void put_part(struct dns_text *m, char *part)
{
    char *rest = part;
    const char *word = cut_off(&rest, '/'), *a = cut_off(&rest, '/');
    const char *b = cut_off(&rest, '/'), *owner = cut_off(&rest, '/');
    unsigned n = a != NULL ? (unsigned)strtoul(a, NULL, 0) : 0;
    unsigned v = b != NULL ? (unsigned)strtoul(b, NULL, 0) : 0;

    if (strcmp(word, "A") == 0) {
        dns_put_a(m, owner, v, a);
    } else if (strcmp(word, "AAAA") == 0) {
        dns_put_aaaa(m, owner, v, a);
    } else if (strcmp(word, "CNAME") == 0) {
        dns_put_cname(m, owner, v, a);
    } else if (strcmp(word, "SOA") == 0) {
        dns_put_soa(m, owner, n, v);
    } else if (strcmp(word, "OPT") == 0) {
        dns_put_opt(m, n);
    } else if (strcmp(word, "RAW") == 0) {       /* type, length of data */
        dns_put_record(m, DNS_ANSWER, owner, n, 60);
        dns_put16(m, v);
        for (unsigned i = 0; i < v; i++)
            dns_put_data(m, "\1", 1);
    } else if (strcmp(word, "EXTRA") == 0) {     /* the same, additional */
        dns_put_record(m, DNS_ADDITIONAL, owner, n, 60);
        dns_put16(m, v);
        for (unsigned i = 0; i < v; i++)
            dns_put_data(m, "\1", 1);
    } else if (strcmp(word, "SET") == 0) {       /* a byte */
        m->p[n] = (unsigned char)v;
    } else if (strcmp(word, "BACK") == 0) {      /* one before the end */
        m->p[m->n - n] = (unsigned char)v;
    } else if (strcmp(word, "CUT") == 0) {
        m->n -= n;
    } else if (strcmp(word, "TAIL") == 0) {
        for (unsigned i = 0; i < n; i++)
            dns_put_data(m, "", 1);
    } else {
        fail_msg("what is %s?", word);
    }
}

static const char *kind_name(enum hc_dns_kind kind)
{
    switch (kind) {
    case DNS_REPLY_STRANGER: return "stranger";
    case DNS_REPLY_ADDRS:    return "addrs";
    case DNS_REPLY_NO_NAME:  return "no name";
    case DNS_REPLY_NO_DATA:  return "no data";
    case DNS_REPLY_CUT:      return "cut";
    case DNS_REPLY_REFUSAL:  return "refusal";
    case DNS_REPLY_BROKEN:   return "broken";
    }
    return "?";
}

/* "KIND ttl ADDRESS..." or "refusal RCODE" or "KIND". */
static const char *told(const struct hc_dns_reply *r)
{
    static char text[1024];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", kind_name(r->kind));

    if (r->kind == DNS_REPLY_REFUSAL)
        snprintf(text + n, sizeof text - n, " %d", r->rcode);
    if (r->kind != DNS_REPLY_ADDRS && r->kind != DNS_REPLY_NO_NAME &&
        r->kind != DNS_REPLY_NO_DATA)
        return text;
    n += (size_t)snprintf(text + n, sizeof text - n, " %u", r->ttl);
    for (size_t i = 0; i < r->addrs.n; i++) {
        char ip[HC_ADDR_TEXT];

        hc_addr_put(ip, &r->addrs.a[i]);
        n += (size_t)snprintf(text + n, sizeof text - n, " %s", ip);
    }
    return text;
}

static const char *answer_to(int type, const char *spec)
{
    char copy[1024], *rest = copy;
    struct dns_text m;

    snprintf(copy, sizeof copy, "%s", spec);
    m = reply_of(type, (unsigned)strtoul(cut_off(&rest, ' '), NULL, 16));
    while (rest != NULL)
        put_part(&m, cut_off(&rest, ' '));
    struct hc_dns_reply r = read_as(&m, type);

    return told(&r);
}

/* The question ends at byte 48: NAME has 32 bytes on the wire. */
static const struct { const char *spec, *want; } answers[] = {
    /* what is right */
    { "8180 A/1.2.3.4/60", "addrs 60 1.2.3.4" },
    { "8580 A/1.2.3.4/60", "addrs 60 1.2.3.4" },            /* AA */
    { "8100 A/1.2.3.4/60", "addrs 60 1.2.3.4" },            /* no RA */
    { "81b0 A/1.2.3.4/60", "addrs 60 1.2.3.4" },            /* AD, CD */
    { "81c0 A/1.2.3.4/60", "addrs 60 1.2.3.4" },            /* Z */
    { "8180 A/1.2.3.4/60 A/1.2.3.5/30", "addrs 30 1.2.3.4 1.2.3.5" },
    { "8180 A/1.2.3.4/60 A/1.2.3.4/30", "addrs 30 1.2.3.4" },
    { "8180 A/1.2.3.4/0", "addrs 0 1.2.3.4" },
    { "8180 A/1.2.3.4/0x7fffffff", "addrs 2147483647 1.2.3.4" },
    { "8180 A/1.2.3.4/0x80000000", "addrs 0 1.2.3.4" },
    { "8180 A/0.0.0.0/60", "addrs 60 0.0.0.0" },
    { "8180 A/1.2.3.4/60/ECS.eu-central-1.AMAZONAWS.com",
      "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 OPT/0", "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 EXTRA/1/4/x.test OPT/0", "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 SOA/9/9", "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 RAW/16/3", "addrs 60 1.2.3.4" },   /* TXT */
    { "8180 RAW/46/40 A/1.2.3.4/60", "addrs 60 1.2.3.4" },  /* RRSIG */
    { "8180 RAW/65280/0 A/1.2.3.4/60", "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 AAAA/::1/60", "addrs 60 1.2.3.4" },
    { "8180 A/1.2.3.4/60 TAIL/7", "addrs 60 1.2.3.4" },
    { "8180 CNAME/b.test/9 A/1.2.3.4/60/b.test", "addrs 9 1.2.3.4" },
    { "8180 A/1.2.3.4/60/b.test CNAME/B.test/90", "addrs 60 1.2.3.4" },
    { "8180 CNAME/b.test/0 A/1.2.3.4/60/b.test", "addrs 0 1.2.3.4" },
    { "8180 CNAME/b.test/9 CNAME/c.test/8/b.test A/1.2.3.4/7/c.test",
      "addrs 7 1.2.3.4" },
    { "8180 CNAME/b.test/9 CNAME/b.test/9 A/1.2.3.4/60/b.test",
      "addrs 9 1.2.3.4" },
    { "8180 CNAME/b.test/9 A/1.2.3.4/60/b.test A/6.6.6.6/60/x.test",
      "addrs 9 1.2.3.4" },
    { "8180 CNAME/b.test/9 A/1.2.3.4/60", "addrs 60 1.2.3.4" },
    /* a "no" */
    { "8183", "no name 0" },
    { "8183 SOA/50/40/test", "no name 40" },
    { "8183 SOA/30/40/test", "no name 30" },
    { "8183 SOA/500/400/test", "no name 60" },
    { "8183 SOA/0x80000000/9/test", "no name 0" },
    { "8183 OPT/0", "no name 0" },
    { "8183 A/1.2.3.4/60", "no name 0" },
    { "8183 CNAME/b.test/9 SOA/50/40/test", "no name 9" },
    { "8180", "no data 0" },
    { "8180 SOA/50/40/test", "no data 40" },
    { "8180 AAAA/::1/60", "no data 0" },
    { "8180 A/6.6.6.6/60/x.test", "no data 0" },
    { "8180 A/6.6.6.6/60/eu-central-1.amazonaws.com", "no data 0" },
    { "8180 CNAME/b.test/9", "no data 0" },
    { "8180 CNAME/b.test/9 SOA/50/40/test", "no data 9" },
    { "8180 CNAME/b.test/9 A/6.6.6.6/60/x.test", "no data 0" },
    { "8180 EXTRA/1/4", "no data 0" },           /* an A, but additional */
    /* refusals */
    { "8181", "refusal 1" }, { "8182", "refusal 2" }, { "8184", "refusal 4" },
    { "8185", "refusal 5" }, { "8189", "refusal 9" }, { "818f", "refusal 15" },
    { "8182 A/1.2.3.4/60", "refusal 2" },
    { "8182 OPT/0", "refusal 2" },
    { "8182 TAIL/3", "refusal 2" },
    { "8180 OPT/1", "refusal 16" },
    { "8180 A/1.2.3.4/60 OPT/1", "refusal 16" },
    { "8183 OPT/1", "refusal 19" },
    { "8180 OPT/255", "refusal 4080" },
    { "8180 EXTRA/1/4/x.test OPT/1", "refusal 16" },
    { "8180 OPT/1 CUT/1", "no data 0" },         /* half an OPT is none */
    /* cut */
    { "8380", "cut" }, { "8380 A/1.2.3.4/60", "cut" },
    { "8383", "cut" }, { "8380 A/1.2.3.4/60 CUT/9", "cut" },
    { "8382", "refusal 2" },
    /* broken */
    { "8180 RAW/1/3", "broken" }, { "8180 RAW/1/5", "broken" },
    { "8180 RAW/1/0", "broken" }, { "8180 A/1.2.3.4/60 RAW/1/3", "broken" },
    { "8180 A/1.2.3.4/60 CUT/1", "broken" },
    { "8180 A/1.2.3.4/60 CUT/15", "broken" },
    { "8180 SET/7/1", "broken" }, { "8180 SET/6/255 SET/7/255", "broken" },
    { "8180 SET/9/1", "broken" },
    { "8180 A/1.2.3.4/60 SET/7/2", "broken" },
    { "8180 A/1.2.3.4/60 BACK/15/48", "broken" },    /* owner: itself */
    { "8180 A/1.2.3.4/60 BACK/15/63", "broken" },    /* owner: ahead */
    { "8180 A/1.2.3.4/60 BACK/5/5", "broken" },      /* 5 bytes of data */
    { "8180 RAW/5/0", "broken" }, { "8180 RAW/5/1", "broken" },
    { "8180 CNAME/b.test/9 CNAME/" NAME "/9/b.test", "broken" },
    { "8180 CNAME/" NAME "/9", "broken" },
    { "8183 SOA/50/40/test CUT/1", "broken" },
    /* strangers */
    { "0180 A/1.2.3.4/60", "stranger" },             /* a query */
    { "8980 A/1.2.3.4/60", "stranger" },             /* opcode 1 */
    { "a180 A/1.2.3.4/60", "stranger" },             /* NOTIFY */
    { "8180 SET/0/0x13 A/1.2.3.4/60", "stranger" },
    { "8180 SET/1/0x35 A/1.2.3.4/60", "stranger" },
    { "8180 SET/5/0 A/1.2.3.4/60", "stranger" },     /* no question */
    { "8180 SET/5/2 A/1.2.3.4/60", "stranger" },     /* two */
    { "8180 SET/13/120 A/1.2.3.4/60", "stranger" },  /* another name */
    { "8180 SET/45/28 A/1.2.3.4/60", "stranger" },   /* another type */
    { "8180 SET/47/3 A/1.2.3.4/60", "stranger" },    /* class CHAOS */
    { "8180 CUT/1", "stranger" }, { "8180 CUT/40", "stranger" },
};

TEST(dns_msg, answers_mean_what_the_table_says)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const char *got = answer_to(HC_DNS_A, answers[i].spec);

        if (strcmp(got, answers[i].want) != 0)
            fail_msg("%s: \"%s\" and not \"%s\"", answers[i].spec, got,
                     answers[i].want);
    }
    CHECK_Z(answer_to(HC_DNS_AAAA, "8180 AAAA/::1/60 A/1.2.3.4/9"),
            "addrs 60 ::1");
    CHECK_Z(answer_to(HC_DNS_AAAA, "8180 A/1.2.3.4/9"), "no data 0");
    CHECK_Z(answer_to(HC_DNS_AAAA, "8180 RAW/28/4"), "broken");
    CHECK_Z(answer_to(HC_DNS_AAAA, "8180 RAW/28/17"), "broken");
}
