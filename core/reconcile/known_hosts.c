/* reconcile/known_hosts.c - hosts in the order of their last use, found by a
 * hash of their ARN. */
#include "reconcile/known_hosts.h"

#include <string.h>

#define KNOWN_SLOTS 64                       /* at first; a power of two */

void hc_known_hosts_init(struct hc_known_hosts *k, const struct hc_alloc *a)
{
    *k = (struct hc_known_hosts){ .alloc = a };
}

static void known_unlink(struct hc_known_hosts *k, struct hc_known_host *h)
{
    if (h->newer != NULL)
        h->newer->older = h->older;
    else
        k->newest = h->older;
    if (h->older != NULL)
        h->older->newer = h->newer;
    else
        k->oldest = h->newer;
    h->newer = h->older = NULL;
}

static void known_link(struct hc_known_hosts *k, struct hc_known_host *h)
{
    h->older = k->newest;
    if (k->newest != NULL)
        k->newest->newer = h;
    else
        k->oldest = h;
    k->newest = h;
}

/* Where the pointer to this host is, or would be. */
static struct hc_known_host **known_slot(const struct hc_known_hosts *k,
                                         struct hc_str arn)
{
    uint64_t hash = hc_str_hash(HC_STR_HASH, arn);
    struct hc_known_host **at =
        &k->slots[(size_t)(hash ^ hash >> 32) & (k->slots_n - 1)];

    while (*at != NULL && !hc_str_eq((*at)->arn, arn))
        at = &(*at)->next;
    return at;
}

static void known_drop(struct hc_known_hosts *k, struct hc_known_host *h)
{
    *known_slot(k, h->arn) = h->next;
    known_unlink(k, h);
    k->n--;
    hc_free(k->alloc, h, h->size);
}

void hc_known_hosts_fini(struct hc_known_hosts *k)
{
    while (k->newest != NULL)
        known_drop(k, k->newest);
    hc_free(k->alloc, k->slots, k->slots_n * sizeof(struct hc_known_host *));
    *k = (struct hc_known_hosts){ .alloc = k->alloc };
}

/* A table that cannot grow stays as it is: its chains become longer. */
static void known_grow(struct hc_known_hosts *k)
{
    size_t n = k->slots_n > 0 ? 2 * k->slots_n : KNOWN_SLOTS;
    struct hc_known_host **old = k->slots, **slots;
    size_t old_n = k->slots_n;

    if (k->n < k->slots_n)
        return;
    slots = hc_alloc_array(k->alloc, n, sizeof(*slots));
    if (slots == NULL)
        return;
    k->slots = slots;
    k->slots_n = n;
    for (size_t i = 0; i < old_n; i++)
        while (old[i] != NULL) {
            struct hc_known_host *h = old[i], **at;

            old[i] = h->next;
            at = known_slot(k, h->arn);
            h->next = NULL;
            *at = h;
        }
    hc_free(k->alloc, old, old_n * sizeof(*old));
}

/* A copy of the text, at *n bytes of the host's own. */
static struct hc_str known_text(struct hc_known_host *h, size_t *n,
                                struct hc_str text)
{
    char *p = h->text + *n;

    if (text.n > 0)
        memcpy(p, text.p, text.n);
    *n += text.n;
    return hc_str_n(p, text.n);
}

static void known_add(struct hc_known_hosts *k, struct hc_str arn,
                      struct hc_str provider, struct hc_str machine,
                      int64_t now)
{
    size_t text_n = arn.n + provider.n + machine.n, n = 0;
    struct hc_known_host *h;

    known_grow(k);
    if (k->slots_n == 0)
        return;
    if (k->n >= HC_KNOWN_HOSTS)
        known_drop(k, k->oldest);
    h = hc_alloc(k->alloc, sizeof(*h) + text_n);
    if (h == NULL)
        return;
    h->size = sizeof(*h) + text_n;
    h->arn = known_text(h, &n, arn);
    h->provider = known_text(h, &n, provider);
    h->machine = known_text(h, &n, machine);
    h->at = now;
    *known_slot(k, arn) = h;
    known_link(k, h);
    k->n++;
}

static struct hc_known_host *known_find(const struct hc_known_hosts *k,
                                        struct hc_str arn)
{
    return k->slots_n > 0 ? *known_slot(k, arn) : NULL;
}

void hc_known_hosts_put(struct hc_known_hosts *k, struct hc_str arn,
                        struct hc_str provider, struct hc_str machine,
                        int64_t now)
{
    struct hc_known_host *h = known_find(k, arn);

    if (h != NULL && hc_str_eq(h->provider, provider) &&
        hc_str_eq(h->machine, machine)) {
        h->at = now;
        return;
    }
    if (h != NULL)
        known_drop(k, h);
    if (provider.n > 0 && k->alloc != NULL)
        known_add(k, arn, provider, machine, now);
}

const struct hc_known_host *hc_known_hosts_find(struct hc_known_hosts *k,
                                                struct hc_str arn,
                                                int64_t now)
{
    struct hc_known_host *h = known_find(k, arn);

    if (h == NULL || now >= hc_time_add(h->at, HC_KNOWN_HOSTS_HOLDS))
        return NULL;
    known_unlink(k, h);
    known_link(k, h);
    return h;
}
