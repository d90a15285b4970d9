/* tests/placement_worlds_test.c - worlds in which ECS places tasks and managed
 * scaling starts hosts for those that wait.
 *
 * A count that is too high makes a host, and that host counts: such a world
 * runs away up to the group's largest size.  The first test is a table of
 * worlds with their right answers, and with what a count of all hosts leads to.
 * The second draws worlds at random: after every change each count ends where
 * the placement of the peer ends (peers/world_places.c), no host is started
 * that this did not need, and the witness explains each write by what was told.
 *
 * WORLDS= and SEED= choose how many and from where; a failure names its seed.
 */
#include "t.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "peers/tally.h"
#include "peers/witness.h"

#define WORLDS 10000
#define ROUNDS 20                    /* a minute each                        */

static struct world *w;
static struct hc_wish wishes[WORLD_SERVICES];
static size_t wishes_n;

struct actor {
    struct hc_memory memory;
    struct hc_reconcile r;
    struct hc_job job;
    struct witness witness;
    /* what came of each service */
    enum headcount_result outcomes[WORLD_SERVICES];
    char codes[WORLD_SERVICES][40], reasons[WORLD_SERVICES][600];
};

static struct actor actors[WORLD_ACTORS];
static uint64_t writes, holds, reconciles, started;

/* ---- one reconcile ---- */

static void check_no_task_stops(const struct world_call *c)
{
    int i = world_service_of(c->body);
    int64_t wanted = world_number(c->body, "desiredCount");
    const struct world_service *s = &w->state.services[i];
    uint64_t listed = tally_listed(w, 'A', tally_filter(w, &wishes[i], s));
    struct tally t = tally_of(&wishes[i], s, w->state.hosts, listed,
                              world_wall_now(w));
    int64_t due = tally_count(w, &wishes[i], s, t);

    /* What fails may have told older lists. */
    if (!w->storm && wanted < s->desired && wanted != due)
        fail_msg("seed %" PRIu64 ": s%d is written %" PRId64 " -> %" PRId64
                 ", and its hosts make %" PRId64, w->seed, i, s->desired,
                 wanted, due);
}

static void asked(struct world *world, int at, const struct world_call *c)
{
    (void)world;
    witness_asked(&actors[at].witness, c);
    if (strcmp(c->operation, "UpdateService") != 0)
        return;
    writes++;
    check_no_task_stops(c);
}

static void told(struct world *world, int at, const struct world_call *c,
                 bool ok)
{
    (void)world;
    witness_told(&actors[at].witness, c, ok);
}

static void end(struct actor *a)
{
    for (size_t i = 0; i < a->r.run.result.services_n; i++) {
        const struct headcount_service *s = &a->r.run.result.services[i];

        witness_end(&a->witness, (int)i, s);
        holds += s->outcome == HEADCOUNT_HELD;
        a->outcomes[i] = s->outcome;
        hc_fmt(a->codes[i], sizeof(a->codes[i]), "%s", s->code);
        hc_fmt(a->reasons[i], sizeof(a->reasons[i]), "%s",
               s->reason != NULL ? s->reason : "");
    }
    hc_reconcile_fini(&a->r);
}

static void reconcile(int at)
{
    struct actor *a = &actors[at];
    struct hc_run_config config = {
        .cluster = HC_STR(WORLD_CLUSTER), .wishes = wishes,
        .wishes_n = wishes_n, .memory = &a->memory, .vtable = world_ways(at),
        .ask_definitions = w->definitions, .call.region = HC_STR("eu-west-1"),
    };
    struct headcount_error error = { .code = 0 };
    int got = 0;

    witness_begin(&a->witness);
    a->job = (struct hc_job){ .deadline = HC_NEVER };
    reconciles++;
    CHECK_INT(hc_reconcile_start(&a->r, &w->net, &a->job, &config, &error), 0);
    while (got == 0) {
        a->job.deadline = HC_NEVER;     /* as a loop does before each step  */
        got = hc_reconcile_step(&a->r, w->now);
        if (!w->calls[at].open && a->job.deadline != HC_NEVER &&
            a->job.deadline > w->now)
            w->now = a->job.deadline;
    }
    if (got < 0)
        fail_msg("seed %" PRIu64 ": a reconcile fails (%d)", w->seed, got);
    end(a);
}

static void forget(int at)
{
    hc_memory_fini(&actors[at].memory);
    hc_memory_init(&actors[at].memory, t_alloc());
}

/* ---- a world ---- */

static void set_up(uint64_t seed)
{
    static const char *const names[] = { "s0", "s1", "s2", "s3" };

    w = world_new(seed, 0);
    w->kinds = WORLD_PLACES;
    w->storm = w->foreign = w->definitions = false;
    w->asked = asked;
    w->told = told;
    memset(&w->state, 0, sizeof(w->state));
    memset(wishes, 0, sizeof(wishes));
    wishes_n = 1;
    for (int i = 0; i < WORLD_SERVICES; i++) {
        wishes[i] = (struct hc_wish){ .service = hc_str(names[i]),
                                      .allow = ALLOW_GROWTH |
                                               ALLOW_DISCONNECTED };
        w->state.services[i].revision = 4 * i;
    }
    for (int at = 0; at < WORLD_ACTORS; at++) {
        memset(&actors[at], 0, sizeof(actors[at]));
        hc_memory_init(&actors[at].memory, t_alloc());
        witness_init(&actors[at].witness, w, wishes);
    }
}

static void tear_down(void)
{
    for (int at = 0; at < WORLD_ACTORS; at++)
        hc_memory_fini(&actors[at].memory);
}

static int64_t ecs_minute(void)
{
    int64_t n;

    world_place(w);
    w->now += 60 * HC_SECOND;
    n = world_scale(w);
    started += (uint64_t)n;
    world_place(w);
    return n;
}

/* ---- the table ---- */

enum flaw { FIT, PORT, FULL, HIDDEN, NO_DRIVER, BUSY };

struct group {                       /* of hosts                             */
    int n, provider, run, age;       /* `run` of them run the task           */
    enum flaw flaw;                  /* of those that do not                 */
};

struct end {
    int hosts;
    int64_t desired, running;
};

#define GROWS { 0, 0, 0 }            /* up to the group's largest size       */

struct row {
    const char *name;
    struct world_needs needs;
    unsigned managed;                /* a bit for each provider              */
    int weights[2];                  /* -1: not in the strategy              */
    struct group groups[3];
    enum world_rest rest;
    bool still;                      /* ECS does not tell the last change    */
    enum flaw starts;                /* hosts of this kind                   */
    unsigned allow;
    struct end naive, right;
    const char *code, *words;
};

#define ONE { 1, -1 }
#define LARGEST 30                   /* of a group                           */
#define UDP .needs = { 256, 512, .ports = PORT_UDP }

static const struct row rows[] = {
    { "A a port is taken", UDP, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, PORT } },
      .naive = GROWS, .right = { 3, 2, 2 }, .code = "unplaceable",
      .words = "3 wanted, 2 placeable: 1 lacks port 8125/udp" },
    { "A a full host", .needs = { 256, 512 }, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, FULL } },
      .naive = GROWS, .right = { 3, 2, 2 }, .code = "unplaceable",
      .words = "3 wanted, 2 placeable: 1 lacks CPU units" },
    { "A no log driver", .needs = { 256, 512, .driver = true }, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, NO_DRIVER } },
      .naive = GROWS, .right = { 3, 2, 2 }, .code = "unplaceable",
      .words = "3 wanted, 2 placeable: 1 lacks an attribute" },
    { "B nothing tells why", UDP, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, HIDDEN } },
      .naive = GROWS, .right = { 4, 3, 3 }, .code = "passed_over",
      .words = "4 wanted, 3 placeable: 1 lacks what ECS looks for" },
    { "B two providers", UDP, 3, { 1, 1 },
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, HIDDEN },
        { 4, 1, 2, 1200, FIT } },
      .naive = GROWS, .right = { 8, 6, 6 }, .code = "passed_over",
      .words = "8 wanted, 6 placeable: 1 lacks what ECS looks for" },
    { "C it is not known", .needs = { 256, 512, .awsvpc = true }, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, BUSY } },
      .naive = GROWS, .right = { 3, 2, 2 }, .code = "unknown_placement",
      .words = "3 wanted, 2 placeable: 1 lacks a network interface" },
    { "D old weight 0, new 1", UDP, 3, { 0, 1 },
      { { 3, 0, 0, 1200, FIT }, { 2, 1, 2, 1200, FIT } },
      .naive = GROWS, .right = { 5, 2, 2 }, .code = "", .words = "" },
    { "E 1:1 over 10 and 2", UDP, 3, { 1, 1 },
      { { 10, 0, 2, 1200, FIT }, { 2, 1, 1, 1200, FIT } },
      .naive = GROWS, .right = { 12, 5, 5 }, .code = "unplaceable",
      .words = "12 wanted, 5 placeable; the weights give capacity provider p1 "
               "6 of 12 tasks, and it has 2 hosts" },
    { "E an even start", UDP, 3, { 1, 1 },
      { { 10, 0, 1, 1200, FIT }, { 2, 1, 1, 1200, FIT } },
      .naive = GROWS, .right = { 12, 4, 4 }, .code = "unplaceable",
      .words = "12 wanted, 4 placeable; the weights give capacity provider p1 "
               "6 of 12 tasks, and it has 2 hosts" },
    { "E the last one gets more", UDP, 3, { 1, 1 },
      { { 10, 0, 1, 1200, FIT }, { 2, 1, 2, 1200, FIT } }, REST_LAST,
      .naive = GROWS, .right = { 12, 4, 4 }, .code = "unplaceable",
      .words = "12 wanted, 4 placeable; the weights give capacity provider p1 "
               "6 of 12 tasks, and it has 2 hosts" },
    { "F a first run", UDP, 1, ONE, { { 6, 0, 2, 1200, FIT } },
      .naive = { 6, 6, 6 }, .right = { 6, 6, 6 }, .code = "", .words = "" },
    { "F an instance refresh", UDP, 1, ONE,
      { { 2, 0, 2, 300, FIT }, { 4, 0, 0, 1200, FIT } },
      .naive = { 6, 6, 6 }, .right = { 6, 2, 2 }, .code = "passed_over",
      .words = "6 wanted, 2 placeable: 4 lack what ECS looks for" },
    { "F and it is allowed", UDP, 1, ONE,
      { { 2, 0, 2, 300, FIT }, { 4, 0, 0, 1200, FIT } },
      .allow = ALLOW_PASSED_OVER,
      .naive = { 6, 6, 6 }, .right = { 6, 6, 6 }, .code = "", .words = "" },
    { "G new hosts cannot", UDP, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, HIDDEN } },
      .starts = HIDDEN,
      .naive = { 23, 3, 2 }, .right = { 23, 3, 2 },
      .code = "unplaced_on_managed_scaling",
      .words = "2 of 3 tasks run" },
    { "H not managed, a full host", .needs = { 256, 512 }, 0, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, FULL } },
      .naive = { 3, 3, 2 }, .right = { 3, 3, 2 }, .code = "", .words = "" },
};

#define ROWS (sizeof(rows) / sizeof(*rows))

static struct world_host host_with(enum flaw flaw)
{
    struct world_host h = {
        .status = 'A', .connected = true, .attr = true,
        .cpu = 1024, .memory = 2048, .cpu_free = 1024, .memory_free = 2048,
        .interfaces = 1,
    };

    switch (flaw) {
    case FIT:       break;
    case PORT:      h.ports = PORT_UDP;         break;
    case FULL:      h.cpu_free = 100;           break;
    case HIDDEN:    h.hidden = true;            break;
    case NO_DRIVER: h.bare = true;              break;
    case BUSY:      h.tasks = 1;                break;
    }
    return h;
}

static void fill(const struct row *row)
{
    struct world_service *s = &w->state.services[0];
    int at = 0;

    w->rest = row->rest;
    w->tells_changes = !row->still;
    s->strategy = s->distinct = true;
    s->needs = row->needs;
    s->changed = world_wall_now(w) - 600 * HC_SECOND;
    for (int p = 0; p < 2; p++) {
        s->items[p] = (struct world_item){ .named = row->weights[p] >= 0,
                                           .weight = row->weights[p] };
        w->state.managed[p] = (row->managed >> p & 1) != 0;
        w->state.limits[p] = LARGEST;
        w->state.kinds[p] = host_with(row->starts);
    }
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < row->groups[g].n; i++, at++) {
            const struct group *from = &row->groups[g];
            struct world_host *h = &w->state.hosts[at];

            *h = host_with(i < from->run ? FIT : from->flaw);
            h->provider = from->provider;
            h->registered_at = world_wall_now(w) - from->age * HC_SECOND;
            s->on[at] = i < from->run;
            s->desired += i < from->run;
        }
    s->running = s->desired;
    wishes[0].allow |= row->allow;
    w->old = w->state;
}

static struct end end_now(void)
{
    const struct world_service *s = &w->state.services[0];

    return (struct end){ world_hosts(w, -1), s->desired, s->running };
}

/* Each host of a named provider counts, and nothing holds a count. */
static struct end run_naive(const struct row *row)
{
    struct world_service *s = &w->state.services[0];

    fill(row);
    for (int n = 0; n < ROUNDS; n++) {
        int64_t wanted = 0;

        for (int h = 0; h < WORLD_HOSTS; h++)
            wanted += w->state.hosts[h].status == 'A' &&
                      s->items[w->state.hosts[h].provider].named;
        if (s->running >= s->desired || wanted < s->desired)
            world_set_desired(w, 0, wanted);
        ecs_minute();
    }
    return end_now();
}

static struct end run_row(const struct row *row, bool remembers)
{
    fill(row);
    for (int n = 0; n < ROUNDS; n++) {
        if (!remembers)
            forget(0);
        reconcile(0);
        ecs_minute();
    }
    return end_now();
}

static bool is_at(const struct end *got, const struct end *due, int began)
{
    if (due->hosts == 0)
        return got->hosts > began + 4;
    return got->hosts == due->hosts && got->desired == due->desired &&
           got->running == due->running;
}

static void check_row(const struct row *row, bool remembers)
{
    const char *reason = actors[0].reasons[0];
    struct end got;

    set_up(1);
    got = run_row(row, remembers);
    if (!is_at(&got, &row->right, 0) || strcmp(actors[0].codes[0], row->code) ||
        strstr(reason, row->words) == NULL)
        fail_msg("%s (%s memory): %d/%" PRId64 "/%" PRId64 " %s: %s", row->name,
                 remembers ? "with" : "without", got.hosts, got.desired,
                 got.running, actors[0].codes[0], reason);
    tear_down();
    /* A process without memory comes to the same. */
    if (remembers)
        check_row(row, false);
}

static void print_row(const struct row *row, const struct end *naive, int began)
{
    char counted[40];

    hc_fmt(counted, sizeof(counted), "%d/%lld/%lld%s", naive->hosts,
           (long long)naive->desired, (long long)naive->running,
           naive->hosts > began + 4 ? " grows" : "");
    printf("# %-26s %-15s %2d/%lld/%-3lld %s%s%s\n", row->name, counted,
           row->right.hosts, (long long)row->right.desired,
           (long long)row->right.running, row->code,
           row->words[0] != '\0' ? ": " : "", row->words);
}

TEST(placement_worlds, each_of_the_table_has_its_right_answer)
{
    printf("# hosts/desired/running after %d minutes\n"
           "# world                      all counted     right\n", ROUNDS);
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        int began = row->groups[0].n + row->groups[1].n + row->groups[2].n;
        struct end naive;

        set_up(1);
        naive = run_naive(row);
        print_row(row, &naive, began);
        if (!is_at(&naive, &row->naive, began))
            fail_msg("%s: all counted makes %d/%" PRId64 "/%" PRId64, row->name,
                     naive.hosts, naive.desired, naive.running);
        tear_down();
        check_row(row, true);
    }
}
