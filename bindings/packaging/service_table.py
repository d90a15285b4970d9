#!/usr/bin/env python3
"""service_table.py > core/aws/service_table.c - the services that speak JSON
and where they live, out of botocore's models and endpoint rule sets.

The rule set of each service is asked for every region, and for one of each
partition that nobody knows yet, with and without FIPS and dual stack.  The
answers are folded into a few rules of one line (core/aws/catalog.h has the
language).  The program ends if the rules do not give back every answer.  Sends
nothing.  tests/system/test_services.py compares the file with what the pinned
botocore gives, and core/aws/catalog.c with the rule sets themselves.
"""
import collections
import fnmatch
import itertools
import re
import sys

import botocore
import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

# What the AWS CLI calls another name than botocore.
RENAMED = {"codedeploy": "deploy", "config": "configservice",
           "opsworkscm": "opsworks-cm"}
# Those without JSON that headcount itself speaks to, for credentials.
OURS = ("sts", "sso", "sso-oidc")
# Well known ones without JSON: `call` says what to do instead.
OTHERS = """apigateway apigatewayv2 appconfig autoscaling backup batch
    cloudformation cloudfront ec2 efs eks elasticache elasticbeanstalk elb elbv2
    es glacier guardduty iam iot kafka lambda opensearch rds redshift
    route53 s3 s3control scheduler securityhub ses sesv2 sns sso sso-oidc sts
    xray""".split()
# Rule sets that ask for what a few operations say of themselves: the host of
# all the others is the one without.
PLAIN = ("kinesis", "arc-region-switch")
LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
# (FIPS, dual stack): plain, FIPS, dual stack, both.
FLAGS = {"p": (False, False), "f": (True, False), "d": (False, True),
         "b": (True, True)}
TEMPLATE, REFUSED = "{t}", "!"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

IDS = [p["id"] for p in PARTITIONS["partitions"]]
Place = collections.namedtuple("Place", "partition region s d g")


def begin(partition):
    """What the names of its regions begin with, and `aws` has many."""
    if partition["id"] == "aws":
        return ""
    form = partition["regionRegex"].replace("(de)", "de").removeprefix("^")
    text = form.removesuffix(r"\w+\-\d+$").replace(r"\-", "-")
    assert re.fullmatch("[a-z-]+", text), form
    for region in partition["regions"]:
        assert re.fullmatch(text + r"\w+-\d+", region) or \
            region == partition["id"] + "-global", region
    return text


def place(partition, region):
    out = partition["outputs"]
    return Place(partition["id"], region, out["dnsSuffix"],
                 out["dualStackDnsSuffix"], out["implicitGlobalRegion"])


PLACES = [place(p, region) for p in PARTITIONS["partitions"]
          for region in p["regions"] if not region.endswith("-global")]
# A region of each that nobody knows yet: how it is named shows what belongs to
# a partition, where that has but one region.
NEW = [place(p, (begin(p) or "eu-") + "new-9")
       for p in PARTITIONS["partitions"]]
FOLDED = PLACES + NEW


class Service:
    """One model, and what its rule set answers."""

    def __init__(self, name, model):
        about = model["metadata"]
        rules = LOADER.load_service_model(name, "endpoint-rule-set-1")
        self.name = name
        self.cli = RENAMED.get(name, name)
        self.id = about["serviceId"]
        self.signing = about.get("signingName", about["endpointPrefix"])
        self.json = about.get("jsonVersion", "1.0")
        self.target = about.get("targetPrefix", "")
        if about["protocol"] == "query":
            self.target = about["apiVersion"]
        self.query = "awsQueryCompatible" in about
        self.params = set(rules["parameters"])
        self.provider = EndpointProvider(rules, PARTITIONS)
        self.static_of = {op: static(about) for op, about
                          in model["operations"].items()}
        self.static = {} if name in PLAIN else common(self.static_of)
        self.prepends = {op: about["endpoint"]["hostPrefix"] for op, about
                         in model["operations"].items()
                         if "hostPrefix" in about.get("endpoint", {})}
        self.streams = [op for op, about in model["operations"].items()
                        if streams(model, about)]
        self.unsigned = [op for op, about in model["operations"].items()
                         if about.get("authtype") == "none"]
        self.host = self.prefix() or about["endpointPrefix"]

    def prefix(self):
        """What stands in front of the region, or nothing."""
        at = next(a for a in PLACES if a.region == "us-east-1")
        host = self.ask(at, "p")[0] or ""
        found = re.fullmatch(r"([a-z0-9.-]+?)(?:\.us-east-1|\.global)?"
                             r"\.(?:amazonaws\.com|api\.aws)", host)
        return found and found.group(1)

    def ask(self, at, flag, given=None):
        """(host, region to sign for) of the rule set; None where it refuses."""
        said = dict(zip(("UseFIPS", "UseDualStack"), FLAGS[flag]),
                    Region=at.region)
        said = {k: v for k, v in said.items() if k in self.params}
        try:
            found = self.provider.resolve_endpoint(
                **said, **(self.static if given is None else given))
        except EndpointProviderError:
            return None, None
        schemes = (found.properties or {}).get("authSchemes") or [{}]
        return (found.url.removeprefix("https://"),
                schemes[0].get("signingRegion") or at.region)

    def answers(self, given=None):
        return {(at, flag): self.ask(at, flag, given)
                for at in FOLDED for flag in FLAGS}


def static(operation):
    """The parameters that an operation gives to the rule set."""
    given = operation.get("staticContextParams") or {}
    return {k: v["value"] for k, v in given.items()}


def common(statics):
    """Those of most operations."""
    return max(statics.values(), key=list(statics.values()).count)


def streams(model, operation):
    """It answers frames of events, not one object of JSON."""
    shapes = model["shapes"]
    out = shapes.get((operation.get("output") or {}).get("shape"), {})
    return any(shapes[member["shape"]].get("eventstream")
               for member in out.get("members", {}).values())


def speaks_json(about):
    return "json" in (about["protocol"], *about.get("protocols", []))


def services():
    for name in sorted(LOADER.list_available_services("service-2")):
        model = LOADER.load_service_model(name, "service-2")
        if speaks_json(model["metadata"]):
            yield Service(name, model)


def service(name):
    return Service(name, LOADER.load_service_model(name, "service-2"))


def expand(host, prefix, at, flag):
    """What core/aws/catalog.c makes of the right side of a rule."""
    fips, dualstack = FLAGS[flag]
    if host == REFUSED:
        return None, None
    if host == TEMPLATE:
        host = ("{p}" + ("-fips" if fips else "") + ".{r}."
                + ("{d}" if dualstack else "{s}"))
    host, _, region = host.partition("@")
    for mark, value in (("{p}", prefix), ("{r}", at.region), ("{s}", at.s),
                        ("{d}", at.d), ("{g}", at.g)):
        host, region = host.replace(mark, value), region.replace(mark, value)
    return host, region or at.region


def candidates(answer, prefix, at, flag):
    """Every right side that says this answer."""
    host, region = answer
    if host is None:
        return {REFUSED}
    tails = [("." + value, "." + mark) for mark, value
             in (("{d}", at.d), ("{s}", at.s)) if host.endswith("." + value)]
    value, mark = max(tails or [("", "")], key=lambda tail: len(tail[0]))
    forms = {host.removesuffix(value) + mark}
    for mark, value in (("{r}", at.region), ("{g}", at.g)):
        forms |= {re.sub(rf"(?<![a-z0-9-]){re.escape(value)}(?=\.|$)", mark,
                         form, count=1)
                  for form in set(forms) if mark not in form}
    forms |= {"{p}" + form[len(prefix):] for form in set(forms)
              if form.startswith((prefix + ".", prefix + "-fips."))}
    said = {form + sign for form in forms
            for sign in ("", "@" + region, "@{g}")} | {TEMPLATE}
    return {x for x in said if expand(x, prefix, at, flag) == answer}


def shortest(hosts):
    """Those that say most by names first."""
    return sorted(hosts, key=lambda x: (
        "{g}" in x and "@" not in x, "@" in x and "{g}" not in x,
        "{r}" not in x and "{g}" not in x, "{p}" not in x, len(x), x))


def groups_of(places, base, said):
    """[(regions, right side)] of the places that `base` does not give."""
    left, groups = [a for a in places if base not in said[a]], []
    while left:
        every = set(itertools.chain(*(said[a] for a in left)))
        best = max(shortest(every),
                   key=lambda x: sum(x in said[a] for a in left))
        groups.append((tuple(a.region for a in left if best in said[a]),
                       best))
        left = [a for a in left if best not in said[a]]
    return groups


def partition_rules(places, star, said):
    """(cost, rules) of one partition beside the rule `*`: the odd regions
    alone, or a right side of its own.  A region costs twice, so that a new
    one follows its partition."""
    if all(star in said[a] for a in places):
        return 0, []
    here = collections.Counter(itertools.chain(*(said[a] for a in places)))
    often = [x for x in shortest(here)
             if here[x] * 2 >= max(here.values())][:12]
    options = []
    for base in [star, *often]:
        groups = groups_of(places, base, said)
        own = [((places[0].partition,), base)] if base != star else []
        options.append((2 * len(groups) + len(own), len(options),
                        groups + own))
    cost, _, rules = min(options, key=lambda o: o[:2])
    return cost, rules


def flag_rules(said):
    """[(names, right side)] for one flag, the fewest that do."""
    seen = collections.Counter(itertools.chain(*said.values()))
    stars = [TEMPLATE, *shortest(x for x in seen if x != TEMPLATE
                                 and seen[x] >= len(FOLDED) // 2)[:12]]
    best = None
    for star in stars:
        cost, rules = int(star != TEMPLATE), []
        for partition in IDS:
            more, found = partition_rules(
                [a for a in FOLDED if a.partition == partition], star, said)
            cost, rules = cost + more, rules + found
        if star != TEMPLATE:
            rules.append((("*",), star))
        if best is None or cost < best[0]:
            best = cost, rules
    return best[1]


def fold(answers, prefix):
    """The rules as text; regions before partitions before `*`."""
    merged = collections.OrderedDict()
    for flag in FLAGS:
        said = {at: candidates(answers[(at, flag)], prefix, at, flag)
                for at in FOLDED}
        if all(TEMPLATE in x for x in said.values()):
            continue
        same = collections.OrderedDict()
        for names, host in flag_rules(said):
            rank = 2 if names == ("*",) else int(names[0] in IDS)
            same.setdefault((rank, host), []).extend(names)
        for (rank, host), names in same.items():
            key = rank, ",".join(names), host
            merged[key] = merged.get(key, "") + flag
    return " ".join(f"{names}:{flags}={host}" for (rank, names, host), flags
                    in sorted(merged.items(), key=lambda x: x[0][0]))


def apply(rules, prefix, at, flag):
    for rule in rules.split():
        names, rest = rule.split(":", 1)
        flags, host = rest.split("=", 1)
        if flag in flags and {"*", at.partition, at.region} & set(
                names.split(",")):
            return expand(host, prefix, at, flag)
    return expand(TEMPLATE, prefix, at, flag)


def row(service, rule):
    """CLI|TARGET|CODE|HOST|SIGNING|ID|NAME without what the others say."""
    same_id = service.id.lower().replace(" ", "-") == service.cli
    parts = [service.cli, service.target,
             service.json[2:] + ("*" if service.query else "") + rule,
             service.host if service.host != service.cli else "",
             service.signing if service.signing != service.host else "",
             "" if same_id else service.id,
             service.name if service.name != service.cli else ""]
    return "|".join(parts).rstrip("|")


def homes():
    """Where IAM of each partition is."""
    iam = service("iam")
    return {p["id"]: {iam.ask(at, "p")[1] for at in PLACES
                      if at.partition == p["id"]}
            for p in PARTITIONS["partitions"]}


def partitions():
    """ID|BEGIN|SUFFIX|DUAL STACK|GLOBAL REGION|HOME, `aws` last."""
    home = homes()
    for p in sorted(PARTITIONS["partitions"], key=lambda p: p["id"] == "aws"):
        out = p["outputs"]
        assert out["supportsFIPS"] and out["supportsDualStack"], p["id"]
        (own,) = home[p["id"]]
        yield "|".join((p["id"], begin(p), out["dnsSuffix"],
                        out["dualStackDnsSuffix"],
                        out["implicitGlobalRegion"],
                        own if own != out["implicitGlobalRegion"]
                        else "")).rstrip("|")


def globs_of(name):
    """What begins with its first words, what has one of its words."""
    words = re.findall("[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    yield from ("".join(words[:n]) + "*" for n in range(1, len(words)))
    yield from (f"*{word}*" for word in words if len(word) > 2)


def patterns(names, every):
    """The globs that give these names of all: whole words that three or more
    of them share, so that a name of tomorrow is rarely taken for one, and the
    other names as they are."""
    left, found = set(names), []
    good = {glob: set(fnmatch.filter(every, glob))
            for name in names for glob in globs_of(name)}
    good = {glob: hits for glob, hits in good.items() if hits <= left}
    while good:
        glob = max(sorted(good), key=lambda g: (len(good[g] & left), -len(g)))
        if len(good[glob] & left) < 3:
            break
        found.append(glob)
        left -= good[glob]
    return ",".join(found + [name for name in names if name in left])


def kebab(operation):
    return botocore.xform_name(operation, "-")


def spell(name, words):
    """What core/aws/catalog.c makes of a name in small letters."""
    for word in words:
        if word.lower() == name.replace("-", ""):
            return word
    known = {word.lower(): word for word in words}
    return "".join(known.get(piece, piece[:1].upper() + piece[1:])
                   for piece in name.split("-"))


def words_of(operations):
    """The words, and then the names, that give every operation its own
    spelling."""
    words = {}
    for operation in operations:
        at = 0
        for piece in kebab(operation).split("-"):
            own = operation[at:at + len(piece)]
            at += len(piece)
            assert own.lower() == piece, operation
            if own != piece[:1].upper() + piece[1:]:
                words[piece] = own
    kept = sorted(words.values())
    for word in list(kept):
        without = [w for w in kept if w != word]
        if wrong(operations, without) <= wrong(operations, kept):
            kept = without
    names = [op for op in operations if spell(kebab(op), kept) != op]
    return kept + names


def wrong(operations, words):
    """How many words, and names that they do not give; their bytes."""
    names = [op for op in operations if spell(kebab(op), words) != op]
    return len(words) + len(names), sum(map(len, words + names))


class Table:
    """The lines of each text."""

    def __init__(self):
        self.rows, self.operations, self.letters, self.keys = [], [], {}, {}
        self.words = collections.OrderedDict()
        for one in services():
            self.add(one)
        self.ours = [row(one, self.letter(one, one.answers()))
                     for one in map(service, OURS)]
        self.rules = [f"{letter}|{text}"
                      for text, letter in self.letters.items()]

    def letter(self, service, answers):
        text = fold(answers, service.host)
        for (at, flag), said in answers.items():
            assert apply(text, service.host, at, flag) == said, service.name
        if not text:
            return ""
        return self.letters.setdefault(text, LETTERS[len(self.letters)])

    def add(self, one):
        answers = one.answers()
        self.rows.append(row(one, self.letter(one, answers)))
        for key in {one.cli, one.name, one.id.lower().replace(" ", "-")}:
            assert self.keys.setdefault(key, one.cli) == one.cli, key
        words = words_of(one.static_of)
        if words:
            self.words.setdefault(",".join(words), []).append(one.cli)
        ways = collections.defaultdict(list)
        for name, given in one.static_of.items():
            if given != one.static:
                own = one.answers(given)
                if own != answers:
                    ways["=" + self.letter(one, own)].append(name)
        for name, before in one.prepends.items():
            ways[before].append(name)
        if one.streams:
            ways["~"] = one.streams
        if one.unsigned:
            ways["-"] = one.unsigned
        self.operations += [
            "|".join((one.cli, way, patterns(names, one.static_of)))
            for way, names in ways.items()]


def others():
    """NAME[=SIGNING]"""
    for name in OTHERS:
        about = LOADER.load_service_model(name, "service-2")["metadata"]
        assert not speaks_json(about), name
        signing = about.get("signingName", about["endpointPrefix"])
        yield name if signing == name else f"{name}={signing}"


def put(name, lines):
    """The lines as one text, cut where 80 columns end."""
    sys.stdout.write(f"\nconst char hc_service_{name}[] =\n")
    for number, line in enumerate(lines, 1):
        parts = re.findall(r".{1,69}(?:(?<=[ |,])|$)", line)
        ends = [""] * (len(parts) - 1) + ["\\n"]
        for part, end in zip(parts, ends):
            last = number == len(lines) and end
            sys.stdout.write(f'    "{part}{end}"{";" if last else ""}\n')


def main():
    table = Table()
    sys.stdout.write(f"""\
/* aws/service_table.c - the services that speak JSON, written by
 * bindings/packaging/service_table.py from botocore {botocore.__version__}; \
do not edit. */
#include "aws/service_table.h"

/* Longer than the 4095 bytes that every C11 compiler has to take. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
""")
    put("rows", table.rows)
    put("ours", table.ours)
    put("others", [" ".join(others())])
    put("operations", table.operations)
    put("words", [",".join(names) + "|" + words
                  for words, names in table.words.items()])
    put("rules", table.rules)
    put("partitions", list(partitions()))
    sys.stdout.write("\n#pragma GCC diagnostic pop\n")


if __name__ == "__main__":
    main()
