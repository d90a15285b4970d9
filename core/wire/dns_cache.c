/* wire/dns_cache.c - a list of names, the newest first.
 *
 * A process asks for few names, so a list is fast enough.  When it is full the
 * oldest entry makes room.  An expired entry is removed when its name is looked
 * up.
 */
#include "wire/dns_cache.h"

#include <string.h>

#ifdef HC_TINY
#define DNSCACHE_MAX 2
#else
#define DNSCACHE_MAX 256
#endif

struct hc_dns_entry {
    struct hc_dns_entry *next;
    size_t size;                     /* of the block                         */
    int64_t until;
    struct hc_addrs addrs;
    size_t turn;
    int code, sys;                   /* 0: addrs count                       */
    size_t name_n, what_n;
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

int hc_dns_cache_find(struct hc_dns_cache *c, struct hc_str name, int64_t now,
                      struct hc_addrs *out, struct headcount_error *e)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    if (at == NULL)
        return 0;
    struct hc_dns_entry *known = *at;

    if (now >= known->until) {
        dnscache_free(c, at);
        return 0;
    }
    if (known->code < 0) {
        hc_error_set(e, known->code, "%.*s", (int)known->what_n,
                     known->text + known->name_n);
        if (e != NULL)
            e->sys = known->sys;
        return known->code;
    }
    hc_addrs_rotated(out, &known->addrs, known->turn++);
    return 1;
}

int64_t hc_dns_cache_until(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    return at != NULL && (*at)->code == 0 ? (*at)->until : 0;
}

void hc_dns_cache_drop(struct hc_dns_cache *c, struct hc_str name)
{
    struct hc_dns_entry **at = dnscache_seek(c, name);

    if (at != NULL)
        dnscache_free(c, at);
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

void hc_dns_cache_put(struct hc_dns_cache *c, struct hc_str name,
                      const struct hc_dns_known *known, int64_t now)
{
    uint32_t ttl = known->ttl < HC_DNS_TTL_MAX ? known->ttl : HC_DNS_TTL_MAX;

    hc_dns_cache_drop(c, name);
    if (ttl == 0)
        return;
    struct hc_dns_entry *made = dnscache_new(c, name, known->why);

    if (made == NULL)
        return;
    if (c->n == DNSCACHE_MAX)
        dnscache_drop_oldest(c);
    made->addrs = known->addrs;
    made->until = hc_time_add(now, ttl * HC_SECOND);
    made->next = c->newest;
    c->newest = made;
    c->n++;
}
