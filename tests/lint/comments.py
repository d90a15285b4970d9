"""comments.py - the comments of C files, for the lints that read them."""
import glob
import re

TOKEN = re.compile(r'/\*(.*?)\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                   re.S)


def files(*rooms):
    return sorted(path for room in rooms for end in "ch"
                  for path in glob.glob(f"{room}/**/*.{end}", recursive=True))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def comments(path):
    """(line, text) of each, with the stars at the front of lines blanked."""
    text = read(path)
    for found in TOKEN.finditer(text):
        if found.group(1) is not None:
            yield (text.count("\n", 0, found.start()) + 1,
                   re.sub(r"(?m)^ \*", "  ", found.group(1)))


def code(path):
    """The text without comments."""
    return TOKEN.sub(lambda m: " " if m.group(1) is not None else m.group(),
                     read(path))
