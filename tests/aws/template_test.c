/* tests/aws/template_test.c - a request is the same bytes whether there was a
 * template for it or not. */
#include "aws/template.h"

#include <string.h>

#include "aws/sigv4_whole.h"
#include "base/cpu.h"
#include "base/text.h"
#include "own.h"
#include "t.h"

#define WALL (INT64_C(1440938160) * HC_SECOND)       /* 20150830T123600Z */
#define DAY (86400 * HC_SECOND)
#define ID_A "0a0e4a0c-2f1d-4c3e-9a57-6d5f00c1ab42"
#define ID_B "ffffffff-1111-4222-8333-444444444444"

struct asked {
    struct hc_endpoint endpoint;
    struct hc_identity who;
    struct hc_sigv4_key key;
    struct hc_request_config c;
};

static void ask(struct asked *a, enum hc_service_id service)
{
    const struct hc_endpoint_ask at = {
        .service = service_own(service), .region = HC_STR("eu-west-1"),
    };

    memset(a, 0, sizeof *a);
    CHECK_INT(hc_endpoint_get(&a->endpoint, &at, NULL), 0);
    a->who = (struct hc_identity){ HC_STR("AKIDEXAMPLE"), HC_STR("secret"),
                                   HC_STR("a token") };
    a->c = (struct hc_request_config){
        .endpoint = &a->endpoint, .operation = HC_STR("DoThis"),
        .body = HC_STR("{\"a\":1}"), .who = &a->who, .key = &a->key,
        .user_agent = HC_STR("agent"), .invocation = ID_A, .attempt = 1,
        .max_attempts = 3,
    };
}

/* The request with these templates. */
static int put(struct hc_buf *out, struct hc_templates *t, struct asked *a,
               int64_t wall)
{
    hc_buf_init(out, t_alloc(), 1 << 20);
    a->c.templates = t;
    return hc_template_put(out, &a->c, wall, NULL);
}

static bool is_as_new(struct hc_templates *t, struct asked *a, int64_t wall)
{
    struct hc_templates none;
    struct hc_buf got, want;

    hc_templates_init(&none, t_alloc(), 0);
    int err = put(&got, t, a, wall);

    err = err == 0 ? put(&want, &none, a, wall)
                   : (hc_buf_init(&want, t_alloc(), 1), err);
    bool same = err == 0 && got.n > 100 &&
                hc_str_eq(hc_buf_view(&got), hc_buf_view(&want));

    hc_buf_fini(&got);
    hc_buf_fini(&want);
    hc_templates_fini(&none);
    return same;
}

static void step(struct asked *a, int i)
{
    switch (i) {
    case 1: a->c.invocation = ID_B; break;
    case 2: a->c.body = HC_STR("{\"another\":\"body\"}"); break;
    case 3: a->who.secret = HC_STR("another secret"); break;
    case 4: a->who.token = HC_STR("another token"); break;
    case 5: a->who.token = HC_STR(""); break;
    case 6: a->who.key_id = HC_STR("AKIDANOTHER"); break;
    case 7: a->c.attempt = 2; break;
    case 8: a->c.operation = HC_STR("DoThat"); break;
    case 9: a->c.user_agent = HC_STR("another agent"); break;
    case 10: hc_str_copy(a->endpoint.region, sizeof a->endpoint.region,
                         HC_STR("us-west-2")); break;
    case 11: hc_str_copy(a->endpoint.host, sizeof a->endpoint.host,
                         HC_STR("example.com")); break;
    case 12: hc_str_copy(a->endpoint.path, sizeof a->endpoint.path,
                         HC_STR("/a b/../c")); break;
    case 13: a->c.who = NULL; break;
    default: break;
    }
}

TEST(template, changes_no_byte_of_a_request)
{
    for (int service = 0; service < HC_SERVICE_COUNT; service++) {
        struct asked a;
        struct hc_templates t;

        ask(&a, (enum hc_service_id)service);
        hc_templates_init(&t, t_alloc(), hc_cpu());
        for (int i = 0; i < 14; i++) {
            step(&a, i);
            CHECK(is_as_new(&t, &a, WALL));
            CHECK(is_as_new(&t, &a, WALL + 59 * HC_SECOND));
            CHECK(is_as_new(&t, &a, WALL + (i + 1) * DAY));
        }
        hc_sigv4_key_wipe(&a.key);
        hc_templates_fini(&t);
    }
}

/* The same signature as of the three steps with the headers of the request. */
TEST(template, signs_what_is_sent)
{
    struct asked a;
    struct hc_templates t;
    struct hc_buf out;
    unsigned char hash[HC_SHA256];
    char hex[HC_SIGV4_HEX];

    ask(&a, HC_SERVICE_ECS);
    hc_templates_init(&t, t_alloc(), hc_cpu());
    CHECK_INT(put(&out, &t, &a, WALL - DAY), 0);
    hc_buf_fini(&out);
    a.c.invocation = ID_B;
    CHECK_INT(put(&out, &t, &a, WALL), 0);
    hc_sha256_of(hash, 0, a.c.body);
    hc_hex(hex, hash, sizeof hash);
    const struct hc_sigv4_header headers[] = {
        { HC_STR("Host"), HC_STR("ecs.eu-west-1.amazonaws.com") },
        { HC_STR("Content-Type"), HC_STR("application/x-amz-json-1.1") },
        { HC_STR("X-Amz-Target"),
          HC_STR("AmazonEC2ContainerServiceV20141113.DoThis") },
        { HC_STR("X-Amz-Date"), HC_STR("20150830T123600Z") },
        { HC_STR("amz-sdk-invocation-id"), HC_STR(ID_B) },
        { HC_STR("amz-sdk-request"), HC_STR("attempt=1; max=3") },
        { HC_STR("X-Amz-Security-Token"), HC_STR("a token") },
    };
    const struct hc_sigv4_request r = {
        .method = HC_STR("POST"), .path = HC_STR("/"), .headers = headers,
        .headers_n = sizeof headers / sizeof *headers,
        .payload = { hex, sizeof hex },
        .double_encode = true, .normalize_path = true,
    };
    struct hc_sigv4_scope scope;
    const struct whole whole = { &r, &scope, &a.who, &a.key };
    struct hc_buf want;

    hc_sigv4_scope_init(&scope, WALL, HC_STR("eu-west-1"), HC_STR("ecs"));
    hc_buf_init(&want, t_alloc(), 4096);
    hc_buf_lit(&want, "*\r\nAuthorization: ");
    CHECK_INT(whole_authorization(&want, &whole, NULL), 0);
    hc_buf_lit(&want, "\r\nUser-Agent: *");
    CHECK(hc_str_glob(hc_buf_view(&want), hc_buf_view(&out)));
    hc_sigv4_key_wipe(&a.key);
    hc_buf_fini(&want);
    hc_buf_fini(&out);
    hc_templates_fini(&t);
}

static void make(struct hc_templates *t, struct asked *a, uint64_t made)
{
    struct hc_buf out;

    CHECK_INT(put(&out, t, a, WALL), 0);
    hc_buf_fini(&out);
    CHECK_INT(t->made, made);
}

TEST(template, the_one_that_was_not_used_for_the_longest_time_goes)
{
    struct asked a[HC_TEMPLATES + 1];
    struct hc_templates t;

    hc_templates_init(&t, t_alloc(), hc_cpu());
    for (size_t i = 0; i <= HC_TEMPLATES; i++) {
        ask(&a[i], HC_SERVICE_ECS);
        a[i].c.attempt = 1 + (int)i;
    }
    for (size_t i = 0; i < HC_TEMPLATES; i++)
        make(&t, &a[i], 1 + i);
    make(&t, &a[0], HC_TEMPLATES);
    make(&t, &a[HC_TEMPLATES], HC_TEMPLATES + 1);
    make(&t, &a[0], HC_TEMPLATES + 1);
    make(&t, &a[1], HC_TEMPLATES + 2);
    hc_templates_fini(&t);
}

TEST(template, a_large_one_is_not_kept)
{
    static char token[9000];
    struct asked a;
    struct hc_templates t;

    memset(token, 't', sizeof token);
    ask(&a, HC_SERVICE_ECS);
    a.who.token = hc_str_n(token, sizeof token);
    hc_templates_init(&t, t_alloc(), hc_cpu());
    make(&t, &a, 1);
    CHECK(t.a[0].head.p == NULL && t.a[0].canonical.p == NULL);
    make(&t, &a, 2);
    hc_templates_fini(&t);
}

TEST(template, of_a_header_that_cannot_be_sent_is_refused_each_time)
{
    struct asked a;
    struct hc_templates t;
    struct hc_buf out;

    ask(&a, HC_SERVICE_ECS);
    a.who.token = HC_STR("a\nb");
    hc_templates_init(&t, t_alloc(), hc_cpu());
    for (int i = 0; i < 2; i++) {
        int err = put(&out, &t, &a, WALL);

        hc_buf_fini(&out);
        CHECK_INT(err, HEADCOUNT_EARG);
    }
    hc_templates_fini(&t);
}

static int put_with_memory_failing(void)
{
    struct asked a;
    struct hc_templates t;
    struct hc_buf out;
    int err = 0;

    ask(&a, HC_SERVICE_ECS);
    hc_templates_init(&t, t_alloc(), hc_cpu());
    for (int i = 0; err == 0 && i < 2; i++) {
        err = put(&out, &t, &a, WALL);
        if (err == 0)
            err = hc_buf_error(&out);
        hc_buf_fini(&out);
    }
    hc_templates_fini(&t);
    return err;
}

TEST(template, without_memory_there_is_no_request)
{
    CHECK(t_fails_every_allocation(put_with_memory_failing) > 5);
}

TEST(template, leaves_no_token_in_memory)
{
    struct asked a;
    struct hc_templates t;

    ask(&a, HC_SERVICE_ECS);
    t_alloc_state()->secret = "a token";
    hc_templates_init(&t, t_alloc(), hc_cpu());
    a.c.templates = &t;
    struct hc_buf out;

    hc_buf_init_secret(&out, t_alloc(), 1 << 20);
    CHECK_INT(hc_template_put(&out, &a.c, WALL, NULL), 0);
    hc_buf_fini(&out);
    a.who.token = HC_STR("another");
    hc_buf_init_secret(&out, t_alloc(), 1 << 20);
    CHECK_INT(hc_template_put(&out, &a.c, WALL, NULL), 0);
    hc_buf_fini(&out);
    hc_templates_fini(&t);
    CHECK(!t_alloc_state()->unwiped);
}
