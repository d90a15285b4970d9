/* reconcile/claims.h - the room that rises of this run take on hosts.
 *
 * Two services of one run may both find room for one task on the same host.
 * ECS gives it to one of them, and the provider starts a host for the other.
 * So a later wish sees each host as the rises before it may leave it.
 */
#ifndef HC_RECONCILE_CLAIMS_H
#define HC_RECONCILE_CLAIMS_H

#include "reconcile/run.h"

/* The claimed ports of one protocol; NULL: there is none. */
struct hc_claim_ports {
    struct hc_ecs_text *first, *last;
};

struct hc_claim {
    const struct hc_ecs_service *service;
    const struct hc_ecs_needs *needs;         /* of each of its tasks        */
    const struct hc_host_list *hosts;         /* that `takes` one            */
    struct hc_claim *next;
    struct hc_claim_ports tcp, udp;           /* hc_claims_add makes these   */
};

/* The service rises to these hosts.  0 or HEADCOUNT_ENOMEM. */
int hc_claims_add(struct hc_run *r, const struct hc_claim *claim);
/* The host, which is described, as tasks of other services may leave it.  Its
 * lists of ports are valid until the next call. */
struct hc_ecs_host hc_claims_left(struct hc_run *r,
                                  const struct hc_ecs_service *service,
                                  const struct hc_host *host);

#endif
