/* plan/tags.c - reads a rule from the tags of a service.
 *
 * A tag that begins with "headcount:" and is none of the table is refused: it
 * is a typo, and without that tag the rule would be another one.
 */
#include "plan/tags.h"

#include "base/text.h"
#include "plan/filter.h"

#define TAGS_BEGIN "headcount:"
#define BIT(kind) (1u << (kind))
#define TAGS_ANY (~0u)

enum tags_kind { TAG_RULE, TAG_WHOLE, TAG_SHARE, TAG_LADDER, TAG_WHERE,
                 TAG_PAUSE };

#define AT(member) offsetof(struct hc_rule, member)

static const struct tags_field {
    const char *name;
    enum tags_kind kind;
    unsigned rules;                 /* kinds of rule that take it */
    size_t at;
} tags_fields[] = {
    { "rule", TAG_RULE, TAGS_ANY, 0 },
    { "tasks", TAG_WHOLE, BIT(HEADCOUNT_PER_HOST) | BIT(HEADCOUNT_FIXED),
      AT(tasks) },
    { "where", TAG_WHERE, TAGS_ANY, 0 },
    { "min", TAG_WHOLE, TAGS_ANY, AT(min) },
    { "max", TAG_WHOLE, TAGS_ANY, AT(max) },
    { "spare", TAG_WHOLE, BIT(HEADCOUNT_HOSTS_MINUS), AT(spare) },
    { "percent", TAG_SHARE, BIT(HEADCOUNT_PERCENT), AT(percent) },
    { "hosts-per-task", TAG_SHARE, BIT(HEADCOUNT_LINEAR), AT(per_hosts) },
    { "cpu-per-task", TAG_SHARE, BIT(HEADCOUNT_LINEAR), AT(per_cpu) },
    { "memory-per-task", TAG_SHARE, BIT(HEADCOUNT_LINEAR), AT(per_memory) },
    { "base", TAG_WHOLE, BIT(HEADCOUNT_LINEAR), AT(base) },
    { "step", TAG_WHOLE, BIT(HEADCOUNT_LINEAR), AT(step) },
    { "ladder", TAG_LADDER, BIT(HEADCOUNT_LADDER), 0 },
    { "pause", TAG_PAUSE, TAGS_ANY, 0 },
};
#define TAGS_FIELDS (sizeof tags_fields / sizeof *tags_fields)

/* A value that does not parse holds its service.  A guess would write a count
 * that nobody set. */
static int tags_refuse(const struct hc_ecs_tag *t, const char *what,
                       struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "tag %.*s = \"%.*s\": %s",
                        HC_STR_ARG(t->key), HC_STR_ARG(t->value), what);
}

/* ---- values ---- */

static bool tags_get_whole(struct hc_str s, int64_t *to)
{
    uint64_t n;

    if (s.n == 0 || s.n > 9 || !hc_str_u64(s, &n) || n > HC_RULE_TASKS_MAX)
        return false;
    *to = (int64_t)n;
    return true;
}

/* Reads "2.5" in millionths. */
static bool tags_get_share(struct hc_str s, int64_t *to)
{
    struct hc_str rest = s, whole = hc_str_cut(&rest, '.');
    uint64_t n, fraction = 0;
    bool has_point = whole.n < s.n;

    if (whole.n == 0 || whole.n > 9 || !hc_str_u64(whole, &n) ||
        (has_point && (rest.n == 0 || rest.n > 6 ||
                       !hc_str_u64(rest, &fraction))))
        return false;
    for (size_t i = rest.n; has_point && i < 6; i++)
        fraction *= 10;
    *to = (int64_t)(n * HC_RULE_ONE + fraction);
    return *to > 0;
}

static bool tags_get_rung(struct hc_str s, struct headcount_rung *to)
{
    struct hc_str tasks = s, from = hc_str_cut(&tasks, ':');

    return from.n < s.n && tags_get_whole(from, &to->from) &&
           tags_get_whole(tasks, &to->tasks);
}

static int tags_get_ladder(const struct hc_ecs_tag *t, struct hc_rule *rule,
                           struct hc_arena *arena, struct headcount_error *e)
{
    struct headcount_rung *rungs =
        hc_arena_zero(arena, HC_RULE_RUNGS * sizeof *rungs);
    struct hc_str rest = t->value;
    size_t n = 0;

    if (rungs == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a ladder");
    while (rest.n > 0) {
        struct hc_str one = hc_str_cut(&rest, ' ');

        if (one.n == 0)
            continue;
        if (n == HC_RULE_RUNGS)
            return tags_refuse(t, "a ladder has 64 rungs at most", e);
        if (!tags_get_rung(one, &rungs[n++]))
            return tags_refuse(t, "a ladder is \"0:1 4:2 64:5\": from 0 hosts "
                               "on 1 task, from 4 on 2, ...", e);
    }
    rule->by_hosts = (struct hc_ladder){ rungs, n };
    return n > 0 ? 0 : tags_refuse(t, "it has no rungs", e);
}

static int tags_get_where(const struct hc_ecs_tag *t, struct hc_wish *to,
                          struct headcount_error *e)
{
    struct headcount_error why = { 0 };

    to->where = hc_str_trim(t->value);
    if (to->where.n == 0)
        return tags_refuse(t, "it is empty", e);
    if (hc_filter_moves(to->where))
        return tags_refuse(t, "it moves with tasks or agents: a count by it "
                           "would chase itself", e);
    return hc_filter_check(to->where, &why) < 0
               ? tags_refuse(t, why.what, e) : 0;
}

/* ---- which tags ---- */

static const struct tags_field *tags_find(const struct hc_ecs_tag *t,
                                          struct headcount_error *e)
{
    struct hc_str name = hc_str_from(t->key, sizeof TAGS_BEGIN - 1);
    char all[240] = "there is no such tag:";
    size_t n = sizeof "there is no such tag:" - 1;

    for (size_t i = 0; i < TAGS_FIELDS; i++)
        if (hc_str_eqz(name, tags_fields[i].name))
            return &tags_fields[i];
    for (size_t i = 0; i < TAGS_FIELDS; i++)
        n += hc_fmt(all + n, sizeof all - n, "%s %s", i > 0 ? "," : "",
                    tags_fields[i].name);
    tags_refuse(t, all, e);
    return NULL;
}

/* A tag spells with dashes what a policy spells with underscores: "per-host" is
 * per_host. */
static void tags_swap_dashes(char *name)
{
    for (; *name != '\0'; name++)
        *name = *name == '-' ? '_' : *name == '_' ? '-' : *name;
}

static int tags_get_rule(const struct hc_ecs_tag *t, struct hc_rule *rule,
                         struct headcount_error *e)
{
    char spelt[32], all[160] = "a rule is ";
    size_t n = sizeof "a rule is " - 1;
    const char *name;

    hc_fmt(spelt, sizeof spelt, "%.*s", HC_STR_ARG(t->value));
    tags_swap_dashes(spelt);
    if (t->value.n < sizeof spelt && hc_rule_find(hc_str(spelt), &rule->kind))
        return 0;
    for (int kind = 0;
         (name = headcount_rule_name((enum headcount_rule)kind)) != NULL;
         kind++) {
        bool last =
            headcount_rule_name((enum headcount_rule)(kind + 1)) == NULL;

        n += hc_fmt(all + n, sizeof all - n, "%s%s",
                    kind == 0 ? "" : last ? " or " : ", ", name);
    }
    tags_swap_dashes(all);
    return tags_refuse(t, all, e);
}

static int tags_take(struct hc_wish *to, const struct hc_ecs_tag *t,
                     struct hc_arena *arena, struct headcount_error *e)
{
    const struct tags_field *f = tags_find(t, e);
    int64_t *at;

    if (f == NULL)
        return HEADCOUNT_ECONFIG;
    if ((f->rules & BIT(to->rule.kind)) == 0)
        return tags_refuse(t, "it does not go with this rule", e);
    at = (int64_t *)(void *)((char *)&to->rule + f->at);
    switch (f->kind) {
    case TAG_RULE:
    case TAG_PAUSE:
        return 0;
    case TAG_WHOLE:
        return tags_get_whole(t->value, at)
                   ? 0 : tags_refuse(t, "it is a whole number up to 1000000",
                                     e);
    case TAG_SHARE:
        return tags_get_share(t->value, at)
                   ? 0 : tags_refuse(t, "it is a number above 0, such as 4 or "
                                     "2.5", e);
    case TAG_LADDER:
        return tags_get_ladder(t, &to->rule, arena, e);
    case TAG_WHERE:
        break;
    }
    return tags_get_where(t, to, e);
}

static const struct hc_ecs_tag *tags_of(const struct hc_ecs_tag *tags,
                                        const char *key)
{
    while (tags != NULL && !hc_str_eqz(tags->key, key))
        tags = tags->next;
    return tags;
}

/* Refuses a rule that lacks a tag it needs. */
static int tags_check(struct hc_wish *to, const struct hc_ecs_tag *tags,
                      struct headcount_error *e)
{
    struct hc_rule *r = &to->rule;
    const struct hc_ecs_tag *rule = tags_of(tags, HC_TAGS_RULE);
    const struct hc_ecs_tag *tasks = tags_of(tags, TAGS_BEGIN "tasks");
    struct headcount_error why = { 0 };

    r->has_min = tags_of(tags, TAGS_BEGIN "min") != NULL;
    r->has_max = tags_of(tags, TAGS_BEGIN "max") != NULL;
    if (r->kind == HEADCOUNT_PER_HOST && tasks != NULL && r->tasks == 0)
        return tags_refuse(tasks, "it is 1 at the least", e);
    if (r->kind == HEADCOUNT_FIXED && tasks == NULL)
        return tags_refuse(rule, "it needs " TAGS_BEGIN "tasks", e);
    if (r->kind == HEADCOUNT_PERCENT && r->percent == 0)
        return tags_refuse(rule, "it needs " TAGS_BEGIN "percent", e);
    if (r->kind == HEADCOUNT_LINEAR &&
        r->per_hosts + r->per_cpu + r->per_memory == 0)
        return tags_refuse(rule, "it needs " TAGS_BEGIN "hosts-per-task, "
                           "cpu-per-task or memory-per-task", e);
    if (r->kind == HEADCOUNT_LADDER && r->by_hosts.n == 0)
        return tags_refuse(rule, "it needs " TAGS_BEGIN "ladder", e);
    return hc_rule_check(r, &why) < 0 ? tags_refuse(rule, why.what, e) : 0;
}

bool hc_tags_have_rule(const struct hc_ecs_tag *tags)
{
    return tags_of(tags, HC_TAGS_RULE) != NULL;
}

int hc_tags_wish(struct hc_wish *to, const struct hc_ecs_tag *tags,
                 struct hc_arena *arena, struct headcount_error *e)
{
    const struct hc_ecs_tag *rule = tags_of(tags, HC_TAGS_RULE);
    int err;

    if (rule == NULL)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "it has no tag " HC_TAGS_RULE);
    err = tags_get_rule(rule, &to->rule, e);
    for (const struct hc_ecs_tag *t = tags; err == 0 && t != NULL; t = t->next)
        if (hc_str_starts(t->key, HC_STR(TAGS_BEGIN)))
            err = tags_take(to, t, arena, e);
    return err == 0 ? tags_check(to, tags, e) : err;
}
