/* tests/reconcile/exchange/clusters_test.c - which clusters there are, where
 * one is not.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define PROD SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, ""))
#define NO_CLUSTER "ClusterNotFoundException"
#define CLUSTER_AT(name) "\"" SCRIPT_AT "cluster/" name "\""

static void named(struct script_row *rows, size_t n, const char *ends)
{
    struct script *s = script_fails(rows, n, NULL);

    rows[0].fail = HEADCOUNT_ESERVICE;
    rows[0].code = NO_CLUSTER;
    s->config.lists = true;
    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, NO_CLUSTER);
    CHECK_Z(s->r.run.result.skipped, NULL);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    if (!hc_str_ends(hc_str(script_service(0)->reason), hc_str(ends)))
        CHECK_Z(script_service(0)->reason, ends);
    CHECK(strlen(ends) > 0 ||
          strstr(script_service(0)->reason, "clusters in") == NULL);
    script_end();
}

TEST(clusters, a_person_is_told_which_clusters_there_are)
{
    struct script_row rows[] = {
        { .operation = SERVICES },
        { .operation = "ListClusters", .body = "{\"maxResults\":100}",
          .answer = "{\"clusterArns\":[" CLUSTER_AT("zulu") ","
          CLUSTER_AT("prod-2") "," CLUSTER_AT("prd") "]}" },
    };

    named(rows, 2, "; clusters in eu-west-1: prd, prod-2, zulu");
    rows[1].answer = "{\"clusterArns\":[" CLUSTER_AT("a") "],\"nextToken\":"
                     "\"t\"}";
    named(rows, 2, "; clusters in eu-west-1: a and more");
    rows[1].answer = "{\"clusterArns\":[]}";
    named(rows, 2, "; there is no cluster in eu-west-1");
    rows[1].answer = "{\"clusterArns\":[" CLUSTER_AT("a1") "," CLUSTER_AT("a2")
        "," CLUSTER_AT("a3") "," CLUSTER_AT("a4") "," CLUSTER_AT("a5") ","
        CLUSTER_AT("a6") "," CLUSTER_AT("a7") "," CLUSTER_AT("a8") ","
        CLUSTER_AT("a9") "," CLUSTER_AT("b1") "," CLUSTER_AT("b2") "]}";
    named(rows, 2, "a9, b1 and more");
}

/* It is no part of the work: what it comes to changes nothing. */
TEST(clusters, clusters_that_cannot_be_listed_change_nothing)
{
    static const struct { int fail; const char *code, *answer; bool refuse; }
    ends[] = {
        { HEADCOUNT_ESERVICE, "AccessDeniedException", NULL, false },
        { HEADCOUNT_ETIMEDOUT, NULL, NULL, false },
        { 0, NULL, "{\"clusterArns\":7}", false },
        { 0, NULL, "no JSON", false }, { HEADCOUNT_EDNS, NULL, NULL, true },
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct script_row rows[] = {
            { .operation = SERVICES },
            { .operation = "ListClusters", .fail = ends[i].fail,
              .code = ends[i].code, .answer = ends[i].answer,
              .refuse = ends[i].refuse },
        };

        named(rows, 2, "");
    }
}

TEST(clusters, clusters_are_listed_only_where_there_is_time)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .takes = HC_SECOND },
        { .operation = "ListClusters" },
    };
    struct script *s = script_fails(rows, 1, NO_CLUSTER);

    s->config.lists = true;
    s->config.call.deadline = s->now + HC_SECOND;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    script_end();
    s = script_fails(rows, 1, NO_CLUSTER);      /* nor where it is not asked */
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    script_end();
    rows[0].fail = HEADCOUNT_ESERVICE;
    rows[0].code = NO_CLUSTER;
    s = script_fails(rows, 2, NULL);
    s->config.lists = true;
    s->cancel_at = 2;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    script_end();
}
