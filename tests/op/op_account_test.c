/* tests/op/op_account_test.c - the account of the credentials that sign, by a
 * server that is STS and ECS in one. */
#include "op/op_account.h"

#include <string.h>

#include "base/text.h"
#include "peers/scene.h"
#include "t.h"

#define OK(text) aws_answer(200, "", text)
#define OURS "123456789012"
#define IS(account) OK("<GetCallerIdentityResponse><GetCallerIdentityResult>" \
    "<Arn>a</Arn><UserId>u</UserId><Account>" account "</Account>"          \
    "</GetCallerIdentityResult></GetCallerIdentityResponse>")

static int begin_one(void)
{
    const struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .operation = "UpdateService",
        .expect_account = OURS,
    };

    return headcount_begin_call(scene.h, &scene.op, &call, &scene.error);
}

static const struct headcount_outcome *run(void)
{
    CHECK_INT(begin_one(), 0);
    scene_drive();
    return headcount_outcome(scene.op);
}

static size_t asked(const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < scene.script.requests; i++)
        n += strstr(scene.script.request[i], what) != NULL;
    return n;
}

TEST(op_account, sts_is_asked_once_for_each_key)
{
    const char *const answers[] = { IS(OURS), OK("{}"), OK("{}"), NULL };

    scene_open(false, answers);
    for (uint64_t first = 1; first <= 1; first--) {
        const struct headcount_outcome *o = run();

        CHECK_INT(o->code, 0);
        CHECK_INT(o->stats.api_calls, 1 + first);
        CHECK_INT(o->timings_n, 1 + first);
        headcount_op_free(scene.op);
    }
    CHECK_INT(scene.script.requests, 3);
    CHECK(strstr(scene.script.request[0], "\r\n\r\nAction=GetCallerIdentity"
                 "&Version=2011-06-15") != NULL);
    CHECK(strstr(scene.script.request[0], "/eu-west-1/sts/aws4_request")
          != NULL);
    CHECK(strstr(scene.script.request[1], "UpdateService") != NULL);
    scene_close();
}

/* Nothing is sent where it is another account, or where nobody says which. */
TEST(op_account, without_a_proof_nothing_is_sent)
{
    static const struct { const char *answer, *says; } rows[] = {
        { "210987654321", "AWS answers for account 210987654321, and account "
          OURS " is expected" },
        { "12345678901", "names no account" },
        { "12345678901x", "names no account" },
        { "", "names no account" },
        { NULL, "nobody says whether" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300];
        const char *answers[] = { NULL, NULL };

        hc_fmt(text, sizeof text, "<R><Account>%s</Account></R>",
               rows[i].answer != NULL ? rows[i].answer : "");
        answers[0] = rows[i].answer != NULL
                         ? OK(text)
                         : aws_answer(403, "", "<ErrorResponse><Error><Code>"
                                      "AccessDenied</Code></Error>"
                                      "</ErrorResponse>");
        scene_open(false, answers);
        const struct headcount_outcome *o = run();

        CHECK_INT(o->code, HEADCOUNT_EACCOUNT);
        if (strstr(o->message, rows[i].says) == NULL)
            fail_msg("no \"%s\" in \"%s\"", rows[i].says, o->message);
        CHECK_INT(scene.script.requests, 1);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(op_account, ops_that_begin_together_ask_once)
{
    const char *const answers[] = { IS(OURS), OK("{}"), OK("{}"), OK("{}"),
                                    NULL };
    headcount_op *ops[3];
    uint64_t calls = 0;

    scene_open(false, answers);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(begin_one(), 0);
        ops[i] = scene.op;
    }
    for (int i = 0; i < 3; i++) {
        scene.op = ops[i];
        scene_drive();
        CHECK_INT(headcount_outcome(ops[i])->code, 0);
        calls += headcount_outcome(ops[i])->stats.api_calls;
    }
    for (int i = 0; i < 3; i++)
        headcount_op_free(ops[i]);
    CHECK_INT(asked("GetCallerIdentity"), 1);
    CHECK_INT(calls, 4);
    scene_close();
}

/* It may be freed, or its answer may be of no use. */
TEST(op_account, another_op_asks_where_the_first_one_ends)
{
    for (int freed = 0; freed < 2; freed++) {
        const char *first = freed ? IS(OURS) : OK("<html>");
        const char *const answers[] = { first, IS(OURS), OK("{}"), NULL };
        headcount_op *op;

        scene_open(false, answers);
        CHECK_INT(begin_one(), 0);
        op = scene.op;
        CHECK_INT(begin_one(), 0);
        scene_until(1);
        if (freed)
            headcount_op_free(op);
        scene_drive();
        CHECK_INT(headcount_outcome(scene.op)->code, 0);
        if (!freed) {
            CHECK_INT(headcount_outcome(op)->code, HEADCOUNT_EACCOUNT);
            headcount_op_free(op);
        }
        CHECK_INT(asked("GetCallerIdentity"), 2);
        headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(op_account, nobody_signs_so_nobody_is_compared)
{
    scene_open(false, NULL);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .no_sign_request = true }), 0);
    CHECK_INT(run()->code, HEADCOUNT_EARG);
    CHECK(strstr(headcount_outcome(scene.op)->message, "config.no_sign_request")
          != NULL);
    CHECK_INT(scene.script.requests, 0);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- cut off ---- */

static void is_done_or_cancelled(void)
{
    int code = headcount_outcome(scene.op)->code;

    CHECK(code == 0 || code == HEADCOUNT_ECANCELLED);
}

TEST(op_account, a_cancel_in_any_round_ends_it)
{
    const char *const answers[] = { IS(OURS), OK("{}"), NULL };
    const struct scene_run cut = { .answers = answers, .begin = begin_one,
                                   .done = is_done_or_cancelled };

    scene_run_cut(&cut);
}

static int once(void)
{
    const char *const answers[] = { IS(OURS), OK("{\"x\":[]}"), NULL };
    const struct scene_run run_it = { .answers = answers, .begin = begin_one };

    return scene_run_once(&run_it);
}

TEST(op_account, memory_may_end_anywhere)
{
    t_fails_every_allocation(once);
}
