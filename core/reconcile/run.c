/* reconcile/run.c - where a run is, and when. */
#include "reconcile/run.h"

#include "base/text.h"

int64_t hc_run_wall(const struct hc_run *r)
{
    return r->taken != 0 ? r->taken : hc_wall(&r->net->sys);
}

struct hc_str hc_run_region(const struct hc_run *r)
{
    const struct hc_call_config *call = &r->config.call;

    if (call->region.n > 0 || call->client == NULL)
        return call->region;
    return call->client->config->region;
}

static bool run_is_elsewhere(const struct hc_run *r, const struct hc_arn *arn)
{
    return r->config.expect_account.n > 0 && hc_arn_is_full(arn) &&
           !hc_str_eq(arn->account, r->config.expect_account);
}

bool hc_run_is_here(const struct hc_run *r, const struct hc_arn *arn)
{
    struct hc_str region = hc_run_region(r);

    if (!hc_arn_same_place(arn, &r->cluster) || run_is_elsewhere(r, arn))
        return false;
    /* An event says which account its cluster is in: an ARN of another account
     * is not this cluster, even if its name and region are. */
    if (r->config.event != NULL && r->config.event->account.n > 0 &&
        hc_arn_is_full(arn) &&
        !hc_str_eq(arn->account, r->config.event->account))
        return false;
    return !hc_arn_is_full(arn) || hc_arn_is_full(&r->cluster) ||
           region.n == 0 || hc_str_eq(arn->region, region);
}

void hc_run_note_account(struct hc_run *r, const struct hc_arn *arn)
{
    if (r->answered[0] != '\0' && !run_is_elsewhere(r, arn))
        return;
    if (hc_arn_is_full(arn))
        hc_str_copy(r->answered, sizeof r->answered, arn->account);
}

int hc_run_check_account(const struct hc_run *r, struct headcount_error *e)
{
    struct hc_str expected = r->config.expect_account;

    if (expected.n == 0 || r->answered[0] == '\0' ||
        hc_str_eqz(expected, r->answered))
        return 0;
    return hc_creds_wrong_account(r->config.call.creds, r->answered, expected,
                                   e);
}

int hc_run_prove_account(const struct hc_run *r, struct headcount_error *e)
{
    struct hc_str expected = r->config.expect_account;

    if (expected.n == 0 || (hc_arn_is_full(&r->cluster) &&
                            hc_str_eq(r->cluster.account, expected)))
        return 0;
    return hc_error_set(e, HEADCOUNT_EACCOUNT, "account %.*s is expected "
                        "(request.expect_account), and no answer of ECS says "
                        "which account cluster %.*s is in, so nothing is "
                        "written", HC_STR_ARG(expected),
                        HC_STR_ARG(r->cluster.name));
}

struct headcount_service *hc_run_row(struct hc_run *r)
{
    return &r->services[r->at];
}

bool hc_run_corrects(const struct hc_run *r)
{
    return r->verify.open != NULL && r->verify.open[r->at];
}

/* The key of an entry in the handle's memory.  As long as a cluster is known
 * by its name only, another role may see a cluster of the same name in another
 * account, so the key has the role too.  Capacity providers, and what
 * ECS refuses, belong to an account and a region, everything else to a
 * cluster. */
struct hc_memory_key hc_run_key(const struct hc_run *r,
                                enum hc_memory_kind kind, struct hc_str name)
{
    struct hc_memory_key key = { .kind = kind, .scope = r->cluster.text,
                                 .name = name };

    if (!hc_arn_is_full(&r->cluster)) {
        if (r->config.call.creds != NULL)
            key.role = r->config.call.creds->role;
    } else if (kind == MEMORY_CAPACITY || kind == MEMORY_REFUSED) {
        key.scope.n -= r->cluster.name.n;
    }
    return key;
}
