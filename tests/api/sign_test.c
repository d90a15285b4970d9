/* tests/api/sign_test.c - headcount_sign: the known answers through the public
 * door, what it adds, and what it refuses. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "aws/sigv4_known.h"
#include "base/clock.h"
#include "t.h"

#define TOKEN "AQoDYXdzEPT//////////wEXAMPLE"

static struct headcount_system system_of_test(void)
{
    return (struct headcount_system){
        .size = sizeof(struct headcount_system), .alloc = t_alloc()->fn,
        .ud = t_alloc()->ud,
    };
}

static struct headcount_sign_request request(void)
{
    return (struct headcount_sign_request){
        .size = sizeof(struct headcount_sign_request),
        .url = "https://example.amazonaws.com/", .service = "service",
        .region = "us-east-1", .time = WALL, .access_key_id = KEY_ID,
        .secret_access_key = SECRET,
    };
}

static int sign(struct headcount_signed **s,
                const struct headcount_sign_request *r,
                struct headcount_error *e)
{
    const struct headcount_system system = system_of_test();

    return headcount_sign(s, r, &system, e);
}

static const char *header(const struct headcount_signed *s, const char *name)
{
    for (size_t i = 0; i < s->headers_n; i++)
        if (strcmp(s->headers[i].name, name) == 0)
            return s->headers[i].value;
    return NULL;
}

static bool is_url(const char *path)
{
    for (; *path != '\0'; path++)
        if (*path <= ' ' || *path > '~')
            return false;
    return true;
}

TEST(sign, the_known_requests)
{
    unsigned n = 0;

    for (size_t i = 0; i < KNOWN; i++) {
        const struct known *k = &known[i];
        struct headcount_sign_request r = request();
        struct headcount_header headers[8];
        struct headcount_signed *s;
        struct headcount_error e;
        char url[300];

        snprintf(url, sizeof url, "https://example.amazonaws.com%s%s%s",
                 k->path, *k->query != '\0' ? "?" : "", k->query);
        for (; r.headers_n < 8 && k->headers[r.headers_n].name; r.headers_n++)
            headers[r.headers_n] = (struct headcount_header){
                k->headers[r.headers_n].name, k->headers[r.headers_n].value
            };
        r.headers = headers;
        r.method = k->method;
        r.url = url;
        r.body = k->body;
        r.body_size = strlen(k->body);
        r.service = k->service;
        r.double_encode = r.normalize_path = k->encode ? 1 : -1;
        int err = sign(&s, &r, &e);

        if (!is_url(url)) {             /* a blank: it has to be %20 */
            CHECK_INT(err, HEADCOUNT_EARG);
            continue;
        }
        CHECK_INT(err, 0);
        CHECK_Z(s->canonical_request, k->canonical);
        CHECK_Z(s->signature, k->signature);
        CHECK(strstr(header(s, "Authorization"), k->signature) != NULL);
        headcount_signed_free(s);
        n++;
    }
    CHECK(n >= 20);
}

TEST(sign, what_was_not_given_is_added)
{
    struct headcount_sign_request r = request();
    struct headcount_signed *s;

    r.url = "http://127.0.0.1:4566/a?b=c";
    r.session_token = TOKEN;
    CHECK_INT(sign(&s, &r, NULL), 0);
    CHECK_Z(header(s, "Host"), "127.0.0.1:4566");
    CHECK_Z(header(s, "X-Amz-Date"), "20150830T123600Z");
    CHECK_Z(header(s, "X-Amz-Security-Token"), TOKEN);
    CHECK(header(s, "X-Amz-Content-Sha256") == NULL);
    CHECK_INT(s->headers_n, 4);
    CHECK(strncmp(s->canonical_request, "GET\n/a\nb=c\nhost:127", 19) == 0);
    CHECK(strncmp(s->string_to_sign, "AWS4-HMAC-SHA256\n20150830T", 26) == 0);
    headcount_signed_free(s);

    r.service = "s3";
    CHECK_INT(sign(&s, &r, NULL), 0);
    CHECK_Z(header(s, "X-Amz-Content-Sha256"), "e3b0c44298fc1c149afbf4c8996fb9"
            "2427ae41e4649b934ca495991b7852b855");
    headcount_signed_free(s);
    static const char *const kinds[] = { "s3-outposts", "s3-object-lambda",
                                         "s3express" };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        r.service = kinds[i];
        CHECK_INT(sign(&s, &r, NULL), 0);
        CHECK(header(s, "X-Amz-Content-Sha256") != NULL);
        headcount_signed_free(s);
    }
    r.service = "s3";

    const struct headcount_header plain = { "x-amz-content-sha256",
                                            "UNSIGNED-PAYLOAD" };
    static const char end[] = "\nUNSIGNED-PAYLOAD";

    r.headers = &plain;
    r.headers_n = 1;
    CHECK_INT(sign(&s, &r, NULL), 0);
    CHECK(header(s, "X-Amz-Content-Sha256") == NULL);
    CHECK_Z(s->canonical_request + strlen(s->canonical_request) -
            (sizeof end - 1), end);
    headcount_signed_free(s);
    headcount_signed_free(NULL);
}

TEST(sign, a_path_is_signed_as_its_service_wants_it)
{
    static const struct {
        const char *service;
        int said;
        const char *want;
    } rows[] = {
        { "ecs", 0, "GET\n/a%2520b/d\n" },
        { "s3", 0, "GET\n/a%20b//c/../d\n" },
        { "s3express", 0, "GET\n/a%20b//c/../d\n" },
        { "s3tables", 0, "GET\n/a%2520b/d\n" },
        { "s3", 1, "GET\n/a%2520b/d\n" },
        { "ecs", -1, "GET\n/a%20b//c/../d\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_sign_request r = request();
        struct headcount_signed *s;

        r.url = "https://example.amazonaws.com/a%20b//c/../d";
        r.service = rows[i].service;
        r.double_encode = r.normalize_path = rows[i].said;
        CHECK_INT(sign(&s, &r, NULL), 0);
        CHECK_INT(strncmp(s->canonical_request, rows[i].want,
                          strlen(rows[i].want)), 0);
        headcount_signed_free(s);
    }
}

TEST(sign, the_clock_is_read_where_no_time_is_given)
{
    struct headcount_sign_request r = request();
    struct headcount_signed *s;
    char now[HC_AMZ_DATE + 1];

    r.time = 0;
    CHECK_INT(headcount_sign(&s, &r, NULL, NULL), 0);
    CHECK_INT(strlen(header(s, "X-Amz-Date")), HC_AMZ_DATE);
    hc_time_amz(now, WALL);
    CHECK(strcmp(header(s, "X-Amz-Date"), now) > 0);
    headcount_signed_free(s);
}

TEST(sign, what_cannot_be_signed_is_refused_unseen)
{
    static const struct headcount_header bad[] = {
        { "X-Amz-Date", "20150830T123601Z" }, { "authorization", "x" },
        { "a b", "x" }, { "a", "x\ny" }, { NULL, "x" }, { "a", NULL },
    };
    static const char *const odd[] = { "a\n", "a\rb", "\x7f", "\ta", "a b",
                                       "a/b", "a,b", "\xc3\xa9" };
    struct headcount_sign_request r;
    struct headcount_signed *s;
    struct headcount_error e;

#define REFUSES(change, says)                                               \
    do {                                                                    \
        r = request();                                                      \
        change;                                                             \
        CHECK_INT(sign(&s, &r, &e), HEADCOUNT_EARG);                        \
        CHECK(s == NULL && strstr(e.what, says) != NULL);                   \
        CHECK(strstr(e.what, SECRET) == NULL);                              \
    } while (0)
    REFUSES(r.url = NULL, "a url is needed");
    REFUSES((r.headers = NULL, r.headers_n = 2),
            "sign: headers is NULL, and headers_n 2");
    REFUSES((r.body = NULL, r.body_size = 3),
            "sign: body is NULL, and body_size 3");
    REFUSES(r.service = "", "a service is needed");
    REFUSES(r.region = NULL, "a region is needed");
    REFUSES(r.access_key_id = NULL, "an access key id is needed");
    REFUSES(r.secret_access_key = NULL, "a secret access key is needed");
    REFUSES(r.method = "G T", "method");
    REFUSES(r.url = "ftp://a/", "https://");
    REFUSES(r.url = "http://a/?%zz", "%");
    /* Each goes into the string to sign or into the header's scope. */
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        REFUSES(r.region = odd[i], "the region holds");
        REFUSES(r.service = odd[i], "the service holds");
        REFUSES(r.access_key_id = odd[i], "the access key id holds");
    }
    for (size_t i = 0; i < 4; i++) {
        REFUSES(r.secret_access_key = odd[i], "the secret access key holds");
        REFUSES(r.session_token = odd[i], "the session token holds");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSES((r.headers = &bad[i], r.headers_n = 1), "");
#undef REFUSES
    r = request();
    r.headers = bad;
    r.headers_n = 1000;
    CHECK_INT(sign(&s, &r, &e), HEADCOUNT_ELIMIT);
}

static int sign_once(void)
{
    struct headcount_sign_request r = request();
    struct headcount_signed *s;
    struct headcount_error e;

    r.session_token = TOKEN;
    int err = sign(&s, &r, &e);

    CHECK(err == 0 || e.what[0] != '\0');
    headcount_signed_free(s);
    return err;
}

TEST(sign, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(sign_once);
}
