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
#define STILL 6                      /* without a write or a host: it rests  */

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
        actors[at].witness.remembers = true;
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
    { "A a full host", .needs = { 256, 512, .ports = 0 }, 1, ONE,
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
      .words = "4 wanted, 3 placeable: 1 passed over by ECS" },
    { "B two providers", UDP, 3, { 1, 1 },
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, HIDDEN },
        { 4, 1, 2, 1200, FIT } },
      .naive = GROWS, .right = { 8, 6, 6 }, .code = "passed_over",
      .words = "8 wanted, 6 placeable: 1 passed over by ECS" },
    { "C it is not known", .needs = { 256, 512, .awsvpc = true }, 1, ONE,
      { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, BUSY } },
      .naive = GROWS, .right = { 3, 2, 2 }, .code = "unknown_placement",
      .words = "3 wanted, 2 placeable: 1 not known (a network interface)" },
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
      .words = "6 wanted, 2 placeable: 4 passed over by ECS" },
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
    { "H not managed, a full host", .needs = { 256, 512, .ports = 0 }, 0, ONE,
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

/* One of three hosts has room for one more task, and two services lack one on
 * it.  The first gets it, and no host is started for the second. */
TEST(placement_worlds, two_services_find_one_place)
{
    static const struct row row = {
        "", .needs = { 256, 512, .ports = 0 }, 1, ONE,
        { { 3, 0, 2, 1200, FIT } }
    };

    set_up(1);
    fill(&row);
    w->state.services[1] = w->state.services[0];
    w->state.services[1].revision = 4;
    w->state.hosts[2].cpu_free = 300;
    wishes_n = 2;
    for (int n = 0; n < ROUNDS; n++) {
        reconcile(0);
        ecs_minute();
    }
    CHECK_INT(world_hosts(w, -1), 3);
    CHECK_INT(w->state.services[0].desired, 3);
    CHECK_INT(w->state.services[1].desired, 2);
    CHECK_STR(hc_str(actors[0].codes[1]), "unplaceable");
    tear_down();
}

/* A host takes no task, and nothing tells why.  Each of two services has tried
 * it once: the host that is started for one makes the count of the other rise,
 * which is no reason to try again. */
TEST(placement_worlds, two_services_try_a_hidden_limit_once_each)
{
    static const struct row row = {
        "", .needs = { 128, 128, .ports = 0 }, 1, ONE,
        { { 2, 0, 2, 1200, FIT }, { 1, 0, 0, 1200, HIDDEN } }
    };

    set_up(1);
    fill(&row);
    w->state.services[1] = w->state.services[0];
    w->state.services[1].revision = 4;
    wishes_n = 2;
    for (int n = 0; n < ROUNDS; n++) {
        if (n == 2)                   /* they do not rise in step            */
            world_set_desired(w, 1, 2);
        reconcile(0);
        ecs_minute();
    }
    CHECK(world_hosts(w, -1) <= 5);
    CHECK_STR(hc_str(actors[0].codes[0]), "passed_over");
    CHECK_STR(hc_str(actors[0].codes[1]), "passed_over");
    tear_down();
}

/* ---- random worlds ---- */

struct drawn {                       /* what a world has                     */
    unsigned providers;
    bool hidden, forgets, two;
};

static struct drawn drawn;

static struct world_host draw_host(bool may_hide)
{
    struct world_host h = host_with(FIT);

    h.cpu = 1024 << world_random(w, 2);
    h.cpu_free = world_chance(w, 70) ? h.cpu : (int)world_random(w, 1024);
    h.memory_free = world_chance(w, 80) ? h.memory : (int)world_random(w, 2048);
    h.ports = world_chance(w, 80) ? 0 : 1 + world_random(w, 3);
    h.tasks = world_chance(w, 60) ? 0 : (int)world_random(w, 5);
    h.trunk = world_chance(w, 30);
    h.interfaces = (h.trunk ? 4 : 1) + (int)world_random(w, 3);
    h.arm = world_chance(w, 25);
    h.bare = world_chance(w, 15);
    h.attr = world_chance(w, 70);
    h.connected = world_chance(w, 95);
    h.hidden = may_hide && drawn.hidden && world_chance(w, 15);
    h.provider = world_chance(w, 5) ? -1
                                    : (int)world_random(w, drawn.providers);
    h.registered_at = world_wall_now(w);
    return h;
}

static struct world_needs draw_needs(void)
{
    struct world_needs n = {
        .cpu = 128 * (int)world_random(w, 4),
        .memory = 1 + 256 * (int)world_random(w, 4),
        .ports = world_chance(w, 50) ? world_random(w, 4) : 0,
        .arm = world_chance(w, 10), .driver = world_chance(w, 30),
        .awsvpc = world_chance(w, 25),
    };

    /* Hosts that are started could not take it either (world G). */
    n.arm = n.arm && !drawn.hidden;
    n.x86 = !n.arm && world_chance(w, 30);
    if (n.awsvpc)
        n.ports = 0;
    return n;
}

/* One provider of several has a weight at least, and one at most a base. */
static void draw_service(struct world_service *s)
{
    s->strategy = world_chance(w, 85);
    s->distinct = world_chance(w, 70);
    s->constrained = world_chance(w, 15);
    s->needs = draw_needs();
    s->desired = world_random(w, 10);
    s->changed = w->tells_changes
                     ? world_wall_now(w) - world_random(w, 900) * HC_SECOND : 0;
    for (int p = 0; p < (int)drawn.providers; p++)
        s->items[p] = (struct world_item){
            .named = p == 0 || world_chance(w, 70),
            .weight = (int)world_random(w, 4) };
    s->items[0].weight = 1 + (int)world_random(w, 3);
    if (world_chance(w, 25))
        s->items[world_random(w, drawn.providers)].base =
            1 + (int)world_random(w, 3);
}

static void draw(uint64_t seed)
{
    unsigned hosts;

    set_up(seed);
    drawn = (struct drawn){ .providers = 1 + world_random(w, 3),
                            .hidden = world_chance(w, 20),
                            .forgets = world_chance(w, 50),
                            .two = world_chance(w, 30) };
    for (int at = 0; at < WORLD_ACTORS; at++)
        actors[at].witness.remembers = !drawn.forgets;
    w->tells_changes = drawn.hidden || world_chance(w, 80);
    w->heeds_architecture = world_chance(w, 70);
    w->rest = (enum world_rest)world_random(w, WORLD_RESTS);
    w->definitions = world_chance(w, 30);
    hosts = 2 + world_random(w, 16);
    for (unsigned i = 0; i < hosts; i++) {
        w->state.hosts[i] = draw_host(true);
        w->state.hosts[i].registered_at -= world_random(w, 900) * HC_SECOND;
    }
    for (int p = 0; p < (int)drawn.providers; p++) {
        w->state.managed[p] = world_chance(w, 75);
        w->state.limits[p] = world_hosts(w, p) + (int)world_random(w, 10);
        w->state.kinds[p] = draw_host(false);
        w->state.kinds[p].cpu_free = w->state.kinds[p].cpu;
        w->state.kinds[p].memory_free = w->state.kinds[p].memory;
        w->state.kinds[p].tasks = 0;
        if (drawn.hidden || world_chance(w, 70))
            w->state.kinds[p] = host_with(FIT);
    }
    for (int i = 0; i < WORLD_SERVICES; i++) {
        draw_service(&w->state.services[i]);
        if (world_chance(w, 20))
            wishes[i].where = HC_STR("attribute:a == 1");
    }
    wishes_n = world_chance(w, 75) ? 1 : 1 + world_random(w, 3);
    w->old = w->state;
}

/* ---- what happens ---- */

/* Tasks of others leave more or less of a host. */
static void change_room(int host)
{
    struct world_host *h = &w->state.hosts[host];
    struct world_host left = world_left(&w->state, host);
    int own = h->cpu_free - left.cpu_free;

    h->cpu_free = own + (int)world_random(w, (unsigned)(h->cpu - own) + 1);
    h->ports = world_chance(w, 50) ? 0 : world_random(w, 4) & ~left.ports;
}

static void shake_host(void)
{
    int at = (int)world_random(w, 28);
    struct world_host *h = &w->state.hosts[at];

    if (h->status == 0) {
        world_host_join(h, draw_host(true));
        for (int i = 0; i < WORLD_SERVICES; i++)
            w->state.services[i].on[at] = 0;
        return;
    }
    switch (world_random(w, 6)) {
    case 0:
    case 1:  h->status = 0;                   break;
    case 2:  h->status = h->status == 'A' ? 'D' : 0; break;
    case 3:  h->connected = !h->connected;    break;
    case 4:  h->bare = !h->bare;              break;
    default: change_room(at);                 break;
    }
}

static void shake(void)
{
    w->old = w->state;
    for (unsigned n = 1 + world_random(w, 5); n > 0; n--)
        shake_host();
    if (world_chance(w, 30))
        world_set_desired(w, (int)world_random(w, WORLD_SERVICES),
                          world_random(w, 16));
    if (world_chance(w, 10)) {
        int p = (int)world_random(w, drawn.providers);

        w->state.managed[p] = !w->state.managed[p];
    }
}

/* Nobody writes a count until ECS has placed what it can, and nothing that was
 * read before is remembered. */
static void settle(void)
{
    for (int n = 0; n < 40; n++)
        if (ecs_minute() == 0 && n >= 11)
            return;
}

/* ---- what is right ---- */

/* The hosts that count for a service. */
static uint64_t counted(int i)
{
    const struct world_service *s = &w->state.services[i];
    uint64_t listed = tally_listed(w, 'A', tally_filter(w, &wishes[i], s));
    uint64_t hosts = 0;

    for (int h = 0; h < WORLD_HOSTS; h++)
        if (tally_of(&wishes[i], s, w->state.hosts,
                     listed & (uint64_t)1 << h, world_wall_now(w)).hosts > 0)
            hosts |= (uint64_t)1 << h;
    return hosts;
}

/* The highest count from the present one up to `wanted` of which each task has
 * a host of its own that is there: as ECS places, whatever its answers tell; or
 * as it would, if hidden hosts took tasks. */
static int64_t best(int i, int64_t wanted, bool with_hidden)
{
    const struct world_service *s = &w->state.services[i];
    int64_t room[WORLD_PROVIDERS] = { 0 }, give[WORLD_PROVIDERS];
    uint64_t hosts = counted(i);
    bool fits = !s->strategy;

    for (int h = 0; h < WORLD_HOSTS; h++)
        if ((hosts >> h & 1) != 0 && w->state.hosts[h].provider >= 0)
            room[w->state.hosts[h].provider] +=
                s->on[h] > 0 || world_fits(w, i, h) ||
                (with_hidden && w->state.hosts[h].hidden);
    for (; !fits && wanted > s->desired; wanted -= !fits) {
        fits = true;
        world_split(w, s, wanted, give);
        for (int p = 0; p < WORLD_PROVIDERS; p++)
            fits = fits && !(w->state.managed[p] && give[p] > room[p]);
    }
    return wanted;
}

/* The tasks of which AWS does not say where they go: those that weights do not
 * divide, and a base of weight 0. */
static int64_t undivided(const struct world_service *s)
{
    int64_t weights = 0, bases = 0, used = 0;
    int most;

    for (int p = 0; p < WORLD_PROVIDERS; p++)
        if (world_uses(s, p, &most)) {
            used++;
            weights += s->items[p].weight;
            bases += s->items[p].weight == 0 ? s->items[p].base : 0;
        }
    return used > 1 && weights > 0 ? weights - 1 + bases : 0;
}

/* Its tasks run elsewhere than the weights say, for hosts went and tasks were
 * stopped: what they show of the weights may be wrong once. */
static bool is_astray(const struct world_service *s)
{
    int64_t give[WORLD_PROVIDERS];

    world_split(w, s, s->running, give);
    for (int h = 0; h < WORLD_HOSTS; h++)
        if (w->state.hosts[h].provider >= 0)
            give[w->state.hosts[h].provider] -= s->on[h];
    for (int p = 0; p < WORLD_PROVIDERS; p++)
        if (give[p] != 0)
            return true;
    return false;
}

/* No host is a riddle: what ECS tells of it is what ECS goes by. */
static bool all_is_told(int i)
{
    const struct world_service *s = &w->state.services[i];
    uint64_t hosts = counted(i);

    for (int h = 0; h < WORLD_HOSTS; h++) {
        const struct world_host *a = &w->state.hosts[h];

        if ((hosts >> h & 1) != 0 && s->on[h] == 0 &&
            (a->hidden || s->needs.awsvpc || s->needs.arm || s->needs.x86 ||
             (s->changed > 0 && a->registered_at < s->changed)))
            return false;
    }
    return true;
}

static int hidden_hosts(void)
{
    int n = 0;

    for (int h = 0; h < WORLD_HOSTS; h++)
        n += w->state.hosts[h].status == 'A' && w->state.hosts[h].hidden;
    return n;
}

static bool starts_hosts(const struct world_service *s)
{
    bool yes = false;
    int most;

    for (int p = 0; p < WORLD_PROVIDERS; p++)
        yes = yes || (s->strategy && world_uses(s, p, &most) &&
                      w->state.managed[p]);
    return yes;
}

static bool all_start_hosts(const struct world_service *s)
{
    bool yes = s->strategy;
    int most;

    for (int p = 0; p < WORLD_PROVIDERS; p++)
        yes = yes && (w->state.managed[p] || !world_uses(s, p, &most));
    return yes;
}

/* A task waits for a host that would be started for it. */
static bool waits_for_start(const struct world_service *s)
{
    int64_t n = 0;

    for (int p = 0; p < WORLD_PROVIDERS; p++)
        n += w->state.managed[p] ? world_waiting(w, s, p) : 0;
    return n > 0;
}

/* ---- a quiet hour ---- */

struct due {
    int64_t from, wanted;            /* counts                               */
    int64_t best, most;              /* most: if hidden hosts took tasks     */
    int64_t astray;                  /* tasks that may go elsewhere once     */
    bool told, waits;
    bool takes;                      /* tasks that wait take hosts that are
                                        started for others                   */
};

static uint64_t exact, near, wasted;

static struct due due_of(int i)
{
    const struct world_service *s = &w->state.services[i];
    uint64_t listed = tally_listed(w, 'A', tally_filter(w, &wishes[i], s));
    struct due d = { .from = s->desired, .told = all_is_told(i) };

    d.wanted = tally_count(w, &wishes[i], s,
                           tally_of(&wishes[i], s, w->state.hosts, listed,
                                    world_wall_now(w)));
    d.takes = wishes_n > 1 && ((drawn.hidden && drawn.forgets) ||
                               !all_start_hosts(s));
    d.waits = starts_hosts(s) && s->running < s->desired;
    d.astray = is_astray(s) ? undivided(s) : 0;
    d.best = d.most = d.wanted;
    if (d.wanted == 0 || (d.waits && d.wanted > d.from)) {
        d.best = d.most = d.from;
    } else if (d.wanted > d.from) {
        d.best = best(i, d.wanted, false);
        d.most = best(i, d.wanted, true);
    }
    return d;
}

/* A task waits for another provider's host: no count rises meanwhile. */
static bool is_held_up(const struct world_service *s)
{
    return starts_hosts(s) && s->running < s->desired;
}

static void check_end(const struct due *d)
{
    const struct world_service *s = &w->state.services[0];
    int64_t less = undivided(s);
    int64_t more = d->astray + hidden_hosts();     /* each brought a host  */

    if (s->desired > d->most + more ||
        (d->told && !is_held_up(s) &&
         s->desired < d->best - (d->best > d->from ? less : 0)) ||
        s->desired < (d->wanted < d->from ? d->wanted : d->from))
        fail_msg("seed %" PRIu64 ": s0 ends with %" PRId64 ", and ECS places %"
                 PRId64 " of %" PRId64 " (%s: %s)", w->seed, s->desired,
                 d->best, d->wanted, actors[0].codes[0], actors[0].reasons[0]);
    if (s->desired != witness_right(&actors[0].witness, 0) &&
        !(actors[0].witness.remembers && !d->told &&
          strstr(actors[0].reasons[0], "passed over by ECS") != NULL))
        fail_msg("seed %" PRIu64 ": s0 ends with %" PRId64 ", the model says %"
                 PRId64 " (%s: %s)", w->seed, s->desired,
                 witness_right(&actors[0].witness, 0), actors[0].codes[0],
                 actors[0].reasons[0]);
    if (!d->waits && d->most == d->best && d->astray == 0 &&
        waits_for_start(s))
        fail_msg("seed %" PRIu64 ": %" PRId64 " of %" PRId64 " tasks of s0 run",
                 w->seed, s->running, s->desired);
    exact += s->desired == d->best;
    near += s->desired != d->best;
}

static void check_hosts(const struct due *due, int64_t more)
{
    int64_t most = hidden_hosts() * (int64_t)wishes_n;

    for (size_t i = 0; i < wishes_n; i++) {
        if (due[i].waits || due[i].takes)
            return;
        most += due[i].astray;
    }
    if (more > most)
        fail_msg("seed %" PRIu64 ": %" PRId64 " hosts more were started than "
                 "ECS needed (at most %" PRId64 "), s0 has %" PRId64, w->seed,
                 more, most, w->state.services[0].desired);
    wasted += (uint64_t)more;
}

/* Where the counts of several services end follows from the order in which
 * they rise: only one that is alone has one end. */
static void quiet_hour(void)
{
    struct due due[WORLD_SERVICES];
    int64_t more = 0;

    for (size_t i = 0; i < wishes_n; i++)
        due[i] = due_of((int)i);
    for (int n = 0, still = 0; n < ROUNDS && still < STILL; n++) {
        int at = drawn.two ? (int)world_random(w, WORLD_ACTORS) : 0;
        uint64_t before = writes + started;

        if (drawn.forgets)
            forget(at);
        reconcile(at);
        more += ecs_minute();
        still = writes + started > before ? 0 : still + 1;
    }
    check_hosts(due, more);
    if (wishes_n == 1)
        check_end(&due[0]);
}

static void storm(void)
{
    w->storm = true;
    for (unsigned n = 1 + world_random(w, 4); n > 0; n--) {
        int at = (int)world_random(w, WORLD_ACTORS);

        shake();
        if (drawn.forgets)
            forget(at);
        reconcile(at);
        ecs_minute();
    }
    w->storm = false;
    world_arrive(w, true);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0)
                                         : otherwise;
}

TEST(placement_worlds, counts_end_where_ecs_places_them)
{
    uint64_t n = number_of("WORLDS", WORLDS);
    uint64_t first = number_of("SEED", 20261130);

    writes = holds = reconciles = started = exact = near = wasted = 0;
    for (uint64_t i = 0; i < n; i++) {
        draw(first + i);
        for (unsigned k = 1 + world_random(w, 3); k > 0; k--) {
            if (world_chance(w, 30))
                storm();
            settle();
            quiet_hour();
            shake();
        }
        tear_down();
    }
    printf("# %" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
           " reconciles, %" PRIu64 " writes, %" PRIu64 " holds, %" PRIu64
           " hosts started (%" PRIu64 " for counts that hidden limits or stray "
           "tasks made too high); %" PRIu64 " counts end where ECS places, %"
           PRIu64 " lower\n", n, first, reconciles, writes, holds, started,
           wasted, exact, near);
    CHECK(n < 100 || (writes > n && holds > n / 10 && exact > n / 2));
}
