"""completion.py PROGRAM FOLDER - completion for bash, zsh and fish, made of
what PROGRAM's own `help` says: verbs, options, their values.

Nothing is asked of AWS: names of clusters and services are not completed."""
import pathlib
import re
import subprocess
import sys

TEXT_AT = 44                          # column of a verb's text in `help`
HEAD = "# Made by bindings/packaging/completion.py from `headcount help`.\n"


def help_of(program, *words):
    return subprocess.run([program, "help", *words], check=True, text=True,
                          capture_output=True).stdout


def options_of(text):
    """{name: (value or "", description)} of lines that begin an option."""
    found, last = {}, None
    for line in text.split("\n"):
        m = re.match(r"  --([a-z-]+)(?:, -\w)?(?: ('[^']+'|\S+))?(?:  +(.*))?$",
                     line)
        if m:
            last = m[1]
            found[last] = (m[2] or "", m[3] or "")
        elif last and re.match(r" {30,}\S", line) and not found[last][1]:
            found[last] = (found[last][0], line.strip())
        elif not line.strip():
            last = None
    return found


def words_of(value):
    """The words that can stand there; a FILE is no word."""
    if re.fullmatch(r"[a-z0-9.]+(\|[a-z0-9.]+)+", value):
        return value.split("|")
    return [w for w in value.split("|") if re.fullmatch(r"[a-z]+", w)]


def takes_file(value):
    return "FILE" in value


class Table:
    def __init__(self, program):
        first, _, _ = help_of(program).partition("\nNext:")
        self.verbs = {line.split()[0]: line[TEXT_AT:].strip()
                      for line in re.findall(r"^  [a-z].*", first, re.M)}
        everything = options_of(help_of(program, "options"))
        common = {n: v for n, v in everything.items() if n in
                  ("region", "profile", "endpoint-url", "ca-bundle", "output",
                   "cli-connect-timeout", "cli-read-timeout",
                   "no-sign-request", "debug", "help", "version")}
        self.options = everything
        self.of = {verb: {**options_of(help_of(program, verb)), **common}
                   for verb in self.verbs if verb not in ("help", "version")}


def bash(t):
    yield HEAD
    yield "_headcount() {\n"
    yield "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
    yield "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    yield "    local verb='' word options=''\n"
    yield "    COMPREPLY=()\n"
    yield "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
    yield f"        case $word in\n        {' | '.join(t.verbs)})\n"
    yield "            verb=$word\n            break\n            ;;\n"
    yield "        esac\n    done\n"
    yield "    # The shell makes a word of its own of '='.\n"
    yield "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    yield "    [ \"$cur\" = = ] && prev=${COMP_WORDS[COMP_CWORD-1]} cur=''\n"
    yield "    case $prev in\n"
    for name, (value, _) in t.options.items():
        if not value:
            continue
        words, file = words_of(value), takes_file(value)
        yield f"    --{name})\n"
        if words:
            yield (f"        mapfile -t COMPREPLY < <(compgen -W "
                   f"'{' '.join(words)}' -- \"$cur\")\n")
        if file:
            yield "        mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY \\\n"
            yield "            < <(compgen -f -- \"$cur\")\n"
        yield "        return\n        ;;\n"
    yield "    esac\n"
    yield "    case $verb in\n"
    for verb, options in t.of.items():
        names = " ".join("--" + name for name in options)
        yield f"    {verb}) options='{names}' ;;\n"
    yield (f"    '') options='{' '.join('--' + n for n in t.options)}' ;;\n"
           "    esac\n")
    yield "    if [[ $cur == -* ]]; then\n"
    yield ("        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- "
           "\"$cur\")\n")
    yield "    elif [ -z \"$verb\" ] || [ \"$verb\" = help ]; then\n"
    yield (f"        mapfile -t COMPREPLY < <(compgen -W '{' '.join(t.verbs)}' "
           "-- \"$cur\")\n")
    yield "    else\n        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    yield "    fi\n}\ncomplete -o filenames -F _headcount headcount\n"


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh(t):
    yield "#compdef headcount\n" + HEAD
    yield "_headcount() {\n    local verb='' word\n    local -a found\n"
    yield "    for word in ${words[2,CURRENT-1]}; do\n"
    yield f"        case $word in\n        ({'|'.join(t.verbs)})\n"
    yield "            verb=$word\n            break\n            ;;\n"
    yield "        esac\n    done\n"
    yield "    case ${words[CURRENT-1]} in\n"
    for name, (value, _) in t.options.items():
        if not value:
            continue
        yield f"    (--{name})\n"
        if words_of(value):
            yield f"        compadd -- {' '.join(words_of(value))}\n"
        if takes_file(value):
            yield "        _files\n"
        yield "        return\n        ;;\n"
    yield "    esac\n    if [[ ${words[CURRENT]} == -* ]]; then\n"
    yield "        case $verb in\n"
    for verb, options in [*t.of.items(), ("*", t.options)]:
        yield f"        ({verb})\n            found=(\n"
        for name, (_, text) in options.items():
            yield f"                {quoted(f'--{name}:{text}')}\n"
        yield "            )\n            ;;\n"
    yield "        esac\n        _describe option found\n"
    yield "    elif [[ -z $verb || $verb == help ]]; then\n        found=(\n"
    for verb, text in t.verbs.items():
        yield f"            {quoted(f'{verb}:{text}')}\n"
    yield "        )\n        _describe verb found\n"
    yield "    else\n        _files\n    fi\n}\n_headcount \"$@\"\n"


def fish(t):
    yield HEAD
    for verb, text in t.verbs.items():
        yield (f"complete -c headcount -n __fish_use_subcommand -a {verb} "
               f"-d {quoted(text)}\n")
    yield (f"complete -c headcount -f -n '__fish_seen_subcommand_from help' "
           f"-a {quoted(' '.join(t.verbs))}\n")
    for name, (value, text) in t.options.items():
        verbs = [verb for verb, options in t.of.items() if name in options]
        where = "" if len(verbs) == len(t.of) or not verbs else \
            f"-n '__fish_seen_subcommand_from {' '.join(verbs)}' "
        how = ""
        if value:
            how = "-r " if takes_file(value) else "-x "
            if words_of(value):
                how += f"-a {quoted(' '.join(words_of(value)))} "
        yield (f"complete -c headcount {where}-l {name} {how}"
               f"-d {quoted(text)}\n")


FILES = {"headcount.bash": bash, "_headcount": zsh, "headcount.fish": fish}


def main(program, folder):
    table = Table(program)
    for name, make in FILES.items():
        (pathlib.Path(folder) / name).write_text("".join(make(table)))


if __name__ == "__main__":
    main(*sys.argv[1:])
