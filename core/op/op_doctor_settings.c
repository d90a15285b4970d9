/* op/op_doctor_settings.c - what is configured, and by whom: region, profile,
 * sweep, credentials. */
#include "op/op_doctor.h"

/* ---- settings ---- */

struct hc_str hc_doctor_arn_region(const struct op_doctor *d)
{
    struct hc_arn arn;

    for (size_t i = 0; i < d->request.clusters_n; i++)
        if (hc_arn_cluster(&arn, hc_str(d->request.clusters[i]), NULL) == 0 &&
            hc_arn_is_full(&arn))
            return arn.region;
    return HC_STR("");
}

static void settings_region(struct op_doctor *d)
{
    struct hc_config *config = &d->op.h->config;
    const char *from = d->op.params.region != NULL ? "the program"
                       : config->region.n > 0      ? config->region_from
                                                   : "the ARN of a cluster";
    struct headcount_finding f = { .code = "region", .what = "region" };

    d->region = d->op.params.region != NULL ? hc_str(d->op.params.region)
                : config->region.n > 0      ? config->region
                                            : hc_doctor_arn_region(d);
    if (d->region.n > 0) {
        f.text = hc_doctor_fmt(d, "%.*s, from %s", HC_STR_ARG(d->region), from);
    } else {
        f.level = HEADCOUNT_ERROR;
        f.text = "none is set, so no endpoint is known";
        f.advice = "set AWS_REGION or config.region";
    }
    hc_doctor_add(d, f);
}

/* A fault of the files is told even where nothing needs them now. */
static void settings_profile(struct op_doctor *d)
{
    const struct hc_config *config = &d->op.h->config;

    hc_doctor_add(d, (struct headcount_finding){
        .level = config->fault.code != 0 ? HEADCOUNT_WARNING : HEADCOUNT_FINE,
        .code = "profile", .what = "profile",
        .text = config->fault.code != 0
                    ? hc_doctor_fmt(d, "%s", config->fault.what)
                    : hc_doctor_fmt(d, "%.*s, %s%s%s",
                                    HC_STR_ARG(config->profile),
                                    *config->profile_from != '\0'
                                        ? "named by " : "named by nobody",
                                    config->profile_from,
                                    config->has_profile
                                        ? "" : "; it is in no file") });
}

int hc_doctor_settings(struct op_doctor *d)
{
    settings_region(d);
    settings_profile(d);
    if (d->request.sweeps)
        hc_doctor_add(d, (struct headcount_finding){
            .code = "sweep", .what = "sweep",
            .text = "one is configured: it repairs what no event reports" });
    else
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_WARNING, .code = "sweep", .what = "sweep",
            .text = "none is configured: lost events, and changes that cause "
                    "none, are never repaired",
            .advice = "run watch, or a Lambda function on a schedule, with "
                      "HEADCOUNT_CLUSTERS or HEADCOUNT_ALL" });
    return 1;
}

/* ---- credentials ---- */

/* "3 h 12 min" */
static const char *creds_left(struct op_doctor *d, int64_t left)
{
    int64_t minutes = left / (60 * HC_SECOND);

    return hc_doctor_fmt(d, "%lld h %lld min", (long long)(minutes / 60),
                         (long long)(minutes % 60));
}

static void creds_tell(struct op_doctor *d)
{
    const struct hc_creds *c = d->op.creds;
    int64_t left = d->creds.expires == HC_NEVER
                       ? HC_NEVER
                       : d->creds.expires - hc_wall(&d->op.h->net.sys) -
                             d->op.h->client.skew;

    d->signs = true;
    hc_doctor_add(d, (struct headcount_finding){
        .code = "credentials", .what = "credentials",
        .text = hc_doctor_fmt(d, "from the %s%s%s", d->creds.source,
                              c->tried_n > 0 ? "; before it: " : "",
                              c->tried_n > 0 ? c->tried : "") });
    hc_doctor_add(d, (struct headcount_finding){
        .level = left <= 0 ? HEADCOUNT_WARNING : HEADCOUNT_FINE,
        .code = "expiry", .what = "expiry",
        .text = left == HC_NEVER ? "these credentials do not expire"
                : left <= 0      ? "these credentials have expired, and their "
                                   "source gives no others"
                                 : hc_doctor_fmt(d, "in %s",
                                                 creds_left(d, left)),
        .advice = left <= 0 ? "look at the source of the credentials" : "" });
}

int hc_doctor_credentials(struct op_doctor *d, int64_t now)
{
    const struct hc_creds_ask ask = {
        .waiter = &d->waiter, .job = &d->op.job,
        .stats = &d->op.stats, .timings = &d->op.timings,
    };
    const struct hc_role role =
        hc_op_role(&d->op, hc_str(d->op.params.assume_role));
    int got;

    if (d->op.h->no_sign) {
        hc_doctor_add(d, (struct headcount_finding){
            .code = "credentials", .what = "credentials",
            .text = "requests are not signed (config.no_sign_request)" });
        return 1;
    }
    if (d->op.creds == NULL)
        d->op.creds = hc_client_creds(&d->op.h->client, &role, &d->why);
    got = d->op.creds == NULL
              ? d->why.code
              : hc_creds_get(d->op.creds, &ask, now, &d->creds, &d->why);
    if (got == 0)
        return 0;
    if (got == 1)
        creds_tell(d);
    else
        hc_doctor_add(d, (struct headcount_finding){
            .level = HEADCOUNT_ERROR, .code = "credentials",
            .what = "credentials",
            .text = hc_doctor_fmt(d, "%s", d->why.what) });
    d->no_memory |= got == HEADCOUNT_ENOMEM;
    hc_error_reset(&d->why);
    return 1;
}
