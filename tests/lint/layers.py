#!/usr/bin/env python3
"""layers.py - who may include whom: the ranks of the house.

A file of core includes files of its own folder and of the folders to the left
of it.  Inside a folder with a list of ranks it includes only files that stand
to the left of it in that list.  headcount.h stands below them all.  Core never
sees Lua or stdio.  The Lua module sees headcount.h and its own files: it can be
built against an installed library.  The program sees base/ too.  No file takes
part in a circle of includes.
"""
import os
import re
import subprocess
import sys

FOLDERS = "base wire net aws ecs plan reconcile op api".split()

# Folders that see less than all that is below them.
ONLY = {
    "wire": "base wire",
    "ecs": "base ecs",
    "plan": "base ecs plan",
}

# Groups in order, separated by "<": a file may include files of its own group
# and of groups to the left.  A name ends in * for a family, and in / for a
# folder in the folder.
RANKS = {
    "core/aws": "ini setting role sigv4 retry bucket xml strike page "
                "user_agent service_table sign_request < catalog < service < "
                "service_set endpoint answer < config_files < config < "
                "template < request trust < trace < timings < creds* < "
                "client.h < "
                "call < "
                "creds_assume < client_roles principal < creds_profile < "
                "client",
    "core/reconcile": "facts known_hosts < memory brake report sweep missing "
                      "snapshot* offline < run < audit claims < outcome < "
                      "verify wishes < exchange/ < plan_input placed second < "
                      "explain < policy_facts < policy_placed < "
                      "next_exchange < machine < passes < reconcile",
    "core/reconcile/exchange": "exchange < check failure yes_or_no "
                               "service_names.h < *",
    "core/op": "public http_request < op < op_wishes < op_request < "
               "op_account < op_call op_fetch < op_connect op_cluster < "
               "op_reconcile.h < op_lock op_targets < op_event < op_fact < "
               "op_policy < op_policy_tags op_policy_distinct < "
               "op_reconcile < "
               "op_sweep.h < op_sweep_find < op_sweep < "
               "op_doctor.h < op_doctor_call < op_doctor_* < op_doctor",
}
HOUSES = {
    "core": ["core"],
    "bindings/lua": ["bindings/lua", "core"],
    "bindings/cli": ["bindings/cli", "bindings/lua", "core"],
}
SEEN_OF_CORE = {
    "bindings/lua": ("core/headcount.h",),
    "bindings/cli": ("core/headcount.h", "core/base/"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def house_of(path):
    return next(h for h in ("core", "bindings/lua", "bindings/cli")
                if path.startswith(h + "/"))


def folder_rank(path):
    parts = path.split("/")
    if path == "core/headcount.h":
        return 0
    return FOLDERS.index(parts[1]) + 1 if parts[1] in FOLDERS else None


def place_in(folder, path):
    """The group that a file, or the folder it is in, has in the folder's list;
    None: the list does not have it."""
    name = path[len(folder) + 1:]
    name = name.split("/")[0] + "/" if "/" in name else name
    stem = os.path.splitext(name)[0]
    family = None
    for place, group in enumerate(RANKS[folder].split("<")):
        for pattern in group.split():
            if pattern in (name, stem):
                return place
            if pattern.endswith("*") and stem.startswith(pattern[:-1]):
                family = place
    return family


def resolve(what, path):
    """The file of this tree that is meant, or None."""
    for root in HOUSES[house_of(path)]:
        found = f"{root}/{what}"
        if os.path.exists(found):
            return found
    return None


def judge(path, found, what, say):
    house = house_of(path)
    if house != "core":
        seen = SEEN_OF_CORE[house]
        if found.startswith("core/") and not found.startswith(seen):
            say(f"{house} sees {' and '.join(seen)} only, not {what}")
        return
    mine, its = folder_rank(path), folder_rank(found)
    if mine is None:
        say("is in no room of the house (tests/lint/layers.py)")
    elif its is None or its > mine:
        say(f"includes {what}, which is above it")
    elif its > 0 and path.split("/")[1] in ONLY and \
            found.split("/")[1] not in ONLY[path.split("/")[1]].split():
        say(f"includes {what}: {path.split('/')[1]}/ sees only "
            f"{ONLY[path.split('/')[1]]}")
    elif its == mine:
        folder = os.path.commonpath([path, found])
        if folder not in RANKS:
            return
        rank, theirs = place_in(folder, path), place_in(folder, found)
        if rank is None or theirs is None:
            say(f"is not ranked in {folder}, or {what} is not")
        elif theirs > rank:
            say(f"includes {what}, which is above it in {folder}")


def circles(graph):
    """Each circle of includes, as a list of files."""
    done, found = set(), []

    def walk(node, trail):
        if node in trail:
            found.append(trail[trail.index(node):] + [node])
            return
        if node in done:
            return
        for other in sorted(graph.get(node, ())):
            walk(other, trail + [node])
        done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


def main():
    listed = subprocess.run(
        ["find", "core", "bindings/cli", "bindings/lua", "-name", "*.[ch]"],
        capture_output=True, text=True, check=True).stdout.split()
    bad, graph = [], {}
    for path in sorted(listed):
        with open(path, encoding="utf-8") as f:
            lines = f.readlines()
        for number, line in enumerate(lines, 1):
            hit = INCLUDE.match(line)
            if not hit:
                continue

            def say(why, where=f"{path}:{number}"):
                bad.append(f"{where}: {why}")
            kind, what = hit.groups()
            if path.startswith("core/") and re.match(
                    r"(lua|lualib|lauxlib|stdio)\.h$", what):
                say(f"core includes {what}")
            if kind == "<" or what == "build_info.h":
                continue
            found = resolve(what, path)
            if found is None:
                say(f'include "{what}" is no file of its house')
                continue
            judge(path, found, what, say)
            graph.setdefault(path, set()).add(found)
    for circle in circles(graph):
        bad.append("a circle of includes: " + " -> ".join(circle))
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
