/* api/event_read.c - what an event is about, without doing anything about it:
 * for owners who decide themselves when each cluster's turn is. */
#include "ecs/records.h"
#include "op/public.h"

struct event_box {
    struct headcount_event shown;        /* first member */
    struct hc_alloc alloc;
    struct hc_records batch;               /* its texts are shown */
    struct headcount_event_cluster *clusters;
};

static int event_show(struct event_box *box, struct headcount_error *e)
{
    const struct hc_records *b = &box->batch;

    box->clusters = hc_alloc_array(&box->alloc, b->clusters_n + 1,
                                   sizeof *box->clusters);
    if (box->clusters == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for an event");
    for (size_t i = 0; i < b->clusters_n; i++) {
        const struct hc_records_cluster *c = &b->clusters[i];

        box->clusters[i] = (struct headcount_event_cluster){
            .name = c->arn.text.p,
            .region = c->region.n > 0 ? c->region.p : "",
            .account = c->account.n > 0 ? c->account.p : "",
            .dry_run = c->writers == 0,    /* no event of it asks to write */
        };
    }
    box->shown = (struct headcount_event){
        .clusters = box->clusters, .clusters_n = b->clusters_n,
        .wrapped = b->wrapped, .sweep = b->sweeps,
        .skipped = b->clusters_n == 0 && b->skipped_n > 0 && !b->sweeps
                       ? b->skipped.p : NULL,
    };
    /* The first record that cannot be understood. */
    for (size_t i = 0; box->shown.broken == NULL && i < b->records_n; i++)
        if (b->records[i].why.n > 0)
            box->shown.broken = b->records[i].why.p;
    return 0;
}

int headcount_event_read(struct headcount_event **out, const void *event,
                         size_t n, const struct headcount_system *system,
                         struct headcount_error *error)
{
    struct hc_system sys;
    struct hc_log log;
    struct headcount_error e = { .code = 0 };

    *out = NULL;
    int err = hc_take_system(&sys, &log, system, HEADCOUNT_LOG_ERROR, &e);

    if (err == 0)
        err = hc_check_memory("event", event, "n", n, &e);
    struct event_box *box = err == 0 ? hc_alloc(&sys.alloc, sizeof *box) : NULL;

    if (box != NULL) {
        box->alloc = sys.alloc;
        err = hc_records_get(&box->batch, &box->alloc,
                           hc_str_n(n > 0 ? event : "", n), &e);
        if (err == 0)
            err = event_show(box, &e);
    } else if (err == 0) {
        err = hc_error_set(&e, HEADCOUNT_ENOMEM, "out of memory for an event");
    }
    hc_give_error(error, &e);
    if (err == 0)
        *out = &box->shown;
    else if (box != NULL)
        headcount_event_free(&box->shown);
    return err;
}

void headcount_event_free(struct headcount_event *event)
{
    struct event_box *box = (struct event_box *)(void *)event;

    if (box == NULL)
        return;
    const struct hc_alloc alloc = box->alloc;

    hc_free(&alloc, box->clusters,
            (box->batch.clusters_n + 1) * sizeof *box->clusters);
    hc_records_fini(&box->batch);
    hc_free(&alloc, box, sizeof *box);
}
