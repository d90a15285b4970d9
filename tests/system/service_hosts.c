/* tests/system/service_hosts.c - for test_services.py: lines of
 * "SERVICE REGION FLAG [OPERATION]" in, "HOST REGION" out, or "! !" where
 * there is no endpoint. */
#include <stdio.h>
#include <string.h>

#include "aws/catalog.h"

int main(void)
{
    char line[256];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct hc_str rest = hc_str_n(line, strcspn(line, "\n"));
        struct hc_catalog_row row;
        struct hc_catalog_place place;
        struct headcount_error error = { 0 };
        bool known = hc_catalog_find(&row, hc_str_cut(&rest, ' '));
        struct hc_catalog_ask ask = { .row = &row,
                                       .region = hc_str_cut(&rest, ' ') };

        struct hc_str flag = hc_str_cut(&rest, ' ');

        ask.use_fips = hc_str_eqz(flag, "f") || hc_str_eqz(flag, "b");
        ask.use_dualstack = hc_str_eqz(flag, "d") || hc_str_eqz(flag, "b");
        if (known)
            hc_catalog_narrow(&row, rest);
        if (known && hc_catalog_host(&place, &ask, &error) == 0)
            printf("%s %s\n", place.host, place.region);
        else
            puts("! !");
    }
    return 0;
}
