/* lua/sandbox.c - the state, its budgets, and how it runs.
 *
 * Count hooks do not run inside of C functions, so they alone bound nothing:
 * the allocator bounds lengths and looks at the clock too, and the library's
 * functions pay for what they do.  There is no pcall inside, so what is raised
 * ends the run; after a trip every allocation and every instruction raises
 * again.
 */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lualib.h>

#include "sandbox_lib.h"

#define SANDBOX_COUNT 256           /* instructions between two looks      */
#define SANDBOX_GLANCE 64           /* allocations, likewise               */
#define SANDBOX_LARGE 4096          /* bytes that are worth a look         */
#define SANDBOX_WORK 32             /* steps of work for one instruction   */

enum trip { TRIP_NONE, TRIP_INSTRUCTIONS, TRIP_MEMORY, TRIP_TIME,
            TRIP_STRING };

struct sandbox {
    lua_State *L;
    struct sandbox_limits limits;
    size_t live;                    /* bytes                               */
    uint64_t used;                  /* instructions, work                  */
    uint64_t owed;                  /* work that is no instruction yet     */
    int64_t deadline;
    unsigned glances;
    enum trip trip;
    bool running;
    char name[100];                 /* of the chunk, as in "NAME: "        */
    char where[100];                /* the place that was seen last        */
};

/* ---- time ---- */

static int64_t sandbox_system_now(void *ud)
{
    struct timespec t;

    (void)ud;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool sandbox_is_late(const struct sandbox *s)
{
    return s->limits.now(s->limits.ud) > s->deadline;
}

/* ---- memory ---- */

static bool sandbox_note(struct sandbox *s, const lua_Debug *ar)
{
    if (ar->currentline <= 0)
        return false;
    snprintf(s->where, sizeof s->where, "%.60s:%d: ", ar->short_src,
             ar->currentline);
    return true;
}

/* Where the text is that runs now: no memory is asked for.  Not while a block
 * grows: it may be the stack, which is nowhere then. */
static void sandbox_note_where(struct sandbox *s)
{
    lua_Debug ar;

    for (int level = 0; s->L != NULL && level < 10 &&
                        lua_getstack(s->L, level, &ar); level++) {
        lua_getinfo(s->L, "Sl", &ar);
        if (sandbox_note(s, &ar))
            return;
    }
}

/* Why there is no memory for what is new, or grows to n bytes; TRIP_MEMORY is
 * no trip yet: Lua collects, and asks once more. */
static enum trip sandbox_why_not(struct sandbox *s, size_t more, size_t n,
                                 bool string)
{
    if (string && n > SANDBOX_STRING + 64)
        return TRIP_STRING;
    if (more > s->limits.memory || s->live > s->limits.memory - more)
        return TRIP_MEMORY;
    if ((++s->glances % SANDBOX_GLANCE == 0 || n >= SANDBOX_LARGE) &&
        sandbox_is_late(s))
        return TRIP_TIME;
    return TRIP_NONE;
}

static bool sandbox_may_have(struct sandbox *s, size_t had, size_t n,
                             bool is_new, bool string)
{
    enum trip why;

    if (!s->running)
        return true;
    if (s->trip != TRIP_NONE)
        return false;
    why = sandbox_why_not(s, n - had, n, string);
    if (why != TRIP_NONE && is_new)
        sandbox_note_where(s);
    if (why != TRIP_MEMORY)
        s->trip = why;
    return why == TRIP_NONE;
}

static void *sandbox_alloc(void *ud, void *p, size_t old, size_t n)
{
    struct sandbox *s = ud;
    bool string = p == NULL && old == LUA_TSTRING;
    size_t had = p != NULL ? old : 0;
    void *q;

    if (n == 0) {
        free(p);
        s->live -= had;
        return NULL;
    }
    if (n > had && !sandbox_may_have(s, had, n, p == NULL, string))
        return NULL;
    q = realloc(p, n);
    if (q != NULL)
        s->live = s->live - had + n;
    return q;
}

/* ---- instructions ---- */

static struct sandbox *sandbox_of(lua_State *L)
{
    void *ud;

    lua_getallocf(L, &ud);
    return ud;
}

static void sandbox_raise(lua_State *L, int level)
{
    const struct sandbox *s = sandbox_of(L);

    luaL_where(L, level);
    lua_pushstring(L, s->trip == TRIP_TIME ? "it takes too long"
                                           : "it takes too many instructions");
    lua_concat(L, 2);
    lua_error(L);
}

static void sandbox_look(struct sandbox *s)
{
    if (s->trip == TRIP_NONE && s->used > s->limits.instructions)
        s->trip = TRIP_INSTRUCTIONS;
    else if (s->trip == TRIP_NONE && sandbox_is_late(s))
        s->trip = TRIP_TIME;
}

static void sandbox_hook(lua_State *L, lua_Debug *ar)
{
    struct sandbox *s = sandbox_of(L);

    s->used += SANDBOX_COUNT;
    lua_getinfo(L, "Sl", ar);
    sandbox_note(s, ar);
    sandbox_look(s);
    if (s->trip == TRIP_NONE)
        return;
    lua_sethook(L, sandbox_hook, LUA_MASKCOUNT, 1);
    sandbox_raise(L, 0);
}

void sandbox_pay(lua_State *L, uint64_t work)
{
    struct sandbox *s = sandbox_of(L);

    s->owed += work;
    if (s->owed < (uint64_t)SANDBOX_WORK * SANDBOX_COUNT)
        return;
    s->used += s->owed / SANDBOX_WORK;
    s->owed = 0;
    sandbox_look(s);
    if (s->trip == TRIP_NONE)
        return;
    sandbox_note_where(s);
    sandbox_raise(L, 1);
}

/* ---- what went wrong ---- */

static void sandbox_say(const struct sandbox *s, struct sandbox_error *why)
{
    const char *text = NULL;
    const char *where = s->where[0] != '\0' ? s->where : s->name;

    switch (s->trip) {
    case TRIP_MEMORY:
        snprintf(why->what, sizeof why->what, "%sit takes more than %zu MiB "
                 "of memory", where, s->limits.memory >> 20);
        return;
    case TRIP_STRING:
        snprintf(why->what, sizeof why->what, "%sit makes a text of more than "
                 "%zu bytes", where, SANDBOX_STRING);
        return;
    case TRIP_INSTRUCTIONS:
        snprintf(why->what, sizeof why->what, "%sit takes more than %llu "
                 "instructions", where,
                 (unsigned long long)s->limits.instructions);
        return;
    case TRIP_TIME:
        snprintf(why->what, sizeof why->what, "%sit takes more than %lld ms",
                 where, (long long)s->limits.time / 1000);
        return;
    case TRIP_NONE:
        break;
    }
    /* Only what is text already: conversions could run code, or show where a
     * table lies. */
    if (lua_type(s->L, -1) == LUA_TSTRING)
        text = lua_tostring(s->L, -1);
    if (text != NULL)
        snprintf(why->what, sizeof why->what, "%s", text);
    else
        snprintf(why->what, sizeof why->what, "%sit raised a %s instead of a "
                 "text", s->name, lua_typename(s->L, lua_type(s->L, -1)));
}

static void sandbox_clean(struct sandbox_error *why)
{
    for (char *c = why->what; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

/* ---- open ---- */

static const char env_key = 'e';        /* registry: names for environments */
static const char chunk_key = 'c';      /* registry: the loaded chunk       */

static int sandbox_open(lua_State *L)
{
    luaL_checkversion(L);
    lua_newtable(L);
    sandbox_open_base(L);
    sandbox_open_table(L);
    sandbox_open_string(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &env_key);
    return 0;
}

struct sandbox *sandbox_new(const struct sandbox_limits *limits)
{
    struct sandbox *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    if (limits != NULL)
        s->limits = *limits;
    if (s->limits.instructions == 0)
        s->limits.instructions = SANDBOX_INSTRUCTIONS;
    if (s->limits.memory == 0)
        s->limits.memory = SANDBOX_MEMORY;
    if (s->limits.time == 0)
        s->limits.time = SANDBOX_TIME;
    if (s->limits.now == NULL)
        s->limits.now = sandbox_system_now;
    s->L = lua_newstate(sandbox_alloc, s);
    if (s->L != NULL)
        lua_pushcfunction(s->L, sandbox_open);
    if (s->L == NULL || lua_pcall(s->L, 0, 0, 0) != LUA_OK) {
        sandbox_free(s);
        return NULL;
    }
    return s;
}

void sandbox_free(struct sandbox *s)
{
    if (s == NULL)
        return;
    s->running = false;
    if (s->L != NULL)
        lua_close(s->L);
    free(s);
}

bool sandbox_is_spent(const struct sandbox *s)
{
    return s->trip != TRIP_NONE;
}

/* ---- run ---- */

static int sandbox_call(struct sandbox *s, int args,
                        struct sandbox_error *why)
{
    int status;

    s->used = s->owed = 0;
    s->where[0] = '\0';
    s->deadline = s->limits.now(s->limits.ud) + s->limits.time;
    s->running = true;
    lua_sethook(s->L, sandbox_hook, LUA_MASKCOUNT, SANDBOX_COUNT);
    status = lua_pcall(s->L, args, 0, 0);
    lua_sethook(s->L, NULL, 0, 0);
    s->running = false;
    if (status == LUA_OK)
        return 0;
    if (status == LUA_ERRMEM && s->trip == TRIP_NONE)
        s->trip = TRIP_MEMORY;
    sandbox_say(s, why);
    sandbox_clean(why);
    lua_settop(s->L, 0);
    return -1;
}

static int sandbox_refuse(struct sandbox_error *why, const char *name,
                          const char *what)
{
    snprintf(why->what, sizeof why->what, "%.100s: %s", name, what);
    sandbox_clean(why);
    return -1;
}

struct sandbox_chunk {
    const char *name, *text;
    size_t n;
};

static int sandbox_compile(lua_State *L)
{
    const struct sandbox_chunk *c = lua_touserdata(L, 1);
    char name[120];

    snprintf(name, sizeof name, "@%.100s", c->name);
    if (luaL_loadbufferx(L, c->text, c->n, name, "t") != LUA_OK) {
        const char *said = lua_tostring(L, -1);

        if (said != NULL && strstr(said, name + 1) != said)
            lua_pushfstring(L, "%s: %s", name + 1, said);
        return lua_error(L);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &chunk_key);
    return 0;
}

/* Each label is compared with those before it. */
static size_t sandbox_labels(const char *text, size_t n)
{
    size_t labels = 0;

    for (size_t i = 1; i < n; i++)
        labels += text[i] == ':' && text[i - 1] == ':';
    return labels / 2;
}

int sandbox_load(struct sandbox *s, const char *name, const char *text,
                 size_t n, struct sandbox_error *why)
{
    struct sandbox_chunk c = { name, text, n };

    snprintf(s->name, sizeof s->name, "%.90s: ", name);
    if (s->trip != TRIP_NONE)
        return sandbox_refuse(why, name, "the sandbox is spent");
    if (n > SANDBOX_TEXT)
        return sandbox_refuse(why, name, "it is longer than 256 KiB");
    if (sandbox_labels(text, n) > SANDBOX_LABELS)
        return sandbox_refuse(why, name, "it has more than 1000 labels");
    lua_pushcfunction(s->L, sandbox_compile);
    lua_pushlightuserdata(s->L, &c);
    return sandbox_call(s, 1, why);
}

static int sandbox_give_it(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, lua_touserdata(L, 1));
    return 0;
}

int sandbox_give(struct sandbox *s, const char *name, lua_CFunction f)
{
    struct sandbox_error why;
    char copy[64];

    snprintf(copy, sizeof copy, "%s", name);
    lua_pushcfunction(s->L, sandbox_give_it);
    lua_pushlightuserdata(s->L, copy);
    lua_pushcfunction(s->L, f);
    return sandbox_call(s, 2, &why);
}

struct sandbox_body {
    lua_CFunction body;
    void *ud;
};

static int sandbox_begin(lua_State *L)
{
    const struct sandbox_body *b = lua_touserdata(L, 1);
    lua_CFunction body = b->body;
    void *ud = b->ud;

    lua_settop(L, 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &chunk_key);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
    sandbox_push_env(L, 2);
    lua_setupvalue(L, 1, 1);            /* _ENV is a chunk's only one */
    lua_settop(L, 1);
    lua_pushlightuserdata(L, ud);
    return body(L);
}

int sandbox_run(struct sandbox *s, lua_CFunction body, void *ud,
                struct sandbox_error *why)
{
    struct sandbox_body b = { body, ud };

    if (s->trip != TRIP_NONE)
        return sandbox_refuse(why, "sandbox", "it is spent");
    lua_pushcfunction(s->L, sandbox_begin);
    lua_pushlightuserdata(s->L, &b);
    return sandbox_call(s, 1, why);
}
