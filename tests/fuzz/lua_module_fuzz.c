/* tests/fuzz/lua_module_fuzz.c - scripts of clients, calls, closes, coroutines
 * and collections, at random.
 *
 *   byte 0     how memory is collected: 0 as Lua does, 1 in each allocation,
 *              2 generational; +4: a failure of memory as bytes 1 and 2 say
 *   bytes 1-2  which request of Lua for memory fails, and the one after it
 *   the rest   operations, and what they take, by lua_module.lua
 *
 * A finalizer, a hook, a __close, a coroutine runs operations too, which may
 * do anything to the clients of all.  Nothing but 127.0.0.1 is called: a port
 * where nobody listens, and a listener that answers where a script says so.
 * Nothing is asked of a script but that it ends: the sanitizers judge.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

#include "module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCRIPT "tests/fuzz/lua_module.lua"
#define MOST 600
#define CONNECTIONS 64

/* ---- memory ---- */

struct memory {
    size_t requests, fail_at;           /* 0: none */
};

static void *allocate(void *ud, void *p, size_t old, size_t n)
{
    struct memory *m = ud;

    if (n == 0) {
        free(p);
        return NULL;
    }
    if (m->fail_at > 0 && (p == NULL || n > old)) {
        m->requests++;
        if (m->requests == m->fail_at || m->requests == m->fail_at + 1)
            return NULL;            /* twice: Lua collects, and asks again */
    }
    return realloc(p, n);
}

/* ---- the listener ---- */

struct peer {
    int listener, port;
    int connections[CONNECTIONS];
    size_t n;
};

static bool peer_open(struct peer *p)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;

    *p = (struct peer){ .n = 0 };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (p->listener < 0)
        return false;
    if (bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(p->listener, CONNECTIONS) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &n) != 0 ||
        fcntl(p->listener, F_SETFL, O_NONBLOCK) != 0) {
        close(p->listener);
        return false;
    }
    p->port = ntohs(at.sin_port);
    return true;
}

static void peer_close(struct peer *p)
{
    for (size_t i = 0; i < p->n; i++)
        close(p->connections[i]);
    close(p->listener);
}

/* Each connection that waits has an answer, whatever it will ask. */
static int serve(lua_State *L)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nx-a: 1\r\nx-b: 2\r\nx-a: 3\r\n"
        "content-length: 48\r\n\r\n"
        "{\"clusterArns\":[\"a\",\"b\",{\"c\":null,\"d\":[1,2.5]}]}";
    struct peer *p = lua_touserdata(L, lua_upvalueindex(1));
    int fd;

    while (p->n < CONNECTIONS &&
           (fd = accept(p->listener, NULL, NULL)) >= 0) {
        p->connections[p->n++] = fd;
        if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            break;
    }
    return 0;
}

/* ---- one script ---- */

struct script {
    const uint8_t *data;
    size_t size;
    struct peer *peer;
    bool closing;
};

static int is_closing(lua_State *L)
{
    const struct script *s = lua_touserdata(L, lua_upvalueindex(1));

    lua_pushboolean(L, s->closing);
    return 1;
}

static int play(lua_State *L)
{
    struct script *s = lua_touserdata(L, 1);

    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_headcount_core);
    lua_setfield(L, -2, "headcount.core");
    lua_getglobal(L, "package");
    lua_pushliteral(L, "lua/?.lua;lua/?/init.lua");
    lua_setfield(L, -2, "path");
    if (luaL_loadfilex(L, SCRIPT, "t") != LUA_OK)
        return lua_error(L);
    lua_pushlstring(L, (const char *)s->data, s->size);
    lua_pushinteger(L, s->peer->port);
    lua_pushlightuserdata(L, s->peer);
    lua_pushcclosure(L, serve, 1);
    lua_pushlightuserdata(L, s);
    lua_pushcclosure(L, is_closing, 1);
    if ((s->data[0] & 3) == 1) {        /* a cycle in each allocation */
        lua_gc(L, LUA_GCINC, 0, 0, 30);
        lua_gc(L, LUA_GCSETPAUSE, 0);
        lua_gc(L, LUA_GCCOLLECT);
    } else if ((s->data[0] & 3) == 2) {
        lua_gc(L, LUA_GCGEN, 0, 0);
    }
    lua_call(L, 4, 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = { .requests = 0 };
    struct peer peer;
    struct script script = { data, size, &peer, false };
    lua_State *L;

    if (size < 4 || size > MOST || !peer_open(&peer))
        return 0;
    unsetenv("AWS_CA_BUNDLE");          /* large ones are slow to read */
    unsetenv("SSL_CERT_FILE");
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    if ((data[0] & 4) != 0)
        memory.fail_at = 1 + (size_t)data[1] * 64 + data[2];
    L = lua_newstate(allocate, &memory);
    if (L != NULL) {
        lua_pushcfunction(L, play);
        lua_pushlightuserdata(L, &script);
        if (lua_checkstack(L, 10))
            lua_pcall(L, 1, 0, 0);
        script.closing = true;
        lua_close(L);
    }
    peer_close(&peer);
    return 0;
}
