/* ecs/view.c - takes the members that a table names straight off the reader.
 *
 * A stack of frames, one for each open object or array of interest, says whose
 * value comes next.  Other values never get a frame: the reader skips
 * them.
 *
 *   object: KEY known   -> its value is due -> taken, or a frame is pushed
 *           KEY unknown -> hc_json_skip
 *   array:  each element is a value of the member whose array it is
 */
#include "ecs/view.h"

#include "base/clock.h"

void hc_view_init(struct hc_view *v, const struct hc_view_config *config)
{
    *v = (struct hc_view){ .root = config->root, .sink = config->sink,
                           .key = config->key, .ud = config->ud,
                           .what = config->what,
                           .code = config->code };
    hc_json_init(&v->json, config->alloc, config->max_bytes, HC_JSON_DEPTH,
                 config->max_text);
    hc_buf_init(&v->raw, config->alloc, config->max_raw);
}

void hc_view_fini(struct hc_view *v)
{
    hc_json_fini(&v->json);
    hc_buf_fini(&v->raw);
}

static struct hc_view_frame *view_top(struct hc_view *v)
{
    return &v->frames[v->depth - 1];
}

static int view_tell(struct hc_view *v, const struct hc_view_item *item,
                     struct headcount_error *e)
{
    return v->sink != NULL ? v->sink(v->ud, item, e) : 0;
}

static int view_wrong_type(struct hc_view *v, const struct hc_view_member *m,
                           struct headcount_error *e)
{
    static const char *const names[] = {
        "a string", "an integer", "true or false", "a time in seconds",
        "an object", "an array of objects", "an array of strings", "a value"
    };

    return hc_error_set(e, v->code, "%s: member \"%s\" is not %s (byte %llu)",
                        v->what, m->name, names[m->type],
                        (unsigned long long)v->json.at);
}

/* ---- keys ---- */

static int view_key(struct hc_view *v, struct headcount_error *e)
{
    struct hc_view_frame *f = view_top(v);
    struct hc_str key = hc_json_text(&v->json);
    size_t i = 0;

    if (v->key != NULL && v->depth == 1)
        v->key(v->ud, key);
    /* Most keys of an answer are in no table: the first byte rules out nearly
     * all members without a call. */
    while (f->shape[i].name != NULL &&
           (key.n == 0 || f->shape[i].name[0] != key.p[0] ||
            !hc_str_eqz(key, f->shape[i].name)))
        i++;
    if (f->shape[i].name == NULL) {
        hc_json_skip(&v->json);
        return 0;
    }
    /* RFC 8259 leaves open which of two equal names counts, and readers
     * differ: no count may hang on that. */
    if ((f->seen >> i & 1) != 0)
        return hc_error_set(e, v->code, "%s: member \"%s\" comes twice",
                            v->what, f->shape[i].name);
    f->seen |= (uint32_t)1 << i;
    f->due = &f->shape[i];
    if (f->due->type == VIEW_RAW) {
        hc_buf_reset(&v->raw);
        hc_json_take(&v->json, &v->raw);
    }
    return 0;
}

/* ---- values ---- */

/* Depth is that of the shapes, which are ours: HC_VIEW_DEPTH holds them. */
static void view_push(struct hc_view *v, const struct hc_view_member *m,
                      bool is_array)
{
    v->frames[v->depth++] = (struct hc_view_frame){
        .shape = m->shape, .member = m, .is_array = is_array
    };
}

static int view_open_array(struct hc_view *v, const struct hc_view_member *m,
                           struct headcount_error *e)
{
    if ((m->type != VIEW_OBJECTS && m->type != VIEW_TEXTS) ||
        view_top(v)->is_array)
        return view_wrong_type(v, m, e);
    view_push(v, m, true);
    v->list_seen = true;
    return 0;
}

static int view_open_object(struct hc_view *v, const struct hc_view_member *m,
                            struct headcount_error *e)
{
    bool element = view_top(v)->is_array;

    if (m->type != (element ? VIEW_OBJECTS : VIEW_OBJECT))
        return view_wrong_type(v, m, e);
    view_push(v, m, false);
    return view_tell(v, &(struct hc_view_item){ .id = m->id,
                                                .mark = VIEW_BEGIN }, e);
}

/* A string, or what a RAW member's bytes come as. */
static int view_text(struct hc_view *v, const struct hc_view_member *m,
                     struct headcount_error *e)
{
    bool element = view_top(v)->is_array;
    struct hc_view_item item = { .id = m->id };

    if (m->type == VIEW_RAW) {
        item.text = hc_buf_view(&v->raw);
        if (hc_str_eqz(item.text, "null"))
            return 0;
    } else if (m->type == (element ? VIEW_TEXTS : VIEW_TEXT)) {
        item.text = hc_json_text(&v->json);
    } else {
        return view_wrong_type(v, m, e);
    }
    return view_tell(v, &item, e);
}

static int view_number(struct hc_view *v, const struct hc_view_member *m,
                       struct headcount_error *e)
{
    struct hc_view_item item = { .id = m->id };
    struct hc_str text = hc_json_text(&v->json);
    bool fits = m->type == VIEW_INT ? hc_json_number_int(text, &item.number)
                : m->type == VIEW_TIME &&
                  hc_time_get_epoch(text, &item.number);

    if (!fits)
        return view_wrong_type(v, m, e);
    return view_tell(v, &item, e);
}

static int view_bool(struct hc_view *v, const struct hc_view_member *m,
                     bool value, struct headcount_error *e)
{
    if (m->type != VIEW_BOOL)
        return view_wrong_type(v, m, e);
    return view_tell(v, &(struct hc_view_item){ .id = m->id,
                                                .number = value }, e);
}

/* ---- ends ---- */

static int view_close(struct hc_view *v, struct headcount_error *e)
{
    struct hc_view_frame f = *view_top(v);

    v->depth--;
    if (f.member == NULL || f.is_array)
        return 0;
    return view_tell(v, &(struct hc_view_item){ .id = f.member->id,
                                                .mark = VIEW_END,
                                                .given = f.given }, e);
}

static int view_no_object(struct hc_view *v, struct headcount_error *e)
{
    return hc_error_set(e, v->code, "%s is no JSON object", v->what);
}

static int view_value(struct hc_view *v, int event, struct headcount_error *e)
{
    struct hc_view_frame *f = view_top(v);
    const struct hc_view_member *m = f->is_array ? f->member : f->due;

    if (!f->is_array && event != JSON_NULL && m->type != VIEW_RAW)
        f->given |= (uint32_t)1 << (m - f->shape);
    switch (event) {
    case JSON_OBJECT: return view_open_object(v, m, e);
    case JSON_ARRAY:  return view_open_array(v, m, e);
    case JSON_STRING: return view_text(v, m, e);
    case JSON_NUMBER: return view_number(v, m, e);
    case JSON_TRUE:   return view_bool(v, m, true, e);
    case JSON_FALSE:  return view_bool(v, m, false, e);
    default:          break;
    }
    /* null: an absent member, but no element of a list. */
    return f->is_array ? view_wrong_type(v, m, e) : 0;
}

static int view_event(struct hc_view *v, int event, struct headcount_error *e)
{
    if (event == JSON_DONE)
        return 0;
    if (v->depth == 0 && event != JSON_OBJECT)
        return view_no_object(v, e);
    if (v->depth == 0) {
        v->root_seen = true;
        v->frames[v->depth++] = (struct hc_view_frame){ .shape = v->root };
        return 0;
    }
    if (event == JSON_KEY)
        return view_key(v, e);
    if (event == JSON_OBJECT_END || event == JSON_ARRAY_END)
        return view_close(v, e);
    return view_value(v, event, e);
}

/* A text that cannot be read is a fault of the answer (or of the event): the
 * error has its code, and its name before the reader's sentence. */
static int view_fail(struct hc_view *v, int err,
                     const struct headcount_error *why,
                     struct headcount_error *e)
{
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_pass(e, why);
    return hc_error_set(e, v->code, "%s: %s", v->what, why->what);
}

int hc_view_feed(struct hc_view *v, struct hc_str bytes,
                 struct headcount_error *e)
{
    while (v->err == 0 && bytes.n > 0) {
        struct headcount_error why = { 0 };
        int event = hc_json_next(&v->json, &bytes, &why);

        if (event < 0)
            v->err = view_fail(v, event, &why, e);
        else if (event != JSON_MORE)
            v->err = view_event(v, event, e);
    }
    return v->err;
}

bool hc_view_gave(const struct hc_view_item *end,
                  const struct hc_view_member *shape, int id)
{
    for (size_t i = 0; shape[i].name != NULL; i++)
        if (shape[i].id == id)
            return (end->given >> i & 1) != 0;
    return false;
}

int hc_view_end(struct hc_view *v, struct headcount_error *e)
{
    struct headcount_error why = { 0 };
    int err = v->err;

    if (err == 0)
        err = hc_json_end(&v->json, &why);
    if (v->err != 0)
        return v->err;
    if (err < 0)
        v->err = view_fail(v, err, &why, e);
    else if (!v->root_seen)          /* a bare number ends without an event */
        v->err = view_no_object(v, e);
    return v->err;
}
