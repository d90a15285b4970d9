/* cli/options_table.c - the options, the verbs, and which verb uses which
 * option.
 *
 * A verb that does not use an option of ours warns, and refuses it from the
 * next release on.  help and version refuse at once, and so do the pairs that
 * were errors before.  A HEADCOUNT_ variable is read by the verbs that use its
 * option, and is never refused by others. */
#include "options_table.h"

#include <stddef.h>
#include <string.h>

#include "verbs/verbs.h"

#define AT(member) offsetof(struct options, member)

/* PLAN is the bit of VERB_PLAN, and so on. */
enum {
#define VERB_OWN_BIT(NAME, ...) NAME = VERB_BIT(VERB_##NAME),
    VERBS(VERB_OWN_BIT)
#undef VERB_OWN_BIT
};

/* plan takes all that apply takes: a line is tried with it first. */
#define WRITES (PLAN | APPLY | HANDLE | WATCH | LAMBDA)
#define LOOKS (WRITES | SNAPSHOT | DOCTOR)
#define RULES (LOOKS | EXPLAIN)
#define CALLS (RULES | CALL | UNDO)
#define SWEEPS (PLAN | APPLY | WATCH | LAMBDA)
#define ONCE (PLAN | APPLY | HANDLE | SNAPSHOT)
/* adopt plans, and makes one call for each service. */
#define ADOPTS (CALLS | ADOPT)
#define NETWORK (ADOPTS | FETCH | LATENCY)
#define EVERY (~0U)

const struct option options_table[] = {
    { "region", LIST, AT(regions), false, EVERY, "NAME",
      "AWS region; plan, apply, watch: several" },
    { "profile", TEXT, AT(profile), false, EVERY, "NAME",
      "a profile of ~/.aws, instead of AWS_PROFILE" },
    { "endpoint-url", TEXT, AT(endpoint_url), false, EVERY, "URL",
      "talk to this endpoint instead of AWS's" },
    { "ca-bundle", TEXT, AT(ca_bundle), false, EVERY, "FILE",
      "trust these PEM roots, not the built-in ones" },
    { "output", TEXT, AT(output), false, EVERY, "text|json|html",
      "form of the report (text)" },
    { "cli-connect-timeout", TEXT, AT(connect_timeout), false, EVERY, "SECONDS",
      "limit to connect, and for TLS (3.1; 0: none)" },
    { "cli-read-timeout", TEXT, AT(read_timeout), false, EVERY, "SECONDS",
      "limit for first byte and pauses (30; 0: none)" },
    { "no-sign-request", FLAG, AT(no_sign_request), false, EVERY, NULL,
      "send requests without credentials" },
    { "debug", FLAG, AT(debug), false, EVERY, NULL,
      "log every step to stderr (never secrets)" },
    { "service", LIST, AT(services), true, LOOKS | UNDO, "NAME",
      "name or ARN: one task per host; repeatable" },
    { "all", FLAG, AT(all), true, SWEEPS | DOCTOR, NULL,
      "sweep every cluster" },
    { "tag", LIST, AT(cluster_tags), true, SWEEPS, "KEY[=VALUE]",
      "only clusters with this tag; repeatable" },
    { "assume-role", LIST, AT(role_words), true, NETWORK, "ARN|@FILE",
      "use this role's credentials; repeatable" },
    { "external-id", TEXT, AT(external_id), true, NETWORK, "ID",
      "external id of the roles that are assumed" },
    { "role-session-name", TEXT, AT(session), true, NETWORK, "NAME",
      "their session's name, for CloudTrail" },
    { "role-duration", TEXT, AT(duration), true, NETWORK, "SECONDS",
      "life of their credentials, 900 to 43200" },
    { "expect-account", TEXT, AT(account), true, NETWORK, "ID",
      "write only in this account, 12 digits" },
    { "concurrency", TEXT, AT(at_once), true, WRITES, "N",
      "clusters side by side, 1 to 64 (10)" },
    { "api-share", TEXT, AT(share), true, ADOPTS, "FRACTION",
      "share of ECS's request rates to use (0.5)" },
    { "max-changes", TEXT, AT(changes), true, WRITES | UNDO, "N",
      "hold every write of the run after N services" },
    { "max-falls", TEXT, AT(falls), true, WRITES | UNDO, "N",
      "hold every fall of the run beyond N tasks" },
    { "policy", TEXT, AT(policy), true, RULES, "FILE|tags|distinct",
      "rules in Lua, by tags, or a first look (plan)" },
    { "autoscaler", TEXT, AT(autoscaler), true, RULES, "FILE",
      "a cluster-proportional-autoscaler's rule" },
    { "hosts", TEXT, AT(hosts), true, RULES | ADOPT,
      "active|registered|connected",
      "which hosts are counted (active)" },
    { "constraints", TEXT, AT(constraints), true, RULES | ADOPT, "service|all",
      "placement constraints that limit the hosts" },
    { "where", TEXT, AT(where), true, RULES, "EXPR",
      "count only hosts that match this expression" },
    { "dns-server", TEXT, AT(dns_server), true, NETWORK | RUN, "ADDR[:PORT]",
      "ask this name server instead of resolv.conf's" },
    { "timeout", TEXT, AT(timeout), true,
      ONCE | EXPLAIN | CALL | FETCH | LAMBDA | ADOPT | DOCTOR | UNDO,
      "SECONDS",
      "limit of the run; then nothing new starts" },
    { "snapshot", TEXT, AT(snapshot), false, PLAN | HANDLE | EXPLAIN, "FILE",
      "use these facts, make no call" },
    { "queue", TEXT, AT(queue), true, WATCH | DOCTOR, "URL",
      "the events' SQS queue" },
    { "every", TEXT, AT(every), true, WATCH, "SECONDS",
      "time between sweeps, also 5m (300)" },
    { "visibility", TEXT, AT(visibility), true, WATCH, "SECONDS",
      "visibility timeout of messages (60)" },
    { "drop-foreign", FLAG, AT(drop_foreign), true, HANDLE | WATCH | LAMBDA,
      NULL,
      "drop events of another region or account" },
    { "metrics", TEXT, AT(metrics), true, WATCH, "FILE",
      "write Prometheus metrics to this file" },
    { "heartbeat", TEXT, AT(heartbeat), true, WATCH, "FILE",
      "write the time here every 10 seconds" },
    { "timings", FLAG, AT(timings), true,
      ONCE | EXPLAIN | CALL | FETCH | DOCTOR | UNDO, NULL,
      "draw the time of each call by phase" },
    { "trace", TEXT, AT(trace), false, (NETWORK & ~LAMBDA) | RUN, "FILE",
      "write all attempts here at the end (HAR)" },
    { "dry-run", FLAG, AT(dry_run), false, WRITES | ADOPT | UNDO, NULL,
      "read and plan, write nothing" },
    { "yes", FLAG, AT(yes), false, ADOPT | LATENCY | UNDO, NULL,
      "tag or write without asking" },
    { "since", TEXT, AT(since), false, UNDO, "TIME",
      "undo writes from then on: 2h, or a time" },
    { "detailed-exitcode", FLAG, AT(detailed_exitcode), true,
      ONCE | EXPLAIN | UNDO, NULL,
      "exit 2 if changes are pending, 3 if held" },
    { "explain", FLAG, AT(explain), false, PLAN | SNAPSHOT, NULL,
      "which hosts can take a task" },
    { "who", FLAG, AT(who), false, EXPLAIN, NULL,
      "who set the count last (CloudTrail)" },
    { "color", TEXT, AT(color), true, PLAN | APPLY | HANDLE | ADOPT | UNDO,
      "auto|always|never",
      "colour (auto: on a terminal)" },
    { "verbose", FLAG, AT(verbose), true, PLAN | APPLY, NULL,
      "all rows of a sweep" },
    { "allow", LIST, AT(allow), false, LOOKS | UNDO, "CODE",
      "let this hold pass (repeatable)" },
    { "retry-writes", FLAG, AT(retry_writes), true, CALL, NULL,
      "retry a call that may have written" },
    { "target-prefix", TEXT, AT(target_prefix), false, CALL | LATENCY, "TEXT",
      "x-amz-target, unknown service" },
    { "json-version", TEXT, AT(json_version), false, CALL | LATENCY, "1.0|1.1",
      "JSON, unknown service (1.0)" },
    { "signing-name", TEXT, AT(signing_name), false, CALL | LATENCY, "NAME",
      "name in signature (SERVICE)" },
    { "endpoint-prefix", TEXT, AT(endpoint_prefix), false, CALL | LATENCY,
      "NAME",
      "front of its host (SERVICE)" },
    { "sign", TEXT, AT(sign), false, FETCH, "SERVICE",
      "sign it for this service, as s3" },
    { "header", EACH, AT(headers), false, FETCH, "'NAME: VALUE'",
      "send this header, too; repeatable" },
    { "body", TEXT, AT(body), false, FETCH, "TEXT|-|@FILE",
      "send this body" },
    { "expires", TEXT, AT(expires), false, FETCH, "SECONDS",
      "print a presigned URL, send nothing" },
    { "calls", TEXT, AT(calls), false, LATENCY, "N",
      "calls of each series, 1 to 1000 (30)" },
    { "rate", TEXT, AT(rate), false, LATENCY, "N",
      "of each series a second (1)" },
    { "svg", TEXT, AT(svg), false, LATENCY, "FILE",
      "write the picture to this file" },
    { "tcp-keepalive", TEXT, AT(tcp_keepalive), true, NETWORK, "on|off",
      "TCP keep-alive probes (on)" },
    { "tcp-user-timeout", TEXT, AT(user_timeout), true, NETWORK, "SECONDS",
      "limit for bytes not acknowledged (30)" },
    { "max-connections", TEXT, AT(connections), true, NETWORK, "N",
      "connections at once, 1 to 10000 (200)" },
    { "max-connections-per-host", TEXT, AT(per_host), true, NETWORK, "N",
      "of them, those to one host (10)" },
    { "acquire-timeout", TEXT, AT(acquire_timeout), true, NETWORK, "SECONDS",
      "wait in a host's line that stands still (10)" },
    { "attempt-timeout", TEXT, AT(attempt_timeout), true, NETWORK, "SECONDS",
      "limit of one attempt of a call (300)" },
    { "min-speed", TEXT, AT(min_speed), true, NETWORK, "BYTES",
      "least of an answer's body in 30 s (1024)" },
    { "verify", TEXT, AT(verify), true, WRITES, "on|off",
      "list hosts again after a write (off)" },
    { "run", TEXT, AT(run), false, TEST, "TEXT",
      "only tests whose name contains this" },
    { "format", TEXT, AT(format), false, TEST, "text|json",
      "form of the results (text)" },
    { "help", FLAG, AT(help), false, EVERY, NULL,
      "print this help, or that of the verb" },
    { "version", FLAG, AT(version), false, EVERY, NULL,
      "print what the verb version prints" },
};
const size_t options_table_n = sizeof options_table / sizeof *options_table;

_Static_assert(sizeof options_table / sizeof *options_table <= OPTIONS_MAX,
               "the typed ones have a flag each in struct options");

static const struct { char letter; const char *name; } letters[] = {
    { 'h', "help" }, { 'o', "output" }, { 'V', "version" },
};

static const struct { const char *name; unsigned verbs; } refused[] = {
    { "all", HANDLE | SNAPSHOT | CALL },
    { "tag", HANDLE | SNAPSHOT },
    { "snapshot", APPLY | SNAPSHOT | WATCH },
};

const struct verb_line options_verbs[] = {
#define VERB_LINE(NAME, name, function, args, help, first, second) \
    { VERB_##NAME, #name, function, args, help, { first, second } },
    VERBS(VERB_LINE)
#undef VERB_LINE
};
const size_t options_verbs_n = sizeof options_verbs / sizeof *options_verbs;

enum verb options_verb(const char *name)
{
    for (size_t i = 0; i < options_verbs_n; i++)
        if (strcmp(options_verbs[i].name, name) == 0)
            return options_verbs[i].verb;
    return VERB_NONE;
}

const struct option *options_find(const char *name, size_t n)
{
    for (size_t i = 0; i < options_table_n; i++)
        if (strlen(options_table[i].name) == n
            && memcmp(options_table[i].name, name, n) == 0)
            return &options_table[i];
    return NULL;
}

bool option_is_common(const struct option *option)
{
    return option->verbs == EVERY && option->at != AT(help) &&
           option->at != AT(version);
}

bool option_is_shared(const struct option *option)
{
    return (option->verbs & ~VERB_BIT(VERB_RUN)) == NETWORK;
}

bool option_is_used(const struct option *option, enum verb verb)
{
    return (option->verbs & VERB_BIT(verb)) != 0;
}

char option_letter(const struct option *option)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (strcmp(letters[i].name, option->name) == 0)
            return letters[i].letter;
    return '\0';
}

const struct option *options_find_letter(char letter)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return options_find(letters[i].name, strlen(letters[i].name));
    return NULL;
}

bool option_is_refused(const struct option *option, enum verb verb)
{
    if (verb == VERB_HELP || verb == VERB_VERSION)
        return true;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(refused[i].name, option->name) == 0)
            return (refused[i].verbs & VERB_BIT(verb)) != 0;
    return false;
}
