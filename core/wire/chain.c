/* wire/chain.c - a br_x509 class around br_x509_minimal.
 *
 *   engine --> start_chain, start_cert, append, end_cert ... --> minimal
 *                              |
 *                              +--> der --> wire/cert --> our own refusals
 *
 * Each certificate is collected while it comes in and looked at once it is
 * complete, up to the one whose issuer is a trust anchor: the certificates
 * after that one are no part of the path, and minimal does not read them
 * either.
 */
#include "wire/chain.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

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

static void chain_refuse(struct hc_chain *c, enum hc_chain_fault fault,
                         const struct hc_cert *cert)
{
    if (c->fault != CHAIN_SOUND)
        return;
    c->fault = fault;
    if (cert != NULL)
        hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
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
    c->minimal.vtable->start_cert(chain_inner(c), length);
}

static void chain_append(const br_x509_class **ctx, const unsigned char *p,
                         size_t n)
{
    struct hc_chain *c = chain_of(ctx);

    if (c->looks && c->fault == CHAIN_SOUND)
        hc_buf_put(&c->der, p, n);
    c->minimal.vtable->append(chain_inner(c), p, n);
}

static void chain_look_at_dates(struct hc_chain *c, const struct hc_cert *cert)
{
    c->until = hc_time_min(c->until, cert->not_after);
    if (c->out_of_date || (cert->not_before <= c->wall &&
                           c->wall <= hc_time_add(cert->not_after,
                                                  HC_SECOND - 1)))
        return;
    c->out_of_date = true;
    c->not_before = cert->not_before;
    c->not_after = cert->not_after;
    hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
}

static void chain_look_at_leaf(struct hc_chain *c, const struct hc_cert *cert)
{
    hc_cert_name(c->subject, sizeof(c->subject), cert->subject);
    c->leaf_until = cert->not_after;
    c->path_n = hc_fmt(c->path, sizeof c->path, "%s", c->subject);
    c->self_signed = hc_str_eq(cert->subject, cert->issuer);
    if (!cert->has_san)
        chain_refuse(c, CHAIN_NO_SAN, cert);
    else if (c->ip_n > 0 && !hc_cert_has_ip(cert, c->ip, c->ip_n))
        chain_refuse(c, CHAIN_WRONG_IP, cert);
    else if (c->ip_n == 0 && !hc_cert_has_host(cert, hc_str(c->host)))
        chain_refuse(c, CHAIN_WRONG_NAME, cert);
    if (cert->has_usage && !cert->is_server)
        chain_refuse(c, CHAIN_USAGE, cert);
}

static void chain_look(struct hc_chain *c, const struct hc_cert *cert)
{
    hc_cert_name(c->issuer, sizeof(c->issuer), cert->issuer);
    if (c->certs == 1)
        chain_look_at_leaf(c, cert);
    else if (cert->has_usage && !cert->is_server && !cert->is_any)
        chain_refuse(c, CHAIN_USAGE, cert);
    if (cert->has_constraints)
        chain_refuse(c, CHAIN_CONSTRAINED, cert);
    if (cert->is_rsa && cert->rsa_bits < HC_ANCHORS_MIN_RSA)
        chain_refuse(c, CHAIN_WEAK_KEY, cert);
    c->path_n += hc_fmt(c->path + c->path_n, sizeof c->path - c->path_n,
                        " < %s", c->issuer);
    chain_look_at_dates(c, cert);
}

/* Looks for the trusted root that issued this certificate, or for this
 * certificate itself among them (an anchor without the CA flag).  Several roots
 * may have that name.  BearSSL does not tell at which one the path ended, so of
 * those that are valid the one that expires first counts. */
static void chain_look_at_roots(struct hc_chain *c, const struct hc_cert *cert)
{
    const struct hc_anchors *a = c->anchors;

    for (size_t i = 0; i < a->n; i++) {
        const br_x509_trust_anchor *ta = &a->ta[i];
        bool is_ca = (ta->flags & BR_X509_TA_CA) != 0;

        if (!hc_str_eq(hc_str_n(ta->dn.data, ta->dn.len),
                       is_ca ? cert->issuer : cert->subject))
            continue;
        if (a->not_after[i] >= c->wall)
            c->until = hc_time_min(c->until, a->not_after[i]);
        else if (a->not_after[i] > c->root_expired)
            c->root_expired = a->not_after[i];
    }
}

static void chain_end_cert(const br_x509_class **ctx)
{
    struct hc_chain *c = chain_of(ctx);
    struct hc_cert cert;

    c->minimal.vtable->end_cert(chain_inner(c));
    if (!c->looks || c->fault != CHAIN_SOUND)
        return;
    if (hc_buf_error(&c->der) == HEADCOUNT_ENOMEM) {
        chain_refuse(c, CHAIN_NO_MEMORY, NULL);
    } else if (hc_cert_get(&cert, hc_buf_view(&c->der)) < 0) {
        chain_refuse(c, CHAIN_UNREADABLE, NULL);
    } else {
        chain_look(c, &cert);
        chain_look_at_roots(c, &cert);
    }
}

/* A refusal by minimal comes first; ours counts where minimal is content. */
static unsigned chain_end(const br_x509_class **ctx)
{
    struct hc_chain *c = chain_of(ctx);

    c->verdict = c->minimal.vtable->end_chain(chain_inner(c));
    hc_buf_fini(&c->der);
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
    memcpy(c->host, host.p, host.n);
    c->host[host.n] = '\0';
    if (inet_pton(AF_INET, c->host, c->ip) == 1)
        c->ip_n = 4;
    else if (inet_pton(AF_INET6, c->host, c->ip) == 1)
        c->ip_n = 16;
}

/* BearSSL does not check when a trust anchor expires, so it only gets those
 * that are valid now. */
static int chain_set_roots(struct hc_chain *c)
{
    const struct hc_anchors *a = c->anchors;
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++)
        n += a->not_after[i] >= c->wall;
    if (n < a->n && n > 0) {
        c->valid = hc_alloc_array(c->alloc, n, sizeof(*c->valid));
        if (c->valid == NULL)
            return HEADCOUNT_ENOMEM;
    }
    for (size_t i = 0; c->valid != NULL && i < a->n; i++)
        if (a->not_after[i] >= c->wall)
            c->valid[c->valid_n++] = a->ta[i];
    br_x509_minimal_init(&c->minimal, &br_sha256_vtable,
                         c->valid != NULL ? c->valid : a->ta, n);
    return 0;
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
    if (chain_set_roots(c) < 0)
        return HEADCOUNT_ENOMEM;
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

void hc_chain_fini(struct hc_chain *c)
{
    hc_buf_fini(&c->der);
    if (c->valid != NULL)
        hc_free(c->alloc, c->valid, c->valid_n * sizeof(*c->valid));
    c->valid = NULL;
}

/* ---- what to say ---- */

#define CHAIN_BUNDLE \
    "name the PEM file of the root with config.ca_bundle or AWS_CA_BUNDLE"

static void chain_day(char out[11], int64_t wall)
{
    char text[HC_RFC3339 + 1];

    hc_time_rfc3339(text, wall);
    memcpy(out, text, 10);
    out[10] = '\0';
}

static int chain_say_date(const struct hc_chain *c, struct headcount_error *e)
{
    char from[11], to[11], now[11];

    chain_day(from, c->not_before);
    chain_day(to, c->not_after);
    chain_day(now, c->wall);
    if (c->wall < c->not_before)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: the certificate of \"%s\" is not valid "
                            "before %s, and the clock here says %s: set the "
                            "clock if it is wrong, else wait or replace the "
                            "certificate there",
                            c->host, c->subject, from, now);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: the certificate of \"%s\" expired on %s, and the "
                        "clock here says %s: renew it there, or set the clock "
                        "if it is wrong",
                        c->host, c->subject, to, now);
}

static int chain_say_untrusted(const struct hc_chain *c,
                               struct headcount_error *e)
{
    if (c->self_signed)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: its certificate \"%s\" is self-signed and "
                            "none of the trusted roots: if it is yours, name "
                            "its PEM file with config.ca_bundle or "
                            "AWS_CA_BUNDLE",
                            c->host, c->subject);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate \"%s\" leads to the issuer "
                        "\"%s\", which is none of the trusted roots (or the "
                        "server left an intermediate out): " CHAIN_BUNDLE,
                        c->host, c->subject, c->issuer);
}

struct chain_sentence {
    int br_err;
    const char *text;
};

static const struct chain_sentence chain_sentences[] = {
    { BR_ERR_X509_EMPTY_CHAIN, "it sent no certificate: mend the server" },
    { BR_ERR_X509_BAD_SERVER_NAME,
      "that name is not in its certificate's subjectAltName: check the "
      "endpoint's name, or have the certificate issued for it" },
    { BR_ERR_X509_CRITICAL_EXTENSION,
      "its certificate has a critical extension that is not understood here, "
      "so it cannot be trusted: have it issued without" },
    { BR_ERR_X509_NOT_CA,
      "its certificate was issued by one that is no CA: have it issued by a "
      "real one" },
    { BR_ERR_X509_FORBIDDEN_KEY_USAGE,
      "its chain uses a key for what its keyUsage forbids: have it issued "
      "anew" },
    { BR_ERR_X509_WEAK_PUBLIC_KEY,
      "its certificate has an RSA key of fewer than 2048 bits: have it issued "
      "with a larger one" },
    { BR_ERR_X509_BAD_SIGNATURE,
      "a signature in its certificate chain is wrong: the chain is forged, "
      "damaged or out of order" },
    { BR_ERR_X509_DN_MISMATCH,
      "its certificates do not follow one another: have the server send leaf, "
      "then intermediates, in order" },
    { BR_ERR_X509_UNSUPPORTED,
      "its certificate uses a signature or key of a kind that is not accepted "
      "here (SHA-1, MD5, RSA-PSS, Ed25519): have it issued with SHA-256 and "
      "RSA PKCS#1 or ECDSA" },
    { BR_ERR_X509_LIMIT_EXCEEDED,
      "its certificate has a key of more than 4096 bits: have it issued with "
      "a smaller one" },
    { BR_ERR_X509_WRONG_KEY_TYPE,
      "its certificate was not signed with the kind of key its issuer has" }
};

static int chain_say_verdict(const struct hc_chain *c, int br_err,
                             struct headcount_error *e)
{
    const size_t n = sizeof(chain_sentences) / sizeof(chain_sentences[0]);

    for (size_t i = 0; i < n; i++)
        if (chain_sentences[i].br_err == br_err)
            return hc_error_set(e, HEADCOUNT_ECERT,
                                "%s: %s (certificate \"%s\")", c->host,
                                chain_sentences[i].text, c->subject);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate \"%s\" cannot be read (BearSSL "
                        "error %d): have it issued anew",
                        c->host, c->subject, br_err);
}

static int chain_say_root(const struct hc_chain *c, struct headcount_error *e)
{
    char to[11];

    chain_day(to, c->root_expired);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate \"%s\" leads to the root \"%s\" "
                        "of the trusted roots, which expired on %s: get a "
                        "newer bundle, or set the clock if it is wrong",
                        c->host, c->subject, c->issuer, to);
}

static int chain_say_fault(const struct hc_chain *c, struct headcount_error *e)
{
    const char *why = "";

    switch (c->fault) {
    case CHAIN_NO_MEMORY:
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "%s: no memory to keep its certificate", c->host);
    case CHAIN_TOO_BIG:
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: it sent a certificate of more "
                            "than 64 KiB, or more than ten of them",
                            c->host);
    case CHAIN_UNREADABLE:
        why = "cannot be read: have it issued anew";
        break;
    case CHAIN_CONSTRAINED:
        why = "is a CA with name constraints, which are not checked here: "
              "have the chain issued by a CA without";
        break;
    case CHAIN_USAGE:
        why = "is not for servers (extendedKeyUsage lacks serverAuth): have "
              "it issued with serverAuth";
        break;
    case CHAIN_NO_SAN:
        why = "has no subjectAltName (a common name does not count): have it "
              "issued with one";
        break;
    case CHAIN_WRONG_NAME:
        return chain_say_verdict(c, BR_ERR_X509_BAD_SERVER_NAME, e);
    case CHAIN_WEAK_KEY:
        return chain_say_verdict(c, BR_ERR_X509_WEAK_PUBLIC_KEY, e);
    case CHAIN_WRONG_IP:
        why = "does not name this address as an iPAddress in its "
              "subjectAltName: ask for the server by a name it has";
        break;
    case CHAIN_SOUND:
        break;
    }
    return hc_error_set(e, HEADCOUNT_ECERT, "%s: its certificate \"%s\" %s",
                        c->host, c->subject, why);
}

/* True if our own finding explains minimal's verdict better.  For minimal the
 * name constraints of a CA are an unknown critical extension, and a leaf
 * without SAN has a wrong name. */
static bool chain_fault_explains(const struct hc_chain *c, int br_err)
{
    return c->fault != CHAIN_SOUND &&
           (br_err == BR_ERR_X509_INVALID_VALUE ||
            br_err == BR_ERR_X509_CRITICAL_EXTENSION ||
            br_err == BR_ERR_X509_BAD_SERVER_NAME ||
            c->fault == CHAIN_NO_MEMORY || c->fault == CHAIN_TOO_BIG);
}

int hc_chain_error(const struct hc_chain *c, int br_err,
                   struct headcount_error *e)
{
    if (chain_fault_explains(c, br_err))
        return chain_say_fault(c, e);
    if (br_err == BR_ERR_X509_EXPIRED && c->out_of_date)
        return chain_say_date(c, e);
    if (br_err == BR_ERR_X509_NOT_TRUSTED && c->root_expired != 0)
        return chain_say_root(c, e);
    if (br_err == BR_ERR_X509_NOT_TRUSTED)
        return chain_say_untrusted(c, e);
    return chain_say_verdict(c, br_err, e);
}
