/* reconcile/snapshot_get.c - a snapshot read: its text goes through two views,
 * that of DescribeServices (snapshot_services.c) and the one below, and each
 * takes what it knows.
 *
 * A snapshot comes from a file that anybody may have edited: what is half there
 * is refused, never guessed.
 */
#include "reconcile/snapshot.h"

#include "base/clock.h"
#include "ecs/shapes.h"
#include "reconcile/snapshot_services.h"

enum { SNAP_VERSION, SNAP_TAKEN, SNAP_CLUSTER_NAME, SNAP_COMPLETE,
       SNAP_READING, SNAP_CLUSTER, SNAP_CLUSTER_STATUS, SNAP_REGISTERED,
       SNAP_TAG, SNAP_LIST, SNAP_LIST_STATUS, SNAP_FILTER, SNAP_DESCRIBED,
       SNAP_HOST, SNAP_ANSWER_NAME, SNAP_ANSWER, SNAP_CAPACITY, SNAP_TARGET,
       SNAP_NAMES, SNAP_LAUNCH_TYPE, SNAP_TAG_FILTERS, SNAP_SERVICE_ARN,
       SNAP_DEFINITION, SNAP_DEFINITION_ARN, SNAP_CONSTRAINT,
       SNAP_FIXED_PORT, SNAP_NEEDS, SNAP_TASKS, SNAP_TASKS_OF,
       SNAP_TASKS_HOST };

static const struct hc_view_member snap_list_shape[] = {
    { "status", VIEW_TEXT, SNAP_LIST_STATUS, NULL },
    { "filter", VIEW_TEXT, SNAP_FILTER, NULL },
    { "described", VIEW_BOOL, SNAP_DESCRIBED, NULL },
    { "hosts", VIEW_OBJECTS, SNAP_HOST, hc_ecs_host_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_cluster_shape[] = {
    { "status", VIEW_TEXT, SNAP_CLUSTER_STATUS, NULL },
    { "registeredContainerInstancesCount", VIEW_INT, SNAP_REGISTERED, NULL },
    { "tags", VIEW_OBJECTS, SNAP_TAG, hc_ecs_tag_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_reading_shape[] = {
    { "cluster", VIEW_OBJECT, SNAP_CLUSTER, snap_cluster_shape },
    { "lists", VIEW_OBJECTS, SNAP_LIST, snap_list_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_capacity_shape[] = {
    { "name", VIEW_TEXT, SNAP_ANSWER_NAME, NULL },
    { "managed", VIEW_BOOL, SNAP_ANSWER, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_target_shape[] = {
    { "service", VIEW_TEXT, SNAP_ANSWER_NAME, NULL },
    { "owned", VIEW_BOOL, SNAP_ANSWER, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_tasks_shape[] = {
    { "service", VIEW_TEXT, SNAP_TASKS_OF, NULL },
    { "hosts", VIEW_TEXTS, SNAP_TASKS_HOST, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_names_shape[] = {
    { "launchType", VIEW_TEXT, SNAP_LAUNCH_TYPE, NULL },
    { "tagFilters", VIEW_TEXT, SNAP_TAG_FILTERS, NULL },
    { "serviceArns", VIEW_TEXTS, SNAP_SERVICE_ARN, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_definition_shape[] = {
    { "taskDefinitionArn", VIEW_TEXT, SNAP_DEFINITION_ARN, NULL },
    { "placementConstraints", VIEW_OBJECTS, SNAP_CONSTRAINT,
      hc_ecs_constraint_shape },
    { "fixedHostPort", VIEW_BOOL, SNAP_FIXED_PORT, NULL },
    { "needs", VIEW_RAW, SNAP_NEEDS, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member snap_shape[] = {
    { "format_version", VIEW_TEXT, SNAP_VERSION, NULL },
    { "taken", VIEW_TEXT, SNAP_TAKEN, NULL },
    { "cluster", VIEW_TEXT, SNAP_CLUSTER_NAME, NULL },
    { "complete", VIEW_BOOL, SNAP_COMPLETE, NULL },
    { "readings", VIEW_OBJECTS, SNAP_READING, snap_reading_shape },
    { "serviceLists", VIEW_OBJECTS, SNAP_NAMES, snap_names_shape },
    { "capacityProviders", VIEW_OBJECTS, SNAP_CAPACITY,
      snap_capacity_shape },
    { "scalableTargets", VIEW_OBJECTS, SNAP_TARGET, snap_target_shape },
    { "serviceTasks", VIEW_OBJECTS, SNAP_TASKS, snap_tasks_shape },
    { "taskDefinitions", VIEW_OBJECTS, SNAP_DEFINITION,
      snap_definition_shape },
    HC_VIEW_LAST
};

struct snap_reader {
    struct hc_view view;
    struct hc_snapshot *to;
    struct hc_facts *facts;
    size_t readings;                    /* begun                         */
    struct hc_ecs_host_part part;
    struct hc_ecs_host **hosts;         /* of the list that is being read */
    size_t hosts_n, hosts_cap;
    bool in_host;
    struct hc_host_list names;          /* the services of a list          */
    struct hc_str name, status, filter; /* of the list or answer          */
    bool described, yes;
    bool versioned;                     /* format_version was there       */
    struct hc_ecs_cluster cluster;
    struct hc_fact_definition definition;   /* that is being read         */
    struct hc_ecs_text *constraints;        /* of it                      */
    struct hc_ecs_constraint constraint;
};

static int snap_refuse(const char *what, struct hc_str which,
                       struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ESYNTAX, "the snapshot: %s \"%.*s\"", what,
                        HC_STR_ARG(which));
}

static int snap_no_memory(struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a snapshot");
}

static size_t snap_at(const struct snap_reader *r)
{
    return r->readings - 1;
}

/* ---- what begins ---- */

static int snap_host_begin(struct snap_reader *r, struct headcount_error *e)
{
    struct hc_ecs_host *host = hc_arena_zero(&r->facts->arena, sizeof(*host));
    int err = hc_grow(r->facts->alloc, &r->hosts, &r->hosts_cap,
                      r->hosts_n + 1, HC_HOST_LIST_MAX, sizeof(*r->hosts));

    if (err == HEADCOUNT_ELIMIT)
        return snap_refuse("too many hosts in the list", r->filter, e);
    if (err < 0 || host == NULL)
        return snap_no_memory(e);
    hc_ecs_shape_host_init(host);
    r->hosts[r->hosts_n++] = host;
    r->in_host = true;
    return 0;
}

static int snap_begin(struct snap_reader *r, const struct hc_view_item *item,
                      struct headcount_error *e)
{
    switch (item->id) {
    case SNAP_READING:
        if (++r->readings > HC_READINGS)
            return snap_refuse("more than two", HC_STR("readings"), e);
        break;
    case SNAP_CLUSTER:
        r->cluster = (struct hc_ecs_cluster){ .registered = -1 };
        break;
    case SNAP_LIST:
        r->hosts_n = 0;
        r->status = r->filter = HC_STR("");
        r->described = false;
        break;
    case SNAP_HOST:
        return snap_host_begin(r, e);
    case SNAP_NAMES:
    case SNAP_TASKS:
        r->name = r->filter = HC_STR("");
        break;
    case SNAP_DEFINITION:
        r->definition = (struct hc_fact_definition){ .unclear = false };
        r->constraints = NULL;
        break;
    case SNAP_CONSTRAINT:
        r->constraint = (struct hc_ecs_constraint){ .type = HC_STR("") };
        break;
    case SNAP_TAG:
        hc_ecs_shape_tag(&r->cluster.tags, &r->facts->arena, item);
        break;
    default:
        r->name = HC_STR("");
        break;
    }
    return 0;
}

/* ---- what ends ---- */

static int snap_cluster_end(struct snap_reader *r, struct headcount_error *e)
{
    struct hc_fact_cluster *to = &r->facts->cluster[snap_at(r)];

    if (r->cluster.status.n == 0 || r->cluster.registered < 0)
        return snap_refuse("a reading's cluster has no status, or no",
                               HC_STR("registeredContainerInstancesCount"), e);
    to->value = r->cluster;
    to->fact.state = FACT_VALUE;
    return 0;
}

static int snap_list_end(struct snap_reader *r,
                         const struct hc_view_item *item,
                         struct headcount_error *e)
{
    bool active = hc_str_eqz(r->status, "ACTIVE");
    struct hc_fact_hosts *list;

    if (!active && !hc_str_eqz(r->status, "DRAINING"))
        return snap_refuse("a list is of ACTIVE or DRAINING hosts, not",
                               r->status, e);
    if (!hc_view_gave(item, snap_list_shape, SNAP_FILTER) ||
        !hc_view_gave(item, snap_list_shape, SNAP_HOST))
        return snap_refuse("a list has no \"filter\" or no",
                               HC_STR("hosts"), e);
    list = hc_facts_hosts(r->facts, active ? "ACTIVE" : "DRAINING", r->filter,
                          (enum hc_reading)snap_at(r));
    if (list == NULL)
        return snap_no_memory(e);
    if (list->fact.state != FACT_UNKNOWN)
        return snap_refuse("a reading holds two lists for filter",
                               r->filter, e);
    for (size_t i = 0; i < r->hosts_n; i++) {
        const struct hc_ecs_host *host = r->hosts[i];
        int got = hc_host_list_add(&list->list, r->facts->alloc, host->arn);

        if (got < 0)
            return snap_no_memory(e);
        if (got == 0)
            return snap_refuse("a list holds one host twice,", host->arn, e);
        list->list.hosts[i].described = r->described;
        if (r->described && host->status.n > 0)
            list->list.hosts[i].details = host;
    }
    list->fact.state = FACT_VALUE;
    if (r->described && hc_fact_hosts_described(r->facts, list) < 0)
        return snap_no_memory(e);
    return 0;
}

static int snap_answer_end(struct snap_reader *r,
                           const struct hc_view_item *item,
                           struct headcount_error *e)
{
    bool capacity = item->id == SNAP_CAPACITY;
    struct hc_fact_bool *a;

    if (r->name.n == 0 || item->given != 3)
        return snap_refuse("a name or an answer is missing in",
                               capacity ? HC_STR("capacityProviders")
                                        : HC_STR("scalableTargets"), e);
    a = hc_facts_bool(r->facts, capacity ? FACTS_CAPACITY : FACTS_TARGET,
                      r->name);
    if (a == NULL)
        return snap_no_memory(e);
    a->fact.state = FACT_VALUE;
    a->yes = r->yes;
    return 0;
}

/* The list of services moves from the reader to the facts. */
static int snap_names_end(struct snap_reader *r,
                          const struct hc_view_item *item,
                          struct headcount_error *e)
{
    struct hc_fact_names *l;

    if (item->given != 7)
        return snap_refuse("a member is missing in", HC_STR("serviceLists"),
                           e);
    l = hc_facts_names(r->facts, r->name, r->filter);
    if (l == NULL)
        return snap_no_memory(e);
    if (l->fact.state != FACT_UNKNOWN)
        return snap_refuse("two lists are of the same services:", r->filter,
                           e);
    l->all = r->names;
    l->fact.state = FACT_VALUE;
    r->names = (struct hc_host_list){ .n = 0 };
    return 0;
}

/* The hosts move from the reader to the facts. */
static int snap_tasks_end(struct snap_reader *r,
                          const struct hc_view_item *item,
                          struct headcount_error *e)
{
    struct hc_fact_tasks *t;

    if (item->given != 3 || r->name.n == 0)
        return snap_refuse("a member is missing in", HC_STR("serviceTasks"), e);
    t = hc_facts_tasks(r->facts, r->name);
    if (t == NULL)
        return snap_no_memory(e);
    if (t->fact.state != FACT_UNKNOWN)
        return snap_refuse("it tells twice of the tasks of", t->key.name, e);
    t->hosts = r->names;
    t->fact.state = t->details.state = FACT_VALUE;
    r->names = (struct hc_host_list){ .n = 0 };
    return 0;
}

static int snap_definition_end(struct snap_reader *r,
                               const struct hc_view_item *item,
                               struct headcount_error *e)
{
    struct hc_fact_definition *d;

    /* "fixedHostPort" came later: a snapshot without it says no. */
    if (r->definition.key.name.n == 0 ||
        !hc_view_gave(item, snap_definition_shape, SNAP_CONSTRAINT))
        return snap_refuse("a member is missing in",
                           HC_STR("taskDefinitions"), e);
    d = hc_facts_definition(r->facts, r->definition.key.name);
    if (d == NULL)
        return snap_no_memory(e);
    if (d->fact.state != FACT_UNKNOWN)
        return snap_refuse("it tells twice of task definition", d->key.name,
                           e);
    d->constraints = r->constraints;
    d->unclear = r->definition.unclear;
    d->fixed_port = r->definition.fixed_port;
    d->needs_text = r->definition.needs_text;
    d->fact.state = FACT_VALUE;
    return 0;
}

static int snap_service_arn(struct snap_reader *r, struct hc_str text,
                            struct headcount_error *e)
{
    struct hc_arn arn;
    int got = hc_arn_service(&arn, text, e);

    if (got == 0)
        got = hc_host_list_add(&r->names, r->facts->alloc,
                                hc_arena_str(&r->facts->arena, text));
    return got == HEADCOUNT_ENOMEM ? snap_no_memory(e) : got < 0 ? got : 0;
}

static int snap_end(struct snap_reader *r, const struct hc_view_item *item,
                    struct headcount_error *e)
{
    switch (item->id) {
    case SNAP_CLUSTER:  return snap_cluster_end(r, e);
    case SNAP_LIST:     return snap_list_end(r, item, e);
    case SNAP_CAPACITY:
    case SNAP_TARGET:   return snap_answer_end(r, item, e);
    case SNAP_NAMES:    return snap_names_end(r, item, e);
    case SNAP_TASKS:    return snap_tasks_end(r, item, e);
    case SNAP_DEFINITION: return snap_definition_end(r, item, e);
    case SNAP_CONSTRAINT:
        r->definition.unclear |= !hc_ecs_shape_constraint_end(
            &r->constraint, &r->facts->arena, &r->constraints);
        break;
    case SNAP_HOST:
        r->in_host = false;
        if (r->hosts[r->hosts_n - 1]->arn.n == 0)
            return snap_refuse("a host has no",
                                   HC_STR("containerInstanceArn"), e);
        break;
    default:
        break;
    }
    return 0;
}

/* ---- what is told ---- */

static int snap_head(struct snap_reader *r, const struct hc_view_item *item,
                     struct headcount_error *e)
{
    struct hc_arn arn;
    int err = 0;

    r->versioned |= item->id == SNAP_VERSION;
    if (item->id == SNAP_VERSION && !hc_str_eqz(item->text, "1.0"))
        return snap_refuse("this version reads format_version 1.0, not",
                               item->text, e);
    if (item->id == SNAP_TAKEN &&
        !hc_time_get_rfc3339(item->text, &r->to->taken))
        return snap_refuse("\"taken\" is no RFC 3339 time:", item->text,
                               e);
    if (item->id == SNAP_COMPLETE)
        r->to->complete = item->number != 0;
    if (item->id == SNAP_CLUSTER_NAME) {
        r->to->cluster = hc_arena_str(&r->facts->arena, item->text);
        err = hc_arn_cluster(&arn, item->text, e);
    }
    return err;
}

static void snap_value(struct snap_reader *r,
                       const struct hc_view_item *item)
{
    struct hc_arena *arena = &r->facts->arena;

    switch (item->id) {
    case SNAP_CLUSTER_STATUS:
        r->cluster.status = hc_arena_str(arena, item->text);
        break;
    case SNAP_REGISTERED:  r->cluster.registered = item->number;         break;
    case SNAP_LIST_STATUS:
        r->status = hc_arena_str(arena, item->text);
        break;
    case SNAP_FILTER:
        r->filter = hc_arena_str(arena, item->text);
        break;
    case SNAP_DESCRIBED:   r->described = item->number != 0;             break;
    case SNAP_TASKS_OF:
    case SNAP_LAUNCH_TYPE:
        r->name = hc_arena_str(arena, item->text);
        break;
    case SNAP_TAG_FILTERS:
        r->filter = hc_arena_str(arena, item->text);
        break;
    case SNAP_ANSWER_NAME:
        r->name = hc_arena_str(arena, item->text);
        break;
    case SNAP_ANSWER:      r->yes = item->number != 0;                   break;
    case SNAP_DEFINITION_ARN:
        r->definition.key.name = hc_arena_str(arena, item->text);
        break;
    case SNAP_NEEDS:
        r->definition.needs_text = hc_arena_str(arena, item->text);
        break;
    case SNAP_FIXED_PORT:
        r->definition.fixed_port = item->number != 0;
        break;
    case PART_CONSTRAINT_TYPE:
    case PART_CONSTRAINT_TEXT:
        hc_ecs_shape_constraint(&r->constraint, arena, item);
        break;
    default:
        hc_ecs_shape_tag(&r->cluster.tags, arena, item);
        break;
    }
}

static int snap_sink(void *ud, const struct hc_view_item *item,
                     struct headcount_error *e)
{
    struct snap_reader *r = ud;

    if (hc_arena_error(&r->facts->arena) == HEADCOUNT_ENOMEM)
        return snap_no_memory(e);
    if (hc_arena_error(&r->facts->arena) < 0)
        return snap_refuse("it holds more than", HC_STR("is kept"), e);
    if (r->in_host && item->id != SNAP_HOST) {
        hc_ecs_shape_host(&r->part, r->hosts[r->hosts_n - 1], item);
        return 0;
    }
    if (item->mark == VIEW_BEGIN)
        return snap_begin(r, item, e);
    if (item->mark == VIEW_END)
        return snap_end(r, item, e);
    if (item->id <= SNAP_COMPLETE)
        return snap_head(r, item, e);
    if (item->id == SNAP_SERVICE_ARN)
        return snap_service_arn(r, item->text, e);
    if (item->id == SNAP_TASKS_HOST)
        return hc_host_list_add(&r->names, r->facts->alloc,
                                hc_arena_str(&r->facts->arena, item->text)) < 0
                   ? snap_no_memory(e) : 0;
    snap_value(r, item);
    return 0;
}

/* ---- all of it ---- */

int hc_snapshot_get(struct hc_snapshot *s, struct hc_facts *f,
                    struct hc_str text, struct headcount_error *e)
{
    struct snap_reader r = { .to = s, .facts = f,
                             .part = { .arena = &f->arena, .full = true } };
    const struct hc_view_config config = {
        .alloc = f->alloc, .root = snap_shape,
        .sink = snap_sink, .ud = &r, .what = "the snapshot",
        .code = HEADCOUNT_ESYNTAX, .max_bytes = HC_SNAPSHOT_BYTES,
        .max_text = HC_ECS_SERVICE, .max_raw = HC_ECS_SERVICE
    };
    int err;

    *s = (struct hc_snapshot){ .cluster = HC_STR("") };
    text = hc_str_unmarked(text);
    hc_view_init(&r.view, &config);
    err = hc_view_feed(&r.view, text, e);
    if (err == 0)
        err = hc_view_end(&r.view, e);
    hc_view_fini(&r.view);
    hc_free(f->alloc, r.hosts, r.hosts_cap * sizeof(*r.hosts));
    hc_host_list_free(&r.names, f->alloc);
    if (err == 0 && (!r.versioned || s->cluster.n == 0 || s->taken == 0))
        err = snap_refuse("it has no \"format_version\", no \"cluster\" or no",
                          HC_STR("taken"), e);
    if (err == 0)
        err = hc_snapshot_services(f, text, e);
    if (err == 0 && hc_arena_error(&f->arena) < 0)
        err = snap_no_memory(e);
    return err;
}
