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

struct crew;
struct crew_post;                    /* one cluster, or the sweep */

struct crew_config {
    int64_t visibility;              /* of a message, in microseconds        */
    size_t at_once;                  /* clusters at work side by side        */
    size_t messages_max, bytes_max;  /* held: then there is no room          */
    size_t claims_max;               /* clusters that held messages name     */
};

/* NULL: no memory. */
struct crew *crew_new(const struct crew_config *config);
void crew_free(struct crew *crew);   /* or NULL */

/* ---- messages ---- */

/* What it is about: `key` is the cluster's identity, `name` how the message
 * spells it; a NULL key is the sweep. */
struct crew_want {
    const char *key, *name;
};

struct crew_given {
    const char *id, *receipt;
    const void *body;
    size_t body_n;
    const struct crew_want *wants;   /* none: it is done at once             */
    size_t wants_n;
    bool kept;                       /* it is left to come back, whatever
                                        comes of its clusters                */
};

enum crew_put { CREW_TAKEN, CREW_KNOWN, CREW_NOMEM };

/* All is copied.  KNOWN: it is held already and came again; the newer receipt
 * is kept.  NOMEM: it is not held, and comes again. */
enum crew_put crew_put(struct crew *crew, const struct crew_given *given,
                       int64_t now);
bool crew_has_room(const struct crew *crew);

/* ---- clusters ---- */

struct crew_turn {
    struct crew_post *post;
    const char *key;                 /* of the cluster                       */
    const char *name;                /* as the cause spells it               */
    const void *body;                /* of the cause: the newest message     */
    size_t body_n;
};

enum crew_how { CREW_WELL, CREW_FAILED,
                CREW_IDLE,           /* nothing was read for this cause      */
                CREW_FOREIGN };      /* likewise, and it is somebody else's  */

/* The cluster that has waited longest is at work now; false: none waits, or
 * as many as may be are at work.  The turn's texts live until crew_end. */
bool crew_begin(struct crew *crew, struct crew_turn *turn);
void crew_end(struct crew *crew, struct crew_post *post, enum crew_how how);

/* What waits for a sweep is covered by the one that begins now. */
bool crew_sweep_is_wanted(const struct crew *crew);
void crew_sweep_begin(struct crew *crew);
void crew_sweep_end(struct crew *crew, enum crew_how how);

/* Nothing begins any more: what waits is released at once, what is at work and
 * fails is released then. */
void crew_stop(struct crew *crew);

/* ---- what the queue is to be told ---- */

struct crew_item {
    uint64_t number;                 /* of the message, never used again     */
    const char *receipt;             /* until the next call but take         */
};

/* Up to `max` of those to delete; each is then told by crew_forget or
 * crew_not_deleted. */
size_t crew_take_done(struct crew *crew, struct crew_item *out, size_t max,
                      int64_t now);
void crew_forget(struct crew *crew, uint64_t number);
/* It is taken again later; false: it was tried too often, and is forgotten. */
bool crew_not_deleted(struct crew *crew, uint64_t number, int64_t now);

/* Those whose visibility is half over, and that wait or are at work: to be
 * extended, until 12 hours after they came. */
size_t crew_take_due(struct crew *crew, struct crew_item *out, size_t max,
                     int64_t now);
void crew_not_extended(struct crew *crew, uint64_t number, int64_t now);

/* Those to be made visible at once; each is then told by crew_forget. */
size_t crew_take_released(struct crew *crew, struct crew_item *out,
                          size_t max);

/* Takes messages that are somebody else's, to be left invisible for a while;
 * the caller then gives each to crew_forget. */
size_t crew_take_shelved(struct crew *crew, struct crew_item *out, size_t max);

/* When the first of them is due: INT64_MAX if none is. */
int64_t crew_deletes_due(const struct crew *crew);
int64_t crew_extensions_due(const struct crew *crew);

struct crew_counts {
    size_t messages, bytes;          /* held, those to delete too            */
    size_t waiting, at_work;         /* clusters                             */
    size_t deleting;                 /* messages to delete, or being deleted */
    size_t released;                 /* likewise, to give back or to shelve  */
    uint64_t failed;                 /* messages that are left to come back,
                                        since crew_new                       */
};
void crew_count(const struct crew *crew, struct crew_counts *out);

#endif
