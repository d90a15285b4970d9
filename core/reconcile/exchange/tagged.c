/* reconcile/exchange/tagged.c - GetResources of the Resource Groups Tagging
 * API: services by their tags, page by page.
 *
 * The answer is of a whole region: an ARN that names another cluster, or none,
 * is left out. */
#include "base/json.h"
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/service_names.h"

#define TAGGED_TOKENS 1024

static void tagged_put(struct hc_run *r, struct hc_exchange *x,
                       struct hc_buf *out)
{
    const struct hc_fact_names *l = x->into;

    (void)r;
    hc_ecs_put_tagged(out, l->tag_filters, hc_pages_token(&x->pages));
}

static void tagged_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_tagged_init(&v->arns, r->facts.alloc);
}

static int tagged_add(struct hc_run *r, struct hc_exchange *x,
                      struct hc_str text)
{
    struct hc_arn arn;

    if (hc_pages_saw(&x->pages, text) < 0)
        return hc_check_no_memory(x, "names");
    return hc_service_names_has(r, text, &arn) && arn.cluster.n > 0
               ? hc_service_names_add(r, x, text) : 0;
}

static int tagged_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    (void)now;
    return hc_service_names_learn(r, x, tagged_add);
}

/* ---- memory ---- */

/* The region is part of the key: a cluster that is known by its name only may
 * be in any region. */
static struct hc_memory_key tagged_key(struct hc_run *r,
                                       const struct hc_fact_names *l)
{
    struct hc_str region = hc_run_region(r);

    return hc_run_key(r, MEMORY_TAGGED,
                      hc_str(hc_arena_fmt(&r->facts.arena, "%.*s %.*s",
                                          HC_STR_ARG(region),
                                          HC_STR_ARG(l->tag_filters))));
}

static void tagged_remember(struct hc_run *r, struct hc_exchange *x,
                            int64_t now)
{
    const struct hc_fact_names *l = x->into;
    struct hc_memory_key key = tagged_key(r, l);
    struct hc_buf lines;

    hc_buf_init(&lines, r->facts.alloc, HC_MEMORY_TEXTS);
    for (size_t i = 0; i < l->all.n; i++) {
        hc_buf_str(&lines, l->all.hosts[i].arn);
        hc_buf_chr(&lines, '\n');
    }
    if (hc_buf_error(&lines) == 0)
        hc_memory_put_text(r->config.memory, &key, now, hc_buf_view(&lines));
    hc_buf_fini(&lines);
}

/* Takes a list that is not older than HC_MEMORY_TAGGED, if no page of a newer
 * one is read yet.  A tag that was set meanwhile is seen a minute later. */
static void tagged_recall(struct hc_run *r, void *into)
{
    struct hc_fact_names *l = into;
    struct hc_memory_key key;
    struct hc_str text;
    int err = 0;

    if (l->fact.state != FACT_UNKNOWN || l->all.n > 0 ||
        r->config.memory == NULL)
        return;
    key = tagged_key(r, l);
    if (!hc_memory_text(r->config.memory, &key,
                        hc_now(&r->net->sys) - HC_MEMORY_TAGGED, &text))
        return;
    while (err >= 0 && text.n > 0)
        err = hc_host_list_add(&l->all, r->facts.alloc,
                               hc_arena_str(&r->facts.arena,
                                            hc_str_cut(&text, '\n')));
    if (err >= 0 && hc_arena_error(&r->facts.arena) == 0)
        l->fact.state = FACT_VALUE;
    else
        hc_host_list_reset(&l->all);
}

/* ---- of a snapshot ---- */

static bool tagged_has_tag(const struct hc_ecs_service *s,
                           const struct hc_json_doc *d, int filter)
{
    const struct hc_ecs_tag *t = s->tags;
    int key = hc_json_find(d, filter, "Key");
    int values = hc_json_find(d, filter, "Values");

    while (t != NULL && !hc_json_is(d, key, t->key.p))
        t = t->next;
    if (t == NULL || values < 0)
        return t != NULL;
    for (int v = hc_json_first(d, values); v >= 0;
         v = hc_json_after(d, values, v))
        if (hc_json_is(d, v, t->value.p))
            return true;
    return false;
}

static bool tagged_has_tags(const struct hc_ecs_service *s,
                            const struct hc_json_doc *d)
{
    for (int f = hc_json_first(d, 0); f >= 0; f = hc_json_after(d, 0, f))
        if (!tagged_has_tag(s, d, f))
            return false;
    return true;
}

static int tagged_offline(struct hc_run *r, struct hc_exchange *x,
                          struct headcount_error *e)
{
    const struct hc_fact_names *l = x->into;
    struct hc_json_doc d;
    int got;

    if (!r->complete)
        return 0;
    got = hc_json_doc_init(&d, r->facts.alloc, l->tag_filters, TAGGED_TOKENS,
                           e);
    if (got < 0)
        return got;
    got = hc_service_names_offline(r, x, tagged_has_tags, &d);
    hc_json_doc_fini(&d);
    return got;
}

const struct hc_exchange_class hc_exchange_tagged = {
    .service = HC_SERVICE_TAGGING,
    .operation = "GetResources",
    .action = "tag:GetResources",
    .fact = "a list of services by tags",
    .put = tagged_put,
    .open = tagged_open,
    .close = hc_exchange_close_arns,
    .learn = tagged_learn,
    .remember = tagged_remember,
    .recall = tagged_recall,
    .offline = tagged_offline
};
