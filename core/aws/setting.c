/* aws/setting.c - one setting (contract: aws/setting.h). */
#include "aws/setting.h"

#include "base/text.h"

void hc_setting_from(struct hc_setting *s, struct hc_str value,
                     const char *from)
{
    s->value = value;
    hc_fmt(s->from, sizeof s->from, "%s", from);
}

int hc_setting_wrong(const struct hc_setting *s, const char *key,
                     const char *rule, struct headcount_error *e)
{
    if (s->is_shared)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "%s: %s has to %s",
                            s->from, key, rule);
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%s is `%.*s`: it has to %s",
                        s->from, HC_STR_ARG(s->value), rule);
}

int hc_setting_long(const struct hc_setting *s, const char *key, int most,
                    struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%s%s%s has more than %d bytes",
                        s->from, s->is_shared ? ": " : "",
                        s->is_shared ? key : "", most);
}

int hc_setting_bool(const struct hc_setting *s, const char *key, bool *out,
                    struct headcount_error *e)
{
    bool yes = hc_str_eqi(s->value, HC_STR("true"));

    if (s->value.n == 0)
        return 0;
    if (!yes && !hc_str_eqi(s->value, HC_STR("false")))
        return hc_setting_wrong(s, key, "be true or false", e);
    *out = yes;
    return 0;
}

int hc_setting_number(const struct hc_setting *s, const char *key,
                      struct hc_range range, int64_t *out,
                      struct headcount_error *e)
{
    char rule[64];
    uint64_t n;

    if (s->value.n == 0)
        return 0;
    if (hc_str_u64(s->value, &n) && n <= INT64_MAX &&
        (int64_t)n >= range.least && (int64_t)n <= range.most) {
        *out = (int64_t)n;
        return 0;
    }
    hc_fmt(rule, sizeof rule, "be a number from %lld to %lld",
           (long long)range.least, (long long)range.most);
    return hc_setting_wrong(s, key, rule, e);
}
