/* net/sock.c - the only socket calls. */
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SOCK_KEEP_IDLE 60            /* s; NAT and NLB forget after 350 s    */
#define SOCK_KEEP_EVERY 15
#define SOCK_KEEP_COUNT 4

union sock_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t sock_name(union sock_name *name, const struct hc_addr *addr,
                           uint16_t port)
{
    memset(name, 0, sizeof *name);
    if (addr->family == 6) {
        name->v6.sin6_family = AF_INET6;
        name->v6.sin6_port = htons(port);
        memcpy(&name->v6.sin6_addr, addr->ip, 16);
        name->v6.sin6_scope_id = addr->scope;
        return sizeof name->v6;
    }
    name->v4.sin_family = AF_INET;
    name->v4.sin_port = htons(port);
    memcpy(&name->v4.sin_addr, addr->ip, 4);
    return sizeof name->v4;
}

/* A program that closed its standard descriptors may still write to their
 * numbers: a socket with such a number would send the text to the peer. */
static int sock_above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int why = errno;

    close(fd);
    errno = why;
    return above;
}

static int sock_new(const struct hc_addr *addr, int type)
{
    int fd = sock_above_standard(
        socket(addr->family == 6 ? AF_INET6 : AF_INET,
               type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

    return fd < 0 ? -errno : fd;
}

static int sock_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* At least 1: 0 is the system's own limit. */
static int sock_ms(int64_t us)
{
    int64_t ms = (us - 1) / HC_MS + 1;

    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Without TCP_NODELAY the end of a request can wait for the acknowledgement of
 * what was sent before it. */
static int sock_options(int fd, const struct hc_sock_limits *limits)
{
    bool keepalive = limits->keepalive;
    int err = sock_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);

    if (err == 0 && keepalive)
        err = sock_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    if (err == 0 && keepalive)
        err = sock_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, SOCK_KEEP_IDLE);
    if (err == 0 && keepalive)
        err = sock_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, SOCK_KEEP_EVERY);
    if (err == 0 && keepalive)
        err = sock_set(fd, IPPROTO_TCP, TCP_KEEPCNT, SOCK_KEEP_COUNT);
#endif
#ifdef TCP_USER_TIMEOUT
    if (err == 0 && limits->user_timeout != HC_NEVER)
        err = sock_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                       sock_ms(limits->user_timeout));
#endif
    return err == 0 ? 0 : -errno;
}

static int sock_connect(int fd, const struct hc_addr *addr, uint16_t port)
{
    union sock_name name;
    socklen_t n = sock_name(&name, addr, port);

    if (connect(fd, &name.any, n) == 0 || errno == EINPROGRESS ||
        errno == EINTR)
        return 0;
    return -errno;
}

int hc_sock_tcp(const struct hc_addr *addr, uint16_t port,
                const struct hc_sock_limits *limits)
{
    int fd = sock_new(addr, SOCK_STREAM);

    if (fd < 0)
        return fd;
    int err = sock_options(fd, limits);

    if (err == 0)
        err = sock_connect(fd, addr, port);
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

int hc_sock_error(int fd)
{
    int err = 0;
    socklen_t n = sizeof err;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0)
        return -errno;
    return -err;
}

int hc_sock_connected(int fd)
{
    int err = hc_sock_error(fd);

    if (err != 0)
        return err;
    /* No error so far; only a connection that stands has a peer. */
    union sock_name peer;
    socklen_t n = sizeof peer;

    if (getpeername(fd, &peer.any, &n) == 0)
        return 0;
    return errno == ENOTCONN ? HC_SOCK_AGAIN : -errno;
}

int hc_sock_udp(const struct hc_addr *addr, uint16_t port)
{
    int fd = sock_new(addr, SOCK_DGRAM);

    if (fd < 0)
        return fd;
    int err = sock_connect(fd, addr, port);

    if (err == 0)
        return fd;
    close(fd);
    return err;
}

static long sock_moved(ssize_t n)
{
    if (n >= 0)
        return (long)n;
    if (errno == EAGAIN || errno == EINTR)
        return HC_SOCK_AGAIN;
    return -(long)errno;
}

long hc_sock_send(int fd, const void *p, size_t n)
{
    return sock_moved(send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT));
}

long hc_sock_recv(int fd, void *p, size_t n)
{
    return sock_moved(recv(fd, p, n, MSG_DONTWAIT));
}

/* Only a socket that blocks can be waited for by recv, and each other call says
 * MSG_DONTWAIT.  With a time of its own a recv is not begun again after a
 * signal, whatever SA_RESTART says (signal(7)). */
int hc_sock_may_await(int fd)
{
    const struct timeval most = { .tv_usec = HC_SOCK_AWAIT };
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) < 0 ||
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

long hc_sock_await(int fd, void *p, size_t n)
{
    ssize_t got = recv(fd, p, n, 0);

    return got < 0 && errno == EINTR ? -EINTR : sock_moved(got);
}

long hc_sock_peek(int fd)
{
    char byte;

    return sock_moved(recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT));
}

/* The kernel says why no probe came back, if a router has told it. */
bool hc_sock_is_dead(long err)
{
    return err == -ETIMEDOUT || err == -EHOSTUNREACH || err == -ENETUNREACH;
}

void hc_sock_end_by_reset(int fd)
{
    const struct linger at_once = { .l_onoff = 1 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* The front of Linux's struct tcp_info, which only grows.  The kernel's header
 * has it whole, but cannot stand beside netinet/tcp.h, and glibc's own is too
 * short. */
struct sock_info {
    unsigned char states[8];
    uint32_t before_rtt[15], rtt, after_rtt[8];
    uint64_t pacing[2], acked;
};

bool hc_sock_told(int fd, struct hc_sock_told *out)
{
#ifdef __linux__
    struct sock_info info;
    socklen_t n = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 ||
        n < sizeof info)
        return false;
    *out = (struct hc_sock_told){ .acked = info.acked, .rtt = info.rtt };
    return true;
#else
    (void)fd;
    *out = (struct hc_sock_told){ .acked = 0 };
    return false;
#endif
}

void hc_sock_close(int fd)
{
    close(fd);
}

uint32_t hc_sock_scope(const char *zone)
{
    uint64_t number;

    if (hc_str_u64(hc_str(zone), &number) && number <= UINT32_MAX)
        return (uint32_t)number;
    return if_nametoindex(zone);
}

bool hc_sock_has_ipv6_route(void)
{
    /* A global unicast address; a datagram socket's connect only looks up the
     * route. */
    const struct hc_addr anywhere = { .family = 6,
                                      .ip = { 0x20, 0x01, 0x0d, 0xb8,
                                              [15] = 1 } };
    int fd = hc_sock_udp(&anywhere, 53);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}
