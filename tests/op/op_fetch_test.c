/* One plain request to any URL, over what calls use. */
#include "headcount.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "peers/scene.h"
#include "t.h"

static const char *at(const char *path)
{
    static char url[4][512];
    static unsigned turn;
    char *out = url[turn++ % 4];

    hc_fmt(out, sizeof url[0], "%s%s", scene.url, path);
    return out;
}

static const struct headcount_outcome *fetch(struct headcount_fetch request)
{
    request.size = sizeof request;
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &request, NULL), 0);
    if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
        scene_drive();
    return headcount_outcome(scene.op);
}

static const struct headcount_outcome *get(const char *path)
{
    return fetch((struct headcount_fetch){ .url = at(path) });
}

static void says(const struct headcount_outcome *o, int code, const char *what)
{
    CHECK_INT(o->code, code);
    if (strstr(o->message, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, o->message);
}

static const char *sent(size_t i, const char *name)
{
    return aws_script_header(&scene.script, i, name);
}

static const char *header(const struct headcount_outcome *o, const char *name)
{
    for (size_t i = 0; i < o->headers_n; i++)
        if (strcmp(o->headers[i].name, name) == 0)
            return o->headers[i].value;
    return NULL;
}

/* ---- what is sent, and what comes back ---- */

TEST(fetch, a_get_gives_status_headers_and_body)
{
    const char *const answers[] = {
        aws_answer(200, "X-Thing:  a b \r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
                   "Empty:\r\n", "hello"), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = get("/a/b?c=d#part");
    CHECK_INT(o->code, 0);
    CHECK_Z(o->message, "");
    CHECK_INT(o->status, 200);
    CHECK_MEM(o->body, o->body_size, "hello");
    CHECK_INT(o->headers_n, 6);
    CHECK_Z(o->headers[0].name, "x-amzn-requestid");
    CHECK_Z(header(o, "x-thing"), "a b");
    CHECK_Z(o->headers[3].value, "a");
    CHECK_Z(o->headers[4].name, "set-cookie");
    CHECK_Z(o->headers[4].value, "b");
    CHECK_Z(header(o, "empty"), "");
    CHECK(strncmp(scene.script.request[0], "GET /a/b?c=d HTTP/1.1\r\n", 23)
          == 0);
    CHECK_Z(sent(0, "Host"), scene.url + strlen("http://"));
    CHECK(strncmp(sent(0, "User-Agent"), "headcount/", 10) == 0);
    CHECK_Z(sent(0, "Accept-Encoding"), "identity");
    CHECK_Z(sent(0, "Content-Length"), "");
    CHECK_Z(sent(0, "Authorization"), "");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_body_is_sent_as_it_is)
{
    static const struct headcount_header headers[] = {
        { "Content-Type", " text/plain " }, { "USER-AGENT", "me" },
        { "accept-encoding", "gzip" }, { "x-tab", "a\tb" } };
    const char *const answers[] = {
        aws_answer(201, "", ""), aws_answer(204, "", ""),
        aws_answer(200, "", ""), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = fetch((struct headcount_fetch){
        .url = at(""), .body = "a\0b", .body_size = 3, .headers = headers,
        .headers_n = 4 });
    CHECK_INT(o->status, 201);
    CHECK_INT(o->body_size, 0);
    const char *r = scene.script.request[0];

    CHECK(strncmp(r, "POST / HTTP/1.1\r\n", 17) == 0);
    CHECK_Z(sent(0, "Content-Length"), "3");
    CHECK_Z(sent(0, "Content-Type"), "text/plain");
    CHECK_Z(sent(0, "User-Agent"), "me");
    CHECK_Z(sent(0, "Accept-Encoding"), "gzip");
    CHECK_Z(sent(0, "X-Tab"), "a\tb");
    CHECK(strstr(r, "headcount/") == NULL && strstr(r, "identity") == NULL);
    CHECK(memcmp(strstr(r, "\r\n\r\n"), "\r\n\r\na\0b", 7) == 0);
    headcount_op_free(scene.op);
    /* Who expects a body is told that there is none. */
    o = fetch((struct headcount_fetch){ .method = "PUT", .url = at("?q") });
    CHECK_INT(o->status, 204);
    CHECK(strncmp(scene.script.request[1], "PUT /?q HTTP", 12) == 0);
    CHECK_Z(sent(1, "Content-Length"), "0");
    headcount_op_free(scene.op);
    o = fetch((struct headcount_fetch){ .method = "DELETE", .url = at("/") });
    CHECK_Z(sent(2, "Content-Length"), "");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_chunked_answer_is_put_together)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", NULL };

    scene_open(false, answers);
    const struct headcount_outcome *o = get("/");

    CHECK_INT(o->code, 0);
    CHECK_MEM(o->body, o->body_size, "abcde");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, the_answer_of_head_has_no_body)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = fetch((struct headcount_fetch){ .method = "HEAD", .url = at("/") });
    CHECK_INT(o->code, 0);
    CHECK_INT(o->body_size, 0);
    CHECK_Z(header(o, "content-length"), "5");
    headcount_op_free(scene.op);
    o = get("/");
    CHECK_MEM(o->body, o->body_size, "ok");
    CHECK_INT(scene.peer.n, 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_refusal_or_a_redirect_is_an_answer)
{
    static const int status[] = { 301, 404, 500, 503 };

    for (size_t i = 0; i < 4; i++) {
        const char *const answers[] = {
            aws_answer(status[i], "Location: /elsewhere\r\n", "no"), NULL };

        scene_open(false, answers);
        const struct headcount_outcome *o = get("/");

        CHECK_INT(o->code, 0);
        CHECK_INT(o->status, status[i]);
        CHECK_MEM(o->body, o->body_size, "no");
        CHECK_Z(o->service_code, "");
        CHECK_INT(scene.script.requests, 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* ---- the connection ---- */

TEST(fetch, calls_and_fetches_share_a_connection_and_are_counted)
{
    const char *const answers[] = {
        aws_answer(200, "", "{}"), aws_answer(200, "", "a"),
        aws_answer(404, "", "b"), NULL };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs",
        .operation = "ListClusters" };
    const struct headcount_outcome *o;

    scene_open(true, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    headcount_op_free(scene.op);
    o = get("/a");
    CHECK_INT(o->code, 0);
    CHECK_INT(o->stats.api_calls, 1);
    CHECK_INT(o->stats.connections_opened, 0);
    CHECK_INT(o->stats.connections_reused, 1);
    CHECK_INT(o->stats.tls_handshakes, 0);
    headcount_op_free(scene.op);
    o = get("/b");
    CHECK_INT(o->timings_n, 1);
    CHECK_Z(o->timings[0].operation, "GET");
    CHECK_Z(o->timings[0].address, "127.0.0.1");
    CHECK(strncmp(o->timings[0].host, "ecs.test.internal:", 18) == 0);
    CHECK_INT(o->timings[0].status, 404);
    CHECK_INT(o->timings[0].attempt, 1);
    CHECK(o->timings[0].reused);
    CHECK(o->timings[0].end >= o->timings[0].first_byte);
    CHECK_INT(scene.peer.n, 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, what_may_be_done_twice_is_sent_again_on_a_new_connection)
{
    static const struct { const char *method; bool ok, again; } rows[] = {
        { "GET", 0, 1 }, { "HEAD", 0, 1 }, { "PUT", 0, 1 }, { "DELETE", 0, 1 },
        { "OPTIONS", 0, 1 }, { "TRACE", 0, 1 }, { "POST", 0, 0 },
        { "PATCH", 0, 0 }, { "get", 0, 0 }, { "POST", 1, 1 },
        { "PATCH", 1, 1 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = { aws_answer(200, "", "a"),
                                        AWS_PEER_CLOSE,
                                        aws_answer(204, "", ""), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        get("/");
        headcount_op_free(scene.op);
        o = fetch((struct headcount_fetch){ .method = rows[i].method,
                                              .replay_ok = rows[i].ok,
                                              .url = at("/") });
        CHECK_INT(o->code, rows[i].again ? 0 : HEADCOUNT_ECLOSED);
        CHECK_INT(o->status, rows[i].again ? 204 : 0);
        CHECK_INT(o->stats.replays, rows[i].again ? 1 : 0);
        CHECK_INT(scene.script.requests, rows[i].again ? 3 : 2);
        CHECK_INT(scene.peer.n, rows[i].again ? 2 : 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(fetch, nothing_is_tried_again_after_a_new_connection_failed)
{
    static const char *const answers[] = { AWS_PEER_CLOSE, NULL };

    scene_open(false, answers);
    says(get("/"), HEADCOUNT_ECLOSED, "127.0.0.1");
    CHECK_INT(scene.script.requests, 1);
    CHECK_INT(headcount_outcome(scene.op)->timings_n, 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, an_answer_that_is_too_large_or_broken_is_none)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 33554433\r\n\r\n", "no http\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nz\r\n",
        NULL };
    static const int codes[] = { 0, HEADCOUNT_ELIMIT, HEADCOUNT_EPROTOCOL,
                                 HEADCOUNT_EPROTOCOL };

    scene_open(false, answers);
    for (size_t i = 0; i < 4; i++) {
        const struct headcount_outcome *o = get("/?key=secret");

        CHECK_INT(o->code, codes[i]);
        CHECK_INT(o->status, i == 0 || i == 3 ? 200 : 0);
        CHECK_INT(o->headers_n, i == 0 ? 2 : 0);
        CHECK_INT(o->body_size, i == 0 ? 1 : 0);
        CHECK(strstr(o->message, "secret") == NULL);
        CHECK_INT(scene.peer.n, i + 1);
        headcount_op_free(scene.op);
    }
    scene_close();
}

/* ---- trust ---- */

TEST(fetch, a_host_that_is_not_aws_needs_a_bundle)
{
    const char *const answers[] = { aws_answer(200, "", "a"), NULL };
    const struct headcount_outcome *o;

    scene_open(true, answers);
    o = get("/");
    CHECK_INT(o->code, 0);
    CHECK_INT(o->stats.tls_handshakes, 1);
    CHECK_INT(o->stats.dns_lookups, 1);
    headcount_op_free(scene.op);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .dns_server = scene.server }), 0);
    o = get("/");
    says(o, HEADCOUNT_ECERT, "AWS_CA_BUNDLE");
    CHECK_INT(o->status, 0);
    headcount_op_free(scene.op);
    CHECK_INT(scene.script.requests, 1);
    scene_close();
}

TEST(fetch, a_proxy_that_is_none_is_an_error_as_it_is_for_calls)
{
    static const char *const env[] = { "HTTPS_PROXY=socks5://10.0.0.1:3128",
                                       NULL };

    scene_open(false, NULL);
    headcount_free(scene.h);
    scene.env = env;
    CHECK_INT(scene_new((struct headcount_config){ .size = 0 }), 0);
    says(fetch((struct headcount_fetch){ .url = "https://example.test/" }),
         HEADCOUNT_ECONFIG, "SOCKS");
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- what cannot be sent ---- */

/* An outcome at once, and nobody was spoken to. */
static void refused(struct headcount_fetch request, int code,
                    const char *what)
{
    scene_open(false, NULL);
    request.size = sizeof request;
    if (request.url == NULL)
        request.url = at("/?key=secret");
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    const struct headcount_outcome *o = headcount_outcome(scene.op);

    says(o, code, what);
    CHECK(strstr(o->message, "secret") == NULL);
    CHECK_INT(o->status, 0);
    CHECK_INT(o->headers_n, 0);
    CHECK_INT(o->stats.connections_opened, 0);
    headcount_op_free(scene.op);
    CHECK_INT(scene.script.requests, 0);
    scene_close();
}

TEST(fetch, headers_that_are_ours_or_no_headers_are_refused)
{
    static const struct { struct headcount_header header; const char *says; }
    rows[] = {
        { { "Host", "secret.example" }, "`Host` cannot be given" },
        { { "content-length", "1" }, "`content-length` cannot be given" },
        { { "Connection", "close" }, "`Connection` cannot be given" },
        { { "Transfer-Encoding", "chunked" }, "cannot be given" },
        { { "TE", "trailers" }, "`TE` cannot be given" },
        { { "upgrade", "h2c" }, "`upgrade` cannot be given" },
        { { "Proxy-Authorization", "secret" }, "cannot be given" },
        { { "proxy-", "secret" }, "cannot be given" },
        { { "", "secret" }, "its name is empty" },
        { { "Authorization: secret", "" }, "`Authorization` cannot be sent" },
        { { "a b", "" }, "`a` cannot be sent" },
        { { "a\r\nb", "" }, "`a` cannot be sent" },
        { { "\xc3\xa4", "" }, "`` cannot be sent" },
        { { "a", "secret\r\nb: c" }, "`a` cannot be sent: its value" },
        { { "a", "secret\nb: c" }, "`a` cannot be sent: its value" },
        { { "a", "secret\rb" }, "`a` cannot be sent: its value" },
        { { "a", "secret\x01" }, "`a` cannot be sent: its value" },
        { { "a", "secret\x7f" }, "`a` cannot be sent: its value" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused((struct headcount_fetch){ .headers = &rows[i].header,
                                            .headers_n = 1 },
                HEADCOUNT_EARG, rows[i].says);
}

TEST(fetch, a_host_header_that_is_the_urls_is_sent_once)
{
    const char *const answers[] = { aws_answer(200, "", ""), NULL };
    struct headcount_header host = { "host", NULL };

    scene_open(false, answers);
    host.value = scene.url + strlen("http://");
    CHECK_INT(fetch((struct headcount_fetch){
                  .url = at("/"), .headers = &host, .headers_n = 1 })->code, 0);
    CHECK(strstr(scene.script.request[0], "host:") == NULL);
    CHECK_Z(sent(0, "Host"), host.value);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, urls_that_cannot_be_fetched_say_why_and_no_more_than_the_host)
{
    static const struct { const char *url, *says; } rows[] = {
        { "", "it is empty" },
        { "example.com/secret", "the URL cannot be fetched: it does not begin "
                                "with https://" },
        { "/secret", "it does not begin" },
        { "ftp://secret/", "it does not begin" },
        { "https:/secret", "it does not begin" },
        { "https://", "it has no host" },
        { "https:///secret", "it has no host" },
        { "https://me:secret@example.com/", "the URL cannot be fetched: user "
                                            "and password" },
        { "https://me:se/secret@example.com/", "the URL cannot be fetched: " },
        { "https://example.com/?a=secret b",
          "the URL https://example.com cannot be fetched: it is empty, or "
          "holds a blank" },
        { "https://exa mple.com/?secret", "https://exa cannot be fetched" },
        { "https://example.com/\xc3\xa4?secret", "no printable ASCII" },
        { "https://example.com:0/?secret",
          "the URL https://example.com:0 cannot be fetched: its port" },
        { "http://example.com:65536/?secret", "its port" },
        { "http://example.com:80a?secret", "its port" },
        { "HTTP://-a?secret", "HTTP://-a cannot be fetched: its host" },
        { "http://[::1/?secret", "its " },
        { "http://1.2.3/?secret", "its host" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused((struct headcount_fetch){ .url = rows[i].url },
                HEADCOUNT_EARG, rows[i].says);
}

TEST(fetch, methods_that_are_none_are_refused)
{
    static const char *const rows[] = {
        "", "GET ", "GE\nT", "CONNECT", "A/B",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused((struct headcount_fetch){ .method = rows[i] },
                HEADCOUNT_EARG, "method");
}

TEST(fetch, a_request_that_is_too_large_is_not_sent)
{
    char *body = calloc(1, HC_FETCH_REQUEST);

    CHECK(body != NULL);
    refused((struct headcount_fetch){ .body = body,
                                        .body_size = HC_FETCH_REQUEST },
            HEADCOUNT_ELIMIT, "larger than 8388608 bytes");
    free(body);
}

TEST(fetch, arguments_that_are_none_begin_nothing)
{
    static const struct headcount_header holes[] = { { "a", NULL },
                                                     { NULL, "a" } };
    const struct headcount_fetch rows[] = {
        { .size = sizeof rows[0] },
        { .size = sizeof rows[0], .url = "http://a",
          .body_size = 1 },
        { .size = sizeof rows[0], .url = "http://a",
          .headers_n = 1 },
        { .size = sizeof rows[0], .url = "http://a",
          .headers = holes, .headers_n = 1 },
        { .size = sizeof rows[0], .url = "http://a",
          .headers = holes + 1, .headers_n = 1 },
        /* a caller who was built before there was a URL */
        { .size = offsetof(struct headcount_fetch, method), .url = "http://a" },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_error why = { .code = 0 };

        CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &rows[i], &why),
                  HEADCOUNT_EARG);
        CHECK(scene.op == NULL);
        CHECK_INT(why.code, HEADCOUNT_EARG);
        CHECK(why.what[0] != '\0');
    }
    scene_close();
}

/* ---- its end ---- */

TEST(fetch, the_timeout_bounds_all_of_it)
{
    static const char *const slow[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", NULL };
    static const char *const silent[] = { AWS_PEER_SILENT, NULL };
    const struct headcount_outcome *o;

    for (int i = 0; i < 2; i++) {
        scene_open(false, i == 0 ? silent : slow);
        o = fetch((struct headcount_fetch){ .url = at("/"),
                                              .timeout = 20 * HC_MS });
        says(o, HEADCOUNT_EDEADLINE, i == 0 ? "first byte" : "body");
        CHECK_INT(o->status, i == 0 ? 0 : 200);
        CHECK_INT(o->body_size, 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(fetch, the_patience_of_the_handle_holds_too)
{
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    scene_open(false, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .read_timeout = 20 * HC_MS }), 0);
    says(get("/"), HEADCOUNT_ETIMEDOUT, "first byte");
    headcount_op_free(scene.op);
    scene_close();
}

/* Until the request has come whole. */
static void until_sent(void)
{
    for (int i = 0; i < 2000 && scene.script.requests == 0; i++) {
        headcount_wait(scene.op, HC_MS);
        net_peer_pump(&scene.peer);
        aws_script_pump(&scene.script, &scene.peer);
    }
    CHECK_INT(scene.script.requests, 1);
}

TEST(fetch, cancelled_before_it_left_it_does_not_leave)
{
    struct headcount_fetch r = { .size = sizeof r };

    scene_open(false, NULL);
    r.url = at("/");
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, NULL), 0);
    headcount_cancel(scene.op);
    headcount_cancel(scene.op);
    scene_drive();
    says(headcount_outcome(scene.op), HEADCOUNT_ECANCELLED, "before it was "
         "sent");
    headcount_cancel(scene.op);
    headcount_op_free(scene.op);
    CHECK_INT(scene.script.requests, 0);
    scene_close();
}

/* Its owner may keep it for long.  The dial that was begun for it goes on. */
TEST(fetch, cancelled_it_leaves_the_line_and_takes_no_connection)
{
    struct headcount_fetch r = { .size = sizeof r };

    scene_open(false, NULL);
    r.url = at("/");
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, NULL), 0);
    headcount_cancel(scene.op);
    for (int i = 0; i < 2000 && scene.h->net.stats.connections_opened == 0; i++)
        scene_round();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(scene.h->net.pool.conns, 1);
    CHECK_INT(hc_pool_idle(&scene.h->net.pool), 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, cancelled_after_it_left_it_is_awaited_for_a_little)
{
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };

    for (int i = 0; i < 3; i++) {
        struct headcount_fetch r = { .size = sizeof r };

        scene_open(false, answers);
        r.url = at("/");
        CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, NULL), 0);
        until_sent();
        if (i < 2) {
            headcount_cancel(scene.op);
            if (i == 0)
                net_peer_say(&scene.peer, 0, aws_answer(200, "", "a"));
            scene_drive();
            CHECK_INT(headcount_outcome(scene.op)->code,
                      i == 0 ? 0 : HEADCOUNT_ECANCELLED);
        }
        if (i < 2)
            headcount_op_free(scene.op);
        scene_close();
    }
}

/* ---- signed ---- */

static const struct headcount_sign_request for_s3 = {
    .size = sizeof for_s3, .service = "s3"
};

/* The signature of request i is the one that headcount_sign makes of what came,
 * at the time that it says. */
static void is_signed(size_t i, const char *method, const char *path,
                      const char *body)
{
    const struct headcount_header date = { "X-Amz-Date",
                                           sent(i, "X-Amz-Date") };
    const struct headcount_sign_request r = {
        .size = sizeof r, .method = method, .url = at(path), .body = body,
        .body_size = strlen(body), .service = "s3", .region = "eu-west-1",
        .headers = &date, .headers_n = 1, .access_key_id = "AKIDEXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    };
    struct headcount_sign_request timed = r;
    struct headcount_signed *s = NULL;
    const char *d = date.value;
    char when[24];

    CHECK_INT(strlen(d), HC_AMZ_DATE);
    hc_fmt(when, sizeof when, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4,
           d + 6, d + 9, d + 11, d + 13);
    CHECK(hc_time_get_rfc3339(hc_str(when), &timed.time));
    CHECK_INT(headcount_sign(&s, &timed, NULL, NULL), 0);
    CHECK_Z(sent(i, "Authorization"), s->headers[s->headers_n - 1].value);
    headcount_signed_free(s);
}

TEST(fetch, a_signed_request_has_the_signature_of_what_is_sent)
{
    const char *const answers[] = { aws_answer(200, "", "a"), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = fetch((struct headcount_fetch){ .method = "PUT", .url = at("/b?c=d#e"),
                                        .body = "body", .body_size = 4,
                                        .sign = &for_s3 });
    CHECK_INT(o->code, 0);
    CHECK_MEM(o->body, o->body_size, "a");
    CHECK(o->signed_request == NULL);
    CHECK(strncmp(scene.script.request[0], "PUT /b?c=d HTTP", 15) == 0);
    is_signed(0, "PUT", "/b?c=d", "body");
    CHECK(strstr(sent(0, "Authorization"), "user-agent") == NULL);
    CHECK(strncmp(sent(0, "User-Agent"), "headcount/", 10) == 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_replay_is_signed_again)
{
    const char *const answers[] = { aws_answer(200, "", "a"), AWS_PEER_CLOSE,
                                    aws_answer(200, "", "b"), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    get("/");
    headcount_op_free(scene.op);
    o = fetch((struct headcount_fetch){ .url = at("/"), .sign = &for_s3 });
    CHECK_INT(o->code, 0);
    CHECK_INT(o->stats.replays, 1);
    is_signed(1, "GET", "/", "");
    is_signed(2, "GET", "/", "");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, expired_credentials_are_fetched_again_once)
{
    static const char expired[] = "<?xml version=\"1.0\"?><Error><Code>"
        "ExpiredToken</Code><Message>The token has expired</Message></Error>";
    const char *const answers[] = { aws_answer(400, "X-First: 1\r\n", expired),
                                    aws_answer(201, "", "b"),
                                    aws_answer(400, "", expired),
                                    aws_answer(400, "", expired),
                                    NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = fetch((struct headcount_fetch){ .method = "POST", .url = at("/"),
                                        .sign = &for_s3 });
    CHECK_INT(o->code, 0);
    CHECK_INT(o->status, 201);
    CHECK_MEM(o->body, o->body_size, "b");
    CHECK(header(o, "x-first") == NULL);
    CHECK_Z(o->message, "");
    CHECK_INT(o->stats.api_calls, 1);
    CHECK_INT(o->stats.retries, 1);
    CHECK_INT(o->timings_n, 2);
    CHECK_INT(o->timings[1].attempt, 2);
    is_signed(1, "POST", "/", "");
    headcount_op_free(scene.op);
    o = fetch((struct headcount_fetch){ .method = "POST", .url = at("/"),
                                        .sign = &for_s3 });
    CHECK_INT(o->status, 400);
    CHECK_INT(o->code, 0);
    CHECK_Z(o->service_code, "ExpiredToken");
    CHECK(strstr(o->message, ": POST: ExpiredToken: The token has expired "
                             "(HTTP 400, request id req-400)") != NULL);
    CHECK_MEM(o->body, o->body_size, expired);
    CHECK_INT(scene.script.requests, 4);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, nothing_else_is_signed_again)
{
    static const char *const bodies[] = {
        "{\"__type\":\"ExpiredTokenException\"}",
        "{\"__type\":\"SignatureDoesNotMatch\"}",
        "{\"__type\":\"ThrottlingException\"}",
        "{\"__type\":\"AccessDenied\"}", "no",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *const answers[] = { aws_answer(403, "", bodies[i]), NULL };

        scene_open(false, answers);
        fetch((struct headcount_fetch){ .url = at("/"),
                                        .sign = i > 0 ? &for_s3 : NULL });
        CHECK_INT(headcount_outcome(scene.op)->status, 403);
        CHECK_INT(scene.script.requests, 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* The skew of an accepted signature is that of the calls that follow. */
TEST(fetch, a_clock_that_is_off_is_corrected_once)
{
    const char *const answers[] = {
        aws_answer(403, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                   "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        aws_answer(200, "", ""),
        aws_answer(403, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                   "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        NULL };

    scene_open(false, answers);
    CHECK_INT(fetch((struct headcount_fetch){ .url = at("/"),
                                              .sign = &for_s3 })->status, 200);
    CHECK(strncmp(sent(0, "X-Amz-Date"), "1994", 4) != 0);
    CHECK(strncmp(sent(1, "X-Amz-Date"), "19941106T0849", 13) == 0);
    headcount_op_free(scene.op);
    /* It is used at once, and no second clock is believed. */
    CHECK_INT(fetch((struct headcount_fetch){ .url = at("/"),
                                              .sign = &for_s3 })->status, 403);
    CHECK(strncmp(sent(2, "X-Amz-Date"), "19941106T0849", 13) == 0);
    CHECK_INT(scene.script.requests, 3);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_refused_signature_tells_no_time)
{
    const char *const answers[] = {
        aws_answer(403, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                   "<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        aws_answer(403, "", "<Error><Code>SignatureDoesNotMatch</Code>"
                            "</Error>"), NULL };

    scene_open(false, answers);
    fetch((struct headcount_fetch){ .url = at("/"), .sign = &for_s3 });
    CHECK_INT(scene.script.requests, 2);
    CHECK_INT(scene.h->client.skew, 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, an_answer_that_repeats_the_request_shows_none_of_it)
{
    static const struct headcount_header mine = { "X-Key", "mysecretmykey" };
    const char *const answers[] = {
        aws_answer(403, "", "{\"__type\":\"Denied\",\"message\":\"not with "
                   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, mysecretmykey, "
                   "pass=secretpass\"}"), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = fetch((struct headcount_fetch){
        .url = at("/?pass=secretpass"), .sign = &for_s3, .headers = &mine,
        .headers_n = 1 });
    CHECK(strstr(o->message, ": Denied: not with ***, ***, ***") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

static void webhook_traced(void *ud, const struct headcount_trace *t)
{
    *(bool *)ud = true;
    CHECK(strstr(t->url, "hook") == NULL);
    CHECK(strstr(t->url, "/***") != NULL);
}

TEST(fetch, a_trace_does_not_have_the_path_of_a_webhook)
{
    const char *const answers[] = { aws_answer(200, "", ""), NULL };
    bool traced = false;

    scene_open(false, answers);
    scene.h->net.log.trace = webhook_traced;
    scene.h->net.log.ud = &traced;
    get("/services/T/B/hook");
    CHECK(traced);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, sign_only_sends_nothing)
{
    struct headcount_sign_request s = for_s3;
    const struct headcount_outcome *o;

    scene_open(false, NULL);
    s.region = "us-east-2";
    s.expires = 60 * HC_SECOND;
    for (int i = 0; i < 2; i++) {
        o = fetch((struct headcount_fetch){ .url = at("/a?b"), .sign = &s,
                                            .sign_only = true });
        CHECK_INT(o->code, 0);
        CHECK_INT(o->status, 0);
        CHECK_INT(o->stats.api_calls, 0);
        CHECK_INT(o->stats.connections_opened, 0);
        CHECK_INT(o->timings_n, 0);
        const struct headcount_signed *made = o->signed_request;

        CHECK(made != NULL);
        if (i == 0) {
            CHECK(strncmp(made->url, at("/a?b&X-Amz-Algorithm="),
                          strlen(at("/a?b&X-Amz-Algorithm="))) == 0);
            CHECK(strstr(made->url, "%2Fus-east-2%2Fs3%2Faws4_request&"));
        } else {
            CHECK(made->url == NULL);
            CHECK_Z(made->headers[made->headers_n - 1].name, "Authorization");
        }
        headcount_op_free(scene.op);
        s.expires = 0;
    }
    CHECK_INT(scene.script.requests, 0);
    scene_close();
}

TEST(fetch, a_presigned_request_is_sent_with_its_query)
{
    const char *const answers[] = { aws_answer(200, "", "a"), NULL };
    struct headcount_sign_request s = for_s3;

    scene_open(false, answers);
    s.expires = 60 * HC_SECOND;
    CHECK_INT(fetch((struct headcount_fetch){ .url = at("/a?b"),
                                              .sign = &s })->status, 200);
    CHECK(strncmp(scene.script.request[0], "GET /a?b&X-Amz-Algorithm=", 25)
          == 0);
    CHECK(strstr(scene.script.request[0], "&X-Amz-Signature=") != NULL);
    CHECK_Z(sent(0, "Authorization"), "");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, what_cannot_be_signed_is_not_sent)
{
    struct headcount_sign_request s = for_s3;
    static const char *const services[] = { "", "S3", "s3/x", "a b", "-s3" };
    const struct headcount_header own = { "Authorization", "secret" };

    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        s.service = services[i];
        refused((struct headcount_fetch){ .sign = &s }, HEADCOUNT_EARG,
                "the service to sign for");
    }
    s = for_s3;
    s.region = "EU";
    refused((struct headcount_fetch){ .sign = &s }, HEADCOUNT_EREGION,
            "`EU` is no AWS region");
    s = for_s3;
    refused((struct headcount_fetch){ .sign = &s, .headers = &own,
                                      .headers_n = 1 },
            HEADCOUNT_EARG, "`Authorization` cannot be given");
    s.expires = 1;
    refused((struct headcount_fetch){ .sign = &s }, HEADCOUNT_EARG,
            "from 1 to 604800");
}

TEST(fetch, without_a_signer_or_a_region_nothing_is_signed)
{
    static const char *const nobody[] = { "AWS_REGION=eu-west-1",
                                          "AWS_EC2_METADATA_DISABLED=true",
                                          NULL };
    static const char *const nowhere[] = { "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                           "AWS_SECRET_ACCESS_KEY=secret1234",
                                           NULL };

    for (int i = 0; i < 3; i++) {
        scene_open(false, NULL);
        headcount_free(scene.h);
        scene.env = i == 0 ? nobody : i == 1 ? nowhere : scene_env_of;
        CHECK_INT(scene_new((struct headcount_config){
                      .no_sign_request = i == 2 }), 0);
        says(fetch((struct headcount_fetch){ .url = at("/"),
                                             .sign = &for_s3 }),
             i == 0 ? HEADCOUNT_ECREDENTIALS : i == 1 ? HEADCOUNT_EREGION
                                                      : HEADCOUNT_EARG,
             i == 0 ? "" : i == 1 ? "no AWS region is known"
                                  : "config.no_sign_request");
        CHECK_INT(scene.script.requests, 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(fetch, members_that_exclude_each_other_begin_nothing)
{
    struct headcount_sign_request rows[] = {
        { .size = sizeof for_s3 }, for_s3, for_s3, for_s3, for_s3, for_s3,
        for_s3, for_s3, { .service = "s3" },
    };
    struct headcount_fetch r = { .size = sizeof r, .url = "http://a" };

    rows[1].method = "GET";
    rows[2].url = "http://a";
    rows[3].headers_n = 1;
    rows[4].body_size = 1;
    rows[5].access_key_id = "a";
    rows[6].secret_access_key = "a";
    rows[7].session_token = "a";
    scene_open(false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows + 3; i++) {
        struct headcount_error why = { .code = 0 };
        size_t n = sizeof rows / sizeof *rows;

        r.sign = i < n ? &rows[i] : NULL;
        r.sign_only = i == n;
        r.assume_role = i == n + 1 ? "arn:aws:iam::123456789012:role/a" : NULL;
        r.expect_account = i == n + 2 ? "123456789012" : NULL;
        CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, &why),
                  HEADCOUNT_EARG);
        CHECK(scene.op == NULL);
        CHECK(strstr(why.what, "sign") != NULL);
    }
    scene_close();
}

#define IS(account)                                                         \
    aws_answer(200, "", "<GetCallerIdentityResponse>"                       \
               "<GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId>"    \
               "<Account>" account "</Account></GetCallerIdentityResult>"   \
               "</GetCallerIdentityResponse>")

TEST(fetch, keys_of_another_account_sign_nothing)
{
    for (int i = 0; i < 4; i++) {
        const char *const answers[] = {
            i % 2 == 0 ? IS("123456789012") : IS("210987654321"),
            aws_answer(200, "", "a"), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        o = fetch((struct headcount_fetch){
            .url = at("/"), .sign = &for_s3, .sign_only = i >= 2,
            .expect_account = "123456789012" });
        CHECK_INT(o->code, i % 2 == 0 ? 0 : HEADCOUNT_EACCOUNT);
        CHECK((o->signed_request != NULL) == (i == 2));
        CHECK_INT(scene.script.requests, i == 0 ? 2 : 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

#define ROLE "arn:aws:iam::123456789012:role/deploy"
#define ASSUMED "<AssumeRoleResponse><AssumeRoleResult><Credentials>"       \
    "<AccessKeyId>ROLE1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"  \
    "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z"        \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

/* Its first sending was refused, so it did nothing, and there is no other. */
TEST(fetch, cancelled_while_other_credentials_come_it_is_not_sent_again)
{
    const char *const answers[] = {
        aws_answer(200, "", ASSUMED),
        aws_answer(400, "", "<Error><Code>ExpiredToken</Code></Error>"),
        AWS_PEER_SILENT, NULL };
    struct headcount_fetch r = { .size = sizeof r, .method = "POST",
                                 .sign = &for_s3, .assume_role = ROLE };

    scene_open(false, answers);
    r.url = at("/");
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, NULL), 0);
    scene_until(3);
    headcount_cancel(scene.op);
    headcount_step(scene.h, NULL, 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    says(headcount_outcome(scene.op), HEADCOUNT_ECANCELLED, "before it was "
         "sent");
    CHECK_INT(scene.script.requests, 3);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(fetch, a_write_without_an_answer_may_have_been_done_and_says_so)
{
    static const char *const answers[] = { AWS_PEER_CLOSE, AWS_PEER_CLOSE,
                                           AWS_PEER_CLOSE, NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    for (int i = 0; i < 3; i++) {
        o = fetch((struct headcount_fetch){
            .method = i == 1 ? "GET" : "POST", .url = at("/"),
            .replay_ok = i == 2 });
        CHECK_INT(o->code, HEADCOUNT_ECLOSED);
        CHECK((strstr(o->message, "POST was sent and got no usable answer, so "
                      "it may have been done: 127.0.0.1") != NULL) ==
              (i == 0));
        headcount_op_free(scene.op);
    }
    scene_close();
}

TEST(fetch, cancelled_without_credentials_it_ends)
{
    struct headcount_fetch r = { .size = sizeof r, .sign = &for_s3 };

    scene_open(false, NULL);
    r.url = at("/");
    CHECK_INT(headcount_begin_fetch(scene.h, &scene.op, &r, NULL), 0);
    headcount_cancel(scene.op);
    scene_drive();
    says(headcount_outcome(scene.op), HEADCOUNT_ECANCELLED, "before it was "
         "sent");
    CHECK_INT(headcount_outcome(scene.op)->timings_n, 0);
    headcount_op_free(scene.op);
    scene_close();
}

static int one_fetch(void)
{
    const char *const answers[] = { aws_answer(200, "", "a"), NULL };
    const struct headcount_header header = { "a", "b" };
    struct headcount_fetch r = { .size = sizeof r,
                                 .headers = &header,
                                 .headers_n = 1, .sign = &for_s3 };
    int err = scene_try(false, answers);

    r.url = at("/");
    if (err == 0)
        err = headcount_begin_fetch(scene.h, &scene.op, &r, NULL);
    if (err == 0) {
        if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
            scene_drive();
        err = headcount_outcome(scene.op)->code;
    }
    scene_close();
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

TEST(fetch, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(one_fetch);
}
