/* aws/endpoint.c - where a service lives (contract: aws/endpoint.h).
 *
 *     https://<prefix>[-fips].<region>.<suffix of the partition>
 *
 * That is the whole rule for the services of aws/service.h, with two exceptions
 * from AWS's own rule sets: some services serve FIPS in us-gov under the plain
 * name, and DynamoDB's region `local` is a port on this host.
 */
#include "aws/endpoint.h"

#include <string.h>

#include "base/text.h"

struct endpoint_partition {
    const char *regions;           /* what they begin with                   */
    const char *id;
    const char *suffix, *dualstack;
    const char *home;
};

/* The first row that fits counts; the last one takes all other regions. */
static const struct endpoint_partition endpoint_partitions[] = {
    { "cn-",      "aws-cn",     "amazonaws.com.cn",
      "api.amazonwebservices.com.cn", "cn-north-1" },
    { "us-gov-",  "aws-us-gov", "amazonaws.com",   "api.aws", "us-gov-west-1" },
    { "eusc-",    "aws-eusc",   "amazonaws.eu",    "api.amazonwebservices.eu",
      "eusc-de-east-1" },
    { "us-iso-",  "aws-iso",    "c2s.ic.gov",      "api.aws.ic.gov",
      "us-iso-east-1" },
    { "us-isob-", "aws-iso-b",  "sc2s.sgov.gov",   "api.aws.scloud",
      "us-isob-east-1" },
    { "eu-isoe-", "aws-iso-e",  "cloud.adc-e.uk",  "api.cloud-aws.adc-e.uk",
      "eu-isoe-west-1" },
    { "us-isof-", "aws-iso-f",  "csp.hci.ic.gov",  "api.aws.hci.ic.gov",
      "us-isof-south-1" },
    { "",         "aws",        "amazonaws.com",   "api.aws", "us-east-1" },
};

#define ENDPOINT_PARTITIONS \
    (sizeof(endpoint_partitions) / sizeof(*endpoint_partitions))

static const struct endpoint_partition *endpoint_find(struct hc_str region)
{
    size_t i = 0;

    while (!hc_str_starts(region, hc_str(endpoint_partitions[i].regions)))
        i++;
    return &endpoint_partitions[i];
}

const char *hc_endpoint_partition(struct hc_str region)
{
    return endpoint_find(region)->id;
}

const char *hc_endpoint_home(struct hc_str partition)
{
    for (size_t i = 0; i < ENDPOINT_PARTITIONS; i++)
        if (hc_str_eqz(partition, endpoint_partitions[i].id))
            return endpoint_partitions[i].home;
    return NULL;
}

bool hc_endpoint_is_region(struct hc_str region)
{
    if (region.n == 0 || region.n > HC_REGION_MAX || region.p[0] == '-' ||
        region.p[region.n - 1] == '-')
        return false;
    for (size_t i = 0; i < region.n; i++) {
        char c = region.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

static void endpoint_copy(char *to, size_t cap, struct hc_str s)
{
    size_t n = s.n < cap ? s.n : cap - 1;

    if (n > 0)
        memcpy(to, s.p, n);
    to[n] = '\0';
}

static void endpoint_by_rules(struct hc_endpoint *out,
                              const struct hc_endpoint_ask *ask)
{
    const struct endpoint_partition *p = endpoint_find(ask->region);
    bool fips = ask->use_fips;

    if (ask->service->plain_gov_fips && !ask->use_dualstack &&
        strcmp(p->id, "aws-us-gov") == 0)
        fips = false;
    out->origin.tls = true;
    out->origin.port = 443;
    hc_fmt(out->origin.host, sizeof(out->origin.host), "%s%s.%.*s.%s",
           ask->service->prefix, fips ? "-fips" : "",
           HC_STR_ARG(ask->region),
           ask->use_dualstack ? p->dualstack : p->suffix);
}

static bool endpoint_is_aws(struct hc_str host)
{
    for (size_t i = 0; i < ENDPOINT_PARTITIONS; i++) {
        const struct endpoint_partition *p = &endpoint_partitions[i];
        struct hc_str suffixes[] = { hc_str(p->suffix), hc_str(p->dualstack) };

        for (size_t k = 0; k < 2; k++)
            if (host.n > suffixes[k].n && hc_str_ends(host, suffixes[k]) &&
                host.p[host.n - suffixes[k].n - 1] == '.')
                return true;
    }
    return false;
}

/* A base path stays in front of the one "/" that every operation is sent to:
 * "/ecs" and "/ecs/" are both the target "/ecs/". */
static int endpoint_by_url(struct hc_endpoint *out,
                           const struct hc_endpoint_ask *ask,
                           struct headcount_error *e)
{
    struct hc_url url;

    if (ask->use_fips || ask->use_dualstack)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "the endpoint URL %.*s cannot be "
                            "combined with %s: unset one of them",
                            HC_STR_ARG(ask->url),
                            ask->use_fips ? "AWS_USE_FIPS_ENDPOINT"
                                          : "AWS_USE_DUALSTACK_ENDPOINT");

    int err = hc_url_get(&url, ask->url, e);

    if (err < 0)
        return err;
    if (url.query.n > 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "the endpoint URL %.*s has a "
                            "query: give scheme, host, port and path only",
                            HC_STR_ARG(ask->url));
    while (url.path.n > 0 && url.path.p[url.path.n - 1] == '/')
        url.path.n--;
    if (url.path.n + 1 > HC_ENDPOINT_PATH)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "the path of the endpoint URL is "
                            "longer than %d bytes",
                            HC_ENDPOINT_PATH);
    out->origin = url.origin;
    out->custom = true;
    hc_fmt(out->path, sizeof(out->path), "%.*s/", HC_STR_ARG(url.path));
    return 0;
}

static void endpoint_put_host(struct hc_endpoint *out)
{
    const struct hc_origin *o = &out->origin;
    bool is_v6 = hc_str_find(hc_str(o->host), ':') < strlen(o->host);
    size_t n = hc_fmt(out->host, sizeof(out->host), is_v6 ? "[%s]" : "%s",
                      o->host);

    out->is_aws = endpoint_is_aws(hc_str(o->host));
    if (o->port != (o->tls ? 443 : 80))
        hc_fmt(out->host + n, sizeof(out->host) - n, ":%u", (unsigned)o->port);
}

int hc_endpoint_get(struct hc_endpoint *out, const struct hc_endpoint_ask *ask,
                    struct headcount_error *e)
{
    struct hc_endpoint_ask asked = *ask;
    struct hc_str region = ask->region;
    int err = 0;

    if (region.n == 0)
        return hc_error_set(e, HEADCOUNT_EREGION, "no AWS region is known: set "
                            "AWS_REGION or give config.region");
    /* The region becomes a part of a host name. */
    if (!hc_endpoint_is_region(region))
        return hc_error_set(e, HEADCOUNT_EREGION,
                            "`%.*s` is no AWS region: it has to look like "
                            "eu-west-1 (AWS_REGION, config.region)",
                            HC_STR_ARG(region));
    if (ask->service->index == HC_SERVICE_DYNAMODB &&
        hc_str_eqz(region, "local")) {             /* DynamoDB Local */
        region = HC_STR("us-east-1");
        if (asked.url.n == 0)
            asked.url = HC_STR("http://localhost:8000");
    }
    memset(out, 0, sizeof(*out));
    out->service = ask->service;
    endpoint_copy(out->region, sizeof(out->region), region);
    endpoint_copy(out->path, sizeof(out->path), HC_STR("/"));
    if (asked.url.n > 0)
        err = endpoint_by_url(out, &asked, e);
    else
        endpoint_by_rules(out, &asked);
    if (err < 0)
        return err;
    endpoint_put_host(out);
    return 0;
}

void hc_endpoint_of(struct hc_endpoint *out, const struct hc_origin *origin)
{
    *out = (struct hc_endpoint){ .origin = *origin, .path = "/",
                                 .custom = true };
    endpoint_put_host(out);
}

const struct hc_anchors *hc_endpoint_anchors(const struct hc_endpoint *at,
                                             const struct hc_anchors *bundle,
                                             const struct hc_anchors *others)
{
    if (!at->origin.tls)
        return NULL;
    if (bundle->n > 0)
        return bundle;
    if (!at->is_aws && others->n > 0)
        return others;
    return hc_anchors_amazon();
}
