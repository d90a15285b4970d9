/* aws/service_set.h - the services that the calls of one handle are made to,
 * each kept once: a pointer to it is good until fini, and the same for the same
 * service. */
#ifndef HC_AWS_SERVICE_SET_H
#define HC_AWS_SERVICE_SET_H

#include "aws/service.h"
#include "base/alloc.h"

/* 152, and operations with another endpoint than their service. */
#define HC_SERVICE_SET_MAX 256

struct hc_service_kept;                  /* private to service_set.c         */

struct hc_service_set {
    struct hc_service own[HC_SERVICE_COUNT]; /* filled when needed           */
    struct hc_service_kept *kept;            /* the others                   */
    size_t kept_n;
    const struct hc_alloc *alloc;
};

void hc_service_set_init(struct hc_service_set *s,
                         const struct hc_alloc *alloc);
void hc_service_set_fini(struct hc_service_set *s); /* s may be all zero    */

/* One of our own. */
const struct hc_service *hc_service_set_own(struct hc_service_set *s,
                                            enum hc_service_id index);
/* One that speaks JSON, by any of its names.  NULL: HEADCOUNT_ECONFIG (there is
 * none of this name), HEADCOUNT_ELIMIT, HEADCOUNT_ENOMEM. */
const struct hc_service *hc_service_set_find(struct hc_service_set *s,
                                             struct hc_str name,
                                             struct headcount_error *e);
/* One that the caller describes; its texts are copied.  NULL: HEADCOUNT_EARG,
 * HEADCOUNT_ELIMIT, HEADCOUNT_ENOMEM. */
const struct hc_service *
hc_service_set_describe(struct hc_service_set *s,
                        const struct hc_service_given *given,
                        struct headcount_error *e);
/* The same service for one operation, which may have another host, no
 * signature, or no answer in JSON.  NULL: HEADCOUNT_ELIMIT,
 * HEADCOUNT_ENOMEM. */
const struct hc_service *hc_service_set_narrow(struct hc_service_set *s,
                                               const struct hc_service *service,
                                               struct hc_str operation,
                                               struct headcount_error *e);

#endif
