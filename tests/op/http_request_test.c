/* tests/op/http_request_test.c - what is kept of a request, written and struck.
 * The sentences of its refusals are in op_fetch_test.c. */
#include "op/http_request.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

struct made {
    struct hc_arena arena;
    struct hc_http_request q;
    struct hc_buf out;
    struct headcount_error e;
};

static int make(struct made *m, const struct headcount_fetch *given)
{
    *m = (struct made){ .e = { .code = 0 } };
    hc_arena_init(&m->arena, t_alloc(), 65536);
    hc_buf_init_secret(&m->out, t_alloc(), 65536);
    return hc_http_request_init(&m->q, &m->arena, given, &m->e);
}

static void made_fini(struct made *m)
{
    hc_http_request_fini(&m->q);
    hc_buf_fini(&m->out);
    hc_arena_fini(&m->arena);
}

static int put(struct made *m, const struct headcount_signed *signature)
{
    return hc_http_request_put(&m->q, &m->out, signature, HC_STR("me"), &m->e);
}

TEST(http_request, what_the_caller_lent_may_change)
{
    char url[] = "http://a.example/b?c#d", name[] = "X-A", value[] = " 1 ";
    char body[] = "body";
    struct headcount_header header = { name, value };
    struct made m;

    CHECK_INT(make(&m, &(struct headcount_fetch){
                  .method = "PATCH", .url = url, .headers = &header,
                  .headers_n = 1, .body = body, .body_size = 4 }), 0);
    memset(url, 'z', sizeof url - 1);
    memset(value, 'z', 3);
    memset(name, 'z', 3);
    memset(body, 'z', 4);
    header.name = NULL;
    CHECK_INT(put(&m, NULL), 0);
    CHECK_STR(hc_buf_view(&m.out),
              "PATCH /b?c HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\n"
              "User-Agent: me\r\nAccept-Encoding: identity\r\n"
              "Content-Length: 4\r\n\r\nbody");
    CHECK(!m.q.repeatable);
    made_fini(&m);
}

TEST(http_request, a_signature_brings_headers_and_perhaps_a_url)
{
    static const struct headcount_header headers[] = {
        { "Host", "a.example" }, { "Authorization", "x" },
    };
    static const struct headcount_signed rows[] = {
        { .headers = headers, .headers_n = 2 },
        { .headers = headers, .headers_n = 0,
          .url = "http://a.example/?b&X-Amz-Signature=c" },
    };
    static const char *const wire[] = {
        "GET /?b HTTP/1.1\r\nHost: a.example\r\nAuthorization: x\r\n"
        "User-Agent: me\r\nAccept-Encoding: identity\r\n\r\n",
        "GET /?b&X-Amz-Signature=c HTTP/1.1\r\nHost: a.example\r\n"
        "User-Agent: me\r\nAccept-Encoding: identity\r\n\r\n",
    };
    struct made m;

    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(make(&m, &(struct headcount_fetch){
                      .url = "http://a.example?b" }), 0);
        CHECK_INT(put(&m, &rows[i]), 0);
        CHECK_STR(hc_buf_view(&m.out), wire[i]);
        CHECK(m.q.repeatable);
        made_fini(&m);
    }
}

TEST(http_request, header_values_path_and_query_are_struck)
{
    static const struct headcount_header headers[] = {
        { "Authorization", "Bearer abcdefgh" }, { "a", "short" },
    };
    char text[] = "no Bearer abcdefgh for token=12345678 of /services/T/B/hook"
                  ", short";
    struct made m;

    CHECK_INT(make(&m, &(struct headcount_fetch){
                  .url = "http://a.example/services/T/B/hook?token=12345678",
                  .headers = headers, .headers_n = 2 }), 0);
    hc_http_request_strike(&m.q, text);
    CHECK_Z(text, "no *** for *** of ***, short");
    made_fini(&m);
}

TEST(http_request, what_does_not_fit_is_said)
{
    struct made m;

    CHECK_INT(make(&m, &(struct headcount_fetch){ .url = "http://a.example/",
                                                  .body = "body",
                                                  .body_size = 4 }), 0);
    m.out.max = 40;
    CHECK_INT(put(&m, NULL), HEADCOUNT_ELIMIT);
    CHECK(strstr(m.e.what, "a.example: the request is larger than") != NULL);
    made_fini(&m);
}

static int once(void)
{
    static const struct headcount_header headers[] = { { "a", "b" },
                                                       { "a", "c" } };
    struct made m;
    int err = make(&m, &(struct headcount_fetch){
                       .url = "http://a.example/", .headers = headers,
                       .headers_n = 2, .body = "body", .body_size = 4 });

    if (err == 0)
        err = put(&m, NULL);
    CHECK_INT(m.e.code, err);
    if (err == 0)
        CHECK(strstr(hc_buf_z(&m.out), "\r\na: b\r\na: c\r\n") != NULL);
    made_fini(&m);
    return err;
}

TEST(http_request, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(once);
}
