/* peers/witness_writes.c - is a write the right one, and what became of those
 * before it. */
#include "peers/witness.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "peers/tally.h"
#include "t.h"

#define WITNESS_SHOWN (30 * HC_SECOND)
#define WITNESS_WINDOW (660 * HC_SECOND)     /* ten minutes, and a reconcile */

static void wrong(const struct witness *x, const struct world_call *c,
                  const char *what)
{
    fail_msg("seed %" PRIu64 ": %s: %s %s", x->w->seed, what, c->operation,
             c->body);
}

static bool is_big(int64_t from, int64_t to)
{
    return (from - to > 2 && 2 * (from - to) > from) ||
           (to - from > 20 && to > 2 * from);
}

static bool is_managed(const struct witness *x, const struct world_service *s)
{
    bool yes = false;
    int most;

    for (int i = 0; i < WORLD_PROVIDERS; i++)
        yes = yes || (world_uses(s, i, &most) && x->managed[i]);
    return yes;
}

/* A write of another count that ECS may not show yet. */
static bool is_recent(const struct witness *x, int i, int64_t wanted)
{
    const struct witness_own *own = &x->own[i];

    return own->written && own->count != wanted &&
           x->w->now < own->at + WITNESS_SHOWN;
}

/* ECS still shows what it did before our write. */
static bool is_awaited(const struct witness *x, int i, int64_t now)
{
    const struct witness_own *own = &x->own[i];

    return own->written && !own->shown && own->before == x->shown[i] &&
           now < own->at + WITNESS_SHOWN;
}

static void check_zero(const struct witness *x, const struct world_call *c,
                       int i)
{
    const struct hc_wish *wish = &x->wishes[i];

    if ((wish->allow & ALLOW_ZERO) == 0)
        wrong(x, c, "a zero that nobody allowed");
}

/* A rise that could start hosts may be lower than the count that follows: by
 * what was told of those that are there (WORLD_PLACES). */
static bool follows(const struct witness *x, int i, int64_t wanted,
                    bool (*says)(const struct witness *, int, int64_t))
{
    const struct world_service *s = &x->services[i];
    bool starts = s->strategy && is_managed(x, s) && wanted > s->desired &&
                  x->wishes[i].rule.kind != HEADCOUNT_FIXED;
    int64_t most = starts ? (int64_t)8 * WORLD_HOSTS : wanted;

    for (int64_t n = wanted; n <= most; n++)
        if (says(x, i, n) &&
            (!starts || !world_has(x->w, WORLD_PLACES) ||
             witness_places(x, i, tally_filter(x->w, &x->wishes[i], s), n,
                            wanted)))
            return true;
    return false;
}

static void check_write(struct witness *x, const struct world_call *c)
{
    int i = world_service_of(c->body);
    int64_t wanted = world_number(c->body, "desiredCount");
    char body[256];

    if (i < 0 || i >= WORLD_SERVICES || !x->knows[i])
        wrong(x, c, "a write to a service that was not read");
    hc_fmt(body, sizeof(body), "{\"cluster\":\"" WORLD_CLUSTER "\",\"service\":"
           "\"s%d\",\"desiredCount\":%lld}", i, (long long)wanted);
    if (strcmp(body, c->body) != 0)
        wrong(x, c, "more than three members");
    const struct world_service *s = &x->services[i];

    if (x->gone)
        wrong(x, c, "a write to a cluster that is gone");
    if (witness_is_forbidden(s))
        wrong(x, c, "a write to a forbidden service");
    if (wanted == 0)
        check_zero(x, c, i);
    if (wanted < 0 || (wanted == s->desired && !is_recent(x, i, wanted)))
        wrong(x, c, "no change");
    if (!follows(x, i, wanted, witness_follows))
        wrong(x, c, "a count that no whole reading says");
    if (is_big(s->desired, wanted) &&
        !follows(x, i, wanted, witness_follows_twice))
        wrong(x, c, "a big step that nothing confirms");
    if (s->strategy && !s->unclear && is_managed(x, s) && wanted > s->desired &&
        s->running < s->desired)
        wrong(x, c, "a rise while tasks wait on managed scaling");
    x->writes++;
}

void witness_asked(struct witness *x, const struct world_call *c)
{
    if (strcmp(c->operation, "UpdateService") == 0)
        check_write(x, c);
}

/* ---- the end of a reconcile ---- */

/* ECS shows neither our write nor what was before it, and the plan still wants
 * what we wrote: it was undone. */
static void end_own(struct witness *x, int i,
                    const struct headcount_service *s)
{
    struct witness_own *own = &x->own[i];

    if (!own->written || is_awaited(x, i, x->read_at[i]))
        return;
    own->shown = true;                /* or another count was               */
    if (x->shown[i] != own->count && s->wanted == own->count)
        own->undone[own->undone_n++ % WITNESS_UNDONE] = x->w->now;
}

static void end_write(struct witness *x, int i,
                      const struct headcount_service *s)
{
    struct witness_own *own = &x->own[i];
    const struct witness_own *sent = &x->sent[i];

    if (!sent->written || (!sent->shown && s->outcome != HEADCOUNT_UPDATED))
        return;
    own->again = sent->again || (own->written && !own->shown);
    own->written = true;
    own->shown = false;
    own->before = sent->before;
    own->count = sent->count;
    own->at = sent->at;
}

static unsigned undone_lately(const struct witness *x, int i)
{
    const struct witness_own *own = &x->own[i];
    unsigned n = 0;

    for (unsigned k = 0; k < WITNESS_UNDONE && k < own->undone_n; k++)
        n += x->w->now <= own->undone[k] + WITNESS_WINDOW;
    return n;
}

void witness_end(struct witness *x, int i, const struct headcount_service *s)
{
    bool hidden = x->knows[i] && is_awaited(x, i, x->w->now) &&
                  !x->own[i].again && is_recent(x, i, s->wanted);

    if (x->knows[i])
        end_own(x, i, s);
    if (s->outcome == HEADCOUNT_HELD && strcmp(s->code, "contested") == 0 &&
        undone_lately(x, i) < HC_PLAN_UNDONE)
        fail_msg("seed %" PRIu64 ": s%d is contested, and %u writes of this "
                 "headcount were undone", x->w->seed, i, undone_lately(x, i));
    if (s->outcome == HEADCOUNT_UNCHANGED && hidden)
        fail_msg("seed %" PRIu64 ": s%d is unchanged at %" PRId64 ", and %"
                 PRId64 " was written a moment ago", x->w->seed, i, s->wanted,
                 x->own[i].count);
    end_write(x, i, s);
}
