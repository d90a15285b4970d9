/* lua/sandbox/sandbox.c - the state, its budgets, and how it runs.
 *
 * Count hooks do not run inside of C functions, so they alone bound nothing:
 * the allocator bounds lengths and looks at the clocks too, the library's
 * functions pay for what they do, and the compiler gets its text in small
 * pieces with a look at the clocks between them (sandbox_text.c).  There
 * is no pcall inside, so what is raised ends the run; after a trip every
 * allocation and every instruction raises again.
 *
 * The time of a run is the CPU time of its thread: a busy machine does not
 * make a policy fail.  Elapsed time is only a backstop.  A thread never has
 * more CPU time than time has elapsed, so the CPU clock, which costs a system
 * call, is not read before the budget could be spent.
 */
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lualib.h>

#include "sandbox/sandbox_lib.h"

#define SANDBOX_COUNT 256           /* instructions between two looks      */
#define SANDBOX_GLANCE 64           /* allocations, likewise               */
#define SANDBOX_LARGE 4096          /* bytes that are worth a look         */
#define SANDBOX_WORK 32             /* steps of work for one instruction   */

enum trip { TRIP_NONE, TRIP_INSTRUCTIONS, TRIP_MEMORY, TRIP_TIME, TRIP_WALL,
            TRIP_STRING };

struct sandbox {
    lua_State *L;
    struct sandbox_limits limits;
    size_t live;                    /* bytes                               */
    uint64_t used;                  /* instructions, work                  */
    uint64_t owed;                  /* work that is no instruction yet     */
    int64_t began, cpu_began;
    int64_t look_at;                /* before it no CPU time can be spent  */
    unsigned glances;
    enum trip trip;
    bool running;
    int line;                       /* that is compiled; 0: none           */
    char name[LUA_IDSIZE];          /* of the chunk, as Lua shows it       */
    char where[100];                /* the place that was seen last        */
};

/* ---- time ---- */

static int64_t sandbox_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t sandbox_now(void)
{
    return sandbox_clock(CLOCK_MONOTONIC);
}

static int64_t sandbox_system_now(void *ud)
{
    (void)ud;
    return sandbox_now();
}

static int64_t sandbox_system_cpu(void *ud)
{
    (void)ud;
    return sandbox_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void sandbox_start_clocks(struct sandbox *s)
{
    s->began = s->limits.now(s->limits.ud);
    s->cpu_began = s->limits.cpu(s->limits.ud);
    s->look_at = s->began + s->limits.time;
}

/* TRIP_TIME, TRIP_WALL, or TRIP_NONE. */
static enum trip sandbox_is_late(struct sandbox *s)
{
    int64_t now = s->limits.now(s->limits.ud), left;

    if (now - s->began > s->limits.wall)
        return TRIP_WALL;
    if (now < s->look_at)
        return TRIP_NONE;
    left = s->cpu_began + s->limits.time - s->limits.cpu(s->limits.ud);
    s->look_at = now + left;
    return left < 0 ? TRIP_TIME : TRIP_NONE;
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

    for (int level = 0; s->L != NULL && lua_getstack(s->L, level, &ar);
         level++) {
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
    if (++s->glances % SANDBOX_GLANCE == 0 || n >= SANDBOX_LARGE)
        return sandbox_is_late(s);
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
    lua_pushstring(L, s->trip == TRIP_INSTRUCTIONS
                          ? "it takes too many instructions"
                          : "it takes too long");
    lua_concat(L, 2);
    lua_error(L);
}

static void sandbox_look(struct sandbox *s)
{
    if (s->trip == TRIP_NONE && s->used > s->limits.instructions)
        s->trip = TRIP_INSTRUCTIONS;
    else if (s->trip == TRIP_NONE)
        s->trip = sandbox_is_late(s);
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

const char *sandbox_where(lua_State *L)
{
    lua_Debug ar;

    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0)
            return lua_pushfstring(L, "%s:%d: ", ar.short_src,
                                   ar.currentline);
    }
    return lua_pushliteral(L, "");
}

void sandbox_compiles(lua_State *L, int line, bool looks)
{
    struct sandbox *s = sandbox_of(L);

    s->line = line;
    if (looks)
        sandbox_look(s);
    if (s->trip != TRIP_NONE)
        sandbox_raise(L, 0);
}

/* ---- what went wrong ---- */

/* Where it happened, for every sentence: "policy.lua:3: ".  Without a line
 * where no text of the policy runs. */
static void sandbox_put_place(const struct sandbox *s, char *to, size_t size)
{
    if (s->where[0] != '\0')
        snprintf(to, size, "%s", s->where);
    else if (s->line > 0)
        snprintf(to, size, "%s:%d: ", s->name, s->line);
    else
        snprintf(to, size, "%s: ", s->name);
}

/* A text that luaL_error or the compiler has put a place before. */
static bool sandbox_has_place(const struct sandbox *s, const char *text)
{
    size_t n = strlen(s->name);

    return strncmp(text, s->name, n) == 0 && text[n] == ':' &&
           text[n + 1] >= '0' && text[n + 1] <= '9';
}

static void sandbox_say_trip(const struct sandbox *s, const char *where,
                             struct sandbox_error *why)
{
    const struct sandbox_limits *l = &s->limits;

    switch (s->trip) {
    case TRIP_MEMORY:
        snprintf(why->what, sizeof why->what, "%sit takes more than %zu MiB "
                 "of memory", where, l->memory >> 20);
        break;
    case TRIP_STRING:
        snprintf(why->what, sizeof why->what, "%sit makes a text of more than "
                 "%zu bytes", where, SANDBOX_STRING);
        break;
    case TRIP_INSTRUCTIONS:
        snprintf(why->what, sizeof why->what, "%sit takes more than %llu "
                 "instructions", where, (unsigned long long)l->instructions);
        break;
    case TRIP_TIME:
        snprintf(why->what, sizeof why->what, "%sit takes more than %lld ms "
                 "of CPU time", where, (long long)l->time / 1000);
        break;
    case TRIP_WALL:
        snprintf(why->what, sizeof why->what, "%sit did not end within %lld "
                 "ms: the machine gave it less than %lld ms of CPU time",
                 where, (long long)l->wall / 1000, (long long)l->time / 1000);
        break;
    case TRIP_NONE:
        break;
    }
}

/* Only what is text already is shown: conversions could run code, or show
 * where a table lies. */
static void sandbox_say(const struct sandbox *s, struct sandbox_error *why)
{
    const char *text = NULL;
    char where[120];

    sandbox_put_place(s, where, sizeof where);
    if (s->trip != TRIP_NONE) {
        sandbox_say_trip(s, where, why);
        return;
    }
    if (lua_type(s->L, -1) == LUA_TSTRING)
        text = lua_tostring(s->L, -1);
    if (text == NULL)
        snprintf(why->what, sizeof why->what, "%sit raised a %s instead of a "
                 "text", where, lua_typename(s->L, lua_type(s->L, -1)));
    else if (sandbox_has_place(s, text) ||
             (s->where[0] == '\0' && s->line == 0))
        snprintf(why->what, sizeof why->what, "%s", text);
    else
        snprintf(why->what, sizeof why->what, "%s%s", where, text);
}

/* The message handler: what raised is still on the stack.  C functions that
 * were called by C functions (the comparator of a sort, what gsub calls) know
 * no line, and neither does error(message, 0). */
static int sandbox_mark(lua_State *L)
{
    struct sandbox *s = sandbox_of(L);

    if (s->trip == TRIP_NONE) {
        s->where[0] = '\0';
        sandbox_note_where(s);
    }
    return 1;
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
    sandbox_open_metatables(L);
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
    if (s->limits.wall == 0)
        s->limits.wall = s->limits.time > SANDBOX_WALL ? s->limits.time
                                                       : SANDBOX_WALL;
    if (s->limits.now == NULL)
        s->limits.now = sandbox_system_now;
    if (s->limits.cpu == NULL)
        s->limits.cpu = sandbox_system_cpu;
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
    s->line = 0;
    sandbox_start_clocks(s);
    lua_pushcfunction(s->L, sandbox_mark);
    lua_insert(s->L, 1);
    s->running = true;
    lua_sethook(s->L, sandbox_hook, LUA_MASKCOUNT, SANDBOX_COUNT);
    status = lua_pcall(s->L, args, 0, 1);
    lua_sethook(s->L, NULL, 0, 0);
    s->running = false;
    if (status == LUA_OK) {
        lua_settop(s->L, 0);
        return 0;
    }
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

static int sandbox_compile(lua_State *L)
{
    struct sandbox_text *text = lua_touserdata(L, 1);
    char name[120];

    snprintf(name, sizeof name, "@%.100s", text->name);
    if (lua_load(L, sandbox_text_read, text, name, "t") != LUA_OK)
        return lua_error(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &chunk_key);
    return 0;
}

/* As Lua itself cuts it: the end of a long name says more. */
static void sandbox_name(struct sandbox *s, const char *name)
{
    size_t n = strnlen(name, 100), most = sizeof s->name - 1;

    if (n <= most)
        snprintf(s->name, sizeof s->name, "%.*s", (int)n, name);
    else
        snprintf(s->name, sizeof s->name, "...%.*s", (int)most - 3,
                 name + n - (most - 3));
}

int sandbox_load(struct sandbox *s, const char *name, const char *text,
                 size_t n, struct sandbox_error *why)
{
    struct sandbox_text t = { .name = name, .text = text, .n = n };
    const char *wrong;
    int line = 1;

    sandbox_name(s, name);
    if (s->trip != TRIP_NONE)
        return sandbox_refuse(why, name, "the sandbox is spent");
    if (n > SANDBOX_TEXT)
        return sandbox_refuse(why, name, "it is longer than 256 KiB");
    sandbox_text_open(&t);
    wrong = sandbox_text_check(&t, &line);
    if (wrong != NULL) {
        snprintf(why->what, sizeof why->what, "%s:%d: %s", s->name, line,
                 wrong);
        sandbox_clean(why);
        return -1;
    }
    lua_pushcfunction(s->L, sandbox_compile);
    lua_pushlightuserdata(s->L, &t);
    return sandbox_call(s, 1, why);
}

static int sandbox_give_it(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
    lua_pushvalue(L, 3);
    lua_pushcclosure(L, lua_tocfunction(L, 2), 1);
    lua_setfield(L, -2, lua_touserdata(L, 1));
    return 0;
}

int sandbox_give(struct sandbox *s, const char *name, lua_CFunction f,
                 int upvalue)
{
    struct sandbox_error why;
    char copy[64];

    snprintf(copy, sizeof copy, "%s", name);
    lua_pushcfunction(s->L, sandbox_give_it);
    lua_pushlightuserdata(s->L, copy);
    lua_pushcfunction(s->L, f);
    lua_pushinteger(s->L, upvalue);
    return sandbox_call(s, 3, &why);
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
    sandbox_begin_metatables(L);
    lua_pushlightuserdata(L, ud);
    body(L);
    lua_settop(L, 0);
    return 0;
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
