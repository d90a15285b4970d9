/* aws/creds_given.h - credentials that the program itself was handed: they
 * beat every other source, and are never asked for again. */
#ifndef HC_AWS_CREDS_GIVEN_H
#define HC_AWS_CREDS_GIVEN_H

#include "aws/creds.h"

/* Copies them.  0; HEADCOUNT_ECREDENTIALS: a key without its secret or the
 * reverse, a token alone, or what could not stand in a header;
 * HEADCOUNT_ENOMEM.  All empty: the provider has none, and the chain goes
 * on. */
int hc_creds_given_init(struct hc_credentials *given,
                        const struct hc_alloc *alloc,
                        const struct hc_identity *who,
                        struct headcount_error *e);
/* `given` must outlive the provider. */
struct hc_creds_provider hc_creds_given(struct hc_credentials *given);

#endif
