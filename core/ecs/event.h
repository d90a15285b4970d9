/* ecs/event.h - what an event asks for: an envelope becomes clusters.
 *
 *   source aws.ecs, "ECS Container Instance State Change" -> that cluster
 *   the detail of such an event, alone                    -> that cluster
 *   source aws.ecs, "AWS API Call via CloudTrail" of UpdateContainerInstances-
 *       State, PutAttributes or DeleteAttributes that succeeded
 *                                                         -> that cluster
 *   source aws.ecs, anything else                         -> skipped
 *   source aws.events or aws.scheduler, "Scheduled Event" -> the clusters of
 *                               its detail (object or string), or a sweep
 *   {"cluster": "..."}, {"clusters": [...]}               -> those
 *   anything else                                         -> HEADCOUNT_EEVENT
 *
 * A person writes the short forms, and the detail of a Scheduled Event that
 * names clusters: they may say "dry_run": true, and a member that they do not
 * have is an error.  AWS adds members to all others.
 *
 * ecs/unwrap reads the envelopes around an event.
 *
 * The event only says where to look; no count is ever taken from it.
 */
#ifndef HC_ECS_EVENT_H
#define HC_ECS_EVENT_H

#include "base/arena.h"
#include "base/err.h"

#define HC_EVENT_BYTES ((size_t)6 << 20)
#define HC_EVENT_DEPTH 128
#define HC_EVENT_CLUSTERS 2000

enum hc_event_kind {
    EVENT_NONE,        /* before get, and after an error            */
    EVENT_CLUSTERS,    /* clusters[0..n), n >= 1, each one once     */
    EVENT_SWEEP,       /* the clusters that are configured          */
    EVENT_SKIPPED      /* an aws.ecs event that is not ours         */
};

struct hc_event {
    enum hc_event_kind kind;
    struct hc_str *clusters;           /* names or ARNs, validated        */
    size_t clusters_n;
    bool named;                        /* a person wrote their names      */
    bool dry_run;                      /* nothing is to be written for it */
    struct hc_str skipped;             /* "detail_type: ECS Task ...",
                                          NUL-terminated                  */
    /* of the envelope; {"",0} or {NULL,0} where it has none */
    struct hc_str id, source, detail_type;
    struct hc_str region, account;     /* the envelope's, else its ARN's  */
    int64_t time;                      /* wall microseconds, 0 unknown    */
    /* of a container instance state change */
    int64_t version;                   /* -1 unknown                      */
    struct hc_str instance_arn, instance_status;
    struct hc_str instance_machine;    /* "i-...", of ECS Anywhere "mi-..." */

    struct hc_arena arena;               /* owns all of the above */
    size_t clusters_cap;
};

/* `text` is not needed afterwards.  0, HEADCOUNT_EEVENT (e says what and
 * where) or HEADCOUNT_ENOMEM.  Always call fini. */
int hc_event_get(struct hc_event *ev, const struct hc_alloc *a,
                 struct hc_str text, struct headcount_error *e);
void hc_event_fini(struct hc_event *ev);   /* ev may be all zero */

#endif
