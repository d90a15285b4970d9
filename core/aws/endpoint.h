/* aws/endpoint.h - where a service lives: its host of the catalog, or the URL
 * that overrides it.  Pure. */
#ifndef HC_AWS_ENDPOINT_H
#define HC_AWS_ENDPOINT_H

#include "aws/service.h"
#include "wire/anchors.h"
#include "wire/proxy.h"

#define HC_REGION_MAX 63
#define HC_ENDPOINT_PATH 1024

struct hc_endpoint_ask {
    const struct hc_service *service;
    struct hc_str region;
    struct hc_str url;             /* empty: by the partition's rules        */
    bool use_fips, use_dualstack;
};

struct hc_endpoint {
    const struct hc_service *service;
    const struct hc_proxy *proxy;  /* hc_client_find_proxy sets it; or NULL  */
    bool custom;                   /* from a URL, not from the rules         */
    bool is_aws;                   /* a host under one of AWS's own suffixes */
    struct hc_origin origin;
    char host[264];                /* Host header, NUL-terminated            */
    char region[HC_REGION_MAX + 1];      /* in the signature's scope         */
    char path[HC_ENDPOINT_PATH + 1];     /* request target: "/" or "/base"   */
};

/* 0; HEADCOUNT_EREGION (none known, or no host label: it never reaches a URL);
 * HEADCOUNT_ECONFIG (the URL, a URL with FIPS or dual stack, or AWS has no such
 * endpoint). */
int hc_endpoint_get(struct hc_endpoint *out, const struct hc_endpoint_ask *ask,
                    struct headcount_error *e);
/* That of an origin which is no service's: no service, no region. */
void hc_endpoint_of(struct hc_endpoint *out, const struct hc_origin *origin);
/* 1..63 of a-z, 0-9, '-', neither first nor last a '-', because it becomes a
 * part of a host name. */
bool hc_endpoint_is_region(struct hc_str region);
/* 0, or HEADCOUNT_EREGION: it is empty, or no region. */
int hc_endpoint_check_region(struct hc_str region, struct headcount_error *e);

#endif
