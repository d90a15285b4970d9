/* ecs/arn.c - the names of clusters, services and hosts. */
#include "ecs/arn.h"

#define ARN_LONGEST 2048
#define ARN_NAME_LONGEST 255

static bool arn_is_of(struct hc_str s, size_t longest, const char *more)
{
    if (s.n == 0 || s.n > longest)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = hc_lower(s.p[i]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
            hc_str_find(hc_str(more), c) == hc_str(more).n)
            return false;
    }
    return true;
}

static bool arn_is_name(struct hc_str s)
{
    return arn_is_of(s, ARN_NAME_LONGEST, "-_");
}

static int arn_refuse(struct headcount_error *e, struct hc_str text,
                      const char *kind, const char *why)
{
    struct hc_str shown = hc_str_n(text.p, text.n > 200 ? 200 : text.n);

    return hc_error_set(e, HEADCOUNT_ESYNTAX, "\"%.*s\" does not name a %s: %s",
                        HC_STR_ARG(shown), kind, why);
}

/* "arn:PARTITION:ecs:REGION:ACCOUNT:" off the front of *rest. */
static const char *arn_get_head(struct hc_arn *a, struct hc_str *rest)
{
    hc_str_cut(rest, ':');
    a->partition = hc_str_cut(rest, ':');
    if (!arn_is_of(a->partition, 63, "-"))
        return "an ARN begins with arn:PARTITION:ecs:";
    if (!hc_str_eqz(hc_str_cut(rest, ':'), "ecs"))
        return "it is an ARN of another service than ecs";
    a->region = hc_str_cut(rest, ':');
    if (!arn_is_of(a->region, 63, "-"))
        return "the ARN has no region";
    a->account = hc_str_cut(rest, ':');
    if (!arn_is_of(a->account, 63, "-"))
        return "the ARN has no account";
    return NULL;
}

/* KIND/NAME or KIND/CLUSTER/NAME. */
static const char *arn_get_tail(struct hc_arn *a, struct hc_str rest,
                                const char *kind)
{
    if (!hc_str_eqz(hc_str_cut(&rest, '/'), kind))
        return "it is the ARN of something else";
    if (hc_str_find(rest, '/') < rest.n) {
        a->cluster = hc_str_cut(&rest, '/');
        if (!arn_is_name(a->cluster))
            return "the cluster in it is no name";
    }
    a->name = rest;
    return arn_is_name(rest) ? NULL
                             : "a name is 1 to 255 letters, digits, - and _";
}

static const char *arn_get(struct hc_arn *a, struct hc_str text,
                           const char *kind)
{
    struct hc_str rest = text;

    *a = (struct hc_arn){ .text = text };
    if (text.n > ARN_LONGEST)
        return "it is too long";
    if (!hc_str_starts(text, HC_STR("arn:"))) {
        a->name = text;
        return arn_is_name(text)
                   ? NULL
                   : "a name is 1 to 255 letters, digits, - and _";
    }

    const char *why = arn_get_head(a, &rest);

    return why != NULL ? why : arn_get_tail(a, rest, kind);
}

int hc_arn_cluster(struct hc_arn *a, struct hc_str text,
                   struct headcount_error *e)
{
    const char *why = arn_get(a, text, "cluster");

    if (why == NULL && a->cluster.n > 0)
        why = "a cluster's ARN has one name";
    if (why != NULL)
        return arn_refuse(e, text, "cluster", why);
    a->cluster = a->name;
    return 0;
}

int hc_arn_service(struct hc_arn *a, struct hc_str text,
                   struct headcount_error *e)
{
    const char *why = arn_get(a, text, "service");

    return why == NULL ? 0 : arn_refuse(e, text, "service", why);
}

static int arn_get_full(struct hc_arn *a, struct hc_str text,
                        const char *kind, const char *words,
                        struct headcount_error *e)
{
    const char *why = arn_get(a, text, kind);

    if (why == NULL && !hc_arn_is_full(a))
        why = "it is no ARN";
    return why == NULL ? 0 : arn_refuse(e, text, words, why);
}

int hc_arn_instance(struct hc_arn *a, struct hc_str text,
                    struct headcount_error *e)
{
    return arn_get_full(a, text, "container-instance", "container instance",
                        e);
}

int hc_arn_task(struct hc_arn *a, struct hc_str text,
                struct headcount_error *e)
{
    return arn_get_full(a, text, "task", "task", e);
}

bool hc_arn_is_full(const struct hc_arn *a)
{
    return a->partition.n > 0;
}

bool hc_arn_same_place(const struct hc_arn *a, const struct hc_arn *b)
{
    if (a->cluster.n > 0 && b->cluster.n > 0 &&
        !hc_str_eq(a->cluster, b->cluster))
        return false;
    if (!hc_arn_is_full(a) || !hc_arn_is_full(b))
        return true;
    return hc_str_eq(a->partition, b->partition) &&
           hc_str_eq(a->region, b->region) &&
           hc_str_eq(a->account, b->account);
}
