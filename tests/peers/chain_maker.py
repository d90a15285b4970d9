"""Certificate chains of any shape, by cryptography, and what others say of
them: openssl verify, cryptography's own verifier, and Go's where there is one.

Used by: system/test_chains.py.
Instead of moto: moto has no certificates.
"""
import datetime
import functools
import ipaddress
import json
import os
import pathlib
import shutil
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid, verification

TOP = pathlib.Path(__file__).parents[2]
NOW = datetime.datetime(2027, 6, 15, tzinfo=datetime.timezone.utc)
USES = {"server": oid.ExtendedKeyUsageOID.SERVER_AUTH,
        "client": oid.ExtendedKeyUsageOID.CLIENT_AUTH,
        "any": oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


@functools.cache
def key_of(name):
    del name
    return ec.generate_private_key(ec.SECP256R1())


def day(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d")


def distinguished(text):
    """ "" is an empty Name; "CN/email" has an emailAddress, too."""
    cn, _, email = text.partition("/")
    parts = [x509.NameAttribute(oid.NameOID.COMMON_NAME, cn)] if cn else []
    if email:
        parts.append(x509.NameAttribute(oid.NameOID.EMAIL_ADDRESS, email))
    return x509.Name(parts)


def general(word):
    """dns:a.test ip:10.0.0.0/8 uri:... mail:... dir:CN"""
    kind, _, text = word.partition(":")
    if kind == "ip" and "/" in text:
        return x509.IPAddress(ipaddress.ip_network(text))
    return {"dns": x509.DNSName, "uri": x509.UniformResourceIdentifier,
            "mail": x509.RFC822Name,
            "ip": lambda t: x509.IPAddress(ipaddress.ip_address(t)),
            "dir": lambda t: x509.DirectoryName(distinguished(t))}[kind](text)


def generals(words):
    return [general(word) for word in words.split()]


def key_usage(flags):
    names = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in flags.split() for name in names})


def raw(dotted, value, critical):
    return (x509.UnrecognizedExtension(x509.ObjectIdentifier(dotted),
                                       bytes.fromhex(value)), critical)


class Spec:
    """One certificate.  `nc` is (permitted, excluded, critical), `more` a list
    of what raw() gives."""

    def __init__(self, cn, ca, **more):
        self.cn, self.ca = cn, ca
        self.key = more.pop("key", cn)
        self.path = more.pop("path", None)
        self.san = more.pop("san", None)
        self.nc = more.pop("nc", None)
        self.use = more.pop("use", None if ca else "server")
        self.use_critical = more.pop("use_critical", False)
        self.usage = more.pop("usage", "key_cert_sign crl_sign" if ca
                              else "digital_signature")
        self.since = more.pop("since", "2027-01-01")
        self.until = more.pop("until", "2027-12-31")
        self.basic = more.pop("basic", True)
        self.ids = more.pop("ids", True)
        self.more = more.pop("more", [])
        assert not more, more

    def sign(self, issuer):
        key, by = key_of(self.key), key_of(issuer.key)
        b = (x509.CertificateBuilder().subject_name(distinguished(self.cn))
             .issuer_name(distinguished(issuer.cn)).public_key(key.public_key())
             .serial_number(x509.random_serial_number())
             .not_valid_before(day(self.since))
             .not_valid_after(day(self.until)))
        for extension, critical in self.extensions(key, by):
            b = b.add_extension(extension, critical)
        return b.sign(by, hashes.SHA256())

    def extensions(self, key, by):
        if self.basic:
            yield x509.BasicConstraints(self.ca, self.path), True
        if self.usage:
            yield key_usage(self.usage), True
        if self.use:
            yield (x509.ExtendedKeyUsage([USES[u] for u in self.use.split()]),
                   self.use_critical)
        if self.san is not None:
            yield x509.SubjectAlternativeName(generals(self.san)), not self.cn
        if self.nc:
            permitted, excluded, critical = self.nc
            yield x509.NameConstraints(generals(permitted) or None,
                                       generals(excluded) or None), critical
        if self.ids:
            yield x509.SubjectKeyIdentifier.from_public_key(
                key.public_key()), False
            yield x509.AuthorityKeyIdentifier.from_issuer_public_key(
                by.public_key()), False
        yield from self.more


def leaf(san="dns:a.test", cn="leaf", **more):
    return Spec(cn, False, san=san, **more)


def middle(cn="middle", **more):
    return Spec(cn, True, **{"since": "2020-01-01", "until": "2039-12-31",
                             **more})


def root(cn="root", **more):
    return middle(cn, **more)


class Chain:
    """specs from the leaf to the root.  `sends` are the certificates that the
    server sends, `trusts` those of the bundle."""

    def __init__(self, *specs, host="a.test", at=NOW, trusts=None):
        above = list(specs[1:]) + [specs[-1]]
        self.certs = [s.sign(up) for s, up in zip(specs, above)]
        self.sends = self.certs[:-1] or self.certs
        self.trusts = trusts(self) if trusts else self.certs[-1:]
        self.host, self.at = host, at
        self.is_ip = host.replace(".", "").isdigit() or ":" in host

    def write(self, folder):
        for name, certs in (("roots", self.trusts), ("chain", self.sends),
                            ("leaf", self.sends[:1]),
                            ("middles", self.sends[1:])):
            (folder / f"{name}.pem").write_bytes(b"".join(
                c.public_bytes(serialization.Encoding.PEM) for c in certs))
        return folder


def ask_openssl(chain, folder):
    middles = (["-untrusted", folder / "middles.pem"]
               if chain.sends[1:] else [])
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", folder / "roots.pem", *middles,
         "-no-CApath", "-no-CAstore", "-purpose", "sslserver", "-attime",
         str(int(chain.at.timestamp())),
         "-verify_ip" if chain.is_ip else "-verify_hostname", chain.host,
         folder / "leaf.pem"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or "refused"


def ask_cryptography(chain, folder):
    del folder
    subject = (x509.IPAddress(ipaddress.ip_address(chain.host)) if chain.is_ip
               else x509.DNSName(chain.host))
    try:
        (verification.PolicyBuilder().store(verification.Store(chain.trusts))
         .time(chain.at).build_server_verifier(subject)
         .verify(chain.sends[0], chain.sends[1:]))
    except (verification.VerificationError, ValueError) as e:
        return str(e) or "refused"
    return ""


GO = r"""
package main

import (
    "bufio"
    "crypto/x509"
    "encoding/json"
    "encoding/pem"
    "fmt"
    "os"
    "strings"
    "time"
)

func read(path string) ([]*x509.Certificate, error) {
    rest, err := os.ReadFile(path)
    var all []*x509.Certificate
    for err == nil {
        var block *pem.Block
        if block, rest = pem.Decode(rest); block == nil {
            break
        }
        var c *x509.Certificate
        c, err = x509.ParseCertificate(block.Bytes)
        all = append(all, c)
    }
    return all, err
}

func judge(folder, host string, at int64) error {
    roots, err := read(folder + "/roots.pem")
    if err != nil {
        return err
    }
    chain, err := read(folder + "/chain.pem")
    if err != nil {
        return err
    }
    o := x509.VerifyOptions{DNSName: host, CurrentTime: time.Unix(at, 0),
        Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
    for _, c := range roots {
        o.Roots.AddCert(c)
    }
    for _, c := range chain[1:] {
        o.Intermediates.AddCert(c)
    }
    _, err = chain[0].Verify(o)
    return err
}

func main() {
    lines := bufio.NewScanner(os.Stdin)
    for lines.Scan() {
        var folder, host string
        var at int64
        fmt.Sscan(lines.Text(), &folder, &host, &at)
        text := ""
        if err := judge(folder, host, at); err != nil {
            text = strings.ReplaceAll(err.Error(), "\n", " ")
        }
        out, _ := json.Marshal(text)
        fmt.Println(string(out))
    }
}
"""


def find_go():
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def ask_go(lines, folder):
    """What Go says to each line of folder, host and time; None: no Go here."""
    go = find_go()
    if go is None:
        return None
    (folder / "verify.go").write_text(GO)
    env = {**os.environ, "GOCACHE": str(TOP / "build" / "go-cache"),
           "GOPATH": str(folder / "path"), "GOTOOLCHAIN": "local",
           "GO111MODULE": "off"}
    subprocess.run([go, "build", "-o", "verify", "verify.go"], cwd=folder,
                   env=env, check=True)
    done = subprocess.run([folder / "verify"], input="".join(lines), text=True,
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
