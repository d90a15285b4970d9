/* net/sessions.c - TLS sessions of earlier handshakes. */
#include "net/sessions.h"

struct hc_session {
    struct hc_session *next;
    struct hc_tls_session tls;
};

static bool session_is_of(const struct hc_tls_session *s,
                          const struct hc_anchors *anchors, const char *host)
{
    return s->anchors == anchors && hc_str_eqz(hc_str(host), s->host);
}

const struct hc_tls_session *hc_sessions_find(const struct hc_sessions *s,
                                              const struct hc_anchors *anchors,
                                              const char *host)
{
    for (const struct hc_session *at = s->first; at != NULL; at = at->next)
        if (session_is_of(&at->tls, anchors, host))
            return &at->tls;
    return NULL;
}

/* One that was wiped, a new one, or the one that expires first. */
static struct hc_session *session_room(struct hc_sessions *s,
                                       const struct hc_alloc *alloc)
{
    struct hc_session *best = s->first, *more = NULL;

    for (struct hc_session *at = s->first; at != NULL; at = at->next)
        if (at->tls.until < best->tls.until)
            best = at;
    if (s->n < HC_SESSIONS && (best == NULL || best->tls.until != 0))
        more = hc_alloc(alloc, sizeof *more);
    if (more == NULL)
        return best;
    more->next = s->first;
    s->first = more;
    s->n++;
    return more;
}

void hc_sessions_keep(struct hc_sessions *s, const struct hc_alloc *alloc,
                      const struct hc_tls_session *session)
{
    struct hc_session *at = s->first;

    while (at != NULL &&
           !session_is_of(&at->tls, session->anchors, session->host))
        at = at->next;
    if (at == NULL)
        at = session_room(s, alloc);
    if (at != NULL)
        at->tls = *session;
}

void hc_sessions_forget(struct hc_sessions *s)
{
    for (struct hc_session *at = s->first; at != NULL; at = at->next)
        hc_wipe(&at->tls, sizeof at->tls);
}

void hc_sessions_fini(struct hc_sessions *s, const struct hc_alloc *alloc)
{
    hc_sessions_forget(s);
    while (s->first != NULL) {
        struct hc_session *at = s->first;

        s->first = at->next;
        hc_free(alloc, at, sizeof *at);
    }
    s->n = 0;
}
