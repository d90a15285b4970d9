/* peers/witness_places.c - how far a count may rise without a host that managed
 * scaling would start for it: the plain model of one reading.
 *
 * It judges a host by what answers tell of it, which may be less than what the
 * world goes by (peers/world_places.c).
 */
#include "peers/witness.h"

#include "peers/tally.h"

enum told { TOLD_NO, TOLD_UNKNOWN, TOLD_YES };

/* ---- one host ---- */

/* Hosts that run the task are not asked what they are like, so a host of
 * another architecture is taken at its word. */
static enum told told_of(const struct world *w, const struct world_needs *n,
                         const struct world_host *h)
{
    if (!h->connected)
        return TOLD_NO;
    if (!world_has(w, WORLD_PLACES))
        return TOLD_YES;
    if ((n->driver && h->bare) || (n->arm && !h->arm) || (n->x86 && h->arm) ||
        h->cpu_free < n->cpu || h->memory_free < n->memory ||
        (h->ports & n->ports) != 0)
        return TOLD_NO;
    if (n->awsvpc && h->tasks > 0 && !(h->trunk && h->tasks < 4))
        return TOLD_UNKNOWN;
    return TOLD_YES;
}

/* ---- all hosts ---- */

struct room {
    int64_t run[WORLD_PROVIDERS], can[WORLD_PROVIDERS];
    int64_t runs, used;              /* hosts with a task; providers         */
    bool needs_younger;              /* one that can is older than the count */
};

static bool counts(const struct witness_seen *seen, const struct hc_wish *wish,
                   const struct world_service *s, int host, int64_t wall)
{
    uint64_t one = (uint64_t)1 << host;
    int provider = seen->hosts[host].provider, most;

    return (seen->listed & one) != 0 && world_uses(s, provider, &most) &&
           tally_of(wish, s, seen->hosts, one, wall).hosts > 0;
}

/* ECS took a host of the provider that came after the count had changed. */
static bool has_younger(const struct witness_seen *seen, int provider)
{
    for (int h = 0; h < WORLD_HOSTS; h++)
        if ((seen->younger >> h & 1) != 0 &&
            seen->hosts[h].provider == provider)
            return true;
    return false;
}

static bool can_take(const struct witness *x, const struct hc_wish *wish,
                     const struct world_service *s,
                     const struct witness_seen *seen, int host,
                     struct room *room)
{
    const struct world_host *h = &seen->hosts[host];
    enum told told = told_of(x->w, &s->needs, h);
    bool old = told == TOLD_YES && s->changed > 0 &&
               h->registered_at < s->changed;

    room->needs_younger = room->needs_younger || old;
    if (old && has_younger(seen, h->provider))
        return (wish->allow & ALLOW_PASSED_OVER) != 0;
    return told == TOLD_YES ||
           (told == TOLD_UNKNOWN &&
            (wish->allow & ALLOW_UNKNOWN_PLACEMENT) != 0);
}

static struct room room_of(const struct witness *x, const struct hc_wish *wish,
                           const struct world_service *s,
                           const struct witness_seen *seen)
{
    struct room room = { .runs = 0 };
    int64_t more;
    int most;

    for (int h = 0; h < WORLD_HOSTS; h++) {
        if (!counts(seen, wish, s, h, world_wall_now(x->w)))
            continue;
        if ((seen->lacking >> h & 1) != 0) {
            room.can[seen->hosts[h].provider] +=
                can_take(x, wish, s, seen, h, &room);
        } else {
            room.run[seen->hosts[h].provider]++;
            room.runs++;
        }
    }
    for (int i = 0; i < WORLD_PROVIDERS; i++)
        room.used += world_uses(s, i, &most);
    /* Two lists a moment apart may differ by a host that left, and no answer
     * says whose it was. */
    more = room.runs - s->running;
    for (int i = 0; more > 0 && i < WORLD_PROVIDERS; i++) {
        int64_t own = more < room.run[i] ? more : room.run[i];

        room.run[i] -= own;
        room.runs -= own;
    }
    return room;
}

/* ---- shares ---- */

static int64_t runs_of(const struct room *room)
{
    int64_t n = 0;

    for (int i = 0; i < WORLD_PROVIDERS; i++)
        n += room->run[i];
    return n;
}

/* The tasks of `count` that this provider gets at most: its base, its part by
 * weight, and one that is left over.  *left: how many those are.  The base of
 * another provider without a weight is not believed if tasks run elsewhere
 * before it is full. */
static int64_t most_of(const struct world_service *s, const struct room *room,
                       int provider, int64_t count, int64_t *left)
{
    int64_t weights = 0, own = 0, part = 0, rest;
    int most;

    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        int64_t base = s->items[i].base;

        if (!world_uses(s, i, &most))
            continue;
        if (i != provider && s->items[i].weight <= 0 && room->used > 1 &&
            base > room->run[i] && runs_of(room) > room->run[i])
            base = room->run[i];
        base = base < count ? base : count;
        count -= base;
        own += i == provider ? base : 0;
        weights += s->items[i].weight > 0 ? s->items[i].weight : 0;
    }
    *left = 0;
    if (weights == 0)
        return own;
    rest = count;
    for (int i = 0; i < WORLD_PROVIDERS; i++)
        if (world_uses(s, i, &most) && s->items[i].weight > 0) {
            part = rest * s->items[i].weight / weights;
            count -= part;
            own += i == provider ? part : 0;
        }
    *left = count;
    return own + (s->items[provider].weight > 0 && count > 0);
}

/* Tasks that run by the weights show where ECS puts those that are left over:
 * after whole rounds of all weights it puts them there again. */
static bool is_shown(const struct world_service *s, const struct room *room,
                     int64_t wanted, int64_t rounds[WORLD_PROVIDERS])
{
    int64_t weights = 0, bases = 0, left, least;
    int most, divisor = 0;

    if (room->runs != s->running)
        return false;
    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        if (!world_uses(s, i, &most))
            continue;
        bases += s->items[i].base;
        weights += s->items[i].weight > 0 ? s->items[i].weight : 0;
        least = most_of(s, room, i, s->running, &left);
        least -= s->items[i].weight > 0 && left > 0;
        if (room->run[i] < least || room->run[i] > least + (left > 0))
            return false;
        for (int n = s->items[i].weight, m; n > 0; n = m) {
            m = divisor % n;
            divisor = n;
        }
    }
    if (divisor == 0 || s->running < bases ||
        (wanted - s->running) % (weights / divisor) != 0)
        return false;
    for (int i = 0; i < WORLD_PROVIDERS; i++)
        rounds[i] = s->items[i].weight <= 0 ? 0
                    : (wanted - s->running) / (weights / divisor) *
                          (s->items[i].weight / divisor);
    return true;
}

/* With `each` tasks on a host. */
static bool starts_none(const struct world_service *s, const struct room *room,
                        const bool managed[WORLD_PROVIDERS], int64_t each,
                        int64_t wanted)
{
    int64_t rounds[WORLD_PROVIDERS], left;
    bool shown = is_shown(s, room, wanted, rounds);
    int most;

    for (int i = 0; i < WORLD_PROVIDERS; i++) {
        int64_t own = wanted;

        if (!world_uses(s, i, &most) || !managed[i])
            continue;
        if (room->used > 1)
            own = shown ? room->run[i] + rounds[i]
                        : most_of(s, room, i, wanted, &left);
        if (own > (room->run[i] + room->can[i]) * each)
            return false;
    }
    return true;
}

int64_t witness_placeable(const struct witness *x, const struct hc_wish *wish,
                          const struct world_service *s,
                          const struct witness_seen *seen, int64_t wanted)
{
    struct room room = room_of(x, wish, s, seen);
    int64_t each = seen->count > 0 ? (wanted - 1) / seen->count + 1 : 1;
    int64_t least = tally_count(x->w, wish, s, (struct tally){ 0, 0, 0 });

    least = least < wanted ? least : wanted;
    least = least > s->desired ? least : s->desired;
    while (wanted > least &&
           !starts_none(s, &room, seen->managed, each, wanted))
        wanted--;
    return wanted;
}

bool witness_needs_younger(const struct witness *x, const struct hc_wish *wish,
                           const struct world_service *s,
                           const struct witness_seen *seen)
{
    return room_of(x, wish, s, seen).needs_younger;
}

/* ---- a rise that was asked for ---- */

static bool is_whole(const struct witness_list *l)
{
    return l->complete && !l->broken && l->status == 'A';
}

struct witness_said {
    const struct witness_list *all, *lacking;
    const struct witness_details *of_all, *of_lacking;
};

/* The next description of the hosts in the list. */
static const struct witness_details *next_of(const struct witness *x,
                                             const struct witness_list *l,
                                             size_t *at)
{
    while (*at < x->details_n && x->details[*at].asked != l->hosts)
        ++*at;
    return *at < x->details_n ? &x->details[(*at)++] : NULL;
}

/* A rise before this one, of the same reconcile, may take some of the room. */
static bool is_after_another(const struct witness *x, int i)
{
    for (int k = 0; k < WORLD_SERVICES; k++)
        if (k != i && x->sent[k].written &&
            x->sent[k].count > x->sent[k].before)
            return true;
    return false;
}

static bool says_count(const struct witness *x, int i,
                       const struct witness_seen *seen, int64_t n,
                       int64_t wanted)
{
    const struct hc_wish *wish = &x->wishes[i];
    const struct world_service *s = &x->services[i];
    int64_t most = witness_placeable(x, wish, s, seen, n), least = most;
    struct witness_seen passed = *seen;

    /* A host that was passed over once may be so still. */
    passed.younger = seen->listed;
    if (x->remembers && witness_needs_younger(x, wish, s, seen))
        least = witness_placeable(x, wish, s, &passed, n);
    return wanted <= most && (wanted >= least || is_after_another(x, i));
}

/* With these hosts as they are described, by some list of younger hosts. */
static bool says_younger(const struct witness *x, int i,
                         struct witness_seen *seen, int64_t n, int64_t wanted)
{
    const struct hc_wish *wish = &x->wishes[i];
    const struct world_service *s = &x->services[i];

    seen->younger = 0;
    if (!witness_needs_younger(x, wish, s, seen) || is_after_another(x, i))
        return says_count(x, i, seen, n, wanted);
    for (size_t k = 0; k < x->lists_n; k++) {
        const struct witness_list *y = &x->lists[k];

        if (!is_whole(y) || (y->filter & FILTER_YOUNGER) == 0 ||
            y->filter / FILTER_SERVICE != (unsigned)i)
            continue;
        seen->younger = y->hosts;
        if (says_count(x, i, seen, n, wanted))
            return true;
    }
    return false;
}

/* With these descriptions of the hosts in both lists. */
static bool says_both(const struct witness *x, int i,
                      const struct witness_said *said, int64_t n,
                      int64_t wanted)
{
    static struct world_host hosts[WORLD_HOSTS];
    struct witness_seen seen = { .hosts = hosts, .listed = said->all->hosts,
                                 .lacking = said->lacking->hosts,
                                 .managed = x->managed };

    /* A host that does not count in the whole list has no room either. */
    for (int h = 0; h < WORLD_HOSTS; h++)
        hosts[h] = (seen.lacking >> h & 1) != 0 &&
                           said->of_all->hosts[h].status == 'A'
                       ? said->of_lacking->hosts[h] : said->of_all->hosts[h];
    seen.count = tally_of(&x->wishes[i], &x->services[i], said->of_all->hosts,
                          seen.listed, world_wall_now(x->w)).hosts;
    return says_younger(x, i, &seen, n, wanted);
}

/* With these two lists and this description of all hosts. */
static bool says_all(const struct witness *x, int i, struct witness_said *said,
                     int64_t n, int64_t wanted)
{
    said->of_lacking = said->of_all;
    if (said->lacking->hosts == 0 && says_both(x, i, said, n, wanted))
        return true;
    for (size_t b = 0;
         (said->of_lacking = next_of(x, said->lacking, &b)) != NULL;)
        if (says_both(x, i, said, n, wanted))
            return true;
    return false;
}

/* With these two lists and what was known of all hosts. */
static bool says_known(const struct witness *x, int i,
                       struct witness_said *said,
                       const struct witness_known *known,
                       const struct witness_details *d, int64_t n,
                       int64_t wanted)
{
    static struct witness_details all;

    said->of_all = &all;
    return witness_recalls(x, i, said->all, known, d, all.hosts) &&
           says_all(x, i, said, n, wanted);
}

/* With these two lists, by some descriptions of their hosts. */
static bool says_lists(const struct witness *x, int i,
                       struct witness_said *said, int64_t n, int64_t wanted)
{
    for (size_t a = 0; (said->of_all = next_of(x, said->all, &a)) != NULL;)
        if (says_all(x, i, said, n, wanted))
            return true;
    if (says_known(x, i, said, &x->knew, NULL, n, wanted) ||
        says_known(x, i, said, &x->known, NULL, n, wanted))
        return true;
    for (size_t d = 0; d < x->details_n; d++)
        if (says_known(x, i, said, &x->details[d].before, NULL, n, wanted) ||
            says_known(x, i, said, &x->details[d].before, &x->details[d], n,
                       wanted))
            return true;
    return false;
}

bool witness_places(const struct witness *x, int i, unsigned filter, int64_t n,
                    int64_t wanted)
{
    for (size_t a = 0; a < x->lists_n; a++)
        for (size_t b = 0; b < x->lists_n; b++) {
            struct witness_said said = { &x->lists[a], &x->lists[b], NULL,
                                         NULL };

            if (is_whole(said.all) && said.all->filter == filter &&
                is_whole(said.lacking) &&
                (said.lacking->filter & FILTER_LACKING) != 0 &&
                said.lacking->filter / FILTER_SERVICE == (unsigned)i &&
                says_lists(x, i, &said, n, wanted))
                return true;
        }
    return false;
}
