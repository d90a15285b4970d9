/* cli/json_rows.c - see json_rows.h. */
#include "json_rows.h"

#include <stdlib.h>
#include <string.h>

/* { "Messages": [ { "Body": "..." } ] }: the list's name stands at 1, a row
 * is open at 3. */
enum { ROWS_LIST = 1, ROWS_ROW = 3 };

bool json_rows_open(struct json_rows *r, const void *body, size_t n,
               const char *const *names, size_t names_n)
{
    memset(r, 0, sizeof *r);
    r->names = names;
    r->names_n = names_n;
    r->field = -1;
    return headcount_json_new(&r->json, body, n, NULL) == 0;
}

static void forget_texts(struct json_rows *r)
{
    for (size_t i = 0; i < ROWS_MAX; i++) {
        free(r->text[i]);
        r->text[i] = NULL;
        r->text_n[i] = 0;
    }
}

void json_rows_close(struct json_rows *r)
{
    forget_texts(r);
    headcount_json_free(r->json);
    r->json = NULL;
}

static void read_key(struct json_rows *r, const char *text, size_t n)
{
    r->field = -1;
    if (r->depth == ROWS_LIST) {
        n = n < sizeof r->list ? n : sizeof r->list - 1;
        memcpy(r->list, text, n);
        r->list[n] = '\0';
    }
    for (size_t i = 0; r->depth == ROWS_ROW && i < r->names_n; i++)
        if (strlen(r->names[i]) == n && memcmp(r->names[i], text, n) == 0)
            r->field = (int)i;
}

static void read_text(struct json_rows *r, const char *text, size_t n)
{
    if (r->depth != ROWS_ROW || r->field < 0 || r->text[r->field])
        return;
    char *copy = malloc(n + 1);

    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        r->text[r->field] = copy;
        r->text_n[r->field] = n;
    }
    r->field = -1;
}

/* True: a row is over. */
static bool read_event(struct json_rows *r, int event, const char *text,
                       size_t n)
{
    switch ((enum headcount_json_event)event) {
    case HEADCOUNT_JSON_OBJECT:
    case HEADCOUNT_JSON_ARRAY:
        r->depth++;
        break;
    case HEADCOUNT_JSON_OBJECT_END:
    case HEADCOUNT_JSON_ARRAY_END:
        return r->depth-- == ROWS_ROW;
    case HEADCOUNT_JSON_KEY:
        read_key(r, text, n);
        break;
    case HEADCOUNT_JSON_STRING:
        read_text(r, text, n);
        break;
    case HEADCOUNT_JSON_END:
    case HEADCOUNT_JSON_NUMBER:
    case HEADCOUNT_JSON_TRUE:
    case HEADCOUNT_JSON_FALSE:
    case HEADCOUNT_JSON_NULL:
        break;
    }
    return false;
}

bool json_rows_next(struct json_rows *r)
{
    const char *text = NULL;
    size_t n = 0;
    int event;

    forget_texts(r);
    while ((event = headcount_json_next(r->json, &text, &n, NULL)) > 0)
        if (read_event(r, event, text, n))
            return true;
    return false;
}
