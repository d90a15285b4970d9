/* reconcile/report.h - what came of it: the report in memory, and the only
 * writer of the JSON report (format_version 1.0).
 *
 * Text is NUL-terminated and const; it belongs to the reconcile (or the owner)
 * that filled it in.  Order is the order asked for: clusters as named, services
 * as wished.
 */
#ifndef HC_RECONCILE_REPORT_H
#define HC_RECONCILE_REPORT_H

#include "base/buf.h"
#include "ecs/records.h"
#include "net/stats.h"

/* The order is public (enum headcount_result). */
enum hc_outcome { OUTCOME_UPDATED, OUTCOME_PENDING, OUTCOME_UNCHANGED,
                  OUTCOME_HELD, OUTCOME_SKIPPED, OUTCOME_FAILED };
#define HC_OUTCOMES 6

/* Members as in struct headcount_service, in that order. */
struct hc_report_service {
    const char *service;          /* as asked for                          */
    enum hc_outcome outcome;
    const char *code;             /* "", or the table's, AWS's, our E...   */
    const char *reason;           /* a sentence                            */
    int64_t desired_before, wanted, running, pending;     /* or HC_UNKNOWN */
    const char *rule;
    const char *switch_text;      /* the switch, or NULL                   */
    int64_t hosts_counted;        /* or HC_UNKNOWN                         */
    const char *hosts_by, *hosts_filter;     /* "active", ""               */
    const char *at;               /* the wish's, "" if it has none         */
};

struct hc_report_cluster {
    const char *arn, *name;       /* arn "" where it was not learned       */
    const char *error_code, *error;          /* NULL: the cluster was read */
    const struct hc_report_service *services;
    size_t services_n;
    const char *skipped;          /* "cluster_gone", or NULL               */
};

struct hc_report {
    bool dry_run;
    const char *skipped_event;               /* NULL: not skipped          */
    const char *skipped_because;             /* or NULL                    */
    const struct hc_report_cluster *const *clusters;
    size_t clusters_n;
    const char *const *missing_services;     /* in none of the clusters    */
    size_t missing_services_n;
    const struct hc_records *records; /* judged; NULL: no Records   */
    struct hc_stats stats;
    int64_t elapsed_us;
};

const char *hc_outcome_name(enum hc_outcome o);          /* "updated" */
/* Services by outcome; a cluster with an error and no services counts once in
 * [OUTCOME_FAILED], and so does a service that no cluster has. */
void hc_report_sum(const struct hc_report *r, size_t summary[HC_OUTCOMES]);
/* One document, no newline after it. */
void hc_report_put(struct hc_buf *out, const struct hc_report *r);
/* The same in parts, for who does not have all clusters at once: what stands
 * before them, each one, and what stands after them. */
void hc_report_put_head(struct hc_buf *out, const struct hc_report *r);
void hc_report_put_cluster(struct hc_buf *out,
                           const struct hc_report_cluster *c);
void hc_report_put_tail(struct hc_buf *out, const struct hc_report *r,
                        const size_t summary[HC_OUTCOMES]);

#endif
