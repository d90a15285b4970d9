/* reconcile/exchange/tasks.c - ListTasks of one service, page by page: the
 * tasks that are to run. */
#include "reconcile/exchange/check.h"

static void tasks_put(struct hc_run *r, struct hc_exchange *x,
                      struct hc_buf *out)
{
    const struct hc_fact_tasks *t = x->into;

    hc_ecs_put_list_tasks(out, r->cluster.text, t->key.name,
                          hc_pages_token(&x->pages));
}

static void tasks_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_task_arns_init(&v->arns, r->facts.alloc);
}

static const char *tasks_resource(struct hc_run *r,
                                  const struct hc_exchange *x)
{
    (void)x;
    return hc_arena_fmt(&r->facts.arena, "container-instance/%.*s/*",
                        HC_STR_ARG(r->cluster.name));
}

static int tasks_learn_one(struct hc_run *r, struct hc_exchange *x,
                           struct hc_str text)
{
    struct hc_fact_tasks *t = x->into;
    struct hc_arn arn;
    int err;

    if (hc_arn_task(&arn, text, NULL) < 0 || !hc_check_is_here(r, &arn))
        return hc_check_refuse(r, x, "ECS listed what is no task of the "
                               "cluster:", text);
    err = hc_host_list_add(&t->all, r->facts.alloc, text);
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(&x->error, HEADCOUNT_EANSWER,
                            "ECS lists more than %d tasks of service %.*s",
                            HC_HOST_LIST_MAX, HC_STR_ARG(t->key.name));
    if (err > 0)
        hc_pages_news(&x->pages);
    return err >= 0 ? 0 : hc_check_no_memory(x, "tasks");
}

static int tasks_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_arns *v = &x->view.arns;
    struct hc_fact_tasks *t = x->into;
    int err = hc_check_keep(r, x);

    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = tasks_learn_one(r, x, v->arns[i]);
    if (err == 0)
        err = hc_check_page(r, x, v);
    if (err <= 0)
        return err;
    t->fact.state = FACT_VALUE;
    t->fact.at = now;
    return 1;
}

const struct hc_exchange_class hc_exchange_tasks = {
    .service = HC_SERVICE_ECS,
    .operation = "ListTasks",
    .action = "ecs:ListTasks",
    .fact = "the tasks of the service",
    .of_cluster = true,
    .resource = tasks_resource,
    .put = tasks_put,
    .open = tasks_open,
    .close = hc_exchange_close_arns,
    .learn = tasks_learn
};
