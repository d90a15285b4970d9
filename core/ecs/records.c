/* ecs/records.c - records to clusters, and back to acknowledge or retry. */
#include "ecs/records.h"

#include "base/json.h"

static int records_no_memory(struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ENOMEM,
                        "no memory for the event's records");
}

static int records_kept(const struct hc_records *b, struct headcount_error *e)
{
    int err = hc_arena_error(&b->arena);

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event's records are too long");
    return err == 0 ? 0 : records_no_memory(e);
}

/* ---- records ---- */

static int records_record(void *ud, const struct hc_unwrap_record *record,
                        struct headcount_error *e)
{
    struct hc_records *b = ud;
    int err = hc_grow(b->arena.alloc, &b->records, &b->records_cap,
                      b->records_n + 1, HC_UNWRAP_RECORDS,
                      sizeof(*b->records));

    if (err < 0)
        return records_no_memory(e);
    b->wrapped = true;
    b->records[b->records_n++] = (struct hc_record){
        .id = hc_arena_str(&b->arena, record->id), .sqs = record->sqs,
        .fifo = record->fifo, .link = b->links_n,
    };
    return records_kept(b, e);
}

static int records_broken(void *ud, const char *why, struct headcount_error *e)
{
    struct hc_records *b = ud;

    b->records[b->records_n - 1].why = hc_arena_str(&b->arena, hc_str(why));
    return records_kept(b, e);
}

/* ---- clusters ---- */

/* A bare name means another cluster in each region and account. */
static size_t records_find(const struct hc_records *b,
                         const struct hc_records_cluster *like)
{
    size_t at = 0;

    while (at < b->clusters_n &&
           !(hc_str_eq(b->clusters[at].arn.text, like->arn.text) &&
             hc_str_eq(b->clusters[at].region, like->region) &&
             hc_str_eq(b->clusters[at].account, like->account)))
        at++;
    return at;
}

static struct hc_str records_either(struct hc_str first, struct hc_str other)
{
    return first.n > 0 ? first : other;
}

/* Adds the cluster, if it is new, and puts its index into *at. */
static int records_cluster(struct hc_records *b, const struct hc_event *ev,
                           struct hc_str text, size_t *at,
                           struct headcount_error *e)
{
    struct hc_records_cluster c = { .causes = 0 };
    int err = hc_arn_cluster(&c.arn, text, e);

    if (err < 0)
        return err;
    c.region = records_either(ev->region, c.arn.region);
    c.account = records_either(ev->account, c.arn.account);
    *at = records_find(b, &c);
    if (*at < b->clusters_n)
        return 0;
    err = hc_grow(b->arena.alloc, &b->clusters, &b->clusters_cap,
                  b->clusters_n + 1, HC_BATCH_CLUSTERS, sizeof(*b->clusters));
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event's records name more than %d clusters",
                            HC_BATCH_CLUSTERS);
    if (err < 0)
        return records_no_memory(e);
    c.region = hc_arena_str(&b->arena, c.region);
    c.account = hc_arena_str(&b->arena, c.account);
    err = hc_arn_cluster(&c.arn, hc_arena_str(&b->arena, text), e);
    if (err < 0)                      /* what could not be kept is no name */
        return hc_arena_error(&b->arena) < 0 ? records_kept(b, e) : err;
    b->clusters[b->clusters_n++] = c;
    return 0;
}

static int records_link(struct hc_records *b, size_t cluster,
                        struct headcount_error *e)
{
    int err = hc_grow(b->arena.alloc, &b->links, &b->links_cap, b->links_n + 1,
                      (size_t)HC_BATCH_CLUSTERS * 100, sizeof(*b->links));

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EEVENT,
                            "the event's records name clusters "
                            "more than %d times",
                            HC_BATCH_CLUSTERS * 100);
    if (err < 0)
        return records_no_memory(e);
    b->links[b->links_n++] = cluster;
    b->records[b->records_n - 1].links_n++;
    b->clusters[cluster].causes++;
    return 0;
}

static void records_leave(struct hc_records *b, struct hc_records_event *ev)
{
    if (ev == NULL || --ev->users > 0)
        return;
    hc_event_fini(&ev->event);
    hc_free(b->arena.alloc, ev, sizeof(*ev));
}

static void records_newest(struct hc_records *b, struct hc_records_cluster *c,
                         struct hc_records_event *ev)
{
    if (c->newest != NULL && ev->event.time < c->newest->event.time)
        return;
    records_leave(b, c->newest);
    c->newest = ev;
    ev->users++;
}

static int records_clusters(struct hc_records *b, struct hc_records_event *ev,
                          size_t *at, struct headcount_error *e)
{
    int err = 0;

    for (size_t i = 0; err == 0 && i < ev->event.clusters_n; i++) {
        err = records_cluster(b, &ev->event, ev->event.clusters[i], at, e);
        if (err == 0)
            err = records_link(b, *at, e);
        if (err == 0)
            records_newest(b, &b->clusters[*at], ev);
        if (err == 0) {
            b->clusters[*at].writers += !ev->event.dry_run;
            b->clusters[*at].named |= ev->event.named;
        }
    }
    return err;
}

/* ---- events ---- */

static int records_host(struct hc_records *b, const struct hc_event *ev,
                        size_t at, struct headcount_error *e)
{
    int err = hc_grow(b->arena.alloc, &b->versions, &b->versions_cap,
                      b->versions_n + 1, (size_t)HC_BATCH_CLUSTERS * 100,
                      sizeof(*b->versions));

    if (err < 0)
        return records_no_memory(e);
    b->versions[b->versions_n++] = (struct hc_event_version){
        hc_arena_str(&b->arena, ev->instance_arn), ev->version, at
    };
    return 0;
}

static int records_take(struct hc_records *b, struct hc_records_event *of,
                      struct headcount_error *e)
{
    const struct hc_event *ev = &of->event;
    size_t at = 0;
    int err;

    switch (ev->kind) {
    case EVENT_SKIPPED:
        if (b->skipped_n++ == 0)
            b->skipped = hc_arena_str(&b->arena, ev->skipped);
        return 0;
    case EVENT_SWEEP:
        b->sweeps = b->records[b->records_n - 1].sweeps = true;
        return 0;
    case EVENT_NONE:
    case EVENT_CLUSTERS:
        break;
    }
    err = records_clusters(b, of, &at, e);
    if (err == 0 && ev->instance_arn.n > 0 && ev->version >= 0)
        err = records_host(b, ev, at, e);
    return err;
}

static int records_event(void *ud, struct hc_str text,
                         struct headcount_error *e)
{
    static const struct hc_unwrap_record bare = { .sqs = false };
    struct hc_records *b = ud;
    struct hc_records_event *ev;
    int err = 0;

    if (b->records_n == 0) {                  /* nothing is around it */
        err = records_record(b, &bare, e);
        b->wrapped = false;
    }
    if (err < 0)
        return err;
    ev = hc_alloc(b->arena.alloc, sizeof(*ev));
    if (ev == NULL)
        return records_no_memory(e);
    ev->users = 1;
    err = hc_event_get(&ev->event, b->arena.alloc, text, e);
    if (err == 0)
        err = records_take(b, ev, e);
    records_leave(b, ev);
    return err == 0 ? records_kept(b, e) : err;
}

int hc_records_get(struct hc_records *b, const struct hc_alloc *a,
                 struct hc_str text, struct headcount_error *e)
{
    const struct hc_unwrap_to to = {
        .alloc = a, .ud = b, .record = records_record, .event = records_event,
        .broken = records_broken,
    };

    *b = (struct hc_records){ .wrapped = false };
    hc_arena_init(&b->arena, a, HC_BATCH_KEPT);
    return hc_unwrap(&to, text, e);
}

void hc_records_fini(struct hc_records *b)
{
    const struct hc_alloc *a = b->arena.alloc;

    for (size_t i = 0; i < b->clusters_n; i++)
        records_leave(b, b->clusters[i].newest);
    hc_free(a, b->records, b->records_cap * sizeof(*b->records));
    hc_free(a, b->clusters, b->clusters_cap * sizeof(*b->clusters));
    hc_free(a, b->versions, b->versions_cap * sizeof(*b->versions));
    hc_free(a, b->links, b->links_cap * sizeof(*b->links));
    hc_arena_fini(&b->arena);
    *b = (struct hc_records){ .wrapped = false };
}

/* ---- and back ---- */

void hc_records_settle(struct hc_records *b, size_t cluster, bool done)
{
    b->clusters[cluster].settled = true;
    b->clusters[cluster].done = done;
}

void hc_records_settle_sweep(struct hc_records *b, bool done)
{
    b->sweep_done = done;
}

bool hc_records_drop(struct hc_records *b, size_t cluster)
{
    struct hc_records_cluster *c = &b->clusters[cluster];

    c->writers--;
    if (--c->causes > 0)
        return false;
    hc_records_settle(b, cluster, true);
    return true;
}

/* Looks at this record alone, not at those before it in a FIFO queue. */
static bool records_is_done(const struct hc_records *b, size_t record)
{
    const struct hc_record *r = &b->records[record];

    if (r->why.n > 0 || (r->sweeps && !b->sweep_done))
        return false;
    for (size_t i = 0; i < r->links_n; i++)
        if (!b->clusters[b->links[r->link + i]].done)
            return false;
    return true;
}

void hc_records_judge(struct hc_records *b)
{
    bool all = true;                          /* of those before it */

    for (size_t i = 0; i < b->records_n; i++) {
        bool done = records_is_done(b, i);

        b->records[i].done = done && (all || !b->records[i].fifo);
        all = all && done;
    }
}

bool hc_records_put_failures(const struct hc_records *b, struct hc_buf *out)
{
    bool named = true;

    hc_buf_lit(out, "{\"batchItemFailures\":[");
    for (size_t i = 0; i < b->records_n; i++) {
        const struct hc_record *r = &b->records[i];

        if (r->done)
            continue;
        named = named && r->sqs && r->id.n > 0;
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "itemIdentifier", r->id);
        hc_buf_chr(out, '}');
    }
    hc_buf_lit(out, "]}");
    return named;
}
