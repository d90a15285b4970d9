/* wire/url.h - http and https URLs of endpoints: the server, and the path on
 * it.  Pure. */
#ifndef HC_WIRE_URL_H
#define HC_WIRE_URL_H

#include "base/buf.h"
#include "base/err.h"

#define HC_HOST_MAX 253

/* The peer of a connection.  host: lower case, no trailing dot, an IPv6
 * literal without brackets, NUL-terminated. */
struct hc_origin {
    bool tls;
    bool absolute;             /* a name of one label that ended in a dot: it
                                  is not sought below other domains         */
    char host[HC_HOST_MAX + 3];
    uint16_t port;
};

struct hc_url {
    struct hc_origin origin;
    struct hc_str path;        /* borrowed from the text; "" or "/..."      */
    struct hc_str query;       /* without '?'; borrowed                     */
};

/* 0, or HEADCOUNT_ECONFIG: no scheme of ours, user info, a fragment, no or a
 * bad host (labels of 1..63 letters, digits, '-', '_'; an IPv4 or bracketed
 * IPv6 literal without zone), port 0 or above 65535, a blank or control
 * byte. */
int hc_url_get(struct hc_url *out, struct hc_str text,
               struct headcount_error *e);
/* The same for a caller that must not show the text: NULL, or what is wrong
 * (static). */
const char *hc_url_wrong(struct hc_url *out, struct hc_str text);
bool hc_origin_eq(const struct hc_origin *a, const struct hc_origin *b);
/* The host as DNS is asked for it: an absolute one with its dot. */
#define HC_ORIGIN_NAME (HC_HOST_MAX + 2)
struct hc_str hc_origin_name(char out[HC_ORIGIN_NAME],
                             const struct hc_origin *o);
/* The Host header: brackets for IPv6, the port unless it is the scheme's. */
void hc_origin_host_header(struct hc_buf *out, const struct hc_origin *o);
/* True for a name or address of this machine itself. */
bool hc_origin_is_loopback(const struct hc_origin *o);

#endif
