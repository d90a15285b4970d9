/* net/tunnel - CONNECT over a socket pair. */
#include "net/tunnel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t.h"

static struct scene {
    struct hc_system sys;
    struct hc_jobs jobs;
    struct hc_proxy proxy;
    struct hc_origin target;
    struct hc_conn *conn;
    struct hc_tunnel tunnel;
    struct headcount_error error;
    int other;
} s;

static void scene_open(const char *url)
{
    struct hc_watch watch;
    int fd[2];

    memset(&s, 0, sizeof s);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    hc_system_real(&s.sys);
    s.sys.alloc = *t_alloc();
    hc_jobs_init(&s.jobs);
    CHECK_INT(hc_proxy_init(&s.proxy, t_alloc(), "HTTPS_PROXY", hc_str(url),
                            NULL), 0);
    hc_watch_open(&s.jobs, &watch, fd[0], NULL);
    s.conn = hc_conn_new(&s.sys, &watch);
    CHECK(s.conn != NULL);
    s.target = (struct hc_origin){ .tls = true, .host = "ecs.test",
                                   .port = 443 };
    s.conn->origin = s.target;
    s.conn->proxy = &s.proxy;
    hc_tunnel_init(&s.tunnel, t_alloc(), &s.proxy, &s.target);
    s.other = fd[1];
}

static void scene_close(void)
{
    hc_tunnel_fini(&s.tunnel);
    hc_conn_free(s.conn);
    hc_proxy_fini(&s.proxy);
    if (s.other >= 0)
        close(s.other);
}

static int step(void)
{
    s.conn->watch.got = HC_WATCH_READ;
    return hc_tunnel_step(&s.tunnel, s.conn, &s.error);
}

static void hang_up(void)
{
    close(s.other);
    s.other = -1;
}

/* The proxy says `text` in pieces of `n` bytes. */
static int answer(const char *text, size_t size, size_t n)
{
    int got = step();

    for (size_t at = 0; at < size && got == 0; at += n) {
        size_t left = size - at < n ? size - at : n;

        CHECK(write(s.other, text + at, left) == (ssize_t)left);
        got = step();
    }
    return got;
}

#define AUTH "HTTP/1.1 407 Proxy Authentication Required\r\n"

struct row {
    const char *proxy, *answer;
    int got;
    bool permanent;
    const char *says;                    /* what the sentence has            */
};

static const struct row rows[] = {
    { "p:1", "HTTP/1.1 200 Connection established\r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.0 200 OK\r\nA: b\r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.1 299 \r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.1 200\r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 1, false,
      "" },
    /* These headers mean nothing here, not even a wrong one. */
    { "p:1", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 1, false, "" },
    { "p:1", "HTTP/1.1 204 OK\r\nContent-Length: 1\r\n"
             "Transfer-Encoding: chunked\r\n\r\n", 1, false, "" },
    { "p:1", AUTH "\r\n", HEADCOUNT_EPROXY, true,
      "407 Proxy Authentication Required: put its user and password into "
      "HTTPS_PROXY" },
    { "u:hushhush@p:1", AUTH "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
      HEADCOUNT_EPROXY, true, "does not accept the user and password of "
                              "HTTPS_PROXY" },
    { "u:hushhush@p:1", AUTH "Proxy-Authenticate: Negotiate\r\n"
      "proxy-authenticate: NTLM\r\n\r\n", HEADCOUNT_EPROXY, true,
      "it answered 407 and asks for Negotiate: headcount has Basic alone" },
    /* It repeats what it got. */
    { "u:hushhush@p:1", "HTTP/1.1 407 Basic dTpodXNoaHVzaA== hushhush\r\n"
      "Proxy-Authenticate: dTpodXNoaHVzaA==\r\n\r\n", HEADCOUNT_EPROXY, true,
      "it answered 407 and asks for another scheme: headcount has Basic" },
    { "u:hushhush@p:1", "dTpodXNoaHVzaA== hushhush\r\n\r\n", HEADCOUNT_EPROXY,
      true, "the answer is no HTTP/1.1 that can be read; check HTTPS_PROXY" },
    { "p:1", AUTH "Proxy-Authenticate: Negotiate\r\n"
      "Proxy-Authenticate: basic realm=a\r\n\r\n", HEADCOUNT_EPROXY, true,
      "put its user" },
    { "p:1", "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\n",
      HEADCOUNT_EPROXY, true, "403 Forbidden: its rules have to allow" },
    { "p:1", "HTTP/1.1 405 Not \x01Allowed\r\n\r\n", HEADCOUNT_EPROXY, true,
      "HTTP/1.1" },
    { "p:1", "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n",
      HEADCOUNT_EPROXY, true, "302 Found: is it a proxy" },
    { "u:hushhush@p:1", "HTTP/1.1 502 Bad Gateway\r\n\r\n", HEADCOUNT_EPROXY,
      false, "answered 502: it does not reach this host" },
    { "p:1", "HTTP/1.1 429 Too Many Requests\r\n\r\n", HEADCOUNT_EPROXY,
      false, "429 Too Many Requests: it makes no tunnel now" },
    { "p:1", "HTTP/1.1 408 Late\r\n\r\n", HEADCOUNT_EPROXY, false,
      "408 Late: it makes no tunnel now" },
    { "p:1", "HTTP/1.1 503 \r\n\r\n", HEADCOUNT_EPROXY, false, "503" },
    { "p:1", "<html>no proxy</html>", HEADCOUNT_EPROXY, true,
      "\"; check HTTPS_PROXY" },
    { "p:1", "SSH-2.0-OpenSSH_9\r\n", HEADCOUNT_EPROXY, true, "not HTTP/1.1" },
    { "p:1", "HTTP/1.1 101 Switching\r\n\r\n", HEADCOUNT_EPROXY, true,
      "not HTTP/1.1" },
};

/* The outcome is the same at each split; what a tunnel sends comes after it. */
TEST(tunnel, an_answer_makes_it_or_is_said)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        size_t size = strlen(r->answer);

        for (size_t n = 1; n <= size; n = n == 1 ? 7 : n == 7 ? size
                                                          : size + 1) {
            scene_open(r->proxy);
            int got = answer(r->answer, size, n);

            if (got != HEADCOUNT_ENOMEM) {
                CHECK_INT(got, r->got);
                CHECK_INT(s.error.permanent, r->permanent);
                if (strstr(s.error.what, r->says) == NULL)
                    fail_msg("no \"%s\" in \"%s\"", r->says, s.error.what);
                CHECK(strstr(s.error.what, "hushhush") == NULL);
                CHECK(strstr(s.error.what, "dTpodXNo") == NULL);
                CHECK(got == 1 ||
                      strstr(s.error.what, "ecs.test:443 through the proxy "
                                           "http://") == s.error.what);
                CHECK(r->proxy[0] != 'u' ||
                      strstr(s.error.what, "http://***@p:1:") != NULL);
            }
            scene_close();
        }
    }
}

TEST(tunnel, the_request_has_the_credentials_and_nothing_of_aws)
{
    char got[400];

    scene_open("u:p@proxy:3128");
    CHECK_INT(step(), 0);
    ssize_t n = read(s.other, got, sizeof got);

    CHECK(n > 0);
    CHECK_STR(hc_str_n(got, (size_t)n),
              "CONNECT ecs.test:443 HTTP/1.1\r\nHost: ecs.test:443\r\n"
              "User-Agent: headcount/" HEADCOUNT_VERSION "\r\n"
              "Proxy-Authorization: Basic dTpw\r\n\r\n");
    scene_close();
}

TEST(tunnel, bytes_that_come_with_the_head_are_none_of_a_tunnel)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                               "\r\n<html>";

    scene_open("p:1");
    CHECK_INT(answer(text, sizeof text - 1, sizeof text), HEADCOUNT_EPROXY);
    CHECK(strstr(s.error.what, "sent a page") != NULL);
    CHECK_INT(s.error.permanent, 1);
    scene_close();
}

TEST(tunnel, a_head_has_its_limit)
{
    static char big[70000];

    memset(big, 'a', sizeof big);
    memcpy(big, "HTTP/1.1 200 OK\r\nA: ", 20);
    scene_open("p:1");
    CHECK_INT(answer(big, sizeof big, 4096), HEADCOUNT_EPROXY);
    CHECK(strstr(s.error.what, "64 KiB") != NULL);
    CHECK_INT(s.error.permanent, 1);
    scene_close();
}

/* A proxy that is restarted: the next attempt may find it. */
/* The kernel takes no more of the request. */
TEST(tunnel, what_comes_before_the_request_was_taken_is_read)
{
    static const char junk[4096], early[] = "HTTP/1.1 200 OK\r\n\r\n";

    for (int i = 0; i < 2; i++) {
        scene_open("x:1");
        while (write(s.conn->watch.fd, junk, sizeof junk) > 0)
            continue;
        CHECK_INT(step(), 0);
        if (i == 0)
            shutdown(s.other, SHUT_WR);
        else
            CHECK(write(s.other, early, sizeof early - 1) > 0);
        CHECK_INT(step(), HEADCOUNT_EPROXY);
        scene_close();
    }
}

TEST(tunnel, a_close_is_an_error_that_may_pass)
{
    static const char *const said[] = { "", "HTT", "HTTP/1.1 200 OK\r\n" };

    for (size_t i = 0; i < 3; i++) {
        scene_open("p:1");
        CHECK_INT(answer(said[i], strlen(said[i]), 100), 0);
        hang_up();
        CHECK_INT(step(), HEADCOUNT_EPROXY);
        CHECK_INT(s.error.permanent, 0);
        CHECK(strstr(s.error.what, "ecs.test:443 through") != NULL);
        scene_close();
    }
    scene_open("p:1");
    hang_up();
    CHECK_INT(step(), HEADCOUNT_EPROXY);
    CHECK_INT(s.error.permanent, 0);
    scene_close();
}

static int make_one(void)
{
    struct hc_tunnel t;
    struct headcount_error e = { .code = 0 };
    int got = HEADCOUNT_ENOMEM;

    hc_tunnel_init(&t, t_alloc(), &s.proxy, &s.target);
    s.conn->watch.got = HC_WATCH_READ;
    s.conn->ended = false;
    s.conn->in_at = s.conn->in_n = 0;    /* of the round before */
    CHECK(write(s.other, rows[0].answer, strlen(rows[0].answer)) > 0);
    got = hc_tunnel_step(&t, s.conn, &e);
    if (got < 0) {
        static char sink[4096];

        while (read(s.conn->watch.fd, sink, sizeof sink) > 0)
            continue;
        CHECK_INT(e.code, got);
    }
    hc_tunnel_fini(&t);
    return got == 1 ? 0 : got;
}

TEST(tunnel, every_failed_allocation_is_survived)
{
    scene_open("u:p@p:1");
    CHECK(t_fails_every_allocation(make_one) > 1);
    scene_close();
}
