/* cli/watch/inbox.h - which messages of a queue wait for which clusters, and
 * what is to be done next: begin a cluster, delete, extend or give back a
 * message.  Pure: no I/O, no clock, no call of the library.
 *
 *   a cluster   IDLE --message--> WAITING --begin--> AT WORK --end--> IDLE
 *                                    ^                | message
 *                                    +----- end --- DIRTY
 *
 *   a message   HELD --its clusters went well--> DONE --> DELETING --> gone
 *                 |                                ^-- not deleted --+
 *                 +--one failed, all ended--> gone; SQS delivers it again
 *                 |      (while stopping) --> RELEASED --> gone
 *                 +--one is foreign --> SHELVED --> gone; SQS delivers it
 *                                                   again, but later
 *
 * A message is done when each of its clusters has had a reconcile that ended
 * well and began after the message was put: an earlier one may have read the
 * cluster before the event.  The sweep is one more cluster here, but does not
 * count against `at_once`.
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
    bool kept;                       /* never delete it: SQS delivers it
                                        again, however its clusters end      */
};

enum inbox_put { INBOX_TAKEN, INBOX_KNOWN, INBOX_NOMEM };

/* All is copied.  KNOWN: the message is held already; its newer receipt
 * replaces the older one, which SQS may not accept any more.  NOMEM: it is
 * not held, and SQS delivers it again. */
enum inbox_put inbox_put(struct inbox *inbox, const struct inbox_given *given,
                       int64_t now);
bool inbox_has_room(const struct inbox *inbox);

/* ---- clusters ---- */

struct inbox_begun {
    struct inbox_cluster *cluster;
    const char *key;                 /* of the cluster                       */
    const char *name;                /* as the newest message spells it      */
    const void *body;                /* of the newest message                */
    size_t body_n;
};

enum inbox_how { INBOX_WELL, INBOX_FAILED,
                INBOX_IDLE,           /* the newest message was skipped: the
                                         older ones are not answered yet     */
                INBOX_FOREIGN };      /* likewise; it is about another region
                                         or account                          */

/* Begins the cluster that has waited longest; false: none waits, or `at_once`
 * are at work.  The texts live until inbox_end. */
bool inbox_begin(struct inbox *inbox, struct inbox_begun *begun);
void inbox_end(struct inbox *inbox, struct inbox_cluster *cluster,
               enum inbox_how how);

/* The sweep that begins now covers all messages that wait for one. */
bool inbox_sweep_is_wanted(const struct inbox *inbox);
void inbox_sweep_begin(struct inbox *inbox);
void inbox_sweep_end(struct inbox *inbox, enum inbox_how how);

/* Nothing begins any more.  Messages that wait are released at once; one whose
 * cluster is at work is released if that fails. */
void inbox_stop(struct inbox *inbox);

/* ---- what to send to the queue ---- */

struct inbox_item {
    uint64_t number;                 /* of the message, never used again     */
    const char *receipt;             /* until the next call but take         */
};

/* Up to `max` messages to delete; inbox_forget or inbox_not_deleted follows for
 * each. */
size_t inbox_take_done(struct inbox *inbox, struct inbox_item *out, size_t max,
                      int64_t now);
void inbox_forget(struct inbox *inbox, uint64_t number);
/* inbox_take_done has it again later; false: it was tried too often and is
 * forgotten. */
bool inbox_not_deleted(struct inbox *inbox, uint64_t number, int64_t now);

/* Messages that are not done and whose visibility timeout is half over, to be
 * extended.  SQS allows that for 12 hours after a message was received. */
size_t inbox_take_due(struct inbox *inbox, struct inbox_item *out, size_t max,
                     int64_t now);
void inbox_not_extended(struct inbox *inbox, uint64_t number, int64_t now);

/* Messages to be made visible at once; inbox_forget follows for each. */
size_t inbox_take_released(struct inbox *inbox, struct inbox_item *out,
                          size_t max);

/* Messages about another region or account, to be hidden for a while;
 * inbox_forget follows for each. */
size_t inbox_take_shelved(struct inbox *inbox, struct inbox_item *out,
                          size_t max);

/* When the first delete, the first extension is due; INT64_MAX: none. */
int64_t inbox_deletes_due(const struct inbox *inbox);
int64_t inbox_extensions_due(const struct inbox *inbox);

struct inbox_counts {
    size_t messages, bytes;          /* held, those to delete too            */
    size_t waiting, at_work;         /* clusters                             */
    size_t deleting;                 /* messages to delete, or being deleted */
    size_t released;                 /* likewise, to give back or to shelve  */
    uint64_t failed;                 /* messages that were left to SQS to
                                        deliver again, since inbox_new       */
};
void inbox_count(const struct inbox *inbox, struct inbox_counts *out);

#endif
