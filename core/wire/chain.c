/* wire/chain.c - a br_x509 class around br_x509_minimal.
 *
 *   engine --> start_chain, start_cert, append, end_cert ... --> minimal
 *                              |
 *                              +--> der --> wire/cert --> our own refusals
 *
 * Each certificate is collected while it comes in.  Once it is complete it is
 * looked at, up to the one whose issuer is a trust anchor, and then minimal
 * gets it, with the roots that may have issued it.  The certificates after that
 * one are no part of the path, and minimal does not read them either.
 *
 * minimal knows neither name constraints nor an extended key usage and refuses
 * them when critical.  Both are checked here, so minimal reads the byte that
 * says "critical" as 0, while the hash over the certificate gets it as it is.
 */
#include "wire/chain.h"

#include <string.h>

#include "base/text.h"
#include "wire/addr.h"
#include "wire/constraints.h"
#include "wire/der.h"

/* BearSSL counts days from 0000-01-01 (proleptic Gregorian). */
#define CHAIN_DAYS_TO_1970 719528
#define CHAIN_SECONDS_A_DAY 86400

static struct hc_chain *chain_of(const br_x509_class **ctx)
{
    return (struct hc_chain *)(void *)ctx;
}

static const br_x509_class **chain_inner(struct hc_chain *c)
{
    return &c->minimal.vtable;
}

static void chain_refuse(struct hc_chain *c, int fault,
                         const struct hc_cert *cert)
{
    if (c->fault != CHAIN_SOUND || fault == CHAIN_SOUND)
        return;
    c->fault = fault;
    if (cert != NULL)
        hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
    else
        hc_fmt(c->subject, sizeof(c->subject), "no. %zu", c->certs);
}

/* server_name is that of the SNI, which is not sent for an IP literal;
 * c->host is always the host that was asked for.  minimal would check no name
 * at all if it got NULL, so it gets that only for a literal, which
 * chain_look_at_leaf checks. */
static void chain_start(const br_x509_class **ctx, const char *server_name)
{
    struct hc_chain *c = chain_of(ctx);

    (void)server_name;
    c->begun = true;
    c->certs = 0;
    c->minimal.vtable->start_chain(chain_inner(c),
                                   c->ip_n > 0 ? NULL : c->host);
}

static void chain_start_cert(const br_x509_class **ctx, uint32_t length)
{
    struct hc_chain *c = chain_of(ctx);

    hc_buf_reset(&c->der);
    c->certs++;
    c->looks = c->minimal.err == 0 && c->fault == CHAIN_SOUND;
    if (c->looks && (length > HC_CERT_MAX || c->certs > HC_CHAIN_DEPTH))
        chain_refuse(c, CHAIN_TOO_BIG, NULL);
}

static void chain_append(const br_x509_class **ctx, const unsigned char *p,
                         size_t n)
{
    struct hc_chain *c = chain_of(ctx);

    if (c->looks && c->fault == CHAIN_SOUND)
        hc_buf_put(&c->der, p, n);
}

static bool chain_is_valid_now(struct hc_chain *c, const struct hc_cert *cert)
{
    c->until = hc_time_min(c->until, cert->not_after);
    c->not_before = cert->not_before;
    c->not_after = cert->not_after;
    return cert->not_before <= c->wall &&
           c->wall <= hc_time_add(cert->not_after, HC_SECOND - 1);
}

static bool chain_has_root(const struct hc_chain *c, struct hc_str name)
{
    for (size_t i = 0; i < c->anchors->n; i++)
        if (hc_str_eq(name, hc_str_n(c->anchors->ta[i].dn.data,
                                     c->anchors->ta[i].dn.len)))
            return true;
    return false;
}

/* A self-signed certificate that no root has the name of is a stranger rather
 * than a CA: minimal refuses it, and chain_say_untrusted says what to do. */
static bool chain_is_ca(const struct hc_chain *c, const struct hc_cert *cert)
{
    return cert->is_ca &&
           (!c->self_signed || chain_has_root(c, cert->subject));
}

static void chain_look_at_leaf(struct hc_chain *c, const struct hc_cert *cert,
                               bool is_pinned)
{
    c->self_signed = hc_str_eq(cert->subject, cert->issuer);
    if (!cert->has_san)
        chain_refuse(c, CHAIN_NO_SAN, cert);
    else if (c->ip_n > 0 && !hc_cert_has_ip(cert, c->ip, c->ip_n))
        chain_refuse(c, CHAIN_WRONG_IP, cert);
    else if (c->ip_n == 0 && !hc_cert_has_host(cert, hc_str(c->host)))
        chain_refuse(c, CHAIN_WRONG_NAME, cert);
    if (cert->has_usage && !cert->is_server)
        chain_refuse(c, CHAIN_USAGE, cert);
    if (!is_pinned && cert->has_constraints && !cert->is_ca)
        chain_refuse(c, CHAIN_LEAF_CONSTRAINS, cert);
    if (!is_pinned && chain_is_ca(c, cert))
        chain_refuse(c, CHAIN_LEAF_IS_CA, cert);
}

/* The name at fault as text. */
static void chain_note_name(struct hc_chain *c, int kind, struct hc_str name)
{
    struct hc_addr addr = { .family = name.n == 16 ? 6 : 4 };

    if (kind == NAME_IP && (name.n == 4 || name.n == 16)) {
        memcpy(addr.ip, name.p, name.n);
        hc_addr_put(c->detail, &addr);
    } else {
        hc_cert_text(c->detail, sizeof(c->detail),
                     kind == NAME_DNS || kind == NAME_IP
                         ? name : hc_str(hc_constraints_kind(kind)));
    }
}

/* CHAIN_SOUND, or what these constraints say to the names so far. */
static int chain_constrain(struct hc_chain *c, struct hc_str value,
                           bool critical)
{
    const struct hc_names names = { hc_buf_view(&c->names), c->kinds };
    struct hc_str about = { NULL, 0 };
    int kind = 0;
    enum hc_constraint says = hc_constraints_check(value, critical, &names,
                                                   &about, &kind);

    if (says == CONSTRAINT_MET)
        return CHAIN_SOUND;
    chain_note_name(c, kind, about);
    return CHAIN_CONSTRAINTS + (int)says;
}

/* `below` is the number of CAs below this one. */
static void chain_look_at_ca(struct hc_chain *c, const struct hc_cert *cert,
                             size_t below)
{
    if (!cert->is_ca)
        chain_refuse(c, CHAIN_NO_CA, cert);
    if (cert->is_nameless)
        chain_refuse(c, CHAIN_NAMELESS, cert);
    if (!cert->is_signer)
        chain_refuse(c, CHAIN_NO_SIGNER, cert);
    if (cert->has_usage && !cert->is_server && !cert->is_any)
        chain_refuse(c, CHAIN_USAGE, cert);
    if (below > cert->path)
        chain_refuse(c, CHAIN_TOO_LONG, cert);
    if (cert->has_constraints && c->fault == CHAIN_SOUND)
        chain_refuse(c, chain_constrain(c, cert->constraints,
                                        cert->is_constraints_critical), cert);
}

/* Adds the names that CAs above have to be allowed to issue for.  A CA that
 * issued for itself, to change its key, is free (RFC 5280, 6.1.4 b). */
static void chain_add_names(struct hc_chain *c, const struct hc_cert *cert)
{
    if (c->certs > 1 && hc_str_eq(cert->subject, cert->issuer))
        return;
    hc_buf_str(&c->names, cert->san);
    c->kinds |= cert->kinds;
    if (hc_buf_error(&c->names) < 0)
        chain_refuse(c, hc_buf_error(&c->names) == HEADCOUNT_ENOMEM
                            ? CHAIN_NO_MEMORY : CHAIN_TOO_BIG, NULL);
}

static void chain_look(struct hc_chain *c, const struct hc_cert *cert,
                       bool is_pinned)
{
    hc_cert_name(c->issuer, sizeof(c->issuer), cert->issuer);
    if (c->certs == 1) {
        hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
        c->leaf_until = cert->not_after;
        c->path_n = hc_fmt(c->path, sizeof c->path, "%s", c->subject);
    }
    c->path_n += hc_fmt(c->path + c->path_n, sizeof c->path - c->path_n,
                        " < %s", c->issuer);
    if (!chain_is_valid_now(c, cert))
        chain_refuse(c, CHAIN_DATE, cert);
    if (cert->unknown.n > 0 && c->fault == CHAIN_SOUND) {
        hc_der_oid(c->detail, sizeof(c->detail), cert->unknown);
        chain_refuse(c, CHAIN_CRITICAL, cert);
    }
    if (c->certs == 1)
        chain_look_at_leaf(c, cert, is_pinned);
    else
        chain_look_at_ca(c, cert, c->certs - 2);
    if (cert->is_rsa && cert->rsa_bits < HC_ANCHORS_MIN_RSA)
        chain_refuse(c, CHAIN_WEAK_KEY, cert);
    chain_add_names(c, cert);
}

/* ---- roots ---- */

static int chain_root_fault(struct hc_chain *c, size_t i)
{
    const struct hc_root *root = &c->anchors->root[i];

    if ((c->anchors->ta[i].flags & BR_X509_TA_CA) == 0)
        return CHAIN_NO_CA;
    if (root->not_after < c->wall)
        return CHAIN_DATE;
    if (root->is_no_signer)
        return CHAIN_NO_SIGNER;
    if (root->is_no_server)
        return CHAIN_USAGE;
    if (root->path != 0 && c->certs > root->path)
        return CHAIN_TOO_LONG;
    return root->constraints.n == 0
               ? CHAIN_SOUND
               : chain_constrain(c, root->constraints,
                                 root->is_constraints_critical);
}

static void chain_add_root(struct hc_chain *c, size_t i, unsigned flags)
{
    int err = hc_grow(c->alloc, &c->fit, &c->fit_cap, c->fit_n + 1,
                      HC_ANCHORS_MAX, sizeof(*c->fit));

    if (err < 0) {
        chain_refuse(c, CHAIN_NO_MEMORY, NULL);
        return;
    }
    c->fit[c->fit_n] = c->anchors->ta[i];
    c->fit[c->fit_n++].flags = flags;
    c->until = hc_time_min(c->until, c->anchors->root[i].not_after);
}

/* Collects the trusted roots with the issuer's name that fit to what stands
 * below them.  Several may have that name: one that fits and signed is enough,
 * and since minimal does not tell which it was, the one that expires first
 * counts. */
static void chain_find_roots(struct hc_chain *c, const struct hc_cert *cert)
{
    const struct hc_anchors *a = c->anchors;

    for (size_t i = 0; i < a->n && c->fault == CHAIN_SOUND; i++) {
        if (!hc_str_eq(hc_str_n(a->ta[i].dn.data, a->ta[i].dn.len),
                       cert->issuer))
            continue;
        int fault = chain_root_fault(c, i);

        if (fault == CHAIN_SOUND) {
            chain_add_root(c, i, BR_X509_TA_CA);
            continue;
        }
        if (fault == CHAIN_NO_CA && c->self_signed)
            continue;                    /* its namesake issued nothing */
        c->root_fault = fault;
        if (fault == CHAIN_DATE && a->root[i].not_after > c->root_expired)
            c->root_expired = a->root[i].not_after;
    }
}

/* Looks for the leaf itself among the certificates of the bundle.  minimal
 * then trusts it directly: to it an anchor that is no CA is a server's. */
static bool chain_find_leaf(struct hc_chain *c)
{
    unsigned char hash[HC_SHA256];

    if (c->certs > 1 || c->anchors->own == NULL)
        return false;
    hc_sha256_of(hash, c->cpu, hc_buf_view(&c->der));
    for (size_t i = 0; i < c->anchors->n; i++)
        if (memcmp(hash, c->anchors->root[i].hash, sizeof(hash)) == 0) {
            chain_add_root(c, i, 0);
            return true;
        }
    return false;
}

/* ---- a certificate is complete ---- */

static void chain_push(struct hc_chain *c, const char *from, const char *to)
{
    if (to > from)
        c->minimal.vtable->append(chain_inner(c), (const unsigned char *)from,
                                  (size_t)(to - from));
}

/* minimal reads 0 instead of the byte at p, and hashes that byte. */
static void chain_push_uncritical(struct hc_chain *c, const char *p)
{
    const unsigned char no = 0;
    bool hashes = c->minimal.do_mhash != 0;

    c->minimal.do_mhash = 0;
    c->minimal.vtable->append(chain_inner(c), &no, 1);
    c->minimal.do_mhash = hashes;
    if (hashes)
        br_multihash_update(&c->minimal.mhash, p, 1);
}

static void chain_give(struct hc_chain *c, const struct hc_cert *cert)
{
    struct hc_str der = hc_buf_view(&c->der);
    const char *end = der.p + der.n;

    c->minimal.trust_anchors = c->fit;
    c->minimal.trust_anchors_num = c->fit_n;
    c->minimal.vtable->start_cert(chain_inner(c), (uint32_t)der.n);
    while (der.p < end) {
        const char *next = end;

        for (size_t i = 0; i < 2; i++)
            if (cert->critical[i] != NULL && cert->critical[i] >= der.p &&
                cert->critical[i] < next)
                next = cert->critical[i];
        chain_push(c, der.p, next);
        if (next < end)
            chain_push_uncritical(c, next++);
        der.p = next;
    }
    c->minimal.vtable->end_cert(chain_inner(c));
}

/* minimal refused this certificate, unless the fault is a signature's, which is
 * in the one before. */
static void chain_note_refused(struct hc_chain *c, const struct hc_cert *cert)
{
    int err = c->minimal.err;

    if (c->fault == CHAIN_SOUND && err != 0 && err != BR_ERR_X509_OK &&
        err != BR_ERR_X509_BAD_SIGNATURE && err != BR_ERR_X509_DN_MISMATCH &&
        err != BR_ERR_X509_WRONG_KEY_TYPE)
        hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
}

static void chain_end_cert(const br_x509_class **ctx)
{
    struct hc_chain *c = chain_of(ctx);
    struct hc_cert cert;
    bool is_pinned;

    if (!c->looks || c->fault != CHAIN_SOUND)
        return;
    c->fit_n = 0;
    c->root_fault = CHAIN_SOUND;
    c->root_expired = 0;
    if (hc_buf_error(&c->der) == HEADCOUNT_ENOMEM) {
        chain_refuse(c, CHAIN_NO_MEMORY, NULL);
        return;
    }
    if (hc_cert_get(&cert, hc_buf_view(&c->der)) < 0) {
        chain_refuse(c, CHAIN_UNREADABLE, NULL);
        return;
    }
    is_pinned = chain_find_leaf(c);
    chain_look(c, &cert, is_pinned);
    if (!is_pinned)
        chain_find_roots(c, &cert);
    chain_give(c, &cert);
    chain_note_refused(c, &cert);
}

static unsigned chain_end(const br_x509_class **ctx)
{
    struct hc_chain *c = chain_of(ctx);

    c->verdict = c->minimal.vtable->end_chain(chain_inner(c));
    hc_buf_fini(&c->der);
    hc_buf_fini(&c->names);
    if (c->verdict == BR_ERR_X509_NOT_TRUSTED && c->fault == CHAIN_SOUND &&
        c->root_fault != CHAIN_SOUND) {
        c->fault = c->root_fault;
        memcpy(c->subject, c->issuer, sizeof(c->subject));
    }
    if (c->verdict == 0 && c->fault != CHAIN_SOUND)
        c->verdict = BR_ERR_X509_INVALID_VALUE;
    return c->verdict;
}

static const br_x509_pkey *chain_key(const br_x509_class *const *ctx,
                                     unsigned *usages)
{
    const struct hc_chain *c = (const struct hc_chain *)(const void *)ctx;

    if (c->fault != CHAIN_SOUND || c->verdict != 0)
        return NULL;
    return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
}

static const br_x509_class chain_class = {
    sizeof(struct hc_chain), chain_start, chain_start_cert, chain_append,
    chain_end_cert, chain_end, chain_key
};

/* Never 0 days: BearSSL would take that as "not set" and ask the system. */
static void chain_set_time(struct hc_chain *c)
{
    int64_t seconds = c->wall > 0 ? c->wall / HC_SECOND : 0;
    int64_t days = seconds / CHAIN_SECONDS_A_DAY + CHAIN_DAYS_TO_1970;

    br_x509_minimal_set_time(&c->minimal,
                             days < UINT32_MAX ? (uint32_t)days : UINT32_MAX,
                             (uint32_t)(seconds % CHAIN_SECONDS_A_DAY));
}

static void chain_set_host(struct hc_chain *c, struct hc_str host)
{
    struct hc_addr addr;

    memcpy(c->host, host.p, host.n);
    c->host[host.n] = '\0';
    if (!hc_addr_get(&addr, host))
        return;
    memcpy(c->ip, addr.ip, sizeof(c->ip));
    c->ip_n = addr.family == 6 ? 16 : 4;
}

int hc_chain_init(struct hc_chain *c, const struct hc_anchors *anchors,
                  struct hc_str host, int64_t wall,
                  const struct hc_alloc *alloc)
{
    if (host.n == 0 || host.n > HC_CHAIN_HOST ||
        memchr(host.p, '\0', host.n) != NULL)
        return HEADCOUNT_EARG;
    memset(c, 0, sizeof(*c));
    c->vtable = &chain_class;
    c->anchors = anchors;
    c->wall = wall;
    c->until = HC_NEVER;
    c->alloc = alloc;
    hc_buf_init(&c->der, alloc, HC_CERT_MAX);
    hc_buf_init(&c->names, alloc, HC_CERT_MAX);
    br_x509_minimal_init(&c->minimal, &br_sha256_vtable, NULL, 0);
    br_x509_minimal_set_hash(&c->minimal, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(&c->minimal, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(&c->minimal, br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_rsa(&c->minimal, br_rsa_pkcs1_vrfy_get_default());
    br_x509_minimal_set_ecdsa(&c->minimal, br_ec_get_default(),
                              br_ecdsa_vrfy_asn1_get_default());
    br_x509_minimal_set_minrsa(&c->minimal, HC_ANCHORS_MIN_RSA / 8);
    chain_set_host(c, host);
    chain_set_time(c);
    return 0;
}

void hc_chain_compute(struct hc_chain *c, unsigned cpu)
{
    c->cpu = cpu;
    c->minimal.dn_hash_impl = hc_sha256_class(cpu);
    br_x509_minimal_set_hash(&c->minimal, br_sha256_ID, hc_sha256_class(cpu));
}

void hc_chain_fini(struct hc_chain *c)
{
    hc_buf_fini(&c->der);
    hc_buf_fini(&c->names);
    if (c->fit != NULL)
        hc_free(c->alloc, c->fit, c->fit_cap * sizeof(*c->fit));
    c->fit = NULL;
}
