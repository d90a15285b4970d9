/* peers/demo_ecs.h - the ECS of `make demo`: the cluster prod with hosts that
 * join and drain, and the service web.
 *
 * Used by: demo_ecs_test.c.
 * Instead of moto: moto needs 355 MB of Python packages, and a stranger's first
 * minutes should need a C compiler only.  `make demo MOTO=1` plays the same
 * story against moto.
 */
#ifndef PEERS_DEMO_ECS_H
#define PEERS_DEMO_ECS_H

#include "base/buf.h"

#define DEMO_ECS_HOSTS 16

struct demo_ecs {
    int desired;                         /* count of the service             */
    size_t n;                            /* hosts that joined                */
    bool draining[DEMO_ECS_HOSTS];
};

/* Appends the JSON that answers `operation`, and returns the HTTP status.
 * `body` is the request's. */
int demo_ecs_answer(struct demo_ecs *ecs, const char *operation,
                    const char *body, struct hc_buf *out);

#endif
