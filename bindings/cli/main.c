/* cli/main.c - the binary: which verb. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "descriptors.h"
#include "help.h"
#include "verbs.h"

static int print_help(const struct options *o)
{
    enum verb verb = o->verb;

    if (verb == VERB_HELP && o->args.n > 0) {
        verb = options_verb(o->args.item[0]);
        if (verb == VERB_NONE)
            return options_unknown_verb(o->args.item[0]);
    } else if (verb == VERB_HELP && !o->help) {
        verb = VERB_NONE;
    }
    help_print(verb);
    return EXIT_DONE;
}

static int run_verb(const struct options *o)
{
    if (o->help)
        return print_help(o);
    switch (o->verb) {
    case VERB_PLAN:
    case VERB_APPLY:
        return sweep_is_meant(o) ? verb_sweep(o) : verb_reconcile(o);
    case VERB_HANDLE:
    case VERB_SNAPSHOT:
        return verb_reconcile(o);
    case VERB_CALL:
        return verb_call(o);
    case VERB_TEST:
        return verb_test(o);
    case VERB_RUN:
        return verb_run(o);
    case VERB_WATCH:
        return verb_watch(o);
    case VERB_LAMBDA:
        return verb_lambda(o);
    case VERB_HELP:
        return print_help(o);
    case VERB_VERSION:
        return verb_version();
    case VERB_NONE:
        break;
    }
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options options;

    if (!descriptors_open())
        return EXIT_OTHER;
    if (options_is_lambda(argc, argv))  /* an option may be complained about */
        lambda_begin_log(false);
    int code = options_get(&options, argc, argv);

    verbs_catch_interrupts();
    if (code == 0)
        code = run_verb(&options);
    else if (options.verb == VERB_LAMBDA)
        lambda_cannot();
    options_fini(&options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write to standard output: %s", strerror(errno));
        return code == EXIT_DONE ? EXIT_OTHER : code;
    }
    return code;
}
