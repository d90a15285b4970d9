/* cli/main.c - the binary: which verb. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blocks.h"
#include "complain.h"
#include "descriptors.h"
#include "log.h"
#include "options_table.h"
#include "replace.h"
#include "trace.h"
#include "verbs/verbs.h"

static int begin_verb(const struct options *o)
{
    for (size_t i = 0; i < options_verbs_n; i++)
        if (options_verbs[i].verb == o->verb)
            return o->help ? verb_help(o) : options_verbs[i].run(o);
    return o->help ? verb_help(o) : EXIT_USAGE;
}

static bool is_done(int code)
{
    return code == EXIT_DONE || code == EXIT_CHANGES || code == EXIT_HELD;
}

/* The trace is written last: it would take the place of the other file. */
static bool trace_is_apart(const struct options *o)
{
    const char *others[] = { o->svg, o->metrics, o->heartbeat };

    for (size_t i = 0; o->trace && i < sizeof others / sizeof *others; i++)
        if (others[i] && replace_would_clash(o->trace, others[i])) {
            complain("--trace takes a file of its own, and neither may be the "
                     "other's FILE.new: %s, %s", o->trace, others[i]);
            return false;
        }
    return true;
}

/* The trace is written after a failure and after a signal, too. */
static int run_verb(struct options *o)
{
    struct trace trace = { .path = o->trace };

    if (!o->help && !(trace_try(&trace) && trace_is_apart(o)))
        return EXIT_USAGE;
    if (o->trace)
        o->tracing = &trace;
    int code = begin_verb(o);

    o->tracing = NULL;
    if (o->help)
        trace.path = NULL;
    return trace_end(&trace) || !is_done(code) ? code : EXIT_OTHER;
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
        if (is_done(code))
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
    blocks_fini();
    verbs_catch_interrupts();       /* a script or a worker had its own */
    return end_output(code, verb != VERB_WATCH && verb != VERB_LAMBDA);
}
