/* tests/aws/sigv4_test.c - signatures against known answers. */
#include "t.h"

#include <string.h>

#include "aws/sigv4.h"
#include "aws/sigv4_known.h"
#include "aws/sigv4_whole.h"
#include "base/text.h"

struct made {
    struct hc_sigv4_header headers[HC_SIGV4_HEADERS + 1];
    struct hc_sigv4_request request;
    struct hc_sigv4_scope scope;
    char payload[HC_SIGV4_HEX];
};

static void make(struct made *m, const struct known *k)
{
    unsigned char hash[HC_SHA256];
    size_t n = 0;

    for (; n < 8 && k->headers[n].name != NULL; n++)
        m->headers[n] = (struct hc_sigv4_header){
            hc_str(k->headers[n].name), hc_str(k->headers[n].value)
        };
    hc_sha256_of(hash, 0, hc_str(k->body));
    hc_hex(m->payload, hash, sizeof(hash));
    m->request = (struct hc_sigv4_request){
        hc_str(k->method), hc_str(k->path), hc_str(k->query), m->headers, n,
        hc_str_n(m->payload, sizeof(m->payload)), k->encode, k->encode
    };
    hc_sigv4_scope_init(&m->scope, WALL, HC_STR("us-east-1"),
                        hc_str(k->service));
}

static const struct hc_identity who = {
    { KEY_ID, sizeof(KEY_ID) - 1 }, { SECRET, sizeof(SECRET) - 1 }, { "", 0 }
};

/* Authorization of a request, with a key that may be kept. */
static int authorize(struct hc_buf *out, const struct made *m,
                     struct hc_sigv4_key *key, struct headcount_error *e)
{
    const struct whole sign = { &m->request, &m->scope, &who, key };

    return whole_authorization(out, &sign, e);
}

TEST(sigv4, canonical_requests_are_the_known_ones)
{
    for (size_t i = 0; i < KNOWN; i++) {
        struct made m;
        struct hc_buf out;

        make(&m, &known[i]);
        hc_buf_init(&out, t_alloc(), 65536);
        CHECK_INT(hc_sigv4_canonical(&out, &m.request, NULL), 0);
        CHECK_STR(hc_buf_view(&out), known[i].canonical);
        hc_buf_fini(&out);
    }
}

TEST(sigv4, signatures_are_the_known_ones)
{
    for (size_t i = 0; i < KNOWN; i++) {
        struct made m;
        struct hc_buf out;
        struct hc_sigv4_key key = { 0 };
        char want[128];

        make(&m, &known[i]);
        hc_buf_init(&out, t_alloc(), 65536);
        CHECK_INT(authorize(&out, &m, &key, NULL), 0);
        hc_fmt(want, sizeof(want), "Signature=%s", known[i].signature);
        CHECK(hc_str_ends(hc_buf_view(&out), hc_str(want)));
        hc_buf_fini(&out);
        hc_sigv4_key_wipe(&key);
    }
}

TEST(sigv4, the_three_steps_give_what_the_whole_gives)
{
    struct made m;
    struct hc_buf canonical, string;
    struct hc_sigv4_key key = { 0 };
    unsigned char hash[HC_SHA256];
    char hex[HC_SIGV4_HEX];

    make(&m, &known[0]);
    hc_buf_init(&canonical, t_alloc(), 4096);
    hc_buf_init(&string, t_alloc(), 4096);
    CHECK_INT(hc_sigv4_canonical(&canonical, &m.request, NULL), 0);
    hc_sha256_of(hash, 0, hc_buf_view(&canonical));
    hc_sigv4_string_to_sign(&string, &m.scope, hash);
    CHECK_STR(hc_buf_view(&string),
              "AWS4-HMAC-SHA256\n20150830T123600Z\n"
              "20150830/us-east-1/service/aws4_request\n"
              "bb579772317eb040ac9ed261061d46c1"
              "f17a8133879d6129b6e1c25292927e63");
    hc_sigv4_key_for(&key, &m.scope, HC_STR(SECRET));
    hc_sigv4_signature(hex, &key, hc_buf_view(&string));
    CHECK_MEM(hex, sizeof(hex), known[0].signature);
    hc_buf_fini(&canonical);
    hc_buf_fini(&string);
}

TEST(sigv4, the_header_names_scope_and_headers)
{
    struct made m;
    struct hc_buf out;
    struct hc_sigv4_key key = { 0 };

    make(&m, &known[0]);
    hc_buf_init(&out, t_alloc(), 4096);
    CHECK_INT(authorize(&out, &m, &key, NULL), 0);
    CHECK_STR(hc_buf_view(&out),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
              "service/aws4_request, SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e"
              "8372ff2a2260956d9b8aae1d763fbf31");
    hc_buf_fini(&out);
}

/* Secret, day, region and service each ask for another key. */
TEST(sigv4, a_day_key_is_derived_once)
{
    struct hc_sigv4_key key = { 0 };
    struct hc_sigv4_scope s;

    hc_sigv4_scope_init(&s, WALL, HC_STR("us-east-1"), HC_STR("ecs"));
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    hc_sigv4_scope_init(&s, WALL + 3600 * HC_SECOND, HC_STR("us-east-1"),
                        HC_STR("ecs"));
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    CHECK_INT(key.derived, 1);
    hc_sigv4_scope_init(&s, WALL + 86400 * HC_SECOND, HC_STR("us-east-1"),
                        HC_STR("ecs"));
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    CHECK_INT(key.derived, 2);
    s.region = HC_STR("us-east-2");
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    CHECK_INT(key.derived, 3);
    s.service = HC_STR("sqs");
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    CHECK_INT(key.derived, 4);
    hc_sigv4_key_for(&key, &s, HC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYOTHER"));
    CHECK_INT(key.derived, 5);
    hc_sigv4_key_for(&key, &s, HC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYOTHER"));
    CHECK_INT(key.derived, 5);
}

TEST(sigv4, a_wiped_key_holds_nothing)
{
    struct hc_sigv4_key key = { 0 }, zero = { 0 };
    struct hc_sigv4_scope s;

    hc_sigv4_scope_init(&s, WALL, HC_STR("us-east-1"), HC_STR("ecs"));
    hc_sigv4_key_for(&key, &s, HC_STR(SECRET));
    hc_sigv4_key_wipe(&key);
    CHECK_MEM(&key, sizeof(key), (const char *)&zero);
}

/* hmac.new("AWS4" + secret, ...) of Python for secrets at and over the block
 * of the hash, and over what is kept. */
TEST(sigv4, secrets_of_any_length_sign)
{
    static const struct { size_t n; const char *want; } long_ones[] = {
        { 0, "6db09932bdb807ea0ea391391894a4ee"
          "59f4fe7ef4411313122e05a1e10c230f" },
        { 40, "0eb40833fe846483525f70b38c72dce1"
          "ec84b2eaa36377eca4ce19be70a7a1ce" },
        { 60, "a656debed193388abc467d8f004141f2"
          "47698060dde6320b4129b8f142443d18" },
        { 61, "191e46095a8768e9ac3ca0c44d74f9da"
          "619391a860990796c33da4b505e549d5" },
        { 64, "968082941bf37e95b271c9d8b3bc9cde"
          "d8787b4724c0df9e1d10f99beda82bb8" },
        { 128, "747e4ce18b37e5d30d5103f212a83c48"
          "bdec963fdeadb3f9caabf16f47f7ac6f" },
        { 129, "b74dcbc801fb92649b6941e443d458e0"
          "9e795ce0274322fc28dcf33008332cd8" },
        { 400, "08d43984d3b60d463330266bc35db1e2"
          "83de7e81c49f8ae3b973fa1aeba1cfd1" },
    };
    char secret[400];

    memset(secret, 'k', sizeof(secret));
    for (size_t i = 0; i < sizeof(long_ones) / sizeof(*long_ones); i++) {
        struct hc_sigv4_key key = { 0 };
        struct hc_sigv4_scope s;
        char hex[HC_SIGV4_HEX];

        hc_sigv4_scope_init(&s, WALL, HC_STR("us-east-1"), HC_STR("ecs"));
        for (int twice = 0; twice < 2; twice++)
            hc_sigv4_key_for(&key, &s, hc_str_n(secret, long_ones[i].n));
        CHECK_INT(key.derived, long_ones[i].n > 0 && long_ones[i].n <= 128
                  ? 1 : 2);
        hc_sigv4_signature(hex, &key, HC_STR("text"));
        CHECK_MEM(hex, sizeof(hex), long_ones[i].want);
    }
}

static int canonical(struct hc_sigv4_header *headers, size_t n,
                     const char *query, struct headcount_error *e)
{
    struct hc_sigv4_request r = {
        HC_STR("GET"), HC_STR("/"), hc_str(query), headers, n, HC_STR("x"),
        true, true
    };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 65536);

    int err = hc_sigv4_canonical(&out, &r, e);

    hc_buf_fini(&out);
    return err;
}

TEST(sigv4, headers_that_could_not_be_sent_are_refused)
{
    static const char *const names[] = {
        "", "a b", "a:b", "a\nb", "\xC3\xA4", "(a)"
    };
    static const char *const values[] = { "a\nb: c", "a\rb", "\x01", "\x7F" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct hc_sigv4_header h = { hc_str(names[i]), HC_STR("v") };
        struct headcount_error e = { 0 };

        CHECK_INT(canonical(&h, 1, "", &e), HEADCOUNT_EARG);
        CHECK(e.what[0] != '\0');
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct hc_sigv4_header h = { HC_STR("n"), hc_str(values[i]) };

        CHECK_INT(canonical(&h, 1, "", NULL), HEADCOUNT_EARG);
    }

    struct hc_sigv4_header nul = { HC_STR("n"), HC_STR("a\0b") };

    CHECK_INT(canonical(&nul, 1, "", NULL), HEADCOUNT_EARG);
}

TEST(sigv4, headers_and_parameters_are_bounded)
{
    struct hc_sigv4_header many[HC_SIGV4_HEADERS + 1];
    char query[2 * HC_SIGV4_QUERY + 3];

    for (size_t i = 0; i <= HC_SIGV4_HEADERS; i++)
        many[i] = (struct hc_sigv4_header){ HC_STR("a"), HC_STR("b") };
    CHECK_INT(canonical(many, HC_SIGV4_HEADERS, "", NULL), 0);
    CHECK_INT(canonical(many, HC_SIGV4_HEADERS + 1, "", NULL), HEADCOUNT_EARG);

    for (size_t i = 0; i <= HC_SIGV4_QUERY; i++)
        memcpy(query + 2 * i, "a&", 2);
    query[2 * HC_SIGV4_QUERY] = '\0';
    CHECK_INT(canonical(many, 1, query, NULL), 0);
    query[2 * HC_SIGV4_QUERY] = 'a';
    query[2 * HC_SIGV4_QUERY + 1] = '\0';
    CHECK_INT(canonical(many, 1, query, NULL), HEADCOUNT_ELIMIT);
    CHECK_INT(canonical(many, 1, "a=%4", NULL), HEADCOUNT_EARG);
    CHECK_INT(canonical(many, 1, "%zz=1", NULL), HEADCOUNT_EARG);
}

TEST(sigv4, values_of_one_name_are_joined_in_their_order)
{
    struct hc_sigv4_header h[] = {
        { HC_STR("b"), HC_STR("x") },
        { HC_STR("My-Header"), HC_STR("  value 4\t ") },
        { HC_STR("my-header"), HC_STR("value  1") },
        { HC_STR("MY-header"), HC_STR("value2") },
    };
    struct hc_sigv4_request r = {
        HC_STR("GET"), HC_STR(""), HC_STR("&&"), h, 4,
        HC_STR("UNSIGNED-PAYLOAD"), true, true
    };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 65536);
    CHECK_INT(hc_sigv4_canonical(&out, &r, NULL), 0);
    CHECK_STR(hc_buf_view(&out),
              "GET\n/\n\nb:x\nmy-header:value 4,value 1,value2\n\n"
              "b;my-header\nUNSIGNED-PAYLOAD");
    hc_buf_fini(&out);
}

TEST(sigv4, every_spelling_of_a_parameter_is_the_same)
{
    static const char *const same[] = {
        "a=%7e%2a&b", "b=&a=~%2A", "%61=%7E*&b=", "&b&&a=~*&"
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        struct hc_sigv4_request r = {
            HC_STR("GET"), HC_STR("/"), hc_str(same[i]), NULL, 0,
            HC_STR("x"), true, true
        };
        struct hc_buf out;

        hc_buf_init(&out, t_alloc(), 65536);
        CHECK_INT(hc_sigv4_canonical(&out, &r, NULL), 0);
        CHECK_STR(hc_buf_view(&out), "GET\n/\na=~%2A&b=\n\n\nx");
        hc_buf_fini(&out);
    }
}

TEST(sigv4, a_path_is_normalised_or_encoded_or_both_or_neither)
{
    static const struct {
        bool normalize, encode;
        const char *path, *want;
    } rows[] = {
        { true, true, "/a//b/./c/../d%20e", "/a/b/d%2520e" },
        { true, false, "/a//b/./c/../d%20e", "/a/b/d%20e" },
        { false, true, "/a//b/./c%20", "/a//b/./c%2520" },
        { false, false, "/a//b/./c%20", "/a//b/./c%20" },
        { true, true, "/..", "/" }, { true, true, "/../../a", "/a" },
        { true, true, "/a/.", "/a" }, { true, true, "/a/b/..", "/a" },
        { true, true, "/a/./", "/a/" }, { true, true, "/a/../", "/" },
        { true, true, "a", "/a" }, { true, true, "/a/", "/a/" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_sigv4_request r = {
            HC_STR("GET"), hc_str(rows[i].path), HC_STR(""), NULL, 0,
            HC_STR("x"), rows[i].encode, rows[i].normalize
        };
        struct hc_buf out;
        char want[128];

        hc_buf_init(&out, t_alloc(), 65536);
        CHECK_INT(hc_sigv4_canonical(&out, &r, NULL), 0);
        hc_fmt(want, sizeof(want), "GET~%s~~~~x", rows[i].want);
        for (char *p = want; *p != '\0'; p++)
            if (*p == '~')
                *p = '\n';
        CHECK_STR(hc_buf_view(&out), want);
        hc_buf_fini(&out);
    }
}

static int sign_all(void)
{
    int err = 0;

    for (size_t i = 0; err == 0 && i < KNOWN; i++) {
        struct made m;
        struct hc_buf out;
        struct hc_sigv4_key key = { 0 };
        struct headcount_error e = { 0 };

        make(&m, &known[i]);
        hc_buf_init(&out, t_alloc(), 65536);
        err = authorize(&out, &m, &key, &e);
        hc_buf_fini(&out);
        if (err < 0)
            CHECK(e.code == err);
    }
    return err;
}

TEST(sigv4, memory_may_end_anywhere)
{
    t_fails_every_allocation(sign_all);
}
