/* lua/policy/rules.h - how rules are spelled in a policy:
 *
 *     per_host { "datadog-agent", tasks = 2, where = "..." }
 *
 * Each spelling checks what it is given there and then, so that an error has
 * the line of the mistake; what it returns cannot be changed.  The arithmetic
 * is the core's.
 */
#ifndef LUA_POLICY_RULES_H
#define LUA_POLICY_RULES_H

#include <lua.h>

#include "headcount.h"
#include "sandbox/sandbox.h"

#define RULES_WISHES 10000          /* of one cluster */

/* The spellings become names of every run.  0 or -1: no memory. */
int rules_give(struct sandbox *s);
/* Before each run: no defaults yet. */
void rules_begin(lua_State *L);
/* Reads what a policy returned, at i: the wishes go to `put` one after the
 * other, each good during the call.  Raises what is wrong with them; `who`
 * begins the sentence ("policy.lua:3: "). */
typedef int rules_put(void *ud, const struct headcount_wish *wish);
void rules_take(lua_State *L, int i, const char *who, rules_put *put,
                void *ud);
/* The limits of this run by `limits { changes = 50, falls = 200,
 * expect_account = "123456789012" }`; 0, "": none. */
struct rules_limits {
    int64_t changes, falls;
    char account[13];
};
void rules_limits(lua_State *L, struct rules_limits *to);

#endif
