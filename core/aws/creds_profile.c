/* aws/creds_profile.c - credentials that the files of ~/.aws name (contract:
 * aws/creds_profile.h). */
#include "aws/creds_profile.h"

#include "aws/creds_assume.h"
#include "aws/creds_env.h"
#include "aws/creds_login.h"
#include "aws/creds_process.h"
#include "aws/creds_sso.h"
#include "base/text.h"

#define PROFILE_PATH 4096
#define PROFILE_LINE ((size_t)8192)      /* of the log                        */
#define PROFILE_SHOWN 80                 /* bytes of a name in a sentence    */

struct profile_hop {
    struct hc_creds creds;
    struct hc_creds_assume assume;
};

struct hc_creds_profile {
    struct hc_client *client;
    struct hc_principal principal;
    struct hc_creds_process process;     /* one of these is the source       */
    struct hc_creds_sso sso;
    struct hc_creds_login login;
    struct hc_creds_assume web;
    struct hc_creds base;                /* the source's set, for the roles  */
    struct profile_hop *hops;            /* as those of the principal's      */
    struct hc_creds_provider last;       /* what this provider stands for    */
    struct hc_tally *tally;              /* of its calls; NULL: it has none  */
    uint32_t features;                   /* of the profile: user_agent.h     */
};

/* ---- keys ---- */

static int profile_ask_keys(void *ud, struct hc_job *job, int64_t now,
                            struct hc_credentials *out,
                            struct headcount_error *e)
{
    const struct hc_creds_profile *p = ud;

    (void)job;
    (void)now;
    int err = hc_credentials_put(out, &p->principal.keys, e);

    out->features = HC_FEATURE_NONE;
    return err < 0 ? err : 1;
}

/* ---- sources that need more than texts ---- */

/* HOME, or what /etc/passwd has, and the path below it. */
static void profile_put_path(const struct hc_creds_profile *p,
                             const char *below, struct hc_buf *out)
{
    struct hc_str home = p->client->config->home;

    if (home.n == 0)
        return;
    hc_buf_str(out, home);
    hc_buf_text(out, below);
}

static int profile_init_login(struct hc_creds_profile *p,
                              struct headcount_error *e)
{
    const struct hc_system *sys = &p->client->net->sys;
    struct hc_str given = hc_getenv(sys, "AWS_LOGIN_CACHE_DIRECTORY");
    struct hc_buf path;

    hc_buf_init(&path, &sys->alloc, PROFILE_PATH);
    if (given.n > 0)
        hc_buf_str(&path, given);
    else
        profile_put_path(p, "/.aws/login/cache", &path);
    int err = hc_buf_error(&path);
    const struct hc_creds_login_config config = {
        .sys = sys, .session = p->principal.text, .cache = hc_buf_view(&path),
        .profile = p->principal.profile, .skew = &p->client->skew,
    };

    if (err == 0)
        hc_creds_login_init(&p->login, &config);
    hc_buf_fini(&path);
    return err < 0 ? hc_error_set(e, err, "the folder of login sessions: %s",
                                  hc_error_sentence(err)) : 0;
}

static int profile_endpoint(struct hc_creds_profile *p, enum hc_service_id id,
                            struct hc_endpoint_slot **out,
                            struct headcount_error *e)
{
    struct hc_client *k = p->client;

    return hc_client_acquire_own(k, hc_service_set_own(&k->services, id),
                                 p->principal.sso.region, out, e);
}

static int profile_init_sso(struct hc_creds_profile *p,
                            struct headcount_error *e)
{
    struct hc_client *k = p->client;
    const struct hc_principal_sso *sso = &p->principal.sso;
    struct hc_endpoint_slot *portal = NULL, *oidc = NULL;
    struct hc_buf path;

    hc_buf_init(&path, &k->net->sys.alloc, PROFILE_PATH);
    profile_put_path(p, "/.aws/sso/cache", &path);
    int err = hc_buf_error(&path);

    if (err < 0)
        hc_error_set(e, err, "the folder of SSO tokens: %s",
                     hc_error_sentence(err));
    if (err == 0)
        err = profile_endpoint(p, HC_SERVICE_SSO, &portal, e);
    if (err == 0)
        err = profile_endpoint(p, HC_SERVICE_OIDC, &oidc, e);
    if (err == 0) {
        const struct hc_creds_sso_config config = {
            .net = k->net, .profile = p->principal.profile,
            .session = sso->session, .start_url = sso->start_url,
            .account = sso->account, .role = sso->role,
            .cache = hc_buf_view(&path), .portal = &portal->endpoint,
            .oidc = &oidc->endpoint, .trust = &k->trust, .skew = &k->skew,
        };

        hc_creds_sso_init(&p->sso, &config);
    }
    hc_client_release_endpoint(portal);
    hc_client_release_endpoint(oidc);
    hc_buf_fini(&path);
    return err;
}

/* ---- all of it ---- */

/* *out is where the first set comes from; out->get stays NULL if that is a
 * place of the client's own. */
static int profile_source(struct hc_creds_profile *p,
                          struct hc_creds_provider *out,
                          struct headcount_error *e)
{
    struct hc_client *k = p->client;
    const struct hc_creds_process_config process = {
        .net = k->net, .command = p->principal.text,
        .profile = p->principal.profile,
    };
    int err = 0;

    switch (p->principal.source) {
    case PLACE_KEYS:
        *out = (struct hc_creds_provider){ "credentials file",
                                           profile_ask_keys, p, false };
        break;
    case PLACE_CONFIG_KEYS:
        *out = (struct hc_creds_provider){ "config file", profile_ask_keys, p,
                                           false };
        break;
    case PLACE_TOKEN:
    case PLACE_ENV_TOKEN:
        err = hc_creds_assume_init(&p->web, k, NULL, &p->principal.web, e);
        *out = hc_creds_assume(&p->web);
        p->tally = &p->web.tally;
        break;
    case PLACE_SSO:
        err = profile_init_sso(p, e);
        *out = hc_creds_sso(&p->sso);
        break;
    case PLACE_LOGIN:
        err = profile_init_login(p, e);
        *out = hc_creds_login(&p->login);
        break;
    case PLACE_PROCESS:
        hc_creds_process_init(&p->process, &process);
        *out = hc_creds_process(&p->process);
        break;
    case PLACE_ENVIRONMENT:
        *out = hc_creds_env(&k->net->sys);
        break;
    case PLACE_CONTAINER:
        *out = hc_creds_container(&k->container);
        break;
    case PLACE_INSTANCE:
        *out = hc_creds_imds(&k->imds);
        break;
    case PLACE_PROGRAM:
    case PLACE_ROLE:
    case PLACE_OLD_FILE:
    case PLACE_NOWHERE:
        break;
    }
    return err;
}

static void profile_init_creds(const struct hc_creds_profile *p,
                               struct hc_creds *c)
{
    struct hc_client *k = p->client;

    hc_creds_init(c, &k->net->sys, &k->net->jobs);
    c->log = &k->net->log;
    c->skew = &k->skew;
    c->longest = HC_CREDS_PROFILE_LONGEST;
    c->tally = p->tally;
    hc_creds_add(c, &p->last);
}

/* From the source outwards.  The set of the last role is that of the client. */
static int profile_init_hops(struct hc_creds_profile *p,
                             struct headcount_error *e)
{
    struct hc_client *k = p->client;
    size_t n = p->principal.hops_n;
    struct hc_creds *base = &p->base;
    int err = 0;

    p->hops = hc_alloc(&k->net->sys.alloc, n * sizeof *p->hops);
    if (p->hops == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a role");
    profile_init_creds(p, base);
    while (err == 0 && n > 0) {
        struct profile_hop *hop = &p->hops[--n];

        err = hc_creds_assume_init(&hop->assume, k, base,
                                   &p->principal.hop[n], e);
        p->last = hc_creds_assume(&hop->assume);
        p->tally = &hop->assume.tally;
        if (n > 0)
            profile_init_creds(p, &hop->creds);
        base = &hop->creds;
    }
    return err;
}

static void profile_log(const struct hc_creds_profile *p)
{
    const struct hc_net *net = p->client->net;
    struct hc_buf line;

    if (!hc_log_wants(&net->log, HEADCOUNT_LOG_DEBUG))
        return;
    hc_buf_init(&line, &net->sys.alloc, PROFILE_LINE);
    for (enum hc_place place = PLACE_PROGRAM; place < PLACE_NOWHERE;
         place++) {
        hc_buf_reset(&line);
        hc_place_put(&p->principal, p->client->config, place, &line);
        hc_log_line(&net->log, HEADCOUNT_LOG_DEBUG, "credentials: %s",
                    hc_buf_z(&line));
    }
    hc_buf_fini(&line);
}

/* The profile's part of the User-Agent; the sources add theirs. */
static uint32_t profile_features(const struct hc_principal *who)
{
    uint32_t role = who->hops_n == 0     ? HC_FEATURE_NONE
                    : who->profile.n > 0 ? HC_FEATURE_SOURCE_PROFILE
                                         : HC_FEATURE_CREDENTIAL_SOURCE;

    if (who->source == PLACE_KEYS || who->source == PLACE_CONFIG_KEYS)
        role |= HC_FEATURE_PROFILE;
    if (who->source == PLACE_TOKEN)
        role |= HC_FEATURE_PROFILE_TOKEN;
    if (who->source == PLACE_ENV_TOKEN)
        role |= HC_FEATURE_ENV_TOKEN;
    return role;
}

/* Why the profile gives no credentials. */
static const char *profile_lacks(const struct hc_config *config)
{
    if (!config->has_profile)
        return "is in no file of ~/.aws";
    return hc_ini_find(&config->view, HC_STR("sso_session")) != NULL
               ? "has sso_session, and neither sso_account_id nor sso_role_name"
               : "has no credentials";
}

/* 1: p->last is the provider.  0: there is none, and *e says why. */
static int profile_find(struct hc_creds_profile *p, struct headcount_error *e)
{
    const struct hc_config *config = p->client->config;
    const struct hc_principal_ask ask = { .config = config,
                                      .sys = &p->client->net->sys };
    struct hc_str name = config->profile;
    int err = hc_principal_find(&p->principal, &ask, e);

    profile_log(p);
    if (err < 0)
        return err;
    if (p->principal.hops_n == 0 && (p->principal.source == PLACE_ENVIRONMENT ||
                                 p->principal.source > PLACE_OLD_FILE)) {
        hc_error_set(e, HEADCOUNT_ECREDENTIALS, "`%.*s` %s",
                     (int)(name.n > PROFILE_SHOWN ? PROFILE_SHOWN : name.n),
                     name.n > 0 ? name.p : "", profile_lacks(config));
        return 0;
    }
    p->features = profile_features(&p->principal);
    err = profile_source(p, &p->last, e);
    if (err == 0 && p->principal.hops_n > 0)
        err = profile_init_hops(p, e);
    return err < 0 ? err : 1;
}

/* ---- the provider ---- */

static int profile_open(struct hc_client *k, struct headcount_error *e)
{
    struct hc_creds_profile *p = hc_alloc(&k->net->sys.alloc, sizeof *p);

    if (p == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a profile");
        return HEADCOUNT_ENOMEM;
    }
    p->client = k;
    k->profile = p;
    int got = profile_find(p, e);

    if (got != 1)
        hc_creds_profile_fini(k);
    return got;
}

/* Its place in the list has the name of what it found. */
static int creds_profile_ask(void *ud, struct hc_job *job, int64_t now,
                             struct hc_credentials *out,
                             struct headcount_error *e)
{
    struct hc_client *k = ud;
    struct hc_creds_provider *self = &k->creds.providers[k->creds.at];
    int got = k->profile != NULL ? 1 : profile_open(k, e);

    if (got != 1)
        return got;
    const struct hc_creds_profile *p = k->profile;

    self->name = out->source = p->last.name;
    self->outlasts = p->last.outlasts;
    k->creds.longest = HC_CREDS_PROFILE_LONGEST;
    k->creds.tally = p->tally;
    got = p->last.get(p->last.ud, job, now, out, e);
    if (got == 1)
        out->features |= p->features;
    return got;
}

struct hc_creds_provider hc_creds_profile(struct hc_client *k)
{
    return (struct hc_creds_provider){ "profile", creds_profile_ask, k,
                                       false };
}

/* From the outside inwards: a role may be waiting for what it is assumed
 * with. */
void hc_creds_profile_fini(struct hc_client *k)
{
    const struct hc_alloc *alloc = &k->net->sys.alloc;
    struct hc_creds_profile *p = k->profile;

    if (p == NULL)
        return;
    for (size_t i = 0; p->hops != NULL && i < p->principal.hops_n; i++) {
        hc_creds_fini(&p->hops[i].creds);
        hc_creds_assume_fini(&p->hops[i].assume);
    }
    hc_free(alloc, p->hops, p->principal.hops_n * sizeof *p->hops);
    hc_creds_fini(&p->base);
    hc_creds_assume_fini(&p->web);
    hc_creds_process_fini(&p->process);
    hc_creds_sso_fini(&p->sso);
    hc_creds_login_fini(&p->login);
    k->profile = NULL;
    hc_free(alloc, p, sizeof *p);
}
