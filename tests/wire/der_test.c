/* wire/der - elements whole, cut, and of odd lengths. */
#include "wire/der.h"

#include "t.h"

TEST(der, elements_come_off_the_front)
{
    struct hc_str s = HC_STR("\x30\x03\x02\x01\x05\x04\x00"), in, number;

    s.p = t_guard(s.p, s.n);
    CHECK(hc_der_take(&s, DER_SEQUENCE, &in));
    CHECK_INT(s.n, 2);
    CHECK(hc_der_take(&in, DER_INTEGER, &number));
    CHECK_STR(number, "\x05");
    CHECK_INT(hc_der_element(&in, &number), -1);
    CHECK_INT(hc_der_element(&s, &in), DER_OCTETS);
    CHECK_INT(in.n, 0);
    CHECK_INT(s.n, 0);
}

TEST(der, only_the_shortest_length_is_taken)
{
    static const struct { const char *text; size_t n; int tag; } rows[] = {
        { "\x04\x01x", 3, 4 }, { "\x04\x02x", 3, -1 }, { "\x04", 1, -1 },
        { "\x04\x80x\0\0", 5, -1 }, { "\x04\x81\x01x", 4, -1 },
        { "\x04\x82\x00\x01x", 5, -1 }, { "\x04\x81", 2, -1 },
        { "\x04\x84\0\0\0\0", 6, -1 }, { "\x1F\x01x", 3, -1 },
        { "\xBF\x01x", 3, -1 }, { "", 0, -1 }
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_str s = hc_str_n(t_guard(rows[i].text, rows[i].n),
                                   rows[i].n), in;

        CHECK_INT(hc_der_element(&s, &in), rows[i].tag);
    }
    static char big[300] = "\x04\x82\x01\x28";
    struct hc_str s = hc_str_n(t_guard(big, sizeof big), sizeof big), in;

    CHECK(hc_der_take(&s, DER_OCTETS, &in));
    CHECK_INT(in.n, 296);
    s = hc_str_n(big, sizeof big - 1);
    CHECK(!hc_der_take(&s, DER_OCTETS, &in));
}

TEST(der, what_may_be_missing_may_not_be_damaged)
{
    struct hc_str s = HC_STR("\x04\x01x"), in;

    CHECK(hc_der_take_optional(&s, DER_SEQUENCE, &in));
    CHECK(in.p == NULL);
    CHECK_INT(s.n, 3);
    CHECK(hc_der_take_optional(&s, DER_OCTETS, &in));
    CHECK_STR(in, "x");
    CHECK(hc_der_take_optional(&s, DER_OCTETS, &in));
    s = HC_STR("\x04\x05x");
    CHECK(!hc_der_take_optional(&s, DER_OCTETS, &in));
}

TEST(der, a_flag_is_false_unless_it_says_otherwise)
{
    static const struct { const char *text; size_t n; int value; } rows[] = {
        { "\x04\0", 2, 0 }, { "\x01\x01\xFF", 3, 1 }, { "\x01\x01\0", 3, 0 },
        { "\x01\x01\x01", 3, 1 }, { "\x01\x00", 2, -1 },
        { "\x01\x02\xFF\xFF", 4, -1 }, { "\x01\x05", 2, -1 }, { "", 0, 0 }
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_str s = hc_str_n(t_guard(rows[i].text, rows[i].n),
                                   rows[i].n);
        const char *first = s.p, *at = NULL;
        bool value = false;
        bool taken = hc_der_take_flag(&s, &value, &at);

        CHECK_INT(taken, rows[i].value >= 0);
        CHECK_INT(value, rows[i].value == 1);
        CHECK(at == (rows[i].n == 3 ? first + 2 : at));
        CHECK(rows[i].n != 2 || rows[i].text[0] != 4 || at == NULL);
    }
}

TEST(der, an_oid_is_told_in_dots)
{
    static const struct { const char *oid, *text; } rows[] = {
        { "\x55\x1D\x23", "2.5.29.35" },
        { "\x2B\x06\x01\x05\x05\x07\x01\x01", "1.3.6.1.5.5.7.1.1" },
        { "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01", "1.2.840.113549.1.1.1" },
        { "\x88\x37\x03", "2.999.3" }, { "\x09", "0.9" }, { "\x4F", "1.39" },
        { "\x50", "2.0" }, { "", "" }, { "\x55\x81", "2.5" }
    };
    char out[40], small[6];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hc_der_oid(out, sizeof out, hc_str(rows[i].oid));
        CHECK_Z(out, rows[i].text);
    }
    hc_der_oid(small, sizeof small, HC_STR("\x55\x1D\x23"));
    CHECK_Z(small, "2.5.2");
}
