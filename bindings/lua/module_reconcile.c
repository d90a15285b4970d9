/* lua/module_reconcile.c - client:reconcile and client:sweep: events, clusters,
 * and clusters that are found first, to a report. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "module.h"
#include "policy/rule_fields.h"

#define RECONCILE "client:reconcile"
#define SWEEP "client:sweep"
#define NAMES_MAX 10000

struct reconcile_options {
    const char *who;                /* in errors: "client:reconcile"         */
    struct headcount_reconcile request;
    struct headcount_sweep sweep;
    const char *policy, *policy_name, *where, *hosts, *constraints, *explain;
    char sha256[65];
};

#define AT(member) offsetof(struct reconcile_options, member)

static const struct option reconcile_options[] = {
    { "policy", FIELD_TEXT, AT(policy) },
    { "policy_name", FIELD_TEXT, AT(policy_name) },
    { "services", FIELD_VALUE, 0 },
    { "where", FIELD_TEXT, AT(where) },
    { "hosts", FIELD_TEXT, AT(hosts) },
    { "constraints", FIELD_TEXT, AT(constraints) },
    { "dry_run", FIELD_FLAG, AT(request.dry_run) },
    { "explain", FIELD_TEXT, AT(explain) },
    { "only", FIELD_TEXT, AT(request.only) },
    { "allow", FIELD_VALUE, 0 },
    { "snapshot", FIELD_VALUE, 0 },
    { "record", FIELD_FLAG, AT(request.record) },
    { "timeout", FIELD_SECONDS, AT(request.timeout) },
    { "region", FIELD_TEXT, AT(request.region) },
    { "endpoint_url", FIELD_TEXT, AT(request.endpoint_url) },
    { "assume_role", FIELD_TEXT, AT(request.assume_role) },
    { "external_id", FIELD_TEXT, AT(request.external_id) },
    { "role_session_name", FIELD_TEXT, AT(request.role_session_name) },
    { "role_duration", FIELD_SECONDS, AT(request.role_duration) },
    { "expect_account", FIELD_TEXT, AT(request.expect_account) },
    { "drop_duplicates", FIELD_FLAG, AT(request.drop_duplicates) },
    { "drop_foreign", FIELD_FLAG, AT(request.drop_foreign) },
    { "verify", FIELD_FLAG, AT(request.verify) },
    { "timings", FIELD_VALUE, 0 },
    { NULL, FIELD_VALUE, 0 }
};

/* The options of an event, of a snapshot and of one cluster are not here. */
static const struct option sweep_options[] = {
    { "clusters", FIELD_VALUE, 0 },
    { "region", FIELD_VALUE, 0 },
    { "assume_role", FIELD_VALUE, 0 },
    { "tags", FIELD_VALUE, 0 },
    { "concurrency", FIELD_WHOLE, AT(sweep.at_once) },
    { "max_changes", FIELD_BYTES, AT(request.max_changes) },
    { "max_falls", FIELD_BYTES, AT(request.max_falls) },
    { "policy", FIELD_TEXT, AT(policy) },
    { "policy_name", FIELD_TEXT, AT(policy_name) },
    { "services", FIELD_VALUE, 0 },
    { "where", FIELD_TEXT, AT(where) },
    { "hosts", FIELD_TEXT, AT(hosts) },
    { "constraints", FIELD_TEXT, AT(constraints) },
    { "dry_run", FIELD_FLAG, AT(request.dry_run) },
    { "explain", FIELD_TEXT, AT(explain) },
    { "only", FIELD_TEXT, AT(request.only) },
    { "allow", FIELD_VALUE, 0 },
    { "timeout", FIELD_SECONDS, AT(request.timeout) },
    { "endpoint_url", FIELD_TEXT, AT(request.endpoint_url) },
    { "external_id", FIELD_TEXT, AT(request.external_id) },
    { "role_session_name", FIELD_TEXT, AT(request.role_session_name) },
    { "role_duration", FIELD_SECONDS, AT(request.role_duration) },
    { "expect_account", FIELD_TEXT, AT(request.expect_account) },
    { "verify", FIELD_FLAG, AT(request.verify) },
    { "timings", FIELD_VALUE, 0 },
    { NULL, FIELD_VALUE, 0 }
};

/* ---- what to look at ---- */

/* JSON of the text or table at i: the text stays on the stack. */
static const char *take_json(lua_State *L, int i, size_t *n)
{
    if (lua_istable(L, i)) {
        module_json_put(L, i, RECONCILE);
        return lua_tolstring(L, -1, n);
    }
    return lua_tolstring(L, i, n);
}

/* A name, an ARN, or a list of them; an event as a table or as JSON. */
static void take_target(lua_State *L, struct headcount_reconcile *r)
{
    const char **one;

    switch (lua_type(L, 2)) {
    case LUA_TNIL:                      /* the snapshot's cluster */
        return;
    case LUA_TSTRING:
        if (strpbrk(lua_tostring(L, 2), "{[") == NULL) {
            one = lua_newuserdatauv(L, sizeof *one, 0);
            *one = lua_tostring(L, 2);
            r->clusters = one;
            r->clusters_n = 1;
            return;
        }
        /* fall through */
    case LUA_TTABLE:
        r->event = take_json(L, 2, &r->event_size);
        return;
    default:
        luaL_error(L, RECONCILE " takes a cluster's name or ARN, or an event "
                   "(a table, or its JSON), not a %s", luaL_typename(L, 2));
    }
}

/* The field's list of texts, which a copy on the stack holds. */
static const char **take_texts(lua_State *L, int i, const char *who,
                               const char *name, size_t *n)
{
    const char **to;

    *n = 0;
    if (module_field(L, i, name) == LUA_TNIL)
        return NULL;
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: %s is a list of texts, not a %s", who, name,
                   luaL_typename(L, -1));
    module_own(L, -1);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);

    if (count > NAMES_MAX)
        luaL_error(L, "%s: %s has more than 10000 names", who, name);
    to = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *to, 0);
    for (lua_Integer at = 1; at <= count; at++) {
        if (lua_rawgeti(L, -2, at) != LUA_TSTRING)
            luaL_error(L, "%s: %s[%d] is a text, not a %s", who, name,
                       (int)at, luaL_typename(L, -1));
        to[(*n)++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    return to;
}

/* One task a host of each service. */
static void take_services(lua_State *L, int at, struct reconcile_options *o)
{
    const char **names = take_texts(L, at, o->who, "services",
                                    &o->request.wishes_n);
    struct headcount_wish *wishes;

    if (names == NULL)
        return;
    wishes = lua_newuserdatauv(L, (o->request.wishes_n + 1) * sizeof *wishes,
                               0);
    for (size_t i = 0; i < o->request.wishes_n; i++)
        wishes[i] = (struct headcount_wish){
            .size = sizeof *wishes, .service = names[i],
            .rule = HEADCOUNT_PER_HOST, .where = o->where,
        };
    o->request.wishes = wishes;
}

/* Takes from the options at i the members that clusters and sweeps share. */
static void take_rest(lua_State *L, int i, struct reconcile_options *o)
{
    struct headcount_reconcile *r = &o->request;

    if (o->hosts != NULL) {
        lua_pushstring(L, o->hosts);
        if (!rule_mode(L, -1, &r->hosts))
            luaL_error(L, "%s: hosts is \"active\", \"registered\" or "
                       "\"connected\"", o->who);
    }
    if (o->constraints != NULL) {
        if (strcmp(o->constraints, "all") == 0)
            r->constraints = HEADCOUNT_CONSTRAINTS_ALL;
        else if (strcmp(o->constraints, "service") == 0)
            r->constraints = HEADCOUNT_CONSTRAINTS_SERVICE;
        else
            luaL_error(L, "%s: constraints is \"service\" or \"all\"",
                       o->who);
    }
    if (o->explain != NULL) {
        if (strcmp(o->explain, "all") == 0)
            r->explain = HEADCOUNT_EXPLAIN_ALL;
        else if (strcmp(o->explain, "changes") == 0)
            r->explain = HEADCOUNT_EXPLAIN_CHANGES;
        else
            luaL_error(L, "%s: explain is \"changes\" or \"all\"", o->who);
    }
    r->allow = take_texts(L, i, o->who, "allow", &r->allow_n);
    take_services(L, i, o);
    if ((o->policy == NULL) == (r->wishes == NULL))
        luaL_error(L, "%s takes either a policy or services", o->who);
    r->ask_targets = o->policy != NULL || r->dry_run;
}

static void take_snapshot(lua_State *L, struct headcount_reconcile *r)
{
    if (module_field(L, 3, "snapshot") == LUA_TNIL)
        return;
    r->snapshot = take_json(L, lua_gettop(L), &r->snapshot_size);
    if (r->snapshot == NULL)
        luaL_error(L, RECONCILE ": snapshot is JSON or a table");
}

/* The same for a sweep, which takes a text as a list of one. */
static const char **take_many(lua_State *L, const char *name, size_t *n)
{
    if (module_field(L, 2, name) == LUA_TSTRING) {
        lua_createtable(L, 1, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
        lua_setfield(L, 2, name);       /* the copy of module_options */
    }
    return take_texts(L, 2, SWEEP, name, n);
}

/* { NAME = "VALUE" }: clusters that have all of these tags. */
static void take_tags(lua_State *L, int i, struct headcount_sweep *s)
{
    struct headcount_tag *tags;
    size_t n = 0;

    if (module_field(L, i, "tags") == LUA_TNIL)
        return;
    if (!lua_istable(L, -1))
        luaL_error(L, SWEEP ": tags is a table { NAME = \"VALUE\" }, not a %s",
                   luaL_typename(L, -1));
    module_own(L, -1);
    int own = lua_gettop(L);

    for (lua_pushnil(L); lua_next(L, own); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, SWEEP ": tags is a table { NAME = \"VALUE\" } of "
                       "texts");
        n++;
    }
    tags = lua_newuserdatauv(L, (n + 1) * sizeof *tags, 0);
    s->tags = tags;
    for (lua_pushnil(L); lua_next(L, own); lua_pop(L, 1))
        tags[s->tags_n++] = (struct headcount_tag){
            .key = lua_tostring(L, -2), .value = lua_tostring(L, -1),
        };
}

/* ---- the policy ---- */

/* A text has a line break, or begins with `return`; else it is a path. */
static bool is_policy_text(const char *policy)
{
    if (strpbrk(policy, "\n{") != NULL)
        return true;
    policy += strspn(policy, " \t");
    return strncmp(policy, "return", 6) == 0 &&
           (isspace((unsigned char)policy[6]) || policy[6] == '\0');
}

/* Pushes the file's text; or NULL with errno. */
static const char *read_policy(lua_State *L, const char *path, size_t *n)
{
    char *text = lua_newuserdatauv(L, SANDBOX_TEXT + 1, 0);
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return NULL;
    *n = fread(text, 1, SANDBOX_TEXT + 1, f);
    int err = ferror(f) ? errno : 0;

    fclose(f);
    errno = err;
    return err == 0 ? text : NULL;
}

/* For the pending at the top; 0, or what reconcile returns. */
static int open_policy(lua_State *L, struct pending *p,
                       struct reconcile_options *o)
{
    struct policy_config config = { .name = o->policy_name,
                                    .print = module_printer(L) };
    struct sandbox_error why = { "" };
    char what[480];
    int top = lua_gettop(L);

    if (is_policy_text(o->policy)) {
        config.text = o->policy;
        config.n = strlen(o->policy);
        if (config.name == NULL)
            config.name = "policy";
    } else {
        config.text = read_policy(L, o->policy, &config.n);
        if (config.name == NULL)
            config.name = o->policy;
        if (config.text == NULL) {
            snprintf(what, sizeof what, "cannot read the policy %.200s: %s",
                     o->policy, strerror(errno));
            return module_fail_code(L, what, HEADCOUNT_ECONFIG);
        }
    }
    headcount_sha256(o->sha256, config.text, config.n);
    p->policy = policy_new(&config, &why);
    lua_settop(L, top);
    if (p->policy == NULL)
        return module_fail_code(L, why.what, HEADCOUNT_EPOLICY);
    o->request.policy = true;
    o->request.policy_sha256 = o->sha256;
    return 0;
}

/* ---- the report ---- */

/* The report as a table; with `record` the snapshot's JSON after it. */
static int reconcile_finish(lua_State *L, const struct headcount_outcome *o)
{
    struct headcount_error error;

    if (o->code != 0)
        return module_fail_code(L, o->message, o->code);
    if (!module_json_push(L, o->json, o->json_size, NULL_IS_NIL, &error))
        return module_fail_code(L, error.what, error.code);
    if (o->snapshot == NULL)
        return 1;
    lua_pushlstring(L, o->snapshot, o->snapshot_size);
    return 2;
}

static int reconcile_begin(headcount *h, headcount_op **op,
                           const void *reconcile,
                           struct headcount_error *error)
{
    return headcount_begin_reconcile(h, op, reconcile, error);
}

/* Begins the request: the policy's file, if there is one, is read here.  If an
 * error is raised from here on, the garbage collector frees the policy along
 * with the pending. */
static int run(lua_State *L, struct client *c, struct reconcile_options *o,
               bool timings, module_begin *begin, const void *request)
{
    struct pending *p = module_pending(L, c, reconcile_finish);
    int failed = 0;

    p->timings = timings;
    if (o->policy != NULL)
        failed = open_policy(L, p, o);
    return failed != 0 ? failed : module_run(L, begin, request,
                                             &o->request.timeout);
}

int module_reconcile(lua_State *L)
{
    struct client *c = module_client(L, 1);
    struct reconcile_options o = {
        .who = RECONCILE, .request = { .size = sizeof o.request },
    };

    lua_settop(L, 3);
    luaL_checktype(L, 3, LUA_TTABLE);
    module_options(L, 3, RECONCILE, reconcile_options, &o);
    luaL_checkstack(L, 30, RECONCILE);
    take_rest(L, 3, &o);
    take_snapshot(L, &o.request);
    take_target(L, &o.request);
    return run(L, c, &o, module_wants_timings(L, 3), reconcile_begin,
               &o.request);
}

static int sweep_begin(headcount *h, headcount_op **op, const void *sweep,
                       struct headcount_error *error)
{
    return headcount_begin_sweep(h, op, sweep, error);
}

int module_sweep(lua_State *L)
{
    struct client *c = module_client(L, 1);
    struct reconcile_options o = {
        .who = SWEEP, .request = { .size = sizeof o.request },
        .sweep = { .size = sizeof o.sweep, .each = &o.request,
                   .report = true },
    };

    lua_settop(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    module_options(L, 2, SWEEP, sweep_options, &o);
    luaL_checkstack(L, 40, SWEEP);
    if (o.request.max_changes < 0 || o.request.max_falls < 0)
        luaL_error(L, SWEEP ": max_changes and max_falls are 1 or more; "
                   "leave them out for no limit, or use dry_run");
    take_rest(L, 2, &o);
    o.sweep.clusters = take_many(L, "clusters", &o.sweep.clusters_n);
    o.sweep.regions = take_many(L, "region", &o.sweep.regions_n);
    o.sweep.roles = take_many(L, "assume_role", &o.sweep.roles_n);
    take_tags(L, 2, &o.sweep);
    return run(L, c, &o, module_wants_timings(L, 2), sweep_begin, &o.sweep);
}
