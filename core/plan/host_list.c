/* plan/host_list.c - hosts by ARN: an array, and a hash table over it that is
 * at most half full (open addressing). */
#include "plan/host_list.h"

struct hc_str hc_host_id(struct hc_str arn)
{
    size_t from = arn.n;

    while (from > 0 && arn.p[from - 1] != '/')
        from--;
    return hc_str_from(arn, from);
}

uint64_t hc_host_hash(struct hc_str arn)
{
    uint64_t h = hc_str_hash(HC_STR_HASH, hc_host_id(arn));

    return h ^ h >> 32;
}

/* The slot of this host, or the empty slot where it would be added. */
static size_t host_slot(const struct hc_host_list *h, struct hc_str arn)
{
    struct hc_str id = hc_host_id(arn);
    size_t at = (size_t)hc_host_hash(arn) & (h->slots_n - 1);

    while (h->n > 0 && h->slots[at] != 0 &&
           !hc_str_eq(hc_host_id(h->hosts[h->slots[at] - 1].arn), id))
        at = (at + 1) & (h->slots_n - 1);
    return at;
}

static int host_rehash(struct hc_host_list *h, const struct hc_alloc *a)
{
    size_t n = h->slots_n > 0 ? h->slots_n * 2 : 64;
    size_t *slots = hc_alloc_array(a, n, sizeof(*slots));

    if (slots == NULL)
        return HEADCOUNT_ENOMEM;
    hc_free(a, h->slots, h->slots_n * sizeof(*h->slots));
    h->slots = slots;
    h->slots_n = n;
    for (size_t i = 0; i < h->n; i++)
        h->slots[host_slot(h, h->hosts[i].arn)] = i + 1;
    return 0;
}

int hc_host_list_add(struct hc_host_list *h, const struct hc_alloc *a,
                     struct hc_str arn)
{
    int err = 0;

    if (h->n * 2 >= h->slots_n)
        err = host_rehash(h, a);
    if (err < 0)
        return err;

    size_t at = host_slot(h, arn);

    if (h->slots[at] != 0)
        return 0;
    err = hc_grow(a, &h->hosts, &h->cap, h->n + 1, HC_HOST_LIST_MAX,
                  sizeof(*h->hosts));
    if (err < 0)
        return err;
    h->hosts[h->n++] = (struct hc_host){ .arn = arn };
    h->slots[at] = h->n;
    return 1;
}

struct hc_host *hc_host_list_find(const struct hc_host_list *h,
                                  struct hc_str arn)
{
    if (h->slots_n == 0)
        return NULL;

    size_t at = host_slot(h, arn);

    return h->slots[at] != 0 ? &h->hosts[h->slots[at] - 1] : NULL;
}

void hc_host_list_reset(struct hc_host_list *h)
{
    h->n = 0;
    for (size_t i = 0; i < h->slots_n; i++)
        h->slots[i] = 0;
}

void hc_host_list_free(struct hc_host_list *h, const struct hc_alloc *a)
{
    hc_free(a, h->hosts, h->cap * sizeof(*h->hosts));
    hc_free(a, h->slots, h->slots_n * sizeof(*h->slots));
    *h = (struct hc_host_list){ .n = 0 };
}

/* A machine that registered twice is listed under two ARNs.  Counted twice, it
 * would get a task that no host can take. */
int hc_host_list_mark_active(struct hc_host_list *h, const struct hc_alloc *a)
{
    struct hc_host_list machines = { .n = 0 };
    int first = 0;

    for (size_t i = 0; first >= 0 && i < h->n; i++) {
        const struct hc_ecs_host *d = h->hosts[i].details;

        first = 0;
        if (d != NULL && hc_str_eqz(d->status, "ACTIVE"))
            first = d->ec2_id.n > 0 ? hc_host_list_add(&machines, a, d->ec2_id)
                                    : 1;
        h->hosts[i].active = first > 0;
    }
    hc_host_list_free(&machines, a);
    return first >= 0 ? 0 : HEADCOUNT_ENOMEM;
}
