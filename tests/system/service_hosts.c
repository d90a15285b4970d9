/* tests/system/service_hosts.c - for test_services.py.  Lines in, lines out:
 *
 *   SERVICE REGION FLAG [OPERATION]    HOST REGION, or "! !" where there is no
 *                                      endpoint, as a call has them
 *   OURS REGION FLAG                   likewise of a service of our own
 *   SERVICE = OPERATION                its name on the wire, '-' if it is
 *                                      signed, '~' if it answers a stream
 *   SERVICE @                          X of AWS_ENDPOINT_URL_X
 */
#include <stdio.h>
#include <string.h>

#include "aws/endpoint.h"

static struct hc_service service;

static bool find(struct hc_str name)
{
    if (hc_service_get(&service, name, NULL) == 0)
        return true;
    for (int i = HC_SERVICE_STS; i < HC_SERVICE_COUNT; i++) {
        hc_service_own(&service, (enum hc_service_id)i);
        if (hc_str_eqz(name, service.id))
            return true;
    }
    return false;
}

static void put_host(struct hc_str region, struct hc_str flag)
{
    struct hc_endpoint_ask ask = { .service = &service, .region = region };
    struct hc_endpoint at;

    ask.use_fips = hc_str_eqz(flag, "f") || hc_str_eqz(flag, "b");
    ask.use_dualstack = hc_str_eqz(flag, "d") || hc_str_eqz(flag, "b");
    if (hc_endpoint_get(&at, &ask, NULL) == 0)
        printf("%s %s\n", at.host, at.region);
    else
        puts("! !");
}

static void put_operation(struct hc_str given)
{
    char name[HC_OPERATION_MAX + 1];

    hc_catalog_operation(name, sizeof(name), &service.row, given);
    hc_catalog_narrow(&service.row, hc_str(name));
    printf("%s %s%s\n", name, service.row.is_unsigned ? "" : "-",
           service.row.is_stream ? "~" : "");
}

int main(void)
{
    char line[256];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct hc_str rest = hc_str_n(line, strcspn(line, "\n"));
        bool known = find(hc_str_cut(&rest, ' '));
        struct hc_str region = hc_str_cut(&rest, ' ');

        if (!known) {
            puts("? ?");
        } else if (hc_str_eqz(region, "@")) {
            puts(service.env);
        } else if (hc_str_eqz(region, "=")) {
            put_operation(rest);
        } else {
            struct hc_str flag = hc_str_cut(&rest, ' ');

            hc_catalog_narrow(&service.row, rest);
            put_host(region, flag);
        }
    }
    return 0;
}
