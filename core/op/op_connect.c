/* op/op_connect.c - connections that stand before a call needs them: to the
 * service, and to STS where the call's credentials come from there.
 *
 *   start -> both are asked of the pool -> each is given back as it comes
 *
 * Nothing is sent over them, no credentials are asked for, and no failure is
 * one of the call that comes later: it begins as if this op had never been.
 */
#include "aws/creds_assume.h"
#include "aws/principal.h"
#include "op/op_call.h"

#define CONNECT_MOST 2

struct op_connect {
    struct hc_op_called called;          /* first member                     */
    struct hc_pool_waiter waiters[CONNECT_MOST];
};

static struct op_connect *connect_of(headcount_op *op)
{
    return (struct op_connect *)op;
}

static struct hc_str connect_region(const headcount_op *op)
{
    return op->params.region != NULL ? hc_str(op->params.region)
                                     : op->h->config.region;
}

/* ---- where to ---- */

/* The region of STS, if it is asked for the credentials or for their account;
 * n == 0: it is not. */
static struct hc_str connect_sts(const headcount_op *op)
{
    const struct hc_client *k = &op->h->client;
    const struct hc_principal_ask ask = { .config = k->config,
                                          .sys = &op->h->net.sys,
                                          .given = k->given.key_id_n > 0 };
    struct hc_principal who = { .hops_n = 0 };
    struct hc_str arn = hc_str(op->params.assume_role);

    if (arn.n == 0 && !k->no_sign && hc_principal_find(&who, &ask, NULL) == 0)
        arn = who.hops_n > 0 ? who.hop[who.hops_n - 1].arn : who.web.arn;
    if (arn.n > 0)
        return hc_assume_region(k, arn);
    return op->params.expect_account != NULL ? connect_region(op) : HC_STR("");
}

static int connect_endpoints(headcount_op *op,
                             struct hc_endpoint_slot *slots[CONNECT_MOST])
{
    struct hc_client *k = &op->h->client;
    struct hc_str operation, sts = connect_sts(op);
    struct hc_endpoint_ask ask = {
        .service = hc_op_call_find(op, &operation),
        .url = hc_str(op->params.endpoint_url), .region = connect_region(op),
    };
    int err = ask.service == NULL
                  ? op->error.code
                  : hc_client_fill_ask(k, &ask, false, &op->error);

    if (err == 0)
        err = hc_client_acquire_endpoint(k, &ask, &slots[0], &op->error);
    if (err == 0 && sts.n > 0)
        err = hc_client_acquire_own(
            k, hc_service_set_own(&k->services, HC_SERVICE_STS), sts,
            &slots[1], &op->error);
    if (err == 0 && slots[1] != NULL &&
        hc_origin_eq(&slots[0]->endpoint.origin, &slots[1]->endpoint.origin)) {
        hc_client_release_endpoint(slots[1]);
        slots[1] = NULL;
    }
    return err;
}

/* ---- start and step ---- */

/* Dials that are under way go on, for the next one that needs them. */
static void connect_drop(headcount_op *op)
{
    for (size_t i = 0; i < CONNECT_MOST; i++)
        hc_pool_waiter_drop(&op->h->net.pool, &connect_of(op)->waiters[i],
                            op->started);
}

static int op_connect_start(headcount_op *op)
{
    struct hc_endpoint_slot *slots[CONNECT_MOST] = { NULL, NULL };
    int err = hc_op_find_creds(op, true);

    if (err == 0 && op->h->net.config.no_keep_alive)
        return 1;
    if (err == 0)
        err = connect_endpoints(op, slots);
    for (size_t i = 0; i < CONNECT_MOST; i++) {
        if (err == 0 && slots[i] != NULL) {
            const struct hc_endpoint *at = &slots[i]->endpoint;
            struct hc_pool_ask ask = {
                .origin = &at->origin, .proxy = at->proxy, .ahead = true,
                .job = &op->job, .stats = &op->stats, .error = &op->error,
            };

            err = hc_trust_get(&op->h->client.trust, at, &ask.anchors,
                               &op->error);
            if (err == 0)
                err = hc_pool_ask(&op->h->net.pool,
                                  &connect_of(op)->waiters[i], &ask,
                                  op->started);
        }
        hc_client_release_endpoint(slots[i]);
    }
    if (err < 0)                         /* an op that is done waits for none */
        connect_drop(op);
    return err;
}

/* One that was kept before was not used, and is as old as it was. */
static void connect_keep(headcount_op *op, struct hc_pool_waiter *w,
                         int64_t now)
{
    const struct hc_conn *c = w->conn;

    hc_pool_give(&op->h->net.pool, w, true, c->kept ? c->idle_since : now);
}

static int op_connect_step(headcount_op *op, int64_t now)
{
    const struct hc_pool *pool = &op->h->net.pool;
    int64_t until = HC_NEVER;
    int waits = 0;

    for (size_t i = 0; i < CONNECT_MOST; i++) {
        struct hc_pool_waiter *w = &connect_of(op)->waiters[i];

        if (w->conn != NULL)
            connect_keep(op, w, now);
        if (w->host == NULL)
            continue;
        waits++;
        until = hc_time_min(until, hc_pool_until(pool, w));
        if (now >= hc_pool_until(pool, w))
            hc_pool_overdue(pool, w);
    }
    if (waits > 0 && now >= op->deadline)
        hc_error_set(&op->error, HEADCOUNT_EDEADLINE, "%s: the deadline has "
                     "passed before a connection stood",
                     connect_of(op)->called.request.service);
    if (op->error.code == 0 && waits > 0) {
        hc_job_at(&op->job, hc_time_min(until, op->deadline));
        return 0;
    }
    connect_drop(op);
    return op->error.code < 0 ? op->error.code : 1;
}

static void op_connect_cancel(headcount_op *op)
{
    hc_error_set(&op->error, HEADCOUNT_ECANCELLED,
                 "cancelled before a connection stood");
}

static bool op_connect_lacks_region(headcount_op *op)
{
    (void)op;
    return true;                         /* none is in the request itself */
}

static const struct op_class op_connect_class = {
    .size = sizeof(struct op_connect), .start = op_connect_start,
    .lacks_region = op_connect_lacks_region, .step = op_connect_step,
    .cancel = op_connect_cancel, .free = connect_drop,
};

int headcount_begin_connect(headcount *h, headcount_op **out,
                            const struct headcount_call *call,
                            struct headcount_error *error)
{
    return hc_op_call_begin(h, out, &op_connect_class, call, error);
}
