/* wire/chain.h - the server's certificate chain: is it to be trusted, and if
 * not, why?
 *
 * A br_x509 class of our own around br_x509_minimal, which verifies
 * signatures, validity, CA flags and the DNS name.  This class adds the checks
 * that BearSSL 0.6 leaves out: name constraints (critical or not), an extended
 * key usage without serverAuth and an expired root are refused; the name must
 * stand in subjectAltName (never the common name; minimal would not look at all
 * where a bundle holds the server's own certificate), an IP literal as
 * iPAddress.
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

/* The reasons to refuse a chain that BearSSL accepts. */
enum hc_chain_fault {
    CHAIN_SOUND,
    CHAIN_NO_MEMORY,
    CHAIN_TOO_BIG,           /* a certificate beyond HC_CERT_MAX bytes, or
                                more than HC_CHAIN_DEPTH of them          */
    CHAIN_UNREADABLE,
    CHAIN_CONSTRAINED,       /* a CA with name constraints                */
    CHAIN_USAGE,             /* extended key usage lacks serverAuth       */
    CHAIN_NO_SAN,            /* a leaf without subjectAltName             */
    CHAIN_WRONG_NAME,        /* the host is not among its dNSNames        */
    CHAIN_WRONG_IP,          /* the literal is not among its iPAddresses  */
    CHAIN_WEAK_KEY           /* RSA of fewer than 2048 bits: minimal counts
                                bytes                                     */
};

struct hc_chain {
    const br_x509_class *vtable;         /* first: what BearSSL sees      */
    br_x509_minimal_context minimal;
    const struct hc_anchors *anchors;
    const struct hc_alloc *alloc;
    br_x509_trust_anchor *valid;         /* those that are not expired; NULL:
                                            all of them                   */
    size_t valid_n;
    int64_t root_expired;                /* when a root that was named did,
                                            0: none                       */
    char host[HC_CHAIN_HOST + 1];
    size_t ip_n;                         /* 4, 16; 0 = host is a name     */
    unsigned char ip[16];
    int64_t wall;
    struct hc_buf der;                   /* the certificate coming in     */
    bool begun;                          /* a chain was presented         */
    bool looks;                          /* at the certificate coming in  */
    size_t certs;                        /* presented so far              */
    enum hc_chain_fault fault;
    unsigned verdict;                    /* of end_chain: BR_ERR_X509_... */
    int64_t until;                       /* earliest end of validity, the
                                            root's included               */
    int64_t not_before, not_after;       /* of the first certificate that is
                                            outside its validity, wall    */
    bool out_of_date;
    bool self_signed;                    /* leaf names itself as issuer   */
    char subject[HC_CHAIN_TEXT];         /* of the certificate at fault,
                                            else of the leaf              */
    char issuer[HC_CHAIN_TEXT];          /* of the last one looked at     */
    int64_t leaf_until;                  /* end of the leaf's validity, wall;
                                            0: no leaf was looked at      */
    char path[HC_CHAIN_PATH];            /* "LEAF < CA < ROOT", cut to fit:
                                            the leaf's name, and the issuer
                                            of each one looked at         */
    size_t path_n;
};

/* host: a DNS name or an IP literal without brackets, 1..255 bytes;
 * HEADCOUNT_EARG, HEADCOUNT_ENOMEM. The hashes, RSA and EC code are set by
 * the caller on `minimal`. */
int hc_chain_init(struct hc_chain *c, const struct hc_anchors *anchors,
                  struct hc_str host, int64_t wall,
                  const struct hc_alloc *alloc);
void hc_chain_fini(struct hc_chain *c);
/* The sentence for an engine that failed with br_err (a BR_ERR_X509_... or
 * whatever this class answered); HEADCOUNT_ECERT or HEADCOUNT_ENOMEM. */
int hc_chain_error(const struct hc_chain *c, int br_err,
                   struct headcount_error *e);

#endif
