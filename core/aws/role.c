/* aws/role.c - a role that is assumed (contract: aws/role.h). */
#include "aws/role.h"

#include <string.h>

#define ROLE_SHORTEST (900 * HC_SECOND)
#define ROLE_LONGEST (43200 * HC_SECOND)

bool hc_role_is_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("+=,.@_-", c) != NULL);
}

/* ---- its ARN ---- */

static bool role_is_name(struct hc_str s)
{
    bool good = s.n > 0 && s.p[0] != '/' && s.p[s.n - 1] != '/';

    for (size_t i = 0; good && i < s.n; i++)
        good = hc_role_is_char(s.p[i]) || (s.p[i] == '/' && s.p[i - 1] != '/');
    return good;
}

static bool role_is_account(struct hc_str s)
{
    uint64_t number;

    return s.n == 12 && hc_str_u64(s, &number);
}

static bool role_is_partition(struct hc_str s)
{
    bool good = hc_str_starts(s, HC_STR("aws")) && s.p[s.n - 1] != '-' &&
                s.n < 64;

    for (size_t i = 3; good && i < s.n; i++)
        good = (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '-' ||
               (s.p[i] >= '0' && s.p[i] <= '9');
    return good;
}

bool hc_role_is_arn(struct hc_str arn)
{
    struct hc_str rest = arn;
    struct hc_str scheme = hc_str_cut(&rest, ':');
    struct hc_str partition = hc_str_cut(&rest, ':');
    struct hc_str service = hc_str_cut(&rest, ':');
    struct hc_str region = hc_str_cut(&rest, ':');
    struct hc_str account = hc_str_cut(&rest, ':');
    struct hc_str role = HC_STR("role/");

    return arn.n <= HC_ROLE_MAX && hc_str_eqz(scheme, "arn") &&
           role_is_partition(partition) && hc_str_eqz(service, "iam") &&
           region.n == 0 && role_is_account(account) &&
           hc_str_starts(rest, role) &&
           role_is_name(hc_str_from(rest, role.n));
}

static int role_check_arn(struct hc_str arn, struct headcount_error *e)
{
    return hc_role_is_arn(arn) ? 0 : hc_error_set(
        e, HEADCOUNT_ECONFIG, "`%.*s` is no role's ARN: it has to "
                              "look like arn:aws:iam::123456789012:role/NAME",
        (int)(arn.n > 200 ? 200 : arn.n), arn.n > 0 ? arn.p : "");
}

struct hc_str hc_role_partition(struct hc_str arn)
{
    hc_str_cut(&arn, ':');
    return hc_str_cut(&arn, ':');
}

struct hc_str hc_role_account(struct hc_str arn)
{
    for (int i = 0; i < 4; i++)
        hc_str_cut(&arn, ':');
    return hc_str_cut(&arn, ':');
}

/* ---- what goes with it ---- */

/* From 2 to `max` of IAM's characters and of `more`; empty: it is not sent. */
static bool role_is_text(struct hc_str s, size_t max, const char *more)
{
    bool good = s.n == 0 || (s.n >= 2 && s.n <= max);

    for (size_t i = 0; good && i < s.n; i++)
        good = hc_role_is_char(s.p[i]) ||
               (s.p[i] != '\0' && strchr(more, s.p[i]) != NULL);
    return good;
}

int hc_role_check(const struct hc_role *r, struct headcount_error *e)
{
    int err = role_check_arn(r->arn, e);

    if (err < 0)
        return err;
    if (!role_is_text(r->session, HC_ROLE_SESSION, ""))
        return hc_error_set(e, HEADCOUNT_ECONFIG, "role_session_name has to "
                            "be 2 to %d letters, digits and +=,.@_-",
                            HC_ROLE_SESSION);
    if (!role_is_text(r->external_id, HC_ROLE_EXTERNAL, ":/"))
        return hc_error_set(e, HEADCOUNT_ECONFIG, "external_id has to be 2 to "
                            "%d letters, digits and +=,.@_-:/",
                            HC_ROLE_EXTERNAL);
    if (r->duration != 0 && (r->duration < ROLE_SHORTEST ||
                             r->duration > ROLE_LONGEST ||
                             r->duration % HC_SECOND != 0))
        return hc_error_set(e, HEADCOUNT_ECONFIG, "duration_seconds has to be "
                            "a whole number from 900 to 43200");
    if (r->token_file.n > HC_ROLE_FILE)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "web_identity_token_file "
                            "has more than %d bytes", HC_ROLE_FILE);
    return 0;
}

bool hc_role_eq(const struct hc_role *a, const struct hc_role *b)
{
    return hc_str_eq(a->arn, b->arn) && hc_str_eq(a->session, b->session) &&
           hc_str_eq(a->external_id, b->external_id) &&
           hc_str_eq(a->token_file, b->token_file) &&
           a->duration == b->duration;
}

uint64_t hc_role_hash(const struct hc_role *r)
{
    uint64_t hash = hc_str_hash(HC_STR_HASH, r->arn);

    hash = hc_str_hash(hash, r->session);
    hash = hc_str_hash(hash, r->external_id);
    return hc_str_hash(hash, r->token_file) ^ (uint64_t)r->duration;
}
