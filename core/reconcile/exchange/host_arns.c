/* reconcile/exchange/host_arns.c - ListContainerInstances, page by page. */
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/failure.h"
#include "reconcile/offline.h"

static void host_arns_put(struct hc_run *r, struct hc_exchange *x,
                          struct hc_buf *out)
{
    const struct hc_fact_hosts *list = x->into;

    hc_ecs_put_list_hosts(out, r->cluster.text, list->status, list->key.name,
                          hc_pages_token(&x->pages));
}

static void host_arns_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_hosts_init(&v->arns, r->facts.alloc);
}

/* ---- the answer ---- */

static int host_arns_learn_one(struct hc_run *r, struct hc_exchange *x,
                               struct hc_str text)
{
    struct hc_fact_hosts *list = x->into;
    struct hc_arn arn;
    int err;

    if (hc_arn_instance(&arn, text, NULL) < 0 || !hc_check_is_here(r, &arn))
        return hc_check_refuse(
            r, x, "ECS listed what is no host of the cluster:", text);
    err = hc_host_list_add(&list->list, r->facts.alloc, text);
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(&x->error, HEADCOUNT_EANSWER,
                            "ECS lists more than %d hosts in cluster %.*s",
                            HC_HOST_LIST_MAX, HC_STR_ARG(r->cluster.name));
    if (err > 0)
        hc_pages_news(&x->pages);
    return err >= 0 ? 0 : hc_check_no_memory(x, "hosts");
}

static int host_arns_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_arns *v = &x->view.arns;
    struct hc_fact_hosts *list = x->into;
    int err = hc_check_keep(r, x);

    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = host_arns_learn_one(r, x, v->arns[i]);
    if (err < 0)
        return err;
    r->launch_taken = r->launch_taken || list->by_launch;
    /* The list is a fact only after its last page: half a list would be a
     * smaller count, and tasks would go. */
    err = hc_check_page(r, x, v);
    if (err <= 0)
        return err;
    list->fact.state = FACT_VALUE;
    list->fact.at = now;
    return 1;
}

/* True: the host that caused the event is ACTIVE in the event and not in the
 * list, or the reverse.  ECS is eventually consistent, so the list may be
 * older than the event: it is read once more a second later, and then
 * believed. */
static bool host_arns_is_doubtful(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_event *event = r->config.event;
    struct hc_fact_hosts *list = x->into;
    bool active;

    if (event == NULL || !hc_fact_hosts_is_whole(list) || list->relisted ||
        list->reading != READING_FIRST || !hc_arn_is_full(&r->event_host) ||
        event->instance_status.n == 0 ||
        !hc_arn_same_place(&r->event_host, &r->cluster))
        return false;
    /* A host of ECS Anywhere is in no list of hosts of EC2. */
    if (list->key.name.n > 0 &&
        hc_str_starts(event->instance_machine, HC_STR("mi-")))
        return false;
    active = hc_str_eqz(event->instance_status, "ACTIVE");
    if (active ==
        (hc_host_list_find(&list->list, r->event_host.text) != NULL))
        return false;
    list->relisted = true;
    hc_fact_hosts_reset(list);
    hc_pages_reset(&x->pages);
    return true;
}

/* ECS refused a filter by task group.  It took the same filter without that
 * term before, so the term is the cause, and the hosts are told from the
 * service's tasks (placed.c).  The handle remembers it: the refusal costs one
 * call. */
static void host_arns_refused(struct hc_run *r)
{
    struct hc_memory_key key = hc_run_key(r, MEMORY_REFUSED,
                                          HC_STR("task:group"));

    r->group_refused = true;
    if (r->config.memory != NULL)
        hc_memory_put_text(r->config.memory, &key, hc_now(&r->net->sys),
                           HC_STR("filter"));
}

/* ECS refused the filter.  If it holds the term that tells hosts of EC2 and of
 * ECS Anywhere apart, and ECS has not taken any list with that term yet, that
 * term is likely the cause: the list is read without it, and the plan says
 * so.  If ECS took a list with it before, something else is wrong with the
 * filter. */
static bool host_arns_mend(struct hc_run *r, struct hc_exchange *x, int err)
{
    const struct hc_fact_hosts *list = x->into;

    if (list->by_group && x->pages.n == 0 &&
        hc_failure_is(x, err, "InvalidParameterException")) {
        host_arns_refused(r);
        return true;
    }
    if (!list->by_launch || r->launch_taken || r->by_launch != BY_LAUNCH ||
        !(hc_failure_is(x, err, "InvalidParameterException") ||
          hc_failure_is(x, err, "ClientException")))
        return false;
    r->by_launch = BY_LAUNCH_REFUSED;
    return true;
}

/* ---- of a snapshot ---- */

/* The list that the snapshot has under the same filter without the launch
 * type's term.  The attributes of each host tell its kind. */
static const struct hc_fact_hosts *host_arns_shown(struct hc_run *r,
                                               const struct hc_fact_hosts *list)
{
    const struct hc_fact_hosts *h =
        list->by_launch && hc_str_eq(list->key.name, r->lists.active)
            ? hc_facts_hosts(&r->facts, list->status, hc_buf_view(&r->filter),
                             list->reading)
            : NULL;

    return h != NULL && h->fact.state == FACT_VALUE ? h : NULL;
}

static int host_arns_offline(struct hc_run *r, struct hc_exchange *x,
                             struct headcount_error *e)
{
    struct hc_fact_hosts *list = x->into;
    const struct hc_fact_hosts *all = hc_offline_all(&r->facts, list);
    const struct hc_fact_hosts *shown = host_arns_shown(r, list);

    if (shown != NULL && all != NULL && hc_offline_is_full(all))
        return hc_offline_by_launch(&r->facts, list, shown, all);
    /* A snapshot tells which tasks a host runs by such a list itself; one that
     * a person made, by its serviceTasks, which are no lists. */
    if (list->by_group && r->complete && list->new_question)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "which hosts run a task of "
                            "the service is not answerable offline; a test "
                            "says it by hosts = { { tasks = { SERVICE } } }");
    if (list->key.name.n == 0 || all == NULL || list->by_group)
        return 0;
    if (!hc_offline_is_full(all))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "its hosts have no attributes: take "
                            "one with request.policy");
    return hc_offline_by_filter(&r->facts, list, all, e);
}

/* In the version that took the snapshot, hosts of ECS Anywhere counted, or all
 * hosts were taken to have room, unless a rule or a policy asks for room. */
static int host_arns_older(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_fact_hosts *list = x->into;

    if (list->by_group && !list->new_question) {
        r->placed_not_saved = true;
        return 1;
    }
    if (!list->by_launch || r->by_launch != BY_LAUNCH)
        return 0;
    r->by_launch = BY_LAUNCH_NOT_SAVED;
    return 1;
}

const struct hc_exchange_class hc_exchange_host_arns = {
    .service = HC_SERVICE_ECS,
    .operation = "ListContainerInstances",
    .action = "ecs:ListContainerInstances",
    .fact = "a list of hosts",
    .of_cluster = true,
    .resource = hc_exchange_cluster_resource,
    .put = host_arns_put,
    .open = host_arns_open,
    .close = hc_exchange_close_arns,
    .learn = host_arns_learn,
    .is_doubtful = host_arns_is_doubtful,
    .mend = host_arns_mend,
    .offline = host_arns_offline,
    .older = host_arns_older
};
