/* tests/aws/creds_sso_token_test.c - the file of `aws sso login`. */
#include "aws/creds_sso_token.h"

#include <string.h>

#include "t.h"

#define WALL ((int64_t)1893499200 * HC_SECOND)      /* 2030-01-01T12:00:00Z */
#define TIMES "\"expiresAt\":\"2030-01-01T13:00:00Z\""

static struct hc_sso_token token;
static const char *wrong;

static int get(const char *text)
{
    t_alloc_state()->secret = "hush";
    hc_sso_token_fini(&token);
    hc_sso_token_init(&token, t_alloc());
    return hc_sso_token_get(&token, hc_str(text), &wrong);
}

static void end(void)
{
    hc_sso_token_fini(&token);
    CHECK(!t_alloc_state()->unwiped);
}

static void has_path(const char *session, const char *url, const char *path)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 4096);
    hc_sso_token_path(&out, HC_STR("/c"), hc_str(session), hc_str(url));
    CHECK_STR(hc_buf_view(&out), path);
    hc_buf_fini(&out);
}

TEST(creds_sso_token, its_file_is_named_by_session_or_start_url)
{
    has_path("corp", "https://x.awsapps.com/start",
             "/c/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    has_path("", "https://d-111.awsapps.com/start",
             "/c/cb58429a8d196aa2b616ac164e2f4a77d1809342.json");
    has_path(NULL, NULL, "/c/da39a3ee5e6b4b0d3255bfef95601890afd80709.json");
}

TEST(creds_sso_token, all_of_a_file_is_read)
{
    CHECK_INT(get("{\"accessToken\":\"hush/a\"," TIMES ",\"refreshToken\":"
                  "\"hush/r\",\"clientId\":\"id\","
                  "\"clientSecret\":\"hush\\/s\","
                  "\"registrationExpiresAt\":\"2030-02-01T00:00:00Z\","
                  "\"startUrl\":\"https://x\",\"region\":\"r\"}"), 0);
    CHECK_STR(hc_buf_view(&token.text[SSO_ACCESS]), "hush/a");
    CHECK_STR(hc_buf_view(&token.text[SSO_REFRESH]), "hush/r");
    CHECK_STR(hc_buf_view(&token.text[SSO_CLIENT_ID]), "id");
    CHECK_STR(hc_buf_view(&token.text[SSO_CLIENT_SECRET]), "hush/s");
    CHECK_STR(hc_buf_view(&token.text[SSO_START_URL]), "https://x");
    CHECK_INT(token.expires, WALL + 3600 * HC_SECOND);
    CHECK(hc_sso_token_refreshes(&token, WALL));
    CHECK(!hc_sso_token_refreshes(&token, WALL + 31 * 86400 * HC_SECOND));
    end();
}

/* Old versions of AWS's CLI wrote the zone as UTC. */
TEST(creds_sso_token, a_time_has_these_forms)
{
    static const struct { const char *text; int64_t seconds; } rows[] = {
        { "2030-01-01T12:00:01Z", 1 }, { "2030-01-01T12:00:01UTC", 1 },
        { "2030-01-01T13:00:02+01:00", 2 }, { "2030-01-01T12:00:03.25Z", 3 },
        { "2030-01-01T12:00:04.25UTC", 4 }, { "2030-01-01T12:00:05z", 5 },
        { "UTC", -1 }, { "", -1 }, { "2030-01-01", -1 },
        { "2030-01-01T12:00:01", -1 }, { "2030-01-01T12:00:01ZUTC", -1 },
        { "2030-01-01T12:00:01.0000000000000000000000000UTC", -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256] = "{\"accessToken\":\"hush\",\"expiresAt\":\"";

        strcat(text, rows[i].text);
        strcat(text, "\"}");
        CHECK_INT(get(text), rows[i].seconds < 0 ? HEADCOUNT_ECREDENTIALS : 0);
        if (rows[i].seconds >= 0)
            CHECK_INT((token.expires - WALL) / HC_SECOND, rows[i].seconds);
        else
            CHECK(strstr(wrong, "expiresAt") != NULL);
    }
    end();
}

TEST(creds_sso_token, what_is_no_token_is_told_unseen)
{
    static const char *const rows[][2] = {
        { "", "JSON" }, { "hush", "JSON" }, { "[\"hush\"]", "JSON object" },
        { "{" TIMES "}", "accessToken" }, { "{} {}", "JSON" },
        { "{\"accessToken\":\"\"," TIMES "}", "accessToken" },
        { "{\"accessToken\":[\"hush\"]," TIMES "}", "accessToken" },
        { "{\"AccessToken\":\"hush\"," TIMES "}", "accessToken" },
        { "{\"accessToken\":\"hush\"}", "expiresAt" },
        { "{\"accessToken\":\"hush\",\"expiresAt\":1893499207}", "expiresAt" },
        { "{\"accessToken\":\"hush\"," TIMES, "JSON" },
        { "{\"accessToken\":\"hush\xFF\"," TIMES "}", "JSON" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(get(rows[i][0]), HEADCOUNT_ECREDENTIALS);
        CHECK(wrong != NULL && strstr(wrong, rows[i][1]) != NULL);
        CHECK(strstr(wrong, "hush") == NULL);
        CHECK_INT(token.text[SSO_ACCESS].n, 0);
    }
    end();
}

TEST(creds_sso_token, without_one_of_four_it_is_not_refreshed)
{
    static const char *const rows[] = {
        "\"clientId\":\"i\",\"clientSecret\":\"s\",\"registrationExpiresAt\":"
        "\"2030-02-01T00:00:00Z\"",
        "\"refreshToken\":\"r\",\"clientSecret\":\"s\","
        "\"registrationExpiresAt\":\"2030-02-01T00:00:00Z\"",
        "\"refreshToken\":\"r\",\"clientId\":\"i\","
        "\"registrationExpiresAt\":\"2030-02-01T00:00:00Z\"",
        "\"refreshToken\":\"r\",\"clientId\":\"i\",\"clientSecret\":\"s\"",
        "\"refreshToken\":\"r\",\"clientId\":\"i\",\"clientSecret\":\"s\","
        "\"registrationExpiresAt\":\"some day\"",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512] = "{\"accessToken\":\"a\"," TIMES ",";

        strcat(text, rows[i]);
        strcat(text, "}");
        CHECK_INT(get(text), 0);
        CHECK(!hc_sso_token_refreshes(&token, WALL));
    }
    end();
}

#define CLIENT "\"clientId\":\"id\\\\\",\"clientSecret\":\"hush/s\","         \
    "\"registrationExpiresAt\":\"2030-02-01T00:00:00Z\""
#define OLD "{ \"startUrl\" : \"x\\u0041\", \"accessToken\": \"hush/1\", "    \
    TIMES ", \"scopes\": [1, {\"a\": null}], \"refreshToken\":\"hush/r1\", "  \
    CLIENT ", \"accessToken\": \"hush/2\" }"

TEST(creds_sso_token, the_request_has_four_members)
{
    struct hc_buf out;

    CHECK_INT(get(OLD), 0);
    /* The last one counts. */
    CHECK_STR(hc_buf_view(&token.text[SSO_ACCESS]), "hush/2");
    hc_buf_init_secret(&out, t_alloc(), 4096);
    hc_sso_token_ask(&token, &out);
    CHECK_STR(hc_buf_view(&out), "{\"clientId\":\"id\\\\\",\"clientSecret\":"
              "\"hush/s\",\"grantType\":\"refresh_token\",\"refreshToken\":"
              "\"hush/r1\"}");
    hc_buf_fini(&out);
    end();
}

static int renew(const char *answer)
{
    return hc_sso_token_renew(&token, hc_str(answer), WALL, &wrong);
}

/* Other tools share the file: what they left in it stays. */
TEST(creds_sso_token, a_new_token_leaves_the_rest_as_it_stood)
{
    CHECK_INT(get(OLD), 0);
    CHECK_INT(renew("{\"accessToken\":\"hush/3\",\"expiresIn\":600,"
                    "\"refreshToken\":\"hush/r3\",\"tokenType\":\"Bearer\"}"),
              0);
    CHECK_STR(hc_buf_view(&token.file), "{\"startUrl\":\"x\\u0041\",\"scopes\":"
              "[1, {\"a\": null}]," CLIENT ",\"accessToken\":\"hush/3\","
              "\"expiresAt\":\"2030-01-01T12:10:00Z\",\"refreshToken\":"
              "\"hush/r3\"}");
    CHECK_STR(hc_buf_view(&token.text[SSO_ACCESS]), "hush/3");
    CHECK_STR(hc_buf_view(&token.text[SSO_REFRESH]), "hush/r3");
    CHECK_INT(token.expires, WALL + 600 * HC_SECOND);
    CHECK(hc_sso_token_refreshes(&token, WALL));
    CHECK_INT(renew("{\"accessToken\":\"hush/4\",\"expiresIn\":1}"), 0);
    /* The old one is kept. */
    CHECK_STR(hc_buf_view(&token.text[SSO_REFRESH]), "hush/r3");
    CHECK(strstr(hc_buf_z(&token.file), "\"refreshToken\":\"hush/r3\"") !=
          NULL);
    end();
}

TEST(creds_sso_token, an_answer_that_is_none_changes_nothing)
{
    static const char *const rows[][2] = {
        { "", "JSON" }, { "[]", "JSON" }, { "{}", "accessToken" },
        { "{\"accessToken\":\"hush\"}", "expiresIn" },
        { "{\"accessToken\":\"hush\",\"expiresIn\":0}", "expiresIn" },
        { "{\"accessToken\":\"hush\",\"expiresIn\":-5}", "expiresIn" },
        { "{\"accessToken\":\"hush\",\"expiresIn\":1e17}", "expiresIn" },
        { "{\"accessToken\":\"hush\",\"expiresIn\":\"9\"}", "expiresIn" },
        { "{\"expiresIn\":600}", "accessToken" },
    };

    CHECK_INT(get(OLD), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(renew(rows[i][0]), HEADCOUNT_ECREDENTIALS);
        CHECK(wrong != NULL && strstr(wrong, rows[i][1]) != NULL);
        CHECK_STR(hc_buf_view(&token.file), OLD);
        CHECK_STR(hc_buf_view(&token.text[SSO_ACCESS]), "hush/2");
    }
    end();
}

static int read_and_renew(void)
{
    int err = get(OLD);

    if (err == 0)
        err = renew("{\"accessToken\":\"hush/3\",\"expiresIn\":600}");
    end();
    return err;
}

TEST(creds_sso_token, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_and_renew);
}
