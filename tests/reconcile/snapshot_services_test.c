/* tests/reconcile/snapshot_services_test.c - each service of a snapshot once,
 * and what is missing as a fact. */
#include "t.h"

#include <string.h>

#include "reconcile/snapshot_services.h"

#define SERVICE(name) "{\"serviceName\":\"" name "\",\"status\":\"ACTIVE\"," \
    "\"desiredCount\":1}"

static struct hc_facts facts;
static struct headcount_error error;

static int get(const char *text)
{
    hc_error_reset(&error);
    hc_facts_init(&facts, t_alloc());
    return hc_snapshot_services(&facts,
                                hc_str_n(t_guard(text, strlen(text)),
                                         strlen(text)), &error);
}

TEST(snapshot_services, one_that_is_there_and_one_that_is_not)
{
    struct hc_fact_service *s;

    CHECK_INT(get("{\"services\":[" SERVICE("web") "],\"failures\":["
                  "{\"arn\":\"log\",\"reason\":\"MISSING\"}]}"), 0);
    s = hc_facts_service(&facts, HC_STR("web"));
    CHECK(s->fact.state == FACT_VALUE && s->value->desired == 1);
    s = hc_facts_service(&facts, HC_STR("log"));
    CHECK(s->fact.state == FACT_VALUE && s->value == NULL);
    s = hc_facts_service(&facts, HC_STR("dns"));
    CHECK(s->fact.state == FACT_UNKNOWN);
    hc_facts_fini(&facts);
}

TEST(snapshot_services, one_service_twice_is_refused)
{
    static const char *const texts[] = {
        "{\"services\":[" SERVICE("web") "," SERVICE("web") "]}",
        "{\"services\":[" SERVICE("web") "],\"failures\":["
            "{\"arn\":\"web\",\"reason\":\"MISSING\"}]}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK_INT(get(texts[i]), HEADCOUNT_ESYNTAX);
        CHECK(strstr(error.what, "twice of service \"web\"") != NULL);
        hc_facts_fini(&facts);
    }
}
