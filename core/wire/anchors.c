/* wire/anchors.c - PEM bundles into BearSSL's trust anchors.
 *
 *   text --> lines --> base64 --> der --> wire/cert --> own, own_roots
 *
 * The grammar is that of RFC 7468, 3 (laxtextualmsg), for certificates alone:
 *
 *   -----BEGIN CERTIFICATE-----      or X509 CERTIFICATE
 *   base64, in lines of any length; blanks do not count
 *   -----END                         and whatever stands behind it
 *
 * Each anchor has one block of memory: its name, then the numbers of its key,
 * then its name constraints.  The block's length is not stored; anchors_block
 * computes it from the anchor.
 */
#include "wire/anchors.h"

#include <string.h>

#include "base/text.h"
#include "wire/cert.h"
#include "wire/constraints.h"
#include "wire/der.h"

/* One certificate on its way in. */
struct anchors_load {
    struct hc_anchors *a;
    size_t at;                    /* it is the at-th, from 1 on         */
    struct hc_buf der;            /* decoded so far                     */
    bool inside;                  /* a block that is a certificate      */
    unsigned four;                /* characters of a group of four,     */
    unsigned pads;                /* and the "=" that fill it up        */
    uint32_t bits;                /* of these characters                */
};

/* minimal has room for as many bytes of modulus and exponent. */
static bool anchors_trusts_key(const struct hc_cert *cert)
{
    return cert->curve != 0 ||
           (cert->is_rsa && cert->rsa_bits >= HC_ANCHORS_MIN_RSA &&
            cert->modulus.n + cert->exponent.n <= BR_X509_BUFSIZE_KEY);
}

static size_t anchors_block(const br_x509_trust_anchor *ta,
                            const struct hc_root *root)
{
    size_t n = ta->dn.len + root->constraints.n;

    if (ta->pkey.key_type == BR_KEYTYPE_RSA)
        return n + ta->pkey.key.rsa.nlen + ta->pkey.key.rsa.elen;
    return n + ta->pkey.key.ec.qlen;
}

/* Copies s to *at and moves *at behind it; where s stands now. */
static unsigned char *anchors_put(unsigned char **at, struct hc_str s)
{
    unsigned char *to = *at;

    if (s.n > 0)
        memcpy(to, s.p, s.n);
    *at += s.n;
    return to;
}

/* Copies name, key and constraints into one block that both then point into. */
static int anchors_copy(br_x509_trust_anchor *ta, struct hc_root *root,
                        const struct hc_cert *cert,
                        const struct hc_alloc *alloc)
{
    br_rsa_public_key *rsa = &ta->pkey.key.rsa;
    br_ec_public_key *ec = &ta->pkey.key.ec;
    unsigned char *at;

    ta->dn.len = cert->subject.n;
    ta->pkey.key_type = cert->is_rsa ? BR_KEYTYPE_RSA : BR_KEYTYPE_EC;
    if (cert->is_rsa) {
        rsa->nlen = cert->modulus.n;
        rsa->elen = cert->exponent.n;
    } else {
        ec->curve = cert->curve;
        ec->qlen = cert->point.n;
    }
    at = hc_alloc(alloc, anchors_block(ta, root));
    if (at == NULL)
        return HEADCOUNT_ENOMEM;
    ta->dn.data = anchors_put(&at, cert->subject);
    if (cert->is_rsa) {
        rsa->n = anchors_put(&at, cert->modulus);
        rsa->e = anchors_put(&at, cert->exponent);
    } else {
        ec->q = anchors_put(&at, cert->point);
    }
    root->constraints.p = (const char *)anchors_put(&at, root->constraints);
    return 0;
}

static int anchors_add(struct hc_anchors *a, struct hc_root *root,
                       const struct hc_cert *cert)
{
    br_x509_trust_anchor ta = { .flags = cert->is_ca ? BR_X509_TA_CA : 0 };
    int err = hc_grow(a->alloc, &a->own, &a->cap, a->n + 1, HC_ANCHORS_MAX,
                      sizeof(*a->own));

    if (err == 0)
        err = hc_grow(a->alloc, &a->own_roots, &a->roots_cap, a->n + 1,
                      HC_ANCHORS_MAX, sizeof(*a->own_roots));
    if (err == 0)
        err = anchors_copy(&ta, root, cert, a->alloc);
    if (err < 0)
        return err;
    a->own[a->n] = ta;
    a->own_roots[a->n] = *root;
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

/* Why it is no root, in `room` or static; NULL: it is one. */
static const char *anchors_fault(const struct hc_cert *cert, char *room,
                                 size_t cap)
{
    const struct hc_names none = { .kinds = 0 };
    struct hc_str about;
    char oid[40];
    int kind;

    if (!anchors_trusts_key(cert) && !cert->is_rsa)
        return "its key is of a kind that is not accepted";
    if (!anchors_trusts_key(cert)) {
        hc_fmt(room, cap, "its RSA key has %zu bits", cert->rsa_bits);
        return room;
    }
    if (cert->unknown.n > 0) {
        hc_der_oid(oid, sizeof oid, cert->unknown);
        hc_fmt(room, cap, "its critical extension %s is not understood here",
               oid);
        return room;
    }
    if (cert->is_ca && cert->is_nameless)
        return "it is a CA without a name";
    if (cert->has_constraints &&
        hc_constraints_check(cert->constraints, true, &none, &about, &kind) !=
            CONSTRAINT_MET)
        return "its name constraints cannot be read";
    return NULL;
}

static struct hc_root anchors_root(const struct anchors_load *l,
                                   const struct hc_cert *cert)
{
    struct hc_root root = {
        .not_after = cert->not_after,
        .constraints = cert->constraints,
        .is_constraints_critical = cert->is_constraints_critical,
        .is_no_signer = !cert->is_signer,
        .is_no_server = cert->has_usage && !cert->is_server && !cert->is_any,
        .path = cert->path + 1           /* UINT32_MAX, none, becomes 0 */
    };

    hc_sha256_of(root.hash, 0, hc_buf_view(&l->der));
    return root;
}

/* The certificate in l->der becomes an anchor, or counts as skipped. */
static int anchors_take(struct anchors_load *l)
{
    struct hc_cert cert;
    const char *fault;
    char room[100];

    if (hc_buf_error(&l->der) == HEADCOUNT_ENOMEM)
        return HEADCOUNT_ENOMEM;
    if (hc_buf_error(&l->der) < 0) {
        anchors_skip(l, NULL, "it has more than 64 KiB");
        return 0;
    }
    if (hc_cert_get(&cert, hc_buf_view(&l->der)) < 0) {
        anchors_skip(l, NULL, "it is damaged, or no X.509 certificate");
        return 0;
    }
    fault = anchors_fault(&cert, room, sizeof room);
    if (fault != NULL) {
        anchors_skip(l, &cert, fault);
        return 0;
    }

    struct hc_root root = anchors_root(l, &cert);

    return anchors_add(l->a, &root, &cert);
}

/* ---- base64 ---- */

/* From '+' to 'z', each one more than its value; 0: it has none. */
static const unsigned char anchors_digits[] =
    "\077\0\0\0\100\065\066\067\070\071\072\073\074\075\076\0\0\0\0\0"
    "\0\0\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020"
    "\021\022\023\024\025\026\027\030\031\032\0\0\0\0\0\0\033\034\035\036"
    "\037\040\041\042\043\044\045\046\047\050\051\052\053\054\055\056\057"
    "\060\061\062\063\064";

/* The whole bytes of a group to *to, which moves behind them. */
static void anchors_put_four(struct anchors_load *l, char **to)
{
    uint32_t bits = l->bits << 6 * (4 - l->four);

    for (unsigned i = 1; i < l->four; i++, bits <<= 8)
        *(*to)++ = (char)(bits >> 16 & 0xFF);
    l->four = 0;
    l->bits = 0;
}

/* False: it is no base64. */
static bool anchors_decode(struct anchors_load *l, struct hc_str line)
{
    char *room = hc_buf_room(&l->der, line.n / 4 * 3 + 3), *to = room;

    for (size_t i = 0; room != NULL && i < line.n; i++) {
        unsigned at = (unsigned char)line.p[i];
        unsigned digit = 0;

        if (at <= ' ')
            continue;
        if (at == '=') {
            l->pads++;
            continue;
        }
        at -= '+';
        if (at < sizeof anchors_digits - 1)
            digit = anchors_digits[at];
        if (digit == 0 || l->pads > 0)
            return false;
        l->bits = l->bits << 6 | (digit - 1);
        if (++l->four == 4)
            anchors_put_four(l, &to);
    }
    if (room != NULL)
        hc_buf_added(&l->der, (size_t)(to - room));
    return true;
}

/* Ends it: the last group is whole, or is filled up, and has no bit that
 * belongs to no byte. */
static bool anchors_decode_end(struct anchors_load *l)
{
    char last[3], *to = last;

    if (l->four + l->pads == 0)
        return true;
    if (l->four < 2 || l->four + l->pads != 4 ||
        (l->bits & (l->four == 2 ? 15 : 3)) != 0)
        return false;
    anchors_put_four(l, &to);
    hc_buf_put(&l->der, last, (size_t)(to - last));
    return true;
}

/* ---- blocks ---- */

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

/* A line that begins a block; *name is what it says of it. */
static bool anchors_begins(struct hc_str line, struct hc_str *name)
{
    const struct hc_str begin = HC_STR("-----BEGIN ");

    if (!hc_str_starts(line, begin))
        return false;
    *name = hc_str_from(line, begin.n);
    while (name->n > 0 && name->p[name->n - 1] == '-')
        name->n--;
    return true;
}

static bool anchors_is_certificate(struct hc_str name)
{
    return hc_str_eqi(name, HC_STR("CERTIFICATE")) ||
           hc_str_eqi(name, HC_STR("X509 CERTIFICATE"));
}

static void anchors_open(struct anchors_load *l, struct hc_str name)
{
    l->inside = anchors_is_certificate(name);
    l->at += l->inside ? 1 : 0;
    l->four = l->pads = 0;
    l->bits = 0;
    hc_buf_reset(&l->der);
}

/* A line of a block that is a certificate. */
static int anchors_take_line(struct anchors_load *l, struct hc_str line)
{
    bool ends = hc_str_starts(line, HC_STR("-----END "));

    if (ends ? anchors_decode_end(l) : anchors_decode(l, line)) {
        l->inside = !ends;
        return ends ? anchors_take(l) : 0;
    }
    anchors_skip(l, NULL, "what stands between its BEGIN and END lines is no "
                          "base64");
    l->inside = false;
    return 0;
}

/* Each BEGIN line begins a block, also inside another one: a block that breaks
 * off must not swallow the certificate after it. */
static int anchors_read(struct anchors_load *l, struct hc_str pem)
{
    static const char cut[] = "it breaks off before its END line";
    struct hc_str name;
    int err = 0;

    while (pem.n > 0 && err == 0) {
        struct hc_str line = anchors_line(&pem);

        if (anchors_begins(line, &name)) {
            if (l->inside)
                anchors_skip(l, NULL, cut);
            anchors_open(l, name);
        } else if (l->inside) {
            err = anchors_take_line(l, line);
        }
    }
    if (l->inside && err == 0)
        anchors_skip(l, NULL, cut);
    return err;
}

bool hc_anchors_look(struct hc_str start)
{
    struct hc_str name;

    while (start.n > 0)
        if (anchors_begins(anchors_line(&start), &name) &&
            anchors_is_certificate(name))
            return true;
    return false;
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
    if (pem.n <= HC_ANCHORS_PEM)
        err = anchors_read(&l, pem);
    hc_buf_fini(&l.der);
    if (err == 0 && a->n == 0)
        err = HEADCOUNT_ECONFIG;
    if (err < 0) {
        anchors_say(err, a, e);
        hc_anchors_fini(a);
        return err;
    }
    a->ta = a->own;
    a->root = a->own_roots;
    return 0;
}

void hc_anchors_fini(struct hc_anchors *a)
{
    for (size_t i = 0; a->own != NULL && i < a->n; i++)
        hc_free(a->alloc, a->own[i].dn.data,
                anchors_block(&a->own[i], &a->own_roots[i]));
    if (a->alloc != NULL) {
        hc_free(a->alloc, a->own, a->cap * sizeof(*a->own));
        hc_free(a->alloc, a->own_roots, a->roots_cap * sizeof(*a->own_roots));
    }
    *a = (struct hc_anchors){ 0 };
}
