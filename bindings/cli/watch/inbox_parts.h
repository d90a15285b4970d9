/* cli/watch/inbox_parts.h - what inbox.c and inbox_due.c share of an inbox, and
 * nobody else sees. */
#ifndef CLI_WATCH_INBOX_PARTS_H
#define CLI_WATCH_INBOX_PARTS_H

#include "watch/inbox.h"

struct inbox_cluster {
    struct inbox_cluster *next;
    char *key;                          /* NULL: the sweep                   */
    size_t waiting;                     /* claims that WAIT                  */
    uint64_t since, covered_since;      /* the message that waited first     */
    uint64_t cause;                     /* the message of inbox_begun        */
    bool at_work;
};

enum claim_state { CLAIM_WAITS, CLAIM_COVERED, CLAIM_SETTLED };

struct inbox_wait {
    struct inbox_cluster *cluster; /* NULL: settled                     */
    const char *name;
    enum claim_state state;
};

/* DONE, RELEASED and SHELVED wait for their call to the queue; the state after
 * each is that of the call in flight. */
enum message_state { MESSAGE_HELD, MESSAGE_DONE, MESSAGE_DELETING,
                     MESSAGE_RELEASED, MESSAGE_RELEASING, MESSAGE_SHELVED,
                     MESSAGE_SHELVING };

struct inbox_message {
    struct inbox_message *next;
    uint64_t number;
    enum message_state state;
    bool failed, foreign;
    int tries;
    int64_t received, due;              /* due: to extend, or to delete      */
    char *receipt;
    const char *id, *body;
    size_t body_n, claims_n, left;      /* left: claims not settled          */
    struct inbox_wait claims[];
};

struct inbox {
    struct inbox_config config;
    struct inbox_cluster sweep, *clusters, **clusters_end;
    struct inbox_message *messages, **messages_end;
    uint64_t numbers, failed;
    size_t messages_n, bytes, claims_n, at_work;
    bool stopping;
};

/* Frees the message: no cluster may wait for it or work for it. */
void inbox_drop(struct inbox *inbox, struct inbox_message *message);

#endif
