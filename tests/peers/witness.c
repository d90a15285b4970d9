/* peers/witness.c - what one headcount was told, and what it may write. */
#include "peers/witness.h"

#include <string.h>

#include "base/text.h"
#include "peers/tally.h"
#include "t.h"

#define NO_DETAILS WITNESS_DETAILS           /* of a list                */

/* ---- what was told ---- */

void witness_init(struct witness *x, struct world *w,
                  const struct hc_wish *wishes)
{
    memset(x, 0, sizeof(*x));
    x->w = w;
    x->wishes = wishes;
}

void witness_begin(struct witness *x)
{
    memset(x->knows, 0, sizeof(x->knows));
    memset(x->sent, 0, sizeof(x->sent));
    x->lists_n = x->details_n = x->registered_n = 0;
    x->gone = false;
    x->writes = 0;
    x->began = world_wall_now(x->w);
    x->knew = x->known;
}

static struct witness_list *last_list(struct witness *x, const char *body)
{
    char status = strstr(body, "\"ACTIVE\"") != NULL ? 'A' : 'D';
    unsigned filter = world_filter_of(body);

    for (size_t i = x->lists_n; i > 0; i--)
        if (x->lists[i - 1].status == status &&
            x->lists[i - 1].filter == filter)
            return &x->lists[i - 1];
    return NULL;
}

static void told_hosts(struct witness *x, const struct world_call *c, bool ok)
{
    struct witness_list *l;

    if (strstr(c->body, "\"nextToken\"") == NULL) {
        CHECK(x->lists_n < WITNESS_LISTS);
        x->lists[x->lists_n++] = (struct witness_list){
            .status = strstr(c->body, "\"ACTIVE\"") != NULL ? 'A' : 'D',
            .filter = world_filter_of(c->body) };
    }
    l = last_list(x, c->body);
    CHECK(l != NULL);
    if (!ok) {
        l->broken = true;
        return;
    }
    l->hosts |= world_hosts_in(c->answer);
    l->complete = strstr(c->answer, "\"nextToken\"") == NULL;
}

static void told_services(struct witness *x, const struct world_call *c)
{
    for (int i = 0; i < WORLD_SERVICES; i++) {
        char name[16];

        hc_fmt(name, sizeof(name), "\"s%d\"", i);
        if (strstr(c->body, name) == NULL)
            continue;
        x->services[i] = c->told.services[i];
        x->shown[i] = x->services[i].desired;
        x->read_at[i] = x->w->now;
        x->knows[i] = true;
    }
}

static void told_details(struct witness *x, const struct world_call *c)
{
    struct witness_details *d = &x->details[x->details_n++];

    CHECK(x->details_n <= WITNESS_DETAILS);
    d->asked = world_hosts_in(c->body);
    d->before = x->known;
    for (int i = 0; i < WORLD_HOSTS; i++) {
        d->hosts[i] = world_left(&c->told, i);
        if ((d->asked >> i & 1) == 0 || d->hosts[i].status == 0)
            continue;
        x->known.hosts[i].told = d->hosts[i].provider >= 0;
        x->known.hosts[i].provider = d->hosts[i].provider;
    }
}

/* What its pages say holds once the last of them is there. */
static void told_providers(struct witness *x, const struct world_call *c,
                           bool ok)
{
    bool last = ok && strstr(c->answer, "\"nextToken\"") == NULL;

    for (int i = 0; ok && i < WORLD_PROVIDERS; i++) {
        char name[24];

        hc_fmt(name, sizeof(name), "\"name\":\"p%d\"", i);
        if (strstr(c->answer, name) == NULL)
            continue;
        x->coming[i].told = true;
        x->coming[i].yes = c->told.managed[i];
    }
    for (int i = 0; last && i < WORLD_PROVIDERS; i++)
        if (x->coming[i].told)
            x->managed[i] = x->coming[i].yes;
    if (last || !ok)
        memset(x->coming, 0, sizeof(x->coming));
}

/* Its answer says little: the report says whether it was believed. */
static void told_write(struct witness *x, const struct world_call *c, bool ok)
{
    int i = world_service_of(c->body);

    x->sent[i] = (struct witness_own){
        .written = true, .shown = ok, .at = x->w->now,
        .again = x->sent[i].written, .before = x->services[i].desired,
        .count = world_number(c->body, "desiredCount") };
    if (ok)
        x->services[i].desired = x->sent[i].count;
}

void witness_told(struct witness *x, const struct world_call *c, bool ok)
{
    x->gone = x->gone || (c->error != NULL &&
                          strcmp(c->error, WORLD_GONE_CODE) == 0);
    if (strcmp(c->operation, "ListContainerInstances") == 0)
        told_hosts(x, c, ok);
    if (strcmp(c->operation, "DescribeCapacityProviders") == 0)
        told_providers(x, c, ok);
    if (strcmp(c->operation, "UpdateService") == 0)
        told_write(x, c, ok);
    if (!ok)
        return;
    if (strcmp(c->operation, "DescribeServices") == 0)
        told_services(x, c);
    if (strcmp(c->operation, "DescribeContainerInstances") == 0)
        told_details(x, c);
    if (strcmp(c->operation, "DescribeClusters") == 0 && c->told.gone)
        x->gone = true;
    else if (strcmp(c->operation, "DescribeClusters") == 0) {
        CHECK(x->registered_n < WITNESS_LISTS);
        x->registered[x->registered_n++] = (int)world_number(
            c->answer, "registeredContainerInstancesCount");
    }
}

/* ---- does a count follow ---- */

static unsigned filter_of(const struct witness *x, int i)
{
    return tally_filter(x->w, &x->wishes[i], &x->services[i]);
}

/* A list is this filter's own.  Where no host is of ECS Anywhere, a list
 * without that term has the same hosts in it; hosts of a provider never are. */
static bool is_of(const struct witness *x, const struct witness_list *l,
                  char status, unsigned filter)
{
    unsigned heeded = FILTER_ATTR | FILTER_OUTSIDE;

    if (world_has(x->w, WORLD_ANYWHERE) && (filter & FILTER_INSIDE) != 0)
        heeded |= FILTER_INSIDE;
    return l->complete && !l->broken && l->status == status &&
           (l->filter & FILTER_GROUP) == 0 &&
           (l->filter & heeded) == (filter & heeded);
}

/* A host may grow old enough while it is looked at. */
static bool is_between(const struct witness *x, const struct hc_wish *wish,
                       int i, const struct witness_list *l,
                       const struct world_host *hosts, int64_t wanted)
{
    const struct world_service *s = &x->services[i];
    int64_t from = tally_count(x->w, wish, s, tally_of(wish, s, hosts, l->hosts,
                                              x->began));
    int64_t to = tally_count(x->w, wish, s, tally_of(wish, s, hosts, l->hosts,
                                            world_wall_now(x->w)));

    return wanted >= from && wanted <= to;
}

bool witness_recalls(const struct witness *x, int i,
                     const struct witness_list *l,
                     const struct witness_known *known,
                     const struct witness_details *d,
                     struct world_host hosts[WORLD_HOSTS])
{
    struct world_service bare = x->services[i];

    bare.strategy = false;
    if (!x->services[i].strategy ||
        tally_needs_details(&x->wishes[i], &bare))
        return false;
    memset(hosts, 0, WORLD_HOSTS * sizeof(*hosts));
    if (d != NULL && (d->asked == l->hosts || (d->asked & ~l->hosts) != 0))
        d = NULL;
    for (int h = 0; h < WORLD_HOSTS; h++) {
        bool told = d != NULL && (d->asked >> h & 1) != 0;

        if ((l->hosts >> h & 1) == 0)
            continue;
        if (!told && !known->hosts[h].told)
            return false;
        hosts[h] = told ? d->hosts[h]
                        : (struct world_host){
                              .status = 'A',
                              .provider = known->hosts[h].provider };
    }
    return true;
}

static bool recalls_by(const struct witness *x, int i,
                       const struct witness_list *l,
                       const struct witness_known *known,
                       const struct witness_details *d, int64_t wanted)
{
    struct world_host hosts[WORLD_HOSTS];

    return witness_recalls(x, i, l, known, d, hosts) &&
           is_between(x, &x->wishes[i], i, l, hosts, wanted);
}

/* The list says this count by what was known of its hosts.  `now`: by what is
 * known now, too, which is no reading of its own. */
static bool recalls(const struct witness *x, int i,
                    const struct witness_list *l, bool now, int64_t wanted)
{
    bool yes = recalls_by(x, i, l, &x->knew, NULL, wanted) ||
               (now && recalls_by(x, i, l, &x->known, NULL, wanted));

    for (size_t d = 0; !yes && d < x->details_n; d++)
        yes = recalls_by(x, i, l, &x->details[d].before, NULL, wanted) ||
              recalls_by(x, i, l, &x->details[d].before, &x->details[d],
                         wanted);
    return yes && is_of(x, l, 'A', filter_of(x, i));
}

/* Does the list say this count, with this description of its hosts? */
static bool says(const struct witness *x, const struct hc_wish *wish, int i,
                 const struct witness_list *l, size_t details, int64_t wanted)
{
    const struct world_service *s = &x->services[i];
    bool needs = tally_needs_details(wish, s) && l->hosts != 0;

    if (!is_of(x, l, 'A', filter_of(x, i)))
        return false;
    if (details == NO_DETAILS)
        return !needs && is_between(x, wish, i, l, NULL, wanted);
    /* What a policy was told of its hosts counts for its wishes, too. */
    return (needs || world_has(x->w, WORLD_POLICY)) &&
           x->details[details].asked == l->hosts &&
           is_between(x, wish, i, l, x->details[details].hosts, wanted);
}

static bool is_said(const struct witness *x, const struct hc_wish *wish, int i,
                    int64_t wanted)
{
    if (wish->rule.kind != HEADCOUNT_FIXED && x->services[i].unclear)
        return false;
    if (wish->rule.kind == HEADCOUNT_FIXED)
        return wanted == tally_count(x->w, wish, &x->services[i],
                                  (struct tally){ 0, 0, 0 });
    for (size_t k = 0; k < x->lists_n; k++)
        for (size_t d = 0; d <= NO_DETAILS; d++)
            if ((d < x->details_n || d == NO_DETAILS) &&
                (says(x, wish, i, &x->lists[k], d, wanted) ||
                 recalls(x, i, &x->lists[k], true, wanted)))
                return true;
    return false;
}

/* ---- is it confirmed ---- */

static bool misses_none(const struct witness *x, size_t details)
{
    const struct witness_details *d = &x->details[details];

    for (int i = 0; details != NO_DETAILS && i < WORLD_HOSTS; i++)
        if ((d->asked >> i & 1) != 0 && d->hosts[i].status == 0)
            return false;
    return true;
}

/* Two lists of the same hosts, each with a description of its own, say it. */
static bool is_said_twice(const struct witness *x, const struct hc_wish *wish,
                          int i, uint64_t hosts, int64_t wanted)
{
    size_t lists = 0, details = 0;
    bool bare = false;

    for (size_t k = 0; k < x->lists_n; k++) {
        const struct witness_list *l = &x->lists[k];

        lists += l->hosts == hosts &&
                 is_of(x, l, 'A', filter_of(x, i));
        bare = bare || (l->hosts == hosts &&
                        says(x, wish, i, l, NO_DETAILS, wanted));
    }
    for (size_t d = 0; !bare && d < x->details_n; d++) {
        struct witness_list l = { .status = 'A', .complete = true,
                                  .hosts = hosts };

        l.filter = filter_of(x, i);
        details += misses_none(x, d) && says(x, wish, i, &l, d, wanted);
        if (d == 0)
            details += recalls(x, i, &l, false, wanted);
    }
    return lists > 1 && (bare || details > 1);
}

/* The hosts of ECS Anywhere that a list of the cluster's others leaves out. */
static bool others_of(const struct witness *x, const struct witness_list *l,
                      size_t at, int *n)
{
    const struct witness_list *o = &x->lists[at];

    *n = 0;
    if (l->filter != FILTER_INSIDE)
        return at == 0;
    *n = tally_hosts(o->hosts);
    return o->complete && !o->broken && o->status == 'A' &&
           o->filter == FILTER_OUTSIDE;
}

/* The cluster's own number is theirs, and of those that drain; of a part of the
 * hosts it is not less. */
static bool is_registered(const struct witness *x,
                          const struct witness_list *l)
{
    bool part = (l->filter & (FILTER_ATTR | FILTER_OUTSIDE)) != 0;
    int others;

    for (size_t k = 0; k < x->lists_n; k++) {
        const struct witness_list *d = &x->lists[k];

        if (!d->complete || d->broken || d->status != 'D' ||
            ((d->filter ^ l->filter) & FILTER_ATTR) != 0)
            continue;
        for (size_t o = 0; o < x->lists_n; o++) {
            if (!others_of(x, l, o, &others))
                continue;
            others += tally_hosts(l->hosts) + tally_hosts(d->hosts);
            for (size_t r = 0; r < x->registered_n; r++)
                if (part ? x->registered[r] >= others
                         : x->registered[r] == others)
                    return true;
        }
    }
    return false;
}

static bool is_confirmed(const struct witness *x, const struct hc_wish *wish,
                         int i, int64_t wanted)
{
    for (size_t k = 0; k < x->lists_n; k++)
        if (x->lists[k].complete &&
            is_said_twice(x, wish, i, x->lists[k].hosts, wanted) &&
            is_registered(x, &x->lists[k]))
            return true;
    return false;
}

/* ---- policies that count ---- */

static int64_t big_hosts(const struct witness_details *d)
{
    int64_t n = 0;

    for (int i = 0; i < WORLD_HOSTS; i++)
        n += (d->asked >> i & 1) != 0 && d->hosts[i].status == 'A' &&
             d->hosts[i].cpu >= WITNESS_POLICY_CPU;
    return n;
}

static size_t registered_says(const struct witness *x, int64_t wanted)
{
    size_t n = 0;

    for (size_t k = 0; k < x->registered_n; k++)
        n += x->registered[k] == wanted;
    return n;
}

/* How many answers to what the policy asks say this count. */
static size_t policy_says(const struct witness *x, int i, int64_t wanted)
{
    unsigned filter = x->wishes[i].where.n > 0 ? FILTER_ATTR : 0;
    size_t n = 0;

    if (x->policies[i] == POLICY_REGISTERED)
        return registered_says(x, wanted);
    for (size_t k = 0; k < x->lists_n; k++)
        n += is_of(x, &x->lists[k], 'A', filter) &&
             (x->policies[i] == POLICY_COUNT || x->lists[k].hosts == 0) &&
             tally_hosts(x->lists[k].hosts) == wanted;
    for (size_t d = 0; d < x->details_n; d++)
        n += x->policies[i] == POLICY_HOSTS &&
             big_hosts(&x->details[d]) == wanted;
    return n;
}

/* With max = registered: some count of the hosts that is not under it. */
static bool max_says(const struct witness *x, int i, int64_t wanted)
{
    for (int64_t n = wanted; n <= (int64_t)8 * WORLD_HOSTS; n++)
        if (is_said(x, &x->wishes[i], i, n))
            return n == wanted || registered_says(x, wanted) > 0;
    return false;
}

bool witness_follows(const struct witness *x, int i, int64_t wanted)
{
    switch (x->policies[i]) {
    case POLICY_COUNT:
    case POLICY_REGISTERED:
    case POLICY_HOSTS:
        return policy_says(x, i, wanted) > 0;
    case POLICY_MAX:
        return max_says(x, i, wanted);
    case POLICY_NONE:
    case WITNESS_POLICIES:
        break;
    }
    return is_said(x, &x->wishes[i], i, wanted);
}

bool witness_follows_twice(const struct witness *x, int i, int64_t wanted)
{
    const struct hc_wish *wish = &x->wishes[i];

    switch (x->policies[i]) {
    case POLICY_COUNT:
    case POLICY_REGISTERED:
    case POLICY_HOSTS:
        return policy_says(x, i, wanted) > 1;
    case POLICY_MAX:
        if (registered_says(x, wanted) > 1)
            return true;
        break;
    case POLICY_NONE:
    case WITNESS_POLICIES:
        break;
    }
    return wish->rule.kind == HEADCOUNT_FIXED ||
           is_confirmed(x, wish, i, wanted);
}

/* ---- a world that stands still ---- */

bool witness_is_forbidden(const struct world_service *s)
{
    return s->daemon || s->inactive || s->external || s->code_deploy ||
           s->deploying || s->paused;
}

static int64_t right_by_policy(const struct witness *x, int i, int64_t count)
{
    const struct world *w = x->w;
    uint64_t listed = tally_listed(
        w, 'A', x->wishes[i].where.n > 0 ? FILTER_ATTR : 0);
    int64_t registered = tally_hosts(tally_listed(w, 'A', 0)) +
                         tally_hosts(tally_listed(w, 'D', 0));
    int64_t big = 0;

    for (int h = 0; h < WORLD_HOSTS; h++)
        big += (listed >> h & 1) != 0 &&
               w->state.hosts[h].cpu >= WITNESS_POLICY_CPU;
    switch (x->policies[i]) {
    case POLICY_COUNT:      return tally_hosts(listed);
    case POLICY_REGISTERED: return registered;
    case POLICY_HOSTS:      return big;
    case POLICY_MAX:        return count < registered ? count : registered;
    case POLICY_NONE:
    case WITNESS_POLICIES:  break;
    }
    return count;
}

/* Hosts of ECS Anywhere, where ECS takes no such filter. */
static bool cannot_list(const struct witness *x, int i,
                        const struct world_service *s)
{
    bool fixed = x->policies[i] == POLICY_NONE &&
                 x->wishes[i].rule.kind == HEADCOUNT_FIXED;

    return x->w->refuses && s->anywhere && !s->strategy && !fixed;
}

/* ---- a rise that could start hosts ---- */

/* By a reading of the world as it is. */
static int64_t placeable(const struct witness *x, int service, uint64_t listed,
                         int64_t wanted)
{
    static struct world_host hosts[WORLD_HOSTS];
    const struct world *w = x->w;
    const struct world_service *s = &w->state.services[service];
    uint64_t runs = world_runs(w, &w->state, service);
    struct witness_seen seen = { .hosts = hosts, .listed = listed,
                                 .lacking = ~runs,
                                 .managed = w->state.managed };

    if (!s->strategy || x->wishes[service].rule.kind == HEADCOUNT_FIXED)
        return wanted;
    for (int h = 0; h < WORLD_HOSTS; h++) {
        hosts[h] = world_left(&w->state, h);
        if (hosts[h].registered_at > s->changed && (runs >> h & 1) != 0)
            seen.younger |= (uint64_t)1 << h;
    }
    seen.count = tally_of(&x->wishes[service], s, hosts, listed,
                          world_wall_now(w)).hosts;
    return witness_placeable(x, &x->wishes[service], s, &seen, wanted);
}

/* More tasks would start more hosts. */
static bool must_wait(const struct world *w, const struct world_service *s,
                      int64_t wanted)
{
    bool managed = false;
    int most;

    for (int i = 0; i < WORLD_PROVIDERS; i++)
        managed = managed || (world_uses(s, i, &most) && w->state.managed[i]);
    return s->strategy && managed && wanted > s->desired &&
           s->running < s->desired;
}

int64_t witness_right(const struct witness *x, int i)
{
    const struct world *w = x->w;
    const struct hc_wish *wish = &x->wishes[i];
    const struct world_service *s = &w->state.services[i];
    uint64_t listed = tally_listed(w, 'A', tally_filter(w, wish, s));
    struct tally t = tally_of(wish, s, w->state.hosts, listed,
                              world_wall_now(w));
    int64_t n = right_by_policy(x, i, tally_count(w, wish, s, t));

    if (witness_is_forbidden(s) || cannot_list(x, i, s) ||
        must_wait(w, s, n) ||
        (n == 0 && (wish->allow & ALLOW_ZERO) == 0))
        return s->desired;
    /* A policy that counts hosts itself wishes a plain number. */
    if (n <= s->desired ||
        (x->policies[i] != POLICY_NONE && x->policies[i] != POLICY_MAX))
        return n;
    return placeable(x, i, listed, n);
}
