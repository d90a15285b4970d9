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
 */
#include "net/lookup.h"

#include "net/sock.h"

/* A failure is remembered this long, in s (RFC 2308, 7.1: 5 minutes at
 * most). */
#define LOOKUP_FAILURE_TTL 5
/* Datagrams read in a row: a stranger who sends many must not keep the other
 * jobs waiting. */
#define LOOKUP_IN_A_ROW 16

#ifdef HC_TINY
#define LOOKUP_READ 7
#else
#define LOOKUP_READ 4096
#endif

int hc_lookup_init(struct hc_lookup *l, const struct hc_lookup_config *config,
                   int64_t now, struct headcount_error *e)
{
    static const int types[] = { HC_DNS_A, HC_DNS_AAAA };
    struct hc_str name = config->name;

    l->sys = config->sys;
    l->jobs = config->jobs;
    l->stats = config->stats;
    if (name.n <= sizeof l->name)        /* else it stays empty: no name */
        while (l->name_n < name.n) {
            l->name[l->name_n] = name.p[l->name_n];
            l->name_n++;
        }
    l->hold_until = HC_NEVER;
    l->sides_n = config->ipv6 ? 2 : 1;
    for (size_t i = 0; i < l->sides_n; i++) {
        const struct hc_dns_query_config query = {
            .name = hc_lookup_name(l), .type = types[i],
            .conf = config->conf, .alloc = &config->sys->alloc,
        };

        if (!hc_dns_query_init(&l->sides[i].query, &query, now))
            return hc_error_set(e, HEADCOUNT_EDNS, "\"%.*s\" is no host name",
                                HC_STR_ARG(name));
    }
    return 0;
}

struct hc_str hc_lookup_name(const struct hc_lookup *l)
{
    return hc_str_n(l->name, l->name_n);
}

/* ---- one side: a query and its socket ---- */

static void lookup_close(struct hc_lookup_side *s)
{
    if (s->watch.id == 0)
        return;
    int fd = s->watch.fd;

    hc_watch_close(&s->watch);
    hc_sock_close(fd);
}

void hc_lookup_fini(struct hc_lookup *l)
{
    for (size_t i = 0; i < l->sides_n; i++) {
        lookup_close(&l->sides[i]);
        hc_dns_query_fini(&l->sides[i].query);
    }
}

static void lookup_sock_failed(struct hc_lookup_side *s, long err)
{
    hc_dns_query_failed(&s->query, (int)-err);
}

static void lookup_send(struct hc_lookup *l, struct hc_lookup_side *s)
{
    while (s->sent < s->out_n) {
        long n = hc_sock_send(s->watch.fd, s->out + s->sent,
                              s->out_n - s->sent);

        if (n == HC_SOCK_AGAIN) {
            hc_watch_want(&s->watch, HC_WATCH_WRITE);
            return;
        }
        if (n < 0) {
            lookup_sock_failed(s, n);
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
static int lookup_ask(struct hc_lookup *l, struct hc_lookup_side *s,
                      int64_t now)
{
    static const struct hc_sock_limits limits = { .user_timeout = HC_NEVER };
    unsigned char id[2];
    const struct hc_dns_server *to = hc_dns_query_server(&s->query);
    int err = hc_random(l->sys, id, sizeof id, &l->why);

    lookup_close(s);
    if (err < 0)
        return err;
    bool tcp = s->query.tcp;
    int fd = tcp ? hc_sock_tcp(&to->addr, to->port, &limits)
                 : hc_sock_udp(&to->addr, to->port);

    s->out_n = hc_dns_query_ask(&s->query, (uint16_t)(id[0] << 8 | id[1]),
                                now, s->out);
    s->sent = 0;
    s->connected = !tcp;
    if (fd < 0) {
        lookup_sock_failed(s, fd);
        return 0;
    }
    hc_watch_open(l->jobs, &s->watch, fd, &l->job);
    if (tcp)
        hc_watch_want(&s->watch, HC_WATCH_WRITE);
    else
        lookup_send(l, s);
    return 0;
}

static void lookup_read_udp(struct hc_lookup_side *s)
{
    char datagram[4096];

    for (int i = 0; i < LOOKUP_IN_A_ROW && s->query.state == DNS_WAIT; i++) {
        long n = hc_sock_recv(s->watch.fd, datagram, sizeof datagram);

        if (n == HC_SOCK_AGAIN)
            return;
        if (n < 0)
            lookup_sock_failed(s, n);
        else
            hc_dns_query_datagram(&s->query, hc_str_n(datagram, (size_t)n));
    }
}

static void lookup_read_tcp(struct hc_lookup_side *s)
{
    char bytes[LOOKUP_READ];

    for (int i = 0; i < LOOKUP_IN_A_ROW && s->query.state == DNS_WAIT; i++) {
        long n = hc_sock_recv(s->watch.fd, bytes, sizeof bytes);

        if (n == HC_SOCK_AGAIN)
            return;
        if (n <= 0)
            lookup_sock_failed(s, n);
        else
            hc_dns_query_feed(&s->query, hc_str_n(bytes, (size_t)n));
    }
}

/* The socket is ready for something: do what is due. */
static void lookup_move(struct hc_lookup *l, struct hc_lookup_side *s)
{
    if (s->watch.got == 0)
        return;
    s->watch.got = 0;
    if (!s->connected) {
        int err = hc_sock_connected(s->watch.fd);

        if (err == HC_SOCK_AGAIN)
            return;
        if (err < 0) {
            lookup_sock_failed(s, err);
            return;
        }
        s->connected = true;
    }
    if (s->sent < s->out_n)
        lookup_send(l, s);
    else if (s->query.tcp)
        lookup_read_tcp(s);
    else
        lookup_read_udp(s);
}

static bool lookup_is_over(const struct hc_lookup_side *s)
{
    return s->query.state == DNS_DONE || s->query.state == DNS_FAILED;
}

static int lookup_step_side(struct hc_lookup *l, struct hc_lookup_side *s,
                            int64_t now)
{
    int err = 0;

    if (s->query.state == DNS_WAIT)
        lookup_move(l, s);
    hc_dns_query_tick(&s->query, now);
    while (err == 0 && s->query.state == DNS_ASK)
        err = lookup_ask(l, s, now);
    if (lookup_is_over(s))
        lookup_close(s);
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

static void lookup_say_why(struct hc_lookup *l, int64_t now)
{
    const struct hc_dns_query *a = &l->sides[0].query;
    const struct hc_dns_query *last = &l->sides[l->sides_n - 1].query;
    bool no_name = a->state == DNS_DONE &&
                   a->reply.kind == DNS_REPLY_NO_NAME;
    const struct hc_dns_query *who = no_name || a->state == DNS_FAILED
                                         ? a : last;
    int code = hc_dns_query_error(who, now, &l->why);

    l->known.why = &l->why;
    if (code == HEADCOUNT_EDNSFAIL)
        l->known.ttl = LOOKUP_FAILURE_TTL;
    else if (code == HEADCOUNT_EDNS)
        l->known.ttl = who->reply.ttl;
    if (code == HEADCOUNT_EDNS && !no_name && a->reply.ttl < l->known.ttl)
        l->known.ttl = a->reply.ttl;
}

static void lookup_end(struct hc_lookup *l, int64_t now)
{
    struct hc_dns_known *known = &l->known;

    l->over = true;
    for (size_t i = 0; i < l->sides_n; i++) {
        const struct hc_dns_reply *reply = &l->sides[i].query.reply;

        lookup_close(&l->sides[i]);
        if (!lookup_has_addrs(&l->sides[i]))
            continue;
        if (known->addrs.n == 0 || reply->ttl < known->ttl)
            known->ttl = reply->ttl;
        for (size_t k = 0; k < reply->addrs.n; k++)
            hc_addrs_add(&known->addrs, &reply->addrs.a[k]);
    }
    if (known->addrs.n == 0)
        lookup_say_why(l, now);
}

void hc_lookup_step(struct hc_lookup *l, int64_t now)
{
    int err = 0;

    for (size_t i = 0; err == 0 && i < l->sides_n; i++)
        err = lookup_step_side(l, &l->sides[i], now);
    if (err < 0) {
        l->over = true;
        l->known.why = &l->why;
    } else if (lookup_is_decided(l, now)) {
        lookup_end(l, now);
    } else {
        hc_job_at(&l->job, l->hold_until);
        for (size_t i = 0; i < l->sides_n; i++)
            hc_job_at(&l->job, hc_dns_query_at(&l->sides[i].query));
    }
}
