/* tests/system/chains.c - for test_chains.py.  Lines in, lines out:
 *
 *   ROOTS.pem CHAIN.pem HOST SECONDS  ->  "good", or the reason
 *
 * Each chain is judged as the TLS engine has it judged, at that time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/anchors.h"
#include "wire/chain.h"

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);

    if (f == NULL || text == NULL)
        abort();
    *n = fread(text, 1, 1 << 20, f);
    fclose(f);
    return text;
}

static void push(void *to, const void *p, size_t n)
{
    hc_buf_put(to, p, n);
}

static void give(struct hc_chain *c, struct hc_str der)
{
    c->vtable->start_cert(&c->vtable, (uint32_t)der.n);
    c->vtable->append(&c->vtable, (const unsigned char *)der.p, der.n);
    c->vtable->end_cert(&c->vtable);
}

static void give_all(struct hc_chain *c, const char *path)
{
    br_pem_decoder_context pem;
    struct hc_buf der;
    size_t n;
    char *text = slurp(path, &n);

    hc_buf_init(&der, &hc_alloc_libc, 1 << 20);
    br_pem_decoder_init(&pem);
    for (size_t at = 0; at < n;) {
        at += br_pem_decoder_push(&pem, text + at, n - at);
        switch (br_pem_decoder_event(&pem)) {
        case BR_PEM_BEGIN_OBJ:
            hc_buf_reset(&der);
            br_pem_decoder_setdest(&pem, push, &der);
            break;
        case BR_PEM_END_OBJ:
            give(c, hc_buf_view(&der));
            break;
        }
    }
    hc_buf_fini(&der);
    free(text);
}

static void judge(const char *roots, const char *chain, const char *host,
                  int64_t seconds)
{
    static struct hc_chain c;
    struct hc_anchors a;
    struct headcount_error e = { .code = 0 };
    size_t n;
    char *pem = slurp(roots, &n);

    if (hc_anchors_load_pem(&a, &hc_alloc_libc, hc_str_n(pem, n), &e) < 0) {
        printf("bundle: %s\n", e.what);
        free(pem);
        return;
    }
    if (hc_chain_init(&c, &a, hc_str(host), seconds * HC_SECOND,
                      &hc_alloc_libc) < 0)
        abort();
    c.vtable->start_chain(&c.vtable, NULL);
    give_all(&c, chain);
    unsigned verdict = c.vtable->end_chain(&c.vtable);

    if (verdict != 0)
        hc_chain_error(&c, (int)verdict, &e);
    if ((verdict == 0) != (c.vtable->get_pkey(&c.vtable, NULL) != NULL))
        abort();
    puts(verdict == 0 ? "good" : e.what);
    hc_chain_fini(&c);
    hc_anchors_fini(&a);
    free(pem);
}

int main(void)
{
    char roots[300], chain[300], host[300];
    long long seconds;

    while (scanf("%299s %299s %299s %lld", roots, chain, host, &seconds) == 4)
        judge(roots, chain, host, seconds);
    return 0;
}
