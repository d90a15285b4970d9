/* cli/main.c - the binary: which verb. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "descriptors.h"
#include "help.h"
#include "log.h"
#include "verbs/verbs.h"

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

/* Writes the rest of stdout, then of the log.  After a signal has ended a write
 * its rest is not tried again, nor by exit(): nobody reads it. */
static int end_output(int code, bool patient)
{
    bool ended = code == EXIT_INTERRUPTED || verbs_interrupted();
    bool whole = !(ended && ferror(stdout)) && fflush(stdout) == 0 &&
                 !ferror(stdout);

    ended = ended || verbs_interrupted();
    if (!whole && ended) {
        code = EXIT_INTERRUPTED;
    } else if (!whole) {
        complain("cannot write to standard output: %s", strerror(errno));
        if (code == EXIT_DONE || code == EXIT_CHANGES || code == EXIT_HELD)
            code = EXIT_OTHER;
    }
    verbs_tell(patient && !ended);
    log_end();
    if (!whole && ended)
        _exit(code);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;

    if (!descriptors_open())
        return EXIT_OTHER;
    verbs_catch_interrupts();
    if (options_is_lambda(argc, argv))  /* an option may be complained about */
        lambda_begin_log(false);
    int code = options_get(&options, argc, argv);

    if (code == 0)
        code = run_verb(&options);
    else if (options.verb == VERB_LAMBDA)
        lambda_cannot();
    enum verb verb = options.verb;

    options_fini(&options);
    verbs_catch_interrupts();       /* a script or a worker had its own */
    return end_output(code, verb != VERB_WATCH && verb != VERB_LAMBDA);
}
