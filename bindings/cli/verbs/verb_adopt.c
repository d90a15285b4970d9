/* cli/verbs/verb_adopt.c - gives services the tag headcount:rule = per-host, by
 * which --policy tags keeps them.
 *
 *   read the services, show the plan that the tag leads to
 *   --> one of them cannot be adopted: nothing is tagged
 *   --> ask once, on the terminal
 *   --> TagResource for each, and nothing else
 *
 * Nobody but a person, or a program that says --yes, starts this verb's writes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "complain.h"
#include "plain.h"
#include "policy_option.h"
#include "render.h"
#include "request_options.h"
#include "service_names.h"
#include "verbs/verbs.h"

#define RULE_KEY "headcount:rule"
#define RULE_VALUE "per-host"
#define ARN_MAX 1024

/* ---- what is known of the services ---- */

struct adopted {
    char *arn, *rule;              /* NULL: there is none                    */
    bool noted;
};

struct adoption {
    const struct options *o;
    struct adopted *services;      /* beside o->args, from 1 on              */
    bool lost;                     /* memory ran out                         */
};

static char *copy(struct adoption *a, const char *text)
{
    char *to = text ? strdup(text) : NULL;

    a->lost |= text && !to;
    return to;
}

/* Its turn as a policy: notes ARNs and tags, once they are known, and leaves
 * the wishes to the library. */
static void decide(void *ud, headcount_op *op)
{
    struct adoption *a = ud;
    const struct options_list *args = &a->o->args;
    struct headcount_query q = { .size = sizeof q,
                                 .kind = HEADCOUNT_FACT_SERVICE };

    for (size_t i = 1; i < args->n; i++) {
        struct headcount_fact fact;

        q.service = args->item[i];
        if (headcount_fact(op, &q, &fact, NULL) != 1 || !fact.service ||
            a->services[i].noted)
            continue;
        a->services[i] = (struct adopted){
            .arn = copy(a, fact.service->arn), .noted = true,
            .rule = copy(a, headcount_pair_find(fact.service->tags, RULE_KEY)),
        };
    }
    headcount_decide_by_adopted(op, args->item + 1, args->n - 1);
}

/* As every ARN of a service is spelled: it can stand in JSON as it is. */
static bool is_arn(const char *text)
{
    return strncmp(text, "arn:", 4) == 0 && strlen(text) < ARN_MAX &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                       "VWXYZ0123456789-_:/")] == '\0';
}

/* arn:aws:ecs:REGION:ACCOUNT:service/NAME, without the cluster: ECS tags no
 * such service. */
static bool is_short(const char *arn)
{
    const char *at = strchr(arn, '/');

    return at && !strchr(at + 1, '/');
}

/* ---- may they be adopted ---- */

/* A service that the tag could not lead to a count: with it the person who
 * typed meant something else, so nothing is tagged at all. */
static bool complain_of(const struct headcount_service *s,
                        const struct adopted *known)
{
    if (s->outcome == HEADCOUNT_SKIPPED || s->outcome == HEADCOUNT_FAILED)
        complain("%s cannot be adopted: %s%s%s", s->service, s->code,
                 *s->reason != '\0' ? ": " : "", s->reason);
    else if (!known->arn || !is_arn(known->arn))
        complain("%s cannot be adopted: DescribeServices says no ARN of it",
                 s->service);
    else if (known->rule && strcmp(known->rule, RULE_VALUE) != 0)
        complain("%s has the tag " RULE_KEY " = %s: adopt replaces no rule; "
                 "remove that tag first", s->service, known->rule);
    else
        return false;
    return true;
}

static const struct headcount_service *
find_row(const struct headcount_cluster *c, const char *service)
{
    for (size_t i = 0; i < c->services_n; i++)
        if (strcmp(c->services[i].service, service) == 0)
            return &c->services[i];
    return NULL;
}

/* 0, or the exit code with the complaint on stderr. */
static int check(const struct adoption *a, const struct headcount_outcome *o)
{
    const struct headcount_cluster *c = o->clusters;
    const struct options_list *args = &a->o->args;
    bool bad = false;

    if (o->code != 0 || o->clusters_n != 1 || c->error || a->lost) {
        complain("%s: nothing was tagged",
                 o->code != 0 ? o->message
                 : a->lost ? "out of memory"
                 : o->clusters_n == 1 && c->error ? c->error
                 : o->skipped_because ? o->skipped_because
                 : "the cluster was not read");
        return o->code != 0 ? verbs_exit_code(o->code) : EXIT_TARGET_FAILED;
    }
    for (size_t i = 1; i < args->n; i++) {
        const struct headcount_service *s = find_row(c, args->item[i]);

        if (!s)
            complain("%s: the plan does not say anything about it",
                     args->item[i]);
        bad |= !s || complain_of(s, &a->services[i]);
    }
    if (bad)
        complain("nothing was tagged");
    return bad ? EXIT_TARGET_FAILED : 0;
}

/* ---- the write ---- */

/* ECS answers TagResource with no member at all.  Any other document comes from
 * something that is not ECS. */
static bool is_nothing(const struct headcount_outcome *o)
{
    headcount_json *json = NULL;
    const char *text;
    size_t n;

    if (o->body_size == 0)
        return true;
    if (headcount_json_new(&json, o->body, o->body_size, NULL) != 0)
        return false;
    int begin = headcount_json_next(json, &text, &n, NULL);
    int end = headcount_json_next(json, &text, &n, NULL);

    headcount_json_free(json);
    return begin == HEADCOUNT_JSON_OBJECT && end == HEADCOUNT_JSON_OBJECT_END;
}

static bool complain_of_call(const char *service, const char *arn,
                             const struct headcount_outcome *o)
{
    if (o->code == 0 && is_nothing(o))
        return false;
    if (o->code == 0)
        complain("%s: TagResource has an answer that ECS does not give: "
                 "whether it is tagged is not known", service);
    else if (strncmp(o->service_code, "AccessDenied",
                     strlen("AccessDenied")) == 0)
        complain("%s was not tagged: TagResource: %s; to allow it: "
                 "{\"Effect\": \"Allow\", \"Action\": \"ecs:TagResource\", "
                 "\"Resource\": \"%s\"}", service, o->message, arn);
    else
        complain("%s was not tagged: %s%s", service,
                 o->code == HEADCOUNT_ESERVICE ? "TagResource: " : "",
                 o->message);
    return true;
}

/* A tag that is set twice is set once, so an answer that is lost is asked for
 * again. */
static int tag(headcount *h, const struct options *o, const char *service,
               const char *arn)
{
    char body[ARN_MAX + 128], region[64];
    struct headcount_call call = {
        .size = sizeof call, .timeout = o->timeout_us,
        .region = region, .service = "ecs", .operation = "TagResource",
        .body = body, .retry_writes = true,
    };
    struct headcount_error error;
    headcount_op *op = NULL;

    request_options_call_role(&call, o);
    call.body_size = (size_t)snprintf(
        body, sizeof body, "{\"resourceArn\":\"%s\",\"tags\":[{\"key\":\""
        RULE_KEY "\",\"value\":\"" RULE_VALUE "\"}]}", arn);
    service_names_region(arn, region);
    if (headcount_begin_call(h, &op, &call, &error) != 0) {
        complain("%s was not tagged: %s", service, error.what);
        return EXIT_TARGET_FAILED;
    }
    bool interrupted = verbs_run(op, NULL);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    bool bad = !outcome || complain_of_call(service, arn, outcome);

    headcount_op_free(op);
    if (!bad) {
        render_text(stdout, service);
        puts(": tagged " RULE_KEY " = " RULE_VALUE);
        fflush(stdout);
    }
    return interrupted ? EXIT_INTERRUPTED : bad ? EXIT_TARGET_FAILED : 0;
}

/* ---- which of them, and whether ---- */

/* The services that are to be tagged; says why for those that are not.
 * *cannot: services that ECS cannot tag. */
static size_t count_due(const struct adoption *a, size_t *cannot)
{
    const struct options_list *args = &a->o->args;
    size_t due = 0;

    *cannot = 0;
    for (size_t i = 1; i < args->n; i++) {
        const struct adopted *s = &a->services[i];

        if (s->rule) {
            render_text(stdout, args->item[i]);
            puts(": has the tag " RULE_KEY " = " RULE_VALUE " already");
        } else if (is_short(s->arn)) {
            complain("%s has an ARN of the old short form, and ECS tags no "
                     "such service: it is not tagged (%s). Migrate it to the "
                     "long ARN, or use --service", args->item[i], s->arn);
            ++*cannot;
        } else {
            due++;
        }
    }
    return due;
}

/* The question stands on stderr, and the answer is a line of stdin: both are
 * the terminal.  0: yes. */
static int ask(size_t due, const char *cluster)
{
    char question[400], answer[16];
    int n = snprintf(question, sizeof question, "Set the tag " RULE_KEY " = "
                     RULE_VALUE " on %zu service%s of %.200s? [y/N] ", due,
                     due == 1 ? "" : "s", cluster);

    fflush(stdout);
    if (n < 0 || write(STDERR_FILENO, question, strlen(question)) < 0 ||
        !verbs_read_line(answer, sizeof answer))
        return verbs_interrupted() ? EXIT_INTERRUPTED : EXIT_TARGET_FAILED;
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0
               ? 0 : EXIT_TARGET_FAILED;
}

static int tag_all(headcount *h, const struct adoption *a)
{
    const struct options_list *args = &a->o->args;
    int code = 0;

    for (size_t i = 1; i < args->n && code != EXIT_INTERRUPTED; i++) {
        const struct adopted *s = &a->services[i];

        if (s->rule || is_short(s->arn))
            continue;
        int one = tag(h, a->o, args->item[i], s->arn);

        code = one != 0 ? one : code;
    }
    return code;
}

/* With the options that the plan above was made with. */
static void put_next(const struct adoption *a)
{
    const struct options *o = a->o;

    fputs("They are kept by: headcount apply ", stdout);
    render_text(stdout, o->args.item[0]);
    fputs(" --policy tags", stdout);
    if (o->hosts_mode != HEADCOUNT_ACTIVE)
        printf(" --hosts %s", o->hosts);
    if (o->heeded != HEADCOUNT_CONSTRAINTS_DEFAULT)
        printf(" --constraints %s", o->constraints);
    putchar('\n');
}

static int go_on(headcount *h, const struct adoption *a)
{
    const struct options *o = a->o;
    size_t cannot, due = count_due(a, &cannot);
    int code = 0;

    if (due > 0 && (o->dry_run || o->paused)) {
        printf("Nothing was tagged: %s.\n",
               o->dry_run ? "--dry-run" : "HEADCOUNT_DRY_RUN is set");
        return cannot > 0 ? EXIT_TARGET_FAILED : EXIT_DONE;
    }
    if (due > 0 && !o->yes)
        code = ask(due, o->args.item[0]);
    if (code != 0) {
        puts("Nothing was tagged.");
        return code;
    }
    code = tag_all(h, a);
    if (code == 0 && cannot + 1 < o->args.n)
        put_next(a);
    return code == 0 && cannot > 0 ? EXIT_TARGET_FAILED : code;
}

/* ---- the verb ---- */

static int run(headcount *h, struct adoption *a)
{
    const struct options *o = a->o;
    struct headcount_reconcile r = {
        .size = sizeof r, .timeout = o->timeout_us,
        .clusters = o->args.item, .clusters_n = 1, .policy = true,
        .hosts = o->hosts_mode, .constraints = o->heeded,
        .dry_run = true, .ask_targets = true,
    };
    struct policy_option own = { .decide = decide, .ud = a };
    struct headcount_error error;
    headcount_op *op = NULL;

    request_options_role(&r, o);
    int err = headcount_begin_reconcile(h, &op, &r, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op, &own);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = interrupted || !outcome ? EXIT_INTERRUPTED : 0;

    if (code == 0 && outcome->code == 0)
        render_plan(stdout, o, outcome, true);
    if (code == 0)
        code = check(a, outcome);
    headcount_op_free(op);
    return code == 0 ? go_on(h, a) : code;
}

static int check_words(const struct options *o)
{
    bool writes = !o->dry_run && !o->paused;

    if (o->args.n < 2) {
        complain("name a cluster and the services to adopt: headcount "
                 "adopt CLUSTER SERVICE...");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < o->args.n; i++)
        if (strpbrk(o->args.item[i], "*?") != NULL) {
            complain("adopt takes names, no patterns: %s", o->args.item[i]);
            return EXIT_USAGE;
        }
    if (o->json) {
        complain("adopt prints text only: plan CLUSTER --policy tags --output "
                 "json shows what the tags lead to");
        return EXIT_USAGE;
    }
    if (writes && !o->yes &&
        (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))) {
        complain("adopt asks on a terminal before it tags, and this is none: "
                 "give --yes, or --dry-run to see the plan");
        return EXIT_USAGE;
    }
    return 0;
}

int verb_adopt(const struct options *o)
{
    struct adoption a = { .o = o };
    headcount *h = NULL;
    int code = check_words(o);

    if (code == 0) {
        a.services = calloc(o->args.n, sizeof *a.services);
        code = a.services ? verbs_open(&h, o) : EXIT_OTHER;
    }
    if (code == 0)
        code = run(h, &a);
    headcount_free(h);
    for (size_t i = 0; a.services && i < o->args.n; i++) {
        free(a.services[i].arn);
        free(a.services[i].rule);
    }
    free(a.services);
    return code;
}
