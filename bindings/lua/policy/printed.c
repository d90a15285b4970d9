/* lua/policy/printed.c - print() of a policy: its place, then its arguments. */
#include "policy/printed.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "policy/facts.h"
#include "sandbox/sandbox_lib.h"

void printed_begin(struct printed *p)
{
    p->n = 0;
    p->cut = false;
}

static void put(struct printed *p, const char *text, size_t n)
{
    if (p->cut || n > sizeof p->text - p->n) {
        p->cut = true;
        return;
    }
    memcpy(p->text + p->n, text, n);
    p->n += n;
}

/* Control characters, those of UTF-8 too, as Lua writes them in a text: what a
 * tag or a name holds must not steer a terminal. */
static void put_escaped(struct printed *p, const char *text, size_t n)
{
    char escape[8];

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool second = i > 0 && text[i - 1] == '\xc2' && c >= 0x80 && c < 0xa0;

        if (c == '\n')
            put(p, "\\n", 2);
        else if (c < 0x20 || c == 0x7f || second)
            put(p, escape, (size_t)snprintf(escape, sizeof escape, "\\%d", c));
        else
            put(p, text + i, 1);
    }
}

static int print(lua_State *L)
{
    struct printed *p = &facts_of(L)->printed;
    int n = lua_gettop(L);
    size_t start = p->n, size;
    const char *text = sandbox_where(L);

    put(p, text, strlen(text));
    for (int i = 1; i <= n; i++) {
        text = sandbox_text(L, i, &size);
        sandbox_pay(L, size);
        put(p, "  ", i > 1 ? 2 : 0);
        put_escaped(p, text, size);
        lua_settop(L, n);
    }
    put(p, "\n", 1);
    if (p->cut)
        p->n = start;                /* whole lines only */
    return 0;
}

int printed_give(struct sandbox *s)
{
    return sandbox_give(s, "print", print, 0);
}

void printed_end(const struct printed *p, printed_line *line, void *ud)
{
    static const char more[] = "print: the rest is left out: one run of a "
                               "policy prints at most 4096 bytes";
    const char *end;

    for (const char *at = p->text; at < p->text + p->n; at = end + 1) {
        end = memchr(at, '\n', (size_t)(p->text + p->n - at));
        line(ud, at, (size_t)(end - at));
    }
    if (p->cut)
        line(ud, more, sizeof more - 1);
}
