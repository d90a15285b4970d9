/* op/op_doctor_network.c - the way to ECS: proxy, name, connection, TLS, clock.
 *
 *   0 the endpoint and its proxy --> 1 its name --> 2 an unsigned GET
 *
 * The GET leaves its connection in the pool, so the calls that follow use it.
 */
#include "op/op_doctor.h"

#include "base/text.h"

#define NETWORK_DAYS 14              /* of a certificate: warned before      */
#define NETWORK_DAY (86400 * HC_SECOND)

void hc_doctor_network_end(struct op_doctor *d)
{
    if (d->fetching)
        hc_fetch_fini(&d->fetch);
    d->fetching = false;
}

/* ---- endpoint, proxy ---- */

static bool network_endpoint(struct op_doctor *d)
{
    const struct hc_config *config = &d->op.h->config;
    struct hc_endpoint_ask ask = {
        .service = hc_service_set_own(&d->op.h->client.services,
                                      HC_SERVICE_ECS),
        .region = d->region, .url = hc_str(d->op.params.endpoint_url),
    };

    if (hc_client_fill_ask(&d->op.h->client, &ask, false, &d->why) < 0 ||
        hc_endpoint_get(&d->endpoint, &ask, &d->why) < 0) {
        hc_doctor_say_why(d, "eendpoint|endpoint|");
        return false;
    }
    hc_doctor_say(d, "oendpoint|endpoint|", "%s://%s%s",
                  d->endpoint.origin.tls ? "https" : "http", d->endpoint.host,
                  d->endpoint.custom ? ", from a setting" : "");
    if (hc_client_find_proxy(&d->op.h->client, &d->endpoint, &d->why) < 0) {
        hc_doctor_say_why(d, "eproxy|proxy|");
        return false;
    }
    if (d->endpoint.proxy != NULL)
        hc_doctor_say(d, "oproxy|proxy|", "it is reached through %s (%s)",
                      d->endpoint.proxy->name, d->endpoint.proxy->setting);
    else if (config->https_proxy.n > 0 || config->http_proxy.n > 0)
        hc_doctor_say(d, "oproxy|proxy|", "one is configured, and this host is "
                      "reached without it");
    return true;
}

/* ---- name ---- */

/* The host that is connected to: the endpoint's name is looked up by its
 * proxy. */
static const struct hc_origin *network_peer(const struct op_doctor *d)
{
    return d->endpoint.proxy != NULL ? &d->endpoint.proxy->origin
                                     : &d->endpoint.origin;
}

static void network_tell_name(struct op_doctor *d, const struct hc_addrs *addrs,
                              int64_t now)
{
    struct hc_resolver *r = &d->op.h->net.resolver;
    char text[HC_ORIGIN_NAME];
    int64_t until = hc_dns_cache_until(
        &r->cache, hc_origin_name(text, network_peer(d)));
    struct doctor_list all = { NULL, 0 }, by = all;

    for (size_t i = 0; i < addrs->n; i++) {
        hc_addr_put(text, &addrs->a[i]);
        hc_doctor_list(d, &all, hc_str(text));
    }
    for (size_t i = 0; until > 0 && i < r->files.conf.servers_n; i++) {
        hc_dns_server_put(text, &r->files.conf.servers[i]);
        hc_doctor_list(d, &by, hc_str(text));
    }
    const char *asked = until > 0 ? hc_doctor_fmt(
        d, "DNS servers: %s; for %lld s", hc_doctor_names(d, &by),
        (long long)((until - now) / HC_SECOND)) : "no DNS server was asked";

    d->elapsed = now - d->began;
    hc_doctor_say(d, "odns|DNS|", "%s is %s (%s), %lld ms",
                  network_peer(d)->host, hc_doctor_names(d, &all), asked,
                  (long long)((now - d->began) / HC_MS));
}

static int network_name(struct op_doctor *d, int64_t now)
{
    struct hc_addrs addrs;
    char name[HC_ORIGIN_NAME];
    struct hc_resolve_ask ask = {
        .name = hc_origin_name(name, network_peer(d)),
        .waiter = &d->waiter,
        .job = &d->op.job, .stats = &d->op.stats, .again = d->began > 0,
    };

    if (!ask.again)
        d->began = now;
    int got = hc_resolve(&d->op.h->net.resolver, &ask, now, &addrs, &d->why);

    if (got == 1)
        network_tell_name(d, &addrs, now);
    if (got < 0)
        hc_doctor_say_why(d, "edns|DNS|");
    return got;
}

/* ---- connection ---- */

static int network_connect(struct op_doctor *d, int64_t now)
{
    struct hc_fetch_config config = {
        .origin = &d->endpoint.origin,
        .proxy = d->endpoint.proxy,
        .replay_after_flush_ok = true, .stats = &d->op.stats,
        .deadline = hc_time_min(d->op.deadline,
                                hc_time_add(now, HC_DOCTOR_CALL)),
    };

    int err = hc_trust_get(&d->op.h->client.trust, &d->endpoint,
                           &config.anchors, &d->fetch.error);

    if (err < 0)
        return err;
    d->fetching = true;
    return hc_fetch_start(&d->fetch, &d->op.h->net, &d->op.job, &config, now);
}

static void network_request(struct op_doctor *d)
{
    struct hc_buf *out = &d->fetch.out;

    d->sent = hc_wall(&d->op.h->net.sys);
    hc_buf_fmt(out, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ",
               d->endpoint.path, d->endpoint.host);
    hc_buf_str(out, hc_user_agent_get(&d->op.h->client.agent,
                                      HC_FEATURE_NONE));
    hc_buf_lit(out, "\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n");
    hc_fetch_request(&d->fetch);
}

static void network_tell_tls(struct op_doctor *d)
{
    const struct hc_tls *tls = &d->fetch.waiter.conn->engine;
    const struct hc_chain *chain = hc_tls_chain(tls);
    const struct hc_marks *m = &d->fetch.marks;
    int64_t left = chain->leaf_until - hc_wall(&d->op.h->net.sys);

    d->elapsed = m->tls_end - m->tls_start;
    if (chain->leaf_until == 0)
        hc_doctor_say(d, "otls|TLS|", "%s, a resumed session",
                      hc_tls_suite(tls));
    else
        hc_doctor_say(d, left < NETWORK_DAYS * NETWORK_DAY
                             ? "wtls|TLS|renew the certificate there"
                             : "otls|TLS|",
                      "%s, %lld ms; %s; %lld days left", hc_tls_suite(tls),
                      (long long)(d->elapsed / HC_MS), chain->path,
                      (long long)(left / NETWORK_DAY));
}

static void network_tell_clock(struct op_doctor *d)
{
    struct hc_skew_ask ask = { .sent = d->sent,
                               .received = hc_wall(&d->op.h->net.sys) };
    int64_t skew = 0;

    hc_http1_header(&d->fetch.http, "date", &ask.date);
    hc_http1_header(&d->fetch.http, "age", &ask.age);
    if (!hc_skew_get(&ask, &skew))
        hc_doctor_say(d, "wclock|clock|",
                      "not compared: the answer of the endpoint has no Date");
    else
        hc_doctor_say(d, hc_skew_matters(skew)
                             ? "eclock|clock|set the clock here: AWS refuses "
                               "signatures that are more than five minutes off"
                             : "oclock|clock|",
                      "the clock here is %lld s %s that of the endpoint",
                      (long long)((skew < 0 ? -skew : skew) / HC_SECOND),
                      skew > 0 ? "behind" : "ahead of");
}

static void network_tell_connection(struct op_doctor *d)
{
    const struct hc_marks *m = &d->fetch.marks;
    char address[HC_ADDR_TEXT];

    hc_addr_put(address, &d->fetch.addr);
    d->reachable = true;
    d->elapsed = m->connect_end - m->connect_start;
    hc_doctor_say(d, "oconnect|connection|", "%s port %u%s, %lld ms", address,
                  (unsigned)network_peer(d)->port,
                  m->reused ? ", kept from before" : "",
                  (long long)(d->elapsed / HC_MS));
    if (d->endpoint.origin.tls && d->endpoint.proxy != NULL && !m->reused) {
        d->elapsed = m->tls_start - m->connect_end;
        hc_doctor_say(d, "otunnel|tunnel|", "the proxy made one to %s, "
                      "%lld ms", d->endpoint.host,
                      (long long)(d->elapsed / HC_MS));
    }
    if (d->endpoint.origin.tls)
        network_tell_tls(d);
    else
        hc_doctor_say(d, "wtls|TLS|use https, unless this is a test",
                      "none: the endpoint is http");
    network_tell_clock(d);
}

static void network_failed(struct op_doctor *d)
{
    bool tls = d->fetch.error.code == HEADCOUNT_ETLS ||
               d->fetch.error.code == HEADCOUNT_ECERT ||
               d->fetch.error.code == HEADCOUNT_ECONFIG;    /* its roots */

    hc_error_pass(&d->why, &d->fetch.error);
    hc_doctor_say_why(d, tls ? "etls|TLS|"
                         : d->fetch.error.code == HEADCOUNT_EPROXY
                             ? "etunnel|tunnel|"
                             : "econnect|connection|check route, security "
                               "group and firewall, and that somebody "
                               "listens there");
}

static int network_get(struct op_doctor *d, int64_t now)
{
    int got = d->fetching ? 0 : network_connect(d, now);

    for (;;) {
        switch (got < 0 ? FETCH_FAILED : hc_fetch_step(&d->fetch, now)) {
        case FETCH_WAIT:
            return 0;
        case FETCH_NEED_REQUEST:
            network_request(d);
            break;
        case FETCH_HEAD:
            network_tell_connection(d);
            break;
        case FETCH_BODY:
            break;
        case FETCH_DONE:
            return 1;
        case FETCH_FAILED:
            if (!d->reachable)
                network_failed(d);
            return 1;
        }
    }
}

int hc_doctor_network(struct op_doctor *d, int64_t now)
{
    int got = 1;

    if (d->phase == 0) {
        if (d->region.n == 0 || !network_endpoint(d))
            return 1;
        d->phase = 1;
    }
    if (d->phase == 1) {
        got = network_name(d, now);
        if (got <= 0)
            return got < 0 ? 1 : 0;
        d->phase = 2;
    }
    got = network_get(d, now);
    if (got == 1)
        hc_doctor_network_end(d);
    return got;
}
