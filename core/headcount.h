/* headcount.h - keep AWS ECS services at the count their cluster calls for.
 *
 * The only installed header of libheadcount.  Conventions, once:
 *
 * Handles.  A `headcount` owns everything that calls share: pooled
 *   connections, DNS answers, TLS sessions, credentials.  A `headcount_op` is
 *   one piece of work for a handle: a call, a connect, a fetch, a reconcile, a
 *   sweep or a doctor.
 *   Both are opaque.  One thread at a time may use a handle and its ops (with a
 *   lock, if several do); two handles share nothing.  After a fork the child
 *   may only call headcount_free, which then only closes descriptors: a
 *   begin_... in it is HEADCOUNT_ESTATE; step and wait end its ops with that.
 * States.  Only headcount_wait blocks.  The library calls no function of the
 *   program but the hooks of struct headcount_system.
 *
 *       begin --> RUNNING --> ASKS --> RUNNING --> ... --> DONE
 *                              |         ^                   |
 *                     fact, wish, refuse |          outcome, op_free
 *                              +- resume +
 *                         and  PART (sweep_cluster, resume) of a sweep
 *
 * Errors.  Functions return 0 or a positive answer, or a negative
 *   HEADCOUNT_E... code.  The sentence that says what failed, where and what
 *   to do is in the outcome, or in the struct headcount_error that the caller
 *   passed.  No sentence contains a secret.
 * Times are int64_t microseconds; deadlines are absolute on the monotonic
 *   clock.  A duration of 0 means "the default", a negative one "no limit".
 * Text goes in as NUL-terminated UTF-8 and is copied by begin; NULL means
 *   "not given".  Each result in an outcome is const, NUL-terminated if it is
 *   text, and valid until headcount_op_free of that op.
 * Structs that the caller fills start with `size`: HEADCOUNT_INIT(&s) sets it
 *   and makes the rest zero, which is "not given".  A library with more members
 *   than the caller's struct takes them as zero.  A library with fewer members
 *   refuses a struct that sets a member which it does not know.  A size that is
 *   0 or smaller than the struct's in its first release is HEADCOUNT_EARG, so a
 *   struct that nobody filled never stands for the defaults.  NULL stands for
 *   them where a comment says so.
 * HEADCOUNT_EARG from a function is a mistake of the program that calls it: a
 *   missing pointer or text, a negative count or limit, a struct of a wrong
 *   size, members that exclude each other.  Nothing began.  HEADCOUNT_EARG in
 *   an outcome is a value that may come from outside the program: a URL, a
 *   method, a header, a hold's code, a number that its enum does not have.  The
 *   sentence names the member.  It is in the error that the caller passed;
 *   headcount_wish takes none, so its sentence is a line of the log
 *   (headcount_system.log, HEADCOUNT_LOG_ERROR).
 */
#ifndef HEADCOUNT_H
#define HEADCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push      /* a function has the name of a struct */
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#pragma GCC visibility push(default)

#define HEADCOUNT_VERSION "0.1.0"
/* The day of the release, in UTC: a clock that says an earlier one is wrong,
 * and errors about certificates say so. */
#define HEADCOUNT_VERSION_DAY "2026-11-30"
/* For #if: 10000 * major + 100 * minor + patch. */
#define HEADCOUNT_VERSION_NUMBER 100

/* Sets *p, a struct that begins with `size`, to zero, and then its size. */
#define HEADCOUNT_INIT(p) \
    ((void)memset((p), 0, sizeof *(p)), (void)((p)->size = sizeof *(p)))

typedef struct headcount headcount;
typedef struct headcount_op headcount_op;

/* ---- codes ---------------------------------------------------------- */

enum headcount_code {
    HEADCOUNT_OK = 0,
    HEADCOUNT_ENOMEM = -1,        /* out of memory                           */
    HEADCOUNT_EARG = -2,          /* a wrong argument                        */
    HEADCOUNT_ELIMIT = -3,        /* a bound was exceeded                    */
    HEADCOUNT_ESYNTAX = -4,       /* text that does not parse                */
    HEADCOUNT_ECONFIG = -5,       /* a setting cannot be used                */
    HEADCOUNT_EREGION = -6,       /* no region is known                      */
    HEADCOUNT_ECREDENTIALS = -7,  /* no usable credentials                   */
    HEADCOUNT_EIO = -8,           /* the operating system refused            */
    HEADCOUNT_EDNS = -9,          /* the name has no address                 */
    HEADCOUNT_EDNSFAIL = -10,     /* the name could not be looked up         */
    HEADCOUNT_ECONNECT = -11,     /* no connection                           */
    HEADCOUNT_ETLS = -13,         /* handshake or record failed              */
    HEADCOUNT_ECERT = -14,        /* certificate not acceptable              */
    HEADCOUNT_ETIMEDOUT = -15,    /* no answer in time                       */
    HEADCOUNT_ECLOSED = -16,      /* the connection was closed               */
    HEADCOUNT_EPROTOCOL = -17,    /* the answer is not HTTP/1.1              */
    HEADCOUNT_ETRUNCATED = -18,   /* the answer was cut short                */
    HEADCOUNT_EANSWER = -19,      /* the answer has not its promised form    */
    HEADCOUNT_ESERVICE = -20,     /* the service refused                     */
    HEADCOUNT_EDEADLINE = -21,    /* the deadline has passed                 */
    HEADCOUNT_EEVENT = -22,       /* not an event headcount understands      */
    HEADCOUNT_ECANCELLED = -23,   /* cancelled by its owner                  */
    HEADCOUNT_ESTATE = -24,       /* called in a state that forbids it       */
    HEADCOUNT_EPOLICY = -25,      /* the policy refused or failed            */
    HEADCOUNT_EACCOUNT = -26,     /* credentials of another account          */
    HEADCOUNT_EPROXY = -27        /* the proxy made no tunnel, or refused    */
};

/* "ETIMEDOUT" for HEADCOUNT_ETIMEDOUT, "OK" for 0; static text. */
const char *headcount_code_name(int code);
const char *headcount_version(void);
/* Returns the i-th code (0, 1, ...) of the holds that `allow` of a wish or a
 * reconcile lets pass, as static text; NULL: there are no more.  *field is the
 * boolean field of a policy's rules that does the same ("allow_zero"), NULL if
 * there is none; several holds may share a field. */
const char *headcount_hold_switch(size_t i, const char **field);
/* Whether an operation of a call, in any spelling that a call takes, only
 * reads, by its name: Describe, List, Get, BatchGet, Query, Scan and Head do.
 * False for any other, and for one that nobody knows. */
bool headcount_only_reads(const char *operation);
/* Writes the SHA-256 of n bytes as 64 hexadecimal digits and a NUL, in the form
 * of policy_sha256. */
void headcount_sha256(char digits[65], const void *bytes, size_t n);

/* Returns the length of the character at the start of n > 0 bytes; 1 if they
 * are not UTF-8.  *seen becomes true if the character is UTF-8 and a terminal
 * shows it in its place.  It becomes false for controls, for characters without
 * width, and for characters that end a line or change its direction: JSON that
 * this library writes has all of these escaped. */
size_t headcount_text_next(const void *text, size_t n, bool *seen);

struct headcount_error {
    int code;
    int sys;             /* errno of the failing call, or 0 */
    char what[480];
    int permanent;       /* the library's own: 1 where another connection would
                            fail in the same way; 0 in what a caller gets     */
};

/* ---- hooks ------------------------------------------------------------ */

struct headcount_trace;

/* Hooks for memory, clocks, randomness, environment, log, audit and trace.  If
 * one is NULL, the library uses the operating system's; without log, audit or
 * trace it makes none of them.  Hooks must not call the library.  A call may
 * read the environment: threads that change it need `env`. */
struct headcount_system {
    size_t size;
    void *ud;
    void *(*alloc)(void *ud, void *p, size_t old, size_t n); /* as lua_Alloc */
    int64_t (*now)(void *ud);                 /* monotonic microseconds      */
    int64_t (*wall)(void *ud);                /* microseconds since 1970 UTC */
    int (*random)(void *ud, void *p, size_t n);            /* 0, or negative */
    const char *(*env)(void *ud, const char *name);
    void (*log)(void *ud, int level, const char *line, size_t n);
    /* One JSON object for each write, and for each hold when it starts, changes
     * or ends. */
    void (*audit)(void *ud, const char *line, size_t n);
    /* Each attempt, when it is over. */
    void (*trace)(void *ud, const struct headcount_trace *trace);
};

enum headcount_log { HEADCOUNT_LOG_ERROR, HEADCOUNT_LOG_WARN,
                     HEADCOUNT_LOG_INFO, HEADCOUNT_LOG_DEBUG };

/* ---- one handle ------------------------------------------------------ */

/* A member that is not given comes from the environment, then from the profile
 * in the files of ~/.aws, as in the AWS SDKs. */
struct headcount_config {
    size_t size;
    const struct headcount_system *system;    /* NULL: the real one          */
    int log_level;                            /* enum headcount_log          */
    const char *region;           /* the last place to look is the metadata of
                                     the EC2 instance                        */
    const char *profile;          /* NULL: AWS_PROFILE, then `default`; if it
                                     is given, keys of the environment are not
                                     used                                    */
    const char *endpoint_url;
    const char *ca_bundle;        /* path; replaces the built-in roots       */
    const char *dns_server;       /* ADDR[:PORT], ADDR perhaps with %INTERFACE;
                                     NULL: resolv.conf                       */
    int64_t connect_timeout;      /* 0: by AWS_DEFAULTS_MODE, or 3.1 s; over
                                     all addresses of a host, and again for
                                     each TLS handshake and for CONNECT      */
    int64_t read_timeout;         /* 0: 30 s; to the first byte, and between
                                     bytes                                   */
    int max_attempts;             /* 0: AWS_MAX_ATTEMPTS, or 3; 4 of DynamoDB */
    bool no_keep_alive;           /* each call opens its own connection      */
    bool no_tcp_keepalive;        /* no probes (after 60 s, then every 15 s)
                                     on connections whose request waits long:
                                     NAT gateways, NLBs and VPC endpoints
                                     forget it after 350 s, and a host that
                                     vanished says nothing                   */
    bool no_sign_request;
    int concurrency;              /* reconciles that run at once; 0: any     */
    double api_share;             /* share of the rates that ECS allows an
                                     account, for reconciles: 0 = 0.5, at
                                     most 1                                  */
    /* Give both keys or none.  Without them the library uses those of the
     * environment, of the profile, of the container or of the EC2 instance.
     * They are requested when the first op needs them, and refreshed before
     * they expire.  The texts are copied, and headcount_free wipes the
     * copies. */
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
    /* Whether a profile's credential_process may be started: the library forks
     * and runs the program that the file names, for 60 s at most, then kills
     * it and all of its group.  It inherits the environment, but no variable
     * that begins with HEADCOUNT_.  Default false: a profile that needs it is
     * an error. */
    bool run_processes;
    bool tcp_keepalive;           /* also where BOTOCORE_TCP_KEEPALIVE or the
                                     profile says false                      */
    /* Numbers of open connections, at most 10000.  A call that finds none free
     * waits in the line of its host. */
    int max_connections;          /* of the handle; 0: 200                   */
    int max_connections_per_host; /* 0: 10                                   */
    /* us; 0: the default named here, negative: no limit. */
    int64_t acquire_timeout;      /* 10 s: in the line of a host while nobody
                                     in front gets a connection, or while the
                                     process has no descriptor for one; then
                                     HEADCOUNT_ELIMIT, without a retry       */
    int64_t attempt_timeout;      /* 5 min: one attempt, from its connection
                                     to the end of its answer; a longer
                                     read_timeout is added to the default, and
                                     what a long poll waits for its first byte
                                     does not count                          */
    int64_t tcp_user_timeout;     /* 30 s: bytes, or a keep-alive probe, that
                                     the host's kernel does not acknowledge:
                                     it is gone, or its packets are dropped;
                                     negative: the system's, and four probes */
    int64_t min_speed;            /* bytes: of an answer's body, or of a
                                     request that fills the kernel's buffer,
                                     in each 30 s (or read_timeout, if that is
                                     longer) but the last; 0: 1024           */
    /* For measurements: what a handle pays without what it remembers. */
    bool no_dns_cache;            /* each new connection asks DNS anew; expired
                                     addresses are not used, either          */
    bool no_tls_resumption;       /* each TLS handshake is a full one        */
};

/* Reads the environment and the files of ~/.aws, and looks at the beginning of
 * the CA bundle; opens no connection.  The bundle is read when a connection
 * needs it.  config may be NULL: nothing is given.  Returns 0, or a negative
 * code with *error filled (error may be NULL). */
int headcount_new(headcount **out, const struct headcount_config *config,
                  struct headcount_error *error);
/* Ends every op that is left and closes every connection.  NULL is fine. */
void headcount_free(headcount *h);

/* ---- requests -------------------------------------------------------- */

/* One header.  The headers of an answer have names in lower case and values
 * without blanks at their ends, in the order in which they came. */
struct headcount_header {
    const char *name, *value;
};

struct headcount_tag {
    const char *key, *value;      /* value NULL in a query: any              */
};

/* The hosts that are counted. */
enum headcount_hosts {
    HEADCOUNT_ACTIVE,             /* hosts with the status ACTIVE            */
    HEADCOUNT_REGISTERED,         /* the cluster's own number, which includes
                                     draining hosts                          */
    HEADCOUNT_CONNECTED           /* ACTIVE hosts with a connected agent; fewer
                                     of them lower a count only if one handle
                                     saw them twice, five minutes apart      */
};

/* The placement constraints that limit the hosts counted for a service:
 * its own, or also those of its task definition, which costs one more call for
 * each revision that the handle has not read.  DEFAULT: its own for a service
 * of `wishes`, all with a policy. */
enum headcount_constraints { HEADCOUNT_CONSTRAINTS_DEFAULT,
                             HEADCOUNT_CONSTRAINTS_SERVICE,
                             HEADCOUNT_CONSTRAINTS_ALL };

/* An event that names no cluster asks for the configured sweep.  The program
 * makes that sweep first (see headcount_event_read) and passes its result.
 * Without a sweep such an event is an error, and such a record is not done. */
enum headcount_sweep_state { HEADCOUNT_SWEPT_NOT, HEADCOUNT_SWEPT_WELL,
                             HEADCOUNT_SWEPT_FAILED };

/* Services with headcount_service.placement in the report: those whose count
 * would change, or all.  That costs a few reads for each of them. */
enum headcount_explain { HEADCOUNT_EXPLAIN_NONE, HEADCOUNT_EXPLAIN_CHANGES,
                         HEADCOUNT_EXPLAIN_ALL };

enum headcount_rule {
    HEADCOUNT_PER_HOST,      /* `tasks` on each host                         */
    HEADCOUNT_FIXED,         /* `tasks`, whatever the hosts                  */
    HEADCOUNT_HOSTS_MINUS,   /* every host but `spare`                       */
    HEADCOUNT_PERCENT,       /* `percent` of the hosts, rounded up           */
    HEADCOUNT_LINEAR,        /* base + step * the highest of hosts, CPU and
                                memory divided by ..._per_task, each rounded
                                up                                           */
    HEADCOUNT_LADDER         /* the tasks of the last rung whose `from` is not
                                above the number of hosts (or CPU units)     */
};
/* "per_host", as policies and reports have it; static text.  NULL: no rule has
 * this number. */
const char *headcount_rule_name(enum headcount_rule rule);

struct headcount_rung {
    int64_t from, tasks;     /* `tasks` from `from` hosts (CPU units) on     */
};

/* One service and the rule for its count.  0 is "not given". */
struct headcount_wish {
    size_t size;
    const char *service;     /* name or ARN                                  */
    enum headcount_rule rule;
    int64_t tasks;           /* PER_HOST: 0 = 1; FIXED: 0 is a count of 0    */
    const char *where;       /* cluster query language; counted hosts match */
    /* A change by more tasks needs a second reading that confirms it.  0: down
     * by more than half and 2 tasks, up by more than double and 20 tasks. */
    int64_t max_step_down, max_step_up;
    int64_t spare;           /* HOSTS_MINUS                                  */
    double percent;          /* PERCENT: up to 1000, with six decimals       */
    /* LINEAR: at least one of them; CPU units and MiB that hosts registered */
    double hosts_per_task, cpu_per_task, memory_per_task;
    int64_t base, step;      /* LINEAR; step 0 = 1                           */
    const struct headcount_rung *rungs, *cpu_rungs;  /* LADDER: rising, from 0
                                                        on; with both, the
                                                        higher result        */
    size_t rungs_n, cpu_rungs_n;
    int64_t min, max;        /* of the count; max 0: none, but see has_max   */
    int64_t max_tasks;       /* 0: ECS's own quota                           */
    int64_t min_age;         /* a host counts this long after it registered  */
    enum headcount_hosts hosts;      /* ACTIVE: as the reconcile says        */
    const char *const *allow;        /* codes of holds that it may pass, with
                                        those of the reconcile               */
    size_t allow_n;
    bool required;           /* a service that is missing is a failure       */
    bool not_external;       /* hosts of ECS Anywhere are not counted; for a
                                service of launch type EC2 they never are    */
    bool prevent_single_point_of_failure;    /* with two hosts or more: at
                                                least two tasks              */
    const char *at;          /* where it was written, "policy.lua:12"        */
    /* cluster-proportional-autoscaler's parameters, as JSON, or the ConfigMap
     * that has them, instead of rule and its numbers, min and max. */
    const char *autoscaler;
    bool has_max;            /* a max of 0 is a limit, too                   */
    bool placeable;          /* no task waits for a host; not with FIXED     */
};

/* One operation of one AWS service: headcount_begin_call. */
struct headcount_call {
    size_t size;
    void *user;                   /* headcount_op_user returns it            */
    const char *region;           /* NULL: the handle's                      */
    const char *endpoint_url;     /* NULL: the handle's                      */
    const char *assume_role;      /* ARN of the role that makes the call; the
                                     handle assumes it with its credentials;
                                     NULL: no role                           */
    int64_t timeout;              /* for the whole op; 0 or negative: none   */
    const char *service;          /* one that takes JSON: "ecs", "deploy" (as
                                     the AWS CLI has it), "codedeploy" (as
                                     botocore), "CodeDeploy" (its id), in any
                                     case                                    */
    const char *operation;        /* "DescribeServices", "describe-services" */
    const void *body;             /* JSON; NULL: {}; a byte order mark is not
                                     sent                                    */
    size_t body_size;
    bool retry_writes;            /* send a request again that was sent
                                     completely and got no answer, even if its
                                     operation may write; a gateway's 502 or
                                     504, and a 500 or 503 without a code of
                                     AWS, are no answer                      */
    /* With assume_role: its external id, the session's name that CloudTrail
     * shows (NULL: "headcount-...") and for how long its credentials are good
     * (whole seconds, 15 minutes to 12 hours; 0: STS's default, an hour). */
    const char *external_id, *role_session_name;
    int64_t role_duration;
    const char *expect_account;   /* 12 digits: nothing is sent with credentials
                                     of another account (HEADCOUNT_EACCOUNT);
                                     STS tells it, once for each access key;
                                     NULL: any account                       */
    /* A service that the library does not know, if it takes JSON with the
     * header x-amz-target: <target_prefix>.<operation>.  NULL: it knows
     * `service`.  The other three are for such a service alone. */
    const char *target_prefix;
    const char *json_version;     /* "1.0" or "1.1"; NULL: 1.0               */
    const char *signing_name;     /* NULL: service                           */
    const char *endpoint_prefix;  /* front of its host; NULL: service        */
};

struct headcount_sign_request;

/* One plain HTTP request to any URL, over the same connections, DNS answers and
 * trust as calls: headcount_begin_fetch.  No redirect is followed.  Nothing is
 * retried, except that GET, HEAD, PUT, DELETE, OPTIONS and TRACE, and any
 * method with replay_ok, are sent once more if a kept connection ended before
 * any answer; that any method is sent once more if a kept connection had been
 * closed before and its peer is proved not to have read the whole request (a
 * FIN, then an RST, and no byte acknowledged); and that a signed request is
 * signed and sent once more when its answer is that credentials have expired,
 * or that its time is wrong while the answer's Date differs from our clock.  A
 * status of 4xx or 5xx is an answer: code 0, and service_code and message are
 * what it says.  A URL or header that cannot be sent is HEADCOUNT_EARG in the
 * outcome; no sentence shows more of a URL than scheme and host. */
struct headcount_fetch {
    size_t size;
    void *user;                   /* headcount_op_user returns it            */
    int64_t timeout;              /* for the whole op; 0 or negative: none   */
    int64_t first_byte_timeout;   /* 0: the handle's read_timeout; negative:
                                     none, for a long poll                   */
    const char *method;           /* NULL: GET, or POST with a body          */
    const char *url;              /* http or https; a fragment is not sent   */
    /* Not connection, content-length, transfer-encoding, te, upgrade and
     * proxy-..., which the library sets; host only with the value of the URL.
     * User-Agent and "Accept-Encoding: identity" are added if they are not
     * given. */
    const struct headcount_header *headers;
    size_t headers_n;
    const void *body;             /* any bytes                               */
    size_t body_size;
    bool replay_ok;               /* it does no harm to send the request twice:
                                     a POST that its receiver recognizes by an
                                     id                                      */
    /* Sign the request with the handle's credentials (Signature Version 4); it
     * is signed when it is sent.  `service` is needed, region NULL is the
     * handle's.  method, url, headers, body and keys have to be zero: they are
     * those of the fetch and of the handle.  NULL: it is not signed. */
    const struct headcount_sign_request *sign;
    bool sign_only;               /* with `sign`: send nothing, the outcome has
                                     signed_request                          */
    const char *assume_role;      /* with `sign`: as struct headcount_call,  */
    const char *external_id, *role_session_name;     /* and so are these     */
    int64_t role_duration;
    const char *expect_account;
};

/* Brings services to their counts, in named clusters (by name or ARN) or in the
 * clusters of an event: headcount_begin_reconcile.  With both, `clusters`
 * selects from the clusters of the event, by their names as struct
 * headcount_event has them. */
struct headcount_reconcile {
    size_t size;
    void *user;                   /* headcount_op_user returns it            */
    const char *region;           /* NULL: the handle's, then the event's    */
    const char *endpoint_url;     /* NULL: the handle's                      */
    const char *assume_role;      /* as struct headcount_call                */
    int64_t timeout;              /* for the whole op; 0 or negative: none   */
    const char *const *clusters;
    size_t clusters_n;
    const void *event;
    size_t event_size;
    const struct headcount_wish *wishes;
    size_t wishes_n;
    bool policy;                  /* instead of wishes: the op ASKS its owner
                                     for those of each cluster               */
    const char *policy_sha256;    /* for the audit                           */
    enum headcount_hosts hosts;
    enum headcount_constraints constraints;
    bool dry_run;                 /* read and plan, write nothing            */
    bool paused;                  /* hold every write: `paused`              */
    const char *const *allow;     /* codes of holds that this op may pass    */
    size_t allow_n;
    bool ask_targets;             /* hold a count that Application Auto Scaling
                                     sets too: one more call for each service */
    bool verify;                  /* after a write, list the hosts again and
                                     continue if they call for another count;
                                     after three such lists the service fails
                                     (`unsettled`).  For several writers at
                                     once; each write costs one more call    */
    bool drop_duplicates;         /* skip an event whose detail.version this
                                     handle reconciled already               */
    bool drop_foreign;            /* a record about another region or account
                                     is done; else it is left to its queue   */
    enum headcount_sweep_state swept;   /* result of the sweep that the event
                                     asks for                                */
    bool record;                  /* put all facts about the one cluster into
                                     outcome.snapshot                        */
    /* Plan on these facts instead of AWS's.  No call is made and no credentials
     * are needed; dry_run has to be set.  Clusters and event may be omitted. */
    const void *snapshot;
    size_t snapshot_size;
    /* Limits of the whole run, which is this op or its sweep, and of all
     * runs of the handle within ten minutes.  0: no limit; negative: EARG.
     * Every further write is held (`too_many_changes`).  A dry run counts
     * the writes that it would make. */
    int64_t max_changes;          /* services that are written               */
    int64_t max_falls;            /* tasks that are taken away               */
    enum headcount_explain explain;
    const char *only;             /* the one service to plan (name or ARN)   */
    const char *external_id, *role_session_name;     /* as struct            */
    int64_t role_duration;                           /* headcount_call       */
    const char *expect_account;   /* 12 digits: a cluster for which ECS answers
                                     with another account in its ARNs fails
                                     (EACCOUNT) before anything is written in
                                     it, and such a cluster of an event is
                                     foreign; no call is made for that.  NULL:
                                     any account                             */
};

/* Finds clusters and reconciles each of them: headcount_begin_sweep.  Clusters
 * may be globs (`*`, `?`); none: all.  The sweep looks for them in each region
 * with each role.  It reconciles at_once of them side by side, paced by
 * config.api_share, and is in the state PART when one is done. */
struct headcount_sweep {
    size_t size;
    void *user;                   /* headcount_op_user returns it            */
    /* The reconcile of each cluster.  Its timeout, max_changes and max_falls
     * are those of the whole sweep; external_id, role_session_name and
     * role_duration are those of all roles.  Clusters and roles are members of
     * the sweep, and a sweep has no event: user, assume_role, clusters, event,
     * swept, snapshot, record, drop_duplicates and drop_foreign have to be
     * zero, or begin returns EARG. */
    const struct headcount_reconcile *each;
    const char *const *clusters;
    size_t clusters_n;
    const char *const *regions;   /* none: that of `each`, or the handle's   */
    size_t regions_n;
    const char *const *roles;     /* ARNs; none: the handle's credentials    */
    size_t roles_n;
    const struct headcount_tag *tags;    /* clusters that have all of these  */
    size_t tags_n;
    int at_once;                  /* 0: 10, at most 64                       */
    bool report;                  /* make outcome.json, about all clusters;
                                     outcome.clusters is empty in any case   */
};

/* Looks for what keeps headcount from its work: settings, network, credentials,
 * permissions, clusters, queue.  It writes nothing, no check that fails stops
 * the next one, and the outcome has its findings. */
struct headcount_doctor {
    size_t size;
    void *user;                   /* headcount_op_user returns it            */
    const char *region;           /* NULL: the handle's                      */
    const char *endpoint_url;     /* of ECS; NULL: the handle's              */
    const char *assume_role;      /* as struct headcount_call                */
    int64_t timeout;              /* for the whole op; 0: 30 s; negative:
                                     none                                    */
    const char *const *clusters;  /* names or ARNs; none: the first ten of the
                                     region                                  */
    size_t clusters_n;
    /* The rule: the reconcile of each cluster, which is planned and not
     * written.  With `policy` the op ASKS.  It must not have the members that
     * headcount_sweep.each must not have; region, endpoint_url, timeout, the
     * role's members and expect_account are those of this struct.  NULL: no
     * rule is known. */
    const struct headcount_reconcile *each;
    const char *queue;            /* URL of an SQS queue; NULL: none         */
    bool sweeps;                  /* the program sweeps from time to time    */
    const char *external_id, *role_session_name;     /* as struct            */
    int64_t role_duration;                           /* headcount_call       */
    const char *expect_account;   /* 12 digits: a principal or a cluster of
                                     another account is an error; NULL: any  */
};

/* Each starts an op and copies its texts.  Returns 0; or HEADCOUNT_ENOMEM or
 * HEADCOUNT_EARG, with *out NULL and *error (may be NULL) filled, and nothing
 * began.  A refused event, a missing region and similar failures are an outcome
 * of the op, which is then DONE at once; but where no region is known and this
 * may be an EC2 instance, the op first asks the instance's metadata for it. */
int headcount_begin_call(headcount *h, headcount_op **out,
                         const struct headcount_call *call,
                         struct headcount_error *error);
/* Opens what this call will need, and sends nothing: a connection to the
 * endpoint of its service, with TLS, and one to that of STS if the credentials
 * that sign it come from there.  They stay in the handle as those that calls
 * leave, for 20 s.  `service` is needed, `operation` and `body` are not; give
 * a timeout.  A failure is an outcome, and of no later op: it costs no attempt
 * and no retry, and a name that was not found is looked up again.  With
 * config.no_keep_alive it does nothing. */
int headcount_begin_connect(headcount *h, headcount_op **out,
                            const struct headcount_call *call,
                            struct headcount_error *error);
int headcount_begin_fetch(headcount *h, headcount_op **out,
                          const struct headcount_fetch *fetch,
                          struct headcount_error *error);
int headcount_begin_reconcile(headcount *h, headcount_op **out,
                              const struct headcount_reconcile *reconcile,
                              struct headcount_error *error);
int headcount_begin_sweep(headcount *h, headcount_op **out,
                          const struct headcount_sweep *sweep,
                          struct headcount_error *error);
int headcount_begin_doctor(headcount *h, headcount_op **out,
                           const struct headcount_doctor *doctor,
                           struct headcount_error *error);
/* Returns the `user` of the struct that the op began with. */
void *headcount_op_user(const headcount_op *op);

/* ---- driving --------------------------------------------------------- */

/* For poll(2), or for an event loop that is level triggered.
 *
 * The wants are valid until the next call that can change them: step, wait,
 * begin_..., resume, refuse, decide_by_..., cancel, drain, op_free, forget.
 * Ask for them again after it and before the loop waits again.
 *
 * A descriptor is listed from the call that opens it until the call that closes
 * it, and keeps its id; only its events change, and they may be 0.  Any of
 * these calls may close it and open another one with the same number.  So a
 * loop first forgets each id that is no longer listed, then takes up the new
 * ones.  With epoll: no epoll_ctl for an id that is no longer listed (the
 * kernel dropped the descriptor when it was closed), EPOLL_CTL_ADD for a new
 * id, EPOLL_CTL_MOD where the events changed.  See examples/own_loop.c. */
struct headcount_want {
    uint64_t id;             /* one as long as the descriptor is open, and
                                never used again for another one             */
    int fd;
    short events;            /* POLLIN, POLLOUT as poll(2) has them; 0: it is
                                open, and only an error or a hangup counts   */
};

/* Writes up to `max` descriptors to wait for and the time at which step must
 * be called at the latest (0: at once; INT64_MAX: none).  Returns how many
 * there are, which may be more than `max`. */
size_t headcount_wants(const headcount *h, struct headcount_want *wants,
                       size_t max, int64_t *deadline);
/* Does all that can be done now.  `ready` are wants with events as poll
 * returned them; late, spurious and unknown ones are harmless. */
void headcount_step(headcount *h, const struct headcount_want *ready,
                    size_t n);
/* Returns an op that needs its owner (its state is no longer RUNNING), or NULL.
 * Each change of a state is returned once. */
headcount_op *headcount_next(headcount *h);
/* Calls poll(2) and step until this op is no longer RUNNING or `timeout`
 * (negative: none) has passed.  Returns the op's state (RUNNING only if a
 * signal came in), or HEADCOUNT_ETIMEDOUT; HEADCOUNT_EIO, HEADCOUNT_ENOMEM: it
 * could not wait, and may be called again.  Other ops of the handle run
 * meanwhile, but those that ASK do not: an op that has to reconcile the same
 * cluster waits until their owner answers, so do not wait for such an op
 * without a timeout. */
int headcount_wait(headcount_op *op, int64_t timeout);
/* From now on the op starts no new write or call.  It waits for requests in
 * flight (headcount_op_free ends them), and the rest is `failed: cancelled`. */
void headcount_cancel(headcount_op *op);
/* From now on a sweep begins no new cluster: clusters in progress end normally,
 * and the rest is not reported.  This does nothing to other ops. */
void headcount_drain(headcount_op *op);
/* Frees the op and all that its outcome pointed to; cancels it if it still
 * runs.  NULL is fine. */
void headcount_op_free(headcount_op *op);
/* For after a suspend, a restore from a snapshot, or a change of the network.
 * Connections are closed, those in use after their answer; DNS servers are
 * asked before known addresses are used; handshakes of TLS are full ones; what
 * failed may be tried first.  Ops, credentials and memory of counts stay. */
void headcount_forget(headcount *h);

/* ---- a policy: the owner decides -------------------------------------- */

/* An op with `policy` ASKS one or more times for each cluster.  Its owner, the
 * program, looks at facts and then resumes it:
 *
 *     if (headcount_fact(op, &query, &fact) == 1)      known: decide by it
 *         headcount_wish(op, &wish);
 *     headcount_resume(op);
 *
 * A fact that is not known yet is noted.  After resume the op reads all noted
 * facts, drops the wishes of this round, and ASKS again (at most 32 times).  If
 * nothing was noted, the wishes are planned.  Each fact is read once.  A fact
 * that cannot be read makes the cluster fail, and so does an owner who looks at
 * facts for more than a minute, because they are then too old.  The same facts
 * must give the same wishes; that is why a snapshot can be a test.
 *
 * If the owner looked at hosts or the cluster, and one of its wishes is a big
 * step, these are read once more and the op ASKS again (`confirming`): the
 * count is written only if the same count follows from the second reading, and
 * if that reading, where it has the cluster, says that it is ACTIVE. */
struct headcount_question {
    const char *name;             /* of the cluster                          */
    const char *arn, *account, *region, *partition;  /* "" where not known   */
    int round;                    /* from 1, and from 1 again when confirming */
    int64_t time;                 /* of the facts, microseconds since 1970   */
    const void *event;            /* the event that caused it, or NULL       */
    size_t event_size;
    bool confirming;              /* a second reading of a big step: the wishes
                                     are only compared with those before     */
};

/* NULL unless the op ASKS; valid until resume. */
const struct headcount_question *headcount_question(const headcount_op *op);

enum headcount_fact_kind {
    HEADCOUNT_FACT_CLUSTER = 1,   /* status, registered, tags                */
    HEADCOUNT_FACT_COUNT,         /* count, of hosts                         */
    HEADCOUNT_FACT_HOSTS,         /* count, headcount_fact_host              */
    HEADCOUNT_FACT_SERVICES,      /* count, headcount_fact_name              */
    HEADCOUNT_FACT_SERVICE,       /* service; NULL: there is none            */
    HEADCOUNT_FACT_PLACEMENT      /* placement, its summary ""; NULL: none   */
};

struct headcount_query {
    size_t size;
    enum headcount_fact_kind kind;
    const char *where;            /* COUNT, HOSTS: cluster query language    */
    enum headcount_hosts hosts;   /* likewise                                */
    int64_t min_age;              /* likewise, microseconds                  */
    const char *launch_type;      /* SERVICES: "EC2", ...                    */
    const struct headcount_tag *tags;    /* SERVICES that have all of these  */
    size_t tags_n;
    const char *service;          /* SERVICE, PLACEMENT: name or ARN         */
};

/* Tags and attributes: headcount_pair(pairs, i, &tag) for i = 0, 1, ... */
struct headcount_pairs;

struct headcount_host {
    const char *arn, *id;         /* id: the last part of the ARN            */
    const char *ec2_id, *provider, *agent_version;       /* "" where unknown */
    bool connected;
    int64_t registered_at;        /* microseconds since 1970, or             */
    int64_t running_tasks;        /* HEADCOUNT_UNKNOWN, as all of these      */
    int64_t cpu, memory, cpu_remaining, memory_remaining;   /* units, MiB    */
    const struct headcount_pairs *attributes, *tags;
};

struct headcount_constraint { const char *type, *expression; };
struct headcount_share { const char *provider; int64_t weight, base; };
struct headcount_deployment {     /* "" or UNKNOWN: ECS does not tell        */
    const char *id, *status, *rollout_state, *task_definition;
    int64_t desired, running, pending;
    int64_t created_at, updated_at;          /* microseconds since 1970      */
};

struct headcount_service_fact {
    const char *arn, *name, *status, *launch_type, *scheduling_strategy;
    const char *task_definition;
    int64_t desired, running, pending;       /* or HEADCOUNT_UNKNOWN         */
    const struct headcount_pairs *tags;
    /* In the order of ECS, with "" for the expression of distinctInstance.
     * NULL: not in the answer, or of a form that this version does not know. */
    const struct headcount_constraint *constraints;
    const struct headcount_share *strategy;
    const struct headcount_deployment *deployments;
    size_t constraints_n, strategy_n, deployments_n;
    bool distinct;                /* distinctInstance is a constraint        */
};

struct headcount_fact {
    int64_t count;
    const char *status;
    int64_t registered;
    const struct headcount_pairs *tags;
    const struct headcount_service_fact *service;
    const struct headcount_placement *placement;
    const void *list;             /* private                                 */
};

/* Returns 1 if the fact is known: *fact is valid until headcount_resume or
 * headcount_refuse.  Returns 0 if it was noted; or a code, with the sentence in
 * *error (may be NULL): HEADCOUNT_ESTATE unless the op ASKS. */
int headcount_fact(headcount_op *op, const struct headcount_query *query,
                   struct headcount_fact *fact, struct headcount_error *error);
/* Get the i-th host of FACT_HOSTS, or the name of the i-th service of
 * FACT_SERVICES; false or NULL: there is none. */
bool headcount_fact_host(const struct headcount_fact *fact, size_t i,
                         struct headcount_host *host);
const char *headcount_fact_name(const struct headcount_fact *fact, size_t i);
bool headcount_pair(const struct headcount_pairs *pairs, size_t i,
                    struct headcount_tag *pair);
/* The value ("" for none) of this key; NULL: it is not there. */
const char *headcount_pair_find(const struct headcount_pairs *pairs,
                                const char *key);

/* Adds one wish, which is copied.  Returns 0, or HEADCOUNT_ENOMEM,
 * HEADCOUNT_EARG, HEADCOUNT_ELIMIT or HEADCOUNT_ESTATE; a line of the log says
 * why. */
int headcount_wish(headcount_op *op, const struct headcount_wish *wish);
/* Lowers the limits of the run, max_changes and max_falls, to at most these; 0
 * leaves a limit as it is.  The smallest limit so far applies, whichever
 * cluster of the run it was set for.  Returns 0, HEADCOUNT_ESTATE (the op
 * does not ASK) or HEADCOUNT_EARG (a negative limit). */
int headcount_limits(headcount_op *op, int64_t max_changes, int64_t max_falls);
/* Lets the cluster whose policy is asked fail unless ECS answers for this
 * account, 12 digits: as `expect_account` of the reconcile.  A snapshot has no
 * account to compare.  Returns 0; or HEADCOUNT_ESTATE (the op does not ASK),
 * HEADCOUNT_EARG (no account), HEADCOUNT_EACCOUNT (another one is expected
 * already: then refuse) or HEADCOUNT_ENOMEM. */
int headcount_expect_account(headcount_op *op, const char *account);
/* Instead of resume: the cluster fails with EPOLICY and this sentence, and
 * nothing is written in it. */
void headcount_refuse(headcount_op *op, const char *why);
void headcount_resume(headcount_op *op);
/* Answers an op that ASKS, with facts, wishes and resume, by the tags of the
 * services: headcount:rule and those that belong to it; headcount-policy(5) has
 * them. */
void headcount_decide_by_tags(headcount_op *op);
/* The same for these services, as if each had headcount:rule = per-host. */
void headcount_decide_by_adopted(headcount_op *op, const char *const *services,
                                 size_t n);
/* A first look, which never writes: services with distinctInstance are skipped
 * (over, right, near, low, alone); `at` is "tags" if one has headcount:rule. */
void headcount_decide_by_distinct(headcount_op *op);

/* ---- a sweep: its clusters --------------------------------------------- */

/* In the state PART one cluster of a sweep is done, or one region whose
 * clusters could not be listed (a cluster without a name).  headcount_resume
 * continues the sweep, after a cancel too. */
struct headcount_progress {
    size_t at;                    /* the cluster was found as the at-th, from
                                     0                                       */
    size_t found, done;           /* clusters so far                         */
    bool all_found;
};
/* NULL unless PART; valid until resume. */
const struct headcount_outcome *headcount_sweep_cluster(const headcount_op *op);
void headcount_sweep_progress(const headcount_op *op,
                              struct headcount_progress *out);

/* ---- events ------------------------------------------------------------ */

/* The clusters that an event (or Records of them, or a message of a queue)
 * names, read as headcount_begin_reconcile reads it. */
struct headcount_event_cluster {
    const char *name;             /* or ARN, as it was named                 */
    const char *region, *account; /* the envelope's, else the ARN's, or ""   */
    bool dry_run;                 /* nothing may be written for it           */
};

struct headcount_event {
    const struct headcount_event_cluster *clusters;      /* each one once    */
    size_t clusters_n;
    bool wrapped;                 /* it holds Records                        */
    bool sweep;                   /* it, or a record, names no cluster       */
    const char *skipped;          /* why headcount skips it, or NULL         */
    const char *broken;           /* why the first broken record cannot be
                                     understood; NULL: none is broken        */
};

/* Returns 0; or HEADCOUNT_EEVENT, HEADCOUNT_EARG (the size of *system) or
 * HEADCOUNT_ENOMEM, with *error (may be NULL) filled. */
int headcount_event_read(struct headcount_event **out, const void *event,
                         size_t n, const struct headcount_system *system,
                         struct headcount_error *error);
void headcount_event_free(struct headcount_event *event);    /* or NULL */

/* ---- JSON ------------------------------------------------------------ */

/* The reader that checks every answer, for programs that look into one: RFC
 * 8259 without exception, UTF-8, at most 128 levels.
 *
 *     while ((event = headcount_json_next(json, &text, &n)) > 0)
 *         ...                  text of KEY, STRING (decoded) and NUMBER
 *     headcount_json_free(json);
 */
typedef struct headcount_json headcount_json;

enum headcount_json_event {
    HEADCOUNT_JSON_END,           /* the value is complete, nothing follows  */
    HEADCOUNT_JSON_OBJECT, HEADCOUNT_JSON_OBJECT_END,
    HEADCOUNT_JSON_ARRAY, HEADCOUNT_JSON_ARRAY_END,
    HEADCOUNT_JSON_KEY, HEADCOUNT_JSON_STRING, HEADCOUNT_JSON_NUMBER,
    HEADCOUNT_JSON_TRUE, HEADCOUNT_JSON_FALSE, HEADCOUNT_JSON_NULL
};

/* `text` must outlive the reader; a UTF-8 byte order mark at its start is
 * skipped.  The reader takes its memory from `system` (may be NULL).
 * Returns 0, HEADCOUNT_ENOMEM, or HEADCOUNT_EARG if the size of *system is
 * wrong; no sentence says so, because the log hook is in *system. */
int headcount_json_new(headcount_json **out, const void *text, size_t n,
                       const struct headcount_system *system);
/* Returns an event; or HEADCOUNT_ESYNTAX, HEADCOUNT_ETRUNCATED,
 * HEADCOUNT_ELIMIT or HEADCOUNT_ENOMEM, and *error (may be NULL) says at which
 * byte.  *text is valid until the next call. */
int headcount_json_next(headcount_json *json, const char **text, size_t *n,
                        struct headcount_error *error);
void headcount_json_free(headcount_json *json);      /* NULL is fine */

/* ---- signatures ------------------------------------------------------ */

/* AWS Signature Version 4 of a request that another program sends. */
struct headcount_sign_request {
    size_t size;
    const char *method;           /* NULL: GET                               */
    const char *url;              /* http or https; path and query as sent   */
    /* Headers of one name are signed in their order.  Host, Content-Type,
     * X-Amz-Date and the like are given once; Authorization is not given. */
    const struct headcount_header *headers;
    size_t headers_n;
    const void *body;
    size_t body_size;
    const char *service, *region; /* "ecs", "eu-west-1"                      */
    int64_t time;                 /* microseconds since 1970; 0: now         */
    const char *access_key_id, *secret_access_key, *session_token;
    /* How the path is signed; 1: yes, -1: no, 0: as the service needs it.  S3
     * and its relatives need it unchanged; all other services need it without
     * // and .., and encoded again. */
    int double_encode, normalize_path;
    /* A presigned URL (headcount_signed.url) that is good for so many
     * microseconds: whole seconds, from 1 second to 7 days.  0: none, the
     * signature becomes a header. */
    int64_t expires;
    bool sign_all;                /* sign the headers, too, that AWS's SDKs do
                                     not sign because others change them:
                                     connection, expect, te, trailer, upgrade,
                                     keep-alive, transfer-encoding, user-agent,
                                     proxy-authenticate, proxy-authorization,
                                     baggage, traceparent, tracestate,
                                     x-amzn-trace-id                         */
};

struct headcount_signed {
    /* The request's headers, then Host, X-Amz-Date, X-Amz-Security-Token where
     * they were not given, X-Amz-Content-Sha256 for s3 (and s3-outposts,
     * s3-object-lambda, s3express), and Authorization.  With `expires`: the
     * request's headers alone; who uses the URL has to send them so. */
    const struct headcount_header *headers;
    size_t headers_n;
    const char *canonical_request, *string_to_sign, *signature;
    const char *url;              /* with `expires`: presigned, so a secret; for
                                     s3 any body may be sent with it; else
                                     NULL                                    */
};

/* Makes the three steps of a signature; the caller frees *out.  Returns 0; or
 * HEADCOUNT_EARG (a member is missing or cannot stand in a request),
 * HEADCOUNT_ELIMIT or HEADCOUNT_ENOMEM, with *error (may be NULL) filled. */
int headcount_sign(struct headcount_signed **out,
                   const struct headcount_sign_request *request,
                   const struct headcount_system *system,
                   struct headcount_error *error);
void headcount_signed_free(struct headcount_signed *s);    /* wipes; or NULL */

/* ---- outcomes -------------------------------------------------------- */

enum headcount_state { HEADCOUNT_RUNNING, HEADCOUNT_DONE, HEADCOUNT_ASKS,
                       HEADCOUNT_PART };

/* An op counts what it caused: a lookup in DNS that several ops wait for counts
 * for the one that began it, and one that renews an answer near its end for
 * none.  A handle counts everything. */
struct headcount_stats {
    uint64_t api_calls;           /* operations; retries, replays not counted */
    uint64_t connections_opened, connections_reused;
    uint64_t dns_lookups;         /* names that DNS servers were asked for; of
                                     a search list each domain makes one      */
    uint64_t dns_datagrams;       /* queries to them, by UDP or TCP           */
    uint64_t dns_hits;            /* answers from the cache, expired ones too */
    uint64_t tls_handshakes, tls_resumed;
    uint64_t retries, replays;
    int64_t elapsed_us;
    uint64_t connections_purged;  /* good ones that were closed, not kept: a
                                     connection to their host, as old as they,
                                     had gone silent or been reset; their name
                                     has had other addresses for a minute; or
                                     headcount_forget                        */
    uint64_t connections_dead;    /* that the kernel ended, idle or in use: no
                                     answer to TCP keep-alive probes, or no
                                     acknowledgement in tcp_user_timeout     */
};

/* One attempt of one call; marks are monotonic microseconds, 0 = did not
 * happen (a reused connection has no dns, connect and tls). */
struct headcount_timing {
    const char *operation, *host, *address;      /* FETCH: the method; address:
                                     that of the proxy, if there is one, which
                                     made a tunnel between connect_end and
                                     tls_start                               */
    int attempt, status;
    bool reused, resumed;
    int64_t start, dns_start, dns_end, connect_start, connect_end;
    int64_t tls_start, tls_end, send_start, send_end, first_byte, end;
    int64_t idle;                 /* us that a reused connection had been kept
                                     without a request                       */
    int64_t asked;                /* when it asked for the connection that it
                                     went over: `start`, or later if a kept one
                                     was found closed; no time of the new one
                                     is before that                          */
    int64_t waited;               /* us after `asked`, in the line of its host:
                                     until it was lent a kept connection, until
                                     a new one was begun, or until it failed */
    uint64_t connection;          /* its number in the handle, from 1; 0: the
                                     attempt had none                        */
    const char *cluster;          /* of a call of a reconcile; else ""       */
    const char *region;           /* that the endpoint is of; "" of a fetch  */
};

/* One attempt for the hook `trace`, also one that asks for credentials.  Left
 * out are the query of the URL, headers that are not known to be harmless, and,
 * where the answer has credentials, all of its headers.  Then and for a fetch
 * the path of the URL is "***": the path of a webhook is its password.
 * Secrets that the library knows are struck out of what is left.  No text lives
 * longer than the hook's call. */
struct headcount_trace {
    const struct headcount_timing *timing;
    const char *method, *url;
    const struct headcount_header *request_headers;      /* in their order   */
    size_t request_headers_n;
    const struct headcount_header *headers;              /* of the answer    */
    size_t headers_n;
    int64_t request_head, request_body;  /* bytes; 0 if none was made        */
    int64_t body;                 /* bytes of the answer's body that came    */
    int code;                     /* why it got no answer that counts; or 0  */
    int64_t opened;               /* when its handle was made (us, monotonic):
                                     handles number their connections alike  */
};

enum headcount_result { HEADCOUNT_UPDATED, HEADCOUNT_PENDING,
                        HEADCOUNT_UNCHANGED, HEADCOUNT_HELD,
                        HEADCOUNT_SKIPPED, HEADCOUNT_FAILED };

#define HEADCOUNT_UNKNOWN INT64_MIN    /* a number that was not learned */

/* A host, and whether ECS can place a task of the service there. */
struct headcount_placed_host {
    const char *arn, *id, *ec2_id;       /* ec2_id "" where it was not read  */
    const char *answer;           /* "cannot", "passed_over" (it looks free, but
                                     ECS chose hosts that came later),
                                     "unknown", "can", "runs"                */
    const char *code;             /* the first reason: "port_udp"; or ""     */
    const char *reason;           /* all reasons; "can": what the task takes */
};

struct headcount_placement {
    int64_t running, can, unknown, passed_over, cannot;      /* hosts        */
    const char *summary;          /* a sentence: how many tasks find a host  */
    const char *scaled_by;        /* the capacity provider that starts hosts for
                                     tasks that wait, or ""                  */
    const struct headcount_placed_host *hosts;               /* worst first  */
    size_t hosts_n;
    const char *said;             /* ECS's newest event of the service about a
                                     task that it could not place, or ""     */
    int64_t said_at;              /* microseconds since 1970, or unknown     */
};

struct headcount_service {
    const char *service;          /* as the wish names it                    */
    enum headcount_result outcome;
    const char *code;             /* "" or the hold, skip or failure code    */
    const char *reason;
    int64_t desired_before, wanted;      /* or HEADCOUNT_UNKNOWN             */
    int64_t running, pending;            /* likewise                         */
    const char *rule;
    const char *switch_text;      /* the switch that lets the hold pass (a field
                                     of the rule, or request.allow CODE), or
                                     NULL                                    */
    int64_t hosts_counted;        /* or HEADCOUNT_UNKNOWN                    */
    const char *hosts_by, *hosts_filter;
    const char *at;               /* the wish's, "" if it had none           */
    int64_t placeable;            /* hosts that run a task of it or can take
                                     one; UNKNOWN where that was not read    */
    const struct headcount_placement *placement;   /* NULL: see `explain`    */
};

struct headcount_cluster {
    const char *arn, *name;       /* arn "" where it was not learned         */
    const char *error_code, *error;    /* NULL where the cluster was read    */
    const struct headcount_service *services;
    size_t services_n;
    const char *skipped;          /* "cluster_gone": it is deleted, and an event
                                     or a sweep named it, no person; or NULL */
    size_t services_listed;       /* by a first look; else 0                 */
};

/* One of an event's Records.  It is not done if a cluster that it asks for
 * failed or is in another region or account, if it cannot be understood, or if
 * its queue is a FIFO queue and one before it is not done. */
struct headcount_record {
    const char *id;               /* messageId; "" if it has none            */
    const char *error;            /* why it cannot be understood or is foreign,
                                     or NULL                                 */
    bool done;                    /* it may be deleted                       */
    bool foreign;                 /* a cluster of it is in another region or
                                     account                                 */
};

enum headcount_level { HEADCOUNT_FINE, HEADCOUNT_WARNING, HEADCOUNT_ERROR };
/* "ok", "warning", "error"; static text.  NULL: no level has this number. */
const char *headcount_level_name(enum headcount_level level);

/* One line of a doctor. */
struct headcount_finding {
    enum headcount_level level;
    const char *code;             /* "region", "dns", "tls", "call", ...     */
    const char *what;             /* that was looked at: "DescribeServices"  */
    const char *text;             /* what was found                          */
    const char *advice;           /* what to do, or ""                       */
    int64_t elapsed_us;           /* that it took on the network, or 0       */
};

/* A failed cluster does not make the op fail: `code` is 0 if the op as a whole
 * ran to its end, and summary[HEADCOUNT_FAILED] counts each failure.  So
 * success is code 0, summary[HEADCOUNT_FAILED] 0 and, for an event,
 * records_failed 0. */
struct headcount_outcome {
    int code;                     /* 0, or why the op as a whole failed      */
    const char *message;          /* the sentence for it, "" with 0; of a fetch
                                     with status >= 400: what the answer says */

    /* of a call */
    const char *service_code;     /* AWS's error code, "" if none; also of a
                                     fetch                                   */
    const char *request_id;
    int status;                   /* HTTP, 0 without an answer; a fetch's too */
    const void *body;             /* the answer as it came; a fetch's too    */
    size_t body_size;

    /* of a reconcile */
    const char *skipped_event;    /* why the event is not ours, or NULL      */
    bool dry_run;                 /* the struct, or the event for all of its
                                     clusters, asked for a dry run           */
    const struct headcount_cluster *clusters;
    size_t clusters_n;
    size_t summary[6];            /* services by enum headcount_result       */
    const char *json;             /* the report document, format 1.0         */
    size_t json_size;
    /* With `record`: the facts as JSON, with zeros for account ids; NULL if the
     * cluster could not be read. */
    const char *snapshot;
    size_t snapshot_size;
    /* The Records (of SQS, of SNS) of an event, and how many of them have to be
     * delivered again.  `failures` is the answer to Lambda's queue,
     * {"batchItemFailures": [...]}; NULL where a failed record cannot be named:
     * then fail the whole batch. */
    const struct headcount_record *records;
    size_t records_n, records_failed;
    size_t foreign;               /* records about another region or account,
                                     or 1: the event alone is               */
    const char *failures;
    size_t failures_size;

    struct headcount_stats stats; /* of this op alone                        */
    const struct headcount_timing *timings;
    size_t timings_n;

    /* of a fetch */
    const struct headcount_header *headers;
    size_t headers_n;

    /* of a sweep, and of a reconcile without an event and without `record`: the
     * services of its wishes that no cluster has, if each cluster was looked
     * at.  summary[HEADCOUNT_FAILED] counts each of them once; the rows of the
     * clusters stay skipped, `missing`. */
    const char *const *missing_services;
    size_t missing_services_n;

    const char *skipped_because;  /* a sentence about a duplicate, or about a
                                     foreign region or account and the one that
                                     is configured; or NULL                  */

    /* of a doctor, which has `json`, too: {"format_version", "findings"} */
    const struct headcount_finding *findings;    /* in the order of checks   */
    size_t findings_n;

    const struct headcount_signed *signed_request;   /* of a fetch with
                                                        sign_only, or NULL   */
};

/* NULL while the op runs. */
const struct headcount_outcome *headcount_outcome(const headcount_op *op);
enum headcount_state headcount_op_state(const headcount_op *op);
/* Counters of the handle since headcount_new. */
void headcount_stats(const headcount *h, struct headcount_stats *out);

#pragma GCC visibility pop
#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif
#endif
