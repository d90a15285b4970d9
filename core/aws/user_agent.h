/* aws/user_agent.h - the User-Agent of AWS's SDKs, in its form 2.1.
 *
 *     headcount/0.1.0 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/c#11
 *     exec-env/AWS_ECS_EC2 m/E,N,g cfg/retry-mode#standard app/mine
 *
 * AWS counts by it how its services are called.  The ids behind m/ name what a
 * call uses, above all where its credentials came from; each set of ids has
 * one text, made when it is first needed.
 */
#ifndef HC_AWS_USER_AGENT_H
#define HC_AWS_USER_AGENT_H

#include "net/sys.h"

/* The ids that AWS gave these features, in the order in which they are sent.
 * E, the retry mode `standard`, is always there. */
#define HC_FEATURES(X)                                                      \
    X(ENDPOINT, "N")            /* a URL instead of AWS's own endpoint    */\
    X(CODE, "e")                /* keys that the program gave             */\
    X(ENV, "g")                 /* keys of the environment                */\
    X(ENV_TOKEN, "h")           /* a web identity of the environment      */\
    X(ROLE, "i")                /* AssumeRole                             */\
    X(WEB_ROLE, "k")            /* AssumeRoleWithWebIdentity              */\
    X(PROFILE, "n")             /* keys of a profile                      */\
    X(SOURCE_PROFILE, "o")      /* a role's source_profile                */\
    X(CREDENTIAL_SOURCE, "p")   /* a role's credential_source             */\
    X(PROFILE_TOKEN, "q")       /* a web identity of a profile            */\
    X(PROFILE_SSO, "r")         /* SSO of a profile with an sso-session   */\
    X(SSO, "s")                                                             \
    X(PROFILE_OLD_SSO, "t")     /* SSO of a profile without one           */\
    X(OLD_SSO, "u")                                                         \
    X(PROFILE_PROCESS, "v")     /* credential_process                     */\
    X(PROCESS, "w")                                                         \
    X(CONTAINER, "z")                                                       \
    X(INSTANCE, "0")                                                        \
    X(PROFILE_LOGIN, "AC")      /* login_session                          */\
    X(LOGIN, "AD")

enum hc_feature_at {
#define HC_FEATURE_AT(name, id) HC_FEATURE_AT_##name,
    HC_FEATURES(HC_FEATURE_AT)
#undef HC_FEATURE_AT
    HC_FEATURE_COUNT
};
/* A set of them is a uint32_t. */
enum hc_feature {
#define HC_FEATURE_BIT(name, id)                                            \
    HC_FEATURE_##name = 1 << HC_FEATURE_AT_##name,
    HC_FEATURES(HC_FEATURE_BIT)
#undef HC_FEATURE_BIT
    HC_FEATURE_NONE = 0
};

#define HC_USER_AGENTS 32              /* texts that are kept                */

struct hc_user_agent_config {
    const char *version;               /* "0.1.0"                            */
    struct hc_str exec_env, app_id;    /* of the environment; may be empty   */
};

struct hc_user_agent_text;

struct hc_user_agent {                 /* private; all zero: empty           */
    const struct hc_alloc *alloc;
    struct hc_buf head, tail;          /* before and behind the ids          */
    struct hc_user_agent_text *texts;  /* the one used last is the first     */
    size_t n;
    struct hc_str plain;               /* of no feature                      */
};

/* Asks the system once what it is.  0 or HEADCOUNT_ENOMEM; after an error, too,
 * fini may be called. */
int hc_user_agent_init(struct hc_user_agent *a, const struct hc_system *sys,
                       const struct hc_user_agent_config *config);
void hc_user_agent_fini(struct hc_user_agent *a);
/* Good until fini.  After HC_USER_AGENTS that of no feature; without memory for
 * another text {NULL, 0}. */
struct hc_str hc_user_agent_get(struct hc_user_agent *a, uint32_t features);

#endif
