/* cli/options.c - options as the AWS CLI spells them, before or after the
 * verb, `--opt value` or `--opt=value`.  Every option of ours is also
 * HEADCOUNT_<OPTION>; option beats environment.
 *
 *   argv -> what was typed              options_argv.c
 *        -> less what the verb does not use
 *        -> the verb's variables, for what was not typed   options_env.c
 *        -> numbers and choices, checked                   options_numbers.c
 */
#include "options_parts.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "help.h"

int options_bad_usage(const char *what, const char *arg)
{
    complain("%s%s (see: headcount help)", what, arg);
    return EXIT_USAGE;
}

bool options_is_typed(const struct options *o, const char *option)
{
    const struct option *opt = options_find(option, strlen(option));

    return opt && o->given[opt - options_table];
}

bool options_verb_uses(const struct options *o, const char *option)
{
    return option_is_used(options_find(option, strlen(option)), o->verb);
}

/* Options that the verb does not use are reported and left out. */
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
        case LIST:
        case EACH: ((struct options_list *)at)->n = 0;    break;
        }
    }
    return 0;
}

/* The brake is on the run, whatever says which services it is about. */
static bool allows_for_services(const struct options *o)
{
    for (size_t i = 0; i < o->allow.n; i++)
        if (strcmp(o->allow.item[i], "too_many_changes") != 0)
            return true;
    return false;
}

/* Checks the command line alone; --version stands for a verb. */
static int check_typed(struct options *o)
{
    int err = 0;

    if (o->version)
        o->verb = VERB_VERSION;
    if (o->verb == VERB_NONE)
        return options_bad_usage("a verb is missing: plan, apply, handle, "
                                 "watch, snapshot, explain, adopt, doctor, "
                                 "call, fetch, latency, test, run, lambda, "
                                 "help or version",
                                 "");
    if (!o->version && (o->verb == VERB_LAMBDA || o->verb == VERB_VERSION) &&
        o->args.n > 0)
        return options_bad_usage(o->verb == VERB_LAMBDA
                                     ? "lambda takes no argument: "
                                     : "version takes no argument: ",
                                 o->args.item[0]);
    err = drop_unused(o);
    if (err == 0 && allows_for_services(o) && o->services.n == 0)
        err = options_bad_usage("--allow goes with --service", "");
    return err;
}

int options_get(struct options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    if (argc < 2 && !options_is_bootstrap(argv[0])) {
        help_print_short();
        return EXIT_USAGE;
    }
    o->help = options_ask_for_help(argc, argv);
    int err = options_read_argv(o, argc, argv);
    if (o->help)
        return 0;
    if (err == 0)
        err = check_typed(o);
    bool typed_all = o->all;

    if (err == 0)
        err = options_read_env(o);
    if (err == 0 && !typed_all &&
        (o->verb == VERB_LAMBDA || o->verb == VERB_WATCH ||
         (o->verb == VERB_DOCTOR && o->args.n == 0)))
        err = options_read_env_list(o, &o->args, getenv("HEADCOUNT_CLUSTERS"));
    if (err == 0)
        err = options_work_out(o);
    return err;
}
