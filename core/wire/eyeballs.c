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

void hc_eyeballs_init(struct hc_eyeballs *e, const struct hc_addrs *addrs,
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
}

bool hc_eyeballs_next(struct hc_eyeballs *e, int64_t now, struct hc_addr *out)
{
    if (e->next_at > now || e->next >= e->addrs.n)
        return false;
    *out = e->addrs.a[e->next++];
    e->next_at = e->next < e->addrs.n ? hc_time_add(now, HC_EYEBALLS_DELAY)
                                      : HC_NEVER;
    return true;
}

int64_t hc_eyeballs_at(const struct hc_eyeballs *e)
{
    return e->next_at;
}

void hc_eyeballs_failed(struct hc_eyeballs *e, int64_t now)
{
    if (e->next_at != HC_NEVER)
        e->next_at = now;
}
