/* tests/reconcile/exchange/service_names_test.c - lists of services, page by
 * page.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

static const struct hc_query named = { .kind = QUERY_SERVICES };
static const struct hc_query *query;
static char got[200];

/* What is listed, as words. */
static void lists(struct hc_reconcile *r)
{
    struct hc_known known;

    if (hc_policy_fact(&r->run, query, &known, NULL) == 1) {
        const struct hc_host_list *all = &known.names->all;

        got[0] = '\0';
        for (size_t i = 0; i < all->n; i++) {
            struct hc_str id = hc_host_id(all->hosts[i].arn);

            CHECK(strlen(got) + id.n + 2 < sizeof(got));
            strncat(got, id.p, id.n);
            strcat(got, " ");
        }
    }
    hc_reconcile_resume(r, NULL, 0);
}

static struct script *run(const struct script_row *rows, size_t n,
                          const struct hc_query *q)
{
    struct script *s = script_set(rows, n);

    query = q;
    s->config.asks = true;
    s->policy = lists;
    CHECK_INT(script_run(), 1);
    return s;
}

TEST(service_names, a_list_ends_where_no_next_page_is_named)
{
    static const struct script_row rows[] = {
        { .operation = "ListServices", .answer = "{\"serviceArns\":[\""
          SCRIPT_AT "service/prod/web\"],\"nextToken\":\"t\"}" },
        { .operation = "ListServices", .answer = "{\"serviceArns\":[],"
          "\"nextToken\":\"u\"}" },
        { .operation = "ListServices", .answer = "{\"serviceArns\":[\""
          SCRIPT_AT "service/log\",\"" SCRIPT_AT "service/prod/web\"]}" },
    };

    CHECK(run(SCRIPT_ROWS(rows), &named)->r.run.result.error_code == NULL);
    CHECK_Z(got, "web log ");
    script_end();
}

TEST(service_names, an_answer_that_is_no_list_of_services_is_not_believed)
{
    static const char *const bad[] = {
        "{\"serviceArns\":[\"nonsense/x/y/z\"]}",
        "{\"serviceArns\":[\"" SCRIPT_AT "service/other/web\"]}",
        "{\"serviceArns\":[\"web\"]}", "{}", "[]", "{\"serviceArns\":[1]}",
        "{\"serviceArns\":[],\"nextToken\":\"t\"}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const struct script_row rows[] = {
            { .operation = "ListServices", .answer = bad[i] },
            { .operation = "ListServices", .answer = bad[i] },
        };

        CHECK_Z(run(rows, i == 6 ? 2 : 1, &named)->r.run.result.error_code,
                "EANSWER");
        script_end();
    }
}

/* Two tokens that take turns, with the same services or none, are no end. */
TEST(service_names, pages_in_a_ring_are_not_believed)
{
    static const char *const full[] = {
        "{\"serviceArns\":[\"" SCRIPT_AT "service/prod/a\"],"
            "\"nextToken\":\"p\"}",
        "{\"serviceArns\":[\"" SCRIPT_AT "service/prod/b\"],"
            "\"nextToken\":\"q\"}",
    };
    struct script_row rows[2 + 3];

    for (size_t i = 0; i < 5; i++)
        rows[i] = (struct script_row){ .operation = "ListServices",
                                       .answer = full[i % 2] };
    CHECK_Z(run(SCRIPT_ROWS(rows), &named)->r.run.result.error_code, "EANSWER");
    script_end();
}
