/* tests/op/op_sweep_find_test.c - random sweeps and reconciles over random
 * clusters.
 *
 * Several ops of one handle, with policies and without, are driven side by
 * side against clusters whose answers fail, are late or never come; they are
 * cancelled and ended at random moments, and in some worlds one request for
 * memory fails.  The clock is the test's: it moves when nothing else does.  At
 * every moment no two reconciles are inside one cluster, no more than may be at
 * work, and no run is beyond its limits; in the end each target was told once,
 * the sum is that of its parts, the report is theirs, nothing is left.
 *
 * SWEEPS= and SEED= choose how many and from where; a failure names its seed.
 */
#include "headcount.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "op/op_reconcile.h"
#include "op/op_sweep.h"
#include "peers/fleet.h"
#include "t.h"

#define SWEEPS 400
#define OPS 3
#define TARGETS 256
#define WANTS 160

struct run {
    headcount_op *op;                    /* NULL: ended                      */
    bool sweeps;
    struct headcount_sweep sweep;
    struct headcount_reconcile each;
    const char *clusters[2], *regions[FLEET_REGIONS];
    unsigned told[TARGETS];              /* by the place of a target         */
    char names[TARGETS][160];            /* their ARNs, or ""                */
    size_t sum[HEADCOUNT_FAILED + 1], parts;
    bool cancelled;
};

static struct fleet fleet;
static struct run runs[OPS];
static headcount *h;
static uint64_t seed;
static int64_t now;
static size_t concurrency;
static uint64_t seen_parts, seen_turns, seen_cancels, seen_waits,
    seen_failures, seen_braked, seen_awaiting;

static const struct headcount_wish web = {
    .size = sizeof web, .service = "web", .rule = HEADCOUNT_PER_HOST,
};

static void wrong(const char *what)
{
    fail_msg("seed %" PRIu64 ": %s", seed, what);
}

/* ---- the world ---- */

static int64_t sys_now(void *ud)
{
    (void)ud;
    return now;
}

static int64_t sys_wall(void *ud)
{
    (void)ud;
    return 1700000000 * HC_SECOND + now;
}

static int sys_random(void *ud, void *p, size_t n)
{
    unsigned char *to = p;

    (void)ud;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)fleet_random(&fleet, 256);
    return 0;
}

static const char *sys_env(void *ud, const char *name)
{
    (void)ud;
    return strcmp(name, "AWS_REGION") == 0              ? "eu-west-1"
           : strcmp(name, "AWS_ACCESS_KEY_ID") == 0     ? "AKIDEXAMPLE"
           : strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0 ? "wJalrXUtnFEMI"
                                                        : NULL;
}

static void *sys_alloc(void *ud, void *p, size_t old, size_t n)
{
    (void)ud;
    return t_alloc()->fn(t_alloc()->ud, p, old, n);
}

static void open_world(void)
{
    static char url[64];
    const struct headcount_system system = {
        .size = sizeof system, .alloc = sys_alloc, .now = sys_now,
        .wall = sys_wall, .random = sys_random, .env = sys_env,
    };

    fleet_open(&fleet, seed);
    now = HC_SECOND;
    concurrency = fleet_chance(&fleet, 50) ? 1 + fleet_random(&fleet, 4) : 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", fleet.port);
    const struct headcount_config config = {
        .size = sizeof config, .system = &system, .endpoint_url = url,
        .concurrency = (int)concurrency, .read_timeout = 5 * HC_SECOND,
        .api_share = fleet_chance(&fleet, 30) ? 0.01 : 0.5,
    };

    CHECK_INT(headcount_new(&h, &config, NULL), 0);
}

/* ---- ops ---- */

static void pick_places(struct run *r)
{
    static const char *const patterns[] = { "c*", "*1", "c?", "c0", "x*",
        "arn:aws:ecs:*:cluster/c*" };

    r->sweep.clusters = r->clusters;
    for (unsigned n = fleet_random(&fleet, 3); n > 0; n--)
        r->clusters[r->sweep.clusters_n++] =
            patterns[fleet_random(&fleet, 6)];
    r->sweep.regions = r->regions;
    for (unsigned n = fleet_random(&fleet, 4); n > 0; n--)
        r->regions[r->sweep.regions_n++] =
            fleet_regions[fleet_random(&fleet, FLEET_REGIONS)];
}

static void begin(struct run *r)
{
    static const struct headcount_tag gold = { "tier", "gold" };
    static const char *const one[] = { "c1" };
    bool sweeps = fleet_chance(&fleet, 75);
    int got;

    memset(r, 0, sizeof *r);
    r->sweeps = sweeps;
    HEADCOUNT_INIT(&r->sweep);
    HEADCOUNT_INIT(&r->each);
    r->sweep.each = &r->each;
    r->sweep.report = true;
    r->each.policy = fleet_chance(&fleet, 40);
    r->each.dry_run = fleet_chance(&fleet, 20);
    r->sweep.at_once = (int)fleet_random(&fleet, 6);
    if (fleet_chance(&fleet, 40))
        r->each.timeout = (1 + fleet_random(&fleet, 30)) * HC_SECOND;
    if (fleet_chance(&fleet, 40))
        r->each.max_changes = 1 + fleet_random(&fleet, 3);
    if (fleet_chance(&fleet, 40))
        r->each.max_falls = 1 + fleet_random(&fleet, 4);
    if (!r->each.policy) {
        r->each.wishes = &web;
        r->each.wishes_n = 1;
    }
    if (sweeps) {
        pick_places(r);
        r->sweep.tags = &gold;
        r->sweep.tags_n = fleet_random(&fleet, 2);
        got = headcount_begin_sweep(h, &r->op, &r->sweep, NULL);
    } else {
        r->each.clusters = one;
        r->each.clusters_n = 1;
        got = headcount_begin_reconcile(h, &r->op, &r->each, NULL);
    }
    CHECK(got == 0 || (got == HEADCOUNT_ENOMEM && t_alloc_state()->failed));
}

/* ---- at every moment ---- */

/* NULL: another kind of op. */
static const struct op_reconcile *reconcile_in(const headcount_op *op)
{
    return op->class->size == sizeof(struct op_reconcile)
               ? (const struct op_reconcile *)op : NULL;
}

static const struct op_sweep *sweep_in(const headcount_op *op)
{
    return op->class->size == sizeof(struct op_sweep)
               ? (const struct op_sweep *)op : NULL;
}

static bool same_cluster(const headcount_op *a, const headcount_op *b)
{
    const struct op_reconcile *x = reconcile_in(a), *y = reconcile_in(b);

    return hc_str_eq(x->region, y->region) &&
           hc_str_eq(x->names[x->at].name, y->names[y->at].name);
}

static bool is_inside(const headcount_op *op)
{
    return reconcile_in(op) != NULL && reconcile_in(op)->inside;
}

static bool is_beyond(int64_t n, int64_t limit)
{
    return n < 0 || (limit > 0 && n > limit);
}

/* Each write in flight has its place, and no place has lost its write. */
static void check_brake(void)
{
    int64_t placed = 0;

    for (const headcount_op *op = h->ops; op != NULL; op = op->next) {
        const struct op_reconcile *r = reconcile_in(op);

        const struct headcount_reconcile *asked =
            r != NULL ? &r->request
            : sweep_in(op) != NULL ? &sweep_in(op)->each : NULL;

        if (asked != NULL &&
            (is_beyond(op->brake.changes, asked->max_changes) ||
             is_beyond(op->brake.falls, asked->max_falls)))
            wrong("a run beyond its limits");
        if (r == NULL || r->current == NULL)
            continue;
        placed += r->current->run.placed && !r->current->run.write.again;
        seen_awaiting += r->current->state == RECONCILE_TURN;
    }
    if (placed != h->written.open_changes)
        wrong("places are not those of the writes in flight");
}

/* It is the turn of the first cluster of which nobody was told. */
static void check_turns(void)
{
    for (int i = 0; i < OPS; i++) {
        const struct run *r = &runs[i];
        size_t first = 0;

        if (r->op == NULL || !r->sweeps ||
            headcount_op_state(r->op) == HEADCOUNT_DONE)
            continue;
        while (first < TARGETS && r->told[first] > 0)
            first++;
        if (r->op->brake.turn != first)
            wrong("it is another cluster's turn");
    }
}

static void check_moment(void)
{
    size_t inside = 0, waits = 0;

    for (const headcount_op *a = h->ops; a != NULL; a = a->next) {
        waits += reconcile_in(a) != NULL &&
                 (reconcile_in(a)->lock.room.line != NULL ||
                  reconcile_in(a)->lock.prev != NULL);
        inside += is_inside(a);
        for (const headcount_op *b = a->next; is_inside(a) && b != NULL;
             b = b->next)
            if (is_inside(b) && same_cluster(a, b))
                wrong("two reconciles inside one cluster");
    }
    seen_waits += waits;
    check_brake();
    check_turns();
    if (inside != h->inside || (concurrency > 0 && inside > concurrency))
        wrong("more reconciles at work than there may be");
    for (const headcount_op *a = h->ops; a != NULL; a = a->next) {
        const struct op_sweep *s = sweep_in(a);
        size_t used = 0;

        for (size_t i = 0; s != NULL && i < HC_SWEEP_AT_ONCE; i++)
            used += s->parts[i].used;
        if (used > (s != NULL ? s->at_once : 0))
            wrong("more parts than at_once");
        if (a->parent != NULL && a->parent->state == HEADCOUNT_DONE)
            wrong("a part outlives its sweep");
    }
}

/* ---- the owner's turns ---- */

static void maybe_cancel(struct run *r, unsigned percent)
{
    if (fleet_chance(&fleet, 1)) {           /* what follows is the same */
        headcount_drain(r->op);
        r->cancelled = true;
    }
    if (!fleet_chance(&fleet, percent))
        return;
    headcount_cancel(r->op);
    r->cancelled = true;
    seen_cancels++;
}

static void take_part(struct run *r)
{
    const struct headcount_outcome *part = headcount_sweep_cluster(r->op);
    const struct headcount_cluster *c = &part->clusters[0];
    struct headcount_progress p;

    headcount_sweep_progress(r->op, &p);
    CHECK_INT(part->clusters_n, 1);
    if (p.at >= TARGETS || p.at >= p.found || p.done != r->parts)
        wrong("a part that was not found");
    if (r->told[p.at]++ > 0)
        wrong("a part that is told twice");
    for (size_t i = 0; i < TARGETS && c->arn[0] != '\0'; i++)
        if (strcmp(r->names[i], c->arn) == 0)
            wrong("a cluster that is told twice");
    snprintf(r->names[p.at], sizeof r->names[0], "%s", c->arn);
    for (int i = 0; i <= HEADCOUNT_FAILED; i++)
        r->sum[i] += part->summary[i];
    for (size_t i = 0; i < c->services_n; i++)
        seen_braked += strcmp(c->services[i].code, "too_many_changes") == 0;
    r->parts++;
    seen_parts++;
    maybe_cancel(r, 2);
    headcount_resume(r->op);
}

static void decide(struct run *r)
{
    const struct headcount_query cluster = {
        .size = sizeof cluster, .kind = HEADCOUNT_FACT_CLUSTER };
    struct headcount_fact fact;
    int got = 1;

    CHECK(headcount_question(r->op) != NULL);
    seen_turns++;
    switch (fleet_random(&fleet, 5)) {
    case 0:
        headcount_decide_by_tags(r->op);
        return;
    case 1:
        headcount_refuse(r->op, "it would rather not");
        return;
    case 2:
        got = headcount_fact(r->op, &cluster, &fact, NULL);
        break;
    case 3:
        maybe_cancel(r, 20);
        break;
    default:
        break;
    }
    if (fleet_chance(&fleet, 10))
        headcount_limits(r->op, 1 + fleet_random(&fleet, 3), 0);
    if (got == 1)
        headcount_wish(r->op, &web);
    headcount_resume(r->op);
    headcount_resume(r->op);             /* twice is once */
}

/* ---- the end of one ---- */

static size_t clusters_of(const struct headcount_outcome *o)
{
    headcount_json *json = NULL;
    const char *text;
    size_t n, depth = 0, clusters = 0;
    int got;

    CHECK_INT(headcount_json_new(&json, o->json, o->json_size, NULL), 0);
    while ((got = headcount_json_next(json, &text, &n, NULL)) > 0) {
        clusters += got == HEADCOUNT_JSON_OBJECT && depth == 2;
        depth += got == HEADCOUNT_JSON_OBJECT || got == HEADCOUNT_JSON_ARRAY;
        depth -= got == HEADCOUNT_JSON_OBJECT_END ||
                 got == HEADCOUNT_JSON_ARRAY_END;
    }
    if (got < 0)
        wrong("the report is no JSON");
    headcount_json_free(json);
    return clusters;
}

static void check_done(struct run *r)
{
    const struct headcount_outcome *o = headcount_outcome(r->op);
    struct headcount_progress p;

    if (!r->sweeps || o->code != 0)
        return;
    headcount_sweep_progress(r->op, &p);
    if (!p.all_found || p.done != p.found || r->parts != p.found)
        wrong("it is done before its parts");
    for (size_t i = 0; i < p.found; i++)
        if (r->told[i] != 1)
            wrong("a target that was not told");
    r->sum[HEADCOUNT_FAILED] += o->missing_services_n;
    for (int i = 0; i <= HEADCOUNT_FAILED; i++)
        if (r->sum[i] != o->summary[i])
            wrong("the sum is not that of the parts");
    if (is_beyond((int64_t)(r->sum[HEADCOUNT_UPDATED] +
                            r->sum[HEADCOUNT_PENDING]),
                  r->each.max_changes))
        wrong("more is written than the limit");
    if (clusters_of(o) != r->parts)
        wrong("the report is not that of the parts");
}

static void end(struct run *r)
{
    headcount_op_free(r->op);
    r->op = NULL;
}

/* ---- driving ---- */

static bool step(void)
{
    struct headcount_want wants[WANTS];
    struct pollfd fds[WANTS];
    int64_t deadline;
    bool busy = fleet_serve(&fleet);
    size_t n = headcount_wants(h, wants, WANTS, &deadline);

    CHECK(n <= WANTS);
    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = wants[i].fd,
                                  .events = wants[i].events };
    busy |= poll(fds, (nfds_t)n, 0) > 0 || deadline <= now;
    for (size_t i = 0; i < n; i++)
        wants[i].events = fds[i].revents;
    headcount_step(h, wants, n);
    check_moment();
    return busy;
}

/* Nothing happens: until the next thing that is due. */
static bool pass(void)
{
    int64_t deadline;

    headcount_wants(h, NULL, 0, &deadline);
    if (deadline == HC_NEVER)
        return false;
    now = deadline > now ? deadline : now;
    return true;
}

/* True: something was for it to do. */
static bool turn(struct run *r)
{
    switch (headcount_op_state(r->op)) {
    case HEADCOUNT_ASKS: decide(r); return true;
    case HEADCOUNT_PART: take_part(r); return true;
    case HEADCOUNT_DONE: check_done(r); end(r); return true;
    case HEADCOUNT_RUNNING:
        break;
    }
    return false;
}

static bool turns(void)
{
    bool any = false;

    for (int i = 0; i < OPS; i++) {
        struct run *r = &runs[i];

        /* a slow owner looks at the others first */
        if (r->op != NULL && fleet_chance(&fleet, 70))
            any |= turn(r);
        if (r->op != NULL && fleet_chance(&fleet, 1))
            maybe_cancel(r, 10);
        if (r->op != NULL && fleet_random(&fleet, 2000) == 0)
            end(r);
    }
    return any;
}

static bool all_ended(void)
{
    for (int i = 0; i < OPS; i++)
        if (runs[i].op != NULL)
            return false;
    return true;
}

static void drive(void)
{
    int idle = 0;

    for (int i = 0; !all_ended(); i++) {
        if (i == 200000)
            wrong("it does not come to an end");
        bool busy = step();

        busy |= turns();
        idle = busy ? 0 : idle + 1;
        if (idle > 200)
            wrong("nothing happens any more");
        if (idle > 2 && !pass())
            poll(NULL, 0, 1);
    }
}

static void one_seed(void)
{
    struct t_alloc *memory = t_alloc_state();

    open_world();
    memory->failed = false;
    memory->fail_at = fleet_chance(&fleet, 30)
        ? memory->count + 1 + fleet_random(&fleet, 800) : 0;
    for (int i = 0; i < OPS; i++)
        begin(&runs[i]);
    if (fleet_chance(&fleet, 90))
        drive();
    headcount_free(h);
    fleet_close(&fleet);
    seen_failures += memory->failed;
    memory->fail_at = 0;
    if (t_alloc_state()->live != 0)
        wrong("memory is left");
}

TEST(sweeps, every_target_is_told_once_and_no_cluster_has_two_at_work)
{
    const char *many = getenv("SWEEPS"), *from = getenv("SEED");
    uint64_t n = many != NULL ? strtoull(many, NULL, 10) : SWEEPS;

    seed = from != NULL ? strtoull(from, NULL, 10) : 1;
    seen_parts = seen_turns = seen_cancels = seen_waits = 0;
    seen_failures = seen_braked = seen_awaiting = 0;
    for (uint64_t i = 0; i < n; i++, seed++)
        one_seed();
    printf("# %" PRIu64 " worlds: %" PRIu64 " parts told, %" PRIu64 " turns of "
           "policies, %" PRIu64 " cancels, %" PRIu64 " failed for memory, "
           "%" PRIu64 " held by limits\n", n, seen_parts, seen_turns,
           seen_cancels, seen_failures, seen_braked);
    CHECK(from != NULL || many != NULL ||
          (seen_parts > 1000 && seen_turns > 100 && seen_cancels > 50 &&
           seen_waits > 100 && seen_failures > 20 && seen_braked > 20 &&
           seen_awaiting > 20));
}
