/* reconcile/facts.c - what was read from AWS for one reconcile, by key.
 *
 * Lists of names have two texts for a key, and are few: they are a plain list.
 */
#include "reconcile/facts.h"

#include <string.h>

void hc_facts_init(struct hc_facts *f, const struct hc_alloc *a)
{
    *f = (struct hc_facts){ .alloc = a, .elsewhere.state = FACT_VALUE };
    hc_arena_init(&f->arena, a, HC_FACTS_KEPT);
}

void hc_facts_fini(struct hc_facts *f)
{
    for (struct hc_fact_hosts *h = f->first[FACTS_HOSTS]; h != NULL;
         h = h->key.next)
        hc_host_list_free(&h->list, f->alloc);
    for (struct hc_fact_names *l = f->names; l != NULL; l = l->next)
        hc_host_list_free(&l->all, f->alloc);
    for (struct hc_fact_tasks *t = f->first[FACTS_TASKS]; t != NULL;
         t = t->key.next) {
        hc_host_list_free(&t->all, f->alloc);
        hc_host_list_free(&t->hosts, f->alloc);
    }
    for (size_t i = 0; i < HC_READINGS; i++)
        hc_ecs_answer_fini(&f->cluster[i].value.answer);
    hc_arena_fini(&f->arena);
    *f = (struct hc_facts){ .alloc = f->alloc };
}

/* ---- by key ---- */

/* A pointer to a fact stays valid until the end of the run. */
static void *facts_get(struct hc_facts *f, const struct hc_fact_key *like,
                       size_t size)
{
    uint64_t key = hc_index_key(hc_str_hash(HC_STR_HASH + like->kind +
                                            (uint64_t)HC_FACT_KINDS *
                                                like->part,
                                            like->name));
    struct hc_index_node *at = NULL;
    struct hc_fact_key *k;

    while ((at = hc_index_find(&f->index, key, at)) != NULL) {
        k = (struct hc_fact_key *)at;
        if (k->kind == like->kind && k->part == like->part &&
            hc_str_eq(k->name, like->name))
            return k;
    }
    k = hc_arena_zero(&f->arena, size);
    if (k == NULL)
        return NULL;
    *k = *like;
    k->name = hc_arena_str(&f->arena, like->name);
    if (hc_arena_error(&f->arena) < 0)
        return NULL;
    hc_index_put(&f->index, &k->node, key);
    k->next = f->first[like->kind];
    f->first[like->kind] = k;
    return k;
}

struct hc_fact_service *hc_facts_service(struct hc_facts *f,
                                         struct hc_str name)
{
    return facts_get(f, &(struct hc_fact_key){ .kind = FACTS_SERVICE,
                                               .name = name },
                     sizeof(struct hc_fact_service));
}

struct hc_fact_hosts *hc_facts_hosts(struct hc_facts *f, const char *status,
                                     struct hc_str filter,
                                     enum hc_reading reading)
{
    const struct hc_fact_key like = {
        .kind = FACTS_HOSTS, .name = filter,
        .part = (unsigned)reading +
                (*status == 'A' ? 0 : (unsigned)HC_READINGS),
    };
    struct hc_fact_hosts *h = facts_get(f, &like, sizeof(*h));

    if (h != NULL) {
        h->status = status;
        h->reading = reading;
    }
    return h;
}

struct hc_fact_bool *hc_facts_bool(struct hc_facts *f, enum hc_fact_kind kind,
                                   struct hc_str name)
{
    return facts_get(f, &(struct hc_fact_key){ .kind = kind, .name = name },
                     sizeof(struct hc_fact_bool));
}

struct hc_fact_definition *hc_facts_definition(struct hc_facts *f,
                                               struct hc_str arn)
{
    return facts_get(f, &(struct hc_fact_key){ .kind = FACTS_DEFINITION,
                                               .name = arn },
                     sizeof(struct hc_fact_definition));
}

struct hc_fact_tasks *hc_facts_tasks(struct hc_facts *f,
                                     struct hc_str service)
{
    return facts_get(f, &(struct hc_fact_key){ .kind = FACTS_TASKS,
                                               .name = service },
                     sizeof(struct hc_fact_tasks));
}

struct hc_fact_placed *hc_facts_placed(struct hc_facts *f,
                                       struct hc_str service,
                                       enum hc_reading reading)
{
    return facts_get(f, &(struct hc_fact_key){ .kind = FACTS_PLACED,
                                               .name = service,
                                               .part = (unsigned)reading },
                     sizeof(struct hc_fact_placed));
}

/* ---- what they tell ---- */

/* The text is read only where hosts are looked at: most reconciles that recall
 * a definition want its constraints alone. */
int hc_facts_read_needs(struct hc_facts *f, struct hc_fact_definition *d)
{
    struct hc_ecs_definition v;
    struct hc_ecs_needs *needs = NULL;
    int err;

    if (d->needs != NULL || d->needs_text.n == 0)
        return 0;
    err = hc_ecs_needs_get(&v, f->alloc, d->needs_text);
    if (err == 0)
        err = hc_arena_join(&f->arena, &v.answer.arena);
    if (err == 0)
        needs = hc_arena_zero(&f->arena, sizeof(*needs));
    if (needs != NULL)
        *needs = v.needs;
    d->needs = needs;
    hc_ecs_answer_fini(&v.answer);
    /* A text of a snapshot that is none is as if there were none. */
    return err == HEADCOUNT_ENOMEM || hc_arena_error(&f->arena) != 0
               ? HEADCOUNT_ENOMEM : 0;
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

void hc_fact_hosts_reset(struct hc_fact_hosts *h)
{
    h->fact = h->details = h->providers =
        (struct hc_fact){ .state = FACT_UNKNOWN };
    hc_host_list_reset(&h->list);
}

bool hc_fact_hosts_is_whole(const struct hc_fact_hosts *h)
{
    return h->key.name.n == 0 || hc_str_eq(h->key.name, HC_FACTS_EC2);
}

/* Services stay: after a write their count is ours, and ECS may still show the
 * old one. */
void hc_facts_forget_hosts(struct hc_facts *f)
{
    for (struct hc_fact_hosts *h = f->first[FACTS_HOSTS]; h != NULL;
         h = h->key.next)
        hc_fact_hosts_reset(h);
    for (struct hc_fact_tasks *t = f->first[FACTS_TASKS]; t != NULL;
         t = t->key.next) {
        t->fact = t->details = (struct hc_fact){ .state = FACT_UNKNOWN };
        hc_host_list_reset(&t->all);
        hc_host_list_reset(&t->hosts);
    }
    for (struct hc_fact_placed *p = f->first[FACTS_PLACED]; p != NULL;
         p = p->key.next)
        p->fact = (struct hc_fact){ .state = FACT_UNKNOWN };
    for (size_t i = 0; i < HC_READINGS; i++) {
        hc_ecs_answer_fini(&f->cluster[i].value.answer);
        f->cluster[i] = (struct hc_fact_cluster){ .value.registered = -1 };
    }
}

int hc_fact_hosts_described(struct hc_facts *f, struct hc_fact_hosts *h)
{
    int err = hc_host_list_mark_active(&h->list, f->alloc);

    if (err < 0)
        return err;
    h->details.state = h->providers.state = FACT_VALUE;
    for (size_t i = 0; i < h->list.n; i++)
        if (h->list.hosts[i].recalled)
            h->details.state = FACT_UNKNOWN;
    return 0;
}
