/* wire/dns_cache.c - a list of names, the newest first.
 *
 * A process asks for few names, so a list is fast enough.  When it is full the
 * oldest entry makes room.  An expired failure is removed when its name is
 * looked up, addresses a day later.
 */
#include "wire/dns_cache.h"

#include <string.h>

#ifdef HC_TINY
#define DNSCACHE_MAX 2
#else
#define DNSCACHE_MAX 256
#endif

#define DNSCACHE_FAILED (5 * HC_SECOND)
#define DNSCACHE_LONG_AGO (INT64_MIN / 2)

struct hc_dns_entry {
    struct hc_dns_entry *next;
    size_t size;                     /* of the block                         */
    int64_t until;                   /* not asked again before               */
    int64_t expires;                 /* as the answer said                   */
    int64_t refresh_at;
    int64_t failed_at;               /* of addresses: the servers failed     */
    size_t turn;
    int code, sys;                   /* 0: addrs count                       */
    size_t name_n, what_n;
    struct hc_addrs addrs;
    char text[];                     /* name, then the sentence              */
};

void hc_dns_cache_init(struct hc_dns_cache *c, const struct hc_alloc *alloc)
{
    *c = (struct hc_dns_cache){ .alloc = alloc };
}

static void dnscache_free(struct hc_dns_cache *c, struct hc_dns_entry **at)
{
    struct hc_dns_entry *gone = *at;

    *at = gone->next;
    c->n--;
    hc_free(c->alloc, gone, gone->size);
}

void hc_dns_cache_fini(struct hc_dns_cache *c)
{
    while (c->newest != NULL)
        dnscache_free(c, &c->newest);
}

/* Where the entry hangs, or NULL. */
static struct hc_dns_entry **dnscache_seek(struct hc_dns_cache *c,
                                           struct hc_str name)
{
    for (struct hc_dns_entry **at = &c->newest; *at; at = &(*at)->next)
        if (hc_str_eq(hc_str_n((*at)->text, (*at)->name_n), name))
            return at;
    return NULL;
}

void hc_addrs_rotated(struct hc_addrs *out, const struct hc_addrs *from,
                      size_t turn)
{
    out->n = from->n;
    for (size_t i = 0; i < from->n; i++)
        out->a[i] = from->a[(i + turn % from->n) % from->n];
}

/* The entry, unless it is of no use any more. */
static struct hc_dns_entry *dnscache_get(struct hc_dns_cache *c,
                                         struct hc_str name, int64_t now)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    if (at == NULL)
        return NULL;
    int64_t end = (*at)->code < 0 ? (*at)->until
                  : hc_time_add((*at)->expires, HC_DNS_STALE_MAX);

    if (now < end)
        return *at;
    dnscache_free(c, at);
    return NULL;
}

bool hc_dns_cache_stale(struct hc_dns_cache *c, struct hc_str name, int64_t now,
                        struct hc_addrs *out)
{
    struct hc_dns_entry *known = dnscache_get(c, name, now);

    if (known == NULL || known->code < 0)
        return false;
    hc_addrs_rotated(out, &known->addrs, known->turn++);
    return true;
}

int hc_dns_cache_find(struct hc_dns_cache *c, struct hc_str name, int64_t now,
                      struct hc_addrs *out, struct headcount_error *e)
{
    const struct hc_dns_entry *known = dnscache_get(c, name, now);

    if (known == NULL || now >= known->until)
        return 0;
    if (known->code < 0) {
        hc_error_set(e, known->code, "%.*s", (int)known->what_n,
                     known->text + known->name_n);
        if (e != NULL)
            e->sys = known->sys;
        return known->code;
    }
    return hc_dns_cache_stale(c, name, now, out);
}

bool hc_dns_cache_is_due(struct hc_dns_cache *c, struct hc_str name,
                         int64_t now)
{
    const struct hc_dns_entry *known = dnscache_get(c, name, now);

    return known != NULL && known->code == 0 && now >= known->refresh_at;
}

int64_t hc_dns_cache_until(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    return at != NULL && (*at)->code == 0 ? (*at)->until : 0;
}

static void dnscache_drop(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    if (at != NULL)
        dnscache_free(c, at);
}

void hc_dns_cache_expire(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    if (at != NULL && (*at)->code < 0)
        dnscache_free(c, at);
    else if (at != NULL)
        (*at)->until = hc_time_min((*at)->until,
                                   hc_time_add((*at)->failed_at,
                                               DNSCACHE_FAILED));
}

void hc_dns_cache_forget(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = &c->newest;

    while (*at != NULL) {
        struct hc_dns_entry *known = *at;

        if (name.n > 0 &&
            !hc_str_eq(hc_str_n(known->text, known->name_n), name)) {
            at = &known->next;
        } else if (known->code < 0) {
            dnscache_free(c, at);
        } else {
            known->until = known->failed_at = DNSCACHE_LONG_AGO;
            at = &known->next;
        }
    }
}

bool hc_dns_cache_lacks(struct hc_dns_cache *c, struct hc_str name,
                        const struct hc_addr *addr)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);
    bool others = false;

    if (at == NULL || (*at)->code < 0)
        return false;
    for (size_t i = 0; i < (*at)->addrs.n; i++) {
        if (hc_addr_eq(&(*at)->addrs.a[i], addr))
            return false;
        others = others || (*at)->addrs.a[i].family == addr->family;
    }
    return others;
}

static void dnscache_drop_oldest(struct hc_dns_cache *c)
{
    struct hc_dns_entry **at = &c->newest;

    while (*at != NULL && (*at)->next != NULL)
        at = &(*at)->next;
    if (*at != NULL)
        dnscache_free(c, at);
}

static struct hc_dns_entry *dnscache_new(struct hc_dns_cache *c,
                                         struct hc_str name,
                                         const struct headcount_error *why)
{
    size_t what_n = why != NULL ? strlen(why->what) : 0;
    size_t size = sizeof(struct hc_dns_entry) + name.n + what_n;
    struct hc_dns_entry *made = hc_alloc(c->alloc, size);

    if (made == NULL)
        return NULL;
    made->size = size;
    made->name_n = name.n;
    made->what_n = what_n;
    memcpy(made->text, name.p, name.n);
    if (why != NULL) {
        made->code = why->code;
        made->sys = why->sys;
        memcpy(made->text + name.n, why->what, what_n);
    }
    return made;
}

/* The servers failed: the addresses are used on. */
static void dnscache_keep(struct hc_dns_entry *known, int64_t now)
{
    known->failed_at = now;
    known->until = hc_time_add(now, HC_DNS_STALE_TTL);
    known->refresh_at = HC_NEVER;
}

int hc_dns_cache_put(struct hc_dns_cache *c, struct hc_str name,
                     const struct hc_dns_known *known, int64_t now)
{
    const struct headcount_error *why = known->why;
    uint32_t ttl = known->ttl < HC_DNS_TTL_MAX ? known->ttl : HC_DNS_TTL_MAX;

    if (why != NULL && why->code != HEADCOUNT_EDNS) {
        struct hc_dns_entry *old = dnscache_get(c, name, now);
        bool used_on = old != NULL && old->code == 0;

        if (used_on && why->code == HEADCOUNT_EDNSFAIL)
            dnscache_keep(old, now);
        if (used_on)
            return why->code == HEADCOUNT_EDNSFAIL;
    }
    dnscache_drop(c, name);
    if (ttl == 0 && why != NULL)
        return 0;
    struct hc_dns_entry *made = dnscache_new(c, name, why);

    if (made == NULL)
        return 0;
    if (c->n == DNSCACHE_MAX)
        dnscache_drop_oldest(c);
    made->addrs = known->addrs;
    made->until = made->expires = hc_time_add(now, ttl * HC_SECOND);
    made->refresh_at = made->until - ttl * HC_SECOND / 10;
    made->failed_at = DNSCACHE_LONG_AGO;
    made->next = c->newest;
    c->newest = made;
    c->n++;
    return 0;
}
