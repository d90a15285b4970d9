/* tests/op/op_lock_test.c - the lines of clusters and of the handle, with ops
 * that come and go in any order. */
#include "op/op_lock.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

#define OPS 24
#define ARN(account) "arn:aws:ecs:eu-west-1:" account ":cluster/prod"

static const struct headcount_wish web = { .size = sizeof web,
                                           .service = "web" };

static headcount_op *ops[OPS];

static void open_handle(int concurrency)
{
    static const char *const none[] = { NULL };

    scene_open(false, none);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .concurrency = concurrency }), 0);
}

static void begin(size_t at, const char *cluster)
{
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = &cluster, .clusters_n = 1,
        .wishes = &web, .wishes_n = 1,
    };

    CHECK_INT(headcount_begin_reconcile(scene.h, &ops[at], &r, NULL), 0);
}

static void end(size_t at)
{
    headcount_op_free(ops[at]);
    ops[at] = NULL;
}

static const struct op_reconcile *op_at(size_t at)
{
    return (const struct op_reconcile *)ops[at];
}

static bool is_inside(size_t at)
{
    return ops[at] != NULL && op_at(at)->inside;
}

/* Steps until nobody is ready; no socket is looked at. */
static void settle(void)
{
    headcount_step(scene.h, NULL, 0);
}

TEST(op_lock, ops_of_one_cluster_come_in_in_their_order)
{
    open_handle(0);
    for (size_t i = 0; i < 8; i++) {
        begin(i, "prod");
        settle();
    }
    CHECK(is_inside(0) && !is_inside(1));
    end(3);                              /* in the middle, and the last */
    end(7);
    begin(7, "prod");
    settle();
    for (size_t i = 0; i < 8; i++) {
        if (i == 3)
            continue;
        CHECK(is_inside(i));
        CHECK_INT(scene.h->inside, 1);
        end(i);
        settle();
    }
    CHECK(scene.h->locks.root == NULL && scene.h->room.first == NULL);
    CHECK_INT(scene.h->inside, 0);
    scene_close();
}

TEST(op_lock, one_that_was_let_in_and_goes_lets_in_the_next)
{
    open_handle(1);
    begin(0, "a");
    begin(1, "b");
    begin(2, "b");
    begin(3, "c");
    settle();
    end(0);                              /* b comes in, and does not run */
    CHECK(is_inside(1));
    end(1);
    CHECK(is_inside(3));
    end(3);
    CHECK(is_inside(2));
    CHECK_INT(scene.h->inside, 1);
    end(2);
    scene_close();
}

/* The run of a cluster is large, and one that waits has none. */
TEST(op_lock, an_op_that_waits_is_small)
{
    open_handle(1);
    begin(0, "a");
    begin(1, "b");
    settle();
    CHECK(op_at(0)->current != NULL && op_at(1)->current == NULL);
    end(0);
    settle();
    CHECK(op_at(1)->current != NULL);
    end(1);
    scene_close();
}

/* ---- anything, in any order ---- */

static uint64_t seed;

static size_t pick(size_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (size_t)((seed >> 33) % below);
}

static bool is_same(size_t a, size_t b)
{
    const struct hc_arn *x = &op_at(a)->names[0], *y = &op_at(b)->names[0];

    return hc_str_eq(x->name, y->name) && hc_arn_same_place(x, y);
}

static void check(size_t concurrency)
{
    size_t inside = 0;

    for (size_t a = 0; a < OPS; a++) {
        inside += is_inside(a);
        for (size_t b = a + 1; b < OPS; b++)
            CHECK(!is_inside(a) || !is_inside(b) || !is_same(a, b));
    }
    CHECK_INT(scene.h->inside, inside);
    CHECK(concurrency == 0 || inside <= concurrency);
    /* Nobody waits for nothing. */
    for (size_t a = 0; a < OPS && (concurrency == 0 || inside < concurrency);
         a++) {
        bool blocked = ops[a] == NULL || is_inside(a) ||
                       ops[a]->state == HEADCOUNT_DONE;

        for (size_t b = 0; b < OPS && !blocked; b++)
            blocked = is_inside(b) && hc_str_eq(op_at(a)->names[0].name,
                                                op_at(b)->names[0].name);
        CHECK(blocked);
    }
}

TEST(op_lock, whoever_comes_and_goes_no_two_are_in_one_cluster_and_none_is_left)
{
    static const char *const clusters[] = {
        "prod", ARN("123456789012"), ARN("210987654321"), "prod", "dev", "qa",
    };

    for (size_t concurrency = 0; concurrency < 4; concurrency++) {
        seed = concurrency + 1;
        open_handle((int)concurrency);
        for (int round = 0; round < 2000; round++) {
            size_t at = pick(OPS);

            if (ops[at] == NULL)
                begin(at, clusters[pick(6)]);
            else if (pick(8) == 0)
                headcount_cancel(ops[at]);
            else
                end(at);
            if (pick(3) > 0)
                settle();
            while (headcount_next(scene.h) != NULL)
                continue;
            if (pick(3) == 0) {
                settle();
                check(concurrency);
            }
        }
        for (size_t i = 0; i < OPS; i++)
            if (ops[i] != NULL)
                end(i);
        CHECK(scene.h->locks.root == NULL && scene.h->room.first == NULL);
        CHECK_INT(scene.h->inside, 0);
        scene_close();
    }
}
