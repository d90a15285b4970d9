/* cli/interrupt.c - see interrupt.h.
 *
 * A hook belongs to one coroutine, and one that is always set makes each
 * instruction slower.  So none is set before the signal: its handler sets it
 * in the coroutine that runs just then (lua_sethook is made for that), and
 * whoever goes on after a switch gets it too:
 *
 *     resume:  running = co;  stopped ? hook in co : -;  lua_resume;
 *              running = L;   stopped ? hook in L  : -
 *
 * `running` is written before `stopped` is read, and the handler does it the
 * other way round: one of them sees the other.
 */
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <lauxlib.h>

#include "options.h"
#include "verbs/verbs.h"

/* Seconds from the first signal to the end of a process that Lua cannot end:
 * C code runs, or waits for a program that popen began. */
#define LAST 10

/* The signal handler uses these. */
static lua_State *volatile running;
static volatile sig_atomic_t stopped;
static volatile sig_atomic_t alarms;

/* ---- the hook ---- */

static void interrupt_raise(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    luaL_error(L, "interrupted");
}

static void set_hook(lua_State *L)
{
    lua_sethook(L, interrupt_raise, LUA_MASKCALL | LUA_MASKRET |
                LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void now_runs(lua_State *L)
{
    running = L;
    if (stopped)
        set_hook(L);
}

/* ---- coroutine.resume, wrap, close ---- */

/* The n values on top go in.  How many came out, on top; -1: the error is. */
static int go_on(lua_State *L, lua_State *co, int n)
{
    int results = 0, status;

    if (!lua_checkstack(co, n)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, n);
    now_runs(co);
    status = lua_resume(co, L, n, &results);
    now_runs(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return results;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co;
    int n;

    luaL_checktype(L, 1, LUA_TTHREAD);
    co = lua_tothread(L, 1);
    n = go_on(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, n >= 0);
    n = n >= 0 ? n : 1;
    lua_insert(L, -(n + 1));
    return n + 1;
}

/* Its variables are closed by code that runs in it. */
static int close_it(lua_State *L, lua_State *co)
{
    int status;

    now_runs(co);
#if LUA_VERSION_RELEASE_NUM >= 50406
    status = lua_closethread(co, L);
#else
    status = lua_resetthread(co);
#endif
    now_runs(L);
    return status;
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int n = go_on(L, co, lua_gettop(L));
    int status = lua_status(co);

    if (n >= 0)
        return n;
    if (status != LUA_OK && status != LUA_YIELD) {
        status = close_it(L, co);
        lua_xmove(co, L, 1);
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L)
{
    lua_State *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_close(lua_State *L)
{
    lua_State *co;
    lua_Debug ar;

    luaL_checktype(L, 1, LUA_TTHREAD);
    co = lua_tothread(L, 1);
    if (co == L || (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar)))
        return luaL_error(L, "cannot close a %s coroutine",
                          co == L ? "running" : "normal");
    if (close_it(L, co) == LUA_OK) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushboolean(L, false);
    lua_xmove(co, L, 1);
    return 2;
}

void interrupt_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "resume", coroutine_resume }, { "wrap", coroutine_wrap },
        { "close", coroutine_close }, { NULL, NULL }
    };

    lua_getglobal(L, "coroutine");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}

/* ---- signals ---- */

/* Buffers of stdio stay as they are; a full pipe is not waited for. */
static _Noreturn void end_at_once(void)
{
    static const char line[] = "headcount: interrupted\n";
    struct pollfd to = { .fd = STDERR_FILENO, .events = POLLOUT };

    if (poll(&to, 1, 0) <= 0 || (to.revents & POLLOUT) == 0 ||
        write(STDERR_FILENO, line, sizeof line - 1) < 0)
        _exit(EXIT_INTERRUPTED);
    _exit(EXIT_INTERRUPTED);
}

/* SIGALRM: a wait that began between the signal and its hook is cut too. */
static void on_alarm(int sig)
{
    (void)sig;
    if (++alarms == LAST)
        end_at_once();
    alarm(1);
}

static void on_interrupt(int sig)
{
    int before = errno;

    (void)sig;
    if (stopped)
        end_at_once();
    stopped = 1;
    if (running != NULL)
        set_hook(running);
    alarm(1);
    errno = before;
}

void interrupt_catch(lua_State *L)
{
    running = L;
    verbs_catch(SIGALRM, on_alarm);
    verbs_catch(SIGINT, on_interrupt);
    verbs_catch(SIGTERM, on_interrupt);
}

/* The rest of the output has a second, as after a signal to any verb. */
void interrupt_forget(void)
{
    if (running == NULL)
        return;
    running = NULL;
    verbs_catch_interrupts();
    if (stopped && !verbs_interrupted())
        verbs_note_interrupt();
}

bool interrupt_came(void)
{
    return stopped != 0;
}
