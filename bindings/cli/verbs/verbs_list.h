/* cli/verbs/verbs_list.h - the verbs: a row has everything about a verb except
 * its options, which are in options_table.c.
 *
 *   X(NAME, name, function, args, help, example, example)
 *
 * They stand in the groups of `help`, see the table `groups` in help.c.
 */
#ifndef CLI_VERBS_VERBS_LIST_H
#define CLI_VERBS_VERBS_LIST_H

#define VERBS(X)                                                            \
    X(PLAN, plan, verb_plan, "[CLUSTER...]",                                \
      "show what apply would change",                                       \
      "headcount plan prod --service web",                                  \
      "headcount plan --tag tier=gold --policy policy.lua --output json")   \
    X(EXPLAIN, explain, verb_explain, "CLUSTER SERVICE",                    \
      "say which hosts can take a task",                                    \
      "headcount explain prod web",                                         \
      "headcount explain prod web --policy policy.lua --who")               \
    X(DOCTOR, doctor, verb_doctor, "[CLUSTER...]",                          \
      "find what keeps it from its work",                                   \
      "headcount doctor prod --service web",                                \
      "headcount doctor --policy policy.lua --output json")                 \
    X(SNAPSHOT, snapshot, verb_reconcile, "CLUSTER",                        \
      "print the facts of a plan, as JSON",                                 \
      "headcount snapshot prod --service web > prod.json",                  \
      "headcount snapshot prod --policy policy.lua > prod.json")            \
    X(APPLY, apply, verb_plan, "CLUSTER...|--all",                          \
      "set counts where they are wrong",                                    \
      "headcount apply prod --service web",                                 \
      "headcount apply --all --policy policy.lua --max-changes 50")         \
    X(HANDLE, handle, verb_reconcile, "[EVENT|-]",                          \
      "act on one event (file or stdin)",                                   \
      "headcount handle --service web event.json",                          \
      "headcount handle --policy policy.lua --dry-run < event.json")        \
    X(ADOPT, adopt, verb_adopt, "CLUSTER SERVICE...",                       \
      "tag services for --policy tags",                                     \
      "headcount adopt prod agent log-router",                              \
      "headcount adopt prod agent --dry-run")                               \
    X(UNDO, undo, verb_undo, "AUDIT.log|-",                                 \
      "set counts back, by the log",                                        \
      "headcount undo audit.log --since 2h",                                \
      "headcount undo audit.log --since 2026-11-30T02:10:00Z --yes")        \
    X(WATCH, watch, verb_watch, "[CLUSTER...|--all]",                       \
      "act on a queue's events, and sweep",                                 \
      "headcount watch --all --every 5m --policy policy.lua",               \
      "headcount watch --queue https://sqs.... 'prod-*' --service web")     \
    X(LAMBDA, lambda, verb_lambda, "",                                      \
      "run as AWS Lambda's bootstrap",                                      \
      "headcount lambda --service web",                                     \
      "headcount lambda --all --policy policy.lua")                         \
    X(TEST, test, verb_test, "[DIR|FILE]",                                  \
      "run tests of policies, without AWS",                                 \
      "headcount test policies",                                            \
      "headcount test --run 'gold clusters' policies")                      \
    X(RUN, run, verb_run, "FILE.lua|- [ARG...]",                            \
      "run a Lua script with the module",                                   \
      "headcount run audit.lua prod test",                                  \
      "headcount run --region eu-west-1 - < audit.lua")                     \
    X(CALL, call, verb_call, "SERVICE OPERATION [JSON|-|@FILE]",            \
      "make one signed call, print answer",                                 \
      "headcount call ecs list-clusters",                                   \
      "headcount call ecs DescribeClusters '{\"clusters\": [\"prod\"]}'")   \
    X(FETCH, fetch, verb_fetch, "METHOD URL",                               \
      "make one HTTP request (--sign)",                                     \
      "headcount fetch GET https://B.s3.amazonaws.com/KEY --sign s3",       \
      "headcount fetch GET https://... --sign s3 --expires 3600")           \
    X(LATENCY, latency, verb_latency, "[SERVICE OPERATION [JSON|@FILE]]",   \
      "measure what keep-alive is worth",                                   \
      "headcount latency",                                                  \
      "headcount latency dynamodb list-tables --output html > page.html")   \
    X(HELP, help, verb_help, "[VERB|options]",                              \
      "print this, or the help of a verb",                                  \
      "headcount help plan",                                                \
      "headcount help options | less")                                      \
    X(VERSION, version, verb_version, "",                                   \
      "print the versions of all parts",                                    \
      "headcount version",                                                  \
      "headcount --version")

#endif
