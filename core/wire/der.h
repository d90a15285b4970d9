/* wire/der.h - elements of DER, taken off the front of a text (X.690, 10).
 *
 * DER only: definite lengths in as few bytes as they need, tags of one byte.
 * The input may be anything at all.
 */
#ifndef HC_WIRE_DER_H
#define HC_WIRE_DER_H

#include "base/str.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_UTC = 0x17,
    DER_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};

/* Takes one element off the front of s; its tag, or -1: damaged, none left. */
int hc_der_element(struct hc_str *s, struct hc_str *inside);
/* False unless the element has that tag. */
bool hc_der_take(struct hc_str *s, int tag, struct hc_str *inside);
/* Takes the element if it is there (else `inside` is absent); false only for a
 * damaged one. */
bool hc_der_take_optional(struct hc_str *s, int tag, struct hc_str *inside);
/* A BOOLEAN that may be missing, which means false; *at is its byte of value in
 * the input, NULL where it is missing. */
bool hc_der_take_flag(struct hc_str *s, bool *value, const char **at);
/* OID in dots, cut to fit. */
void hc_der_oid(char *out, size_t cap, struct hc_str oid);

#endif
