/* aws/client_roles.c - the roles of a client, each with the credentials that
 * calls as this role share (contract: aws/client.h). */
#include "aws/client.h"
#include "aws/creds_assume.h"
#include "base/text.h"

#define CLIENT_CHAINS 1024

struct hc_client_role {
    struct hc_creds creds;
    struct hc_creds_assume assume;
    struct hc_role key;                  /* as it was asked for              */
    uint64_t hash;
    struct hc_client_role *next;         /* in its chain                     */
};

/* A role is the same in every region of its partition.  STS is asked for it in
 * our own region, if that is of the partition, else in the partition's home. */
static struct hc_str role_region(const struct hc_client *k, struct hc_str arn)
{
    struct hc_str ours = k->config->region;
    struct hc_str partition = hc_role_partition(arn);
    const char *home = NULL;
    char name[32];

    if (ours.n == 0 || !hc_str_eqz(partition, hc_endpoint_partition(ours))) {
        hc_fmt(name, sizeof name, "%.*s", HC_STR_ARG(partition));
        home = hc_endpoint_home(hc_str(name));
    }
    return home != NULL ? hc_str(home) : ours;
}

/* Not config.endpoint_url: that one is of the services that are called, not of
 * STS on the way to them. */
static int role_endpoint(const struct hc_client *k, struct hc_str arn,
                         struct hc_endpoint *out, struct headcount_error *e)
{
    const struct hc_config *c = k->config;
    const struct hc_service *sts = hc_service_at(HC_SERVICE_STS);
    const struct hc_endpoint_ask ask = {
        .service = sts, .region = role_region(k, arn),
        .url = c->service_url[sts->index].n > 0 ? c->service_url[sts->index]
                                                : c->env_url,
        .use_fips = c->use_fips, .use_dualstack = c->use_dualstack,
    };
    int err = hc_endpoint_get(out, &ask, e);

    return err == 0 ? hc_client_check_proxy(k, out, e) : err;
}

/* The session name that CloudTrail shows. */
static struct hc_str role_label(const struct hc_client *k,
                                const struct hc_endpoint *sts)
{
    struct hc_str function = hc_getenv(&k->net->sys,
                                       "AWS_LAMBDA_FUNCTION_NAME");

    if (function.n > 0)
        return function;
    return k->config->app_id.n > 0 ? k->config->app_id : hc_str(sts->region);
}

static void role_free(struct hc_client *k, struct hc_client_role *r)
{
    hc_creds_fini(&r->creds);
    hc_creds_assume_fini(&r->assume);
    hc_free(&k->net->sys.alloc, r, sizeof *r);
}

static struct hc_client_role *role_new(struct hc_client *k,
                                       const struct hc_role *role,
                                       const struct hc_endpoint *sts)
{
    const struct hc_assume_shared shared = {
        .net = k->net, .base = &k->creds, .work = &k->work,
        .user_agent = &k->user_agent, .quota = &k->quota, .skew = &k->skew,
        .bundle = &k->bundle, .others = &k->others,
        .retry = hc_client_retry(k, sts->service),
    };
    struct hc_client_role *r = hc_alloc(&k->net->sys.alloc, sizeof *r);

    if (r == NULL)
        return NULL;
    hc_creds_init(&r->creds, &k->net->sys, &k->net->jobs);
    if (hc_creds_assume_init(&r->assume, &shared, sts, role,
                             role_label(k, sts)) < 0) {
        role_free(k, r);
        return NULL;
    }
    r->key = r->assume.role;
    if (role->session.n == 0)
        r->key.session = role->session;
    r->creds.role = r->assume.role.arn;
    r->creds.log = &k->net->log;
    r->creds.skew = &k->skew;
    const struct hc_creds_provider p = hc_creds_assume(&r->assume);

    hc_creds_add(&r->creds, &p);
    return r;
}

/* The chain that a role with this hash is in; NULL: no memory. */
static struct hc_client_role **role_chain(struct hc_client *k, uint64_t hash)
{
    if (k->roles == NULL)
        k->roles = hc_alloc(&k->net->sys.alloc,
                            CLIENT_CHAINS * sizeof *k->roles);
    return k->roles != NULL ? &k->roles[hash % CLIENT_CHAINS] : NULL;
}

static struct hc_client_role *role_open(struct hc_client *k,
                                        const struct hc_role *role,
                                        struct headcount_error *e)
{
    struct hc_endpoint sts;
    struct hc_client_role *r;

    if (hc_role_check(role, e) < 0)
        return NULL;
    if (k->no_sign) {
        hc_error_set(e, HEADCOUNT_ECONFIG,
                     "a role is assumed with signed requests: "
                     "leave out config.no_sign_request or the role");
        return NULL;
    }
    if (k->roles_n >= HC_CLIENT_ROLES) {
        hc_error_set(e, HEADCOUNT_ELIMIT, "more than %d roles in one process",
                     HC_CLIENT_ROLES);
        return NULL;
    }
    if (role_endpoint(k, role->arn, &sts, e) < 0)
        return NULL;
    r = role_new(k, role, &sts);
    if (r == NULL)
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a role");
    return r;
}

struct hc_creds *hc_client_creds(struct hc_client *k,
                                 const struct hc_role *role,
                                 struct headcount_error *e)
{
    if (role == NULL || role->arn.n == 0)
        return &k->creds;
    uint64_t hash = hc_role_hash(role);
    struct hc_client_role **chain = role_chain(k, hash);

    if (chain == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a role");
        return NULL;
    }
    struct hc_client_role *r = *chain;

    while (r != NULL && (r->hash != hash || !hc_role_eq(role, &r->key)))
        r = r->next;
    if (r != NULL)
        return &r->creds;
    r = role_open(k, role, e);
    if (r == NULL)
        return NULL;
    r->hash = hash;
    r->next = *chain;
    *chain = r;
    k->roles_n++;
    return &r->creds;
}

void hc_client_fini_roles(struct hc_client *k)
{
    for (size_t i = 0; k->roles_n > 0 && i < CLIENT_CHAINS; i++)
        while (k->roles[i] != NULL) {
            struct hc_client_role *r = k->roles[i];

            k->roles[i] = r->next;
            role_free(k, r);
        }
    hc_free(&k->net->sys.alloc, k->roles, CLIENT_CHAINS * sizeof *k->roles);
    k->roles = NULL;
    k->roles_n = 0;
}
