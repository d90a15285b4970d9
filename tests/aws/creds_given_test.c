/* tests/aws/creds_given_test.c - credentials that the program was handed. */
#include "t.h"

#include <string.h>

#include "aws/creds_given.h"

static const struct {
    const char *id, *secret, *token;
    int init, get;
    const char *says;
} rows[] = {
    { NULL, NULL, NULL, 0, 0, "" },
    { "", "", "", 0, 0, "" },
    { "AKID", "s3cr3t", NULL, 0, 1, "" },
    { "AKID", "s3cr3t", "tok", 0, 1, "" },
    { "AKID", NULL, NULL, HEADCOUNT_ECREDENTIALS, 0,
      "without their secret access" },
    { NULL, "s3cr3t", NULL, HEADCOUNT_ECREDENTIALS, 0,
      "without their access key" },
    { NULL, NULL, "tok", HEADCOUNT_ECREDENTIALS, 0,
      "without their access key" },
    { "AKID", "s3cr3t\r", NULL, HEADCOUNT_ECREDENTIALS, 0,
      "secret access key holds" },
    { "AKID", "s3cr3t", "t\nk", HEADCOUNT_ECREDENTIALS, 0,
      "session token holds" },
};

TEST(creds_given, both_or_none)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_identity who = { hc_str(rows[i].id), hc_str(rows[i].secret),
                                   hc_str(rows[i].token) };
        struct hc_credentials given = { .texts = NULL }, got;
        struct hc_creds_provider p = hc_creds_given(&given);
        struct headcount_error error;

        hc_error_reset(&error);
        CHECK_INT(hc_creds_given_init(&given, t_alloc(), &who, &error),
                  rows[i].init);
        CHECK(strstr(error.what, rows[i].says) != NULL);
        CHECK(strstr(error.what, "s3cr3t") == NULL);
        hc_credentials_init(&got, t_alloc());
        CHECK_INT(p.get(p.ud, NULL, 0, &got, &error), rows[i].get);
        if (rows[i].get == 1) {
            CHECK_STR(hc_credentials_view(&got).key_id, rows[i].id);
            CHECK_STR(hc_credentials_view(&got).secret, rows[i].secret);
            CHECK_STR(hc_credentials_view(&got).token,
                      rows[i].token == NULL ? "" : rows[i].token);
        }
        hc_credentials_fini(&got);
        hc_credentials_fini(&given);
    }
}

static int get_some(void)
{
    const struct hc_identity who = { hc_str("AKID"), hc_str("s3cr3t"),
                                     hc_str("tok") };
    struct hc_credentials given, got;
    struct hc_creds_provider p = hc_creds_given(&given);
    struct headcount_error error;

    hc_error_reset(&error);
    hc_credentials_init(&got, t_alloc());
    int err = hc_creds_given_init(&given, t_alloc(), &who, &error);

    if (err == 0)
        err = p.get(p.ud, NULL, 0, &got, &error);
    CHECK(err == 1 || error.what[0] != '\0');
    hc_credentials_fini(&got);
    hc_credentials_fini(&given);
    return err == 1 ? 0 : err;
}

TEST(creds_given, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_some);
}
