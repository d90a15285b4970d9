/* wire/anchors.h - the trusted roots: the five of Amazon, or a PEM bundle.
 *
 * The roots are const data (anchors_amazon.c, made by
 * bindings/packaging/anchors.py); a bundle replaces them and is copied out of
 * its text.
 */
#ifndef HC_WIRE_ANCHORS_H
#define HC_WIRE_ANCHORS_H

#include <bearssl.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

#define HC_ANCHORS_MAX 4096                   /* certificates of one bundle */
#define HC_ANCHORS_PEM ((size_t)8 << 20)      /* bytes of one bundle        */
#define HC_ANCHORS_WHY 320
#define HC_ANCHORS_MIN_RSA 2048               /* bits, of every RSA key     */

/* The rest of a root, beside BearSSL's anchor.  All zero but for the date: it
 * may issue for every name. */
struct hc_root {
    int64_t not_after;               /* wall                                */
    struct hc_str constraints;       /* see wire/constraints.h              */
    bool is_constraints_critical;
    bool is_no_signer;               /* keyUsage without keyCertSign        */
    bool is_no_server;               /* extKeyUsage without serverAuth      */
    uint32_t path;                   /* 0: no limit, else one more than the
                                        CAs that may follow                 */
    unsigned char hash[HC_SHA256];   /* of the certificate; built-in: zero  */
};

/* Compared by address: two users share a connection or a TLS session only if
 * they hand over the same struct.  It must stay where it is while in use. */
struct hc_anchors {
    const br_x509_trust_anchor *ta;
    const struct hc_root *root;      /* one for each of ta                  */
    size_t n;
    size_t skipped;                  /* certificates of the text not taken  */
    char why[HC_ANCHORS_WHY];        /* the first three of them, and why    */
    br_x509_trust_anchor *own;       /* NULL for the built-in roots; private
                                        to anchors.c from here              */
    struct hc_root *own_roots;
    size_t cap, roots_cap;
    const struct hc_alloc *alloc;
};

/* Amazon Root CA 1 to 4 and Starfield Services Root G2; const, for ever. */
const struct hc_anchors *hc_anchors_amazon(void);

/* Every certificate of the text that BearSSL can use; text around and between
 * the blocks is ignored, as are blocks of other kinds.  A certificate that
 * cannot be used (damaged, a key of a kind or size that we do not trust, a
 * critical extension that is not understood, a CA without a name) is skipped,
 * counted, and named in `why`.  Lines may end with CRLF and blanks.  None left:
 * HEADCOUNT_ECONFIG, and `a` is empty; also HEADCOUNT_ELIMIT,
 * HEADCOUNT_ENOMEM.  `pem` may go afterwards. */
int hc_anchors_load_pem(struct hc_anchors *a, const struct hc_alloc *alloc,
                        struct hc_str pem, struct headcount_error *e);
/* True: a certificate begins in this text, which may be a part of a bundle. */
bool hc_anchors_look(struct hc_str start);
/* `a` may be all zero; the built-in roots are no struct of yours. */
void hc_anchors_fini(struct hc_anchors *a);

#endif
