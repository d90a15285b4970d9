/* tests/fuzz/net_sock.c - net/sock.h and net/sys.h on a world of memory.
 *
 * The linker takes these instead of the library's.  The rules are Linux's:
 *
 *   - an RST after a FIN is EPIPE, and receiving goes on to say "end"
 *   - an RST without a FIN is ECONNRESET, told once by whatever asks first;
 *     after that receiving says "end" and sending EPIPE
 *   - bytes that came before an RST can still be read
 *   - bytes and FINs carry acknowledgements, an RST carries none
 */
#include "fuzz/net_world.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/sock.h"
#include "net/sys.h"

#define FD_FIRST 1000

struct net_world *net_world;

void net_must(bool ok, const char *claim)
{
    if (ok)
        return;
    fprintf(stderr, "net_fuzz: false: %s\n", claim);
    abort();
}

void net_bytes_put(struct net_bytes *to, const void *p, size_t n)
{
    if (to->cap - to->n < n) {
        to->cap = 2 * (to->n + n);
        to->p = realloc(to->p, to->cap);
        net_must(to->p != NULL, "the target has memory");
    }
    if (n > 0)
        memcpy(to->p + to->n, p, n);
    to->n += n;
}

bool net_is_dns(const struct net_sock *s)
{
    return s->port == 53;
}

bool net_is_tls(const struct net_sock *s)
{
    return s->port == 443 || s->tunnel;
}

/* ---- packets ---- */

void net_connect(struct net_sock *s)
{
    if (s->state == NET_CONNECTING && !s->hole)
        s->state = NET_UP;
}

void net_refuse(struct net_sock *s, int error)
{
    if (!s->udp && s->state != NET_CONNECTING)
        return;
    s->error = error;
    if (!s->udp)
        s->state = NET_GONE;
}

static void sock_rst(struct net_sock *s)
{
    if (s->state != NET_UP || s->hole)
        return;
    s->state = NET_GONE;
    s->error = s->fin_here ? EPIPE : ECONNRESET;
    s->in.n = s->here;
    s->fin = s->fin_here;
    s->closed = true;
}

void net_deliver(struct net_sock *s, size_t n)
{
    size_t way = s->out.n - s->arrived;

    if (s->state != NET_UP || s->hole || way == 0 || n == 0)
        return;
    if (s->closed)
        sock_rst(s);
    else
        s->arrived += n < way ? n : way;
}

void net_ack(struct net_sock *s)
{
    if (s->state == NET_UP && !s->hole)
        s->acked = s->arrived;
}

static void sock_acked(struct net_sock *s, size_t acked)
{
    if (acked > s->acked)
        s->acked = acked;
}

void net_arrive(struct net_sock *s, size_t n)
{
    size_t way = s->in.n - s->here;

    if (s->state != NET_UP || s->hole)
        return;
    s->here += n < way ? n : way;
    if (s->here < s->in.n)
        return;
    sock_acked(s, s->in_ack);
    if (s->fin && !s->fin_here) {
        s->fin_here = true;
        sock_acked(s, s->fin_ack);
    }
}

void net_write(struct net_sock *s, const void *p, size_t n)
{
    if (s->state != NET_UP || s->fin || s->closed)
        return;
    net_bytes_put(&s->in, p, n);
    s->in_ack = s->arrived;
}

void net_shut(struct net_sock *s)
{
    if (s->state != NET_UP || s->fin)
        return;
    s->fin = true;
    s->fin_ack = s->arrived;
    net_arrive(s, 0);
}

void net_close(struct net_sock *s)
{
    if (s->state != NET_UP || s->closed)
        return;
    if (s->arrived > s->read) {
        sock_rst(s);
        return;
    }
    net_shut(s);
    s->closed = true;
}

/* One peer is left out, which net/unread.c cannot tell apart: it resets by
 * force before its kernel acknowledged what it has read. */
void net_reset(struct net_sock *s)
{
    if (s->state != NET_UP || s->hole)
        return;
    sock_acked(s, s->read);
    sock_rst(s);
}

void net_give_up(struct net_sock *s)
{
    if (s->state == NET_GONE || s->udp)
        return;
    s->hole = true;
    s->state = NET_GONE;
    s->error = ETIMEDOUT;
}

/* ---- net/sock.h ---- */

static struct net_sock *sock_of(int fd)
{
    size_t i = (size_t)(fd - FD_FIRST);

    net_must(fd >= FD_FIRST && i < net_world->socks_n &&
             net_world->socks[i].open, "a descriptor that is used is open");
    return &net_world->socks[i];
}

static int sock_open(const struct hc_addr *addr, uint16_t port, bool udp)
{
    struct net_world *w = net_world;
    struct net_sock *s = &w->socks[w->socks_n];

    w->moves++;
    if (w->shortage > 0) {
        w->shortage--;
        return -w->shortage_errno;
    }
    if (w->socks_n == NET_SOCKS)
        return -EMFILE;
    *s = (struct net_sock){ .open = true, .udp = udp, .addr = *addr,
                            .port = port, .room = 1 << 20,
                            .state = udp ? NET_UP : NET_CONNECTING };
    w->open_n++;
    if (w->traced)
        fprintf(stderr, "%9.3f   %zu opens, port %u\n", (double)w->now / 1e6,
                FD_FIRST + w->socks_n, (unsigned)port);
    return FD_FIRST + (int)w->socks_n++;
}

int hc_sock_tcp(const struct hc_addr *addr, uint16_t port,
                const struct hc_sock_limits *limits)
{
    (void)limits;
    return sock_open(addr, port, false);
}

int hc_sock_udp(const struct hc_addr *addr, uint16_t port)
{
    return sock_open(addr, port, true);
}

void hc_sock_close(int fd)
{
    struct net_sock *s = sock_of(fd);

    s->open = false;
    net_world->open_n--;
    net_world->moves++;
}

int hc_sock_error(int fd)
{
    struct net_sock *s = sock_of(fd);
    int error = s->error;

    s->error = 0;
    if (error != 0)
        net_world->moves++;
    return -error;
}

int hc_sock_connected(int fd)
{
    struct net_sock *s = sock_of(fd);
    int error = hc_sock_error(fd);

    if (error != 0)
        return error;
    if (s->state != NET_UP)
        return HC_SOCK_AGAIN;
    if (!s->was_up) {
        s->was_up = true;
        net_world->moves++;
        net_world->opened += !net_is_dns(s);
    }
    return 0;
}

/* The client begins a request: on a connection that brought the whole answer to
 * the one before, and nothing else. */
static void sock_begins(struct net_sock *s, const void *p, size_t n)
{
    size_t length = net_request_length(&s->out, s->begin, s->out.n);

    if (s->begun && length > 0) {
        s->begin += length;
        s->begun = false;
    }
    if (s->out.n == 0 && n > 8 && memcmp(p, "CONNECT ", 8) == 0)
        s->tunnel = true;
    if (s->begun || net_is_dns(s) || net_is_tls(s))
        return;
    s->begun = true;
    net_world->begun++;
    if (s->begin == 0)
        return;
    net_world->again++;
    net_must(s->parsed == s->begin && !s->asked,
             "no request follows one that was not answered");
    net_must(s->reusable && s->taken == s->answer_end,
             "a connection is used again only after a whole answer");
    net_must(s->here == s->taken && !s->fin_here && s->error == 0 &&
             s->state == NET_UP, "a connection that is lent was quiet");
}

static size_t sock_room(const struct net_sock *s)
{
    size_t way = s->out.n - s->arrived;

    return s->room > way ? s->room - way : 0;
}

long hc_sock_send(int fd, const void *p, size_t n)
{
    struct net_sock *s = sock_of(fd);

    if (s->state == NET_CONNECTING)
        return HC_SOCK_AGAIN;
    sock_begins(s, p, n);
    int error = hc_sock_error(fd);

    if (error != 0)
        return error;
    if (s->state != NET_UP)
        return -EPIPE;
    n = n < sock_room(s) ? n : sock_room(s);
    if (n == 0)
        return HC_SOCK_AGAIN;
    if (net_is_dns(s) && s->out.n == 0)
        net_world->datagrams++;
    net_bytes_put(&s->out, p, n);
    net_world->moves++;
    return (long)n;
}

static long sock_datagram(struct net_sock *s, void *p, size_t n)
{
    unsigned char size[2];

    if (s->taken == s->in.n)
        return HC_SOCK_AGAIN;
    memcpy(size, s->in.p + s->taken, 2);
    size_t length = (size_t)size[0] << 8 | size[1];

    n = length < n ? length : n;
    memcpy(p, s->in.p + s->taken + 2, n);
    s->taken += 2 + length;
    net_world->moves++;
    return (long)n;
}

long hc_sock_recv(int fd, void *p, size_t n)
{
    struct net_sock *s = sock_of(fd);
    int error = s->fin_here || s->here > s->taken ? 0 : hc_sock_error(fd);

    if (error != 0)
        return error;
    if (s->udp)
        return sock_datagram(s, p, n);
    if (s->here > s->taken) {
        n = n < s->here - s->taken ? n : s->here - s->taken;
        memcpy(p, s->in.p + s->taken, n);
        s->taken += n;
        net_world->moves++;
        return (long)n;
    }
    return s->fin_here || s->state == NET_GONE ? 0 : HC_SOCK_AGAIN;
}

int hc_sock_may_await(int fd)
{
    sock_of(fd);
    return 0;
}

long hc_sock_await(int fd, void *p, size_t n)
{
    return hc_sock_recv(fd, p, n);
}

long hc_sock_peek(int fd)
{
    struct net_sock *s = sock_of(fd);

    if (s->here > s->taken)
        return 1;
    int error = s->fin_here ? 0 : hc_sock_error(fd);

    if (error != 0)
        return error;
    return s->fin_here || s->state == NET_GONE ? 0 : HC_SOCK_AGAIN;
}

bool hc_sock_is_dead(long err)
{
    return err == -ETIMEDOUT || err == -EHOSTUNREACH || err == -ENETUNREACH;
}

/* Nothing of a socket that the client has closed arrives, anyway. */
void hc_sock_end_by_reset(int fd)
{
    sock_of(fd);
}

bool hc_sock_told(int fd, struct hc_sock_told *out)
{
    const struct net_sock *s = sock_of(fd);

    *out = (struct hc_sock_told){ .acked = 1 + s->acked,
                                  .rtt = net_world->rtt };
    return !net_world->silent_kernel;
}

uint32_t hc_sock_scope(const char *zone)
{
    (void)zone;
    return 1;
}

bool hc_sock_has_ipv6_route(void)
{
    return net_world->ipv6;
}

short net_poll(const struct net_sock *s, short events)
{
    bool gone = s->state == NET_GONE || s->error != 0;
    int got = 0;

    if (s->udp ? s->taken < s->in.n : s->taken < s->here || s->fin_here)
        got |= POLLIN;
    if (s->state == NET_UP && sock_room(s) > 0)
        got |= POLLOUT;
    if (gone)
        got |= POLLIN | POLLOUT;
    got &= events;
    return (short)(gone ? got | POLLERR | POLLHUP : got);
}

/* ---- net/sys.h ---- */

static int64_t sys_now(void *ud)
{
    struct net_world *w = ud;

    w->now += w->tick;
    return w->now;
}

static int64_t sys_wall(void *ud)
{
    const struct net_world *w = ud;

    return 1800000000 * HC_SECOND + w->now;
}

static int sys_random(void *ud, void *p, size_t n)
{
    struct net_world *w = ud;
    unsigned char *to = p;

    for (size_t i = 0; i < n; i++) {
        w->random = w->random * 1103515245 + 12345;
        to[i] = (unsigned char)(w->random >> 16);
    }
    return 0;
}

static const char *sys_getenv(void *ud, const char *name)
{
    const struct net_world *w = ud;
    bool asked = strcmp(name, "http_proxy") == 0 ||
                 strcmp(name, "https_proxy") == 0;

    return asked ? w->proxy : NULL;
}

static int sys_read_file(void *ud, const char *path, struct hc_buf *out,
                         struct headcount_error *e)
{
    (void)ud;
    (void)out;
    return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s cannot be opened", path);
}

static void *sys_alloc(void *ud, void *p, size_t old, size_t n)
{
    struct net_world *w = ud;

    if (n == 0) {
        free(p);
        w->memory -= p != NULL ? old : 0;
        return NULL;
    }
    if (w->fails_in > 0 && --w->fails_in == 0) {
        w->failed = true;
        return NULL;
    }
    void *to = realloc(p, n);

    net_must(to != NULL, "the target has memory");
    w->memory += n - (p != NULL ? old : 0);
    return to;
}

void hc_system_real(struct hc_system *sys)
{
    *sys = (struct hc_system){
        .alloc = { sys_alloc, net_world }, .now = sys_now, .wall = sys_wall,
        .random = sys_random, .getenv = sys_getenv, .read_file = sys_read_file,
        .ud = net_world,
    };
}

int64_t hc_now(const struct hc_system *sys)
{
    return sys->now(sys->ud);
}

long hc_process(void)
{
    return 1;
}

int64_t hc_wall(const struct hc_system *sys)
{
    return sys->wall(sys->ud);
}

int hc_random(const struct hc_system *sys, void *p, size_t n,
              struct headcount_error *e)
{
    (void)e;
    return sys->random(sys->ud, p, n);
}

struct hc_str hc_getenv(const struct hc_system *sys, const char *name)
{
    return hc_str(sys->getenv(sys->ud, name));
}
