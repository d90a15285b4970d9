/* peers/world.c - an ECS in memory: its state, its changes, its birth. */
#include "peers/world.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

/* ---- chance ---- */

unsigned world_random(struct world *w, unsigned n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (unsigned)((w->random >> 11) % n);
}

bool world_chance(struct world *w, unsigned percent)
{
    return world_random(w, 100) < percent;
}

int64_t world_wall_now(const struct world *w)
{
    return w->wall + w->now;
}

/* ---- hosts ---- */

static int host_provider(struct world *w)
{
    if (!world_has(w, WORLD_WEIGHTS))
        return world_chance(w, 60) ? 0 : 1;
    if (world_chance(w, 15))
        return -1;
    return (int)world_random(w, world_chance(w, 80) ? 3 : WORLD_PROVIDERS);
}

struct world_host world_host_new(struct world *w)
{
    struct world_host h = {
        .status = 'A', .attr = world_chance(w, 50), .connected = true,
        .cpu = 1024, .memory = 2048, .registered_at = world_wall_now(w),
    };

    h.provider = host_provider(w);
    if (world_has(w, WORLD_DETAILS) || world_has(w, WORLD_POLICY)) {
        h.cpu = 1024 << world_random(w, 4);
        h.memory = 2048 << world_random(w, 3);
        h.connected = !world_has(w, WORLD_DETAILS) || world_chance(w, 90);
    }
    h.external = world_has(w, WORLD_ANYWHERE) && world_chance(w, 35);
    if (h.external)
        h.provider = -1;
    return h;
}

bool world_host_had_provider(const struct world_host *h)
{
    return h->registered_at != 0 && h->provider >= 0;
}

void world_host_join(struct world_host *h, struct world_host joins)
{
    if (world_host_had_provider(h)) {
        joins.provider = h->provider;
        joins.external = false;
    }
    *h = joins;
}

static void change_host(struct world *w)
{
    struct world_host *h = &w->state.hosts[world_random(w, WORLD_HOSTS)];

    switch (h->status) {
    case 'A':
        if (world_has(w, WORLD_DETAILS) && world_chance(w, 20))
            h->connected = !h->connected;
        else
            h->status = world_chance(w, 60) ? 'D' : 0;
        break;
    case 'D':
        h->status = world_chance(w, 70) ? 0 : 'A';
        break;
    default:
        world_host_join(h, world_host_new(w));
    }
}

/* ---- services ---- */

/* One provider of whatever weight; or some, of which one at least has a weight
 * above 0 and one at most has a base. */
static void service_strategy(struct world *w, struct world_service *s)
{
    unsigned n = 1, first = 0;

    memset(s->items, 0, sizeof(s->items));
    if (world_has(w, WORLD_WEIGHTS)) {
        n = world_chance(w, 30)   ? 1
            : world_chance(w, 80) ? 2 + world_random(w, 2)
                                  : WORLD_PROVIDERS;
        first = world_random(w, 3);
    }
    for (unsigned i = 0; i < n; i++)
        s->items[(first + i) % WORLD_PROVIDERS] = (struct world_item){
            .named = true,
            .weight = world_has(w, WORLD_WEIGHTS)
                          ? (int)world_random(w, 4) - 1 : -1 };
    if (!world_has(w, WORLD_WEIGHTS))
        return;
    /* Which of its hosts a base counts is not said: their CPUs differ. */
    if (!world_has(w, WORLD_DETAILS) && world_chance(w, 50))
        s->items[first].base = 1 + (int)world_random(w, 4);
    if (n > 1)
        s->items[(first + 1) % WORLD_PROVIDERS].weight = 1;
}

static void change_service(struct world *w)
{
    unsigned i = world_random(w, WORLD_SERVICES);
    struct world_service *s = &w->state.services[i];

    switch (world_random(w, 12)) {
    case 0: s->daemon = !s->daemon;           break;
    case 1: s->inactive = !s->inactive;       break;
    case 2: s->external = !s->external;       break;
    case 3: s->code_deploy = !s->code_deploy; break;
    case 4: s->deploying = !s->deploying;     break;
    case 5: s->paused = !s->paused;           break;
    case 6: s->constrained = !s->constrained; break;
    case 7:
        s->strategy = !s->strategy;
        service_strategy(w, s);
        break;
    case 8: s->revision++;                    break;
    case 9:
        s->anywhere = world_has(w, WORLD_ANYWHERE) && !s->anywhere;
        break;
    case 10:
        s->distinct = world_has(w, WORLD_DISTINCT) && !s->distinct;
        break;
    default:
        if (world_has(w, WORLD_WRITER))
            world_set_desired(w, (int)i, world_random(w, 70));
    }
}

void world_set_desired(struct world *w, int service, int64_t desired)
{
    struct world_service *s = &w->state.services[service];

    if (w->now >= s->shown_at)
        s->before = s->desired;
    if (world_has(w, WORLD_LAG_SHOWN) && world_chance(w, 50))
        s->shown_at = w->now + world_random(w, (unsigned)WORLD_LAG);
    if (s->desired != desired && w->tells_changes)
        s->changed = world_wall_now(w);
    s->desired = desired;
}

static struct world_service service_new(struct world *w)
{
    struct world_service s = { .desired = world_random(w, 70) };

    s.running = s.desired;
    s.constrained = world_chance(w, 30);
    s.strategy = world_chance(w, world_has(w, WORLD_WEIGHTS) ? 60 : 30);
    s.revision = world_chance(w, 30);
    s.revision += world_has(w, WORLD_DISTINCT) && world_chance(w, 30) ? 2 : 0;
    s.anywhere = world_has(w, WORLD_ANYWHERE) && world_chance(w, 30);
    s.distinct = world_has(w, WORLD_DISTINCT) && world_chance(w, 50);
    service_strategy(w, &s);
    return s;
}

bool world_is_constrained(const struct world *w, const struct world_service *s)
{
    return s->constrained || (w->definitions && s->revision % 2 != 0);
}

bool world_is_alone(const struct world *w, const struct world_service *s)
{
    return s->distinct || (w->definitions && world_has(w, WORLD_DISTINCT) &&
                           s->revision % 4 > 1);
}

bool world_uses(const struct world_service *s, int provider, int *most)
{
    int n = 0;

    *most = WORLD_HOSTS;
    if (provider < 0 || !s->items[provider].named)
        return false;
    for (int i = 0; i < WORLD_PROVIDERS; i++)
        n += s->items[i].named;
    if (n == 1 || s->items[provider].weight > 0)
        return true;
    *most = s->items[provider].base;
    return *most > 0;
}

/* ---- what happens ---- */

static void change_cluster(struct world *w)
{
    if (world_chance(w, 5)) {
        unsigned i = world_random(w, world_has(w, WORLD_WEIGHTS)
                                         ? WORLD_PROVIDERS : 1);

        w->state.managed[i] = !w->state.managed[i];
    }
    if (world_has(w, WORLD_GONE))
        w->state.gone = world_chance(w, w->state.gone ? 50 : 5);
}

void world_change(struct world *w)
{
    w->old = w->state;
    for (unsigned n = 1 + world_random(w, 4); n > 0; n--)
        change_host(w);
    if (world_chance(w, 30))
        change_service(w);
    change_cluster(w);
    for (size_t i = 0; i < WORLD_SERVICES; i++)
        w->state.services[i].running =
            world_chance(w, 70) ? w->state.services[i].desired
                                : world_random(w, 70);
    w->now += world_random(w, 20) * HC_SECOND;
    world_arrive(w, false);
}

void world_arrive(struct world *w, bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->late_n; i++) {
        struct world_late late = w->late[i];

        if (!all && --late.steps > 0)
            w->late[kept++] = late;
        else if (!w->state.gone)
            world_set_desired(w, late.service, late.desired);
    }
    w->late_n = kept;
}

/* ---- its birth ---- */

static int64_t world_now(void *ud)
{
    return ((const struct world *)ud)->now;
}

static int64_t world_wall(void *ud)
{
    return world_wall_now(ud);
}

/* Each kind is in a fifth of all worlds, and a foreign writer in half of them:
 * what one kind does is seen alone and with others. */
static unsigned draw_kinds(struct world *w, unsigned of)
{
    unsigned kinds = 0;

    for (unsigned k = 1; k <= WORLD_WRITER; k *= 2)
        kinds |= world_chance(w, k == WORLD_WRITER ? 50 : 20) ? k : 0;
    /* Whether a policy's own count has hosts of ECS Anywhere in it is not said
     * by its answer. */
    if ((kinds & WORLD_POLICY) != 0)
        kinds &= ~(unsigned)WORLD_ANYWHERE;
    return kinds & of;
}

static void fill(struct world *w)
{
    unsigned hosts = world_random(w, WORLD_HOSTS);

    for (int i = 0; i < WORLD_PROVIDERS; i++)
        w->state.managed[i] =
            world_has(w, WORLD_WEIGHTS) && world_chance(w, 20);
    for (unsigned i = 0; i < hosts; i++) {
        struct world_host h = world_host_new(w);

        h.status = world_chance(w, 85) ? 'A' : 'D';
        h.registered_at -= world_random(w, 1200) * HC_SECOND;
        w->state.hosts[i] = h;
    }
    for (int i = 0; i < WORLD_SERVICES; i++)
        w->state.services[i] = service_new(w);
}

struct world *world_the(void)
{
    static struct world the_world;

    return &the_world;
}

struct world *world_new(uint64_t seed, unsigned of)
{
    struct world *w = world_the();

    *w = (struct world){ .seed = seed,
                         .random = seed * 0x9E3779B97F4A7C15U + 1,
                         .now = 1000 * HC_SECOND, .storm = true,
                         .wall = 1767225600 * HC_SECOND };
    for (int i = 0; i < 8; i++)
        world_random(w, 2);
    w->net.sys.ud = w;
    w->net.sys.alloc = *t_alloc();
    w->net.sys.now = world_now;
    w->net.sys.wall = world_wall;
    w->kinds = draw_kinds(w, of);
    w->foreign = world_chance(w, 50);
    w->definitions = world_chance(w, 50);
    w->refuses = world_has(w, WORLD_ANYWHERE) && world_chance(w, 15);
    w->page_providers = 3 + (int)world_random(w, 8);
    w->page = 3 + world_random(w, 30);
    fill(w);
    w->old = w->state;
    return w;
}
