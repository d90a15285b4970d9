/* wire/health.c - addresses that failed lately. */
#include "wire/health.h"

/* The index of the address's mark; h->n: it has none. */
static size_t health_find(const struct hc_health *h,
                          const struct hc_addr *addr, uint16_t port)
{
    size_t i = 0;

    while (i < h->n && !(h->marks[i].port == port &&
                         hc_addr_eq(&h->marks[i].addr, addr)))
        i++;
    return i;
}

/* A place for a new mark: a free one, or that of the oldest. */
static struct hc_health_mark *health_place(struct hc_health *h)
{
    struct hc_health_mark *oldest = &h->marks[0];

    if (h->n < HC_HEALTH_MAX)
        return &h->marks[h->n++];
    for (size_t i = 1; i < h->n; i++)
        if (h->marks[i].at < oldest->at)
            oldest = &h->marks[i];
    return oldest;
}

void hc_health_failed(struct hc_health *h, const struct hc_addr *addr,
                      uint16_t port, int64_t now)
{
    size_t i = health_find(h, addr, port);
    struct hc_health_mark *m = i < h->n ? &h->marks[i] : health_place(h);

    *m = (struct hc_health_mark){ *addr, port, now };
    h->until = hc_time_add(now, HC_HEALTH_TIME);
}

bool hc_health_is_late(int64_t until, int64_t now)
{
    return now >= hc_time_add(until, HC_HEALTH_LATE);
}

int64_t hc_health_when(const struct hc_health *h, const struct hc_addr *addr,
                       uint16_t port, int64_t now)
{
    if (now >= h->until)
        return 0;
    size_t i = health_find(h, addr, port);

    return i < h->n && now < hc_time_add(h->marks[i].at, HC_HEALTH_TIME)
               ? h->marks[i].at : 0;
}

/* An insertion sort, which keeps the order of equals. */
size_t hc_health_sort(const struct hc_health *h, uint16_t port, int64_t now,
                      struct hc_addrs *addrs)
{
    int64_t when[HC_ADDRS_MAX];
    size_t sound = 0;

    for (size_t i = 0; i < addrs->n; i++) {
        struct hc_addr addr = addrs->a[i];
        int64_t at = hc_health_when(h, &addr, port, now);
        size_t k = i;

        for (; k > 0 && when[k - 1] > at; k--) {
            when[k] = when[k - 1];
            addrs->a[k] = addrs->a[k - 1];
        }
        when[k] = at;
        addrs->a[k] = addr;
        sound += at == 0;
    }
    return sound;
}
