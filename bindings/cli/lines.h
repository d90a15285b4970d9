/* cli/lines.h - lines on their way to a descriptor that never makes us wait.
 *
 * A line leaves at once and in one write where there is room; else it waits in
 * memory, in order, and leaves when there is.  Where too many wait the new ones
 * are lost, and counted.
 *
 * The descriptor is shared with other processes, and so is O_NONBLOCK on it:
 * its flags stay as they are.  See lines_way for what is done instead.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that wait: lines that record a write may fill all of them,
 * other lines the first half. */
#define LINES_MAX ((size_t)512 << 10)
#define LINES_MAX_TEXT (LINES_MAX / 2)

enum lines_kind { LINES_AUDIT, LINES_TEXT };

enum lines_way {
    LINES_UNKNOWN,
    LINES_OWN,          /* a description of our own of the same pipe or
                           terminal (/proc/self/fd), with O_NONBLOCK         */
    LINES_SEND,         /* a socket, as of journald: MSG_DONTWAIT            */
    LINES_POLLED,       /* /proc is not there, or the pipe another user's: no
                           more than PIPE_BUF bytes after poll saw room; only
                           another writer in between could make us wait      */
    LINES_DIRECT        /* a file, or a device that never waits              */
};

struct lines {
    int fd;             /* borrowed                                          */
    enum lines_way way; /* LINES_UNKNOWN until the first line                */
    int own;            /* of LINES_OWN                                      */
    char *bytes;        /* of each line: its kind, the line, a line break    */
    size_t at, n, cap;
    bool begun, cut;    /* the first line left in part; one was cut short    */
    char first[4096];   /* bytes, until that is too small: without memory a
                           line is still written                             */
    uint64_t lost[2];   /* by kind; the owner sets them to 0 when it has
                           said so                                           */
    uint64_t lost_ever; /* since lines_init                                  */
};

void lines_init(struct lines *l, int fd);
void lines_fini(struct lines *l);
/* `before` and text as one line; a line break is added. */
void lines_put(struct lines *l, enum lines_kind kind, const char *before,
               const char *text, size_t n);
/* Writes what there is room for now; true if nothing waits any more. */
bool lines_flush(struct lines *l);
/* The same, after waiting for room for so long; a signal ends the wait. */
bool lines_wait(struct lines *l, int milliseconds);
/* Progress on a terminal: written now or never. */
void lines_draw(struct lines *l, const char *text, size_t n);

#endif
