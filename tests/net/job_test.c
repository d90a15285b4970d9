/* net/job - jobs, lines, watches. */
#include "net/job.h"

#include "base/clock.h"
#include "t.h"

struct worker {
    struct hc_job job;
    int runs;
    int64_t ran_at, again_at;
    struct hc_job *wakes;
    struct hc_job *ends;
    char *diary;                     /* NULL, or where its name is put */
    char name;
};

static void worker_run(struct hc_job *job, int64_t now)
{
    struct worker *w = (struct worker *)job;

    w->runs++;
    w->ran_at = now;
    if (w->diary != NULL) {
        char *at = w->diary;

        while (*at != '\0')
            at++;
        *at = w->name;
    }
    if (w->again_at > 0)
        hc_job_at(job, w->again_at);
    if (w->wakes != NULL)
        hc_job_wake(w->wakes);
    w->wakes = NULL;
    if (w->ends != NULL)
        hc_job_fini(w->ends);
}

static int64_t deadline_of(const struct hc_jobs *q)
{
    int64_t deadline = -1;

    hc_jobs_wants(q, NULL, 0, &deadline);
    return deadline;
}

TEST(job, a_new_job_runs_in_the_next_step_and_not_again)
{
    struct hc_jobs q;
    struct worker w = { .runs = 0 };

    hc_jobs_init(&q);
    CHECK_INT(deadline_of(&q), HC_NEVER);
    hc_job_init(&w.job, &q, worker_run);
    CHECK_INT(deadline_of(&q), 0);
    hc_jobs_step(&q, 7, NULL, 0);
    CHECK_INT(w.runs, 1);
    CHECK_INT(w.ran_at, 7);
    hc_jobs_step(&q, 8, NULL, 0);
    CHECK_INT(w.runs, 1);
    hc_job_fini(&w.job);
    hc_job_fini(&w.job);
    hc_job_wake(&w.job);
    hc_job_wake(NULL);
    hc_jobs_step(&q, 9, NULL, 0);
    CHECK_INT(w.runs, 1);
}

TEST(job, the_earliest_of_its_deadlines_counts_and_each_run_clears_it)
{
    struct hc_jobs q;
    struct worker w = { .again_at = 50 }, other = { .again_at = 40 };

    hc_jobs_init(&q);
    hc_job_init(&w.job, &q, worker_run);
    hc_job_init(&other.job, &q, worker_run);
    hc_jobs_step(&q, 1, NULL, 0);
    CHECK_INT(deadline_of(&q), 40);
    other.again_at = 0;
    hc_jobs_step(&q, 39, NULL, 0);
    CHECK_INT(other.runs, 1);
    hc_jobs_step(&q, 40, NULL, 0);
    CHECK_INT(other.runs, 2);
    CHECK_INT(w.runs, 1);
    CHECK_INT(deadline_of(&q), 50);
    hc_job_at(&w.job, 45);
    hc_job_at(&w.job, 48);
    CHECK_INT(deadline_of(&q), 45);
    hc_job_at(NULL, 3);
    hc_job_fini(&w.job);
    hc_job_fini(&other.job);
}

TEST(job, one_that_is_woken_within_a_step_runs_within_it)
{
    struct hc_jobs q;
    struct worker a = { .runs = 0 }, b = { .runs = 0 };

    hc_jobs_init(&q);
    hc_job_init(&a.job, &q, worker_run);
    hc_job_init(&b.job, &q, worker_run);
    hc_jobs_step(&q, 1, NULL, 0);
    a.wakes = &b.job;
    hc_job_wake(&a.job);
    hc_job_wake(&a.job);
    hc_jobs_step(&q, 2, NULL, 0);
    CHECK_INT(a.runs, 2);
    CHECK_INT(b.runs, 2);
    b.wakes = &b.job;                /* itself */
    hc_job_wake(&b.job);
    hc_jobs_step(&q, 3, NULL, 0);
    CHECK_INT(b.runs, 4);
    hc_job_fini(&a.job);
    hc_job_fini(&b.job);
}

TEST(job, one_that_is_ended_by_another_runs_no_more)
{
    struct hc_jobs q;
    struct worker a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };

    hc_jobs_init(&q);
    hc_job_init(&a.job, &q, worker_run);
    hc_job_init(&b.job, &q, worker_run);
    hc_job_init(&c.job, &q, worker_run);
    a.ends = &b.job;
    hc_jobs_step(&q, 1, NULL, 0);
    CHECK_INT(a.runs, 1);
    CHECK_INT(b.runs, 0);
    CHECK_INT(c.runs, 1);
    c.ends = &c.job;                 /* itself */
    hc_job_wake(&c.job);
    hc_jobs_step(&q, 2, NULL, 0);
    CHECK_INT(c.runs, 2);
    hc_job_fini(&a.job);
    CHECK(q.heap == NULL && q.ready == NULL && q.ready_last == NULL);
}

/* ---- many jobs, beside a model that looks at each ---- */

#define MANY 200

struct many { struct hc_jobs q; struct worker of[MANY]; uint64_t seed; };

static uint64_t many_random(struct many *m, uint64_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (m->seed >> 33) % below;
}

/* The model: the least of all deadlines, and who is to run at `now`. */
static int64_t many_earliest(const struct many *m)
{
    int64_t earliest = HC_NEVER;

    for (size_t i = 0; i < MANY; i++)
        earliest = m->of[i].job.jobs == NULL ? earliest
                   : m->of[i].job.ready      ? 0
                   : hc_time_min(earliest, m->of[i].job.deadline);
    return earliest;
}

static void many_step(struct many *m, int64_t now)
{
    int due[MANY];

    for (size_t i = 0; i < MANY; i++) {
        struct worker *w = &m->of[i];

        due[i] = w->runs + (w->job.ready || w->job.deadline <= now);
        w->again_at = many_random(m, 3) == 0
                          ? 0 : now + 1 + (int64_t)many_random(m, 400);
    }
    hc_jobs_step(&m->q, now, NULL, 0);
    for (size_t i = 0; i < MANY; i++)
        CHECK_INT(m->of[i].runs, due[i]);
}

static void many_change(struct many *m, int64_t now)
{
    struct worker *w = &m->of[many_random(m, MANY)];

    switch (many_random(m, 4)) {
    case 0:
        hc_job_fini(&w->job);
        CHECK_INT(hc_jobs_deadline(&m->q), many_earliest(m));
        hc_job_init(&w->job, &m->q, worker_run);
        break;
    case 1:
        hc_job_wake(&w->job);
        break;
    default:
        hc_job_at(&w->job, now + 1 + (int64_t)many_random(m, 300));
        break;
    }
}

TEST(job, the_earliest_of_many_deadlines_is_known_whatever_changed)
{
    struct many m = { .seed = 7 };

    hc_jobs_init(&m.q);
    for (size_t i = 0; i < MANY; i++)
        hc_job_init(&m.of[i].job, &m.q, worker_run);
    hc_jobs_step(&m.q, 0, NULL, 0);
    for (int64_t now = 1; now < 4000; now++) {
        for (uint64_t n = many_random(&m, 8); n > 0; n--)
            many_change(&m, now);
        CHECK_INT(hc_jobs_deadline(&m.q), many_earliest(&m));
        many_step(&m, now);
        CHECK_INT(hc_jobs_deadline(&m.q), many_earliest(&m));
    }
    for (size_t i = 0; i < MANY; i++)
        hc_job_fini(&m.of[i].job);
    CHECK(m.q.heap == NULL && m.q.ready == NULL);
}

TEST(job, those_that_are_ready_are_ended_in_any_order)
{
    struct many m = { .seed = 9 };

    hc_jobs_init(&m.q);
    for (size_t i = 0; i < MANY; i++)
        hc_job_init(&m.of[i].job, &m.q, worker_run);
    for (size_t i = 0; i < MANY; i++)
        if (i % 3 != 1)
            hc_job_fini(&m.of[(i * 77) % MANY].job);
    hc_jobs_step(&m.q, 1, NULL, 0);
    CHECK(m.q.ready == NULL && m.q.ready_last == NULL);
    for (size_t i = 0; i < MANY; i++)
        CHECK_INT(m.of[(i * 77) % MANY].runs, i % 3 == 1);
    for (size_t i = 0; i < MANY; i++)
        hc_job_fini(&m.of[i].job);
}

TEST(job, the_last_in_the_queue_can_be_ended)
{
    struct hc_jobs q;
    struct worker a = { .runs = 0 }, b = { .runs = 0 };

    hc_jobs_init(&q);
    hc_job_init(&a.job, &q, worker_run);
    hc_job_init(&b.job, &q, worker_run);
    hc_job_fini(&b.job);
    hc_jobs_step(&q, 1, NULL, 0);
    CHECK_INT(a.runs, 1);
    CHECK_INT(b.runs, 0);
    hc_job_fini(&a.job);
}

TEST(link, a_line_is_woken_in_order_and_is_empty_then)
{
    struct hc_jobs q;
    struct hc_wait_queue line = { NULL, NULL };
    char diary[8] = "";
    struct worker w[3];
    struct hc_waiter link[3] = { { NULL, NULL, NULL, NULL } };

    hc_jobs_init(&q);
    for (int i = 0; i < 3; i++) {
        w[i] = (struct worker){ .diary = NULL, .name = (char)('a' + i) };
        hc_job_init(&w[i].job, &q, worker_run);
    }
    hc_jobs_step(&q, 1, NULL, 0);
    for (int i = 0; i < 3; i++)
        w[i].diary = diary;
    hc_waiter_join(&line, &link[2], &w[2].job);
    hc_waiter_join(&line, &link[0], &w[0].job);
    hc_waiter_join(&line, &link[1], &w[1].job);
    hc_waiter_join(&line, &link[2], &w[2].job);    /* stands there already */
    hc_wait_queue_wake(&line);
    CHECK(line.first == NULL && line.last == NULL);
    CHECK(!hc_wait_queue_wake_one(&line));
    hc_jobs_step(&q, 2, NULL, 0);
    CHECK_Z(diary, "cab");
    for (int i = 0; i < 3; i++)
        hc_job_fini(&w[i].job);
}

TEST(link, who_leaves_is_not_woken)
{
    struct hc_jobs q;
    struct hc_wait_queue line = { NULL, NULL }, other = { NULL, NULL };
    struct worker w[3];
    struct hc_waiter link[3] = { { NULL, NULL, NULL, NULL } };

    hc_jobs_init(&q);
    for (int i = 0; i < 3; i++) {
        w[i] = (struct worker){ .runs = 0 };
        hc_job_init(&w[i].job, &q, worker_run);
        hc_waiter_join(&line, &link[i], &w[i].job);
    }
    hc_jobs_step(&q, 1, NULL, 0);
    hc_waiter_leave(&link[1]);
    hc_waiter_leave(&link[1]);
    hc_waiter_join(&other, &link[0], &w[0].job);   /* changes the line */
    hc_wait_queue_wake(&line);
    hc_jobs_step(&q, 2, NULL, 0);
    CHECK_INT(w[0].runs, 1);
    CHECK_INT(w[1].runs, 1);
    CHECK_INT(w[2].runs, 2);
    hc_waiter_leave(&link[0]);
    CHECK(other.first == NULL);
    for (int i = 0; i < 3; i++)
        hc_job_fini(&w[i].job);
}

TEST(watch, ids_are_never_given_twice_and_stale_ones_wake_nobody)
{
    struct hc_jobs q;
    struct worker w = { .runs = 0 };
    struct hc_watch watch = { .fd = -1 };
    struct hc_want want[2];
    int64_t deadline;

    hc_jobs_init(&q);
    hc_job_init(&w.job, &q, worker_run);
    hc_jobs_step(&q, 1, NULL, 0);
    hc_watch_open(&q, &watch, 5, &w.job);
    CHECK_INT(hc_jobs_wants(&q, want, 2, &deadline), 0);
    hc_watch_want(&watch, HC_WATCH_READ);
    CHECK_INT(hc_jobs_wants(&q, want, 2, &deadline), 1);
    CHECK_INT(want[0].fd, 5);
    CHECK_INT(want[0].events, HC_WATCH_READ);
    hc_watch_close(&watch);
    hc_watch_close(&watch);
    hc_watch_open(&q, &watch, 5, &w.job);
    CHECK(watch.id != want[0].id);
    hc_jobs_step(&q, 2, want, 1);
    CHECK_INT(w.runs, 1);
    CHECK_INT(watch.got, 0);
    hc_watch_close(&watch);
    hc_job_fini(&w.job);
}

TEST(watch, keeps_its_id_and_its_place_when_it_moves)
{
    struct hc_jobs q;
    struct hc_watch watch[3], to[3];
    struct hc_want want[4];
    int64_t deadline;

    hc_jobs_init(&q);
    for (int i = 0; i < 3; i++) {
        hc_watch_open(&q, &watch[i], 10 + i, NULL);
        hc_watch_want(&watch[i], HC_WATCH_READ);
    }
    for (int i = 0; i < 3; i++) {        /* last, middle, first of the list */
        uint64_t id = watch[i].id;

        hc_watch_move(&to[i], &watch[i]);
        CHECK_INT(watch[i].id, 0);
        CHECK_INT(to[i].id, id);
        CHECK_INT(hc_jobs_wants(&q, want, 4, &deadline), 3);
        for (int k = 0; k < 3; k++)
            CHECK_INT(want[k].fd, 12 - k);
    }
    hc_watch_close(&to[1]);
    hc_watch_close(&to[0]);
    hc_watch_close(&to[2]);
    CHECK_INT(hc_jobs_wants(&q, want, 4, &deadline), 0);
}

TEST(watch, readiness_wakes_the_owner_of_the_moment)
{
    struct hc_jobs q;
    struct worker a = { .runs = 0 }, b = { .runs = 0 };
    struct hc_watch first = { .fd = -1 }, watch = { .fd = -1 };

    hc_jobs_init(&q);
    hc_job_init(&a.job, &q, worker_run);
    hc_job_init(&b.job, &q, worker_run);
    hc_jobs_step(&q, 1, NULL, 0);
    hc_watch_open(&q, &watch, 5, &a.job);
    hc_watch_open(&q, &first, 6, &a.job);
    hc_watch_want(&watch, HC_WATCH_READ | HC_WATCH_WRITE);
    hc_watch_owner(&watch, &b.job);
    const struct hc_want ready[] = {
        { .fd = 5, .events = HC_WATCH_WRITE, .id = watch.id },
        { .fd = 6, .events = 0, .id = first.id },
        { .fd = 9, .events = HC_WATCH_READ, .id = 999 },
    };

    hc_jobs_step(&q, 2, ready, 3);
    CHECK_INT(a.runs, 1);
    CHECK_INT(b.runs, 2);
    CHECK_INT(watch.got, HC_WATCH_WRITE);
    hc_watch_close(&watch);
    hc_watch_close(&first);
    CHECK_INT(q.watches_n, 0);
    hc_job_fini(&a.job);
    hc_job_fini(&b.job);
}

TEST(watch, each_of_many_is_found_by_its_id_and_no_other)
{
    struct hc_jobs q;
    struct hc_watch watch[MANY] = { { .fd = -1 } }, to;
    uint64_t ids[MANY], gone[MANY];

    hc_jobs_init(&q);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < MANY; i++) {
            gone[i] = watch[i].id;
            if (i % (round + 2) == 0) {
                hc_watch_close(&watch[i]);
                hc_watch_open(&q, &watch[i], i, NULL);
            } else if (watch[i].id == 0) {
                hc_watch_open(&q, &watch[i], i, NULL);
            } else {
                hc_watch_move(&to, &watch[i]);
                hc_watch_move(&watch[i], &to);
            }
            ids[i] = watch[i].id;
        }
        for (int i = 0; i < MANY; i++) {
            const struct hc_want want = { i, HC_WATCH_READ, ids[i] };
            const struct hc_want old = { i, HC_WATCH_WRITE, gone[i] };

            hc_jobs_tell(&q, &want);
            if (gone[i] != ids[i])
                hc_jobs_tell(&q, &old);
        }
        for (int i = 0; i < MANY; i++) {
            CHECK_INT(watch[i].got, HC_WATCH_READ);
            watch[i].got = 0;
        }
    }
    for (int i = 0; i < MANY; i++)
        hc_watch_close(&watch[(i * 77) % MANY]);
    CHECK(q.by_id.root == NULL && q.watches == NULL);
}

TEST(watch, more_are_wanted_than_there_is_room_to_say)
{
    struct hc_jobs q;
    struct hc_watch watch[3];
    struct hc_want want[2] = { { .fd = 0 } };
    int64_t deadline;

    hc_jobs_init(&q);
    for (int i = 0; i < 3; i++) {
        hc_watch_open(&q, &watch[i], 10 + i, NULL);
        hc_watch_want(&watch[i], HC_WATCH_READ);
    }
    CHECK_INT(hc_jobs_wants(&q, want, 2, &deadline), 3);
    CHECK(want[1].fd != 0);
    for (int i = 0; i < 3; i++)
        hc_watch_close(&watch[i]);
}
