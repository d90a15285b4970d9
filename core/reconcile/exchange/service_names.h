/* reconcile/exchange/service_names.h - what lists of services share, whether
 * they are of a cluster or by tags. */
#ifndef HC_RECONCILE_EXCHANGE_SERVICE_NAMES_H
#define HC_RECONCILE_EXCHANGE_SERVICE_NAMES_H

#include "base/json.h"
#include "reconcile/exchange/exchange.h"

/* True: the ARN is of a service in this cluster; *arn has its parts. */
bool hc_service_names_has(struct hc_run *r, struct hc_str text,
                          struct hc_arn *arn);
/* Adds a service to the list. 0 or a code with x->error set. */
int hc_service_names_add(struct hc_run *r, struct hc_exchange *x,
                         struct hc_str text);
/* The function `learn` of both classes; `add` is called for each ARN of a
 * page. */
int hc_service_names_learn(struct hc_run *r, struct hc_exchange *x,
                           int (*add)(struct hc_run *, struct hc_exchange *,
                                      struct hc_str));
/* The services that a snapshot has and `is_in` takes (NULL: all of them), of
 * the list's launch type.  1, or HEADCOUNT_ENOMEM. */
int hc_service_names_offline(struct hc_run *r, struct hc_exchange *x,
                             bool (*is_in)(const struct hc_ecs_service *,
                                           const struct hc_json_doc *),
                             const struct hc_json_doc *tags);

#endif
