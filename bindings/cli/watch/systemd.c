/* cli/watch/systemd.c - one datagram per notification, to the socket that
 * systemd names. */
#include "watch/systemd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LEAST_EVERY ((int64_t)10000)    /* not more often than every 10 ms */

/* A path, or "@name" in the namespace that has no files. */
static socklen_t address_of(struct sockaddr_un *to, const char *name)
{
    size_t n = strlen(name);

    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    if ((*name != '/' && *name != '@') || n < 2 || n >= sizeof to->sun_path)
        return 0;
    memcpy(to->sun_path, name, n);
    if (*name == '@')
        to->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
                       (*name == '/'));
}

static int connect_to(const char *name)
{
    struct sockaddr_un to;
    socklen_t n = address_of(&to, name);
    int fd = n > 0 ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, (const struct sockaddr *)&to, n) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Half of the allowed time, as sd_watchdog_enabled(3) advises; 0 where the
 * watch is for another process. */
static int64_t watchdog_of(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    long long us = usec ? strtoll(usec, NULL, 10) : 0;

    if (pid && strtoll(pid, NULL, 10) != (long long)getpid())
        return 0;
    if (us <= 0)
        return 0;
    return us / 2 > LEAST_EVERY ? (int64_t)us / 2 : LEAST_EVERY;
}

void systemd_open(struct systemd *n)
{
    const char *name = getenv("NOTIFY_SOCKET");

    *n = (struct systemd){ .fd = name ? connect_to(name) : -1 };
    if (n->fd >= 0)
        n->every = watchdog_of();
}

void systemd_close(struct systemd *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

void systemd_send(struct systemd *n, const char *text)
{
    /* Nothing here depends on systemd: a full socket loses a notification. */
    if (n->fd >= 0)
        send(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void systemd_reloading(struct systemd *n, int64_t now)
{
    char text[80];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now);
    systemd_send(n, text);
}

void systemd_turn(struct systemd *n, int64_t now)
{
    if (n->every == 0 || now < n->next)
        return;
    systemd_send(n, "WATCHDOG=1");
    n->next = now + n->every;
}
