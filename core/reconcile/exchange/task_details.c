/* reconcile/exchange/task_details.c - DescribeTasks of a list, a hundred tasks
 * at a time: on which hosts they are. */
#include "reconcile/exchange/check.h"

static void task_details_put(struct hc_run *r, struct hc_exchange *x,
                             struct hc_buf *out)
{
    const struct hc_fact_tasks *t = x->into;

    x->ids_n = 0;
    for (size_t i = x->at; i < t->all.n && x->ids_n < HC_ECS_BATCH; i++)
        x->ids[x->ids_n++] = t->all.hosts[i].arn;
    hc_ecs_put_describe_tasks(out, r->cluster.text, x->ids, x->ids_n);
}

static void task_details_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_tasks_init(&v->tasks, r->facts.alloc);
}

static const char *task_details_resource(struct hc_run *r,
                                         const struct hc_exchange *x)
{
    (void)x;
    return hc_arena_fmt(&r->facts.arena, "task/%.*s/*",
                        HC_STR_ARG(r->cluster.name));
}

/* ---- the answer ---- */

/* Each task is answered about once. */
static int task_details_mark(struct hc_run *r, struct hc_exchange *x,
                             struct hc_str arn)
{
    struct hc_fact_tasks *t = x->into;
    struct hc_host *task = hc_check_was_asked(x, arn)
                               ? hc_host_list_find(&t->all, arn) : NULL;

    if (task == NULL || task->described)
        return hc_check_refuse(r, x, "DescribeTasks answered about a task that "
                               "was not asked for, or twice,", arn);
    task->described = true;
    return 0;
}

/* A list that does not heed the service has tasks of others: their hosts would
 * count as hosts that run a task of this one. */
static bool task_details_is_other(const struct hc_fact_tasks *t,
                                  struct hc_str group)
{
    struct hc_str service = group;

    return group.n > 0 &&
           !(hc_str_eqz(hc_str_cut(&service, ':'), "service") &&
             hc_str_eq(service, t->key.name));
}

/* A task in PROVISIONING waits for a host and has none.  A task that stopped
 * after it was listed is on no host any more. */
static int task_details_learn_one(struct hc_run *r, struct hc_exchange *x,
                                  const struct hc_ecs_task *task)
{
    struct hc_fact_tasks *t = x->into;
    int err = task_details_mark(r, x, task->arn);
    struct hc_arn arn;

    if (err < 0)
        return err;
    if (task->last.n == 0 || task->desired.n == 0)
        return hc_check_refuse(r, x, "DescribeTasks left out the status of",
                               task->arn);
    if (task_details_is_other(t, task->group))
        return hc_check_refuse(r, x, "DescribeTasks says a task of the service "
                               "is of the group", task->group);
    if (task->host.n == 0 || hc_str_eqz(task->desired, "STOPPED") ||
        hc_str_eqz(task->last, "STOPPED"))
        return 0;
    if (hc_arn_instance(&arn, task->host, NULL) < 0 ||
        !hc_check_is_here(r, &arn))
        return hc_check_refuse(r, x, "DescribeTasks says a task is on what is "
                               "no host of the cluster:", task->host);
    return hc_host_list_add(&t->hosts, r->facts.alloc, task->host) >= 0
               ? 0 : hc_check_no_memory(x, "tasks");
}

/* A task that is MISSING has stopped since it was listed. */
static int task_details_learn_failure(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_ecs_failure *f)
{
    if (!hc_str_eqz(f->reason, "MISSING"))
        return hc_check_refuse(r, x, "DescribeTasks could not read", f->arn);
    return task_details_mark(r, x, f->arn);
}

static int task_details_learn(struct hc_run *r, struct hc_exchange *x,
                              int64_t now)
{
    struct hc_ecs_tasks *v = &x->view.tasks;
    struct hc_fact_tasks *t = x->into;
    int err = hc_check_keep(r, x);

    for (size_t i = 0; err == 0 && i < v->tasks_n; i++)
        err = task_details_learn_one(r, x, &v->tasks[i]);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = task_details_learn_failure(r, x, &v->failures[i]);
    /* A task that is left out would make its host one that lacks a task. */
    if (err == 0 && v->tasks_n + v->failures_n != x->ids_n)
        err = hc_check_refuse(r, x, "DescribeTasks left out tasks, asked from",
                              x->ids[0]);
    if (err < 0)
        return err;
    x->at += x->ids_n;
    if (x->at < t->all.n)
        return 0;
    t->details.state = FACT_VALUE;
    t->details.at = now;
    return 1;
}

const struct hc_exchange_class hc_exchange_task_details = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeTasks",
    .action = "ecs:DescribeTasks",
    .fact = "on which hosts its tasks are",
    .of_cluster = true,
    .resource = task_details_resource,
    .put = task_details_put,
    .open = task_details_open,
    .learn = task_details_learn
};
