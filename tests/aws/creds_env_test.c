/* tests/aws/creds_env_test.c - credentials from the environment. */
#include "t.h"

#include <string.h>

#include "aws/creds_env.h"

#define WALL ((int64_t)1767225600 * HC_SECOND)   /* 2026-01-01T00:00:00Z */

static const char *env[6];
static struct hc_credentials creds;
static struct headcount_error error;

static const char *fake_getenv(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (size_t i = 0; env[i] != NULL; i++)
        if (strncmp(env[i], name, n) == 0 && env[i][n] == '=')
            return env[i] + n + 1;
    return NULL;
}

static int64_t fake_wall(void *ud)
{
    (void)ud;
    return WALL;
}

static int get(void)
{
    struct hc_system sys = { .alloc = *t_alloc(), .getenv = fake_getenv,
                             .wall = fake_wall };
    struct hc_creds_provider p = hc_creds_env(&sys);

    CHECK_Z(p.name, "environment");
    hc_error_reset(&error);
    hc_credentials_init(&creds, t_alloc());
    creds.source = p.name;
    return p.get(p.ud, NULL, 0, &creds, &error);
}

static const struct {
    const char *env[5];
    int want;
    const char *id, *secret, *token, *says;
} rows[] = {
    { { NULL }, 0, "", "", "", "AWS_ACCESS_KEY_ID is not set" },
    { { "AWS_SESSION_TOKEN=t" }, 0, "", "", "", "" },
    { { "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=" }, 0, "", "", "", "" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t" },
      1,
      "AKID",
      "s3cr3t",
      "",
      "" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t",
        "AWS_SESSION_TOKEN=tok" },
      1,
      "AKID",
      "s3cr3t",
      "tok",
      "" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t",
        "AWS_SECURITY_TOKEN=old" },
      1,
      "AKID",
      "s3cr3t",
      "old",
      "" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t",
        "AWS_SECURITY_TOKEN=old", "AWS_SESSION_TOKEN=tok" },
      1,
      "AKID",
      "s3cr3t",
      "tok",
      "" },
    /* half of it must not become somebody else's */
    { { "AWS_ACCESS_KEY_ID=AKID" },
      HEADCOUNT_ECREDENTIALS,
      "",
      "",
      "",
      "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not" },
    /* AWS's own tools ignore a secret without its key */
    { { "AWS_SECRET_ACCESS_KEY=s3cr3t" }, 0, "", "", "",
      "AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t\n" },
      HEADCOUNT_ECREDENTIALS,
      "",
      "",
      "",
      "secret access key holds" },
    { { "AWS_ACCESS_KEY_ID=AK ID", "AWS_SECRET_ACCESS_KEY=s3cr3t" },
      HEADCOUNT_ECREDENTIALS,
      "",
      "",
      "",
      "access key id holds" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t",
        "AWS_CREDENTIAL_EXPIRATION=soon" },
      HEADCOUNT_ECREDENTIALS,
      NULL,
      NULL,
      NULL,
      "is `soon`" },
    { { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s3cr3t",
        "AWS_CREDENTIAL_EXPIRATION=2026-01-01T00:00:00Z" },
      HEADCOUNT_ECREDENTIALS,
      NULL,
      NULL,
      NULL,
      "expired at 2026-01-01T00:00:00Z" },
};

TEST(creds_env, all_or_nothing_or_an_error)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_identity who;

        memset(env, 0, sizeof(env));
        memcpy(env, rows[i].env, sizeof(rows[i].env));
        CHECK_INT(get(), rows[i].want);
        who = hc_credentials_view(&creds);
        if (rows[i].id != NULL) {
            CHECK_STR(who.key_id, rows[i].id);
            CHECK_STR(who.secret, rows[i].secret);
            CHECK_STR(who.token, rows[i].token);
        }
        CHECK(strstr(error.what, rows[i].says) != NULL);
        CHECK(strstr(error.what, "s3cr3t") == NULL);
        CHECK_INT(error.code, rows[i].want == 0  ? HEADCOUNT_ECREDENTIALS
                              : rows[i].want < 0 ? rows[i].want
                                                 : 0);
        hc_credentials_fini(&creds);
    }
}

TEST(creds_env, an_expiry_is_kept)
{
    memset(env, 0, sizeof(env));
    env[0] = "AWS_ACCESS_KEY_ID=AKID";
    env[1] = "AWS_SECRET_ACCESS_KEY=s3cr3t";
    CHECK_INT(get(), 1);
    CHECK_INT(creds.expires, HC_NEVER);
    hc_credentials_fini(&creds);
    env[2] = "AWS_CREDENTIAL_EXPIRATION=2026-01-01T00:00:01Z";
    CHECK_INT(get(), 1);
    CHECK_INT(creds.expires, WALL + HC_SECOND);
    hc_credentials_fini(&creds);
}

static int get_some(void)
{
    memset(env, 0, sizeof(env));
    env[0] = "AWS_ACCESS_KEY_ID=AKID";
    env[1] = "AWS_SECRET_ACCESS_KEY=s3cr3t";

    int got = get();

    CHECK(got == 1 || error.what[0] != '\0');
    hc_credentials_fini(&creds);
    return got == 1 ? 0 : got;
}

TEST(creds_env, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_some);
}
