/* cli/lua_host.h - Lua 5.4 with its standard libraries and the module inside:
 * what `run`, `test` and a handler of Lambda run in. */
#ifndef CLI_LUA_HOST_H
#define CLI_LUA_HOST_H

#include <stddef.h>

#include <lua.h>

/* The files of lua/headcount, packed: a byte of 128 or more stands for a pair,
 * whose bytes may do so, too.  The last has a NULL name. */
struct lua_file {
    const char *name;               /* "headcount.test", as require has it */
    const char *chunk;              /* "=headcount/test.lua", in errors    */
    const unsigned char (*pairs)[2];    /* of 128 on                       */
    const unsigned char *text;
    size_t n;
};
extern const struct lua_file lua_files[];

/* NULL: no memory.  `require "headcount"` works in it, wherever it is. */
lua_State *lua_host_open(void);
/* The first SIGINT or SIGTERM raises an error there from now on, until it is
 * closed, in whatever coroutine and again after each pcall; the second ends the
 * process. */
void lua_host_catch_interrupts(lua_State *L);
/* After a signal it has a second: finalizers and open files may take longer. */
void lua_host_close(lua_State *L);
/* Calls the function below its n arguments, which returns one value: 0 with
 * the value on the stack, or the exit code with the traceback on stderr. */
int lua_host_call(lua_State *L, int n);

#endif
