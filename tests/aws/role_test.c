/* tests/aws/role_test.c - which roles may be assumed, and which are one. */
#include "t.h"

#include <string.h>

#include "aws/role.h"

#define ARN "arn:aws:iam::123456789012:role/a"

static int check_arn(struct hc_str arn, struct headcount_error *e)
{
    return hc_role_check(&(struct hc_role){ .arn = arn }, e);
}

TEST(role, a_role_is_an_arn_of_iam)
{
    static const char *const good[] = {
        "arn:aws:iam::123456789012:role/a",
        "arn:aws-cn:iam::123456789012:role/a/b/c",
        "arn:aws-us-gov:iam::123456789012:role/service-role/A+=,.@_-9",
    };
    static const char *const bad[] = {
        "", "deploy", "role/deploy", "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role", "arn:aws:iam::123456789012:user/a",
        "arn:aws:sts::123456789012:assumed-role/a/b",
        "arn:aws:iam:eu-west-1:123456789012:role/a",
        "arn:aws:iam::12345678901:role/a", "arn:aws:iam::1234567890123:role/a",
        "arn:aws:iam::12345678901x:role/a", "arn:aws:iam:::role/a",
        "arn::iam::123456789012:role/a", "arn:AWS:iam::123456789012:role/a",
        "ARN:aws:iam::123456789012:role/a", "arn:aws:s3::123456789012:role/a",
        "arn:aws:iam::123456789012:role/a b", "arn:aws:iam::123456789012:role/a"
        "\r\nb", "arn:aws:iam::123456789012:role//a",
        "arn:aws:iam::123456789012:role/a/", "arn:aws:iam::123456789012:role/a"
        "//b", "arn:aws:iam::123456789012:role/\xC3\xA4",
        "arn:aws:iam::123456789012:role/a:b", " arn:aws:iam::123456789012:"
        "role/a", "arn:aws:iam::123456789012:role/a&Action=b",
    };
    static char big[HC_ROLE_MAX + 2] = "arn:aws:iam::123456789012:role/";

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK_INT(check_arn(hc_str(good[i]), NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct headcount_error e = { 0 };

        if (check_arn(hc_str(bad[i]), &e) != HEADCOUNT_ECONFIG)
            fail_msg("%s was taken", bad[i]);
        CHECK(strstr(e.what, "arn:aws:iam::123456789012:role/NAME") != NULL);
    }
    memset(big + 31, 'a', HC_ROLE_MAX - 31);
    CHECK_INT(check_arn(hc_str(big), NULL), 0);
    big[HC_ROLE_MAX] = 'a';
    CHECK_INT(check_arn(hc_str(big), NULL), HEADCOUNT_ECONFIG);
    CHECK_INT(check_arn(hc_str_n("arn:aws:iam::123456789012:role/a\0b", 34),
                        NULL), HEADCOUNT_ECONFIG);
    CHECK_STR(hc_role_partition(HC_STR("arn:aws-cn:iam::1:role/a")), "aws-cn");
    CHECK_STR(hc_role_account(hc_str(good[0])), "123456789012");
}

/* A role with one more member, and what the refusal names; NULL: it is fine. */
static const struct {
    const char *session, *external_id, *wrong;
    int64_t duration;
} more[] = {
    { "ab", "", NULL, 0 }, { "a=b,c.@-+_9", "", NULL, 0 },
    { "a", "", "role_session_name", 0 },
    { "a b", "", "role_session_name", 0 },
    { "a/b", "", "role_session_name", 0 },
    { "a:b", "", "role_session_name", 0 },
    { "a&RoleArn=b", "", "role_session_name", 0 },
    { "", "ab", NULL, 0 }, { "", "a:b/c=", NULL, 0 },
    { "", "a", "external_id", 0 }, { "", "a b", "external_id", 0 },
    { "", "a\nb", "external_id", 0 },
    { "", "", NULL, 900 * HC_SECOND }, { "", "", NULL, 43200 * HC_SECOND },
    { "", "", "duration_seconds", 899 * HC_SECOND },
    { "", "", "duration_seconds", 43201 * HC_SECOND },
    { "", "", "duration_seconds", -HC_SECOND },
    { "", "", "duration_seconds", 900 * HC_SECOND + 1 },
};

TEST(role, what_sts_would_refuse_is_not_sent)
{
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        const struct hc_role r = {
            .arn = HC_STR(ARN), .session = hc_str(more[i].session),
            .external_id = hc_str(more[i].external_id),
            .duration = more[i].duration,
        };
        struct headcount_error e = { 0 };
        int err = hc_role_check(&r, &e);

        if (err != (more[i].wrong != NULL ? HEADCOUNT_ECONFIG : 0) ||
            (more[i].wrong != NULL && strstr(e.what, more[i].wrong) == NULL))
            fail_msg("row %zu: %s", i, e.what);
    }
}

TEST(role, each_text_has_a_longest)
{
    static char text[HC_ROLE_FILE + 1];
    struct hc_role r = { .arn = HC_STR(ARN) };

    memset(text, 'a', sizeof text);
    r.session = hc_str_n(text, HC_ROLE_SESSION);
    r.external_id = hc_str_n(text, HC_ROLE_EXTERNAL);
    r.token_file = hc_str_n(text, HC_ROLE_FILE);
    CHECK_INT(hc_role_check(&r, NULL), 0);
    r.session.n++;
    CHECK_INT(hc_role_check(&r, NULL), HEADCOUNT_ECONFIG);
    r.session.n--;
    r.external_id.n++;
    CHECK_INT(hc_role_check(&r, NULL), HEADCOUNT_ECONFIG);
    r.external_id.n--;
    r.token_file.n++;
    CHECK_INT(hc_role_check(&r, NULL), HEADCOUNT_ECONFIG);
}

TEST(role, each_member_makes_another_role)
{
    const struct hc_role one = { .arn = HC_STR(ARN) };
    struct hc_role others[] = { one, one, one, one, one };

    others[0].arn = HC_STR(ARN "b");
    others[1].session = HC_STR("ab");
    others[2].external_id = HC_STR("ab");
    others[3].token_file = HC_STR("/t");
    others[4].duration = 900 * HC_SECOND;
    CHECK(hc_role_eq(&one, &one));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(!hc_role_eq(&one, &others[i]));
        CHECK(hc_role_hash(&one) != hc_role_hash(&others[i]));
    }
}
