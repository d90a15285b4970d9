/* tests/aws/own.h - one of headcount's own services, for a test that has no
 * client to keep it. */
#ifndef TESTS_AWS_OWN_H
#define TESTS_AWS_OWN_H

#include "aws/service.h"

static const struct hc_service *service_own(enum hc_service_id index)
{
    static struct hc_service kept[HC_SERVICE_COUNT];

    hc_service_own(&kept[index], index);
    return &kept[index];
}

#endif
