/* tests/fuzz/snapshot_fuzz.c - any text is a snapshot or an error with a
 * sentence; what was read is written down, and read again to the same facts. */
#include <stdlib.h>
#include <string.h>

#include "reconcile/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1 << 16)

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void put(struct hc_buf *out, const struct hc_snapshot *s,
                const struct hc_facts *f)
{
    struct hc_arn cluster;

    must(hc_arn_cluster(&cluster, s->cluster, NULL) == 0);
    cluster.account.n = 0;               /* as it is, without zeros */
    hc_buf_init(out, &hc_alloc_libc, (size_t)16 << 20);
    hc_snapshot_put(out, &cluster, f, s->taken);
    must(hc_buf_error(out) == 0);
}

/* Lists turn round each time they are read: twice is as it was. */
static void again(struct hc_buf *text)
{
    struct hc_facts facts;
    struct hc_snapshot s;
    struct headcount_error e = { .code = 0 };

    hc_facts_init(&facts, &hc_alloc_libc);
    must(hc_snapshot_get(&s, &facts, hc_buf_view(text), &e) == 0);
    hc_buf_fini(text);
    put(text, &s, &facts);
    hc_facts_fini(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_facts facts;
    struct hc_snapshot s;
    struct headcount_error e = { .code = 0 };
    struct hc_buf first, text;
    int err;

    if (size > MOST)
        return 0;
    hc_facts_init(&facts, &hc_alloc_libc);
    err = hc_snapshot_get(&s, &facts, hc_str_n(data, size), &e);
    must(err == 0 || err == HEADCOUNT_ESYNTAX);
    must((err == 0) == (e.what[0] == '\0'));
    if (err == 0) {
        put(&first, &s, &facts);
        put(&text, &s, &facts);
        again(&text);
        again(&text);
        must(text.n == first.n && memcmp(text.p, first.p, text.n) == 0);
        hc_buf_fini(&first);
        hc_buf_fini(&text);
    }
    hc_facts_fini(&facts);
    return 0;
}
