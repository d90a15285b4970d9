/* wire/chain.h - the server's certificate chain: is it to be trusted, and if
 * not, why?
 *
 * A br_x509 class of our own around br_x509_minimal, which verifies
 * signatures, validity, CA flags and the DNS name.  This class adds the checks
 * that BearSSL 0.6 leaves out, and those whose reason it does not tell:
 *
 * - every critical extension has to be one that is understood; key identifiers
 *   and the like, which help to find things, are not;
 * - name constraints, of roots too, hold for all names below them;
 * - an extended key usage has to have serverAuth, roots' path lengths and key
 *   usages count, a CA has to have a name;
 * - the name must stand in subjectAltName (never the common name), an IP
 *   literal as iPAddress;
 * - a server's certificate is no CA's, and trusted without an issuer only if it
 *   stands in the bundle byte for byte.
 */
#ifndef HC_WIRE_CHAIN_H
#define HC_WIRE_CHAIN_H

#include "base/clock.h"
#include "wire/anchors.h"
#include "wire/cert.h"

#define HC_CHAIN_HOST 255
#define HC_CHAIN_TEXT 96
#define HC_CHAIN_PATH 400
#define HC_CHAIN_DEPTH 10                /* certificates of one chain */

/* Our own reasons to refuse a chain. */
enum hc_chain_fault {
    CHAIN_SOUND,
    CHAIN_NO_MEMORY,
    CHAIN_TOO_BIG,           /* a certificate beyond HC_CERT_MAX bytes, or
                                more than HC_CHAIN_DEPTH of them          */
    CHAIN_UNREADABLE,
    CHAIN_CRITICAL,          /* an extension; its OID is in detail        */
    CHAIN_DATE,
    CHAIN_USAGE,             /* extended key usage lacks serverAuth       */
    CHAIN_NO_SAN,            /* a leaf without subjectAltName             */
    CHAIN_WRONG_NAME,        /* the host is not among its dNSNames        */
    CHAIN_WRONG_IP,          /* the literal is not among its iPAddresses  */
    CHAIN_WEAK_KEY,          /* RSA of fewer than 2048 bits: minimal counts
                                bytes                                     */
    CHAIN_LEAF_IS_CA,
    CHAIN_LEAF_CONSTRAINS,   /* name constraints of one that is no CA     */
    CHAIN_NAMELESS,          /* a CA without a subject                    */
    CHAIN_NO_CA,
    CHAIN_NO_SIGNER,         /* keyUsage lacks keyCertSign                */
    CHAIN_TOO_LONG,          /* pathLenConstraint                         */
    CHAIN_CONSTRAINTS        /* and a hc_constraint, CONSTRAINT_MET is none */
};

struct hc_chain {
    const br_x509_class *vtable;         /* first: what BearSSL sees      */
    const struct hc_anchors *anchors;
    const struct hc_alloc *alloc;
    br_x509_trust_anchor *fit;           /* the roots that the certificate
                                            coming in may lead to         */
    size_t fit_n, fit_cap;
    int fault;                           /* enum hc_chain_fault           */
    int root_fault;                      /* of one that does not fit      */
    unsigned cpu;                        /* base/cpu.h                    */
    bool begun;                          /* a chain was presented         */
    bool looks;                          /* at the certificate coming in  */
    bool self_signed;                    /* leaf names itself as issuer   */
    unsigned kinds;                      /* of these names                */
    size_t certs;                        /* presented so far              */
    int64_t wall;
    size_t ip_n;                         /* 4, 16; 0 = host is a name     */
    unsigned verdict;                    /* of end_chain: BR_ERR_X509_... */
    struct hc_buf der;                   /* the certificate coming in     */
    int64_t root_expired;                /* when that one did, 0: it did not */
    struct hc_buf names;                 /* GeneralNames of all so far    */
    unsigned char ip[16];
    int64_t until;                       /* earliest end of validity, the
                                            root's included               */
    int64_t not_before, not_after;       /* CHAIN_DATE: wall              */
    int64_t leaf_until;                  /* end of the leaf's validity, wall;
                                            0: no leaf was looked at      */
    size_t path_n;
    char subject[HC_CHAIN_TEXT];         /* of the certificate at fault,
                                            else of the leaf              */
    char issuer[HC_CHAIN_TEXT];          /* of the last one looked at     */
    char detail[HC_CHAIN_TEXT];          /* an OID, or a name at fault    */
    char host[HC_CHAIN_HOST + 1];
    char path[HC_CHAIN_PATH];            /* "LEAF < CA < ROOT", cut to fit:
                                            the leaf's name, and the issuer
                                            of each one looked at         */
    br_x509_minimal_context minimal;
};

/* host: a DNS name or an IP literal without brackets, 1..255 bytes,
 * else HEADCOUNT_EARG. */
int hc_chain_init(struct hc_chain *c, const struct hc_anchors *anchors,
                  struct hc_str host, int64_t wall,
                  const struct hc_alloc *alloc);
/* After init: what `cpu` (base/cpu.h) has computes the hashes. */
void hc_chain_compute(struct hc_chain *c, unsigned cpu);
void hc_chain_fini(struct hc_chain *c);
/* The sentence for an engine that failed with br_err (a BR_ERR_X509_... or
 * whatever this class answered); HEADCOUNT_ECERT or HEADCOUNT_ENOMEM. */
int hc_chain_error(const struct hc_chain *c, int br_err,
                   struct headcount_error *e);

#endif
