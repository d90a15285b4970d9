/* ecs/event.c - what an event asks for: an envelope becomes clusters.
 *
 * An event is read twice.  The first reading takes the envelope's members and
 * keeps `detail` as it stands: what a detail must look like is known only when
 * source and detail-type are, and the details of other events are not ours to
 * judge.  The second reading takes the detail.
 */
#include "ecs/event.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ecs/arn.h"
#include "ecs/view.h"

#define EVENT_TEXT ((size_t)65536)             /* one key or string */
#define EVENT_KEPT ((size_t)8 << 20)
#define EVENT_FORM "cluster, clusters and dry_run"
#define EVENT_EXPECTED "expected an EventBridge event of aws.ecs, " \
    "a Scheduled Event, {\"cluster\": \"...\"} or {\"clusters\": [...]}"

enum { MEMBER_SOURCE, MEMBER_TYPE, MEMBER_ID, MEMBER_REGION, MEMBER_ACCOUNT,
       MEMBER_TIME, MEMBER_DETAIL, MEMBER_CLUSTER, MEMBER_CLUSTERS,
       MEMBER_RECORDS, MEMBER_DRY_RUN, MEMBER_CLUSTER_ARN, MEMBER_HOST_ARN,
       MEMBER_STATUS, MEMBER_MACHINE, MEMBER_VERSION, MEMBER_CALL,
       MEMBER_CALL_ERROR, MEMBER_CALL_INPUT, MEMBER_CALL_CLUSTER,
       EVENT_MEMBERS };

static const struct hc_view_member event_nothing[] = { HC_VIEW_LAST };

static const struct hc_view_member event_shape[] = {
    { "source", VIEW_TEXT, MEMBER_SOURCE, NULL },
    { "detail-type", VIEW_TEXT, MEMBER_TYPE, NULL },
    { "id", VIEW_TEXT, MEMBER_ID, NULL },
    { "region", VIEW_TEXT, MEMBER_REGION, NULL },
    { "account", VIEW_TEXT, MEMBER_ACCOUNT, NULL },
    { "time", VIEW_TEXT, MEMBER_TIME, NULL },
    { "detail", VIEW_RAW, MEMBER_DETAIL, NULL },
    { "cluster", VIEW_TEXT, MEMBER_CLUSTER, NULL },
    { "clusters", VIEW_TEXTS, MEMBER_CLUSTERS, NULL },
    { "dry_run", VIEW_RAW, MEMBER_DRY_RUN, NULL },
    { "Records", VIEW_OBJECTS, MEMBER_RECORDS, event_nothing },
    HC_VIEW_LAST
};

static const struct hc_view_member event_host_shape[] = {
    { "clusterArn", VIEW_TEXT, MEMBER_CLUSTER_ARN, NULL },
    { "containerInstanceArn", VIEW_TEXT, MEMBER_HOST_ARN, NULL },
    { "status", VIEW_TEXT, MEMBER_STATUS, NULL },
    { "ec2InstanceId", VIEW_TEXT, MEMBER_MACHINE, NULL },
    { "version", VIEW_INT, MEMBER_VERSION, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member event_list_shape[] = {
    { "cluster", VIEW_TEXT, MEMBER_CLUSTER, NULL },
    { "clusters", VIEW_TEXTS, MEMBER_CLUSTERS, NULL },
    { "dry_run", VIEW_RAW, MEMBER_DRY_RUN, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member event_input_shape[] = {
    { "cluster", VIEW_TEXT, MEMBER_CALL_CLUSTER, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member event_call_shape[] = {
    { "eventName", VIEW_TEXT, MEMBER_CALL, NULL },
    { "errorCode", VIEW_TEXT, MEMBER_CALL_ERROR, NULL },
    { "requestParameters", VIEW_OBJECT, MEMBER_CALL_INPUT, event_input_shape },
    HC_VIEW_LAST
};

struct event_parts {
    struct hc_event *event;
    struct hc_str text[EVENT_MEMBERS];         /* p NULL: not there     */
    /* of the object that was read last: */
    bool has_list;
    bool has_dry_run, has_cluster_arn, has_host_arn, has_task_arn;
    struct hc_str stranger;                    /* its first member that the
                                                  short forms do not have;
                                                  p NULL: none          */
};

/* ---- members ---- */

static int event_add_cluster(struct hc_event *ev, struct hc_str text,
                             struct headcount_error *e)
{
    struct headcount_error why = { 0 };
    struct hc_arn arn;

    if (hc_arn_cluster(&arn, text, &why) < 0)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event: %s", why.what);
    for (size_t i = 0; i < ev->clusters_n; i++)
        if (hc_str_eq(ev->clusters[i], text))
            return 0;

    int err = hc_grow(ev->arena.alloc, &ev->clusters, &ev->clusters_cap,
                      ev->clusters_n + 1, HC_EVENT_CLUSTERS,
                      sizeof(*ev->clusters));

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event names more than %d "
                            "clusters", HC_EVENT_CLUSTERS);
    if (err < 0)
        return hc_error_set(e, err, "no memory for the event's clusters");
    ev->clusters[ev->clusters_n++] = hc_arena_str(&ev->arena, text);
    return 0;
}

static int event_sink(void *ud, const struct hc_view_item *item,
                      struct headcount_error *e)
{
    struct event_parts *parts = ud;
    struct hc_arena *arena = &parts->event->arena;

    if (item->id == MEMBER_CLUSTERS)
        return event_add_cluster(parts->event, item->text, e);
    if (item->id == MEMBER_VERSION)
        parts->event->version = item->number;
    else if (item->mark != VIEW_END)
        parts->text[item->id] = hc_arena_str(arena, item->text);
    if (hc_arena_error(arena) == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event is too long");
    return hc_arena_error(arena) == 0
               ? 0
               : hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for the event");
}

/* A member counts as there even where its value is null. */
static void event_note_key(void *ud, struct hc_str key)
{
    struct event_parts *parts = ud;

    if (hc_str_eqz(key, "dry_run"))
        parts->has_dry_run = true;
    else if (!hc_str_eqz(key, "cluster") && !hc_str_eqz(key, "clusters") &&
             parts->stranger.p == NULL)
        parts->stranger = hc_arena_str(&parts->event->arena, key);
    parts->has_cluster_arn |= hc_str_eqz(key, "clusterArn");
    parts->has_host_arn |= hc_str_eqz(key, "containerInstanceArn");
    parts->has_task_arn |= hc_str_eqz(key, "taskArn");
}

static void event_forget_keys(struct event_parts *parts)
{
    parts->has_dry_run = parts->has_cluster_arn = false;
    parts->has_host_arn = parts->has_task_arn = false;
    parts->stranger = parts->text[MEMBER_DRY_RUN] = hc_str(NULL);
}

static int event_read(struct event_parts *parts, struct hc_str text,
                      const struct hc_view_member *shape,
                      struct headcount_error *e)
{
    struct hc_view view;
    struct hc_view_config config = {
        .alloc = parts->event->arena.alloc, .root = shape, .sink = event_sink,
        .key = event_note_key, .ud = parts,
        .what = shape == event_shape ? "the event" : "the event's detail",
        .code = HEADCOUNT_EEVENT, .max_bytes = HC_EVENT_BYTES,
        .max_text = EVENT_TEXT, .max_raw = HC_EVENT_BYTES
    };

    hc_view_init(&view, &config);

    int err = hc_view_feed(&view, text, e);

    if (err == 0)
        err = hc_view_end(&view, e);
    parts->has_list = view.list_seen;
    hc_view_fini(&view);
    if (err == 0 && hc_arena_error(&parts->event->arena) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for the event");
    return err;
}

/* The detail is an object, or a string that holds one: EventBridge Scheduler
 * sends "detail": "{}".  An absent detail is an empty one. */
static int event_read_detail(struct event_parts *parts,
                             const struct hc_view_member *shape,
                             struct headcount_error *e)
{
    struct hc_str raw = parts->text[MEMBER_DETAIL];
    struct hc_json_doc doc;
    struct hc_buf inner;

    event_forget_keys(parts);
    if (raw.n == 0)
        return 0;
    if (raw.p[0] != '"')
        return event_read(parts, raw, shape, e);
    hc_buf_init(&inner, parts->event->arena.alloc, HC_EVENT_BYTES);

    int err = hc_json_doc_init(&doc, parts->event->arena.alloc, raw, 2, e);

    if (err == 0) {
        err = hc_json_string(&doc, 0, &inner);
        if (err < 0)
            hc_error_set(e, err, "no memory for the event's detail");
    }
    if (err == 0)
        err = event_read(parts, hc_buf_view(&inner), shape, e);
    hc_json_doc_fini(&doc);
    hc_buf_fini(&inner);
    return err;
}

/* ---- the short forms ---- */

static int event_one_or_many(struct event_parts *parts,
                             struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    struct hc_str one = parts->text[MEMBER_CLUSTER];

    if (one.p != NULL && ev->clusters_n > 0)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event has both \"cluster\" and "
                            "\"clusters\": say one of them");
    return one.p != NULL ? event_add_cluster(ev, one, e) : 0;
}

/* The member of the short forms that a person may have meant, or NULL. */
static const char *event_nearest(struct hc_str member)
{
    static const char *const names[] = { "cluster", "clusters", "dry_run" };
    const char *best = NULL;
    size_t least = member.n > 5 ? 4 : 3;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        size_t distance = hc_text_distance(member, hc_str(names[i]));

        if (distance < least) {
            least = distance;
            best = names[i];
        }
    }
    return best;
}

static int event_refuse_member(const struct event_parts *parts,
                               const char *what, struct headcount_error *e)
{
    const char *nearest = event_nearest(parts->stranger);

    if (nearest != NULL)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "%s has a member \"%.*s\" that this "
                            "form does not know: did you mean \"%s\"?",
                            what, HC_STR_ARG(parts->stranger), nearest);
    return hc_error_set(e, HEADCOUNT_EEVENT,
                        "%s has a member \"%.*s\" that this form "
                        "does not know: it has " EVENT_FORM,
                        what, HC_STR_ARG(parts->stranger));
}

/* Every member that a person wrote is understood, or the event is refused: a
 * person who adds "service" or a misspelt "dry_run" expects less to be written.
 */
static int event_take_form(struct event_parts *parts, const char *what,
                           struct headcount_error *e)
{
    struct hc_str dry_run = parts->text[MEMBER_DRY_RUN];

    if (parts->stranger.p != NULL)
        return event_refuse_member(parts, what, e);
    if (parts->has_dry_run && !hc_str_eqz(dry_run, "true") &&
        !hc_str_eqz(dry_run, "false"))
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "%s: \"dry_run\" is not true or false",
                            what);
    parts->event->named = true;
    parts->event->dry_run = hc_str_eqz(dry_run, "true");
    return 0;
}

/* ---- the forms of AWS ---- */

/* The one cluster of an event of AWS.  An event whose envelope and cluster
 * differ in region or account was put together by somebody: its cluster would
 * be looked for in the wrong place. */
static int event_one_cluster(struct event_parts *parts, struct hc_str text,
                             struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    struct hc_arn arn;
    int err = event_add_cluster(ev, text, e);

    if (err < 0)
        return err;
    hc_arn_cluster(&arn, ev->clusters[0], NULL);
    if ((ev->region.n > 0 && arn.region.n > 0 &&
         !hc_str_eq(ev->region, arn.region)) ||
        (ev->account.n > 0 && arn.account.n > 0 &&
         !hc_str_eq(ev->account, arn.account)))
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event is of %.*s %.*s, but its "
                            "cluster is not: \"%.*s\"",
                            HC_STR_ARG(ev->region), HC_STR_ARG(ev->account),
                            HC_STR_ARG(text));
    if (ev->region.n == 0)
        ev->region = arn.region;
    if (ev->account.n == 0)
        ev->account = arn.account;
    ev->kind = EVENT_CLUSTERS;
    return 0;
}

static int event_host(struct event_parts *parts, struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    struct headcount_error why = { 0 };
    struct hc_arn arn;
    int err = event_read_detail(parts, event_host_shape, e);

    if (err < 0)
        return err;
    if (parts->text[MEMBER_CLUSTER_ARN].p == NULL)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event's detail has no "
                            "\"clusterArn\": it says no cluster");
    err = event_one_cluster(parts, parts->text[MEMBER_CLUSTER_ARN], e);
    if (err < 0)
        return err;
    ev->instance_arn = parts->text[MEMBER_HOST_ARN];
    ev->instance_status = parts->text[MEMBER_STATUS];
    ev->instance_machine = parts->text[MEMBER_MACHINE];
    if (ev->instance_arn.p != NULL &&
        hc_arn_instance(&arn, ev->instance_arn, &why) < 0)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event's detail: %s",
                            why.what);
    return 0;
}

static int event_schedule(struct event_parts *parts, struct headcount_error *e)
{
    int err = event_read_detail(parts, event_list_shape, e);

    if (err == 0)
        err = event_one_or_many(parts, e);
    /* A list that came out empty asks for nothing, not for everything. */
    if (err == 0 && parts->has_list && parts->event->clusters_n == 0)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event's \"clusters\" is empty: name one, or "
                            "leave it out for all that are configured");
    if (err == 0 && parts->event->clusters_n > 0)
        err = event_take_form(parts, "the event's detail", e);
    else if (err == 0 && parts->has_dry_run)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event's detail has \"dry_run\" and names no "
                            "cluster: a sweep is made as it is configured");
    parts->event->kind = parts->event->clusters_n > 0 ? EVENT_CLUSTERS
                                                      : EVENT_SWEEP;
    return err;
}

static int event_skip(struct hc_event *ev)
{
    ev->skipped = hc_str(hc_arena_fmt(&ev->arena, "detail_type: %.*s",
                                     HC_STR_ARG(ev->detail_type)));
    ev->kind = EVENT_SKIPPED;
    return 0;
}

/* These calls change which hosts can take a task, and ECS sends no event of the
 * host for them. */
static bool event_call_matters(struct hc_str name)
{
    return hc_str_eqz(name, "UpdateContainerInstancesState") ||
           hc_str_eqz(name, "PutAttributes") ||
           hc_str_eqz(name, "DeleteAttributes");
}

/* A call that failed changed nothing.  A call that names no cluster meant ECS's
 * own "default". */
static int event_call(struct event_parts *parts, struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    struct hc_str cluster, name, error;
    int err = event_read_detail(parts, event_call_shape, e);

    if (err < 0)
        return err;
    cluster = parts->text[MEMBER_CALL_CLUSTER];
    name = parts->text[MEMBER_CALL];
    error = parts->text[MEMBER_CALL_ERROR];
    if (name.n == 0)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event's detail has no "
                            "\"eventName\": it says no API call");
    if (event_call_matters(name) && error.n == 0)
        return event_one_cluster(parts, cluster.n > 0 ? cluster
                                                      : HC_STR("default"), e);
    ev->skipped = hc_str(hc_arena_fmt(
        &ev->arena, "detail_type: %.*s, event_name: %.*s%s%.*s",
        HC_STR_ARG(ev->detail_type), HC_STR_ARG(name),
        error.n > 0 ? ", error_code: " : "", HC_STR_ARG(error)));
    ev->kind = EVENT_SKIPPED;
    return 0;
}

/* ---- the whole event ---- */

/* The rule's InputPath is $.detail.  A task's detail has a cluster and a host,
 * too, but its version is not the host's. */
static int event_detail_alone(struct event_parts *parts, struct hc_str text,
                              struct headcount_error *e)
{
    struct hc_event *ev = parts->event;

    if (parts->has_task_arn) {
        ev->detail_type = HC_STR("ECS Task State Change");
        return event_skip(ev);
    }
    parts->text[MEMBER_DETAIL] = text;
    return event_host(parts, e);
}

static int event_envelope(struct event_parts *parts, struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    struct hc_str source = ev->source, type = ev->detail_type;

    if (source.n == 0 || type.n == 0)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event has no \"%s\": %s",
                            source.n == 0 ? "source" : "detail-type",
                            EVENT_EXPECTED);
    if (hc_str_eqz(source, "aws.ecs")) {
        if (hc_str_eqz(type, "ECS Container Instance State Change"))
            return event_host(parts, e);
        return hc_str_eqz(type, "AWS API Call via CloudTrail")
                   ? event_call(parts, e) : event_skip(ev);
    }
    if ((hc_str_eqz(source, "aws.events") ||
         hc_str_eqz(source, "aws.scheduler")) &&
        hc_str_eqz(type, "Scheduled Event"))
        return event_schedule(parts, e);
    return hc_error_set(e, HEADCOUNT_EEVENT, "the event comes from \"%.*s\" "
                        "(detail-type \"%.*s\"): %s", HC_STR_ARG(source),
                        HC_STR_ARG(type), EVENT_EXPECTED);
}

/* AWS adds members to its events, but never a dry_run: a person wrote it there,
 * and expects that no count is written. */
static int event_check_dry(const struct event_parts *parts,
                           struct headcount_error *e)
{
    if (!hc_str_eqz(parts->text[MEMBER_DRY_RUN], "true"))
        return 0;
    return hc_error_set(e, HEADCOUNT_EEVENT,
                        "the event has a member \"dry_run\" that "
                        "this form does not know: it goes with \"cluster\" and "
                        "\"clusters\"; request.dry_run is for any event");
}

static int event_judge(struct event_parts *parts, struct hc_str text,
                       struct headcount_error *e)
{
    struct hc_event *ev = parts->event;

    if (parts->text[MEMBER_RECORDS].p != NULL)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event holds \"Records\": it is "
                            "what stands around events");
    if (ev->source.p != NULL || ev->detail_type.p != NULL) {
        if (ev->clusters_n > 0)
            return hc_error_set(e, HEADCOUNT_EEVENT,
                                "the event has both \"source\" "
                                "and \"clusters\": %s",
                                EVENT_EXPECTED);
        parts->text[MEMBER_CLUSTER] = hc_str(NULL);
        return event_check_dry(parts, e) < 0 ? HEADCOUNT_EEVENT
                                             : event_envelope(parts, e);
    }

    int err = event_one_or_many(parts, e);

    if (err == 0 && ev->clusters_n == 0 && parts->has_cluster_arn &&
        parts->has_host_arn)
        return event_check_dry(parts, e) < 0
                   ? HEADCOUNT_EEVENT : event_detail_alone(parts, text, e);
    if (err == 0 && ev->clusters_n == 0)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event names no cluster: %s", EVENT_EXPECTED);
    ev->kind = EVENT_CLUSTERS;
    return err == 0 ? event_take_form(parts, "the event", e) : err;
}

static int event_take(struct event_parts *parts, struct hc_str text,
                      struct headcount_error *e)
{
    struct hc_event *ev = parts->event;
    int err = event_read(parts, text, event_shape, e);

    if (err < 0)
        return err;
    ev->id = parts->text[MEMBER_ID];
    ev->source = parts->text[MEMBER_SOURCE];
    ev->detail_type = parts->text[MEMBER_TYPE];
    ev->region = parts->text[MEMBER_REGION];
    ev->account = parts->text[MEMBER_ACCOUNT];
    /* A time that does not parse is no time: only the event's age hangs on
     * it. */
    if (!hc_time_get_rfc3339(parts->text[MEMBER_TIME], &ev->time))
        ev->time = 0;
    err = event_judge(parts, text, e);
    if (err == 0 && hc_arena_error(&ev->arena) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for the event");
    return err;
}

static bool event_is_blank(struct hc_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (hc_str_find(HC_STR(" \t\r\n"), text.p[i]) == 4)
            return false;
    return true;
}

/* Adds to the sentence what was expected. */
static void event_advise(struct headcount_error *e)
{
    size_t n = e != NULL ? strlen(e->what) : 0;

    if (n > 0 && e->code == HEADCOUNT_EEVENT &&
        strstr(e->what, "expected an EventBridge") == NULL)
        hc_fmt(e->what + n, sizeof(e->what) - n, "; %s", EVENT_EXPECTED);
}

int hc_event_get(struct hc_event *ev, const struct hc_alloc *a,
                 struct hc_str text, struct headcount_error *e)
{
    struct event_parts parts = { .event = ev };

    *ev = (struct hc_event){ .version = -1 };
    hc_arena_init(&ev->arena, a, EVENT_KEPT);
    if (text.n > HC_EVENT_BYTES)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event has %zu bytes: at most %zu are taken",
                            text.n, HC_EVENT_BYTES);
    if (event_is_blank(text))
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event is empty: %s",
                            EVENT_EXPECTED);

    int err = event_take(&parts, text, e);

    if (err < 0) {
        ev->kind = EVENT_NONE;
        event_advise(e);
    }
    return err;
}

void hc_event_fini(struct hc_event *ev)
{
    hc_free(ev->arena.alloc, ev->clusters,
            ev->clusters_cap * sizeof(*ev->clusters));
    hc_arena_fini(&ev->arena);
    *ev = (struct hc_event){ .version = -1 };
}
