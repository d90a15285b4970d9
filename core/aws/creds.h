/* aws/creds.h - credentials as a value, and where they come from.
 *
 * A provider is asked without blocking.  All calls that wait for a refresh
 * share it (single flight): each joins the queue and is woken when the refresh
 * ends.
 *
 *   EMPTY --> REFRESH --> FRESH --(expiry near, or invalidated)--> REFRESH
 *               +-------> EMPTY, and all waiters get the error
 *
 * Five minutes before a set expires another one is fetched while the old one is
 * still lent; in its last minute a call waits for the new one.
 *
 * A set that comes from a service (instance, container, STS, SSO) is used past
 * its end for as long as the service gives no other: AWS may still accept it,
 * as it does in an outage of its own, and a set that is refused here is never
 * tried.  The service is then asked every five to ten minutes.
 */
#ifndef HC_AWS_CREDS_H
#define HC_AWS_CREDS_H

#include "aws/sigv4.h"
#include "aws/timings.h"
#include "aws/user_agent.h"
#include "base/log.h"
#include "net/job.h"
#include "net/sys.h"

#define HC_CREDENTIALS_MAX ((size_t)64 << 10)

/* One set, read and replaced as a whole.  Copies share its texts, which never
 * change: as many calls may wait with a set as there are. */
struct hc_credentials {
    const struct hc_alloc *alloc;
    struct hc_credentials_texts *texts;  /* NULL: none; private              */
    size_t key_id_n, secret_n;
    int64_t expires;               /* wall; HC_NEVER: does not expire        */
    const char *source;            /* "environment": for errors and --debug  */
    uint32_t features;             /* of aws/user_agent.h: how it was had    */
};

void hc_credentials_init(struct hc_credentials *c, const struct hc_alloc *a);
/* May be zero.  The last of those that share its texts wipes them. */
void hc_credentials_fini(struct hc_credentials *c);
/* HEADCOUNT_ENOMEM; HEADCOUNT_ECREDENTIALS (with no bytes of theirs in it)
 * if a text is too long or could not stand in a header.  Set c->source
 * first. */
int hc_credentials_put(struct hc_credentials *c, const struct hc_identity *who,
                       struct headcount_error *e);
/* "--profile NAME" of AWS's CLI as a shell takes it, for the command in a
 * sentence; a long name is cut. */
#define HC_PROFILE_OPTION 120
void hc_credentials_profile_option(char out[HC_PROFILE_OPTION],
                                   struct hc_str profile);
void hc_credentials_copy(struct hc_credentials *to,
                         const struct hc_credentials *from);
/* Borrowed from c: good until c changes. */
struct hc_identity hc_credentials_view(const struct hc_credentials *c);

/* One way to get credentials.  get: 1 = *out is filled (out->features says how
 * they were had: aws/user_agent.h), 0 = not configured
 * here (ask the next one; *e may say why), < 0 = configured and broken: stop.
 * A set that has expired already counts as broken.  A provider that has to wait
 * (HC_CREDS_WAIT) wakes `job` and is asked again. */
#define HC_CREDS_WAIT 2
struct hc_creds_provider {
    const char *name;
    int (*get)(void *ud, struct hc_job *job, int64_t now,
               struct hc_credentials *out, struct headcount_error *e);
    void *ud;
    bool outlasts;                 /* its sets are used on past their end    */
};

enum hc_creds_state { CREDS_EMPTY, CREDS_REFRESH, CREDS_FRESH };

#define HC_CREDS_PROVIDERS 8
#define HC_CREDS_SOON (300 * HC_SECOND)    /* before expiry: fetch another    */
#define HC_CREDS_NEAR (60 * HC_SECOND)     /* and then: wait for it           */
#define HC_CREDS_AGAIN HC_SECOND           /* after a failure: ask again      */
#define HC_CREDS_REST (30 * HC_SECOND)     /* while there is a good set       */
#define HC_CREDS_PAST (300 * HC_SECOND)    /* past its end: and up to twice  */
#define HC_CREDS_SLEPT (60 * HC_SECOND)    /* no refresh lasts longer         */

struct hc_creds {
    struct hc_job job;                     /* the one refresh; first member  */
    enum hc_creds_state state;
    bool outlasts;                         /* now_good does                  */
    bool refused;                          /* the service calls it expired   */
    size_t n, at;                          /* at: the one being asked        */
    const struct hc_system *sys;
    const struct hc_log *log;              /* NULL: none                     */
    const int64_t *skew;                   /* theirs minus ours; NULL: 0     */
    struct hc_credentials now_good;
    struct hc_credentials coming;
    struct hc_wait_queue waiting;
    int64_t failed_until;                  /* monotonic: not asked again till
                                              then; 0: it went well          */
    int64_t rest_until;                    /* monotonic                      */
    int64_t started;                       /* monotonic: the refresh         */
    int64_t longest;                       /* that a refresh lasts; 0:
                                              HC_CREDS_SLEPT                 */
    size_t tried_n;
    struct hc_str role;                    /* ARN of who they are; "" unknown */
    struct hc_tally *tally;                /* of a provider's calls, until an
                                              asker takes it; NULL: none has
                                              calls                          */
    uint64_t refreshes;
    struct hc_creds_provider providers[HC_CREDS_PROVIDERS];
    struct headcount_error error;          /* of the last refresh            */
    char tried[300];                       /* providers without any, and why  */
};

void hc_creds_init(struct hc_creds *c, const struct hc_system *sys,
                   struct hc_jobs *jobs);
void hc_creds_fini(struct hc_creds *c);
/* In the order in which they are asked; at most HC_CREDS_PROVIDERS. */
void hc_creds_add(struct hc_creds *c, const struct hc_creds_provider *p);

struct hc_creds_ask {
    struct hc_waiter *waiter;
    struct hc_job *job;
    struct headcount_stats *stats;   /* both get what the calls of a refresh */
    struct hc_timings *timings;      /* did, unless another asker did; NULL:
                                        it is kept for the next asker        */
};
/* 1: *out is a copy.  0: the job is woken when it is worth asking again.
 * < 0: HEADCOUNT_ECREDENTIALS (what was tried, what to set),
 * HEADCOUNT_ENOMEM. */
int hc_creds_get(struct hc_creds *c, const struct hc_creds_ask *ask,
                 int64_t now, struct hc_credentials *out,
                 struct headcount_error *e);
/* HEADCOUNT_EACCOUNT: these credentials (NULL: unknown) are of the account
 * `answered`, and not of the one that is expected. */
int hc_creds_wrong_account(const struct hc_creds *c, const char *answered,
                           struct hc_str expected, struct headcount_error *e);
/* A service calls the set with this key id expired: the next get fetches
 * another one, unless a refresh failed a moment ago.  If none can be had,
 * the old set is lent only if its provider `outlasts`.  Nothing happens if
 * the set was replaced meanwhile. */
void hc_creds_invalidate(struct hc_creds *c, struct hc_str key_id);

#endif
