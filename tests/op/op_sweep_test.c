/* tests/op/op_sweep_test.c - sweeps as an embedder sees them, against a
 * server on loopback that answers by a list; one cluster at a time, so that
 * the order of requests is known, unless a test is about more. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "op/op_sweep.h"
#include "peers/scene.h"
#include "t.h"

#define AT "arn:aws:ecs:eu-west-1:123456789012:"
#define LIST(list, more) "{\"clusterArns\":[" list "]" more "}"
#define C(name) "\"" AT "cluster/" name "\""
#define SERVICE_IN(cluster, desired)                                        \
    "{\"services\":[{\"serviceArn\":\"" AT "service/" cluster "/web\","     \
    "\"serviceName\":\"web\",\"clusterArn\":" C(cluster) ",\"status\":"     \
    "\"ACTIVE\",\"desiredCount\":" desired ",\"runningCount\":1,"           \
    "\"pendingCount\":0,\"launchType\":\"EC2\",\"schedulingStrategy\":"     \
    "\"REPLICA\",\"deploymentController\":{\"type\":\"ECS\"},"              \
    "\"deployments\":[{}]}],\"failures\":[]}"
#define HOSTS_IN(cluster) "{\"containerInstanceArns\":[\"" AT               \
    "container-instance/" cluster "/a\",\"" AT "container-instance/"        \
    cluster "/b\"]}"
#define UPDATED "{\"service\":{\"desiredCount\":2}}"
#define OK(text) aws_answer(200, "", text)

static const struct headcount_wish web = {
    .size = sizeof web, .service = "web", .rule = HEADCOUNT_PER_HOST,
};

static char told[1024];          /* the parts, as a line                   */
static size_t parts;

/* A sweep and what it does to each cluster. */
struct run {
    struct headcount_sweep sweep;
    struct headcount_reconcile each;
};

static struct run sweep(void)
{
    return (struct run){
        .sweep = { .size = sizeof(struct headcount_sweep), .at_once = 1 },
        .each = { .size = sizeof(struct headcount_reconcile), .wishes = &web,
                  .wishes_n = 1 },
    };
}

static int begin(struct run r)
{
    r.sweep.each = &r.each;
    return headcount_begin_sweep(scene.h, &scene.op, &r.sweep, &scene.error);
}

static void tell(const struct headcount_outcome *part)
{
    const struct headcount_cluster *c = &part->clusters[0];
    struct headcount_progress p;
    size_t n = strlen(told);

    headcount_sweep_progress(scene.op, &p);
    CHECK_INT(part->clusters_n, 1);
    CHECK(p.at < p.found && p.done == parts);
    snprintf(told + n, sizeof told - n, "%zu %s %s; ", p.at, c->name,
             c->error_code != NULL ? c->error_code
             : c->services_n > 0   ? c->services[0].code : "-");
    parts++;
}

static const struct headcount_outcome *drive(void)
{
    told[0] = '\0';
    parts = 0;
    for (;;) {
        if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
            scene_drive();
        CHECK((headcount_sweep_cluster(scene.op) != NULL) ==
              (headcount_op_state(scene.op) == HEADCOUNT_PART));
        if (headcount_op_state(scene.op) == HEADCOUNT_DONE)
            return headcount_outcome(scene.op);
        if (headcount_op_state(scene.op) == HEADCOUNT_PART) {
            CHECK(headcount_outcome(scene.op) == NULL);
            tell(headcount_sweep_cluster(scene.op));
            headcount_resume(scene.op);
        } else {
            headcount_decide_by_tags(scene.op);
        }
    }
}

static const struct headcount_outcome *run(struct run r)
{
    CHECK_INT(begin(r), 0);
    return drive();
}

static void end(void)
{
    headcount_op_free(scene.op);
    scene_close();
}

static const char *operation(size_t i)
{
    const char *target = aws_script_header(&scene.script, i, "x-amz-target");
    const char *dot = strrchr(target, '.');

    return dot != NULL ? dot + 1 : target;
}

static bool asked(size_t i, const char *what)
{
    return strstr(scene.script.request[i], what) != NULL;
}

TEST(sweep_op, clusters_of_all_pages_are_reconciled_and_told)
{
    const char *const answers[] = {
        OK(LIST(C("a") "," C("b"), ",\"nextToken\":\"t1\"")),
        OK(LIST(C("c"), "")),
        OK(SERVICE_IN("a", "1")), OK(HOSTS_IN("a")), OK(UPDATED),
        OK(SERVICE_IN("b", "2")), OK(HOSTS_IN("b")),
        OK("{\"services\":[],\"failures\":[{\"arn\":\"" AT "service/c/web\","
           "\"reason\":\"MISSING\"}]}"), NULL };
    struct run r = sweep();

    r.sweep.report = true;
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    /* the first page's clusters go on while the second is asked for */
    CHECK_INT(parts, 3);
    CHECK(strstr(told, "0 a ;") != NULL && strstr(told, "1 b ;") != NULL);
    CHECK(strstr(told, "2 c missing;") != NULL);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK_INT(o->summary[HEADCOUNT_SKIPPED], 1);
    CHECK_INT(o->stats.api_calls, scene.script.requests);
    CHECK_INT(o->timings_n, scene.script.requests);
    CHECK_Z(o->timings[0].operation, "ListClusters");
    CHECK(strstr(o->json, "\"clusters\":[{\"arn\":" C("a")) != NULL);
    CHECK(strstr(o->json, "},{\"arn\":" C("b")) != NULL);
    CHECK(strstr(o->json, "},{\"arn\":\"\",\"name\":\"c\"") != NULL ||
          strstr(o->json, "},{\"arn\":" C("c")) != NULL);
    CHECK(strstr(o->json, "\"summary\":{\"updated\":1,") != NULL);
    end();
}

#define NONE_IN(cluster) "{\"services\":[],\"failures\":[{\"arn\":\"" AT  \
    "service/" cluster "/web\",\"reason\":\"MISSING\"}]}"

TEST(sweep_op, a_service_that_no_cluster_has_is_one_failure_of_the_run)
{
    const char *const answers[] = { OK(LIST(C("a") "," C("b"), "")),
                                    OK(NONE_IN("a")), OK(NONE_IN("b")),
                                    NULL };
    struct run r = sweep();

    r.sweep.report = true;
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    CHECK_Z(told, "0 a missing; 1 b missing; ");
    CHECK_INT(o->missing_services_n, 1);
    CHECK_Z(o->missing_services[0], "web");
    CHECK_INT(o->summary[HEADCOUNT_SKIPPED], 2);
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK(strstr(o->json, "],\"missing_services\":[\"web\"],\"summary\"")
          != NULL);
    end();
}

TEST(sweep_op, a_cluster_that_was_not_looked_at_leaves_it_open)
{
    static const char *const names[] = { "a*", "nix*" };
    const char *const rows[][4] = {
        { OK(LIST(C("a"), "")), OK(NONE_IN("a")), NULL },      /* no nix* */
        { OK(LIST(C("a") "," C("a2"), "")), OK(NONE_IN("a")),
          aws_answer(400, "", "{\"__type\":\"AccessDeniedException\"}"),
          NULL },
    };

    for (size_t i = 0; i < 2; i++) {
        struct run r = sweep();

        r.sweep.clusters = names;
        r.sweep.clusters_n = i == 0 ? 2 : 1;
        scene_open(false, rows[i]);
        const struct headcount_outcome *o = run(r);

        CHECK_INT(parts, 2);
        CHECK_INT(o->missing_services_n, 0);
        CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
        end();
    }
}

TEST(sweep_op, names_are_not_looked_for)
{
    static const char *const names[] = { "a", AT "cluster/b", AT "cluster/a" };
    const char *const answers[] = {
        OK(SERVICE_IN("a", "2")), OK(HOSTS_IN("a")),
        OK(SERVICE_IN("b", "2")), OK(HOSTS_IN("b")), NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 3; /* the third is the first */
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_Z(told, "0 a ; 1 b ; ");
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 2);
    CHECK_Z(o->json, "");
    end();
}

/* The name alone would go well, and nobody would have looked at the ARN. */
TEST(sweep_op, a_name_hides_no_arn_of_another_account)
{
    static const char *const names[] = {
        "a", "arn:aws:ecs:eu-west-1:999999999999:cluster/a" };
    const char *const answers[] = { OK(SERVICE_IN("a", "2")), NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 2;
    scene_open(false, answers);
    CHECK_INT(run(r)->summary[HEADCOUNT_FAILED], 1);
    CHECK(asked(0, names[1]));
    end();
}

TEST(sweep_op, tags_are_asked_for_of_what_matches)
{
    static const char *const names[] = { "p*" };
    static const struct headcount_tag tags[] = { { "tier", "gold" },
                                                 { "team", NULL } };
    const char *const answers[] = {
        OK(LIST(C("p1") "," C("x") "," C("p2") "," C("p3"), "")),
        OK("{\"clusters\":[{\"clusterArn\":" C("p1") ",\"tags\":[{\"key\":"
           "\"team\",\"value\":\"\"},{\"key\":\"tier\",\"value\":\"gold\"}]},"
           "{\"clusterArn\":" C("p2") ",\"tags\":[{\"key\":\"tier\",\"value\":"
           "\"gold\"}]},{\"clusterArn\":" C("p3") ",\"tags\":[{\"key\":\"tier"
           "\",\"value\":\"tin\"},{\"key\":\"team\",\"value\":\"\"}]}]}"),
        OK(SERVICE_IN("p1", "2")), OK(HOSTS_IN("p1")), NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    r.sweep.tags = tags;
    r.sweep.tags_n = 2;
    scene_open(false, answers);
    run(r);
    CHECK_Z(told, "0 p1 ; ");
    CHECK_Z(operation(1), "DescribeClusters");
    CHECK(asked(1, "\"include\":[\"TAGS\"]") && !asked(1, C("x")));
    end();
}

/* A cluster whose tags nobody said may be one that has them. */
TEST(sweep_op, tags_that_ecs_does_not_say_fail_their_place)
{
#define GOLD(c) "{\"clusterArn\":" C(c) ",\"tags\":[{\"key\":\"tier\"}]}"
#define FAILS(c, why) "],\"failures\":[{\"arn\":" C(c) ",\"reason\":\"" why  \
                      "\"}]}"
    static const struct headcount_tag tier = { "tier", NULL };
    static const struct { const char *tags, *told; } rows[] = {
        { "{\"clusters\":[" GOLD("a") FAILS("b", "MISSING"),
          "0 a ; " },
        { "{\"failures\":[{\"reason\":\"MISSING\",\"arn\":" C("b") "}],"
             "\"clusters\":[" GOLD("a") "]}", "0 a ; " },
        { "{\"clusters\":[" GOLD("a") "]}", "leaves out" },
        { "{\"clusters\":[" GOLD("a") "," GOLD("a") "]}", "already" },
        { "{\"clusters\":[" GOLD("a") FAILS("a", "MISSING"), "already" },
        { "{\"clusters\":[" GOLD("a") FAILS("b", "ACCESS_DENIED"),
          "says ACCESS_DENIED of" },
        { "{\"clusters\":[" GOLD("a") FAILS("c", "MISSING"),
          "not asked for" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = {
            OK(LIST(C("a") "," C("b"), "")), OK(rows[i].tags),
            OK(SERVICE_IN("a", "2")), OK(HOSTS_IN("a")), NULL };
        struct run r = sweep();

        r.sweep.tags = &tier;
        r.sweep.tags_n = 1;
        r.sweep.report = true;
        scene_open(false, answers);
        const struct headcount_outcome *o = run(r);

        CHECK_INT(o->code, 0);
        CHECK_INT(o->summary[HEADCOUNT_FAILED], i >= 2);
        if (i < 2)
            CHECK_Z(told, rows[i].told);
        else
            CHECK(strstr(o->json, rows[i].told) != NULL);
        end();
    }
}

TEST(sweep_op, a_name_that_nothing_has_fails_and_the_rest_is_done)
{
    static const char *const names[] = { "a*", "nix*" };
    const char *const answers[] = { OK(LIST(C("a"), "")),
                                    OK(SERVICE_IN("a", "2")),
                                    OK(HOSTS_IN("a")), NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 2;
    r.sweep.report = true;
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    CHECK_Z(told, "0 a ; 1 nix* no_cluster; ");
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK(strstr(o->json, "{\"arn\":\"\",\"name\":\"nix*\",\"error\":{\"code\""
                          ":\"no_cluster\"") != NULL);
    end();
}

TEST(sweep_op, a_region_that_cannot_be_listed_stops_no_other)
{
    static const char *const regions[] = { "eu-north-1", "eu-west-1" };
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"AccessDeniedException\","
                   "\"Message\":\"no\"}"),
        OK(LIST(C("a"), "")), OK(SERVICE_IN("a", "2")), OK(HOSTS_IN("a")),
        NULL };
    struct run r = sweep();

    r.sweep.regions = regions;
    r.sweep.regions_n = 2;
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    CHECK(strstr(told, "0  ESERVICE; ") != NULL);
    CHECK(strstr(told, "1 a ; ") != NULL);
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 1);
    end();
}

TEST(sweep_op, what_is_no_list_of_this_region_is_not_believed)
{
    static const char *const rows[] = {
        LIST("\"arn:aws:ecs:us-east-1:123456789012:cluster/a\"", ""),
        LIST("\"prod\"", ""), LIST("7", ""), "{}", "{\"clusterArns\":{}}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = { OK(rows[i]), NULL };

        scene_open(false, answers);
        CHECK_INT(run(sweep())->code, HEADCOUNT_EANSWER);
        CHECK_INT(parts, 0);
        CHECK_INT(scene.script.requests, 1);
        CHECK(strstr(headcount_outcome(scene.op)->message, "eu-west-1"));
        end();
    }
}

TEST(sweep_op, the_policy_of_each_part_is_asked_of_the_sweep)
{
    const char *const answers[] = {
        OK(LIST(C("a") "," C("b"), "")),
        OK("{\"PaginationToken\":\"\",\"ResourceTagMappingList\":[]}"),
        OK("{\"PaginationToken\":\"\",\"ResourceTagMappingList\":[]}"), NULL };
    struct run r = sweep();

    r.each.wishes_n = 0;
    r.each.wishes = NULL;
    r.each.policy = true;
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    CHECK_INT(parts, 2);
    CHECK_Z(operation(1), "GetResources");
    end();
}

TEST(sweep_op, a_cancel_begins_nothing_and_tells_of_all)
{
    const char *const answers[] = { OK(LIST(C("a") "," C("b"), "")),
                                    OK(SERVICE_IN("a", "1")),
                                    AWS_PEER_SILENT, NULL };
    const struct run r = sweep();

    scene_open(false, answers);
    CHECK_INT(begin(r), 0);
    for (int i = 0; i < 2000 && scene.script.requests < 3; i++) {
        headcount_wait(scene.op, 1000);
        net_peer_pump(&scene.peer);
        aws_script_pump(&scene.script, &scene.peer);
    }
    headcount_cancel(scene.op);
    const struct headcount_outcome *o = drive();

    CHECK_Z(told, "0 a cancelled; 1 b cancelled; ");
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 2);
    CHECK_INT(scene.script.requests, 3);
    end();
}

TEST(sweep_op, a_part_that_is_shown_stays_so_when_it_is_cancelled)
{
    const char *const answers[] = { OK(LIST(C("a"), "")),
                                    OK(SERVICE_IN("a", "2")),
                                    OK(HOSTS_IN("a")), NULL };
    const struct run r = sweep();
    const struct headcount_outcome *part;

    scene_open(false, answers);
    CHECK_INT(begin(r), 0);
    scene_drive();
    part = headcount_sweep_cluster(scene.op);
    CHECK(part != NULL);
    headcount_cancel(scene.op);
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_PART);
    CHECK(headcount_sweep_cluster(scene.op) == part);
    headcount_resume(scene.op);
    drive();
    CHECK_INT(parts, 0);                       /* none is shown twice */
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_UNCHANGED], 1);
    end();
}

TEST(sweep_op, a_cluster_that_is_listed_twice_is_one)
{
    static const char *const regions[] = { "eu-west-1", "eu-west-1" };
    const char *const answers[] = {
        OK(LIST(C("a") "," C("a"), ",\"nextToken\":\"t1\"")),
        OK(LIST(C("a"), "")), OK(SERVICE_IN("a", "2")), OK(HOSTS_IN("a")),
        NULL };
    struct run r = sweep();

    r.sweep.regions = regions; /* as one that is named so */
    r.sweep.regions_n = 2;
    scene_open(false, answers);
    run(r);
    CHECK_Z(told, "0 a ; ");
    CHECK_INT(scene.script.requests, 4);
    end();
}

TEST(sweep_op, a_page_that_is_its_own_next_one_ends_the_list)
{
    const char *const answers[] = {
        OK(LIST("", ",\"nextToken\":\"t1\"")),
        OK(LIST("", ",\"nextToken\":\"t1\"")), NULL };

    scene_open(false, answers);
    CHECK_INT(run(sweep())->code, HEADCOUNT_EANSWER);
    CHECK_INT(scene.script.requests, 2);
    end();
}

/* Clusters that nobody wants are news, too, if they were not seen yet. */
TEST(sweep_op, pages_in_a_ring_end_the_list)
{
    const char *const names[] = { "other*" };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    for (int full = 0; full < 2; full++) {
        const char *a = full ? OK(LIST(C("a"), ",\"nextToken\":\"t1\""))
                             : OK(LIST("", ",\"nextToken\":\"t1\""));
        const char *b = full ? OK(LIST(C("b"), ",\"nextToken\":\"t2\""))
                             : OK(LIST("", ",\"nextToken\":\"t2\""));
        const char *const answers[] = { a, b, a, b, a, b, a, NULL };

        scene_open(false, answers);
        const struct headcount_outcome *o = run(r);

        CHECK_INT(o->code, HEADCOUNT_EANSWER);
        CHECK(strstr(o->message, "to an end") != NULL);
        CHECK_INT(scene.script.requests, 5);
        end();
    }
}

TEST(sweep_op, a_list_of_another_account_than_the_role_is_not_believed)
{
    static const char *const roles[] = {
        "arn:aws:iam::210987654321:role/z" };
    const char *const answers[] = {
        OK("<AssumeRoleResponse><AssumeRoleResult><Credentials>"
           "<AccessKeyId>ROLE1</AccessKeyId><SecretAccessKey>s"
           "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
           "2100-01-01T00:00:00Z</Expiration></Credentials>"
           "</AssumeRoleResult></AssumeRoleResponse>"),
        OK(LIST(C("a"), "")), NULL };
    struct run r = sweep();

    r.sweep.roles = roles;
    r.sweep.roles_n = 1;
    scene_open(false, answers);
    CHECK_INT(run(r)->code, HEADCOUNT_EANSWER);
    CHECK(strstr(headcount_outcome(scene.op)->message, "account") != NULL);
    CHECK_INT(scene.script.requests, 2);
    end();
}

TEST(sweep_op, an_arn_is_one_cluster_for_two_roles_of_its_account)
{
    static const char *const names[] = { AT "cluster/a" }, *const roles[] = {
        "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/y",
        "arn:aws:iam::210987654321:role/z" };
    struct run r = sweep();
    struct headcount_progress p;

    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    r.sweep.roles = roles;
    r.sweep.roles_n = 3;
    scene_open(false, NULL);
    CHECK_INT(begin(r), 0);
    headcount_sweep_progress(scene.op, &p);
    CHECK_INT(p.found, 1);
    end();
}

TEST(sweep_op, a_name_is_one_cluster_for_two_roles_of_an_account)
{
    static const char *const names[] = { "a", AT "cluster/a", "a" };
    static const char *const roles[] = {
        "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/y",
        "arn:aws:iam::210987654321:role/z" };
    struct run r = sweep();
    struct headcount_progress p;

    r.sweep.clusters = names;
    r.sweep.roles = roles;
    r.sweep.roles_n = 3;
    for (r.sweep.clusters_n = 1; r.sweep.clusters_n <= 3;
         r.sweep.clusters_n++) {
        scene_open(false, NULL);
        CHECK_INT(begin(r), 0);
        headcount_sweep_progress(scene.op, &p);
        CHECK_INT(p.found, 2);
        end();
    }
}

TEST(sweep_op, a_role_without_an_arn_is_refused)
{
    static const char *const names[] = { "a" }, *const roles[] = {
        "arn:aws:iam::123456789012:role/x", "" };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    r.sweep.roles = roles;
    r.sweep.roles_n = 2;
    scene_open(false, NULL);
    CHECK_INT(run(r)->code, HEADCOUNT_ECONFIG);
    end();
}

TEST(sweep_op, many_names_are_told_apart)
{
    static const char *names[20000];
    static char text[20000][64];
    struct run r = sweep();
    struct headcount_progress p;

    for (size_t i = 0; i < 20000; i++) {
        names[i] = text[i];
        hc_fmt(text[i], sizeof text[i], "%sc%zu",
               i % 2 != 0 ? AT "cluster/" : "", i / 2);
    }
    r.sweep.clusters = names;
    r.sweep.clusters_n = 20000;
    scene_open(false, NULL);
    CHECK_INT(begin(r), 0);
    headcount_sweep_progress(scene.op, &p);
    CHECK_INT(p.found, 10000);
    end();
}

TEST(sweep_op, tags_of_what_was_not_asked_for_are_not_believed)
{
    static const struct headcount_tag tier = { "tier", NULL };
    static const char *const names[] = { "p*" };
    const char *const answers[] = {
        OK(LIST(C("p1") "," C("x"), "")),
        OK("{\"clusters\":[{\"clusterArn\":" C("x") ",\"tags\":[{\"key\":"
           "\"tier\",\"value\":\"\"}]}]}"), NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    r.sweep.tags = &tier;
    r.sweep.tags_n = 1;
    scene_open(false, answers);
    CHECK_INT(run(r)->code, HEADCOUNT_EANSWER);
    CHECK_INT(parts, 0);
    end();
}

/* Many clusters of a thousand services with long names, all cancelled. */
TEST(sweep_op, a_report_that_would_be_too_long_is_said_to_be)
{
    static char text[200][8], service[1000][256];
    static const char *names[200];
    static struct headcount_wish wishes[1000];
    struct run r = sweep();

    for (size_t i = 0; i < 200; i++) {
        names[i] = text[i];
        hc_fmt(text[i], sizeof text[i], "c%zu", i);
    }
    for (size_t i = 0; i < 1000; i++) {
        memset(service[i], 's', 240);
        hc_fmt(service[i] + 240, 16, "%zu", i);
        wishes[i] = web;
        wishes[i].service = service[i];
    }
    r.sweep.clusters = names;
    r.sweep.clusters_n = 200;
    r.each.wishes = wishes;
    r.each.wishes_n = 1000;
    r.sweep.report = true;
    scene_open(false, NULL);
    CHECK_INT(begin(r), 0);
    headcount_cancel(scene.op);
    CHECK_INT(drive()->code, HEADCOUNT_ELIMIT);
    CHECK_INT(parts, 200);
    CHECK_INT(((struct op_sweep *)scene.op)->targets[199].json.n, 0);
    end();
}

TEST(sweep_op, a_finish_begins_no_other_and_lets_those_at_work_end)
{
    const char *const answers[] = {
        OK(LIST(C("a") "," C("b") "," C("c"), ",\"nextToken\":\"t\"")),
        AWS_PEER_SILENT, OK(SERVICE_IN("a", "1")), OK(HOSTS_IN("a")),
        OK(UPDATED), NULL };
    struct run r = sweep();

    r.sweep.report = true;
    scene_open(false, answers);
    CHECK_INT(begin(r), 0);
    for (int i = 0; i < 2000 && scene.script.requests < 3; i++) {
        headcount_wait(scene.op, 1000);
        net_peer_pump(&scene.peer);
        aws_script_pump(&scene.script, &scene.peer);
    }
    headcount_drain(scene.op);
    headcount_drain(scene.op);
    const struct headcount_outcome *o = drive();

    CHECK_INT(o->code, 0);
    CHECK_Z(told, "0 a ; ");
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(scene.script.requests, 5);
    CHECK(strstr(o->json, "\"clusters\":[{\"arn\":" C("a")) != NULL);
    CHECK(strstr(o->json, C("b")) == NULL);
    headcount_drain(scene.op);
    end();
}

TEST(sweep_op, at_once_and_concurrency_bound_what_is_under_way)
{
    static const struct { int at_once, concurrency; size_t most; } rows[] = {
        { 2, 0, 2 }, { 0, 0, 4 }, { 0, 1, 1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const answers[] = {
            OK(LIST(C("a") "," C("b") "," C("c") "," C("d"), "")),
            AWS_PEER_SILENT, AWS_PEER_SILENT, AWS_PEER_SILENT,
            AWS_PEER_SILENT, AWS_PEER_SILENT, NULL };
        struct run r = sweep();

        scene_open(false, answers);
        headcount_free(scene.h);
        CHECK_INT(scene_new((struct headcount_config){
            .endpoint_url = scene.url, .max_attempts = 1,
            .concurrency = rows[i].concurrency }), 0);
        r.sweep.at_once = rows[i].at_once;
        CHECK_INT(begin(r), 0);
        for (int k = 0; k < 60; k++) {
            headcount_wait(scene.op, 1000);
            net_peer_pump(&scene.peer);
            aws_script_pump(&scene.script, &scene.peer);
        }
        CHECK_INT(scene.script.requests, 1 + rows[i].most);
        end();
    }
}

TEST(sweep_op, one_name_in_two_accounts_is_two_clusters)
{
    static const char *const names[] = {
        AT "cluster/a", "arn:aws:ecs:eu-west-1:210987654321:cluster/a" };
    const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT, NULL };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 2;
    r.sweep.at_once = 2;
    scene_open(false, answers);
    CHECK_INT(begin(r), 0);
    for (int i = 0; i < 60; i++) {
        headcount_wait(scene.op, 1000);
        net_peer_pump(&scene.peer);
        aws_script_pump(&scene.script, &scene.peer);
    }
    CHECK_INT(scene.script.requests, 2);
    end();
}

TEST(sweep_op, who_waits_for_room_comes_before_the_next_of_who_has_it)
{
    static const char *const many[] = { "a", "b" }, *const one[] = { "c" };
    const char *const answers[] = {
        OK(SERVICE_IN("a", "2")), OK(HOSTS_IN("a")),
        OK(SERVICE_IN("c", "2")), OK(HOSTS_IN("c")),
        OK(SERVICE_IN("b", "2")), OK(HOSTS_IN("b")), NULL };
    struct run r = sweep();
    headcount_op *other = NULL;

    scene_open(false, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
        .endpoint_url = scene.url, .max_attempts = 1, .concurrency = 1 }), 0);
    r.each.clusters = many;
    r.each.clusters_n = 2;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r.each, NULL), 0);
    r.each.clusters = one;
    r.each.clusters_n = 1;
    CHECK_INT(headcount_begin_reconcile(scene.h, &other, &r.each, NULL), 0);
    scene_drive();
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_UNCHANGED], 2);
    CHECK(headcount_outcome(other) != NULL);
    CHECK_INT(headcount_outcome(other)->summary[HEADCOUNT_UNCHANGED], 1);
    headcount_op_free(other);
    end();
}

static int arena_waiting(void *ud, struct hc_job *job, int64_t now,
                        struct hc_credentials *out, struct headcount_error *e)
{
    (void)ud, (void)job, (void)now, (void)out, (void)e;
    return HC_CREDS_WAIT;
}

TEST(sweep_op, credentials_that_never_come_are_not_waited_for_beyond_its_end)
{
    static const char *const names[] = { "a", "b" };
    struct run r = sweep();

    r.sweep.clusters = names;
    r.sweep.clusters_n = 2;
    for (int way = 0; way < 2; way++) {
        scene_open(false, NULL);
        scene.h->client.creds.providers[0] = (struct hc_creds_provider){
            .name = "slow", .get = arena_waiting };
        r.each.timeout = way == 0 ? 20000 : 0;
        CHECK_INT(begin(r), 0);
        CHECK_INT(headcount_wait(scene.op, 0), HEADCOUNT_ETIMEDOUT);
        if (way == 1)
            headcount_cancel(scene.op);
        drive();
        CHECK_Z(told, way == 0 ? "0 a deadline; 1 b deadline; "
                               : "0 a cancelled; 1 b cancelled; ");
        end();
    }
}

TEST(sweep_op, misuse_is_an_outcome)
{
    static const char *const bad[] = { "a b" }, *const far[] = {
        "arn:aws:ecs:us-east-1:123456789012:cluster/a" };
    static const char *const regions[] = { "eu west" };
    struct run rows[5];
    static const int codes[] = { HEADCOUNT_ESYNTAX, HEADCOUNT_ECONFIG,
                                 HEADCOUNT_EARG, HEADCOUNT_EREGION,
                                 HEADCOUNT_ECONFIG };

    for (size_t i = 0; i < 5; i++)
        rows[i] = sweep();
    rows[0].sweep.clusters = bad;
    rows[0].sweep.clusters_n = 1;
    rows[1].sweep.clusters = far;
    rows[1].sweep.clusters_n = 1;
    rows[2].sweep.at_once = 65;
    rows[3].sweep.regions = regions;
    rows[3].sweep.regions_n = 1;
    rows[4].each.wishes_n = 0;
    scene_open(false, NULL);
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(begin(rows[i]), 0);
        CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
        CHECK_INT(headcount_outcome(scene.op)->code, codes[i]);
        CHECK(headcount_outcome(scene.op)->message[0] != '\0');
        headcount_op_free(scene.op);
    }
    CHECK_INT(scene.script.requests, 0);
    scene_close();
}

TEST(sweep_op, one_that_is_left_in_the_middle_leaves_nothing)
{
    const char *const answers[] = { OK(LIST(C("a") "," C("b"), "")),
                                    AWS_PEER_SILENT, AWS_PEER_SILENT, NULL };
    struct run r = sweep();

    for (int way = 0; way < 2; way++) {
        scene_open(false, answers);
        r.sweep.at_once = 2;
        CHECK_INT(begin(r), 0);
        for (int i = 0; i < 2000 && scene.script.requests < 3; i++) {
            headcount_wait(scene.op, 1000);
            net_peer_pump(&scene.peer);
            aws_script_pump(&scene.script, &scene.peer);
        }
        if (way == 0)                  /* by its own end, or by the handle's */
            headcount_op_free(scene.op);
        scene_close();
    }
}

static int begin_two(void)
{
    struct run r = sweep();

    r.sweep.at_once = 2;
    return begin(r);
}

/* A list that was cut off fails the sweep; after it each cluster is told. */
static void is_done_or_cancelled(void)
{
    int code = headcount_outcome(scene.op)->code;

    CHECK(code == 0 || code == HEADCOUNT_ECANCELLED);
}

TEST(sweep_op, a_cancel_in_any_round_calls_no_more)
{
    const char *const answers[] = {
        OK(LIST(C("a"), ",\"nextToken\":\"t1\"")), OK(LIST(C("a"), "")),
        OK(SERVICE_IN("a", "1")), OK(HOSTS_IN("a")), OK(UPDATED), NULL };
    const struct scene_run cut = { .answers = answers, .begin = begin_two,
                                   .done = is_done_or_cancelled };

    scene_run_cut(&cut);
}

/* While memory fails: no run writes anything but 2. */
static int sweep_once(void)
{
    const char *const answers[] = {
        OK(LIST(C("a"), ",\"nextToken\":\"t1\"")), OK(LIST(C("b"), "")),
        OK(SERVICE_IN("a", "1")), OK(HOSTS_IN("a")), OK(UPDATED),
        OK(SERVICE_IN("b", "2")), OK(HOSTS_IN("b")), NULL };
    struct run r = sweep();
    int err = scene_try(false, answers);

    r.sweep.report = true;
    if (err == 0)
        err = begin(r);
    while (err == 0 && headcount_op_state(scene.op) != HEADCOUNT_DONE) {
        if (headcount_op_state(scene.op) == HEADCOUNT_RUNNING)
            scene_drive();
        else
            headcount_resume(scene.op);
    }
    if (err == 0) {
        err = headcount_outcome(scene.op)->code;
        CHECK(scene.h->ops == scene.op && scene.op->next == NULL);
    }
    for (size_t i = 0; i < scene.script.requests; i++)
        if (strcmp(operation(i), "UpdateService") == 0)
            CHECK(asked(i, "\"desiredCount\":2}"));
    scene_close();
    return err == 0 && t_alloc_state()->failed ? HEADCOUNT_ENOMEM : err;
}

TEST(sweep_op, every_failed_allocation_is_survived)
{
    printf("# a sweep of two clusters: %ld requests for memory, each failed "
           "in turn\n", t_fails_every_allocation(sweep_once));
}

/* ---- roles, and the account ---- */

#define ASSUMED OK("<AssumeRoleResponse><AssumeRoleResult><Credentials>"    \
    "<AccessKeyId>ROLE1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"  \
    "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z"        \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")

TEST(sweep_op, all_its_roles_share_what_each_says_of_them)
{
    static const char *const roles[] = {
        "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/y",
        "arn:aws:iam::123456789012:role/x" };
    const char *const answers[] = { ASSUMED, OK(LIST("", "")), ASSUMED,
                                    OK(LIST("", "")), NULL };
    struct run r = sweep();

    r.sweep.roles = roles;
    r.sweep.roles_n = 3;
    r.each.external_id = "a:b";
    r.each.role_session_name = "night";
    r.each.role_duration = 3600000000;
    r.each.expect_account = "123456789012";
    scene_open(false, answers);
    const struct headcount_outcome *o = run(r);

    CHECK_INT(o->code, 0);
    CHECK_INT(scene.script.requests, 4);
    CHECK_INT(o->stats.api_calls, 4);
    CHECK_INT(o->timings_n, 4);
    for (size_t i = 0; i < 4; i += 2)
        CHECK(asked(i, "&RoleSessionName=night&ExternalId=a%3Ab"
                    "&DurationSeconds=3600"));
    end();
}

TEST(sweep_op, what_is_of_another_account_is_refused_before_any_call)
{
    static const char *const roles[] = {
        "arn:aws:iam::123456789012:role/x",
        "arn:aws:iam::210987654321:role/y" };
    static const char *const names[] = { "a", AT "cluster/b" };

    for (int by_role = 0; by_role < 2; by_role++) {
        struct run r = sweep();

        r.each.expect_account = by_role ? "123456789012" : "210987654321";
        r.sweep.roles = roles;
        r.sweep.roles_n = by_role ? 2 : 0;
        r.sweep.clusters = names;
        r.sweep.clusters_n = by_role ? 0 : 2;
        scene_open(false, NULL);
        CHECK_INT(run(r)->code, HEADCOUNT_EACCOUNT);
        CHECK(strstr(headcount_outcome(scene.op)->message,
                     by_role ? "role/y is of account 210987654321"
                             : "cluster/b is of account 123456789012") != NULL);
        CHECK_INT(scene.script.requests, 0);
        end();
    }
}

TEST(sweep_op, a_list_of_another_account_than_the_expected_is_not_swept)
{
    const char *const answers[] = { OK(LIST(C("a"), "")), NULL };
    struct run r = sweep();

    r.each.expect_account = "210987654321";
    scene_open(false, answers);
    CHECK_INT(run(r)->code, HEADCOUNT_EACCOUNT);
    CHECK(strstr(headcount_outcome(scene.op)->message, "AWS answers for "
                 "account 123456789012") != NULL);
    CHECK_INT(scene.script.requests, 1);
    end();
}

/* A named cluster is not listed: its own answers are compared, with the
 * account of the role too. */
TEST(sweep_op, a_named_cluster_in_another_account_than_its_role_fails)
{
    static const char *const roles[] = { "arn:aws:iam::210987654321:role/z" };
    static const char *const names[] = { "a" };
    const char *const answers[] = { ASSUMED, OK(SERVICE_IN("a", "1")), NULL };
    struct run r = sweep();

    r.sweep.roles = roles;
    r.sweep.roles_n = 1;
    r.sweep.clusters = names;
    r.sweep.clusters_n = 1;
    scene_open(false, answers);
    CHECK_INT(run(r)->code, 0);
    CHECK_Z(told, "0 a EACCOUNT; ");
    CHECK_INT(scene.script.requests, 2);
    end();
}

TEST(sweep_op, a_role_that_is_not_there_takes_no_external_id)
{
    struct run r = sweep();

    r.each.external_id = "abc";
    scene_open(false, NULL);
    CHECK_INT(run(r)->code, HEADCOUNT_EARG);
    CHECK(strstr(headcount_outcome(scene.op)->message, "request.external_id")
          != NULL);
    end();
}
