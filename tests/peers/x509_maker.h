/* peers/x509_maker.h - X.509 certificates of any shape, good or not, signed
 * with P-256 keys that anybody can know.
 *
 * Used by: wire/chain_test.c, wire/cert_test.c, wire/constraints_test.c,
 * fuzz/chain_fuzz.c and peers/demo_ecs_main.c.
 * Instead of moto: moto has no certificates, and openssl makes few
 * broken ones.
 */
#ifndef PEERS_X509_MAKER_H
#define PEERS_X509_MAKER_H

#include "base/buf.h"

#define X509_SAN "\x55\x1D\x11"
#define X509_CONSTRAINTS "\x55\x1D\x1E"
#define X509_USAGE "\x55\x1D\x25"
#define X509_SERVER_AUTH "\x2B\x06\x01\x05\x05\x07\x03\x01"
#define X509_CLIENT_AUTH "\x2B\x06\x01\x05\x05\x07\x03\x02"
#define X509_ANY_USAGE "\x55\x1D\x25\x00"
#define X509_DNS 0x82
#define X509_IP 0x87

struct x509_spec {
    const char *subject, *issuer;  /* common names; issuer NULL: an empty
                                      Name                                */
    int key, signer;               /* 1..100: whose key, who signs        */
    const char *from, *to;         /* UTCTime (13) or GeneralizedTime (15);
                                      NULL = 2020, 2049                   */
    struct hc_str extensions;      /* what x509_ext put; empty = none     */
    struct hc_str subject_der;     /* if set, instead of subject          */
};

/* One element of DER. */
void x509_der(struct hc_buf *out, int tag, struct hc_str inside);
void x509_ext(struct hc_buf *out, const char *oid, bool critical,
              struct hc_str value);
void x509_ext_ca(struct hc_buf *out);
void x509_ext_san(struct hc_buf *out, int kind, struct hc_str name);
void x509_ext_usage(struct hc_buf *out, const char *oid, size_t n);
/* The certificate, appended. */
void x509_make(struct hc_buf *out, const struct x509_spec *s);
void x509_pem(struct hc_buf *out, struct hc_str der);

#endif
