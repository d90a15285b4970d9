/* bindings/lua/sandbox/match_single.c - the part of a pattern that stands for
 * a byte.
 *
 * Bytes are what ASCII says they are, whatever the locale: those above 0x7F
 * are of no class, hence of every complement.
 */
#include "sandbox/match_single.h"

static bool is_between(unsigned char c, unsigned char low, unsigned char high)
{
    return low <= c && c <= high;
}

static bool is_alnum(unsigned char c)
{
    return is_between(c, '0', '9') || is_between(c, 'A', 'Z') ||
           is_between(c, 'a', 'z');
}

/* "%" and this byte. */
static bool class_has(unsigned char class, unsigned char c)
{
    bool upper = is_between(class, 'A', 'Z');
    bool has;

    switch (upper ? class - 'A' + 'a' : class) {
    case 'a': has = is_alnum(c) && !is_between(c, '0', '9');       break;
    case 'c': has = c < 0x20 || c == 0x7F;                         break;
    case 'd': has = is_between(c, '0', '9');                       break;
    case 'g': has = is_between(c, 0x21, 0x7E);                     break;
    case 'l': has = is_between(c, 'a', 'z');                       break;
    case 'p': has = is_between(c, 0x21, 0x7E) && !is_alnum(c);     break;
    case 's': has = c == ' ' || is_between(c, '\t', '\r');         break;
    case 'u': has = is_between(c, 'A', 'Z');                       break;
    case 'w': has = is_alnum(c);                                   break;
    case 'x': has = is_between(c, '0', '9') || is_between(c, 'A', 'F') ||
                    is_between(c, 'a', 'f');                       break;
    /* Gone from the manual since 5.2, and still understood. */
    case 'z': has = c == 0;                                        break;
    default:  return c == class;
    }
    return has != upper;
}

/* The "]" of a set may itself be looked at as the byte after a "%": in
 * "[a-%%]" the first "%" ends the range, the second escapes what follows. */
bool match_set_has(struct match *m, struct match_single set, char byte)
{
    const unsigned char *p = (const unsigned char *)m->p;
    unsigned char c = (unsigned char)byte;
    size_t i = set.at + 1, last = set.after - 1;
    bool negated = p[i] == '^';

    if (negated)
        i++;
    while (i < last && match_pay(m)) {
        bool has;

        if (p[i] == '%') {
            has = class_has(p[i + 1], c);
            i += 2;
        } else if (last - i > 2 && p[i + 1] == '-') {
            has = is_between(c, p[i], p[i + 2]);
            i += 3;
        } else {
            has = c == p[i];
            i++;
        }
        if (has)
            return !negated;
    }
    return negated;
}

/* The place after the set that begins at p[at], or 0: it does not end. */
static size_t set_end(struct match *m, size_t at)
{
    size_t i = at + 1;

    if (i < m->pn && m->p[i] == '^')
        i++;

    size_t first = i;

    while (i < m->pn && (m->p[i] != ']' || i == first) && match_pay(m))
        i += m->p[i] == '%' ? 2 : 1;
    return i < m->pn ? i + 1 : 0;
}

bool match_single_get(struct match *m, size_t at, struct match_single *single)
{
    single->at = at;
    switch (m->p[at]) {
    case '[':
        single->after = set_end(m, at);
        if (single->after == 0)
            m->error = "malformed pattern (missing ']')";
        break;
    case '%':
        single->after = at + 2;
        if (single->after > m->pn)
            m->error = "malformed pattern (ends with '%')";
        break;
    default:
        single->after = at + 1;
    }
    return m->error == NULL;
}

bool match_single_fits(struct match *m, struct match_single single, size_t at)
{
    if (at == m->n || !match_pay(m))
        return false;

    switch (m->p[single.at]) {
    case '.': return true;
    case '%': return class_has((unsigned char)m->p[single.at + 1],
                               (unsigned char)m->s[at]);
    case '[': return match_set_has(m, single, m->s[at]);
    default:  return m->p[single.at] == m->s[at];
    }
}
