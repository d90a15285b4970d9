/* aws/setting.h - one setting: its value, where it stands, and what is wrong
 * with it. */
#ifndef HC_AWS_SETTING_H
#define HC_AWS_SETTING_H

#include "base/err.h"
#include "base/str.h"

#define HC_SETTING_FROM 200

struct hc_setting {
    struct hc_str value;           /* empty: nobody gives it                 */
    bool is_shared;                /* it stands in a file: it is not shown   */
    char from[HC_SETTING_FROM];    /* "AWS_REGION", "/home/x/.aws/config:3"  */
};

void hc_setting_from(struct hc_setting *s, struct hc_str value,
                     const char *from);
/* HEADCOUNT_ECONFIG: where the setting stands, and what it has to do: `rule`,
 * as in "be true or false". */
int hc_setting_wrong(const struct hc_setting *s, const char *key,
                     const char *rule, struct headcount_error *e);
/* "true" and "false" in any case; *out stays if the value is empty. */
int hc_setting_bool(const struct hc_setting *s, const char *key, bool *out,
                    struct headcount_error *e);
/* A whole number; *out stays if the value is empty. */
struct hc_range {
    int64_t least, most;
};
int hc_setting_number(const struct hc_setting *s, const char *key,
                      struct hc_range range, int64_t *out,
                      struct headcount_error *e);
/* HEADCOUNT_ECONFIG: it has more than `most` bytes. */
int hc_setting_long(const struct hc_setting *s, const char *key, int most,
                    struct headcount_error *e);

#endif
