/* peers/world_places.c - where the ECS in memory puts tasks, and which hosts
 * its capacity providers start for tasks that wait.
 *
 * Written from what AWS documents, not from core/plan/placement.c: it is the
 * second opinion about that file.
 */
#include "peers/world.h"

#include <string.h>

/* ---- one host ---- */

struct world_host world_left(const struct world_state *state, int host)
{
    struct world_host left = state->hosts[host];

    left.interfaces -= left.tasks;
    for (int i = 0; i < WORLD_SERVICES; i++) {
        const struct world_service *s = &state->services[i];
        int n = s->on[host];

        left.cpu_free -= n * s->needs.cpu;
        left.memory_free -= n * s->needs.memory;
        left.tasks += n;
        left.interfaces -= s->needs.awsvpc ? n : 0;
        left.ports |= n > 0 ? s->needs.ports : 0;
    }
    return left;
}

static bool has_room(const struct world_needs *n, const struct world_host *left)
{
    return left->cpu_free >= n->cpu && left->memory_free >= n->memory &&
           (left->ports & n->ports) == 0 &&
           !(n->awsvpc && left->interfaces < 1);
}

static bool is_able(const struct world *w, const struct world_needs *n,
                    const struct world_host *h)
{
    return !(n->driver && h->bare) &&
           !(w->heeds_architecture && ((n->arm && !h->arm) ||
                                       (n->x86 && h->arm)));
}

bool world_fits(const struct world *w, int service, int host)
{
    const struct world_service *s = &w->state.services[service];
    const struct world_host *h = &w->state.hosts[host];
    struct world_host left = world_left(&w->state, host);
    int most;

    if (h->status != 'A' || !h->connected || h->hidden ||
        (world_is_constrained(w, s) && !h->attr) ||
        (s->distinct && s->on[host] > 0))
        return false;
    if (s->strategy ? !world_uses(s, h->provider, &most)
                    : h->external != s->anywhere)
        return false;
    return is_able(w, &s->needs, h) && has_room(&s->needs, &left);
}

int world_hosts(const struct world *w, int provider)
{
    int n = 0;

    for (int h = 0; h < WORLD_HOSTS; h++)
        n += w->state.hosts[h].status != 0 &&
             (provider < 0 || w->state.hosts[h].provider == provider);
    return n;
}

/* ---- shares of a strategy ---- */

static int weight_of(const struct world_service *s, int provider)
{
    const struct world_item *item = &s->items[provider];

    return item->named && item->weight > 0 ? item->weight : 0;
}

/* The next provider that gets one of the tasks that weights do not divide. */
static int rest_goes_to(const struct world *w, const struct world_service *s,
                        int64_t count, int64_t weights, unsigned given)
{
    int best = -1;

    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        if (weight_of(s, i) == 0 || (given >> i & 1) != 0)
            continue;
        if (best < 0 || w->rest == REST_LAST ||
            (w->rest == REST_LARGEST &&
             count * weight_of(s, i) % weights >
                 count * weight_of(s, best) % weights))
            best = i;
    }
    return best;
}

/* Bases first; then whole parts by weight; then the rest, one by one. */
void world_split(const struct world *w, const struct world_service *s,
                 int64_t count, int64_t give[WORLD_PROVIDERS])
{
    int64_t weights = 0, rest, left;
    int named = 0, last = 0;
    unsigned given = 0;

    memset(give, 0, WORLD_PROVIDERS * sizeof(*give));
    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        if (!s->items[i].named)
            continue;
        named++;
        last = i;
        give[i] = s->items[i].base < count ? s->items[i].base : count;
        count -= give[i];
        weights += weight_of(s, i);
    }
    if (named == 1)
        give[last] += count;
    if (named == 1 || weights == 0)
        return;
    rest = left = count;
    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        give[i] += rest * weight_of(s, i) / weights;
        left -= rest * weight_of(s, i) / weights;
    }
    for (; left > 0; left--) {
        int i = rest_goes_to(w, s, rest, weights, given);

        give[i]++;
        given |= 1U << i;
    }
}

/* The tasks of a service on hosts of the provider. */
static int64_t placed_on(const struct world *w, const struct world_service *s,
                         int provider)
{
    int64_t n = 0;

    for (int h = 0; h < WORLD_HOSTS; h++)
        n += w->state.hosts[h].provider == provider ? s->on[h] : 0;
    return n;
}

int64_t world_waiting(const struct world *w, const struct world_service *s,
                      int provider)
{
    int64_t give[WORLD_PROVIDERS], n, missing = s->desired - s->running;

    if (!s->strategy || missing <= 0)
        return 0;
    world_split(w, s, s->desired, give);
    n = give[provider] - placed_on(w, s, provider);
    return n < missing ? n : missing;
}

/* ---- tasks start and stop ---- */

/* On the host with the fewest tasks of the service, of those the oldest; of a
 * provider, or (-1) of any. */
static bool place_one(struct world *w, int service, int provider)
{
    struct world_service *s = &w->state.services[service];
    int best = -1;

    for (int h = 0; h < WORLD_HOSTS; h++) {
        const struct world_host *a = &w->state.hosts[h];

        if ((provider >= 0 && a->provider != provider) ||
            (best >= 0 && s->on[h] > s->on[best]) ||
            (best >= 0 && s->on[h] == s->on[best] &&
             a->registered_at >= w->state.hosts[best].registered_at))
            continue;
        if (world_fits(w, service, h))
            best = h;
    }
    if (best < 0)
        return false;
    s->on[best]++;
    s->running++;
    return true;
}

/* The tasks that a provider has above its share of the count. */
static int64_t too_many_on(const struct world *w, const struct world_service *s,
                           int provider)
{
    int64_t give[WORLD_PROVIDERS];

    if (!s->strategy || provider < 0)
        return 0;
    world_split(w, s, s->desired, give);
    return placed_on(w, s, provider) - give[provider];
}

static void stop_one(struct world *w, struct world_service *s)
{
    int best = -1;
    int64_t most = 0;

    for (int h = 0; h < WORLD_HOSTS; h++) {
        int64_t n = s->on[h] > 0 ? too_many_on(w, s, w->state.hosts[h].provider)
                                 : 0;

        if (s->on[h] == 0 || (best >= 0 && n < most) ||
            (best >= 0 && n == most && s->on[h] < s->on[best]))
            continue;
        best = h;
        most = n;
    }
    s->on[best]--;
    s->running--;
}

void world_place(struct world *w)
{
    for (int i = 0; i < WORLD_SERVICES; i++) {
        struct world_service *s = &w->state.services[i];

        s->running = 0;
        for (int h = 0; h < WORLD_HOSTS; h++) {
            if (w->state.hosts[h].status != 'A')
                s->on[h] = 0;
            s->running += s->on[h];
        }
        while (s->running > s->desired)
            stop_one(w, s);
    }
    for (int i = 0; i < WORLD_SERVICES; i++) {
        struct world_service *s = &w->state.services[i];

        for (int p = 0; s->strategy && p < WORLD_PROVIDERS; p++)
            while (world_waiting(w, s, p) > 0 && place_one(w, i, p))
                ;
        while (!s->strategy && s->running < s->desired && place_one(w, i, -1))
            ;
    }
}

/* ---- managed scaling ---- */

/* The tasks for which the provider starts hosts.  Those that are too big for
 * its hosts start none.  Any other limit does not keep it from that. */
static int64_t hosts_wanted(const struct world *w, int provider)
{
    const struct world_host *kind = &w->state.kinds[provider];
    int64_t n = 0;

    for (int i = 0; i < WORLD_SERVICES; i++) {
        const struct world_service *s = &w->state.services[i];
        int64_t waiting = world_waiting(w, s, provider);

        if (waiting > n && kind->cpu >= s->needs.cpu &&
            kind->memory >= s->needs.memory)
            n = waiting;
    }
    return n;
}

/* No host is there, and none of another provider was. */
static bool is_room_for(const struct world_host *h, int provider)
{
    return h->status == 0 &&
           (!world_host_had_provider(h) || h->provider == provider);
}

int world_scale(struct world *w)
{
    int started = 0;

    for (int p = 0; p < WORLD_PROVIDERS; p++) {
        int64_t n = w->state.managed[p] ? hosts_wanted(w, p) : 0;
        int h = 0;

        for (; n > 0 && world_hosts(w, p) < w->state.limits[p]; n--) {
            while (h < WORLD_HOSTS && !is_room_for(&w->state.hosts[h], p))
                h++;
            if (h == WORLD_HOSTS)
                break;
            w->state.hosts[h] = w->state.kinds[p];
            w->state.hosts[h].status = 'A';
            w->state.hosts[h].connected = true;
            w->state.hosts[h].provider = p;
            w->state.hosts[h].registered_at = world_wall_now(w);
            started++;
        }
    }
    return started;
}
