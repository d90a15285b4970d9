/* cli/verbs/verbs_exit.c - what came of an op, as the exit code. */
#include "verbs/verbs.h"

size_t verbs_targets_failed(const struct headcount_outcome *outcome)
{
    return outcome->summary[HEADCOUNT_FAILED] - outcome->missing_services_n;
}

bool verbs_has_no_event(const struct headcount_outcome *outcome)
{
    return outcome->records_failed > 0 && outcome->clusters_n == 0 &&
           outcome->foreign == 0;
}

int verbs_outcome_code(const struct options *o,
                       const struct headcount_outcome *outcome)
{
    if (outcome->code != 0)
        return verbs_exit_code(outcome->code);
    if (verbs_has_no_event(outcome))
        return EXIT_USAGE;
    if (outcome->summary[HEADCOUNT_FAILED] > 0 || outcome->records_failed > 0)
        return EXIT_TARGET_FAILED;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_PENDING] > 0)
        return EXIT_CHANGES;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_HELD] > 0)
        return EXIT_HELD;
    return EXIT_DONE;
}

int verbs_exit_code(int code)
{
    switch (code) {
    case HEADCOUNT_OK:
        return EXIT_DONE;
    case HEADCOUNT_EEVENT:
    case HEADCOUNT_EARG:
    case HEADCOUNT_ESYNTAX:
        return EXIT_USAGE;
    case HEADCOUNT_ECONFIG:
    case HEADCOUNT_EREGION:
    case HEADCOUNT_ECREDENTIALS:
    case HEADCOUNT_EPOLICY:
    case HEADCOUNT_EACCOUNT:
        return EXIT_CONFIG;
    case HEADCOUNT_ESERVICE:
        return EXIT_SERVICE;
    default:
        return EXIT_OTHER;
    }
}
