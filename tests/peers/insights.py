"""The part of CloudWatch Logs Insights' query language that the pages use,
over lines of a log: fields, filter, parse, stats, sort, limit.

    rows = insights.run(query, lines)     # a list of {column: value}

A member of a JSON line is a field by its path (clusters.0.name); @message is
the line, @timestamp its time.  A field that a line lacks is None, which only
ispresent() and `not like` are true of.  What is not known raises.

Used by: system/test_operating.py.
Instead of moto: moto answers any query with nothing.
"""
import json
import re

TOKEN = re.compile(r"""\s*(?:(?P<regex>/(?:\\.|[^/\\])*/)
    |(?P<text>"(?:\\.|[^"\\])*"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?\b)
    |(?P<name>[@A-Za-z_][\w@]*(?:\.\w+)*)|(?P<sign>!=|<=|>=|[=<>(),*|]))""",
                   re.X)


def tokens(query):
    """[(kind, text)], and the end."""
    found, at = [], 0
    query = query.strip()
    while at < len(query):
        match = TOKEN.match(query, at)
        if not match:
            raise ValueError(f"no word of the language: {query[at:at + 20]}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found + [("end", "")]


def flat(value, path=""):
    """Members by their paths."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return {path: value}
    found = {}
    for name, inner in items:
        found.update(flat(inner, f"{path}.{name}" if path else str(name)))
    return found


def row_of(line):
    try:
        row = flat(json.loads(line))
    except ValueError:
        row = {}
    return {**row, "@message": line, "@timestamp": row.get("timestamp", "")}


class Reader:
    """A query, read from the left."""

    def __init__(self, query):
        self.left = tokens(query)

    def take(self, *wanted):
        kind, text = self.left[0]
        if wanted and text not in wanted and kind not in wanted:
            raise ValueError(f"{text!r} stands where {wanted} is expected")
        return self.left.pop(0)[1]

    def has(self, text):
        if self.left[0][1] != text:
            return False
        self.left.pop(0)
        return True

    def value(self):
        kind, text = self.left.pop(0)
        if kind == "text":
            return text[1:-1].replace('\\"', '"')
        if kind == "number":
            return float(text)
        raise ValueError(f"{text!r} is no value")

    # ---- conditions ----

    def either(self):
        tests = [self.both()]
        while self.has("or"):
            tests.append(self.both())
        return lambda row: any(t(row) for t in tests)

    def both(self):
        tests = [self.one()]
        while self.has("and"):
            tests.append(self.one())
        return lambda row: all(t(row) for t in tests)

    def one(self):
        if self.has("("):
            inner = self.either()
            self.take(")")
            return inner
        name = self.take("name")
        if name == "ispresent":
            self.take("(")
            name = self.take("name")
            self.take(")")
            return lambda row: row.get(name) is not None
        sign = self.take("like", "=", "!=", "<", ">", "<=", ">=")
        if sign == "like":
            return self.like(name)
        value = self.value()

        def compare(row):
            got = row.get(name)
            if got is None or isinstance(got, str) != isinstance(value, str):
                return False
            return {"=": got == value, "!=": got != value, "<": got < value,
                    ">": got > value, "<=": got <= value,
                    ">=": got >= value}[sign]
        return compare

    def like(self, name):
        if self.left[0][0] == "regex":
            pattern = re.compile(self.take()[1:-1])
        else:
            pattern = re.compile(re.escape(self.value()))
        return lambda row: bool(pattern.search(str(row.get(name) or "")))

    # ---- columns ----

    def names(self):
        found = [self.take("name")]
        while self.has(","):
            found.append(self.take("name"))
        return found

    def sums(self):
        """[(function, field, column)] of a stats."""
        found = []
        while True:
            function = self.take("count", "sum", "min", "max", "latest")
            self.take("(")
            field = self.take("*", "name")
            self.take(")")
            column = self.take("name") if self.has("as") \
                else f"{function}({field})"
            found.append((function, field, column))
            if not self.has(","):
                return found


def total(function, field, rows):
    if function == "count":
        return len([r for r in rows if field == "*" or
                    r.get(field) is not None])
    got = [r[field] for r in sorted(rows, key=lambda r: r["@timestamp"])
           if r.get(field) is not None]
    if not got:
        return None
    return {"sum": sum, "min": min, "max": max,
            "latest": lambda g: g[-1]}[function](got)


def stats(reader, rows):
    sums = reader.sums()
    by = reader.names() if reader.has("by") else []
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row.get(n) for n in by), []).append(row)
    return [{**dict(zip(by, key)),
             **{column: total(function, field, group)
                for function, field, column in sums}}
            for key, group in groups.items()]


def parse(reader, rows):
    field = reader.take("name")
    pattern = re.compile(reader.take("regex")[1:-1].replace("(?<", "(?P<"))
    for row in rows:
        match = pattern.search(str(row.get(field) or ""))
        row.update(match.groupdict() if match else {})
    return rows


def run(query, lines):
    """The rows that Insights would show; without stats and fields the line."""
    reader, shown = Reader(query), None
    rows = [row_of(line) for line in lines if line.strip()]
    while True:
        command = reader.take("fields", "filter", "parse", "stats", "sort",
                              "limit")
        if command == "fields":
            shown = reader.names()
        elif command == "filter":
            test = reader.either()
            rows = [row for row in rows if test(row)]
        elif command == "parse":
            rows = parse(reader, rows)
        elif command == "stats":
            rows, shown = stats(reader, rows), ()
        elif command == "sort":
            name = reader.take("name")
            rows.sort(key=lambda r, n=name: (r.get(n) is not None, r.get(n)),
                      reverse=reader.take("asc", "desc") == "desc")
        else:
            rows = rows[:int(reader.value())]
        if reader.take("|", "end") != "|":
            break
    if shown == ():
        return rows
    return [{n: row.get(n) for n in shown or ("@timestamp", "@message")}
            for row in rows]
