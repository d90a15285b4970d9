/* lua/module.h - what the files of the Lua module share.
 *
 *     module.c            luaopen_headcount_core, client, close, stats
 *     module_fields.c     tables of options: { name = value }
 *     module_op.c         an op until it is done: waited for, or yielded to a
 *                         loop
 *     module_call.c       client:call, client:connect, client:fetch
 *     module_reconcile.c  client:reconcile, client:sweep
 *     module_timings.c    where the time of their calls went
 *     module_sign.c       sign, client:sign
 *     module_headers.c    headers of a request
 *     module_json.c       json.decode; module_json_put.c json.encode
 *
 * The world's failures return nil, message, code; misuse raises.
 */
#ifndef LUA_MODULE_H
#define LUA_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "headcount.h"
#include "policy/policy.h"

/* ---- options ---- */

enum field_kind {
    FIELD_TEXT,                     /* const char *: no NUL in it, or NULL  */
    FIELD_SECONDS,                  /* int64_t: microseconds; 0 -> no limit */
    FIELD_BYTES,                    /* int64_t: whole; 0 -> -1: no limit    */
    FIELD_FLAG, FIELD_NOT,          /* bool, and what is not it             */
    FIELD_CHOICE,                   /* int: 1, -1; 0 where nothing is said  */
    FIELD_WHOLE,                    /* int, 1 to 10000                      */
    FIELD_VALUE                     /* of any type: who asks looks at it    */
};

struct option {
    const char *name;
    enum field_kind kind;
    size_t at;                      /* offset in what is filled             */
};

/* The table at i (nil: an empty one) has these fields and no others; raises,
 * with the nearest right name, otherwise.  Ends with a NULL name.  The texts
 * live as long as what is at i, which is a copy from now on (module_own). */
void module_options(lua_State *L, int i, const char *who,
                    const struct option *options, void *to);
/* Replaces the table at i by a copy.  Code that runs from now on (each
 * allocation may call a finalizer) cannot take values out of the copy, so
 * pointers to its texts stay good. */
void module_own(lua_State *L, int i);
/* Pushes the field of the table at i (nil where there is no table). */
int module_field(lua_State *L, int i, const char *name);

/* The headers in the table on top: { NAME = "VALUE" }, { NAME = { "VALUE",
 * ... } }, { { "NAME", "VALUE" }, ... }, or nil.  Returns how many they are;
 * their texts live as long as what this leaves on the stack. */
size_t module_headers(lua_State *L, const char *who,
                      const struct headcount_header **out);
/* Pushes them as such a table; the values of one name are a list. */
void module_push_headers(lua_State *L, const struct headcount_header *headers,
                         size_t n);
/* Pushes the field `body` of the table at i, a text or nil, and returns it. */
const void *module_body(lua_State *L, int i, const char *who, size_t *n);

/* ---- clients ---- */

#define MODULE_CLIENT "headcount.client"

/* Every call into Lua may run the script's own code: an allocation runs
 * finalizers, a call runs hooks.  That code may close any client and end any
 * op, except one whose outcome is being read.  So the module looks at `op`
 * and `closed` again after each call into Lua, and a closed client keeps its
 * handle until the last such reader is done. */
struct client {
    headcount *h;                   /* NULL: closed, and nothing is read    */
    bool closed;
    struct pending *pending;        /* ops under way                        */
    bool seen;                      /* in this round of waiting, with       */
    size_t wants_at, wants_n;       /* these descriptors                    */
    struct client *round_next;
};

/* A host decides where the lines of clients go and how many there are, and what
 * clients are like by default.  Without a host nothing is logged, the audit
 * goes to stderr, and a profile's credential_process may run. */
struct module_host {
    void (*log)(void *ud, int level, const char *line, size_t n);
    void (*audit)(void *ud, const char *line, size_t n);
    int log_level;                  /* enum headcount_log                   */
    const struct headcount_config *defaults;        /* NULL: none            */
    void *(*alloc)(void *ud, void *p, size_t old,
                   size_t n);       /* NULL: the C library's                 */
    void *ud;                       /* of these, as of headcount_system      */
    printed_line *print;            /* of policies, `ud` is NULL; NULL: what
                                       they print is dropped                 */
    void (*trace)(void *ud, const struct headcount_trace *trace);
};
/* Has to be called in protected mode.  Afterwards the host's settings need no
 * memory, so they may be made outside of it. */
void module_prepare(lua_State *L);
/* The host of clients that are made from now on; it outlives them. */
void module_set_host(lua_State *L, const struct module_host *host);
/* The receiver of lines that policies print here; NULL: there is none. */
printed_line *module_printer(lua_State *L);

/* The open one at i, or raises. */
struct client *module_client(lua_State *L, int i);
/* headcount_forget for each client that is open; needs no memory. */
void module_forget(lua_State *L);
int module_fail(lua_State *L, const char *message, const char *code);
int module_fail_code(lua_State *L, const char *message, int code);

/* ---- ops ---- */

/* Pushes what the call returns. */
typedef int module_finish(lua_State *L, const struct headcount_outcome *o);

struct pending {
    headcount_op *op;               /* NULL: it was ended                   */
    bool read;                      /* its outcome is, just now             */
    struct client *client;
    struct policy *policy;
    module_finish *finish;
    bool timings;                   /* a list of its attempts is the last of
                                       what is returned                      */
    struct pending *next, **at;     /* of the client                        */
};

/* Pushes an empty one, which frees itself. */
struct pending *module_pending(lua_State *L, struct client *c,
                               module_finish *finish);
/* One of headcount_begin_... */
typedef int module_begin(headcount *h, headcount_op **op, const void *request,
                         struct headcount_error *error);
/* Begins the request, whose timeout is `timeout`, for the pending at the top of
 * the stack, and returns what the whole function returns. */
int module_run(lua_State *L, module_begin *begin, const void *request,
               int64_t *timeout);
/* No op that begins from now on goes on after this moment (monotonic
 * microseconds; INT64_MAX: none): for a host that has to answer by then. */
void module_set_deadline(lua_State *L, int64_t until);
/* Ends every op of this client, and frees its handle: now, or (where an
 * outcome is read just now) when that is over. */
void module_close(struct client *c);
/* core.wait, core.enter, core.stop, core.is_call: for the loop; core.now and
 * core.until_: moments. */
int module_is_call(lua_State *L);
int module_stop(lua_State *L);
int module_wait(lua_State *L);
int module_enter(lua_State *L);
int module_until(lua_State *L);
int module_now(lua_State *L);
void module_open_ops(lua_State *L);

/* ---- timings ---- */

/* Pushes a table. */
void module_push_timing(lua_State *L, const struct headcount_timing *timing);
/* Pushes the list of all attempts. */
void module_push_timings(lua_State *L, const struct headcount_outcome *o);
/* The field `timings` of the options at i. */
bool module_wants_timings(lua_State *L, int i);

/* ---- the rest ---- */

int module_new_client(lua_State *L);
int module_call(lua_State *L);
int module_connect(lua_State *L);
int module_fetch(lua_State *L);
int module_reconcile(lua_State *L);
int module_sweep(lua_State *L);
int module_sign(lua_State *L);
int module_client_sign(lua_State *L);
void module_push_stats(lua_State *L, const struct headcount_stats *stats);

enum module_null { NULL_IS_NULL, NULL_IS_NIL };     /* members only        */

/* Pushes the value: true; or pushes nothing, with the sentence. */
bool module_json_push(lua_State *L, const void *text, size_t n,
                      enum module_null null, struct headcount_error *error);
int module_json_decode(lua_State *L);
int module_json_encode(lua_State *L);
int module_json_array(lua_State *L);
bool module_json_is_array(lua_State *L, int i);
/* Pushes the text of the value at i; `who` begins what it raises. */
void module_json_put(lua_State *L, int i, const char *who);
void module_open_json(lua_State *L);

__attribute__((visibility("default")))
int luaopen_headcount_core(lua_State *L);

#endif
