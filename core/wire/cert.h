/* wire/cert.h - the few fields of one X.509 certificate that BearSSL does not
 * tell (RFC 5280, 4.1): validity, names as text, and extensions.
 *
 * A reader of DER, not a judge: signatures are BearSSL's.  The input may be
 * anything at all.
 */
#ifndef HC_WIRE_CERT_H
#define HC_WIRE_CERT_H

#include <bearssl.h>

#include "base/clock.h"

#define HC_CERT_MAX ((size_t)64 << 10)

struct hc_cert {                     /* all spans lie in the input */
    struct hc_str issuer, subject;   /* DER of the whole Name      */
    int64_t not_before, not_after;   /* wall, microseconds         */
    struct hc_str san;               /* inside of GeneralNames     */
    struct hc_str constraints;       /* value of nameConstraints   */
    struct hc_str unknown;           /* OID of the first extension that is
                                        critical and not one of those that
                                        this file or BearSSL minds */
    const char *critical[2];         /* that byte of nameConstraints and of
                                        extKeyUsage, where it is true */
    unsigned kinds;                  /* of names, see constraints.h; those
                                        in the subject included    */
    bool has_san, has_usage, has_constraints;
    bool is_constraints_critical;
    bool is_server, is_any;          /* extKeyUsage: serverAuth, any */
    bool is_ca;                      /* basicConstraints           */
    bool is_signer;                  /* keyUsage has keyCertSign, or there
                                        is no keyUsage             */
    bool is_nameless;                /* the subject is empty       */
    uint32_t path;                   /* CAs that may follow; UINT32_MAX: as
                                        many as there are          */
    bool is_rsa;
    size_t rsa_bits;                 /* of the modulus             */
    struct hc_str modulus, exponent; /* of RSA, no zeros in front  */
    int curve;                       /* BR_EC_secp256r1, 384 or 521, else
                                        0: a key of another kind   */
    struct hc_str point;             /* of the curve, uncompressed */
};

/* HEADCOUNT_ESYNTAX if it is no certificate that we can read. */
int hc_cert_get(struct hc_cert *c, struct hc_str der);
/* True if iPAddress `ip` (n is 4 or 16) is among the names. */
bool hc_cert_has_ip(const struct hc_cert *c, const unsigned char *ip, size_t n);
/* True if `host` (no IP literal, no trailing dot) is among the dNSNames: ASCII
 * case folded, a '*' only as the whole leftmost label, for exactly one label
 * of the host (RFC 9525, 6.3). */
bool hc_cert_has_host(const struct hc_cert *c, struct hc_str host);
/* Copies what is printable ASCII, cut to fit, and '?' for each other byte. */
void hc_cert_text(char *out, size_t cap, struct hc_str text);
/* The commonName of a DER Name, else its organization, else "(no name)"; as
 * hc_cert_text gives it. */
void hc_cert_name(char *out, size_t cap, struct hc_str name);

#endif
