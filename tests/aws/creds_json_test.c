/* tests/aws/creds_json_test.c - a set of credentials as a JSON object. */
#include "t.h"

#include <string.h>

#include "aws/creds_json.h"
#include "base/text.h"

#define WALL ((int64_t)1893499200 * HC_SECOND)      /* 2030-01-01T12:00:00Z */
#define KEYS "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"hush\","         \
    "\"Token\":\"hush/token\""

static struct hc_credentials out;
static struct headcount_error error;

static int get(const char *text)
{
    hc_credentials_fini(&out);
    hc_credentials_init(&out, t_alloc());
    hc_error_reset(&error);
    out.source = "the test";
    return hc_creds_json_get(&out, t_alloc(), hc_str(text), WALL, &error);
}

TEST(creds_json, a_whole_set_is_taken)
{
    CHECK_INT(get("{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"Extra\":[1],"
                  KEYS ",\"Expiration\":\"2030-01-01T13:00:00Z\"}"), 0);
    struct hc_identity who = hc_credentials_view(&out);

    CHECK_STR(who.key_id, "AKID");
    CHECK_STR(who.secret, "hush");
    CHECK_STR(who.token, "hush/token");
    CHECK_INT(out.expires, WALL + 3600 * HC_SECOND);
    hc_credentials_fini(&out);
}

/* Other sources name and count differently. */
TEST(creds_json, a_form_says_what_a_source_calls_them)
{
    const struct hc_creds_json_form ms = { .token = "sessionToken",
        .expires = "expiration", .unit = HC_MS };
    const struct hc_creds_json_form own = { .token = "T", .expires = "E",
        .token_may_lack = true, .otherwise = 5 };
    static const char set[] = "\"accessKeyId\":\"a\",\"secretAccessKey\":"
                              "\"hush\"";
    const struct { const struct hc_creds_json_form *form; const char *more;
                   int err; int64_t expires; } rows[] = {
        { &ms, ",\"sessionToken\":\"hush\",\"expiration\":1893499207001", 0,
          1893499207001 * HC_MS },
        { &ms, ",\"sessionToken\":\"hush\",\"expiration\":-1",
          HEADCOUNT_ECREDENTIALS, 0 },
        { &ms, ",\"sessionToken\":\"hush\",\"expiration\":1e30",
          HEADCOUNT_ECREDENTIALS, 0 },
        { &ms, ",\"sessionToken\":\"hush\"", HEADCOUNT_ECREDENTIALS, 0 },
        { &ms, ",\"expiration\":1893499207001", HEADCOUNT_ECREDENTIALS, 0 },
        { &own, "", 0, 5 }, { &own, ",\"E\":1893499207",
          HEADCOUNT_ECREDENTIALS, 0 },
        { &own, ",\"e\":\"2030-01-01T12:00:00Z\",\"t\":\"x\"", 0, WALL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_json_doc doc;
        char text[256];

        get("");
        hc_error_reset(&error);
        hc_fmt(text, sizeof text, "{\"in\":{%s%s}}", set, rows[i].more);
        CHECK_INT(hc_json_doc_init(&doc, t_alloc(), hc_str(text), 20, NULL),
                  0);
        CHECK_INT(hc_creds_json_set(&out, &doc, hc_json_find(&doc, 0, "in"),
                                    rows[i].form, &error), rows[i].err);
        if (rows[i].err == 0)
            CHECK_INT(out.expires, rows[i].expires);
        CHECK_INT(hc_creds_json_set(&out, &doc, 99, rows[i].form, &error),
                  HEADCOUNT_ECREDENTIALS);
        hc_json_doc_fini(&doc);
    }
    hc_credentials_fini(&out);
}

TEST(creds_json, an_expiry_has_these_forms)
{
    static const struct { const char *text; int64_t seconds; } rows[] = {
        { "{" KEYS ",\"Expiration\":\"2030-01-01T12:00:00.5Z\"}", 0 },
        { "{" KEYS ",\"Expiration\":\"2030-01-01T14:00:01+01:00\"}", 3601 },
        { "{" KEYS ",\"Expiration\":1893499207}", 7 },
        { "{" KEYS ",\"Expiration\":null}", 900 },
        { "{" KEYS "}", 900 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text), 0);
        CHECK_INT((out.expires - WALL) / HC_SECOND, rows[i].seconds);
    }
    hc_credentials_fini(&out);
}

TEST(creds_json, what_is_no_set_is_refused_unseen)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "no JSON" }, { "<html>hush</html>", "no JSON" },
        { "[\"hush\"]", "no JSON object" }, { "{}", "AccessKeyId" },
        { "{" KEYS "} {}", "no JSON" }, { "{" KEYS, "no JSON" },
        { "{\"AccessKeyId\":7,\"SecretAccessKey\":\"hush\"}", "AccessKeyId" },
        { "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"hush\"}",
          "AccessKeyId" },
        { "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":[\"hush\"]}",
          "SecretAccessKey" },
        { "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hush\"}", "Token" },
        { "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hush\","
          "\"Token\":null}", "Token" },
        { "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"hu\\nsh\","
          "\"Token\":\"hush\"}", "secret access key" },
        { "{" KEYS ",\"Expiration\":\"soon\"}", "Expiration" },
        { "{" KEYS ",\"Expiration\":true}", "Expiration" },
        { "{" KEYS ",\"Expiration\":{}}", "Expiration" },
        { "{" KEYS ",\"Expiration\":-1e99}", "Expiration" },
        { "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot "
          "assume it\"}", "the test: AssumeRoleUnauthorizedAccess: EC2" },
        { "{\"Code\":\"Failed\"," KEYS "}", "Failed" },
        { "{\"code\":\"Failed\",\"message\":\"it is m\"," KEYS "}",
          "Failed: it is m" },
        { "{\"message\":\"it is m\"}", "it is m" },
        { "{\"Code\":\"Success\",\"message\":\"it is m\"}", "AccessKeyId" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text), HEADCOUNT_ECREDENTIALS);
        if (strstr(error.what, rows[i].says) == NULL)
            fail_msg("row %zu says %s", i, error.what);
        CHECK(strstr(error.what, "the test") != NULL);
        CHECK(strstr(error.what, "hush") == NULL);
        CHECK_INT(hc_credentials_view(&out).key_id.n, 0);
    }
    hc_credentials_fini(&out);
}

static int get_one(void)
{
    int err = get("{" KEYS ",\"Expiration\":\"2030-01-01T13:00:00Z\"}");

    hc_credentials_fini(&out);
    return err;
}

TEST(creds_json, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_one);
}
