#!/usr/bin/env python3
"""op_words.py > bindings/cli/op_words.c - how services spell the words of their
operations, out of botocore's models: `list-web-acls` of wafv2 is ListWebACLs.

A word that a service spells one way in all of its operations, and not as Word,
is in its list; an operation that words alone do not give back stands there
whole.  Sends nothing.  tests/system/test_call.py compares the file with what
the pinned botocore gives.
"""
import collections
import sys

import botocore
import botocore.session
from botocore import xform_name

# What the AWS CLI calls another name than botocore.
RENAMED = {"codedeploy": "deploy", "config": "configservice",
           "opsworkscm": "opsworks-cm"}


def operations():
    """(service, [operation]) of each that speaks JSON."""
    loader = botocore.session.get_session().get_component("data_loader")
    for service in sorted(loader.list_available_services("service-2")):
        model = loader.load_service_model(service, "service-2")
        about = model["metadata"]
        if "json" in (about["protocol"], *about.get("protocols", [])):
            yield RENAMED.get(service, service), list(model["operations"])


def spelled(kebab, words):
    """What op_name.c does, but for whole names."""
    return "".join(words.get(w, w[:1].upper() + w[1:])
                   for w in kebab.split("-"))


def words_of(names):
    """({word: its spelling}, [name that words do not give back])"""
    seen = collections.defaultdict(set)
    for name in names:
        at, parts = 0, []
        for word in xform_name(name, "-").split("-"):
            parts.append((word, name[at:at + len(word)]))
            at += len(word)
        if at == len(name) and all(p.lower() == w for w, p in parts):
            for word, part in parts:
                seen[word].add(part)
    words = {w: next(iter(s)) for w, s in seen.items()
             if len(s) == 1 and next(iter(s)) != w[:1].upper() + w[1:]}
    return words, [n for n in names
                   if spelled(xform_name(n, "-"), words) != n]


def rows():
    for service, names in sorted(operations()):
        words, whole = words_of(names)
        # op_name.c finds these by their letters alone
        assert all(xform_name(n, "-").replace("-", "") == n.lower()
                   for n in whole), whole
        if words or whole:
            yield service, [*sorted(words.values()), *whole]


def main():
    out = sys.stdout
    out.write(f"""\
/* cli/op_words.c - how services spell the words of their operations, written
 * by bindings/packaging/op_words.py from botocore {botocore.__version__}. */
#include "op_name.h"

const struct op_words op_words[] = {{
""")
    for service, words in rows():
        line = f'    {{ "{service}", "'
        for i, word in enumerate(words):
            word += "," if i + 1 < len(words) else ""
            if len(line) + len(word) > 74:
                out.write(line + '"\n')
                line = '      "'
            line += word
        out.write(line + '" },\n')
    out.write("""    { NULL, NULL }
};
""")


main()
