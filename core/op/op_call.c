/* op/op_call.c - one operation of one AWS service: its answer is kept whole and
 * judged as it comes.
 *
 * An answer that is cut short or is no JSON must be an error and never an empty
 * success.  The reader of base/json is the judge: it sees each piece when it
 * arrives, so a wrong answer ends the call early, however long it would be.
 */
#include "op/op_call.h"

#include <stddef.h>

#include "aws/retry.h"
#include "base/json.h"
#include "op/op_account.h"

struct op_call {
    struct hc_op_called called;          /* first member                     */
    struct hc_op_account account;
    bool compared;                       /* with the account of the key that
                                            alone signs                      */
    bool judging;
    struct hc_json json;                 /* judges the answer as it comes    */
    struct hc_buf body;
    struct hc_call call;                 /* zero to HC_CALL_ZERO             */
};

static struct op_call *call_of(headcount_op *op)
{
    return (struct op_call *)op;
}

#define CALL_REQUEST_MAX ((size_t)7 << 20)
#define CALL_ANSWER_MAX ((size_t)32 << 20)
#define CALL_TEXT_MAX ((size_t)16 << 20)
#define CALL_ROOM ((uint64_t)1 << 20)    /* before any of it has come        */

/* Begins to judge an answer, the first one or that of a retry: pieces of an
 * answer that the retry replaces are forgotten. */
static void op_call_judge(headcount_op *op)
{
    struct op_call *c = call_of(op);

    if (c->judging)
        hc_json_fini(&c->json);
    hc_json_init(&c->json, &op->h->net.sys.alloc, CALL_ANSWER_MAX,
                 HC_JSON_DEPTH, CALL_TEXT_MAX);
    hc_json_skip(&c->json);
    hc_buf_reset(&c->body);
    c->judging = true;
}

static int op_call_read(struct hc_json *j, struct hc_str text,
                        struct headcount_error *e)
{
    int got = JSON_DONE;

    while (got >= 0 && got != JSON_MORE)
        got = hc_json_next(j, &text, e);
    return got < 0 ? got : 0;
}

static struct hc_str op_call_request(const struct op_call *c)
{
    const struct headcount_call *r = &c->called.request;

    return hc_str_unmarked(hc_str_n(r->body, r->body_size));
}

static bool op_call_is_object(struct hc_str text)
{
    size_t at = 0;

    while (at < text.n && hc_str_find(HC_STR(" \t\r\n"), text.p[at]) < 4)
        at++;
    return at < text.n && text.p[at] == '{';
}

/* The request's body must be a JSON object, as every operation takes.  It is
 * refused here and not by the service: the sentence can say where it is wrong,
 * and nothing is sent. */
static int op_call_check_body(headcount_op *op)
{
    struct op_call *c = call_of(op);
    struct hc_json j;
    struct headcount_error why = { .code = 0 };
    struct hc_str text = op_call_request(c);

    if (text.n > CALL_REQUEST_MAX)
        return hc_error_set(&op->error, HEADCOUNT_ELIMIT,
                            "the request's body has "
                            "%zu bytes: at most %zu are sent",
                            text.n, CALL_REQUEST_MAX);
    hc_json_init(&j, &op->h->net.sys.alloc, CALL_REQUEST_MAX, HC_JSON_DEPTH,
                 CALL_TEXT_MAX);
    hc_json_skip(&j);
    int err = op_call_read(&j, text, &why);

    if (err == 0)
        err = hc_json_end(&j, &why);
    hc_json_fini(&j);
    if (err == HEADCOUNT_ENOMEM)
        return hc_error_pass(&op->error, &why);
    if (err < 0)
        return hc_error_set(&op->error, HEADCOUNT_ESYNTAX,
                            "the request's body: %s", why.what);
    if (!op_call_is_object(text))
        return hc_error_set(&op->error, HEADCOUNT_ESYNTAX,
                            "the request's body has "
                            "to be a JSON object: {...}");
    return 0;
}

static bool op_call_lacks_region(headcount_op *op)
{
    (void)op;
    return true;                         /* none is in the request itself */
}

static struct hc_op_called *called_of(headcount_op *op)
{
    return (struct hc_op_called *)op;
}

static const struct hc_service *op_call_service(headcount_op *op)
{
    const struct headcount_call *r = &called_of(op)->request;
    struct hc_service_set *services = &op->h->client.services;
    const struct hc_service_given given = {
        .name = hc_str(r->service), .target_prefix = hc_str(r->target_prefix),
        .json_version = hc_str(r->json_version),
        .signing_name = hc_str(r->signing_name),
        .endpoint_prefix = hc_str(r->endpoint_prefix),
    };

    return r->target_prefix == NULL
               ? hc_service_set_find(services, given.name, &op->error)
               : hc_service_set_describe(services, &given, &op->error);
}

/* list-clusters becomes ListClusters. */
static struct hc_str op_call_operation(struct hc_op_called *c,
                                       const struct hc_service *service)
{
    struct hc_str given = hc_str(c->request.operation);

    /* Nearly all are spelled as the service does: those stay where they are. */
    if (given.n > HC_OPERATION_MAX || given.n == 0 || given.p[0] < 'a')
        return given;
    hc_catalog_operation(c->operation, sizeof c->operation, &service->row,
                         given);
    return hc_str(c->operation);
}

const struct hc_service *hc_op_call_find(headcount_op *op,
                                         struct hc_str *operation)
{
    const struct hc_service *service = op_call_service(op);

    if (service == NULL)
        return NULL;
    *operation = op_call_operation(called_of(op), service);
    return operation->n == 0
               ? service
               : hc_service_set_narrow(&op->h->client.services, service,
                                       *operation, &op->error);
}

static int op_call_name(headcount_op *op, struct hc_call_config *config)
{
    config->service = hc_op_call_find(op, &config->operation);
    if (config->service == NULL)
        return op->error.code;
    if (config->service->row.is_stream)
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "%.*s of %s answers with a stream of events, "
                            "which headcount does not read",
                            HC_STR_ARG(config->operation), config->service->id);
    config->no_sign = config->service->row.is_unsigned;
    if (!config->no_sign || op->params.expect_account == NULL)
        return 0;
    return hc_error_set(&op->error, HEADCOUNT_EARG, "request.expect_account "
                        "is set, and %.*s of %s is not signed, so there is no "
                        "account to compare", HC_STR_ARG(config->operation),
                        config->service->id);
}

static int op_call_start(headcount_op *op)
{
    struct op_call *c = call_of(op);
    int err = hc_op_find_creds(op, true);

    if (err == 0)
        err = hc_op_account_check(op);
    if (err < 0)
        return err;
    struct hc_call_config config = hc_op_call_config(op);

    hc_buf_init(&c->body, &op->h->net.sys.alloc, CALL_ANSWER_MAX);
    err = op_call_name(op, &config);
    if (err == 0 && c->called.request.body_size > 0)
        err = op_call_check_body(op);
    if (err < 0)
        return err;
    op_call_judge(op);
    config.body = op_call_request(c);
    config.replay_ok = c->called.request.retry_writes;
    config.paced = op->parent != NULL;
    err = hc_call_start(&c->call, &op->h->net, &op->job, &config);
    return err < 0 ? hc_error_pass(&op->error, &c->call.error) : 0;
}

static int op_call_not_json(headcount_op *op, const struct headcount_error *why)
{
    const struct hc_call *call = &call_of(op)->call;
    char name[HC_CALL_NAME];

    return hc_error_set(&op->error, HEADCOUNT_EANSWER, "%s: %s: the answer: %s",
                        hc_call_name(call, name), call->slot->endpoint.host,
                        why->what);
}

static int op_call_body(headcount_op *op)
{
    struct op_call *c = call_of(op);
    struct headcount_error why = { .code = 0 };
    int err = op_call_read(&c->json, c->call.span, &why);

    /* Its length is known, mostly: then its memory is asked for once. */
    if (c->body.n == 0) {
        uint64_t length = hc_http1_length(&c->call.request.fetch.http);

        hc_buf_room(&c->body, length <= CALL_ROOM ? (size_t)length : 1);
    }
    hc_buf_put(&c->body, c->call.span.p, c->call.span.n);
    if (err == 0 && hc_buf_error(&c->body) == 0)
        return 0;
    if (hc_buf_error(&c->body) == HEADCOUNT_ENOMEM || err == HEADCOUNT_ENOMEM)
        return hc_error_set(&op->error, HEADCOUNT_ENOMEM,
                            "out of memory for an answer");
    return op_call_not_json(op, &why);
}

static int op_call_done(headcount_op *op)
{
    struct op_call *c = call_of(op);
    struct headcount_error why = { .code = 0 };

    op->outcome.status = c->call.service_error.status;
    op->outcome.request_id = c->call.service_error.request_id;
    if (c->body.n > 0 && hc_json_end(&c->json, &why) < 0)
        return op_call_not_json(op, &why);
    op->outcome.body = c->body.n > 0 ? c->body.p : "";
    op->outcome.body_size = c->body.n;
    return 1;
}

static int op_call_failed(headcount_op *op)
{
    const struct hc_call *call = &call_of(op)->call;
    const struct hc_service_error *s = &call->service_error;
    const char *message = s->message;
    char failure[HC_CALL_FAILURE];

    op->outcome.status = s->status;
    op->outcome.request_id = s->request_id;
    if (call->error.code != HEADCOUNT_ESERVICE)
        return hc_error_pass(&op->error, &call->error);
    /* No AWS error code came: a proxy or a load balancer refused, not the
     * service.  A caller must not take that for the service's own word. */
    if (!s->named)
        return hc_error_set(&op->error, HEADCOUNT_EANSWER, "%s",
                            call->error.what);
    op->outcome.service_code = s->code;
    /* AWS says no more than the code. */
    if (message[0] == '\0' &&
        hc_str_eqz(HC_STR("UnknownOperationException"), s->code))
        message = "the service has no operation of this name";
    return hc_error_set(&op->error, HEADCOUNT_ESERVICE, "%s: %s%s%s (HTTP %d, "
                        "request id %s)", s->code,
                        hc_call_failure(call, failure),
                        message[0] != '\0' ? ": " : "", message,
                        s->status, s->request_id[0] != '\0' ? s->request_id
                                                            : "none");
}

static int op_call_go_on(headcount_op *op, int64_t now)
{
    struct op_call *c = call_of(op);
    int err = 0;

    while (err == 0) {
        if (!c->compared) {
            err = hc_op_account_step(op, &c->account, now);
            if (err <= 0)
                return err;
            err = 0;
            c->compared = true;
            c->call.config.key_id = hc_op_account_key(&c->account);
        }
        switch ((enum hc_call_answer)hc_call_step(&c->call, now)) {
        case CALL_WAIT:
            if (!c->call.other_key)
                return 0;
            c->call.other_key = c->compared = false;
            break;
        case CALL_BODY:    err = op_call_body(op); break;
        case CALL_RESTART: op_call_judge(op); break;
        case CALL_DONE:    return op_call_done(op);
        case CALL_FAILED:  return op_call_failed(op);
        }
    }
    return err;
}

static int op_call_step(headcount_op *op, int64_t now)
{
    struct op_call *c = call_of(op);
    int got = op_call_go_on(op, now);

    if (got != 0) {                  /* its owner may keep the op for long */
        hc_op_account_fini(op, &c->account);
        hc_call_drop(&c->call);
    }
    return got;
}

/* A request that was sent is awaited for HC_CALL_GRACE; nothing is retried. */
static void op_call_cancel(headcount_op *op)
{
    int64_t now = hc_now(&op->h->net.sys);

    hc_call_cancel(&call_of(op)->call, hc_time_add(now, HC_CALL_GRACE));
    call_of(op)->compared = true;        /* nothing is sent that needs it    */
}

static void op_call_free(headcount_op *op)
{
    struct op_call *c = call_of(op);

    hc_op_account_fini(op, &c->account);
    hc_call_fini(&c->call);
    if (c->judging)
        hc_json_fini(&c->json);
    c->judging = false;
    hc_buf_fini(&c->body);
}

static const struct op_class op_call_class = {
    .size = sizeof(struct op_call),
    .zero = offsetof(struct op_call, call) + HC_CALL_ZERO,
    .start = op_call_start,
    .lacks_region = op_call_lacks_region,
    .step = op_call_step, .cancel = op_call_cancel, .free = op_call_free,
};

/* ---- begin ---- */

/* The texts in `call` must live as long as the op. */
static headcount_op *op_call_fill(headcount_op *op,
                                  const struct headcount_call *call)
{
    if (op != NULL)
        called_of(op)->request = *call;
    return op;
}

static struct hc_op_params op_call_params(const struct headcount_call *c)
{
    return (struct hc_op_params){
        .user = c->user, .region = c->region, .endpoint_url = c->endpoint_url,
        .assume_role = c->assume_role, .external_id = c->external_id,
        .role_session_name = c->role_session_name,
        .role_duration = c->role_duration,
        .expect_account = c->expect_account, .timeout = c->timeout,
    };
}

headcount_op *hc_op_call_begin_child(headcount_op *parent,
                                     const struct headcount_call *call)
{
    const struct hc_op_params params = op_call_params(call);
    headcount_op *op = op_call_fill(
        hc_op_new_child(parent, &op_call_class, &params), call);

    if (op != NULL)
        hc_op_start(op);
    return op;
}

static int op_call_check(struct headcount_call *c,
                         const struct headcount_call *call, bool is_call,
                         struct headcount_error *e)
{
    int err = hc_take_struct(c, &hc_form_call, call, e);

    if (err < 0)
        return err;
    if (c->service == NULL || (c->operation == NULL && is_call))
        return hc_error_set(e, HEADCOUNT_EARG, "%s is NULL: a call names an "
                            "AWS service and one of its operations, as ecs "
                            "and ListClusters",
                            c->service == NULL ? "service" : "operation");
    if (c->target_prefix == NULL &&
        (c->json_version != NULL || c->signing_name != NULL ||
         c->endpoint_prefix != NULL))
        return hc_error_set(e, HEADCOUNT_EARG, "request.json_version, "
                            "request.signing_name and request.endpoint_prefix "
                            "describe a service together with "
                            "request.target_prefix, which is missing");
    return hc_check_memory("body", c->body, "body_size", c->body_size, e);
}

int hc_op_call_begin(headcount *h, headcount_op **out,
                     const struct op_class *class,
                     const struct headcount_call *call,
                     struct headcount_error *error)
{
    struct headcount_call c = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    int err = op_call_check(&c, call, class == &op_call_class, &e);

    *out = NULL;
    if (err == 0) {
        const struct hc_op_params params = op_call_params(&c);
        headcount_op *op = hc_op_new(h, class, &params);

        if (op != NULL) {
            c.service = hc_op_text(op, c.service);
            c.operation = hc_op_text(op, c.operation);
            c.target_prefix = hc_op_text(op, c.target_prefix);
            c.json_version = hc_op_text(op, c.json_version);
            c.signing_name = hc_op_text(op, c.signing_name);
            c.endpoint_prefix = hc_op_text(op, c.endpoint_prefix);
            c.body = hc_op_bytes(op, c.body, c.body_size);
        }
        err = hc_op_begin(op_call_fill(op, &c), out, &e);
    }
    hc_give_error(error, &e);
    return err;
}

int headcount_begin_call(headcount *h, headcount_op **out,
                         const struct headcount_call *call,
                         struct headcount_error *error)
{
    return hc_op_call_begin(h, out, &op_call_class, call, error);
}

bool headcount_only_reads(const char *operation)
{
    char front[sizeof "BatchGet"];       /* batch-get-item: BatchGet         */
    size_t n = 0;
    bool begins = true;

    for (const char *p = operation; p && *p != '\0' && n < sizeof front; p++) {
        bool lower = *p >= 'a' && *p <= 'z';

        if (*p != '-')
            front[n++] = begins && lower ? (char)(*p - 'a' + 'A') : *p;
        begins = *p == '-';
    }
    return hc_retry_is_read(hc_str_n(front, n));
}

void hc_op_call_strike(headcount_op *op, char *text)
{
    hc_call_strike(&call_of(op)->call, text);
}
