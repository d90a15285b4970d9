/* aws/creds_given.c - a set in memory as a provider (aws/creds_given.h). */
#include "aws/creds_given.h"

int hc_creds_given_init(struct hc_credentials *given,
                        const struct hc_alloc *alloc,
                        const struct hc_identity *who,
                        struct headcount_error *e)
{
    hc_credentials_init(given, alloc);
    given->source = "the program";
    if (who->key_id.n == 0 && who->secret.n == 0 && who->token.n == 0)
        return 0;
    if (who->key_id.n == 0 || who->secret.n == 0)
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS, "credentials were given "
                            "without their %s: give access key id and secret "
                            "access key, or none of it",
                            who->key_id.n == 0 ? "access key id"
                                               : "secret access key");
    return hc_credentials_put(given, who, e);
}

static int creds_given_ask(void *ud, struct hc_job *job, int64_t now,
                           struct hc_credentials *out,
                           struct headcount_error *e)
{
    const struct hc_credentials *given = ud;
    const struct hc_identity who = hc_credentials_view(given);

    (void)job;
    (void)now;
    if (who.key_id.n == 0)
        return 0;
    int err = hc_credentials_put(out, &who, e);

    out->features = HC_FEATURE_CODE;
    return err < 0 ? err : 1;
}

struct hc_creds_provider hc_creds_given(struct hc_credentials *given)
{
    return (struct hc_creds_provider){ "the program", creds_given_ask, given,
                                       false };
}
