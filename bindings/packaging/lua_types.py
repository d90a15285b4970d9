"""lua_types.py - lua/types/headcount.lua: what the Lua language server reads.

The descriptions of lua/headcount/init.lua are the table of functions and
options; bindings/lua/policy has those of rules and facts.  Without an argument
it prints the file; `write` writes it."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = TOP / "lua" / "types" / "headcount.lua"
HEAD = """---@meta headcount
-- Made from lua/headcount/init.lua and bindings/lua/policy; after a change of
-- these: python3 bindings/packaging/lua_types.py write

"""
KINDS = {"WHOLE": "integer", "SHARE": "number", "TEXT": "string",
         "SECONDS": "number", "FLAG": "boolean", "NOT": "boolean",
         "MODE": '"active"|"registered"|"connected"',
         "CPU_RUNGS": "number[][]", "SWITCH": "boolean"}
FACTS = {"tags": "table<string, string>", "attributes": "table<string, string>",
         "hosts": "fun(self, filter?: table): headcount.Host[]",
         "services": "fun(self, filter?: table): headcount.Service[]",
         "count": "fun(self, filter?: table): integer",
         "matches": "fun(self, glob: string): boolean",
         "can_take": "fun(self, service: string): boolean?, string?",
         "event": "table?", "distinct": "boolean", "connected": "boolean",
         "strategy": "table[]", "deployments": "table[]",
         "placement_constraints": "table[]"}
NUMBERS = {"registered", "age", "cpu", "cpu_remaining", "memory",
           "memory_remaining", "registered_at", "running_tasks", "desired",
           "pending", "running", "placeable"}


def blocks(text):
    """(kind, name, description, lines of tags) of each documented thing."""
    for block in re.findall(r"^--- ?(.*(?:\n-- ?.*)*)", text, re.M):
        lines = [re.sub(r"^-- ?", "", line) for line in block.split("\n")]
        tags, words, is_usage = [], [], False
        for line in lines:
            if line.startswith("@"):
                tags.append(line)
                is_usage = line.startswith("@usage")
            elif tags and not is_usage:
                tags[-1] += " " + line.strip()
            elif not tags:
                words.append(line)
        names = [t.split()[1] for t in tags if t.startswith("@function")]
        if names:
            yield names[0], words, tags


def lua_type(text):
    """LDoc's type as LuaCATS has it."""
    if text == "tab" or text == "table":
        return "table"
    return re.sub(r"\{(\w+),\.\.\.\}", r"\1[]", text).replace("?", "")


def parameters(tags):
    """[(name, type, is optional, description)]"""
    for tag in tags:
        m = re.match(r"@tparam(\[opt[^\]]*\])?\s+(\S+)\s+([\w.]+)\s*(.*)", tag)
        if m:
            yield m[3], lua_type(m[2]), bool(m[1]), m[4]


def returns(tags):
    """Types by place; what may be missing is optional."""
    found = {}
    for tag in tags:
        m = re.match(r"@(?:treturn|return)(?:\[(\d)\])?\s+(\S+)", tag)
        if m and tag.startswith("@treturn"):
            found.setdefault(m[1] or "1", []).append(m[2])
        elif m:
            found.setdefault("1", []).append("any")
    good, bad = found.get("1", []), found.get("2", [])
    for i in range(max(len(good), len(bad))):
        one = lua_type(good[i]) if i < len(good) else None
        if one == "client":
            one = "headcount.Client"
        other = lua_type(bad[i]) if i < len(bad) else None
        if one and not bad:
            yield one
        elif one is None or one == "nil":
            yield f"{other}?"
        else:
            yield f"{one}?" if other in ("nil", None) else f"{one}|{other}"


def comment(words):
    return "".join(f"---{word}\n" if word else "---\n" for word in words)


def class_name(function, parameter):
    name = re.sub(r"\W", "_", function)
    return f"headcount.{name}.{parameter}"


def function_of(name, words, tags):
    options, parts, out = {}, [], ""
    for parameter, kind, optional, text in parameters(tags):
        owner, dot, field = parameter.partition(".")
        if dot:
            options.setdefault(owner, []).append((field, kind, optional, text))
        else:
            parts.append((parameter, kind, optional, text))
    for owner, fields in options.items():
        out += f"---@class {class_name(name, owner)}\n"
        for field, kind, optional, text in fields:
            out += f"---@field {field}{'?' * optional} {kind} {text}".rstrip()
            out += "\n"
        out += "\n"
    out += comment(words)
    for parameter, kind, optional, text in parts:
        if parameter in options:
            kind = kind.replace("table", class_name(name, parameter))
        out += f"---@param {parameter}{'?' * optional} {kind} {text}".rstrip()
        out += "\n"
    for one in returns(tags):
        out += f"---@return {one}\n"
    method = name.startswith("client:")
    whole = ("Client" + name[len("client"):] if method
             else f"headcount.{name}")
    inside = ", ".join(p[0] for p in parts)
    return f"{out}function {whole}({inside}) end\n\n"


def module(text):
    methods, functions = "", ""
    for name, words, tags in blocks(text):
        if name.startswith("client:"):
            methods += function_of(name, words, tags)
        else:
            functions += function_of(name, words, tags)
    return (f"---@class headcount.Client\nlocal Client = {{}}\n\n{methods}"
            "---@class headcount\n---@field _VERSION string\n"
            "---@field json headcount.json\nlocal headcount = {}\n\n"
            "---@class headcount.json\n"
            "---@field null userdata stands for JSON's null\n"
            "---@field decode fun(text: string): any, string?, string?\n"
            "---@field encode fun(value: any): string\n"
            "---@field array fun(t: table): table marks an array\n\n"
            f"{functions}")


def names_of(path, table):
    text = (TOP / "bindings" / "lua" / "policy" / path).read_text()
    return re.findall(r'"(\w+)"', re.search(
        rf"{table}\[\] = \{{(.*?)\}};", text, re.S)[1])


def fact_class(title, names):
    out = f"---@class headcount.{title}\n"
    for name in names:
        kind = FACTS.get(name) or ("number?" if name in NUMBERS else "string?")
        out += f"---@field {name} {kind}\n"
    return out + "\n"


def rules():
    """The fields that each rule takes, by the table of rule_fields.c."""
    text = (TOP / "bindings" / "lua" / "policy" /
            "rule_fields.c").read_text()
    of = {"PER_HOST": "per_host", "FIXED": "fixed", "MINUS": "hosts_minus",
          "PERCENT": "percent", "LINEAR": "linear", "LADDER": "ladder"}
    every = [*of.values(), "defaults"]
    fields = {rule: {} for rule in every}
    for name, kind, takes in re.findall(
            r'^    \{ "(\w+)", (\w+), ([^,]+), ', text, re.M):
        base, _, but = takes.partition(" & ~")
        but = {of.get(but, "defaults")} if but else set()
        for rule in every if base == "COMMON" else [of[base]]:
            if rule not in but:
                fields[rule][name] = KINDS[kind]
    holds = (TOP / "core" / "plan" / "hold.c").read_text()
    holds = holds[holds.index("} holds[] = {"):]
    switches = dict.fromkeys(re.findall(r'ALLOW_\w+,\s+"(\w+)"',
                                        holds[:holds.index("};")]))
    out = "---@class headcount.Wish\n\n"
    for rule, its in fields.items():
        out += f"---@class headcount.{rule}\n"
        for name, kind in its.items():
            out += f"---@field {name}? {kind}\n"
        for name in switches:
            out += f"---@field {name}? boolean lets this hold pass\n"
        what = "" if rule == "defaults" else "---@return headcount.Wish\n"
        out += (f"---@field [integer] any the service first\n\n"
                f"---@param fields headcount.{rule}\n{what}"
                f"function {rule}(fields) end\n\n")
    return out + ("---@param fields { changes?: integer, falls?: integer, "
                  "expect_account?: string }\nfunction limits(fields) end\n\n")


def whole():
    init = (TOP / "lua" / "headcount" / "init.lua").read_text()
    facts = (fact_class("Cluster", names_of("facts.c", "cluster_names"))
             + fact_class("Host", names_of("facts_items.c", "host_names"))
             + fact_class("Service", names_of("facts_items.c",
                                              "service_names")))
    return (HEAD + module(init) + "-- What a policy finds.\n\n" + facts
            + rules() + "return headcount\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        OUT.write_text(whole())
    else:
        sys.stdout.write(whole())
