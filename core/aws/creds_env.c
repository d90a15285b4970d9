/* aws/creds_env.c - credentials from the environment (aws/creds_env.h).
 *
 * A key without its secret is an error: the next provider might give the
 * credentials of somebody else.  A secret alone is none of AWS's tools' reasons
 * to stop.
 */
#include "aws/creds_env.h"

static struct hc_str creds_env_get(const struct hc_system *sys,
                                   const char *name)
{
    return hc_str(sys->getenv(sys->ud, name));
}

/* AWS_CREDENTIAL_EXPIRATION, which `aws configure export-credentials` sets
 * beside the keys. */
static int creds_env_expiry(const struct hc_system *sys,
                            struct hc_credentials *out,
                            struct headcount_error *e)
{
    struct hc_str text = creds_env_get(sys, "AWS_CREDENTIAL_EXPIRATION");

    if (text.n == 0)
        return 0;
    if (!hc_time_get_rfc3339(text, &out->expires))
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                            "AWS_CREDENTIAL_EXPIRATION is `%.*s`: it has to "
                            "look like 2030-01-31T12:00:00Z",
                            HC_STR_ARG(text));
    if (sys->wall(sys->ud) >= out->expires)
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS, "the credentials in the "
                            "environment expired at %.*s "
                            "(AWS_CREDENTIAL_EXPIRATION): fetch new ones",
                            HC_STR_ARG(text));
    return 0;
}

static int creds_env_ask(void *ud, struct hc_job *job, int64_t now,
                         struct hc_credentials *out, struct headcount_error *e)
{
    const struct hc_system *sys = ud;
    struct hc_identity who = {
        creds_env_get(sys, "AWS_ACCESS_KEY_ID"),
        creds_env_get(sys, "AWS_SECRET_ACCESS_KEY"),
        creds_env_get(sys, "AWS_SESSION_TOKEN")
    };

    (void)job;
    (void)now;
    if (who.key_id.n == 0) {
        hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                     "AWS_ACCESS_KEY_ID is not set%s",
                     who.secret.n > 0 ? ", AWS_SECRET_ACCESS_KEY is" : "");
        return 0;
    }
    if (who.secret.n == 0)
        return hc_error_set(e, HEADCOUNT_ECREDENTIALS,
                            "AWS_ACCESS_KEY_ID is set and "
                            "AWS_SECRET_ACCESS_KEY is not: set both or "
                            "neither");
    if (who.token.n == 0)
        who.token = creds_env_get(sys, "AWS_SECURITY_TOKEN");

    int err = hc_credentials_put(out, &who, e);

    if (err == 0)
        err = creds_env_expiry(sys, out, e);
    out->features = HC_FEATURE_ENV;
    return err < 0 ? err : 1;
}

struct hc_creds_provider hc_creds_env(struct hc_system *sys)
{
    return (struct hc_creds_provider){ "environment", creds_env_ask, sys,
                                       false };
}
