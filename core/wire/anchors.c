/* wire/anchors.c - PEM bundles into BearSSL's trust anchors.
 *
 *   text --> BearSSL's PEM decoder --> der --+--> wire/cert (dates, NC)
 *                                            +--> br_x509_decoder (name, key)
 *                                                       |
 *                                     own[n], own_dates[n] <--+
 *
 * Each anchor has one block of memory: its name, then the numbers of its key.
 * The block's length is not stored; anchors_block computes it from the anchor.
 */
#include "wire/anchors.h"

#include <string.h>

#include "base/text.h"
#include "wire/cert.h"

/* One certificate on its way in. */
struct anchors_load {
    struct hc_anchors *a;
    size_t at;                    /* it is the at-th, from 1 on         */
    struct hc_buf der;            /* decoded so far                     */
    struct hc_buf dn;             /* its subject, from br_x509_decoder  */
    bool inside;                  /* a block that is a certificate      */
    int err;                      /* out of memory or room: stop        */
};

static void anchors_push(void *buf, const void *p, size_t n)
{
    hc_buf_put(buf, p, n);
}

/* Counts bits, without the zeros in front: a modulus of 2041 bits has as many
 * bytes as one of 2048. */
static bool anchors_trusts_rsa(const br_rsa_public_key *rsa)
{
    const unsigned char *p = rsa->n;
    size_t n = rsa->nlen;

    while (n > 0 && *p == 0) {
        p++;
        n--;
    }
    return n > HC_ANCHORS_MIN_RSA / 8 ||
           (n == HC_ANCHORS_MIN_RSA / 8 && (*p & 0x80) != 0);
}

static bool anchors_trusts_key(const br_x509_pkey *key)
{
    if (key->key_type == BR_KEYTYPE_RSA)
        return anchors_trusts_rsa(&key->key.rsa);
    int curve = key->key_type == BR_KEYTYPE_EC ? key->key.ec.curve : 0;

    return curve == BR_EC_secp256r1 || curve == BR_EC_secp384r1 ||
           curve == BR_EC_secp521r1;
}

static size_t anchors_block(const br_x509_trust_anchor *ta)
{
    if (ta->pkey.key_type == BR_KEYTYPE_RSA)
        return ta->dn.len + ta->pkey.key.rsa.nlen + ta->pkey.key.rsa.elen;
    return ta->dn.len + ta->pkey.key.ec.qlen;
}

/* Copies name and key into one block that `ta` then points into. */
static int anchors_copy(br_x509_trust_anchor *ta, const struct hc_alloc *alloc)
{
    unsigned char *p = hc_alloc(alloc, anchors_block(ta));

    if (p == NULL)
        return HEADCOUNT_ENOMEM;
    memcpy(p, ta->dn.data, ta->dn.len);
    ta->dn.data = p;
    p += ta->dn.len;
    if (ta->pkey.key_type == BR_KEYTYPE_RSA) {
        br_rsa_public_key *rsa = &ta->pkey.key.rsa;

        memcpy(p, rsa->n, rsa->nlen);
        memcpy(p + rsa->nlen, rsa->e, rsa->elen);
        rsa->n = p;
        rsa->e = p + rsa->nlen;
    } else {
        br_ec_public_key *ec = &ta->pkey.key.ec;

        memcpy(p, ec->q, ec->qlen);
        ec->q = p;
    }
    return 0;
}

static int anchors_add(struct hc_anchors *a, br_x509_trust_anchor *ta,
                       int64_t not_after)
{
    int err = hc_grow(a->alloc, &a->own, &a->cap, a->n + 1, HC_ANCHORS_MAX,
                      sizeof(*a->own));

    if (err == 0)
        err = hc_grow(a->alloc, &a->own_dates, &a->dates_cap, a->n + 1,
                      HC_ANCHORS_MAX, sizeof(*a->own_dates));
    if (err == 0)
        err = anchors_copy(ta, a->alloc);
    if (err < 0)
        return err;
    a->own[a->n] = *ta;
    a->own_dates[a->n] = not_after;
    a->n++;
    return 0;
}

/* ---- what is not taken ---- */

#define ANCHORS_NAMED 3

/* `cert` is what could be read of it, or NULL. */
static void anchors_skip(struct anchors_load *l, const struct hc_cert *cert,
                         const char *reason)
{
    struct hc_anchors *a = l->a;
    size_t n = strlen(a->why);
    char name[60];

    if (++a->skipped > ANCHORS_NAMED)
        return;
    if (cert != NULL)
        hc_cert_name(name, sizeof name, cert->subject);
    hc_fmt(a->why + n, sizeof a->why - n, "%scertificate %zu%s%s%s: %s",
           n > 0 ? "; " : "", l->at, cert != NULL ? " \"" : "",
           cert != NULL ? name : "", cert != NULL ? "\"" : "", reason);
}

/* Finds out why the certificate in l->der is no anchor, and notes it. */
static void anchors_refuse(struct anchors_load *l,
                           br_x509_decoder_context *decoder)
{
    int br_err = br_x509_decoder_last_error(decoder);
    struct hc_cert cert;
    char reason[80] = "its key is of a kind that is not accepted";
    bool key = br_err == 0 || br_err == BR_ERR_X509_UNSUPPORTED ||
               br_err == BR_ERR_X509_LIMIT_EXCEEDED;

    if (hc_buf_error(&l->der) < 0) {
        anchors_skip(l, NULL, "it has more than 64 KiB");
    } else if (hc_cert_get(&cert, hc_buf_view(&l->der)) < 0) {
        anchors_skip(l, NULL, "it is damaged, or no X.509 certificate");
    } else if (cert.has_constraints) {
        anchors_skip(l, &cert, "it has name constraints, which are not "
                     "checked here");
    } else if (!key) {
        anchors_skip(l, &cert, "it cannot be read");
    } else {
        if (cert.is_rsa)
            hc_fmt(reason, sizeof reason, "its RSA key has %zu bits",
                   cert.rsa_bits);
        anchors_skip(l, &cert, reason);
    }
}

/* The certificate in l->der becomes an anchor, or counts as skipped. */
static int anchors_take(struct anchors_load *l)
{
    br_x509_decoder_context decoder;
    const br_x509_pkey *key;
    struct hc_cert cert;

    if (hc_buf_error(&l->der) == HEADCOUNT_ENOMEM)
        return HEADCOUNT_ENOMEM;
    hc_buf_reset(&l->dn);
    br_x509_decoder_init(&decoder, anchors_push, &l->dn);
    if (l->der.n > 0)
        br_x509_decoder_push(&decoder, l->der.p, l->der.n);
    key = br_x509_decoder_get_pkey(&decoder);
    if (hc_buf_error(&l->dn) == HEADCOUNT_ENOMEM)
        return HEADCOUNT_ENOMEM;
    if (hc_buf_error(&l->der) < 0 || hc_buf_error(&l->dn) < 0 || key == NULL ||
        hc_cert_get(&cert, hc_buf_view(&l->der)) < 0 || cert.has_constraints ||
        !anchors_trusts_key(key)) {
        anchors_refuse(l, &decoder);
        return 0;
    }

    br_x509_trust_anchor ta = {
        { (unsigned char *)l->dn.p, l->dn.n },
        br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0,
        *key
    };

    return anchors_add(l->a, &ta, cert.not_after);
}

static void anchors_event(struct anchors_load *l, br_pem_decoder_context *pem)
{
    const char *name = br_pem_decoder_name(pem);

    switch (br_pem_decoder_event(pem)) {
    case BR_PEM_BEGIN_OBJ:
        l->inside = hc_str_eqz(HC_STR("CERTIFICATE"), name) ||
                    hc_str_eqz(HC_STR("X509 CERTIFICATE"), name);
        l->at += l->inside ? 1 : 0;
        hc_buf_reset(&l->der);
        br_pem_decoder_setdest(pem, l->inside ? anchors_push : NULL,
                               &l->der);
        break;
    case BR_PEM_END_OBJ:
        if (l->inside)
            l->err = anchors_take(l);
        l->inside = false;
        break;
    case BR_PEM_ERROR:
        if (l->inside)
            anchors_skip(l, NULL, "what stands between its BEGIN and END "
                         "lines is no base64");
        l->inside = false;
        break;
    }
}

static void anchors_push_line(struct anchors_load *l,
                              br_pem_decoder_context *pem, struct hc_str line)
{
    struct hc_str parts[] = { line, HC_STR("\n") };

    for (size_t i = 0; i < 2; i++)
        while (parts[i].n > 0 && l->err == 0) {
            size_t n = br_pem_decoder_push(pem, parts[i].p, parts[i].n);

            parts[i] = hc_str_from(parts[i], n);
            anchors_event(l, pem);
        }
}

/* The next line, without its end and the blanks and CRs before it.  In a bundle
 * that was put together from several files any line may begin with a BOM. */
static struct hc_str anchors_line(struct hc_str *pem)
{
    size_t n = hc_str_find(*pem, '\n');
    struct hc_str line = hc_str_n(pem->p, n);

    *pem = hc_str_from(*pem, n < pem->n ? n + 1 : n);
    while (line.n > 0 && (line.p[line.n - 1] == ' ' ||
                          line.p[line.n - 1] == '\t' ||
                          line.p[line.n - 1] == '\r'))
        line.n--;
    while (hc_str_starts(line, HC_STR("\xEF\xBB\xBF")))
        line = hc_str_from(line, 3);
    return line;
}

/* Each BEGIN line begins a block, also inside another one: a block that breaks
 * off must not swallow the certificate after it. */
static int anchors_read(struct anchors_load *l, struct hc_str pem)
{
    br_pem_decoder_context decoder;

    br_pem_decoder_init(&decoder);
    while (pem.n > 0 && l->err == 0) {
        struct hc_str line = anchors_line(&pem);

        if (hc_str_starts(line, HC_STR("-----BEGIN "))) {
            if (l->inside)
                anchors_skip(l, NULL, "it breaks off before its END line");
            l->inside = false;
            br_pem_decoder_init(&decoder);
        }
        anchors_push_line(l, &decoder, line);
    }
    if (l->inside && l->err == 0)
        anchors_skip(l, NULL, "it breaks off before its END line");
    return l->err;
}

static int anchors_say(int err, const struct hc_anchors *a,
                       struct headcount_error *e)
{
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory to load the CA bundle");
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, err,
                            "the CA bundle has more than %d certificates or "
                            "8 MiB: name a smaller one",
                            HC_ANCHORS_MAX);
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "the CA bundle has no usable certificate (%zu that "
                        "cannot be used%s%s): it has to be PEM, with RSA keys "
                        "of 2048 to 4096 bits or P-256, P-384, P-521",
                        a->skipped, a->skipped > 0 ? "; " : "", a->why);
}

int hc_anchors_load_pem(struct hc_anchors *a, const struct hc_alloc *alloc,
                        struct hc_str pem, struct headcount_error *e)
{
    struct anchors_load l = { .a = a };
    int err = HEADCOUNT_ELIMIT;

    *a = (struct hc_anchors){ .alloc = alloc };
    hc_buf_init(&l.der, alloc, HC_CERT_MAX);
    hc_buf_init(&l.dn, alloc, HC_CERT_MAX);
    if (pem.n <= HC_ANCHORS_PEM)
        err = anchors_read(&l, pem);
    hc_buf_fini(&l.der);
    hc_buf_fini(&l.dn);
    if (err == 0 && a->n == 0)
        err = HEADCOUNT_ECONFIG;
    if (err < 0) {
        anchors_say(err, a, e);
        hc_anchors_fini(a);
        return err;
    }
    a->ta = a->own;
    a->not_after = a->own_dates;
    return 0;
}

void hc_anchors_fini(struct hc_anchors *a)
{
    for (size_t i = 0; a->own != NULL && i < a->n; i++)
        hc_free(a->alloc, a->own[i].dn.data, anchors_block(&a->own[i]));
    if (a->alloc != NULL) {
        hc_free(a->alloc, a->own, a->cap * sizeof(*a->own));
        hc_free(a->alloc, a->own_dates, a->dates_cap * sizeof(*a->own_dates));
    }
    *a = (struct hc_anchors){ 0 };
}
