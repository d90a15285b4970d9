/* cli/options.c - options as the AWS CLI spells them, before or after the
 * verb, `--opt value` or `--opt=value`.  Every option of ours is also
 * HEADCOUNT_<OPTION>; option beats environment.
 *
 *   argv -> what was typed -> less what the verb does not use -> the verb's
 *   variables, for what was not typed -> numbers and choices, checked
 */
#include "options.h"

#include "complain.h"
#include "help.h"
#include "nearest.h"
#include "options_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX 1000000000

static int bad_usage(const char *what, const char *arg)
{
    complain("%s%s (see: headcount help)", what, arg);
    return EXIT_USAGE;
}

static int unknown_option(const char *arg, size_t n)
{
    char name[81];
    struct nearest near;

    snprintf(name, sizeof name, "%.*s", (int)(n > 80 ? 80 : n), arg);
    nearest_init(&near, name);
    for (size_t i = 0; i < options_table_n; i++)
        nearest_try(&near, options_table[i].name);
    complain("unknown option --%s%s%s%s (see: headcount help)", name,
             near.best ? "; did you mean --" : "", near.best ? near.best : "",
             near.best ? "?" : "");
    return EXIT_USAGE;
}

int options_unknown_verb(const char *word)
{
    struct nearest near;

    nearest_init(&near, word);
    for (size_t i = 0; i < options_verbs_n; i++)
        nearest_try(&near, options_verbs[i].name);
    complain("no such verb: %s%s%s%s (see: headcount help)", word,
             near.best ? "; did you mean " : "", near.best ? near.best : "",
             near.best ? "?" : "");
    return EXIT_USAGE;
}

static int put_item(struct options_list *list, const char *value)
{
    if (list->n == OPTIONS_LIST_MAX)
        return bad_usage("more than 256 values for one option or verb: ",
                        value);
    list->item[list->n++] = value;
    return 0;
}

/* A copy of the text that lives as long as the options; NULL, and the
 * complaint is on stderr. */
static char *arena_copy(struct options *o, const char *text)
{
    size_t n = strlen(text) + 1;
    struct options_text *copy = malloc(sizeof *copy + n);

    if (!copy) {
        bad_usage("out of memory", "");
        return NULL;
    }
    memcpy(copy->text, text, n);
    copy->next = o->owned;
    o->owned = copy;
    return copy->text;
}

/* Where the item that starts the text ends: at a comma (in a variable at a
 * blank, too).  A role's name may have commas, so roles are divided before
 * "arn:". */
static size_t item_length(const char *text, const char *ends, bool arns)
{
    size_t n = strcspn(text, ends);

    while (arns && text[n] != '\0' &&
           strncmp(text + n + strspn(text + n, ", "), "arn:", 4) != 0 &&
           text[n + strspn(text + n, ", ")] != '\0')
        n += 1 + strcspn(text + n + 1, ends);
    return n;
}

/* "a,b" in place: the list points into the text, which must stay. */
static int split_list(struct options_list *list, char *text, const char *ends,
                      bool arns)
{
    int err = 0;

    while (*(text += strspn(text, ", ")) != '\0' && err == 0) {
        size_t n = item_length(text, ends, arns);
        char *end = text + n;
        bool last = *end == '\0';

        while (n > 0 && text[n - 1] == ' ')
            n--;
        text[n] = '\0';
        err = put_item(list, text);
        text = last ? end : end + 1;
    }
    return err;
}

static int set_list(struct options *o, const struct option *opt,
                    const char *value)
{
    struct options_list *list = (void *)((char *)o + opt->at);
    size_t before = list->n;
    char *copy = arena_copy(o, value);
    int err = copy ? split_list(list, copy, ",", list == &o->roles)
                   : EXIT_USAGE;

    return err == 0 && list->n == before
               ? bad_usage("an empty value for --", opt->name) : err;
}

static int set_option(struct options *o, const struct option *opt,
                      const char *value)
{
    void *at = (char *)o + opt->at;

    o->given |= (uint64_t)1 << (opt - options_table);
    if (opt->kind != FLAG && *value == '\0')
        return bad_usage("an empty value for --", opt->name);
    switch (opt->kind) {
    case FLAG:
        *(bool *)at = true;
        return 0;
    case TEXT:
        *(const char **)at = value;
        return 0;
    case LIST:
        return set_list(o, opt, value);
    }
    return EXIT_USAGE;
}

/* `--name`, `--name=value` or `-x`: the option, and its value or NULL. */
static int find_option(const char *arg, const struct option **opt,
                       const char **value)
{
    const char *equals = strchr(arg, '=');
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);

    *value = equals ? equals + 1 : NULL;
    *opt = arg[1] == '-' ? options_find(arg + 2, n - 2)
           : n == 2      ? options_find_letter(arg[1]) : NULL;
    if (*opt)
        return 0;
    return arg[1] == '-' ? unknown_option(arg + 2, n - 2)
                         : bad_usage("unknown option ", arg);
}

/* *i moves on when the value is the next word. */
static int read_option(struct options *o, int argc, char **argv, int *i)
{
    const struct option *opt;
    const char *value;
    int err = find_option(argv[*i], &opt, &value);

    if (err != 0)
        return err;
    /* What follows `run` is the script's, as soon as it can be. */
    if (o->verb == VERB_RUN && !option_is_used(opt, VERB_RUN))
        return bad_usage("before its file run takes the AWS CLI's common "
                         "options only, not --", opt->name);
    if (opt->kind == FLAG && value)
        return bad_usage("no value goes with --", opt->name);
    if (opt->kind != FLAG && !value && *i + 1 >= argc)
        return bad_usage("a value is missing after --", opt->name);
    if (opt->kind == FLAG)
        return set_option(o, opt, "");
    return set_option(o, opt, value ? value : argv[++*i]);
}

static int read_word(struct options *o, const char *word)
{
    if (o->verb != VERB_NONE)
        return put_item(&o->args, word);
    o->verb = options_verb(word);
    return o->verb == VERB_NONE ? options_unknown_verb(word) : 0;
}

static bool is_bootstrap(const char *program)
{
    const char *slash = program ? strrchr(program, '/') : NULL;

    return program && strcmp(slash ? slash + 1 : program, "bootstrap") == 0;
}

bool options_is_lambda(int argc, char **argv)
{
    return is_bootstrap(argv[0]) ||
           (argc > 1 && options_verb(argv[1]) == VERB_LAMBDA);
}

static int read_argv(struct options *o, int argc, char **argv)
{
    int err = 0;
    bool only_words = false;

    /* Lambda's own arguments, if any, are not ours. */
    if (is_bootstrap(argv[0])) {
        o->verb = VERB_LAMBDA;
        return 0;
    }
    for (int i = 1; i < argc && err == 0; i++) {
        /* What stands after the script is the script's. */
        only_words |= o->verb == VERB_RUN && o->args.n > 0;
        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0')
            err = read_word(o, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            only_words = true;
        else
            err = read_option(o, argc, argv, &i);
    }
    return err;
}

/* What the verb does not use: said, and left out. */
static int drop_unused(struct options *o)
{
    const char *verb = "";

    for (size_t i = 0; i < options_verbs_n; i++)
        if (options_verbs[i].verb == o->verb)
            verb = options_verbs[i].name;
    for (size_t i = 0; i < options_table_n; i++) {
        const struct option *opt = &options_table[i];
        void *at = (char *)o + opt->at;

        if (!options_is_typed(o, opt->name) || option_is_used(opt, o->verb))
            continue;
        if (option_is_refused(opt, o->verb)) {
            complain("%s does not use --%s (see: headcount help %s)", verb,
                     opt->name, verb);
            return EXIT_USAGE;
        }
        warn("%s does not use --%s: the next release will refuse it", verb,
             opt->name);
        switch (opt->kind) {
        case FLAG: *(bool *)at = false;                   break;
        case TEXT: *(const char **)at = NULL;             break;
        case LIST: ((struct options_list *)at)->n = 0;    break;
        }
    }
    return 0;
}

static bool env_is_on(const char *value)
{
    return strcmp(value, "0") != 0 && strcmp(value, "false") != 0
           && strcmp(value, "off") != 0 && strcmp(value, "no") != 0;
}

/* HEADCOUNT_<OPTION> into name[OPTIONS_NAME]. */
static const char *env_name(const struct option *opt, char *name)
{
    size_t n = strlen("HEADCOUNT_");

    memcpy(name, "HEADCOUNT_", n);
    for (const char *c = opt->name; *c != '\0'; c++)
        name[n++] = *c == '-' ? '_' : (char)(*c - ('a' <= *c && *c <= 'z'
                                                   ? 'a' - 'A' : 0));
    name[n] = '\0';
    return name;
}

static const char *env_of(const struct option *opt)
{
    char name[OPTIONS_NAME];
    const char *value = getenv(env_name(opt, name));

    return value && *value != '\0' ? value : NULL;
}

/* Who said `text`: the variable, or the option as it is typed (text may be
 * NULL then). */
static const char *said_by(const char *option, const char *text, char *name)
{
    const struct option *opt = options_find(option, strlen(option));

    if (opt && opt->ours && text && text == env_of(opt))
        return env_name(opt, name);
    snprintf(name, OPTIONS_NAME, "--%s", option);
    return name;
}

const char *options_said(const struct options *o, const char *option,
                         char name[static OPTIONS_NAME])
{
    const struct option *opt = options_find(option, strlen(option));

    return said_by(option, options_is_typed(o, option) ? NULL : env_of(opt),
                   name);
}

static bool uses(const struct options *o, const char *option)
{
    return option_is_used(options_find(option, strlen(option)), o->verb);
}

/* A list that was not given as options. */
static int read_env_list(struct options *o, struct options_list *list,
                         const char *value)
{
    if (list->n > 0 || !value || *value == '\0')
        return 0;
    char *copy = arena_copy(o, value);

    return copy ? split_list(list, copy, ", ", list == &o->roles)
                : EXIT_USAGE;
}

static int read_env_option(struct options *o, const struct option *opt)
{
    void *at = (char *)o + opt->at;
    const char *value = env_of(opt);

    if (!value || at == (void *)&o->services)
        return 0;
    if (at == (void *)&o->all && o->args.n > 0)      /* typed names beat it */
        return 0;
    if (opt->kind == LIST)
        return read_env_list(o, at, value);
    if (opt->kind == FLAG) {
        if (env_is_on(value))
            *(bool *)at = true;
    } else if (!*(const char **)at) {
        *(const char **)at = value;
    }
    return 0;
}

/* HEADCOUNT_SERVICE beats ECS_SERVICE_ARN. */
static int read_env_services(struct options *o)
{
    const char *value = getenv("HEADCOUNT_SERVICE");

    if (!value || *value == '\0')
        value = getenv("ECS_SERVICE_ARN");
    return read_env_list(o, &o->services, value);
}

static int refuse_beside_policy(const struct options *o, const char *option,
                                const char *text)
{
    char policy[OPTIONS_NAME], other[OPTIONS_NAME];

    complain("a policy says itself which services and hosts it means: %s and "
             "%s do not go together", said_by("policy", o->policy, policy),
             said_by(option, text, other));
    return EXIT_USAGE;
}

/* A policy beats ECS_SERVICE_ARN; --service beats HEADCOUNT_POLICY. */
static int read_env_what(struct options *o, bool policy_is_option)
{
    const char *services = getenv("HEADCOUNT_SERVICE");

    if (o->policy && o->services.n > 0 && policy_is_option)
        return refuse_beside_policy(o, "service", NULL);
    if (o->services.n > 0)
        o->policy = NULL;
    if (!o->policy)
        return read_env_services(o);
    if (!policy_is_option && services && *services != '\0')
        return refuse_beside_policy(o, "service", services);
    if (o->autoscaler)
        return refuse_beside_policy(o, "autoscaler", o->autoscaler);
    return o->where ? refuse_beside_policy(o, "where", o->where) : 0;
}

static int read_env(struct options *o)
{
    bool policy_is_option = o->policy != NULL;
    const char *pause = getenv("HEADCOUNT_DRY_RUN");

    int err = 0;

    for (size_t i = 0; err == 0 && i < options_table_n; i++)
        if (options_table[i].ours &&
            option_is_used(&options_table[i], o->verb))
            err = read_env_option(o, &options_table[i]);
    o->paused = pause && *pause != '\0' && env_is_on(pause);
    return err == 0 && uses(o, "policy") ? read_env_what(o, policy_is_option)
                                         : err;
}

/* Seconds, fractions allowed; 0 = none, which the library spells -1. */
static int get_seconds(const char *name, const char *text, int64_t *us)
{
    if (!text)
        return 0;
    char *end = NULL;
    double seconds = strtod(text, &end);

    if (*end != '\0' || !(seconds >= 0) || seconds > 1e9
        || text[strspn(text, "0123456789.")] != '\0') {
        char who[OPTIONS_NAME];

        complain("%s takes seconds, such as 2.5, not \"%.80s\"",
                 said_by(name, text, who), text);
        return EXIT_USAGE;
    }
    *us = seconds > 0 ? (int64_t)(seconds * 1e6 + 0.5) : -1;
    if (seconds > 0 && *us == 0)
        *us = 1;
    return 0;
}

/* One of the choices, which end with a NULL; *at stays where none is said. */
static int get_choice(const char *name, const char *text,
                      const char *const *choices, int *at)
{
    char who[OPTIONS_NAME];

    for (int i = 0; text && choices[i]; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *at = i;
            return 0;
        }
    }
    if (!text)
        return 0;
    complain("%s is %s%s%s or %s, not \"%.80s\"", said_by(name, text, who),
             choices[0], choices[2] ? ", " : "", choices[2] ? choices[1] : "",
             choices[2] ? choices[2] : choices[1], text);
    return EXIT_USAGE;
}

/* Whole seconds, up to the 12 hours that SQS allows. */
static int get_visibility(struct options *o)
{
    const char *text = o->visibility ? o->visibility : "60";
    char who[OPTIONS_NAME], *end = NULL;
    long n = strtol(text, &end, 10);

    o->visibility_us = n * (int64_t)1000000;
    if (*end == '\0' && n >= 1 && n <= 43200)
        return 0;
    complain("%s takes whole seconds from 1 to 43200, not \"%.80s\"",
             said_by("visibility", text, who), text);
    return EXIT_USAGE;
}

/* Seconds, or with a unit: 0.5, 300s, 5m, 1h. */
static int get_every(struct options *o)
{
    static const char units[] = "smh";
    static const int64_t factors[] = { 1, 60, 3600 };
    const char *text = o->every ? o->every : "300";
    const char *unit = strchr(units, text[strlen(text) - 1]);
    char who[OPTIONS_NAME], *end = NULL;
    double seconds = strtod(text, &end);

    if (text[strspn(text, "0123456789.")] == (unit ? *unit : '\0') &&
        end == text + strlen(text) - (unit ? 1 : 0) && seconds >= 0.001 &&
        seconds <= 1e6) {
        o->every_us = (int64_t)(seconds * 1e6 + 0.5) *
                      (unit ? factors[unit - units] : 1);
        return 0;
    }
    complain("%s takes a time such as 300s, 5m or 0.5, not \"%.80s\"",
             said_by("every", text, who), text);
    return EXIT_USAGE;
}

static int get_whole(const char *name, const char *text, int64_t *n)
{
    char who[OPTIONS_NAME], *end = NULL;
    long long value = strtoll(text, &end, 10);

    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 &&
        value <= LIMIT_MAX) {
        *n = *n == 0 || value < *n ? value : *n;
        return 0;
    }
    complain("%s takes a whole number from 1 to %d, not \"%.80s\"",
             said_by(name, text, who), LIMIT_MAX, text);
    return EXIT_USAGE;
}

/* Neither lets more pass than the other one says. */
static int get_limit(const char *name, const char *text, int64_t *n)
{
    const char *env = env_of(options_find(name, strlen(name)));
    int err = text ? get_whole(name, text, n) : 0;

    return err == 0 && env && env != text ? get_whole(name, env, n) : err;
}

static int get_limits(struct options *o)
{
    if (!uses(o, "max-changes"))
        return 0;
    int err = get_limit("max-changes", o->changes, &o->max_changes);

    return err == 0 ? get_limit("max-falls", o->falls, &o->max_falls) : err;
}

static int get_numbers(struct options *o)
{
    char who[OPTIONS_NAME], *end = NULL;
    long n = o->at_once ? strtol(o->at_once, &end, 10) : 0;

    if (o->at_once && (*end != '\0' || n < 1 || n > 64)) {
        complain("%s is a number from 1 to 64, not \"%.80s\"",
                 said_by("concurrency", o->at_once, who), o->at_once);
        return EXIT_USAGE;
    }
    o->concurrency = (int)n;
    if (!o->share)
        return 0;
    o->api_share = strtod(o->share, &end);
    if (*end == '\0' && o->api_share > 0 && o->api_share <= 1 &&
        o->share[strspn(o->share, "0123456789.")] == '\0')
        return 0;
    complain("%s is a fraction, more than 0 and at most 1, such as 0.5, not "
             "\"%.80s\"", said_by("api-share", o->share, who), o->share);
    return EXIT_USAGE;
}

/* One region and one role is all that most verbs can use. */
static int get_places(struct options *o)
{
    bool many = o->verb == VERB_PLAN || o->verb == VERB_APPLY ||
                o->verb == VERB_WATCH;
    char who[OPTIONS_NAME];

    if (!many && o->regions.n > 1)
        return bad_usage("more than one --region goes with plan, apply and "
                         "watch: ", o->regions.item[1]);
    if (!many && o->roles.n > 1) {
        complain("more than one %s goes with plan, apply and watch: %s (see: "
                 "headcount help)", options_said(o, "assume-role", who),
                 o->roles.item[1]);
        return EXIT_USAGE;
    }
    if (o->all && o->args.n > 0) {
        complain("%s goes without the name of a cluster: %s (see: headcount "
                 "help)", options_said(o, "all", who), o->args.item[0]);
        return EXIT_USAGE;
    }
    o->region = o->regions.n == 1 ? o->regions.item[0] : NULL;
    o->role = o->roles.n == 1 ? o->roles.item[0] : NULL;
    return 0;
}

static int work_out(struct options *o)
{
    static const char *const forms[] = { "text", "json", NULL };
    static const char *const modes[] = { "active", "registered", "connected",
                                         NULL };
    static const char *const whose[] = { "service", "all", NULL };
    static const char *const on_off[] = { "on", "off", NULL };
    int json = 0, mode = HEADCOUNT_ACTIVE, off = 0, format = 0, heeded = -1;
    int unverified = 1;
    int err = get_choice("output", o->output, forms, &json);

    if (err == 0)
        err = get_choice("format", o->format, forms, &format);
    if (err == 0)
        err = get_choice("hosts", o->hosts, modes, &mode);
    if (err == 0)
        err = get_choice("constraints", o->constraints, whose, &heeded);
    if (err == 0)
        err = get_choice("tcp-keepalive", o->tcp_keepalive, on_off, &off);
    if (err == 0)
        err = get_choice("verify", o->verify, on_off, &unverified);
    o->json = json == 1;
    o->format_json = format == 1;
    o->hosts_mode = (enum headcount_hosts)mode;
    if (heeded >= 0)
        o->heeded = heeded ? HEADCOUNT_CONSTRAINTS_ALL
                           : HEADCOUNT_CONSTRAINTS_SERVICE;
    o->tcp_keepalive = off ? "off" : NULL;
    o->verifies = !unverified;
    if (err == 0)
        err = get_seconds("cli-connect-timeout", o->connect_timeout,
                          &o->connect_us);
    if (err == 0)
        err = get_seconds("cli-read-timeout", o->read_timeout, &o->read_us);
    if (err == 0)
        err = get_seconds("timeout", o->timeout, &o->timeout_us);
    if (err == 0)
        err = get_limits(o);
    if (err == 0)
        err = get_numbers(o);
    if (err == 0)
        err = get_visibility(o);
    if (err == 0)
        err = get_every(o);
    return err == 0 ? get_places(o) : err;
}

static bool is_one_of(const char *arg, const char *name, const char *letter)
{
    return strcmp(arg, name) == 0 || strcmp(arg, letter) == 0;
}

/* Anywhere but behind "--" and among the arguments of a script. */
static bool asks_for(int argc, char **argv, const char *name,
                     const char *letter)
{
    bool runs = false;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_one_of(argv[i], name, letter))
            return true;
        if (runs && (argv[i][0] != '-' || argv[i][1] == '\0'))
            return false;
        runs |= options_verb(argv[i]) == VERB_RUN;
    }
    return false;
}

/* The brake is on the run, whatever says which services it is about. */
static bool allows_for_services(const struct options *o)
{
    for (size_t i = 0; i < o->allow.n; i++)
        if (strcmp(o->allow.item[i], "too_many_changes") != 0)
            return true;
    return false;
}

/* What stands for a verb, and what is wrong whatever the environment says. */
static int check_typed(struct options *o)
{
    int err = 0;

    if (o->version)
        o->verb = VERB_VERSION;
    if (o->verb == VERB_NONE)
        return bad_usage("a verb is missing: plan, apply, handle, watch, "
                         "snapshot, call, test, run, lambda, help or version",
                         "");
    if (!o->version && (o->verb == VERB_LAMBDA || o->verb == VERB_VERSION) &&
        o->args.n > 0)
        return bad_usage(o->verb == VERB_LAMBDA ? "lambda takes no argument: "
                                                : "version takes no argument: ",
                         o->args.item[0]);
    err = drop_unused(o);
    if (err == 0 && allows_for_services(o) && o->services.n == 0)
        err = bad_usage("--allow goes with --service", "");
    return err;
}

int options_get(struct options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    if (argc < 2 && !is_bootstrap(argv[0])) {
        help_print_short();
        return EXIT_USAGE;
    }
    o->help = asks_for(argc, argv, "--help", "-h");
    int err = read_argv(o, argc, argv);
    if (o->help)
        return 0;
    if (err == 0)
        err = check_typed(o);
    bool typed_all = o->all;

    if (err == 0)
        err = read_env(o);
    if (err == 0 && !typed_all &&
        (o->verb == VERB_LAMBDA || o->verb == VERB_WATCH))
        err = read_env_list(o, &o->args, getenv("HEADCOUNT_CLUSTERS"));
    if (err == 0)
        err = work_out(o);
    return err;
}

bool options_is_typed(const struct options *o, const char *option)
{
    const struct option *opt = options_find(option, strlen(option));

    return opt && (o->given >> (opt - options_table) & 1);
}

void options_fini(struct options *o)
{
    while (o->owned) {
        struct options_text *next = o->owned->next;

        free(o->owned);
        o->owned = next;
    }
}
