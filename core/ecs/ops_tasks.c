/* ecs/ops_tasks.c - ListTasks of a service, and DescribeTasks: on which hosts
 * its tasks are. */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { TASK, TASK_FAILURE, TASK_ARN, TASK_HOST, TASK_LAST, TASK_DESIRED,
       TASK_GROUP };

static const struct hc_view_member tasks_task[] = {
    { "taskArn", VIEW_TEXT, TASK_ARN, NULL },
    { "containerInstanceArn", VIEW_TEXT, TASK_HOST, NULL },
    { "lastStatus", VIEW_TEXT, TASK_LAST, NULL },
    { "desiredStatus", VIEW_TEXT, TASK_DESIRED, NULL },
    { "group", VIEW_TEXT, TASK_GROUP, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member tasks_shape[] = {
    { "tasks", VIEW_OBJECTS, TASK, tasks_task },
    { "failures", VIEW_OBJECTS, TASK_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

/* ---- requests ---- */

/* desiredStatus RUNNING is the default of AWS.  It is sent all the same: tasks
 * that are to stop must not be in the list. */
void hc_ecs_put_list_tasks(struct hc_buf *out, struct hc_str cluster,
                           struct hc_str service, struct hc_str next)
{
    hc_ecs_put_cluster(out, cluster);
    hc_json_put_member(out, "serviceName", service);
    hc_json_put_member(out, "desiredStatus", HC_STR("RUNNING"));
    hc_json_put_member_int(out, "maxResults", HC_ECS_BATCH);
    if (next.n > 0)
        hc_json_put_member(out, "nextToken", next);
    hc_buf_chr(out, '}');
}

void hc_ecs_put_describe_tasks(struct hc_buf *out, struct hc_str cluster,
                               const struct hc_str *arns, size_t n)
{
    hc_ecs_put_cluster(out, cluster);
    hc_ecs_put_list(out, "tasks", arns, n);
    hc_buf_chr(out, '}');
}

/* ---- the answer to DescribeTasks ---- */

static int tasks_begin(struct hc_ecs_tasks *v, const struct hc_view_item *item,
                       struct headcount_error *e)
{
    size_t *n = item->id == TASK ? &v->tasks_n : &v->failures_n;

    if (item->mark == VIEW_END)
        return 0;
    if (*n == HC_ECS_BATCH)
        return hc_error_set(e, HEADCOUNT_EANSWER,
                            "%s holds more than %d elements",
                            v->answer.view.what, HC_ECS_BATCH);
    (*n)++;
    return 0;
}

static int tasks_sink(void *ud, const struct hc_view_item *item,
                      struct headcount_error *e)
{
    struct hc_ecs_tasks *v = ud;
    struct hc_ecs_task *task = &v->tasks[v->tasks_n > 0 ? v->tasks_n - 1 : 0];
    struct hc_arena *arena = &v->answer.arena;

    switch (item->id) {
    case TASK:
    case TASK_FAILURE: return tasks_begin(v, item, e);
    case TASK_ARN:     task->arn = hc_arena_str(arena, item->text);     break;
    case TASK_HOST:    task->host = hc_arena_str(arena, item->text);    break;
    case TASK_LAST:    task->last = hc_arena_str(arena, item->text);    break;
    case TASK_DESIRED: task->desired = hc_arena_str(arena, item->text); break;
    case TASK_GROUP:   task->group = hc_arena_str(arena, item->text);   break;
    default:
        hc_ecs_shape_failure(&v->failures[v->failures_n - 1], arena, item);
        break;
    }
    return 0;
}

void hc_ecs_tasks_init(struct hc_ecs_tasks *v, const struct hc_alloc *a)
{
    *v = (struct hc_ecs_tasks){ .tasks_n = 0 };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = tasks_shape, .sink = tasks_sink, .ud = v,
        .what = "the answer to DescribeTasks"
    }, HC_ECS_KEPT);
    v->tasks =
        hc_arena_zero(&v->answer.arena, HC_ECS_BATCH * sizeof(*v->tasks));
    v->failures =
        hc_arena_zero(&v->answer.arena, HC_ECS_BATCH * sizeof(*v->failures));
}
