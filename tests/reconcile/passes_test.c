/* tests/reconcile/passes_test.c - counts that rise, then counts that fall; and
 * the limits of a run.
 */
#include "t.h"

#include "peers/ecs_script.h"

#define WEB(desired) SCRIPT_SERVICES(SCRIPT_SERVICE("web", desired, ""))

static struct hc_brake_window window;
static struct hc_brake brake;

static void set_brake(struct script *s, int64_t changes, int64_t falls)
{
    window = (struct hc_brake_window){ .last = 0 };
    brake = (struct hc_brake){ .window = &window };
    hc_brake_limit(&brake, changes, falls, false);
    s->config.brake = &brake;
}

/* Two hosts: a and c fall, b, d and e rise. */
#define FIVE SCRIPT_SERVICES(                                               \
    SCRIPT_SERVICE("a", 4, "") "," SCRIPT_SERVICE("b", 1, "") ","           \
    SCRIPT_SERVICE("c", 3, "") "," SCRIPT_SERVICE("d", 1, "") ","           \
    SCRIPT_SERVICE("e", 1, ""))

TEST(passes, what_falls_is_written_after_all_that_rises)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 3, "") "," SCRIPT_SERVICE("b", 1, "") ","
              SCRIPT_SERVICE("c", 4, "") "," SCRIPT_SERVICE("d", 2, "") ","
              SCRIPT_SERVICE("e", 0, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"b\",\"desiredCount\":2}",
          .rises = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"e\",\"desiredCount\":2}",
          .rises = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"a\",\"desiredCount\":2}",
          .yields = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"c\",\"desiredCount\":2}",
          .yields = true },
    };

    script_wishes(SCRIPT_ROWS(rows), "a b c d e");
    CHECK_INT(script_run(), 1);
    for (size_t i = 0; i < 5; i++)
        script_gave(i, i == 3 ? HEADCOUNT_UNCHANGED : HEADCOUNT_UPDATED, "");
    script_end();
}

/* Each rise waits for its turn: what was read before them gets old. */
TEST(passes, no_drop_is_written_on_what_was_read_a_minute_ago)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 3, "") "," SCRIPT_SERVICE("b", 1, "") ","
              SCRIPT_SERVICE("c", 1, "") "," SCRIPT_SERVICE("d", 3, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true,
          .takes = 30 * HC_SECOND },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true,
          .takes = 20 * HC_SECOND },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true,
          .takes = 10 * HC_SECOND, .aged = 50 * HC_SECOND },
    };

    script_wishes(SCRIPT_ROWS(rows), "a b c d");
    script_gives(3, HEADCOUNT_FAILED, "deadline");
    for (size_t i = 0; i < 3; i++)
        script_gave(i, HEADCOUNT_UPDATED, "");
    script_end();
}

/* Each list has an age of its own, and so has the number of the cluster; the
 * services of the second call are younger than both. */
TEST(passes, a_drop_is_as_old_as_the_hosts_that_it_follows_from)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .takes = 50 * HC_SECOND,
          .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 2, "") "," SCRIPT_SERVICE("b", 2, "") ","
              SCRIPT_SERVICE("c", 2, "") "," SCRIPT_SERVICE("d", 2, "") ","
              SCRIPT_SERVICE("e", 2, "") "," SCRIPT_SERVICE("f", 2, "") ","
              SCRIPT_SERVICE("g", 2, "") "," SCRIPT_SERVICE("h", 2, "") ","
              SCRIPT_SERVICE("i", 2, "") "," SCRIPT_SERVICE("j", 2, "")) },
        { .operation = "DescribeClusters", .takes = 5 * HC_SECOND, .answer =
          "{\"clusters\":[{\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":"
          "\"ACTIVE\",\"registeredContainerInstancesCount\":2}],"
          "\"failures\":[]}" },
        { .operation = HOSTS, .answer = TWO_HOSTS, .takes = 7 * HC_SECOND },
        { .operation = SERVICES, .takes = 11 * HC_SECOND,
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("k", 3, "") ","
                                    SCRIPT_SERVICE("l", 3, "")) },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true,
          .takes = 4 * HC_SECOND, .aged = 18 * HC_SECOND },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true,
          .aged = 15 * HC_SECOND },
    };

    script_wishes(SCRIPT_ROWS(rows), "a b c d e f g h i j k l");
    script_wish(0)->by = script_wish(10)->by = HEADCOUNT_REGISTERED;
    script_gives(10, HEADCOUNT_UPDATED, "");
    script_gave(11, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(passes, beyond_the_limit_of_the_run_writes_are_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = FIVE },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true },
    };

    set_brake(script_wishes(SCRIPT_ROWS(rows), "a b c d e"), 4, 0);
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_gave(2, HEADCOUNT_HELD, "too_many_changes");
    CHECK_Z(script_service(2)->reason, "1 task on each of 2 active hosts; "
            "held: 4 services were written in this run, which is "
            "request.max_changes");
    CHECK_Z(script_service(2)->switch_text, "request.allow too_many_changes");
    CHECK_INT(script_service(2)->wanted, 2);
    script_end();
}

/* Two tasks of a and one of c are taken away. */
TEST(passes, tasks_that_are_taken_away_are_counted_to_the_last)
{
    for (int64_t limit = 2; limit <= 3; limit++) {
        static const struct script_row rows[] = {
            { .operation = SERVICES, .answer = FIVE },
            { .operation = HOSTS, .answer = TWO_HOSTS },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN, .rises = true },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true },
        };

        set_brake(script_wishes(rows, limit == 2 ? 6 : 7, "a b c d e"), 0,
                  limit);
        script_gives(0, HEADCOUNT_UPDATED, "");
        script_gave(2, limit == 2 ? HEADCOUNT_HELD : HEADCOUNT_UPDATED,
                    limit == 2 ? "too_many_changes" : "");
        script_end();
    }
}

/* The count that its tags had before they were mistyped stays. */
TEST(passes, a_service_whose_tags_hold_no_rule_is_held_as_it_is)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 7, "") "," SCRIPT_SERVICE("b", 1, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    script_wishes(SCRIPT_ROWS(rows), "a b");
    script_wish(0)->broken = HC_STR("headcount:rule is \"per-hots\"");
    script_gives(0, HEADCOUNT_HELD, "bad_tags");
    CHECK_Z(script_service(0)->reason, "headcount:rule is \"per-hots\"");
    CHECK_INT(script_service(0)->desired_before, 7);
    CHECK_INT(script_service(0)->wanted, HEADCOUNT_UNKNOWN);
    script_gave(1, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A dry run holds what the run would hold, and falls come last in it too. */
TEST(passes, a_dry_run_holds_what_the_run_would_hold)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = FIVE },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "a b c d e");

    set_brake(s, 4, 0);
    s->config.dry_run = true;
    script_gives(0, HEADCOUNT_PENDING, "");
    script_gave(1, HEADCOUNT_PENDING, "");
    script_gave(2, HEADCOUNT_HELD, "too_many_changes");
    script_gave(4, HEADCOUNT_PENDING, "");
    script_end();

    s = script_wishes(SCRIPT_ROWS(rows), "a b c d e");
    set_brake(s, 0, 1);
    s->config.dry_run = true;
    script_gives(0, HEADCOUNT_HELD,
                 "too_many_changes");                   /* 2 of 1             */
    script_gave(2, HEADCOUNT_HELD, "too_many_changes"); /* so is the 1 behind */
    script_gave(3, HEADCOUNT_PENDING, "");
    script_end();
    CHECK_INT(window.open_changes, 0);
}

TEST(passes, who_lifts_the_limit_of_a_run_writes_all)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    set_brake(script_wishes(SCRIPT_ROWS(rows), "a b"), 1, 0);
    script_wish(0)->allow = script_wish(1)->allow = ALLOW_TOO_MANY;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_gave(1, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(passes, only_a_write_that_surely_failed_gives_its_place_back)
{
    static const struct { struct script_row row; bool given_back;
    } ends[] = {
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "AccessDeniedException",
            .sent = true },
          true },
        { { .fail = HEADCOUNT_ECONNECT }, true },
        { { .fail = HEADCOUNT_EREGION, .refuse = true }, true },
        { { .fail = HEADCOUNT_EDEADLINE }, true },
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ServerException",
            .status = 500,
            .sent = true },
          false },
        { { .fail = HEADCOUNT_ESERVICE, .status = 403, .sent = true }, false },
        { { .fail = HEADCOUNT_ECLOSED, .sent = true }, false },
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ThrottlingException",
            .sent = true,
            .outcome_unknown = true },
          false },
        { { .answer = "{" }, false },
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct script_row rows[] = {
            { .operation = SERVICES, .answer = SCRIPT_SERVICES(
                  SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "")) },
            { .operation = HOSTS, .answer = TWO_HOSTS },
            ends[i].row, { .operation = UPDATE, .answer = SCRIPT_TAKEN },
        };

        rows[2].operation = UPDATE;
        set_brake(script_wishes(rows, ends[i].given_back ? 4 : 3, "a b"), 1, 0);
        CHECK_INT(script_run(), 1);
        CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
        script_gave(1, ends[i].given_back ? HEADCOUNT_UPDATED : HEADCOUNT_HELD,
                    ends[i].given_back ? "" : "too_many_changes");
        script_end();
        CHECK_INT(window.open_changes, 0);
        CHECK_INT(brake.changes, 1);
    }
}

/* As if it were ended between a write and its answer. */
TEST(passes, a_write_that_was_left_counts_for_ten_minutes)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(2) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");
    char why[HC_BRAKE_WHY];

    set_brake(s, 1, 0);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    s->r.run.write = (struct hc_brake_write){ .fall = 0 };
    s->r.run.placed = hc_brake_take(&brake, &s->r.run.write, s->now, why);
    script_end();
    CHECK_INT(window.open_changes, 0);
    CHECK_INT(window.slices[window.last].changes, 1);
}

/* The clusters before this one take their places first, and are not waited for
 * without an end. */
TEST(passes, a_cluster_waits_for_its_turn_in_the_limits)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");
    int64_t began = s->now;

    set_brake(s, 1, 0);
    s->config.brake_at = 1;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now - began, HC_RECONCILE_TURN);
    script_end();

    s = script_wishes(SCRIPT_ROWS(rows), "web");
    set_brake(s, 1, 0);
    s->config.brake_at = brake.turn = 1;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now, began);
    script_end();

    s = script_wishes(SCRIPT_ROWS(rows), "web");
    set_brake(s, 0, 0);                      /* no limit, no wait */
    s->config.brake_at = 1;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now, began);
    script_end();
}

TEST(passes, a_turn_is_not_awaited_beyond_the_deadline)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    set_brake(s, 1, 0);
    s->config.brake_at = 1;
    s->config.call.deadline = s->now + HC_SECOND;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(s->now, s->config.call.deadline);
    script_end();
    CHECK_INT(brake.changes, 0);
}
