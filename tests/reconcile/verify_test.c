/* tests/reconcile/verify_test.c - the look after a write: which calls it makes,
 * and that the run goes on until the hosts call for what was written. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define LIST "ListContainerInstances"
#define A SCRIPT_HOST("a")
#define AB A "," SCRIPT_HOST("b")
#define ABC AB "," SCRIPT_HOST("c")
#define ABCD ABC "," SCRIPT_HOST("d")
#define READ(desired) { .operation = SERVICES, .answer = SCRIPT_SERVICES(      \
    SCRIPT_SERVICE("web", desired, "")) }
#define LISTS(hosts) { .operation = LIST, .answer = SCRIPT_HOSTS(hosts),      \
    .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)) }
#define WRITES(n) { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body =      \
    "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\"," \
    "\"desiredCount\":" #n "}" }
#define FALLS(n) { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body =       \
    "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\"," \
    "\"desiredCount\":" #n "}", .yields = true }

static struct hc_wish wishes[2];

static struct script *set(const struct script_row *rows, size_t n)
{
    struct script *s = script_set(rows, n);

    wishes[0] = (struct hc_wish){ .service = HC_STR("web") };
    wishes[1] = (struct hc_wish){ .service = HC_STR("log") };
    s->config.wishes = wishes;
    s->config.wishes_n = 1;
    s->config.verify = true;
    return s;
}

static void run(enum headcount_result outcome, const char *code,
                const char *says)
{
    const struct headcount_service *got;

    CHECK_INT(script_run(), 1);
    got = script_service(0);
    CHECK_Z(hc_result_name(got->outcome), hc_result_name(outcome));
    CHECK_Z(got->code, code);
    if (strstr(got->reason, says) == NULL)
        print_error("%s\n", got->reason);
    CHECK(strstr(got->reason, says) != NULL);
    script_end();
}

TEST(verify, a_write_is_four_calls_with_it_and_three_without)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(AB)
    };
    struct script *s = set(SCRIPT_ROWS(rows));

    run(HEADCOUNT_UPDATED, "", "listed after the write agree");
    s = set(rows, 3);
    s->config.verify = false;
    run(HEADCOUNT_UPDATED, "", "2 active hosts");
}

TEST(verify, nothing_written_is_nothing_to_look_at)
{
    static const struct script_row rows[] = { READ(2), LISTS(AB) };
    struct script *s = set(SCRIPT_ROWS(rows));

    run(HEADCOUNT_UNCHANGED, "", "");
    s = set(rows, 2);
    s->config.dry_run = true;
    run(HEADCOUNT_UNCHANGED, "", "");
}

TEST(verify, another_count_is_written_and_looked_at_again)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(ABC), WRITES(3), LISTS(ABC)
    };
    static const struct script_row back[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(A), FALLS(1), LISTS(A)
    };
    const struct script *s = set(SCRIPT_ROWS(rows));

    CHECK_INT(script_run(), 1);
    CHECK_INT(script_service(0)->desired_before, 1);
    CHECK_INT(script_service(0)->wanted, 3);
    CHECK_INT(s->r.run.result.services[0].outcome, HEADCOUNT_UPDATED);
    CHECK(strstr(script_service(0)->reason, "this run wrote") == NULL);
    script_end();
    set(SCRIPT_ROWS(back));
    run(HEADCOUNT_UPDATED, "", "1 active host");
}

/* The sum says nothing of that write: the row does. */
TEST(verify, what_is_held_after_a_write_says_what_was_written)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS("")
    };

    set(SCRIPT_ROWS(rows));
    run(HEADCOUNT_HELD, "zero",
        "this run wrote 2; the look after it: there are "
        "no active hosts");
}

/* Hosts that never stand still are not called settled. */
TEST(verify, three_looks_that_differ_are_a_failure)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(ABC), WRITES(3), LISTS(AB),
        FALLS(2), LISTS(ABC), WRITES(3)
    };

    set(SCRIPT_ROWS(rows));
    run(HEADCOUNT_FAILED, "unsettled", "3 was written, but the hosts changed");
}

TEST(verify, a_failure_before_a_write_speaks_of_none)
{
    static const struct script_row rows[] = {
        READ(1), { .operation = LIST, .fail = HEADCOUNT_ETIMEDOUT }
    };

    set(SCRIPT_ROWS(rows));
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "ETIMEDOUT");
    CHECK(strstr(script_service(0)->reason, "it was written") == NULL);
    script_end();
}

TEST(verify, a_look_that_fails_is_no_agreement)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), { .operation = LIST,
                                         .fail = HEADCOUNT_ETIMEDOUT }
    };

    set(SCRIPT_ROWS(rows));
    run(HEADCOUNT_FAILED, "ETIMEDOUT", "it was written, but the look after the "
        "write failed");
}

TEST(verify, the_deadline_ends_it_without_agreement)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), { .operation = UPDATE, .answer = SCRIPT_TAKEN,
                              .takes = 9 * HC_SECOND }
    };
    struct script *s = set(SCRIPT_ROWS(rows));

    s->config.call.deadline = s->now + 5 * HC_SECOND;
    run(HEADCOUNT_FAILED, "deadline", "the deadline passed");
}

/* Only who was written is looked at; the list is one. */
TEST(verify, others_stay_as_they_are)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, "") "," SCRIPT_SERVICE("log", 2, "")) },
        LISTS(AB), WRITES(2), LISTS(ABC), WRITES(3), LISTS(ABC)
    };
    struct script *s = set(SCRIPT_ROWS(rows));

    s->config.wishes_n = 2;
    CHECK_INT(script_run(), 1);
    CHECK_INT(script_service(0)->wanted, 3);
    CHECK_INT(script_service(1)->outcome, HEADCOUNT_UNCHANGED);
    CHECK_INT(script_service(1)->wanted, 2);
    script_end();
}

/* A second write that is a big step has its own second reading. */
TEST(verify, holds_hold_in_a_look_too)
{
    static const struct script_row rows[] = {
        READ(5), LISTS(ABCD), FALLS(4), LISTS(A),
        { .operation = "DescribeClusters", .answer = "{\"clusters\":[{"
          "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
          "\"registeredContainerInstancesCount\":4}]}" },
        LISTS(A), { .operation = LIST, .answer = SCRIPT_HOSTS("") },
        { .operation = LIST, .answer = SCRIPT_HOSTS("") }
    };

    set(SCRIPT_ROWS(rows));
    run(HEADCOUNT_HELD, "step_down", "a second reading differs");
}

/* It changes no further service, so the limit of the run lets it pass. */
TEST(verify, a_correction_is_no_further_change)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(ABC), WRITES(3), LISTS(ABC)
    };
    struct script *s = set(SCRIPT_ROWS(rows));
    struct hc_brake_window window = { .last = 0 };
    struct hc_brake brake = { .window = &window };

    hc_brake_limit(&brake, 1, 0, false);
    s->config.brake = &brake;
    run(HEADCOUNT_UPDATED, "", "3 active hosts");
}

/* Tasks that the run itself added are no loss, and those that it took away
 * count once. */
TEST(verify, a_correction_takes_away_what_was_there_before_the_run)
{
    static const struct {
        struct script_row rows[6];
        int64_t falls;
        bool written;
    } cases[] = {
        { { READ(2), LISTS(ABCD), WRITES(4), LISTS(ABC), FALLS(3), LISTS(ABC) },
          1, true },                                   /* 2, 4, 3: none      */
        { { READ(4), LISTS(ABC), FALLS(3), LISTS(AB), FALLS(2), LISTS(AB) },
          2, true },                                   /* 4, 3, 2: two       */
        { { READ(4), LISTS(ABC), FALLS(3), LISTS(AB), FALLS(2), LISTS(AB) },
          1, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct script *s = set(cases[i].rows, cases[i].written ? 6 : 4);
        struct hc_brake_window window = { .last = 0 };
        struct hc_brake brake = { .window = &window };

        hc_brake_limit(&brake, 0, cases[i].falls, false);
        s->config.brake = &brake;
        run(cases[i].written ? HEADCOUNT_UPDATED : HEADCOUNT_HELD,
            cases[i].written ? "" : "too_many_changes", "");
    }
}

TEST(verify, a_plain_number_follows_from_no_host)
{
    static const struct script_row rows[] = { READ(1), WRITES(2) };

    set(SCRIPT_ROWS(rows));
    wishes[0].rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    run(HEADCOUNT_UPDATED, "", "a fixed count of 2");
}

/* ---- policies ---- */

static int turns;
static bool refuses, forgets;

/* Wishes as many tasks as it counts hosts. */
static void counts(struct hc_reconcile *r)
{
    static struct hc_wish given[4];      /* they stay until the end */
    struct hc_wish *wish = &given[turns++ % 4];
    struct hc_query q = { .kind = QUERY_COUNT };
    struct headcount_error e = { .code = 0 };
    struct hc_known known;

    if (refuses && r->run.verify.round > 0) {
        hc_reconcile_refuse(r, "EPOLICY", "no more");
        return;
    }
    if (hc_policy_fact(&r->run, &q, &known, &e) != 1) {
        hc_reconcile_resume(r, NULL, 0);
        return;
    }
    *wish = (struct hc_wish){ .service = HC_STR("web") };
    wish->rule =
        (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = known.count };
    if (forgets && r->run.verify.round > 1) {
        wish->rule.tasks = 9;
        hc_reconcile_resume(r, wish, 0);
        return;
    }
    hc_reconcile_resume(r, wish, 1);
}

#define COUNTS(hosts) { .operation = LIST, .answer = SCRIPT_HOSTS(hosts) }

static void ask(const struct script_row *rows, size_t n)
{
    struct script *s = set(rows, n);

    s->config.asks = true;
    s->policy = counts;
    turns = 0;
    refuses = forgets = false;
}

TEST(verify, a_policy_is_run_again_on_the_hosts_after_the_write)
{
    static const struct script_row same[] = {
        COUNTS(AB), READ(1), WRITES(2), COUNTS(AB)
    };
    static const struct script_row more[] = {
        COUNTS(AB), READ(1), WRITES(2), COUNTS(ABC), WRITES(3), COUNTS(ABC)
    };

    ask(SCRIPT_ROWS(same));
    run(HEADCOUNT_UPDATED, "", "after the write agree");
    CHECK_INT(turns, 4);
    ask(SCRIPT_ROWS(more));
    run(HEADCOUNT_UPDATED, "", "a fixed count of 3");
    CHECK_INT(turns, 6);
}

TEST(verify, a_policy_without_an_answer_is_no_agreement)
{
    static const struct script_row rows[] = {
        COUNTS(AB), READ(1), WRITES(2), COUNTS(AB)
    };

    ask(rows, 3);
    refuses = true;
    run(HEADCOUNT_FAILED, "EPOLICY", "it was written, but");
}

/* Wishes of the look before are none of this look. */
TEST(verify, a_policy_that_wishes_no_more_leaves_what_was_written)
{
    static const struct script_row rows[] = {
        COUNTS(AB), READ(1), WRITES(2), COUNTS(ABC), WRITES(3), COUNTS(ABC)
    };

    ask(SCRIPT_ROWS(rows));
    forgets = true;
    run(HEADCOUNT_UPDATED, "", "a fixed count of 3");
    CHECK_INT(turns, 6);
}

/* ---- memory ---- */

static int looks_twice(void)
{
    static const struct script_row rows[] = {
        READ(1), LISTS(AB), WRITES(2), LISTS(ABC), WRITES(3), LISTS(ABC)
    };
    struct script *s = set(SCRIPT_ROWS(rows));
    int got = script_run();

    if (got == 1 && script_service(0)->outcome != HEADCOUNT_UPDATED) {
        s->done = false;                     /* rows are left */
        got = HEADCOUNT_ENOMEM;
    }
    script_end();
    return got == 1 ? 0 : got;
}

TEST(verify, memory_may_end_anywhere)
{
    t_fails_every_allocation(looks_twice);
}
