"""What Terraform makes of a folder, as far as ours goes: python-hcl2 reads it,
the expressions are evaluated here, nothing is left of them.

    module = Module(folder, {"cluster_arns": [...], "package": "x.zip"})
    module.resource("aws_sqs_queue", "queue")["visibility_timeout_seconds"]

Types are Terraform's where it is strict: both sides of a condition are of one
type, an unknown reference is an error.

Used by: peers/deployment.py and system/test_templates.py.
Instead of moto: moto does not read Terraform.
"""
import json
import operator
import pathlib
import re

import hcl2

ACCOUNT, REGION = "123456789012", "eu-west-1"
TOKEN = re.compile(r"""\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)
                       |(?P<mark>[=!>]=|=>|[][(){}?:,.=>]))""", re.X)


def at(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def attribute(kind, name, values, which):
    """What AWS gives a resource, in AWS's own forms."""
    named = values.get("name") or values.get("function_name")
    arns = {"aws_sqs_queue": at("sqs", named),
            "aws_cloudwatch_event_rule": at("events", f"rule/{named}"),
            "aws_lambda_function": at("lambda", f"function:{named}"),
            "aws_cloudwatch_log_group": at("logs", f"log-group:{named}"),
            "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
    if which == "arn":
        return arns[kind]
    if which in ("id", "url"):
        return (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{named}"
                if kind == "aws_sqs_queue" else name)
    return values[which]


class Expression:
    """One expression: a parser that evaluates as it goes."""

    def __init__(self, text, module):
        self.text, self.at, self.module = text, 0, module
        self.scope = {}                  # of a for expression

    def peek(self):
        match = TOKEN.match(self.text, self.at)
        return match and match[match.lastgroup]

    def take(self, wanted=None):
        match = TOKEN.match(self.text, self.at)
        assert match, f"{self.text[self.at:]!r} of {self.text!r}"
        token = match[match.lastgroup]
        assert wanted in (None, token), f"{wanted}, not {token}: {self.text}"
        self.at = match.end()
        return token

    def whole(self):
        value = self.value()
        assert self.text[self.at:].strip() == "", self.text
        return value

    def value(self):
        left = self.operand()
        if self.peek() in COMPARE:
            left = COMPARE[self.take()](left, self.operand())
        if self.peek() != "?":
            return left
        self.take()
        yes = self.value()
        self.take(":")
        no = self.value()
        assert isinstance(left, bool)
        assert None in (yes, no) or type(yes) is type(no), \
            f"{yes} and {no} differ in type"
        if type(yes) is dict:            # objects
            assert set(yes) == set(no), f"{yes} and {no} differ in members"
        return yes if left else no

    def each(self):
        """[for NAME in LIST : VALUE], after its first word."""
        name = self.take()
        self.take("in")
        items = self.value()
        self.take(":")
        found, start = [], self.at
        for item in items or [""]:       # of none, to get past it
            self.at, self.scope[name] = start, item
            found.append(self.value())
        self.take("]")
        return found if items else []

    def each_member(self):
        """{for NAME, NAME in OBJECT : KEY => VALUE if CONDITION}, likewise."""
        key = self.take()
        self.take(",")
        name = self.take()
        self.take("in")
        members = self.value()
        self.take(":")
        found, start = {}, self.at
        for self.scope[key], self.scope[name] in members.items():
            self.at = start
            made = self.value()
            self.take("=>")
            value = self.value()
            self.take("if")
            if self.value():
                found[made] = value
        self.take("}")
        return found

    def items(self, end):
        found = []
        while self.peek() != end:
            found.append(self.value())
            if self.peek() == ",":
                self.take()
        self.take(end)
        return found

    def members(self):
        found = {}
        while self.peek() != "}":
            key = self.string() if self.quoted() else self.take()
            self.take("=" if self.peek() == "=" else ":")
            found[key] = self.value()
            if self.peek() == ",":
                self.take()
        self.take("}")
        return found

    def quoted(self):
        self.at += len(self.text[self.at:]) - len(self.text[self.at:].lstrip())
        return self.text[self.at:self.at + 1] == '"'

    def string(self):
        end = re.compile(r'"(?:[^"\\$]|\\.|\$\{[^}]*\}|\$(?!\{))*"').match(
            self.text, self.at)
        self.at = end.end()
        return self.module.template(end[0])

    def operand(self):
        if self.quoted():
            return self.string()
        token = self.take()
        if token.isdigit():
            return int(token)
        if token in WORDS:
            return WORDS[token]
        if token == "[" and self.peek() == "for":
            self.take()
            return self.each()
        if token == "[":
            return self.items("]")
        if token == "{" and self.peek() == "for":
            self.take()
            return self.each_member()
        if token == "{":
            return self.members()
        if token == "(":
            value = self.value()
            self.take(")")
        elif self.peek() == "(":
            self.take()
            value = FUNCTIONS[token](*self.items(")"))
        else:
            path = [token]
            while self.peek() == ".":
                self.take()
                path.append(self.take())
            value = self.scope[token] if token in self.scope \
                else self.module.reference(path)
        while self.peek() == "[":
            self.take()
            value = value[self.value()]
            self.take("]")
        return value


def coalesce(*values):
    return next(v for v in values if v not in (None, ""))


WORDS = {"true": True, "false": False, "null": None}
COMPARE = {"==": operator.eq, "!=": operator.ne, ">": operator.gt,
           ">=": operator.ge}
FUNCTIONS = {
    "coalesce": coalesce,
    "tostring": lambda value: None if value is None else str(value),
    "join": lambda by, items: by.join(items),
    "split": lambda by, text: text.split(by),
    "slice": lambda items, first, end: items[first:end],
    "length": len,
    "contains": lambda items, one: one in items,
    "jsonencode": json.dumps,
    "alltrue": all,
    "regex": lambda form, text: re.search(form, text),
    "can": lambda value: value is not None,
    "filebase64sha256": lambda path: f"sha256 of {path}",
}


def bare(text):
    """A label, a key, a comment's mark: "x" without its quotes."""
    return text[1:-1] if text[:1] == '"' else text


class Module:
    def __init__(self, folder, variables):
        self.blocks = {}
        for path in sorted(pathlib.Path(folder).glob("*.tf")):
            with open(path, encoding="utf-8") as f:
                for kind, blocks in hcl2.load(f).items():
                    self.blocks.setdefault(kind, []).extend(blocks)
        self.declared = self.labelled("variable")
        assert set(variables) <= set(self.declared)
        self.given = variables
        self.iterators = {}              # of dynamic blocks
        for name, declared in self.declared.items():
            self.validate(name, declared)

    def validate(self, name, declared):
        assert name in self.given or "default" in declared, name
        for rule in declared.get("validation", []):
            assert self.value(rule["condition"]), \
                self.value(rule["error_message"])

    def labelled(self, kind, *labels):
        """The blocks of a kind (and of a type) by their name."""
        found = {}
        for block in self.blocks.get(kind, []):
            for label in labels:
                block = {bare(k): v for k, v in block.items()}.get(label, {})
            found.update({bare(k): v for k, v in block.items()
                          if not k.startswith("__")})
        return found

    def kinds(self):
        return {bare(k) for b in self.blocks["resource"] for k in b}

    # ---- values ----

    def template(self, quoted):
        """"text ${expression}" """
        inside = quoted[1:-1]
        if re.fullmatch(r"\$\{[^}]*\}", inside):
            return Expression(inside[2:-1], self).whole()
        inside = re.sub(r"\$\{([^}]*)\}", lambda m: str(
            Expression(m[1], self).whole()).replace("\\", "\\\\"), inside)
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(
            m[1], m[1]), inside)

    def value(self, v):
        if isinstance(v, list):
            return [self.value(x) for x in v]
        if isinstance(v, dict):
            made = {bare(k): self.value(x) for k, x in v.items()
                    if not k.startswith("__") and k != "dynamic"}
            for block in v.get("dynamic", []):
                ((label, said),) = block.items()
                made.setdefault(bare(label), []).extend(
                    self.dynamic(bare(label), said))
            return made
        if not isinstance(v, str):
            return v
        if v[:1] == '"':
            return self.template(v)
        assert v[:2] == "${" and v[-1] == "}", v
        return Expression(v[2:-1], self).whole()

    def dynamic(self, label, said):
        """The blocks that a dynamic block comes to."""
        made = []
        for item in self.value(said["for_each"]):
            self.iterators[label] = {"value": item}
            made += self.value(said["content"])
        self.iterators.pop(label, None)
        return made

    def reference(self, path):
        if path[0] in self.iterators:
            return self.iterators[path[0]][path[1]]
        if path[0] == "var":
            return self.given[path[1]] if path[1] in self.given \
                else self.value(self.declared[path[1]]["default"])
        if path[0] == "local":
            return self.value(self.labelled("locals")[path[1]])
        if path[:2] == ["data", "aws_iam_policy_document"]:
            assert path[3:] == ["json"]
            return json.dumps(self.document(path[2]))
        kind, name, which = path
        return attribute(kind, name, self.plain(kind, name), which)

    def plain(self, kind, name):
        """What names a resource, without what points elsewhere."""
        block = self.labelled("resource", kind)[name]
        return {k: self.value(v) for k, v in block.items()
                if k in ("name", "function_name")}

    def resource(self, kind, name):
        """None where its count is 0."""
        block = self.value({
            k: v for k, v in self.labelled("resource", kind)[name].items()
            if k != "depends_on"})
        return None if block.pop("count", 1) == 0 else block

    def resources(self, kind):
        found = {n: self.resource(kind, n)
                 for n in self.labelled("resource", kind)}
        return {n: r for n, r in found.items() if r is not None}

    def document(self, name):
        """aws_iam_policy_document: its own names become the policy's."""
        data = self.value(self.labelled(
            "data", "aws_iam_policy_document")[name])
        statements = []
        for s in data["statement"]:
            one = {"Effect": s.get("effect", "Allow"), "Action": s["actions"]}
            if "sid" in s:
                one["Sid"] = s["sid"]
            if "resources" in s:
                one["Resource"] = s["resources"]
            if "principals" in s:
                one["Principal"] = {p["type"]: p["identifiers"]
                                    for p in s["principals"]}
            for c in s.get("condition", []):
                one.setdefault("Condition", {}).setdefault(
                    c["test"], {})[c["variable"]] = c["values"]
            statements.append(one)
        return {"Version": "2012-10-17", "Statement": statements}
