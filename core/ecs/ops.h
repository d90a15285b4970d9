/* ecs/ops.h - the operations of ECS that headcount calls: one pair each.
 *
 * put writes the request body; the view reads the answer as it arrives:
 *
 *     hc_ecs_services_init(&v, alloc, 0);
 *     each span:  err = hc_ecs_answer_feed(&v.answer, span, e);
 *     the end:    err = hc_ecs_answer_end(&v.answer, e);
 *                                                then v.services, v.failures
 *     always:     hc_ecs_answer_fini(&v.answer);
 *
 * An answer that restarts (a retry) is a fini and an init.  Strings of a view
 * live until its fini and have a NUL after them.  A member of a wrong type, a
 * member that comes twice and an answer that is no object are
 * HEADCOUNT_EANSWER; so is whatever is longer than the bounds below.
 */
#ifndef HC_ECS_OPS_H
#define HC_ECS_OPS_H

#include "base/arena.h"
#include "ecs/strategy.h"
#include "ecs/view.h"
#include "ecs/enums.h"

#define HC_ECS_ANSWER ((size_t)16 << 20)     /* bytes of one answer         */
#define HC_ECS_KEPT ((size_t)4 << 20)        /* bytes kept of one answer    */
#define HC_ECS_SERVICE ((size_t)256 << 10)   /* bytes kept of one service   */
#define HC_ECS_BATCH_SERVICES 10             /* AWS's limit a call          */
#define HC_ECS_BATCH_PROVIDERS 10            /* of them in a page           */
#define HC_ECS_BATCH_TARGETS 50              /* of them in a page           */
#define HC_ECS_BATCH 100                     /* of everything else          */

/* Each view begins with its reader and the arena that keeps what the sink
 * takes. */
struct hc_ecs_answer {
    struct hc_view view;
    struct hc_arena arena;
    bool needs_list;                      /* see hc_ecs_answer_end           */
    int (*sink)(void *ud, const struct hc_view_item *item,
                struct headcount_error *e);
    void *ud;
};

/* A code, max_bytes or max_text of 0 in `config` means that of an answer of
 * AWS.  `kept` bounds the arena.  The sink is not called once the arena has an
 * error. */
void hc_ecs_answer_init(struct hc_ecs_answer *a,
                        const struct hc_view_config *config, size_t kept);
int hc_ecs_answer_feed(struct hc_ecs_answer *a, struct hc_str span,
                       struct headcount_error *e);
/* 0 only if the whole answer was there, and is kept.  An object without its
 * list is no empty list: a count of nothing may only come from an answer that
 * says so, which is why a view may need one. */
int hc_ecs_answer_end(struct hc_ecs_answer *a, struct headcount_error *e);
void hc_ecs_answer_fini(struct hc_ecs_answer *a);

/* One element of "failures": {arn, reason, detail}. */
struct hc_ecs_failure {
    struct hc_str arn, reason, detail;
};

/* ---- DescribeServices ---- */

struct hc_ecs_text {                  /* a list of strings */
    struct hc_str s;
    struct hc_ecs_text *next;
};

struct hc_ecs_constraint {            /* of placementConstraints */
    struct hc_str type, expression;
};

struct hc_ecs_tag {
    struct hc_str key, value;
    struct hc_ecs_tag *next;
};

struct hc_ecs_deployment {            /* of a service */
    struct hc_str id, status, rollout_state, task_definition;
    int64_t desired, running, pending;    /* -1: not in the answer           */
    int64_t created, updated;             /* wall microseconds, likewise     */
    struct hc_ecs_deployment *next;
};

struct hc_ecs_service {
    struct hc_str arn, name, cluster_arn, task_definition, status_text;
    enum hc_ecs_status status;
    enum hc_ecs_launch launch;
    enum hc_ecs_scheduling scheduling;
    enum hc_ecs_controller controller;
    enum hc_ecs_rollout rollout;
    bool express;                     /* resourceManagementType ECS          */
    bool discovery;                   /* serviceRegistries, Service Connect  */
    bool balanced;                    /* loadBalancers, its own or those of a
                                         task set                            */
    int64_t desired, running, pending;    /* -1: not in the answer           */
    int64_t deployments, task_sets;       /* likewise                        */
    int64_t least_percent, most_percent;  /* minimumHealthyPercent and
                                             maximumPercent; likewise        */
    int64_t in_progress;                  /* deployments[] that roll out      */
    struct hc_ecs_deployment *deployed;   /* deployments[], if asked for     */
    struct hc_ecs_text *constraints;      /* expressions of memberOf, in the
                                             order of the answer             */
    bool distinct;                        /* distinctInstance is one of them */
    bool odd_constraints;                 /* there is one that this version
                                             does not understand             */
    struct hc_ecs_share *providers;       /* capacityProviderStrategy        */
    bool odd_providers;                   /* it has an element that this version
                                             does not understand             */
    struct hc_ecs_text *subnets;          /* awsvpcConfiguration             */
    bool connects;                        /* Service Connect is enabled      */
    bool volumes;                         /* volumeConfigurations            */
    bool executes;                        /* enableExecuteCommand            */
    int64_t changed;     /* wall microseconds: the PRIMARY deployment was last
                            updated; -1: not in the answer                   */
    const char *unclear;      /* the member that leaves open which hosts are its
                                 own; static text, NULL: none does */
    struct hc_ecs_tag *tags;
    struct hc_str said;       /* the newest of its events that is about a task
                                 which found no host, if events are read; cut */
    int64_t said_at;          /* wall microseconds; -1: unknown              */
};

#define HC_ECS_SAID 400       /* bytes kept of that event                    */

/* An element of taskSets: with the controllers EXTERNAL and CODE_DEPLOY it may
 * say where tasks run, instead of the service. */
struct hc_ecs_task_set {
    bool primary;
    enum hc_ecs_launch launch;
    struct hc_ecs_share *providers;
    bool unclear;                         /* its strategy is not understood  */
    bool doubled;                         /* another one is PRIMARY, too     */
};

struct hc_ecs_event {                 /* that is being read                  */
    int64_t at;
    struct hc_str text;                   /* n == 0: not about placement     */
};

struct hc_ecs_services {
    struct hc_ecs_answer answer;
    size_t max;                           /* of each: 10 in an answer       */
    struct hc_ecs_service *services;
    size_t services_n;
    struct hc_ecs_failure *failures;
    size_t failures_n;
    /* Of the element and the service that are being read: */
    struct hc_ecs_constraint constraint;
    struct hc_ecs_share share;
    struct hc_ecs_task_set set, primary;
    struct hc_ecs_deployment deployment;
    bool is_primary;                      /* that deployment is              */
    struct hc_ecs_deployment **deployed_end;
    struct hc_ecs_event event;
    bool weighed;                         /* a weight stands in the service  */
    bool saved;                           /* a snapshot is read, no answer   */
    bool deploys;                         /* service.deployed is kept        */
    size_t kept;                          /* bytes kept before the service   */
};

/* {cluster, services, include: [TAGS]}; n is 1 to 10.  Without the include an
 * answer has no tags, and a policy would see a service that has none. */
void hc_ecs_put_describe_services(struct hc_buf *out, struct hc_str cluster,
                                  const struct hc_str *services, size_t n);
/* `more`, or-ed, asks for members that a plain answer does not keep: the newest
 * event about placement, and service.deployed. */
enum { HC_ECS_EVENTS = 1, HC_ECS_DEPLOYMENTS = 2 };

void hc_ecs_services_init(struct hc_ecs_services *v, const struct hc_alloc *a,
                          unsigned more);

/* ---- UpdateService: answers one service, read by the same view ---- */

/* {cluster, service, desiredCount} and nothing else, ever.  A count alone
 * starts no deployment; most other members do (forceNewDeployment,
 * taskDefinition, the network's), and an empty placementConstraints,
 * placementStrategy or capacityProviderStrategy removes what the service has.
 */
void hc_ecs_put_update_service(struct hc_buf *out, struct hc_str cluster,
                               struct hc_str service, int64_t desired);
void hc_ecs_updated_init(struct hc_ecs_services *v, const struct hc_alloc *a);

/* ---- ListContainerInstances, ListClusters ---- */

struct hc_ecs_arns {
    struct hc_ecs_answer answer;
    struct hc_str *arns;
    size_t arns_n, arns_cap;
    struct hc_str next;                   /* n == 0: the last page           */
};

/* `filter` and `next` of length 0 are left out.  A call takes one `status`;
 * without it (NULL) AWS lists hosts of all but INACTIVE, those that drain too.
 */
void hc_ecs_put_list_hosts(struct hc_buf *out, struct hc_str cluster,
                           const char *status, struct hc_str filter,
                           struct hc_str next);
void hc_ecs_put_list_clusters(struct hc_buf *out, struct hc_str next);
void hc_ecs_hosts_init(struct hc_ecs_arns *v, const struct hc_alloc *a);
void hc_ecs_clusters_init(struct hc_ecs_arns *v, const struct hc_alloc *a);
/* Services: of the cluster; of the region, by their tags (`tag_filters` is
 * JSON, as TagFilters has it). */
void hc_ecs_put_list_services(struct hc_buf *out, struct hc_str cluster,
                              struct hc_str launch_type, struct hc_str next);
void hc_ecs_put_tagged(struct hc_buf *out, struct hc_str tag_filters,
                       struct hc_str next);
void hc_ecs_names_init(struct hc_ecs_arns *v, const struct hc_alloc *a);
void hc_ecs_tagged_init(struct hc_ecs_arns *v, const struct hc_alloc *a);
/* Tasks of a service that are to run; ops_tasks.c has the request. */
void hc_ecs_task_arns_init(struct hc_ecs_arns *v, const struct hc_alloc *a);
/* In the place of hc_ecs_answer_fini. */
void hc_ecs_arns_fini(struct hc_ecs_arns *v);

/* ---- DescribeClusters of one cluster ---- */

struct hc_ecs_cluster {
    struct hc_ecs_answer answer;
    struct hc_str arn, name, status;
    /* AWS counts hosts that are ACTIVE and hosts that drain; only the former
     * take tasks.  -1: not in the answer. */
    int64_t registered;
    size_t clusters_n;                    /* 0, or 1                         */
    struct hc_ecs_failure failure;        /* the first, {0} if none          */
    struct hc_ecs_tag *tags;
};

void hc_ecs_put_describe_cluster(struct hc_buf *out, struct hc_str cluster);
void hc_ecs_cluster_init(struct hc_ecs_cluster *v, const struct hc_alloc *a);

/* ---- DescribeClusters of many, for their tags ---- */

struct hc_ecs_cluster_tags {
    struct hc_str arn;
    struct hc_ecs_tag *tags;
    bool failed;                          /* it stands in `failures`        */
    struct hc_str reason;                 /* of that: "MISSING"             */
};

struct hc_ecs_cluster_list {
    struct hc_ecs_answer answer;
    struct hc_ecs_cluster_tags clusters[HC_ECS_BATCH];
    size_t n;
};

/* n is 1 to 100.  A cluster that is gone meanwhile failed: MISSING. */
void hc_ecs_put_describe_clusters(struct hc_buf *out,
                                  const struct hc_str *clusters, size_t n);
void hc_ecs_cluster_list_init(struct hc_ecs_cluster_list *v,
                              const struct hc_alloc *a);

/* ---- DescribeContainerInstances ---- */

#define HC_ECS_WORDS 256

struct hc_ecs_host {
    struct hc_str arn, status, provider, ec2_id, agent_version;
    bool connected;
    int64_t registered_at;                /* wall microseconds              */
    int64_t running;                      /* tasks                          */
    int64_t cpu, memory;                  /* registered units, MiB          */
    int64_t cpu_free, memory_free;        /* -1: not in the answer, for all */
    int64_t pending;                      /* tasks that begin                */
    int64_t gpus;                         /* registered; -1: not known       */
    bool lists_tcp, lists_udp;            /* the answer has the lists below  */
    struct hc_ecs_text *tcp, *udp;        /* ports that are taken, in digits */
    struct hc_ecs_tag *attributes, *tags;
};

/* Reads one host. */
struct hc_ecs_host_part {
    struct hc_arena *arena;
    bool full;                            /* attributes and tags are kept   */
    struct hc_str resource;               /* that is being read             */
    int64_t amount;
    struct hc_ecs_text *set;              /* its words, if full             */
    size_t set_n;
    struct hc_str words[HC_ECS_WORDS];    /* kept already, by their hash    */
};

struct hc_ecs_host_details {
    struct hc_ecs_answer answer;
    struct hc_ecs_host_part part;
    struct hc_ecs_host *hosts;
    size_t hosts_n;                       /* at most 100                    */
    struct hc_ecs_failure *failures;
    size_t failures_n;                    /* at most 100                    */
};

/* n is 1 to 100; `full` asks for tags too. */
void hc_ecs_put_describe_hosts(struct hc_buf *out, struct hc_str cluster,
                               const struct hc_str *arns, size_t n, bool full);
void hc_ecs_host_details_init(struct hc_ecs_host_details *v,
                              const struct hc_alloc *a, bool full);

/* ---- ListTasks of a service, DescribeTasks ---- */

struct hc_ecs_task {
    struct hc_str arn, host;              /* n == 0: it is on no host        */
    struct hc_str last, desired;          /* lastStatus, desiredStatus       */
    struct hc_str group;                  /* "service:NAME"; n == 0: not told */
};

struct hc_ecs_tasks {
    struct hc_ecs_answer answer;
    struct hc_ecs_task *tasks;
    size_t tasks_n;                       /* at most 100                     */
    struct hc_ecs_failure *failures;
    size_t failures_n;                    /* at most 100                     */
};

/* The tasks whose desiredStatus is RUNNING, read by hc_ecs_task_arns_init. */
void hc_ecs_put_list_tasks(struct hc_buf *out, struct hc_str cluster,
                           struct hc_str service, struct hc_str next);
/* n is 1 to 100. */
void hc_ecs_put_describe_tasks(struct hc_buf *out, struct hc_str cluster,
                               const struct hc_str *arns, size_t n);
void hc_ecs_tasks_init(struct hc_ecs_tasks *v, const struct hc_alloc *a);

/* ---- DescribeCapacityProviders ---- */

struct hc_ecs_provider {
    struct hc_str name;
    bool managed;                         /* managedScaling is ENABLED      */
    bool instances;                       /* of Managed Instances           */
    struct hc_ecs_provider *next;
};

struct hc_ecs_providers {
    struct hc_ecs_answer answer;
    struct hc_ecs_provider *providers;    /* the last one first             */
    struct hc_ecs_failure failure;        /* the last, {0} if none          */
    struct hc_str next;                   /* n == 0: the last page          */
};

/* The names are of the cluster's providers; n is 1 to 10, and `next` of length
 * 0 is left out. */
void hc_ecs_put_describe_providers(struct hc_buf *out, struct hc_str cluster,
                                   const struct hc_str *names, size_t n,
                                   struct hc_str next);
void hc_ecs_providers_init(struct hc_ecs_providers *v,
                           const struct hc_alloc *a);

/* ---- DescribeTaskDefinition of one revision ---- */

/* networkMode.  BRIDGE: absent too, and what Windows calls default and nat.
 * OTHER: a mode that this version does not know. */
enum hc_ecs_network { NETWORK_BRIDGE, NETWORK_HOST, NETWORK_AWSVPC,
                      NETWORK_NONE, NETWORK_OTHER };

struct hc_ecs_port {                      /* a port of the host              */
    int64_t number;
    bool udp;
    struct hc_ecs_port *next;
};

#define HC_ECS_ALL_GPUS (-1)

/* One task of a definition asks this of its host.  ECS adds it up so: the
 * numbers of the task if it has them, else the sum over its containers. */
struct hc_ecs_needs {
    enum hc_ecs_network network;
    int64_t cpu, memory;                  /* units, MiB                      */
    int64_t gpus;                         /* HC_ECS_ALL_GPUS: all of a host  */
    const char *unclear;                  /* a member that this version does not
                                             understand, static; NULL: none  */
    struct hc_ecs_port *ports;            /* that it takes                   */
    struct hc_ecs_tag *attributes;        /* requiresAttributes: name, value */
    struct hc_str os, architecture;       /* runtimePlatform; n == 0: any    */
};

/* A port mapping, or a container, that is being read; -1: not in the answer. */
struct hc_ecs_mapping {
    int64_t host, container;
    bool udp, range;
    struct hc_ecs_mapping *next;
};

struct hc_ecs_container {
    int64_t cpu, memory, reservation;
    bool is_gpu;                          /* the requirement's type          */
    const char *unclear;                  /* what is not understood if it is
                                             not                             */
    int64_t gpus;
};

struct hc_ecs_definition {
    struct hc_ecs_answer answer;
    struct hc_str arn;
    struct hc_ecs_text *constraints;      /* expressions of memberOf         */
    bool unclear;                         /* there is a constraint that this
                                             version does not understand     */
    bool fixed_port;                      /* a port of the host is taken: one
                                             task on a host                  */
    bool has_container;                   /* each task has one at least      */
    struct hc_ecs_needs needs;
    struct hc_ecs_constraint constraint;  /* that is being read, as the rest */
    struct hc_ecs_mapping *mappings;      /* of all containers               */
    struct hc_ecs_container container, sum;
};

void hc_ecs_put_describe_definition(struct hc_buf *out, struct hc_str arn);
void hc_ecs_definition_init(struct hc_ecs_definition *v,
                            const struct hc_alloc *a);

/* Reads what hc_ecs_put_needs wrote, into v->needs; v is initialised here, and
 * the caller ends it. */
int hc_ecs_needs_get(struct hc_ecs_definition *v, const struct hc_alloc *a,
                     struct hc_str text);

/* ---- DescribeScalableTargets, of Application Auto Scaling ---- */

/* Names, not ARNs; n is 1 to HC_ECS_BATCH_TARGETS.  The answer's arns are
 * ResourceIds: "service/CLUSTER/SERVICE". */
void hc_ecs_put_describe_targets(struct hc_buf *out, struct hc_str cluster,
                                 const struct hc_str *services, size_t n,
                                 struct hc_str next);
void hc_ecs_targets_init(struct hc_ecs_arns *v, const struct hc_alloc *a);

#endif
