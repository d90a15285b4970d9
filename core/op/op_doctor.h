/* op/op_doctor.h - the struct that the files of a doctor share, and no other
 * file.
 *
 *   op_doctor_call      one call: its time, and what is missing if it is denied
 *   op_doctor_settings  region, profile, credentials, sweep
 *   op_doctor_network   DNS, connection, TLS, clock, proxy
 *   op_doctor_identity  who signs, and may it write
 *   op_doctor_cluster   the reads of a cluster
 *   op_doctor_judge     what those reads say
 *   op_doctor_queue     the queue and its dead letters
 *   op_doctor           one subject after another, and the report
 *
 * Functions with the name of a subject are its step: 0 waits, 1 over,
 * HC_OP_ASKS, or HEADCOUNT_ENOMEM.
 */
#ifndef HC_OP_OP_DOCTOR_H
#define HC_OP_OP_DOCTOR_H

#include "ecs/arn.h"
#include "ecs/ops.h"
#include "op/op.h"
#include "plan/plan.h"

#define HC_DOCTOR_CALL (10 * HC_SECOND)      /* of one call, at most         */
#define HC_DOCTOR_CLUSTERS 10                /* if none is named             */
#define HC_DOCTOR_SERVICES 100               /* of a cluster that are read   */
#define HC_DOCTOR_PAGES 10                   /* of its list of hosts         */
#define HC_DOCTOR_NAMES 12                   /* in one sentence              */

enum doctor_at { DOCTOR_SETTINGS, DOCTOR_NETWORK, DOCTOR_CREDENTIALS,
                 DOCTOR_IDENTITY, DOCTOR_CLUSTERS, DOCTOR_CLUSTER,
                 DOCTOR_QUEUE, DOCTOR_OVER };

/* Its calls: id, service, then operation, prefix of the IAM action and resource
 * of the IAM statement ("" has none).  A cluster's calls are made in this
 * order. */
#define HC_DOCTOR_ASKS(X)                                                   \
    X(IDENTITY, STS, "GetCallerIdentity|sts:|")                             \
    X(CLUSTERS, ECS, "ListClusters|ecs:|")                                  \
    X(CLUSTER, ECS, "DescribeClusters|ecs:|cluster/%s")                     \
    X(NAMES, ECS, "ListServices|ecs:|")                                     \
    X(SERVICES, ECS, "DescribeServices|ecs:|service/%s/*")                  \
    X(HOSTS, ECS, "ListContainerInstances|ecs:|cluster/%s")                 \
    X(DETAILS, ECS, "DescribeContainerInstances|ecs:|"                      \
      "container-instance/%s/*")                                            \
    X(DEFINITION, ECS, "DescribeTaskDefinition|ecs:|")                      \
    X(PROVIDERS, ECS, "DescribeCapacityProviders|ecs:|"                     \
      "capacity-provider/*")                                                \
    X(TARGETS, SCALING, "DescribeScalableTargets|application-autoscaling:|") \
    X(TAGGED, TAGGING, "GetResources|tag:|")                                \
    X(UPDATE, OTHER, "SimulatePrincipalPolicy|iam:|")                       \
    X(QUEUE, SQS, "GetQueueAttributes|sqs:|")                               \
    X(DEAD, SQS, "GetQueueAttributes|sqs:|")

enum doctor_ask {
#define HC_DOCTOR_ASK(id, ...) ASK_##id,
    HC_DOCTOR_ASKS(HC_DOCTOR_ASK)
#undef HC_DOCTOR_ASK
};
#define HC_DOCTOR_ASKED (ASK_DEAD + 1)

/* "a, b and 3 more", as it grows. */
struct doctor_list {
    const char *names;                   /* NULL: none yet                   */
    size_t n;
};

/* Hosts of the cluster. */
struct doctor_hosts {
    size_t n, active, draining, outside, provided;
    struct doctor_list lost;             /* the agent is disconnected        */
};

/* The cluster at hand. */
struct doctor_cluster {
    struct hc_arn at;                    /* a name until its ARN is known    */
    bool answered, there;                /* ECS told; and has it             */
    struct hc_str status;                /* n == 0: ACTIVE                   */
    struct hc_str next;                  /* page of its list                 */
    size_t pages;
    struct hc_str names[HC_DOCTOR_SERVICES];
    size_t names_n, names_all;
    const struct hc_ecs_service *services[HC_DOCTOR_SERVICES];
    size_t services_n, described;        /* described: of names              */
    struct hc_str arns[HC_ECS_BATCH];    /* of the page of hosts             */
    size_t arns_n;
    struct doctor_hosts hosts;
    struct hc_str providers[HC_ECS_BATCH_PROVIDERS];
    size_t providers_n;
    size_t asked;                        /* of services, for their targets   */
    struct doctor_list targets;          /* services with one                */
    headcount_op *plan;                  /* its reconcile                    */
};

struct op_doctor {
    headcount_op op;
    struct headcount_doctor request;     /* its texts are in op.arena        */
    struct headcount_reconcile each;     /* likewise                         */
    bool has_each;
    const struct hc_wish *wishes;        /* of each, in op.arena             */
    size_t wishes_n;
    enum doctor_at at;
    int phase;                           /* of the subject                   */
    struct headcount_finding *findings;
    size_t n, cap;
    const char *subject, *advice;        /* of the next; see hc_doctor_say   */
    int64_t elapsed;                     /* likewise                         */
    struct hc_buf text;
    struct hc_buf json;
    struct headcount_error why;          /* of what failed last; told, reset */
    bool cancelled, no_memory;

    struct hc_str region;                /* n == 0: none is known            */
    bool reachable, signs;               /* calls can be made                */
    struct hc_waiter waiter;
    struct hc_credentials creds;         /* struck out of every text         */
    const char *principal, *account;     /* "" unknown                       */

    struct hc_endpoint endpoint;         /* of ECS                           */
    struct hc_fetch fetch;
    bool fetching;
    int64_t began, sent;                 /* monotonic; wall                  */

    struct hc_str call_region;           /* n == 0: `region`                 */
    struct hc_call call;
    bool in_call;
    struct hc_buf body, answer;
    int64_t spent[HC_DOCTOR_ASKED];      /* on calls that were not told      */

    const char *const *names;            /* of the clusters                  */
    size_t names_n, name;                /* name: the one at hand            */
    const char *listed[HC_DOCTOR_CLUSTERS];
    size_t found;                        /* in the last list                 */
    struct doctor_cluster c;
    struct hc_str dead;                  /* URL of the queue's dead letters  */
};

/* ---- findings: op_doctor.c ---- */

/* Adds a finding.  `head` is one letter for its level (o, w, e) and then
 * "CODE|WHAT|ADVICE".  An empty WHAT is d->subject.  d->advice and d->elapsed,
 * if they are set, count for this finding and are reset.  Secrets are struck
 * out of the text. */
void hc_doctor_say(struct op_doctor *d, const char *head, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with d->why as the text, which is reset. */
void hc_doctor_say_why(struct op_doctor *d, const char *head);
void hc_doctor_list(struct op_doctor *d, struct doctor_list *list,
                    struct hc_str name);
const char *hc_doctor_names(struct op_doctor *d,
                            const struct doctor_list *list);
/* Adds an error if another account is expected; n == 0: it is not known. */
void hc_doctor_check_account(struct op_doctor *d, const char *whose,
                             struct hc_str account);
/* Text in op.arena, as hc_arena_fmt. */
#define hc_doctor_fmt(d, ...) hc_arena_fmt(&(d)->op.arena, __VA_ARGS__)

/* ---- one call: op_doctor_call.c ---- */

/* Calls with d->body, which the caller has filled before the first step.  0
 * waits; 1: d->answer is whole; a code: d->why says why.  Then
 * hc_doctor_call_end. */
int hc_doctor_call(struct op_doctor *d, enum doctor_ask ask, int64_t now);
void hc_doctor_call_end(struct op_doctor *d);
/* False: ECS has an endpoint of its own and this service has none, so it is not
 * AWS that would be asked.  A finding says so. */
bool hc_doctor_may_call(struct op_doctor *d, enum doctor_ask ask);
/* d->answer into the view, which the caller ends.  0, or a code as
 * hc_doctor_call. */
int hc_doctor_read(struct op_doctor *d, struct hc_ecs_answer *view);
/* Adds the finding about a read that is over: `got` is 1, or the code of the
 * call or of its view. */
void hc_doctor_tell_read(struct op_doctor *d, enum doctor_ask ask, int got);
/* The IAM statement that allows `action` on a resource of the cluster's place;
 * NULL: no resource can be named.  For d->advice. */
const char *hc_doctor_allow(struct op_doctor *d, const char *action,
                            const char *resource);

/* ---- subjects ---- */

int hc_doctor_settings(struct op_doctor *d);
/* The region of the first cluster that is an ARN: it is called if no other is
 * known, as a reconcile does. */
struct hc_str hc_doctor_arn_region(const struct op_doctor *d);
int hc_doctor_credentials(struct op_doctor *d, int64_t now);
int hc_doctor_network(struct op_doctor *d, int64_t now);
void hc_doctor_network_end(struct op_doctor *d);
int hc_doctor_identity(struct op_doctor *d, int64_t now);
/* Whether the principal may set counts in the cluster at hand, by IAM's
 * simulation. */
int hc_doctor_update(struct op_doctor *d, int64_t now);
int hc_doctor_clusters(struct op_doctor *d, int64_t now);
int hc_doctor_cluster(struct op_doctor *d, int64_t now);
int hc_doctor_queue(struct op_doctor *d, int64_t now);
/* Adds the findings of all reads of the cluster; and those of its plan, which
 * is over. */
void hc_doctor_judge(struct op_doctor *d);
void hc_doctor_judge_plan(struct op_doctor *d);

#endif
