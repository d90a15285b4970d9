/* reconcile/exchange/failure.c - why an exchange failed. */
#include "reconcile/exchange/failure.h"

#include "aws/endpoint.h"

/* ---- what the service says ---- */

bool hc_failure_is(const struct hc_exchange *x, int err, const char *code)
{
    const struct hc_service_error *e = &x->call.service_error;

    return err == HEADCOUNT_ESERVICE && e->status >= 400 && e->status < 500 &&
           hc_str_eqz(hc_str(e->code), code);
}

bool hc_failure_is_unknown(const struct hc_exchange *x, int err)
{
    if (!x->class->writes || !x->in_call)
        return false;
    /* An answer without a code of AWS is one of a proxy.  It does not say
     * whether the request went on to ECS before. */
    return err == HEADCOUNT_EANSWER || x->call.outcome_unknown ||
           (err == HEADCOUNT_ESERVICE ? !x->call.service_error.named
                                      : x->call.request.sent);
}

/* True: ECS may have carried out the write, although the exchange failed.  An
 * error 4xx with a code of the service is a clear refusal.  An error inside
 * the service, or an answer of a proxy before it, says nothing about the
 * write, so it keeps its place in the limits. */
bool hc_failure_may_be_written(const struct hc_exchange *x, int err)
{
    const struct hc_service_error *e = &x->call.service_error;

    return hc_failure_is_unknown(x, err) ||
           (x->in_call && err == HEADCOUNT_ESERVICE &&
            !(e->named && e->status >= 400 && e->status < 500));
}

const char *hc_failure_code(const struct hc_exchange *x, int err)
{
    switch (err) {
    case HEADCOUNT_ESERVICE:   return x->call.service_error.code;
    case HEADCOUNT_EDEADLINE:  return "deadline";
    case HEADCOUNT_ECANCELLED: return "cancelled";
    default:                   return hc_error_name(err);
    }
}

/* ---- the sentence ---- */

const char *hc_failure_allow(struct hc_arena *arena, const char *action,
                             const struct hc_arn *at, const char *resource)
{
    struct hc_str partition = hc_catalog_partition(at->region);
    struct hc_str account = HC_STR("*");

    if (resource == NULL)
        return hc_arena_fmt(arena, "{\"Effect\": \"Allow\", "
                            "\"Action\": \"%s\", \"Resource\": \"*\"}",
                            action);
    if (hc_arn_is_full(at)) {
        partition = at->partition;
        account = at->account;
    }
    return hc_arena_fmt(arena, "{\"Effect\": \"Allow\", \"Action\": "
                        "\"%s\", \"Resource\": \"arn:%.*s:ecs:%.*s:%.*s:%s"
                        "\"}", action, HC_STR_ARG(partition),
                        HC_STR_ARG(at->region), HC_STR_ARG(account), resource);
}

/* The IAM statement that would allow the exchange. */
static const char *failure_statement(struct hc_run *r,
                                     const struct hc_exchange *x)
{
    const struct hc_exchange_class *class = x->class;
    struct hc_arn at = r->cluster;

    if (!hc_arn_is_full(&at))
        at.region = hc_run_region(r);
    return hc_failure_allow(&r->facts.arena, class->action, &at,
                            class->resource != NULL ? class->resource(r, x)
                                                    : NULL);
}

static bool failure_is_denied(const struct hc_exchange *x, int err)
{
    struct hc_str code = hc_str(x->call.service_error.code);

    return err == HEADCOUNT_ESERVICE &&
           (hc_str_eqz(code, "AccessDeniedException") ||
            hc_str_eqz(code, "AccessDenied"));
}

/* Advice for errors whose own sentence does not say what to do. */
static const char *failure_advice(const struct hc_run *r,
                                  const struct hc_exchange *x, int err)
{
    if (r->gone)
        return "";
    /* No code of AWS came, so a proxy or a load balancer answered. */
    if (err == HEADCOUNT_ESERVICE && !x->call.service_error.named)
        err = HEADCOUNT_EANSWER;
    switch (err) {
    case HEADCOUNT_ECONNECT:
    case HEADCOUNT_ETIMEDOUT:
    case HEADCOUNT_ECLOSED:
    case HEADCOUNT_ETRUNCATED:
    case HEADCOUNT_EPROTOCOL:
    case HEADCOUNT_EANSWER:
        return "; check the endpoint and the way to it, the next run asks "
               "again";
    default:
        return "";
    }
}

/* An error that is not the call's own is one of its answer.  Its text names
 * the operation; the host that answered and the region are added here. */
const char *hc_failure_sentence(struct hc_run *r, const struct hc_exchange *x,
                                int err)
{
    struct hc_arena *arena = &r->facts.arena;
    bool was_answered = x->call.error.code == 0 && x->call.slot != NULL;
    const char *what = was_answered
                           ? hc_arena_fmt(arena, "%s: %s: %s",
                                          x->call.slot->endpoint.region,
                                          x->call.slot->endpoint.host,
                                          x->error.what)
                           : x->error.what;

    if (hc_failure_is_unknown(x, err))
        return hc_arena_fmt(arena, "the write was sent and %s, the next run "
                            "reads what came of it: %s",
                            x->call.error.code == 0
                                ? "its answer is not to be believed"
                                : "got no usable answer", what);
    if (failure_is_denied(x, err))
        return hc_arena_fmt(arena, "%s; to allow it: %s", what,
                            failure_statement(r, x));
    return hc_arena_fmt(arena, "%s%s", what, failure_advice(r, x, err));
}
