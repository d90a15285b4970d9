/* tests/reconcile/exchange/tagged_test.c - services by their tags, of a whole
 * region.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define TAGGING "resourcegroupstaggingapi"

static const struct hc_query tagged = {
    .kind = QUERY_SERVICES, .tag_filters = { "[{\"Key\":\"k\"}]", 13 } };

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

TEST(tagged, tagged_services_of_other_places_are_none_of_ours)
{
    static const struct script_row rows[] = {
        { .operation = "GetResources", .service = TAGGING,
          .body = "{\"ResourceTypeFilters\":[\"ecs:service\"],"
                  "\"TagFilters\":[{\"Key\":\"k\"}],"
                  "\"ResourcesPerPage\":100}",
          .answer = "{\"PaginationToken\":\"p\",\"ResourceTagMappingList\":["
              "{\"ResourceARN\":\"" SCRIPT_AT "service/prod/web\"},"
              "{\"ResourceARN\":\"" SCRIPT_AT "service/prod/web\"},"
              "{\"ResourceARN\":\"" SCRIPT_AT "service/other/log\"},"
              "{\"ResourceARN\":\"" SCRIPT_AT "service/log\"},"
              "{\"ResourceARN\":\"" SCRIPT_AT "cluster/prod\"},"
              "{\"ResourceARN\":\"arn:aws:ecs:eu-west-2:111122223333:service/"
              "prod/log\"}]}" },
        { .operation = "GetResources", .service = TAGGING,
          .body = "{\"ResourceTypeFilters\":[\"ecs:service\"],"
                  "\"TagFilters\":[{\"Key\":\"k\"}],"
                  "\"ResourcesPerPage\":100,\"PaginationToken\":\"p\"}",
          .answer = "{\"PaginationToken\":\"\",\"ResourceTagMappingList\":["
              "{\"ResourceARN\":\"" SCRIPT_AT "service/prod/dns\"}]}" },
    };
    struct script *s;

    s = run(SCRIPT_ROWS(rows), &tagged);
    CHECK(s->r.run.result.error_code == NULL);
    CHECK_Z(got, "web dns ");
    script_end();
}

/* Services of other clusters are news, too, if they were not seen yet. */
TEST(tagged, tagged_pages_in_a_ring_are_not_believed)
{
    static const char *const pages[] = {
        "{\"PaginationToken\":\"p\",\"ResourceTagMappingList\":["
            "{\"ResourceARN\":\"" SCRIPT_AT "service/other/web\"}]}",
        "{\"PaginationToken\":\"q\",\"ResourceTagMappingList\":["
            "{\"ResourceARN\":\"" SCRIPT_AT "service/third/web\"}]}",
        "{\"PaginationToken\":\"r\",\"ResourceTagMappingList\":["
            "{\"ResourceARN\":\"" SCRIPT_AT "service/fourth/web\"}]}",
        "{\"PaginationToken\":\"s\",\"ResourceTagMappingList\":["
            "{\"ResourceARN\":\"" SCRIPT_AT "service/fifth/web\"}]}",
        "{\"PaginationToken\":\"t\",\"ResourceTagMappingList\":["
            "{\"ResourceARN\":\"" SCRIPT_AT "service/sixth/web\"}]}",
    };
    struct script_row rows[5 + 3];

    for (size_t i = 0; i < 8; i++)
        rows[i] = (struct script_row){ .operation = "GetResources",
                                       .service = TAGGING,
                                       .answer = pages[i % 5] };
    CHECK_Z(run(SCRIPT_ROWS(rows), &tagged)->r.run.result.error_code,
            "EANSWER");
    script_end();
    /* Five pages of others, and the sixth is ours: a list like any other. */
    rows[5].answer = "{\"PaginationToken\":\"\",\"ResourceTagMappingList\":["
                     "{\"ResourceARN\":\"" SCRIPT_AT "service/prod/web\"}]}";
    CHECK(run(rows, 6, &tagged)->r.run.result.error_code == NULL);
    CHECK_Z(got, "web ");
    script_end();
}
