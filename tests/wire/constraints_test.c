/* wire/constraints - names against subtrees, both made from a line of text. */
#include "wire/constraints.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "peers/x509_maker.h"
#include "t.h"
#include "wire/der.h"

#define ROOM ((size_t)1 << 21)

static struct hc_buf buf(void)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), ROOM);
    return b;
}

/* "10.0.0.0/8" as address and mask, "10.0.0.1" as an address. */
static void put_ip(struct hc_buf *out, const char *text)
{
    unsigned char ip[32] = { 0 };
    char address[64];
    unsigned bits = 0;
    int parts = sscanf(text, "%63[^/]/%u", address, &bits);
    size_t n = strchr(address, ':') != NULL ? 16 : 4;

    CHECK_INT(inet_pton(n == 16 ? AF_INET6 : AF_INET, address, ip), 1);
    for (unsigned i = 0; i < bits; i++)
        ip[n + i / 8] = (unsigned char)(ip[n + i / 8] | 0x80 >> i % 8);
    x509_der(out, 0x87, hc_str_n(ip, parts == 2 ? 2 * n : n));
}

/* A GeneralName: "dns:TEXT", "ip:TEXT", "TAG:TEXT" (its tag in hex). */
static void put_name(struct hc_buf *out, const char *word)
{
    const char *text = strchr(word, ':') + 1;
    unsigned tag = 0;

    if (strncmp(word, "dns:", 4) == 0)
        x509_der(out, 0x82, hc_str(text));
    else if (strncmp(word, "ip:", 3) == 0)
        put_ip(out, text);
    else if (sscanf(word, "%x:", &tag) == 1)
        x509_der(out, (int)tag, hc_str(text));
}

static struct hc_buf put_names(const char *words, bool trees)
{
    struct hc_buf list = buf();
    char line[200], *rest = line;

    snprintf(line, sizeof line, "%s", words);
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        struct hc_buf one = buf();

        put_name(&one, word);
        if (trees)
            x509_der(&list, 0x30, hc_buf_view(&one));
        else
            hc_buf_str(&list, hc_buf_view(&one));
        hc_buf_fini(&one);
    }
    return list;
}

static struct hc_buf put_constraints(const char *permitted,
                                     const char *excluded)
{
    struct hc_buf both = buf(), value = buf();
    const char *const lists[] = { permitted, excluded };

    for (int i = 0; i < 2; i++) {
        struct hc_buf list = put_names(lists[i] != NULL ? lists[i] : "", true);

        if (lists[i] != NULL)
            x509_der(&both, 0xA0 + i, hc_buf_view(&list));
        hc_buf_fini(&list);
    }
    x509_der(&value, 0x30, hc_buf_view(&both));
    hc_buf_fini(&both);
    return value;
}

static unsigned kinds_of(struct hc_str list)
{
    struct hc_str name;
    unsigned kinds = 0;

    while (list.n > 0)
        kinds |= 1U << (hc_der_element(&list, &name) & 0x1F);
    return kinds;
}

static const struct {
    const char *permitted, *excluded, *names;
    enum hc_constraint says;
    const char *about;
} rows[] = {
#define MET CONSTRAINT_MET, NULL
#define LACKS(name) CONSTRAINT_LACKS, name
#define OUT(name) CONSTRAINT_EXCLUDES, name
    /* A zone has its own name and all below it, whatever their case. */
    { "dns:a.test", NULL, "dns:a.test", MET },
    { "dns:a.test", NULL, "dns:x.a.test", MET },
    { "dns:a.test", NULL, "dns:y.x.A.tEst", MET },
    { "dns:A.Test", NULL, "dns:a.test", MET },
    { "dns:a.test", NULL, "dns:ba.test", LACKS("ba.test") },
    { "dns:a.test", NULL, "dns:test", LACKS("test") },
    { "dns:a.test", NULL, "dns:a.test.b", LACKS("a.test.b") },
    { "dns:a.test", NULL, "dns:a.test dns:b.test", LACKS("b.test") },
    { "dns:a.test dns:b.test", NULL, "dns:a.test dns:x.b.test", MET },
    { "dns:test", NULL, "dns:a.test", MET },
    /* Nothing, and a dot in front. */
    { "dns:", NULL, "dns:a.test", MET },
    { NULL, "dns:", "dns:a.test", OUT("a.test") },
    { "dns:.a.test", NULL, "dns:x.a.test", MET },
    { "dns:.a.test", NULL, "dns:a.test", LACKS("a.test") },
    { NULL, "dns:.a.test", "dns:a.test", MET },
    { NULL, "dns:.a.test", "dns:x.a.test", OUT("x.a.test") },
    /* Excluded beats permitted. */
    { NULL, "dns:b.test", "dns:a.test", MET },
    { NULL, "dns:a.test", "dns:a.test", OUT("a.test") },
    { "dns:a.test", "dns:x.a.test", "dns:x.a.test", OUT("x.a.test") },
    { "dns:a.test", "dns:x.a.test", "dns:y.a.test", MET },
    { "dns:a.test", "dns:a.test", "dns:a.test", OUT("a.test") },
    /* A wildcard stands for each name that it matches. */
    { "dns:a.test", NULL, "dns:*.a.test", MET },
    { "dns:.a.test", NULL, "dns:*.a.test", MET },
    { "dns:x.a.test", NULL, "dns:*.a.test", LACKS("*.a.test") },
    { NULL, "dns:a.test", "dns:*.a.test", OUT("*.a.test") },
    { NULL, "dns:x.a.test", "dns:*.a.test", OUT("*.a.test") },
    { NULL, "dns:X.A.test", "dns:*.a.test", OUT("*.a.test") },
    { NULL, "dns:y.x.a.test", "dns:*.a.test", MET },
    { NULL, "dns:.x.a.test", "dns:*.a.test", MET },
    { NULL, "dns:b.test", "dns:*.a.test", MET },
    /* Addresses. */
    { "ip:10.0.0.0/8", NULL, "ip:10.1.2.3", MET },
    { "ip:10.0.0.0/8", NULL, "ip:11.1.2.3", LACKS("\x0B\1\2\3") },
    { "ip:10.0.0.0/8", "ip:10.9.0.0/16", "ip:10.9.2.3", OUT("\x0A\x09\2\3") },
    { NULL, "ip:10.0.0.0/9", "ip:10.127.2.3", OUT("\x0A\x7F\2\3") },
    { NULL, "ip:10.0.0.0/9", "ip:10.128.2.3", MET },
    { NULL, "ip:0.0.0.0/0", "ip:8.8.8.8", OUT("\x08\x08\x08\x08") },
    { "ip:10.1.2.3/32", NULL, "ip:10.1.2.3", MET },
    { "ip:fd00::/8", NULL, "ip:fd12::1", MET },
    { "ip:fd00::/8", NULL, "ip:fe80::1", CONSTRAINT_LACKS, NULL },
    { "ip:10.0.0.0/8", NULL, "ip:fd00::1", CONSTRAINT_LACKS, NULL },
    { NULL, "ip:0.0.0.0/0", "ip:fd00::1", MET },
    { "ip:10.0.0.0/8", NULL, "87:abc", LACKS("abc") },
    /* A kind that nothing is said about is free. */
    { "ip:10.0.0.0/8", NULL, "dns:a.test", MET },
    { "dns:a.test", NULL, "ip:10.0.0.1", MET },
    { "dns:a.test", NULL, "dns:a.test 81:me@b.test 86:http://x", MET },
    { "dns:a.test", NULL, "", MET },
    /* Kinds that are not checked, where there are such names or not. */
    { "81:b.test", NULL, "dns:a.test", MET },
    { "81:b.test", NULL, "dns:a.test 81:me@b.test", CONSTRAINT_UNCHECKED,
      NULL },
    { NULL, "86:x.test", "86:http://y", CONSTRAINT_UNCHECKED, NULL },
    { "88:x", "dns:a.test", "dns:a.test", OUT("a.test") },
    { "A4:0", NULL, "A4:0", CONSTRAINT_UNCHECKED, NULL },
    /* What cannot be read. */
    { NULL, NULL, "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { "", NULL, "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { "dns:*.a.test", NULL, "dns:x.a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:a.test.", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:a..test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:..a.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:.", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:a\t.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "dns:\xC3\xA9.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "ip:10.0.0.0", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "87:1234\xFF\xFE\xFF\x01", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "87:1234\xF0\xF0\xFF\xFF", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "A2:a.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "89:a.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { NULL, "4:a.test", "dns:a.test", CONSTRAINT_BROKEN, NULL },
    { "dns:a.test", NULL, "C2:a.test", CONSTRAINT_BROKEN, NULL },
};

TEST(constraints, each_row_says_what_it_should)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_buf list = put_names(rows[i].names, false);
        struct hc_buf value = put_constraints(rows[i].permitted,
                                              rows[i].excluded);
        struct hc_str v = hc_str_n(t_guard(value.p, value.n), value.n);
        struct hc_names names = { hc_str_n(t_guard(list.p, list.n), list.n),
                                  kinds_of(hc_buf_view(&list)) };
        struct hc_str about = { NULL, 0 };
        int kind = -1;
        enum hc_constraint says = hc_constraints_check(v, true, &names,
                                                       &about, &kind);

        if (says != rows[i].says)
            fail_msg("row %zu: %d, not %d", i, (int)says, (int)rows[i].says);
        if (rows[i].about != NULL)
            CHECK_STR(about, rows[i].about);
        hc_buf_fini(&list);
        hc_buf_fini(&value);
    }
}

TEST(constraints, a_kind_that_is_not_checked_matters_only_if_critical)
{
    struct hc_buf value = put_constraints("81:b.test", "A4:0");
    struct hc_names names = { { NULL, 0 }, 1U << NAME_DIRECTORY };
    struct hc_str about;
    int kind;

    CHECK_INT(hc_constraints_check(hc_buf_view(&value), false, &names, &about,
                                   &kind),
              CONSTRAINT_MET);
    CHECK_INT(hc_constraints_check(hc_buf_view(&value), true, &names, &about,
                                   &kind),
              CONSTRAINT_UNCHECKED);
    CHECK_INT(kind, NAME_DIRECTORY);
    CHECK_Z(hc_constraints_kind(kind), "directoryName");
    CHECK_Z(hc_constraints_kind(0), "otherName");
    CHECK_Z(hc_constraints_kind(NAME_LAST), "registeredID");
    hc_buf_fini(&value);
}

/* minimum, bytes behind, no sequence, permitted behind excluded. */
TEST(constraints, odd_forms_are_not_read)
{
    static const struct hc_str bad[] = {
        { "\x30\x0C\xA0\x0A\x30\x08\x82\x03" "a.b\x80\x01\0", 14 },
        { "\x30\x09\xA0\x07\x30\x05\x82\x03" "a.b\0", 12 },
        { "\x31\x09\xA0\x07\x30\x05\x82\x03" "a.b", 11 },
        { "\x30\x12\xA1\x07\x30\x05\x82\x03" "a.b"
          "\xA0\x07\x30\x05\x82\x03" "a.b", 20 },
        { "\x30\x09\xA2\x07\x30\x05\x82\x03" "a.b", 11 },
        { "\x30\x09\xA0\x07\x30\x06\x82\x03" "a.b", 11 },
        { "\x30\x04\xA0\x02\x30\x00", 6 }, { "", 0 }
    };
    const struct hc_names none = { { NULL, 0 }, 0 };
    struct hc_str about;
    int kind;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(hc_constraints_check(bad[i], false, &none, &about, &kind),
                  CONSTRAINT_BROKEN);
    CHECK_INT(hc_constraints_check(
                  HC_STR("\x30\x09\xA0\x07\x30\x05\x82\x03" "a.b"), false,
                  &none, &about, &kind),
              CONSTRAINT_MET);
}

TEST(constraints, names_times_subtrees_have_a_limit)
{
    struct hc_buf trees = buf(), list = buf(), permitted = buf(),
                  value = buf();
    struct hc_str about;
    int kind;

    for (int i = 0; i < 600; i++) {
        x509_der(&list, 0x82, HC_STR("a.test"));
        x509_der(&trees, 0x30, HC_STR("\x82\x01" "b"));
    }
    x509_der(&permitted, 0xA1, hc_buf_view(&trees));
    x509_der(&value, 0x30, hc_buf_view(&permitted));
    struct hc_names names = { hc_buf_view(&list), 1U << NAME_DNS };

    CHECK_INT(hc_constraints_check(hc_buf_view(&value), true, &names, &about,
                                   &kind),
              CONSTRAINT_TOO_MANY);
    names.list.n = 400 * 8;
    CHECK_INT(hc_constraints_check(hc_buf_view(&value), true, &names, &about,
                                   &kind),
              CONSTRAINT_MET);
    hc_buf_fini(&trees);
    hc_buf_fini(&list);
    hc_buf_fini(&permitted);
    hc_buf_fini(&value);
}
