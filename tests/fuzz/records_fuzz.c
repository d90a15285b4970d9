/* tests/fuzz/records_fuzz.c - any text is a batch whose records are done
 * exactly when their clusters are, or an error with a sentence. */
#include <stdlib.h>

#include "ecs/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1 << 16)

static void must(bool ok)
{
    if (!ok)
        abort();
}

static size_t done(struct hc_records *b)
{
    size_t n = 0;

    hc_records_judge(b);
    for (size_t i = 0; i < b->records_n; i++)
        n += b->records[i].done;
    return n;
}

static void must_be_usable(const struct hc_records *b)
{
    must(b->records_n > 0 && b->records_n <= HC_UNWRAP_RECORDS);
    must(b->clusters_n <= HC_BATCH_CLUSTERS);
    for (size_t i = 0; i < b->clusters_n; i++) {
        must(b->clusters[i].causes > 0 && !b->clusters[i].settled);
        must(b->clusters[i].writers <= b->clusters[i].causes);
        must(b->clusters[i].newest != NULL &&
             b->clusters[i].newest->event.kind == EVENT_CLUSTERS);
    }
    for (size_t i = 0; i < b->versions_n; i++)
        must(b->versions[i].cluster < b->clusters_n &&
             b->versions[i].version >= 0);
    for (size_t i = 0; i < b->records_n; i++)
        must(b->records[i].link + b->records[i].links_n <= b->links_n);
}

/* Settled one by one, from the last: done records only become more, and in the
 * end are all but those that nobody understands. */
static void settle(struct hc_records *b)
{
    size_t before = done(b), broken = 0;
    bool fifo = false;

    for (size_t i = b->clusters_n; i > 0; i--) {
        hc_records_settle(b, i - 1, true);
        must(done(b) >= before);
        before = done(b);
    }
    hc_records_settle_sweep(b, true);
    for (size_t i = 0; i < b->records_n; i++) {
        broken += b->records[i].why.n > 0;
        fifo |= b->records[i].fifo;
    }
    must(fifo ? done(b) <= b->records_n - broken
              : done(b) == b->records_n - broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct headcount_error e = { 0 };
    struct hc_records b;
    struct hc_buf out;

    if (size > MOST)
        return 0;

    int err = hc_records_get(&b, &hc_alloc_libc, hc_str_n(data, size), &e);

    must(err == 0 || (err == HEADCOUNT_EEVENT && e.what[0] != '\0'));
    if (err == 0) {
        must_be_usable(&b);
        hc_buf_init(&out, &hc_alloc_libc, 16 * MOST);
        must(done(&b) <= b.records_n);
        must(hc_records_put_failures(&b, &out) || done(&b) < b.records_n);
        must(hc_buf_error(&out) == 0);
        hc_buf_fini(&out);
        settle(&b);
    }
    hc_records_fini(&b);
    return 0;
}
