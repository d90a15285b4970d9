/* cli/options.h - one table of options, one of verbs; what the user said. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "headcount.h"
#include "verbs/verbs_list.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_TARGET_FAILED = 1,
    EXIT_CHANGES = 2,           /* --detailed-exitcode only */
    EXIT_HELD = 3,              /* --detailed-exitcode only */
    EXIT_INTERRUPTED = 130,
    EXIT_USAGE = 252,
    EXIT_CONFIG = 253,
    EXIT_SERVICE = 254,
    EXIT_OTHER = 255
};

#define OPTIONS_MAX 80
#define OPTIONS_LIST_MAX 256
#define OPTIONS_ROLES_MAX 10000

struct options_list {
    const char *item[OPTIONS_LIST_MAX];
    size_t n;
};

enum options_when { OPTIONS_AUTO, OPTIONS_ALWAYS, OPTIONS_NEVER };

enum verb {
    VERB_NONE,
#define VERB_ID(NAME, ...) VERB_##NAME,
    VERBS(VERB_ID)
#undef VERB_ID
};

struct options_text {
    struct options_text *next;
    char text[];
};

struct options {
    enum verb verb;
    struct options_list args;          /* what stands beside verb and options */
    const char *region, *profile, *endpoint_url, *ca_bundle, *dns_server;
    const char *output, *where, *hosts, *policy, *tcp_keepalive, *snapshot;
    const char *autoscaler, *constraints, *verify;
    const char *connect_timeout, *read_timeout, *timeout;
    const char *acquire_timeout, *attempt_timeout, *user_timeout;
    const char *connections, *per_host, *min_speed;
    const char *run, *format;          /* of test */
    const char *color;                 /* --color */
    const char *trace;                 /* --trace */
    struct trace *tracing;             /* of the run, or NULL */
    const char *target_prefix, *json_version, *signing_name;    /* of call */
    const char *endpoint_prefix;
    const char *queue, *every, *visibility, *metrics, *heartbeat;   /* watch */
    const char *at_once, *share;       /* --concurrency, --api-share */
    const char *changes, *falls;       /* --max-changes, --max-falls */
    const char *sign, *body, *expires;                 /* of fetch */
    struct options_list headers;                       /* likewise */
    const char *calls, *rate, *svg;                    /* of latency */
    const char *since;                                 /* of undo */
    struct options_list services, allow;
    struct options_list regions;       /* region: the only one */
    struct options_list role_words, cluster_tags;
    const char *role;                  /* the only one */
    const char *external_id, *session, *duration, *account;
    bool all;
    bool no_sign_request, debug, timings, dry_run, detailed_exitcode;
    bool retry_writes, help, version;
    bool drop_foreign, yes;
    bool explain, who, verbose;
    bool verifies;               /* --verify on */
    bool paused;                       /* HEADCOUNT_DRY_RUN */
    /* worked out of the texts above */
    bool json, html, format_json;
    bool probes;                  /* --tcp-keepalive on                       */
    int colours;                       /* enum options_when: --color */
    enum headcount_hosts hosts_mode;
    enum headcount_constraints heeded;
    int64_t acquire_us, attempt_us, user_us, min_speed_n;
    int64_t max_connections, max_per_host;         /* 0: not said */
    int64_t connect_us, read_us, timeout_us, every_us, visibility_us;
    int64_t expires_us;
    int64_t calls_n;
    double rounds;                     /* a second: --rate */
    int concurrency;                   /* 0: not said */
    double api_share;                  /* likewise */
    int64_t max_changes, max_falls;    /* likewise */
    const char **roles;                /* each one once */
    size_t roles_n;
    int64_t duration_us;
    bool given[OPTIONS_MAX];           /* options that were typed, in the
                                          order of options_table */
    struct options_text *owned;        /* storage of split lists */
    char **argv;                       /* as it came */
    int argc, verb_at;                 /* its verb */
};

/* Reads argv, then the HEADCOUNT_ environment for what argv left open.
 * 0, or the exit code with the complaint already on stderr. */
int options_get(struct options *o, int argc, char **argv);
void options_fini(struct options *o);
/* Before options_get: the program is called bootstrap, or lambda is its first
 * word. */
bool options_is_lambda(int argc, char **argv);

/* On the command line, not in the environment. */
bool options_is_typed(const struct options *o, const char *option);
/* How the option of ours was set, for a message: "--queue", or
 * "HEADCOUNT_QUEUE" if it was not typed and the variable is set. */
#define OPTIONS_NAME 80
const char *options_said(const struct options *o, const char *option,
                         char name[static OPTIONS_NAME]);
/* The verb that is spelled so, VERB_NONE if there is none. */
enum verb options_verb(const char *name);
/* Complains, with the verb that was meant; the exit code. */
int options_unknown_verb(const char *name);

#endif
