/* cli/verbs/verb_version.c - what this program is, and what it was built of.
 *
 * Lua's and glibc's versions are those of the libraries that run.  BearSSL and
 * musl do not tell theirs: the build says it, or "unknown". */
#include <stdio.h>
#include <string.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "build_info.h"
#include "verbs/verbs.h"

#define STRING(x) #x
#define NUMBER(x) STRING(x)

#ifdef __clang__
#define COMPILER "clang " NUMBER(__clang_major__) "." \
    NUMBER(__clang_minor__) "." NUMBER(__clang_patchlevel__)
#else
#define COMPILER "gcc " __VERSION__
#endif

/* In liblua, not in its headers: "$LuaVersion: Lua 5.4.4  Copyright ..." */
extern const char lua_ident[];

static void put_libc(void)
{
#ifdef __GLIBC__
    printf("libc      glibc %s\n", gnu_get_libc_version());
#else
    printf("libc      musl %s\n", BUILD_MUSL);
#endif
}

int verb_version(const struct options *o)
{
    const char *at = strstr(lua_ident, "Lua ");
    const char *lua = at ? at + strlen("Lua ") : "unknown";

    (void)o;
    printf("headcount %s\n"
           "commit    %s\n"
           "BearSSL   %s\n", headcount_version(), BUILD_COMMIT,
           BUILD_BEARSSL);
    printf("Lua       %.*s\n", (int)strcspn(lua, " "), lua);
    put_libc();
    puts("compiler  " COMPILER);
    return EXIT_DONE;
}
