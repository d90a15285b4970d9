/* tests/op/op_wishes_test.c - wishes of a caller as the plan takes them. */
#include "op/op_wishes.h"

#include <string.h>

#include "peers/scene.h"
#include "plan/hold.h"
#include "t.h"

/* An op to put sentences into; it is never started. */
static void free_nothing(headcount_op *op) { (void)op; }
static const struct op_class no_class = { .size = sizeof(headcount_op),
                                          .free = free_nothing };

static void open_op(void)
{
    const struct hc_op_params params = { .user = NULL };

    scene_open(false, NULL);
    scene.op = hc_op_new(scene.h, &no_class, &params);
    CHECK(scene.op != NULL);
}

static int take(const struct headcount_reconcile *r,
                const struct headcount_wish *w, struct hc_wish *to)
{
    return hc_op_take_wish(scene.op, r, &scene.op->arena, w, to);
}

/* A wish's own hosts, or those that the reconcile says for all. */
TEST(op_wishes, hosts_are_the_wishs_or_the_reconciles)
{
    static const struct { enum headcount_hosts wish, all, by; } rows[] = {
        { HEADCOUNT_ACTIVE, HEADCOUNT_ACTIVE, HEADCOUNT_ACTIVE },
        { HEADCOUNT_ACTIVE, HEADCOUNT_CONNECTED, HEADCOUNT_CONNECTED },
        { HEADCOUNT_ACTIVE, HEADCOUNT_REGISTERED, HEADCOUNT_REGISTERED },
        { HEADCOUNT_CONNECTED, HEADCOUNT_REGISTERED, HEADCOUNT_CONNECTED },
        { HEADCOUNT_REGISTERED, HEADCOUNT_CONNECTED, HEADCOUNT_REGISTERED },
    };

    open_op();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_reconcile r = { .hosts = rows[i].all };
        const struct headcount_wish w = { .service = "web",
                                          .hosts = rows[i].wish };
        struct hc_wish to;

        CHECK_INT(take(&r, &w, &to), 0);
        CHECK_INT(to.by, rows[i].by);
    }
    scene_close();
}

/* No switch of one wish is another one's. */
TEST(op_wishes, a_wish_may_pass_what_it_and_the_reconcile_allow)
{
    static const char *const zero[] = { "zero" }, *const many[] = {
        "too_many_changes" }, *const none[] = { "everything" };
    const struct headcount_reconcile plain = { .allow_n = 0 };
    const struct headcount_reconcile all = { .allow = many, .allow_n = 1 };
    const struct headcount_wish own = { .service = "web", .allow = zero,
                                        .allow_n = 1 };
    const struct headcount_wish bare = { .service = "log" };
    const struct headcount_wish wrong = { .service = "web", .allow = none,
                                          .allow_n = 1 };
    struct hc_wish to;

    open_op();
    CHECK_INT(take(&all, &own, &to), 0);
    CHECK_INT(to.allow, ALLOW_ZERO | ALLOW_TOO_MANY);
    CHECK_INT(take(&plain, &own, &to), 0);
    CHECK_INT(to.allow, ALLOW_ZERO);
    CHECK_INT(take(&all, &bare, &to), 0);
    CHECK_INT(to.allow, ALLOW_TOO_MANY);
    CHECK_INT(take(&plain, &bare, &to), 0);
    CHECK_INT(to.allow, 0);
    CHECK_INT(take(&plain, &wrong, &to), HEADCOUNT_EARG);
    CHECK(strstr(scene.op->error.what, "no hold \"everything\"") != NULL);
    scene_close();
}

TEST(op_wishes, the_callers_memory_is_copied)
{
    char service[] = "web", where[] = "attribute:a == 1", at[] = "x.lua:1";
    struct headcount_rung rungs[] = { { 0, 1 }, { 4, 2 } };
    const struct headcount_reconcile r = { .policy = false };
    const struct headcount_wish w = {
        .service = service, .where = where, .at = at, .required = true,
        .not_external = true, .rule = HEADCOUNT_LADDER, .rungs = rungs,
        .rungs_n = 2,
    };
    struct hc_wish to;

    open_op();
    CHECK_INT(take(&r, &w, &to), 0);
    memset(service, 'x', 3);
    memset(where, 'x', 3);
    memset(at, 'x', 3);
    memset(rungs, 0, sizeof rungs);
    CHECK_STR(to.service, "web");
    CHECK_STR(to.where, "attribute:a == 1");
    CHECK_STR(to.at, "x.lua:1");
    CHECK(to.required && to.no_external);
    CHECK_INT(to.rule.by_hosts.n, 2);
    CHECK_INT(to.rule.by_hosts.rungs[1].tasks, 2);
    scene_close();
}

/* The autoscaler's parameters are the rule; limits of the wish stay. */
TEST(op_wishes, an_autoscaler_leaves_the_limits_of_the_wish)
{
    const struct headcount_reconcile r = { .policy = false };
    const struct headcount_wish w = {
        .service = "web", .rule = HEADCOUNT_FIXED, .tasks = 7, .min = 5,
        .autoscaler = "{\"linear\":{\"nodesPerReplica\":2}}", .max_tasks = 90,
        .min_age = HC_SECOND, .max_step_down = 3, .max_step_up = 4,
        .placeable = true,
    };
    struct hc_wish to;

    open_op();
    CHECK_INT(take(&r, &w, &to), 0);
    CHECK_INT(to.rule.kind, HEADCOUNT_LINEAR);
    CHECK_INT(to.rule.per_hosts, 2 * HC_RULE_ONE);
    CHECK_INT(to.rule.tasks, 0);
    CHECK_INT(to.rule.max_tasks, 90);
    CHECK_INT(to.rule.min_age, HC_SECOND);
    CHECK_INT(to.rule.max_step_down, 3);
    CHECK_INT(to.rule.max_step_up, 4);
    CHECK(to.rule.placeable);
    scene_close();
}

TEST(op_wishes, a_wish_whose_memory_is_not_there_is_refused)
{
    static const char *const hole[] = { NULL };
    static const struct { struct headcount_wish wish; const char *says; }
    rows[] = {
        { { .rule = HEADCOUNT_FIXED }, "service is NULL" },
        { { .service = "web", .rungs_n = 1 }, "web has rungs that are NULL" },
        { { .service = "web", .cpu_rungs_n = 1 },
          "web has cpu_rungs that are NULL" },
        { { .service = "web", .allow = hole, .allow_n = 1 },
          "a wish's allow[0] is NULL" },
        { { .service = "web", .allow_n = 1 }, "a wish's allow[0] is NULL" },
        { { .service = "web", .hosts = (enum headcount_hosts)9 },
          "the wish for web: hosts 9 is none of enum headcount_hosts" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_error e = { .code = 0 };

        CHECK_INT(hc_op_check_wish(&rows[i].wish, &e), HEADCOUNT_EARG);
        if (strstr(e.what, rows[i].says) == NULL)
            CHECK_Z(e.what, rows[i].says);
    }
}

TEST(op_wishes, a_reconcile_has_1_to_10000_wishes_or_a_policy)
{
    static struct headcount_wish many[HC_OP_WISHES + 1];
    static const struct { size_t n; bool policy, good; } rows[] = {
        { 0, false, false }, { 1, false, true }, { HC_OP_WISHES, false, true },
        { HC_OP_WISHES + 1, false, false }, { 0, true, true },
        { 1, true, false },
    };

    for (size_t i = 0; i <= HC_OP_WISHES; i++)
        many[i] = (struct headcount_wish){ .size = sizeof *many,
                                           .service = "web" };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct headcount_reconcile r = {
            .wishes = many, .wishes_n = rows[i].n, .policy = rows[i].policy,
        };
        const struct hc_wish *wishes = NULL;
        size_t n = 99;

        open_op();
        CHECK_INT(hc_op_put_wishes(scene.op, &r, &wishes, &n),
                  rows[i].good ? 0 : HEADCOUNT_ECONFIG);
        if (rows[i].good)
            CHECK_INT(n, rows[i].n);
        else
            CHECK(strstr(scene.op->error.what, "services are named") != NULL);
        scene_close();
    }
}

static int puts_two(void)
{
    static const char *const zero[] = { "zero" };
    static const struct headcount_wish two[] = {
        { .size = sizeof *two, .service = "web", .where = "a == 1" },
        { .size = sizeof *two, .service = "log", .allow = zero, .allow_n = 1,
          .autoscaler = "{\"linear\":{\"nodesPerReplica\":2}}" },
    };
    const struct headcount_reconcile r = { .wishes = two, .wishes_n = 2 };
    const struct hc_op_params params = { .user = NULL };
    const struct hc_wish *wishes;
    size_t n;
    int err = scene_try(false, NULL);

    if (err == 0) {
        scene.op = hc_op_new(scene.h, &no_class, &params);
        err = scene.op == NULL ? HEADCOUNT_ENOMEM
                               : hc_op_put_wishes(scene.op, &r, &wishes, &n);
    }
    scene_close();
    return err;
}

TEST(op_wishes, memory_may_end_anywhere)
{
    t_fails_every_allocation(puts_two);
}
