/* tests/aws/sigv4_test.c - signatures against known answers.
 *
 * The table was made with botocore's signer, offline (SigV4Auth's
 * canonical_request and signature; the row without double_encode with
 * S3SigV4Auth's rule that the path is signed as it is), for the key, date and
 * region of AWS's published suite; its rows get_* and post_form carry the
 * suite's own names.  tests/system compares generated requests with botocore
 * again at every run.
 */
#include "t.h"

#include <string.h>

#include "aws/sigv4.h"
#include "base/text.h"

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define WALL (INT64_C(1440938160) * HC_SECOND)      /* 20150830T123600Z */

static const struct known {
    const char *name, *method, *path, *query;
    struct { const char *name, *value; } headers[8];
    const char *body;
    bool encode;
    const char *service;
    const char *canonical, *signature;
} known[] = {
    { "get_vanilla", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_query_order", "GET",
      "/",
      "Param2=value2&Param1=value1",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "Param1=value1&Param2=value2\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d321"
      "9ec94cdf2500" },
    { "get_query_same_key", "GET",
      "/",
      "Param1=value2&Param1=Value1",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "Param1=Value1&Param1=value2\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df30"
      "0a15b2382bd1" },
    { "get_query_empty_value", "GET",
      "/",
      "b&a=",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "a=&b=\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "df0cf4d99575de2988d710990cf530772494504e76e7b9965f75"
      "7c8b9c79ab85" },
    { "get_query_encoded", "GET",
      "/",
      "q=a%20b&r=%E1%88%B4",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "q=a%20b&r=%E1%88%B4\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "4d47339ffb296d4d0cfc7cacadb5b2697c95090ebf55cea67462"
      "e6118b43817d" },
    { "get_unreserved", "GET",
      "/-._~0123456789abcXYZ",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/-._~0123456789abcXYZ\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "176056408687f39c1afca7ce02129c5f7fc843b5902c8a5b21a0"
      "910d3665323d" },
    { "get_utf8", "GET",
      "/%E1%88%B4",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/%25E1%2588%25B4\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d"
      "339eb079596d" },
    { "get_space", "GET",
      "/example%20space/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example%2520space/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "446b817944c553435b35e813c261ff4e161fff982d1bacdef1c8"
      "7f6785dd1662" },
    { "get_relative", "GET",
      "/example/..",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_relative_relative", "GET",
      "/example1/example2/../..",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash", "GET",
      "//",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash_dot_slash", "GET",
      "/./",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash_pointless_dot", "GET",
      "/./example",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db"
      "7089db637ec5" },
    { "get_slashes", "GET",
      "//example//",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846"
      "570885f57e84" },
    { "get_dotted", "GET",
      "/a/b/../c/./d",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/a/c/d\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "a0bfccc88ccd4286fad13574308ed50acabfff5b2f0c50d1f015"
      "ba455e4749c6" },
    { "get_three_dots", "GET",
      "/.../a",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/.../a\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "10b6fae789668122fb7eba540892683d105a831bde38b7dbdbd2"
      "544c50f75cb9" },
    { "header_trim", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "My-Header1", " value1" },
        { "My-Header2", "\"a   b   c\"" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "my-header1:value1\n"
      "my-header2:\"a b c\"\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;my-header1;my-header2;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee"
      "359757a9c736" },
    { "header_order", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "zoo", "1" },
        { "Alpha", "2" },
        { "mid-dle", "3" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "alpha:2\n"
      "host:example.amazonaws.com\n"
      "mid-dle:3\n"
      "x-amz-date:20150830T123600Z\n"
      "zoo:1\n"
      "\n"
      "alpha;host;mid-dle;x-amz-date;zoo\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "1a34e3cc0d60f9250fe06dca8b3a06c3ca251c64af0b613d267b"
      "d6d745ef29fd" },
    { "post_form", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "x-amz-date", "20150830T123600Z" } },
      "Param1=value1",
      true, "service",
      "POST\n"
      "/\n"
      "\n"
      "content-type:application/x-www-form-urlencoded\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "content-type;host;x-amz-date\n"
      "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275"
      "f4c7b24d0b6e",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d1"
      "96a0fe09473a" },
    { "post_token", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" },
        { "x-amz-security-token", "AQoDYXdzEPT//////////wEXAMPLE" } },
      "",
      true, "service",
      "POST\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "x-amz-security-token:AQoDYXdzEPT//////////wEXAMPLE\n"
      "\n"
      "host;x-amz-date;x-amz-security-token\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "997fca65d08f4072d2c61b34906c6c8e83179f706ce49ad9dbb7"
      "c41659dc53cc" },
    { "s3_raw_path", "GET",
      "/my%20key//with/./dots",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      false, "service",
      "GET\n"
      "/my%20key//with/./dots\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "179b575224c5155a7e96914d8c8f9e631003422d8cbdd45380ef"
      "ce6182366c48" },
    { "ecs", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "content-type", "application/x-amz-json-1.1" },
        { "x-amz-target",
          "AmazonEC2ContainerServiceV20141113.DescribeServices" },
        { "amz-sdk-invocation-id",
          "01234567-89ab-4def-8123-456789abcdef" },
        { "amz-sdk-request", "attempt=1; max=3" },
        { "x-amz-date", "20150830T123600Z" },
        { "x-amz-security-token", "AQoDYXdzEPT//////////wEXAMPLE" } },
      "{\"cluster\":\"c\",\"services\":[\"s\"]}",
      true, "ecs",
      "POST\n"
      "/\n"
      "\n"
      "amz-sdk-invocation-id:01234567-89ab-4def-8123-456789"
      "abcdef\n"
      "amz-sdk-request:attempt=1; max=3\n"
      "content-type:application/x-amz-json-1.1\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "x-amz-security-token:AQoDYXdzEPT//////////wEXAMPLE\n"
      "x-amz-target:AmazonEC2ContainerServiceV20141113.Desc"
      "ribeServices\n"
      "\n"
      "amz-sdk-invocation-id;amz-sdk-request;content-type;h"
      "ost;x-amz-date;x-amz-security-token;x-amz-target\n"
      "24d67b5be042aed4672b99dbc478c3e81ef9171b1b0382204162"
      "f969d9c216ce",
      "7c56af125c78b7dc7c7173d89aaaa146f2b548fa413f2436f924"
      "5ffa520eec3b" },
};

#define KNOWN (sizeof(known) / sizeof(*known))

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
    hc_sha256_of(hash, hc_str(k->body));
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
                     struct hc_sigv4_key *key, struct hc_error *e)
{
    struct hc_buf work;

    hc_buf_init_secret(&work, t_alloc(), 65536);

    struct hc_sigv4_sign sign = { &m->request, &m->scope, &who, key, &work };
    int err = hc_sigv4_authorization(out, &sign, e);

    hc_buf_fini(&work);
    return err;
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
    struct hc_buf canonical, string, names;
    struct hc_sigv4_key key = { 0 };
    unsigned char hash[HC_SHA256];
    char hex[HC_SIGV4_HEX];

    make(&m, &known[0]);
    hc_buf_init(&canonical, t_alloc(), 4096);
    hc_buf_init(&string, t_alloc(), 4096);
    hc_buf_init(&names, t_alloc(), 4096);
    CHECK_INT(hc_sigv4_canonical(&canonical, &m.request, NULL), 0);
    hc_sha256_of(hash, hc_buf_view(&canonical));
    hc_sigv4_string_to_sign(&string, &m.scope, hash);
    CHECK_STR(hc_buf_view(&string),
              "AWS4-HMAC-SHA256\n20150830T123600Z\n"
              "20150830/us-east-1/service/aws4_request\n"
              "bb579772317eb040ac9ed261061d46c1"
              "f17a8133879d6129b6e1c25292927e63");
    hc_sigv4_key_for(&key, &m.scope, HC_STR(SECRET));
    hc_sigv4_signature(hex, &key, hc_buf_view(&string));
    CHECK_MEM(hex, sizeof(hex), known[0].signature);
    CHECK_INT(hc_sigv4_signed_headers(&names, &m.request), 0);
    CHECK_STR(hc_buf_view(&names), "host;x-amz-date");
    hc_buf_fini(&canonical);
    hc_buf_fini(&string);
    hc_buf_fini(&names);
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
                     const char *query, struct hc_error *e)
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
        struct hc_error e = { 0 };

        CHECK_INT(canonical(&h, 1, "", &e), HC_EARG);
        CHECK(e.what[0] != '\0');
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct hc_sigv4_header h = { HC_STR("n"), hc_str(values[i]) };

        CHECK_INT(canonical(&h, 1, "", NULL), HC_EARG);
    }

    struct hc_sigv4_header nul = { HC_STR("n"), HC_STR("a\0b") };

    CHECK_INT(canonical(&nul, 1, "", NULL), HC_EARG);
}

TEST(sigv4, headers_and_parameters_are_bounded)
{
    struct hc_sigv4_header many[HC_SIGV4_HEADERS + 1];
    char query[2 * HC_SIGV4_QUERY + 3];

    for (size_t i = 0; i <= HC_SIGV4_HEADERS; i++)
        many[i] = (struct hc_sigv4_header){ HC_STR("a"), HC_STR("b") };
    CHECK_INT(canonical(many, HC_SIGV4_HEADERS, "", NULL), 0);
    CHECK_INT(canonical(many, HC_SIGV4_HEADERS + 1, "", NULL), HC_EARG);

    for (size_t i = 0; i <= HC_SIGV4_QUERY; i++)
        memcpy(query + 2 * i, "a&", 2);
    query[2 * HC_SIGV4_QUERY] = '\0';
    CHECK_INT(canonical(many, 1, query, NULL), 0);
    query[2 * HC_SIGV4_QUERY] = 'a';
    query[2 * HC_SIGV4_QUERY + 1] = '\0';
    CHECK_INT(canonical(many, 1, query, NULL), HC_ELIMIT);
    CHECK_INT(canonical(many, 1, "a=%4", NULL), HC_EARG);
    CHECK_INT(canonical(many, 1, "%zz=1", NULL), HC_EARG);
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
        { true, true, "/a/.", "/a/" }, { true, true, "/a/b/..", "/a/" },
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
        struct hc_error e = { 0 };

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
