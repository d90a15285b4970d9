/* cli/main.c - the binary: which verb. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "descriptors.h"
#include "log.h"
#include "options_table.h"
#include "verbs/verbs.h"

static int run_verb(const struct options *o)
{
    for (size_t i = 0; i < options_verbs_n; i++)
        if (options_verbs[i].verb == o->verb)
            return o->help ? verb_help(o) : options_verbs[i].run(o);
    return o->help ? verb_help(o) : EXIT_USAGE;
}

/* Writes the rest of stdout, then of the log.  Where a signal ended a write,
 * nobody reads stdout: its rest is not tried again, and _exit keeps exit() from
 * trying. */
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
