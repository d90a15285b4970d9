/* reconcile/memory.h - what a handle remembers from one reconcile to the next:
 * its own writes and which of them were undone, versions of events, answers
 * that hold for five minutes, texts, and which hosts are of which provider.
 *
 * It is bounded.  If it is full, the entry that was not seen for longest makes
 * room, if that was an hour ago.  Else a new entry is not remembered: a sweep
 * over more services than fit would forget each of them just before it comes
 * again, and then no rule would work for any.  Without memory nothing fails:
 * each rule that needs it only holds back writes that repeat.
 *
 * An entry has about 300 bytes, so a handle that sweeps 10,000 services keeps 3
 * MiB, and one that fills its memory 40 MiB. */
#ifndef HC_RECONCILE_MEMORY_H
#define HC_RECONCILE_MEMORY_H

#include "base/alloc.h"
#include "base/clock.h"
#include "base/index.h"
#include "base/str.h"
#include "reconcile/known_hosts.h"

#define HC_MEMORY_MAX 131072                     /* entries of all kinds     */
#define HC_MEMORY_KEY 1024                       /* bytes of a key           */
#define HC_MEMORY_SEEN (3600 * HC_SECOND)        /* and then it may go       */
#define HC_MEMORY_SHOWN (30 * HC_SECOND)         /* ECS shows a write        */
#define HC_MEMORY_UNDONE (600 * HC_SECOND)       /* undone writes count      */
#define HC_MEMORY_ANSWER (300 * HC_SECOND)       /* an answer holds          */
#define HC_MEMORY_TAGGED (60 * HC_SECOND)        /* a list by tags holds     */
#define HC_MEMORY_PASSED (21600 * HC_SECOND)      /* a host stays passed over */
#define HC_MEMORY_TEXTS ((size_t)4 << 20)        /* bytes of all texts       */

struct hc_memory_entry;

struct hc_memory_list { struct hc_memory_entry *newest, *oldest; };

struct hc_memory {                               /* alloc NULL: remembers not */
    const struct hc_alloc *alloc;
    struct hc_index index;                       /* of all entries           */
    struct hc_memory_list lists[2];              /* [1]: those with a text   */
    size_t n, max;
    size_t texts, texts_max;                     /* bytes of them            */
    int64_t now;                                 /* of the newest call with a
                                                    time                     */
    struct hc_known_hosts hosts;
};

enum hc_memory_kind { MEMORY_SERVICE, MEMORY_VERSION, MEMORY_CAPACITY,
                      MEMORY_TARGET, MEMORY_DEFINITION, MEMORY_TAGGED,
                      MEMORY_REFUSED, MEMORY_PASSED };

/* An entry's key: a kind, a scope (an ARN or a region) and a name.  Where the
 * scope does not say which account it is of, `role` does: the ARN of the role
 * that asked, empty for the handle's own credentials. */
struct hc_memory_key {
    enum hc_memory_kind kind;
    struct hc_str scope, name;
    struct hc_str role;
};

void hc_memory_init(struct hc_memory *m, const struct hc_alloc *a);
void hc_memory_fini(struct hc_memory *m);        /* m may be all zero */

/* ---- our own writes ---- */

struct hc_memory_write {
    int64_t before, count;        /* what ECS showed, and what we wrote      */
    uint64_t hosts;               /* a fingerprint of the hosts that it
                                     follows from                            */
};

void hc_memory_wrote(struct hc_memory *m, const struct hc_memory_key *key,
                     const struct hc_memory_write *write, int64_t now);
/* ECS shows this count.  That tells whether our last write is shown, not shown
 * yet, or replaced; a write that was replaced is judged by the next plan. */
void hc_memory_saw(struct hc_memory *m, const struct hc_memory_key *key,
                   int64_t desired, int64_t now);
/* ECS shows another count than our write, which followed from the same hosts:
 * *count is ours.  If the plan still wants it, somebody undid our write; if it
 * does not, a newer count replaced it (another headcount's, for one). */
bool hc_memory_replaced(struct hc_memory *m, const struct hc_memory_key *key,
                        uint64_t hosts, int64_t *count);
/* A plan was made for this service: now a write that was replaced is judged,
 * once. */
void hc_memory_planned(struct hc_memory *m, const struct hc_memory_key *key,
                       int64_t wanted, uint64_t hosts, int64_t now);
/* *count is our write of less than 30 s ago, and ECS still shows the count
 * before it.  False: there is no such write. */
bool hc_memory_awaits(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t desired, int64_t now, int64_t *count);
/* How many of our writes were undone in the last ten minutes. */
int hc_memory_undone(struct hc_memory *m, const struct hc_memory_key *key,
                     int64_t now);

/* ---- hosts that lost their agent ---- */

#define HC_MEMORY_SIGHTING (300 * HC_SECOND)

/* Notes whether the count by connected hosts is lower than the service's
 * count. */
void hc_memory_saw_low(struct hc_memory *m, const struct hc_memory_key *key,
                       bool low, int64_t now);
/* True: it was lower five minutes ago already, and at every look since. */
bool hc_memory_is_low(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now);

/* ---- holds, for the audit ---- */

#define HC_MEMORY_HOLD 40

/* Swaps the hold that the service is under ("" none) for the one it was under
 * before. */
void hc_memory_hold(struct hc_memory *m, const struct hc_memory_key *key,
                    char code[HC_MEMORY_HOLD]);

/* ---- versions, answers, texts ---- */

/* A number that only grows: false if nothing or a lower one is known. */
bool hc_memory_has_version(struct hc_memory *m,
                           const struct hc_memory_key *key, int64_t version);
void hc_memory_put_version(struct hc_memory *m,
                           const struct hc_memory_key *key, int64_t version);
/* False: not known, or five minutes old. */
bool hc_memory_answer(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now, bool *yes);
void hc_memory_put_answer(struct hc_memory *m, const struct hc_memory_key *key,
                          int64_t now, bool yes);
/* False: not known, or put before `since`. *text is valid until the next call
 * that puts something.  A text that does not fit is not remembered. */
bool hc_memory_text(struct hc_memory *m, const struct hc_memory_key *key,
                    int64_t since, struct hc_str *text);
void hc_memory_put_text(struct hc_memory *m, const struct hc_memory_key *key,
                        int64_t now, struct hc_str text);

#endif
