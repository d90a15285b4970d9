/* wire/cert.h - the few fields of one X.509 certificate that BearSSL does not
 * tell (RFC 5280, 4.1): validity, names as text, and four extensions.
 *
 * A reader of DER, not a judge: signatures are BearSSL's.  The input may be
 * anything at all.
 */
#ifndef HC_WIRE_CERT_H
#define HC_WIRE_CERT_H

#include "base/clock.h"

#define HC_CERT_MAX ((size_t)64 << 10)

struct hc_cert {                     /* all spans lie in the input */
    struct hc_str issuer, subject;   /* DER of the whole Name      */
    int64_t not_before, not_after;   /* wall, microseconds         */
    struct hc_str san;               /* inside of GeneralNames     */
    bool has_san, has_usage, has_constraints;
    bool is_server, is_any;          /* extKeyUsage: serverAuth, any */
    bool is_rsa;
    size_t rsa_bits;                 /* of the modulus             */
};

/* HEADCOUNT_ESYNTAX if it is no certificate that we can read. */
int hc_cert_get(struct hc_cert *c, struct hc_str der);
/* True if iPAddress `ip` (n is 4 or 16) is among the names. */
bool hc_cert_has_ip(const struct hc_cert *c, const unsigned char *ip, size_t n);
/* True if `host` (no IP literal, no trailing dot) is among the dNSNames: ASCII
 * case folded, a '*' only as the whole leftmost label, for exactly one label
 * of the host (RFC 9525, 6.3). */
bool hc_cert_has_host(const struct hc_cert *c, struct hc_str host);
/* The commonName of a DER Name, else its organization, else "(no name)"; cut to
 * fit, with '?' for each byte that is not printable ASCII. */
void hc_cert_name(char *out, size_t cap, struct hc_str name);

#endif
