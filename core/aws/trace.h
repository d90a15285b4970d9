/* aws/trace.h - an attempt that is over, told to the hook `trace`: its heads
 * without secrets. */
#ifndef HC_AWS_TRACE_H
#define HC_AWS_TRACE_H

#include "aws/sigv4.h"
#include "net/fetch.h"

/* `fetch` has the marks and the address. */
struct hc_timing_note {
    const struct hc_fetch *fetch;
    const struct hc_identity *who;       /* that signed it, or NULL          */
    const char *method;
    const char *operation, *host;
    const char *region;                  /* NULL: none                       */
    struct hc_str cluster;               /* cut after 255 bytes              */
    int attempt, status;                 /* status 0: no answer              */
    bool hides_path;                     /* of the URL: it may be a secret   */
};

/* There is a hook (fetch->net->log.trace).  Headers that are not known to be
 * harmless are left out, and so is the whole head of an answer with credentials
 * (fetch->config.is_secret).  The query of the URL is left out.  Its path is
 * "***" with hides_path and where the answer has credentials: whoever knows
 * such a path may need no more.  The signer's secrets and the proxy's, and from
 * an answer what is left out of the URL, are struck out of all that is left,
 * since a peer may repeat them anywhere. */
void hc_trace(const struct hc_timing_note *note,
              const struct headcount_timing *timing);

#endif
