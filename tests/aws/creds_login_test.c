/* tests/aws/creds_login_test.c - the set that `aws login` left in a file. */
#include "aws/creds_login.h"

#include <errno.h>
#include <string.h>

#include "aws/user_agent.h"
#include "base/text.h"
#include "t.h"

/* SHA-256 of SESSION, as sha256sum has it. */
#define SESSION "arn:aws:sts::111122223333:assumed-role/admin/me"
#define NAME "008b1c656c0443d2a2f7277b03518e021952e3e880626e2875153f5a77a1b821"
#define WALL ((int64_t)1893499200 * HC_SECOND)      /* 2030-01-01T12:00:00Z */

static struct hc_system sys;
static const char *file_path, *file_text;
static struct headcount_error file_error;
static struct hc_creds_login login;
static struct hc_credentials out;
static struct headcount_error error;
static int64_t wall, skew;

static int read_file(void *ud, const char *path, struct hc_buf *to,
                     struct headcount_error *e)
{
    (void)ud;
    if (file_error.code != 0)
        return hc_error_pass(e, &file_error);
    if (strcmp(path, file_path) != 0)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s cannot be opened",
                            path);
    CHECK(to->secret);
    hc_buf_text(to, file_text);
    return hc_buf_error(to);
}

static int64_t fake_wall(void *ud)
{
    (void)ud;
    return wall;
}

static int ask_as(const char *session, const char *cache, const char *profile)
{
    sys = (struct hc_system){ .alloc = *t_alloc(), .read_file = read_file,
                              .wall = fake_wall };
    const struct hc_creds_login_config config = {
        .sys = &sys, .session = hc_str(session), .cache = hc_str(cache),
        .profile = hc_str(profile), .skew = &skew,
    };

    t_alloc_state()->secret = "hush";
    wall = WALL;
    hc_error_reset(&error);
    hc_credentials_init(&out, t_alloc());
    out.source = "login session";
    hc_creds_login_init(&login, &config);
    const struct hc_creds_provider p = hc_creds_login(&login);

    CHECK(!p.outlasts);
    return p.get(p.ud, NULL, 0, &out, &error);
}

static void end(void)
{
    hc_credentials_fini(&out);
    hc_creds_login_fini(&login);
    hc_creds_login_fini(&login);
    CHECK(!t_alloc_state()->unwiped);
}

static int ask(const char *text)
{
    file_path = "/home/me/.aws/login/cache/" NAME ".json";
    file_text = text;
    return ask_as(SESSION, "/home/me/.aws/login/cache", "dev");
}

#define SET "\"accessKeyId\":\"AKID\",\"secretAccessKey\":\"hush\","          \
    "\"sessionToken\":\"hush/token\",\"accountId\":\"111122223333\""
#define FILE_OF(expires)                                                    \
    "{\"accessToken\":{" SET ",\"expiresAt\":\"" expires "\"},"              \
    "\"tokenType\":\"aws_sigv4\",\"refreshToken\":\"hush\",\"dpopKey\":"     \
    "\"hush\"}"

TEST(creds_login, the_set_of_the_file_is_used_while_it_lives)
{
    CHECK_INT(ask(FILE_OF("2030-01-01T12:01:01Z")), 1);
    const struct hc_identity who = hc_credentials_view(&out);

    CHECK_STR(who.key_id, "AKID");
    CHECK_STR(who.secret, "hush");
    CHECK_STR(who.token, "hush/token");
    CHECK_INT(out.features, HC_FEATURE_PROFILE_LOGIN | HC_FEATURE_LOGIN);
    CHECK_INT(out.expires, WALL + 61 * HC_SECOND);
    end();
}

TEST(creds_login, blanks_round_the_session_do_not_count)
{
    file_path = "/c/" NAME ".json";
    file_text = FILE_OF("2030-01-01T13:00:00Z");
    CHECK_INT(ask_as(" \t" SESSION "  ", "/c", "dev"), 1);
    end();
}

/* By AWS's clock, which set the expiry. */
TEST(creds_login, the_difference_of_the_clocks_counts)
{
    skew = -600 * HC_SECOND;
    CHECK_INT(ask(FILE_OF("2030-01-01T11:52:00Z")), 1);
    end();
    skew = 600 * HC_SECOND;
    CHECK_INT(ask(FILE_OF("2030-01-01T12:10:30Z")), HEADCOUNT_ECREDENTIALS);
    end();
    skew = 0;
}

static void failed(const char *words)
{
    CHECK_INT(error.code, HEADCOUNT_ECREDENTIALS);
    if (strstr(error.what, words) == NULL ||
        strstr(error.what, "export-credentials --profile") == NULL)
        fail_msg("no \"%s\" in \"%s\"", words, error.what);
    CHECK(strstr(error.what, "hush") == NULL);
    end();
}

TEST(creds_login, one_that_ends_within_a_minute_is_none)
{
    static const char *const rows[] = {
        FILE_OF("2030-01-01T12:01:00Z"), FILE_OF("2030-01-01T11:00:00Z")
    };

    for (size_t i = 0; i < 2; i++) {
        ask(rows[i]);
        failed("login_session: its credentials have expired: run aws login "
               "--profile dev, or use a profile with credential_process = aws "
               "configure export-credentials --profile dev --format process");
    }
}

TEST(creds_login, what_is_no_such_file_is_told)
{
    static const char *const rows[][2] = {
        { "", "no JSON" }, { "hush", "no JSON" }, { "[]", "no set" },
        { "{}", "no set" }, { "{\"accessToken\":\"hush\"}", "no set" },
        { "{\"accessToken\":{" SET "}}", "no set" },
        { "{\"accessToken\":{" SET ",\"expiresAt\":\"hush\"}}", "no set" },
        { "{\"accessToken\":{" SET ",\"expiresAt\":1893499207}}", "no set" },
        { "{\"accessToken\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\""
          ",\"expiresAt\":\"2030-01-01T13:00:00Z\"}}", "no set" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask(rows[i][0]);
        failed(rows[i][1]);
    }
    ask("{}\xFF");
    failed("no JSON");
    file_path = "/nowhere";
    ask_as(SESSION, "/c", "dev");
    failed("nobody has logged in");
    ask_as(SESSION, "", "dev");
    failed("neither AWS_LOGIN_CACHE_DIRECTORY nor HOME");
}

TEST(creds_login, a_file_that_cannot_be_read_says_why)
{
    hc_error_sys(&file_error, HEADCOUNT_EIO, EACCES, "/c/x cannot be opened");
    ask("");
    failed("/c/x cannot be opened: ");
    hc_error_reset(&file_error);
    hc_error_set(&file_error, HEADCOUNT_ELIMIT, "/c/x is larger");
    ask("");
    failed("/c/x is larger");
    hc_error_reset(&file_error);
}

TEST(creds_login, paths_and_texts_are_bounded)
{
    static char text[20000], path[5000];

    memset(text, 'a', sizeof text - 1);
    memset(path, 'a', sizeof path - 1);
    ask_as(text, "/c", "dev");
    failed("texts are too long");
    ask_as(SESSION, path, "dev");
    failed("path of its file is too long");
}

TEST(creds_login, a_profile_with_blanks_is_quoted_in_the_command)
{
    file_path = "/nowhere";
    ask_as(SESSION, "/c", "my dev's");
    failed("run aws login --profile 'my dev'\\''s', or");
}

static int ask_one(void)
{
    int got = ask(FILE_OF("2030-01-01T13:00:00Z"));

    end();
    return got == 1 ? 0 : got;
}

TEST(creds_login, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
}
