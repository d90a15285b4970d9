/* wire/addr - addresses as text and back. */
#include "wire/addr.h"

#include <string.h>

#include "t.h"

/* text -> what is printed for it; NULL: it is no address. */
static const struct { const char *text, *want; int family; } rows[] = {
    { "127.0.0.1", "127.0.0.1", 4 }, { "0.0.0.0", "0.0.0.0", 4 },
    { "255.255.255.255", "255.255.255.255", 4 }, { "1.2.3", NULL, 0 },
    { "1.2.3.4.5", NULL, 0 }, { "1.2.3.4.", NULL, 0 }, { ".1.2.3", NULL, 0 },
    { "256.1.1.1", NULL, 0 }, { "01.2.3.4", NULL, 0 }, { "1..3.4", NULL, 0 },
    { "1.2.3.a", NULL, 0 }, { "1.2.3.-4", NULL, 0 }, { "", NULL, 0 },
    { "1.2.3.4 ", NULL, 0 }, { "1.2.3.1000", NULL, 0 },
    { "::", "::", 6 }, { "::1", "::1", 6 }, { "1::", "1::", 6 },
    { "2001:DB8:0:0:0:0:0:1", "2001:db8::1", 6 },
    { "2001:db8::1:0:0:1", "2001:db8::1:0:0:1", 6 },
    { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 6 },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 6 },
    { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 6 },
    { "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 6 },
    { "::ffff:10.1.2.3", "::ffff:a01:203", 6 },
    { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 6 },
    { "1:2:3:4:5:6:7", NULL, 0 }, { "1:2:3:4:5:6:7:8:9", NULL, 0 },
    { "1:2:3:4:5:6:7:8::", NULL, 0 }, { "1::2::3", NULL, 0 },
    { ":1", NULL, 0 }, { "1:", NULL, 0 }, { ":::", NULL, 0 },
    { "12345::", NULL, 0 }, { "g::", NULL, 0 }, { "fe80::1%lo", NULL, 0 },
    { "[::1]", NULL, 0 }, { "1.2.3.4::", NULL, 0 }, { "::1.2.3", NULL, 0 },
    { "1:2:3:4:5:6:7:1.2.3.4", NULL, 0 }, { "::1.2.3.4:5", NULL, 0 },
    { "0000:0000:0000:0000:0000:0000:0000:0000:0000:00", NULL, 0 },
};

TEST(addr, text_to_address_and_back)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_addr addr = { .family = 9 };
        char text[HC_ADDR_TEXT];
        size_t n = strlen(rows[i].text);
        bool fine = hc_addr_get(&addr, hc_str_n(t_guard(rows[i].text, n), n));

        if (fine != (rows[i].want != NULL))
            fail_msg("%s", rows[i].text);
        if (!fine) {
            CHECK_INT(addr.family, 9);       /* untouched */
            continue;
        }
        CHECK_INT(addr.family, rows[i].family);
        hc_addr_put(text, &addr);
        CHECK_Z(text, rows[i].want);
    }
}

static struct hc_addr of(const char *text)
{
    struct hc_addr addr;

    CHECK(hc_addr_get(&addr, hc_str(text)));
    return addr;
}

TEST(addr, equality_is_of_family_and_bytes)
{
    struct hc_addr a = of("1.2.3.4"), b = of("1.2.3.4"), c = of("102:304::");

    b.ip[5] = 7;                     /* beyond the four that count */
    CHECK(hc_addr_eq(&a, &b));
    CHECK(!hc_addr_eq(&a, &c));
    b.ip[3] = 5;
    CHECK(!hc_addr_eq(&a, &b));
}

TEST(addr, loopback_is_known)
{
    static const char *const yes[] = { "127.0.0.1", "127.9.9.9", "::1" };
    static const char *const no[] = { "128.0.0.1", "::", "::2", "10.0.0.1" };

    for (size_t i = 0; i < 3; i++) {
        struct hc_addr a = of(yes[i]);

        CHECK(hc_addr_is_loopback(&a));
    }
    for (size_t i = 0; i < 4; i++) {
        struct hc_addr a = of(no[i]);

        CHECK(!hc_addr_is_loopback(&a));
    }
}

TEST(addr, a_list_holds_each_once_and_sixteen_at_most)
{
    struct hc_addrs list = { .n = 0 };

    for (unsigned i = 0; i < 40; i++) {
        struct hc_addr a = { .family = 4, .ip = { 10, 0, 0,
                             (unsigned char)(i / 2) } };

        hc_addrs_add(&list, &a);
    }
    CHECK_INT(list.n, HC_ADDRS_MAX);
    CHECK_INT(list.a[15].ip[3], 15);
}
