/* ecs/shapes.h - what several operations share: failures, tags, constraints,
 * and the members of requests.  reconcile/snapshot uses it too, because it
 * reads and writes the same forms. */
#ifndef HC_ECS_SHAPES_H
#define HC_ECS_SHAPES_H

#include "ecs/ops.h"

/* Ids of the members of the shapes below; those of an operation are lower. */
enum { PART_FAILURE_ARN = 100, PART_FAILURE_REASON, PART_FAILURE_DETAIL,
       PART_TAG_KEY, PART_TAG_VALUE, PART_CONSTRAINT_TYPE,
       PART_CONSTRAINT_TEXT };

extern const struct hc_view_member hc_ecs_failure_shape[];
extern const struct hc_view_member hc_ecs_tag_shape[];
extern const struct hc_view_member hc_ecs_constraint_shape[];

/* Takes a member of a failure; other items are left alone. */
void hc_ecs_shape_failure(struct hc_ecs_failure *f, struct hc_arena *arena,
                         const struct hc_view_item *item);
/* A new tag at the front (item is VIEW_BEGIN of one), or a member of it. */
void hc_ecs_shape_tag(struct hc_ecs_tag **tags, struct hc_arena *arena,
                     const struct hc_view_item *item);
/* A new text at the front. */
void hc_ecs_shape_text(struct hc_ecs_text **list, struct hc_arena *arena,
                      struct hc_str s);
/* A copy of the share at the end: ECS deals tasks in the order of a strategy.
 * Its name is kept already. */
void hc_ecs_shape_share(struct hc_ecs_share **list, struct hc_arena *arena,
                       const struct hc_ecs_share *share);
/* A member of a constraint; other items are left alone. */
void hc_ecs_shape_constraint(struct hc_ecs_constraint *c,
                             struct hc_arena *arena,
                             const struct hc_view_item *item);
/* Ends one constraint and adds its expression to the list.  False: a
 * constraint that this version does not know may say which hosts. */
bool hc_ecs_shape_constraint_end(const struct hc_ecs_constraint *c,
                                struct hc_arena *arena,
                                struct hc_ecs_text **list);
/* A host as DescribeContainerInstances describes it.  hc_ecs_shape_host takes
 * all items of its shape. */
extern const struct hc_view_member hc_ecs_host_shape[];
void hc_ecs_shape_host_init(struct hc_ecs_host *h);
void hc_ecs_shape_host(struct hc_ecs_host_part *p, struct hc_ecs_host *h,
                      const struct hc_view_item *item);
/* {"cluster":"..." with the object left open. */
void hc_ecs_put_cluster(struct hc_buf *out, struct hc_str cluster);
/* "key":["...",...] with a comma before it where one is due. */
void hc_ecs_put_list(struct hc_buf *out, const char *key,
                     const struct hc_str *items, size_t n);

#endif
