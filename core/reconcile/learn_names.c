/* reconcile/learn_names.c - ListServices and GetResources page by page. */
#include "reconcile/learn.h"

static int learn_add(struct hc_reconcile *r, struct hc_str text)
{
    int err = hc_host_list_add(&r->names_list->all, r->facts.alloc, text);

    if (err == HEADCOUNT_ELIMIT)
        return hc_learn_refuse(r, "more services are listed than can be, up to",
                               text);
    if (err > 0)
        hc_pages_news(&r->pages);
    return err >= 0 ? 0 : hc_error_set(&r->error, err, "no memory for names");
}

/* By tags a whole region is told of: what says that it is of another cluster,
 * or not of which, is none of ours. */
static int learn_name(struct hc_reconcile *r, struct hc_str text)
{
    struct hc_arn arn;
    bool here = hc_arn_service(&arn, text, NULL) == 0 &&
                hc_arn_is_full(&arn) && hc_reconcile_is_here(r, &arn);

    if (r->ask == ASK_TAGGED && hc_pages_saw(&r->pages, text) < 0)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for names");
    if (r->ask == ASK_TAGGED)
        return here && arn.cluster.n > 0 ? learn_add(r, text) : 0;
    return here ? learn_add(r, text)
                : hc_learn_refuse(r, "ECS listed what is no service of the "
                                  "cluster:", text);
}

int hc_learn_names(struct hc_reconcile *r)
{
    struct hc_ecs_arns *v = &r->view.arns;
    int err = hc_ecs_arns_end(v, &r->error);

    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = learn_name(r, v->arns[i]);
    if (err == 0)
        err = hc_learn_page(r, r->ask == ASK_TAGGED ? "GetResources"
                                                    : "ListServices", v);
    if (err <= 0)
        return err;
    r->names_list->fact.state = FACT_VALUE;
    return 1;
}
