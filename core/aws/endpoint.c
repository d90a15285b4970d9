/* aws/endpoint.c - where a service lives (contract: aws/endpoint.h).
 *
 * The catalog has the hosts of AWS.  DynamoDB's region `local` is none of them:
 * it is a port on this host.
 */
#include "aws/endpoint.h"

#include <string.h>

#include "base/text.h"

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

static int endpoint_by_rules(struct hc_endpoint *out,
                             const struct hc_endpoint_ask *ask,
                             struct headcount_error *e)
{
    const struct hc_catalog_ask asked = {
        .row = &ask->service->row, .region = ask->region,
        .use_fips = ask->use_fips, .use_dualstack = ask->use_dualstack,
    };
    struct hc_catalog_place place;
    int err = hc_catalog_host(&place, &asked, e);

    if (err < 0)
        return err;
    out->origin.tls = true;
    out->origin.port = 443;
    hc_str_copy(out->origin.host, sizeof(out->origin.host),
                  hc_str(place.host));
    hc_str_copy(out->region, sizeof(out->region), hc_str(place.region));
    return 0;
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
                            "the endpoint URL cannot be "
                            "combined with %s: unset one of them",
                            ask->use_fips ? "AWS_USE_FIPS_ENDPOINT"
                                          : "AWS_USE_DUALSTACK_ENDPOINT");

    int err = hc_url_get(&url, ask->url, e);

    if (err < 0)
        return err;
    if (url.query.n > 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "the endpoint URL has a "
                            "query: give scheme, host, port and path only");
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

    out->is_aws = hc_catalog_is_aws(hc_str(o->host));
    if (o->port != (o->tls ? 443 : 80))
        hc_fmt(out->host + n, sizeof(out->host) - n, ":%u", (unsigned)o->port);
}

int hc_endpoint_check_region(struct hc_str region, struct headcount_error *e)
{
    if (region.n == 0)
        return hc_error_set(e, HEADCOUNT_EREGION, "no AWS region is known: set "
                            "AWS_REGION or give config.region");
    if (!hc_endpoint_is_region(region))
        return hc_error_set(e, HEADCOUNT_EREGION,
                            "`%.*s` is no AWS region: it has to look like "
                            "eu-west-1 (AWS_REGION, config.region)",
                            HC_STR_ARG(region));
    return 0;
}

int hc_endpoint_get(struct hc_endpoint *out, const struct hc_endpoint_ask *ask,
                    struct headcount_error *e)
{
    struct hc_endpoint_ask asked = *ask;
    struct hc_str region = ask->region;
    int err = hc_endpoint_check_region(region, e);

    if (err < 0)
        return err;
    if (ask->service->index == HC_SERVICE_DYNAMODB &&
        hc_str_eqz(region, "local")) {             /* DynamoDB Local */
        region = HC_STR("us-east-1");
        if (asked.url.n == 0)
            asked.url = HC_STR("http://localhost:8000");
    }
    memset(out, 0, sizeof(*out));
    out->service = ask->service;
    hc_str_copy(out->region, sizeof(out->region), region);
    hc_str_copy(out->path, sizeof(out->path), HC_STR("/"));
    if (asked.url.n > 0)
        err = endpoint_by_url(out, &asked, e);
    else
        err = endpoint_by_rules(out, &asked, e);
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
