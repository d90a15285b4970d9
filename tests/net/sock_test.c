/* net/sock - against the kernel's own sockets on loopback. */
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "t.h"

static const struct hc_addr loopback = { .family = 4,
                                         .ip = { 127, 0, 0, 1 } };

static int listener(uint16_t *port)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&name, n) == 0);
    CHECK(listen(fd, 5) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&name, &n) == 0);
    *port = ntohs(name.sin_port);
    return fd;
}

static void wait_for(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };

    CHECK(poll(&p, 1, 5000) == 1);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;

    CHECK(getsockopt(fd, level, name, &value, &n) == 0);
    return value;
}

struct two { int server, client, listener; };

static const struct hc_sock_limits usual = {
    .keepalive = true, .user_timeout = 30 * HC_SECOND,
};

static struct two connected(const struct hc_sock_limits *limits)
{
    uint16_t port;
    struct two t = { .listener = listener(&port) };

    t.client = hc_sock_tcp(&loopback, port, limits);
    CHECK(t.client >= 0);
    wait_for(t.client, POLLOUT);
    CHECK_INT(hc_sock_connected(t.client), 0);
    t.server = accept(t.listener, NULL, NULL);
    CHECK(t.server >= 0);
    return t;
}

static void disconnect(struct two *t)
{
    hc_sock_close(t->client);
    close(t->server);
    close(t->listener);
}

TEST(sock, has_the_options_that_long_lived_connections_need)
{
    struct two t = connected(&usual);

    CHECK(option(t.client, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(t.client, SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK_INT(option(t.client, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    CHECK_INT(option(t.client, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    CHECK_INT(option(t.client, IPPROTO_TCP, TCP_KEEPCNT), 4);
    CHECK_INT(option(t.client, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
    CHECK(fcntl(t.client, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(t.client, F_GETFD) & FD_CLOEXEC);
    disconnect(&t);
}

TEST(sock, keepalive_can_be_off)
{
    static const struct hc_sock_limits patient = { .user_timeout = HC_NEVER };
    struct two t = connected(&patient);

    CHECK_INT(option(t.client, SOL_SOCKET, SO_KEEPALIVE), 0);
    CHECK(option(t.client, IPPROTO_TCP, TCP_NODELAY) != 0);
    disconnect(&t);
}

TEST(sock, the_kernel_s_word_on_a_silent_peer_is_told_from_an_end)
{
    CHECK(hc_sock_is_dead(-ETIMEDOUT));
    CHECK(hc_sock_is_dead(-EHOSTUNREACH));
    CHECK(hc_sock_is_dead(-ENETUNREACH));
    CHECK(!hc_sock_is_dead(0));
    CHECK(!hc_sock_is_dead(1));
    CHECK(!hc_sock_is_dead(-ECONNRESET));
    CHECK(!hc_sock_is_dead(HC_SOCK_AGAIN));
}

TEST(sock, an_end_by_reset_drops_what_was_not_delivered)
{
    struct two t = connected(&usual);
    static char bytes[65536];
    size_t taken = 0, came = 0;
    long n;

    while ((n = hc_sock_send(t.client, bytes, sizeof bytes)) > 0)
        taken += (size_t)n;
    hc_sock_end_by_reset(t.client);
    hc_sock_close(t.client);
    t.client = dup(t.server);
    while ((n = recv(t.server, bytes, sizeof bytes, 0)) > 0)
        came += (size_t)n;
    CHECK_INT(n, -1);
    CHECK_INT(errno, ECONNRESET);
    CHECK(came < taken);
    disconnect(&t);
}

TEST(sock, moves_bytes_and_says_when_there_are_none)
{
    struct two t = connected(&usual);
    char in[8] = "";

    CHECK_INT(hc_sock_recv(t.client, in, sizeof in), HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_peek(t.client), HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_send(t.client, "hello", 5), 5);
    CHECK_INT(read(t.server, in, sizeof in), 5);
    CHECK_MEM(in, 5, "hello");
    CHECK(write(t.server, "you", 3) == 3);
    wait_for(t.client, POLLIN);
    CHECK(hc_sock_peek(t.client) != HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_recv(t.client, in, sizeof in), 3);
    CHECK_INT(hc_sock_peek(t.client), HC_SOCK_AGAIN);
    shutdown(t.server, SHUT_WR);
    wait_for(t.client, POLLIN);
    CHECK(hc_sock_peek(t.client) != HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_recv(t.client, in, sizeof in), 0);
    disconnect(&t);
}

static void on_alarm(int sig)
{
    (void)sig;
}

/* SA_RESTART: the program's handler has it, and still the wait ends. */
TEST(sock, a_recv_that_waits_ends_with_bytes_a_signal_or_its_time)
{
    struct two t = connected(&usual);
    const struct itimerval soon = { .it_value = { .tv_usec = 1000 },
                                    .it_interval = { .tv_usec = 1000 } };
    const struct itimerval off = { .it_value = { .tv_usec = 0 } };
    struct sigaction act, old;
    char in[8];

    CHECK_INT(hc_sock_may_await(t.client), 0);
    CHECK_INT(hc_sock_recv(t.client, in, sizeof in), HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_peek(t.client), HC_SOCK_AGAIN);
    CHECK_INT(hc_sock_await(t.client, in, sizeof in), HC_SOCK_AGAIN);
    memset(&act, 0, sizeof act);
    act.sa_handler = on_alarm;
    act.sa_flags = SA_RESTART;
    CHECK(sigaction(SIGALRM, &act, &old) == 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_INT(hc_sock_await(t.client, in, sizeof in), -EINTR);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    CHECK(write(t.server, "hello", 5) == 5);
    CHECK_INT(hc_sock_await(t.client, in, sizeof in), 5);
    close(t.server);
    CHECK_INT(hc_sock_await(t.client, in, sizeof in), 0);
    close(t.client);
    close(t.listener);
}

TEST(sock, one_that_may_be_waited_for_blocks_no_other_call)
{
    static char big[4 << 20];
    struct two t = connected(&usual);

    CHECK_INT(hc_sock_may_await(t.client), 0);
    for (int i = 0; i < 100; i++)
        if (hc_sock_send(t.client, big, sizeof big) == HC_SOCK_AGAIN)
            break;
    CHECK_INT(hc_sock_send(t.client, big, sizeof big), HC_SOCK_AGAIN);
    close(t.server);
    close(t.client);
    close(t.listener);
}

TEST(sock, a_full_socket_says_so)
{
    struct two t = connected(&usual);
    static char block[65536];
    long sent = 1;

    while (sent > 0)
        sent = hc_sock_send(t.client, block, sizeof block);
    CHECK_INT(sent, HC_SOCK_AGAIN);
    disconnect(&t);
}

TEST(sock, a_reset_is_an_errno_and_no_signal)
{
    struct two t = connected(&usual);
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    char byte;

    setsockopt(t.server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(t.server);
    wait_for(t.client, POLLIN);
    CHECK_INT(hc_sock_recv(t.client, &byte, 1), -ECONNRESET);
    CHECK_INT(hc_sock_send(t.client, "x", 1), -EPIPE);
    t.server = dup(t.listener);
    disconnect(&t);
}

TEST(sock, a_refused_connect_is_an_errno)
{
    uint16_t port;

    close(listener(&port));
    int fd = hc_sock_tcp(&loopback, port, &usual);

    if (fd >= 0) {
        wait_for(fd, POLLOUT);
        CHECK_INT(hc_sock_connected(fd), -ECONNREFUSED);
        hc_sock_close(fd);
    } else {
        CHECK_INT(fd, -ECONNREFUSED);
    }
}

TEST(sock, one_that_never_connected_is_not_connected)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK_INT(hc_sock_connected(fd), HC_SOCK_AGAIN);
    close(fd);
    CHECK_INT(hc_sock_connected(fd), -EBADF);
}

TEST(sock, udp_is_deaf_to_strangers)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in mine;
    socklen_t n = sizeof name;
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    char in[8];

    CHECK(bind(server, (struct sockaddr *)&name, n) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&name, &n) == 0);
    int fd = hc_sock_udp(&loopback, ntohs(name.sin_port));

    CHECK(fd >= 0);
    CHECK_INT(hc_sock_send(fd, "q", 1), 1);
    n = sizeof mine;
    CHECK(recvfrom(server, in, sizeof in, 0, (struct sockaddr *)&mine,
                   &n) == 1);
    CHECK(sendto(stranger, "no", 2, 0, (struct sockaddr *)&mine, n) == 2);
    CHECK(sendto(server, "yes", 3, 0, (struct sockaddr *)&mine, n) == 3);
    wait_for(fd, POLLIN);
    CHECK_INT(hc_sock_recv(fd, in, sizeof in), 3);
    CHECK_MEM(in, 3, "yes");
    hc_sock_close(fd);
    close(server);
    close(stranger);
}

TEST(sock, ipv6_has_its_own_sockets)
{
    struct sockaddr_in6 name = { .sin6_family = AF_INET6,
                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    const struct hc_addr one = { .family = 6, .ip = { [15] = 1 } };
    socklen_t n = sizeof name;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&name, n) != 0) {
        if (fd >= 0)
            close(fd);
        CHECK(!hc_sock_has_ipv6_route());
        return;                      /* a machine without IPv6 */
    }
    CHECK(listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&name, &n) == 0);
    int client = hc_sock_tcp(&one, ntohs(name.sin6_port), &usual);

    CHECK(client >= 0);
    wait_for(client, POLLOUT);
    CHECK_INT(hc_sock_connected(client), 0);
    hc_sock_close(client);
    close(fd);
}

TEST(sock, an_interface_has_a_number)
{
    CHECK_INT(hc_sock_scope("7"), 7);
    CHECK_INT(hc_sock_scope("4294967296"), 0);
    CHECK_INT(hc_sock_scope("no-such-one"), 0);
    CHECK_INT(hc_sock_scope(""), 0);
    CHECK(hc_sock_scope("lo") > 0);
}

/* A link-local address is unusable without the number of its interface. */
TEST(sock, a_link_local_address_needs_its_scope)
{
    struct hc_addr there = { .family = 6, .ip = { 0xfe, 0x80, [15] = 1 } };
    struct sockaddr_in6 name;
    socklen_t n = sizeof name;

    CHECK_INT(hc_sock_udp(&there, 53), -EINVAL);
    there.scope = hc_sock_scope("lo");
    int fd = hc_sock_udp(&there, 53);

    if (fd < 0)                      /* lo has no link-local route */
        return;
    CHECK_INT(getpeername(fd, (struct sockaddr *)&name, &n), 0);
    CHECK_INT(name.sin6_scope_id, there.scope);
    hc_sock_close(fd);
}

TEST(sock, no_socket_takes_the_place_of_a_standard_descriptor)
{
    uint16_t port;
    int there = listener(&port), kept[3], tcp, udp, flags;

    for (int fd = 0; fd < 3; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        close(fd);
    }
    tcp = hc_sock_tcp(&loopback, port, &usual);
    udp = hc_sock_udp(&loopback, port);
    flags = fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 &&
            fcntl(2, F_GETFD) < 0;
    for (int fd = 0; fd < 3; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    CHECK(tcp > 2 && udp > 2 && tcp != udp);
    CHECK(flags);                                 /* nothing stayed there */
    CHECK_INT(fcntl(tcp, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    CHECK_INT(fcntl(tcp, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    hc_sock_close(tcp);
    hc_sock_close(udp);
    close(there);
}
