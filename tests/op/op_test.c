/* tests/op/op_test.c - what every op does whatever its kind, shown by a kind
 * whose start and step give what the test says. */
#include "op/op.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

struct toy {
    headcount_op op;
    int start, step;                     /* what they give                   */
    const char *sentence;                /* set with it                      */
    int started, stepped, resumed, cancelled;
};

static int freed;

static struct toy *toy_of(headcount_op *op)
{
    return (struct toy *)op;
}

static int give(struct toy *toy, int code)
{
    if (toy->sentence != NULL)
        hc_error_set(&toy->op.error, code, "%s", toy->sentence);
    return code;
}

static int toy_start(headcount_op *op)
{
    toy_of(op)->started++;
    return give(toy_of(op), toy_of(op)->start);
}

static int toy_step(headcount_op *op, int64_t now)
{
    (void)now;
    toy_of(op)->stepped++;
    return give(toy_of(op), toy_of(op)->step);
}

static void toy_resume(headcount_op *op)
{
    toy_of(op)->resumed++;
}

static void toy_cancel(headcount_op *op)
{
    toy_of(op)->cancelled++;
}

static void toy_free(headcount_op *op)
{
    (void)op;
    freed++;
}

static const struct op_class toy_class = {
    .size = sizeof(struct toy), .start = toy_start, .step = toy_step,
    .resume = toy_resume, .cancel = toy_cancel, .free = toy_free,
};

/* One that is not started yet. */
static struct toy *new_toy(int start, int step)
{
    const struct hc_op_params params = { .region = "eu-west-1" };
    headcount_op *op = hc_op_new(scene.h, &toy_class, &params);

    CHECK(op != NULL);
    toy_of(op)->start = start;
    toy_of(op)->step = step;
    return toy_of(op);
}

static struct toy *begin_toy(int start, int step)
{
    struct toy *toy = new_toy(start, step);
    headcount_op *op = NULL;

    CHECK_INT(hc_op_begin(&toy->op, &op, NULL), 0);
    CHECK(op == &toy->op && toy->started == 1);
    return toy;
}

static void run_ready(void)
{
    for (int i = 0; i < 5; i++)
        headcount_step(scene.h, NULL, 0);
}

TEST(op, an_op_may_be_done_at_once_or_by_a_step)
{
    scene_open(false, NULL);
    for (int at_once = 0; at_once < 2; at_once++) {
        struct toy *toy = begin_toy(at_once ? 1 : 0, 1);

        CHECK_INT(headcount_outcome(&toy->op) != NULL, at_once);
        hc_job_wake(&toy->op.job);
        run_ready();
        CHECK_INT(toy->stepped, !at_once);
        CHECK_INT(headcount_outcome(&toy->op)->code, 0);
        CHECK_Z(headcount_outcome(&toy->op)->message, "");
        CHECK(headcount_next(scene.h) == &toy->op);
        CHECK(headcount_next(scene.h) == NULL);
        headcount_op_free(&toy->op);
    }
    scene_close();
}

TEST(op, a_failure_has_its_own_sentence_or_the_one_of_its_code)
{
    scene_open(false, NULL);
    for (int own = 0; own < 2; own++) {
        for (int at_once = 0; at_once < 2; at_once++) {
            struct toy *toy = new_toy(at_once ? HEADCOUNT_ELIMIT : 0,
                                      HEADCOUNT_ELIMIT);
            headcount_op *op;

            toy->sentence = own && at_once ? "too much" : NULL;
            CHECK_INT(hc_op_begin(&toy->op, &op, NULL), 0);
            toy->sentence = own ? "too much" : NULL;
            hc_job_wake(&op->job);
            run_ready();
            CHECK_INT(headcount_outcome(op)->code, HEADCOUNT_ELIMIT);
            CHECK_Z(headcount_outcome(op)->message,
                    own ? "too much" : hc_error_sentence(HEADCOUNT_ELIMIT));
            headcount_op_free(op);
        }
    }
    scene_close();
}

/* headcount_next gives them in the order in which they changed. */
TEST(op, an_op_that_is_freed_is_not_given_to_anyone)
{
    for (int gone = 0; gone < 3; gone++) {
        struct toy *toys[3], *late;

        scene_open(false, NULL);
        for (int i = 0; i < 3; i++)
            toys[i] = begin_toy(1, 0);
        headcount_op_free(&toys[gone]->op);
        late = begin_toy(1, 0);
        for (int i = 0; i < 3; i++)
            if (i != gone)
                CHECK(headcount_next(scene.h) == &toys[i]->op);
        CHECK(headcount_next(scene.h) == &late->op);
        CHECK(headcount_next(scene.h) == NULL);
        scene_close();
    }
}

TEST(op, nothing_runs_in_the_owners_turn)
{
    static const struct { int step; enum headcount_state state; } turns[] = {
        { HC_OP_ASKS, HEADCOUNT_ASKS }, { HC_OP_PART, HEADCOUNT_PART },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct toy *toy = begin_toy(0, turns[i].step);

        toy->op.asking = &toy->op;
        headcount_resume(&toy->op);                /* it is not its turn */
        CHECK_INT(toy->resumed, 0);
        hc_job_wake(&toy->op.job);
        run_ready();
        CHECK_INT(headcount_op_state(&toy->op), turns[i].state);
        CHECK(headcount_next(scene.h) == &toy->op);
        hc_job_wake(&toy->op.job);
        run_ready();
        CHECK_INT(toy->stepped, 1);
        headcount_resume(&toy->op);
        CHECK_INT(toy->resumed, 1);
        CHECK_INT(headcount_op_state(&toy->op), HEADCOUNT_RUNNING);
        toy->step = 1;
        run_ready();
        CHECK_INT(toy->stepped, 2);
        CHECK_INT(headcount_op_state(&toy->op), HEADCOUNT_DONE);
        headcount_op_free(&toy->op);
    }
    scene_close();
}

/* What a part shows has to stay until its owner resumes. */
TEST(op, a_cancel_runs_all_but_a_part_that_is_shown)
{
    scene_open(false, NULL);
    for (int shown = 0; shown < 2; shown++) {
        struct toy *toy = begin_toy(0, shown ? HC_OP_PART : HC_OP_ASKS);

        toy->op.asking = &toy->op;
        hc_job_wake(&toy->op.job);
        run_ready();
        toy->step = 1;
        headcount_cancel(&toy->op);
        run_ready();
        CHECK_INT(toy->cancelled, 1);
        CHECK_INT(toy->stepped, shown ? 1 : 2);
        CHECK_INT(headcount_op_state(&toy->op),
                  shown ? HEADCOUNT_PART : HEADCOUNT_DONE);
        headcount_resume(&toy->op);
        run_ready();
        CHECK_INT(headcount_op_state(&toy->op), HEADCOUNT_DONE);
        headcount_cancel(&toy->op);                /* too late */
        CHECK_INT(toy->cancelled, 1);
        headcount_op_free(&toy->op);
    }
    scene_close();
}

/* ---- children ---- */

static struct toy *begin_child(struct toy *parent, int start, int step)
{
    const struct hc_op_params params = { .timeout = HC_SECOND };
    headcount_op *op = hc_op_new_child(&parent->op, &toy_class, &params);

    CHECK(op != NULL);
    toy_of(op)->start = start;
    toy_of(op)->step = step;
    hc_op_start(op);
    return toy_of(op);
}

TEST(op, a_child_wakes_its_parent_and_nobody_else)
{
    scene_open(false, NULL);
    struct toy *parent = begin_toy(0, 0);
    struct toy *child = begin_child(parent, 1, 0);

    CHECK_INT(headcount_op_state(&child->op), HEADCOUNT_DONE);
    CHECK(headcount_next(scene.h) == NULL);
    run_ready();
    CHECK_INT(parent->stepped, 1);
    child->op.stats.api_calls = 3;
    parent->op.stats.api_calls = 1;
    hc_op_end_child(&parent->op, &child->op);
    hc_op_end_child(&parent->op, NULL);
    CHECK_INT(parent->op.stats.api_calls, 4);
    scene_close();
}

TEST(op, a_child_has_its_parents_deadline_brake_and_timings)
{
    scene_open(false, NULL);
    struct toy *parent = begin_toy(0, 0);

    parent->op.deadline = 12345;
    struct toy *child = begin_child(parent, 0, 0);

    CHECK_INT(child->op.deadline, 12345);
    CHECK(hc_op_brake(&child->op) == &parent->op.brake);
    CHECK(hc_op_brake(&parent->op) == &parent->op.brake);
    CHECK(hc_op_call_config(&child->op).timings == &parent->op.timings);
    hc_op_end_child(&parent->op, &child->op);
    scene_close();
}

TEST(op, a_child_asks_through_its_parent)
{
    scene_open(false, NULL);
    struct toy *parent = begin_toy(0, 0);
    struct toy *child = begin_child(parent, 0, HC_OP_ASKS);

    child->op.asking = &child->op;
    hc_job_wake(&child->op.job);
    run_ready();
    CHECK_INT(headcount_op_state(&child->op), HEADCOUNT_ASKS);
    parent->op.asking = &child->op;
    parent->step = HC_OP_ASKS;
    hc_job_wake(&parent->op.job);
    run_ready();
    CHECK(headcount_next(scene.h) == &parent->op);
    int before = parent->stepped;

    child->step = parent->step = 0;
    headcount_resume(&parent->op);
    CHECK(child->resumed == 1 && parent->resumed == 0);
    CHECK_INT(headcount_op_state(&child->op), HEADCOUNT_RUNNING);
    CHECK_INT(headcount_op_state(&parent->op), HEADCOUNT_RUNNING);
    run_ready();
    CHECK_INT(child->stepped, 2);
    CHECK_INT(parent->stepped, before + 1);
    hc_op_end_child(&parent->op, &child->op);
    scene_close();
}

/* ---- time, and memory ---- */

TEST(op, a_timeout_is_a_deadline_from_the_begin_on)
{
    static const struct { int64_t timeout; bool none; } rows[] = {
        { 0, true }, { -1, true }, { 5 * HC_SECOND, false },
    };

    scene_open(false, NULL);
    for (size_t i = 0; i < 3; i++) {
        const struct hc_op_params params = { .timeout = rows[i].timeout };
        headcount_op *op = hc_op_new(scene.h, &toy_class, &params);

        CHECK(op != NULL);
        CHECK_INT(op->deadline, rows[i].none ? HC_NEVER
                                             : op->started + rows[i].timeout);
        headcount_op_free(op);
    }
    scene_close();
}

/* Its texts are copied; where memory ends it was never begun. */
static int begin_with_texts(void)
{
    char region[] = "eu-west-1", role[] = "a";
    const char *names[] = { region, role };
    const struct hc_op_params params = { .region = region,
                                         .assume_role = role };
    headcount_op *op = NULL;
    int err = scene_try(false, NULL);
    int before = freed;

    if (err == 0) {
        headcount_op *fresh = hc_op_new(scene.h, &toy_class, &params);
        const char *const *texts = NULL;
        struct headcount_error e = { .code = 0 };

        if (fresh != NULL)
            texts = hc_op_texts(fresh, names, 2);
        memset(region, 'x', sizeof region - 1);
        err = hc_op_begin(fresh, &op, &e);
        CHECK_INT(e.code, err);
        CHECK((err == 0) == (op != NULL));
        if (err < 0)
            CHECK(scene.h->ops == NULL && freed == before + (fresh != NULL));
        if (err == 0) {
            CHECK_Z(op->params.region, "eu-west-1");
            CHECK_Z(texts[0], "eu-west-1");
            CHECK_Z(texts[1], "a");
            CHECK_Z(hc_op_text(op, NULL), NULL);
            CHECK(hc_op_bytes(op, NULL, 0) == NULL);
        }
    }
    scene_close();
    return err;
}

TEST(op, memory_may_end_anywhere)
{
    t_fails_every_allocation(begin_with_texts);
}
