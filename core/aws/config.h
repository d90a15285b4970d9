/* aws/config.h - settings: option beats environment (beats profile, later).
 *
 * Empty environment variables are unset ones.  A value that cannot be used is
 * HEADCOUNT_ECONFIG and names its variable.  Profile files are not read yet, so
 * a profile that somebody names is refused.  If a variable names it and there
 * are complete keys, those sign, as with the SDKs, and the profile is only
 * logged.
 */
#ifndef HC_AWS_CONFIG_H
#define HC_AWS_CONFIG_H

#include "aws/service.h"
#include "net/sys.h"

/* Settings that the caller gave explicitly; NULL, 0 or false = not given. */
struct hc_config_options {
    const char *region;
    const char *profile;
    const char *endpoint_url;
    const char *ca_bundle;
    int max_attempts;
    bool has_keys;                 /* complete ones were given               */
};

struct hc_config {
    struct hc_str region;          /* empty: none is known                   */
    struct hc_str endpoint_url;    /* the option, for every service          */
    struct hc_str env_url;         /* AWS_ENDPOINT_URL                       */
    struct hc_str service_url[HC_SERVICE_COUNT];   /* AWS_ENDPOINT_URL_<ID>  */
    struct hc_str ca_bundle;       /* path; replaces the built-in roots      */
    struct hc_str cert_file;       /* SSL_CERT_FILE: for hosts not AWS's own */
    struct hc_str https_proxy, http_proxy, no_proxy;
    struct hc_str app_id;          /* AWS_SDK_UA_APP_ID                      */
    struct hc_str exec_env;        /* AWS_EXECUTION_ENV                      */
    struct hc_str profile;         /* that a variable names beside keys      */
    const char *profile_from;      /* the variable; static                   */
    int max_attempts;              /* >= 1; 0: not said, so the service's    */
    bool use_fips, use_dualstack;

    char *block;                   /* private: all texts live in it          */
    size_t block_n;
    const struct hc_alloc *alloc;
};

/* 0, HEADCOUNT_ECONFIG or HEADCOUNT_ENOMEM; on error `c` is empty.
 * Everything is copied; `sys` must outlive `c` (its allocator). */
int hc_config_init(struct hc_config *c, const struct hc_system *sys,
                   const struct hc_config_options *options,
                   struct headcount_error *e);
void hc_config_fini(struct hc_config *c);          /* c may be all zero */
/* The URL that is configured for this service: the option, else
 * AWS_ENDPOINT_URL_<ID>, else AWS_ENDPOINT_URL; empty if there is none. */
struct hc_str hc_config_url(const struct hc_config *c,
                            const struct hc_service *service);

#endif
