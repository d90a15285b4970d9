/* tests/cli/watch/work_test.c - which reconciles and sweeps begin, by which
 * rules, and what their ends mean for the messages that asked for them.  The
 * library's ops, the policy and the metrics are played; the inbox is the real
 * one, and the test says what time it is. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ops.h"
#include "missing_services.h"
#include "render.h"
#include "watch/watch.h"

/* ---- the neighbours ---- */

static struct {
    size_t opened, closed;               /* rules that were read, and freed  */
    int bad;                             /* the exit code of the next read   */
    const struct policy_option *asked;   /* by the last op that ASKS         */
    enum metrics_reconcile came;
    char foreign[80];
    int64_t forgot;                      /* 0: nothing                       */
} seen;

int request_options_open(struct request_options *t, const struct options *o,
                         struct headcount_reconcile *request)
{
    (void)o, (void)request;
    memset(t, 0, sizeof *t);
    seen.opened += seen.bad == 0;
    return seen.bad;
}

void request_options_close(struct request_options *t)
{
    (void)t;
    seen.closed += seen.bad == 0;
}

void policy_option_op(struct policy_option *d, headcount_op *op)
{
    seen.asked = d;
    headcount_resume(op);
}

void metrics_reconciled(struct metrics *m, enum metrics_reconcile how,
                        const struct headcount_outcome *o)
{
    (void)m, (void)o;
    seen.came = how;
}

void metrics_foreign(struct metrics *m, const char *place)
{
    (void)m;
    snprintf(seen.foreign, sizeof seen.foreign, "%s", place);
}

void metrics_forget(struct metrics *m, int64_t before)
{
    (void)m;
    seen.forgot = before;
}

void missing_services_complain(const struct missing_services *m,
                               const struct headcount_outcome *o)
{
    (void)m, (void)o;
}

const char *render_said_of(const struct headcount_cluster *cluster,
                           const struct headcount_service *service)
{
    (void)cluster, (void)service;
    return NULL;
}

const char *options_said(const struct options *o, const char *option,
                         char name[static OPTIONS_NAME])
{
    (void)o, (void)option;
    return name;
}

/* ---- the scene ---- */

#define EVERY (600 * HC_SECOND)

struct scene {
    struct options options;
    struct metrics metrics;
    struct inbox *inbox;
    struct work work;
    int64_t now;
};

/* `every`: 0 if no sweep is configured. */
static void open_scene(struct scene *s, int64_t every)
{
    const struct inbox_config config = {
        .visibility = 60 * HC_SECOND, .at_once = 100, .messages_max = 1000,
        .bytes_max = 1 << 20, .claims_max = 1000,
    };

    fake_ops_reset();
    memset(&seen, 0, sizeof seen);
    memset(s, 0, sizeof *s);
    s->now = 1000 * HC_SECOND;
    s->options.every_us = every;
    s->options.all = every > 0;
    s->inbox = inbox_new(&config);
    CHECK(s->inbox != NULL);
}

static void begin_work(struct scene *s)
{
    CHECK_INT(work_open(&s->work, &s->options, s->now), 0);
    s->work.inbox = s->inbox;
    s->work.metrics = &s->metrics;
    fake_ops_told();
}

static void close_scene(struct scene *s)
{
    work_close(&s->work);
    CHECK_INT(seen.closed, seen.opened);
    for (size_t i = 0; i < fake_ops.n; i++)
        CHECK(fake_ops.ops[i].freed);
    inbox_free(s->inbox);
}

static void turn(struct scene *s)
{
    work_turn(&s->work, s->now);
}

/* A message about "REGION/ACCOUNT/NAME"; a NULL key is the sweep. */
static void put_key(struct scene *s, const char *id, const char *key,
                    const char *name)
{
    const struct inbox_want want = { key, name };
    const struct inbox_given given = { .id = id, .receipt = id, .body = id,
                                       .body_n = strlen(id), .wants = &want,
                                       .wants_n = 1 };

    CHECK_INT(inbox_put(s->inbox, &given, s->now), INBOX_TAKEN);
}

static void put(struct scene *s, const char *id)
{
    put_key(s, id, id, id);
}

static void end_op(struct scene *s, headcount_op *op,
                   const struct headcount_outcome *outcome)
{
    fake_ops_end(op, outcome);
    CHECK(work_took(&s->work, op, s->now));
    CHECK(op->freed);
}

static headcount_op *sweep(struct scene *s)
{
    CHECK(s->work.sweep.op != NULL);
    return s->work.sweep.op;
}

enum fate { DELETED, COMES_BACK, SHELVED, HELD };

/* Of the one message of the inbox. */
static enum fate fate(const struct scene *s)
{
    struct inbox_item item;
    struct inbox_counts counts;

    if (inbox_take_done(s->inbox, &item, 1, INT64_MAX) == 1)
        return DELETED;
    if (inbox_take_shelved(s->inbox, &item, 1) == 1)
        return SHELVED;
    inbox_count(s->inbox, &counts);
    return counts.messages > 0 ? HELD : COMES_BACK;
}

static const struct headcount_cluster one_cluster = { .name = "a" };

/* ---- one cluster ---- */

TEST(work, a_cluster_is_reconciled_by_the_message_that_is_newest)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    put_key(&s, "old", "eu-west-1/123456789012/prod", "prod");
    put_key(&s, "new", "eu-west-1/123456789012/prod", "prod");
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_RECONCILE), 1);
    CHECK_Z(fake_ops_reconcile("prod")->body, "new");
    CHECK(fake_ops_reconcile("prod")->drop_duplicates);
    CHECK_Z(fake_ops_reconcile("prod")->region, "");
    CHECK_Z(fake_ops_reconcile("prod")->role, "");
    close_scene(&s);
}

TEST(work, clusters_are_reconciled_side_by_side_as_far_as_jobs_go)
{
    struct scene s;
    char id[16];

    open_scene(&s, 0);
    begin_work(&s);
    for (int i = 0; i < WATCH_AT_ONCE + 1; i++) {
        snprintf(id, sizeof id, "c%d", i);
        put(&s, id);
    }
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_RECONCILE), WATCH_AT_ONCE);
    end_op(&s, fake_ops_reconcile("c0"),
           &(struct headcount_outcome){ .clusters_n = 1,
                                        .clusters = &one_cluster });
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_RECONCILE), WATCH_AT_ONCE);
    CHECK_Z(fake_ops_reconcile("c64")->cluster, "c64");
    close_scene(&s);
}

static void goes_to(const char *key, const char *region, const char *role)
{
    struct scene s;

    open_scene(&s, 0);
    s.options.regions = (struct options_list){ { "eu-west-1", "us-east-1" },
                                               2 };
    s.options.roles = (const char *[]){ "arn:aws:iam::111111111111:role/a",
                                        "arn:aws:iam::222222222222:role/b" };
    s.options.roles_n = 2;
    begin_work(&s);
    put_key(&s, "1", key, "prod");
    turn(&s);
    CHECK_Z(fake_ops_reconcile("prod")->region, region);
    CHECK_Z(fake_ops_reconcile("prod")->role, role);
    close_scene(&s);
}

TEST(work, of_several_regions_and_roles_it_takes_those_of_the_cluster)
{
    goes_to("eu-west-1/111111111111/prod", "eu-west-1",
            "arn:aws:iam::111111111111:role/a");
    goes_to("us-east-1/222222222222/prod", "us-east-1",
            "arn:aws:iam::222222222222:role/b");
    /* Of none of them: the first region, where it is foreign. */
    goes_to("us-east-2/333333333333/prod", "eu-west-1", "");
    goes_to("us-east-11/11111111111/prod", "eu-west-1", "");
    goes_to("//prod", "eu-west-1", "");
}

TEST(work, a_single_role_is_assumed_for_every_cluster)
{
    struct scene s;

    open_scene(&s, 0);
    s.options.roles = (const char *[]){ "arn:aws:iam::111111111111:role/a" };
    s.options.roles_n = 1;
    begin_work(&s);
    put_key(&s, "1", "eu-west-1/222222222222/prod", "prod");
    turn(&s);
    CHECK_Z(fake_ops_reconcile("prod")->role,
            "arn:aws:iam::111111111111:role/a");
    close_scene(&s);
}

/* One message's reconcile ends so. */
static enum fate after(const struct headcount_outcome *outcome, bool drops,
                       enum metrics_reconcile counted)
{
    struct scene s;

    open_scene(&s, 0);
    s.options.drop_foreign = drops;
    begin_work(&s);
    put_key(&s, "1", "eu-west-1/123456789012/prod", "prod");
    turn(&s);
    CHECK_INT(fate(&s), HELD);
    end_op(&s, fake_ops_reconcile("prod"), outcome);
    CHECK_INT(seen.came, counted);
    CHECK(work_is_idle(&s.work));
    enum fate is = fate(&s);

    close_scene(&s);
    return is;
}

TEST(work, a_message_is_deleted_behind_a_reconcile_that_went_well)
{
    const struct headcount_outcome well = { .clusters = &one_cluster,
                                            .clusters_n = 1 };

    CHECK_INT(after(&well, false, METRICS_OK), DELETED);
}

TEST(work, a_message_whose_reconcile_failed_comes_back)
{
    const struct headcount_outcome code = { .code = HEADCOUNT_ETIMEDOUT };
    const struct headcount_outcome service = {
        .clusters = &one_cluster, .clusters_n = 1,
        .summary[HEADCOUNT_FAILED] = 1,
    };

    CHECK_INT(after(&code, false, METRICS_FAILED), COMES_BACK);
    CHECK_INT(after(&service, false, METRICS_FAILED), COMES_BACK);
}

TEST(work, a_duplicate_and_an_event_that_changes_nothing_are_deleted)
{
    const struct headcount_outcome duplicate = { .skipped_event =
                                                     "duplicate" };
    const struct headcount_outcome skipped = { .skipped_event = "state" };
    const struct headcount_outcome nothing = { .clusters_n = 0 };

    CHECK_INT(after(&duplicate, false, METRICS_DUPLICATE), DELETED);
    CHECK_INT(after(&skipped, false, METRICS_SKIPPED), DELETED);
    CHECK_INT(after(&nothing, false, METRICS_DUPLICATE), DELETED);
}

TEST(work, a_message_of_others_is_shelved_unless_it_is_to_be_dropped)
{
    const struct headcount_outcome foreign = { .skipped_event = "region",
                                               .foreign = 1 };

    CHECK_INT(after(&foreign, false, METRICS_SKIPPED), SHELVED);
    CHECK_Z(seen.foreign, "eu-west-1/123456789012/prod");
    CHECK_INT(after(&foreign, true, METRICS_SKIPPED), DELETED);
    CHECK_Z(seen.foreign, "eu-west-1/123456789012/prod");
}

TEST(work, a_duplicate_settles_no_older_message)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    put_key(&s, "old", "//a", "a");
    put_key(&s, "new", "//a", "a");
    turn(&s);
    end_op(&s, fake_ops_reconcile("a"),
           &(struct headcount_outcome){ .skipped_event = "duplicate" });
    turn(&s);
    CHECK_Z(fake_ops_reconcile("a")->body, "old");
    close_scene(&s);
}

TEST(work, a_message_whose_reconcile_cannot_begin_comes_back)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    put(&s, "a");
    fake_ops.refuses = true;
    turn(&s);
    CHECK_Z(fake_ops_told(), "cluster a: the library refuses\n");
    CHECK(work_is_idle(&s.work));
    CHECK_INT(fate(&s), COMES_BACK);
    close_scene(&s);
}

TEST(work, failures_of_clusters_and_services_are_told)
{
    const struct headcount_service services[] = {
        { .service = "web", .outcome = HEADCOUNT_FAILED, .reason = "why" },
        { .service = "db", .outcome = HEADCOUNT_HELD, .reason = "held" },
    };
    const struct headcount_cluster clusters[] = {
        { .name = "a", .services = services, .services_n = 2 },
        { .name = "b", .error = "not found", .services = services,
          .services_n = 2 },
    };
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    put(&s, "a");
    turn(&s);
    end_op(&s, fake_ops_reconcile("a"),
           &(struct headcount_outcome){ .clusters = clusters, .clusters_n = 2,
                                        .summary[HEADCOUNT_FAILED] = 2 });
    CHECK_Z(fake_ops_told(), "service web of cluster a: why\n"
                             "cluster b: not found\n");
    close_scene(&s);
}

/* ---- rules ---- */

static void ask(struct scene *s, headcount_op *op)
{
    seen.asked = NULL;
    op->state = HEADCOUNT_ASKS;
    CHECK(work_took(&s->work, op, s->now));
    CHECK_INT(op->state, HEADCOUNT_RUNNING);
}

TEST(work, an_op_keeps_the_rules_that_it_began_with)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    put(&s, "a");
    turn(&s);
    headcount_op *old = fake_ops_reconcile("a");

    ask(&s, old);
    const struct policy_option *first = seen.asked;

    CHECK(work_reload(&s.work));
    put(&s, "b");
    turn(&s);
    ask(&s, fake_ops_reconcile("b"));
    CHECK(seen.asked != first);
    ask(&s, old);
    CHECK(seen.asked == first);
    CHECK_INT(seen.closed, 0);
    end_op(&s, old, &(struct headcount_outcome){ .clusters_n = 0 });
    CHECK_INT(seen.opened, 2);
    CHECK_INT(seen.closed, 1);       /* no op goes by them any more */
    close_scene(&s);
}

TEST(work, a_bad_policy_changes_nothing)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    const struct work_rules *before = s.work.rules;

    seen.bad = EXIT_CONFIG;
    CHECK(!work_reload(&s.work));
    seen.bad = 0;
    CHECK(s.work.rules == before);
    CHECK_INT(seen.closed, 0);
    close_scene(&s);
}

TEST(work, a_policy_out_of_a_pipe_is_not_read_again)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    s.options.policy = "-";
    CHECK(!work_reload(&s.work));
    s.options.policy = "/dev/null";  /* no regular file */
    CHECK(!work_reload(&s.work));
    CHECK_INT(seen.opened, 1);
    s.options.policy = "tests/t.h";
    CHECK(work_reload(&s.work));
    s.options.policy = NULL;
    s.options.autoscaler = "-";
    CHECK(!work_reload(&s.work));
    CHECK_INT(seen.opened, 2);
    close_scene(&s);
}

TEST(work, a_policy_in_tags_is_read_again_whatever_the_path)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    s.options.policy = "/dev/null";
    s.work.rules->target.decide.tags = true;
    CHECK(work_reload(&s.work));
    close_scene(&s);
}

TEST(work, rules_that_cannot_be_read_end_the_opening)
{
    struct scene s;

    open_scene(&s, EVERY);
    seen.bad = EXIT_CONFIG;
    CHECK_INT(work_open(&s.work, &s.options, s.now), EXIT_CONFIG);
    CHECK_Z(fake_ops_told(), "");
    close_scene(&s);
}

/* ---- sweeps ---- */

TEST(work, the_first_sweep_begins_within_half_a_minute)
{
    struct scene s;

    open_scene(&s, EVERY);
    for (int i = 0; i < 20; i++) {
        begin_work(&s);
        CHECK(work_due(&s.work) >= s.now);
        CHECK(work_due(&s.work) <= s.now + 30 * HC_SECOND);
        work_close(&s.work);
    }
    s.options.every_us = HC_SECOND;
    begin_work(&s);
    CHECK(work_due(&s.work) <= s.now + HC_SECOND);
    close_scene(&s);
}

/* It is time for the first one. */
static void begin_sweep(struct scene *s)
{
    begin_work(s);
    s->now += 30 * HC_SECOND;
    turn(s);
    CHECK_INT(fake_ops_live(FAKE_SWEEP), 1);
}

TEST(work, one_sweep_runs_and_the_next_is_due_by_the_begin_of_this)
{
    struct scene s;

    open_scene(&s, EVERY);
    begin_sweep(&s);
    int64_t began = s.now;

    CHECK(!sweep(&s)->drop_duplicates);
    CHECK(work_due(&s.work) == HC_NEVER);
    s.now = began + 2 * EVERY;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_SWEEP), 1);
    s.now = began + EVERY / 2;
    end_op(&s, sweep(&s), &(struct headcount_outcome){ .code = 0 });
    CHECK_INT(work_due(&s.work), began + EVERY);
    s.now = began + EVERY - 1;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_SWEEP), 0);
    s.now++;
    turn(&s);
    CHECK_INT(fake_ops_live(FAKE_SWEEP), 1);
    close_scene(&s);
}

TEST(work, without_a_configured_sweep_none_begins)
{
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    CHECK(work_due(&s.work) == HC_NEVER);
    put_key(&s, "1", NULL, NULL);
    s.now += 1000 * EVERY;
    turn(&s);
    CHECK_INT(fake_ops.n, 0);
    close_scene(&s);
}

TEST(work, a_message_may_ask_for_a_sweep_that_no_time_begins)
{
    struct scene s;

    open_scene(&s, 0);
    s.options.all = true;
    begin_work(&s);
    CHECK(work_due(&s.work) == HC_NEVER);
    turn(&s);
    CHECK_INT(fake_ops.n, 0);
    put_key(&s, "1", NULL, NULL);
    turn(&s);
    end_op(&s, sweep(&s), &(struct headcount_outcome){ .code = 0 });
    CHECK_INT(fate(&s), DELETED);
    CHECK(work_due(&s.work) == HC_NEVER);
    close_scene(&s);
}

/* A sweep of one part; then it ends so. */
static enum fate after_sweep(const struct headcount_outcome *end, int *fatal)
{
    struct scene s;

    open_scene(&s, EVERY);
    put_key(&s, "1", NULL, NULL);
    begin_sweep(&s);
    s.now += HC_SECOND;
    end_op(&s, sweep(&s), end);
    CHECK_INT(s.metrics.sweep_us, HC_SECOND);
    CHECK_INT(s.metrics.sweeps_ok + s.metrics.sweeps_failed, 1);
    CHECK_INT(seen.forgot, end->code == 0 ? s.now - HC_SECOND : 0);
    enum fate is = fate(&s);

    CHECK_INT(s.metrics.sweeps_ok, is == DELETED);
    *fatal = s.work.fatal;
    close_scene(&s);
    return is;
}

TEST(work, a_message_that_asked_for_a_sweep_follows_it)
{
    const struct headcount_outcome well = { .code = 0 };
    const struct headcount_outcome failed = { .summary[HEADCOUNT_FAILED] = 1 };
    const struct headcount_outcome missing = { .summary[HEADCOUNT_FAILED] = 1,
                                               .missing_services_n = 1 };
    const struct headcount_outcome late = { .code = HEADCOUNT_ETIMEDOUT };
    int fatal;

    CHECK_INT(after_sweep(&well, &fatal), DELETED);
    CHECK_INT(after_sweep(&failed, &fatal), COMES_BACK);
    CHECK_INT(after_sweep(&late, &fatal), COMES_BACK);
    /* A service that is nowhere is no target that failed. */
    CHECK_INT(after_sweep(&missing, &fatal), DELETED);
}

static int fatal_code(int code)
{
    const struct headcount_outcome o = { .code = code };
    int fatal;

    after_sweep(&o, &fatal);
    return fatal;
}

TEST(work, a_setting_that_no_time_cures_is_fatal_in_the_first_sweep)
{
    CHECK_INT(fatal_code(HEADCOUNT_EARG), EXIT_USAGE);
    CHECK_INT(fatal_code(HEADCOUNT_ECONFIG), EXIT_CONFIG);
    CHECK_INT(fatal_code(HEADCOUNT_EREGION), EXIT_CONFIG);
    CHECK_INT(fatal_code(HEADCOUNT_ECREDENTIALS), EXIT_CONFIG);
    CHECK_INT(fatal_code(HEADCOUNT_ESERVICE), 0);
    CHECK_INT(fatal_code(HEADCOUNT_ETIMEDOUT), 0);
}

TEST(work, a_setting_that_worked_once_is_tried_again)
{
    struct scene s;

    open_scene(&s, EVERY);
    begin_sweep(&s);
    end_op(&s, sweep(&s), &(struct headcount_outcome){ .code = 0 });
    s.now += EVERY;
    turn(&s);
    end_op(&s, sweep(&s),
           &(struct headcount_outcome){ .code = HEADCOUNT_ECREDENTIALS });
    CHECK_INT(s.work.fatal, 0);
    CHECK(work_due(&s.work) > s.now);
    close_scene(&s);
}

TEST(work, each_part_of_a_sweep_is_counted_and_the_sweep_goes_on)
{
    const struct headcount_outcome good = { .clusters_n = 1,
                                            .clusters = &one_cluster };
    const struct headcount_outcome bad = { .summary[HEADCOUNT_FAILED] = 2 };
    const struct headcount_outcome *const parts[] = { &good, &bad };
    struct scene s;

    open_scene(&s, EVERY);
    begin_sweep(&s);
    for (int i = 0; i < 2; i++) {
        sweep(&s)->part = parts[i];
        sweep(&s)->state = HEADCOUNT_PART;
        CHECK(work_took(&s.work, sweep(&s), s.now));
        CHECK_INT(sweep(&s)->resumed, i + 1);
        CHECK_INT(seen.came, i == 0 ? METRICS_OK : METRICS_FAILED);
    }
    ask(&s, sweep(&s));
    CHECK(seen.asked == &s.work.rules->target.decide);
    fake_ops_told();
    end_op(&s, sweep(&s),
           &(struct headcount_outcome){ .summary[HEADCOUNT_FAILED] = 2 });
    CHECK(strstr(fake_ops_told(), "2 clusters") != NULL);
    close_scene(&s);
}

TEST(work, a_sweep_that_cannot_begin_is_told_and_tried_at_the_next_time)
{
    struct scene s;

    open_scene(&s, EVERY);
    begin_work(&s);
    fake_ops.refuses = true;
    s.now += 30 * HC_SECOND;
    turn(&s);
    CHECK_Z(fake_ops_told(), "sweep: the library refuses\n");
    CHECK(work_is_idle(&s.work));
    CHECK_INT(work_due(&s.work), s.now + EVERY);
    close_scene(&s);
}

TEST(work, a_message_whose_sweep_cannot_begin_asks_once)
{
    struct scene s;

    open_scene(&s, EVERY);
    begin_work(&s);
    put_key(&s, "1", NULL, NULL);
    fake_ops.refuses = true;
    turn(&s);
    CHECK_Z(fake_ops_told(), "sweep: the library refuses\n");
    CHECK_INT(fate(&s), COMES_BACK);
    int64_t due = work_due(&s.work);

    s.now += HC_SECOND;
    turn(&s);
    CHECK_Z(fake_ops_told(), "");
    CHECK_INT(work_due(&s.work), due);
    close_scene(&s);
}

/* ---- the end ---- */

TEST(work, a_stop_begins_nothing_and_drains_the_sweep)
{
    struct scene s;

    open_scene(&s, EVERY);
    put(&s, "a");
    begin_sweep(&s);
    work_stop(&s.work);
    CHECK_INT(sweep(&s)->drained, 1);
    CHECK(work_due(&s.work) == HC_NEVER);
    put(&s, "b");
    s.now += EVERY;
    turn(&s);
    CHECK_INT(fake_ops.n, 2);
    CHECK(!work_is_idle(&s.work));
    close_scene(&s);
}

/* A reconcile, and then a sweep, end so behind a stop. */
static bool is_cut(int reconcile, int sweep_code)
{
    struct scene s;

    open_scene(&s, EVERY);
    put(&s, "a");
    begin_sweep(&s);
    work_stop(&s.work);
    end_op(&s, fake_ops_reconcile("a"),
           &(struct headcount_outcome){ .code = reconcile, .clusters_n = 1,
                                        .clusters = &one_cluster });
    end_op(&s, sweep(&s), &(struct headcount_outcome){ .code = sweep_code });
    CHECK(work_is_idle(&s.work));
    bool cut = s.work.cut;

    close_scene(&s);
    return cut;
}

TEST(work, a_failure_behind_a_stop_is_told_to_the_exit_code)
{
    CHECK(!is_cut(0, 0));
    CHECK(is_cut(HEADCOUNT_ETIMEDOUT, 0));
    CHECK(is_cut(0, HEADCOUNT_ETIMEDOUT));
}

/* It was drained: clusters that it did not reach are not swept. */
TEST(work, a_sweep_that_ends_behind_a_stop_settles_nothing)
{
    struct scene s;

    open_scene(&s, EVERY);
    put_key(&s, "1", NULL, NULL);
    begin_sweep(&s);
    work_stop(&s.work);
    end_op(&s, sweep(&s), &(struct headcount_outcome){ .code = 0 });
    CHECK_INT(s.metrics.sweeps_ok, 0);
    CHECK_INT(seen.forgot, 0);
    CHECK_INT(fate(&s), COMES_BACK);
    close_scene(&s);
}

TEST(work, a_cancel_reaches_all_that_is_at_work)
{
    struct scene s;

    open_scene(&s, EVERY);
    put(&s, "a");
    put(&s, "b");
    begin_sweep(&s);
    work_cancel(&s.work);
    CHECK_INT(fake_ops.n, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(fake_ops.ops[i].cancelled, 1);
    CHECK(!work_is_idle(&s.work));
    close_scene(&s);
}

TEST(work, an_op_of_somebody_else_is_not_taken)
{
    struct headcount_op other = { .state = HEADCOUNT_DONE };
    struct scene s;

    open_scene(&s, 0);
    begin_work(&s);
    CHECK(!work_took(&s.work, &other, s.now));
    close_scene(&s);
}
