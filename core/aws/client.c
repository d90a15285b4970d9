/* aws/client.c - what all calls of one handle share: endpoints, names. */
#include "aws/client.h"

#include <string.h>

#include "aws/creds_env.h"
#include "aws/creds_given.h"
#include "aws/creds_profile.h"
#include "base/text.h"

#define CLIENT_TRACE 1024
#define CLIENT_SHARE 0.5
#define CLIENT_ENV 1                     /* its place in the chain          */

/* ---- names ---- */

/* Lambda's trace goes on through our calls, encoded as the SDKs do.  Each
 * invocation has one of its own. */
const struct hc_buf *hc_client_trace(struct hc_client *k)
{
    const struct hc_system *sys = &k->net->sys;

    hc_buf_reset(&k->trace_id);
    if (k->in_lambda)
        hc_text_percent(&k->trace_id, hc_getenv(sys, "_X_AMZN_TRACE_ID"),
                        "=;:+&[]{}\"',");
    if (hc_buf_error(&k->trace_id) < 0)      /* no half of a trace */
        hc_buf_reset(&k->trace_id);
    return &k->trace_id;
}

/* ---- endpoints ---- */

static struct hc_retry_rules client_retry(const struct hc_client *k,
                                          const struct hc_service *service)
{
    struct hc_retry_rules rules = hc_retry_rules(hc_str(service->id));

    if (k->config->max_attempts > 0)
        rules.attempts = k->config->max_attempts;
    return rules;
}

static bool slot_is_for(const struct hc_endpoint_slot *p,
                     const struct hc_endpoint_ask *a)
{
    return p->used > 0 && p->endpoint.service == a->service &&
           hc_str_eqz(a->region, p->region) && hc_str_eqz(a->url, p->url);
}

/* A slot that no call holds: a new one, or the one that was not used for the
 * longest time.  NULL: there is none, and *err and e (which may be NULL) say
 * why. */
static struct hc_endpoint_slot *client_room(struct hc_client *k, int *err,
                                    struct headcount_error *e)
{
    struct hc_endpoint_slot *best = NULL;
    size_t i = 0;

    for (; i < HC_CLIENT_ENDPOINTS && k->places[i] != NULL; i++)
        if (k->places[i]->users == 0 &&
            (best == NULL || k->places[i]->used < best->used))
            best = k->places[i];
    if (i < HC_CLIENT_ENDPOINTS) {
        best = k->places[i] = hc_alloc(&k->net->sys.alloc, sizeof *best);
        if (best == NULL)
            *err = hc_error_set(e, HEADCOUNT_ENOMEM,
                                "out of memory for an endpoint");
    } else if (best == NULL) {
        *err = hc_error_set(e, HEADCOUNT_ELIMIT,
                            "more than %d endpoints are in use "
                            "at the same time",
                            HC_CLIENT_ENDPOINTS);
    }
    return best;
}

static int client_open_proxy(struct hc_client *k, struct hc_proxy *p,
                             struct hc_str url, struct headcount_error *e)
{
    const struct hc_system *sys = &k->net->sys;
    struct hc_endpoint at;
    const char *setting = p == &k->proxies[0] ? "http_proxy"
                          : hc_getenv(sys, "https_proxy").n > 0
                              ? "https_proxy" : "HTTPS_PROXY";
    int err = hc_proxy_init(p, &sys->alloc, setting, url, e);

    if (err < 0)
        return err;
    hc_endpoint_of(&at, &p->origin);
    err = hc_trust_get(&k->trust, &at, &p->anchors, e);
    if (err < 0)
        hc_proxy_fini(p);                /* there is none without its roots */
    return err;
}

int hc_client_find_proxy(struct hc_client *k, struct hc_endpoint *at,
                         struct headcount_error *e)
{
    const struct hc_proxy_env env = {
        k->config->https_proxy, k->config->http_proxy, k->config->no_proxy,
        hc_getenv(&k->net->sys, "AWS_LAMBDA_RUNTIME_API"),
    };
    const struct hc_str url = hc_proxy_for(&env, &at->origin);
    struct hc_proxy *p = &k->proxies[at->origin.tls];
    int err = 0;

    at->proxy = NULL;
    if (url.n == 0)
        return 0;
    if (p->origin.port == 0)
        err = client_open_proxy(k, p, url, e);
    if (err == 0)
        at->proxy = p;
    return err;
}

int hc_client_no_region(const struct hc_client *k, struct headcount_error *e)
{
    const struct hc_config *c = k->config;
    const char *why = k->region.why.code != 0 ? k->region.why.what : "";
    int err = hc_config_no_region(c, e);

    return err < 0 ? err : hc_error_set(
        e, HEADCOUNT_EREGION,
        "no AWS region is known: set AWS_REGION%s%.*s%s or give config.region"
        "%s%s%s", c->has_profile ? ", or region in profile `" : "",
        c->has_profile ? (int)(c->profile.n < 80 ? c->profile.n : 80) : 0,
        c->has_profile ? c->profile.p : "", c->has_profile ? "`," : "",
        *why != '\0' ? " (the metadata of an EC2 instance does not say it "
                       "either: " : "", why, *why != '\0' ? ")" : "");
}

int hc_client_fill_ask(struct hc_client *k, struct hc_endpoint_ask *ask,
                       bool for_credentials, struct headcount_error *e)
{
    struct hc_config *c = k->config;

    ask->use_fips = c->use_fips;
    ask->use_dualstack = c->use_dualstack;
    if (for_credentials)
        return hc_config_service_url(c, ask->service, &ask->url, e);
    return ask->url.n > 0 ? 0 : hc_config_url(c, ask->service, &ask->url, e);
}

int hc_client_acquire_endpoint(struct hc_client *k,
                               const struct hc_endpoint_ask *ask,
                               struct hc_endpoint_slot **out,
                               struct headcount_error *e)
{
    struct hc_endpoint_slot *p = NULL;
    struct hc_endpoint at;

    for (size_t i = 0; p == NULL && i < HC_CLIENT_ENDPOINTS &&
                       k->places[i] != NULL; i++)
        if (slot_is_for(k->places[i], ask))
            p = k->places[i];
    if (p == NULL) {
        int err = ask->region.n == 0 ? hc_client_no_region(k, e) : 0;

        if (err == 0)
            err = hc_endpoint_get(&at, ask, e);
        if (err == 0)
            err = hc_client_find_proxy(k, &at, e);
        if (err != 0)
            return err;
        p = client_room(k, &err, e);
        if (p == NULL)
            return err;
        hc_sigv4_key_wipe(&p->key);
        *p = (struct hc_endpoint_slot){
            .endpoint = at, .retry = client_retry(k, ask->service)
        };
        hc_str_copy(p->url, sizeof p->url, ask->url);
        hc_str_copy(p->region, sizeof p->region, ask->region);
    }
    p->used = ++k->clock;
    p->users++;
    *out = p;
    return 0;
}

int hc_client_acquire_own(struct hc_client *k,
                          const struct hc_service *service,
                          struct hc_str region, struct hc_endpoint_slot **out,
                          struct headcount_error *e)
{
    struct hc_endpoint_ask ask = { .service = service, .region = region };
    int err = hc_client_fill_ask(k, &ask, true, e);

    return err < 0 ? err : hc_client_acquire_endpoint(k, &ask, out, e);
}

void hc_client_release_endpoint(struct hc_endpoint_slot *p)
{
    if (p != NULL)
        p->users--;
}

/* ---- birth and death ---- */

static int client_add_creds(struct hc_client *k, const struct hc_identity *who,
                            struct headcount_error *e)
{
    const struct hc_creds_provider chain[] = {
        hc_creds_given(&k->given), hc_creds_env(&k->net->sys),
        hc_creds_profile(k), hc_creds_container(&k->container),
        hc_creds_imds(&k->imds),
    };

    hc_creds_container_init(&k->container, k->net, &k->trust);
    hc_creds_imds_init(&k->imds, k->net, k->config);
    hc_imds_region_init(&k->region, k->net, k->config);
    if (!k->config->no_skew)
        k->container.skew = k->imds.skew = &k->skew;
    k->creds.log = &k->net->log;
    k->creds.skew = &k->skew;
    for (size_t i = 0; i < sizeof(chain) / sizeof(*chain); i++)
        if (i != CLIENT_ENV || !k->config->profile_given)
            hc_creds_add(&k->creds, &chain[i]);
    return hc_creds_given_init(&k->given, &k->net->sys.alloc, who, e);
}

static int client_init_buckets(struct hc_client *k, double share,
                               struct headcount_error *e)
{
    if (!(share >= 0 && share <= 1))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "the share of ECS's request rates "
                            "has to be more than 0 and at most 1");
    hc_buckets_init(&k->buckets, &k->net->sys.alloc,
                    share > 0 ? share : CLIENT_SHARE);
    return 0;
}

int hc_client_init(struct hc_client *k, const struct hc_client_config *config,
                   struct headcount_error *e)
{
    struct hc_net *net = config->net;
    const struct hc_alloc *alloc = &net->sys.alloc;

    *k = (struct hc_client){ .config = config->config, .net = net,
                             .no_sign = config->no_sign };
    k->in_lambda =
        hc_getenv(&net->sys, "AWS_LAMBDA_FUNCTION_NAME").n > 0;
    hc_service_set_init(&k->services, alloc);
    hc_quota_init(&k->quota);
    hc_creds_init(&k->creds, &net->sys, &net->jobs);
    hc_templates_init(&k->templates, alloc, net->sys.cpu);
    hc_buf_init(&k->trace_id, alloc, CLIENT_TRACE);
    const struct hc_user_agent_config agent = {
        .version = config->version, .exec_env = k->config->exec_env,
        .app_id = k->config->app_id,
    };
    int err = hc_user_agent_init(&k->agent, &net->sys, &agent);

    if (err == 0)
        err = client_init_buckets(k, config->api_share, e);
    if (err == 0)
        err = client_add_creds(k, &config->who, e);
    if (err == HEADCOUNT_ENOMEM)
        hc_error_set(e, err, "out of memory for a client");
    if (err == 0)
        err = hc_trust_init(&k->trust, net, k->config, e);
    if (err < 0)
        hc_client_fini(k);
    else
        hc_config_note(k->config, &net->log);
    return err;
}

static void client_fini_endpoints(struct hc_client *k)
{
    for (size_t i = 0; i < HC_CLIENT_ENDPOINTS && k->places[i] != NULL; i++) {
        hc_sigv4_key_wipe(&k->places[i]->key);
        hc_free(&k->net->sys.alloc, k->places[i], sizeof **k->places);
        k->places[i] = NULL;
    }
}

void hc_client_fini(struct hc_client *k)
{
    if (k->net == NULL)
        return;
    hc_client_fini_roles(k);
    hc_creds_fini(&k->creds);
    hc_creds_profile_fini(k);
    client_fini_endpoints(k);            /* which roles may have held        */
    hc_creds_container_fini(&k->container);
    hc_creds_imds_fini(&k->imds);
    hc_imds_region_fini(&k->region);
    hc_credentials_fini(&k->given);
    hc_proxy_fini(&k->proxies[0]);
    hc_proxy_fini(&k->proxies[1]);
    hc_trust_fini(&k->trust);
    hc_templates_fini(&k->templates);
    hc_user_agent_fini(&k->agent);
    hc_buf_fini(&k->trace_id);
    hc_buckets_fini(&k->buckets);
    hc_service_set_fini(&k->services);
    k->net = NULL;
}
