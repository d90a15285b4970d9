/* wire/chain - chains handed to the class as BearSSL's engine does. */
#include "wire/chain.h"

#include <string.h>

#include "peers/x509_maker.h"
#include "t.h"

#define NOW ((int64_t)1798761600 * HC_SECOND)          /* 2027-01-01 */

enum { ROOT = 1, MIDDLE, LEAF, STRANGER };             /* keys */

static struct hc_buf buf(void)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), (size_t)1 << 20);
    return b;
}

/* What one test says about its chain: leaf, middle, then root as the anchor. */
struct setting {
    struct hc_buf leaf, middle, root;        /* extensions */
    const char *leaf_to, *middle_to, *root_to;
    const char *leaf_from;
    bool direct;                             /* leaf is the anchor itself */
    bool reissued;                           /* with other bytes          */
    bool nameless;                           /* the middle has no subject */
    size_t extra;                            /* copies of middle behind   */
    size_t flag;                             /* middle's, from 0 on, that is */
    char mask;                               /* changed after the signing    */
    const char *host;
    int64_t wall;
    size_t chunk;
    const struct hc_alloc *alloc;
    /* what came of it */
    struct headcount_error e;
    unsigned verdict;
    int64_t until;
    bool has_key;
};

/* All as it should be. */
static struct setting sound(void)
{
    struct setting s = { .leaf = buf(), .middle = buf(), .root = buf(),
                         .host = "good.test", .wall = NOW, .chunk = 1000,
                         .alloc = t_alloc() };

    x509_ext_ca(&s.root);
    x509_ext_ca(&s.middle);
    x509_ext_usage(&s.leaf, X509_SERVER_AUTH, 8);
    return s;
}

static void present(struct hc_chain *c, struct hc_str der, size_t chunk)
{
    const br_x509_class **x = &c->vtable;

    c->vtable->start_cert(x, (uint32_t)der.n);
    while (der.n > 0) {
        size_t n = der.n < chunk ? der.n : chunk;

        c->vtable->append(x, (const unsigned char *)t_guard(der.p, n), n);
        der = hc_str_from(der, n);
    }
    c->vtable->end_cert(x);
}

static void make(struct hc_buf *out, const struct x509_spec *s)
{
    *out = buf();
    x509_make(out, s);
}

static void load_anchor(struct hc_anchors *a, struct hc_str der)
{
    struct hc_buf pem = buf();
    struct headcount_error e = { 0 };

    x509_pem(&pem, der);
    if (hc_anchors_load_pem(a, t_alloc(), hc_buf_view(&pem), &e) < 0)
        fail_msg("%s", e.what);
    hc_buf_fini(&pem);
}

static void judge(struct setting *s, struct hc_anchors *a, struct hc_str leaf,
                  struct hc_str middle)
{
    static struct hc_chain c;
    unsigned usages;

    CHECK_INT(hc_chain_init(&c, a, hc_str(s->host), s->wall, s->alloc), 0);
    c.vtable->start_chain(&c.vtable, NULL);
    present(&c, leaf, s->chunk);
    if (!s->direct)
        for (size_t i = 0; i <= s->extra; i++)
            present(&c, middle, s->chunk);
    s->verdict = c.vtable->end_chain(&c.vtable);
    s->has_key = c.vtable->get_pkey(&c.vtable, &usages) != NULL;
    s->until = c.until;
    if (s->verdict != 0)
        hc_chain_error(&c, (int)s->verdict, &s->e);
    hc_chain_fini(&c);
}

/* BOOLEAN TRUE before an OCTET STRING: an extension that is critical. */
static void change_flag(struct hc_buf der, size_t flag, char mask)
{
    size_t at = 0;

    for (size_t i = 0; i <= flag; i++)
        do {
            CHECK(at + 5 < der.n);
        } while (memcmp(der.p + at++, "\x01\x01\xFF\x04", 4) != 0);
    der.p[at + 1] ^= mask;
}

/* Makes the three, runs the chain; frees the extensions. */
static void run(struct setting *s)
{
    struct hc_buf leaf, middle, root;
    struct hc_anchors a;
    struct x509_spec spec = { .subject = "root", .issuer = "root", .key = ROOT,
                              .signer = ROOT, .to = s->root_to,
                              .extensions = hc_buf_view(&s->root) };

    make(&root, &spec);
    spec = (struct x509_spec){ .subject = "middle", .issuer = "root",
                               .key = MIDDLE, .signer = ROOT,
                               .to = s->middle_to,
                               .extensions = hc_buf_view(&s->middle) };
    if (s->nameless)
        spec.subject_der = HC_STR("\x30\x00");
    make(&middle, &spec);
    if (s->mask != 0)
        change_flag(middle, s->flag, s->mask);
    spec = (struct x509_spec){ .subject = "leaf",
                               .issuer = s->nameless ? NULL : "middle",
                               .key = LEAF, .signer = MIDDLE,
                               .from = s->leaf_from, .to = s->leaf_to,
                               .extensions = hc_buf_view(&s->leaf) };
    make(&leaf, &spec);
    if (s->reissued) {
        hc_buf_fini(&root);
        spec.to = "481231235959Z";
        make(&root, &spec);
    }
    load_anchor(&a, hc_buf_view(s->direct && !s->reissued ? &leaf : &root));
    judge(s, &a, hc_buf_view(&leaf), hc_buf_view(&middle));
    hc_anchors_fini(&a);
    hc_buf_fini(&leaf);
    hc_buf_fini(&middle);
    hc_buf_fini(&root);
    hc_buf_fini(&s->leaf);
    hc_buf_fini(&s->middle);
    hc_buf_fini(&s->root);
}

static void check_good(struct setting *s)
{
    run(s);
    if (s->verdict != 0)
        fail_msg("%s", s->e.what);
    CHECK(s->has_key);
}

static void check_bad(struct setting *s, const char *part)
{
    run(s);
    CHECK(s->verdict != 0);
    CHECK(!s->has_key);
    CHECK_INT(s->e.code, HEADCOUNT_ECERT);
    if (strstr(s->e.what, part) == NULL || strstr(s->e.what, s->host) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", s->e.what, part);
}

static void add_host(struct setting *s, const char *name)
{
    x509_ext_san(&s->leaf, X509_DNS, hc_str(name));
}

TEST(chain, a_sound_chain_is_believed_in_pieces_of_any_size)
{
    static const size_t chunks[] = { 1, 2, 7, 64, 1000 };

    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct setting s = sound();

        add_host(&s, "good.test");
        s.chunk = chunks[i];
        check_good(&s);
    }
}

TEST(chain, the_end_of_validity_is_the_earliest_of_the_chain)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.leaf_to = "280101000000Z";
    s.root_to = "270601000000Z";
    check_good(&s);
    CHECK_INT(s.until, (int64_t)1811808000 * HC_SECOND);

    s = sound();
    add_host(&s, "good.test");
    s.leaf_to = "280101000000Z";
    check_good(&s);
    CHECK_INT(s.until, (int64_t)1830297600 * HC_SECOND);
}

TEST(chain, names_must_stand_in_the_san)
{
    struct setting s = sound();

    check_bad(&s, "no subjectAltName");

    s = sound();
    s.host = "leaf";                       /* the common name */
    check_bad(&s, "no subjectAltName");

    s = sound();
    add_host(&s, "other.test");
    check_bad(&s, "is for other names (subjectAltName)");

    s = sound();
    s.host = "leaf";
    x509_ext_san(&s.leaf, X509_IP, HC_STR("\x7F\x01\x01\x01"));
    check_bad(&s, "is for other names (subjectAltName)");

    s = sound();
    add_host(&s, "*.good.test");
    s.host = "a.good.test";
    check_good(&s);

    s = sound();
    add_host(&s, "*.test");
    check_bad(&s, "is for other names (subjectAltName)");
}

TEST(chain, an_address_must_stand_in_the_san_as_an_address)
{
    struct setting s = sound();

    s.host = "127.1.1.1";
    x509_ext_san(&s.leaf, X509_IP, HC_STR("\x7F\x01\x01\x01"));
    check_good(&s);

    s = sound();
    s.host = "127.1.1.2";
    x509_ext_san(&s.leaf, X509_IP, HC_STR("\x7F\x01\x01\x01"));
    check_bad(&s, "iPAddress");

    s = sound();
    s.host = "127.1.1.1";
    add_host(&s, "127.1.1.1");             /* the text is no address */
    check_bad(&s, "iPAddress");

    s = sound();
    s.host = "127.1.1.1";
    check_bad(&s, "no subjectAltName");

    s = sound();
    s.host = "fd00::1";
    x509_ext_san(&s.leaf, X509_IP,
                 hc_str_n("\xFD\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16));
    check_good(&s);
}

#define LIT(text) { text, sizeof(text) - 1 }
#define PERMITS_GOOD "\x30\x0F\xA0\x0D\x30\x0B\x82\x09good.test"
#define EXCLUDES_GOOD "\x30\x0F\xA1\x0D\x30\x0B\x82\x09good.test"
#define PERMITS_10 "\x30\x0E\xA0\x0C\x30\x0A\x87\x08\x0A\0\0\0\xFF\0\0\0"
#define PERMITS_MAIL "\x30\x0E\xA0\x0C\x30\x0A\x81\x08" "a.b.test"
#define PERMITS_DIRECTORY "\x30\x08\xA0\x06\x30\x04\xA4\x02\x30\x00"

TEST(chain, name_constraints_hold_for_all_below)
{
    static const struct {
        struct hc_str value;
        const char *host, *part;         /* NULL: good */
    } rows[] = {
        { LIT(PERMITS_GOOD), "good.test", NULL },
        { LIT(PERMITS_GOOD), "a.good.test", NULL },
        { LIT(PERMITS_GOOD), "other.test",
          "do not permit the name \"other.test\"" },
        { LIT(EXCLUDES_GOOD), "other.test", NULL },
        { LIT(EXCLUDES_GOOD), "a.good.test",
          "exclude the name \"a.good.test\"" },
        { LIT(PERMITS_10), "good.test", NULL },
        { LIT(PERMITS_10), "10.1.2.3", NULL },
        { LIT(PERMITS_10), "11.1.2.3",
          "do not permit the name \"11.1.2.3\"" },
        { LIT(PERMITS_MAIL), "good.test", NULL },
        { LIT(PERMITS_DIRECTORY), "good.test",
          "of the kind directoryName, which are not checked here" },
        { LIT("\x30\x00"), "good.test", "cannot be read" }
    };

    for (size_t i = 0; i < 4 * sizeof(rows) / sizeof(rows[0]); i++) {
        bool critical = i % 2 == 0, root = i / 2 % 2 == 1;
        bool kind = strcmp(rows[i / 4].host, "good.test") == 0;
        bool unread = rows[i / 4].value.n == 2;

        if (root && unread)
            continue;                    /* no such root is loaded */
        struct setting s = sound();

        s.host = rows[i / 4].host;
        if (s.host[0] != '1')
            add_host(&s, s.host);
        else
            x509_ext_san(&s.leaf, X509_IP,
                         hc_str_n(s.host[1] == '0' ? "\x0A\1\2\3"
                                                   : "\x0B\1\2\3", 4));
        x509_ext(root ? &s.root : &s.middle, X509_CONSTRAINTS, critical,
                 rows[i / 4].value);
        /* Of kinds that are not checked only critical ones matter. */
        if (rows[i / 4].part == NULL || (kind && !critical && !unread))
            check_good(&s);
        else
            check_bad(&s, rows[i / 4].part);
    }
}

TEST(chain, a_constraint_is_told_with_the_ca_that_has_it)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    x509_ext(&s.middle, X509_CONSTRAINTS, true, HC_STR(EXCLUDES_GOOD));
    check_bad(&s, "of the CA \"middle\" exclude");

    s = sound();
    add_host(&s, "good.test");
    x509_ext(&s.root, X509_CONSTRAINTS, true, HC_STR(EXCLUDES_GOOD));
    check_bad(&s, "of the CA \"root\" exclude");

    s = sound();                         /* a second name is one, too */
    hc_buf_reset(&s.leaf);
    x509_ext(&s.leaf, X509_SAN, false,
             HC_STR("\x30\x13\x82\x06x.test\x82\x09good.test"));
    x509_ext(&s.middle, X509_CONSTRAINTS, true, HC_STR(PERMITS_GOOD));
    check_bad(&s, "do not permit the name \"x.test\"");

    s = sound();                         /* the CA below has names, too */
    add_host(&s, "good.test");
    x509_ext_san(&s.middle, X509_DNS, HC_STR("ca.test"));
    x509_ext(&s.root, X509_CONSTRAINTS, true, HC_STR(PERMITS_GOOD));
    check_bad(&s, "do not permit the name \"ca.test\"");

    s = sound();
    add_host(&s, "good.test");
    x509_ext(&s.leaf, X509_CONSTRAINTS, false, HC_STR(PERMITS_GOOD));
    check_bad(&s, "name constraints, though it is no CA");
}

TEST(chain, a_critical_extension_has_to_be_understood)
{
    static const struct { const char *oid, *text; struct hc_str value; } rows[]
        = { { "\x55\x1D\x23", "2.5.29.35", LIT("\x30\x00") },
            { "\x55\x1D\x0E", "2.5.29.14", LIT("\x04\x01x") },
            { "\x2B\x06\x01\x05\x05\x07\x01\x01", "1.3.6.1.5.5.7.1.1",
              LIT("\x30\x00") },
            { "\x55\x1D\x12", "2.5.29.18", LIT("\x30\x00") },
            { "\x55\x1D\x1F", "2.5.29.31", LIT("\x30\x00") },
            { "\x55\x1D\x24", "2.5.29.36", LIT("\x30\x00") },
            { "\x55\x1D\x5E", "2.5.29.94", LIT("\x30\x00") },
            { "\x2A\x03", "1.2.3", LIT("\x05\x00") } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int where = 0; where < 4; where++) {
            struct setting s = sound();

            add_host(&s, "good.test");
            x509_ext(where % 2 == 0 ? &s.leaf : &s.middle, rows[i].oid,
                     where < 2, rows[i].value);
            if (where < 2)
                check_bad(&s, rows[i].text);
            else
                check_good(&s);
        }
}

/* minimal would refuse it: it is checked here. */
TEST(chain, a_critical_usage_for_servers_is_understood)
{
    struct setting s = sound();

    hc_buf_reset(&s.leaf);
    add_host(&s, "good.test");
    x509_ext(&s.leaf, X509_USAGE, true,
             HC_STR("\x30\x0A\x06\x08" X509_SERVER_AUTH));
    s.chunk = 1;
    check_good(&s);

    s = sound();
    hc_buf_reset(&s.leaf);
    add_host(&s, "good.test");
    x509_ext(&s.leaf, X509_USAGE, true,
             HC_STR("\x30\x0A\x06\x08" X509_CLIENT_AUTH));
    check_bad(&s, "lacks serverAuth");
}

#define BASIC "\x55\x1D\x13"
#define KEY_USAGE "\x55\x1D\x0F"

TEST(chain, a_ca_has_a_name_a_flag_and_may_sign)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.nameless = true;
    check_bad(&s, "a CA without a name");

    s = sound();
    add_host(&s, "good.test");
    hc_buf_reset(&s.middle);
    check_bad(&s, "\"middle\" issued another, though it is no CA");

    s = sound();
    add_host(&s, "good.test");
    x509_ext(&s.middle, KEY_USAGE, true, HC_STR("\x03\x02\x07\x80"));
    check_bad(&s, "\"middle\" issued another, which its keyUsage");

    s = sound();
    add_host(&s, "good.test");
    x509_ext(&s.root, KEY_USAGE, true, HC_STR("\x03\x02\x07\x80"));
    check_bad(&s, "\"root\" issued another, which its keyUsage");

    s = sound();
    add_host(&s, "good.test");
    hc_buf_reset(&s.root);
    x509_ext(&s.root, BASIC, true, HC_STR("\x30\x06\x01\x01\xFF\x02\x01\x00"));
    check_bad(&s, "\"root\" has more CAs below it");

    s = sound();
    add_host(&s, "good.test");
    hc_buf_reset(&s.root);
    x509_ext(&s.root, BASIC, true, HC_STR("\x30\x06\x01\x01\xFF\x02\x01\x01"));
    check_good(&s);

    s = sound();
    add_host(&s, "good.test");
    x509_ext_usage(&s.root, X509_CLIENT_AUTH, 8);
    check_bad(&s, "\"root\" is not for servers");

    s = sound();                         /* in the bundle, and no CA */
    add_host(&s, "good.test");
    hc_buf_reset(&s.root);
    check_bad(&s, "\"root\" issued another, though it is no CA");
}

TEST(chain, a_server_has_a_certificate_of_its_own)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    x509_ext_ca(&s.leaf);
    check_bad(&s, "is that of a CA: give the server one of its own");

    s = sound();                         /* in the bundle, byte for byte */
    s.direct = true;
    add_host(&s, "good.test");
    x509_ext_ca(&s.leaf);
    check_good(&s);

    s = sound();                         /* another one with its name and key */
    s.direct = s.reissued = true;
    add_host(&s, "good.test");
    check_bad(&s, "none of the trusted roots");

    s = sound();
    s.direct = s.reissued = true;
    add_host(&s, "good.test");
    x509_ext_ca(&s.leaf);
    check_bad(&s, "is that of a CA");
}

TEST(chain, a_clock_before_the_release_is_told_from_an_expired_one)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.leaf_from = "260601000000Z";
    s.wall = (int64_t)1546300800 * HC_SECOND;        /* 2019-01-01 */
    check_bad(&s, "the clock here says 2019-01-01, which is before this "
                  "version of headcount was made (" HEADCOUNT_VERSION_DAY);

    s = sound();
    add_host(&s, "good.test");
    s.leaf_to = "250601000000Z";
    s.wall = (int64_t)1767225600 * HC_SECOND;        /* 2026-01-01 */
    check_bad(&s, "the clock here says 2026-01-01, which is before");

    s = sound();
    add_host(&s, "good.test");
    s.leaf_from = "280601000000Z";
    check_bad(&s, "\"leaf\" is not valid before 2028-06-01, and the clock");
}

TEST(chain, every_certificate_must_be_for_servers)
{
    struct setting s = sound();

    hc_buf_reset(&s.leaf);
    x509_ext_usage(&s.leaf, X509_CLIENT_AUTH, 8);
    add_host(&s, "good.test");
    check_bad(&s, "lacks serverAuth");

    s = sound();
    hc_buf_reset(&s.leaf);
    x509_ext_usage(&s.leaf, X509_ANY_USAGE, 4);
    add_host(&s, "good.test");
    check_bad(&s, "lacks serverAuth");

    s = sound();
    hc_buf_reset(&s.leaf);                 /* none: for everything */
    add_host(&s, "good.test");
    check_good(&s);

    s = sound();
    add_host(&s, "good.test");
    x509_ext_usage(&s.middle, X509_CLIENT_AUTH, 8);
    check_bad(&s, "\"middle\" is not for servers");

    s = sound();
    add_host(&s, "good.test");
    x509_ext_usage(&s.middle, X509_ANY_USAGE, 4);
    check_good(&s);

    s = sound();
    add_host(&s, "good.test");
    x509_ext_usage(&s.middle, X509_SERVER_AUTH, 8);
    check_good(&s);
}

TEST(chain, the_certificate_out_of_date_is_the_one_named)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.leaf_to = "261231235959Z";
    check_bad(&s, "\"leaf\" expired on 2026-12-31, and the clock here says "
                  "2027-01-01");

    s = sound();
    add_host(&s, "good.test");
    s.middle_to = "261230000000Z";
    check_bad(&s, "\"middle\" expired on 2026-12-30");

    s = sound();
    add_host(&s, "good.test");
    s.root_to = "261229000000Z";
    check_bad(&s, "root \"root\" of the trusted roots, which expired on "
                  "2026-12-29");

    s = sound();
    add_host(&s, "good.test");
    s.leaf_from = "270102000000Z";
    check_bad(&s, "\"leaf\" is not valid before 2027-01-02");
}

TEST(chain, the_last_second_of_validity_is_still_valid)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.leaf_to = s.middle_to = "270101000000Z";
    s.leaf_from = "270101000000Z";
    s.wall = NOW + HC_SECOND - 1;
    check_good(&s);

    s = sound();
    add_host(&s, "good.test");
    s.leaf_to = "270101000000Z";
    s.wall = NOW + HC_SECOND;
    check_bad(&s, "expired");
}

TEST(chain, a_leaf_that_is_itself_trusted_is_still_checked)
{
    struct setting s = sound();

    s.direct = true;
    add_host(&s, "good.test");
    check_good(&s);

    s = sound();
    s.direct = true;
    add_host(&s, "other.test");
    check_bad(&s, "is for other names (subjectAltName)");

    s = sound();
    s.direct = true;
    check_bad(&s, "no subjectAltName");

    s = sound();
    s.direct = true;
    add_host(&s, "good.test");
    s.leaf_to = "261231235959Z";
    check_bad(&s, "expired on 2026-12-31");
}

/* minimal looks neither at an address nor at a purpose: it believes these. */
TEST(chain, a_trusted_leaf_is_refused_where_minimal_believes_it)
{
    struct setting s = sound();

    s.direct = true;
    s.host = "127.1.1.1";
    x509_ext_san(&s.leaf, X509_IP, HC_STR("\x7F\x01\x01\x02"));
    check_bad(&s, "iPAddress");

    s = sound();
    s.direct = true;
    hc_buf_reset(&s.leaf);
    add_host(&s, "good.test");
    x509_ext_usage(&s.leaf, X509_CLIENT_AUTH, 8);
    check_bad(&s, "lacks serverAuth");
}

TEST(chain, an_unknown_issuer_and_a_lie_about_it_are_refused)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    hc_buf_reset(&s.middle);               /* no CA */
    check_bad(&s, "no CA");
}

/* A leaf alone under anchors of others. */
static void check_stranger(const struct x509_spec *leaf, const char *part)
{
    struct setting s = sound();
    struct hc_buf der, root;
    struct hc_anchors a;
    struct x509_spec spec = { .subject = "root", .issuer = "root", .key = ROOT,
                              .signer = ROOT,
                              .extensions = hc_buf_view(&s.root) };

    make(&root, &spec);
    make(&der, leaf);
    load_anchor(&a, hc_buf_view(&root));
    s.direct = true;
    judge(&s, &a, hc_buf_view(&der), HC_STR(""));
    CHECK(s.verdict != 0);
    CHECK(!s.has_key);
    CHECK_INT(s.e.code, HEADCOUNT_ECERT);
    if (strstr(s.e.what, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", s.e.what, part);
    hc_anchors_fini(&a);
    hc_buf_fini(&der);
    hc_buf_fini(&root);
    hc_buf_fini(&s.leaf);
    hc_buf_fini(&s.middle);
    hc_buf_fini(&s.root);
}

TEST(chain, strangers_are_refused_and_told_what_to_do)
{
    struct hc_buf x = buf();

    x509_ext_san(&x, X509_DNS, HC_STR("good.test"));
    struct x509_spec alone = { .subject = "alone", .issuer = "alone",
                               .key = LEAF, .signer = LEAF,
                               .extensions = hc_buf_view(&x) };
    struct x509_spec foreign = { .subject = "leaf", .issuer = "elsewhere",
                                 .key = LEAF, .signer = STRANGER,
                                 .extensions = hc_buf_view(&x) };
    /* Bears our root's name, but its key did not sign. */
    struct x509_spec liar = { .subject = "leaf", .issuer = "root",
                              .key = LEAF, .signer = STRANGER,
                              .extensions = hc_buf_view(&x) };

    check_stranger(&alone, "\"alone\" is self-signed");
    check_stranger(&alone, "config.ca_bundle or AWS_CA_BUNDLE");
    check_stranger(&foreign, "the issuer \"elsewhere\"");
    check_stranger(&foreign, "config.ca_bundle or AWS_CA_BUNDLE");
    check_stranger(&liar, "\"leaf\" leads to an issuer with the name of the "
                          "trusted root \"root\" and another key");
    hc_buf_fini(&x);
}

/* A certificate of `openssl req -x509 -addext basicConstraints=CA:FALSE` was
 * renewed, and the bundle still has the one before it. */
TEST(chain, a_self_signed_one_beside_its_namesake_is_told_as_such)
{
    struct setting s = sound();
    struct hc_buf der, old;
    struct hc_anchors a;

    add_host(&s, "good.test");
    struct x509_spec spec = { .subject = "mine", .issuer = "mine", .key = LEAF,
                              .signer = LEAF, .to = "270601000000Z",
                              .extensions = hc_buf_view(&s.leaf) };

    make(&old, &spec);
    spec.to = NULL;
    make(&der, &spec);
    load_anchor(&a, hc_buf_view(&old));
    s.direct = true;
    judge(&s, &a, hc_buf_view(&der), HC_STR(""));
    hc_anchors_fini(&a);
    hc_buf_fini(&der);
    hc_buf_fini(&old);
    hc_buf_fini(&s.leaf);
    hc_buf_fini(&s.middle);
    hc_buf_fini(&s.root);
    CHECK(s.verdict != 0);
    if (strstr(s.e.what, "\"mine\" is self-signed and none of") == NULL)
        fail_msg("\"%s\"", s.e.what);
}

#define POLICIES "\x55\x1D\x20"
/* A policy 1.2.3 with a qualifier 1.2.4. */
#define QUALIFIED "\x30\x0E\x30\x0C\x06\x02\x2A\x03\x30\x06\x30\x04" \
                  "\x06\x02\x2A\x04"

TEST(chain, what_minimal_refuses_is_told_with_the_right_certificate)
{
    for (int middle = 0; middle < 2; middle++) {
        struct setting s = sound();

        add_host(&s, "good.test");
        x509_ext(middle ? &s.middle : &s.leaf, POLICIES, true,
                 HC_STR(QUALIFIED));
        check_bad(&s, middle ? "(certificate \"middle\")"
                             : "(certificate \"leaf\")");
    }
}

/* minimal reads another byte in place of these, so it has to be seen that the
 * signature covers the true one. */
TEST(chain, no_changed_byte_of_a_critical_flag_goes_unseen)
{
    static const char masks[] = { 0, 1, '\xFE', '\xFF' };

    for (size_t i = 0; i < 2 * sizeof(masks); i++) {
        struct setting s = sound();

        s.mask = masks[i / 2];
        s.flag = i % 2;
        add_host(&s, "good.test");
        hc_buf_reset(&s.middle);         /* no other one that is critical */
        x509_ext(&s.middle, X509_CONSTRAINTS, true, HC_STR(PERMITS_GOOD));
        x509_ext(&s.middle, X509_USAGE, true,
                 HC_STR("\x30\x0A\x06\x08" X509_SERVER_AUTH));
        x509_ext(&s.middle, BASIC, false, HC_STR("\x30\x03\x01\x01\xFF"));
        if (s.mask == 0)
            check_good(&s);
        else
            check_bad(&s, "certificate \"leaf\" leads to an issuer with the "
                          "name of the trusted root \"root\"");
    }
}

TEST(chain, what_stands_behind_the_root_is_not_looked_at)
{
    struct setting s = sound();

    add_host(&s, "good.test");
    s.extra = 20;
    check_good(&s);
}

/* Certificates handed over as they are. */
static void check_raw(const struct hc_str *ders, size_t n, const char *part)
{
    static struct hc_chain c;
    struct headcount_error e = { 0 };
    unsigned verdict;

    CHECK_INT(hc_chain_init(&c, hc_anchors_amazon(), HC_STR("good.test"), NOW,
                            t_alloc()),
              0);
    c.vtable->start_chain(&c.vtable, NULL);
    for (size_t i = 0; i < n; i++)
        present(&c, ders[i], 4096);
    verdict = c.vtable->end_chain(&c.vtable);
    CHECK(verdict != 0);
    CHECK(c.vtable->get_pkey(&c.vtable, NULL) == NULL);
    CHECK_INT(hc_chain_error(&c, (int)verdict, &e), HEADCOUNT_ECERT);
    if (strstr(e.what, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.what, part);
    hc_chain_fini(&c);
}

TEST(chain, no_certificate_and_no_certificates_are_refused)
{
    struct hc_str garbage[] = { HC_STR("garbage"), HC_STR("more") };

    check_raw(NULL, 0, "sent no certificate");
    check_raw(garbage, 2, "cannot be read");
}

TEST(chain, too_large_and_too_many_are_refused)
{
    struct hc_buf big = buf(), x = buf(), y = buf();
    struct hc_str many[12], one;
    static char filler[HC_CERT_MAX];

    x509_ext(&x, "\x2A\x03", false, hc_str_n(filler, sizeof(filler)));
    struct x509_spec spec = { .subject = "big", .issuer = "elsewhere",
                              .key = LEAF, .signer = STRANGER,
                              .extensions = hc_buf_view(&x) };

    x509_make(&big, &spec);
    one = hc_buf_view(&big);
    check_raw(&one, 1, "64 KiB");
    hc_buf_fini(&big);
    hc_buf_fini(&x);

    /* Each names itself as its issuer, so they do follow one another. */
    big = buf();
    x509_ext_ca(&y);
    x509_ext_san(&y, X509_DNS, HC_STR("good.test"));
    spec = (struct x509_spec){ .subject = "many", .issuer = "many",
                               .key = LEAF, .signer = LEAF,
                               .extensions = hc_buf_view(&y) };
    x509_make(&big, &spec);
    for (size_t i = 0; i < 12; i++)
        many[i] = hc_buf_view(&big);
    check_raw(many, 12, "eleventh");
    hc_buf_fini(&big);
    hc_buf_fini(&y);
}

TEST(chain, a_host_is_mandatory)
{
    static struct hc_chain c;
    static char name[300];
    const struct hc_anchors *a = hc_anchors_amazon();

    memset(name, 'a', sizeof(name));
    CHECK_INT(hc_chain_init(&c, a, HC_STR(""), NOW, t_alloc()), HEADCOUNT_EARG);
    CHECK_INT(hc_chain_init(&c, a, hc_str_n(name, 256), NOW, t_alloc()),
              HEADCOUNT_EARG);
    CHECK_INT(hc_chain_init(&c, a, hc_str_n("a\0b", 3), NOW, t_alloc()),
              HEADCOUNT_EARG);
    CHECK_INT(hc_chain_init(&c, a, hc_str_n(name, 255), NOW, t_alloc()), 0);
    hc_chain_fini(&c);
}

/* Hands out nothing. */
static void *empty(void *ud, void *p, size_t old, size_t n)
{
    (void)ud, (void)p, (void)old, (void)n;
    return NULL;
}

TEST(chain, no_memory_is_no_verdict_about_the_server)
{
    static const struct hc_alloc none = { empty, NULL };
    struct setting s = sound();

    add_host(&s, "good.test");
    s.alloc = &none;
    run(&s);
    CHECK(s.verdict != 0);
    CHECK(!s.has_key);
    CHECK_INT(s.e.code, HEADCOUNT_ENOMEM);
}

/* ---- roots of one name, path lengths ---- */

/* Two roots of one name: the one that signed has expired, the other not. */
TEST(chain, an_expired_root_is_refused_beside_its_namesake)
{
    struct setting s = sound();
    struct hc_buf leaf, middle, old, new, pem = buf();
    struct hc_anchors a;
    struct headcount_error e = { 0 };
    struct x509_spec spec = { .subject = "root", .issuer = "root", .key = ROOT,
                              .signer = ROOT, .to = "261231235959Z",
                              .extensions = hc_buf_view(&s.root) };

    add_host(&s, "good.test");
    make(&old, &spec);
    spec.key = spec.signer = STRANGER;
    spec.to = NULL;
    make(&new, &spec);
    spec = (struct x509_spec){ .subject = "middle", .issuer = "root",
                               .key = MIDDLE, .signer = ROOT,
                               .extensions = hc_buf_view(&s.middle) };
    make(&middle, &spec);
    spec = (struct x509_spec){ .subject = "leaf", .issuer = "middle",
                               .key = LEAF, .signer = MIDDLE,
                               .extensions = hc_buf_view(&s.leaf) };
    make(&leaf, &spec);
    x509_pem(&pem, hc_buf_view(&old));
    x509_pem(&pem, hc_buf_view(&new));
    CHECK_INT(hc_anchors_load_pem(&a, t_alloc(), hc_buf_view(&pem), &e), 0);
    CHECK_INT(a.n, 2);
    judge(&s, &a, hc_buf_view(&leaf), hc_buf_view(&middle));
    hc_anchors_fini(&a);
    hc_buf_fini(&pem);
    hc_buf_fini(&leaf);
    hc_buf_fini(&middle);
    hc_buf_fini(&old);
    hc_buf_fini(&new);
    hc_buf_fini(&s.leaf);
    hc_buf_fini(&s.middle);
    hc_buf_fini(&s.root);
    CHECK(s.verdict != 0);
}

/* middle may have no CA below it (pathLenConstraint 0), and has one. */
TEST(chain, the_path_length_is_minded)
{
    struct setting s = sound();
    struct hc_buf leaf, middle, lower, root, zero = buf();
    struct hc_anchors a;
    struct x509_spec spec = { .subject = "root", .issuer = "root", .key = ROOT,
                              .signer = ROOT,
                              .extensions = hc_buf_view(&s.root) };
    static struct hc_chain c;

    add_host(&s, "good.test");
    x509_ext(&zero, "\x55\x1D\x13", true,
             hc_str_n("\x30\x06\x01\x01\xFF\x02\x01\x00", 8));
    make(&root, &spec);
    spec = (struct x509_spec){ .subject = "middle", .issuer = "root",
                               .key = MIDDLE, .signer = ROOT,
                               .extensions = hc_buf_view(&zero) };
    make(&middle, &spec);
    spec = (struct x509_spec){ .subject = "lower", .issuer = "middle",
                               .key = STRANGER, .signer = MIDDLE,
                               .extensions = hc_buf_view(&s.middle) };
    make(&lower, &spec);
    spec = (struct x509_spec){ .subject = "leaf", .issuer = "lower",
                               .key = LEAF, .signer = STRANGER,
                               .extensions = hc_buf_view(&s.leaf) };
    make(&leaf, &spec);
    load_anchor(&a, hc_buf_view(&root));
    CHECK_INT(hc_chain_init(&c, &a, HC_STR("good.test"), NOW, t_alloc()), 0);
    c.vtable->start_chain(&c.vtable, NULL);
    present(&c, hc_buf_view(&leaf), 1000);
    present(&c, hc_buf_view(&lower), 1000);
    present(&c, hc_buf_view(&middle), 1000);
    unsigned verdict = c.vtable->end_chain(&c.vtable);

    hc_chain_fini(&c);
    hc_anchors_fini(&a);
    hc_buf_fini(&leaf);
    hc_buf_fini(&middle);
    hc_buf_fini(&lower);
    hc_buf_fini(&root);
    hc_buf_fini(&zero);
    hc_buf_fini(&s.leaf);
    hc_buf_fini(&s.middle);
    hc_buf_fini(&s.root);
    CHECK(verdict != 0);
}
