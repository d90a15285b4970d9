/* tests/worlds_test.c - random worlds against a plain model
 * of what may be written.
 *
 * Two headcounts, each with a memory of its own, reconcile one cluster while
 * hosts come and go, services change, another writer interferes, and calls
 * fail, are cut, lie, answer old things, or are carried out late.  Each write
 * is checked against what its own reconcile was told, and nothing else
 * (peers/witness.h); after the storm one reconcile has to bring every count to
 * what the model says, and the same world planned live, planned from a snapshot
 * of those facts, and applied gives the same counts.  Then the two take turns,
 * or a foreign writer undoes what one of them writes, or the cluster goes.
 *
 * WORLDS= and SEED= choose how many and from where; a failure names its seed.
 * KINDS= takes the sum of the kinds (enum world_kind) that worlds may have.
 */
#include "t.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "peers/witness.h"

#define WORLDS 10000
#define KINDS 0x1ff
#define ROUNDS 16                    /* of a policy's answers, kept          */

/* What came of a service. */
struct verdict {
    enum headcount_result outcome;
    int64_t wanted;
    char code[40];
};

struct actor {
    /* how its next reconcile is made, and what came of the last one */
    bool dry_run;
    struct hc_str snapshot;
    struct hc_buf *record;
    struct verdict verdicts[WORLD_SERVICES];

    struct hc_memory memory;
    struct hc_reconcile r;
    struct hc_job job;
    struct hc_event event;
    char instance[128];
    struct hc_wish decided[ROUNDS][WORLD_SERVICES];   /* by its policy       */
    size_t rounds;
    bool running;
    struct witness witness;
};

static struct world *w;
static struct actor actors[WORLD_ACTORS];
static struct hc_wish wishes[WORLD_SERVICES];
static uint64_t writes, holds, reconciles;

static void asked(struct world *world, int at, const struct world_call *c)
{
    (void)world;
    writes += strcmp(c->operation, "UpdateService") == 0;
    witness_asked(&actors[at].witness, c);
}

static void told(struct world *world, int at, const struct world_call *c,
                 bool ok)
{
    (void)world;
    witness_told(&actors[at].witness, c, ok);
}

/* ---- wishes ---- */

static void draw_details(struct hc_wish *wish)
{
    static const struct headcount_rung rungs[] = {
        { 0, 1 }, { 8192, 4 }, { 32768, 12 }, { 65536, 40 },
    };
    struct hc_rule *rule = &wish->rule;

    switch (world_random(w, 6)) {
    case 0:
        rule->kind = HEADCOUNT_LINEAR;
        rule->per_cpu = (int64_t)2048 * HC_RULE_ONE;
        rule->base = world_random(w, 2);
        break;
    case 1:
        rule->kind = HEADCOUNT_LINEAR;
        rule->per_memory = (int64_t)4096 * HC_RULE_ONE;
        break;
    case 2:
        rule->kind = HEADCOUNT_LADDER;
        rule->by_cpu = (struct hc_ladder){ rungs, 4 };
        break;
    case 3:
        rule->min_age = 300 * HC_SECOND;
        break;
    case 4:
        wish->by = HEADCOUNT_CONNECTED;
        break;
    default:
        break;
    }
}

/* The model knows neither a hold for growth nor one for agents that were away
 * for a moment. */
static void draw_wish(struct hc_wish *wish)
{
    wish->allow = ALLOW_GROWTH | ALLOW_DISCONNECTED;
    wish->rule.tasks = world_random(w, 3);
    if (world_chance(w, 20))
        wish->where = HC_STR("attribute:a == 1");
    if (world_has(w, WORLD_DETAILS))
        draw_details(wish);
    if (!world_has(w, WORLD_ZERO) || world_chance(w, 50))
        return;
    if (world_chance(w, 50))
        wish->rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED };
    else
        wish->rule.has_max = true;
    if (world_chance(w, 50))
        wish->allow |= ALLOW_ZERO | ALLOW_EMPTY_FILTER;
}

static enum witness_policy draw_policy(void)
{
    return world_has(w, WORLD_POLICY)
               ? (enum witness_policy)world_random(w, WITNESS_POLICIES)
               : POLICY_NONE;
}

/* What a policy asks about the service, if it asks anything. */
static bool policy_query(int i, enum witness_policy policy,
                         struct hc_query *q)
{
    *q = (struct hc_query){ .kind = QUERY_COUNT, .where = wishes[i].where };
    switch (policy) {
    case POLICY_NONE:
    case WITNESS_POLICIES:  return false;
    case POLICY_COUNT:      return true;
    case POLICY_HOSTS:      q->kind = QUERY_HOSTS; return true;
    case POLICY_REGISTERED:
    case POLICY_MAX:        break;
    }
    q->where = HC_STR("");
    q->by = HEADCOUNT_REGISTERED;
    return true;
}

static int64_t policy_number(const struct hc_known *known,
                             enum witness_policy policy)
{
    int64_t n = 0;

    if (policy != POLICY_HOSTS)
        return known->count;
    for (size_t i = 0; i < known->hosts->list.n; i++) {
        const struct hc_host *h = &known->hosts->list.hosts[i];

        n += h->active && h->details->cpu >= WITNESS_POLICY_CPU;
    }
    return n;
}

/* A policy's turn: it asks, and once it knows all of it, it wishes. */
static void decide(struct actor *a)
{
    struct hc_wish *to = a->decided[a->rounds++ % ROUNDS];
    size_t known_n = 0;

    for (int i = 0; i < WORLD_SERVICES; i++) {
        enum witness_policy policy = a->witness.policies[i];
        struct headcount_error e = { .code = 0 };
        struct hc_known known;
        struct hc_query q;
        int64_t n;

        to[i] = wishes[i];
        if (!policy_query(i, policy, &q)) {
            known_n++;
            continue;
        }
        int got = hc_policy_fact(&a->r.run, &q, &known, &e);

        CHECK(got >= 0);
        if (got == 0)
            continue;
        known_n++;
        n = policy_number(&known, policy);
        if (policy == POLICY_MAX) {
            to[i].rule.max = to[i].rule.has_max ? 0 : n;
            to[i].rule.has_max = true;
        } else {
            to[i].rule =
                (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = n };
        }
    }
    if (known_n == WORLD_SERVICES)
        hc_reconcile_resume(&a->r, to, WORLD_SERVICES);
    else
        hc_reconcile_resume(&a->r, NULL, 0);
}

/* ---- two headcounts ---- */

static void pick_event(struct actor *a)
{
    int host = (int)world_random(w, WORLD_HOSTS);

    hc_fmt(a->instance, sizeof(a->instance),
           WORLD_AT "container-instance/prod/h%d", host);
    a->event = (struct hc_event){
        .kind = EVENT_CLUSTERS, .instance_arn = hc_str(a->instance),
        .instance_status = world_chance(w, 70) ? HC_STR("ACTIVE")
                                               : HC_STR("DRAINING"),
        .time = world_wall_now(w) - world_random(w, 120) * HC_SECOND,
        .version = 1,
    };
}

static void begin(int at, bool with_event)
{
    struct actor *a = &actors[at];
    struct hc_run_config config = {
        .cluster = w->foreign ? HC_STR(WORLD_CLUSTER) : HC_STR("prod"),
        .wishes = wishes, .wishes_n = WORLD_SERVICES,
        .memory = &a->memory, .vtable = world_ways(at),
        .dry_run = a->dry_run, .snapshot = a->snapshot,
        .record = a->record != NULL,
        .ask_definitions = w->definitions,
        .call.region = HC_STR("eu-west-1"),
    };
    struct headcount_error error = { .code = 0 };

    if (world_has(w, WORLD_POLICY)) {
        config.asks = true;
        config.wishes_n = 0;
    }
    pick_event(a);
    if (with_event) {
        config.event = &a->event;
        config.found = true;
    }
    witness_begin(&a->witness);
    a->running = true;
    a->rounds = 0;
    a->job = (struct hc_job){ .deadline = HC_NEVER };
    reconciles++;
    CHECK_INT(hc_reconcile_start(&a->r, &w->net, &a->job, &config, &error), 0);
}

/* A deleted cluster settles its events, and fails whoever named it. */
static void check_gone(const struct actor *a)
{
    const struct headcount_cluster *c = &a->r.run.result;
    bool found = a->r.run.config.found;

    if (a->witness.gone &&
        (found ? c->skipped == NULL || strcmp(c->skipped, "cluster_gone") != 0
               : c->error_code == NULL))
        fail_msg("seed %" PRIu64 ": the cluster is gone, and %s", w->seed,
                 found ? "its event is not settled" : "the run does not fail");
}

static void end(struct actor *a)
{
    check_gone(a);
    memset(a->verdicts, 0, sizeof(a->verdicts));
    for (size_t i = 0; i < a->r.run.result.services_n; i++) {
        const struct headcount_service *s = &a->r.run.result.services[i];
        struct verdict *v = &a->verdicts[i];

        if (a->snapshot.n == 0)
            witness_end(&a->witness, (int)i, s);
        holds += s->outcome == HEADCOUNT_HELD;
        v->outcome = s->outcome;
        v->wanted = s->wanted;
        hc_fmt(v->code, sizeof(v->code), "%s", s->code);
    }
    if (a->record != NULL)
        hc_reconcile_put_snapshot(&a->r, a->record);
    hc_reconcile_fini(&a->r);
    a->running = false;
}

static void go_on(int at)
{
    struct actor *a = &actors[at];
    int got;

    a->job.deadline = HC_NEVER;         /* as a loop does before each step  */
    got = hc_reconcile_step(&a->r, w->now);
    CHECK(got >= 0);
    if (got == HC_RECONCILE_ASKS)
        decide(a);
    else if (got == 1)
        end(a);
    else if (!w->calls[at].open && a->job.deadline != HC_NEVER &&
             a->job.deadline > w->now)
        w->now = a->job.deadline;    /* it waits for a time */
}

static void set_up(uint64_t seed, unsigned kinds)
{
    static const char *const names[] = { "s0", "s1", "s2", "s3" };

    w = world_new(seed, kinds);
    w->asked = asked;
    w->told = told;
    memset(wishes, 0, sizeof(wishes));
    for (int at = 0; at < WORLD_ACTORS; at++) {
        struct actor *a = &actors[at];

        memset(a, 0, sizeof(*a));
        hc_memory_init(&a->memory, t_alloc());
        witness_init(&a->witness, w, wishes);
    }
    for (int i = 0; i < WORLD_SERVICES; i++) {
        enum witness_policy policy = draw_policy();

        wishes[i].service = hc_str(names[i]);
        draw_wish(&wishes[i]);
        for (int at = 0; at < WORLD_ACTORS; at++)
            actors[at].witness.policies[i] = policy;
    }
}

static void storm(void)
{
    for (unsigned n = 20 + world_random(w, 60); n > 0; n--) {
        int at = (int)world_random(w, WORLD_ACTORS);

        if (world_chance(w, 25))
            world_change(w);
        if (!actors[at].running)
            begin(at, world_chance(w, 60));
        for (unsigned k = world_random(w, 12); k > 0 && actors[at].running; k--)
            go_on(at);
    }
    for (int at = 0; at < WORLD_ACTORS; at++)
        while (actors[at].running)
            go_on(at);
}

/* ---- a world that stands still ---- */

static void run(int at, bool with_event)
{
    begin(at, with_event);
    while (actors[at].running)
        go_on(at);
}

static void run_calm(bool dry_run, struct hc_str snapshot,
                     struct hc_buf *record)
{
    struct actor *a = &actors[0];

    a->dry_run = dry_run;
    a->snapshot = snapshot;
    a->record = record;
    run(0, false);
    a->dry_run = false;
    a->snapshot = HC_STR("");
    a->record = NULL;
}

static void check_same(const struct verdict *planned, bool applied,
                       const char *what)
{
    for (int i = 0; i < WORLD_SERVICES; i++) {
        const struct verdict *got = &actors[0].verdicts[i];
        enum headcount_result due = planned[i].outcome;

        if (applied && due == HEADCOUNT_PENDING)
            due = HEADCOUNT_UPDATED;
        if (due == HEADCOUNT_FAILED && got->outcome == due)
            continue;                /* a snapshot does not say why          */
        if (got->outcome != due || got->wanted != planned[i].wanted ||
            strcmp(got->code, planned[i].code) != 0)
            fail_msg("seed %" PRIu64 ": s%d is %s %s %" PRId64 " %s, and %s "
                     "%s %" PRId64 " planned live", w->seed, i,
                     hc_result_name(got->outcome), got->code, got->wanted,
                     what, hc_result_name(planned[i].outcome),
                     planned[i].code, planned[i].wanted);
    }
}

/* Planned live, planned from a snapshot of that, applied. */
static void three_ways(void)
{
    struct verdict planned[WORLD_SERVICES];
    struct world_state before = w->state;
    struct hc_buf snapshot;

    hc_buf_init(&snapshot, t_alloc(), (size_t)1 << 20);
    run_calm(true, HC_STR(""), &snapshot);
    memcpy(planned, actors[0].verdicts, sizeof(planned));
    CHECK_INT(hc_buf_error(&snapshot), 0);
    run_calm(true, hc_buf_view(&snapshot), NULL);
    check_same(planned, false, "from its snapshot");
    for (int i = 0; i < WORLD_SERVICES; i++)        /* which a write changes */
        CHECK_INT(w->state.services[i].desired, before.services[i].desired);
    run_calm(false, HC_STR(""), NULL);
    check_same(planned, true, "applied");
    hc_buf_fini(&snapshot);
}

/* Of a strategy's tasks some may wait: whether their providers start hosts for
 * them has to be asked then. */
static void all_run(void)
{
    for (int i = 0; i < WORLD_SERVICES; i++) {
        struct world_service *s = &w->state.services[i];

        s->running = world_has(w, WORLD_WEIGHTS) && world_chance(w, 30)
                         ? 0 : s->desired;
    }
}

static void note_right(int64_t right[WORLD_SERVICES])
{
    all_run();
    for (int i = 0; i < WORLD_SERVICES; i++)
        right[i] = witness_right(&actors[0].witness, i);
}

/* Another service has the same fixed port, and may have risen to the same hosts
 * before it, in the same reconcile. */
static bool is_beside(int i, int64_t right, const char *code)
{
    const struct world_service *s = w->state.services;
    bool yes = false;

    for (int k = 0; k < WORLD_SERVICES; k++)
        yes = yes || (k != i && s[k].strategy && s[k].revision % 4 > 1);
    return yes && world_has(w, WORLD_DISTINCT) && s[i].strategy &&
           s[i].revision % 4 > 1 && s[i].desired < right &&
           strcmp(code, "unplaceable") == 0;
}

static void check_right(const int64_t right[WORLD_SERVICES], int at,
                        const char *when)
{
    for (int i = 0; i < WORLD_SERVICES; i++)
        if (w->state.services[i].desired != right[i] &&
            !is_beside(i, right[i], actors[at].verdicts[i].code))
            fail_msg("seed %" PRIu64 ": %s s%d has %" PRId64 ", the model says "
                     "%" PRId64 " (%s %s)", w->seed, when, i,
                     w->state.services[i].desired, right[i],
                     hc_result_name(actors[at].verdicts[i].outcome),
                     actors[at].verdicts[i].code);
}

static void calm(void)
{
    int64_t right[WORLD_SERVICES];

    w->state.gone = false;
    world_arrive(w, true);
    w->storm = false;
    w->kinds &= ~(unsigned)WORLD_LAG_SHOWN;
    w->now += 11 * 60 * HC_SECOND;
    note_right(right);
    three_ways();
    check_right(right, 0, "after the storm");
}

/* ---- and then ---- */

/* cluster.registered does not say which hosts.  Where that number comes back, a
 * newer count of the other headcount looks like an undone write. */
static bool is_mistaken(int at)
{
    bool yes = false;

    for (int i = 0; i < WORLD_SERVICES; i++)
        yes = yes || (actors[at].witness.policies[i] == POLICY_REGISTERED &&
                      strcmp(actors[at].verdicts[i].code, "contested") == 0);
    return yes;
}

/* Hosts rise and fall, and one headcount or the other looks.  Nobody undoes
 * anything: no count is held, and each is right at once. */
static void turns(void)
{
    for (int n = 0; n < 12; n++) {
        struct world_host *h = &w->state.hosts[world_random(w, WORLD_HOSTS)];
        int at = (int)world_random(w, WORLD_ACTORS);
        int64_t right[WORLD_SERVICES];

        if (h->status == 'A')
            h->status = 0;
        else
            world_host_join(h, world_host_new(w));
        /* Each takes its own write to be on its way for half a minute. */
        w->now += (31 + world_random(w, 10)) * HC_SECOND;
        note_right(right);
        run(at, false);
        if (is_mistaken(at))
            return;
        check_right(right, at, "taking turns");
    }
}

/* A foreign writer undoes each write: the fourth is held at the latest. */
static void stubborn(void)
{
    int at = (int)world_random(w, WORLD_ACTORS);
    int i = (int)world_random(w, WORLD_SERVICES);
    int64_t right[WORLD_SERVICES], due;

    note_right(right);
    due = right[i];
    for (int n = 0; n < 4; n++) {
        const struct verdict *v = &actors[at].verdicts[i];

        w->state.services[i].desired = due + 1;
        w->now += 40 * HC_SECOND;
        note_right(right);
        if (right[i] != due)
            return;                  /* it is held, whoever set it           */
        run(at, false);
        if (strcmp(v->code, "contested") == 0)
            return;
        check_right(right, at, "contested");
    }
    fail_msg("seed %" PRIu64 ": s%d was set by another four times, and is not "
             "contested", w->seed, i);
}

/* The last events of a cluster come after it. */
static void torn_down(void)
{
    w->state.gone = true;
    for (int at = 0; at < WORLD_ACTORS; at++) {
        run(at, world_chance(w, 50));
        if (!actors[at].witness.gone)
            fail_msg("seed %" PRIu64 ": nobody asked", w->seed);
        CHECK_INT(actors[at].witness.writes, 0);
    }
}

static void afterwards(void)
{
    switch (world_random(w, 6)) {
    case 0: turns();     break;
    case 1: stubborn();  break;
    case 2: torn_down(); break;
    default:            break;
    }
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0)
                                         : otherwise;
}

TEST(worlds, no_write_but_the_right_one)
{
    uint64_t n = number_of("WORLDS", WORLDS);
    uint64_t first = number_of("SEED", 20261123);
    unsigned kinds = (unsigned)number_of("KINDS", KINDS);

    writes = holds = reconciles = 0;
    for (uint64_t i = 0; i < n; i++) {
        set_up(first + i, kinds);
        storm();
        calm();
        afterwards();
        for (int at = 0; at < WORLD_ACTORS; at++)
            hc_memory_fini(&actors[at].memory);
    }
    printf("# %" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
           " reconciles, %" PRIu64 " writes, %" PRIu64 " holds\n", n, first,
           reconciles, writes, holds);
    CHECK(n < 100 || (writes > n && holds > n / 10));
}
