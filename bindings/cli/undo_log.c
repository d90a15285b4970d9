/* cli/undo_log.c - see undo_log.h. */
#include "undo_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NAME_MAX_N ((size_t)512)       /* no ARN of ECS is as long */
#define COUNT_MAX 1000000000           /* nor a count as high      */

enum { TIME = 1, CLUSTER = 2, SERVICE = 4, BEFORE = 8, AFTER = 16, ALL = 31 };

/* One line, as its members come. */
struct line {
    int member, seen;                  /* of those above                     */
    char cluster[NAME_MAX_N + 1], service[NAME_MAX_N + 1];
    struct undo_row row;
};

static void *grow(struct undo_log *l, void *p, size_t old, size_t n)
{
    return l->system->alloc(l->system->ud, p, old, n);
}

/* ---- a line ---- */

static int member_of(const char *key, size_t n)
{
    static const char names[][8] = { "time", "cluster", "service", "before",
                                     "after" };

    for (int i = 0; i < 5; i++)
        if (strlen(names[i]) == n && memcmp(names[i], key, n) == 0)
            return 1 << i;
    return 0;
}

static bool take_text(struct line *l, const char *text, size_t n)
{
    char *to = l->member == CLUSTER ? l->cluster : l->service;
    const char *slash = memchr(text, '/', n);

    if (l->member == TIME)
        return hc_time_get_rfc3339((struct hc_str){ text, n }, &l->row.time);
    /* A rule may name a service by its ARN, and the next one by its name. */
    for (; l->member == SERVICE && slash; slash = memchr(text, '/', n)) {
        n -= (size_t)(slash + 1 - text);
        text = slash + 1;
    }
    if ((l->member & (CLUSTER | SERVICE)) == 0 || n == 0 || n > NAME_MAX_N ||
        memchr(text, '\0', n))
        return false;
    memcpy(to, text, n);
    to[n] = '\0';
    return true;
}

static bool take_number(struct line *l, const char *text, size_t n)
{
    int64_t count = 0;

    if ((l->member & (BEFORE | AFTER)) == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9' || count > COUNT_MAX)
            return false;
        count = count * 10 + (text[i] - '0');
    }
    *(l->member == BEFORE ? &l->row.before : &l->row.after) = count;
    return true;
}

static void take(struct line *l, int event, const char *text, size_t n)
{
    bool took = event == HEADCOUNT_JSON_NUMBER ? take_number(l, text, n)
                : event == HEADCOUNT_JSON_STRING && take_text(l, text, n);

    l->seen |= took ? l->member : 0;
    l->member = 0;
}

/* 1: a write; 0: no line that can be read; or a code. */
static int read_line(struct line *l, const char *text, size_t n,
                     const struct headcount_system *system)
{
    headcount_json *json = NULL;
    const char *part;
    size_t part_n, depth = 0;
    int event = headcount_json_new(&json, text, n, system);

    l->seen = l->member = 0;
    if (event < 0)
        return event;
    while ((event = headcount_json_next(json, &part, &part_n, NULL)) > 0) {
        if (event == HEADCOUNT_JSON_OBJECT || event == HEADCOUNT_JSON_ARRAY)
            depth++;
        else if (event == HEADCOUNT_JSON_OBJECT_END ||
                 event == HEADCOUNT_JSON_ARRAY_END)
            depth--;
        else if (depth == 1 && event == HEADCOUNT_JSON_KEY)
            l->member = member_of(part, part_n);
        else if (depth == 1)
            take(l, event, part, part_n);
    }
    headcount_json_free(json);
    if (event == HEADCOUNT_ENOMEM)
        return event;
    return event == 0 && l->seen == ALL &&
           strncmp(l->cluster, "arn:", 4) == 0;
}

/* ---- the rows ---- */

static int keep(struct undo_log *l, const struct line *line)
{
    size_t cluster_n = strlen(line->cluster) + 1;
    size_t service_n = strlen(line->service) + 1;

    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct undo_row *more = grow(l, l->rows, l->room * sizeof *l->rows,
                                     room * sizeof *l->rows);

        if (!more)
            return HEADCOUNT_ENOMEM;
        l->rows = more;
        l->room = room;
    }
    struct undo_row *row = &l->rows[l->n];

    *row = line->row;
    row->size = cluster_n + service_n;
    row->cluster = grow(l, NULL, 0, row->size);
    if (!row->cluster)
        return HEADCOUNT_ENOMEM;
    row->service = row->cluster + cluster_n;
    memcpy(row->cluster, line->cluster, cluster_n);
    memcpy(row->service, line->service, service_n);
    l->n++;
    return 0;
}

static int by_service(const struct undo_row *a, const struct undo_row *b)
{
    int order = strcmp(a->cluster, b->cluster);

    return order != 0 ? order : strcmp(a->service, b->service);
}

static int by_time(const void *a, const void *b)
{
    const struct undo_row *x = a, *y = b;
    int order = by_service(x, y);

    if (order == 0)
        order = (x->time > y->time) - (x->time < y->time);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* The writes of a service become its row. */
static void fold(struct undo_log *l)
{
    size_t n = 0;

    if (l->n > 1)
        qsort(l->rows, l->n, sizeof *l->rows, by_time);
    for (size_t i = 0; i < l->n; i++) {
        struct undo_row *row = &l->rows[i];

        row->last = row->time;
        row->found = HEADCOUNT_UNKNOWN;
        if (n > 0 && by_service(&l->rows[n - 1], row) == 0) {
            l->rows[n - 1].after = row->after;
            l->rows[n - 1].last = row->last;
            grow(l, row->cluster, row->size, 0);
        } else {
            l->rows[n++] = *row;
        }
    }
    l->n = n;
}

/* ---- the text ---- */

static bool has(const char *text, size_t n, const char *word)
{
    size_t word_n = strlen(word);

    for (size_t i = 0; i + word_n <= n; i++)
        if (memcmp(text + i, word, word_n) == 0)
            return true;
    return false;
}

static int read_one(struct undo_log *l, const char *text, size_t n,
                    int64_t since, struct line *line)
{
    const char *begin = memchr(text, '{', n);

    /* Inside of a text its quotes would be escaped. */
    if (!begin || !has(text, n, "\"event\":\"write\""))
        return 0;
    int got = read_line(line, begin, n - (size_t)(begin - text), l->system);

    if (got < 0)
        return got;
    if (got == 0) {
        l->bad_line = l->bad++ == 0 ? line->row.line : l->bad_line;
        return 0;
    }
    l->writes++;
    return line->row.time >= since ? keep(l, line) : 0;
}

int undo_log_read(struct undo_log *l, const char *text, size_t n,
                  int64_t since, const struct headcount_system *system)
{
    struct line line = { .row = { .line = 0 } };
    int err = 0;

    *l = (struct undo_log){ .system = system };
    for (size_t at = 0, end; err == 0 && at < n; at = end + 1) {
        const char *stop = memchr(text + at, '\n', n - at);

        end = stop ? (size_t)(stop - text) : n;
        line.row.line++;
        err = read_one(l, text + at, end - at, since, &line);
    }
    fold(l);
    return err;
}

void undo_log_fini(struct undo_log *l)
{
    for (size_t i = 0; i < l->n; i++)
        grow(l, l->rows[i].cluster, l->rows[i].size, 0);
    if (l->rows)
        grow(l, l->rows, l->room * sizeof *l->rows, 0);
    l->rows = NULL;
    l->n = l->room = 0;
}
