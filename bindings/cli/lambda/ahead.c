/* cli/lambda/ahead.c - see ahead.h.
 *
 * The init phase has a whole processor, and is over when the first event is
 * asked for; its time is not that of an invocation. */
#include "lambda/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "verbs/verbs.h"

#define AHEAD_TIME ((int64_t)1000 * 1000)
#define AHEAD_REGIONS 8
#define AHEAD_GAP ((int64_t)5 * 1000 * 1000)    /* no correction of a clock */

/* Connections of a snapshot are dead when it is restored. */
static bool is_for_a_snapshot(void)
{
    const char *type = getenv("AWS_LAMBDA_INITIALIZATION_TYPE");

    return type && strcmp(type, "snap-start") == 0;
}

void ahead_connect(headcount *h, const struct headcount_reconcile *one,
                   const struct lambda_sweep *sweep)
{
    const struct headcount_sweep *s = &sweep->sweep;
    struct headcount_call call = {
        .size = sizeof call, .service = "ecs", .timeout = AHEAD_TIME,
        .assume_role = s->roles_n > 0 ? s->roles[0] : one->assume_role,
        .external_id = one->external_id,
        .role_session_name = one->role_session_name,
        .role_duration = one->role_duration,
    };
    headcount_op *ops[AHEAD_REGIONS] = { NULL };
    size_t n = sweep->is_said ? s->regions_n : 0;

    if (is_for_a_snapshot())
        return;
    n = n == 0 ? 1 : n < AHEAD_REGIONS ? n : AHEAD_REGIONS;
    for (size_t i = 0; i < n; i++) {
        call.region = sweep->is_said && s->regions_n > 0 ? s->regions[i] : NULL;
        headcount_begin_connect(h, &ops[i], &call, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        while (ops[i] && !verbs_interrupted() &&
               headcount_wait(ops[i], AHEAD_TIME) == HEADCOUNT_RUNNING)
            continue;
        headcount_op_free(ops[i]);
    }
}

int64_t ahead_clock(void)
{
    return hc_clock_wall() - hc_clock_monotonic();
}

bool ahead_slept(int64_t clock)
{
    return ahead_clock() - clock > AHEAD_GAP;
}
