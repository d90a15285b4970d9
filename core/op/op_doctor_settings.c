/* op/op_doctor_settings.c - what is configured, and by whom: region, profile,
 * sweep, credentials. */
#include "op/op_doctor.h"

#include "aws/principal.h"

#define SETTINGS_LINE ((size_t)16 << 10)

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

    d->region = d->op.params.region != NULL ? hc_str(d->op.params.region)
                : config->region.n > 0      ? config->region
                                            : hc_doctor_arn_region(d);
    if (d->region.n > 0)
        hc_doctor_say(d, "oregion|region|", "%.*s, from %s",
                      HC_STR_ARG(d->region), from);
    else
        hc_doctor_say(d, "eregion|region|set AWS_REGION or config.region",
                      "none is set, so no endpoint is known");
}

/* A fault of the files is told even where nothing needs them now. */
static void settings_profile(struct op_doctor *d)
{
    const struct hc_config *config = &d->op.h->config;

    if (config->fault.code != 0)
        hc_doctor_say(d, "wprofile|profile|correct it: nothing is used of the "
                         "files of ~/.aws", "%s", config->fault.what);
    else
        hc_doctor_say(d, "oprofile|profile|", "%.*s, %s%s%s",
                      HC_STR_ARG(config->profile),
                      *config->profile_from != '\0' ? "named by "
                                                    : "because none is named",
                      config->profile_from,
                      config->has_profile ? "" : "; it is in no file");
}

int hc_doctor_settings(struct op_doctor *d)
{
    settings_region(d);
    settings_profile(d);
    if (d->request.sweeps)
        hc_doctor_say(d, "osweep|sweep|", "one is configured: it repairs what "
                      "no event reports");
    else
        hc_doctor_say(d, "wsweep|sweep|run watch, or a Lambda function on a "
                      "schedule, with HEADCOUNT_CLUSTERS or HEADCOUNT_ALL",
                      "none is configured: lost events, and changes that cause "
                      "none, are never repaired");
    return 1;
}

/* ---- credentials ---- */

/* Each place where credentials may be configured: those that are, with file and
 * line and why they are (not) used, then the names of the others. */
static void settings_chain(struct op_doctor *d)
{
    const struct hc_client *client = &d->op.h->client;
    const struct hc_principal_ask ask = { .config = client->config,
                                          .sys = &d->op.h->net.sys,
                                          .given = client->given.key_id_n > 0 };
    struct headcount_error why = { .code = 0 };   /* the credentials say it */
    struct hc_principal found = { .place = PLACE_NOWHERE };
    struct doctor_list absent = { NULL, 0 };
    struct hc_buf line;

    hc_principal_find(&found, &ask, &why);
    hc_buf_init(&line, &d->op.h->net.sys.alloc, SETTINGS_LINE);
    for (int i = PLACE_PROGRAM; i < PLACE_NOWHERE; i++)
        if (found.use[i] == PLACE_ABSENT) {
            hc_doctor_list(d, &absent, hc_place_name((enum hc_place)i));
        } else {
            hc_place_put(&found, client->config, (enum hc_place)i, &line);
            hc_buf_lit(&line, "; ");
        }
    hc_doctor_say(d, "ochain|chain|", "%snot configured: %s", hc_buf_z(&line),
                  hc_doctor_names(d, &absent));
    d->no_memory |= hc_buf_error(&line) == HEADCOUNT_ENOMEM;
    hc_buf_fini(&line);
}

static void creds_tell(struct op_doctor *d)
{
    int64_t left = d->creds.expires;
    int64_t minutes;

    d->signs = true;
    hc_doctor_say(d, "ocredentials|credentials|", "from the %s",
                  d->creds.source);
    if (left == HC_NEVER) {
        hc_doctor_say(d, "oexpiry|expiry|", "these credentials do not expire");
        return;
    }
    left -= hc_wall(&d->op.h->net.sys) + d->op.h->client.skew;
    minutes = left / (60 * HC_SECOND);
    if (left > 0)
        hc_doctor_say(d, "oexpiry|expiry|", "in %lld h %lld min",
                      (long long)(minutes / 60), (long long)(minutes % 60));
    else
        hc_doctor_say(d, "wexpiry|expiry|look at their source",
                      "these credentials have expired, and their source gives "
                      "no others");
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
        hc_doctor_say(d, "ocredentials|credentials|",
                      "requests are not signed (config.no_sign_request)");
        return 1;
    }
    if (d->phase++ == 0)
        settings_chain(d);
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
        hc_doctor_say_why(d, "ecredentials|credentials|");
    return 1;
}
