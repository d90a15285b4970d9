/* lua/policy/rule_fields.c - one table of fields; a rule is which of them it
 * takes. */
#include "policy/rule_fields.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "nearest.h"
#include "sandbox/sandbox.h"

#define BIT(rule) (1u << (rule))
#define PER_HOST BIT(HEADCOUNT_PER_HOST)
#define FIXED BIT(HEADCOUNT_FIXED)
#define MINUS BIT(HEADCOUNT_HOSTS_MINUS)
#define PERCENT BIT(HEADCOUNT_PERCENT)
#define LINEAR BIT(HEADCOUNT_LINEAR)
#define LADDER BIT(HEADCOUNT_LADDER)
#define COMMON (~0u)
#define SHARE_MAX 1e9
#define NUMBER_MAX 1000000
#define RUNGS_MAX 64

enum kind { WHOLE, SHARE, TEXT, SECONDS, FLAG, NOT, MODE, SWITCH, CPU_RUNGS };

struct field {
    const char *name;
    enum kind kind;
    unsigned rules;
    size_t at;                      /* member of struct headcount_wish */
    int64_t least;                  /* WHOLE                           */
};

#define AT(member) offsetof(struct headcount_wish, member)

static const struct field fields[] = {
    { "service", TEXT, COMMON & ~BIT(DEFAULTS), AT(service), 0 },
    { "tasks", WHOLE, PER_HOST, AT(tasks), 1 },
    { "tasks", WHOLE, FIXED, AT(tasks), 0 },
    { "spare", WHOLE, MINUS, AT(spare), 0 },
    { "percent", SHARE, PERCENT, AT(percent), 0 },
    { "hosts_per_task", SHARE, LINEAR, AT(hosts_per_task), 0 },
    { "cpu_per_task", SHARE, LINEAR, AT(cpu_per_task), 0 },
    { "memory_per_task", SHARE, LINEAR, AT(memory_per_task), 0 },
    { "base", WHOLE, LINEAR, AT(base), 0 },
    { "step", WHOLE, LINEAR, AT(step), 1 },
    { "cpu", CPU_RUNGS, LADDER, AT(cpu_rungs), 0 },
    { "where", TEXT, COMMON, AT(where), 0 },
    { "hosts", MODE, COMMON, AT(hosts), 0 },
    { "min_age", SECONDS, COMMON, AT(min_age), 0 },
    { "min", WHOLE, COMMON, AT(min), 0 },
    { "max", WHOLE, COMMON, AT(max), 0 },
    { "max_tasks", WHOLE, COMMON, AT(max_tasks), 1 },
    { "max_step_down", WHOLE, COMMON, AT(max_step_down), 1 },
    { "max_step_up", WHOLE, COMMON, AT(max_step_up), 1 },
    { "required", FLAG, COMMON, AT(required), 0 },
    { "external", NOT, COMMON, AT(not_external), 0 },
    { "placeable", FLAG, COMMON & ~FIXED, AT(placeable), 0 },
    { "prevent_single_point_of_failure", FLAG, COMMON,
      AT(prevent_single_point_of_failure), 0 },
};
#define FIELDS_N (sizeof fields / sizeof *fields)
#define FIELD_NONE ((size_t)-1)

/* Whether a table has a field; ON: a switch that is true. */
enum mark { ABSENT, GIVEN, ON };

/* The i-th field: those of the table, then one for each hold that the library
 * says can be allowed.  A hold without a field of its own goes with no rule.
 * False: there is no i-th. */
static bool field_get(size_t i, struct field *to)
{
    const char *name;
    bool found = i < FIELDS_N;

    if (found) {
        *to = fields[i];
    } else {
        found = headcount_hold_switch(i - FIELDS_N, &name) != NULL;
        *to = (struct field){ name != NULL ? name : "", SWITCH,
                              name != NULL ? COMMON : 0, 0, 0 };
    }
    return found;
}

static size_t switches_count(void)
{
    struct field ignored;
    size_t n = 0;

    while (field_get(FIELDS_N + n, &ignored))
        n++;
    return n;
}

const char *rule_name(int rule)
{
    return rule == DEFAULTS ? "defaults"
                            : headcount_rule_name((enum headcount_rule)rule);
}

/* Why a table is no wish: of two mistakes the one under the lesser key, since
 * the order of a table's keys is another in each process. */
struct fault {
    char key[48];
    char what[240];
    int self;                       /* on the stack: the userdata      */
};


/* ---- one value ---- */

static void fault_set(struct fault *f, const char *key, const char *what)
{
    if (f->what[0] != '\0' && strcmp(f->key, key) <= 0)
        return;
    snprintf(f->key, sizeof f->key, "%s", key);
    snprintf(f->what, sizeof f->what, "%s", what);
}

/* "not 3.5", for a sentence. */
static const char *shown(lua_State *L, int i, char to[64])
{
    switch (lua_type(L, i)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, i))
            snprintf(to, 64, "%lld", (long long)lua_tointeger(L, i));
        else
            snprintf(to, 64, "%.6g", lua_tonumber(L, i));
        return to;
    case LUA_TSTRING:
        snprintf(to, 64, "\"%.40s\"", lua_tostring(L, i));
        return to;
    case LUA_TBOOLEAN:
        return lua_toboolean(L, i) ? "true" : "false";
    default:
        snprintf(to, 64, "a %s", luaL_typename(L, i));
        return to;
    }
}

static void not_that(lua_State *L, int i, struct fault *f, const char *key,
                     const char *takes)
{
    char value[64], what[240];

    snprintf(what, sizeof what, "%s is %s, not %s", key, takes,
             shown(L, i, value));
    fault_set(f, key, what);
}

static void take_whole(lua_State *L, int i, const struct field *field,
                       void *to, struct fault *f)
{
    char takes[80];
    int whole = 0;
    lua_Integer n = lua_type(L, i) == LUA_TNUMBER
                        ? lua_tointegerx(L, i, &whole) : 0;

    if (whole && n >= field->least && n <= NUMBER_MAX) {
        *(int64_t *)to = n;
        return;
    }
    snprintf(takes, sizeof takes, "a whole number from %d to %d",
             (int)field->least, NUMBER_MAX);
    not_that(L, i, f, field->name, takes);
}

static void take_number(lua_State *L, int i, const struct field *field,
                        void *to, struct fault *f)
{
    lua_Number n = lua_type(L, i) == LUA_TNUMBER ? lua_tonumber(L, i) : -1;

    if (!(n >= 0) || n > SHARE_MAX || (field->kind == SHARE && n <= 0))
        not_that(L, i, f, field->name, field->kind == SHARE
                     ? "a number above 0" : "seconds");
    else if (field->kind == SHARE)
        *(double *)to = n;
    else
        *(int64_t *)to = (int64_t)(n * 1e6 + 0.5);
}

static void take_text(lua_State *L, int i, const char *key, const char **to,
                      struct fault *f)
{
    size_t n = 0;
    const char *text = lua_type(L, i) == LUA_TSTRING
                           ? lua_tolstring(L, i, &n) : NULL;

    if (text == NULL || n == 0 || strlen(text) != n)
        not_that(L, i, f, key, "a text");
    else
        *to = text;
    lua_pushvalue(L, i);            /* lives as long as the wish */
    lua_setiuservalue(L, f->self, strcmp(key, "where") == 0 ? 2 : 1);
}

bool rule_mode(lua_State *L, int i, enum headcount_hosts *to)
{
    static const char *const modes[] = {
        [HEADCOUNT_ACTIVE] = "active", [HEADCOUNT_REGISTERED] = "registered",
        [HEADCOUNT_CONNECTED] = "connected",
    };
    const char *text =
        lua_type(L, i) == LUA_TSTRING ? lua_tostring(L, i) : "";

    for (int k = HEADCOUNT_ACTIVE; k <= HEADCOUNT_CONNECTED; k++)
        if (strcmp(text, modes[k]) == 0) {
            *to = (enum headcount_hosts)k;
            return true;
        }
    return false;
}

static void take_mode(lua_State *L, int i, enum headcount_hosts *to,
                      struct fault *f)
{
    if (!rule_mode(L, i, to))
        not_that(L, i, f, "hosts", "\"active\", \"registered\" or "
                 "\"connected\"");
}

/* One field may be the switch of several holds. */
static void mark_switch(struct spelled *s, const char *name, enum mark mark)
{
    struct field field;

    for (size_t i = FIELDS_N; field_get(i, &field); i++)
        if (strcmp(field.name, name) == 0)
            s->given[i] = (unsigned char)mark;
}

static void take_flag(lua_State *L, int i, const struct field *field,
                      struct spelled *s, struct fault *f)
{
    bool on = lua_toboolean(L, i);
    char *base = (char *)&s->wish;

    if (!lua_isboolean(L, i))
        not_that(L, i, f, field->name, "true or false");
    else if (field->kind == SWITCH)
        mark_switch(s, field->name, on ? ON : GIVEN);
    else
        *(bool *)(base + field->at) = field->kind == NOT ? !on : on;
}

/* ---- rungs ---- */

static bool take_rung(lua_State *L, int i, struct headcount_rung *to)
{
    int from_is, tasks_is;
    int top = lua_gettop(L);

    if (!lua_istable(L, i) || lua_rawlen(L, i) != 2)
        return false;
    lua_rawgeti(L, i, 1);
    lua_rawgeti(L, i, 2);
    to->from = lua_tointegerx(L, top + 1, &from_is);
    to->tasks = lua_tointegerx(L, top + 2, &tasks_is);
    from_is = from_is && lua_type(L, top + 1) == LUA_TNUMBER;
    tasks_is = tasks_is && lua_type(L, top + 2) == LUA_TNUMBER;
    lua_settop(L, top);
    return from_is && tasks_is;
}

/* Elements first..last of the table at i. */
static size_t take_rungs(lua_State *L, int i, size_t first, size_t last,
                         struct headcount_rung *to, struct fault *f)
{
    for (size_t k = first; k <= last; k++) {
        lua_rawgeti(L, i, (lua_Integer)k);
        if (!take_rung(L, lua_gettop(L), &to[k - first]))
            not_that(L, -1, f, "a rung", "{ FROM, TASKS }, two whole numbers");
        lua_pop(L, 1);
    }
    return last + 1 - first;
}

static void take_cpu(lua_State *L, int i, struct spelled *s, struct fault *f)
{
    struct headcount_rung *to = s->rungs + s->wish.rungs_n;

    if (!lua_istable(L, i)) {
        not_that(L, i, f, "cpu", "a list of rungs { FROM, TASKS }");
        return;
    }
    s->wish.cpu_rungs_n = take_rungs(L, i, 1, lua_rawlen(L, i), to, f);
    s->wish.cpu_rungs = to;
}

/* ---- one wish ---- */

static void take_value(lua_State *L, int i, size_t at, struct spelled *s,
                       struct fault *f)
{
    struct field field;
    char *to = (char *)&s->wish;

    field_get(at, &field);
    to += field.at;
    s->given[at] = GIVEN;
    switch (field.kind) {
    case WHOLE:
        take_whole(L, i, &field, to, f);
        break;
    case SHARE:
    case SECONDS:
        take_number(L, i, &field, to, f);
        break;
    case TEXT:
        take_text(L, i, field.name, (const char **)(void *)to, f);
        break;
    case FLAG:
    case NOT:
    case SWITCH:
        take_flag(L, i, &field, s, f);
        break;
    case MODE:
        take_mode(L, i, &s->wish.hosts, f);
        break;
    case CPU_RUNGS:
        take_cpu(L, i, s, f);
        break;
    }
}

static size_t field_find(const char *name, int rule)
{
    struct field field;

    for (size_t i = 0; field_get(i, &field); i++)
        if ((field.rules & BIT(rule)) != 0 && strcmp(field.name, name) == 0)
            return i;
    return FIELD_NONE;
}

static void unknown_field(const char *name, int rule, struct fault *f)
{
    struct nearest near;
    struct field field;
    char what[240];

    nearest_init(&near, name);
    for (size_t i = 0; field_get(i, &field); i++)
        if ((field.rules & BIT(rule)) != 0)
            nearest_try(&near, field.name);
    snprintf(what, sizeof what, "%s takes no '%.40s'%s%s%s", rule_name(rule),
             name, near.best != NULL ? "; did you mean '" : "",
             near.best != NULL ? near.best : "",
             near.best != NULL ? "'?" : "");
    fault_set(f, name, what);
}

/* The field that element 2 stands for: fixed { "canary", 1 }. */
static size_t field_second(int rule)
{
    return rule == HEADCOUNT_FIXED     ? field_find("tasks", rule)
           : rule == HEADCOUNT_PERCENT ? field_find("percent", rule)
                                       : FIELD_NONE;
}

/* The value is on top. */
static void take_numbered(lua_State *L, lua_Integer key, struct spelled *s,
                          struct fault *f)
{
    size_t at = FIELD_NONE;
    char what[160];

    if (s->rule != DEFAULTS)
        at = key == 1 ? 0 : key == 2 ? field_second(s->rule) : FIELD_NONE;
    if (at != FIELD_NONE && s->given[at] == ABSENT) {
        take_value(L, lua_gettop(L), at, s, f);
    } else if (s->rule != HEADCOUNT_LADDER || key < 2) {
        snprintf(what, sizeof what, "%s does not take what stands at %lld in "
                 "its list", rule_name(s->rule), (long long)key);
        fault_set(f, "", what);
    }
}

static void take_key(lua_State *L, struct spelled *s, bool plain,
                     struct fault *f)
{
    int top = lua_gettop(L);
    size_t at;

    if (lua_isinteger(L, top - 1)) {
        take_numbered(L, lua_tointeger(L, top - 1), s, f);
    } else if (lua_type(L, top - 1) != LUA_TSTRING) {
        fault_set(f, "", "a field's name is a text");
    } else if (!plain || strcmp(lua_tostring(L, top - 1), "rule") != 0) {
        at = field_find(lua_tostring(L, top - 1), s->rule);
        if (at == FIELD_NONE)
            unknown_field(lua_tostring(L, top - 1), s->rule, f);
        else
            take_value(L, top, at, s, f);
    }
}

static size_t rungs_in(lua_State *L, int t, size_t *positional)
{
    size_t all = lua_rawlen(L, t);

    *positional = all > 1 ? all - 1 : 0;
    lua_pushstring(L, "cpu");
    lua_rawget(L, t);
    all = *positional + (lua_istable(L, -1) ? lua_rawlen(L, -1) : 0);
    lua_pop(L, 1);
    return all;
}

/* One block: the struct, its rungs, the codes that its switches let pass, and
 * a mark for each field. */
static struct spelled *spelled_new(lua_State *L, int rule, size_t rungs)
{
    size_t switches = switches_count(), fields_n = FIELDS_N + switches;
    struct spelled *s;
    size_t size = sizeof *s + rungs * sizeof *s->rungs +
                  switches * sizeof *s->allow + fields_n;

    s = lua_newuserdatauv(L, size, 2);
    memset(s, 0, size);
    s->allow = (const char **)(void *)(s->rungs + rungs);
    s->given = (unsigned char *)(s->allow + switches);
    s->fields_n = fields_n;
    s->rule = rule;
    s->wish.size = sizeof s->wish;
    return s;
}

void rule_raise(lua_State *L, const char *who, const char *what)
{
    lua_pushfstring(L, "%s%s", who, what);
    lua_error(L);
}

struct spelled *rule_spell(lua_State *L, int t, int rule, const char *who,
                             bool plain)
{
    struct fault f = { "", "", 0 };
    struct spelled *s;
    size_t positional = 0, rungs = 0;

    if (rule == HEADCOUNT_LADDER)
        rungs = rungs_in(L, t, &positional);
    if (rungs > RUNGS_MAX)
        rule_raise(L, who, "a ladder has at most 64 rungs");
    s = spelled_new(L, rule, rungs);
    f.self = lua_gettop(L);
    if (rule != DEFAULTS)
        s->wish.rule = (enum headcount_rule)rule;
    s->wish.rungs_n = positional;
    if (positional > 0) {
        take_rungs(L, t, 2, positional + 1, s->rungs, &f);
        s->wish.rungs = s->rungs;
    }
    lua_pushnil(L);
    while (lua_next(L, t)) {
        take_key(L, s, plain, &f);
        lua_pop(L, 1);
        sandbox_pay(L, 8);
    }
    if (f.what[0] != '\0') {
        char what[300];
        const char *name = strstr(f.what, rule_name(rule)) == f.what
                               ? "" : rule_name(rule);

        snprintf(what, sizeof what, "%s%s%s", name,
                 name[0] != '\0' ? ": " : "", f.what);
        rule_raise(L, who, what);
    }
    return s;
}

/* ---- a wish ---- */

bool rule_gave(const struct spelled *s, const char *name)
{
    size_t at = field_find(name, s->rule);

    return at != FIELD_NONE && s->given[at] != ABSENT;
}

static size_t field_size(enum kind kind)
{
    switch (kind) {
    case WHOLE:
    case SECONDS:
        return sizeof(int64_t);
    case SHARE:
        return sizeof(double);
    case TEXT:
        return sizeof(char *);
    case FLAG:
    case NOT:
        return sizeof(bool);
    case MODE:
        return sizeof(enum headcount_hosts);
    case SWITCH:
    case CPU_RUNGS:
        break;
    }
    return 0;
}

void rule_wish(const struct spelled *s, const struct spelled *d,
               struct headcount_wish *w)
{
    *w = s->wish;
    w->allow = s->allow;
    for (size_t i = 0; i < s->fields_n; i++) {
        const struct spelled *from = s->given[i] == ABSENT ? d : s;
        const char *name;

        if (from == NULL || from->given[i] == ABSENT)
            continue;
        if (i >= FIELDS_N && from->given[i] == ON)
            s->allow[w->allow_n++] = headcount_hold_switch(i - FIELDS_N,
                                                           &name);
        if (i < FIELDS_N && from == d)
            memcpy((char *)w + fields[i].at,
                   (const char *)&d->wish + fields[i].at,
                   field_size(fields[i].kind));
    }
    w->has_max = rule_gave(s, "max") || (d != NULL && rule_gave(d, "max"));
}
