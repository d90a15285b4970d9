/* tests/peers/ecs_script.c - a reconcile whose calls are answered from a
 * table. */
#include "peers/ecs_script.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

static struct script script;

enum { PHASE_WAIT, PHASE_HALF, PHASE_BODY, PHASE_END };

/* ---- the call machine ---- */

/* A write is made within a minute of its decision, a drop within a minute of
 * what it follows from; for a list of clusters nobody waits for long. */
static int64_t deadline_of(const struct hc_call_config *config)
{
    int64_t own = script.config.call.deadline;
    bool writes = hc_str_eqz(config->operation, "UpdateService");
    bool lists = hc_str_eqz(config->operation, "ListClusters");
    int64_t by = hc_now(&script.net.sys) - script.row->aged +
                 (lists ? 5 : 60) * HC_SECOND;

    return (writes || lists) && (own == 0 || own > by) ? by : own;
}

static void check_request(const struct hc_call_config *config)
{
    const struct script_row *row = script.row;
    struct hc_service service;

    hc_service_own(&service, config->own);
    CHECK(config->service == NULL);
    CHECK_STR(config->operation, row->operation);
    if (row->body != NULL)
        CHECK_STR(config->body, row->body);
    CHECK_Z(service.id, row->service != NULL ? row->service : "ecs");
    CHECK(config->replay_ok);
    CHECK(!config->yields || hc_str_eqz(config->operation, "UpdateService"));
    CHECK(config->yields ? !row->rises : !row->yields);
    CHECK_INT(config->deadline, deadline_of(config));
}

static const char *answer(void)
{
    const char *text = script.row->answer;

    return text != NULL && strcmp(text, SCRIPT_TAKEN) == 0 ? script.taken
                                                           : text;
}

static void take_count(struct hc_str body)
{
    const struct hc_str key = HC_STR("\"desiredCount\"");

    while (body.n > 0 && !hc_str_starts(body, key))
        body = hc_str_from(body, 1);
    hc_fmt(script.taken, sizeof(script.taken), "{\"service\":{%.*s}",
           HC_STR_ARG(body));
}

static int script_start(struct hc_call *c, struct hc_net *net,
                        struct hc_job *job,
                        const struct hc_call_config *config)
{
    CHECK(net == &script.net && job == &script.job);
    CHECK(!script.open);
    if (script.at == script.n)
        fail_msg("an unexpected call: %.*s %.*s",
                 HC_STR_ARG(config->operation), HC_STR_ARG(config->body));
    script.row = &script.rows[script.at++];
    script.phase = PHASE_WAIT;
    script.given = 0;
    *c = (struct hc_call){ .attempts = 1,
                           .who = { HC_STR("AKIDEXAMPLE"),
                                    HC_STR(SCRIPT_SECRET),
                                    HC_STR(SCRIPT_TOKEN) } };
    check_request(config);
    take_count(config->body);
    if (script.row->refuse)
        return hc_error_set(&c->error, script.row->fail, "it did not begin");
    script.open = true;
    return 0;
}

static int give(struct hc_call *c, size_t until, int next)
{
    struct hc_str all = hc_str(answer());
    size_t n = until - script.given;

    if (script.piece > 0 && n > script.piece)
        n = script.piece;
    c->span = hc_str_n(t_guard(all.p + script.given, n), n);
    script.given += n;
    if (script.given == until)
        script.phase = next;
    return CALL_BODY;
}

static int end(struct hc_call *c)
{
    const struct script_row *row = script.row;

    c->attempts = row->attempts > 0 ? row->attempts : 1;
    c->outcome_unknown = row->outcome_unknown;
    c->request.sent = row->sent;
    if (row->fail == 0)
        return CALL_DONE;
    hc_error_set(&c->error, row->fail, "scripted: %s",
                 row->code != NULL ? row->code : hc_error_name(row->fail));
    c->service_error.named = row->code != NULL;
    c->service_error.status = row->status > 0 ? row->status : 400;
    if (row->code != NULL)
        hc_fmt(c->service_error.code, sizeof(c->service_error.code), "%s",
               row->code);
    return CALL_FAILED;
}

static int script_step(struct hc_call *c, int64_t now)
{
    size_t n = hc_str(answer()).n;

    CHECK(script.open);
    CHECK_INT(now, script.now);
    switch (script.phase) {
    case PHASE_WAIT:
        script.phase = script.row->restart ? PHASE_HALF : PHASE_BODY;
        return CALL_WAIT;
    case PHASE_HALF:
        if (script.given < n / 2)
            return give(c, n / 2, PHASE_HALF);
        script.given = 0;
        script.phase = PHASE_BODY;
        return CALL_RESTART;
    case PHASE_BODY:
        if (script.given < n)
            return give(c, n, PHASE_END);
        return end(c);
    default:
        return end(c);
    }
}

static void script_cancel(struct hc_call *c, int64_t until)
{
    (void)c;
    CHECK(script.open);
    script.awaited = until;
}

static void script_fini(struct hc_call *c)
{
    (void)c;
    CHECK(script.open);
    script.open = false;
}

static const struct hc_call_vtable vtable = { script_start, script_step,
                                          script_cancel, script_fini };

/* ---- the run ---- */

static int64_t script_wall(void *ud)
{
    (void)ud;
    return script.wall;
}

static int64_t script_now(void *ud)
{
    (void)ud;
    return script.now;
}

struct script *script_set(const struct script_row *rows, size_t n)
{
    script = (struct script){ .rows = rows, .n = n, .now = 1000,
                              .wall = 1767225600 * HC_SECOND };
    script.net.sys.alloc = *t_alloc();
    script.net.sys.wall = script_wall;
    script.net.sys.now = script_now;
    script.config.cluster = HC_STR("prod");
    script.config.vtable = &vtable;
    script.config.call.region = HC_STR("eu-west-1");
    return &script;
}

struct script *script_wishes(const struct script_row *rows, size_t n,
                             const char *services)
{
    struct script *s = script_set(rows, n);
    struct hc_str list = hc_str(services);

    while (list.n > 0)
        script_wish(s->config.wishes_n++)->service = hc_str_cut(&list, ' ');
    s->config.wishes = s->wishes;
    return s;
}

struct hc_wish *script_wish(size_t at)
{
    CHECK(at < sizeof(script.wishes) / sizeof(*script.wishes));
    return &script.wishes[at];
}

struct script *script_fails(struct script_row *rows, size_t n,
                            const char *code)
{
    struct script *s = script_wishes(rows, n, "web log");

    s->config.wishes_n = 1;
    script_wish(1)->required = true;
    if (code != NULL) {
        rows[n - 1].fail = HEADCOUNT_ESERVICE;
        rows[n - 1].code = code;
    }
    return s;
}

/* Whoever waits has said for what: a call, or a time. */
static void wait_for(void)
{
    if (script.open) {
        script.now += script.row->takes;
        if (script.cancel_at == script.at)
            hc_reconcile_cancel(&script.r, script.now);
        return;
    }
    CHECK(script.job.deadline > script.now);
    CHECK(script.job.deadline != HC_NEVER);
    script.now = script.job.deadline;
}

int script_run(void)
{
    int got = hc_reconcile_start(&script.r, &script.net, &script.job,
                                 &script.config, &script.error);

    script.started = got == 0;
    while (got == 0) {
        script.job.deadline = HC_NEVER;
        got = hc_reconcile_step(&script.r, script.now);
        if (got == HC_RECONCILE_ASKS) {
            script.policy(&script.r);
            got = 0;
        } else if (got == 0) {
            wait_for();
        }
    }
    script.done = got == 1;
    return got;
}

void script_end(void)
{
    if (script.started)
        hc_reconcile_fini(&script.r);
    CHECK(!script.open);
    if (script.done)
        CHECK_INT(script.at, script.n);
    CHECK(script.r.run.result.services == NULL);
}

const struct headcount_service *script_service(size_t at)
{
    CHECK(at < script.r.run.result.services_n);
    return &script.r.run.result.services[at];
}

void script_gave(size_t at, enum headcount_result outcome, const char *code)
{
    const struct headcount_service *service = script_service(at);

    CHECK_Z(hc_result_name(service->outcome), hc_result_name(outcome));
    CHECK_Z(service->code, code);
    CHECK(service->reason != NULL);
}

void script_gives(size_t at, enum headcount_result outcome, const char *code)
{
    CHECK_INT(script_run(), 1);
    script_gave(at, outcome, code);
}

static void disbelieve(struct script_row *rows, size_t n,
                       const struct script_answer *answer)
{
    const struct hc_wish wish = { .service = HC_STR("web") };
    struct script *s = script_set(rows, n);

    rows[n - 1].answer = answer->answer;
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    CHECK_INT(script_run(), 1);

    const struct headcount_service *got = script_service(0);

    CHECK_Z(hc_result_name(got->outcome), "failed");
    CHECK_Z(got->code, "EANSWER");
    if (strstr(got->reason, answer->says) == NULL)
        CHECK_Z(got->reason, answer->says);
    CHECK_INT(got->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();
}

void script_disbelieve(struct script_row *rows, size_t n,
                       const struct script_answer *answers, size_t answers_n)
{
    for (size_t i = 0; i < answers_n; i++)
        disbelieve(rows, n, &answers[i]);
}
