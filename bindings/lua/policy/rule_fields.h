/* lua/policy/rule_fields.h - a table of Lua, read as the fields of one rule. */
#ifndef LUA_POLICY_RULE_FIELDS_H
#define LUA_POLICY_RULE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

#include "headcount.h"

#define DEFAULTS 31                 /* beside enum headcount_rule */

/* "per_host", or "defaults"; NULL: no rule has this number. */
const char *rule_name(int rule);

/* Userdata; its user values are its texts. */
struct spelled {
    struct headcount_wish wish;
    int rule;                       /* enum headcount_rule, DEFAULTS   */
    unsigned char *given;           /* an enum mark for each field     */
    size_t fields_n;
    const char **allow;             /* room for the codes of all holds */
    char at[96];                    /* "policy.lua:7"                  */
    struct headcount_rung rungs[];
};

/* Pushes the table at t as a userdata.  Raises what is wrong with it, after
 * `who` ("policy.lua:3: "); `plain`: it may have a field "rule". */
struct spelled *rule_spell(lua_State *L, int t, int rule, const char *who,
                           bool plain);
/* Whether the table has this field, 0 too. */
bool rule_gave(const struct spelled *s, const char *name);
/* Fields that `s` does not have are those of the defaults `d` (may be NULL).
 * w->allow is s->allow, which the next call for `s` fills anew. */
void rule_wish(const struct spelled *s, const struct spelled *d,
               struct headcount_wish *w);
void rule_raise(lua_State *L, const char *who, const char *what);
/* "active", "registered", "connected" at i; false: none of them. */
bool rule_mode(lua_State *L, int i, enum headcount_hosts *to);

#endif
