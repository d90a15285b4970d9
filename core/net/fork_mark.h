/* net/fork_mark.h - whether this process is a child, by fork, of the one that
 * set the mark.
 *
 * Parent and child share sockets, TLS sessions and random numbers after a fork.
 * If both used them, an answer could reach the wrong one.
 */
#ifndef HC_NET_FORK_MARK_H
#define HC_NET_FORK_MARK_H

#include <stdbool.h>

struct hc_fork_mark {
    unsigned char *page;             /* the kernel makes it zero in a child;
                                        NULL: it does not know how           */
    long pid;
};

void hc_fork_mark_init(struct hc_fork_mark *m);
/* m may be all zero, and this process a child. */
void hc_fork_mark_fini(struct hc_fork_mark *m);
/* Makes no system call where the kernel marks pages (Linux 4.14). */
bool hc_fork_mark_is_child(const struct hc_fork_mark *m);

#endif
