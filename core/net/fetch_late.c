/* net/fetch_late.c - see net/fetch_late.h. */
#include "net/fetch_late.h"

static const char *late_waits_for(const struct hc_fetch *f)
{
    switch (f->state) {
    case FETCH_AT_CONN:    return "a connection";
    case FETCH_AT_SEND:    return "the request to be taken";
    case FETCH_AT_HEAD:    return f->http.any ? "the rest of the answer's head"
                                              : "the answer's first byte";
    case FETCH_AT_BODY:    return "the rest of the answer's body";
    case FETCH_AT_REQUEST:
    case FETCH_AT_ENDED:
    case FETCH_AT_DONE:
    case FETCH_AT_FAILED:  break;
    }
    return "the request";
}

uint64_t hc_fetch_moved(const struct hc_fetch *f)
{
    struct hc_sock_told told;

    if (f->state == FETCH_AT_BODY)
        return f->body_n;
    return hc_sock_told(f->waiter.conn->watch.fd, &told)
               ? told.acked : f->waiter.conn->sent;
}

static int late_slow(struct hc_fetch *f, const char *where, int64_t now)
{
    char span[HC_TIME_SPAN];

    return hc_error_set(&f->error, HEADCOUNT_ETIMEDOUT,
                        "%s: the %s too slowly: %llu bytes in %s, and "
                        "config.min_speed is %lld", where,
                        f->state == FETCH_AT_SEND ? "request was taken"
                                                  : "answer's body came",
                        (unsigned long long)(hc_fetch_moved(f) - f->pace.from),
                        hc_time_span(span, now - f->pace.since),
                        (long long)f->net->config.min_speed);
}

int hc_fetch_say_late(struct hc_fetch *f, int64_t now)
{
    char where[HC_CONN_WHERE], span[HC_TIME_SPAN], limit[HC_TIME_SPAN];

    hc_conn_where(where, f->config.origin, &f->addr, f->config.proxy);
    hc_time_span(span, now - f->since);
    hc_time_span(limit, f->until - f->since);
    if (now >= f->config.deadline)
        return hc_error_set(&f->error, HEADCOUNT_EDEADLINE,
                            "%s: waited %s for %s, until the deadline", where,
                            span, late_waits_for(f));
    if (now >= f->until)
        return hc_error_set(&f->error, HEADCOUNT_ETIMEDOUT,
                            "%s: waited %s for %s (the limit is %s)", where,
                            span, late_waits_for(f), limit);
    if (now >= f->pace.until)
        return late_slow(f, where, now);
    hc_time_span(limit, f->net->config.attempt_timeout);
    return hc_error_set(&f->error, HEADCOUNT_ETIMEDOUT,
                        "%s: one attempt may take %s (config.attempt_timeout), "
                        "and this one still waits for %s", where, limit,
                        late_waits_for(f));
}
