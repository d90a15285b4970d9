/* reconcile/exchange/exchange.c - runs the exchange in flight, whichever it is.
 */
#include "reconcile/exchange/exchange.h"

#define EXCHANGE_BODY ((size_t)256 << 10)

void hc_exchange_init(struct hc_exchange *x, const struct hc_alloc *a)
{
    /* Neither the view nor what is asked about, which are large: each is set
     * before it is used. */
    x->class = NULL;
    x->fact = NULL;
    x->into = NULL;
    x->at = x->ids_n = 0;
    x->until = 0;
    x->call = (struct hc_call){ .attempts = 0 };
    x->in_call = x->in_view = false;
    x->error = (struct headcount_error){ .code = 0 };
    hc_pages_init(&x->pages, a);
    hc_buf_init(&x->body, a, EXCHANGE_BODY);
}

void hc_exchange_fini(struct hc_exchange *x, const struct hc_run *r)
{
    hc_exchange_end(x, r);
    hc_pages_fini(&x->pages);
    hc_buf_fini(&x->body);
}

void hc_exchange_set(struct hc_exchange *x,
                     const struct hc_exchange_class *class,
                     struct hc_fact *fact, void *into)
{
    x->class = class;
    x->fact = fact;
    x->into = into;
    hc_pages_reset(&x->pages);
    x->at = x->ids_n = 0;
    x->until = 0;
}

/* ---- the view of the answer ---- */

void hc_exchange_close_arns(union hc_exchange_view *v)
{
    hc_ecs_arns_fini(&v->arns);
}

static void exchange_close_view(struct hc_exchange *x)
{
    if (!x->in_view)
        return;
    x->in_view = false;
    if (x->class->close != NULL) {
        x->class->close(&x->view);
        return;
    }
    hc_ecs_answer_fini(&x->view.answer);
}

/* Opens the view, or opens it anew when another attempt of the call begins:
 * what an answer that broke off said so far is forgotten. */
static void exchange_open_view(struct hc_exchange *x, struct hc_run *r)
{
    exchange_close_view(x);
    x->class->open(r, &x->view);
    x->in_view = true;
}

/* ---- the call ---- */

static const struct hc_call_vtable exchange_vtable = {
    hc_call_start, hc_call_step, hc_call_cancel, hc_call_fini
};

static const struct hc_call_vtable *exchange_calls(const struct hc_run *r)
{
    return r->config.vtable != NULL ? r->config.vtable : &exchange_vtable;
}

void hc_exchange_end(struct hc_exchange *x, const struct hc_run *r)
{
    exchange_close_view(x);
    if (x->in_call)
        exchange_calls(r)->fini(&x->call);
    x->in_call = false;
}

void hc_exchange_cancel(struct hc_exchange *x, const struct hc_run *r,
                        int64_t now)
{
    if (x->in_call)
        exchange_calls(r)->cancel(&x->call, x->class->writes
                                  ? hc_time_add(now, HC_CALL_GRACE) : now);
}

bool hc_exchange_held(const struct hc_exchange *x, const struct hc_run *r)
{
    return x->class->writes &&
           (r->config.dry_run || r->config.paused || r->taken != 0);
}

static int exchange_put(struct hc_exchange *x, struct hc_run *r)
{
    int err;

    hc_error_reset(&x->error);
    hc_buf_fini(&x->body);
    hc_buf_init(&x->body, r->facts.alloc, EXCHANGE_BODY);
    x->class->put(r, x, &x->body);
    err = hc_buf_error(&x->body);
    if (err == 0)
        return 0;
    return hc_error_set(&x->error, err, err == HEADCOUNT_ENOMEM
                            ? "no memory for a request to ECS"
                            : "a request to ECS would be too long");
}

int hc_exchange_start(struct hc_exchange *x, struct hc_run *r)
{
    const struct hc_exchange_class *class = x->class;
    struct hc_call_config config = r->config.call;
    int err = exchange_put(x, r);

    if (err < 0)
        return err;
    /* This is the one way out for every write, whatever was planned. */
    if (hc_exchange_held(x, r))
        return hc_error_set(&x->error, HEADCOUNT_ESTATE,
                            "%s is not sent: this run writes nothing",
                            class->operation);
    err = class->writes ? hc_run_prove_account(r, &x->error) : 0;
    if (err < 0)
        return err;
    config.own = class->service;
    config.operation = hc_str(class->operation);
    config.body = hc_buf_view(&x->body);
    config.cluster = r->cluster.name;
    /* UpdateService sets a number, and all other operations here only read: a
     * second attempt does what the first one did. */
    config.replay_ok = true;
    /* Where calls wait for the rate limit, counts that rise go first, as in the
     * two passes: hosts gain tasks before they lose any. */
    config.yields = class->writes && r->pass == PASS_FALLS;
    if (x->until != 0 &&
        (config.deadline <= 0 || config.deadline > x->until))
        config.deadline = x->until;
    err = exchange_calls(r)->start(&x->call, r->net, r->job, &config);
    if (err < 0) {
        hc_error_pass(&x->error, &x->call.error);
        return hc_error_set(&x->error, err, "the call could not begin");
    }
    x->in_call = true;
    r->write_id = class->writes ? x->call.service_error.request_id : NULL;
    exchange_open_view(x, r);
    return 0;
}

/* An answer of another account than the expected one fails, whatever else is
 * in it. */
static int exchange_check_account(struct hc_exchange *x,
                                  const struct hc_run *r, int got)
{
    struct headcount_error why = { .code = 0 };
    int err = hc_run_check_account(r, &why);

    if (err < 0)
        x->error = why;
    return err < 0 ? err : got;
}

static int exchange_learn(struct hc_exchange *x, struct hc_run *r, int64_t now)
{
    const struct hc_exchange_class *class = x->class;
    int got = hc_ecs_answer_end(&x->view.answer, &x->error);

    if (got == 0)
        got = class->learn(r, x, now);
    if (got != HEADCOUNT_ENOMEM && r->config.expect_account.n > 0)
        got = exchange_check_account(x, r, got);
    if (got < 0)
        return got;
    hc_exchange_end(x, r);
    if (got == 0)
        return EXCHANGE_PAGE;
    r->read = true;
    r->known = r->known || class->of_cluster;
    if (class->remember != NULL && r->config.memory != NULL)
        class->remember(r, x, now);
    return class->is_doubtful != NULL && class->is_doubtful(r, x)
               ? EXCHANGE_DOUBTFUL : EXCHANGE_LEARNED;
}

int hc_exchange_step(struct hc_exchange *x, struct hc_run *r, int64_t now)
{
    enum hc_call_answer answer =
        (enum hc_call_answer)exchange_calls(r)->step(&x->call, now);
    int err;

    switch (answer) {
    case CALL_WAIT:
        break;
    case CALL_BODY:
        err = hc_ecs_answer_feed(&x->view.answer, x->call.span, &x->error);
        return err < 0 ? err : EXCHANGE_READS;
    case CALL_RESTART:
        exchange_open_view(x, r);
        return EXCHANGE_READS;
    case CALL_DONE:
        return exchange_learn(x, r, now);
    case CALL_FAILED:
        hc_error_reset(&x->error);
        return hc_error_pass(&x->error, &x->call.error);
    }
    return EXCHANGE_WAITS;
}

/* ---- no answer ---- */

void hc_exchange_fail(struct hc_exchange *x, struct hc_run *r,
                      const char *code, const char *what)
{
    if (x->class->fail != NULL)
        x->class->fail(r, x, code, what);
    else if (x->fact != NULL)
        hc_facts_fail(&r->facts, x->fact, code, what);
}

/* A snapshot of an older version does not hold what a policy asked on its
 * second reading: the first reading stands for it. */
static int exchange_older(struct hc_exchange *x, struct hc_run *r)
{
    if (r->policy.again && r->policy.reading == READING_CONFIRMING) {
        r->policy.reading = READING_FIRST;
        return 1;
    }
    return x->class->older != NULL ? x->class->older(r, x) : 0;
}

int hc_exchange_read_snapshot(struct hc_exchange *x, struct hc_run *r,
                              const char **code, const char **what)
{
    const char *lacks = x->class->fact;
    struct headcount_error e = { 0 };
    int got = x->class->offline != NULL ? x->class->offline(r, x, &e) : 0;
    int old = got <= 0 && got != HEADCOUNT_ENOMEM ? exchange_older(x, r) : 0;

    if (old != 0)
        return old;
    if (got > 0 || got == HEADCOUNT_ENOMEM)
        return got;
    *code = got == HEADCOUNT_ESYNTAX || got == HEADCOUNT_ELIMIT
                ? "filter" : "not_in_snapshot";
    if (got < 0)
        *what = hc_arena_fmt(&r->facts.arena, "the snapshot does not hold %s "
                             "and cannot tell: %s", lacks, e.what);
    else
        *what = hc_arena_fmt(&r->facts.arena, "the snapshot does not hold %s "
                             "that this plan needs: take one with the same "
                             "services and options", lacks);
    return 0;
}

/* ---- resources ---- */

const char *hc_exchange_cluster_resource(struct hc_run *r,
                                         const struct hc_exchange *x)
{
    (void)x;
    return hc_arena_fmt(&r->facts.arena, "cluster/%.*s",
                        HC_STR_ARG(r->cluster.name));
}

const char *hc_exchange_service_resource(struct hc_run *r,
                                         const struct hc_exchange *x)
{
    struct hc_str service = x->ids_n == 1 ? x->ids[0] : HC_STR("*");

    return hc_arena_fmt(&r->facts.arena, "service/%.*s/%.*s",
                        HC_STR_ARG(r->cluster.name), HC_STR_ARG(service));
}
