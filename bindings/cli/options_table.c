/* cli/options_table.c - the options and the verbs, and what `help` says. */
#include "options_table.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct options, member)

const struct option options_table[] = {
    { "region", LIST, AT(regions), false, "NAME",
      "AWS region; plan, apply, watch: repeatable" },
    { "profile", TEXT, AT(profile), false, "NAME", "profile to use" },
    { "endpoint-url", TEXT, AT(endpoint_url), false, "URL",
      "talk to this endpoint instead of AWS's" },
    { "ca-bundle", TEXT, AT(ca_bundle), false, "FILE",
      "trust these PEM roots, not the built-in ones" },
    { "output", TEXT, AT(output), false, "text|json", "form of the report" },
    { "cli-connect-timeout", TEXT, AT(connect_timeout), false, "SECONDS",
      "to connect, again for TLS (3.1; 0 = none)" },
    { "cli-read-timeout", TEXT, AT(read_timeout), false, "SECONDS",
      "to the first byte, then between (30; 0 none)" },
    { "no-sign-request", FLAG, AT(no_sign_request), false, NULL,
      "send requests without credentials" },
    { "debug", FLAG, AT(debug), false, NULL,
      "log every step to stderr (never secrets)" },
    { "service", LIST, AT(services), true, "NAME",
      "name or ARN to keep at one a host; repeatable" },
    { "all", FLAG, AT(all), true, NULL, "every cluster" },
    { "tag", LIST, AT(cluster_tags), true, "KEY[=VALUE]",
      "only clusters with this tag; repeatable" },
    { "assume-role", LIST, AT(roles), true, "ARN",
      "with this role's credentials; repeatable" },
    { "concurrency", TEXT, AT(at_once), true, "N",
      "clusters at once (10)" },
    { "api-share", TEXT, AT(share), true, "FRACTION",
      "of ECS's request rates that is used (0.5)" },
    { "max-changes", TEXT, AT(changes), true, "N",
      "hold every write of the run after N services" },
    { "max-falls", TEXT, AT(falls), true, "N",
      "hold what takes away more than N tasks of all" },
    { "policy", TEXT, AT(policy), true, "FILE|tags",
      "rules in Lua, or the services' own tags" },
    { "autoscaler", TEXT, AT(autoscaler), true, "FILE",
      "rule of --service: the autoscaler's JSON" },
    { "hosts", TEXT, AT(hosts), true, "active|registered|connected",
      "which hosts count (active)" },
    { "constraints", TEXT, AT(constraints), true, "service|all",
      "whose placement constraints are heeded" },
    { "where", TEXT, AT(where), true, "EXPR",
      "count only hosts that match this expression" },
    { "dns-server", TEXT, AT(dns_server), true, "ADDR[:PORT]",
      "ask this name server instead of resolv.conf's" },
    { "timeout", TEXT, AT(timeout), true, "SECONDS",
      "for the whole run; then nothing new is begun" },
    { "snapshot", TEXT, AT(snapshot), false, "FILE",
      "plan, handle: on these facts, with no call" },
    { "queue", TEXT, AT(queue), true, "URL",
      "watch: act on the messages of this SQS queue" },
    { "every", TEXT, AT(every), true, "SECONDS",
      "watch: between sweeps; also 90s, 5m (300)" },
    { "visibility", TEXT, AT(visibility), true, "SECONDS",
      "watch: a message is ours, then extended (60)" },
    { "drop-foreign", FLAG, AT(drop_foreign), true, NULL,
      "drop events of another region or account" },
    { "metrics", TEXT, AT(metrics), true, "FILE",
      "watch: keep Prometheus' text in this file" },
    { "heartbeat", TEXT, AT(heartbeat), true, "FILE",
      "watch: renew this file every 10 seconds" },
    { "timings", FLAG, AT(timings), true, NULL,
      "draw the time of each call by phase" },
    { "dry-run", FLAG, AT(dry_run), false, NULL,
      "read and plan, write nothing" },
    { "detailed-exitcode", FLAG, AT(detailed_exitcode), true, NULL,
      "exit 2 if changes are pending, 3 if held" },
    { "allow", LIST, AT(allow), false, "CODE",
      "let this hold pass (repeatable)" },
    { "retry-writes", FLAG, AT(retry_writes), true, NULL,
      "call: repeat even what may have been done" },
    { "tcp-keepalive", TEXT, AT(tcp_keepalive), true, "on|off",
      "TCP keep-alive probes (on)" },
    { "verify", TEXT, AT(verify), true, "on|off",
      "list hosts again after a write (off)" },
    { "run", TEXT, AT(run), false, "TEXT",
      "test: only tests whose name holds this" },
    { "format", TEXT, AT(format), false, "text|json",
      "test: form of the results" },
    { "help", FLAG, AT(help), false, NULL, "this text" },
};
const size_t options_table_n = sizeof options_table / sizeof *options_table;

const struct verb_line options_verbs[] = {
    { VERB_PLAN, "plan", "[CLUSTER...]",
      "show what apply would change" },
    { VERB_APPLY, "apply", "CLUSTER...|--all",
      "set counts where they are wrong" },
    { VERB_HANDLE, "handle", "[EVENT|-]",
      "act on one event (file or stdin)" },
    { VERB_WATCH, "watch", "[CLUSTER...|--all]",
      "act on a queue's events, and sweep" },
    { VERB_SNAPSHOT, "snapshot", "CLUSTER",
      "write a plan's facts down, as JSON" },
    { VERB_CALL, "call", "SERVICE OPERATION [JSON|-|@FILE]",
      "one signed call, answer to stdout" },
    { VERB_TEST, "test", "[DIR]", "run tests of policies, offline" },
    { VERB_RUN, "run", "FILE.lua|- [ARG...]",
      "a Lua script, the module inside" },
    { VERB_LAMBDA, "lambda", "",
      "as AWS Lambda's bootstrap" },
    { VERB_HELP, "help", "[VERB]", "this text, or one verb's" },
    { VERB_VERSION, "version", "", "version, and what it is built with" },
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

static void print_verbs(void)
{
    puts("headcount keeps AWS ECS services at the count their cluster calls "
         "for.\n\nUsage: headcount VERB [ARG...] [--option value...]\n");
    for (size_t i = 0; i < options_verbs_n; i++)
        printf("  %-8s %-34s %s\n", options_verbs[i].name,
               options_verbs[i].args, options_verbs[i].help);
}

static void print_options(void)
{
    puts("\nOptions, before or after the verb (--opt value or --opt=value):");
    for (size_t i = 0; i < options_table_n; i++) {
        char left[64];

        snprintf(left, sizeof left, "--%s %s", options_table[i].name,
                 options_table[i].value ? options_table[i].value : "");
        if (strlen(left) > 32)
            printf("  %s\n  %-32s %s\n", left, "", options_table[i].help);
        else
            printf("  %-32s %s\n", left, options_table[i].help);
    }
    puts("\nservice, all, tag, assume-role, concurrency, api-share, "
         "max-changes, max-falls,\npolicy, autoscaler, hosts, constraints, "
         "where, dns-server, timeout, queue,\nevery, visibility, "
         "drop-foreign, metrics, heartbeat, timings,\ndetailed-exitcode, "
         "retry-writes, tcp-keepalive and verify are also\n"
         "HEADCOUNT_<OPTION> (lists with commas; of two limits the smaller "
         "one holds);\nECS_SERVICE_ARN names services, too; "
         "HEADCOUNT_DRY_RUN=1 pauses every write.\n"
         "A CLUSTER is a name, an ARN, or a glob of names such as 'prod-*'.\n"
         "\nExit: 0 done, 1 a target failed, 2 changes pending, 3 held "
         "(both with\n--detailed-exitcode), 130 interrupted, 252 wrong usage "
         "or a bad event, 253 no\nregion, no credentials or a bad setting, "
         "254 the service refused, 255 network\nand the rest.");
}

void options_print_help(enum verb verb)
{
    if (verb == VERB_NONE) {
        print_verbs();
    } else {
        for (size_t i = 0; i < options_verbs_n; i++)
            if (options_verbs[i].verb == verb)
                printf("Usage: headcount %s %s [--option value...]\n\n%s\n",
                       options_verbs[i].name, options_verbs[i].args,
                       options_verbs[i].help);
    }
    print_options();
}
