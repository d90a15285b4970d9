/* tests/op/op_event_test.c - an event whose owner decides when each of its
 * clusters' turn is, and the sweep that an event may ask for. */
#include "headcount.h"

#include <string.h>

#include "base/text.h"
#include "op/op_reconcile.h"
#include "peers/scene.h"
#include "t.h"

#define RECORD(id, body) "{\"messageId\":\"" id "\",\"eventSource\":"        \
    "\"aws:sqs\",\"body\":\"" body "\"}"
#define SCHEDULE "{\\\"source\\\":\\\"aws.events\\\",\\\"detail-type\\\":"   \
    "\\\"Scheduled Event\\\",\\\"detail\\\":{}}"

#define GONE "{\"__type\":\"ClusterNotFoundException\",\"message\":\"no\"}"
#define UPDATED "{\"service\":{\"desiredCount\":3}}"

static const struct headcount_wish web = {
    .size = sizeof web, .service = "web", .rule = HEADCOUNT_PER_HOST,
};

static const struct headcount_outcome *
handle(const char *event, const char *cluster, enum headcount_sweep_state swept)
{
    const char *const clusters[] = { cluster };
    const struct headcount_reconcile request = {
        .size = sizeof request,
        .event = event,
        .event_size = strlen(event),
        .clusters = clusters,
        .clusters_n = cluster != NULL,
        .wishes = &web,
        .wishes_n = 1,
        .swept = swept,
        .drop_duplicates = true,
    };

    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
        scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    return headcount_outcome(scene.op);
}

TEST(event_op, one_cluster_of_an_event_is_reconciled_alone)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle("{\"clusters\":[\"a\",\"" CLUSTER_ARN "\",\"b\"]}",
               CLUSTER_ARN, HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->clusters_n, 1);
    CHECK_Z(o->clusters[0].arn, CLUSTER_ARN);
    CHECK_INT(scene.script.requests, 2);
    headcount_op_free(scene.op);
    scene_close();
}

/* A run takes 16 KiB and what it reads: an event may name 2,000 clusters. */
TEST(event_op, a_run_begins_at_its_turn_and_only_its_result_stays)
{
    const char *const answers[] = {
        aws_answer(400, "", GONE), aws_answer(200, "", "{\"clusterArns\":[]}"),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3), NULL };
    static const char event[] = "{\"clusters\":[\"a\",\"prod\"]}";
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = event,
        .event_size = sizeof event - 1, .wishes = &web, .wishes_n = 1,
    };
    const struct op_reconcile *r;
    const struct headcount_outcome *o;

    scene_open(false, answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    r = (const struct op_reconcile *)scene.op;
    CHECK(r->current == NULL);
    scene_drive();
    CHECK(r->current == NULL);
    o = headcount_outcome(scene.op);
    CHECK_INT(o->clusters_n, 2);
    CHECK_Z(o->clusters[0].name, "a");
    CHECK(o->clusters[0].error != NULL);
    CHECK_Z(o->clusters[1].arn, CLUSTER_ARN);
    CHECK_Z(o->clusters[1].services[0].service, "web");
    headcount_op_free(scene.op);
    scene_close();
}

TEST(event_op, a_wish_that_one_cluster_cannot_have_is_refused_before_any_call)
{
    static const struct headcount_wish twice[] = {
        { .size = sizeof web, .service = "web" },
        { .size = sizeof web, .service = "arn:aws:ecs:eu-west-1:123456789012:"
                                         "service/prod/web" },
    };
    static const char event[] = "{\"clusters\":[\"a\",\"prod\"]}";
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = event,
        .event_size = sizeof event - 1, .wishes = twice, .wishes_n = 2,
    };

    scene_open(false, NULL);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECONFIG);
    CHECK_INT(headcount_outcome(scene.op)->clusters_n, 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(event_op, a_cluster_that_the_event_does_not_name_is_nothing_to_do)
{
    const struct headcount_outcome *o;

    scene_open(false, NULL);
    o = handle("{\"cluster\":\"prod\"}", "other", HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->clusters_n, 0);
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(event_op, records_of_other_clusters_stay_undone)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle("{\"Records\":[" RECORD("1", "{\\\"cluster\\\":\\\"prod\\\"}")
               "," RECORD("2", "{\\\"cluster\\\":\\\"b\\\"}") "]}", "prod",
               HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->records_n, 2);
    CHECK(o->records[0].done && !o->records[1].done);
    CHECK_INT(o->records_failed, 1);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(event_op, a_dry_run_writes_nothing)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("1")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle("{\"cluster\":\"prod\",\"dry_run\":true}", NULL,
               HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->summary[HEADCOUNT_PENDING], 1);
    CHECK_INT(scene.script.requests, 2);
    CHECK(o->dry_run && strstr(o->json, "\"dry_run\":true") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* Whichever comes first. */
TEST(event_op, a_dry_run_stops_no_write_of_another_record)
{
    static const char *const events[] = {
        "{\"Records\":[" RECORD("1", "{\\\"cluster\\\":\\\"prod\\\","
        "\\\"dry_run\\\":true}") ","
        RECORD("2", "{\\\"cluster\\\":\\\"prod\\\"}") "]}",
        "{\"Records\":[" RECORD("1", "{\\\"cluster\\\":\\\"prod\\\"}") ","
        RECORD("2", "{\\\"cluster\\\":\\\"prod\\\","
        "\\\"dry_run\\\":true}") "]}",
    };

    for (size_t i = 0; i < 2; i++) {
        const char *const answers[] = {
            aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
            aws_answer(200, "", UPDATED), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        o = handle(events[i], NULL, HEADCOUNT_SWEPT_NOT);
        CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
        CHECK_INT(scene.script.requests, 3);
        CHECK(!o->dry_run && o->records_failed == 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* ---- another region, another account ---- */

#define FAR_ARN "arn:aws:ecs:us-east-1:123456789012:cluster/prod"

static const struct headcount_outcome *handle_foreign(const char *event,
                                                      bool drop)
{
    const struct headcount_reconcile request = {
        .size = sizeof request,
        .event = event,
        .event_size = strlen(event),
        .wishes = &web,
        .wishes_n = 1,
        .drop_foreign = drop,
        .drop_duplicates = true,
    };

    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
        scene_drive();
    return headcount_outcome(scene.op);
}

#define FAR_BECAUSE "cluster prod is in region us-east-1, account " \
    "123456789012, and the region here is eu-west-1"

TEST(event_op, a_record_of_another_region_is_left_unless_it_is_to_be_dropped)
{
    const char *event = "{\"Records\":[" RECORD("1",
        "{\\\"cluster\\\":\\\"" FAR_ARN "\\\"}") "]}";

    for (int drop = 0; drop < 2; drop++) {
        const struct headcount_outcome *o;

        scene_open(false, NULL);
        o = handle_foreign(event, drop);
        CHECK_INT(o->code, 0);
        CHECK_Z(o->skipped_event, "foreign_region");
        CHECK_Z(o->skipped_because, FAR_BECAUSE);
        CHECK_INT(o->foreign, 1);
        CHECK(o->records[0].foreign && o->records[0].done == drop);
        CHECK_INT(o->records_failed, !drop);
        CHECK((o->records[0].error != NULL) == !drop);
        if (!drop) {
            CHECK_Z(o->records[0].error, FAR_BECAUSE);
            CHECK_Z(o->failures, "{\"batchItemFailures\":[{\"itemIdentifier\":"
                    "\"1\"}]}");
        }
        CHECK_INT(scene.script.requests, 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(event_op, a_record_of_another_account_is_left)
{
    const struct headcount_outcome *o;

    scene_open(false, NULL);
    o = handle_foreign("[{\"source\":\"aws.events\",\"detail-type\":"
                       "\"Scheduled Event\",\"account\":\"1\",\"detail\":{"
                       "\"cluster\":\"" CLUSTER_ARN "\"}}]", false);
    CHECK_Z(o->skipped_event, "foreign_account");
    CHECK_Z(o->records[0].error, "cluster prod is in account 123456789012, "
            "and its event in account 1");
    CHECK(o->failures == NULL && o->records_failed == 1);
    headcount_op_free(scene.op);
    scene_close();
}

/* Ours beside it is done as ever; an event alone is skipped as ever. */
TEST(event_op, what_is_foreign_harms_no_other)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle_foreign("{\"Records\":[" RECORD("1", "{\\\"cluster\\\":\\\""
                       FAR_ARN "\\\"}") "," RECORD("2", "{\\\"cluster\\\":"
                       "\\\"prod\\\"}") "]}", false);
    CHECK_INT(o->foreign, 1);
    CHECK(!o->records[0].done && o->records[1].done &&
          !o->records[1].foreign);
    headcount_op_free(scene.op);
    o = handle_foreign("{\"cluster\":\"" FAR_ARN "\"}", false);
    CHECK_Z(o->skipped_event, "foreign_region");
    CHECK_INT(o->foreign, 1);
    CHECK_INT(o->records_n, 0);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- a cluster that is deleted ---- */

#define OTHER_EVENT                                                         \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Container Instance State "  \
    "Change\",\"region\":\"eu-west-1\",\"detail\":{\"clusterArn\":"            \
    "\"arn:aws:ecs:eu-west-1:999999999999:cluster/prod\"}}"

TEST(event_op, a_deleted_cluster_is_a_failure_only_where_a_person_named_it)
{
    static const struct { const char *event; bool failed; } rows[] = {
        { EVENT, false },
        { "{\"cluster\":\"prod\"}", true },
        { "{\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\","
          "\"detail\":{\"cluster\":\"prod\"}}", true },
        { "[" EVENT ",{\"source\":\"aws.events\",\"detail-type\":"
          "\"Scheduled Event\",\"region\":\"eu-west-1\",\"account\":"
          "\"123456789012\",\"detail\":{\"cluster\":\"" CLUSTER_ARN "\"}}]",
          true },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *const answers[] = {
            aws_answer(400, "", GONE),
            aws_answer(200, "", "{\"clusterArns\":[\"" CLUSTER_ARN "2\"]}"),
            aws_answer(400, "", GONE), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        o = handle_foreign(rows[i].event, false);
        CHECK_INT(o->clusters_n, 1);
        CHECK_INT(o->summary[HEADCOUNT_FAILED], rows[i].failed);
        CHECK_INT(o->summary[HEADCOUNT_SKIPPED], !rows[i].failed);
        CHECK_INT(scene.script.requests, 2);
        CHECK_INT(o->clusters[0].error != NULL, rows[i].failed);
        CHECK_Z(o->clusters[0].skipped, rows[i].failed ? NULL
                                                       : "cluster_gone");
        if (rows[i].failed)
            CHECK(strstr(o->clusters[0].error, "eu-west-1: prod2") != NULL);
        headcount_op_free(scene.op);
        if (!rows[i].failed) {            /* whose account it is is known now */
            o = handle_foreign(OTHER_EVENT, false);
            CHECK_INT(o->clusters_n, 1);
            CHECK_Z(o->clusters[0].error_code, "foreign_account");
            CHECK_INT(scene.script.requests, 3);
            headcount_op_free(scene.op);
        }
        scene_close();
    }
}

/* ---- one name in two accounts ---- */

#define OTHER_ARN "arn:aws:ecs:eu-west-1:999999999999:cluster/prod"
#define BODY(cluster) "{\\\"cluster\\\":\\\"" cluster "\\\"}"
#define NO_CLUSTER "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"

/* Whichever comes first: the other one's failure is not ours. */
TEST(event_op, a_namesake_in_another_account_is_another_cluster)
{
    static const char *const events[] = {
        "{\"Records\":[" RECORD("1", BODY(OTHER_ARN)) ","
        RECORD("2", BODY("prod")) "]}",
        "{\"Records\":[" RECORD("2", BODY("prod")) ","
        RECORD("1", BODY(OTHER_ARN)) "]}",
    };

    for (size_t i = 0; i < 2; i++) {
        const char *const answers[] = {
            aws_answer(400, "", NO_CLUSTER), aws_answer(200, "", SERVICE("1")),
            aws_answer(200, "", HOSTS3), aws_answer(200, "", UPDATED), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        o = handle(events[i], NULL, HEADCOUNT_SWEPT_NOT);
        CHECK_INT(o->clusters_n, 2);
        CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
        CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
        CHECK_INT(scene.script.requests, 4);
        CHECK(strstr(scene.script.request[0], OTHER_ARN) != NULL);
        CHECK(o->records[i].done == false && o->records[1 - i].done);
        headcount_op_free(scene.op);
        scene_close();
    }
}

static const struct headcount_outcome *handle_by_tags(const char *event)
{
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = event,
        .event_size = strlen(event), .policy = true,
    };

    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    while (headcount_op_state(scene.op) != HEADCOUNT_DONE) {
        if (headcount_op_state(scene.op) == HEADCOUNT_ASKS)
            headcount_decide_by_tags(scene.op);
        else
            scene_drive();
    }
    return headcount_outcome(scene.op);
}

/* That nothing there has the tag was said of our account, not of the cluster:
 * it is nobody's twin, and tells of no account. */
TEST(event_op, a_list_by_tags_says_nothing_of_another_accounts_cluster)
{
    const char *const answers[] = {
        aws_answer(200, "", "{\"ResourceTagMappingList\":[]}"),
        aws_answer(400, "", NO_CLUSTER), aws_answer(400, "", GONE),
        aws_answer(200, "", "{\"clusterArns\":[\"" CLUSTER_ARN "2\"]}"),
        NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle_by_tags("{\"Records\":[" RECORD("1", BODY(OTHER_ARN)) ","
                       RECORD("2", BODY("prod")) "]}");
    CHECK_INT(o->clusters_n, 2);
    CHECK_INT(scene.script.requests, 2);
    CHECK_INT(o->records_n, 2);
    CHECK(!o->records[1].done);
    headcount_op_free(scene.op);
    o = handle_foreign(EVENT, false);
    CHECK_INT(o->clusters_n, 1);
    CHECK_Z(o->clusters[0].skipped, "cluster_gone");
    CHECK_INT(scene.script.requests, 4);
    headcount_op_free(scene.op);
    scene_close();
}

/* What ECS answered for the ARN says whose account it is. */
TEST(event_op, a_name_and_its_arn_are_one_reconcile)
{
    static const char *const events[] = {
        "{\"Records\":[" RECORD("1", BODY(CLUSTER_ARN)) ","
        RECORD("2", BODY("prod")) "," RECORD("3", BODY("b")) "]}",
        "{\"Records\":[" RECORD("1", BODY("prod")) ","
        RECORD("2", BODY(CLUSTER_ARN)) "," RECORD("3", BODY("b")) "]}",
    };

    for (size_t i = 0; i < 2; i++) {
        const char *const answers[] = {
            aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3),
            aws_answer(400, "", NO_CLUSTER), NULL };
        const struct headcount_outcome *o;

        scene_open(false, answers);
        o = handle(events[i], NULL, HEADCOUNT_SWEPT_NOT);
        CHECK_INT(o->clusters_n, 2);
        CHECK_INT(scene.script.requests, 3);
        CHECK(strstr(scene.script.request[0], CLUSTER_ARN) != NULL);
        CHECK_INT(o->records_n, 3);
        CHECK(o->records[0].done && o->records[1].done &&
              !o->records[2].done);
        headcount_op_free(scene.op);
        scene_close();
    }
}

/* The name asks for more than was done for the ARN. */
TEST(event_op, a_dry_run_of_an_arn_is_not_the_write_of_its_name)
{
    const char *event = "{\"Records\":[" RECORD("1", "{\\\"cluster\\\":\\\""
        CLUSTER_ARN "\\\",\\\"dry_run\\\":true}") ","
        RECORD("2", BODY("prod")) "]}";
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", UPDATED), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle(event, NULL, HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->summary[HEADCOUNT_PENDING], 1);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(scene.script.requests, 5);
    headcount_op_free(scene.op);
    scene_close();
}

/* The host's record, and one that names the cluster alone. */
#define SEEN "{\"source\":\"aws.ecs\",\"detail-type\":"                     \
    "\"ECS Container Instance State Change\",\"region\":\"eu-west-1\","      \
    "\"detail\":{\"clusterArn\":\"" CLUSTER_ARN "\",\"status\":\"ACTIVE\","  \
    "\"containerInstanceArn\":" HOST("a") ",\"version\":7}}"
#define SEEN_TEXT "{\\\"source\\\":\\\"aws.ecs\\\",\\\"detail-type\\\":"      \
    "\\\"ECS Container Instance State Change\\\",\\\"region\\\":"            \
    "\\\"eu-west-1\\\",\\\"detail\\\":{\\\"clusterArn\\\":\\\"" CLUSTER_ARN  \
    "\\\",\\\"containerInstanceArn\\\":\\\"arn:aws:ecs:eu-west-1:"     \
    "123456789012:container-instance/prod/a\\\","                          \
    "\\\"status\\\":\\\"ACTIVE\\\",\\\"version\\\":7}}"

/* The duplicate that is dropped was done, as an event of its own would be. */
TEST(event_op, a_version_that_was_reconciled_is_dropped_for_its_cluster)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = handle(SEEN, CLUSTER_ARN, HEADCOUNT_SWEPT_NOT);
    CHECK_Z(o->skipped_event, NULL);
    CHECK_Z(o->skipped_because, NULL);
    headcount_op_free(scene.op);
    o = handle(SEEN, CLUSTER_ARN, HEADCOUNT_SWEPT_NOT);
    CHECK_Z(o->skipped_event, "duplicate");
    CHECK(o->skipped_because != NULL &&
          strncmp(o->skipped_because, "version 7 of arn:", 17) == 0);
    CHECK_INT(scene.script.requests, 2);
    headcount_op_free(scene.op);
    scene_close();
}

/* Why one record is dropped is no reason for what becomes of all. */
TEST(event_op, a_duplicate_beside_others_explains_nothing)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3), NULL };
    const char *with_work = "{\"Records\":[" RECORD("1", SEEN_TEXT) ","
        RECORD("2", "{\\\"cluster\\\":\\\"stage\\\"}") "]}";
    const char *with_a_fault = "{\"Records\":[" RECORD("1", SEEN_TEXT) ","
        RECORD("2", "x") "]}";
    const struct headcount_outcome *o;

    scene_open(false, answers);
    handle(SEEN, CLUSTER_ARN, HEADCOUNT_SWEPT_NOT);
    headcount_op_free(scene.op);
    o = handle(with_a_fault, NULL, HEADCOUNT_SWEPT_NOT);
    CHECK_INT(o->records_failed, 1);
    CHECK_Z(o->skipped_event, NULL);
    CHECK_Z(o->skipped_because, NULL);
    headcount_op_free(scene.op);
    o = handle(with_work, NULL, HEADCOUNT_SWEPT_NOT);
    CHECK_Z(o->skipped_event, NULL);
    CHECK_Z(o->skipped_because, NULL);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(event_op, a_record_that_asks_for_the_sweep_is_done_when_the_sweep_was)
{
    static const struct { enum headcount_sweep_state swept; bool done, told; }
    rows[] = {
        { HEADCOUNT_SWEPT_NOT, false, true },
        { HEADCOUNT_SWEPT_WELL, true, false },
        { HEADCOUNT_SWEPT_FAILED, false, false },
    };

    for (size_t i = 0; i < 3; i++) {
        const struct headcount_outcome *o;

        scene_open(false, NULL);
        o = handle("{\"Records\":[" RECORD("1", SCHEDULE) "]}", NULL,
                   rows[i].swept);
        CHECK_INT(o->code, 0);
        CHECK_INT(o->records_n, 1);
        CHECK_INT(o->records[0].done, rows[i].done);
        CHECK_INT(o->records[0].error != NULL, rows[i].told);
        CHECK_INT(o->records_failed, !rows[i].done);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(event_op, a_schedule_alone_is_an_error_unless_its_sweep_was_made)
{
    const char *event = "{\"source\":\"aws.events\",\"detail-type\":"
                        "\"Scheduled Event\",\"detail\":{}}";

    scene_open(false, NULL);
    CHECK_INT(handle(event, NULL, HEADCOUNT_SWEPT_NOT)->code,
              HEADCOUNT_ECONFIG);
    headcount_op_free(scene.op);
    CHECK_INT(handle(event, NULL, HEADCOUNT_SWEPT_WELL)->code, 0);
    headcount_op_free(scene.op);
    scene_close();
}
