/* tests/op/op_reconcile_test.c - clusters one after another: the order of
 * calls, one reconcile for each cluster at a time, and what is left when it is
 * cut off. */
#include "op/op_reconcile.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

#define AT "arn:aws:ecs:eu-west-1:123456789012:"
#define IN(cluster, desired) "{\"services\":[{\"serviceArn\":\"" AT          \
    "service/" cluster "/web\",\"serviceName\":\"web\",\"clusterArn\":\"" AT \
    "cluster/" cluster "\",\"status\":\"ACTIVE\",\"desiredCount\":" desired  \
    ",\"runningCount\":1,\"launchType\":\"EC2\",\"deployments\":[{}]}]}"
#define TWO(cluster) "{\"containerInstanceArns\":[\"" AT                    \
    "container-instance/" cluster "/x\",\"" AT "container-instance/" cluster \
    "/y\"]}"
#define WRITTEN "{\"service\":{\"desiredCount\":2}}"
#define OK(body) aws_answer(200, "", body)

static const struct headcount_wish web = { .size = sizeof web,
                                           .service = "web" };

static struct headcount_reconcile of(const char *const *clusters, size_t n)
{
    return (struct headcount_reconcile){
        .size = sizeof(struct headcount_reconcile), .clusters = clusters,
        .clusters_n = n, .wishes = &web, .wishes_n = 1,
    };
}

static int begin_two(void)
{
    static const char *const clusters[] = { "a", "b" };
    const struct headcount_reconcile r = of(clusters, 2);

    return headcount_begin_reconcile(scene.h, &scene.op, &r, NULL);
}

static bool asked(size_t at, const char *operation, const char *cluster)
{
    const char *request = scene.script.request[at];

    return strstr(request, operation) != NULL &&
           strstr(request, cluster) != NULL;
}

TEST(op_reconcile, a_cluster_is_done_before_the_next_one_is_read)
{
    const char *const answers[] = { OK(IN("a", "1")), OK(TWO("a")), OK(WRITTEN),
                                    OK(IN("b", "2")), OK(TWO("b")), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    CHECK_INT(begin_two(), 0);
    CHECK_INT(scene.script.requests, 0);
    scene_drive();
    o = headcount_outcome(scene.op);
    CHECK_INT(o->code, 0);
    CHECK(asked(0, ".DescribeServices", "\"cluster\":\"a\""));
    CHECK(asked(1, ".ListContainerInstances", "cluster/a\""));
    CHECK(asked(2, ".UpdateService", "cluster/a\""));
    CHECK(asked(3, ".DescribeServices", "\"cluster\":\"b\""));
    CHECK(asked(4, ".ListContainerInstances", "cluster/b\""));
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 1);
    headcount_op_free(scene.op);
    scene_close();
}

/* Its name, filter and reason are in the op's own memory. */
TEST(op_reconcile, the_result_of_a_run_stays_until_the_op_is_freed)
{
    const char *const answers[] = { OK(IN("a", "2")), OK(TWO("a")),
                                    OK(IN("b", "2")), OK(TWO("b")), NULL };
    const struct headcount_outcome *o;

    scene_open(false, answers);
    CHECK_INT(begin_two(), 0);
    scene_drive();
    CHECK(((struct op_reconcile *)scene.op)->current == NULL);
    o = headcount_outcome(scene.op);
    CHECK_INT(o->clusters_n, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct headcount_service *s = &o->clusters[i].services[0];

        CHECK_Z(o->clusters[i].arn, i == 0 ? AT "cluster/a" : AT "cluster/b");
        CHECK_Z(s->service, "web");
        CHECK_Z(s->hosts_by, "active");
        CHECK_Z(s->reason, "1 task on each of 2 active hosts");
    }
    headcount_op_free(scene.op);
    scene_close();
}

TEST(op_reconcile, after_its_deadline_no_cluster_is_begun)
{
    static const char *const clusters[] = { "a", "b" };
    static const char *const answers[] = { AWS_PEER_SILENT, NULL };
    struct headcount_reconcile r = of(clusters, 2);
    const struct headcount_outcome *o;

    scene_open(false, answers);
    r.timeout = 20 * HC_MS;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    scene_drive();
    o = headcount_outcome(scene.op);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->summary[HEADCOUNT_FAILED], 2);
    CHECK_Z(o->clusters[1].services[0].code, "deadline");
    CHECK(scene.script.requests <= 1);   /* 0 on a slow machine */
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- one reconcile of a cluster at a time ---- */

TEST(op_reconcile, only_one_of_two_ops_is_in_a_cluster)
{
    static const struct {
        const char *cluster[2], *region[2];
        size_t inside;
    } rows[] = {
        { { "prod", "prod" }, { NULL, NULL }, 1 },
        { { "prod", AT "cluster/prod" }, { NULL, NULL }, 1 },
        { { "prod", "dev" }, { NULL, NULL }, 2 },
        { { "prod", "prod" }, { "eu-west-1", "us-east-1" }, 2 },
        { { AT "cluster/prod",
            "arn:aws:ecs:eu-west-1:999999999999:cluster/prod" },
          { NULL, NULL }, 2 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                               NULL };
        headcount_op *ops[2];

        scene_open(false, answers);
        for (size_t k = 0; k < 2; k++) {
            struct headcount_reconcile r = of(&rows[i].cluster[k], 1);

            r.region = rows[i].region[k];
            CHECK_INT(headcount_begin_reconcile(scene.h, &ops[k], &r, NULL), 0);
        }
        scene_until(rows[i].inside);
        for (int k = 0; k < 5; k++)
            scene_round();
        CHECK_INT(scene.script.requests, rows[i].inside);
        CHECK_INT(scene.h->inside, rows[i].inside);
        headcount_op_free(ops[0]);       /* the other one comes in */
        scene_until(2);
        CHECK_INT(scene.h->inside, 1);
        headcount_op_free(ops[1]);
        CHECK_INT(scene.h->inside, 0);
        scene_close();
    }
}

TEST(op_reconcile, no_more_are_inside_than_the_handle_allows)
{
    static const char *const names[] = { "a", "b", "c" };
    static const char *const answers[] = { AWS_PEER_SILENT, AWS_PEER_SILENT,
                                           AWS_PEER_SILENT, NULL };
    headcount_op *ops[3];

    scene_open(false, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .concurrency = 2 }), 0);
    for (size_t i = 0; i < 3; i++) {
        const struct headcount_reconcile r = of(&names[i], 1);

        CHECK_INT(headcount_begin_reconcile(scene.h, &ops[i], &r, NULL), 0);
    }
    scene_until(2);
    for (int k = 0; k < 5; k++)
        scene_round();
    CHECK_INT(scene.script.requests, 2);
    CHECK_INT(scene.h->inside, 2);
    headcount_op_free(ops[1]);
    scene_until(3);
    CHECK_INT(scene.h->inside, 2);
    scene_close();
}

/* ---- cut off ---- */

/* Each service was written or was not; nothing in between is reported. */
static void says_of_each_what_came_of_it(void)
{
    const struct headcount_outcome *o = headcount_outcome(scene.op);
    size_t sum = 0;

    CHECK_INT(o->code, 0);
    CHECK_INT(o->clusters_n, 2);
    for (size_t i = 0; i < sizeof o->summary / sizeof *o->summary; i++)
        sum += o->summary[i];
    CHECK_INT(sum, 2);
    CHECK_INT(o->summary[HEADCOUNT_HELD], 0);
    for (size_t i = 0; i < scene.script.requests; i++)
        if (asked(i, ".UpdateService", ""))
            CHECK(asked(i, "\"service\":\"web\"", "\"desiredCount\":2"));
}

TEST(op_reconcile, a_cancel_in_any_round_writes_nothing_more)
{
    const char *const answers[] = { OK(IN("a", "1")), OK(TWO("a")), OK(WRITTEN),
                                    OK(IN("b", "1")), OK(TWO("b")), OK(WRITTEN),
                                    NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_two,
                                   .done = says_of_each_what_came_of_it };

    scene_run_cut(&run);
}

static int once(void)
{
    const char *const answers[] = { OK(IN("a", "1")), OK(TWO("a")), OK(WRITTEN),
                                    OK(IN("b", "2")), OK(TWO("b")), NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_two };

    return scene_run_once(&run);
}

TEST(op_reconcile, memory_may_end_anywhere)
{
    t_fails_every_allocation(once);
}
