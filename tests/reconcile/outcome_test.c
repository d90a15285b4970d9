/* tests/reconcile/outcome_test.c - what becomes of the wishes of a cluster
 * that is deleted.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define PROD SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, ""))

#define NO_CLUSTER "ClusterNotFoundException"
#define CLUSTER_AT(name) "\"" SCRIPT_AT "cluster/" name "\""

static void asks_for_tagged(struct hc_reconcile *r)
{
    const struct hc_query q = {
        .kind = QUERY_SERVICES, .tag_filters = HC_STR("[{\"Key\":\"a\"}]")
    };
    struct hc_known known;

    hc_policy_fact(&r->run, &q, &known, NULL);
    hc_reconcile_resume(r, script_wish(0), 1);
}

#define DESCRIBED(arn, status) "{\"clusters\":[{\"clusterArn\":\"" arn "\"," \
    "\"clusterName\":\"prod\",\"status\":\"" status "\","                    \
    "\"registeredContainerInstancesCount\":0}]}"
#define UNKNOWN(arn, reason) "{\"clusters\":[],\"failures\":[{\"arn\":\"" arn \
    "\",\"reason\":\"" reason "\"}]}"

static int lists(void)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE, .code = NO_CLUSTER,
          .answer = PROD },           /* so that all memory is used */
        { .operation = "ListClusters",
          .answer = "{\"clusterArns\":[" CLUSTER_AT("a") "]}" },
    };
    struct script *s = script_fails(rows, 2, NULL);

    s->config.lists = true;

    int got = script_run();

    script_end();
    return got == 1 ? 0 : got;
}

TEST(outcome, a_deleted_cluster_that_aws_named_is_skipped)
{
    struct script_row first[] = { { .operation = SERVICES } };
    struct script_row later[] = {
        { .operation = SERVICES,
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, "") ","
                                    SCRIPT_SERVICE("log", 1, "")) },
        { .operation = "ListContainerInstances" },
    };

    for (int i = 0; i < 2; i++) {
        struct script *s = i == 0 ? script_fails(first, 1, NO_CLUSTER)
                                  : script_fails(later, 2, NO_CLUSTER);

        s->config.found = s->config.lists = true;
        s->config.wishes_n = 2;
        CHECK_INT(script_run(), 1);
        CHECK_Z(s->r.run.result.error_code, NULL);
        CHECK_Z(s->r.run.result.skipped, "cluster_gone");
        script_gave(0, HEADCOUNT_SKIPPED, "cluster_gone");
        script_gave(1, HEADCOUNT_FAILED, "cluster_gone");
        CHECK(strstr(script_service(0)->reason, "the cluster is deleted")
              != NULL);
        script_end();
    }
}

/* To credentials of another account each cluster is one that is not there. */
TEST(outcome, a_cluster_of_another_account_is_not_deleted)
{
    static const struct { const char *account, *list, *code; } rows[] = {
        { "999999999999", NULL, "foreign_account" },
        { "111122223333", NULL, "cluster_gone" },
        { "", "{\"clusterArns\":[\"arn:aws:ecs:eu-west-1:999999999999:"
          "cluster/a\"]}", "foreign_account" },
        { "", "{\"clusterArns\":[" CLUSTER_AT("a") "]}", "cluster_gone" },
        { "", "{\"clusterArns\":[]}", "cluster_gone" },
        { "", "", "cluster_gone" },            /* it may not be listed */
    };
    const struct hc_event event = { .account = HC_STR("111122223333") };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        for (int bare = 0; bare < 2; bare++) {
            bool denied = rows[i].list != NULL && rows[i].list[0] == '\0';
            struct script_row calls[] = {
                { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE,
                  .code = NO_CLUSTER },
                { .operation = "ListClusters", .answer = rows[i].list,
                  .fail = denied ? HEADCOUNT_ESERVICE : 0,
                  .code = denied ? "AccessDeniedException" : NULL },
            };
            struct script *s = script_fails(calls, rows[i].list != NULL ? 2 : 1,
                                           NULL);

            s->config.found = s->config.lists = true;
            s->config.account = hc_str(rows[i].account);
            s->config.event = bare ? &event : NULL;
            s->config.cluster = bare ? HC_STR("prod") : HC_STR(SCRIPT_CLUSTER);
            CHECK_INT(script_run(), 1);
            CHECK_Z(s->r.run.result.skipped,
                    strcmp(rows[i].code, "cluster_gone") == 0 ? "cluster_gone"
                                                              : NULL);
            script_gave(0,
                        strcmp(rows[i].code, "cluster_gone") == 0
                            ? HEADCOUNT_SKIPPED
                            : HEADCOUNT_FAILED,
                        rows[i].code);
            script_end();
        }
}

/* What a gateway says of it is no word of ECS. */
TEST(outcome, a_cluster_is_deleted_where_ecs_refuses_the_request)
{
    struct script_row rows[] = { { .operation = SERVICES, .status = 503 } };
    struct script *s = script_fails(rows, 1, NO_CLUSTER);

    s->config.found = true;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    CHECK_Z(s->r.run.result.skipped, NULL);
    script_end();
}

/* The list of what has a tag says nothing of the cluster. */
TEST(outcome, a_list_by_tags_does_not_tell_whose_a_cluster_is)
{
    struct script_row rows[] = {
        { .operation = "GetResources",
          .service = "resourcegroupstaggingapi",
          .answer = "{\"ResourceTagMappingList\":[]}" },
        { .operation = SERVICES,
          .fail = HEADCOUNT_ESERVICE,
          .code = NO_CLUSTER },
        { .operation = "ListClusters",
          .answer = "{\"clusterArns\":["
                    "\"arn:aws:ecs:eu-west-1:999999999999:cluster/a\"]}" },
    };
    struct script *s = script_fails(rows, 3, NULL);

    s->config.cluster = HC_STR(SCRIPT_CLUSTER);
    s->config.found = s->config.lists = s->config.asks = true;
    s->policy = asks_for_tagged;
    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "foreign_account");
    script_gave(0, HEADCOUNT_FAILED, "foreign_account");
    CHECK(!s->r.run.known);
    script_end();
}

/* What was written before stays so. */
TEST(outcome, a_cluster_may_be_deleted_between_two_writes)
{
    struct script_row rows[] = {
        { .operation = SERVICES,
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, "") ","
                                    SCRIPT_SERVICE("log", 1, "")) },
        { .operation = "ListContainerInstances", .answer = TWO_HOSTS },
        { .operation = "UpdateService", .answer = SCRIPT_TAKEN, .rises = true },
        { .operation = "UpdateService", .rises = true },
    };
    struct script *s = script_fails(rows, 4, NO_CLUSTER);

    s->config.found = true;
    s->config.wishes_n = 2;
    script_wish(1)->required = false;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_UPDATED, "");
    script_gave(1, HEADCOUNT_SKIPPED, "cluster_gone");
    CHECK_Z(s->r.run.result.skipped, "cluster_gone");
    script_end();
}

TEST(outcome, a_person_is_told_that_the_arn_is_of_another_account)
{
    struct script_row rows[] = {
        { .operation = SERVICES },
        { .operation = "ListClusters", .answer = "{\"clusterArns\":[\""
          "arn:aws:ecs:eu-west-1:999999999999:cluster/a\"]}" },
    };
    struct script *s = script_fails(rows, 2, NULL);

    rows[0].fail = HEADCOUNT_ESERVICE;
    rows[0].code = NO_CLUSTER;
    s->config.lists = true;
    s->config.cluster = HC_STR(SCRIPT_CLUSTER);
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, NO_CLUSTER);
    CHECK(hc_str_ends(hc_str(script_service(0)->reason), HC_STR(
        "; its ARN is of account 111122223333, and the credentials are of "
        "account 999999999999; clusters in eu-west-1: a")));
    script_end();
}

/* Its ARN is of the credentials' account, or nobody knows theirs. */
TEST(outcome, a_person_who_names_their_own_account_is_told_the_clusters_alone)
{
    static const char *const lists[] = {
        "{\"clusterArns\":[" CLUSTER_AT("a") "]}", "{\"clusterArns\":[]}",
    };

    for (size_t i = 0; i < 2; i++) {
        struct script_row rows[] = {
            { .operation = SERVICES },
            { .operation = "ListClusters", .answer = lists[i] },
        };
        struct script *s = script_fails(rows, 2, NULL);

        rows[0].fail = HEADCOUNT_ESERVICE;
        rows[0].code = NO_CLUSTER;
        s->config.lists = true;
        s->config.cluster = HC_STR(SCRIPT_CLUSTER);
        script_gives(0, HEADCOUNT_FAILED, NO_CLUSTER);
        CHECK(strstr(script_service(0)->reason, "are of account") == NULL);
        script_end();
    }
}

TEST(outcome, a_deleted_cluster_is_known_by_its_description_too)
{
    static const struct { const char *answer, *code; bool gone; } rows[] = {
        { UNKNOWN(SCRIPT_CLUSTER, "MISSING"), "cluster_gone", true },
        { DESCRIBED(SCRIPT_CLUSTER, "INACTIVE"), "cluster_gone", true },
        { UNKNOWN(SCRIPT_CLUSTER, "OTHER"), "EANSWER", false },
        { UNKNOWN(SCRIPT_AT "cluster/other", "MISSING"), "EANSWER", false },
        { "{\"clusters\":[],\"failures\":[{\"reason\":\"MISSING\"}]}",
          "EANSWER", false },
        { DESCRIBED(SCRIPT_AT "cluster/other", "INACTIVE"), "EANSWER", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        for (int found = 0; found < 2; found++) {
            struct script_row calls[] = {
                { .operation = SERVICES, .answer = PROD },
                { .operation = "DescribeClusters", .answer = rows[i].answer },
            };
            struct script *s = script_fails(calls, 2, NULL);

            s->config.found = found;
            script_wish(0)->by = HEADCOUNT_REGISTERED;
            CHECK_INT(script_run(), 1);
            script_gave(
                0, found && rows[i].gone ? HEADCOUNT_SKIPPED : HEADCOUNT_FAILED,
                rows[i].code);
            script_end();
        }
}

TEST(outcome, memory_may_end_anywhere)
{
    t_fails_every_allocation(lists);
}
