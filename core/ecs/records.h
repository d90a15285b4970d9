/* ecs/records.h - records to clusters, and back to acknowledge or retry.
 *
 *     hc_records_get(&b, alloc, text, e);    an event, or Records of them
 *     b.clusters[i]                          each is reconciled once
 *     hc_records_settle(&b, i, done);        and this is what came of it
 *     hc_records_judge(&b);                  then b.records[i].done: it may
 *                                            be deleted
 *     always: hc_records_fini(&b);
 *
 * A record is done when every cluster that it asks for is.  One that cannot be
 * understood is never done: it is delivered again until its queue puts it
 * aside.  In a FIFO queue no record is done after one that is not.
 *
 * An event that says dry_run asks for no write, and stops none: its cluster is
 * written where another event asks for that.
 */
#ifndef HC_ECS_RECORDS_H
#define HC_ECS_RECORDS_H

#include "base/buf.h"
#include "ecs/arn.h"
#include "ecs/event.h"
#include "ecs/unwrap.h"

#define HC_BATCH_CLUSTERS 2000
#define HC_BATCH_KEPT ((size_t)32 << 20)

struct hc_record {
    struct hc_str id;                 /* n == 0: it cannot be named          */
    struct hc_str why;                /* it cannot be understood; n == 0: it
                                         can                                 */
    bool sqs, fifo;
    bool foreign;                     /* a cluster of it is somebody else's  */
    bool sweeps;                      /* it asks for the sweep that is
                                         configured                          */
    size_t link, links_n;             /* the clusters that it asks for       */
    bool done;                        /* as it was judged last               */
};

struct hc_records_event { /* of the clusters that point to it    */
    struct hc_event event;
    size_t users;
};

struct hc_records_cluster {
    struct hc_arn arn;                /* as it was named                     */
    struct hc_records_event *newest;  /* of those that name it               */
    struct hc_str region, account;    /* the envelope's, else the ARN's      */
    size_t causes;                    /* events that name it                 */
    size_t writers;                   /* of these: that do not say dry_run   */
    bool named;                       /* a person wrote its name in one      */
    bool settled, done;
    bool foreign;                     /* in another region or account        */
};

/* One host event: what a handle may have reconciled already. */
struct hc_event_version {
    struct hc_str instance_arn;
    int64_t version;
    size_t cluster;
};

struct hc_records {
    bool wrapped;                     /* it had Records                      */
    bool sweep_done;                  /* the sweep was settled, and well     */
    bool sweeps;                      /* a record asks for it                */
    struct hc_str skipped;            /* of the first event that is not ours */
    size_t skipped_n;
    struct hc_record *records;
    struct hc_records_cluster *clusters;
    struct hc_event_version *versions;
    size_t *links;                    /* places of clusters                  */
    size_t records_n, clusters_n, versions_n, links_n;

    struct hc_arena arena; /* private from here                   */
    size_t records_cap, clusters_cap, versions_cap, links_cap;
};

/* 0, HEADCOUNT_EEVENT (e says what and where; of a batch only what is around
 * its events) or HEADCOUNT_ENOMEM.  `text` is not needed afterwards. */
int hc_records_get(struct hc_records *b, const struct hc_alloc *a,
                 struct hc_str text, struct headcount_error *e);
void hc_records_fini(struct hc_records *b);      /* b may be all zero */

void hc_records_settle(struct hc_records *b, size_t cluster, bool done);
void hc_records_settle_sweep(struct hc_records *b, bool done);
/* One of its causes, a host event, is known to be reconciled; true: so are all
 * of them, and the cluster is settled. */
bool hc_records_drop(struct hc_records *b, size_t cluster);

/* Decides which records are done.  A cluster that is not settled leaves its
 * records undone. */
void hc_records_judge(struct hc_records *b);
/* {"batchItemFailures":[{"itemIdentifier":"..."}]}: what Lambda's queue is to
 * deliver again.  False: a record that is not done cannot be named, so all
 * have to be. */
bool hc_records_put_failures(const struct hc_records *b, struct hc_buf *out);

#endif
