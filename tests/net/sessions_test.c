/* net/sessions - TLS sessions by host and trust. */
#include "net/sessions.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

static const struct hc_anchors one, other;
static struct hc_sessions sessions;

static void keep(const struct hc_anchors *anchors, const char *host,
                 int64_t until)
{
    struct hc_tls_session s;

    memset(&s, 0, sizeof s);
    s.anchors = anchors;
    s.until = until;
    hc_fmt(s.host, sizeof s.host, "%s", host);
    hc_sessions_keep(&sessions, t_alloc(), &s);
}

static int64_t found(const struct hc_anchors *anchors, const char *host)
{
    const struct hc_tls_session *s = hc_sessions_find(&sessions, anchors, host);

    return s != NULL ? s->until : 0;
}

TEST(sessions, are_of_one_host_and_one_trust)
{
    CHECK_INT(found(&one, "a"), 0);
    keep(&one, "a", 5);
    CHECK_INT(found(&one, "a"), 5);
    CHECK_INT(found(&other, "a"), 0);
    CHECK_INT(found(&one, "b"), 0);
    keep(&one, "a", 7);
    CHECK_INT(found(&one, "a"), 7);
    hc_sessions_fini(&sessions, t_alloc());
    CHECK_INT(found(&one, "a"), 0);
}

/* A sweep over ten regions calls four services in each. */
TEST(sessions, ten_regions_of_four_services_are_all_kept)
{
    char host[32];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 40; i++) {
            hc_fmt(host, sizeof host, "service-%d.region-%d", i % 4, i / 4);
            CHECK_INT(found(&one, host), round * (100 + i));
            keep(&one, host, 100 + i);
        }
    CHECK_INT(sessions.n, 40);
    hc_sessions_forget(&sessions);
    keep(&one, "a", 7);                  /* in the room of a wiped one */
    CHECK_INT(sessions.n, 40);
    hc_sessions_fini(&sessions, t_alloc());
    CHECK_INT(sessions.n, 0);
}

/* A dial that is under way points to one. */
TEST(sessions, what_is_forgotten_is_wiped_where_it_stands)
{
    keep(&one, "a", 5);
    const struct hc_tls_session *s = hc_sessions_find(&sessions, &one, "a");

    hc_sessions_forget(&sessions);
    CHECK_INT(found(&one, "a"), 0);
    CHECK(s != NULL && s->host[0] == '\0' && s->until == 0);
    keep(&one, "a", 7);
    CHECK_INT(found(&one, "a"), 7);
    hc_sessions_fini(&sessions, t_alloc());
    hc_sessions_forget(&sessions);       /* there are none */
}

TEST(sessions, the_one_that_expires_first_makes_room)
{
    char host[16];

    for (int i = 0; i < HC_SESSIONS; i++) {
        hc_fmt(host, sizeof host, "h%d", i);
        keep(&one, host, i == 3 ? 1 : 100 + i);
    }
    keep(&one, "new", 200);
    CHECK_INT(found(&one, "new"), 200);
    CHECK_INT(found(&one, "h3"), 0);
    CHECK_INT(found(&one, "h15"), 115);
    CHECK_INT(sessions.n, HC_SESSIONS);
    hc_sessions_fini(&sessions, t_alloc());
}

/* Without memory a later handshake is a full one. */
TEST(sessions, without_memory_there_is_none)
{
    struct hc_tls_session s;

    memset(&s, 0, sizeof s);
    t_alloc_state()->fail_at = t_alloc_state()->count + 1;
    hc_sessions_keep(&sessions, t_alloc(), &s);
    t_alloc_state()->fail_at = 0;
    CHECK(sessions.first == NULL);
}
