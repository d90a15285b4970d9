/* net/sessions.c - TLS sessions of earlier handshakes. */
#include "net/sessions.h"

static bool session_is_of(const struct hc_tls_session *s,
                          const struct hc_anchors *anchors, const char *host)
{
    return s->anchors == anchors && hc_str_eqz(hc_str(host), s->host);
}

const struct hc_tls_session *hc_sessions_find(const struct hc_sessions *s,
                                              const struct hc_anchors *anchors,
                                              const char *host)
{
    for (size_t i = 0; s->a != NULL && i < HC_SESSIONS; i++)
        if (session_is_of(&s->a[i], anchors, host))
            return &s->a[i];
    return NULL;
}

void hc_sessions_keep(struct hc_sessions *s, const struct hc_alloc *alloc,
                      const struct hc_tls_session *session)
{
    if (s->a == NULL)
        s->a = hc_alloc_array(alloc, HC_SESSIONS, sizeof *s->a);
    if (s->a == NULL)
        return;
    struct hc_tls_session *at = &s->a[0];

    for (size_t i = 0; i < HC_SESSIONS; i++) {
        struct hc_tls_session *old = &s->a[i];

        if (session_is_of(old, session->anchors, session->host)) {
            at = old;
            break;
        }
        if (old->until < at->until)
            at = old;
    }
    *at = *session;
}

void hc_sessions_forget(struct hc_sessions *s)
{
    if (s->a != NULL)
        hc_wipe(s->a, HC_SESSIONS * sizeof *s->a);
}

void hc_sessions_fini(struct hc_sessions *s, const struct hc_alloc *alloc)
{
    hc_sessions_forget(s);
    hc_free(alloc, s->a, HC_SESSIONS * sizeof *s->a);
    s->a = NULL;
}
