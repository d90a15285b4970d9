/* headcount.h as an embedder sees it: against servers on loopback, over TLS,
 * under a name that only the test's DNS server knows. */
#include "headcount.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "op/op.h"
#include "peers/scene.h"
#include "t.h"

static const struct headcount_wish web = {
    .size = sizeof web, .service = "web", .rule = HEADCOUNT_PER_HOST,
};

static const struct headcount_outcome *handle(const char *event)
{
    const struct headcount_reconcile request = {
        .size = sizeof request,
        .event = event,
        .event_size = strlen(event),
        .wishes = &web,
        .wishes_n = 1,
    };

    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    return headcount_outcome(scene.op);
}

TEST(headcount, an_event_costs_three_calls_and_the_next_no_handshake)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", "{\"service\":{\"serviceArn\":\"arn:aws:ecs:eu-"
                   "west-1:123456789012:service/prod/web\",\"serviceName\":"
                   "\"web\",\"clusterArn\":\"" CLUSTER_ARN "\","
                   "\"desiredCount\":3}}"),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3), NULL };
    struct headcount_stats all;

    scene_open(true, answers);
    const struct headcount_outcome *o = handle(EVENT);

    CHECK_INT(o->code, 0);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(o->clusters_n, 1);
    CHECK_Z(o->clusters[0].arn, CLUSTER_ARN);
    CHECK_INT(o->clusters[0].services[0].wanted, 3);
    CHECK_INT(o->clusters[0].services[0].desired_before, 1);
    CHECK_INT(scene.script.requests, 3);
    CHECK(strstr(scene.script.request[2], "\"desiredCount\":3") != NULL);
    CHECK_INT(o->stats.api_calls, 3);
    CHECK_INT(o->stats.connections_opened, scene.peer.n);
    CHECK_INT(o->stats.connections_opened, 1);
    CHECK_INT(o->stats.connections_reused, 2);
    CHECK_INT(o->stats.tls_handshakes, 1);
    CHECK_INT(o->stats.dns_lookups, 1);
    CHECK_INT(o->stats.dns_datagrams, scene.dns.udp_n);
    CHECK(scene.dns.a_n == 1 && scene.dns.aaaa_n <= 1);
    CHECK_INT(o->timings_n, 3);
    headcount_op_free(scene.op);

    unsigned asked = scene.dns.udp_n;

    o = handle(EVENT);
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK_INT(o->stats.api_calls, 2);
    CHECK_INT(o->stats.connections_opened, 0);
    CHECK_INT(o->stats.tls_handshakes, 0);
    CHECK_INT(o->stats.dns_lookups, 0);
    CHECK_INT(scene.dns.udp_n, asked);
    CHECK_INT(scene.peer.n, 1);
    CHECK_INT(scene.script.requests, 5);
    headcount_stats(scene.h, &all);
    CHECK_INT(all.api_calls, 5);
    CHECK_INT(all.connections_opened, 1);
    CHECK_INT(all.tls_handshakes, 1);
    CHECK_INT(all.connections_reused, 4);
    headcount_op_free(scene.op);
    scene_close();
}

/* The whole job while memory fails: no run writes anything but 3. */
static int job_once(bool tls)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", SERVICE("3")), NULL };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .wishes = &web, .wishes_n = 1,
    };
    int err = scene_try(tls, answers);

    if (err == 0)
        err = headcount_begin_reconcile(scene.h, &scene.op, &request, NULL);
    if (err == 0) {
        scene_drive();
        err = headcount_outcome(scene.op)->code;
    }
    if (scene.script.requests > 2)
        CHECK(strstr(scene.script.request[2], "\"desiredCount\":3}") != NULL);
    scene_close();
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

static int plain_job(void)
{
    return job_once(false);
}

static int tls_job(void)
{
    return job_once(true);
}

TEST(headcount, every_failed_allocation_of_a_whole_job_is_survived)
{
    t_fails_every_allocation(plain_job);
    printf("# one reconcile over TLS: %ld requests for memory, each failed in "
           "turn\n", t_fails_every_allocation(tls_job));
}

/* ---- what is an outcome at once ---- */

static void is_at_once(int begun, int code, const char *what)
{
    CHECK_INT(begun, 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK(headcount_next(scene.h) == scene.op);
    CHECK(headcount_next(scene.h) == NULL);
    const struct headcount_outcome *o = headcount_outcome(scene.op);

    CHECK_INT(o->code, code);
    if (strstr(o->message, what) == NULL)
        fail_msg("no \"%s\" in \"%s\"", what, o->message);
    headcount_op_free(scene.op);
    scene_close();
}

static void reconcile_at_once(struct headcount_reconcile r, int code,
                              const char *what)
{
    r.size = sizeof r;
    scene_open(false, NULL);
    is_at_once(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), code,
               what);
}

static void call_at_once(struct headcount_call c, int code, const char *what)
{
    c.size = sizeof c;
    scene_open(false, NULL);
    is_at_once(headcount_begin_call(scene.h, &scene.op, &c, NULL), code, what);
}

TEST(headcount, a_reconcile_that_cannot_be_is_an_outcome_at_once)
{
    static const char *const prod[] = { "prod" }, *const bad[] = { "a b" };
    static const char *const far[] = {
        "arn:aws:ecs:us-east-1:123456789012:cluster/prod" };
    static const char *const allow[] = { "everything" };
    struct headcount_reconcile r = { .wishes = &web, .wishes_n = 1 };

    r.event = "{";
    r.event_size = 1;
    reconcile_at_once(r, HEADCOUNT_EEVENT, "");
    r.event = NULL;
    r.event_size = 0;
    r.clusters = bad;
    r.clusters_n = 1;
    reconcile_at_once(r, HEADCOUNT_ESYNTAX, "a b");
    r.clusters = far;
    reconcile_at_once(r, HEADCOUNT_ECONFIG, "us-east-1");
    r.clusters = prod;
    r.wishes_n = 0;
    reconcile_at_once(r, HEADCOUNT_ECONFIG, "0 services");
    r.wishes_n = 1;
    r.allow = allow;
    r.allow_n = 1;
    reconcile_at_once(r, HEADCOUNT_EARG, "everything");
    r.allow_n = 0;
    r.hosts = (enum headcount_hosts)3;
    reconcile_at_once(r, HEADCOUNT_EARG, "hosts 3 is none");
    r.hosts = HEADCOUNT_ACTIVE;
    r.constraints = (enum headcount_constraints)3;
    reconcile_at_once(r, HEADCOUNT_EARG, "constraints 3 is none");
}

TEST(headcount, a_call_that_cannot_be_is_an_outcome_at_once)
{
    struct headcount_call c = { .service = "nope", .operation = "List" };

    call_at_once(c, HEADCOUNT_ECONFIG, "nope");
    c.service = "ecs";
    c.assume_role = "role/deploy";
    call_at_once(c, HEADCOUNT_ECONFIG, "`role/deploy` is no role's ARN");
    c.assume_role = NULL;
    c.body = "{\"a\":}";
    c.body_size = 6;
    call_at_once(c, HEADCOUNT_ESYNTAX, "body: JSON: a value is due (byte 5)");
    c.body = "[1]";
    c.body_size = 3;
    call_at_once(c, HEADCOUNT_ESYNTAX, "{...}");
    c.body = NULL;
    c.body_size = 0;
    c.endpoint_url = "ftp://x";
    call_at_once(c, HEADCOUNT_ECONFIG, "ftp://x");
}

TEST(headcount, events_that_are_not_ours_are_skipped_without_a_call)
{
    const struct headcount_outcome *o;

    scene_open(false, NULL);
    o = handle("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State "
               "Change\",\"region\":\"eu-west-1\",\"detail\":{}}");
    CHECK_INT(o->code, 0);
    CHECK(o->skipped_event != NULL);
    CHECK_INT(o->stats.api_calls, 0);
    CHECK(strstr(o->json, "\"skipped_event\":\"") != NULL);
    headcount_op_free(scene.op);
    static const char *const elsewhere[] = {
        "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a",
        "AWS_SECRET_ACCESS_KEY=b", NULL };

    headcount_free(scene.h);
    scene.env = elsewhere;
    CHECK_INT(scene_new((struct headcount_config){ .endpoint_url = scene.url }),
              0);
    o = handle(EVENT);
    CHECK_Z(o->skipped_event, "foreign_region");
    CHECK(strstr(o->skipped_because, "is in region eu-west-1") != NULL);
    CHECK(strstr(o->skipped_because, "the region here is us-east-1") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* By name and by ARN it is one; another region's is told of beside it. */
TEST(headcount, a_cluster_that_is_named_twice_is_reconciled_once)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };

    scene_open(false, answers);

    const struct headcount_outcome *o = handle(
        "{\"clusters\":[\"prod\",\"arn:aws:ecs:us-east-1:123456789012:cluster/"
        "prod\",\"" CLUSTER_ARN "\",\"prod\"]}");

    CHECK_INT(o->code, 0);
    CHECK_Z(o->skipped_event, NULL);
    CHECK_INT(o->clusters_n, 2);
    CHECK_Z(o->clusters[0].arn, CLUSTER_ARN);
    CHECK_INT(o->clusters[0].services[0].outcome, HEADCOUNT_UNCHANGED);
    CHECK_Z(o->skipped_because, NULL);
    CHECK_Z(o->clusters[1].services[0].code, "foreign_region");
    CHECK_Z(o->clusters[1].services[0].reason, "cluster prod is in region "
            "us-east-1, account 123456789012, and the region here is "
            "eu-west-1");
    CHECK_INT(o->clusters[1].services[0].outcome, HEADCOUNT_SKIPPED);
    CHECK(strstr(scene.script.request[0], CLUSTER_ARN) != NULL);
    CHECK_INT(scene.script.requests, 2);
    headcount_op_free(scene.op);
    scene_close();
}

static const struct headcount_outcome *
ask(const struct headcount_reconcile *request)
{
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, request, NULL), 0);
    scene_drive();
    return headcount_outcome(scene.op);
}

TEST(headcount, a_plan_on_a_snapshot_is_the_plan_and_makes_no_call)
{
    static const char *const prod[] = { "prod" }, *const stage[] = { "stage" };
    static const char *const both[] = { "prod", "stage" };
    static const char *const nothing[] = { NULL };
    const char *const answers[] = { aws_answer(200, "", SERVICE("1")),
                                    aws_answer(200, "", HOSTS3), NULL };
    struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod,
        .clusters_n = 1, .wishes = &web, .wishes_n = 1, .dry_run = true,
        .record = true };
    const struct headcount_outcome *o;
    char snapshot[4000];

    scene_open(false, answers);
    o = ask(&r);
    CHECK_INT(o->summary[HEADCOUNT_PENDING], 1);
    CHECK(o->snapshot != NULL);
    CHECK_INT(strlen(o->snapshot), o->snapshot_size);
    CHECK(o->snapshot_size < sizeof snapshot);
    memcpy(snapshot, o->snapshot, o->snapshot_size + 1);
    headcount_op_free(scene.op);

    headcount_free(scene.h);             /* no region, no credentials */
    scene.env = nothing;
    CHECK_INT(scene_new((struct headcount_config){ .size = 0 }), 0);
    r.record = false;
    r.snapshot = snapshot;
    r.snapshot_size = strlen(snapshot);
    for (int i = 0; i < 3; i++) {
        r.clusters_n = i < 2 ? (size_t)i : 0;
        r.event = i == 2 ? EVENT : NULL;
        r.event_size = i == 2 ? strlen(EVENT) : 0;
        o = ask(&r);
        CHECK_Z(o->message, "");
        CHECK_INT(o->summary[HEADCOUNT_PENDING], 1);
        CHECK_INT(o->clusters[0].services[0].wanted, 3);
        CHECK_INT(o->stats.api_calls, 0);
        CHECK(o->snapshot == NULL);
        headcount_op_free(scene.op);
    }
    CHECK_INT(scene.script.requests, 2);
    r.event = NULL;
    r.event_size = 0;
    r.clusters = stage;
    r.clusters_n = 1;
    o = ask(&r);
    CHECK_INT(o->code, HEADCOUNT_ECONFIG);
    CHECK(strstr(o->message, "of cluster prod, not of stage") != NULL);
    headcount_op_free(scene.op);
    r.clusters = prod;
    r.dry_run = false;
    CHECK_INT(ask(&r)->code, HEADCOUNT_ECONFIG);
    headcount_op_free(scene.op);
    r.snapshot_size = 7;
    CHECK_INT(ask(&r)->code, HEADCOUNT_ESYNTAX);
    headcount_op_free(scene.op);
    r.snapshot_size = 0;
    r.clusters_n = 0;
    CHECK_INT(ask(&r)->code, HEADCOUNT_ESYNTAX);
    headcount_op_free(scene.op);
    headcount_free(scene.h);
    scene.env = scene_env_of;
    CHECK_INT(scene_new((struct headcount_config){ .endpoint_url = scene.url }),
              0);
    r.snapshot = NULL;
    r.record = true;
    r.clusters = both;
    r.clusters_n = 2;
    CHECK_INT(ask(&r)->code, HEADCOUNT_ECONFIG);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(headcount, the_region_may_come_from_the_clusters_arn)
{
    static const char *const nowhere[] = {
        "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
        "AWS_EC2_METADATA_DISABLED=true", NULL };
    static const char *const prod[] = { CLUSTER_ARN }, *const bare[] = { "x" };
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod,
        .clusters_n = 1, .wishes = &web, .wishes_n = 1 };

    scene_open(false, answers);
    headcount_free(scene.h);
    scene.env = nowhere;
    CHECK_INT(scene_new((struct headcount_config){ .endpoint_url = scene.url }),
              0);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK(strstr(aws_script_header(&scene.script, 0, "Authorization"),
                 "/eu-west-1/ecs/") != NULL);
    headcount_op_free(scene.op);
    r.clusters = bare;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EREGION);
    headcount_op_free(scene.op);
    r.region = "eu-west-1";
    r.endpoint_url = "http://127.0.0.1:1";
    r.hosts = HEADCOUNT_REGISTERED;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_FAILED], 1);
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].error_code, "ECONNECT");
    headcount_op_free(scene.op);
    scene_close();
}

#define IMDS_TOKEN "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ntoken="
#define IMDS_REGION "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\neu-west-1"
#define IMDS_NONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

/* A handle that knows no region, on an instance whose metadata is the peer. */
static void instance_open(const char *const *answers)
{
    static char at[96];
    static const char *env[] = { "AWS_ACCESS_KEY_ID=a",
                                 "AWS_SECRET_ACCESS_KEY=b", at, NULL };

    scene_open(false, answers);
    headcount_free(scene.h);
    hc_fmt(at, sizeof at, "AWS_EC2_METADATA_SERVICE_ENDPOINT=%s", scene.url);
    scene.env = env;
    CHECK_INT(scene_new((struct headcount_config){ .endpoint_url = scene.url }),
              0);
}

TEST(headcount, the_region_is_that_of_the_instance_if_nobody_says_one)
{
    static const char *const prod[] = { "prod" };
    const char *const answers[] = {
        IMDS_TOKEN, IMDS_REGION, aws_answer(200, "", SERVICE("3")),
        aws_answer(200, "", HOSTS3), aws_answer(200, "", "{}"), NULL };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod, .clusters_n = 1, .wishes = &web,
        .wishes_n = 1 };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters" };

    instance_open(answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK(strstr(scene.script.request[1], "/placement/region ") != NULL);
    CHECK(strstr(aws_script_header(&scene.script, 2, "Authorization"),
                 "/eu-west-1/ecs/") != NULL);
    headcount_op_free(scene.op);
    /* It is asked for once. */
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK_INT(scene.script.requests, 5);
    scene_close();
}

TEST(headcount, an_instance_without_a_region_is_told_what_to_set)
{
    const char *const answers[] = { IMDS_TOKEN, IMDS_NONE, NULL };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters" };
    const struct headcount_reconcile each = {
        .size = sizeof each, .wishes = &web, .wishes_n = 1 };
    const struct headcount_sweep sweep = { .size = sizeof sweep,
                                           .each = &each };

    instance_open(answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_RUNNING);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EREGION);
    CHECK(strstr(headcount_outcome(scene.op)->message,
                 "set AWS_REGION") != NULL);
    CHECK(strstr(headcount_outcome(scene.op)->message,
                 "does not say the region, HTTP 404") != NULL);
    headcount_op_free(scene.op);
    /* Who asks again at once gets the same answer, from nobody. */
    CHECK_INT(headcount_begin_sweep(scene.h, &scene.op, &sweep, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EREGION);
    CHECK_INT(scene.script.requests, 2);
    scene_close();
}

TEST(headcount, an_instance_is_not_asked_where_the_event_says_the_region)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("3")),
                                    aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_reconcile r = {
        .size = sizeof r, .event = EVENT, .event_size = sizeof EVENT - 1,
        .wishes = &web, .wishes_n = 1 };

    instance_open(answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK_INT(scene.script.requests, 2);
    scene_close();
}

TEST(headcount, an_op_that_waits_for_the_region_can_be_cancelled)
{
    const char *const answers[] = { IMDS_TOKEN, IMDS_REGION, NULL };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters" };

    instance_open(answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    headcount_cancel(scene.op);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECANCELLED);
    scene_close();
}

TEST(headcount, the_time_limit_holds_while_the_region_is_asked_for)
{
    const char *const answers[] = { IMDS_TOKEN, AWS_PEER_SILENT,
                                    AWS_PEER_SILENT, NULL };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters",
        .timeout = 200 * HC_MS };

    instance_open(answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EDEADLINE);
    CHECK(strstr(headcount_outcome(scene.op)->message,
                 "set AWS_REGION") != NULL);
    CHECK(headcount_outcome(scene.op)->stats.elapsed_us < 2 * HC_SECOND);
    headcount_op_free(scene.op);
    scene.op = NULL;
    scene_close();
}

TEST(headcount, a_schedule_without_clusters_is_told_what_to_do)
{
    const struct headcount_outcome *o;

    scene_open(false, NULL);
    o = handle("{\"source\":\"aws.events\",\"detail-type\":"
               "\"Scheduled Event\",\"detail\":{}}");
    CHECK_INT(o->code, HEADCOUNT_ECONFIG);
    CHECK(strstr(o->message, "cluster") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- what begins nothing ---- */

static void is_refused(int code, const struct headcount_error *e,
                       const char *says)
{
    CHECK_INT(code, HEADCOUNT_EARG);
    CHECK_INT(e->code, HEADCOUNT_EARG);
    CHECK(scene.op == NULL);
    if (strstr(e->what, says) == NULL)
        fail_msg("no \"%s\" in \"%s\"", says, e->what);
}

TEST(headcount, a_call_without_its_arguments_says_which)
{
    static const struct { struct headcount_call call; const char *says; }
    rows[] = {
        { { .operation = "X" }, "service is NULL" },
        { { .service = "ecs" }, "operation is NULL" },
        { { .service = "ecs", .operation = "X", .body_size = 3 },
          "body is NULL, and body_size 3" },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_call c = rows[i].call;
        struct headcount_error e = { .code = 0 };

        c.size = sizeof c;
        is_refused(headcount_begin_call(scene.h, &scene.op, &c, &e), &e,
                   rows[i].says);
    }
    scene_close();
}

static const char *const prod[] = { "prod" }, *const hole[] = { NULL };
static const struct headcount_wish nameless = { .size = sizeof nameless },
    sizeless = { .size = 0, .service = "web" },
    runged = { .size = sizeof runged, .service = "web", .cpu_rungs_n = 1 },
    allowed = { .size = sizeof allowed, .service = "web", .allow_n = 1 };

static const struct refused_reconcile {
    struct headcount_reconcile reconcile;
    const char *says;
} refused_reconciles[] = {
    { { .clusters = hole, .clusters_n = 1 }, "clusters[0] is NULL" },
    { { .clusters_n = 1 }, "clusters[0] is NULL" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &nameless,
        .wishes_n = 1 }, "service is NULL" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &sizeless,
        .wishes_n = 1 }, "struct headcount_wish has size 0" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &runged,
        .wishes_n = 1 }, "cpu_rungs" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &allowed,
        .wishes_n = 1 }, "allow[0] is NULL" },
    { { .clusters = prod, .clusters_n = 1, .wishes_n = 1 },
      "wishes is NULL, and wishes_n 1" },
    { { .clusters = prod, .clusters_n = 1, .allow_n = 1 },
      "allow[0] is NULL" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &web, .wishes_n = 1,
        .max_changes = -1 }, "max_changes is negative" },
    { { .clusters = prod, .clusters_n = 1, .wishes = &web, .wishes_n = 1,
        .max_falls = -1 }, "max_falls is negative" },
};

TEST(headcount, a_reconcile_without_its_arguments_says_which)
{
    struct headcount_reconcile r = { .size = sizeof r, .wishes = &web,
                                     .wishes_n = 1 };
    struct headcount_error e = { .code = 0 };

    scene_open(false, NULL);
    is_refused(headcount_begin_reconcile(scene.h, &scene.op, &r, &e), &e,
               "none of clusters, event and snapshot");
    for (size_t i = 0;
         i < sizeof refused_reconciles / sizeof *refused_reconciles; i++) {
        r = refused_reconciles[i].reconcile;
        r.size = sizeof r;
        is_refused(headcount_begin_reconcile(scene.h, &scene.op, &r, &e), &e,
                   refused_reconciles[i].says);
    }
    scene_close();
}

static void refuse_sweep(struct headcount_sweep s,
                         struct headcount_reconcile each, const char *says)
{
    struct headcount_error e = { .code = 0 };

    s.size = sizeof s;
    s.each = &each;
    each.size = sizeof each;
    if (each.wishes_n == 0) {
        each.wishes = &web;
        each.wishes_n = 1;
    }
    is_refused(headcount_begin_sweep(scene.h, &scene.op, &s, &e), &e, says);
}

/* What a sweep says itself, or an event alone, is not for `each`. */
TEST(headcount, a_sweep_without_its_arguments_says_which)
{
    static const struct { struct headcount_sweep sweep; const char *says; }
    rows[] = {
        { { .clusters = hole, .clusters_n = 1 }, "clusters[0] is NULL" },
        { { .regions = hole, .regions_n = 1 }, "regions[0] is NULL" },
        { { .roles_n = 1 }, "roles[0] is NULL" },
        { { .tags_n = 1 }, "tags[0] has no key" },
    };
    static const struct { struct headcount_reconcile each; const char *says; }
    eaches[] = {
        { { .user = &scene }, "each->user" },
        { { .assume_role = "arn:aws:iam::123456789012:role/a" },
          "each->assume_role" },
        { { .clusters = prod, .clusters_n = 1 }, "each->clusters" },
        { { .event = "{}", .event_size = 2 }, "each->event" },
        { { .snapshot = "{}", .snapshot_size = 2 }, "each->snapshot" },
        { { .record = true }, "each->record" },
        { { .drop_duplicates = true }, "each->drop_duplicates" },
        { { .drop_foreign = true }, "each->drop_foreign" },
        { { .swept = HEADCOUNT_SWEPT_WELL }, "each->swept" },
        { { .max_falls = -1 }, "max_falls is negative" },
    };
    struct headcount_sweep s = { .size = sizeof s };
    struct headcount_reconcile none = { .size = 0 };
    struct headcount_error e = { .code = 0 };

    scene_open(false, NULL);
    is_refused(headcount_begin_sweep(scene.h, &scene.op, &s, &e), &e,
               "each is NULL");
    s.each = &none;
    is_refused(headcount_begin_sweep(scene.h, &scene.op, &s, &e), &e,
               "struct headcount_reconcile has size 0");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse_sweep(rows[i].sweep, none, rows[i].says);
    for (size_t i = 0; i < sizeof eaches / sizeof *eaches; i++)
        refuse_sweep((struct headcount_sweep){ .size = 0 }, eaches[i].each,
                     eaches[i].says);
    scene_close();
}

TEST(headcount, a_handle_that_cannot_be_says_why)
{
    memset(&scene, 0, sizeof scene);
    scene.env = scene_env_of;
    CHECK_INT(scene_new((struct headcount_config){ .dns_server = "x" }),
              HEADCOUNT_ECONFIG);
    CHECK(scene.h == NULL);
    CHECK(strstr(scene.error.what, "x") != NULL);
    CHECK_INT(scene_new((struct headcount_config){
                  .ca_bundle = "build/no-such-file" }), HEADCOUNT_ECONFIG);
    CHECK(strstr(scene.error.what, "build/no-such-file") != NULL);
    CHECK_INT(scene_new((struct headcount_config){ .profile = "dev" }),
              HEADCOUNT_ECONFIG);
    headcount_free(NULL);
    headcount_op_free(NULL);
}

TEST(headcount, programs_are_started_only_where_the_program_allows_it)
{
    memset(&scene, 0, sizeof scene);
    scene.env = scene_env_of;
    CHECK_INT(scene_new((struct headcount_config){ .size = 0 }), 0);
    CHECK(scene.h->net.sys.spawn == NULL);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){ .run_processes = true }), 0);
    CHECK(scene.h->net.sys.spawn != NULL);
    headcount_free(scene.h);
}

/* ---- calls ---- */

static const struct headcount_outcome *call(const char *operation,
                                            const char *body)
{
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = operation, .body = body, .body_size = strlen(body),
    };

    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &request, NULL), 0);
    CHECK(headcount_outcome(scene.op) == NULL);
    scene_drive();
    return headcount_outcome(scene.op);
}

TEST(headcount, a_call_gives_the_answer_as_it_came)
{
    const char *const answers[] = {
        aws_answer(200, "", " {\"a\": [1, 2]}\n"),
        aws_answer(400, "", "{\"__type\":\"x#ClusterNotFoundException\","
                            "\"message\":\"no\"}"),
        aws_answer(200, "", "{\"a\": [1, 2}"), aws_answer(200, "", "{\"a\""),
        aws_answer(200, "", "{} {}"), aws_answer(200, "", ""), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    o = call("ListClusters", "");
    CHECK_INT(o->code, 0);
    CHECK_MEM(o->body, o->body_size, " {\"a\": [1, 2]}\n");
    CHECK_INT(o->status, 200);
    CHECK_Z(o->request_id, "req-200");
    headcount_op_free(scene.op);
    o = call("ListClusters", "{\"x\":1}");
    CHECK_INT(o->code, HEADCOUNT_ESERVICE);
    CHECK_Z(o->service_code, "ClusterNotFoundException");
    CHECK_Z(o->message, "ClusterNotFoundException: ListClusters in "
            "eu-west-1: no (HTTP 400, request id req-400)");
    CHECK_INT(o->body_size, 0);
    headcount_op_free(scene.op);
    for (int i = 0; i < 3; i++) {
        o = call("ListClusters", "");
        CHECK_INT(o->code, HEADCOUNT_EANSWER);
        CHECK_INT(o->body_size, 0);
        headcount_op_free(scene.op);
    }
    o = call("ListClusters", "");
    CHECK_INT(o->code, 0);
    CHECK_INT(o->body_size, 0);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(headcount, the_timeout_of_an_op_ends_it)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "ListClusters", .timeout = 20 * HC_MS,
    };

    scene_open(false, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_wait(scene.op, 0), HEADCOUNT_ETIMEDOUT);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_EDEADLINE);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(headcount, wait_drives_an_op_to_its_end)
{
    static const char *const nobody[] = {
        "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", NULL };
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "ListClusters",
    };

    scene_open(false, NULL);
    headcount_free(scene.h);
    scene.env = nobody;
    CHECK_INT(scene_new((struct headcount_config){ .endpoint_url = scene.url }),
              0);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_wait(scene.op, -1), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECREDENTIALS);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(headcount, ops_that_are_left_end_with_their_handle)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "ListClusters",
    };
    headcount_op *other;

    scene_open(false, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_begin_call(scene.h, &other, &request, NULL), 0);
    headcount_cancel(other);
    headcount_step(scene.h, NULL, 0);
    scene_close();
}

TEST(headcount, a_cancelled_reconcile_writes_nothing_more)
{
    const char *const answers[] = { aws_answer(200, "", SERVICE("1")), NULL };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .wishes = &web, .wishes_n = 1,
    };

    scene_open(false, answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    headcount_cancel(scene.op);
    scene_drive();
    const struct headcount_outcome *o = headcount_outcome(scene.op);

    CHECK_INT(o->code, 0);
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK(scene.script.requests <= 1);
    headcount_cancel(scene.op);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- the brake: runs of one handle share ten minutes ---- */

/* Nobody waits for what came of its write: it may have been carried out. */
TEST(headcount, a_write_that_was_left_keeps_its_place)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        AWS_PEER_SILENT,
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .wishes = &web, .wishes_n = 1,
        .max_changes = 1,
    };

    scene_open(false, answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    for (int i = 0; i < 2000 && scene.script.requests < 3; i++) {
        headcount_wait(scene.op, 1000);
        net_peer_pump(&scene.peer);
        aws_script_pump(&scene.script, &scene.peer);
    }
    CHECK_INT(scene.script.requests, 3);
    headcount_op_free(scene.op);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->clusters_n, 1);
    const struct headcount_service *s =
        &headcount_outcome(scene.op)->clusters[0].services[0];

    CHECK_INT(s->outcome, HEADCOUNT_HELD);
    CHECK_Z(s->code, "too_many_changes");
    CHECK(strstr(s->reason, "1 service was written within ten minutes") !=
          NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- what a handle remembers ---- */

#define HOST_EVENT(version)                                                 \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Container Instance "      \
    "State Change\",\"detail\":{\"clusterArn\":\"" CLUSTER_ARN "\","         \
    "\"containerInstanceArn\":" HOST("a") ",\"status\":\"ACTIVE\","           \
    "\"version\":" version "}}"
#define UPDATED "{\"service\":{\"desiredCount\":3}}"

static const char *skipped(const char *event, bool drop)
{
    const struct headcount_reconcile request = {
        .size = sizeof request,
        .event = event,
        .event_size = strlen(event),
        .wishes = &web,
        .wishes_n = 1,
        .drop_duplicates = drop,
    };
    const char *why;

    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    why = headcount_outcome(scene.op)->skipped_event;
    headcount_op_free(scene.op);
    return why;
}

TEST(headcount, a_version_that_was_reconciled_is_dropped_where_it_may_be)
{
    const char *const answers[] = {
        aws_answer(500, "", "{}"),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3), NULL };

    scene_open(false, answers);
    CHECK_Z(skipped(HOST_EVENT("7"), true), NULL);     /* and it failed */
    CHECK_INT(scene.script.requests, 1);
    CHECK_Z(skipped(HOST_EVENT("7"), true), NULL);
    CHECK_INT(scene.script.requests, 3);
    CHECK_Z(skipped(HOST_EVENT("7"), true), "duplicate");
    CHECK_Z(skipped(HOST_EVENT("6"), true), "duplicate");
    CHECK_INT(scene.script.requests, 3);
    CHECK_Z(skipped(HOST_EVENT("7"), false), NULL);
    CHECK_Z(skipped(HOST_EVENT("8"), true), NULL);
    CHECK_INT(scene.script.requests, 7);
    scene_close();
}

TEST(headcount, a_cluster_is_reconciled_by_one_at_a_time)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", UPDATED),
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .wishes = &web, .wishes_n = 1,
    };
    headcount_op *first, *second;

    scene_open(false, answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &first, &request, NULL), 0);
    CHECK_INT(headcount_begin_reconcile(scene.h, &second, &request, NULL), 0);
    scene.op = first;
    scene_drive();
    CHECK(strstr(scene.script.request[1], "ListContainer") != NULL);
    CHECK(strstr(scene.script.request[2], "UpdateService") != NULL);
    CHECK_INT(headcount_op_state(second), HEADCOUNT_RUNNING);
    scene.op = second;
    scene_drive();
    CHECK_INT(scene.script.requests, 5);
    CHECK_INT(headcount_outcome(first)->code, 0);
    CHECK_INT(headcount_outcome(second)->code, 0);
    CHECK_Z(headcount_outcome(first)->clusters[0].services[0].code, "");
    CHECK_Z(headcount_outcome(second)->clusters[0].services[0].code,
            "awaiting_own_write");
    CHECK_INT(scene.audited, 1);
    headcount_op_free(first);
    headcount_op_free(second);
    scene_close();
}

/* Who waits for a cluster is not kept from ending. */
TEST(headcount, who_waits_for_a_cluster_may_be_cancelled_and_ended)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };
    struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .wishes = &web, .wishes_n = 1,
    };
    headcount_op *first, *third;

    scene_open(false, answers);
    CHECK_INT(headcount_begin_reconcile(scene.h, &first, &request, NULL), 0);
    CHECK_INT(headcount_begin_reconcile(scene.h, &third, &request, NULL), 0);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    for (int i = 0; i < 20; i++)
        headcount_step(scene.h, NULL, 0);
    headcount_cancel(scene.op);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_FAILED], 1);
    headcount_op_free(scene.op);
    request.timeout = 1;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].services[0].code,
            "deadline");
    headcount_op_free(scene.op);
    headcount_op_free(third);
    headcount_op_free(first);
    scene_close();
}

TEST(headcount, codes_have_names)
{
    CHECK_Z(headcount_code_name(HEADCOUNT_ETIMEDOUT), "ETIMEDOUT");
    CHECK_Z(headcount_code_name(0), "OK");
    CHECK_Z(headcount_version(), HEADCOUNT_VERSION);
}

/* ---- more sockets than one round has ---- */

TEST(headcount, wait_bears_more_sockets_than_one_round_has)
{
    const char *const answers[] = { AWS_PEER_SILENT, NULL };
    const struct headcount_call request = {
        .size = sizeof request, .service = "ecs",
        .operation = "ListClusters",
    };
    static struct hc_watch watches[400];
    int a[2];

    scene_open(false, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &request, NULL), 0);
    CHECK(pipe(a) == 0);
    CHECK(write(a[1], "x", 1) == 1);
    for (int i = 0; i < 400; i++) {
        hc_watch_open(&scene.h->net.jobs, &watches[i], a[0], NULL);
        hc_watch_want(&watches[i], HC_WATCH_READ);
    }
    headcount_wait(scene.op, 50 * HC_MS);
    for (int i = 0; i < 400; i++)
        hc_watch_close(&watches[i]);
    close(a[0]);
    close(a[1]);
    headcount_op_free(scene.op);
    scene_close();
}

TEST(headcount, wants_writes_what_it_says)
{
    static struct headcount_want wants[400];
    static struct hc_watch watches[400];
    int64_t deadline;
    int a[2];

    scene_open(false, NULL);
    CHECK(pipe(a) == 0);
    for (int i = 0; i < 400; i++) {
        hc_watch_open(&scene.h->net.jobs, &watches[i], a[0], NULL);
        hc_watch_want(&watches[i], HC_WATCH_READ);
    }
    size_t n = headcount_wants(scene.h, wants, 400, &deadline);
    uint64_t last = wants[399].id;

    for (int i = 0; i < 400; i++)
        hc_watch_close(&watches[i]);
    close(a[0]);
    close(a[1]);
    scene_close();
    CHECK_INT(n, 400);
    CHECK(last != 0);
}

/* An epoll knows the descriptor by its id and must not take it up twice. */
TEST(headcount, wants_lists_an_open_descriptor_that_nothing_is_waited_for)
{
    struct headcount_want want[2] = { { .id = 0 } };
    struct hc_watch watch;
    int64_t deadline;

    scene_open(false, NULL);
    hc_watch_open(&scene.h->net.jobs, &watch, 5, NULL);
    hc_watch_want(&watch, HC_WATCH_READ);
    CHECK_INT(headcount_wants(scene.h, want, 2, &deadline), 1);
    CHECK_INT(want[0].events, POLLIN);
    uint64_t id = want[0].id;

    hc_watch_want(&watch, 0);
    CHECK_INT(headcount_wants(scene.h, want, 2, &deadline), 1);
    CHECK(want[0].id == id && want[0].fd == 5);
    CHECK_INT(want[0].events, 0);
    hc_watch_close(&watch);
    CHECK_INT(headcount_wants(scene.h, want, 2, &deadline), 0);
    scene_close();
}

/* ---- settings that the network has ---- */

static const char *const *given_env;

static const char *env_of_test(void *ud, const char *name)
{
    size_t n = strlen(name);

    (void)ud;
    for (const char *const *at = given_env; *at != NULL; at++)
        if (strncmp(*at, name, n) == 0 && (*at)[n] == '=')
            return *at + n + 1;
    return NULL;
}

/* 0, or the number of the first thing that is wrong in the child. */
static int child_is_refused(const struct headcount_call *call)
{
    headcount_op *second = NULL;
    struct headcount_error e = { .code = 0 };
    int code = headcount_begin_call(scene.h, &second, call, &e);

    if (code != HEADCOUNT_ESTATE || second != NULL ||
        strstr(e.what, "fork") == NULL)
        return 1;
    headcount_forget(scene.h);           /* the parent's connections */
    if (scene.h->net.pool.epoch != 0)
        return 4;
    headcount_step(scene.h, NULL, 0);
    if (headcount_next(scene.h) != scene.op ||
        headcount_outcome(scene.op)->code != HEADCOUNT_ESTATE ||
        strstr(headcount_outcome(scene.op)->message, "fork") == NULL)
        return 2;
    if (headcount_wait(scene.op, -1) != HEADCOUNT_DONE ||
        headcount_next(scene.h) != NULL)
        return 3;
    headcount_op_free(scene.op);
    headcount_free(scene.h);
    return 0;
}

/* The call is under way in both; only the parent's is sent. */
TEST(headcount, a_child_of_a_fork_is_told_and_sends_nothing)
{
    const char *const answers[] = { aws_answer(200, "", "{}"), NULL };
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters",
    };
    int status = 0;

    scene_open(false, answers);
    CHECK_INT(headcount_begin_call(scene.h, &scene.op, &call, NULL), 0);
    fflush(NULL);
    pid_t child = fork();

    if (child == 0)
        _exit(child_is_refused(&call));
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
    CHECK_INT(scene.script.requests, 1);
    scene_close();
}

/* 0, or the code of the call. */
static int call_once(void)
{
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "ListClusters",
    };
    int code = headcount_begin_call(scene.h, &scene.op, &call, NULL);

    CHECK_INT(code, 0);
    scene_drive();
    code = headcount_outcome(scene.op)->code;
    headcount_op_free(scene.op);
    scene.op = NULL;
    return code;
}

TEST(headcount, after_a_suspend_everything_of_the_network_is_made_anew)
{
    const char *const answers[] = { aws_answer(200, "", "{}"),
                                    aws_answer(200, "", "{}"),
                                    aws_answer(200, "", "{}"), NULL };
    struct headcount_stats stats;

    scene_open(true, answers);
    CHECK_INT(call_once(), 0);
    CHECK_INT(call_once(), 0);
    headcount_stats(scene.h, &stats);
    CHECK_INT(stats.connections_opened, 1);
    headcount_forget(scene.h);
    CHECK_INT(call_once(), 0);
    headcount_stats(scene.h, &stats);
    CHECK_INT(stats.connections_opened, 2);
    CHECK_INT(stats.connections_purged, 1);
    CHECK_INT(stats.tls_handshakes, 2);
    CHECK_INT(stats.tls_resumed, 0);
    CHECK_INT(stats.dns_lookups, 2);
    CHECK_INT(scene.peer.n, 2);
    CHECK(scene.peer.conns[0].ended && scene.peer.conns[0].clean);
    scene_close();
}

TEST(headcount, limits_of_connections_reach_the_network)
{
    const struct headcount_config config = {
        .size = sizeof config, .dns_server = "127.0.0.1:1",
        .max_connections = 7, .max_connections_per_host = 3,
        .acquire_timeout = 4 * HC_SECOND, .attempt_timeout = -1,
        .tcp_user_timeout = 5 * HC_SECOND, .min_speed = 6,
    };
    headcount *h;

    CHECK_INT(headcount_new(&h, &config, NULL), 0);
    CHECK_INT(h->net.config.total, 7);
    CHECK_INT(h->net.config.per_host, 3);
    CHECK_INT(h->net.config.acquire_timeout, 4 * HC_SECOND);
    CHECK_INT(h->net.config.attempt_timeout, HC_NEVER);
    CHECK_INT(h->net.config.user_timeout, 5 * HC_SECOND);
    CHECK_INT(h->net.config.min_speed, 6);
    headcount_free(h);
}

TEST(headcount, what_it_remembers_can_be_off)
{
    const struct headcount_config config = {
        .size = sizeof config, .dns_server = "127.0.0.1:1",
        .no_dns_cache = true, .no_tls_resumption = true,
    };
    headcount *h;

    CHECK_INT(headcount_new(&h, &config, NULL), 0);
    CHECK(h->net.resolver.no_cache);
    CHECK(h->net.config.no_tls_resumption);
    headcount_free(h);
}

TEST(headcount, a_number_of_connections_that_is_none_is_refused)
{
    static const struct { int total, per_host; const char *what; } rows[] = {
        { -1, 0, "config.max_connections is -1: it takes 1 to 10000" },
        { 10001, 0, "max_connections is 10001" },
        { 0, -5, "config.max_connections_per_host is -5" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_config config = {
            .size = sizeof config, .max_connections = rows[i].total,
            .max_connections_per_host = rows[i].per_host,
        };
        struct headcount_error e;
        headcount *h;

        CHECK_INT(headcount_new(&h, &config, &e), HEADCOUNT_EARG);
        CHECK(h == NULL);
        CHECK(strstr(e.what, rows[i].what) != NULL);
    }
}

TEST(headcount, an_option_beats_what_the_environment_says_of_connections)
{
    static const struct {
        const char *env[3];
        int64_t connect, want;
        bool no, yes, probes;
    } rows[] = {
        { { NULL }, 0, 3100 * HC_MS, false, false, true },
        { { "AWS_DEFAULTS_MODE=in-region" }, 0, 1100 * HC_MS, false, false,
          true },
        { { "AWS_DEFAULTS_MODE=in-region" }, 5 * HC_SECOND, 5 * HC_SECOND,
          false, false, true },
        { { "BOTOCORE_TCP_KEEPALIVE=false" }, 0, 3100 * HC_MS, false, false,
          false },
        { { "BOTOCORE_TCP_KEEPALIVE=false" }, 0, 3100 * HC_MS, false, true,
          true },
        { { "BOTOCORE_TCP_KEEPALIVE=true" }, 0, 3100 * HC_MS, true, false,
          false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_system system = { .size = sizeof system,
                                                 .env = env_of_test };
        const struct headcount_config config = {
            .size = sizeof config, .system = &system,
            .connect_timeout = rows[i].connect, .no_tcp_keepalive = rows[i].no,
            .tcp_keepalive = rows[i].yes, .dns_server = "127.0.0.1:1",
        };
        headcount *h;

        given_env = rows[i].env;
        CHECK_INT(headcount_new(&h, &config, NULL), 0);
        CHECK_INT(h->net.config.connect_timeout, rows[i].want);
        CHECK_INT(h->net.config.tls_timeout, rows[i].want);
        CHECK_INT(h->net.config.tcp_keepalive, rows[i].probes);
        headcount_free(h);
    }
}
