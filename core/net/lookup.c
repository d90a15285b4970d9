/* net/lookup.c - one name asked of the DNS servers.
 *
 * wire/dns_query decides which server is asked what.  Here are the sockets, and
 * the meaning of the two answers together:
 *
 *   A has addresses      over, 50 ms later at most: AAAA may join until then
 *                        (RFC 8305, 3); some servers never answer AAAA
 *   A says NXDOMAIN      over: there is no such name
 *   A has no data        the answer to AAAA counts
 *   A fails              the addresses of AAAA count, a "no" does not
 *
 * A "no" is one for each domain of the search list, too.  A failure ends the
 * search, unless it was a refusal: some servers refuse names of one label.
 */
#include "net/lookup.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "net/sock.h"

/* A failure is remembered this long, in s (RFC 2308, 7.1: 5 minutes at
 * most). */
#define LOOKUP_FAILURE_TTL 5
/* Datagrams read in a row: a stranger who sends many must not keep the other
 * jobs waiting. */
#define LOOKUP_IN_A_ROW 16

#define LOOKUP_READ 4096
#ifdef HC_TINY
#define LOOKUP_PIECE 7
#else
#define LOOKUP_PIECE LOOKUP_READ
#endif

static bool lookup_begin(struct hc_lookup *l, int64_t now)
{
    static const int types[] = { HC_DNS_A, HC_DNS_AAAA };

    l->hold_until = HC_NEVER;
    for (size_t i = 0; i < l->sides_n; i++) {
        const struct hc_dns_query_config query = {
            .name = hc_str_n(l->full, l->full_n), .type = types[i],
            .conf = &l->conf, .servers = l->servers, .alloc = &l->sys->alloc,
        };

        if (!hc_dns_query_init(&l->sides[i].query, &query, now))
            return false;
    }
    l->asked++;
    l->stats->dns_lookups++;
    return true;
}

int hc_lookup_init(struct hc_lookup *l, const struct hc_lookup_config *config,
                   int64_t now, struct headcount_error *e)
{
    struct hc_str name = config->name;

    l->sys = config->sys;
    l->jobs = config->jobs;
    l->stats = config->stats;
    l->conf = *config->conf;
    l->servers = config->servers;
    l->sides_n = config->ipv6 ? 2 : 1;
    if (name.n <= sizeof l->name)        /* else it stays empty: no name */
        while (l->name_n < name.n) {
            l->name[l->name_n] = name.p[l->name_n];
            l->name_n++;
        }
    bool absolute = l->name_n > 1 && l->name[l->name_n - 1] == '.';

    l->full_n = absolute ? l->name_n - 1 : l->name_n;
    memcpy(l->full, l->name, l->full_n);
    if (absolute || l->conf.ndots == 0 ||
        hc_str_find(hc_lookup_name(l), '.') < l->name_n)
        l->conf.search[0] = '\0';
    if (!lookup_begin(l, now))
        return hc_error_set(e, HEADCOUNT_EDNS, "\"%.*s\" is no host name",
                            HC_STR_ARG(name));
    return 0;
}

struct hc_str hc_lookup_name(const struct hc_lookup *l)
{
    return hc_str_n(l->name, l->name_n);
}

/* ---- one side: a query and its sockets ---- */

static void lookup_close(struct hc_lookup_sock *s)
{
    if (s->watch.id == 0)
        return;
    int fd = s->watch.fd;

    hc_watch_close(&s->watch);
    hc_sock_close(fd);
}

static void lookup_end_side(struct hc_lookup_side *s)
{
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        lookup_close(&s->socks[i]);
    hc_dns_query_fini(&s->query);
}

void hc_lookup_fini(struct hc_lookup *l)
{
    for (size_t i = 0; i < l->sides_n; i++)
        lookup_end_side(&l->sides[i]);
}

static void lookup_sock_failed(struct hc_lookup_side *s, size_t slot, long err,
                               int64_t now)
{
    hc_dns_query_failed(&s->query, slot, (int)-err, now);
}

static void lookup_send(struct hc_lookup *l, struct hc_lookup_side *side,
                        size_t slot, int64_t now)
{
    struct hc_lookup_sock *s = &side->socks[slot];

    while (s->sent < s->out_n) {
        long n = hc_sock_send(s->watch.fd, s->out + s->sent,
                              s->out_n - s->sent);

        if (n == HC_SOCK_AGAIN) {
            hc_watch_want(&s->watch, HC_WATCH_WRITE);
            return;
        }
        if (n < 0) {
            lookup_sock_failed(side, slot, n, now);
            return;
        }
        if (s->sent == 0) {
            l->sent++;
            l->stats->dns_datagrams++;
        }
        s->sent += (size_t)n;
    }
    hc_watch_want(&s->watch, HC_WATCH_READ);
}

/* A new socket for each query: its port is a fresh one, which a forger of
 * answers has to guess beside the id. */
static int lookup_ask(struct hc_lookup *l, struct hc_lookup_side *side,
                      int64_t now)
{
    static const struct hc_sock_limits limits = { .user_timeout = HC_NEVER };
    unsigned char id[2], out[HC_DNS_ASK_MAX];
    struct headcount_error e = { .code = 0 };
    size_t n;
    int err = hc_random(l->sys, id, sizeof id, &e);

    if (err < 0) {
        l->why = e;
        return err;
    }
    size_t slot = hc_dns_query_ask(&side->query,
                                   (uint16_t)(id[0] << 8 | id[1]), now, out,
                                   &n);
    const struct hc_dns_server *to = hc_dns_query_server(&side->query, slot);
    struct hc_lookup_sock *s = &side->socks[slot];
    bool tcp = side->query.slots[slot].tcp;

    lookup_close(s);
    int fd = tcp ? hc_sock_tcp(&to->addr, to->port, &limits)
                 : hc_sock_udp(&to->addr, to->port);

    memcpy(s->out, out, n);
    s->out_n = n;
    s->sent = 0;
    s->connected = !tcp;
    if (fd < 0) {
        lookup_sock_failed(side, slot, fd, now);
        return 0;
    }
    hc_watch_open(l->jobs, &s->watch, fd, &l->job);
    if (tcp)
        hc_watch_want(&s->watch, HC_WATCH_WRITE);
    else
        lookup_send(l, side, slot, now);
    return 0;
}

static void lookup_read(struct hc_lookup_side *side, size_t slot, int64_t now)
{
    char bytes[LOOKUP_READ];
    struct hc_dns_query *q = &side->query;
    bool tcp = q->slots[slot].tcp;

    for (int i = 0; i < LOOKUP_IN_A_ROW && hc_dns_query_is_open(q, slot); i++) {
        long n = hc_sock_recv(side->socks[slot].watch.fd, bytes,
                              tcp ? LOOKUP_PIECE : sizeof bytes);

        if (n == HC_SOCK_AGAIN)
            return;
        if (n < 0 || (n == 0 && tcp))
            lookup_sock_failed(side, slot, n, now);
        else if (tcp)
            hc_dns_query_feed(q, slot, hc_str_n(bytes, (size_t)n), now);
        else
            hc_dns_query_datagram(q, slot, hc_str_n(bytes, (size_t)n), now);
    }
}

/* The socket is ready for something, or its time is over: do what is due. */
static void lookup_move(struct hc_lookup *l, struct hc_lookup_side *side,
                        size_t slot, int64_t now)
{
    struct hc_lookup_sock *s = &side->socks[slot];

    s->watch.got = 0;
    if (!s->connected) {
        int err = hc_sock_connected(s->watch.fd);

        if (err == HC_SOCK_AGAIN)
            return;
        if (err < 0) {
            lookup_sock_failed(side, slot, err, now);
            return;
        }
        s->connected = true;
    }
    if (s->sent < s->out_n)
        lookup_send(l, side, slot, now);
    else
        lookup_read(side, slot, now);
}

static bool lookup_is_over(const struct hc_lookup_side *s)
{
    return s->query.state == DNS_DONE || s->query.state == DNS_FAILED;
}

/* Before a deadline counts, all sockets are read: the answer may have come long
 * ago if nobody drove the handle meanwhile. */
static int lookup_step_side(struct hc_lookup *l, struct hc_lookup_side *side,
                            int64_t now)
{
    struct hc_dns_query *q = &side->query;
    bool late = now >= hc_dns_query_at(q);
    int err = 0;

    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        if (hc_dns_query_is_open(q, i) &&
            (late || side->socks[i].watch.got != 0))
            lookup_move(l, side, i, now);
    do {
        hc_dns_query_tick(q, now);
        while (err == 0 && q->state == DNS_ASK)
            err = lookup_ask(l, side, now);
    } while (err == 0 && now >= hc_dns_query_at(q));
    for (size_t i = 0; i < HC_DNS_SLOTS; i++)
        if (!hc_dns_query_is_open(q, i))
            lookup_close(&side->socks[i]);
    return err;
}

/* ---- both ---- */

static bool lookup_has_addrs(const struct hc_lookup_side *s)
{
    return s->query.state == DNS_DONE &&
           s->query.reply.kind == DNS_REPLY_ADDRS;
}

static bool lookup_is_decided(struct hc_lookup *l, int64_t now)
{
    const struct hc_lookup_side *a = &l->sides[0];

    if (!lookup_is_over(a))
        return false;
    if (l->sides_n == 1 || lookup_is_over(&l->sides[1]))
        return true;
    if (a->query.state == DNS_DONE &&
        a->query.reply.kind == DNS_REPLY_NO_NAME)
        return true;
    if (lookup_has_addrs(a) && l->hold_until == HC_NEVER)
        l->hold_until = hc_time_add(now, HC_LOOKUP_HOLD);
    return now >= l->hold_until;
}

/* Why this query has no addresses.  Without a descriptor no server was asked:
 * that says nothing about them, and is not remembered. */
static int lookup_why(const struct hc_dns_query *q, int64_t now,
                      struct headcount_error *e)
{
    int code = hc_dns_query_error(q, now, e);

    if (e->sys == EMFILE || e->sys == ENFILE)
        code = e->code = HEADCOUNT_EIO;
    return code;
}

/* The first "no" stays, that of the name as it was given; a failure is more
 * than a "no". */
static void lookup_say_why(struct hc_lookup *l, int64_t now)
{
    struct headcount_error e = { .code = 0 };
    const struct hc_dns_query *a = &l->sides[0].query;
    const struct hc_dns_query *last = &l->sides[l->sides_n - 1].query;
    bool no_name = a->state == DNS_DONE &&
                   a->reply.kind == DNS_REPLY_NO_NAME;
    const struct hc_dns_query *who = no_name || a->state == DNS_FAILED
                                         ? a : last;
    bool first = l->known.why == NULL;
    int code = lookup_why(who, now, &e);
    uint32_t ttl = 0;

    if (first || code != HEADCOUNT_EDNS)
        l->why = e;
    l->known.why = &l->why;
    if (code == HEADCOUNT_EDNSFAIL)
        ttl = LOOKUP_FAILURE_TTL;
    else if (code == HEADCOUNT_EDNS)
        ttl = who->reply.ttl;
    if (code == HEADCOUNT_EDNS && !no_name && a->reply.ttl < ttl)
        ttl = a->reply.ttl;
    if (first || ttl < l->known.ttl)
        l->known.ttl = ttl;
}

static void lookup_take_addrs(struct hc_lookup *l)
{
    struct hc_dns_known *known = &l->known;

    for (size_t i = 0; i < l->sides_n; i++) {
        const struct hc_dns_reply *reply = &l->sides[i].query.reply;

        if (!lookup_has_addrs(&l->sides[i]))
            continue;
        if (known->addrs.n == 0 || reply->ttl < known->ttl)
            known->ttl = reply->ttl;
        for (size_t k = 0; k < reply->addrs.n; k++)
            hc_addrs_add(&known->addrs, &reply->addrs.a[k]);
    }
}

/* The name below the next domain of the search list that makes a name with it;
 * false: there is none, or nobody answers. */
static bool lookup_search(struct hc_lookup *l, int64_t now)
{
    const struct hc_dns_query *a = &l->sides[0].query;

    if (a->state == DNS_FAILED && !hc_dns_query_was_refused(a))
        return false;
    while (l->conf.search[l->search] != '\0') {
        struct hc_str rest = hc_str(l->conf.search + l->search);
        struct hc_str domain = hc_str_cut(&rest, ' ');

        l->search += domain.n + 1;
        if (l->name_n + 1 + domain.n > HC_DNS_NAME_TEXT)
            continue;
        l->full_n = hc_fmt(l->full, sizeof l->full, "%.*s.%.*s",
                           HC_STR_ARG(hc_lookup_name(l)), HC_STR_ARG(domain));
        for (size_t i = 0; i < l->sides_n; i++)
            lookup_end_side(&l->sides[i]);
        if (lookup_begin(l, now))
            return true;
    }
    return false;
}

/* True: another name is asked for. */
static bool lookup_end(struct hc_lookup *l, int64_t now)
{
    lookup_take_addrs(l);
    if (l->known.addrs.n == 0) {
        lookup_say_why(l, now);
        if (lookup_search(l, now))
            return true;
    } else {
        l->known.why = NULL;
        hc_error_reset(&l->why);
    }
    l->over = true;
    for (size_t i = 0; i < l->sides_n; i++)
        lookup_end_side(&l->sides[i]);
    return false;
}

void hc_lookup_step(struct hc_lookup *l, int64_t now)
{
    int err = 0;

    do {
        for (size_t i = 0; err == 0 && i < l->sides_n; i++)
            err = lookup_step_side(l, &l->sides[i], now);
    } while (err == 0 && lookup_is_decided(l, now) && lookup_end(l, now));
    if (err < 0) {
        l->over = true;
        l->known.why = &l->why;
        l->known.ttl = 0;
    }
    if (l->over)
        return;
    hc_job_at(&l->job, l->hold_until);
    for (size_t i = 0; i < l->sides_n; i++)
        hc_job_at(&l->job, hc_dns_query_at(&l->sides[i].query));
}
