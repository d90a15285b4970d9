/* cli/verbs/verb_test.c - test: the tests of policies in a folder, offline. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lauxlib.h>

#include "complain.h"
#include "lua_host.h"
#include "verbs/verbs.h"

#define FOLDERS_DEEP 16
#define FILES_MAX 10000
#define PATH_BYTES 4096

extern char **environ;

struct files {
    lua_State *L;                   /* the list is on top */
    lua_Integer n;
    bool failed;
};

/* ---- which files ---- */

static bool is_test(const char *name)
{
    static const char end[] = "_test.lua";
    size_t n = strlen(name), end_n = sizeof end - 1;

    return n > end_n && strcmp(name + n - end_n, end) == 0;
}

static void find_failed(struct files *f, const char *path)
{
    complain("cannot read %s: %s", path, strerror(errno));
    f->failed = true;
}

static void find_tests(struct files *f, const char *path, int deep);

static void find_entry(struct files *f, const char *folder,
                       const struct dirent *entry, int deep)
{
    char path[PATH_BYTES];
    struct stat st;
    int n = strcmp(folder, ".") == 0
                ? snprintf(path, sizeof path, "%s", entry->d_name)
                : snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);

    if (n < 0 || (size_t)n >= sizeof path || stat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode) && deep < FOLDERS_DEEP) {
        find_tests(f, path, deep + 1);
    } else if (S_ISREG(st.st_mode) && is_test(entry->d_name) &&
               f->n < FILES_MAX) {
        lua_pushstring(f->L, path);
        lua_rawseti(f->L, -2, ++f->n);
    }
}

/* Folders that begin with a point are not looked into. */
static void find_tests(struct files *f, const char *path, int deep)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);

    if (n < 0) {
        find_failed(f, path);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.')
            find_entry(f, path, entries[i], deep);
        free(entries[i]);
    }
    free(entries);
}

static void push_files(struct files *f, const char *path)
{
    struct stat st;

    lua_newtable(f->L);
    if (stat(path, &st) != 0) {
        find_failed(f, path);
    } else if (S_ISDIR(st.st_mode)) {
        find_tests(f, path, 0);
        if (f->n == 0 && !f->failed)
            complain("no file *_test.lua is in %s", path);
    } else {
        lua_pushstring(f->L, path);
        lua_rawseti(f->L, -2, ++f->n);
    }
}

/* ---- the run ---- */

/* A plan on a snapshot is the same wherever it is made: what the environment
 * says of AWS, proxies and trust is not looked at. */
static void forget_environment(void)
{
    static const char *const proxies[] = {
        "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY",
        "no_proxy", "SSL_CERT_FILE"
    };
    char name[256];
    size_t i = 0;

    for (size_t k = 0; k < sizeof proxies / sizeof *proxies; k++)
        unsetenv(proxies[k]);
    while (environ[i] != NULL) {
        size_t n = strcspn(environ[i], "=");

        if (strncmp(environ[i], "AWS_", 4) == 0 && n < sizeof name) {
            memcpy(name, environ[i], n);
            name[n] = '\0';
            unsetenv(name);
            i = 0;
        } else {
            i++;
        }
    }
}

/* require("headcount.test").main(files, { run =, json = }) is the exit code.
 */
static int tests(lua_State *L)
{
    const struct options *o = lua_touserdata(L, 1);
    struct files files = { .L = L };

    lua_settop(L, 0);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "headcount.test");
    lua_call(L, 1, 1);
    lua_getfield(L, 1, "main");
    push_files(&files, o->args.n > 0 ? o->args.item[0] : ".");
    if (files.failed || files.n == 0) {
        lua_pushinteger(L, EXIT_USAGE);
        return 1;
    }
    lua_createtable(L, 0, 2);
    lua_pushstring(L, o->run);          /* NULL: nil */
    lua_setfield(L, -2, "run");
    lua_pushboolean(L, o->format_json);
    lua_setfield(L, -2, "json");
    lua_call(L, 2, 1);
    return 1;
}

int verb_test(const struct options *o)
{
    if (o->args.n > 1) {
        complain("test takes one folder, or one file of tests");
        return EXIT_USAGE;
    }
    forget_environment();
    lua_State *L = lua_host_open();

    if (L == NULL) {
        complain("out of memory");
        return EXIT_OTHER;
    }
    lua_host_catch_interrupts(L);
    lua_pushcfunction(L, tests);
    lua_pushlightuserdata(L, (void *)(uintptr_t)o);
    int code = lua_host_call(L, 1);

    if (code == 0)
        code = (int)lua_tointeger(L, -1);
    lua_host_close(L);
    return code;
}
