/* reconcile/facts.c - what was read from AWS for one reconcile, by key.
 *
 * Each kind is a linked list in the arena: a reconcile has few facts of a kind,
 * and a pointer to a fact stays valid until the end of the run.
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
    for (struct hc_fact_hosts *h = f->hosts; h != NULL; h = h->next)
        hc_host_list_free(&h->list, f->alloc);
    for (struct hc_fact_names *l = f->names; l != NULL; l = l->next)
        hc_host_list_free(&l->all, f->alloc);
    for (struct hc_fact_tasks *t = f->tasks; t != NULL; t = t->next) {
        hc_host_list_free(&t->all, f->alloc);
        hc_host_list_free(&t->hosts, f->alloc);
    }
    for (size_t i = 0; i < HC_READINGS; i++)
        hc_ecs_answer_fini(&f->cluster[i].value.answer);
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

struct hc_fact_tasks *hc_facts_tasks(struct hc_facts *f,
                                     struct hc_str service)
{
    struct hc_fact_tasks *t = f->tasks;

    while (t != NULL && !hc_str_eq(t->service, service))
        t = t->next;
    if (t != NULL)
        return t;
    t = hc_arena_zero(&f->arena, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->service = hc_arena_str(&f->arena, service);
    t->next = f->tasks;
    f->tasks = t;
    return hc_arena_error(&f->arena) == 0 ? t : NULL;
}

struct hc_fact_placed *hc_facts_placed(struct hc_facts *f,
                                       struct hc_str service,
                                       enum hc_reading reading)
{
    struct hc_fact_placed *p = f->placed;

    while (p != NULL && (!hc_str_eq(p->service, service) ||
                         p->reading != reading))
        p = p->next;
    if (p != NULL)
        return p;
    p = hc_arena_zero(&f->arena, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->service = hc_arena_str(&f->arena, service);
    p->reading = reading;
    p->next = f->placed;
    f->placed = p;
    return hc_arena_error(&f->arena) == 0 ? p : NULL;
}

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
    return h->filter.n == 0 || hc_str_eq(h->filter, HC_FACTS_EC2);
}

/* Services stay: after a write their count is ours, and ECS may still show the
 * old one. */
void hc_facts_forget_hosts(struct hc_facts *f)
{
    for (struct hc_fact_hosts *h = f->hosts; h != NULL; h = h->next)
        hc_fact_hosts_reset(h);
    for (struct hc_fact_tasks *t = f->tasks; t != NULL; t = t->next) {
        t->fact = t->details = (struct hc_fact){ .state = FACT_UNKNOWN };
        hc_host_list_reset(&t->all);
        hc_host_list_reset(&t->hosts);
    }
    for (struct hc_fact_placed *p = f->placed; p != NULL; p = p->next)
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
