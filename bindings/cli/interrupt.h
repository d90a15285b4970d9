/* cli/interrupt.h - SIGINT and SIGTERM while a Lua script runs.
 *
 * The first signal raises "interrupted" at the next instruction, in whichever
 * coroutine that is, and again at each one after: no pcall outlives it.  The
 * second ends the process at once: C code, such as string.find with a bad
 * pattern, knows no hook.  Without a second one it is over ten seconds later.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

#include <lua.h>

/* Replaces coroutine.resume, wrap and close by functions that do the same and
 * know which coroutine runs.  Raises without memory. */
void interrupt_open(lua_State *L);
/* From now on, until interrupt_forget.  One state of a process at a time. */
void interrupt_catch(lua_State *L);
void interrupt_forget(void);
/* Did a signal come? */
bool interrupt_came(void);

#endif
