/* tests/worlds_test.c - random worlds against a plain model
 * of what may be written.
 *
 * Two headcounts reconcile one cluster while hosts come and go, services
 * change, another writer interferes, and calls fail, are cut, lie, answer old
 * things, or are carried out late.  Each write is checked against what its own
 * reconcile was told, and nothing else; after the storm one reconcile has to
 * bring every count to what the model says, and the same world planned live,
 * planned from a snapshot of those facts, and applied gives the same counts.
 *
 * WORLDS= and SEED= choose how many and from where; a failure names its seed.
 */
#include "t.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "peers/world.h"

#define WORLDS 10000
#define READINGS 32

/* One list of hosts from its first page to its last. */
struct reading {
    char status;
    bool filtered, complete, broken;
    bool ec2;                        /* hosts of ECS Anywhere are left out   */
    bool has[WORLD_HOSTS];
};

/* What came of a service. */
struct verdict {
    enum hc_outcome outcome;
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
    int64_t wrote[WORLD_SERVICES];   /* last; 0: nothing yet                 */
    struct hc_reconcile r;
    struct hc_job job;
    struct hc_event event;
    char instance[128];
    struct hc_wish wishes[WORLD_SERVICES];
    bool running;
    /* what this reconcile was told, by answers that were whole and true */
    struct world_service services[WORLD_SERVICES];
    bool knows[WORLD_SERVICES];
    /* a host may be described twice, and be another's in between */
    bool was_asg[WORLD_HOSTS], was_other[WORLD_HOSTS];
    struct reading readings[READINGS];
    size_t readings_n;
    int registered;                  /* -1: not told                         */
    bool managed;
};

static struct world *w;
static struct actor actors[WORLD_ACTORS];
static uint64_t seed;
static uint64_t writes, holds, reconciles;

static void wrong(const struct world_call *c, const char *what)
{
    fail_msg("seed %" PRIu64 ": %s: %s %s", seed, what, c->operation, c->body);
}

/* ---- what was told ---- */

static void forget(struct actor *a)
{
    memset(a->knows, 0, sizeof(a->knows));
    memset(a->was_asg, 0, sizeof(a->was_asg));
    memset(a->was_other, 0, sizeof(a->was_other));
    a->readings_n = 0;
    a->registered = -1;
}

static struct reading *last_reading(struct actor *a, const char *body)
{
    char status = strstr(body, "\"ACTIVE\"") != NULL ? 'A' : 'D';
    bool filtered = strstr(body, "attribute:a") != NULL;
    bool ec2 = strstr(body, "external !exists") != NULL;

    for (size_t i = a->readings_n; i > 0; i--)
        if (a->readings[i - 1].status == status &&
            a->readings[i - 1].ec2 == ec2 &&
            a->readings[i - 1].filtered == filtered)
            return &a->readings[i - 1];
    return NULL;
}

static void told_hosts(struct actor *a, const struct world_call *c, bool ok)
{
    struct reading *r;

    if (strstr(c->body, "external exists") != NULL)
        return;
    if (strstr(c->body, "\"nextToken\"") == NULL) {
        CHECK(a->readings_n < READINGS);
        r = &a->readings[a->readings_n++];
        *r = (struct reading){
            .status = strstr(c->body, "\"ACTIVE\"") != NULL ? 'A' : 'D',
            .filtered = strstr(c->body, "attribute:a") != NULL,
            .ec2 = strstr(c->body, "external !exists") != NULL };
    }
    r = last_reading(a, c->body);
    CHECK(r != NULL);
    if (!ok) {
        r->broken = true;
        return;
    }
    for (int i = 0; i < WORLD_HOSTS; i++) {
        char name[24];

        hc_fmt(name, sizeof(name), "/h%d\"", i);
        r->has[i] = r->has[i] || strstr(c->answer, name) != NULL;
    }
    r->complete = strstr(c->answer, "\"nextToken\"") == NULL;
}

static void told(struct world *world, int at, const struct world_call *c,
                 bool ok)
{
    struct actor *a = &actors[at];

    (void)world;
    if (strcmp(c->operation, "ListContainerInstances") == 0)
        told_hosts(a, c, ok);
    if (!ok)
        return;
    for (int i = 0; i < WORLD_SERVICES &&
                    strcmp(c->operation, "DescribeServices") == 0; i++) {
        char name[16];

        hc_fmt(name, sizeof(name), "\"s%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        a->services[i] = c->told.services[i];
        a->knows[i] = true;
    }
    for (int i = 0; i < WORLD_HOSTS &&
                    strcmp(c->operation, "DescribeContainerInstances") == 0;
         i++) {
        char name[24];

        hc_fmt(name, sizeof(name), "/h%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        if (c->told.hosts[i].status == 'A' && c->told.hosts[i].asg)
            a->was_asg[i] = true;
        else
            a->was_other[i] = true;
    }
    if (strcmp(c->operation, "DescribeClusters") == 0)
        a->registered =
            (int)world_number(c->answer, "registeredContainerInstancesCount");
    if (strcmp(c->operation, "DescribeCapacityProviders") == 0)
        a->managed = c->told.managed;
}

/* ---- the plain model ---- */

static bool is_forbidden(const struct world_service *s)
{
    return s->daemon || s->inactive || s->external || s->code_deploy ||
           s->deploying || s->paused;
}

static bool is_filtered(const struct actor *a, int i,
                        const struct world_service *s)
{
    return world_is_constrained(w, s) || a->wishes[i].where.n > 0;
}

/* May this count be concluded from this reading? */
static bool says(const struct actor *a, int i, const struct reading *r,
                 int64_t wanted)
{
    const struct world_service *s = &a->services[i];
    int64_t tasks = a->wishes[i].rule.tasks > 0 ? a->wishes[i].rule.tasks : 1;
    int64_t least = 0, most = 0;

    if (!r->complete || r->broken || r->status != 'A' ||
        r->filtered != is_filtered(a, i, s) || r->ec2 == s->strategy)
        return false;
    for (int h = 0; h < WORLD_HOSTS; h++) {
        if (!r->has[h])
            continue;
        if (s->strategy && !a->was_asg[h] && !a->was_other[h])
            return false;
        least += !s->strategy || (a->was_asg[h] && !a->was_other[h]);
        most += !s->strategy || a->was_asg[h];
    }
    return wanted % tasks == 0 && wanted >= least * tasks &&
           wanted <= most * tasks;
}

static bool is_big(int64_t from, int64_t to)
{
    return (from - to > 2 && 2 * (from - to) > from) ||
           (to - from > 20 && to > 2 * from);
}

static int hosts_of(const struct reading *r)
{
    int n = 0;

    for (int i = 0; i < WORLD_HOSTS; i++)
        n += r->has[i];
    return n;
}

/* Two whole readings of the same hosts, one of those that drain, and a cluster
 * whose number does not contradict them. */
static bool is_confirmed(const struct actor *a, bool filtered, bool strategy)
{
    const struct reading *lists[2] = { NULL, NULL }, *drain = NULL;

    for (size_t i = 0; i < a->readings_n; i++) {
        const struct reading *r = &a->readings[i];

        if (!r->complete || r->broken || r->filtered != filtered)
            continue;
        if (r->status == 'D') {
            drain = r;
            continue;
        }
        if (r->ec2 == strategy)
            continue;
        lists[0] = lists[1];
        lists[1] = r;
    }
    if (lists[0] == NULL || drain == NULL || a->registered < 0 ||
        memcmp(lists[0]->has, lists[1]->has, sizeof(lists[0]->has)) != 0)
        return false;
    int seen = hosts_of(lists[1]) + hosts_of(drain);

    return filtered ? a->registered >= seen : a->registered == seen;
}

static void check_write(struct actor *a, const struct world_call *c)
{
    int i = world_service_of(c->body);
    int64_t wanted = world_number(c->body, "desiredCount");
    char body[256];

    if (i < 0 || i >= WORLD_SERVICES || !a->knows[i])
        wrong(c, "a write to a service that was not read");
    hc_fmt(body, sizeof(body), "{\"cluster\":\"" WORLD_CLUSTER "\",\"service\":"
           "\"s%d\",\"desiredCount\":%lld}", i, (long long)wanted);
    if (strcmp(body, c->body) != 0)
        wrong(c, "more than three members");
    const struct world_service *s = &a->services[i];
    bool known = false;

    if (is_forbidden(s))
        wrong(c, "a write to a forbidden service");
    /* The same count again only over a write that ECS may not show yet. */
    if (wanted <= 0 || (wanted == s->desired && a->wrote[i] == 0))
        wrong(c, "a zero, or no change");
    a->wrote[i] = wanted;
    for (size_t k = 0; k < a->readings_n; k++)
        known = known || says(a, i, &a->readings[k], wanted);
    if (!known)
        wrong(c, "a count that no whole reading says");
    if (is_big(s->desired, wanted) &&
        !is_confirmed(a, is_filtered(a, i, s), s->strategy))
        wrong(c, "a big step that nothing confirms");
    if (s->strategy && a->managed && wanted > s->desired &&
        s->running < s->desired)
        wrong(c, "a rise while tasks wait on managed scaling");
    writes++;
}

static void asked(struct world *world, int at, const struct world_call *c)
{
    (void)world;
    if (strcmp(c->operation, "UpdateService") == 0)
        check_write(&actors[at], c);
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
        .time = w->wall + w->now - world_random(w, 120) * HC_SECOND,
        .version = 1,
    };
}

static void begin(int at, bool with_event)
{
    struct actor *a = &actors[at];
    struct hc_reconcile_config config = {
        .cluster = w->foreign ? HC_STR(WORLD_CLUSTER) : HC_STR("prod"),
        .wishes = a->wishes, .wishes_n = WORLD_SERVICES,
        .memory = &a->memory, .ways = world_ways(at),
        .dry_run = a->dry_run, .snapshot = a->snapshot,
        .ask_definitions = w->definitions,
        .call.region = HC_STR("eu-west-1"),
    };
    struct hc_error error = { .code = 0 };

    pick_event(a);
    if (with_event)
        config.event = &a->event;
    forget(a);
    a->running = true;
    a->job = (struct hc_job){ .deadline = HC_NEVER };
    reconciles++;
    CHECK_INT(hc_reconcile_start(&a->r, &w->net, &a->job, &config, &error), 0);
}

static void end(struct actor *a)
{
    for (size_t i = 0; i < a->r.result.services_n; i++) {
        const struct hc_report_service *s = &a->r.result.services[i];
        struct verdict *v = &a->verdicts[i];

        holds += s->outcome == OUTCOME_HELD;
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

    a->job.deadline = HC_NEVER;          /* as a loop does before each step */
    got = hc_reconcile_step(&a->r, w->now);
    CHECK(got >= 0);
    if (got == 1)
        end(a);
    else if (!w->calls[at].open && a->job.deadline != HC_NEVER &&
             a->job.deadline > w->now)
        w->now = a->job.deadline;    /* it waits for a time */
}

static void set_up(void)
{
    w = world_new(seed);
    w->asked = asked;
    w->told = told;
    for (int at = 0; at < WORLD_ACTORS; at++) {
        struct actor *a = &actors[at];

        memset(a, 0, sizeof(*a));
        hc_memory_init(&a->memory, t_alloc());
        for (int i = 0; i < WORLD_SERVICES; i++) {
            static const char *const names[] = { "s0", "s1", "s2", "s3" };

            a->wishes[i].service = hc_str(names[i]);
        }
    }
    for (int i = 0; i < WORLD_SERVICES; i++) {
        struct hc_wish *wish = &actors[0].wishes[i];

        wish->rule.tasks = world_random(w, 3);
        wish->allow |= ALLOW_GROWTH;      /* the model knows no such hold */
        if (world_chance(w, 20))
            wish->where = HC_STR("attribute:a == 1");
        actors[1].wishes[i] = *wish;
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

/* What the model says of a world that stands still. */
static int64_t right_count(int i)
{
    const struct world_service *s = &w->state.services[i];
    const struct hc_wish *wish = &actors[0].wishes[i];
    bool filtered = world_is_constrained(w, s) || wish->where.n > 0;
    int64_t n = 0;

    for (int h = 0; h < WORLD_HOSTS; h++) {
        const struct world_host *host = &w->state.hosts[h];

        n += host->status == 'A' && (!filtered || host->attr) &&
             (!s->strategy || host->asg);
    }
    n *= wish->rule.tasks > 0 ? wish->rule.tasks : 1;
    return is_forbidden(s) || n == 0 ? s->desired : n;
}

/* One reconcile of a world that stands still. */
static void run_calm(bool dry_run, struct hc_str snapshot,
                     struct hc_buf *record)
{
    struct actor *a = &actors[0];

    a->dry_run = dry_run;
    a->snapshot = snapshot;
    a->record = record;
    begin(0, false);
    while (a->running)
        go_on(0);
    a->record = NULL;
}

static void check_same(const struct verdict *planned, bool applied,
                       const char *what)
{
    for (int i = 0; i < WORLD_SERVICES; i++) {
        const struct verdict *got = &actors[0].verdicts[i];
        enum hc_outcome due = planned[i].outcome;

        if (applied && due == OUTCOME_PENDING)
            due = OUTCOME_UPDATED;
        if (got->outcome != due || got->wanted != planned[i].wanted ||
            strcmp(got->code, planned[i].code) != 0)
            fail_msg("seed %" PRIu64 ": s%d is %s %s %" PRId64 " %s, and %s "
                     "%s %" PRId64 " planned live", seed, i,
                     hc_outcome_name(got->outcome), got->code, got->wanted,
                     what, hc_outcome_name(planned[i].outcome),
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
    CHECK(memcmp(&before, &w->state, sizeof(before)) == 0);
    run_calm(false, HC_STR(""), NULL);
    check_same(planned, true, "applied");
    hc_buf_fini(&snapshot);
}

static void calm(void)
{
    int64_t right[WORLD_SERVICES];

    world_arrive(w, true);
    w->storm = false;
    w->now += 11 * 60 * HC_SECOND;
    for (int i = 0; i < WORLD_SERVICES; i++) {
        w->state.services[i].running = w->state.services[i].desired;
        right[i] = right_count(i);
    }
    three_ways();
    for (int i = 0; i < WORLD_SERVICES; i++)
        if (w->state.services[i].desired != right[i])
            fail_msg("seed %" PRIu64 ": after the storm s%d has %" PRId64
                     ", the model says %" PRId64, seed, i,
                     w->state.services[i].desired, right[i]);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10)
                                         : otherwise;
}

TEST(worlds, no_write_but_the_right_one)
{
    uint64_t n = number_of("WORLDS", WORLDS);
    uint64_t first = number_of("SEED", 20261123);

    writes = holds = reconciles = 0;
    for (uint64_t i = 0; i < n; i++) {
        seed = first + i;
        set_up();
        storm();
        calm();
        for (int at = 0; at < WORLD_ACTORS; at++)
            hc_memory_fini(&actors[at].memory);
    }
    printf("# %" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
           " reconciles, %" PRIu64 " writes, %" PRIu64 " holds\n", n, first,
           reconciles, writes, holds);
    CHECK(n < 100 || (writes > n && holds > n / 10));
}
