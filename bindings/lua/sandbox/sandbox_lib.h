/* lua/sandbox/sandbox_lib.h - the parts of the sandbox's library, for its own
 * files. Each puts its functions into the table on top of the stack. */
#ifndef LUA_SANDBOX_SANDBOX_LIB_H
#define LUA_SANDBOX_SANDBOX_LIB_H

#include <stdbool.h>

#include <lauxlib.h>
#include <lua.h>

#include "sandbox/sandbox.h"

void sandbox_open_base(lua_State *L);      /* pairs, tostring, ...          */
void sandbox_open_metatables(lua_State *L);
void sandbox_open_string(lua_State *L);    /* and the metatable of strings  */
void sandbox_open_table(lua_State *L);

/* A text that is to be compiled: what stands before the Lua in it is skipped,
 * and what costs the compiler more than its length is refused. */
struct sandbox_text {
    const char *name, *text;
    size_t n;
    int line;                              /* that is read now              */
    size_t since;                          /* bytes since the last look     */
};

void sandbox_text_open(struct sandbox_text *t);
/* NULL, or what is wrong with it in *line. */
const char *sandbox_text_check(const struct sandbox_text *t, int *line);
const char *sandbox_text_read(lua_State *L, void *ud, size_t *n);
/* The compiler goes on to this line: raises if there is no time for it. */
void sandbox_compiles(lua_State *L, int line, bool looks);

/* Metatables of a run: none of them may get __mode, __gc or __close later. */
void sandbox_begin_metatables(lua_State *L);

/* An environment: the given names by a table that raises at others. */
void sandbox_push_env(lua_State *L, int names);
/* tostring without addresses: pushes the text of the value at i. */
const char *sandbox_text(lua_State *L, int i, size_t *n);
/* Sorts the array at i (n elements, raw): merges, so equal ones stay. */
typedef int sandbox_less(lua_State *L, int a, int b, void *ud);
void sandbox_sort(lua_State *L, int i, lua_Integer n, sandbox_less *less,
                  void *ud);
/* The key of the table at i that is nearest to `name`, or NULL. */
const char *sandbox_nearest(lua_State *L, int i, const char *name);

#endif
