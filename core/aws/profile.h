/* aws/profile.h - the settings of the profile `default` in one of the files
 * that AWS's tools share, ~/.aws/config and ~/.aws/credentials.  Pure.
 *
 *     hc_profile_init(&p, text, PROFILE_CONFIG);
 *     while ((got = hc_profile_next(&p, &setting)) == 1) ...
 *
 * It decides what is configured, and no more: where the SDKs do not agree how
 * to read a line, the line counts as a setting.
 */
#ifndef HC_AWS_PROFILE_H
#define HC_AWS_PROFILE_H

#include "base/err.h"
#include "base/str.h"

enum hc_profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };

struct hc_profile_setting {
    struct hc_str key;             /* in the file's own case                 */
    struct hc_str value;           /* may be a secret; empty: not set        */
    size_t line;
};

struct hc_profile {
    size_t line;                   /* of the last one read, from 1 on        */
    const char *wrong;             /* of that line; holds none of its text   */

    struct hc_str rest;            /* private from here                      */
    enum hc_profile_file file;
    bool begun;                    /* a section has                          */
    bool ours;                     /* and it is the profile's                */
    bool has_key;                  /* a setting of this section has come     */
    bool nests;                    /* and it has no value of its own         */
    size_t indent;                 /* of that setting                        */
};

/* `text` outlives the reader and what it says. */
void hc_profile_init(struct hc_profile *p, struct hc_str text,
                     enum hc_profile_file file);
/* 1: *out is the next setting of the profile.  0: there is none left.
 * HEADCOUNT_ECONFIG: the file cannot be read any further, p->line and
 * p->wrong say why. */
int hc_profile_next(struct hc_profile *p, struct hc_profile_setting *out);

#endif
