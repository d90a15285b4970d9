/* tests/fuzz/cert_fuzz.c - one certificate: what is read of it lies inside of
 * it, and it is the same when a byte behind it makes it none.  Its names are
 * checked against its own constraints, and against those of the input's rest.
 *
 * The input is a certificate; bytes behind it are constraints.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "wire/cert.h"
#include "wire/constraints.h"
#include "wire/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_lie_in(struct hc_str part, struct hc_str whole)
{
    must(part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
                         part.p + part.n <= whole.p + whole.n));
}

static void check_names(const struct hc_cert *c)
{
    const struct hc_names names = { c->san, c->kinds };
    unsigned char ip[16] = { 10, 0, 0, 1 };
    struct hc_str about = { NULL, 0 };
    char text[16];
    int kind = 0;

    hc_cert_name(text, sizeof text, c->subject);
    must(strlen(text) < sizeof text);
    hc_cert_name(text, 1, c->issuer);
    must(text[0] == '\0');
    hc_der_oid(text, sizeof text, c->unknown);
    must(strlen(text) < sizeof text);
    hc_cert_has_ip(c, ip, 4);
    hc_cert_has_ip(c, ip, 16);
    hc_cert_has_host(c, HC_STR("x.a.test"));
    must(!c->has_san || c->san.n == 0 || c->kinds != 0);
    enum hc_constraint says = hc_constraints_check(c->constraints, true,
                                                   &names, &about, &kind);

    must_lie_in(about, c->san);
    must(c->has_constraints || says == CONSTRAINT_BROKEN);
    if (says == CONSTRAINT_UNCHECKED)
        must(hc_constraints_check(c->constraints, false, &names, &about,
                                  &kind) != CONSTRAINT_UNCHECKED);
    if (says == CONSTRAINT_MET)
        must(hc_constraints_check(c->constraints, false, &names, &about,
                                  &kind) == CONSTRAINT_MET);
}

static void check_cert(const struct hc_cert *c, struct hc_str der)
{
    must_lie_in(c->issuer, der);
    must_lie_in(c->subject, der);
    must_lie_in(c->san, der);
    must_lie_in(c->constraints, der);
    must_lie_in(c->unknown, der);
    must_lie_in(c->modulus, der);
    must_lie_in(c->exponent, der);
    must_lie_in(c->point, der);
    for (int i = 0; i < 2; i++)
        must(c->critical[i] == NULL ||
             (c->critical[i] > der.p && c->critical[i] < der.p + der.n &&
              *c->critical[i] != 0));
    must(!c->is_rsa || (c->rsa_bits > 0 && c->rsa_bits <= c->modulus.n * 8));
    must(!c->is_rsa || c->curve == 0);
    check_names(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_str rest = hc_str_n(data, size), inside, about = { NULL, 0 };
    struct hc_str der = rest;
    struct hc_cert c, again;
    int kind = 0;

    if (hc_der_element(&rest, &inside) < 0)
        rest = hc_str_n(NULL, 0);
    der.n -= rest.n;
    char *copy = malloc(der.n + 1);

    must(copy != NULL);
    if (der.n > 0)
        memcpy(copy, der.p, der.n);
    copy[der.n] = 0;
    int err = hc_cert_get(&c, hc_str_n(copy, der.n));

    must(err == 0 || err == HEADCOUNT_ESYNTAX);
    must(err < 0 || hc_cert_get(&again, hc_str_n(copy, der.n + 1)) < 0);
    if (err == 0) {
        const struct hc_names names = { c.san, c.kinds };

        check_cert(&c, hc_str_n(copy, der.n));
        hc_constraints_check(rest, false, &names, &about, &kind);
        must_lie_in(about, c.san);
    }
    free(copy);
    return 0;
}
