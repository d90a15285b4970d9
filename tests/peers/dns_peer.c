/* tests/peers/dns_peer.c - DNS messages, and a server on loopback. */
#include "peers/dns_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET 20                         /* ms without anything to do */

/* ---- messages ---- */

void dns_put_data(struct dns_text *m, const void *p, size_t n)
{
    if (sizeof m->p - m->n < n)
        abort();
    memcpy(m->p + m->n, p, n);
    m->n += n;
}

void dns_put16(struct dns_text *m, unsigned v)
{
    const unsigned char b[2] = { (unsigned char)(v >> 8 & 255),
                                 (unsigned char)(v & 255) };

    dns_put_data(m, b, 2);
}

void dns_put32(struct dns_text *m, uint32_t v)
{
    dns_put16(m, v >> 16);
    dns_put16(m, v & 0xffff);
}

void dns_put_name(struct dns_text *m, const char *name)
{
    while (*name != '\0') {
        size_t n = strcspn(name, ".");
        const unsigned char length = (unsigned char)n;

        dns_put_data(m, &length, 1);
        dns_put_data(m, name, n);
        name += name[n] == '.' ? n + 1 : n;
    }
    dns_put_data(m, "", 1);
}

static size_t question_end(const unsigned char *p, size_t n)
{
    size_t at = 12;

    while (at < n && p[at] != 0)
        at += p[at] + 1U;
    return at + 5;
}

void dns_reply_to(struct dns_text *m, const void *query, size_t n,
                  unsigned flags)
{
    m->n = 0;
    dns_put_data(m, query, 2);
    dns_put16(m, flags);
    dns_put16(m, 1);
    dns_put32(m, 0);
    dns_put16(m, 0);
    dns_put_data(m, (const char *)query + 12, question_end(query, n) - 12);
}

static void count_one_more(struct dns_text *m, int section)
{
    unsigned char *at = m->p + 4 + 2 * section;
    unsigned n = (unsigned)at[0] << 8 | at[1];

    at[0] = (unsigned char)((n + 1) >> 8 & 255);
    at[1] = (unsigned char)((n + 1) & 255);
}

void dns_put_record(struct dns_text *m, int section, const char *owner,
                    unsigned type, uint32_t ttl)
{
    count_one_more(m, section);
    if (owner == NULL)
        dns_put16(m, 0xc00c);
    else
        dns_put_name(m, owner);
    dns_put16(m, type);
    dns_put16(m, 1);
    dns_put32(m, ttl);
}

static void put_ip(struct dns_text *m, int family, size_t n, const char *ip)
{
    unsigned char b[16];

    if (inet_pton(family, ip, b) != 1)
        abort();
    dns_put16(m, (unsigned)n);
    dns_put_data(m, b, n);
}

void dns_put_a(struct dns_text *m, const char *owner, uint32_t ttl,
               const char *ip)
{
    dns_put_record(m, DNS_ANSWER, owner, 1, ttl);
    put_ip(m, AF_INET, 4, ip);
}

void dns_put_aaaa(struct dns_text *m, const char *owner, uint32_t ttl,
                  const char *ip)
{
    dns_put_record(m, DNS_ANSWER, owner, 28, ttl);
    put_ip(m, AF_INET6, 16, ip);
}

void dns_put_cname(struct dns_text *m, const char *owner, uint32_t ttl,
                   const char *target)
{
    struct dns_text name = { .n = 0 };

    dns_put_record(m, DNS_ANSWER, owner, 5, ttl);
    dns_put_name(&name, target);
    dns_put16(m, (unsigned)name.n);
    dns_put_data(m, name.p, name.n);
}

void dns_put_soa(struct dns_text *m, const char *owner, uint32_t ttl,
                 uint32_t minimum)
{
    dns_put_record(m, DNS_AUTHORITY, owner, 6, ttl);
    dns_put16(m, 2 + 4 + 20);
    dns_put16(m, 0xc00c);
    dns_put_data(m, "\001x\xc0\x0c", 4);
    for (uint32_t i = 1; i <= 4; i++)
        dns_put32(m, i);
    dns_put32(m, minimum);
}

void dns_put_opt(struct dns_text *m, unsigned upper)
{
    dns_put_record(m, DNS_ADDITIONAL, "", 41, (uint32_t)upper << 24);
    dns_put16(m, 0);
}

/* ---- the server ---- */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool open_pair(struct dns_peer *peer)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    socklen_t n = sizeof name;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    peer->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    must(peer->listener >= 0 && peer->udp >= 0);
    must(bind(peer->listener, (struct sockaddr *)&name, n) == 0);
    must(listen(peer->listener, 8) == 0);
    must(getsockname(peer->listener, (struct sockaddr *)&name, &n) == 0);
    peer->port = ntohs(name.sin_port);
    return bind(peer->udp, (struct sockaddr *)&name, n) == 0;
}

void dns_peer_open(struct dns_peer *peer)
{
    peer->conn = -1;
    while (!open_pair(peer)) {           /* the UDP port is someone else's */
        close(peer->udp);
        close(peer->listener);
    }
}

void dns_peer_close_tcp(struct dns_peer *peer)
{
    if (peer->conn >= 0)
        close(peer->conn);
    if (peer->listener >= 0)
        close(peer->listener);
    peer->conn = peer->listener = -1;
}

void dns_peer_close(struct dns_peer *peer)
{
    dns_peer_close_tcp(peer);
    close(peer->udp);
}

static void look_at(struct dns_peer *peer, struct dns_asked *asked)
{
    const unsigned char *p = asked->query.p;
    size_t at = 12, to = 0;

    while (p[at] != 0) {
        if (to > 0)
            asked->name[to++] = '.';
        memcpy(asked->name + to, p + at + 1, p[at]);
        to += p[at];
        at += p[at] + 1U;
    }
    asked->name[to] = '\0';
    asked->type = p[at + 1] << 8 | p[at + 2];
    asked->edns = p[11] == 1;
    peer->udp_n += asked->tcp ? 0 : 1;
    peer->tcp_n += asked->tcp ? 1 : 0;
    peer->a_n += asked->type == 1;
    peer->aaaa_n += asked->type == 28;
}

void dns_peer_send(struct dns_peer *peer, const struct dns_text *m)
{
    struct sockaddr_in to;

    memcpy(&to, peer->from, sizeof to);
    sendto(peer->udp, m->p, m->n, 0, (struct sockaddr *)&to, sizeof to);
}

static void turn_udp(struct dns_peer *peer)
{
    struct dns_asked asked = { .tcp = false };
    struct dns_text reply = { .n = 0 };
    struct sockaddr_in from;
    socklen_t from_n = sizeof from;
    ssize_t n = recvfrom(peer->udp, asked.query.p, sizeof asked.query.p, 0,
                         (struct sockaddr *)&from, &from_n);

    if (n < 0)
        return;
    memcpy(peer->from, &from, sizeof from);
    asked.query.n = (size_t)n;
    look_at(peer, &asked);
    if (peer->answer(peer, &asked, &reply))
        dns_peer_send(peer, &reply);
}

static void answer_tcp(struct dns_peer *peer)
{
    struct dns_asked asked = { .tcp = true };
    struct dns_text reply = { .n = 0 }, framed = { .n = 0 };

    memcpy(asked.query.p, peer->in.p + 2, peer->in.n - 2);
    asked.query.n = peer->in.n - 2;
    look_at(peer, &asked);
    if (!peer->answer(peer, &asked, &reply))
        return;
    dns_put16(&framed, (unsigned)reply.n);
    dns_put_data(&framed, reply.p, reply.n);
    size_t n = peer->hang_up ? framed.n / 2 : framed.n;

    must(send(peer->conn, framed.p, 3, MSG_NOSIGNAL) == 3);
    must(send(peer->conn, framed.p + 3, n - 3, MSG_NOSIGNAL) ==
         (ssize_t)n - 3);
    if (peer->hang_up) {
        close(peer->conn);
        peer->conn = -1;
    }
}

static void turn_tcp(struct dns_peer *peer)
{
    ssize_t n = recv(peer->conn, peer->in.p + peer->in.n,
                     sizeof peer->in.p - peer->in.n, 0);

    if (n <= 0) {
        close(peer->conn);
        peer->conn = -1;
        return;
    }
    peer->in.n += (size_t)n;
    if (peer->in.n >= 2 &&
        peer->in.n == 2U + ((size_t)peer->in.p[0] << 8 | peer->in.p[1]))
        answer_tcp(peer);
}

static void turn_peer(struct dns_peer *peer)
{
    turn_udp(peer);
    if (peer->conn < 0 && peer->listener >= 0) {
        peer->conn = accept(peer->listener, NULL, NULL);
        peer->in.n = 0;
    }
    if (peer->conn >= 0) {
        struct pollfd p = { .fd = peer->conn, .events = POLLIN };

        if (poll(&p, 1, 0) == 1)
            turn_tcp(peer);
    }
}

static size_t peer_fds(const struct dns_peer *peers, size_t n,
                       struct pollfd *fds)
{
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        const struct dns_peer *p = &peers[i];

        fds[to++] = (struct pollfd){ .fd = p->udp, .events = POLLIN };
        fds[to++] = (struct pollfd){
            .fd = p->conn >= 0 ? p->conn : p->listener, .events = POLLIN
        };
    }
    return to;
}

/* False: nothing was ready. */
static bool turn_once(struct dns_peer *peers, size_t n, struct hc_jobs *jobs,
                      int64_t now)
{
    struct pollfd fds[64];
    struct hc_want wants[32];
    int64_t deadline;
    size_t wants_n = hc_jobs_wants(jobs, wants, 32, &deadline);
    size_t first = peer_fds(peers, n, fds);

    must(wants_n <= 32 && first <= 32);
    for (size_t i = 0; i < wants_n; i++)
        fds[first + i] = (struct pollfd){
            .fd = wants[i].fd,
            .events = (short)(wants[i].events & HC_WATCH_READ ? POLLIN
                                                              : POLLOUT)
        };
    int ready = poll(fds, first + wants_n, deadline <= now ? 0 : QUIET);

    for (size_t i = 0; i < wants_n; i++)
        if (fds[first + i].revents == 0)
            wants[i].events = 0;
    hc_jobs_step(jobs, now, wants, wants_n);
    for (size_t i = 0; i < n; i++)
        turn_peer(&peers[i]);
    return ready > 0 || deadline <= now;
}

void dns_peer_turn(struct dns_peer *peers, size_t n, struct hc_jobs *jobs,
                   int64_t now, const int *done)
{
    while (*done == 0 && turn_once(peers, n, jobs, now))
        continue;
}

void dns_peer_serve(struct dns_peer *peer)
{
    turn_peer(peer);
}
