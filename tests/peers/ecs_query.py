"""The ECS cluster query language, as `filter` and memberOf speak it.

    or      = and { ("||" | "or") and }
    and     = not { ("&&" | "and") not }
    not     = ("!" | "not") not | "(" or ")" | single
    single  = subject operator [argument]
    list    = "[" argument { "," argument } "]"

parse() raises ValueError with the place; matches() is then always an answer.
Source: ECS Developer Guide, "Cluster query language".  It does not say what a
host without the attribute is to !=, !in and !~: here they are the opposites
of ==, in and =~, so such a host matches.

Used by: peers/ecs_model.py, peers/ecs_place.py and system/test_peer_query.py.
Instead of moto: moto does not know the cluster query language.
"""
import datetime
import re

WORDS = {"equals": "==", "not_equals": "!=", "greater_than": ">",
         "greater_than_equal": ">=", "less_than": "<",
         "less_than_equal": "<=", "exists": "exists",
         "not_exists": "!exists", "in": "in", "not_in": "!in",
         "matches": "=~", "not_matches": "!~"}
EQUAL, ORDER = {"==", "!="}, {">", ">=", "<", "<="}
LISTS, TEXT = {"in", "!in"}, {"=~", "!~"}
ALLOWED = {
    "agentConnected": EQUAL | LISTS | TEXT,
    "agentVersion": EQUAL | ORDER,
    "ec2InstanceId": EQUAL | LISTS | TEXT,
    "registeredAt": EQUAL | ORDER,
    "runningTasksCount": EQUAL | ORDER,
    "task:group": EQUAL | LISTS | TEXT,
}
SUBJECT = re.compile(r"attribute:([\w./\\-]+)|task:group|[A-Za-z]\w*", re.A)
OPERATOR = re.compile(r"!exists\b|!in\b|!=|!~|==|=~|>=|<=|>|<|[a-z_]+\b")
NOT = re.compile(r"!|not(?=[\s(]|$)")
AND = re.compile(r"&&|and(?=[\s(!]|$)")
OR = re.compile(r"\|\||or(?=[\s(!]|$)")
QUOTED = re.compile(r"\"([^\"()]*)\"|'([^'()]*)'")
WORD = re.compile(r"(?![=!<>~])(?:(?!&&|\|\|)[^\s()\[\],\"'])+")
PATTERN = re.compile(r"(?:(?!&&|\|\|)[^\s()\"'])+")


class Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def fail(self, wanted, at=None):
        at = self.at if at is None else at
        raise ValueError(f"{wanted} at {at} of {self.text!r}")

    def take(self, form):
        """A match of `form` here, after blanks; or None."""
        space = re.compile(r"\s*").match(self.text, self.at).end()
        found = form.match(self.text, space)
        self.at = found.end() if found else space
        return found

    def symbol(self, sign):
        return self.take(re.compile(re.escape(sign))) is not None

    def chain(self, name, form, part):
        tree = part()
        while self.take(form):
            tree = (name, tree, part())
        return tree

    def any(self):
        return self.chain("or", OR, self.all)

    def all(self):
        return self.chain("and", AND, self.one)

    def one(self):
        if self.take(NOT):
            return ("not", self.one())
        if self.symbol("("):
            tree = self.any()
            if not self.symbol(")"):
                self.fail("a ) is missing")
            return tree
        return self.single()

    def single(self):
        found = self.take(SUBJECT)
        if not found or not (found[1] or found[0] in ALLOWED):
            self.fail("no subject", found and found.start())
        subject = found[0]
        found = self.take(OPERATOR)
        operator = found and WORDS.get(found[0], found[0])
        if operator not in WORDS.values():
            self.fail("no operator", found and found.start())
        if operator not in ALLOWED.get(subject, WORDS.values()):
            self.fail(f"{subject} has no {operator}", found.start())
        if operator in ("exists", "!exists"):
            return ("is", subject, operator, None)
        if operator in LISTS:
            return ("is", subject, operator, self.list(subject))
        form = PATTERN if operator in TEXT else WORD
        return ("is", subject, operator,
                self.argument(subject, form, operator in TEXT))

    def list(self, subject):
        if not self.symbol("["):
            self.fail("a [ is missing")
        values = [self.argument(subject)]
        while self.symbol(","):
            values.append(self.argument(subject))
        if not self.symbol("]"):
            self.fail("a ] is missing")
        return values

    def argument(self, subject, form=WORD, pattern=False):
        found = self.take(QUOTED)
        text = found and (found[1] if found[1] is not None else found[2])
        if not found:
            found = self.take(form)
            text = found and found[0]
        if not found:
            self.fail("no argument")
        try:
            return re.compile(text) if pattern else typed(subject, text)
        except (ValueError, re.error) as e:
            return self.fail(f"{subject} takes no {text!r} ({e})",
                             found.start())


def typed(subject, text):
    """The argument as `subject` compares it."""
    if subject == "runningTasksCount":
        return int(text)
    if subject == "agentVersion":
        return tuple(int(part) for part in text.split("."))
    if subject == "registeredAt":
        when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        if when.tzinfo is None:
            when = when.replace(tzinfo=datetime.timezone.utc)
        return when.timestamp()
    return text


def parse(text):
    parser = Parser(text)
    tree = parser.any()
    if parser.take(re.compile(r"\S")):
        parser.fail("nothing more was expected", parser.at - 1)
    return tree


def values(subject, host):
    """What `host` has there: none, one, or for task groups several."""
    if subject.startswith("attribute:"):
        name = subject.partition(":")[2]
        return [a.get("value") or "" for a in host.get("attributes", ())
                if a["name"] == name]
    if subject == "task:group":
        return sorted(getattr(host, "groups", ()))
    if subject == "agentConnected":
        return ["true" if host["agentConnected"] else "false"]
    if subject == "agentVersion":
        version = host.get("versionInfo", {}).get("agentVersion")
        return [] if version is None else [typed(subject, version)]
    found = host.get(subject)
    return [] if found is None else [found]


def both_numbers(value, argument):
    """Attributes are text; an order of "9" and "10" is meant as numbers."""
    try:
        return float(value), float(argument)
    except (TypeError, ValueError):
        return value, argument


def compare(value, operator, argument):
    if operator == "==":
        return value == argument
    if operator == "in":
        return value in argument
    if operator == "=~":
        return argument.fullmatch(value) is not None
    value, argument = both_numbers(value, argument)
    return {">": value > argument, ">=": value >= argument,
            "<": value < argument, "<=": value <= argument}[operator]


OPPOSITE = {"!=": "==", "!in": "in", "!~": "=~", "!exists": "exists"}


def matches(tree, host):
    kind = tree[0]
    if kind == "or":
        return matches(tree[1], host) or matches(tree[2], host)
    if kind == "and":
        return matches(tree[1], host) and matches(tree[2], host)
    if kind == "not":
        return not matches(tree[1], host)
    _, subject, operator, argument = tree
    if operator in OPPOSITE:
        return not matches(("is", subject, OPPOSITE[operator], argument),
                           host)
    found = values(subject, host)
    if operator == "exists":
        return bool(found)
    return any(compare(value, operator, argument) for value in found)
