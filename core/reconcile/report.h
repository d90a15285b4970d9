/* reconcile/report.h - what came of it: the report in memory, and the only
 * writer of the JSON report (format_version 1.0).
 *
 * Text is NUL-terminated and const; it belongs to the reconcile (or the owner)
 * that filled it in.  Order is the order asked for: clusters as named, services
 * as wished.
 */
#ifndef HC_RECONCILE_REPORT_H
#define HC_RECONCILE_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "ecs/records.h"
#include "net/stats.h"

#define HC_RESULTS 6                 /* of enum headcount_result */

struct hc_report {
    bool dry_run;
    const char *skipped_event;               /* NULL: not skipped          */
    const char *skipped_because;             /* or NULL                    */
    const struct headcount_cluster *const *clusters;
    size_t clusters_n;
    const char *const *missing_services;     /* in none of the clusters    */
    size_t missing_services_n;
    const struct hc_records *records; /* judged; NULL: no Records   */
    struct headcount_stats stats;
    int64_t elapsed_us;
};

const char *hc_result_name(enum headcount_result o);          /* "updated" */
/* Copies a cluster's rows with their texts into the arena: `to` outlives the
 * run.  Without memory the arena has the error. */
void hc_report_copy(struct headcount_cluster *to,
                    const struct headcount_cluster *from,
                    struct hc_arena *arena);
/* Services by outcome; a cluster with an error and no services counts once in
 * [HEADCOUNT_FAILED], and so does a service that no cluster has. */
void hc_report_sum(const struct hc_report *r, size_t summary[HC_RESULTS]);
/* Writes one JSON document, without a newline after it. */
void hc_report_put(struct hc_buf *out, const struct hc_report *r);
/* The same in parts, where not all clusters are in memory at once: head, each
 * cluster, tail. */
void hc_report_put_head(struct hc_buf *out, const struct hc_report *r);
void hc_report_put_cluster(struct hc_buf *out,
                           const struct headcount_cluster *c);
void hc_report_put_tail(struct hc_buf *out, const struct hc_report *r,
                        const size_t summary[HC_RESULTS]);

#endif
