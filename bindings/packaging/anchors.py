#!/usr/bin/env python3
"""anchors.py DIR >core/wire/anchors_amazon.c

Writes the five roots that AWS's servers lead to as BearSSL trust anchors, from
the PEM files of Debian's ca-certificates (DIR, /etc/ssl/certs).  Python's
standard library only.  The SHA-256 of each certificate is checked against the
list below (published at https://www.amazontrust.com/repository/) and written
beside its anchor.
"""
import hashlib
import ssl
import sys
from datetime import datetime, timezone

ROOTS = (
    ("Amazon_Root_CA_1",
     "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"),
    ("Amazon_Root_CA_2",
     "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4"),
    ("Amazon_Root_CA_3",
     "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4"),
    ("Amazon_Root_CA_4",
     "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092"),
    ("Starfield_Services_Root_Certificate_Authority_-_G2",
     "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"),
)

SEQUENCE, INTEGER, BITS, OID = 0x30, 0x02, 0x03, 0x06
RSA = bytes.fromhex("2a864886f70d010101")
EC = bytes.fromhex("2a8648ce3d0201")
CURVES = {bytes.fromhex("2a8648ce3d030107"): "BR_EC_secp256r1",
          bytes.fromhex("2b81040022"): "BR_EC_secp384r1"}


def element(data):
    """(tag, inside, whole, rest) of the first DER element."""
    tag, n, at = data[0], data[1], 2
    if n >= 0x80:
        at += n - 0x80
        n = int.from_bytes(data[2:at], "big")
    return tag, data[at:at + n], data[:at + n], data[at + n:]


def take(data, want):
    tag, inside, whole, rest = element(data)
    if tag != want:
        sys.exit(f"anchors.py: tag {tag:#x} where {want:#x} belongs")
    return inside, whole, rest


def date(tag, text):
    form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
    when = datetime.strptime(text.decode(), form)
    return int(when.replace(tzinfo=timezone.utc).timestamp())


def parse(der):
    """(name, seconds of notAfter, key algorithm, its parameters, key)."""
    cert, _, _ = take(der, SEQUENCE)
    tbs, _, _ = take(cert, SEQUENCE)
    _, _, tbs = take(tbs, 0xA0)             # version 3
    _, _, tbs = take(tbs, INTEGER)          # serial number
    _, _, tbs = take(tbs, SEQUENCE)         # signature algorithm
    _, _, tbs = take(tbs, SEQUENCE)         # issuer
    validity, _, tbs = take(tbs, SEQUENCE)
    _, _, _, validity = element(validity)
    tag, text, _, _ = element(validity)
    _, name, tbs = take(tbs, SEQUENCE)
    key, _, _ = take(tbs, SEQUENCE)
    algorithm, _, key = take(key, SEQUENCE)
    oid, _, parameters = take(algorithm, OID)
    bits, _, _ = take(key, BITS)
    return name, date(tag, text), oid, parameters, bits[1:]


def array(name, data):
    print(f"static const unsigned char {name}[] = {{")
    for at in range(0, len(data), 12):
        row = ", ".join(f"0x{b:02X}" for b in data[at:at + 12])
        print(f"    {row}" + ("," if at + 12 < len(data) else ""))
    print("};\n")


def anchor(number, der, name):
    """Prints the arrays of one root; answers its entry in the table."""
    dn, until, oid, parameters, key = parse(der)
    prefix = f"anchors_{number}"
    day = datetime.fromtimestamp(until, timezone.utc).date()
    print(f"/* {name.replace('_', ' ')}, to {day}\n"
          f" * SHA-256 {hashlib.sha256(der).hexdigest()[:32]}\n"
          f" *         {hashlib.sha256(der).hexdigest()[32:]} */")
    array(f"{prefix}_dn", dn)
    head = f"    {{ {{ BYTES({prefix}_dn) }}, BR_X509_TA_CA,\n"
    if oid == RSA:
        numbers, _, _ = take(key, SEQUENCE)
        n, _, rest = take(numbers, INTEGER)
        e, _, _ = take(rest, INTEGER)
        array(f"{prefix}_n", n.lstrip(b"\0"))
        array(f"{prefix}_e", e)
        entry = head + (f"      {{ BR_KEYTYPE_RSA,\n        {{ .rsa = {{ "
                        f"BYTES({prefix}_n), BYTES({prefix}_e) }} }} }} }}")
    elif oid == EC:
        curve, _, _ = take(parameters, OID)
        array(f"{prefix}_q", key)
        entry = head + (f"      {{ BR_KEYTYPE_EC,\n        {{ .ec = {{ "
                        f"{CURVES[curve]}, BYTES({prefix}_q) }} }} }} }}")
    else:
        sys.exit(f"anchors.py: {name} has a key of another kind")
    return entry, f"    {{ .not_after = INT64_C({until}) * HC_SECOND }}"


def main():
    print("""\
/* wire/anchors_amazon.c - made by bindings/packaging/anchors.py; do not edit.
 *
 * The roots of https://www.amazontrust.com/repository/ as BearSSL's trust
 * anchors: name, key, and the end of their validity.
 */
#include "wire/anchors.h"

#include "base/clock.h"
""")
    made = []
    for number, (name, want) in enumerate(ROOTS, 1):
        with open(f"{sys.argv[1]}/{name}.pem", encoding="ascii") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        if hashlib.sha256(der).hexdigest() != want:
            sys.exit(f"anchors.py: {name} is not the root that was published")
        made.append(anchor(number, der, name))
    print("""\
/* BearSSL's structs have no const, and never write through these. */
#define BYTES(a) (unsigned char *)(uintptr_t)(a), sizeof(a)
""")
    print("static const br_x509_trust_anchor anchors_table[] = {")
    print(",\n".join(entry for entry, _ in made) + "\n};\n")
    print("static const struct hc_root anchors_roots[] = {")
    print(",\n".join(until for _, until in made) + "\n};\n")
    print("""\
static const struct hc_anchors anchors_of_amazon = {
    .ta = anchors_table,
    .root = anchors_roots,
    .n = sizeof(anchors_table) / sizeof(anchors_table[0])
};

const struct hc_anchors *hc_anchors_amazon(void)
{
    return &anchors_of_amazon;
}

#undef BYTES""")


if __name__ == "__main__":
    main()
