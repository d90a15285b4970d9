/* tests/fuzz/net_peers.c - the programs behind the sockets of net_fuzz.c: a DNS
 * server, and HTTP servers that read when the script says so.
 *
 * Each request carries the number of its op, and the answer has it again.
 */
#include "fuzz/net_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY NET_OPS               /* the op of a request that has none    */

bool net_is_safe(const struct net_op *op)
{
    switch (op->kind) {
    case NET_READ:
    case NET_WRITE_SAFE:
    case NET_GET:
    case NET_POST_SAFE: return true;
    case NET_WRITE:
    case NET_WRITE_BIG:
    case NET_POST:
    case NET_POLL:
    case NET_KINDS:     break;
    }
    return false;
}

/* ---- requests ---- */

static struct hc_str peer_from(struct hc_str text, const char *mark)
{
    size_t n = strlen(mark);

    while (text.n >= n) {
        const char *at = memchr(text.p, mark[0], text.n - n + 1);

        if (at == NULL)
            break;
        text = hc_str_from(text, (size_t)(at - text.p));
        if (memcmp(at, mark, n) == 0)
            return hc_str_from(text, n);
        text = hc_str_from(text, 1);
    }
    return (struct hc_str){ NULL, 0 };
}

static size_t peer_number(struct hc_str text)
{
    size_t number = 0;

    for (; text.n > 0 && text.p[0] >= '0' && text.p[0] <= '9';
         text = hc_str_from(text, 1))
        number = 10 * number + (size_t)(text.p[0] - '0');
    return number;
}

size_t net_request_length(const struct net_bytes *b, size_t at, size_t end)
{
    if (at == end)
        return 0;
    const char *p = b->p + at;
    size_t n = end - at;
    struct hc_str body = peer_from(hc_str_n(p, n), "\r\n\r\n");

    if (body.p == NULL)
        return 0;
    size_t head = (size_t)(body.p - p);
    struct hc_str length = peer_from(hc_str_n(p, head), "ontent-Length: ");

    if (length.p == NULL)
        length = peer_from(hc_str_n(p, head), "ontent-length: ");
    size_t whole = head + (length.p != NULL ? peer_number(length) : 0);

    return whole <= n ? whole : 0;
}

/* A program has read all of it.  Before it does so a second time it, or another
 * one, has to have said no, and the client has to have heard that. */
static void peer_has_read(struct net_world *w, size_t id,
                          const struct net_sock *s)
{
    struct net_op *op = &w->ops[id];

    net_must(id < w->ops_n, "a request is one of an op");
    net_must(!op->unsent, "what was not sent, an error says, is never read");
    if (op->whole > 0 && !net_is_safe(op))
        net_must(op->refused && w->socks[op->sock].taken >= op->end,
                 "nothing is sent twice that must not be");
    op->whole++;
    op->refused = false;
    op->sock = (size_t)(s - w->socks);
}

void net_read(struct net_world *w, struct net_sock *s, size_t n)
{
    size_t ready = s->arrived - s->read, length;

    if (s->udp || s->closed)
        return;
    s->read += n < ready ? n : ready;
    if (s->asked || s->port == 443 || (s->tunnel && s->parsed > 0))
        return;
    length = net_request_length(&s->out, s->parsed, s->read);
    if (length == 0)
        return;
    const struct hc_str mark =
        peer_from(hc_str_n(s->out.p + s->parsed, length), "id-");

    s->asked = true;
    s->parsed += length;
    s->op = s->tunnel ? NOBODY : peer_number(mark);
    if (!s->tunnel)
        peer_has_read(w, s->op, s);
}

/* ---- answers ---- */

/* A good one: {"id":"id-3;","pad":"aaaa"}, of so many a. */
static size_t peer_body(char out[4096], size_t op, size_t pad)
{
    int n = snprintf(out, 4096, "{\"id\":\"id-%zu;\",\"pad\":\"", op);

    memset(out + n, 'a', pad);
    memcpy(out + (size_t)n + pad, "\"}", 3);
    return (size_t)n + pad + 2;
}

static void peer_text(struct net_sock *s, const char *text)
{
    net_write(s, text, strlen(text));
}

static void peer_sized(struct net_sock *s, const char *head, const char *body,
                       size_t claimed)
{
    char text[512];

    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
             head, claimed);
    peer_text(s, text);
    peer_text(s, body);
}

static void peer_chunked(struct net_sock *s, const char *body)
{
    char text[64];
    size_t n = strlen(body), at = n / 3;

    peer_text(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(text, sizeof text, "%zx\r\n", at);
    peer_text(s, text);
    net_write(s, body, at);
    snprintf(text, sizeof text, "\r\n%zx;a=b\r\n", n - at);
    peer_text(s, text);
    peer_text(s, body + at);
    peer_text(s, "\r\n0\r\nx: y\r\n\r\n");
}

static void peer_error(struct net_sock *s, const char *head, const char *code,
                       size_t op)
{
    char body[200];

    snprintf(body, sizeof body, "{\"__type\":\"%s\",\"message\":"
             "\"of id-%zu;\"}", code, op);
    peer_sized(s, head, body, strlen(body));
}

/* True: good, as far as it comes. */
static bool peer_says_well(struct net_sock *s, unsigned how, const char *body)
{
    switch (how) {
    case 0:
        peer_sized(s, "200 OK", body, strlen(body));
        return s->reusable = true;
    case 1:
        peer_chunked(s, body);
        return s->reusable = true;
    case 2:
        peer_sized(s, "200 OK\r\nConnection: close", body, strlen(body));
        return true;
    case 3:
        peer_text(s, "HTTP/1.1 200 OK\r\n\r\n");
        peer_text(s, body);
        net_close(s);
        return true;
    case 4:
        peer_text(s, "HTTP/1.1 100 Continue\r\n\r\n");
        peer_sized(s, "200 OK", body, strlen(body));
        return s->reusable = true;
    case 5:
        peer_sized(s, "200 OK", body, strlen(body));
        peer_text(s, "surplus");
        return true;
    default:
        return false;
    }
}

/* True: a clear no, after which it may be sent again. */
static bool peer_says_no(struct net_sock *s, unsigned how, const char *body)
{
    s->reusable = how < 11;
    switch (how) {
    case 6:
        peer_error(s, "400 Bad Request", "ThrottlingException", s->op);
        return true;
    case 7:
        peer_error(s, "500 Internal Server Error", "ServerException", s->op);
        return true;
    case 8:
        peer_error(s, "400 Bad Request", "ClusterNotFoundException", s->op);
        return true;
    case 9:
        peer_sized(s, "502 Bad Gateway", "<html>", 6);
        return false;
    case 10:
        peer_sized(s, "503 Service Unavailable", "busy", 4);
        return false;
    case 11:                             /* it is cut */
        peer_sized(s, "200 OK", body, strlen(body) + 1);
        net_shut(s);
        return false;
    case 12:
        peer_text(s, "HTTP/9 nonsense\r\n\r\n");
        return false;
    default:
        peer_text(s, "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n"
                     "Content-Length: 0\r\n\r\n");
        return false;
    }
}

static void peer_answers(struct net_world *w, struct net_sock *s, unsigned how)
{
    static const size_t pads[] = { 0, 3, 3000, 700 };
    struct net_op *op = &w->ops[s->op];
    char body[4096];
    bool is_gone = s->fin || s->closed;

    s->reusable = false;
    peer_body(body, s->op, pads[how / 16 % 4]);
    how %= 16;
    bool good = peer_says_well(s, how, body);

    op->refused = !good && peer_says_no(s, how, body) && !is_gone;
    op->oks += good && !is_gone;
    op->end = s->answer_end = s->in.n;
}

void net_answer(struct net_world *w, struct net_sock *s, unsigned how)
{
    if (s->state != NET_UP || s->udp || net_is_dns(s))
        return;
    if (s->port == 443 || (s->tunnel && !s->asked)) {
        net_write(s, how & 1 ? "\x15\x03\x03\x00\x02\x02\x28" : "HTTP/1.1 400 "
                  "Bad\r\n\r\n", 7);
    } else if (s->tunnel) {
        s->asked = false;
        peer_text(s, how % 4 != 0 ? "HTTP/1.1 200 OK\r\n\r\n"
                                  : "HTTP/1.1 502 No\r\n"
                                    "Content-Length: 0\r\n\r\n");
    } else if (s->asked) {
        peer_answers(w, s, how);
        s->asked = false;
    } else if (s->read > s->parsed) {    /* not read whole: an early no */
        s->reusable = false;
        peer_error(s, "413 Too Large\r\nConnection: close", "TooLarge",
                   NOBODY);
        s->parsed = s->read;
    }
}

void net_stray(struct net_sock *s)
{
    bool waits = s->begun && s->begin == s->out.n;   /* with its first byte */

    if (!s->was_up || waits || s->state != NET_UP || s->udp ||
        net_is_dns(s) || net_is_tls(s) || s->asked || s->hole ||
        s->parsed != s->out.n || s->in.n != s->here)
        return;
    peer_sized(s, "200 OK", "{\"id\":\"id-stray\"}", 17);
    net_arrive(s, s->in.n);
}

/* ---- DNS ---- */

static void dns_put16(struct net_bytes *to, unsigned value)
{
    const unsigned char two[] = { (unsigned char)(value >> 8),
                                  (unsigned char)value };

    net_bytes_put(to, two, 2);
}

/* One to three addresses of the name, by its length. */
static void dns_addresses(struct net_bytes *to, const unsigned char *name,
                          unsigned type, unsigned ttl)
{
    unsigned char ip[16] = { 10, 1, name[1], 0 };
    size_t n = type == 28 ? 16 : 4;

    if (type == 28)
        ip[0] = 0xfd;
    for (unsigned i = 0; i <= name[1] % 3U; i++) {
        ip[n - 1] = (unsigned char)(i + 1);
        dns_put16(to, 0xc00c);
        dns_put16(to, type);
        dns_put16(to, 1);
        dns_put16(to, 0);
        dns_put16(to, ttl);
        dns_put16(to, (unsigned)n);
        net_bytes_put(to, ip, n);
    }
}

static size_t dns_question(const unsigned char *q, size_t n)
{
    size_t at = 12;

    while (at < n && q[at] != 0)
        at += 1U + q[at];
    return at + 5 <= n ? at + 5 : 0;
}

static void dns_reply(struct net_bytes *to, const unsigned char *q, size_t n,
                      unsigned how)
{
    static const unsigned flags[] = { 0x8180, 0x8180, 0x8183, 0x8182, 0x8185,
                                      0x8380, 0x8180, 0x8181, 0x8180 };
    static const unsigned ttls[] = { 60, 0, 5, 300 };
    unsigned ttl = ttls[how / 16 % 4];
    unsigned kind = how % 16 % 9;
    size_t end = dns_question(q, n);
    unsigned type = (unsigned)q[end - 4] << 8 | q[end - 3];
    bool has = kind == 0 || kind == 8;

    dns_put16(to, ((unsigned)q[0] << 8 | q[1]) ^ (kind == 8));
    dns_put16(to, flags[kind]);
    dns_put16(to, 1);
    dns_put16(to, has ? 1 + q[13] % 3U : 0);
    dns_put16(to, 0);
    dns_put16(to, 0);
    net_bytes_put(to, q + 12, end - 12);
    if (has)
        dns_addresses(to, q + 12, type, ttl);
    if (kind == 1)                       /* nonsense */
        to->n -= 3;
}

void net_dns(struct net_sock *s, unsigned how)
{
    size_t frame = s->udp ? 0 : 2;
    const unsigned char *q = (const unsigned char *)s->out.p;
    struct net_bytes reply = { NULL, 0, 0 };

    if (!net_is_dns(s) || s->state != NET_UP || s->out.n < frame + 12 ||
        dns_question(q + frame, s->out.n - frame) == 0)
        return;
    if (how % 16 == 15) {
        net_refuse(s, ECONNREFUSED);
        return;
    }
    s->arrived = s->out.n;
    dns_reply(&reply, q + frame, s->out.n - frame, how);
    dns_put16(&s->in, (unsigned)reply.n);
    net_bytes_put(&s->in, reply.p, reply.n);
    if (!s->udp)
        net_arrive(s, s->in.n);
    free(reply.p);
}

/* ---- good peers ---- */

static void peer_serves(struct net_world *w, struct net_sock *s)
{
    net_connect(s);
    if (s->state != NET_UP || s->hole)
        return;
    if (net_is_dns(s)) {
        if (s->in.n == 0)
            net_dns(s, 0);
        return;
    }
    net_deliver(s, SIZE_MAX);
    net_ack(s);
    net_read(w, s, SIZE_MAX);
    if (s->asked)
        net_answer(w, s, 1);
    net_arrive(s, SIZE_MAX);
}

void net_serve(struct net_world *w)
{
    for (size_t i = 0; i < w->socks_n; i++)
        if (w->socks[i].open)
            peer_serves(w, &w->socks[i]);
}
