/* cli/lines.c - see lines.h. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PIPE_BUF
#define PIPE_BUF 512                    /* what POSIX promises */
#endif
#define LINES_PAUSE 10                  /* ms */

void lines_init(struct lines *l, int fd)
{
    memset(l, 0, sizeof *l);
    l->fd = fd;
    l->own = -1;
    l->bytes = l->first;
    l->cap = sizeof l->first;
}

void lines_fini(struct lines *l)
{
    if (l->bytes != l->first)
        free(l->bytes);
    if (l->own >= 0)
        close(l->own);
    lines_init(l, l->fd);
}

/* ---- the descriptor ---- */

static enum lines_way find_way(struct lines *l)
{
    struct stat there;
    char path[40];

    if (fstat(l->fd, &there) != 0)
        return LINES_DIRECT;
    if (S_ISSOCK(there.st_mode))
        return LINES_SEND;
    if (!S_ISFIFO(there.st_mode) && !isatty(l->fd))
        return LINES_DIRECT;
    /* A second description, which can be O_NONBLOCK without the other programs
     * that write there.  Never of a file: its own offset would overwrite what
     * they write. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", l->fd);
    l->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return l->own >= 0 ? LINES_OWN : LINES_POLLED;
}

static ssize_t write_polled(int fd, const char *text, size_t n)
{
    struct pollfd room = { .fd = fd, .events = POLLOUT };

    if (poll(&room, 1, 0) <= 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, text, n < PIPE_BUF ? n : PIPE_BUF);
}

/* As write(2), but fails with EAGAIN instead of waiting. */
static ssize_t write_now(struct lines *l, const char *text, size_t n)
{
    if (l->way == LINES_UNKNOWN)
        l->way = find_way(l);
    switch (l->way) {
    case LINES_OWN:
        return write(l->own, text, n);
    case LINES_SEND:
        return send(l->fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    case LINES_POLLED:
        return write_polled(l->fd, text, n);
    case LINES_DIRECT:
    case LINES_UNKNOWN:
        break;
    }
    return write(l->fd, text, n);
}

/* ---- what waits ---- */

static bool has_room(struct lines *l, size_t more)
{
    size_t cap = l->cap;

    if (l->at > 0) {
        memmove(l->bytes, l->bytes + l->at, l->n - l->at);
        l->n -= l->at;
        l->at = 0;
    }
    while (cap - l->n < more)
        cap *= 2;
    if (cap == l->cap)
        return true;
    char *bytes = realloc(l->bytes == l->first ? NULL : l->bytes, cap);

    if (!bytes)
        return false;
    if (l->bytes == l->first)
        memcpy(bytes, l->first, l->n);
    l->bytes = bytes;
    l->cap = cap;
    return true;
}

/* The first line ends here, n bytes on: the whole of it has left, or what is
 * left of it never will. */
static void drop_line(struct lines *l, size_t n, bool whole)
{
    if (!whole) {
        l->lost[l->bytes[l->at] == 'A' ? LINES_AUDIT : LINES_TEXT]++;
        l->lost_ever++;
    }
    l->cut = l->begun && !whole;
    l->begun = false;
    l->at += n;
    if (l->at == l->n)
        l->at = l->n = 0;
}

/* True: the first line is gone, one way or the other. */
static bool write_line(struct lines *l)
{
    char *text = l->bytes + l->at + 1;
    size_t n = (size_t)((char *)memchr(text, '\n', l->n - l->at - 1) + 1 -
                        text);

    while (n > 0) {
        ssize_t put = write_now(l, text, n);

        if (put < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (put <= 0) {
            drop_line(l, (size_t)(text + n - l->bytes) - l->at, false);
            return true;
        }
        /* The kind moves along with what is left of its line. */
        text[put - 1] = l->bytes[l->at];
        l->at = (size_t)(text + put - 1 - l->bytes);
        text += put;
        n -= (size_t)put;
        l->begun = true;
    }
    drop_line(l, 1, true);
    return true;
}

/* Ends a line that broke off, so that the next one begins a line of its own.
 * False: there is no room for that yet. */
static bool end_cut_line(struct lines *l)
{
    if (l->cut)
        l->cut = write_now(l, "\n", 1) != 1;
    return !l->cut;
}

bool lines_flush(struct lines *l)
{
    while (l->n > 0 && (end_cut_line(l) || errno != EAGAIN) && write_line(l))
        continue;
    return l->n == 0;
}

bool lines_wait(struct lines *l, int milliseconds)
{
    struct pollfd room = { .fd = l->own >= 0 ? l->own : l->fd,
                           .events = POLLOUT };
    size_t before = l->n - l->at;

    if (lines_flush(l) || poll(&room, 1, milliseconds) <= 0 ||
        lines_flush(l))
        return l->n == 0;
    if (l->n - l->at == before)         /* there was none */
        poll(NULL, 0, LINES_PAUSE);
    return false;
}

/* A line break inside would end the line early, and the byte after it would be
 * taken for the kind of the next line. */
static void append(struct lines *l, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l->bytes[l->n++] = text[i] == '\n' ? ' ' : text[i];
}

void lines_put(struct lines *l, enum lines_kind kind, const char *before,
               const char *text, size_t n)
{
    size_t before_n = strlen(before), more = before_n + n + 2;
    size_t max = kind == LINES_AUDIT ? LINES_MAX : LINES_MAX_TEXT;

    lines_flush(l);
    /* One line alone may be longer: a report is one. */
    if ((l->n > l->at && l->n - l->at + more > max) || !has_room(l, more)) {
        l->lost[kind]++;
        l->lost_ever++;
        return;
    }
    l->bytes[l->n++] = kind == LINES_AUDIT ? 'A' : 'T';
    append(l, before, before_n);
    append(l, text, n);
    l->bytes[l->n++] = '\n';
    lines_flush(l);
}

void lines_draw(struct lines *l, const char *text, size_t n)
{
    if (lines_flush(l) && write_now(l, text, n) < 0)
        return;
}
