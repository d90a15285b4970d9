/* net/net.c - one handle's network: defaults, and the order of birth. */
#include "net/net.h"

#include <string.h>

#define NET_ATTEMPT (300 * HC_SECOND)

static void net_default(int64_t *value, int64_t us)
{
    if (*value == 0)
        *value = us;
    else if (*value < 0)
        *value = HC_NEVER;
}

static void net_defaults(struct hc_net_config *c)
{
    net_default(&c->connect_timeout, 3100 * HC_MS);
    net_default(&c->tls_timeout, 3100 * HC_MS);
    net_default(&c->acquire_timeout, 10 * HC_SECOND);
    net_default(&c->user_timeout, 30 * HC_SECOND);
    net_default(&c->send_timeout, 30 * HC_SECOND);
    net_default(&c->first_byte_timeout, 30 * HC_SECOND);
    net_default(&c->between_timeout, 30 * HC_SECOND);
    net_default(&c->attempt_timeout,
                c->first_byte_timeout > NET_ATTEMPT
                    ? hc_time_add(c->first_byte_timeout, NET_ATTEMPT)
                    : NET_ATTEMPT);
    net_default(&c->idle, 20 * HC_SECOND);
    net_default(&c->age, 300 * HC_SECOND);
    if (c->per_host == 0)
        c->per_host = 10;
    if (c->total == 0)
        c->total = 200;
    c->min_speed = c->min_speed == 0 ? 1024 : c->min_speed < 0 ? 0
                                                               : c->min_speed;
}

int hc_net_init(struct hc_net *net, const struct hc_system *sys,
                const struct hc_log *log, const struct hc_net_config *config,
                struct headcount_error *e)
{
    *net = (struct hc_net){ .sys = *sys, .log = *log, .config = *config,
                            .opened = hc_now(sys) };
    net_defaults(&net->config);
    hc_jobs_init(&net->jobs);
    const struct hc_resolver_config resolver = {
        .sys = &net->sys, .log = &net->log, .jobs = &net->jobs,
        .stats = &net->stats,
        .dns_server = config->dns_server, .no_cache = config->no_dns_cache,
    };
    int err = hc_resolver_init(&net->resolver, &resolver, e);

    if (err < 0)
        return err;
    net->config.dns_server = (struct hc_str){ NULL, 0 };
    hc_pool_init(&net->pool, net);
    return 0;
}

void hc_net_fini(struct hc_net *net)
{
    hc_pool_fini(&net->pool);
    hc_resolver_fini(&net->resolver);
    hc_buf_fini(&net->out);
    hc_http1_fini(&net->http);
}

void hc_net_forget(struct hc_net *net)
{
    net->health = (struct hc_health){ .n = 0 };
    hc_resolver_forget(&net->resolver);
    hc_pool_forget(&net->pool);
    net->random_n = 0;                   /* a snapshot may run twice */
}

int hc_net_random(struct hc_net *net, void *p, size_t n,
                  struct headcount_error *e)
{
    if (n > sizeof net->random)
        return hc_random(&net->sys, p, n, e);
    if (net->random_n < n) {
        int err = hc_random(&net->sys, net->random, sizeof net->random, e);

        if (err < 0)
            return err;
        net->random_n = sizeof net->random;
    }
    net->random_n -= n;
    memcpy(p, net->random + net->random_n, n);
    return 0;
}
