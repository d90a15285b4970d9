/* aws/creds_files.h - credentials that somebody configured and this version
 * cannot use: a web identity of the environment, and the profile `default` of
 * the files ~/.aws/config and ~/.aws/credentials.
 *
 * AWS's own SDKs take these before those of a container or an instance, so to
 * go on to those would be to sign as somebody else.  This provider stands in
 * the chain where the SDKs look for them.  It never has credentials: if nothing
 * is configured the chain goes on, and if something is, it stops the chain and
 * names it.
 */
#ifndef HC_AWS_CREDS_FILES_H
#define HC_AWS_CREDS_FILES_H

#include "aws/creds.h"

#define HC_CREDS_FILES_MAX ((size_t)256 << 10)   /* of one file that is read */

struct hc_creds_files {
    struct hc_system *sys;
    bool clear;                    /* nothing was configured, once and for all:
                                      no SDK reads the files again           */
};

/* `sys` outlives the provider, and so does `c`. */
void hc_creds_files_init(struct hc_creds_files *c, struct hc_system *sys);
struct hc_creds_provider hc_creds_files(struct hc_creds_files *c);

#endif
