/* api/json_reader.c - the strict reader over one text, for embedders.
 *
 * The reader of base/json is made for pieces of any size; here the one piece is
 * the whole text, followed by a blank: a number at the very end is complete
 * only when a byte follows that is no part of it.
 */
#include "op/public.h"

#include "base/json.h"

struct headcount_json {
    struct hc_json reader;
    struct hc_alloc alloc;
    struct hc_str in;
    bool ended;                 /* the blank that ends a number was fed */
};

int headcount_json_new(headcount_json **out, const void *text, size_t n,
                       const struct headcount_system *system)
{
    struct hc_system sys;
    struct hc_log log;

    *out = NULL;
    int err = hc_take_system(&sys, &log, system, HEADCOUNT_LOG_ERROR, NULL);

    if (err == 0)
        err = hc_check_memory("text", text, "n", n, NULL);
    if (err < 0)
        return err;
    headcount_json *json = *out = hc_alloc(&sys.alloc, sizeof *json);

    if (json == NULL)
        return HEADCOUNT_ENOMEM;
    json->alloc = sys.alloc;
    json->in = hc_str_unmarked((struct hc_str){ n > 0 ? text : "", n });
    hc_json_init(&json->reader, &json->alloc, (uint64_t)n + 1, HC_JSON_DEPTH,
                 n + 1);
    return 0;
}

static int json_event(int event)
{
    switch (event) {
    case JSON_OBJECT:     return HEADCOUNT_JSON_OBJECT;
    case JSON_OBJECT_END: return HEADCOUNT_JSON_OBJECT_END;
    case JSON_ARRAY:      return HEADCOUNT_JSON_ARRAY;
    case JSON_ARRAY_END:  return HEADCOUNT_JSON_ARRAY_END;
    case JSON_KEY:        return HEADCOUNT_JSON_KEY;
    case JSON_STRING:     return HEADCOUNT_JSON_STRING;
    case JSON_NUMBER:     return HEADCOUNT_JSON_NUMBER;
    case JSON_TRUE:       return HEADCOUNT_JSON_TRUE;
    case JSON_FALSE:      return HEADCOUNT_JSON_FALSE;
    case JSON_NULL:       return HEADCOUNT_JSON_NULL;
    default:              return event;
    }
}

static int json_pull(headcount_json *json, struct headcount_error *e)
{
    for (;;) {
        int got = hc_json_next(&json->reader, &json->in, e);

        if (got == JSON_DONE)
            continue;
        if (got != JSON_MORE)
            return json_event(got);
        got = hc_json_end(&json->reader, e);
        if (got < 0 || json->ended)
            return got;
        json->ended = true;         /* whole, but a number may not know it */
        json->in = HC_STR("\n");
    }
}

int headcount_json_next(headcount_json *json, const char **text, size_t *n,
                        struct headcount_error *error)
{
    struct headcount_error e;

    hc_error_reset(&e);
    int event = json_pull(json, &e);

    if (event < 0) {
        hc_give_error(error, &e);
        return event;
    }
    struct hc_str s = hc_json_text(&json->reader);

    *text = s.n > 0 ? s.p : "";
    *n = s.n;
    return event;
}

void headcount_json_free(headcount_json *json)
{
    if (json == NULL)
        return;
    const struct hc_alloc alloc = json->alloc;

    hc_json_fini(&json->reader);
    hc_free(&alloc, json, sizeof *json);
}
