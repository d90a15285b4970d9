/* lua/sandbox/sandbox.h - a lua_State in which text from anybody may run.
 *
 *     s = sandbox_new(&limits);
 *     sandbox_load(s, "policy.lua", text, n, &why)       text, never bytecode
 *     sandbox_run(s, body, ud, &why)                     as often as is liked
 *     sandbox_free(s);
 *
 * Each run has a fresh environment, no way to the outside, and three budgets:
 * instructions, memory, CPU time; elapsed time is a backstop.  Functions that
 * would reach outside do not exist here.  Functions that stock Lua does not
 * bound (patterns, table and string functions over any length) are our own, and
 * pay for their work from the budget.  The same run gives the same
 * result in every process: pairs goes in order, nothing shows an address, no
 * table is weak, there is no clock and no chance.
 *
 * A run that trips over a budget cannot go on, whatever it catches, and its
 * state is not used again: sandbox_is_spent.
 */
#ifndef LUA_SANDBOX_SANDBOX_H
#define LUA_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#define SANDBOX_INSTRUCTIONS 5000000
#define SANDBOX_MEMORY ((size_t)16 << 20)
#define SANDBOX_TIME 100000                     /* microseconds of CPU */
#define SANDBOX_WALL 5000000                    /* microseconds        */
#define SANDBOX_TEXT ((size_t)256 << 10)        /* of one chunk        */
#define SANDBOX_STRING ((size_t)64 << 10)       /* of one string in it */
#define SANDBOX_LABELS 1000                     /* in one chunk        */
#define SANDBOX_JUMPS 1000                      /* gotos and breaks    */

struct sandbox;

struct sandbox_limits {                         /* 0: the default      */
    uint64_t instructions;
    size_t memory;                              /* bytes               */
    int64_t time;                               /* microseconds of CPU */
    int64_t wall;                               /* elapsed; 0: 5 s, or
                                                 * `time` if it is more */
    int64_t (*now)(void *ud);                   /* elapsed time; NULL: the
                                                 * system's            */
    int64_t (*cpu)(void *ud);                   /* of this thread; NULL:
                                                 * the system's        */
    void *ud;
};

struct sandbox_error {
    char what[480];                             /* "policy.lua:3: ..." */
};

/* NULL: no memory. */
struct sandbox *sandbox_new(const struct sandbox_limits *limits);
void sandbox_free(struct sandbox *s);

/* Compiles: 0, or -1 with the sentence in *why. */
int sandbox_load(struct sandbox *s, const char *name, const char *text,
                 size_t n, struct sandbox_error *why);

/* Adds a function that every run finds beside those of the sandbox; its only
 * upvalue is the number `upvalue`.  Call it before the first run.  0 or -1: no
 * memory. */
int sandbox_give(struct sandbox *s, const char *name, lua_CFunction f,
                 int upvalue);

/* lua_getextraspace of the state is the caller's.
 *
 * Calls body(L) with the loaded chunk at 1, its environment fresh, and `ud` as
 * light userdata at 2; the budgets are full.  An error that body raises ends
 * the run.  0, or -1 with the sentence in *why. */
int sandbox_run(struct sandbox *s, lua_CFunction body, void *ud,
                struct sandbox_error *why);
/* A budget was overrun: nothing more will run in it. */
bool sandbox_is_spent(const struct sandbox *s);

int64_t sandbox_now(void);              /* monotonic microseconds */

/* Pushes the place in the text that runs, "policy.lua:3: ", or "". */
const char *sandbox_where(lua_State *L);
/* For functions that are given: pays for `work` single steps (a byte, an
 * element), and raises where that is too much. */
void sandbox_pay(lua_State *L, uint64_t work);

#endif
