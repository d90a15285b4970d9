/* cli/lambda/lua_handler.h - a function of one's own, in Lua, as Lambda's
 * handler.
 *
 *     _HANDLER=put_item.lua        the function that put_item.lua returns
 *     _HANDLER=handler.handle      `handle` of the table that handler.lua
 *                                  returns, or of its globals
 *
 * The file is run once; what it opened (clients, their connections) stays from
 * one invocation to the next.
 */
#ifndef CLI_LAMBDA_LUA_HANDLER_H
#define CLI_LAMBDA_LUA_HANDLER_H

#include <lua.h>

#include "module.h"
#include "lambda/runtime_api.h"

struct handler_name {
    char path[4096];                    /* "": none                          */
    char function[256];                 /* "": what the file returns         */
};

struct handler {
    struct handler_name name;
    lua_State *L;
    struct module_host host;            /* whose log its clients write       */
    int64_t until;                      /* monotonic; of this invocation     */
    bool spent;                         /* it was ended: load it anew        */
};

struct handler_answer {
    const char *body;                   /* JSON, or NULL: error              */
    size_t body_size;
    struct runtime_error error;
};

/* Does this _HANDLER name a Lua file?  One that ends in .lua does, whether the
 * file is there or not; "file.function" does if it is. */
bool handler_find(struct handler_name *name, const char *handler);
/* False, with the answer's error: it does not load.  The answers' texts are
 * good until the next call or handler_close. */
bool handler_open(struct handler *h, struct handler_answer *why);
void handler_close(struct handler *h);           /* may be all zero */
/* Its clients forget the network (headcount_forget); h may be all zero. */
void handler_forget(struct handler *h);
/* The answer to an event, within `left` microseconds. */
void handler_call(struct handler *h, const struct runtime_invocation *in,
                  int64_t left, struct handler_answer *out);

#endif
