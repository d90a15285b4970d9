/* tests/reconcile/wishes_test.c - what is wished is looked at before anything
 * is asked or written. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

static struct hc_wish wishes[3];

static struct script *set(size_t n)
{
    struct script *s = script_set(NULL, 0);

    wishes[0] = (struct hc_wish){ .service = HC_STR("web") };
    wishes[1] = (struct hc_wish){ .service = HC_STR("log") };
    wishes[2] = (struct hc_wish){ .service = HC_STR("dns") };
    s->config.wishes = wishes;
    s->config.wishes_n = n;
    return s;
}

static void refused(struct script *s, int code, const char *says)
{
    CHECK_INT(script_run(), code);
    CHECK_INT(s->error.code, code);
    if (strstr(s->error.what, says) == NULL)
        CHECK_Z(s->error.what, says);
    script_end();
}

TEST(wishes, a_service_is_wished_for_once)
{
    struct script *s = set(3);

    wishes[2].service = HC_STR("web");
    refused(s, HEADCOUNT_ECONFIG, "two wishes are for one service, \"web\"");
    s = set(2);
    wishes[1].service = HC_STR(SCRIPT_AT "service/prod/web");
    refused(s, HEADCOUNT_ECONFIG, "two wishes");
}

TEST(wishes, names_rules_and_filters_are_checked)
{
    struct script *s = set(2);

    wishes[1].service = HC_STR("lo:g");
    refused(s, HEADCOUNT_ESYNTAX, "does not name a service");
    s = set(1);
    wishes[0].rule.tasks = -1;
    refused(s, HEADCOUNT_ECONFIG, "tasks");
    s = set(2);
    wishes[1].where = HC_STR("attribute:a == ')");
    refused(s, HEADCOUNT_ESYNTAX, "quote");
}

TEST(wishes, registered_is_one_number_that_nothing_narrows)
{
    static const struct hc_rule by_cpu = { .kind = HEADCOUNT_LINEAR,
                                           .per_cpu = HC_RULE_ONE };
    const struct hc_wish narrow[] = {
        { .where = HC_STR("attribute:a == b") }, { .no_external = true },
        { .rule.min_age = 1 }, { .rule = by_cpu },
    };

    for (size_t i = 0; i < sizeof(narrow) / sizeof(*narrow); i++) {
        struct script *s = set(1);

        wishes[0] = narrow[i];
        wishes[0].service = HC_STR("web");
        wishes[0].by = HEADCOUNT_REGISTERED;
        refused(s, HEADCOUNT_ECONFIG, "registered counts every host");
    }
}

/* ---- another place ---- */

TEST(wishes, a_service_of_another_place_is_settled_without_a_call)
{
    struct script *s = set(2);

    wishes[0].service = HC_STR(SCRIPT_AT "service/other/web");
    wishes[1].service = HC_STR(SCRIPT_AT "service/other/log");
    wishes[1].required = true;
    CHECK_INT(script_run(), 1);
    CHECK_INT(script_service(0)->outcome, HEADCOUNT_SKIPPED);
    CHECK_Z(script_service(0)->code, "missing");
    CHECK_INT(script_service(1)->outcome, HEADCOUNT_FAILED);
    script_end();
    s = set(1);
    s->config.foreign = "foreign_account";
    s->config.foreign_why = "another account";
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "foreign_account");
    script_end();
}
