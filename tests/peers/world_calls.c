/* peers/world_calls.c - calls to the ECS in memory, and their faults. */
#include "peers/world.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

enum { PHASE_WAIT, PHASE_HALF, PHASE_BODY, PHASE_END };

static enum world_fault pick_fault(struct world *w, const char *operation)
{
    enum world_fault fault;

    if (!w->storm)
        return FAULT_NONE;
    if (world_has(w, WORLD_DETAILS) && world_chance(w, 20) &&
        strcmp(operation, "DescribeContainerInstances") == 0)
        return FAULT_LIE;
    if (world_chance(w, 75))
        return FAULT_NONE;
    fault = (enum world_fault)(1 + world_random(w, FAULT_LIE - 1));
    return fault == FAULT_FOREIGN && !w->foreign ? FAULT_CUT : fault;
}

static int start(int actor, struct hc_call *call,
                 const struct hc_call_config *config)
{
    struct world *w = world_the();
    struct world_call *c = &w->calls[actor];

    CHECK(!c->open);
    *call = (struct hc_call){ .attempts = 1 };
    c->open = true;
    c->operation = config->operation.p;
    c->fault = pick_fault(w, c->operation);
    c->left = (enum world_left)world_random(w, WORLD_LEFT);
    c->useless = false;
    c->error = NULL;
    c->phase = PHASE_WAIT;
    c->given = 0;
    CHECK(config->body.n < sizeof(c->body));
    memcpy(c->body, config->body.p, config->body.n);
    c->body[config->body.n] = '\0';
    w->asked(w, actor, c);
    return 0;
}

static int end(struct world *w, int actor, struct hc_call *call)
{
    static const int codes[WORLD_FAULTS] = {
        [FAULT_REFUSED] = HEADCOUNT_ESERVICE,
        [FAULT_LOST] = HEADCOUNT_ETIMEDOUT,
        [FAULT_UNSENT] = HEADCOUNT_ECONNECT,
        [FAULT_CUT] = HEADCOUNT_ETRUNCATED,
    };
    struct world_call *c = &w->calls[actor];
    int code = c->error != NULL ? HEADCOUNT_ESERVICE : codes[c->fault];
    /* A foreign page without a host is what ours would be. */
    bool ok = c->fault == FAULT_NONE || c->fault == FAULT_RESTART ||
              c->fault == FAULT_OLD || c->fault == FAULT_LIE ||
              (c->fault == FAULT_PARTIAL && !c->useless) ||
              (c->fault == FAULT_FOREIGN && strstr(c->answer, "9999") == NULL);

    w->told(w, actor, c, ok && c->error == NULL);
    call->request.sent = c->fault != FAULT_UNSENT;
    if (code == 0)
        return CALL_DONE;
    if (code == HEADCOUNT_ESERVICE)
        hc_fmt(call->service_error.code, sizeof(call->service_error.code),
               "%s", c->error != NULL ? c->error : "ThrottlingException");
    call->service_error.named = code == HEADCOUNT_ESERVICE;
    call->service_error.status = 400;
    hc_error_set(&call->error, code, "a fault of this world");
    return CALL_FAILED;
}

static int give(struct world *w, struct world_call *c, struct hc_call *call,
                size_t until)
{
    size_t n = until - c->given;

    if (n > 1 && world_chance(w, 50))
        n = 1 + world_random(w, (unsigned)n);
    call->span = hc_str_n(c->answer + c->given, n);
    c->given += n;
    return CALL_BODY;
}

/* An operation of a deleted cluster fails; three are no cluster's, or answer
 * that there is none.  No write to it is ever carried out. */
static bool is_gone(const struct world *w, const struct world_call *c)
{
    return (c->told.gone &&
            strcmp(c->operation, "DescribeClusters") != 0 &&
            strcmp(c->operation, "DescribeTaskDefinition") != 0 &&
            strcmp(c->operation, "DescribeCapacityProviders") != 0) ||
           (w->state.gone && strcmp(c->operation, "UpdateService") == 0);
}

/* What ECS has to say against it, or NULL. */
static const char *error_of(const struct world *w, const struct world_call *c)
{
    if (is_gone(w, c))
        return WORLD_GONE_CODE;
    return w->refuses && strstr(c->body, "ecs.capability.external") != NULL
               ? "InvalidParameterException" : NULL;
}

static int step(int actor, struct hc_call *call)
{
    struct world *w = world_the();
    struct world_call *c = &w->calls[actor];
    bool none = c->fault == FAULT_REFUSED || c->fault == FAULT_LOST ||
                c->fault == FAULT_UNSENT;
    size_t all;

    CHECK(c->open);
    if (c->phase == PHASE_WAIT) {
        c->told = c->fault == FAULT_OLD ? w->old : w->state;
        c->error = error_of(w, c);
        if (c->error == NULL)
            world_answer(w, c);
        else if (none)
            c->error = NULL;         /* it did not come to that              */
        c->phase = c->error != NULL || none     ? PHASE_END
                   : c->fault == FAULT_RESTART ? PHASE_HALF : PHASE_BODY;
        return CALL_WAIT;
    }
    all = c->phase == PHASE_HALF || c->fault == FAULT_CUT ? c->answer_n / 2
                                                          : c->answer_n;
    if (c->phase != PHASE_END && c->given < all)
        return give(w, c, call, all);
    if (c->phase == PHASE_HALF) {
        c->phase = PHASE_BODY;
        c->given = 0;
        return CALL_RESTART;
    }
    c->phase = PHASE_END;
    return end(w, actor, call);
}

static void fini(int actor)
{
    CHECK(world_the()->calls[actor].open);
    world_the()->calls[actor].open = false;
}

/* Calls carry no word of whose they are: two sets of functions do. */
#define WORLD_ACTOR(n)                                                      \
    static int start##n(struct hc_call *c, struct hc_net *net,              \
                        struct hc_job *job,                                 \
                        const struct hc_call_config *config)                \
    {                                                                       \
        (void)net;                                                          \
        (void)job;                                                          \
        return start(n, c, config);                                         \
    }                                                                       \
    static int step##n(struct hc_call *c, int64_t now)                      \
    {                                                                       \
        (void)now;                                                          \
        return step(n, c);                                                  \
    }                                                                       \
    static void cancel##n(struct hc_call *c, int64_t until)                 \
    {                                                                       \
        (void)c;                                                            \
        (void)until;                                                        \
    }                                                                       \
    static void fini##n(struct hc_call *c)                                  \
    {                                                                       \
        (void)c;                                                            \
        fini(n);                                                            \
    }
WORLD_ACTOR(0)
WORLD_ACTOR(1)

const struct hc_call_vtable *world_ways(int actor)
{
    static const struct hc_call_vtable vtable[WORLD_ACTORS] = {
        { start0, step0, cancel0, fini0 }, { start1, step1, cancel1, fini1 },
    };

    return &vtable[actor];
}
