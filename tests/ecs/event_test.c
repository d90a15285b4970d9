/* tests/ecs/event_test.c - what events ask for, and what is no event. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "ecs/event.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"
#define HOST_EVENT "\"source\":\"aws.ecs\",\"detail-type\":"                \
    "\"ECS Container Instance State Change\""
#define SCHEDULE "\"source\":\"aws.events\",\"detail-type\":"               \
    "\"Scheduled Event\""
#define SCHEDULER "\"source\":\"aws.scheduler\",\"detail-type\":"           \
    "\"Scheduled Event\""

static struct hc_event event;
static struct headcount_error error;

static int get(const char *text)
{
    size_t n = strlen(text);

    hc_error_reset(&error);
    return hc_event_get(&event, t_alloc(), hc_str_n(t_guard(text, n), n),
                        &error);
}

/* As AWS sends it, members we do not know included. */
static const char host_event[] =
    "{\"version\": \"0\", \"id\": \"8952ba83-7be2-4ab5-9c32-6687532d15a2\","
    "\"detail-type\": \"ECS Container Instance State Change\","
    "\"source\": \"aws.ecs\", \"account\": \"111122223333\","
    "\"time\": \"2016-12-06T16:41:06Z\", \"region\": \"eu-west-1\","
    "\"resources\": [\"" AT "container-instance/prod/b54a2a04\"],"
    "\"detail\": {\"agentConnected\": true, \"attributes\": ["
    "{\"name\": \"com.amazonaws.ecs.capability.logging-driver.syslog\"}],"
    "\"clusterArn\": \"" AT "cluster/prod\","
    "\"containerInstanceArn\": \"" AT "container-instance/prod/b54a2a04\","
    "\"ec2InstanceId\": \"i-f3a8506b\", \"registeredResources\": ["
    "{\"name\": \"CPU\", \"type\": \"INTEGER\", \"integerValue\": 2048}],"
    "\"status\": \"ACTIVE\", \"version\": 14801,"
    "\"versionInfo\": {\"agentHash\": \"aebcbca\"},"
    "\"updatedAt\": \"2016-12-06T16:41:06.991Z\"}}";

TEST(event, a_host_event_names_its_cluster_and_its_host)
{
    CHECK_INT(get(host_event), 0);
    CHECK_INT(event.kind, EVENT_CLUSTERS);
    CHECK_INT(event.clusters_n, 1);
    CHECK_STR(event.clusters[0], AT "cluster/prod");
    CHECK_STR(event.id, "8952ba83-7be2-4ab5-9c32-6687532d15a2");
    CHECK_STR(event.source, "aws.ecs");
    CHECK_STR(event.detail_type, "ECS Container Instance State Change");
    CHECK_STR(event.region, "eu-west-1");
    CHECK_STR(event.account, "111122223333");
    CHECK_INT(event.time, (int64_t)1481042466 * 1000000);
    CHECK_INT(event.version, 14801);
    CHECK_STR(event.instance_arn, AT "container-instance/prod/b54a2a04");
    CHECK_STR(event.instance_status, "ACTIVE");
    CHECK_STR(event.instance_machine, "i-f3a8506b");
    hc_event_fini(&event);
    CHECK_INT(event.kind, EVENT_NONE);
    hc_event_fini(&event);
}

/* Clusters joined by a comma; SWEEP has none, SKIPPED says why. */
static const struct { const char *text; enum hc_event_kind kind;
                      const char *want; } good[] = {
    { "{\"cluster\":\"prod\"}", EVENT_CLUSTERS, "prod" },
    { " \n{ \"cluster\" : \"" AT "cluster/prod\" } \t", EVENT_CLUSTERS,
      AT "cluster/prod" },
    { "{\"clusters\":[\"b\",\"a\",\"b\"]}", EVENT_CLUSTERS, "b,a" },
    { "{\"clusters\":[\"a\"],\"cluster\":null}", EVENT_CLUSTERS, "a" },
    { "{\"cluster\":\"\\u0070rod\"}", EVENT_CLUSTERS, "prod" },
    { "{" SCHEDULE "}", EVENT_SWEEP, "" },
    { "{" SCHEDULE ",\"detail\":{}}", EVENT_SWEEP, "" },
    { "{" SCHEDULE ",\"detail\":null}", EVENT_SWEEP, "" },
    { "{" SCHEDULE ",\"detail\":{\"cluster\":\"a\"}}", EVENT_CLUSTERS, "a" },
    { "{" SCHEDULE ",\"detail\":{\"clusters\":[\"a\",\"b\"]}}",
      EVENT_CLUSTERS, "a,b" },
    { "{" SCHEDULER ",\"detail\":\"{}\"}", EVENT_SWEEP, "" },
    { "{" SCHEDULER ",\"detail\":\"{\\\"cluster\\\":\\\"a\\\"}\"}",
      EVENT_CLUSTERS, "a" },
    { "{" SCHEDULER ",\"detail\": \"{\\\"clusters\\\": [\\\"a\\\"]}\" }",
      EVENT_CLUSTERS, "a" },
    /* an envelope's own "cluster" is no member of an envelope */
    { "{" SCHEDULE ",\"cluster\":\"x\"}", EVENT_SWEEP, "" },
    { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"" AT "cluster/a\"}}",
      EVENT_CLUSTERS, AT "cluster/a" },
    /* what AWS adds to its own events is AWS's */
    { "{" HOST_EVENT ",\"dry_run\":7,\"more\":1,\"detail\":{\"clusterArn\":"
      "\"" AT "cluster/a\",\"more\":1}}", EVENT_CLUSTERS, AT "cluster/a" },
    { "{" SCHEDULE ",\"dry_run\":7,\"more\":1,\"detail\":{\"more\":1}}",
      EVENT_SWEEP, "" },
    { "{" SCHEDULE ",\"more\":1,\"detail\":{\"cluster\":\"a\"}}",
      EVENT_CLUSTERS, "a" },
    { "{\"cluster\":\"a\",\"dry_run\":false}", EVENT_CLUSTERS, "a" },
    { "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\","
      "\"detail\":{\"clusterArn\":7}}", EVENT_SKIPPED,
      "detail_type: ECS Task State Change" },
    { "{\"source\":\"aws.ecs\",\"detail-type\":\"Scheduled Event\"}",
      EVENT_SKIPPED, "detail_type: Scheduled Event" },
    { "{\"source\":\"aws.ecs\",\"detail-type\":"
      "\"ECS Container Instance State Change \",\"detail\":[]}",
      EVENT_SKIPPED, "detail_type: ECS Container Instance State Change " },
};

TEST(event, what_each_asks_for)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        char got[300];
        size_t n = 0;

        CHECK_INT(get(good[i].text), 0);
        CHECK_INT(event.kind, good[i].kind);
        if (event.kind == EVENT_SKIPPED)
            n = hc_fmt(got, sizeof(got), "%s", event.skipped.p);
        for (size_t k = 0; k < event.clusters_n; k++)
            n += hc_fmt(got + n, sizeof(got) - n, "%s%s", k > 0 ? "," : "",
                        event.clusters[k].p);
        CHECK_STR(hc_str_n(got, n), good[i].want);
        CHECK_INT(event.version, -1);
        hc_event_fini(&event);
    }
}

static const struct { const char *text, *says; } bad[] = {
    { "", "is empty" }, { " \r\n\t ", "is empty" },
    { "{}", "names no cluster" }, { "[]", "no JSON object" },
    { "null", "no JSON object" }, { "\"prod\"", "no JSON object" },
    { "7", "the event" }, { "{\"cluster\":\"a\"", "the event" },
    { "{\"cluster\":\"a\"} x", "the event" }, { "{\"cluster\"}", "the event" },
    { "{\"cluster\":\"a\",}", "the event" },
    { "{\"cluster\":\"\"}", "does not name a cluster" },
    { "{\"cluster\":\"a b\"}", "does not name a cluster" },
    { "{\"cluster\":\"" AT "service/a\"}", "does not name a cluster" },
    { "{\"cluster\":7}", "not a string" },
    { "{\"cluster\":[\"a\"]}", "not a string" },
    { "{\"cluster\":\"a\",\"cluster\":\"a\"}", "twice" },
    { "{\"clusters\":[]}", "names no cluster" },
    { "{\"clusters\":\"a\"}", "not an array of strings" },
    { "{\"clusters\":[null]}", "not an array of strings" },
    { "{\"clusters\":[[\"a\"]]}", "not an array of strings" },
    { "{\"clusters\":[\"a\",\"/\"]}", "does not name a cluster" },
    { "{\"cluster\":\"a\",\"clusters\":[\"b\"]}", "both" },
    { "{\"cluster\":\"a\",\"service\":\"b\"}", "a member \"service\"" },
    { "{\"clusters\":[\"a\"],\"services\":null}", "a member \"services\"" },
    { "{\"cluster\":\"a\",\"region\":\"b\"}", "a member \"region\"" },
    { "{\"cluster\":\"a\",\"dryRun\":true}", "did you mean \"dry_run\"" },
    { "{\"cluster\":\"a\",\"dry-run\":true}", "did you mean \"dry_run\"" },
    { "{\"cluster\":\"a\",\"count\":3}", "cluster, clusters and dry_run" },
    { "{\"cluster\":\"a\",\"dry_run\":\"true\"}", "not true or false" },
    { "{\"cluster\":\"a\",\"dry_run\":1}", "not true or false" },
    { "{\"cluster\":\"a\",\"dry_run\":null}", "not true or false" },
    { "{\"cluster\":\"a\",\"dry_run\":true,\"dry_run\":false}", "twice" },
    { "{" SCHEDULE ",\"detail\":{\"cluster\":\"a\",\"service\":\"b\"}}",
      "detail has a member \"service\"" },
    { "{" SCHEDULER ",\"detail\":\"{\\\"cluster\\\":\\\"a\\\","
      "\\\"dry_run\\\":0}\"}", "not true or false" },
    { "{" SCHEDULE ",\"detail\":{\"dry_run\":true}}", "names no cluster" },
    { "{" SCHEDULE ",\"dry_run\":true,\"detail\":{\"cluster\":\"a\"}}",
      "it goes with \"cluster\" and \"clusters\"" },
    { "{" HOST_EVENT ",\"dry_run\":true,\"detail\":{\"clusterArn\":\"a\"}}",
      "a member \"dry_run\"" },
    { "{\"clusterArn\":\"" AT "cluster/a\",\"containerInstanceArn\":\"" AT
      "container-instance/a/b\",\"dry_run\":true}", "a member \"dry_run\"" },
    { "{\"cluster\":\"a\\u0000b\"}", "does not name a cluster" },
    { "{\"Records\":[{\"body\":\"{}\"}]}", "stands around events" },
    { "{\"Records\":[{}],\"cluster\":\"a\"}", "stands around" },
    { "{\"source\":\"aws.ecs\"}", "no \"detail-type\"" },
    { "{\"detail-type\":\"Scheduled Event\"}", "no \"source\"" },
    { "{\"source\":\"\",\"detail-type\":\"x\"}", "no \"source\"" },
    { "{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\"}",
      "aws.s3" },
    { "{\"source\":\"aws.events\",\"detail-type\":\"Other\"}", "Other" },
    { "{\"source\":\"me\",\"detail-type\":\"Scheduled Event\"}", "me" },
    { "{\"source\":\"aws.s3\",\"detail-type\":\"x\",\"cluster\":\"a\"}",
      "aws.s3" },
    { "{" SCHEDULE ",\"clusters\":[\"a\"]}", "both" },
    { "{" SCHEDULE ",\"detail\":{\"cluster\":\"a\",\"clusters\":[\"b\"]}}",
      "both" },
    { "{" SCHEDULE ",\"detail\":{\"clusters\":[]}}", "is empty" },
    { "{" SCHEDULE ",\"detail\":[]}", "detail is no JSON object" },
    { "{" SCHEDULE ",\"detail\":7}", "detail is no JSON object" },
    { "{" SCHEDULER ",\"detail\":\"\"}", "the event's detail" },
    { "{" SCHEDULER ",\"detail\":\"x\"}", "the event's detail" },
    { "{" SCHEDULER ",\"detail\":\"\\\"{}\\\"\"}", "detail is no JSON" },
    { "{" SCHEDULER ",\"detail\":\"{\\\"cluster\\\":\\\"/\\\"}\"}",
      "does not name a cluster" },
    { "{" HOST_EVENT "}", "no \"clusterArn\"" },
    { "{" HOST_EVENT ",\"detail\":{}}", "no \"clusterArn\"" },
    { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":null}}",
      "no \"clusterArn\"" },
    { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"a/b\"}}",
      "does not name a cluster" },
    { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"" AT "cluster/a\","
      "\"version\":\"1\"}}", "not an integer" },
    { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"" AT "cluster/a\","
      "\"containerInstanceArn\":\"i-1\"}}", "container instance" },
    { "{" HOST_EVENT ",\"region\":\"eu-west-2\",\"detail\":{\"clusterArn\":"
      "\"" AT "cluster/a\"}}", "is not" },
    { "{" HOST_EVENT ",\"account\":\"999988887777\",\"detail\":{"
      "\"clusterArn\":\"" AT "cluster/a\"}}", "is not" },
};

TEST(event, what_is_none_is_refused_and_says_why)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK_INT(get(bad[i].text), HEADCOUNT_EEVENT);
        CHECK_INT(error.code, HEADCOUNT_EEVENT);
        if (strstr(error.what, bad[i].says) == NULL)
            CHECK_Z(error.what, bad[i].says);
        CHECK_INT(event.kind, EVENT_NONE);
        hc_event_fini(&event);
    }
}

/* Who wrote the names, and whether anything may be written for them. */
TEST(event, dry_run_is_what_the_short_forms_say)
{
    static const struct { const char *text; bool named, dry_run; } rows[] = {
        { "{\"cluster\":\"a\"}", true, false },
        { "{\"dry_run\":true,\"cluster\":\"a\"}", true, true },
        { "{\"clusters\":[\"a\"],\"dry_run\": true }", true, true },
        { "{\"clusters\":[\"a\"],\"dry_run\":false}", true, false },
        { "{" SCHEDULE ",\"detail\":{\"cluster\":\"a\",\"dry_run\":true}}",
          true, true },
        { "{" SCHEDULER ",\"detail\":\"{\\\"dry_run\\\":true,"
          "\\\"cluster\\\":\\\"a\\\"}\"}", true, true },
        { "{" SCHEDULE ",\"detail\":{}}", false, false },
        { "{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"a\","
          "\"dry_run\":true}}", false, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text), 0);
        CHECK_INT(event.named, rows[i].named);
        CHECK_INT(event.dry_run, rows[i].dry_run);
        hc_event_fini(&event);
    }
}

/* ---- an InputPath of $.detail ---- */

TEST(event, the_detail_of_a_host_event_alone_is_one)
{
    CHECK_INT(get("{\"agentConnected\":true,\"clusterArn\":\"" AT
                  "cluster/prod\",\"containerInstanceArn\":\"" AT
                  "container-instance/prod/b5\",\"status\":\"DRAINING\","
                  "\"version\":7,\"dry_run\":9}"), 0);
    CHECK_INT(event.kind, EVENT_CLUSTERS);
    CHECK_INT(event.clusters_n, 1);
    CHECK_STR(event.clusters[0], AT "cluster/prod");
    CHECK_STR(event.region, "eu-west-1");
    CHECK_STR(event.account, "111122223333");
    CHECK_STR(event.instance_arn, AT "container-instance/prod/b5");
    CHECK_STR(event.instance_status, "DRAINING");
    CHECK_INT(event.version, 7);
    CHECK(!event.named && !event.dry_run);
    hc_event_fini(&event);
    CHECK_INT(get("{\"clusterArn\":\"a\"}"), HEADCOUNT_EEVENT);
    hc_event_fini(&event);
    CHECK_INT(get("{\"clusterArn\":\"a\",\"containerInstanceArn\":\"a\"}"),
              HEADCOUNT_EEVENT);
    hc_event_fini(&event);
}

/* Its version is the task's: taken for the host's it would drop the host's own
 * next event. */
TEST(event, the_detail_of_a_task_alone_is_skipped)
{
    CHECK_INT(get("{\"clusterArn\":\"" AT "cluster/prod\","
                  "\"containerInstanceArn\":\"" AT
                  "container-instance/prod/b5\",\"taskArn\":\"" AT
                  "task/prod/1\",\"lastStatus\":\"RUNNING\","
                  "\"version\":900}"), 0);
    CHECK_INT(event.kind, EVENT_SKIPPED);
    CHECK_STR(event.skipped, "detail_type: ECS Task State Change");
    hc_event_fini(&event);
}

/* ---- CloudTrail ---- */

#define CALL "\"source\":\"aws.ecs\",\"detail-type\":"                    \
    "\"AWS API Call via CloudTrail\",\"region\":\"eu-west-1\","              \
    "\"account\":\"111122223333\""
#define CALL_SKIPPED "detail_type: AWS API Call via CloudTrail, event_name: "

TEST(event, a_call_that_changes_which_hosts_count_is_one)
{
    static const struct { const char *detail; enum hc_event_kind kind;
                          const char *want; } rows[] = {
        { "{\"eventSource\":\"ecs.amazonaws.com\",\"eventName\":"
          "\"UpdateContainerInstancesState\",\"requestParameters\":{"
          "\"cluster\":\"prod\",\"containerInstances\":[\"b5\"],"
          "\"status\":\"DRAINING\"},\"responseElements\":{\"failures\":[]}}",
          EVENT_CLUSTERS, "prod" },
        { "{\"eventName\":\"PutAttributes\",\"requestParameters\":{"
          "\"cluster\":\"" AT "cluster/prod\",\"attributes\":[{}]}}",
          EVENT_CLUSTERS, AT "cluster/prod" },
        { "{\"eventName\":\"DeleteAttributes\",\"requestParameters\":{"
          "\"attributes\":[{}]}}", EVENT_CLUSTERS, "default" },
        { "{\"eventName\":\"PutAttributes\",\"requestParameters\":{"
          "\"cluster\":null}}", EVENT_CLUSTERS, "default" },
        { "{\"eventName\":\"PutAttributes\",\"requestParameters\":null}",
          EVENT_CLUSTERS, "default" },
        { "{\"eventName\":\"PutAttributes\",\"errorCode\":"
          "\"AccessDenied\",\"requestParameters\":{\"cluster\":\"prod\"}}",
          EVENT_SKIPPED, CALL_SKIPPED "PutAttributes, error_code: "
          "AccessDenied" },
        { "{\"eventName\":\"RunTask\",\"requestParameters\":{\"cluster\":"
          "\"prod\"}}", EVENT_SKIPPED, CALL_SKIPPED "RunTask" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[700];

        hc_fmt(text, sizeof text, "{" CALL ",\"detail\":%s}", rows[i].detail);
        CHECK_INT(get(text), 0);
        CHECK_INT(event.kind, rows[i].kind);
        CHECK_STR(event.kind == EVENT_SKIPPED ? event.skipped
                                              : event.clusters[0],
                  rows[i].want);
        CHECK_STR(event.account, "111122223333");
        CHECK(!event.named && event.instance_arn.n == 0);
        hc_event_fini(&event);
    }
}

TEST(event, a_call_that_is_none_is_refused)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{" CALL "}", "no \"eventName\"" },
        { "{" CALL ",\"detail\":{\"eventName\":7}}", "not a string" },
        { "{" CALL ",\"detail\":{\"eventName\":\"PutAttributes\","
          "\"requestParameters\":{\"cluster\":\"a b\"}}}",
          "does not name a cluster" },
        { "{" CALL ",\"detail\":{\"eventName\":\"PutAttributes\","
          "\"requestParameters\":{\"cluster\":\"arn:aws:ecs:us-east-1:"
          "111122223333:cluster/a\"}}}", "but its cluster is not" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text), HEADCOUNT_EEVENT);
        if (strstr(error.what, rows[i].says) == NULL)
            CHECK_Z(error.what, rows[i].says);
        hc_event_fini(&event);
    }
}

TEST(event, every_beginning_of_one_is_none)
{
    char text[sizeof(host_event)];

    for (size_t n = 0; n + 1 < sizeof(host_event); n++) {
        memcpy(text, host_event, n);
        text[n] = '\0';
        CHECK_INT(get(text), HEADCOUNT_EEVENT);
        CHECK(error.what[0] != '\0');
        hc_event_fini(&event);
    }
}

TEST(event, place_comes_from_the_envelope_and_else_from_the_arn)
{
    CHECK_INT(get("{" HOST_EVENT ",\"detail\":{\"clusterArn\":\"" AT
                  "cluster/a\"}}"), 0);
    CHECK_STR(event.region, "eu-west-1");
    CHECK_STR(event.account, "111122223333");
    CHECK_INT(event.time, 0);
    hc_event_fini(&event);
    CHECK_INT(get("{" SCHEDULE ",\"region\":\"us-east-1\",\"account\":\"1\","
                  "\"time\":\"yesterday\",\"id\":\"x\"}"), 0);
    CHECK_STR(event.region, "us-east-1");
    CHECK_STR(event.account, "1");
    CHECK_STR(event.id, "x");
    CHECK_INT(event.time, 0);
    hc_event_fini(&event);
    CHECK_INT(get("{" HOST_EVENT ",\"region\":\"us-east-1\",\"detail\":{"
                  "\"clusterArn\":\"prod\"}}"), 0);
    CHECK_STR(event.region, "us-east-1");
    hc_event_fini(&event);
}

static void many(struct hc_buf *out, size_t n)
{
    hc_buf_init(out, t_alloc(), (size_t)8 << 20);
    hc_buf_text(out, "{\"clusters\":[");
    for (size_t i = 0; i < n; i++)
        hc_buf_fmt(out, "%s\"cluster-%zu\"", i > 0 ? "," : "", i);
    hc_buf_text(out, "]}");
}

TEST(event, clusters_are_bounded)
{
    struct hc_buf text;

    many(&text, HC_EVENT_CLUSTERS);
    CHECK_INT(get(hc_buf_z(&text)), 0);
    CHECK_INT(event.clusters_n, HC_EVENT_CLUSTERS);
    hc_event_fini(&event);
    hc_buf_fini(&text);
    many(&text, HC_EVENT_CLUSTERS + 1);
    CHECK_INT(get(hc_buf_z(&text)), HEADCOUNT_EEVENT);
    CHECK(strstr(error.what, "more than 2000") != NULL);
    hc_event_fini(&event);
    hc_buf_fini(&text);
}

/* An event with blanks behind it, n bytes in all. */
static int get_long(size_t n)
{
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), n);
    hc_buf_lit(&text, "{\"cluster\":\"a\"}");
    char *room = hc_buf_room(&text, n - text.n);

    CHECK(room != NULL);
    memset(room, ' ', n - text.n);
    hc_buf_added(&text, n - text.n);
    hc_error_reset(&error);

    int err = hc_event_get(&event, t_alloc(), hc_buf_view(&text), &error);

    hc_buf_fini(&text);
    hc_event_fini(&event);
    return err;
}

TEST(event, bytes_texts_and_depth_are_bounded)
{
    static char deep[600], text[70000];

    CHECK_INT(get_long(HC_EVENT_BYTES), 0);
    CHECK_INT(get_long(HC_EVENT_BYTES + 1), HEADCOUNT_EEVENT);
    CHECK(strstr(error.what, "at most 6291456") != NULL);

    for (size_t depth = 127; depth < 129; depth++) {
        size_t n = hc_fmt(deep, sizeof(deep), "{" SCHEDULE ",\"x\":");

        memset(deep + n, '[', depth);
        memset(deep + n + depth, ']', depth);
        memcpy(deep + n + 2 * depth, "}", 2);
        CHECK_INT(get(deep), depth == 127 ? 0 : HEADCOUNT_EEVENT);
        hc_event_fini(&event);
    }
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, "{\"cluster\":\"", 12);
    CHECK_INT(get(text), HEADCOUNT_EEVENT);
    CHECK(strstr(error.what, "too long") != NULL);
    hc_event_fini(&event);
}

static int all_kinds(void)
{
    int err = get(host_event);

    CHECK((err == 0) == (event.kind == EVENT_CLUSTERS));
    hc_event_fini(&event);
    for (size_t i = 0; err == 0 && i < sizeof(good) / sizeof(*good); i++) {
        err = get(good[i].text);
        CHECK(err == 0 || error.what[0] != '\0');
        hc_event_fini(&event);
    }
    return err;
}

TEST(event, memory_may_end_anywhere)
{
    t_fails_every_allocation(all_kinds);
}
