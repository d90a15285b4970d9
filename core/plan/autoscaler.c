/* plan/autoscaler.c - cluster-proportional-autoscaler's parameters.
 *
 * A key that this file does not know is refused and not skipped: the
 * autoscaler itself ignores a misspelt key, and its ladder without rungs then
 * scales to 0 without a warning.  For the same reason a key that is there
 * twice is refused: which of the two values wins is left to a JSON parser.
 */
#include "plan/autoscaler.h"

#include "base/json.h"
#include "base/text.h"

#define SCALER_TOKENS 4096
#define SCALER_CORE 1024                /* CPU units */
#define SCALER_DECIMALS 6

static int scaler_refuse(const char *what, struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "the autoscaler's parameters: %s",
                        what);
}

static int scaler_wrong(const char *name, const char *takes,
                        struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "the autoscaler's parameters: %s is %s", name, takes);
}

/* ---- values ---- */

/* Reads "0.5" in millionths; no exponent, no sign. */
static bool scaler_share(struct hc_str s, int64_t *to)
{
    struct hc_str rest = s, whole = hc_str_cut(&rest, '.');
    uint64_t n, fraction = 0;

    if (whole.n == 0 || whole.n > 9 || !hc_str_u64(whole, &n) ||
        rest.n > SCALER_DECIMALS ||
        (rest.n > 0 && !hc_str_u64(rest, &fraction)))
        return false;
    for (size_t i = rest.n; i < SCALER_DECIMALS; i++)
        fraction *= 10;
    *to = (int64_t)(n * HC_RULE_ONE + fraction);
    return true;
}

static int scaler_take_share(const struct hc_json_doc *d, int v,
                             const char *name, int64_t unit, int64_t *to,
                             struct headcount_error *e)
{
    if (hc_json_kind(d, v) != KIND_NUMBER ||
        !scaler_share(hc_json_raw(d, v), to) ||
        *to > HC_RULE_SHARE_MAX / unit)
        return scaler_wrong(name, "a number from 0 to 1000000, such as 0.5",
                            e);
    *to *= unit;
    return 0;
}

static int scaler_take_whole(const struct hc_json_doc *d, int v,
                             const char *name, int64_t *to,
                             struct headcount_error *e)
{
    if (hc_json_kind(d, v) == KIND_NUMBER && hc_json_int(d, v, to) &&
        *to >= 0 && *to <= HC_RULE_TASKS_MAX)
        return 0;
    return scaler_wrong(name, "a whole number from 0 to 1000000", e);
}

static int scaler_take_bool(const struct hc_json_doc *d, int v,
                            const char *name, bool *to,
                            struct headcount_error *e)
{
    return hc_json_bool(d, v, to) ? 0
                                  : scaler_wrong(name, "true or false", e);
}

/* ---- which members ---- */

/* Refuses a key that is none of `names` (NULL ends them) or is there twice. */
static int scaler_check_keys(const struct hc_json_doc *d, int object,
                             const char *const *names, const char *said,
                             struct headcount_error *e)
{
    unsigned seen = 0;

    if (hc_json_kind(d, object) != KIND_OBJECT)
        return scaler_wrong(said, "an object", e);
    for (int k = hc_json_first(d, object); k >= 0;
         k = hc_json_after(d, object, k)) {
        size_t i = 0;

        while (names[i] != NULL && !hc_json_is(d, k, names[i]))
            i++;
        if (names[i] == NULL)
            return hc_error_set(e, HEADCOUNT_ECONFIG,
                                "the autoscaler's parameters: "
                                "%s has no \"%.*s\": it would not be looked "
                                "at",
                                said, HC_STR_ARG(hc_json_raw(d, k)));
        if ((seen & 1u << i) != 0)
            return scaler_wrong(names[i], "there twice", e);
        seen |= 1u << i;
    }
    return 0;
}

/* includeUnschedulableNodes counts registered hosts: ECS gives their number,
 * and no CPU of hosts that drain or lost their agent. */
static int scaler_take_all(const struct hc_json_doc *d, int v, bool by_cores,
                           struct hc_wish *to, struct headcount_error *e)
{
    bool all = false;
    int err = v < 0 ? 0 : scaler_take_bool(d, v, "includeUnschedulableNodes",
                                           &all, e);

    if (err == 0 && all && by_cores)
        return scaler_refuse("includeUnschedulableNodes and cores: the CPU of "
                             "hosts that drain is not known; count by nodes",
                             e);
    if (all)
        to->by = HEADCOUNT_REGISTERED;
    return err;
}

/* ---- linear ---- */

static int scaler_linear(struct hc_wish *to, const struct hc_json_doc *d,
                         int object, struct headcount_error *e)
{
    static const char *const names[] = {
        "coresPerReplica", "nodesPerReplica", "min", "max",
        "preventSinglePointFailure", "includeUnschedulableNodes", NULL
    };
    struct hc_rule *r = &to->rule;
    int at[6], err = scaler_check_keys(d, object, names, "linear", e);

    for (int i = 0; i < 6; i++)
        at[i] = hc_json_find(d, object, names[i]);
    r->kind = HEADCOUNT_LINEAR;
    r->has_min = true;              /* as there: min is 1 where it is absent */
    r->has_max = at[3] >= 0;
    if (err == 0 && at[0] >= 0)
        err = scaler_take_share(d, at[0], names[0], SCALER_CORE, &r->per_cpu,
                                e);
    if (err == 0 && at[1] >= 0)
        err = scaler_take_share(d, at[1], names[1], 1, &r->per_hosts, e);
    if (err == 0 && at[2] >= 0)
        err = scaler_take_whole(d, at[2], names[2], &r->min, e);
    if (err == 0 && at[3] >= 0)
        err = scaler_take_whole(d, at[3], names[3], &r->max, e);
    if (err == 0 && at[4] >= 0)
        err = scaler_take_bool(d, at[4], names[4], &r->spread, e);
    if (err == 0)
        err = scaler_take_all(d, at[5], r->per_cpu > 0, to, e);
    if (r->min == 0)
        r->min = 1;
    if (err == 0 && r->per_cpu == 0 && r->per_hosts == 0)
        return scaler_refuse("linear needs coresPerReplica or nodesPerReplica "
                             "above 0", e);
    return err;
}

/* ---- ladder ---- */

/* Inserts a rung by its threshold: the text may have them in any order.  Two
 * rungs with one threshold are refused: in the autoscaler the order of its sort
 * decides which of them wins. */
static int scaler_put_rung(struct headcount_rung *rungs, size_t n,
                           struct headcount_rung rung, const char *name,
                           struct headcount_error *e)
{
    size_t i = n;

    for (; i > 0 && rungs[i - 1].from >= rung.from; i--) {
        if (rungs[i - 1].from == rung.from)
            return scaler_wrong(name, "not clear: one threshold stands there "
                                "twice", e);
        rungs[i] = rungs[i - 1];
    }
    rungs[i] = rung;
    return 0;
}

static int scaler_rungs(struct hc_ladder *to, const struct hc_json_doc *d,
                        int list, const char *name, int64_t unit,
                        struct hc_arena *arena, struct headcount_error *e)
{
    struct headcount_rung *rungs =
        hc_arena_zero(arena, HC_RULE_RUNGS * sizeof *rungs);
    struct headcount_rung rung = { 0, 0 };
    size_t n = 0;
    int err = 0;

    if (rungs == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a ladder");
    if (hc_json_kind(d, list) != KIND_ARRAY || hc_json_count(d, list) == 0 ||
        hc_json_count(d, list) > HC_RULE_RUNGS)
        return scaler_wrong(name, "a list of 1 to 64 rungs", e);
    for (int v = hc_json_first(d, list); err == 0 && v >= 0;
         v = hc_json_after(d, list, v)) {
        int from = hc_json_first(d, v);

        if (hc_json_kind(d, v) != KIND_ARRAY || hc_json_count(d, v) != 2)
            return scaler_wrong(name, "a list of [threshold, replicas]", e);
        err = scaler_take_whole(d, from, name, &rung.from, e);
        if (err == 0)
            err = scaler_take_whole(d, hc_json_after(d, v, from), name,
                                    &rung.tasks, e);
        if (err < 0)
            break;
        rung.from *= unit;              /* a number that was checked */
        err = scaler_put_rung(rungs, n++, rung, name, e);
    }
    rungs[0].from = 0;                  /* fewer hosts get the first rung too */
    *to = (struct hc_ladder){ rungs, n };
    return err;
}

static int scaler_ladder(struct hc_wish *to, const struct hc_json_doc *d,
                         int object, struct hc_arena *arena,
                         struct headcount_error *e)
{
    static const char *const names[] = {
        "coresToReplicas", "nodesToReplicas", "includeUnschedulableNodes", NULL
    };
    int err = scaler_check_keys(d, object, names, "ladder", e);
    int cores = hc_json_find(d, object, names[0]);
    int nodes = hc_json_find(d, object, names[1]);

    to->rule.kind = HEADCOUNT_LADDER;
    if (err == 0 && cores < 0 && nodes < 0)
        return scaler_refuse("ladder needs coresToReplicas or nodesToReplicas: "
                             "without them it would be 0", e);
    if (err == 0 && cores >= 0)
        err = scaler_rungs(&to->rule.by_cpu, d, cores, names[0], SCALER_CORE,
                           arena, e);
    if (err == 0 && nodes >= 0)
        err = scaler_rungs(&to->rule.by_hosts, d, nodes, names[1], 1, arena, e);
    return err < 0 ? err
                   : scaler_take_all(d, hc_json_find(d, object, names[2]),
                                     cores >= 0, to, e);
}

/* ---- all of it ---- */

struct scaler_in {
    const struct hc_json_doc *doc;
    struct hc_arena *arena;
    bool linear;                        /* false: a ladder            */
};

static int scaler_rule(struct hc_wish *to, const struct scaler_in *in,
                       int object, struct headcount_error *e)
{
    return in->linear ? scaler_linear(to, in->doc, object, e)
                      : scaler_ladder(to, in->doc, object, in->arena, e);
}

/* Values in a ConfigMap are texts; the text of this one is JSON again. */
static int scaler_take_text(struct hc_wish *to, const struct scaler_in *in,
                            int v, struct headcount_error *e)
{
    struct hc_json_doc inner;
    struct scaler_in of = *in;
    struct headcount_error why = { 0 };
    struct hc_buf text;
    int err;

    hc_buf_init(&text, in->arena->alloc, HC_AUTOSCALER_JSON);
    hc_json_string(in->doc, v, &text);
    err = hc_buf_error(&text);
    if (err == 0)
        err = hc_json_doc_init(&inner, in->arena->alloc, hc_buf_view(&text),
                               SCALER_TOKENS, &why);
    if (err == HEADCOUNT_ENOMEM) {
        hc_error_set(e, err, "no memory for a rule");
    } else if (err < 0) {
        err = hc_error_set(e, HEADCOUNT_ECONFIG,
                           "the autoscaler's parameters: the "
                           "text of %s: %s",
                           in->linear ? "linear" : "ladder", why.what);
    } else {
        of.doc = &inner;
        err = scaler_rule(to, &of, 0, e);
        hc_json_doc_fini(&inner);
    }
    hc_buf_fini(&text);
    return err;
}

/* Finds the object that has "linear" or "ladder": the whole text, or the data
 * of a ConfigMap. */
static int scaler_find_data(const struct hc_json_doc *d, int *at,
                            struct headcount_error *e)
{
    static const char *const names[] = { "apiVersion", "kind", "metadata",
                                         "data", "binaryData", "immutable",
                                         NULL };
    int kind = hc_json_find(d, 0, "kind");
    int err;

    *at = 0;
    if (kind < 0 && hc_json_find(d, 0, "data") < 0)
        return 0;
    if (kind >= 0 && !hc_json_is(d, kind, "ConfigMap"))
        return scaler_wrong("its kind", "not \"ConfigMap\"", e);
    err = scaler_check_keys(d, 0, names, "a ConfigMap", e);
    *at = hc_json_find(d, 0, "data");
    if (err == 0 && *at < 0)
        err = scaler_refuse("the ConfigMap has no data", e);
    return err;
}

static int scaler_take(struct hc_wish *to, const struct hc_json_doc *d,
                       struct hc_arena *arena, struct headcount_error *e)
{
    static const char *const names[] = { "linear", "ladder", NULL };
    struct headcount_error why = { 0 };
    int at, err = scaler_find_data(d, &at, e);

    if (err == 0)
        err = scaler_check_keys(d, at, names, at == 0 ? "it" : "data", e);
    if (err < 0)
        return err;

    int linear = hc_json_find(d, at, names[0]);
    int ladder = hc_json_find(d, at, names[1]);
    int v = linear >= 0 ? linear : ladder;
    struct scaler_in in = { d, arena, linear >= 0 };

    if (linear >= 0 && ladder >= 0)
        return scaler_refuse("it has both \"linear\" and \"ladder\", and the "
                             "rule is one of them", e);
    if (v < 0)
        return scaler_refuse("it is one of \"linear\" and \"ladder\"", e);
    err = hc_json_kind(d, v) == KIND_STRING ? scaler_take_text(to, &in, v, e)
                                            : scaler_rule(to, &in, v, e);
    if (err == 0 && hc_rule_check(&to->rule, &why) < 0)
        return scaler_refuse(why.what, e);
    return err;
}

/* A ConfigMap that a person wrote in YAML begins with a name, a comment or
 * "---"; no JSON object or array does. */
static bool scaler_is_yaml(struct hc_str text)
{
    size_t at = 0;

    while (at < text.n && hc_str_find(HC_STR(" \t\r\n"), text.p[at]) < 4)
        at++;

    char c = at < text.n ? hc_lower(text.p[at]) : '\0';

    return (c >= 'a' && c <= 'z') || c == '#' || c == '-' || c == '%';
}

int hc_autoscaler_wish(struct hc_wish *to, struct hc_str json,
                       struct hc_arena *arena, struct headcount_error *e)
{
    struct hc_json_doc d;
    struct headcount_error why = { 0 };
    int err;

    json = hc_str_unmarked(json);
    if (json.n > HC_AUTOSCALER_JSON)
        return scaler_refuse("it is longer than 64 KiB", e);
    err = hc_json_doc_init(&d, arena->alloc, json, SCALER_TOKENS, &why);
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory for a rule");
    if (err < 0 && scaler_is_yaml(json))
        return scaler_refuse("it looks like YAML, which is not read: give "
                             "JSON, as `kubectl get configmap NAME -o json` "
                             "prints it", e);
    if (err < 0)
        return scaler_refuse(why.what, e);
    err = scaler_take(to, &d, arena, e);
    hc_json_doc_fini(&d);
    return err;
}
