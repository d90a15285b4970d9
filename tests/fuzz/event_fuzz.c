/* tests/fuzz/event_fuzz.c - any text is an event that can be acted on, or an
 * error with a sentence; blanks around it change nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ecs/arn.h"
#include "ecs/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1 << 16)

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_text(struct hc_str s)
{
    must(s.p == NULL || s.p[s.n] == '\0');
}

static void must_be_usable(const struct hc_event *ev)
{
    struct hc_arn arn;

    must((ev->kind == EVENT_CLUSTERS) == (ev->clusters_n > 0));
    must(ev->clusters_n <= HC_EVENT_CLUSTERS);
    for (size_t i = 0; i < ev->clusters_n; i++) {
        must(hc_arn_cluster(&arn, ev->clusters[i], NULL) == 0);
        must_be_text(ev->clusters[i]);
        for (size_t k = 0; k < i; k++)
            must(!hc_str_eq(ev->clusters[i], ev->clusters[k]));
    }
    must(ev->kind != EVENT_SKIPPED ||
         hc_str_starts(ev->skipped, HC_STR("detail_type: ")));
    must(ev->instance_arn.n == 0 ||
         hc_arn_instance(&arn, ev->instance_arn, NULL) == 0);
    must(!ev->dry_run || (ev->named && ev->kind == EVENT_CLUSTERS));
    must_be_text(ev->id);
}

static void must_be_the_same(const struct hc_event *a,
                             const struct hc_event *b)
{
    must(a->kind == b->kind && a->clusters_n == b->clusters_n);
    for (size_t i = 0; i < a->clusters_n; i++)
        must(hc_str_eq(a->clusters[i], b->clusters[i]));
    must(a->time == b->time && a->version == b->version);
    must(a->dry_run == b->dry_run && a->named == b->named);
    must(hc_str_eq(a->instance_arn, b->instance_arn));
    must(hc_str_eq(a->skipped, b->skipped));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct headcount_error e = { 0 }, again = { 0 };
    struct hc_event ev, padded;
    struct hc_buf text;

    if (size > MOST)
        return 0;
    hc_buf_init(&text, &hc_alloc_libc, MOST + 10);
    hc_buf_lit(&text, " \n");
    hc_buf_put(&text, data, size);
    hc_buf_lit(&text, "\t\r ");

    int err = hc_event_get(&ev, &hc_alloc_libc, hc_str_n(data, size), &e);
    int code = hc_event_get(&padded, &hc_alloc_libc, hc_buf_view(&text),
                            &again);

    must(err == 0 || err == HEADCOUNT_EEVENT);
    must((err == 0) == (ev.kind != EVENT_NONE));
    must((err == 0) == (e.what[0] == '\0'));
    must(code == err);
    if (err == 0) {
        must_be_usable(&ev);
        must_be_the_same(&ev, &padded);
    }
    hc_event_fini(&ev);
    hc_event_fini(&padded);
    hc_buf_fini(&text);
    return 0;
}
