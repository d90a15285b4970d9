/* reconcile/question.h - what a policy asks before it wishes.
 *
 *   the owner's turn        each hc_question_ask is answered, or noted
 *   hc_question_resume      with something noted: it is read, and the owner's
 *                           turn comes again; with nothing noted: the wishes
 *                           are told (hc_reconcile_tell), and planned
 *
 * A fact is read once, however many rounds ask for it; one that cannot be read
 * fails the cluster: no policy is asked what to make of half of it.
 */
#ifndef HC_RECONCILE_QUESTION_H
#define HC_RECONCILE_QUESTION_H

#include "base/clock.h"
#include "reconcile/facts.h"
#include "plan/plan.h"

#define HC_QUESTION_ROUNDS 32
#define HC_QUESTION_PATIENCE (60 * HC_SECOND)   /* facts are older then  */
#define HC_QUESTION_NEEDS 10000           /* of one round */

enum hc_query_kind {
    QUERY_CLUSTER,        /* DescribeClusters, with tags                   */
    QUERY_COUNT,          /* of hosts                                      */
    QUERY_HOSTS,          /* and what they are like                        */
    QUERY_SERVICES,       /* names, by launch type or by tags              */
    QUERY_SERVICE         /* DescribeServices of one                       */
};

struct hc_query {
    enum hc_query_kind kind;
    struct hc_str where;              /* COUNT, HOSTS                      */
    enum headcount_hosts by;          /* likewise                          */
    int64_t min_age;                  /* likewise, microseconds            */
    struct hc_str launch_type;        /* SERVICES; n == 0: any             */
    struct hc_str tag_filters;        /* SERVICES; JSON as GetResources takes
                                         it, n == 0: not by tags           */
    struct hc_str service;            /* SERVICE: its name                 */
    bool recent;                      /* SERVICES by tags: a list of the last
                                         minute will do                    */
};

/* What is known; of the query's kind. */
struct hc_known {
    const struct hc_ecs_cluster *cluster;
    int64_t count;
    const struct hc_fact_hosts *hosts;    /* those that are active, and match
                                             hc_measure's conditions, count */
    const struct hc_fact_names *names;
    const struct hc_ecs_service *service; /* NULL: there is none            */
};

struct hc_reconcile;

struct hc_question {
    struct hc_query *needs;           /* in the facts' memory               */
    size_t needs_n, needs_cap, at;
    int rounds;
    int64_t turn;                     /* when the owner's began             */
    bool open;                        /* no wishes are told yet             */
    bool counted;                     /* it looked at hosts or the cluster  */
    bool again;                       /* it is asked once more, and only to
                                         confirm what it wished             */
    enum hc_reading reading;        /* of the hosts that it is told of    */
};

/* 1: known; 0: noted; HEADCOUNT_ESYNTAX, HEADCOUNT_ECONFIG,
 * HEADCOUNT_ELIMIT: no such question; HEADCOUNT_ENOMEM. */
int hc_question_ask(struct hc_reconcile *r, const struct hc_query *q,
                    struct hc_known *known, struct headcount_error *e);
/* Which hosts of the list count for this query. */
struct hc_measure_of hc_question_of(const struct hc_reconcile *r,
                                    const struct hc_query *q);
/* The fact that is to be read next, r->ask saying how; NULL: all that was
 * noted is there, or memory ended (*err). */
struct hc_fact *hc_question_next(struct hc_reconcile *r, int *err);
/* The owner's turn comes once more.  On second readings: what it wishes then
 * becomes r->again, and no wish.  On first ones, which were forgotten after a
 * write: it goes to hc_verify_wishes. */
void hc_question_again(struct hc_reconcile *r, enum hc_reading reading,
                       int64_t now);
/* A fact cannot be had, or the owner refuses: the cluster fails, or
 * (asked once more) r->again does. */
void hc_question_fail(struct hc_reconcile *r, const char *code,
                      const char *what);
/* The owner's turn is so long that facts of it are too old to be written by. */
bool hc_question_is_late(const struct hc_reconcile *r);
void hc_question_fini(struct hc_reconcile *r);

#endif
