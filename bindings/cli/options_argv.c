/* cli/options_argv.c - the command line: its verb, its options, its words. */
#include "options_parts.h"

#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"

static int unknown_option(const char *arg, size_t n)
{
    char name[81];
    struct nearest near;

    snprintf(name, sizeof name, "%.*s", (int)(n > 80 ? 80 : n), arg);
    nearest_init(&near, name);
    for (size_t i = 0; i < options_table_n; i++)
        nearest_try(&near, options_table[i].name);
    complain("unknown option --%s%s%s%s (see: headcount help options)",
             name, near.best ? "; did you mean --" : "",
             near.best ? near.best : "", near.best ? "?" : "");
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

static int set_option(struct options *o, const struct option *opt,
                      const char *value)
{
    void *at = (char *)o + opt->at;

    o->given[opt - options_table] = true;
    if (opt->kind != FLAG && *value == '\0')
        return options_bad_usage("an empty value for --", opt->name);
    switch (opt->kind) {
    case FLAG:
        *(bool *)at = true;
        return 0;
    case TEXT:
        *(const char **)at = value;
        return 0;
    case EACH:
        return options_list_put(at, value);
    case LIST: {
        struct options_list *list = at;
        size_t before = list->n;
        int err = options_list_read(o, list, value, ",");

        return err == 0 && list->n == before     /* "," */
                   ? options_bad_usage("an empty value for --", opt->name)
                   : err;
    }
    }
    return EXIT_USAGE;
}

/* `--name`, `--name=value` or `-x`; *i moves on when the value is the next
 * word. */
static int read_option(struct options *o, int argc, char **argv, int *i)
{
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    const char *value = equals ? equals + 1 : NULL;
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option *opt =
        arg[1] == '-' ? options_find(arg + 2, n - 2)
        : n == 2      ? options_find_letter(arg[1]) : NULL;

    if (!opt)
        return arg[1] == '-' ? unknown_option(arg + 2, n - 2)
                             : options_bad_usage("unknown option ", arg);
    /* The script has options of its own: none of ours may look like one. */
    if (o->verb == VERB_RUN && !option_is_used(opt, VERB_RUN))
        return options_bad_usage("before its file run takes the AWS CLI's "
                                 "common options only, not --", opt->name);
    if (opt->kind == FLAG && value)
        return options_bad_usage("no value goes with --", opt->name);
    if (opt->kind != FLAG && !value && *i + 1 >= argc)
        return options_bad_usage("a value is missing after --", opt->name);
    if (opt->kind == FLAG)
        return set_option(o, opt, "");
    return set_option(o, opt, value ? value : argv[++*i]);
}

static int read_word(struct options *o, const char *word)
{
    if (o->verb != VERB_NONE)
        return options_list_put(&o->args, word);
    o->verb = options_verb(word);
    return o->verb == VERB_NONE ? options_unknown_verb(word) : 0;
}

bool options_is_bootstrap(const char *program)
{
    const char *slash = program ? strrchr(program, '/') : NULL;

    return program && strcmp(slash ? slash + 1 : program, "bootstrap") == 0;
}

bool options_is_lambda(int argc, char **argv)
{
    return options_is_bootstrap(argv[0]) ||
           (argc > 1 && options_verb(argv[1]) == VERB_LAMBDA);
}

int options_read_argv(struct options *o, int argc, char **argv)
{
    int err = 0;
    bool only_words = false;

    o->argv = argv;
    o->argc = argc;
    /* Lambda's own arguments, if any, are not ours. */
    if (options_is_bootstrap(argv[0])) {
        o->verb = VERB_LAMBDA;
        return 0;
    }
    for (int i = 1; i < argc && err == 0; i++) {
        /* Arguments after the script belong to it. */
        only_words |= o->verb == VERB_RUN && o->args.n > 0;
        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (o->verb == VERB_NONE)
                o->verb_at = i;
            err = read_word(o, argv[i]);
        } else if (strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else {
            err = read_option(o, argc, argv, &i);
        }
    }
    return err;
}

bool options_ask_for_help(int argc, char **argv)
{
    bool runs = false;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
        if (runs && (argv[i][0] != '-' || argv[i][1] == '\0'))
            return false;
        runs |= options_verb(argv[i]) == VERB_RUN;
    }
    return false;
}
