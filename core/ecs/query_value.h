/* ecs/query_value.h - how the cluster query language orders what it compares.
 *
 * Values are numbers where both sides are plain decimals ("-1.5", ".5", "2e3"),
 * exactly and not as a double would, and bytes otherwise: "nan", "inf" and
 * "1_000" are text.  Versions are ordered number by number, and "1.2" comes
 * before "1.2.0".  A time is RFC 3339; without a zone it is in UTC, a date
 * alone is its first moment.
 */
#ifndef HC_ECS_QUERY_VALUE_H
#define HC_ECS_QUERY_VALUE_H

#include <stdbool.h>

#include "base/str.h"

/* < 0, 0, > 0. */
int hc_query_value_cmp(struct hc_str a, struct hc_str b);
int hc_query_version_cmp(struct hc_str a, struct hc_str b);
/* "1", "1.20.3": digits between points. */
bool hc_query_is_version(struct hc_str s);
bool hc_query_is_integer(struct hc_str s);
bool hc_query_get_time(struct hc_str s, int64_t *wall);

#endif
