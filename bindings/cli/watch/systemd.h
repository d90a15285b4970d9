/* cli/watch/systemd.h - sd_notify(3) in a few lines: what a service tells
 * systemd. */
#ifndef CLI_WATCH_SYSTEMD_H
#define CLI_WATCH_SYSTEMD_H

#include <stdint.h>

struct notify {
    int fd;                          /* -1: nobody listens                   */
    int64_t every, next;             /* of WATCHDOG=1; every 0: never        */
};

/* Of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);
/* "READY=1" and the like; an error is nobody's. */
void notify_send(struct notify *n, const char *text);
/* Before a configuration is read again; READY=1 ends it. */
void notify_reloading(struct notify *n, int64_t now);
/* The loop turns: WATCHDOG=1 where it is due. */
void notify_turn(struct notify *n, int64_t now);

#endif
