/* tests/fuzz/sigv4_fuzz.c - a request that is signed has one line of each kind
 * in its canonical form, the same for its headers in any order; one that could
 * not be sent as it was signed is refused.
 *
 * The input: a byte of flags (1: the path is encoded twice, 2: it is
 * normalized), then lines: method, path, query, and headers as NAME:VALUE.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4_whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS 12

static void must(bool ok)
{
    if (!ok)
        abort();
}

static size_t lines_of(struct hc_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void sign(const struct hc_sigv4_request *r)
{
    struct hc_sigv4_key key;
    struct hc_sigv4_scope scope;
    const struct hc_identity who = { HC_STR("AKIDEXAMPLE"),
                                     HC_STR("a secret that is none"),
                                     HC_STR("") };
    struct hc_buf out;
    const struct whole s = { r, &scope, &who, &key };

    memset(&key, 0, sizeof key);
    hc_buf_init(&out, &hc_alloc_libc, (size_t)1 << 20);
    hc_sigv4_scope_init(&scope, 0, HC_STR("eu-west-1"), HC_STR("ecs"));
    must(whole_authorization(&out, &s, NULL) == 0);
    for (size_t i = 0; i < out.n; i++)
        must((unsigned char)out.p[i] >= ' ');
    must(hc_str_starts(hc_buf_view(&out), HC_STR("AWS4-HMAC-SHA256 ")));
    must(!hc_str_glob(HC_STR("*a secret that is none*"), hc_buf_view(&out)));
    hc_sigv4_key_wipe(&key);
    hc_buf_fini(&out);
}

/* The header at the end comes to the front. */
static void turn(struct hc_sigv4_header *headers, size_t n)
{
    struct hc_sigv4_header last = headers[n - 1];

    memmove(headers + 1, headers, (n - 1) * sizeof *headers);
    headers[0] = last;
}

static bool are_alike(const struct hc_sigv4_header *headers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (hc_str_eqi(headers[i].name, headers[k].name))
                return true;
    return false;
}

static void judge(struct hc_sigv4_request *r, struct hc_sigv4_header *headers)
{
    struct hc_buf one, two;
    struct headcount_error e = { .code = 0 };

    hc_buf_init(&one, &hc_alloc_libc, (size_t)1 << 20);
    hc_buf_init(&two, &hc_alloc_libc, (size_t)1 << 20);
    int err = hc_sigv4_canonical(&one, r, &e);

    must(err == 0 || e.what[0] != '\0');
    must(err == 0 || err == HEADCOUNT_EARG || err == HEADCOUNT_ELIMIT);
    if (err == 0) {
        sign(r);
        if (r->headers_n > 1 && !are_alike(headers, r->headers_n)) {
            turn(headers, r->headers_n);
            must(hc_sigv4_canonical(&two, r, NULL) == 0);
            must(hc_str_eq(hc_buf_view(&one), hc_buf_view(&two)));
            must(lines_of(hc_buf_view(&one)) ==
                 lines_of(r->method) + 5 + r->headers_n);
        }
    }
    hc_buf_fini(&one);
    hc_buf_fini(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_sigv4_header headers[HEADERS];
    char *copy = malloc(size + 1);
    struct hc_sigv4_request r = { .headers = headers,
                                  .payload = HC_STR("UNSIGNED-PAYLOAD") };

    must(copy != NULL);
    memcpy(copy, data, size);
    struct hc_str rest = hc_str_n(copy, size);

    if (size > 0) {
        r.double_encode = (data[0] & 1) != 0;
        r.normalize_path = (data[0] & 2) != 0;
        rest = hc_str_from(rest, 1);
    }
    r.method = hc_str_cut(&rest, '\n');
    r.path = hc_str_cut(&rest, '\n');
    r.query = hc_str_cut(&rest, '\n');
    while (rest.n > 0 && r.headers_n < HEADERS) {
        struct hc_str line = hc_str_cut(&rest, '\n');

        headers[r.headers_n].name = hc_str_cut(&line, ':');
        headers[r.headers_n++].value = line;
    }
    judge(&r, headers);
    free(copy);
    return 0;
}
