/* aws/principal.h - whose credentials sign: the places where AWS's own tools
 * look for them, in their order.  Pure: the files have been read, and the
 * environment is all that is asked.
 *
 *     program > environment > profile: role, web identity, SSO, keys, login,
 *     process > container > instance
 *
 * The first place that is configured is the one, also where it turns out to be
 * broken: a later one would be another principal.  A role is assumed with the
 * credentials of another profile, which may be a role, too.
 *
 *     profile a                      profile b                   profile c
 *     role_arn = A                   role_arn = B                keys
 *     source_profile = b      -->    source_profile = c   -->    (source)
 *     hop[0]                         hop[1]
 */
#ifndef HC_AWS_PRINCIPAL_H
#define HC_AWS_PRINCIPAL_H

#include "aws/config.h"
#include "aws/role.h"
#include "aws/sigv4.h"

#define HC_PRINCIPAL_HOPS 8

/* In the order in which they are looked at, with what configures them. */
#define HC_PLACES(X)                                                  \
    X(PROGRAM, "keys given by the program")                                 \
    X(ENVIRONMENT, "AWS_ACCESS_KEY_ID")                                     \
    X(ROLE, "role_arn")                                                     \
    X(ENV_TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE")                             \
    X(TOKEN, "web_identity_token_file")                                     \
    X(SSO, "sso_account_id")                                                \
    X(KEYS, "aws_access_key_id in the credentials file")                    \
    X(LOGIN, "login_session")                                               \
    X(PROCESS, "credential_process")                                        \
    X(CONFIG_KEYS, "aws_access_key_id in the config file")                  \
    X(OLD_FILE, "AWS_CREDENTIAL_FILE")                                      \
    X(CONTAINER, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI")     \
    X(INSTANCE, "the metadata of the instance")

enum hc_place {
#define HC_PLACE_ID(name, text) PLACE_##name,
    HC_PLACES(HC_PLACE_ID)
#undef HC_PLACE_ID
    PLACE_NOWHERE
};

enum hc_place_use {
    PLACE_ABSENT,                  /* not configured                         */
    PLACE_USED,
    PLACE_LATER,                   /* configured, but another comes first    */
    PLACE_IGNORED                  /* of the environment, and the program
                                      named a profile                        */
};

struct hc_principal_ask {
    const struct hc_config *config;
    const struct hc_system *sys;   /* for the environment as it is now       */
    bool given;                    /* the program has keys of its own        */
};

struct hc_principal_sso {
    struct hc_str session;         /* empty: all stands in the profile       */
    struct hc_str start_url, region, account, role;
};

/* Texts are borrowed from the config and from the environment. */
struct hc_principal {
    enum hc_place place;     /* the one that is used                   */
    enum hc_place source;    /* of the first set; no role              */
    size_t hops_n;
    struct hc_str profile;         /* that names the source; "": none does   */
    struct hc_str text;            /* PLACE_LOGIN, PLACE_PROCESS             */
    enum hc_place_use use[PLACE_NOWHERE];
    struct hc_identity keys;       /* PLACE_KEYS, PLACE_CONFIG_KEYS          */
    struct hc_role web;            /* PLACE_TOKEN, PLACE_ENV_TOKEN           */
    struct hc_principal_sso sso;   /* PLACE_SSO                              */
    const struct hc_ini_item *item[PLACE_NOWHERE];   /* NULL: no file's      */

    struct hc_role hop[HC_PRINCIPAL_HOPS];   /* the last is assumed first    */
};

/* 0, or HEADCOUNT_ECONFIG: what is configured cannot be used, with file and
 * line.  The places are filled in either way.  c->source is PLACE_NOWHERE if
 * nothing is configured.  */
int hc_principal_find(struct hc_principal *c,
                      const struct hc_principal_ask *ask,
                      struct headcount_error *e);
/* The setting that makes a place count. */
struct hc_str hc_place_name(enum hc_place place);
/* "role_arn (/home/x/.aws/config:3): is used": what was found at a place, and
 * why it is or is not used. */
void hc_place_put(const struct hc_principal *c, const struct hc_config *config,
                  enum hc_place place, struct hc_buf *out);

#endif
