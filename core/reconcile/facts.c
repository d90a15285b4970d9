/* reconcile/facts.c - what was read from AWS for one reconcile, by key. */
#include "reconcile/facts.h"

#include <string.h>

void hc_facts_init(struct hc_facts *f, const struct hc_alloc *a)
{
    *f = (struct hc_facts){ .alloc = a };
    hc_arena_init(&f->arena, a, HC_FACTS_KEPT);
}

void hc_fact_hosts_free(struct hc_facts *f, struct hc_fact_hosts *h)
{
    hc_free(f->alloc, h->hosts, h->cap * sizeof(*h->hosts));
    hc_free(f->alloc, h->slots, h->slots_n * sizeof(*h->slots));
}

void hc_facts_fini(struct hc_facts *f)
{
    for (struct hc_fact_hosts *h = f->hosts; h != NULL; h = h->next)
        hc_fact_hosts_free(f, h);
    for (struct hc_fact_names *l = f->names; l != NULL; l = l->next)
        hc_fact_hosts_free(f, &l->all);
    for (size_t i = 0; i < HC_READINGS; i++)
        hc_ecs_cluster_fini(&f->cluster[i].value);
    hc_arena_fini(&f->arena);
    *f = (struct hc_facts){ .alloc = f->alloc };
}

struct hc_fact_service *hc_facts_service(struct hc_facts *f,
                                         struct hc_str name)
{
    struct hc_fact_service *s = f->services;

    while (s != NULL && !hc_str_eq(s->name, name))
        s = s->next;
    if (s != NULL)
        return s;
    s = hc_arena_zero(&f->arena, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->name = hc_arena_str(&f->arena, name);
    s->next = f->services;
    f->services = s;
    return hc_arena_error(&f->arena) == 0 ? s : NULL;
}

struct hc_fact_hosts *hc_facts_hosts(struct hc_facts *f, const char *status,
                                     struct hc_str filter,
                                     enum hc_reading reading)
{
    struct hc_fact_hosts *h = f->hosts;

    while (h != NULL && (strcmp(h->status, status) != 0 ||
                         !hc_str_eq(h->filter, filter) ||
                         h->reading != reading))
        h = h->next;
    if (h != NULL)
        return h;
    h = hc_arena_zero(&f->arena, sizeof(*h));
    if (h == NULL)
        return NULL;
    h->status = status;
    h->reading = reading;
    h->filter = hc_arena_str(&f->arena, filter);
    h->next = f->hosts;
    f->hosts = h;
    return hc_arena_error(&f->arena) == 0 ? h : NULL;
}

struct hc_fact_bool *hc_facts_bool(struct hc_facts *f,
                                       struct hc_fact_bool **list,
                                       struct hc_str name)
{
    struct hc_fact_bool *a = *list;

    while (a != NULL && !hc_str_eq(a->name, name))
        a = a->next;
    if (a != NULL)
        return a;
    a = hc_arena_zero(&f->arena, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->name = hc_arena_str(&f->arena, name);
    a->next = *list;
    *list = a;
    return hc_arena_error(&f->arena) == 0 ? a : NULL;
}

struct hc_fact_definition *hc_facts_definition(struct hc_facts *f,
                                               struct hc_str arn)
{
    struct hc_fact_definition *d = f->definitions;

    while (d != NULL && !hc_str_eq(d->arn, arn))
        d = d->next;
    if (d != NULL)
        return d;
    d = hc_arena_zero(&f->arena, sizeof(*d));
    if (d == NULL)
        return NULL;
    d->arn = hc_arena_str(&f->arena, arn);
    d->next = f->definitions;
    f->definitions = d;
    return hc_arena_error(&f->arena) == 0 ? d : NULL;
}

struct hc_fact_names *hc_facts_names(struct hc_facts *f,
                                     struct hc_str launch_type,
                                     struct hc_str tag_filters)
{
    struct hc_fact_names *l = f->names;

    while (l != NULL && (!hc_str_eq(l->launch_type, launch_type) ||
                         !hc_str_eq(l->tag_filters, tag_filters)))
        l = l->next;
    if (l != NULL)
        return l;
    l = hc_arena_zero(&f->arena, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->launch_type = hc_arena_str(&f->arena, launch_type);
    l->tag_filters = hc_arena_str(&f->arena, tag_filters);
    l->next = f->names;
    f->names = l;
    return hc_arena_error(&f->arena) == 0 ? l : NULL;
}

void hc_facts_fail(struct hc_facts *f, struct hc_fact *fact, const char *code,
                   const char *what)
{
    fact->state = FACT_FAILED;
    fact->code = hc_arena_fmt(&f->arena, "%s", code);
    fact->what = hc_arena_fmt(&f->arena, "%s", what);
}

/* ---- the set: open addressing, at most half full ---- */

/* One host may be told of by the old form of its ARN and by the new one: what
 * they share is the id at the end. */
struct hc_str hc_fact_id(struct hc_str arn)
{
    size_t from = arn.n;

    while (from > 0 && arn.p[from - 1] != '/')
        from--;
    return hc_str_from(arn, from);
}

uint64_t hc_fact_host_hash(struct hc_str arn)
{
    uint64_t h = hc_str_hash(HC_STR_HASH, hc_fact_id(arn));

    return h ^ h >> 32;
}

/* The slot of this host, or the empty one where it would stand. */
static size_t facts_slot(const struct hc_fact_hosts *h, struct hc_str arn)
{
    struct hc_str id = hc_fact_id(arn);
    size_t at = (size_t)hc_fact_host_hash(arn) & (h->slots_n - 1);

    while (h->n > 0 && h->slots[at] != 0 &&
           !hc_str_eq(hc_fact_id(h->hosts[h->slots[at] - 1].arn), id))
        at = (at + 1) & (h->slots_n - 1);
    return at;
}

static int facts_rehash(struct hc_facts *f, struct hc_fact_hosts *h)
{
    size_t n = h->slots_n > 0 ? h->slots_n * 2 : 64;
    size_t *slots = hc_alloc_array(f->alloc, n, sizeof(*slots));

    if (slots == NULL)
        return HEADCOUNT_ENOMEM;
    hc_free(f->alloc, h->slots, h->slots_n * sizeof(*h->slots));
    h->slots = slots;
    h->slots_n = n;
    for (size_t i = 0; i < h->n; i++)
        h->slots[facts_slot(h, h->hosts[i].arn)] = i + 1;
    return 0;
}

int hc_fact_hosts_add(struct hc_facts *f, struct hc_fact_hosts *h,
                      struct hc_str arn)
{
    int err = 0;

    if (h->n * 2 >= h->slots_n)
        err = facts_rehash(f, h);
    if (err < 0)
        return err;

    size_t at = facts_slot(h, arn);

    if (h->slots[at] != 0)
        return 0;
    err = hc_grow(f->alloc, &h->hosts, &h->cap, h->n + 1, HC_FACTS_HOSTS,
                  sizeof(*h->hosts));
    if (err < 0)
        return err;
    h->hosts[h->n++] = (struct hc_host){ .arn = arn };
    h->slots[at] = h->n;
    return 1;
}

struct hc_host *hc_fact_hosts_find(const struct hc_fact_hosts *h,
                                   struct hc_str arn)
{
    if (h->slots_n == 0)
        return NULL;

    size_t at = facts_slot(h, arn);

    return h->slots[at] != 0 ? &h->hosts[h->slots[at] - 1] : NULL;
}

bool hc_fact_hosts_eq(const struct hc_fact_hosts *a,
                      const struct hc_fact_hosts *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++)
        same = hc_fact_hosts_find(b, a->hosts[i].arn) != NULL;
    return same;
}

void hc_fact_hosts_reset(struct hc_fact_hosts *h)
{
    h->fact = h->details = (struct hc_fact){ .state = FACT_UNKNOWN };
    h->n = 0;
    for (size_t i = 0; i < h->slots_n; i++)
        h->slots[i] = 0;
}

void hc_facts_forget_hosts(struct hc_facts *f)
{
    for (struct hc_fact_hosts *h = f->hosts; h != NULL; h = h->next)
        hc_fact_hosts_reset(h);
    for (size_t i = 0; i < HC_READINGS; i++) {
        hc_ecs_cluster_fini(&f->cluster[i].value);
        f->cluster[i] = (struct hc_fact_cluster){ .value.registered = -1 };
    }
}

int hc_fact_hosts_described(struct hc_facts *f, struct hc_fact_hosts *h)
{
    struct hc_fact_hosts ids = { .status = "" };
    int first = 0;

    for (size_t i = 0; first >= 0 && i < h->n; i++) {
        const struct hc_ecs_host *d = h->hosts[i].details;

        first = 0;
        if (d != NULL && hc_str_eqz(d->status, "ACTIVE"))
            first = d->ec2_id.n > 0 ? hc_fact_hosts_add(f, &ids, d->ec2_id)
                                    : 1;
        h->hosts[i].active = first > 0;
    }
    hc_fact_hosts_free(f, &ids);
    if (first >= 0)
        h->details.state = FACT_VALUE;
    return first >= 0 ? 0 : HEADCOUNT_ENOMEM;
}
