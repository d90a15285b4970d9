/* aws/config.h - settings: an option beats the environment, and that beats the
 * selected profile of the files of ~/.aws.
 *
 * Empty values are unset ones.  A value that cannot be used is
 * HEADCOUNT_ECONFIG and names its variable, or its file and line; of a file no
 * value is shown.  A fault of the files themselves is kept in `fault`, and only
 * what needs something from them answers it: keys and a region of the
 * environment are used beside a file that is broken.
 */
#ifndef HC_AWS_CONFIG_H
#define HC_AWS_CONFIG_H

#include "aws/ini.h"
#include "aws/service.h"
#include "aws/setting.h"
#include "base/log.h"
#include "net/sys.h"

/* Settings that the caller gave explicitly; NULL, 0 or false = not given. */
struct hc_config_options {
    const char *region;
    const char *profile;
    const char *endpoint_url;
    const char *ca_bundle;
    int max_attempts;
};

/* The URL of one service, as it was found when it was first used. */
struct hc_config_url;

struct hc_config {                 /* must not move                          */
    struct hc_str region;          /* empty: none is known                   */
    const char *region_from;       /* as from of a setting; "" = none        */
    struct hc_str endpoint_url;    /* the option, for the service called     */
    struct hc_str env_url;         /* AWS_ENDPOINT_URL                       */
    struct hc_str profile_url;     /* endpoint_url of the profile            */
    struct hc_str ca_bundle;       /* path; replaces the built-in roots      */
    const char *ca_bundle_from;
    struct hc_str cert_file;       /* SSL_CERT_FILE: for hosts not AWS's own */
    struct hc_str https_proxy, http_proxy, no_proxy;
    struct hc_str app_id;          /* AWS_SDK_UA_APP_ID                      */
    struct hc_str exec_env;        /* AWS_EXECUTION_ENV                      */
    int max_attempts;              /* >= 1; 0: not said, so the service's    */
    bool use_fips, use_dualstack;
    int64_t connect_timeout;       /* by defaults_mode; 0: not said          */
    bool no_tcp_keepalive;
    bool no_skew;                  /* disable_clock_skew_correction          */

    struct hc_ini ini;             /* both files                             */
    struct hc_str home;            /* the folder that .aws is in; empty: no
                                      such folder is known                   */
    struct hc_str profile;         /* the selected one; "default" if nobody
                                      names one                              */
    const char *profile_from;      /* "config.profile", "AWS_PROFILE"; ""    */
    struct hc_ini_view view;       /* what both files say of it; all zero if
                                      it is in neither                       */
    bool has_profile;              /* it is in one of them                   */
    bool profile_given;            /* by the program: keys and web identity of
                                      the environment are not looked at      */
    struct headcount_error fault;  /* code 0, or why the files cannot be used */

    bool ignore_urls;              /* private from here                      */
    struct hc_config_url *urls;
    struct hc_arena arena;         /* all texts but those of `ini`           */
    const struct hc_system *sys;
};

/* 0, HEADCOUNT_ECONFIG or HEADCOUNT_ENOMEM; on error `c` is empty.
 * Everything is copied; `sys` must outlive `c`. */
int hc_config_init(struct hc_config *c, const struct hc_system *sys,
                   const struct hc_config_options *options,
                   struct headcount_error *e);
void hc_config_fini(struct hc_config *c);          /* c may be all zero */

/* The URL that is configured for this service: the option, else as
 * hc_config_service_url; empty if there is none.  It is kept by the pointer, so
 * the service must not change.  0, HEADCOUNT_ECONFIG or HEADCOUNT_ENOMEM. */
int hc_config_url(struct hc_config *c, const struct hc_service *service,
                  struct hc_str *out, struct headcount_error *e);
/* The same without the option, which is for the service that is called and not
 * for those on the way to its credentials: AWS_ENDPOINT_URL_<ID>, else
 * AWS_ENDPOINT_URL, else the profile's services section, else its
 * endpoint_url. */
int hc_config_service_url(struct hc_config *c, const struct hc_service *service,
                          struct hc_str *out, struct headcount_error *e);

/* Finds a setting: in the environment as it is now (its variable is AWS_ and
 * the key in capitals), else in the selected profile.  0 or HEADCOUNT_ECONFIG.
 */
int hc_config_setting(const struct hc_config *c, const char *key,
                      struct hc_setting *out, struct headcount_error *e);
/* Notes at level DEBUG what is accepted and has no effect here, and a fault
 * that nobody needs to know yet. */
void hc_config_note(const struct hc_config *c, const struct hc_log *log);
/* The line of a call that has no region: the fault of the files, if that is
 * why none is known.  0: it is not. */
int hc_config_no_region(const struct hc_config *c, struct headcount_error *e);

#endif
