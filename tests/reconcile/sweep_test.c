/* reconcile/sweep - which clusters a sweep is about. */
#include "reconcile/sweep.h"

#include <string.h>

#include "t.h"

#define AT "arn:aws:ecs:eu-west-1:123456789012:cluster/"

static bool matches(const char *pattern, const char *text)
{
    struct hc_arn arn;

    CHECK_INT(hc_arn_cluster(&arn, hc_str(text), NULL), 0);
    return hc_sweep_matches(hc_str(pattern), &arn);
}

TEST(sweep, a_glob_is_compared_with_the_name)
{
    static const struct { const char *pattern, *cluster; bool yes; } rows[] = {
        { "prod", AT "prod", true },        { "prod", AT "prod2", false },
        { "prod", "prod", true },           { "rod", AT "prod", false },
        { "*", AT "prod", true },           { "p*", AT "prod", true },
        { "*d", AT "prod", true },          { "p*d", AT "prod", true },
        { "p*o", AT "prod", false },        { "????", AT "prod", true },
        { "???", AT "prod", false },        { "?????", AT "prod", false },
        { "p?o*", AT "prod", true },        { "**", AT "prod", true },
        { "*o*", AT "prod", true },         { "*x*", AT "prod", false },
        { "*-a-*-b", AT "x-a-y-a-z-b", true },
        { "*ab", AT "aaab", true },         { "*aab*ab", AT "aabaab", true },
        { "a*b*c", AT "a-b-b-c-c", true },  { "a*b*c", AT "a-c-b", false },
        { "prod*", AT "prod", true },       { "eu*", AT "prod", false },
        { AT "prod", AT "prod", true },     { AT "p*", AT "prod", true },
        { "arn:aws:ecs:*:cluster/prod", AT "prod", true },
        { "arn:aws:ecs:us-*:cluster/prod", AT "prod", false },
        { AT "prod", "prod", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (matches(rows[i].pattern, rows[i].cluster) != rows[i].yes)
            fail_msg("%s, %s", rows[i].pattern, rows[i].cluster);
}

/* A backtracking matcher would take longer than there is time. */
TEST(sweep, many_stars_take_no_time)
{
    char pattern[499], name[256];

    for (size_t i = 0; i < sizeof pattern - 1; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[sizeof pattern - 1] = '\0';
    memset(name, 'a', sizeof name);
    name[254] = 'b';
    name[255] = '\0';
    CHECK(!matches(pattern, name));
}

TEST(sweep, what_names_no_cluster_is_told)
{
    static const char *const good[] = { "prod", "p*", "?", AT "prod",
                                        AT "p*", "a_b-*" };
    static const char *const bad[] = { "", "a b", "a.*", "[ab]*", "pr/od",
                                       "*:x", "\xc3\xa4*", "arn:x", "{*}",
                                       "arn:aws:ecs:eu west:1:cluster/*" };
    struct headcount_error e;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_INT(hc_sweep_check(hc_str(good[i]), NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hc_error_reset(&e);
        CHECK_INT(hc_sweep_check(hc_str(bad[i]), &e), HEADCOUNT_ESYNTAX);
        CHECK(e.what[0] != '\0');
    }
    CHECK(hc_sweep_is_glob(HC_STR("a?")) && hc_sweep_is_glob(HC_STR("*")));
    CHECK(!hc_sweep_is_glob(HC_STR("prod")));
}

TEST(sweep, a_tag_is_there_with_its_value_or_any)
{
    struct hc_ecs_tag team = { HC_STR("team"), HC_STR(""), NULL };
    struct hc_ecs_tag tier = { HC_STR("tier"), HC_STR("gold"), &team };
    const struct hc_str any = { NULL, 0 };

    CHECK(hc_sweep_has_tag(&tier, HC_STR("tier"), HC_STR("gold")));
    CHECK(!hc_sweep_has_tag(&tier, HC_STR("tier"), HC_STR("tin")));
    CHECK(!hc_sweep_has_tag(&tier, HC_STR("tier"), HC_STR("")));
    CHECK(hc_sweep_has_tag(&tier, HC_STR("team"), HC_STR("")));
    CHECK(hc_sweep_has_tag(&tier, HC_STR("tier"), any));
    CHECK(!hc_sweep_has_tag(&tier, HC_STR("Tier"), any));
    CHECK(!hc_sweep_has_tag(NULL, HC_STR("tier"), any));
}

TEST(sweep, a_cluster_is_where_its_arn_says)
{
    static const struct {
        const char *region, *role, *cluster;
        bool yes;
    } rows[] = {
        { "eu-west-1", "", AT "prod", true },
        { "eu-west-2", "", AT "prod", false },
        { "eu-west-2", "", "prod", true },
        { "eu-west-1", "arn:aws:iam::123456789012:role/x", AT "prod", true },
        { "eu-west-1", "arn:aws:iam::210987654321:role/x", AT "prod", false },
        { "eu-west-1", "arn:aws:iam::210987654321:role/x", "prod", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hc_sweep_scope scope = { hc_str(rows[i].region),
                                              hc_str(rows[i].role) };
        struct hc_arn arn;

        CHECK_INT(hc_arn_cluster(&arn, hc_str(rows[i].cluster), NULL), 0);
        CHECK_INT(hc_sweep_is_there(&scope, &arn), rows[i].yes);
    }
}
