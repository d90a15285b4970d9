/* ecs/service_json.h - a service as DescribeServices would answer it: what was
 * read of it, in AWS's own form, so that the view of ecs/ops reads it back. */
#ifndef HC_ECS_SERVICE_JSON_H
#define HC_ECS_SERVICE_JSON_H

#include "ecs/ops.h"

#define HC_ECS_SAVED 5000       /* services; AWS's quota of a cluster */
#define HC_ECS_SAVED_BYTES ((size_t)64 << 20)

void hc_ecs_put_service(struct hc_buf *out, const struct hc_ecs_service *s);
/* The members of a host as DescribeContainerInstances would answer them, but
 * for its ARN, into an object that is open. */
void hc_ecs_put_host(struct hc_buf *out, const struct hc_ecs_host *h);
/* "placementConstraints":[...] into an object that is open; `distinct`: with
 * distinctInstance, `unclear`: with one that is read as such again. */
void hc_ecs_put_constraints(struct hc_buf *out, const struct hc_ecs_text *list,
                            bool distinct, bool unclear);
/* The needs of a task, as a "taskDefinition" of DescribeTaskDefinition with the
 * same needs; hc_ecs_needs_get reads it back. */
void hc_ecs_put_needs(struct hc_buf *out, const struct hc_ecs_needs *needs);
void hc_ecs_put_tags(struct hc_buf *out, const struct hc_ecs_tag *tags);
/* "services" and "failures" of a document that may hold more; what is wrong
 * with it is `what`'s fault, and `code`; it has `size` bytes. */
void hc_ecs_service_json_init(struct hc_ecs_services *v,
                              const struct hc_alloc *a, const char *what,
                              int code, size_t size);

#endif
