/* bindings/lua/sandbox/match_single.h - the part of a pattern that stands for
 * a byte.
 *
 *   single  = "." | "%" byte | set | byte
 *   set     = "[" ["^"] { "%" byte | byte "-" byte | byte } "]"
 *
 * A "]" that comes first in a set is a byte like others.
 */
#ifndef LUA_SANDBOX_MATCH_SINGLE_H
#define LUA_SANDBOX_MATCH_SINGLE_H

#include "sandbox/match.h"

/* p[at] up to, not including, p[after]. */
struct match_single {
    size_t at, after;
};

/* One byte will be looked at.  False, and nothing more, if no step is left:
 * what is answered after that means nothing and may only be safe. */
static inline bool match_pay(struct match *m)
{
    if (m->steps == 0)
        return false;
    m->steps--;
    return true;
}

/* The single that begins at p[at].  False if it is malformed: m->error. */
bool match_single_get(struct match *m, size_t at, struct match_single *single);
/* Is there a byte s[at], and is it of this single? */
bool match_single_fits(struct match *m, struct match_single single, size_t at);
bool match_set_has(struct match *m, struct match_single set, char c);

#endif
