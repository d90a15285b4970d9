/* wire/proxy - *_proxy, no_proxy, and what a proxy is sent. */
#include "wire/proxy.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

static struct hc_origin origin_of(const char *url)
{
    struct hc_url u = { .origin = { .tls = false } };

    CHECK_INT(hc_url_get(&u, hc_str(url), NULL), 0);
    return u.origin;
}

/* ---- who goes through it ---- */

struct pair { const char *host, *list; bool direct; };

/* How curl 7.88.1, botocore 1.43.67 and Go's httpproxy take each pair stands
 * behind it (y: no proxy, n: a proxy, -: not measured): what one of them
 * takes for this host is taken, but the last group, which is a slip of one. */
static const struct pair pairs[] = {
    { "x.a.com", "a.com", true },                /* y y y */
    { "x.a.com", ".a.com", true },               /* y y y */
    { "x.a.com", "A.Com", true },                /* y y y */
    { "X.A.COM", "a.com", true },                /* y y y */
    { "x.a.com", " b.com , a.com ", true },      /* y y y */
    { "x.a.com", "b.com,,a.com", true },         /* y y y */
    { "a.com", "a.com", true },                  /* y y y */
    { "a.com", ".a.com", true },                 /* y - n */
    { "xa.com", "a.com", false },                /* n n n */
    { "xa.com", ".a.com", false },               /* n n n */
    { "a.com", "x.a.com", false },               /* n n n */
    { "x.a.com", "a.co", false },                /* n n n */
    { "x.a.com", "", false },                    /* n n n */
    { "x.a.com", ",,.,", false },                /* n n n */
    { "x.a.com", "*.a.com", true },              /* n n y */
    { "y.x.a.com", "*.a.com", true },            /* n n y */
    { "a.com", "*.a.com", false },               /* n n n */
    { "x.a.com", "a.com.", true },               /* y n n */
    { "x.a.com.", "a.com", true },               /* y n n */
    { "x.a.com.", ".a.com.", true },             /* y n n */
    { "x.a.com", "b.com a.com", true },          /* y n n */
    { "x.a.com", "b.com\ta.com", true },         /* y n n */
    { "x.a.com", "b.com;a.com", false },         /* n n n */
    { "x.a.com", "a.com:443", true },            /* n y y */
    { "x.a.com", "a.com:444", false },           /* n n n */
    { "x.a.com", "a.com:", false },              /* n n n */
    { "x.a.com:8443", "a.com:8443", true },      /* n y y */
    { "x.a.com", "*", true },                    /* y y y */
    { "x.a.com", "b.com,*", true },              /* n n y */
    { "10.1.2.3", "*", true },                   /* y y y */
    { "10.1.2.3", "10.1.2.3", true },            /* y y y */
    { "10.1.2.3", "10.1.2.3:443", true },        /* n y y */
    { "10.1.2.3", "10.1.2.3:80", false },        /* n n n */
    { "10.1.2.3", "10.1.0.0/16", true },         /* y n y */
    { "10.1.2.3", "10.1.2.4/31", false },        /* n n n */
    { "10.1.2.3", "10.1.2.2/31", true },         /* y n y */
    { "10.1.2.3", "10.1.2.3/0", true },          /* y n y */
    { "10.1.2.3", "10.1.2.3/33", false },        /* n n n */
    { "10.1.2.3", "10.1.2.3/", false },          /* n n n */
    { "10.1.2.3", "10.1.2.3/x", false },         /* n n n */
    { "[fd00::5]", "fd00::/8", true },           /* y n y */
    { "[fd00::5]", "fe00::/8", false },          /* n n n */
    { "[fd00::5]", "10.0.0.0/8", false },        /* n n n */
    { "[fd00::5]", "fd00::5", true },            /* y n y */
    { "[fd00::5]", "[fd00::5]", true },          /* n y n */
    { "[fd00::5]", "FD00:0::5", true },          /* n n y */
    { "[fd00::5]", "[fd00::5]:443", true },      /* n y y */
    { "[fd00::5]", "[fd00::5]:80", false },      /* n n n */
    { "[fd00::5]", "fd00::6", false },           /* n n n */
    /* botocore compares texts here, and takes half an address for a name. */
    { "10.1.2.3", "1.2.3", false },              /* n y n */
    { "10.1.2.3", ".2.3", false },               /* n y n */
    { "x.a.com", "..a.com", false },             /* n y n */
    { "x.a.com", "a*", false },                  /* n n n */
    { "x.a.com", "x*", false },                  /* n n n */
    { "x.a.com", "https://a.com", false },       /* n n n */
    { "10.1.2.3", "10.1", false },               /* n n n */
    { "10.1.2.3", "10.1/16", false },            /* n n n */
    { "10.1.2.3", "010.1.2.3", false },          /* n n n */
};

#define SECURE HC_STR("http://s")
#define PLAIN HC_STR("p")

TEST(proxy, no_proxy_is_the_union_of_what_others_understand)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char url[80];

        hc_fmt(url, sizeof url, "https://%s", pairs[i].host);
        const struct hc_origin o = origin_of(url);
        const struct hc_proxy_env env = {
            .https_proxy = SECURE, .no_proxy = hc_str(pairs[i].list),
        };

        if ((hc_proxy_for(&env, &o).n == 0) != pairs[i].direct)
            fail_msg("%s with no_proxy=%s", url, pairs[i].list);
    }
}

TEST(proxy, this_host_and_its_metadata_never_go_through_one)
{
    static const struct { const char *url; bool direct; } rows[] = {
        { "https://127.0.0.1:8443", true }, { "http://127.9.9.9", true },
        { "http://localhost", true },       { "http://a.localhost", true },
        { "http://[::1]:1", true },         { "http://169.254.169.254", true },
        { "http://169.254.170.2", true },   { "http://[fd00:ec2::254]", true },
        { "https://[fd00:ec2::23]", true }, { "http://runtime:9001", true },
        { "http://RUNTIME:9001/x", true },  { "http://runtime:9002", false },
        { "http://x.runtime2:9001", false }, { "http://[fd00:ec3::1]", false },
        { "http://169.255.0.1", false },    { "http://10.0.0.1", false },
        { "http://localhost.a.com", false }, { "http://[fe80::1]", true },
        { "http://[febf::1]:80", true },    { "http://[fec0::1]", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hc_origin o = origin_of(rows[i].url);
        const struct hc_proxy_env env = {
            .https_proxy = SECURE, .http_proxy = PLAIN,
            .runtime_api = HC_STR("runtime:9001"),
        };

        if ((hc_proxy_for(&env, &o).n == 0) != rows[i].direct)
            fail_msg("%s", rows[i].url);
    }
}

TEST(proxy, each_scheme_has_its_own)
{
    const struct hc_proxy_env env = { .https_proxy = SECURE,
                                      .http_proxy = PLAIN };
    const struct hc_proxy_env none = { .no_proxy = HC_STR("x") };
    const struct hc_origin plain = origin_of("http://a.b");
    const struct hc_origin tls = origin_of("https://a.b");

    CHECK_STR(hc_proxy_for(&env, &plain), "p");
    CHECK_STR(hc_proxy_for(&env, &tls), "http://s");
    CHECK_INT(hc_proxy_for(&none, &tls).n, 0);
}

/* ---- its URL ---- */

TEST(proxy, its_url_is_read_as_others_read_it)
{
    static const struct {
        const char *url, *name, *credentials;
    } rows[] = {
        { "http://proxy:3128", "http://proxy:3128", "" },
        { "HTTP://Proxy.Corp:3128/", "http://proxy.corp:3128", "" },
        { "proxy:3128", "http://proxy:3128", "" },
        { "//proxy:3128/path?q#f", "http://proxy:3128", "" },
        { " proxy ", "http://proxy:80", "" },
        { "https://proxy", "https://proxy:443", "" },
        { "http://10.0.0.1:1", "http://10.0.0.1:1", "" },
        { "[fd00::1]:3128", "http://[fd00::1]:3128", "" },
        { "http://u:p@proxy:1", "http://***@proxy:1", "Basic dTpw" },
        { "u:p@proxy", "http://***@proxy:80", "Basic dTpw" },
        { "http://u@proxy", "http://***@proxy:80", "Basic dTo=" },
        { "http://u:@proxy", "http://***@proxy:80", "Basic dTo=" },
        { "http://u%40x:%25%3a%2f@proxy", "http://***@proxy:80",
          "Basic dUB4OiU6Lw==" },
        { "http://u:p@ss@proxy", "http://***@proxy:80", "Basic dTpwQHNz" },
        { "http://Aladdin:open sesame@proxy", "http://***@proxy:80",
          "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_proxy p;
        struct headcount_error e = { .code = 0 };
        int err = hc_proxy_init(&p, t_alloc(), "HTTPS_PROXY",
                                hc_str(rows[i].url), &e);

        if (err != HEADCOUNT_ENOMEM) {
            CHECK_INT(err, 0);
            CHECK_STR(hc_str(p.name), rows[i].name);
            CHECK_STR(hc_str(p.setting), "HTTPS_PROXY");
            CHECK_STR(hc_buf_view(&p.authorization), rows[i].credentials);
        }
        hc_proxy_fini(&p);
    }
}

TEST(proxy, a_url_that_is_none_is_said_without_its_password)
{
    char far[5000];
    const struct { const char *url, *why; } rows[] = {
        { "socks5://u:hushhush@proxy:1080", "SOCKS" },
        { "socks5h://proxy", "SOCKS" },
        { "SOCKS4a://proxy", "SOCKS" },
        { "ftp://u:hushhush@proxy", "scheme" },
        { "http://", "no host" },
        { "http://u:hushhush@", "no host" },
        { "http://u:hushhush@proxy:0", "port" },
        { "http://u:hushhush@proxy:65536", "port" },
        { "http://u:hush/hush@proxy:1", "%2F" },
        { "http://u:hush#hush@proxy:1", "%2F" },
        { "http://u:hush%hush@proxy:1", "%25" },
        { "http://u:hushhush@pro xy:1", "blank" },
        { "http://u:hushhush@[::1", "host" },
        { far, "too long" },
    };

    memset(far, 'a', sizeof far);
    far[sizeof far - 1] = '\0';
    for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
        struct hc_proxy p;
        struct headcount_error e = { .code = 0 };
        bool last = i == sizeof rows / sizeof *rows;

        if (last)
            memcpy(far + sizeof far - 8, "@proxy1", 8);
        int err = hc_proxy_init(&p, t_alloc(), "https_proxy",
                                hc_str(last ? far : rows[i].url), &e);

        if (err == HEADCOUNT_ENOMEM)
            continue;
        CHECK_INT(err, HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, last ? "too long" : rows[i].why) != NULL);
        CHECK(strstr(e.what, "https_proxy") != NULL);
        CHECK(strstr(e.what, "hush") == NULL);
        CHECK_INT(p.authorization.cap, 0);
    }
}

/* ---- what it is sent ---- */

static void sent(const char *proxy, const char *target, const char *request,
                 const char *wanted)
{
    struct hc_proxy p;
    struct hc_buf out;
    struct headcount_error e = { .code = 0 };
    const struct hc_origin origin = origin_of(target);

    hc_buf_init(&out, t_alloc(), 400);
    int err = hc_proxy_init(&p, t_alloc(), "http_proxy", hc_str(proxy), &e);

    hc_buf_text(&out, request);
    if (err == 0 && *request == '\0')
        hc_proxy_put_connect(&p, &out, &origin);
    else if (err == 0)
        hc_proxy_put_absolute(&p, &out, &origin);
    if (err == 0)
        err = hc_buf_error(&out);
    if (err == 0)
        CHECK_STR(hc_buf_view(&out), wanted);
    else
        CHECK_INT(err, HEADCOUNT_ENOMEM);
    hc_buf_fini(&out);
    hc_proxy_fini(&p);
}

#define AGENT "User-Agent: headcount/" HEADCOUNT_VERSION "\r\n"

TEST(proxy, a_tunnel_is_asked_for_by_host_and_port)
{
    sent("proxy", "https://ecs.a.com", "",
         "CONNECT ecs.a.com:443 HTTP/1.1\r\nHost: ecs.a.com:443\r\n"
         AGENT "\r\n");
    sent("u:p@proxy", "https://[fd00::5]:8443", "",
         "CONNECT [fd00::5]:8443 HTTP/1.1\r\nHost: [fd00::5]:8443\r\n"
         AGENT "Proxy-Authorization: Basic dTpw\r\n\r\n");
}

TEST(proxy, a_plain_request_names_scheme_and_host)
{
    sent("proxy", "http://a.com", "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n",
         "GET http://a.com/ HTTP/1.1\r\nHost: a.com\r\n\r\n");
    sent("u:p@proxy", "http://a.com:8080", "PUT /b?c= HTTP/1.1\r\nA: b\r\n\r\n",
         "PUT http://a.com:8080/b?c= HTTP/1.1\r\n"
         "Proxy-Authorization: Basic dTpw\r\nA: b\r\n\r\n");
}

TEST(proxy, a_request_that_outgrows_its_bound_is_an_error)
{
    struct hc_proxy p;
    struct hc_buf out;
    struct headcount_error e = { .code = 0 };
    const struct hc_origin origin = origin_of("http://a.com");
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";

    hc_buf_init(&out, t_alloc(), sizeof request + 12);
    if (hc_proxy_init(&p, t_alloc(), "http_proxy", HC_STR("u:p@x"), &e) == 0) {
        hc_buf_text(&out, request);
        hc_proxy_put_absolute(&p, &out, &origin);
        CHECK(hc_buf_error(&out) < 0);
        hc_proxy_fini(&p);
    }
    hc_buf_fini(&out);
}
