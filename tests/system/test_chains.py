"""Certificate chains: the core beside openssl, Go and cryptography.

Each row says what the core has to say ("" is good, else a part of its reason),
and for each of the others where it says the opposite, with the reason for
that.  A difference that a row does not list, or that is no longer one, fails.
"""
import subprocess

import pytest
from chain_maker import (NOW, Chain, Spec, ask_cryptography, ask_go,
                         ask_openssl, day, find_go, leaf, middle, raw, root)
from conftest import TOP

AKI, SKI, AIA, SIA = ("2.5.29.35", "2.5.29.14", "1.3.6.1.5.5.7.1.1",
                      "1.3.6.1.5.5.7.1.11")
UNKNOWN = "understood here"
LACKS, EXCLUDES = "do not permit the name", "exclude the name"

# Why another one says the opposite.
STRICT = "cryptography's profile of the web PKI is narrower than RFC 5280"
CA_LEAF = "RFC 5280 lets a CA's certificate be a server's"
WILD = "OpenSSL compares a wildcard as a text"
PINNED = "OpenSSL wants -partial_chain for a bundle without a root"
OTHER = "it refuses constraints of other kinds even where no such name is"
MAIL = "it looks for no mail address in a subject"
EMPTY = "it takes constraints without a subtree for none"
ANY_CA = "OpenSSL does not take a CA for any use as one for servers"
KINDS = "OpenSSL checks constraints of this kind"
LEAF_NC = "name constraints of a leaf mean nothing to it"
NAMELESS = "it looks for no name in a CA"
MASK = "it reads an address without a mask, or with a gap, only if it has to"
NC_TEXT = "it compares what is no name as a text"


class Row:
    def __init__(self, name, chain, ours="", **others):
        self.name, self.chain, self.ours = name, chain, ours
        self.others = others


def under(nc, san="dns:a.test", host="a.test", where="middle", critical=True):
    """A chain under (permitted, excluded)."""
    nc = (*nc, critical)
    return Chain(leaf(san), middle(nc=nc if where == "middle" else None),
                 root(nc=nc if where == "root" else None), host=host)


def nc_raw(value, where="middle"):
    more = [raw("2.5.29.30", value, True)]
    return Chain(leaf(), middle(more=more if where == "middle" else []),
                 root(more=more if where == "root" else []))


def odd(dotted, where, critical=True, value="3000"):
    more = {where: [raw(dotted, value, critical)]}
    ids = dotted not in (AKI, SKI)
    return Chain(leaf(more=more.get("leaf", []),
                      ids=ids or where != "leaf"),
                 middle(more=more.get("middle", []),
                        ids=ids or where != "middle"),
                 root(more=more.get("root", []), ids=ids or where != "root"))


def itself(**more):
    """What `openssl req -x509` makes, trusted as it is."""
    return Chain(Spec("self", True, san="dns:a.test", usage="", **more))


def plain_rows():
    yield Row("sound", Chain(leaf(), middle(), root()))
    yield Row("leaf under the root", Chain(leaf(), root()))
    yield Row("three CAs", Chain(leaf(), middle("low"), middle(), root()))
    yield Row("case of the host", Chain(leaf("dns:A.tesT"), middle(), root()))
    yield Row("other name", Chain(leaf("dns:b.test"), middle(), root()),
              "for other names")
    yield Row("wildcard", Chain(leaf("dns:*.a.test"), root(), host="x.a.test"))
    yield Row("wildcard of two labels",
              Chain(leaf("dns:*.a.test"), root(), host="y.x.a.test"),
              "for other names")
    yield Row("IPv4", Chain(leaf("ip:10.0.0.1"), root(), host="10.0.0.1"))
    yield Row("IPv6", Chain(leaf("ip:fd00::1"), root(), host="fd00::1"))
    yield Row("other IPv4", Chain(leaf("ip:10.0.0.2"), root(),
                                  host="10.0.0.1"), "not for this address")
    yield Row("IP as a DNS name", Chain(leaf("dns:10.0.0.1"), root(),
                                        host="10.0.0.1"),
              "not for this address")
    yield Row("only a common name",
              Chain(leaf(None, cn="a.test"), root()), "no subjectAltName",
              openssl="OpenSSL falls back on the common name")
    yield Row("expired", Chain(leaf(until="2027-06-14"), middle(), root()),
              "expired on 2027-06-14")
    yield Row("not yet valid", Chain(leaf(since="2027-06-16"), root()),
              "not valid before 2027-06-16")
    yield Row("CA expired", Chain(leaf(), middle(until="2027-06-14"), root()),
              '"middle" expired')
    yield Row("root expired", Chain(leaf(), root(until="2027-06-14")),
              "trusted roots, which expired")
    yield Row("clock of 2019", Chain(leaf(), root(),
                                     at=day("2019-01-01").replace(
                                         tzinfo=NOW.tzinfo)),
              "before this version of headcount was made")
    yield Row("clock of 2031", Chain(leaf(), root(),
                                     at=day("2031-01-01").replace(
                                         tzinfo=NOW.tzinfo)), "expired on")
    yield Row("unknown root", Chain(leaf(), root(), trusts=lambda c:
                                    Chain(root("other")).certs),
              "none of the trusted roots")
    yield Row("root of another key",
              Chain(leaf(), root(), trusts=lambda c:
                    Chain(root(key="another")).certs),
              'the name of the trusted root "root" and another key')
    yield Row("two roots of a name, the second signed",
              Chain(leaf(), root(), trusts=lambda c: [
                  *Chain(root(key="another")).certs, c.certs[-1]]))


def constraint_rows():
    a, x = "dns:a.test", "dns:x.a.test"
    for where in ("middle", "root"):
        yield Row(f"permitted, {where}", under((a, ""), where=where))
        yield Row(f"not permitted, {where}",
                  under(("dns:b.test", ""), where=where), LACKS)
        yield Row(f"excluded, {where}", under(("", a), where=where), EXCLUDES)
        yield Row(f"permitted below, {where}",
                  under((a, ""), x, "x.a.test", where))
        yield Row(f"both, {where}",
                  under((a, x), x, "x.a.test", where), EXCLUDES)
        yield Row(f"other excluded, {where}",
                  under(("", "dns:b.test"), where=where))
        yield Row(f"not critical, {where}",
                  under(("dns:b.test", ""), where=where, critical=False),
                  LACKS)
    yield Row("case", under(("dns:A.TesT", "")))
    yield Row("suffix without a dot", under((a, ""), "dns:ba.test", "ba.test"),
              LACKS)
    yield Row("second name", under((a, ""), "dns:a.test dns:b.test"), LACKS)
    yield Row("leading dot, below", under(("dns:.a.test", ""), x, "x.a.test"),
              cryptography=STRICT)
    yield Row("leading dot, itself", under(("dns:.a.test", "")), LACKS)
    yield Row("leading dot excluded, itself", under(("", "dns:.a.test")),
              cryptography=STRICT)
    yield Row("wildcard permitted",
              under((a, ""), "dns:*.a.test", "x.a.test"))
    yield Row("wildcard not permitted",
              under((x, ""), "dns:*.a.test", "x.a.test"), LACKS)
    yield Row("wildcard of an excluded zone",
              under(("", a), "dns:*.a.test", "x.a.test"), EXCLUDES)
    yield Row("wildcard over an excluded name",
              under(("", x), "dns:*.a.test", "y.a.test"), EXCLUDES,
              openssl=WILD)
    for permitted, excluded, ip, ours in (
            ("ip:10.0.0.0/8", "", "10.1.2.3", ""),
            ("ip:10.0.0.0/8", "", "11.1.2.3", LACKS),
            ("", "ip:10.0.0.0/8", "10.1.2.3", EXCLUDES),
            ("", "ip:10.0.0.0/8", "11.1.2.3", ""),
            ("ip:10.0.0.0/8", "ip:10.1.0.0/16", "10.1.2.3", EXCLUDES),
            ("ip:fd00::/8", "", "fd00::1", ""),
            ("ip:fd00::/8", "", "fe80::1", LACKS),
            ("ip:10.0.0.0/8", "", "fd00::1", LACKS),
            ("", "ip:0.0.0.0/0", "fd00::1", ""),
            (a, "", "10.1.2.3", "")):
        yield Row(f"{permitted or '-'} and {excluded or '-'} for {ip}",
                  under((permitted, excluded), f"ip:{ip}", ip), ours)
    yield Row("addresses for a name", under(("ip:10.0.0.0/8", "")))
    yield Row("two levels, both permit",
              Chain(leaf(x), middle("low", nc=(x, "", True)),
                    middle(nc=(a, "", True)), root(), host="x.a.test"))
    yield Row("two levels, the upper excludes",
              Chain(leaf(x), middle("low", nc=(x, "", True)),
                    middle(nc=("", x, True)), root(), host="x.a.test"),
              'the CA "middle" exclude')
    yield Row("two levels, the lower does not permit",
              Chain(leaf(), middle("low", nc=("dns:b.test", "", True)),
                    middle(nc=(a, "", True)), root()), 'the CA "low" do not')
    yield Row("a CA's own name", Chain(leaf(), middle(san="dns:b.test"),
                                       root(nc=(a, "", True))), LACKS)
    yield Row("mail, no mail below", under(("mail:a.test", "")))
    yield Row("mail, mail below",
              under(("mail:a.test", ""), "dns:a.test mail:me@b.test"),
              "kind rfc822Name")
    yield Row("mail, mail in the subject",
              Chain(leaf(cn="leaf/me@a.test"), middle(
                  nc=("mail:a.test", "", True)), root()), "kind rfc822Name",
              openssl=KINDS, go=MAIL, cryptography=MAIL)
    yield Row("URI, no URI below", under(("", "uri:b.test")))
    yield Row("directory", Chain(leaf(), middle(
        nc=("dir:leaf", "", True)), root()), "kind directoryName",
              openssl=KINDS)
    yield Row("directory, empty subject",
              Chain(leaf(cn="", key="leaf"), middle(
                  nc=("dir:leaf", "", True)), root()), go=OTHER,
              cryptography=OTHER)
    yield Row("directory, not critical",
              Chain(leaf(), middle(nc=("dir:leaf", "", False)), root()))
    yield Row("constraints of a leaf",
              Chain(leaf(nc=("dns:a.test", "", True)), root()),
              "though it is no CA", openssl=LEAF_NC, go=LEAF_NC)
    yield Row("no subtree", nc_raw("3000"), "cannot be read", openssl=EMPTY)
    yield Row("star in a subtree",
              nc_raw("300EA10C300A82082A2E622E74657374"), "cannot be read",
              openssl=NC_TEXT, go=NC_TEXT)
    yield Row("dot behind a subtree",
              nc_raw("300DA10B30098207612E746573742E"),
              "cannot be read", openssl=NC_TEXT)
    yield Row("mask with a gap",
              nc_raw("300EA10C300A87080A000000FF00FF00"), "cannot be read",
              openssl=MASK, cryptography=MASK)
    yield Row("address without a mask", nc_raw("300AA108300687040A000000"),
              "cannot be read", openssl=MASK, cryptography=MASK)
    yield Row("unreadable constraints of a root", nc_raw("3000", "root"),
              "name constraints cannot be read", openssl=EMPTY)


def extension_rows():
    for where in ("leaf", "middle", "root"):
        yield Row(f"unknown, {where}", odd("1.2.3.4", where), UNKNOWN)
        yield Row(f"unknown, not critical, {where}",
                  odd("1.2.3.4", where, False))
        for oid, name, value in ((AIA, "AIA", "3000"), (SIA, "SIA", "3000"),
                                 (SKI, "SKI", "040101"),
                                 (AKI, "AKI", "3000")):
            yield Row(f"{name}, {where}", odd(oid, where, True, value),
                      UNKNOWN)
    yield Row("critical usage for servers",
              Chain(leaf(use_critical=True), middle(), root()),
              cryptography=STRICT)
    yield Row("critical usage for clients",
              Chain(leaf(use="client", use_critical=True), root()),
              "lacks serverAuth")
    yield Row("for any use", Chain(leaf(use="any"), root()),
              "lacks serverAuth", go="Go takes any use for this one")
    yield Row("for no named use", Chain(leaf(use=None), root()))
    yield Row("CA for clients", Chain(leaf(), middle(use="client"), root()),
              '"middle" is not for servers')
    yield Row("CA for servers", Chain(leaf(), middle(use="server"), root()))
    yield Row("CA for any use", Chain(leaf(), middle(use="any"), root()),
              openssl=ANY_CA)
    yield Row("root for clients", Chain(leaf(), middle(),
                                        root(use="client")),
              '"root" is not for servers')
    yield Row("CA that may not sign",
              Chain(leaf(), middle(usage="digital_signature"), root()),
              "which its keyUsage forbids")
    yield Row("root that may not sign",
              Chain(leaf(), middle(), root(usage="digital_signature")),
              "which its keyUsage forbids")


def authority_rows():
    yield Row("no CA in between", Chain(leaf(), Spec("middle", False),
                                        root()), "though it is no CA")
    yield Row("no basicConstraints in between",
              Chain(leaf(), middle(basic=False), root()),
              "though it is no CA")
    yield Row("root that is no CA", Chain(leaf(), Spec("root", False)),
              "though it is no CA")
    yield Row("CA without a name",
              Chain(leaf(), middle("", key="m"), root()), "without a name",
              openssl=NAMELESS, go=NAMELESS)
    yield Row("root without a name", Chain(leaf(), root("", key="r")),
              "a CA without a name", openssl=NAMELESS, go=NAMELESS)
    for path, ours in ((0, "more CAs below"), (1, "")):
        yield Row(f"path {path} of the CA",
                  Chain(leaf(), middle("low"), middle(path=path), root()),
                  ours)
        yield Row(f"path {path} of the root",
                  Chain(leaf(), middle(), root(path=path)), ours)
    yield Row("path 0 above the leaf", Chain(leaf(), middle(path=0), root()))
    yield Row("a self-signed CA's certificate, in the bundle", itself(),
              cryptography=STRICT)
    yield Row("a self-signed leaf, in the bundle",
              Chain(leaf()))
    yield Row("a self-signed CA's certificate, not in the bundle",
              Chain(Spec("self", True, san="dns:a.test", usage=""),
                    trusts=lambda c: Chain(root()).certs), "self-signed")
    yield Row("a leaf in the bundle without its issuer",
              Chain(leaf(), root(), trusts=lambda c: c.certs[:1]),
              openssl=PINNED)
    yield Row("a leaf's name and key in the bundle, another certificate",
              Chain(leaf(), root(), trusts=lambda c: Chain(
                  leaf(until="2027-12-30"), root()).certs[:1]),
              "none of the trusted roots")
    yield Row("a self-signed leaf, its namesake in the bundle",
              Chain(leaf(), trusts=lambda c: Chain(
                  leaf(until="2027-12-30")).certs), "is self-signed")
    yield Row("a CA's certificate as a leaf",
              Chain(Spec("ca", True, san="dns:a.test", use="server",
                         usage="key_cert_sign digital_signature"), root()),
              "that of a CA", openssl=CA_LEAF, go=CA_LEAF)
    yield Row("a root's key and name as a leaf",
              Chain(root(san="dns:a.test"), trusts=lambda c: Chain(
                  root(san="dns:a.test", until="2038-12-31")).certs),
              "that of a CA")
    yield Row("empty subject of a leaf",
              Chain(leaf(cn="", key="leaf"), middle(), root()))


ROWS = [*plain_rows(), *constraint_rows(), *extension_rows(),
        *authority_rows()]
OTHERS = {"openssl": ask_openssl, "cryptography": ask_cryptography}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """{row's name: {"ours": text, "openssl": text, ...}}; "" is good."""
    top = tmp_path_factory.mktemp("chains")
    build = TOP / "build"
    subprocess.run([*(build / "flags").read_text().split(), "-o",
                    top / "chains", "tests/system/chains.c",
                    build / "libheadcount.a",
                    (build / "bearssl.lib").read_text().strip()], cwd=TOP,
                   check=True)
    lines, said = [], []
    for i, row in enumerate(ROWS):
        folder = top / str(i)
        folder.mkdir()
        row.chain.write(folder)
        said.append({name: ask(row.chain, folder)
                     for name, ask in OTHERS.items()})
        at = int(row.chain.at.timestamp())
        lines.append((folder, row.chain.host, at))
    done = subprocess.run(
        [top / "chains"], text=True, stdout=subprocess.PIPE, check=True,
        input="".join(f"{f}/roots.pem {f}/chain.pem {h} {at}\n"
                      for f, h, at in lines))
    for row, text in zip(said, done.stdout.splitlines(), strict=True):
        row["ours"] = "" if text == "good" else text
    go = ask_go([f"{f} {h} {at}\n" for f, h, at in lines], top)
    for row, text in zip(said, go or []):
        row["go"] = text
    print(f"chains: {len(ROWS)} beside openssl, cryptography"
          f"{' and ' + find_go() if go else '; no Go here'}")
    return {row.name: v for row, v in zip(ROWS, said, strict=True)}


def test_there_are_enough_rows_and_each_has_its_name():
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_chain_is_judged_as_it_should_be(verdicts, row):
    said = verdicts[row.name]
    assert (row.ours in said["ours"]) if row.ours else said["ours"] == ""
    for other in ("openssl", "go", "cryptography"):
        if other not in said:
            continue
        differs = (said[other] == "") != (row.ours == "")
        reason = row.others.get(other)
        assert not differs or reason, (
            f"{other} says {said[other] or 'good'!r} and the row does not "
            f"tell why")
        assert differs or not reason, f"{other} says the same by now"
