/* cli/watch/systemd.h - sd_notify(3) in a few lines: what a service tells
 * systemd. */
#ifndef CLI_WATCH_SYSTEMD_H
#define CLI_WATCH_SYSTEMD_H

#include <stdint.h>

struct systemd {
    int fd;                          /* -1: nobody listens                   */
    int64_t every, next;             /* of WATCHDOG=1; every 0: never        */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void systemd_open(struct systemd *n);
void systemd_close(struct systemd *n);
/* "READY=1" and the like; an error is nobody's. */
void systemd_send(struct systemd *n, const char *text);
/* Before a configuration is read again; READY=1 ends it. */
void systemd_reloading(struct systemd *n, int64_t now);
/* The loop turns: WATCHDOG=1 where it is due. */
void systemd_turn(struct systemd *n, int64_t now);

#endif
