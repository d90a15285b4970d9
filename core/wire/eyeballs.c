/* wire/eyeballs.c - the order and the pace of connection attempts. */
#include "wire/eyeballs.h"

/* The at-th address of a family, or NULL. */
static const struct hc_addr *eyeballs_of(const struct hc_addrs *addrs,
                                         int family, size_t at)
{
    for (size_t i = 0; i < addrs->n; i++)
        if (addrs->a[i].family == family && at-- == 0)
            return &addrs->a[i];
    return NULL;
}

/* The next is one that failed lately, after others that did not. */
static bool eyeballs_is_last(const struct hc_eyeballs *e)
{
    return e->sound > 0 && e->next >= e->sound;
}

void hc_eyeballs_init(struct hc_eyeballs *e, const struct hc_addrs *addrs,
                      const struct hc_health *health, uint16_t port,
                      int64_t now)
{
    *e = (struct hc_eyeballs){ .next_at = addrs->n > 0 ? now : HC_NEVER };
    for (size_t i = 0; i < addrs->n; i++) {
        const struct hc_addr *v6 = eyeballs_of(addrs, 6, i);
        const struct hc_addr *v4 = eyeballs_of(addrs, 4, i);

        if (v6 != NULL)
            hc_addrs_add(&e->addrs, v6);
        if (v4 != NULL)
            hc_addrs_add(&e->addrs, v4);
    }
    e->sound = hc_health_sort(health, port, now, &e->addrs);
}

void hc_eyeballs_wait(struct hc_eyeballs *e, int64_t now)
{
    if (e->next < e->addrs.n)
        e->next_at = hc_time_add(now, eyeballs_is_last(e) ? HC_EYEBALLS_LAST
                                                          : HC_EYEBALLS_DELAY);
    else
        e->next_at = HC_NEVER;
}

bool hc_eyeballs_next(struct hc_eyeballs *e, int64_t now, struct hc_addr *out)
{
    if (e->next_at > now || e->next >= e->addrs.n)
        return false;
    *out = e->addrs.a[e->next++];
    hc_eyeballs_wait(e, now);
    return true;
}

int64_t hc_eyeballs_at(const struct hc_eyeballs *e)
{
    return e->next_at;
}

void hc_eyeballs_failed(struct hc_eyeballs *e, bool others, int64_t now)
{
    if (e->next_at != HC_NEVER && !(others && eyeballs_is_last(e)))
        e->next_at = now;
}

void hc_eyeballs_end(struct hc_eyeballs *e)
{
    e->next = e->addrs.n;
    e->next_at = HC_NEVER;
}
