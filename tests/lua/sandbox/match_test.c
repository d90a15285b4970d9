/* tests/lua/sandbox/match_test.c - Lua's patterns, beside those of stock Lua.
 *
 * Every answer is told as text, "p=[...] s=[...] at N: 0-3 (ab) @1" or the
 * error, so that one of ours and one of stock Lua's compare as a whole.
 */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "sandbox/match.h"

#define ENOUGH 1000000
#define LEN(a) (sizeof(a) / sizeof(*(a)))

/* ---- answers as text ---- */

struct text {
    char p[4096];
    size_t n;
};

static void put(struct text *t, const void *p, size_t n)
{
    CHECK(n <= sizeof(t->p) - t->n);
    if (n > 0)
        memcpy(t->p + t->n, p, n);
    t->n += n;
}

static void put_z(struct text *t, const char *z)
{
    put(t, z, strlen(z));
}

static void put_number(struct text *t, const char *before, size_t number)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%s%zu", before, number);
    put_z(t, digits);
}

static void put_bytes(struct text *t, const char *p, size_t n)
{
    put_z(t, "(");
    put(t, p, n);
    put_z(t, ")");
}

static void put_question(struct text *t, struct hc_str p, struct hc_str s,
                         size_t at)
{
    t->n = 0;
    put_z(t, "p=");
    put_bytes(t, p.p, p.n);
    put_z(t, " s=");
    put_bytes(t, s.p, s.n);
    put_number(t, " at ", at);
    put_z(t, ": ");
}

/* ---- ours ---- */

static struct match asked(struct hc_str p, struct hc_str s, uint64_t steps)
{
    return (struct match){
        .s = s.p, .n = s.n, .p = p.p, .pn = p.n, .steps = steps
    };
}

static void put_match(struct text *t, const struct match *m, size_t from,
                      size_t end)
{
    put_number(t, "", from);
    put_number(t, "-", end);
    for (size_t i = 0; i < m->captures_n; i++) {
        const struct match_capture *c = &m->captures[i];

        put_z(t, " ");
        if (c->position)
            put_number(t, "@", c->at);
        else
            put_bytes(t, m->s + c->at, c->n);
    }
}

static enum match_result find(struct text *t, struct match *m, size_t at)
{
    size_t from = 0, end = 0;
    enum match_result result = match_find(m, at, &from, &end);

    switch (result) {
    case MATCH_NO:    put_z(t, "no");             break;
    case MATCH_YES:   put_match(t, m, from, end); break;
    case MATCH_SPENT: put_z(t, "spent");          break;
    case MATCH_BAD:   put_z(t, m->error);         break;
    }
    CHECK_INT(m->error != NULL, result == MATCH_BAD);
    CHECK_INT(m->steps == 0, result == MATCH_SPENT);
    return result;
}

/* ---- stock Lua's ---- */

static lua_State *stock_new(void)
{
    lua_State *L = luaL_newstate();

    CHECK(L != NULL);
    luaL_requiref(L, "string", luaopen_string, 0);
    return L;
}

/* Calls string[name](s, p, at + 1): its results are on the stack. */
static bool stock_call(lua_State *L, const char *name, struct hc_str p,
                       struct hc_str s, size_t at)
{
    lua_settop(L, 1);
    lua_getfield(L, 1, name);
    lua_pushlstring(L, s.p, s.n);
    lua_pushlstring(L, p.p, p.n);
    lua_pushinteger(L, (lua_Integer)at + 1);
    return lua_pcall(L, 3, LUA_MULTRET, 0) == LUA_OK;
}

/* string.find looks for a pattern without ^$*+?.([%- as it stands, so that a
 * ")" is no fault there: string.match has the say about faults. */
static void stock_find(struct text *t, lua_State *L, struct hc_str p,
                       struct hc_str s, size_t at)
{
    if (!stock_call(L, "match", p, s, at)) {
        put_z(t, lua_tostring(L, 2));
        return;
    }
    CHECK(stock_call(L, "find", p, s, at));
    if (lua_isnil(L, 2)) {
        put_z(t, "no");
        return;
    }
    put_number(t, "", (size_t)lua_tointeger(L, 2) - 1);
    put_number(t, "-", (size_t)lua_tointeger(L, 3));
    for (int i = 4; i <= lua_gettop(L); i++) {
        size_t n;

        put_z(t, " ");
        if (lua_type(L, i) == LUA_TNUMBER) {
            put_number(t, "@", (size_t)lua_tointeger(L, i) - 1);
        } else {
            const char *bytes = lua_tolstring(L, i, &n);

            put_bytes(t, bytes, n);
        }
    }
}

static enum match_result check_same(lua_State *L, struct hc_str p,
                                    struct hc_str s, size_t at)
{
    static struct text ours, theirs;
    struct match m = asked(p, s, ENOUGH);

    put_question(&ours, p, s, at);
    enum match_result result = find(&ours, &m, at);

    if (result == MATCH_SPENT)
        return result;
    put_question(&theirs, p, s, at);
    stock_find(&theirs, L, p, s, at);
    if (ours.n != theirs.n || memcmp(ours.p, theirs.p, ours.n) != 0)
        print_error("stock: %.*s\n", (int)theirs.n, theirs.p);
    CHECK_MEM(ours.p, ours.n, theirs.p);
    CHECK_INT(ours.n, theirs.n);
    return result;
}

/* ---- tables ---- */

#define MISSING_END  "malformed pattern (missing ']')"
#define MISSING_ARGS "malformed pattern (missing arguments to '%b')"
#define ENDS_WITH    "malformed pattern (ends with '%')"
#define MISSING_SET  "missing '[' after '%f' in pattern"
#define POSITIONS    "()()()()()()()()()()()"

static const struct row {
    const char *p, *s, *want;
} rows[] = {
    /* bytes, ".", "$", "^" */
    { "", "", "0-0" }, { "", "abc", "0-0" }, { "b", "abc", "1-2" },
    { "bd", "abc", "no" }, { "abcd", "abc", "no" }, { ".", "", "no" },
    { "..", "abc", "0-2" }, { "$", "abc", "3-3" }, { "^$", "", "0-0" },
    { "^$", "a", "no" }, { "^b", "ab", "no" }, { "^a", "ab", "0-1" },
    { "^", "ab", "0-0" }, { "^^a", "^a", "0-2" }, { "a^b", "a^b", "0-3" },
    { "$a", "x$a", "1-3" }, { "a$$", "a$", "0-2" }, { "a$b", "a$b", "0-3" },
    { "$*", "$$$", "0-3" }, { "c$", "abc", "2-3" }, { "b$", "abc", "no" },
    { "($)", "a$", "1-2 ($)" }, { "(a)$", "aa", "1-2 (a)" },
    /* quantifiers */
    { "a*", "aab", "0-2" }, { "b*", "aab", "0-0" }, { "a*a", "aaa", "0-3" },
    { "a*ab", "aaab", "0-4" }, { "a+", "baa", "1-3" }, { "a+", "bbb", "no" },
    { "a+a", "a", "no" }, { "a+ab", "aaab", "0-4" }, { "a-", "aaa", "0-0" },
    { "a-b", "aaab", "0-4" }, { "a-$", "aaa", "0-3" }, { "^a-b", "ac", "no" },
    { "a?", "aa", "0-1" }, { "a?", "b", "0-0" }, { "a?ab", "ab", "0-2" },
    { "^a?a?a?aaa$", "aaa", "0-3" }, { "^a?a?$", "aaa", "no" },
    { ".*b", "abab", "0-4" }, { ".-b", "abab", "0-2" }, { "*", "a*", "1-2" },
    { "**", "**a", "0-2" }, { "a**", "aa*", "0-3" }, { "+a", "+a", "0-2" },
    { "-", "a-", "1-2" }, { "--", "--", "0-0" }, { "a--", "aa-", "0-3" },
    { "a?-", "a-", "0-2" }, { "%-+", "a--", "1-3" },
    { "[ab]*c", "abac", "0-4" }, { "%d+%.?%d*", "v1.25", "1-5" },
    /* classes */
    { "%a+", "1aZ_", "1-3" }, { "%A+", "a1_b", "1-3" }, { "%s", "a\vb", "1-2" },
    { "%S+", " ab ", "1-3" }, { "%x+", "xaF9g", "1-4" }, { "%.", "a.", "1-2" },
    { "%%", "a%", "1-2" }, { "%e", "e", "0-1" }, { "%E", "eE", "1-2" },
    { "%g+", " \x7f!~ ", "2-4" }, { "%C", "\n\x1f\xff", "2-3" },
    { "%a", "\xe4\xc4", "no" }, { "%W%W", "\xc3\xa4", "0-2" },
    { "%^a", "^a", "0-2" }, { "%$", "a$", "1-2" }, { "%(a%)", "(a)", "0-3" },
    /* sets */
    { "[]]", "a]", "1-2" }, { "[^]]", "]a", "1-2" }, { "[]a]+", "a]a", "0-3" },
    { "[a-c]+", "xabcd", "1-4" }, { "[^a-c]+", "axyb", "1-3" },
    { "[a-]+", "b-a", "1-3" }, { "[-a]+", "b-a", "1-3" },
    { "[^-]", "-a", "1-2" },
    { "[c-a]", "abc-", "no" }, { "[%a_]+", "1a_b2", "1-4" },
    { "[%]]", "]", "0-1" }, { "[a%]b]+", "xb]a", "1-4" },
    { "[^%s]", " a", "1-2" },
    { "[%a-z]+", "1a-z", "1-4" }, { "[+--]+", "a+,-", "1-4" },
    { "[]-a]+", "\\]^_`ab", "1-6" }, { "[a-%%]", "]", "0-1" },
    { "[a-%%]", "%", "no" }, { "[%-x]+", "a-x", "1-3" }, { "[[]", "a[", "1-2" },
    { "[a]]", "a]", "0-2" }, { "[.*$^(]+", "a^(.*$", "1-6" },
    { "[a^]+", "^a", "0-2" }, { "[^^]", "^a", "1-2" },
    { "[%b%f%1]+", "bf1", "0-3" },
    { "[\x80-\xff]+", "a\xc3\xa4", "1-3" }, { "[%S%s]+", "a b", "0-3" },
    /* %b, %f */
    { "%b()", "a(b(c)d)e", "1-8" }, { "%b()", "((a)", "1-4" },
    { "%b()", "(((", "no" }, { "%b()", "", "no" }, { "%bxx", "axbxx", "1-4" },
    { "%b()+", "()+", "0-3" }, { "%b%%", "a%b%", "1-4" },
    { "%f[%w]%w+", "  ab c", "2-4" }, { "%f[%W]", "ab c", "2-2" },
    { "%f[%z]", "ab", "2-2" }, { "%f[^%z]", "ab", "0-0" },
    { "%f[%a]", "", "no" },
    { "a%f[%a]b", "ab", "no" }, { "THE%f[%A]", "THEN THE", "5-8" },
    /* captures */
    { "(a)(b)", "ab", "0-2 (a) (b)" }, { "((a)(b))", "ab", "0-2 (ab) (a) (b)" },
    { "()a()", "xa", "1-2 @1 @2" }, { "(a*(.)%w(%s*))", "aab  c",
      "0-5 (aab  ) (a) (  )" },
    { "()", "", "0-0 @0" }, { "(())", "", "0-0 () @0" },
    { "(a)*", "a*", "0-2 (a)" },
    { "(a*)(a)$", "aaa", "0-3 (aa) (a)" },
    { "(a-)(a*)$", "aaa", "0-3 () (aaa)" },
    { "(.-)=(.*)", "k=v=w", "0-5 (k) (v=w)" },
    { "^(a?)(b?)", "b", "0-1 () (b)" },
    { "(a?(a?)b)", "ab", "0-2 (ab) ()" }, { "(.)a?()b", "xab", "0-3 (x) @2" },
    { "(.)%1", "abccd", "2-4 (c)" }, { "(a+)%1$", "aaaa", "0-4 (aa)" },
    { "(['\"]).-%1", "x'a\"b'", "1-6 (')" }, { "(a)%1", "aba", "no" },
    { "()%1", "a", "no" }, { "(a)(b)%2%1", "abba", "0-4 (a) (b)" },
    { "(a)%1%1", "aa", "no" }, { "()(a)%2", "aa", "0-2 @0 (a)" },
    { "(a)%1*", "aa*", "0-3 (a)" },
    { "((a*)b?)%2c", "aabaac", "0-6 (aab) (aa)" },
    { POSITIONS POSITIONS "()()()()()()()()()()", "", "0-0 @0 @0 @0 @0 @0 @0 "
      "@0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 @0 "
      "@0 @0 @0" },
    /* refused, as soon as the walk arrives there, and not before */
    { "%", "a", ENDS_WITH }, { "a%", "a", ENDS_WITH }, { "b%", "a", "no" },
    { "[", "a", MISSING_END }, { "[]", "a", MISSING_END },
    { "[^", "a", MISSING_END }, { "[^]", "a", MISSING_END },
    { "[a", "a", MISSING_END }, { "[a%", "a", MISSING_END },
    { "[a%]", "a", MISSING_END }, { "[a-", "", MISSING_END },
    { "b[a", "a", "no" }, { "%b", "a", MISSING_ARGS },
    { "%b(", "a", MISSING_ARGS }, { "%f", "a", MISSING_SET },
    { "%fa", "a", MISSING_SET }, { "%f[a", "a", MISSING_END },
    { ")", "a", "invalid pattern capture" }, { "b)", "a", "no" },
    { "(a))", "a", "invalid pattern capture" },
    { "())", "a", "invalid pattern capture" },
    { "(a", "a", "unfinished capture" }, { "(b", "a", "no" },
    { "(", "", "unfinished capture" }, { "((a)", "a", "unfinished capture" },
    { "%0", "a", "invalid capture index %0" },
    { "%1", "a", "invalid capture index %1" },
    { "(a)%2", "a", "invalid capture index %2" },
    { "(a%1)", "a", "invalid capture index %1" },
    { "(a)(b%2)", "ab", "invalid capture index %2" },
    { "(a)%9", "a", "invalid capture index %9" }, { "(a)%9", "b", "no" },
    { POSITIONS POSITIONS POSITIONS, "", "too many captures" },
};

static struct hc_str guarded(const char *z)
{
    size_t n = strlen(z);

    return hc_str_n(t_guard(z, n), n);
}

TEST(match, table_is_answered_without_a_byte_too_many_looked_at)
{
    struct text got;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct hc_str p = guarded(rows[i].p), s = guarded(rows[i].s);
        struct match m = asked(p, s, ENOUGH);

        got.n = 0;
        find(&got, &m, 0);
        if (got.n != strlen(rows[i].want) ||
            memcmp(got.p, rows[i].want, got.n) != 0)
            print_error("%s on %s:\n", rows[i].p, rows[i].s);
        CHECK_STR(hc_str_n(got.p, got.n), rows[i].want);
    }
}

TEST(match, table_is_what_stock_lua_says)
{
    lua_State *L = stock_new();

    for (size_t i = 0; i < LEN(rows); i++)
        for (size_t at = 0; at <= strlen(rows[i].s) + 1; at++)
            CHECK(check_same(L, hc_str(rows[i].p), hc_str(rows[i].s), at) !=
                  MATCH_SPENT);
    lua_close(L);
}

/* However early the steps end, nothing but MATCH_SPENT is said too soon. */
TEST(match, fewer_steps_never_change_an_answer)
{
    struct text got;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct hc_str p = guarded(rows[i].p), s = guarded(rows[i].s);
        enum match_result result = MATCH_SPENT;

        for (uint64_t steps = 0; result == MATCH_SPENT; steps++) {
            struct match m = asked(p, s, steps);

            CHECK(steps < 1000);
            got.n = 0;
            result = find(&got, &m, 0);
        }
        CHECK_STR(hc_str_n(got.p, got.n), rows[i].want);
    }
}

/* ---- every byte ---- */

TEST(match, every_byte_is_of_the_classes_that_stock_lua_says)
{
    lua_State *L = stock_new();

    for (int class = 0; class < 256; class++) {
        char escaped[2] = { '%', (char)class };
        char set[5] = { '[', '^', '%', (char)class, ']' };

        for (int c = 0; c < 256; c++) {
            char s[1] = { (char)c };

            check_same(L, hc_str_n(escaped, 2), hc_str_n(s, 1), 0);
            check_same(L, hc_str_n(set, 5), hc_str_n(s, 1), 0);
        }
    }
    lua_close(L);
}

TEST(match, a_nul_is_a_byte_like_others)
{
    static const struct { struct hc_str p, s; } cases[] = {
        { { "\0", 1 }, { "a\0", 2 } }, { { "a\0b", 3 }, { "a\0b", 3 } },
        { { "\0*$", 3 }, { "a\0\0", 3 } }, { { "[\0]", 3 }, { "a\0", 2 } },
        { { "[^\0]+", 5 }, { "\0ab\0", 4 } }, { { "(\0)%1", 5 },
        { "\0\0", 2 } },
        { { "[\0-\1]+", 6 }, { "\2\1\0", 3 } }, { { "%b\0\1", 4 },
        { "\0\1", 2 } },
        { { "a\0", 2 }, { "a", 1 } }, { { "%\0", 2 }, { "\0", 1 } },
        { { "%f[\0]", 5 }, { "a\0", 2 } }, { { "%f[^\0]", 6 }, { "\0a", 2 } },
        { { "a(\0", 3 }, { "a\0", 2 } }, { { "(.-)\0", 5 }, { "k\0v", 3 } },
        { { "[\0", 2 }, { "\0", 1 } }, { { "%b\0", 3 }, { "\0", 1 } },
    };
    lua_State *L = stock_new();
    struct match m = asked(cases[0].p, cases[0].s, ENOUGH);
    struct text got = { .n = 0 };

    find(&got, &m, 0);
    CHECK_STR(hc_str_n(got.p, got.n), "1-2");
    for (size_t i = 0; i < LEN(cases); i++)
        check_same(L, cases[i].p, cases[i].s, 0);
    lua_close(L);
}

/* ---- places ---- */

TEST(match, at_a_place_only_that_place_is_tried)
{
    struct match m = asked(HC_STR("b+"), HC_STR("abb"), ENOUGH);
    size_t end = 99;

    CHECK_INT(match_at(&m, 0, &end), MATCH_NO);
    CHECK_INT(end, 99);
    CHECK_INT(match_at(&m, 1, &end), MATCH_YES);
    CHECK_INT(end, 3);
    CHECK_INT(match_at(&m, 2, &end), MATCH_YES);
    CHECK_INT(match_at(&m, 3, &end), MATCH_NO);
    m.pn = 0;
    CHECK_INT(match_at(&m, 3, &end), MATCH_YES);
    CHECK_INT(match_at(&m, 4, &end), MATCH_NO);
}

TEST(match, at_a_place_an_anchor_is_a_byte)
{
    struct match m = asked(HC_STR("^a"), HC_STR("^aa"), ENOUGH);
    size_t end = 99;

    CHECK_INT(match_at(&m, 0, &end), MATCH_YES);
    CHECK_INT(end, 2);
    CHECK_INT(match_at(&m, 1, &end), MATCH_NO);
}

TEST(match, an_anchor_holds_a_search_where_it_begins)
{
    struct match m = asked(HC_STR("^a"), HC_STR("bab"), ENOUGH);
    size_t from = 99, end = 99;

    CHECK_INT(match_find(&m, 0, &from, &end), MATCH_NO);
    CHECK_INT(match_find(&m, 1, &from, &end), MATCH_YES);
    CHECK_INT(from, 1);
    CHECK_INT(end, 2);
    CHECK_INT(match_find(&m, 4, &from, &end), MATCH_NO);
}

TEST(match, a_match_that_fails_leaves_no_captures)
{
    struct match m = asked(HC_STR("(a)(b)"), HC_STR("abac"), ENOUGH);
    size_t from = 0, end = 0;

    CHECK_INT(match_find(&m, 0, &from, &end), MATCH_YES);
    CHECK_INT(m.captures_n, 2);
    CHECK_INT(match_find(&m, 1, &from, &end), MATCH_NO);
    CHECK_INT(m.captures_n, 0);
}

/* ---- bounds ---- */

static struct hc_str repeated(char *room, const char *z, size_t times)
{
    size_t n = strlen(z);

    for (size_t i = 0; i < times; i++)
        memcpy(room + i * n, z, n);
    return hc_str_n(room, times * n);
}

TEST(match, a_pattern_that_spins_is_spent)
{
    static char p_room[64], s_room[64];
    struct hc_str s = repeated(s_room, "a", 64);
    struct hc_str p = repeated(p_room, "a-", 20);
    struct text got = { .n = 0 };

    p_room[p.n++] = 'b';
    struct match m = asked(p, s, 1000000);

    CHECK_INT(find(&got, &m, 0), MATCH_SPENT);
    p_room[0] = '(';
    m.steps = 0;
    CHECK_INT(find(&got, &m, 0), MATCH_SPENT);
}

/* On a thousand bytes "a", each of these looks at more than so many. */
TEST(match, every_byte_looked_at_is_paid_for)
{
    static const struct { const char *p; uint64_t steps; } dear[] = {
        { "b", 1500 }, { "%f[b]", 3000 }, { "^a*b", 2500 }, { "^a+b", 2500 },
        { "^.-b", 2500 }, { "^[^b]*b", 3500 }, { "^%bab", 900 },
        { "^(a*)%1$", 2400 }, { "^()a*%1", 1500 },
    };
    static char room[1002];
    struct hc_str many = repeated(room + 1, "a", 1000);
    struct text got = { .n = 0 };

    for (size_t i = 0; i < LEN(dear); i++) {
        struct match m = asked(hc_str(dear[i].p), many, dear[i].steps);

        CHECK_INT(find(&got, &m, 0), MATCH_SPENT);
    }
    room[0] = '[';
    room[1001] = ']';

    struct match open = asked(hc_str_n(room, 1001), HC_STR("b"), 900);
    struct match closed = asked(hc_str_n(room, 1002), HC_STR("b"), 1900);

    CHECK_INT(find(&got, &open, 0), MATCH_SPENT);
    CHECK_INT(find(&got, &closed, 0), MATCH_SPENT);
}

TEST(match, a_pattern_without_nested_choices_takes_few_steps_a_byte)
{
    static const char *const patterns[] = { "^.-b", "^a*b", "^a+$", "b" };
    static char room[100000];
    struct hc_str s = repeated(room, "a", sizeof(room));
    struct text got = { .n = 0 };

    for (size_t i = 0; i < LEN(patterns); i++) {
        struct match m = asked(hc_str(patterns[i]), s, 4 * sizeof(room));

        CHECK(find(&got, &m, 0) != MATCH_SPENT);
    }
}

static enum match_result nested(const char *element, size_t times,
                                const char **error)
{
    static char p_room[4096], s_room[4096];
    struct match m = asked(repeated(p_room, element, times),
                           repeated(s_room, "a", times), ENOUGH);
    size_t from, end;
    enum match_result result = match_find(&m, 0, &from, &end);

    *error = m.error;
    return result;
}

TEST(match, choices_wait_two_hundred_deep)
{
    static const char *const elements[] = { "a?", "a-" };
    const char *error;

    for (size_t i = 0; i < LEN(elements); i++) {
        CHECK_INT(nested(elements[i], MATCH_DEPTH, &error), MATCH_YES);
        CHECK_INT(nested(elements[i], MATCH_DEPTH + 1, &error), MATCH_BAD);
        CHECK_Z(error, "pattern too complex");
    }
    /* None of these leaves more than one choice. */
    CHECK_INT(nested("a*", 1000, &error), MATCH_YES);
    CHECK_INT(nested("b?", 1000, &error), MATCH_YES);
    CHECK_INT(nested("b-", 1000, &error), MATCH_YES);
    CHECK_INT(nested("a", 1000, &error), MATCH_YES);
}

/* ---- beside stock Lua, at random ---- */

static uint32_t dice(uint64_t *state, uint32_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) +
             UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % sides;
}

/* Patterns: of words that mean something, or of single bytes. */
static size_t roll_pattern(uint64_t *state, char *p, size_t most)
{
    static const char *const words[] = {
        "a", "b", "1", ".", "%a", "%d", "%W", "%s", "[ab]", "[^a]", "[%w-]",
        "[]a]", "[a-b-]", "[^%s1]", "(", ")", "()", "(a*)", "(.-)", "([ab]+",
        "(b?)", "(.)", "%1", "%2", "%b()", "%bab", "%baa", "%f[a]", "%f[%W]",
        "*", "+", "-", "?", "*", "-", ".*", ".-", "a*", "b-", "a?", ".+", "$",
        "^", "[", "]", "%", "a", "b", ".", "a", "b", ".",
    };
    static const char bytes[] = "ab1 -*+?.%%[]^$()bfaA_\0\xe4wd0123z";
    size_t n = 0;

    if (dice(state, 4) == 0)
        p[n++] = '^';
    for (uint32_t left = 1 + dice(state, 8); left > 0; left--) {
        const char *word = words[dice(state, LEN(words))];
        size_t len = strlen(word);

        if (dice(state, 12) == 0) {
            word = bytes + dice(state, sizeof(bytes) - 1);
            len = 1;
        }
        CHECK(n + len <= most);
        memcpy(p + n, word, len);
        n += len;
    }
    return n;
}

static size_t roll_subject(uint64_t *state, char *s, size_t most)
{
    static const char bytes[] = "aaaaaabbbb11  ()-]A_%\0\xe4";
    size_t n = dice(state, (uint32_t)most + 1);

    for (size_t i = 0; i < n; i++)
        s[i] = bytes[dice(state, sizeof(bytes) - 1)];
    return n;
}

TEST(match, chance_finds_no_difference_from_stock_lua)
{
    enum { CASES = 200000, P_MOST = 64, S_MOST = 14 };
    char nothing[P_MOST] = { 0 };
    char *p_end = t_guard(nothing, P_MOST) + P_MOST;
    char *s_end = t_guard(nothing, S_MOST) + S_MOST;
    size_t seen[4] = { 0 };
    uint64_t state = 20240817;
    lua_State *L = stock_new();

    for (size_t i = 0; i < CASES; i++) {
        char p[P_MOST], s[S_MOST];
        size_t pn = roll_pattern(&state, p, P_MOST);
        size_t n = roll_subject(&state, s, S_MOST);
        size_t at = dice(&state, 4) == 0 ? dice(&state, S_MOST + 2) : 0;

        memcpy(p_end - pn, p, pn);
        memcpy(s_end - n, s, n);
        seen[check_same(L, hc_str_n(p_end - pn, pn), hc_str_n(s_end - n, n),
                        at)]++;
    }
    lua_close(L);
    /* The dice would prove little if they threw one result only. */
    CHECK(seen[MATCH_SPENT] <= CASES / 1000);
    CHECK(seen[MATCH_YES] >= CASES / 10);
    CHECK(seen[MATCH_NO] >= CASES / 10);
    CHECK(seen[MATCH_BAD] >= CASES / 10);
}
