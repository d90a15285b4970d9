/* aws/config_files.h - where the two files of ~/.aws are, and their bytes.
 *
 * AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name them, else they are
 * `config` and `credentials` in .aws of the home: HOME, or what /etc/passwd
 * has for the process's user.  A file that is missing counts as empty, also
 * where a variable names it.  One that is there and cannot be read is a fault
 * that the ini keeps: only what needs the files answers it.
 */
#ifndef HC_AWS_CONFIG_FILES_H
#define HC_AWS_CONFIG_FILES_H

#include "aws/ini.h"
#include "net/sys.h"

/* `ini` is fresh from hc_ini_init, and keeps *home: empty if there is none.  0
 * or HEADCOUNT_ENOMEM; then only hc_ini_fini may follow. */
int hc_config_files_read(struct hc_ini *ini, const struct hc_system *sys,
                         struct hc_str *home, struct headcount_error *e);

#endif
