/* lua/module_fields.c - tables of options. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "module.h"
#include "nearest.h"

#define SECONDS_MAX 1e9
#define BYTES_MAX 1e9

static const struct option *option_find(const struct option *options,
                                        const char *name)
{
    for (; options->name != NULL; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

static int option_unknown(lua_State *L, const char *who, const char *name,
                          const struct option *options)
{
    struct nearest near;

    nearest_init(&near, name);
    for (; options->name != NULL; options++)
        nearest_try(&near, options->name);
    return luaL_error(L, "%s takes no '%s'%s%s%s", who, name,
                      near.best != NULL ? "; did you mean '" : "",
                      near.best != NULL ? near.best : "",
                      near.best != NULL ? "'?" : "");
}

static int option_wrong(lua_State *L, const char *who,
                        const struct option *option, const char *what)
{
    /* A number out of range is named. */
    if ((option->kind == FIELD_SECONDS || option->kind == FIELD_WHOLE ||
         option->kind == FIELD_BYTES) &&
        lua_type(L, -1) == LUA_TNUMBER)
        return luaL_error(L, "%s: %s is %s, not %s", who, option->name, what,
                          luaL_tolstring(L, -1, NULL));
    return luaL_error(L, "%s: %s is %s, not a %s", who, option->name, what,
                      luaL_typename(L, -1));
}

/* The value is on top, and its table holds it. */
static void option_take(lua_State *L, const char *who,
                        const struct option *option, void *to)
{
    char *at = (char *)to + option->at;
    size_t n = 0;
    const char *text;
    lua_Number number;

    switch (option->kind) {
    case FIELD_TEXT:
        text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n)
                                              : NULL;
        if (text == NULL)
            option_wrong(L, who, option, "a text without NUL");
        else if (strlen(text) != n)
            luaL_error(L, "%s: %s holds a NUL", who, option->name);
        *(const char **)(void *)at = text;
        break;
    case FIELD_SECONDS:
        number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(number >= 0 && number <= SECONDS_MAX))
            option_wrong(L, who, option, "a number of seconds");
        *(int64_t *)(void *)at = number > 0 ? (int64_t)(number * 1e6 + 0.5)
                                            : -1;
        break;
    case FIELD_BYTES:
        number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(number >= 0 && number <= BYTES_MAX) ||
            number != (lua_Number)(int64_t)number)
            option_wrong(L, who, option, "a whole number of bytes");
        *(int64_t *)(void *)at = number > 0 ? (int64_t)number : -1;
        break;
    case FIELD_FLAG:
    case FIELD_NOT:
    case FIELD_CHOICE:
        if (!lua_isboolean(L, -1))
            option_wrong(L, who, option, "true or false");
        if (option->kind == FIELD_CHOICE)
            *(int *)(void *)at = lua_toboolean(L, -1) ? 1 : -1;
        else
            *(bool *)at = lua_toboolean(L, -1) == (option->kind == FIELD_FLAG);
        break;
    case FIELD_WHOLE:
        number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        if (!(number >= 1 && number <= 10000) || number != (int)number)
            option_wrong(L, who, option, "a whole number from 1 to 10000");
        *(int *)(void *)at = (int)number;
        break;
    case FIELD_VALUE:
        break;
    }
}

void module_own(lua_State *L, int i)
{
    i = lua_absindex(L, i);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, i);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);              /* copy, key, key, value */
        lua_rawset(L, -4);
    }
    lua_replace(L, i);
}

void module_options(lua_State *L, int i, const char *who,
                    const struct option *options, void *to)
{
    i = lua_absindex(L, i);
    if (lua_isnoneornil(L, i))
        return;
    if (!lua_istable(L, i))
        luaL_error(L, "%s takes a table of options, not a %s", who,
                   luaL_typename(L, i));
    module_own(L, i);
    lua_pushnil(L);
    while (lua_next(L, i)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING
                               ? lua_tostring(L, -2) : NULL;
        const struct option *option;

        option = name != NULL ? option_find(options, name) : NULL;
        if (name == NULL)
            luaL_error(L, "%s takes options with names only", who);
        else if (option == NULL)
            option_unknown(L, who, name, options);
        else
            option_take(L, who, option, to);
        lua_pop(L, 1);
    }
}

int module_field(lua_State *L, int i, const char *name)
{
    if (!lua_istable(L, i)) {
        lua_pushnil(L);
        return LUA_TNIL;
    }
    i = lua_absindex(L, i);
    lua_pushstring(L, name);
    return lua_rawget(L, i);
}
