/* aws/trust.h - the roots that are trusted at an endpoint: those of Amazon, or
 * of a bundle, which is read when a connection needs it. */
#ifndef HC_AWS_TRUST_H
#define HC_AWS_TRUST_H

#include "aws/config.h"
#include "aws/endpoint.h"
#include "net/net.h"

struct hc_trust_file {
    struct hc_str path;                  /* n == 0: there is none            */
    const char *from;                    /* settings that may have named it  */
    struct hc_anchors anchors;           /* empty until they are needed      */
};

struct hc_trust {                        /* must not move once it was asked  */
    const struct hc_system *sys;
    const struct hc_log *log;
    struct hc_trust_file all;            /* replaces the roots for all hosts */
    struct hc_trust_file others;         /* for hosts that are not AWS's own;
                                            none where there is `all`        */
};

/* Looks at the beginning of each file.  0; HEADCOUNT_ECONFIG: it cannot be
 * read, or it is no bundle; HEADCOUNT_ENOMEM.  A file whose beginning has no
 * certificate is read at once, and a later fault in another one is an error of
 * hc_trust_get.  `net` and the texts of `c` outlive it. */
int hc_trust_init(struct hc_trust *t, const struct hc_net *net,
                  const struct hc_config *c, struct headcount_error *e);
/* *out: the roots that are trusted at this endpoint; NULL for http.  Errors as
 * hc_trust_init; after one, the next call reads the file again. */
int hc_trust_get(struct hc_trust *t, const struct hc_endpoint *at,
                 const struct hc_anchors **out, struct headcount_error *e);
void hc_trust_fini(struct hc_trust *t);              /* t may be all zero */

#endif
