/* tests/aws/trace_test.c - what the hook `trace` gets, and what it never
 * does. */
#include "aws/trace.h"

#include <string.h>

#include "t.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN "IQoJb3JpZ2luX2VjEXAMPLETOKENIQoJb3JpZ2luX2VjEXAMPLE"
#define REQUEST                                                             \
    "POST /a/path?token=" TOKEN " HTTP/1.1\r\n"                             \
    "Host: ecs.eu-west-1.amazonaws.com\r\n"                                 \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKID/ap-southeast-1\r\n"    \
    "X-Amz-Security-Token: " TOKEN "\r\n"                                   \
    "Cookie: " SECRET "\r\n"                                                \
    "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"                           \
    "X-Vault-Token: hvs.something\r\n"                                      \
    "X-Amz-Target: Ecs.ListClusters\r\n"                                    \
    "User-Agent: headcount\r\n"                                             \
    "\r\n{\"a\":1}"
#define ANSWER                                                              \
    "HTTP/1.1 200 OK\r\n"                                                   \
    "Content-Type: application/json; was=" TOKEN "\r\n"                     \
    "Set-Cookie: id=" SECRET "\r\n"                                         \
    "X-Amzn-RequestId: 0f1e\r\n"                                            \
    "X-Echo: " SECRET "\r\n"                                                \
    "Server: wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY\r\n"              \
    "Via: 1.1 hvs.something, 1.1 ap-southeast-1\r\n"                        \
    "ETag: dXNlcjpwYXNz\r\n"                                                \
    "Content-Length: 2\r\n\r\n{}"

static struct hc_net net;
static struct hc_fetch fetch;
static bool hides_path;
static char got[8192];
static size_t told;

static void put(const char *text)
{
    CHECK(text != NULL);
    CHECK(strlen(got) + strlen(text) + 2 < sizeof got);
    if (text != NULL && strlen(got) + strlen(text) + 2 < sizeof got) {
        strcat(got, text);
        strcat(got, "\n");
    }
}

static void put_headers(const struct headcount_header *h, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(h[i].name);
        put(h[i].value);
    }
}

/* All texts of an exchange, one a line. */
static void hook(void *ud, const struct headcount_trace *t)
{
    CHECK(ud == &told);
    told++;
    got[0] = '\0';
    put(t->method);
    put(t->url);
    put(t->timing->operation);
    put_headers(t->request_headers, t->request_headers_n);
    put("");
    put_headers(t->headers, t->headers_n);
    CHECK_INT(t->request_body, fetch.out.n > 0 ? 7 : 0);
    CHECK_INT(t->request_head + t->request_body, fetch.out.n);
    CHECK_INT(t->body, 2);
}

static void trace(const char *request, const char *answer, bool secret,
                  bool tls)
{
    const struct hc_identity who = { .key_id = HC_STR("AKID"),
                                     .secret = HC_STR(SECRET),
                                     .token = HC_STR(TOKEN) };
    struct hc_origin origin = { .host = "ecs.eu-west-1.amazonaws.com",
                                .port = 443, .tls = tls };
    const struct hc_timing_note note = { .fetch = &fetch, .who = &who,
                                         .method = "PUT",
                                         .hides_path = hides_path };
    const struct headcount_timing timing = { .operation = "ListClusters" };
    struct hc_str in = hc_str(answer);
    struct headcount_error e = { 0 };

    net = (struct hc_net){ .log = { .trace = hook, .ud = &told } };
    net.sys.alloc = *t_alloc();
    fetch = (struct hc_fetch){
        .net = &net, .config = { .origin = &origin, .is_secret = secret },
        .body_n = 2,
    };
    hc_buf_init(&fetch.out, t_alloc(), 8192);
    hc_buf_text(&fetch.out, request);
    hc_http1_init(&fetch.http, t_alloc(), false);
    int err = hc_http1_feed(&fetch.http, &in, &e);

    if (err == 0 && hc_buf_error(&fetch.out) == 0)
        hc_trace(&note, &timing);
    hc_http1_fini(&fetch.http);
    hc_buf_fini(&fetch.out);
}

TEST(trace, heads_have_what_is_known_to_be_harmless)
{
    told = 0;
    trace(REQUEST, ANSWER, false, true);
    CHECK_INT(told, 1);
    CHECK_Z(got, "POST\nhttps://ecs.eu-west-1.amazonaws.com/a/path\n"
                 "ListClusters\n"
                 "Host\necs.eu-west-1.amazonaws.com\n"
                 "X-Amz-Target\nEcs.ListClusters\n"
                 "User-Agent\nheadcount\n"
                 "\n"
                 "Content-Type\napplication/json; was=***\n"
                 "X-Amzn-RequestId\n0f1e\n"
                 "Server\n***\n"
                 "Via\n1.1 ***, 1.1 ap-southeast-1\n"
                 "ETag\n***\n"
                 "Content-Length\n2\n");
}

TEST(trace, an_answer_with_credentials_shows_no_header_and_no_path)
{
    trace(REQUEST, ANSWER, true, true);
    CHECK_Z(got, "POST\nhttps://ecs.eu-west-1.amazonaws.com/***\n"
                 "ListClusters\n"
                 "Host\necs.eu-west-1.amazonaws.com\n"
                 "X-Amz-Target\nEcs.ListClusters\n"
                 "User-Agent\nheadcount\n"
                 "\n");
}

/* The path of a webhook is its password, and a peer may repeat it. */
TEST(trace, a_fetch_shows_that_there_was_a_path_and_no_more)
{
    const char *answer = "HTTP/1.1 404 Not Found\r\n"
                         "Server: no /services/T/B/hook?token=1234567\r\n"
                         "Content-Length: 2\r\n\r\n{}";

    hides_path = true;
    trace("POST /services/T/B/hook?token=1234567&u=https://ecs.eu-west-1 "
          "HTTP/1.1\r\nHost: ecs.eu-west-1.amazonaws.com\r\n\r\n{\"a\":1}",
          answer, false, true);
    CHECK_Z(got, "POST\nhttps://ecs.eu-west-1.amazonaws.com/***\n"
                 "ListClusters\nHost\necs.eu-west-1.amazonaws.com\n\n"
                 "Server\nno ***?***\nContent-Length\n2\n");
    trace("GET / HTTP/1.1\r\n\r\n{\"a\":1}", answer, false, true);
    hides_path = false;
    CHECK(strstr(got, "amazonaws.com/\n") != NULL);
}

TEST(trace, a_request_that_was_never_made_has_a_url_all_the_same)
{
    trace("", ANSWER, true, false);
    CHECK_Z(got, "PUT\nhttp://ecs.eu-west-1.amazonaws.com:443/\n"
                 "ListClusters\n\n");
}

TEST(trace, a_request_to_a_proxy_has_its_origin_once)
{
    trace("POST http://ecs.eu-west-1.amazonaws.com:443/x?y HTTP/1.1\r\n\r\n"
          "{\"a\":1}", ANSWER, true, false);
    CHECK(strstr(got, "http://ecs.eu-west-1.amazonaws.com:443/***\n") != NULL);
    trace("POST http://ecs.eu-west-1.amazonaws.com:443/x?y HTTP/1.1\r\n\r\n"
          "{\"a\":1}", "HTTP/1.1 200 OK\r\n\r\n", false, false);
    CHECK_Z(got, "POST\nhttp://ecs.eu-west-1.amazonaws.com:443/x\n"
                 "ListClusters\n\n");
}

static int trace_once(void)
{
    trace(REQUEST, ANSWER, false, true);
    CHECK(strstr(got, SECRET) == NULL && strstr(got, TOKEN) == NULL);
    return t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
}

TEST(trace, memory_may_end_anywhere)
{
    t_fails_every_allocation(trace_once);
}
