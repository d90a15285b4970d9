/* tests/fuzz/chain_fuzz.c - chains whose extensions are the input's, signed
 * with keys that the target has: no chain is believed that br_x509_minimal
 * refuses for more than a critical extension, nor one whose leaf is not for the
 * host; the verdict is the same in pieces of any size.
 *
 * The input: a byte of flags (1: the host is an address, 2: the leaf stands in
 * the bundle, 4: no middle, 8: the server sends the root too), then three times
 * two bytes of length and as many of extensions: of leaf, middle and root.
 */
#include <stdlib.h>
#include <string.h>

#include "peers/x509_maker.h"
#include "t.h"
#include "wire/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW ((int64_t)1798761600 * HC_SECOND)          /* 2027-01-01 */
#define MOST ((size_t)1 << 17)

enum { LEAF, MIDDLE, ROOT, CERTS };
enum { IS_IP = 1, IS_PINNED = 2, NO_MIDDLE = 4, SENDS_ROOT = 8 };

/* What x509_maker.c wants of the unit tests. */
const struct hc_alloc *t_alloc(void)
{
    return &hc_alloc_libc;
}

struct world {
    unsigned flags;
    struct hc_str extensions[CERTS];
    struct hc_buf der[CERTS];
    struct hc_anchors anchors;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct hc_str cut(struct hc_str *rest)
{
    size_t n;

    if (rest->n < 2)
        return hc_str_n(NULL, 0);
    n = (size_t)(unsigned char)rest->p[0] << 8 | (unsigned char)rest->p[1];
    *rest = hc_str_from(*rest, 2);
    n = n < rest->n ? n : rest->n;
    struct hc_str part = hc_str_n(rest->p, n);

    *rest = hc_str_from(*rest, n);
    return part;
}

static void make_certs(struct world *w)
{
    static const char *const names[] = { "leaf", "middle", "root" };

    for (int i = 0; i < CERTS; i++) {
        int up = i == ROOT ? ROOT
                 : i == LEAF && (w->flags & NO_MIDDLE) == 0 ? MIDDLE : ROOT;
        struct x509_spec spec = { .subject = names[i], .issuer = names[up],
                                  .key = i + 1, .signer = up + 1,
                                  .extensions = w->extensions[i] };

        hc_buf_init(&w->der[i], &hc_alloc_libc, MOST);
        x509_make(&w->der[i], &spec);
    }
}

static void present(const br_x509_class **x, struct hc_str der, size_t piece)
{
    (*x)->start_cert(x, (uint32_t)der.n);
    while (der.n > 0) {
        size_t n = der.n < piece ? der.n : piece;

        (*x)->append(x, (const unsigned char *)der.p, n);
        der = hc_str_from(der, n);
    }
    (*x)->end_cert(x);
}

static unsigned present_all(const struct world *w, const br_x509_class **x,
                            const char *name, size_t piece)
{
    (*x)->start_chain(x, name);
    present(x, hc_buf_view(&w->der[LEAF]), piece);
    if ((w->flags & NO_MIDDLE) == 0)
        present(x, hc_buf_view(&w->der[MIDDLE]), piece);
    if ((w->flags & SENDS_ROOT) != 0)
        present(x, hc_buf_view(&w->der[ROOT]), piece);
    return (*x)->end_chain(x);
}

static unsigned ask_minimal(const struct world *w, const char *name)
{
    br_x509_minimal_context m;

    br_x509_minimal_init_full(&m, w->anchors.ta, w->anchors.n);
    br_x509_minimal_set_time(&m, (uint32_t)(NOW / HC_SECOND / 86400) + 719528,
                             1);
    return present_all(w, &m.vtable, name, MOST);
}

static unsigned ask_chain(const struct world *w, const char *host,
                          size_t piece)
{
    static struct hc_chain c;
    struct headcount_error e = { .code = 0 };

    must(hc_chain_init(&c, &w->anchors, hc_str(host), NOW, &hc_alloc_libc) ==
         0);
    unsigned verdict = present_all(w, &c.vtable, host, piece);

    must((verdict == 0) == (c.vtable->get_pkey(&c.vtable, NULL) != NULL));
    if (verdict != 0) {
        must(hc_chain_error(&c, (int)verdict, &e) == HEADCOUNT_ECERT);
        must(strncmp(e.what, host, strlen(host)) == 0);
    } else {
        must(c.fault == CHAIN_SOUND && c.until >= NOW && c.leaf_until >= NOW);
    }
    hc_chain_fini(&c);
    return verdict;
}

static void must_be_for(const struct world *w, const char *host)
{
    struct hc_cert leaf;

    must(hc_cert_get(&leaf, hc_buf_view(&w->der[LEAF])) == 0);
    must(leaf.unknown.n == 0 && leaf.has_san);
    must(!leaf.has_usage || leaf.is_server);
    must(!leaf.is_ca || (w->flags & IS_PINNED) != 0);
    must((w->flags & IS_IP) != 0
             ? hc_cert_has_ip(&leaf, (const unsigned char *)"\x0A\0\0\1", 4)
             : hc_cert_has_host(&leaf, hc_str(host)));
}

static void judge(const struct world *w, size_t piece)
{
    const char *host = (w->flags & IS_IP) != 0 ? "10.0.0.1" : "a.good.test";
    unsigned verdict = ask_chain(w, host, MOST);

    must(verdict == ask_chain(w, host, piece));
    if (verdict != 0)
        return;
    must_be_for(w, host);
    if ((w->flags & IS_PINNED) == 0) {
        unsigned other = ask_minimal(w, (w->flags & IS_IP) != 0 ? NULL : host);

        must(other == 0 || other == BR_ERR_X509_CRITICAL_EXTENSION);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_str rest = hc_str_n(data, size);
    struct world w = { .flags = size > 0 ? data[0] : 0 };
    struct hc_buf pem;

    if (size < 1 || size > MOST / 4)
        return 0;
    rest = hc_str_from(rest, 1);
    for (int i = 0; i < CERTS; i++)
        w.extensions[i] = cut(&rest);
    make_certs(&w);
    hc_buf_init(&pem, &hc_alloc_libc, 4 * MOST);
    x509_pem(&pem, hc_buf_view(&w.der[(w.flags & IS_PINNED) != 0 ? LEAF
                                                                  : ROOT]));
    if (hc_anchors_load_pem(&w.anchors, &hc_alloc_libc, hc_buf_view(&pem),
                            NULL) == 0)
        judge(&w, 1U + w.flags / 16);
    hc_anchors_fini(&w.anchors);
    hc_buf_fini(&pem);
    for (int i = 0; i < CERTS; i++)
        hc_buf_fini(&w.der[i]);
    return 0;
}
