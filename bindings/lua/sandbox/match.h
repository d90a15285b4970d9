/* bindings/lua/sandbox/match.h - Lua's patterns, matched within a number of
 * steps.
 *
 * The language is that of the Lua 5.4 manual, 6.4.1, in the C locale, and a
 * malformed pattern is refused in stock Lua's words, at the moment matching
 * arrives at the fault.  Unlike stock Lua's, this matcher ends: stock Lua may
 * backtrack for minutes inside of C, where no hook runs.
 *
 * Nothing is allocated, nothing is kept between two calls, and lua.h is not
 * needed.
 */
#ifndef LUA_SANDBOX_MATCH_H
#define LUA_SANDBOX_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_CAPTURES 32
#define MATCH_DEPTH    200      /* choices that wait at once */

enum match_result {
    MATCH_NO,
    MATCH_YES,
    MATCH_SPENT,        /* the steps were not enough to know */
    MATCH_BAD           /* `error` says why */
};

/* Places count from 0.  A position capture, "()", is its place only: n = 0. */
struct match_capture {
    size_t at, n;
    bool position;
};

struct match {
    const char *s;      /* subject: may hold NULs, needs none at its end */
    size_t n;
    const char *p;      /* pattern, likewise */
    size_t pn;
    uint64_t steps;     /* how many more bytes may be looked at; at 0 the
                         * result is MATCH_SPENT */
    struct match_capture captures[MATCH_CAPTURES];
    size_t captures_n;  /* 0 unless it is MATCH_YES */
    const char *error;  /* NULL unless it is MATCH_BAD; lives for ever */
};

/* Does the whole of the pattern match at this very place?  "^" is a byte like
 * others here.  *end is set on MATCH_YES: the place after the match. */
enum match_result match_at(struct match *m, size_t at, size_t *end);
/* The first match from `at` on.  A pattern that begins with "^" is tried at
 * `at` only.  *from and *end mean something on MATCH_YES. */
enum match_result match_find(struct match *m, size_t at, size_t *from,
                             size_t *end);

#endif
