/* aws/client_roles.c - the roles of a client, each with the credentials that
 * calls as this role share (contract: aws/client.h). */
#include "aws/client.h"
#include "aws/creds_assume.h"
#include "base/text.h"

#define CLIENT_CHAINS 1024
#define CLIENT_TRIES 4

struct hc_client_key {
    uint64_t hash;
    struct hc_sigv4_key key;
};

struct hc_client_role {
    uint64_t hash;
    struct hc_client_role *next;         /* in its chain                     */
    struct hc_role key;                  /* as it was asked for              */
    struct hc_creds_assume assume;
    struct hc_creds creds;
};

static void role_free(struct hc_client *k, struct hc_client_role *r)
{
    hc_creds_fini(&r->creds);
    hc_creds_assume_fini(&r->assume);
    hc_free(&k->net->sys.alloc, r, sizeof *r);
}

static struct hc_client_role *role_new(struct hc_client *k,
                                       const struct hc_role *role,
                                       struct headcount_error *e)
{
    struct hc_client_role *r = hc_alloc(&k->net->sys.alloc, sizeof *r);

    if (r == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a role");
        return NULL;
    }
    hc_creds_init(&r->creds, &k->net->sys, &k->net->jobs);
    if (hc_creds_assume_init(&r->assume, k, &k->creds, role, e) < 0) {
        role_free(k, r);
        return NULL;
    }
    r->key = r->assume.role;
    if (role->session.n == 0)
        r->key.session = role->session;
    r->creds.role = r->assume.role.arn;
    r->creds.tally = &r->assume.tally;
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

/* Here the members have the names of a request. */
static int role_check(const struct hc_role *role, struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    int err = hc_role_is_arn(role->arn) ? hc_role_check(role, &why)
                                        : hc_role_check(role, e);
    struct hc_str rule = hc_str(why.what);

    if (why.code == 0)
        return err;
    bool life = hc_str_eqz(hc_str_cut(&rule, ' '), "duration_seconds");

    return hc_error_set(e, why.code, "request.%s",
                        life ? "role_duration has to be whole seconds from "
                               "900 to 43200" : why.what);
}

static struct hc_client_role *role_open(struct hc_client *k,
                                        const struct hc_role *role,
                                        struct headcount_error *e)
{
    if (role_check(role, e) < 0)
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
    return role_new(k, role, e);
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

struct hc_sigv4_key *hc_client_key(struct hc_client *k,
                                   struct hc_endpoint_slot *slot,
                                   struct hc_str role)
{
    const struct hc_alloc *alloc = &k->net->sys.alloc;
    uint64_t hash = hc_str_hash(hc_str_hash(HC_STR_HASH, role),
                                hc_str(slot->endpoint.host));

    if (k->keys == NULL)
        k->keys = hc_alloc_array(alloc, HC_CLIENT_KEYS, sizeof *k->keys);
    if (k->keys == NULL)
        return &slot->key;
    struct hc_client_key **at = k->keys;

    /* A key stands in the first of four places that is free or its own, or it
     * replaces the last. */
    for (size_t i = 0; i < CLIENT_TRIES; i++) {
        at = &k->keys[((size_t)(hash ^ hash >> 32) + i) % HC_CLIENT_KEYS];
        if (*at == NULL)
            *at = hc_alloc(alloc, sizeof **at);
        else if ((*at)->hash != hash && i + 1 < CLIENT_TRIES)
            continue;
        break;
    }
    if (*at == NULL)
        return &slot->key;
    (*at)->hash = hash;
    return &(*at)->key;
}

static void roles_fini_keys(struct hc_client *k)
{
    for (size_t i = 0; k->keys != NULL && i < HC_CLIENT_KEYS; i++)
        if (k->keys[i] != NULL) {
            hc_sigv4_key_wipe(&k->keys[i]->key);
            hc_free(&k->net->sys.alloc, k->keys[i], sizeof **k->keys);
        }
    hc_free(&k->net->sys.alloc, k->keys, HC_CLIENT_KEYS * sizeof *k->keys);
    k->keys = NULL;
}

void hc_client_fini_roles(struct hc_client *k)
{
    roles_fini_keys(k);
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
