/* net/sessions.h - TLS sessions of earlier handshakes, by host and trust. */
#ifndef HC_NET_SESSIONS_H
#define HC_NET_SESSIONS_H

#include "wire/tls.h"

/* Ten regions of four services, and some more.  Each takes half a KiB once
 * there is one. */
#define HC_SESSIONS 64

/* All zero: empty. */
struct hc_sessions {
    struct hc_session *first;            /* private                          */
    size_t n;
};

/* NULL: none is known. */
const struct hc_tls_session *hc_sessions_find(const struct hc_sessions *s,
                                              const struct hc_anchors *anchors,
                                              const char *host);
/* Replaces the session of the same host; without room or memory the one that
 * expires first.  If there is none, it is forgotten: a later handshake is a
 * full one. */
void hc_sessions_keep(struct hc_sessions *s, const struct hc_alloc *alloc,
                      const struct hc_tls_session *session);
/* Wipes them.  Dials may still point to one: it is none then. */
void hc_sessions_forget(struct hc_sessions *s);
/* Wipes them and frees their memory. */
void hc_sessions_fini(struct hc_sessions *s, const struct hc_alloc *alloc);

#endif
