/* cli/watch/inbox.h - which messages of a queue wait for which clusters, and
 * what may be done about either: begun, deleted, extended, given back.  Pure:
 * no I/O, no clock, no call of the library.
 *
 *   a cluster   IDLE --message--> WAITING --begin--> AT WORK --end--> IDLE
 *                                    ^                | message
 *                                    +----- end --- DIRTY
 *
 *   a message   HELD --its clusters went well--> DONE --> DELETING --> gone
 *                 |                                ^-- not deleted --+
 *                 +--one of them failed, all ended--> gone, it comes back
 *                 |                   (stopping)  --> RELEASED --> gone
 *                 +--one is somebody else's --> SHELVED --> gone, it comes
 *                                               back after a longer time
 *
 * A message is done when for each of its clusters a reconcile that began after
 * the message was put ended well.  The sweep is one more cluster here, which
 * takes no place of `at_once`.
 */
#ifndef CLI_WATCH_INBOX_H
#define CLI_WATCH_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox;
struct inbox_cluster;                    /* one cluster, or the sweep */

struct inbox_config {
    int64_t visibility;              /* of a message, in microseconds        */
    size_t at_once;                  /* clusters at work side by side        */
    size_t messages_max, bytes_max;  /* held: then there is no room          */
    size_t claims_max;               /* clusters that held messages name     */
};

/* NULL: no memory. */
struct inbox *inbox_new(const struct inbox_config *config);
void inbox_free(struct inbox *inbox);   /* or NULL */

/* ---- messages ---- */

/* A cluster that a message asks for: `key` is its identity, `name` how the
 * message spells it; a NULL key is the sweep. */
struct inbox_want {
    const char *key, *name;
};

struct inbox_given {
    const char *id, *receipt;
    const void *body;
    size_t body_n;
    const struct inbox_want *wants;   /* none: it is done at once             */
    size_t wants_n;
    bool kept;                       /* it is left to come back, whatever
                                        comes of its clusters                */
};

enum inbox_put { INBOX_TAKEN, INBOX_KNOWN, INBOX_NOMEM };

/* All is copied.  KNOWN: it is held already and came again; the newer receipt
 * is kept.  NOMEM: it is not held, and comes again. */
enum inbox_put inbox_put(struct inbox *inbox, const struct inbox_given *given,
                       int64_t now);
bool inbox_has_room(const struct inbox *inbox);

/* ---- clusters ---- */

struct inbox_turn {
    struct inbox_cluster *post;
    const char *key;                 /* of the cluster                       */
    const char *name;                /* as the cause spells it               */
    const void *body;                /* of the cause: the newest message     */
    size_t body_n;
};

enum inbox_how { INBOX_WELL, INBOX_FAILED,
                INBOX_IDLE,           /* nothing was read for this cause      */
                INBOX_FOREIGN };      /* likewise, and it is somebody else's  */

/* The cluster that has waited longest is at work now; false: none waits, or
 * as many as may be are at work.  The turn's texts live until inbox_end. */
bool inbox_begin(struct inbox *inbox, struct inbox_turn *turn);
void inbox_end(struct inbox *inbox, struct inbox_cluster *post,
               enum inbox_how how);

/* The sweep that begins now covers all messages that wait for one. */
bool inbox_sweep_is_wanted(const struct inbox *inbox);
void inbox_sweep_begin(struct inbox *inbox);
void inbox_sweep_end(struct inbox *inbox, enum inbox_how how);

/* Nothing begins any more: what waits is released at once, what is at work and
 * fails is released then. */
void inbox_stop(struct inbox *inbox);

/* ---- what the queue is to be told ---- */

struct inbox_item {
    uint64_t number;                 /* of the message, never used again     */
    const char *receipt;             /* until the next call but take         */
};

/* Up to `max` of those to delete; each is then told by inbox_forget or
 * inbox_not_deleted. */
size_t inbox_take_done(struct inbox *inbox, struct inbox_item *out, size_t max,
                      int64_t now);
void inbox_forget(struct inbox *inbox, uint64_t number);
/* It is taken again later; false: it was tried too often, and is forgotten. */
bool inbox_not_deleted(struct inbox *inbox, uint64_t number, int64_t now);

/* Messages that are not done and whose visibility is half over: it has to be
 * extended, until 12 hours after they came. */
size_t inbox_take_due(struct inbox *inbox, struct inbox_item *out, size_t max,
                     int64_t now);
void inbox_not_extended(struct inbox *inbox, uint64_t number, int64_t now);

/* Messages to be made visible at once; inbox_forget follows for each. */
size_t inbox_take_released(struct inbox *inbox, struct inbox_item *out,
                          size_t max);

/* Takes messages that are somebody else's, to be left invisible for a while;
 * the caller then gives each to inbox_forget. */
size_t inbox_take_shelved(struct inbox *inbox, struct inbox_item *out,
                          size_t max);

/* When the first of them is due: INT64_MAX if none is. */
int64_t inbox_deletes_due(const struct inbox *inbox);
int64_t inbox_extensions_due(const struct inbox *inbox);

struct inbox_counts {
    size_t messages, bytes;          /* held, those to delete too            */
    size_t waiting, at_work;         /* clusters                             */
    size_t deleting;                 /* messages to delete, or being deleted */
    size_t released;                 /* likewise, to give back or to shelve  */
    uint64_t failed;                 /* messages that are left to come back,
                                        since inbox_new                       */
};
void inbox_count(const struct inbox *inbox, struct inbox_counts *out);

#endif
