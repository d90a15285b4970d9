/* reconcile/exchange/service_names.c - ListServices, page by page. */
#include "reconcile/exchange/service_names.h"

#include "reconcile/exchange/check.h"

/* ---- for lists by tags, too ---- */

bool hc_service_names_has(struct hc_run *r, struct hc_str text,
                          struct hc_arn *arn)
{
    return hc_arn_service(arn, text, NULL) == 0 && hc_arn_is_full(arn) &&
           hc_check_is_here(r, arn);
}

int hc_service_names_add(struct hc_run *r, struct hc_exchange *x,
                         struct hc_str text)
{
    struct hc_fact_names *l = x->into;
    int err = hc_host_list_add(&l->all, r->facts.alloc, text);

    if (err == HEADCOUNT_ELIMIT)
        return hc_check_refuse(r, x, "more services are listed than can be, "
                               "up to", text);
    if (err > 0)
        hc_pages_news(&x->pages);
    return err >= 0 ? 0 : hc_check_no_memory(x, "names");
}

int hc_service_names_learn(struct hc_run *r, struct hc_exchange *x,
                           int (*add)(struct hc_run *, struct hc_exchange *,
                                      struct hc_str))
{
    struct hc_ecs_arns *v = &x->view.arns;
    int err = hc_check_keep(r, x);

    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = add(r, x, v->arns[i]);
    if (err == 0)
        err = hc_check_page(r, x, v);
    if (err > 0)
        x->fact->state = FACT_VALUE;
    return err;
}

int hc_service_names_offline(struct hc_run *r, struct hc_exchange *x,
                             bool (*is_in)(const struct hc_ecs_service *,
                                           const struct hc_json_doc *),
                             const struct hc_json_doc *tags)
{
    struct hc_fact_names *l = x->into;
    int err = 0;

    for (const struct hc_fact_service *f = r->facts.first[FACTS_SERVICE];
         err >= 0 && f != NULL; f = f->key.next) {
        const struct hc_ecs_service *s = f->value;

        if (s == NULL || s->status == STATUS_INACTIVE ||
            (l->launch_type.n > 0 &&
             hc_ecs_launch(l->launch_type) != s->launch) ||
            (is_in != NULL && !is_in(s, tags)))
            continue;
        err = hc_host_list_add(&l->all, r->facts.alloc, s->arn);
    }
    if (err < 0)
        return HEADCOUNT_ENOMEM;
    l->fact.state = FACT_VALUE;
    return 1;
}

/* ---- of the cluster ---- */

static void names_put(struct hc_run *r, struct hc_exchange *x,
                      struct hc_buf *out)
{
    const struct hc_fact_names *l = x->into;

    hc_ecs_put_list_services(out, r->cluster.text, l->launch_type,
                             hc_pages_token(&x->pages));
}

static void names_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_names_init(&v->arns, r->facts.alloc);
}

static int names_add(struct hc_run *r, struct hc_exchange *x,
                     struct hc_str text)
{
    struct hc_arn arn;

    return hc_service_names_has(r, text, &arn)
               ? hc_service_names_add(r, x, text)
               : hc_check_refuse(r, x, "ECS listed what is no service of the "
                                 "cluster:", text);
}

static int names_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    (void)now;
    return hc_service_names_learn(r, x, names_add);
}

static int names_offline(struct hc_run *r, struct hc_exchange *x,
                         struct headcount_error *e)
{
    (void)e;
    return r->complete ? hc_service_names_offline(r, x, NULL, NULL) : 0;
}

const struct hc_exchange_class hc_exchange_service_names = {
    .service = HC_SERVICE_ECS,
    .operation = "ListServices",
    .action = "ecs:ListServices",
    .fact = "a list of services",
    .of_cluster = true,
    .put = names_put,
    .open = names_open,
    .close = hc_exchange_close_arns,
    .learn = names_learn,
    .offline = names_offline
};
