#!/bin/sh
# certs.sh DIR [NAME] - certificates for tests of TLS, made once, in a second.
#
# For NAME (default ecs.test.internal) and 127.0.0.1, ::1, localhost:
#   rsa-ca.pem ec-ca.pem ca.pem      the roots: RSA-2048, P-256, both
#   rsa-int.pem ec-int.pem           the intermediates
#   rsa-chain.pem rsa-key.pem        leaf + intermediate and the leaf's key
#   ec-chain.pem ec-key.pem          (RSA-2048, P-256)
#   rsa4096-chain.pem ...-key.pem    a larger leaf, good
# and what has to be refused (each CASE-chain.pem, CASE-key.pem; all P-256
# under ec-ca.pem unless it says otherwise):
#   expired      notAfter is a day ago
#   future       notBefore is a year ahead
#   self-signed  its own issuer, in no bundle
#   wrong-name   for other.test.internal only
#   rsa1024      an RSA key of 1024 bits (leaf under rsa-ca.pem)
#   critical     a critical extension nobody knows
#   constrained  under a CA whose name constraints exclude NAME
#   cn-only      NAME in the subject, no subjectAltName
#   other-root   a good chain under other-ca.pem, which is not in ca.pem
#   not-a-ca     issued by a leaf (basicConstraints CA:FALSE)
#   client-only  extendedKeyUsage is clientAuth
#   sha1         signed with SHA-1
#   no-int       a good leaf, the intermediate left out
#   wildcard     *.test.internal; good for NAME, not for a.NAME
# `done` is written last; a directory that has it is left as it is.
#
# Used by: t.[ch], run, system/, bench/, pages/, peers/.
# Instead of moto: moto makes no certificates.
set -eu

dir=$1
name=${2:-ecs.test.internal}
[ -e "$dir/done" ] && [ "$(cat "$dir/done")" = "$name" ] && exit 0
mkdir -p "$(dirname "$dir")"
target=$(cd "$(dirname "$dir")" && pwd)/$(basename "$dir")
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

quiet() {
    "$@" 2>openssl.log || { cat openssl.log >&2; exit 1; }
}

new_key() { # KIND FILE
    case $1 in
    rsa) quiet openssl genrsa -out "$2" 2048 ;;
    rsa1024) quiet openssl genrsa -out "$2" 1024 ;;
    rsa2047) quiet openssl genrsa -out "$2" 2047 ;;
    rsa4096) quiet openssl genrsa -out "$2" 4096 ;;
    ec) quiet openssl ecparam -name prime256v1 -genkey -noout -out "$2" ;;
    esac
}

# An openssl configuration of our own: the system's may have other defaults.
cat >openssl.cnf <<END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
END
export OPENSSL_CONF="$work/openssl.cnf"

ca_ext='basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash'

leaf_ext='basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid'

san="subjectAltName = DNS:$name,DNS:localhost,IP:127.0.0.1,IP:::1"

root() { # KIND OUT
    new_key "$1" "$2.key"
    { cat openssl.cnf; printf '[ca]\n%s\n' "$ca_ext"; } >root.cnf
    quiet openssl req -x509 -new -config root.cnf -extensions ca \
        -key "$2.key" -sha256 -days 3650 \
        -subj "/O=headcount tests/CN=$2" -out "$2.pem"
}

serial=1000

# Signs KEY for SUBJECT with CA's key and the extensions on stdin.
sign() { # CA KEY SUBJECT OUT [x509 option...]
    sign_ca=$1 sign_key=$2 sign_subject=$3 sign_out=$4
    shift 4
    cat >ext.cnf
    serial=$((serial + 1))
    quiet openssl req -new -key "$sign_key" -subj "$sign_subject" -out csr
    quiet openssl x509 -req -in csr -CA "$sign_ca.pem" \
        -CAkey "$sign_ca.key" -set_serial "$serial" -extfile ext.cnf \
        -days 700 -sha256 "$@" -out "$sign_out"
}

intermediate() { # KIND CA OUT [EXTENSION]
    new_key "$1" "$3.key"
    printf '%s\nauthorityKeyIdentifier = keyid\n%s\n' "$ca_ext" "${4-}" |
        sign "$2" "$3.key" "/O=headcount tests/CN=$3" "$3.pem" -days 1800
}

# One leaf and its chain; the extensions may be replaced by a fifth argument.
leaf() { # KIND CA CASE SUBJECT [EXTENSIONS [x509 option...]]
    leaf_kind=$1 leaf_ca=$2 leaf_case=$3 leaf_subject=$4
    leaf_text=${5-"$leaf_ext
$san"}
    shift 4
    [ $# -gt 0 ] && shift
    new_key "$leaf_kind" "$leaf_case-key.pem"
    printf '%s\n' "$leaf_text" |
        sign "$leaf_ca" "$leaf_case-key.pem" "$leaf_subject" leaf.pem "$@"
    cat leaf.pem "$leaf_ca.pem" >"$leaf_case-chain.pem"
}

# `openssl x509 -req` takes no dates, `openssl ca` does.
dated_leaf() { # CASE NOT_BEFORE NOT_AFTER
    new_key ec "$1-key.pem"
    quiet openssl req -new -key "$1-key.pem" -subj "/CN=$name" -out csr
    rm -f index index.attr
    : >index
    mkdir -p issued
    cat >ca.cnf <<END
[ca]
default_ca = it
[it]
database = index
new_certs_dir = issued
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
$leaf_ext
$san
END
    quiet openssl ca -batch -config ca.cnf -notext -in csr \
        -cert ec-int.pem -keyfile ec-int.key \
        -startdate "$2" -enddate "$3" -out leaf.pem
    cat leaf.pem ec-int.pem >"$1-chain.pem"
}

at() { # DAYS from now, as YYYYMMDDHHMMSSZ
    date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y%m%d%H%M%SZ
}

for kind in rsa ec; do
    root $kind $kind-ca
    intermediate $kind $kind-ca $kind-int
    leaf $kind $kind-int $kind "/CN=$name"
done
cat rsa-ca.pem ec-ca.pem >ca.pem
leaf rsa4096 rsa-int rsa4096 "/CN=$name"

dated_leaf expired "$(at -60)" "$(at -1)"
dated_leaf future "$(at 365)" "$(at 400)"

new_key ec self-signed-key.pem
{ cat openssl.cnf; printf '[leaf]\n%s\n' "$san"; } >self.cnf
quiet openssl req -x509 -new -config self.cnf -extensions leaf \
    -key self-signed-key.pem -sha256 -days 700 -subj "/CN=$name" \
    -out self-signed-chain.pem

leaf ec ec-int wrong-name /CN=other.test.internal \
    "$leaf_ext
subjectAltName = DNS:other.test.internal"
leaf rsa1024 rsa-int rsa1024 "/CN=$name"
leaf rsa2047 rsa-int rsa2047 "/CN=$name"
leaf ec ec-int critical "/CN=$name" "$leaf_ext
$san
1.3.6.1.4.1.55555.1 = critical,ASN1:UTF8String:headcount"
intermediate ec ec-ca constrained-int \
    "nameConstraints = critical,excluded;DNS:$name"
leaf ec constrained-int constrained "/CN=$name"
leaf ec ec-int cn-only "/CN=$name" "$leaf_ext"
leaf ec ec-int client-only "/CN=$name" "$(printf '%s\n%s\n' "$leaf_ext" \
    "$san" | sed 's/serverAuth/clientAuth/')"
leaf ec ec-int sha1 "/CN=$name" "$leaf_ext
$san" -sha1
leaf ec ec-int wildcard "/CN=wildcard" "$leaf_ext
subjectAltName = DNS:*.${name#*.}"

root ec other-ca
intermediate ec other-ca other-int
leaf ec other-int other-root "/CN=$name"

cp ec-key.pem no-int-key.pem
openssl x509 -in ec-chain.pem -out no-int-chain.pem

openssl x509 -in ec-chain.pem -out not-a-ca-int.pem
cp ec-key.pem not-a-ca-int.key
leaf ec not-a-ca-int not-a-ca "/CN=$name"
cat ec-int.pem >>not-a-ca-chain.pem

rm -rf csr leaf.pem index* ./*.cnf openssl.log issued
printf '%s\n' "$name" >"done"
chmod 755 .
# Two runs at once: the first to move wins, the other's work is dropped.
if [ -e "$target" ] && [ "$(cat "$target/done" 2>/dev/null)" != "$name" ]; then
    rm -rf "$target"
fi
mv -T "$work" "$target" 2>/dev/null || [ -e "$target/done" ]
