/* tests/op/op_targets_test.c - which clusters a reconcile is about.  They are
 * known when it has begun, before anything is sent. */
#include "op/op_targets.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "peers/scene.h"
#include "t.h"

#define AT(account) "arn:aws:ecs:eu-west-1:" account ":cluster/"
#define OURS AT("123456789012")
#define THEIRS AT("999999999999")
#define FAR "arn:aws:ecs:us-east-1:123456789012:cluster/"

static const struct headcount_wish web = { .size = sizeof web,
                                           .service = "web" };

static const struct op_reconcile *begin(struct headcount_reconcile r)
{
    r.size = sizeof r;
    r.wishes = &web;
    r.wishes_n = 1;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &r, NULL), 0);
    return (const struct op_reconcile *)scene.op;
}

static const struct op_reconcile *begin_event(const char *event)
{
    return begin((struct headcount_reconcile){ .event = event,
                                               .event_size = strlen(event) });
}

/* "prod b": the names in their order. */
static const char *names_of(const struct op_reconcile *r)
{
    static char out[500];
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->clusters_n; i++)
        n += hc_fmt(out + n, sizeof out - n, "%s%.*s", i > 0 ? " " : "",
                    HC_STR_ARG(r->names[i].text));
    return out;
}

/* A name says no account, so it may be the cluster of the ARN beside it or
 * not: the ARN is read first, and tells. */
TEST(op_targets, each_cluster_is_named_once_and_arns_come_first)
{
    static const struct { const char *clusters[3], *names; } rows[] = {
        { { "prod" }, "prod" },
        { { "prod", "b", "prod" }, "prod b" },
        { { OURS "prod", OURS "prod" }, OURS "prod" },
        { { "prod", OURS "prod" }, OURS "prod prod" },
        { { "prod", "b", THEIRS "prod" }, THEIRS "prod b prod" },
        { { OURS "prod", THEIRS "prod" }, OURS "prod " THEIRS "prod" },
        { { "b", OURS "prod" }, "b " OURS "prod" },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0;

        while (n < 3 && rows[i].clusters[n] != NULL)
            n++;
        CHECK_Z(names_of(begin((struct headcount_reconcile){
                    .clusters = rows[i].clusters, .clusters_n = n })),
                rows[i].names);
        headcount_op_free(scene.op);
    }
    scene_close();
}

/* The request's, the handle's, the event's, the ARN's, whichever is first. */
TEST(op_targets, the_region_is_the_first_that_is_known)
{
    static const char *const regionless[] = { "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                              "AWS_SECRET_ACCESS_KEY=secret",
                                              NULL };
    static const char *const named[] = { "prod" }, *const arn[] = { FAR "a" };
    static const char event[] = "{\"source\":\"aws.events\",\"detail-type\":"
        "\"Scheduled Event\",\"region\":\"us-west-2\",\"detail\":{"
        "\"cluster\":\"prod\"}}";

    for (int own = 0; own < 2; own++) {
        const struct op_reconcile *r;

        scene_open(false, NULL);
        if (!own) {
            headcount_free(scene.h);
            scene.env = regionless;
            CHECK_INT(scene_new((struct headcount_config){
                          .endpoint_url = scene.url }), 0);
        }
        r = begin((struct headcount_reconcile){ .clusters = named,
                                                .clusters_n = 1,
                                                .region = "eu-north-1" });
        CHECK_STR(r->region, "eu-north-1");
        headcount_op_free(scene.op);
        CHECK_STR(begin_event(event)->region, own ? "eu-west-1" : "us-west-2");
        headcount_op_free(scene.op);
        r = begin((struct headcount_reconcile){ .clusters = arn,
                                                .clusters_n = 1 });
        CHECK_STR(r->region, own ? "eu-west-1" : "us-east-1");
        CHECK_INT(own ? headcount_outcome(scene.op)->code : 0,
                  own ? HEADCOUNT_ECONFIG : 0);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(op_targets, a_cluster_of_another_region_is_an_error_where_it_is_named)
{
    static const char *const clusters[] = { "prod", FAR "a" };

    scene_open(false, NULL);
    begin((struct headcount_reconcile){ .clusters = clusters,
                                        .clusters_n = 2 });
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECONFIG);
    CHECK_Z(headcount_outcome(scene.op)->message, "cluster " FAR "a is in "
            "region us-east-1, and the region is set to eu-west-1");
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- events that are not for us ---- */

static int lines;
static char last[1000];

static void note(void *ud, int level, const char *text, size_t n)
{
    (void)ud;
    CHECK_INT(level, HEADCOUNT_LOG_WARN);
    lines++;
    snprintf(last, sizeof last, "%.*s", (int)n, text);
}

static void far_event(int region, const char *account)
{
    char event[200];

    hc_fmt(event, sizeof event, "{\"cluster\":\"arn:aws:ecs:us-east-%d:%s:"
           "cluster/a\"}", region, account);
    begin_event(event);
    CHECK_Z(headcount_outcome(scene.op)->skipped_event, "foreign_region");
    headcount_op_free(scene.op);
}

/* A queue that is drained by mistake holds many events of few places. */
TEST(op_targets, each_region_and_account_is_logged_once_and_64_at_most)
{
    scene_open(false, NULL);
    scene.h->net.log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN,
                                        .fn = note };
    lines = 0;
    far_event(1, "123456789012");
    far_event(1, "123456789012");
    CHECK_INT(lines, 1);
    CHECK(strstr(last, "an event is not for us: cluster a is in region "
                       "us-east-1, account 123456789012, and the region here "
                       "is eu-west-1") != NULL);
    CHECK(strstr(last, "further regions") == NULL);
    far_event(1, "999999999999");
    CHECK_INT(lines, 2);
    for (int i = 2; i < 100; i++)
        far_event(i, "123456789012");
    CHECK_INT(lines, HC_OP_FOREIGN);
    CHECK(strstr(last, "further regions and accounts are not logged") != NULL);
    scene_close();
}

/* ---- snapshots ---- */

TEST(op_targets, a_snapshot_is_taken_of_one_cluster)
{
    static const char *const clusters[] = { "a", "b" };

    scene_open(false, NULL);
    for (size_t n = 1; n <= 2; n++) {
        begin((struct headcount_reconcile){ .clusters = clusters,
                                            .clusters_n = n, .record = true });
        CHECK_INT(headcount_op_state(scene.op),
                  n == 1 ? HEADCOUNT_RUNNING : HEADCOUNT_DONE);
        if (n == 2)
            CHECK_Z(headcount_outcome(scene.op)->message, "a snapshot is "
                    "taken of one cluster, not of 2");
        headcount_op_free(scene.op);
    }
    scene_close();
}

/* ---- memory ---- */

static int begin_names(void)
{
    static const char *const clusters[] = { "prod", OURS "prod", "b" };
    int err = scene_try(false, NULL);

    if (err == 0) {
        struct headcount_reconcile r = {
            .size = sizeof r, .clusters = clusters, .clusters_n = 3,
            .wishes = &web, .wishes_n = 1,
        };

        err = headcount_begin_reconcile(scene.h, &scene.op, &r, NULL);
        if (err == 0 && headcount_outcome(scene.op) != NULL)
            err = headcount_outcome(scene.op)->code;
    }
    scene_close();
    return err;
}

TEST(op_targets, memory_may_end_anywhere)
{
    t_fails_every_allocation(begin_names);
}

/* ---- the account that is expected ---- */

TEST(op_targets, an_arn_of_another_account_is_refused_before_any_call)
{
    static const char *const names[] = { "a", THEIRS "prod" };
    const struct op_reconcile *r;

    scene_open(false, NULL);
    r = begin((struct headcount_reconcile){ .clusters = names, .clusters_n = 2,
                                            .expect_account = "123456789012" });
    CHECK_INT(r->op.outcome.code, HEADCOUNT_EACCOUNT);
    CHECK(strstr(r->op.outcome.message, THEIRS "prod is of account "
                 "999999999999, and account 123456789012 is expected")
          != NULL);
    headcount_op_free(scene.op);
    r = begin((struct headcount_reconcile){ .clusters = names, .clusters_n = 2,
                                            .expect_account = "999999999999" });
    CHECK(headcount_outcome(scene.op) == NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* Its event says whose it is. */
TEST(op_targets, an_event_of_another_account_is_foreign)
{
    for (int ours = 0; ours < 2; ours++) {
        const char *account = ours ? "123456789012" : "210987654321";
        const struct headcount_outcome *o;

        scene_open(false, NULL);
        begin((struct headcount_reconcile){
            .event = EVENT, .event_size = strlen(EVENT),
            .expect_account = account });
        o = headcount_outcome(scene.op);
        CHECK((o == NULL) == ours);
        if (o != NULL) {
            CHECK_INT(o->code, 0);
            CHECK_Z(o->skipped_event, "foreign_account");
            CHECK(strstr(o->skipped_because, "is in account 123456789012, and "
                         "account 210987654321 is expected") != NULL);
            CHECK_INT(o->foreign, 1);
        }
        headcount_op_free(scene.op);
        scene_close();
    }
}
