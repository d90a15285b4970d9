/* ecs/unwrap.c - what queues and topics put around an event.
 *
 * A text is read for what wraps it.  A text that nothing wraps is the event:
 * `event` gets it as it stands, no JSON too, and says what is wrong with it.
 */
#include "ecs/unwrap.h"

#include "base/buf.h"
#include "ecs/event.h"
#include "ecs/view.h"

enum { UNWRAP_RECORD, UNWRAP_TYPE, UNWRAP_NOTIFICATION, UNWRAP_ID,
       UNWRAP_BODY, UNWRAP_SOURCE, UNWRAP_QUEUE, UNWRAP_SNS, UNWRAP_MESSAGE,
       UNWRAP_FROM, UNWRAP_DETAIL, UNWRAP_PAYLOAD };

static const struct hc_view_member unwrap_sns[] = {
    { "Message", VIEW_TEXT, UNWRAP_MESSAGE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member unwrap_record[] = {
    { "messageId", VIEW_TEXT, UNWRAP_ID, NULL },
    { "body", VIEW_TEXT, UNWRAP_BODY, NULL },
    { "eventSource", VIEW_TEXT, UNWRAP_SOURCE, NULL },
    { "EventSource", VIEW_TEXT, UNWRAP_SOURCE, NULL },
    { "eventSourceARN", VIEW_TEXT, UNWRAP_QUEUE, NULL },
    { "Sns", VIEW_OBJECT, UNWRAP_SNS, unwrap_sns },
    HC_VIEW_LAST
};

/* Lambda's event, where the destination of a failed invocation is an event bus.
 */
static const struct hc_view_member unwrap_detail[] = {
    { "requestPayload", VIEW_RAW, UNWRAP_PAYLOAD, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member unwrap_shape[] = {
    { "Records", VIEW_OBJECTS, UNWRAP_RECORD, unwrap_record },
    { "Type", VIEW_TEXT, UNWRAP_TYPE, NULL },
    { "Message", VIEW_TEXT, UNWRAP_NOTIFICATION, NULL },
    { "source", VIEW_TEXT, UNWRAP_FROM, NULL },
    { "detail", VIEW_OBJECT, UNWRAP_DETAIL, unwrap_detail },
    { "requestPayload", VIEW_RAW, UNWRAP_PAYLOAD, NULL },
    HC_VIEW_LAST
};

/* One text and what is around it. */
struct unwrap_level {
    const struct hc_unwrap_to *to;
    int wraps;                        /* around this text already            */
    size_t records;
    struct hc_buf type;               /* of a notification                   */
    struct hc_buf from;               /* the source of an envelope           */
    struct hc_buf id, source, queue;  /* of the record that is being read    */
    struct hc_buf inner;              /* its body, or the notification's     */
    bool has_inner;
    bool is_event;                    /* inner is an element of an array, and
                                         no record is around it              */
    bool has_payload;                 /* inner is a destination's            */
    bool names;                       /* it is a short form that names
                                         clusters                            */
};

static int unwrap_text(const struct hc_unwrap_to *to, struct hc_str text,
                       int wraps, struct headcount_error *e);

static int unwrap_copy(struct hc_buf *to, struct hc_str text,
                       struct headcount_error *e)
{
    hc_buf_reset(to);
    hc_buf_str(to, text);
    return hc_buf_error(to) == 0
               ? 0
               : hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for the event");
}

static int unwrap_inner(const struct unwrap_level *l, struct headcount_error *e)
{
    if (l->wraps == HC_UNWRAP_WRAPS)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event is wrapped more than %d times",
                            HC_UNWRAP_WRAPS);
    return unwrap_text(l->to, hc_buf_view(&l->inner), l->wraps + 1, e);
}

/* ---- records ---- */

static void unwrap_record_begin(struct unwrap_level *l)
{
    hc_buf_reset(&l->id);
    hc_buf_reset(&l->source);
    hc_buf_reset(&l->queue);
    hc_buf_reset(&l->inner);
    l->has_inner = false;
    l->is_event = false;
}

static int unwrap_record_read(struct unwrap_level *l, struct headcount_error *e)
{
    struct hc_str source = hc_buf_view(&l->source);

    if (l->is_event)
        return unwrap_inner(l, e);
    if (l->has_inner && (hc_str_eqz(source, "aws:sqs") ||
                         hc_str_eqz(source, "aws:sns")))
        return unwrap_inner(l, e);
    return hc_error_set(e, HEADCOUNT_EEVENT,
                        "a record of \"%.*s\" holds no event: "
                        "expected one of \"aws:sqs\" with a \"body\", or of "
                        "\"aws:sns\" with a \"Message\"",
                        HC_STR_ARG(source));
}

static int unwrap_record_end(struct unwrap_level *l, struct headcount_error *e)
{
    const struct hc_unwrap_record record = {
        .id = hc_buf_view(&l->id),
        .sqs = hc_str_eqz(hc_buf_view(&l->source), "aws:sqs"),
        .fifo = hc_str_ends(hc_buf_view(&l->queue), HC_STR(".fifo")),
    };
    struct headcount_error why = { 0 };
    int err;

    if (++l->records > HC_UNWRAP_RECORDS)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event holds more than %d "
                            "records", HC_UNWRAP_RECORDS);
    if (l->wraps > 0)                 /* inside a record: that one's events */
        return unwrap_record_read(l, e);
    err = l->to->record(l->to->ud, &record, e);
    if (err < 0)
        return err;
    err = unwrap_record_read(l, &why);
    if (err == HEADCOUNT_EEVENT)
        return l->to->broken(l->to->ud, why.what, e);
    return err < 0 ? hc_error_pass(e, &why) : 0;
}

static int unwrap_sink(void *ud, const struct hc_view_item *item,
                       struct headcount_error *e)
{
    struct unwrap_level *l = ud;

    switch (item->id) {
    case UNWRAP_RECORD:
        if (item->mark == VIEW_END)
            return unwrap_record_end(l, e);
        unwrap_record_begin(l);
        return 0;
    case UNWRAP_TYPE:   return unwrap_copy(&l->type, item->text, e);
    case UNWRAP_ID:     return unwrap_copy(&l->id, item->text, e);
    case UNWRAP_SOURCE: return unwrap_copy(&l->source, item->text, e);
    case UNWRAP_QUEUE:  return unwrap_copy(&l->queue, item->text, e);
    case UNWRAP_FROM:   return unwrap_copy(&l->from, item->text, e);
    case UNWRAP_PAYLOAD:
        l->has_payload = true;
        return unwrap_copy(&l->inner, item->text, e);
    case UNWRAP_BODY:
    case UNWRAP_MESSAGE:
    case UNWRAP_NOTIFICATION:
        l->has_inner = true;
        return unwrap_copy(&l->inner, item->text, e);
    default:
        return 0;
    }
}

/* ---- one object ---- */

static void unwrap_key(void *ud, struct hc_str key)
{
    struct unwrap_level *l = ud;

    l->names |= hc_str_eqz(key, "cluster") || hc_str_eqz(key, "clusters");
}

static int unwrap_read(struct unwrap_level *l, struct hc_str text,
                       const struct hc_view_member *shape, bool *wrapped,
                       struct headcount_error *e)
{
    struct hc_view view;
    struct hc_view_config config = { .alloc = l->to->alloc,
                                     .root = shape,
                                     .sink = unwrap_sink,
                                     .key = unwrap_key,
                                     .ud = l,
                                     .what = "the event",
                                     .code = HEADCOUNT_EEVENT,
                                     .max_bytes = HC_EVENT_BYTES,
                                     .max_text = HC_EVENT_BYTES,
                                     .max_raw = HC_EVENT_BYTES };

    hc_view_init(&view, &config);

    int err = hc_view_feed(&view, text, e);

    if (err == 0)
        err = hc_view_end(&view, e);
    *wrapped = view.list_seen;
    hc_view_fini(&view);
    return err;
}

/* Lambda's record for a destination, of an invocation that failed: it comes by
 * itself, or as the detail of an event. */
static bool unwrap_is_destination(const struct unwrap_level *l)
{
    struct hc_str from = hc_buf_view(&l->from);

    return l->has_payload && !l->names &&
           (from.n == 0 || hc_str_eqz(from, "lambda"));
}

static int unwrap_object(struct unwrap_level *l, struct hc_str text,
                         struct headcount_error *e)
{
    struct headcount_error ignored = { 0 };
    bool records = false;
    int err = unwrap_read(l, text, unwrap_shape, &records, &ignored);

    if (err == HEADCOUNT_ENOMEM || (records && err < 0))
        return hc_error_pass(e, &ignored);
    if (records)
        return l->records > 0 ? 0
                              : hc_error_set(e, HEADCOUNT_EEVENT,
                                             "the event's \"Records\" "
                                             "is empty");
    if (err == 0 && unwrap_is_destination(l))
        return unwrap_inner(l, e);
    if (err == 0 && l->has_inner &&
        hc_str_eqz(hc_buf_view(&l->type), "Notification"))
        return unwrap_inner(l, e);
    return l->to->event(l->to->ud, text, e);
}

/* ---- an array ---- */

/* A record says of which service it is; anything else is an event itself. */
static int unwrap_element(struct unwrap_level *l, struct hc_str text,
                          struct headcount_error *e)
{
    struct headcount_error ignored = { 0 };
    bool lists;
    int err;

    unwrap_record_begin(l);
    err = unwrap_read(l, text, unwrap_record, &lists, &ignored);
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, &ignored);
    if (!hc_str_starts(hc_buf_view(&l->source), HC_STR("aws:"))) {
        unwrap_record_begin(l);
        l->is_event = true;
        err = unwrap_copy(&l->inner, text, e);
        if (err < 0)
            return err;
    }
    return unwrap_record_end(l, e);
}

/* 1: the array is over. */
static int unwrap_next(struct unwrap_level *l, struct hc_json *json,
                       struct hc_buf *element, struct hc_str *text,
                       struct headcount_error *e)
{
    struct headcount_error why = { 0 };
    int event;

    hc_buf_reset(element);
    hc_json_take(json, element);
    event = hc_json_next(json, text, &why);
    if (event == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, &why);
    if (event == JSON_STRING)
        return unwrap_element(l, hc_buf_view(element), e);
    if (event == JSON_ARRAY_END)
        return 1;
    return hc_error_set(e, HEADCOUNT_EEVENT, "the event: %s", event < 0
                            ? why.what : "its array has no end");
}

/* Nothing may follow it. */
static int unwrap_array_end(const struct unwrap_level *l, struct hc_json *json,
                            struct hc_str text, struct headcount_error *e)
{
    struct headcount_error why = { 0 };
    int event = JSON_DONE;

    while (event > 0 && text.n > 0)
        event = hc_json_next(json, &text, &why);
    if (event >= 0)
        event = hc_json_end(json, &why);
    if (event < 0)
        return hc_error_set(e, HEADCOUNT_EEVENT, "the event: %s", why.what);
    return l->records > 0 ? 0
                          : hc_error_set(e, HEADCOUNT_EEVENT,
                                         "the event is an array of no records");
}

static int unwrap_array(struct unwrap_level *l, struct hc_str text,
                        struct headcount_error *e)
{
    struct headcount_error why = { 0 };
    struct hc_json json;
    struct hc_buf element;
    int err = 0;

    hc_json_init(&json, l->to->alloc, HC_EVENT_BYTES, HC_JSON_DEPTH,
                 HC_EVENT_BYTES);
    hc_buf_init(&element, l->to->alloc, HC_EVENT_BYTES);
    if (hc_json_next(&json, &text, &why) != JSON_ARRAY)
        err = hc_error_set(e, HEADCOUNT_EEVENT, "the event: %s", why.what);
    while (err == 0)
        err = unwrap_next(l, &json, &element, &text, e);
    if (err == 1)
        err = unwrap_array_end(l, &json, text, e);
    hc_buf_fini(&element);
    hc_json_fini(&json);
    return err;
}

/* ---- one text ---- */

static bool unwrap_is_array(struct hc_str text)
{
    size_t at = 0;

    while (at < text.n && hc_str_find(HC_STR(" \t\r\n"), text.p[at]) < 4)
        at++;
    return at < text.n && text.p[at] == '[';
}

static int unwrap_text(const struct hc_unwrap_to *to, struct hc_str text,
                       int wraps, struct headcount_error *e)
{
    struct unwrap_level l = { .to = to, .wraps = wraps };
    struct hc_buf *bufs[] = { &l.type, &l.from, &l.id, &l.source, &l.queue,
                              &l.inner };

    text = hc_str_unmarked(text);
    for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
        hc_buf_init(bufs[i], to->alloc, HC_EVENT_BYTES);

    int err = unwrap_is_array(text) ? unwrap_array(&l, text, e)
                                    : unwrap_object(&l, text, e);

    for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
        hc_buf_fini(bufs[i]);
    return err;
}

int hc_unwrap(const struct hc_unwrap_to *to, struct hc_str text,
              struct headcount_error *e)
{
    if (text.n > HC_EVENT_BYTES)
        return to->event(to->ud, text, e);
    return unwrap_text(to, text, 0, e);
}
