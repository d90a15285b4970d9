/* aws/creds_env.h - AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN: the normal way in Lambda and on a desk. */
#ifndef HC_AWS_CREDS_ENV_H
#define HC_AWS_CREDS_ENV_H

#include "aws/creds.h"

/* `sys` must outlive the provider. */
struct hc_creds_provider hc_creds_env(struct hc_system *sys);

#endif
