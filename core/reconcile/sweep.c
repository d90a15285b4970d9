/* reconcile/sweep.c - which clusters a sweep is about. */
#include "reconcile/sweep.h"

#include "aws/role.h"

bool hc_sweep_is_glob(struct hc_str pattern)
{
    for (size_t i = 0; i < pattern.n; i++)
        if (pattern.p[i] == '*' || pattern.p[i] == '?')
            return true;
    return false;
}

static bool sweep_is_arn(struct hc_str pattern)
{
    return hc_str_starts(pattern, HC_STR("arn:"));
}

static bool sweep_may_stand(char c, bool arn)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*' ||
           c == '?' || (arn && (c == ':' || c == '/'));
}

int hc_sweep_check(struct hc_str pattern, struct headcount_error *e)
{
    struct hc_arn arn;
    bool good = pattern.n <= 2048;

    if (!hc_sweep_is_glob(pattern))
        return hc_arn_cluster(&arn, pattern, e);
    for (size_t i = 0; good && i < pattern.n; i++)
        good = sweep_may_stand(pattern.p[i], sweep_is_arn(pattern));
    if (good)
        return 0;
    return hc_error_set(e, HEADCOUNT_ESYNTAX,
                        "`%.*s` names no clusters: a glob has "
                        "letters, digits, - and _, * for any run of them and "
                        "? for any one",
                        HC_STR_ARG(pattern));
}

bool hc_sweep_matches(struct hc_str pattern, const struct hc_arn *cluster)
{
    return hc_str_glob(pattern, sweep_is_arn(pattern) ? cluster->text
                                                      : cluster->name);
}

bool hc_sweep_has_tag(const struct hc_ecs_tag *tags, struct hc_str key,
                      struct hc_str value)
{
    for (const struct hc_ecs_tag *t = tags; t != NULL; t = t->next)
        if (hc_str_eq(t->key, key) &&
            (value.p == NULL || hc_str_eq(t->value, value)))
            return true;
    return false;
}

bool hc_sweep_is_there(const struct hc_sweep_scope *scope,
                       const struct hc_arn *cluster)
{
    struct hc_str account = hc_role_account(scope->role);

    if (!hc_arn_is_full(cluster))
        return true;
    return hc_str_eq(cluster->region, scope->region) &&
           (account.n == 0 || hc_str_eq(cluster->account, account));
}
