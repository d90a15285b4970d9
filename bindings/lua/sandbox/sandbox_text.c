/* lua/sandbox/sandbox_text.c - a text on its way to the compiler.
 *
 * The compiler has no count hook, and some texts cost it far more than their
 * length: a chain of `and`, `or` or `elseif` and names behind many scopes cost
 * the square of it.  That work is spread over the text, so the text is given
 * to it in small pieces, and the clocks are looked at between them.
 *
 * Gotos and breaks that end at one label are solved in one step, without a
 * piece in between, and each label is compared with those before it: these are
 * counted beforehand.  The scanner below knows as much of Lua's tokens as that
 * takes: what stands in comments and strings is neither.
 */
#include <stdbool.h>
#include <string.h>

#include "sandbox/sandbox_lib.h"

#define TEXT_PIECE 256                  /* bytes, at most a line      */

#define BOM "\xef\xbb\xbf"

/* As Lua's own loader of files: a byte order mark, then a first line that
 * begins with '#'.  The line's end stays, so the count of lines is right. */
void sandbox_text_open(struct sandbox_text *t)
{
    size_t skip = 0;

    if (t->n >= 3 && memcmp(t->text, BOM, 3) == 0)
        skip = 3;
    if (skip < t->n && t->text[skip] == '#')
        while (skip < t->n && t->text[skip] != '\n')
            skip++;
    t->text += skip;
    t->n -= skip;
    t->line = 1;
    t->since = 0;
}

/* ---- what is counted ---- */

struct scan {
    const char *p, *end;
    int line;
    size_t colons, jumps;
};

static char scan_at(const struct scan *s, size_t i)
{
    return (size_t)(s->end - s->p) > i ? s->p[i] : '\0';
}

static void scan_skip(struct scan *s, size_t n)
{
    for (; n > 0 && s->p < s->end; n--)
        s->line += *s->p++ == '\n';
}

/* The level of the bracket "[==[" that begins here, or -1. */
static int scan_bracket(const struct scan *s)
{
    size_t n = 0;

    if (scan_at(s, 0) != '[')
        return -1;
    while (scan_at(s, n + 1) == '=')
        n++;
    return scan_at(s, n + 1) == '[' ? (int)n : -1;
}

static void scan_long(struct scan *s, int level)
{
    scan_skip(s, (size_t)level + 2);
    for (; s->p < s->end; scan_skip(s, 1)) {
        size_t n = 0;

        if (*s->p != ']')
            continue;
        while (scan_at(s, n + 1) == '=')
            n++;
        if (n == (size_t)level && scan_at(s, n + 1) == ']') {
            scan_skip(s, n + 2);
            return;
        }
        scan_skip(s, n);
    }
}

static void scan_comment(struct scan *s)
{
    scan_skip(s, 2);

    int level = scan_bracket(s);

    if (level >= 0)
        scan_long(s, level);
    else
        while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
            s->p++;
}

/* A line's end within it is an error of the text, but after a backslash. */
static void scan_string(struct scan *s)
{
    char quote = *s->p++;

    while (s->p < s->end && *s->p != quote && *s->p != '\n') {
        if (*s->p != '\\') {
            s->p++;
        } else if (scan_at(s, 1) == 'z') {
            scan_skip(s, 2);
            while (s->p < s->end && strchr(" \t\n\v\f\r", *s->p) != NULL &&
                   *s->p != '\0')
                scan_skip(s, 1);
        } else {
            scan_skip(s, scan_at(s, 1) == '\r' && scan_at(s, 2) == '\n'
                             ? 3 : 2);
        }
    }
    if (s->p < s->end && *s->p == quote)
        s->p++;
}

static bool scan_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c >= '0' && c <= '9');
}

static void scan_name(struct scan *s)
{
    const char *from = s->p;

    while (s->p < s->end && scan_is_name(*s->p))
        s->p++;

    size_t n = (size_t)(s->p - from);

    s->jumps += (n == 4 && memcmp(from, "goto", 4) == 0) ||
                (n == 5 && memcmp(from, "break", 5) == 0);
}

static void scan_token(struct scan *s)
{
    int level = scan_bracket(s);

    if (scan_at(s, 0) == '-' && scan_at(s, 1) == '-') {
        scan_comment(s);
    } else if (level >= 0) {
        scan_long(s, level);
    } else if (*s->p == '"' || *s->p == '\'') {
        scan_string(s);
    } else if (scan_is_name(*s->p)) {
        scan_name(s);
    } else if (scan_at(s, 0) == ':' && scan_at(s, 1) == ':') {
        s->colons++;
        scan_skip(s, 2);
    } else {
        scan_skip(s, 1);
    }
}

const char *sandbox_text_check(const struct sandbox_text *t, int *line)
{
    struct scan s = { t->text, t->text + t->n, 1, 0, 0 };

    while (s.p < s.end) {
        scan_token(&s);
        *line = s.line;
        if (s.colons / 2 > SANDBOX_LABELS)
            return "it has more than 1000 labels";
        if (s.jumps > SANDBOX_JUMPS)
            return "it has more than 1000 gotos and breaks";
    }
    return NULL;
}

/* ---- what is read ---- */

const char *sandbox_text_read(lua_State *L, void *ud, size_t *n)
{
    struct sandbox_text *t = ud;
    const char *piece = t->text;
    const char *nl;

    *n = t->n < TEXT_PIECE ? t->n : TEXT_PIECE;
    nl = memchr(piece, '\n', *n);
    if (nl != NULL)
        *n = (size_t)(nl - piece) + 1;
    sandbox_compiles(L, t->line, t->since >= TEXT_PIECE);
    t->since = t->since >= TEXT_PIECE ? *n : t->since + *n;
    t->line += nl != NULL;
    t->text += *n;
    t->n -= *n;
    return *n > 0 ? piece : NULL;
}
