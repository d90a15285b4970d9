/* wire/url - which URLs are endpoints. */
#include "wire/url.h"

#include <string.h>

#include "t.h"

static const struct {
    const char *url;
    bool tls;
    const char *host;
    unsigned port;
    const char *path, *query, *header;
} good[] = {
    { "https://ecs.eu-west-1.amazonaws.com", true,
      "ecs.eu-west-1.amazonaws.com", 443, "", "",
      "ecs.eu-west-1.amazonaws.com" },
    { "HTTPS://ECS.Amazonaws.COM./", true, "ecs.amazonaws.com", 443, "/", "",
      "ecs.amazonaws.com" },
    { "http://127.0.0.1:5000/base/path?a=b&c", false, "127.0.0.1", 5000,
      "/base/path", "a=b&c", "127.0.0.1:5000" },
    { "http://[::1]:8080", false, "::1", 8080, "", "", "[::1]:8080" },
    { "https://[2001:DB8:0:0::1]", true, "2001:db8::1", 443, "", "",
      "[2001:db8::1]" },
    { "http://h:80", false, "h", 80, "", "", "h" },
    { "https://h:443?x", true, "h", 443, "", "x", "h" },
    { "https://h:80", true, "h", 80, "", "", "h:80" },
    { "http://a_b.c-d.e1", false, "a_b.c-d.e1", 80, "", "", "a_b.c-d.e1" },
    { "http://1a", false, "1a", 80, "", "", "1a" },
};

TEST(url, good_ones_are_taken_apart)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct hc_url u;
        struct hc_buf header;
        size_t n = strlen(good[i].url);

        if (hc_url_get(&u, hc_str_n(t_guard(good[i].url, n), n), NULL) != 0)
            fail_msg("%s", good[i].url);
        CHECK_INT(u.origin.tls, good[i].tls);
        CHECK_Z(u.origin.host, good[i].host);
        CHECK_INT(u.origin.port, good[i].port);
        CHECK_STR(u.path, good[i].path);
        CHECK_STR(u.query, good[i].query);
        hc_buf_init(&header, t_alloc(), 300);
        hc_origin_host_header(&header, &u.origin);
        CHECK_Z(hc_buf_z(&header), good[i].header);
        hc_buf_fini(&header);
    }
}

static const struct { const char *url, *why; } bad[] = {
    { "", "empty" }, { "ecs.amazonaws.com", "begin with" },
    { "ftp://h", "begin with" }, { "https:/h", "begin with" },
    { "https:h", "begin with" }, { "https://", "no host" },
    { "https:///x", "no host" }, { "https://:443", "no host" },
    { "https://u:p@h", "user and password" }, { "https://h/#x", "fragment" },
    { "https://h:0", "port" }, { "https://h:65536", "port" },
    { "https://h:", "port" }, { "https://h:8a", "port" },
    { "https://h:-1", "port" }, { "https://h h", "blank" },
    { "https://h\r\nx: y", "blank" }, { "https://h/\xc3\xa4", "blank" },
    { "https://-h", "neither" }, { "https://h-", "neither" },
    { "https://a..b", "neither" }, { "https://.a", "neither" },
    { "https://a.b..", "neither" }, { "https://a*b", "neither" },
    { "https://1.2.3", "neither" }, { "https://1.2.3.4.5", "neither" },
    { "https://[::1", "neither" }, { "https://[1.2.3.4]", "no IPv6" },
    { "https://[fe80::1%1]", "no IPv6" }, { "https://[]", "no IPv6" },
    { "https://[::1]x", "neither" },
};

TEST(url, bad_ones_are_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hc_url u = { .origin.port = 7 };
        struct headcount_error e = { 0 };
        size_t n = strlen(bad[i].url);

        if (hc_url_get(&u, hc_str_n(t_guard(bad[i].url, n), n), &e) !=
            HEADCOUNT_ECONFIG)
            fail_msg("%s", bad[i].url);
        if (strstr(e.what, bad[i].why) == NULL)
            fail_msg("%s: %s", bad[i].url, e.what);
        CHECK_INT(u.origin.port, 7);
    }
}

TEST(url, a_dot_at_the_end_makes_one_label_absolute)
{
    static const struct { const char *url, *name; } table[] = {
        { "http://box", "box" }, { "http://box./", "box." },
        { "http://box.:80", "box." }, { "http://a.b.", "a.b" },
        { "http://127.0.0.1.", "127.0.0.1" },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hc_url url;
        char name[HC_ORIGIN_NAME];

        CHECK_INT(hc_url_get(&url, hc_str(table[i].url), NULL), 0);
        CHECK_STR(hc_origin_name(name, &url.origin), table[i].name);
        CHECK(strchr(url.origin.host, '\0')[-1] != '.');
    }
    struct hc_url one, other;

    CHECK_INT(hc_url_get(&one, HC_STR("http://box"), NULL), 0);
    CHECK_INT(hc_url_get(&other, HC_STR("http://box."), NULL), 0);
    CHECK(!hc_origin_eq(&one.origin, &other.origin));
}

TEST(url, a_password_is_not_repeated)
{
    struct hc_url u;
    struct headcount_error e = { 0 };

    CHECK_INT(hc_url_get(&u, HC_STR("https://me:s@cret@host"), &e),
              HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "cret") == NULL);
    CHECK(strstr(e.what, "***@host") != NULL);
    e.code = 0;
    CHECK_INT(hc_url_get(&u, HC_STR("https://host/a?token=s3cret#cret"), &e),
              HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "cret") == NULL);
    CHECK(strstr(e.what, "\"https://host/a\"") != NULL);
}

TEST(url, names_and_labels_have_their_lengths)
{
    char url[400];
    struct hc_url u;

    for (size_t label = 62; label <= 64; label++) {
        memcpy(url, "http://", 7);
        memset(url + 7, 'a', label);
        CHECK_INT(hc_url_get(&u, hc_str_n(url, 7 + label), NULL) == 0,
                  label <= 63);
    }
    for (size_t n = 252; n <= 255; n++) {
        for (size_t i = 0; i < n; i++)
            url[7 + i] = i % 2 ? '.' : 'a';
        url[7 + n - 1] = 'a';
        url[7 + n - 2] = 'b';
        CHECK_INT(hc_url_get(&u, hc_str_n(url, 7 + n), NULL) == 0, n <= 253);
    }
}

static struct hc_origin of(const char *text)
{
    struct hc_url u;

    CHECK_INT(hc_url_get(&u, hc_str(text), NULL), 0);
    return u.origin;
}

TEST(origin, is_scheme_host_and_port)
{
    struct hc_origin a = of("https://H/x"), b = of("https://h:443?y");
    const struct hc_origin other[] = { of("http://h:443"), of("https://h:444"),
                                       of("https://i") };

    CHECK(hc_origin_eq(&a, &b));
    for (size_t i = 0; i < 3; i++)
        CHECK(!hc_origin_eq(&a, &other[i]));
}

TEST(origin, this_machine_is_known)
{
    static const char *const yes[] = { "http://localhost", "http://a.localhost",
                                       "http://127.0.0.2", "http://[::1]" };
    static const char *const no[] = { "http://notlocalhost", "http://10.0.0.1",
                                      "http://localhost.com" };

    for (size_t i = 0; i < 4; i++) {
        struct hc_origin o = of(yes[i]);

        CHECK(hc_origin_is_loopback(&o));
    }
    for (size_t i = 0; i < 3; i++) {
        struct hc_origin o = of(no[i]);

        CHECK(!hc_origin_is_loopback(&o));
    }
}
