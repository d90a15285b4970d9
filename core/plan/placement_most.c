/* plan/placement_most.c - how far a count rises without a host that a capacity
 * provider would start for it.
 *
 * ECS deals tasks to the providers of a strategy by base and weight, so hosts
 * that can take the task are no help where another provider's share is full.
 */
#include "plan/placement.h"

#include "base/text.h"

/* ---- shares ---- */

/* The tasks that provider `i` takes before weights decide.  AWS says of weight
 * 0 beside others that no task is placed there, and that bases come first.
 * Tasks that run elsewhere before such a base is full show the former: then the
 * others are spared only the tasks that do run there. */
static int64_t placement_base(const struct hc_placement_share *shares,
                              size_t n, size_t i, size_t at)
{
    const struct hc_placement_share *s = &shares[i];
    int64_t elsewhere = -s->run;

    if (i == at || s->share->weight > 0 || s->run > s->share->base)
        return s->share->base;
    for (size_t k = 0; k < n; k++)
        elsewhere += shares[k].run;
    return elsewhere == 0 ? s->share->base : s->run;
}

/* The tasks that provider `at` gets of `count`: bases first, then by weight.
 * AWS does not say which providers get the tasks that weights do not divide
 * (*left): each provider with a weight may get one of them more. */
static int64_t placement_split(const struct hc_placement_share *shares,
                               size_t n, size_t at, int64_t count,
                               int64_t *left)
{
    int64_t rest = count, weights = 0, own = 0;

    *left = 0;
    if (n == 1)
        return count;
    for (size_t i = 0; i < n; i++) {
        int64_t base = placement_base(shares, n, i, at);

        base = base < rest ? base : rest;
        rest -= base;
        own += i == at ? base : 0;
        weights += shares[i].share->weight;
    }
    if (weights == 0)
        return own;
    *left = rest;
    for (size_t i = 0; i < n; i++)
        *left -= rest * shares[i].share->weight / weights;
    return own + rest * shares[at].share->weight / weights;
}

static int64_t placement_split_most(const struct hc_placement_share *shares,
                                    size_t n, size_t at, int64_t count)
{
    int64_t left, own = placement_split(shares, n, at, count, &left);

    return own + (left > 0 && shares[at].share->weight > 0);
}

/* The smallest count that the weights divide.  0: they are all 0. */
static int64_t placement_round(const struct hc_placement_share *shares,
                               size_t n)
{
    int64_t weights = 0, divisor = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t a = shares[i].share->weight, b = divisor;

        weights += a;
        while (a > 0) {
            int64_t c = b % a;

            b = a;
            a = c;
        }
        divisor = b;
    }
    return divisor > 0 ? weights / divisor : 0;
}

/* The tasks that run are dealt by the weights, so they show which providers get
 * the tasks that are left over: after whole rounds of the weights the same ones
 * get them again. */
static bool placement_is_shown(const struct hc_placement *p, int64_t running)
{
    int64_t bases = 0, runs = 0, left;

    for (size_t i = 0; i < p->shares_n; i++)
        runs += p->shares[i].run;
    if (runs != running)
        return false;
    for (size_t i = 0; i < p->shares_n; i++) {
        const struct hc_placement_share *s = &p->shares[i];
        int64_t due = placement_split(p->shares, p->shares_n, i, running,
                                      &left);

        bases += s->share->base;
        if (s->run < due ||
            s->run > placement_split_most(p->shares, p->shares_n, i, running))
            return false;
    }
    return running >= bases;
}

/* ---- the count that starts no host ---- */

struct fit {
    const struct hc_placement *p;
    int64_t running;                  /* tasks, if they show anything        */
    int64_t round;                    /* 0: they do not                      */
    int64_t each;                     /* tasks that a host takes             */
    unsigned trust;                   /* enum hc_placement_trust, or-ed      */
};

/* The tasks of `count` that provider `at` gets at most. */
static int64_t fit_due(const struct fit *f, size_t at, int64_t count)
{
    const struct hc_placement_share *shares = f->p->shares;
    size_t n = f->p->shares_n;
    int64_t more = count - f->running, left;

    if (f->round == 0 || more < 0 || more % f->round != 0)
        return placement_split_most(shares, n, at, count);
    return shares[at].run + placement_split(shares, n, at, count, &left) -
           placement_split(shares, n, at, f->running, &left);
}

static bool fit_is_whole(const struct fit *f, int64_t count)
{
    for (size_t i = 0; i < f->p->shares_n; i++) {
        const struct hc_placement_share *s = &f->p->shares[i];
        int64_t room = s->run + s->can;

        room += (f->trust & TRUST_UNKNOWN) != 0 ? s->unknown : 0;
        room += (f->trust & TRUST_PASSED) != 0 ? s->passed : 0;
        if (s->managed && fit_due(f, i, count) > room * f->each)
            return false;
    }
    return true;
}

int64_t hc_placement_most(const struct hc_placement *p, int64_t running,
                          int64_t wanted, int64_t each, unsigned trust)
{
    struct fit f = { p, 0, 0, each, trust };

    if (p->shares_n > 1 && placement_is_shown(p, running)) {
        f.running = running;
        f.round = placement_round(p->shares, p->shares_n);
    }
    while (wanted > 0 && !fit_is_whole(&f, wanted))
        wanted--;
    return wanted;
}

/* "1 lacks port 8125/udp", after another "1 an attribute"; "2 not known (a
 * network interface)": whether these can take it; "1 passed over by ECS". */
static size_t placement_put_lack(const struct hc_placement *p, size_t at,
                                 char *to, size_t size)
{
    const struct hc_placement_lack *l = &p->lacks[at];
    const char *verb = l->n == 1 ? "lacks " : "lack ";
    long long n = l->n;

    if (l->label[0] == '\0')
        return hc_fmt(to, size, "%lld for other reasons", n);
    if (l->passed)
        return hc_fmt(to, size, "%lld %s", n, l->label);
    if (l->take != TAKE_NO)
        return hc_fmt(to, size, "%lld not known (%s)", n, l->label);
    if (at > 0 && p->lacks[at - 1].take == TAKE_NO)
        verb = "";
    return hc_fmt(to, size, "%lld %s%s", n, verb, l->label);
}

void hc_placement_words(const struct hc_placement *p, int64_t wanted,
                        int64_t most, char words[HC_PLACEMENT_WORDS])
{
    size_t n = hc_fmt(words, HC_PLACEMENT_WORDS, "%lld wanted, %lld placeable",
                      (long long)wanted, (long long)most);

    for (size_t i = 0; i < p->lacks_n; i++) {
        n += hc_fmt(words + n, HC_PLACEMENT_WORDS - n, i == 0 ? ": " : ", ");
        n += placement_put_lack(p, i, words + n, HC_PLACEMENT_WORDS - n);
    }
    if (p->lacks_n > 0 || most >= wanted)
        return;
    if (p->shares_n == 1) {
        hc_fmt(words + n, HC_PLACEMENT_WORDS - n, "%s",
               most == p->run + p->can ? ": each host counts once" : "");
        return;
    }
    /* All hosts can take it, so it is the strategy that sends tasks where no
     * host is left. */
    for (size_t i = 0; i < p->shares_n; i++) {
        const struct hc_placement_share *s = &p->shares[i];
        int64_t room = s->run + s->can, left;
        int64_t due = placement_split(p->shares, p->shares_n, i, wanted, &left);

        due += left > 0 && s->share->weight > 0;
        if (s->managed && due > room)
            n += hc_fmt(words + n, HC_PLACEMENT_WORDS - n, "; the weights give "
                        "capacity provider %.*s %s%lld of %lld tasks, and it "
                        "has %lld host%s", HC_STR_ARG(s->share->provider),
                        left > 0 ? "up to " : "", (long long)due,
                        (long long)wanted, (long long)room,
                        room == 1 ? "" : "s");
    }
}
