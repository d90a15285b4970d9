"""What has to come of each fault: the table of test_faults.py, and FAULTS.md.

A row: the fault, then what happens if only the first occasion is spoilt, then
what happens if each one is; first of reads and of writes that are safe to
repeat, after "|" of writes that must not be done twice, where that differs.
"answer 2": the right answer, and the server's program read the request twice
to its end.  "ECLOSED 1/3": this error after three attempts, of which the
server's program read one to its end.  "/" between words: either of them, as
the packets meet.
"""
import faults


def before(code, attempts=3):
    """The request never went out whole."""
    return "answer 1", f"{code} 0/{attempts}"


def after(code, kept=3):
    """It went out whole, and how it ended is not known."""
    return (f"answer 2 | {code} 1/1",
            f"{code} {kept}/3 | {code} 1/1")


def final(said):
    return said, said


def unread(code):
    """It went out whole, and the server's program has read none of it."""
    return (f"answer 1 | {code} 0/1", f"{code} 0/3 | {code} 0/1")


def gateway(code, again=True):
    """A status that may come from a gateway."""
    if again:
        return "answer 2", f"{code} 3/3"
    return f"answer 2 | {code} 1/1", f"{code} 3/3 | {code} 1/1"


# A kept connection that ends without a byte of an answer costs a read a
# replay, which is no attempt: 4 of 3.
TABLE = {
    "dns-silent": before("EDNSFAIL"),
    "dns-slow": final("answer 1"),
    "dns-servfail": before("EDNSFAIL"),
    "dns-refused": before("EDNSFAIL"),
    "dns-nxdomain": final("EDNS 0/1"),
    "dns-empty": final("EDNS 0/1"),
    "dns-cut": final("answer 1"),
    "dns-stranger": final("answer 1"),
    "dns-formerr": final("answer 1"),
    "one-refused": final("answer 1"),
    "one-silent plain": final("answer 1 | ETIMEDOUT 0/1 / answer 1"),
    "one-silent tls": final("answer 1"),
    "no-route": final("ECONNECT 0/3"),
    "refused": final("ECONNECT 0/3"),
    "syn-lost": final("ETIMEDOUT 0/3"),
    "accept-close plain": (
        "answer 1 | answer 1 / ECLOSED 0/1",
        "ECLOSED 0/3 | ECLOSED 0/1 / ECLOSED 0/2 / ECLOSED 0/3"),
    "accept-close tls": ("answer 1", "ETLS 0/3 / ECLOSED 0/3"),
    "accept-reset plain": (
        "answer 1 | answer 1 / ECLOSED 0/1",
        "ECLOSED 0/3 / ECONNECT 0/3 | ECLOSED 0/1 / ECLOSED 0/2 / "
        "ECLOSED 0/3 / ECONNECT 0/3"),
    "accept-reset tls": ("answer 1", "ECLOSED 0/3 / ECONNECT 0/3 / ETLS 0/3"),
    "accept-silent": unread("ETIMEDOUT"),
    "proxy": final("answer 1"),
    "proxy-silent": before("EPROXY"),
    "proxy-close": before("EPROXY"),
    "proxy-reset": before("EPROXY"),
    "proxy-407": final("EPROXY 0/1"),
    "proxy-403": final("EPROXY 0/1"),
    "proxy-502": before("EPROXY"),
    "proxy-bytes": final("EPROXY 0/1"),
    "proxy-other": final("EPROXY 0/1"),
    "tls-silent": before("ETIMEDOUT"),
    "tls-cut": before("ETLS"),
    "tls-alert": final("ETLS 0/1"),
    "tls-plain": final("ETLS 0/1"),
    "tls-wrong-name": final("ECERT 0/1"),
    "tls-other-root": final("ECERT 0/1"),
    "tls-expired": final("ECERT 0/1"),
    "tls-1.3": final("ETLS 0/1"),
    "tls-suites": final("ETLS 0/1"),
    "tls-client": final("ETLS 0/1"),
    "idle-close": final("answer 1"),
    "idle-reset": final("answer 1"),
    "idle-bytes": final("answer 1"),
    "bytes-reset": unread("ECLOSED"),
    "bytes-close": unread("ECLOSED"),
    "half-close fresh": after("ECLOSED"),
    "half-close kept": after("ECLOSED", 4),
    "head-close": ("answer 1 | answer 1 / ECLOSED 0/1",
                   "ECLOSED 0/3 | ECLOSED 0/1 / ECLOSED 0/2 / ECLOSED 0/3"),
    "early-403": final("ESERVICE-403 0/1"),
    "early-413": final("EANSWER 0/1"),
    "early-503": before("EANSWER"),
    "close fresh": after("ECLOSED"),
    "close kept": after("ECLOSED", 4),
    "reset fresh": after("ECLOSED"),
    "reset kept": after("ECLOSED", 4),
    "silent": after("ETIMEDOUT"),
    "head-cut": after("ETRUNCATED"),
    "head-stuck": after("ETIMEDOUT"),
    "body-cut": after("ETRUNCATED"),
    "body-reset": after("ECLOSED"),
    "body-stuck": after("ETIMEDOUT"),
    "chunk-cut": after("ETRUNCATED"),
    "chunk-no-end": after("ETRUNCATED"),
    "no-close-notify": after("ETRUNCATED"),
    "to-close": final("answer 1"),
    "wrong-bytes": final("EPROTOCOL 1/1"),
    "two-answers": final("answer 1"),
    "few-1xx": final("answer 1"),
    "storm-1xx": final("ELIMIT 1/1"),
    "large-head": final("ELIMIT 1/1"),
    "drip": after("ETIMEDOUT"),
    "html-502": gateway("EANSWER", again=False),
    "aws-502": gateway("ESERVICE-502", again=False),
    "html-503": gateway("EANSWER", again=False),
    "aws-503": gateway("ESERVICE-503"),
    "html-504": gateway("EANSWER", again=False),
    "aws-504": gateway("ESERVICE-504", again=False),
    "aws-500": gateway("ESERVICE-500"),
    "throttled": gateway("ESERVICE-400"),
    "denied": final("ESERVICE-400 1/1"),
}
# The name server is asked for a new connection only.
KEPT_NEEDS_NO_NAME = "answer 1"


def row_of(name, tls, kept):
    words = ("tls" if tls else "plain", "kept" if kept else "fresh")
    for key in (f"{name} {words[0]} {words[1]}", f"{name} {words[0]}",
                f"{name} {words[1]}", name):
        if key in TABLE:
            return TABLE[key]
    raise KeyError(f"{name} {words}")


def expected(fault, tls, kept, always, kind):
    """As the table spells it."""
    if fault.stage == "dns" and kept:
        return KEPT_NEEDS_NO_NAME
    said = row_of(fault.name, tls, kept)[always].split(" | ")
    return said[-1] if kind == "write" else said[0]


def allowed(said):
    return said.split(" / ")


def most_whole(said):
    """So often may the server's program have read the request, at most."""
    return max(int(one.split()[1].split("/")[0]) for one in allowed(said))


# ---- FAULTS.md ----

VARIANTS = [(False, False), (False, True), (True, False), (True, True)]
LABELS = {
    frozenset({0, 1, 2, 3}): "all", frozenset({0, 1}): "plain",
    frozenset({2, 3}): "TLS", frozenset({0, 2}): "new",
    frozenset({1, 3}): "kept", frozenset({0}): "plain, new",
    frozenset({1}): "plain, kept", frozenset({2}): "TLS, new",
    frozenset({3}): "TLS, kept"}
HEAD = """\
# What comes of each fault

`make test` plays each of these faults against headcount and checks each cell
of these tables. `make matrix` also lets curl and Go's `net/http` meet them and
writes what they did. This page is written by the tests: change
`tests/system/fault_table.py`, not this page.

A connection is *new* or *kept* (an earlier answer left it open), and *plain*
or *TLS*. Three calls meet each fault: a *read* (DescribeServices), a *write*
that must not be done twice (RunTask) and a *repeatable* write (UpdateService
with `--retry-writes`). headcount makes at most 3 attempts.

- `answer 2`: the call got the right answer. The server's program read the
  request 2 times to its end.
- `ECLOSED 1/3`: the call ended with the error ECLOSED after 3 attempts. The
  server's program read the request 1 time to its end.
- `or`: either, as the packets meet each other.

A read on a kept connection that ends without a byte of an answer is sent once
more on a new connection before its 3 attempts count: `ECLOSED 4/3`.

The columns of curl and of Go's `net/http` count in the same way, without
attempts: each makes one, but may send it again by itself. curl gets each call
as a POST. Go gets the repeatable one with the header `Idempotency-Key`, which
lets it send a request again. `HTTP 503, 1` is a status that the client hands
to its caller, `error 1` an error, `WRONG ANSWER 1` a cut answer that it hands
to its caller as a whole one, and `-` was not tried.
"""


CLIENTS = (("curl", "read"), ("go", "write"), ("go", "read"))


def groups(fault, always, others):
    """[(variants, the seven columns), ...]: alike ones together."""
    found = {}
    for i, (tls, kept) in enumerate(VARIANTS):
        if not exists(fault, tls, kept, always):
            continue
        said = [expected(fault, tls, kept, always, kind).replace(" / ", " or ")
                for kind in ("read", "write", "safe")]
        said += [others.get((client, fault.name, tls, kept, always, kind), "-")
                 for client, kind in CLIENTS]
        found.setdefault(tuple(said), []).append(i)
    for said, places in found.items():
        yield places, said


def exists(fault, tls, kept, always):
    if fault.only in ("plain", "tls") and tls != (fault.only == "tls"):
        return False
    if fault.only in ("fresh", "kept") and kept != (fault.only == "kept"):
        return False
    if fault.stage == "idle" and always:
        return False                 # it is over with its connection
    if fault.stage in ("listen", "route") and not always:
        return False                 # nobody sees the first SYN
    return not (fault.name.startswith("one-") and (kept or not always))


def label_of(fault, always, places):
    there = [i for i, v in enumerate(VARIANTS) if exists(fault, *v, always)]
    if len(places) == len(there):
        return LABELS[frozenset(there)] if len(there) < 4 else "all"
    return LABELS.get(frozenset(places)) or ", ".join(
        LABELS[frozenset({i})] for i in places)


def in_short(others):
    """What the tables come to, for who does not read them."""
    def count(client, kinds, prefix, end="", stage=""):
        return sum(said.startswith(prefix) and said.endswith(end) and
                   key[0] == client and key[5] in kinds and
                   key[1].startswith(stage) for key, said in others.items())

    said = [(count(client, kinds, "WRONG"), count(client, kinds, "", " 2"),
             count(client, kinds, "error", "", "early-"),
             count(client, kinds, "", "", "early-"))
            for client, kinds in (("curl", ("read",)), ("go", ("write",)))]
    curl, go = said
    return f"""\
In short, headcount never takes a cut answer for a whole one, never sends a
write again that a server had read and did not refuse, and never loses an early
refusal of a large request. In the same cells

- curl took a cut answer for a whole one {curl[0]} times (Go {go[0]});
- curl sent a POST again that the server had read {curl[1]} times (Go {go[1]});
- Go lost {go[2]} of {go[3]} early refusals (curl {curl[2]}).

Where packets race, another run may differ by a few.
"""


def page(others):
    lines = [HEAD, in_short(others)]
    for always in (False, True):
        lines.append("## Each occasion is spoilt\n" if always
                     else "## Only the first occasion is spoilt\n")
        lines.append("| fault | connection | read | write | repeatable "
                     "| curl | Go | Go, repeatable |")
        lines.append("|---|---|---|---|---|---|---|---|")
        for fault in faults.FAULTS.values():
            text = fault.text
            for places, said in groups(fault, always, others):
                lines.append("| " + " | ".join(
                    [text, label_of(fault, always, places), *said]) + " |")
                text = ""
        lines.append("")
    return "\n".join(lines)
